//! Successor statements: by which a publisher's old key names the one that comes after it.
//!
//! ```text
//! oikos successor statement 1
//! old: <the old key>
//! new: <the new key>
//! untrusted comment: …
//! <signature of the three lines above, by the old key>
//! trusted comment: oikos successor statement 1
//! <signature of the comment>
//! ```
//!
//! The last four lines are a minisign signature, so `head -3` and `tail -4` of the file are what stock minisign takes.

use crate::{MINISIGN_FILE_BYTES_MAX, MinisignFault, MinisignSignature, PublisherKey, PublisherSecret};

const FIRST_LINE: &str = "oikos successor statement 1";
const LINES: usize = 7;
/// A publisher who changed keys more often than this has another problem.
pub const SUCCESSORS_MAX: usize = 8;

/// Why text is no list of successor statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuccessorError {
    /// Not in the form above.
    #[error("it is no successor statement: {0}")]
    Unreadable(&'static str),
    /// Not signed by the old key.
    #[error("the old key did not sign it: {0}")]
    Signature(#[from] MinisignFault),
}

/// A statement whose signature by the old key was verified. There is no other way to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Successor {
    old: PublisherKey,
    new: PublisherKey,
}

impl Successor {
    /// The key that signed it.
    pub fn old(&self) -> &PublisherKey {
        &self.old
    }

    /// The key that it named.
    pub fn new_key(&self) -> &PublisherKey {
        &self.new
    }

    /// Writes the statement that `new` comes after `old`.
    pub fn write(old: &PublisherSecret, new: &PublisherKey) -> String {
        let said = said(&old.public_key(), new);
        let signature = old.sign(said.as_bytes(), "signed by the old key", FIRST_LINE);
        said + &signature
    }

    /// Reads statements, one after the other, and verifies each.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, SuccessorError> {
        let unreadable = SuccessorError::Unreadable;
        if bytes.len() > MINISIGN_FILE_BYTES_MAX * SUCCESSORS_MAX {
            return Err(unreadable("it is too long"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| unreadable("it is not text"))?;
        let lines: Vec<&str> = text.lines().collect();
        if lines.is_empty() || !lines.len().is_multiple_of(LINES) {
            return Err(unreadable("a statement has seven lines"));
        }
        if lines.len() / LINES > SUCCESSORS_MAX {
            return Err(unreadable("it has more than eight statements"));
        }
        lines.chunks(LINES).map(read).collect()
    }
}

fn said(old: &PublisherKey, new: &PublisherKey) -> String {
    format!("{FIRST_LINE}\nold: {old}\nnew: {new}\n")
}

fn read(lines: &[&str]) -> Result<Successor, SuccessorError> {
    let unreadable = SuccessorError::Unreadable;
    let key = |line: &str, word: &str| -> Option<PublisherKey> { line.strip_prefix(word)?.parse().ok() };
    if lines[0] != FIRST_LINE {
        return Err(unreadable("its first line is another"));
    }
    let old = key(lines[1], "old: ").ok_or(unreadable("its second line is not 'old: ' and a key"))?;
    let new = key(lines[2], "new: ").ok_or(unreadable("its third line is not 'new: ' and a key"))?;
    let signature = MinisignSignature::read_file(lines[3..].join("\n").as_bytes())?;
    if signature.trusted_comment() != FIRST_LINE {
        return Err(unreadable("it was signed for something else"));
    }
    old.verify(said(&old, &new).as_bytes(), &signature)?;
    if old.key() == new.key() {
        return Err(unreadable("its two keys are one"));
    }
    Ok(Successor { old, new })
}
