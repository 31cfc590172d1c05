//! After an abrupt end: what was cut off is said to be cut off, what was staged is removed, what still has to be heard
//! waits again, nothing is guessed.

use crate::{
    Kernel,
    host::file_label_key,
    journal,
    run::{commit_failure, live_key, run_key, store_failure},
    trash::{SentRow, TrashRow, TrashState},
};
use protocol::{
    AuditEvent, EffectState, ErrorCode, Failure, Labels, OwnerId, RunId,
    api::{RunReport, RunSummary, RunUsage},
    sentence,
};
use state::{Batch, Durability, Key, Space};

/// What recovery found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Runs that were cut off.
    pub runs: usize,
    /// Effects whose end is unknown.
    pub effects: usize,
    /// Questions nobody waits for any more.
    pub questions: usize,
    /// Archives of installs that never happened.
    pub archives: usize,
}

impl Kernel {
    /// Settles what an owner's last process left open. Called once, before anything runs. Doing it twice changes
    /// nothing more.
    pub fn recover(&self, owner: OwnerId) -> Result<Recovered, Failure> {
        let mut batch = Batch::new();
        let mut found = Recovered { archives: self.archives_sweep()?, ..Recovered::default() };
        let caller = self.own_caller(owner);
        let now = self.clock.now();
        let live = self.store.scan(owner, Space::Run, "live/", None, crate::SCAN_MAX).map_err(store_failure)?;
        let live: Vec<(String, Option<RunSummary>)> =
            live.into_iter().map(|(key, entry)| (key, serde_json::from_slice(&entry.value).ok())).collect();
        let app_of =
            |run: Option<RunId>| match live.iter().flat_map(|(_, known)| known).find(|known| run == Some(known.run)) {
                Some(summary) => Some(summary.app.clone()),
                None => run.and_then(|run| self.run_report(owner, run).ok()?).map(|report| report.summary.app),
            };
        let intents = self.store.scan(owner, Space::Intent, "", None, crate::SCAN_MAX).map_err(store_failure)?;
        for (key, entry) in intents {
            found.effects += 1;
            let row = TrashRow::from_bytes(&entry.value);
            let (of_undo, effect_key) = match key.strip_prefix("undo/") {
                Some(rest) => (true, rest.to_owned()),
                None => (false, key.clone()),
            };
            // Removes what was staged, and sees whether the file is the old or the new one. The record still says
            // `unknown`: a person should look.
            let seen = match &row {
                Some(row) => self.effects.undo.recover(&row.change).unwrap_or(EffectState::Unknown),
                None => EffectState::Unknown,
            };
            let sent = SentRow::from_bytes(&entry.value);
            let what = match &row {
                None if sent.is_some() => String::new(),
                Some(row) if of_undo => format!("taking back {}", row.change.shown()),
                Some(row) => format!("changing {}", row.change.shown()),
                None => format!("busy with effect {effect_key}, whose record cannot be read"),
            };
            let trash = Key::new(owner, Space::Trash, effect_key.clone());
            let said = match sent {
                Some(sent) => {
                    let said = sentence::sending_unknown(sent.sent.clone());
                    batch.put(&trash, SentRow { sent: said.clone() }.to_bytes(), Labels::NONE);
                    said
                }
                None => sentence::file_unknown(what),
            };
            if let Some(row) = row {
                let path = row.change.path();
                let before = self.store.get(&trash).map_err(store_failure)?.map_or(Labels::NONE, |entry| entry.labels);
                match (of_undo, seen) {
                    // The change never happened.
                    (false, EffectState::NotDone) => {
                        batch.delete(&trash);
                    }
                    // It did, or may have: it can be tried to take it back.
                    (false, _) => {
                        if let Some(path) = row.change.path_after() {
                            batch.put(&file_label_key(owner, &path), Vec::new(), entry.labels);
                        }
                        batch.put(&trash, TrashRow::done(row.change).to_bytes(), before);
                    }
                    // The file is as it was before the run: the undo had happened.
                    (true, EffectState::NotDone) => {
                        if row.change.before.is_some() {
                            batch.put(&file_label_key(owner, &path), Vec::new(), before);
                        }
                        batch.put(&trash, TrashRow { state: TrashState::Undone, ..row }.to_bytes(), before);
                    }
                    (true, _) => {}
                }
            }
            let (run, number) = split_effect(&effect_key);
            let event = AuditEvent::Outcome { effect: number, state: EffectState::Unknown };
            let mut record = journal::record(now, &caller, event, app_of(run).as_ref(), said);
            record.run = run;
            journal::append(&mut batch, owner, &record);
            batch.delete(&Key::new(owner, Space::Intent, key));
        }
        for (key, summary) in live {
            batch.delete(&Key::new(owner, Space::Run, key));
            let Some(mut summary) = summary else { continue };
            found.runs += 1;
            let run = summary.run;
            let code = ErrorCode::Internal;
            let event = AuditEvent::RunEnded { code: Some(code) };
            let mut record = journal::record(now, &caller, event, Some(&summary.app), sentence::run_lost());
            record.run = Some(run);
            journal::append(&mut batch, owner, &record);
            summary.ended_at = Some(now);
            summary.failure = Some(Failure::new(code, sentence::run_lost().to_string()));
            let rows = self
                .store
                .scan(owner, Space::Trash, &format!("{run}/"), None, crate::SCAN_MAX)
                .map_err(store_failure)?;
            let undoable = rows.iter().any(|(_, entry)| TrashRow::from_bytes(&entry.value).is_some());
            let report = RunReport {
                summary,
                data: None,
                text: None,
                renderer: None,
                network: Vec::new(),
                facts: Vec::new(),
                usage: RunUsage::default(),
                effects: Vec::new(),
                undoable,
            };
            batch.delete(&Key::new(owner, Space::Run, live_key(run)));
            let key = Key::new(owner, Space::Run, run_key(run));
            batch.put(&key, serde_json::to_vec(&report).unwrap_or_default(), Labels::NONE);
        }
        found.questions = self.questions_recover(owner, &mut batch)?;
        self.paused_recover(owner)?;
        if found.runs > 0 || found.effects > 0 {
            let said = sentence::recovered(found.runs, found.effects);
            let record = journal::record(now, &caller, AuditEvent::Housekeeping, None, said);
            journal::append(&mut batch, owner, &record);
        }
        if !batch.is_empty() {
            batch.use_reserve();
            self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        }
        self.events_recover(owner)?;
        Ok(found)
    }
}

fn split_effect(key: &str) -> (Option<RunId>, u64) {
    let (run, number) = key.split_once('/').unwrap_or((key, "0"));
    (run.parse().ok(), number.parse().unwrap_or(0))
}
