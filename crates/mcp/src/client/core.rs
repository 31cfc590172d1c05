//! What all parts of a session share: which calls are open, what is asked of whom, what changed.

use super::{
    Abilities, AskRefused, Call, CallError, CallHost, InputRequest, LogLine, Options, Progress, Refusal,
    changes::{Change, Hub},
    message::{self, Message},
};
use parking_lot::{Mutex, RwLock};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Messages of ours that wait until they are sent.
const OUTBOX: usize = 256;

/// What a session knows and its carrier needs.
pub(crate) struct Core {
    pub(crate) options: Options,
    pub(crate) hub: Hub,
    /// Ends everything.
    pub(crate) closed: CancellationToken,
    next_id: AtomicU64,
    calls: Mutex<BTreeMap<u64, Arc<OpenCall>>>,
    /// Questions of the server that are open, by their id as it is written.
    asked: Mutex<HashMap<String, CancellationToken>>,
    outbox: mpsc::Sender<Vec<u8>>,
    /// The last stream of changes that a server has said it keeps.
    pub(crate) acknowledged: watch::Sender<u64>,
    /// The revision that is spoken, once that is settled.
    revision: RwLock<Option<super::Revision>>,
}

/// A call that has no answer yet.
pub(crate) struct OpenCall {
    pub(crate) id: u64,
    /// Whether the server does something for it, and may ask and log meanwhile.
    may_ask: bool,
    host: Arc<dyn CallHost>,
    /// What may be asked during it, where that is not what the session said.
    abilities: Option<Abilities>,
    questions: AtomicUsize,
    /// What goes on: it keeps the call from being taken for silent.
    pub(crate) pulse: watch::Sender<Pulse>,
    ended: CancellationToken,
}

/// Signs of life of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pulse {
    beats: u64,
    /// Questions that wait for somebody on our side.
    pub(crate) questions: usize,
}

impl Core {
    pub(crate) fn new(options: Options) -> (Arc<Self>, mpsc::Receiver<Vec<u8>>) {
        let (outbox, waiting) = mpsc::channel(OUTBOX);
        let core = Self {
            hub: Hub::new(options.bounds.changes_waiting),
            options,
            closed: CancellationToken::new(),
            next_id: AtomicU64::new(1),
            calls: Mutex::default(),
            asked: Mutex::default(),
            outbox,
            acknowledged: watch::Sender::new(0),
            revision: RwLock::new(None),
        };
        (Arc::new(core), waiting)
    }

    pub(crate) fn revision(&self) -> Option<super::Revision> {
        *self.revision.read()
    }

    pub(crate) fn settle(&self, revision: super::Revision) {
        *self.revision.write() = Some(revision);
    }

    /// Opens a call.
    pub(crate) fn open(&self, method: &str, call: &Call) -> Result<Arc<OpenCall>, CallError> {
        let most = self.options.bounds.calls_open;
        let mut calls = self.calls.lock();
        if calls.len() >= most {
            return Err(CallError::Busy { most, what: "calls to this server are open" });
        }
        let call = Arc::new(OpenCall {
            id: self.next_id.fetch_add(1, Ordering::Relaxed),
            may_ask: matches!(method, "tools/call" | "prompts/get" | "resources/read"),
            host: call.host.clone(),
            abilities: call.abilities.clone(),
            questions: AtomicUsize::new(0),
            pulse: watch::Sender::new(Pulse::default()),
            ended: CancellationToken::new(),
        });
        calls.insert(call.id, call.clone());
        Ok(call)
    }

    /// The call has ended, and with it what was asked for it.
    pub(crate) fn close(&self, call: &OpenCall) {
        self.calls.lock().remove(&call.id);
        call.ended.cancel();
    }

    /// Has a message sent when there is time. What finds no room is left out: it is a courtesy to a server that does not listen.
    pub(crate) fn post(&self, message: Vec<u8>) {
        if self.outbox.try_send(message).is_err() {
            tracing::debug!("a message to a server that does not listen is left out");
        }
    }

    /// What a server says that is no answer. `belongs` is the call on whose own stream it came.
    pub(crate) fn hear(self: &Arc<Self>, message: Message, belongs: Option<u64>) {
        match message {
            Message::Question { id, method, params } => self.asked_for(id, method, params, belongs),
            Message::Notice { method, params } => self.told(&method, params, belongs),
            Message::Answer { .. } => tracing::debug!("an answer that belongs to nothing is left out"),
        }
    }

    fn told(&self, method: &str, params: Value, belongs: Option<u64>) {
        match method {
            "notifications/progress" => {
                let call = params.get("progressToken").and_then(Value::as_u64).and_then(|id| self.call(id));
                if let (Some(call), Some(progress)) = (call, params.get("progress").and_then(Value::as_f64)) {
                    call.pulse.send_modify(|pulse| pulse.beats += 1);
                    let message = params.get("message").and_then(Value::as_str).map(str::to_owned);
                    let total = params.get("total").and_then(Value::as_f64);
                    call.host.progress(Progress { progress, total, message });
                }
            }
            "notifications/message" => {
                let word = |name| params.get(name).and_then(Value::as_str).map(str::to_owned);
                let level = word("level").unwrap_or_else(|| "info".to_owned());
                let line =
                    LogLine { level, logger: word("logger"), data: params.get("data").cloned().unwrap_or_default() };
                match self.whose(belongs, |call| call.may_ask) {
                    (Some(call), true) => call.host.log(line),
                    (None, true) => {}
                    _ => self.options.host.log(line),
                }
            }
            "notifications/subscriptions/acknowledged" => {
                let id = params["_meta"]["io.modelcontextprotocol/subscriptionId"].as_u64().or(belongs);
                self.acknowledged.send_modify(|last| *last = id.unwrap_or(0).max(*last));
            }
            "notifications/cancelled" => {
                let id = params.get("requestId").map(Value::to_string);
                if let Some(question) = id.and_then(|id| self.asked.lock().get(&id).cloned()) {
                    question.cancel();
                }
            }
            _ => {
                // While one stream takes over from another, both tell: the newer one counts.
                let stream = params["_meta"]["io.modelcontextprotocol/subscriptionId"].as_u64();
                let counts = stream.is_none_or(|id| id == *self.acknowledged.borrow());
                if let Some(change) = Change::read(method, &params).filter(|_| counts) {
                    self.hub.tell(change);
                }
            }
        }
    }

    fn asked_for(self: &Arc<Self>, id: Value, method: String, params: Value, belongs: Option<u64>) {
        if method == "ping" {
            return self.post(message::answer(&id, Ok(json!({}))));
        }
        let refuse = |code: i64, message: &str| {
            self.post(message::answer(&id, Err(Refusal { code, message: message.to_owned(), data: None })));
        };
        if self.revision().is_some_and(super::Revision::is_stateless) {
            return tracing::debug!("a question that its revision does not know is left out");
        }
        let (call, certain) = self.whose(belongs, |call| call.may_ask);
        if certain && call.is_none() {
            return refuse(-32000, "the call that it is asked for has ended");
        }
        if !self.abilities(call.as_deref()).answers(&method, &params) {
            return refuse(Refusal::METHOD_NOT_FOUND, "this client does not answer that");
        }
        let bounds = &self.options.bounds;
        if let Some(call) = &call
            && call.questions.fetch_add(1, Ordering::Relaxed) >= bounds.questions
        {
            return refuse(-32000, "that are too many questions for one call");
        }
        let taken_back = CancellationToken::new();
        {
            let mut asked = self.asked.lock();
            if asked.len() >= bounds.questions_open {
                return refuse(-32000, "too many questions are open");
            }
            if asked.insert(id.to_string(), taken_back.clone()).is_some() {
                return refuse(-32600, "a question of that id is open");
            }
        }
        let core = self.clone();
        tokio::spawn(async move {
            let asking = core.ask(call.as_deref(), vec![InputRequest { method, params, key: None, certain }]);
            let outcome = tokio::select! {
                biased;
                () = core.closed.cancelled() => None,
                () = taken_back.cancelled() => None,
                outcome = asking => Some(outcome),
            };
            core.asked.lock().remove(&id.to_string());
            if let Some(outcome) = outcome {
                let outcome = outcome.map(|mut answers| answers.remove(0));
                let outcome = outcome.map_err(|refused| Refusal { code: -1, message: refused.to_string(), data: None });
                core.post(message::answer(&id, outcome));
            }
        });
    }

    /// Puts questions to whoever stands behind a call, until the call ends or time is up. There are as many answers.
    pub(crate) async fn ask(
        &self,
        call: Option<&OpenCall>,
        requests: Vec<InputRequest>,
    ) -> Result<Vec<Value>, AskRefused> {
        let host = call.map_or(&self.options.host, |call| &call.host);
        let _open = call.map(OpenQuestion::of);
        let ended = async {
            match call {
                Some(call) => call.ended.cancelled().await,
                None => std::future::pending().await,
            }
        };
        let refused = |why: &str| Err(AskRefused::Refused(why.to_owned()));
        let asked = requests.len();
        tokio::select! {
            biased;
            () = ended => refused("the call that it was asked for has ended"),
            answers = host.ask(requests) => match answers {
                Ok(answers) if answers.len() != asked => refused("there are not as many answers as questions"),
                answers => answers,
            },
            () = tokio::time::sleep(Duration::from_millis(self.options.bounds.question_ms)) => {
                refused("nobody answered in time")
            }
        }
    }

    /// Something small that is sent, and how long that may take.
    pub(crate) async fn in_time(&self, telling: impl Future<Output = Result<(), CallError>>) -> Result<(), CallError> {
        let after_ms = self.options.bounds.write_ms;
        let slow = || CallError::Slow { method: "a message".to_owned(), after_ms };
        tokio::time::timeout(Duration::from_millis(after_ms), telling).await.unwrap_or_else(|_| Err(slow()))
    }

    fn call(&self, id: u64) -> Option<Arc<OpenCall>> {
        self.calls.lock().get(&id).cloned()
    }

    /// To which call something belongs, and whether that is certain: the one on whose stream it came, else the one that was
    /// begun last.
    fn whose(&self, belongs: Option<u64>, fits: impl Fn(&OpenCall) -> bool) -> (Option<Arc<OpenCall>>, bool) {
        if let Some(id) = belongs {
            // One that has ended is not replaced by another.
            return (self.call(id), true);
        }
        let calls = self.calls.lock();
        let mut fitting = calls.values().filter(|call| fits(call));
        let last = fitting.next_back().cloned();
        let certain = last.is_some() && fitting.next().is_none();
        (last, certain)
    }

    /// What a server may ask for a call.
    pub(crate) fn abilities<'a>(&'a self, call: Option<&'a OpenCall>) -> &'a Abilities {
        call.and_then(|call| call.abilities.as_ref()).unwrap_or(&self.options.abilities)
    }

    /// What every request carries beside its parameters.
    pub(crate) fn meta(
        &self,
        wanted: &Map<String, Value>,
        call: &OpenCall,
        log_level: Option<&str>,
    ) -> Map<String, Value> {
        let foreign = wanted.iter().filter(|(key, _)| !is_ours(key));
        let mut meta: Map<_, _> = foreign.map(|(key, value)| (key.clone(), value.clone())).collect();
        meta.insert("progressToken".into(), call.id.into());
        if let Some(revision) = self.revision().filter(|revision| revision.is_stateless()) {
            meta.extend(self.standing(revision, Some(call)));
            if let Some(level) = log_level {
                meta.insert("io.modelcontextprotocol/logLevel".into(), level.into());
            }
        }
        meta
    }

    /// What a request that stands alone says of who asks.
    pub(crate) fn standing(&self, revision: super::Revision, call: Option<&OpenCall>) -> Map<String, Value> {
        let mut meta = Map::new();
        meta.insert("io.modelcontextprotocol/protocolVersion".into(), revision.word().into());
        meta.insert("io.modelcontextprotocol/clientInfo".into(), self.options.client.to_json());
        meta.insert("io.modelcontextprotocol/clientCapabilities".into(), self.abilities(call).to_json(revision));
        meta
    }
}

/// Keys of `_meta` that no caller sets.
fn is_ours(key: &str) -> bool {
    key == "progressToken"
        || ["protocolVersion", "clientInfo", "clientCapabilities", "logLevel", "subscriptionId"]
            .iter()
            .any(|name| key.strip_prefix("io.modelcontextprotocol/") == Some(name))
}

/// A question that waits for somebody here: as long as it does, the call's time stands still.
pub(crate) struct OpenQuestion<'a>(&'a OpenCall);

impl<'a> OpenQuestion<'a> {
    pub(crate) fn of(call: &'a OpenCall) -> Self {
        call.pulse.send_modify(|pulse| pulse.questions += 1);
        Self(call)
    }
}

impl Drop for OpenQuestion<'_> {
    fn drop(&mut self) {
        self.0.pulse.send_modify(|pulse| pulse.questions -= 1);
    }
}
