//! Linux: a keeper for each program, and in most cases a first process inside, both from one small helper.

mod bubblewrap; // the words for bwrap. Pure
mod calls; // which system calls are told, and as what. Pure
mod cgroup; // groups with bounds, of both versions
mod enter; // the last steps of what becomes the program
mod filter; // which system calls it has. Pure
mod inside; // the first process of a machine of its own
mod keeper; // between oikos and the program
mod place; // opens what a policy names, and nothing else
mod probe; // what this machine can do, found out by doing it
mod raw; // the system calls without a safe form
mod root; // a root of granted parts
mod rules; // Landlock
mod sight; // what a box shows, for telling what was tried
mod spawn; // oikos's side: start, hear, end
mod system; // what every program finds. Pure
mod tally; // how often a thing was tried, and when that is told. Pure
mod told; // the line on which the keeper tells it
mod watch; // the keeper's ear for what the program tries
mod wire; // what all of these say to each other

pub use spawn::{Confined, Launcher, PASSED_MAX, SpawnError, spawn};
pub use told::Refused;

use self::{raw::Alone, wire::Note};
use rustix::process::{PidfdFlags, getegid, geteuid, getpid, pidfd_open};
use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    process::ExitCode,
};

/// Said to the helper that `bwrap` starts.
const INSIDE: &str = "inside";
/// Said to the helper where a program is needed that does nothing: to find out whether one can be started.
const NOTHING: &str = "nothing";

/// The helper: what a program does that was started by [`Launcher`], before it has threads or has read anything else.
/// `words` are those behind the launcher's own.
pub fn init_main<'a>(words: impl IntoIterator<Item = &'a str>) -> ExitCode {
    let mut words = words.into_iter();
    let done = match (words.next(), words.next()) {
        (Some(NOTHING), None) => {
            // Refused in every box, and harmless where there is none: who listens there hears of it.
            raw::keyring_leave().ok();
            Ok(())
        }
        (None, None) => keep(),
        (Some(INSIDE), None) => go_on_inside(),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "these words mean nothing here")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever started this by hand sees nothing: there is nobody to say it to.
        Err(_) => ExitCode::FAILURE,
    }
}

fn keep() -> io::Result<()> {
    let alone = Alone::prove()?;
    keeper::run(alone, socket_take()?);
    Ok(())
}

/// The same helper, started again by `bwrap` in the machine that it made.
fn go_on_inside() -> io::Result<()> {
    let alone = Alone::prove()?;
    let keeper = socket_take()?;
    let Some((Note::Keep(plan), files)) = wire::receive(&keeper)? else {
        return Err(io::Error::other("something else was said"));
    };
    let ourselves = pidfd_open(getpid(), PidfdFlags::empty())?;
    wire::send(&keeper, &Note::Started, &[ourselves.as_fd()])?;
    drop(ourselves);
    let user = inside::User { user: geteuid().as_raw(), group: getegid().as_raw() };
    inside::run(alone, &keeper, &plan, files, user);
    Ok(())
}

/// The socket that we were given as standard input; then nothing is there any more.
fn socket_take() -> io::Result<OwnedFd> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::net::sockopt::socket_type(&socket)?;
    let nothing = std::fs::File::open("/dev/null")?;
    rustix::stdio::dup2_stdin(nothing)?;
    Ok(socket)
}
