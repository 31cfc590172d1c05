//! Requests of plain HTTP: sent on one by one, each decided on, each with a `Host` that was allowed, and none behind another.

use crate::{
    house::{Server, request_read},
    program::{Program, head, heard, names, quick},
};
use broker::LeaseEnd;
use egress::{Dialect, EgressError, Speech, TunnelBounds, TunnelOutcome};
use protocol::{Choice, Labels, Limits, Scope};
use std::{
    io::{Read as _, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};
use testkit::wait_until;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Answers each request with this, and keeps what it heard of them. It never ends a line by itself.
fn listener(answer: &'static str) -> (Server, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::<Mutex<Vec<String>>>::default();
    let noted = heard.clone();
    let server = Server::new(move |mut stream| {
        loop {
            let head = request_read(&mut stream);
            if head.is_empty() {
                return;
            }
            noted.lock().unwrap().push(head);
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    });
    (server, heard)
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const OK_HEARD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

fn name(server: &Server) -> String {
    format!("a.example:{}", server.address.port())
}

fn get(name: &str) -> String {
    format!("GET http://{name}/ HTTP/1.1\r\nHost: {name}\r\n\r\n")
}

async fn said(program: &Program, bytes: &str) -> String {
    String::from_utf8(program.say(bytes.as_bytes()).await).unwrap()
}

/// What a server says once it is asked, and then no more.
fn says(answer: &'static [u8]) -> Server {
    Server::new(move |mut stream| {
        if !request_read(&mut stream).is_empty() {
            stream.write_all(answer).unwrap();
        }
    })
}

#[tokio::test]
async fn a_request_is_sent_on_without_what_is_for_the_proxy() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kept: yes\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\n\
                  Proxy-Authenticate: Basic\r\nConnection: keep-alive, x-hop, Upgrade\r\n\r\nok";
    let (server, there) = listener(answer);
    let program = Program::of(server.address).await;
    let name = name(&server);
    let request = format!(
        "GET http://{name}/x/../y?z HTTP/1.1\r\nHost: {name}\r\nX-Kept: yes\r\nX-Hop: 1\r\nTE: trailers\r\nUpgrade: h2c\r\n\
         HTTP2-Settings: x\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\nKeep-Alive: 5\r\n\
         Connection: keep-alive, X-Hop , TE\r\nExpect: 100-continue\r\n\r\n"
    );
    let heard = said(&program, &request).await;
    assert_eq!(heard, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kept: yes\r\nConnection: close\r\n\r\nok");
    let sent = format!("GET /y?z HTTP/1.1\r\nHost: {name}\r\nX-Kept: yes\r\nConnection: close\r\n\r\n");
    assert_eq!(*there.lock().unwrap(), [sent.as_str()]);
    let record = program.record().await;
    assert_eq!((record.dialect, record.speech), (Some(Dialect::Forward), Some(Speech::Http)));
    assert_eq!((record.bytes_up, record.bytes_down), (sent.len() as u64, answer.len() as u64));
    assert_eq!(record.rule.as_ref().map(ToString::to_string), Some(format!("grant network for {name}")));
    assert_eq!((&record.outcome, record.host.as_deref()), (&TunnelOutcome::Closed, Some("a.example")));
    assert_eq!(*program.guard.intents.lock().unwrap(), [format!("about to connect to {name}")]);
    // Of HTTP/1.0 a request need not say `Host`, and what is said to the host does.
    assert!(said(&program, &format!("GET http://{name} HTTP/1.0\r\n\r\n")).await.starts_with("HTTP/1."));
    assert_eq!(there.lock().unwrap()[1], format!("GET / HTTP/1.1\r\nconnection: close\r\nhost: {name}\r\n\r\n"));
}

/// Whatever the way to it: one answer, and whoever has more to ask opens another line.
#[tokio::test]
async fn a_second_request_on_a_line_goes_nowhere() {
    let (server, there) = listener(OK);
    let program = Program::of(server.address).await;
    let name = name(&server);
    let port = server.address.port();
    let plain = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let way = "HTTP/1.1 200 Connection established\r\n\r\n";
    let connect = format!("CONNECT {name} HTTP/1.1\r\n\r\n");
    let other = format!("b.example:{port}");
    for (first, second) in
        [(get(&name), get(&other)), (get(&name), get(&name)), (connect.clone() + &plain(&name), plain(&other))]
    {
        let begins = if first.starts_with("CONNECT") { way } else { "" };
        // All at once, and after the answer.
        assert_eq!(said(&program, &(first.clone() + &second)).await, format!("{begins}{OK_HEARD}"));
        let mut stream = program.dial().await;
        stream.write_all(first.as_bytes()).await.unwrap();
        let mut answer = vec![0; begins.len() + OK_HEARD.len()];
        stream.read_exact(&mut answer).await.unwrap();
        drop(stream.write_all(second.as_bytes()).await);
        assert_eq!(heard(&mut stream).await, b"");
    }
    let mut stream = program.socks_named("a.example", port).await.unwrap();
    stream.write_all((plain(&name) + &plain(&other)).as_bytes()).await.unwrap();
    assert_eq!(heard(&mut stream).await, OK_HEARD.as_bytes());
    drop(stream);
    // Nor behind a body, however it ends.
    for body in ["content-length: 2\r\n\r\nhi", "transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"] {
        let first = format!("POST http://{name}/ HTTP/1.1\r\nHost: {name}\r\n{body}");
        let heard = said(&program, &(first + &plain(&other))).await;
        assert!(heard.starts_with(OK_HEARD), "{heard}");
    }
    let there = there.lock().unwrap();
    // The server there reads no pieces: it takes them for a head.
    let heads: Vec<_> = there.iter().filter(|head| head.contains(" HTTP/1.")).collect();
    assert_eq!((heads.len(), server.visits()), (9, 9));
    assert!(heads.iter().all(|head| head.to_lowercase().contains(&format!("host: {name}\r\n"))), "{heads:?}");
}

/// Of a request that only reads, all is seen: paths count. What sends more takes the host as a whole.
#[tokio::test]
async fn each_request_is_decided_on() {
    let (server, there) = listener(OK);
    let name = name(&server);
    let open = format!("http://{name}/open");
    let program = Program::new(&[&open, &server.target()], names(&[("a.example", "127.0.0.1")])).await;
    let ask = async |method: &str, path: &str, more: &str| {
        let request = format!("{method} http://{name}{path} HTTP/1.1\r\nHost: {name}\r\n{more}\r\n");
        said(&program, &request).await.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(ask("GET", "/open/x", "").await, "200");
    assert_eq!(ask("GET", "/open/../x", "").await, "403");
    assert_eq!(ask("GET", "/open/%2e%2e/x", "").await, "403");
    assert_eq!(ask("GET", "/", "").await, "403");
    assert_eq!(ask("GET", "/open/x", "content-length: 2\r\n").await, "403");
    for method in ["POST", "DELETE", "TRACE"] {
        assert_eq!(ask(method, "/open/x", "").await, "403");
    }
    assert!(program.connect_said(&name).await.starts_with("HTTP/1.1 403 "));
    assert_eq!(there.lock().unwrap().len(), 1);
    program.guard.house.grant(&[&format!("http://{name}"), &server.target()]);
    assert_eq!(ask("POST", "/x", "content-length: 0\r\n").await, "200");
    assert_eq!(ask("GET", "/", "").await, "200");

    let visits = server.visits();
    let refused = said(&program, "GET http://b.example/x?secret HTTP/1.1\r\nHost: b.example\r\n\r\n").await;
    assert!(
        refused.ends_with(
            "not allowed to read http://b.example/x?…: b.example is not among the hosts of network; to allow it: oikos \
             grant tester network=allow:b.example:80\n"
        ),
        "{refused}"
    );
    // One name in its address and another in `Host`: servers differ on which they believe.
    let two = format!("GET http://{name}/ HTTP/1.1\r\nHost: b.example\r\n\r\n");
    let refused = said(&program, &two).await;
    let rule = format!("what it says first is for b.example:80, and this is a connection to {name}\n");
    assert!(refused.starts_with("HTTP/1.1 403 ") && refused.ends_with(&rule), "{refused}");
    assert_eq!(server.visits(), visits);
}

#[tokio::test]
async fn bodies_come_whole_both_ways() {
    const BYTES: usize = 300_000;
    let server = Server::new(|mut stream| {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let mut body = Vec::new();
        if head.contains("transfer-encoding: chunked\r\n") {
            while !body.ends_with(b"\r\n0\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                body.push(byte[0]);
            }
        } else {
            assert!(head.contains(&format!("content-length: {BYTES}\r\n")), "{head}");
            body.resize(BYTES, 0);
            stream.read_exact(&mut body).unwrap();
        }
        // By its pieces, and then to the end of the line.
        let counted = body.iter().filter(|byte| **byte == b'z').count();
        if head.contains("x-pieces") {
            let said = format!("{counted}");
            let length = said.len();
            write!(stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{said}\r\n0\r\n\r\n")
                .unwrap();
        } else {
            write!(stream, "HTTP/1.0 200 OK\r\n\r\n{counted}").unwrap();
        }
    });
    let program = Program::of(server.address).await;
    let name = name(&server);
    let body = "z".repeat(BYTES);
    let chunked = format!("transfer-encoding: chunked\r\n\r\n{BYTES:x}\r\n{body}\r\n0\r\n\r\n");
    let sized = format!("content-length: {BYTES}\r\n\r\n{body}");
    for (headers, rest) in [("", &chunked), ("x-pieces: 1\r\n", &chunked), ("", &sized), ("x-pieces: 1\r\n", &sized)] {
        for first in [format!("POST http://{name}/ "), format!("CONNECT {name} HTTP/1.1\r\n\r\nPOST / ")] {
            let heard = said(&program, &format!("{first}HTTP/1.1\r\nHost: {name}\r\n{headers}{rest}")).await;
            assert!(
                heard.contains("transfer-encoding: chunked\r\n") && heard.contains("\r\n300000\r\n0\r\n\r\n"),
                "{heard}"
            );
            let record = program.record().await;
            assert_eq!(record.outcome, TunnelOutcome::Closed);
            assert!(record.bytes_up > BYTES as u64);
        }
    }
    // Whoever waits to be told to go on is told.
    let mut stream = program.dial().await;
    let begin = format!(
        "PUT http://{name}/ HTTP/1.1\r\nHost: {name}\r\nExpect: 100-continue\r\ncontent-length: {BYTES}\r\n\r\n"
    );
    stream.write_all(begin.as_bytes()).await.unwrap();
    assert_eq!(head(&mut stream).await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).await.unwrap();
    assert!(heard(&mut stream).await.starts_with(b"HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn an_answer_without_a_body_has_none() {
    let (server, there) = listener("HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\n\r\n");
    let program = Program::of(server.address).await;
    let heard = said(&program, &get(&name(&server))).await;
    assert!(heard.starts_with("HTTP/1.1 304 ") && heard.ends_with("\r\n\r\n"), "{heard}");
    let request = format!("HEAD http://{0}/ HTTP/1.1\r\nHost: {0}\r\n\r\n", name(&server));
    assert!(said(&program, &request).await.ends_with("\r\n\r\n"));
    assert_eq!(there.lock().unwrap().len(), 2);
}

/// What is no answer is said as one, and half of one is broken off.
#[tokio::test]
async fn a_host_that_answers_wrongly_is_told_of() {
    for (answer, why) in [
        (&b"SSH-2.0-x\r\n\r\n"[..], "what it sends is not HTTP"),
        (b"", "it ended the connection before its answer was complete"),
        (b"HTTP/1.1 200 OK\r\ncontent-le", "it ended the connection before its answer was complete"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "what it sends is not HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello", "what it sends is not HTTP"),
    ] {
        let server = says(answer);
        let program = Program::of(server.address).await;
        let name = name(&server);
        let plain = format!("GET / HTTP/1.1\r\nhost: {name}\r\n\r\n");
        for request in [get(&name), format!("CONNECT {name} HTTP/1.1\r\n\r\n{plain}")] {
            let heard = said(&program, &request).await;
            assert!(heard.contains("HTTP/1.1 502 Bad Gateway\r\n"), "{answer:?} {heard}");
            assert!(heard.ends_with(&format!("{name} does not answer as HTTP wants it: {why}\n")), "{heard}");
            let record = program.record().await;
            assert!(
                matches!(record.outcome, TunnelOutcome::Failed(EgressError::Broken { .. })),
                "{:?}",
                record.outcome
            );
        }
    }
    for half in [
        &b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"[..],
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n",
    ] {
        let server = says(half);
        let program = Program::of(server.address).await;
        let mut stream = program.dial().await;
        stream.write_all(get(&name(&server)).as_bytes()).await.unwrap();
        let mut all = Vec::new();
        let end = stream.read_to_end(&mut all).await;
        assert!(end.is_err() && !all.ends_with(b"0\r\n\r\n"), "{end:?} {:?}", String::from_utf8_lossy(&all));
        assert_eq!(program.outcome().await, TunnelOutcome::Broken);
    }
}

/// A request that carries what is yours to the host that you named, and with its answer there is no second.
#[tokio::test]
async fn a_run_that_has_read_what_is_yours_asks_once() {
    let (server, there) = listener(OK);
    let program = Program::of(server.address).await;
    let name = name(&server);
    program.guard.lease.join_labels(Labels::PRIVATE);
    assert_eq!(said(&program, &get(&name)).await, OK_HEARD);
    let refused = said(&program, &get(&name)).await;
    assert!(refused.contains("private data and the words of strangers"), "{refused}");
    assert_eq!(there.lock().unwrap().len(), 1);

    // What sends is asked about, as a way is.
    let program = Program::of(server.address).await;
    program.guard.lease.join_labels(Labels::PRIVATE);
    let post = format!("POST http://{name}/ HTTP/1.1\r\nHost: {name}\r\ncontent-length: 5\r\n\r\nyours");
    assert!(said(&program, &post).await.ends_with("you said no\n"));
    assert_eq!(there.lock().unwrap().len(), 1);
    *program.guard.choice.lock().unwrap() = Some(Choice::Once);
    assert_eq!(said(&program, &post).await, OK_HEARD);
}

/// Begins to send a body that never ends, to a host that hears all of it.
async fn sending(program: &Program, server: &Server) -> TcpStream {
    let mut stream = program.dial().await;
    let name = name(server);
    let begin = format!("POST http://{name}/ HTTP/1.1\r\nHost: {name}\r\ncontent-length: 500000\r\n\r\nfirst");
    stream.write_all(begin.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn what_cuts_a_way_cuts_an_exchange() {
    type Cut = fn(&Program);
    let cuts: [(Cut, &str); 4] = [
        (|program| program.guard.lease.join_labels(Labels::PRIVATE), "Withdrawn"),
        (|program| *program.guard.labels.lock().unwrap() = Labels::PRIVATE, "Withdrawn"),
        (
            |program| {
                program.guard.house.grant(&["other.example"]);
                program.tunnels.look();
            },
            "Withdrawn",
        ),
        (
            |program| {
                program.guard.lease.end(LeaseEnd::Stopped);
            },
            "Ended",
        ),
    ];
    for (cut, outcome) in cuts {
        let there = Arc::<Mutex<Vec<u8>>>::default();
        let (noted, ended) = (there.clone(), Arc::<Mutex<Option<bool>>>::default());
        let noted_end = ended.clone();
        let server = Server::new(move |mut stream| {
            let mut byte = [0];
            let is_end = loop {
                match stream.read(&mut byte) {
                    Ok(0) => break true,
                    Ok(_) => noted.lock().unwrap().push(byte[0]),
                    Err(_) => break false,
                }
            };
            *noted_end.lock().unwrap() = Some(is_end);
        });
        let program = Program::of(server.address).await;
        let mut stream = sending(&program, &server).await;
        let seen = there.clone();
        let is_there = move || wait_until("the first of it", || seen.lock().unwrap().ends_with(b"first"));
        tokio::task::spawn_blocking(is_there).await.unwrap();
        cut(&program);
        drop(stream.write_all(b"more").await);
        drop(tokio::time::timeout(Duration::from_secs(20), stream.read(&mut [0; 9])).await.unwrap());
        assert!(format!("{:?}", program.outcome().await).starts_with(outcome));
        let is_over = move || wait_until("its end", || *ended.lock().unwrap() == Some(false));
        tokio::task::spawn_blocking(is_over).await.unwrap();
        assert!(there.lock().unwrap().ends_with(b"first"), "nothing came after it");
    }
}

#[tokio::test]
async fn silence_and_floods_end_an_exchange() {
    let silent = Server::new(|mut stream| while !request_read(&mut stream).is_empty() {});
    let config = || names(&[("a.example", "127.0.0.1")]);
    let bounds = TunnelBounds { idle_ms: 400, ..quick() };
    let program = Program::within(&[&name(&silent), &silent.target()], config(), bounds, Limits::default()).await;
    assert_eq!(said(&program, &get(&name(&silent))).await, "");
    assert_eq!(program.outcome().await, TunnelOutcome::Idle { after_ms: 400 });

    // Before its answer, and behind it.
    for begin in ["", "HTTP/1.1 200 OK\r\n\r\n"] {
        let source = Server::new(move |mut stream| {
            request_read(&mut stream);
            let again = if begin.is_empty() { "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" } else { "more and more" };
            drop(stream.write_all(begin.as_bytes()));
            while stream.write_all(again.repeat(1_000).as_bytes()).is_ok() {}
        });
        let limits = Limits { host_bytes: 1 << 20, ..Limits::default() };
        let program = Program::within(&[&name(&source), &source.target()], config(), quick(), limits).await;
        let heard = said(&program, &get(&name(&source))).await;
        assert!(
            heard.starts_with(begin.lines().next().unwrap_or_default()) && heard.len() < 2 << 20,
            "{}",
            heard.len()
        );
        let record = program.record().await;
        assert_eq!(record.outcome, TunnelOutcome::Ended(LeaseEnd::HostLimit));
        assert!(record.bytes_down < 2 << 20, "{}", record.bytes_down);
    }
}

/// An answer that was sent as a whole is not taken back because nobody has read it yet.
#[tokio::test]
async fn who_reads_slowly_reads_all_of_it() {
    const BYTES: usize = 100_000;
    let server = Server::new(|mut stream| {
        request_read(&mut stream);
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {BYTES}\r\n\r\n").unwrap();
        stream.write_all(&[b'z'; BYTES]).unwrap();
    });
    let program = Program::of(server.address).await;
    let mut stream = program.dial().await;
    // Together with what nobody reads there.
    stream.write_all((get(&name(&server)) + "GET ").as_bytes()).await.unwrap();
    assert_eq!(program.outcome().await, TunnelOutcome::Closed);
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    assert!(all.ends_with(&[b'z'; BYTES]), "{} bytes", all.len());
}

/// A secret that oikos itself sends to a host is not the program's to send.
#[tokio::test]
async fn credentials_are_seen_where_they_can_be() {
    let (server, there) = listener(OK);
    let program = Program::of(server.address).await;
    let name = name(&server);
    let secret = Scope::Secret { name: "key".into(), hosts: vec!["a.example".into()] };
    program.guard.house.grant_beside(&[&name, &server.target()], vec![secret]);
    let rule = "oikos itself sends your secret to a.example, so the app may send no credentials of its own there\n";
    for first in ["", "POST"] {
        let method = if first.is_empty() { "GET" } else { first };
        let request = format!("{method} http://{name}/ HTTP/1.1\r\nHost: {name}\r\nAuthorization: Bearer x\r\n\r\n");
        let refused = said(&program, &request).await;
        assert!(refused.starts_with("HTTP/1.1 403 ") && refused.ends_with(rule), "{refused}");
    }
    let request = format!("CONNECT {name} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: {name}\r\ncookie: x\r\n\r\n");
    let refused = said(&program, &request).await;
    assert!(refused.contains("HTTP/1.1 403 ") && refused.ends_with(rule), "{refused}");
    assert!(there.lock().unwrap().is_empty());
    let to_the_proxy = format!("GET http://{name}/ HTTP/1.1\r\nHost: {name}\r\nProxy-Authorization: Basic x\r\n\r\n");
    assert_eq!(said(&program, &to_the_proxy).await, OK_HEARD);
}
