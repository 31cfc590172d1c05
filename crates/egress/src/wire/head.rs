//! The head of a message of HTTP, as lines. Stricter than servers are: what one of them could read otherwise is not read.

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
    Ok(Some(Head { first, headers, bytes: end + 4 }))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
