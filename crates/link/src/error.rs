//! What can go wrong with a key or the file of heads. No message holds a byte of a key.

use protocol::ErrorCode;
use std::{
    io,
    path::{Path, PathBuf},
};

/// A key could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file does not hold what was written.
    #[error("reading the {what} key failed: {} is damaged", .path.display())]
    Damaged {
        /// Whose key, such as "device".
        what: &'static str,
        /// Its file.
        path: PathBuf,
    },
    /// Others may have read it.
    #[error("the {what} key is not used: {} can be opened by other users (mode {mode:03o})", .path.display())]
    NotPrivate {
        /// Whose key.
        what: &'static str,
        /// Its file.
        path: PathBuf,
        /// The file's permission bits.
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

impl KeyError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::File { source, .. } => file_code(source),
            Self::Damaged { .. } | Self::NotPrivate { .. } => ErrorCode::HomeUnusable,
        }
    }

    /// The next step.
    pub fn hint(&self) -> String {
        match self {
            Self::Damaged { path, .. } => format!(
                "put the file back from a backup; or move {} away to get a new key, which nobody knows yet",
                path.display()
            ),
            Self::NotPrivate { path, .. } => format!(
                "if nobody else can have read it: chmod 600 '{}'; else move it away to get a new key",
                path.display()
            ),
            Self::File { .. } => "check that OIKOS_HOME belongs to you and can be written to".to_owned(),
        }
    }

    pub(crate) fn file(tried: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File { tried, path: path.to_owned(), source }
    }
}

/// The file of signed heads could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{tried} {} failed", .path.display())]
pub struct HeadError {
    pub(crate) tried: &'static str,
    pub(crate) path: PathBuf,
    #[source]
    pub(crate) source: io::Error,
}

impl HeadError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        file_code(&self.source)
    }
}

fn file_code(error: &io::Error) -> ErrorCode {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorCode::DiskFull,
        _ => ErrorCode::HomeUnusable,
    }
}
