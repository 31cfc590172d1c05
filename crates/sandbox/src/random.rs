//! A run's randomness, drawn from its seed: SHA-256 in counter mode. Slow beside a stream cipher, and fast enough for
//! ids and keys, which is what apps draw.

use sha2::{Digest, Sha256};

const BLOCK_BYTES: usize = 32;

/// An endless sequence of bytes that nobody can guess without the seed.
#[derive(Debug)]
pub(crate) struct RandomStream {
    seed: [u8; 32],
    counter: u64,
}

impl RandomStream {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0 }
    }

    /// Fills the whole buffer.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(BLOCK_BYTES) {
            part.copy_from_slice(&self.block()[..part.len()]);
        }
    }

    /// The two words that `Math.random` begins with; never both zero, from which its generator would not move.
    pub(crate) fn math_seed(&mut self) -> [u64; 2] {
        let block = self.block();
        let word = |at: usize| u64::from_le_bytes(block[at..at + 8].try_into().expect("eight bytes"));
        [word(0) | 1, word(8)]
    }

    fn block(&mut self) -> [u8; BLOCK_BYTES] {
        let mut hash = Sha256::new();
        hash.update(b"oikos run randomness");
        hash.update(self.seed);
        hash.update(self.counter.to_le_bytes());
        self.counter += 1;
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_everything_and_nothing_repeats() {
        let draw = |seed: u8| {
            let mut stream = RandomStream::new([seed; 32]);
            let mut bytes = [0; 100];
            stream.fill(&mut bytes);
            (bytes, stream.math_seed())
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let (bytes, _) = draw(1);
        assert_ne!(bytes[..32], bytes[32..64]);
    }
}
