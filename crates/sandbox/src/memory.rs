//! What guests may have of the machine's memory: each its lease's bound, all together one bound.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use wasmtime::ResourceLimiter;

/// Elements of the engine's one table: its function pointers. It never grows.
const TABLE_ELEMENTS_MAX: usize = 4096;

/// Linear memory of all guests together.
#[derive(Debug)]
pub(crate) struct HostMemory {
    used: AtomicU64,
    max: u64,
}

impl HostMemory {
    pub(crate) fn new(max: u64) -> Arc<Self> {
        Arc::new(Self { used: AtomicU64::new(0), max })
    }

    /// Bytes that guests have now.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Relaxed)
    }

    fn take(&self, bytes: u64) -> bool {
        self.used.fetch_update(Relaxed, Relaxed, |used| used.checked_add(bytes).filter(|sum| *sum <= self.max)).is_ok()
    }
}

/// What one guest has and may have. Gives everything back when dropped.
#[derive(Debug)]
pub(crate) struct GuestMemory {
    host: Arc<HostMemory>,
    max: u64,
    taken: u64,
    /// Read by whoever outlives the guest.
    peak: Arc<AtomicU64>,
    refused: Option<Refusal>,
}

/// Who said no to more memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The run's own bound.
    Run,
    /// All guests together have what they may have.
    Host,
}

impl GuestMemory {
    pub(crate) fn new(host: Arc<HostMemory>, max: u64, peak: Arc<AtomicU64>) -> Self {
        Self { host, max, taken: 0, peak, refused: None }
    }

    /// The last no, if there was one.
    pub(crate) fn refused(&self) -> Option<Refusal> {
        self.refused
    }
}

impl Drop for GuestMemory {
    fn drop(&mut self) {
        self.host.used.fetch_sub(self.taken, Relaxed);
    }
}

impl ResourceLimiter for GuestMemory {
    fn memory_growing(&mut self, current: usize, desired: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        let (current, desired) = (current as u64, desired as u64);
        let more = desired.saturating_sub(current);
        if desired > self.max {
            self.refused = Some(Refusal::Run);
            return Ok(false);
        }
        if !self.host.take(more) {
            self.refused = Some(Refusal::Host);
            return Ok(false);
        }
        self.taken += more;
        self.peak.fetch_max(desired, Relaxed);
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _max: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_who_said_no_and_gives_everything_back() {
        let host = HostMemory::new(100);
        let peak = Arc::new(AtomicU64::new(0));
        let mut first = GuestMemory::new(host.clone(), 80, peak.clone());
        let mut second = GuestMemory::new(host.clone(), 80, Arc::default());
        let check = |memory: &mut GuestMemory, from, to, expected: Result<(), Refusal>| {
            let grown = memory.memory_growing(from, to, None).expect("it is only a question");
            let answer = if grown { Ok(()) } else { Err(memory.refused().expect("it was refused")) };
            assert_eq!(answer, expected);
        };
        check(&mut first, 0, 60, Ok(()));
        check(&mut first, 60, 81, Err(Refusal::Run));
        check(&mut second, 0, 50, Err(Refusal::Host));
        check(&mut second, 0, 40, Ok(()));
        assert_eq!((host.used(), peak.load(Relaxed)), (100, 60));
        drop(first);
        drop(second);
        assert_eq!(host.used(), 0);
    }

    #[test]
    fn a_bound_may_be_reached() {
        let mut memory = GuestMemory::new(HostMemory::new(100), 100, Arc::default());
        assert!(memory.memory_growing(0, 100, None).expect("it is only a question"));
        assert_eq!(memory.refused(), None);
        for (elements, expected) in [(TABLE_ELEMENTS_MAX, true), (TABLE_ELEMENTS_MAX + 1, false)] {
            assert_eq!(memory.table_growing(0, elements, None).expect("it is only a question"), expected);
        }
    }
}
