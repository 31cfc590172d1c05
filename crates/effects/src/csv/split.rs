//! Bytes to records. Whatever comes in, memory is bounded by one record of [`RECORD_BYTES_MAX`].
//!
//! The dialect is RFC 4180's as `csv-core` reads it, which never fails: a quote inside an unquoted field is itself, text
//! after a closing quote is appended. A line ends with LF, CRLF or CR. An empty line is a record of one empty field, as
//! `sqlite3 .import` has it, and is counted beside that.

use std::ops::Range;

/// Longest record in bytes. A quote that is never closed makes one record of the rest of the file: this is where it
/// stops.
pub(crate) const RECORD_BYTES_MAX: usize = 16 << 20;

/// Most fields that a record may have. Wider tables are matrices, and a line of commas is a bomb.
pub(crate) const COLUMNS_MAX: usize = 4096;

/// A buffer that one long record made larger than this is given back after it.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// What a step found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A record; see [`Splitter::record`].
    Record,
    /// The block is used up.
    More,
    /// There is nothing more.
    End,
}

/// A record that cannot be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SplitError {
    /// Longer than [`RECORD_BYTES_MAX`].
    #[error("row {row} is longer than {} MiB; is there a quote that is never closed?", RECORD_BYTES_MAX >> 20)]
    RecordTooLong {
        /// Which, from 1, the header included.
        row: u64,
    },
    /// Wider than [`COLUMNS_MAX`].
    #[error("row {row} has more than {COLUMNS_MAX} fields")]
    TooManyFields {
        /// Which, from 1, the header included.
        row: u64,
    },
}

/// Splits blocks of bytes into records.
pub(crate) struct Splitter {
    reader: csv_core::Reader,
    fields: Vec<u8>,
    ends: Vec<usize>,
    field_bytes: usize,
    field_count: usize,
    is_under_way: bool,
    is_blank: bool,
    after_cr: bool,
    records: u64,
}

/// Where a splitter stands between two records, enough to go on with another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resume {
    after_cr: bool,
    records: u64,
}

impl Splitter {
    /// A splitter at the start of a text, behind its byte order mark.
    pub(crate) fn new(delimiter: u8) -> Self {
        Self::resume(delimiter, Resume::default())
    }

    /// A splitter that goes on where another one stood.
    pub(crate) fn resume(delimiter: u8, place: Resume) -> Self {
        let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        // The reader takes a byte order mark off the first bytes it sees. Where those are the middle of a file, they
        // are data: so its first byte is an empty line, which it passes over.
        reader.read_record(b"\n", &mut [0], &mut [0]);
        Self {
            reader,
            fields: vec![0; 4096],
            ends: vec![0; 64],
            field_bytes: 0,
            field_count: 0,
            is_under_way: false,
            is_blank: false,
            after_cr: place.after_cr,
            records: place.records,
        }
    }

    /// Where it stands. Only has a meaning right after [`Step::Record`].
    pub(crate) fn place(&self) -> Resume {
        Resume { after_cr: self.after_cr, records: self.records }
    }

    /// Looks for the next record and takes what it used off the front of `input`. `is_last`: nothing comes after this
    /// input.
    pub(crate) fn next(&mut self, input: &mut &[u8], is_last: bool) -> Result<Step, SplitError> {
        if !self.is_under_way {
            (self.field_bytes, self.field_count, self.is_blank) = (0, 0, false);
            if self.fields.len() > KEPT_BYTES_MAX {
                self.fields = vec![0; 4096];
            }
            if self.after_cr && input.first() == Some(&b'\n') {
                *input = &input[1..];
                self.after_cr = false;
            }
            if let Some(first @ (b'\n' | b'\r')) = input.first() {
                self.after_cr = *first == b'\r';
                *input = &input[1..];
                (self.field_count, self.ends[0], self.is_blank) = (1, 0, true);
                self.records += 1;
                return Ok(Step::Record);
            }
        }
        loop {
            if input.is_empty() && !is_last {
                return Ok(Step::More);
            }
            let (result, used, bytes, ends) = self.reader.read_record(
                input,
                &mut self.fields[self.field_bytes..],
                &mut self.ends[self.field_count..],
            );
            if used > 0 {
                self.after_cr = input[used - 1] == b'\r';
                self.is_under_way = true;
                *input = &input[used..];
            }
            self.field_bytes += bytes;
            self.field_count += ends;
            match result {
                csv_core::ReadRecordResult::InputEmpty => {}
                csv_core::ReadRecordResult::OutputFull => {
                    let longer = self.fields.len() * 2;
                    if longer > RECORD_BYTES_MAX {
                        return Err(SplitError::RecordTooLong { row: self.records + 1 });
                    }
                    self.fields.resize(longer, 0);
                }
                csv_core::ReadRecordResult::OutputEndsFull => {
                    let longer = self.ends.len() * 2;
                    if longer > COLUMNS_MAX {
                        return Err(SplitError::TooManyFields { row: self.records + 1 });
                    }
                    self.ends.resize(longer, 0);
                }
                csv_core::ReadRecordResult::Record => {
                    self.is_under_way = false;
                    self.records += 1;
                    return Ok(Step::Record);
                }
                csv_core::ReadRecordResult::End => {
                    self.is_under_way = false;
                    return Ok(Step::End);
                }
            }
        }
    }

    /// The record that was found last.
    pub(crate) fn record(&self) -> Record<'_> {
        Record {
            fields: &self.fields[..self.field_bytes],
            ends: &self.ends[..self.field_count],
            is_blank: self.is_blank,
        }
    }
}

/// One record: its fields as bytes, which need not be UTF-8.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    fields: &'a [u8],
    ends: &'a [usize],
    is_blank: bool,
}

impl<'a> Record<'a> {
    /// How many fields.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it was an empty line.
    pub(crate) fn is_blank(&self) -> bool {
        self.is_blank
    }

    /// A field, if the record is that long.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&'a [u8]> {
        self.span(index).map(|span| &self.fields[span])
    }

    /// Where a field stands in [`Record::bytes`], if the record is that long.
    #[inline]
    pub(crate) fn span(&self, index: usize) -> Option<Range<usize>> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Some(start..end)
    }

    /// All fields, one after the other.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.fields
    }

    /// All fields.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        let record = *self;
        (0..record.len()).filter_map(move |index| record.get(index))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The records of a text that comes in blocks of a size.
    pub(crate) fn split(text: &[u8], delimiter: u8, block_bytes: usize) -> Result<Vec<Vec<Vec<u8>>>, SplitError> {
        let mut splitter = Splitter::new(delimiter);
        let mut records = Vec::new();
        let mut blocks = text.chunks(block_bytes);
        let mut input: &[u8] = &[];
        let mut is_last = false;
        loop {
            match splitter.next(&mut input, is_last)? {
                Step::Record => records.push(splitter.record().iter().map(<[u8]>::to_vec).collect()),
                Step::More => match blocks.next() {
                    Some(block) => input = block,
                    None => is_last = true,
                },
                Step::End => return Ok(records),
            }
        }
    }

    fn check(text: &str, expected: &[&[&str]]) {
        let expected: Vec<Vec<Vec<u8>>> =
            expected.iter().map(|row| row.iter().map(|field| field.as_bytes().to_vec()).collect()).collect();
        for block_bytes in [1, 2, 3, 7, 1 << 20] {
            assert_eq!(split(text.as_bytes(), b',', block_bytes), Ok(expected.clone()), "{text:?} by {block_bytes}");
        }
    }

    #[test]
    fn texts_become_records() {
        check("", &[]);
        check("a,b\n1,2\n", &[&["a", "b"], &["1", "2"]]);
        check("a,b\r\n1,2", &[&["a", "b"], &["1", "2"]]);
        check("a\rb\r", &[&["a"], &["b"]]);
        check("a\n\n\r\n\rb\n\n", &[&["a"], &[""], &[""], &[""], &["b"], &[""]]);
        check("\"x\r\ny\",\"say \"\"hi\"\"\"\n", &[&["x\r\ny", "say \"hi\""]]);
        check("a\"b,\"c\"d\n", &[&["a\"b", "cd"]]);
        check("\"\"\n,\n", &[&[""], &["", ""]]);
        check("\"open,\n", &[&["open,\n"]]);
        check("\u{feff}a\n\u{feff}b", &[&["\u{feff}a"], &["\u{feff}b"]]);
    }

    #[test]
    fn bombs_stop_at_their_bound() {
        let mut open_quote = b"a,b\n\"".to_vec();
        open_quote.resize(100 << 20, b'x');
        assert_eq!(split(&open_quote, b',', 1 << 20), Err(SplitError::RecordTooLong { row: 2 }));
        let commas = vec![b','; 10 << 20];
        assert_eq!(split(&commas, b',', 1 << 20), Err(SplitError::TooManyFields { row: 1 }));
    }

    proptest! {
        #[test]
        fn blocks_do_not_matter(text in proptest::collection::vec(prop_oneof![
            Just(b','), Just(b'"'), Just(b'\n'), Just(b'\r'), Just(b'a'), Just(b'\xef'), Just(b'\xbb'), Just(b'\xbf'), any::<u8>()
        ], 0..200), block_bytes in 1usize..9) {
            let whole = split(&text, b',', 1 << 20);
            prop_assert_eq!(&whole, &split(&text, b',', block_bytes));
            prop_assert!(whole.is_ok());
        }

        #[test]
        fn a_splitter_can_be_resumed_after_each_record(text in "[ab,\"\r\n\u{feff}]{0,60}") {
            let whole = split(text.as_bytes(), b',', 1 << 20).expect("short records");
            let mut place = Resume::default();
            let mut input = text.as_bytes();
            for record in &whole {
                let mut splitter = Splitter::resume(b',', place);
                prop_assert_eq!(splitter.next(&mut input, true), Ok(Step::Record));
                let found: Vec<Vec<u8>> = splitter.record().iter().map(<[u8]>::to_vec).collect();
                prop_assert_eq!(&found, record);
                place = splitter.place();
            }
            prop_assert_eq!(Splitter::resume(b',', place).next(&mut input, true), Ok(Step::End));
        }
    }
}
