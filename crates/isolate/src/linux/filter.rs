//! Which system calls a confined program has. A list of what is refused and not of what is allowed: what it runs is anybody's
//! program in any language, and a list of the allowed would break with each new libc. Pure: it makes the filter's code.

use super::calls::{self, Names};
use crate::{Plan, plan::Base};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Compare, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};
use std::{collections::BTreeMap, io};

/// Calls that an honest server never makes, and that reach past its walls or far into the kernel.
const NEVER: &[libc::c_long] = &[
    // Other processes' memory, registers and open files.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // The kernel's own programs, and faults that user code answers: most ways in of the last years.
    libc::SYS_bpf,
    libc::SYS_userfaultfd,
    libc::SYS_perf_event_open,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Keys of the session and the user.
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Mounts.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    SYS_OPEN_TREE_ATTR,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    // Files past every path.
    SYS_FILE_SETATTR,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_memfd_secret,
    // Namespaces.
    libc::SYS_setns,
    libc::SYS_unshare,
    // The machine.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_acct,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_lookup_dcookie,
    libc::SYS_nfsservctl,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_kexec_file_load,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_uselib,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ustat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_sysfs,
    #[cfg(target_arch = "x86_64")]
    libc::SYS__sysctl,
];

/// Where it stands on everybody's machine: ways to others that a world of its own would not have.
const NEVER_WHEN_SHARED: &[libc::c_long] = &[
    // A path to a socket is no file to Landlock: whoever may connect may speak to the session's bus, or Docker's.
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    // Memory and messages that everybody of the same user finds by number or name.
    libc::SYS_shmget,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    // The same by a number that was found otherwise: they are small, and count up.
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_semctl,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_mq_timedsend,
    libc::SYS_mq_timedreceive,
    libc::SYS_mq_notify,
    libc::SYS_mq_getsetattr,
    // One group of processes, so that one signal ends it all.
    libc::SYS_setsid,
    libc::SYS_setpgid,
    // What Landlock leaves to the rights of the user: names, owners and attributes of files that it may not open.
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    SYS_FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    SYS_SETXATTRAT,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    SYS_REMOVEXATTRAT,
    libc::SYS_inotify_add_watch,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utime,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utimes,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_futimesat,
    // When and where the owner's other programs run.
    libc::SYS_setpriority,
    libc::SYS_ioprio_set,
];

/// The same with a process as the first argument: itself it may change, as 0.
const ITSELF_ONLY_WHEN_SHARED: &[libc::c_long] = &[
    libc::SYS_prlimit64,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setscheduler,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setattr,
];

/// Newer than the table of numbers that we have; the same on all architectures.
const SYS_FCHMODAT2: libc::c_long = 452;
const SYS_SETXATTRAT: libc::c_long = 463;
const SYS_REMOVEXATTRAT: libc::c_long = 466;
/// An attribute of a mount, set while it is taken.
const SYS_OPEN_TREE_ATTR: libc::c_long = 467;
/// Attributes of files behind `ioctl`, as a call.
const SYS_FILE_SETATTR: libc::c_long = 469;

/// Memory that counts as nobody's where only each process is bounded: in files, and the kernel's own for sets and queues.
const NEVER_WHEN_COUNTED_EACH: &[libc::c_long] =
    &[libc::SYS_memfd_create, libc::SYS_shmget, libc::SYS_semget, libc::SYS_msgget];

/// All kinds of new namespaces that a clone can ask for.
const NEW_NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// The execution domain that every program has, asking which one it has, and the one switch that debuggers use.
const PERSONALITIES: [u64; 3] = [0, 0xffff_ffff, 0x0004_0000];

/// Typing into the terminal of somebody else.
const TERMINAL_INPUT: [u64; 2] = [libc::TIOCSTI, 0x541c];

/// Numbers from here on are x86-64's second way in, which no filter by number would see.
#[cfg(target_arch = "x86_64")]
const X32: u32 = 0x4000_0000;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The programs to install.
pub(crate) struct Programs {
    /// The one that asks the keeper, where it is to tell what was tried. Of the answers of several programs the kernel takes
    /// the sternest, so that nothing that one of the others refuses is asked for.
    pub(crate) asks: Option<BpfProgram>,
    /// Those that answer by themselves.
    pub(crate) answers: Vec<BpfProgram>,
}

/// The programs of a plan.
pub(crate) fn programs(plan: &Plan) -> io::Result<Programs> {
    let mut rules = refused(plan)?;
    let asks = match plan.watch {
        false => None,
        true => {
            // What is refused and told is refused by the keeper's answer, and by its silence: when it is gone the call fails.
            let mut told = rules.extract_if(.., |call, _| calls::refused(*call).is_some()).collect::<Rules>();
            for call in going_on(plan)? {
                told.insert(call, named(call)?);
            }
            Some(compile_asking(told)?)
        }
    };
    let answers = vec![
        #[cfg(target_arch = "x86_64")]
        second_way_closed(),
        compile(rules, libc::EPERM)?,
        // As on a kernel that does not have it: libc then takes the older call, which can be looked into.
        compile([(libc::SYS_clone3, Vec::new())].into(), libc::ENOSYS)?,
    ];
    Ok(Programs { asks, answers })
}

/// The calls that name something and go on whatever they name: none of those that are refused, in whatever form.
pub(crate) fn going_on(plan: &Plan) -> io::Result<Vec<libc::c_long>> {
    let refused = refused(plan)?;
    Ok(calls::NAMING.iter().map(|(call, _)| *call).filter(|call| !refused.contains_key(call)).collect())
}

/// When a call that names something is told: always, but where it names nothing.
fn named(call: libc::c_long) -> io::Result<Vec<SeccompRule>> {
    match calls::names(call) {
        Some(Names::Address { address, .. }) => {
            let place = u8::try_from(address).map_err(io::Error::other)?;
            Ok(vec![rule(vec![condition(place, Length::Qword, Compare::Ne, 0)?])?])
        }
        _ => Ok(Vec::new()),
    }
}

/// A program that asks the keeper. The compiler knows no such answer: it is put in the place of one that is not used here.
fn compile_asking(rules: Rules) -> io::Result<BpfProgram> {
    const MARK: u16 = 0x6f69;
    let marked = libc::SECCOMP_RET_TRACE | u32::from(MARK);
    let mut program = compile_to(rules, SeccompAction::Trace(MARK.into()))?;
    for step in &mut program {
        if u32::from(step.code) == libc::BPF_RET | libc::BPF_K && step.k == marked {
            step.k = libc::SECCOMP_RET_USER_NOTIF;
        }
    }
    Ok(program)
}

fn refused(plan: &Plan) -> io::Result<Rules> {
    let mut rules: Rules = NEVER.iter().map(|call| (*call, Vec::new())).collect();
    // A mask, with one bit at a time: each of the conditions of a rule has to hold.
    let mut clone = Vec::new();
    for bit in (0..32).map(|bit| 1 << bit).filter(|bit| NEW_NAMESPACES & bit != 0) {
        clone.push(rule(vec![condition(0, Length::Qword, Compare::MaskedEq(bit), bit)?])?);
    }
    rules.insert(libc::SYS_clone, clone);
    let other = |value: &u64| condition(0, Length::Dword, Compare::Ne, *value);
    let personality = PERSONALITIES.iter().map(other).collect::<io::Result<_>>()?;
    rules.insert(libc::SYS_personality, vec![rule(personality)?]);
    let typing = |request: &u64| rule(vec![condition(1, Length::Dword, Compare::Eq, *request)?]);
    rules.insert(libc::SYS_ioctl, TERMINAL_INPUT.iter().map(typing).collect::<io::Result<_>>()?);
    rules.insert(libc::SYS_socket, sockets()?);
    if plan.base == Base::Shared {
        rules.extend(NEVER_WHEN_SHARED.iter().map(|call| (*call, Vec::new())));
        // Two ends of one thing are fine, as long as neither can be turned to somebody else, as datagrams can.
        let kind = |kind: libc::c_int| condition(1, Length::Dword, Compare::MaskedEq(0xf), kind as u64);
        let family = condition(0, Length::Dword, Compare::Ne, libc::AF_UNIX as u64)?;
        let pairs = [kind(libc::SOCK_DGRAM)?, kind(libc::SOCK_RAW)?, family];
        rules.insert(libc::SYS_socketpair, pairs.map(|one| rule(vec![one])).into_iter().collect::<io::Result<_>>()?);
        for call in ITSELF_ONLY_WHEN_SHARED {
            rules.insert(*call, vec![rule(vec![condition(0, Length::Dword, Compare::Ne, 0)?])?]);
        }
        // Of a file that it has open it may say when it was changed, not of one that it names.
        rules.insert(libc::SYS_utimensat, vec![rule(vec![condition(1, Length::Qword, Compare::Ne, 0)?])?]);
    }
    if !plan.counts_all_memory() {
        rules.extend(NEVER_WHEN_COUNTED_EACH.iter().map(|call| (*call, Vec::new())));
        // Shared, it is nobody's; growing downwards, it counts as a stack and not as data.
        let never = [libc::MAP_SHARED | libc::MAP_ANONYMOUS, libc::MAP_GROWSDOWN].map(|flags| flags as u64);
        let mapping = |flags: &u64| rule(vec![condition(3, Length::Dword, Compare::MaskedEq(*flags), *flags)?]);
        rules.insert(libc::SYS_mmap, never.iter().map(mapping).collect::<io::Result<_>>()?);
    }
    Ok(rules)
}

/// Every family but those that stay in its own network, and of netlink only the questions about its addresses.
fn sockets() -> io::Result<Vec<SeccompRule>> {
    let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
    let other = families.iter().map(|family| condition(0, Length::Dword, Compare::Ne, *family as u64));
    let netlink = condition(0, Length::Dword, Compare::Eq, libc::AF_NETLINK as u64)?;
    let not_routes = condition(2, Length::Dword, Compare::Ne, libc::NETLINK_ROUTE as u64)?;
    Ok(vec![rule(other.collect::<io::Result<_>>()?)?, rule(vec![netlink, not_routes])?])
}

fn condition(argument: u8, length: Length, compare: Compare, value: u64) -> io::Result<SeccompCondition> {
    SeccompCondition::new(argument, length, compare, value).map_err(io::Error::other)
}

fn rule(conditions: Vec<SeccompCondition>) -> io::Result<SeccompRule> {
    SeccompRule::new(conditions).map_err(io::Error::other)
}

fn compile(rules: Rules, errno: i32) -> io::Result<BpfProgram> {
    compile_to(rules, SeccompAction::Errno(errno.unsigned_abs()))
}

fn compile_to(rules: Rules, action: SeccompAction) -> io::Result<BpfProgram> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    // A call by another architecture's numbers ends the process: seccompiler puts that first.
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, action, architecture).map_err(io::Error::other)?;
    BpfProgram::try_from(filter).map_err(io::Error::other)
}

/// Ends the process at a call by an x32 number; lets -1 be, by which tracers leave a call out.
#[cfg(target_arch = "x86_64")]
fn second_way_closed() -> BpfProgram {
    let step = |code: u32, jt, jf, k| seccompiler::sock_filter { code: code as u16, jt, jf, k };
    vec![
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 1, 0, u32::MAX),
        step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 1, 0, X32),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
    ]
}
