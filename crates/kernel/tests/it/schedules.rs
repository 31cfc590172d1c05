//! What the clock starts: once for each time, however the clock jumps and whenever the process ends.

use crate::{
    House,
    guests::said,
    house::{app, choice, owner},
};
use kernel::RestartPolicy;
use parking_lot::Mutex;
use protocol::{Clock as _, GrantState, OwnerId, Timestamp, api::StopTarget};
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use testkit::{TestClock, TestEntropy};

const ME: OwnerId = OwnerId::LOCAL;
const MINUTE_MS: u64 = 60_000;

type Started = Arc<Mutex<Vec<(i64, bool)>>>;

impl House {
    /// An app that is started on a schedule; notes for which times, and whether it was late.
    async fn scheduled(&self, cron: &str) -> Started {
        let trigger = json!({ "schedule": cron });
        self.listening("clockwork", &json!({ "ai": false }), Some(trigger), &[], vec![]).await.unwrap();
        let started = Started::default();
        let noted = started.clone();
        self.script("go", move |guest| {
            let trigger = guest.trigger();
            let late = trigger["late"].as_bool().unwrap();
            noted.lock().push((trigger["scheduledAt"].as_i64().unwrap(), late));
            async { said("") }
        });
        started
    }

    /// Is up for some seconds of a time in which nothing else happens, so that the clock is looked at more than once.
    async fn up_for(&self, seconds: u64) {
        let kernel = self.kernel.clone();
        let up = tokio::spawn(async move { kernel.work(ME, &RestartPolicy::default()).await });
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        up.abort();
    }

    /// What still runs of a process that is about to be gone comes to its end: here it would go on beside the next one.
    async fn settled(&self) {
        self.idle().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn minutes(started: &Started) -> Vec<String> {
    let minute =
        |(at, late): (i64, bool)| format!("{}{}", (at - TestClock::START.0) / 60_000, if late { " late" } else { "" });
    std::mem::take(&mut *started.lock()).into_iter().map(minute).collect()
}

#[tokio::test(start_paused = true)]
async fn a_time_that_comes_starts_the_app_and_one_run_makes_up_for_a_sleep() {
    let mut house = House::new();
    let started = house.scheduled("*/10 * * * *").await;
    house.up_for(12).await;
    assert_eq!(minutes(&started), [] as [&str; 0], "what was before the install is not caught up");
    house.clock.advance_ms(10 * MINUTE_MS + 2_000);
    house.up_for(12).await;
    assert_eq!(minutes(&started), ["10"]);
    house.clock.advance_ms(60 * MINUTE_MS);
    house.up_for(12).await;
    assert_eq!(minutes(&started), ["70 late"]);
    // Also where the process was not there.
    house.clock.advance_ms(60 * MINUTE_MS);
    house.restart();
    house.kernel.recover(ME).unwrap();
    house.up_for(12).await;
    assert_eq!(minutes(&started), ["130 late"]);
    house.up_for(12).await;
    assert_eq!(minutes(&started), [] as [&str; 0]);
    // The list says when, and how it went.
    let list = house.kernel.schedule_list(&owner()).await.unwrap();
    let first = &list[0];
    let at = |minute: u64| TestClock::START.plus_ms(minute * MINUTE_MS);
    assert_eq!((first.cron.as_str(), first.time_zone.as_str()), ("*/10 * * * *", "UTC"));
    assert_eq!(first.next, [at(140), at(150), at(160)]);
    let last = first.last.as_ref().unwrap();
    assert_eq!((last.slot, last.failure.as_ref(), last.ended_at.is_some()), (at(130), None, true));
    let told = house.told(last.run.unwrap());
    let expected = "started go (version 1.0.0) by itself: its schedule at 2026-01-01T02:10:00Z, caught up";
    assert_eq!(told[0], expected);
}

#[tokio::test(start_paused = true)]
async fn off_is_off_and_what_passed_meanwhile_is_over() {
    let house = House::new();
    let started = house.scheduled("* * * * *").await;
    let state = async || house.kernel.schedule_list(&owner()).await.unwrap()[0].state.to_string();
    assert_eq!(state().await, "on");
    house.kernel.stop(&owner(), &StopTarget::All).unwrap();
    assert_eq!(state().await, "paused by stop");
    house.clock.advance_ms(5 * MINUTE_MS);
    house.up_for(12).await;
    house.kernel.app_set_enabled(owner(), app("clockwork"), true).await.unwrap();
    house.up_for(12).await;
    assert_eq!(minutes(&started), [] as [&str; 0]);
    let set = async |state| {
        let choices = vec![choice("event.schedule", state, None)];
        house.kernel.grant_set(owner(), app("clockwork"), choices).await.unwrap();
    };
    set(GrantState::Block).await;
    assert_eq!(state().await, "off: event.schedule is not allowed");
    house.clock.advance_ms(5 * MINUTE_MS);
    house.up_for(12).await;
    set(GrantState::Allow).await;
    house.up_for(12).await;
    assert_eq!(minutes(&started), [] as [&str; 0]);
    house.clock.advance_ms(MINUTE_MS);
    house.up_for(12).await;
    assert_eq!(minutes(&started), ["11"]);
    house.kernel.app_set_enabled(owner(), app("clockwork"), false).await.unwrap();
    assert_eq!(state().await, "off: the app is disabled");
    house.clock.advance_ms(5 * MINUTE_MS);
    house.up_for(12).await;
    assert_eq!(minutes(&started), [] as [&str; 0]);
}

/// The next time waits for the run of the last one, and then one run makes up for what passed.
#[tokio::test(start_paused = true)]
async fn a_schedule_does_not_overtake_itself() {
    let house = House::new();
    let started = house.scheduled("* * * * *").await;
    let (gate, count) = (Arc::new(tokio::sync::Semaphore::new(0)), started.clone());
    let shut = gate.clone();
    house.script("go", move |guest| {
        let (shut, count) = (shut.clone(), count.clone());
        async move {
            let trigger = guest.trigger();
            let late = trigger["late"].as_bool().unwrap();
            count.lock().push((trigger["scheduledAt"].as_i64().unwrap(), late));
            shut.acquire().await.unwrap().forget();
            said("")
        }
    });
    for _ in 0..5 {
        house.clock.advance_ms(MINUTE_MS);
        house.up_for(12).await;
    }
    assert_eq!(minutes(&started), ["1"]);
    gate.add_permits(1);
    house.up_for(12).await;
    assert_eq!(minutes(&started), ["5 late"]);
    gate.add_permits(1);
}

/// Killed at any moment, with a clock that somebody sets back and forth: no time starts two runs, and once all is calm
/// the schedule goes on.
#[tokio::test(start_paused = true)]
async fn no_time_starts_two_runs_over_100_kills_and_jumps() {
    let entropy = TestEntropy::new();
    let mut house = House::new();
    let started = house.scheduled("*/7 * * * *").await;
    let mut kills = 0;
    while kills < 100 {
        match entropy.below(10) {
            // Mostly it goes on.
            0..6 => house.clock.advance_ms(entropy.below(15 * MINUTE_MS)),
            6..8 => {
                let back = i64::try_from(entropy.below(120 * MINUTE_MS)).unwrap();
                house.clock.set(Timestamp(house.clock.now().0 - back));
            }
            8 => house.clock.set(house.clock.now().plus_ms(entropy.below(400) * 24 * 60 * MINUTE_MS)),
            _ => house.clock.set(TestClock::START.plus_ms(entropy.below(600 * MINUTE_MS))),
        }
        // The process ends in the middle: from some commit on nothing reaches the disk any more.
        let mut left = entropy.below(12);
        house.store.refuse(move |_| {
            left = left.saturating_sub(1);
            left == 0
        });
        house.up_for(entropy.below(14)).await;
        house.settled().await;
        house.store.heal();
        house.restart();
        house.kernel.recover(ME).unwrap();
        kills += 1;
    }
    let times: Vec<i64> = std::mem::take(&mut *started.lock()).into_iter().map(|(at, _)| at).collect();
    let distinct: BTreeSet<i64> = times.iter().copied().collect();
    assert_eq!(times.len(), distinct.len(), "{times:?}");
    assert!(times.len() > 10, "it was started now and then: {times:?}");
    // Far from all that was: on time again.
    house.clock.set(TestClock::START.plus_ms(40_000 * 24 * 60 * MINUTE_MS));
    house.up_for(12).await;
    std::mem::take(&mut *started.lock());
    for _ in 0..3 {
        house.clock.advance_ms(7 * MINUTE_MS);
        house.up_for(12).await;
    }
    assert!(started.lock().len() >= 2, "{started:?}");
}
