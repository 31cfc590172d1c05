//! The door that others reach: what it needs before it opens, and what it is behind TLS.

use crate::{Household, household::ask};
use assembly::{Client, Door, Doors, TlsFiles};
use protocol::{
    ErrorCode, Failure, Right,
    api::{Reply, Request},
};
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName},
};
use serde_json::{Value, json};
use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// A certificate for these names, as an operator has it in files.
fn certificate(folder: &Path, names: &[&str]) -> (TlsFiles, CertificateDer<'static>) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    std::fs::create_dir_all(folder).unwrap();
    let files = TlsFiles { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
    std::fs::write(&files.cert, certificate.pem()).unwrap();
    std::fs::write(&files.key, key.serialize_pem()).unwrap();
    (files, certificate.der().clone())
}

/// An address of this machine that is no loopback: the one from which it would speak to others. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|address| !address.is_unspecified() && !address.is_loopback())
}

struct Opened {
    _household: Household,
    client: Client,
    door: Door,
    trusted: CertificateDer<'static>,
}

impl Opened {
    async fn new(doors: impl FnOnce(TlsFiles) -> Doors) -> Self {
        let household = Household::new();
        let names = ["127.0.0.1".to_owned(), "box.example".to_owned()];
        let names = names.into_iter().chain(own_address().map(|address| address.to_string())).collect::<Vec<_>>();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (files, trusted) = certificate(&household.home().with_extension("tls"), &names);
        let client = Client::hold(&household.config()).await.unwrap();
        let door = client.open_door(&doors(files)).await.unwrap();
        Self { _household: household, client, door, trusted }
    }

    /// Says a message over TLS, and hears the status, the head and the body.
    async fn say(&self, to: SocketAddr, host: &str, name: &str, message: &str) -> (u16, String, Value) {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusted.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(to).await.unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let mut line = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        let message = message.replace("HOST", host);
        line.write_all(message.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        // Some end without saying so in TLS.
        drop(timeout(Duration::from_secs(10), line.read_to_end(&mut heard)).await.unwrap());
        let heard = String::from_utf8(heard).unwrap();
        let (head, body) = heard.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), head.to_owned(), serde_json::from_str(body).unwrap_or_default())
    }

    async fn close(self) {
        self.door.close().await;
        self.client.close().await;
    }
}

fn anywhere(port: u16) -> SocketAddr {
    ([0, 0, 0, 0], port).into()
}

fn post(path: &str, origin: bool, body: &Value) -> String {
    let body = body.to_string();
    let origin = if origin { "origin: https://HOST\r\n" } else { "" };
    format!(
        "POST {path} HTTP/1.1\r\nhost: HOST\r\n{origin}connection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn refused(household: &Household, doors: Doors) -> Failure {
    let client = Client::hold(&household.config()).await.unwrap();
    let failure = client.open_door(&doors).await.map(drop).unwrap_err();
    client.close().await;
    failure
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_bind_needs_tls_and_a_credential() {
    let household = Household::new();
    let (tls, _) = certificate(&household.home().with_extension("tls"), &["box.example"]);
    // A place that somebody else has: whoever came as far as to take one would be told that.
    let taken = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let open = Doors { bind: taken.local_addr().unwrap(), ..Doors::default() };
    let bare = refused(&household, open.clone()).await;
    assert_eq!(bare.code, ErrorCode::BindRefused);
    assert!(bare.hint.unwrap().contains("tls = { cert"));
    let client = Client::hold(&household.config()).await.unwrap();
    let rights = vec![Right::Read];
    let new = Request::TokenNew { name: "script".parse().unwrap(), rights, expires_in_ms: None };
    let Reply::Token { token, .. } = ask(&client, new).await.unwrap() else { panic!() };
    client.close().await;
    let plain = refused(&household, open.clone()).await;
    assert_eq!((plain.code, plain.message.contains("TLS")), (ErrorCode::BindRefused, true));
    drop(taken);
    let open = Doors { bind: anywhere(0), ..open };

    // Where the only key was revoked and there was a token once, nobody could come in.
    let client = Client::hold(&household.config()).await.unwrap();
    ask(&client, Request::TokenRevoke { token: token.id }).await.unwrap();
    let door = client.open_door(&Doors { tls: Some(tls.clone()), ..open.clone() }).await.unwrap();
    assert!(door.bootstrap.is_some(), "there never was one");
    door.close().await;
    client.close().await;
    let client = Client::hold(&household.config()).await.unwrap();
    let door = client.open_door(&Doors { tls: Some(tls), ..open }).await.unwrap();
    assert!(door.bootstrap.is_none(), "there is one, and it was shown");
    door.close().await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_is_taken_costs_no_token() {
    let household = Household::new();
    let (tls, _) = certificate(&household.home().with_extension("tls"), &["box.example"]);
    let taken = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let doors = Doors { bind: taken.local_addr().unwrap(), hosts: vec![], tls: Some(tls) };
    assert_eq!(refused(&household, doors.clone()).await.code, ErrorCode::Conflict);
    let client = Client::hold(&household.config()).await.unwrap();
    let door = client.open_door(&Doors { bind: anywhere(0), ..doors }).await.unwrap();
    assert!(door.bootstrap.is_some());
    door.close().await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_the_first_key_is_made_and_a_browser_signs_in() {
    let hosts = vec!["box.example".to_owned()];
    let opened = Opened::new(|tls| Doors { bind: anywhere(0), hosts, tls: Some(tls) }).await;
    let port = opened.door.address().port();
    let home: SocketAddr = ([127, 0, 0, 1], port).into();
    let host = format!("box.example:{port}");
    let token = opened.door.bootstrap.clone().unwrap();
    let first = json!({ "token": token.expose(), "name": "first", "rights": ["read", "run"] });
    let first = post("/api/v1/bootstrap", false, &first);
    let (status, _, made) = opened.say(home, &host, "box.example", &first).await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(opened.say(home, &host, "box.example", &first).await.0, 401, "once");
    let key = made["secret"].as_str().unwrap();
    let list =
        format!("GET /api/v1/apps HTTP/1.1\r\nhost: HOST\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n");
    assert_eq!(opened.say(home, &host, "box.example", &list).await.0, 200);
    // The address at which it was reached is a name of its own; one that somebody made up is none.
    if let Some(own) = own_address() {
        let at = SocketAddr::new(own, port);
        assert_eq!(opened.say(at, &at.to_string(), &own.to_string(), &list).await.0, 200);
        assert_eq!(opened.say(home, &at.to_string(), "127.0.0.1", &list).await.0, 421, "it is not where this came in");
    }
    let (status, head, _) = opened.say(home, &format!("evil.example:{port}"), "box.example", &list).await;
    assert_eq!(status, 421, "{head}");

    let Reply::Link { url, .. } = ask(&opened.client, Request::LoginLink).await.unwrap() else { panic!() };
    let (page, link) = url.expose().split_once("/#").unwrap();
    assert_eq!(page, format!("https://{host}"), "by the name that its operator gave it");
    let sign_in = post("/api/v1/sign-in", true, &json!({ "link": link }));
    let (status, head, signed) = opened.say(home, &host, "box.example", &sign_in).await;
    assert_eq!(status, 200, "{signed}");
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.starts_with("__Host-oikos-login-"), "{cookie}");
    for word in ["; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_begins_tls_and_says_no_more_is_sent_away() {
    let opened = Opened::new(|tls| Doors { bind: ([127, 0, 0, 1], 0).into(), hosts: vec![], tls: Some(tls) }).await;
    let mut line = TcpStream::connect(opened.door.address()).await.unwrap();
    line.write_all(&[0x16]).await.unwrap();
    let end = timeout(Duration::from_secs(30), line.read(&mut [0; 16])).await.expect("not for ever");
    assert!(matches!(end, Ok(0) | Err(_)));
    // And who speaks no TLS at all is told nothing.
    let mut line = TcpStream::connect(opened.door.address()).await.unwrap();
    line.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut heard = Vec::new();
    drop(timeout(Duration::from_secs(30), line.read_to_end(&mut heard)).await.expect("not for ever"));
    assert!(!heard.starts_with(b"HTTP"), "{heard:?}");
    opened.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_at_one_address_answers_to_that_address() {
    let Some(own) = own_address() else { return };
    let opened = Opened::new(|tls| Doors { bind: SocketAddr::new(own, 0), hosts: vec![], tls: Some(tls) }).await;
    let at = opened.door.address();
    let alive = "GET /api/v1/apps HTTP/1.1\r\nhost: HOST\r\nconnection: close\r\n\r\n";
    assert_eq!(opened.say(at, &at.to_string(), &own.to_string(), alive).await.0, 401, "a name of its own");
    let Reply::Link { url, .. } = ask(&opened.client, Request::LoginLink).await.unwrap() else { panic!() };
    assert!(url.expose().starts_with(&format!("https://{at}/#")), "{}", url.expose());
    opened.close().await;
}
