//! `oikos undo`: takes back what a run did to files.

use super::{Session, unexpected};
use protocol::{
    Failure, RunId,
    api::{Reply, Request},
};
use std::process::ExitCode;

pub(super) async fn perform(session: &Session, run: RunId) -> Result<ExitCode, Failure> {
    let Reply::Undone { steps } = session.reply(Request::Undo { run }).await? else { return Err(unexpected()) };
    let terminal = &session.terminal;
    if terminal.json {
        terminal.value(&serde_json::json!({ "undone": steps.iter().map(ToString::to_string).collect::<Vec<_>>() }));
    } else {
        for step in &steps {
            terminal.line(step);
        }
    }
    Ok(ExitCode::SUCCESS)
}
