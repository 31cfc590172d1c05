//! Questions to a person: asked at the terminal that started the run, answered there or at any other; where nobody is,
//! the answer is no.

use crate::kit::{Oikos, app_folder};
use crate::process::Process;
use std::fs;

const WRITE: &[&str] = &["run", "scribe", "write", "--input", r#"{"path": "files/a.txt", "text": "written"}"#];
const PROMPT: &str = "[o]nce, for an [h]our, [a]lways, [N]o:";

/// A scribe that must ask before it writes.
fn prepared() -> Oikos {
    let oikos = Oikos::new();
    oikos.install("scribe", &["file.read=allow:.", "file.write=ask:."]);
    oikos
}

fn written(oikos: &Oikos) -> Option<String> {
    fs::read_to_string(oikos.files().join("a.txt")).ok()
}

/// State and duration of the switch for writing.
fn switch(oikos: &Oikos) -> (String, serde_json::Value) {
    let grants = oikos.json(&["grant", "scribe"]);
    let switch = grants["grants"].as_array().unwrap().iter().find(|grant| grant["line"] == "file.write").unwrap();
    (switch["state"].as_str().unwrap().to_owned(), switch["duration"].clone())
}

fn question(oikos: &Oikos) -> serde_json::Value {
    let open = oikos.json(&["approval", "list"]);
    assert_eq!(open.as_array().unwrap().len(), 1, "{open}");
    open[0].clone()
}

fn asked(oikos: &Oikos) -> Process {
    let process = Process::at_terminal(oikos, WRITE);
    process.wait_for(PROMPT);
    assert!(process.out().contains("scribe wants to"), "{}", process.out());
    assert!(process.out().contains("a.txt"), "{}", process.out());
    process
}

#[test]
fn a_question_that_nobody_can_answer_is_a_no_at_once() {
    let oikos = prepared();
    let said = oikos.run(WRITE);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.err.contains("nobody"), "{}", said.err);
    assert_eq!(written(&oikos), None);
    assert_eq!(oikos.json(&["approval", "list"]), serde_json::json!([]));
}

#[track_caller]
fn check(oikos: &Oikos, typed: &str, code: i32, state: &str, lasts: &str) {
    // Whatever was answered before, the owner's later word holds.
    oikos.ok(&["grant", "scribe", "file.write=ask:."]);
    assert_eq!(switch(oikos), ("ask".to_owned(), serde_json::json!({ "for": "always" })), "before {typed:?}");
    drop(fs::remove_file(oikos.files().join("a.txt")));
    let mut process = asked(oikos);
    assert_eq!(written(oikos), None, "nothing happens before the answer");
    process.type_line(typed);
    let said = process.end();
    assert_eq!(said.code, code, "{typed:?}: {}", said.out);
    assert_eq!(written(oikos).is_some(), code == 0, "{typed:?}");
    let (now, duration) = switch(oikos);
    assert_eq!((now.as_str(), duration["for"].as_str().unwrap()), (state, lasts), "{typed:?}: {duration}");
    assert_eq!(oikos.json(&["approval", "list"]), serde_json::json!([]));
    // What was said counts for the next time as well, and no longer than it was said.
    let again = oikos.run(WRITE);
    assert_eq!(again.code, if state == "allow" { 0 } else { 3 }, "{typed:?}: {}{}", again.out, again.err);
}

#[test]
fn the_answer_at_the_terminal_is_what_happens() {
    let oikos = prepared();
    check(&oikos, "o", 0, "ask", "always");
    check(&oikos, "h", 0, "allow", "until");
    assert!(oikos.ok(&["grant", "scribe"]).out.contains("(until "), "the end of the hour is shown");
    check(&oikos, "n", 3, "ask", "always");
    check(&oikos, "a", 0, "allow", "always");
    check(&oikos, "", 3, "ask", "always");
    check(&oikos, "perhaps", 3, "ask", "always");
}

#[test]
fn a_question_is_answered_at_another_terminal() {
    let oikos = prepared();
    for (choice, code) in [("no", 3), ("once", 0)] {
        let process = asked(&oikos);
        let question = question(&oikos);
        assert_eq!(question["app"], "scribe");
        let id = question["id"].as_str().unwrap();
        assert!(oikos.ok(&["approval", "list"]).out.contains(&format!("oikos approval answer {id}")));
        // A script is not a person.
        let script = oikos.run(&["approval", "answer", id, choice]);
        assert_eq!(script.code, 3, "{}{}", script.out, script.err);
        assert_eq!(written(&oikos), None);
        let other = Process::at_terminal(&oikos, &["approval", "answer", id, choice]).end();
        assert_eq!(other.code, 0, "{}", other.out);
        let said = process.end();
        assert_eq!(said.code, code, "{choice}: {}", said.out);
        assert_eq!(written(&oikos).is_some(), code == 0);
        // Too late.
        let late = Process::at_terminal(&oikos, &["approval", "answer", id, choice]).end();
        assert_eq!(late.code, 6, "{}", late.out);
    }
}

/// A script's run asks the person who sits at another terminal.
#[test]
fn a_question_of_a_script_goes_to_whoever_is_there() {
    let oikos = prepared();
    oikos.install("looper", &[]);
    let person = Process::at_terminal(&oikos, &["run", "looper", "wait"]);
    person.wait_for("waiting");
    let script = Process::start(&oikos, WRITE);
    script.wait_for("oikos approval answer");
    let id = question(&oikos)["id"].as_str().unwrap().to_owned();
    let answer = Process::at_terminal(&oikos, &["approval", "answer", &id, "once"]).end();
    assert_eq!(answer.code, 0, "{}", answer.out);
    let said = script.end();
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert_eq!(written(&oikos).as_deref(), Some("written"));
    oikos.ok(&["stop", "--all"]);
    assert_eq!(person.end().code, 7);
}

#[test]
fn a_run_that_waits_for_an_answer_can_be_stopped() {
    let oikos = prepared();
    let process = asked(&oikos);
    oikos.ok(&["stop", "scribe"]);
    let said = process.end();
    assert_eq!(said.code, 7, "{}", said.out);
    let process = asked(&oikos);
    process.interrupt();
    let said = process.end();
    assert_eq!(said.code, 7, "{}", said.out);
    assert_eq!(oikos.json(&["approval", "list"]), serde_json::json!([]));
    assert_eq!(written(&oikos), None);
}

#[test]
fn kill_while_a_question_is_open_leaves_none() {
    let oikos = prepared();
    let process = asked(&oikos);
    let id = question(&oikos)["id"].as_str().unwrap().to_owned();
    process.kill();
    let doctor = oikos.ok(&["doctor"]);
    assert!(doctor.out.contains("1 question"), "{}", doctor.out);
    assert_eq!(oikos.json(&["approval", "list"]), serde_json::json!([]));
    let late = Process::at_terminal(&oikos, &["approval", "answer", &id, "once"]).end();
    assert_eq!(late.code, 6, "{}", late.out);
    assert_eq!(written(&oikos), None);
}

#[test]
fn nothing_is_installed_without_a_yes() {
    let oikos = Oikos::new();
    let source = app_folder("scribe");
    let install = ["app", "install", source.to_str().unwrap()];
    let said = oikos.run(&install);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    assert!(said.err.contains("code: consent_missing"), "{}", said.err);
    assert!(said.out.contains("ASK") || said.out.contains("MAY"), "the card is shown all the same: {}", said.out);
    for answer in ["n", "", "maybe"] {
        let mut process = Process::at_terminal(&oikos, &install);
        process.wait_for("Which folder for file.read");
        process.type_line("");
        process.wait_for("Which folder for file.write");
        process.type_line("");
        process.wait_for("Install scribe? [y/N]");
        process.type_line(answer);
        let said = process.end();
        assert_eq!(said.code, 4, "{answer:?}: {}", said.out);
        assert!(said.out.contains("consent_missing"), "{}", said.out);
    }
    assert_eq!(oikos.json(&["app", "list"]), serde_json::json!([]));
}

#[test]
fn consent_is_given_with_the_folders_it_needs() {
    let oikos = Oikos::new();
    let source = app_folder("scribe");
    let mut process = Process::at_terminal(&oikos, &["app", "install", source.to_str().unwrap()]);
    process.wait_for("Which folder for file.read");
    process.type_line(".");
    process.wait_for("Which folder for file.write");
    process.type_line("");
    process.wait_for("Install scribe? [y/N]");
    process.type_line("y");
    let said = process.end();
    assert_eq!(said.code, 0, "{}", said.out);
    assert!(said.out.contains("installed scribe"), "{}", said.out);
    fs::write(oikos.files().join("b.txt"), "here").unwrap();
    let read = oikos.ok(&["run", "scribe", "read", "--input", r#"{"path": "files/b.txt"}"#]);
    assert!(read.out.contains("read files/b.txt"), "{}", read.out);
    assert_eq!(oikos.run(WRITE).code, 3, "no folder was given to write in");
}
