//! An app calls the tools of a server in its box: what was granted works at once, what was not names its rule and the command
//! that would allow it, and what one of the two may do ends with the other.

use crate::{
    kit::{Oikos, Said},
    process::Process,
};
use serde_json::{Value, json};
use std::{fs, process::Command};

pub(crate) const SERVER: &str = "callee";

/// A person who has an app, and a server that it calls.
pub(crate) struct House {
    pub(crate) oikos: Oikos,
    _up: Process,
}

impl House {
    /// With both installed; the app's switch is as its card proposes, but for these grants.
    fn new(grants: &[&str]) -> Self {
        let house = Self::with_servers(&[SERVER]);
        house.oikos.install("caller", grants);
        house
    }

    /// With servers of these names, all alike, that can be called.
    pub(crate) fn with_servers(servers: &[&str]) -> Self {
        let oikos = Oikos::new();
        let server = oikos.files().join("server/server.mjs");
        fs::create_dir_all(server.parent().unwrap()).unwrap();
        fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/apps/callee/server.mjs"), &server).unwrap();
        // What says that the folder is a program's own.
        fs::write(server.with_file_name("package.json"), "{}").unwrap();
        let config = oikos.person().join(".config/Claude/claude_desktop_config.json");
        fs::create_dir_all(config.parent().unwrap()).unwrap();
        let entry = json!({ "command": "node", "args": [server] });
        let entries: serde_json::Map<String, Value> =
            servers.iter().map(|name| ((*name).to_owned(), entry.clone())).collect();
        fs::write(config, json!({ "mcpServers": entries }).to_string()).unwrap();
        let up = Process::start_as(person(&oikos, &["up", "--no-doors", "--json"]));
        up.wait_for("pid");
        let house = Self { oikos, _up: up };
        for name in servers {
            house.import(name);
        }
        house
    }

    /// A server of the configuration becomes one that can be called.
    #[track_caller]
    pub(crate) fn import(&self, server: &str) {
        self.ok(&["app", "import", server, "--yes"]);
        self.ok(&["mcp", "look", server]);
        self.ok(&["app", "enable", server]);
    }

    pub(crate) fn say(&self, words: &[&str]) -> Said {
        Said::of(person(&self.oikos, words).output().unwrap())
    }

    #[track_caller]
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        let said = self.say(words);
        assert_eq!(said.code, 0, "{words:?}: {}{}", said.out, said.err);
        said.out
    }

    #[track_caller]
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let said = self.ok(&[words, &["--json"]].concat());
        serde_json::from_str(said.lines().last().unwrap_or_default()).unwrap()
    }

    /// The app calls a tool. What came of it, in words.
    fn call(&self, tool: &str, arguments: &Value) -> (i32, String) {
        let input = json!({ "tool": tool, "arguments": arguments }).to_string();
        let said = self.say(&["run", "caller", "call", "--input", &input]);
        (said.code, said.out + &said.err)
    }

    /// Runs the command that a denial names.
    #[track_caller]
    pub(crate) fn allow_as_told(&self, denial: &str) {
        let command = denial.split("to allow it: oikos ").nth(1).and_then(|rest| rest.lines().next());
        let command = command.unwrap_or_else(|| panic!("no command in {denial}"));
        // The run's failure stands in front of its code.
        let words: Vec<&str> = command.trim().split(' ').collect();
        self.ok(&words);
    }

    /// The question that is open, once there is one.
    fn question(&self) -> Value {
        testkit::wait_until_some("the question", || {
            let open = self.json(&["approval", "list"]);
            open.as_array().and_then(|open| open.first().cloned())
        })
    }

    #[track_caller]
    fn answer(&self, question: &Value, choice: &str) {
        let id = question["id"].as_str().unwrap();
        let said = Process::at_terminal_as(person(&self.oikos, &["approval", "answer", id, choice])).end();
        assert_eq!(said.code, 0, "{}", said.out);
    }

    /// Somebody who is there, and could answer.
    fn somebody(&self) -> Process {
        self.oikos.install("looper", &[]);
        let somebody = Process::at_terminal_as(person(&self.oikos, &["run", "looper", "wait"]));
        somebody.wait_for("waiting");
        somebody
    }

    pub(crate) fn runs_of(&self, app: &str) -> Vec<Value> {
        let runs = self.json(&["run", "--list"]);
        runs.as_array().unwrap().iter().filter(|run| run["app"] == app).cloned().collect()
    }
}

/// A command of the person whose files these are.
pub(crate) fn person(oikos: &Oikos, words: &[&str]) -> Command {
    let mut command = oikos.command(words);
    command.env("HOME", oikos.person());
    command
}

#[test]
fn what_was_granted_works_at_once_and_stands_in_both_logs() {
    let house = House::new(&["mcp=allow"]);
    let (code, said) = house.call("echo", &json!({ "said": "through and back" }));
    assert!(code == 0 && said.contains("through and back"), "{said}");
    let log = house.ok(&["log", "caller"]);
    // What was announced is told by how it ended.
    let told =
        "called the tool echo of the MCP server callee: 27 bytes sent, 93 bytes received  — grant mcp.callee for echo";
    assert!(log.contains(told), "{log}");
    let log = house.ok(&["log", SERVER]);
    assert!(log.contains("because caller called it in its run of call"), "{log}");
    // Only what it may call: not `large` and `say-more`, which its card does not name.
    let listed = house.json(&["run", "caller", "list"]);
    assert_eq!(listed["text"], "callee/echo callee/slow callee/fail", "{listed}");
    assert_eq!(listed["data"][0]["inputSchema"]["required"], json!(["said"]), "{listed}");
    house.ok(&["log", "--verify"]);
}

#[test]
fn what_was_not_granted_names_its_rule_and_the_command_that_allows_it() {
    let house = House::new(&["mcp=allow"]);
    // By the server's own name for it, and by the one that it has here.
    for tool in ["say-more", "say_more"] {
        let (code, said) = house.call(tool, &json!({ "said": "hi" }));
        assert!(code == 3 && said.contains("say_more is not among the tools of mcp.callee"), "{said}");
        assert!(said.contains("oikos grant caller mcp=allow:callee/say_more"), "{said}");
    }
    let (_, said) = house.call("say-more", &json!({ "said": "hi" }));
    house.allow_as_told(&said);
    for tool in ["say-more", "say_more"] {
        let (code, said) = house.call(tool, &json!({ "said": "hi" }));
        assert!(code == 0 && said.contains("hi hi"), "{said}");
    }
    // What it could call before it still can.
    assert_eq!(house.call("echo", &json!({ "said": "hi" })).0, 0);
    let (code, said) = house.call("missing", &json!({}));
    assert!(
        code == 1 && said.contains("callee has no tool 'missing'") && said.contains("it has: echo, slow"),
        "{said}"
    );
    // A server that its card does not name is nobody's to grant.
    let input = json!({ "server": "other", "tool": "echo" }).to_string();
    let said = house.say(&["run", "caller", "call", "--input", &input]);
    assert!(said.code == 3 && said.err.contains("the app never asked for mcp.other"), "{}", said.err);
    let said = house.say(&["grant", "caller", "mcp=allow:other/echo"]);
    assert!(said.code == 6 && said.err.contains("does not ask for 'mcp.other'"), "{}", said.err);
    house.ok(&["grant", "caller", "mcp=block"]);
    let (code, said) = house.call("echo", &json!({ "said": "hi" }));
    assert!(code == 3 && said.contains("mcp.callee is blocked"), "{said}");
    house.allow_as_told(&said);
    assert_eq!(house.call("echo", &json!({ "said": "hi" })).0, 0);
    let log = house.ok(&["log", "caller"]);
    assert!(log.contains("BLOCKED: wanted to call the tool say_more of the MCP server callee"), "{log}");
}

#[test]
fn a_switch_that_asks_shows_what_is_sent() {
    let house = House::new(&[]);
    let (code, said) = house.call("echo", &json!({ "said": "please" }));
    assert!(code == 3 && said.contains("nobody was there to be asked"), "{said}");
    let _somebody = house.somebody();
    let asked = |choice: &str| {
        std::thread::scope(|scope| {
            let calling = scope.spawn(|| house.call("echo", &json!({ "said": "please" })));
            let question = house.question();
            assert_eq!(question["app"], "caller", "{question}");
            let content = question.to_string();
            assert!(content.contains("please") && content.contains("mcp.callee"), "{question}");
            house.answer(&question, choice);
            calling.join().unwrap()
        })
    };
    let (code, said) = asked("no");
    assert!(code == 3 && said.contains("you said no"), "{said}");
    let (code, said) = asked("once");
    assert!(code == 0 && said.contains("please"), "{said}");
    // From now on is for this tool of this server, and for no other.
    let (code, said) = asked("always");
    assert!(code == 0 && said.contains("please"), "{said}");
    assert_eq!(house.call("echo", &json!({ "said": "again" })).0, 0);
    let (code, said) = house.call("slow", &json!({ "ms": 1 }));
    assert!(code == 3 && said.contains("oikos grant caller mcp=allow:callee/slow"), "{said}");
}

#[test]
fn what_the_owner_says_of_a_servers_tool_holds_for_apps() {
    let house = House::new(&["mcp=allow"]);
    house.ok(&["mcp", "block", SERVER, "echo"]);
    let (code, said) = house.call("echo", &json!({ "said": "hi" }));
    assert!(code == 3 && said.contains("you blocked the tool echo of callee"), "{said}");
    let listed = house.json(&["run", "caller", "list"]);
    assert_eq!(listed["text"], "callee/slow callee/fail", "{listed}");
    house.ok(&["mcp", "ask", SERVER, "echo"]);
    let (code, said) = house.call("echo", &json!({ "said": "hi" }));
    assert!(code == 3 && said.contains("oikos mcp allow callee echo"), "{said}");
    house.ok(&["mcp", "allow", SERVER, "echo"]);
    assert_eq!(house.call("echo", &json!({ "said": "hi" })).0, 0);
    house.ok(&["app", "disable", SERVER]);
    let (code, said) = house.call("echo", &json!({ "said": "hi" }));
    assert!(code != 0 && said.contains("callee is disabled"), "{said}");
}

#[test]
fn what_the_tool_says_of_itself_reaches_the_app() {
    let house = House::new(&["mcp=allow", "mcp=allow:callee/large"]);
    let (code, said) = house.call("fail", &json!({ "why": "no such city" }));
    assert!(code == 1 && said.contains("the tool fail of callee failed: no such city"), "{said}");
    let log = house.ok(&["log", "caller"]);
    assert!(log.contains("which failed: "), "{log}");
    let (code, said) = house.call("large", &json!({ "bytes": 5 << 20 }));
    assert!(code != 0 && said.contains("at most 4.0 MiB"), "{said}");
}

#[test]
fn what_was_read_and_what_a_stranger_said_leave_together_only_after_a_look() {
    let house = House::new(&["mcp=allow"]);
    fs::write(house.oikos.files().join("mine.txt"), "my own words").unwrap();
    let relay = ["run", "caller", "relay", "--file", "data=mine.txt"];
    let said = house.say(&relay);
    assert!(said.code == 3 && said.err.contains("nobody was there to be asked"), "{}{}", said.out, said.err);
    let _somebody = house.somebody();
    std::thread::scope(|scope| {
        let calling = scope.spawn(|| house.say(&relay));
        let question = house.question();
        let shown = question.to_string();
        assert!(shown.contains("ask_mcp_content") && shown.contains("what comes first, then my own words"), "{shown}");
        house.answer(&question, "once");
        let said = calling.join().unwrap();
        assert!(said.code == 0 && said.out.contains("then my own words"), "{}{}", said.out, said.err);
    });
}

#[test]
fn a_call_ends_with_whoever_made_it() {
    let house = House::new(&["mcp=allow"]);
    let input = json!({ "tool": "slow", "arguments": { "ms": 60_000 } }).to_string();
    let calling = Process::start_as(person(&house.oikos, &["run", "caller", "call", "--input", &input]));
    let live = |app: &str| house.runs_of(app).iter().any(|run| run["ended_at"].is_null());
    testkit::wait_until("the tool to be under way", || live(SERVER));
    house.ok(&["stop", "caller"]);
    assert_eq!(calling.end().code, 7);
    assert!(!live(SERVER) && !live("caller"));
    let log = house.ok(&["log", SERVER]);
    assert!(log.contains("stopped by you after"), "{log}");
    // The other way round, the app hears of it.
    let calling = Process::start_as(person(&house.oikos, &["run", "caller", "call", "--input", &input]));
    testkit::wait_until("the tool to be under way", || live(SERVER));
    house.ok(&["stop", SERVER]);
    let said = calling.end();
    assert!(said.code == 1 && said.err.contains("the owner stopped it"), "{}{}", said.out, said.err);
    // One that reaches a limit of its own takes with it what it called.
    let said = house.say(&["run", "caller", "overrun"]);
    assert!(said.code == 5, "{}{}", said.out, said.err);
    assert!(!live(SERVER));
    let log = house.ok(&["log", SERVER]);
    assert!(log.contains("the run that called it has ended"), "{log}");
}
