//! What an app's server wants of whoever called it goes to the client of the call.

use futures_util::{FutureExt as _, future::BoxFuture};
use kernel::program::{Asker, InputRequest, Introduction};
use mcp::server::{self, CallEvents, Members, json};
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// The client of one call.
pub(super) struct ClientAsker {
    events: Arc<dyn CallEvents>,
    introduction: Introduction,
    asked: AtomicU64,
    has_page: bool,
}

impl ClientAsker {
    /// With what it sent along with its request. `has_page`: there is a page of ours to send somebody to.
    pub(super) fn new(events: Arc<dyn CallEvents>, meta: &Members, has_page: bool) -> Self {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let introduction = Introduction {
            abilities: read(events.capabilities().declared().get()),
            log_level: events.log_level().map(server::Level::word),
            meta: match read(meta.to_json().get()) {
                Value::Object(meta) => meta,
                _ => serde_json::Map::new(),
            },
        };
        Self { events, introduction, asked: AtomicU64::new(0), has_page }
    }
}

impl Asker for ClientAsker {
    fn introduction(&self) -> &Introduction {
        &self.introduction
    }

    /// Every client is told where our page waits: one that opens addresses opens it, and any other gets the address as its result.
    fn can_fetch(&self) -> bool {
        self.has_page
    }

    fn input(&self, requests: Vec<InputRequest>) -> BoxFuture<'_, Result<Vec<Value>, String>> {
        let asked = |InputRequest { key, method, params }| {
            let key = key.unwrap_or_else(|| format!("input{}", self.asked.fetch_add(1, Relaxed) + 1));
            let params = (!params.is_null()).then(|| json(&params));
            server::InputRequest { key, method, params }
        };
        let requests: Vec<_> = requests.into_iter().map(asked).collect();
        async move {
            let answers = self.events.ask(requests).await.map_err(|error| error.to_string())?;
            let read = |answer: &server::Json| serde_json::from_str(answer.get()).map_err(|error| error.to_string());
            answers.iter().map(read).collect()
        }
        .boxed()
    }
}
