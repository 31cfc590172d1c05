//! What all programs share, and which of them serves which run: one for each app, owner and terms, started when a run needs
//! it and ended when none has for a while.

use super::{
    child::{Child, ENDED, Serving, failed, refused},
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
use tokio::{sync::Mutex as Turn, time::sleep};

/// Programs that no run needs are ended after this: long enough for somebody who works with one, short enough for thirty of
/// them on a laptop.
pub const IDLE_MS_MAX: u64 = 300_000;
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

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    owner: OwnerId,
    app: AppName,
    package: Digest,
    terms: Digest,
}

/// All programs.
pub(crate) struct Shared {
    pub(crate) config: ProgramConfig,
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
}

/// A program's place: one starts it at a time.
#[derive(Default)]
struct Slot {
    turn: Turn<Restart>,
    child: Mutex<Option<Arc<Child>>>,
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
    /// The last that it wrote on its standard error.
    pub said: Vec<String>,
}

impl Shared {
    pub(crate) fn new(config: ProgramConfig) -> Arc<Self> {
        Arc::new(Self { config, slots: Mutex::default() })
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
        let key =
            Key { owner: terms.owner, app: terms.app.clone(), package: prepared.source.package, terms: terms.digest };
        let slot = self.slots.lock().entry(key.clone()).or_default().clone();
        if let Some(serving) = slot.enter() {
            return Ok(serving);
        }
        let mut restart = slot.turn.lock().await;
        if let Some(serving) = slot.enter() {
            return Ok(serving);
        }
        self.retire_others(&key);
        let gone = slot.child.lock().take();
        if let Some(child) = gone {
            // Two of them would write in one home.
            child.wait().await;
            let now_ns = self.config.clock.monotonic_ns();
            match child.gone() {
                Some(gone) if gone.was_by_itself => {
                    restart.failed(now_ns, now_ns.saturating_sub(child.started_ns) / 1_000_000);
                }
                _ => restart.served(),
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

    /// Of one app and owner, those on other terms or of another version take no further call.
    fn retire_others(&self, key: &Key) {
        let mut slots = self.slots.lock();
        let is_other = |other: &Key| other.owner == key.owner && other.app == key.app && other != key;
        for (_, slot) in slots.iter().filter(|(other, _)| is_other(other)) {
            slot.child.lock().iter().for_each(|child| child.retire());
        }
        // What is over leaves nothing behind.
        slots.retain(|other, slot| {
            !is_other(other) || slot.child.lock().as_ref().is_some_and(|child| child.gone().is_none())
        });
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
        self.children(|key| key.package == package).iter().for_each(|(_, child)| child.retire());
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
                said: child.said.lines().into_iter().map(|line| child.terms.unsaid.text(line)).collect(),
            })
            .collect()
    }
}

impl Slot {
    fn enter(&self) -> Option<Serving> {
        self.child.lock().as_ref().and_then(Child::enter)
    }
}
