//! What the fuzzers found worth keeping, tried again. `fuzz/` says how the corpus grows.

#![expect(clippy::print_stdout, reason = "which input it was")]

use crate::targets;
use egress::wire::{Target, connect_read, greeting_read, request_read};
use proptest::{collection::vec, prelude::*};
use std::{fs, path::Path};

#[test]
fn requests_for_a_way() {
    each("connect", targets::connect);
}

#[test]
fn frames_of_socks() {
    each("socks", targets::socks);
}

#[test]
fn first_words_on_a_way() {
    each("hello", targets::hello);
}

fn each(corpus: &str, target: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(corpus);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    for file in files {
        // Shown when the test fails: which input it was.
        println!("{}", file.display());
        target(&fs::read(&file).unwrap());
    }
}

/// A piece of a message, so that what is made up is nearly one.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::sample::select(vec![
            &b"CONNECT "[..],
            b"GET ",
            b"a.example",
            b":443",
            b" HTTP/1.1",
            b"\r\n",
            b"\r\n\r\n",
            b"Host: ",
            b"content-length: 5",
            b"transfer-encoding: x",
            b" ",
            b"[::1]",
            b"127.0.0.1",
            b"\x05\x01\x00",
            b"\x05\x01\x00\x03\x09",
            b"\x05\x01\x00\x01",
            b"\x01\xbb",
            b"\x16\x03\x01\x00\x20",
            b"\x01\x00\x00\x1c\x03\x03",
            b"\x00\x00",
            b"/",
            b"http://",
        ])
        .prop_map(<[u8]>::to_vec),
        vec(any::<u8>(), 0..6),
    ]
}

proptest! {
    #[test]
    fn nothing_that_is_nearly_a_message_breaks_a_reader(pieces in vec(piece(), 0..16)) {
        let bytes = pieces.concat();
        targets::connect(&bytes);
        targets::socks(&bytes);
        targets::hello(&bytes);
    }

    /// What programs say is understood, whatever follows it, and not before it is there.
    #[test]
    fn honest_requests_are_understood(
        name in "[a-z][a-z0-9-]{0,20}[a-z](\\.[a-z]{2,10}){1,3}",
        port in 1_u16..,
        headers in vec("[A-Za-z-]{1,10}: [ -~]{0,20}", 0..5),
        rest in vec(any::<u8>(), 0..20),
    ) {
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let target = Target::new(&name, port).unwrap();
        let head = format!("CONNECT {name}:{port} HTTP/1.1\r\n{headers}\r\n");
        let said = [head.as_bytes(), &rest].concat();
        prop_assert_eq!(connect_read(&said), Ok(Some((target.clone(), head.len()))));
        prop_assert_eq!(connect_read(&said[..head.len() - 1]), Ok(None));

        let frame = [&[5, 1, 0, 3, name.len() as u8][..], name.as_bytes(), &port.to_be_bytes()].concat();
        let said = [&frame[..], &rest].concat();
        prop_assert_eq!(request_read(&said), Ok(Some((target, frame.len()))));
        prop_assert_eq!(request_read(&said[..frame.len() - 1]), Ok(None));
        prop_assert_eq!(greeting_read(&[&[5, 2, 2, 0][..], &said].concat()), Ok(Some(4)));
    }
}
