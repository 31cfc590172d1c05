//! The files of an operator: the set-up, and what it names. Read whole, within a bound, or not at all.

use crate::Config;
use gateway::auth::PEM_BYTES_MAX;
use protocol::{ErrorCode, Failure, text};
use std::{
    fs::File,
    io::{self, Read as _},
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
        let shown = text::escape(&path.to_string_lossy());
        Failure::new(ErrorCode::FileUnusable, format!("{shown} cannot be read: {error}"))
            .hint("[doors] tls in the configuration file names it")
    })
}

/// What a file holds; of one that holds more than `bytes_max`, one byte more than that.
pub(crate) fn read(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
