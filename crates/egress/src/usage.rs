//! What was moved for whom.

use parking_lot::Mutex;
use protocol::{AppName, OwnerId};
use std::collections::BTreeMap;

/// What the network was used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Requests that were sent.
    pub requests: u64,
    /// Bytes of heads and bodies that came.
    pub bytes_in: u64,
    /// Bytes of heads and bodies that went out.
    pub bytes_out: u64,
}

/// By owner and app, since this process began.
#[derive(Debug, Default)]
pub(crate) struct Book(Mutex<BTreeMap<(OwnerId, AppName), Usage>>);

impl Book {
    pub(crate) fn add(&self, owner: OwnerId, app: &AppName, change: impl FnOnce(&mut Usage)) {
        change(self.0.lock().entry((owner, app.clone())).or_default());
    }

    pub(crate) fn of(&self, owner: OwnerId, app: &AppName) -> Usage {
        self.0.lock().get(&(owner, app.clone())).copied().unwrap_or_default()
    }

    pub(crate) fn all(&self) -> Vec<((OwnerId, AppName), Usage)> {
        self.0.lock().iter().map(|(whose, usage)| (whose.clone(), *usage)).collect()
    }
}
