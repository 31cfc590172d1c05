//! The methods between oikos and a program that is an app: JSON-RPC 2.0, a message a line, over its standard streams.
//!
//! To it: `initialize`, `activate`, `invoke`, `event`, `deactivate`. From it: `host.call`, `stream`, `log`. `cancel` goes both
//! ways. Each call of ours has a number, and whatever the program does for it names that number as `call`: there is no effect
//! without a run that it is for. `docs/guides/writing-a-program.md` has every field.

use super::rpc::{Heard, Id, Lines, Refusal, answer, notice, read, request};
use crate::value::json_read;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use broker::Lease;
use futures_util::{
    FutureExt as _,
    future::{AbortHandle, Abortable, BoxFuture},
};
use kernel::{
    host_call::{HostAnswer, HostCall, HostError},
    program::{Dialect, ProgramLog, ProgramSource, Spoken, Streams},
    runner::{GuestCall, GuestEnd, GuestFailure, GuestHost, GuestPiece, GuestValue, Push},
};
use parking_lot::Mutex;
use protocol::{ErrorCode, Failure, LogLevel, text::shorten};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::{Notify, mpsc, oneshot, watch},
};

/// The version of these methods.
const VERSION: u32 = 1;
/// Messages to the program that wait for it to read: beyond these, whoever has one waits.
const WAITING_MAX: usize = 64;
/// What a program says for a run whose stream has no room waits for that, up to so many pieces and bytes: more than fits into one
/// line, and little beside the program itself.
const KEPT_MAX: usize = 256;
const KEPT_BYTES_MAX: usize = 8 << 20;
/// What is read at once.
const READ_BYTES: usize = 64 << 10;
/// A host call of the program failed, for the reason that `data.code` names.
const FAILED: i64 = -32_000;
const INVALID_PARAMS: i64 = -32_602;
const NO_SUCH_METHOD: i64 = -32_601;
/// What is shown of an error that a program made up.
const MESSAGE_CHARS_MAX: usize = 2_000;

/// oikos' own methods.
pub(crate) struct Plugin {
    /// The version of oikos, which programs are told.
    pub(crate) oikos: String,
}

impl Dialect for Plugin {
    fn open(
        &self,
        streams: Streams,
        source: Arc<ProgramSource>,
    ) -> BoxFuture<'static, Result<Arc<dyn Spoken>, String>> {
        let oikos = self.oikos.clone();
        async move {
            let talk = Talk::begin(streams);
            let hello = json!({
                "protocol": VERSION,
                "oikos": oikos,
                "app": { "name": source.app.as_str(), "version": source.version },
            });
            let said = talk.ask("initialize", hello).await?;
            match said.get("protocol").and_then(Value::as_u64) {
                Some(version) if version == u64::from(VERSION) => {}
                _ => return Err(format!("it answered 'initialize' without \"protocol\": {VERSION}")),
            }
            talk.ask("activate", json!({})).await?;
            Ok(Arc::new(Talk { source: Some(source), ..talk }) as Arc<dyn Spoken>)
        }
        .boxed()
    }
}

/// A conversation.
struct Talk {
    /// What it is a program of, once it has said hello.
    source: Option<Arc<ProgramSource>>,
    shared: Arc<Shared>,
    /// There is nobody to speak with any more, and why where that has a reason of its own.
    closed: watch::Receiver<Option<Option<String>>>,
}

struct Shared {
    to: mpsc::Sender<Vec<u8>>,
    numbers: AtomicU64,
    /// What we asked and have no answer to.
    asked: Mutex<HashMap<u64, oneshot::Sender<Result<Value, Refusal>>>>,
    /// Runs that it works for, by the number of the call.
    calls: Mutex<HashMap<u64, Served>>,
    /// A call has come or gone, or some of what was kept for one is said.
    changed: Notify,
    /// Hears what it logs for no run.
    log: Arc<dyn ProgramLog>,
}

/// A run that the program works for.
struct Served {
    host: Arc<dyn GuestHost>,
    lease: Lease,
    /// What it asked the host for, by its own ids.
    under_way: HashMap<Id, AbortHandle>,
    /// What it said for the run while the run's stream had no room: that is the run's own trouble, and no other's.
    kept: VecDeque<Kept>,
    kept_bytes: usize,
    /// Whoever says that once there is room.
    saying: Option<AbortHandle>,
    /// It has said its last.
    is_answered: bool,
}

/// What waits for room.
enum Kept {
    Piece { piece: GuestPiece, id: Option<Id>, bytes: usize },
    Answer(Result<Value, Refusal>),
}

impl Served {
    fn new(host: Arc<dyn GuestHost>, lease: Lease) -> Self {
        Self {
            host,
            lease,
            under_way: HashMap::new(),
            kept: VecDeque::new(),
            kept_bytes: 0,
            saying: None,
            is_answered: false,
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.kept.is_empty() || (self.kept.len() < KEPT_MAX && self.kept_bytes + bytes <= KEPT_BYTES_MAX)
    }
}

/// Nobody waits for what was begun for it any more.
impl Drop for Served {
    fn drop(&mut self) {
        self.under_way.values().chain(&self.saying).for_each(AbortHandle::abort);
    }
}

impl Talk {
    fn begin(streams: Streams) -> Self {
        let (to, lines) = mpsc::channel(WAITING_MAX);
        let (closing, closed) = watch::channel(None);
        let shared = Arc::new(Shared {
            to,
            numbers: AtomicU64::new(1),
            asked: Mutex::default(),
            calls: Mutex::default(),
            changed: Notify::new(),
            log: streams.log,
        });
        tokio::spawn(write(streams.to, lines));
        tokio::spawn(listen(streams.from, shared.clone(), closing));
        Self { source: None, shared, closed }
    }

    /// Asks before there is a run.
    async fn ask(&self, method: &str, params: Value) -> Result<Value, String> {
        let (_, answer) = self.shared.ask(method, params).await?;
        match answer.await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(refusal)) => Err(format!("'{method}' failed: {}", shorten(&refusal.message, MESSAGE_CHARS_MAX))),
            Err(_) => {
                let why = self.closed.borrow().clone().flatten();
                Err(why.unwrap_or_else(|| "it closed its standard output".to_owned()))
            }
        }
    }
}

impl Shared {
    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Relaxed)
    }

    async fn ask(
        &self,
        method: &str,
        params: Value,
    ) -> Result<(u64, oneshot::Receiver<Result<Value, Refusal>>), String> {
        let id = self.number();
        let (answering, answer) = oneshot::channel();
        self.asked.lock().insert(id, answering);
        match self.to.send(request(id, method, params)).await {
            Ok(()) => Ok((id, answer)),
            Err(_) => {
                self.asked.lock().remove(&id);
                Err("it reads nothing any more".to_owned())
            }
        }
    }
}

impl Spoken for Talk {
    fn call(&self, call: GuestCall, host: Arc<dyn GuestHost>) -> BoxFuture<'static, GuestEnd> {
        let shared = self.shared.clone();
        let hook = self.source.as_ref().and_then(|source| source.hooks.get(call.export.as_str()));
        let name = hook.map_or_else(|| call.export.as_str().to_owned(), Clone::clone);
        async move { GuestEnd { result: invoke(&shared, name, call, host).await, memory_bytes: 0 } }.boxed()
    }

    fn close(&self) -> BoxFuture<'static, ()> {
        let shared = self.shared.clone();
        async move {
            if let Ok((_, answer)) = shared.ask("deactivate", json!({})).await {
                drop(answer.await);
            }
        }
        .boxed()
    }

    fn closed(&self) -> BoxFuture<'static, Option<String>> {
        let mut closed = self.closed.clone();
        async move { closed.wait_for(Option::is_some).await.ok().and_then(|why| why.clone().flatten()) }.boxed()
    }
}

/// Takes the run out of the table, whatever becomes of the call.
struct Leaving<'a>(&'a Shared, u64);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.asked.lock().remove(&self.1);
        let served = self.0.calls.lock().remove(&self.1);
        drop(served);
        self.0.changed.notify_waiters();
    }
}

async fn invoke(
    shared: &Arc<Shared>,
    name: String,
    call: GuestCall,
    host: Arc<dyn GuestHost>,
) -> Result<GuestValue, GuestFailure> {
    let threw = |message: String, code| GuestFailure::Threw { message, stack: None, code };
    let read = |bytes: &[u8]| json_read(bytes).map_err(|why| threw(why, Some(ErrorCode::InvalidInput)));
    let (input, env) = (read(&call.input)?, read(&call.env)?);
    // A handler hears an event; everything else is called by its name.
    let (method, params) = match call.export.as_str().starts_with("on:") {
        true => {
            let of = |name: &str| input.get(name).cloned().unwrap_or_default();
            let (topic, payload, sender) = (of("topic"), of("payload"), of("sender"));
            ("event", json!({ "topic": topic, "payload": payload, "sender": sender, "env": env }))
        }
        false => ("invoke", json!({ "name": name, "input": input, "env": env })),
    };
    let id = shared.number();
    let (answering, mut answer) = oneshot::channel();
    // Known before it is said: the program may be quick.
    shared.asked.lock().insert(id, answering);
    shared.calls.lock().insert(id, Served::new(host, call.lease.clone()));
    shared.changed.notify_waiters();
    let _leaving = Leaving(shared, id);
    let mut params = params;
    params["call"] = id.into();
    if shared.to.send(request(id, method, params)).await.is_err() {
        return Err(lost("it reads nothing any more"));
    }
    let answered = tokio::select! {
        answered = &mut answer => answered,
        end = call.lease.ended() => {
            let told = shared.to.send(notice("cancel", json!({ "call": id })));
            drop(told.await);
            // It may tidy up, and says when it has; whoever waits for us has a limit.
            drop(answer.await);
            return Err(GuestFailure::Ended(end));
        }
    };
    match answered {
        Ok(Ok(result)) => Ok(value(result)),
        Ok(Err(refusal)) if refusal.code == NO_SUCH_METHOD => Err(GuestFailure::NoSuchExport),
        Ok(Err(refusal)) => {
            let word = refusal.data.get("code").and_then(Value::as_str);
            let code = word.and_then(|word| ErrorCode::ALL.iter().copied().find(|code| code.word() == word));
            Err(threw(shorten(&refusal.message, MESSAGE_CHARS_MAX), code))
        }
        Err(_) => Err(lost("it ended before it answered")),
    }
}

/// There is nobody to speak with any more.
fn lost(why: &str) -> GuestFailure {
    GuestFailure::Failed(Box::new(Failure::new(ErrorCode::ProgramFailed, why)))
}

/// What came back: a text, `{ data, summary, renderer }`, or anything else as data.
fn value(result: Value) -> GuestValue {
    let is_shaped = |fields: &Map<String, Value>| {
        fields.contains_key("data") && fields.keys().all(|name| matches!(&**name, "data" | "summary" | "renderer"))
    };
    match result {
        Value::Null => GuestValue::default(),
        Value::String(summary) => GuestValue { summary: Some(summary), ..GuestValue::default() },
        Value::Object(mut fields) if is_shaped(&fields) => {
            let mut text = |name: &str| fields.remove(name).and_then(|value| value.as_str().map(str::to_owned));
            let (summary, renderer) = (text("summary"), text("renderer"));
            GuestValue { data: fields.remove("data"), summary, renderer, exact: None }
        }
        data => GuestValue { data: Some(data), ..GuestValue::default() },
    }
}

async fn write(mut to: Box<dyn AsyncWrite + Send + Unpin>, mut lines: mpsc::Receiver<Vec<u8>>) {
    while let Some(line) = lines.recv().await {
        if to.write_all(&line).await.is_err() || to.flush().await.is_err() {
            break;
        }
    }
}

async fn listen(
    mut from: Box<dyn AsyncRead + Send + Unpin>,
    shared: Arc<Shared>,
    closing: watch::Sender<Option<Option<String>>>,
) {
    let mut lines = Lines::default();
    let mut bytes = vec![0; READ_BYTES];
    let why = 'reading: loop {
        let count = match from.read(&mut bytes).await {
            Ok(0) => break None,
            Ok(count) => count,
            Err(error) => break Some(format!("its standard output cannot be read: {error}")),
        };
        lines.take(&bytes[..count]);
        loop {
            match lines.next() {
                Ok(None) => break,
                Ok(Some(line)) => hear(&shared, &line).await,
                Err(long) => break 'reading Some(format!("it wrote {long}")),
            }
        }
    };
    {
        // Whoever waits for an answer hears that there is none, unless it is there and waits for room; what the program asked for is
        // for nobody.
        let mut calls = shared.calls.lock();
        calls.retain(|_, served| served.is_answered && served.saying.is_some());
        calls.values_mut().for_each(|served| served.under_way.drain().for_each(|(_, call)| call.abort()));
        shared.asked.lock().retain(|id, _| calls.contains_key(id));
    }
    closing.send_replace(Some(why));
}

async fn hear(shared: &Arc<Shared>, line: &[u8]) {
    match read(line) {
        Ok(Heard::Answer { id, result }) => shared.hear_answer(id, result),
        Ok(Heard::Request { id, method, params }) => match method.as_str() {
            "host.call" => host_call(shared, id, params).await,
            "stream" => stream(shared, Some(id), params, line.len()).await,
            _ => refuse(shared, &id, NO_SUCH_METHOD, format!("there is no method '{}'", shorten(&method, 64))).await,
        },
        Ok(Heard::Notice { method, params }) => match method.as_str() {
            "stream" => stream(shared, None, params, line.len()).await,
            "log" => log(shared, params),
            "cancel" => cancel(shared, &params),
            _ => tracing::debug!("a program told something that nobody listens to"),
        },
        Ok(Heard::Complaint(refusal)) => {
            tracing::debug!(code = refusal.code, "a program could not read what it was told")
        }
        Err(fault) => tracing::debug!(%fault, "a program wrote a line that is no message"),
    }
}

impl Shared {
    /// An answer to what we asked. After what the program said before it, where that is a run's.
    fn hear_answer(&self, id: u64, result: Result<Value, Refusal>) {
        if let Some(served) = self.calls.lock().get_mut(&id) {
            if served.is_answered {
                return;
            }
            served.is_answered = true;
            if served.saying.is_some() {
                served.kept.push_back(Kept::Answer(result));
                return;
            }
        }
        self.answered(id, result);
    }

    fn answered(&self, id: u64, result: Result<Value, Refusal>) {
        let asked = self.asked.lock().remove(&id);
        if let Some(asked) = asked {
            drop(asked.send(result));
        }
    }

    /// What waits longest for room. If there is nothing, nobody says it any more.
    fn next_kept(&self, call: u64) -> Option<Kept> {
        let next = {
            let mut calls = self.calls.lock();
            let served = calls.get_mut(&call)?;
            let next = served.kept.pop_front();
            match &next {
                Some(Kept::Piece { bytes, .. }) => served.kept_bytes -= bytes,
                Some(Kept::Answer(_)) => {}
                None => served.saying = None,
            }
            next
        };
        self.changed.notify_waiters();
        next
    }

    /// The run does not read what its program says, and others wait for what comes behind that.
    fn end_flood(&self, call: u64) {
        let message = format!(
            "it said more for a run than anybody reads, while others waited: at most {KEPT_MAX} pieces and {} MiB wait for \
             room. Said as a request, 'stream' is answered when there is room",
            KEPT_BYTES_MAX >> 20
        );
        if let Some(served) = self.calls.lock().get_mut(&call) {
            served.is_answered = true;
        }
        self.answered(call, Err(failed(&message, ErrorCode::HostLimit)));
        // One that does not even read is not told.
        drop(self.to.try_send(notice("cancel", json!({ "call": call }))));
    }
}

/// What a program is told of a piece, if it wants to know.
async fn reply(shared: &Shared, id: Option<Id>, said: Result<Value, Refusal>) {
    if let Some(id) = id {
        drop(shared.to.send(answer(&id, said)).await);
    }
}

async fn refuse(shared: &Shared, id: &Id, code: i64, message: String) {
    drop(shared.to.send(answer(id, Err(Refusal { code, message, data: Value::Null }))).await);
}

#[derive(Deserialize)]
struct WrittenCall {
    call: u64,
    name: String,
    #[serde(default)]
    arguments: Value,
    #[serde(default)]
    body: Option<String>,
}

/// An effect. It is performed beside the reading, so that the program can say more meanwhile.
async fn host_call(shared: &Arc<Shared>, id: Id, params: Value) {
    let written: WrittenCall = match serde_json::from_value(params) {
        Ok(written) => written,
        Err(error) => return refuse(shared, &id, INVALID_PARAMS, shorten(&error.to_string(), 200)).await,
    };
    let body = match written.body.map(|body| STANDARD.decode(body)).transpose() {
        Ok(body) => body.unwrap_or_default(),
        Err(_) => return refuse(shared, &id, INVALID_PARAMS, "body is not base64".to_owned()).await,
    };
    let begun = {
        let mut calls = shared.calls.lock();
        match calls.get_mut(&written.call) {
            None => Err("no such call is under way: it has ended, or never began".to_owned()),
            Some(served) if served.under_way.contains_key(&id) => Err("this id is in use".to_owned()),
            Some(served) => match served.lease.take_operation() {
                None => Err("too many host calls at once".to_owned()),
                Some(slot) => {
                    let (handle, registration) = AbortHandle::new_pair();
                    served.under_way.insert(id.clone(), handle);
                    Ok((served.host.clone(), slot, registration))
                }
            },
        }
    };
    let (host, slot, registration) = match begun {
        Ok(begun) => begun,
        Err(why) => return refuse(shared, &id, FAILED, why).await,
    };
    let arguments = match written.arguments {
        Value::Null => b"{}".to_vec(),
        arguments => arguments.to_string().into_bytes(),
    };
    let shared = shared.clone();
    tokio::spawn(async move {
        let performing = async {
            let call = HostCall::decode(&written.name, &arguments, body)?;
            host.call(call).await
        };
        let result = Abortable::new(performing, registration).await;
        drop(slot);
        if let Some(served) = shared.calls.lock().get_mut(&written.call) {
            served.under_way.remove(&id);
        }
        let said = match result {
            Ok(Ok(HostAnswer::Json(value))) => Ok(json!({ "json": value })),
            Ok(Ok(HostAnswer::JsonText(bytes))) => {
                Ok(json!({ "json": serde_json::from_slice::<Value>(&bytes).unwrap_or_default() }))
            }
            Ok(Ok(HostAnswer::Bytes(bytes))) => Ok(json!({ "bytes": STANDARD.encode(bytes) })),
            // The kernel follows these by itself.
            Ok(Ok(HostAnswer::Redirect(_))) => Err(failed("it is elsewhere", ErrorCode::Internal)),
            Ok(Err(HostError::Guest(error))) => Err(failed(&error.message, error.code)),
            Ok(Err(HostError::Ended(end))) => Err(failed("the run has ended", end.code())),
            Err(_) => Err(failed("it was cancelled", ErrorCode::Stopped)),
        };
        drop(shared.to.send(answer(&id, said)).await);
    });
}

fn failed(message: &str, code: ErrorCode) -> Refusal {
    Refusal { code: FAILED, message: message.to_owned(), data: json!({ "code": code.word() }) }
}

#[derive(Deserialize)]
struct WrittenPiece {
    call: u64,
    text: Option<String>,
    topic: Option<String>,
    #[serde(default)]
    payload: Value,
    renderer: Option<String>,
}

/// A piece for the run's stream. Said as a request, the answer comes when there is room for more: a program that minds is not
/// in anybody's way.
async fn stream(shared: &Arc<Shared>, id: Option<Id>, params: Value, bytes: usize) {
    let invalid = |message: String| Err(Refusal { code: INVALID_PARAMS, message, data: Value::Null });
    let (call, piece) = match serde_json::from_value::<WrittenPiece>(params) {
        Ok(WrittenPiece { call, text: Some(text), topic: None, .. }) => (call, GuestPiece::Text(text)),
        Ok(WrittenPiece { call, text: None, topic: Some(topic), payload, renderer }) => {
            (call, GuestPiece::Data { topic, payload, renderer })
        }
        Ok(_) => return reply(shared, id, invalid("a piece is a text, or has a topic and a payload".to_owned())).await,
        Err(error) => return reply(shared, id, invalid(shorten(&error.to_string(), 200))).await,
    };
    let (host, lease) = loop {
        let changed = shared.changed.notified();
        let mut changed = std::pin::pin!(changed);
        changed.as_mut().enable();
        let is_flood = {
            let mut calls = shared.calls.lock();
            let has_others = calls.len() > 1;
            match calls.get_mut(&call).filter(|served| !served.is_answered) {
                None => break (None, None),
                Some(served) if served.saying.is_none() => {
                    break (Some(served.host.clone()), Some(served.lease.clone()));
                }
                Some(served) if served.has_room(bytes) => {
                    served.kept_bytes += bytes;
                    served.kept.push_back(Kept::Piece { piece, id, bytes });
                    return;
                }
                Some(_) => has_others,
            }
        };
        if is_flood {
            shared.end_flood(call);
        } else {
            // Nobody else waits for what comes behind it: the program itself does, as if it wrote to a full pipe.
            changed.await;
        }
    };
    let (Some(host), Some(lease)) = (host, lease) else {
        let why = "no such call is under way: it has ended, or never began";
        return reply(shared, id, invalid(why.to_owned())).await;
    };
    match host.stream(piece) {
        Push::Taken => reply(shared, id, Ok(json!({}))).await,
        Push::Ended(end) => reply(shared, id, Err(failed("the run has ended", end.code()))).await,
        Push::Wait(room) => {
            let (handle, registration) = AbortHandle::new_pair();
            if let Some(served) = shared.calls.lock().get_mut(&call) {
                served.saying = Some(handle);
            }
            let saying = say_when_there_is_room(shared.clone(), call, (host, lease), room, id);
            tokio::spawn(Abortable::new(saying, registration));
        }
    }
}

/// Says what is kept for a run, a piece whenever there is room, until nothing is.
async fn say_when_there_is_room(
    shared: Arc<Shared>,
    call: u64,
    (host, lease): (Arc<dyn GuestHost>, Lease),
    mut room: BoxFuture<'static, ()>,
    mut id: Option<Id>,
) {
    loop {
        let said = tokio::select! {
            () = &mut room => Ok(json!({})),
            end = lease.ended() => Err(failed("the run has ended", end.code())),
        };
        reply(&shared, id, said).await;
        (room, id) = loop {
            match shared.next_kept(call) {
                None => return,
                Some(Kept::Answer(result)) => return shared.answered(call, result),
                Some(Kept::Piece { piece, id, .. }) => match host.stream(piece) {
                    Push::Taken => reply(&shared, id, Ok(json!({}))).await,
                    Push::Ended(end) => reply(&shared, id, Err(failed("the run has ended", end.code()))).await,
                    Push::Wait(room) => break (room, id),
                },
            }
        };
    }
}

#[derive(Deserialize)]
struct WrittenLog {
    call: Option<u64>,
    #[serde(default)]
    level: Option<LogLevel>,
    text: String,
}

/// A line for the log of the run that it names; one that names none that is under way is the program's own.
fn log(shared: &Shared, params: Value) {
    let Ok(WrittenLog { call, level, text }) = serde_json::from_value(params) else { return };
    let host = call.and_then(|call| shared.calls.lock().get(&call).map(|served| served.host.clone()));
    match host {
        Some(host) => drop(host.stream(GuestPiece::Log { level: level.unwrap_or(LogLevel::Info), text })),
        None => shared.log.say(&text),
    }
}

#[derive(Deserialize)]
struct WrittenCancel {
    call: u64,
    id: Id,
}

/// The program wants an answer no more.
fn cancel(shared: &Shared, params: &Value) {
    let Ok(WrittenCancel { call, id }) = WrittenCancel::deserialize(params) else { return };
    if let Some(handle) = shared.calls.lock().get_mut(&call).and_then(|served| served.under_way.remove(&id)) {
        handle.abort();
    }
}
