//! The ends of audit logs, signed and kept outside the store: who cuts the store's log must also cut this file, and
//! cannot write another end.

use crate::{HeadError, PublicKey, file};
use protocol::AuditHead;
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// The file of heads in the home folder.
const HEAD_FILE: &str = "audit-heads.jsonl";

/// Beyond this size the older half is dropped, but for each owner's last head. A head vouches for everything before
/// it, so what is lost is only how closely a change can be dated.
pub const HEAD_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// What is read at most: the file is thinned long before, so more was not written by oikos.
const READ_BYTES_MAX: u64 = 16 * HEAD_FILE_BYTES_MAX;

/// The file of signed heads: one JSON object per line, written only at its end.
#[derive(Clone, Debug)]
pub struct HeadFile {
    home: PathBuf,
    path: PathBuf,
}

/// What a file of heads holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heads {
    /// Heads that this device signed, in the order of the file.
    pub heads: Vec<AuditHead>,
    /// Numbers, from 1, of lines that are no head of this device. A last line without its end, as a power cut leaves
    /// it, is not among them.
    pub lines_refused: Vec<usize>,
}

impl HeadFile {
    /// The file in this home folder. It need not exist yet.
    pub fn new(home: &Path) -> Self {
        Self { home: home.to_owned(), path: home.join(HEAD_FILE) }
    }

    /// Adds a head. It is on the disk when this returns.
    pub fn append(&self, head: &AuditHead) -> Result<(), HeadError> {
        let failed = |source| self.failed("writing", source);
        let mut line = serde_json::to_vec(head).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        let options = &mut OpenOptions::new();
        let mut file = file::open_no_follow(options.read(true).write(true).create(true), &self.path).map_err(failed)?;
        let end = whole_lines_end(&mut file).map_err(failed)?;
        // What a power cut left of a last line goes, or this one would be glued to it.
        file.set_len(end).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        file.write_all(&line).and_then(|()| file.sync_data()).map_err(failed)?;
        if end == 0 {
            file::folder_sync(&self.home).map_err(failed)?;
        }
        if end + line.len() as u64 > HEAD_FILE_BYTES_MAX {
            self.thin().map_err(|source| self.failed("thinning", source))?;
        }
        Ok(())
    }

    /// Reads the file and verifies each head against the device's key. A file that is absent holds nothing.
    pub fn read(&self, device: &PublicKey) -> Result<Heads, HeadError> {
        let text = self.read_whole_lines().map_err(|source| self.failed("reading", source))?;
        let mut found = Heads::default();
        for (place, line) in lines(&text).enumerate() {
            match serde_json::from_slice::<AuditHead>(line) {
                Ok(head) if device.verify_head(&head).is_ok() => found.heads.push(head),
                _ => found.lines_refused.push(place + 1),
            }
        }
        Ok(found)
    }

    fn read_whole_lines(&self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        match file::open_no_follow(OpenOptions::new().read(true), &self.path) {
            Ok(file) => file.take(READ_BYTES_MAX).read_to_end(&mut text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        text.truncate(end);
        Ok(text)
    }

    /// Keeps the newer half, each owner's last head, and every line that is no head: that one is evidence.
    fn thin(&self) -> io::Result<()> {
        let text = self.read_whole_lines()?;
        let all: Vec<&[u8]> = lines(&text).collect();
        let mut owners = BTreeSet::new();
        let mut kept: Vec<&[u8]> = Vec::with_capacity(all.len() / 2 + 1);
        for (place, line) in all.iter().enumerate().rev() {
            let is_kept = match serde_json::from_slice::<AuditHead>(line) {
                Ok(head) => owners.insert(head.owner) || place >= all.len() / 2,
                Err(_) => true,
            };
            if is_kept {
                kept.push(line);
            }
        }
        kept.reverse();
        let mut text = kept.join(&b'\n');
        text.push(b'\n');
        let staged = self.path.with_extension("new");
        let mut file = file::open_no_follow(OpenOptions::new().write(true).create(true).truncate(true), &staged)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&staged, &self.path)?;
        file::folder_sync(&self.home)
    }

    fn failed(&self, tried: &'static str, source: io::Error) -> HeadError {
        HeadError { tried, path: self.path.clone(), source }
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.strip_suffix(b"\n").into_iter().flat_map(|text| text.split(|byte| *byte == b'\n'))
}

/// Where the last whole line ends. Looks only at the file's end, because that is where it almost always is.
fn whole_lines_end(file: &mut File) -> io::Result<u64> {
    const STEP_BYTES: u64 = 4096;
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut buffer = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(STEP_BYTES);
        file.seek(SeekFrom::Start(start))?;
        buffer.clear();
        file.take(end - start).read_to_end(&mut buffer)?;
        if let Some(place) = buffer.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + place as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}
