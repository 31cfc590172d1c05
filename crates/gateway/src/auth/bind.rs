//! Where doors may be opened: at addresses that only this machine reaches, or with TLS and a credential. Pure: who calls
//! has read the configuration and the files.

use protocol::{ErrorCode, Failure};
use std::net::SocketAddr;

/// What an operator wants to open, and what is there to protect it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bind {
    /// The address.
    pub address: SocketAddr,
    /// Whether there is a certificate with its key.
    pub has_tls: bool,
    /// Whether there is an API key, a login or a bootstrap token by which somebody could come in.
    pub has_credential: bool,
}

impl Bind {
    /// Whether more than this machine reaches it.
    pub fn is_for_others(&self) -> bool {
        !self.address.ip().to_canonical().is_loopback()
    }

    /// Refuses what would let others in, or listen in, and says exactly what is missing.
    pub fn check(&self) -> Result<(), Failure> {
        if !self.is_for_others() || (self.has_tls && self.has_credential) {
            return Ok(());
        }
        let address = self.address;
        let missing = match (self.has_tls, self.has_credential) {
            (false, false) => "neither TLS nor a credential is set up",
            (false, true) => "TLS is not set up",
            _ => "there is no credential by which anybody could come in",
        };
        let port = address.port();
        let tls = format!(
            "in the configuration file: [doors] bind = \"{address}\", tls = {{ cert = \"/etc/oikos/cert.pem\", key = \"/etc/oikos/key.pem\" }}"
        );
        let hint = match (self.has_tls, self.has_credential) {
            (false, false) => format!("{tls}; and: oikos token new NAME; or stay at 127.0.0.1:{port}"),
            (false, true) => format!("{tls}; or stay at 127.0.0.1:{port}"),
            _ => format!("oikos token new NAME; or stay at 127.0.0.1:{port}"),
        };
        let message = format!("others can reach {address}, and {missing}, so it is not opened");
        Err(Failure::new(ErrorCode::BindRefused, message).hint(hint))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn check(address: &str, has_tls: bool, has_credential: bool, refused: Option<&str>) {
        let said = Bind { address: address.parse().unwrap(), has_tls, has_credential }.check();
        match refused {
            None => assert_eq!(said, Ok(()), "{address}"),
            Some(hint) => {
                let failure = said.unwrap_err();
                assert_eq!(failure.code, ErrorCode::BindRefused);
                assert!(failure.hint.as_ref().unwrap().contains(hint), "{failure:?}");
            }
        }
    }

    #[test]
    fn what_others_reach_is_opened_with_tls_and_a_credential_only() {
        for local in ["127.0.0.1:7070", "127.5.5.5:7070", "[::1]:7070", "[::ffff:127.0.0.1]:7070"] {
            check(local, false, false, None);
        }
        for open in ["0.0.0.0:7070", "[::]:7070", "192.168.1.5:7070", "[fe80::1]:7070", "[::ffff:10.0.0.1]:7070"] {
            check(open, false, false, Some("oikos token new NAME; or stay at 127.0.0.1:7070"));
            check(open, false, true, Some("tls = { cert ="));
            check(open, true, false, Some("oikos token new NAME; or stay"));
            check(open, true, true, None);
        }
    }
}
