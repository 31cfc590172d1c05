//! The door for pages that keep a line open: a WebSocket that carries envelopes. Many messages at once, each answered by
//! its own id; a reader that is slow slows its own answers down.

use crate::{
    Arrival, Doors, FRAMES_WAITING_MAX, REQUEST_BYTES_MAX,
    envelope::{Message, Misunderstood, Order, decode, encode, message},
    problem::{Problem, Refusal},
    serve::{Ending, Place},
};
use axum::{
    Extension,
    extract::{
        State,
        ws::{self, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::{IntoResponse, Response},
};
use futures_util::{SinkExt as _, StreamExt as _, stream::SplitSink};
use parking_lot::Mutex;
use protocol::{
    Caller, ErrorCode, Failure, RequestId, RunId,
    api::{Frame, Reply, Request, StopTarget},
};
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, MissedTickBehavior, interval, timeout},
};

/// Messages of one connection that are being answered at once. Further ones wait their turn unread.
const ORDERS_MAX: usize = 32;
/// How often the other end is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(30);
/// How long it may say nothing at all, not even that it is there.
const SILENCE_MAX: Duration = Duration::from_secs(75);
/// How long it may take to read one message.
const WRITE_WAIT: Duration = Duration::from_secs(60);
/// What is read at a time: an idle connection holds this much.
const READ_BYTES: usize = 4 << 10;

/// Opens a line.
pub(crate) async fn line(
    State(doors): State<Doors>,
    Extension(caller): Extension<Caller>,
    Extension(arrival): Extension<Arrival>,
    place: Option<Extension<Place>>,
    ending: Option<Extension<Ending>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(refused) => {
            let failure = Failure::new(ErrorCode::InvalidInput, "this is a WebSocket").log(refused.body_text());
            return Refusal::from(failure).with(refused.status()).into_response();
        }
    };
    upgrade
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_message_size(REQUEST_BYTES_MAX)
        .max_frame_size(REQUEST_BYTES_MAX)
        .on_upgrade(move |socket| async move {
            let line = Line { doors, caller, arrival };
            match ending {
                Some(Extension(mut ending)) => tokio::select! {
                    () = serve(socket, line) => {}
                    () = ending.come() => {}
                },
                None => serve(socket, line).await,
            }
            // Among the connections for as long as it was open.
            drop(place);
        })
}

/// Who is at the other end, and what answers them.
#[derive(Clone)]
struct Line {
    doors: Doors,
    caller: Caller,
    arrival: Arrival,
}

/// Runs that messages of this connection began, by the message's id.
type Begun = Arc<Mutex<HashMap<RequestId, RunId>>>;

async fn serve(socket: WebSocket, line: Line) {
    let (mut writing, mut reading) = socket.split();
    let (out, mut waiting) = mpsc::channel::<String>(FRAMES_WAITING_MAX);
    let places = Arc::new(Semaphore::new(ORDERS_MAX));
    let begun = Begun::default();
    let mut pings = interval(PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    // For the next message: without one, nothing is read.
    let mut place = None;
    loop {
        tokio::select! {
            free = places.clone().acquire_owned(), if place.is_none() => place = free.ok(),
            said = waiting.recv() => {
                let Some(said) = said else { return };
                if !write(&mut writing, ws::Message::text(said)).await {
                    return;
                }
            }
            said = reading.next(), if place.is_some() => {
                heard = Instant::now();
                match said {
                    Some(Ok(ws::Message::Text(text))) => {
                        let (line, out, begun, place) = (line.clone(), out.clone(), begun.clone(), place.take());
                        // A client that goes takes nothing with it: what it began goes on.
                        tokio::spawn(async move {
                            line.answer(text.as_str(), &out, &begun).await;
                            drop(place);
                        });
                    }
                    Some(Ok(ws::Message::Ping(_) | ws::Message::Pong(_))) => {}
                    Some(Ok(ws::Message::Binary(_))) => {
                        let failure = Failure::new(ErrorCode::InvalidInput, "messages are text");
                        if !write(&mut writing, ws::Message::text(line.error(None, &failure))).await {
                            return;
                        }
                    }
                    Some(Ok(ws::Message::Close(_)) | Err(_)) | None => return,
                }
            }
            _ = pings.tick() => {
                // While all places are taken nothing is read, so nothing is heard either.
                if place.is_some() && heard.elapsed() > SILENCE_MAX {
                    return;
                }
                if !write(&mut writing, ws::Message::Ping(axum::body::Bytes::new())).await {
                    return;
                }
            }
        }
    }
}

/// Says something; whether the other end took it in time.
async fn write(writing: &mut SplitSink<WebSocket, ws::Message>, said: ws::Message) -> bool {
    matches!(timeout(WRITE_WAIT, writing.send(said)).await, Ok(Ok(())))
}

impl Line {
    fn error(&self, request_id: Option<RequestId>, failure: &Failure) -> String {
        encode("ERROR", request_id, self.caller.device, &json!(Problem::new(failure)))
    }

    /// Answers one message.
    async fn answer(&self, text: &str, out: &mpsc::Sender<String>, begun: &Begun) {
        let (request_id, failed) = match decode(text) {
            Ok(message) => (Some(message.request_id), self.obey(message, out, begun).await.err()),
            Err(Misunderstood { request_id, failure }) => (request_id, Some(failure)),
        };
        if let Some(failure) = failed {
            // Whether somebody still listens is theirs to know.
            drop(out.send(self.error(request_id, &failure)).await);
        }
    }

    async fn obey(&self, message: Message, out: &mpsc::Sender<String>, begun: &Begun) -> Result<(), Failure> {
        let Message { request_id, device_id, order } = message;
        let ours = self.caller.device.to_string();
        if device_id.is_some_and(|device| device != ours) {
            let failure = Failure::new(ErrorCode::NotFound, "that is another device");
            return Err(failure.hint(format!("this one is {ours}")));
        }
        match order {
            Order::Ask(request) => self.ask(request_id, request, out, begun).await,
            Order::Cancel(of) => {
                let run = begun.lock().get(&of).copied();
                let run = run.ok_or_else(|| {
                    Failure::new(ErrorCode::RunNotFound, "no run of this connection has that requestId")
                        .hint("a CANCEL that names a run finds it wherever it was begun")
                })?;
                self.ask(request_id, Request::RunStop { target: StopTarget::Run(run) }, out, begun).await
            }
            Order::Status => {
                let status = self.status().await?;
                let said = encode("DEVICE_STATUS", Some(request_id), self.caller.device, &status);
                drop(out.send(said).await);
                Ok(())
            }
        }
    }

    async fn ask(
        &self,
        request_id: RequestId,
        request: Request,
        out: &mpsc::Sender<String>,
        begun: &Begun,
    ) -> Result<(), Failure> {
        let _watcher = self.doors.watcher(&request, self.arrival)?;
        let mut frames = self.frames(request)?;
        let mut is_over = false;
        while let Some(frame) = frames.recv().await {
            if let Frame::Run { run } = &frame {
                begun.lock().insert(request_id, *run);
            }
            is_over = matches!(frame, Frame::Done { .. } | Frame::Failed { .. });
            let Some((kind, payload)) = message(frame) else { continue };
            if out.send(encode(kind, Some(request_id), self.caller.device, &payload)).await.is_err() {
                break;
            }
        }
        begun.lock().remove(&request_id);
        match is_over || out.is_closed() {
            true => Ok(()),
            false => Err(Failure::new(ErrorCode::Internal, "the answer ended before its end").hint("oikos doctor")),
        }
    }

    fn frames(&self, request: Request) -> Result<mpsc::Receiver<Frame>, Failure> {
        let household = self.doors.household()?;
        let (frames, waiting) = mpsc::channel(FRAMES_WAITING_MAX);
        tokio::spawn(household.answer(self.caller, request, frames));
        Ok(waiting)
    }

    async fn status(&self) -> Result<Value, Failure> {
        let mut status = json!({});
        for request in [Request::Hello, Request::AppList, Request::RunList] {
            let mut frames = self.frames(request)?;
            while let Some(frame) = frames.recv().await {
                match frame {
                    Frame::Done { reply } => join(&mut status, &reply),
                    Frame::Failed { failure } => return Err(failure),
                    Frame::Run { .. } | Frame::Chunk(_) | Frame::Step { .. } => {}
                }
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
