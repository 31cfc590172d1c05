//! How long a step may take, and whether the run goes on: what each wait of a request is held by.

use crate::EgressError;
use broker::Lease;
use std::{future::Future, pin::Pin, time::Duration};
use tokio::time::{Sleep, sleep};

/// What holds one request from its first step to the last byte of its answer.
pub(crate) struct Leash {
    lease: Lease,
    host: String,
    total: Pin<Box<Sleep>>,
    total_ms: u64,
}

impl Leash {
    pub(crate) fn new(lease: &Lease, host: String, total_ms: u64) -> Self {
        Self { lease: lease.clone(), host, total: Box::pin(sleep(Duration::from_millis(total_ms))), total_ms }
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    pub(crate) fn host(&self) -> String {
        self.host.clone()
    }

    /// Waits for a step, as long as the run goes on and there is time.
    pub(crate) async fn hold<T>(
        &mut self,
        step: &'static str,
        after_ms: u64,
        future: impl Future<Output = T>,
    ) -> Result<T, EgressError> {
        self.lease.check().map_err(EgressError::Ended)?;
        let slow = |step, after_ms| EgressError::Slow { host: self.host.clone(), step, after_ms };
        tokio::select! {
            biased;
            end = self.lease.ended() => Err(EgressError::Ended(end)),
            done = future => Ok(done),
            () = sleep(Duration::from_millis(after_ms)) => Err(slow(step, after_ms)),
            () = &mut self.total => Err(slow("in all", self.total_ms)),
        }
    }
}
