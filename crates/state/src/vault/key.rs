//! The key of a vault: 32 random bytes in a private file that lies outside of the home, so that whoever has a backup of the
//! home has no secret. Written once, never written over.

use super::VaultError;
use crate::files;
use protocol::{Entropy, SecretText};
use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

const FIRST_LINE: &str = "oikos vault key 1\n";
/// A key's file is shorter; whatever is longer was not written by oikos.
const FILE_BYTES_MAX: u64 = 1024;
/// Permission bits that let others in.
const OPEN_TO_OTHERS: u32 = 0o077;

/// The key at this place. `vault` is what it opens, for the message.
pub(super) fn read(path: &Path, vault: &Path, home: &Path) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    outside_check(path, home)?;
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => VaultError::KeyMissing { path: path.to_owned(), vault: vault.to_owned() },
        _ => VaultError::file("reading", path, source),
    };
    let no_follow =
        i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).map_err(|error| failed(io::Error::other(error)))?;
    let file = OpenOptions::new().read(true).custom_flags(no_follow).open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(failed(io::Error::other("it is not a regular file")));
    }
    if found.mode() & OPEN_TO_OTHERS != 0 || found.uid() != rustix::process::geteuid().as_raw() {
        return Err(VaultError::KeyNotPrivate { path: path.to_owned(), mode: found.mode() & 0o777 });
    }
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX as usize + 1));
    file.take(FILE_BYTES_MAX).read_to_end(&mut text).map_err(failed)?;
    parse(&text).ok_or_else(|| VaultError::KeyDamaged { path: path.to_owned(), vault: vault.to_owned() })
}

/// The key at this place, made if there is none.
pub(super) fn read_or_create(
    path: &Path,
    vault: &Path,
    home: &Path,
    entropy: &dyn Entropy,
) -> Result<Zeroizing<[u8; 32]>, VaultError> {
    match read(path, vault, home) {
        Err(VaultError::KeyMissing { .. }) => {}
        other => return other,
    }
    let failed = |source| VaultError::file("creating", path, source);
    let folder = path.parent().ok_or_else(|| failed(io::Error::other("it has no folder")))?;
    files::folder_create(folder).map_err(failed)?;
    // What is there now: a link on the way may lead into the home.
    outside_check(path, home)?;
    create(folder, path, entropy).map_err(failed)?;
    // What counts is what the file says, also if somebody else was first.
    read(path, vault, home)
}

fn create(folder: &Path, path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let mut key = Zeroizing::new([0; 32]);
    entropy.fill(&mut *key);
    let digits = SecretText::new(hex::encode(*key));
    let mut text = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX as usize));
    text.extend_from_slice(FIRST_LINE.as_bytes());
    text.extend_from_slice(digits.expose().as_bytes());
    text.push(b'\n');
    let staged = files::staged(path);
    // Left over from a process that was ended here. The key in it was never used.
    files::remove_if_there(&staged)?;
    let mut file = files::file_create_new(&staged)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fail::fail_point!("vault::after_key_stage", |_| std::process::abort());
    // A link, not a rename: it fails where a key already is.
    let linked = fs::hard_link(&staged, path);
    fs::remove_file(&staged)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    files::folder_sync(folder)
}

fn parse(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let digits = text.strip_prefix(FIRST_LINE.as_bytes())?.strip_suffix(b"\n")?;
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(digits, &mut *key).ok()?;
    Some(key)
}

/// Refuses a place within the home, by whatever way it leads there: what is backed up with the vault opens it.
fn outside_check(path: &Path, home: &Path) -> Result<(), VaultError> {
    let inside = || VaultError::KeyInside { path: path.to_owned() };
    let Ok(known) = home.metadata() else { return Ok(()) };
    let identity = (known.dev(), known.ino());
    // The nearest folder that is there already: those below it are made, and are no links.
    let nearest = path.ancestors().skip(1).find_map(|folder| fs::canonicalize(folder).ok());
    let Some(nearest) = nearest else { return Ok(()) };
    let is_home = |folder: &Path| folder.metadata().is_ok_and(|found| (found.dev(), found.ino()) == identity);
    if nearest.ancestors().any(is_home) { Err(inside()) } else { Ok(()) }
}

/// Where the key lies, as somebody has to say.
pub(super) fn place(path: Option<&Path>) -> Result<PathBuf, VaultError> {
    path.map(Path::to_owned).ok_or(VaultError::NoPlace)
}
