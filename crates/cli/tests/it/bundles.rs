//! Bundles (`.mcpb`) and `server.json`: from a file of a stranger to a server in its box, and nothing of it where it is refused.

use crate::{
    doors::say,
    elsewhere::{Elsewhere, person},
    kit::{Oikos, Said},
    process::Process,
};
use serde_json::{Value, json};
use std::{fs, os::unix::net::UnixStream, path::PathBuf};

const APP: &str = "probe-bundle";

/// A file of a zip archive, as anybody may write it.
struct Zipped<'a> {
    name: &'a str,
    bytes: &'a [u8],
    mode: u32,
}

fn plain<'a>(name: &'a str, bytes: &'a [u8]) -> Zipped<'a> {
    Zipped { name, bytes, mode: 0o100_644 }
}

/// The sum that zip has for each file.
fn crc(bytes: &[u8]) -> u32 {
    let turned = |sum: u32, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), turned))
}

fn zip(files: &[Zipped<'_>]) -> Vec<u8> {
    let (mut out, mut central) = (Vec::new(), Vec::new());
    let length = |count: usize| u32::try_from(count).unwrap().to_le_bytes();
    let short = |count: usize| u16::try_from(count).unwrap().to_le_bytes();
    for file in files {
        let at = out.len();
        let mut common = Vec::new();
        for half in [20_u16, 0, 0, 0, 33] {
            common.extend(half.to_le_bytes());
        }
        common.extend(crc(file.bytes).to_le_bytes());
        common.extend(length(file.bytes.len()));
        common.extend(length(file.bytes.len()));
        common.extend(short(file.name.len()));
        common.extend([0; 2]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(file.name.as_bytes());
        out.extend(file.bytes);
        central.extend(b"PK\x01\x02\x14\x03");
        central.extend(&common);
        central.extend([0; 6]);
        central.extend((file.mode << 16).to_le_bytes());
        central.extend(length(at));
        central.extend(file.name.as_bytes());
    }
    let at = out.len();
    out.extend(&central);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(short(files.len()));
    out.extend(short(files.len()));
    out.extend(length(central.len()));
    out.extend(length(at));
    out.extend([0; 2]);
    out
}

/// A household whose owner was given a file.
struct House {
    oikos: Oikos,
    _up: Process,
}

impl House {
    fn new() -> Self {
        let oikos = Oikos::new();
        fs::create_dir_all(oikos.person()).unwrap();
        let up = Process::start_as(person(&oikos, &["up", "--no-doors", "--json"]));
        up.wait_for("pid");
        Self { oikos, _up: up }
    }

    fn file(&self) -> String {
        self.oikos.files().join("given.mcpb").to_str().unwrap().to_owned()
    }

    fn give(&self, manifest: &Value, more: &[Zipped<'_>]) {
        let manifest = manifest.to_string();
        let mut files = vec![plain("manifest.json", manifest.as_bytes())];
        files.extend(more.iter().map(|file| Zipped { ..*file }));
        fs::write(self.file(), zip(&files)).unwrap();
    }

    fn say(&self, words: &[&str]) -> Said {
        Said::of(person(&self.oikos, words).output().unwrap())
    }

    #[track_caller]
    fn ok(&self, words: &[&str]) -> String {
        let said = self.say(words);
        assert_eq!(said.code, 0, "{words:?}: {}{}", said.out, said.err);
        said.out
    }

    #[track_caller]
    fn json(&self, words: &[&str]) -> Value {
        let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(self.ok(&words).lines().last().unwrap_or("null")).unwrap()
    }

    #[track_caller]
    fn call(&self, app: &str, tool: &str, input: &Value) -> (String, bool) {
        let end = self.json(&["mcp", "call", app, tool, "--input", &input.to_string()]);
        (end["data"]["content"][0]["text"].as_str().unwrap_or_default().to_owned(), end["data"]["isError"] == true)
    }

    /// Asks at the socket, as the page does at its door.
    fn post(&self, path: &str, body: &Value) -> Value {
        let (socket, body) = (UnixStream::connect(self.oikos.home().join("socket")).unwrap(), body.to_string());
        let message = format!(
            "POST {path} HTTP/1.1\r\nhost: oikos\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        );
        serde_json::from_str(&say(socket, &message).1).unwrap()
    }

    /// What lies where bundles are unpacked.
    fn unpacked(&self) -> usize {
        fs::read_dir(self.oikos.home().join("installed")).map_or(0, Iterator::count)
    }

    fn has_apps(&self) -> bool {
        self.json(&["app", "list"]) != json!([])
    }
}

fn probe() -> Vec<u8> {
    fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/apps/probe-server/server.mjs")).unwrap()
}

/// What the author of the probe's bundle says of it.
fn manifest(version: &str) -> Value {
    json!({
        "manifest_version": "0.3",
        "name": APP,
        "version": version,
        "description": "Does what it is told",
        "author": { "name": "Somebody" },
        "server": {
            "type": "node",
            "entry_point": "server/index.mjs",
            "mcp_config": {
                "command": "node",
                "args": ["${__dirname}/server/index.mjs", "${user_config.folder}"],
                "env": {
                    "GREETING": "${user_config.greeting}",
                    "TOKEN": "${user_config.token}",
                    "HERE": "${__dirname}/server",
                },
                "platform_overrides": { "linux": { "env": { "SYSTEM": "own" } }, "darwin": { "env": { "SYSTEM": "own" } } },
            },
        },
        "user_config": {
            "folder": { "type": "directory", "title": "Notes", "description": "Where they are", "required": true },
            "greeting": { "type": "string", "title": "Greeting", "description": "What it says", "default": "hello" },
            "token": { "type": "string", "title": "Token", "description": "From your account", "sensitive": true },
        },
    })
}

#[test]
fn a_bundle_is_looked_at_answered_imported_and_called() {
    let house = House::new();
    let (file, notes) = (house.file(), house.oikos.person().join("notes"));
    fs::create_dir_all(&notes).unwrap();
    fs::write(notes.join("one"), "in the folder").unwrap();
    fs::write(house.oikos.person().join("two"), "beside it").unwrap();
    let probe = probe();
    house.give(&manifest("1.2.3"), &[plain("server/index.mjs", &probe)]);

    let found = house.json(&["app", "import", &file, "--scan"]);
    let server = &found["servers"][0];
    assert_eq!((&server["app"], &server["action"]), (&json!(APP), &json!("refuse")), "{found}");
    let asked = server["questions"].as_array().unwrap().iter();
    let asked: Vec<Value> =
        asked.map(|asked| json!([asked["name"], asked["kind"], asked["is_secret"], asked["has_answer"]])).collect();
    let expected = [
        json!(["folder", "folder", false, false]),
        json!(["greeting", "text", false, true]),
        json!(["token", "text", true, false]),
    ];
    assert_eq!(asked, expected);
    // Without a person what is open stays open, and a secret is no word of a command line.
    let said = house.say(&["app", "import", &file, "--yes"]);
    assert!(said.code != 0 && said.err.contains("--answer folder=VALUE"), "{}", said.err);
    let said = house.say(&["app", "import", &file, "--yes", "--answer", "token=s3cret-of-mine"]);
    assert!(said.code == 2 && said.err.contains("a command line can be read"), "{}", said.err);
    assert!(!house.has_apps() && house.unpacked() == 0);

    let folder = format!("folder={}", notes.display());
    let words = ["app", "import", &file, "--yes", "--answer", &folder];
    let mut typing = Process::at_terminal_as(person(&house.oikos, &words));
    typing.wait_for("Token, or nothing:");
    typing.type_line("s3cret-of-mine");
    let end = typing.end();
    assert!(end.code == 0 && end.out.contains("The bundle is not signed"), "{}", end.out);
    assert!(!end.out.contains("s3cret-of-mine"), "{}", end.out);
    assert_eq!(house.json(&["app", "list"])[0]["enabled"], false);
    house.ok(&["mcp", "look", APP]);
    house.ok(&["app", "enable", APP]);
    let kept = walk(&house.oikos.home());
    assert!(!kept.iter().any(|bytes| bytes.windows(14).any(|part| part == b"s3cret-of-mine")));
    let (environment, _) = house.call(APP, "environment", &json!({}));
    let environment: Value = serde_json::from_str(&environment).unwrap();
    for (name, value) in [("GREETING", "hello"), ("HERE", "install/server"), ("SYSTEM", "own")] {
        assert_eq!(environment[name], value, "{environment}");
    }
    assert!(environment["TOKEN"].is_string(), "{environment}");
    let read = |path: PathBuf| house.call(APP, "read-file", &json!({ "path": path }));
    assert_eq!(read(notes.join("one")), ("in the folder".to_owned(), false));
    assert!(read(house.oikos.person().join("two")).1);

    // The same file again is the same app, and nobody is asked twice.
    let said = house.ok(&["app", "import", &file, "--yes"]);
    assert!(said.contains("is there already"), "{said}");
    assert_eq!(house.unpacked(), 1);
    // Another one takes over, with what was answered, and stays switched on.
    house.give(&manifest("1.3.0"), &[plain("server/index.mjs", &probe)]);
    assert_eq!(house.json(&["app", "import", &file, "--scan"])["servers"][0]["action"], "update");
    house.ok(&["app", "import", &file, "--yes"]);
    let list = house.json(&["app", "list"]);
    assert_eq!(
        (&list[0]["version"], &list[0]["enabled"], list.as_array().unwrap().len()),
        (&json!("1.3.0"), &json!(true), 1)
    );
    assert_eq!(house.call(APP, "echo", &json!({ "said": "still" })), ("still".to_owned(), false));
    house.ok(&["app", "remove", APP]);
    assert_eq!(house.unpacked(), 0);
}

/// The folder that its card asks for, as the owner has said already where it is.
fn choices(offered: &Value) -> Value {
    let lines = offered["imported"]["card"]["lines"].as_array().unwrap();
    let folders = lines.iter().filter(|line| line["scope"]["folders"].is_array());
    folders
        .map(|line| json!({ "line": line["line"], "state": "allow", "target": line["scope"]["folders"][0] }))
        .collect()
}

/// The content of all files below a folder.
fn walk(folder: &std::path::Path) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().filter_map(Result::ok) {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => all.extend(walk(&entry.path())),
            kind if kind.is_file() => all.extend(fs::read(entry.path())),
            _ => {}
        }
    }
    all
}

/// A server in the one language that every system has.
const SHELL: &[u8] = br#"#!/bin/sh
while read -r line; do
  id=${line#*\"id\":}
  id=${id%%[,\}]*}
  case $line in
    *'"method":"initialize"'*) said='{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"shell","version":"1"}}' ;;
    *'"method":"tools/list"'*) said='{"tools":[{"name":"whoami","description":"Says what it is","inputSchema":{"type":"object"}}]}' ;;
    *'"method":"tools/call"'*) said='{"content":[{"type":"text","text":"its own program"}]}' ;;
    *'"method":"notifications/'*) continue ;;
    *) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"unknown"}}\n' "$id"; continue ;;
  esac
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$said"
done
"#;

#[test]
fn a_bundle_brings_a_program_of_its_own_for_each_system() {
    let house = House::new();
    let own = json!({ "command": "${__dirname}/bin/own" });
    let manifest = json!({
        "manifest_version": "0.2", "name": "own-program", "version": "1.0.0", "description": "d",
        "author": { "name": "a" },
        "server": {
            "type": "binary", "entry_point": "bin/other.exe",
            "mcp_config": { "command": "${__dirname}/bin/other.exe", "args": [], "platform_overrides": { "linux": own, "darwin": own } },
        },
    });
    // Not every program that packs keeps what may be started.
    house.give(&manifest, &[plain("bin/own", SHELL), plain("bin/other.exe", b"MZ")]);
    house.ok(&["app", "import", &house.file(), "--yes"]);
    house.ok(&["mcp", "look", "own-program"]);
    house.ok(&["app", "enable", "own-program"]);
    assert_eq!(house.call("own-program", "whoami", &json!({})), ("its own program".to_owned(), false));
}

#[test]
fn a_bundle_that_means_harm_leaves_nothing() {
    let house = House::new();
    let probe = probe();
    let code = || plain("server/index.mjs", &probe);
    let secret = house.oikos.person().join("secret");
    fs::write(&secret, "mine").unwrap();
    let refused = |more: &[Zipped<'_>], why: &str| {
        house.give(&manifest("1.0.0"), more);
        let folder = format!("folder={}", house.oikos.files().display());
        let said = house.say(&["app", "import", &house.file(), "--yes", "--answer", &folder]);
        assert!(said.code != 0 && said.err.contains(why), "{why}: {}{}", said.out, said.err);
    };
    refused(&[code(), plain("../../escaped", b"x")], "could lead out of the bundle");
    refused(&[code(), plain("/tmp/escaped", b"x")], "could lead out of the bundle");
    let target = secret.to_str().unwrap().as_bytes();
    refused(&[code(), Zipped { name: "link", bytes: target, mode: 0o120_777 }], "is a link");
    refused(&[code(), code()], "is there twice");
    refused(&[plain("server/other.mjs", &probe)], "is not in the bundle");
    // One whose end is missing, and one that starts what it does not bring.
    let whole = fs::read(house.file()).unwrap();
    fs::write(house.file(), &whole[..whole.len() - 30]).unwrap();
    assert_ne!(house.say(&["app", "import", &house.file(), "--yes"]).code, 0);
    let mut outside = manifest("1.0.0");
    outside["server"]["mcp_config"]["command"] = "/bin/sh".into();
    outside["server"]["mcp_config"]["args"] = json!(["-c", "touch ~/owned"]);
    house.give(&outside, &[code()]);
    assert_ne!(house.say(&["app", "import", &house.file(), "--yes"]).code, 0);
    assert!(!house.has_apps() && house.unpacked() == 0);
    assert!(!house.oikos.person().join("owned").exists() && !house.oikos.files().join("../../escaped").exists());
    assert_eq!(fs::read_to_string(&secret).unwrap(), "mine");
}

#[test]
fn an_import_whose_last_step_fails_leaves_nothing() {
    let house = House::new();
    let probe = probe();
    let mut manifest = manifest("1.0.0");
    manifest["user_config"]["folder"]["default"] = house.oikos.files().to_str().unwrap().into();
    house.give(&manifest, &[plain("server/index.mjs", &probe)]);
    // The vault takes no secret of this size, which is known only when all else is in place.
    let secret = "x".repeat(100 << 10);
    let source = json!({ "from": "file", "path": house.file() });
    let answers = json!({ "token": [secret] });
    let body = json!({ "source": source, "answers": answers, "app": APP });
    let offered = house.post("/api/v1/imports/offer", &body);
    let offer = offered["imported"]["offer"].as_str().unwrap_or_else(|| panic!("{offered}")).to_owned();
    let said = house.post(&format!("/api/v1/offers/{offer}/install"), &json!({ "choices": choices(&offered) }));
    assert!(said["code"].is_string(), "{said}");
    assert!(!house.has_apps() && house.unpacked() == 0);
}

#[test]
fn a_server_json_becomes_the_server_that_it_names() {
    let house = House::new();
    let elsewhere = Elsewhere::start();
    let file = house.oikos.files().join("server.json");
    let description = json!({
        "name": "io.example/tracker", "description": "Tracks", "version": "2.0.0",
        "packages": [{ "registryType": "oci", "identifier": "docker.io/example/tracker", "version": "2.0.0", "transport": { "type": "stdio" } }],
        "remotes": [{
            "type": "streamable-http", "url": format!("http://{}/mcp", elsewhere.address()),
            "headers": [{ "name": "X-Region", "description": "Where", "isRequired": true }],
        }],
    });
    fs::write(&file, description.to_string()).unwrap();
    let file = file.to_str().unwrap();
    let found = house.json(&["app", "import", file, "--scan"]);
    let remote = &found["servers"][1];
    assert_eq!(remote["questions"][0]["name"], "X-Region", "{found}");
    let app = remote["app"].as_str().unwrap();
    drop(house.say(&["app", "import", file, app, "--yes", "--answer", "X-Region=north"]));
    house.ok(&["grant", app, &format!("network=allow:{}", elsewhere.address())]);
    house.ok(&["mcp", "look", app]);
    house.ok(&["app", "enable", app]);
    assert_eq!(house.call(app, "echo", &json!({})), ("said again".to_owned(), false));
    assert_eq!(elsewhere.header("x-region").as_deref(), Some("north"));
    let said = house.ok(&["app", "import", file, app, "--yes"]);
    assert!(said.contains("is there already"), "{said}");
}
