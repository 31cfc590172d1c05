//! What a service tells its operator: a line a record, in files that do not grow for ever.
//!
//! A record within a request says its route and its owner, one within a run the run and its app. None says what anybody
//! sent or got: where a failure quotes, only its code is written.

use crate::{LogFormat, LogSetup, observe::Observer};
use protocol::{ErrorCode, Failure, text::is_deceptive};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Mutex,
};
use tracing::Level;
use tracing_subscriber::{EnvFilter, Layer as _, filter::filter_fn, fmt};

/// A file that is longer makes room for the next one.
const FILE_BYTES_MAX: u64 = 8 << 20;
/// Old files that are kept beside the one that is written.
const FILES_KEPT: u32 = 4;
/// What is read of the newest file for those who want to see its last lines.
const TAIL_BYTES_MAX: u64 = 1 << 20;
/// How much is said where nobody says how much.
const LEVEL: &str = "info";

/// The folder of a home's log files.
pub(crate) fn folder(home: &Path) -> PathBuf {
    home.join("logs")
}

/// Whose records are written in full. What other people's code says of what it moves is not ours to vouch for: of that,
/// only warnings are written, whatever the operator asks for.
const OURS: &[&str] = &[
    "assembly", "broker", "effects", "egress", "gateway", "kernel", "link", "oikos", "package", "protocol", "sandbox",
    "state",
];

/// Whether a part of ours says it.
pub(crate) fn is_ours(target: &str) -> bool {
    OURS.contains(&target.split("::").next().unwrap_or_default())
}

/// Whether this says what to log.
pub(crate) fn filter_check(filter: &str) -> Result<(), String> {
    let checked = EnvFilter::try_new(filter).map(drop);
    checked.map_err(|error| format!("{error}; for example \"debug\", or \"gateway=debug,info\""))
}

/// What writes records into the home's log file. `filter` is what the operator wants to hear now, whatever the set-up says.
pub(crate) fn lines(home: &Path, setup: &LogSetup, filter: Option<&str>) -> Result<Observer, Failure> {
    let filter = EnvFilter::try_new(filter.or(setup.level.as_deref()).unwrap_or(LEVEL)).map_err(|error| {
        Failure::new(ErrorCode::Usage, format!("what to log cannot be understood: {error}")).hint("OIKOS_LOG=info")
    })?;
    let file = LogFile::open(folder(home), FILE_BYTES_MAX).map_err(|error| {
        Failure::new(ErrorCode::HomeUnusable, "the log file of OIKOS_HOME cannot be written").log(error.to_string())
    })?;
    let file = Mutex::new(file);
    let lines = fmt::layer().with_ansi(false);
    let lines = match setup.format {
        LogFormat::Text => lines.with_writer(file).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).with_writer(file).boxed(),
    };
    let known = filter_fn(|told| is_ours(told.target()) || *told.level() <= Level::WARN);
    Ok(lines.with_filter(filter).with_filter(known).boxed())
}

/// The last lines of a home's log.
pub fn log_tail(home: &Path, lines: usize) -> io::Result<Vec<String>> {
    let mut file = match File::open(folder(home).join(FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let begin = file.metadata()?.len().saturating_sub(TAIL_BYTES_MAX);
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES_MAX).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // What begins in the middle of a line is not one.
    let mut last: Vec<_> = text.lines().skip(usize::from(begin > 0)).map(str::to_owned).collect();
    Ok(last.split_off(last.len().saturating_sub(lines)))
}

/// The file that is written; `.1` is the one before it, and so on.
const FILE: &str = "oikos.log";

#[derive(Debug)]
struct LogFile {
    folder: PathBuf,
    file: File,
    bytes: u64,
    bytes_max: u64,
}

impl LogFile {
    fn open(folder: PathBuf, bytes_max: u64) -> io::Result<Self> {
        let (file, bytes) = append(&folder)?;
        Ok(Self { folder, file, bytes, bytes_max })
    }

    /// Makes room. An old file that cannot be moved is given up, and what is written is begun anew: what comes next is worth
    /// more than what is old.
    fn rotate(&mut self) -> io::Result<()> {
        let old = |number: u32| self.folder.join(format!("{FILE}.{number}"));
        for number in (1..FILES_KEPT).rev() {
            // There may be none yet, or something in the way.
            drop(fs::rename(old(number), old(number + 1)));
        }
        if fs::rename(self.folder.join(FILE), old(1)).is_err() {
            self.file.set_len(0)?;
        }
        self.open_again()
    }

    fn open_again(&mut self) -> io::Result<()> {
        (self.file, self.bytes) = append(&self.folder)?;
        Ok(())
    }

    /// Whether what is written is still where it is looked for: somebody may have moved it away, or the folder with it.
    fn is_in_place(&self) -> bool {
        let (Ok(ours), Ok(there)) = (self.file.metadata(), fs::symlink_metadata(self.folder.join(FILE))) else {
            return false;
        };
        (ours.dev(), ours.ino()) == (there.dev(), there.ino())
    }
}

/// The file that is written, at its end, and how long it is.
fn append(folder: &Path) -> io::Result<(File, u64)> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(folder.join(FILE))?;
    let bytes = file.metadata()?.len();
    Ok((file, bytes))
}

impl Write for LogFile {
    /// Writes a whole line, or nothing: each record comes in one piece. A break within it would look like a record of its
    /// own, which somebody could forge; what turns the direction of a text or cannot be seen would hide one.
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let said = String::from_utf8_lossy(record.strip_suffix(b"\n").unwrap_or(record));
        let mut line: String = said.chars().map(|c| if is_deceptive(c) { ' ' } else { c }).collect();
        line.push('\n');
        if !self.is_in_place() {
            self.open_again()?;
        }
        if self.bytes > 0 && self.bytes + line.len() as u64 > self.bytes_max {
            self.rotate()?;
        }
        self.file.write_all(line.as_bytes())?;
        self.bytes += line.len() as u64;
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_newest_lines_stay_and_the_oldest_go() {
        let home = tempfile::tempdir().unwrap();
        assert!(log_tail(home.path(), 5).unwrap().is_empty());
        let mut file = LogFile::open(folder(home.path()), 100).unwrap();
        for number in 0..100 {
            file.write_all(format!("line {number:03} {}\n", "x".repeat(10)).as_bytes()).unwrap();
        }
        drop(file);
        let mut names: Vec<_> = fs::read_dir(folder(home.path()))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["oikos.log", "oikos.log.1", "oikos.log.2", "oikos.log.3", "oikos.log.4"]);
        let last = log_tail(home.path(), 2).unwrap();
        assert_eq!(last.len(), 2);
        assert!(last[1].starts_with("line 099"), "{last:?}");
        // A record is a line, whatever is in it.
        let mut file = LogFile::open(folder(home.path()), 1_000).unwrap();
        file.write_all(b"one\n2026-01-01 forged\x1b[2J\n").unwrap();
        assert_eq!(log_tail(home.path(), 1).unwrap(), ["one 2026-01-01 forged [2J"]);
        drop(file);
        // Opened again, it goes on where it was.
        let mut file = LogFile::open(folder(home.path()), 1_000).unwrap();
        file.write_all(b"again\n").unwrap();
        assert!(log_tail(home.path(), 2).unwrap()[0].starts_with("one"));
    }

    /// Whoever looks after logs moves them away, or takes the whole folder: records go on.
    #[test]
    fn a_file_that_was_moved_away_costs_no_record() {
        let home = tempfile::tempdir().unwrap();
        let logs = folder(home.path());
        let mut file = LogFile::open(logs.clone(), 100).unwrap();
        let mut say = |number: u32| file.write_all(format!("line {number:03} {}\n", "x".repeat(10)).as_bytes());
        say(0).unwrap();
        fs::rename(logs.join(FILE), home.path().join("elsewhere")).unwrap();
        for number in 1..20 {
            say(number).unwrap();
        }
        assert!(log_tail(home.path(), 1).unwrap()[0].starts_with("line 019"));
        fs::remove_dir_all(&logs).unwrap();
        for number in 20..40 {
            say(number).unwrap();
        }
        assert!(log_tail(home.path(), 1).unwrap()[0].starts_with("line 039"));
        // Something in the way of an old file: that one is kept no longer, and nothing new is lost.
        fs::remove_file(logs.join("oikos.log.1")).unwrap();
        fs::create_dir_all(logs.join("oikos.log.1/in-the-way")).unwrap();
        for number in 40..60 {
            say(number).unwrap();
        }
        assert!(log_tail(home.path(), 1).unwrap()[0].starts_with("line 059"));
        assert!(fs::metadata(logs.join(FILE)).unwrap().len() <= 100, "it does not grow for ever");
    }

    /// What a terminal or a reader takes for more than a letter is written as what it is.
    #[test]
    fn a_record_says_nothing_in_secret() {
        let home = tempfile::tempdir().unwrap();
        let mut file = LogFile::open(folder(home.path()), 1_000).unwrap();
        let mut check = |said: &str, expected: &str| {
            file.write_all(format!("{said}\n").as_bytes()).unwrap();
            assert_eq!(log_tail(home.path(), 1).unwrap(), [expected], "{said:?}");
        };
        check("wo \u{fc} \u{4e2d} \u{1f600}", "wo \u{fc} \u{4e2d} \u{1f600}");
        check("a\u{9b}2Jb", "a 2Jb");
        check("a\u{85}b\u{2028}c\u{2029}d", "a b c d");
        check("a\u{202e}gpj.exe\u{202c}", "a gpj.exe ");
        check("a\u{2066}b\u{200f}c\u{200b}d\u{feff}e", "a b c d e");
        check("a\u{e0041}b", "a b");
    }
}
