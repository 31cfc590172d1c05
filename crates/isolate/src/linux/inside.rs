//! The first process of a machine of its own: makes it, starts the program, buries the dead, tells how it ended. When it ends,
//! the kernel ends everything else there.

use super::{
    enter::{self, PLACES_FROM},
    raw::{self, Alone, Fork},
    root,
    system::HOST_NAME,
    wire::{self, Exit, Fault, Note, Step},
};
use crate::{Network, Plan, plan::Base};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::fcntl_dupfd_cloexec,
    process::{
        DumpableBehavior, Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, set_dumpable_behavior,
        set_parent_process_death_signal, wait,
    },
    system::sethostname,
};
use std::{
    fs, io,
    net::{Ipv4Addr, TcpListener},
    os::fd::{AsFd, OwnedFd},
};

/// Who we are outside, which cannot be asked any more inside.
#[derive(Clone, Copy)]
pub(crate) struct User {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

/// All that is done in a process of its own; `made` is whether `bwrap` has made the machine already.
pub(crate) fn run(alone: Alone, keeper: &OwnedFd, plan: &Plan, files: Vec<OwnedFd>, user: User) {
    let ended = live(alone, keeper, plan, files, user);
    let note = match ended {
        Ok(exit) => Note::Exited(exit),
        Err(fault) => Note::Failed(fault),
    };
    // Whoever should hear it may be gone; then nobody is left to tell.
    wire::send(keeper, &note, &[]).ok();
}

fn live(alone: Alone, keeper: &OwnedFd, plan: &Plan, files: Vec<OwnedFd>, user: User) -> Result<Exit, Fault> {
    bind_to(keeper)?;
    if plan.base == Base::Namespaces {
        become_user(user)?;
        root::replace(plan)?;
        sethostname(HOST_NAME.as_bytes()).step("naming the machine")?;
        raw::loopback_up().step("switching on the loopback")?;
    }
    // So that nothing inside can look into this process, whose files lead out.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).step("closing the keeper's memory")?;
    let proxy = match plan.policy.network {
        Network::None => None,
        Network::OnlyProxy { port } => {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).step("opening the proxy's port")?;
            listener.set_nonblocking(true).step("opening the proxy's port")?;
            Some(OwnedFd::from(listener))
        }
    };
    let (program, asks) = start(alone, plan, files)?;
    let handle = pidfd_open(program, PidfdFlags::empty()).step("holding the program")?;
    let handles: Vec<_> = [&handle].into_iter().chain(&asks).chain(&proxy).map(AsFd::as_fd).collect();
    wire::send(keeper, &Note::Started, &handles).step("telling of the start")?;
    drop((handle, asks, proxy));
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((process, status))) if process == program => {
                if let Some(exit) = Exit::of(status) {
                    return Ok(exit);
                }
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(io::Error::from(error)).step("waiting for the program"),
        }
    }
}

/// From here on this process ends with its keeper, however that ends.
pub(crate) fn bind_to(keeper: &OwnedFd) -> Result<(), Fault> {
    set_parent_process_death_signal(Some(Signal::KILL)).step("binding to the keeper")?;
    // It may have ended before that; then nobody says go.
    match wire::receive(keeper).step("waiting for the keeper")? {
        Some((Note::Go, _)) => {}
        _ => return Err(io::Error::other("it is gone")).step("waiting for the keeper"),
    }
    // Or since: its end of the socket is closed then, which stays so.
    let mut ends = [PollFd::new(keeper, PollFlags::empty())];
    poll(&mut ends, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).step("looking for the keeper")?;
    match ends[0].revents().contains(PollFlags::HUP) {
        true => Err(io::Error::other("it is gone")).step("looking for the keeper"),
        false => Ok(()),
    }
}

/// Forks the program off, and comes back when it has begun to run: with its number, and where the kernel asks about it.
pub(crate) fn start(alone: Alone, plan: &Plan, files: Vec<OwnedFd>) -> Result<(Pid, Option<OwnedFd>), Fault> {
    let (ours, theirs) = wire::pair().step("opening a socket")?;
    // Above the numbers that its files will have.
    let report = fcntl_dupfd_cloexec(&theirs, PLACES_FROM).step("opening a socket")?;
    drop(theirs);
    match raw::fork(alone, 0).step("starting a process")? {
        Fork::Child => {
            drop(ours);
            let fault = enter::become_program(plan, files, &report);
            wire::send(&report, &Note::Failed(fault), &[]).ok();
            leave()
        }
        Fork::Parent(program) => {
            drop((report, files));
            begun(&ours).map(|asks| (program, asks))
        }
    }
}

/// Hears from what is to become the program until it has: its start closes its end, so that silence is success.
pub(crate) fn begun(report: &OwnedFd) -> Result<Option<OwnedFd>, Fault> {
    let mut asks = None;
    loop {
        match wire::receive(report).step("waiting for the start")? {
            Some((Note::Asks, files)) => asks = files.into_iter().next(),
            Some((Note::Failed(fault), _)) => return Err(fault),
            _ => return Ok(asks),
        }
    }
}

/// Ends a process that was only to become another one. Its parent's destructors are not its own.
#[expect(
    clippy::disallowed_methods,
    reason = "what stands on the stack belongs to the process that this was copied from"
)]
pub(crate) fn leave() -> ! {
    std::process::exit(1)
}

/// In a new user namespace: the same user and group as outside, and no other. Then no more of these namespaces.
fn become_user(User { user, group }: User) -> Result<(), Fault> {
    // When memory is short, what is confined goes before what confines.
    fs::write("/proc/self/oom_score_adj", "500").ok();
    fs::write("/proc/self/setgroups", "deny").step("keeping its groups")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1")).step("keeping its user")?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1")).step("keeping its group")?;
    // In one inside of this one it would have rights again, over things of its own. The filter refuses that too; where
    // `/proc/sys` is closed, only the filter does.
    fs::write("/proc/sys/user/max_user_namespaces", "0").ok();
    Ok(())
}
