//! How fast one sender may be: a bucket that fills with time. Pure; time comes in.

/// Nanoseconds of a second.
const SECOND_NS: u64 = 1_000_000_000;

/// What one sender may still send at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// When it would be full again.
    full_at_ns: u64,
}

impl Bucket {
    /// A full bucket.
    pub(crate) const fn full() -> Self {
        Self { full_at_ns: 0 }
    }

    /// Takes one of `burst`, of which `per_second` come back. `false`: there is none.
    pub(crate) fn take(&mut self, now_ns: u64, burst: u32, per_second: u32) -> bool {
        let one_ns = SECOND_NS / u64::from(per_second);
        let full_at_ns = self.full_at_ns.max(now_ns) + one_ns;
        if full_at_ns - now_ns > one_ns * u64::from(burst) {
            return false;
        }
        self.full_at_ns = full_at_ns;
        true
    }

    /// Whether it is as good as new, so that it need not be remembered.
    pub(crate) fn is_full(&self, now_ns: u64) -> bool {
        self.full_at_ns <= now_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let mut bucket = Bucket::full();
        let start = 5 * SECOND_NS;
        assert_eq!((0..100).filter(|_| bucket.take(start, 10, 2)).count(), 10);
        assert!(!bucket.take(start + SECOND_NS / 2 - 1, 10, 2));
        assert!(bucket.take(start + SECOND_NS / 2, 10, 2));
        assert!(!bucket.take(start + SECOND_NS / 2, 10, 2));
        // A long pause fills it, and no more than that.
        let later = start + 3_600 * SECOND_NS;
        assert!(bucket.is_full(later));
        assert_eq!((0..100).filter(|_| bucket.take(later, 10, 2)).count(), 10);
    }

    proptest! {
        /// In any stretch of time no more go through than the burst and what the rate gives.
        #[test]
        fn never_more_than_burst_and_rate(steps in prop::collection::vec(0_u64..400_000_000, 1..300)) {
            let (mut bucket, mut now_ns, mut taken) = (Bucket::full(), 0, Vec::new());
            for step in steps {
                now_ns += step;
                if bucket.take(now_ns, 5, 10) {
                    taken.push(now_ns);
                }
            }
            for (first, from_ns) in taken.iter().enumerate() {
                for (last, to_ns) in taken.iter().enumerate().skip(first) {
                    let most = 5 + (to_ns - from_ns) / (SECOND_NS / 10);
                    prop_assert!((last - first + 1) as u64 <= most + 1);
                }
            }
        }
    }
}
