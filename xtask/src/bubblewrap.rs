//! The program that makes the box where oikos may not make it itself. The tests of the box use it where it is there; CI
//! always has it.

use crate::{
    debian,
    shell::{House, Result, answers},
};

const PACKAGES: &[&str] = &["bubblewrap"];

/// What comes of looking for it.
pub(crate) enum Found {
    Here,
    /// There is none, and how to get one.
    NotReached(String),
}

/// The one of this machine, or Debian's, where we may install it. Other systems have no such thing and want none.
pub(crate) fn find(house: &House) -> Result<Found> {
    if !cfg!(target_os = "linux") || is_here(house) {
        return Ok(Found::Here);
    }
    if !debian::may_install(house) {
        return Ok(Found::NotReached(
            "no bubblewrap is here: the box is not tried with it\nhint: on Debian and Ubuntu: sudo apt install bubblewrap"
                .to_owned(),
        ));
    }
    match (debian::install(house, PACKAGES), is_here(house)) {
        (_, true) => Ok(Found::Here),
        (Err(error), false) => Ok(Found::NotReached(format!("bubblewrap could not be installed: {error}"))),
        (Ok(()), false) => Err("Debian's bubblewrap was installed, and does not run".into()),
    }
}

fn is_here(house: &House) -> bool {
    let mut command = house.program("bwrap");
    command.arg("--version");
    answers(command)
}
