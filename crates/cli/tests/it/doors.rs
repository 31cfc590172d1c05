//! The doors of `oikos up`, from outside: the loopback port, and the socket as any program can speak to it.

use crate::{kit::Oikos, process::Process};
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

/// What a door answers: status and body.
pub(crate) fn say(mut stream: impl Read + Write, message: &str) -> (u16, String) {
    stream.write_all(message.as_bytes()).unwrap();
    let mut answer = String::new();
    // A door that closes early has said what it wanted to.
    drop(stream.read_to_string(&mut answer));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    (head["HTTP/1.1 ".len()..][..3].parse().unwrap(), body.to_owned())
}

fn get(address: &str, path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{more}\r\n")
}

/// An oikos that is up, and the address of its door.
pub(crate) fn up(oikos: &Oikos) -> (Process, String) {
    let up = Process::start(oikos, &["up", "--port", "0", "--json"]);
    up.wait_for("\"url\"");
    let said: Value = serde_json::from_str(up.out().lines().next().unwrap()).unwrap();
    let address = said["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    (up, address)
}

#[test]
fn strangers_at_the_port_learn_that_it_lives_and_nothing_else() {
    let oikos = Oikos::new();
    let (_up, address) = up(&oikos);
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let at = |message: &str| say(TcpStream::connect(&address).unwrap(), message);
    assert_eq!(at(&get(&address, "/livez", "")), (200, "alive\n".to_owned()));
    assert_eq!(at(&get(&address, "/readyz", "")), (200, "ready\n".to_owned()));
    assert_eq!(at(&get(&address, "/healthz", "")), (200, "ready\n".to_owned()));
    // Nobody says by a header who they are.
    for more in ["", "oikos-presence: yes\r\n", "cookie: a=b\r\n", "authorization: Bearer x\r\n"] {
        for path in ["/v1/models", "/api/v1/apps", "/api/v1/status", "/api/v1/nothing", "/metrics"] {
            let (status, body) = at(&get(&address, path, more));
            let problem: Value = serde_json::from_str(&body).unwrap();
            assert_eq!((status, problem["code"].as_str()), (401, Some("unauthenticated")), "{path}");
        }
    }
    // What is no HTTP harms nobody.
    for bytes in ["\r\n\r\n\r\n", "hello\r\n\r\n", "\x16\x03\x01\x02", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        drop(stream.read_to_end(&mut Vec::new()));
    }
    assert_eq!(at(&get(&address, "/livez", "")).0, 200);
}

/// Many who connect and say nothing keep nobody from being served.
#[test]
fn a_crowd_that_says_nothing_keeps_nobody_out() {
    let oikos = Oikos::new();
    let (_up, address) = up(&oikos);
    let crowd: Vec<_> = (0..400).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let begin = Instant::now();
    assert_eq!(say(TcpStream::connect(&address).unwrap(), &get(&address, "/readyz", "")).0, 200);
    assert_eq!(oikos.run(&["app", "list"]).code, 0);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    drop(crowd);
}

/// As the guide says: any program of the same user can speak HTTP to the socket.
#[test]
fn the_socket_speaks_http() {
    let oikos = Oikos::new();
    let (_up, _) = up(&oikos);
    let at = |message: &str| say(UnixStream::connect(oikos.home().join("socket")).unwrap(), message);
    let (status, body) = at(&get("oikos", "/api/v1/apps", ""));
    assert_eq!((status, body.as_str()), (200, r#"{"apps":[]}"#));
    let (status, body) = at(&get("oikos", "/api/v1/apps/nobody", ""));
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, problem["code"].as_str()), (404, Some("app_not_found")));
}
