//! What a service tells its operator: lines of JSON, in files that do not grow for ever.

use protocol::{ErrorCode, Failure};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Mutex,
};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

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

/// From here on this process tells what it does in the home's log file. `filter` is what the operator wants to hear, as
/// in `debug` or `gateway=debug,info`.
pub fn log_to_home(home: &Path, filter: Option<&str>) -> Result<(), Failure> {
    let unusable = |error: &dyn std::error::Error| {
        Failure::new(ErrorCode::HomeUnusable, "the log file of OIKOS_HOME cannot be written").log(error.to_string())
    };
    let filter = EnvFilter::try_new(filter.unwrap_or(LEVEL)).map_err(|error| {
        Failure::new(ErrorCode::Usage, format!("what to log cannot be understood: {error}")).hint("OIKOS_LOG=info")
    })?;
    let file = LogFile::open(folder(home), FILE_BYTES_MAX).map_err(|error| unusable(&error))?;
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(Mutex::new(file));
    tracing_subscriber::registry().with(filter).with(lines).try_init().map_err(|error| unusable(&error))
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
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let file = append(&folder)?;
        let bytes = file.metadata()?.len();
        Ok(Self { folder, file, bytes, bytes_max })
    }

    fn rotate(&mut self) -> io::Result<()> {
        let old = |number: u32| self.folder.join(format!("{FILE}.{number}"));
        for number in (1..FILES_KEPT).rev() {
            match fs::rename(old(number), old(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(self.folder.join(FILE), old(1))?;
        self.file = append(&self.folder)?;
        self.bytes = 0;
        Ok(())
    }
}

fn append(folder: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(folder.join(FILE))
}

impl Write for LogFile {
    /// Writes a whole line, or nothing: each line comes in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.bytes > 0 && self.bytes + line.len() as u64 > self.bytes_max {
            self.rotate()?;
        }
        self.file.write_all(line)?;
        self.bytes += line.len() as u64;
        Ok(line.len())
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
            writeln!(file, "line {number:03} {}", "x".repeat(10)).unwrap();
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
        // Opened again, it goes on where it was.
        let mut file = LogFile::open(folder(home.path()), 1_000).unwrap();
        writeln!(file, "again").unwrap();
        assert!(log_tail(home.path(), 2).unwrap()[0].starts_with("line 099"));
    }
}
