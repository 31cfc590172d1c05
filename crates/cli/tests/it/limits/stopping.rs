//! Two endless loops on a small machine: others still get their turn, and `oikos stop` is heard.

use crate::kit::Oikos;
use crate::process::Process;
use std::time::{Duration, Instant};

/// The promise is a second; a busy test machine may take longer, and the measured time is printed.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

fn prepared() -> Oikos {
    let oikos = Oikos::new();
    for app in ["looper", "counter", "notes"] {
        oikos.install(app, &[]);
    }
    oikos
}

fn running(oikos: &Oikos) -> Vec<String> {
    let runs = oikos.json(&["run", "--list"]);
    let live = runs.as_array().unwrap().iter().filter(|run| run["ended_at"].is_null());
    live.map(|run| run["run"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn check_stopped(process: Process, asked: Instant) -> Duration {
    let (said, ended) = process.end_at();
    assert_eq!(said.code, 7, "{}{}", said.out, said.err);
    assert!(said.err.contains("code: stopped"), "{}", said.err);
    let took = ended.saturating_duration_since(asked);
    assert!(took < STOP_DEADLINE, "stopping took {took:?}");
    took
}

#[test]
fn attack_endless_loops_leave_room_and_are_stopped() {
    let oikos = prepared();
    let loops: Vec<Process> = (0..2)
        .map(|_| {
            let process = Process::start(&oikos, &["run", "looper", "spin"]);
            process.wait_for("spinning");
            process
        })
        .collect();
    let began = Instant::now();
    assert_eq!(oikos.ok(&["run", "counter", "bump"]).out, "1\n");
    let counter = began.elapsed();
    let began = Instant::now();
    oikos.ok(&["run", "notes", "add", "--input", r#"{"text": "milk"}"#]);
    let notes = began.elapsed();
    assert_eq!(running(&oikos).len(), 2);

    let asked = Instant::now();
    let said = oikos.ok(&["stop", "looper"]);
    let answered = asked.elapsed();
    assert_eq!(said.out, "stopped 2 runs\n");
    let took: Vec<u128> = loops.into_iter().map(|process| check_stopped(process, asked).as_millis()).collect();
    println!(
        "beside two endless loops: counter {} ms, notes {} ms; stop answered after {} ms, they ended after {took:?} ms",
        counter.as_millis(),
        notes.as_millis(),
        answered.as_millis()
    );
    assert!(running(&oikos).is_empty());
    assert!(oikos.ok(&["log"]).out.contains("you stopped looper (2 runs)"), "{}", oikos.ok(&["log"]).out);
    oikos.ok(&["doctor"]);
    assert_eq!(oikos.ok(&["run", "counter", "bump"]).out, "2\n");
}

#[test]
fn stop_ends_what_is_named_and_nothing_else() {
    let oikos = prepared();
    let first = Process::start(&oikos, &["run", "looper", "wait"]);
    first.wait_for("waiting");
    let first_run = running(&oikos).remove(0);
    let second = Process::start(&oikos, &["run", "looper", "wait"]);
    second.wait_for("waiting");
    let second_run = running(&oikos).into_iter().find(|run| *run != first_run).unwrap();

    // A run that waits for a timer.
    let asked = Instant::now();
    assert_eq!(oikos.ok(&["stop", &second_run]).out, format!("stopped run {second_run}\n"));
    check_stopped(second, asked);
    assert_eq!(running(&oikos), std::slice::from_ref(&first_run));
    assert_eq!(oikos.ok(&["stop", &second_run]).out, "nothing was running\n");
    assert_eq!(oikos.ok(&["stop", "counter"]).out, "nothing was running\n");
    assert_eq!(oikos.run(&["stop", "stranger"]).code, 6);
    assert_eq!(oikos.run(&["stop", "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a"]).code, 6);
    assert_eq!(running(&oikos), std::slice::from_ref(&first_run));

    let asked = Instant::now();
    assert_eq!(oikos.ok(&["stop", "--all"]).out, format!("stopped run {first_run}\n"));
    check_stopped(first, asked);
    assert_eq!(oikos.ok(&["stop", "--all"]).out, "nothing was running\n");
}

#[test]
fn an_interrupt_stops_the_run() {
    let oikos = prepared();
    for action in ["wait", "spin"] {
        let process = Process::start(&oikos, &["run", "looper", action]);
        process.wait_for("ing\n");
        let asked = Instant::now();
        process.interrupt();
        check_stopped(process, asked);
        let run = &oikos.json(&["run", "--list"])[0];
        assert_eq!(run["failure"]["code"], "stopped");
    }
    // The same for a run that another process holds.
    let holder = Process::start(&oikos, &["run", "looper", "wait"]);
    holder.wait_for("waiting");
    let through = Process::start(&oikos, &["run", "looper", "spin"]);
    through.wait_for("spinning");
    let asked = Instant::now();
    through.interrupt();
    check_stopped(through, asked);
    assert_eq!(running(&oikos).len(), 1);
    holder.interrupt();
    check_stopped(holder, asked);
}

#[test]
fn removing_an_app_stops_its_runs() {
    let oikos = prepared();
    let process = Process::start(&oikos, &["run", "looper", "spin"]);
    process.wait_for("spinning");
    let asked = Instant::now();
    oikos.ok(&["app", "remove", "looper"]);
    check_stopped(process, asked);
}
