//! What leads out of the operator's network: the address from the set-up, the password from a file of its own.

use crate::{ProxySetup, files};
use protocol::{ErrorCode, Failure};

/// A file with one line is never larger.
const FILE_BYTES_MAX: usize = 8 << 10;
const HINT: &str = "[egress] proxy_credentials in the configuration file names it";

/// The proxy of a set-up.
pub(crate) fn read(setup: &ProxySetup) -> Result<egress::Proxy, Failure> {
    let wrong = |error: egress::ProxyError| {
        Failure::new(ErrorCode::Usage, format!("[egress] {error}")).hint("[egress] of the configuration file names it")
    };
    let proxy = egress::Proxy::new(&setup.address, setup.exceptions.clone()).map_err(wrong)?;
    match &setup.credentials {
        Some(path) => proxy.credentials(&files::read_secret(path, FILE_BYTES_MAX, HINT)?).map_err(wrong),
        None => Ok(proxy),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::{
        fs::{self, File},
        os::unix::fs::OpenOptionsExt as _,
    };

    #[test]
    fn a_password_comes_from_a_file_that_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let check = |mode: u32, text: &str, expected: Option<&str>| {
            let path = folder.path().join("proxy");
            drop(fs::remove_file(&path));
            let mut file = File::options().write(true).create_new(true).mode(mode).open(&path).unwrap();
            std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
            let setup =
                ProxySetup { address: "http://p:1".to_owned(), exceptions: vec![], credentials: Some(path.clone()) };
            match (read(&setup), expected) {
                (Ok(_), None) => {}
                (Err(failure), Some(says)) => {
                    assert!(failure.message.contains(says), "{}", failure.message);
                    assert!(!failure.message.contains("user:"), "{}", failure.message);
                }
                (read, _) => panic!("{mode:o} {text:?}: {:?}", read.map(drop)),
            }
        };
        check(0o600, "user:word\n", None);
        check(0o400, "user:word", None);
        check(0o640, "user:word", Some("can be read by others"));
        check(0o644, "user:word", Some("can be read by others"));
        check(0o600, "word", Some("USER:PASSWORD"));
        let nowhere = Some(folder.path().join("nowhere"));
        let setup = ProxySetup { address: "http://p:1".to_owned(), exceptions: vec![], credentials: nowhere };
        assert!(read(&setup).unwrap_err().message.contains("cannot be read"));
    }
}
