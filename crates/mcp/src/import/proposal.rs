//! What an owner is shown before anything is installed: the app that a server would become, and all there is to say about it.

use super::{
    clients::Client,
    container::Container,
    launch::Resolve,
    notice::Notice,
    secret::Hidden,
    step::{Pin, Step, manifest_version},
};
use protocol::{AppName, Digest, FileAccess, Scope, ScopeRequest, sha256};
use serde::Serialize;
use std::collections::BTreeMap;

/// The app that a server would become.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    /// The app's name.
    pub app: AppName,
    /// The server's name where it was found, escaped.
    pub name: String,
    /// Where it was found; more than one place where several say the same.
    pub sources: Vec<Source>,
    /// It is switched off there.
    pub is_disabled_there: bool,
    /// Its manifest, as far as it is known before its package is pinned.
    pub kimai_json: String,
    /// The package that has to be pinned first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolve: Option<Resolve>,
    /// How it is pinned and installed.
    pub steps: Vec<Step>,
    /// The container that the entry would start. There is a refusal then; this says what could be done instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
    /// The file that is started, where it is one of this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Folders (or single files) with the program's own code, which its box shows it, to read only.
    pub program_folders: Vec<String>,
    /// What the owner sets: secrets, which the vault is offered, and what has no value yet.
    pub settings: Vec<Setting>,
    /// What it asks for, in full, each with the reason. The manifest has the same in the form that manifests allow.
    pub asks: Vec<ScopeRequest>,
    /// What stops nothing, and should be known.
    pub warnings: Vec<Notice>,
    /// Why it cannot be imported as it is. Where there is one, nothing is installed.
    pub refusals: Vec<Notice>,
    /// What it is, without where it was found and without the values of secrets: the same entry has the same.
    pub content: Digest,
    #[serde(skip)]
    pub(crate) parts: Parts,
}

/// Where a server was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The client, where it is a client's configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Client>,
    /// The file, escaped.
    pub file: String,
    /// The line.
    pub line: usize,
    /// Whom it is for, in the client's words.
    pub scope: String,
}

/// One thing that the owner sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Its name in the manifest.
    pub name: String,
    /// What it was called where it was found, escaped.
    pub title: String,
    /// Where in the entry it was: `environment`, `argument`, `header`, `address`.
    pub place: &'static str,
    /// It goes to the vault.
    pub is_secret: bool,
    /// The server cannot do without it.
    pub is_required: bool,
    /// A value was found, which the vault (or the app's settings) can be offered.
    pub has_value: bool,
    /// That value.
    #[serde(skip)]
    pub value: Option<Hidden>,
    #[serde(skip)]
    pub(crate) description: Option<String>,
}

/// A text of the manifest that may be a setting's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Emit {
    Literal(String),
    Setting {
        setting: String,
        #[serde(skip_serializing_if = "String::is_empty")]
        prefix: String,
    },
    /// A path in the home that the app's box has of its own.
    Home {
        home: String,
    },
}

/// What the manifest is made from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    pub(crate) version: Option<String>,
    pub(crate) bundle: Option<Digest>,
    pub(crate) description: String,
    pub(crate) start: Start,
    pub(crate) args: Vec<Emit>,
    pub(crate) environment: BTreeMap<String, Emit>,
}

/// How the app is started.
#[derive(Clone, Debug, Default)]
pub(crate) enum Start {
    #[default]
    Nothing,
    /// A program: these words, then the arguments.
    Command(Vec<String>),
    /// An address.
    Address { url: Emit, is_old: bool },
}

#[derive(Serialize)]
struct Manifest<'a> {
    name: &'a AppName,
    version: String,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<Entry<'a>>,
    #[serde(skip_serializing_if = "Permissions::is_empty")]
    permissions: Permissions,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Settings<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    Program {
        command: Vec<Emit>,
        protocol: &'static str,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        environment: &'a BTreeMap<String, Emit>,
    },
    Address {
        url: &'a Emit,
        protocol: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        transport: Option<&'static str>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        headers: &'a BTreeMap<String, Emit>,
    },
}

#[derive(Serialize)]
struct Permissions {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FilePermission>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<NetworkPermission>,
}

impl Permissions {
    fn is_empty(&self) -> bool {
        self.file.is_none() && self.network.is_none()
    }
}

#[derive(Serialize)]
struct FilePermission {
    read: bool,
    write: bool,
    folders: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct NetworkPermission {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hosts: Vec<HostPermission>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct HostPermission {
    host: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
}

#[derive(Serialize)]
struct Settings<'a> {
    r#type: &'static str,
    properties: BTreeMap<&'a str, Property<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required: Vec<&'a str>,
}

#[derive(Serialize)]
struct Property<'a> {
    r#type: &'static str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    secret: bool,
}

/// A package that is ready to be packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The files of the package: the manifest, and below `install/` what says just what is installed.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The folder of a package in which the lock files are.
pub const INSTALL_FOLDER: &str = "install";

impl Proposal {
    /// The package, with what was pinned: the same entry and the same pin give the same bytes. None where it is refused, or
    /// where a package has to be pinned first.
    pub fn finish(&self, pin: Option<&Pin>) -> Option<Finished> {
        if !self.refusals.is_empty() || (self.resolve.is_some() && pin.is_none()) {
            return None;
        }
        let mut files = BTreeMap::from([("kimai.json".to_owned(), self.manifest(pin).into_bytes())]);
        for (path, text) in pin.map(|pin| &pin.lock).into_iter().flatten() {
            files.insert(format!("{INSTALL_FOLDER}/{path}"), text.clone().into_bytes());
        }
        if let Some(digest) = self.parts.bundle {
            // Which bytes are unpacked there: the bundle itself has names that no package of ours may have.
            files.insert(format!("{INSTALL_FOLDER}/bundle.sha256"), format!("{digest}\n").into_bytes());
        }
        Some(Finished { files })
    }

    /// Where it was found, as an import keeps it beside the app: by this a later scan knows the app again, whatever its entry
    /// says then.
    pub fn origins(&self) -> Vec<String> {
        let origin = |source: &Source| {
            let client = source.client.map_or("", Client::word);
            [client, &source.scope, &source.file, &self.name].join("|")
        };
        self.sources.iter().map(origin).collect()
    }

    /// What is said of two entries that are the same but for where they were found. The values of secrets count: two
    /// accounts are two apps.
    pub fn is_same(&self, other: &Self) -> bool {
        self.content == other.content
            && self
                .settings
                .iter()
                .map(|setting| &setting.value)
                .eq(other.settings.iter().map(|setting| &setting.value))
    }

    pub(crate) fn rename(&mut self, app: AppName) {
        self.app = app;
        self.kimai_json = self.manifest(None);
    }

    pub(crate) fn close(&mut self) {
        self.kimai_json = self.manifest(None);
        let resolve = serde_json::to_string(&self.resolve).expect("data has a JSON form");
        let own =
            serde_json::to_string(&(&self.kimai_json, &resolve, &self.parts.bundle)).expect("data has a JSON form");
        self.content = sha256(own.as_bytes());
    }

    fn manifest(&self, pin: Option<&Pin>) -> String {
        let parts = &self.parts;
        let version = pin
            .map(|pin| pin.version.as_str())
            .or(parts.version.as_deref())
            .map_or("0.0.0".to_owned(), manifest_version);
        let entry = match &parts.start {
            Start::Nothing => None,
            Start::Command(command) => {
                let start = pin.map_or(command, |pin| &pin.command);
                let command = start.iter().cloned().map(Emit::Literal).chain(parts.args.iter().cloned()).collect();
                Some(Entry::Program { command, protocol: "mcp", environment: &parts.environment })
            }
            Start::Address { url, is_old } => Some(Entry::Address {
                url,
                protocol: "mcp",
                transport: is_old.then_some("sse"),
                headers: &parts.environment,
            }),
        };
        let properties = self.settings.iter().map(|setting| {
            let property = Property {
                r#type: "string",
                title: &setting.title,
                description: setting.description.as_deref(),
                secret: setting.is_secret,
            };
            (setting.name.as_str(), property)
        });
        let settings = (!self.settings.is_empty()).then(|| Settings {
            r#type: "object",
            properties: properties.collect(),
            required: self
                .settings
                .iter()
                .filter(|setting| setting.is_required)
                .map(|setting| setting.name.as_str())
                .collect(),
        });
        let manifest = Manifest {
            name: &self.app,
            version,
            description: &parts.description,
            entry,
            permissions: self.permissions(),
            settings,
        };
        let mut text = serde_json::to_string_pretty(&manifest).expect("data has a JSON form");
        text.push('\n');
        text
    }

    /// What it asks for in the form of a manifest, which has one list of folders for reading and writing.
    fn permissions(&self) -> Permissions {
        let mut permissions = Permissions { file: None, network: None };
        for ask in &self.asks {
            match &ask.scope {
                Scope::File { access, folders } => {
                    let file = permissions.file.get_or_insert_with(|| FilePermission {
                        read: false,
                        write: false,
                        folders: Vec::new(),
                        reason: ask.reason.clone(),
                    });
                    match access {
                        FileAccess::Read => file.read = true,
                        FileAccess::Write => file.write = true,
                    }
                    file.folders.extend(folders.iter().cloned());
                    file.folders.sort();
                    file.folders.dedup();
                }
                Scope::Network { rules } => {
                    let hosts = rules.iter().map(|rule| HostPermission { host: rule.host.clone(), port: rule.port });
                    permissions.network =
                        Some(NetworkPermission { hosts: hosts.collect(), reason: ask.reason.clone() });
                }
                _ => {}
            }
        }
        permissions
    }
}
