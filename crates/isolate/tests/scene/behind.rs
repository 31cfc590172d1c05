//! What this machine can do, for a program that may not make some calls: as in a container that refuses them.

use isolate::{Abilities, Launcher};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
use std::path::Path;

/// Looks behind a filter that refuses the calls with these names, and says what it found.
pub(crate) fn look(words: &[&str]) {
    let [helper, room, refused @ ..] = words else { return };
    let calls = refused.iter().map(|name| match *name {
        "landlock" => (libc::SYS_landlock_restrict_self, Vec::new()),
        "seccomp" => (libc::SYS_seccomp, Vec::new()),
        other => panic!("no call is known as {other}"),
    });
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let architecture = TargetArch::try_from(std::env::consts::ARCH).expect("is known");
    let filter = SeccompFilter::new(calls.collect(), SeccompAction::Allow, refuse, architecture).expect("is a filter");
    apply_filter(&BpfProgram::try_from(filter).expect("is a filter")).expect("is taken");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let launcher = Launcher::new(*helper, [] as [&str; 0]);
    let found = runtime.block_on(Abilities::probe(&launcher, Path::new(room))).expect("can be found out");
    println!("{}", serde_json::to_string(&found).expect("is text"));
}
