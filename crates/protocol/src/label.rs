//! Where data came from. Labels only ever join; nothing but a person's approval takes one away.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// A set of labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Labels(u8);

impl Labels {
    /// No label: made by the app itself.
    pub const NONE: Self = Self(0);
    /// The owner's own: their files, mail, other apps' storage.
    pub const PRIVATE: Self = Self(1);
    /// Written by a stranger: web pages, MCP results, the text of documents.
    pub const STRANGER: Self = Self(2);

    /// Both sets together.
    #[must_use]
    pub const fn join(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every label of `other` is here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The set as a number, for a database column.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set from a database column; unknown bits are kept, so a newer label is never lost.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.contains(Self::PRIVATE), self.contains(Self::STRANGER)) {
            (false, false) => "none",
            (true, false) => "private",
            (false, true) => "stranger",
            (true, true) => "private+stranger",
        })
    }
}
