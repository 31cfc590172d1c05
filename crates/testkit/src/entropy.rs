//! Randomness from a seed, so that a failing test can be run again as it was.

use protocol::Entropy;
use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Set to a number, this environment variable fixes the seed of [`TestEntropy::new`].
pub const SEED_VARIABLE: &str = "OIKOS_TEST_SEED";

/// Odd, so that the state visits every 64-bit value (SplitMix64's constant).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64: well mixed and small. Good for tests, worthless for keys outside them. Clones draw from one sequence.
#[derive(Clone, Debug)]
pub struct TestEntropy {
    seed: u64,
    state: Arc<AtomicU64>,
}

impl TestEntropy {
    /// A new seed each time (or the one in [`SEED_VARIABLE`]), printed, so that the test harness shows it on failure.
    #[expect(clippy::print_stderr, reason = "the seed of a failing test is what a person needs to see")]
    pub fn new() -> Self {
        let given = std::env::var(SEED_VARIABLE).ok();
        let seed = given.map_or_else(
            || RandomState::new().hash_one(0),
            |text| text.parse().expect("the seed variable holds a decimal number"),
        );
        eprintln!("to run again with the same randomness: {SEED_VARIABLE}={seed}");
        Self::seeded(seed)
    }

    /// A fixed seed: the same bytes each time.
    pub fn seeded(seed: u64) -> Self {
        Self { seed, state: Arc::new(AtomicU64::new(seed)) }
    }

    /// The seed it began with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The next 64 bits.
    pub fn next_u64(&self) -> u64 {
        let mut bits = self.state.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `end`, which must not be 0. The bias is smaller than a test can see.
    pub fn below(&self, end: u64) -> u64 {
        self.next_u64() % end
    }
}

impl Default for TestEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            part.copy_from_slice(&self.next_u64().to_le_bytes()[..part.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_everything() {
        let draw = |seed| {
            let mut bytes = [0; 19];
            TestEntropy::seeded(seed).fill(&mut bytes);
            bytes
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        // The first value of SplitMix64 with seed 0, as published.
        assert_eq!(TestEntropy::seeded(0).next_u64(), 0xe220_a839_7b1d_cdaf);
    }
}
