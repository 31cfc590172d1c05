//! The manifest of the app that a server would become.

use super::{
    pin::{Pin, manifest_version},
    proposal::Proposal,
};
use protocol::{AppName, Digest, FileAccess, Scope};
use serde::Serialize;
use std::collections::BTreeMap;

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
    pub(crate) is_signed: bool,
    pub(crate) answers: BTreeMap<String, Vec<String>>,
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
        environment: BTreeMap<String, Emit>,
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

#[derive(Default, Serialize)]
struct Permissions {
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FilePermission>,
    /// The same scope by its other word: a folder that is only read is not asked for to write.
    #[serde(rename = "fs", skip_serializing_if = "Option::is_none")]
    written: Option<FilePermission>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<NetworkPermission>,
}

impl Permissions {
    fn is_empty(&self) -> bool {
        self.file.is_none() && self.written.is_none() && self.network.is_none()
    }
}

#[derive(Serialize)]
struct FilePermission {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    read: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
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

impl Proposal {
    /// The manifest. `home` is the folder that the app's box has of its own, once it is known.
    pub(super) fn manifest(&self, pin: Option<&Pin>, home: Option<&str>) -> String {
        let parts = &self.parts;
        let entry = match &parts.start {
            Start::Nothing => None,
            Start::Command(command) => {
                let start = pin.map_or(command, |pin| &pin.command);
                let command = start.iter().cloned().map(Emit::Literal).chain(parts.args.iter().cloned()).collect();
                Some(Entry::Program { command, protocol: "mcp", environment: self.environment(home) })
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
            version: self.version(pin),
            description: &parts.description,
            entry,
            permissions: self.permissions(),
            settings,
        };
        let mut text = serde_json::to_string_pretty(&manifest).expect("data has a JSON form");
        text.push('\n');
        text
    }

    pub(super) fn version(&self, pin: Option<&Pin>) -> String {
        let version = pin.map(|pin| pin.version.as_str()).or(self.parts.version.as_deref());
        version.map_or("0.0.0".to_owned(), manifest_version)
    }

    fn environment(&self, home: Option<&str>) -> BTreeMap<String, Emit> {
        let whole = |value: &Emit| match (value, home) {
            (Emit::Home { home: file }, Some(home)) => Emit::Literal(format!("{}/{file}", home.trim_end_matches('/'))),
            _ => value.clone(),
        };
        self.parts.environment.iter().map(|(name, value)| (name.clone(), whole(value))).collect()
    }

    /// What it asks for in the form of a manifest.
    fn permissions(&self) -> Permissions {
        let mut permissions = Permissions::default();
        for ask in &self.asks {
            let reason = ask.reason.clone();
            match &ask.scope {
                Scope::File { access, folders } => {
                    let (read, write) = (*access == FileAccess::Read, *access == FileAccess::Write);
                    match &mut permissions.file {
                        Some(file) if file.folders == *folders => file.write |= write,
                        Some(_) => {
                            permissions.written =
                                Some(FilePermission { read, write, folders: folders.clone(), reason });
                        }
                        None => {
                            permissions.file = Some(FilePermission { read, write, folders: folders.clone(), reason });
                        }
                    }
                }
                Scope::Network { rules } => {
                    let hosts = rules.iter().map(|rule| HostPermission { host: rule.host.clone(), port: rule.port });
                    permissions.network = Some(NetworkPermission { hosts: hosts.collect(), reason });
                }
                _ => {}
            }
        }
        permissions
    }
}
