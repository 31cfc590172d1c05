//! `CONNECT host:port`: HTTP's words for a way through a proxy.

use super::{
    Target,
    head::{HeadFault, head_read},
};

/// The head of a request for a way: a host, and headers that nobody needs. Real ones are below 1 KiB.
pub const CONNECT_HEAD_BYTES_MAX: usize = 8 << 10;

const METHOD: &[u8] = b"CONNECT ";

/// Why there is no way for what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFault {
    /// Not HTTP, or something that can be read in two ways.
    Unclear,
    /// Another method: a request that wants to be forwarded.
    Method,
    /// Not `HOST:PORT`.
    Target,
    /// It announces a body, which this request has not.
    Body,
    /// A head of more than [`CONNECT_HEAD_BYTES_MAX`].
    TooLarge,
}

/// Reads a request for a way: where to, and how many bytes it took; `None` if there is more to come.
pub fn connect_read(bytes: &[u8]) -> Result<Option<(Target, usize)>, ConnectFault> {
    let begun = bytes.len().min(METHOD.len());
    if bytes[..begun] != METHOD[..begun] {
        let is_method = bytes[0].is_ascii_uppercase();
        return Err(if is_method { ConnectFault::Method } else { ConnectFault::Unclear });
    }
    let head = head_read(bytes, CONNECT_HEAD_BYTES_MAX).map_err(|fault| match fault {
        HeadFault::TooLarge => ConnectFault::TooLarge,
        HeadFault::Unclear => ConnectFault::Unclear,
    })?;
    let Some(head) = head else { return Ok(None) };
    let mut words = head.first.split(' ').skip(1);
    let (target, version, more) = (words.next(), words.next(), words.next());
    if !matches!(version, Some("HTTP/1.1" | "HTTP/1.0")) || more.is_some() {
        return Err(ConnectFault::Unclear);
    }
    // Where such a body would end, and the way begin, is told in two ways.
    if head.all("transfer-encoding").next().is_some() || head.all("content-length").any(|length| length != "0") {
        return Err(ConnectFault::Body);
    }
    let target = target.and_then(|target| Target::read(target, None)).ok_or(ConnectFault::Target)?;
    Ok(Some((target, head.bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_asked_for_in_one_form() {
        let check = |text: &str, expected: Result<Option<(&str, usize)>, ConnectFault>| {
            let found = connect_read(text.as_bytes());
            let found = found.map(|found| found.map(|(target, bytes)| (target.to_string(), bytes)));
            let expected = expected.map(|found| found.map(|(target, bytes)| (target.to_owned(), bytes)));
            assert_eq!(found, expected, "{text:?}");
        };
        check("", Ok(None));
        check("CON", Ok(None));
        check("CONNECT a.example:443 HTTP/1.1\r\n", Ok(None));
        check("CONNECT a.example:443 HTTP/1.1\r\n\r\n", Ok(Some(("a.example:443", 34))));
        check("CONNECT a.example:443 HTTP/1.0\r\nHost: b.example\r\nX:y\r\n\r\nmore", Ok(Some(("a.example:443", 56))));
        check("CONNECT [::1]:8443 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", Ok(Some(("[::1]:8443", 50))));
        for text in ["G", "GET http://a.example/ HTTP/1.1\r\n\r\n", "CONNECTED", "CONNECTX a:1 HTTP/1.1\r\n\r\n"] {
            check(text, Err(ConnectFault::Method));
        }
        for text in [
            "\x16\x03\x01",
            " CONNECT a.example:443 HTTP/1.1\r\n\r\n",
            "connect a.example:443 HTTP/1.1\r\n\r\n",
            "CONNECT  a.example:443 HTTP/1.1\r\n\r\n",
            "CONNECT a.example:443 HTTP/1.1 x\r\n\r\n",
            "CONNECT a.example:443 HTTP/2\r\n\r\n",
            "CONNECT a.example:443\r\n\r\n",
            "CONNECT a.example:443 HTTP/1.1\r\n folded: x\r\n\r\n",
            "CONNECT a.example:443 HTTP/1.1\r\nno colon\r\n\r\n",
            "CONNECT a.example:443 HTTP/1.1\r\nspace : x\r\n\r\n",
            "CONNECT a.example:443 HTTP/1.1\nx: y\r\n\r\n",
            "CONNECT a.example:443 HTTP/1.1\r\nx: y\nz: 1\r\n\r\n",
            "CONNECT a.example:443 HTTP/1.1\r\nx: \0\r\n\r\n",
        ] {
            check(text, Err(ConnectFault::Unclear));
        }
        for text in [
            "CONNECT a.example HTTP/1.1\r\n\r\n",
            "CONNECT https://a.example:443 HTTP/1.1\r\n\r\n",
            "CONNECT a.example:99999 HTTP/1.1\r\n\r\n",
            "CONNECT u@a.example:443 HTTP/1.1\r\n\r\n",
        ] {
            check(text, Err(ConnectFault::Target));
        }
        check("CONNECT a.example:443 HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello", Err(ConnectFault::Body));
        check("CONNECT a.example:443 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", Err(ConnectFault::Body));
        let endless = format!("CONNECT a.example:443 HTTP/1.1\r\nx: {}", "y".repeat(CONNECT_HEAD_BYTES_MAX));
        check(&endless, Err(ConnectFault::TooLarge));
        check(&format!("{endless}\r\n\r\n"), Err(ConnectFault::TooLarge));
    }
}
