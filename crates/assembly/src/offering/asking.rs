//! What an app's server wants of whoever called it goes to the client of the call.

use futures_util::{FutureExt as _, future::BoxFuture};
use kernel::program::{Asker, InputRequest};
use mcp::server::{self, CallEvents, json};
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// The client of one call.
pub(super) struct ClientAsker {
    pub(super) events: Arc<dyn CallEvents>,
    asked: AtomicU64,
}

impl ClientAsker {
    pub(super) fn new(events: Arc<dyn CallEvents>) -> Self {
        Self { events, asked: AtomicU64::new(0) }
    }
}

impl Asker for ClientAsker {
    fn input(&self, request: InputRequest) -> BoxFuture<'_, Result<Value, String>> {
        let InputRequest { method, params } = request;
        let key = format!("input{}", self.asked.fetch_add(1, Relaxed) + 1);
        let params = (!params.is_null()).then(|| json(&params));
        async move {
            let requests = vec![server::InputRequest { key, method, params }];
            let answers = self.events.ask(requests).await.map_err(|error| error.to_string())?;
            let answer = answers.into_iter().next().ok_or_else(|| "there was no answer".to_owned())?;
            serde_json::from_str(answer.get()).map_err(|error| error.to_string())
        }
        .boxed()
    }
}
