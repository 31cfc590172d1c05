//! Counting distinct values exactly in bounded memory.
//!
//! Each value becomes a [`Mark`]: 114 bits of a keyed SipHash, with the column and the kind in the low bits. Marks of
//! all columns of a pass share one buffer of [`DISTINCT_BYTES_MAX`]. A full buffer is sorted and rid of its doubles;
//! if it is still half full it is written away as one sorted run. In the end the runs are merged and counted. The
//! count is exact unless two of a column's values have the same 114 bits: with a billion values the chance is below
//! 10⁻¹⁶, and the key is secret, so nobody can make it happen.

use super::number::{self, Canonical, Parsed};
use siphasher::sip128::SipHasher13;
use std::{cmp::Reverse, collections::BinaryHeap};

/// What distinct counting may hold in memory, for all columns of a pass together.
pub(crate) const DISTINCT_BYTES_MAX: usize = 64 << 20;

const MARK_BYTES: usize = size_of::<u128>();
const KIND_BITS: u32 = 2;
const COLUMN_BITS: u32 = 12;
const LOW_MASK: u128 = (1 << (KIND_BITS + COLUMN_BITS)) - 1;
const _: () = assert!(super::split::COLUMNS_MAX <= 1 << COLUMN_BITS);

/// What is read or written at once of a run.
const RUN_BLOCK_BYTES: usize = 64 << 10;

/// One value of one column, as a number that sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark(u128);

/// What a mark stands for. A field that is the canonical text of its value is one thing; a field that is not
/// (`1.50`) is two: a text of its own, and a value that a canonical text may share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    /// A text that stands for its own value.
    Both = 0,
    /// A value that some other text stands for.
    Value = 1,
    /// A text whose value is marked beside it.
    Text = 2,
}

/// Distinct values of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// As written.
    pub(crate) texts: u64,
    /// With numbers that are equal counted once.
    pub(crate) values: u64,
}

/// Makes marks. Its key is secret and new for each process.
#[derive(Clone)]
pub(crate) struct Marker {
    hasher: SipHasher13,
    scratch: Vec<u8>,
}

/// The marks of a field: its own, and that of its value where another text stands for it.
pub(crate) struct Marks {
    pub(crate) text: Mark,
    pub(crate) value: Option<Mark>,
}

impl Marker {
    pub(crate) fn new(key: &[u8; 16]) -> Self {
        Self { hasher: SipHasher13::new_with_key(key), scratch: Vec::new() }
    }

    #[inline]
    pub(crate) fn marks(&mut self, column: usize, field: &[u8], number: Option<Parsed>) -> Marks {
        let Some(parsed) = number else {
            return Marks { text: self.mark(column, field, Kind::Both), value: None };
        };
        let value = match parsed.canonical {
            Canonical::Same => return Marks { text: self.mark(column, field, Kind::Both), value: None },
            Canonical::Prefix(bytes) => self.mark(column, &field[..bytes], Kind::Value),
            Canonical::Other => {
                let mut scratch = std::mem::take(&mut self.scratch);
                number::canonical_write(parsed.number, &mut scratch);
                let mark = self.mark(column, &scratch, Kind::Value);
                self.scratch = scratch;
                mark
            }
        };
        Marks { text: self.mark(column, field, Kind::Text), value: Some(value) }
    }

    #[inline]
    fn mark(&self, column: usize, text: &[u8], kind: Kind) -> Mark {
        let hash = self.hash(text);
        Mark((hash & !LOW_MASK) | (column as u128) << KIND_BITS | kind as u128)
    }

    /// The keyed hash of a text, for tables.
    #[inline]
    pub(crate) fn hash(&self, text: &[u8]) -> u128 {
        self.hasher.hash(text).as_u128()
    }
}

impl Mark {
    /// Whether a text is meant, not only a value.
    pub(crate) fn is_text(self) -> bool {
        self.0 & ((1 << KIND_BITS) - 1) != Kind::Value as u128
    }

    /// Bits that are as good as random.
    #[inline]
    pub(crate) fn table_bits(self) -> u64 {
        (self.0 >> 64) as u64
    }

    fn column(self) -> usize {
        ((self.0 & LOW_MASK) >> KIND_BITS) as usize
    }

    fn value_bits(self) -> u128 {
        self.0 >> KIND_BITS
    }
}

/// Where sorted runs go when memory is used up: bytes that are appended, and read again.
pub(crate) trait Spill {
    /// Why it did not work.
    type Error;
    /// Appends bytes.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;
    /// Reads bytes that were appended; fills the buffer.
    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), Self::Error>;
}

/// Counts distinct marks.
pub(crate) struct Distinct<S> {
    marks: Vec<Mark>,
    marks_max: usize,
    runs: Vec<std::ops::Range<u64>>,
    spilled_bytes: u64,
    spill: S,
}

impl<S: Spill> Distinct<S> {
    /// A counter that holds at most `bytes_max` in memory.
    pub(crate) fn new(bytes_max: usize, spill: S) -> Self {
        Self { marks: Vec::new(), marks_max: bytes_max / MARK_BYTES, runs: Vec::new(), spilled_bytes: 0, spill }
    }

    /// Adds a mark; one that is there already changes nothing.
    #[inline]
    pub(crate) fn add(&mut self, mark: Mark) -> Result<(), S::Error> {
        if self.marks.len() == self.marks.capacity() {
            self.make_room()?;
        }
        self.marks.push(mark);
        Ok(())
    }

    #[cold]
    fn make_room(&mut self) -> Result<(), S::Error> {
        let room = self.marks.capacity();
        if room < self.marks_max {
            let larger = (room * 2).max(1024).min(self.marks_max);
            self.marks.reserve_exact(larger - self.marks.len());
            return Ok(());
        }
        self.tidy();
        if self.marks.len() > self.marks_max / 2 {
            self.write_run()?;
        }
        Ok(())
    }

    fn tidy(&mut self) {
        sort(&mut self.marks);
        self.marks.dedup();
    }

    fn write_run(&mut self) -> Result<(), S::Error> {
        let start = self.spilled_bytes;
        let mut block = Vec::with_capacity(RUN_BLOCK_BYTES);
        for marks in self.marks.chunks(RUN_BLOCK_BYTES / MARK_BYTES) {
            block.clear();
            for mark in marks {
                block.extend_from_slice(&mark.0.to_le_bytes());
            }
            self.spill.append(&block)?;
            self.spilled_bytes += block.len() as u64;
        }
        self.runs.push(start..self.spilled_bytes);
        self.marks.clear();
        Ok(())
    }

    /// The counts of each column.
    pub(crate) fn finish(mut self, columns: usize) -> Result<Vec<Counts>, S::Error> {
        let mut tally = Tally { counts: vec![Counts::default(); columns], last: None };
        self.tidy();
        if self.runs.is_empty() {
            self.marks.iter().for_each(|mark| tally.add(*mark));
            return Ok(tally.counts);
        }
        self.write_run()?;
        // The buffer's memory is given back before the runs take theirs.
        self.marks = Vec::new();
        let mut readers = Vec::with_capacity(self.runs.len());
        let mut heap = BinaryHeap::with_capacity(self.runs.len());
        for run in &self.runs {
            let mut reader = RunReader { rest: run.clone(), block: Vec::new(), place: 0 };
            if let Some(mark) = reader.next(&mut self.spill)? {
                heap.push(Reverse((mark, readers.len())));
            }
            readers.push(reader);
        }
        while let Some(Reverse((mark, index))) = heap.pop() {
            tally.add(mark);
            if let Some(next) = readers[index].next(&mut self.spill)? {
                heap.push(Reverse((next, index)));
            }
        }
        Ok(tally.counts)
    }
}

/// Sorts marks in place: dealt out by their first byte, and then each pile by itself. Their first bits are as good as
/// random, so the piles are alike, and each fits into the processor's cache.
fn sort(marks: &mut [Mark]) {
    const PILES: usize = 256;
    let pile_of = |mark: Mark| (mark.0 >> 120) as usize;
    let mut ends = [0; PILES];
    for mark in marks.iter() {
        ends[pile_of(*mark)] += 1;
    }
    let mut next = [0; PILES];
    let mut start = 0;
    for (end, next) in ends.iter_mut().zip(&mut next) {
        *next = start;
        start += *end;
        *end = start;
    }
    for pile in 0..PILES {
        while next[pile] < ends[pile] {
            let place = next[pile];
            let home = pile_of(marks[place]);
            // A mark that is at home stays; another one changes places with the next that is not yet dealt out.
            marks.swap(place, next[home]);
            next[home] += 1;
        }
    }
    let mut rest = marks;
    let mut start = 0;
    for end in ends {
        let (pile, after) = rest.split_at_mut(end - start);
        pile.sort_unstable();
        (rest, start) = (after, end);
    }
}

/// Counts marks that come in order.
struct Tally {
    counts: Vec<Counts>,
    last: Option<Mark>,
}

impl Tally {
    fn add(&mut self, mark: Mark) {
        if self.last == Some(mark) {
            return;
        }
        let counts = &mut self.counts[mark.column()];
        if mark.is_text() {
            counts.texts += 1;
        }
        // Of one value, the canonical text sorts before the mark of another text's value, so equal bits were counted.
        let is_value = mark.0 & ((1 << KIND_BITS) - 1) != Kind::Text as u128;
        if is_value && self.last.is_none_or(|last| last.value_bits() != mark.value_bits()) {
            counts.values += 1;
        }
        self.last = Some(mark);
    }
}

struct RunReader {
    rest: std::ops::Range<u64>,
    block: Vec<u8>,
    place: usize,
}

impl RunReader {
    fn next<S: Spill>(&mut self, spill: &mut S) -> Result<Option<Mark>, S::Error> {
        if self.place == self.block.len() {
            let bytes = (self.rest.end - self.rest.start).min(RUN_BLOCK_BYTES as u64);
            if bytes == 0 {
                return Ok(None);
            }
            self.block.resize(bytes as usize, 0);
            spill.read(self.rest.start, &mut self.block)?;
            self.rest.start += bytes;
            self.place = 0;
        }
        let mut mark = [0; MARK_BYTES];
        mark.copy_from_slice(&self.block[self.place..self.place + MARK_BYTES]);
        self.place += MARK_BYTES;
        Ok(Some(Mark(u128::from_le_bytes(mark))))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::{collections::BTreeSet, convert::Infallible};

    /// Spills into memory.
    #[derive(Default)]
    pub(crate) struct MemorySpill {
        pub(crate) bytes: Vec<u8>,
    }

    impl Spill for MemorySpill {
        type Error = Infallible;

        fn append(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
            self.bytes.extend_from_slice(bytes);
            Ok(())
        }

        fn read(&mut self, offset: u64, bytes: &mut [u8]) -> Result<(), Infallible> {
            let start = usize::try_from(offset).expect("memory");
            bytes.copy_from_slice(&self.bytes[start..start + bytes.len()]);
            Ok(())
        }
    }

    fn count(bytes_max: usize, fields: impl IntoIterator<Item = (usize, String)>) -> (Vec<Counts>, usize) {
        let mut marker = Marker::new(&[7; 16]);
        let mut distinct = Distinct::new(bytes_max, MemorySpill::default());
        for (column, field) in fields {
            let marks = marker.marks(column, field.as_bytes(), number::parse(field.as_bytes()));
            for mark in [Some(marks.text), marks.value].into_iter().flatten() {
                let Ok(()) = distinct.add(mark);
            }
        }
        let runs = distinct.runs.len();
        let Ok(counts) = distinct.finish(2);
        (counts, runs)
    }

    #[test]
    fn texts_and_values_are_counted_apart() {
        let fields = ["1", "1.0", "01", "1.50", "1.5", "x", "x", "1.500", "", "2.0"];
        let (counts, _) = count(DISTINCT_BYTES_MAX, fields.map(|field| (1, field.to_owned())));
        // 1, 1.5, x, nothing, 2
        assert_eq!(counts, [Counts::default(), Counts { texts: 9, values: 5 }]);
    }

    #[test]
    fn marks_are_sorted() {
        for count in [0, 1, 2, 300, 5_000] {
            // Many small ones, some alike, some at the ends of the range.
            let spread = |index: u128| index.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
            let mut marks: Vec<Mark> = (0..count).map(|index| Mark(spread(index / 2) >> (index % 40))).collect();
            marks.extend([Mark(u128::MAX), Mark(0)]);
            let mut expected = marks.clone();
            expected.sort_unstable();
            sort(&mut marks);
            assert_eq!(marks, expected);
        }
    }

    #[test]
    fn a_million_values_are_counted_exactly_in_little_memory() {
        let fields = (0..1_000_000_u64).map(|index| {
            let spread = index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44;
            ((index % 2) as usize, format!("{spread}{}", if spread % 3 == 0 { ".0" } else { "" }))
        });
        let expected: Vec<Counts> = (0..2)
            .map(|column| {
                let texts: BTreeSet<String> =
                    fields.clone().filter(|field| field.0 == column).map(|field| field.1).collect();
                Counts { texts: texts.len() as u64, values: texts.len() as u64 }
            })
            .collect();
        let (counts, runs) = count(1 << 20, fields);
        assert_eq!(counts, expected);
        assert!(runs > 5, "it had to spill, with {runs} runs");
    }
}
