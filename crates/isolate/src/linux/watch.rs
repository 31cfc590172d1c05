//! The keeper's ear: hears of the calls that are told, answers them at once, tells oikos. What may go on goes on to the walls,
//! whatever was read of it; what is refused is refused, whoever made it. So nothing here keeps anything, and nothing that a
//! program does to what is read here gains it anything.

use super::{
    calls::{self, Flags, Names},
    cgroup::Cgroup,
    filter,
    raw::{self, Answer, Asked},
    sight::{Sight, Who},
    tally::Tally,
    told::{self, Word},
};
use crate::{Deed, Plan, Tried};
use std::{
    fs, io,
    os::{fd::OwnedFd, unix::ffi::OsStringExt},
    path::PathBuf,
};

/// The longest path that the kernel takes.
const PATH_BYTES_MAX: usize = 4096;
/// Memory is there or not by pages of this size, or larger ones.
const PAGE_BYTES: u64 = 4096;
/// The longest address of a socket.
const ADDRESS_BYTES_MAX: usize = 128;

/// Hears what one program tries.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Where the kernel asks; `None` once nobody is left that it would ask for.
    listener: Option<OwnedFd>,
    /// Whom it is told; `None` once nobody is there.
    oikos: Option<OwnedFd>,
    /// The calls that go on.
    going_on: Vec<libc::c_long>,
    sight: Sight,
    tally: Tally,
    /// How often it was refused a process, and how often one was ended for want of memory.
    bounded: (u64, u64),
}

impl Watch {
    /// For a plan that is watched.
    pub(crate) fn new(plan: &Plan, listener: OwnedFd, oikos: OwnedFd) -> io::Result<Self> {
        raw::answer_at_once(&listener);
        Ok(Self {
            listener: Some(listener),
            oikos: Some(oikos),
            going_on: filter::going_on(plan)?,
            sight: Sight::new(plan),
            tally: Tally::default(),
            bounded: (0, 0),
        })
    }

    /// Where the kernel asks.
    pub(crate) fn listener(&self) -> Option<&OwnedFd> {
        self.listener.as_ref()
    }

    /// Where oikos speaks.
    pub(crate) fn oikos(&self) -> Option<&OwnedFd> {
        self.oikos.as_ref()
    }

    /// Nobody is left who could ask.
    pub(crate) fn is_over(&mut self) {
        self.listener = None;
    }

    /// Answers the call that waits.
    pub(crate) fn answer(&mut self) {
        let Some(listener) = &self.listener else { return };
        let asked = match raw::asked_next(listener) {
            Ok(Some(asked)) => asked,
            Ok(None) => return,
            // Calls fail from then on, which is better than to wait for ever.
            Err(_) => return self.is_over(),
        };
        let goes_on = self.going_on.contains(&asked.call);
        let tried = self.tried(&asked);
        // What was read of somebody who is gone may be of somebody else by now.
        if raw::is_still_asked(listener, asked.id) {
            // Told before it goes on: whoever hears from the program has heard of this.
            for (deed, target) in tried {
                self.tell(deed, target, 1);
            }
        }
        if let Some(listener) = &self.listener {
            let answer = if goes_on { Answer::GoesOn } else { Answer::Fails(libc::EPERM) };
            raw::answer(listener, asked.id, answer);
        }
    }

    /// Hears what oikos says. Whether it wants the group to be looked at.
    pub(crate) fn hear(&mut self) -> bool {
        match self.oikos.as_ref().map_or(Word::Gone, told::heard) {
            Word::Anew => drop(self.tally.rest()),
            Word::Look => return true,
            Word::Nothing => {}
            Word::Gone => self.oikos = None,
        }
        false
    }

    /// Looks what its bounds have held it to since.
    pub(crate) fn look(&mut self, group: &Cgroup) {
        let (processes, memory) = (group.refused_processes(), group.ended_for_memory());
        let since = (processes.saturating_sub(self.bounded.0), memory.saturating_sub(self.bounded.1));
        self.bounded = (processes, memory);
        for (deed, times) in [(Deed::Processes, since.0), (Deed::Memory, since.1)] {
            if times > 0 {
                self.tell(deed, None, times);
            }
        }
    }

    /// Tells what is left.
    pub(crate) fn end(mut self) {
        for tried in self.tally.rest() {
            if let Some(oikos) = &self.oikos {
                told::tell(oikos, &tried).ok();
            }
        }
    }

    fn tell(&mut self, deed: Deed, target: Option<String>, times: u64) {
        let Some(oikos) = &self.oikos else { return };
        if let Some(tried) = self.tally.add(deed, target, times)
            && told::tell(oikos, &tried).is_err()
        {
            self.tally.untold(tried);
        }
    }

    /// What is told of a call.
    fn tried(&self, asked: &Asked) -> Vec<(Deed, Option<String>)> {
        let Asked { process, arguments, .. } = *asked;
        let who = Who(process);
        let number = |at: usize| arguments[at] as u32 as i32;
        let path = |folder: Option<usize>, at: usize| path(who, folder.map(number), arguments[at]);
        let seen = match calls::names(asked.call) {
            None => {
                return calls::refused(asked.call)
                    .filter(|(deed, _)| *deed != Deed::Socket || !calls::is_for_names(&arguments))
                    .map(|(deed, name)| match deed {
                        Deed::Socket => (deed, Some(calls::family(arguments[0]))),
                        deed => (deed, name.map(str::to_owned)),
                    })
                    .into_iter()
                    .collect();
            }
            Some(Names::Open { folder, path: at, how }) => {
                let flags = match how {
                    Flags::Given(at) => Some(arguments[at]),
                    Flags::Created => Some(u64::from((libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC).unsigned_abs())),
                    Flags::At(at) => number_at(who, arguments[at]),
                };
                vec![flags.and_then(|flags| self.sight.opened(who, &path(folder, at)?, flags))]
            }
            Some(Names::Change { folder, path: at, makes }) => {
                vec![path(folder, at).and_then(|path| self.sight.changed(who, &path, Deed::Change, makes))]
            }
            Some(Names::Move { from, to }) => {
                let seen = |(folder, at), deed, makes| {
                    path(folder, at).and_then(|path| self.sight.changed(who, &path, deed, makes))
                };
                vec![seen(from, Deed::Change, false), seen(to, Deed::Write, true)]
            }
            Some(Names::Signal { process, signal }) => {
                vec![self.sight.process(who, number(process), Some(number(signal)))]
            }
            Some(Names::Process { process }) => vec![self.sight.process(who, number(process), None)],
            Some(Names::Address { address, length }) => {
                let mut room = [0; ADDRESS_BYTES_MAX];
                let length = usize::try_from(arguments[length]).unwrap_or(usize::MAX).min(room.len());
                let read = raw::memory_read(process, arguments[address], &mut room[..length]).unwrap_or(0);
                vec![self.sight.reached(who, &room[..read], || fs::read_link(format!("/proc/{process}/cwd")).ok())]
            }
        };
        let words = |(deed, target): (Deed, String)| (deed, Some(Tried::plain(&target)));
        seen.into_iter().flatten().map(words).collect()
    }
}

/// The path that a call means, by the words of whoever makes it.
fn path(who: Who, folder: Option<i32>, address: u64) -> Option<PathBuf> {
    let named = text(who, address)?;
    if named.is_absolute() {
        return Some(named);
    }
    let folder = match folder {
        Some(number) if number != libc::AT_FDCWD => fs::read_link(format!("/proc/{}/fd/{number}", who.0)),
        _ => fs::read_link(format!("/proc/{}/cwd", who.0)),
    };
    // What is no folder, such as a pipe, has no path.
    folder.ok().filter(|folder| folder.is_absolute()).map(|folder| folder.join(named))
}

/// A path in its memory.
fn text(who: Who, address: u64) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    let mut room = [0; PAGE_BYTES as usize];
    while bytes.len() < PATH_BYTES_MAX {
        let at = address.checked_add(bytes.len() as u64)?;
        // Never over the end of a page: the next one may not be there.
        let length = usize::try_from(PAGE_BYTES - at % PAGE_BYTES).ok()?;
        let read = raw::memory_read(who.0, at, &mut room[..length]).ok().filter(|read| *read > 0)?;
        if let Some(end) = room[..read].iter().position(|byte| *byte == 0) {
            bytes.extend_from_slice(&room[..end]);
            return (!bytes.is_empty()).then(|| PathBuf::from(std::ffi::OsString::from_vec(bytes)));
        }
        bytes.extend_from_slice(&room[..read]);
    }
    None
}

/// A number in its memory.
fn number_at(who: Who, address: u64) -> Option<u64> {
    let mut room = [0; 8];
    (raw::memory_read(who.0, address, &mut room).ok()? == room.len()).then(|| u64::from_ne_bytes(room))
}
