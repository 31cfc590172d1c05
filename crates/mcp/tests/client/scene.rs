//! What tests say again and again.

use crate::household::SystemClock;
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture};
use mcp::client::{
    Abilities, AskRefused, Bounds, Call, CallHost, ClientName, HttpBody, HttpError, HttpSender, InputRequest, LogLine,
    Nobody, OpenError, Options, Progress, Said, Session, Way, Web, oauth::Authorizer,
};
use serde_json::{Value, json};
use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};

/// How long a test waits for what has to come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn options() -> Options {
    let can = Abilities { elicitation_form: true, sampling: true, roots: true, ..Abilities::default() };
    Options {
        client: ClientName { name: "tests".into(), title: None, version: "1".into() },
        abilities: can,
        bounds: Bounds::default(),
        known: None,
        host: Arc::new(Nobody),
        clock: Arc::new(SystemClock::new()),
    }
}

/// Options with bounds that a test can reach.
pub(crate) fn tight(change: impl FnOnce(&mut Bounds)) -> Options {
    let mut options = options();
    change(&mut options.bounds);
    options
}

/// Has to come in time.
pub(crate) async fn soon<T>(coming: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, coming).await.expect("it comes in time")
}

/// Remembers what it is told, and answers as everybody would.
#[derive(Default)]
pub(crate) struct Witness {
    pub(crate) told: Mutex<Vec<String>>,
    pub(crate) asked: Mutex<Vec<InputRequest>>,
    /// How many questions came at once.
    pub(crate) rounds: Mutex<Vec<usize>>,
}

impl Witness {
    pub(crate) fn call(self: &Arc<Self>) -> Call {
        Call::new(self.clone())
    }

    pub(crate) fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }
}

impl CallHost for Witness {
    fn progress(&self, progress: Progress) {
        self.told.lock().unwrap().push(format!("{}/{}", progress.progress, progress.total.unwrap_or_default()));
    }

    fn log(&self, line: LogLine) {
        self.told.lock().unwrap().push(format!("{}: {}", line.level, line.data));
    }

    fn ask(&self, requests: Vec<InputRequest>) -> BoxFuture<'_, Result<Vec<Value>, AskRefused>> {
        self.rounds.lock().unwrap().push(requests.len());
        self.asked.lock().unwrap().extend(requests.iter().cloned());
        let answers = requests.iter().map(|request| match request.method.as_str() {
            "elicitation/create" => {
                let properties = request.params["requestedSchema"]["properties"].as_object().unwrap();
                let content = properties.iter().map(|(name, property)| {
                    let value = property.get("default").cloned().unwrap_or_else(|| format!("my {name}").into());
                    (name.clone(), value)
                });
                Ok(json!({ "action": "accept", "content": content.collect::<serde_json::Map<_, _>>() }))
            }
            "sampling/createMessage" => {
                Ok(json!({ "role": "assistant", "content": { "type": "text", "text": "Paris" }, "model": "m" }))
            }
            "roots/list" => Ok(json!({ "roots": [{ "uri": "file:///home" }] })),
            _ => Err(AskRefused::NotSupported),
        });
        std::future::ready(answers.collect()).boxed()
    }
}

/// What was answered, for those that look into it.
pub(crate) fn value(said: &Said) -> Value {
    said.read().unwrap()
}

/// The other end of a program's pipes.
pub(crate) struct Script {
    lines: tokio::io::Lines<BufReader<tokio::io::ReadHalf<DuplexStream>>>,
    output: tokio::io::WriteHalf<DuplexStream>,
}

impl Script {
    /// The next message that is no notice.
    pub(crate) async fn heard(&mut self) -> Value {
        loop {
            let line = soon(self.lines.next_line()).await.unwrap().expect("the client goes on");
            let message: Value = serde_json::from_str(&line).unwrap();
            if message.get("id").is_some() {
                return message;
            }
        }
    }

    /// The next notice.
    pub(crate) async fn noticed(&mut self) -> Value {
        loop {
            let line = soon(self.lines.next_line()).await.unwrap().expect("the client goes on");
            let message: Value = serde_json::from_str(&line).unwrap();
            if message.get("id").is_none() {
                return message;
            }
        }
    }

    /// Says anything. A client that no longer listens is no failure of the server's.
    pub(crate) async fn say(&mut self, text: &str) {
        self.output.write_all(text.as_bytes()).await.ok();
    }

    pub(crate) async fn answer(&mut self, id: &Value, result: Value) {
        self.say(&format!("{}\n", json!({ "jsonrpc": "2.0", "id": id, "result": result }))).await;
    }

    /// Answers the question for revisions as an old server does, and the greeting.
    pub(crate) async fn greet(&mut self) {
        let discover = self.heard().await;
        assert_eq!(discover["method"], "server/discover");
        let error = json!({ "code": -32601, "message": "Method not found" });
        self.say(&format!("{}\n", json!({ "jsonrpc": "2.0", "id": discover["id"], "error": error }))).await;
        let initialize = self.heard().await;
        assert_eq!(initialize["method"], "initialize");
        let result = json!({
            "protocolVersion": "2025-06-18",
            "capabilities": { "tools": {}, "resources": {} },
            "serverInfo": { "name": "script", "version": "1" },
        });
        self.answer(&initialize["id"], result).await;
    }
}

/// A program that a script plays.
pub(crate) fn program<F: Future<Output = ()> + Send + 'static>(play: impl FnOnce(Script) -> F) -> Way {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let (input, output) = tokio::io::split(theirs);
    tokio::spawn(play(Script { lines: BufReader::new(input).lines(), output }));
    let (output, input) = tokio::io::split(ours);
    Way::Program { output: Box::new(output), input: Box::new(input) }
}

/// A server behind an address that a function plays.
pub(crate) struct Played<F>(pub(crate) F);

impl<F, A> HttpSender for Played<F>
where
    F: Fn(http::Request<Bytes>) -> A + Send + Sync,
    A: Future<Output = Result<http::Response<HttpBody>, HttpError>> + Send + 'static,
{
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<HttpBody>, HttpError>> {
        Box::pin((self.0)(request))
    }
}

/// What a request says, for those that play.
pub(crate) fn message(request: &http::Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap_or_default()
}

pub(crate) fn header(request: &http::Request<Bytes>, name: &str) -> Option<String> {
    Some(request.headers().get(name)?.to_str().unwrap().to_owned())
}

pub(crate) fn body(pieces: Vec<String>) -> HttpBody {
    futures_util::stream::iter(pieces.into_iter().map(|piece| Ok(Bytes::from(piece)))).boxed()
}

pub(crate) fn reply(status: u16, kind: &str, text: impl Into<String>) -> http::Response<HttpBody> {
    http::Response::builder().status(status).header("content-type", kind).body(body(vec![text.into()])).unwrap()
}

pub(crate) fn result(request: &Value, result: Value) -> http::Response<HttpBody> {
    reply(200, "application/json", json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }).to_string())
}

pub(crate) fn refusal(status: u16, request: &Value, code: i64, data: Value) -> http::Response<HttpBody> {
    let error = json!({ "code": code, "message": "no", "data": data });
    reply(status, "application/json", json!({ "jsonrpc": "2.0", "id": request["id"], "error": error }).to_string())
}

pub(crate) fn greeting() -> Value {
    json!({ "protocolVersion": "2025-11-25", "capabilities": { "tools": {} }, "serverInfo": { "name": "played" } })
}

pub(crate) fn way(sender: impl HttpSender + 'static, authorizer: Option<Authorizer>) -> Way {
    let url = "http://localhost:7/mcp".parse().unwrap();
    let (headers, authorizer) = (http::HeaderMap::new(), authorizer.map(Arc::new));
    Way::Web(Web { url, headers, sender: Arc::new(sender), authorizer, sse_only: false })
}

pub(crate) async fn open(way: Way, options: Options) -> Result<Session, OpenError> {
    soon(Session::open(way, options)).await
}
