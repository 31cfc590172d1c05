//! Reading packages from disk: the only file of this crate that does I/O.

use crate::{
    archive::{ARCHIVE_BYTES_MAX, Archive, ArchiveError, ENTRIES_MAX, SIGNATURE_FILE, pack},
    package::{Package, PackageError},
    path::check_path,
    warning::Warning,
};
use protocol::{ErrorCode, text};
use std::{
    collections::BTreeMap,
    fs, io,
    io::Read,
    path::{Path, PathBuf},
};

/// How many directory entries are looked at, ignored ones included, before giving up.
const LOOKED_AT_MAX: usize = 4 * ENTRIES_MAX;

/// Where an author's cases and what belongs to them lie. Never packed.
pub const CASES_FOLDER: &str = "tests";
/// Files of cases that are read; a folder with more holds something else.
const CASE_FILES_MAX: usize = 200;
/// Bytes of all files of cases together.
const CASES_BYTES_MAX: u64 = 16 << 20;

/// Why a folder or file could not be read as a package.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The system said no.
    #[error("could not read {}", text::shorten(&path.to_string_lossy(), 200))]
    Io {
        /// What was read.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A link, socket, pipe or device.
    #[error("{} is {kind}; a package holds plain files only", text::shorten(&path.to_string_lossy(), 200))]
    NotPlain {
        /// Where it is.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// A name that no package file may have.
    #[error("the file '{path}' is refused: its path {rule}")]
    UnsafePath {
        /// The path within the folder, escaped.
        path: String,
        /// The rule it breaks.
        rule: &'static str,
    },
    /// More than a package may be.
    #[error("the folder is too large for a package: {0}")]
    TooLarge(String),
}

impl SourceError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Io { .. } | Self::NotPlain { .. } => ErrorCode::PackageUnreadable,
            Self::UnsafePath { .. } => ErrorCode::PackageUnsafePath,
            Self::TooLarge(_) => ErrorCode::PackageTooLarge,
        }
    }

    /// The next step.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => Some(
                "check the path; an app is a folder with a manifest.json or kimai.json, or an .aisapp file".to_owned(),
            ),
            Self::Io { .. } => None,
            Self::NotPlain { .. } => Some("replace it by the file it stands for, or remove it".to_owned()),
            Self::UnsafePath { .. } => Some("use letters, digits, '.', '_', '-' and '/' in file names".to_owned()),
            Self::TooLarge(_) => {
                Some(format!("a package holds at most {ENTRIES_MAX} files and {} MiB", ARCHIVE_BYTES_MAX >> 20))
            }
        }
    }
}

/// The files of a folder, ready to be packed.
#[derive(Debug)]
pub struct Folder {
    /// Contents by path within the folder.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What was left out, as paths within the folder; a trailing '/' marks folders.
    pub ignored: Vec<String>,
}

/// Reads a folder. Version control, installed npm packages and leftovers of editors and file managers are left out
/// and listed; everything else must be a plain file with a legal path.
pub fn read_folder(root: &Path) -> Result<Folder, SourceError> {
    let mut folder = Folder { files: BTreeMap::new(), ignored: Vec::new() };
    let mut bytes_left = ARCHIVE_BYTES_MAX as u64;
    let mut looked_at = 0_usize;
    // Folders still to read, with their path within the root; a stack of our own, so depth costs no call stack. The
    // length of a legal path bounds it.
    let mut waiting = vec![(root.to_path_buf(), String::new())];
    while let Some((path, inside)) = waiting.pop() {
        let io = |source| SourceError::Io { path: path.clone(), source };
        for entry in fs::read_dir(&path).map_err(io)? {
            let entry = entry.map_err(io)?;
            looked_at += 1;
            if looked_at > LOOKED_AT_MAX {
                return Err(SourceError::TooLarge(format!("it has more than {LOOKED_AT_MAX} files and folders")));
            }
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                let path = text::shorten(&format!("{inside}{}", name.to_string_lossy()), 120);
                return Err(SourceError::UnsafePath { path, rule: "is not plain text" });
            };
            let within = format!("{inside}{name}");
            // The entry's own type: links are not followed.
            let kind = entry.file_type().map_err(|source| SourceError::Io { path: entry.path(), source })?;
            if is_development(&within) {
                continue;
            }
            if is_ignored(name) {
                folder.ignored.push(if kind.is_dir() { format!("{within}/") } else { within });
                continue;
            }
            check_path(&within).map_err(|rule| SourceError::UnsafePath { path: text::shorten(&within, 120), rule })?;
            if kind.is_dir() {
                waiting.push((entry.path(), format!("{within}/")));
                continue;
            }
            if !kind.is_file() {
                let kind = if kind.is_symlink() { "a link" } else { "a socket, pipe or device" };
                return Err(SourceError::NotPlain { path: entry.path(), kind });
            }
            if folder.files.len() == ENTRIES_MAX {
                return Err(SourceError::TooLarge(format!("it has more than {ENTRIES_MAX} files")));
            }
            let bytes = read_plain(&entry.path(), bytes_left)?;
            bytes_left -= bytes.len() as u64;
            folder.files.insert(within, bytes);
        }
    }
    folder.ignored.sort();
    Ok(folder)
}

/// What an author has beside the app for their own tools: cases, and what tells an editor the types. It is never packed,
/// and nobody need be told.
fn is_development(within: &str) -> bool {
    let name = within.rsplit('/').next().unwrap_or(within);
    within == CASES_FOLDER || matches!(name, "oikos.d.ts" | "jsconfig.json" | "tsconfig.json")
}

/// Whether a file of an app's folder, by its path within, belongs into the package; see [`read_folder`].
pub fn is_packed(within: &str) -> bool {
    let folders = within.match_indices('/').map(|(end, _)| &within[..end]);
    folders.chain([within]).all(|path| !is_development(path) && !is_ignored(path.rsplit('/').next().unwrap_or(path)))
}

/// The files of cases of an app, by their path within its folder: `tests/*.json`. None where there is no such folder.
pub fn read_case_files(root: &Path) -> Result<BTreeMap<String, Vec<u8>>, SourceError> {
    let folder = root.join(CASES_FOLDER);
    let io = |source| SourceError::Io { path: folder.clone(), source };
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.map_err(io)?,
    };
    let mut files = BTreeMap::new();
    let mut bytes_left = CASES_BYTES_MAX;
    for entry in entries.take(LOOKED_AT_MAX) {
        let entry = entry.map_err(io)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| name.ends_with(".json") && !is_ignored(name)) else { continue };
        if files.len() == CASE_FILES_MAX {
            return Err(SourceError::TooLarge(format!("{CASES_FOLDER} has more than {CASE_FILES_MAX} files of cases")));
        }
        let bytes = read_plain(&entry.path(), bytes_left)?;
        bytes_left -= bytes.len() as u64;
        files.insert(format!("{CASES_FOLDER}/{name}"), bytes);
    }
    Ok(files)
}

/// What tools leave in a source folder and nobody wants in a package.
fn is_ignored(name: &str) -> bool {
    matches!(name, ".git" | "node_modules" | ".DS_Store" | "Thumbs.db")
        || name.ends_with('~')
        || (name.starts_with('.') && (name.ends_with(".swp") || name.ends_with(".swo")))
        || (name.starts_with(".#"))
}

/// Reads a plain file of at most `bytes_max` bytes. The type is checked on the open file, so a link or pipe put in
/// its place in between is not read.
fn read_plain(path: &Path, bytes_max: u64) -> Result<Vec<u8>, SourceError> {
    let io = |source| SourceError::Io { path: path.to_path_buf(), source };
    let before = fs::symlink_metadata(path).map_err(io)?;
    if !before.is_file() {
        let kind = if before.is_symlink() { "a link" } else { "not a plain file" };
        return Err(SourceError::NotPlain { path: path.to_path_buf(), kind });
    }
    let file = fs::File::open(path).map_err(io)?;
    let opened = file.metadata().map_err(io)?;
    if !opened.is_file() || !is_same_file(&before, &opened) {
        return Err(SourceError::NotPlain { path: path.to_path_buf(), kind: "not the file it was a moment ago" });
    }
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > bytes_max {
        return Err(SourceError::TooLarge(format!("it has more than {} MiB", ARCHIVE_BYTES_MAX >> 20)));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn is_same_file(before: &fs::Metadata, opened: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (before.dev(), before.ino()) == (opened.dev(), opened.ino())
}

#[cfg(not(unix))]
fn is_same_file(_before: &fs::Metadata, _opened: &fs::Metadata) -> bool {
    true
}

impl Package {
    /// Reads a package from a folder or an archive file.
    pub fn read(path: &Path) -> Result<Self, PackageError> {
        let io = |source| SourceError::Io { path: path.to_path_buf(), source };
        // The person named this path, so a link to the folder is followed; links inside are not.
        if fs::metadata(path).map_err(io)?.is_dir() { Self::read_folder(path) } else { Self::read_archive(path) }
    }

    /// Whether what is read from there is a folder, and no archive.
    pub fn is_folder(path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|known| known.is_dir())
    }

    /// Reads a folder, packs it and reads the package from the archive. The archive is the same as that of
    /// `oikos app pack`.
    pub fn read_folder(path: &Path) -> Result<Self, PackageError> {
        let folder = read_folder(path)?;
        let has_signature = folder.files.contains_key(SIGNATURE_FILE);
        let mut package = Self::open(pack(&folder.files)?)?;
        if !folder.ignored.is_empty() {
            let shown: Vec<_> = folder.ignored.iter().take(10).map(|path| text::shorten(path, 60)).collect();
            let more = if folder.ignored.len() > 10 { " …" } else { "" };
            package.warn(Warning::new(format!("left out of the package: {}{more}", shown.join(", "))));
        }
        if has_signature && package.signature().is_none() {
            package
                .warn(Warning::new(format!("{SIGNATURE_FILE} was left out: the files have changed since it was made")));
        }
        Ok(package)
    }

    /// Reads an archive file.
    pub fn read_archive(path: &Path) -> Result<Self, PackageError> {
        let io = |source| SourceError::Io { path: path.to_path_buf(), source };
        // Looked at before it is opened: opening a pipe would wait for its other end.
        if !fs::metadata(path).map_err(io)?.is_file() {
            return Err(SourceError::NotPlain { path: path.to_path_buf(), kind: "not a plain file" }.into());
        }
        let file = fs::File::open(path).map_err(io)?;
        let mut bytes = Vec::new();
        file.take(ARCHIVE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
        Self::read_bytes(bytes)
    }

    /// Reads an archive's bytes, wherever they came from.
    pub fn read_bytes(bytes: Vec<u8>) -> Result<Self, PackageError> {
        Self::load(Archive::open(bytes)?.verify()?)
    }
}

impl From<SourceError> for PackageError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<ArchiveError> for PackageError {
    fn from(error: ArchiveError) -> Self {
        Self::Archive(error)
    }
}
