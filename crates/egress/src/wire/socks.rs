//! SOCKS5 (RFC 1928): no user, no password, and of its commands the one that asks for a way.

use super::Target;
use std::net::{Ipv4Addr, Ipv6Addr};

const VERSION: u8 = 5;
const NO_CREDENTIALS: u8 = 0;
const CONNECT: u8 = 1;

/// Why there is no way for what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocksFault {
    /// Not SOCKS5, or broken.
    Unclear,
    /// It wants to say a user and a password, or nothing that is known.
    Credentials,
    /// Another command: to listen, or datagrams.
    Command,
    /// Another kind of address.
    Kind,
    /// A host that is none, or port 0.
    Target,
}

/// Reads the greeting: how many bytes it took; `None` if there is more to come.
pub fn greeting_read(bytes: &[u8]) -> Result<Option<usize>, SocksFault> {
    let (Some(version), rest) = (bytes.first(), bytes.get(1..).unwrap_or_default()) else { return Ok(None) };
    if *version != VERSION {
        return Err(SocksFault::Unclear);
    }
    let Some(count) = rest.first().map(|count| usize::from(*count)) else { return Ok(None) };
    let Some(methods) = rest.get(1..1 + count) else { return Ok(None) };
    if methods.contains(&NO_CREDENTIALS) { Ok(Some(2 + count)) } else { Err(SocksFault::Credentials) }
}

/// Reads the request after the greeting: where to, and how many bytes it took; `None` if there is more to come.
pub fn request_read(bytes: &[u8]) -> Result<Option<(Target, usize)>, SocksFault> {
    let check = |place: usize, is_right: fn(u8) -> bool, fault| match bytes.get(place) {
        Some(byte) if !is_right(*byte) => Err(fault),
        _ => Ok(()),
    };
    check(0, |byte| byte == VERSION, SocksFault::Unclear)?;
    check(1, |byte| byte == CONNECT, SocksFault::Command)?;
    check(2, |byte| byte == 0, SocksFault::Unclear)?;
    check(3, |byte| matches!(byte, 1 | 3 | 4), SocksFault::Kind)?;
    let Some((head, rest)) = bytes.split_at_checked(4) else { return Ok(None) };
    let (begin, length) = match (head[3], rest.first()) {
        (1, _) => (0, 4),
        (4, _) => (0, 16),
        (_, Some(length)) => (1, usize::from(*length)),
        (_, None) => return Ok(None),
    };
    let end = begin + length;
    let (Some(host), Some(port)) = (rest.get(begin..end), rest.get(end..end + 2)) else { return Ok(None) };
    let host = match (<[u8; 4]>::try_from(host), <[u8; 16]>::try_from(host)) {
        (Ok(bytes), _) if head[3] == 1 => Ipv4Addr::from(bytes).to_string(),
        (_, Ok(bytes)) if head[3] == 4 => format!("[{}]", Ipv6Addr::from(bytes)),
        _ => std::str::from_utf8(host).map_err(|_| SocksFault::Target)?.to_owned(),
    };
    let port = u16::from_be_bytes([port[0], port[1]]);
    let target = Target::new(&host, port).ok_or(SocksFault::Target)?;
    Ok(Some((target, 4 + end + 2)))
}

/// The answer to a request. The address that we speak from is nothing for programs.
pub fn socks_reply(code: u8) -> [u8; 10] {
    [VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greetings() {
        for (bytes, expected) in [
            (&[][..], Ok(None)),
            (&[5], Ok(None)),
            (&[5, 2, 0], Ok(None)),
            (&[5, 1, 0], Ok(Some(3))),
            (&[5, 3, 2, 1, 0, 9], Ok(Some(5))),
            (&[5, 0], Err(SocksFault::Credentials)),
            (&[5, 1, 2], Err(SocksFault::Credentials)),
            (&[4], Err(SocksFault::Unclear)),
        ] {
            assert_eq!(greeting_read(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn requests() {
        let named = |name: &[u8], port: u16| [&[5, 1, 0, 3, name.len() as u8], name, &port.to_be_bytes()].concat();
        let check = |bytes: &[u8], expected: Result<Option<(&str, usize)>, SocksFault>| {
            let found = request_read(bytes).map(|found| found.map(|(target, bytes)| (target.to_string(), bytes)));
            assert_eq!(found, expected.map(|found| found.map(|(text, bytes)| (text.to_owned(), bytes))), "{bytes:?}");
        };
        let whole = named(b"a.example", 443);
        check(&whole, Ok(Some(("a.example:443", 16))));
        for length in 0..whole.len() {
            check(&whole[..length], Ok(None));
        }
        check(&[5, 1, 0, 1, 127, 0, 0, 1, 0, 80, 9], Ok(Some(("127.0.0.1:80", 10))));
        let mut six = vec![5, 1, 0, 4];
        six.extend("::ffff:127.0.0.1".parse::<Ipv6Addr>().expect("an address").octets());
        six.extend([1, 187]);
        check(&six, Ok(Some(("[::ffff:127.0.0.1]:443", 22))));
        check(&named(b"2130706433", 80), Ok(Some(("127.0.0.1:80", 17))));
        check(&named(b"a.example", 0), Err(SocksFault::Target));
        for name in [&b""[..], b"a b", b"a.example:443", b"\xff", b"u@a.example", b"a.example\0"] {
            check(&named(name, 443), Err(SocksFault::Target));
        }
        check(&[5, 2], Err(SocksFault::Command));
        check(&[5, 3], Err(SocksFault::Command));
        check(&[5, 1, 1], Err(SocksFault::Unclear));
        check(&[5, 1, 0, 2], Err(SocksFault::Kind));
        check(&[4], Err(SocksFault::Unclear));
    }
}
