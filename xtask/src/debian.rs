//! Programs that Debian packages, installed where we may: as root, on Debian or what is made of it.

use crate::shell::{self, House, Result};
use std::{path::Path, process::Stdio};

/// Whether they can be installed here without asking anybody.
pub(crate) fn may_install(house: &House) -> bool {
    let user = house.program("id").arg("-u").stderr(Stdio::null()).output();
    let is_root = user.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    is_root && Path::new("/etc/debian_version").exists()
}

/// Installs them, and nothing that they only recommend.
pub(crate) fn install(house: &House, packages: &[&str]) -> Result<()> {
    println!("installing {}", packages.join(" and "));
    shell::run(apt(house, &["update"]))?;
    shell::run(apt(house, &[&["install", "--yes", "--no-install-recommends"], packages].concat()))
}

fn apt(house: &House, words: &[&str]) -> std::process::Command {
    let mut command = house.program("apt-get");
    command.args(["--quiet=2"]).args(words).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
