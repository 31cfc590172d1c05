//! Keys, spaces, and changes that belong together.

use protocol::{Digest, Labels, OwnerId, sha256};
use std::fmt;

/// Longest key in bytes: an app's name, a slash, and a long path. A bound, so that an index page holds several.
pub const KEY_BYTES_MAX: usize = 1024;

/// Largest value in bytes: twice what one host call may carry, so that a value with its envelope always fits. Larger
/// things are blobs.
pub const VALUE_BYTES_MAX: usize = 8 * 1024 * 1024;

macro_rules! spaces {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What kind of thing a key names. The words are stored: the set only grows, and a word never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Space {
            $($(#[$doc])* $name,)*
        }

        impl Space {
            /// Every space.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The stored word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

spaces! {
    /// Installed apps: their pointer to a package, and whether they are enabled.
    App = "app";
    /// What the owner allowed.
    Grant = "grant";
    /// Questions to a person, and their answers.
    Question = "question";
    /// Runs that began, with how they ended.
    Run = "run";
    /// What apps store, as `<app>/<key>`.
    Storage = "storage";
    /// The same, as it was before an app's last upgrade.
    Checkpoint = "checkpoint";
    /// The version that an app had before its last upgrade, with what it was granted.
    Version = "version";
    /// Labels of files that apps wrote.
    FileLabel = "file_label";
    /// Stored answers of requests, so that asking twice does not act twice.
    Request = "request";
    /// Files that were removed or overwritten, and where they were.
    Trash = "trash";
    /// MCP servers: their tools, as the owner accepted them.
    Server = "server";
    /// Settings of the owner and of apps.
    Setting = "setting";
    /// Effects that were announced and not yet settled.
    Intent = "intent";
    /// Verified packages that wait for a yes.
    Offer = "offer";
    /// Publishers that the owner trusts.
    Publisher = "publisher";
    /// Names of apps, bound to their publishers for ever.
    Pin = "pin";
    /// Events that wait to be heard, and which of their listeners have heard them.
    Event = "event";
    /// Which times of an app's schedule are over, and how its last run ended.
    Schedule = "schedule";
    /// Files whose bytes a person handed over, and that are whole.
    HandedFile = "handed_file";
    /// API keys, as digests.
    Token = "token";
    /// Browsers that are signed in, as digests.
    Login = "login";
    /// Who else is an owner: rows of the first one, who makes them.
    Owner = "owner";
    /// What can be made again.
    Cache = "cache";
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The name of a value: whose, what kind, which.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Whose.
    pub owner: OwnerId,
    /// What kind.
    pub space: Space,
    /// Which. Things of an app begin with `<app>/`.
    pub key: String,
}

impl Key {
    /// The key of these three.
    pub fn new(owner: OwnerId, space: Space, key: impl Into<String>) -> Self {
        Self { owner, space, key: key.into() }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.owner, self.space, protocol::text::shorten(&self.key, 80))
    }
}

/// How safe a batch is when its commit returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// Class A: committed with others within [`crate::LAZY_WAIT_MS`], and nobody waits. A crash may lose it.
    Lazy,
    /// Class S: committed. Survives the end of the process; a power cut may take the last second.
    Saved,
    /// Class B: on the disk. Survives a power cut.
    Synced,
}

/// Changes that happen together or not at all, in their order. Preconditions are looked at before the first change.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub(crate) expected: Vec<(Key, Option<u64>)>,
    pub(crate) changes: Vec<Change>,
    pub(crate) uses_reserve: bool,
    /// One bit per space that is changed, and [`LOG_BIT`].
    pub(crate) touched: u32,
    /// What the batch holds in memory, roughly.
    pub(crate) bytes: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Change {
    Put { key: Key, value: Vec<u8>, labels: Labels },
    Delete { key: Key },
    DeletePrefix { owner: OwnerId, space: Space, prefix: String },
    CopyPrefix { owner: OwnerId, from: Space, to: Space, prefix: String },
    Append { owner: OwnerId, body: Vec<u8>, body_digest: Digest },
    PruneLog { owner: OwnerId, seq_through: u64 },
}

/// The bit of [`Batch::touched`] that stands for the log; spaces use the bits from 0.
pub(crate) const LOG_BIT: u32 = 1 << 31;

/// What a change costs in memory besides its bytes.
const CHANGE_BYTES: usize = 96;

pub(crate) fn space_bit(space: Space) -> u32 {
    1 << space as u32
}

impl Batch {
    /// A batch that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The batch is refused unless `key` is at this revision; `None`: unless it is absent.
    pub fn expect(&mut self, key: &Key, revision: Option<u64>) -> &mut Self {
        self.expected.push((key.clone(), revision));
        self
    }

    /// Writes a value, new or over the old one.
    pub fn put(&mut self, key: &Key, value: Vec<u8>, labels: Labels) -> &mut Self {
        let bytes = value.len() + key.key.len();
        self.change(space_bit(key.space), bytes, Change::Put { key: key.clone(), value, labels })
    }

    /// Removes a value; nothing happens if it is absent.
    pub fn delete(&mut self, key: &Key) -> &mut Self {
        self.change(space_bit(key.space), key.key.len(), Change::Delete { key: key.clone() })
    }

    /// Removes every value whose key begins with `prefix`.
    pub fn delete_prefix(&mut self, owner: OwnerId, space: Space, prefix: &str) -> &mut Self {
        let change = Change::DeletePrefix { owner, space, prefix: prefix.to_owned() };
        self.change(space_bit(space), prefix.len(), change)
    }

    /// Makes everything in `to` whose key begins with `prefix` what it is in `from` at this place of the batch, labels
    /// included. Values are copied where they are, however many there are.
    pub fn copy_prefix(&mut self, owner: OwnerId, from: Space, to: Space, prefix: &str) -> &mut Self {
        let change = Change::CopyPrefix { owner, from, to, prefix: prefix.to_owned() };
        self.change(space_bit(from) | space_bit(to), prefix.len(), change)
    }

    /// The changes of another batch, after those of this one. What it expects is looked at before all of them.
    pub fn extend(&mut self, other: Self) -> &mut Self {
        self.expected.extend(other.expected);
        self.changes.extend(other.changes);
        self.uses_reserve |= other.uses_reserve;
        self.touched |= other.touched;
        self.bytes += other.bytes;
        self
    }

    /// Adds an entry to the owner's audit log. Its place and hash are made at the commit.
    pub fn append(&mut self, owner: OwnerId, body: Vec<u8>) -> &mut Self {
        let body_digest = sha256(&body);
        self.change(LOG_BIT, body.len(), Change::Append { owner, body, body_digest })
    }

    /// Forgets the bodies of the owner's log up to and with this place. Digests and hashes stay, so the chain still
    /// proves the rest.
    pub fn prune_log(&mut self, owner: OwnerId, seq_through: u64) -> &mut Self {
        self.change(LOG_BIT, 0, Change::PruneLog { owner, seq_through })
    }

    /// The batch may put values although the disk is nearly full: for Stop and for recovery, never for an app.
    pub fn use_reserve(&mut self) -> &mut Self {
        self.uses_reserve = true;
        self
    }

    /// Whether it neither changes nor expects anything.
    pub fn is_empty(&self) -> bool {
        self.expected.is_empty() && self.changes.is_empty()
    }

    /// Whether it needs room that a nearly full disk keeps for others. Log lines and removals do not: they are how a
    /// person gets out of a full disk.
    pub(crate) fn needs_free_space(&self) -> bool {
        let puts = |change: &Change| matches!(change, Change::Put { .. } | Change::CopyPrefix { .. });
        !self.uses_reserve && self.changes.iter().any(puts)
    }

    /// The first thing in it that is larger than it may be: what, and its size.
    pub(crate) fn oversized(&self) -> Option<(String, usize, usize)> {
        self.changes.iter().find_map(|change| match change {
            Change::Put { key, .. } | Change::Delete { key } if key.key.len() > KEY_BYTES_MAX => {
                Some((format!("the key {key}"), key.key.len(), KEY_BYTES_MAX))
            }
            Change::Put { key, value, .. } if value.len() > VALUE_BYTES_MAX => {
                Some((format!("the value of {key}"), value.len(), VALUE_BYTES_MAX))
            }
            Change::Append { body, .. } if body.len() > VALUE_BYTES_MAX => {
                Some(("an audit entry".to_owned(), body.len(), VALUE_BYTES_MAX))
            }
            _ => None,
        })
    }

    fn change(&mut self, touched: u32, bytes: usize, change: Change) -> &mut Self {
        self.touched |= touched;
        self.bytes += bytes + CHANGE_BYTES;
        self.changes.push(change);
        self
    }
}

/// The first text after every text that begins with `prefix`, in the order of bytes (which for UTF-8 is the order of
/// characters). `None`: nothing comes after.
pub(crate) fn prefix_end(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        if last == char::MAX {
            continue;
        }
        // After U+D7FF come the surrogates, which are no characters.
        let next = if last == '\u{d7ff}' { '\u{e000}' } else { char::from_u32(u32::from(last) + 1)? };
        end.push(next);
        return Some(end);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_space_has_a_bit_and_a_word_of_its_own() {
        let mut words: Vec<_> = Space::ALL.iter().map(|space| space.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Space::ALL.len());
        let bits = Space::ALL.iter().fold(LOG_BIT, |bits, space| bits | space_bit(*space));
        assert_eq!(bits.count_ones() as usize, Space::ALL.len() + 1);
    }

    proptest! {
        #[test]
        fn a_prefix_ends_where_it_should(prefix in "[a\u{7f}\u{d7ff}\u{10ffff}é]{0,3}", other in "[a-b\u{7f}-\u{81}\u{d7ff}\u{e000}\u{10ffff}éê]{0,5}") {
            let is_between = other.as_str() >= prefix.as_str()
                && prefix_end(&prefix).is_none_or(|end| other < end);
            prop_assert_eq!(is_between, other.starts_with(&prefix));
        }
    }
}
