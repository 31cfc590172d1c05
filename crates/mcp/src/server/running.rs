//! One thing that is being done for a client: what happened so far, what is asked, what came of it. Who reads it may be
//! slow, leave and come back, or never come; whoever does it waits for nobody but an answer.

mod events; // what whoever does it sees of it

pub(crate) use events::Events;

use super::{
    events::{AskError, InputRequest, Waiting},
    household::ProtocolError,
    json::{Json, Members},
    message,
    result::{Kind, Shape},
    revision::Said,
};
use bytes::Bytes;
use parking_lot::Mutex;
use protocol::{ErrorCode, Failure};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Messages that wait for their reader. What comes after is not told: progress is told again, and a log that nobody reads
/// has no reader.
const UNREAD_MAX: usize = 256;
/// Bytes of them.
const UNREAD_BYTES_MAX: usize = 1024 * 1024;
/// How long questions are waited for that come together with the first. Nobody who answers notices.
const COLLECT: Duration = Duration::from_millis(5);
/// Requests to the client at one time.
const ASKS_MAX: usize = 16;
/// How long a client has to answer: as long as the owner has for a question.
pub(crate) const ASK_MAX: Duration = Duration::from_secs(600);

/// How a client of this wire is asked.
pub(crate) trait Asker: Send + Sync {
    /// An id for a request to the client, and where its answer comes. The request goes out with the call's own messages.
    fn open(&self) -> (message::Id, oneshot::Receiver<Result<Json, ProtocolError>>);
    /// Nobody waits for this answer any more.
    fn close(&self, id: &message::Id);
}

/// One thing that is being done.
pub(crate) struct Running {
    said: Said,
    shape: Shape,
    /// With sessions: by whom the client is asked. Without: answers come with the next request.
    asker: Option<Arc<dyn Asker>>,
    /// Nobody wants an answer any more.
    pub(crate) cancel: CancellationToken,
    /// Whoever does it is to leave it; ends with the one above.
    pub(crate) leave: CancellationToken,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Bytes>,
    /// The number of the first of them, and of the first that nobody has read.
    first: u64,
    unread: u64,
    unread_bytes: usize,
    asked: Vec<Asked>,
    /// What the client answered before it was asked.
    given: Vec<(String, Json)>,
    waiting: Vec<Waiting>,
    declined: bool,
    paused: bool,
    done: Option<Result<Json, ProtocolError>>,
}

struct Asked {
    key: String,
    request: InputRequest,
    answer: Option<oneshot::Sender<Json>>,
}

/// What a reader meets next.
pub(crate) enum Next {
    /// A message, and its number.
    Message(u64, Bytes),
    /// The end.
    Done(Result<Json, ProtocolError>),
    /// Without sessions: the client has to answer this first.
    Input(Vec<(String, InputRequest)>),
    /// A question waits in our page, and the client cannot open it for anybody.
    Elsewhere(Waiting),
    /// Nothing happens for a while: whoever can come back is let go.
    Paused,
}

/// What stands between an answer in our page and a request to the client: their names never meet those of apps.
const QUESTION_PREFIX: &str = "oikos/question/";

impl Running {
    pub(crate) fn new(
        said: Said,
        shape: Shape,
        asker: Option<Arc<dyn Asker>>,
        given: Vec<(String, Json)>,
        cancel: CancellationToken,
    ) -> Arc<Self> {
        let state = Mutex::new(State { given, ..State::default() });
        let leave = cancel.child_token();
        Arc::new(Self { said, shape, asker, cancel, leave, state, changed: watch::Sender::new(()) })
    }

    /// What answers to this have to look like.
    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Nothing will happen for a while: who can come back is let go.
    pub(crate) fn pause(&self) {
        self.state.lock().paused = true;
        self.wake();
    }

    fn wake(&self) {
        self.changed.send_replace(());
    }

    /// What came of it. What comes after it was given up is dropped.
    pub(crate) fn finish(&self, result: Result<Json, ProtocolError>) {
        let mut state = self.state.lock();
        if state.done.is_none() {
            state.done = Some(result);
        }
        state.asked.clear();
        state.waiting.clear();
        drop(state);
        self.wake();
    }

    pub(crate) fn is_done(&self) -> bool {
        self.state.lock().done.is_some()
    }

    /// What came of it, if it is over.
    pub(crate) fn result(&self) -> Option<Result<Json, ProtocolError>> {
        self.state.lock().done.clone()
    }

    /// What the client is asked now.
    pub(crate) fn asked(&self) -> Vec<(String, InputRequest)> {
        open(&self.state.lock())
    }

    /// The question that waits in our page, if one does.
    pub(crate) fn waiting(&self) -> Option<Waiting> {
        self.state.lock().waiting.first().cloned()
    }

    /// Whether it may become a task: a tool's call, by a client that takes them.
    pub(crate) fn may_be_task(&self) -> bool {
        self.shape.is_stateless && self.shape.kind == Kind::Tool && self.said.capabilities.takes_tasks()
    }

    /// What happens after a number, when it happens.
    pub(crate) async fn next(&self, from: u64) -> Next {
        let mut changed = self.changed.subscribe();
        let mut collected = false;
        loop {
            changed.mark_unchanged();
            match self.next_now(from) {
                // Questions come one after the other where whoever asks cannot ask them at once: they go out together.
                Some(Next::Input(_)) if !collected => {
                    collected = true;
                    tokio::time::sleep(COLLECT).await;
                    continue;
                }
                Some(next) => return next,
                None => {}
            }
            if changed.changed().await.is_err() {
                return Next::Done(Err(gone()));
            }
        }
    }

    fn next_now(&self, from: u64) -> Option<Next> {
        let mut state = self.state.lock();
        let from = from.max(state.first);
        if let Some(bytes) = state.messages.get(usize::try_from(from - state.first).unwrap_or(usize::MAX)).cloned() {
            if from >= state.unread {
                state.unread = from + 1;
                state.unread_bytes = state.unread_bytes.saturating_sub(bytes.len());
            }
            return Some(Next::Message(from, bytes));
        }
        if state.declined {
            let failure = Failure::new(ErrorCode::PermissionDenied, "the question in oikos' own page was declined")
                .hint("call again to be asked again");
            return Some(Next::Done(self.shape.answer(Err(failure.into()))));
        }
        if let Some(done) = &state.done {
            return Some(Next::Done(done.clone()));
        }
        if state.paused && (self.asker.is_some() || self.may_be_task()) {
            state.paused = false;
            return Some(Next::Paused);
        }
        let can_open = self.said.capabilities.opens_urls();
        if let Some(waiting) = state.waiting.first().filter(|_| !can_open) {
            return Some(Next::Elsewhere(waiting.clone()));
        }
        let open = if self.asker.is_none() { open(&state) } else { Vec::new() };
        (!open.is_empty()).then_some(Next::Input(open))
    }

    /// Where a reader begins that comes with the next request: after what was read.
    pub(crate) fn unread(&self) -> u64 {
        self.state.lock().unread
    }

    /// A message for the client. One that may be lost is, where too much waits already.
    fn push(&self, bytes: Bytes, may_be_lost: bool) {
        let mut state = self.state.lock();
        if state.done.is_some() {
            return;
        }
        let end = state.first + state.messages.len() as u64;
        let unread = usize::try_from(end - state.unread.max(state.first)).unwrap_or(usize::MAX);
        if may_be_lost && (unread >= UNREAD_MAX || state.unread_bytes + bytes.len() > UNREAD_BYTES_MAX) {
            return;
        }
        state.unread_bytes += bytes.len();
        state.messages.push_back(bytes);
        // What was read stays for whoever lost the connection and comes back, as long as there is room.
        while state.messages.len() > UNREAD_MAX && state.first < state.unread {
            state.messages.pop_front();
            state.first += 1;
        }
        drop(state);
        self.wake();
    }

    /// Answers that came with a request: those that nobody asked for are kept for when somebody does.
    pub(crate) fn answered(&self, answers: Vec<(String, Json)>) {
        let mut state = self.state.lock();
        for (key, answer) in answers {
            if let Some(id) = key.strip_prefix(QUESTION_PREFIX) {
                let id = id.to_owned();
                state.asked.retain(|asked| asked.key != key);
                if !is_accepted(&answer) {
                    self.decline(&mut state, &id);
                }
            } else if let Some(asked) = state.asked.iter_mut().find(|asked| asked.key == key) {
                if let Some(waits) = asked.answer.take() {
                    // Whoever asked may be gone by now.
                    let _gone = waits.send(answer).is_err();
                }
            } else if state.given.len() < ASKS_MAX {
                state.given.push((key, answer));
            }
        }
        state.asked.retain(|asked| asked.answer.is_some());
        drop(state);
        self.wake();
    }

    fn decline(&self, state: &mut State, id: &str) {
        if state.waiting.iter().any(|waiting| waiting.id == id) {
            state.declined = true;
            // It has an answer all the same: that it was declined.
            self.leave.cancel();
        }
    }

    async fn ask_one(&self, asker: &Arc<dyn Asker>, request: &InputRequest) -> Result<Json, AskError> {
        let (id, answer) = asker.open();
        let _closed = Closing { asker: Arc::clone(asker), id: id.clone() };
        self.push(message::request(Some(&id), &request.method, request.params.as_ref()), false);
        let answer = tokio::select! {
            answer = tokio::time::timeout(ASK_MAX, answer) => answer,
            () = self.leave.cancelled() => return Err(AskError::Gone),
        };
        match answer {
            Ok(Ok(Ok(result))) => Ok(result),
            Ok(Ok(Err(error))) => Err(AskError::Refused(error)),
            Ok(Err(_)) | Err(_) => Err(AskError::Gone),
        }
    }

    /// Without sessions: the answers come with the client's next request.
    async fn ask_later(&self, requests: Vec<InputRequest>) -> Result<Vec<Json>, AskError> {
        let mut waits = Vec::new();
        {
            let mut state = self.state.lock();
            if state.done.is_some() || state.asked.len() + requests.len() > ASKS_MAX {
                return Err(AskError::Gone);
            }
            for request in requests {
                if let Some(place) = state.given.iter().position(|(key, _)| *key == request.key) {
                    let (_, answer) = state.given.remove(place);
                    let (sender, receiver) = oneshot::channel();
                    let _gone = sender.send(answer).is_err();
                    waits.push(receiver);
                    continue;
                }
                let mut key = request.key.clone();
                while key.starts_with(QUESTION_PREFIX) || state.asked.iter().any(|asked| asked.key == key) {
                    key = format!("_{key}");
                }
                let (sender, receiver) = oneshot::channel();
                state.asked.push(Asked { key, request, answer: Some(sender) });
                waits.push(receiver);
            }
        }
        self.wake();
        let all = async {
            let mut answers = Vec::with_capacity(waits.len());
            for wait in waits {
                answers.push(wait.await.map_err(|_| AskError::Gone)?);
            }
            Ok(answers)
        };
        tokio::select! {
            answers = tokio::time::timeout(ASK_MAX, all) => answers.unwrap_or(Err(AskError::Gone)),
            () = self.leave.cancelled() => Err(AskError::Gone),
        }
    }
}

/// What the client is asked now, where its answers come with its next request.
fn open(state: &State) -> Vec<(String, InputRequest)> {
    let waits = state.asked.iter().filter(|asked| asked.answer.is_some());
    waits.map(|asked| (asked.key.clone(), asked.request.clone())).collect()
}

/// The error of what was given up.
pub(crate) fn gone() -> ProtocolError {
    ProtocolError::new(message::INTERNAL, "this is not being done any more")
}

fn is_accepted(answer: &Json) -> bool {
    Members::parse(answer.get()).ok().and_then(|answer| answer.text("action")).as_deref() == Some("accept")
}

struct Closing {
    asker: Arc<dyn Asker>,
    id: message::Id,
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.asker.close(&self.id);
    }
}
