//! Calls that take long, in the revision without sessions: a client that takes tasks is let go, and asks how far it is.

use super::{
    capabilities::TASKS,
    household::{Client, Identity, ProtocolError},
    json::{Json, Members, json},
    message::{self, params},
    result::{Shape, missing_capability},
    running::Running,
    suspended::answers,
};
use parking_lot::Mutex;
use protocol::{Clock, Entropy, Timestamp};
use serde::Deserialize;
use serde_json::{json as value, value::RawValue};
use std::{borrow::Cow, collections::HashMap, sync::Arc, time::Duration};

/// Tasks of one client. Where there are more, a call is waited for as it is without tasks.
const TASKS_OF_CLIENT_MAX: usize = 64;
/// How long a task can be asked for. What is not done by then is given up.
const TASK_LIFE: Duration = Duration::from_secs(60 * 60);
/// How often it is worth asking.
const POLL_MS: u64 = 1_000;
const ID_BYTES: usize = 16;

struct Task {
    running: Arc<Running>,
    client: Identity,
    created: Timestamp,
    seen: (&'static str, Timestamp),
    is_cancelled: bool,
}

/// What is being done for clients that left.
pub(crate) struct Tasks {
    table: Arc<Mutex<HashMap<String, Task>>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named<'a> {
    #[serde(borrow)]
    task_id: Cow<'a, str>,
    #[serde(borrow, default)]
    input_responses: Option<&'a RawValue>,
}

/// The name that the heads of a request for a task have to say.
pub(crate) fn name_of(of: Option<&RawValue>) -> Option<String> {
    params::<Named<'_>>(of).ok().map(|named| named.task_id.into_owned())
}

impl Tasks {
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { table: Arc::default(), clock, entropy }
    }

    /// Makes a task of something. It is there before anybody knows its name. `None`: this client has too many.
    pub(crate) fn create(&self, running: Arc<Running>, client: &Client) -> Option<Json> {
        let mut id = [0; ID_BYTES];
        self.entropy.fill(&mut id);
        let id = hex::encode(id);
        let now = self.clock.now();
        let identity = client.identity();
        let mut table = self.table.lock();
        if table.values().filter(|task| task.client == identity).count() >= TASKS_OF_CLIENT_MAX {
            return None;
        }
        let (weak, name, cancel) = (Arc::downgrade(&self.table), id.clone(), running.cancel.clone());
        tokio::spawn(async move {
            tokio::time::sleep(TASK_LIFE).await;
            cancel.cancel();
            if let Some(table) = weak.upgrade() {
                table.lock().remove(&name);
            }
        });
        let task = Task { running, client: identity, created: now, seen: ("working", now), is_cancelled: false };
        let created = told(&id, &task).with("resultType", &"task");
        table.insert(id, task);
        Some(created.to_json())
    }

    /// Answers a request about a task.
    pub(crate) fn answer(
        &self,
        client: &Client,
        takes_tasks: bool,
        method: &str,
        of: Option<&RawValue>,
    ) -> Result<Json, ProtocolError> {
        if !takes_tasks {
            return Err(missing_capability(&json(&value!({"extensions": {TASKS: {}}}))));
        }
        let named: Named<'_> = params(of)?;
        let mut table = self.table.lock();
        let task = table.get_mut(&*named.task_id).filter(|task| task.client == client.identity());
        let Some(task) = task else { return Err(ProtocolError::new(message::INVALID_PARAMS, "there is no such task")) };
        let acknowledged = || Ok(json(&value!({"resultType": "complete"})));
        match method {
            "tasks/cancel" => {
                if !task.running.is_done() {
                    task.is_cancelled = true;
                    task.running.cancel.cancel();
                    task.running.finish(Err(super::running::gone()));
                }
                acknowledged()
            }
            "tasks/update" => {
                task.running.answered(answers(named.input_responses)?);
                acknowledged()
            }
            _ => {
                let asked = task.running.asked();
                let result = task.running.result();
                let status = match &result {
                    _ if task.is_cancelled => "cancelled",
                    Some(Ok(_)) => "completed",
                    Some(Err(_)) => "failed",
                    None if !asked.is_empty() => "input_required",
                    None => "working",
                };
                if task.seen.0 != status {
                    task.seen = (status, self.clock.now());
                }
                let mut members = told(&named.task_id, task).with("resultType", &"complete");
                match (status, result) {
                    ("completed", Some(Ok(result))) => members.set("result", result),
                    ("failed", Some(Err(error))) => members.set("error", json(&error)),
                    ("input_required", _) => members.set("inputRequests", json(&Shape::requests(&asked))),
                    _ => {}
                }
                if let (Some(waiting), "working") = (task.running.waiting(), status) {
                    members.set("statusMessage", json(&format!("{}: answer it at {}", waiting.message, waiting.url)));
                }
                Ok(members.to_json())
            }
        }
    }
}

fn told(id: &str, task: &Task) -> Members {
    Members::new()
        .with("taskId", &id)
        .with("status", &task.seen.0)
        .with("createdAt", &written(task.created))
        .with("lastUpdatedAt", &written(task.seen.1))
        .with("ttlMs", &u64::try_from(TASK_LIFE.as_millis()).unwrap_or(u64::MAX))
        .with("pollIntervalMs", &POLL_MS)
}

fn written(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}
