//! The process between oikos and a confined program: starts it, ends it with all that it started, removes what bounded it. One
//! for each program, without threads; what tells it that oikos is gone is the end of their socket, which no way of dying
//! leaves out.

use super::{
    bubblewrap::{self, Found},
    cgroup::Cgroup,
    inside::{self, User},
    place,
    raw::{self, Alone, Fork},
    system::{PROGRAMS, made_settings},
    watch::Watch,
    wire::{self, Exit, Fault, Note, Step},
};
use crate::{Ended, Plan, plan::Base};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{MemfdFlags, memfd_create},
    io::{Errno, FdFlags, fcntl_setfd},
    process::{
        DumpableBehavior, Pid, PidfdFlags, Signal, WaitOptions, getegid, geteuid, getpid, kill_process,
        kill_process_group, pidfd_open, pidfd_send_signal, set_child_subreaper, set_dumpable_behavior, setsid, wait,
        waitpid,
    },
};
use std::{
    fs,
    io::{self, Read, Write},
    os::fd::{AsFd, AsRawFd, OwnedFd},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// How long the rest of a tree may take to be gone after it was killed, before its group is left to the next start.
const GONE_MS_MAX: u64 = 1_000;
/// How often that is looked at.
const GONE_LOOK_MS: i64 = 2;
/// The most of what `bwrap` says about a failure.
const SAID_BYTES_MAX: u64 = 2_000;

/// Keeps one program, from the first note to its end.
pub(crate) fn run(alone: Alone, oikos: OwnedFd) {
    let kept = receive_plan(&oikos).and_then(|given| Keeper::start(alone, &oikos, given));
    let note = match kept {
        Ok(keeper) => Note::Ended(keeper.keep(&oikos)),
        Err(fault) => Note::Failed(fault),
    };
    // Nobody to tell is why it ended, as often as not.
    wire::send(&oikos, &note, &[]).ok();
}

/// What a keeper is given: a plan, the files of its program, and the line on which it tells what that tries.
struct Given {
    plan: Plan,
    files: Vec<OwnedFd>,
    telling: Option<OwnedFd>,
}

fn receive_plan(oikos: &OwnedFd) -> Result<Given, Fault> {
    match wire::receive(oikos).step("reading the plan")? {
        Some((Note::Keep(plan), mut files)) if files.len() >= 3 + usize::from(plan.watch) => {
            let telling = if plan.watch { files.pop() } else { None };
            Ok(Given { plan: *plan, files, telling })
        }
        _ => Err(io::Error::other("something else was said")).step("reading the plan"),
    }
}

/// A program that was started.
struct Keeper {
    plan: Plan,
    group: Option<Cgroup>,
    /// The process that we started: the first one inside, `bwrap`, or the program itself.
    child: Pid,
    child_handle: OwnedFd,
    /// The first process inside, where `bwrap` stands between.
    first: Option<OwnedFd>,
    /// The program itself.
    program: OwnedFd,
    /// From whom inside we hear how it ended.
    inside: Option<OwnedFd>,
    /// What it tries, where that is told.
    watch: Option<Watch>,
}

impl Keeper {
    fn start(alone: Alone, oikos: &OwnedFd, Given { plan, files, telling }: Given) -> Result<Self, Fault> {
        setsid().step("leaving the session")?;
        // What the program's children leave behind comes to us, and not to somebody who does not wait for it.
        set_child_subreaper(Some(getpid())).step("adopting what is left behind")?;
        temporary_make(&plan)?;
        let group = Cgroup::make(&plan, &format!("oikos-{}", getpid().as_raw_nonzero()))?;
        let started = match &plan.base {
            Base::Namespaces => namespaces(alone, &plan, files, group.as_ref()),
            Base::Bubblewrap { program } => wrapped(&plan, program, files, group.as_ref()),
            Base::Shared => shared(alone, &plan, files, group.as_ref()),
            Base::Seatbelt => Err(io::Error::other("this is not macOS")).step("starting"),
        };
        // Not before: a copy of a closed process could not become its own user.
        set_dumpable_behavior(DumpableBehavior::NotDumpable).step("closing the keeper's memory")?;
        match started {
            Ok(Started { child, child_handle, first, program, inside, proxy, asks }) => {
                let proxy: Vec<_> = proxy.iter().map(AsFd::as_fd).collect();
                // Nobody there to hear it is found out by the first look.
                wire::send(oikos, &Note::Started, &proxy).ok();
                let watch = asks.zip(telling).map(|(asks, telling)| Watch::new(&plan, asks, telling)).transpose();
                // It is all there already, and was compiled once.
                let watch = watch.ok().flatten();
                Ok(Self { plan, group, child, child_handle, first, program, inside, watch })
            }
            Err(fault) => {
                reap_all();
                if let Some(group) = &group {
                    gone(group);
                }
                Err(fault)
            }
        }
    }

    /// Until it has ended, by itself, by oikos, or with oikos.
    fn keep(mut self, oikos: &OwnedFd) -> Ended {
        let mut stopped = false;
        let mut deadline: Option<Instant> = None;
        let mut exit = None;
        let bounds = self.group.as_ref().filter(|_| self.watch.is_some()).map_or_else(Vec::new, Cgroup::events);
        loop {
            let heard = match self.next(oikos, &bounds, deadline) {
                Ok(Some(heard)) => heard,
                Err(Errno::INTR) => continue,
                Ok(None) | Err(_) => break,
            };
            if heard.oikos {
                match wire::receive(oikos) {
                    Ok(Some((Note::Stop { grace_ms }, _))) => {
                        stopped = true;
                        deadline = Some(Instant::now() + Duration::from_millis(grace_ms));
                        pidfd_send_signal(&self.program, Signal::TERM).ok();
                    }
                    Ok(Some(_)) => {}
                    // Nobody is there any more: it ends now.
                    Ok(None) | Err(_) => {
                        stopped = true;
                        break;
                    }
                }
            }
            if let Some(watch) = &mut self.watch {
                // First what oikos says: it said so before what is heard now was tried.
                let is_looked_for = heard.telling && watch.hear();
                match heard.asks {
                    Some(true) => watch.answer(),
                    Some(false) => watch.is_over(),
                    None => {}
                }
                if (heard.bounds || is_looked_for)
                    && let Some(group) = &self.group
                {
                    bounds.iter().for_each(heard_once);
                    watch.look(group);
                }
            }
            if heard.inside
                && let Some(inside) = &self.inside
            {
                if let Ok(Some((Note::Exited(how), _))) = wire::receive(inside) {
                    exit = Some(how);
                }
                break;
            }
            if heard.child {
                break;
            }
        }
        self.end();
        if let Some(mut watch) = self.watch.take() {
            if let Some(group) = &self.group {
                watch.look(group);
            }
            watch.end();
        }
        let exit = self.reap(exit);
        self.ended(exit, stopped)
    }

    /// Waits for what happens next; `None` once the time is up, however much there is to hear.
    fn next(&self, oikos: &OwnedFd, bounds: &[fs::File], deadline: Option<Instant>) -> Result<Option<Heard>, Errno> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let (asks, telling) = match &self.watch {
            Some(watch) => (watch.listener(), watch.oikos()),
            None => (None, None),
        };
        // Whose place is empty is not asked: this one is asked twice then, which is no matter.
        let place = |end: Option<&'_ OwnedFd>, wanted| match end {
            Some(_) => wanted,
            None => PollFlags::empty(),
        };
        let inside = self.inside.as_ref();
        let mut ends = vec![
            PollFd::new(oikos, PollFlags::IN),
            PollFd::new(&self.child_handle, PollFlags::IN),
            PollFd::new(inside.unwrap_or(&self.child_handle), PollFlags::IN),
            PollFd::new(asks.unwrap_or(&self.child_handle), place(asks, PollFlags::IN)),
            PollFd::new(telling.unwrap_or(&self.child_handle), place(telling, PollFlags::IN)),
        ];
        ends.extend(bounds.iter().map(|events| PollFd::new(events, PollFlags::PRI)));
        match poll(&mut ends, left.map(timespec).as_ref())? {
            0 => return Ok(None),
            _ if left.is_some_and(|left| left.is_zero()) => return Ok(None),
            _ => {}
        }
        let came: Vec<PollFlags> = ends.iter().map(PollFd::revents).collect();
        Ok(Some(Heard {
            oikos: !came[0].is_empty(),
            child: !came[1].is_empty(),
            inside: !came[2].is_empty(),
            asks: (asks.is_some() && !came[3].is_empty()).then(|| came[3].contains(PollFlags::IN)),
            telling: telling.is_some() && !came[4].is_empty(),
            bounds: came[5..].iter().any(|came| !came.is_empty()),
        }))
    }

    /// Kills all of it.
    fn end(&self) {
        if let Some(first) = &self.first {
            pidfd_send_signal(first, Signal::KILL).ok();
        }
        if self.plan.base == Base::Shared {
            kill_process_group(self.child, Signal::KILL).ok();
        }
        pidfd_send_signal(&self.child_handle, Signal::KILL).ok();
        if let Some(group) = &self.group {
            group.end();
        }
    }

    /// Waits until the child is gone, and with it all that was inside; then for what else came to us.
    fn reap(&self, told: Option<Exit>) -> Option<Exit> {
        let mut ends = [PollFd::new(&self.child_handle, PollFlags::IN)];
        poll(&mut ends, Some(&timespec(Duration::from_millis(GONE_MS_MAX)))).ok();
        let status = waitpid(Some(self.child), WaitOptions::NOHANG).ok().flatten();
        reap_all();
        told.or_else(|| status.and_then(|(_, status)| Exit::of(status)))
    }

    fn ended(&self, exit: Option<Exit>, stopped: bool) -> Ended {
        let bounds = &self.plan.policy.bounds;
        let starved = self.group.as_ref().is_some_and(Cgroup::ran_out_of_memory);
        if let Some(group) = &self.group {
            gone(group);
        }
        let signal = |known: Signal| known.as_raw().try_into().unwrap_or(u8::MAX);
        match exit {
            _ if stopped => Ended::Stopped,
            Some(exit) if starved && exit != Exit::Code(0) => Ended::Memory { bytes_max: bounds.memory_bytes_max },
            Some(Exit::Code(code)) => Ended::Exit { code },
            Some(Exit::Signal(number)) => match bounds.cpu_seconds_max {
                Some(seconds_max) if number == signal(Signal::XCPU) => Ended::Cpu { seconds_max },
                _ if number == signal(Signal::XFSZ) => Ended::FileSize { bytes_max: bounds.file_bytes_max },
                _ if number == signal(Signal::SYS) => Ended::Filter,
                _ => Ended::Signal { number },
            },
            None => Ended::Lost,
        }
    }
}

/// What there is to hear.
struct Heard {
    oikos: bool,
    child: bool,
    inside: bool,
    /// The kernel asks, or says that it never will again.
    asks: Option<bool>,
    telling: bool,
    bounds: bool,
}

/// What a start leaves in our hands.
struct Started {
    child: Pid,
    child_handle: OwnedFd,
    first: Option<OwnedFd>,
    program: OwnedFd,
    inside: Option<OwnedFd>,
    proxy: Option<OwnedFd>,
    /// Where the kernel asks about it.
    asks: Option<OwnedFd>,
}

const NEW_NAMESPACES: libc::c_int = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

fn namespaces(alone: Alone, plan: &Plan, files: Vec<OwnedFd>, group: Option<&Cgroup>) -> Result<Started, Fault> {
    let user = User { user: geteuid().as_raw(), group: getegid().as_raw() };
    let (ours, theirs) = wire::pair().step("opening a socket")?;
    match raw::fork(alone, NEW_NAMESPACES).step("making namespaces")? {
        Fork::Child => {
            drop(ours);
            inside::run(alone, &theirs, plan, files, user);
            inside::leave()
        }
        Fork::Parent(child) => {
            drop((theirs, files));
            let child_handle = pidfd_open(child, PidfdFlags::empty()).step("holding the first process")?;
            let Begun { program, asks, proxy } = begin(&ours, plan, group, child)?;
            Ok(Started { child, child_handle, first: None, program, inside: Some(ours), proxy, asks })
        }
    }
}

/// What the first process hands out.
struct Begun {
    program: OwnedFd,
    asks: Option<OwnedFd>,
    proxy: Option<OwnedFd>,
}

/// Puts the first process into its group, lets it go on, and hears what becomes of it.
fn begin(inside: &OwnedFd, plan: &Plan, group: Option<&Cgroup>, first: Pid) -> Result<Begun, Fault> {
    let begun = (|| {
        if let Some(group) = group {
            group.enter(first)?;
        }
        wire::send(inside, &Note::Go, &[]).step("letting the first process go on")?;
        match wire::receive(inside).step("waiting for the start")? {
            Some((Note::Started, handles)) => {
                let mut handles = handles.into_iter();
                let program = handles.next().ok_or_else(|| io::Error::other("it came without the program"));
                let program = program.step("waiting for the start")?;
                let asks = if plan.watch { handles.next() } else { None };
                Ok(Begun { program, asks, proxy: handles.next() })
            }
            Some((Note::Failed(fault), _)) => Err(fault),
            _ => Err(io::Error::other("the first process ended")).step("waiting for the start"),
        }
    })();
    if begun.is_err() {
        kill_process(first, Signal::KILL).ok();
    }
    begun
}

fn wrapped(plan: &Plan, bubblewrap: &PathBuf, files: Vec<OwnedFd>, group: Option<&Cgroup>) -> Result<Started, Fault> {
    let (ours, theirs) = wire::pair().step("opening a socket")?;
    let home = plan.policy.home.to_string_lossy();
    let mut settings = Vec::new();
    for (path, text) in made_settings(geteuid().as_raw(), getegid().as_raw(), &home) {
        settings.push((readable(&text).step(format!("making {path}"))?, path));
    }
    let mut programs = Vec::new();
    for path in PROGRAMS {
        if let Some(link) = fs::read_link(path).ok().map(Some).or_else(|| fs::metadata(path).is_ok().then_some(None)) {
            programs.push((PathBuf::from(path), link));
        }
    }
    for path in plan.policy.read.iter().chain(&plan.policy.code).chain(&plan.policy.write).chain([&plan.policy.home]) {
        // It is named and not handed over; this at least finds links that were there before.
        place::open(path)?;
    }
    let found = Found {
        programs,
        settings: settings.iter().map(|(file, path)| (file.as_raw_fd(), *path)).collect(),
        helper: std::env::current_exe().step("finding the helper")?,
    };
    let mut command = Command::new(bubblewrap);
    command.args(bubblewrap::arguments(plan, &found)).args(std::env::args_os().skip(1)).arg(super::INSIDE);
    command.env_clear().stdin(Stdio::from(theirs)).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().step("starting bwrap")?;
    drop((command, settings));
    let number = Pid::from_child(&child);
    let started = (|| {
        let child_handle = pidfd_open(number, PidfdFlags::empty()).step("holding bwrap")?;
        let handed: Vec<_> = files.iter().map(AsFd::as_fd).collect();
        wire::send(&ours, &Note::Keep(Box::new(plan.clone())), &handed).step("handing the plan on")?;
        // It hands us itself, because its number inside says nothing here.
        let first = match wire::receive(&ours).step("waiting for bwrap")? {
            Some((Note::Started, mut handles)) if handles.len() == 1 => handles.remove(0),
            _ => return Err(io::Error::other("it ended")).step("waiting for bwrap"),
        };
        let number_inside = number_of(&first).step("finding the first process")?;
        let Begun { program, asks, proxy } = begin(&ours, plan, group, number_inside)?;
        Ok(Started { child: number, child_handle, first: Some(first), program, inside: Some(ours), proxy, asks })
    })();
    started.map_err(|fault: Fault| {
        kill_process(number, Signal::KILL).ok();
        let mut said = String::new();
        let complaint = child.stderr.take().map(|stderr| stderr.take(SAID_BYTES_MAX).read_to_string(&mut said));
        match complaint {
            Some(Ok(_)) if !said.trim().is_empty() => Fault { reason: said.trim().to_owned(), ..fault },
            _ => fault,
        }
    })
}

/// The number that a process has here, of whatever namespace it is.
fn number_of(process: &OwnedFd) -> io::Result<Pid> {
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", process.as_raw_fd()))?;
    let number = text.lines().find_map(|line| line.strip_prefix("Pid:")).and_then(|number| number.trim().parse().ok());
    number.and_then(Pid::from_raw).ok_or_else(|| io::Error::other("it is not of this machine"))
}

/// A file in memory that `bwrap` inherits and reads.
fn readable(text: &str) -> io::Result<OwnedFd> {
    let file = memfd_create("settings", MemfdFlags::CLOEXEC)?;
    let mut file = fs::File::from(file);
    file.write_all(text.as_bytes())?;
    io::Seek::rewind(&mut file)?;
    fcntl_setfd(&file, FdFlags::empty())?;
    Ok(file.into())
}

fn shared(alone: Alone, plan: &Plan, files: Vec<OwnedFd>, group: Option<&Cgroup>) -> Result<Started, Fault> {
    let (ours, theirs) = wire::pair().step("opening a socket")?;
    let report = rustix::io::fcntl_dupfd_cloexec(&theirs, super::enter::PLACES_FROM).step("opening a socket")?;
    drop(theirs);
    match raw::fork(alone, 0).step("starting a process")? {
        Fork::Child => {
            drop(ours);
            let fault = match inside::bind_to(&report) {
                Ok(()) => super::enter::become_program(plan, files, &report),
                Err(fault) => fault,
            };
            wire::send(&report, &Note::Failed(fault), &[]).ok();
            inside::leave()
        }
        Fork::Parent(child) => {
            drop((report, files));
            let begun = (|| {
                let child_handle = pidfd_open(child, PidfdFlags::empty()).step("holding the program")?;
                let program = child_handle.try_clone().step("holding the program")?;
                if let Some(group) = group {
                    group.enter(child)?;
                }
                wire::send(&ours, &Note::Go, &[]).step("letting the program go on")?;
                let asks = inside::begun(&ours)?;
                Ok(Started { child, child_handle, first: None, program, inside: None, proxy: None, asks })
            })();
            if begun.is_err() {
                kill_process(child, Signal::KILL).ok();
            }
            begun
        }
    }
}

/// The folder for what it keeps for a moment. It may have made something of that name itself, which is its own affair.
fn temporary_make(plan: &Plan) -> Result<(), Fault> {
    match fs::create_dir(plan.policy.home.join("tmp")) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.step(format!("making a folder in {}", plan.policy.home.display())),
    }
}

/// Of what was killed nothing takes longer than its own end; what does, the system holds, and waiting does not help.
fn reap_all() {
    let deadline = Instant::now() + Duration::from_millis(GONE_MS_MAX);
    while Instant::now() < deadline {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => look_again(),
            Err(_) => break,
        }
    }
}

fn look_again() {
    poll(&mut [], Some(&Timespec { tv_sec: 0, tv_nsec: GONE_LOOK_MS * 1_000_000 })).ok();
}

/// Removes a group once nobody is in it; a group that is left is removed by the next who looks.
fn gone(group: &Cgroup) {
    let deadline = Instant::now() + Duration::from_millis(GONE_MS_MAX);
    while !(group.is_empty() && group.remove()) && Instant::now() < deadline {
        group.end();
        look_again();
    }
}

/// Reads such a file, so that it is ready again only when something has changed.
fn heard_once(mut events: &fs::File) {
    io::Seek::rewind(&mut events).ok();
    // A few short lines that the kernel writes.
    io::read_to_string(events).ok();
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
