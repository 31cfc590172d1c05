//! A store that remembers how it was written to, and fails when told.

use parking_lot::Mutex;
use protocol::{ChainHash, OwnerId};
use state::{Batch, CommitError, Committed, Durability, Entry, Key, LogRow, MemoryStore, Space, Store, StoreError};

/// One commit: how durable, and the places of the local owner's log that it filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) durability: Durability,
    pub(crate) log: std::ops::RangeInclusive<u64>,
}

type Refuse = Box<dyn FnMut(Durability) -> bool + Send>;

#[derive(Default)]
pub(crate) struct SpyStore {
    pub(crate) inner: MemoryStore,
    commits: Mutex<Vec<Commit>>,
    refuse: Mutex<Option<Refuse>>,
}

impl SpyStore {
    /// Every commit so far.
    pub(crate) fn commits(&self) -> Vec<Commit> {
        self.commits.lock().clone()
    }

    /// The durability of the commit that wrote a place of the log.
    pub(crate) fn durability_of(&self, seq: u64) -> Durability {
        self.commits.lock().iter().find(|commit| commit.log.contains(&seq)).unwrap().durability
    }

    /// From now on commits are refused as by a broken disk when `when` says so.
    pub(crate) fn refuse(&self, when: impl FnMut(Durability) -> bool + Send + 'static) {
        *self.refuse.lock() = Some(Box::new(when));
    }

    /// Commits are taken again.
    pub(crate) fn heal(&self) {
        *self.refuse.lock() = None;
    }

    /// Keys of a space.
    pub(crate) fn keys(&self, owner: OwnerId, space: Space) -> Vec<String> {
        self.inner.scan(owner, space, "", None, 10_000).unwrap().into_iter().map(|(key, _)| key).collect()
    }

    fn tail(&self) -> u64 {
        self.inner.log_tail(OwnerId::LOCAL).unwrap().map_or(0, |(seq, _)| seq)
    }
}

impl Store for SpyStore {
    fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.inner.get(key)
    }

    fn scan(
        &self,
        owner: OwnerId,
        space: Space,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Entry)>, StoreError> {
        self.inner.scan(owner, space, prefix, after, limit)
    }

    fn sum_bytes(&self, owner: OwnerId, space: Space, prefix: &str) -> Result<u64, StoreError> {
        self.inner.sum_bytes(owner, space, prefix)
    }

    fn commit(&self, batch: Batch, durability: Durability) -> Result<Committed, CommitError> {
        let mut commits = self.commits.lock();
        if self.refuse.lock().as_mut().is_some_and(|refuse| refuse(durability)) {
            return Err(CommitError::DiskFull);
        }
        let before = self.tail();
        let committed = self.inner.commit(batch, durability)?;
        commits.push(Commit { durability, log: before + 1..=self.tail() });
        Ok(committed)
    }

    fn log_tail(&self, owner: OwnerId) -> Result<Option<(u64, ChainHash)>, StoreError> {
        self.inner.log_tail(owner)
    }

    fn log_read(&self, owner: OwnerId, from_seq: u64, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        self.inner.log_read(owner, from_seq, limit)
    }

    fn log_read_last(&self, owner: OwnerId, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        self.inner.log_read_last(owner, limit)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.inner.flush()
    }

    fn takes_lazy_now(&self) -> bool {
        self.inner.takes_lazy_now()
    }

    fn fault(&self) -> Result<Option<String>, StoreError> {
        self.inner.fault()
    }

    fn batches_waiting(&self) -> usize {
        self.inner.batches_waiting()
    }

    fn lazy_failures(&self) -> u64 {
        self.inner.lazy_failures()
    }
}
