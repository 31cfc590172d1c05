//! Private files that are written once, or only at their end.

use crate::{KeyError, Secret, sign};
use ed25519_dalek::SigningKey;
use protocol::Entropy;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
};
use zeroize::Zeroizing;

/// Folder of the keys in the home folder.
const KEY_FOLDER: &str = "keys";

/// A key file is shorter; whatever is longer was not written by oikos.
const KEY_FILE_BYTES_MAX: u64 = 1024;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Permission bits that let others in.
const OPEN_TO_OTHERS: u32 = 0o077;

/// Reads the key of this name, or makes it. A key that is there is never written over, whatever it holds.
pub(crate) fn key_open_or_create(
    home: &Path,
    what: &'static str,
    entropy: &dyn Entropy,
) -> Result<SigningKey, KeyError> {
    let folder = home.join(KEY_FOLDER);
    let path = folder.join(format!("{what}.key"));
    match key_read(&path, what) {
        Err(KeyError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        other => return other,
    }
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(&folder)
        .map_err(|source| KeyError::file("creating", &folder, source))?;
    key_create(&folder, &path, what, entropy).map_err(|source| KeyError::file("creating", &path, source))?;
    // What counts is what the file says, also if another thread was first.
    key_read(&path, what)
}

fn key_create(folder: &Path, path: &Path, what: &str, entropy: &dyn Entropy) -> io::Result<()> {
    let mut seed = Zeroizing::new([0; 32]);
    entropy.fill(&mut *seed);
    let key = SigningKey::from_bytes(&seed);
    let seed_digits = Secret::new(hex::encode(*seed));
    let text = Zeroizing::new(format!("{}{}\n{}\n", first_line(what), seed_digits.expose(), sign::public_key(&key)));

    let staged = path.with_extension("key.new");
    // Left over from a process that was ended here. The key in it was never used.
    match fs::remove_file(&staged) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&staged)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // A link, not a rename: it fails where a key already is.
    match fs::hard_link(&staged, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::remove_file(&staged)?;
    folder_sync(folder)
}

fn key_read(path: &Path, what: &'static str) -> Result<SigningKey, KeyError> {
    let failed = |source| KeyError::file("reading", path, source);
    let file = open_no_follow(OpenOptions::new().read(true), path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(failed(io::Error::other("it is not a regular file")));
    }
    if found.mode() & OPEN_TO_OTHERS != 0 || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(KeyError::NotPrivate { what, path: path.to_owned(), mode: found.mode() & 0o777 });
    }
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(KEY_FILE_BYTES_MAX as usize + 1));
    file.take(KEY_FILE_BYTES_MAX).read_to_end(&mut text).map_err(failed)?;
    key_parse(&text, what).ok_or_else(|| KeyError::Damaged { what, path: path.to_owned() })
}

/// The public half stands beside the secret one, so a changed digit of either is found.
fn key_parse(text: &[u8], what: &str) -> Option<SigningKey> {
    let text = std::str::from_utf8(text).ok()?;
    let (seed_digits, public) = text.strip_prefix(&first_line(what))?.split_once('\n')?;
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(seed_digits, &mut *seed).ok()?;
    let key = SigningKey::from_bytes(&seed);
    (public == format!("{}\n", sign::public_key(&key))).then_some(key)
}

fn first_line(what: &str) -> String {
    format!("oikos {what} key 1\n")
}

/// Opens a private file; made if absent and allowed, a link is not followed.
pub(crate) fn open_no_follow(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let no_follow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).map_err(io::Error::other)?;
    options.mode(FILE_MODE).custom_flags(no_follow).open(path)
}

/// Waits until what was created, renamed or removed in a folder is on the disk.
pub(crate) fn folder_sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn foreign_bytes_are_no_key(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(key_parse(&bytes, "device").is_none());
        }
    }
}
