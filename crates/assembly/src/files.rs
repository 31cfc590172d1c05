//! The files of an operator: the set-up, and what it names. Read whole, within a bound, or not at all.

use crate::Config;
use gateway::auth::PEM_BYTES_MAX;
use protocol::{ErrorCode, Failure, text};
use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

/// Longest configuration file: hundreds of times what all of its words need.
const CONFIG_BYTES_MAX: usize = 1 << 20;

impl Config {
    /// Reads a configuration file over what is set. Refuses what cannot be read, and what [`Config::read`] refuses.
    pub fn read_file(&mut self, path: &Path) -> Result<(), Failure> {
        let shown = text::escape(&path.to_string_lossy());
        let bytes = read(path, CONFIG_BYTES_MAX)
            .map_err(|error| Failure::new(ErrorCode::Usage, format!("{shown} cannot be read: {error}")))?;
        if bytes.len() > CONFIG_BYTES_MAX {
            let message = format!("{shown} is longer than {CONFIG_BYTES_MAX} bytes, so it is no configuration file");
            return Err(Failure::new(ErrorCode::Usage, message));
        }
        let written = String::from_utf8(bytes).map_err(|error| {
            let line = 1 + error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|&&b| b == b'\n').count();
            Failure::new(ErrorCode::Usage, format!("{shown}:{line} is not UTF-8, so it is no configuration file"))
        })?;
        self.read(&shown, &written)
    }
}

/// A certificate or a key that the set-up names.
pub(crate) fn pem(path: &Path) -> Result<Vec<u8>, Failure> {
    // Whoever reads it says that it is too large.
    read(path, PEM_BYTES_MAX).map_err(|error| {
        unusable(path, &format!("cannot be read: {error}")).hint("[doors] tls in the configuration file names it")
    })
}

/// A text that the set-up names. `hint` says where it does.
pub(crate) fn read_text(path: &Path, bytes_max: usize, hint: &str) -> Result<String, Failure> {
    let file = open(path, hint)?;
    text_of(file, path, bytes_max, hint)
}

fn open(path: &Path, hint: &str) -> Result<File, Failure> {
    File::open(path).map_err(|error| unusable(path, &format!("cannot be read: {error}")).hint(hint))
}

fn text_of(file: File, path: &Path, bytes_max: usize, hint: &str) -> Result<String, Failure> {
    let wrong = |why: String| unusable(path, &why).hint(hint);
    let bytes = bytes_of(file, bytes_max).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if bytes.len() > bytes_max {
        return Err(wrong(format!("is longer than {bytes_max} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| wrong("holds what is no text".to_owned()))
}

/// The same of a text that is a secret: nobody but its owner may read it.
pub(crate) fn read_secret(path: &Path, bytes_max: usize, hint: &str) -> Result<String, Failure> {
    let file = open(path, hint)?;
    // Of the very file that is read: what lies at a path may be another one a moment later.
    let known = file.metadata().map_err(|error| unusable(path, &format!("cannot be read: {error}")).hint(hint))?;
    if known.permissions().mode() & 0o077 != 0 {
        let shown = text::escape(&path.to_string_lossy());
        let failure = unusable(path, "can be read by others, and what it holds is a secret");
        return Err(failure.hint(format!("chmod 600 {shown}")));
    }
    text_of(file, path, bytes_max, hint)
}

fn unusable(path: &Path, why: &str) -> Failure {
    Failure::new(ErrorCode::FileUnusable, format!("{} {why}", text::escape(&path.to_string_lossy())))
}

/// What a file holds; of one that holds more than `bytes_max`, one byte more than that.
pub(crate) fn read(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    bytes_of(File::open(path)?, bytes_max)
}

fn bytes_of(file: File, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
