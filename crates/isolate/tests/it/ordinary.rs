//! Root is the exception: whoever runs oikos on a machine of their own is an ordinary user. Where the tests run as root, all of
//! them run again as nobody.

use std::{os::unix::process::CommandExt, process::Command};

const NOBODY: u32 = 65_534;

#[test]
fn attack_all_again_as_an_ordinary_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let itself = std::env::current_exe().expect("is a program");
    // In a folder that nobody may enter, nobody can run anything.
    let mut command = Command::new(itself);
    command.args(["--skip", "ordinary_user", "--test-threads", "2"]).uid(NOBODY).gid(NOBODY).current_dir("/");
    let output = command.output().expect("nobody may enter the target folder");
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && !text.contains("running 0 tests"), "as nobody some fail");
}
