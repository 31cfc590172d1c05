//! What a service tells whoever watches over it, and what it never tells.

use crate::{
    collector::{Collector, Manner},
    doors::say,
    kit::{Oikos, app_folder, write_secret},
    process::Process,
    tls::Authority,
    web,
};
use serde_json::Value;
use std::{collections::BTreeMap, net::TcpStream, path::Path};
use testkit::wait_until;

fn get(address: &str, path: &str, more: &str) -> (u16, String) {
    let message = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{more}\r\n");
    say(TcpStream::connect(address).unwrap(), &message)
}

/// An oikos that is up and logs all it can, and the address of its door.
fn up(oikos: &Oikos, format: &str) -> (Process, String) {
    up_with(oikos, &format!("[log]\nlevel = \"trace\"\nformat = \"{format}\"\n"))
}

/// An oikos that is up with this set-up, and the address of its door.
pub(crate) fn up_with(oikos: &Oikos, set_up: &str) -> (Process, String) {
    let config = oikos.files().join("oikos.toml");
    std::fs::write(&config, set_up).unwrap();
    let up = Process::start(oikos, &["up", "--log", "--port", "0", "--json", "--config", config.to_str().unwrap()]);
    up.wait_for("\"url\"");
    let said: Value = serde_json::from_str(up.out().lines().next().unwrap()).unwrap();
    (up, said["url"].as_str().unwrap().split_once("://").unwrap().1.to_owned())
}

fn install(oikos: &Oikos, app: &str, more: &[&str]) {
    oikos.ok(&[&["app", "install", app_folder(app).to_str().unwrap(), "--yes"], more].concat());
}

pub(crate) fn key(oikos: &Oikos) -> String {
    let made = oikos.ok(&["token", "new", "watcher", "--rights", "read,run", "--json"]).out;
    let made: Value = serde_json::from_str(made.lines().last().unwrap()).unwrap();
    made["secret"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

pub(crate) fn logged(home: &Path) -> String {
    std::fs::read_to_string(home.join("logs/oikos.log")).unwrap()
}

/// Everything that somebody sent, got or keeps secret in a day's use, with all that a service can be made to say: to its
/// log, in its figures, to a collector of traces.
#[test]
fn no_secret_and_no_payload_is_in_logs_or_figures() {
    for format in ["text", "json"] {
        let oikos = Oikos::new();
        let pages = oikos.files().join("web");
        std::fs::create_dir_all(&pages).unwrap();
        std::fs::write(pages.join("PAGENAME.html"), "<title>PAGETEXT</title>").unwrap();
        let server = web::serve(pages).to_string();
        let collector = Collector::new(Manner::Takes);
        let headers = oikos.files().join("otlp.headers");
        write_secret(&headers, "authorization: Bearer COLLECTORTEXT\n");
        let authority = Authority::new();
        let (cert, chain_key) = authority.issue_files(&oikos.files(), &["127.0.0.1"], |_| ());
        let table = oikos.files().join("sales.csv");
        std::fs::write(&table, "COLUMNNAME,amount\nCELLTEXT,1\nCELLTEXT,2\n").unwrap();
        // As who runs it for others does: the first key is made with what is shown once.
        let (up, door) = up_with(
            &oikos,
            &format!(
                "[log]\nlevel = \"trace\"\nformat = \"{format}\"\n\
                 [doors]\nbind = \"0.0.0.0:7070\"\ntls = {{ cert = \"{}\", key = \"{}\" }}\n\
                 [telemetry]\notlp = \"http://{}\"\nheaders_file = \"{}\"\n",
                cert.display(),
                chain_key.display(),
                collector.address,
                headers.display(),
            ),
        );
        up.wait_for("bootstrap");
        let shown: Value = serde_json::from_str(up.out().lines().last().unwrap()).unwrap();
        let bootstrap = shown["bootstrap"].as_str().unwrap().to_owned();
        let port = door.rsplit(':').next().unwrap();
        let address = format!("127.0.0.1:{port}");
        let ask = |method: &str, path: &str, more: &str, body: &str| {
            let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
            let head =
                format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{more}{length}\r\n");
            say(authority.connect(&address), &(head + body))
        };
        let get = |path: &str, more: &str| ask("GET", path, more, "");
        let first = |token: &str| {
            let body = format!(r#"{{"token": "{token}", "name": "first", "rights": ["read", "manage"]}}"#);
            ask("POST", "/api/v1/bootstrap", "content-type: application/json\r\n", &body)
        };
        let (status, made) = first(&bootstrap);
        assert_eq!(status, 200, "{made}");
        let made: Value = serde_json::from_str(&made).unwrap();
        let first_key = made["secret"].as_str().unwrap().to_owned();
        // Once is once, and others are none.
        assert_eq!(first(&bootstrap).0, 401);
        assert_eq!(first("oikos_WRONGTOKEN").0, 401);
        for app in ["counter", "csv-insights", "notes"] {
            install(&oikos, app, &[]);
        }
        install(&oikos, "courier", &["--grant", &format!("network=allow:{server}")]);
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
        // What an app sends of its own: where to, how, as whom. To whom answers, to whom is not granted, to nobody.
        for to in [&*server, "10.9.8.7:81", "127.0.0.1:1"] {
            let input = serde_json::json!({
                "url": format!("http://{to}/SENTPATH/page?SENTQUERY=SENTVALUE"),
                "headers": {
                    "authorization": "Bearer SENTBEARER", "x-api-key": "SENTAPIKEY", "x-sent-name": "SENTHEADER",
                },
                "body": "SENTBODY",
            });
            oikos.run(&["run", "courier", "send", "--input", &input.to_string()]);
        }
        oikos.run(&["run", "courier", "send", "--input", r#"{"url": "http://me:SENTPASSWORD@SENTHOST.example/"}"#]);
        let not_theirs = format!(r#"{{"url": "http://{server}/", "headers": {{"cookie": "sent=SENTCOOKIE"}}}}"#);
        oikos.run(&["run", "courier", "send", "--input", &not_theirs]);
        let said = oikos.json(&["run", "--list"]);
        let couriers: Vec<_> = said.as_array().unwrap().iter().filter(|run| run["app"] == "courier").collect();
        assert!(couriers.len() == 5 && couriers.iter().any(|run| run["failure"].is_null()), "{couriers:?}");
        let bearer = format!("authorization: Bearer {key}\r\n");
        assert_eq!(get("/api/v1/apps?QUERYTEXT=1", &bearer).0, 200);
        assert_eq!(get("/api/v1/apps", "authorization: Bearer oikos_WRONGKEY\r\n").0, 401);
        assert_eq!(get("/api/v1/PATHTEXT", &bearer).0, 404);
        assert_eq!(get("/api/v1/log?limit=VALUETEXT", &bearer).0, 400);
        let more = "x-header: HEADERTEXT\r\ncookie: some=COOKIETEXT\r\ntraceparent: 00-TRACETEXT-0-01\r\n\
                    tracestate: oikos=STATETEXT\r\nuser-agent: AGENTTEXT\r\n";
        assert_eq!(get("/api/v1/apps", &format!("{bearer}{more}")).0, 200);
        assert_ne!(ask("METHODTEXT", "/api/v1/apps", &bearer, "").0, 200);
        // Not meant for this oikos, and from somebody else's page.
        let elsewhere = "GET / HTTP/1.1\r\nhost: HOSTTEXT.example\r\norigin: http://ORIGINTEXT.example\r\n\
                         connection: close\r\n\r\n";
        assert_eq!(say(authority.connect(&address), elsewhere).0, 421);
        assert_eq!(get("/api/v1/apps", &format!("{bearer}origin: http://ORIGINTEXT.example\r\n")).0, 403);
        let (status, figures) = get("/metrics", &bearer);
        assert_eq!(status, 200, "{figures}");
        let words = [
            &*key,
            &*secret,
            &*bootstrap,
            &*first_key,
            &server,
            "10.9.8.7",
            "COLLECTORTEXT",
            "WRONGTOKEN",
            "SENTPATH",
            "SENTQUERY",
            "SENTVALUE",
            "SENTBEARER",
            "SENTCOOKIE",
            "SENTAPIKEY",
            "x-sent-name",
            "SENTHEADER",
            "SENTBODY",
            "SENTPASSWORD",
            "senthost",
            "SENTHOST",
            "HEADERTEXT",
            "COOKIETEXT",
            "TRACETEXT",
            "STATETEXT",
            "AGENTTEXT",
            "METHODTEXT",
            "INPUTTEXT",
            "CELLTEXT",
            "COLUMNNAME",
            "PAGENAME",
            "PAGETEXT",
            "QUERYTEXT",
            "WRONGKEY",
            "PATHTEXT",
            "VALUETEXT",
            "HOSTTEXT",
            "ORIGINTEXT",
            "failed on purpose",
            "sales.csv",
        ];
        up.interrupt();
        assert_eq!(up.end().code, 0);
        let log = logged(&oikos.home());
        // The search finds what is there: a run that failed, with its id, its app and its owner.
        assert!(log.contains("a run failed") && log.contains("counter"), "{log}");
        // And so do the traces: of the run that failed there is one, and nowhere in it is why.
        let spans = collector.spans();
        assert!(spans.iter().any(|told| told.field("error.type").as_deref() == Some("app_failed")), "{spans:?}");
        assert!(spans.iter().any(|told| told.0.name == "call http"), "{spans:?}");
        let sent: Vec<String> =
            collector.messages().iter().map(|message| String::from_utf8_lossy(&message.body).into_owned()).collect();
        for word in words {
            assert!(!log.contains(word), "{format}: {word} is in the log:\n{log}");
            assert!(!figures.contains(word), "{word} is in the figures:\n{figures}");
            assert!(!sent.iter().any(|sent| sent.contains(word)), "{word} was sent to the collector: {spans:?}");
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

pub(crate) fn figures(text: &str) -> BTreeMap<&str, f64> {
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

pub(crate) fn rows(oikos: &Oikos) -> (i32, BTreeMap<String, Value>) {
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

#[cfg(target_os = "linux")]
#[test]
fn doctor_tells_what_programs_are_kept_to() {
    let oikos = Oikos::new();
    // By itself, and by asking a service: whoever holds the home looks.
    for is_up in [false, true] {
        let _up = is_up.then(|| up(&oikos, "text"));
        let (code, found) = rows(&oikos);
        assert_eq!(code, 0, "a machine that keeps little is well: {found:?}");
        let names: Vec<_> = found.keys().filter(|name| name.starts_with("box")).map(String::as_str).collect();
        assert_eq!(names, ["box", "box files", "box memory", "box network", "box processes"]);
        let finding = |name: &str| found[name]["finding"].as_str().unwrap();
        assert!(finding("box").starts_with("made of "), "{found:?}");
        for name in &names[1..] {
            // What cannot be kept says what to do about it.
            let is_refused = finding(name).contains(" are refused: ");
            assert!(!is_refused || found[*name]["hint"].is_string(), "{found:?}");
        }
    }
}

#[test]
fn a_keeper_that_somebody_starts_by_hand_does_nothing() {
    let oikos = Oikos::new();
    for words in [&["--keeper"] as &[&str], &["--keeper", "inside"], &["--keeper", "doctor"]] {
        let said = oikos.run(words);
        assert_eq!((said.code, &*said.out, &*said.err), (1, "", ""), "{words:?}");
    }
    assert!(!oikos.home().exists(), "a keeper has no home");
    // Anywhere else the word is unknown.
    assert_eq!(oikos.run(&["doctor", "--keeper"]).code, 2);
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
