//! Lines in, lines out: JSON-RPC, who may ask what, and what is under way.

use crate::{answers, listings, tools};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    sync::{mpsc, oneshot},
    task::AbortHandle,
};

pub(crate) const NEWEST: &str = "2026-07-28";
const OLD: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// Which wires are spoken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wires {
    Both,
    Old,
    New,
}

/// An error of JSON-RPC.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
}

impl Failure {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(-32602, message)
    }
}

/// How a request ends without its result.
pub(crate) enum Stop {
    Failed(Failure),
    /// On the newest wire: what has to be known first.
    Wants(Map<String, Value>),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// All that goes on.
pub(crate) struct House {
    wires: Wires,
    /// The tools that it has, if not all.
    only: Vec<String>,
    out: mpsc::UnboundedSender<Value>,
    /// What the client said in its greeting.
    greeted: Mutex<Value>,
    level: Mutex<String>,
    next_id: AtomicU64,
    asked: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
    running: Mutex<HashMap<String, AbortHandle>>,
    watched: Mutex<BTreeSet<String>>,
    streams: Mutex<HashMap<String, (Value, Value)>>,
    pub(crate) cancelled: AtomicUsize,
    pub(crate) key: [u8; 32],
}

/// One request.
pub(crate) struct Asked {
    pub(crate) house: Arc<House>,
    pub(crate) params: Value,
    pub(crate) is_new: bool,
    pub(crate) capabilities: Value,
}

impl Asked {
    pub(crate) fn meta(&self) -> &Value {
        &self.params["_meta"]
    }

    pub(crate) fn arguments(&self) -> &Value {
        &self.params["arguments"]
    }

    /// Something that only the client knows: asked for at once on the old wire, wanted before the next round on the newest.
    pub(crate) async fn input(&self, key: &str, method: &str, params: Value) -> Result<Value, Stop> {
        if !self.is_new {
            return self.house.ask(method, params).await.map_err(Stop::from);
        }
        match self.params["inputResponses"].get(key) {
            Some(answer) if answer.is_object() => Ok(answer.clone()),
            _ => Err(Stop::Wants(Map::from_iter([(key.to_owned(), json!({ "method": method, "params": params }))]))),
        }
    }

    pub(crate) fn progress(&self, progress: u32, message: &str) {
        let token = &self.meta()["progressToken"];
        if !token.is_null() {
            let params = json!({ "progressToken": token, "progress": progress, "total": 100, "message": message });
            self.house.say(json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params }));
        }
    }

    /// Logs, where the client wants that.
    pub(crate) fn log(&self, text: &str) {
        let wanted = if self.is_new {
            self.meta()["io.modelcontextprotocol/logLevel"].as_str().map(str::to_owned)
        } else {
            Some(self.house.level.lock().expect("nobody panicked").clone())
        };
        if wanted.is_some_and(|level| matches!(level.as_str(), "debug" | "info")) {
            let params = json!({ "level": "info", "logger": "conformance-server", "data": text });
            self.house.say(json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": params }));
        }
    }
}

impl House {
    fn say(&self, message: Value) {
        // Nobody reads any more: the program is about to end.
        self.out.send(message).ok();
    }

    async fn ask(&self, method: &str, params: Value) -> Result<Value, Failure> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.asked.lock().expect("nobody panicked").insert(id, sender);
        self.say(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let answer = answer.await.map_err(|_| Failure::new(-32603, "the client has gone"))?;
        match answer.get("result") {
            Some(result) => Ok(result.clone()),
            None => Err(Failure::new(-32603, answer["error"]["message"].as_str().unwrap_or("no answer"))),
        }
    }

    /// Tells of a change: on the old wire to all, on the newest to those that listen for it.
    pub(crate) fn changed(&self, method: &str, wanted: &str, uri: Option<&str>) {
        let greeted = !self.greeted.lock().expect("nobody panicked").is_null();
        let watched = uri.is_none_or(|uri| self.watched.lock().expect("nobody panicked").contains(uri));
        let params = |mut params: Value| {
            if let Some(uri) = uri {
                params["uri"] = uri.into();
            }
            json!({ "jsonrpc": "2.0", "method": method, "params": params })
        };
        if greeted && watched {
            self.say(params(json!({})));
        }
        for (id, filter) in self.streams.lock().expect("nobody panicked").values() {
            let wants = match uri {
                Some(uri) => filter[wanted].as_array().is_some_and(|all| all.iter().any(|one| one == uri)),
                None => filter[wanted] == true,
            };
            if wants {
                self.say(params(json!({ "_meta": { SUBSCRIPTION: id } })));
            }
        }
    }

    fn understand(self: &Arc<Self>, mut message: Value) {
        let method = message["method"].as_str().map(str::to_owned);
        let id = message.get("id").cloned();
        match (method, id) {
            (Some(method), Some(id)) => {
                let (house, params) = (self.clone(), message["params"].take());
                let name = id.to_string();
                let task = tokio::spawn(async move {
                    let answer = house.clone().answer(&method, params, &id).await;
                    house.running.lock().expect("nobody panicked").remove(&id.to_string());
                    match answer {
                        Ok(Some(result)) => house.say(json!({ "jsonrpc": "2.0", "id": id, "result": result })),
                        // A stream has no answer until it ends.
                        Ok(None) => {}
                        Err(failure) => {
                            let mut error = json!({ "code": failure.code, "message": failure.message });
                            if let Some(data) = failure.data {
                                error["data"] = data;
                            }
                            house.say(json!({ "jsonrpc": "2.0", "id": id, "error": error }));
                        }
                    }
                });
                if !task.is_finished() {
                    self.running.lock().expect("nobody panicked").insert(name, task.abort_handle());
                }
            }
            (Some(method), None) if method == "notifications/cancelled" => {
                let name = message["params"]["requestId"].to_string();
                if let Some(task) = self.running.lock().expect("nobody panicked").remove(&name) {
                    task.abort();
                    self.cancelled.fetch_add(1, Ordering::Relaxed);
                }
                self.streams.lock().expect("nobody panicked").remove(&name);
            }
            (None, Some(id)) => {
                let asked = id.as_u64().and_then(|id| self.asked.lock().expect("nobody panicked").remove(&id));
                if let Some(asked) = asked {
                    asked.send(message).ok();
                }
            }
            _ => {}
        }
    }

    async fn answer(self: Arc<Self>, method: &str, params: Value, id: &Value) -> Result<Option<Value>, Failure> {
        let revision = params["_meta"][VERSION].as_str().map(str::to_owned);
        let Some(revision) = revision else { return self.answer_old(method, params).await.map(Some) };
        if self.wires == Wires::Old {
            return Err(Failure::new(-32601, format!("{method} is not known here")));
        }
        if revision != NEWEST {
            let data = Some(json!({ "supported": self.revisions(), "requested": revision }));
            return Err(Failure { code: -32022, message: "that revision is not spoken here".into(), data });
        }
        let capabilities = params["_meta"][CAPABILITIES].clone();
        if !capabilities.is_object() {
            return Err(Failure::invalid("the client's capabilities are missing"));
        }
        if method == "subscriptions/listen" {
            let filter = params["notifications"].clone();
            self.streams.lock().expect("nobody panicked").insert(id.to_string(), (id.clone(), filter.clone()));
            let params = json!({ "_meta": { SUBSCRIPTION: id }, "notifications": filter });
            let method = "notifications/subscriptions/acknowledged";
            self.say(json!({ "jsonrpc": "2.0", "method": method, "params": params }));
            return Ok(None);
        }
        if matches!(
            method,
            "initialize" | "ping" | "logging/setLevel" | "resources/subscribe" | "resources/unsubscribe"
        ) {
            return Err(Failure::new(-32601, format!("{method} is not known here")));
        }
        let asked = Asked { house: self.clone(), params, is_new: true, capabilities };
        let mut result = match self.common(method, &asked).await {
            Ok(result) => result,
            Err(Stop::Failed(failure)) => return Err(failure),
            Err(Stop::Wants(wanted)) => tools::wants(&asked, wanted),
        };
        if result.get("resultType").is_none() {
            result["resultType"] = "complete".into();
        }
        if method.ends_with("/list") || matches!(method, "resources/read" | "server/discover") {
            result["ttlMs"] = 0.into();
            result["cacheScope"] = "private".into();
        }
        result["_meta"]["io.modelcontextprotocol/serverInfo"] = listings::info();
        Ok(Some(result))
    }

    async fn answer_old(self: &Arc<Self>, method: &str, params: Value) -> Result<Value, Failure> {
        if self.wires == Wires::New {
            return Err(Failure::invalid(format!("every request says its revision here, such as {NEWEST}")));
        }
        match method {
            "initialize" => {
                let wanted = params["protocolVersion"].as_str().unwrap_or_default();
                let revision = OLD.iter().find(|revision| **revision == wanted).unwrap_or(&OLD[0]);
                *self.greeted.lock().expect("nobody panicked") = params["capabilities"].clone();
                Ok(json!({
                    "protocolVersion": revision,
                    "capabilities": listings::capabilities(false, &self.only),
                    "serverInfo": listings::info(),
                    "instructions": listings::INSTRUCTIONS,
                }))
            }
            "ping" => Ok(json!({})),
            "logging/setLevel" => {
                let level = params["level"].as_str().ok_or_else(|| Failure::invalid("which level?"))?;
                level.clone_into(&mut self.level.lock().expect("nobody panicked"));
                Ok(json!({}))
            }
            "resources/subscribe" | "resources/unsubscribe" => {
                let uri = params["uri"].as_str().ok_or_else(|| Failure::invalid("which resource?"))?.to_owned();
                let mut watched = self.watched.lock().expect("nobody panicked");
                if method == "resources/subscribe" {
                    watched.insert(uri)
                } else {
                    watched.remove(&uri)
                };
                Ok(json!({}))
            }
            "server/discover" => Err(Failure::new(-32601, "server/discover is not known here")),
            _ => {
                let capabilities = self.greeted.lock().expect("nobody panicked").clone();
                let asked = Asked { house: self.clone(), params, is_new: false, capabilities };
                match self.common(method, &asked).await {
                    Ok(result) => Ok(result),
                    Err(Stop::Failed(failure)) => Err(failure),
                    Err(Stop::Wants(_)) => Err(Failure::new(-32603, "the old wire has no rounds")),
                }
            }
        }
    }

    async fn common(&self, method: &str, asked: &Asked) -> Result<Value, Stop> {
        match method {
            "server/discover" => Ok(json!({
                "supportedVersions": self.revisions(),
                "capabilities": listings::capabilities(true, &self.only),
                "instructions": listings::INSTRUCTIONS,
            })),
            "tools/list" => Ok(json!({ "tools": listings::tools(&self.only) })),
            "tools/call" => tools::call(asked).await,
            "resources/list" => Ok(json!({ "resources": listings::resources() })),
            "resources/templates/list" => Ok(json!({ "resourceTemplates": listings::templates() })),
            "resources/read" => Ok(answers::read(asked)?),
            "prompts/list" => Ok(json!({ "prompts": listings::prompts() })),
            "prompts/get" => answers::prompt(asked).await,
            "completion/complete" => Ok(answers::complete(asked)),
            _ => Err(Failure::new(-32601, format!("{method} is not known here")).into()),
        }
    }

    fn revisions(&self) -> Vec<&'static str> {
        let old = OLD.into_iter().filter(|_| self.wires == Wires::Both);
        std::iter::once(NEWEST).chain(old).collect()
    }
}

/// Serves until the input ends.
pub(crate) async fn serve(wires: Wires, only: Vec<String>) {
    let (out, mut messages) = mpsc::unbounded_channel::<Value>();
    let mut key = [0; 32];
    getrandom::fill(&mut key).expect("the system has randomness");
    let house = Arc::new(House {
        wires,
        only,
        out,
        greeted: Mutex::new(Value::Null),
        level: Mutex::new("debug".to_owned()),
        next_id: AtomicU64::new(1),
        asked: Mutex::default(),
        running: Mutex::default(),
        watched: Mutex::default(),
        streams: Mutex::default(),
        cancelled: AtomicUsize::new(0),
        key,
    });
    tokio::spawn(async move {
        let mut output = tokio::io::stdout();
        while let Some(message) = messages.recv().await {
            let line = format!("{message}\n");
            if output.write_all(line.as_bytes()).await.is_err() || output.flush().await.is_err() {
                return;
            }
        }
    });
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(message) => house.understand(message),
            Err(_) => {
                house.say(json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32700, "message": "not JSON" } }))
            }
        }
    }
}
