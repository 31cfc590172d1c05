//! The line on which a keeper tells oikos what its program tried: packets of their own, that nobody waits for. What does not fit
//! is told later.

use super::wire::{self, Fault, Step};
use crate::{CgroupPlace, Plan, Tried};
use rustix::{
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};
use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    sync::atomic::{AtomicBool, Ordering::SeqCst},
};
use tokio::{io::Interest, net::UnixDatagram};

/// The longest packet: two hundred characters of a path, as JSON.
const PACKET_BYTES_MAX: usize = 8 << 10;
/// What oikos says: from now on all is new.
const ANEW: &[u8] = b"anew";
/// What it says where the kernel does not say by itself that a group has held somebody to its bounds: look there.
const LOOK: &[u8] = b"look";

/// What a program tried and was refused, as it happens. Everything that it tried before it goes on is here to be taken.
#[derive(Debug)]
pub struct Refused {
    /// Packets that keep their order and have an end.
    keeper: UnixDatagram,
    /// Something was told since all was new.
    was_told: AtomicBool,
    /// Somebody has to look at the group.
    is_looked_for: bool,
}

impl Refused {
    /// Both ends for a plan; the second one is the keeper's.
    pub(crate) fn pair(plan: &Plan) -> Result<(Self, OwnedFd), Fault> {
        let step = "opening a socket";
        let (ours, theirs) = wire::pair().step(step)?;
        rustix::io::ioctl_fionbio(&ours, true).step(step)?;
        let keeper = UnixDatagram::from_std(ours.into()).step(step)?;
        let is_looked_for = matches!(plan.cgroup, Some(CgroupPlace::V1 { .. }));
        Ok((Self { keeper, was_told: AtomicBool::new(false), is_looked_for }, theirs))
    }

    /// Waits until there may be something to take. `false` once there never will be.
    pub async fn ready(&self) -> bool {
        let peek =
            || recv(&self.keeper, &mut [0_u8; 1][..], RecvFlags::PEEK | RecvFlags::DONTWAIT).map_err(io::Error::from);
        matches!(self.keeper.async_io(Interest::READABLE, peek).await, Ok((1.., _)))
    }

    /// What is there to be told; `None` if that is nothing, for now.
    pub fn take(&self) -> Option<Tried> {
        let mut packet = [0_u8; PACKET_BYTES_MAX];
        let (length, _) = recv(&self.keeper, &mut packet[..], RecvFlags::DONTWAIT).ok()?;
        let tried = serde_json::from_slice(packet.get(..length)?).ok()?;
        self.was_told.store(true, SeqCst);
        Some(tried)
    }

    /// Somebody else is served from now on: what was told before is told again.
    pub fn anew(&self) {
        if self.was_told.swap(false, SeqCst) {
            self.say(ANEW);
        }
    }

    /// A run has ended. What its program did beyond its bounds is told soon, where it was not yet.
    pub fn look(&self) {
        if self.is_looked_for {
            self.say(LOOK);
        }
    }

    fn say(&self, word: &[u8]) {
        send(&self.keeper, word, SendFlags::DONTWAIT | SendFlags::NOSIGNAL).ok();
    }
}

/// Tells it; fails where nobody has listened for long.
pub(crate) fn tell(oikos: impl AsFd, tried: &Tried) -> io::Result<()> {
    let packet = serde_json::to_vec(tried).map_err(io::Error::other)?;
    Ok(send(oikos, &packet, SendFlags::DONTWAIT | SendFlags::NOSIGNAL).map(|_| ())?)
}

/// What oikos has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// All is new.
    Anew,
    /// Look at the group.
    Look,
    /// Nothing, for now.
    Nothing,
    /// It is gone.
    Gone,
}

/// Hears it.
pub(crate) fn heard(oikos: impl AsFd) -> Word {
    let mut packet = [0_u8; ANEW.len()];
    match recv(oikos, &mut packet[..], RecvFlags::DONTWAIT) {
        Ok((0, _)) => Word::Gone,
        Ok(_) if packet == ANEW => Word::Anew,
        Ok(_) if packet == LOOK => Word::Look,
        Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Word::Nothing,
        Err(_) => Word::Gone,
    }
}
