//! From a clone to a working binary.

use crate::{
    shell::{self, House, Result, oikos_file},
    ui,
};
use std::{
    env, fs,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};

pub(crate) fn run(house: &House, words: &[String]) -> Result<()> {
    let started = Instant::now();
    look_for_compiler(house)?;
    build_page(house)?;
    println!("building oikos (the first time takes some minutes, later seconds)");
    shell::run(house.cargo(&["build", "--release", "--locked", "--bin", "oikos"]))?;
    let binary = place_binary(house)?;
    println!("\nlooking whether all is well");
    let mut doctor = house.program(&binary);
    doctor.arg("doctor");
    shell::run(doctor)?;
    let mut command = house.program(&binary);
    // What oikos asks is answered here.
    command.stdin(Stdio::inherit());
    if words.is_empty() {
        print!("{}", next_steps(&shown(house, &binary), started.elapsed().as_secs()));
        // To a script nothing is left running.
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(());
        }
        println!();
        command.args(["up", "--open"]);
    } else {
        command.args(words);
    }
    shell::run(command)
}

/// The page, where it is missing or not that of now. Without Node and a network oikos works all the same.
fn build_page(house: &House) -> Result<()> {
    if !ui::is_stale(house)? {
        return Ok(());
    }
    println!("building the page");
    if let ui::Outcome::NotReached(why) = ui::build(house)? {
        println!("{why}\n\nGoing on without the page; `cargo xtask ui` makes it when there is a network.\n");
    }
    Ok(())
}

/// SQLite is built from C. Cargo would say so too, but on page three of a linker's complaint.
fn look_for_compiler(house: &House) -> Result<()> {
    let named = env::var_os("CC");
    let known = named.iter().map(|name| name.as_os_str()).chain(["cc", "gcc", "clang"].map(std::ffi::OsStr::new));
    let mut tried = known.map(|name| {
        let mut command = house.program(name);
        command.arg("--version");
        shell::answers(command)
    });
    if cfg!(windows) || tried.any(|answers| answers) {
        return Ok(());
    }
    Err("no C compiler answers (tried $CC, cc, gcc, clang)\nhint: on Debian and Ubuntu: apt install build-essential"
        .into())
}

/// Where a person finds the binary: always `target/release`, also where cargo builds elsewhere.
fn place_binary(house: &House) -> Result<PathBuf> {
    let built = house.target()?.join("release").join(oikos_file());
    let promised = house.root().join("target").join("release").join(oikos_file());
    if built == promised {
        return Ok(promised);
    }
    fs::create_dir_all(promised.parent().unwrap_or(house.root()))?;
    match fs::remove_file(&promised) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink(&built, &promised)?;
    #[cfg(not(unix))]
    fs::copy(&built, &promised)?;
    Ok(promised)
}

fn shown(house: &House, binary: &Path) -> String {
    binary.strip_prefix(house.root()).unwrap_or(binary).display().to_string()
}

fn next_steps(oikos: &str, seconds: u64) -> String {
    format!(
        "
oikos works after {seconds} s: {oikos}

Its page, in your browser:
  {oikos} up --open

Or, from this folder:
  {oikos} app install apps/csv-insights
  {oikos} run csv-insights analyze --file data=YOUR.csv
  {oikos} log csv-insights

Then `app install apps/notes` for an app that keeps something, `{oikos} --help` for everything else.
The tour is in README.md.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_steps_name_the_page_both_apps_and_four_commands() {
        let text = next_steps("target/release/oikos", 3);
        assert_eq!(text.lines().filter(|line| line.starts_with("  target/release/oikos ")).count(), 4);
        assert!(text.contains("up --open") && text.contains("csv-insights") && text.contains("apps/notes"));
    }
}
