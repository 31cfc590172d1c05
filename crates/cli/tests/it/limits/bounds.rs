//! A run that goes past a limit ends with the code of that limit, and the next one works. No run sees another.

use crate::kit::Oikos;
use crate::process::Process;
use std::collections::HashSet;

#[track_caller]
fn check(oikos: &Oikos, action: &str, code: &str, says: &str) {
    let said = oikos.run(&["run", "bounded", action]);
    assert_eq!(said.code, 5, "{action}: {}{}", said.out, said.err);
    assert!(said.err.contains(&format!("code: {code}")) && said.err.contains(says), "{action}: {}", said.err);
    let said = oikos.run(&["run", "bounded", action, "--json"]);
    assert_eq!(said.code, 5);
    let last: serde_json::Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    assert_eq!((&last["type"], &last["failure"]["code"]), (&"ERROR".into(), &code.into()), "{action}");
    assert_eq!(oikos.ok(&["run", "bounded", "once"]).out, "done\n", "after {action}");
}

#[test]
fn attack_bounds_hold() {
    let oikos = Oikos::new();
    oikos.install("bounded", &[]);
    check(&oikos, "compute", "cpu_limit", "300 ms");
    check(&oikos, "wait", "timeout", "2 s");
    check(&oikos, "eat", "memory_limit", "16.0 MiB");
    oikos.ok(&["doctor"]);
}

/// The one limit that no app can change is a minute.
#[test]
fn a_run_without_progress_ends_after_a_minute() {
    let oikos = Oikos::new();
    oikos.install("looper", &[]);
    let stuck = Process::start(&oikos, &["run", "looper", "wait"]);
    stuck.wait_for("waiting");
    let words = ["run", "looper", "wait", "--input", r#"{"ms": 65000, "tick_ms": 5000}"#];
    let patient = Process::start(&oikos, &words);
    let stuck = stuck.end_whenever();
    assert_eq!(stuck.code, 5, "{}{}", stuck.out, stuck.err);
    assert!(stuck.err.contains("code: timeout") && stuck.err.contains("progress"), "{}", stuck.err);
    // What says something now and then goes on.
    let patient = patient.end_whenever();
    assert_eq!(patient.code, 0, "{}{}", patient.out, patient.err);
}

#[test]
fn every_run_is_fresh() {
    let oikos = Oikos::new();
    oikos.install("counter", &[]);
    // One process each, and then all through one that holds the home.
    for count in 1..=3 {
        let data = &oikos.json(&["run", "counter", "bump"])["data"];
        assert_eq!((&data["count"], &data["runs_seen"]), (&count.into(), &1.into()));
    }
    oikos.install("looper", &[]);
    let holder = Process::start(&oikos, &["run", "looper", "wait"]);
    holder.wait_for("waiting");
    let mut seen = HashSet::new();
    for count in 4..=103 {
        let drawn = &oikos.json(&["run", "counter", "random"])["data"];
        for part in ["math", "bytes", "uuid"] {
            assert!(seen.insert(drawn[part].to_string()), "{part} came twice: {drawn}");
        }
        if count % 10 == 0 {
            let data = &oikos.json(&["run", "counter", "bump"])["data"];
            assert_eq!(data["runs_seen"], 1);
        }
    }
    assert_eq!(seen.len(), 300);
    oikos.ok(&["stop", "--all"]);
    assert_eq!(holder.end().code, 7);
}
