//! What a collector wants to see of whoever sends it traces, mostly a secret. It stands in a file of its own, so that the
//! configuration has no secret in it, and is neither shown nor said again.

use crate::files;
use egress::{HeaderMap, HeaderName, HeaderValue};
use protocol::{ErrorCode, Failure, text};
use std::path::Path;

/// A few tokens; whatever is longer is another file.
const FILE_BYTES_MAX: usize = 16 << 10;
const HINT: &str = "[telemetry] headers_file in the configuration file names it; a line of it is like x-api-key: …";
/// What is said here in any case, or by whoever moves the message.
const NOT_THEIRS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// The headers of a file.
pub(super) fn read(path: &Path) -> Result<HeaderMap, Failure> {
    let written = files::read_secret(path, FILE_BYTES_MAX, HINT)?;
    parse(&written).map_err(|(line, why)| {
        let name = text::escape(&path.to_string_lossy());
        Failure::new(ErrorCode::FileUnusable, format!("{name}, line {line}: {why}")).hint(HINT)
    })
}

/// The headers of a text: a line each, as HTTP has them; what begins with `#` is for people. Or the line that is wrong, and
/// why, without what stands there: it may be a secret.
fn parse(written: &str) -> Result<HeaderMap, (usize, &'static str)> {
    let mut headers = HeaderMap::new();
    for (place, line) in written.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |why| (place + 1, why);
        let (name, value) = line.split_once(':').ok_or(wrong("a header is a name, a colon and what it says"))?;
        let name =
            HeaderName::try_from(name.trim_end()).map_err(|_| wrong("what stands before the colon is no name"))?;
        if NOT_THEIRS.contains(&name.as_str()) {
            return Err(wrong("this header belongs to whoever moves the message"));
        }
        let mut value = HeaderValue::try_from(value.trim_start())
            .map_err(|_| wrong("what stands behind the colon fits no header"))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    #[test]
    fn headers_are_lines_and_a_mistake_says_its_line_and_nothing_of_what_stands_there() {
        let read = parse("# of the team\n\nX-Api-Key: SECRET:1\r\nauthorization:Bearer SECRET\n").unwrap();
        assert_eq!(
            (read["x-api-key"].as_bytes(), read["authorization"].as_bytes()),
            (&b"SECRET:1"[..], &b"Bearer SECRET"[..])
        );
        assert!(!format!("{read:?}").contains("SECRET"));
        for (text, line, says) in [
            ("SECRET", 1, "a colon"),
            ("a: b\nx key: SECRET", 2, "no name"),
            (": SECRET", 1, "no name"),
            ("key: SECRET\u{1}", 1, "fits no header"),
            ("\nHost: SECRET", 2, "whoever moves the message"),
        ] {
            let (found, why) = parse(text).unwrap_err();
            assert!(found == line && why.contains(says), "{text}: {found} {why}");
        }
    }

    #[test]
    fn a_file_that_is_none_of_headers_says_which_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("otlp.headers");
        let says = || read(&file).map_err(|failure| failure.message).unwrap_err();
        assert!(says().contains("otlp.headers cannot be read"), "{}", says());
        std::fs::write(&file, "a: b").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        assert!(says().contains("can be read by others"), "{}", says());
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&file, "x".repeat(20_000)).unwrap();
        assert!(says().contains("longer than 16384 bytes"), "{}", says());
        std::fs::write(&file, [0xff]).unwrap();
        assert!(says().contains("no text"), "{}", says());
        std::fs::write(&file, "a: b\nSECRET").unwrap();
        assert!(says().contains("otlp.headers, line 2: ") && !says().contains("SECRET"), "{}", says());
    }
}
