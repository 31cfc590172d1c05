//! What happens, told as it happens.

use crate::Oikos;
use gateway::FrameSender;
use kernel::LogFilter;
use protocol::{
    AuditEntry, Caller, ChainHash, Failure, OwnerId,
    api::{Frame, Reply},
};
use state::{Batch, CommitError, Committed, Durability, Entry, Key, LogRow, Space, Store, StoreError};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

/// How long between two looks into the log while much happens: a look has the store write what it still holds, so what came
/// meanwhile is told in one go, and the runs that do it do not wait for whoever looks on.
const LOOK_GAP: Duration = Duration::from_millis(50);
/// After so many entries that were not asked for, whoever follows is told how far the log has come, so that they need not
/// be looked through again.
const UNTOLD_MAX: u64 = 1_000;

/// Rings when something was written, and when nothing more will be told: which of both, is what it holds.
#[derive(Debug, Default)]
pub(crate) struct Bell(watch::Sender<bool>);

impl Bell {
    fn ring(&self) {
        self.0.send_modify(|_| {});
    }

    /// Whoever follows is told what there is, and then that it is over.
    pub(crate) fn end(&self) {
        self.0.send_replace(true);
    }
}

/// A store that rings when something is written.
pub(crate) struct HeardStore<S> {
    pub(crate) store: S,
    pub(crate) bell: Arc<Bell>,
}

impl<S> Drop for HeardStore<S> {
    fn drop(&mut self) {
        self.bell.end();
    }
}

impl<S: Store> Store for HeardStore<S> {
    fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.store.get(key)
    }

    fn scan(
        &self,
        owner: OwnerId,
        space: Space,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Entry)>, StoreError> {
        self.store.scan(owner, space, prefix, after, limit)
    }

    fn sum_bytes(&self, owner: OwnerId, space: Space, prefix: &str) -> Result<u64, StoreError> {
        self.store.sum_bytes(owner, space, prefix)
    }

    fn commit(&self, batch: Batch, durability: Durability) -> Result<Committed, CommitError> {
        let committed = self.store.commit(batch, durability)?;
        // Of a lazy batch too: whoever reads waits for it.
        self.bell.ring();
        Ok(committed)
    }

    fn log_tail(&self, owner: OwnerId) -> Result<Option<(u64, ChainHash)>, StoreError> {
        self.store.log_tail(owner)
    }

    fn log_read(&self, owner: OwnerId, from_seq: u64, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        self.store.log_read(owner, from_seq, limit)
    }

    fn log_read_last(&self, owner: OwnerId, limit: usize) -> Result<Vec<LogRow>, StoreError> {
        self.store.log_read_last(owner, limit)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.store.flush()
    }

    fn takes_lazy_now(&self) -> bool {
        self.store.takes_lazy_now()
    }

    fn fault(&self) -> Result<Option<String>, StoreError> {
        self.store.fault()
    }

    fn batches_waiting(&self) -> usize {
        self.store.batches_waiting()
    }

    fn lazy_failures(&self) -> u64 {
        self.store.lazy_failures()
    }
}

/// Tells an owner's log, from behind an entry or with the newest first, until nothing more will be told or nobody
/// listens. Nothing is held meanwhile: an oikos ends however many look on.
pub(crate) async fn follow(
    oikos: Arc<Oikos>,
    caller: Caller,
    filter: LogFilter,
    after_seq: Option<u64>,
    frames: &FrameSender,
) -> Result<Reply, Failure> {
    let mut bell = oikos.bell.0.subscribe();
    let begun = look(&oikos, {
        let filter = filter.clone();
        move |oikos| {
            let end = oikos.kernel.log_end(&caller)?;
            // Behind the end is nothing to wait for: the next entry is the one after the last.
            if let Some(after_seq) = after_seq {
                return Ok((after_seq.min(end), Vec::new(), after_seq.min(end)));
            }
            let mut newest = oikos.kernel.log(&caller, &filter)?;
            newest.retain(|entry| entry.seq <= end);
            Ok((newest.first().map_or(end, |first| first.seq - 1), newest, end))
        }
    });
    let (from, newest, mut through) = begun.await?;
    let mut teller = Teller { frames, told: from };
    if !teller.position(from).await || !teller.entries(newest).await {
        return Ok(Reply::Ok);
    }
    teller.told = teller.told.max(through);
    let waiting = Arc::downgrade(&oikos);
    drop(oikos);
    loop {
        // Before the look: what was written until then is told, and what is written from then on rings.
        let is_over = *bell.borrow_and_update();
        loop {
            let Some(oikos) = waiting.upgrade() else { return Ok(Reply::Ok) };
            let filter = LogFilter { limit: kernel::LOG_LIMIT_MAX, ..filter.clone() };
            let (entries, next) = look(&oikos, move |oikos| oikos.kernel.log_after(&caller, &filter, through)).await?;
            if next == through {
                break;
            }
            through = next;
            if !teller.entries(entries).await {
                return Ok(Reply::Ok);
            }
            if through - teller.told >= UNTOLD_MAX && !teller.position(through).await {
                return Ok(Reply::Ok);
            }
        }
        if is_over {
            return Ok(Reply::Ok);
        }
        let next_look = Instant::now() + LOOK_GAP;
        tokio::select! {
            rung = bell.changed() => if rung.is_err() { return Ok(Reply::Ok) },
            () = frames.closed() => return Ok(Reply::Ok),
        }
        // After a quiet while, at once.
        tokio::select! {
            () = sleep_until(next_look) => {}
            _ = bell.wait_for(|is_over| *is_over) => {}
            () = frames.closed() => return Ok(Reply::Ok),
        }
    }
}

/// Looks into the log, where waiting for the disk holds nobody up.
async fn look<T: Send + 'static>(
    oikos: &Arc<Oikos>,
    work: impl FnOnce(&Oikos) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let oikos = oikos.clone();
    crate::api::blocking(move || work(&oikos)).await
}

struct Teller<'a> {
    frames: &'a FrameSender,
    /// The last entry that whoever listens knows of.
    told: u64,
}

impl Teller<'_> {
    /// Whether somebody listens still.
    async fn position(&mut self, seq: u64) -> bool {
        self.told = seq;
        self.frames.send(Frame::LogAfter { seq }).await.is_ok()
    }

    async fn entries(&mut self, entries: Vec<AuditEntry>) -> bool {
        for entry in entries {
            self.told = entry.seq;
            if self.frames.send(Frame::Entry(Box::new(entry))).await.is_err() {
                return false;
            }
        }
        true
    }
}
