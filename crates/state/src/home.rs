//! The home folder, and who holds it. One process at a time writes there; the lock is the operating system's, so it
//! goes with the process, however that ends.

use crate::files;
use protocol::{Clock, ErrorCode, Timestamp};
use std::{
    fmt,
    fs::{File, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// The lock's file in the home folder.
const LOCK_FILE: &str = "lock";

/// A lock file holds two numbers; whatever is longer was not written by oikos.
const LOCK_FILE_BYTES_MAX: u64 = 64;

/// Permission bits that let others write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// The right to write in a home folder, for as long as it lives.
#[derive(Debug)]
pub struct HomeLock {
    home: PathBuf,
    // Closing the file gives the lock back.
    _file: File,
}

/// Who holds a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// When it took the home.
    pub since: Timestamp,
}

/// A home folder could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("another oikos{} holds {}", holder_text(.holder.as_ref()), .home.display())]
    Held {
        /// Which home.
        home: PathBuf,
        /// Who, if the lock file tells.
        holder: Option<Holder>,
    },
    /// It is not a folder.
    #[error("OIKOS_HOME {} is not a folder", .home.display())]
    NotAFolder {
        /// Which home.
        home: PathBuf,
    },
    /// It belongs to another user.
    #[error("OIKOS_HOME {} belongs to another user (id {user})", .home.display())]
    OtherOwner {
        /// Which home.
        home: PathBuf,
        /// The user's number.
        user: u32,
    },
    /// Other users can write there.
    #[error("OIKOS_HOME {} can be written to by other users (mode {mode:03o})", .home.display())]
    WritableByOthers {
        /// Which home.
        home: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The system refused.
    #[error("{tried} {} failed", .path.display())]
    File {
        /// What was tried.
        tried: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl LockError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Held { .. } => ErrorCode::HomeLocked,
            Self::File { source, .. } if crate::disk::is_full(source) => ErrorCode::DiskFull,
            _ => ErrorCode::HomeUnusable,
        }
    }

    /// The next step.
    pub fn hint(&self) -> String {
        match self {
            Self::Held { holder: Some(holder), .. } => {
                format!("wait for it, or end it (kill {}); or set OIKOS_HOME to another folder", holder.pid)
            }
            Self::Held { holder: None, .. } => "wait for it, or set OIKOS_HOME to another folder".to_owned(),
            Self::WritableByOthers { home, .. } => format!("chmod 700 '{}'", home.display()),
            Self::File { source, .. } if source.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                "its links lead in a circle; set OIKOS_HOME to a real folder".to_owned()
            }
            Self::NotAFolder { .. } | Self::OtherOwner { .. } | Self::File { .. } => {
                "set OIKOS_HOME to a folder of your own".to_owned()
            }
        }
    }
}

impl HomeLock {
    /// Makes the home folder if it is absent, refuses one that others could write to, and takes it.
    pub fn acquire(home: &Path, clock: &dyn Clock) -> Result<Self, LockError> {
        let home = home_check(home)?;
        let path = home.join(LOCK_FILE);
        let failed = |tried, source| LockError::File { tried, path: path.clone(), source };
        let mut file = files::file_open_or_create(&path).map_err(|source| failed("opening", source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { home, holder: holder_read(&mut file) }),
            Err(TryLockError::Error(source)) => return Err(failed("locking", source)),
        }
        // The text is only for the message of whoever comes second; the lock is what counts.
        let text = format!("{} {}\n", std::process::id(), clock.now().0);
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()))
            .map_err(|source| failed("writing", source))?;
        Ok(Self { home, _file: file })
    }

    /// The folder, as an absolute path without links.
    pub fn home(&self) -> &Path {
        &self.home
    }
}

/// Who took a home last, whether they hold it still or not. Looks, and takes nothing.
pub fn last_holder(home: &Path) -> Option<Holder> {
    holder_read(&mut File::open(home.join(LOCK_FILE)).ok()?)
}

/// Whether somebody holds a home. Looks for a moment as others would who want it; they try again.
pub fn is_held(home: &Path) -> bool {
    File::open(home.join(LOCK_FILE)).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn home_check(home: &Path) -> Result<PathBuf, LockError> {
    let failed = |tried, source| LockError::File { tried, path: home.to_owned(), source };
    match std::fs::metadata(home) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            files::folder_create(home).map_err(|source| failed("creating", source))?;
        }
        Err(source) => return Err(failed("opening", source)),
    }
    let home = std::fs::canonicalize(home).map_err(|source| failed("resolving", source))?;
    let found = std::fs::metadata(&home).map_err(|source| failed("opening", source))?;
    if !found.is_dir() {
        return Err(LockError::NotAFolder { home });
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(LockError::OtherOwner { home, user: found.uid() });
    }
    if found.mode() & WRITABLE_BY_OTHERS != 0 {
        return Err(LockError::WritableByOthers { home, mode: found.mode() & 0o777 });
    }
    Ok(home)
}

fn holder_read(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.take(LOCK_FILE_BYTES_MAX).read_to_string(&mut text).ok()?;
    let (pid, since) = text.trim_end().split_once(' ')?;
    Some(Holder { pid: pid.parse().ok()?, since: Timestamp(since.parse().ok()?) })
}

fn holder_text(holder: Option<&Holder>) -> impl fmt::Display {
    fmt::from_fn(move |f| match holder {
        Some(holder) => {
            write!(f, " (pid {}", holder.pid)?;
            if let Ok(since) = jiff::Timestamp::from_millisecond(holder.since.0) {
                write!(f, ", since {}", since.strftime("%Y-%m-%d %H:%M:%S UTC"))?;
            }
            f.write_str(")")
        }
        None => Ok(()),
    })
}
