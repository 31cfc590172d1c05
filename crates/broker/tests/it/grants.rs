//! What the owner said, and how long it holds.

use crate::{
    Scene,
    scene::{NOW, file},
};
use broker::{FileDemand, FileVerb, StorageDemand, StorageVerb};
use protocol::{FileAccess, GrantDuration, GrantState, Line, OwnerId, RunId, Scope, Timestamp, Zone};

const NOTES: &str = "/home/me/notes";
const LATER: GrantDuration = GrantDuration::Until(Timestamp(2_000_000));
const MUCH_LATER: GrantDuration = GrantDuration::Until(Timestamp(3_000_000));

fn read() -> Line {
    file(FileAccess::Read).line()
}

/// Grants on reading notes, in the order in which the owner gave them; what holds at a time, in this run.
#[track_caller]
fn check(said: &[(GrantState, GrantDuration)], at: i64, expected: Option<GrantState>) {
    let mut scene = Scene::new(Zone::Local);
    for (state, duration) in said {
        scene.grant(file(FileAccess::Read), *state, &[NOTES], *duration);
    }
    let held = scene.grants.effective(&read(), Timestamp(at), Some(scene.lease.run()));
    assert_eq!(held.map(|grant| grant.state), expected, "{said:?} at {at}");
}

#[test]
fn what_was_said_last_for_a_time_goes_before_what_stands() {
    use GrantDuration::Always;
    use GrantState::{Allow, Ask, Block};
    check(&[], 0, None);
    check(&[(Ask, Always)], 0, Some(Ask));
    check(&[(Ask, Always), (Allow, LATER)], 1_999_999, Some(Allow));
    check(&[(Ask, Always), (Allow, LATER)], 2_000_000, Some(Ask));
    check(&[(Allow, LATER)], 2_000_000, None);
    // Of two that hold, the later word counts, whichever lasts longer.
    check(&[(Allow, MUCH_LATER), (Block, LATER)], 0, Some(Block));
    check(&[(Block, LATER), (Allow, MUCH_LATER)], 0, Some(Allow));
    check(&[(Allow, MUCH_LATER), (Block, LATER)], 2_000_000, Some(Allow));
    check(&[(Ask, Always), (Allow, MUCH_LATER), (Block, LATER)], 0, Some(Block));
    // A standing word replaces all that was said before it.
    check(&[(Allow, LATER), (Block, Always)], 0, Some(Block));
    check(&[(Allow, Always), (Block, Always)], 0, Some(Block));
}

#[test]
fn a_grant_for_a_run_holds_for_that_run_only() {
    let mut scene = Scene::new(Zone::Local);
    let (ours, other) = (scene.lease.run(), RunId::new(&scene.clock, &scene.entropy));
    let id = scene.grant(file(FileAccess::Read), GrantState::Allow, &[NOTES], GrantDuration::Run(ours));
    let held = |run| scene.grants.effective(&read(), NOW, run).map(|grant| grant.id);
    assert_eq!(held(Some(ours)), Some(id));
    assert_eq!(held(Some(other)), None);
    assert_eq!(held(None), None);
}

#[test]
fn a_grant_of_one_line_leaves_the_others_alone() {
    let mut scene = Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Allow, &[NOTES]);
    scene.grant(file(FileAccess::Write), GrantState::Block, &[NOTES], GrantDuration::Always);
    let state = |line: &Line| scene.grants.effective(line, NOW, None).map(|grant| grant.state);
    assert_eq!(state(&read()), Some(GrantState::Allow));
    assert_eq!(state(&file(FileAccess::Write).line()), Some(GrantState::Block));
}

#[test]
fn what_can_never_hold_again_is_dropped_and_nothing_else() {
    let mut scene = Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Ask, &[NOTES]);
    let run = GrantDuration::Run(scene.lease.run());
    for duration in [LATER, MUCH_LATER, run] {
        scene.grant(file(FileAccess::Read), GrantState::Allow, &[NOTES], duration);
    }
    let mut durations = |at| {
        scene.grants.prune(Timestamp(at));
        scene.grants.grants.iter().map(|grant| grant.duration).collect::<Vec<_>>()
    };
    assert_eq!(durations(1_999_999), [GrantDuration::Always, LATER, MUCH_LATER, run]);
    assert_eq!(durations(2_000_000), [GrantDuration::Always, MUCH_LATER, run]);
    assert_eq!(durations(i64::MAX), [GrantDuration::Always, run]);
}

#[test]
fn a_removed_app_keeps_nothing() {
    let scene = Scene::new(Zone::Local).file(FileAccess::Read, GrantState::Allow, &[NOTES]);
    let demand = || FileDemand::new(FileVerb::Read, "notes/a");
    assert!(scene.decide(demand()).starts_with("yes: "));
    let (app, other) = (scene.lease.app(), "other".parse().unwrap());
    scene.broker.grants_drop(OwnerId::LOCAL, &other);
    scene.broker.grants_drop(OwnerId(2), app);
    assert!(scene.decide(demand()).starts_with("yes: "));
    scene.broker.grants_drop(OwnerId::LOCAL, app);
    assert!(scene.decide(demand()).contains("never asked for file.read"));
}

#[test]
fn the_store_is_behind_its_switch_too() {
    let demand = || StorageDemand { verb: StorageVerb::Set, key: "k".into() };
    let mut scene = Scene::new(Zone::Local);
    assert_eq!(scene.decide(demand()), "no: not allowed to use storage: the app never asked for storage");
    let storage = Scope::Storage { quota_bytes: 4096 };
    scene.grant(storage.clone(), GrantState::Allow, &[], GrantDuration::Always);
    assert_eq!(scene.decide(demand()), "yes: grant storage");
    scene.grant(storage, GrantState::Block, &[], GrantDuration::Always);
    let expected = "no: not allowed to use storage: storage is blocked; to allow it: oikos grant tester \
                    storage=allow";
    assert_eq!(scene.decide(demand()), expected);
}

#[test]
fn the_quota_is_what_was_granted() {
    let mut scene = Scene::new(Zone::Local);
    assert_eq!(StorageDemand::quota_bytes(&scene.grants, NOW), 0);
    scene.grant(Scope::Storage { quota_bytes: 4096 }, GrantState::Allow, &[], GrantDuration::Always);
    assert_eq!(StorageDemand::quota_bytes(&scene.grants, NOW), 4096);
}
