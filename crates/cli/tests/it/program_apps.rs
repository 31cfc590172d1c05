//! Apps that are programs: started in a box when a run needs them, spoken with, kept to what was granted, gone when they are
//! not wanted. The program is a real one, and tells what came of what it tried.

use crate::{kit::Oikos, process::Process, tls::Authority};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    sync::Arc,
    time::Duration,
};
use testkit::{wait_until, wait_until_some};

const PROGRAM: &str = "probe-program";

/// A household that is up, with the program in it.
struct House {
    oikos: Oikos,
    up: Process,
}

impl House {
    fn new(grants: &[&str]) -> Self {
        let oikos = Oikos::new();
        let up = up(&oikos);
        oikos.install(PROGRAM, grants);
        Self { oikos, up }
    }

    fn run(&self, action: &str, input: &Value) -> Value {
        let input = input.to_string();
        let said = self.oikos.run(&["run", PROGRAM, action, "--input", &input, "--json"]);
        serde_json::from_str(said.out.lines().last().unwrap_or("null")).unwrap()
    }

    #[track_caller]
    fn data(&self, action: &str, input: &Value) -> Value {
        let end = self.run(action, input);
        assert_eq!(end["type"], "STREAM_END", "{end}");
        end["data"].clone()
    }

    #[track_caller]
    fn attempt(&self, what: &str, path: &str, text: &str) -> Value {
        self.data("attempt", &json!({ "what": what, "path": path, "text": text }))
    }

    fn nodes(&self) -> usize {
        nodes(&self.oikos)
    }
}

/// How many processes of this household's programs there are.
pub(crate) fn nodes(oikos: &Oikos) -> usize {
    let mark = oikos.home().join("programs");
    let is_ours = |entry: &fs::DirEntry| {
        let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environ).contains(&*mark.to_string_lossy())
    };
    fs::read_dir("/proc").unwrap().filter_map(Result::ok).filter(is_ours).count()
}

fn up(oikos: &Oikos) -> Process {
    let up = Process::start(oikos, &["up", "--no-doors", "--json"]);
    up.wait_for("pid");
    up
}

#[test]
fn a_program_serves_runs_and_stays_between_them() {
    let house = House::new(&[]);
    let first = house.data("look", &json!({}));
    let second = house.data("look", &json!({}));
    assert_eq!((&first["runs"], &second["runs"]), (&json!(1), &json!(2)), "{first} {second}");
    assert_eq!(first["app"], PROGRAM);
    let environment = first["environment"].as_object().unwrap();
    let mut names: Vec<&str> =
        environment.keys().map(String::as_str).filter(|name| !name.to_lowercase().contains("proxy")).collect();
    names.sort_unstable();
    assert_eq!(names, ["GREETING", "HOME", "LANG", "LC_ALL", "PATH", "TMPDIR"]);
    assert!(first["processes"].as_u64().unwrap() <= 3, "it sees others: {first}");
    assert_eq!(first["folder"], json!([".whole", "SHA256SUMS", "action-schema.json", "kimai.json", "src"]), "{first}");
    // Its hook was called when it was installed, and what it stored is there.
    let stored = house.data("call", &json!({ "name": "storage.get", "arguments": { "key": "arrived" } }));
    assert_eq!(stored["json"], json!(true), "{stored}");
    // Nobody needs it any more: asked to end, it goes.
    house.oikos.ok(&["app", "disable", PROGRAM]);
    wait_until("the program to go", || house.nodes() == 0);
}

#[test]
fn it_has_what_was_granted_and_nothing_else() {
    let oikos = Oikos::new();
    let (shared, hidden) = (oikos.files().join("shared"), oikos.files().join("hidden"));
    fs::create_dir_all(&shared).unwrap();
    fs::create_dir_all(&hidden).unwrap();
    fs::write(shared.join("a.txt"), "shared").unwrap();
    fs::write(hidden.join("b.txt"), "hidden").unwrap();
    fs::create_dir_all(oikos.person().join(".ssh")).unwrap();
    let up = up(&oikos);
    let grant = format!("file.read=allow:{}", shared.display());
    oikos.install(PROGRAM, &[&grant, "network=block"]);
    let house = House { oikos, up };
    let path = |folder: &std::path::Path, name: &str| folder.join(name).to_string_lossy().into_owned();
    assert_eq!(house.attempt("read", &path(&shared, "a.txt"), "")["done"], "shared");
    assert_eq!(house.attempt("list", &shared.to_string_lossy(), "")["done"], json!(["a.txt"]));
    for (what, path, text) in [
        ("write", path(&shared, "c.txt"), ""),
        ("read", path(&hidden, "b.txt"), ""),
        ("list", hidden.to_string_lossy().into_owned(), ""),
        ("list", house.oikos.home().join("keys").to_string_lossy().into_owned(), ""),
        ("read", house.oikos.home().join("store.db").to_string_lossy().into_owned(), ""),
        ("read", "/etc/shadow".to_owned(), ""),
        ("list", house.oikos.person().join(".ssh").to_string_lossy().into_owned(), ""),
        ("write", "/usr/bin/evil".to_owned(), ""),
        ("write", "kimai.json".to_owned(), ""),
        ("connect", "127.0.0.1".to_owned(), "7070"),
        ("connect", "192.0.2.1".to_owned(), "80"),
        ("socket", house.oikos.home().join("oikos.sock").to_string_lossy().into_owned(), ""),
    ] {
        let came = house.attempt(what, &path, text);
        assert!(came.get("failed").is_some(), "{what} {path}: {came}");
    }
    // What it keeps for itself is its own.
    assert_eq!(house.data("attempt", &json!({ "what": "write", "path": "own.txt" }))["failed"], "EROFS");
    let log = house.oikos.ok(&["log", PROGRAM]).out;
    assert!(log.contains("its program had"), "{log}");

    // What is taken back is gone at once, and what is given is there from the next run on.
    house.oikos.ok(&["grant", PROGRAM, "file.read=block"]);
    wait_until("the program to go", || house.nodes() == 0);
    assert!(house.attempt("read", &path(&shared, "a.txt"), "").get("failed").is_some());
    house.oikos.ok(&["grant", PROGRAM, &format!("file.write=allow:{}", hidden.display())]);
    assert_eq!(house.attempt("write", &path(&hidden, "c.txt"), "new")["done"], "written");
    assert_eq!(fs::read_to_string(hidden.join("c.txt")).unwrap(), "new");
}

/// A server that says hello to everybody, as long as there are tests; its port.
fn greeter(secured: Option<Arc<ServerConfig>>) -> u16 {
    fn greet(mut line: impl Read + Write) {
        let mut said = [0; 4096];
        drop(line.read(&mut said));
        drop(line.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"));
        drop(line.flush());
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for line in listener.incoming().map_while(Result::ok) {
            drop(line.set_read_timeout(Some(Duration::from_secs(5))));
            match &secured {
                None => greet(line),
                Some(config) => {
                    let mut line = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), line);
                    greet(&mut line);
                    line.conn.send_close_notify();
                    drop(line.flush());
                }
            }
        }
    });
    port
}

#[test]
fn what_it_fetches_goes_by_its_proxy_and_stands_in_the_log() {
    let (plain, secured, other) = (greeter(None), greeter(Some(Authority::new().server("localhost"))), greeter(None));
    let (plain_host, secured_host) = (format!("127.0.0.1:{plain}"), format!("localhost:{secured}"));
    let (plain_grant, secured_grant) = (format!("network=allow:{plain_host}"), format!("network=allow:{secured_host}"));
    let house = House::new(&[&plain_grant, &secured_grant]);
    let fetch = |input: Value| {
        let end = house.run("fetch", &input);
        assert_eq!(end["type"], "STREAM_END", "{input}: {end}");
        let log = house.oikos.ok(&["log", "--run", end["run"].as_str().unwrap()]).out;
        (end["data"].clone(), log)
    };
    // In each language of its proxy, and over TLS, which nobody opens on the way.
    for (input, host) in [
        (json!({ "how": "connect", "host": "127.0.0.1", "port": plain }), &plain_host),
        (json!({ "how": "socks", "host": "127.0.0.1", "port": plain }), &plain_host),
        (json!({ "how": "forward", "host": "127.0.0.1", "port": plain }), &plain_host),
        (json!({ "how": "connect", "host": "localhost", "port": secured, "name": "localhost" }), &secured_host),
        (json!({ "how": "socks", "host": "localhost", "port": secured, "name": "localhost" }), &secured_host),
    ] {
        let (came, log) = fetch(input.clone());
        assert_eq!(came["done"], "hello", "{input}: {came}\n{log}");
        assert!(log.contains(&format!("was connected to {host} for")), "{input}:\n{log}");
        assert!(!log.contains("BLOCKED"), "{input}:\n{log}");
    }
    // Another port of the same machine is another host: it and the owner hear which command would allow it.
    let command = format!("oikos grant {PROGRAM} network=allow:127.0.0.1:{other}");
    for how in ["connect", "socks", "forward"] {
        let (came, log) = fetch(json!({ "how": how, "host": "127.0.0.1", "port": other }));
        let said = came["refused"].as_str().unwrap_or_else(|| panic!("{how}: {came}"));
        match how {
            "socks" => assert_eq!(said, "SOCKS5 2"),
            _ => assert!(said.starts_with("HTTP/1.1 403") && said.contains(&command), "{said}"),
        }
        let line = log.lines().find(|line| line.contains("BLOCKED: wanted to "));
        let line = line.unwrap_or_else(|| panic!("{how}:\n{log}"));
        assert!(line.contains(&format!("; to allow it: {command}")), "{line}");
    }
    // Who was let in for one name speaks with no other behind the same address.
    for how in ["connect", "socks"] {
        let (came, log) = fetch(json!({ "how": how, "host": "localhost", "port": secured, "name": "other.example" }));
        assert!(came["failed"].as_str().is_some_and(|why| why.contains("ACCESS_DENIED")), "{how}: {came}");
        let rule = format!("what it says first is for other.example, and this is a connection to {secured_host}");
        assert!(log.lines().any(|line| line.contains("BLOCKED: wanted to ") && line.contains(&rule)), "{how}:\n{log}");
    }
    // What the command says is what lets it through.
    house.oikos.ok(&command.split(' ').skip(1).collect::<Vec<_>>());
    let (came, log) = fetch(json!({ "how": "connect", "host": "127.0.0.1", "port": other }));
    assert_eq!(came["done"], "hello", "{came}\n{log}");
}

#[test]
fn its_ways_out_are_decided_one_by_one() {
    let house = House::new(&["network=allow:http://127.0.0.1"]);
    let port = greeter(None);
    house.oikos.ok(&["grant", PROGRAM, &format!("network=allow:127.0.0.1:{port}")]);
    // A program asks its proxy, as its environment says.
    let came = house.attempt("connect", "127.0.0.1", "8118");
    assert_eq!(came["done"], "connected", "the proxy is there: {came}");
    // By itself it reaches nothing: there is nobody on its network.
    let came = house.attempt("connect", "127.0.0.1", &port.to_string());
    assert_eq!(came["failed"], "ECONNREFUSED", "{came}");
}

#[test]
fn it_asks_the_host_as_every_guest_does() {
    let house = House::new(&["file.read=block"]);
    let set =
        house.data("call", &json!({ "name": "storage.set", "arguments": { "key": "k" }, "body": "eyJhIjoxfQ==" }));
    assert_eq!(set["json"], Value::Null, "{set}");
    let got = house.data("call", &json!({ "name": "storage.get", "arguments": { "key": "k" } }));
    assert_eq!(got["json"], json!({ "a": 1 }), "{got}");
    let refused = house.data("call", &json!({ "name": "file.list", "arguments": { "path": "/" } }));
    assert_eq!(refused["error"]["data"]["code"], "permission_denied", "{refused}");
    let unknown = house.data("call", &json!({ "name": "file.format" }));
    assert_eq!(unknown["error"]["data"]["code"], "not_found", "{unknown}");
    let foreign = house.data("misbehave", &json!({ "how": "foreign" }));
    assert!(foreign["error"]["message"].as_str().unwrap().contains("no such call"), "{foreign}");
}

#[test]
fn what_it_should_not_do_ends_the_run_and_nothing_else() {
    let house = House::new(&[]);
    let failure = |how: &str| house.run("misbehave", &json!({ "how": how }))["failure"].clone();
    let ended = failure("end");
    assert_eq!(ended["code"], "program_failed", "{ended}");
    let message = ended["message"].as_str().unwrap();
    assert!(message.contains("with code 3") && message.contains("something broke / in line 7"), "{message}");
    // It is started again after a moment.
    assert_eq!(house.data("look", &json!({}))["runs"], 1);
    assert_eq!(failure("throw")["message"], "no such thing");
    house.run("misbehave", &json!({ "how": "print" }));
    let long = failure("long");
    assert!(long["message"].as_str().unwrap().contains("a line of more than"), "{long}");
    let absent = house.oikos.run(&["run", PROGRAM, "absent"]);
    assert_eq!(absent.code, 6, "{}", absent.err);
}

#[test]
fn stopped_is_stopped_and_killed_is_gone() {
    let house = House::new(&[]);
    let hanging = Process::start(&house.oikos, &["run", PROGRAM, "misbehave", "--input", r#"{"how": "hang"}"#]);
    wait_until("the program to run", || house.nodes() > 0);
    let run = wait_until_some("the run", || {
        let runs = house.oikos.json(&["run", "--list"]);
        let run = runs.as_array()?.iter().find(|run| run["action"] == "misbehave")?;
        Some(run["run"].as_str()?.to_owned())
    });
    house.oikos.ok(&["stop", &run]);
    assert_eq!(hanging.end().code, 7);
    wait_until("the program to go", || house.nodes() == 0);

    house.data("look", &json!({}));
    assert!(house.nodes() > 0);
    let House { oikos, up } = house;
    up.kill();
    wait_until("nothing to be left of it", || nodes(&oikos) == 0);
}
