//! Do the tests notice when a guard is broken? `cargo mutants` changes one guard at a time and runs the crate's tests.
//! Too slow for every change, so it is a word of its own and not a part of `test`.

use crate::shell::{self, House, Result};
use std::fs;

/// The files that hold guards: package checks, broker decisions, limits, path resolution. `tidy` sees to it that each
/// still exists.
pub(crate) const GUARDS: &[&str] = &[
    "crates/broker/src/broker.rs",
    "crates/broker/src/grants.rs",
    "crates/broker/src/lease.rs",
    "crates/broker/src/questions.rs",
    "crates/broker/src/scopes/file.rs",
    "crates/broker/src/scopes/mcp.rs",
    "crates/broker/src/scopes/mod.rs",
    "crates/broker/src/scopes/shell.rs",
    "crates/broker/src/scopes/storage.rs",
    "crates/effects/src/file/places.rs",
    "crates/effects/src/file/walk.rs",
    "crates/isolate/src/plan.rs",
    "crates/isolate/src/policy.rs",
    "crates/kernel/src/admission.rs",
    "crates/kernel/src/host_call.rs",
    "crates/package/src/archive.rs",
    "crates/package/src/author_schema.rs",
    "crates/package/src/path.rs",
    "crates/package/src/source.rs",
    "crates/protocol/src/limit.rs",
    "crates/protocol/src/text.rs",
    "crates/sandbox/src/account.rs",
    "crates/sandbox/src/memory.rs",
    "crates/state/src/chain.rs",
];

/// Broken guards that no test can notice, because what they do stays the same, and why. Without line numbers.
const EXPLAINED: &[(&str, &str)] = &[
    (
        "crates/broker/src/scopes/storage.rs: replace <impl Demand for StorageDemand>::labels -> Labels with \
         Default::default()",
        "no labels are the default",
    ),
    (
        "crates/effects/src/file/places.rs: replace match guard error.kind() == io::ErrorKind::NotADirectory with true \
         in folder_of",
        "of a path that was just resolved the system says nothing else, but to a user without rights; tests may be root",
    ),
    (
        "crates/effects/src/file/walk.rs: replace match guard !metadata.is_dir() with true in folder_error",
        "a folder that is there and cannot be opened needs a user without rights; tests may be root",
    ),
    (
        "crates/effects/src/file/walk.rs: replace match guard error.kind() == io::ErrorKind::NotFound with true in stat",
        "of a short name in an open folder the system says nothing else, but to a user without rights; tests may be root",
    ),
    (
        "crates/effects/src/file/walk.rs: replace match guard file_type.is_block_device() || \
         file_type.is_char_device() with true in Found::check_file",
        "there is no other kind of file left",
    ),
    (
        "crates/effects/src/file/walk.rs: replace folder_sync -> io::Result<()> with Ok(())",
        "only a power cut tells; tests end processes, not machines",
    ),
    ("crates/package/src/archive.rs: replace | with ^", "the bits of the two numbers do not overlap"),
    (
        "crates/package/src/archive.rs: replace < with <= in read_index",
        "two equal paths were told apart the line before",
    ),
    (
        "crates/package/src/archive.rs: replace || with && in Archive::open",
        "where the two differ, the place of the difference is before the end; what is left over was seen by read_index",
    ),
    (
        "crates/package/src/author_schema.rs: replace <impl fmt::Debug for InputSchema>::fmt -> fmt::Result with \
         Ok(Default::default())",
        "for whoever debugs; nothing depends on it",
    ),
    (
        "crates/package/src/source.rs: replace || with && in read_plain",
        "a file that is exchanged between the look and the opening; no test hits that moment",
    ),
    (
        "crates/package/src/source.rs: replace is_same_file -> bool with true",
        "a file that is exchanged between the look and the opening; no test hits that moment",
    ),
    ("crates/package/src/source.rs: replace is_same_file -> bool with false", "that of systems other than Unix"),
];

/// A version we have used; another one may find other mutants.
const VERSION: &str = "27.1.0";

pub(crate) fn run(house: &House, install: bool, options: &[String]) -> Result<()> {
    if !house.has_cargo("mutants") {
        if !install {
            return Err(format!(
                "cargo-mutants is not installed\n\
                 hint: `cargo xtask mutants --install` or `cargo install --locked cargo-mutants@{VERSION}`"
            )
            .into());
        }
        shell::run(house.cargo(&["install", "--locked", &format!("cargo-mutants@{VERSION}")]))?;
    }
    let mut command = house.cargo(&["mutants", "--all-features", "--no-shuffle", "--output", "target"]);
    let has_nextest = house.has_cargo("nextest");
    if has_nextest {
        command.arg("--test-tool=nextest");
    }
    for file in GUARDS {
        command.args(["--file", file]);
    }
    command.args(options);
    if has_nextest {
        command.args(["--", "--profile=mutants"]);
    }
    // It ends with a code of its own when something was missed; what counts is whether that is explained.
    let status = command.status()?;
    let report = house.root().join("target/mutants.out");
    if !matches!(status.code(), Some(0 | 2 | 3)) {
        return Err(format!("cargo mutants ended with {status}; {} tells more", report.join("log").display()).into());
    }
    judge(&fs::read_to_string(report.join("missed.txt"))?)
}

/// Tells what was missed and is not explained.
fn judge(missed: &str) -> Result<()> {
    let mut unexplained = Vec::new();
    for line in missed.lines() {
        match EXPLAINED.iter().find(|(known, _)| *known == without_place(line)) {
            Some((_, why)) => println!("explained: {line}\n           {why}"),
            None => unexplained.push(line),
        }
    }
    if unexplained.is_empty() {
        return Ok(());
    }
    Err(format!("no test noticed these, and nothing explains why:\n{}", unexplained.join("\n")).into())
}

/// A line of cargo-mutants without line and column, which every edit moves: `FILE: WHAT`.
fn without_place(line: &str) -> String {
    let Some((place, what)) = line.split_once(": ") else { return line.to_owned() };
    let file = place.split(':').next().unwrap_or(place);
    format!("{file}: {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_known_by_its_words_wherever_it_stands() {
        let line = "crates/broker/src/lease.rs:259:43: replace > with >= in Lease::wall_ms";
        assert_eq!(without_place(line), "crates/broker/src/lease.rs: replace > with >= in Lease::wall_ms");
        assert!(judge("").is_ok());
        let error = judge("crates/broker/src/lease.rs:1:1: replace Lease::check with ()")
            .expect_err("nothing explains it")
            .to_string();
        assert!(error.ends_with("lease.rs:1:1: replace Lease::check with ()"), "{error}");
    }

    #[test]
    fn explanations_are_about_guards() {
        for (mutant, why) in EXPLAINED {
            assert!(GUARDS.iter().any(|file| mutant.starts_with(&format!("{file}: "))), "{mutant}");
            assert!(!why.is_empty(), "{mutant}");
        }
    }
}
