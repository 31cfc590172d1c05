//! How long an answer is waited for: as long as there are signs of life, and not longer than it may take.

use super::{
    CallError,
    carrier::{Asking, Carrier, Fault, Outcome},
    core::{Core, OpenCall},
    message,
};
use serde_json::json;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// How long to wait.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// Without a sign of life.
    pub(crate) silent_ms: u64,
    /// Altogether, without the time in which somebody here is asked.
    pub(crate) most_ms: u64,
}

/// Sends a request and waits for its answer.
pub(crate) async fn attend(
    core: &Core,
    carrier: &dyn Carrier,
    asking: &Asking,
    cancel: &CancellationToken,
    patience: Patience,
) -> Result<Outcome, Fault> {
    wait(core, &asking.open, &asking.method, cancel, patience, carrier.ask(asking)).await
}

/// Waits for anything that is done for a call.
pub(crate) async fn wait<T>(
    core: &Core,
    open: &OpenCall,
    method: &str,
    cancel: &CancellationToken,
    patience: Patience,
    coming: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let (bounds, clock) = (&core.options.bounds, &core.options.clock);
    let mut coming = pin!(coming);
    let mut pulse = open.pulse.subscribe();
    let mut left_ms = patience.most_ms;
    loop {
        let asked = pulse.borrow_and_update().questions > 0;
        let silent_ms = if asked { bounds.question_ms } else { patience.silent_ms.min(left_ms) };
        let began = clock.monotonic_ns();
        let method = || method.to_owned();
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(CallError::Cancelled { method: method() }.into()),
            outcome = &mut coming => return outcome,
            () = tokio::time::sleep(Duration::from_millis(silent_ms)) => {
                let after_ms = if silent_ms == left_ms { patience.most_ms } else { silent_ms };
                return Err(CallError::Slow { method: method(), after_ms }.into());
            }
            changed = pulse.changed() => drop(changed),
        }
        if !asked {
            left_ms = left_ms.saturating_sub(clock.monotonic_ns().saturating_sub(began) / 1_000_000);
        }
    }
}

/// A request that is on its way. Dropped before its answer, it is taken back.
pub(crate) struct Running<'a> {
    pub(crate) core: &'a Arc<Core>,
    pub(crate) open: Arc<OpenCall>,
    pub(crate) carrier: &'a dyn Carrier,
    /// Whether nothing is to be taken back.
    pub(crate) answered: bool,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.core.close(&self.open);
        if !self.answered && !self.carrier.drops_silently() {
            let params = json!({ "requestId": self.open.id, "reason": "the caller took it back" });
            self.core.post(message::notice("notifications/cancelled", params));
        }
    }
}
