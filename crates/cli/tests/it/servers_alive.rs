//! How long the programs of servers live: each is started when a run needs it, shared by runs on the same terms, never two in one
//! home, gone when nobody needs it, and nobody's trouble but its own when it ends badly.

use crate::{
    kit::{Oikos, app_folder},
    process::Process,
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};
use testkit::{wait_until, wait_until_some};

const APP: &str = "lodger";
/// The same server under another name.
const OTHER: &str = "neighbour";

/// A household that is up, with one server in it and two folders beside it.
struct House {
    oikos: Oikos,
    _up: Process,
}

impl House {
    fn new(fail_points: &str) -> Self {
        let oikos = Oikos::new();
        let mut command = oikos.command(&["up", "--no-doors", "--json"]);
        if !fail_points.is_empty() {
            command.env("FAILPOINTS", fail_points);
        }
        let up = Process::start_as(command);
        up.wait_for("pid");
        let house = Self { oikos, _up: up };
        for folder in ["one", "other"] {
            fs::create_dir(house.folder(folder)).unwrap();
        }
        house.settle(APP);
        house
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.oikos.files().join(name)
    }

    /// The server under this name, installed and accepted, with the first folder.
    fn settle(&self, name: &str) {
        let (from, folder) = (app_folder(APP), self.oikos.files().join(name));
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::copy(from.join("src/main.mjs"), folder.join("src/main.mjs")).unwrap();
        let mut manifest: Value = serde_json::from_slice(&fs::read(from.join("kimai.json")).unwrap()).unwrap();
        manifest["name"] = json!(name);
        fs::write(folder.join("kimai.json"), manifest.to_string()).unwrap();
        let grant = format!("file.read=allow:{}", self.folder("one").display());
        self.oikos.ok(&["app", "install", folder.to_str().unwrap(), "--yes", "--grant", &grant]);
        self.oikos.ok(&["mcp", "look", name]);
        self.oikos.ok(&["mcp", "accept", name]);
    }

    /// From now on its program has another folder too.
    fn grant_other(&self) {
        let folder = self.folder("other");
        self.oikos.ok(&["grant", APP, &format!("file.write=allow:{}", folder.display())]);
    }

    /// Has the server hold a call until that file is there, and waits until it does.
    fn hold(&self, until: &str) -> Process {
        let input = json!({ "path": self.folder("one").join(until) }).to_string();
        let holding = Process::start(&self.oikos, &["mcp", "call", APP, "hold", "--input", &input]);
        wait_until("the call to be held", || journal(&self.oikos, "1").iter().any(|line| line.starts_with("held ")));
        holding
    }

    fn release(&self, held: &str) {
        fs::write(self.folder("one").join(held), "").unwrap();
    }

    /// What a tool answered.
    #[track_caller]
    fn call(&self, tool: &str, input: &Value) -> String {
        let end = self.oikos.json(&["mcp", "call", APP, tool, "--input", &input.to_string()]);
        end["data"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{tool}: {end}")).to_owned()
    }

    /// Why it did not.
    #[track_caller]
    fn refused(&self, tool: &str) -> String {
        let said = self.oikos.run(&["mcp", "call", APP, tool]);
        assert_ne!(said.code, 0, "{tool}: {}", said.out);
        said.out + &said.err
    }

    fn is_running(&self) -> bool {
        is_running(&self.oikos, APP)
    }
}

fn is_running(oikos: &Oikos, app: &str) -> bool {
    oikos.json(&["mcp", "info", app])["running"].is_object()
}

/// The home that an app's programs have from this owner.
fn home(oikos: &Oikos, owner: &str, app: &str) -> PathBuf {
    oikos.home().join("programs").join(owner).join(app).join("home")
}

/// What the server's programs have written down in the home that they have from this owner.
fn journal(oikos: &Oikos, owner: &str) -> Vec<String> {
    let file = home(oikos, owner, APP).join("journal");
    fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The same as what happened, and to which program: the first one is 0.
#[track_caller]
fn told(lines: &[String]) -> Vec<(&str, usize)> {
    let mut known: Vec<&str> = Vec::new();
    let told = lines.iter().map(|line| {
        let (what, who) = line.split_once(' ').unwrap();
        let at = known.iter().position(|known| *known == who).unwrap_or_else(|| {
            known.push(who);
            known.len() - 1
        });
        (what, at)
    });
    told.collect()
}

/// A client that has started `oikos mcp serve`.
struct Client {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    last: u64,
}

impl Client {
    fn new(oikos: &Oikos) -> Self {
        Self::named(oikos, "test")
    }

    fn named(oikos: &Oikos, name: &str) -> Self {
        let mut command = oikos.command(&["mcp", "serve", "--client", name]);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = piped.spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut client = Self { child, to, from, last: 0 };
        let about = json!({ "name": "test", "version": "1" });
        client.ask("initialize", &json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": about }));
        writeln!(client.to, "{}", json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).unwrap();
        client
    }

    /// The result, or the error.
    #[track_caller]
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let id = self.last;
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        writeln!(self.to, "{message}").unwrap();
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "oikos ended");
            let message: Value = serde_json::from_str(&line).unwrap();
            if message["id"] == id {
                return message.get("result").unwrap_or(&message["error"]).clone();
            }
        }
    }

    fn call(&mut self, tool: &str) -> Value {
        self.ask("tools/call", &json!({ "name": tool, "arguments": {} }))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_server_that_answers_and_ends_is_started_again_as_often_as_it_is_needed() {
    let house = House::new("");
    for _ in 0..8 {
        assert_eq!(house.call("finish", &json!({})), "done");
        wait_until("it to have ended", || !house.is_running());
    }
    // Had any of that been a failure, this one would not be its first.
    let why = house.refused("break");
    assert!(why.contains("program_failed") || why.contains("with code 3"), "{why}");
    assert_eq!(house.call("finish", &json!({})), "done");
}

#[test]
fn a_server_that_ends_without_an_answer_is_left_alone_for_a_while() {
    let house = House::new("");
    // Each pause is longer than the one before, and soon longer than anybody waits.
    let whys: Vec<String> = (0..10).map(|_| house.refused("break")).collect();
    assert!(whys[0].contains("with code 3"), "{whys:?}");
    assert!(whys.iter().any(|why| why.contains("times in a row; it is started again in")), "{whys:?}");
}

#[test]
fn two_programs_are_never_in_one_home() {
    let house = House::new("");
    let holding = house.hold("go");
    house.grant_other();
    let greeting = Process::start(&house.oikos, &["mcp", "call", APP, "greet"]);
    wait_until("the second call to have begun", || {
        house.oikos.json(&["run", "--list"]).to_string().contains(r#""action":"greet""#)
    });
    house.release("go");
    assert_eq!(holding.end().code, 0);
    let greeted = greeting.end();
    assert_eq!(greeted.code, 0, "{}{}", greeted.out, greeted.err);
    // One after the other: the second began when the first had done what it was at.
    let lines = journal(&house.oikos, "1");
    assert_eq!(told(&lines), [("began", 0), ("held", 0), ("released", 0), ("began", 1), ("greeted", 1)], "{lines:?}");
    // And whoever has the same terms has the same program.
    house.call("greet", &json!({}));
    assert_eq!(told(&journal(&house.oikos, "1")).last(), Some(&("greeted", 1)));
}

#[test]
fn who_would_wait_too_long_for_a_home_is_told_what_to_do() {
    let house = House::new("programs::others_ms=return(1)");
    let holding = house.hold("go");
    house.grant_other();
    let why = house.refused("greet");
    assert!(why.contains("still serves other runs") && why.contains("oikos stop lodger"), "{why}");
    // What is under way goes on.
    house.release("go");
    assert_eq!(holding.end().code, 0);
    wait_until("it to have ended", || !house.is_running());
    house.call("greet", &json!({}));
    let lines = journal(&house.oikos, "1");
    assert_eq!(told(&lines), [("began", 0), ("held", 0), ("released", 0), ("began", 1), ("greeted", 1)], "{lines:?}");
}

#[test]
fn two_owners_of_one_app_have_a_program_each() {
    let house = House::new("");
    let oikos = &house.oikos;
    let holding = house.hold("go");
    oikos.ok(&["owner", "new", "ben"]);
    let ben = |words: &[&str]| oikos.json(&[&["--owner", "ben"][..], words].concat());
    let folder = house.folder(APP);
    oikos.ok(&["--owner", "ben", "app", "install", folder.to_str().unwrap(), "--yes"]);
    ben(&["mcp", "look", APP]);
    ben(&["mcp", "accept", APP]);
    // Nobody waits for somebody else's program.
    let end = ben(&["mcp", "call", APP, "greet"]);
    assert!(end["data"]["content"][0]["text"].is_string(), "{end}");
    let others = wait_until_some("the other home", || {
        let homes = fs::read_dir(oikos.home().join("programs")).unwrap();
        let mut names = homes.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        names.find(|name| name != "1")
    });
    let theirs = journal(oikos, &others);
    assert_eq!(told(&theirs), [("began", 0), ("greeted", 0)], "{theirs:?}");
    let ours = journal(oikos, "1");
    assert_eq!(told(&ours), [("began", 0), ("held", 0)], "{ours:?}");
    assert!(ours.iter().all(|line| !theirs.contains(line)), "{ours:?} {theirs:?}");
    // Taken from one, it stays with the other.
    ben(&["app", "disable", APP]);
    wait_until("the other's to end", || !ben(&["mcp", "info", APP])["running"].is_object());
    assert!(house.is_running());
    house.release("go");
    assert_eq!(holding.end().code, 0);
}

#[test]
fn a_server_that_nobody_needs_is_ended_unless_somebody_waits_for_what_it_says() {
    let house = House::new("programs::idle_ms=return(1)");
    let oikos = &house.oikos;
    house.settle(OTHER);
    wait_until("both to be ended", || !house.is_running() && !is_running(oikos, OTHER));
    let mut client = Client::new(oikos);
    let note = json!({ "uri": format!("{APP}://note") });
    assert_eq!(client.ask("resources/subscribe", &note), json!({}));
    let watched = journal(oikos, "1");
    // It was started for that, and stays, while one that nobody watches comes and goes.
    for _ in 0..3 {
        oikos.ok(&["mcp", "call", OTHER, "greet"]);
        wait_until("the other to be ended", || !is_running(oikos, OTHER));
    }
    assert!(house.is_running());
    let lines = journal(oikos, "1");
    assert_eq!(lines, watched);
    assert_eq!(client.ask("resources/unsubscribe", &note), json!({}));
    wait_until("it to be ended", || !house.is_running());
}

#[test]
fn a_server_that_has_died_hides_no_other() {
    let house = House::new("");
    let oikos = &house.oikos;
    house.settle(OTHER);
    // Each has read in one of their folders only: what one of them knows would be asked about on its way to the other.
    let (mut client, mut others) = (Client::new(oikos), Client::named(oikos, "another"));
    let tools = [format!("{APP}_greet"), format!("{OTHER}_greet")];
    for (client, tool) in [&mut client, &mut others].into_iter().zip(&tools) {
        let said = client.call(tool);
        assert!(said["content"][0]["text"].is_string() && said["isError"] != true, "{said}");
    }
    // It dies, and whoever starts it again has nothing of it.
    fs::write(home(oikos, "1", OTHER).join("ill"), "").unwrap();
    kill(&home(oikos, "1", OTHER));
    wait_until("it to have ended", || !is_running(oikos, OTHER));

    let said = others.call(&tools[1]);
    let why = said["content"][0]["text"].as_str().unwrap_or_default();
    assert!(said["isError"] == true && why.contains(OTHER) && why.contains("it is ill"), "{said}");
    // All that was known of both is still offered, and the living one answers.
    let listed = client.ask("tools/list", &json!({})).to_string();
    assert!(tools.iter().all(|tool| listed.contains(&format!("\"{tool}\""))), "{listed}");
    let resources = client.ask("resources/list", &json!({})).to_string();
    assert!(resources.contains(&format!("{APP}://note")), "{resources}");
    let said = client.call(&tools[0]);
    assert!(said["content"][0]["text"].is_string() && said["isError"] != true, "{said}");
    // A client that comes only now is told the same.
    let mut late = Client::new(oikos);
    let listed = late.ask("tools/list", &json!({})).to_string();
    assert!(tools.iter().all(|tool| listed.contains(&format!("\"{tool}\""))), "{listed}");
    // So is the owner.
    let list = oikos.json(&["mcp", "list"]);
    let running: Vec<(&str, bool)> = list.as_array().unwrap().iter().map(server_of).collect();
    assert_eq!(running, [(APP, true), (OTHER, false)], "{list}");
    oikos.ok(&["mcp", "look", APP]);
    let look = oikos.run(&["mcp", "look", OTHER]);
    assert!(look.code != 0 && look.err.contains(OTHER), "{}{}", look.out, look.err);

    // Well again, it is there again: after a pause, since it has failed.
    fs::remove_file(home(oikos, "1", OTHER).join("ill")).unwrap();
    wait_until("it to be well", || others.call(&tools[1])["isError"] != true);
}

fn server_of(server: &Value) -> (&str, bool) {
    (server["app"].as_str().unwrap(), server["running"].is_object())
}

/// As somebody would who means it: every process with this home.
fn kill(home: &Path) {
    let mark = format!("HOME={}", home.display());
    let mut killed = 0;
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if String::from_utf8_lossy(&environment).split('\0').any(|entry| entry == mark) {
            let process = rustix::process::Pid::from_raw(number).unwrap();
            rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
            killed += 1;
        }
    }
    assert!(killed > 0, "nothing has the home {}", home.display());
}
