//! The system calls that have no safe form elsewhere, each behind a function that is safe to call. Nothing else here is
//! unsafe, and nothing here decides.

#![expect(unsafe_code, reason = "namespaces, file numbers, mounts and notifications have no safe wrapper in rustix")]

use rustix::{fs::AtFlags, process::Pid};
use seccompiler::sock_filter;
use std::{
    fs, io, mem,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
};

/// The proof that this process has one thread: only then is what comes out of [`fork`] as whole as what went in.
#[derive(Clone, Copy)]
pub(crate) struct Alone(());

impl Alone {
    /// Looks. Nothing in the helper starts a thread afterwards.
    pub(crate) fn prove() -> io::Result<Self> {
        match fs::read_dir("/proc/self/task")?.count() {
            1 => Ok(Self(())),
            threads => Err(io::Error::other(format!("the helper has {threads} threads instead of one"))),
        }
    }
}

/// On which side of a fork we are.
pub(crate) enum Fork {
    /// In the new process.
    Child,
    /// In the old one.
    Parent(Pid),
}

/// A copy of this process, in the new namespaces that `namespaces` (`CLONE_NEW…`) names; with 0, an ordinary fork.
pub(crate) fn fork(_: Alone, namespaces: libc::c_int) -> io::Result<Fork> {
    let flags = libc::c_long::from(namespaces | libc::SIGCHLD);
    let zero: libc::c_long = 0;
    // SAFETY: without CLONE_VM and without a stack this is fork(2): the child has a copy of the memory and goes on here. The
    // other arguments are pointers that the kernel reads only under flags that we do not set; they are zero, so that their
    // order, which differs between processors, means nothing. What makes forking dangerous is another thread that held a
    // lock; `Alone` proves that there is none. No namespace flag touches memory.
    let answer = unsafe { libc::syscall(libc::SYS_clone, flags, zero, zero, zero, zero) };
    match answer {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child),
        pid => match i32::try_from(pid).ok().and_then(Pid::from_raw) {
            Some(pid) => Ok(Fork::Parent(pid)),
            None => Err(io::Error::other("the kernel gave a new process no number")),
        },
    }
}

/// Gives an open file this number, in place of what had it, so that the program that comes next has it there.
///
/// For a process that is about to become another program and holds no `OwnedFd` of that number.
pub(crate) fn place(file: OwnedFd, number: libc::c_int) -> io::Result<()> {
    if file.as_raw_fd() == number {
        // Already there: it only has to stay open.
        std::mem::forget(file);
        // SAFETY: fcntl with F_SETFD changes a flag of a number that we just held; it reads no memory.
        return check(unsafe { libc::fcntl(number, libc::F_SETFD, 0) });
    }
    // SAFETY: dup2 reads no memory. It may close what `number` was: the caller moved all that it owns above
    // those numbers (`enter::PLACES_FROM`), so no `OwnedFd` is left dangling.
    check(unsafe { libc::dup2(file.as_raw_fd(), number) })
}

/// Marks every open file from this number on to be closed when another program takes this process over.
pub(crate) fn close_on_exec_from(first: libc::c_uint) -> io::Result<()> {
    let last: libc::c_uint = libc::c_uint::MAX;
    // SAFETY: with CLOSE_RANGE_CLOEXEC the call closes nothing, it sets a flag; it reads no memory.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, first, last, libc::CLOSE_RANGE_CLOEXEC) };
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Adds attributes (`MOUNT_ATTR_…`) to a mount, and to those beneath it where `deep`. The kernel does not take
/// away what was there.
pub(crate) fn mount_attributes_add(mount: BorrowedFd<'_>, attributes: u64, deep: bool) -> io::Result<()> {
    // SAFETY: a struct of four integers, for which zero means "leave as it is".
    let mut wanted: libc::mount_attr = unsafe { mem::zeroed() };
    wanted.attr_set = attributes;
    let flags = AtFlags::EMPTY_PATH.bits() | if deep { libc::AT_RECURSIVE as u32 } else { 0 };
    // SAFETY: the path is a C string, the struct lives until the call returns, and its true size is given.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            &raw const wanted,
            mem::size_of::<libc::mount_attr>(),
        )
    };
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Switches on the loopback of the network namespace that we are in.
pub(crate) fn loopback_up() -> io::Result<()> {
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::DGRAM, None)?;
    // SAFETY: a struct of integers and unions of them; all zero is a value of it.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads an ifreq, which lives until the call returns; its name ends in a zero.
    check(unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw const request) })
}

/// A keyring of its own in place of the session's, so that no key of whoever started oikos is at hand.
pub(crate) fn keyring_leave() -> io::Result<()> {
    const KEYCTL_JOIN_SESSION_KEYRING: libc::c_long = 1;
    let unnamed: libc::c_long = 0;
    // SAFETY: with a null name the call makes an unnamed keyring and reads no memory.
    let answer = unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, unnamed) };
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The version of Landlock's interface that this kernel has; 0 where it has none, or it is switched off.
pub(crate) fn landlock_version() -> u8 {
    const VERSION: libc::c_uint = 1;
    let (nothing, size): (libc::c_long, libc::size_t) = (0, 0);
    // SAFETY: with this flag the call reads no memory and makes nothing: it answers with a number.
    let answer = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, size, VERSION) };
    u8::try_from(answer).unwrap_or(0)
}

/// Installs a filter that asks, for this process and all that comes from it; what comes back is where it is asked.
pub(crate) fn filter_that_asks(filter: &[sock_filter]) -> io::Result<OwnedFd> {
    let program = libc::sock_fprog {
        len: libc::c_ushort::try_from(filter.len()).map_err(io::Error::other)?,
        filter: filter.as_ptr().cast_mut().cast(),
    };
    let install = |flags: libc::c_ulong| {
        let mode = libc::SECCOMP_SET_MODE_FILTER;
        // SAFETY: the program has as many instructions as it says, each of the kernel's own layout (seccompiler's type is
        // that), and lives until the call returns. The kernel copies it and changes nothing.
        unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) }
    };
    let asks = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    // Whoever is heard already is not woken by signals, where the kernel can do that.
    let answer = match install(asks | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) {
        -1 if io::Error::last_os_error().raw_os_error() == Some(libc::EINVAL) => install(asks),
        answer => answer,
    };
    match i32::try_from(answer) {
        Ok(number @ 0..) => {
            // SAFETY: the kernel has just made it, for us and for nobody else.
            Ok(unsafe { OwnedFd::from_raw_fd(number) })
        }
        _ => Err(io::Error::last_os_error()),
    }
}

/// A call that waits for its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Which one it is.
    pub(crate) id: u64,
    /// Who makes it.
    pub(crate) process: u32,
    /// By its number.
    pub(crate) call: libc::c_long,
    /// With these.
    pub(crate) arguments: [u64; 6],
}

/// What a call is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It goes on, to the walls behind.
    GoesOn,
    /// It fails with this error.
    Fails(libc::c_int),
}

/// The next call that waits; `None` where it does not wait any more. For a listener that is ready to be read.
pub(crate) fn asked_next(listener: &OwnedFd) -> io::Result<Option<Asked>> {
    // SAFETY: a struct of integers; the kernel demands that all of them are zero.
    let mut asked: libc::seccomp_notif = unsafe { mem::zeroed() };
    // SAFETY: the kernel writes one such struct, whose size is part of the number of the call; it lives until that returns.
    let answer = unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut asked) };
    match check(answer) {
        Ok(()) => {
            Ok(Some(Asked { id: asked.id, process: asked.pid, call: asked.data.nr.into(), arguments: asked.data.args }))
        }
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EINTR)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a call still waits. Only then is the process of its number the one that made it.
pub(crate) fn is_still_asked(listener: &OwnedFd, id: u64) -> bool {
    // SAFETY: the kernel reads a number, which lives until the call returns.
    check(unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw const id) }).is_ok()
}

/// Answers a call. One that does not wait any more needs none.
pub(crate) fn answer(listener: &OwnedFd, id: u64, answer: Answer) {
    let (error, flags) = match answer {
        Answer::GoesOn => (0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32),
        Answer::Fails(error) => (-error, 0),
    };
    let answer = libc::seccomp_notif_resp { id, val: 0, error, flags };
    // SAFETY: the kernel reads one such struct, whose size is part of the number of the call; it lives until that returns.
    check(unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw const answer) }).ok();
}

/// Has who asks and who answers take turns on one processor, where the kernel can do that: it is twice as fast.
pub(crate) fn answer_at_once(listener: &OwnedFd) {
    const SYNC_WAKE_UP: libc::c_ulong = 1;
    // SAFETY: the flags are the argument itself; no memory is read.
    check(unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS, SYNC_WAKE_UP) }).ok();
}

/// Reads the memory of a process of ours, as much of it as there is; returns how much that was.
pub(crate) fn memory_read(process: u32, address: u64, room: &mut [u8]) -> io::Result<usize> {
    let process = libc::pid_t::try_from(process).map_err(io::Error::other)?;
    let here = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
    let there = libc::iovec { iov_base: address as *mut libc::c_void, iov_len: room.len() };
    // SAFETY: the kernel writes into `room`, which is ours alone and as long as is said. The other address is looked up in the
    // other process, and is never one of ours.
    let count = unsafe { libc::process_vm_readv(process, &raw const here, 1, &raw const there, 1, 0) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

fn check(answer: libc::c_int) -> io::Result<()> {
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
