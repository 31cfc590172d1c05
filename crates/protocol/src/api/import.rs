//! Servers that other programs have set up, as the API tells of them: what each would become, before anything is done.

use crate::{AppName, Card, OfferId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Where servers are read from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum ImportSource {
    /// The configurations of MCP clients on this machine.
    Clients {
        /// Which: `claude-desktop`, `claude-code`, `cursor`, `vscode`, `windsurf`, `zed`; none means all.
        #[serde(default)]
        only: Vec<String>,
        /// Folders whose own servers are looked for too. Absolute paths.
        #[serde(default)]
        projects: Vec<String>,
    },
    /// One file: a bundle (`.mcpb`, `.dxt`) or a `server.json`.
    File {
        /// Where it is. An absolute path.
        path: String,
    },
    /// One server, in the words of a client's configuration: `{"command": "npx", "args": ["-y", "NAME"]}` or `{"url": "https://…"}`.
    Entry {
        /// Its name.
        name: String,
        /// What stands there.
        entry: Value,
    },
}

/// What an import would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportsView {
    /// The servers.
    pub servers: Vec<ImportView>,
    /// What could not be read, in words.
    pub faults: Vec<ImportNotice>,
    /// The files that were there.
    pub files: Vec<String>,
}

/// A server that was found, as the app that it would become.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportView {
    /// The app. By this name it is imported.
    pub app: AppName,
    /// The server's name where it was found.
    pub title: String,
    /// What would be done.
    pub action: ImportAction,
    /// Where it was found: client, file and line.
    pub sources: Vec<String>,
    /// It is switched off there.
    pub is_disabled_there: bool,
    /// The package that is pinned and installed: `npm: NAME (VERSIONS)`; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// What is started, or the address.
    pub place: String,
    /// What it would ask for: a switch each, and why.
    pub asks: Vec<ImportAsk>,
    /// What it is given: environment, headers.
    pub settings: Vec<ImportSetting>,
    /// What its author asks of a person: answered by name, in `answers`, when it is listed again and when it is offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<ImportQuestion>,
    /// What stops nothing and should be known.
    pub warnings: Vec<ImportNotice>,
    /// Why it cannot be imported as it is.
    pub refusals: Vec<ImportNotice>,
}

/// What would be done with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportAction {
    /// A new app is installed, switched off.
    Install,
    /// Nothing: the app is there, from the same entry.
    Keep,
    /// The app that it became before is upgraded.
    Update,
    /// Nothing can be done; the refusals say why.
    Refuse,
}

/// One thing that a server would ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportAsk {
    /// The switch, as `oikos grant` names it.
    pub line: String,
    /// What is covered: folders, hosts. None means that the owner says.
    pub targets: Vec<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One thing that a server is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportSetting {
    /// The setting's name in the app.
    pub name: String,
    /// What it is called where it was found.
    pub title: String,
    /// It goes to the vault.
    pub is_secret: bool,
    /// The server cannot do without it.
    pub is_required: bool,
    /// A value was found there, and would be taken over.
    pub has_value: bool,
}

/// Something that a server's author asks of a person before it works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportQuestion {
    /// By this name it is answered.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// What it is for, in the author's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What is answered: a text, a folder or a file.
    pub kind: ImportQuestionKind,
    /// The answer goes to the vault. It can also be given later, as the app's setting.
    pub is_secret: bool,
    /// The server cannot do without it.
    pub is_required: bool,
    /// There may be several answers.
    pub takes_many: bool,
    /// There is an answer: the person's, or the author's default.
    pub has_answer: bool,
    /// That answer; never a secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answer: Vec<String>,
}

/// What is answered to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportQuestionKind {
    /// A text.
    Text,
    /// A folder of the person's, which the server gets to see.
    Folder,
    /// A file of the person's, which the server gets to see.
    File,
}

/// Something to say, with the next step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportNotice {
    /// What.
    pub message: String,
    /// The next step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A server that is ready to be installed: pinned, packed, and looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportOffered {
    /// The offer, which is installed or declined as any other.
    pub offer: OfferId,
    /// What the owner is shown.
    pub card: Card,
    /// What is to be said of where it is from.
    pub notes: Vec<String>,
}

/// What a person answers to what a configuration leaves open, by its name there. Several answers make a list.
pub type ImportAnswers = BTreeMap<String, Vec<String>>;
