//! Two who share a machine and nothing else.

use crate::{
    House,
    guests::{said, seen, threw},
    house::{ASKS, allowed, app, choice, ended, next, owner, owner_of},
    world::OTHER,
};
use kernel::LogFilter;
use protocol::{ErrorCode, GrantState, OwnerId, api::StopTarget};
use serde_json::json;

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
    kernel.app_decline(&other, offer);
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
