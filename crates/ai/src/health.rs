//! Whether a provider is worth asking: a breaker that opens when it fails again and again, and tries it with one request before it
//! is trusted again. The clock and chance are parameters.

use crate::{ModelError, ModelFault};
use serde::{Deserialize, Serialize};

/// When a provider is left alone, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Breaker {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it is open the first time; each time it fails again, twice as long.
    pub open_ms: u64,
    /// The longest it is open.
    pub open_ms_most: u64,
    /// How long the one request that tries it may take before another one may.
    pub trial_ms: u64,
    /// How long an account that is used up is left alone.
    pub used_up_ms: u64,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { failures: 5, open_ms: 5_000, open_ms_most: 300_000, trial_ms: 60_000, used_up_ms: 300_000 }
    }
}

/// How a provider is, as a person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Nothing is known against it.
    Well,
    /// It failed lately, and is asked all the same.
    Ailing,
    /// It is left alone for a while.
    Resting,
    /// One request tries it.
    OnTrial,
    /// It does not take the key. Nothing changes that but another key.
    Locked,
}

/// Leave for one request. What became of it is told with it; a report of one that was sent before the breaker opened says nothing about
/// what came after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    era: u64,
}

/// Why a provider is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNow {
    /// It is left alone for so long.
    For {
        /// Milliseconds.
        ms: u64,
    },
    /// It does not take the key.
    Locked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until_ms: u64 },
    OnTrial { until_ms: u64 },
    Locked,
}

/// The health of one provider. Times are milliseconds of a clock that never goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    breaker: Breaker,
    state: State,
    /// How often in a row it was opened.
    openings: u32,
    /// Changes with each state, so that late reports are known.
    era: u64,
    last: Option<ModelFault>,
}

impl Health {
    /// A provider of which nothing is known.
    pub fn new(breaker: Breaker) -> Self {
        Self { breaker, state: State::Closed { failures: 0 }, openings: 0, era: 0, last: None }
    }

    /// How it is.
    pub fn condition(&self, now_ms: u64) -> Condition {
        match self.state {
            State::Closed { failures: 0 } => Condition::Well,
            State::Closed { .. } => Condition::Ailing,
            State::Open { until_ms } if now_ms < until_ms => Condition::Resting,
            State::Open { .. } | State::OnTrial { .. } => Condition::OnTrial,
            State::Locked => Condition::Locked,
        }
    }

    /// What it failed with last.
    pub fn last_fault(&self) -> Option<ModelFault> {
        self.last
    }

    /// Whether a request may go to it now.
    pub fn admit(&mut self, now_ms: u64) -> Result<Ticket, NotNow> {
        match self.state {
            State::Closed { .. } => {}
            State::Locked => return Err(NotNow::Locked),
            State::Open { until_ms } | State::OnTrial { until_ms } if now_ms < until_ms => {
                return Err(NotNow::For { ms: until_ms - now_ms });
            }
            // One that was to try it and never came back does not stand in the way for ever.
            State::Open { .. } | State::OnTrial { .. } => {
                self.enter(State::OnTrial { until_ms: now_ms.saturating_add(self.breaker.trial_ms) });
            }
        }
        Ok(Ticket { era: self.era })
    }

    /// It answered; an answer that says no to the request is one too.
    pub fn answered(&mut self, ticket: Ticket) {
        if ticket.era != self.era {
            return;
        }
        self.openings = 0;
        self.last = None;
        if self.state != (State::Closed { failures: 0 }) {
            self.enter(State::Closed { failures: 0 });
        }
    }

    /// It failed. `random` is a fresh random number.
    pub fn failed(&mut self, ticket: Ticket, error: &ModelError, now_ms: u64, random: u64) {
        if ticket.era != self.era {
            return;
        }
        let asks_for = error.retry_after_ms;
        match error.fault {
            ModelFault::Authentication => self.enter(State::Locked),
            ModelFault::QuotaUsedUp => self.open(now_ms, asks_for.unwrap_or(self.breaker.used_up_ms)),
            // A wait that it names is kept; without one, each request finds out for itself.
            ModelFault::RateLimited | ModelFault::Overloaded if asks_for.is_some_and(|ms| ms > 0) => {
                self.open(now_ms, asks_for.unwrap_or(0));
            }
            _ if !error.is_of_provider() => return self.answered(ticket),
            _ => match self.state {
                State::Closed { failures } if failures.saturating_add(1) < self.breaker.failures => {
                    self.state = State::Closed { failures: failures + 1 };
                }
                _ => {
                    let ms = self.opening_ms(random);
                    self.open(now_ms, ms);
                }
            },
        }
        self.last = Some(error.fault);
    }

    /// Something about it was changed: its key, its address. Nothing is known of it any more.
    pub fn forget(&mut self) {
        self.openings = 0;
        self.last = None;
        self.enter(State::Closed { failures: 0 });
    }

    /// Between half of the present time and all of it, so that many do not come back at once.
    fn opening_ms(&mut self, random: u64) -> u64 {
        let factor = 1_u64.checked_shl(self.openings).unwrap_or(u64::MAX);
        self.openings = self.openings.saturating_add(1);
        let whole = self.breaker.open_ms.saturating_mul(factor).min(self.breaker.open_ms_most);
        let half = whole / 2;
        let share = (u128::from(random) * (u128::from(whole - half) + 1)) >> 64;
        half + u64::try_from(share).unwrap_or(0)
    }

    fn open(&mut self, now_ms: u64, ms: u64) {
        self.enter(State::Open { until_ms: now_ms.saturating_add(ms) });
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.era += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HALF: u64 = 0;
    const ALL: u64 = u64::MAX;

    fn health() -> Health {
        let breaker = Breaker { failures: 3, open_ms: 1_000, open_ms_most: 3_000, trial_ms: 500, used_up_ms: 60_000 };
        Health::new(breaker)
    }

    fn fail(health: &mut Health, fault: ModelFault, now_ms: u64, random: u64) {
        let ticket = health.admit(now_ms).expect("is asked");
        health.failed(ticket, &ModelError::new(fault), now_ms, random);
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_request_tries_it() {
        let mut health = health();
        fail(&mut health, ModelFault::Server, 0, ALL);
        assert_eq!(health.condition(0), Condition::Ailing);
        fail(&mut health, ModelFault::Slow, 0, ALL);
        fail(&mut health, ModelFault::Unreachable, 0, ALL);
        assert_eq!(health.condition(0), Condition::Resting);
        assert_eq!(health.last_fault(), Some(ModelFault::Unreachable));
        assert_eq!(health.admit(400), Err(NotNow::For { ms: 600 }));
        let trial = health.admit(1_000).expect("it is tried");
        assert_eq!(health.admit(1_000), Err(NotNow::For { ms: 500 }), "one request is enough");
        health.answered(trial);
        assert_eq!(health.condition(1_000), Condition::Well);
    }

    #[test]
    fn each_failed_trial_opens_it_for_longer_up_to_the_longest() {
        let mut health = health();
        (0..3).for_each(|_| fail(&mut health, ModelFault::Server, 0, ALL));
        let mut now = 1_000;
        for expected in [2_000, 3_000, 3_000] {
            fail(&mut health, ModelFault::Server, now, ALL);
            assert_eq!(health.admit(now), Err(NotNow::For { ms: expected }));
            now += expected;
        }
        fail(&mut health, ModelFault::Server, now, HALF);
        assert_eq!(health.admit(now), Err(NotNow::For { ms: 1_500 }));
    }

    #[test]
    fn a_trial_that_never_comes_back_does_not_stand_in_the_way() {
        let mut health = health();
        (0..3).for_each(|_| fail(&mut health, ModelFault::Server, 0, ALL));
        let lost = health.admit(1_000).expect("it is tried");
        let second = health.admit(1_500).expect("it is tried again");
        health.failed(lost, &ModelError::new(ModelFault::Server), 1_600, ALL);
        assert_eq!(health.condition(1_600), Condition::OnTrial, "what the lost one says comes too late");
        health.answered(second);
        assert_eq!(health.condition(1_600), Condition::Well);
    }

    #[test]
    fn late_reports_say_nothing_about_what_came_after() {
        let mut health = health();
        let early: Vec<_> = (0..9).map(|_| health.admit(0).expect("is asked")).collect();
        for ticket in &early[..8] {
            health.failed(*ticket, &ModelError::new(ModelFault::Server), 0, ALL);
        }
        assert_eq!(health.admit(0), Err(NotNow::For { ms: 1_000 }), "opened once, and not five times");
        health.answered(early[8]);
        assert_eq!(health.condition(0), Condition::Resting);
    }

    #[test]
    fn what_is_wrong_with_a_request_says_nothing_against_the_provider() {
        let mut health = health();
        for fault in [ModelFault::BadRequest, ModelFault::Refused, ModelFault::ContextTooLong, ModelFault::NotFound] {
            (0..9).for_each(|_| fail(&mut health, fault, 0, ALL));
            assert_eq!(health.condition(0), Condition::Well, "{fault:?}");
        }
        (0..9).for_each(|_| fail(&mut health, ModelFault::RateLimited, 0, ALL));
        assert_eq!(health.condition(0), Condition::Well);
        // One answer in between, and it is no row.
        for _ in 0..9 {
            fail(&mut health, ModelFault::Server, 0, ALL);
            let ticket = health.admit(0).expect("is asked");
            health.answered(ticket);
        }
        assert_eq!(health.condition(0), Condition::Well);
    }

    #[test]
    fn a_wait_that_it_names_is_kept() {
        let mut health = health();
        let ticket = health.admit(0).expect("is asked");
        let error = ModelError::new(ModelFault::RateLimited).retry_after_ms(Some(7_000));
        health.failed(ticket, &error, 0, ALL);
        assert_eq!(health.admit(0), Err(NotNow::For { ms: 7_000 }));
        assert!(health.admit(7_000).is_ok());
    }

    #[test]
    fn a_key_that_is_not_taken_is_not_tried_until_it_is_another() {
        let mut health = health();
        fail(&mut health, ModelFault::Authentication, 0, ALL);
        assert_eq!((health.admit(u64::MAX), health.condition(0)), (Err(NotNow::Locked), Condition::Locked));
        health.forget();
        assert_eq!(health.condition(0), Condition::Well);
        fail(&mut health, ModelFault::QuotaUsedUp, 0, ALL);
        assert_eq!(health.admit(0), Err(NotNow::For { ms: 60_000 }));
    }

    proptest! {
        /// Whatever happens: nothing overflows, and a provider that is well again is asked again.
        #[test]
        fn it_always_comes_back(steps in prop::collection::vec((any::<u64>(), 0_usize..4, any::<u64>()), 0..60)) {
            let mut health = health();
            let faults = [ModelFault::Server, ModelFault::Slow, ModelFault::RateLimited, ModelFault::QuotaUsedUp];
            let mut now = 0_u64;
            for (step, fault, random) in steps {
                now = now.saturating_add(step % 10_000);
                if let Ok(ticket) = health.admit(now) {
                    let error = ModelError::new(faults[fault]).retry_after_ms((random % 3 == 0).then_some(random));
                    health.failed(ticket, &error, now, random);
                }
            }
            let later = now.saturating_add(crate::bounds::RETRY_AFTER_MS_MAX);
            let ticket = health.admit(later);
            prop_assert!(ticket.is_ok());
            health.answered(ticket.expect("is asked"));
            prop_assert_eq!(health.condition(later), Condition::Well);
        }
    }
}
