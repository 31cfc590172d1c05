//! What the clock starts: at most once for each time, however the clock jumps and whenever oikos ends, because a time is
//! claimed on disk before anything is started. Of times that were slept through, one run makes up for all.

pub(crate) mod cron; // five fields in a time zone
pub(crate) mod ledger; // which times are over

use crate::{
    Kernel,
    admission::Whose,
    bus::deliver::ended,
    run::{Call, Cause, commit_failure, store_failure},
};
use broker::{Basis, Start};
use cron::CronTimes;
use ledger::{Due, Ledger, Times};
use package::Schedule;
use parking_lot::Mutex;
use protocol::{
    ActionName, AppName, Caller, Failure, Labels, OwnerId, Right, Sentence, Timestamp,
    api::{ScheduleRun, ScheduleView},
    sentence,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use state::{Batch, Durability, Key, Space};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, atomic::Ordering::SeqCst},
};

/// Next times that a list shows.
const NEXT_SHOWN: usize = 3;

/// What is kept of an app's schedule.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Row {
    over: Ledger,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<ScheduleRun>,
}

/// All schedules, as the store has them.
#[derive(Default)]
pub(crate) struct Schedules {
    rows: Mutex<BTreeMap<Whose, Row>>,
    /// Apps whose last start has not ended: the next time waits for it.
    under_way: Mutex<HashSet<Whose>>,
}

fn row_key(owner: OwnerId, app: &AppName) -> Key {
    Key::new(owner, Space::Schedule, app.as_str())
}

fn row_put(owner: OwnerId, app: &AppName, row: &Row, batch: &mut Batch) {
    batch.put(&row_key(owner, app), serde_json::to_vec(row).unwrap_or_default(), Labels::NONE);
}

/// A moment as people and logs have it: UTC, so that it does not depend on who reads it.
fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}

impl Kernel {
    /// An app that the clock starts was installed or enabled: what was before is over, once the batch is committed.
    pub(crate) fn schedule_begin(&self, owner: OwnerId, app: &AppName, batch: &mut Batch) {
        let whose = (owner, app.clone());
        let now = self.clock.now();
        let row = {
            let mut rows = self.schedules.rows.lock();
            let row = match rows.remove(&whose).or_else(|| self.row_read(owner, app)) {
                Some(mut row) => {
                    row.over.skip_to(now);
                    row
                }
                None => Row { over: Ledger::begun(now), last: None },
            };
            rows.insert(whose, row.clone());
            row
        };
        row_put(owner, app, &row, batch);
    }

    /// An app is gone; the batch that removes it removes this.
    pub(crate) fn schedule_drop(&self, owner: OwnerId, app: &AppName) {
        self.schedules.rows.lock().remove(&(owner, app.clone()));
    }

    /// Where an app's schedule is kept.
    pub(crate) fn schedule_key(owner: OwnerId, app: &AppName) -> Key {
        row_key(owner, app)
    }

    fn row_read(&self, owner: OwnerId, app: &AppName) -> Option<Row> {
        let entry = self.store.get(&row_key(owner, app)).inspect_err(|error| {
            tracing::error!(%app, %error, "a schedule could not be read");
        });
        serde_json::from_slice(&entry.ok()??.value).ok()
    }

    fn row_write(&self, owner: OwnerId, app: &AppName, row: &Row, durability: Durability) -> Result<(), Failure> {
        let mut batch = Batch::new();
        row_put(owner, app, row, &mut batch);
        // A few bytes; without them nothing could be started on a full disk.
        batch.use_reserve();
        self.store.commit(batch, durability).map(|_| ()).map_err(commit_failure)
    }

    /// Starts what has come due. Called by the clock's loop, and safe to call at any time.
    pub(crate) fn schedules_look(self: &Arc<Self>, owner: OwnerId) -> Result<(), Failure> {
        for (app, schedule) in self.bus.with_table(|table| table.schedules(owner)) {
            let whose = (owner, app.clone());
            // What is claimed while oikos ends would be claimed for nothing.
            if self.is_ending.load(SeqCst) || self.schedules.under_way.lock().contains(&whose) {
                continue;
            }
            let (schedule, action) = &*schedule;
            let Some((due, mut row)) = self.schedule_due(&whose, schedule)? else { continue };
            let basis = self.schedule_may(&whose);
            row.over.claim(due);
            if basis.is_ok() {
                row.last = Some(ScheduleRun {
                    slot: due.slot,
                    started_at: self.clock.now(),
                    run: None,
                    ended_at: None,
                    failure: None,
                });
            }
            crate::crash_point("schedule::before_claim");
            // On disk before anything starts: a time that is claimed and lost is better than one that comes twice.
            self.row_write(owner, &app, &row, Durability::Synced)?;
            crate::crash_point("schedule::after_claim");
            self.schedules.rows.lock().insert(whose.clone(), row);
            // Off when its time came: the time is over all the same.
            let Ok(basis) = basis else { continue };
            self.schedules.under_way.lock().insert(whose.clone());
            let (kernel, action) = (self.clone(), action.clone());
            self.runtime.spawn(async move {
                kernel.schedule_run(&whose, action, due, basis).await;
                kernel.schedules.under_way.lock().remove(&whose);
            });
        }
        Ok(())
    }

    /// What of an app's schedule has come due.
    fn schedule_due(&self, whose: &Whose, schedule: &Schedule) -> Result<Option<(Due, Row)>, Failure> {
        let (owner, app) = whose;
        let is_known = self.schedules.rows.lock().contains_key(whose);
        if !is_known {
            let entry = self.store.get(&row_key(*owner, app)).map_err(store_failure)?;
            match entry.and_then(|entry| serde_json::from_slice::<Row>(&entry.value).ok()) {
                Some(row) => {
                    self.schedules.rows.lock().insert(whose.clone(), row);
                }
                None => {
                    let mut batch = Batch::new();
                    self.schedule_begin(*owner, app, &mut batch);
                    self.store.commit(batch, Durability::Saved).map_err(commit_failure)?;
                }
            }
        }
        let now = self.clock.now();
        let mut rows = self.schedules.rows.lock();
        let Some(row) = rows.get_mut(whose) else { return Ok(None) };
        let due = row.over.due(&CronTimes::new(schedule, &self.time_zone), now);
        Ok(due.map(|due| (due, row.clone())))
    }

    /// Whether the clock may start an app now.
    fn schedule_may(&self, whose: &Whose) -> Result<Basis, Sentence> {
        if self.bus.is_paused(whose) {
            return Err(sentence::schedule_paused());
        }
        let start = self.broker.start(whose.0, &whose.1, Start::Schedule, self.clock.now());
        start.map_err(|_| sentence::schedule_blocked())
    }

    async fn schedule_run(self: &Arc<Self>, whose: &Whose, action: ActionName, due: Due, basis: Basis) {
        let (owner, app) = whose;
        let slot = moment(due.slot);
        let said = match due.is_late {
            false => sentence::cause_schedule(slot.as_str()),
            true => sentence::cause_schedule_late(slot.as_str()),
        };
        let trigger = json!({ "kind": "schedule", "scheduledAt": due.slot.0, "late": due.is_late });
        let cause =
            Cause { said: said.clone(), basis: Some(basis), labels: Labels::NONE, hops: 0, trigger, delivery: None };
        let input = Value::Object(serde_json::Map::new());
        let begun = self.run_caused(*owner, app, Call::Action(action), input, cause, None).await;
        let told = match begun {
            Ok(viewer) => {
                let run = viewer.run();
                self.schedule_note(whose, |last| last.run = Some(run));
                let summary = ended(viewer).await.summary.clone();
                move |last: &mut ScheduleRun| (last.ended_at, last.failure) = (summary.ended_at, summary.failure)
            }
            Err(failure) => {
                self.start_failed(*owner, app, said, &failure);
                return self.schedule_note(whose, |last| last.failure = Some(failure));
            }
        };
        crate::crash_point("schedule::after_run");
        self.schedule_note(whose, told);
    }

    /// Writes down how the last start went.
    fn schedule_note(&self, whose: &Whose, change: impl FnOnce(&mut ScheduleRun)) {
        let row = {
            let mut rows = self.schedules.rows.lock();
            let Some(row) = rows.get_mut(whose) else { return };
            let Some(last) = &mut row.last else { return };
            change(last);
            row.clone()
        };
        if let Err(failure) = self.row_write(whose.0, &whose.1, &row, Durability::Lazy) {
            tracing::warn!(app = %whose.1, error = %failure, "how a schedule's run ended could not be kept");
        }
    }

    /// How the last start went, as its run says where oikos ended before that could be noted here.
    fn schedule_last(&self, owner: OwnerId, mut last: ScheduleRun) -> ScheduleRun {
        let report = last.run.filter(|_| last.ended_at.is_none()).and_then(|run| self.run_report(owner, run).ok()?);
        if let Some(report) = report {
            (last.ended_at, last.failure) = (report.summary.ended_at, report.summary.failure);
        }
        last
    }

    /// What the clock starts, with next times and last results.
    pub async fn schedule_list(self: &Arc<Self>, caller: &Caller) -> Result<Vec<ScheduleView>, Failure> {
        self.require(caller, Right::Read)?;
        let owner = caller.owner;
        let mut views = Vec::new();
        for record in self.app_records(owner)? {
            let Ok(app) = self.app_load(owner, &record.name).await else { continue };
            let Some((schedule, action)) = crate::triggers::Triggers::of(&app.package)?.schedule() else { continue };
            let whose = (owner, record.name);
            let state = match (record.enabled, self.schedule_may(&whose)) {
                (false, _) => Err(sentence::schedule_disabled()),
                (true, may) => may,
            };
            let times = CronTimes::new(&schedule, &self.time_zone);
            let mut next = Vec::new();
            let mut after = self.clock.now();
            while state.is_ok() && next.len() < NEXT_SHOWN {
                let Some(time) = times.next(after) else { break };
                next.push(time);
                after = time;
            }
            let row = self.schedules.rows.lock().get(&whose).cloned();
            let row = row.or_else(|| self.row_read(owner, &whose.1));
            views.push(ScheduleView {
                app: whose.1,
                action,
                cron: schedule.to_string(),
                time_zone: self.time_zone.iana_name().unwrap_or("UTC").to_owned(),
                state: state.map_or_else(|off| off, |_| sentence::schedule_on()),
                next,
                last: row.and_then(|row| row.last).map(|last| self.schedule_last(owner, last)),
            });
        }
        Ok(views)
    }
}
