//! `oikos app dev`: somebody edits an app while it runs.

use crate::{kit::Oikos, process::Process};
use serde_json::Value;
use std::fs;
use testkit::wait_until_some;

/// What the process has said so far, one event a line.
fn events(dev: &Process) -> Vec<Value> {
    let out = dev.out();
    // The last line may be half there.
    let whole = out.rfind('\n').map_or("", |end| &out[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Waits for the next event of a kind after those that were seen.
#[track_caller]
fn next(dev: &Process, seen: &mut usize, kind: &str) -> Value {
    wait_until_some(&format!("the event {kind}"), || {
        let place = events(dev).iter().skip(*seen).position(|event| event["event"] == kind)?;
        *seen += place + 1;
        Some(events(dev)[*seen - 1].clone())
    })
}

#[test]
fn a_saved_change_runs_within_a_second() {
    let oikos = Oikos::new();
    oikos.ok(&["app", "new", "hello"]);
    // The household has a compiled engine, as that of everybody who has run an app before.
    oikos.install("counter", &[]);
    let code = oikos.files().join("hello/bot-logic.js");
    let original = fs::read_to_string(&code).unwrap();
    let dev = Process::start(&oikos, &["app", "dev", "hello", "--json"]);
    let mut seen = 0;
    let home = next(&dev, &mut seen, "watching")["home"].as_str().unwrap().to_owned();
    let first = next(&dev, &mut seen, "reloaded");
    assert_eq!((&first["app"]["name"], &first["trial"]["failed"]), (&"hello".into(), &0.into()), "{first}");
    let greet = || {
        let words = ["--home", &home, "run", "hello", "greet", "--input", r#"{"name": "Ada"}"#];
        oikos.ok(&words).out
    };
    // Another terminal runs it; the author's own household knows nothing of it.
    assert_eq!(greet(), "Hello, Ada!\n");
    assert_eq!(oikos.json(&["app", "list"]).as_array().unwrap().len(), 1);

    let mut took_ms = Vec::new();
    for word in ["Hallo", "Salut", "Ciao", "Hej"] {
        fs::write(&code, original.replace("Hello again", &format!("{word} again"))).unwrap();
        assert_eq!(next(&dev, &mut seen, "changed")["paths"], serde_json::json!(["bot-logic.js"]));
        let reloaded = next(&dev, &mut seen, "reloaded");
        // Its case says something else now.
        assert_eq!(reloaded["trial"]["failed"], 1, "{reloaded}");
        took_ms.push(reloaded["took_ms"].as_u64().unwrap());
        // What it stored before is still there.
        assert!(greet().starts_with(&format!("{word} again, Ada")), "{word}");
    }
    println!("a change ran after {took_ms:?} ms");
    // On a busy machine one of them may be late; that all are would be no accident.
    assert!(took_ms.iter().min().is_some_and(|ms| *ms < 1_000), "{took_ms:?}");

    // A mistake is told with its place, and what ran before still does.
    fs::write(&code, original.replace("const key =", "const key = = ")).unwrap();
    let refused = next(&dev, &mut seen, "refused");
    let message = refused["failure"]["message"].as_str().unwrap();
    assert!(message.contains("bot-logic.js:"), "{message}");
    assert!(greet().starts_with("Hej again"));
    fs::remove_file(&code).unwrap();
    let refused = next(&dev, &mut seen, "refused");
    assert!(refused["failure"]["message"].as_str().unwrap().contains("bot-logic.js"), "{refused}");
    fs::write(&code, &original).unwrap();
    assert_eq!(next(&dev, &mut seen, "reloaded")["trial"]["failed"], 0);

    dev.interrupt();
    let said = dev.end();
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(!std::path::Path::new(&home).exists(), "nothing of it is left");
}

#[test]
fn what_cannot_be_watched_is_told() {
    let oikos = Oikos::new();
    let said = oikos.run(&["app", "dev", "nowhere"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("nowhere cannot be watched"), "{}", said.err);
    // A folder that is no app yet is watched until it is one.
    fs::create_dir(oikos.files().join("empty")).unwrap();
    let dev = Process::start(&oikos, &["app", "dev", "empty"]);
    dev.wait_for("this is not an app");
    dev.interrupt();
    assert_eq!(dev.end().code, 0);
}
