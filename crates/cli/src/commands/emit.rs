//! `oikos emit`: tell the apps that listen.

use super::{Session, json_word, unexpected};
use crate::{show, words::EmitWords};
use protocol::{
    Failure,
    api::{Reply, Request},
};
use std::process::ExitCode;

pub(super) async fn perform(session: &Session, words: EmitWords) -> Result<ExitCode, Failure> {
    let payload = match &words.text {
        Some(text) => serde_json::json!({ "text": text }),
        None => json_word(words.payload.as_deref(), "--payload")?,
    };
    let topic = words.topic;
    let request = Request::EventEmit { topic: topic.clone(), payload };
    let Reply::Emitted { heard } = session.reply(request).await? else { return Err(unexpected()) };
    let terminal = &session.terminal;
    if terminal.json {
        terminal.value(&heard);
    } else {
        show::heard(terminal, &topic, &heard);
    }
    Ok(ExitCode::SUCCESS)
}
