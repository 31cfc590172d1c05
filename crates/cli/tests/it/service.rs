//! A service with a hundred runs under way is killed, or told to end: nobody waits for ever, nothing is lost in silence,
//! and the next one is up at once.

use crate::{doors::up, kit::Oikos, process::Process};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::net::{UnixDatagram, UnixStream},
    time::{Duration, Instant},
};
use testkit::wait_until;

/// Runs under way when it ends.
const RUNS: usize = 100;

/// A service, and a key to its door.
struct Service<'a> {
    oikos: &'a Oikos,
    up: Process,
    address: String,
    key: String,
}

impl<'a> Service<'a> {
    fn start(oikos: &'a Oikos) -> Self {
        let (up, address) = up(oikos);
        let made = oikos.json(&["token", "new", "load", "--rights", "read,run"]);
        Self { oikos, up, address, key: made["secret"].as_str().unwrap().to_owned() }
    }

    /// Starts a run and watches it.
    fn watch(&self, action: &str) -> Watched {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let body = json!({ "app": "looper", "action": action, "input": { "tick_ms": 200 } }).to_string();
        write!(
            stream,
            "POST /api/v1/runs HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\naccept: text/event-stream\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            self.key,
            body.len()
        )
        .unwrap();
        let mut watched = Watched { stream: BufReader::new(stream), run: String::new() };
        let first = watched.until("run");
        watched.run = first["run"].as_str().unwrap().to_owned();
        watched.until("chunk");
        watched
    }

    fn pid(&self) -> Pid {
        let status = self.oikos.json(&["daemon", "status"]);
        Pid::from_raw(i32::try_from(status["pid"].as_i64().unwrap()).unwrap()).unwrap()
    }
}

struct Watched {
    stream: BufReader<TcpStream>,
    run: String,
}

impl Watched {
    /// The data of the next event of this kind.
    #[track_caller]
    fn until(&mut self, kind: &str) -> Value {
        let (mut line, mut is_it) = (String::new(), false);
        loop {
            line.clear();
            assert!(self.stream.read_line(&mut line).unwrap() > 0, "the stream ended before {kind}");
            if let Some(event) = line.trim_end().strip_prefix("event: ") {
                is_it = event == kind;
            }
            match line.strip_prefix("data: ") {
                Some(data) if is_it => return serde_json::from_str(data).unwrap(),
                _ => {}
            }
        }
    }

    /// Everything that still comes, to the end of the connection.
    fn rest(mut self) -> String {
        let mut rest = Vec::new();
        // Whoever is cut off may be told so by an error.
        drop(self.stream.read_to_end(&mut rest));
        String::from_utf8_lossy(&rest).into_owned()
    }
}

/// What is kept of a run.
fn report(oikos: &Oikos, run: &str) -> Value {
    let mut stream = UnixStream::connect(oikos.home().join("socket")).unwrap();
    write!(stream, "GET /api/v1/runs/{run} HTTP/1.1\r\nhost: oikos\r\nconnection: close\r\n\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head} {body}");
    let body: Value = serde_json::from_str(body).unwrap();
    body["run"].clone()
}

/// Processes that were started for this home and are still there.
fn alive(oikos: &Oikos) -> usize {
    let mark = format!("OIKOS_HOME={}", oikos.home().display());
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let folder = entry.ok()?.path();
        folder.file_name()?.to_str()?.parse::<u32>().ok()?;
        let is_ours = std::fs::read(folder.join("environ")).ok()?;
        // One that has ended and was not waited for has no command any more.
        let has_command = !std::fs::read(folder.join("cmdline")).ok()?.is_empty();
        (has_command && String::from_utf8_lossy(&is_ours).split('\0').any(|line| line == mark)).then_some(())
    });
    processes.count()
}

#[test]
fn a_service_that_is_killed_under_load_leaves_nothing_that_is_not_told() {
    let oikos = Oikos::new();
    oikos.install("looper", &[]);
    let service = Service::start(&oikos);
    let mut watched: Vec<Watched> = (0..RUNS).map(|_| service.watch("wait")).collect();
    // What nobody waits for is on the disk within milliseconds; each of them has gone on for a fifth of a second.
    for one in &mut watched {
        one.until("chunk");
    }
    let pid = service.pid();
    kill_process(pid, Signal::KILL).unwrap();
    let runs: Vec<String> = watched.iter().map(|one| one.run.clone()).collect();
    for one in watched {
        let rest = one.rest();
        assert!(!rest.contains("event: done"), "{rest}");
    }
    drop(service.up.end());
    wait_until("no process of this home", || alive(&oikos) == 0);

    let begin = Instant::now();
    let (up, _) = up(&oikos);
    println!("up again after {} ms, with {RUNS} runs cut off", begin.elapsed().as_millis());
    for run in &runs {
        let report = report(&oikos, run);
        assert!(report["ended_at"].is_i64() && report["failure"]["code"].is_string(), "{report}");
    }
    let log = oikos.run(&["log", "--limit", "1000"]).out;
    assert_eq!(log.matches("was cut off: oikos itself").count(), RUNS, "{log}");
    assert!(log.contains(&format!("after an abrupt end: {RUNS} runs were cut off")), "{log}");
    oikos.ok(&["log", "--verify"]);
    up.interrupt();
    assert_eq!(up.end().code, 0);
    assert!(!oikos.home().join("socket").exists() && !oikos.home().join("service.json").exists());
}

#[test]
fn a_service_that_is_told_to_end_under_load_tells_everybody() {
    let oikos = Oikos::new();
    oikos.install("looper", &[]);
    let service = Service::start(&oikos);
    let watched: Vec<Watched> = (0..RUNS).map(|_| service.watch("wait")).collect();
    let stopping = Process::start(&oikos, &["daemon", "stop"]);
    // Nothing begins any more, and what is asked meanwhile is told so.
    let runs: Vec<String> = watched.iter().map(|one| one.run.clone()).collect();
    for one in watched {
        let rest = one.rest();
        let last = rest.lines().rfind(|line| line.starts_with("data: ")).unwrap_or_default();
        assert!(rest.contains("event: done") || rest.contains("event: failed"), "{rest}");
        assert!(last.contains("\"stopped\"") || last.contains("\"host_busy\""), "{last}");
    }
    assert_eq!(stopping.end().code, 0);
    assert_eq!(service.up.end().code, 0);
    assert_eq!(alive(&oikos), 0);
    assert!(!oikos.home().join("socket").exists() && !oikos.home().join("service.json").exists());

    let (up, _) = up(&oikos);
    for run in &runs {
        let report = report(&oikos, run);
        assert_eq!(report["failure"]["code"], "stopped", "{report}");
    }
    let log = oikos.ok(&["log", "--limit", "1000"]).out;
    assert_eq!(log.matches("started wait").count(), RUNS, "{log}");
    assert!(!log.contains("after an abrupt end"), "{log}");
    up.interrupt();
    assert_eq!(up.end().code, 0);
}

/// A status, asked at the socket or the port of a service: nobody else is asked.
fn ready(stream: std::io::Result<impl Read + Write>, host: &str) -> Option<u16> {
    let mut stream = stream.ok()?;
    write!(stream, "GET /readyz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").ok()?;
    let mut said = String::new();
    stream.read_to_string(&mut said).ok()?;
    said.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

#[test]
fn the_supervisor_is_told() {
    let oikos = Oikos::new();
    oikos.install("looper", &[]);
    let supervisor = oikos.files().join("notify");
    let told = UnixDatagram::bind(&supervisor).unwrap();
    told.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let next = || {
        let mut bytes = [0; 1024];
        let length = told.recv(&mut bytes).expect("a word in time");
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    let mut command = oikos.command(&["up", "--port", "0", "--json"]);
    command.env("NOTIFY_SOCKET", &supervisor);
    let up = Process::start_as(command);
    assert_eq!(next().trim(), "READY=1");
    let socket = oikos.home().join("socket");
    let at_socket = || ready(UnixStream::connect(&socket), "oikos");
    assert_eq!(at_socket(), Some(200), "whoever is told that it is ready finds it so");
    let status = oikos.json(&["daemon", "status"]);
    let address = status["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    let at_port = || ready(TcpStream::connect(&address), &address);
    assert_eq!(at_port(), Some(200));
    // A run that goes on for as long as one may while a service ends.
    let run = Process::start(&oikos, &["run", "looper", "wait", "--input", r#"{"tick_ms":50}"#, "--json"]);
    run.wait_for("\"seq\"");
    up.interrupt();
    assert_eq!(next().trim(), "STOPPING=1");
    wait_until("it says at both doors that it is not ready", || {
        let (socket, port) = (at_socket(), at_port());
        assert!(socket.is_some() && port.is_some(), "while runs end, it still answers");
        (socket, port) == (Some(503), Some(503))
    });
    // A second time means now.
    up.interrupt();
    assert_eq!(up.end().code, 0);
    assert_ne!(run.end().code, 0, "it was cut off, and told so");
}
