//! Keeps the parts of a running oikos running: what fails is started again, after a pause that grows and that chance
//! spreads; what fails too often is given up, and with it the whole, because half an oikos looks like one.

use crate::{Kernel, journal};
use futures_util::{FutureExt as _, future::BoxFuture};
use protocol::{AuditEvent, Clock, Entropy, ErrorCode, Failure, OwnerId, sentence};
use std::{collections::VecDeque, panic::AssertUnwindSafe, sync::Arc, time::Duration};

/// Restarts of one part that are borne within [`RESTARTS_WINDOW_MS`]: a fault that passes needs one or two.
pub const RESTARTS_MAX: u32 = 5;
/// See [`RESTARTS_MAX`]. Long enough that all pauses together fit into it.
pub const RESTARTS_WINDOW_MS: u64 = 60_000;
/// The pause before the first restart.
pub const PAUSE_FIRST_MS: u64 = 100;
/// No pause is longer.
pub const PAUSE_MAX_MS: u64 = 10_000;
/// How much of a pause is left to chance, in percent: parts that failed together do not come back together.
pub const JITTER_PERCENT: u64 = 50;
/// How often the clock's loop looks. A clock that was set, or a machine that woke, is noticed within this.
pub const LOOK_EVERY_MS: u64 = 5_000;

/// How restarts are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Restarts within the window; one more gives the part up.
    pub restarts_max: u32,
    /// How far back restarts count.
    pub window_ms: u64,
    /// The pause before the first restart; it doubles with each.
    pub pause_first_ms: u64,
    /// The longest pause.
    pub pause_max_ms: u64,
    /// How much of a pause is left to chance.
    pub jitter_percent: u64,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            restarts_max: RESTARTS_MAX,
            window_ms: RESTARTS_WINDOW_MS,
            pause_first_ms: PAUSE_FIRST_MS,
            pause_max_ms: PAUSE_MAX_MS,
            jitter_percent: JITTER_PERCENT,
        }
    }
}

impl RestartPolicy {
    /// The pause before a restart, the first being number 1.
    fn pause_ms(&self, restart: u32, entropy: &dyn Entropy) -> u64 {
        let doubled = 2_u64.checked_pow(restart.saturating_sub(1)).and_then(|by| by.checked_mul(self.pause_first_ms));
        let most = doubled.unwrap_or(u64::MAX).min(self.pause_max_ms);
        let chance = most / 100 * self.jitter_percent.min(100);
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes);
        most - u64::from_le_bytes(bytes) % (chance + 1)
    }
}

/// When a part was restarted.
#[derive(Debug, Default)]
struct Restarts(VecDeque<u64>);

impl Restarts {
    /// Counts one more. `None`: it is one too many. Else its number within the window.
    fn count(&mut self, policy: &RestartPolicy, now_ns: u64) -> Option<u32> {
        let window_ns = policy.window_ms.saturating_mul(1_000_000);
        while self.0.front().is_some_and(|at| now_ns.saturating_sub(*at) > window_ns) {
            self.0.pop_front();
        }
        if self.0.len() >= policy.restarts_max as usize {
            return None;
        }
        self.0.push_back(now_ns);
        u32::try_from(self.0.len()).ok()
    }
}

/// A part: what to do, from its beginning.
pub type Part = Arc<dyn Fn() -> BoxFuture<'static, Result<(), Failure>> + Send + Sync>;

/// Runs a part until it comes to its end. `told` hears of each failure that is followed by a restart.
pub async fn supervise(
    name: &str,
    part: &Part,
    policy: &RestartPolicy,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    told: &(dyn Fn(&Failure) + Send + Sync),
) -> Result<(), Failure> {
    let mut restarts = Restarts::default();
    loop {
        let ended = AssertUnwindSafe(part()).catch_unwind().await;
        let failure = match ended {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(failure)) => failure,
            Err(_) => Failure::new(ErrorCode::Internal, "it broke off"),
        };
        let Some(restart) = restarts.count(policy, clock.monotonic_ns()) else {
            let said = sentence::part_given_up(name, policy.restarts_max + 1);
            return Err(Failure::new(ErrorCode::Internal, said.to_string())
                .hint("oikos doctor; oikos log has what went before")
                .log(failure.message));
        };
        told(&failure);
        tokio::time::sleep(Duration::from_millis(policy.pause_ms(restart, entropy))).await;
    }
}

impl Kernel {
    /// Does what has to be done while an oikos runs: hears events, follows the clock. Comes back when oikos ends, or
    /// when a part fails too often.
    pub async fn work(self: &Arc<Self>, owner: OwnerId, policy: &RestartPolicy) -> Result<(), Failure> {
        let kernel = self.clone();
        let events: Part = Arc::new(move || kernel.clone().events_work(owner).boxed());
        let kernel = self.clone();
        let clock: Part = Arc::new(move || kernel.clone().clock_work(owner).boxed());
        let run = |name: &'static str, part: Part| async move {
            let told = |failure: &Failure| self.part_restarted(owner, name, failure);
            supervise(name, &part, policy, &*self.clock, &*self.entropy, &told).await
        };
        tokio::try_join!(run("events", events), run("clock", clock)).map(|_| ())
    }

    fn part_restarted(&self, owner: OwnerId, name: &str, failure: &Failure) {
        tracing::error!(part = name, error = %failure, "a part failed and is started again");
        let said = sentence::part_restarted(name, failure.message.as_str());
        let caller = self.own_caller(owner);
        self.note(owner, &journal::record(self.clock.now(), &caller, AuditEvent::Housekeeping, None, said));
    }

    /// Follows the clock: ticks, schedules.
    async fn clock_work(self: Arc<Self>, owner: OwnerId) -> Result<(), Failure> {
        /// Milliseconds of a minute, at whose beginning ticks and schedules come.
        const MINUTE_MS: i64 = 60_000;
        self.listeners_load(owner).await?;
        while !self.is_ending.load(std::sync::atomic::Ordering::SeqCst) {
            self.tick(owner);
            let looking = self.clone();
            tokio::task::spawn_blocking(move || looking.schedules_look(owner))
                .await
                .map_err(|_| crate::run::internal("the schedules could not be looked at"))??;
            let until_minute = MINUTE_MS - self.clock.now().0.rem_euclid(MINUTE_MS);
            let wait_ms = u64::try_from(until_minute).unwrap_or(LOOK_EVERY_MS).min(LOOK_EVERY_MS);
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use parking_lot::Mutex;
    use proptest::prelude::*;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use testkit::{TestClock, TestEntropy};

    /// A part that ends in these ways, one after the other; the last for ever. Gives what came of it, how often it was
    /// started, and what was told.
    async fn check(ends: &[&'static str], step_ms: u64) -> (Result<(), Failure>, u32, Vec<String>) {
        let (clock, entropy) = (TestClock::new(), TestEntropy::seeded(1));
        let (starts, told) = (Arc::new(AtomicU32::new(0)), Mutex::new(Vec::new()));
        let (ends, counted, moving) = (ends.to_vec(), starts.clone(), clock.clone());
        let part: Part = Arc::new(move || {
            let start = counted.fetch_add(1, SeqCst) as usize;
            let end = ends[start.min(ends.len() - 1)];
            moving.advance_ms(step_ms);
            async move {
                match end {
                    "ok" => Ok(()),
                    "panics" => panic!("on purpose"),
                    message => Err(Failure::new(ErrorCode::Internal, message)),
                }
            }
            .boxed()
        });
        let note = |failure: &Failure| told.lock().push(failure.message.clone());
        let ended = supervise("test", &part, &RestartPolicy::default(), &clock, &entropy, &note).await;
        (ended, starts.load(SeqCst), told.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_is_started_again() {
        assert_eq!(check(&["ok"], 1).await, (Ok(()), 1, vec![]));
        let told = vec!["no disk".to_owned(), "it broke off".to_owned()];
        assert_eq!(check(&["no disk", "panics", "ok"], 1).await, (Ok(()), 3, told));
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_too_often_is_given_up() {
        let (ended, starts, told) = check(&["broken"], 1).await;
        assert_eq!((starts, told.len()), (RESTARTS_MAX + 1, RESTARTS_MAX as usize));
        assert_eq!(ended.unwrap_err().message, "the part test failed 6 times in a row and was given up");
        // Now and then is not too often.
        let mut ends = vec!["broken"; 50];
        ends.push("ok");
        assert_eq!(check(&ends, RESTARTS_WINDOW_MS / 4).await.0, Ok(()));
    }

    proptest! {
        #[test]
        fn pauses_grow_to_their_bound(restart in 1_u32..200, seed in any::<u64>()) {
            let policy = RestartPolicy::default();
            let pause_ms = policy.pause_ms(restart, &TestEntropy::seeded(seed));
            let most = PAUSE_FIRST_MS.saturating_mul(2_u64.saturating_pow(restart - 1)).min(PAUSE_MAX_MS);
            prop_assert!(pause_ms <= most && pause_ms >= most / 2, "{pause_ms} of {most}");
        }
    }
}
