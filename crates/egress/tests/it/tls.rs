//! Who is at the other end: an authority of the test's own, and servers that it did or did not vouch for.

use crate::house::House;
use egress::ClientConfig;
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
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
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn der(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }

    /// A server's certificate and key.
    fn issue(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &*self.0).unwrap();
        (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }
}

/// A server that says which HTTP it was spoken to in.
async fn serve(
    identity: (CertificateDer<'static>, PrivateKeyDer<'static>),
    protocols: &[&[u8]],
) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.0], identity.1)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
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
