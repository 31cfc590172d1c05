//! Taking back what a run did to files. Every step is announced before it happens and recorded after, like the changes
//! themselves; a file that changed since the run is a conflict, and then nothing at all is taken back.

use crate::{
    Kernel,
    effect::Change,
    host::file_label_key,
    journal,
    run::{commit_failure, internal, store_failure},
};
use protocol::{
    AuditEvent, Caller, EffectState, ErrorCode, Failure, Labels, OwnerId, Right, RunId, Sentence, api::RunReport,
    sentence,
};
use serde::{Deserialize, Serialize};
use state::{Batch, Durability, Key, Space};
use std::{collections::HashSet, sync::Arc};

/// What is kept of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrashRow {
    /// How far it has come.
    pub state: TrashState,
    /// The change.
    pub change: Change,
}

/// How far a change has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrashState {
    /// Announced.
    Pending,
    /// Done; can be taken back.
    Done,
    /// Taken back.
    Undone,
}

impl TrashRow {
    pub(crate) fn pending(change: Change) -> Self {
        Self { state: TrashState::Pending, change }
    }

    pub(crate) fn done(change: Change) -> Self {
        Self { state: TrashState::Done, change }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// What is kept of something that was sent, beside the changes of its run: that it cannot be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SentRow {
    /// What was sent, in words.
    pub sent: Sentence,
}

impl SentRow {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// The key of the intent to take a change back.
fn undo_key(key: &str) -> String {
    format!("undo/{key}")
}

impl Kernel {
    /// Takes back what a run did to files, newest change first. Looks at every file before it touches one.
    pub async fn undo(self: &Arc<Self>, caller: Caller, run: RunId) -> Result<Vec<Sentence>, Failure> {
        self.require(&caller, Right::Manage)?;
        if self.live.lock().get(&run).is_some_and(|live| live.owner() == caller.owner) {
            return Err(
                Failure::new(ErrorCode::Conflict, "the run is still under way").hint(format!("oikos stop {run}"))
            );
        }
        let report = self.run_report(caller.owner, run)?;
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || kernel.undo_all(&caller, run, report))
            .await
            .map_err(|_| internal("the run could not be taken back"))?
    }

    fn undo_all(&self, caller: &Caller, run: RunId, report: Option<RunReport>) -> Result<Vec<Sentence>, Failure> {
        let owner = caller.owner;
        let _undoing = self.undoing.lock();
        let mut rows = self.trash_rows(owner, run)?;
        rows.retain(|(_, row, _)| row.state == TrashState::Done);
        let sent = self.sent_rows(owner, run)?;
        if rows.is_empty() {
            return match report {
                Some(_) if !sent.is_empty() => {
                    let stays: Vec<String> = sent.iter().map(ToString::to_string).collect();
                    Err(Failure::new(ErrorCode::Conflict, stays.join("; "))
                        .hint(format!("oikos log --run {run} tells what was sent, and why it was allowed")))
                }
                Some(_) => {
                    Err(Failure::new(ErrorCode::NotFound, "this run changed no file, or was taken back already"))
                }
                None => Err(Failure::new(ErrorCode::RunNotFound, format!("there is no run {run}"))
                    .hint("oikos run --list shows the last runs")),
            };
        }
        rows.reverse();
        // Later changes of one run may build on earlier ones, so only the newest of each file can be looked at now.
        let mut seen: HashSet<String> = HashSet::new();
        for (_, row, _) in &rows {
            if !row.change.paths().any(|path| seen.contains(&path)) {
                self.effects.undo.undo_check(&row.change).map_err(|error| {
                    Failure::from_error(ErrorCode::Conflict, &error)
                        .hint(format!("nothing was taken back; oikos log --run {run} shows what the run did"))
                })?;
            }
            seen.extend(row.change.paths());
        }
        let app = report.map(|report| report.summary.app);
        let (mut steps, left) = (Vec::with_capacity(rows.len()), rows.len());
        for (key, row, labels) in rows {
            match self.undo_one(caller, run, app.as_ref(), &key, row, labels) {
                Ok(step) => steps.push(step),
                Err(failure) if steps.is_empty() => return Err(failure),
                Err(failure) => {
                    let hint = format!(
                        "{} of {} taken back before that, the rest not; oikos log --run {run} tells each",
                        steps.len(),
                        protocol::text::count(left, "change")
                    );
                    return Err(failure.hint(hint));
                }
            }
        }
        steps.extend(sent);
        Ok(steps)
    }

    fn undo_one(
        &self,
        caller: &Caller,
        run: RunId,
        app: Option<&protocol::AppName>,
        key: &str,
        row: TrashRow,
        labels: Labels,
    ) -> Result<Sentence, Failure> {
        let owner = caller.owner;
        let effect = key.rsplit('/').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        let planned = row.change.undo_sentence();
        let intent = Key::new(owner, Space::Intent, undo_key(key));
        let mut record =
            journal::record(self.clock.now(), caller, AuditEvent::Intent { effect }, app, sentence::undoing(planned));
        record.run = Some(run);
        let mut batch = Batch::new();
        batch.put(&intent, row.to_bytes(), labels);
        journal::append(&mut batch, owner, &record);
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        crate::crash_point("undo::after_intent");
        let result = self.effects.undo.undo(&row.change);
        crate::crash_point("undo::before_outcome");
        let (state, said) = match &result {
            Ok(said) => (EffectState::Done, sentence::undone(said.clone())),
            Err(error) => (EffectState::NotDone, sentence::effect_not_done(error.to_string())),
        };
        let mut batch = Batch::new();
        batch.delete(&intent).use_reserve();
        if state == EffectState::Done {
            let trash = Key::new(owner, Space::Trash, key);
            if row.change.before.is_some() {
                // The old content comes from where it came from before.
                batch.put(&file_label_key(owner, &row.change.path()), Vec::new(), labels);
            }
            batch.put(&trash, TrashRow { state: TrashState::Undone, ..row }.to_bytes(), labels);
        }
        let event = AuditEvent::Outcome { effect, state };
        let mut record = journal::record(self.clock.now(), caller, event, app, said);
        record.run = Some(run);
        journal::append(&mut batch, owner, &record);
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        crate::crash_point("undo::after_outcome");
        result.map_err(|error| Failure::from_error(ErrorCode::Conflict, &error))
    }

    /// What the run sent, and is with somebody else now.
    fn sent_rows(&self, owner: OwnerId, run: RunId) -> Result<Vec<Sentence>, Failure> {
        let entries =
            self.store.scan(owner, Space::Trash, &format!("{run}/"), None, crate::SCAN_MAX).map_err(store_failure)?;
        let rows = entries.into_iter().filter_map(|(_, entry)| SentRow::from_bytes(&entry.value));
        Ok(rows.map(|row| sentence::undo_sent_stays(row.sent)).collect())
    }

    /// What is kept of a run's changes, with the labels that the files had before.
    fn trash_rows(&self, owner: OwnerId, run: RunId) -> Result<Vec<(String, TrashRow, Labels)>, Failure> {
        let entries =
            self.store.scan(owner, Space::Trash, &format!("{run}/"), None, crate::SCAN_MAX).map_err(store_failure)?;
        Ok(entries
            .into_iter()
            .filter_map(|(key, entry)| TrashRow::from_bytes(&entry.value).map(|row| (key, row, entry.labels)))
            .collect())
    }
}
