//! `oikos daemon`: an `oikos up` in the background.

use super::{absolute, config};
use crate::{
    show::{self, HandedOn},
    terminal::Terminal,
    words::{DaemonCommand, UpWords},
};
use assembly::{Service, log_tail, service, service_noted, service_words};
use protocol::{ErrorCode, Failure, ShownOnce, text};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::{
    io::{BufRead as _, BufReader, Read as _},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How long a service may take to be up: what an abrupt end left is settled first.
const START_WAIT: Duration = Duration::from_secs(30);
/// How long a service may take to end: runs have ten seconds, effects five, connections five.
const STOP_WAIT: Duration = Duration::from_secs(30);
/// How long between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What is shown of the words of a service that did not start.
const WORDS_BYTES_MAX: u64 = 4_000;

pub(super) async fn perform(
    terminal: &Terminal,
    home: Option<PathBuf>,
    command: &DaemonCommand,
) -> Result<(), Failure> {
    let home = config(home)?.home;
    match command {
        DaemonCommand::Start(words) => start(terminal, &home, words).await,
        DaemonCommand::Stop => stop(terminal, &home).await,
        DaemonCommand::Status => {
            let service = service(&home).await.ok_or_else(|| not_up(&home))?;
            show::service(terminal, &home, &service);
            Ok(())
        }
        DaemonCommand::Logs { lines } => {
            let found = log_tail(&home, *lines).map_err(|error| {
                Failure::new(ErrorCode::HomeUnusable, "the log file of OIKOS_HOME cannot be read")
                    .log(error.to_string())
            })?;
            if found.is_empty() {
                terminal.note("the log file of OIKOS_HOME says nothing");
            }
            for line in found {
                if terminal.json { terminal.value(&json!({ "line": line })) } else { terminal.line(line) }
            }
            Ok(())
        }
    }
}

fn shown(home: &Path) -> String {
    text::escape(&home.to_string_lossy())
}

fn not_up(home: &Path) -> Failure {
    Failure::new(ErrorCode::NotFound, format!("no oikos is up in {}", shown(home))).hint("oikos daemon start")
}

async fn start(terminal: &Terminal, home: &Path, words: &UpWords) -> Result<(), Failure> {
    if let Some(service) = service(home).await {
        terminal.note("oikos is up already");
        show::service(terminal, home, &service);
        return Ok(());
    }
    let failed = |what: &str, error: std::io::Error| {
        Failure::new(ErrorCode::HomeUnusable, format!("the service cannot be started: {what}")).log(error.to_string())
    };
    let (said, out) = service_words(home).map_err(|error| failed("OIKOS_HOME cannot be written", error))?;
    let program = std::env::current_exe().map_err(|error| failed("this program is not found", error))?;
    let mut command = Command::new(program);
    command.arg("--home").arg(home).args(["--json", "up", "--log", "--hand-on"]);
    if words.no_doors {
        command.arg("--no-doors");
    }
    if let Some(port) = words.port {
        command.arg("--port").arg(port.to_string());
    }
    if let Some(file) = &words.config {
        command.arg("--config").arg(absolute(file)?);
    }
    // A group of its own: Ctrl-C at this terminal is not meant for it.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(out).process_group(0);
    let mut child = command.spawn().map_err(|error| failed("it does not begin", error))?;
    let service = wait_up(home, &mut child, &said).await?;
    show::service(terminal, home, &service);
    if let Some(token) = handed_on(&mut child) {
        show::bootstrap(terminal, &token);
    }
    Ok(())
}

/// What the service hands on. It has said so by the time that it is up, and nothing after it.
fn handed_on(child: &mut Child) -> Option<ShownOnce> {
    serde_json::from_str::<HandedOn>(&first_line(child)?).ok()?.bootstrap
}

fn first_line(child: &mut Child) -> Option<String> {
    let mut line = String::new();
    BufReader::new(child.stdout.take()?.take(WORDS_BYTES_MAX)).read_line(&mut line).ok()?;
    Some(line)
}

/// Why the service did not start, where it said so itself.
fn refused(line: &str) -> Option<Failure> {
    let said: serde_json::Value = serde_json::from_str(line).ok()?;
    serde_json::from_value(said.get("error")?.clone()).ok()
}

/// Waits until the service is up, or has ended instead.
async fn wait_up(home: &Path, child: &mut Child, said: &Path) -> Result<Service, Failure> {
    let deadline = Instant::now() + START_WAIT;
    loop {
        if let Some(service) = service(home).await.filter(|service| service.pid == child.id()) {
            return Ok(service);
        }
        if !matches!(child.try_wait(), Ok(None)) {
            if let Some(mut failure) = first_line(child).and_then(|line| refused(&line)) {
                failure.message = format!("the service did not start: {}", failure.message);
                return Err(failure);
            }
            let mut words = String::new();
            let read = std::fs::File::open(said).and_then(|file| file.take(WORDS_BYTES_MAX).read_to_string(&mut words));
            if read.is_err() {
                words.clear();
            }
            let failure = Failure::new(ErrorCode::Internal, format!("the service ended at once: {}", words.trim()));
            return Err(failure.hint("oikos up says the same here"));
        }
        if Instant::now() >= deadline {
            let failure = Failure::new(ErrorCode::Timeout, format!("the service (pid {}) is not up yet", child.id()));
            return Err(failure.hint("oikos daemon status; oikos daemon logs"));
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn stop(terminal: &Terminal, home: &Path) -> Result<(), Failure> {
    let service = service(home).await.ok_or_else(|| not_up(home))?;
    let pid = i32::try_from(service.pid).ok().and_then(Pid::from_raw);
    let told = pid.map(|pid| kill_process(pid, Signal::TERM));
    if !matches!(told, Some(Ok(()))) {
        return Err(Failure::new(ErrorCode::Internal, format!("the service (pid {}) cannot be told", service.pid)));
    }
    let deadline = Instant::now() + STOP_WAIT;
    while service_noted(home, service.pid) {
        if Instant::now() >= deadline {
            let failure = Failure::new(ErrorCode::Timeout, format!("the service (pid {}) does not end", service.pid));
            return Err(failure.hint(format!("kill -9 {}: nothing that was answered is lost", service.pid)));
        }
        sleep(LOOK_EVERY).await;
    }
    if terminal.json {
        terminal.value(&json!({ "ended": { "pid": service.pid } }));
    } else {
        terminal.line(format_args!("ended oikos in {} (pid {})", shown(home), service.pid));
    }
    Ok(())
}
