//! The owner ends runs, and keeps apps from starting by themselves.

use crate::{
    Kernel,
    admission::Whose,
    bus::deliver::Delivery,
    journal,
    run::{Run, commit_failure, run_not_found, store_failure},
};
use broker::LeaseEnd;
use protocol::{AppName, AuditEvent, Caller, Failure, Labels, OwnerId, Right, RunId, Scope, api::StopTarget, sentence};
use state::{Batch, Durability, Key, Space};
use std::{sync::Arc, time::Duration};

/// How long to wait for stopped runs before the data they may write is erased.
pub(crate) const RUNS_GONE_WAIT_MS: u64 = 5_000;

/// What a stop did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    /// The runs that ended by it.
    pub runs: Vec<RunId>,
    /// The apps that do not start by themselves until they are enabled again.
    pub paused: Vec<AppName>,
}

/// Where it stands that an app may not start by itself.
pub(crate) const PAUSED: &str = "paused/";

/// The key of that mark.
pub(crate) fn paused_key(owner: OwnerId, app: &AppName) -> Key {
    Key::new(owner, Space::Setting, format!("{PAUSED}{app}"))
}

impl Kernel {
    /// Stops now: runs end, and the apps that are meant do not start by themselves until they are enabled again. What
    /// waits to be heard by them is dropped.
    pub fn stop(self: &Arc<Self>, caller: &Caller, target: &StopTarget) -> Result<Stopped, Failure> {
        self.require(caller, Right::Run)?;
        let paused = match target {
            StopTarget::Run(_) => Vec::new(),
            StopTarget::App(app) => {
                self.app_record(caller.owner, app)?;
                vec![app.clone()]
            }
            StopTarget::All => self.app_records(caller.owner)?.into_iter().map(|record| record.name).collect(),
        };
        // Before its runs end, so that nothing begins in between.
        let paused = self.triggers_pause(caller, paused)?;
        Ok(Stopped { runs: self.run_stop(caller, target)?, paused })
    }

    /// Keeps apps from starting by themselves. Gives those of them that something could start.
    fn triggers_pause(&self, caller: &Caller, apps: Vec<AppName>) -> Result<Vec<AppName>, Failure> {
        let owner = caller.owner;
        // A page of it, left open somewhere, could have it go on by asking again.
        let starts = |app: &AppName| {
            let answers = || self.app_record(owner, app).is_ok_and(|record| record.answers);
            (self.asks_to_start(owner, app) || answers()) && !self.bus.is_paused(&(owner, app.clone()))
        };
        let apps: Vec<AppName> = apps.into_iter().filter(starts).collect();
        let mut batch = Batch::new();
        let mut dropped = Vec::new();
        for app in &apps {
            dropped.extend(self.bus.pause(&(owner, app.clone())));
            batch.put(&paused_key(owner, app), Vec::new(), Labels::NONE);
            let said = sentence::triggers_paused();
            let record = journal::record(self.clock.now(), caller, AuditEvent::Stopped, Some(app), said);
            journal::append(&mut batch, owner, &record);
        }
        dropped.iter().filter_map(Delivery::ack).for_each(|ack| ack.put(&mut batch));
        if !batch.is_empty() {
            // Stop works on a full disk too.
            batch.use_reserve();
            let written = self.store.commit(batch, Durability::Synced).map_err(commit_failure);
            self.hearings_end(&dropped);
            written?;
        }
        Ok(apps)
    }

    /// Whether an app asked to be started by something other than a person.
    pub(crate) fn asks_to_start(&self, owner: OwnerId, app: &AppName) -> bool {
        self.grants_stored(owner, app).is_ok_and(|grants| grants.requested.iter().any(Scope::is_start))
    }

    /// Lets an app start by itself again; the batch says so once it is committed. `false`: it was not paused.
    pub(crate) fn triggers_resume(&self, caller: &Caller, app: &AppName, batch: &mut Batch) -> bool {
        if !self.bus.is_paused(&(caller.owner, app.clone())) {
            return false;
        }
        batch.delete(&paused_key(caller.owner, app));
        let said = sentence::triggers_resumed();
        let record = journal::record(self.clock.now(), caller, AuditEvent::App, Some(app), said);
        journal::append(batch, caller.owner, &record);
        true
    }

    /// Reads which apps are paused.
    pub(crate) fn paused_recover(&self, owner: OwnerId) -> Result<(), Failure> {
        let rows = self.store.scan(owner, Space::Setting, PAUSED, None, crate::SCAN_MAX).map_err(store_failure)?;
        for (key, _) in rows {
            if let Some(app) = key.strip_prefix(PAUSED).and_then(|app| app.parse().ok()) {
                self.bus.pause(&(owner, app));
            }
        }
        Ok(())
    }

    /// Stops runs: their leases end now, so their next effect fails and their sandboxes go; those that wait for room do
    /// not begin. Returns the runs that ended by this.
    pub fn run_stop(&self, caller: &Caller, target: &StopTarget) -> Result<Vec<RunId>, Failure> {
        self.require(caller, Right::Run)?;
        // Those who wait first: a place that becomes free must not go to one of them.
        let is_meant = |(owner, name): &Whose| {
            *owner == caller.owner
                && match target {
                    StopTarget::Run(_) => false,
                    StopTarget::App(app) => name == app,
                    StopTarget::All => true,
                }
        };
        let waiting = self.admission.stop(is_meant) + self.admission_called.stop(is_meant);
        let runs: Vec<Arc<Run>> = self
            .live
            .lock()
            .values()
            .filter(|run| run.owner() == caller.owner)
            .filter(|run| match target {
                StopTarget::Run(id) => run.id() == *id,
                StopTarget::App(app) => run.app.record.name == *app,
                StopTarget::All => true,
            })
            .cloned()
            .collect();
        if let StopTarget::Run(id) = target
            && runs.is_empty()
        {
            return match self.run_report(caller.owner, *id)? {
                Some(_) => Ok(Vec::new()),
                None => Err(run_not_found(*id)),
            };
        }
        if let StopTarget::App(app) = target
            && runs.is_empty()
        {
            self.app_record(caller.owner, app)?;
        }
        let stopped: Vec<RunId> = runs
            .iter()
            .filter(|run| run.lease.check().is_ok() && run.lease.end(LeaseEnd::Stopped) == LeaseEnd::Stopped)
            .map(|run| run.id())
            .collect();
        // What is heard of servers without a run goes with them.
        for lease in self.broker.leases() {
            if is_meant(&(lease.caller().owner, lease.app().clone())) {
                lease.end(LeaseEnd::Stopped);
            }
        }
        let count = stopped.len() + waiting;
        if count > 0 {
            let what = match target {
                StopTarget::Run(id) => format!("run {id}"),
                StopTarget::App(app) => format!("{app} ({})", protocol::text::count(count, "run")),
                StopTarget::All => format!("everything ({})", protocol::text::count(count, "run")),
            };
            let app = match target {
                StopTarget::App(app) => Some(app),
                StopTarget::Run(_) => runs.first().map(|run| &run.app.record.name),
                StopTarget::All => None,
            };
            let said = sentence::stop_requested(what);
            let record = journal::record(self.clock.now(), caller, AuditEvent::Stopped, app, said);
            let mut batch = Batch::new();
            journal::append(&mut batch, caller.owner, &record);
            // The leases have ended whatever becomes of the line.
            if let Err(error) = self.store.commit(batch, Durability::Lazy) {
                tracing::error!(%error, "a stop could not be written to the log");
            }
        }
        Ok(stopped)
    }

    /// Ends the runs of an app, without a word in the log.
    pub(crate) fn runs_end(&self, owner: OwnerId, app: &AppName, why: LeaseEnd) {
        for run in self.live.lock().values() {
            if run.owner() == owner && run.app.record.name == *app {
                run.lease.end(why);
            }
        }
    }

    /// Waits until the runs of an app have written their ends. `false`: some cannot be waited for.
    pub(crate) async fn runs_gone(&self, owner: OwnerId, app: &AppName, wait_ms: u64) -> bool {
        let is_running = || self.live.lock().values().any(|run| run.owner() == owner && run.app.record.name == *app);
        let gone = self.runs_until(|| !is_running());
        tokio::time::timeout(Duration::from_millis(wait_ms), gone).await.is_ok()
    }

    /// Waits until no run lives.
    pub async fn all_runs_gone(&self) {
        self.runs_until(|| self.live.lock().is_empty()).await;
    }

    /// Waits until something is so that only the end of a run can bring about.
    async fn runs_until(&self, is_so: impl Fn() -> bool) {
        loop {
            // Heard from here on: what leaves between the look and the wait is not missed.
            let mut left = std::pin::pin!(self.runs_left.notified());
            left.as_mut().enable();
            if is_so() {
                return;
            }
            left.await;
        }
    }
}
