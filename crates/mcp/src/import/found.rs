//! What stands in a client's configuration, before anything is thought of it.

use super::{
    clients::Client,
    name::shown,
    secret::Hidden,
    text::{Fault, Place},
};
use protocol::{Digest, text};
use serde::Serialize;
use std::collections::BTreeMap;

/// Whose words an entry is written in: which variables it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A client's configuration.
    Client(Client),
    /// A bundle: `.mcpb`, `.dxt`, or the folder that a client unpacked it to.
    Bundle,
    /// A `server.json` of a registry.
    Registry,
}

/// One server that a file names.
#[derive(Clone, Debug)]
pub struct Found {
    /// Whose words.
    pub origin: Origin,
    /// The client whose configuration it is, if it is one's.
    pub client: Option<Client>,
    /// The file.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// Whom it is for, in the client's words; with the project's folder where it is for one.
    pub scope: String,
    /// The folder that relative paths begin at, if the file says or implies one.
    pub project: Option<String>,
    /// Its name there.
    pub name: String,
    /// The version, where the file says one.
    pub version: Option<String>,
    /// What it does, in its author's words.
    pub description: Option<String>,
    /// It is switched off there.
    pub is_disabled: bool,
    /// How it is started or reached.
    pub form: Form,
    /// What a person is asked for before it works, by name.
    pub inputs: BTreeMap<String, Input>,
    /// What they answered that is no secret: kept with the app, so that the same file is the same app without asking again.
    pub answers: BTreeMap<String, Vec<String>>,
    /// Where a bundle's files are: its folder, or none while it is packed.
    pub folder: Option<String>,
    /// The bytes of the bundle that it is in, while it is packed.
    pub bundle: Option<Digest>,
    /// That bundle carries a signature, of which nobody here has said that it is valid.
    pub is_signed: bool,
    /// What is wrong with it. Anything here means that it cannot be imported as it is.
    pub faults: Vec<Fault>,
    /// What stops nothing but should be known: keys that mean nothing here.
    pub remarks: Vec<Fault>,
}

impl Found {
    /// Puts in what a person answered to one of [`inputs`](Self::inputs); more than one for lists. Then it is planned anew. A
    /// secret is offered to the vault, and stands nowhere else. False where nothing of this name is asked for, or just one
    /// answer is.
    pub fn answer(&mut self, name: &str, mut values: Vec<String>) -> bool {
        let Some(input) = self.inputs.get_mut(name) else { return false };
        if values.len() > 1 && !input.takes_many {
            return false;
        }
        if input.is_secret {
            input.given = values.pop().map(Hidden::new);
        } else {
            self.answers.insert(name.to_owned(), values.clone());
            input.default = values;
        }
        true
    }

    /// Where it was found: by this a later look knows the app again, whatever its entry says then.
    pub fn origin(&self) -> String {
        origin(
            self.client,
            &text::shorten(&self.scope, SCOPE_CHARS_MAX),
            &text::shorten(&self.file, FILE_CHARS_MAX),
            &shown(&self.name),
        )
    }
}

/// The longest scope and path of a file that are told.
pub(crate) const SCOPE_CHARS_MAX: usize = 250;
pub(crate) const FILE_CHARS_MAX: usize = 300;

/// One place where a server was found, of what is told of it.
pub(crate) fn origin(client: Option<Client>, scope: &str, file: &str, name: &str) -> String {
    [client.map_or("", Client::word), scope, file, name].join("|")
}

/// How a server is started or reached.
#[derive(Clone, Debug)]
pub enum Form {
    /// A program that speaks over its standard streams.
    Program(Program),
    /// An address.
    Remote(Remote),
    /// A package of a registry that says itself how it is run.
    Packaged(Packaged),
    /// Nothing that could be read; the faults say why.
    Nothing,
}

impl Form {
    /// Whether a text stands in one of its words.
    pub(crate) fn says(&self, part: &str) -> bool {
        let is_in = |word: &Hidden| word.expose().contains(part);
        match self {
            Self::Program(program) => {
                let more = program.environment_file.iter().chain(&program.folder);
                let words = [&program.command].into_iter().chain(&program.args).chain(program.environment.values());
                words.chain(more).any(is_in)
            }
            Self::Remote(remote) => [&remote.url].into_iter().chain(remote.headers.values()).any(is_in),
            Self::Packaged(packaged) => {
                let words = packaged.runtime_args.iter().chain(&packaged.args);
                words.chain(packaged.environment.values()).any(is_in)
            }
            Self::Nothing => false,
        }
    }
}

/// A program with what it is given.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The program.
    pub command: Hidden,
    /// Its arguments.
    pub args: Vec<Hidden>,
    /// Its environment.
    pub environment: BTreeMap<String, Hidden>,
    /// A file with more of it.
    pub environment_file: Option<Hidden>,
    /// Where it is started.
    pub folder: Option<Hidden>,
}

/// An address with what is sent to it.
#[derive(Clone, Debug)]
pub struct Remote {
    /// The address.
    pub url: Hidden,
    /// The transport, where the file says one.
    pub transport: Transport,
    /// Headers of every request.
    pub headers: BTreeMap<String, Hidden>,
}

/// How an address is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Streamable HTTP, and the old way where that fails.
    Any,
    /// HTTP with server-sent events, as before 2025.
    Sse,
}

/// A package as `server.json` names it.
#[derive(Clone, Debug)]
pub struct Packaged {
    /// Where it is from.
    pub registry: Registry,
    /// Its name there, or its address.
    pub identifier: String,
    /// The one version.
    pub version: Option<String>,
    /// The file's SHA-256, where it says one.
    pub sha256: Option<String>,
    /// Arguments of what runs the package, such as docker.
    pub runtime_args: Vec<Hidden>,
    /// Arguments of the package's program.
    pub args: Vec<Hidden>,
    /// Its environment.
    pub environment: BTreeMap<String, Hidden>,
}

/// The registries that packages come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Registry {
    /// npm's.
    Npm,
    /// Python's.
    Pypi,
    /// A registry of container images.
    Oci,
    /// A bundle at an address.
    Mcpb,
}

/// Something that a person is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// What it is called.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// It is a secret.
    pub is_secret: bool,
    /// The server cannot do without it.
    pub is_required: bool,
    /// What holds until the person says otherwise: more than one for lists.
    pub default: Vec<String>,
    /// It is a folder or file of the person's.
    pub path: Option<PathKind>,
    /// There may be several.
    pub takes_many: bool,
    /// A secret that the person gave, for the vault.
    pub given: Option<Hidden>,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PathKind {
    /// A file.
    File,
    /// A folder.
    Folder,
}
