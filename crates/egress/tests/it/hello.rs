//! Hellos of TLS that nobody could answer, and whoever hears them.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

/// What a server says that has heard one.
pub(crate) const HEARD: &[u8] = b"go";

pub(crate) fn sized(width: usize, bytes: &[u8]) -> Vec<u8> {
    [&bytes.len().to_be_bytes()[8 - width..], bytes].concat()
}

pub(crate) fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &sized(2, content)].concat()
}

/// A hello that nobody could answer, in one record.
pub(crate) fn hello(name: Option<&str>, more: &[u8]) -> Vec<u8> {
    let name = name.map(|name| extension(0, &sized(2, &[&[0], &sized(2, name.as_bytes())[..]].concat())));
    let extensions = [&name.unwrap_or_default()[..], more].concat();
    let body = [&[3, 3][..], &[7; 32], &[0], &sized(2, &[0x13, 1]), &[1, 0], &sized(2, &extensions)].concat();
    let message = [&[1], &sized(3, &body)[..]].concat();
    [&[22, 3, 1], &sized(2, &message)[..]].concat()
}

/// Hears a hello, and says so: from now on both say what they like. Whether there was one.
pub(crate) fn hello_heard(stream: &mut TcpStream) -> bool {
    hello_answered(stream, HEARD)
}

/// Hears a hello, and says this. Whether there was one.
pub(crate) fn hello_answered(stream: &mut TcpStream, answer: &[u8]) -> bool {
    let mut head = [0; 5];
    if stream.read_exact(&mut head).is_err() {
        return false;
    }
    let mut rest = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut rest).is_ok() && stream.write_all(answer).is_ok()
}

/// A server's wish for another hello: its beginning is all that tells (RFC 8446, 4.1.3).
pub(crate) fn retry() -> Vec<u8> {
    let random = [
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2,
        0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    ];
    let message = [&[2][..], &sized(3, &[&[3, 3][..], &random, &[0]].concat())].concat();
    [&[22, 3, 3][..], &sized(2, &message)].concat()
}
