//! After an abrupt end.

use crate::{
    House,
    guests::{said, threw},
    house::{ASKS, allowed, ended, next, owner},
};
use kernel::{LogFilter, Recovered};
use protocol::{AuditEvent, EffectState, ErrorCode, GrantState, Labels, OwnerId};
use state::{Batch, Durability, Key, Space, Store as _};

const ME: OwnerId = OwnerId::LOCAL;

#[tokio::test]
async fn a_home_that_ended_properly_needs_nothing() {
    let mut house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move {
        guest.write("work/a.txt", "a").await.map_err(threw)?;
        said("")
    });
    house.run("go").await;
    house.idle().await;
    house.restart();
    let before = house.store.commits().len();
    assert_eq!(house.kernel.recover(ME).unwrap(), Recovered::default());
    assert_eq!(house.store.commits().len(), before);
    // The app is there, with what it was granted.
    assert!(house.run("go").await.summary.failure.is_none());
}

#[tokio::test]
async fn what_was_cut_off_is_settled_once() {
    let mut house = House::new();
    let mut choices = allowed();
    choices[0].state = GrantState::Ask;
    house.install_as(owner(), "scribe", "1.0.0", ASKS, choices).await.unwrap();
    house.world.put("/letters/spam.txt", "spam");
    // One run stands in the middle of a write, the other one asks a person.
    house.script("go", |guest| async move {
        guest.read("picked:data").await.map_err(threw)?;
        guest.write("work/a.txt", "new").await.map_err(threw)?;
        said("")
    });
    house.script("also", |guest| async move {
        guest.read("work/b.txt").await.map_err(threw)?;
        said("")
    });
    let _person = house.kernel.presence_enter(&owner());
    let mut asking = house.start("also").await;
    next(&mut asking).await;
    let files = [("data", "/letters/spam.txt")];
    // Only the write is held: the read before it has gone through.
    let (store, world) = (house.store.clone(), house.world.clone());
    house.world.between(move || {
        world.put("/work/a.txt", "new");
        assert_eq!(store.keys(ME, Space::Intent).len(), 1);
        world.gate_shut();
        None
    });
    let writing = house.start_as(owner(), "scribe", "go", serde_json::json!({}), None, &files).await.unwrap();
    house.until("the write to be in the middle", || house.world.gate_waiting() == 1).await;
    let (asked, written) = (asking.run(), writing.run());

    // The store as a crash would leave it; the old kernel is never heard of again.
    house.restart();
    let found = house.kernel.recover(ME).unwrap();
    assert_eq!(found, Recovered { runs: 2, effects: 1, questions: 1, archives: 0 });
    let after = (house.store.commits().len(), house.log().len());
    assert_eq!(house.kernel.recover(ME).unwrap(), Recovered::default());
    assert_eq!((house.store.commits().len(), house.log().len()), after, "twice changes nothing more");

    for space in [Space::Intent, Space::Question] {
        assert!(house.store.keys(ME, space).is_empty(), "{space}");
    }
    for run in [asked, written] {
        let report = ended(house.kernel.run_follow(&owner(), run, 0).unwrap()).await.1;
        assert_eq!(report.summary.failure.as_ref().unwrap().code, ErrorCode::Internal);
        assert_eq!(report.undoable, run == written);
        assert_eq!(house.events(run).last(), Some(&AuditEvent::RunEnded { code: Some(ErrorCode::Internal) }));
    }
    let of_app = LogFilter { app: Some(crate::house::app("scribe")), run: Some(written), limit: 100 };
    let told: Vec<_> = house.kernel.log(&owner(), &of_app).unwrap();
    let outcome = AuditEvent::Outcome { effect: 1, state: EffectState::Unknown };
    assert!(told.iter().any(|entry| entry.record.as_ref().is_some_and(|record| record.event == outcome)), "{told:?}");
    // The file has the labels of the run that wrote it, and the change can be taken back.
    let label = Key::new(ME, Space::FileLabel, protocol::sha256(b"/work/a.txt").to_string());
    let both = Labels::PRIVATE.join(Labels::STRANGER);
    assert_eq!(house.store.get(&label).unwrap().unwrap().labels, both);
    assert_eq!(house.kernel.undo(owner(), written).await.unwrap().len(), 1);
    assert_eq!(house.world.text("/work/a.txt"), None);
    house.world.gate_open();
}

#[tokio::test]
async fn an_undo_that_was_cut_off_is_settled() {
    for happened in [false, true] {
        let mut house = House::new();
        house.scribe().await;
        house.world.put("/work/a.txt", "old");
        house.script("go", |guest| async move {
            guest.write("work/a.txt", "new").await.map_err(threw)?;
            said("")
        });
        let run = house.run("go").await.summary.run;
        house.idle().await;
        // The second of the two commits of a step is the one that does not happen.
        let mut synced = 0;
        house.store.refuse(move |durability| {
            synced += u32::from(durability == Durability::Synced);
            synced == 2
        });
        assert_eq!(house.kernel.undo(owner(), run).await.unwrap_err().code, ErrorCode::DiskFull);
        house.store.heal();
        if !happened {
            // As if it had been cut off before the file was touched.
            house.world.put("/work/a.txt", "new");
        }
        house.restart();
        assert_eq!(house.kernel.recover(ME).unwrap().effects, 1);
        let again = house.kernel.undo(owner(), run).await;
        // What was undone is not undone again; what was not can be, as far as the trash has it.
        assert_eq!(again.unwrap_err().code, if happened { ErrorCode::NotFound } else { ErrorCode::Conflict });
    }
}

#[tokio::test]
async fn an_intent_that_cannot_be_read_is_told_too() {
    let house = House::new();
    let mut batch = Batch::new();
    batch.put(&Key::new(ME, Space::Intent, "not-even-a-run/00000001"), b"{".to_vec(), Labels::NONE);
    batch.put(&Key::new(ME, Space::Run, "live/damaged"), b"{".to_vec(), Labels::NONE);
    house.store.commit(batch, Durability::Synced).unwrap();
    assert_eq!(house.kernel.recover(ME).unwrap().effects, 1);
    assert_eq!(house.kernel.recover(ME).unwrap(), Recovered::default());
    let told: Vec<_> = house.log().iter().map(|record| record.sentence.to_string()).collect();
    assert!(told[0].contains("cannot be read"), "{told:?}");
}

#[tokio::test]
async fn an_archive_of_an_install_that_never_happened_goes() {
    let mut house = House::new();
    house.scribe().await;
    let (offer, _) = house.offer(owner(), &house.packed("other", "1.0.0", ASKS)).await.unwrap();
    house.store.refuse(|durability| durability == Durability::Synced);
    let failed = house.kernel.app_install(owner(), offer, vec![]).await.unwrap_err();
    assert_eq!(failed.code, ErrorCode::DiskFull);
    house.store.heal();
    assert_eq!(house.kernel.app_list(&owner()).unwrap().len(), 1);
    house.restart();
    assert_eq!(house.kernel.recover(ME).unwrap(), Recovered { archives: 1, ..Recovered::default() });
    assert!(house.kernel.app_check(&owner(), &crate::house::app("scribe")).is_ok());
}
