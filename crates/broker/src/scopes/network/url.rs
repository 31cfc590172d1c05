//! An address on the web, read once. What is compared with a rule is what is connected to: nobody reads the text again.

use std::{fmt, net::IpAddr};
use url::{Host, Url};

/// Longest address that is taken; servers refuse longer ones anyway.
pub const URL_BYTES_MAX: usize = 8 << 10;
/// As much of a path as is shown.
const PATH_SHOWN_MAX: usize = 200;
/// How often a path is decoded to see what a server that decodes too often would make of it.
const DECODINGS_MAX: usize = 4;

/// Whom a request goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WebHost {
    /// A name: lower case, IDNA in its ASCII form, without a trailing dot.
    Name(String),
    /// An address, in whatever notation it was written.
    Address(IpAddr),
}

impl fmt::Display for WebHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// An address on the web: `http` or `https`, a host, a port, a path, a query. It has no user, no password, no fragment.
#[derive(Clone, PartialEq, Eq)]
pub struct WebUrl {
    url: Url,
    host: WebHost,
    port: u16,
}

/// Why a text is no address that a request can go to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is no web address: {why}")]
pub struct UrlError {
    given: String,
    why: String,
}

impl UrlError {
    fn new(given: &str, why: &str) -> Self {
        // What stands before an @ may be a password.
        let given = given.rsplit_once('@').map_or(given, |(_, rest)| rest);
        Self { given: protocol::text::shorten(given, PATH_SHOWN_MAX), why: why.to_owned() }
    }
}

impl WebUrl {
    /// Reads an address as browsers do, and refuses what could be read in two ways.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let wrong = |why: &str| UrlError::new(text, why);
        if text.len() > URL_BYTES_MAX {
            return Err(wrong(&format!("it is longer than {URL_BYTES_MAX} bytes")));
        }
        Self::check(Url::parse(text).map_err(|error| wrong(&error.to_string()))?).map_err(|why| wrong(&why))
    }

    /// Where this answers that the other is, as `Location` says it.
    pub fn join(&self, location: &str) -> Result<Self, UrlError> {
        let wrong = |why: &str| UrlError::new(location, why);
        if location.len() > URL_BYTES_MAX {
            return Err(wrong(&format!("it is longer than {URL_BYTES_MAX} bytes")));
        }
        Self::check(self.url.join(location).map_err(|error| wrong(&error.to_string()))?).map_err(|why| wrong(&why))
    }

    fn check(mut url: Url) -> Result<Self, String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err("it begins with neither https:// nor http://".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it names a user or a password, which belong into headers".to_owned());
        }
        let port = url.port_or_known_default().filter(|port| *port != 0).ok_or("its port is 0")?;
        let host = match url.host() {
            None => return Err("it has no host".to_owned()),
            Some(Host::Ipv4(address)) => WebHost::Address(address.into()),
            Some(Host::Ipv6(address)) => WebHost::Address(address.into()),
            Some(Host::Domain(name)) => WebHost::Name(host_name(name)?),
        };
        url.set_fragment(None);
        if let WebHost::Name(name) = &host
            && url.host_str() != Some(name)
        {
            url.set_host(Some(name)).map_err(|error| error.to_string())?;
        }
        Ok(Self { url, host, port })
    }

    /// Whether it is read over TLS.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whom it goes to.
    pub fn host(&self) -> &WebHost {
        &self.host
    }

    /// The port, also where the text left it out.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the port is the scheme's own.
    pub fn has_usual_port(&self) -> bool {
        self.url.port().is_none()
    }

    /// Host, and the port where it is not the scheme's own: what the `Host` header says.
    pub fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }

    /// Path and query, as they are sent.
    pub fn path_and_query(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// The path, as it is sent.
    pub fn path(&self) -> &str {
        self.url.path()
    }

    /// Whether two addresses are of one origin: what one of them was trusted with, the other may have.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.is_https() == other.is_https() && self.host == other.host && self.port == other.port
    }

    /// As it is shown and kept in the log: without its query, which may hold what nobody but the two should read.
    pub fn shown(&self) -> String {
        let query = if self.url.query().is_some() { "?…" } else { "" };
        let path = protocol::text::shorten(self.url.path(), PATH_SHOWN_MAX);
        format!("{}://{}{path}{query}", self.url.scheme(), self.authority())
    }

    /// The whole address, query and all.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// The path's segments, decoded once, as a rule names them.
    pub(crate) fn segments(&self) -> Vec<Vec<u8>> {
        segments(self.path())
    }

    /// The path's segments as a server sees them that decodes until nothing changes, takes `\` for `/` and cuts off what
    /// follows a `;`. `None` if that server would leave the path's own folders, or nobody can say what it would do.
    pub(crate) fn segments_of_the_naive(&self) -> Option<Vec<Vec<u8>>> {
        let mut bytes = self.path().as_bytes().to_vec();
        for _ in 0..DECODINGS_MAX {
            let decoded = decode(&bytes);
            if decoded == bytes {
                let parts = bytes.split(|byte| matches!(byte, b'/' | b'\\'));
                let parts = parts.map(|part| part.split(|byte| *byte == b';').next().unwrap_or_default().to_vec());
                let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
                let strays = |part: &Vec<u8>| {
                    matches!(&part[..], b"." | b"..") || part.iter().any(|byte| *byte < b' ' || *byte == 0x7f)
                };
                return (!parts.iter().any(strays)).then_some(parts);
            }
            bytes = decoded;
        }
        None
    }
}

impl fmt::Debug for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

/// A path's segments, decoded once; a slash at its end means nothing.
pub(crate) fn segments(path: &str) -> Vec<Vec<u8>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Vec::new();
    }
    path.split('/').map(|segment| decode(segment.as_bytes())).collect()
}

fn decode(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| (*byte as char).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                // Two hexadecimal digits are a byte.
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, _, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

/// A name as resolvers take it. URLs allow more characters than any host has.
fn host_name(name: &str) -> Result<String, String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > 253 {
        return Err("its host is longer than a name can be".to_owned());
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
    };
    if !name.split('.').all(is_label) {
        return Err("its host is no name that a machine can have".to_owned());
    }
    Ok(name.to_owned())
}

/// Reads a host alone, as a rule names it.
pub(crate) fn parse_host(text: &str) -> Option<WebHost> {
    // What could end the host would be taken for the rest of an address.
    if text.contains(['/', '?', '#', '@', '\\']) || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let url = WebUrl::parse(&format!("https://{text}/")).ok()?;
    url.has_usual_port().then_some(url.host)
}
