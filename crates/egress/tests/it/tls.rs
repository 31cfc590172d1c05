//! Who is at the other end: an authority of the test's own, and servers that it did or did not vouch for.

use crate::house::{House, PATIENT, QUICK};
use broker::Lease;
use egress::{Bounds, ClientConfig, EgressError};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }

    /// A server's certificate and key.
    pub(crate) fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &*self.0).unwrap();
        (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }
}

pub(crate) type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

async fn listen(identity: Identity, protocols: &[&[u8]]) -> (TcpListener, TlsAcceptor) {
    listen_with(rustls::crypto::ring::default_provider(), identity, protocols).await
}

async fn listen_with(provider: CryptoProvider, identity: Identity, protocols: &[&[u8]]) -> (TcpListener, TlsAcceptor) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let provider = Arc::new(provider);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.0], identity.1)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    (listener, TlsAcceptor::from(Arc::new(config)))
}

/// A server that says which HTTP it was spoken to in.
pub(crate) async fn serve(identity: Identity, protocols: &[&[u8]]) -> (SocketAddr, Arc<AtomicUsize>) {
    serve_with(rustls::crypto::ring::default_provider(), identity, protocols).await
}

/// The same, by its own ciphers and groups.
pub(crate) async fn serve_with(
    provider: CryptoProvider,
    identity: Identity,
    protocols: &[&[u8]],
) -> (SocketAddr, Arc<AtomicUsize>) {
    let (listener, acceptor) = listen_with(provider, identity, protocols).await;
    let address = listener.local_addr().unwrap();
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = visits.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, SeqCst);
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let answer = service_fn(|request: Request<Incoming>| async move {
                    let host = request.uri().authority().map(ToString::to_string);
                    let said = format!("{:?} {}", request.version(), host.unwrap_or_default());
                    Ok::<_, Infallible>(Response::new(http_body_util::Full::new(bytes::Bytes::from(said))))
                });
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                let stream = TokioIo::new(stream);
                let served = if is_http2 {
                    hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                        .serve_connection(stream, answer)
                        .await
                } else {
                    hyper::server::conn::http1::Builder::new().serve_connection(stream, answer).await
                };
                drop(served);
            });
        }
    });
    (address, visits)
}

fn house(authority: &Authority, targets: &[&str]) -> House {
    House::with(targets, ClientConfig { roots: vec![authority.der()], ..ClientConfig::default() })
}

#[tokio::test]
async fn both_versions_of_http_over_tls() {
    let authority = Authority::new();
    for (protocols, said) in [
        (&[&b"h2"[..], b"http/1.1"][..], "200 HTTP/2.0 HOST"),
        (&[b"http/1.1"], "200 HTTP/1.1 "),
        (&[], "200 HTTP/1.1 "),
    ] {
        let (address, visits) = serve(authority.issue("127.0.0.1", |_| {}), protocols).await;
        let house = house(&authority, &[&address.to_string()]);
        let url = format!("https://{address}/x");
        let lease = house.lease();
        for _ in 0..3 {
            let (status, body) = house.get_in(&lease, &url).await.unwrap();
            let body = String::from_utf8(body).unwrap().replace(&address.to_string(), "HOST");
            assert_eq!(format!("{status} {body}"), said);
        }
        assert_eq!(visits.load(SeqCst), 1, "one connection for the requests of one run");
        // Several at once share an HTTP/2 connection of their run, and only of theirs.
        let (one, two) = tokio::join!(house.get_in(&lease, &url), house.get_in(&lease, &url));
        assert!(one.is_ok() && two.is_ok());
        house.get(&url).await.unwrap();
        assert!(visits.load(SeqCst) >= 2);
    }
}

#[tokio::test]
async fn whoever_cannot_prove_who_they_are_gets_nothing() {
    let (authority, other) = (Authority::new(), Authority::new());
    let check = async |identity, expected: &str| {
        let (address, _) = serve(identity, &[b"h2", b"http/1.1"]).await;
        let house = house(&authority, &[&address.to_string()]);
        let failed = house.post(&format!("https://{address}/"), b"tea").await.err();
        let said = failed.as_ref().map_or_else(|| "ok".to_owned(), |failed| failed.to_string());
        assert_eq!(said.replace(&address.to_string(), "HOST"), expected);
        assert!(failed.is_none_or(|failed| !failed.may_have_sent));
    };
    let proof = "HOST could not prove that it is HOST";
    check(authority.issue("127.0.0.1", |_| {}), "ok").await;
    check(authority.issue("127.0.0.2", |_| {}), &format!("{proof}: its certificate is for another name")).await;
    check(authority.issue("a.example", |_| {}), &format!("{proof}: its certificate is for another name")).await;
    check(other.issue("127.0.0.1", |_| {}), &format!("{proof}: nobody known here has signed its certificate")).await;
    let expired = authority.issue("127.0.0.1", |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    check(expired, &format!("{proof}: its certificate has expired")).await;
    let early = authority.issue("127.0.0.1", |params| params.not_before = rcgen::date_time_ymd(2200, 1, 1));
    check(early, &format!("{proof}: its certificate is not valid yet")).await;
}

#[tokio::test]
async fn what_speaks_no_tls_is_no_server_of_https() {
    let plain = crate::house::Server::new(|mut stream| {
        drop(std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"));
    });
    let authority = Authority::new();
    let house = house(&authority, &[&plain.target()]);
    let said = house.why(&format!("https://{}/", plain.address)).await;
    assert!(said.contains("TLS"), "{said}");
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// A header that no table knows yet, as HPACK writes it: with a value of so many bytes, at most 16,000.
fn header(name: &str, bytes: usize) -> Vec<u8> {
    let mut written = vec![0, name.len() as u8];
    written.extend_from_slice(name.as_bytes());
    let rest = bytes - 127;
    written.extend_from_slice(&[127, (rest % 128) as u8 | 128, (rest / 128) as u8]);
    written.resize(written.len() + bytes, b'a');
    written
}

/// What a server of HTTP/2 does when it was asked: says this first, then the other for as long as it is taken.
async fn flood(bounds: &Bounds, first: Vec<u8>, then: Vec<u8>) -> (EgressError, House, Lease) {
    let authority = Authority::new();
    let (listener, acceptor) = listen(authority.issue("127.0.0.1", |_| {}), &[b"h2"]).await;
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (mut from, mut to) = tokio::io::split(acceptor.accept(stream).await.unwrap());
        from.read_exact(&mut [0; 24]).await.unwrap();
        to.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
        loop {
            let mut head = [0; 9];
            from.read_exact(&mut head).await.unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            from.read_exact(&mut vec![0; length as usize]).await.unwrap();
            if head[3] == HEADERS {
                break;
            }
        }
        // What the client says about it is read, and not answered.
        tokio::spawn(async move { tokio::io::copy(&mut from, &mut tokio::io::sink()).await });
        drop(to.write_all(&first).await);
        while !then.is_empty() && to.write_all(&then).await.is_ok() {}
        std::future::pending::<()>().await;
    });
    let house = house(&authority, &[&address.to_string()]);
    let lease = house.lease();
    let error = house.get_within(&lease, &format!("https://{address}/"), bounds).await.unwrap_err();
    (error, house, lease)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_floods_end() {
    let said = |error: &EgressError| {
        let said = error.to_string();
        said.split_once(' ').map(|(_, rest)| rest.to_owned()).unwrap_or(said)
    };
    // ":status: 200" is the eighth of the known headers.
    let ok = frame(HEADERS, END_HEADERS, 1, &[0x88]);

    let (error, _, lease) = flood(&QUICK, Vec::new(), Vec::new()).await;
    assert_eq!(said(&error), "took longer than 1 s to answer");
    assert!(lease.host_bytes() < 4 << 10, "{}", lease.host_bytes());

    let goaway = frame(GOAWAY, 0, 0, &[0; 8]);
    let (error, ..) = flood(&PATIENT, goaway, Vec::new()).await;
    assert!(matches!(error, EgressError::Broken { .. }), "{error}");

    // One head that never ends, and one that is far too large.
    let begin = frame(HEADERS, 0, 1, &[0x88]);
    let more = frame(CONTINUATION, 0, 1, &header("x-a", 16_000));
    let (error, _, lease) = flood(&PATIENT, begin.clone(), more.clone()).await;
    assert!(matches!(error, EgressError::Broken { .. } | EgressError::TooLarge { .. }), "{error}");
    assert!(lease.host_bytes() < 8 << 20, "{}", lease.host_bytes());
    let end = frame(CONTINUATION, END_HEADERS, 1, &header("x-b", 1_000));
    let large = [begin, more.repeat(6), end].concat();
    let (error, ..) = flood(&PATIENT, large, Vec::new()).await;
    assert!(matches!(error, EgressError::Broken { .. } | EgressError::TooLarge { .. }), "{error}");

    // A body without an end, by a server that does not ask how much may come.
    let (error, house, lease) = flood(&PATIENT, ok, frame(DATA, 0, 1, &[b'a'; 16_000])).await;
    assert!(matches!(error, EgressError::TooLarge { .. } | EgressError::Broken { .. }), "{error}");
    let usage = house.client.usage(protocol::OwnerId::LOCAL, &house.app);
    assert!(usage.bytes_in < 8 << 20, "{usage:?}");
    assert_eq!(lease.host_bytes(), usage.bytes_in + usage.bytes_out);

    // Heads before the answer, without an end: ":status: 103".
    let mut early = vec![0x08, 3];
    early.extend_from_slice(b"103");
    early.extend_from_slice(&header("link", 8_000));
    let (error, _, lease) = flood(&PATIENT, Vec::new(), frame(HEADERS, END_HEADERS, 1, &early)).await;
    assert!(matches!(error, EgressError::TooLarge { .. } | EgressError::Broken { .. }), "{error}");
    assert!(lease.host_bytes() > 8_000, "it is the app's to answer for: {}", lease.host_bytes());
}
