//! Which system calls are told, and as what: those that are refused by their number, and those that name something which the
//! box may not show. Pure.

use crate::Deed;

/// A call that names something and is told where that is not shown. It goes on in any case: what it reaches is the matter of
/// walls that look at what they open, not at what a program says it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// A path to open, beneath the folder of a handle where there is one. By their places among the arguments.
    Open { folder: Option<usize>, path: usize, how: Flags },
    /// A path to remove, change or make.
    Change { folder: Option<usize>, path: usize, makes: bool },
    /// Two paths, each with its folder: from where something is moved, and to where.
    Move { from: (Option<usize>, usize), to: (Option<usize>, usize) },
    /// A process by its number, and which signal it is sent.
    Signal { process: usize, signal: usize },
    /// A process by its number.
    Process { process: usize },
    /// An address, and how long it is.
    Address { address: usize, length: usize },
}

/// Where it stands what a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flags {
    /// In this argument.
    Given(usize),
    /// In memory, where this argument points to.
    At(usize),
    /// Nowhere: to write it from its beginning.
    Created,
}

/// The calls that name something.
pub(crate) const NAMING: &[(libc::c_long, Names)] = &[
    (libc::SYS_openat, Names::Open { folder: Some(0), path: 1, how: Flags::Given(2) }),
    (libc::SYS_openat2, Names::Open { folder: Some(0), path: 1, how: Flags::At(2) }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_open, Names::Open { folder: None, path: 0, how: Flags::Given(1) }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_creat, Names::Open { folder: None, path: 0, how: Flags::Created }),
    (libc::SYS_truncate, Names::Change { folder: None, path: 0, makes: false }),
    (libc::SYS_unlinkat, Names::Change { folder: Some(0), path: 1, makes: false }),
    (libc::SYS_renameat2, Names::Move { from: (Some(0), 1), to: (Some(2), 3) }),
    (libc::SYS_mkdirat, Names::Change { folder: Some(0), path: 1, makes: true }),
    (libc::SYS_fchmodat, Names::Change { folder: Some(0), path: 1, makes: false }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_unlink, Names::Change { folder: None, path: 0, makes: false }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_rmdir, Names::Change { folder: None, path: 0, makes: false }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_rename, Names::Move { from: (None, 0), to: (None, 1) }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_renameat, Names::Move { from: (Some(0), 1), to: (Some(2), 3) }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_mkdir, Names::Change { folder: None, path: 0, makes: true }),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_chmod, Names::Change { folder: None, path: 0, makes: false }),
    (libc::SYS_kill, Names::Signal { process: 0, signal: 1 }),
    (libc::SYS_tkill, Names::Signal { process: 0, signal: 1 }),
    (libc::SYS_rt_sigqueueinfo, Names::Signal { process: 0, signal: 1 }),
    (libc::SYS_pidfd_open, Names::Process { process: 0 }),
    (libc::SYS_connect, Names::Address { address: 1, length: 2 }),
    (libc::SYS_sendto, Names::Address { address: 4, length: 5 }),
];

/// What a call names, if it is one of them.
pub(crate) fn names(call: libc::c_long) -> Option<Names> {
    NAMING.iter().find(|(known, _)| *known == call).map(|(_, names)| *names)
}

/// What a refused call is told as, and of which kind it is where there are several. `None` for what honest programs try too,
/// and do without: it is refused, and not told.
pub(crate) fn refused(call: libc::c_long) -> Option<(Deed, Option<&'static str>)> {
    let kernel = |name| Some((Deed::Kernel, Some(name)));
    let machine = |name| Some((Deed::Machine, Some(name)));
    match call {
        libc::SYS_ptrace
        | libc::SYS_process_vm_readv
        | libc::SYS_process_vm_writev
        | libc::SYS_process_madvise
        | libc::SYS_pidfd_getfd
        | libc::SYS_kcmp => Some((Deed::Trace, None)),
        libc::SYS_io_uring_setup | libc::SYS_io_uring_enter | libc::SYS_io_uring_register => {
            Some((Deed::IoUring, None))
        }
        libc::SYS_keyctl | libc::SYS_add_key | libc::SYS_request_key => Some((Deed::Keyring, None)),
        libc::SYS_mount
        | libc::SYS_umount2
        | libc::SYS_pivot_root
        | libc::SYS_chroot
        | libc::SYS_mount_setattr
        | libc::SYS_move_mount
        | libc::SYS_open_tree
        | libc::SYS_fsopen
        | libc::SYS_fsconfig
        | libc::SYS_fsmount
        | libc::SYS_fspick => Some((Deed::Mount, None)),
        libc::SYS_setns | libc::SYS_unshare | libc::SYS_clone => Some((Deed::Namespace, None)),
        libc::SYS_ioctl => Some((Deed::Terminal, None)),
        libc::SYS_socket => Some((Deed::Socket, None)),
        libc::SYS_bpf => kernel("bpf"),
        libc::SYS_userfaultfd => kernel("userfaultfd"),
        libc::SYS_perf_event_open => kernel("perf_event_open"),
        libc::SYS_open_by_handle_at => kernel("open_by_handle_at"),
        libc::SYS_fanotify_init => kernel("fanotify_init"),
        libc::SYS_memfd_secret => kernel("memfd_secret"),
        libc::SYS_personality => kernel("personality"),
        libc::SYS_init_module | libc::SYS_finit_module => machine("init_module"),
        libc::SYS_delete_module => machine("delete_module"),
        libc::SYS_kexec_load => machine("kexec_load"),
        libc::SYS_reboot => machine("reboot"),
        libc::SYS_acct => machine("acct"),
        libc::SYS_sethostname => machine("sethostname"),
        libc::SYS_setdomainname => machine("setdomainname"),
        libc::SYS_settimeofday => machine("settimeofday"),
        libc::SYS_clock_settime => machine("clock_settime"),
        libc::SYS_clock_adjtime | libc::SYS_adjtimex => machine("adjtimex"),
        libc::SYS_swapon => machine("swapon"),
        libc::SYS_swapoff => machine("swapoff"),
        libc::SYS_syslog => machine("syslog"),
        libc::SYS_vhangup => machine("vhangup"),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_kexec_file_load => machine("kexec_file_load"),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_iopl | libc::SYS_ioperm => machine("ioperm"),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_modify_ldt => kernel("modify_ldt"),
        _ => None,
    }
}

/// Whether a socket is made as every libc makes one to ask for the names of users, where somebody answers. Honest programs do
/// that before their first line, and it is refused like any other.
pub(crate) fn is_for_names(arguments: &[u64; 6]) -> bool {
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    arguments[..3] == [libc::AF_UNIX, kind, 0].map(|word| u64::from(word.unsigned_abs()))
}

/// What a family of sockets is for.
pub(crate) fn family(number: u64) -> String {
    let name = match i32::try_from(number).unwrap_or(-1) {
        libc::AF_UNIX => "local",
        libc::AF_INET | libc::AF_INET6 => "network",
        libc::AF_PACKET => "packet",
        libc::AF_VSOCK => "virtual machine",
        libc::AF_ALG => "kernel cipher",
        libc::AF_BLUETOOTH => "bluetooth",
        libc::AF_NETLINK => "kernel (netlink)",
        _ => return format!("family {number}"),
    };
    name.to_owned()
}
