//! A program that asks for a way, and is told yes or no.

use crate::{
    hello::{HEARD, hello, hello_heard},
    house::{NameServer, Server, request_read},
    program::{Program, heard, names, quick},
};
use egress::{ClientConfig, Dialect, EgressError, Misspoken, Proxy, Speech, TunnelBounds, TunnelOutcome};
use protocol::{Choice, ErrorCode, Limits, OwnerId};
use std::{
    io::{Read as _, Write as _},
    net::Ipv6Addr,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
/// As the program hears it.
const HELLO_HEARD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";

async fn get(stream: &mut TcpStream, host: &str) -> String {
    stream.write_all(format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).await.unwrap();
    String::from_utf8(heard(stream).await).unwrap()
}

#[tokio::test]
async fn both_languages_lead_to_the_host_and_all_is_written_down() {
    let server = Server::saying(HELLO);
    let port = server.address.port();
    let program = Program::of(server.address).await;
    let name = format!("a.example:{port}");

    let mut stream = program.connect(&name).await.unwrap();
    assert_eq!(get(&mut stream, &name).await, HELLO_HEARD);
    drop(stream);
    let record = program.record().await;
    let up = format!("GET / HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\n\r\n").len() as u64;
    assert_eq!((record.bytes_up, record.bytes_down), (up, HELLO.len() as u64));
    assert_eq!((record.dialect, record.speech), (Some(Dialect::Connect), Some(Speech::Http)));
    assert_eq!((record.host.as_deref(), record.port), (Some("a.example"), Some(port)));
    assert_eq!(record.address, Some(server.address.ip()));
    assert_eq!(record.rule.as_ref().map(ToString::to_string), Some(format!("grant network for {name}")));
    assert_eq!(
        record.sentence().unwrap().to_string(),
        format!("was connected to {name} for 0 ms: {up} bytes sent, 43 bytes received")
    );
    assert_eq!((&record.outcome, record.outcome.code()), (&TunnelOutcome::Closed, None));
    assert_eq!(*program.guard.intents.lock().unwrap(), [format!("about to connect to {name}")]);

    let mut stream = program.socks_named("A.EXAMPLE", port).await.unwrap();
    assert_eq!(get(&mut stream, &name).await, HELLO_HEARD);
    drop(stream);
    assert_eq!(program.record().await.dialect, Some(Dialect::Socks5));
    // What was granted by its number is asked for by its number.
    let mut stream = program.socks(1, &[127, 0, 0, 1], port).await.unwrap();
    assert_eq!(get(&mut stream, &server.target()).await, HELLO_HEARD);
    drop(stream);
    assert_eq!(program.record().await.host.as_deref(), Some("127.0.0.1"));

    // The run has moved it, and its app.
    let guard = &program.guard;
    let usage = guard.house.client.usage(OwnerId::LOCAL, &guard.house.app);
    assert_eq!((usage.requests, usage.bytes_in), (3, 3 * HELLO.len() as u64));
    assert_eq!(guard.lease.host_bytes(), usage.bytes_in + usage.bytes_out);
    let exchanged = guard.lease.exchanged();
    assert_eq!((exchanged[0].host.as_deref(), exchanged[0].requests), (Some(name.as_str()), 2));
    assert_eq!((exchanged[0].bytes_out, exchanged[0].bytes_in), (2 * up, 2 * HELLO.len() as u64));
    assert_eq!(program.tunnels.count(), 0);
}

#[tokio::test]
async fn a_no_names_its_rule_and_the_one_command() {
    let server = Server::saying(HELLO);
    let port = server.address.port();
    let program = Program::of(server.address).await;
    let said = program.connect_said("evil.example:443").await;
    let text = "not allowed to connect to evil.example: evil.example is not among the hosts of network; to allow it: oikos \
                grant tester network=allow:evil.example\n";
    assert_eq!(
        said,
        format!(
            "HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\nconnection: \
             close\r\n\r\n{text}",
            text.len()
        )
    );
    let record = program.record().await;
    assert_eq!(
        record.sentence().unwrap().to_string(),
        "BLOCKED: wanted to connect to evil.example; evil.example is not among the hosts of network"
    );
    assert_eq!(record.outcome.code(), Some(ErrorCode::PermissionDenied));
    assert_eq!((record.bytes_up, record.bytes_down, record.address), (0, 0, None));
    // The host is granted, at another port.
    let other = if port == 9_999 { 9_998 } else { 9_999 };
    assert!(program.connect_said(&format!("a.example:{other}")).await.starts_with("HTTP/1.1 403 "));
    assert_eq!(program.socks_named("a.example", 443).await.unwrap_err(), 2);
    assert_eq!(server.visits(), 0);
}

/// This machine and its network, in every notation, by both languages; and what carries one address inside of another.
#[tokio::test]
async fn nothing_near_is_reached_by_any_notation() {
    let server = Server::saying(HELLO);
    let port = server.address.port();
    // Any public host may be reached, and nothing near was named.
    let program = Program::new(&[], names(&[])).await;
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0",
        "localhost",
        "a.localhost",
        "printer",
        "nas.local",
        "metadata.google.internal",
        "169.254.169.254",
        "2852039166",
        "10.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "168.63.129.16",
        // Public, and no name.
        "93.184.216.34",
    ] {
        assert_eq!(program.socks_named(host, 443).await.err(), Some(2), "{host}");
        let said = program.connect_said(&format!("{host}:{port}")).await;
        assert!(said.starts_with("HTTP/1.1 403 "), "{host}: {said}");
    }
    for host in ["::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "fe80::1", "fd00:ec2::254"] {
        let address: Ipv6Addr = host.parse().unwrap();
        assert_eq!(program.socks(4, &address.octets(), 443).await.err(), Some(2), "{host}");
        let said = program.connect_said(&format!("[{host}]:{port}")).await;
        assert!(said.starts_with("HTTP/1.1 403 "), "{host}: {said}");
    }
    // Named as one thing, it is not reached as another.
    let program = Program::of(server.address).await;
    let mapped = "::ffff:127.0.0.1".parse::<Ipv6Addr>().unwrap();
    assert_eq!(program.socks(4, &mapped.octets(), port).await.err(), Some(2));
    assert_eq!(server.visits(), 0);
    assert!(program.connect(&format!("2130706433:{port}")).await.is_ok(), "the same number");
}

/// The name leads to an address that may be reached, and the next moment to one that may not.
#[tokio::test]
async fn a_name_that_leads_inside_leads_nowhere() {
    let open = Server::on([127, 0, 0, 2].into(), 0, |mut stream| {
        while !request_read(&mut stream).is_empty() {
            stream.write_all(HELLO.as_bytes()).unwrap();
        }
    });
    let port = open.address.port();
    let closed = Server::on([127, 0, 0, 1].into(), port, |_| {});
    let there = |last: u8| vec![[127, 0, 0, last].into()];
    let server = NameServer::new(vec![there(2), there(1)]);
    let name = format!("evil.example:{port}");
    let program = Program::new(&[&name, &open.target()], server.config()).await;
    let mut stream = program.connect(&name).await.unwrap();
    assert_eq!(get(&mut stream, &name).await, HELLO_HEARD);
    assert_eq!(server.questions(), 1, "a name is asked for once a connection");
    let said = program.connect(&name).await.unwrap_err();
    assert!(
        said.ends_with(&format!(
            "not allowed to connect to {name}: evil.example leads to 127.0.0.1, which is not out in the public, and only \
             you can name it; to allow it: oikos grant tester network=allow:{name} network=allow:127.0.0.1:{port}\n"
        )),
        "{said}"
    );
    assert_eq!((open.visits(), closed.visits()), (1, 0));
}

#[tokio::test]
async fn a_host_that_is_not_reached_is_said_in_both_languages() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let port = free.port();
    let nowhere = format!("nowhere.example:{port}");
    let slow = format!("slow.example:{port}");
    let here = format!("a.example:{port}");
    let config = names(&[("a.example", "127.0.0.1")]);
    let program = Program::new(&[&nowhere, &slow, &here, &free.to_string()], config).await;
    let check = async |name: &str, status: &str, code: u8, text: &str| {
        let said = program.connect_said(&format!("{name}:{port}")).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{said}");
        assert!(said.ends_with(&format!("\r\n\r\n{name}:{port} {text}\n")), "{said}");
        assert_eq!(program.socks_named(name, port).await.err(), Some(code), "{name}");
        for _ in 0..2 {
            let record = program.record().await;
            assert!(matches!(record.outcome, TunnelOutcome::Failed(_)), "{:?}", record.outcome);
            assert_eq!(
                record.sentence().unwrap().to_string(),
                format!("did not connect to {name}:{port}: {name}:{port} {text}")
            );
        }
    };
    check("nowhere.example", "502 Bad Gateway", 4, "cannot be found: no address is known for that name").await;
    check("a.example", "502 Bad Gateway", 5, "cannot be reached: nobody listens there").await;
    check("slow.example", "504 Gateway Timeout", 6, "took longer than 1 s to be found").await;
    let failures = program.guard.house.client.failures();
    assert!(failures.contains(&("slow", 2)) && failures.contains(&("unreachable", 2)), "{failures:?}");
}

#[tokio::test]
async fn what_is_no_request_for_a_way_is_answered_in_its_language() {
    let server = Server::saying(HELLO);
    let port = server.address.port();
    let program = Program::of(server.address).await;
    let check = async |said: &[u8], answer: &str, why: Misspoken| {
        let heard = String::from_utf8(program.say(said).await).unwrap();
        assert!(heard.starts_with(answer) && (answer.is_empty() == heard.is_empty()), "{heard:?}");
        assert_eq!(program.outcome().await, TunnelOutcome::Misspoken(why));
    };
    let to = |more: &str| format!("CONNECT a.example:{port} HTTP/1.1\r\n{more}\r\n");
    for address in ["/", "https://a.example/", "http://a.example:443/", "http://u:p@a.example/", "ftp://a.example/"] {
        let said = format!("GET {address} HTTP/1.1\r\nhost: a.example\r\n\r\n");
        check(said.as_bytes(), "HTTP/1.1 400 ", Misspoken::Address).await;
    }
    check(b"GET http://a.example/ HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", Misspoken::Nameless).await;
    let two =
        "GET http://a.example/ HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n";
    check(two.as_bytes(), "HTTP/1.1 400 ", Misspoken::Language).await;
    check(to("content-length: 5\r\n").as_bytes(), "HTTP/1.1 400 ", Misspoken::Body).await;
    check(to("transfer-encoding: chunked\r\n").as_bytes(), "HTTP/1.1 400 ", Misspoken::Body).await;
    check(to("no colon\r\n").as_bytes(), "HTTP/1.1 400 ", Misspoken::Language).await;
    check(b"CONNECT a.example HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", Misspoken::Target).await;
    let huge = to(&format!("x: {}\r\n", "y".repeat(60 << 10)));
    check(huge.as_bytes(), "HTTP/1.1 431 ", Misspoken::TooLarge).await;
    check(b"\x16\x03\x01\x00\x05hello", "", Misspoken::Language).await;
    check(b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00", "", Misspoken::Language).await;
    for (said, answer, why) in [
        (&[5, 1, 2][..], &[5, 0xff][..], Misspoken::Credentials),
        (&[5, 1, 0, 5, 2, 0, 1, 127, 0, 0, 1, 0, 80], &[5, 0, 5, 7, 0, 1, 0, 0, 0, 0, 0, 0], Misspoken::Command),
        (&[5, 1, 0, 5, 1, 0, 9], &[5, 0, 5, 8, 0, 1, 0, 0, 0, 0, 0, 0], Misspoken::Kind),
        (&[5, 1, 0, 5, 1, 0, 3, 0, 0, 80], &[5, 0, 5, 1, 0, 1, 0, 0, 0, 0, 0, 0], Misspoken::Target),
    ] {
        assert_eq!(program.say(said).await, answer);
        assert_eq!(program.outcome().await, TunnelOutcome::Misspoken(why));
    }
    // Whoever says no more gets no more.
    drop(program.dial().await);
    assert_eq!(program.outcome().await, TunnelOutcome::Broken);
    assert_eq!(server.visits(), 0);
}

#[tokio::test]
async fn whoever_speaks_slowly_is_not_waited_for() {
    let server = Server::saying(HELLO);
    let program = Program::of(server.address).await;
    let mut stream = program.dial().await;
    let drip = async {
        for byte in format!("CONNECT a.example:{} HTTP/1.1\r\nx: {}", server.address.port(), "y".repeat(200)).bytes() {
            if stream.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        String::from_utf8(heard(&mut stream).await).unwrap()
    };
    let said = drip.await;
    assert!(said.starts_with("HTTP/1.1 408 ") && said.ends_with("nobody said where to\n"), "{said}");
    assert_eq!(program.outcome().await, TunnelOutcome::Misspoken(Misspoken::Slow));
    // And who says nothing at all.
    assert_eq!(program.say(b"").await, b"");
    assert_eq!(program.outcome().await, TunnelOutcome::Misspoken(Misspoken::Slow));
}

/// A question is taken back when the program does not wait for its answer, and has an end itself.
#[tokio::test]
async fn nobody_is_asked_for_a_program_that_has_gone() {
    let program = Program::new(&["gist.github.com"], names(&[])).await;
    *program.guard.choice.lock().unwrap() = None;
    let open = || program.guard.house.broker.questions().open(OwnerId::LOCAL).len();
    let mut stream = program.dial().await;
    stream.write_all(b"CONNECT gist.github.com:443 HTTP/1.1\r\n\r\n").await.unwrap();
    while open() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    drop(stream);
    assert_eq!(program.outcome().await, TunnelOutcome::Broken);
    assert_eq!(open(), 0);
    let said = program.connect_said("gist.github.com:443").await;
    assert!(said.starts_with("HTTP/1.1 504 "), "{said}");
    assert!(said.ends_with("gist.github.com took longer than 2 s to be decided on\n"), "{said}");
    assert_eq!(open(), 0);
}

/// Where anybody can have a place, a person is asked before there is a way.
#[tokio::test]
async fn a_person_is_asked_where_the_grant_is_not_enough() {
    let way = Server::new(|mut stream| {
        request_read(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        hello_heard(&mut stream);
        let mut piece = [0; 5];
        while stream.read_exact(&mut piece).is_ok() {
            stream.write_all(&piece).unwrap();
        }
    });
    let proxy = Proxy::new(&format!("http://{}", way.address), vec![]).unwrap();
    let config = ClientConfig { proxy: Some(Arc::new(proxy)), ..names(&[("gist.github.com", "93.184.216.34")]) };
    let program = Program::new(&["gist.github.com"], config).await;
    let said = program.connect_said("gist.github.com:443").await;
    assert!(said.starts_with("HTTP/1.1 403 ") && said.ends_with("you said no\n"), "{said}");
    assert_eq!(way.visits(), 0);
    *program.guard.choice.lock().unwrap() = Some(Choice::Once);
    let mut stream = program.connect("gist.github.com:443").await.unwrap();
    stream.write_all(&hello(Some("gist.github.com"), &[])).await.unwrap();
    stream.read_exact(&mut [0; HEARD.len()]).await.unwrap();
    let asked = "connect to gist.github.com, a place for pastes where anybody can have a place";
    assert_eq!(*program.guard.questions.lock().unwrap(), [asked, asked]);
    // It stays, though it would be asked about again.
    program.tunnels.look();
    let mut piece = [0; 5];
    stream.write_all(b"hello").await.unwrap();
    stream.read_exact(&mut piece).await.unwrap();
    assert_eq!(&piece, b"hello");
}

#[tokio::test]
async fn a_run_that_has_ended_has_no_way() {
    let server = Server::saying(HELLO);
    let name = format!("a.example:{}", server.address.port());
    let program = Program::of(server.address).await;
    program.guard.lease.end(broker::LeaseEnd::Stopped);
    let said = program.connect_said(&name).await;
    assert!(said.starts_with("HTTP/1.1 503 ") && said.ends_with("the run has ended\n"), "{said}");
    let record = program.record().await;
    assert_eq!(record.outcome, TunnelOutcome::Ended(broker::LeaseEnd::Stopped));
    assert_eq!(
        record.sentence().unwrap().to_string(),
        format!("did not connect to {name}: the run has ended: the owner stopped it")
    );
}

/// No more at once than there are places; who waits gets one when it is free.
#[tokio::test]
async fn places_are_bounded() {
    let server = Server::saying(HELLO);
    let name = format!("a.example:{}", server.address.port());
    let bounds = TunnelBounds { connections: 2, ..quick() };
    let config = names(&[("a.example", "127.0.0.1")]);
    let program = Program::within(&[&name, &server.target()], config, bounds, Limits::default()).await;
    let first = program.connect(&name).await.unwrap();
    let _second = program.connect(&name).await.unwrap();
    let third = program.connect(&name);
    tokio::pin!(third);
    assert!(tokio::time::timeout(Duration::from_millis(300), third.as_mut()).await.is_err());
    assert!(!program.tunnels.take(tokio::io::duplex(1).0), "nor for one that is brought");
    drop(first);
    assert!(third.await.is_ok());
}

/// Who asks in a circle is held up, and what they ask can be written down.
#[tokio::test]
async fn beginnings_are_bounded() {
    let bounds = TunnelBounds { begun_per_second: 5, ..quick() };
    let program = Program::within(&["a.example"], names(&[]), bounds, Limits::default()).await;
    let begun_at = std::time::Instant::now();
    for _ in 0..16 {
        assert!(program.connect_said("evil.example:443").await.starts_with("HTTP/1.1 403 "));
    }
    // Five at once, five more, and then five within each second.
    assert!(begun_at.elapsed() > Duration::from_millis(1_500), "{:?}", begun_at.elapsed());
}

/// What could not be written down does not happen.
#[tokio::test]
async fn nothing_is_sent_that_could_not_be_noted() {
    let server = Server::saying(HELLO);
    let name = format!("a.example:{}", server.address.port());
    let program = Program::of(server.address).await;
    program.guard.is_disk_full.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut stream = program.connect(&name).await.unwrap();
    stream.write_all(format!("GET / HTTP/1.1\r\nhost: {name}\r\n\r\n").as_bytes()).await.unwrap();
    let said = String::from_utf8(heard(&mut stream).await).unwrap();
    assert!(said.starts_with("HTTP/1.1 502 ") && said.ends_with("could not be written down\n"), "{said}");
    let record = program.record().await;
    assert!(matches!(record.outcome, TunnelOutcome::Failed(EgressError::Broken { .. })), "{:?}", record.outcome);
    assert_eq!(record.bytes_up, 0);
}
