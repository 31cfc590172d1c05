//! Asked and answered.

use crate::{
    Scene,
    scene::{NOW, Wakes, caller},
};
use broker::{AnswerError, Ask, Decision, FileDemand, FileVerb, Settled};
use protocol::{
    Answer, Caller, Choice, Door, FileAccess, GrantState, OwnerId, Question, QuestionId, QuestionKind, Right, Rights,
    Zone,
};
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

fn asked() -> (Scene, Ask<FileDemand>, Question) {
    let scene = Scene::new(Zone::Local).file(FileAccess::Write, GrantState::Ask, &["/home/me/notes"]);
    let demand = FileDemand::new(FileVerb::Write, "notes/a");
    let Decision::Ask(ask) = scene.broker.decide(&scene.lease, demand, NOW) else { panic!("it asks") };
    let question = Question {
        id: QuestionId::new(&scene.clock, &scene.entropy),
        run: scene.lease.run(),
        app: scene.lease.app().clone(),
        sentence: ask.sentence.clone(),
        kind: QuestionKind::Permission {
            content: None,
            line: "\"file.write\""
                .parse::<serde_json::Value>()
                .map(|line| serde_json::from_value(line).unwrap())
                .unwrap(),
        },
        asked_at: NOW,
        expires_at: NOW,
    };
    (scene, *ask, question)
}

fn answer(choice: Choice) -> Answer {
    choice.into()
}

/// What the board settles with once this is said.
fn settle(scene: &Scene, question: &Question, say: impl FnOnce()) -> Option<Settled> {
    let mut asking = pin!(scene.broker.questions().ask(OwnerId::LOCAL, question.clone()));
    let mut context = Context::from_waker(Waker::noop());
    assert!(asking.as_mut().poll(&mut context).is_pending());
    say();
    match asking.as_mut().poll(&mut context) {
        Poll::Ready(settled) => Some(settled),
        Poll::Pending => None,
    }
}

#[test]
fn a_yes_becomes_a_permit_for_exactly_what_was_asked() {
    let (scene, ask, question) = asked();
    let settled = settle(&scene, &question, || {
        scene.broker.questions().answer(&caller(Door::Terminal), question.id, answer(Choice::Once)).unwrap();
    })
    .unwrap();
    let permit = scene.broker.settle(ask, &settled, 0).unwrap();
    assert_eq!(permit.demand().target().unwrap().shown(), "/home/me/notes/a");
    assert_eq!(permit.basis().rule().to_string(), "you said yes when asked");
    assert!(scene.broker.questions().open(OwnerId::LOCAL).is_empty());
}

#[test]
fn a_no_and_no_answer_are_denials() {
    let (scene, ask, question) = asked();
    let settled = settle(&scene, &question, || {
        scene.broker.questions().answer(&caller(Door::Terminal), question.id, answer(Choice::No)).unwrap();
    });
    let denied = scene.broker.settle(ask, &settled.unwrap(), 0).unwrap_err();
    assert_eq!(denied.rule.to_string(), "you said no");

    let (scene, ask, question) = asked();
    let settled = settle(&scene, &question, || scene.broker.questions().expire(question.id));
    let denied = scene.broker.settle(ask, &settled.unwrap(), 600_000).unwrap_err();
    assert_eq!(denied.rule.to_string(), "nobody answered within 10 min");
}

#[test]
fn only_the_owner_with_a_person_present_can_answer() {
    let (scene, _, question) = asked();
    let board = scene.broker.questions();
    let settled = settle(&scene, &question, || {
        let script = caller(Door::Socket);
        let no_right = Caller { rights: Rights::of(&[Right::Read, Right::Run]), ..caller(Door::Terminal) };
        let stranger = Caller { owner: OwnerId(2), ..caller(Door::Terminal) };
        assert_eq!(board.answer(&script, question.id, answer(Choice::Once)), Err(AnswerError::NoPresence));
        assert_eq!(
            board.answer(&caller(Door::Kernel), question.id, answer(Choice::Once)),
            Err(AnswerError::NoPresence)
        );
        assert_eq!(board.answer(&no_right, question.id, answer(Choice::Once)), Err(AnswerError::NoPresence));
        assert_eq!(board.answer(&stranger, question.id, answer(Choice::Once)), Err(AnswerError::NotFound));
        assert!(board.open(OwnerId(2)).is_empty());
        assert_eq!(board.open(OwnerId::LOCAL).len(), 1);
    });
    assert_eq!(settled, None);
}

#[test]
fn a_pick_needs_a_path_unless_it_is_a_no() {
    let (scene, _, mut question) = asked();
    question.kind = QuestionKind::Pick { access: FileAccess::Read, folder: false };
    let board = scene.broker.questions();
    let terminal = caller(Door::Terminal);
    let settled = settle(&scene, &question, || {
        let no_path = board.answer(&terminal, question.id, answer(Choice::Once));
        assert_eq!(no_path, Err(AnswerError::PathMissing));
        let picked = Answer { path: Some("/tmp/a.csv".into()), ..answer(Choice::Once) };
        assert_eq!(board.answer(&terminal, question.id, picked), Ok(question.clone()));
    });
    let settled = settled.unwrap();
    assert!(settled.is_yes());
    assert_eq!(settled.question(), question.id);
    assert_eq!(settled.answer().and_then(|answer| answer.path.as_deref()), Some("/tmp/a.csv"));

    let settled = settle(&scene, &question, || {
        board.answer(&terminal, question.id, answer(Choice::No)).unwrap();
    });
    assert!(!settled.unwrap().is_yes());
    let unanswered = Settled::unanswered(question.id, question.run);
    assert_eq!((unanswered.question(), unanswered.answer(), unanswered.is_yes()), (question.id, None, false));
}

#[test]
fn a_form_needs_its_fields_and_closing_it_is_no_yes() {
    let (scene, _, mut question) = asked();
    question.kind = QuestionKind::Form { message: "Who?".to_owned(), schema: serde_json::json!({ "type": "object" }) };
    let board = scene.broker.questions();
    let terminal = caller(Door::Terminal);
    let settled = settle(&scene, &question, || {
        let nothing = board.answer(&terminal, question.id, answer(Choice::Once));
        assert_eq!(nothing, Err(AnswerError::FieldsMissing));
        let filled = Answer { filled: Some(serde_json::Map::new()), ..answer(Choice::Once) };
        board.answer(&terminal, question.id, filled).unwrap();
    });
    assert!(settled.unwrap().is_yes());
    for choice in [Choice::No, Choice::Cancel] {
        let settled = settle(&scene, &question, || {
            board.answer(&terminal, question.id, answer(choice)).unwrap();
        });
        assert!(!settled.unwrap().is_yes());
    }
}

#[test]
fn whoever_asked_wakes() {
    let (scene, _, question) = asked();
    let (wakes, waker) = Wakes::counted();
    let mut asking = pin!(scene.broker.questions().ask(OwnerId::LOCAL, question.clone()));
    assert!(asking.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    // A second end changes nothing.
    scene.broker.questions().answer(&caller(Door::Terminal), question.id, answer(Choice::Once)).unwrap();
    scene.broker.questions().expire(question.id);
    assert_eq!(wakes.count(), 1);
    let Poll::Ready(settled) = asking.as_mut().poll(&mut Context::from_waker(&waker)) else { panic!("settled") };
    assert!(settled.is_yes());
}

#[test]
fn a_question_is_answered_once_and_goes_with_whoever_asked() {
    let (scene, _, question) = asked();
    let board = scene.broker.questions();
    settle(&scene, &question, || {
        board.answer(&caller(Door::Terminal), question.id, answer(Choice::No)).unwrap();
        let again = board.answer(&caller(Door::Terminal), question.id, answer(Choice::Once));
        assert_eq!(again, Err(AnswerError::NotFound));
    });
    // Whoever asked has gone without an answer, and so has the question.
    drop(board.ask(OwnerId::LOCAL, question.clone()));
    assert!(board.open(OwnerId::LOCAL).is_empty());
    let late = board.answer(&caller(Door::Terminal), question.id, answer(Choice::Once));
    assert_eq!(late, Err(AnswerError::NotFound));
}

#[test]
fn an_answer_to_another_run_is_worth_nothing() {
    let (scene, ask, mut question) = asked();
    question.run = protocol::RunId::new(&scene.clock, &scene.entropy);
    let settled = settle(&scene, &question, || {
        scene.broker.questions().answer(&caller(Door::Terminal), question.id, answer(Choice::Always)).unwrap();
    });
    assert!(scene.broker.settle(ask, &settled.unwrap(), 0).is_err());
}

#[test]
fn a_yes_that_comes_after_the_end_is_too_late() {
    let (scene, ask, question) = asked();
    let settled = settle(&scene, &question, || {
        scene.broker.questions().answer(&caller(Door::Terminal), question.id, answer(Choice::Once)).unwrap();
    });
    scene.lease.end(broker::LeaseEnd::Stopped);
    let denied = scene.broker.settle(ask, &settled.unwrap(), 0).unwrap_err();
    assert_eq!(denied.rule.to_string(), "the run has ended: the owner stopped it");
}
