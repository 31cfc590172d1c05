//! oikos's side of a confined program: start it, hold its three files, hear how it ended, end it.

use super::{
    told::Refused,
    wire::{self, Fault, Note, Step},
};
use crate::{Ended, Facts, Plan};
use std::{
    ffi::OsString,
    fmt, io,
    net::TcpListener,
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::Interest,
    net::{UnixDatagram, unix::pipe},
    process::{Child, Command},
    time::timeout,
};

/// How long a start may take, on a machine that is busy with other things. It takes milliseconds.
const START_MS_MAX: u64 = 10_000;
/// What the keeper has for ending everything beyond the grace that the program has.
const END_MS_MAX: u64 = 5_000;
/// The most open files that a program is started with beyond its standard ones.
pub const PASSED_MAX: usize = wire::FILES_MAX - 4;
/// A step.
const PIPES: &str = "opening its pipes";

/// How the helper is started: a program, mostly oikos itself, and the words after which it calls
/// [`init_main`](crate::init_main).
#[derive(Clone, Debug)]
pub struct Launcher {
    pub(super) program: PathBuf,
    pub(super) words: Vec<OsString>,
}

impl Launcher {
    /// The program, and its words.
    pub fn new(program: impl Into<PathBuf>, words: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self { program: program.into(), words: words.into_iter().map(Into::into).collect() }
    }

    /// This program itself, as it runs: also when another one lies at its path by now.
    pub fn this(words: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self::new("/proc/self/exe", words)
    }
}

/// Why a plan was not carried out.
#[derive(Debug)]
pub enum SpawnError {
    /// A step could not be taken; nothing of it is left.
    Step {
        /// Which.
        step: String,
        /// What the system said.
        reason: String,
        /// And what it called it.
        errno: Option<i32>,
    },
    /// The helper could not be started.
    Helper(io::Error),
    /// So many open files were passed, more than [`PASSED_MAX`]. Nothing was started.
    Passed(usize),
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { step, reason, .. } => write!(f, "{step}: {reason}"),
            Self::Helper(error) => write!(f, "its keeper could not be started: {error}"),
            Self::Passed(count) => write!(f, "{count} open files were passed to it, and at most {PASSED_MAX} can be"),
        }
    }
}

impl std::error::Error for SpawnError {}

impl From<Fault> for SpawnError {
    fn from(fault: Fault) -> Self {
        Self::Step { step: fault.step, reason: fault.reason, errno: fault.errno }
    }
}

/// A program that runs, confined. Dropping it ends it, with all that it started.
#[derive(Debug)]
pub struct Confined {
    /// What it reads. Dropped, it reads an end, which is how most servers are asked to end.
    pub stdin: Option<pipe::Sender>,
    /// What it writes.
    pub stdout: Option<pipe::Receiver>,
    /// What it complains of.
    pub stderr: Option<pipe::Receiver>,
    /// Where its network ends, under [`Network::OnlyProxy`](crate::Network::OnlyProxy): a listener *in the program's own
    /// network*, which only it reaches, and on which this process answers. Not blocking.
    pub proxy: Option<TcpListener>,
    /// What it tries and is refused, if its plan is a watched one.
    pub refused: Option<Refused>,
    facts: Facts,
    /// Packets that keep their order and have an end, which this type does not know and lets through.
    keeper: UnixDatagram,
    child: Child,
    ended: Option<Ended>,
}

/// Starts what a plan says. `passed` are open files that the program has from number 3 on, at most [`PASSED_MAX`].
///
/// Must be called within a tokio runtime that does I/O and time.
pub async fn spawn(plan: &Plan, launcher: &Launcher, passed: Vec<OwnedFd>) -> Result<Confined, SpawnError> {
    if passed.len() > PASSED_MAX {
        return Err(SpawnError::Passed(passed.len()));
    }
    let keep = wire::pack(&Note::Keep(Box::new(plan.clone()))).step("writing the plan")?;
    let (ours, theirs) = wire::pair().step("opening a socket")?;
    // The keeper has nothing of ours but its end of this socket.
    let mut child = Command::new(&launcher.program)
        .args(&launcher.words)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(SpawnError::Helper)?;
    let (their_stdin, stdin) = io::pipe().step(PIPES)?;
    let (stdout, their_stdout) = io::pipe().step(PIPES)?;
    let (stderr, their_stderr) = io::pipe().step(PIPES)?;
    let mut files: Vec<OwnedFd> = vec![their_stdin.into(), their_stdout.into(), their_stderr.into()];
    files.extend(passed);
    let (refused, telling) = if plan.watch { Some(Refused::pair(plan)?).unzip() } else { (None, None) };
    files.extend(telling);
    rustix::io::ioctl_fionbio(&ours, true).step("opening a socket")?;
    let handed: Vec<_> = files.iter().map(AsFd::as_fd).collect();
    wire::send_packed(&ours, &keep, &handed).step("handing the plan over")?;
    drop(handed);
    drop(files);
    let keeper = UnixDatagram::from_std(ours.into()).step("opening a socket")?;
    let heard = timeout(Duration::from_millis(START_MS_MAX), hear(&keeper)).await;
    let heard = heard.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let proxy = match heard.step("waiting for the start")? {
        Some((Note::Started, proxy)) => proxy.into_iter().next().map(TcpListener::from),
        Some((Note::Failed(fault), _)) => {
            drop(child.wait().await);
            return Err(fault.into());
        }
        _ => return Err(io::Error::other("its keeper ended")).step("waiting for the start").map_err(Into::into),
    };
    Ok(Confined {
        stdin: Some(pipe::Sender::from_owned_fd(stdin.into()).step(PIPES)?),
        stdout: Some(pipe::Receiver::from_owned_fd(stdout.into()).step(PIPES)?),
        stderr: Some(pipe::Receiver::from_owned_fd(stderr.into()).step(PIPES)?),
        proxy,
        refused,
        facts: plan.facts.clone(),
        keeper,
        child,
        ended: None,
    })
}

impl Confined {
    /// What is kept, for the record of the run.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Waits until it has ended and nothing of it is left. Can be given up and called again.
    pub async fn wait(&mut self) -> Ended {
        if let Some(ended) = self.ended {
            return ended;
        }
        let ended = loop {
            match hear(&self.keeper).await {
                Ok(Some((Note::Ended(ended), _))) => break ended,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break Ended::Lost,
            }
        };
        self.ended = Some(ended);
        drop(self.child.wait().await);
        ended
    }

    /// The same, for so long; `None` if it runs on.
    pub async fn wait_for(&mut self, limit: Duration) -> Option<Ended> {
        timeout(limit, self.wait()).await.ok()
    }

    /// Asks it to end (SIGTERM, and an end of what it reads), and ends it after this time.
    pub async fn stop(&mut self, grace: Duration) -> Ended {
        let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        // A keeper that hears nothing any more has ended, or ends when we let go of it.
        wire::send(&self.keeper, &Note::Stop { grace_ms }, &[]).ok();
        // After that: what ends at this end is ended by us.
        self.stdin = None;
        let limit = grace.saturating_add(Duration::from_millis(END_MS_MAX));
        match self.wait_for(limit).await {
            Some(ended) => ended,
            None => {
                drop(self.child.start_kill());
                self.wait().await
            }
        }
    }

    /// Ends it, and comes back when nothing of it is left.
    pub async fn kill(&mut self) -> Ended {
        self.stop(Duration::ZERO).await
    }

    /// How it ended, if it has and was waited for.
    pub fn ended(&self) -> Option<Ended> {
        self.ended
    }
}

async fn hear(keeper: &UnixDatagram) -> io::Result<Option<(Note, Vec<OwnedFd>)>> {
    keeper.async_io(Interest::READABLE, || wire::receive(keeper)).await
}
