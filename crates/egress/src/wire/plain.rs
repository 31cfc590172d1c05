//! A request of plain HTTP: for whom it is. Said on a way, it is for the host that stands in `Host`; said to the proxy, for the
//! one that its address begins with.

use super::{
    Target,
    head::{Head, HeadFault, head_read},
};
use crate::HEAD_BYTES_MAX;
use broker::WebUrl;
use hyper::Uri;

/// The port of plain HTTP, which `Host` leaves out.
const PORT: u16 = 80;
/// The port where everything is sealed.
const PORT_TLS: u16 = 443;

/// Why nobody can say for whom a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainFault {
    /// Not HTTP/1, or something that can be read in two ways.
    Unclear,
    /// It names no host.
    Nameless,
    /// Its address is not what a proxy is told: `http://`, a host, a path.
    Address,
    /// A head of more than [`HEAD_BYTES_MAX`].
    TooLarge,
}

/// A request on a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    /// For whom it is.
    pub target: Target,
    /// Whether the program says who it is.
    pub has_credentials: bool,
}

/// A request that a proxy is to send on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// The method, upper case.
    pub method: String,
    /// Where to: `http`, and never the port of `https`.
    pub url: WebUrl,
    /// For whom it is.
    pub target: Target,
    /// Whom `Host` names. Only HTTP/1.0 may leave that out.
    pub host: Option<Target>,
    /// Whether something follows the head.
    pub has_body: bool,
    /// Whether the program says who it is.
    pub has_credentials: bool,
}

/// Reads the head of a request: for whom it is, and how many bytes it took; `None` if there is more to come.
pub fn plain_read(bytes: &[u8]) -> Result<Option<(Plain, usize)>, PlainFault> {
    let Some(head) = read(bytes)? else { return Ok(None) };
    let (method, path, _) = head.request().ok_or(PlainFault::Unclear)?;
    // An address with a host of its own, which a server would believe rather than `Host`, is what proxies are told.
    let is_path = path.starts_with('/') || (path == "*" && method == "OPTIONS");
    let is_whole = path.parse::<Uri>().is_ok_and(|uri| uri.path_and_query().is_some_and(|whole| whole == path));
    if !is_path || !is_whole || head.has_body().is_none() {
        return Err(PlainFault::Unclear);
    }
    let target = host(&head)?.ok_or(PlainFault::Nameless)?;
    Ok(Some((Plain { target, has_credentials: head.has_credentials() }, head.bytes)))
}

/// Reads the head of a request with a whole address, and how many bytes it took; `None` if there is more to come.
pub fn forward_read(bytes: &[u8]) -> Result<Option<(Forward, usize)>, PlainFault> {
    let Some(head) = read(bytes)? else { return Ok(None) };
    let (method, address, is_newer) = head.request().ok_or(PlainFault::Unclear)?;
    let rest = address.strip_prefix("http://").ok_or(PlainFault::Address)?;
    // What a reader of addresses would take away, or for something else.
    if !rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\\".contains(&byte)) {
        return Err(PlainFault::Address);
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let target = Target::read(authority, Some(PORT)).ok_or(PlainFault::Address)?;
    let url = WebUrl::parse(address).map_err(|_| PlainFault::Address)?;
    let is_same = *url.host() == target.host && url.port() == target.port && !url.is_https();
    if !is_same || target.port == PORT_TLS || url.path_and_query().parse::<Uri>().is_err() {
        return Err(PlainFault::Address);
    }
    let host = host(&head)?;
    if host.is_none() && is_newer {
        return Err(PlainFault::Nameless);
    }
    let has_body = head.has_body().ok_or(PlainFault::Unclear)?;
    let (method, has_credentials) = (method.to_owned(), head.has_credentials());
    Ok(Some((Forward { method, url, target, host, has_body, has_credentials }, head.bytes)))
}

fn read(bytes: &[u8]) -> Result<Option<Head<'_>>, PlainFault> {
    if bytes.first().is_some_and(|byte| !byte.is_ascii_uppercase()) {
        return Err(PlainFault::Unclear);
    }
    head_read(bytes, HEAD_BYTES_MAX).map_err(|fault| match fault {
        HeadFault::TooLarge => PlainFault::TooLarge,
        HeadFault::Unclear => PlainFault::Unclear,
    })
}

/// Whom `Host` names, if there is one; of two nobody knows which one is believed.
fn host(head: &Head<'_>) -> Result<Option<Target>, PlainFault> {
    let mut hosts = head.all("host");
    match (hosts.next(), hosts.next()) {
        (None, _) => Ok(None),
        (Some(host), None) => Target::read(host, Some(PORT)).map(Some).ok_or(PlainFault::Unclear),
        (Some(_), Some(_)) => Err(PlainFault::Unclear),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_one_host() {
        let check = |text: &str, expected: Result<Option<(&str, usize)>, PlainFault>| {
            let found = plain_read(text.as_bytes());
            let found = found.map(|found| found.map(|(plain, bytes)| (plain.target.to_string(), bytes)));
            assert_eq!(found, expected.map(|found| found.map(|(host, bytes)| (host.to_owned(), bytes))), "{text:?}");
        };
        check("", Ok(None));
        check("GET / HTTP/1.1\r\nHost: a.example\r\n", Ok(None));
        check("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", Ok(Some(("a.example:80", 35))));
        check("POST /x HTTP/1.1\r\nHOST:A.example:8080\r\n\r\nbody", Ok(Some(("a.example:8080", 41))));
        check("OPTIONS * HTTP/1.1\r\nhost: [::1]:80\r\n\r\n", Ok(Some(("[::1]:80", 38))));
        check("GET / HTTP/1.0\r\n\r\n", Err(PlainFault::Nameless));
        for text in [
            "GET / HTTP/1.1\r\nhost: a.example\r\nHost: b.example\r\n\r\n",
            "GET / HTTP/1.1\r\nhost:\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a.example, b.example\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a.example/x\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a.example\r\n b.example\r\n\r\n",
            "GET / HTTP/1.1\r\nhost : a.example\r\n\r\n",
            "GET / HTTP/1.1\nhost: b.example\r\nhost: a.example\r\n\r\n",
            "GET http://b.example/ HTTP/1.1\r\nhost: a.example\r\n\r\n",
            "GET b.example HTTP/1.1\r\nhost: a.example\r\n\r\n",
            "CONNECT b.example:443 HTTP/1.1\r\nhost: a.example\r\n\r\n",
            "GET * HTTP/1.1\r\nhost: a.example\r\n\r\n",
            "GET  / HTTP/1.1\r\nhost: a.example\r\n\r\n",
            "GET / HTTP/1.1 \r\nhost: a.example\r\n\r\n",
            "GET /\r\n\r\n",
            "GET\t/ /x HTTP/1.1\r\nhost: a.example\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "SSH-2.0-x\r\n\r\n",
            "\r\nGET / HTTP/1.1\r\nhost: a.example\r\n\r\n",
            "GET /x#y HTTP/1.1\r\nhost: a.example\r\n\r\n",
            "GET /<x> HTTP/1.1\r\nhost: a.example\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a.example\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a.example\r\ncontent-length: 5, 5\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a.example\r\ncontent-length: +5\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a.example\r\ncontent-length:\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a.example\r\ncontent-length: 99999999999999999999\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a.example\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a.example\r\ntransfer-encoding: xchunked\r\n\r\n",
            "POST / HTTP/1.0\r\nhost: a.example\r\ntransfer-encoding: chunked\r\n\r\n",
        ] {
            check(text, Err(PlainFault::Unclear));
        }
        check(&format!("GET /{} HTTP/1.1\r\n", "a".repeat(HEAD_BYTES_MAX)), Err(PlainFault::TooLarge));
    }

    #[test]
    fn a_request_to_be_sent_on_names_its_host_twice() {
        let read = |text: &str| forward_read(text.as_bytes()).map(|found| found.map(|(forward, _)| forward));
        let check = |first: &str, headers: &str, expected: &str| {
            let forward = read(&format!("{first}\r\n{headers}\r\n")).expect("clear").expect("whole");
            let Forward { method, url, target, host, has_body, has_credentials } = forward;
            let host = host.map_or_else(|| "nobody".to_owned(), |host| host.to_string());
            let said = format!("{method} {} {target} {host} {has_body} {has_credentials}", url.path_and_query());
            assert_eq!(said, expected, "{first}");
        };
        let host = "Host: a.example\r\n";
        check("GET http://a.example/x?y=z HTTP/1.1", host, "GET /x?y=z a.example:80 a.example:80 false false");
        check("GET http://A.example?y HTTP/1.1", host, "GET /?y a.example:80 a.example:80 false false");
        check("GET http://a.example:8080 HTTP/1.0", "", "GET / a.example:8080 nobody false false");
        check("HEAD http://a.example/a/../b HTTP/1.1", host, "HEAD /b a.example:80 a.example:80 false false");
        check(
            "GET http://a.example/ HTTP/1.1",
            "Host: b.example:81\r\n",
            "GET / a.example:80 b.example:81 false false",
        );
        check("GET http://2130706433/ HTTP/1.1", "host: 127.0.0.1\r\n", "GET / 127.0.0.1:80 127.0.0.1:80 false false");
        let known = "host: [::1]\r\nCookie: x\r\ncontent-length: 0\r\n";
        check("POST http://[::1]/ HTTP/1.1", known, "POST / [::1]:80 [::1]:80 false true");
        let to_the_proxy = "host: a.example\r\nProxy-Authorization: x\r\ntransfer-encoding: Chunked\r\n";
        check("PUT http://a.example/ HTTP/1.1", to_the_proxy, "PUT / a.example:80 a.example:80 true false");
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("GET http://a.example/ HTTP/1.1\r\nhost: a.example\r\n"), Ok(None));
        assert_eq!(read("GET http://a.example/ HTTP/1.1\r\n\r\n"), Err(PlainFault::Nameless));
        for address in [
            "/",
            "*",
            "a.example:443",
            "https://a.example/",
            "HTTP://a.example/",
            "ftp://a.example/",
            "http:///x",
            "http:a.example/",
            "http://u:p@a.example/",
            "http://a.example:443/",
            "http://a.example:0/",
            "http://a.example#/",
            "http://a.example/#x",
            "http://a.example\\@b.example/",
            "http://a%2eexample/",
            "http://b\u{fc}cher.example/",
            "http://a.example/\u{fc}",
        ] {
            assert_eq!(read(&format!("GET {address} HTTP/1.1\r\n{host}\r\n")), Err(PlainFault::Address), "{address}");
        }
        for text in [
            "get http://a.example/ HTTP/1.1\r\nhost: a.example\r\n\r\n",
            "GET http://a.example/ HTTP/2\r\nhost: a.example\r\n\r\n",
            "GET http://a.example/ x HTTP/1.1\r\nhost: a.example\r\n\r\n",
            "GET http://a.example/ HTTP/1.1\r\nhost: a.example\r\nhost: a.example\r\n\r\n",
            "GET http://a.example/ HTTP/1.1\r\nhost: a b\r\n\r\n",
            "GET http://a.example/ HTTP/1.1\r\nhost: a.example\r\ncontent-length: x\r\n\r\n",
        ] {
            assert_eq!(read(text), Err(PlainFault::Unclear), "{text:?}");
        }
        let many = "x: y\r\n".repeat(crate::HEADERS_MAX);
        let text = format!("GET http://a.example/ HTTP/1.1\r\n{host}{many}\r\n");
        assert_eq!(read(&text), Err(PlainFault::TooLarge));
    }
}
