//! What a person means by a path.

use super::walk::{self, WalkError};
use broker::{Folder, ProtectedFolder};
use cap_fs_ext::MetadataExt as _;
use kernel::{effect::Places, host_call::GuestError};
use protocol::{ErrorCode, FileAccess};
use std::{
    io,
    path::{Component, Path, PathBuf},
};

/// Finds folders and files for a person.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Finder;

impl Places for Finder {
    fn folder(&self, path: &str) -> Result<Folder, GuestError> {
        let canonical = canonical(path, absolute(path)?)?;
        folder_of(path, &canonical)
    }

    fn picked(&self, path: &str, access: FileAccess, folder: bool) -> Result<(Folder, Option<String>), GuestError> {
        if folder {
            return Ok((self.folder(path)?, None));
        }
        let given = absolute(path)?;
        match walk::canonical(given) {
            Ok(canonical) => {
                let (above, name) = split(path, &canonical)?;
                let folder = folder_of(path, above)?;
                let dir = walk::Walker::new(Vec::new()).root(&folder).map_err(|error| error.guest(path, path))?;
                walk::file_open(&dir, &name).map_err(|error| error.guest(path, path))?;
                Ok((folder, Some(name)))
            }
            // A file to write need not be there; then nothing of its name may be.
            Err(error) if error.kind() == io::ErrorKind::NotFound && access == FileAccess::Write => {
                let (above, name) = split(path, given)?;
                let folder = folder_of(path, &canonical(path, above)?)?;
                let dir = walk::Walker::new(Vec::new()).root(&folder).map_err(|error| error.guest(path, path))?;
                match walk::stat(&dir, &name) {
                    Ok(None) => Ok((folder, Some(name))),
                    Ok(Some(_)) => Err(WalkError::IsLink { name }.guest(path, path)),
                    Err(error) => Err(crate::common::system_error(path, &error)),
                }
            }
            Err(error) => Err(crate::common::system_error(path, &error)),
        }
    }
}

/// A folder that belongs to oikos itself, by its path; it must exist.
pub fn protected_folder(path: &Path) -> Result<ProtectedFolder, GuestError> {
    let shown = path.to_string_lossy();
    let Folder { path, device, inode } = folder_of(&shown, &canonical(&shown, path)?)?;
    Ok(ProtectedFolder { path, device, inode })
}

fn absolute(path: &str) -> Result<&Path, GuestError> {
    let given = Path::new(path);
    if given.is_absolute() && !path.contains('\0') {
        return Ok(given);
    }
    Err(refused(ErrorCode::InvalidInput, path, "give the whole path, from '/' on"))
}

fn canonical(shown: &str, path: &Path) -> Result<PathBuf, GuestError> {
    walk::canonical(path).map_err(|error| crate::common::system_error(shown, &error))
}

/// A folder with its identity.
pub(super) fn folder_of(shown: &str, path: &Path) -> Result<Folder, GuestError> {
    let text = path.to_str().ok_or_else(|| {
        refused(ErrorCode::FileUnusable, shown, "its name is not UTF-8, so that it could not be named in a log")
    })?;
    let dir = walk::folder_for_person(path).map_err(|error| match error {
        WalkError::System(error) if error.kind() == io::ErrorKind::NotADirectory => {
            refused(ErrorCode::FileUnusable, shown, "this is not a folder")
        }
        error => error.guest(shown, shown),
    })?;
    let metadata = dir.dir_metadata().map_err(|error| crate::common::system_error(shown, &error))?;
    Ok(Folder { path: text.to_owned(), device: metadata.dev(), inode: metadata.ino() })
}

/// The folder above and the last name of a path.
fn split<'a>(shown: &str, path: &'a Path) -> Result<(&'a Path, String), GuestError> {
    let is_folder = || refused(ErrorCode::FileUnusable, shown, "this is a folder, not a file");
    if shown.ends_with('/') {
        return Err(is_folder());
    }
    match (path.parent(), path.components().next_back()) {
        (Some(above), Some(Component::Normal(name))) => match name.to_str() {
            Some(name) => Ok((above, name.to_owned())),
            None => Err(refused(ErrorCode::FileUnusable, shown, "its name is not UTF-8")),
        },
        _ => Err(is_folder()),
    }
}

fn refused(code: ErrorCode, path: &str, why: &str) -> GuestError {
    GuestError::new(code, format!("{}: {why}", protocol::text::shorten(path, 300)))
}
