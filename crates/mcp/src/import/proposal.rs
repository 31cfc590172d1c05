//! What an owner is shown before anything is installed: the app that a server would become, and all there is to say about it.

use super::{
    clients::Client,
    container::Container,
    found::{PathKind, origin},
    launch::Resolve,
    manifest::Parts,
    notice::Notice,
    pin::Pin,
    plan::Facts,
    secret::Hidden,
    settle::{IMPORT_FILE, Imported},
    step::{Purpose, Step},
};
use protocol::{AppName, Digest, ScopeRequest, sha256, text};
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
    /// Folders with the program's own code, which it asks to read; or its file alone.
    pub program_folders: Vec<String>,
    /// What the owner sets: secrets, which the vault is offered, and what has no value yet.
    pub settings: Vec<Setting>,
    /// What its author asks of a person.
    pub questions: Vec<Question>,
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

/// One thing that a server's author asks of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// By this name it is answered: [`Found::answer`](super::Found::answer).
    pub name: String,
    /// What it is called, escaped.
    pub title: String,
    /// What it is for, escaped.
    pub description: Option<String>,
    /// It is a folder or file of the person's.
    pub path: Option<PathKind>,
    /// It goes to the vault.
    pub is_secret: bool,
    /// The server cannot do without it.
    pub is_required: bool,
    /// There may be several answers.
    pub takes_many: bool,
    /// There is an answer, or a default.
    pub has_answer: bool,
    /// That answer, where it is no secret.
    pub answer: Vec<String>,
}

/// The folder of a package in which its lock files are, and below which it is installed.
pub const INSTALL_FOLDER: &str = "install";

/// A package that is ready to be packed and installed, switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The app's name.
    pub app: AppName,
    /// Its version.
    pub version: String,
    /// What it is called where it was found, escaped.
    pub title: String,
    /// What it does.
    pub description: String,
    /// What the card says of where it is from; escaped, one sentence each.
    pub note: Vec<String>,
    /// The files of the package: the manifest, and below `install/` what says just what is installed.
    pub files: BTreeMap<String, Vec<u8>>,
    /// How its code is put into the folder `install` of the package, once that is unpacked. Nothing where there are none.
    pub install: Vec<Step>,
}

impl Proposal {
    /// Reads what the step that pins has made.
    pub fn pin(&self, made: &[u8], facts: &Facts<'_>) -> Result<Pin, Notice> {
        match &self.resolve {
            Some(resolve) => resolve.pin(made, facts.python, facts.roots.system),
            None => Err(Notice::new("lock_refused", "there is nothing to pin")),
        }
    }

    /// The package, with what was pinned: the same entry and the same pin give the same bytes. `home` is the folder that the
    /// app's box has of its own. None where it is refused, or where a package has to be pinned first.
    pub fn finish(&self, pin: Option<&Pin>, home: &str) -> Option<Finished> {
        if !self.refusals.is_empty() || self.resolve.is_some() != pin.is_some() {
            return None;
        }
        let mut files = BTreeMap::from([("kimai.json".to_owned(), self.manifest(pin, Some(home)).into_bytes())]);
        for (path, text) in pin.map(|pin| &pin.lock).into_iter().flatten() {
            files.insert(format!("{INSTALL_FOLDER}/{path}"), text.clone().into_bytes());
        }
        if let Some(digest) = self.parts.bundle {
            // Which bytes are unpacked there: the bundle itself has names that no package of ours may have.
            files.insert(format!("{INSTALL_FOLDER}/bundle.sha256"), format!("{digest}\n").into_bytes());
        }
        files.insert(IMPORT_FILE.to_owned(), Imported::of(self).to_bytes());
        Some(Finished {
            app: self.app.clone(),
            version: self.version(pin),
            title: self.name.clone(),
            description: self.parts.description.clone(),
            note: self.note(pin),
            files,
            install: self.steps.iter().filter(|step| step.purpose == Purpose::Install).cloned().collect(),
        })
    }

    fn note(&self, pin: Option<&Pin>) -> Vec<String> {
        let found = |source: &Source| match source.client {
            Some(client) => {
                format!("{client} has it too: {}, line {} ({}).", source.file, source.line, source.scope)
            }
            None => format!("It was read from {}.", source.file),
        };
        let mut note: Vec<String> = self.sources.iter().map(found).collect();
        if let (Some(resolve), Some(pin)) = (&self.resolve, pin) {
            let (name, registry) = match resolve {
                Resolve::Npm { name, .. } => (name.as_str(), "npm"),
                Resolve::PyPi { name, .. } => (name.as_str(), "Python's index"),
                Resolve::Image { reference } => (reference.as_str(), "a registry"),
                Resolve::Bundle { url, .. } => (url.as_str(), "its address"),
            };
            let version = text::shorten(&pin.version, 40);
            note.push(match pin.packages {
                0 | 1 => format!("It is {name} {version} of {registry}, fixed by its digest."),
                many => {
                    format!("It is {name} {version} of {registry}: {many} packages in all, each fixed by its digest.")
                }
            });
            if !pin.scripts_left_out.is_empty() {
                let names: Vec<String> = pin.scripts_left_out.iter().map(|name| text::shorten(name, 60)).collect();
                let names = text::shorten(&names.join(", "), 300);
                note.push(format!(
                    "Scripts that run at install are left out ({names}): some packages do not work without."
                ));
            }
        }
        if let Some(bundle) = &self.parts.bundle {
            note.push(format!("Its code is the bundle with the SHA-256 {bundle}."));
            note.push(
                match self.parts.is_signed {
                    true => "The bundle carries a signature that is not checked here: nothing says who made it.",
                    false => "The bundle is not signed: nothing says who made it.",
                }
                .to_owned(),
            );
        }
        if let Some(program) = &self.program
            && self.parts.bundle.is_none()
        {
            let program = text::shorten(program, 300);
            note.push(format!(
                "Its code is not in the package: {program} is used as it is, also after it has changed."
            ));
        }
        note
    }

    /// Where it was found: by this a later scan knows the app again, whatever its entry says then.
    pub fn origins(&self) -> Vec<String> {
        let own = self.sources.iter();
        own.map(|source| origin(source.client, &source.scope, &source.file, &self.name)).collect()
    }

    /// This, which was read from a bundle, as what somebody's description said where to fetch: a later look at that
    /// description knows the app again without fetching anything.
    pub fn fetched_for(mut self, asked: &Self) -> Self {
        self.sources.clone_from(&asked.sources);
        self.name.clone_from(&asked.name);
        for (name, values) in &asked.parts.answers {
            self.parts.answers.entry(name.clone()).or_insert_with(|| values.clone());
        }
        self.rename(asked.app.clone());
        self.content = asked.content;
        self
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
        self.kimai_json = self.manifest(None, None);
    }

    pub(crate) fn close(&mut self) {
        self.kimai_json = self.manifest(None, None);
        let resolve = serde_json::to_string(&self.resolve).expect("data has a JSON form");
        let own =
            serde_json::to_string(&(&self.kimai_json, &resolve, &self.parts.bundle)).expect("data has a JSON form");
        self.content = sha256(own.as_bytes());
    }
}
