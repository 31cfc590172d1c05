//! `manifest.json` as a type.

use crate::{
    finding::Finding,
    json::{JsonFile, Part},
    warning::Warning,
};
use protocol::{AppName, LimitChanges, Zone, text};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a manifest says, but for its permissions. What later versions of oikos act on is carried as it is.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// `id`: the app's name.
    pub name: AppName,
    /// `name`: the title, in the author's words.
    pub title: String,
    /// The version; 0.0.0 when none is given.
    pub version: semver::Version,
    /// What it does, in the author's words.
    pub description: Option<String>,
    /// Who made it: a claim.
    pub developer: Option<String>,
    /// Where a market would list it.
    pub category: Option<String>,
    /// `runtime`: where its author supports it.
    pub zones: Vec<Zone>,
    /// What else has to be there, such as `mcp.local_fs`.
    pub dependencies: Vec<String>,
    /// What starts it beside a person.
    pub trigger: Option<Trigger>,
    /// What draws its data.
    pub renderer: Option<String>,
    /// The code to start, where it is not `bot-logic.js`.
    pub entry: Option<Entry>,
    /// Functions to call at the steps of its life, by step.
    pub hooks: BTreeMap<String, String>,
    /// Pages that it answers.
    pub routes: Vec<Route>,
    /// JSON Schema of what the owner can set.
    pub settings: Option<Value>,
    /// Bounds it asks for beside the defaults.
    pub limits: LimitChanges,
    /// Versions of oikos that it works with.
    pub engines_oikos: Option<semver::VersionReq>,
    /// The key that the author says signs it: a claim.
    pub publisher: Option<String>,
}

/// What starts an app beside a person.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Trigger {
    /// A pattern over what is said in a chat.
    pub regex: Option<String>,
    /// Topics of the bus.
    #[serde(default)]
    pub events: Vec<String>,
    /// Five fields of cron.
    pub schedule: Option<String>,
    /// The action or tool that is called.
    pub action: Option<String>,
}

/// The code to start.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Entry {
    /// A module or component of the package.
    File(String),
    /// A program with arguments.
    Command {
        /// The program first.
        command: Vec<String>,
    },
}

/// A page that the app answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Route {
    /// The method, upper case.
    pub method: String,
    /// The path.
    pub path: String,
}

/// The keys as they are written; the schema has checked them.
#[derive(Deserialize)]
struct Written {
    id: AppName,
    name: String,
    version: Option<String>,
    description: Option<String>,
    developer: Option<String>,
    category: Option<String>,
    runtime: Option<Vec<Zone>>,
    #[serde(default)]
    dependencies: Vec<String>,
    trigger: Option<Trigger>,
    renderer: Option<String>,
    entry: Option<Entry>,
    #[serde(default)]
    hooks: BTreeMap<String, String>,
    #[serde(default)]
    routes: Vec<Route>,
    settings: Option<Value>,
    #[serde(default)]
    limits: LimitChanges,
    #[serde(default)]
    engines: Engines,
    publisher: Option<String>,
}

#[derive(Default, Deserialize)]
struct Engines {
    oikos: Option<String>,
}

impl Manifest {
    /// Reads a manifest that fits its schema.
    pub(crate) fn read(file: &JsonFile<'_>, warnings: &mut Vec<Warning>) -> Result<Self, Vec<Finding>> {
        let written = match Written::deserialize(&file.value) {
            Ok(written) => written,
            Err(error) => {
                return Err(vec![file.finding("", Part::Value, text::escape(&error.to_string()))]);
            }
        };
        let mut findings = Vec::new();
        let version = match &written.version {
            None => {
                warnings.push(
                    Warning::in_file(file.name, "no version is given, so 0.0.0 is assumed")
                        .hint("add \"version\": \"0.1.0\"; publishing needs one"),
                );
                semver::Version::new(0, 0, 0)
            }
            Some(version) => semver::Version::parse(version).unwrap_or_else(|error| {
                let message = format!("not a semantic version: {}", text::escape(&error.to_string()));
                findings.push(file.finding("/version", Part::Value, message));
                semver::Version::new(0, 0, 0)
            }),
        };
        let engines_oikos = written.engines.oikos.as_deref().and_then(|range| {
            semver::VersionReq::parse(range)
                .map_err(|error| {
                    let message = format!("not a range of versions: {}", text::escape(&error.to_string()));
                    findings.push(file.finding_with(
                        "/engines/oikos",
                        Part::Value,
                        message,
                        Some("such as \">=0.1, <2\"".to_owned()),
                    ));
                })
                .ok()
        });
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(Self {
            name: written.id,
            title: written.name,
            version,
            description: written.description,
            developer: written.developer,
            category: written.category,
            zones: written.runtime.unwrap_or_else(|| vec![Zone::Local]),
            dependencies: written.dependencies,
            trigger: written.trigger,
            renderer: written.renderer,
            entry: written.entry,
            hooks: written.hooks,
            routes: written.routes,
            settings: written.settings,
            limits: written.limits,
            engines_oikos,
            publisher: written.publisher,
        })
    }
}
