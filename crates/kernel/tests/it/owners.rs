//! Two who share a machine and nothing else.

use crate::{
    House,
    guests::{said, seen, threw},
    house::{ASKS, allowed, app, choice, ended, next, owner, owner_of},
    world::OTHER,
};
use kernel::{LogFilter, RestartPolicy};
use parking_lot::Mutex;
use protocol::{
    Answer, Caller, Choice, Door, ErrorCode, Failure, GrantState, OwnerId, QuestionId, Right, Rights, api::StopTarget,
};
use serde_json::json;
use state::{Space, Store as _};
use std::sync::Arc;
use tokio::task::JoinHandle;

#[tokio::test]
async fn nothing_of_one_owner_is_seen_or_touched_by_the_other() {
    let house = House::new();
    let mut choices = allowed();
    choices[0].state = GrantState::Ask;
    house.install_as(owner(), "scribe", "1.0.0", ASKS, choices).await.unwrap();
    house.script("go", |guest| async move {
        guest.write("work/a.txt", "mine").await.map_err(threw)?;
        guest.set("secret", "\"mine\"").await.map_err(threw)?;
        said("")
    });
    house.script("also", |guest| async move {
        drop(guest.read("work/a.txt").await);
        said("")
    });
    let done = house.run("go").await.summary.run;
    let _person = house.kernel.presence_enter(&owner());
    let mut viewer = house.start("also").await;
    next(&mut viewer).await;
    let (offer, _) = house.offer(owner(), &house.packed("third", "1.0.0", ASKS)).await.unwrap();

    let other = owner_of(OTHER);
    let kernel = &house.kernel;
    assert!(kernel.app_list(&other).unwrap().is_empty());
    assert!(kernel.grant_list_all(&other).unwrap().is_empty());
    assert!(kernel.run_list(&other, 10).unwrap().is_empty());
    assert!(kernel.approval_list(&other).unwrap().is_empty());
    assert!(kernel.log(&other, &LogFilter { limit: 100, ..LogFilter::default() }).unwrap().is_empty());
    assert_eq!(kernel.log_verify(OTHER, &[]).unwrap().entries, 0);
    assert_eq!(kernel.run_follow(&other, done, 0).map(drop).unwrap_err().code, ErrorCode::RunNotFound);
    assert_eq!(kernel.run_follow(&other, viewer.run(), 0).map(drop).unwrap_err().code, ErrorCode::RunNotFound);
    let stop = kernel.run_stop(&other, &StopTarget::Run(viewer.run())).unwrap_err();
    assert_eq!(stop.code, ErrorCode::RunNotFound);
    assert_eq!(kernel.run_stop(&other, &StopTarget::All).unwrap(), []);
    let app_not_found = [
        kernel.run_stop(&other, &StopTarget::App(app("scribe"))).map(drop),
        kernel.app_info(other, app("scribe")).await.map(drop),
        kernel.app_remove(other, app("scribe"), true).await,
        kernel.app_set_enabled(other, app("scribe"), false).await.map(drop),
        kernel.grant_list(&other, &app("scribe")).map(drop),
        kernel.grant_set(other, app("scribe"), vec![choice("file", GrantState::Block, None)]).await.map(drop),
        house.start_as(other, "scribe", "go", json!({}), None, &[]).await.map(drop),
    ]
    .map(|result| result.unwrap_err().code);
    assert_eq!(app_not_found, [ErrorCode::AppNotFound; 7]);
    assert_eq!(kernel.undo(other, done).await.unwrap_err().code, ErrorCode::RunNotFound);
    assert_eq!(kernel.app_install(other, offer, vec![]).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(kernel.app_decline(&other, offer).unwrap_err().code, ErrorCode::NotFound);
    assert!(kernel.app_install(owner(), offer, vec![]).await.is_ok(), "declining somebody else's offer does nothing");

    // The same app of the other owner has its own grants, its own storage, its own log.
    house.install_as(other, "scribe", "1.0.0", ASKS, vec![]).await.unwrap();
    house.script("third", |guest| async move {
        let read = seen(guest.write("work/a.txt", "x").await.unwrap_err()).code;
        said(format!("{read} {:?}", guest.get("secret").await.map_err(threw)?))
    });
    let theirs = house.start_as(other, "scribe", "third", json!({}), None, &[]).await.unwrap();
    let report = ended(theirs).await.1;
    assert_eq!(report.text.as_deref(), Some("permission_denied Json(Null)"));
    let seen_by = |owner| kernel.log(&owner_of(owner), &LogFilter { limit: 100, ..LogFilter::default() }).unwrap();
    assert!(seen_by(OTHER).iter().all(|entry| entry.record.as_ref().unwrap().run != Some(done)));
    assert!(
        seen_by(OwnerId::LOCAL).iter().all(|entry| { entry.record.as_ref().unwrap().run != Some(report.summary.run) })
    );
    assert_eq!(kernel.log_verify(OTHER, &[]).unwrap().breaks, []);
    kernel.run_stop(&owner(), &StopTarget::All).unwrap();
    ended(viewer).await;
}

impl House {
    /// Follows the events and the clock of an owner until the handle is aborted.
    fn followed_for(&self, owner: OwnerId) -> JoinHandle<Result<(), Failure>> {
        let kernel = self.kernel.clone();
        tokio::spawn(async move { kernel.work(owner, &RestartPolicy::default()).await })
    }
}

/// A program with a key that may do all that keys may.
fn key() -> Caller {
    Caller { door: Door::Key, rights: Rights::of(Right::OF_KEYS), ..owner() }
}

#[tokio::test]
async fn owners_are_made_by_the_first_one_and_each_has_a_number_for_ever() {
    let mut house = House::new();
    let new = |house: &House, caller: &Caller, name: &str| {
        house.kernel.owner_new(caller, name.parse().unwrap()).map(|view| view.id).map_err(|failure| failure.code)
    };
    assert_eq!(new(&house, &owner(), "ben"), Ok(OTHER));
    assert_eq!(new(&house, &owner(), "ben"), Err(ErrorCode::OwnerExists));
    assert_eq!(new(&house, &owner(), "first"), Err(ErrorCode::OwnerExists));
    assert_eq!(new(&house, &owner_of(OTHER), "carla"), Err(ErrorCode::PermissionDenied));
    assert_eq!(new(&house, &key(), "carla"), Err(ErrorCode::PermissionDenied));
    house.restart();
    assert_eq!(new(&house, &owner(), "carla"), Ok(OwnerId(3)));
    assert_eq!(house.kernel.owner_ids().unwrap(), [OwnerId::LOCAL, OTHER, OwnerId(3)]);
    assert_eq!(house.kernel.owner_named(&"carla".parse().unwrap()).unwrap(), OwnerId(3));
    assert_eq!(house.kernel.owner_named(&"dora".parse().unwrap()).unwrap_err().code, ErrorCode::OwnerNotFound);
    // Who is an owner beside oneself is the first one's to know.
    let names = |caller: &Caller| -> Vec<String> {
        house.kernel.owner_list(caller).unwrap().iter().map(|view| view.name.to_string()).collect()
    };
    assert_eq!(names(&owner()), ["first", "ben", "carla"]);
    assert_eq!(names(&owner_of(OTHER)), ["ben"]);
    for number in 3..kernel::OWNERS_MAX {
        new(&house, &owner(), &format!("o{number}")).unwrap();
    }
    assert_eq!(new(&house, &owner(), "more"), Err(ErrorCode::QuotaExceeded));
}

#[tokio::test]
async fn what_one_owner_removes_the_other_keeps() {
    let mut house = House::new();
    house.kernel.owner_new(&owner(), "ben".parse().unwrap()).unwrap();
    let other = owner_of(OTHER);
    house.scribe().await;
    house.install_as(other, "scribe", "1.0.0", ASKS, vec![]).await.unwrap();
    house.install_as(other, "theirs", "1.0.0", ASKS, vec![]).await.unwrap();
    assert_eq!(house.blobs().len(), 2, "the same bytes are kept once");
    house.kernel.app_remove(owner(), app("scribe"), true).await.unwrap();
    assert_eq!(house.blobs().len(), 2);
    house.restart();
    for owner in house.kernel.owner_ids().unwrap() {
        assert_eq!(house.kernel.recover(owner).unwrap().archives, 0);
    }
    for name in ["scribe", "theirs"] {
        house.kernel.app_info(other, app(name)).await.unwrap();
    }
    house.kernel.app_remove(other, app("scribe"), true).await.unwrap();
    assert_eq!(house.blobs().len(), 1, "and goes with the last who has it");
}

#[tokio::test]
async fn a_key_decides_nothing_in_the_owners_place() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |_| async { said("") });
    let (offer, _) = house.offer(owner(), &house.packed("third", "1.0.0", ASKS)).await.unwrap();
    let kernel = &house.kernel;
    let package = house.packed("fourth", "1.0.0", ASKS);
    let answer = Answer::from(Choice::Once);
    let question = QuestionId::new(&house.clock, &testkit::TestEntropy::seeded(1));
    let start = |caller, files| house.start_as(caller, "scribe", "go", json!({}), None, files);
    let refused = [
        kernel.app_install(key(), offer, vec![]).await.map(drop),
        kernel.grant_set(key(), app("scribe"), vec![choice("file", GrantState::Allow, None)]).await.map(drop),
        kernel.publisher_trust(&key(), "0123-4567-89ab-cdef-0123-4567-89ab-cdef", None).map(drop),
        kernel.publisher_import(&key(), "").map(drop),
        // It names no paths either: whoever has the key need not be who has the files.
        house.offer(key(), &package).await.map(drop),
        start(key(), &[("data", "/work/a.txt")]).await.map(drop),
    ]
    .map(|result| result.unwrap_err().code);
    assert_eq!(refused, [ErrorCode::PermissionDenied; 6]);
    assert_eq!(kernel.approval_answer(&key(), question, answer.clone()).unwrap_err().code, ErrorCode::NotFound);
    assert!(key().rights.has(Right::Manage) && !key().has_presence());
    // What it is for works.
    assert_eq!(ended(start(key(), &[]).await.unwrap()).await.1.summary.failure, None);
    kernel.app_set_enabled(key(), app("scribe"), false).await.unwrap();
    kernel.app_set_enabled(key(), app("scribe"), true).await.unwrap();

    // Another owner in a browser decides about their own apps, but the machine's files are not theirs to hand over.
    house.install_as(owner_of(OTHER), "scribe", "1.0.0", ASKS, vec![]).await.unwrap();
    let page = Caller { door: Door::Page, ..owner_of(OTHER) };
    let folder = || vec![choice("file.read", GrantState::Allow, Some("/work"))];
    kernel.grant_set(page, app("scribe"), vec![choice("storage", GrantState::Block, None)]).await.unwrap();
    let refused = [
        kernel.grant_set(page, app("scribe"), folder()).await.map(drop),
        start(page, &[("data", "/work/a.txt")]).await.map(drop),
        house.offer(page, &package).await.map(drop),
        kernel.approval_answer(&page, question, Answer { path: Some("/work/a.txt".to_owned()), ..answer }).map(drop),
    ]
    .map(|result| result.unwrap_err().code);
    assert_eq!(refused, [ErrorCode::PermissionDenied; 4]);
    let first = Caller { door: Door::Page, ..owner() };
    kernel.grant_set(first, app("scribe"), folder()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn each_owner_has_a_clock_and_what_waits_for_one_is_not_lost_to_the_other() {
    let house = House::new();
    house.kernel.owner_new(&owner(), "ben".parse().unwrap()).unwrap();
    let [ticks, doors]: [Arc<Mutex<Vec<u32>>>; 2] = Default::default();
    let hears = json!({ "event": { "listen": ["system.tick", "home.door"] }, "ai": false });
    let sends = json!({ "event": { "publish": ["home.*"] }, "ai": false });
    for caller in [owner(), owner_of(OTHER)] {
        let handlers = ["on:0:0:system.tick", "on:0:0:home.door"];
        house.listening_as(caller, "listener", &hears, None, &handlers, vec![]).await.unwrap();
    }
    house.listening_as(owner_of(OTHER), "teller", &sends, None, &[], vec![]).await.unwrap();
    for (handler, list) in [("on:0:0:system.tick", &ticks), ("on:0:0:home.door", &doors)] {
        let list = list.clone();
        house.script(handler, move |guest| {
            list.lock().push(guest.call.lease.caller().owner.0);
            async { said("") }
        });
    }
    house.script("go", |guest| async move {
        guest.emit("home.door", json!(1)).await.map_err(threw)?;
        said("")
    });
    let told = house.start_as(owner_of(OTHER), "teller", "go", json!({}), None, &[]).await.unwrap();
    assert_eq!(ended(told).await.1.summary.failure, None);

    // Only the first owner's events are followed: the other's event waits, and keeps nobody waiting.
    let first = house.followed_for(OwnerId::LOCAL);
    while ticks.lock().is_empty() {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let heard = house.kernel.event_emit(owner(), "home.door".parse().unwrap(), json!(2)).await.unwrap();
    assert!(!heard.is_pending);
    assert_eq!((ticks.lock().clone(), doors.lock().clone()), (vec![1], vec![1]));
    assert!(!house.store.scan(OTHER, Space::Event, "", None, 10).unwrap().is_empty(), "it still waits");

    let second = house.followed_for(OTHER);
    while ticks.lock().len() < 2 || doors.lock().len() < 2 {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    assert_eq!((ticks.lock().clone(), doors.lock().clone()), (vec![1, 2], vec![1, 2]));
    first.abort();
    second.abort();
}
