//! What all programs share, and which of them serves which run. Of an app there is one for each owner at a time, since each has the
//! home to itself: started on the terms of the run that needs it, used by all that have the same, ended before one on other terms
//! starts, and when none was needed for a while.

use super::{
    child::{Child, ENDED, Serving, failed, refused},
    logs::Logs,
    restart::Restart,
    source::Prepared,
};
use futures_util::future::BoxFuture;
use isolate::{Abilities, Launcher, Refusal, SpawnError};
use kernel::{
    program::{Dialect, Rooms, Terms, WayOut},
    runner::{GuestCall, GuestEnd, GuestFailure, GuestHost},
};
use parking_lot::Mutex;
use protocol::{AppName, BoxFact, Clock, Digest, ErrorCode, Failure, OwnerId};
use std::{collections::HashMap, io, path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    sync::Mutex as Turn,
    time::{sleep, timeout},
};

/// Programs that no run needs are ended after this: long enough for somebody who works with one, short enough for thirty of
/// them on a laptop.
pub const IDLE_MS_MAX: u64 = 300_000;
/// How long a run waits for those that its app's program serves on other terms: longer than most calls take, and shorter than
/// anybody waits without a word.
pub const OTHERS_WAITED_MS: u64 = 20_000;
/// After a bad end, a pause up to this is waited for; a longer one is an answer.
const PAUSE_WAITED_MS: u64 = 1_000;

/// What this machine can keep.
pub trait Machine: Send + Sync {
    /// Found out by trying; again where that may have changed.
    fn abilities(&self) -> BoxFuture<'_, io::Result<Arc<Abilities>>>;
}

/// What programs need from whoever puts the parts together.
#[derive(Clone)]
pub struct ProgramConfig {
    /// How the keeper of a program is started.
    pub launcher: Launcher,
    /// What this machine can keep.
    pub machine: Arc<dyn Machine>,
    /// Their ways out.
    pub egress: Arc<egress::Client>,
    /// Where the files of packages are unpacked.
    pub code: PathBuf,
    /// Where the packages lie that others are installed with.
    pub trees: PathBuf,
    /// Where programs have their own folders.
    pub homes: PathBuf,
    /// Where programs that a command names are looked for.
    pub folders: Vec<PathBuf>,
    /// What no program may have: OIKOS_HOME and what else is oikos' own.
    pub never: Vec<PathBuf>,
    /// What is spoken with MCP servers, where that is known.
    pub mcp: Option<Arc<dyn Dialect>>,
    /// The version of oikos, which programs are told.
    pub version: String,
    /// How long a program stays that no run needs; [`IDLE_MS_MAX`] unless there is a reason.
    pub idle_ms_max: u64,
    /// How long a run waits for others that are served on other terms; [`OTHERS_WAITED_MS`] unless there is a reason.
    pub others_waited_ms: u64,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where they are looked after.
    pub runtime: tokio::runtime::Handle,
}

/// Why a program did not start.
#[derive(Debug)]
pub(crate) enum StartError {
    /// Its folder.
    Room(io::Error),
    /// What this machine can keep could not be found out.
    Machine(io::Error),
    /// It cannot be kept to its terms.
    Refused(Box<Refusal>),
    /// The box could not be made, or the program not started in it.
    Spawn(SpawnError),
    /// It started, and came to nothing.
    Silent(String),
}

impl StartError {
    /// How the run ends.
    fn end(&self, app: &AppName) -> GuestEnd {
        let internal =
            |what: &str, error: &io::Error| refused(Failure::new(ErrorCode::Internal, format!("{what}: {error}")));
        match self {
            Self::Room(error) => internal(&format!("the folder of {app}'s program cannot be used"), error),
            Self::Machine(error) => internal("what this machine can keep a program to could not be found out", error),
            Self::Refused(refusal) => {
                let fixes: Vec<String> = refusal.fixes().iter().map(ToString::to_string).collect();
                refused(
                    Failure::new(ErrorCode::BoxRefused, format!("{app} was not started: {refusal}"))
                        .hint(fixes.join("; or ")),
                )
            }
            Self::Spawn(error) => failed(format!("the program of {app} was not started: {error}")),
            Self::Silent(why) => failed(format!("the program of {app} did not start: {why}")),
        }
    }

    /// Whether trying again soon makes a difference that is worth a pause.
    fn is_the_programs(&self) -> bool {
        matches!(self, Self::Spawn(_) | Self::Silent(_))
    }
}

/// Whose home it is.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    owner: OwnerId,
    app: AppName,
}

/// Which program has it. Only runs for which it is the same one are served by one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Kind {
    package: Digest,
    terms: Digest,
}

/// All programs.
pub(crate) struct Shared {
    pub(crate) config: ProgramConfig,
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
    pub(crate) logs: Arc<Logs>,
}

/// A home, and who has it: one program is started at a time, and none beside another.
#[derive(Default)]
struct Slot {
    turn: Turn<Past>,
    child: Mutex<Option<Arc<Child>>>,
}

/// What is remembered of the programs that had it.
#[derive(Default)]
struct Past {
    /// Of this one. What failed before is no reason to leave another alone.
    of: Option<Kind>,
    restart: Restart,
}

/// A program that runs, for whoever looks.
#[derive(Clone, Debug)]
pub struct ProgramStatus {
    /// For whom it works.
    pub owner: OwnerId,
    /// Whose program it is.
    pub app: AppName,
    /// Calls under way.
    pub live_calls: usize,
    /// How long it has been running.
    pub age_ms: u64,
    /// What is kept of it.
    pub facts: Vec<BoxFact>,
}

impl Shared {
    pub(crate) fn new(config: ProgramConfig) -> Arc<Self> {
        Arc::new(Self { config, slots: Mutex::default(), logs: Arc::default() })
    }

    /// Has a program serve a run.
    pub(crate) async fn serve(
        self: Arc<Self>,
        prepared: Arc<Prepared>,
        call: GuestCall,
        host: Arc<dyn GuestHost>,
    ) -> GuestEnd {
        let (Some(terms), Some(way)) = (call.terms.clone(), host.way_out()) else {
            return failed("a program was called without its terms".to_owned());
        };
        let lease = call.lease.clone();
        let serving = tokio::select! {
            serving = self.serving(&prepared, &terms, &way) => serving,
            end = lease.ended() => return GuestEnd { result: Err(GuestFailure::Ended(end)), memory_bytes: 0 },
        };
        match serving {
            Ok(serving) => serving.call(call, host, way).await,
            Err(end) => end,
        }
    }

    /// A place in the program for a run on these terms; it is started if it has to be.
    async fn serving(
        self: &Arc<Self>,
        prepared: &Prepared,
        terms: &Arc<Terms>,
        way: &Arc<dyn WayOut>,
    ) -> Result<Serving, GuestEnd> {
        let key = Key { owner: terms.owner, app: terms.app.clone() };
        let kind = Kind { package: prepared.source.package, terms: terms.digest };
        let slot = self.slots.lock().entry(key).or_default().clone();
        if let Some(serving) = slot.enter(kind) {
            return Ok(serving);
        }
        let mut past = slot.turn.lock().await;
        if let Some(serving) = slot.enter(kind) {
            return Ok(serving);
        }
        if past.of != Some(kind) {
            *past = Past { of: Some(kind), restart: Restart::default() };
        }
        let restart = &mut past.restart;
        let before = slot.child.lock().clone();
        if let Some(child) = before {
            child.retire();
            if timeout(Duration::from_millis(self.config.others_waited_ms), child.wait()).await.is_err() {
                return Err(taken(&terms.app));
            }
            slot.child.lock().take();
            if child.kind() == kind {
                let (failed, now_ns) = (child.has_failed(), self.config.clock.monotonic_ns());
                if child.has_served() || !failed {
                    restart.served();
                }
                if failed {
                    restart.failed(now_ns, now_ns.saturating_sub(child.started_ns) / 1_000_000);
                }
            }
        }
        let wait_ms = restart.wait_ms(self.config.clock.monotonic_ns());
        if wait_ms > PAUSE_WAITED_MS {
            let (app, failures, seconds) = (&terms.app, restart.failures(), wait_ms.div_ceil(1_000));
            return Err(failed(format!(
                "the program of {app} has failed {failures} times in a row; it is started again in {seconds} s at the earliest"
            )));
        }
        sleep(Duration::from_millis(wait_ms)).await;
        match Child::start(self, prepared, terms, way).await {
            Ok(child) => {
                let serving = child.enter();
                *slot.child.lock() = Some(child);
                serving.ok_or_else(|| failed(format!("the program of {} ended as soon as it had started", terms.app)))
            }
            Err(error) => {
                if error.is_the_programs() {
                    restart.failed(self.config.clock.monotonic_ns(), 0);
                }
                Err(error.end(&terms.app))
            }
        }
    }

    fn children(&self, of: impl Fn(&Key) -> bool) -> Vec<(Key, Arc<Child>)> {
        let slots = self.slots.lock();
        let of = slots.iter().filter(|(key, _)| of(key));
        of.filter_map(|(key, slot)| Some((key.clone(), slot.child.lock().clone()?))).collect()
    }

    /// What has more than this is ended now.
    pub(crate) fn let_go(&self, owner: OwnerId, app: &AppName, still: &Rooms) {
        for (_, child) in self.children(|key| key.owner == owner && key.app == *app) {
            if !child.terms.rooms.is_within(still) {
                child.doom("what it may have was taken back");
            }
        }
    }

    /// What may know a secret that was taken back is ended now.
    pub(crate) fn take_back(&self, owner: OwnerId, app: &AppName) {
        for (_, child) in self.children(|key| key.owner == owner && key.app == *app) {
            if child.terms.has_secrets {
                child.doom("a secret that it had was taken back");
            }
        }
    }

    /// They take no further call.
    pub(crate) fn end(&self, owner: OwnerId, app: &AppName) {
        self.children(|key| key.owner == owner && key.app == *app).iter().for_each(|(_, child)| child.retire());
    }

    /// The programs of a package are ended, whoever uses them.
    pub(crate) fn forget(&self, package: Digest) {
        let children = self.children(|_| true);
        children.iter().filter(|(_, child)| child.package == package).for_each(|(_, child)| child.retire());
    }

    /// Ends all of them, and waits until nothing is left.
    pub(crate) async fn shut_down(&self) {
        let children = self.children(|_| true);
        children.iter().for_each(|(_, child)| child.doom(ENDED));
        for (_, child) in children {
            child.wait().await;
        }
    }

    pub(crate) fn status(&self) -> Vec<ProgramStatus> {
        let now_ns = self.config.clock.monotonic_ns();
        let there = self.children(|_| true).into_iter().filter(|(_, child)| child.gone().is_none());
        there
            .map(|(key, child)| ProgramStatus {
                owner: key.owner,
                app: key.app,
                live_calls: child.live(),
                age_ms: now_ns.saturating_sub(child.started_ns) / 1_000_000,
                facts: child.facts.clone(),
            })
            .collect()
    }
}

impl Slot {
    fn enter(&self, kind: Kind) -> Option<Serving> {
        let child = self.child.lock();
        child.as_ref().filter(|child| child.kind() == kind).and_then(Child::enter)
    }
}

impl Child {
    fn kind(&self) -> Kind {
        Kind { package: self.package, terms: self.terms.digest }
    }
}

/// Two programs would write in one home.
fn taken(app: &AppName) -> GuestEnd {
    let message = format!(
        "the program of {app} still serves other runs, with other folders, hosts or settings than this one has"
    );
    let hint = format!("try again when they have ended; oikos stop {app} ends them");
    refused(Failure::new(ErrorCode::HostBusy, message).hint(hint))
}
