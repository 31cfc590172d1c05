//! Several terminals: the first process holds the home and serves the others; however one ends, the others know.

use crate::kit::{Oikos, app_folder};
use crate::process::Process;

fn prepared() -> (Oikos, Process) {
    let oikos = Oikos::new();
    oikos.install("looper", &[]);
    oikos.install("counter", &[]);
    let holder = Process::start(&oikos, &["run", "looper", "wait"]);
    holder.wait_for("waiting");
    (oikos, holder)
}

fn running(oikos: &Oikos) -> usize {
    let runs = oikos.json(&["run", "--list"]);
    runs.as_array().unwrap().iter().filter(|run| run["ended_at"].is_null()).count()
}

#[test]
fn whoever_holds_the_home_serves_the_others() {
    let (oikos, mut holder) = prepared();
    assert_eq!(running(&oikos), 1);
    assert!(oikos.ok(&["log"]).out.contains("started wait"));
    assert_eq!(oikos.json(&["app", "list"]).as_array().unwrap().len(), 2);
    assert_eq!(oikos.json(&["approval", "list"]), serde_json::json!([]));
    assert_eq!(oikos.json(&["run", "counter", "bump"])["data"]["count"], 1);
    assert_eq!(oikos.json(&["grant", "counter"])["app"], "counter");
    oikos.install("notes", &[]);
    oikos.ok(&["run", "notes", "add", "--input", r#"{"text": "milk"}"#]);
    oikos.ok(&["app", "remove", "notes", "--erase"]);
    oikos.ok(&["log", "--verify"]);
    oikos.ok(&["doctor"]);
    // A run is watched from elsewhere, from its beginning.
    let runs = oikos.json(&["run", "--list"]);
    let run = runs[0]["run"].as_str().unwrap().to_owned();
    let watcher = Process::start(&oikos, &["run", "--follow", &run]);
    watcher.wait_for("waiting");
    assert!(!holder.has_ended());
    oikos.ok(&["stop", &run]);
    assert_eq!(watcher.end().code, 7);
    assert_eq!(holder.end().code, 7);
}

#[test]
fn kill_of_a_client_does_not_disturb_the_holder() {
    let (oikos, mut holder) = prepared();
    for action in ["wait", "spin"] {
        let client = Process::start(&oikos, &["run", "looper", action]);
        client.wait_for("ing\n");
        client.kill();
    }
    // What they started goes on, as it does when a terminal is closed.
    assert_eq!(running(&oikos), 3);
    assert!(!holder.has_ended());
    assert_eq!(oikos.json(&["run", "counter", "bump"])["data"]["count"], 1);
    oikos.ok(&["stop", "--all"]);
    assert_eq!(holder.end().code, 7);
    assert_eq!(running(&oikos), 0);
}

#[test]
fn kill_of_the_holder_is_told_to_its_clients() {
    let (oikos, holder) = prepared();
    let client = Process::start(&oikos, &["run", "looper", "wait"]);
    client.wait_for("waiting");
    // What is stored brings everything before it to the disk; that a run has begun is not waited for by itself.
    oikos.ok(&["run", "counter", "bump"]);
    holder.kill();
    let said = client.end();
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert!(said.err.contains("ended before it answered") && said.err.contains("oikos doctor"), "{}", said.err);
    // The next one takes over, and knows what happened.
    let said = oikos.ok(&["doctor"]);
    assert!(said.out.contains("settled 2 runs"), "{}", said.out);
    let runs = oikos.json(&["run", "--list"]);
    let lost = runs.as_array().unwrap().iter().filter(|run| run["failure"]["code"] == "internal").count();
    assert_eq!(lost, 2);
    assert_eq!(oikos.json(&["run", "counter", "bump"])["data"]["count"], 2);
    oikos.ok(&["log", "--verify"]);
}

/// Whoever holds the home may be done before those it serves: then it goes on serving, also newcomers.
#[test]
fn a_holder_that_is_done_still_hears_stop() {
    let (oikos, mut holder) = prepared();
    let holders = oikos.last_run();
    let client = Process::start(&oikos, &["run", "looper", "spin"]);
    client.wait_for("spinning");
    oikos.ok(&["stop", &holders]);
    holder.wait_for("still serving other terminals");
    assert!(!holder.has_ended());
    assert_eq!(oikos.json(&["run", "counter", "bump"])["data"]["count"], 1);
    oikos.ok(&["stop", "looper"]);
    assert_eq!(client.end().code, 7);
    assert_eq!(holder.end().code, 7);
    oikos.ok(&["doctor"]);
}

/// Somebody who reads a card at one terminal keeps the offer, though whoever holds it is done with its own work.
#[test]
fn a_holder_waits_for_a_person_at_another_terminal() {
    let (oikos, holder) = prepared();
    let source = app_folder("notes");
    let mut person = Process::at_terminal(&oikos, &["app", "install", source.to_str().unwrap()]);
    person.wait_for("Install notes? [y/N]");
    oikos.ok(&["stop", "looper"]);
    holder.wait_for("still serving other terminals");
    person.type_line("y");
    let said = person.end();
    assert_eq!(said.code, 0, "{}", said.out);
    assert_eq!(holder.end().code, 7);
    oikos.ok(&["run", "notes", "list"]);
}

/// The holder changes all the time when many short commands come at once: none of them fails.
#[test]
fn attack_many_terminals_at_once() {
    let oikos = Oikos::new();
    oikos.install("counter", &[]);
    std::thread::scope(|threads| {
        for terminal in 0..6 {
            let oikos = &oikos;
            threads.spawn(move || {
                for round in 0..10 {
                    let words: &[&str] =
                        if (terminal + round) % 2 == 0 { &["app", "list"] } else { &["run", "counter", "random"] };
                    let said = oikos.run(words);
                    assert_eq!(said.code, 0, "terminal {terminal}, round {round}: {}{}", said.out, said.err);
                }
            });
        }
    });
    oikos.ok(&["doctor"]);
    oikos.ok(&["log", "--verify"]);
}
