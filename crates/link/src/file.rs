//! Private files that are written once, or only at their end.

use crate::{KeyError, Secret, sign};
use ed25519_dalek::SigningKey;
use protocol::Entropy;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
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
    folder_create(&folder).map_err(|source| KeyError::file("creating", &folder, source))?;
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

    match private_create(folder, path, text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder that is nobody else's, with what is missing above it.
pub(crate) fn folder_create(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)
}

/// Makes a private file that holds all of this or is not there. `AlreadyExists` if there is one: it is not touched.
pub(crate) fn private_create(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let staged = private_stage(path, bytes)?;
    crate::crash_point("key::after_stage");
    // A link, not a rename: it fails where a key already is.
    let linked = fs::hard_link(&staged, path);
    crate::crash_point("key::after_link");
    fs::remove_file(&staged)?;
    linked?;
    folder_sync(folder)
}

/// Writes what a private file is going to hold, under a name beside it.
pub(crate) fn private_stage(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let staged = staged(path);
    // Left over from a process that was ended here. The key in it was never used.
    remove_if_there(&staged)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&staged)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(staged)
}

/// What a file is called until it is whole.
pub(crate) fn staged(path: &Path) -> PathBuf {
    let mut staged = path.as_os_str().to_owned();
    staged.push(".new");
    staged.into()
}

pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn key_read(path: &Path, what: &'static str) -> Result<SigningKey, KeyError> {
    let text = private_read(path, what, KEY_FILE_BYTES_MAX)?;
    key_parse(&text, what).ok_or_else(|| KeyError::Damaged { what, path: path.to_owned() })
}

/// Reads a private file, at most `bytes_max` of it. One that others may have read is refused.
pub(crate) fn private_read(path: &Path, what: &'static str, bytes_max: u64) -> Result<Zeroizing<Vec<u8>>, KeyError> {
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
    let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(bytes_max).unwrap_or_default() + 1));
    file.take(bytes_max).read_to_end(&mut text).map_err(failed)?;
    Ok(text)
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
