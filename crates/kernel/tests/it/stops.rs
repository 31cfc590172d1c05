//! The owner ends something.

use crate::{
    House,
    guests::{said, seen, threw},
    house::{ASKS, allowed, app, ended, owner},
};
use protocol::{AuditEvent, EffectState, ErrorCode, RunId, api::StopTarget};
use serde_json::json;
use state::{Space, Store as _};

#[tokio::test]
async fn one_run_one_app_or_everything() {
    let house = House::new();
    house.scribe().await;
    house.install_as(owner(), "modest", "1.0.0", ASKS, allowed()).await.unwrap();
    house.script("go", |_| std::future::pending());
    let start = |name: &'static str| house.start_as(owner(), name, "go", json!({}), None, &[]);
    let (a, b, c, d) = (start("scribe").await, start("scribe").await, start("scribe").await, start("modest").await);
    let (a, b, c, d) = (a.unwrap(), b.unwrap(), c.unwrap(), d.unwrap());
    let stop = |target| house.kernel.run_stop(&owner(), &target);
    assert_eq!(stop(StopTarget::Run(a.run())).unwrap(), [a.run()]);
    let report = ended(a).await.1;
    assert_eq!(report.summary.failure.as_ref().unwrap().code, ErrorCode::Stopped);
    let mut both = [b.run(), c.run()];
    both.sort();
    assert_eq!(stop(StopTarget::App(app("scribe"))).unwrap(), both);
    ended(b).await;
    ended(c).await;
    assert_eq!(stop(StopTarget::All).unwrap(), [d.run()]);
    ended(d).await;
    house.idle().await;
    // What has ended cannot be stopped again; what never was is not found.
    assert_eq!(stop(StopTarget::Run(report.summary.run)).unwrap(), []);
    assert_eq!(stop(StopTarget::All).unwrap(), []);
    let never = RunId::new(&house.clock, &testkit::TestEntropy::seeded(3));
    assert_eq!(stop(StopTarget::Run(never)).unwrap_err().code, ErrorCode::RunNotFound);
    assert_eq!(stop(StopTarget::App(app("nobody"))).unwrap_err().code, ErrorCode::AppNotFound);
    assert_eq!(house.log().iter().filter(|record| record.event == AuditEvent::Stopped).count(), 3);
}

/// An effect under way settles, and stands in the log before the end of its run.
#[tokio::test]
async fn an_effect_under_way_settles() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move {
        guest.write("work/a.txt", "new").await.map_err(threw)?;
        said("")
    });
    house.world.gate_shut();
    let viewer = house.start("go").await;
    house.until("the effect to be in the middle", || house.world.gate_waiting() == 1).await;
    house.kernel.run_stop(&owner(), &StopTarget::All).unwrap();
    // The guest is gone; its effect is not, and so the run has not ended.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.kernel.live_runs(), 1);
    house.world.gate_open();
    let report = ended(viewer).await.1;
    assert_eq!(report.summary.failure.as_ref().unwrap().code, ErrorCode::Stopped);
    assert_eq!(
        house.events(report.summary.run),
        [
            AuditEvent::RunStarted,
            AuditEvent::Intent { effect: 1 },
            AuditEvent::Outcome { effect: 1, state: EffectState::NotDone },
            AuditEvent::RunEnded { code: Some(ErrorCode::Stopped) },
        ]
    );
    assert!(house.store.keys(protocol::OwnerId::LOCAL, Space::Intent).is_empty());
}

/// A guest that does not hear of its end can do nothing any more, and what it says does not count.
#[tokio::test]
async fn after_its_end_a_guest_does_and_says_nothing() {
    let house = House::new();
    house.scribe().await;
    house.world.put("/work/a.txt", "a");
    house.stubborn("go", |guest| async move {
        guest.set("a", "1").await.map_err(threw)?;
        guest.text("waiting").await?;
        guest.call.lease.ended().await;
        let tries = [
            guest.write("work/b.txt", "late").await.map(drop).map_err(|error| seen(error).code),
            guest.read("work/a.txt").await.map(drop).map_err(|error| seen(error).code),
            guest.set("b", "2").await.map(drop).map_err(|error| seen(error).code),
            guest.pick("more").await.map(drop).map_err(|error| seen(error).code),
        ];
        assert_eq!(tries, [Err(ErrorCode::Stopped); 4]);
        assert!(guest.text("late").await.is_err());
        said("all is well")
    });
    let mut viewer = house.start("go").await;
    crate::house::next(&mut viewer).await;
    house.kernel.run_stop(&owner(), &StopTarget::Run(viewer.run())).unwrap();
    let (rest, report) = ended(viewer).await;
    assert!(rest.is_empty());
    assert_eq!(report.summary.failure.as_ref().unwrap().code, ErrorCode::Stopped);
    assert_eq!(report.text, None);
    assert_eq!(house.world.text("/work/b.txt"), None);
    assert!(house.store.keys(protocol::OwnerId::LOCAL, Space::Storage).is_empty());
}

#[tokio::test]
async fn removing_an_app_ends_its_runs_and_erasing_leaves_nothing() {
    let house = House::new();
    let digest = house.scribe().await.digest;
    house.script("go", |guest| async move {
        guest.set("a", "1").await.map_err(threw)?;
        said("")
    });
    house.script("also", |guest| async move {
        guest.set("b", "1").await.map_err(threw)?;
        guest.text("stored").await?;
        std::future::pending().await
    });
    house.run("go").await;
    let mut viewer = house.start("also").await;
    crate::house::next(&mut viewer).await;
    house.kernel.app_remove(owner(), app("scribe"), true).await.unwrap();
    assert_eq!(ended(viewer).await.1.summary.failure.as_ref().unwrap().code, ErrorCode::Stopped);
    for space in [Space::App, Space::Grant, Space::Storage] {
        assert!(house.store.keys(protocol::OwnerId::LOCAL, space).is_empty(), "{space}");
    }
    assert_eq!(*house.scripts.forgotten.lock(), [digest]);
    let gone = house.start_as(owner(), "scribe", "go", json!({}), None, &[]).await.map(drop).unwrap_err();
    assert_eq!(gone.code, ErrorCode::AppNotFound);
    assert!(house.store.inner.log_tail(protocol::OwnerId::LOCAL).unwrap().is_some(), "the log stays");
}

/// Many change and load one app at the same time; whatever comes last, no ghost is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_removed_app_does_not_come_back() {
    let mut house = House::new();
    for round in 0..20 {
        house.scribe().await;
        // Nothing is in memory, so that loading and removing meet.
        house.restart();
        let kernel = house.kernel.clone();
        let load = tokio::spawn(async move { kernel.app_info(owner(), app("scribe")).await.map(drop) });
        let kernel = house.kernel.clone();
        let change =
            tokio::spawn(async move { kernel.app_set_enabled(owner(), app("scribe"), round % 2 == 0).await.map(drop) });
        let kernel = house.kernel.clone();
        let grant = tokio::spawn(async move { kernel.grant_set(owner(), app("scribe"), allowed()).await.map(drop) });
        let kernel = house.kernel.clone();
        let remove = tokio::spawn(async move { kernel.app_remove(owner(), app("scribe"), false).await });
        for task in [load, change, grant] {
            if let Err(failure) = task.await.unwrap() {
                // Stopped: it found the record, and then no archive.
                assert_eq!(failure.code, ErrorCode::AppNotFound, "{failure:?}");
            }
        }
        remove.await.unwrap().unwrap();
        assert!(house.kernel.app_list(&owner()).unwrap().is_empty());
        let gone = house.kernel.app_info(owner(), app("scribe")).await.map(drop).unwrap_err();
        assert_eq!(gone.code, ErrorCode::AppNotFound);
        assert!(house.store.keys(protocol::OwnerId::LOCAL, Space::Grant).is_empty());
    }
}
