//! A home folder that goes away.

use std::path::{Path, PathBuf};

/// A place for an OIKOS_HOME, removed with everything in it when dropped. The home itself is not made, because making
/// it is what the product does.
#[derive(Debug)]
pub struct TempHome {
    folder: tempfile::TempDir,
    home: PathBuf,
}

impl TempHome {
    /// A place of its own, in the system's folder for temporary files.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("oikos-test-").tempdir().expect("a temporary folder can be made");
        let home = folder.path().join("home");
        Self { folder, home }
    }

    /// Where the home is, or will be.
    pub fn path(&self) -> &Path {
        &self.home
    }

    /// A folder beside the home that exists, for a test's own files.
    pub fn beside(&self) -> &Path {
        self.folder.path()
    }
}

impl Default for TempHome {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_away() {
        let home = TempHome::new();
        let (path, beside) = (home.path().to_owned(), home.beside().to_owned());
        assert!(!path.exists() && beside.is_dir());
        std::fs::create_dir(&path).expect("the place for a home can be used");
        drop(home);
        assert!(!beside.exists());
    }
}
