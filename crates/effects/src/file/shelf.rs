//! Files whose bytes were handed over: each under its owner's number and its own id, whatever it is called.

use super::{
    places,
    walk::{self, WalkError},
};
use crate::common::system_error;
use broker::Folder;
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, OpenOptions};
use kernel::{
    effect::{HandedBytes, Shelf},
    host_call::GuestError,
};
use protocol::{ErrorCode, FileId, OwnerId};
use std::{collections::BTreeSet, fs::File, io, os::unix::fs::FileExt as _, path::PathBuf};

/// What errors name: where it really lies is nobody's business.
const SHOWN: &str = "the file that was handed over";

/// The shelf of an oikos.
#[derive(Clone, Debug)]
pub(crate) struct KeptShelf {
    root: PathBuf,
}

impl KeptShelf {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn folder(&self, owner: OwnerId) -> PathBuf {
        self.root.join(owner.0.to_string())
    }

    fn dir(&self, owner: OwnerId) -> Result<Dir, GuestError> {
        walk::own_folder(&self.folder(owner)).map_err(|error| refused(&error))
    }

    fn writable(&self, owner: OwnerId, file: FileId) -> Result<File, GuestError> {
        let mut options = OpenOptions::new();
        options.write(true).follow(FollowSymlinks::No);
        let opened = self.dir(owner)?.open_with(file.to_string(), &options);
        opened.map(cap_std::fs::File::into_std).map_err(|error| refused(&error))
    }
}

impl Shelf for KeptShelf {
    fn make(&self, owner: OwnerId, file: FileId) -> Result<(), GuestError> {
        walk::file_create_new(&self.dir(owner)?, &file.to_string()).map(drop).map_err(|error| refused(&error))
    }

    fn write(&self, owner: OwnerId, file: FileId, at: u64, bytes: &[u8]) -> Result<(), GuestError> {
        // What of it was written before it failed is written over by whoever says the piece again.
        self.writable(owner, file)?.write_all_at(bytes, at).map_err(|error| refused(&error))
    }

    fn settle(&self, owner: OwnerId, file: FileId) -> Result<(), GuestError> {
        let settled = self.writable(owner, file)?.sync_all();
        settled
            .and_then(|()| walk::folder_sync(&walk::own_folder(&self.folder(owner))?))
            .map_err(|error| refused(&error))
    }

    fn open(&self, owner: OwnerId, file: FileId) -> Result<Box<dyn HandedBytes>, GuestError> {
        let opened = walk::file_open(&self.dir(owner)?, &file.to_string());
        opened.map(|(file, _)| Box::new(Open(file)) as _).map_err(|error| error.guest(SHOWN, SHOWN))
    }

    fn bytes(&self, owner: OwnerId, file: FileId) -> Result<Option<u64>, GuestError> {
        match walk::file_open(&self.dir(owner)?, &file.to_string()) {
            Ok((_, stat)) => Ok(Some(stat.bytes)),
            Err(WalkError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.guest(SHOWN, SHOWN)),
        }
    }

    fn place(&self, owner: OwnerId, file: FileId) -> Result<(Folder, String), GuestError> {
        drop(self.dir(owner)?);
        Ok((places::folder_of(SHOWN, &self.folder(owner))?, file.to_string()))
    }

    fn remove(&self, owner: OwnerId, file: FileId) -> Result<(), GuestError> {
        match self.dir(owner)?.remove_file(file.to_string()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(refused(&error)),
            _ => Ok(()),
        }
    }

    fn sweep(&self, kept: &BTreeSet<(OwnerId, FileId)>) -> Result<(), GuestError> {
        let failed = |error: io::Error| refused(&error);
        let Some(root) = walk::own_folder_there(&self.root).map_err(failed)? else { return Ok(()) };
        for folder in root.entries().map_err(failed)? {
            let folder = folder.map_err(failed)?;
            let owner = folder.file_name().to_str().and_then(|name| name.parse().ok()).map(OwnerId);
            let Ok(dir) = folder.open_dir() else { continue };
            for file in dir.entries().map_err(failed)? {
                let name = file.map_err(failed)?.file_name();
                let id = name.to_str().and_then(|name| name.parse().ok());
                // What a run had staged when it was cut off is no id, and goes too.
                let is_kept = owner.zip(id).is_some_and(|known| kept.contains(&known));
                if !is_kept {
                    dir.remove_file(&name).map_err(failed)?;
                }
            }
        }
        Ok(())
    }
}

/// An open file.
struct Open(File);

impl HandedBytes for Open {
    fn read(&mut self, at: u64, bytes_max: usize) -> Result<Vec<u8>, GuestError> {
        let mut bytes = vec![0; bytes_max];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.0.read_at(&mut bytes[filled..], at + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(refused(&error)),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }
}

fn refused(error: &io::Error) -> GuestError {
    match error.kind() {
        io::ErrorKind::NotFound => GuestError::new(ErrorCode::NotFound, format!("{SHOWN} is not there any more")),
        _ => system_error(SHOWN, error),
    }
}
