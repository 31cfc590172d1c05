//! What oikos, the keeper and what runs inside say to each other: one note a packet, with open files beside it.

use crate::{Ended, Plan};
use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
    },
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

/// The largest note: the largest policy, and what a plan says beside it. Below what a socket's buffer holds by default.
const NOTE_BYTES_MAX: usize = 160 << 10;
/// The most open files beside one note: three of stdio, what the caller passes, and the line for what the program tries.
pub(crate) const FILES_MAX: usize = 17;

/// Everything that is said.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Note {
    /// oikos → keeper, keeper → inside: keep this. With standard input, output and error, and what else is passed; to the
    /// keeper of a program that is watched, last, the line on which it tells what that tries.
    Keep(Box<Plan>),
    /// Keeper → inside: all that has to be done to you from outside is done.
    Go,
    /// oikos → keeper: ask it to end, and end it after that time.
    Stop { grace_ms: u64 },
    /// What becomes the program → who started it: where the kernel asks about it from now on.
    Asks,
    /// Inside → keeper: it runs. With a handle of its process, where the kernel asks about it if it is watched, and the socket
    /// where its proxy is listened for. Keeper → oikos: the same, with the socket alone.
    Started,
    /// It does not, and why. From whoever found out.
    Failed(Fault),
    /// Inside → keeper: the program ended like this.
    Exited(Exit),
    /// Keeper → oikos: it is over, nothing of it is left.
    Ended(Ended),
}

/// A step that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub(crate) step: String,
    pub(crate) reason: String,
    /// What the system called it, where it did.
    pub(crate) errno: Option<i32>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.reason)
    }
}

/// A step and what went wrong, for `?`.
pub(crate) trait Step<T> {
    fn step(self, step: impl Into<String>) -> Result<T, Fault>;
}

impl<T, E: Into<io::Error>> Step<T> for Result<T, E> {
    fn step(self, step: impl Into<String>) -> Result<T, Fault> {
        self.map_err(|error| {
            let error = error.into();
            Fault { step: step.into(), reason: error.to_string(), errno: error.raw_os_error() }
        })
    }
}

/// How a process ended, as the system tells its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Exit {
    Code(u8),
    Signal(u8),
}

impl Exit {
    pub(crate) fn of(status: rustix::process::WaitStatus) -> Option<Self> {
        let small = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
        let code = status.exit_status().map(|code| Self::Code(small(code)));
        code.or_else(|| status.terminating_signal().map(|number| Self::Signal(small(number))))
    }
}

/// Two ends that keep packets apart.
pub(crate) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

pub(crate) fn send(to: impl AsFd, note: &Note, files: &[BorrowedFd<'_>]) -> io::Result<()> {
    send_packed(to, &pack(note)?, files)
}

/// A note as it is sent.
pub(crate) fn pack(note: &Note) -> io::Result<Vec<u8>> {
    let bytes = serde_json::to_vec(note).map_err(io::Error::other)?;
    match bytes.len() {
        length if length > NOTE_BYTES_MAX => {
            Err(io::Error::other(format!("it has {length} bytes, more than {NOTE_BYTES_MAX}")))
        }
        _ => Ok(bytes),
    }
}

pub(crate) fn send_packed(to: impl AsFd, bytes: &[u8], files: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES_MAX))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !files.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(io::Error::other("the files do not fit beside the note"));
    }
    // Whoever should read this may be gone, which is an error here and no signal.
    loop {
        match sendmsg(&to, &[IoSlice::new(bytes)], &mut beside, SendFlags::NOSIGNAL) {
            Err(Errno::INTR) => {}
            answer => return answer.map(|_| ()).map_err(Into::into),
        }
    }
}

/// The next note; `None` where the other end is closed.
pub(crate) fn receive(from: impl AsFd) -> io::Result<Option<(Note, Vec<OwnedFd>)>> {
    let mut bytes = vec![0; NOTE_BYTES_MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES_MAX))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        match recvmsg(&from, &mut [IoSliceMut::new(&mut bytes)], &mut beside, RecvFlags::CMSG_CLOEXEC) {
            Err(Errno::INTR) => {}
            // The other end was closed with packets of ours unread: nobody is there.
            Err(Errno::CONNRESET) => return Ok(None),
            answer => break answer?,
        }
    };
    let mut files = Vec::new();
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(handed) = message {
            files.extend(handed);
        }
    }
    if received.bytes == 0 {
        return Ok(None);
    }
    if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a note was cut off"));
    }
    let note = serde_json::from_slice(&bytes[..received.bytes]).map_err(io::Error::other)?;
    Ok(Some((note, files)))
}
