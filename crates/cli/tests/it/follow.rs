//! `oikos log --follow`, whoever holds the home meanwhile.

use crate::{
    kit::{Oikos, app_folder},
    process::Process,
};
use serde_json::Value;
use testkit::wait_until;

fn app(name: &str) -> String {
    app_folder(name).to_str().unwrap().to_owned()
}

fn seqs(out: &str) -> Vec<u64> {
    out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap()).collect()
}

/// What a follower has heard by now, and what the log says: the same, each entry once.
#[track_caller]
fn check_whole(oikos: &Oikos, follower: &Process) {
    let known = seqs(&oikos.ok(&["log", "--json", "--limit", "10000"]).out);
    wait_until(&format!("{known:?}; it said {}", follower.out()), || {
        let out = follower.out();
        out.ends_with('\n') && seqs(&out).len() >= known.len()
    });
    assert_eq!(seqs(&follower.out()), known);
}

fn up(oikos: &Oikos) -> Process {
    let up = Process::start(oikos, &["up", "--no-doors", "--json"]);
    up.wait_for("pid");
    up
}

#[test]
fn nothing_is_lost_or_doubled_whoever_holds_the_home() {
    let oikos = Oikos::new();
    oikos.ok(&["app", "install", &app("counter"), "--yes"]);
    let follower = Process::start(&oikos, &["log", "--follow", "--json"]);
    check_whole(&oikos, &follower);
    // Nobody is up: one command after the other holds the home, for a moment each.
    for _ in 0..3 {
        oikos.ok(&["run", "counter", "bump"]);
    }
    check_whole(&oikos, &follower);
    // Many at once: who holds the home serves the others before it ends, and that may be the follower.
    for _ in 0..5 {
        let runs = [(); 4].map(|()| Process::start(&oikos, &["run", "counter", "bump"]));
        for run in runs {
            assert_eq!(run.end().code, 0);
        }
    }
    check_whole(&oikos, &follower);
    // Somebody is up, is killed, is up again, and ends.
    let first = up(&oikos);
    oikos.ok(&["run", "counter", "bump"]);
    check_whole(&oikos, &follower);
    first.kill();
    let second = up(&oikos);
    oikos.ok(&["run", "counter", "bump"]);
    check_whole(&oikos, &follower);
    second.interrupt();
    assert_eq!(second.end().code, 0);
    oikos.ok(&["run", "counter", "bump"]);
    check_whole(&oikos, &follower);
    follower.interrupt();
    assert_eq!(follower.end().code, 0);
}

#[test]
fn what_is_not_asked_for_is_not_told_and_a_person_reads_sentences() {
    let oikos = Oikos::new();
    oikos.ok(&["app", "install", &app("counter"), "--yes"]);
    oikos.ok(&["app", "install", &app("doorbell"), "--yes"]);
    let _up = up(&oikos);
    let follower = Process::start(&oikos, &["log", "doorbell", "-f"]);
    follower.wait_for("doorbell");
    oikos.ok(&["run", "counter", "bump"]);
    oikos.ok(&["run", "doorbell", "ring"]);
    follower.wait_for("doorbell run ");
    assert!(!follower.out().contains("counter"), "{}", follower.out());
    follower.interrupt();
    assert_eq!(follower.end().code, 0);
}
