//! `oikos stop`: now.

use super::{Session, unexpected};
use protocol::{
    AppName, ErrorCode, Failure, RunId,
    api::{Reply, Request, StopTarget},
};
use std::process::ExitCode;

pub(super) async fn perform(session: &Session, target: Option<String>, all: bool) -> Result<ExitCode, Failure> {
    let target = match target {
        _ if all => StopTarget::All,
        Some(word) => match (word.parse::<RunId>(), word.parse::<AppName>()) {
            (Ok(run), _) => StopTarget::Run(run),
            (_, Ok(app)) => StopTarget::App(app),
            (_, Err(error)) => return Err(Failure::from_error(ErrorCode::Usage, &error)),
        },
        None => return Err(Failure::new(ErrorCode::Usage, "name an app or a run, or --all")),
    };
    let Reply::Stopped { runs, paused } = session.reply(Request::RunStop { target }).await? else {
        return Err(unexpected());
    };
    let terminal = &session.terminal;
    if terminal.json {
        terminal.value(&serde_json::json!({ "stopped": runs, "paused": paused }));
        return Ok(ExitCode::SUCCESS);
    }
    match runs.len() {
        0 => terminal.line("nothing was running"),
        1 => terminal.line(format_args!("stopped run {}", runs[0])),
        count => terminal.line(format_args!("stopped {count} runs")),
    }
    for app in paused {
        terminal.line(format_args!("{app} does not start by itself any more until: oikos app enable {app}"));
    }
    Ok(ExitCode::SUCCESS)
}
