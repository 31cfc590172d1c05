//! A private folder of files that only this device can have written.
//!
//! Each file carries a MAC over its name and its content under a key that lies elsewhere. What was verified is what is
//! used: a file is read into memory once, and only those bytes are handed on. Everything in it can be made again, so a
//! file that does not verify is as good as none.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

const MAC_BYTES: usize = 32;
/// Larger than anything we write: the compiled engine is a few MB.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// The folder and the key.
pub(crate) struct SealedFolder {
    folder: PathBuf,
    key: [u8; 32],
}

impl SealedFolder {
    /// Makes the folder where it is missing, and closes it to other users where it is not.
    pub(crate) fn open(folder: &Path, key: [u8; 32]) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let metadata = fs::symlink_metadata(folder)?;
        if !metadata.is_dir() || metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not a folder of this user's own"));
        }
        if metadata.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self { folder: folder.to_owned(), key })
    }

    /// The content of a file, if it is there and whole.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.folder.join(name);
        let mut options = fs::OpenOptions::new();
        options.read(true).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
        let read = || -> io::Result<Vec<u8>> {
            let file = options.open(&path)?;
            let length = file.metadata()?.len();
            if length > FILE_BYTES_MAX {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than anything we write"));
            }
            let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
            io::Read::read_to_end(&mut io::Read::take(file, FILE_BYTES_MAX), &mut bytes)?;
            Ok(bytes)
        };
        let mut bytes = match read() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(name, %error, "a cached file cannot be read, it is made again");
                return None;
            }
        };
        let verified = bytes
            .split_at_checked(MAC_BYTES)
            .is_some_and(|(mac, content)| self.mac(name, content).verify_slice(mac).is_ok());
        if !verified {
            tracing::warn!(name, "a cached file is damaged or not ours, it is made again");
            return None;
        }
        bytes.drain(..MAC_BYTES);
        Some(bytes)
    }

    /// Keeps a file, whole or not at all. A cache that cannot be written is slow, not broken.
    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        let write = || -> io::Result<()> {
            // Unique among the processes and threads that may write this name at once.
            let temporary =
                self.folder.join(format!("{name}.{}-{:?}.new", std::process::id(), std::thread::current().id()));
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
            let mut file = options.open(&temporary)?;
            file.write_all(&self.mac(name, content).finalize().into_bytes())?;
            file.write_all(content)?;
            drop(file);
            fs::rename(&temporary, self.folder.join(name))
        };
        if let Err(error) = write() {
            tracing::warn!(name, %error, "a file cannot be cached");
        }
    }

    /// Removes the files whose names satisfy `unwanted`.
    pub(crate) fn remove(&self, unwanted: impl Fn(&str) -> bool) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            if entry.file_name().to_str().is_some_and(&unwanted)
                && let Err(error) = fs::remove_file(entry.path())
            {
                tracing::warn!(name = ?entry.file_name(), %error, "a cached file cannot be removed");
            }
        }
    }

    fn mac(&self, name: &str, content: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(&(name.len() as u64).to_le_bytes());
        mac.update(name.as_bytes());
        mac.update(content);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::TempHome;

    /// Writes a file, lets `damage` happen to it, and looks whether it still reads.
    fn check(damage: impl FnOnce(&Path), expected: Option<&[u8]>) {
        let home = TempHome::new();
        let sealed = SealedFolder::open(home.path(), [7; 32]).expect("a folder can be made");
        sealed.write("a", b"content");
        damage(home.path());
        assert_eq!(sealed.read("a").as_deref(), expected);
    }

    fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(path).expect("it was written");
        change(&mut bytes);
        fs::write(path, bytes).expect("it can be written");
    }

    #[test]
    fn only_what_we_wrote_reads_back() {
        check(|_| {}, Some(b"content"));
        check(|home| change(&home.join("a"), |bytes| bytes[MAC_BYTES] ^= 1), None);
        check(|home| change(&home.join("a"), |bytes| bytes[0] ^= 1), None);
        check(|home| change(&home.join("a"), |bytes| bytes.truncate(MAC_BYTES + 3)), None);
        check(|home| change(&home.join("a"), Vec::clear), None);
        check(|home| fs::remove_file(home.join("a")).expect("it is there"), None);
        // Another key.
        check(|home| SealedFolder::open(home, [8; 32]).expect("it is there").write("a", b"content"), None);
        // Another file of ours under this name.
        check(
            |home| {
                SealedFolder::open(home, [7; 32]).expect("it is there").write("b", b"content");
                fs::rename(home.join("b"), home.join("a")).expect("both are there");
            },
            None,
        );
        // A link to a good file is not a file.
        check(
            |home| {
                fs::rename(home.join("a"), home.join("c")).expect("it is there");
                std::os::unix::fs::symlink(home.join("c"), home.join("a")).expect("a link can be made");
            },
            None,
        );
    }

    #[test]
    fn nobody_else_can_look() {
        let home = TempHome::new();
        fs::create_dir(home.path()).expect("a folder can be made");
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        let sealed = SealedFolder::open(home.path(), [7; 32]).expect("it is ours");
        sealed.write("a", b"content");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(home.path()), mode(&home.path().join("a"))), (0o700, 0o600));
    }

    #[test]
    fn removes_what_is_named() {
        let home = TempHome::new();
        let sealed = SealedFolder::open(home.path(), [7; 32]).expect("a folder can be made");
        sealed.write("a.image", b"1");
        sealed.write("b.image", b"2");
        sealed.remove(|name| name.starts_with("a."));
        assert_eq!((sealed.read("a.image"), sealed.read("b.image")), (None, Some(b"2".to_vec())));
    }
}
