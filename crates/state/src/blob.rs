//! Bytes by their digest, in `blobs/ab/<digest>`. A blob is complete and on the disk before it has its name, and is
//! looked at again whenever it is read, so whoever holds a digest gets those bytes or an error.

use crate::{HomeLock, disk, files};
use parking_lot::Mutex;
use protocol::{Digest, ErrorCode};
use sha2::Digest as _;
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Largest blob: a file that was put into the trash. Beyond this, undo would fill disks.
pub const BLOB_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Largest blob that is read into memory at once: twice the largest package.
pub const BLOB_IN_MEMORY_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// Folder of the blobs in the home folder.
const BLOB_FOLDER: &str = "blobs";

/// Where blobs are written before they have a name. In the same folder, so that a rename is one step.
const STAGING_FOLDER: &str = "staging";

/// Bytes that are copied at once.
const COPY_BYTES: usize = 64 * 1024;

/// How often room is looked for while a blob is written: half of the reserve, so that it is never used up unseen.
const FREE_SPACE_STEP_BYTES: u64 = disk::DISK_RESERVE_BYTES / 2;

/// A blob could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is none with this digest.
    #[error("there is no blob {}", .0.short())]
    NotFound(Digest),
    /// Its bytes are not the ones that were written.
    #[error("blob {} is damaged: its bytes have another digest", .0.short())]
    Damaged(Digest),
    /// It is larger than it may be.
    #[error("a blob has more than {bytes_max} bytes")]
    TooLarge {
        /// The bound.
        bytes_max: u64,
    },
    /// There is no room.
    #[error("writing a blob failed: the disk is full")]
    DiskFull,
    /// What should become a blob could not be read.
    #[error("reading what should be stored failed")]
    Source(#[source] io::Error),
    /// The reader of a blob did not take it.
    #[error("passing a blob on failed")]
    Target(#[source] io::Error),
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

impl BlobError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Damaged(_) => ErrorCode::StoreDamaged,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::DiskFull => ErrorCode::DiskFull,
            Self::Source(_) | Self::Target(_) => ErrorCode::FileUnusable,
            Self::File { .. } => ErrorCode::HomeUnusable,
        }
    }

    fn file(tried: &'static str, path: &Path, source: io::Error) -> Self {
        if disk::is_full(&source) {
            return Self::DiskFull;
        }
        Self::File { tried, path: path.to_owned(), source }
    }
}

/// The blobs of a home folder.
#[derive(Debug)]
pub struct BlobStore {
    folder: PathBuf,
    staged: AtomicU64,
    /// Held from "is it there?" to the rename and while one is removed, so that neither undoes the other.
    naming: Mutex<()>,
}

impl BlobStore {
    /// Opens the blobs of a home folder, and removes what a process that was ended had not finished.
    pub fn open(lock: &HomeLock) -> Result<Self, BlobError> {
        let store = Self { folder: lock.home().join(BLOB_FOLDER), staged: AtomicU64::new(0), naming: Mutex::default() };
        let staging = store.staging();
        files::folder_create(&staging).map_err(|source| BlobError::file("creating", &staging, source))?;
        store.sweep()?;
        Ok(store)
    }

    /// Stores bytes. They are on the disk when this returns.
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, BlobError> {
        self.put_from(&mut &bytes[..]).map(|(digest, _)| digest)
    }

    /// Stores what a reader gives, without holding it in memory. Gives its digest and size.
    pub fn put_from(&self, source: &mut dyn Read) -> Result<(Digest, u64), BlobError> {
        let path = self.staging().join(self.staged.fetch_add(1, Ordering::Relaxed).to_string());
        let result = self.stage(source, &path).and_then(|(digest, bytes)| {
            self.name(&path, digest)?;
            Ok((digest, bytes))
        });
        if result.is_err()
            && let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "an unfinished blob stays until the next start");
        }
        result
    }

    fn stage(&self, source: &mut dyn Read, path: &Path) -> Result<(Digest, u64), BlobError> {
        let failed = |source| BlobError::file("writing", path, source);
        let mut file = files::file_create_new(path).map_err(failed)?;
        let (mut hash, mut bytes, mut buffer) = (sha2::Sha256::new(), 0u64, vec![0; COPY_BYTES]);
        let mut bytes_at_next_look = 0;
        loop {
            let count = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(BlobError::Source(error)),
            };
            bytes += count as u64;
            if bytes > BLOB_BYTES_MAX {
                return Err(BlobError::TooLarge { bytes_max: BLOB_BYTES_MAX });
            }
            if bytes >= bytes_at_next_look {
                bytes_at_next_look = bytes + FREE_SPACE_STEP_BYTES;
                if !disk::free_space_ok(&self.folder, 0) {
                    return Err(BlobError::DiskFull);
                }
            }
            hash.update(&buffer[..count]);
            file.write_all(&buffer[..count]).map_err(failed)?;
        }
        file.sync_all().map_err(failed)?;
        Ok((Digest(hash.finalize().into()), bytes))
    }

    fn name(&self, staged: &Path, digest: Digest) -> Result<(), BlobError> {
        let path = self.path(digest);
        let folder = path.parent().unwrap_or(&self.folder);
        let failed = |source| BlobError::file("storing", &path, source);
        let _naming = self.naming.lock();
        if !folder.exists() {
            files::folder_create(folder).and_then(|()| files::folder_sync(&self.folder)).map_err(failed)?;
        }
        fail::fail_point!("blob::before_rename", |_| std::process::abort());
        // Over an existing one too: its bytes are the same, or it was damaged and is now repaired.
        fs::rename(staged, &path).map_err(failed)?;
        fail::fail_point!("blob::after_rename", |_| std::process::abort());
        files::folder_sync(folder).map_err(failed)
    }

    /// The bytes of a blob, verified.
    pub fn get(&self, digest: Digest) -> Result<Vec<u8>, BlobError> {
        let mut bytes = Vec::new();
        let (mut file, size) = self.open_blob(digest)?;
        if size > BLOB_IN_MEMORY_BYTES_MAX {
            return Err(BlobError::TooLarge { bytes_max: BLOB_IN_MEMORY_BYTES_MAX });
        }
        let path = self.path(digest);
        file.read_to_end(&mut bytes).map_err(|source| BlobError::file("reading", &path, source))?;
        if protocol::sha256(&bytes) != digest { Err(BlobError::Damaged(digest)) } else { Ok(bytes) }
    }

    /// Copies a blob. On an error, what was written to `target` so far must not be used: a damaged blob is known only
    /// at its end.
    pub fn copy_to(&self, digest: Digest, target: &mut dyn Write) -> Result<u64, BlobError> {
        let (mut file, _) = self.open_blob(digest)?;
        let path = self.path(digest);
        let (mut hash, mut bytes, mut buffer) = (sha2::Sha256::new(), 0u64, vec![0; COPY_BYTES]);
        loop {
            let count = match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(BlobError::file("reading", &path, source)),
            };
            bytes += count as u64;
            hash.update(&buffer[..count]);
            target.write_all(&buffer[..count]).map_err(BlobError::Target)?;
        }
        if hash.finalize()[..] != digest.0 { Err(BlobError::Damaged(digest)) } else { Ok(bytes) }
    }

    /// Whether there is a blob with this digest; its bytes are not looked at.
    pub fn contains(&self, digest: Digest) -> bool {
        self.path(digest).is_file()
    }

    /// Removes a blob; nothing happens if it is absent.
    pub fn remove(&self, digest: Digest) -> Result<(), BlobError> {
        let path = self.path(digest);
        let _naming = self.naming.lock();
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BlobError::file("removing", &path, error)),
            _ => Ok(()),
        }
    }

    /// Every blob, in order of the digests.
    pub fn list(&self) -> Result<Vec<Digest>, BlobError> {
        let mut found = Vec::new();
        for folder in read_names(&self.folder)?.into_iter().filter(|name| name.len() == 2) {
            let names = read_names(&self.folder.join(&folder))?;
            found.extend(
                names.iter().filter(|name| name.starts_with(&folder)).filter_map(|name| name.parse::<Digest>().ok()),
            );
        }
        found.sort_unstable();
        Ok(found)
    }

    fn sweep(&self) -> Result<(), BlobError> {
        let staging = self.staging();
        for name in read_names(&staging)? {
            let path = staging.join(name);
            fs::remove_file(&path).map_err(|source| BlobError::file("removing", &path, source))?;
        }
        Ok(())
    }

    fn open_blob(&self, digest: Digest) -> Result<(File, u64), BlobError> {
        let path = self.path(digest);
        match File::open(&path).and_then(|file| file.metadata().map(|found| (file, found.len()))) {
            Ok(found) => Ok(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BlobError::NotFound(digest)),
            Err(source) => Err(BlobError::file("opening", &path, source)),
        }
    }

    fn path(&self, digest: Digest) -> PathBuf {
        let name = digest.to_string();
        self.folder.join(&name[..2]).join(name)
    }

    fn staging(&self) -> PathBuf {
        self.folder.join(STAGING_FOLDER)
    }
}

/// Names in a folder; those that are not UTF-8 are not ours.
fn read_names(folder: &Path) -> Result<Vec<String>, BlobError> {
    let failed = |source| BlobError::file("reading", folder, source);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    Ok(names)
}
