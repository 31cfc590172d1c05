//! PDF files as Debian packages them, and poppler, which reads them too: the tests hold what oikos reads against it. CI always has
//! both.

use crate::{
    debian,
    shell::{self, House, Result, answers},
};
use std::{fs, path::Path};

/// Packages with a document of each kind: Ghostscript's, XeTeX's, Apache FOP's, pdfTeX's, and one in Russian in three columns.
const PACKAGES: &[&str] = &["bash-doc", "debian-policy", "developers-reference", "debian-refcard"];
/// Where they are unpacked, beneath the repository; `crates/cli/tests/it/documents.rs` looks there.
const FOLDER: &str = "target/documents";

/// What comes of looking for them.
pub(crate) enum Found {
    Here,
    /// They are not here, and how to get them.
    NotReached(String),
}

pub(crate) fn find(house: &House) -> Result<Found> {
    let folder = house.root().join(FOLDER);
    let missing = || PACKAGES.iter().filter(|package| !folder.join(package).is_dir()).copied().collect::<Vec<_>>();
    if has_poppler(house) && missing().is_empty() {
        return Ok(Found::Here);
    }
    if !debian::may_install(house) {
        let why = "no documents of Debian are here: what oikos reads of PDF files is not held against anybody\nhint: on Debian, as \
                   root: cargo xtask test";
        return Ok(Found::NotReached(why.to_owned()));
    }
    if !has_poppler(house)
        && let Err(error) = debian::install(house, &["poppler-utils"])
    {
        return Ok(Found::NotReached(format!("poppler-utils could not be installed: {error}")));
    }
    fs::create_dir_all(&folder)?;
    for package in missing() {
        if let Err(error) = unpack(house, package, &folder) {
            return Ok(Found::NotReached(format!("{package} could not be fetched: {error}")));
        }
    }
    Ok(Found::Here)
}

fn has_poppler(house: &House) -> bool {
    let mut command = house.program("pdftotext");
    command.arg("-v");
    answers(command)
}

/// Fetches a package and takes it apart, without installing it: systems leave out the documents of what is installed, as often as
/// not.
fn unpack(house: &House, package: &str, folder: &Path) -> Result<()> {
    let fetched = folder.join("fetched");
    fs::create_dir_all(&fetched)?;
    let mut fetch = house.program("apt-get");
    fetch.args(["--quiet=2", "download", package]).current_dir(&fetched);
    shell::run(fetch)?;
    let begins = format!("{package}_");
    let archive =
        fs::read_dir(&fetched)?.flatten().find(|entry| entry.file_name().to_string_lossy().starts_with(&begins));
    let archive = archive.ok_or("apt-get said that it fetched it, and it is not there")?.path();
    let unpacked = folder.join(format!("{package}.part"));
    let mut take = house.program("dpkg-deb");
    take.arg("-x").arg(&archive).arg(&unpacked);
    shell::run(take)?;
    fs::rename(&unpacked, folder.join(package))?;
    Ok(())
}
