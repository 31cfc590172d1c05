//! Resolve, check, connect to what was checked.
#![expect(
    clippy::disallowed_methods,
    reason = "this file is the way out: behind a permit, to an address that it allows"
)]

use crate::{
    Bounds, EgressError, Proxy, Resolver,
    bounds::{ADDRESSES_MAX, ADDRESSES_TRIED, HEAD_BYTES_MAX, HEADERS_MAX},
    leash::Leash,
    meter::{Meter, Metered},
};
use broker::{NetworkDemand, Permit, WebHost};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_rustls::TlsConnector;

/// What the way to a host takes.
pub(crate) struct Way {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) proxy: Option<Arc<Proxy>>,
}

/// A connection that a permit opened.
pub(crate) struct Connection {
    /// Where it ends: the address that was checked.
    pub(crate) address: IpAddr,
    sender: Sender,
    /// Counts what comes in.
    pub(crate) meter: Arc<Meter>,
    /// Moves its bytes; ends with the last who could use it.
    driver: Arc<Driver>,
}

enum Sender {
    One(http1::SendRequest<Full<Bytes>>),
    Many(http2::SendRequest<Full<Bytes>>),
}

struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) const NOBODY_LISTENS: &str = "nobody listens there";
pub(crate) const NO_WAY: &str = "there is no way to it from here";

/// What an HTTP/2 server may have sent of all bodies together before somebody took it.
const WINDOW_BYTES: u32 = 2 << 20;

/// A request that did not get out.
pub(crate) struct Unsent {
    pub(crate) error: hyper::Error,
    /// There if nothing of it was written: it can be sent again.
    pub(crate) request: Option<Request<Full<Bytes>>>,
}

impl Connection {
    pub(crate) fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::One(sender) => sender.is_closed(),
            Sender::Many(sender) => sender.is_closed(),
        }
    }

    /// The same connection once more, where several requests can share one.
    pub(crate) fn share(&self) -> Option<Self> {
        match &self.sender {
            Sender::One(_) => None,
            Sender::Many(sender) => {
                let (meter, driver) = (self.meter.clone(), self.driver.clone());
                Some(Self { address: self.address, sender: Sender::Many(sender.clone()), meter, driver })
            }
        }
    }

    /// What may come in while an answer is waited for: its head, what was read ahead of its body, and of the bodies of
    /// others what they have not taken yet.
    pub(crate) fn before_answer_max(&self) -> u64 {
        let heads = 2 * HEAD_BYTES_MAX as u64;
        if self.is_http2() { heads + u64::from(WINDOW_BYTES) } else { heads }
    }

    /// What of a body may still come in after nobody wants it any more.
    pub(crate) fn unread_bytes_max(&self) -> usize {
        // Nobody shares one of HTTP/1.
        if self.is_http2() { WINDOW_BYTES as usize } else { 0 }
    }

    pub(crate) fn is_http2(&self) -> bool {
        matches!(self.sender, Sender::Many(_))
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Unsent> {
        let unsent = |mut error: hyper::client::conn::TrySendError<Request<Full<Bytes>>>| {
            let request = error.take_message();
            Unsent { error: error.into_error(), request }
        };
        match &mut self.sender {
            Sender::One(sender) => {
                if let Err(error) = sender.ready().await {
                    return Err(Unsent { error, request: Some(request) });
                }
                sender.try_send_request(request).await.map_err(unsent)
            }
            Sender::Many(sender) => {
                if let Err(error) = sender.ready().await {
                    return Err(Unsent { error, request: Some(request) });
                }
                sender.try_send_request(request).await.map_err(unsent)
            }
        }
    }
}

/// Opens a connection for a permit's request.
pub(crate) async fn connect(
    permit: &Permit<NetworkDemand>,
    way: &Way,
    bounds: &Bounds,
    leash: &mut Leash,
) -> Result<Connection, EgressError> {
    let demand = permit.demand();
    let addresses = addresses(permit, &*way.resolver, bounds.connect_ms, leash).await?;
    let mut last = EgressError::Unresolved { host: leash.host() };
    for address in addresses.into_iter().take(ADDRESSES_TRIED) {
        let (proxy, step) = way.to(demand, address);
        let opening = open(address, demand, way, proxy, leash.host());
        match leash.hold(step, bounds.connect_ms, opening).await.flatten() {
            Ok(connection) => return Ok(connection),
            Err(error) if is_final(&error) => return Err(error),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Connects to the first of these addresses that answers. What is said there is not for us.
pub(crate) async fn reach(
    permit: &Permit<NetworkDemand>,
    way: &Way,
    addresses: Vec<IpAddr>,
    connect_ms: u64,
    leash: &mut Leash,
) -> Result<(IpAddr, TcpStream), EgressError> {
    let demand = permit.demand();
    let mut last = EgressError::Unresolved { host: leash.host() };
    for address in addresses.into_iter().take(ADDRESSES_TRIED) {
        let (proxy, step) = way.to(demand, address);
        let opening = stream(address, demand, way, proxy, leash.host());
        match leash.hold(step, connect_ms, opening).await.flatten() {
            Ok(stream) => return Ok((address, stream)),
            Err(error) if is_final(&error) => return Err(error),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Way {
    /// What leads to an address, and what is waited for then.
    fn to(&self, demand: &NetworkDemand, address: IpAddr) -> (Option<&Proxy>, &'static str) {
        let proxy = self.proxy.as_deref().filter(|proxy| proxy.is_for(demand.url.host(), address));
        // Whose fault it is that a way does not open, nobody can tell from here.
        let step = if proxy.is_some() { "to be connected to by way of the proxy" } else { "to be connected to" };
        (proxy, step)
    }
}

/// Whether another address of the same host would be no better: whoever is there cannot prove who they are, or nobody waits
/// any more.
fn is_final(error: &EgressError) -> bool {
    match error {
        EgressError::Tls { .. } | EgressError::Ended(_) => true,
        EgressError::Proxy { fault, .. } => fault.is_final(),
        _ => false,
    }
}

/// The addresses of the permit's host, each of them allowed. One that is not refuses them all: a name that leads both out
/// and in is a trap.
pub(crate) async fn addresses(
    permit: &Permit<NetworkDemand>,
    resolver: &dyn Resolver,
    connect_ms: u64,
    leash: &mut Leash,
) -> Result<Vec<IpAddr>, EgressError> {
    let demand = permit.demand();
    let addresses = match demand.url.host() {
        WebHost::Address(address) => vec![*address],
        // Whatever a resolver says: this machine (RFC 6761).
        WebHost::Name(name) if name == "localhost" || name.ends_with(".localhost") => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        WebHost::Name(name) => {
            let found = leash.hold("to be found", connect_ms, resolver.resolve(name)).await?;
            found.map_err(|error| {
                tracing::debug!(%error, "a name could not be resolved");
                EgressError::Unresolved { host: leash.host() }
            })?
        }
    };
    if addresses.len() > ADDRESSES_MAX {
        return Err(EgressError::TooLarge { host: leash.host(), what: "a list of addresses", most: ADDRESSES_MAX });
    }
    for address in &addresses {
        if let Err(rule) = demand.may_connect(*address) {
            let denied = demand.refuse_address(permit.lease(), *address, rule);
            return Err(EgressError::Denied(Box::new(denied)));
        }
    }
    Ok(addresses)
}

async fn stream(
    address: IpAddr,
    demand: &NetworkDemand,
    way: &Way,
    proxy: Option<&Proxy>,
    host: String,
) -> Result<TcpStream, EgressError> {
    let unreachable = |error: &io::Error| EgressError::Unreachable { host: host.clone(), why: reason(error) };
    let to = SocketAddr::new(address, demand.url.port());
    let stream = match proxy {
        Some(proxy) => proxy.way(to, &*way.resolver).await.map_err(|fault| fault.of(host.clone()))?,
        None => TcpStream::connect(to).await.map_err(|error| unreachable(&error))?,
    };
    stream.set_nodelay(true).map_err(|error| unreachable(&error))?;
    Ok(stream)
}

async fn open(
    address: IpAddr,
    demand: &NetworkDemand,
    way: &Way,
    proxy: Option<&Proxy>,
    host: String,
) -> Result<Connection, EgressError> {
    let stream = stream(address, demand, way, proxy, host.clone()).await?;
    if !demand.url.is_https() {
        return speak(stream, false, address, host).await;
    }
    let name = match demand.url.host() {
        WebHost::Address(address) => ServerName::IpAddress((*address).into()),
        WebHost::Name(name) => ServerName::try_from(name.clone())
            .map_err(|_| EgressError::Tls { host: host.clone(), why: "no certificate can have this name" })?,
    };
    let stream =
        TlsConnector::from(way.tls.clone()).connect(name, stream).await.map_err(|error| tls_error(&host, &error))?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    speak(stream, is_http2, address, host).await
}

async fn speak<S>(stream: S, is_http2: bool, address: IpAddr, host: String) -> Result<Connection, EgressError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |_| EgressError::Broken { host, why: "it ended the connection at its beginning" };
    let (stream, meter) = Metered::new(stream);
    let stream = TokioIo::new(stream);
    let (sender, driver) = if is_http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        // At most 64 KiB, so it fits.
        builder.max_header_list_size(HEAD_BYTES_MAX as u32);
        builder.initial_stream_window_size(WINDOW_BYTES).initial_connection_window_size(WINDOW_BYTES);
        let (sender, connection) = builder.handshake(stream).await.map_err(broken)?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
        (Sender::Many(sender), driver)
    } else {
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
        let (sender, connection) = builder.handshake(stream).await.map_err(broken)?;
        let driver = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
        (Sender::One(sender), driver)
    };
    Ok(Connection { address, sender, meter, driver: Arc::new(Driver(driver)) })
}

fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => NOBODY_LISTENS,
        io::ErrorKind::TimedOut => "it does not answer",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => NO_WAY,
        _ => "the connection could not be made",
    }
}

fn tls_error(host: &str, error: &io::Error) -> EgressError {
    use rustls::{CertificateError, Error};
    let host = host.to_owned();
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let why = match inner {
        Some(Error::InvalidCertificate(certificate)) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name"
            }
            // Also by somebody who calls themselves as somebody known.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "nobody known here has signed its certificate"
            }
            CertificateError::Revoked => "its certificate was revoked",
            _ => "its certificate is not right",
        },
        Some(_) => "it does not speak TLS as it should",
        None => return EgressError::Unreachable { host, why: "it ended the connection while TLS began" },
    };
    EgressError::Tls { host, why }
}
