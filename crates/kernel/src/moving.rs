//! An app's storage while an upgrade moves it on to another form. Runs of the version before keep away from it afterwards:
//! what is in it is old or new, never mixed.

use crate::{
    host_call::GuestError,
    run::{Run, run_conflict},
    runner::GuestValue,
};
use protocol::{ErrorCode, Failure};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// An app's storage, as the runs of the versions know it that share its form.
#[derive(Default)]
pub(crate) struct AppStorage {
    /// Held for reading by the end of a run that stored something, for writing by whoever moves the storage on.
    moving: Arc<RwLock<()>>,
    /// It has another form now, or is what it was before: those who share this are too late.
    has_moved: AtomicBool,
}

impl AppStorage {
    /// From here on no run stores anything, until the guard goes. What is waited for are commits that have begun.
    pub(crate) async fn moving(&self) -> OwnedRwLockWriteGuard<()> {
        self.moving.clone().write_owned().await
    }

    /// Says that it has moved on, just before it does; takes it back where it then did not.
    pub(crate) fn set_moved(&self, has_moved: bool) {
        self.has_moved.store(has_moved, SeqCst);
    }

    /// Whether a run may still use it.
    pub(crate) fn check(&self) -> Result<(), GuestError> {
        if !self.has_moved.load(SeqCst) {
            return Ok(());
        }
        let message = "the app was upgraded or rolled back while this ran, and its storage is of another version now";
        Err(GuestError::new(ErrorCode::Conflict, message))
    }
}

/// The end of a run waits for an upgrade that moves the storage on, if it has stored something, and has failed if it comes
/// too late. The guard goes when the end is written.
pub(crate) async fn storage_hold(
    run: &Run,
    result: Result<GuestValue, Failure>,
) -> (Option<OwnedRwLockReadGuard<()>>, Result<GuestValue, Failure>) {
    if result.is_err() || !run.has_stored() {
        return (None, result);
    }
    let storage = &run.app.storage;
    // As long as hooks take at most: they have a wall clock of their own.
    let held = storage.moving.clone().read_owned().await;
    match storage.check() {
        Ok(()) => (Some(held), result),
        Err(error) => (None, Err(run_conflict(run, &error))),
    }
}
