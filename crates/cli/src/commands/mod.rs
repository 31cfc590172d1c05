//! One file a command: words in, requests out, answers shown.

mod access;
mod app;
mod approval;
mod author;
mod daemon;
mod doctor;
mod emit;
mod file;
mod form;
mod grant;
mod import;
mod key;
mod log;
mod mcp;
mod metrics;
mod pack;
mod publisher;
mod reference;
mod run;
mod schedule;
mod sign;
mod stop;
mod undo;
mod up;

use crate::{
    exit,
    next_step::Carried,
    terminal::Terminal,
    words::{AppCommand, Command, GrantWord, PublisherCommand, ScheduleCommand, TargetKind, Words},
};
use assembly::{Answers, Client, Config, Person, VaultKeys, default_home, default_keys, default_publishers};
use protocol::{
    ErrorCode, Failure, OwnerName,
    api::{Envelope, Frame, LineChoice, Reply, Request},
};
use serde_json::Value;
use std::{
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

/// What a command needs: the way to oikos, and the terminal.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) terminal: Terminal,
    /// On whose behalf.
    pub(crate) owner: Option<OwnerName>,
}

impl Session {
    async fn ask(&self, request: Request) -> Result<Answers, Failure> {
        let owner = self.owner.clone();
        self.client.ask(Envelope { presence: self.terminal.has_person(), owner, request }).await
    }

    /// Asks and waits, showing steps on the way.
    async fn reply(&self, request: Request) -> Result<Reply, Failure> {
        let mut answers = self.ask(request).await?;
        loop {
            match answers.next().await {
                Frame::Step { sentence, done, total } => self.terminal.progress(&sentence, done, total),
                Frame::Run { .. } | Frame::Chunk(_) | Frame::LogAfter { .. } | Frame::Entry(_) | Frame::Piece(_) => {}
                Frame::Done { reply } => {
                    self.terminal.clear();
                    return Ok(reply);
                }
                Frame::Failed { failure } => return Err(failure),
            }
        }
    }
}

/// Performs a command line.
pub(crate) async fn perform(words: Words) -> ExitCode {
    let terminal = Terminal::new(words.json, Carried::of(&words));
    // What needs no household.
    match &words.command {
        Command::App(AppCommand::Pack { folder, out }) => {
            return match pack::perform(&terminal, folder, out.as_deref()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => exit::failed(&terminal, &failure),
            };
        }
        Command::App(
            command @ (AppCommand::New { .. }
            | AppCommand::Dev { .. }
            | AppCommand::Lint { .. }
            | AppCommand::Test { .. }),
        ) => {
            return match author::perform(&terminal, command, words.home.clone()).await {
                Ok(code) => code,
                Err(failure) => exit::failed(&terminal, &failure),
            };
        }
        Command::App(AppCommand::Sign { source, publisher, out }) => {
            return match sign::perform(&terminal, source, publisher, out.as_deref()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => exit::failed(&terminal, &failure),
            };
        }
        Command::Publisher(command @ (PublisherCommand::New { .. } | PublisherCommand::Succeed { .. })) => {
            return match publisher::perform_own(&terminal, command) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => exit::failed(&terminal, &failure),
            };
        }
        Command::Reference => {
            reference::perform(&terminal);
            return ExitCode::SUCCESS;
        }
        Command::Openapi => {
            reference::api(&terminal);
            return ExitCode::SUCCESS;
        }
        Command::Up { words: up, open, log, hand_on } => {
            let how = up::How { open: *open, log: *log, hand_on: *hand_on };
            return match up::perform(&terminal, words.home, up, how).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => exit::failed(&terminal, &failure),
            };
        }
        Command::Doctor => return doctor::perform(terminal, words.home, words.owner).await,
        Command::Log(log) if log.follow => {
            return match log::follow(&terminal, words.home, words.owner, log).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => exit::failed(&terminal, &failure),
            };
        }
        Command::Daemon(command) => {
            return match daemon::perform(&terminal, words.home, command).await {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => exit::failed(&terminal, &failure),
            };
        }
        _ => {}
    }
    let client = match connect(words.home).await {
        Ok(client) => client,
        Err(failure) => return exit::failed(&terminal, &failure),
    };
    recovered_note(&terminal, &client);
    let session = Session { client, terminal, owner: words.owner };
    let result = route(&session, words.command).await;
    let code = match result {
        Ok(code) => code,
        Err(failure) => exit::failed(&session.terminal, &failure),
    };
    finish(session).await;
    code
}

/// Says what the last process left open, if it ended abruptly.
fn recovered_note(terminal: &Terminal, client: &Client) {
    let Client::Holder { oikos, .. } = client else { return };
    let found = oikos.recovered();
    if found.runs > 0 || found.effects > 0 {
        terminal.note(terminal.step(format_args!(
            "oikos ended abruptly last time; cut off: {}; with an unknown end: {} (oikos log)",
            protocol::text::count(found.runs, "run"),
            protocol::text::count(found.effects, "effect"),
        )));
    }
}

async fn connect(home: Option<PathBuf>) -> Result<Client, Failure> {
    Client::connect(&config(home)?).await
}

/// The household that the words, the environment or the platform name.
fn config(home: Option<PathBuf>) -> Result<Config, Failure> {
    let usual_home = default_home(&|name| std::env::var_os(name));
    let home = home
        .or_else(|| std::env::var_os("OIKOS_HOME").filter(|home| !home.is_empty()).map(PathBuf::from))
        .or_else(|| usual_home.clone());
    let home = home.ok_or_else(|| {
        Failure::new(ErrorCode::HomeUnusable, "there is no data folder on this system")
            .hint("set OIKOS_HOME to a folder")
    })?;
    let keeper = Some(assembly::keeper());
    let keys = default_keys(&|name| std::env::var_os(name));
    let vault = VaultKeys { keys, ask: Some(key::passphrase_asked()), ..VaultKeys::default() };
    let publishers = publishers().ok();
    let mut config = Config { publishers, vault, usual_home, keeper, ..Config::new(absolute(&home)?) };
    config.person = person();
    if let Some(path) = std::env::var_os("PATH").filter(|path| !path.is_empty()) {
        config.program_folders = std::env::split_paths(&path).collect();
    }
    Ok(config)
}

/// The person at this terminal.
fn person() -> Option<Person> {
    let folder = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let variable = |name: &str| std::env::var_os(name);
    Some(Person {
        home: folder("HOME")?,
        config: folder("XDG_CONFIG_HOME"),
        program: std::env::current_exe().ok()?,
        variable,
    })
}

/// Where the keys of the person at this terminal are.
fn publishers() -> Result<PathBuf, Failure> {
    default_publishers(&|name| std::env::var_os(name)).ok_or_else(|| {
        Failure::new(ErrorCode::FileUnusable, "there is no folder for publishers' keys on this system")
            .hint("set HOME or XDG_CONFIG_HOME")
    })
}

/// Others may have come in through this process while it worked: they are served to their end.
async fn finish(session: Session) {
    /// Others' short commands are not worth a word.
    const NOTE_AFTER: Duration = Duration::from_millis(300);
    {
        let mut drain = std::pin::pin!(session.client.drain());
        if tokio::time::timeout(NOTE_AFTER, &mut drain).await.is_err() {
            session.terminal.note("still serving other terminals; Ctrl-C ends them");
            tokio::select! {
                () = drain => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
    }
    session.client.close().await;
}

async fn route(session: &Session, command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::App(command) => app::perform(session, command).await,
        Command::Run(words) => run::perform(session, words).await,
        Command::File(command) => file::perform(session, command).await,
        Command::Log(words) => log::perform(session, words).await,
        Command::Stop { target, all } => stop::perform(session, target, all).await,
        Command::Undo { run } => undo::perform(session, run).await,
        Command::Grant { app: Some(app), changes, only } => grant::perform(session, app, &changes, &only).await,
        Command::Grant { app: None, .. } => grant::perform_all(session).await,
        Command::Publisher(command) => publisher::perform(session, command).await,
        Command::Approval(command) => approval::perform(session, command).await,
        Command::Emit(words) => emit::perform(session, words).await,
        Command::Mcp(command) => mcp::perform(session, command).await,
        Command::Key(command) => key::perform(session, command).await,
        Command::Token(command) => access::perform_token(session, command).await,
        Command::Login(command) => access::perform_login(session, command).await,
        Command::Owner(command) => access::perform_owner(session, command).await,
        Command::Schedule(ScheduleCommand::List) => schedule::perform(session).await,
        Command::Metrics => metrics::perform(session).await,
        // Performed before there was a session.
        Command::Doctor | Command::Reference | Command::Openapi | Command::Up { .. } | Command::Daemon(_) => {
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// An answer of another kind than was asked for: two versions of oikos talk to each other.
fn unexpected() -> Failure {
    Failure::new(ErrorCode::Internal, "the oikos process that holds OIKOS_HOME is of another version")
        .hint("end it, then try again")
}

/// Reads JSON from a word, from the file behind `@`, or from standard input for `-`.
fn json_word(word: Option<&str>, name: &str) -> Result<Value, Failure> {
    /// Longest input read from a file or standard input.
    const INPUT_BYTES_MAX: u64 = 4 << 20;
    let unreadable = |what: &str, error: &dyn std::fmt::Display| {
        Failure::new(ErrorCode::Usage, format!("{what} cannot be read: {error}"))
    };
    let (text, whose) = match word {
        None => return Ok(Value::Null),
        Some("-") => {
            let mut text = String::new();
            std::io::stdin()
                .take(INPUT_BYTES_MAX)
                .read_to_string(&mut text)
                .map_err(|error| unreadable("standard input", &error))?;
            (text, "standard input".to_owned())
        }
        Some(word) => match word.strip_prefix('@') {
            Some(path) => {
                let whose = protocol::text::shorten(path, 120);
                let mut text = String::new();
                std::fs::File::open(path)
                    .and_then(|file| file.take(INPUT_BYTES_MAX).read_to_string(&mut text))
                    .map_err(|error| unreadable(&whose, &error))?;
                (text, whose)
            }
            None => (word.to_owned(), name.to_owned()),
        },
    };
    serde_json::from_str(&text).map_err(|error| {
        Failure::new(ErrorCode::InvalidInput, format!("{whose} is not valid JSON: {error}"))
            .hint(format!("for example {name} '{{\"text\": \"hello\"}}'"))
    })
}

/// A path as the answering process needs it. `~` is what a shell left standing, as in `--grant file=allow:~/notes`.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let path = match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_path_buf(),
    };
    std::path::absolute(&path)
        .map_err(|error| Failure::new(ErrorCode::Usage, format!("the path '{}' cannot be used: {error}", shown(&path))))
}

/// A path as text for a request. Paths that are no text cannot be granted: nobody could read them on a card.
pub(crate) fn path_text(path: &Path) -> Result<String, Failure> {
    absolute(path)?.into_os_string().into_string().map_err(|path| {
        Failure::new(ErrorCode::Usage, format!("the path '{}' is not valid UTF-8", shown(Path::new(&path))))
    })
}

fn shown(path: &Path) -> String {
    protocol::text::escape(&path.to_string_lossy())
}

/// What a switch is narrowed to: hosts for the network, tools for servers, folders for all else.
fn target_text(line: &str, target: &Path) -> Result<String, Failure> {
    match TargetKind::of(line) {
        TargetKind::Host | TargetKind::Tool => Ok(target.to_string_lossy().into_owned()),
        TargetKind::Folder => path_text(target),
    }
}

/// Where an app comes from: an address on the web as it is, a path as this terminal means it.
pub(crate) fn source_text(source: &Path) -> Result<String, Failure> {
    match source.to_str() {
        Some(url) if url.starts_with("https://") || url.starts_with("http://") => Ok(url.to_owned()),
        Some(url) => path_text(Path::new(url.strip_prefix("file://").unwrap_or(url))),
        None => path_text(source),
    }
}

/// The words of `--grant` and `--only` as choices.
pub(crate) fn choices(words: &[GrantWord], only: &[String]) -> Result<Vec<LineChoice>, Failure> {
    let mut choices = Vec::with_capacity(words.len());
    for word in words {
        let target = word.target.as_deref().map(|target| target_text(&word.line, target)).transpose()?;
        choices.push(LineChoice::new(word.line.clone(), word.state).target(target));
    }
    if !only.is_empty() {
        let network = choices.iter_mut().find(|choice| choice.line == "network").ok_or_else(|| {
            Failure::new(ErrorCode::Usage, "--only says which hosts, and nothing says what of them")
                .hint("set the switch beside it, such as network=allow")
        })?;
        network.only = Some(only.to_vec());
    }
    Ok(choices)
}
