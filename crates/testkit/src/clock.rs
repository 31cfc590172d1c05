//! Time that stands until a test moves it.

use protocol::{Clock, Timestamp};
use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

/// A clock that moves only when told to. Clones show the same time.
#[derive(Clone, Debug)]
pub struct TestClock {
    wall_ms: Arc<AtomicI64>,
    monotonic_ns: Arc<AtomicU64>,
}

impl TestClock {
    /// Where a new clock stands: 2026-01-01T00:00:00Z, so that ids and texts of a test are the same each day.
    pub const START: Timestamp = Timestamp(1_767_225_600_000);

    /// A clock at [`Self::START`].
    pub fn new() -> Self {
        Self::at(Self::START)
    }

    /// A clock at a given moment.
    pub fn at(now: Timestamp) -> Self {
        Self { wall_ms: Arc::new(AtomicI64::new(now.0)), monotonic_ns: Arc::new(AtomicU64::new(0)) }
    }

    /// Both clocks go forward.
    pub fn advance_ms(&self, ms: u64) {
        self.wall_ms.fetch_add(i64::try_from(ms).expect("a test moves time by less than an age"), Ordering::SeqCst);
        self.monotonic_ns.fetch_add(ms * 1_000_000, Ordering::SeqCst);
    }

    /// The wall clock jumps, also backwards, as when a person sets it; the monotonic clock does not notice.
    pub fn set(&self, now: Timestamp) {
        self.wall_ms.store(now.0, Ordering::SeqCst);
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.wall_ms.load(Ordering::SeqCst))
    }

    fn monotonic_ns(&self) -> u64 {
        self.monotonic_ns.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_only_when_told() {
        let clock = TestClock::new();
        let seen_by_another = clock.clone();
        assert_eq!((clock.now(), clock.monotonic_ns()), (TestClock::START, 0));
        clock.advance_ms(3);
        clock.set(Timestamp(5));
        assert_eq!((seen_by_another.now(), seen_by_another.monotonic_ns()), (Timestamp(5), 3_000_000));
    }
}
