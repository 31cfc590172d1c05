//! Who stands for a program: for which runs it works, what it has been told, and whose connections it makes.

use super::memory::Memory;
use broker::{Ask, Broker, Lease, NetworkDemand, Permit};
use egress::{Asking, Noting, TunnelOutcome, TunnelRecord, Warden};
use kernel::program::{House, KeptFrom, WayEnd, WayOut};
use parking_lot::Mutex;
use protocol::{Clock, Labels, RunId, Sentence, sentence};
use std::sync::Arc;

/// The most that is told of what it tries while it works for nobody.
const UNOWNED_MAX: u32 = 32;

/// For one program.
pub(crate) struct ProgramWarden {
    house: Arc<dyn House>,
    inner: Mutex<Inner>,
    memory: Memory,
}

struct Inner {
    /// The runs that it works for, the last one last.
    live: Vec<(Lease, Arc<dyn WayOut>)>,
    /// The run that it worked for last.
    last: Lease,
    /// What it tried since.
    unowned: u32,
    /// What it has been told, and what lies in its home.
    labels: Labels,
}

impl ProgramWarden {
    /// For a program that is started for a run.
    pub(crate) fn new(first: &Arc<dyn WayOut>, memory: Memory) -> Self {
        let labels = memory.labels();
        let inner = Inner { live: Vec::new(), last: first.lease().clone(), unowned: 0, labels };
        Self { house: first.house(), inner: Mutex::new(inner), memory }
    }

    /// It works for a run from now on. Whatever it was told before, this run may hear of.
    pub(crate) fn enter(&self, lease: &Lease, way: Arc<dyn WayOut>) {
        self.share(lease);
        let mut inner = self.inner.lock();
        inner.last = lease.clone();
        inner.unowned = 0;
        inner.live.push((lease.clone(), way));
    }

    /// What the run has read, the program knows, and the other way round.
    pub(crate) fn share(&self, lease: &Lease) {
        let mut inner = self.inner.lock();
        let all = inner.labels.join(lease.labels());
        if all != inner.labels {
            // What lies in its home outlives it.
            self.memory.keep(all);
            inner.labels = all;
        }
        lease.join_labels(all);
    }

    /// It has ended its work for a run.
    pub(crate) fn leave(&self, run: RunId) {
        self.inner.lock().live.retain(|(lease, _)| lease.run() != run);
    }

    /// It tried something, and was kept from it: for each run that it works for, since nobody knows for which it did.
    pub(crate) fn kept_from(&self, tried: &KeptFrom) {
        let mut inner = self.inner.lock();
        let ways: Vec<_> = inner.live.iter().map(|(_, way)| way.clone()).collect();
        if !ways.is_empty() {
            drop(inner);
            ways.iter().for_each(|way| way.kept_from(tried));
        } else if inner.unowned < UNOWNED_MAX {
            inner.unowned += 1;
            let last = inner.last.clone();
            drop(inner);
            self.house.kept_from(&last, tried);
        }
    }

    fn way(&self, run: RunId) -> Option<Arc<dyn WayOut>> {
        self.inner.lock().live.iter().find(|(lease, _)| lease.run() == run).map(|(_, way)| way.clone())
    }
}

impl Warden for ProgramWarden {
    fn broker(&self) -> &Broker {
        self.house.broker()
    }

    fn clock(&self) -> &dyn Clock {
        self.house.clock()
    }

    fn labels(&self) -> Labels {
        let inner = self.inner.lock();
        inner.live.iter().fold(inner.labels, |labels, (lease, _)| labels.join(lease.labels()))
    }

    /// The run that began last. While it works for nobody, that is one that has ended: then it reaches nobody either.
    fn lease(&self) -> Lease {
        self.inner.lock().last.clone()
    }

    fn ask(&self, ask: Ask<NetworkDemand>) -> Asking<'_> {
        match self.way(ask.run()) {
            Some(way) => Box::pin(async move { way.ask(ask).await }),
            None => Box::pin(std::future::ready(Err(Box::new(ask.refused(sentence::rule_nobody_there()))))),
        }
    }

    fn intent<'a>(&'a self, permit: &'a Permit<NetworkDemand>, said: Sentence) -> Noting<'a> {
        match self.way(permit.lease().run()) {
            Some(way) => Box::pin(async move { way.intent(permit, said).await }),
            None => Box::pin(std::future::ready(false)),
        }
    }

    fn record(&self, record: TunnelRecord) {
        let Some(lease) = &record.lease else {
            tracing::debug!(code = ?record.outcome.code(), "a program said something to its proxy that came to nothing");
            return;
        };
        self.share(lease);
        match self.way(lease.run()) {
            Some(way) => way.ended(record.target.as_deref(), how(&record)),
            // The log has the run's end already, and what was exchanged stands there.
            None => tracing::debug!(run = %lease.run(), "a connection ended after its run"),
        }
    }
}

/// How a connection ended, for the run's log.
fn how(record: &TunnelRecord) -> WayEnd {
    let said = || record.sentence().unwrap_or_else(sentence::connection_why_broken);
    match &record.outcome {
        TunnelOutcome::Denied(denied) => WayEnd::Denied(denied.clone()),
        TunnelOutcome::Withdrawn(_) if record.bytes_up > 0 => WayEnd::Unknown(said()),
        TunnelOutcome::Withdrawn(denied) => WayEnd::Denied(denied.clone()),
        _ if record.bytes_up > 0 => WayEnd::Done(said()),
        _ => WayEnd::NotDone(said()),
    }
}
