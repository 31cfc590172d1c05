//! What the fuzzers found worth keeping, tried again. `fuzz/` says how the corpus grows.

#![expect(clippy::print_stdout, reason = "which input it was")]

#[path = "../../../../fuzz/targets/gateway.rs"]
mod targets;

use std::{fs, path::Path};

#[test]
fn heads_of_requests() {
    each("doors", targets::doors);
}

#[test]
fn messages_of_lines() {
    each("envelope", targets::envelope);
}

fn each(corpus: &str, target: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(corpus);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    for file in files {
        // Shown when the test fails: which input it was.
        println!("{}", file.display());
        target(&fs::read(&file).unwrap());
    }
}
