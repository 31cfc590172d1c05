//! `oikos grant`: an app's switches, or those of all apps.

use super::{Session, choices, unexpected};
use crate::{show, words::GrantWord};
use protocol::{
    AppName, Failure,
    api::{Reply, Request},
};
use std::process::ExitCode;

pub(super) async fn perform(
    session: &Session,
    app: AppName,
    changes: &[GrantWord],
    only: &[String],
) -> Result<ExitCode, Failure> {
    let request = match choices(changes, only)? {
        choices if choices.is_empty() => Request::GrantList { app },
        choices => Request::GrantSet { app, choices },
    };
    let Reply::Grants { app, grants } = session.reply(request).await? else { return Err(unexpected()) };
    if session.terminal.json {
        session.terminal.value(&serde_json::json!({ "app": app, "grants": grants }));
    } else {
        show::grants(&session.terminal, &app, &grants);
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn perform_all(session: &Session) -> Result<ExitCode, Failure> {
    let Reply::GrantsOfAll { apps } = session.reply(Request::GrantListAll).await? else { return Err(unexpected()) };
    if session.terminal.json {
        session.terminal.value(&apps);
    } else {
        show::grants_of_all(&session.terminal, &apps);
    }
    Ok(ExitCode::SUCCESS)
}
