//! The trash: what a run overwrote, removed, or what an undo took away. Nothing is ever destroyed here; emptying it is
//! the owner's.

use super::walk::{self, Stat};
use broker::LeaseEnd;
use cap_std::fs::Dir;
use protocol::{Digest, RunId};
use sha2::{Digest as _, Sha256};
use std::{
    fs::File,
    io::{self, Read as _, Seek as _, Write as _},
    path::PathBuf,
};

/// Why a step on a file did not happen.
#[derive(Debug)]
pub(crate) enum StepError {
    /// The system refused.
    System(io::Error),
    /// The run is over.
    Ended(LeaseEnd),
    /// Somebody else changed the file in between.
    Changed,
    /// It failed after the file had moved, and could not be put back. Nothing of it may be cleaned away.
    HalfDone(io::Error),
}

impl From<io::Error> for StepError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl From<LeaseEnd> for StepError {
    fn from(end: LeaseEnd) -> Self {
        Self::Ended(end)
    }
}

/// Called after each piece of long work with the bytes moved.
pub(crate) type Step<'a> = &'a mut dyn FnMut(u64) -> Result<(), LeaseEnd>;

/// The trash of an oikos.
#[derive(Clone, Debug)]
pub(crate) struct Trash {
    root: PathBuf,
}

/// A place in the trash.
pub(crate) struct Place<'a> {
    dir: Dir,
    name: &'a str,
}

impl Trash {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The name of a new place, as a change records it.
    pub(crate) fn place_name(run: RunId, fresh: &str) -> String {
        format!("{}/{fresh}", kernel::effect::trash_folder(run))
    }

    /// A place by its recorded name. Its folder is made if need be.
    pub(crate) fn place<'a>(&self, name: &'a str) -> io::Result<Place<'a>> {
        let (folder, name) = name.split_once('/').ok_or(io::ErrorKind::InvalidInput)?;
        if [folder, name].iter().any(|part| part.is_empty() || part.contains('/') || part.starts_with('.')) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let path = self.root.join(folder);
        let dir = walk::own_folder(&path)?;
        walk::folder_sync(&walk::own_folder(&self.root)?)?;
        Ok(Place { dir, name })
    }
}

impl Place<'_> {
    /// Keeps the content of a file here as well; its own name stays. A second name for the same file where the file
    /// system can, else a copy.
    pub(crate) fn keep(
        &self,
        dir: &Dir,
        name: &str,
        file: &mut File,
        stat: &Stat,
        step: Step<'_>,
    ) -> Result<(), StepError> {
        match dir.hard_link(name, &self.dir, self.name) {
            Ok(()) => {
                let is_it = walk::stat(&self.dir, self.name)?.is_some_and(|found| found.stat().is_same_content(stat));
                if !is_it {
                    self.forget();
                    return Err(StepError::Changed);
                }
            }
            // Another file system, or one without hard links, or a file that may not have more of them.
            Err(_) => self.copy_in(file, stat, step)?,
        }
        walk::folder_sync(&self.dir)?;
        Ok(())
    }

    /// Moves a file here.
    pub(crate) fn take(
        &self,
        dir: &Dir,
        name: &str,
        file: &mut File,
        stat: &Stat,
        step: Step<'_>,
    ) -> Result<(), StepError> {
        match walk::rename_new(dir, name, &self.dir, self.name) {
            Ok(()) => {
                let moved = walk::stat(&self.dir, self.name);
                if !matches!(&moved, Ok(Some(found)) if found.stat().is_same_content(stat)) {
                    // Somebody put another file there in the last moment; it gets its name back.
                    walk::rename_new(&self.dir, self.name, dir, name).map_err(StepError::HalfDone)?;
                    return Err(moved.map_or_else(StepError::System, |_| StepError::Changed));
                }
                walk::folder_sync(&self.dir).map_err(StepError::HalfDone)?;
            }
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                self.copy_in(file, stat, step)?;
                walk::folder_sync(&self.dir)?;
                let is_it = walk::stat(dir, name)?.is_some_and(|found| found.stat().is_same_content(stat));
                if !is_it {
                    self.forget();
                    return Err(StepError::Changed);
                }
                if let Err(error) = dir.remove_file(name) {
                    self.forget();
                    return Err(error.into());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(StepError::Changed),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// What is kept here.
    pub(crate) fn open(&self) -> Result<(File, Stat), walk::WalkError> {
        walk::file_open(&self.dir, self.name)
    }

    /// Puts what is kept here under a new name in a folder, and keeps it.
    pub(crate) fn stage(&self, file: &mut File, stat: &Stat, dir: &Dir, name: &str) -> Result<(), StepError> {
        if self.dir.hard_link(self.name, dir, name).is_ok() {
            return Ok(());
        }
        let (mut staged, _) = walk::file_create_new(dir, name)?;
        let copied = copy(file, &mut staged, &mut |_| Ok(())).and_then(|_| Ok(finish(&staged, stat)?));
        if copied.is_err() {
            drop(dir.remove_file(name));
        }
        copied
    }

    /// Lets go of what is kept here, because it has its name again, and keeps instead what is staged, if anything is and
    /// lies on the same file system.
    pub(crate) fn exchange(&self, dir: &Dir, staged: &str) {
        self.forget();
        drop(walk::rename_new(dir, staged, &self.dir, self.name));
    }

    /// Lets go of what is kept here: only for what has a name elsewhere.
    pub(crate) fn forget(&self) {
        drop(self.dir.remove_file(self.name));
    }

    fn copy_in(&self, file: &mut File, stat: &Stat, step: Step<'_>) -> Result<(), StepError> {
        let (mut kept, _) = walk::file_create_new(&self.dir, self.name)?;
        let copied = copy(file, &mut kept, step).and_then(|bytes| {
            if bytes != stat.bytes || !Stat::of_file(file)?.is_same_content(stat) {
                return Err(StepError::Changed);
            }
            Ok(finish(&kept, stat)?)
        });
        if copied.is_err() {
            self.forget();
        }
        copied
    }
}

/// Gives a written file the owner and mode of another one, and waits until it is on the disk.
pub(crate) fn finish(file: &File, like: &Stat) -> io::Result<()> {
    let own = Stat::of_file(file)?;
    if (own.user, own.group) != (like.user, like.group) {
        // Only the system's administrator can; for everybody else the file is theirs, as any new file.
        drop(std::os::unix::fs::fchown(file, Some(like.user), Some(like.group)));
    }
    walk::mode_set(file, like.mode)?;
    file.sync_all()
}

fn copy(from: &mut File, to: &mut File, step: Step<'_>) -> Result<u64, StepError> {
    let mut bytes = 0;
    read_steps(from, step, |block| {
        bytes += block.len() as u64;
        to.write_all(block)
    })?;
    Ok(bytes)
}

/// The digest of a file's content, read from its start.
pub(crate) fn digest(file: &mut File, step: Step<'_>) -> Result<(u64, Digest), StepError> {
    let mut hasher = Sha256::new();
    let mut bytes = 0;
    read_steps(file, step, |block| {
        bytes += block.len() as u64;
        hasher.update(block);
        Ok(())
    })?;
    Ok((bytes, Digest(hasher.finalize().into())))
}

fn read_steps(file: &mut File, step: Step<'_>, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> Result<(), StepError> {
    file.seek(io::SeekFrom::Start(0))?;
    let mut block = vec![0; crate::common::STEP_BYTES];
    loop {
        let bytes = match file.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if bytes == 0 {
            return Ok(());
        }
        each(&block[..bytes])?;
        step(bytes as u64)?;
    }
}
