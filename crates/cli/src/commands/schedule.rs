//! `oikos schedule list`: what the clock starts.

use super::{Session, unexpected};
use crate::show;
use protocol::{
    Failure,
    api::{Reply, Request},
};
use std::process::ExitCode;

pub(super) async fn perform(session: &Session) -> Result<ExitCode, Failure> {
    let Reply::Schedules { schedules } = session.reply(Request::ScheduleList).await? else { return Err(unexpected()) };
    if session.terminal.json {
        session.terminal.value(&schedules);
    } else {
        show::schedules(&session.terminal, &schedules);
    }
    Ok(ExitCode::SUCCESS)
}
