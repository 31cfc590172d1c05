//! What outlives a program: its home, and the labels of what may lie there. Data without its label could go anywhere, so they
//! are on the disk before the program hears anything that has them.

use super::unpack::make_folder;
use protocol::{AppName, Labels, OwnerId};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The memory of one app's programs, for one owner.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    home: PathBuf,
    labels: PathBuf,
}

impl Memory {
    /// Beneath `room`, made if it is not there.
    pub(crate) fn open(room: &Path, owner: OwnerId, app: &AppName) -> io::Result<Self> {
        let memory = Self::at(room, owner, app);
        make_folder(&memory.home)?;
        Ok(memory)
    }

    fn at(room: &Path, owner: OwnerId, app: &AppName) -> Self {
        let folder = room.join(owner.0.to_string()).join(app.as_str());
        Self { home: folder.join("home"), labels: folder.join("labels.json") }
    }

    /// The program's own folder.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// The labels of what lies there. What cannot be read counts as everything.
    pub(crate) fn labels(&self) -> Labels {
        match fs::read(&self.labels) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or(Labels::PRIVATE.join(Labels::STRANGER)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Labels::NONE,
            Err(_) => Labels::PRIVATE.join(Labels::STRANGER),
        }
    }

    /// Keeps them. Should that fail, the next program is taken for one that knows everything.
    pub(crate) fn keep(&self, labels: Labels) {
        let staged = self.labels.with_extension("new");
        let keep = || -> io::Result<()> {
            fs::write(&staged, serde_json::to_vec(&labels)?)?;
            fs::File::open(&staged)?.sync_all()?;
            fs::rename(&staged, &self.labels)
        };
        if let Err(error) = keep() {
            tracing::error!(%error, "what a program was told could not be noted beside its home");
            drop(fs::write(&self.labels, b"unknown"));
        }
    }

    /// Forgets all of it.
    pub(crate) fn erase(room: &Path, owner: OwnerId, app: &AppName) -> io::Result<()> {
        match fs::remove_dir_all(room.join(owner.0.to_string()).join(app.as_str())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn labels_outlive_the_program() {
        let room = tempfile::tempdir().unwrap();
        let app: AppName = "files".parse().unwrap();
        let memory = Memory::open(room.path(), OwnerId(1), &app).unwrap();
        assert_eq!(memory.labels(), Labels::NONE);
        memory.keep(Labels::PRIVATE);
        assert_eq!(Memory::open(room.path(), OwnerId(1), &app).unwrap().labels(), Labels::PRIVATE);
        assert_eq!(Memory::open(room.path(), OwnerId(2), &app).unwrap().labels(), Labels::NONE);
        fs::write(&memory.labels, "{").unwrap();
        assert_eq!(memory.labels(), Labels::PRIVATE.join(Labels::STRANGER));
        Memory::erase(room.path(), OwnerId(1), &app).unwrap();
        Memory::erase(room.path(), OwnerId(1), &app).unwrap();
        assert_eq!(Memory::open(room.path(), OwnerId(1), &app).unwrap().labels(), Labels::NONE);
    }
}
