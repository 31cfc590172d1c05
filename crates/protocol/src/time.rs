//! Time and randomness, handed in by whoever composes the parts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment plus a number of milliseconds; saturates instead of wrapping.
    #[must_use]
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
    }

    /// Milliseconds from `earlier` to this moment; 0 if `earlier` is later.
    #[must_use]
    pub fn since_ms(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}

/// Where the time comes from. The system's clock in the product, a set one in tests.
pub trait Clock: Send + Sync {
    /// Wall-clock time. May jump; never use it to measure.
    fn now(&self) -> Timestamp;
    /// Nanoseconds on a clock that never goes back, from an arbitrary start. For deadlines and durations.
    fn monotonic_ns(&self) -> u64;
}

/// Where randomness comes from. The operating system in the product, a printed seed in tests.
pub trait Entropy: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, bytes: &mut [u8]);
}
