//! What the suite asks: an oikos that is up, in which the suite's fixtures are apps. Each is the same program, started in a box of
//! its own and spoken with as any server that somebody else wrote.

use super::forward::Forwarder;
use crate::{
    served::{Served, text},
    shell::Result,
};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// An app with some of the fixtures, and nothing else: clients know a tool by its app's name before its own, unless it begins with
/// that anyway.
const SOME: &[(&str, &str)] = &[
    ("confirm", "confirm_delete"),
    ("failing", "failing_job"),
    ("greet", "greet"),
    ("json", "json_schema_2020_12_tool"),
    ("multi", "multi_input"),
    ("protocol", "protocol_error_job"),
    ("slow", "slow_compute"),
];
/// The app with all the others.
const ALL: &str = "test";
/// What all its fixtures' names begin with. It has the others too, which are blocked there: a client is shown few enough tools
/// then not to have to search.
const PREFIX: &str = "test_";

/// What the suite asks.
pub(super) struct Stage {
    served: Served,
    forwarder: Forwarder,
}

impl Stage {
    pub(super) fn set(binary: &Path, program: &Path, name: &str) -> Result<Self> {
        let served = Served::start(binary, name)?;
        let folder = served.folder().join("apps");
        for (app, tool) in SOME {
            install(&served, &folder.join(app), app, &[&shown(program), "--tools", tool])?;
        }
        install(&served, &folder.join(ALL), ALL, &[&shown(program)])?;
        let all = served.oikos(&["mcp", "info", ALL])?;
        for tool in all["tools"].as_array().into_iter().flatten() {
            let tool = text(tool, "/name")?;
            if !tool.starts_with(PREFIX) {
                served.oikos(&["mcp", "block", ALL, &tool])?;
            }
        }
        let key = text(&served.oikos(&["token", "new", "suite", "--rights", "read,run"])?, "/secret")?;
        let forwarder = Forwarder::start(served.host(), &key)?;
        Ok(Self { served, forwarder })
    }

    /// Where the suite asks.
    pub(super) fn url(&self) -> String {
        self.forwarder.url()
    }

    /// Whether oikos came through it whole. Nothing stays behind.
    pub(super) fn end(self) -> Result<()> {
        let runs = self.served.oikos(&["run", "--list"])?;
        let count = runs.as_array().map_or(0, Vec::len);
        if count == 0 {
            return Err("what the suite asked was answered without a single run".into());
        }
        self.served.end()
    }
}

fn install(served: &Served, folder: &Path, app: &str, command: &[&str]) -> Result<()> {
    fs::create_dir_all(folder)?;
    let manifest: Value = json!({
        "name": app,
        "version": "1.0.0",
        "description": "Fixtures of the official suite",
        "permissions": {},
        "entry": { "command": command, "protocol": "mcp" },
    });
    fs::write(folder.join("kimai.json"), manifest.to_string())?;
    served.oikos(&["app", "install", &shown(folder), "--yes"])?;
    served.oikos(&["mcp", "look", app])?;
    served.oikos(&["mcp", "accept", app]).map(drop)
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
