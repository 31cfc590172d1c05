//! A person in between: asked, answering, silent, gone.

use crate::{
    House,
    guests::{DENIED, said, seen, threw},
    house::{ASKS, allowed, app, choice, ended, next, owner, script},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use kernel::{
    ANSWER_WAIT_MS, RunRequest, Viewer,
    program::{Asker, InputRequest, Introduction},
};
use protocol::{
    Answer, AuditEvent, Caller, Choice, Chunk, ErrorCode, GrantDuration, GrantState, Labels, OwnerId, Question,
    QuestionKind, Right, Rights, api::StopTarget,
};
use serde_json::{Value, json};
use state::{Space, Store as _};
use std::{sync::Arc, time::Duration};

/// `scribe`, which has to ask before it writes, and whose `go` writes twice.
async fn asking(house: &House) {
    let mut choices = allowed();
    choices[1].state = GrantState::Ask;
    house.install_as(owner(), "scribe", "1.0.0", ASKS, choices).await.unwrap();
    house.script("go", |guest| async move {
        let mut words = Vec::new();
        for path in ["work/a.txt", "work/b.txt"] {
            words.push(guest.write(path, "x").await.map_or_else(|error| seen(error).message, |_| "written".into()));
        }
        said(words.join("\n"))
    });
}

async fn question(viewer: &mut Viewer) -> Question {
    match next(viewer).await.chunk.clone() {
        Chunk::Ask { question } => *question,
        other => panic!("no question: {other:?}"),
    }
}

fn answer(choice: Choice) -> Answer {
    choice.into()
}

fn open(house: &House) -> usize {
    house.store.keys(OwnerId::LOCAL, Space::Question).len()
}

#[tokio::test]
async fn where_nobody_is_there_the_answer_is_no_at_once() {
    let house = House::new();
    asking(&house).await;
    // Neither a script nor a person whose terminal has gone counts as being there.
    for caller in [script(), owner()] {
        let viewer = house.start_as(caller, "scribe", "go", json!({}), None, &[]).await.unwrap();
        let text = ended(viewer).await.1.text.clone().unwrap();
        assert!(text.starts_with("not allowed to write to /work/a.txt: nobody was there to be asked"), "{text}");
    }
    // Somebody else's person does not count either.
    let _other = house.kernel.presence_enter(&crate::owner_of(OwnerId(2))).unwrap();
    assert!(house.kernel.presence_enter(&script()).is_none(), "a script is no person");
    assert!(house.run("go").await.text.as_ref().unwrap().contains("nobody was there"));
    assert!(!house.log().iter().any(|record| record.event == AuditEvent::Asked));
}

/// A client that is not there, and that can send somebody to our page.
struct Fetches(Introduction);

impl Asker for Fetches {
    fn introduction(&self) -> &Introduction {
        &self.0
    }

    fn can_fetch(&self) -> bool {
        true
    }

    fn input(&self, _requests: Vec<InputRequest>) -> BoxFuture<'_, Result<Vec<Value>, String>> {
        std::future::ready(Err("it answers nothing itself".to_owned())).boxed()
    }
}

#[tokio::test]
async fn who_can_fetch_somebody_is_waited_for_though_nobody_is_there() {
    let house = House::new();
    asking(&house).await;
    let request =
        RunRequest { id: None, app: app("scribe"), action: "go".parse().unwrap(), input: json!({}), files: Vec::new() };
    let client: Arc<dyn Asker> = Arc::new(Fetches(Introduction::default()));
    let mut viewer = house.kernel.run_start_asked(script(), request, Some(client), None).await.unwrap();
    for _ in 0..2 {
        let asked = question(&mut viewer).await;
        house.kernel.approval_answer(&owner(), asked.id, answer(Choice::Once)).unwrap();
    }
    assert_eq!(ended(viewer).await.1.text.as_deref(), Some("written\nwritten"));
}

#[tokio::test]
async fn a_question_is_durable_shown_and_answered_once() {
    let house = House::new();
    asking(&house).await;
    let _person = house.kernel.presence_enter(&owner());
    let mut viewer = house.start_as(script(), "scribe", "go", json!({}), None, &[]).await.unwrap();
    let asked = question(&mut viewer).await;
    assert_eq!(asked.sentence.to_string(), "write to /work/a.txt");
    assert_eq!(asked.expires_at.since_ms(asked.asked_at), ANSWER_WAIT_MS);
    assert_eq!(house.kernel.approval_list(&owner()).unwrap(), std::slice::from_ref(&asked));
    assert_eq!(open(&house), 1);
    assert_eq!(house.store.commits().last().unwrap().durability, state::Durability::Saved);
    assert_eq!(house.world.text("/work/a.txt"), None);

    // Not by a script, not by another owner, not by a terminal without the right.
    let rightless = Caller { rights: Rights::of(&[Right::Read, Right::Run]), ..owner() };
    for (caller, code) in [
        (script(), ErrorCode::PermissionDenied),
        (rightless, ErrorCode::PermissionDenied),
        (crate::owner_of(OwnerId(2)), ErrorCode::NotFound),
    ] {
        let refused = house.kernel.approval_answer(&caller, asked.id, answer(Choice::Always)).unwrap_err();
        assert_eq!(refused.code, code);
    }
    house.kernel.approval_answer(&owner(), asked.id, answer(Choice::Once)).unwrap();
    let again = house.kernel.approval_answer(&owner(), asked.id, answer(Choice::Once)).unwrap_err();
    assert_eq!(again.code, ErrorCode::NotFound);
    // Once was once.
    let second = question(&mut viewer).await;
    assert_eq!(open(&house), 1);
    house.kernel.approval_answer(&owner(), second.id, answer(Choice::No)).unwrap();
    let report = ended(viewer).await.1;
    let text = report.text.clone().unwrap();
    assert!(text.starts_with("written\nnot allowed to write to /work/b.txt: you said no"), "{text}");
    assert_eq!(open(&house), 0);
    let told = house.told(report.summary.run);
    for said in ["asked you whether it may write to /work/a.txt", "you said yes, this once", "you said no"] {
        assert!(told.iter().any(|line| line == said), "{said}: {told:?}");
    }
    let rule = house.log().into_iter().find(|record| matches!(record.event, AuditEvent::Intent { .. })).unwrap().rule;
    assert_eq!(rule.unwrap().to_string(), "you said yes when asked");
}

#[tokio::test]
async fn an_answer_for_longer_becomes_a_grant() {
    for (how, is_always) in [(Choice::Hour, false), (Choice::Always, true)] {
        let house = House::new();
        asking(&house).await;
        let _person = house.kernel.presence_enter(&owner());
        let mut viewer = house.start("go").await;
        let asked = question(&mut viewer).await;
        house.kernel.approval_answer(&owner(), asked.id, answer(how)).unwrap();
        // The second file is not asked for any more.
        let (rest, report) = ended(viewer).await;
        assert_eq!((rest.len(), report.text.as_deref()), (0, Some("written\nwritten")));
        let view = house.kernel.grant_list(&owner(), &app("scribe")).unwrap().swap_remove(1);
        assert_eq!((view.line.line.as_str(), view.line.state), ("file.write", GrantState::Allow));
        assert_eq!(matches!(view.duration, GrantDuration::Always), is_always);
        house.clock.advance_ms(3_600_001);
        let mut viewer = house.start("go").await;
        if is_always {
            assert!(ended(viewer).await.1.text.as_deref() == Some("written\nwritten"));
        } else {
            question(&mut viewer).await;
            house.kernel.run_stop(&owner(), &StopTarget::All).unwrap();
            ended(viewer).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn clocks_stand_still_while_a_person_thinks_and_silence_is_a_no() {
    let house = House::new();
    asking(&house).await;
    let _person = house.kernel.presence_enter(&owner());
    let mut viewer = house.start("go").await;
    let lease = house.kernel.broker().leases().pop().unwrap();
    let first = question(&mut viewer).await;
    house.until("the question to be open", || !house.kernel.approval_list(&owner()).unwrap().is_empty()).await;
    // Far beyond idle and wall limits.
    house.clock.advance_ms(9 * 60_000);
    lease.sweep(protocol::Clock::monotonic_ns(&house.clock));
    assert!(lease.check().is_ok());
    assert_eq!(lease.wall_ms(protocol::Clock::monotonic_ns(&house.clock)), 0);
    tokio::time::sleep(Duration::from_millis(ANSWER_WAIT_MS + 1)).await;
    let second = question(&mut viewer).await;
    assert_ne!(first.id, second.id);
    let late = house.kernel.approval_answer(&owner(), first.id, answer(Choice::Always)).unwrap_err();
    assert_eq!(late.code, ErrorCode::NotFound);
    tokio::time::sleep(Duration::from_millis(ANSWER_WAIT_MS + 1)).await;
    let report = ended(viewer).await.1;
    let text = report.text.clone().unwrap();
    assert!(text.lines().all(|line| line.contains("nobody answered within")), "{text}");
    assert_eq!((open(&house), house.world.text("/work/a.txt")), (0, None));
}

#[tokio::test]
async fn stop_while_a_person_thinks() {
    let house = House::new();
    asking(&house).await;
    let _person = house.kernel.presence_enter(&owner());
    let mut viewer = house.start("go").await;
    let asked = question(&mut viewer).await;
    house.kernel.run_stop(&owner(), &StopTarget::Run(viewer.run())).unwrap();
    let report = ended(viewer).await.1;
    assert_eq!(report.summary.failure.as_ref().unwrap().code, ErrorCode::Stopped);
    assert_eq!(open(&house), 0);
    assert!(house.kernel.approval_list(&owner()).unwrap().is_empty());
    let late = house.kernel.approval_answer(&owner(), asked.id, answer(Choice::Always)).unwrap_err();
    assert_eq!(late.code, ErrorCode::NotFound);
    assert_eq!(
        house.events(report.summary.run),
        [
            AuditEvent::RunStarted,
            AuditEvent::Asked,
            AuditEvent::Answered,
            AuditEvent::RunEnded { code: Some(ErrorCode::Stopped) },
        ],
        "the question has its end before the run has"
    );
}

/// A guest that asks and then simply returns leaves no question behind.
#[tokio::test]
async fn a_guest_that_goes_takes_its_question_with_it() {
    let house = House::new();
    asking(&house).await;
    house.script("also", |guest| async move {
        let asking = guest.host.call(kernel::host_call::HostCall::File(kernel::host_call::FileCall::Write {
            path: "work/a.txt".into(),
            body: vec![],
        }));
        tokio::select! {
            biased;
            _ = asking => panic!("nobody answered"),
            () = async {
                for _ in 0..200 { tokio::task::yield_now().await; }
                tokio::time::sleep(Duration::from_millis(20)).await;
            } => {}
        }
        said("gone")
    });
    let _person = house.kernel.presence_enter(&owner());
    let (chunks, report) = ended(house.start("also").await).await;
    assert_eq!((chunks.len(), report.text.as_deref()), (1, Some("gone")));
    assert_eq!(open(&house), 0);
    assert!(house.kernel.approval_list(&owner()).unwrap().is_empty());
    let events = house.events(report.summary.run);
    assert_eq!(events[1..3], [AuditEvent::Asked, AuditEvent::Answered]);
}

#[tokio::test]
async fn a_person_is_not_nagged() {
    let house = House::new();
    asking(&house).await;
    house.script("go", |guest| async move {
        // The same thing again and again, then ever new things.
        for number in 0..20 {
            for _ in 0..5 {
                let error = seen(guest.write(&format!("work/{number}.txt"), "x").await.unwrap_err());
                assert_eq!(error.code, DENIED);
            }
        }
        said("")
    });
    let _person = house.kernel.presence_enter(&owner());
    let mut viewer = house.start("go").await;
    let mut asked = 0;
    loop {
        match viewer.next().await {
            kernel::Seen::Chunk(chunk) => {
                let Chunk::Ask { question } = &chunk.chunk else { panic!("{chunk:?}") };
                house.kernel.approval_answer(&owner(), question.id, answer(Choice::No)).unwrap();
                asked += 1;
            }
            kernel::Seen::End(report) => {
                assert!(report.summary.failure.is_none(), "{report:?}");
                break;
            }
        }
    }
    assert_eq!(asked, 8);
}

/// Side by side there is one question at a time, and a lasting answer settles those behind it.
#[tokio::test]
async fn one_question_at_a_time() {
    let house = House::new();
    asking(&house).await;
    house.script("go", |guest| async move {
        let paths: Vec<String> = (0..10).map(|number| format!("work/{number}.txt")).collect();
        for result in futures_util::future::join_all(paths.iter().map(|path| guest.write(path, "x"))).await {
            result.map_err(threw)?;
        }
        said("all")
    });
    let _person = house.kernel.presence_enter(&owner());
    let mut viewer = house.start("go").await;
    let asked = question(&mut viewer).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(house.kernel.approval_list(&owner()).unwrap().len(), 1);
    house.kernel.approval_answer(&owner(), asked.id, answer(Choice::Always)).unwrap();
    let (rest, report) = ended(viewer).await;
    assert_eq!((rest.len(), report.text.as_deref()), (0, Some("all")));
}

/// What the owner says while a question is open is not overwritten by the answer to it, and the other way round.
#[tokio::test]
async fn answers_and_grants_do_not_lose_each_other() {
    let house = House::new();
    asking(&house).await;
    let _person = house.kernel.presence_enter(&owner());
    let mut viewer = house.start("go").await;
    let asked = question(&mut viewer).await;
    let grants = vec![choice("storage", GrantState::Block, None)];
    house.kernel.grant_set(owner(), app("scribe"), grants).await.unwrap();
    house.kernel.approval_answer(&owner(), asked.id, answer(Choice::Always)).unwrap();
    ended(viewer).await;
    let states: Vec<_> =
        house.kernel.grant_list(&owner(), &app("scribe")).unwrap().into_iter().map(|view| view.line.state).collect();
    assert_eq!(states, [GrantState::Allow, GrantState::Allow, GrantState::Block]);
}

#[tokio::test]
async fn a_write_that_others_execute_is_asked_each_time() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move {
        for _ in 0..2 {
            guest.write("work/.git/hooks/pre-commit", "x").await.map_err(threw)?;
        }
        said("")
    });
    let _person = house.kernel.presence_enter(&owner());
    let mut viewer = house.start("go").await;
    for _ in 0..2 {
        let asked = question(&mut viewer).await;
        assert!(asked.sentence.to_string().contains("other programs execute"));
        house.kernel.approval_answer(&owner(), asked.id, answer(Choice::Always)).unwrap();
    }
    assert!(ended(viewer).await.1.summary.failure.is_none());
}

#[tokio::test]
async fn what_is_picked_is_the_grant_for_this_run() {
    let house = House::new();
    house.install_as(owner(), "scribe", "1.0.0", ASKS, vec![]).await.unwrap();
    house.world.put("/letters/a.txt", "picked");
    house.script("go", |guest| async move {
        let handle = guest.pick("a letter").await.map_err(threw)?;
        let text = guest.read(&handle).await.map_err(threw)?;
        let beside = seen(guest.read(&format!("{handle}/b.txt")).await.unwrap_err()).code;
        let direct = seen(guest.read("/letters/a.txt").await.unwrap_err()).code;
        said(format!("{text} {beside} {direct}"))
    });
    let _person = house.kernel.presence_enter(&owner());
    let mut viewer = house.start("go").await;
    let asked = question(&mut viewer).await;
    assert!(matches!(asked.kind, QuestionKind::Pick { folder: false, .. }));
    assert_eq!(asked.sentence.to_string(), "have a file to read: a letter");
    let pathless = house.kernel.approval_answer(&owner(), asked.id, answer(Choice::Once)).unwrap_err();
    assert_eq!(pathless.code, ErrorCode::InvalidInput);
    let picked = Answer { path: Some("/letters/a.txt".into()), ..answer(Choice::Once) };
    house.kernel.approval_answer(&owner(), asked.id, picked).unwrap();
    let report = ended(viewer).await.1;
    assert_eq!(report.text.as_deref(), Some("picked permission_denied permission_denied"));
    assert!(house.told(report.summary.run).contains(&"you picked /letters/a.txt".to_owned()));
    let both = Labels::PRIVATE.join(Labels::STRANGER);
    assert_eq!(house.log().last().unwrap().labels, both, "what a person picks may be a stranger's");
}

#[tokio::test]
async fn what_belongs_to_oikos_cannot_be_picked() {
    let house = House::new();
    house.scribe().await;
    house.script("go", |guest| async move { said(seen(guest.pick("x").await.unwrap_err()).code.to_string()) });
    let _person = house.kernel.presence_enter(&owner());
    for path in ["/oikos-home/keys/device", "/letters/missing"] {
        let mut viewer = house.start("go").await;
        let asked = question(&mut viewer).await;
        let picked = Answer { path: Some(path.into()), ..answer(Choice::Once) };
        house.kernel.approval_answer(&owner(), asked.id, picked).unwrap();
        let code = if path.contains("missing") { "file_unusable" } else { "permission_denied" };
        assert_eq!(ended(viewer).await.1.text.as_deref(), Some(code));
    }
}

#[tokio::test]
async fn a_question_that_cannot_be_kept_is_a_no() {
    let house = House::new();
    asking(&house).await;
    let _person = house.kernel.presence_enter(&owner());
    house.store.inner.set_disk_full(true);
    let report = house.run("go").await;
    assert!(report.text.as_ref().unwrap().contains("nobody was there"));
    assert_eq!(house.store.inner.lazy_failures(), 0);
}
