//! Typed ids and names: one type per idea, so that a run's id is never passed where a grant's is meant.

use crate::{Clock, Entropy};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use utoipa::ToSchema;

/// A name or id that does not have the form it must have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} '{given}' is not valid: {rule}")]
pub struct NameError {
    /// What was being read, such as "app name".
    pub what: &'static str,
    /// What was given, shortened and made safe to show.
    pub given: String,
    /// The rule, in words.
    pub rule: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A new UUIDv7: ordered by time, unguessable in its last 74 bits.
            pub fn new(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                let mut random = [0; 10];
                entropy.fill(&mut random);
                let ms = u64::try_from(clock.now().0).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid())
            }

            /// The id's 16 bytes, in an order that sorts by time.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                uuid::Uuid::parse_str(text).map(Self).map_err(|_| NameError {
                    what: $what,
                    given: crate::text::shorten(text, 80),
                    rule: "an id looks like 0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a",
                })
            }
        }
    )*};
}

ids! {
    /// One execution of an action, tool, trigger or hook.
    RunId = "run id";
    /// What the owner allowed, as one row.
    GrantId = "grant id";
    /// A question to a person.
    QuestionId = "question id";
    /// The caller's own id of a request: asking twice gives the stored answer.
    RequestId = "request id";
    /// A package that was verified and waits for the owner's yes.
    OfferId = "offer id";
    /// A file whose bytes a person handed over.
    FileId = "file id";
    /// Something that happened and was told on the bus.
    EventId = "event id";
    /// An API key, as it is listed; not the key itself.
    TokenId = "key's id";
    /// A browser that was signed in.
    LoginId = "login's id";
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $what:literal, $rule:literal, $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String)]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(NameError { what: $what, given: crate::text::shorten(text, 80), rule: $rule })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    )*};
}

names! {
    /// An app's name: it belongs to its publisher for ever.
    AppName = "app name",
    "2 to 64 characters: a lower-case letter, then lower-case letters, digits or '-'",
    |text| {
        (2..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    /// An action's or tool's name: the exported function that a run calls.
    ActionName = "action name",
    "1 to 64 characters: a letter or '_', then letters, digits or '_'",
    |text| {
        (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    /// A publisher's name on this device. The key is the publisher; the name is how the owner calls it.
    PublisherName = "publisher name",
    "2 to 64 characters: a lower-case letter, then lower-case letters, digits or '-'; none that oikos itself could be \
     taken for",
    |text| {
        (2..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with("oikos")
            && !matches!(text, "official" | "system" | "developer" | "you")
    };
    /// What an owner calls an API key.
    TokenName = "name of an API key",
    "1 to 64 characters: a lower-case letter, then lower-case letters, digits or '-'",
    |text| {
        (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    /// What an owner calls a secret in the vault.
    KeyName = "name of a key",
    "1 to 64 characters: a lower-case letter or digit, then lower-case letters, digits, '.', '_' or '-'",
    |text| {
        (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
    };
    /// An owner's name.
    OwnerName = "owner's name",
    "1 to 32 characters: a lower-case letter, then lower-case letters, digits or '-'; not 'oikos'",
    |text| {
        (1..=32).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && text != "oikos"
    };
}

/// A SHA-256 digest; shown and stored as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String)]
pub struct Digest(pub [u8; 32]);

/// The SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> Digest {
    use sha2::Digest as _;
    Digest(sha2::Sha256::digest(bytes).into())
}

impl Digest {
    /// The first twelve digits: enough for a person to compare, not a proof.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..6])
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NameError {
            what: "digest",
            given: crate::text::shorten(text, 80),
            rule: "64 hexadecimal digits",
        })?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_their_rule() {
        for good in ["ab", "csv-insights", "a1", &"a".repeat(64)] {
            assert!(good.parse::<AppName>().is_ok(), "{good}");
        }
        for bad in ["", "a", "A1", "1a", "a_b", "a/b", "a\u{301}b", "..", &"a".repeat(65)] {
            assert!(bad.parse::<AppName>().is_err(), "{bad}");
        }
        assert!("analyze".parse::<ActionName>().is_ok());
        for bad in ["", "a-b", "a.b", "constructor()", "é", &"a".repeat(65)] {
            assert!(bad.parse::<ActionName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn digests_read_back() {
        let digest = sha256(b"abc");
        assert_eq!(digest.to_string().parse::<Digest>(), Ok(digest));
        assert!(digest.to_string().starts_with("ba7816bf"));
    }
}
