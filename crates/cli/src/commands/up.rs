//! `oikos up`: serve here until told to end.

use super::{config, recovered_note};
use crate::{show, terminal::Terminal};
use assembly::Client;
use protocol::{ErrorCode, Failure};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// Longest configuration file.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

pub(super) async fn perform(
    terminal: &Terminal,
    home: Option<PathBuf>,
    no_doors: bool,
    file: Option<&Path>,
) -> Result<(), Failure> {
    if !no_doors {
        let failure = Failure::new(ErrorCode::NotAvailable, "the doors (HTTP, MCP) are not in this version of oikos");
        return Err(failure.hint("oikos up --no-doors"));
    }
    let mut config = config(home)?;
    if let Some(file) = file {
        let shown = protocol::text::escape(&file.to_string_lossy());
        let mut text = String::new();
        std::fs::File::open(file)
            .and_then(|file| file.take(CONFIG_BYTES_MAX).read_to_string(&mut text))
            .map_err(|error| Failure::new(ErrorCode::Usage, format!("{shown} cannot be read: {error}")))?;
        config.read(&shown, &text)?;
    }
    let client = Client::hold(&config).await.map_err(|failure| match failure.code {
        ErrorCode::HomeLocked => failure.hint("if that is another oikos up, it serves this one as well"),
        _ => failure,
    })?;
    recovered_note(terminal, &client);
    let Client::Holder { oikos, .. } = &client else {
        return Err(Failure::new(ErrorCode::Internal, "this process does not hold OIKOS_HOME"));
    };
    show::up(terminal, oikos.home());
    let ended = tokio::select! {
        ended = oikos.work() => ended,
        told = told_to_end() => told,
    };
    terminal.note("ending: nothing begins any more, and what runs has a moment to come to its end; Ctrl-C ends it now");
    tokio::select! {
        () = oikos.drain() => {}
        _ = told_to_end() => {}
    }
    client.close().await;
    if ended.is_ok() {
        terminal.note("ended");
    }
    ended
}

/// Ctrl-C, or what a service manager sends.
pub(super) async fn told_to_end() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let deaf = |error: std::io::Error| {
        Failure::new(ErrorCode::Internal, "the signals of the system cannot be heard").log(error.to_string())
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(deaf)?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = tokio::signal::ctrl_c() => pressed.map_err(deaf),
    }
}
