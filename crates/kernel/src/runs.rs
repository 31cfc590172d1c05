//! Runs, looked at: those under way, and those that have ended.

use crate::{
    Kernel,
    asked::Asked,
    run::{run_key, run_not_found, store_failure},
    stream::{RunStream, Viewer},
};
use protocol::{
    Caller, Failure, Labels, OwnerId, Right, RunId,
    api::{RunReport, RunSummary},
};
use state::{Key, Space};

impl Kernel {
    /// Watches a run that is under way or has just ended.
    pub fn run_follow(&self, caller: &Caller, run: RunId, after_seq: u64) -> Result<Viewer, Failure> {
        self.require(caller, Right::Read)?;
        self.run_view(caller, run, after_seq)
    }

    pub(crate) fn run_view(&self, caller: &Caller, run: RunId, after_seq: u64) -> Result<Viewer, Failure> {
        let live = self.live.lock().get(&run).filter(|live| live.owner() == caller.owner).cloned();
        if let Some(live) = live {
            if let Some(client) = caller.client {
                live.readers.add(client);
                // It may be at its end, and what was to be written then is.
                self.client_sees(caller, &live.app.record.name, live.lease.gathered())?;
            }
            return Ok(live.stream.view(after_seq));
        }
        if caller.client.is_some()
            && let Some((report, labels)) = self.run_kept(caller.owner, run)?
        {
            self.client_sees(caller, &report.summary.app, labels)?;
        }
        if let Some((_, stream)) = self.ended.lock().iter().find(|(key, _)| *key == (caller.owner, run)) {
            return Ok(stream.view(after_seq));
        }
        let report = self.run_report(caller.owner, run)?.ok_or_else(|| run_not_found(run))?;
        let stream = RunStream::new(run);
        stream.end(report);
        Ok(stream.view(after_seq))
    }

    /// How an ended run ended.
    pub(crate) fn run_report(&self, owner: OwnerId, run: RunId) -> Result<Option<RunReport>, Failure> {
        Ok(self.run_kept(owner, run)?.map(|(report, _)| report))
    }

    /// The same, with the labels of what it had read.
    fn run_kept(&self, owner: OwnerId, run: RunId) -> Result<Option<(RunReport, Labels)>, Failure> {
        let key = Key::new(owner, Space::Run, run_key(run));
        let entry = self.store.get(&key).map_err(store_failure)?;
        Ok(entry.and_then(|entry| Some((serde_json::from_slice(&entry.value).ok()?, entry.labels))))
    }

    /// Runs under way, then those that ended last, newest first.
    pub fn run_list(&self, caller: &Caller, limit: usize) -> Result<Vec<RunSummary>, Failure> {
        self.require(caller, Right::Read)?;
        let mut runs: Vec<RunSummary> =
            self.live.lock().values().filter(|run| run.owner() == caller.owner).map(|run| run.summary()).collect();
        runs.sort_by_key(|summary| std::cmp::Reverse(summary.run));
        let ended = self.store.scan(caller.owner, Space::Run, "ended/", None, limit).map_err(store_failure)?;
        runs.extend(
            ended
                .into_iter()
                .filter_map(|(_, entry)| serde_json::from_slice::<RunReport>(&entry.value).ok())
                .map(|report| report.summary),
        );
        runs.truncate(limit);
        Ok(runs)
    }

    /// The run that a request id stands for already.
    pub(crate) fn request_find(&self, caller: &Caller, asked: Option<Asked>) -> Result<Option<RunId>, Failure> {
        let Some(asked) = asked else { return Ok(None) };
        let key = Key::new(caller.owner, Space::Request, asked.id.to_string());
        let entry = self.store.get(&key).map_err(store_failure)?;
        entry.map_or(Ok(None), |entry| asked.run(&entry.value))
    }
}
