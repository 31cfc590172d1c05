//! What is saved reaches the disk soon: a thread that calls `fdatasync` on the write-ahead log a while after the first
//! commit that did not wait for the disk, and sleeps when there was none.

use super::Shared;
use parking_lot::{Condvar, Mutex};
use std::{
    fs::File,
    io,
    path::Path,
    time::{Duration, Instant},
};

/// How long after a commit the disk is asked at the latest. Half of the second that a power cut may take, so that a
/// slow disk has the other half.
pub const SYNC_WAIT_MS: u64 = 500;

#[derive(Debug, Default)]
pub(super) struct SyncState {
    flags: Mutex<Flags>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Flags {
    is_unsynced: bool,
    is_closed: bool,
}

impl SyncState {
    /// A commit did not wait for the disk.
    pub(super) fn unsynced(&self) {
        let mut flags = self.flags.lock();
        if !flags.is_unsynced {
            flags.is_unsynced = true;
            self.changed.notify_one();
        }
    }

    /// A commit waited for the disk, and with it everything before.
    pub(super) fn synced(&self) {
        self.flags.lock().is_unsynced = false;
    }

    pub(super) fn close(&self) {
        self.flags.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// Waits until there is something to sync and its time has come. False: closed, and nothing is left to sync.
    fn wait(&self) -> bool {
        let mut flags = self.flags.lock();
        while !flags.is_unsynced && !flags.is_closed {
            self.changed.wait(&mut flags);
        }
        let deadline = Instant::now() + Duration::from_millis(SYNC_WAIT_MS);
        while !flags.is_closed && !self.changed.wait_until(&mut flags, deadline).timed_out() {}
        // Taken before the sync: a commit during it is not surely part of it and asks again.
        let was_unsynced = std::mem::take(&mut flags.is_unsynced);
        was_unsynced || !flags.is_closed
    }
}

pub(super) fn run(shared: &Shared, wal: &Path) {
    while shared.sync.wait() {
        match File::open(wal).and_then(|file| file.sync_data()) {
            Ok(()) => {}
            // Moved into the table file, which SQLite syncs itself when it does that.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => shared.fail(format!("syncing the write-ahead log: {error}")),
        }
    }
}
