//! `oikos doctor`: everything that could be wrong, and the next step.

use super::{Session, unexpected};
use crate::show;
use protocol::{
    Failure,
    api::{Reply, Request},
};
use std::process::ExitCode;

/// Something is not well.
const UNWELL: u8 = 1;

pub(super) async fn perform(session: &Session) -> Result<ExitCode, Failure> {
    let Reply::Doctor { checks } = session.reply(Request::Doctor).await? else { return Err(unexpected()) };
    let is_well = checks.iter().all(|check| check.ok);
    if session.terminal.json {
        session.terminal.value(&checks);
    } else {
        show::doctor(&session.terminal, &checks);
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(UNWELL) })
}
