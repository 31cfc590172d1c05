//! The store on disk: one SQLite file in write-ahead-log mode.
//!
//! One thread owns the connection that writes. It takes what is waiting, makes one transaction of it, and answers
//! everybody. Many small batches cost one commit, batches keep their order, and nobody ever meets a busy database. A
//! batch whose precondition fails is left out of the transaction; if SQLite itself fails, the transaction is taken
//! back and each batch tried alone, so no batch fails for its neighbour.
//!
//! How long a batch is waited for, and what makes it safe:
//! * lazy: the writer lets others join for [`LAZY_WAIT_MS`];
//! * saved: the transaction is committed with `synchronous=NORMAL`, so the operating system has it; a second thread
//!   calls `fdatasync` on the write-ahead log at most [`SYNC_WAIT_MS`] later;
//! * synced: the transaction is committed with `synchronous=FULL`, which waits for the disk.

mod queue; // batches that wait for the writer
mod reader; // connections that only read
mod schema; // tables, versions, backups
mod sync; // what is saved reaches the disk soon
mod writer; // the one thread that writes

use crate::{
    Batch, CommitError, Committed, Durability, Entry, HomeLock, Key, LogRow, Space, Store, StoreError,
    batch::{LOG_BIT, prefix_end, space_bit},
    files,
};
use protocol::{ChainHash, Clock, Digest, Labels, OwnerId};
use queue::{Job, Queue};
use reader::Readers;
use rusqlite::{OptionalExtension, Row, params};
use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::JoinHandle,
};
use sync::SyncState;
use writer::Writer;

pub use queue::LAZY_WAIT_MS;
pub use schema::STORE_VERSION;
pub use sync::SYNC_WAIT_MS;

/// The store's file in the home folder.
const STORE_FILE: &str = "store.db";

/// How many faults a check names: enough to see what kind of damage it is.
const CHECK_FAULTS_MAX: u32 = 20;

/// How a store is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoreOptions {
    /// The size that the store's file may reach; writing beyond is refused as on a full disk. `None`: the disk's.
    pub bytes_max: Option<u64>,
}

/// The store in a home folder.
#[derive(Debug)]
pub struct SqliteStore {
    queue: Arc<Queue>,
    readers: Readers,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// What the threads of a store tell each other.
#[derive(Debug)]
struct Shared {
    home: PathBuf,
    lazy_failures: AtomicU64,
    sync: SyncState,
    /// Set once, when the disk failed in a way that leaves open what is on it.
    failed: OnceLock<String>,
}

impl Shared {
    fn check(&self) -> Result<(), StoreError> {
        match self.failed.get() {
            Some(what) => Err(StoreError::Failed { what: what.clone() }),
            None => Ok(()),
        }
    }

    fn fail(&self, what: String) {
        tracing::error!(what, "the disk failed while the store was written to; nothing more is written");
        // The first failure is the cause; later ones only follow from it.
        self.failed.get_or_init(|| what);
    }
}

impl SqliteStore {
    /// Opens the store of a home folder, makes it if it is absent, and brings an older one to this version after
    /// writing a backup.
    pub fn open(lock: &HomeLock, clock: &dyn Clock) -> Result<Self, StoreError> {
        Self::open_with(lock, clock, StoreOptions::default())
    }

    /// As [`Self::open`], with options.
    pub fn open_with(lock: &HomeLock, clock: &dyn Clock, options: StoreOptions) -> Result<Self, StoreError> {
        let home = lock.home().to_owned();
        let path = home.join(STORE_FILE);
        // SQLite would make the file readable by others, and its companions take the mode from it.
        drop(files::file_open_or_create(&path).map_err(|source| StoreError::file("opening", &path, source))?);
        let mut connection = schema::open_for_writing(&path)?;
        schema::migrate(&mut connection, schema::MIGRATIONS, &home, clock)?;
        schema::prepare_for_writing(&connection, options.bytes_max)?;

        let queue = Arc::new(Queue::default());
        let shared = Arc::new(Shared {
            home,
            lazy_failures: AtomicU64::new(0),
            sync: SyncState::default(),
            failed: OnceLock::new(),
        });
        let readers = Readers::new(path.clone());
        readers.with(schema::check_tables)?;
        let writer = Writer::new(connection, Arc::clone(&shared))?;

        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(run)
                .map_err(|source| StoreError::file("starting a thread for", &path, source))
        };
        let (queue_of_writer, shared_of_sync) = (Arc::clone(&queue), Arc::clone(&shared));
        let wal = path.with_extension("db-wal");
        // The store exists before its threads, so that an early return ends the one that began.
        let mut store = Self { queue, readers, shared, threads: Vec::new() };
        store.threads.push(spawn("store-writer", Box::new(move || writer.run(&queue_of_writer)))?);
        store.threads.push(spawn("store-sync", Box::new(move || sync::run(&shared_of_sync, &wal)))?);
        Ok(store)
    }

    /// Looks at every page and index, and counts again what is counted. For `oikos doctor`: it reads the whole file. Empty: nothing was found.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        self.flush()?;
        self.readers.with(|connection| {
            let mut statement = connection.prepare(&format!("PRAGMA integrity_check({CHECK_FAULTS_MAX})"))?;
            let mut faults = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            faults.retain(|fault| fault != "ok");
            let mut statement = connection.prepare(
                "SELECT owner, prefix FROM (
                     SELECT owner, prefix, bytes FROM usage UNION ALL
                     SELECT owner, substr(key, 1, instr(key, '/')), -octet_length(key) - octet_length(value)
                     FROM kv WHERE space = 'storage'
                 ) GROUP BY owner, prefix HAVING sum(bytes) <> 0",
            )?;
            let miscounted = statement.query_map([], |row| {
                let (owner, prefix) = (OwnerId(row.get(0)?), row.get::<_, String>(1)?);
                Ok(format!("the bytes of {} are miscounted", Key::new(owner, Space::Storage, prefix)))
            })?;
            for fault in miscounted.take(CHECK_FAULTS_MAX as usize) {
                faults.push(fault?);
            }
            Ok(faults)
        })
    }

    /// Owners that have a log.
    pub fn log_owners(&self) -> Result<Vec<OwnerId>, StoreError> {
        self.see(LOG_BIT)?;
        self.readers.with(|connection| {
            let mut statement = connection.prepare_cached("SELECT DISTINCT owner FROM log ORDER BY owner")?;
            statement.query_map([], |row| row.get(0).map(OwnerId))?.collect()
        })
    }

    /// Whether values may still be written, or the disk is full up to its reserve.
    pub fn free_space_ok(&self) -> bool {
        crate::disk::free_space_ok(&self.shared.home, 0)
    }

    /// Waits for lazy batches that touch what is about to be read.
    fn see(&self, touched: u32) -> Result<(), StoreError> {
        if self.queue.pending.touches(touched) { self.flush() } else { Ok(()) }
    }

    fn commit_and_wait(&self, batch: Batch, durability: Durability) -> Result<Committed, CommitError> {
        let (reply, answer) = mpsc::channel();
        self.queue.push(Job { batch, durability, reply: Some(reply) })?;
        answer.recv().map_err(|_| StoreError::Closed)?
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // The last connection to close moves the write-ahead log into the table file, and only the writer's may.
        self.readers.close();
        self.queue.close();
        // The writer first: what it commits last is what the other has to bring to the disk.
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store ended by a panic");
            }
            self.shared.sync.close();
        }
    }
}

impl Store for SqliteStore {
    fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.see(space_bit(key.space))?;
        self.readers.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT key, value, labels, revision FROM kv WHERE owner = ?1 AND space = ?2 AND key = ?3",
                )?
                .query_row(params![key.owner.0, key.space.word(), key.key], |row| Ok(read_entry(row)?.1))
                .optional()
        })
    }

    fn scan(
        &self,
        owner: OwnerId,
        space: Space,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Entry)>, StoreError> {
        self.see(space_bit(space))?;
        self.readers.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT key, value, labels, revision FROM kv
                 WHERE owner = ?1 AND space = ?2 AND key >= ?3 AND (?4 IS NULL OR key < ?4)
                 AND (?5 IS NULL OR key > ?5) ORDER BY key LIMIT ?6",
            )?;
            // Beginning where the last page ended, not at the prefix, keeps the last page as fast as the first.
            let start = after.map_or(prefix, |after| after.max(prefix));
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            statement
                .query_map(params![owner.0, space.word(), start, prefix_end(prefix), after, limit], read_entry)?
                .collect()
        })
    }

    fn sum_bytes(&self, owner: OwnerId, space: Space, prefix: &str) -> Result<u64, StoreError> {
        self.see(space_bit(space))?;
        // All of one app's storage is counted as it comes and goes.
        if space == Space::Storage && prefix.find('/').is_some_and(|place| place + 1 == prefix.len()) {
            return self.readers.with(|connection| {
                let mut statement =
                    connection.prepare_cached("SELECT bytes FROM usage WHERE owner = ?1 AND prefix = ?2")?;
                let bytes = statement.query_row(params![owner.0, prefix], |row| read_u64(row, 0)).optional()?;
                Ok(bytes.unwrap_or(0))
            });
        }
        self.readers.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT coalesce(sum(octet_length(key) + octet_length(value)), 0) FROM kv
                     WHERE owner = ?1 AND space = ?2 AND key >= ?3 AND (?4 IS NULL OR key < ?4)",
                )?
                .query_row(params![owner.0, space.word(), prefix, prefix_end(prefix)], |row| read_u64(row, 0))
        })
    }

    fn commit(&self, batch: Batch, durability: Durability) -> Result<Committed, CommitError> {
        if let Some((what, bytes, bytes_max)) = batch.oversized() {
            return Err(CommitError::TooLarge { what, bytes, bytes_max });
        }
        self.shared.check()?;
        if durability == Durability::Lazy && batch.expected.is_empty() {
            self.queue.push(Job { batch, durability, reply: None })?;
            return Ok(Committed::default());
        }
        self.commit_and_wait(batch, durability.max(Durability::Saved))
    }

    fn log_tail(&self, owner: OwnerId) -> Result<Option<(u64, ChainHash)>, StoreError> {
        self.see(LOG_BIT)?;
        self.readers.with(|connection| log_head(connection, owner))
    }

    fn log_read(&self, owner: OwnerId, from_seq: u64, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        self.see(LOG_BIT)?;
        let (from, limit) = (i64::try_from(from_seq).unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(i64::MAX));
        self.readers.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, hash, body_digest, body FROM log WHERE owner = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3",
            )?;
            statement.query_map(params![owner.0, from, limit], read_log_row)?.collect()
        })
    }

    fn log_read_last(&self, owner: OwnerId, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        self.see(LOG_BIT)?;
        self.readers.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, hash, body_digest, body FROM log WHERE owner = ?1 ORDER BY seq DESC LIMIT ?2",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = statement
                .query_map(params![owner.0, limit], read_log_row)?
                .collect::<Result<Vec<_>, rusqlite::Error>>()?;
            rows.reverse();
            Ok(rows)
        })
    }

    fn flush(&self) -> Result<(), StoreError> {
        if self.queue.pending.is_empty() {
            return Ok(());
        }
        // An empty batch that is waited for: everything before it in the queue is committed when it is answered.
        match self.commit_and_wait(Batch::new(), Durability::Saved) {
            Ok(_) => Ok(()),
            Err(CommitError::Store(error)) => Err(error),
            Err(_) => Err(StoreError::Closed),
        }
    }

    fn takes_lazy_now(&self) -> bool {
        self.queue.has_room()
    }

    fn fault(&self) -> Result<Option<String>, StoreError> {
        self.flush()?;
        self.readers.with(|connection| {
            let said: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            Ok((said != "ok").then_some(said))
        })
    }

    fn batches_waiting(&self) -> usize {
        self.queue.length()
    }

    fn lazy_failures(&self) -> u64 {
        self.shared.lazy_failures.load(Ordering::SeqCst)
    }
}

/// The end of an owner's log.
fn log_head(connection: &rusqlite::Connection, owner: OwnerId) -> Result<Option<(u64, ChainHash)>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT seq, hash FROM log WHERE owner = ?1 ORDER BY seq DESC LIMIT 1")?
        .query_row([owner.0], |row| Ok((read_u64(row, 0)?, ChainHash(Digest(row.get(1)?)))))
        .optional()
}

fn read_entry(row: &Row<'_>) -> Result<(String, Entry), rusqlite::Error> {
    let entry = Entry { value: row.get(1)?, labels: Labels::from_bits(row.get(2)?), revision: read_u64(row, 3)? };
    Ok((row.get(0)?, entry))
}

fn read_log_row(row: &Row<'_>) -> Result<LogRow, rusqlite::Error> {
    Ok(LogRow {
        seq: read_u64(row, 0)?,
        hash: ChainHash(Digest(row.get(1)?)),
        body_digest: Digest(row.get(2)?),
        body: row.get(3)?,
    })
}

/// SQLite's integers are signed; ours count from 0 and never come near the end.
fn read_u64(row: &Row<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}
