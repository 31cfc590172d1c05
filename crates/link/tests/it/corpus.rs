//! What the fuzzers found worth keeping, tried again. `fuzz/` says how the corpus grows.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::print_stdout, reason = "which input it was, and what was left out")]

#[path = "../../../../fuzz/targets/link.rs"]
mod targets;

use std::{fs, path::Path};

#[test]
fn signatures_keys_and_statements() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/minisign");
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    for file in files {
        // Shown when the test fails: which input it was.
        println!("{}", file.display());
        targets::minisign(&fs::read(&file).unwrap());
    }
}
