//! Root is the exception: whoever runs oikos on a machine of their own is an ordinary user. Where the tests run as root, all of
//! them run again as nobody.

use crate::scene::{PROGRAMS, helper, program};
use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    process::Command,
};

const NOBODY: u32 = 65_534;

#[test]
fn attack_all_again_as_an_ordinary_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    // Where they were built nobody may enter, as often as not.
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("is ours");
    let itself = folder.path().join("it");
    fs::copy(std::env::current_exe().expect("is a program"), &itself).expect("can be copied");
    for program in [helper(), program()] {
        fs::copy(&program, folder.path().join(program.file_name().expect("has one"))).expect("can be copied");
    }
    let mut command = Command::new(itself);
    // What is pure is the same for everybody.
    command.args(["--skip", "ordinary_user", "--skip", "plans::", "--test-threads", "2", "--nocapture"]);
    command.env(PROGRAMS, folder.path()).uid(NOBODY).gid(NOBODY).current_dir("/");
    let output = command.output().expect("starts");
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    eprintln!("{complained}");
    let passed = said.lines().filter(|line| line.ends_with("... ok")).count();
    assert!(output.status.success() && passed > 15, "as nobody {passed} pass:\n{said}\n{complained}");
}
