//! Records of what happened, and the hash that chains them.
//!
//! A record holds code and arguments, never a payload: what was said can be said again in any language, and a secret
//! that was never written cannot leak. Bodies may be pruned; digests stay, so the chain still proves the rest.

use crate::{AppName, Digest, Door, GrantId, Labels, OwnerId, RunId, Sentence, Timestamp, sha256};
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// The hash of one entry of a chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct ChainHash(pub Digest);

impl ChainHash {
    /// What the first entry of a chain points back to.
    pub const GENESIS: Self = Self(Digest([0; 32]));

    /// The hash of entry `seq`, from the hash before it and the digest of its body. Bodies can go; this stays.
    pub fn next(self, owner: OwnerId, seq: u64, body: Digest) -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(b"oikos audit 1\0");
        bytes.extend_from_slice(&owner.0.to_be_bytes());
        bytes.extend_from_slice(&seq.to_be_bytes());
        bytes.extend_from_slice(&self.0.0);
        bytes.extend_from_slice(&body.0);
        Self(sha256(&bytes))
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How an effect ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectState {
    /// It happened.
    Done,
    /// It did not happen.
    NotDone,
    /// The process ended in between: look before doing it again.
    Unknown,
}

/// What kind of thing a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum AuditEvent {
    /// A run began.
    RunStarted,
    /// A run ended.
    RunEnded {
        /// Why it failed, if it did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<crate::ErrorCode>,
    },
    /// An effect that only read, or a page of an app that was opened.
    Read,
    /// An effect that cannot be taken back by the store is about to happen.
    Intent {
        /// Its number within the run (or within the owner, without a run).
        effect: u64,
    },
    /// How that effect ended.
    Outcome {
        /// The number of its intent.
        effect: u64,
        /// How it ended.
        state: EffectState,
    },
    /// The broker said no.
    Denied,
    /// A person was asked.
    Asked,
    /// A person answered.
    Answered,
    /// The owner changed a grant.
    Granted,
    /// An app was installed, upgraded, enabled, disabled or removed.
    App,
    /// The owner trusted a publisher, a name was bound to one, or one changed its key.
    Publisher,
    /// An API key, a login or an owner was made or revoked.
    Access,
    /// A package was refused.
    Refused,
    /// The owner stopped something.
    Stopped,
    /// The owner took a run's changes back.
    Undone,
    /// An event was sent or dropped, or something that should have started an app could not.
    Event,
    /// What oikos did about itself: recovery, pruning, migration.
    Housekeeping,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditRecord {
    /// When.
    pub at: Timestamp,
    /// What kind.
    #[serde(flatten)]
    pub event: AuditEvent,
    /// In words.
    pub sentence: Sentence,
    /// By which door the caller came.
    pub door: Door,
    /// The run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppName>,
    /// The grant that allowed it; its own text stands in the record that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantId>,
    /// What allowed or refused it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Sentence>,
    /// Digest of the exact arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Digest>,
    /// Labels of the run at that moment.
    #[serde(default)]
    pub labels: Labels,
}

/// A record in its place in the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Its place, from 1, without gaps.
    pub seq: u64,
    /// Its hash.
    pub hash: ChainHash,
    /// The record; absent once pruned.
    pub record: Option<AuditRecord>,
}

/// The end of a chain at some moment, signed by the device key and kept outside the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Whose chain.
    pub owner: OwnerId,
    /// The last entry's place.
    pub seq: u64,
    /// The last entry's hash.
    pub hash: ChainHash,
    /// When it was signed.
    pub at: Timestamp,
    /// Ed25519 over [`AuditHead::signed_bytes`], hexadecimal.
    pub signature: String,
}

impl AuditHead {
    /// The bytes that the device signs.
    pub fn signed_bytes(owner: OwnerId, seq: u64, hash: ChainHash, at: Timestamp) -> Vec<u8> {
        let mut bytes = b"oikos audit head 1\0".to_vec();
        bytes.extend_from_slice(&owner.0.to_be_bytes());
        bytes.extend_from_slice(&seq.to_be_bytes());
        bytes.extend_from_slice(&hash.0.0);
        bytes.extend_from_slice(&at.0.to_be_bytes());
        bytes
    }
}

/// What `oikos log --verify` found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainReport {
    /// Entries in the chain.
    pub entries: u64,
    /// Entries whose body was pruned; their digests still hold.
    pub pruned: u64,
    /// The place of the newest signed head, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_seq: Option<u64>,
    /// Everything that does not hold, in the chain's order; empty means proven.
    pub breaks: Vec<ChainBreak>,
}

/// One place where a chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "break", rename_all = "snake_case")]
pub enum ChainBreak {
    /// The body of an entry is not what its digest says.
    BodyChanged {
        /// The entry.
        seq: u64,
    },
    /// An entry's hash does not follow from the one before it.
    HashMismatch {
        /// The entry.
        seq: u64,
    },
    /// Entries are missing.
    Missing {
        /// The first that is missing.
        from_seq: u64,
        /// The last that is missing.
        to_seq: u64,
    },
    /// The chain ends before a head that this device signed.
    TailCut {
        /// The last entry that is there.
        last_seq: u64,
        /// The entry the head was signed for.
        signed_seq: u64,
    },
    /// The entry is not the one this device signed for.
    HeadMismatch {
        /// The entry.
        seq: u64,
    },
    /// A line of the file of signed heads is not one that this device signed.
    HeadRefused {
        /// The line.
        line: u64,
    },
}
