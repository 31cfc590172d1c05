//! Programs outside that come again: what makes one of them the same one.

use crate::{NameError, TokenId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A program that asks in an owner's place, as it is known when it comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientId {
    /// By its API key.
    Key(TokenId),
    /// One at the machine, by what it was set up as.
    Program(ClientName),
    /// One at the machine that says no name: all of these are one.
    Machine,
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(token) => write!(f, "key/{token}"),
            Self::Program(name) => write!(f, "program/{name}"),
            Self::Machine => f.write_str("machine"),
        }
    }
}

/// What a program at the machine is called as a client, such as `cursor`. Held in place, so that who asks stays as cheap to
/// hand on as a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientName {
    /// The text; zeros after it.
    bytes: [u8; Self::BYTES_MAX],
}

impl ClientName {
    const BYTES_MAX: usize = 32;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        let length = self.bytes.iter().position(|byte| *byte == 0).unwrap_or(Self::BYTES_MAX);
        // It was made of ASCII.
        str::from_utf8(&self.bytes[..length]).unwrap_or_default()
    }
}

impl FromStr for ClientName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let is_fit = (1..=Self::BYTES_MAX).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !is_fit {
            return Err(NameError {
                what: "client's name",
                given: crate::text::shorten(text, 80),
                rule: "1 to 32 characters: a lower-case letter, then lower-case letters, digits or '-'",
            });
        }
        let mut bytes = [0; Self::BYTES_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes })
    }
}

impl TryFrom<String> for ClientName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<ClientName> for String {
    fn from(name: ClientName) -> String {
        name.as_str().to_owned()
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_follows_its_rule() {
        for good in ["a", "claude-code", &"a".repeat(32)] {
            assert_eq!(good.parse::<ClientName>().map(|name| name.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "A", "1a", "a_b", "a/b", "a\0", &"a".repeat(33)] {
            assert!(bad.parse::<ClientName>().is_err(), "{bad}");
        }
    }
}
