//! `oikos doctor`: everything that could be wrong, and the next step. From outside in: who holds the home and whether
//! they answer, then what they say.

use super::{Session, config, finish, recovered_note, unexpected};
use crate::{exit, show, terminal::Terminal};
use assembly::{Client, doctor_outside};
use protocol::{
    OwnerName,
    api::{DoctorCheck, Reply, Request},
};
use std::{path::PathBuf, process::ExitCode};

/// Something is not well.
const UNWELL: u8 = 1;

pub(super) async fn perform(terminal: Terminal, home: Option<PathBuf>, owner: Option<OwnerName>) -> ExitCode {
    let config = match config(home) {
        Ok(config) => config,
        Err(failure) => return exit::failed(&terminal, &failure),
    };
    let outside = doctor_outside(&config).await;
    let mut checks = outside.checks;
    if !outside.answers {
        return told(&terminal, &checks);
    }
    let client = match Client::connect(&config).await {
        Ok(client) => client,
        Err(failure) => {
            told(&terminal, &checks);
            return exit::failed(&terminal, &failure);
        }
    };
    recovered_note(&terminal, &client);
    let session = Session { client, terminal, owner };
    let code = match session.reply(Request::Doctor).await {
        Ok(Reply::Doctor { checks: inside }) => {
            checks.extend(inside);
            told(&session.terminal, &checks)
        }
        Ok(_) => exit::failed(&session.terminal, &unexpected()),
        Err(failure) => exit::failed(&session.terminal, &failure),
    };
    finish(session).await;
    code
}

fn told(terminal: &Terminal, checks: &[DoctorCheck]) -> ExitCode {
    if terminal.json {
        terminal.value(&checks);
    } else {
        show::doctor(terminal, checks);
    }
    match checks.iter().all(|check| check.ok) {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(UNWELL),
    }
}
