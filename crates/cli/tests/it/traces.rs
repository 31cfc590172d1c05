//! Traces of what happens, as a collector gets them, and collectors that are not well.

use crate::{
    collector::{Collector, Manner, Told, field},
    doors::say,
    kit::{Oikos, write_secret},
    observing::{figures, key, logged, rows, up_with},
    process::Process,
    tls::Authority,
};
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};
use testkit::{wait_until, wait_until_some};

/// An oikos that is up and sends its traces there, and the address of its door.
fn up(oikos: &Oikos, collector: SocketAddr, more: &str) -> (Process, String) {
    up_with(oikos, &format!("[telemetry]\notlp = \"http://{collector}\"\n{more}\n"))
}

/// Which run an answer is about.
fn run_id(said: &Value) -> String {
    said["run"]["run"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// Runs an action at the door, and gives its end.
fn run_at(address: &str, key: &str, action: &str, more: &str) -> (u16, Value) {
    let body = format!(r#"{{"app": "counter", "action": "{action}"}}"#);
    let head = format!(
        "POST /api/v1/runs HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer {key}\r\n{more}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let (status, said) = say(TcpStream::connect(address).unwrap(), &(head + &body));
    (status, serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}")))
}

/// The spans of a trace, by name.
fn of_trace<'a>(spans: &'a [Told], trace: &[u8], name: &str) -> Vec<&'a Told> {
    spans.iter().filter(|told| told.0.trace_id == trace && told.0.name == name).collect()
}

#[test]
fn a_trace_goes_from_the_request_to_the_run_and_its_calls() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const CALLER: &str = "00f067aa0ba902b7";
    let oikos = Oikos::new();
    let collector = Collector::new(Manner::Takes);
    let headers = oikos.files().join("otlp.headers");
    write_secret(&headers, "# of the test\nX-Team: the red one\n");
    let more = format!("service = \"at home\"\nheaders_file = \"{}\"", headers.display());
    let (up, address) = up(&oikos, collector.address, &more);
    oikos.install("counter", &[]);
    let key = key(&oikos);
    let said = run_at(&address, &key, "bump", &format!("traceparent: 00-{TRACE}-{CALLER}-01\r\n"));
    assert_eq!(said.0, 200, "{said:?}");
    let run = run_id(&said.1);
    let of_run = |told: &Told| told.field("oikos.run").as_deref() == Some(run.as_str());
    let ran = wait_until_some("the run's span", || collector.spans().into_iter().find(of_run));
    // The request ends after its run, and is sent after it.
    wait_until("the request's span", || collector.spans().iter().any(|told| told.0.span_id == ran.0.parent_span_id));
    let spans = collector.spans();
    let asked = spans.iter().find(|told| told.0.span_id == ran.0.parent_span_id).unwrap();
    assert_eq!((asked.0.name.as_str(), ran.0.name.as_str()), ("POST /api/v1/runs", "run counter.bump"));
    assert_eq!(hex(&asked.0.trace_id), TRACE);
    assert_eq!(hex(&asked.0.parent_span_id), CALLER);
    assert_eq!(ran.0.trace_id, asked.0.trace_id);
    assert_eq!(asked.field("http.response.status_code").as_deref(), Some("200"));
    assert_eq!(ran.field("oikos.app").as_deref(), Some("counter"));
    assert_eq!(ran.field("oikos.owner").as_deref(), Some("1"));
    let cpu_us: u64 = ran.field("oikos.cpu_us").unwrap().parse().unwrap();
    assert!(cpu_us > 0, "{ran:?}");
    let calls = of_trace(&spans, &ran.0.trace_id, "call storage");
    assert_eq!(calls.len(), 2, "one reads and one writes: {spans:?}");
    for call in calls {
        assert_eq!(call.0.parent_span_id, ran.0.span_id);
        assert!(ran.0.start_time_unix_nano <= call.0.start_time_unix_nano);
        assert!(call.0.end_time_unix_nano <= ran.0.end_time_unix_nano, "{call:?} {ran:?}");
    }
    assert!(asked.0.start_time_unix_nano <= ran.0.start_time_unix_nano);
    assert!(ran.0.end_time_unix_nano <= asked.0.end_time_unix_nano);
    // One that fails says its code and nothing else; without a caller's trace it is one of its own.
    let failed = run_id(&run_at(&address, &key, "fail", "").1);
    let failed = wait_until_some("the failed run's span", || {
        collector.spans().into_iter().find(|told| told.field("oikos.run").as_deref() == Some(failed.as_str()))
    });
    assert_eq!(failed.field("error.type").as_deref(), Some("app_failed"));
    assert_eq!(failed.0.status.as_ref().unwrap().code, 2);
    assert!(failed.0.trace_id != ran.0.trace_id && failed.0.events.is_empty(), "{failed:?}");
    // What says where it comes from, and what the collector wants to see.
    let resource = collector.requests()[0].resource_spans[0].resource.clone().unwrap();
    assert_eq!(field(&resource.attributes, "service.name").as_deref(), Some("at home"));
    assert_eq!(field(&resource.attributes, "service.version").as_deref(), Some(env!("CARGO_PKG_VERSION")));
    for message in collector.messages() {
        let head = message.head.to_ascii_lowercase();
        assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nx-team: the red one\r\n"), "{head}");
        assert!(head.contains("\r\ncontent-type: application/x-protobuf\r\n"), "{head}");
    }
    let (code, found) = rows(&oikos);
    let telemetry = &found["telemetry"];
    assert!(code == 0 && telemetry["finding"].as_str().unwrap().contains("takes traces"), "{telemetry}");
    // What has not been sent yet is sent at the end.
    let last = run_id(&run_at(&address, &key, "bump", "").1);
    up.interrupt();
    assert_eq!(up.end().code, 0);
    assert!(collector.spans().iter().any(|told| told.field("oikos.run").as_deref() == Some(last.as_str())));
    assert!(!logged(&oikos.home()).contains("WARN"), "{}", logged(&oikos.home()));
}

/// Opens a line, and says something by it.
fn say_by_line(address: &str, key: &str, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "GET /ws HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nauthorization: Bearer {key}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    // One text, of more than 125 bytes, under a mask of zeros.
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    stream.write_all(&[&[0x81, 0x80 | 126, length[0], length[1], 0, 0, 0, 0], text.as_bytes()].concat()).unwrap();
    stream
}

/// A line is no request: each message is, with the run that it began.
#[test]
fn a_message_of_a_line_is_a_trace_of_its_own() {
    let oikos = Oikos::new();
    let collector = Collector::new(Manner::Takes);
    let (_up, address) = up(&oikos, collector.address, "");
    oikos.install("counter", &[]);
    let said = r#"{"type": "EXECUTE_ACTION", "requestId": "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a",
        "payload": {"app": "counter", "action": "bump", "input": {}}}"#;
    let line = say_by_line(&address, &key(&oikos), said);
    let (asked, ran) = wait_until_some("both spans", || {
        let spans = collector.spans();
        let asked = spans.iter().find(|told| told.0.name == "EXECUTE_ACTION")?.clone();
        let ran = spans.iter().find(|told| told.0.parent_span_id == asked.0.span_id)?.clone();
        Some((asked, ran))
    });
    assert_eq!((ran.0.name.as_str(), ran.0.trace_id), ("run counter.bump", asked.0.trace_id));
    assert!(asked.0.parent_span_id.is_empty(), "the line is still open, and no part of it");
    drop(line);
}

#[test]
fn a_part_of_all_traces_is_sent_where_that_is_wanted() {
    let oikos = Oikos::new();
    let collector = Collector::new(Manner::Takes);
    let (up, address) = up(&oikos, collector.address, "sample = 0.0");
    oikos.install("counter", &[]);
    let key = key(&oikos);
    assert_eq!(run_at(&address, &key, "bump", "").0, 200);
    let trace = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
    let run = run_id(&run_at(&address, &key, "bump", trace).1);
    up.interrupt();
    assert_eq!(up.end().code, 0);
    let spans = collector.spans();
    assert!(spans.iter().all(|told| hex(&told.0.trace_id) == "4bf92f3577b34da6a3ce929d0e0e4736"), "{spans:?}");
    assert!(spans.iter().any(|told| told.field("oikos.run").as_deref() == Some(run.as_str())), "{spans:?}");
}

#[test]
fn traces_go_over_tls_to_whom_the_set_up_trusts() {
    let oikos = Oikos::new();
    let authority = Authority::new();
    let collector = Collector::secure(&authority);
    let to = format!("[telemetry]\notlp = \"https://{}\"\n", collector.address);
    let (up, _) = up_with(&oikos, &to);
    let (code, found) = rows(&oikos);
    let finding = found["telemetry"]["finding"].as_str().unwrap();
    assert!(code == 1 && finding.contains("nobody known here has signed its certificate"), "{finding}");
    assert!(found["telemetry"]["hint"].as_str().unwrap().contains("[network] authorities"), "{found:?}");
    up.interrupt();
    assert_eq!(up.end().code, 0);
    assert!(collector.messages().is_empty());
    let trusts = format!("[network]\nauthorities = \"{}\"\n{to}", authority.file(&oikos.files()).display());
    let (up, _) = up_with(&oikos, &trusts);
    let (code, found) = rows(&oikos);
    assert_eq!(code, 0, "{found:?}");
    up.interrupt();
    assert_eq!(up.end().code, 0);
    assert!(collector.spans().iter().any(|told| told.field("http.route").is_some()), "{:?}", collector.spans());
}

/// Asks the same thing many times through one connection.
fn ask_often(address: &str, key: &str, times: usize) {
    let stream = TcpStream::connect(address).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    let message = format!("GET /api/v1/approvals HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\r\n");
    for _ in 0..times {
        // In one piece, or each would wait for the other side's word that the first has come.
        stream.write_all(message.as_bytes()).unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        reader.read_exact(&mut vec![0; length.unwrap()]).unwrap();
    }
}

/// More spans than have room while a message is on its way.
const MANY: usize = 6_000;

/// A collector that takes nothing costs spans and nothing else: runs go on, memory stays, the end comes, and the log says it
/// once.
fn check_unwell(collector: SocketAddr, why: &str) {
    let oikos = Oikos::new();
    let (up, address) = up(&oikos, collector, "");
    oikos.install("counter", &[]);
    let key = key(&oikos);
    let figure = |name: &str| figures(&oikos.ok(&["metrics"]).out)[name];
    let memory = figure("process_resident_memory_bytes");
    ask_often(&address, &key, MANY);
    assert!(figure(r#"oikos_telemetry_spans_total{end="queue_full"}"#) > 0.0);
    assert!(figure("oikos_telemetry_spans_waiting") <= 2_048.0 + 512.0);
    assert_eq!(figure(r#"oikos_telemetry_spans_total{end="sent"}"#), 0.0);
    let grown = figure("process_resident_memory_bytes") - memory;
    assert!(grown < 48e6, "{grown} bytes more");
    assert_eq!(run_at(&address, &key, "bump", "").0, 200);
    let (code, found) = rows(&oikos);
    let telemetry = &found["telemetry"];
    assert_eq!((code, &telemetry["ok"]), (1, &Value::Bool(false)), "{telemetry}");
    assert!(telemetry["finding"].as_str().unwrap().contains(why), "{telemetry}");
    wait_until("the log says it", || logged(&oikos.home()).contains("traces cannot be sent"));
    ask_often(&address, &key, 100);
    let begin = Instant::now();
    up.interrupt();
    assert_eq!(up.end().code, 0);
    assert!(begin.elapsed() < Duration::from_secs(10), "the end took {:?}", begin.elapsed());
    let log = logged(&oikos.home());
    assert_eq!(log.matches("traces cannot be sent").count(), 1, "{log}");
    assert_eq!(log.matches("spans could not be sent before the end").count(), 1, "{log}");
}

#[test]
fn a_collector_that_is_not_there_costs_spans_and_nothing_else() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    check_unwell(gone, "nobody listens there");
}

#[test]
fn a_collector_that_never_answers_costs_spans_and_nothing_else() {
    check_unwell(Collector::new(Manner::Silent).address, "took longer than");
}

#[test]
fn a_collector_that_refuses_is_said_once_and_so_is_that_it_takes_them_again() {
    let oikos = Oikos::new();
    let collector = Collector::new(Manner::Says(401));
    let (up, address) = up(&oikos, collector.address, "");
    let key = key(&oikos);
    let figure = |name: &str| figures(&oikos.ok(&["metrics"]).out)[name];
    wait_until("spans are refused", || figure(r#"oikos_telemetry_spans_total{end="refused"}"#) > 0.0);
    let (code, found) = rows(&oikos);
    assert_eq!(code, 1);
    assert!(found["telemetry"]["finding"].as_str().unwrap().contains("status 401"), "{found:?}");
    assert!(found["telemetry"]["hint"].as_str().unwrap().contains("headers_file"), "{found:?}");
    ask_often(&address, &key, 10);
    collector.behave(Manner::Takes);
    ask_often(&address, &key, 10);
    wait_until("spans are taken", || figure(r#"oikos_telemetry_spans_total{end="sent"}"#) > 0.0);
    up.interrupt();
    assert_eq!(up.end().code, 0);
    let log = logged(&oikos.home());
    assert_eq!(log.matches("traces cannot be sent").count(), 1, "{log}");
    assert_eq!(log.matches("traces can be sent again").count(), 1, "{log}");
}

#[test]
fn a_set_up_that_cannot_be_followed_is_said_before_anything_begins() {
    let oikos = Oikos::new();
    let config = oikos.files().join("oikos.toml");
    let refused = |text: &str| {
        std::fs::write(&config, text).unwrap();
        let said = oikos.run(&["up", "--port", "0", "--config", config.to_str().unwrap()]);
        assert_ne!(said.code, 0, "{}{}", said.out, said.err);
        said.err
    };
    let said = refused("[telemetry]\notlp = \"localhost:4318\"\n");
    assert!(said.contains("line 2, column 8") && said.contains('^'), "{said}");
    let headers = oikos.files().join("otlp.headers");
    let named = format!("[telemetry]\notlp = \"http://127.0.0.1:4318\"\nheaders_file = \"{}\"\n", headers.display());
    let said = refused(&named);
    assert!(said.contains("otlp.headers cannot be read"), "{said}");
    write_secret(&headers, "x-key: ok\nHIDDEN words\n");
    let said = refused(&named);
    assert!(said.contains("otlp.headers, line 2: ") && !said.contains("HIDDEN"), "{said}");
    // And nothing was left behind that would keep the next start from going well.
    write_secret(&headers, "x-key: ok\n");
    let up = Process::start(&oikos, &["up", "--port", "0", "--json", "--config", config.to_str().unwrap()]);
    up.wait_for("\"url\"");
    up.interrupt();
    assert_eq!(up.end().code, 0);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
