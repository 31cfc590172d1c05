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
    wire::{self, Exit, Fault, Note, Step},
};
use crate::{Ended, Plan, plan::Base};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{MemfdFlags, memfd_create},
    io::{FdFlags, fcntl_setfd},
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
    let kept = receive_plan(&oikos).and_then(|(plan, files)| Keeper::start(alone, &oikos, plan, files));
    let note = match kept {
        Ok(keeper) => Note::Ended(keeper.keep(&oikos)),
        Err(fault) => Note::Failed(fault),
    };
    // Nobody to tell is why it ended, as often as not.
    wire::send(&oikos, &note, &[]).ok();
}

fn receive_plan(oikos: &OwnedFd) -> Result<(Plan, Vec<OwnedFd>), Fault> {
    match wire::receive(oikos).step("reading the plan")? {
        Some((Note::Keep(plan), files)) if files.len() >= 3 => Ok((*plan, files)),
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
}

impl Keeper {
    fn start(alone: Alone, oikos: &OwnedFd, plan: Plan, files: Vec<OwnedFd>) -> Result<Self, Fault> {
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
            Ok(Started { child, child_handle, first, program, inside, proxy }) => {
                let proxy: Vec<_> = proxy.iter().map(AsFd::as_fd).collect();
                // Nobody there to hear it is found out by the first look.
                wire::send(oikos, &Note::Started, &proxy).ok();
                Ok(Self { plan, group, child, child_handle, first, program, inside })
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
    fn keep(self, oikos: &OwnedFd) -> Ended {
        let mut stopped = false;
        let mut deadline: Option<Instant> = None;
        let mut exit = None;
        loop {
            let quiet = OwnedFd::as_fd(self.inside.as_ref().unwrap_or(&self.child_handle));
            let mut ends = [
                PollFd::new(oikos, PollFlags::IN),
                PollFd::new(&self.child_handle, PollFlags::IN),
                PollFd::new(&quiet, PollFlags::IN),
            ];
            let left = deadline.map(|deadline| timespec(deadline.saturating_duration_since(Instant::now())));
            match poll(&mut ends, left.as_ref()) {
                Ok(0) => break,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => break,
            }
            let [from_oikos, from_child, from_inside] = ends.map(|end| !end.revents().is_empty());
            if from_oikos {
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
            if from_inside && let Some(inside) = &self.inside {
                if let Ok(Some((Note::Exited(how), _))) = wire::receive(inside) {
                    exit = Some(how);
                }
                break;
            }
            if from_child {
                break;
            }
        }
        self.end();
        let exit = self.reap(exit);
        self.ended(exit, stopped)
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

/// What a start leaves in our hands.
struct Started {
    child: Pid,
    child_handle: OwnedFd,
    first: Option<OwnedFd>,
    program: OwnedFd,
    inside: Option<OwnedFd>,
    proxy: Option<OwnedFd>,
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
            begin(ours, group, child).map(|(program, inside, proxy)| Started {
                child,
                child_handle,
                first: None,
                program,
                inside: Some(inside),
                proxy,
            })
        }
    }
}

/// Puts the first process into its group, lets it go on, and hears what becomes of it.
fn begin(inside: OwnedFd, group: Option<&Cgroup>, first: Pid) -> Result<(OwnedFd, OwnedFd, Option<OwnedFd>), Fault> {
    let begun = (|| {
        if let Some(group) = group {
            group.enter(first)?;
        }
        wire::send(&inside, &Note::Go, &[]).step("letting the first process go on")?;
        match wire::receive(&inside).step("waiting for the start")? {
            Some((Note::Started, handles)) => {
                let mut handles = handles.into_iter();
                let program = handles.next().ok_or_else(|| io::Error::other("it came without the program"));
                Ok((program.step("waiting for the start")?, handles.next()))
            }
            Some((Note::Failed(fault), _)) => Err(fault),
            _ => Err(io::Error::other("the first process ended")).step("waiting for the start"),
        }
    })();
    if begun.is_err() {
        kill_process(first, Signal::KILL).ok();
    }
    begun.map(|(program, proxy)| (program, inside, proxy))
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
        let (program, inside, proxy) = begin(ours, group, number_of(&first).step("finding the first process")?)?;
        Ok(Started { child: number, child_handle, first: Some(first), program, inside: Some(inside), proxy })
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
    match raw::fork(alone, 0).step("starting a process")? {
        Fork::Child => {
            drop(ours);
            let report = rustix::io::fcntl_dupfd_cloexec(&theirs, super::enter::PLACES_FROM);
            let fault = match inside::bind_to(&theirs) {
                Ok(()) => super::enter::become_program(plan, files),
                Err(fault) => fault,
            };
            if let Ok(report) = report {
                wire::send(&report, &Note::Failed(fault), &[]).ok();
            }
            inside::leave()
        }
        Fork::Parent(child) => {
            drop((theirs, files));
            let begun = (|| {
                let child_handle = pidfd_open(child, PidfdFlags::empty()).step("holding the program")?;
                let program = child_handle.try_clone().step("holding the program")?;
                if let Some(group) = group {
                    group.enter(child)?;
                }
                wire::send(&ours, &Note::Go, &[]).step("letting the program go on")?;
                // Its start closes the other end.
                match wire::receive(&ours).step("waiting for the start")? {
                    Some((Note::Failed(fault), _)) => Err(fault),
                    _ => Ok(Started { child, child_handle, first: None, program, inside: None, proxy: None }),
                }
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
            Ok(Some(_)) | Err(rustix::io::Errno::INTR) => {}
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

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
