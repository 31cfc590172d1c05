//! A host and a port, as a program names them: read once, by the reader that grants are read by.

use broker::{WebHost, WebUrl};
use std::fmt;

/// A name has at most 253 characters; addresses have fewer.
const HOST_BYTES_MAX: usize = 255;

/// Where a program wants to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whom to.
    pub host: WebHost,
    /// At which port.
    pub port: u16,
}

impl Target {
    /// A host in any notation, and a port. Numbers of machines become the machine that they mean; what could be read in two
    /// ways is nothing.
    pub fn new(host: &str, port: u16) -> Option<Self> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let is_number = |byte: u8| byte.is_ascii_hexdigit() || b":.".contains(&byte);
        let is_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(address) => address.bytes().all(is_number),
            None => host.bytes().all(is_name),
        };
        if !is_host || host.is_empty() || host.len() > HOST_BYTES_MAX || port == 0 {
            return None;
        }
        let url = WebUrl::parse(&format!("https://{host}:{port}/")).ok()?;
        (url.port() == port).then(|| Self { host: url.host().clone(), port })
    }

    /// `HOST:PORT`; without a port only where there is a usual one.
    pub(super) fn read(text: &str, port_usual: Option<u16>) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            // The last colon of an address without a port stands inside of its brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        let port = match port {
            Some(port) if port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
            Some(_) => return None,
            None => port_usual?,
        };
        Self::new(host, port)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_read_in_one_way() {
        let check = |text: &str, expected: Option<&str>| {
            let found = Target::read(text, None).map(|target| target.to_string());
            assert_eq!(found.as_deref(), expected, "{text:?}");
        };
        for (text, expected) in [
            ("example.com:443", "example.com:443"),
            ("EXAMPLE.com.:80", "example.com:80"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("2130706433:1", "127.0.0.1:1"),
            ("0x7f.1:1", "127.0.0.1:1"),
            ("0177.0.0.01:1", "127.0.0.1:1"),
            ("[::1]:443", "[::1]:443"),
            ("[::ffff:7f00:1]:443", "[::ffff:127.0.0.1]:443"),
            ("a.example:0443", "a.example:443"),
        ] {
            check(text, Some(expected));
        }
        for text in [
            "",
            ":443",
            "a.example",
            "a.example:",
            "a.example:0",
            "a.example:65536",
            "a.example:+443",
            "a.example: 443",
            "a.example:443:443",
            "::1:443",
            "[::1]",
            "[fe80::1%eth0]:443",
            "user@a.example:443",
            "a.example/:443",
            "a.example#:443",
            "a%2eexample:443",
            "bücher.example:443",
            "a..example:443",
            "1.2.3.4.5:443",
            "999.1.1.1:443",
        ] {
            check(text, None);
        }
        assert_eq!(Target::read("a.example", Some(80)), Target::new("a.example", 80));
        assert_eq!(Target::read("[::1]", Some(80)), Target::new("[::1]", 80));
        assert_eq!(Target::new(&"a".repeat(300), 80), None);
    }
}
