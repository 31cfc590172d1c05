//! The way out of an app that is a server elsewhere, when no run of it is under way: what the server has to tell is heard on a
//! connection that stays.

use crate::{
    Kernel, journal,
    program::{House, KeptFrom, WayEnd, WayOut},
};
use broker::{Ask, Decision, Denied, Lease, NetworkDemand, Permit};
use futures_util::{FutureExt as _, future::BoxFuture};
use protocol::{AppName, AuditEvent, ErrorCode, Limits, OwnerId, RunId, Sentence, sentence};
use std::sync::Arc;

/// The way of one app, for one owner.
pub(crate) struct StandingWay {
    kernel: Arc<Kernel>,
    lease: Lease,
}

impl StandingWay {
    pub(crate) fn new(kernel: &Arc<Kernel>, owner: OwnerId, app: &AppName) -> Self {
        let run = RunId::new(&*kernel.clock, &*kernel.entropy);
        let (caller, now_ns) = (kernel.own_caller(owner), kernel.clock.monotonic_ns());
        let lease = kernel.broker.lease_open(caller, app, run, Limits::default(), now_ns);
        Self { kernel: kernel.clone(), lease }
    }

    /// Whether the app may be spoken for at all.
    fn is_on(&self) -> bool {
        let whose = (self.lease.caller().owner, self.lease.app().clone());
        let is_enabled = self.kernel.app_record(whose.0, &whose.1).is_ok_and(|record| record.enabled);
        is_enabled && !self.kernel.bus.is_paused(&whose) && !self.kernel.is_ending()
    }

    fn refused(&self, demand: &NetworkDemand) -> Box<Denied> {
        Box::new(Denied {
            what: broker::Demand::sentence(demand),
            rule: sentence::rule_nobody_there(),
            command: None,
            code: ErrorCode::PermissionDenied,
        })
    }
}

impl Drop for StandingWay {
    fn drop(&mut self) {
        self.kernel.broker.lease_close(self.lease.run());
    }
}

impl WayOut for StandingWay {
    fn house(&self) -> Arc<dyn House> {
        self.kernel.clone()
    }

    fn lease(&self) -> &Lease {
        &self.lease
    }

    fn standing(&self) -> Option<Arc<dyn WayOut>> {
        let (owner, app) = (self.lease.caller().owner, self.lease.app());
        Some(Arc::new(Self::new(&self.kernel, owner, app)))
    }

    fn permit(&self, demand: NetworkDemand) -> BoxFuture<'_, Result<Permit<NetworkDemand>, Box<Denied>>> {
        let permitted = match self.is_on() {
            false => Err(self.refused(&demand)),
            true => match self.kernel.broker.decide(&self.lease, demand, self.kernel.clock.now()) {
                Decision::Permit(permit) => Ok(permit),
                Decision::Denied(denied) => Err(denied),
                // Nobody waits for this who could be asked.
                Decision::Ask(ask) => Err(Box::new(ask.refused(sentence::rule_nobody_there()))),
            },
        };
        std::future::ready(permitted).boxed()
    }

    fn ask(&self, ask: Ask<NetworkDemand>) -> BoxFuture<'_, Result<Permit<NetworkDemand>, Box<Denied>>> {
        std::future::ready(Err(Box::new(ask.refused(sentence::rule_nobody_there())))).boxed()
    }

    fn intent<'a>(&'a self, _permit: &'a Permit<NetworkDemand>, said: Sentence) -> BoxFuture<'a, bool> {
        // What is sent is that something is to be told, in words of ours: it stands in the log, and nobody waits for the disk.
        let record = journal::record(
            self.kernel.clock.now(),
            self.lease.caller(),
            AuditEvent::Read,
            Some(self.lease.app()),
            said,
        );
        self.kernel.note(self.lease.caller().owner, &record);
        std::future::ready(true).boxed()
    }

    fn kept_from(&self, _tried: &KeptFrom) {}

    fn ended(&self, target: Option<&str>, how: WayEnd) {
        // It is tried again by itself: not every try is worth a line of the log.
        tracing::debug!(app = %self.lease.app(), target, ?how, "a server's news are not heard on this connection any more");
    }
}
