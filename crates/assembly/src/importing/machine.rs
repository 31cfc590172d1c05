//! What import looks up on this machine: files, programs, variables. Nothing here writes or starts anything.

use crate::Person;
use mcp::import::{About, Hidden, LookError, Machine, Roots, System};
use protocol::text;
use std::{
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// Names that are read from one folder.
const NAMES_MAX: usize = 2_000;

/// This machine, as the person sees it.
pub(super) struct ThisMachine<'a> {
    pub(super) person: &'a Person,
    /// Where programs are looked for.
    pub(super) folders: &'a [PathBuf],
}

impl ThisMachine<'_> {
    pub(super) fn roots(&self, projects: Vec<String>) -> Roots {
        let system = if cfg!(target_os = "macos") { System::MacOs } else { System::Linux };
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let config = self.person.config.as_deref().map(text);
        Roots { system, home: text(&self.person.home), config, projects }
    }
}

fn error(error: &io::Error) -> LookError {
    LookError(text::shorten(&error.to_string(), 200))
}

impl Machine for ThisMachine<'_> {
    fn file(&self, path: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, LookError> {
        let file = match File::open(path) {
            Err(missing) if matches!(missing.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            file => file.map_err(|failed| error(&failed))?,
        };
        // A pipe under the name of a file would be waited for.
        if !file.metadata().map_err(|failed| error(&failed))?.is_file() {
            return Err(LookError("it is no file".to_owned()));
        }
        let mut bytes = Vec::new();
        file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(|failed| error(&failed))?;
        Ok(Some(bytes))
    }

    fn names(&self, path: &str) -> Result<Vec<String>, LookError> {
        let entries = match fs::read_dir(path) {
            Err(missing) if matches!(missing.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(Vec::new());
            }
            entries => entries.map_err(|failed| error(&failed))?,
        };
        let names = entries.take(NAMES_MAX).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(names)
    }

    fn about(&self, path: &str) -> Option<About> {
        let path = fs::canonicalize(path).ok()?;
        let is_folder = fs::metadata(&path).ok()?.is_dir();
        Some(About { is_folder, is_open_to_all: is_open_to_all(&path) })
    }

    fn program(&self, name: &str) -> Option<String> {
        let is_program = |path: &PathBuf| {
            fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
        };
        let found = self.folders.iter().map(|folder| folder.join(name)).find(is_program)?;
        found.into_os_string().into_string().ok()
    }

    fn variable(&self, name: &str) -> Option<Hidden> {
        (self.person.variable)(name)?.into_string().ok().map(Hidden::new)
    }
}

/// Whether anybody on this machine may put something else in a file's place. In a folder with a sticky bit only owners may.
fn is_open_to_all(path: &Path) -> bool {
    let mode = |path: &Path| fs::metadata(path).map_or(0, |found| found.permissions().mode());
    mode(path) & 0o002 != 0 || path.ancestors().skip(1).any(|above| mode(above) & 0o1002 == 0o002)
}
