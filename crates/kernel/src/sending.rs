//! Something that goes out and that nobody can take back, by whoever waits for its end elsewhere than on a thread of effects:
//! announced on disk before, settled after.

use crate::{
    Kernel,
    host::settle_sending,
    host_call::{GuestError, HostError},
    journal,
    run::{Run, effect_number},
    trash::SentRow,
};
use broker::Basis;
use protocol::{AuditEvent, Digest, EffectState, Sentence};
use state::{Batch, Durability, Key, Space};
use std::sync::Arc;
use tokio::sync::OwnedRwLockReadGuard;

/// What was said to be about to be sent. The run's end waits for it.
pub(crate) struct Sending {
    effect: u64,
    basis: Basis,
    _settling: OwnedRwLockReadGuard<()>,
}

impl Sending {
    /// Says what is about to be sent. Returns once that is on disk; where it could not be written, nothing may be sent.
    pub(crate) async fn announce(
        kernel: &Kernel,
        run: &Arc<Run>,
        basis: &Basis,
        said: Sentence,
        arguments: Option<Digest>,
    ) -> Result<Self, HostError> {
        let settling = run.under_way.clone().read_owned().await;
        run.lease.check()?;
        let effect = effect_number(run);
        let owner = run.owner();
        let row = SentRow { sent: said.clone() }.to_bytes();
        let mut batch = Batch::new();
        let event = AuditEvent::Intent { effect };
        let record = journal::effect_record(kernel.clock.now(), &run.lease, event, said, Some(basis), arguments);
        journal::append(&mut batch, owner, &record);
        let key = Key::new(owner, Space::Intent, journal::effect_key(run.id(), effect));
        batch.put(&key, row, run.lease.labels());
        let store = kernel.store.clone();
        let written = tokio::task::spawn_blocking(move || store.commit(batch, Durability::Synced)).await;
        let code = match written {
            Ok(Ok(_)) => return Ok(Self { effect, basis: basis.clone(), _settling: settling }),
            Ok(Err(error)) => error.code(),
            Err(_) => protocol::ErrorCode::Internal,
        };
        tracing::error!(run = %run.id(), effect, %code, "an intent could not be written, so nothing was sent");
        Err(GuestError::new(code, "the intent could not be written, so nothing was sent").into())
    }

    /// On what it rests.
    pub(crate) fn basis(&self) -> &Basis {
        &self.basis
    }

    /// Says how it ended. Blocks until that is on disk.
    pub(crate) fn settle(
        self,
        kernel: &Kernel,
        run: &Run,
        state: EffectState,
        said: Sentence,
    ) -> Result<(), HostError> {
        settle_sending(kernel, run, self.effect, state, said, &self.basis)
    }
}
