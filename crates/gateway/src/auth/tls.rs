//! What makes a listener speak TLS: a chain of certificates and its key, read and looked at before anything listens. Pure:
//! who calls has read the files.

use protocol::{ErrorCode, Failure, Timestamp, text};
use rustls::{
    ServerConfig,
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName,
        pem::{self, PemObject as _},
    },
    server::ParsedCertificate,
};
use std::sync::Arc;

/// Longest file that is looked at: chains have three or four certificates of a few KB.
pub const PEM_BYTES_MAX: usize = 1 << 20;

/// A file of the configuration, with its name as messages show it.
#[derive(Clone, Copy)]
pub struct PemFile<'a> {
    /// Its name.
    pub name: &'a str,
    /// What is in it.
    pub bytes: &'a [u8],
}

/// Reads a chain of certificates and its key, and sees that they belong together.
pub fn tls_config(cert: PemFile<'_>, key: PemFile<'_>) -> Result<Arc<ServerConfig>, Failure> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(sized(cert)?).collect::<Result<_, _>>().map_err(|error| broken(cert, &error))?;
    if chain.is_empty() {
        return Err(wrong(cert, 1, "there is no certificate in it", "it begins with -----BEGIN CERTIFICATE-----"));
    }
    let key_der = PrivateKeyDer::from_pem_slice(sized(key)?).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            let hint = match CertificateDer::pem_slice_iter(key.bytes).next() {
                Some(Ok(_)) => "that is a certificate; the key begins with -----BEGIN PRIVATE KEY-----",
                _ => "it begins with -----BEGIN PRIVATE KEY-----",
            };
            wrong(key, 1, "there is no private key in it", hint)
        }
        error => broken(key, &error),
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(ErrorCode::Internal, "TLS cannot be set up").log(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .map_err(|error| {
            let what = match error {
                rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch) => {
                    format!("{} and {} do not belong together: the key is of another certificate", cert.name, key.name)
                }
                error => format!("{} and {} cannot be used together: {error}", cert.name, key.name),
            };
            Failure::new(ErrorCode::KeyUnreadable, text::shorten(&what, 400))
                .hint("the first certificate of the file has to be the one that the key is of")
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// What a listener's certificate says of itself.
#[derive(Debug)]
pub struct CertificateFacts {
    /// From when on it is valid.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
    /// It, as a listener shows it.
    pub der: Vec<u8>,
}

impl CertificateFacts {
    /// Whether it is for a name or an address, as browsers see it.
    pub fn is_for(&self, host: &str) -> bool {
        let certificate = CertificateDer::from(self.der.as_slice());
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let (Ok(parsed), Ok(name)) = (ParsedCertificate::try_from(&certificate), ServerName::try_from(host)) else {
            return false;
        };
        rustls::client::verify_server_name(&parsed, &name).is_ok()
    }
}

/// Reads the first certificate of a chain: the listener's own.
pub fn certificate_facts(cert: PemFile<'_>) -> Result<CertificateFacts, Failure> {
    const HINT: &str = "it begins with -----BEGIN CERTIFICATE-----";
    let first = CertificateDer::pem_slice_iter(sized(cert)?).next();
    let der = first.ok_or_else(|| wrong(cert, 1, "there is no certificate in it", HINT))?;
    let der = der.map_err(|error| broken(cert, &error))?;
    let (_, parsed) = x509_parser::parse_x509_certificate(&der)
        .map_err(|_| wrong(cert, 1, "what is in it is no certificate", "copy it again as a whole"))?;
    let moment = |time: x509_parser::time::ASN1Time| Timestamp(time.timestamp().saturating_mul(1_000));
    let life = parsed.validity();
    Ok(CertificateFacts { not_before: moment(life.not_before), not_after: moment(life.not_after), der: der.to_vec() })
}

fn sized(file: PemFile<'_>) -> Result<&[u8], Failure> {
    if file.bytes.len() <= PEM_BYTES_MAX {
        return Ok(file.bytes);
    }
    Err(wrong(file, 1, "it is larger than a certificate or a key is", "is it another file?"))
}

fn broken(file: PemFile<'_>, error: &pem::Error) -> Failure {
    // The reader does not say where; the line that begins what it could not read is the place to look.
    let begins = |line: &[u8]| line.starts_with(b"-----BEGIN");
    let line = file.bytes.split(|byte| *byte == b'\n').position(begins).map_or(1, |place| place + 1);
    wrong(file, line, &text::shorten(&error.to_string(), 200), "copy it again as a whole, with its BEGIN and END lines")
}

/// The message never shows a line of the file: it may be a key.
fn wrong(file: PemFile<'_>, line: usize, what: &str, hint: &str) -> Failure {
    Failure::new(ErrorCode::KeyUnreadable, format!("{}:{line}: {what}", file.name)).hint(hint)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(vec!["box.example".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn check(cert: &str, key: &str, says: &str) {
        let file = |name, text: &'static str| PemFile { name, bytes: text.as_bytes() };
        let (cert, key) = (cert.to_owned().leak(), key.to_owned().leak());
        let failure = tls_config(file("cert.pem", cert), file("key.pem", key)).unwrap_err();
        assert_eq!(failure.code, ErrorCode::KeyUnreadable);
        assert!(failure.message.contains(says), "{}", failure.message);
        let secret = key.lines().nth(1).unwrap_or("-").to_owned();
        assert!(secret.len() < 20 || !format!("{failure:?}").contains(&secret), "the key is not shown");
    }

    #[test]
    fn a_chain_and_its_key_are_taken_and_everything_else_says_why_not() {
        let (cert, key) = pair();
        let (other, _) = pair();
        let file = |name, text: &'static str| PemFile { name, bytes: text.as_bytes() };
        let together = format!("{cert}{other}");
        tls_config(file("cert.pem", cert.clone().leak()), file("key.pem", key.clone().leak())).unwrap();
        tls_config(file("cert.pem", together.leak()), file("key.pem", key.clone().leak())).unwrap();
        check("", &key, "cert.pem:1: there is no certificate");
        check(&key, &key, "cert.pem:1: there is no certificate");
        check(&cert, "", "key.pem:1: there is no private key");
        check(&cert, &cert, "key.pem:1: there is no private key");
        check(&other, &key, "cert.pem and key.pem do not belong together");
        check(&cert, &format!("\n{}", &key[..key.len() / 2]), "key.pem:2:");
        check(&cert, &key.replace("MI", "!!"), "key.pem:1:");
        check(&cert, &"x".repeat(PEM_BYTES_MAX + 1), "larger than");
    }

    #[test]
    fn a_certificate_says_for_whom_and_until_when_it_is() {
        let made =
            rcgen::generate_simple_self_signed(vec!["box.example".to_owned(), "192.168.1.5".to_owned()]).unwrap();
        let pem = made.cert.pem();
        let facts = certificate_facts(PemFile { name: "cert.pem", bytes: pem.as_bytes() }).unwrap();
        assert!(facts.not_before.0 < facts.not_after.0);
        for (host, is_for) in [
            ("box.example", true),
            ("192.168.1.5", true),
            ("other.example", false),
            ("192.168.1.6", false),
            ("", false),
        ] {
            assert_eq!(facts.is_for(host), is_for, "{host}");
        }
        for text in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            let failure = certificate_facts(PemFile { name: "cert.pem", bytes: text.as_bytes() }).unwrap_err();
            assert!(failure.message.starts_with("cert.pem:1: ") && failure.hint.is_some(), "{failure:?}");
        }
    }
}
