//! What every store does.

use crate::{Batch, CommitError, Durability, Key, Space, StoreError};
use protocol::{ChainHash, Digest, Labels, OwnerId};

/// A stored value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The bytes.
    pub value: Vec<u8>,
    /// Where they came from.
    pub labels: Labels,
    /// The number of the batch that wrote it. Numbers grow and are never used twice, so a key that was removed and
    /// written again is at another revision.
    pub revision: u64,
}

/// An entry of an owner's audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// Its place, from 1, without gaps.
    pub seq: u64,
    /// Its hash: [`ChainHash::next`] of the row before, the owner, the place and the body's digest.
    pub hash: ChainHash,
    /// The digest of its body.
    pub body_digest: Digest,
    /// Its body; absent once pruned.
    pub body: Option<Vec<u8>>,
}

/// What a commit did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Place and hash of each appended entry, in the order of the batch. Empty for a lazy batch: nobody waited.
    pub log: Vec<(u64, ChainHash)>,
    /// The revision of everything the batch put; 0 if it put nothing or was lazy.
    pub revision: u64,
}

/// Keys and values and a log for each owner, changed by [`Batch`]es.
///
/// Batches take effect in the order in which `commit` was called. A process reads what it wrote, lazy batches too:
/// a read waits for the lazy batches that touch what it reads, and for no others.
pub trait Store: Send + Sync {
    /// The value of a key.
    fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError>;

    /// Keys that begin with `prefix` and come after `after`, in order, at most `limit`.
    fn scan(
        &self,
        owner: OwnerId,
        space: Space,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Entry)>, StoreError>;

    /// Bytes of all keys and values whose key begins with `prefix`, for quotas.
    fn sum_bytes(&self, owner: OwnerId, space: Space, prefix: &str) -> Result<u64, StoreError>;

    /// Makes the changes of a batch, all or none.
    ///
    /// A lazy batch returns at once; should it fail later, it is counted in [`Store::lazy_failures`] and logged. A
    /// lazy batch with preconditions is waited for as a saved one, because somebody must hear that one did not hold.
    fn commit(&self, batch: Batch, durability: Durability) -> Result<Committed, CommitError>;

    /// The end of the owner's log; `None` while it is empty.
    fn log_tail(&self, owner: OwnerId) -> Result<Option<(u64, ChainHash)>, StoreError>;

    /// Entries from `from_seq` on, in order, at most `limit`.
    fn log_read(&self, owner: OwnerId, from_seq: u64, limit: usize) -> Result<Vec<LogRow>, StoreError>;

    /// The last `limit` entries, in order.
    fn log_read_last(&self, owner: OwnerId, limit: usize) -> Result<Vec<LogRow>, StoreError>;

    /// Waits until every batch given so far is committed.
    fn flush(&self) -> Result<(), StoreError>;

    /// Whether a lazy batch would be taken now without waiting: for callers on threads that must not wait. It would wait
    /// only while a slow disk has made much pile up.
    fn takes_lazy_now(&self) -> bool;

    /// Looks through everything that is kept, and says what is damaged first, if anything is. Takes as long as reading it.
    fn fault(&self) -> Result<Option<String>, StoreError>;

    /// How many batches wait to be written.
    fn batches_waiting(&self) -> usize;

    /// How many lazy batches were lost since the store was opened. Anything but 0 is worth telling the owner.
    fn lazy_failures(&self) -> u64;
}
