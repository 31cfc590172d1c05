//! Starts programs, measures them, keeps their closing lines.

use serde_json::Value;
use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The checkout that is worked on.
pub(crate) struct House {
    root: PathBuf,
}

impl House {
    /// From where cargo started us; from the folder we stand in otherwise. Never from where we were compiled: a target
    /// folder may be shared by several checkouts.
    pub(crate) fn find() -> Result<Self> {
        let start = match env::var_os("CARGO_MANIFEST_DIR") {
            Some(folder) => PathBuf::from(folder),
            None => env::current_dir()?,
        };
        let root = start
            .ancestors()
            .find(|folder| folder.join("xtask/Cargo.toml").is_file())
            .ok_or("this is not a checkout of oikos")?;
        Ok(Self { root: root.to_owned() })
    }

    /// Its folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A program that will run in the checkout.
    pub(crate) fn program(&self, name: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(name);
        command.current_dir(&self.root);
        // None of them asks anything. One that did would be waited for in vain.
        command.stdin(Stdio::null());
        // What `cargo run` says about xtask is not for the programs that xtask starts.
        for (key, _) in env::vars_os() {
            let name = key.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&key);
            }
        }
        command
    }

    /// The cargo that started us.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments);
        command
    }

    /// Whether `cargo NAME` is installed.
    pub(crate) fn has_cargo(&self, name: &str) -> bool {
        answers(self.cargo(&[name, "--version"]))
    }

    /// What cargo knows about our own crates; needs no network.
    pub(crate) fn metadata(&self) -> Result<Value> {
        let output = self.cargo(&["metadata", "--format-version=1", "--no-deps", "--offline"]).output()?;
        if !output.status.success() {
            return Err(format!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target(&self) -> Result<PathBuf> {
        let metadata = self.metadata()?;
        let folder = metadata["target_directory"].as_str().ok_or("cargo metadata names no target folder")?;
        Ok(PathBuf::from(folder))
    }
}

/// The name of the binary on this system.
pub(crate) fn oikos_file() -> String {
    format!("oikos{}", env::consts::EXE_SUFFIX)
}

/// Whether a program starts and is content.
pub(crate) fn answers(mut command: Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Runs a program on this terminal.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let status = command.status().map_err(|error| format!("{} did not start: {error}", in_words(&command)))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", in_words(&command)).into()) }
}

/// Runs a program, shows all it says, and keeps the lines that `keep` wants.
pub(crate) fn run_keeping(
    mut command: Command,
    keep: impl Fn(&str) -> bool + Send + Sync,
) -> (Vec<String>, Result<()>) {
    let started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => return (Vec::new(), Err(format!("{} did not start: {error}", in_words(&command)).into())),
    };
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let kept = thread::scope(|scope| {
        let out = scope.spawn(|| out.map(|out| pass_on(out, io::stdout(), &keep)).unwrap_or_default());
        let err = scope.spawn(|| err.map(|err| pass_on(err, io::stderr(), &keep)).unwrap_or_default());
        [out.join().unwrap_or_default(), err.join().unwrap_or_default()].concat()
    });
    let result = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} ended with {status}", in_words(&command)).into()),
        Err(error) => Err(error.into()),
    };
    (kept, result)
}

fn pass_on(from: impl Read, mut to: impl Write, keep: impl Fn(&str) -> bool) -> Vec<String> {
    let mut kept = Vec::new();
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(from.read_until(b'\n', &mut line), Ok(length) if length > 0) {
        // A closed terminal must not stop the tests: their result still counts.
        drop(to.write_all(&line).and_then(|()| to.flush()));
        let text = String::from_utf8_lossy(&line);
        if keep(text.trim_end()) {
            kept.push(text.trim_end().to_owned());
        }
        line.clear();
    }
    kept
}

fn in_words(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut words = program.to_string_lossy().into_owned();
    for argument in command.get_args() {
        words.push(' ');
        words.push_str(&argument.to_string_lossy());
    }
    format!("`{words}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wanted_lines_are_kept_and_all_are_shown() {
        let mut shown = Vec::new();
        let kept = pass_on(&b"one\ntest result: ok\nlast without end"[..], &mut shown, |line| line.contains("t"));
        assert_eq!(kept, ["test result: ok", "last without end"]);
        assert_eq!(shown, b"one\ntest result: ok\nlast without end");
    }
}
