//! Groups and measures in one pass. Groups are told apart by their texts as written.

use super::{
    numeric::{Numeric, Shown},
    split::Record,
    statistics::Ragged,
};
use serde::Serialize;
use siphasher::sip::SipHasher13;
use std::{cmp::Ordering, collections::HashMap, hash::BuildHasher};

/// Most groups of one aggregate; more is a copy of the table, not a summary.
pub(crate) const GROUPS_MAX: usize = 1_000_000;
/// What the groups of one aggregate may hold in memory.
pub(crate) const GROUPS_BYTES_MAX: usize = 64 << 20;
/// What a group costs besides its key and measures: its place in the table and its allocation.
const GROUP_BYTES: usize = 64;
/// Groups in the answer, unless the request says otherwise.
pub(crate) const GROUPS_SHOWN: usize = 1_000;

/// What is computed for a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Rows, or fields of a column that are there.
    Count(Option<usize>),
    /// Sum of a column's numbers.
    Sum(usize),
    /// The smallest of them.
    Min(usize),
    /// The largest of them.
    Max(usize),
    /// Their mean.
    Mean(usize),
}

impl Measure {
    fn column(self) -> Option<usize> {
        match self {
            Self::Count(_) => None,
            Self::Sum(column) | Self::Min(column) | Self::Max(column) | Self::Mean(column) => Some(column),
        }
    }
}

/// More groups than can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are more groups than can be held ({GROUPS_MAX} or {} MiB); group by fewer columns", GROUPS_BYTES_MAX >> 20)]
pub(crate) struct TooManyGroups;

#[derive(Clone)]
struct Keyed([u8; 16]);

impl BuildHasher for Keyed {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.0)
    }
}

/// The pass.
pub(crate) struct Aggregate {
    group_by: Vec<usize>,
    measures: Vec<Measure>,
    /// Columns whose numbers are needed, each once.
    numbers: Vec<usize>,
    groups: HashMap<Box<[u8]>, usize, Keyed>,
    /// Rows of each group.
    rows: Vec<u64>,
    /// Fields that are there, by group and counted column.
    counted: Vec<usize>,
    present: Vec<u64>,
    /// Numbers, by group and number column.
    numeric: Vec<Numeric>,
    non_numeric: Vec<u64>,
    key: Vec<u8>,
    key_bytes: usize,
    width: usize,
    total_rows: u64,
    ragged: Ragged,
}

impl Aggregate {
    pub(crate) fn new(group_by: Vec<usize>, measures: Vec<Measure>, width: usize, key: &[u8; 16]) -> Self {
        let mut numbers: Vec<usize> = measures.iter().filter_map(|measure| measure.column()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut counted: Vec<usize> = measures
            .iter()
            .filter_map(|measure| match measure {
                Measure::Count(column) => *column,
                _ => None,
            })
            .collect();
        counted.sort_unstable();
        counted.dedup();
        let non_numeric = vec![0; numbers.len()];
        Self {
            group_by,
            measures,
            numbers,
            groups: HashMap::with_hasher(Keyed(*key)),
            rows: Vec::new(),
            counted,
            present: Vec::new(),
            numeric: Vec::new(),
            non_numeric,
            key: Vec::new(),
            key_bytes: 0,
            width,
            total_rows: 0,
            ragged: Ragged::default(),
        }
    }

    /// Takes a row in.
    #[inline]
    pub(crate) fn add(&mut self, record: &Record<'_>) -> Result<(), TooManyGroups> {
        self.total_rows += 1;
        self.ragged.add(record, self.width);
        self.key.clear();
        for column in &self.group_by {
            match record.get(*column) {
                Some(field) => {
                    self.key.push(1);
                    self.key.extend_from_slice(&(field.len() as u32).to_le_bytes());
                    self.key.extend_from_slice(field);
                }
                None => self.key.push(0),
            }
        }
        let group = match self.groups.get(self.key.as_slice()) {
            Some(group) => *group,
            None => self.group_new()?,
        };
        self.rows[group] += 1;
        let present = &mut self.present[group * self.counted.len()..][..self.counted.len()];
        for (present, column) in present.iter_mut().zip(&self.counted) {
            *present += u64::from(record.get(*column).is_some());
        }
        let numeric = &mut self.numeric[group * self.numbers.len()..][..self.numbers.len()];
        for (place, column) in self.numbers.iter().enumerate() {
            let Some(field) = record.get(*column) else { continue };
            match super::number::parse(field) {
                Some(parsed) => numeric[place].add(parsed.number),
                None if field.is_empty() => {}
                None => self.non_numeric[place] += 1,
            }
        }
        Ok(())
    }

    #[cold]
    fn group_new(&mut self) -> Result<usize, TooManyGroups> {
        let group = self.groups.len();
        self.key_bytes += self.key.len();
        let each = GROUP_BYTES + self.counted.len() * size_of::<u64>() + self.numbers.len() * size_of::<Numeric>();
        if group >= GROUPS_MAX || self.key_bytes + (group + 1) * each > GROUPS_BYTES_MAX {
            return Err(TooManyGroups);
        }
        self.groups.insert(self.key.as_slice().into(), group);
        self.rows.push(0);
        self.present.resize(self.present.len() + self.counted.len(), 0);
        self.numeric.resize(self.numeric.len() + self.numbers.len(), Numeric::default());
        Ok(group)
    }

    /// The groups, largest first by the first measure; those with the same by their texts.
    pub(crate) fn finish(self, limit: usize) -> Groups {
        let mut order: Vec<(Option<f64>, &[u8], usize)> =
            self.groups.iter().map(|(key, group)| (self.sort_value(*group), &**key, *group)).collect();
        order.sort_unstable_by(|one, other| descending(one.0, other.0).then_with(|| one.1.cmp(other.1)));
        let rows = order
            .iter()
            .take(limit)
            .map(|(_, key, group)| {
                let values: Vec<Option<Shown>> =
                    self.measures.iter().map(|measure| self.value(*group, *measure)).collect();
                Group {
                    key: key_texts(key, self.group_by.len()),
                    values: values.iter().map(|shown| Json(shown.as_ref().map(|shown| shown.value))).collect(),
                    texts: values.into_iter().map(|shown| shown.map(|shown| shown.text)).collect(),
                }
            })
            .collect();
        Groups {
            groups: self.groups.len(),
            truncated: self.groups.len() > limit,
            rows: self.total_rows,
            ragged: self.ragged,
            non_numeric: self.non_numeric.iter().sum(),
            result: rows,
        }
    }

    fn sort_value(&self, group: usize) -> Option<f64> {
        let first = self.measures.first().copied().unwrap_or(Measure::Count(None));
        self.value(group, first).map(|shown| shown.value)
    }

    fn value(&self, group: usize, measure: Measure) -> Option<Shown> {
        let numeric = |column: usize| -> Option<&Numeric> {
            let place = self.numbers.binary_search(&column).ok()?;
            self.numeric.get(group * self.numbers.len() + place)
        };
        let count = |count: u64| Some(Shown { value: count as f64, text: count.to_string() });
        match measure {
            Measure::Count(None) => count(self.rows[group]),
            Measure::Count(Some(column)) => {
                let place = self.counted.binary_search(&column).ok()?;
                count(self.present[group * self.counted.len() + place])
            }
            Measure::Sum(column) => numeric(column)?.sum(),
            Measure::Min(column) => numeric(column)?.min(),
            Measure::Max(column) => numeric(column)?.max(),
            Measure::Mean(column) => numeric(column)?.mean().map(Shown::float),
        }
    }
}

fn descending(one: Option<f64>, other: Option<f64>) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => other.total_cmp(&one),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

fn key_texts(mut key: &[u8], columns: usize) -> Vec<Option<String>> {
    let mut texts = Vec::with_capacity(columns);
    while let Some((is_there, rest)) = key.split_first() {
        if *is_there == 0 {
            texts.push(None);
            key = rest;
            continue;
        }
        let (Some(bytes), rest) = (rest.first_chunk::<4>(), &rest[4.min(rest.len())..]) else { break };
        let (field, rest) = rest.split_at((u32::from_le_bytes(*bytes) as usize).min(rest.len()));
        texts.push(Some(String::from_utf8_lossy(field).into_owned()));
        key = rest;
    }
    texts
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Groups {
    /// How many groups there are in all.
    pub(crate) groups: usize,
    /// Whether some are not in the answer.
    pub(crate) truncated: bool,
    /// Rows of the table.
    pub(crate) rows: u64,
    ragged: Ragged,
    /// Fields of measured columns that are neither empty nor numbers; no measure has them.
    non_numeric: u64,
    #[serde(rename = "result")]
    pub(crate) result: Vec<Group>,
}

/// One group.
#[derive(Debug, Serialize)]
pub(crate) struct Group {
    /// Its texts, one for each column it is grouped by; null where the rows are too short.
    key: Vec<Option<String>>,
    /// One number for each measure; null where the group has no numbers.
    values: Vec<Json>,
    /// The same, exactly.
    texts: Vec<Option<String>>,
}

/// A number that JSON can carry.
#[derive(Debug)]
struct Json(Option<f64>);

impl Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        super::statistics::number(&self.0, serializer)
    }
}
