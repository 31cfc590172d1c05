//! The one door to the machine: what import has to know, looked up by whoever may look.

use super::secret::Hidden;
use std::{collections::BTreeMap, fmt};

/// What a path leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// A folder; else a file.
    pub is_folder: bool,
    /// Anybody on this machine may write to it, or to a folder above it that has no sticky bit.
    pub is_open_to_all: bool,
}

/// Why something could not be looked up, escaped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LookError(pub String);

/// Looks things up on this machine. Everything that import wants to know goes through here, so a test can stand in for it;
/// nothing here writes or starts anything.
pub trait Machine {
    /// A file's bytes, at most `bytes_max` and one more, so that the reader sees that it is too long; none where it is not
    /// there.
    fn file(&self, path: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, LookError>;
    /// The names in a folder, sorted; none where there is none.
    fn names(&self, path: &str) -> Result<Vec<String>, LookError>;
    /// What a path leads to, links followed; none where it leads nowhere.
    fn about(&self, path: &str) -> Option<About>;
    /// Where the program of a name is, on the path that programs are looked up on.
    fn program(&self, name: &str) -> Option<String>;
    /// A variable of the person's environment.
    fn variable(&self, name: &str) -> Option<Hidden>;
}

/// A machine that exists in memory: for tests, and for telling what an entry would be elsewhere.
#[derive(Clone, Default)]
pub struct MachineInMemory {
    /// Files by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Files and folders that anybody may write to.
    pub open_to_all: Vec<String>,
    /// Where programs are, by name.
    pub programs: BTreeMap<String, String>,
    /// The environment.
    pub variables: BTreeMap<String, Hidden>,
}

impl fmt::Debug for MachineInMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MachineInMemory").field("files", &self.files.keys()).finish_non_exhaustive()
    }
}

impl MachineInMemory {
    fn is_folder(&self, path: &str) -> bool {
        let start = format!("{}/", path.trim_end_matches('/'));
        self.files.keys().any(|file| file.starts_with(&start))
    }
}

impl Machine for MachineInMemory {
    fn file(&self, path: &str, _: usize) -> Result<Option<Vec<u8>>, LookError> {
        Ok(self.files.get(path).cloned())
    }

    fn names(&self, path: &str) -> Result<Vec<String>, LookError> {
        let start = format!("{}/", path.trim_end_matches('/'));
        let below = self.files.keys().filter_map(|file| file.strip_prefix(&start));
        let mut names: Vec<String> = below.filter_map(|rest| Some(rest.split('/').next()?.to_owned())).collect();
        names.dedup();
        Ok(names)
    }

    fn about(&self, path: &str) -> Option<About> {
        let path = path.trim_end_matches('/');
        let is_folder = self.is_folder(path);
        let is_there = is_folder || self.files.contains_key(path) || self.programs.values().any(|known| known == path);
        let is_open_to_all = self.open_to_all.iter().any(|open| path == open || path.starts_with(&format!("{open}/")));
        is_there.then_some(About { is_folder, is_open_to_all })
    }

    fn program(&self, name: &str) -> Option<String> {
        self.programs.get(name).cloned()
    }

    fn variable(&self, name: &str) -> Option<Hidden> {
        self.variables.get(name).cloned()
    }
}
