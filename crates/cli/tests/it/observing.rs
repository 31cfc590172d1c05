//! What a service tells whoever watches over it, and what it never tells.

use crate::{
    kit::{Oikos, app_folder},
    process::Process,
    web,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
};
use testkit::wait_until;

fn get(address: &str, path: &str, more: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{more}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head["HTTP/1.1 ".len()..][..3].parse().unwrap(), body.to_owned())
}

/// An oikos that is up and logs all it can, and the address of its door.
fn up(oikos: &Oikos, format: &str) -> (Process, String) {
    let config = oikos.files().join("oikos.toml");
    std::fs::write(&config, format!("[log]\nlevel = \"trace\"\nformat = \"{format}\"\n")).unwrap();
    let up = Process::start(oikos, &["up", "--log", "--port", "0", "--json", "--config", config.to_str().unwrap()]);
    up.wait_for("\"url\"");
    let said: Value = serde_json::from_str(up.out().lines().next().unwrap()).unwrap();
    (up, said["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned())
}

fn install(oikos: &Oikos, app: &str, more: &[&str]) {
    oikos.ok(&[&["app", "install", app_folder(app).to_str().unwrap(), "--yes"], more].concat());
}

fn key(oikos: &Oikos) -> String {
    let made = oikos.ok(&["token", "new", "watcher", "--rights", "read,run", "--json"]).out;
    let made: Value = serde_json::from_str(made.lines().last().unwrap()).unwrap();
    made["secret"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

fn logged(home: &Path) -> String {
    std::fs::read_to_string(home.join("logs/oikos.log")).unwrap()
}

/// Everything that somebody sent, got or keeps secret in a day's use, with all that a service can be made to say.
#[test]
fn no_secret_and_no_payload_is_in_logs_or_figures() {
    for format in ["text", "json"] {
        let oikos = Oikos::new();
        let pages = oikos.files().join("web");
        std::fs::create_dir_all(&pages).unwrap();
        std::fs::write(pages.join("PAGENAME.html"), "<title>PAGETEXT</title>").unwrap();
        let server = web::serve(pages).to_string();
        let table = oikos.files().join("sales.csv");
        std::fs::write(&table, "COLUMNNAME,amount\nCELLTEXT,1\nCELLTEXT,2\n").unwrap();
        let (up, address) = up(&oikos, format);
        for app in ["counter", "csv-insights", "notes"] {
            install(&oikos, app, &[]);
        }
        install(&oikos, "page-watch", &["--grant", &format!("network=allow:{server}")]);
        let key = key(&oikos);
        let link = oikos.ok(&["login", "link"]).out;
        let secret = link.split('#').nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        oikos.ok(&["run", "notes", "add", "--input", r#"{"text": "INPUTTEXT"}"#]);
        // Input that does not fit, an app that throws, addresses that lead nowhere.
        oikos.run(&["run", "counter", "bump", "--input", r#"{"by": "INPUTTEXT"}"#]);
        oikos.run(&["run", "counter", "fail"]);
        oikos.run(&["run", "csv-insights", "analyze", "--file", &format!("data={}", table.display())]);
        oikos.run(&[
            "run",
            "page-watch",
            "watch",
            "--input",
            &format!(r#"{{"url": "http://{server}/PAGENAME.html"}}"#),
        ]);
        let bearer = format!("authorization: Bearer {key}\r\n");
        assert_eq!(get(&address, "/api/v1/apps?QUERYTEXT=1", &bearer).0, 200);
        assert_eq!(get(&address, "/api/v1/apps", "authorization: Bearer oikos_WRONGKEY\r\n").0, 401);
        assert_eq!(get(&address, "/api/v1/PATHTEXT", &bearer).0, 404);
        assert_eq!(get(&address, "/api/v1/log?limit=VALUETEXT", &bearer).0, 400);
        let (status, figures) = get(&address, "/metrics", &bearer);
        assert_eq!(status, 200, "{figures}");
        let words = [
            &*key,
            &*secret,
            &server,
            "INPUTTEXT",
            "CELLTEXT",
            "COLUMNNAME",
            "PAGENAME",
            "PAGETEXT",
            "QUERYTEXT",
            "WRONGKEY",
            "PATHTEXT",
            "VALUETEXT",
            "failed on purpose",
            "sales.csv",
        ];
        up.interrupt();
        assert_eq!(up.end().code, 0);
        let log = logged(&oikos.home());
        // The search finds what is there: a run that failed, with its id, its app and its owner.
        assert!(log.contains("a run failed") && log.contains("counter"), "{log}");
        for word in words {
            assert!(!log.contains(word), "{format}: {word} is in the log:\n{log}");
            assert!(!figures.contains(word), "{word} is in the figures:\n{figures}");
        }
        for app in ["counter", "csv-insights", "notes", "page-watch"] {
            assert!(!figures.contains(&format!("\"{app}\"")), "{figures}");
        }
    }
}

/// A line a record; what is told within a run says whose it is.
#[test]
fn each_record_is_a_line_and_says_whose_run_it_was() {
    let oikos = Oikos::new();
    let (up, _) = up(&oikos, "json");
    install(&oikos, "counter", &[]);
    let said = oikos.run(&["run", "counter", "fail", "--json"]);
    let last: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    let run = last["run"].as_str().unwrap();
    up.interrupt();
    assert_eq!(up.end().code, 0);
    let log = logged(&oikos.home());
    let records: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let failed = records.iter().find(|record| record["message"] == "a run failed").unwrap();
    let spans = failed["spans"].as_array().unwrap();
    let span = spans.iter().find(|span| span["name"] == "run").unwrap();
    assert_eq!(
        (span["run"].as_str(), span["app"].as_str(), span["owner"].as_u64()),
        (Some(run), Some("counter"), Some(1))
    );
    assert_eq!(failed["code"], "app_failed");
}

fn figures(text: &str) -> BTreeMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, value)| (name, value.parse().unwrap())).collect()
}

#[test]
fn figures_count_what_happened_for_who_may_read_them() {
    let oikos = Oikos::new();
    let (_up, address) = up(&oikos, "text");
    install(&oikos, "counter", &[]);
    install(&oikos, "looper", &[]);
    oikos.ok(&["run", "counter", "bump"]);
    oikos.ok(&["run", "counter", "bump"]);
    assert_ne!(oikos.run(&["run", "counter", "fail"]).code, 0);
    let key = key(&oikos);
    assert_eq!(get(&address, "/metrics", "").0, 401);
    let bearer = format!("authorization: Bearer {key}\r\n");
    let (status, text) = get(&address, "/metrics", &bearer);
    assert_eq!(status, 200);
    let told = figures(&text);
    assert_eq!(told[r#"oikos_runs_total{end="done"}"#], 2.0, "{text}");
    assert_eq!(told[r#"oikos_runs_total{end="app_failed"}"#], 1.0, "{text}");
    assert_eq!(told["oikos_run_duration_seconds_count"], 3.0, "{text}");
    assert_eq!(told[r#"oikos_run_duration_seconds_bucket{le="+Inf"}"#], 3.0, "{text}");
    assert_eq!(told["oikos_runs_live"], 0.0, "{text}");
    assert!(told["oikos_run_duration_seconds_sum"] > 0.0 && told["process_resident_memory_bytes"] > 1e6, "{text}");
    assert_eq!(told[r#"oikos_http_requests_total{status="4xx"}"#], 1.0, "{text}");
    // The one before may not be quite gone.
    assert!(told[r#"oikos_connections_open{door="tcp"}"#] >= 1.0, "{text}");
    // Who follows the log is one who watches.
    let follower = Process::start(&oikos, &["log", "--follow", "--json"]);
    follower.wait_for("seq");
    let said = oikos.ok(&["metrics"]).out;
    assert_eq!(figures(&said)[r#"oikos_streams_open{door="socket"}"#], 1.0, "{said}");
    drop(follower);
    wait_until("the place is given back", || {
        figures(&oikos.ok(&["metrics"]).out)[r#"oikos_streams_open{door="socket"}"#] == 0.0
    });
    // They are about all owners: others of them learn nothing from each other.
    oikos.ok(&["owner", "new", "ben"]);
    assert_eq!(oikos.run(&["--owner", "ben", "metrics"]).code, 3);
}

fn rows(oikos: &Oikos) -> (i32, BTreeMap<String, Value>) {
    let said = oikos.run(&["doctor", "--json"]);
    let rows: Vec<Value> = serde_json::from_str(&said.out).unwrap();
    for row in &rows {
        assert!(row["ok"] == true || row["hint"].is_string(), "{row}");
    }
    (said.code, rows.into_iter().map(|row| (row["name"].as_str().unwrap().to_owned(), row)).collect())
}

#[test]
fn doctor_says_first_that_who_holds_the_home_does_not_answer() {
    let oikos = Oikos::new();
    let (up, _) = up(&oikos, "text");
    let (code, found) = rows(&oikos);
    assert_eq!(code, 0, "{found:?}");
    assert!(found["door"]["finding"].as_str().unwrap().contains("alive and ready"), "{found:?}");
    up.pause();
    let (code, found) = rows(&oikos);
    assert_eq!((code, found.len()), (1, 1), "{found:?}");
    assert!(found["service"]["finding"].as_str().unwrap().contains("does not answer"), "{found:?}");
    up.kill();
    let (code, found) = rows(&oikos);
    assert_eq!(code, 0, "{found:?}");
    assert!(found["service"]["finding"].as_str().unwrap().contains("was killed"), "{found:?}");
}

#[test]
fn doctor_looks_at_the_set_up_and_at_keys() {
    let oikos = Oikos::new();
    let (_up, _) = up(&oikos, "text");
    oikos.ok(&["token", "new", "short", "--rights", "read", "--expires", "2d"]);
    std::fs::write(oikos.files().join("oikos.toml"), "[doors]\nhost = 5\n").unwrap();
    let (code, found) = rows(&oikos);
    assert_eq!(code, 1);
    assert!(found["set-up"]["finding"].as_str().unwrap().contains("line 2"), "{found:?}");
    assert!(found["key short"]["finding"].as_str().unwrap().contains("ends in"), "{found:?}");
    assert_eq!(found["files"]["ok"], true, "{found:?}");
}
