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
            (_, Err(error)) => {
                let failure = Failure::from_error(ErrorCode::Usage, &error);
                // No app's name begins with a digit, and runs' ids nearly always do.
                let is_part_of_id = word.starts_with(|c: char| c.is_ascii_digit());
                return Err(match is_part_of_id {
                    true => failure.hint("a run's id is written in full: oikos run --list shows the last ones"),
                    false => failure,
                });
            }
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
        let said = format!("{app} does not start by itself any more until: oikos app enable {app}");
        terminal.line(terminal.step(said));
    }
    Ok(ExitCode::SUCCESS)
}
