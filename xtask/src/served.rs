//! An oikos of its own that is up: in a folder that nothing else knows, at a door of this machine.

use crate::shell::Result;
use serde_json::Value;
use std::{
    env,
    ffi::OsString,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// How long it may take to be up: what the first start compiles included, on a machine that is busy.
pub(crate) const START_WAIT: Duration = Duration::from_secs(60);

/// An oikos that is up.
pub(crate) struct Served {
    binary: PathBuf,
    folder: PathBuf,
    /// What its environment has beside the usual.
    surroundings: Surroundings,
    url: String,
    up: Child,
}

type Surroundings = Vec<(OsString, OsString)>;

impl Served {
    /// Starts one. `name` tells its folder apart from those of others.
    pub(crate) fn start(binary: &Path, name: &str) -> Result<Self> {
        Self::start_with(binary, name, Vec::new())
    }

    /// The same, with this in its environment.
    pub(crate) fn start_with(binary: &Path, name: &str, surroundings: Surroundings) -> Result<Self> {
        if !binary.is_file() {
            return Err(format!("{} is not there\nhint: cargo xtask up", binary.display()).into());
        }
        let folder = env::temp_dir().join(format!("oikos-{name}-{}", std::process::id()));
        fs::create_dir(&folder)?;
        fs::create_dir(folder.join("files"))?;
        fs::create_dir(folder.join("person"))?;
        let mut up = command(binary, &folder, &surroundings, &["up", "--port", "0", "--json"]);
        let up = up.stdout(Stdio::piped()).stderr(fs::File::create(folder.join("up.txt"))?).spawn()?;
        let mut served = Self { binary: binary.to_owned(), folder, surroundings, url: String::new(), up };
        let first = first_line(&mut served.up)?;
        first["url"].as_str().ok_or("oikos up did not say where its door is")?.clone_into(&mut served.url);
        Ok(served)
    }

    /// A command of it that has not started yet.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        command(&self.binary, &self.folder, &self.surroundings, words)
    }

    /// Runs a command of it; what it said at last.
    pub(crate) fn oikos(&self, words: &[&str]) -> Result<Value> {
        let output = self.command(words).arg("--json").output()?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            return Err(format!("oikos {}: {}", words.join(" "), String::from_utf8_lossy(&said)).into());
        }
        let said = String::from_utf8_lossy(&output.stdout);
        Ok(serde_json::from_str(said.lines().last().unwrap_or("null"))?)
    }

    /// Where its door is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The same without how it is spoken with.
    pub(crate) fn host(&self) -> &str {
        self.url.split_once("//").map_or("", |(_, host)| host)
    }

    /// Its folder. `files` in it is where commands are said.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The home folder of the person whose it is.
    pub(crate) fn person(&self) -> PathBuf {
        self.folder.join("person")
    }

    /// Ends it. It has to have come through all of it whole; nothing stays behind then.
    pub(crate) fn end(mut self) -> Result<()> {
        // Nobody answers any more, so what asks would be waited for.
        self.oikos(&["stop", "--all"])?;
        self.oikos(&["log", "--verify"])?;
        self.oikos(&["daemon", "stop"])?;
        let status = ended(&mut self.up)?;
        let said = fs::read_to_string(self.folder.join("up.txt"))?;
        if !status.success() || said.contains("panicked") {
            return Err(format!("oikos up ended with {status}:\n{said}").into());
        }
        // The folder of one that went wrong is of interest; that of one that went well is not.
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            println!("{} could not be removed: {error}", self.folder.display());
        }
        Ok(())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Where all went well it has ended already.
        drop(self.up.kill());
        drop(self.up.wait());
    }
}

fn command(binary: &Path, folder: &Path, surroundings: &Surroundings, words: &[&str]) -> Command {
    let mut command = Command::new(binary);
    command.args(words).current_dir(folder.join("files")).stdin(Stdio::null());
    command.env("OIKOS_HOME", folder.join("home")).env("XDG_CONFIG_HOME", folder.join("config"));
    command.env("HOME", folder.join("person")).env_remove("FAILPOINTS").env("TZ", "UTC");
    command.envs(surroundings.iter().map(|(name, value)| (name, value)));
    command
}

/// Waits for a program that was told to end.
#[expect(clippy::disallowed_methods, reason = "a child can be waited for, or be waited for until a moment; not both")]
fn ended(program: &mut Child) -> Result<ExitStatus> {
    let begun = Instant::now();
    loop {
        match program.try_wait()? {
            Some(status) => return Ok(status),
            None if begun.elapsed() > START_WAIT => return Err("oikos up does not end".into()),
            None => thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// The first line that a program says, as JSON; the rest is read and forgotten.
fn first_line(program: &mut Child) -> Result<Value> {
    let out = program.stdout.take().ok_or("its output is not ours")?;
    let (said, heard) = mpsc::channel();
    thread::spawn(move || {
        let mut out = BufReader::new(out);
        let mut line = String::new();
        drop(out.read_line(&mut line));
        drop(said.send(line));
        drop(out.read_to_end(&mut Vec::new()));
    });
    let line = heard.recv_timeout(START_WAIT).map_err(|_| "oikos up said nothing")?;
    Ok(serde_json::from_str(&line).map_err(|error| format!("oikos up said {line:?}: {error}"))?)
}

/// A text in what was said.
pub(crate) fn text(value: &Value, pointer: &str) -> Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    Ok(text.ok_or_else(|| format!("there is no {pointer} in {value}"))?.to_owned())
}
