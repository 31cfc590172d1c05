//! What the fuzzers found worth keeping, tried again. `fuzz/` says how the corpus grows.

#[path = "../../../../fuzz/targets/package.rs"]
mod targets;

use std::{fs, path::Path};

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    for file in files {
        // Shown when the test fails: which input it was.
        println!("{}", file.display());
        run(&fs::read(&file).unwrap());
    }
}

#[test]
fn archives() {
    replay("archive", targets::archive);
}

#[test]
fn manifests() {
    replay("manifest", targets::manifest);
}

#[test]
fn tools() {
    replay("yaml", targets::yaml);
}

#[test]
fn scopes() {
    replay("scopes", targets::scopes);
}

#[test]
fn actions() {
    replay("actions", targets::actions);
}

#[test]
fn schedules() {
    replay("cron", targets::cron);
}

#[test]
fn scripts() {
    replay("script", targets::script);
}
