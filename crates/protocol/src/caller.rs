//! Who asks. Every call carries a [`Caller`]; every key and row begins with its owner.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The person whose data, grants and budget these are. Standalone has one, [`OwnerId::LOCAL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OwnerId(pub u32);

impl OwnerId {
    /// The one owner of a standalone oikos.
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
    /// oikos itself: schedules, hooks, recovery.
    Kernel,
}

/// One thing that a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
}

impl Caller {
    /// Whether a person is there to look and answer.
    pub fn has_presence(&self) -> bool {
        self.door == Door::Terminal && self.rights.has(Right::Answer)
    }
}
