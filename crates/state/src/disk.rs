//! Is there room to write?

use std::{io, path::Path};

/// What is kept free on the disk of OIKOS_HOME. Values are refused before it is used up, so that log lines, removals
/// and Stop still find room, and SQLite can still move its write-ahead log into the table file.
pub const DISK_RESERVE_BYTES: u64 = 32 * 1024 * 1024;

/// Whether `bytes` more can be written at `folder` without touching the reserve. An answer that the system does not
/// give counts as yes: the write itself will tell.
pub fn free_space_ok(folder: &Path, bytes: u64) -> bool {
    rustix::fs::statvfs(folder)
        .map_or(true, |disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= DISK_RESERVE_BYTES.saturating_add(bytes))
}

/// Whether an error means that there is no room, on the disk or in the owner's share of it.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
