//! The page and the views, from their sources: what the binary carries is in `ui/dist` and `renderers/dist`.

use crate::shell::{self, House, Result};
use std::fs;

/// The packages that are built, in the order in which they need each other: the page draws with what the views share.
const PACKAGES: [&str; 2] = ["renderers", "ui"];
/// Where each of them notes from which lock file its packages were installed.
const STAMP: &str = "node_modules/.oikos-lock";
const LOCK: &str = "package-lock.json";

/// Builds both. What is installed already is not installed again.
pub(crate) fn run(house: &House) -> Result<()> {
    for package in PACKAGES {
        let folder = house.root().join(package);
        let lock = fs::read(folder.join(LOCK)).map_err(|error| format!("{package}/{LOCK} cannot be read: {error}"))?;
        if fs::read(folder.join(STAMP)).ok().as_ref() != Some(&lock) {
            shell::run(npm(house, package, &["ci", "--no-audit", "--no-fund"]))?;
            fs::write(folder.join(STAMP), &lock)?;
        }
    }
    // All of them are installed by now: the views are made of the page's components.
    for package in PACKAGES {
        shell::run(npm(house, package, &["run", "build"]))?;
    }
    Ok(())
}

fn npm(house: &House, package: &str, words: &[&str]) -> std::process::Command {
    let mut command = house.program(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.arg("--prefix").arg(house.root().join(package)).args(words);
    command
}
