//! Tools that are written in Python: a place of their own under the target folder, with exactly what a list with hashes
//! says.

use crate::shell::Result;
use std::{
    fs,
    path::Path,
    path::PathBuf,
    process::{Command, Stdio},
};

/// What comes of asking for an environment.
pub(crate) enum Environment {
    /// Its folder of programs.
    Ready(PathBuf),
    /// The packages could not be fetched, for want of a network.
    NotReached(String),
}

/// An environment in `folder` with what `requirements` lists. Made once; made again when the list changes.
pub(crate) fn environment(folder: &Path, requirements: &Path) -> Result<Environment> {
    let programs = folder.join("bin");
    let stamp = folder.join("installed.txt");
    let wanted = fs::read_to_string(requirements)
        .map_err(|error| format!("{} cannot be read: {error}", requirements.display()))?;
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(Environment::Ready(programs));
    }
    let made = said(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))
        .map_err(|error| format!("python3 did not start: {error}\nhint: install Python 3"))?;
    if let Err(why) = made {
        return Err(format!("python3 -m venv failed:\n{why}\nhint: install Python's venv (python3-venv)").into());
    }
    let mut pip = Command::new(programs.join("python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]);
    pip.args(["--require-hashes", "-r"]).arg(requirements);
    if let Err(why) = said(&mut pip)? {
        return match is_offline(&why) {
            true => Ok(Environment::NotReached(why)),
            false => Err(format!("what {} lists cannot be installed:\n{why}", requirements.display()).into()),
        };
    }
    fs::write(&stamp, wanted)?;
    Ok(Environment::Ready(programs))
}

/// Runs a program that should say nothing; what it said, if it failed.
fn said(command: &mut Command) -> std::io::Result<std::result::Result<(), String>> {
    let output = command.stdin(Stdio::null()).output()?;
    let text = [output.stdout, output.stderr].concat();
    Ok(if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&text).trim().to_owned()) })
}

/// Whether pip failed because nobody answered. Anything else, a hash above all, is a failure.
fn is_offline(said: &str) -> bool {
    let has = |word: &str| said.contains(word);
    !has("DO NOT MATCH THE HASHES")
        && ["NewConnectionError", "NameResolutionError", "Failed to establish a new connection", "ConnectTimeoutError"]
            .into_iter()
            .any(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_silence_is_being_offline() {
        let retry = "WARNING: Retrying after connection broken by 'NewConnectionError(…)': /simple/schemathesis/\n\
                     ERROR: No matching distribution found for schemathesis==4.32.5";
        assert!(is_offline(retry));
        assert!(!is_offline("ERROR: No matching distribution found for schemathesis==0.0.0"));
        assert!(!is_offline(&format!("{retry}\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES")));
    }
}
