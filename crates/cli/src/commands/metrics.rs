//! `oikos metrics`: what the answering process counts.

use super::{Session, shown, unexpected};
use assembly::Client;
use protocol::{
    ErrorCode, Failure,
    api::{Reply, Request},
};
use std::process::ExitCode;

pub(super) async fn perform(session: &Session) -> Result<ExitCode, Failure> {
    // By itself this command has counted nothing yet.
    if let Client::Holder { oikos, .. } = &session.client {
        let message = format!("no oikos is up in {}, so nothing is counted", shown(oikos.home()));
        return Err(Failure::new(ErrorCode::NotFound, message).hint("oikos daemon start"));
    }
    let Reply::Metrics { text } = session.reply(Request::Metrics).await? else { return Err(unexpected()) };
    match session.terminal.json {
        true => session.terminal.value(&serde_json::json!({ "text": text })),
        false => session.terminal.piece(text),
    }
    Ok(ExitCode::SUCCESS)
}
