//! The store for tests and comparisons: the same contract, nothing on the disk.

use crate::{Batch, CommitError, Committed, Durability, Entry, Key, LogRow, Space, Store, StoreError, batch::Change};
use parking_lot::Mutex;
use protocol::{ChainHash, OwnerId};
use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

/// A store in memory. Lazy batches are committed at once.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
    is_full: AtomicBool,
    lazy_failures: AtomicU64,
}

#[derive(Debug, Default)]
struct Tables {
    values: BTreeMap<(OwnerId, Space, String), Entry>,
    logs: BTreeMap<OwnerId, Vec<LogRow>>,
    revision: u64,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on there is no room for values, as on a disk that is full up to the reserve; or there is again.
    pub fn set_disk_full(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::SeqCst);
    }

    fn commit_now(&self, batch: Batch) -> Result<Committed, CommitError> {
        if let Some((what, bytes, bytes_max)) = batch.oversized() {
            return Err(CommitError::TooLarge { what, bytes, bytes_max });
        }
        let mut tables = self.tables.lock();
        for (key, revision) in &batch.expected {
            if tables.values.get(&map_key(key)).map(|entry| entry.revision) != *revision {
                return Err(CommitError::PreconditionFailed { key: key.clone() });
            }
        }
        if batch.needs_free_space() && self.is_full.load(Ordering::SeqCst) {
            return Err(CommitError::DiskFull);
        }
        Ok(tables.apply(batch.changes))
    }
}

impl Tables {
    fn apply(&mut self, changes: Vec<Change>) -> Committed {
        let mut committed = Committed::default();
        for change in changes {
            match change {
                Change::Put { key, value, labels } => {
                    let revision = self.revision(&mut committed);
                    self.values.insert(map_key(&key), Entry { value, labels, revision });
                }
                Change::Delete { key } => drop(self.values.remove(&map_key(&key))),
                Change::DeletePrefix { owner, space, prefix } => {
                    self.values.retain(|key, _| (key.0, key.1) != (owner, space) || !key.2.starts_with(&prefix));
                }
                Change::CopyPrefix { owner, from, to, prefix } => {
                    let revision = self.revision(&mut committed);
                    let source = self.with_prefix(owner, from, &prefix, Bound::Included((owner, from, prefix.clone())));
                    let copies: Vec<_> = source
                        .map(|(key, entry)| ((owner, to, key.to_owned()), Entry { revision, ..entry.clone() }))
                        .collect();
                    self.values.retain(|key, _| (key.0, key.1) != (owner, to) || !key.2.starts_with(&prefix));
                    self.values.extend(copies);
                }
                Change::Append { owner, body, body_digest } => {
                    let log = self.logs.entry(owner).or_default();
                    let (seq, before) = log.last().map_or((0, ChainHash::GENESIS), |row| (row.seq, row.hash));
                    let hash = before.next(owner, seq + 1, body_digest);
                    log.push(LogRow { seq: seq + 1, hash, body_digest, body: Some(body) });
                    committed.log.push((seq + 1, hash));
                }
                Change::PruneLog { owner, seq_through } => {
                    let rows = self.logs.entry(owner).or_default().iter_mut();
                    rows.take_while(|row| row.seq <= seq_through).for_each(|row| row.body = None);
                }
            }
        }
        committed
    }

    /// The number of the batch that is being applied: the next one, once it puts something.
    fn revision(&mut self, committed: &mut Committed) -> u64 {
        if committed.revision == 0 {
            self.revision += 1;
            committed.revision = self.revision;
        }
        committed.revision
    }

    fn with_prefix<'a>(
        &'a self,
        owner: OwnerId,
        space: Space,
        prefix: &'a str,
        start: Bound<(OwnerId, Space, String)>,
    ) -> impl Iterator<Item = (&'a str, &'a Entry)> {
        self.values
            .range((start, Bound::Unbounded))
            .take_while(move |(key, _)| (key.0, key.1) == (owner, space))
            .map(|(key, entry)| (key.2.as_str(), entry))
            .filter(move |(key, _)| key.starts_with(prefix))
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        Ok(self.tables.lock().values.get(&map_key(key)).cloned())
    }

    fn scan(
        &self,
        owner: OwnerId,
        space: Space,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Entry)>, StoreError> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded((owner, space, after.to_owned())),
            _ => Bound::Included((owner, space, prefix.to_owned())),
        };
        let tables = self.tables.lock();
        let found = tables.with_prefix(owner, space, prefix, start);
        Ok(found.take(limit).map(|(key, entry)| (key.to_owned(), entry.clone())).collect())
    }

    fn sum_bytes(&self, owner: OwnerId, space: Space, prefix: &str) -> Result<u64, StoreError> {
        let tables = self.tables.lock();
        let found = tables.with_prefix(owner, space, prefix, Bound::Included((owner, space, prefix.to_owned())));
        Ok(found.map(|(key, entry)| (key.len() + entry.value.len()) as u64).sum())
    }

    fn commit(&self, batch: Batch, durability: Durability) -> Result<Committed, CommitError> {
        if durability > Durability::Lazy || !batch.expected.is_empty() {
            return self.commit_now(batch);
        }
        match self.commit_now(batch) {
            Ok(_) => {}
            Err(error @ CommitError::TooLarge { .. }) => return Err(error),
            Err(_) => {
                self.lazy_failures.fetch_add(1, Ordering::SeqCst);
            }
        }
        Ok(Committed::default())
    }

    fn log_tail(&self, owner: OwnerId) -> Result<Option<(u64, ChainHash)>, StoreError> {
        let tables = self.tables.lock();
        Ok(tables.logs.get(&owner).and_then(|log| log.last()).map(|row| (row.seq, row.hash)))
    }

    fn log_read(&self, owner: OwnerId, from_seq: u64, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        let tables = self.tables.lock();
        let rows = tables.logs.get(&owner).into_iter().flatten();
        Ok(rows.filter(|row| row.seq >= from_seq).take(limit).cloned().collect())
    }

    fn log_read_last(&self, owner: OwnerId, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        let tables = self.tables.lock();
        let rows = tables.logs.get(&owner).map_or(&[][..], Vec::as_slice);
        Ok(rows[rows.len().saturating_sub(limit)..].to_vec())
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn takes_lazy_now(&self) -> bool {
        true
    }

    fn fault(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    fn batches_waiting(&self) -> usize {
        0
    }

    fn lazy_failures(&self) -> u64 {
        self.lazy_failures.load(Ordering::SeqCst)
    }
}

fn map_key(key: &Key) -> (OwnerId, Space, String) {
    (key.owner, key.space, key.key.clone())
}
