//! From request to end.

use crate::{
    House,
    guests::{said, seen, threw},
    house::{ASKS, allowed, app, choice, ended, owner, script, texts},
};
use kernel::{RunRequest, runner::GuestFailure, runner::GuestValue};
use protocol::{AuditEvent, Caller, EffectState, ErrorCode, GrantState, OwnerId, Right, Rights, api::StopTarget};
use serde_json::{Value, json};
use state::{Durability, Key, Space, Store as _};

#[tokio::test]
async fn load_card_grant_run_stream_drop() {
    let house = House::new();
    house.world.put("/letters/a.txt", "hello");
    house.script("go", |guest| async move {
        let handle = guest.input()["data"].as_str().unwrap().to_owned();
        let text = guest.read(&handle).await.map_err(threw)?;
        guest.text(&text).await?;
        guest.write("work/copy.txt", &text).await.map_err(threw)?;
        guest.set("last", "\"a.txt\"").await.map_err(threw)?;
        said("copied")
    });
    let (offer, card) = house.offer(owner(), &house.packed("scribe", "1.0.0", ASKS)).await.unwrap();
    let lines: Vec<_> = card.lines.iter().map(|line| (line.line.as_str(), line.state)).collect();
    assert_eq!(
        lines,
        [("file.read", GrantState::Allow), ("file.write", GrantState::Ask), ("storage", GrantState::Allow)]
    );
    let detail = house.kernel.app_install(owner(), offer, allowed()).await.unwrap();
    assert_eq!(detail.grants.len(), 3);

    let viewer =
        house.start_as(owner(), "scribe", "go", Value::Null, None, &[("data", "/letters/a.txt")]).await.unwrap();
    let (chunks, report) = ended(viewer).await;
    assert_eq!(texts(&chunks), ["hello"]);
    assert!(chunks.iter().zip(1..).all(|(chunk, seq)| chunk.seq == seq), "numbered without gaps");
    assert_eq!(report.text.as_deref(), Some("copied"));
    assert!(report.undoable && report.summary.failure.is_none());
    assert_eq!(house.world.text("/work/copy.txt").as_deref(), Some("hello"));

    let run = report.summary.run;
    assert_eq!(
        house.events(run),
        [
            AuditEvent::RunStarted,
            AuditEvent::Intent { effect: 1 },
            AuditEvent::Outcome { effect: 1, state: EffectState::Done },
            AuditEvent::Read,
            AuditEvent::Read,
            AuditEvent::RunEnded { code: None },
        ]
    );
    let rules: Vec<_> =
        house.log().into_iter().filter(|r| r.run == Some(run)).map(|r| r.rule.map(|r| r.to_string())).collect();
    assert_eq!(rules[1].as_deref(), Some("grant file.write for /work"), "an effect names what allowed it");
    assert_eq!(rules[3].as_deref(), Some("you handed it over as data"));
    house.idle().await;
    assert!(house.kernel.broker().leases().is_empty(), "nothing of the run is left");
    assert_eq!(house.kernel.run_list(&owner(), 10).unwrap()[0].run, run);
}

#[tokio::test]
async fn nothing_happens_without_the_right() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |_| async { said("") });
    let only = |rights: &[Right]| Caller { rights: Rights::of(rights), ..owner() };
    let (read, run, manage) = (only(&[Right::Read]), only(&[Right::Run]), only(&[Right::Manage]));
    let package = house.packed("scribe", "1.0.0", ASKS);
    let before = house.store.commits().len();
    let codes = [
        house.start_as(read, "scribe", "go", json!({}), None, &[]).await.map(drop),
        house.kernel.run_stop(&read, &StopTarget::All).map(drop),
        house.offer(run, &package).await.map(drop),
        house.kernel.app_remove(run, app("scribe"), true).await,
        house.kernel.app_set_enabled(run, app("scribe"), false).await.map(drop),
        house.kernel.grant_set(run, app("scribe"), vec![]).await.map(drop),
        house.kernel.undo(run, protocol::RunId::new(&house.clock, &testkit::TestEntropy::seeded(1))).await.map(drop),
        house.kernel.app_list(&manage).map(drop),
        house.kernel.grant_list_all(&manage).map(drop),
        house.kernel.run_list(&manage, 1).map(drop),
        house.kernel.log(&manage, &kernel::LogFilter::default()).map(drop),
        house.kernel.approval_list(&run).map(drop),
    ]
    .map(|result| result.unwrap_err().code);
    assert!(codes.iter().all(|code| *code == ErrorCode::PermissionDenied), "{codes:?}");
    assert_eq!(house.store.commits().len(), before);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_before_anything_is_written() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |_| async { said("") });
    let before = house.store.commits().len();
    let cases = [
        ("nobody", "go", json!({}), ErrorCode::AppNotFound),
        ("scribe", "nothing", json!({}), ErrorCode::ActionNotFound),
        ("scribe", "go", json!({ "number": "one" }), ErrorCode::InvalidInput),
        ("scribe", "go", json!({ "other": 1 }), ErrorCode::InvalidInput),
        ("scribe", "go", json!([]), ErrorCode::InvalidInput),
    ];
    for (name, action, input, code) in cases {
        let refused = house.start_as(owner(), name, action, input, None, &[]).await;
        assert_eq!(refused.map(drop).unwrap_err().code, code, "{name} {action}");
    }
    let files = [
        ("number", "/letters/a.txt", ErrorCode::InvalidInput),
        ("data", "/oikos-home/keys/device", ErrorCode::PermissionDenied),
        ("data", "/oikos-home/x", ErrorCode::PermissionDenied),
        ("data", "/letters/missing", ErrorCode::FileUnusable),
    ];
    for (field, path, code) in files {
        let refused = house.start_as(owner(), "scribe", "go", json!({}), None, &[(field, path)]).await;
        assert_eq!(refused.map(drop).unwrap_err().code, code, "{field} {path}");
    }
    assert_eq!(house.store.commits().len(), before);
    assert!(house.kernel.broker().leases().is_empty());

    house.kernel.app_set_enabled(owner(), app("scribe"), false).await.unwrap();
    let refused = house.start_as(owner(), "scribe", "go", json!({}), None, &[]).await.map(drop).unwrap_err();
    assert_eq!(refused.code, ErrorCode::AppDisabled);
    house.kernel.app_set_enabled(owner(), app("scribe"), true).await.unwrap();
    assert!(house.run("go").await.summary.failure.is_none());
}

#[tokio::test]
async fn a_file_is_handed_over_for_what_it_was_handed_over_for() {
    let house = House::new();
    house.world.put("/letters/a.txt", "a");
    house.world.put("/letters/b.txt", "b");
    // No folder is granted: only what is handed over can be reached.
    house.install_as(owner(), "scribe", "1.0.0", ASKS, vec![choice("storage", GrantState::Allow, None)]).await.unwrap();
    house.script("go", |guest| async move {
        let mut codes = vec![guest.read("picked:data").await.map(|_| ()).map_err(|error| seen(error).code)];
        codes.push(guest.write("picked:data", "x").await.map(drop).map_err(|error| seen(error).code));
        codes.push(guest.read("picked:data/../b.txt").await.map(drop).map_err(|error| seen(error).code));
        codes.push(guest.read("/letters/b.txt").await.map(drop).map_err(|error| seen(error).code));
        codes.push(guest.write("picked:out", "new").await.map(drop).map_err(|error| seen(error).code));
        codes.push(guest.read("picked:out").await.map(drop).map_err(|error| seen(error).code));
        let env: Value = serde_json::from_slice(&guest.call.env).unwrap();
        said(format!("{codes:?} {}", env["files"]))
    });
    let files = [("data", "/letters/a.txt"), ("out", "/letters/new.txt")];
    let viewer = house.start_as(script(), "scribe", "go", json!({}), None, &files).await.unwrap();
    let denied = "Err(PermissionDenied)";
    assert_eq!(
        ended(viewer).await.1.text.as_deref(),
        Some(
            format!(
                "[Ok(()), {denied}, {denied}, {denied}, Ok(()), {denied}] {}",
                json!({ "data": "a.txt", "out": "new.txt" })
            )
            .as_str()
        )
    );
    assert_eq!(house.world.text("/letters/new.txt").as_deref(), Some("new"));
}

#[tokio::test]
async fn a_request_asked_twice_runs_once() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move {
        guest.write("work/a.txt", "once").await.map_err(threw)?;
        said("done")
    });
    let id = Some(house.request_id());
    let start = || house.start_as(owner(), "scribe", "go", json!({}), id, &[]);
    // Twice at the same moment, then again while it may run, and again when it has ended.
    let (first, second) = tokio::join!(start(), start());
    let (first, second) = (ended(first.unwrap()).await.1, ended(second.unwrap()).await.1);
    house.idle().await;
    let third = ended(start().await.unwrap()).await.1;
    assert_eq!((first.summary.run, first.summary.run), (second.summary.run, third.summary.run));
    assert_eq!(third.text.as_deref(), Some("done"));
    let intents = house.log().iter().filter(|record| matches!(record.event, AuditEvent::Intent { .. })).count();
    assert_eq!(intents, 1, "no second effect");
    assert_eq!(house.kernel.run_list(&owner(), 10).unwrap().len(), 1);
    // Another owner's id is another id.
    house.install_as(crate::owner_of(OwnerId(2)), "scribe", "1.0.0", ASKS, allowed()).await.unwrap();
    let other = house.start_as(crate::owner_of(OwnerId(2)), "scribe", "go", json!({}), id, &[]).await.unwrap();
    assert_ne!(other.run(), first.summary.run);
    ended(other).await;
}

#[tokio::test]
async fn one_request_id_is_one_request() {
    let house = House::new();
    house.scribe().await;
    house.install_as(owner(), "other", "1.0.0", ASKS, allowed()).await.unwrap();
    for name in ["go", "also"] {
        house.script(name, |guest| async move {
            guest.text("working").await?;
            said("done")
        });
    }
    let id = Some(house.request_id());
    let (input, file) = (json!({ "number": 1 }), ("data", "/letters/a.txt"));
    house.world.put("/letters/a.txt", "hello");
    let first = house.start_as(owner(), "scribe", "go", input.clone(), id, &[file]).await.unwrap();
    let run = first.run();
    let others = async |house: &House| {
        let more = json!({ "number": 2 });
        for (name, action, input, files) in [
            ("other", "go", &input, &[file][..]),
            ("scribe", "also", &input, &[file]),
            ("scribe", "go", &more, &[file]),
            ("scribe", "go", &input, &[]),
            ("scribe", "go", &input, &[("data", "/letters/b.txt")]),
        ] {
            let asked = house.start_as(owner(), name, action, input.clone(), id, files).await;
            let failure = asked.map(|viewer| viewer.run()).unwrap_err();
            assert_eq!(failure.code, ErrorCode::Conflict, "{name} {action} {input} {files:?}");
            assert!(failure.hint.unwrap().contains("new UUID"));
        }
        let again = house.start_as(owner(), "scribe", "go", input.clone(), id, &[file]).await.unwrap();
        assert_eq!(again.run(), run);
    };
    others(&house).await;
    ended(first).await;
    house.idle().await;
    others(&house).await;
    assert_eq!(house.kernel.run_list(&owner(), 10).unwrap().len(), 1, "nothing else was run");

    // Nothing to say is the same as an empty input.
    let id = Some(house.request_id());
    let none = house.start_as(owner(), "scribe", "go", Value::Null, id, &[]).await.unwrap();
    let empty = house.start_as(owner(), "scribe", "go", json!({}), id, &[]).await.unwrap();
    assert_eq!(none.run(), empty.run());
    ended(none).await;
}

/// What was written down before requests were: there is nothing to compare, and the run is still the answer.
#[tokio::test]
async fn a_request_of_before_still_has_its_answer() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |_| async { said("done") });
    let first = ended(house.start_as(owner(), "scribe", "go", json!({}), None, &[]).await.unwrap()).await.1;
    house.idle().await;
    let id = house.request_id();
    let mut batch = state::Batch::new();
    let key = Key::new(OwnerId::LOCAL, Space::Request, id.to_string());
    batch.put(&key, first.summary.run.to_string().into_bytes(), protocol::Labels::NONE);
    house.store.commit(batch, Durability::Saved).unwrap();
    let again = house.start_as(owner(), "scribe", "go", json!({}), Some(id), &[]).await.unwrap();
    assert_eq!(again.run(), first.summary.run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_with_one_request_id_run_once() {
    let house = House::with_places(2);
    house.scribe().await;
    house.script("go", |guest| async move {
        guest.write("work/a.txt", "once").await.map_err(threw)?;
        said("done")
    });
    for _ in 0..20 {
        let id = Some(house.request_id());
        let starts = (0..8).map(|_| {
            let kernel = house.kernel.clone();
            tokio::spawn(async move {
                let request = RunRequest {
                    id,
                    app: app("scribe"),
                    action: "go".parse().unwrap(),
                    input: json!({}),
                    files: vec![],
                };
                ended(kernel.run_start(owner(), request).await.unwrap()).await.1.summary.run
            })
        });
        let mut runs = Vec::new();
        for start in starts.collect::<Vec<_>>() {
            runs.push(start.await.unwrap());
        }
        runs.dedup();
        assert_eq!(runs.len(), 1);
    }
    let intents = house.log().iter().filter(|record| matches!(record.event, AuditEvent::Intent { .. })).count();
    assert_eq!(intents, 20);
}

#[tokio::test]
async fn what_a_run_stores_is_one_commit_with_its_end_or_nothing() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move {
        guest.set("a", "1").await.map_err(threw)?;
        guest.set("b", "2").await.map_err(threw)?;
        said("kept")
    });
    house.script("also", |guest| async move {
        guest.set("a", "9").await.map_err(threw)?;
        Err(GuestFailure::Threw { message: "Error: no".to_owned(), stack: None, code: None })
    });
    house.script("third", |guest| async move {
        guest.get("a").await.map_err(threw)?;
        said("read")
    });
    let ends = |house: &House| -> Vec<Durability> {
        let log = house.log();
        let ends = log.iter().zip(1..).filter(|(record, _)| matches!(record.event, AuditEvent::RunEnded { .. }));
        ends.map(|(_, seq)| house.store.durability_of(seq)).collect()
    };
    assert!(house.run("go").await.summary.failure.is_none());
    assert_eq!(ends(&house), [Durability::Saved]);
    let failed = house.run("also").await;
    assert_eq!(failed.summary.failure.as_ref().unwrap().code, ErrorCode::AppFailed);
    house.run("third").await;
    assert_eq!(ends(&house), [Durability::Saved, Durability::Lazy, Durability::Lazy]);
    let stored = |name: &str| {
        let key = Key::new(OwnerId::LOCAL, Space::Storage, format!("scribe/{name}"));
        house.store.get(&key).unwrap().map(|entry| String::from_utf8(entry.value).unwrap())
    };
    assert_eq!((stored("a").as_deref(), stored("b").as_deref()), (Some("1"), Some("2")));
}

#[tokio::test]
async fn a_run_whose_data_cannot_be_kept_has_failed() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move {
        guest.set("a", "1").await.map_err(threw)?;
        said("kept")
    });
    house.store.refuse(|durability| durability == Durability::Saved);
    let report = house.run("go").await;
    assert_eq!(report.summary.failure.as_ref().unwrap().code, ErrorCode::DiskFull);
    house.store.heal();
    assert_eq!(
        house.events(report.summary.run).last(),
        Some(&AuditEvent::RunEnded { code: Some(ErrorCode::DiskFull) })
    );
    assert!(house.store.keys(OwnerId::LOCAL, Space::Storage).is_empty());
}

#[tokio::test]
async fn on_a_full_disk_reads_go_on_and_are_told() {
    let house = House::new();
    house.scribe().await;
    house.world.put("/work/a.txt", "a");
    house.script("go", |guest| async move { said(guest.read("work/a.txt").await.map_err(threw)?) });
    house.script("also", |guest| async move {
        let refused = guest.write("work/b.txt", "b").await.map_err(seen).unwrap_err();
        said(refused.code.to_string())
    });
    house.store.inner.set_disk_full(true);
    let report = house.run("go").await;
    assert_eq!(report.text.as_deref(), Some("a"));
    assert_eq!(house.run("also").await.text.as_deref(), Some("disk_full"));
    assert_eq!(house.world.text("/work/b.txt"), None, "no effect without its intent");
    assert_eq!(
        house.events(report.summary.run),
        [AuditEvent::RunStarted, AuditEvent::Read, AuditEvent::RunEnded { code: None }]
    );
    house.idle().await;
    assert_eq!(house.store.inner.scan(OwnerId::LOCAL, Space::Run, "live/", None, 9).unwrap(), []);
}

#[tokio::test]
async fn a_large_result_is_told_to_those_who_watch_and_not_kept() {
    let mut house = House::new();
    house.scribe().await;
    house.script("go", |_| async {
        let data = Some(json!("x".repeat(300_000)));
        Ok(GuestValue { data, summary: Some("short".into()), ..GuestValue::default() })
    });
    house.script("also", |_| async { said("\u{1}".repeat(5 << 20)) });
    let report = house.run("go").await;
    assert!(report.data.is_some());
    let also = house.run("also").await;
    assert!(also.summary.failure.is_none() && also.text.is_some());
    house.idle().await;
    house.restart();
    let kept = ended(house.kernel.run_follow(&owner(), report.summary.run, 0).unwrap()).await.1;
    assert_eq!((kept.data.is_none(), kept.text.as_deref()), (true, Some("short")));
    let kept = ended(house.kernel.run_follow(&owner(), also.summary.run, 0).unwrap()).await.1;
    assert!(kept.text.is_none() && kept.summary.failure.is_none());
}

/// Paths full of characters that JSON spells with six bytes must not make the record of a run too large to write.
#[tokio::test]
async fn a_run_cannot_make_its_own_end_too_large_to_write() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move {
        for number in 0..300 {
            let name = format!("{}{number:03}", "\u{1}".repeat(250));
            let path = format!("work/{}", [name.as_str(); 15].join("/"));
            guest.write(&path, "x").await.map_err(threw)?;
        }
        said("done")
    });
    let report = house.run("go").await;
    assert!(report.summary.failure.is_none(), "{:?}", report.summary.failure);
    assert_eq!(house.events(report.summary.run).last(), Some(&AuditEvent::RunEnded { code: None }));
    house.idle().await;
    assert_eq!(house.store.inner.scan(OwnerId::LOCAL, Space::Run, "live/", None, 9).unwrap(), []);
}

#[tokio::test]
async fn how_a_guest_fails_is_told_in_its_code() {
    let house = House::new();
    house.scribe().await;
    let cases = [
        (GuestFailure::NoSuchExport, ErrorCode::ActionNotFound),
        (GuestFailure::NoRoom, ErrorCode::HostBusy),
        (GuestFailure::Trapped("unreachable".into()), ErrorCode::AppFailed),
        (
            GuestFailure::Threw { message: "no".into(), stack: None, code: Some(ErrorCode::PermissionDenied) },
            ErrorCode::PermissionDenied,
        ),
        // A guest does not get to choose the code of its failure beyond what it passes on.
        (
            GuestFailure::Threw { message: "no".into(), stack: None, code: Some(ErrorCode::Internal) },
            ErrorCode::AppFailed,
        ),
    ];
    for (failure, code) in cases {
        let thrown = failure.clone();
        house.script("go", move |_| {
            let thrown = thrown.clone();
            async move { Err(thrown) }
        });
        assert_eq!(house.run("go").await.summary.failure.as_ref().unwrap().code, code, "{failure:?}");
    }
}

/// A fault of the sandbox ends its run, and nobody waits for ever.
#[tokio::test]
async fn a_sandbox_that_fails_ends_its_run() {
    let house = House::with_places(1);
    house.scribe().await;
    house.script("go", |_| async { panic!("a fault of the sandbox") });
    for _ in 0..2 {
        let report = house.run("go").await;
        assert_eq!(report.summary.failure.as_ref().unwrap().code, ErrorCode::AppFailed);
        assert_eq!(
            house.events(report.summary.run).last(),
            Some(&AuditEvent::RunEnded { code: Some(ErrorCode::AppFailed) })
        );
    }
    house.idle().await;
}
