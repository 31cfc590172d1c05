//! How much has happened since the start, for whoever watches over the process. Numbers and words of our own only: no
//! app's name, no host, no run. What a run counts on its way it counts without a lock.

use crate::Kernel;
use broker::LeaseEnd;
use parking_lot::Mutex;
use protocol::ErrorCode;
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// Upper bounds of what run times are sorted into, in microseconds: from a run that only computes to one at its limit.
pub const RUN_US_BOUNDS: [u64; 18] = [
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    600_000_000,
];
/// Rules that are counted one by one. The catalogue has fewer.
const RULES_MAX: usize = 64;

/// A limit that something ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitHit {
    Wall,
    Idle,
    Cpu,
    Memory,
    Stream,
    Host,
    /// No room to run before the deadline.
    Queue,
    /// More events than a sender may send.
    Events,
}

impl LimitHit {
    const ALL: [Self; 8] =
        [Self::Wall, Self::Idle, Self::Cpu, Self::Memory, Self::Stream, Self::Host, Self::Queue, Self::Events];

    fn word(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Idle => "idle",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Stream => "stream",
            Self::Host => "host",
            Self::Queue => "queue",
            Self::Events => "events",
        }
    }

    /// The limit that ended a run, if one did.
    pub(crate) fn of(end: LeaseEnd) -> Option<Self> {
        match end {
            LeaseEnd::Timeout => Some(Self::Wall),
            LeaseEnd::Idle => Some(Self::Idle),
            LeaseEnd::CpuLimit => Some(Self::Cpu),
            LeaseEnd::MemoryLimit => Some(Self::Memory),
            LeaseEnd::StreamLimit => Some(Self::Stream),
            LeaseEnd::HostLimit => Some(Self::Host),
            LeaseEnd::Finished | LeaseEnd::Stopped | LeaseEnd::Shutdown | LeaseEnd::CallerEnded => None,
        }
    }
}

/// What is counted.
pub(crate) struct Tally {
    done: AtomicU64,
    /// By the code's place in [`ErrorCode::ALL`].
    failed: Vec<AtomicU64>,
    /// Runs by the first bound that they keep; the last place is for those that keep none.
    buckets: [AtomicU64; RUN_US_BOUNDS.len() + 1],
    run_us: AtomicU64,
    guest_cpu_us: AtomicU64,
    limits: [AtomicU64; LimitHit::ALL.len()],
    /// A denial writes a record; beside that this lock is nothing.
    denials: Mutex<BTreeMap<String, u64>>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            done: AtomicU64::default(),
            failed: ErrorCode::ALL.iter().map(|_| AtomicU64::default()).collect(),
            buckets: Default::default(),
            run_us: AtomicU64::default(),
            guest_cpu_us: AtomicU64::default(),
            limits: Default::default(),
            denials: Mutex::default(),
        }
    }
}

impl Tally {
    pub(crate) fn run_ended(&self, code: Option<ErrorCode>, run_us: u64, guest_cpu_us: u64) {
        let place = code.and_then(|code| ErrorCode::ALL.iter().position(|known| *known == code));
        place.and_then(|place| self.failed.get(place)).unwrap_or(&self.done).fetch_add(1, Relaxed);
        let bucket = RUN_US_BOUNDS.partition_point(|bound| *bound < run_us);
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.run_us.fetch_add(run_us, Relaxed);
        self.guest_cpu_us.fetch_add(guest_cpu_us, Relaxed);
    }

    pub(crate) fn limit_hit(&self, limit: LimitHit) {
        self.limits[limit as usize].fetch_add(1, Relaxed);
    }

    pub(crate) fn denied(&self, rule: &str) {
        let mut denials = self.denials.lock();
        if let Some(count) = denials.get_mut(rule) {
            *count += 1;
            return;
        }
        let rule = if denials.len() < RULES_MAX { rule } else { "other" };
        *denials.entry(rule.to_owned()).or_default() += 1;
    }
}

/// How much has happened since the start, and how much is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Ended runs by their end: `done`, then the codes of those that failed.
    pub ends: Vec<(&'static str, u64)>,
    /// How many runs took at most as long as each of [`RUN_US_BOUNDS`] says.
    pub within: Vec<u64>,
    /// How long all of them took together, without waiting for people.
    pub run_us: u64,
    /// The guests' part of the processor's time.
    pub guest_cpu_us: u64,
    /// Limits that were run into, by kind.
    pub limits: Vec<(&'static str, u64)>,
    /// Denials, by the code of the rule.
    pub denials: Vec<(String, u64)>,
    /// Runs under way.
    pub runs_live: usize,
    /// Runs that wait for room.
    pub runs_waiting: usize,
    /// Events that wait to be heard.
    pub events_waiting: usize,
    /// Events that are being heard.
    pub hearings: usize,
}

impl Figures {
    /// How many runs have ended.
    pub fn runs(&self) -> u64 {
        self.ends.iter().map(|(_, count)| count).sum()
    }
}

impl Kernel {
    /// How much has happened since the start, and how much is under way: of all owners together.
    pub fn figures(&self) -> Figures {
        let tally = &self.tally;
        let failed = ErrorCode::ALL.iter().zip(&tally.failed).map(|(code, count)| (code.word(), count.load(Relaxed)));
        let mut ends = vec![("done", tally.done.load(Relaxed))];
        ends.extend(failed.filter(|(_, count)| *count > 0));
        let mut sum = 0;
        let within = tally.buckets[..RUN_US_BOUNDS.len()].iter().map(|count| {
            sum += count.load(Relaxed);
            sum
        });
        Figures {
            within: within.collect(),
            ends,
            run_us: tally.run_us.load(Relaxed),
            guest_cpu_us: tally.guest_cpu_us.load(Relaxed),
            limits: LimitHit::ALL.map(|limit| (limit.word(), tally.limits[limit as usize].load(Relaxed))).to_vec(),
            denials: tally.denials.lock().iter().map(|(rule, count)| (rule.clone(), *count)).collect(),
            runs_live: self.live_runs(),
            runs_waiting: self.admission.waiting() + self.admission_called.waiting(),
            events_waiting: self.bus.waiting(),
            hearings: self.bus.under_way(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_counted_once_and_within_its_bounds() {
        let tally = Tally::default();
        for (us, bucket) in [(0, 0), (250, 0), (251, 1), (600_000_000, 17), (600_000_001, 18)] {
            let before = tally.buckets[bucket].load(Relaxed);
            tally.run_ended(None, us, 0);
            assert_eq!(tally.buckets[bucket].load(Relaxed), before + 1, "{us}");
        }
        for code in ErrorCode::ALL {
            tally.run_ended(Some(*code), 1, 1);
        }
        assert_eq!(tally.done.load(Relaxed), 5);
        assert!(tally.failed.iter().all(|count| count.load(Relaxed) == 1));
    }

    #[test]
    fn rules_are_counted_up_to_a_bound() {
        let tally = Tally::default();
        for number in 0..1_000 {
            tally.denied(&format!("rule_{number}"));
        }
        let denials = tally.denials.lock();
        assert_eq!((denials.len(), denials["other"]), (RULES_MAX + 1, 1_000 - RULES_MAX as u64));
    }
}
