//! An end that can be waited for: what a caller has open closes when the credential behind it is revoked or expires.

use protocol::{Clock, Timestamp};
use std::{future::pending, time::Duration};
use tokio::sync::watch;

/// Ends what was admitted by one credential. Dropping it ends it too.
#[derive(Debug)]
pub struct Revoker(watch::Sender<bool>);

/// Whether a credential still holds, for as long as something of its bearer is open.
#[derive(Clone, Debug)]
pub struct Revocation {
    revoked: Option<watch::Receiver<bool>>,
    expires_at: Option<Timestamp>,
}

impl Revoker {
    /// Of a credential that holds.
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// It holds no longer. Whoever waits for that is told at once.
    pub fn revoke(&self) {
        self.0.send_replace(true);
    }

    /// What its bearer's streams look at.
    pub fn revocation(&self, expires_at: Option<Timestamp>) -> Revocation {
        Revocation { revoked: Some(self.0.subscribe()), expires_at }
    }
}

impl Default for Revoker {
    fn default() -> Self {
        Self::new()
    }
}

impl Revocation {
    /// Of who needs no credential: the owner at the machine.
    pub fn never() -> Self {
        Self { revoked: None, expires_at: None }
    }

    /// The same, at the latest at this time.
    pub(super) fn until(self, expires_at: Timestamp) -> Self {
        let sooner = self.expires_at.map_or(expires_at, |known| known.min(expires_at));
        Self { expires_at: Some(sooner), ..self }
    }

    /// Whether it is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        let is_revoked =
            self.revoked.as_ref().is_some_and(|revoked| *revoked.borrow() || revoked.has_changed().is_err());
        is_revoked || self.expires_at.is_some_and(|expires_at| now >= expires_at)
    }

    /// Comes back when it is over. A stream waits for this beside what it sends.
    pub async fn over(&self, clock: &dyn Clock) {
        let revoked = async {
            match &self.revoked {
                // An error says that the revoker is gone, which is an end as well.
                Some(revoked) => drop(revoked.clone().wait_for(|is_revoked| *is_revoked).await),
                None => pending().await,
            }
        };
        let expired = async {
            /// The wall clock may be set: it is looked at again within this.
            const LOOK_EVERY: Duration = Duration::from_secs(30);
            let Some(expires_at) = self.expires_at else { return pending().await };
            loop {
                let left = Duration::from_millis(expires_at.since_ms(clock.now()));
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(LOOK_EVERY)).await;
            }
        };
        tokio::select! {
            () = revoked => {}
            () = expired => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::TestClock;

    #[tokio::test(start_paused = true)]
    async fn an_end_is_told_to_who_waits_and_seen_by_who_looks() {
        let clock = TestClock::new();
        let revoker = Revoker::new();
        let held = revoker.revocation(None);
        assert!(!held.is_over(clock.now()));
        let waiting = {
            let (held, clock) = (held.clone(), clock.clone());
            tokio::spawn(async move { held.over(&clock).await })
        };
        revoker.revoke();
        waiting.await.expect("it is told");
        assert!(held.is_over(clock.now()) && revoker.revocation(None).is_over(clock.now()));
        // A key that is gone from memory holds no longer either.
        let gone = Revoker::new().revocation(None);
        assert!(gone.is_over(clock.now()));
        gone.over(&clock).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_expires_ends_by_itself_also_when_the_clock_is_set() {
        let clock = TestClock::new();
        let revoker = Revoker::new();
        let held = revoker.revocation(Some(clock.now().plus_ms(3_600_000)));
        let waiting = {
            let (held, clock) = (held.clone(), clock.clone());
            tokio::spawn(async move { held.over(&clock).await })
        };
        assert!(!held.is_over(clock.now()));
        clock.set(clock.now().plus_ms(7_200_000));
        waiting.await.expect("it ends");
        assert!(held.is_over(clock.now()));
        assert!(!Revocation::never().is_over(clock.now()));
    }
}
