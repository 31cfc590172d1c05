//! What the messages of a line ask for, and what is said to it.

use super::{
    MESSAGES_WAITING_MAX,
    answers::{Known, Last, another},
    asked::Asked,
};
use crate::{
    Arrival, Doors, Problem, REQUEST_WAIT,
    auth::Admitted,
    envelope::{self, Message, Misunderstood, Order, decode, encode},
};
use parking_lot::Mutex;
use protocol::{
    DeviceId, Digest, ErrorCode, Failure, RequestId, RunId,
    api::{Frame, Reply, Request, StopTarget},
    sha256,
};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    time::timeout,
};
use tracing::{Instrument as _, Span, field::Empty};

/// Runs that one line watches at once.
const STREAMS_MAX: usize = 32;

/// A run that a message began, as soon as it is known.
type Begun = watch::Receiver<Option<RunId>>;

/// Who is at the other end, and what is being done for them.
pub(super) struct Line {
    doors: Doors,
    admitted: Admitted,
    arrival: Arrival,
    out: mpsc::Sender<String>,
    streams: Arc<Semaphore>,
    /// Messages that are being answered, and what they ask for.
    underway: Mutex<HashMap<RequestId, (Digest, Begun)>>,
}

/// A message that is being answered. The same id again means the same message, until this is dropped; that is before its
/// last word is said, or whoever says it again upon that word would get no answer.
struct Underway {
    line: Arc<Line>,
    id: RequestId,
    run: watch::Sender<Option<RunId>>,
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.line.underway.lock().remove(&self.id);
    }
}

/// What is said of something that did not go well.
pub(super) fn error(request_id: Option<RequestId>, device: DeviceId, failure: &Failure) -> String {
    encode("ERROR", request_id, device, &json!(Problem::new(failure)))
}

impl Line {
    pub(super) fn new(doors: Doors, admitted: Admitted, arrival: Arrival, out: mpsc::Sender<String>) -> Self {
        let streams = Arc::new(Semaphore::new(STREAMS_MAX));
        Self { doors, admitted, arrival, out, streams, underway: Mutex::default() }
    }

    pub(super) fn device(&self) -> DeviceId {
        self.admitted.caller.device
    }

    /// Stays, to hear what the owner is asked.
    pub(super) fn attend(&self) -> Asked {
        let household = self.doors.household().ok();
        Asked::new(household.and_then(|household| household.attend(&self.admitted.caller)))
    }

    /// Whether this line hears a run's own stream, questions included.
    pub(super) fn watches(&self, run: RunId) -> bool {
        self.underway.lock().values().any(|(_, begun)| *begun.borrow() == Some(run))
    }

    /// Reads a message, and begins to answer it. Messages are read in the order in which they came, so that one may name
    /// the one before it; answers come as they are ready. What was begun goes on when the line ends.
    pub(super) fn take(self: &Arc<Self>, text: &str, place: OwnedSemaphorePermit) {
        let line = self.clone();
        let read = decode(text).and_then(|message| match self.begin(&message) {
            Ok(underway) => Ok((message, underway)),
            Err(failure) => Err(Misunderstood { request_id: Some(message.request_id), failure }),
        });
        match read {
            // It is being answered already.
            Ok((message, None)) if !matches!(message.order, Order::Cancel(of) if of == message.request_id) => {}
            Ok((message, underway)) => {
                let (kind, owner) = (message.order.word(), line.admitted.caller.owner.0);
                let span = tracing::info_span!("request", kind, owner, code = Empty);
                let answering = async move {
                    let request_id = message.request_id;
                    if let Err(failure) = line.obey(message, underway, place).await {
                        Span::current().record("code", failure.code.word());
                        line.say("ERROR", Some(request_id), &json!(Problem::new(&failure))).await;
                    }
                };
                drop(tokio::spawn(answering.instrument(span)));
            }
            Err(Misunderstood { request_id, failure }) => drop(tokio::spawn(async move {
                line.say("ERROR", request_id, &json!(Problem::new(&failure))).await;
                drop(place);
            })),
        }
    }

    fn begin(self: &Arc<Self>, message: &Message) -> Result<Option<Underway>, Failure> {
        let ours = self.admitted.caller.device.to_string();
        if message.device_id.as_ref().is_some_and(|device| *device != ours) {
            let failure = Failure::new(ErrorCode::NotFound, "that is another device");
            return Err(failure.hint(format!("this one is {ours}")));
        }
        let asked = match &message.order {
            // From wherever it goes on.
            Order::Stream { request: Request::RunFollow { run, .. }, .. } => {
                digest(&Request::RunFollow { run: *run, after_seq: 0 })
            }
            Order::Stream { request, .. } | Order::Ask(request) => digest(request),
            // Neither does anything anew.
            Order::Status | Order::Cancel(_) => sha256(&[]),
        };
        let mut underway = self.underway.lock();
        if let Some((known, _)) = underway.get(&message.request_id) {
            let is_same = *known == asked || matches!(message.order, Order::Cancel(of) if of == message.request_id);
            return if is_same { Ok(None) } else { Err(another()) };
        }
        let (run, begun) = watch::channel(None);
        underway.insert(message.request_id, (asked, begun));
        Ok(Some(Underway { line: self.clone(), id: message.request_id, run }))
    }

    /// Says something. Whether somebody still listens is theirs to know.
    async fn say(&self, kind: &str, request_id: Option<RequestId>, payload: &Value) {
        drop(self.out.send(encode(kind, request_id, self.admitted.caller.device, payload)).await);
    }

    async fn obey(
        &self,
        message: Message,
        underway: Option<Underway>,
        place: OwnedSemaphorePermit,
    ) -> Result<(), Failure> {
        let Message { request_id, order, .. } = message;
        match (order, underway) {
            (Order::Stream { request, after_seq }, Some(underway)) => {
                let Ok(_streams) = self.streams.clone().try_acquire_owned() else {
                    let failure =
                        Failure::new(ErrorCode::HostBusy, format!("{STREAMS_MAX} runs are being watched by this line"));
                    return Err(failure.hint("try again when one of them has ended, or open another line"));
                };
                // It may take long: others are answered meanwhile.
                drop(place);
                self.stream(request, after_seq, underway).await
            }
            (Order::Ask(request), underway) => self.ask(request_id, request, underway).await,
            (Order::Cancel(of), underway) => {
                // What it names may have its own id.
                drop(underway);
                let target = StopTarget::Run(self.begun(of).await?);
                let (kind, payload) = envelope::message(self.last(Request::RunStop { target }).await?);
                // In the older form the run's own end says so.
                if of != request_id || kind == "ERROR" {
                    self.say(kind, Some(request_id), &payload).await;
                }
                Ok(())
            }
            (Order::Status, underway) => {
                let status = self.status().await?;
                drop(underway);
                self.say("DEVICE_STATUS", Some(request_id), &status).await;
                Ok(())
            }
            (Order::Stream { .. }, None) => Ok(()),
        }
    }

    /// The run that a message of this line began.
    async fn begun(&self, of: RequestId) -> Result<RunId, Failure> {
        let begun = self.underway.lock().get(&of).map(|(_, begun)| begun.clone());
        let run = async { begun?.wait_for(Option::is_some).await.ok().and_then(|run| *run) };
        timeout(REQUEST_WAIT, run).await.ok().flatten().ok_or_else(|| {
            Failure::new(ErrorCode::RunNotFound, "no run that this line watches has that requestId")
                .hint("a CANCEL that names a run finds it wherever it was begun")
        })
    }

    /// A run's stream, each chunk once.
    async fn stream(&self, request: Request, after_seq: u64, underway: Underway) -> Result<(), Failure> {
        let id = underway.id;
        let mut underway = Some(underway);
        let _watcher = self.doors.watcher(&request, self.arrival)?;
        let mut frames = self.frames(request)?;
        loop {
            let frame = tokio::select! {
                frame = frames.recv() => frame.ok_or_else(no_end)?,
                // A run that says nothing for long is not watched by nobody for long.
                () = self.out.closed() => return Ok(()),
            };
            match &frame {
                Frame::Run { run } => {
                    if let Some(underway) = &underway {
                        underway.run.send_replace(Some(*run));
                    }
                }
                Frame::Chunk(chunk) if chunk.seq <= after_seq => continue,
                _ => {}
            }
            let is_last = matches!(frame, Frame::Done { .. } | Frame::Failed { .. });
            let (kind, payload) = envelope::message(frame);
            if is_last {
                // Whoever hears the end may say the same again at once.
                underway = None;
            }
            self.say(kind, Some(id), &payload).await;
            if is_last {
                return Ok(());
            }
        }
    }

    /// Something that happens once, however often it is asked by one id.
    async fn ask(&self, request_id: RequestId, request: Request, underway: Option<Underway>) -> Result<(), Failure> {
        let asked = digest(&request);
        let last = loop {
            match self.doors.answers().known(self.admitted.caller, request_id, asked)? {
                Known::Asked(mut last) => {
                    let last = last.wait_for(Option::is_some).await.ok().and_then(|last| last.clone());
                    if let Some(last) = last {
                        break last;
                    }
                    // Whoever made it has gone, and it was of a kind that goes with them: it is made anew.
                }
                Known::New(making) => {
                    let Some(last) = self.made(request_id, &request).await? else { return Ok(()) };
                    match last.0 {
                        "ERROR" => making.failed(last.clone()),
                        _ => making.made(last.clone(), last.1.to_string().len()),
                    }
                    break last;
                }
            }
        };
        drop(underway);
        self.say(last.0, Some(request_id), &last.1).await;
        Ok(())
    }

    /// Makes an answer, and says the steps on the way to it. `None`: the line has ended, and nobody else waits for a card.
    async fn made(&self, request_id: RequestId, request: &Request) -> Result<Option<Last>, Failure> {
        let ends_with_line = matches!(request, Request::AppOffer { .. });
        let mut frames = self.frames(request.clone())?;
        loop {
            let frame = tokio::select! {
                frame = frames.recv() => frame.ok_or_else(no_end)?,
                () = self.out.closed(), if ends_with_line => return Ok(None),
            };
            let is_last = matches!(frame, Frame::Done { .. } | Frame::Failed { .. });
            let message = envelope::message(frame);
            if is_last {
                return Ok(Some(Last::new(message)));
            }
            self.say(message.0, Some(request_id), &message.1).await;
        }
    }

    fn frames(&self, request: Request) -> Result<mpsc::Receiver<Frame>, Failure> {
        let (frames, waiting) = mpsc::channel(MESSAGES_WAITING_MAX);
        self.doors.ask(&self.admitted, request, frames)?;
        Ok(waiting)
    }

    /// How the answer to a request ends.
    async fn last(&self, request: Request) -> Result<Frame, Failure> {
        let mut frames = self.frames(request)?;
        loop {
            match frames.recv().await.ok_or_else(no_end)? {
                frame @ Frame::Done { .. } => return Ok(frame),
                Frame::Failed { failure } => return Err(failure),
                Frame::Run { .. }
                | Frame::Chunk(_)
                | Frame::Step { .. }
                | Frame::LogAfter { .. }
                | Frame::Entry(_)
                | Frame::Piece(_) => {}
            }
        }
    }

    async fn status(&self) -> Result<Value, Failure> {
        let mut status = json!({ "status": "online" });
        for request in [Request::Hello, Request::AppList, Request::RunList] {
            if let Frame::Done { reply } = self.last(request).await? {
                join(&mut status, &reply);
            }
        }
        Ok(status)
    }
}

/// Puts what a reply has beside what is there.
fn join(status: &mut Value, reply: &Reply) {
    if let (Some(known), Value::Object(more)) = (status.as_object_mut(), json!(reply)) {
        known.extend(more.into_iter().filter(|(name, _)| name != "reply"));
    }
}

/// What a request asks for, in short.
fn digest(request: &Request) -> Digest {
    sha256(&serde_json::to_vec(request).unwrap_or_default())
}

fn no_end() -> Failure {
    Failure::new(ErrorCode::Internal, "the answer ended before its end").hint("oikos doctor")
}
