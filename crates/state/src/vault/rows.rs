//! Secrets as the bytes that are sealed. Not JSON: a text with escapes would leave copies behind that nobody overwrites.

use super::{HOST_BYTES_MAX, SECRET_BYTES_MAX, SECRET_HOSTS_MAX, SECRET_NOTE_BYTES_MAX, VAULT_ENTRIES_MAX};
use super::{SETTING_BYTES_MAX, VaultEntry, VaultName};
use protocol::{SecretText, Timestamp};
use zeroize::Zeroizing;

/// The longest name: `app/`, an app's name, a setting's.
const NAME_BYTES_MAX: usize = SETTING_BYTES_MAX + 70;
/// What stands for "never".
const NEVER: i64 = i64::MIN;

/// The bytes, in a buffer that never moves and is overwritten when dropped.
pub(super) fn encode(rows: &[(VaultEntry, SecretText)]) -> Zeroizing<Vec<u8>> {
    let names: Vec<String> = rows.iter().map(|(entry, _)| entry.name.to_string()).collect();
    let size = |((entry, value), name): (&(VaultEntry, SecretText), &String)| {
        let hosts: usize = entry.hosts.iter().map(|host| 4 + host.len()).sum();
        4 + name.len() + 4 + hosts + 4 + entry.note.len() + 16 + 4 + value.expose().len()
    };
    let size: usize = rows.iter().zip(&names).map(size).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(4 + size));
    // No row is near four gigabytes: `VaultEntry::check` sees to that.
    let number = |bytes: &mut Vec<u8>, number: usize| bytes.extend_from_slice(&(number as u32).to_le_bytes());
    let text = |bytes: &mut Vec<u8>, text: &str| {
        number(bytes, text.len());
        bytes.extend_from_slice(text.as_bytes());
    };
    number(&mut bytes, rows.len());
    for ((entry, value), name) in rows.iter().zip(&names) {
        text(&mut bytes, name);
        number(&mut bytes, entry.hosts.len());
        entry.hosts.iter().for_each(|host| text(&mut bytes, host));
        text(&mut bytes, &entry.note);
        bytes.extend_from_slice(&entry.created_at.0.to_le_bytes());
        bytes.extend_from_slice(&entry.used_at.map_or(NEVER, |at| at.0).to_le_bytes());
        text(&mut bytes, value.expose());
    }
    bytes
}

/// The other way. `None` where the bytes are not what [`encode`] writes: sorted by name, within every bound, nothing
/// behind the end.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<(VaultEntry, SecretText)>> {
    let mut reader = Reader(bytes);
    let count = reader.number(VAULT_ENTRIES_MAX)?;
    let mut rows: Vec<(VaultEntry, SecretText)> = Vec::with_capacity(count);
    for _ in 0..count {
        let name = VaultName::parse(reader.text(NAME_BYTES_MAX)?)?;
        let hosts = reader.number(SECRET_HOSTS_MAX)?;
        let hosts = (0..hosts).map(|_| reader.text(HOST_BYTES_MAX).map(str::to_owned)).collect::<Option<_>>()?;
        let note = reader.text(SECRET_NOTE_BYTES_MAX)?.to_owned();
        let created_at = Timestamp(reader.moment()?);
        let used_at = Some(reader.moment()?).filter(|at| *at != NEVER).map(Timestamp);
        let value = SecretText::new(reader.text(SECRET_BYTES_MAX)?.to_owned());
        if rows.last().is_some_and(|(last, _)| last.name >= name) {
            return None;
        }
        rows.push((VaultEntry { name, hosts, note, created_at, used_at }, value));
    }
    reader.0.is_empty().then_some(rows)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, most: usize) -> Option<usize> {
        let number = u32::from_le_bytes(self.take(4)?.try_into().ok()?) as usize;
        (number <= most).then_some(number)
    }

    fn moment(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn text(&mut self, bytes_max: usize) -> Option<&'a str> {
        let count = self.number(bytes_max)?;
        std::str::from_utf8(self.take(count)?).ok()
    }
}

/// What must hold for any bytes that were sealed: they are read to the end or refused, and have one form. For fuzzers.
pub fn rows_check(bytes: &[u8]) {
    if let Some(rows) = decode(bytes) {
        assert_eq!(*encode(&rows), bytes, "secrets have one form");
    }
}
