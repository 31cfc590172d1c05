//! What must hold for anything that a program says to its proxy, and first to a host. Used by the fuzzers, and by the tests of
//! crates/egress, which try the corpus again.

use broker::{WebHost, WebUrl};
use egress::wire::{
    self, Answered, CONNECT_HEAD_BYTES_MAX, HELLO_BYTES_MAX, Target, answer_read, connect_read, forward_read,
    greeting_read, hello_read, plain_read,
};

/// A request for a way by HTTP, or one to be sent on.
pub(crate) fn connect(bytes: &[u8]) {
    prefixes(bytes, connect_read);
    prefixes(bytes, forward_read);
    if let Ok(Some((forward, taken))) = forward_read(bytes) {
        assert!(bytes[..taken].ends_with(b"\r\n\r\n"), "it ends where a head ends");
        assert!(connect_read(bytes).is_err() && plain_read(bytes).is_err(), "it is one of the three");
        check_target(&forward.target);
        let url = &forward.url;
        assert!(!url.is_https() && (url.host(), url.port()) == (&forward.target.host, forward.target.port));
        assert!(
            url.path_and_query().starts_with('/') && url.path_and_query().bytes().all(|byte| byte.is_ascii_graphic())
        );
        assert!(forward.method.bytes().all(|byte| byte.is_ascii_uppercase()), "{}", forward.method);
    }
    if let Ok(Some((target, taken))) = connect_read(bytes) {
        assert!(taken <= bytes.len() && taken <= CONNECT_HEAD_BYTES_MAX);
        assert!(bytes[..taken].ends_with(b"\r\n\r\n"), "it ends where a head ends");
        check_target(&target);
    }
}

/// The two frames of SOCKS5, each by itself and one after the other.
pub(crate) fn socks(bytes: &[u8]) {
    prefixes(bytes, |bytes| greeting_read(bytes).map(|read| read.map(|taken| ((), taken))));
    prefixes(bytes, wire::request_read);
    let rest = match greeting_read(bytes) {
        Ok(Some(taken)) => &bytes[taken..],
        _ => bytes,
    };
    if let Ok(Some((target, taken))) = wire::request_read(rest) {
        assert!(taken <= rest.len() && taken <= 4 + 1 + 255 + 2);
        check_target(&target);
    }
}

/// What is said first: a hello of TLS or a request of HTTP, and what a server answers.
pub(crate) fn hello(bytes: &[u8]) {
    prefixes(bytes, |bytes| hello_read(bytes).map(|read| read.map(|hello| (hello.clone(), hello.bytes))));
    prefixes(bytes, plain_read);
    if let Ok(Some(hello)) = hello_read(bytes) {
        assert!(hello.bytes <= bytes.len().min(HELLO_BYTES_MAX));
        let name = hello.name.unwrap_or_default();
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase()), "{name:?}");
        assert!(plain_read(bytes).is_err(), "it is one of the two");
    }
    if let Ok(Some((plain, taken))) = plain_read(bytes) {
        assert!(bytes[..taken].ends_with(b"\r\n\r\n"), "it ends where a head ends");
        check_target(&plain.target);
    }
    if answer_read(bytes) == Some(Answered::Again) {
        assert!(hello_read(bytes).ok().flatten().is_none(), "nobody who greets asks for a greeting");
    }
}

/// What is there already decides: what a beginning means stays what it means with more behind it.
fn prefixes<T: PartialEq + std::fmt::Debug, E: PartialEq + std::fmt::Debug>(
    bytes: &[u8],
    read: impl Fn(&[u8]) -> Result<Option<(T, usize)>, E>,
) {
    let whole = read(bytes);
    for length in [0, 1, bytes.len() / 2, bytes.len().saturating_sub(1)] {
        let beginning = read(&bytes[..length.min(bytes.len())]);
        assert!(matches!(beginning, Ok(None)) || beginning == whole, "{beginning:?} {whole:?}");
    }
    if let Ok(Some((_, taken))) = &whole {
        assert_eq!(read(&bytes[..*taken]), whole, "it takes what it needs");
    }
}

/// It is a host as grants know them, in one form.
fn check_target(target: &Target) {
    let url = WebUrl::parse(&format!("https://{target}/")).expect("a host and a port");
    assert_eq!((url.host(), url.port()), (&target.host, target.port));
    assert_eq!(Target::new(&target.host.to_string(), target.port).as_ref(), Some(target));
    if let WebHost::Name(name) = &target.host {
        assert!(name.parse::<std::net::IpAddr>().is_err(), "{name} would be taken for a machine's number");
    }
}
