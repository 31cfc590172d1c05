//! The last steps of the process that becomes the program: its files, its bounds, its rules, and then it is the program.

use super::{
    filter::{self, Programs},
    raw, rules,
    system::PATH,
    wire::{self, Fault, Note, Step},
};
use crate::Plan;
use rustix::{
    fs::Mode,
    io::fcntl_dupfd_cloexec,
    process::{Resource, Rlimit, setrlimit, setsid, umask},
    thread::{
        CapabilitiesSecureBits, CapabilitySet, CapabilitySets, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities, set_capabilities_secure_bits, set_no_new_privs,
    },
};
use std::{
    fs, io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::Command,
};

/// Above all numbers that the program is given files at: there its files wait until each has its place.
pub(crate) const PLACES_FROM: i32 = 100;

/// A stack of the size that systems give anyway. It counts as none of a process's data, and a program may ask for a larger one.
const STACK_BYTES_MAX: u64 = 8 << 20;

/// Becomes the program; comes back only with what went wrong. `files` are standard input, output and error, and those that
/// the program has from number 3 on. `report` is above [`PLACES_FROM`]: who started this hears there where the kernel asks,
/// and of the fault.
pub(crate) fn become_program(plan: &Plan, files: Vec<OwnedFd>, report: &OwnedFd) -> Fault {
    match prepare(plan, files, report) {
        Err(fault) => fault,
        Ok(mut command) => {
            let error = command.exec();
            let step = format!("starting {}", plan.policy.program.display());
            Fault { step, reason: error.to_string(), errno: error.raw_os_error() }
        }
    }
}

fn prepare(plan: &Plan, files: Vec<OwnedFd>, report: &OwnedFd) -> Result<Command, Fault> {
    let policy = &plan.policy;
    // No terminal to type into, and one group to end.
    setsid().step("leaving the session")?;
    umask(Mode::RWXG | Mode::RWXO);
    bounds(plan)?;
    // Not there on every kernel; where it is not, there is no key to leave behind either.
    raw::keyring_leave().ok();

    let mut command = Command::new(&policy.program);
    command.args(&policy.arguments).current_dir(&policy.folder).env_clear().env("PATH", PATH);
    command.envs(&policy.environment).env("HOME", &policy.home).env("TMPDIR", policy.home.join("tmp"));
    let filters = plan.seccomp.then(|| filter::programs(plan)).transpose().step("making the filter")?;
    let Programs { asks, answers } = filters.unwrap_or(Programs { asks: None, answers: Vec::new() });
    rights_drop()?;
    set_no_new_privs(true).step("giving up new rights")?;
    if plan.landlock {
        rules::restrict(plan)?;
    }

    // All of ours closes with the start; then numbers change hands.
    raw::close_on_exec_from(3).step("closing our files")?;
    let waiting = files.iter().map(|file| fcntl_dupfd_cloexec(file, PLACES_FROM)).collect::<Result<Vec<_>, _>>();
    let waiting = waiting.step("moving its files")?;
    drop(files);
    for (number, file) in (0..).zip(waiting) {
        raw::place(file, number).step("placing its files")?;
    }
    if let Some(filter) = asks {
        // From here to the start nothing is done that is asked about: until this is heard, nobody answers.
        let listener = raw::filter_that_asks(&filter).step("installing the filter that asks")?;
        wire::send(report, &Note::Asks, &[listener.as_fd()]).step("telling where the kernel asks")?;
    }
    // Only now: while they waited, they had numbers that it may not have.
    let files_max = u64::from(policy.bounds.open_files_max);
    bound(Resource::Nofile, files_max, files_max)?;
    for filter in &answers {
        seccompiler::apply_filter(filter).map_err(io::Error::other).step("installing the filter")?;
    }
    Ok(command)
}

fn bounds(plan: &Plan) -> Result<(), Fault> {
    let bounds = &plan.policy.bounds;
    let mut limits = vec![
        (Resource::Core, 0, 0),
        (Resource::Fsize, bounds.file_bytes_max, bounds.file_bytes_max),
        (Resource::Memlock, 1 << 20, 1 << 20),
        (Resource::Msgqueue, 0, 0),
        (Resource::Rtprio, 0, 0),
    ];
    if let Some(seconds) = bounds.cpu_seconds_max.map(u64::from) {
        // First the signal that says so, then the one that nobody outlives.
        limits.push((Resource::Cpu, seconds, seconds + 1));
    }
    if !plan.groups_processes() {
        let others = if plan.base.is_apart() { plan.processes_beside() } else { tasks_of_user() };
        let count = u64::from(bounds.processes_max) + others;
        limits.push((Resource::Nproc, count, count));
    }
    if !plan.counts_all_memory() {
        // What a process can write to and keep for itself. Its address space says nothing: Node reserves gigabytes.
        limits.push((Resource::Data, bounds.memory_bytes_max, bounds.memory_bytes_max));
        limits.push((Resource::Stack, STACK_BYTES_MAX, STACK_BYTES_MAX));
    }
    limits.into_iter().try_for_each(|(resource, soft, hard)| bound(resource, soft, hard))
}

fn bound(resource: Resource, soft: u64, hard: u64) -> Result<(), Fault> {
    match setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) }) {
        // The system holds us to less already.
        Err(rustix::io::Errno::PERM) if holds_already(resource, soft) => Ok(()),
        set => set.step(format!("bounding {resource:?}")),
    }
}

/// How many processes and threads this user has. On everybody's machine the system counts them together, so that the bound is
/// how many there are now and how many more there may be.
fn tasks_of_user() -> u64 {
    let user = rustix::process::getuid().as_raw();
    let field = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let folders = fs::read_dir("/proc").into_iter().flatten().flatten();
    let texts = folders.filter_map(|folder| fs::read_to_string(folder.path().join("status")).ok());
    texts.filter(|text| field(text, "Uid:") == Some(u64::from(user))).filter_map(|text| field(&text, "Threads:")).sum()
}

fn holds_already(resource: Resource, wanted: u64) -> bool {
    rustix::process::getrlimit(resource).maximum.is_some_and(|most| most <= wanted)
}

/// Whatever rights there are, in our own namespace or, as root, on the machine: none of them goes on.
fn rights_drop() -> Result<(), Fault> {
    let step = "giving up rights";
    clear_ambient_capability_set().step(step)?;
    // Root's rights come back with the next program unless nothing can come back. Without the right to say so there is
    // nothing to give up.
    if rustix::thread::capabilities(None).step(step)?.effective.contains(CapabilitySet::SETPCAP) {
        for right in CapabilitySet::all().iter() {
            match remove_capability_from_bounding_set(right) {
                // One that this kernel does not have.
                Err(rustix::io::Errno::INVAL) => {}
                removed => removed.step(step)?,
            }
        }
        let roots = CapabilitiesSecureBits::NO_ROOT | CapabilitiesSecureBits::NO_ROOT_LOCKED;
        set_capabilities_secure_bits(roots).step(step)?;
    }
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, none).step(step)
}
