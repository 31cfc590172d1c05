//! Answers by the id of their question. A page whose line was cut asks again with the same id: what it asked for happens
//! once, and it gets the answer that it missed. Runs are known by their ids for longer, in the store; this is for the rest.

use parking_lot::Mutex;
use protocol::{Caller, Digest, ErrorCode, Failure, OwnerId, RequestId};
use serde_json::Value;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// How long an answer is kept: far longer than a page needs to find a line again.
const KEPT: Duration = Duration::from_secs(600);
/// Answers that are kept, and being made, of one owner: no other loses theirs by them.
const ANSWERS_MAX: usize = 1_024;
/// What those of one owner may hold in memory: cards are some kilobytes.
const BYTES_MAX: usize = 8 << 20;

/// The last message of an answer: its type and payload.
pub(crate) type Last = Arc<(&'static str, Value)>;

type Key = (OwnerId, RequestId);

/// Answers that were given, and those that are being made.
#[derive(Debug, Default)]
pub(crate) struct Answers(Mutex<Kept>);

/// Of each owner, so that nobody else's questions push an answer out.
#[derive(Debug, Default)]
struct Kept(HashMap<OwnerId, OfOwner>);

#[derive(Debug, Default)]
struct OfOwner {
    answers: HashMap<RequestId, Answer>,
    /// Answers that were given, the oldest first.
    given: VecDeque<(Instant, RequestId)>,
    bytes: usize,
}

#[derive(Debug)]
struct Answer {
    /// Who asked, with which rights: for anybody else it is no answer.
    caller: Caller,
    /// What was asked.
    asked: Digest,
    last: watch::Receiver<Option<Last>>,
    bytes: usize,
}

/// What is known about a question.
#[derive(Debug)]
pub(crate) enum Known {
    /// Nothing: whoever asks makes the answer.
    New(Making),
    /// Somebody made the answer, or makes it.
    Asked(watch::Receiver<Option<Last>>),
}

/// An answer that is being made. Where nothing comes of it, the question may be asked again.
#[derive(Debug)]
pub(crate) struct Making {
    answers: Arc<Answers>,
    key: Key,
    last: watch::Sender<Option<Last>>,
    is_made: bool,
}

impl Answers {
    /// What is known about a question.
    pub(crate) fn known(self: &Arc<Self>, caller: Caller, id: RequestId, asked: Digest) -> Result<Known, Failure> {
        let key = (caller.owner, id);
        let mut kept = self.0.lock();
        let kept = kept.0.entry(caller.owner).or_default();
        kept.shrink();
        if let Some(answer) = kept.answers.get(&id) {
            if answer.caller == caller && answer.asked == asked {
                return Ok(Known::Asked(answer.last.clone()));
            }
            return Err(another());
        }
        if kept.answers.len() >= ANSWERS_MAX {
            // All of them are being made.
            let failure = Failure::new(ErrorCode::HostBusy, format!("{ANSWERS_MAX} questions are being answered"));
            return Err(failure.hint("try again when one of them was"));
        }
        let (sender, last) = watch::channel(None);
        kept.answers.insert(id, Answer { caller, asked, last, bytes: 0 });
        Ok(Known::New(Making { answers: self.clone(), key, last: sender, is_made: false }))
    }
}

/// One id is one question.
pub(crate) fn another() -> Failure {
    Failure::new(ErrorCode::Conflict, "something else was asked by this requestId")
        .hint("a new UUID for each new question")
}

impl OfOwner {
    /// Forgets what was given long ago, and the oldest where there is too much. What is being made stays.
    fn shrink(&mut self) {
        while let Some((at, id)) = self.given.front() {
            let is_over = at.elapsed() > KEPT || self.answers.len() >= ANSWERS_MAX || self.bytes > BYTES_MAX;
            if !is_over {
                return;
            }
            if let Some(answer) = self.answers.remove(id) {
                self.bytes -= answer.bytes;
            }
            self.given.pop_front();
        }
    }
}

impl Making {
    /// This is the answer. `bytes` is what it takes.
    pub(crate) fn made(mut self, last: Last, bytes: usize) {
        self.is_made = true;
        let (owner, id) = self.key;
        let mut kept = self.answers.0.lock();
        let of_owner = kept.0.entry(owner).or_default();
        if let Some(answer) = of_owner.answers.get_mut(&id) {
            answer.bytes = bytes;
            of_owner.bytes += bytes;
            of_owner.given.push_back((Instant::now(), id));
        }
        drop(kept);
        self.last.send_replace(Some(last));
    }

    /// It failed: whoever waits for it hears why, and whoever asks again tries again.
    pub(crate) fn failed(self, last: Last) {
        self.last.send_replace(Some(last));
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if !self.is_made {
            // Nobody pushes out what is being made, so this is ours.
            let (owner, id) = self.key;
            if let Some(of_owner) = self.answers.0.lock().0.get_mut(&owner) {
                of_owner.answers.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{DeviceId, Door, Rights, sha256};
    use serde_json::json;

    fn caller(owner: u32) -> Caller {
        Caller {
            owner: OwnerId(owner),
            device: DeviceId(Default::default()),
            door: Door::Key,
            rights: Rights::OWNER,
            client: None,
        }
    }

    fn id(number: u32) -> RequestId {
        format!("0193c8a2-7f3e-7a10-9b1c-{number:012x}").parse().expect("is an id")
    }

    fn making(known: Result<Known, Failure>) -> Making {
        match known {
            Ok(Known::New(making)) => making,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_is_answered_once_and_only_for_who_asked_it() {
        let answers = Arc::new(Answers::default());
        let (one, two) = (sha256(b"one"), sha256(b"two"));
        let making = making(answers.known(caller(1), id(1), one));
        let Ok(Known::Asked(mut waiting)) = answers.known(caller(1), id(1), one) else { panic!() };
        assert_eq!(answers.known(caller(1), id(1), two).expect_err("another").code, ErrorCode::Conflict);
        let weaker = Caller { rights: Rights::default(), ..caller(1) };
        assert_eq!(answers.known(weaker, id(1), one).expect_err("another").code, ErrorCode::Conflict);
        // Ids of others are nothing to anybody.
        assert!(matches!(answers.known(caller(2), id(1), two), Ok(Known::New(_))));
        making.made(Arc::new(("STREAM_END", json!({}))), 10);
        assert!(waiting.wait_for(Option::is_some).await.is_ok());
        assert!(matches!(answers.known(caller(1), id(1), one), Ok(Known::Asked(_))));
        tokio::time::advance(KEPT + Duration::from_secs(1)).await;
        assert!(matches!(answers.known(caller(1), id(1), one), Ok(Known::New(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn what_failed_may_be_tried_again_and_what_is_kept_is_bounded() {
        let answers = Arc::new(Answers::default());
        let asked = sha256(b"one");
        let first = making(answers.known(caller(1), id(1), asked));
        let Ok(Known::Asked(mut waiting)) = answers.known(caller(1), id(1), asked) else { panic!() };
        first.failed(Arc::new(("ERROR", json!({}))));
        assert!(waiting.wait_for(Option::is_some).await.is_ok(), "who waits hears why");
        drop(making(answers.known(caller(1), id(1), asked)));
        drop(making(answers.known(caller(1), id(1), asked)));
        for number in 0..2 * u32::try_from(ANSWERS_MAX).expect("is small") {
            making(answers.known(caller(1), id(number), asked)).made(Arc::new(("STREAM_END", json!({}))), 1 << 14);
        }
        {
            let kept = answers.0.lock();
            let kept = &kept.0[&OwnerId(1)];
            assert!(kept.answers.len() <= ANSWERS_MAX && kept.bytes <= BYTES_MAX + (1 << 14), "{}", kept.bytes);
            assert_eq!(kept.bytes, kept.answers.len() << 14);
        }
        // What is being made stays, whoever asks for more: the same question is not answered twice.
        let making: Vec<_> = (10_000..10_000 + u32::try_from(ANSWERS_MAX).expect("is small"))
            .map(|number| making(answers.known(caller(1), id(number), asked)))
            .collect();
        assert_eq!(answers.known(caller(1), id(1), asked).expect_err("is busy").code, ErrorCode::HostBusy);
        assert!(matches!(answers.known(caller(1), id(10_000), asked), Ok(Known::Asked(_))));
        assert!(matches!(answers.known(caller(2), id(1), asked), Ok(Known::New(_))), "others are not concerned");
        drop(making);
        assert!(matches!(answers.known(caller(1), id(1), asked), Ok(Known::New(_))));
    }
}
