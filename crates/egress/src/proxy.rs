//! The operator's proxy, where a network lets nobody out but through one.
//!
//! It is told an address, never a name: the host was resolved here and each of its addresses shown to the permit, and the
//! proxy is asked for a way (`CONNECT`) to an address that was, for `http` as for `https`. So nothing of check-then-connect
//! goes over to somebody else, and TLS ends at the host, whose name the proxy never hears from us. What is not public goes
//! without it: `127.0.0.1` here is another machine there.
//!
//! Only the operator's configuration names a proxy. What the environment says is read by nobody.
#![expect(clippy::disallowed_methods, reason = "this file opens the way to the proxy, which the operator named")]

use crate::{
    EgressError, HEAD_BYTES_MAX, Resolver,
    bounds::{ADDRESSES_TRIED, PROXY_CREDENTIALS_BYTES_MAX},
};
use base64::Engine as _;
use broker::{WebHost, WebUrl, host_covers, is_private_host};
use parking_lot::Mutex;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout},
};

/// After a user and a password were not wanted, how long nobody says them again: whoever says wrong ones many times is
/// locked out, and these stay what they are until the next start.
const CREDENTIALS_PAUSE: Duration = Duration::from_secs(600);
/// For each address of the proxy: it is near.
const ADDRESS_WAIT: Duration = Duration::from_secs(2);

/// Why something is no proxy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Not of the form `http://HOST:PORT`.
    #[error("a proxy is http://HOST:PORT, without user, password, path or query")]
    Address,
    /// An entry of the list of exceptions.
    #[error("'{0}' is no host: a name, *.NAME for all below it, or an address")]
    Exception(String),
    /// Not of the form `USER:PASSWORD`.
    #[error("the credentials of a proxy are one line: USER:PASSWORD")]
    Credentials,
}

/// What went wrong between here and the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum ProxyFault {
    #[error("the proxy cannot be found")]
    Unresolved,
    #[error("the proxy cannot be reached")]
    Unreachable,
    #[error("the proxy ended the connection before it opened a way")]
    Ended,
    #[error("what the proxy sends is not HTTP")]
    NotHttp,
    #[error("the proxy sends headers without end")]
    Endless,
    #[error("the proxy speaks where only the host may")]
    Talks,
    #[error("the proxy wants a user and a password, or other ones")]
    Credentials,
    #[error("the proxy answers with a redirect, which nobody follows")]
    Redirect,
    #[error("the proxy does not allow a way there")]
    Refused,
    #[error("the proxy found no way there")]
    NoWay,
}

impl ProxyFault {
    /// Whether another address of the same host would fare no better. To be wrong about a password several times over may
    /// lock out whoever it belongs to.
    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::NoWay | Self::Refused)
    }
}

/// A proxy.
pub struct Proxy {
    host: WebHost,
    port: u16,
    /// Hosts that are reached without it.
    exceptions: Vec<String>,
    /// The value of a header. Never shown.
    credentials: Option<String>,
    /// When it did not want them last.
    unwanted_at: Mutex<Option<Instant>>,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl Proxy {
    /// A proxy at `http://HOST:PORT`. The hosts in `exceptions` are reached without it, by their names or their addresses.
    pub fn new(address: &str, exceptions: Vec<String>) -> Result<Self, ProxyError> {
        let url = WebUrl::parse(address).map_err(|_| ProxyError::Address)?;
        if url.is_https() || url.path_and_query() != "/" {
            return Err(ProxyError::Address);
        }
        for exception in &exceptions {
            let host = exception.strip_prefix("*.").unwrap_or(exception);
            let is_host = WebUrl::parse(&format!("https://{host}/")).is_ok_and(|url| url.host().to_string() == *host);
            let is_host = is_host && !host.contains('*') && !host.starts_with('.');
            // One label above would be all of .com.
            if !is_host || (host != exception && !host.contains('.')) {
                return Err(ProxyError::Exception(protocol::text::shorten(exception, 80)));
            }
        }
        let (host, port) = (url.host().clone(), url.port());
        Ok(Self { host, port, exceptions, credentials: None, unwanted_at: Mutex::default() })
    }

    /// With what it wants to hear from whoever comes: `USER:PASSWORD`, and nothing around it but a line's end.
    pub fn credentials(mut self, text: &str) -> Result<Self, ProxyError> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (user, _) = line.split_once(':').ok_or(ProxyError::Credentials)?;
        if user.is_empty() || line.len() > PROXY_CREDENTIALS_BYTES_MAX || line.chars().any(char::is_control) {
            return Err(ProxyError::Credentials);
        }
        self.credentials = Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(line)));
        Ok(self)
    }

    /// Whether the way to this address of a host leads through it.
    pub(crate) fn is_for(&self, host: &WebHost, address: IpAddr) -> bool {
        let address = WebHost::Address(address);
        let is_exception = |rule: &String| host_covers(rule, host) || host_covers(rule, &address);
        !is_private_host(host) && !is_private_host(&address) && !self.exceptions.iter().any(is_exception)
    }

    /// A way through it to an address. What is said on it from now on is said to whoever is there.
    pub(crate) async fn way(&self, to: SocketAddr, resolver: &dyn Resolver) -> Result<TcpStream, ProxyFault> {
        if self.unwanted_at.lock().is_some_and(|at| at.elapsed() < CREDENTIALS_PAUSE) {
            return Err(ProxyFault::Credentials);
        }
        let way = self.way_now(to, resolver).await;
        if let Err(ProxyFault::Credentials) = way {
            *self.unwanted_at.lock() = Some(Instant::now());
        }
        way
    }

    async fn way_now(&self, to: SocketAddr, resolver: &dyn Resolver) -> Result<TcpStream, ProxyFault> {
        let mut stream = self.reach(resolver).await?;
        let mut question =
            format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\nUser-Agent: oikos/{}\r\n", env!("CARGO_PKG_VERSION"));
        if let Some(credentials) = &self.credentials {
            question.push_str(&format!("Proxy-Authorization: {credentials}\r\n"));
        }
        question.push_str("\r\n");
        stream.write_all(question.as_bytes()).await.map_err(|error| {
            tracing::debug!(%error, "the proxy took no question");
            ProxyFault::Ended
        })?;
        let mut head = Vec::new();
        loop {
            if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
                opened(&head)?;
                // The host speaks when it was spoken to, and nobody has yet.
                return if head.len() == end + 4 { Ok(stream) } else { Err(ProxyFault::Talks) };
            }
            if head.len() > HEAD_BYTES_MAX {
                return Err(ProxyFault::Endless);
            }
            let mut piece = [0; 1 << 10];
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => return Err(if head.is_empty() { ProxyFault::Ended } else { ProxyFault::NotHttp }),
                Ok(read) => head.extend_from_slice(&piece[..read]),
            }
            // Whoever is no proxy may never end a line.
            if !b"HTTP/1.".starts_with(&head[..head.len().min(7)]) {
                return Err(ProxyFault::NotHttp);
            }
        }
    }

    /// The proxy itself: where it is says the operator, so no permit is asked.
    async fn reach(&self, resolver: &dyn Resolver) -> Result<TcpStream, ProxyFault> {
        let addresses = match &self.host {
            WebHost::Address(address) => vec![*address],
            WebHost::Name(name) if name == "localhost" => vec![Ipv4Addr::LOCALHOST.into()],
            WebHost::Name(name) => resolver.resolve(name).await.map_err(|error| {
                tracing::debug!(%error, "the proxy's name could not be resolved");
                ProxyFault::Unresolved
            })?,
        };
        if addresses.is_empty() {
            return Err(ProxyFault::Unresolved);
        }
        for address in addresses.into_iter().take(ADDRESSES_TRIED) {
            match timeout(ADDRESS_WAIT, TcpStream::connect((address, self.port))).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => tracing::debug!(%address, %error, "the proxy was not reached"),
                // One that nobody answers at must not keep from the next.
                Err(_) => tracing::debug!(%address, "the proxy was not reached in time"),
            }
        }
        Err(ProxyFault::Unreachable)
    }
}

/// Whether the head of an answer says that there is a way.
fn opened(head: &[u8]) -> Result<(), ProxyFault> {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let rest = line.strip_prefix(b"HTTP/1.1 ").or_else(|| line.strip_prefix(b"HTTP/1.0 "));
    let (status, rest) = rest.and_then(|rest| rest.split_at_checked(3)).ok_or(ProxyFault::NotHttp)?;
    let is_status = status.iter().all(u8::is_ascii_digit) && (rest.is_empty() || rest.starts_with(b" "));
    match status {
        _ if !is_status => Err(ProxyFault::NotHttp),
        [b'2', ..] => Ok(()),
        b"407" => Err(ProxyFault::Credentials),
        [b'3', ..] => Err(ProxyFault::Redirect),
        [b'4', ..] => Err(ProxyFault::Refused),
        [b'5', ..] => Err(ProxyFault::NoWay),
        _ => Err(ProxyFault::NotHttp),
    }
}

impl ProxyFault {
    /// As the reason why a host was not reached.
    pub(crate) fn of(self, host: String) -> EgressError {
        EgressError::Proxy { host, fault: self }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_proxy_is_an_address_and_its_exceptions_are_hosts() {
        for address in ["http://proxy.example:3128", "http://10.0.0.1:8080/", "http://[fd00::1]:3128", "http://proxy"] {
            assert!(Proxy::new(address, vec![]).is_ok(), "{address}");
        }
        for address in [
            "",
            "proxy.example:3128",
            "https://proxy.example:3128",
            "socks5://p:1",
            "http://u:p@proxy:1",
            "http://p:1/x",
        ] {
            assert_eq!(Proxy::new(address, vec![]).unwrap_err(), ProxyError::Address, "{address}");
        }
        for wrong in ["", "*", "*.com", ".example.com", "a.example:80", "http://a.example", "a b", "10.0.0.0/8"] {
            let refused = Proxy::new("http://p:1", vec!["a.example".to_owned(), wrong.to_owned()]);
            assert_eq!(refused.unwrap_err(), ProxyError::Exception(wrong.to_owned()));
        }
    }

    #[test]
    fn what_is_not_public_goes_without_it_and_so_does_what_the_operator_says() {
        let exceptions = ["intranet.example", "*.corp.example", "192.0.2.9", "93.184.216.7"].map(str::to_owned).into();
        let proxy = Proxy::new("http://p:1", exceptions).unwrap();
        let check = |url: &str, address: &str, expected: bool| {
            let url = WebUrl::parse(url).unwrap();
            assert_eq!(proxy.is_for(url.host(), address.parse().unwrap()), expected, "{url:?} {address}");
        };
        check("https://example.org", "93.184.216.34", true);
        check("https://example.org", "2606:2800:220:1::1", true);
        check("https://below.intranet.example", "93.184.216.34", true);
        for address in ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::1", "fe80::1", "fd00::1"] {
            check("https://example.org", address, false);
        }
        check("http://localhost", "127.0.0.1", false);
        check("https://printer.local", "93.184.216.34", false);
        check("https://intranet.example", "93.184.216.34", false);
        check("https://wiki.corp.example", "93.184.216.34", false);
        check("https://other.example", "93.184.216.7", false);
        check("https://93.184.216.7", "93.184.216.7", false);
    }

    #[test]
    fn credentials_are_one_line_and_never_shown() {
        let proxy = || Proxy::new("http://p:1", vec![]).unwrap();
        for line in ["user:word", "user:word\n", "user:word\r\n", "user:with:colons", "user:"] {
            let proxy = proxy().credentials(line).unwrap();
            assert!(!format!("{proxy:?}").contains("Basic"));
        }
        assert_eq!(proxy().credentials("user:word\n").unwrap().credentials.unwrap(), "Basic dXNlcjp3b3Jk");
        for line in ["", "user", ":word", "user:word\nmore", "user:a\r\nX: y", "user:\u{0}"] {
            assert_eq!(proxy().credentials(line).unwrap_err(), ProxyError::Credentials, "{line:?}");
        }
    }

    #[test]
    fn only_a_plain_yes_is_one() {
        for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200\r\n\r\n", "HTTP/1.1 201 x\r\nvia: y\r\n\r\n"] {
            assert_eq!(opened(head.as_bytes()), Ok(()), "{head}");
        }
        for (head, fault) in [
            ("HTTP/1.1 100 Continue", ProxyFault::NotHttp),
            ("HTTP/1.1 302 Found", ProxyFault::Redirect),
            ("HTTP/1.1 403 Forbidden", ProxyFault::Refused),
            ("HTTP/1.1 407 x", ProxyFault::Credentials),
            ("HTTP/1.1 502 x", ProxyFault::NoWay),
            ("HTTP/1.1 2000 x", ProxyFault::NotHttp),
            ("HTTP/1.1 2x0 x", ProxyFault::NotHttp),
            ("HTTP/1.1 20", ProxyFault::NotHttp),
            ("HTTP/2 200", ProxyFault::NotHttp),
            ("SSH-2.0", ProxyFault::NotHttp),
            ("", ProxyFault::NotHttp),
        ] {
            assert_eq!(opened(format!("{head}\r\n\r\n").as_bytes()), Err(fault), "{head}");
        }
    }
}
