//! `oikos metrics`: what the answering process counts.

use super::{Session, unexpected};
use protocol::{
    Failure,
    api::{Reply, Request},
};
use std::process::ExitCode;

pub(super) async fn perform(session: &Session) -> Result<ExitCode, Failure> {
    let Reply::Metrics { text } = session.reply(Request::Metrics).await? else { return Err(unexpected()) };
    match session.terminal.json {
        true => session.terminal.value(&text),
        false => session.terminal.piece(text),
    }
    Ok(ExitCode::SUCCESS)
}
