//! What the families share: what a permit must be, what errors are called, what work costs.

use broker::{Lease, LeaseEnd, Permit};
use kernel::effect::EffectError;
use kernel::host_call::GuestError;
use protocol::ErrorCode;
use std::{io, time::Duration};

/// How much is read, hashed or split between two looks at the lease.
pub(crate) const STEP_BYTES: usize = 1 << 20;

/// The permit of a call that demanded one. A missing one is a fault of the kernel, and a no.
pub(crate) fn permitted<D>(permit: Option<Permit<D>>) -> Result<Permit<D>, EffectError> {
    let permit = permit.ok_or_else(|| {
        EffectError::guest(ErrorCode::PermissionDenied, "this call came without the permit that it needs")
    })?;
    permit.check()?;
    Ok(permit)
}

/// The permit is for something else than the call: a fault of the kernel, and a no.
pub(crate) fn wrong_permit() -> EffectError {
    EffectError::guest(ErrorCode::PermissionDenied, "this call came with the permit of another one")
}

/// A system error in our words: never the system's own, and never with a path but the one that was named.
pub(crate) fn system_error(shown: &str, error: &io::Error) -> GuestError {
    let shown = protocol::text::shorten(shown, 300);
    let errno = error.raw_os_error().map(rustix::io::Errno::from_raw_os_error);
    if is_disk_full(error) {
        return GuestError::new(ErrorCode::DiskFull, format!("{shown}: there is no room left on the disk"));
    }
    let (code, why) = match (error.kind(), errno) {
        (io::ErrorKind::NotFound, _) => (ErrorCode::NotFound, "there is no such file or folder"),
        (io::ErrorKind::PermissionDenied, _) => (ErrorCode::FileUnusable, "the system does not allow it"),
        (io::ErrorKind::AlreadyExists, _) => (ErrorCode::Conflict, "something of this name has come up in between"),
        (io::ErrorKind::ReadOnlyFilesystem, _) => (ErrorCode::FileUnusable, "its file system is read-only"),
        (_, Some(rustix::io::Errno::NAMETOOLONG)) => (ErrorCode::FileUnusable, "the name is too long"),
        (_, Some(rustix::io::Errno::NXIO)) => (ErrorCode::FileUnusable, "it is not a regular file"),
        (_, Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE)) => {
            (ErrorCode::HostBusy, "too many files are open on this machine")
        }
        (_, Some(rustix::io::Errno::IO)) => (ErrorCode::FileUnusable, "the disk could not read or write it"),
        _ => (ErrorCode::FileUnusable, "the system cannot use it"),
    };
    GuestError::new(code, format!("{shown}: {why}"))
}

/// Whether there is no room on a disk, or in what its owner may use of it.
pub(crate) fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// Charges the work of this thread to a run.
pub(crate) struct Meter<'a> {
    lease: &'a Lease,
    charged_us: u64,
}

impl<'a> Meter<'a> {
    pub(crate) fn start(lease: &'a Lease) -> Self {
        Self { lease, charged_us: thread_cpu_us() }
    }

    /// Charges what was computed since the last step and the bytes that were moved, and looks whether the run may go
    /// on.
    pub(crate) fn step(&mut self, bytes: u64) -> Result<(), LeaseEnd> {
        let now_us = thread_cpu_us();
        let us = now_us.saturating_sub(self.charged_us);
        self.charged_us = now_us;
        self.lease.charge_host_cpu_us(us)?;
        self.lease.charge_host_bytes(bytes)
    }
}

pub(crate) fn thread_cpu_us() -> u64 {
    let time = Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime));
    u64::try_from(time.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}

/// A named point at which a test ends the process, as a power cut would.
macro_rules! crash_point {
    ($name:literal) => {
        fail::fail_point!($name, |_| crate::common::crash());
    };
}
pub(crate) use crash_point;

#[cfg(feature = "failpoints")]
#[expect(clippy::disallowed_methods, reason = "only in builds that test crashes")]
pub(crate) fn crash() -> ! {
    std::process::abort()
}
