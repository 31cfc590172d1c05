//! What a household hands to the client: HTTP over a socket, a clock, randomness, a vault in memory.

use bytes::Bytes;
use futures_util::{StreamExt as _, future::BoxFuture};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use mcp::client::{
    HttpBody, HttpError, HttpSender,
    oauth::{Credentials, StoreError, TokenStore},
};
use protocol::{Clock, Entropy, Timestamp};
use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::net::TcpStream;

/// Plain HTTP/1.1, a connection for each request. It follows nothing and keeps nothing.
pub(crate) struct Sender;

impl HttpSender for Sender {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<HttpBody>, HttpError>> {
        Box::pin(async move {
            let host = request.uri().authority().ok_or_else(|| HttpError::new("no host"))?.clone();
            let address = (host.host().trim_matches(['[', ']']).to_owned(), host.port_u16().unwrap_or(80));
            let unheard = |why: String| HttpError { why, unheard: true };
            let socket = TcpStream::connect(address).await.map_err(|error| unheard(error.to_string()))?;
            socket.set_nodelay(true).map_err(|error| unheard(error.to_string()))?;
            let handshake = hyper::client::conn::http1::handshake(TokioIo::new(socket));
            let (mut connection, driver) = handshake.await.map_err(|error| unheard(error.to_string()))?;
            tokio::spawn(driver);
            let (mut parts, body) = request.into_parts();
            parts.headers.insert(http::header::HOST, host.as_str().parse().expect("an authority is a header"));
            parts.uri =
                parts.uri.path_and_query().map_or("/", |path| path.as_str()).parse().expect("a path is an address");
            let request = http::Request::from_parts(parts, Full::new(body));
            let response = connection.send_request(request).await.map_err(|error| HttpError::new(error.to_string()))?;
            let (parts, body) = response.into_parts();
            let pieces = body.into_data_stream().map(move |piece| {
                // The connection lives as long as somebody reads from it.
                let _kept = &connection;
                piece.map_err(|error| HttpError::new(error.to_string()))
            });
            Ok(http::Response::from_parts(parts, pieces.boxed() as HttpBody))
        })
    }
}

/// The system's clock.
pub(crate) struct SystemClock(Instant);

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic_ns(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The system's randomness.
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system has randomness");
    }
}

/// Keeps tokens until it is dropped.
#[derive(Default)]
pub(crate) struct Vault(Mutex<HashMap<String, Credentials>>);

impl TokenStore for Vault {
    fn load<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<Option<Credentials>, StoreError>> {
        Box::pin(async move { Ok(self.0.lock().expect("nobody panicked").get(resource).cloned()) })
    }

    fn save<'a>(&'a self, resource: &'a str, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.0.lock().expect("nobody panicked").insert(resource.to_owned(), credentials.clone());
            Ok(())
        })
    }

    fn forget<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.0.lock().expect("nobody panicked").remove(resource);
            Ok(())
        })
    }
}
