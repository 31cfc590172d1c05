//! Where an author's own keys lie: one folder outside of the home, so that who starts a new home stays who they are.
//! Of each key NAME there are `NAME.key` (secret, 0600), `NAME.pub` (for everybody) and, where an older key named it,
//! `NAME.successor`.

use crate::{
    KeyError, MINISIGN_FILE_BYTES_MAX, PublisherKey, PublisherKeyError, PublisherSecret, SUCCESSORS_MAX, Secret,
    SecretKeyFault, Successor, file,
};
use protocol::{Entropy, ErrorCode, PublisherName, text};
use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

const SECRET: &str = "key";
const PUBLIC: &str = "pub";
const SUCCESSORS: &str = "successor";
/// What a message calls the key.
const WHAT: &str = "publisher's";
/// Names of a folder that are looked at: more keys than anybody has.
const NAMES_MAX: usize = 1_000;

/// Why a publisher's own key cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum PublisherFolderError {
    /// There is one already.
    #[error("the key of publisher '{name}' was not made: {} is there already", text::escape(&.path.to_string_lossy()))]
    Exists {
        /// Whose.
        name: PublisherName,
        /// Its file.
        path: PathBuf,
    },
    /// There is none.
    #[error("there is no key of publisher '{name}': {} is missing", text::escape(&.path.to_string_lossy()))]
    NotFound {
        /// Whose.
        name: PublisherName,
        /// Where it would be.
        path: PathBuf,
    },
    /// The file gives no key.
    #[error("the key of publisher '{name}' was not used: {fault}")]
    Secret {
        /// Whose.
        name: PublisherName,
        /// Why.
        fault: SecretKeyFault,
    },
    /// The public half does not read.
    #[error("{} cannot be used: {fault}", text::escape(&.path.to_string_lossy()))]
    Public {
        /// Its file.
        path: PathBuf,
        /// Why.
        fault: PublisherKeyError,
    },
    /// The file is not private, or the system refused.
    #[error(transparent)]
    File(#[from] KeyError),
}

impl PublisherFolderError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Exists { .. } => ErrorCode::PublisherExists,
            Self::NotFound { .. } => ErrorCode::PublisherNotFound,
            Self::Secret { fault: SecretKeyFault::PassphraseMissing | SecretKeyFault::PassphraseWrong, .. } => {
                ErrorCode::PassphraseWrong
            }
            Self::Secret { .. } | Self::Public { .. } => ErrorCode::KeyUnreadable,
            Self::File(error) => match error.code() {
                ErrorCode::DiskFull => ErrorCode::DiskFull,
                _ => ErrorCode::FileUnusable,
            },
        }
    }

    /// The next step.
    pub fn hint(&self) -> String {
        match self {
            Self::Exists { name, .. } => format!("take another name, or use the key that is there: --publisher {name}"),
            Self::NotFound { name, .. } => {
                format!("oikos publisher list shows yours; oikos publisher new {name} makes one")
            }
            Self::Secret { fault: SecretKeyFault::PassphraseMissing, .. } => {
                "give it in a terminal, or as the first line of standard input".to_owned()
            }
            Self::Secret { fault: SecretKeyFault::PassphraseWrong, .. } => {
                "try again; nobody can open the key without it".to_owned()
            }
            Self::Secret { .. } | Self::Public { .. } => "put the file back from where you keep a copy".to_owned(),
            Self::File(KeyError::NotPrivate { path, .. }) => format!(
                "if nobody else can have read it: chmod 600 '{}'; else name a successor: oikos publisher succeed",
                path.display()
            ),
            Self::File(_) => "check that the folder belongs to you and can be written to".to_owned(),
        }
    }
}

/// The folder of an author's own keys. It need not exist yet.
#[derive(Clone, Debug)]
pub struct PublisherFolder(PathBuf);

/// One of an author's keys, without its secret half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnKey {
    /// How its author calls it.
    pub name: PublisherName,
    /// Its public half.
    pub key: PublisherKey,
}

impl PublisherFolder {
    /// The folder of this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the secret key of this name is, or would be.
    pub fn secret_path(&self, name: &PublisherName) -> PathBuf {
        self.file(name, SECRET)
    }

    fn file(&self, name: &PublisherName, kind: &str) -> PathBuf {
        self.0.join(format!("{name}.{kind}"))
    }

    /// Makes the folder, for nobody else to read.
    pub fn prepare(&self) -> Result<(), PublisherFolderError> {
        file::folder_create(&self.0).map_err(|source| KeyError::file("creating", &self.0, source).into())
    }

    /// Makes a key. One that is there is never written over.
    pub fn create(
        &self,
        name: &PublisherName,
        passphrase: Option<&Secret<String>>,
        entropy: &dyn Entropy,
    ) -> Result<PublisherKey, PublisherFolderError> {
        self.prepare()?;
        let _lock = self.lock()?;
        self.finish(name)?;
        let (path, public_path) = (self.file(name, SECRET), self.file(name, PUBLIC));
        let exists = |path: &Path| PublisherFolderError::Exists { name: name.clone(), path: path.to_owned() };
        // A public half without its secret one is the rest of a key that somebody keeps elsewhere.
        for path in [&path, &public_path] {
            if fs::symlink_metadata(path).is_ok() {
                return Err(exists(path));
            }
        }
        let secret = PublisherSecret::generate(entropy);
        let key = secret.public_key();
        let text = secret.to_file(passphrase, entropy);
        // The secret half decides whether there is a key. The public one lies ready by then, for `finish` at the latest.
        let failed = |path: &Path, source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => exists(path),
            _ => KeyError::file("creating", path, source).into(),
        };
        let staged = file::private_stage(&public_path, key.to_file(Some(name)).as_bytes())
            .map_err(|source| failed(&public_path, source))?;
        crate::crash_point("key::before_secret");
        file::private_create(&self.0, &path, text.expose().as_bytes()).map_err(|source| {
            // Without its secret half it is nobody's; that it could not be removed would say nothing new.
            drop(file::remove_if_there(&staged));
            failed(&path, source)
        })?;
        crate::crash_point("key::after_secret");
        self.finish(name)?;
        Ok(key)
    }

    /// One process at a time changes the folder. Whoever comes second is told so: keys are made by hand.
    fn lock(&self) -> Result<fs::File, PublisherFolderError> {
        let failed = |source| KeyError::file("locking", &self.0, source);
        let folder = fs::File::open(&self.0).map_err(failed)?;
        rustix::fs::flock(&folder, rustix::fs::FlockOperation::NonBlockingLockExclusive)
            .map_err(|error| failed(error.into()))?;
        Ok(folder)
    }

    /// Brings a key to its end: gives its public half its name, and removes what is left of making it. Here, because
    /// a process may be ended in between; whoever comes next goes on. The caller holds the lock.
    fn finish(&self, name: &PublisherName) -> Result<(), PublisherFolderError> {
        let (path, public_path) = (self.file(name, SECRET), self.file(name, PUBLIC));
        if fs::symlink_metadata(&path).is_err() {
            return Ok(());
        }
        let failed = |source| KeyError::file("finishing", &public_path, source);
        if fs::symlink_metadata(&public_path).is_err() {
            match fs::rename(file::staged(&public_path), &public_path) {
                // A secret key that somebody put there alone: `public` says what is missing.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error).into()),
                _ => {}
            }
        }
        for path in [&path, &public_path] {
            file::remove_if_there(&file::staged(path)).map_err(failed)?;
        }
        file::folder_sync(&self.0).map_err(|source| failed(source).into())
    }

    /// Reads a secret key.
    pub fn open(
        &self,
        name: &PublisherName,
        passphrase: Option<&Secret<String>>,
    ) -> Result<PublisherSecret, PublisherFolderError> {
        let path = self.file(name, SECRET);
        let bytes = file::private_read(&path, WHAT, MINISIGN_FILE_BYTES_MAX as u64)
            .map_err(|error| self.or_not_found(name, error))?;
        PublisherSecret::read_file(&bytes, passphrase)
            .map_err(|fault| PublisherFolderError::Secret { name: name.clone(), fault })
    }

    /// Reads the public half of a key.
    pub fn public(&self, name: &PublisherName) -> Result<PublisherKey, PublisherFolderError> {
        let path = self.file(name, PUBLIC);
        let failed = |source| self.or_not_found(name, KeyError::file("reading", &path, source));
        let bytes = match read(&path, MINISIGN_FILE_BYTES_MAX) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.0.is_dir() => {
                let _lock = self.lock()?;
                self.finish(name)?;
                read(&path, MINISIGN_FILE_BYTES_MAX).map_err(failed)?
            }
            read => read.map_err(failed)?,
        };
        match PublisherKey::read_file(&bytes) {
            Ok((key, _)) => Ok(key),
            Err(fault) => Err(PublisherFolderError::Public { path, fault }),
        }
    }

    fn or_not_found(&self, name: &PublisherName, error: KeyError) -> PublisherFolderError {
        match error {
            KeyError::File { source, path, .. } if source.kind() == io::ErrorKind::NotFound => {
                PublisherFolderError::NotFound { name: name.clone(), path }
            }
            error => error.into(),
        }
    }

    /// All keys, by name. A folder that is not there has none; a file that is no key says so.
    pub fn list(&self) -> Result<Vec<OwnKey>, PublisherFolderError> {
        let failed = |source| KeyError::file("reading", &self.0, source);
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries.take(NAMES_MAX) {
            let file = entry.map_err(failed)?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(".key")?.parse().ok());
            names.extend::<Option<PublisherName>>(name);
        }
        names.sort();
        names.into_iter().map(|name| Ok(OwnKey { key: self.public(&name)?, name })).collect()
    }

    /// The statements that lead to this key, as a package carries them.
    pub fn successors(&self, name: &PublisherName) -> Result<Option<Vec<u8>>, PublisherFolderError> {
        let path = self.file(name, SUCCESSORS);
        match read(&path, MINISIGN_FILE_BYTES_MAX * SUCCESSORS_MAX) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(KeyError::file("reading", &path, source).into()),
        }
    }

    /// Writes the statement that `new` comes after `old` beside the new key, behind those that led to the old one.
    /// Returns the statement. Saying the same again changes nothing.
    pub fn succeed(
        &self,
        old_name: &PublisherName,
        old: &PublisherSecret,
        new_name: &PublisherName,
    ) -> Result<String, PublisherFolderError> {
        let new = self.public(new_name)?;
        let _lock = self.lock()?;
        let statement = Successor::write(old, &new);
        let before = self.successors(old_name)?.unwrap_or_default();
        let path = self.file(new_name, SUCCESSORS);
        let all = [&before[..], statement.as_bytes()].concat();
        crate::crash_point("key::before_statement");
        match file::private_create(&self.0, &path, &all) {
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
                let there = read(&path, MINISIGN_FILE_BYTES_MAX * SUCCESSORS_MAX).unwrap_or_default();
                if there == all {
                    return Ok(statement);
                }
                Err(PublisherFolderError::Exists { name: new_name.clone(), path })
            }
            Err(source) => Err(KeyError::file("creating", &path, source).into()),
            Ok(()) => Ok(statement),
        }
    }
}

fn read(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than may be, so that what is too long is seen to be.
    fs::File::open(path)?.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
