//! One request: sent by its permit, answered within its bounds, accounted to its app.

use crate::{
    Bounds, EgressError, Failed, HEAD_BYTES_MAX, HEADERS_MAX, Proxy, Resolver, TunnelBounds, Tunnels, Usage, Warden,
    connect::{Connection, Way, connect},
    leash::Leash,
    meter::Meter,
    pool::Pool,
    usage::Book,
};
use broker::{NetworkDemand, Permit, WebUrl};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    HeaderMap, Method, Request, Response, Version,
    body::{Body as _, Incoming},
    header::{ACCEPT_ENCODING, CONTENT_LENGTH, HOST, HeaderName, HeaderValue, USER_AGENT},
};
use protocol::{AppName, OwnerId, RunId};
use rustls::{ClientConfig as TlsConfig, RootCertStore, pki_types::CertificateDer};
use std::{error::Error as _, io, sync::Arc};

/// What a client is made of.
pub struct ClientConfig {
    /// Finds addresses.
    pub resolver: Arc<dyn Resolver>,
    /// Certificates (DER) of authorities that are trusted beside the public ones.
    pub roots: Vec<Vec<u8>>,
    /// What leads out of the operator's network, where nothing else does.
    pub proxy: Option<Arc<Proxy>>,
}

impl Default for ClientConfig {
    /// The system's resolver, the public authorities, and no proxy.
    fn default() -> Self {
        Self { resolver: Arc::new(crate::SystemResolver), roots: Vec::new(), proxy: None }
    }
}

/// The one client. All requests of one oikos go through it.
pub struct Client {
    way: Arc<Way>,
    pool: Arc<Pool>,
    book: Arc<Book>,
}

/// What goes out beside what the permit says: its method and address are not repeated here, so that they cannot differ.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// Headers. Those that belong to the connection are set here and nowhere else.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Client {
    /// A client. Fails if an authority's certificate cannot be read.
    pub fn new(config: ClientConfig) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in config.roots {
            roots.add(CertificateDer::from(root))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = TlsConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // A ticket would let two servers see that one run comes after the other.
        tls.resumption = rustls::client::Resumption::disabled();
        let way = Way { resolver: config.resolver, tls: Arc::new(tls), proxy: config.proxy };
        Ok(Self { way: Arc::new(way), pool: Arc::default(), book: Arc::default() })
    }

    /// Sends the permit's request and waits for the head of the answer.
    pub async fn send(
        &self,
        permit: &Permit<NetworkDemand>,
        outgoing: Outgoing,
        bounds: &Bounds,
    ) -> Result<Answer, Failed> {
        let sent = self.send_uncounted(permit, outgoing, bounds).await;
        sent.inspect_err(|failed| self.book.fail(&failed.error))
    }

    async fn send_uncounted(
        &self,
        permit: &Permit<NetworkDemand>,
        outgoing: Outgoing,
        bounds: &Bounds,
    ) -> Result<Answer, Failed> {
        let demand = permit.demand();
        let lease = permit.lease();
        let run = lease.run();
        let mut leash = Leash::new(lease, demand.url.authority(), bounds.total_ms);
        let broken = |why| Failed::before(EgressError::Broken { host: demand.url.authority(), why });
        if outgoing.body.len() as u64 != demand.body_bytes {
            return Err(broken("what is sent is not what was decided on"));
        }
        let mut request = request(demand, outgoing).ok_or_else(|| broken("what is sent cannot be written as HTTP"))?;
        let sent_bytes = head_bytes(request.headers()) as u64 + demand.body_bytes;
        // One that waits may have been closed from the other side meanwhile; a fresh one was not.
        let mut pooled = self.pool.take(run, &demand.url).filter(|known| demand.may_connect(known.address).is_ok());
        let (response, connection) = loop {
            let was_pooled = pooled.is_some();
            let mut connection = match pooled.take() {
                Some(connection) => connection,
                None => connect(permit, &self.way, bounds, &mut leash).await.map_err(Failed::before)?,
            };
            lease.charge_host_bytes(sent_bytes).map_err(|end| Failed::before(EgressError::Ended(end)))?;
            shape(&mut request, demand, connection.is_http2());
            self.book.sent(lease, &demand.url, sent_bytes);
            // To read is harmless twice: nobody can tell whether one that went had heard the question.
            let spare = (was_pooled && demand.is_reading()).then(|| copy(&request));
            let (meter, most) = (connection.meter.clone(), connection.before_answer_max());
            let answered = async {
                tokio::select! {
                    biased;
                    answered = connection.send(request) => Ok(answered),
                    // What comes before an answer is no answer, however much of it there is.
                    () = meter.beyond(most) => {
                        let host = demand.url.authority();
                        let most = usize::try_from(most).unwrap_or(usize::MAX);
                        Err(EgressError::TooLarge { host, what: "headers before its answer", most })
                    }
                }
            };
            let answered = leash.hold("to answer", bounds.answer_ms, answered).await.flatten();
            let charged = self.book.received(lease, &demand.url, &meter);
            let answered = answered.map_err(Failed::after)?;
            charged.map_err(Failed::after)?;
            match answered {
                Ok(response) => break (response, connection),
                Err(unsent) => {
                    let was_written = unsent.request.is_none();
                    let spare = spare.filter(|_| has_gone(&unsent.error));
                    match unsent.request.or(spare) {
                        Some(again) if was_pooled => request = again,
                        _ if was_written => return Err(Failed::after(http_error(leash.host(), &unsent.error))),
                        _ => return Err(Failed::before(http_error(leash.host(), &unsent.error))),
                    }
                }
            }
        };
        self.answer(response, connection, permit, leash, bounds).map_err(Failed::after)
    }

    fn answer(
        &self,
        response: Response<Incoming>,
        connection: Connection,
        permit: &Permit<NetworkDemand>,
        leash: Leash,
        bounds: &Bounds,
    ) -> Result<Answer, EgressError> {
        let (head, body) = response.into_parts();
        let bytes = head_bytes(&head.headers);
        if bytes > HEAD_BYTES_MAX || head.headers.len() > HEADERS_MAX {
            return Err(EgressError::TooLarge { host: leash.host(), what: "headers", most: HEAD_BYTES_MAX });
        }
        let most = bounds.body_bytes;
        let run = leash.lease().run();
        let answer = Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            taken: 0,
            most,
            idle_ms: bounds.idle_ms,
            leash,
            book: self.book.clone(),
            run,
            meter: connection.meter.clone(),
            url: permit.demand().url.clone(),
            connection: Some(connection),
            pool: self.pool.clone(),
        };
        if answer.body.size_hint().lower() > most as u64 {
            return Err(EgressError::TooLarge { host: answer.leash.host(), what: "a body", most });
        }
        Ok(answer)
    }

    /// Tunnels for a program in a network of its own: the same names, the same proxy of the operator, the same book. Must be
    /// called within a tokio runtime that does I/O and time.
    pub fn tunnels(&self, warden: Arc<dyn Warden>, bounds: TunnelBounds) -> Tunnels {
        Tunnels::new(self.way.clone(), self.book.clone(), warden, bounds)
    }

    /// Closes what a run has open.
    pub fn run_end(&self, run: RunId) {
        self.pool.close(run);
    }

    /// What was moved for an app.
    pub fn usage(&self, owner: OwnerId, app: &AppName) -> Usage {
        self.book.of(owner, app)
    }

    /// What was moved, by owner and app.
    pub fn usages(&self) -> Vec<((OwnerId, AppName), Usage)> {
        self.book.all()
    }

    /// Requests without an answer, or with half of one, by kind.
    pub fn failures(&self) -> Vec<(&'static str, u64)> {
        self.book.failures()
    }

    /// Connections that wait for a further request.
    pub fn waiting(&self) -> usize {
        self.pool.waiting()
    }
}

/// The answer to a request; its body comes piece by piece.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    body: Incoming,
    taken: usize,
    most: usize,
    idle_ms: u64,
    leash: Leash,
    book: Arc<Book>,
    run: RunId,
    meter: Arc<Meter>,
    url: WebUrl,
    /// Until its body has come to its end.
    connection: Option<Connection>,
    pool: Arc<Pool>,
}

impl Answer {
    /// The next piece of the body; `None` at its end.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, EgressError> {
        let piece = self.piece_uncounted().await;
        piece.inspect_err(|error| self.book.fail(error))
    }

    async fn piece_uncounted(&mut self) -> Result<Option<Bytes>, EgressError> {
        loop {
            let frame = self.leash.hold("to go on", self.idle_ms, self.body.frame()).await;
            self.book.received(self.leash.lease(), &self.url, &self.meter)?;
            let frame = frame?;
            let Some(frame) = frame else {
                if let Some(connection) = self.connection.take() {
                    self.pool.put(self.run, &self.url, connection);
                }
                return Ok(None);
            };
            let frame = frame.map_err(|error| http_error(self.leash.host(), &error))?;
            let Ok(bytes) = frame.into_data() else { continue };
            self.taken += bytes.len();
            self.meter.passed_on(bytes.len());
            if self.taken > self.most {
                return Err(EgressError::TooLarge { host: self.leash.host(), what: "a body", most: self.most });
            }
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }

    /// The whole body, within its bound.
    pub async fn bytes(mut self) -> Result<Vec<u8>, EgressError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.piece().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }

    /// How large the body says it is.
    pub fn announced_bytes(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(connection) = &self.connection {
            // What of its body is still on its way counts against nobody who shares the connection.
            self.meter.passed_on(connection.unread_bytes_max());
        }
    }
}

fn request(demand: &NetworkDemand, outgoing: Outgoing) -> Option<Request<Full<Bytes>>> {
    let method = Method::from_bytes(demand.method.as_bytes()).ok()?;
    let bytes = outgoing.body.len();
    let has_body = bytes > 0 || matches!(method, Method::POST | Method::PUT | Method::PATCH);
    let mut request = Request::builder().method(method).uri("/").body(Full::new(outgoing.body)).ok()?;
    *request.headers_mut() = outgoing.headers;
    let headers = request.headers_mut();
    for name in CONNECTION_HEADERS {
        headers.remove(HeaderName::from_static(name));
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if !headers.contains_key(USER_AGENT) {
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("oikos/", env!("CARGO_PKG_VERSION"))));
    }
    if has_body {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
    }
    Some(request)
}

/// Headers that say how a message is moved: set by whoever moves it.
const CONNECTION_HEADERS: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The form that the connection wants: where the message goes stands in a header, or in the address.
fn shape(request: &mut Request<Full<Bytes>>, demand: &NetworkDemand, is_http2: bool) {
    let url = &demand.url;
    let target = if is_http2 { url.as_str() } else { url.path_and_query() };
    // A web address is a URI, and so is its path.
    if let Ok(uri) = target.parse() {
        *request.uri_mut() = uri;
    }
    let host = HeaderValue::try_from(url.authority());
    match host {
        Ok(host) if !is_http2 => drop(request.headers_mut().insert(HOST, host)),
        _ => drop(request.headers_mut().remove(HOST)),
    }
    *request.version_mut() = if is_http2 { Version::HTTP_2 } else { Version::HTTP_11 };
}

fn copy(request: &Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    let mut copy = Request::new(request.body().clone());
    *copy.method_mut() = request.method().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

/// Whether the other side ended the connection in the middle.
fn is_cut_off(error: &hyper::Error) -> bool {
    let inner = error.source().and_then(|inner| inner.downcast_ref::<io::Error>());
    has_gone(error) || inner.is_some_and(|inner| inner.kind() == io::ErrorKind::UnexpectedEof)
}

/// Whether the other side ended the connection without a word.
fn has_gone(error: &hyper::Error) -> bool {
    error.is_incomplete_message() || error.is_closed() || error.is_canceled()
}

fn head_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

pub(crate) fn http_error(host: String, error: &hyper::Error) -> EgressError {
    // hyper has no word of its own for it.
    if error.is_parse() && error.to_string().contains("too large") {
        return EgressError::TooLarge { host, what: "headers", most: HEAD_BYTES_MAX };
    }
    let why = if error.is_parse() || error.is_parse_status() {
        "what it sends is not HTTP"
    } else if is_cut_off(error) {
        "it ended the connection before its answer was complete"
    } else if error.is_timeout() {
        "it stopped answering"
    } else {
        "the connection broke"
    };
    tracing::debug!(%error, "a request failed");
    EgressError::Broken { host, why }
}
