//! What the official inspector sees of oikos: tools whose schemas every client understands, and views that say all of themselves.
//! It asks at the door, with a key, as anybody would, for tools of an app of ours that a renderer draws and for those of a server
//! that somebody else wrote, which has views of its own.

use super::Tool;
use crate::{
    served::{Served, text},
    shell::{House, Result, oikos_file},
};
use serde_json::Value;
use std::process::{Command, Stdio};

/// Which, to the letter.
pub(super) const PACKAGE: &str = "xtask/inspector";
/// Where it lies among the packages.
const SCRIPT: &str = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js";
/// An app of ours with tools that a renderer draws.
const OURS: &str = "crates/cli/tests/apps/finder";
/// A server with views of its own, as somebody might write it.
const FOREIGN: &str = "crates/cli/tests/apps/drawer";

/// There where the views were built.
const VIEWS: &str = "renderers/dist/frame.html";

/// What it asks.
struct Asked<'a> {
    tool: &'a Tool,
    /// Whom: a program's words, or an address with a key.
    whom: Vec<String>,
}

/// Has it look.
pub(super) fn look(house: &House, tool: &Tool) -> Result<()> {
    let binary = house.target()?.join("debug").join(oikos_file());
    let served = Served::start(&binary, "inspector")?;
    let foreign = house.root().join(FOREIGN);
    served.oikos(&["app", "install", &house.root().join(OURS).to_string_lossy(), "--yes"])?;
    served.oikos(&["app", "install", &foreign.to_string_lossy(), "--yes"])?;
    served.oikos(&["mcp", "look", "drawer"])?;
    served.oikos(&["mcp", "accept", "drawer"])?;
    let key = text(&served.oikos(&["token", "new", "inspector", "--rights", "read,run"])?, "/secret")?;
    let url = format!("{}/mcp", served.url());
    let words = [url.as_str(), "--transport", "http", "--header", &format!("Authorization: Bearer {key}")];
    let through = Asked { tool, whom: words.map(str::to_owned).to_vec() };
    let main = foreign.join("src/main.mjs").to_string_lossy().into_owned();
    let direct = Asked { tool, whom: vec!["node".to_owned(), main] };

    // It ends with 6 where a schema is one that not every client understands.
    through.says("--strict")?;
    let (ours, theirs) = (through.apps()?, direct.apps()?);
    for app in &theirs {
        let expected = renamed(app, &format!("drawer_{}", text(app, "/toolName")?));
        if !ours.contains(&expected) {
            return Err(
                format!("the inspector sees the view of the server as\n{ours:#?}\nand not as\n{expected:#}").into()
            );
        }
    }
    let drawn = ours.iter().filter(|app| app["hasApp"] == true);
    let (own, foreign): (Vec<&Value>, Vec<&Value>) =
        drawn.partition(|app| app["resourceUri"].as_str().is_some_and(|uri| uri.starts_with("ui://oikos/")));
    // A binary that was built without the views has none to name.
    let has_views = house.root().join(VIEWS).is_file();
    if own.is_empty() == has_views || foreign.is_empty() {
        return Err(format!("the inspector sees no views of ours, or none of the server's:\n{ours:#?}").into());
    }
    println!(
        "-- inspector: {} tools, {} with views of ours, {} with the server's",
        ours.len(),
        own.len(),
        foreign.len()
    );
    served.end()
}

fn renamed(app: &Value, name: &str) -> Value {
    let mut app = app.clone();
    app["toolName"] = name.into();
    app
}

impl Asked<'_> {
    /// What it says of the tools, asked like this. It has to end well and to complain of nothing.
    fn says(&self, how: &str) -> Result<String> {
        let mut command = Command::new(&self.tool.node);
        command.arg(self.tool.folder.join(SCRIPT)).arg("--cli").args(&self.whom).args(["--method", "tools/list", how]);
        command.env("PATH", &self.tool.path).stdin(Stdio::null());
        let output = command.output()?;
        let (said, complained) =
            (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr).into_owned());
        match output.status.success() && complained.trim().is_empty() {
            true => Ok(said),
            false => Err(format!("the inspector ended with {} ({how}):\n{complained}{said}", output.status).into()),
        }
    }

    /// What it sees of views: a line for each tool, and in none of them that something is wrong.
    fn apps(&self) -> Result<Vec<Value>> {
        let said = self.says("--app-info")?;
        let apps: Vec<Value> = said.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?;
        for app in &apps {
            let is_clean = app.get("error").is_none() && app.get("warnings").is_none() && app.get("toolName").is_some();
            let is_drawn = app["hasApp"] != true || app["resourceMimeType"] == "text/html;profile=mcp-app";
            if !is_clean || !is_drawn {
                return Err(format!("the inspector sees something wrong with a view: {app}").into());
            }
        }
        Ok(apps)
    }
}
