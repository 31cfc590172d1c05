//! Who waits for a place, and who does not.

use crate::{
    House,
    guests::{said, seen, threw},
    house::{ASKS, allowed, app, ended, owner},
};
use protocol::{AuditEvent, ErrorCode, api::StopTarget};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// `scribe` and `modest`, whose runs wait until the semaphore lets them go.
async fn waiting_apps(house: &House) -> Arc<Semaphore> {
    house.scribe().await;
    house.install_as(owner(), "modest", "1.0.0", ASKS, allowed()).await.unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let shut = gate.clone();
    house.script("go", move |_| {
        let gate = shut.clone();
        async move {
            gate.acquire().await.unwrap().forget();
            said("")
        }
    });
    gate
}

#[tokio::test]
async fn with_one_place_apps_take_turns() {
    let house = Arc::new(House::with_places(1));
    let gate = waiting_apps(&house).await;
    let first = house.start("go").await;
    let mut waiting = Vec::new();
    for name in ["scribe", "scribe", "modest", "scribe"] {
        let at_home = house.clone();
        waiting.push(tokio::spawn(async move {
            ended(at_home.start_as(owner(), name, "go", json!({}), None, &[]).await.unwrap()).await
        }));
        // Each stands in the queue before the next one comes.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    gate.add_permits(5);
    ended(first).await;
    for task in waiting {
        task.await.unwrap();
    }
    let order: Vec<_> = house
        .log()
        .into_iter()
        .filter(|record| record.event == AuditEvent::RunStarted)
        .map(|record| record.app.unwrap().to_string())
        .collect();
    assert_eq!(order, ["scribe", "scribe", "modest", "scribe", "scribe"]);
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_told_that_the_host_is_busy() {
    let house = House::with_places(1);
    let gate = waiting_apps(&house).await;
    let first = house.start("go").await;
    let late = house.start_as(owner(), "modest", "go", json!({}), None, &[]).await.map(drop).unwrap_err();
    assert_eq!(late.code, ErrorCode::HostBusy);
    gate.add_permits(2);
    ended(first).await;
    let next = house.start_as(owner(), "modest", "go", json!({}), None, &[]).await.unwrap();
    ended(next).await;
}

#[tokio::test]
async fn stop_sends_away_those_who_wait() {
    let house = Arc::new(House::with_places(1));
    let gate = waiting_apps(&house).await;
    let first = house.start("go").await;
    let mut waiting = Vec::new();
    for name in ["scribe", "modest"] {
        let at_home = house.clone();
        waiting.push(tokio::spawn(async move {
            at_home.start_as(owner(), name, "go", json!({}), None, &[]).await.map(|viewer| viewer.run())
        }));
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    let stopped = house.kernel.run_stop(&owner(), &StopTarget::App(app("scribe"))).unwrap();
    assert_eq!(stopped, [first.run()]);
    gate.add_permits(5);
    let modest = waiting.pop().unwrap().await.unwrap();
    let refused = waiting.pop().unwrap().await.unwrap().unwrap_err();
    assert_eq!((refused.code, modest.is_ok()), (ErrorCode::Stopped, true));
    house.idle().await;
    assert_eq!(house.log().iter().filter(|record| record.event == AuditEvent::RunStarted).count(), 2);
}

#[tokio::test]
async fn what_was_disabled_while_it_waited_does_not_begin() {
    let house = Arc::new(House::with_places(1));
    let gate = waiting_apps(&house).await;
    let first = house.start("go").await;
    let at_home = house.clone();
    let waiting = tokio::spawn(async move {
        at_home.start_as(owner(), "modest", "go", json!({}), None, &[]).await.map(drop).unwrap_err().code
    });
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    house.kernel.app_set_enabled(owner(), app("modest"), false).await.unwrap();
    gate.add_permits(5);
    ended(first).await;
    assert_eq!(waiting.await.unwrap(), ErrorCode::AppDisabled);
}

#[tokio::test]
async fn a_process_that_ends_begins_nothing() {
    let house = House::with_places(1);
    let _gate = waiting_apps(&house).await;
    let first = house.start("go").await;
    house.kernel.shut_down();
    let report = ended(first).await.1;
    assert_eq!(report.summary.failure.as_ref().unwrap().code, ErrorCode::Stopped);
    let next = house.run("go").await;
    assert_eq!(next.summary.failure.as_ref().unwrap().code, ErrorCode::Stopped);
}

/// One app whose disk hangs: its effects take their share of the threads, and everybody else goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_hangs_leaves_the_others_their_threads() {
    const RUNS: usize = 8;
    const CALLS: usize = 100;
    let house = House::new();
    house.scribe().await;
    house.install_as(owner(), "modest", "1.0.0", ASKS, allowed()).await.unwrap();
    house.world.put("/work/a.txt", "a");
    house.script("go", |guest| async move {
        let calls = (0..CALLS).map(|_| guest.read("work/a.txt"));
        for result in futures_util::future::join_all(calls).await {
            result.map_err(threw)?;
        }
        said("")
    });
    house.script("also", |guest| async move { said(format!("{:?}", guest.get("a").await.map_err(seen))) });
    house.world.gate_shut();
    let mut viewers = Vec::new();
    for _ in 0..RUNS {
        viewers.push(house.start("go").await);
    }
    house.until("the share of one app to be taken", || house.world.gate_waiting() == 64).await;
    // Another app's effects, the log, a change of grants, an install and a stop go on.
    let other = house.start_as(owner(), "modest", "also", json!({}), None, &[]).await.unwrap();
    let ended_meanwhile = tokio::time::timeout(Duration::from_secs(20), ended(other)).await.unwrap().1;
    assert!(ended_meanwhile.summary.failure.is_none());
    house.kernel.grant_set(owner(), app("modest"), vec![]).await.unwrap();
    assert_eq!(house.world.gate_waiting(), 64);
    assert_eq!(house.kernel.run_stop(&owner(), &StopTarget::All).unwrap().len(), RUNS);
    assert!(house.world.performed() <= 64);
    house.world.gate_open();
    for viewer in viewers {
        assert_eq!(ended(viewer).await.1.summary.failure.as_ref().unwrap().code, ErrorCode::Stopped);
    }
    assert_eq!(house.world.performed(), 64, "what waited for a thread never began");
}
