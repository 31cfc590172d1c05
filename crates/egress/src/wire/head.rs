//! The head of a message of HTTP, as lines. Stricter than servers are: what one of them could read otherwise is not read.

use crate::{HEADERS_MAX, is_credential};

/// What is wrong with a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadFault {
    /// It has more bytes than it may.
    TooLarge,
    /// It is no head, or one that can be read in two ways.
    Unclear,
}

/// A head of HTTP/1.
pub(super) struct Head<'a> {
    /// The first line.
    pub(super) first: &'a str,
    /// Names, as they were written, and values without the space around them.
    pub(super) headers: Vec<(&'a str, &'a str)>,
    /// How many bytes it has, with its empty line.
    pub(super) bytes: usize,
}

impl Head<'_> {
    /// The values of a header.
    pub(super) fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b str> {
        self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The three words of a request's first line: method, where to, and whether it is HTTP/1.1 or the one before it.
    pub(super) fn request(&self) -> Option<(&str, &str, bool)> {
        let words: Vec<&str> = self.first.split(' ').collect();
        let [method, address, version @ ("HTTP/1.1" | "HTTP/1.0")] = words[..] else { return None };
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        is_method.then_some((method, address, version == "HTTP/1.1"))
    }

    /// Whether something follows the head. `None` where two readers could differ on how much.
    pub(super) fn has_body(&self) -> Option<bool> {
        let codings: Vec<_> = self.all("transfer-encoding").collect();
        let lengths: Vec<_> = self.all("content-length").collect();
        match (&codings[..], &lengths[..]) {
            ([], []) => Some(false),
            ([], [length]) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                length.parse::<u64>().ok().map(|length| length > 0)
            }
            ([coding], []) if coding.eq_ignore_ascii_case("chunked") && self.request()?.2 => Some(true),
            _ => None,
        }
    }

    /// Whether the program says to the host who it is. What it says of that to proxies is for nobody.
    pub(super) fn has_credentials(&self) -> bool {
        let is_for_proxies = |name: &str| name.get(..6).is_some_and(|begin| begin.eq_ignore_ascii_case("proxy-"));
        self.headers.iter().any(|(name, _)| is_credential(name) && !is_for_proxies(name))
    }
}

/// Reads a head; `None` if there is more to come.
pub(super) fn head_read(bytes: &[u8], bytes_max: usize) -> Result<Option<Head<'_>>, HeadFault> {
    let looked_at = &bytes[..bytes.len().min(bytes_max)];
    let Some(end) = looked_at.windows(4).position(|four| four == b"\r\n\r\n") else {
        return if bytes.len() >= bytes_max { Err(HeadFault::TooLarge) } else { Ok(None) };
    };
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| HeadFault::Unclear)?;
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let is_clear = |line: &str| !line.chars().any(|c| c.is_control() && c != '\t');
    if !is_clear(first) || first.contains('\t') {
        return Err(HeadFault::Unclear);
    }
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(HeadFault::Unclear)?;
        if name.is_empty() || !name.bytes().all(is_token) || !is_clear(value) {
            return Err(HeadFault::Unclear);
        }
        headers.push((name, value.trim_matches([' ', '\t'])));
    }
    if headers.len() > HEADERS_MAX {
        return Err(HeadFault::TooLarge);
    }
    Ok(Some(Head { first, headers, bytes: end + 4 }))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
