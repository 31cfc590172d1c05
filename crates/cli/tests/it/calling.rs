//! `docs/guides/calling-the-api.md`, as copied: each of its blocks is run by the program that it is written for.
//!
//! Its blocks for a WebSocket need packages that are on no machine by themselves; those are run where they are installed.

use crate::{
    doors::up,
    kit::{Oikos, Said},
};
use std::path::Path;

/// The blocks of the guide in a language, in their order. They ask this oikos instead of the usual one.
fn blocks(language: &str, address: &str, run: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/calling-the-api.md");
    let page = std::fs::read_to_string(page).unwrap();
    let page = page.replace("127.0.0.1:7070", address).replace("/runs/RUN/", &format!("/runs/{run}/"));
    let begin = format!("```{language}\n");
    page.split(&begin).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

struct House {
    oikos: Oikos,
    address: String,
    run: String,
    key: String,
    _up: crate::process::Process,
}

impl House {
    fn new() -> Self {
        let oikos = Oikos::new();
        oikos.install("notes", &[]);
        oikos.ok(&["run", "notes", "list"]);
        let run = oikos.last_run();
        let (up, address) = up(&oikos);
        let key = oikos.ok(&["token", "new", "guide", "--rights", "read,run"]).out.trim().to_owned();
        Self { oikos, address, run, key, _up: up }
    }

    fn blocks(&self, language: &str) -> Vec<String> {
        blocks(language, &self.address, &self.run)
    }

    /// Runs a block with a program that takes it as its last word.
    #[track_caller]
    fn ok(&self, program: &[&str], block: &str) -> String {
        let oikos = Path::new(env!("CARGO_BIN_EXE_oikos")).parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(oikos).chain(std::env::split_paths(&path))).unwrap();
        let mut command = self.oikos.program(program[0]);
        command.args(&program[1..]).arg(block).env("PATH", path).env("OIKOS_KEY", &self.key);
        let said = Said::of(command.output().unwrap());
        assert_eq!(said.code, 0, "{block}\n{}{}", said.out, said.err);
        said.out
    }

    /// Whether a program is there and can do this.
    fn can(&self, program: &[&str]) -> bool {
        let can = self.oikos.program(program[0]).args(&program[1..]).output().is_ok_and(|said| said.status.success());
        if !can {
            println!("left out: {} does not work here", program.join(" "));
        }
        can
    }
}

#[test]
fn with_curl() {
    let house = House::new();
    house.oikos.install("csv-insights", &[]);
    std::fs::write(house.oikos.files().join("sales.csv"), "city,sold\nGraz,3\nLinz,4\n").unwrap();
    house.oikos.ok(&["run", "notes", "add", "--input", r#"{ "text": "Rye bread" }"#]);
    let blocks = house.blocks("sh");
    // One shell for all: what is set in one block is used in the next.
    let said = house.ok(&["bash", "-euc"], &blocks.join("\n"));
    let expected = [
        "oikos is up in ",
        // By the port with a key, and by the socket without one.
        r#"{"apps":[{"name":"csv-insights""#,
        r#"{"apps":[{"name":"csv-insights""#,
        // Waited for its end; each step as it comes; gone on with.
        r#""app":"notes","action":"list""#,
        "event: run\n",
        "event: done\n",
        // Handed over whole, read; written, and taken.
        r#""size_bytes":24,"received_bytes":24,"#,
        r#""app":"csv-insights","action":"analyze""#,
        r#""app":"notes","action":"export""#,
    ];
    let mut rest = said.as_str();
    for piece in expected {
        let at = rest.find(piece).unwrap_or_else(|| panic!("{piece} is not said (any more) in\n{said}"));
        rest = &rest[at + piece.len()..];
    }
    assert_eq!(blocks.len(), 8);
    let taken = std::fs::read_to_string(house.oikos.files().join("notes.md")).unwrap();
    assert!(taken.contains("Rye bread"), "{taken}");
}

#[test]
fn with_python() {
    let house = House::new();
    let blocks = house.blocks("python");
    let (plain, line): (Vec<_>, Vec<_>) = blocks.iter().partition(|block| !block.contains("websockets"));
    assert_eq!((plain.len(), line.len()), (2, 1));
    for block in plain {
        let said = house.ok(&["python3", "-c"], block);
        assert!(said.contains("'name': 'notes'"), "{said}");
    }
    if house.can(&["python3", "-c", "import websockets"]) {
        let said = house.ok(&["python3", "-c"], line[0]);
        assert!(said.contains("['notes']") && said.contains("STREAM_CHUNK"), "{said}");
    }
}

#[test]
fn with_javascript() {
    let house = House::new();
    let blocks = house.blocks("js");
    let (plain, line): (Vec<_>, Vec<_>) = blocks.iter().partition(|block| !block.contains("from \"ws\""));
    assert_eq!((plain.len(), line.len()), (2, 1));
    let node = ["node", "--input-type=module", "-e"];
    if !house.can(&["node", "--version"]) {
        return;
    }
    for block in plain {
        let said = house.ok(&node, block);
        assert!(said.contains("name: 'notes'"), "{said}");
    }
    if house.can(&["node", "--input-type=module", "-e", "import 'ws'"]) {
        let said = house.ok(&node, line[0]);
        assert!(said.lines().last().is_some_and(|run| run.len() == 36), "{said}");
    }
}
