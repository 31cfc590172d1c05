//! `oikos up`: serve here until told to end.

use super::{absolute, config, recovered_note};
use crate::{browser, show, terminal::Terminal, words::UpWords};
use assembly::{Client, Door, LogWanted, Service, ServiceNote, SystemClock, files_raise, observe, service};
use protocol::{
    Clock as _, ErrorCode, Failure,
    api::{Envelope, Reply, Request},
};
use std::{convert::Infallible, path::PathBuf};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What is said of it, and to whom.
#[derive(Clone, Copy)]
pub(super) struct How {
    /// Show the page to whoever said so.
    pub(super) open: bool,
    /// Into the log file.
    pub(super) log: bool,
    /// To `daemon start`, which reads it.
    pub(super) hand_on: bool,
}

pub(super) async fn perform(
    terminal: &Terminal,
    home: Option<PathBuf>,
    words: &UpWords,
    how: How,
) -> Result<(), Failure> {
    // Each connection is an open file; what the system hands out at first is for a terminal.
    files_raise();
    let mut config = config(home)?;
    if let Some(file) = &words.config {
        config.read_file(file)?;
    }
    if let Some(port) = words.port {
        config.doors.bind.set_port(port);
    }
    if how.open && service(&config.home).await.is_some() {
        terminal.note("oikos is up already");
        return lead_in(terminal, &Client::connect(&config).await?).await;
    }
    let client = Client::hold(&config).await.map_err(|failure| match failure.code {
        ErrorCode::HomeLocked => failure.hint("if that is another oikos up, it serves this one as well"),
        _ => failure,
    })?;
    recovered_note(terminal, &client);
    let Client::Holder { oikos, .. } = &client else {
        return Err(Failure::new(ErrorCode::Internal, "this process does not hold OIKOS_HOME"));
    };
    if terminal.has_person() {
        // Who knows the passphrase is there now, and may not be when it is needed.
        let opening = oikos.clone();
        let opened = tokio::task::spawn_blocking(move || opening.vault_open()).await;
        if let Ok(Err(failure)) = opened {
            terminal.note(format_args!("{}; apps go on without their secrets", failure.message));
        }
    }
    let wanted = how.log.then(|| LogWanted { filter: std::env::var("OIKOS_LOG").ok() });
    let telemetry = observe(oikos, &config, wanted.as_ref())?;
    let door = match words.no_doors {
        true => None,
        false => Some(client.open_door(&config.doors).await?),
    };
    let url = door.as_ref().map(Door::url);
    let file = words.config.as_deref().map(absolute).transpose()?;
    let service = Service { pid: std::process::id(), url: url.clone(), since: SystemClock::new().now(), config: file };
    let mut signals = EndSignals::listen()?;
    let bootstrap = door.as_ref().and_then(|door| door.bootstrap.as_ref());
    if how.hand_on {
        // Whoever started this in the background reads one line, before they find the note. They may have gone: a start
        // that took them too long is one all the same, and of a token that they did not get the next one makes another.
        if let Err(error) = show::bootstrap_handed_on(bootstrap) {
            tracing::warn!(%error, "nobody is there to be told that this is up");
            if bootstrap.is_some() {
                oikos.access().bootstrap_forget()?;
            }
        }
    }
    let note = ServiceNote::leave(oikos.home(), &service).map_err(|error| {
        Failure::new(ErrorCode::HomeUnusable, "OIKOS_HOME cannot be written").log(error.to_string())
    })?;
    if !how.hand_on {
        show::up(terminal, oikos.home(), url.as_deref());
        if let Some(token) = bootstrap {
            show::bootstrap(terminal, token);
        }
    }
    let leading_in = async {
        if how.open
            && let Err(failure) = lead_in(terminal, &client).await
        {
            terminal.failure(&failure);
        }
        // It goes on being up, with the page shown or without.
        std::future::pending::<Infallible>().await
    };
    let ended = tokio::select! {
        ended = oikos.work() => ended,
        () = signals.next() => Ok(()),
        never = leading_in => match never {},
    };
    note.ending();
    terminal.note("ending: nothing begins any more, and what runs has a moment to come to its end; Ctrl-C ends it now");
    tokio::select! {
        () = oikos.drain() => {}
        () = signals.next() => {}
    }
    let closing = async {
        if let Some(door) = door {
            door.close().await;
        }
    };
    // What waits at the door waits for what ends now.
    tokio::join!(closing, client.close());
    if let Some(telemetry) = telemetry {
        telemetry.end().await;
    }
    drop(note);
    if ended.is_ok() {
        terminal.note("ended");
    }
    ended
}

/// Shows the page to the person who asked for it, by a link that signs their browser in. Where there is no browser, the
/// link is for them to use; it is not said to a script.
async fn lead_in(terminal: &Terminal, client: &Client) -> Result<(), Failure> {
    let asked = Envelope { presence: true, owner: None, request: Request::LoginLink };
    let Reply::Link { url, .. } = client.ask(asked).await?.reply().await? else { return Err(super::unexpected()) };
    if browser::show(url.expose()).await {
        terminal.note("the page is in your browser");
    } else if terminal.has_person() {
        terminal.note("no browser could be started here. This link signs one in, once, within a minute:");
        terminal.line(url.expose());
    } else {
        terminal.note(terminal.step("no browser could be started here; oikos login link makes a link for one"));
    }
    Ok(())
}

/// Ctrl-C, or what a service manager sends.
struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl EndSignals {
    /// Heard from here on: what comes before anybody waits for it is not lost.
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| {
                Failure::new(ErrorCode::Internal, "the signals of the system cannot be heard").log(error.to_string())
            })
        };
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits until somebody says that this should end.
pub(super) async fn told_to_end() -> Result<(), Failure> {
    EndSignals::listen()?.next().await;
    Ok(())
}
