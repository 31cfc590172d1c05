//! Which character stands between fields, and what the columns are called.

use super::split::{COLUMNS_MAX, Record, Splitter, Step};
use std::collections::{HashMap, HashSet};

/// The characters that are tried, in order: the first of equals wins.
const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How much of a file is looked at to find the delimiter.
pub(crate) const SAMPLE_BYTES: usize = 64 << 10;

/// A UTF-8 byte order mark.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) has_header: bool,
}

/// The delimiter of the text that begins so: the one that splits most of its records into the same number of fields,
/// and more than one. `is_whole`: the sample is the whole text, so its last record is complete.
pub(crate) fn delimiter_find(sample: &[u8], is_whole: bool) -> u8 {
    let mut best = (0.0, b',');
    for candidate in CANDIDATES {
        let score = score(sample, is_whole, candidate);
        if score > best.0 {
            best = (score, candidate);
        }
    }
    best.1
}

fn score(sample: &[u8], is_whole: bool, delimiter: u8) -> f64 {
    let mut splitter = Splitter::new(delimiter);
    let mut input = sample;
    let mut widths: HashMap<usize, u32> = HashMap::new();
    let mut records = 0_u32;
    // A record that is too long or too wide tells nothing.
    while let Ok(Step::Record) = splitter.next(&mut input, is_whole) {
        if !splitter.record().is_blank() {
            records += 1;
            *widths.entry(splitter.record().len()).or_default() += 1;
        }
    }
    if records == 0 && !is_whole {
        // One record longer than the sample: its delimiters are what there is to go by.
        return sample.iter().filter(|byte| **byte == delimiter).count() as f64 / sample.len() as f64;
    }
    let Some((width, alike)) = widths.into_iter().max_by_key(|(width, alike)| (*alike, *width)) else { return 0.0 };
    if width < 2 {
        return 0.0;
    }
    // Being alike counts for more than being many: prose has a comma here and there.
    let alike = f64::from(alike) / f64::from(records);
    alike * alike * (1.0 + (width.min(100) as f64) / 100.0)
}

/// Names for the columns of a header, each its own: empty ones are called by their number, doubles are numbered.
pub(crate) fn column_names(header: Record<'_>) -> Vec<String> {
    let mut taken: HashSet<String> = HashSet::new();
    let given: Vec<String> = header.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
    // A number that a later column has for a name is not given away.
    let spoken_for: HashSet<&str> = given.iter().map(String::as_str).collect();
    let mut names = Vec::with_capacity(given.len());
    for (index, name) in given.iter().enumerate() {
        let plain = if name.trim().is_empty() { column_name(index) } else { name.clone() };
        let mut unique = plain.clone();
        let mut number = 2;
        while taken.contains(&unique) || (unique != *name && spoken_for.contains(unique.as_str())) {
            unique = format!("{plain}_{number}");
            number += 1;
        }
        taken.insert(unique.clone());
        names.push(unique);
    }
    names
}

/// The name of a column without one.
pub(crate) fn column_name(index: usize) -> String {
    debug_assert!(index < COLUMNS_MAX);
    format!("column_{}", index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_found() {
        let check = |text: &str, expected: u8| {
            assert_eq!(char::from(delimiter_find(text.as_bytes(), true)), char::from(expected), "{text:?}");
        };
        check("", b',');
        check("a\nb\n", b',');
        check("a,b\n1,2\n", b',');
        check("a;b\n1,5;2,5\n3,1;4\n", b';');
        check("a\tb\tc\n1, 2\t3\t4\n", b'\t');
        check("a|b\n\"x,y;z\"|2\n", b'|');
        check("name,note\nx,\"a;b;c\"\ny,\"d;e\"\n", b',');
        check("a;b\n1;2\n3;4;5\n6\n7;8\n", b';');
        let wide = vec!["x"; 3000].join(";");
        assert_eq!(delimiter_find(&[wide.as_bytes(), b";"].concat().repeat(20)[..SAMPLE_BYTES], false), b';');
    }

    #[test]
    fn names_are_unique() {
        let check = |header: &str, expected: &[&str]| {
            let mut splitter = Splitter::new(b',');
            let mut input = header.as_bytes();
            assert_eq!(splitter.next(&mut input, true), Ok(Step::Record));
            assert_eq!(column_names(splitter.record()), expected, "{header:?}");
        };
        check("a,b", &["a", "b"]);
        check("a,a,a_2,a,", &["a", "a_3", "a_2", "a_4", "column_5"]);
        check(" ,column_1", &["column_1_2", "column_1"]);
        check("A,a", &["A", "a"]);
        let many = vec!["x"; 4096].join(",");
        let mut splitter = Splitter::new(b',');
        let mut input = many.as_bytes();
        assert_eq!(splitter.next(&mut input, true), Ok(Step::Record));
        let names = column_names(splitter.record());
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), 4096);
    }
}
