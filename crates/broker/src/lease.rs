//! A run's right to go on: its bounds, what it has used of them, its labels, and its end.
//!
//! Only a [`Broker`](crate::Broker) makes a lease; anyone who holds one may end it. Once ended it never comes back:
//! the next effect fails, the sandbox is dropped, and whoever waits on [`Lease::ended`] wakes.

use crate::{AppGrants, Picked};
use parking_lot::Mutex;
use protocol::{AppName, Caller, ErrorCode, Labels, Limits, RunId, Zone, api::HostUse};
use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
};

/// Hosts that a run's exchanges are counted by, one by one; the rest is counted together.
const HOSTS_MAX: usize = 32;

/// Why a lease ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum LeaseEnd {
    /// The run came to its end.
    Finished = 1,
    /// The owner stopped it.
    Stopped,
    /// Wall-clock limit.
    Timeout,
    /// No progress for too long.
    Idle,
    /// Guest CPU limit.
    CpuLimit,
    /// Memory limit.
    MemoryLimit,
    /// Stream limit.
    StreamLimit,
    /// Host CPU or bytes limit.
    HostLimit,
    /// oikos is shutting down.
    Shutdown,
    /// The run that called it has ended.
    CallerEnded,
}

impl LeaseEnd {
    const ALL: [Self; 10] = [
        Self::Finished,
        Self::Stopped,
        Self::Timeout,
        Self::Idle,
        Self::CpuLimit,
        Self::MemoryLimit,
        Self::StreamLimit,
        Self::HostLimit,
        Self::Shutdown,
        Self::CallerEnded,
    ];

    fn from_bits(bits: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|end| *end as u8 == bits)
    }

    /// The stable code of a run that ended so.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Finished => ErrorCode::LeaseRevoked,
            Self::Stopped | Self::Shutdown | Self::CallerEnded => ErrorCode::Stopped,
            Self::Timeout | Self::Idle => ErrorCode::Timeout,
            Self::CpuLimit => ErrorCode::CpuLimit,
            Self::MemoryLimit => ErrorCode::MemoryLimit,
            Self::StreamLimit => ErrorCode::StreamLimit,
            Self::HostLimit => ErrorCode::HostLimit,
        }
    }

    /// What a person reads, with the bound that was reached.
    pub fn message(self, limits: &Limits) -> String {
        use protocol::Arg::{Bytes, Millis};
        match self {
            Self::Finished => "the run has come to its end".to_owned(),
            Self::Stopped => "the owner stopped it".to_owned(),
            Self::Shutdown => "oikos is shutting down".to_owned(),
            Self::CallerEnded => "the run that called it has ended".to_owned(),
            Self::Timeout => format!("it took longer than {}", Millis(limits.wall_ms)),
            Self::Idle => format!("it made no progress for {}", Millis(limits.idle_ms)),
            Self::CpuLimit => format!("it used up its {} of computing", Millis(limits.cpu_ms)),
            Self::MemoryLimit => format!("it used up its {} of memory", Bytes(limits.memory_bytes)),
            Self::StreamLimit => format!("it streamed more than {}", Bytes(limits.stream_bytes)),
            Self::HostLimit => format!(
                "the work done for it reached a limit ({} of computing, {} moved)",
                Millis(limits.host_cpu_ms),
                Bytes(limits.host_bytes)
            ),
        }
    }
}

#[derive(Debug)]
struct Clocks {
    started_ns: u64,
    progress_ns: u64,
    /// How many persons are being asked right now; clocks stand still while any is.
    asking: u32,
    paused_since_ns: u64,
    paused_ns: u64,
}

/// Who waits for the end. Whoever waits no more is forgotten: a lease may outlive any number of those.
#[derive(Debug, Default)]
struct Wakers {
    waiting: HashMap<u64, Waker>,
    next: u64,
}

#[derive(Debug)]
struct Inner {
    run: RunId,
    app: AppName,
    caller: Caller,
    zone: Zone,
    limits: Limits,
    end: AtomicU8,
    wakers: Mutex<Wakers>,
    clocks: Mutex<Clocks>,
    labels: AtomicU8,
    /// What whoever started it had read before.
    carried: AtomicU8,
    picked: Mutex<Vec<Picked>>,
    /// What holds for this run in place of what its app was granted.
    grants: Option<Arc<AppGrants>>,
    /// The owner's own errand, and no app's run.
    is_on_errand: bool,
    /// The run that called this one, and waits for it.
    called_by: Option<Lease>,
    guest_cpu_us: AtomicU64,
    host_cpu_us: AtomicU64,
    host_bytes: AtomicU64,
    exchanged: Mutex<Vec<HostUse>>,
    stream_bytes: AtomicU64,
    log_bytes: AtomicU64,
    log_dropped: AtomicU64,
    operations: AtomicU32,
    handles: AtomicU32,
}

/// A run's right to go on. Clones are the same lease.
#[derive(Clone, Debug)]
pub struct Lease(Arc<Inner>);

impl Lease {
    pub(crate) fn new(caller: Caller, app: AppName, run: RunId, zone: Zone, limits: Limits, now_ns: u64) -> Self {
        Self(Arc::new(Inner {
            run,
            app,
            caller,
            zone,
            limits,
            end: AtomicU8::new(0),
            wakers: Mutex::default(),
            clocks: Mutex::new(Clocks {
                started_ns: now_ns,
                progress_ns: now_ns,
                asking: 0,
                paused_since_ns: 0,
                paused_ns: 0,
            }),
            labels: AtomicU8::new(0),
            carried: AtomicU8::new(0),
            picked: Mutex::default(),
            grants: None,
            is_on_errand: false,
            called_by: None,
            guest_cpu_us: AtomicU64::new(0),
            host_cpu_us: AtomicU64::new(0),
            host_bytes: AtomicU64::new(0),
            exchanged: Mutex::default(),
            stream_bytes: AtomicU64::new(0),
            log_bytes: AtomicU64::new(0),
            log_dropped: AtomicU64::new(0),
            operations: AtomicU32::new(0),
            handles: AtomicU32::new(0),
        }))
    }

    /// Decided by these grants from its beginning on.
    pub(crate) fn under(mut self, grants: AppGrants) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.grants = Some(Arc::new(grants));
        }
        self
    }

    /// It is the owner's own errand.
    pub(crate) fn on_errand(mut self) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.is_on_errand = true;
        }
        self
    }

    /// Another run called it: it begins with what that one has read, and whenever a person is asked here, the clocks of both
    /// stand still.
    pub(crate) fn called_by(mut self, caller: &Self) -> Self {
        self.join_labels(caller.gathered());
        self.carry(Labels::from_bits(caller.0.carried.load(Relaxed)));
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.called_by = Some(caller.clone());
        }
        self
    }

    pub(crate) fn is_on_errand(&self) -> bool {
        self.0.is_on_errand
    }

    pub(crate) fn grants(&self) -> Option<&Arc<AppGrants>> {
        self.0.grants.as_ref()
    }

    /// The run.
    pub fn run(&self) -> RunId {
        self.0.run
    }

    /// The app.
    pub fn app(&self) -> &AppName {
        &self.0.app
    }

    /// Who started the run.
    pub fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// The zone it runs in.
    pub fn zone(&self) -> Zone {
        self.0.zone
    }

    /// The bounds.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Whether the run may go on. One atomic load: cheap enough for every poll and every step of a loop.
    pub fn check(&self) -> Result<(), LeaseEnd> {
        match self.0.end.load(Relaxed) {
            0 => Ok(()),
            bits => Err(LeaseEnd::from_bits(bits).unwrap_or(LeaseEnd::Shutdown)),
        }
    }

    /// Ends the lease; the first reason stays. Returns the reason that holds.
    pub fn end(&self, why: LeaseEnd) -> LeaseEnd {
        let held = match self.0.end.compare_exchange(0, why as u8, SeqCst, SeqCst) {
            Ok(_) => why,
            Err(bits) => LeaseEnd::from_bits(bits).unwrap_or(why),
        };
        let wakers = std::mem::take(&mut self.0.wakers.lock().waiting);
        for waker in wakers.into_values() {
            waker.wake();
        }
        held
    }

    /// Waits until the lease ends.
    pub fn ended(&self) -> LeaseEnded {
        LeaseEnded { lease: self.clone(), place: None }
    }

    /// The labels of everything that may be in what the run does: what it has read so far, and what whoever started it had read.
    pub fn labels(&self) -> Labels {
        self.gathered().join(Labels::from_bits(self.0.carried.load(Relaxed)))
    }

    /// The labels of everything the run itself has read so far.
    pub fn gathered(&self) -> Labels {
        Labels::from_bits(self.0.labels.load(Relaxed))
    }

    /// Whoever started the run has read data with these labels, and it may be in what it was started with.
    pub fn carry(&self, labels: Labels) {
        self.0.carried.fetch_or(labels.bits(), Relaxed);
    }

    /// The run has read data with these labels.
    pub fn join_labels(&self, labels: Labels) {
        self.0.labels.fetch_or(labels.bits(), Relaxed);
    }

    /// The same name again replaces what it stood for.
    pub(crate) fn hand_over(&self, picked: Picked) {
        let mut all = self.0.picked.lock();
        all.retain(|known| known.name != picked.name);
        all.push(picked);
    }

    /// What was handed over under a name.
    pub fn picked(&self, name: &str) -> Option<Picked> {
        self.0.picked.lock().iter().find(|picked| picked.name == name).cloned()
    }

    /// Something moved: the clock of idleness starts again.
    pub fn progress(&self, now_ns: u64) {
        self.0.clocks.lock().progress_ns = now_ns;
    }

    /// A person is being asked: clocks stand still until the guard goes.
    pub fn pause(&self, now_ns: u64) {
        if let Some(caller) = &self.0.called_by {
            caller.pause(now_ns);
        }
        let mut clocks = self.0.clocks.lock();
        if clocks.asking == 0 {
            clocks.paused_since_ns = now_ns;
        }
        clocks.asking += 1;
    }

    /// The person answered (or did not): clocks go on. Must follow a [`Lease::pause`].
    pub fn resume(&self, now_ns: u64) {
        if let Some(caller) = &self.0.called_by {
            caller.resume(now_ns);
        }
        let mut clocks = self.0.clocks.lock();
        clocks.asking = clocks.asking.saturating_sub(1);
        if clocks.asking == 0 {
            clocks.paused_ns += now_ns.saturating_sub(clocks.paused_since_ns);
            clocks.progress_ns = now_ns;
        }
    }

    /// Wall time so far in milliseconds, without waiting for people.
    pub fn wall_ms(&self, now_ns: u64) -> u64 {
        self.wall_ns(now_ns) / 1_000_000
    }

    /// The same in nanoseconds, for what is shorter than a millisecond.
    pub fn wall_ns(&self, now_ns: u64) -> u64 {
        let clocks = self.0.clocks.lock();
        let paused_now = if clocks.asking > 0 { now_ns.saturating_sub(clocks.paused_since_ns) } else { 0 };
        now_ns.saturating_sub(clocks.started_ns).saturating_sub(clocks.paused_ns).saturating_sub(paused_now)
    }

    /// Ends the lease if its wall clock or its idle clock ran out.
    pub fn sweep(&self, now_ns: u64) {
        let idle_ms = {
            let clocks = self.0.clocks.lock();
            if clocks.asking > 0 {
                return;
            }
            now_ns.saturating_sub(clocks.progress_ns) / 1_000_000
        };
        if self.wall_ms(now_ns) >= self.0.limits.wall_ms {
            self.end(LeaseEnd::Timeout);
        } else if idle_ms >= self.0.limits.idle_ms {
            self.end(LeaseEnd::Idle);
        }
    }

    /// Guest CPU used so far in microseconds.
    pub fn guest_cpu_us(&self) -> u64 {
        self.0.guest_cpu_us.load(Relaxed)
    }

    /// Host CPU used so far in microseconds.
    pub fn host_cpu_us(&self) -> u64 {
        self.0.host_cpu_us.load(Relaxed)
    }

    /// Bytes moved by effects so far.
    pub fn host_bytes(&self) -> u64 {
        self.0.host_bytes.load(Relaxed)
    }

    /// Log lines that were dropped over the limit.
    pub fn log_dropped(&self) -> u64 {
        self.0.log_dropped.load(Relaxed)
    }

    /// Charges guest CPU; ends the lease past the limit.
    pub fn charge_guest_cpu_us(&self, us: u64) -> Result<(), LeaseEnd> {
        let used = self.0.guest_cpu_us.fetch_add(us, Relaxed).saturating_add(us);
        self.past(used, self.0.limits.cpu_ms.saturating_mul(1_000), LeaseEnd::CpuLimit)
    }

    /// Charges host CPU; ends the lease past the limit.
    pub fn charge_host_cpu_us(&self, us: u64) -> Result<(), LeaseEnd> {
        let used = self.0.host_cpu_us.fetch_add(us, Relaxed).saturating_add(us);
        self.past(used, self.0.limits.host_cpu_ms.saturating_mul(1_000), LeaseEnd::HostLimit)
    }

    /// Charges bytes moved by an effect; ends the lease past the limit.
    pub fn charge_host_bytes(&self, bytes: u64) -> Result<(), LeaseEnd> {
        let used = self.0.host_bytes.fetch_add(bytes, Relaxed).saturating_add(bytes);
        self.past(used, self.0.limits.host_bytes, LeaseEnd::HostLimit)
    }

    /// A request went to a host.
    pub fn sent_to(&self, host: &str, bytes: u64) {
        self.exchange(host, |used| {
            used.requests += 1;
            used.bytes_out += bytes;
        });
    }

    /// More went to a host, on a connection that was counted already.
    pub fn sent_more_to(&self, host: &str, bytes: u64) {
        self.exchange(host, |used| used.bytes_out += bytes);
    }

    /// Something came from a host.
    pub fn received_from(&self, host: &str, bytes: u64) {
        self.exchange(host, |used| used.bytes_in += bytes);
    }

    /// What was exchanged with whom so far, the first first. What is beyond the bound of hosts comes last, without a name.
    pub fn exchanged(&self) -> Vec<HostUse> {
        self.0.exchanged.lock().clone()
    }

    fn exchange(&self, host: &str, change: impl FnOnce(&mut HostUse)) {
        let mut all = self.0.exchanged.lock();
        let known = all.iter().position(|known| known.host.as_deref() == Some(host));
        let place = known.unwrap_or_else(|| {
            if all.len() < HOSTS_MAX {
                all.push(HostUse { host: Some(host.to_owned()), ..HostUse::default() });
            } else if all.len() == HOSTS_MAX {
                all.push(HostUse::default());
            }
            all.len() - 1
        });
        change(&mut all[place]);
    }

    /// Charges streamed bytes; ends the lease past the limit.
    pub fn charge_stream_bytes(&self, bytes: u64) -> Result<(), LeaseEnd> {
        let used = self.0.stream_bytes.fetch_add(bytes, Relaxed).saturating_add(bytes);
        self.past(used, self.0.limits.stream_bytes, LeaseEnd::StreamLimit)
    }

    fn past(&self, used: u64, limit: u64, why: LeaseEnd) -> Result<(), LeaseEnd> {
        if used > limit {
            return Err(self.end(why));
        }
        self.check()
    }

    /// Whether a log line of this size still fits; one that does not is dropped and counted, the run goes on.
    pub fn admit_log(&self, bytes: u64) -> bool {
        let used = self.0.log_bytes.fetch_add(bytes, Relaxed).saturating_add(bytes);
        let fits = used <= self.0.limits.log_bytes;
        if !fits {
            self.0.log_bytes.fetch_sub(bytes, Relaxed);
            self.0.log_dropped.fetch_add(1, Relaxed);
        }
        fits
    }

    /// Takes one of the run's outstanding operations; `None` when all are taken.
    pub fn take_operation(&self) -> Option<Slot> {
        Slot::take(self, |inner| (&inner.operations, inner.limits.operations), SlotKind::Operation)
    }

    /// Takes one of the run's open handles; `None` when all are taken.
    pub fn take_handle(&self) -> Option<Slot> {
        Slot::take(self, |inner| (&inner.handles, inner.limits.handles), SlotKind::Handle)
    }
}

#[derive(Clone, Copy, Debug)]
enum SlotKind {
    Operation,
    Handle,
}

/// One operation or handle of a run; given back when dropped.
#[derive(Debug)]
pub struct Slot {
    lease: Lease,
    kind: SlotKind,
}

impl Slot {
    fn take(lease: &Lease, counter: fn(&Inner) -> (&AtomicU32, u32), kind: SlotKind) -> Option<Self> {
        let (count, limit) = counter(&lease.0);
        count
            .fetch_update(Relaxed, Relaxed, |taken| (taken < limit).then_some(taken + 1))
            .ok()
            .map(|_| Self { lease: lease.clone(), kind })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let inner = &self.lease.0;
        match self.kind {
            SlotKind::Operation => &inner.operations,
            SlotKind::Handle => &inner.handles,
        }
        .fetch_sub(1, Relaxed);
    }
}

/// Resolves once the lease has ended, with the reason.
#[derive(Debug)]
pub struct LeaseEnded {
    lease: Lease,
    /// Among those who wait.
    place: Option<u64>,
}

impl Future for LeaseEnded {
    type Output = LeaseEnd;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<LeaseEnd> {
        if let Err(end) = self.lease.check() {
            return Poll::Ready(end);
        }
        let (place, before) = {
            let mut wakers = self.lease.0.wakers.lock();
            let place = self.place.unwrap_or_else(|| {
                wakers.next += 1;
                wakers.next
            });
            let is_known = wakers.waiting.get(&place).is_some_and(|known| known.will_wake(cx.waker()));
            (place, if is_known { None } else { wakers.waiting.insert(place, cx.waker().clone()) })
        };
        // Not under the lock: what goes with a waker may be waiting itself.
        drop(before);
        self.place = Some(place);
        // The lease may have ended between the first look and the registration.
        match self.lease.check() {
            Err(end) => Poll::Ready(end),
            Ok(()) => Poll::Pending,
        }
    }
}

impl Drop for LeaseEnded {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let waker = self.lease.0.wakers.lock().waiting.remove(&place);
            drop(waker);
        }
    }
}
