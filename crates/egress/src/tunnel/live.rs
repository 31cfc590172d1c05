//! Tunnels that are open: counted, looked at again and again, cut where what allowed them is gone.

use super::{TunnelOutcome, Warden};
use crate::usage::Book;
use broker::{Decision, Demand as _, Denied, Lease, LeaseEnd, NetworkDemand, Permit};
use parking_lot::Mutex;
use protocol::{ErrorCode, Labels, sentence};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};
use tokio::sync::Notify;

/// What went through a tunnel.
#[derive(Debug, Default)]
pub(super) struct Moved {
    up: AtomicU64,
    down: AtomicU64,
    up_booked: AtomicU64,
    down_booked: AtomicU64,
    is_begun: AtomicBool,
}

impl Moved {
    pub(super) fn up(&self) -> u64 {
        self.up.load(Relaxed)
    }

    pub(super) fn down(&self) -> u64 {
        self.down.load(Relaxed)
    }
}

/// A tunnel that is open.
pub(super) struct Open {
    demand: NetworkDemand,
    lease: Lease,
    address: IpAddr,
    /// What the run held when it was decided, with what comes from the host.
    labels: Labels,
    pub(super) moved: Arc<Moved>,
    why: Mutex<Option<TunnelOutcome>>,
    cut: Notify,
}

impl Open {
    pub(super) fn new(permit: &Permit<NetworkDemand>, address: IpAddr, labels: Labels, moved: Arc<Moved>) -> Self {
        let (demand, lease) = (permit.demand().clone(), permit.lease().clone());
        Self { demand, lease, address, labels, moved, why: Mutex::default(), cut: Notify::new() }
    }

    /// So many bytes go up now, if they still may.
    pub(super) fn goes_up(&self, bytes: usize, warden: &dyn Warden) -> Result<(), TunnelOutcome> {
        self.may_go_up(warden)?;
        self.went_up(bytes)
    }

    /// Whether anything may go up now: what the run and its program hold may not be what was decided on.
    pub(super) fn may_go_up(&self, warden: &dyn Warden) -> Result<(), TunnelOutcome> {
        self.lease.check().map_err(TunnelOutcome::Ended)?;
        if self.lease.labels().join(warden.labels()) == self.labels { Ok(()) } else { self.look(warden) }
    }

    /// So many bytes went up.
    pub(super) fn went_up(&self, bytes: usize) -> Result<(), TunnelOutcome> {
        self.moved.up.fetch_add(bytes as u64, Relaxed);
        self.lease.charge_host_bytes(bytes as u64).map_err(TunnelOutcome::Ended)
    }

    /// So many bytes came down.
    pub(super) fn came_down(&self, bytes: usize) -> Result<(), TunnelOutcome> {
        self.moved.down.fetch_add(bytes as u64, Relaxed);
        self.lease.charge_host_bytes(bytes as u64).map_err(TunnelOutcome::Ended)
    }

    /// Whether it would be allowed if it began now. What came from the host itself is no reason against it.
    pub(super) fn look(&self, warden: &dyn Warden) -> Result<(), TunnelOutcome> {
        let demand = self.demand.clone();
        self.lease.join_labels(warden.labels());
        let denied = match warden.broker().decide(&self.lease, demand, warden.clock().now()) {
            Decision::Permit(permit) if permit.demand().may_connect(self.address).is_ok() => return Ok(()),
            // Who said yes to it said so to this connection.
            Decision::Ask(ask) if ask.demand().may_connect(self.address).is_ok() => return Ok(()),
            Decision::Permit(_) | Decision::Ask(_) => None,
            Decision::Denied(denied) if denied.code == ErrorCode::LeaseRevoked => {
                return Err(TunnelOutcome::Ended(self.lease.check().err().unwrap_or(LeaseEnd::Finished)));
            }
            Decision::Denied(denied) if denied.rule.code == "rule_both_labels" => Some(denied),
            Decision::Denied(_) => None,
        };
        match denied {
            Some(_) if self.lease.labels() == self.labels => Ok(()),
            Some(denied) => Err(TunnelOutcome::Withdrawn(denied)),
            None => Err(TunnelOutcome::Withdrawn(Box::new(Denied {
                what: self.demand.sentence(),
                rule: sentence::rule_withdrawn(&self.demand.line()),
                command: Some(self.demand.command(&self.lease)),
                code: ErrorCode::PermissionDenied,
            }))),
        }
    }

    /// Cuts it.
    pub(super) fn cut(&self, why: TunnelOutcome) {
        *self.why.lock() = Some(why);
        self.cut.notify_one();
    }

    /// The host as `Host` names it.
    pub(super) fn authority(&self) -> String {
        self.demand.url.authority()
    }

    /// Comes back once it was cut.
    pub(super) async fn was_cut(&self) -> TunnelOutcome {
        loop {
            self.cut.notified().await;
            if let Some(why) = self.why.lock().take() {
                return why;
            }
        }
    }

    /// Writes down what moved since this was done last.
    fn book(&self, book: &Book) {
        let (up, down) = (self.moved.up(), self.moved.down());
        let up = up.saturating_sub(self.moved.up_booked.fetch_max(up, Relaxed));
        let down = down.saturating_sub(self.moved.down_booked.fetch_max(down, Relaxed));
        if up > 0 || down > 0 {
            let is_first = !self.moved.is_begun.swap(true, Relaxed);
            book.tunnelled(&self.lease, &self.demand.url, is_first, up, down);
        }
    }
}

/// The tunnels of a program that are open.
#[derive(Default)]
pub(super) struct Live {
    open: Mutex<HashMap<u64, Arc<Open>>>,
    next: AtomicU64,
    came: Notify,
}

impl Live {
    /// One more. It is gone, and all of it written down, when what this gives is dropped.
    pub(super) fn enter<'a>(&'a self, open: Arc<Open>, book: &'a Book) -> Entered<'a> {
        let place = self.next.fetch_add(1, Relaxed);
        self.open.lock().insert(place, open.clone());
        self.came.notify_one();
        Entered { live: self, book, place, open }
    }

    pub(super) fn count(&self) -> usize {
        self.open.lock().len()
    }

    /// Looks at each once more.
    pub(super) fn look(&self, warden: &dyn Warden, book: &Book) {
        let all: Vec<_> = self.open.lock().values().cloned().collect();
        for open in all {
            open.book(book);
            if let Err(why) = open.look(warden) {
                open.cut(why);
            }
        }
    }

    /// Comes back as soon as there is something to look at.
    pub(super) async fn some(&self) {
        while self.open.lock().is_empty() {
            self.came.notified().await;
        }
    }
}

/// An open tunnel among the others.
pub(super) struct Entered<'a> {
    live: &'a Live,
    book: &'a Book,
    place: u64,
    pub(super) open: Arc<Open>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.live.open.lock().remove(&self.place);
        self.open.book(self.book);
    }
}
