//! Requests that were not meant for us: what somebody made a browser send. The owner hears of each host and each page
//! once, however often it tries, and of so many that nobody fills a log with them.

use parking_lot::Mutex;
use std::collections::HashSet;

/// Hosts and pages that are told of between two starts.
const TOLD_MAX: usize = 32;
/// What is kept and said of one; a name has 253 characters at most.
const CHARS_MAX: usize = 120;

/// Those that were told of.
#[derive(Debug, Default)]
pub(super) struct Strange(Mutex<HashSet<String>>);

impl Strange {
    /// What to tell of this one, if it was not told of before.
    pub(super) fn first(&self, said: &[u8]) -> Option<String> {
        let said = protocol::text::shorten(&String::from_utf8_lossy(said), CHARS_MAX);
        let mut told = self.0.lock();
        (told.len() < TOLD_MAX && told.insert(said.clone())).then_some(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_of_once_and_not_too_many() {
        let strange = Strange::default();
        assert_eq!(strange.first(b"evil.example").as_deref(), Some("evil.example"));
        assert_eq!(strange.first(b"evil.example"), None);
        assert!(
            !strange.first(b"a\nb\x1b[31m\xe2\x80\xae\xff").unwrap_or_default().contains(['\n', '\u{1b}', '\u{202e}'])
        );
        let told = (0..1_000).filter(|at| strange.first(format!("{at}.example").as_bytes()).is_some()).count();
        assert_eq!(told, TOLD_MAX - 2);
    }
}
