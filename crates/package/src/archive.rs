//! The archive: one exact form of zip, so that bytes and content say each other.
//!
//! An archive is valid only if packing its entries again gives the same bytes. This one rule refuses links, folders,
//! duplicates, gaps, overlaps, lying sizes, wrong checksums, comments and every trick that needs a second reading.
//! Nothing is allocated by a number that the archive claims.

use crate::path::{check_path, check_paths};
use protocol::{Digest, ErrorCode, sha256, text};
use std::{collections::BTreeMap, fmt::Write as _, ops::Range, sync::Arc};

/// The largest archive: an app is code and small data, and it is held in memory while it is checked.
pub const ARCHIVE_BYTES_MAX: usize = 64 << 20;
/// The most files: an index of this size is checked in milliseconds.
pub const ENTRIES_MAX: usize = 4_096;
/// The file that lists the SHA-256 of all others.
pub const SUMS_FILE: &str = "SHA256SUMS";
/// The file that holds the publisher's signature over [`SUMS_FILE`].
pub const SIGNATURE_FILE: &str = "signature.sig";
/// The file in which a package may carry the key that signs it. That it is there is no reason to trust it.
pub const PUBLISHER_FILE: &str = "publisher.pub";
/// The file in which a package may carry statements by which old keys of its publisher named their successors.
pub const SUCCESSORS_FILE: &str = "publisher.successor";

const LOCAL_BYTES: usize = 30;
const CENTRAL_BYTES: usize = 46;
const END_BYTES: usize = 22;
const LOCAL_MAGIC: &[u8; 4] = b"PK\x03\x04";
const CENTRAL_MAGIC: &[u8; 4] = b"PK\x01\x02";
const END_MAGIC: &[u8; 4] = b"PK\x05\x06";
/// Zip version 2.0: plain files.
const VERSION_NEEDED: u16 = 20;
/// Made by a Unix (3) packer of version 2.0.
const VERSION_MADE: u16 = (3 << 8) | 20;
/// 1980-01-01, the first day that zip knows: a package has no time.
const DATE: u16 = (1 << 5) | 1;
/// A plain file that its owner may write and everybody may read.
const ATTRIBUTES: u32 = 0o644 << 16;

/// Why bytes are not an archive, or entries cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Not a zip archive, or one that stops in the middle.
    #[error("the archive cannot be read: {0}")]
    Unreadable(&'static str),
    /// More than a package may be.
    #[error("the package is too large: {0}")]
    TooLarge(String),
    /// A path that could lead out, or that is not the same file everywhere.
    #[error("the entry '{path}' is refused: its path {rule}")]
    UnsafePath {
        /// The path, escaped.
        path: String,
        /// The rule it breaks.
        rule: &'static str,
    },
    /// Another form than the one that packing gives.
    #[error("the archive is not in its one valid form: {0}")]
    NotCanonical(String),
    /// A file is not what `SHA256SUMS` says.
    #[error("the package does not match its {SUMS_FILE}: '{0}' is not the file that was packed")]
    ChecksumMismatch(String),
    /// A file is there that `SHA256SUMS` does not list.
    #[error("the package does not match its {SUMS_FILE}: it does not list '{0}'")]
    FileUnlisted(String),
    /// A file that `SHA256SUMS` lists is not there.
    #[error("the package does not match its {SUMS_FILE}: it lists '{0}', which is not there")]
    FileMissing(String),
    /// `SHA256SUMS` is not the list that packing makes.
    #[error("the package's {SUMS_FILE} cannot be used: {0}")]
    SumsMalformed(&'static str),
}

impl ArchiveError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unreadable(_) => ErrorCode::PackageUnreadable,
            Self::TooLarge(_) => ErrorCode::PackageTooLarge,
            Self::UnsafePath { .. } => ErrorCode::PackageUnsafePath,
            Self::NotCanonical(_) => ErrorCode::PackageNotCanonical,
            Self::ChecksumMismatch(_) => ErrorCode::PackageChecksumMismatch,
            Self::FileUnlisted(_) => ErrorCode::PackageFileUnlisted,
            Self::FileMissing(_) => ErrorCode::PackageFileMissing,
            Self::SumsMalformed(_) => ErrorCode::PackageSumsMalformed,
        }
    }

    /// The next step.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotCanonical(_) => Some("pack the app's folder with 'oikos app pack'".to_owned()),
            Self::SumsMalformed(_) => Some("pack the app's folder with 'oikos app pack', which writes it".to_owned()),
            Self::ChecksumMismatch(_) | Self::FileUnlisted(_) | Self::FileMissing(_) => {
                Some("somebody changed it after it was packed; fetch it again, or pack the folder yourself".to_owned())
            }
            Self::UnsafePath { .. } => Some("use letters, digits, '.', '_', '-' and '/' in file names".to_owned()),
            Self::TooLarge(_) => {
                Some(format!("a package holds at most {ENTRIES_MAX} files and {} MiB", ARCHIVE_BYTES_MAX >> 20))
            }
            Self::Unreadable(_) => {
                Some("if it is an .aisapp archive, it was cut off or damaged on its way: fetch it again".to_owned())
            }
        }
    }

    fn path(path: &str, rule: &'static str) -> Self {
        Self::UnsafePath { path: text::shorten(path, 120), rule }
    }
}

/// Packs files into an archive. `SHA256SUMS` is made here, and one that is given is replaced; a given
/// `signature.sig` is kept only if the given `SHA256SUMS` is the one made here, because else it cannot be valid.
pub fn pack(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, ArchiveError> {
    let sums = sums_of(files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())));
    let is_signature_kept = files.get(SUMS_FILE).is_some_and(|given| given == sums.as_bytes());
    let mut entries: BTreeMap<&str, &[u8]> = files
        .iter()
        .filter(|(path, _)| *path != SIGNATURE_FILE || is_signature_kept)
        .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
        .collect();
    entries.insert(SUMS_FILE, sums.as_bytes());
    pack_exact(&entries)
}

/// The lines of `SHA256SUMS`, in the format of `sha256sum`, for every file but itself and the signature. The files
/// come sorted by path.
fn sums_of<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut sums = String::new();
    for (path, bytes) in files {
        if path != SUMS_FILE && path != SIGNATURE_FILE {
            writeln!(sums, "{}  {path}", sha256(bytes)).expect("a string takes all text");
        }
    }
    sums
}

fn pack_exact(entries: &BTreeMap<&str, &[u8]>) -> Result<Vec<u8>, ArchiveError> {
    if entries.len() > ENTRIES_MAX {
        return Err(ArchiveError::TooLarge(format!("it has {} files", entries.len())));
    }
    for path in entries.keys() {
        check_path(path).map_err(|rule| ArchiveError::path(path, rule))?;
    }
    check_paths(entries.keys().copied()).map_err(|(path, rule)| ArchiveError::path(path, rule))?;
    let size = entries.iter().fold(END_BYTES, |sum, (path, bytes)| {
        sum.saturating_add(LOCAL_BYTES + CENTRAL_BYTES + 2 * path.len()).saturating_add(bytes.len())
    });
    if size > ARCHIVE_BYTES_MAX {
        return Err(ArchiveError::TooLarge(format!("its archive would have {size} bytes")));
    }
    let mut packed = Vec::with_capacity(size);
    write(entries.iter().map(|(path, bytes)| (*path, *bytes)), &mut |bytes| {
        packed.extend_from_slice(bytes);
        true
    });
    Ok(packed)
}

/// Writes the one form of these entries, sorted by path, piece by piece; stops when `put` says no. The sizes fit 32
/// bits and the count 16 because every caller has checked them against the bounds above.
fn write<'a>(entries: impl Iterator<Item = (&'a str, &'a [u8])> + Clone, put: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let mut offset = 0;
    let mut central = Vec::new();
    let mut count: u16 = 0;
    for (path, bytes) in entries {
        let size = bytes.len() as u32;
        let mut common = [0; 26];
        common[0..2].copy_from_slice(&VERSION_NEEDED.to_le_bytes());
        // Flags, method and time are zero: plain ASCII names, stored, midnight.
        common[8..10].copy_from_slice(&DATE.to_le_bytes());
        common[10..14].copy_from_slice(&crc32fast::hash(bytes).to_le_bytes());
        common[14..18].copy_from_slice(&size.to_le_bytes());
        common[18..22].copy_from_slice(&size.to_le_bytes());
        common[22..24].copy_from_slice(&(path.len() as u16).to_le_bytes());
        // No extra field.
        if !(put(LOCAL_MAGIC) && put(&common) && put(path.as_bytes()) && put(bytes)) {
            return false;
        }
        central.extend_from_slice(CENTRAL_MAGIC);
        central.extend_from_slice(&VERSION_MADE.to_le_bytes());
        central.extend_from_slice(&common);
        // No comment, first disk, no internal attributes.
        central.extend_from_slice(&[0; 6]);
        central.extend_from_slice(&ATTRIBUTES.to_le_bytes());
        central.extend_from_slice(&(offset as u32).to_le_bytes());
        central.extend_from_slice(path.as_bytes());
        offset += LOCAL_BYTES + path.len() + bytes.len();
        count += 1;
    }
    let mut end = [0; END_BYTES];
    end[0..4].copy_from_slice(END_MAGIC);
    end[8..10].copy_from_slice(&count.to_le_bytes());
    end[10..12].copy_from_slice(&count.to_le_bytes());
    end[12..16].copy_from_slice(&(central.len() as u32).to_le_bytes());
    end[16..20].copy_from_slice(&(offset as u32).to_le_bytes());
    put(&central) && put(&end)
}

/// An archive in its one valid form. Its files are read in place.
#[derive(Clone, Debug)]
pub struct Archive {
    bytes: Arc<[u8]>,
    files: BTreeMap<Box<str>, Range<usize>>,
}

impl Archive {
    /// Reads the index and proves that packing the entries again gives these bytes.
    pub fn open(bytes: impl Into<Arc<[u8]>>) -> Result<Self, ArchiveError> {
        let bytes = bytes.into();
        let files = read_index(&bytes)?;
        check_paths(files.keys().map(AsRef::as_ref)).map_err(|(path, rule)| ArchiveError::path(path, rule))?;
        let mut at = 0;
        let is_same = write(files.iter().map(|(path, range)| (path.as_ref(), &bytes[range.clone()])), &mut |piece| {
            let is_piece_same = bytes.get(at..at + piece.len()) == Some(piece);
            if is_piece_same {
                at += piece.len();
            }
            is_piece_same
        });
        if !is_same || at != bytes.len() {
            return Err(ArchiveError::NotCanonical(format!("packing it again gives other bytes from byte {at} on")));
        }
        Ok(Self { bytes, files })
    }

    /// A file's bytes.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(|range| &self.bytes[range.clone()])
    }

    /// All files, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        self.files.iter().map(|(path, range)| (path.as_ref(), &self.bytes[range.clone()]))
    }

    /// The archive itself.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// Checks every file against `SHA256SUMS`, which must list exactly the files that are there.
    pub fn verify(self) -> Result<Verified, ArchiveError> {
        let Some(given) = self.file(SUMS_FILE) else {
            return Err(ArchiveError::SumsMalformed("it is missing"));
        };
        let expected = sums_of(self.files());
        if given == expected.as_bytes() {
            let digest = sha256(&self.bytes);
            return Ok(Verified { archive: self, digest });
        }
        let Ok(given) = std::str::from_utf8(given) else {
            return Err(ArchiveError::SumsMalformed("it is not text"));
        };
        let listed: BTreeMap<&str, &str> =
            given.lines().filter_map(|line| line.split_once("  ")).map(|(sum, path)| (path, sum)).collect();
        for (sum, path) in expected.lines().filter_map(|line| line.split_once("  ")) {
            match listed.get(path) {
                None => return Err(ArchiveError::FileUnlisted(path.to_owned())),
                Some(said) if *said != sum => return Err(ArchiveError::ChecksumMismatch(path.to_owned())),
                Some(_) => {}
            }
        }
        if let Some(path) = listed.keys().find(|path| self.file(path).is_none()) {
            return Err(ArchiveError::FileMissing(text::shorten(path, 120)));
        }
        Err(ArchiveError::SumsMalformed("its lines are not sorted, or not in the form '<sha256>  <path>'"))
    }
}

/// An archive whose files are all what `SHA256SUMS` says: the only thing a package is made from.
#[derive(Clone, Debug)]
pub struct Verified {
    archive: Archive,
    digest: Digest,
}

impl Verified {
    /// The archive.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// SHA-256 of the archive's bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The bytes that a publisher signs.
    pub fn sums(&self) -> &[u8] {
        self.archive.file(SUMS_FILE).unwrap_or_default()
    }

    /// The signature as it is in the archive. Nothing here says that it is valid.
    pub fn signature(&self) -> Option<&[u8]> {
        self.archive.file(SIGNATURE_FILE)
    }

    /// The same package with this signature in place of any other.
    pub fn with_signature(&self, signature: &[u8]) -> Result<Vec<u8>, ArchiveError> {
        let mut entries: BTreeMap<&str, &[u8]> = self.archive.files().collect();
        entries.insert(SIGNATURE_FILE, signature);
        pack_exact(&entries)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Reads the central directory. It trusts nothing: each range lies inside the bytes, and the comparison that follows
/// proves the rest. The checks here exist to say which entry is wrong and why.
fn read_index(bytes: &[u8]) -> Result<BTreeMap<Box<str>, Range<usize>>, ArchiveError> {
    let not_canonical = |why: &str| Err(ArchiveError::NotCanonical(why.to_owned()));
    if bytes.len() > ARCHIVE_BYTES_MAX {
        return Err(ArchiveError::TooLarge(format!("its archive has more than {} MiB", ARCHIVE_BYTES_MAX >> 20)));
    }
    let Some(end_at) = bytes.len().checked_sub(END_BYTES) else {
        return Err(ArchiveError::Unreadable("it is too short to be a zip archive"));
    };
    let end = &bytes[end_at..];
    if end[..4] != *END_MAGIC {
        // A zip comment may have up to 65,535 bytes.
        let tail_at = end_at.saturating_sub(usize::from(u16::MAX));
        return match bytes[tail_at..].windows(4).rposition(|window| window == END_MAGIC) {
            // Nearer to the end, an end record has no room.
            Some(place) if tail_at + place < end_at => not_canonical("bytes follow its end record"),
            _ => Err(ArchiveError::Unreadable("it is not a zip archive, or its end is missing")),
        };
    }
    let count = u16_at(end, 10);
    if usize::from(count) > ENTRIES_MAX {
        return Err(ArchiveError::TooLarge(format!("it says it has {count} entries or more")));
    }
    let (central_len, central_at) = (u32_at(end, 12) as usize, u32_at(end, 16) as usize);
    if central_at.checked_add(central_len) != Some(end_at) {
        return Err(ArchiveError::Unreadable("its index is not where its end record says"));
    }

    let mut files = BTreeMap::new();
    let mut rest = &bytes[central_at..end_at];
    let mut last_path = "";
    for _ in 0..count {
        if rest.len() < CENTRAL_BYTES || rest[..4] != *CENTRAL_MAGIC {
            return Err(ArchiveError::Unreadable("its index stops in the middle"));
        }
        let (header, names) = rest.split_at(CENTRAL_BYTES);
        let path_len = usize::from(u16_at(header, 28));
        let Some(path_bytes) = names.get(..path_len) else {
            return Err(ArchiveError::Unreadable("its index stops in the middle"));
        };
        let shown = text::shorten(&String::from_utf8_lossy(path_bytes), 120);
        let refuse = |why: &str| Err(ArchiveError::NotCanonical(format!("the entry '{shown}' {why}")));
        let Ok(path) = std::str::from_utf8(path_bytes) else {
            return Err(ArchiveError::UnsafePath { path: shown, rule: "is not plain text" });
        };
        if let Some(folder) = path.strip_suffix('/')
            && check_path(folder).is_ok()
        {
            return refuse("is a folder; archives hold files only");
        }
        check_path(path).map_err(|rule| ArchiveError::path(path, rule))?;
        let file_type = u32_at(header, 38) >> 28;
        let (size_packed, size) = (u32_at(header, 20), u32_at(header, 24));
        match () {
            () if file_type == 0o12 => return refuse("is a link"),
            () if !matches!(file_type, 0 | 0o10) => return refuse("is not a plain file"),
            () if u16_at(header, 8) & 1 != 0 => return refuse("is encrypted"),
            () if u16_at(header, 10) != 0 => return refuse("is compressed; entries are stored as they are"),
            () if size != size_packed => return refuse("has two sizes"),
            () if u16_at(header, 30) != 0 || u16_at(header, 32) != 0 => return refuse("has an extra field or comment"),
            () if u16_at(header, 8) != 0 => return refuse("has flags set"),
            () if u16_at(header, 12) != 0 || u16_at(header, 14) != DATE => {
                return refuse("has a time; entries are dated 1980-01-01");
            }
            () if u32_at(header, 38) != ATTRIBUTES => return refuse("has other attributes than mode 0644"),
            () if u16_at(header, 4) != VERSION_MADE || u16_at(header, 6) != VERSION_NEEDED => {
                return refuse("names another zip version than 2.0 made on Unix");
            }
            () if path == last_path => return refuse("is there twice"),
            () if path < last_path => return refuse("is not in the order of the paths"),
            () => {}
        }
        let start = (u32_at(header, 42) as usize).saturating_add(LOCAL_BYTES + path_len);
        let range = start..start.saturating_add(size as usize);
        if range.end > central_at {
            return refuse("says it has bytes that are not there");
        }
        files.insert(Box::from(path), range);
        last_path = path;
        rest = &names[path_len..];
    }
    if !rest.is_empty() {
        return not_canonical("its index has more entries than its end record says");
    }
    Ok(files)
}
