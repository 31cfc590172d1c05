//! Opens what a policy names, so that it is that and nothing else: no link on the way leads elsewhere.

use super::wire::{Fault, Step};
use rustix::{
    fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat2},
    io::Errno,
};
use std::{os::fd::OwnedFd, path::Path};

/// A handle of what lies there, good for mounting it and for rules about it, and whether it is a folder.
pub(crate) fn open(path: &Path) -> Result<(OwnedFd, bool), Fault> {
    let step = || format!("opening {}", path.display());
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let file = openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS).step(step())?;
    let is_folder = FileType::from_raw_mode(fstat(&file).step(step())?.st_mode).is_dir();
    Ok((file, is_folder))
}

/// The same for what need not be there, and may be a link: the system's own files.
pub(crate) fn open_if_there(path: &str) -> Result<Option<(OwnedFd, bool)>, Fault> {
    let step = || format!("opening {path}");
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::empty()) {
        Err(Errno::NOENT | Errno::NOTDIR | Errno::ACCESS) => Ok(None),
        file => {
            let file = file.step(step())?;
            let is_folder = FileType::from_raw_mode(fstat(&file).step(step())?.st_mode).is_dir();
            Ok(Some((file, is_folder)))
        }
    }
}
