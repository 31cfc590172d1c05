//! What `oikos` does under its hidden word, and nothing else: for tests and measurements of this crate alone.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    isolate::init_main(words.iter().map(String::as_str))
}
