//! Everything that CI checks, in one order, with the time of each step. A failed step does not hide the next one.

use crate::{
    api, bubblewrap, codegen, conformance, documents, engine, imports,
    shell::{self, House, Result},
    tidy, ui,
};
use std::{
    env,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

// `--all-features` throughout: the only features are fail points, which tests of crashes need.

/// How a step ended, where it did not fail.
enum Verdict {
    Passed,
    /// Not done, with what would make it possible.
    LeftOut(&'static str),
}

/// What a step leaves behind for the end of the output.
#[derive(Default)]
struct Closing {
    lines: Vec<String>,
}

struct Step {
    name: &'static str,
    /// Whether `--quick` leaves it out.
    slow: bool,
    run: fn(&House, &mut Closing) -> Result<Verdict>,
}

const STEPS: &[Step] = &[
    Step { name: "format", slow: false, run: |house, _| passes(house, &["fmt", "--all", "--check"]) },
    Step {
        name: "tidy",
        slow: false,
        run: |house, _| {
            tidy::run(house)?;
            Ok(Verdict::Passed)
        },
    },
    // Before anything is built: the binary carries the page.
    Step { name: "page", slow: false, run: |house, _| reached(ui::check(house)?, PAGE_LEFT_OUT) },
    Step {
        name: "clippy",
        slow: false,
        run: |house, _| {
            passes(
                house,
                &["clippy", "--workspace", "--all-features", "--all-targets", "--locked", "--", "-D", "warnings"],
            )
        },
    },
    Step {
        name: "engine",
        slow: true,
        run: |house, _| {
            engine::run(true, house.root())?;
            Ok(Verdict::Passed)
        },
    },
    // Before the tests, which do not try what is not there.
    Step { name: "bubblewrap", slow: false, run: |house, _| bubblewrapped(house) },
    Step { name: "documents", slow: true, run: |house, _| documented(house) },
    Step { name: "tests", slow: false, run: tests },
    Step { name: "doc tests", slow: false, run: doc_tests },
    Step {
        name: "reference pages",
        slow: false,
        run: |house, _| {
            codegen::run(house, true, codegen::Binary::FromTests)?;
            Ok(Verdict::Passed)
        },
    },
    Step { name: "api", slow: true, run: |house, _| api(house) },
    Step { name: "conformance", slow: true, run: |house, _| conformant(house) },
    Step { name: "imports", slow: true, run: |house, _| imported(house) },
    Step { name: "browser", slow: true, run: |house, _| reached(ui::browse(house)?, BROWSER_LEFT_OUT) },
    Step { name: "docs", slow: false, run: docs },
    Step { name: "dependencies", slow: false, run: dependencies },
];

const PAGE_LEFT_OUT: &str = "Node or its packages could not be fetched: they need the network once";
const BROWSER_LEFT_OUT: &str = "no Chromium is here, or no packages";
const DOCUMENTS_LEFT_OUT: &str =
    "`sudo apt install poppler-utils` and Debian's packages add the comparison of texts of PDF files";
const BUBBLEWRAP_LEFT_OUT: &str = "`sudo apt install bubblewrap` adds the tests of the box that it makes";

pub(crate) fn run(house: &House, quick: bool) -> Result<()> {
    let mut closing = Closing::default();
    let mut rows = Vec::new();
    for (place, step) in STEPS.iter().enumerate() {
        println!("\n== {} ({} of {}) ==", step.name, place + 1, STEPS.len());
        let started = Instant::now();
        let result = match quick && step.slow {
            true => Ok(Verdict::LeftOut("by --quick")),
            false => (step.run)(house, &mut closing),
        };
        if let Err(error) = &result {
            println!("FAILED: {error}");
        }
        rows.push((step.name, result, started.elapsed()));
    }
    print!("{}", table(&rows));
    for line in &closing.lines {
        println!("{line}");
    }
    let failed = rows.iter().filter(|(_, result, _)| result.is_err()).count();
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} steps failed", rows.len()).into()) }
}

fn passes(house: &House, arguments: &[&str]) -> Result<Verdict> {
    shell::run(house.cargo(arguments))?;
    Ok(Verdict::Passed)
}

/// nextest where it is installed: it runs tests side by side and ends one that hangs. Both run the same tests.
fn tests(house: &House, closing: &mut Closing) -> Result<Verdict> {
    if house.has_cargo("nextest") {
        let command = house.cargo(&["nextest", "run", "--workspace", "--all-features", "--locked", "--profile", "ci"]);
        let in_summary = AtomicBool::new(false);
        let (lines, result) = shell::run_keeping(command, |line| {
            in_summary.fetch_or(is_summary(line), Ordering::Relaxed) || is_summary(line)
        });
        closing.lines.extend(lines);
        result?;
    } else {
        println!("cargo-nextest is not installed, so cargo test does it (`cargo install --locked cargo-nextest`)");
        let command =
            house.cargo(&["test", "--workspace", "--all-features", "--locked", "--all-targets", "--no-fail-fast"]);
        let (lines, result) = shell::run_keeping(command, is_result);
        closing.lines.extend(lines);
        result?;
    }
    Ok(Verdict::Passed)
}

fn doc_tests(house: &House, closing: &mut Closing) -> Result<Verdict> {
    let (lines, result) =
        shell::run_keeping(house.cargo(&["test", "--workspace", "--all-features", "--locked", "--doc"]), is_result);
    // Before the lines of the tests proper, which are what a person looks for at the end.
    closing.lines.splice(0..0, lines);
    result?;
    Ok(Verdict::Passed)
}

/// nextest's last paragraph begins here and ends with the names of what failed.
fn is_summary(line: &str) -> bool {
    line.trim_start().starts_with("Summary [")
}

/// The last line of each test binary under cargo test.
fn is_result(line: &str) -> bool {
    line.starts_with("test result:")
}

/// With the binary of the tests.
fn api(house: &House) -> Result<Verdict> {
    match api::run(house)? {
        api::Outcome::Held => Ok(Verdict::Passed),
        api::Outcome::NotReached(why) => {
            left_out(api::not_reached(&why), "schemathesis could not be fetched: it needs the network once")
        }
    }
}

/// With the binaries of the tests.
fn conformant(house: &House) -> Result<Verdict> {
    match conformance::run(house, None, None)? {
        conformance::Outcome::Held => Ok(Verdict::Passed),
        conformance::Outcome::NotReached(why) => left_out(
            conformance::not_reached(&why),
            "the official MCP suite could not be fetched: it needs the network once",
        ),
    }
}

/// With the binary of the tests.
fn imported(house: &House) -> Result<Verdict> {
    match imports::run(house)? {
        imports::Outcome::Held => Ok(Verdict::Passed),
        imports::Outcome::NotReached(why) => {
            left_out(imports::not_reached(&why), "no server was imported: it needs the network")
        }
    }
}

fn bubblewrapped(house: &House) -> Result<Verdict> {
    match bubblewrap::find(house)? {
        bubblewrap::Found::Here => Ok(Verdict::Passed),
        bubblewrap::Found::NotReached(why) => left_out(why, BUBBLEWRAP_LEFT_OUT),
    }
}

fn documented(house: &House) -> Result<Verdict> {
    match documents::find(house)? {
        documents::Found::Here => Ok(Verdict::Passed),
        documents::Found::NotReached(why) => left_out(why, DOCUMENTS_LEFT_OUT),
    }
}

fn reached(outcome: ui::Outcome, left_out_as: &'static str) -> Result<Verdict> {
    match outcome {
        ui::Outcome::Done => Ok(Verdict::Passed),
        ui::Outcome::NotReached(why) => left_out(why, left_out_as),
    }
}

/// A person without a network goes on without a step that needs it, and is told so; CI does not.
fn left_out(why: String, told_as: &'static str) -> Result<Verdict> {
    println!("{why}");
    match env::var_os("CI") {
        None => Ok(Verdict::LeftOut(told_as)),
        Some(_) => Err(why.into()),
    }
}

fn docs(house: &House, _: &mut Closing) -> Result<Verdict> {
    let mut command = house.cargo(&["doc", "--workspace", "--all-features", "--locked", "--no-deps", "--quiet"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    shell::run(command)?;
    Ok(Verdict::Passed)
}

/// The cargo-deny that `deny.toml` was written for.
const DENY: &str = "cargo-deny@0.20.2";

/// Licences and sources. `tidy` guards the crate edges without it; advisories change without us and need the network.
/// CI installs what it lacks beside what it builds; a person is told how, because it takes minutes to build.
fn dependencies(house: &House, _: &mut Closing) -> Result<Verdict> {
    let tools = house.target()?.join("tools");
    let own = tools.join("bin").join(format!("cargo-deny{}", env::consts::EXE_SUFFIX));
    if !house.has_cargo("deny") && !own.exists() {
        if env::var_os("CI").is_none() {
            return Ok(Verdict::LeftOut("`cargo install --locked cargo-deny` adds licences and sources"));
        }
        let mut install = house.cargo(&["install", "--quiet", "--locked", DENY, "--root"]);
        install.arg(&tools);
        shell::run(install)?;
    }
    // It reads the crates of every platform, and a build fetches those of this one only.
    shell::run(house.cargo(&["fetch", "--quiet", "--locked"]))?;
    let mut command = if own.exists() { house.program(own) } else { house.cargo(&["deny"]) };
    command.args(["--workspace", "--offline", "check", "bans", "licenses", "sources"]);
    shell::run(command)?;
    Ok(Verdict::Passed)
}

fn table(rows: &[(&str, Result<Verdict>, Duration)]) -> String {
    let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
    let mut text = "\n".to_owned();
    for (name, result, time) in rows {
        let (verdict, note) = match result {
            Ok(Verdict::Passed) => ("ok", ""),
            Ok(Verdict::LeftOut(how)) => ("left out", *how),
            Err(_) => ("FAILED", ""),
        };
        let line = format!("  {name:width$}  {verdict:8}  {:6.1} s  {note}", time.as_secs_f64());
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let total: Duration = rows.iter().map(|(_, _, time)| *time).sum();
    text.push_str(&format!("  {:width$}  {:8}  {:6.1} s\n\n", "in all", "", total.as_secs_f64()));
    text
}

#[cfg(test)]
mod tests_of_the_suite {
    use super::*;

    #[test]
    fn the_table_tells_what_failed_and_what_was_left_out() {
        let rows = [
            ("format", Ok(Verdict::Passed), Duration::from_millis(1_240)),
            ("clippy", Err("broken".into()), Duration::from_secs(61)),
            ("dependencies", Ok(Verdict::LeftOut("get it")), Duration::ZERO),
        ];
        let expected = "
  format        ok           1.2 s
  clippy        FAILED      61.0 s
  dependencies  left out     0.0 s  get it
  in all                    62.2 s

";
        assert_eq!(table(&rows), expected);
    }

    #[test]
    fn closing_lines_of_both_runners_are_known() {
        assert!(is_summary("     Summary [   0.012s] 3 tests run: 3 passed, 0 skipped"));
        assert!(is_result("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out"));
        assert!(!is_summary("        PASS [   0.004s] protocol text") && !is_result("test text ... ok"));
    }
}
