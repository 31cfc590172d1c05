//! What persons are asked, and their answers. The board holds what is open in this process; the kernel keeps the
//! questions themselves durably and sets the deadline.

use parking_lot::Mutex;
use protocol::{Answer, Caller, OwnerId, Question, QuestionId, QuestionKind, RunId};
use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// Why an answer was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// No such open question of this owner.
    #[error("there is no open question of this id: it was answered, has expired, or its run has ended")]
    NotFound,
    /// Only a person who is there may answer.
    #[error(
        "only a person who is there can answer this, at a terminal or in a page that is signed in; a script cannot"
    )]
    NoPresence,
    /// A file or folder was asked for and none was named.
    #[error("this question needs the path of a file or folder")]
    PathMissing,
    /// A form was to be filled in, and was not.
    #[error("this question needs what goes into its fields")]
    FieldsMissing,
}

/// How a question ended. Only the board makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub(crate) question: QuestionId,
    pub(crate) run: RunId,
    /// `None`: nobody answered in time.
    pub(crate) answer: Option<Answer>,
}

impl Settled {
    /// A question that nobody answered in time: a no.
    pub fn unanswered(question: QuestionId, run: RunId) -> Self {
        Self { question, run, answer: None }
    }

    /// The question.
    pub fn question(&self) -> QuestionId {
        self.question
    }

    /// What was said; `None` if nobody answered in time.
    pub fn answer(&self) -> Option<&Answer> {
        self.answer.as_ref()
    }

    /// Whether a person said yes.
    pub fn is_yes(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.choice.is_yes())
    }
}

#[derive(Debug)]
struct Open {
    owner: OwnerId,
    question: Question,
    settled: Option<Settled>,
    waker: Option<Waker>,
}

/// The open questions of this process.
#[derive(Clone, Debug, Default)]
pub struct QuestionBoard(Arc<Mutex<BTreeMap<QuestionId, Open>>>);

impl QuestionBoard {
    /// Puts a question on the board. The returned future resolves when it is answered or expired; dropping it takes
    /// the question off.
    pub fn ask(&self, owner: OwnerId, question: Question) -> Asking {
        let id = question.id;
        self.0.lock().insert(id, Open { owner, question, settled: None, waker: None });
        Asking { board: self.clone(), id }
    }

    /// Open questions of an owner, oldest first.
    pub fn open(&self, owner: OwnerId) -> Vec<Question> {
        let board = self.0.lock();
        board
            .values()
            .filter(|open| open.owner == owner && open.settled.is_none())
            .map(|open| open.question.clone())
            .collect()
    }

    /// Answers a question. Only the owner, and only with a person present.
    pub fn answer(&self, caller: &Caller, id: QuestionId, answer: Answer) -> Result<Question, AnswerError> {
        let mut board = self.0.lock();
        let open = board
            .get_mut(&id)
            .filter(|open| open.owner == caller.owner && open.settled.is_none())
            .ok_or(AnswerError::NotFound)?;
        if !caller.has_presence() {
            return Err(AnswerError::NoPresence);
        }
        let is_pick = matches!(open.question.kind, QuestionKind::Pick { .. });
        if is_pick && answer.choice.is_yes() && answer.path.is_none() {
            return Err(AnswerError::PathMissing);
        }
        let is_form = matches!(open.question.kind, QuestionKind::Form { .. });
        if is_form && answer.choice.is_yes() && answer.filled.is_none() {
            return Err(AnswerError::FieldsMissing);
        }
        open.settle(Some(answer));
        Ok(open.question.clone())
    }

    /// Ends a question without an answer, which is a no.
    pub fn expire(&self, id: QuestionId) {
        if let Some(open) = self.0.lock().get_mut(&id) {
            open.settle(None);
        }
    }
}

impl Open {
    fn settle(&mut self, answer: Option<Answer>) {
        if self.settled.is_none() {
            self.settled = Some(Settled { question: self.question.id, run: self.question.run, answer });
            if let Some(waker) = self.waker.take() {
                waker.wake();
            }
        }
    }
}

/// Waits for the answer to a question.
#[derive(Debug)]
pub struct Asking {
    board: QuestionBoard,
    id: QuestionId,
}

impl Future for Asking {
    type Output = Settled;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Settled> {
        let mut board = self.board.0.lock();
        match board.get_mut(&self.id) {
            Some(Open { settled: Some(settled), .. }) => Poll::Ready(settled.clone()),
            Some(open) => {
                open.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            // Only `drop` takes a question off, and a dropped future is not polled.
            None => Poll::Pending,
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.board.0.lock().remove(&self.id);
    }
}
