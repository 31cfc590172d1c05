//! `oikos log`: what happened, what happens, and the proof that it was not changed.

use super::{Session, config, recovered_note, unexpected};
use crate::{show, terminal::Terminal, words::LogWords};
use assembly::{Answers, Client, last_holder};
use protocol::{
    ErrorCode, Failure, OwnerName,
    api::{Envelope, Frame, Reply, Request},
};
use std::{path::PathBuf, pin::pin, process::ExitCode, time::Duration};
use tokio::time::{sleep, timeout};

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
    let request = Request::Log { app: words.app.clone(), run: words.run, after_seq: None, limit: words.limit };
    let Reply::Log { entries } = session.reply(request).await? else { return Err(unexpected()) };
    if entries.is_empty()
        && let Some(run) = words.run
    {
        return Err(Failure::new(ErrorCode::RunNotFound, format!("the log has no run {run}"))
            .hint("oikos run --list shows the last runs"));
    }
    if entries.is_empty()
        && let Some(app) = &words.app
    {
        // What was installed once is in the log; of what neither is nor was there is nothing to say.
        session.reply(Request::AppInfo { app: app.clone() }).await?;
    }
    if terminal.json {
        for entry in &entries {
            terminal.value(entry);
        }
    } else if entries.is_empty() {
        match words.app {
            Some(app) => terminal.line(format_args!("nothing has happened with {app} yet")),
            None => terminal.line("nothing has happened yet"),
        }
    } else {
        show::log(terminal, &entries);
    }
    Ok(ExitCode::SUCCESS)
}

/// How long between two looks for somebody who does something in a home.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Follows the log, whoever holds the home, one after the other, until Ctrl-C.
///
/// Whoever follows does not keep the home: an `oikos up` can be started, ended and started again meanwhile. While nobody
/// has it nothing can happen.
pub(super) async fn follow(
    terminal: &Terminal,
    home: Option<PathBuf>,
    owner: Option<OwnerName>,
    words: &LogWords,
) -> Result<(), Failure> {
    let config = config(home)?;
    let mut listener =
        Listener { terminal, words, owner, printer: show::LogPrinter::default(), after_seq: None, begun: false };
    let following = async {
        loop {
            let client = match Client::connect(&config).await {
                Ok(client) => client,
                Err(failure) if failure.code == ErrorCode::HomeLocked && listener.after_seq.is_some() => {
                    sleep(LOOK_EVERY).await;
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            let is_holder = matches!(client, Client::Holder { .. });
            let taken = last_holder(&config.home);
            if let Client::Holder { oikos, .. } = &client {
                recovered_note(terminal, &client);
                // What there is, and then the home is let go.
                oikos.follow_end();
            }
            let heard = match is_holder {
                true => listener.hear_visitors_out(&client).await,
                false => listener.hear(&client).await,
            };
            client.close().await;
            heard?;
            if terminal.is_alone() {
                return Ok(());
            }
            while is_holder && last_holder(&config.home) == taken {
                sleep(LOOK_EVERY).await;
            }
            sleep(LOOK_EVERY).await;
        }
    };
    tokio::select! {
        ended = following => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

struct Listener<'a> {
    terminal: &'a Terminal,
    words: &'a LogWords,
    owner: Option<OwnerName>,
    printer: show::LogPrinter,
    /// The last entry that is known.
    after_seq: Option<u64>,
    /// Whether whoever answers now has begun to.
    begun: bool,
}

impl Listener<'_> {
    /// Hears one process out. That it ends, however it does, is no failure: another may come.
    async fn hear(&mut self, client: &Client) -> Result<(), Failure> {
        let request = Request::LogFollow {
            app: self.words.app.clone(),
            run: self.words.run,
            after_seq: self.after_seq,
            limit: self.words.limit,
        };
        self.begun = false;
        let envelope = Envelope { presence: false, owner: self.owner.clone(), request };
        let ended = match client.ask(envelope).await {
            Ok(answers) => self.listen(answers).await,
            Err(failure) => Err(failure),
        };
        match ended {
            Err(failure) if self.begun || failure.code == ErrorCode::HomeLocked => {
                tracing::debug!(code = %failure.code, "whoever told the log has gone");
                Ok(())
            }
            ended => ended,
        }
    }

    /// Hears what there is in this process, and what those do who come by before it lets the home go: they are served
    /// here, so nobody else would tell of them.
    async fn hear_visitors_out(&mut self, client: &Client) -> Result<(), Failure> {
        let mut heard = self.hear(client).await;
        let mut draining = pin!(client.drain());
        loop {
            let drained = timeout(LOOK_EVERY, &mut draining).await.is_ok();
            if heard.is_ok() && !self.terminal.is_alone() {
                heard = self.hear(client).await;
            }
            if drained {
                return heard;
            }
        }
    }

    async fn listen(&mut self, mut answers: Answers) -> Result<(), Failure> {
        loop {
            match answers.next().await {
                Frame::LogAfter { seq } => {
                    self.after_seq = Some(seq);
                    self.begun = true;
                }
                Frame::Entry(entry) => {
                    self.after_seq = Some(entry.seq);
                    match self.terminal.json {
                        true => self.terminal.value(&entry),
                        false => self.printer.entry(self.terminal, &entry),
                    }
                    if self.terminal.is_alone() {
                        return Ok(());
                    }
                }
                Frame::Done { .. } => return Ok(()),
                Frame::Failed { failure } => return Err(failure),
                Frame::Run { .. } | Frame::Chunk(_) | Frame::Step { .. } | Frame::Piece(_) => return Err(unexpected()),
            }
        }
    }
}
