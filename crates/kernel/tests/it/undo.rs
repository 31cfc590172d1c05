//! Taking back what a run did.

use crate::{
    House,
    guests::{said, threw},
    house::owner,
};
use protocol::{AuditEvent, EffectState, ErrorCode, OwnerId, RunId};
use state::{Durability, Space};

/// A run that overwrites one file twice, makes one and removes one.
async fn changed(house: &House) -> RunId {
    house.scribe().await;
    house.world.put("/work/a.txt", "old a");
    house.world.put("/work/gone.txt", "old gone");
    house.script("go", |guest| async move {
        guest.write("work/a.txt", "first").await.map_err(threw)?;
        guest.write("work/new.txt", "new").await.map_err(threw)?;
        guest.remove("work/gone.txt").await.map_err(threw)?;
        guest.write("work/a.txt", "second").await.map_err(threw)?;
        said("")
    });
    let report = house.run("go").await;
    assert!(report.undoable);
    house.idle().await;
    report.summary.run
}

fn now(house: &House) -> [Option<String>; 3] {
    ["/work/a.txt", "/work/new.txt", "/work/gone.txt"].map(|path| house.world.text(path))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn newest_first_and_only_once() {
    let house = House::new();
    let run = changed(&house).await;
    let steps = house.kernel.undo(owner(), run).await.unwrap();
    let words: Vec<_> = steps.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "put back the old /work/a.txt",
            "put back the old /work/gone.txt",
            "removed /work/new.txt, which the run had created",
            "put back the old /work/a.txt",
        ]
    );
    assert_eq!(now(&house), [some("old a"), None, some("old gone")]);
    let again = house.kernel.undo(owner(), run).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::NotFound);
    assert!(house.store.keys(OwnerId::LOCAL, Space::Intent).is_empty());
    // Each step was announced on disk before it happened.
    let log = house.log();
    let of_undo: Vec<_> = log
        .iter()
        .zip(1..)
        .skip_while(|(record, _)| !matches!(record.event, AuditEvent::RunEnded { .. }))
        .skip(1)
        .collect();
    assert_eq!(of_undo.len(), 8);
    for pair in of_undo.chunks(2) {
        assert!(matches!(pair[0].0.event, AuditEvent::Intent { .. }));
        assert!(matches!(pair[1].0.event, AuditEvent::Outcome { state: EffectState::Done, .. }));
        assert!(pair.iter().all(|(_, seq)| house.store.durability_of(*seq) == Durability::Synced));
    }
}

#[tokio::test]
async fn a_file_that_changed_since_is_a_conflict_and_then_nothing_is_touched() {
    for path in ["/work/a.txt", "/work/new.txt", "/work/gone.txt"] {
        let house = House::new();
        let run = changed(&house).await;
        house.world.put(path, "the owner's own work");
        let before = (now(&house), house.store.commits().len());
        let refused = house.kernel.undo(owner(), run).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::Conflict);
        assert!(refused.message.contains(path) && refused.hint.unwrap().contains("nothing was taken back"));
        assert_eq!((now(&house), house.store.commits().len()), before);
    }
}

#[tokio::test]
async fn moves_go_back_one_after_the_other() {
    let house = House::new();
    house.scribe().await;
    house.world.put("/work/a.txt", "a");
    house.script("go", |guest| async move {
        guest.rename("work/a.txt", "work/b.txt").await.map_err(threw)?;
        guest.rename("work/b.txt", "work/c.txt").await.map_err(threw)?;
        guest.write("work/c.txt", "changed").await.map_err(threw)?;
        said("")
    });
    let run = house.run("go").await.summary.run;
    house.idle().await;
    let files = || ["/work/a.txt", "/work/b.txt", "/work/c.txt"].map(|path| house.world.text(path));
    assert_eq!(files(), [None, None, some("changed")]);
    house.world.put("/work/c.txt", "the owner's own work");
    assert_eq!(house.kernel.undo(owner(), run).await.unwrap_err().code, ErrorCode::Conflict);
    house.world.put("/work/c.txt", "changed");
    let words: Vec<_> = house.kernel.undo(owner(), run).await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "put back the old /work/c.txt",
            "moved /work/c.txt back to /work/b.txt",
            "moved /work/b.txt back to /work/a.txt",
        ]
    );
    assert_eq!(files(), [some("a"), None, None]);
}

#[tokio::test]
async fn what_fails_on_the_way_says_how_far_it_came() {
    let house = House::new();
    let run = changed(&house).await;
    // Between the look at every file and the last step.
    let mut steps = 0;
    house.store.refuse(move |durability| {
        steps += u32::from(durability == Durability::Synced);
        steps == 5
    });
    let failed = house.kernel.undo(owner(), run).await.unwrap_err();
    assert_eq!(failed.code, ErrorCode::DiskFull);
    assert!(failed.hint.unwrap().contains("2 of 4 changes taken back"));
    house.store.heal();
    // The rest can be taken back later.
    assert_eq!(house.kernel.undo(owner(), run).await.unwrap().len(), 2);
    assert_eq!(now(&house), [some("old a"), None, some("old gone")]);
}

#[tokio::test]
async fn an_emptied_trash_is_told_before_anything_is_touched() {
    let house = House::new();
    let run = changed(&house).await;
    house.world.trash_empty();
    let before = now(&house);
    let refused = house.kernel.undo(owner(), run).await.unwrap_err();
    assert!(refused.message.contains("not in the trash any more"), "{}", refused.message);
    assert_eq!(now(&house), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_take_back_once() {
    let house = House::new();
    let run = changed(&house).await;
    let (one, two) = tokio::join!(house.kernel.undo(owner(), run), house.kernel.undo(owner(), run));
    let mut ends = [one.map(|steps| steps.len()).map_err(|f| f.code), two.map(|steps| steps.len()).map_err(|f| f.code)];
    ends.sort_by_key(Result::is_err);
    assert_eq!(ends, [Ok(4), Err(ErrorCode::NotFound)]);
    assert_eq!(now(&house), [some("old a"), None, some("old gone")]);
}

#[tokio::test]
async fn a_run_under_way_or_without_changes_is_not_taken_back() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |_| std::future::pending());
    house.script("also", |_| async { said("") });
    let viewer = house.start("go").await;
    let running = house.kernel.undo(owner(), viewer.run()).await.unwrap_err();
    assert_eq!(running.code, ErrorCode::Conflict);
    let other = house.kernel.undo(crate::owner_of(OwnerId(2)), viewer.run()).await.unwrap_err();
    assert_eq!(other.code, ErrorCode::RunNotFound, "another owner does not even learn that it runs");
    let report = house.run("also").await;
    assert!(!report.undoable);
    assert_eq!(house.kernel.undo(owner(), report.summary.run).await.unwrap_err().code, ErrorCode::NotFound);
    let never = RunId::new(&house.clock, &testkit::TestEntropy::seeded(3));
    assert_eq!(house.kernel.undo(owner(), never).await.unwrap_err().code, ErrorCode::RunNotFound);
}
