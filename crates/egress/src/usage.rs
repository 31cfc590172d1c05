//! What was moved for whom.

use crate::{EgressError, TunnelOutcome, meter::Meter};
use broker::{Lease, WebUrl};
use parking_lot::Mutex;
use protocol::{AppName, OwnerId};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// What the network was used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests that were sent, and tunnels that were opened.
    pub requests: u64,
    /// Bytes that came, as they came: heads, bodies, and what stands around them.
    pub bytes_in: u64,
    /// Bytes of heads and bodies that went out.
    pub bytes_out: u64,
}

/// By owner and app, since this process began.
#[derive(Debug, Default)]
pub(crate) struct Book {
    moved: Mutex<BTreeMap<(OwnerId, AppName), Usage>>,
    failed: [AtomicU64; EgressError::WORDS.len()],
}

impl Book {
    fn add(&self, lease: &Lease, change: impl FnOnce(&mut Usage)) {
        let whose = (lease.caller().owner, lease.app().clone());
        change(self.moved.lock().entry(whose).or_default());
    }

    /// A request goes to a host.
    pub(crate) fn sent(&self, lease: &Lease, url: &WebUrl, bytes: u64) {
        self.add(lease, |usage| {
            usage.requests += 1;
            usage.bytes_out += bytes;
        });
        lease.sent_to(&url.authority(), bytes);
    }

    /// What came from a host since this was asked last.
    pub(crate) fn received(&self, lease: &Lease, url: &WebUrl, meter: &Meter) -> Result<(), EgressError> {
        let bytes = meter.uncharged();
        self.add(lease, |usage| usage.bytes_in += bytes);
        lease.received_from(&url.authority(), bytes);
        lease.charge_host_bytes(bytes).map_err(EgressError::Ended)
    }

    /// What went through a tunnel since this was said last. What it holds of the run's bounds was charged as it went.
    pub(crate) fn tunnelled(&self, lease: &Lease, url: &WebUrl, is_first: bool, up: u64, down: u64) {
        self.add(lease, |usage| {
            usage.requests += u64::from(is_first);
            usage.bytes_out += up;
            usage.bytes_in += down;
        });
        let host = url.authority();
        if is_first {
            lease.sent_to(&host, up);
        } else {
            lease.sent_more_to(&host, up);
        }
        lease.received_from(&host, down);
    }

    /// A tunnel has ended, or never came to be.
    pub(crate) fn tunnel_end(&self, outcome: &TunnelOutcome) {
        match outcome {
            TunnelOutcome::Failed(error) => self.fail(error),
            TunnelOutcome::Denied(denied) | TunnelOutcome::Withdrawn(denied) => {
                self.fail(&EgressError::Denied(denied.clone()));
            }
            TunnelOutcome::Ended(end) => self.fail(&EgressError::Ended(*end)),
            TunnelOutcome::Closed
            | TunnelOutcome::Misspoken(_)
            | TunnelOutcome::Stopped
            | TunnelOutcome::Idle { .. }
            | TunnelOutcome::Broken => {}
        }
    }

    /// A request without an answer, or with half of one.
    pub(crate) fn fail(&self, error: &EgressError) {
        self.failed[error.place()].fetch_add(1, Relaxed);
    }

    pub(crate) fn failures(&self) -> Vec<(&'static str, u64)> {
        EgressError::WORDS.iter().zip(&self.failed).map(|(word, count)| (*word, count.load(Relaxed))).collect()
    }

    pub(crate) fn of(&self, owner: OwnerId, app: &AppName) -> Usage {
        self.moved.lock().get(&(owner, app.clone())).copied().unwrap_or_default()
    }

    pub(crate) fn all(&self) -> Vec<((OwnerId, AppName), Usage)> {
        self.moved.lock().iter().map(|(whose, usage)| (whose.clone(), *usage)).collect()
    }
}
