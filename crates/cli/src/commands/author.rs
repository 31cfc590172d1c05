//! `oikos app new`, `dev`, `lint`, `test`: what authors do with a folder. Nothing of the household is touched; of its apps
//! only the names are read, to find look-alikes.

use super::{config, up::told_to_end};
use crate::{
    show,
    terminal::Terminal,
    words::{AppCommand, FormWord},
};
use assembly::{Client, SourceForm, app_dev, app_lint, app_new, app_test};
use protocol::{
    AppName, ErrorCode, Failure,
    api::{Envelope, Reply, Request},
};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use tokio::sync::mpsc;

/// Events of `dev` that wait to be shown.
const EVENTS_WAITING_MAX: usize = 16;

pub(super) async fn perform(
    terminal: &Terminal,
    command: &AppCommand,
    home: Option<PathBuf>,
) -> Result<ExitCode, Failure> {
    match command {
        AppCommand::New { name, form } => new(terminal, name, *form),
        AppCommand::Lint { folder } => lint(terminal, folder, home).await,
        AppCommand::Test { folder, cases_only } => test(terminal, folder, home, !cases_only).await,
        AppCommand::Dev { folder } => dev(terminal, folder, home).await,
        _ => Err(super::unexpected()),
    }
}

fn new(terminal: &Terminal, name: &AppName, form: FormWord) -> Result<ExitCode, Failure> {
    let form = match form {
        FormWord::MiniApp => SourceForm::MiniApp,
        FormWord::Plugin => SourceForm::Plugin,
        FormWord::Browser => SourceForm::Browser,
    };
    let files = app_new(Path::new("."), name, form)?;
    if terminal.json {
        terminal.value(&serde_json::json!({ "app": name, "files": files }));
        return Ok(ExitCode::SUCCESS);
    }
    terminal.line(format_args!("made {name}"));
    for file in files {
        terminal.line(format_args!("  {name}/{file}"));
    }
    let step = match form {
        SourceForm::MiniApp | SourceForm::Plugin => format!("oikos app dev {name}"),
        SourceForm::Browser => format!("oikos app install {name}"),
    };
    terminal.line(terminal.step(format_args!("  try: {step}")));
    Ok(ExitCode::SUCCESS)
}

async fn lint(terminal: &Terminal, folder: &Path, home: Option<PathBuf>) -> Result<ExitCode, Failure> {
    let installed = installed(terminal, home).await;
    let report = app_lint(folder, &installed)?;
    if terminal.json {
        terminal.value(&report);
    } else {
        show::lint(terminal, &report);
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(ErrorCode::Usage.exit()) })
}

/// The names of installed apps, where there is a household. Without one there is nothing to be taken for.
async fn installed(terminal: &Terminal, home: Option<PathBuf>) -> Vec<AppName> {
    let Some(config) = config(home).ok().filter(|config| config.home.join("store.db").exists()) else {
        return Vec::new();
    };
    let names = async {
        let client = Client::connect(&config).await?;
        let reply = async {
            client.ask(Envelope { presence: false, owner: None, request: Request::AppList }).await?.reply().await
        };
        let reply = reply.await;
        client.close().await;
        match reply? {
            Reply::Apps { apps } => Ok(apps.into_iter().map(|app| app.name).collect()),
            _ => Err(super::unexpected()),
        }
    };
    names.await.unwrap_or_else(|failure| {
        terminal.note(format_args!("not compared with the names of installed apps: {failure}"));
        Vec::new()
    })
}

async fn test(
    terminal: &Terminal,
    folder: &Path,
    home: Option<PathBuf>,
    with_hostile: bool,
) -> Result<ExitCode, Failure> {
    let config = config(home)?;
    let report = tokio::select! {
        report = app_test(folder, &config, with_hostile) => report?,
        // What was made for it goes away with it.
        told = told_to_end() => return told.map(|()| ExitCode::from(ErrorCode::Stopped.exit())),
    };
    if terminal.json {
        terminal.value(&report);
    } else {
        show::trial(terminal, &report);
    }
    Ok(if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(ErrorCode::AppFailed.exit()) })
}

async fn dev(terminal: &Terminal, folder: &Path, home: Option<PathBuf>) -> Result<ExitCode, Failure> {
    let config = config(home)?;
    let (events, mut seen) = mpsc::channel(EVENTS_WAITING_MAX);
    let mut working = std::pin::pin!(app_dev(folder, &config, events));
    // Heard from the beginning: a signal between two events is not lost.
    let mut told = std::pin::pin!(told_to_end());
    loop {
        tokio::select! {
            event = seen.recv() => match event {
                Some(event) if terminal.json => terminal.value(&event),
                Some(event) => show::dev(terminal, &event),
                None => break,
            },
            // By itself it ends only where it cannot go on.
            ended = &mut working => return ended.map(|()| ExitCode::SUCCESS),
            told = &mut told => {
                told?;
                break;
            }
        }
    }
    // Nobody reads any more: that ends it.
    drop(seen);
    working.as_mut().await?;
    terminal.note("ended; what it made is gone");
    Ok(ExitCode::SUCCESS)
}
