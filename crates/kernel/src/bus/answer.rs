//! What can be answered: listeners are asked one after the other, and the first that has an answer keeps the event from
//! the rest. The order is the table's, so it is the same each time.

use super::{deliver::ended, event::Event};
use crate::Kernel;
use protocol::{
    Failure,
    api::{EventHeard, RunReport},
    sentence,
};
use serde_json::Value;
use std::sync::Arc;

/// How long one listener may think about an answer: a person waits, and others come after it.
const ANSWER_WALL_MS: u64 = 30_000;

/// Whether a listener has answered: it came to its end and gave something.
fn is_answer(report: &RunReport) -> bool {
    let is_something = |value: &Value| !value.is_null();
    report.summary.failure.is_none() && (report.data.as_ref().is_some_and(is_something) || report.text.is_some())
}

impl Kernel {
    /// Asks the listeners of an event until one has an answer. One that fails or may not hear it has none.
    pub(super) async fn event_answer(self: &Arc<Self>, event: &Arc<Event>) -> Result<EventHeard, Failure> {
        self.listeners_load(event.owner).await?;
        let listeners = self.bus.listeners(event);
        let mut heard = EventHeard { event: event.id, runs: Vec::new(), answer: None, is_pending: false };
        for listener in listeners {
            match self.hearing_begin(event, &listener, None, Some(ANSWER_WALL_MS)).await {
                Ok(Some(viewer)) => {
                    let report = ended(viewer).await;
                    heard.runs.push(report.summary.clone());
                    if is_answer(&report) {
                        heard.answer = Some(Box::new(report.as_ref().clone()));
                        break;
                    }
                }
                Ok(None) => {}
                Err(failure) => {
                    let why = sentence::cause_event(event.topic.as_str(), event.sender.to_string());
                    self.start_failed(event.owner, &listener.app, why, &failure);
                }
            }
        }
        Ok(heard)
    }
}
