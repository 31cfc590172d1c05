//! An app's image: how its memory differs from the memory that every app begins with. Pure.
//!
//! Plain data, without code and without addresses of this process: a damaged image can only damage the guest that is
//! made from it.

use protocol::Digest;
use std::fmt;

/// How finely two memories are compared: one cache line, so that a run's cost is what really differs.
const GRAIN_BYTES: usize = 64;
/// Two runs nearer than this become one: the entry of a run costs about as much as copying a few lines.
const GAP_BYTES: usize = 128;
/// Zeros in the base that are worth not copying.
const ZEROS_BYTES: usize = 256;
/// The most that an app may leave in memory at its activation: each run copies it.
pub(crate) const DELTA_BYTES_MAX: usize = 8 << 20;
/// Bytes of a page of WebAssembly.
pub(crate) const PAGE_BYTES: usize = 1 << 16;
/// C stack of some two hundred frames of JavaScript; ordinary runs use a tenth of it.
const DEEP_STACK_BYTES: usize = 64 << 10;
/// More than the largest frame, so that none steps over it.
const DEEP_WINDOW_BYTES: usize = 4 << 10;
/// What every image file begins with.
const MAGIC: &[u8; 8] = b"oikosimg";

/// The memory that every app begins with: the engine after it made its world. Long stretches of zeros are not kept.
pub(crate) struct Base {
    parts: Vec<(usize, Box<[u8]>)>,
    memory_bytes: usize,
    stack_end: usize,
}

impl Base {
    /// Keeps a memory. What the C stack held is garbage, not state.
    pub(crate) fn new(memory: &[u8], stack_end: usize) -> Self {
        let mut ranges = Vec::<(usize, usize)>::new();
        for start in (stack_end..memory.len()).step_by(GRAIN_BYTES) {
            let end = (start + GRAIN_BYTES).min(memory.len());
            if memory[start..end].iter().all(|byte| *byte == 0) {
                continue;
            }
            match ranges.last_mut() {
                Some((_, before)) if *before + ZEROS_BYTES >= start => *before = end,
                _ => ranges.push((start, end)),
            }
        }
        let parts = ranges.into_iter().map(|(start, end)| (start, memory[start..end].into())).collect();
        Self { parts, memory_bytes: memory.len(), stack_end }
    }

    /// Puts it into a memory of zeros.
    pub(crate) fn apply(&self, memory: &mut [u8]) {
        for (start, bytes) in &self.parts {
            memory[*start..*start + bytes.len()].copy_from_slice(bytes);
        }
    }

    /// Makes a memory that was used into the base again, each byte of it, in one pass.
    pub(crate) fn restore(&self, memory: &mut [u8]) {
        let mut at = 0;
        for (start, bytes) in &self.parts {
            memory[at..*start].fill(0);
            at = *start + bytes.len();
            memory[*start..at].copy_from_slice(bytes);
        }
        memory[at..].fill(0);
    }

    /// Whether the C stack of a used memory was ever deeper than an ordinary run needs. What lies there is written by
    /// every deep call, and was zero before.
    pub(crate) fn went_deep(&self, memory: &[u8]) -> bool {
        let deep = self.stack_end.saturating_sub(DEEP_STACK_BYTES);
        let window = &memory[deep.saturating_sub(DEEP_WINDOW_BYTES)..deep];
        // Or-ing all of it is a few vector instructions; looking for the first is a loop over bytes.
        window.iter().fold(0, |all, byte| all | byte) != 0
    }

    /// Bytes of memory that a guest begins with.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Where the C stack begins; it grows down from here.
    pub(crate) fn stack_end(&self) -> usize {
        self.stack_end
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.parts.iter().map(|(start, bytes)| *start..*start + bytes.len()).collect();
        f.debug_struct("Base").field("parts", &parts).field("memory_bytes", &self.memory_bytes).finish_non_exhaustive()
    }
}

/// What an app's activation changed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Delta {
    memory_bytes: usize,
    /// Where how many of `bytes` go, in order.
    runs: Vec<(u32, u32)>,
    bytes: Vec<u8>,
}

impl fmt::Debug for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delta")
            .field("runs", &self.runs.len())
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl Delta {
    /// How `memory` differs from the base. `None` if it is more than an image may hold.
    pub(crate) fn between(base: &Base, memory: &[u8]) -> Option<Self> {
        let mut before = vec![0; memory.len().max(base.memory_bytes)];
        base.apply(&mut before);
        let (mut runs, mut bytes) = (Vec::<(u32, u32)>::new(), Vec::new());
        // The C stack lies below and begins anew in each run.
        let first = base.stack_end.next_multiple_of(GRAIN_BYTES);
        for start in (first..memory.len()).step_by(GRAIN_BYTES) {
            let end = (start + GRAIN_BYTES).min(memory.len());
            if memory[start..end] == before[start..end] {
                continue;
            }
            let from = match runs.last_mut() {
                Some((offset, length)) if *offset as usize + *length as usize + GAP_BYTES >= start => {
                    let from = *offset as usize + *length as usize;
                    *length = (end - *offset as usize) as u32;
                    from
                }
                _ => {
                    runs.push((start as u32, (end - start) as u32));
                    start
                }
            };
            bytes.extend_from_slice(&memory[from..end]);
            if bytes.len() > DELTA_BYTES_MAX {
                return None;
            }
        }
        Some(Self { memory_bytes: memory.len(), runs, bytes })
    }

    /// Puts the changes into a memory that holds the base and has this delta's size.
    pub(crate) fn apply(&self, memory: &mut [u8]) {
        let mut from = 0;
        for &(offset, length) in &self.runs {
            let (offset, length) = (offset as usize, length as usize);
            memory[offset..offset + length].copy_from_slice(&self.bytes[from..from + length]);
            from += length;
        }
    }

    /// Bytes of memory that the app begins with.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// What it holds of this process's memory.
    pub(crate) fn held_bytes(&self) -> usize {
        self.bytes.len() + self.runs.len() * size_of::<(u32, u32)>()
    }
}

/// An image as a file: the package, the names it exports, the delta.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImageFile {
    pub(crate) package: Digest,
    pub(crate) exports: Vec<String>,
    pub(crate) delta: Delta,
}

impl ImageFile {
    /// Its bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.package.0);
        let word = |out: &mut Vec<u8>, number: usize| out.extend_from_slice(&(number as u32).to_le_bytes());
        word(&mut out, self.delta.memory_bytes / PAGE_BYTES);
        word(&mut out, self.exports.len());
        for name in &self.exports {
            word(&mut out, name.len());
            out.extend_from_slice(name.as_bytes());
        }
        word(&mut out, self.delta.runs.len());
        for &(offset, length) in &self.delta.runs {
            word(&mut out, offset as usize);
            word(&mut out, length as usize);
        }
        out.extend_from_slice(&self.delta.bytes);
        out
    }

    /// Reads it back. The bytes were authenticated before, and still nothing is believed: `None` for all that `encode`
    /// would not have written for this base.
    pub(crate) fn decode(bytes: &[u8], base: &Base) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let package = Digest(take(&mut rest, 32)?.try_into().ok()?);
        let memory_bytes = number(&mut rest)?.checked_mul(PAGE_BYTES)?;
        if memory_bytes < base.memory_bytes || memory_bytes > usize::try_from(protocol::limit::MEMORY_BYTES_MAX).ok()? {
            return None;
        }
        let mut exports = Vec::new();
        for _ in 0..number(&mut rest)? {
            let length = number(&mut rest)?;
            exports.push(String::from_utf8(take(&mut rest, length)?.to_vec()).ok()?);
        }
        let (mut runs, mut total, mut end_before) = (Vec::new(), 0usize, base.stack_end);
        for _ in 0..number(&mut rest)? {
            let (offset, length) = (number(&mut rest)?, number(&mut rest)?);
            let end = offset.checked_add(length)?;
            if offset < end_before || end > memory_bytes {
                return None;
            }
            end_before = end;
            total = total.checked_add(length)?;
            runs.push((u32::try_from(offset).ok()?, u32::try_from(length).ok()?));
        }
        (total == rest.len() && total <= DELTA_BYTES_MAX).then(|| Self {
            package,
            exports,
            delta: Delta { memory_bytes, runs, bytes: rest.to_vec() },
        })
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    Some(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STACK_END: usize = 128;

    fn base() -> Base {
        let mut memory = vec![0; PAGE_BYTES];
        memory[..STACK_END].fill(0xaa);
        memory[1000..3000].fill(7);
        Base::new(&memory, STACK_END)
    }

    /// What a guest would find that begins with this base and delta.
    fn restored(base: &Base, delta: &Delta) -> Vec<u8> {
        let mut memory = vec![0; delta.memory_bytes()];
        base.apply(&mut memory);
        delta.apply(&mut memory);
        memory
    }

    #[test]
    fn the_stack_is_not_part_of_an_image() {
        let base = base();
        let mut memory = restored(&base, &Delta::between(&base, &vec![0; PAGE_BYTES]).expect("small"));
        assert!(memory.iter().all(|byte| *byte == 0));
        memory[..STACK_END].fill(0xbb);
        let delta = Delta::between(&base, &memory).expect("small");
        assert!(restored(&base, &delta).iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_used_memory_becomes_the_base_again() {
        let base = base();
        let mut fresh = vec![0; PAGE_BYTES];
        base.apply(&mut fresh);
        let mut used = vec![0xcc; PAGE_BYTES];
        base.restore(&mut used);
        assert_eq!(used, fresh);
    }

    #[test]
    fn what_would_be_too_much_to_copy_is_no_image() {
        let base = base();
        assert!(Delta::between(&base, &vec![1; DELTA_BYTES_MAX + PAGE_BYTES]).is_none());
    }

    proptest! {
        #[test]
        fn an_image_brings_the_memory_back(
            changes in proptest::collection::vec((STACK_END..2 * PAGE_BYTES, any::<u8>()), 0..60),
            names in proptest::collection::vec(".{0,8}", 0..4),
        ) {
            let base = base();
            let mut memory = vec![0; 2 * PAGE_BYTES];
            base.apply(&mut memory);
            for (at, byte) in changes {
                memory[at] = byte;
            }
            let delta = Delta::between(&base, &memory).expect("small");
            prop_assert_eq!(&restored(&base, &delta), &memory);
            let file = ImageFile { package: protocol::sha256(b"a"), exports: names, delta };
            prop_assert_eq!(ImageFile::decode(&file.encode(), &base), Some(file));
        }

        #[test]
        fn a_damaged_image_never_reaches_beyond_its_memory(
            at in 0usize..400, byte in any::<u8>(), cut in 0usize..400,
        ) {
            let base = base();
            let mut memory = vec![0; PAGE_BYTES];
            memory[5000..5100].fill(3);
            memory[9000..9100].fill(4);
            let delta = Delta::between(&base, &memory).expect("small");
            let mut bytes = ImageFile { package: protocol::sha256(b"a"), exports: vec!["go".into()], delta }.encode();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.truncate(bytes.len().saturating_sub(cut % 7));
            if let Some(file) = ImageFile::decode(&bytes, &base) {
                restored(&base, &file.delta);
            }
        }
    }
}
