//! The browser that the page is looked at in.

use crate::{
    debian,
    shell::{House, Result, answers},
};
use std::{env, ffi::OsString, path::Path};

/// Names that it goes by.
const NAMES: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
/// Debian's package, and letters to write with: a bare system has none.
const PACKAGES: &[&str] = &["chromium", "fonts-dejavu-core"];

/// What comes of looking for it.
pub(crate) enum Found {
    Program(OsString),
    /// There is none, and how to get one.
    NotReached(String),
}

/// The one that CHROMIUM names, the one of this machine, or Debian's, where we may install it.
pub(crate) fn find(house: &House) -> Result<Found> {
    if let Some(named) = env::var_os("CHROMIUM").filter(|named| !named.is_empty()) {
        return Ok(Found::Program(named));
    }
    if let Some(program) = present(house) {
        return Ok(Found::Program(program));
    }
    if !debian::may_install(house) {
        return Ok(Found::NotReached(format!(
            "no Chromium is here (tried {})\nhint: on Debian and Ubuntu: apt install {}; elsewhere: install Chromium, or \
             name one by CHROMIUM=PATH",
            NAMES.join(", "),
            PACKAGES.join(" ")
        )));
    }
    match (debian::install(house, PACKAGES), present(house)) {
        (_, Some(program)) => Ok(Found::Program(program)),
        (Err(error), None) => Ok(Found::NotReached(format!("Chromium could not be installed: {error}"))),
        (Ok(()), None) => Err("Debian's chromium was installed, and does not run".into()),
    }
}

/// The full path where it can be had: what starts it may look elsewhere than we do.
fn present(house: &House) -> Option<OsString> {
    let folders: Vec<_> = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    let places = NAMES.iter().flat_map(|name| match Path::new(name).is_absolute() {
        true => vec![Path::new(name).to_owned()],
        false => folders.iter().map(|folder| folder.join(name)).collect(),
    });
    let mut programs = places.filter(|place| place.is_file());
    programs
        .find(|program| {
            let mut command = house.program(program);
            command.arg("--version");
            answers(command)
        })
        .map(Into::into)
}
