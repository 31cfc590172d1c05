//! What can go wrong with a store, with its code and the next step.

use crate::Key;
use protocol::ErrorCode;
use std::{io, path::PathBuf};

/// The store could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Bytes on the disk are not what was written.
    #[error("reading the store failed: it is damaged ({what})")]
    Damaged {
        /// What was found.
        what: String,
    },
    /// A newer oikos wrote it.
    #[error("opening the store failed: it has version {found}, and this oikos knows versions up to {known}")]
    Newer {
        /// Version of the store.
        found: u32,
        /// Newest version this program knows.
        known: u32,
    },
    /// There is no room.
    #[error("writing to the store failed: the disk is full")]
    DiskFull,
    /// A file of the store cannot be used.
    #[error("{tried} {path} failed")]
    File {
        /// What was tried, such as "opening".
        tried: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// SQLite said no for another reason.
    #[error("the store could not do what was asked")]
    Sqlite {
        /// Its reason.
        #[source]
        source: rusqlite::Error,
    },
    /// The disk failed while it was written to. Nothing more is written until oikos starts again and looks at what
    /// is really there.
    #[error("the disk failed while the store was written to, so nothing more is written until the next start ({what})")]
    Failed {
        /// What failed.
        what: String,
    },
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Damaged { .. } => ErrorCode::StoreDamaged,
            Self::Newer { .. } => ErrorCode::StoreNewer,
            Self::DiskFull => ErrorCode::DiskFull,
            Self::File { .. } | Self::Failed { .. } => ErrorCode::HomeUnusable,
            Self::Sqlite { .. } | Self::Closed => ErrorCode::Internal,
        }
    }

    /// The next step, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Damaged { .. } => Some("nothing was changed; restore a file from the folder backups in OIKOS_HOME"),
            Self::Newer { .. } => {
                Some("use the newer oikos again, or restore the file it left in the folder backups in OIKOS_HOME")
            }
            Self::DiskFull => Some("make room on the disk of OIKOS_HOME; reading and stopping still work"),
            Self::File { .. } => Some("check that OIKOS_HOME belongs to you and can be written to"),
            Self::Failed { .. } => Some("check the disk, then start oikos again"),
            Self::Sqlite { .. } | Self::Closed => None,
        }
    }

    /// A file could not be used; a full disk is told apart, because it has another way out.
    pub(crate) fn file(tried: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        if crate::disk::is_full(&source) {
            return Self::DiskFull;
        }
        Self::File { tried, path: path.into(), source }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        use rusqlite::{Error, ErrorCode as Code};
        match &source {
            Error::SqliteFailure(failure, text) => match failure.code {
                Code::DiskFull => Self::DiskFull,
                Code::DatabaseCorrupt | Code::NotADatabase => {
                    Self::Damaged { what: text.clone().unwrap_or_else(|| failure.to_string()) }
                }
                _ => Self::Sqlite { source },
            },
            // A column that does not hold what the schema says was changed by something else than oikos.
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => Self::Damaged { what: source.to_string() },
            _ => Self::Sqlite { source },
        }
    }
}

/// A batch was not committed. Nothing of it happened.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A key was not at the expected revision.
    #[error("{key} was changed in between")]
    PreconditionFailed {
        /// Which key.
        key: Key,
    },
    /// A key or value is too large.
    #[error("{what} has {bytes} bytes, and may have {bytes_max}")]
    TooLarge {
        /// What is too large.
        what: String,
        /// Its size.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// There is no room.
    #[error("writing to the store failed: the disk is full")]
    DiskFull,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl CommitError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::PreconditionFailed { .. } => ErrorCode::Conflict,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::DiskFull => ErrorCode::DiskFull,
            Self::Store(error) => error.code(),
        }
    }

    /// The next step, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::PreconditionFailed { .. } | Self::TooLarge { .. } => None,
            Self::DiskFull => StoreError::DiskFull.hint(),
            Self::Store(error) => error.hint(),
        }
    }
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull => Self::DiskFull,
            error => Self::Store(error),
        }
    }
}
