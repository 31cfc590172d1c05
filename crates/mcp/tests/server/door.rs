//! A door for tests: HTTP/1.1 on this machine, a guard that looks at where a request comes from, and who asks by a bearer.

use http::{Request, Response, StatusCode, header};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use mcp::server::{Body, Client, Credential, Server};
use protocol::{Caller, Clock, DeviceId, Door, Entropy, OwnerId, Right, Rights, Timestamp, TokenId};
use std::{
    convert::Infallible,
    net::SocketAddr,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The system's clock.
pub(crate) struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
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

/// A client of the first owner, let in by the key of a number.
pub(crate) fn client(key: u8) -> Client {
    struct Fixed(u8);
    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }
    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp(i64::from(self.0))
        }
        fn monotonic_ns(&self) -> u64 {
            0
        }
    }
    let caller = Caller {
        owner: OwnerId::LOCAL,
        device: DeviceId(uuid::Uuid::nil()),
        door: Door::Key,
        rights: Rights::of(&[Right::Read, Right::Run]),
        client: None,
    };
    let credential = Credential::Key(TokenId::new(&Fixed(key), &Fixed(key)));
    Client { caller, credential, revoked: CancellationToken::new() }
}

/// Serves until it is dropped. Only what was sent to a name of this machine is answered.
pub(crate) async fn serve(listener: TcpListener, server: Server) {
    loop {
        let Ok((socket, _)) = listener.accept().await else { return };
        let server = server.clone();
        let answering = service_fn(move |request: Request<Incoming>| {
            let server = server.clone();
            async move { Ok::<_, Infallible>(answer(&server, request).await) }
        });
        tokio::spawn(async move {
            // Without it every answer in pieces waits for the other end's delayed acknowledgement.
            let _best = socket.set_nodelay(true);
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(socket), answering);
            let _closed = connection.await;
        });
    }
}

async fn answer(server: &Server, mut request: Request<Incoming>) -> Response<Body> {
    let local = |value: &header::HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        let text = text.strip_prefix("http://").unwrap_or(text);
        let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
        ["127.0.0.1", "localhost", "[::1]"].contains(&host)
    };
    let heads = request.headers();
    let is_ours = heads.get(header::HOST).is_some_and(local) && heads.get(header::ORIGIN).is_none_or(local);
    if !is_ours {
        return Response::builder().status(StatusCode::FORBIDDEN).body(Body::empty()).expect("a response");
    }
    let bearer =
        heads.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer ")?.parse().ok());
    request.extensions_mut().insert(client(bearer.unwrap_or(1)));
    server.handle(request).await
}

/// A listener on a free port of this machine.
pub(crate) async fn listener(port: u16) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}
