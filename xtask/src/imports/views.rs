//! Servers whose tools have views, as their authors published them: what a client gets of them through oikos is held against what
//! it gets from the very same program without it.

use crate::{
    served::{Served, text},
    shell::Result,
};
use serde_json::{Value, json, value::RawValue};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// One of them.
struct Drawn {
    app: &'static str,
    package: &'static str,
    /// The tool with the view.
    tool: &'static str,
    /// The view.
    uri: &'static str,
    /// Where its package has it.
    file: &'static str,
    /// What of its answer has to be there, where the answer itself is never the same twice.
    has: &'static str,
}

const ALL: [Drawn; 2] = [
    Drawn {
        app: "map",
        package: "@modelcontextprotocol/server-map",
        tool: "show-map",
        uri: "ui://cesium-map/mcp-app.html",
        file: "dist/mcp-app.html",
        has: "Displaying globe",
    },
    Drawn {
        app: "monitor",
        package: "@modelcontextprotocol/server-system-monitor",
        tool: "get-system-info",
        uri: "ui://system-monitor/mcp-app.html",
        file: "dist/mcp-app.html",
        has: "hostname",
    },
];

/// As a client's file names them: their app, and the arguments of `npx`.
pub(super) fn entries() -> impl Iterator<Item = (&'static str, Value)> {
    ALL.iter()
        .map(|one| (one.app, json!({ "command": "npx", "args": ["-y", format!("{}@2.0.3", one.package), "--stdio"] })))
}

/// Holds each of them against itself.
pub(super) fn hold(served: &Served, path: &OsStr) -> Result<()> {
    let mut through = Client::start(served.command(&["mcp", "serve"]))?;
    for one in &ALL {
        let folder = installed(served, one.package)?;
        let mut command = Command::new("node");
        command.arg(folder.join("dist/index.js")).arg("--stdio").env("PATH", path);
        let mut direct = Client::start(command)?;
        one.hold(&mut direct, &mut through, &folder)?;
        println!("  the view of {} comes as from itself", one.app);
    }
    Ok(())
}

/// Where a package was installed.
fn installed(served: &Served, package: &str) -> Result<PathBuf> {
    let trees = served.folder().join("home/installed");
    let folders = fs::read_dir(&trees)?.flatten().map(|tree| tree.path().join("node_modules").join(package));
    let mut folders = folders.filter(|folder| folder.is_dir());
    folders.next().ok_or_else(|| format!("{package} is in no folder of {}", trees.display()).into())
}

impl Drawn {
    fn hold(&self, direct: &mut Client, through: &mut Client, folder: &Path) -> Result<()> {
        let same = |what: &str, through: &str, direct: &str| -> Result<()> {
            match through == direct {
                true => Ok(()),
                false => {
                    Err(format!("{what} of {} is not the same:\n{through}\nand itself:\n{direct}", self.app).into())
                }
            }
        };
        let read = json!({ "uri": self.uri }).to_string();
        let read = (through.ask("resources/read", &read)?, direct.ask("resources/read", &read)?);
        same("its view", &read.0, &read.1)?;
        let view: Value = serde_json::from_str(&read.0)?;
        let html = view["contents"][0]["text"].as_str().unwrap_or_default();
        same("the document", html, &fs::read_to_string(folder.join(self.file))?)?;

        let (tools, own) = (through.list("tools/list", "tools")?, direct.list("tools/list", "tools")?);
        for (name, tool) in &own {
            let known = format!("{}_{}", self.app, name.replace(['.', '-'], "_"));
            let expected = tool.replacen(&format!(r#""name":"{name}""#), &format!(r#""name":"{known}""#), 1);
            same(name, tools.get(&known).map_or("", String::as_str), &expected)?;
        }
        let (resources, own) =
            (through.list("resources/list", "resources")?, direct.list("resources/list", "resources")?);
        for (name, resource) in &own {
            same(name, resources.get(name).map_or("", String::as_str), resource)?;
        }
        // By the name that its view knows.
        let called = json!({ "name": self.tool, "arguments": {} }).to_string();
        let said = (through.ask("tools/call", &called)?, direct.ask("tools/call", &called)?);
        match (said.0.contains(self.has), said.1.contains(self.has)) {
            (true, true) => Ok(()),
            _ => Err(format!("{} answers {} and itself {}", self.app, said.0, said.1).into()),
        }
    }
}

/// A client of a program.
struct Client {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    last: u64,
}

/// An object, each of whose members is as it was written.
type Members = BTreeMap<String, Box<RawValue>>;

impl Client {
    /// Starts a server and greets it, as a host that draws views.
    fn start(mut command: Command) -> Result<Self> {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let (to, from) = (child.stdin.take(), child.stdout.take());
        let (to, from) = to.zip(from).ok_or("its pipes are not ours")?;
        let mut client = Self { child, to, from: BufReader::new(from), last: 0 };
        let draws = json!({ "io.modelcontextprotocol/ui": { "mimeTypes": ["text/html;profile=mcp-app"] } });
        let hello = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": { "extensions": draws },
            "clientInfo": { "name": "xtask", "version": "1" },
        });
        client.ask("initialize", &hello.to_string())?;
        writeln!(client.to, "{}", json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
        Ok(client)
    }

    /// What it answers, as it was written.
    fn ask(&mut self, method: &str, params: &str) -> Result<String> {
        self.last += 1;
        let id = self.last;
        writeln!(self.to, r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)?;
        loop {
            let mut line = String::new();
            if self.from.read_line(&mut line)? == 0 {
                return Err(format!("the server ended instead of answering {method}").into());
            }
            let answer: Members = serde_json::from_str(&line)?;
            if answer.get("id").is_some_and(|said| said.get() == id.to_string()) {
                let result = answer.get("result").ok_or_else(|| format!("{method}: {line}"))?;
                return Ok(result.get().to_owned());
            }
        }
    }

    /// The entries of a list by their names, each as it was written.
    fn list(&mut self, method: &str, member: &str) -> Result<BTreeMap<String, String>> {
        let listed: Members = serde_json::from_str(&self.ask(method, "{}")?)?;
        let entries = listed.get(member).ok_or_else(|| format!("{method} has no {member}"))?;
        let entries: Vec<Box<RawValue>> = serde_json::from_str(entries.get())?;
        let named = entries.iter().map(|entry| {
            let said: Value = serde_json::from_str(entry.get())?;
            Ok((text(&said, "/name")?, entry.get().to_owned()))
        });
        named.collect()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
