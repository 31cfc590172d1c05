//! A home of its own, the binary, and what it says.

use serde_json::Value;
use std::{
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// An oikos of its own, in a temporary folder.
pub(crate) struct Oikos {
    folder: tempfile::TempDir,
}

/// What a command said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Oikos {
    /// An empty home beside an empty folder for files.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("files")).unwrap();
        Self { folder }
    }

    /// OIKOS_HOME.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A folder for the test's own files; commands run in it.
    pub(crate) fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// The home folder of the person who uses it: what `~` stands for where a test says so.
    pub(crate) fn person(&self) -> PathBuf {
        self.folder.path().join("person")
    }

    /// Where this person's publisher's keys are.
    pub(crate) fn publishers(&self) -> PathBuf {
        self.person().join(".config/oikos/publishers")
    }

    /// A command that has not started yet.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_oikos"));
        command.args(words);
        command
    }

    /// Any program, in the same surroundings.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("OIKOS_HOME", self.home())
            .env("XDG_CONFIG_HOME", self.person().join(".config"))
            .env_remove("FAILPOINTS")
            .env_remove("COLUMNS")
            .env("TZ", "UTC")
            .env("NO_COLOR", "1")
            .current_dir(self.files())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Said {
        Said::of(self.command(words).output().unwrap())
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub(crate) fn ok(&self, words: &[&str]) -> Said {
        let said = self.run(words);
        assert_eq!(said.code, 0, "oikos {}\n{}{}", words.join(" "), said.out, said.err);
        said
    }

    /// Runs a command with `--json` that must succeed; gives the last line.
    #[track_caller]
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let said = self.ok(&[words, &["--json"]].concat());
        serde_json::from_str(said.out.lines().last().unwrap_or("null")).unwrap()
    }

    /// Installs one of the apps of this repository as its card proposes, with these grants.
    #[track_caller]
    pub(crate) fn install(&self, app: &str, grants: &[&str]) {
        let source = app_folder(app);
        let mut words = vec!["app", "install", source.to_str().unwrap(), "--yes"];
        for grant in grants {
            words.extend(["--grant", grant]);
        }
        self.ok(&words);
    }

    /// The newest run's id.
    #[track_caller]
    pub(crate) fn last_run(&self) -> String {
        self.json(&["run", "--list"])[0]["run"].as_str().unwrap().to_owned()
    }
}

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The folder of an official app or of one of the tests' own.
pub(crate) fn app_folder(app: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = here.join("tests/apps").join(app);
    if own.exists() { own } else { here.join("../../apps").join(app).canonicalize().unwrap() }
}

/// Writes what only its owner may read.
pub(crate) fn write_secret(path: &Path, text: &str) {
    drop(std::fs::remove_file(path));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
