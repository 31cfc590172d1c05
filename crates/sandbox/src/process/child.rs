//! One program that runs: started in its box, spoken with, looked after, ended. Nothing of it stays.

use super::{
    ear::Ear,
    logs::Voice,
    memory::Memory,
    policy::{Places, policy},
    said::Said,
    shared::{Shared, StartError},
    source::Prepared,
    warden::ProgramWarden,
};
use broker::LeaseEnd;
use egress::{TunnelBounds, Tunnels};
use futures_util::future::BoxFuture;
use isolate::Confined;
use kernel::{
    host_call::{HostAnswer, HostCall, HostError},
    program::{InputRequest, Introduction, Spoken, Streams, Terms, WayOut},
    runner::{GuestCall, GuestEnd, GuestFailure, GuestHost, GuestPiece, Push},
};
use protocol::{BoxFact, Digest, ErrorCode, Failure};
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    io::AsyncReadExt as _,
    sync::{Notify, watch},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

/// How long a program may take to say that it is there: interpreters load hundreds of files from a cold disk.
const START_MS_MAX: u64 = 30_000;
/// How long it may take to say goodbye.
const CLOSE_MS_MAX: u64 = 1_000;
/// How long it may take to end by itself after that.
const GRACE_MS: u64 = 500;
/// After its lease has ended, how long a call may take to come back before the program is taken for one that does not listen.
const CANCEL_MS: u64 = 400;
/// How often the clocks of a call are looked at.
const SWEEP_EVERY_MS: u64 = 100;
/// How often the group of a program is looked at on account of its runs: a look costs a keeper as much as a call costs a small server.
const GROUP_LOOK_EVERY_MS: u64 = 100;
/// How often an idle program is looked at.
const LOOK_EVERY_MS: u64 = 1_000;
/// The rest of a line that a program writes is waited for this long; then what there is of it is shown.
const LINE_MS_MAX: u64 = 500;

/// What is said of one that is ended without a reason of its own.
pub(crate) const ENDED: &str = "it was ended";

/// A program that runs.
pub(crate) struct Child {
    spoken: Arc<dyn Spoken>,
    pub(crate) package: Digest,
    pub(crate) terms: Arc<Terms>,
    pub(crate) facts: Vec<BoxFact>,
    pub(crate) said: Arc<Said>,
    warden: Arc<ProgramWarden>,
    /// What it tries, where this machine tells it.
    ear: Option<Arc<Ear>>,
    shared: Arc<Shared>,
    /// Calls under way.
    live: AtomicUsize,
    /// It takes no further call, and is ended after the last one.
    is_retiring: AtomicBool,
    /// It is ended now, whatever is under way, and why.
    doomed: OnceLock<&'static str>,
    /// One of the above has changed.
    changed: Notify,
    pub(crate) started_ns: u64,
    used_ns: AtomicU64,
    /// When its group was last looked at, and whether a run has ended since that asks for another look.
    looked_ns: AtomicU64,
    is_look_due: AtomicBool,
    /// A run had its answer.
    has_served: AtomicBool,
    /// A run had none, since it ended.
    has_failed: AtomicBool,
    ended: watch::Receiver<Option<Gone>>,
}

/// How it went.
#[derive(Clone, Debug)]
pub(crate) struct Gone {
    /// In words.
    pub(crate) why: String,
    /// It was not asked to.
    pub(crate) was_by_itself: bool,
}

impl Child {
    /// Starts a program for a run, on the run's terms.
    pub(crate) async fn start(
        shared: &Arc<Shared>,
        prepared: &Prepared,
        terms: &Arc<Terms>,
        way: &Arc<dyn WayOut>,
    ) -> Result<Arc<Self>, StartError> {
        let memory = Memory::open(&shared.config.homes, terms.owner, &terms.app).map_err(StartError::Room)?;
        let tree = prepared.tree.as_deref();
        let places = Places { code: &prepared.code, tree, home: memory.home(), never: &shared.config.never };
        let policy = policy(&prepared.found, &prepared.source.command[1..], terms, &places);
        let abilities = shared.config.machine.abilities().await.map_err(StartError::Machine)?;
        let plan = isolate::plan(&policy, &abilities).map_err(|refusal| StartError::Refused(Box::new(refusal)))?;
        let mut confined =
            isolate::spawn(&plan, &shared.config.launcher, Vec::new()).await.map_err(StartError::Spawn)?;
        let warden = Arc::new(ProgramWarden::new(way, memory));
        // What it does before its first call, it does for the run that has it started.
        warden.enter(way.lease(), way.clone());
        let never = &shared.config.never;
        let ear = confined
            .refused
            .take()
            .map(|refused| Ear::listen(refused, warden.clone(), terms.clone(), plan.policy().bounds, never.clone()));
        let tunnels = confined.proxy.take().map(|listener| -> std::io::Result<Tunnels> {
            let tunnels = shared.config.egress.tunnels(warden.clone(), TunnelBounds::default());
            tunnels.listen(tokio::net::TcpListener::from_std(listener)?);
            Ok(tunnels)
        });
        let tunnels = tunnels.transpose().map_err(StartError::Room)?;
        let said = Arc::new(Said::default());
        let voice = Arc::new(Voice::new(shared.logs.clone(), terms.clone()));
        if let Some(stderr) = confined.stderr.take() {
            tokio::spawn(listen(stderr, said.clone(), voice.clone()));
        }
        let (Some(to), Some(from)) = (confined.stdin.take(), confined.stdout.take()) else {
            return Err(StartError::Silent("it has no standard streams".to_owned()));
        };
        let streams = Streams { to: Box::new(to), from: Box::new(from), log: voice };
        let opening = prepared.dialect.open(streams, prepared.source.clone());
        let opened = tokio::select! {
            opened = timeout(Duration::from_millis(START_MS_MAX), opening) => {
                opened.unwrap_or_else(|_| Err("it said nothing in time".to_owned()))
            }
            ended = confined.wait() => Err(ended.sentence().to_string()),
            end = way.lease().ended() => Err(end.message(way.lease().limits())),
        };
        if opened.is_err() {
            confined.kill().await;
        }
        if let Some(ear) = &ear {
            ear.hear();
        }
        warden.leave(way.lease().run());
        let spoken = match opened {
            Ok(spoken) => spoken,
            Err(why) => {
                return Err(StartError::Silent(said.explain(&why)));
            }
        };
        let now_ns = shared.config.clock.monotonic_ns();
        let (gone, ended) = watch::channel(None);
        let child = Arc::new(Self {
            spoken,
            package: prepared.source.package,
            terms: terms.clone(),
            facts: confined.facts().told(),
            said,
            warden,
            ear,
            shared: shared.clone(),
            live: AtomicUsize::new(0),
            is_retiring: AtomicBool::new(false),
            doomed: OnceLock::new(),
            changed: Notify::new(),
            started_ns: now_ns,
            used_ns: AtomicU64::new(now_ns),
            looked_ns: AtomicU64::new(0),
            is_look_due: AtomicBool::new(false),
            has_served: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            ended,
        });
        tokio::spawn(look_after(child.clone(), confined, tunnels, gone));
        Ok(child)
    }

    /// Takes a place for a call, if it takes calls at all.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Serving> {
        self.live.fetch_add(1, SeqCst);
        let serving = Serving(self.clone());
        let is_there = !self.is_retiring.load(SeqCst) && self.ended.borrow().is_none();
        is_there.then_some(serving)
    }

    /// Calls under way.
    pub(crate) fn live(&self) -> usize {
        self.live.load(SeqCst)
    }

    /// It takes no further call, and is ended when the last one is.
    pub(crate) fn retire(&self) {
        self.is_retiring.store(true, SeqCst);
        self.changed.notify_one();
    }

    /// It is ended now.
    pub(crate) fn doom(&self, why: &'static str) {
        self.doomed.get_or_init(|| why);
        self.retire();
    }

    /// How it went, if it has.
    pub(crate) fn gone(&self) -> Option<Gone> {
        self.ended.borrow().clone()
    }

    /// Whether a run had its answer from it.
    pub(crate) fn has_served(&self) -> bool {
        self.has_served.load(SeqCst)
    }

    /// Whether its end is a failure: it came by itself, and left a run without an answer or came before there was one. Some
    /// programs serve a run and end, and nothing is wrong with that.
    pub(crate) fn has_failed(&self) -> bool {
        let was_by_itself = self.gone().is_some_and(|gone| gone.was_by_itself);
        was_by_itself && (!self.has_served() || self.has_failed.load(SeqCst))
    }

    /// Waits until nothing of it is left.
    pub(crate) async fn wait(&self) {
        let mut ended = self.ended.clone();
        drop(ended.wait_for(Option::is_some).await);
    }

    /// How it did for a run. Of a run that somebody ended there is nothing to say.
    fn note(&self, end: &GuestEnd) {
        match &end.result {
            Ok(_) | Err(GuestFailure::Threw { .. } | GuestFailure::NoSuchExport) => {
                self.has_served.store(true, SeqCst);
            }
            Err(GuestFailure::Failed(why)) if why.code == ErrorCode::ProgramFailed => {
                self.has_failed.store(true, SeqCst);
            }
            Err(_) => {}
        }
    }

    /// Has its keeper look what the bounds of its group have held it to. Of runs that end soon after each other one look is for all.
    fn look_group(&self) {
        let Some(ear) = &self.ear else { return };
        let now_ns = self.shared.config.clock.monotonic_ns();
        let looked_ns = self.looked_ns.load(SeqCst);
        let is_soon = looked_ns > 0 && now_ns.saturating_sub(looked_ns) < GROUP_LOOK_EVERY_MS * 1_000_000;
        self.is_look_due.store(is_soon, SeqCst);
        if !is_soon {
            self.looked_ns.store(now_ns.max(1), SeqCst);
            ear.look();
        }
    }

    fn idle_ms(&self) -> u64 {
        self.shared.config.clock.monotonic_ns().saturating_sub(self.used_ns.load(SeqCst)) / 1_000_000
    }
}

/// A call under way. Dropped, it is over.
pub(crate) struct Serving(Arc<Child>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.used_ns.store(self.0.shared.config.clock.monotonic_ns(), SeqCst);
        self.0.live.fetch_sub(1, SeqCst);
        // Who looks after it waits for the last call where it is about to end, and is left alone where it is not.
        if self.0.is_retiring.load(SeqCst) {
            self.0.changed.notify_one();
        }
    }
}

impl Serving {
    /// Has the program serve a run. Comes back soon after the run's lease has ended.
    pub(crate) async fn call(self, call: GuestCall, host: Arc<dyn GuestHost>, way: Arc<dyn WayOut>) -> GuestEnd {
        let child = &self.0;
        let lease = call.lease.clone();
        child.warden.enter(&lease, way);
        if let Some(ear) = &child.ear {
            ear.anew();
        }
        let leaving = Leaving(child, &lease);
        host.kept(&child.facts);
        let shared: Arc<dyn GuestHost> =
            Arc::new(SharedHost { inner: host, warden: child.warden.clone(), lease: lease.clone() });
        let mut working = child.spoken.call(call, shared);
        let clock = &child.shared.config.clock;
        let mut sweep = interval(Duration::from_millis(SWEEP_EVERY_MS));
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ended = child.wait();
        let mut ended = std::pin::pin!(ended);
        let end = loop {
            tokio::select! {
                biased;
                end = &mut working => break with_reason(child, end).await,
                end = lease.ended() => break cancelled(child, working, end).await,
                () = &mut ended => {
                    // What it had said before that is still heard.
                    let rest_ms = if child.doomed.get().is_some() { 0 } else { GRACE_MS };
                    break match timeout(Duration::from_millis(rest_ms), &mut working).await {
                        Ok(end) => with_reason(child, end).await,
                        Err(_) => failed(child.said.explain(&child.gone().map_or_else(String::new, |gone| gone.why))),
                    };
                }
                _ = sweep.tick() => lease.sweep(clock.monotonic_ns()),
            }
        };
        drop(leaving);
        child.note(&end);
        end
    }
}

/// Of a program that ended while it was spoken with, how it ended and what it said last.
async fn with_reason(child: &Child, end: GuestEnd) -> GuestEnd {
    let is_lost =
        |failure: &GuestFailure| matches!(failure, GuestFailure::Failed(why) if why.code == ErrorCode::ProgramFailed);
    if !end.result.as_ref().is_err_and(is_lost) {
        return end;
    }
    drop(timeout(Duration::from_millis(GRACE_MS * 2), child.wait()).await);
    match child.gone() {
        Some(gone) => failed(child.said.explain(&gone.why)),
        None => end,
    }
}

/// Whatever comes of a call, the program works for the run no more.
struct Leaving<'a>(&'a Child, &'a broker::Lease);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.warden.share(self.1);
        if let Some(ear) = &self.0.ear {
            ear.hear();
        }
        self.0.look_group();
        self.0.warden.leave(self.1.run());
    }
}

/// The run is over. The program hears of it from the conversation; one that goes on all the same is ended.
async fn cancelled(child: &Child, working: BoxFuture<'static, GuestEnd>, end: LeaseEnd) -> GuestEnd {
    if timeout(Duration::from_millis(CANCEL_MS), working).await.is_err() {
        match child.live() {
            0 | 1 => {
                child.doom(ENDED);
                child.wait().await;
            }
            // Others are served by it: it takes no more, and goes with the last of them.
            _ => child.retire(),
        }
    }
    GuestEnd { result: Err(GuestFailure::Ended(end)), memory_bytes: 0 }
}

pub(crate) fn failed(message: String) -> GuestEnd {
    refused(Failure::new(ErrorCode::ProgramFailed, message))
}

pub(crate) fn refused(failure: Failure) -> GuestEnd {
    GuestEnd { result: Err(GuestFailure::Failed(Box::new(failure))), memory_bytes: 0 }
}

/// Ends the program when it is time, and hears when it ends by itself.
async fn look_after(
    child: Arc<Child>,
    mut confined: Confined,
    tunnels: Option<Tunnels>,
    gone: watch::Sender<Option<Gone>>,
) {
    let idle_ms_max = child.shared.config.idle_ms_max;
    let mut tick = interval(Duration::from_millis(LOOK_EVERY_MS));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (why, was_by_itself) = loop {
        tokio::select! {
            ended = confined.wait() => break (ended.sentence().to_string(), true),
            why = child.spoken.closed() => {
                // Whoever comes while it ends would not be heard.
                child.is_retiring.store(true, SeqCst);
                break (end_of_words(&mut confined, why).await, true);
            }
            () = child.changed.notified() => {}
            _ = tick.tick() => {
                if child.is_look_due.load(SeqCst) {
                    child.look_group();
                }
                if child.live() == 0 && child.idle_ms() >= idle_ms_max && !child.spoken.is_awaited() {
                    child.is_retiring.store(true, SeqCst);
                }
            }
        }
        if let Some(why) = child.doomed.get() {
            break ((*why).to_owned(), false);
        }
        if child.is_retiring.load(SeqCst) && child.live() == 0 {
            drop(timeout(Duration::from_millis(CLOSE_MS_MAX), child.spoken.close()).await);
            break ("it was not needed any more".to_owned(), false);
        }
    };
    child.is_retiring.store(true, SeqCst);
    if let Some(tunnels) = tunnels {
        tunnels.stop().await;
    }
    let grace = if child.doomed.get().is_some() { 0 } else { GRACE_MS };
    confined.stop(Duration::from_millis(grace)).await;
    child.spoken.over();
    gone.send_replace(Some(Gone { why, was_by_itself }));
}

/// It says nothing any more. Where that has a reason of its own, it is what counts; else it is mostly about to end, which says
/// more.
async fn end_of_words(confined: &mut Confined, why: Option<String>) -> String {
    match why {
        Some(why) => why,
        None => match confined.wait_for(Duration::from_millis(GRACE_MS)).await {
            Some(ended) => ended.sentence().to_string(),
            None => "it closed its standard output".to_owned(),
        },
    }
}

/// Keeps the last of what a program complains of.
async fn listen(mut stderr: tokio::net::unix::pipe::Receiver, said: Arc<Said>, voice: Arc<Voice>) {
    let mut bytes = vec![0; 8 << 10];
    loop {
        let reading = stderr.read(&mut bytes);
        let read = match voice.is_halfway() {
            true => timeout(Duration::from_millis(LINE_MS_MAX), reading).await,
            false => Ok(reading.await),
        };
        match read {
            Ok(Ok(count @ 1..)) => {
                said.take(&bytes[..count]);
                voice.take(&bytes[..count]);
            }
            Ok(_) => break,
            Err(_) => voice.finish(),
        }
    }
    voice.finish();
    // A program may close it and go on.
    drop(stderr);
    sleep(Duration::ZERO).await;
}

/// A run's exit, as a program has it that may have told other runs what it learned here.
struct SharedHost {
    inner: Arc<dyn GuestHost>,
    warden: Arc<ProgramWarden>,
    lease: broker::Lease,
}

impl GuestHost for SharedHost {
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<HostAnswer, HostError>> {
        self.warden.share(&self.lease);
        let (calling, warden, lease) = (self.inner.call(call), self.warden.clone(), self.lease.clone());
        Box::pin(async move {
            let answer = calling.await;
            // Before the program hears it.
            warden.share(&lease);
            answer
        })
    }

    fn stream(&self, piece: GuestPiece) -> Push {
        self.warden.share(&self.lease);
        self.inner.stream(piece)
    }

    fn way_out(&self) -> Option<Arc<dyn WayOut>> {
        self.inner.way_out()
    }

    fn introduction(&self) -> Option<&Introduction> {
        self.inner.introduction()
    }

    fn kept(&self, facts: &[BoxFact]) {
        self.inner.kept(facts);
    }

    fn input(&self, requests: Vec<InputRequest>) -> BoxFuture<'static, Result<Vec<serde_json::Value>, String>> {
        self.warden.share(&self.lease);
        self.inner.input(requests)
    }
}
