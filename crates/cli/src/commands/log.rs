//! `oikos log`: what happened, and the proof that it was not changed.

use super::{Session, unexpected};
use crate::{show, words::LogWords};
use protocol::{
    ErrorCode, Failure,
    api::{Reply, Request},
};
use std::process::ExitCode;

/// The chain does not hold.
const BROKEN: u8 = 1;

pub(super) async fn perform(session: &Session, words: LogWords) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    if words.verify {
        let Reply::Verified { report } = session.reply(Request::LogVerify).await? else { return Err(unexpected()) };
        let holds = report.breaks.is_empty();
        if terminal.json {
            terminal.value(&report);
        } else {
            show::chain(terminal, &report);
        }
        return Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(BROKEN) });
    }
    let request = Request::Log { app: words.app.clone(), run: words.run, limit: words.limit };
    let Reply::Log { entries } = session.reply(request).await? else { return Err(unexpected()) };
    if terminal.json {
        for entry in &entries {
            terminal.value(entry);
        }
    } else if entries.is_empty() {
        match (words.run, words.app) {
            (Some(run), _) => {
                return Err(Failure::new(ErrorCode::RunNotFound, format!("the log has no run {run}"))
                    .hint("oikos run --list shows the last runs"));
            }
            (None, Some(app)) => terminal.line(format_args!("nothing has happened with {app} yet")),
            (None, None) => terminal.line("nothing has happened yet"),
        }
    } else {
        show::log(terminal, &entries);
    }
    Ok(ExitCode::SUCCESS)
}
