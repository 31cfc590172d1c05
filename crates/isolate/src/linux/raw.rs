//! The system calls that have no safe form elsewhere, each behind a function that is safe to call. Nothing else here is
//! unsafe, and nothing here decides.

#![expect(unsafe_code, reason = "namespaces, file numbers and mount attributes have no safe wrapper in rustix")]

use rustix::{fs::AtFlags, process::Pid};
use std::{
    fs, io, mem,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
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

fn check(answer: libc::c_int) -> io::Result<()> {
    if answer == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
