//! Batches that wait for the writer.
//!
//! A lazy batch wakes the writer only when the queue was empty: a wake-up costs more than the batch.

use crate::{
    Batch, CommitError, Committed, Durability, Space, StoreError,
    batch::{LOG_BIT, space_bit},
};
use parking_lot::{Condvar, Mutex};
use std::{
    collections::VecDeque,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

/// How long a lazy batch lets others join it. A crash may lose what is younger, and one commit in this time is cheap.
pub const LAZY_WAIT_MS: u64 = 10;

/// Batches of one transaction at most, so that nobody waits long for the answer of a large group.
const GROUP_BATCHES_MAX: usize = 512;

/// Bytes that may wait. Whoever brings more waits for the writer, so memory stays bounded when the disk is slow.
const QUEUE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A batch on its way, and who waits for it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) batch: Batch,
    pub(super) durability: Durability,
    pub(super) reply: Option<mpsc::Sender<Result<Committed, CommitError>>>,
}

/// The queue between callers and the writer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<QueueState>,
    work: Condvar,
    room: Condvar,
    pub(super) pending: Pending,
}

#[derive(Debug, Default)]
struct QueueState {
    jobs: VecDeque<Job>,
    bytes: usize,
    /// Somebody waits, or there is enough for a group: the writer must not let more join.
    is_urgent: bool,
    is_closed: bool,
}

impl Queue {
    /// Puts a job at the end; waits while the queue is full.
    pub(super) fn push(&self, job: Job) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        while state.bytes > QUEUE_BYTES_MAX && !state.is_closed {
            self.room.wait(&mut state);
        }
        if state.is_closed {
            return Err(StoreError::Closed);
        }
        if job.reply.is_none() {
            self.pending.add(job.batch.touched);
        }
        let was_empty = state.jobs.is_empty();
        let was_urgent = state.is_urgent;
        state.bytes += job.batch.bytes;
        state.is_urgent |=
            job.reply.is_some() || state.jobs.len() + 1 >= GROUP_BATCHES_MAX || state.bytes > QUEUE_BYTES_MAX / 2;
        state.jobs.push_back(job);
        if was_empty || state.is_urgent != was_urgent {
            self.work.notify_one();
        }
        Ok(())
    }

    /// How many jobs wait.
    pub(super) fn length(&self) -> usize {
        self.state.lock().jobs.len()
    }

    /// Whether there is room for a few more of the largest ordinary batches.
    pub(super) fn has_room(&self) -> bool {
        self.state.lock().bytes <= QUEUE_BYTES_MAX / 2
    }

    /// Waits for work and takes a group of it; `None`: closed, and nothing is left.
    pub(super) fn take_group(&self) -> Option<Vec<Job>> {
        let mut state = self.state.lock();
        while state.jobs.is_empty() {
            if state.is_closed {
                return None;
            }
            self.work.wait(&mut state);
        }
        // A thread's sleep, not a decision: the machine's clock is right here.
        let deadline = Instant::now() + Duration::from_millis(LAZY_WAIT_MS);
        while !state.is_urgent && !state.is_closed {
            if self.work.wait_until(&mut state, deadline).timed_out() {
                break;
            }
        }
        let count = state.jobs.len().min(GROUP_BATCHES_MAX);
        let group: Vec<_> = state.jobs.drain(..count).collect();
        state.bytes -= group.iter().map(|job| job.batch.bytes).sum::<usize>();
        state.is_urgent = !state.jobs.is_empty();
        self.room.notify_all();
        Some(group)
    }

    /// No job is taken in any more; those inside are still written.
    pub(super) fn close(&self) {
        self.state.lock().is_closed = true;
        self.work.notify_all();
        self.room.notify_all();
    }

    /// Closes, and forgets what is left: whoever waits hears that the store is closed.
    pub(super) fn abandon(&self) {
        self.close();
        self.state.lock().jobs.clear();
    }
}

/// How many lazy batches are on their way, by what they touch, so that a reader waits only for what it could see.
#[derive(Debug, Default)]
pub(super) struct Pending {
    spaces: [AtomicU64; Space::ALL.len()],
    log: AtomicU64,
    all: AtomicU64,
}

impl Pending {
    fn add(&self, touched: u32) {
        self.all.fetch_add(1, Ordering::SeqCst);
        for counter in self.counters(touched) {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A lazy batch is settled: committed or lost.
    pub(super) fn remove(&self, touched: u32) {
        for counter in self.counters(touched) {
            counter.fetch_sub(1, Ordering::SeqCst);
        }
        self.all.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether a batch on its way touches one of these.
    pub(super) fn touches(&self, touched: u32) -> bool {
        !self.is_empty() && self.counters(touched).any(|counter| counter.load(Ordering::SeqCst) > 0)
    }

    /// Whether none is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.all.load(Ordering::SeqCst) == 0
    }

    fn counters(&self, touched: u32) -> impl Iterator<Item = &AtomicU64> {
        let spaces = Space::ALL.iter().zip(&self.spaces);
        let spaces = spaces.filter_map(move |(space, counter)| (touched & space_bit(*space) != 0).then_some(counter));
        spaces.chain((touched & LOG_BIT != 0).then_some(&self.log))
    }
}
