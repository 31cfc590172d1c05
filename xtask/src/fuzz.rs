//! Tries what reads foreign bytes with bytes that nobody thought of. `fuzz/` is a workspace of its own, so that libFuzzer
//! never enters the product's dependencies.

use crate::shell::{self, House, Result};
use std::{fs, process::Command};

/// The targets; `fuzz/README.md` says what each is.
pub(crate) const TARGETS: &[&str] = &[
    "archive", "manifest", "yaml", "scopes", "actions", "script", "cron", "minisign", "doors", "hosts", "envelope",
    "connect", "socks", "hello", "vault",
];

/// How long each target runs unless somebody says otherwise.
const SECONDS: u32 = 60;

/// Coverage for libFuzzer to steer by. All of it is stable; sanitizers would not be.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// The largest input that is made up: past this, size is all that is new.
const INPUT_BYTES_MAX: u32 = 64 << 10;
/// One input may take this long, in seconds, before it counts as a hang.
const INPUT_SECONDS_MAX: u32 = 20;
/// What a target may hold, in MiB.
const MEMORY_MIB_MAX: u32 = 1_024;

pub(crate) fn run(house: &House, words: &[String]) -> Result<()> {
    let (targets, seconds) = choose(words)?;
    let host = host(house)?;
    let target = house.target()?.join("fuzz-build");
    // With `--target`, the flags are for the fuzzers only and not for what builds them.
    let mut build =
        house.cargo(&["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", &host]);
    build.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", &target);
    shell::run(build)?;
    let found = house.root().join("target/fuzz");
    for name in targets {
        println!("\n== {name}, {seconds} s ==");
        let grown = found.join(name);
        fs::create_dir_all(&grown)?;
        let mut fuzzer = house.program(target.join(&host).join("release").join(name));
        // What is new goes to the first folder, the committed one is only read.
        fuzzer.arg(&grown).arg(house.root().join("fuzz/corpus").join(name));
        fuzzer.arg(format!("-artifact_prefix={}/crash-of-{name}-", found.display()));
        fuzzer.arg(format!("-max_total_time={seconds}")).arg(format!("-timeout={INPUT_SECONDS_MAX}"));
        fuzzer.arg(format!("-max_len={INPUT_BYTES_MAX}")).arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"));
        fuzzer.args(["-print_final_stats=1", "-verbosity=1"]);
        shell::run(fuzzer)?;
    }
    Ok(())
}

fn choose(words: &[String]) -> Result<(Vec<&'static str>, u32)> {
    let (mut targets, mut seconds) = (Vec::new(), SECONDS);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--seconds" {
            let given = words.next().and_then(|given| given.parse().ok()).filter(|given| *given > 0);
            seconds = given.ok_or("--seconds needs a number")?;
        } else {
            let known = TARGETS.iter().find(|target| *target == word);
            targets.push(*known.ok_or_else(|| format!("no target `{word}`; there are {}", TARGETS.join(", ")))?);
        }
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    Ok((targets, seconds))
}

/// The system that we build for, as rustc calls it.
fn host(house: &House) -> Result<String> {
    let mut rustc: Command = house.program("rustc");
    let output = rustc.arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc does not say what it builds for")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[&str], expected: std::result::Result<(&[&str], u32), &str>) {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let found = choose(&words).map_err(|error| error.to_string());
        let found = found.as_ref().map(|(targets, seconds)| (&targets[..], *seconds)).map_err(String::as_str);
        assert_eq!(found, expected);
    }

    #[test]
    fn words_choose_targets_and_time() {
        check(&[], Ok((TARGETS, SECONDS)));
        check(&["archive", "--seconds", "600"], Ok((&["archive"], 600)));
        check(&["--seconds", "0"], Err("--seconds needs a number"));
        check(
            &["nothing"],
            Err(
                "no target `nothing`; there are archive, manifest, yaml, scopes, actions, script, cron, minisign, doors, \
                 hosts, envelope, connect, socks, hello, vault",
            ),
        );
    }
}
