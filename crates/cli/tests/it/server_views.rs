//! Views of servers that somebody else wrote, and every value on the way, to the letter: what a client gets through oikos is held
//! against what it gets from the server itself.

use crate::kit::{Oikos, app_folder};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

const ADDRESS: &str = "ui://drawer/view.html";

/// A client that has started a server, whichever that is.
struct Client {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    last: u64,
}

#[derive(Deserialize)]
struct Answer {
    id: Option<u64>,
    result: Option<Box<RawValue>>,
    error: Option<Value>,
}

impl Client {
    fn of(mut command: Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut client = Self { child, to, from, last: 0 };
        let about = r#"{"name":"test","version":"1"}"#;
        let can = r#"{"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["text/html;profile=mcp-app"]}}}"#;
        let hello = format!(r#"{{"protocolVersion":"2025-11-25","capabilities":{can},"clientInfo":{about}}}"#);
        client.ask("initialize", &hello);
        writeln!(client.to, r#"{{"jsonrpc":"2.0","method":"notifications/initialized"}}"#).unwrap();
        client
    }

    /// The server itself, as any client starts it.
    fn direct() -> Self {
        let mut command = Command::new("node");
        command.arg(app_folder("drawer").join("src/main.mjs"));
        Self::of(command)
    }

    fn through(oikos: &Oikos) -> Self {
        Self::of(oikos.command(&["mcp", "serve"]))
    }

    /// What it answers, as it was written.
    #[track_caller]
    fn ask(&mut self, method: &str, params: &str) -> String {
        self.try_ask(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_ask(&mut self, method: &str, params: &str) -> Result<String, Value> {
        self.last += 1;
        let id = self.last;
        writeln!(self.to, r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#).unwrap();
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "the server ended");
            let answer: Answer = serde_json::from_str(&line).unwrap();
            if answer.id == Some(id) {
                return answer.result.map(|result| result.get().to_owned()).ok_or_else(|| answer.error.unwrap());
            }
        }
    }

    fn call(&mut self, name: &str, arguments: &str) -> String {
        self.ask("tools/call", &format!(r#"{{"name":"{name}","arguments":{arguments}}}"#))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A person who has looked at the server and said yes to it.
fn house() -> Oikos {
    let oikos = Oikos::new();
    let installed = oikos.ok(&["app", "install", app_folder("drawer").to_str().unwrap(), "--yes"]).out;
    // A person reads what is left to do.
    assert!(
        installed.contains("oikos mcp look drawer") && installed.contains("oikos mcp accept drawer"),
        "{installed}"
    );
    accept(&oikos, "drawer");
    oikos
}

fn accept(oikos: &Oikos, app: &str) {
    oikos.ok(&["mcp", "look", app]);
    oikos.ok(&["mcp", "accept", app]);
}

/// The entries of a list, each as it was written, without oikos' own.
fn entries(listed: &str, member: &str) -> Vec<String> {
    let listed: std::collections::HashMap<String, Box<RawValue>> = serde_json::from_str(listed).unwrap();
    let entries: Vec<Box<RawValue>> = serde_json::from_str(listed[member].get()).unwrap();
    let entries = entries.iter().map(|entry| entry.get().to_owned());
    entries.filter(|entry| !entry.contains("ui://oikos/")).collect()
}

#[test]
fn a_view_and_every_value_come_through_to_the_letter() {
    let oikos = house();
    let (mut direct, mut through) = (Client::direct(), Client::through(&oikos));
    let read = format!(r#"{{"uri":"{ADDRESS}"}}"#);
    assert_eq!(through.ask("resources/read", &read), direct.ask("resources/read", &read));
    let listed = through.ask("resources/list", "{}");
    assert_eq!(entries(&listed, "resources"), entries(&direct.ask("resources/list", "{}"), "resources"));
    assert!(listed.contains("ui://oikos/table") || !listed.contains("ui://oikos/"), "{listed}");
    let named = |entry: &String| {
        let name = serde_json::from_str::<Value>(entry).unwrap()["name"].as_str().unwrap().to_owned();
        entry.replacen(&format!(r#""name":"{name}""#), &format!(r#""name":"drawer_{name}""#), 1)
    };
    let expected: Vec<String> = entries(&direct.ask("tools/list", "{}"), "tools").iter().map(named).collect();
    assert_eq!(entries(&through.ask("tools/list", "{}"), "tools"), expected);
    assert_eq!(through.call("drawer_draw", "{}"), direct.call("draw", "{}"));
    // A view calls what its server calls it.
    assert_eq!(through.call("draw", "{}"), direct.call("draw", "{}"));

    // And the other way.
    let odd = r#"{"z":1.0,"big":123456789012345678901234567890,"a":{"y":-0,"x":[1e400,0.10]},"z":"\u00e4\ud800"}"#;
    let heard: Value = serde_json::from_str(&through.call("drawer_heard", odd)).unwrap();
    let line = heard["content"][0]["text"].as_str().unwrap();
    assert!(line.contains(&format!(r#""arguments":{odd}"#)), "{line}");
    // What is in the log of the run is what is nearest to it.
    let run = oikos.json(&["mcp", "call", "drawer", "draw"]);
    assert_eq!(run["data"]["structuredContent"]["zoom"], json!(1.0), "{run}");
}

#[test]
fn of_two_servers_with_one_address_each_has_its_own() {
    let oikos = house();
    let mut before = Client::through(&oikos);
    let first = before.ask("resources/read", &format!(r#"{{"uri":"{ADDRESS}"}}"#));
    drop(before);
    // Earlier in the order of names, and later to come.
    let folder = oikos.files().join("another");
    fs::create_dir_all(folder.join("src")).unwrap();
    for file in ["kimai.json", "src/main.mjs", "src/view.html"] {
        let text = fs::read_to_string(app_folder("drawer").join(file)).unwrap();
        let text = text.replace(r#""name": "drawer""#, r#""name": "another""#).replace("Waiting", "Another waits");
        fs::write(folder.join(file), text).unwrap();
    }
    oikos.ok(&["app", "install", folder.to_str().unwrap(), "--yes"]);
    accept(&oikos, "another");
    let mut client = Client::through(&oikos);
    let tools = entries(&client.ask("tools/list", "{}"), "tools");
    let mut view_of = |name: &str| {
        let tool = tools.iter().find(|tool| tool.contains(&format!(r#""name":"{name}""#))).unwrap();
        let tool: Value = serde_json::from_str(tool).unwrap();
        assert_eq!(tool["_meta"]["ui"]["resourceUri"], tool["_meta"]["ui/resourceUri"]);
        let uri = tool["_meta"]["ui"]["resourceUri"].as_str().unwrap().to_owned();
        let read = client.ask("resources/read", &json!({ "uri": uri }).to_string());
        (uri, read)
    };
    let (uri, read) = view_of("drawer_draw");
    assert_eq!((uri.as_str(), &read), (ADDRESS, &first));
    let (uri, read) = view_of("another_draw");
    assert_eq!(uri, "ui://another+drawer/view.html");
    assert_eq!(
        read,
        first
            .replace(ADDRESS, &uri)
            .replace("Waiting", "Another waits")
            .replace(&format!("uri: \\\"{uri}"), &format!("uri: \\\"{ADDRESS}"))
    );
    // Both views call `again`; only the first server's is called so.
    assert_eq!(client.call("again", "{}"), r#"{"content":[],"structuredContent":{"times":1}}"#);
    assert_eq!(client.call("another_again", "{}"), r#"{"content":[],"structuredContent":{"times":1}}"#);
    assert_eq!(client.call("again", "{}"), r#"{"content":[],"structuredContent":{"times":2}}"#);
}
