//! Who asks. Every call carries a [`Caller`]; every key and row begins with its owner.

use crate::{ClientId, NameError};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The person whose data, grants and budget these are. Standalone begins with one, [`OwnerId::LOCAL`]. A number is given
/// once and never again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct OwnerId(pub u32);

impl OwnerId {
    /// Who sits at the machine: the first owner, who makes the others.
    pub const LOCAL: Self = Self(1);
}

impl fmt::Display for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "owner-{}", self.0)
    }
}

/// One oikos with its own key: the SHA-256 of its Ed25519 public key, cut to 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(pub uuid::Uuid);

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({self})")
    }
}

/// The way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// A person's interactive terminal.
    Terminal,
    /// The owner's own script over the socket; nobody is looking.
    Socket,
    /// A program with an API key, from anywhere; nobody is looking.
    Key,
    /// A page in a browser that the owner signed in.
    Page,
    /// oikos itself: schedules, hooks, recovery.
    Kernel,
}

impl Door {
    /// Whether what comes in here is the owner's own word: from a person, or from a script that runs as the owner at the
    /// machine. An API key is none: it can be copied, and whoever has it need not be the owner.
    pub fn is_owners_word(self) -> bool {
        !matches!(self, Self::Key)
    }

    /// Whether what comes in here comes from the machine itself, by the system's own word.
    pub fn is_local(self) -> bool {
        matches!(self, Self::Terminal | Self::Socket | Self::Kernel)
    }
}

/// One thing that a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Right {
    /// See apps, runs, grants and the log.
    Read = 1,
    /// Start and stop runs.
    Run = 2,
    /// Install, enable, disable and remove apps; change grants; undo.
    Manage = 4,
    /// Answer questions: only with a person present.
    Answer = 8,
}

impl Right {
    /// Every right, the least first.
    pub const ALL: &[Self] = &[Self::Read, Self::Run, Self::Manage, Self::Answer];

    /// Rights that an API key may have. Answering needs a person, and a key is none.
    pub const OF_KEYS: &[Self] = &[Self::Read, Self::Run, Self::Manage];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Run => "run",
            Self::Manage => "manage",
            Self::Answer => "answer",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Right {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::ALL.iter().copied().find(|right| right.word() == text).ok_or_else(|| NameError {
            what: "right",
            given: crate::text::shorten(text, 40),
            rule: "a right is read, run or manage",
        })
    }
}

/// The set of [`Right`]s of a caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rights(u8);

impl Rights {
    /// Everything the owner may do at their own machine.
    pub const OWNER: Self = Self(15);

    /// A set of the given rights.
    pub fn of(rights: &[Right]) -> Self {
        Self(rights.iter().fold(0, |bits, right| bits | *right as u8))
    }

    /// The rights in the set, the least first.
    pub fn list(self) -> Vec<Right> {
        Right::ALL.iter().copied().filter(|right| self.has(*right)).collect()
    }

    /// Whether the set has this right.
    pub fn has(self, right: Right) -> bool {
        self.0 & right as u8 != 0
    }
}

/// Who asks, by which door, with which rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// Whose things these are.
    pub owner: OwnerId,
    /// The device the call came from.
    pub device: DeviceId,
    /// The way in.
    pub door: Door,
    /// What this caller may do.
    pub rights: Rights,
    /// The program that asks in the owner's place, where it is one that comes again: what it has read stays with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
}

impl Caller {
    /// Whether what this caller names by a path is theirs to hand over. Files of the machine belong to who sits at it: the
    /// first owner, at the machine or in a browser.
    pub fn may_name_paths(&self) -> bool {
        self.door.is_local() || (self.door == Door::Page && self.owner == OwnerId::LOCAL)
    }

    /// Whether a person is there to look and answer.
    pub fn has_presence(&self) -> bool {
        matches!(self.door, Door::Terminal | Door::Page) && self.rights.has(Right::Answer)
    }
}
