//! Requests to hosts, with a server at the other end.

use crate::support::{House, Outcome, TestScene};
use broker::{AppGrants, Grant, LeaseEnd, NetworkDemand, WebUrl, rule_read};
use kernel::{
    HeldSecrets,
    effect::{Done, EffectError, Fetched, Said},
    host_call::{HostAnswer, HttpCall, HttpRedirect},
};
use protocol::{Clock as _, ErrorCode, GrantDuration, GrantId, GrantState, OwnerId, Scope};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Mutex, atomic::Ordering::SeqCst, mpsc},
    time::{Duration, Instant},
};

/// A server that answers with what this makes of each request; the heads and bodies that came, in order.
pub(crate) fn serve(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            drop(talk(stream.expect("a connection"), &answer, &sender));
        }
    });
    (address, received)
}

fn talk(mut stream: TcpStream, answer: &impl Fn(&str) -> String, sender: &mpsc::Sender<String>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let whole = head + &String::from_utf8_lossy(&body);
    let said = answer(&whole);
    drop(sender.send(whole));
    stream.write_all(said.as_bytes())
}

pub(crate) fn page(text: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}", text.len())
}

pub(crate) fn to(place: &str, status: u16) -> String {
    format!("HTTP/1.1 {status} Found\r\nlocation: {place}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

pub(crate) fn granted(targets: &[String]) -> House {
    let house = House::new();
    let asked = Scope::Network { rules: vec![] };
    let grant = Grant {
        id: GrantId::new(&house.clock, &house.entropy),
        line: asked.line(),
        scope: Scope::Network { rules: targets.iter().map(|target| rule_read(target).expect("a host")).collect() },
        state: GrantState::Allow,
        duration: GrantDuration::Always,
        folders: vec![],
        bound: None,
        at: house.clock.now(),
    };
    let app = house.lease().app().clone();
    house.broker.grants_load(OwnerId::LOCAL, &app, AppGrants { requested: vec![asked], grants: vec![grant] });
    house
}

fn call(method: &str, url: &str) -> HttpCall {
    let body = if matches!(method, "GET" | "HEAD") { vec![] } else { b"tea".to_vec() };
    let (headers, secrets) = (vec![], HeldSecrets::default());
    HttpCall { method: method.into(), url: url.into(), headers, body, redirect: HttpRedirect::Follow, hops: 0, secrets }
}

pub(crate) fn with(headers: &[(&str, &str)], call: HttpCall) -> HttpCall {
    HttpCall { headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(), ..call }
}

fn send(house: &House, call: HttpCall) -> Outcome {
    send_in(house, &house.scene(&house.lease()), call)
}

pub(crate) fn send_in(house: &House, scene: &TestScene, call: HttpCall) -> Outcome {
    house.call(&*house.effects.http, call, scene)
}

/// An answer as the guest takes it apart.
pub(crate) fn unframe(done: &Done) -> (Value, String) {
    let HostAnswer::Bytes(bytes) = &done.answer else { panic!("no answer: {:?}", done.answer) };
    let length = u32::from_le_bytes(bytes[..4].try_into().expect("four bytes")) as usize;
    let head = serde_json::from_slice(&bytes[4..4 + length]).expect("JSON");
    (head, String::from_utf8_lossy(&bytes[4 + length..]).into_owned())
}

fn next(done: Done) -> HttpCall {
    match done.answer {
        HostAnswer::Redirect(next) => *next,
        other => panic!("no redirect: {other:?}"),
    }
}

#[test]
fn an_answer_has_its_status_headers_and_body() {
    let (address, seen) = serve(|_| {
        "HTTP/1.1 404 Not Found\r\nX-One: a\r\nx-one: b\r\nset-cookie: a=b\r\ncontent-length: 5\r\n\r\nhello".to_owned()
    });
    let house = granted(&[address.to_string()]);
    let url = format!("http://{address}/a?b=c");
    let done = send(&house, with(&[("X-Own", "1"), ("Authorization", "Bearer x")], call("GET", &url))).done();
    let (head, body) = unframe(&done);
    assert_eq!(head, json!({ "status": 404, "url": url, "headers": { "x-one": "a, b", "content-length": "5" } }));
    assert_eq!(body, "hello");
    assert_eq!(done.said, Some(Said::Read { what: format!("http://{address}/a?…"), bytes: 5 }));
    let request = seen.recv().expect("a request");
    assert!(request.contains("x-own: 1\r\n") && request.contains("authorization: Bearer x\r\n"), "{request}");
}

#[test]
fn a_method_that_changes_something_is_announced_first() {
    let (address, seen) = serve(|_| page("done"));
    let house = granted(&[address.to_string()]);
    let scene = house.scene(&house.lease());
    let url = format!("http://{address}/x");
    let done = house.call(&*house.effects.http, call("POST", &url), &scene).done();
    assert_eq!(scene.sending.lock().as_deref(), Some(&*format!("about to send 3 bytes to {url} (POST)")));
    let Some(Said::Once(said)) = &done.said else { panic!("{:?}", done.said) };
    assert_eq!(said.to_string(), format!("sent 3 bytes to {url} (POST), which answered 200"));
    assert!(seen.recv().expect("a request").ends_with("\r\n\r\ntea"));
    // Reading announces nothing.
    let scene = house.scene(&house.lease());
    house.call(&*house.effects.http, call("HEAD", &url), &scene).done();
    assert_eq!(*scene.sending.lock(), None);
}

#[test]
fn what_is_not_an_apps_to_say_is_refused_before_anything_is_sent() {
    let house = granted(&["127.0.0.1:9".to_owned()]);
    let check = |call: HttpCall, says: &str| {
        let error = send(&house, call).error();
        assert_eq!((error.code, error.message.contains(says)), (ErrorCode::InvalidInput, true), "{}", error.message);
    };
    let get = || call("GET", "http://127.0.0.1:9/");
    for name in [
        "Host",
        "cookie",
        "Content-Length",
        "transfer-encoding",
        "Connection",
        "TE",
        "Upgrade",
        "Proxy-Authorization",
        "Accept-Encoding",
        "Sec-Fetch-Site",
        "Via",
        "X-Forwarded-For",
        "Expect",
    ] {
        check(with(&[(name, "x")], get()), "is not an app's to set");
    }
    check(with(&[("a b", "x")], get()), "is no name of a header");
    check(with(&[("x", "a\r\nhost: evil")], get()), "holds what no header may");
    check(with(&[("x\r\nhost", "evil")], get()), "is no name of a header");
    for method in ["CONNECT", "TRACE", "get", "", "GET /x HTTP/1.1\r\n"] {
        check(call(method, "http://127.0.0.1:9/"), "the method is one of");
    }
    check(HttpCall { body: b"x".to_vec(), ..get() }, "GET has no body");
    for url in ["", "ftp://a.org", "http://user@127.0.0.1:9/", "//a.org", "http://a b/", "file:///etc/passwd"] {
        check(call("GET", url), "no web address");
    }
    let large = "a".repeat(70_000);
    assert_eq!(send(&house, with(&[("x", &large)], get())).code(), ErrorCode::TooLarge);
    // The permit of another request is none for this one.
    let lease = house.lease();
    let url = WebUrl::parse("http://127.0.0.1:9/").expect("a URL");
    for demand in [
        NetworkDemand::new("HEAD", url.clone(), &[], false),
        NetworkDemand::new("GET", WebUrl::parse("http://127.0.0.1:9/x").expect("a URL"), &[], false),
        NetworkDemand::new("GET", url, b"x", false),
    ] {
        let permit = house.permit(&lease, demand);
        let error = house.effects.http.perform(Some(permit), get(), &house.scene(&lease)).expect_err("it is refused");
        assert!(matches!(error, EffectError::Guest(error) if error.code == ErrorCode::PermissionDenied));
    }
}

#[test]
fn a_redirect_is_the_next_request_and_takes_along_what_may_go() {
    let (address, _seen) = serve(|request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        match path.trim_start_matches('/').split_once('/') {
            Some((status, place)) => to(place, status.parse().unwrap_or(302)),
            None => to("/again", 302),
        }
    });
    let house = granted(&[address.to_string()]);
    let at = |path: &str| format!("http://{address}/{path}");
    let headers =
        [("Authorization", "Bearer x"), ("X-Api-Key", "k"), ("Accept", "text/html"), ("Content-Type", "text/plain")];
    let names = |call: &HttpCall| call.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    // To the same origin everything goes along; to another one, nothing that says who is asking.
    let same = next(send(&house, with(&headers, call("GET", &at("302//x")))).done());
    assert_eq!((same.url.clone(), same.hops, names(&same).len()), (at("x"), 1, 4));
    let other = next(send(&house, with(&headers, call("GET", &at("302/https://b.org/")))).done());
    assert_eq!(
        (other.url.as_str(), names(&other)),
        ("https://b.org/", vec!["Accept".to_owned(), "Content-Type".into()])
    );
    // A body goes along only where the method does.
    let seen = next(send(&house, with(&headers, call("POST", &at("303//x")))).done());
    assert_eq!((seen.method.as_str(), seen.body.len(), names(&seen).len()), ("GET", 0, 3));
    let kept = next(send(&house, with(&headers, call("POST", &at("307//x")))).done());
    assert_eq!((kept.method.as_str(), kept.body.len()), ("POST", 3));
    // As the answer, or not at all.
    let manual = HttpCall { redirect: HttpRedirect::Manual, ..call("GET", &at("302//x")) };
    assert_eq!(unframe(&send(&house, manual).done()).0["status"], 302);
    let none = HttpCall { redirect: HttpRedirect::Error, ..call("GET", &at("302//x")) };
    assert_eq!(send(&house, none).code(), ErrorCode::NetworkFailed);
    assert_eq!(send(&house, call("GET", &at("302/javascript:alert(1)"))).code(), ErrorCode::NetworkFailed);
    // A circle ends.
    let mut call = call("GET", &at(""));
    let mut hops = 0;
    let error = loop {
        match send(&house, call) {
            Outcome::Done(done) => call = next(done),
            failed => break failed.error(),
        }
        hops += 1;
    };
    assert_eq!((hops, error.code), (10, ErrorCode::NetworkFailed));
    assert!(error.message.contains("more than 10 redirects"), "{}", error.message);
}

/// Where an allowed host leads is decided like any request: the broker says no.
#[test]
fn a_redirect_to_ones_own_network_is_refused_on_the_hop() {
    for place in
        ["http://169.254.169.254/latest/meta-data/", "http://127.0.0.1/", "http://[::1]/", "http://2130706433/"]
    {
        let (address, _seen) = serve(move |_| to(place, 302));
        let house = granted(&[address.to_string()]);
        let hop = next(send(&house, call("GET", &format!("http://{address}/"))).done());
        assert_eq!(send(&house, hop).code(), ErrorCode::PermissionDenied, "{place}");
    }
}

#[test]
fn failures_are_not_done_or_unknown_as_they_are() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let (cut, _seen) = serve(|_| String::new());
    let house = granted(&[free.to_string(), cut.to_string()]);
    let check = |method: &str, address: SocketAddr, is_unknown: bool| {
        let Outcome::Failed(error) = send(&house, call(method, &format!("http://{address}/"))) else { panic!("fails") };
        assert_eq!(matches!(error, EffectError::Unknown(_)), is_unknown, "{method} {error:?}");
    };
    check("POST", free, false);
    check("GET", free, false);
    check("POST", cut, true);
    check("GET", cut, false);
}

#[test]
fn what_is_larger_than_one_answer_fails_whole() {
    let (address, _seen) = serve(|request| match request.starts_with("GET /fits") {
        true => page(&"a".repeat(3 << 20)),
        false => page(&"a".repeat(4 << 20)),
    });
    let house = granted(&[address.to_string()]);
    let (_, body) = unframe(&send(&house, call("GET", &format!("http://{address}/fits"))).done());
    assert_eq!(body.len(), 3 << 20);
    assert_eq!(send(&house, call("GET", &format!("http://{address}/large"))).code(), ErrorCode::TooLarge);
}

/// While a server takes its time: the owner stops the run, or takes the grant back.
#[test]
fn a_request_under_way_ends_within_a_second() {
    for is_stop in [true, false] {
        let (reached, at) = mpsc::channel();
        let reached = Mutex::new(reached);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            reached.lock().expect("a lock").send(()).expect("somebody waits");
            // Until the other side goes.
            let mut all = Vec::new();
            drop(stream.read_to_end(&mut all));
        });
        let house = granted(&[address.to_string()]);
        let lease = house.lease();
        let scene = house.scene(&lease);
        let withdrawn = scene.is_withdrawn.clone();
        let ending = lease.clone();
        let ends = std::thread::spawn(move || {
            at.recv().expect("the request came");
            if is_stop {
                ending.end(LeaseEnd::Stopped);
            } else {
                withdrawn.store(true, SeqCst);
            }
            Instant::now()
        });
        let outcome = house.call(&*house.effects.http, call("GET", &format!("http://{address}/")), &scene);
        let took = ends.join().expect("it was ended").elapsed();
        assert!(took < Duration::from_secs(1), "{took:?}");
        match (is_stop, outcome) {
            (true, Outcome::Failed(EffectError::Ended(LeaseEnd::Stopped))) => {}
            (false, Outcome::Failed(EffectError::Guest(error))) => {
                assert_eq!(error.code, ErrorCode::PermissionDenied);
                assert!(error.message.contains("network was taken back while it was under way"), "{}", error.message);
            }
            (_, other) => panic!("{other:?}"),
        }
    }
}

/// What the owner fetches: from where they said, over TLS or from their own network, and no more than fits.
#[test]
fn an_errand_brings_what_the_owner_named_and_nothing_from_elsewhere() {
    let (address, seen) = serve(|request| match request.split(' ').nth(1).unwrap_or_default() {
        "/x" => page("an archive"),
        "/large" => "HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\nconnection: close\r\n\r\n".to_owned(),
        "/endless" => format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "a".repeat(5_000)),
        "/here" => to("/x", 302),
        "/metadata" => to("http://169.254.169.254/latest/", 302),
        "/plain" => to("http://a.example/x", 301),
        "/circle" => to("/circle", 307),
        _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
    });
    let house = granted(&[]);
    let lease = house.lease();
    let fetch = |url: &str| {
        let mut permit = |url: WebUrl, is_named: bool| {
            house.broker.errand(*lease.caller(), lease.app(), lease.run(), url, is_named, 0)
        };
        crate::support::runtime().block_on(house.effects.errand.fetch(url, 1_000, &mut permit))
    };
    let at = |path: &str| format!("http://{address}{path}");
    let here = address.to_string();
    let archive = Fetched { bytes: b"an archive".to_vec(), named: here.clone(), sender: here };
    assert_eq!(fetch(&at("/x")), Ok(archive.clone()));
    assert!(seen.recv().expect("a request").starts_with("GET /x HTTP/1.1\r\n"));
    let check = |url: &str, code: ErrorCode, says: &str| {
        let error = fetch(url).expect_err(url);
        assert_eq!((error.code, error.message.contains(says)), (code, true), "{url}: {}", error.message);
    };
    check(&at("/large"), ErrorCode::TooLarge, "a body of more than 1000 bytes");
    check(&at("/endless"), ErrorCode::TooLarge, "a body of more than 1000 bytes");
    check(&at("/missing"), ErrorCode::NotFound, "answered 404");
    check(&at("/circle"), ErrorCode::NetworkFailed, "more than 10 redirects");
    check(&at("/metadata"), ErrorCode::PermissionDenied, "169.254.169.254 lies on your own machine or network");
    check(&at("/plain"), ErrorCode::PermissionDenied, "comes over https");
    assert_eq!(fetch(&at("/here")), Ok(archive));
    check("http://a.example/x", ErrorCode::PermissionDenied, "comes over https");
    check("ftp://a.example/x", ErrorCode::Usage, "no web address");
    check("https://user@a.example/x", ErrorCode::Usage, "no web address");
}
