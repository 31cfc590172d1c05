//! The first request of plain HTTP: for whom it is.

use super::{
    Target,
    head::{HeadFault, head_read},
};
use crate::HEAD_BYTES_MAX;

/// The port of plain HTTP, which `Host` leaves out.
const PORT: u16 = 80;

/// Why nobody can say for whom a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainFault {
    /// Not HTTP/1, or something that can be read in two ways.
    Unclear,
    /// It names no host.
    Nameless,
    /// A head of more than [`HEAD_BYTES_MAX`].
    TooLarge,
}

/// Reads the head of a request: for whom it is, and how many bytes it took; `None` if there is more to come.
pub fn plain_read(bytes: &[u8]) -> Result<Option<(Target, usize)>, PlainFault> {
    if bytes.first().is_some_and(|byte| !byte.is_ascii_uppercase()) {
        return Err(PlainFault::Unclear);
    }
    let head = head_read(bytes, HEAD_BYTES_MAX).map_err(|fault| match fault {
        HeadFault::TooLarge => PlainFault::TooLarge,
        HeadFault::Unclear => PlainFault::Unclear,
    })?;
    let Some(head) = head else { return Ok(None) };
    let words: Vec<&str> = head.first.split(' ').collect();
    let [method, path, "HTTP/1.1" | "HTTP/1.0"] = words[..] else { return Err(PlainFault::Unclear) };
    // An address with a host of its own, which a server would believe rather than `Host`, is what proxies are told.
    let is_path = path.starts_with('/') || (path == "*" && method == "OPTIONS");
    if !is_path || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(PlainFault::Unclear);
    }
    let mut hosts = head.all("host");
    match (hosts.next(), hosts.next()) {
        (None, _) => Err(PlainFault::Nameless),
        (Some(_), Some(_)) => Err(PlainFault::Unclear),
        (Some(host), None) => match Target::read(host, Some(PORT)) {
            Some(target) => Ok(Some((target, head.bytes))),
            None => Err(PlainFault::Unclear),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_one_host() {
        let check = |text: &str, expected: Result<Option<(&str, usize)>, PlainFault>| {
            let found = plain_read(text.as_bytes());
            let found = found.map(|found| found.map(|(target, bytes)| (target.to_string(), bytes)));
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
        ] {
            check(text, Err(PlainFault::Unclear));
        }
        check(&format!("GET /{} HTTP/1.1\r\n", "a".repeat(HEAD_BYTES_MAX)), Err(PlainFault::TooLarge));
    }
}
