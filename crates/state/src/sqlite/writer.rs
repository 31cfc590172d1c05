//! The one thread that writes.

use super::{
    Shared, log_head,
    queue::{Job, Queue},
};
use crate::{Batch, CommitError, Committed, Durability, Space, StoreError, batch::Change, batch::prefix_end, disk};
use protocol::{ChainHash, OwnerId};
use rusqlite::{Connection, OptionalExtension, ffi, params};
use std::{collections::HashMap, sync::Arc};

/// Owns the connection that writes, and the ends of the chains as they are on the disk.
pub(super) struct Writer {
    connection: Connection,
    shared: Arc<Shared>,
    committed: Ends,
    is_sync_full: bool,
}

/// Where the chains and the count of batches end.
#[derive(Clone, Debug, Default)]
struct Ends {
    heads: HashMap<OwnerId, (u64, ChainHash)>,
    revision: u64,
}

type Outcome = Result<Committed, CommitError>;

impl Writer {
    pub(super) fn new(connection: Connection, shared: Arc<Shared>) -> Result<Self, StoreError> {
        let revision: i64 =
            connection.query_row("SELECT value FROM counter WHERE name = 'revision'", [], |row| row.get(0))?;
        let revision =
            u64::try_from(revision).map_err(|_| StoreError::Damaged { what: "a count below 0".to_owned() })?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let committed = Ends { heads: HashMap::new(), revision };
        Ok(Self { connection, shared, committed, is_sync_full: false })
    }

    /// Writes until the queue is closed and empty.
    pub(super) fn run(mut self, queue: &Queue) {
        // However this thread ends, nobody waits for it in vain.
        let guard = AbandonOnDrop(queue);
        while let Some(jobs) = queue.take_group() {
            let outcomes = self.commit_group(&jobs);
            for (job, outcome) in jobs.into_iter().zip(outcomes) {
                self.settle(queue, job, outcome);
            }
        }
        drop(guard);
    }

    fn settle(&self, queue: &Queue, job: Job, outcome: Outcome) {
        match job.reply {
            // Whoever waited may be gone; the batch is committed all the same.
            Some(reply) => drop(reply.send(outcome)),
            None => {
                if let Err(error) = outcome {
                    self.shared.lazy_failures.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    tracing::error!(%error, code = %error.code(), "a lazy batch was lost");
                }
                queue.pending.remove(job.batch.touched);
            }
        }
    }

    /// One transaction for the group; if SQLite fails, one for each batch.
    fn commit_group(&mut self, jobs: &[Job]) -> Vec<Outcome> {
        match self.transaction(jobs) {
            Ok(outcomes) => outcomes,
            Err(error) if jobs.len() == 1 => vec![Err(error.into())],
            Err(_) => jobs
                .iter()
                .map(|job| match self.transaction(std::slice::from_ref(job)) {
                    Ok(mut outcomes) => outcomes.pop().unwrap_or(Err(StoreError::Closed.into())),
                    Err(error) => Err(error.into()),
                })
                .collect(),
        }
    }

    fn transaction(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, StoreError> {
        if jobs.iter().all(|job| job.batch.is_empty()) {
            return Ok(jobs.iter().map(|_| Ok(Committed::default())).collect());
        }
        self.shared.check()?;
        let is_synced = jobs.iter().any(|job| job.durability == Durability::Synced);
        self.set_sync(is_synced)?;
        let mut ends = self.committed.clone();
        match self.write(jobs, &mut ends) {
            Ok(outcomes) => {
                self.committed = ends;
                if is_synced {
                    self.shared.sync.synced()
                } else {
                    self.shared.sync.unsynced()
                }
                Ok(outcomes)
            }
            Err(error) => {
                // After a full disk SQLite may have taken the transaction back by itself.
                if !self.connection.is_autocommit() {
                    self.connection.execute_batch("ROLLBACK")?;
                }
                Err(self.judge(error))
            }
        }
    }

    fn write(&self, jobs: &[Job], ends: &mut Ends) -> Result<Vec<Outcome>, rusqlite::Error> {
        let execute = |sql| self.connection.prepare_cached(sql)?.execute([]);
        let revision_before = ends.revision;
        execute("BEGIN IMMEDIATE")?;
        let mut has_room = None;
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            outcomes.push(match self.refusal(&job.batch, &mut has_room)? {
                Some(refusal) => Err(refusal),
                None => Ok(self.apply(&job.batch, ends)?),
            });
        }
        if ends.revision != revision_before {
            self.connection
                .prepare_cached("UPDATE counter SET value = ?1 WHERE name = 'revision'")?
                .execute([to_i64(ends.revision)])?;
        }
        fail::fail_point!("state::before_commit", |_| std::process::abort());
        execute("COMMIT")?;
        fail::fail_point!("state::after_commit", |_| std::process::abort());
        Ok(outcomes)
    }

    /// Why a batch is left out, if it is.
    fn refusal(&self, batch: &Batch, has_room: &mut Option<bool>) -> Result<Option<CommitError>, rusqlite::Error> {
        for (key, expected) in &batch.expected {
            let found = self
                .connection
                .prepare_cached("SELECT revision FROM kv WHERE owner = ?1 AND space = ?2 AND key = ?3")?
                .query_row(params![key.owner.0, key.space.word(), key.key], |row| super::read_u64(row, 0))
                .optional()?;
            if found != *expected {
                return Ok(Some(CommitError::PreconditionFailed { key: key.clone() }));
            }
        }
        let needs_room = batch.needs_free_space();
        if needs_room && !*has_room.get_or_insert_with(|| disk::free_space_ok(&self.shared.home, 0)) {
            return Ok(Some(CommitError::DiskFull));
        }
        Ok(None)
    }

    fn apply(&self, batch: &Batch, ends: &mut Ends) -> Result<Committed, rusqlite::Error> {
        let mut committed = Committed::default();
        for change in &batch.changes {
            match change {
                Change::Put { key, value, labels } => {
                    let revision = revision(&mut committed, ends);
                    self.connection
                        .prepare_cached(
                            "INSERT INTO kv (owner, space, key, value, labels, revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                             ON CONFLICT DO UPDATE SET
                             value = excluded.value, labels = excluded.labels, revision = excluded.revision",
                        )?
                        .execute(params![key.owner.0, key.space.word(), key.key, value, labels.bits(), revision])?;
                }
                Change::Delete { key } => {
                    self.connection
                        .prepare_cached("DELETE FROM kv WHERE owner = ?1 AND space = ?2 AND key = ?3")?
                        .execute(params![key.owner.0, key.space.word(), key.key])?;
                }
                Change::DeletePrefix { owner, space, prefix } => self.delete_prefix(*owner, *space, prefix)?,
                Change::CopyPrefix { owner, from, to, prefix } => {
                    let revision = revision(&mut committed, ends);
                    self.delete_prefix(*owner, *to, prefix)?;
                    self.connection
                        .prepare_cached(
                            "INSERT INTO kv (owner, space, key, value, labels, revision)
                             SELECT owner, ?5, key, value, labels, ?6 FROM kv
                             WHERE owner = ?1 AND space = ?2 AND key >= ?3 AND (?4 IS NULL OR key < ?4)",
                        )?
                        .execute(params![owner.0, from.word(), prefix, prefix_end(prefix), to.word(), revision])?;
                }
                Change::Append { owner, body, body_digest } => {
                    let (seq_before, hash_before) = self.head(*owner, ends)?;
                    let seq = seq_before + 1;
                    let hash = hash_before.next(*owner, seq, *body_digest);
                    self.connection
                        .prepare_cached(
                            "INSERT INTO log (owner, seq, hash, body_digest, body) VALUES (?1, ?2, ?3, ?4, ?5)",
                        )?
                        .execute(params![owner.0, to_i64(seq), hash.0.0, body_digest.0, body])?;
                    ends.heads.insert(*owner, (seq, hash));
                    committed.log.push((seq, hash));
                }
                Change::PruneLog { owner, seq_through } => {
                    self.connection
                        .prepare_cached(
                            "UPDATE log SET body = NULL WHERE owner = ?1 AND seq <= ?2 AND body IS NOT NULL",
                        )?
                        .execute(params![owner.0, to_i64(*seq_through)])?;
                }
            }
        }
        Ok(committed)
    }

    fn delete_prefix(&self, owner: OwnerId, space: Space, prefix: &str) -> Result<(), rusqlite::Error> {
        let sql = "DELETE FROM kv WHERE owner = ?1 AND space = ?2 AND key >= ?3 AND (?4 IS NULL OR key < ?4)";
        self.connection.prepare_cached(sql)?.execute(params![owner.0, space.word(), prefix, prefix_end(prefix)])?;
        Ok(())
    }

    fn head(&self, owner: OwnerId, ends: &Ends) -> Result<(u64, ChainHash), rusqlite::Error> {
        match ends.heads.get(&owner) {
            Some(head) => Ok(*head),
            None => Ok(log_head(&self.connection, owner)?.unwrap_or((0, ChainHash::GENESIS))),
        }
    }

    fn set_sync(&mut self, is_full: bool) -> Result<(), StoreError> {
        if self.is_sync_full != is_full {
            let word = if is_full { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" };
            self.connection.prepare_cached(word)?.execute([])?;
            self.is_sync_full = is_full;
        }
        Ok(())
    }

    /// After a failed sync nobody knows what is on the disk: the system may have thrown the pages away and will say
    /// "done" the next time. So the store stops writing.
    fn judge(&self, error: rusqlite::Error) -> StoreError {
        if let rusqlite::Error::SqliteFailure(failure, _) = &error
            && matches!(failure.extended_code, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
        {
            self.shared.fail(error.to_string());
            return StoreError::Failed { what: error.to_string() };
        }
        error.into()
    }
}

struct AbandonOnDrop<'a>(&'a Queue);

impl Drop for AbandonOnDrop<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// The number of the batch that is being applied: the next one, once it puts something.
fn revision(committed: &mut Committed, ends: &mut Ends) -> i64 {
    if committed.revision == 0 {
        ends.revision += 1;
        committed.revision = ends.revision;
    }
    to_i64(committed.revision)
}

/// Counts stay far below the end of SQLite's integers; one that does not could only be made up.
fn to_i64(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
