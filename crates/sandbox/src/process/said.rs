//! The last of what a program complained of on its standard error, for whoever wants to know why it failed.

use parking_lot::Mutex;
use protocol::text::shorten;
use std::collections::VecDeque;

/// Enough for the story of a crash, and nothing that grows.
const BYTES_MAX: usize = 64 << 10;
/// What of it a message quotes.
const QUOTED_CHARS_MAX: usize = 600;
/// Of these lines.
const QUOTED_LINES_MAX: usize = 6;

/// The end of a stream.
#[derive(Debug, Default)]
pub(crate) struct Said(Mutex<VecDeque<u8>>);

impl Said {
    /// Takes what came.
    pub(crate) fn take(&self, bytes: &[u8]) {
        let mut said = self.0.lock();
        let bytes = &bytes[bytes.len().saturating_sub(BYTES_MAX)..];
        let over = (said.len() + bytes.len()).saturating_sub(BYTES_MAX);
        said.drain(..over);
        said.extend(bytes);
    }

    /// The lines of it; the first one may be half of one.
    fn lines(&self) -> Vec<String> {
        let bytes: Vec<u8> = self.0.lock().iter().copied().collect();
        String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
    }

    /// A reason, with the program's last words.
    pub(crate) fn explain(&self, why: &str) -> String {
        let lines = self.lines();
        let last: Vec<&str> = lines.iter().rev().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
        let last: Vec<&str> = last.into_iter().take(QUOTED_LINES_MAX).rev().collect();
        match last.is_empty() {
            true => why.to_owned(),
            false => format!("{why}. Its last words: {}", shorten(&last.join(" / "), QUOTED_CHARS_MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_and_quoted() {
        let said = Said::default();
        assert_eq!(said.explain("it ended"), "it ended");
        said.take(b"first\n\nError: no token\n  at main.js:1\n");
        assert_eq!(said.explain("it ended"), "it ended. Its last words: first / Error: no token / at main.js:1");
        said.take(&vec![b'x'; 3 * BYTES_MAX]);
        said.take(b"y");
        let lines = said.lines();
        assert_eq!((lines.len(), lines[0].len()), (1, BYTES_MAX));
        assert!(lines[0].ends_with("xy"));
        assert!(said.explain("w").chars().count() < QUOTED_CHARS_MAX + 40);
    }
}
