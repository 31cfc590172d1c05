//! When to ask again.

use crate::ModelError;
use serde::{Deserialize, Serialize};

/// How often and how far apart the same provider is asked again. Waits have full jitter: anything between nothing and a ceiling that
/// doubles, so that those who failed together do not come back together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Backoff {
    /// Tries in all, the first one included.
    pub tries: u32,
    /// The ceiling of the first wait.
    pub first_ms: u64,
    /// The highest ceiling.
    pub most_ms: u64,
    /// The longest wait for the same provider while another one could be asked.
    pub patience_ms: u64,
}

/// What comes after a try that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The same provider again.
    Again {
        /// After so long.
        wait_ms: u64,
    },
    /// The next provider, at once.
    Other,
    /// Nobody: the error stands.
    GiveUp,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { tries: 4, first_ms: 500, most_ms: 20_000, patience_ms: 1_000 }
    }
}

impl Backoff {
    /// How long to wait after so many tries failed, the last one with this error. None where it is not asked again: it would not
    /// help, there were enough tries, or the deadline comes first. `random` is a fresh random number.
    pub fn wait_ms(&self, failed: u32, error: &ModelError, random: u64, left_ms: u64) -> Option<u64> {
        if !error.may_retry() || failed == 0 || failed >= self.tries {
            return None;
        }
        let doubled = 1_u64.checked_shl(failed - 1).map_or(u64::MAX, |factor| self.first_ms.saturating_mul(factor));
        let ceiling = doubled.min(self.most_ms);
        // A share of the ceiling, each as likely as the others, without a division's bias.
        let jitter = (u128::from(random) * (u128::from(ceiling) + 1)) >> 64;
        let jitter = u64::try_from(jitter).unwrap_or(ceiling);
        // What a provider asks for is the least; before that it would only be asked in vain.
        let wait = error.retry_after_ms.unwrap_or(0).saturating_add(jitter);
        (wait < left_ms).then_some(wait)
    }

    /// What to do after so many tries of this provider failed, the last one with this error; `has_other` is whether another one can
    /// be asked. A short wait is better than another model in the middle of a conversation, a long one is not.
    pub fn step(&self, failed: u32, error: &ModelError, random: u64, left_ms: u64, has_other: bool) -> Step {
        let has_other = has_other && left_ms > 0 && error.may_fall_back();
        match self.wait_ms(failed, error, random, left_ms) {
            Some(wait_ms) if !has_other || wait_ms <= self.patience_ms => Step::Again { wait_ms },
            _ if has_other => Step::Other,
            _ => Step::GiveUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelFault;
    use proptest::prelude::*;

    const LONG: u64 = 1_000_000;

    #[test]
    fn ceilings_double_up_to_the_highest() {
        let backoff = Backoff { tries: 100, first_ms: 100, most_ms: 1_000, ..Backoff::default() };
        let error = ModelError::new(ModelFault::Overloaded);
        let longest = |failed| backoff.wait_ms(failed, &error, u64::MAX, LONG);
        assert_eq!([1, 2, 3, 4, 5, 70].map(longest), [100, 200, 400, 800, 1_000, 1_000].map(Some));
        assert_eq!(backoff.wait_ms(3, &error, 0, LONG), Some(0));
        assert_eq!(backoff.wait_ms(1, &error, u64::MAX / 2, LONG), Some(50));
    }

    #[test]
    fn what_does_not_help_is_not_tried() {
        let backoff = Backoff::default();
        let wait = |fault, failed| backoff.wait_ms(failed, &ModelError::new(fault), 0, LONG);
        assert_eq!(wait(ModelFault::Authentication, 1), None);
        assert_eq!(wait(ModelFault::QuotaUsedUp, 1), None);
        assert_eq!(wait(ModelFault::RateLimited, 3), Some(0));
        assert_eq!(wait(ModelFault::RateLimited, 4), None, "the fourth was the last");
    }

    #[test]
    fn a_provider_that_asks_for_time_gets_it_or_is_left() {
        let error = ModelError::new(ModelFault::RateLimited).retry_after_ms(Some(30_000));
        let backoff = Backoff::default();
        assert_eq!(backoff.wait_ms(1, &error, 0, LONG), Some(30_000));
        assert_eq!(backoff.wait_ms(1, &error, 0, 30_000), None, "the deadline comes first");
    }

    #[test]
    fn who_can_ask_another_does_not_wait_long() {
        let backoff = Backoff::default();
        let step = |error: &ModelError, has_other| backoff.step(1, error, 0, LONG, has_other);
        let busy = ModelError::new(ModelFault::Overloaded);
        assert_eq!(step(&busy, true), Step::Again { wait_ms: 0 });
        assert_eq!(backoff.step(4, &busy, 0, LONG, true), Step::Other, "there were enough tries");
        assert_eq!(backoff.step(4, &busy, 0, LONG, false), Step::GiveUp);
        let later = busy.retry_after_ms(Some(5_000));
        assert_eq!(step(&later, true), Step::Other);
        assert_eq!(step(&later, false), Step::Again { wait_ms: 5_000 });
        let locked = ModelError::new(ModelFault::Authentication);
        assert_eq!((step(&locked, true), step(&locked, false)), (Step::Other, Step::GiveUp));
        // A no to what was said is not got around by asking elsewhere.
        assert_eq!(step(&ModelError::new(ModelFault::Refused), true), Step::GiveUp);
        assert_eq!(backoff.step(1, &locked, 0, 0, true), Step::GiveUp, "there is no time left");
    }

    proptest! {
        #[test]
        fn waits_stay_within_their_bounds(
            failed in any::<u32>(), random in any::<u64>(), left in any::<u64>(), first in any::<u64>(), most in any::<u64>(),
        ) {
            let backoff = Backoff { tries: u32::MAX, first_ms: first, most_ms: most, ..Backoff::default() };
            let error = ModelError::new(ModelFault::Server);
            if let Some(wait) = backoff.wait_ms(failed, &error, random, left) {
                prop_assert!(wait <= most && wait < left);
            }
        }
    }
}
