//! What is recorded around an effect, and what it brings along.

use crate::{
    House,
    guests::{DENIED, said, seen, threw},
    house::{ASKS, allowed, app, choice, ended, owner},
};
use kernel::{
    effect::EffectError,
    host_call::{CsvCall, CsvOptions, GuestError, HostCall},
};
use protocol::{AuditEvent, EffectState, ErrorCode, GrantState, Labels, OwnerId};
use serde_json::json;
use state::{Durability, Key, Space, Store as _};

const ME: OwnerId = OwnerId::LOCAL;

/// The announced effects of the log and their ends, each with how durably it was written.
fn announced(house: &House) -> Vec<(AuditEvent, Durability)> {
    let log = house.log();
    let found = log
        .iter()
        .zip(1..)
        .filter(|(record, _)| matches!(record.event, AuditEvent::Intent { .. } | AuditEvent::Outcome { .. }));
    found.map(|(record, seq)| (record.event, house.store.durability_of(seq))).collect()
}

fn intents(house: &House) -> usize {
    house.store.keys(ME, Space::Intent).len()
}

#[tokio::test]
async fn the_intent_is_on_disk_before_the_effect_and_the_outcome_before_the_answer() {
    let house = House::new();
    house.scribe().await;
    let (store, world) = (house.store.clone(), house.world.clone());
    house.world.between(move || {
        // The effect has not happened, its intent is there.
        assert_eq!(world.text("/work/a.txt"), None);
        assert_eq!(store.keys(ME, Space::Intent).len(), 1);
        assert_eq!(store.commits().last().unwrap().durability, Durability::Synced);
        None
    });
    let store = house.store.clone();
    house.script("go", move |guest| {
        let store = store.clone();
        async move {
            guest.write("work/a.txt", "a").await.map_err(threw)?;
            assert!(store.keys(ME, Space::Intent).is_empty(), "settled before the guest goes on");
            said("")
        }
    });
    assert!(house.run("go").await.undoable);
    assert_eq!(
        announced(&house),
        [
            (AuditEvent::Intent { effect: 1 }, Durability::Synced),
            (AuditEvent::Outcome { effect: 1, state: EffectState::Done }, Durability::Synced),
        ]
    );
}

#[tokio::test]
async fn how_an_announced_effect_ended_is_told_and_an_unknown_one_can_be_tried_to_take_back() {
    let error = || GuestError::new(ErrorCode::FileUnusable, "the disk said no");
    let cases = [
        (EffectError::Guest(error()), EffectState::NotDone, false),
        (EffectError::Unknown(error()), EffectState::Unknown, true),
    ];
    for (how, state, undoable) in cases {
        let house = House::new();
        house.scribe().await;
        house.world.between(move || Some(how));
        house.script("go", |guest| async move {
            let error = guest.write("work/a.txt", "a").await.map_err(seen).unwrap_err();
            said(error.message)
        });
        let report = house.run("go").await;
        assert_eq!(report.text.as_deref(), Some("the disk said no"));
        assert_eq!(announced(&house)[1].0, AuditEvent::Outcome { effect: 1, state });
        assert_eq!((report.undoable, house.store.keys(ME, Space::Trash).len() == 1), (undoable, undoable));
        assert_eq!(intents(&house), 0);
        let again = house.told(report.summary.run).iter().filter(|said| said.contains("the disk said no")).count();
        assert_eq!(again, 1, "told once");
    }
}

/// Our own fault in the middle of an effect: the run goes on, the effect has an end in the log.
#[tokio::test]
async fn a_fault_of_our_own_leaves_no_intent_open() {
    let house = House::new();
    house.scribe().await;
    house.world.between(|| panic!("a fault of our own"));
    house.script("go", |guest| async move {
        let stringify = HostCall::Csv(CsvCall::Stringify { rows: vec![], options: CsvOptions::default() });
        let codes = [
            guest.write("work/a.txt", "a").await.map(drop).map_err(|error| seen(error).code),
            guest.call(stringify).await.map(drop).map_err(|error| seen(error).code),
            guest.write("work/b.txt", "b").await.map(drop).map_err(|error| seen(error).code),
        ];
        assert_eq!(codes, [Err(ErrorCode::Internal), Err(ErrorCode::Internal), Ok(())]);
        said("")
    });
    let report = house.run("go").await;
    assert!(report.summary.failure.is_none(), "{:?}", report.summary.failure);
    assert_eq!(
        announced(&house).into_iter().map(|(event, _)| event).collect::<Vec<_>>(),
        [
            AuditEvent::Intent { effect: 1 },
            AuditEvent::Outcome { effect: 1, state: EffectState::Unknown },
            AuditEvent::Intent { effect: 2 },
            AuditEvent::Outcome { effect: 2, state: EffectState::Done },
        ]
    );
    assert_eq!(intents(&house), 0);
}

#[tokio::test]
async fn without_its_intent_nothing_is_done_and_without_its_outcome_the_guest_hears_of_it() {
    let house = House::new();
    house.scribe().await;
    house.script(
        "go",
        |guest| async move { said(guest.write("work/a.txt", "a").await.map_err(seen).unwrap_err().message) },
    );
    house.store.refuse(|durability| durability == Durability::Synced);
    let report = house.run("go").await;
    assert_eq!(report.text.as_deref(), Some("the intent could not be written, so nothing was done"));
    assert_eq!((house.world.text("/work/a.txt"), report.undoable), (None, false));
    let mut synced = 0;
    house.store.refuse(move |durability| {
        synced += u32::from(durability == Durability::Synced);
        durability == Durability::Synced && synced == 2
    });
    let report = house.run("go").await;
    assert_eq!(report.text.as_deref(), Some("the effect happened, but its record could not be written"));
    assert_eq!((house.world.text("/work/a.txt").as_deref(), report.undoable), (Some("a"), true));
    assert_eq!(intents(&house), 1, "the next start settles it");
}

#[tokio::test]
async fn a_denial_is_told_once_and_its_repetition_counted() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move {
        for _ in 0..50 {
            assert_eq!(seen(guest.read("/etc/passwd").await.unwrap_err()).code, DENIED);
        }
        let error = seen(guest.write("/etc/x", "x").await.unwrap_err());
        said(error.message)
    });
    let report = house.run("go").await;
    assert_eq!(
        report.text.as_deref(),
        Some(
            "not allowed to write to /etc/x: /etc/x is outside what file.write was granted for; to allow \
             it: oikos grant scribe file.write=allow:/etc"
        )
    );
    let denied: Vec<_> = house
        .log()
        .into_iter()
        .filter(|record| record.event == AuditEvent::Denied)
        .map(|record| record.sentence.to_string())
        .collect();
    assert_eq!(denied.len(), 3);
    assert!(denied[0].starts_with("BLOCKED: wanted to read /etc/passwd"), "{denied:?}");
    assert!(denied[2].contains("49 further"), "{denied:?}");
    assert_eq!(report.effects.len(), 2);
}

#[tokio::test]
async fn a_flood_of_different_denials_stays_bounded() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move {
        for number in 0..1_000 {
            drop(guest.read(&format!("/etc/{number}")).await);
        }
        said("")
    });
    let report = house.run("go").await;
    let denied = house.log().iter().filter(|record| record.event == AuditEvent::Denied).count();
    assert_eq!((denied, report.effects.len()), (101, 100));
    assert!(house.told(report.summary.run).iter().any(|said| said.contains("900 further")));
}

#[tokio::test]
async fn a_grant_that_is_taken_back_holds_from_the_next_effect_on() {
    let house = House::new();
    house.scribe().await;
    house.world.put("/work/a.txt", "a");
    let (go, gone) = (std::sync::Arc::new(tokio::sync::Notify::new()), house.kernel.clone());
    let wait = go.clone();
    house.script("go", move |guest| {
        let wait = wait.clone();
        async move {
            guest.read("work/a.txt").await.map_err(threw)?;
            guest.text("read").await?;
            wait.notified().await;
            said(seen(guest.read("work/a.txt").await.unwrap_err()).code.to_string())
        }
    });
    let mut viewer = house.start("go").await;
    while !matches!(crate::house::next(&mut viewer).await.chunk, protocol::Chunk::Text { .. }) {}
    let grants =
        gone.grant_set(owner(), app("scribe"), vec![choice("file.read", GrantState::Block, None)]).await.unwrap();
    assert_eq!(grants[0].line.state, GrantState::Block);
    go.notify_one();
    assert_eq!(ended(viewer).await.1.text.as_deref(), Some("permission_denied"));
}

fn file_label(house: &House, path: &str) -> Option<Labels> {
    let key = Key::new(ME, Space::FileLabel, protocol::sha256(path.as_bytes()).to_string());
    house.store.get(&key).unwrap().map(|entry| entry.labels)
}

fn stored_label(house: &House, name: &str) -> Option<Labels> {
    let key = Key::new(ME, Space::Storage, format!("scribe/{name}"));
    house.store.get(&key).unwrap().map(|entry| entry.labels)
}

fn run_labels(house: &House, run: protocol::RunId) -> Labels {
    house.log().into_iter().filter(|record| record.run == Some(run)).last().unwrap().labels
}

const BOTH: Labels = Labels::PRIVATE.join(Labels::STRANGER);

#[tokio::test]
async fn labels_go_with_the_data() {
    let house = House::new();
    house.scribe().await;
    house.world.put("/letters/spam.txt", "spam");
    house.script("go", |guest| async move {
        guest.write("work/clean.txt", "mine").await.map_err(threw)?;
        let spam = guest.read("picked:data").await.map_err(threw)?;
        guest.write("work/copy.txt", &spam).await.map_err(threw)?;
        guest.set("copy", "\"spam\"").await.map_err(threw)?;
        said("")
    });
    let viewer = house.start_as(owner(), "scribe", "go", json!({}), None, &[("data", "/letters/spam.txt")]).await;
    let first = ended(viewer.unwrap()).await.1;
    assert_eq!(run_labels(&house, first.summary.run), BOTH);
    assert_eq!(file_label(&house, "/work/clean.txt"), Some(Labels::NONE));
    assert_eq!(file_label(&house, "/work/copy.txt"), Some(BOTH));
    assert_eq!(stored_label(&house, "copy"), Some(BOTH));
    // Another run gets them with the file, by whichever name, and with the value.
    house.script("also", |guest| async move {
        guest.read("/work/copy.txt").await.map_err(threw)?;
        said("")
    });
    house.script("third", |guest| async move {
        guest.get("copy").await.map_err(threw)?;
        said("")
    });
    assert_eq!(run_labels(&house, house.run("also").await.summary.run), BOTH);
    assert_eq!(run_labels(&house, house.run("third").await.summary.run), BOTH);
    house.script("go", |guest| async move {
        guest.read("work/clean.txt").await.map_err(threw)?;
        said("")
    });
    assert_eq!(run_labels(&house, house.run("go").await.summary.run), Labels::PRIVATE);
}

#[tokio::test]
async fn taking_back_a_change_gives_the_old_labels_back() {
    let house = House::new();
    house.scribe().await;
    house.world.put("/letters/spam.txt", "spam");
    house.script("go", |guest| async move {
        let spam = guest.read("picked:data").await.map_err(threw)?;
        guest.write("work/copy.txt", &spam).await.map_err(threw)?;
        said("")
    });
    house.script("also", |guest| async move {
        guest.write("work/other.txt", "mine").await.map_err(threw)?;
        said("")
    });
    let files = [("data", "/letters/spam.txt")];
    ended(house.start_as(owner(), "scribe", "go", json!({}), None, &files).await.unwrap()).await;
    // A run that has read nothing overwrites the file, and is taken back.
    house.script("also", |guest| async move {
        guest.write("work/copy.txt", "mine").await.map_err(threw)?;
        said("")
    });
    let second = house.run("also").await;
    // Writing over it told nothing of what was in it, so it is as clean as the run; the old content is not.
    let overwritten = file_label(&house, "/work/copy.txt").unwrap();
    house.kernel.undo(owner(), second.summary.run).await.unwrap();
    assert_eq!(house.world.text("/work/copy.txt").as_deref(), Some("spam"));
    assert_eq!(file_label(&house, "/work/copy.txt"), Some(BOTH), "was {overwritten:?}");
}

#[tokio::test]
async fn calls_that_only_compute_need_no_grant_and_what_is_not_there_yet_says_so() {
    let house = House::new();
    house.install_as(owner(), "scribe", "1.0.0", r#"{ "storage": false, "ai": true }"#, vec![]).await.unwrap();
    house.script("go", |guest| async move {
        let parse = HostCall::Csv(CsvCall::Parse { text: "a".into(), options: CsvOptions::default() });
        guest.call(parse).await.map_err(threw)?;
        guest.call(HostCall::Timer { ms: 1 }).await.map_err(threw)?;
        let later = HostCall::decode("ai.generateText", b"{}", vec![]).unwrap();
        let later = seen(guest.call(later).await.unwrap_err());
        assert_eq!(later.code, ErrorCode::NotAvailable);
        let never = HostCall::decode("clipboard.read", b"{}", vec![]).unwrap();
        let never = seen(guest.call(never).await.unwrap_err());
        assert_eq!((never.code, never.message.contains("never asked for clipboard")), (DENIED, true));
        let stored = seen(guest.set("a", "1").await.unwrap_err());
        assert_eq!((stored.code, stored.message.contains("never asked for storage")), (DENIED, true));
        said(later.message)
    });
    let report = house.run("go").await;
    assert_eq!(report.text.as_deref(), Some("ai.generateText is not in this version of oikos yet"));
}

#[tokio::test(start_paused = true)]
async fn a_timer_ends_with_its_run() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move {
        // Nobody waits for these.
        for _ in 0..100 {
            drop(guest.host.call(HostCall::Timer { ms: u64::MAX }));
        }
        let start = tokio::time::Instant::now();
        guest.call(HostCall::Timer { ms: 1_500 }).await.map_err(threw)?;
        said(format!("{}", start.elapsed().as_millis()))
    });
    assert_eq!(house.run("go").await.text.as_deref(), Some("1500"));
}

#[tokio::test]
async fn effects_of_one_run_go_on_side_by_side() {
    let house = House::new();
    house.install_as(owner(), "scribe", "1.0.0", ASKS, allowed()).await.unwrap();
    house.script("go", |guest| async move {
        let paths: Vec<String> = (0..40).map(|number| format!("work/{number}")).collect();
        let writes = paths.iter().map(|path| guest.write(path, "x"));
        for result in futures_util::future::join_all(writes).await {
            result.map_err(threw)?;
        }
        said("")
    });
    house.world.gate_shut();
    let viewer = house.start("go").await;
    house.until("all to be under way", || house.world.gate_waiting() == 40).await;
    house.world.gate_open();
    let report = ended(viewer).await.1;
    assert!(report.summary.failure.is_none());
    let mut numbers: Vec<u64> = announced(&house)
        .into_iter()
        .filter_map(|(event, _)| match event {
            AuditEvent::Intent { effect } => Some(effect),
            _ => None,
        })
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    assert_eq!(intents(&house), 0);
}
