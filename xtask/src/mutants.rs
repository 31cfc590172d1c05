//! Do the tests notice when a guard is broken? `cargo mutants` changes one guard at a time and runs the crate's tests.
//! Too slow for every change, so it is a word of its own and not a part of `test`.

use crate::shell::{self, House, Result};

/// The files that hold guards: package checks, broker decisions, limits, path resolution. `tidy` sees to it that each
/// still exists.
pub(crate) const GUARDS: &[&str] = &[
    "crates/broker/src/broker.rs",
    "crates/broker/src/grants.rs",
    "crates/broker/src/lease.rs",
    "crates/broker/src/questions.rs",
    "crates/broker/src/scopes/file.rs",
    "crates/broker/src/scopes/mod.rs",
    "crates/broker/src/scopes/storage.rs",
    "crates/effects/src/file/places.rs",
    "crates/effects/src/file/walk.rs",
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
    shell::run(command)
}
