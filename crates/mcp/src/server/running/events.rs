//! What whoever does something sees of it.

use super::super::{
    capabilities::Capabilities,
    events::{AskError, CallEvents, InputRequest, Level, Waiting},
    household::Answering,
    json::{Json, Members, json},
    message,
};
use super::{ASKS_MAX, Asked, QUESTION_PREFIX, Running, is_accepted};
use serde_json::json as value;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What whoever does it sees of it.
pub(crate) struct Events(pub(crate) Arc<Running>);

impl CallEvents for Events {
    fn capabilities(&self) -> &Capabilities {
        &self.0.said.capabilities
    }

    fn wants_progress(&self) -> bool {
        self.0.said.progress_token.is_some()
    }

    fn log_level(&self) -> Option<Level> {
        self.0.said.log_level
    }

    fn progress(&self, mut params: Members) {
        let Some(token) = &self.0.said.progress_token else { return };
        params.set("progressToken", token.clone());
        self.0.push(message::notification("notifications/progress", Some(&params)), true);
    }

    fn log(&self, params: Json) {
        let Some(wanted) = self.0.said.log_level else { return };
        let level =
            Members::parse(params.get()).ok().and_then(|line| serde_json::from_str(line.get("level")?.get()).ok());
        if level.is_some_and(|level: Level| level >= wanted) {
            self.0.push(message::notification("notifications/message", Some(&params)), true);
        }
    }

    fn ask(&self, requests: Vec<InputRequest>) -> Answering<'_, Result<Vec<Json>, AskError>> {
        Box::pin(async move {
            for request in &requests {
                self.capabilities().allow(&request.method, request.params.as_deref()).map_err(AskError::Undeclared)?;
            }
            let Some(asker) = &self.0.asker else { return self.0.ask_later(requests).await };
            if requests.len() > ASKS_MAX {
                return Err(AskError::Gone);
            }
            let all = requests.iter().map(|request| self.0.ask_one(asker, request));
            futures_util::future::try_join_all(all).await
        })
    }

    fn question_waits(&self, waiting: Waiting) {
        let running = &self.0;
        let mut state = running.state.lock();
        if state.done.is_some() || state.waiting.iter().any(|known| known.id == waiting.id) {
            return;
        }
        state.waiting.push(waiting.clone());
        let mut params = value!({"mode": "url", "message": waiting.message, "url": waiting.url});
        if running.said.capabilities.opens_urls() {
            if let Some(asker) = running.asker.clone() {
                drop(state);
                params["elicitationId"] = value!(waiting.id);
                let request = InputRequest {
                    key: String::new(),
                    method: "elicitation/create".to_owned(),
                    params: Some(json(&params)),
                };
                let running = Arc::clone(running);
                tokio::spawn(async move {
                    // A client that says it opened it has answered nothing: that happens in our page.
                    if let Ok(answer) = running.ask_one(&asker, &request).await
                        && !is_accepted(&answer)
                    {
                        running.decline(&mut running.state.lock(), &waiting.id);
                        running.wake();
                    }
                });
                return;
            }
            let key = format!("{QUESTION_PREFIX}{}", waiting.id);
            let request =
                InputRequest { key: key.clone(), method: "elicitation/create".to_owned(), params: Some(json(&params)) };
            state.asked.push(Asked { key, request, answer: Some(oneshot::channel().0) });
        }
        drop(state);
        running.wake();
    }

    fn question_ended(&self, id: &str) {
        let running = &self.0;
        let mut state = running.state.lock();
        let count = state.waiting.len();
        state.waiting.retain(|waiting| waiting.id != id);
        let was_there = state.waiting.len() < count;
        state.asked.retain(|asked| asked.key.strip_prefix(QUESTION_PREFIX) != Some(id));
        drop(state);
        if was_there && running.asker.is_some() && running.said.capabilities.opens_urls() {
            let params = value!({"elicitationId": id});
            running.push(message::notification("notifications/elicitation/complete", Some(&params)), false);
        }
        running.wake();
    }

    fn pause(&self) {
        self.0.pause();
    }
}
