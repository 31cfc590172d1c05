//! What can go wrong with a vault, with its code and the next step. No message holds a byte of a secret or a key.

use protocol::{ErrorCode, text};
use std::{
    io,
    path::{Path, PathBuf},
};

/// What to do where the key is gone for good.
const ANEW: &str = "without the key nobody can read what is in the vault, and neither can oikos: apps go on, without \
                    their secrets. To start anew, move it away, and give each secret again:";

/// The vault could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no key, and something that it sealed.
    #[error("the vault cannot be opened: its key is not at {}", shown(.path))]
    KeyMissing {
        /// Where it was looked for.
        path: PathBuf,
        /// What it would open.
        vault: PathBuf,
    },
    /// It is another one.
    #[error("the vault cannot be opened: the key at {} is another one than sealed it", shown(.path))]
    KeyWrong {
        /// The key.
        path: PathBuf,
        /// What it does not open.
        vault: PathBuf,
    },
    /// Others may have read it.
    #[error("the vault's key is not used: {} can be opened by other users (mode {mode:03o})", shown(.path))]
    KeyNotPrivate {
        /// The key.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It does not hold what was written.
    #[error("the vault's key cannot be used: {} is damaged, or no key of a vault", shown(.path))]
    KeyDamaged {
        /// The key.
        path: PathBuf,
        /// What it would open.
        vault: PathBuf,
    },
    /// It lies where backups would take it along.
    #[error("the vault's key is not used: {} lies in OIKOS_HOME, beside what it opens", shown(.path))]
    KeyInside {
        /// The key.
        path: PathBuf,
    },
    /// Nobody says where a key should lie.
    #[error("the vault has no place for its key on this system")]
    NoPlace,
    /// Nobody gave the passphrase.
    #[error("the vault cannot be opened: it is sealed under a passphrase")]
    PassphraseMissing,
    /// It opens nothing.
    #[error("the vault cannot be opened: the passphrase is another one")]
    PassphraseWrong,
    /// A file with a passphrase cannot be used.
    #[error("{message}")]
    PassphraseFile {
        /// Why.
        message: String,
        /// The next step.
        hint: String,
    },
    /// The file is not what was written.
    #[error("the vault cannot be read: {} is damaged ({what})", shown(.path))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        what: &'static str,
    },
    /// A newer oikos wrote it.
    #[error("the vault cannot be read: it has version {found}, and this oikos knows version {known}")]
    Newer {
        /// Its version.
        found: u16,
        /// The one that is known.
        known: u16,
    },
    /// Something is too large.
    #[error("{what} may have {most} bytes")]
    TooLarge {
        /// What.
        what: &'static str,
        /// The bound.
        most: usize,
    },
    /// There are too many.
    #[error("there can be {most} {what}, and no more")]
    TooMany {
        /// What.
        what: &'static str,
        /// The bound.
        most: usize,
    },
    /// There is no room.
    #[error("writing to the vault failed: the disk is full")]
    DiskFull,
    /// The system refused.
    #[error("{tried} {} failed", shown(.path))]
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

fn shown(path: &Path) -> String {
    text::escape(&path.to_string_lossy())
}

impl VaultError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::KeyMissing { .. }
            | Self::KeyWrong { .. }
            | Self::KeyNotPrivate { .. }
            | Self::KeyDamaged { .. }
            | Self::KeyInside { .. }
            | Self::NoPlace => ErrorCode::VaultLocked,
            Self::PassphraseMissing | Self::PassphraseWrong => ErrorCode::PassphraseWrong,
            Self::PassphraseFile { .. } => ErrorCode::FileUnusable,
            Self::Damaged { .. } => ErrorCode::VaultDamaged,
            Self::Newer { .. } => ErrorCode::StoreNewer,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::TooMany { .. } => ErrorCode::QuotaExceeded,
            Self::DiskFull => ErrorCode::DiskFull,
            Self::File { .. } => ErrorCode::HomeUnusable,
        }
    }

    /// The next step.
    pub fn hint(&self) -> String {
        match self {
            Self::KeyMissing { vault, .. } => format!(
                "put the key back from where you keep a copy, or start oikos with the configuration that names its \
                 place ([vault] key_file); {ANEW} {}",
                shown(vault)
            ),
            Self::KeyWrong { vault, .. } | Self::KeyDamaged { vault, .. } => {
                format!("put the right key back from where you keep a copy; {ANEW} {}", shown(vault))
            }
            Self::KeyNotPrivate { path, .. } => format!(
                "if nobody else can have read it: chmod 600 '{}'; else give each secret anew, where it came from too",
                shown(path)
            ),
            Self::KeyInside { .. } => {
                "name a place outside of OIKOS_HOME and of what backs it up: [vault] key_file in the configuration"
                    .to_owned()
            }
            Self::NoPlace => {
                "set HOME or XDG_CONFIG_HOME, or name a place: [vault] key_file in the configuration".into()
            }
            Self::PassphraseMissing => "give it in a terminal, or name a file that has it: [vault] passphrase_file in \
                                        the configuration"
                .into(),
            Self::PassphraseWrong => "try again; nobody can open the vault without it".into(),
            Self::PassphraseFile { hint, .. } => hint.clone(),
            Self::Damaged { path, .. } => format!(
                "nothing was changed: put {} back from a backup of OIKOS_HOME; without one, move it away and give \
                 each secret again",
                shown(path)
            ),
            Self::Newer { .. } => "use the newer oikos again".into(),
            Self::TooLarge { .. } => "keep it elsewhere, and a shorter one here".into(),
            Self::TooMany { .. } => "oikos key list shows what there is; oikos key remove forgets one".into(),
            Self::DiskFull => "make room on the disk of OIKOS_HOME; reading and stopping still work".into(),
            Self::File { path, .. } => format!("check that {} belongs to you and can be written to", shown(path)),
        }
    }

    /// A file could not be used; a full disk is told apart, because it has another way out.
    pub(super) fn file(tried: &'static str, path: &Path, source: io::Error) -> Self {
        if crate::disk::is_full(&source) {
            return Self::DiskFull;
        }
        Self::File { tried, path: path.to_owned(), source }
    }
}
