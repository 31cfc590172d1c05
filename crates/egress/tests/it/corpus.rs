//! What the fuzzers found worth keeping, tried again. `fuzz/` says how the corpus grows.

#![expect(clippy::print_stdout, reason = "which input it was")]

use crate::targets;
use std::{fs, path::Path};

#[test]
fn requests_for_a_way() {
    each("connect", targets::connect);
}

#[test]
fn frames_of_socks() {
    each("socks", targets::socks);
}

#[test]
fn first_words_on_a_way() {
    each("hello", targets::hello);
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
