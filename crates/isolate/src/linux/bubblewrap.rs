//! The words for `bwrap` that make the same machine as `root.rs` makes. Pure but for what lies where on this machine, which
//! comes in.

use super::system::{HOST_NAME, SCRATCH_BYTES_MAX, SETTINGS, devices};
use crate::Plan;
use std::path::{Path, PathBuf};

/// Where the helper stands in the machine that it goes on in.
pub(crate) const HELPER: &str = "/.oikos-helper";

/// What there is on this machine, of what every program finds.
pub(crate) struct Found {
    /// Folders of programs, and where each leads if it is a link.
    pub(crate) programs: Vec<(PathBuf, Option<PathBuf>)>,
    /// Numbers of open files that hold made settings, and where they go.
    pub(crate) settings: Vec<(i32, &'static str)>,
    /// The helper itself.
    pub(crate) helper: PathBuf,
}

/// Everything up to the words that the helper is started with.
pub(crate) fn arguments(plan: &Plan, found: &Found) -> Vec<String> {
    let policy = &plan.policy;
    let mut words = Vec::new();
    let mut say = |parts: &[&str]| words.extend(parts.iter().map(|part| (*part).to_owned()));
    say(&[
        "--unshare-user",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]);
    say(&["--die-with-parent", "--as-pid-1", "--new-session", "--cap-drop", "ALL", "--hostname", HOST_NAME]);
    if !plan.seccomp {
        // Else the filter refuses these, also for a bwrap that does not know the word.
        say(&["--disable-userns"]);
    }
    for (path, link) in &found.programs {
        match link {
            Some(to) => say(&["--symlink", &text(to), &text(path)]),
            None => say(&["--ro-bind", &text(path), &text(path)]),
        }
    }
    for path in SETTINGS {
        say(&["--ro-bind-try", path, path]);
    }
    for (number, path) in &found.settings {
        say(&["--ro-bind-data", &number.to_string(), path]);
    }
    say(&["--dir", "/dev"]);
    for (path, _) in devices(plan) {
        say(&["--dev-bind-try", path, path]);
    }
    for (to, at) in
        [("/proc/self/fd", "/dev/fd"), ("fd/0", "/dev/stdin"), ("fd/1", "/dev/stdout"), ("fd/2", "/dev/stderr")]
    {
        say(&["--symlink", to, at]);
    }
    let scratch = SCRATCH_BYTES_MAX.to_string();
    for path in ["/tmp", "/dev/shm"] {
        say(&["--perms", "1777", "--size", &scratch, "--tmpfs", path]);
    }
    say(&["--ro-bind", &text(&found.helper), HELPER]);
    let read = policy.read.iter().chain(&policy.code).map(|path| ("--ro-bind", path));
    let written = policy.write.iter().chain([&policy.home]).map(|path| ("--bind", path));
    let mut grants: Vec<_> = read.chain(written).collect();
    grants.sort_by_key(|(_, path)| path.components().count());
    for (word, path) in grants {
        say(&[word, &text(path), &text(path)]);
    }
    say(&["--proc", "/proc", "--remount-ro", "/proc", "--remount-ro", "/", "--", HELPER]);
    words
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
