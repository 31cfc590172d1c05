//! A proxy between here and there: honest ones, and those that are none.

use crate::{
    house::{House, Server, request_read},
    tls::{Authority, serve},
};
use egress::{ClientConfig, EgressError, Proxy, ProxyFault, Resolver, Resolving};
use protocol::OwnerId;
use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, SocketAddr, TcpStream},
    sync::{Arc, Mutex, mpsc},
};

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
const OPEN: &str = "HTTP/1.1 200 Connection established\r\nvia: 1.1 proxy\r\n\r\n";
/// Somewhere public, which nothing here ever connects to.
const THERE: &str = "93.184.216.34";

/// One name, and where it leads.
struct Fixed(Vec<IpAddr>);

impl Resolver for Fixed {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        let found = if name == "a.example" { Ok(self.0.clone()) } else { Err(std::io::Error::other("unknown")) };
        Box::pin(async move { found })
    }
}

/// An app that may reach `a.example`, which leads to these addresses, through a proxy.
fn house(addresses: &[&str], proxy: Proxy) -> House {
    let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
    let config =
        ClientConfig { resolver: Arc::new(Fixed(addresses)), proxy: Some(Arc::new(proxy)), ..ClientConfig::default() };
    House::with(&["a.example:80"], config)
}

fn proxy_at(address: SocketAddr) -> Proxy {
    Proxy::new(&format!("http://{address}"), vec![]).unwrap()
}

/// Notes what it is asked for, and opens a way on which it plays the host.
fn honest() -> (Server, mpsc::Receiver<String>) {
    let (heads, seen) = mpsc::channel();
    let heads = Mutex::new(heads);
    let server = Server::new(move |mut stream| {
        let asked = request_read(&mut stream);
        heads.lock().unwrap().send(asked).unwrap();
        stream.write_all(OPEN.as_bytes()).unwrap();
        loop {
            let head = request_read(&mut stream);
            if head.is_empty() {
                return;
            }
            heads.lock().unwrap().send(head).unwrap();
            stream.write_all(HELLO.as_bytes()).unwrap();
        }
    });
    (server, seen)
}

#[tokio::test]
async fn a_proxy_hears_an_address_and_the_host_hears_its_name() {
    let (server, seen) = honest();
    let word = "w".repeat(2_000);
    let proxy = proxy_at(server.address).credentials(&format!("user:{word}")).unwrap();
    let house = house(&[THERE], proxy);
    let lease = house.lease();
    assert_eq!(house.get_in(&lease, "http://a.example/x").await.unwrap(), (200, b"hello".to_vec()));
    let asked = seen.recv().unwrap();
    assert!(asked.starts_with(&format!("CONNECT {THERE}:80 HTTP/1.1\r\nHost: {THERE}:80\r\n")), "{asked}");
    assert!(asked.contains("\r\nProxy-Authorization: Basic ") && !asked.contains("a.example"), "{asked}");
    let request = seen.recv().unwrap();
    assert!(request.starts_with("GET /x HTTP/1.1\r\n") && request.contains("\r\nhost: a.example\r\n"), "{request}");
    assert!(!request.to_ascii_lowercase().contains("proxy"), "{request}");
    // What is moved for the app is what it and the host said, not what the proxy was told.
    let usage = house.client.usage(OwnerId::LOCAL, &house.app);
    assert_eq!((usage.requests, lease.host_bytes()), (1, usage.bytes_in + usage.bytes_out));
    assert!(usage.bytes_out < 500, "{usage:?}");
    // The way stays open for the next request of the run, and for no other run.
    house.get_in(&lease, "http://a.example/y").await.unwrap();
    assert_eq!(server.visits(), 1);
    house.get("http://a.example/z").await.unwrap();
    assert_eq!(server.visits(), 2);
}

/// Moves bytes to a server and back.
fn carry(near: &TcpStream, to: SocketAddr) {
    let far = TcpStream::connect(to).unwrap();
    let pump = |mut from: TcpStream, mut into: TcpStream| {
        let mut bytes = [0; 4 << 10];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            if into.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        drop(into.shutdown(std::net::Shutdown::Write));
    };
    let (there, back) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    let there = std::thread::spawn({
        let far = far.try_clone().unwrap();
        move || pump(there, far)
    });
    pump(back, near.try_clone().unwrap());
    there.join().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_ends_at_the_host_and_not_at_the_proxy() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (host, _) = serve(ours.issue("a.example", |_| {}), &[b"h2", b"http/1.1"]).await;
    let (fake, _) = serve(theirs.issue("a.example", |_| {}), &[b"http/1.1"]).await;
    for (to, is_it) in [(host, true), (fake, false)] {
        let server = Server::new(move |mut stream| {
            let asked = request_read(&mut stream);
            assert!(asked.starts_with(&format!("CONNECT {THERE}:443 ")), "{asked}");
            stream.write_all(OPEN.as_bytes()).unwrap();
            carry(&stream, to);
        });
        let config = ClientConfig {
            resolver: Arc::new(Fixed(vec![THERE.parse().unwrap()])),
            roots: vec![ours.der()],
            proxy: Some(Arc::new(proxy_at(server.address))),
        };
        let house = House::with(&["a.example"], config);
        match house.get("https://a.example/").await {
            Ok((status, _)) => assert!(is_it && status == 200),
            Err(error) => assert!(!is_it && matches!(error, EgressError::Tls { .. }), "{error}"),
        }
    }
}

/// What a person reads when a proxy does this with each connection.
async fn said(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let server = Server::new(serve);
    house(&[THERE], proxy_at(server.address)).why("http://a.example/").await
}

#[tokio::test]
async fn a_proxy_that_is_none_leads_nowhere() {
    let plain = |answer: &'static str| {
        said(move |mut stream| {
            request_read(&mut stream);
            drop(stream.write_all(answer.as_bytes()));
            // Keeps the connection until the other side goes.
            request_read(&mut stream);
        })
    };
    let check = |said: String, fault: ProxyFault| {
        assert_eq!(said, format!("a.example cannot be reached: {fault}"));
    };
    check(plain("HTTP/1.1 302 Found\r\nlocation: http://evil.example/\r\n\r\n").await, ProxyFault::Redirect);
    check(
        plain("HTTP/1.1 407 x\r\nproxy-authenticate: Basic realm=\"give it\"\r\n\r\n").await,
        ProxyFault::Credentials,
    );
    check(plain("HTTP/1.1 403 Forbidden\r\ncontent-length: 9\r\n\r\nforbidden").await, ProxyFault::Refused);
    check(plain("HTTP/1.1 502 Bad Gateway\r\n\r\n").await, ProxyFault::NoWay);
    check(plain("SSH-2.0-OpenSSH\r\n").await, ProxyFault::NotHttp);
    check(plain("HTTP/1.1 999999\r\n\r\n").await, ProxyFault::NotHttp);
    check(plain("\u{0}\u{1}\u{2}").await, ProxyFault::NotHttp);
    // An answer that nobody asked the host for.
    check(plain("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil").await, ProxyFault::Talks);
    let endless = said(|mut stream| {
        request_read(&mut stream);
        drop(stream.write_all(b"HTTP/1.1 200 OK\r\n"));
        while stream.write_all(b"x-flood: 0123456789012345678901234567890123456789\r\n").is_ok() {}
    });
    check(endless.await, ProxyFault::Endless);
    check(said(|mut stream| drop(request_read(&mut stream))).await, ProxyFault::Ended);
    assert_eq!(plain("").await, "a.example took longer than 2 s to be connected to by way of the proxy");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    check(house(&[THERE], proxy_at(free)).why("http://a.example/").await, ProxyFault::Unreachable);
    let unknown = Proxy::new("http://proxy.example:3128", vec![]).unwrap();
    check(house(&[THERE], unknown).why("http://a.example/").await, ProxyFault::Unresolved);
}

/// A wrong password is said once, however many addresses a host has and however often it is asked for; where there is no way to one, there may be to another.
#[tokio::test]
async fn other_addresses_are_tried_where_that_makes_sense() {
    let other = "93.184.216.35";
    let refuses = Server::new(|mut stream| {
        request_read(&mut stream);
        drop(stream.write_all(b"HTTP/1.1 407 x\r\n\r\n"));
    });
    let wrong = house(&[THERE, other], proxy_at(refuses.address));
    for _ in 0..3 {
        let said = wrong.get("http://a.example/").await.unwrap_err();
        assert_eq!(said.to_string(), format!("a.example cannot be reached: {}", ProxyFault::Credentials));
    }
    assert_eq!(refuses.visits(), 1);
    let half = Server::new(move |mut stream| {
        let asked = request_read(&mut stream);
        if !asked.starts_with(&format!("CONNECT {other}:80 ")) {
            return drop(stream.write_all(b"HTTP/1.1 504 x\r\n\r\n"));
        }
        stream.write_all(OPEN.as_bytes()).unwrap();
        request_read(&mut stream);
        stream.write_all(HELLO.as_bytes()).unwrap();
    });
    let house = house(&[THERE, other], proxy_at(half.address));
    assert_eq!(house.get("http://a.example/").await.unwrap().1, b"hello");
    assert_eq!(half.visits(), 2);
}

/// With a proxy as without one: a name that leads to one's own network is refused, whatever the proxy would say to it; and
/// what the owner named there is reached from here.
#[tokio::test]
async fn nothing_of_ones_own_network_goes_to_a_proxy() {
    let (server, _seen) = honest();
    for addresses in [&["127.0.0.1"][..], &["10.0.0.1"], &[THERE, "169.254.169.254"], &["::ffff:127.0.0.1"]] {
        let refused = house(addresses, proxy_at(server.address)).get("http://a.example/").await.unwrap_err();
        assert!(matches!(refused, EgressError::Denied(_)), "{addresses:?}: {refused}");
    }
    let near = Server::saying(HELLO);
    let config = ClientConfig { proxy: Some(Arc::new(proxy_at(server.address))), ..ClientConfig::default() };
    let house = House::with(&[&near.target()], config);
    assert_eq!(house.get(&near.url("/")).await.unwrap().1, b"hello");
    assert_eq!((server.visits(), near.visits()), (0, 1));
}
