//! A run's stream: a bounded log of numbered chunks that each viewer reads at its own pace and resumes by `seq`.
//!
//! While somebody watches, a full log suspends the guest until the slowest viewer has caught up. While nobody does, the
//! oldest chunks go: a run is never stuck because its owner closed the lid.

use parking_lot::Mutex;
use protocol::{Chunk, RunId, SequencedChunk, Verbatim, api::RunReport};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};
use tokio::sync::Notify;

/// What a viewer may lag behind before the guest has to wait: a screenful many times over, and small enough that a
/// hundred runs at once stay cheap.
pub const WINDOW_BYTES: usize = 1 << 20;
/// What is kept for viewers that come later.
const KEPT_BYTES: usize = 2 << 20;
/// What one chunk costs in memory beside its text.
const CHUNK_BYTES: usize = 128;

/// A run's stream.
pub struct RunStream {
    run: RunId,
    log: Mutex<Log>,
    /// Something was added, or the run ended.
    grown: Notify,
    /// A viewer caught up or left.
    drained: Notify,
}

#[derive(Default)]
struct Log {
    /// Each with the bytes of all chunks up to and with it, so that how far a viewer lags is one subtraction.
    chunks: VecDeque<(u64, Arc<SequencedChunk>)>,
    /// Bytes of all chunks there ever were.
    bytes_in: u64,
    /// Bytes of those that are gone.
    bytes_gone: u64,
    last_seq: u64,
    viewers: BTreeMap<u64, u64>,
    viewer_next: u64,
    end: Option<Arc<RunReport>>,
    exact: Option<Verbatim>,
}

impl Log {
    /// Bytes that the slowest viewer has not read.
    fn lag_bytes(&self) -> usize {
        let (Some(slowest), Some((_, first))) = (self.viewers.values().min(), self.chunks.front()) else { return 0 };
        let read = match slowest.checked_sub(first.seq).and_then(|place| usize::try_from(place).ok()) {
            // What it missed because nobody watched is gone for it.
            None => self.bytes_gone,
            Some(place) => self.chunks.get(place).map_or(self.bytes_in, |(bytes, _)| *bytes),
        };
        usize::try_from(self.bytes_in - read).unwrap_or(usize::MAX)
    }

    fn bytes(&self) -> u64 {
        self.bytes_in - self.bytes_gone
    }

    fn trim(&mut self) {
        let slowest = self.viewers.values().min().copied().unwrap_or(u64::MAX);
        while self.bytes() > KEPT_BYTES as u64 {
            match self.chunks.front() {
                Some((bytes, chunk)) if chunk.seq <= slowest => {
                    self.bytes_gone = *bytes;
                    self.chunks.pop_front();
                }
                _ => break,
            }
        }
    }
}

impl RunStream {
    /// An empty stream.
    pub fn new(run: RunId) -> Arc<Self> {
        Arc::new(Self { run, log: Mutex::default(), grown: Notify::new(), drained: Notify::new() })
    }

    /// Adds a chunk. Returns whether the guest should wait with [`RunStream::drained`].
    pub fn push(&self, chunk: Chunk) -> bool {
        let bytes = chunk_bytes(&chunk) + CHUNK_BYTES;
        let is_full = {
            let mut log = self.log.lock();
            log.last_seq += 1;
            let chunk = SequencedChunk { run: self.run, seq: log.last_seq, chunk };
            log.bytes_in += bytes as u64;
            let bytes_in = log.bytes_in;
            log.chunks.push_back((bytes_in, Arc::new(chunk)));
            log.trim();
            log.lag_bytes() > WINDOW_BYTES
        };
        self.grown.notify_waiters();
        is_full
    }

    /// Waits until no viewer lags by more than a window.
    pub async fn drained(&self) {
        loop {
            let notified = self.drained.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.log.lock().lag_bytes() <= WINDOW_BYTES {
                return;
            }
            notified.await;
        }
    }

    /// The run has ended; viewers get the rest and then this.
    pub fn end(&self, report: RunReport) {
        self.end_exact(report, None);
    }

    /// The same, with the report's data as they were written.
    pub(crate) fn end_exact(&self, report: RunReport, exact: Option<Verbatim>) {
        {
            let mut log = self.log.lock();
            (log.end, log.exact) = (Some(Arc::new(report)), exact);
        }
        self.grown.notify_waiters();
        self.drained.notify_waiters();
    }

    /// How many chunks there were.
    pub fn chunks(&self) -> u64 {
        self.log.lock().last_seq
    }

    /// Starts to watch from after a place. A place that the stream has not reached is its present end.
    pub fn view(self: &Arc<Self>, after_seq: u64) -> Viewer {
        let mut log = self.log.lock();
        let after_seq = after_seq.min(log.last_seq);
        let id = log.viewer_next;
        log.viewer_next += 1;
        log.viewers.insert(id, after_seq);
        Viewer { stream: self.clone(), id, seq: after_seq }
    }
}

/// The text that a chunk carries, roughly in bytes.
pub(crate) fn chunk_bytes(chunk: &Chunk) -> usize {
    match chunk {
        Chunk::Text { text } | Chunk::Log { text, .. } => text.len(),
        Chunk::Data { topic, payload, .. } => topic.len() + value_bytes(payload),
        _ => 0,
    }
}

/// The size of a value's JSON text, roughly: without walking escapes.
pub(crate) fn value_bytes(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| value_bytes(item) + 1).sum::<usize>() + 2,
        Value::Object(fields) => fields.iter().map(|(key, item)| key.len() + value_bytes(item) + 4).sum::<usize>() + 2,
    }
}

/// One reader of a stream.
pub struct Viewer {
    stream: Arc<RunStream>,
    id: u64,
    seq: u64,
}

/// What a viewer reads.
#[derive(Clone, Debug)]
pub enum Seen {
    /// The next chunk.
    Chunk(Arc<SequencedChunk>),
    /// The run has ended; nothing follows.
    End(Arc<RunReport>),
}

impl Viewer {
    /// The run that is watched.
    pub fn run(&self) -> RunId {
        self.stream.run
    }

    /// What a run that has ended returned, as it was written. Not there for one that ended long ago, or failed.
    pub fn exact(&self) -> Option<Verbatim> {
        self.stream.log.lock().exact.clone()
    }

    /// The next chunk, or the end. Cancel-safe: a chunk counts as read when it is returned.
    pub async fn next(&mut self) -> Seen {
        loop {
            let notified = self.stream.grown.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            {
                let mut log = self.stream.log.lock();
                let first = log.chunks.front().map_or(log.last_seq + 1, |(_, chunk)| chunk.seq);
                let wanted = (self.seq + 1).max(first);
                let place = usize::try_from(wanted - first).unwrap_or(usize::MAX);
                if let Some((_, chunk)) = log.chunks.get(place) {
                    let chunk = chunk.clone();
                    self.seq = chunk.seq;
                    log.viewers.insert(self.id, chunk.seq);
                    drop(log);
                    self.stream.drained.notify_waiters();
                    return Seen::Chunk(chunk);
                }
                if let Some(report) = &log.end {
                    return Seen::End(report.clone());
                }
            }
            notified.await;
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.stream.log.lock().viewers.remove(&self.id);
        self.stream.drained.notify_waiters();
    }
}
