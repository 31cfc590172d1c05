//! What a program says first on its way, and for whom it is: real hellos of TLS, and such as nobody honest says.

use crate::{
    hello::{HEARD, extension, hello, hello_answered, hello_heard, retry, sized},
    house::{Server, request_read},
    program::{Program, head, heard, names},
    tls::{Authority, serve, serve_with},
};
use egress::{ClientConfig, Proxy, Speech, TunnelOutcome};
use protocol::Choice;
use rustls::{
    ClientConnection, RootCertStore,
    crypto::ring::{self, kx_group},
    pki_types::{CertificateDer, ServerName},
};
use std::{
    io::{Read as _, Write as _},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

fn client(authority: &Authority) -> Arc<rustls::ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.der())).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn connection(authority: &Authority, name: &str) -> ClientConnection {
    ClientConnection::new(client(authority), ServerName::try_from(name.to_owned()).unwrap()).unwrap()
}

/// Asks over TLS, in a thread that may block.
async fn ask(stream: TcpStream, mut tls: ClientConnection) -> std::io::Result<String> {
    let mut stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    let asked = tokio::task::spawn_blocking(move || {
        let mut line = rustls::Stream::new(&mut tls, &mut stream);
        line.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
        let mut said = String::new();
        line.read_to_string(&mut said)?;
        Ok(said)
    });
    asked.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_to_the_host_passes_and_stays_between_the_two() {
    let authority = Authority::new();
    let (server, visits) = serve(authority.issue("a.example", |_| {}), &[]).await;
    let program = Program::of(server).await;
    let stream = program.connect(&format!("a.example:{}", server.port())).await.unwrap();
    let said = ask(stream, connection(&authority, "a.example")).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n") && said.ends_with("HTTP/1.1 "), "{said}");
    let record = program.record().await;
    assert_eq!((record.outcome, record.speech), (TunnelOutcome::Closed, Some(Speech::Tls)));

    // An address was granted as such, and has no name in TLS.
    let (server, _) = serve(authority.issue("127.0.0.1", |_| {}), &[]).await;
    let program = Program::of(server).await;
    let stream = program.socks(1, &[127, 0, 0, 1], server.port()).await.unwrap();
    assert!(ask(stream, connection(&authority, "127.0.0.1")).await.is_ok());
    let stream = program.connect(&server.to_string()).await.unwrap();
    let error = ask(stream, connection(&authority, "a.example")).await.unwrap_err();
    assert!(error.to_string().contains("AccessDenied"), "{error}");
    assert_eq!(visits.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_to_anybody_else_ends_before_it_begins() {
    let authority = Authority::new();
    let heard_there = Arc::new(Mutex::new(Vec::new()));
    let noted = heard_there.clone();
    let server = Server::new(move |mut stream| {
        let mut all = Vec::new();
        drop(stream.read_to_end(&mut all));
        noted.lock().unwrap().extend(all);
    });
    let name = format!("a.example:{}", server.address.port());
    let program = Program::of(server.address).await;
    let stream = program.connect(&name).await.unwrap();
    let error = ask(stream, connection(&authority, "b.example")).await.unwrap_err();
    assert!(error.to_string().contains("AccessDenied"), "{error}");
    let record = program.record().await;
    assert_eq!(
        record.sentence().unwrap().to_string(),
        format!(
            "BLOCKED: wanted to connect to {name}; what it says first is for b.example, and this is a connection to {name}"
        )
    );
    assert_eq!((record.bytes_up, record.address), (0, Some(server.address.ip())));

    let said = async |said: &[u8]| {
        let mut stream = program.connect(&name).await.unwrap();
        stream.write_all(said).await.unwrap();
        heard(&mut stream).await
    };
    let denied = [21, 3, 3, 0, 2, 2, 49];
    for (hello, rule) in [
        (hello(None, &[]), format!("what it says first does not say that it is for {name}")),
        (
            hello(Some("a.example"), &extension(0xfe0d, &[0; 40])),
            format!(
                "what it says first is sealed (encrypted ClientHello), so nobody can see that it is for {name}: \
                 only where any public host is granted may it be"
            ),
        ),
        (
            hello(Some("a.example"), &extension(0, &[0; 5])),
            format!("what it says first to {name} is not what can be looked at: TLS, HTTP/1.1"),
        ),
    ] {
        assert_eq!(said(&hello).await, denied);
        assert_eq!(program.rule().await, rule);
    }
    // What is neither is not answered either.
    for garbage in [&b"SSH-2.0-x\r\n\r\n"[..], b"\0\0\0", b"\x05\x01\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let heard = said(garbage).await;
        assert!(heard.is_empty() || heard.starts_with(b"HTTP/1.1 403 "), "{heard:?}");
        assert!(program.rule().await.contains("is not what can be looked at"));
    }
    // And what comes together with the request for the way is looked at no less.
    let together = format!("CONNECT {name} HTTP/1.1\r\n\r\n\u{1}\u{2}\u{3}");
    assert_eq!(program.say(together.as_bytes()).await, b"HTTP/1.1 200 Connection established\r\n\r\n");
    assert!(program.rule().await.contains("is not what can be looked at"));
    assert_eq!(*heard_there.lock().unwrap(), b"", "nobody there heard a byte");
    assert!(program.guard.intents.lock().unwrap().is_empty());
}

/// What is sealed inside may be for any host behind the address. Where any public host may be reached, that is no other
/// question; browsers seal something in each hello, so that nobody can tell.
#[tokio::test]
async fn a_sealed_hello_goes_where_any_public_host_may_be_reached() {
    let (heard_there, seen) = std::sync::mpsc::channel();
    let heard_there = Mutex::new(heard_there);
    let way = Server::new(move |mut stream| {
        request_read(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let is_heard = hello_heard(&mut stream);
        heard_there.lock().unwrap().send(is_heard).unwrap();
    });
    let proxy = Arc::new(Proxy::new(&format!("http://{}", way.address), vec![]).unwrap());
    let known = [("a.example", "93.184.216.34"), ("gist.github.com", "93.184.216.34")];
    let config = || ClientConfig { proxy: Some(proxy.clone()), ..names(&known) };
    let sealed = |name| hello(name, &extension(0xfe0d, &[0; 40]));
    let say = async |program: &Program, host: &str, said: Vec<u8>| {
        let mut stream = program.connect(&format!("{host}:443")).await.unwrap();
        stream.write_all(&said).await.unwrap();
        heard(&mut stream).await
    };
    let denied = [21, 3, 3, 0, 2, 2, 49];

    let program = Program::new(&[], config()).await;
    assert_eq!(say(&program, "a.example", sealed(Some("a.example"))).await, HEARD);
    assert!(seen.recv().unwrap());
    let record = program.record().await;
    assert_eq!((&record.outcome, record.speech), (&TunnelOutcome::Closed, Some(Speech::Sealed)));
    let said = record.sentence().unwrap().to_string();
    assert!(said.ends_with(
        "received; what it said first was sealed, so it may have been for another public host at that address"
    ));
    // What is not sealed of it is looked at as ever.
    for name in [Some("b.example"), None] {
        assert_eq!(say(&program, "a.example", sealed(name)).await, denied);
        assert!(!seen.recv().unwrap());
        assert!(matches!(program.outcome().await, TunnelOutcome::Denied(_)));
    }
    // Who says yes to a host says it to that host.
    *program.guard.choice.lock().unwrap() = Some(Choice::Once);
    assert_eq!(say(&program, "gist.github.com", sealed(Some("gist.github.com"))).await, denied);
    assert!(!seen.recv().unwrap());
    assert!(program.rule().await.contains("is sealed"));

    let program = Program::new(&["a.example"], config()).await;
    assert_eq!(say(&program, "a.example", sealed(Some("a.example"))).await, denied);
    assert!(!seen.recv().unwrap());
    assert!(program.rule().await.contains("is sealed"));
}

/// A second hello that is sealed, where the first was not, would be written down as what it is not.
#[tokio::test]
async fn what_was_open_first_is_not_sealed_later() {
    let (heard_there, seen) = std::sync::mpsc::channel();
    let heard_there = Mutex::new(heard_there);
    let way = Server::new(move |mut stream| {
        request_read(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        hello_answered(&mut stream, &retry());
        heard_there.lock().unwrap().send(hello_heard(&mut stream)).unwrap();
    });
    let proxy = Arc::new(Proxy::new(&format!("http://{}", way.address), vec![]).unwrap());
    let config = ClientConfig { proxy: Some(proxy), ..names(&[("a.example", "93.184.216.34")]) };
    let program = Program::new(&[], config).await;
    let [open, sealed] = [&[][..], &extension(0xfe0d, &[0; 40])].map(|more| hello(Some("a.example"), more));
    for (first, second, passes) in [(&open, &open, true), (&sealed, &sealed, true), (&open, &sealed, false)] {
        let mut stream = program.connect("a.example:443").await.unwrap();
        stream.write_all(first).await.unwrap();
        stream.read_exact(&mut vec![0; retry().len()]).await.unwrap();
        stream.write_all(second).await.unwrap();
        let answer = heard(&mut stream).await;
        drop(stream);
        assert_eq!(answer == HEARD, passes, "{answer:?}");
        assert_eq!(seen.recv().unwrap(), passes);
        assert_eq!(program.outcome().await == TunnelOutcome::Closed, passes);
    }
}

/// In many records, and each byte by itself: the server hears what the program said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hello_in_pieces_is_one() {
    let authority = Authority::new();
    let (server, _) = serve(authority.issue("a.example", |_| {}), &[]).await;
    let program = Program::of(server).await;
    for (name, passes) in [("a.example", true), ("b.example", false)] {
        let mut stream = program.connect(&format!("a.example:{}", server.port())).await.unwrap();
        let mut tls = connection(&authority, name);
        let mut whole = Vec::new();
        tls.write_tls(&mut whole).unwrap();
        let pieces = whole[5..].chunks(20).flat_map(|piece| [&[22, 3, 1], &sized(2, piece)[..]].concat());
        for byte in pieces.collect::<Vec<u8>>() {
            stream.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert_eq!(ask(stream, tls).await.is_ok(), passes);
        assert_eq!(program.outcome().await == TunnelOutcome::Closed, passes);
    }
}

/// A server may ask for a second hello, which could say another name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_hello_is_looked_at_like_the_first() {
    let authority = Authority::new();
    // The program guesses another group first.
    let provider = rustls::crypto::CryptoProvider { kx_groups: vec![kx_group::SECP384R1], ..ring::default_provider() };
    let (server, _) = serve_with(provider, authority.issue("a.example", |_| {}), &[]).await;
    let name = format!("a.example:{}", server.port());
    let program = Program::of(server).await;
    let stream = program.connect(&name).await.unwrap();
    let said = ask(stream, connection(&authority, "a.example")).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
    assert_eq!(program.outcome().await, TunnelOutcome::Closed);

    let mut stream = program.connect(&name).await.unwrap();
    let mut first = Vec::new();
    connection(&authority, "a.example").write_tls(&mut first).unwrap();
    stream.write_all(&first).await.unwrap();
    let mut answer = [0; 43];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[11..14], [0xcf, 0x21, 0xad], "it wants another");
    // What TLS says between the two goes on; the hello does not.
    let change = [20, 3, 3, 0, 1, 1];
    stream.write_all(&[&change[..], &hello(Some("b.example"), &[])].concat()).await.unwrap();
    assert!(heard(&mut stream).await.ends_with(&[21, 3, 3, 0, 2, 2, 49]));
    let record = program.record().await;
    assert_eq!(record.bytes_up, (first.len() + change.len()) as u64);
    assert!(matches!(record.outcome, TunnelOutcome::Denied(_)), "{:?}", record.outcome);
}

/// Answers each request with its head, so that it shows what came.
fn echo() -> Server {
    Server::new(|mut stream| {
        loop {
            let head = request_read(&mut stream);
            if head.is_empty() {
                return;
            }
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{head}", head.len()).unwrap();
        }
    })
}

#[tokio::test]
async fn plain_http_to_the_host_passes_and_to_others_does_not() {
    let server = echo();
    let port = server.address.port();
    let name = format!("a.example:{port}");
    let program = Program::of(server.address).await;
    let said = async |said: &str| {
        let mut stream = program.connect(&name).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let head = head(&mut stream).await;
        stream.shutdown().await.unwrap();
        heard(&mut stream).await;
        head.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(said(&format!("GET /x HTTP/1.1\r\nHost: {name}\r\n\r\n")).await, "HTTP/1.1 200 OK");
    assert_eq!(program.outcome().await, TunnelOutcome::Closed);
    let first = format!("what it says first is for b.example:{port}, and this is a connection to {name}");
    let unclear = format!("what it says first to {name} is not what can be looked at: TLS, HTTP/1.1");
    for (request, rule) in [
        (format!("GET / HTTP/1.1\r\nHost: b.example:{port}\r\n\r\n"), first),
        (
            "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".to_owned(),
            format!("what it says first is for a.example:80, and this is a connection to {name}"),
        ),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), format!("what it says first does not say that it is for {name}")),
        (format!("GET http://b.example/ HTTP/1.1\r\nHost: {name}\r\n\r\n"), unclear.clone()),
        (format!("GET / HTTP/1.1\r\nHost: {name}\r\nHost: b.example\r\n\r\n"), unclear.clone()),
        (format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(70 << 10)), unclear),
    ] {
        assert_eq!(said(&request).await, "HTTP/1.1 403 Forbidden", "{request:.80}");
        assert_eq!(program.rule().await, rule);
    }
    assert_eq!(program.guard.intents.lock().unwrap().len(), 1);
}

/// The usual ports mean what they mean: TLS at 443, and plain HTTP only where it was granted.
#[tokio::test]
async fn the_port_of_https_is_for_tls() {
    let way = Server::new(|mut stream| {
        request_read(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let head = request_read(&mut stream);
        assert!(head.is_empty() || head.starts_with("GET / HTTP/1.1\r\nhost: b.example\r\n"), "{head}");
        drop(stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n"));
    });
    let proxy = Proxy::new(&format!("http://{}", way.address), vec![]).unwrap();
    let known = [("a.example", "93.184.216.34"), ("b.example", "93.184.216.34")];
    let config = ClientConfig { proxy: Some(Arc::new(proxy)), ..names(&known) };
    let program = Program::new(&["a.example", "http://b.example"], config).await;
    let mut stream = program.connect("a.example:443").await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a.example:443\r\n\r\n").await.unwrap();
    assert!(heard(&mut stream).await.starts_with(b"HTTP/1.1 403 "));
    assert_eq!(program.rule().await, "what it says first to a.example is not what can be looked at: TLS");
    let mut stream = program.connect("b.example:80").await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: b.example\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(heard(&mut stream).await, b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
    assert_eq!(program.outcome().await, TunnelOutcome::Closed);
}

#[tokio::test]
async fn who_says_nothing_first_has_no_way_for_long() {
    let server = echo();
    let name = format!("a.example:{}", server.address.port());
    let program = Program::of(server.address).await;
    for begun in [&b""[..], b"GET / HTTP/1.1\r\nhost: ", &[22, 3, 1]] {
        let mut stream = program.connect(&name).await.unwrap();
        stream.write_all(begun).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut [0; 9])).await.unwrap();
        assert!(!matches!(ended, Ok(1..)));
        assert_eq!(program.outcome().await, TunnelOutcome::Idle { after_ms: 1_000 });
    }
}
