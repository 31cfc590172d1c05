//! Certificates of authorities that an operator trusts beside the public ones: a company's own, a test's.

use crate::files;
use base64::Engine as _;
use protocol::{ErrorCode, Failure};
use std::path::Path;

/// A file of authorities is never larger: the public ones together have a quarter of that.
const FILE_BYTES_MAX: usize = 1 << 20;
const HINT: &str = "[network] authorities of the configuration names a file of certificates (PEM)";

/// The certificates of a PEM file, in DER.
pub(crate) fn read(path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let wrong = |why: &str| {
        let shown = protocol::text::escape(&path.to_string_lossy());
        Failure::new(ErrorCode::FileUnusable, format!("{shown}: {why}")).hint(HINT)
    };
    let text = files::read_text(path, FILE_BYTES_MAX, HINT)?;
    let certificates = parse(&text).ok_or_else(|| wrong("it holds something that is no certificate"))?;
    if certificates.is_empty() { Err(wrong("it holds no certificate")) } else { Ok(certificates) }
}

fn parse(text: &str) -> Option<Vec<Vec<u8>>> {
    let pieces = text.split("-----BEGIN CERTIFICATE-----").skip(1);
    pieces
        .map(|piece| {
            let (body, _) = piece.split_once("-----END CERTIFICATE-----")?;
            let body: String = body.split_whitespace().collect();
            base64::engine::general_purpose::STANDARD.decode(body).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_found_and_nothing_else() {
        let one = "-----BEGIN CERTIFICATE-----\nAQID\nBA==\n-----END CERTIFICATE-----\n";
        assert_eq!(parse(&format!("# two\n{one}\n{one}")), Some(vec![vec![1, 2, 3, 4]; 2]));
        assert_eq!(parse(""), Some(vec![]));
        assert_eq!(parse("-----BEGIN CERTIFICATE-----\nAQID"), None);
        assert_eq!(parse("-----BEGIN CERTIFICATE-----\n%%\n-----END CERTIFICATE-----"), None);
    }
}
