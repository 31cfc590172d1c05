//! When a program that ended badly may be started again. Pure.

/// The first pause after a bad end.
const PAUSE_FIRST_MS: u64 = 250;
/// The longest.
const PAUSE_MAX_MS: u64 = 30_000;
/// A program that has lived so long begins anew: what ended it was not its start.
const WELL_MS: u64 = 60_000;

/// What is remembered of a program's bad ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Restart {
    failures: u32,
    not_before_ns: u64,
}

impl Restart {
    /// How long until it may be started.
    pub(crate) fn wait_ms(&self, now_ns: u64) -> u64 {
        self.not_before_ns.saturating_sub(now_ns).div_ceil(1_000_000)
    }

    /// How often it has failed in a row.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// It did not start, or ended by itself after having lived so long.
    pub(crate) fn failed(&mut self, now_ns: u64, lived_ms: u64) {
        self.failures = if lived_ms >= WELL_MS { 1 } else { self.failures.saturating_add(1) };
        let pause_ms = PAUSE_FIRST_MS.saturating_mul(1 << (self.failures - 1).min(20)).min(PAUSE_MAX_MS);
        self.not_before_ns = now_ns.saturating_add(pause_ms * 1_000_000);
    }

    /// It has served a run: what failed before is over.
    pub(crate) fn served(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_forgotten() {
        let mut restart = Restart::default();
        let mut now_ns = 7;
        let mut pauses = Vec::new();
        for _ in 0..10 {
            assert_eq!(restart.wait_ms(now_ns), 0);
            restart.failed(now_ns, 10);
            pauses.push(restart.wait_ms(now_ns));
            now_ns += restart.wait_ms(now_ns) * 1_000_000;
        }
        assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(restart.failures(), 10);
        restart.failed(now_ns, WELL_MS);
        assert_eq!((restart.failures(), restart.wait_ms(now_ns)), (1, 250));
        restart.served();
        assert_eq!(restart, Restart::default());
    }
}
