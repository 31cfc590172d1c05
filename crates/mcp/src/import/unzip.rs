//! The zip archive of a bundle. Our own packages have one exact form (`package::Archive`); bundles are zipped by whatever
//! their authors have, so this reads zip in general, as far as there is one reading of it: what two readers could take for
//! two things is refused. Nothing is allocated by a number that the archive claims, and nothing is written here.

use super::text::Fault;
use protocol::text;
use std::{collections::BTreeMap, ops::Range};

/// The largest bundle: a server with all that it needs.
pub const BUNDLE_BYTES_MAX: usize = 256 << 20;
/// The most that its files are together, unpacked.
pub const UNPACKED_BYTES_MAX: u64 = 1 << 30;
/// The most files: a `node_modules` has tens of thousands.
pub const FILES_MAX: usize = 65_535;
/// How much larger than packed a file may be. DEFLATE reaches 1,032 on zeros; code and data stay far below.
const RATIO_MAX: u64 = 200;
/// Below this, a ratio says nothing: a small file of spaces is harmless.
const RATIO_BYTES_MIN: u64 = 1 << 20;
/// The longest path of a file.
const PATH_BYTES_MAX: usize = 512;
/// The files that are read while it is looked at, together: manifests and icons.
const LOOK_BYTES_MAX: usize = 4 << 20;

const LOCAL_BYTES: usize = 30;
const CENTRAL_BYTES: usize = 46;
const END_BYTES: usize = 22;
const CENTRAL_MAGIC: &[u8; 4] = b"PK\x01\x02";
const LOCAL_MAGIC: &[u8; 4] = b"PK\x03\x04";
const END_MAGIC: &[u8; 4] = b"PK\x05\x06";
/// How `mcpb sign` begins and ends what it puts behind the archive.
const SIGNATURE_MAGIC: &[u8] = b"MCPB_SIG_V1";
const SIGNATURE_END: &[u8] = b"MCPB_SIG_END";

#[derive(Clone, Debug)]
struct Entry {
    data: Range<usize>,
    size: u64,
    crc: u32,
    is_packed: bool,
    is_program: bool,
}

/// A bundle whose index was read and checked.
#[derive(Clone, Debug)]
pub struct Bundle {
    bytes: Vec<u8>,
    entries: BTreeMap<String, Entry>,
    manifest: BTreeMap<String, Vec<u8>>,
    /// It carries a signature. Nothing here says that it is valid, nor whose it is.
    pub is_signed: bool,
}

impl Bundle {
    /// Reads the index of a zip archive.
    pub fn open(file: &str, bytes: &[u8]) -> Result<Self, Fault> {
        let fault = |message: String| Fault::new(file, None, message);
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(fault(format!("the bundle is larger than {} MiB", BUNDLE_BYTES_MAX >> 20)));
        }
        let (archive, is_signed) = without_signature(bytes);
        let entries = read_index(archive).map_err(fault)?;
        let mut bundle = Self { bytes: archive.to_vec(), entries, manifest: BTreeMap::new(), is_signed };
        if let Some(entry) = bundle.entries.get(super::bundle::MANIFEST_FILE) {
            if entry.size > LOOK_BYTES_MAX as u64 {
                return Err(fault("its manifest.json is too large".to_owned()));
            }
            let manifest = bundle.unpack(entry).map_err(|why| fault(format!("its manifest.json {why}")))?;
            bundle.manifest.insert(super::bundle::MANIFEST_FILE.to_owned(), manifest);
        }
        Ok(bundle)
    }

    /// The manifest's bytes; of any other file only whether it is there, by an empty slice.
    pub(crate) fn file(&self, path: &str) -> Option<&[u8]> {
        self.entries.get(path)?;
        Some(self.manifest.get(path).map_or(&[], Vec::as_slice))
    }

    /// All paths, sorted, each with whether its author marked it as a program.
    pub fn paths(&self) -> impl Iterator<Item = (&str, bool)> {
        self.entries.iter().map(|(path, entry)| (path.as_str(), entry.is_program))
    }

    /// Unpacks one file after the other, sorted by path. Each is checked against the size and sum that the index names, so
    /// no more is ever held than the largest file.
    pub fn unpacked(&self) -> impl Iterator<Item = Result<(&str, bool, Vec<u8>), String>> {
        self.entries.iter().map(|(path, entry)| {
            let bytes = self.unpack(entry).map_err(|why| format!("the file '{}' {why}", text::shorten(path, 120)))?;
            Ok((path.as_str(), entry.is_program, bytes))
        })
    }

    fn unpack(&self, entry: &Entry) -> Result<Vec<u8>, &'static str> {
        let packed = &self.bytes[entry.data.clone()];
        let size = usize::try_from(entry.size).map_err(|_| "is too large for this machine")?;
        let bytes = if entry.is_packed {
            miniz_oxide::inflate::decompress_to_vec_with_limit(packed, size)
                .map_err(|_| "is damaged, or larger than it says")?
        } else {
            packed.to_vec()
        };
        if bytes.len() != size || crc32fast::hash(&bytes) != entry.crc {
            return Err("is not what the bundle's index says");
        }
        Ok(bytes)
    }
}

/// The archive without the signature that may follow it.
fn without_signature(bytes: &[u8]) -> (&[u8], bool) {
    if !bytes.ends_with(SIGNATURE_END) {
        return (bytes, false);
    }
    // The block: its beginning, a length of four bytes, the signature, its end.
    let Some(at) = bytes.windows(SIGNATURE_MAGIC.len()).rposition(|window| window == SIGNATURE_MAGIC) else {
        return (bytes, false);
    };
    let rest = &bytes[at + SIGNATURE_MAGIC.len()..bytes.len() - SIGNATURE_END.len()];
    match rest.first_chunk::<4>() {
        Some(length) if u32::from_le_bytes(*length) as usize == rest.len() - 4 => (&bytes[..at], true),
        _ => (bytes, false),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Where the end record is: the last place where one says a comment that reaches just to the end. A signed bundle may
/// count its signature as that comment.
fn end_at(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_BYTES)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    (first..=last).rev().find(|at| {
        let comment = usize::from(u16_at(bytes, at + 20));
        bytes[*at..].starts_with(END_MAGIC)
            && (at + END_BYTES + comment == bytes.len() || at + END_BYTES == bytes.len())
    })
}

fn read_index(bytes: &[u8]) -> Result<BTreeMap<String, Entry>, String> {
    let Some(end) = end_at(bytes) else {
        return Err("it is not a zip archive, or its end is missing".to_owned());
    };
    let (count, central_len) = (usize::from(u16_at(bytes, end + 10)), u32_at(bytes, end + 12) as usize);
    let central_at = u32_at(bytes, end + 16) as usize;
    if u16_at(bytes, end + 4) != 0 || usize::from(u16_at(bytes, end + 8)) != count || count >= FILES_MAX {
        return Err("it is split over several files, or has too many files".to_owned());
    }
    if central_at.checked_add(central_len) != Some(end) {
        return Err("its index is not where its end says".to_owned());
    }
    let mut entries = BTreeMap::new();
    let mut folded = BTreeMap::new();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut total = 0_u64;
    let mut rest = &bytes[central_at..end];
    for _ in 0..count {
        if rest.len() < CENTRAL_BYTES || !rest.starts_with(CENTRAL_MAGIC) {
            return Err("its index stops in the middle".to_owned());
        }
        let lengths = [28, 30, 32].map(|at| usize::from(u16_at(rest, at)));
        let Some(name) = rest.get(CENTRAL_BYTES..CENTRAL_BYTES + lengths[0]) else {
            return Err("its index stops in the middle".to_owned());
        };
        let shown = text::shorten(&String::from_utf8_lossy(name), 120);
        let header = &rest[..CENTRAL_BYTES];
        rest = rest.get(CENTRAL_BYTES + lengths.iter().sum::<usize>()..).ok_or("its index stops in the middle")?;
        let refuse = |why: &str| Err(format!("the file '{shown}' {why}"));
        let Ok(path) = std::str::from_utf8(name) else { return refuse("has a name that is not plain text") };
        let is_folder = path.ends_with('/');
        if let Err(why) = check_path(path.strip_suffix('/').unwrap_or(path)) {
            return refuse(why);
        }
        // The upper half of the attributes is a Unix mode where Unix made the entry.
        let mode = if header[5] == 3 || header[5] == 19 { u32_at(header, 38) >> 16 } else { 0 };
        match mode >> 12 {
            0o12 => return refuse("is a link"),
            0 | 0o10 | 0o4 => {}
            _ => return refuse("is not a plain file"),
        }
        let (flags, method) = (u16_at(header, 8), u16_at(header, 10));
        let (packed, size) = (u32_at(header, 20), u32_at(header, 24));
        if flags & 0b10_0000_0100_0001 != 0 {
            return refuse("is encrypted");
        }
        if packed == u32::MAX || size == u32::MAX || u32_at(header, 42) == u32::MAX {
            return refuse("is larger than a bundle's files may be");
        }
        if !matches!(method, 0 | 8) || (method == 0 && packed != size) {
            return refuse("is packed in a way that is not known");
        }
        total += u64::from(size);
        if total > UNPACKED_BYTES_MAX {
            return Err(format!("its files are larger than {} MiB together", UNPACKED_BYTES_MAX >> 20));
        }
        if u64::from(size) > RATIO_BYTES_MIN && u64::from(size) / u64::from(packed).max(1) > RATIO_MAX {
            return refuse("grows so much when it is unpacked that it can only be meant to fill the disk");
        }
        let data = local(bytes, u32_at(header, 42) as usize, name, method, packed as usize, central_at);
        let Some((whole, data)) = data else {
            return refuse("is not the same in the index and where its bytes are");
        };
        ranges.push(whole);
        let lower = path.trim_end_matches('/').to_lowercase();
        if folded.insert(lower, is_folder).is_some() {
            return refuse("is there twice, or differs from another only in capitals");
        }
        if is_folder {
            if size != 0 {
                return refuse("is a folder with content");
            }
            continue;
        }
        let is_program = mode & 0o111 != 0;
        entries.insert(
            path.to_owned(),
            Entry { data, size: size.into(), crc: u32_at(header, 16), is_packed: method == 8, is_program },
        );
    }
    if !rest.is_empty() {
        return Err("its index has more files than its end says".to_owned());
    }
    ranges.sort_by_key(|range| range.start);
    if ranges.windows(2).any(|pair| pair[0].end > pair[1].start) {
        return Err("two of its files share their bytes".to_owned());
    }
    for path in entries.keys() {
        let lower = path.to_lowercase();
        let mut above = lower.match_indices('/').map(|(at, _)| &lower[..at]);
        if let Some(folder) = above.find(|folder| folded.get(*folder) == Some(&false)) {
            return Err(format!("'{}' is a file and a folder", text::shorten(folder, 120)));
        }
    }
    Ok(entries)
}

/// The bytes of an entry, with its own header and without, if that header says what the index says.
fn local(
    bytes: &[u8],
    at: usize,
    name: &[u8],
    method: u16,
    packed: usize,
    central_at: usize,
) -> Option<(Range<usize>, Range<usize>)> {
    let header = bytes.get(at..at.checked_add(LOCAL_BYTES)?)?;
    if !header.starts_with(LOCAL_MAGIC) || u16_at(header, 8) != method || usize::from(u16_at(header, 26)) != name.len()
    {
        return None;
    }
    let start = at + LOCAL_BYTES + name.len() + usize::from(u16_at(header, 28));
    let end = start.checked_add(packed)?;
    let is_same = bytes.get(at + LOCAL_BYTES..at + LOCAL_BYTES + name.len()) == Some(name);
    (is_same && end <= central_at).then_some((at..end, start..end))
}

/// The rule that a path breaks: one that could lead out of the folder, or be another file on another system.
fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() || path.len() > PATH_BYTES_MAX {
        return Err("has a name that is empty or too long");
    }
    if path.starts_with('/') || path.contains(['\\', ':']) {
        return Err("has a name that could lead out of the bundle");
    }
    for part in path.split('/') {
        if matches!(part, "" | "." | "..") || part.ends_with(['.', ' ']) {
            return Err("has a name that could lead out of the bundle");
        }
        if part.chars().any(|c| text::is_deceptive(c) || "<>\"|?*".contains(c)) {
            return Err("has a name with characters that do not belong in one");
        }
        let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
        let is_device = matches!(stem.as_str(), "con" | "prn" | "aux" | "nul")
            || ((stem.starts_with("com") || stem.starts_with("lpt"))
                && stem.len() == 4
                && stem.ends_with(|c: char| c.is_ascii_digit()));
        if is_device {
            return Err("has the name of a device of Windows");
        }
    }
    Ok(())
}
