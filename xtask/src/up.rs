//! From a clone to a working binary.

use crate::shell::{self, House, Result, oikos_file};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};

pub(crate) fn run(house: &House, words: &[String]) -> Result<()> {
    let started = Instant::now();
    look_for_compiler(house)?;
    println!("building oikos (the first time takes some minutes, later seconds)");
    shell::run(house.cargo(&["build", "--release", "--locked", "--bin", "oikos"]))?;
    let binary = place_binary(house)?;
    println!("\nlooking whether all is well");
    let mut doctor = house.program(&binary);
    doctor.arg("doctor");
    shell::run(doctor)?;
    if words.is_empty() {
        print!("{}", next_steps(&shown(house, &binary), started.elapsed().as_secs()));
        return Ok(());
    }
    let mut command = house.program(&binary);
    // What oikos asks is answered here.
    command.args(words).stdin(Stdio::inherit());
    shell::run(command)
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

Try, from this folder:
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
    fn the_next_steps_name_both_apps_and_three_commands() {
        let text = next_steps("target/release/oikos", 3);
        assert_eq!(text.lines().filter(|line| line.starts_with("  target/release/oikos ")).count(), 3);
        assert!(text.contains("csv-insights") && text.contains("apps/notes"));
    }
}
