//! The files of a package that is a program, as a folder: programs read files, not archives. The archive stays what counts;
//! the folder is named by its digest and can be made again at any time.

use protocol::Digest;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Written last: a folder without it is one that was not finished.
const WHOLE: &str = ".whole";

/// The folder of a package's files beneath `room`, made if it is not there. `program` is the file of them that is started.
pub(crate) fn unpack(
    room: &Path,
    package: Digest,
    files: &BTreeMap<String, Arc<[u8]>>,
    program: Option<&str>,
) -> io::Result<PathBuf> {
    let folder = room.join(package.to_string());
    if fs::symlink_metadata(folder.join(WHOLE)).is_ok() {
        return Ok(folder);
    }
    make_folder(room)?;
    let staged = room.join(format!("{package}.new"));
    remove(&staged)?;
    make_folder(&staged)?;
    let program = program.map(|program| program.trim_start_matches("./"));
    for (path, bytes) in files {
        // The archive's reader has refused every other kind of path.
        let place = staged.join(path);
        if let Some(parent) = place.parent() {
            make_folder(parent)?;
        }
        let mode = if Some(path.as_str()) == program { 0o700 } else { 0o600 };
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&place)?;
        file.write_all(bytes)?;
    }
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(staged.join(WHOLE))?.sync_all()?;
    remove(&folder)?;
    fs::rename(&staged, &folder)?;
    Ok(folder)
}

/// Removes the folder of a package, if it is there.
pub(crate) fn forget(room: &Path, package: Digest) -> io::Result<()> {
    remove(&room.join(package.to_string()))
}

/// Makes a folder that is its owner's alone, and those above it.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_package_is_unpacked_once_and_whole() {
        let room = tempfile::tempdir().unwrap();
        let package = protocol::sha256(b"a");
        let files: BTreeMap<String, Arc<[u8]>> = [("bin/serve", "#!"), ("kimai.json", "{}")]
            .map(|(path, text)| (path.to_owned(), Arc::from(text.as_bytes())))
            .into();
        let folder = unpack(room.path(), package, &files, Some("./bin/serve")).unwrap();
        let mode = |path: &str| fs::metadata(folder.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("bin/serve"), mode("kimai.json"), mode("bin")), (0o700, 0o600, 0o700));
        // What is whole is left alone.
        fs::write(folder.join("kimai.json"), "changed").unwrap();
        unpack(room.path(), package, &files, None).unwrap();
        assert_eq!(fs::read_to_string(folder.join("kimai.json")).unwrap(), "changed");
        // What is not is made anew, and what was staged before is in nobody's way.
        fs::remove_file(folder.join(WHOLE)).unwrap();
        fs::create_dir(room.path().join(format!("{package}.new"))).unwrap();
        unpack(room.path(), package, &files, None).unwrap();
        assert_eq!(fs::read_to_string(folder.join("kimai.json")).unwrap(), "{}");
        forget(room.path(), package).unwrap();
        forget(room.path(), package).unwrap();
        assert_eq!(fs::read_dir(room.path()).unwrap().count(), 0);
    }
}
