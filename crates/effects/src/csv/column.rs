//! What one pass learns about a column.

use super::{
    distinct::{Distinct, Marker, Spill},
    number::{self, Number},
    numeric::Numeric,
    values::{Added, Budget, Values},
};
use serde::Serialize;

/// What the fields of a column are, where they are not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ColumnType {
    /// Nothing but empty and missing fields.
    Empty,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Float,
    /// `true` and `false`, `yes` and `no`.
    Boolean,
    /// `2026-01-31`, with or without a time of day.
    Date,
    /// Anything.
    Text,
}

/// What one pass learned.
pub(crate) struct Column {
    /// Place in the record.
    pub(crate) index: usize,
    /// Fields that are there, empty ones included.
    pub(crate) count: u64,
    pub(crate) empty: u64,
    booleans: u64,
    dates: u64,
    pub(crate) invalid_utf8: u64,
    pub(crate) longest_bytes: usize,
    pub(crate) numeric: Numeric,
    spread: Spread,
    pub(crate) sample: Sample,
    pub(crate) text_min: TextExtreme,
    pub(crate) text_max: TextExtreme,
    pub(crate) values: Option<Values>,
}

impl Column {
    pub(crate) fn new(index: usize, budget: Budget, sample: Sample) -> Self {
        Self {
            index,
            count: 0,
            empty: 0,
            booleans: 0,
            dates: 0,
            invalid_utf8: 0,
            longest_bytes: 0,
            numeric: Numeric::default(),
            spread: Spread::default(),
            sample,
            text_min: TextExtreme::default(),
            text_max: TextExtreme::default(),
            values: Some(Values::new(budget)),
        }
    }

    /// Takes a field in. `place` is the column's place among those that are counted.
    #[inline]
    pub(crate) fn add<S: Spill>(
        &mut self,
        place: usize,
        field: &[u8],
        marker: &mut Marker,
        distinct: &mut Distinct<S>,
    ) -> Result<(), S::Error> {
        self.count += 1;
        self.longest_bytes = self.longest_bytes.max(field.len());
        let parsed = number::parse(field);
        match parsed {
            Some(parsed) => {
                self.numeric.add(parsed.number);
                let value = parsed.number.as_f64();
                self.spread.add(value, self.numeric.count());
                self.sample.add(value);
            }
            None if field.is_empty() => self.empty += 1,
            None if is_boolean(field) => self.booleans += 1,
            None if is_date(field) => self.dates += 1,
            None => {}
        }
        if !field.is_empty() {
            self.text_min.keep(field, |new, old| new > old, |new, old| new < old);
            self.text_max.keep(field, |new, old| new < old, |new, old| new > old);
        }
        let marks = marker.marks(place, field, parsed);
        if let Some(values) = &mut self.values {
            let mut added = values.add(marks.text, field);
            if let Some(value) = marks.value
                && added == Added::Counted
            {
                added = values.add(value, b"");
            }
            if added == Added::Counted {
                return Ok(());
            }
            // Too many values to count each: from here on only their marks are kept.
            for mark in values.marks() {
                distinct.add(mark)?;
            }
            self.values = None;
        }
        distinct.add(marks.text)?;
        marks.value.map_or(Ok(()), |value| distinct.add(value))
    }

    /// The column's type.
    pub(crate) fn kind(&self) -> ColumnType {
        let filled = self.count - self.empty;
        match filled {
            0 => ColumnType::Empty,
            _ if self.numeric.integers == filled => ColumnType::Integer,
            _ if self.numeric.count() == filled => ColumnType::Float,
            _ if self.booleans == filled => ColumnType::Boolean,
            _ if self.dates == filled => ColumnType::Date,
            _ => ColumnType::Text,
        }
    }

    /// Standard deviation of the numbers, as of a sample; `None` for fewer than two.
    pub(crate) fn stdev(&self) -> Option<f64> {
        let count = self.numeric.count();
        (count > 1).then(|| (self.spread.squares / (count - 1) as f64).sqrt())
    }
}

/// Welford's running mean and sum of squared deviations.
#[derive(Clone, Copy, Debug, Default)]
struct Spread {
    mean: f64,
    squares: f64,
}

impl Spread {
    #[inline]
    fn add(&mut self, value: f64, count: u64) {
        let from_old = value - self.mean;
        self.mean += from_old / count as f64;
        self.squares += from_old * (value - self.mean);
    }
}

/// The smallest or largest text by bytes. Only the first bytes are compared and kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextExtreme {
    /// The first byte of `text`: settles it nearly always, without a look at the rest.
    first: Option<u8>,
    text: Vec<u8>,
}

/// How much of a text is compared.
const COMPARED_BYTES_MAX: usize = 256;

impl TextExtreme {
    /// Keeps a field that is not empty, if it is better.
    #[inline]
    fn keep(
        &mut self,
        field: &[u8],
        first_is_worse: impl Fn(u8, u8) -> bool,
        is_better: impl Fn(&[u8], &[u8]) -> bool,
    ) {
        if self.first.is_some_and(|first| first_is_worse(field[0], first)) {
            return;
        }
        let field = &field[..field.len().min(COMPARED_BYTES_MAX)];
        if self.first.is_none() || is_better(field, &self.text) {
            self.first = field.first().copied();
            self.text.clear();
            self.text.extend_from_slice(field);
        }
    }

    pub(crate) fn get(&self) -> Option<&[u8]> {
        self.first.is_some().then_some(self.text.as_slice())
    }
}

/// Numbers drawn at random, each with the same chance, for what would need all of them sorted. Exact while there are
/// no more numbers than it holds.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    numbers: Vec<f64>,
    numbers_max: usize,
    seen: u64,
    /// The number at which the next one is taken.
    next: u64,
    weight: f64,
    random: u64,
}

/// Most numbers that a column's sample holds: quantiles are then right within about half a percent of rank.
pub(crate) const SAMPLE_MAX: usize = 10_000;
/// What the samples of all columns of a pass may hold in memory.
pub(crate) const SAMPLES_BYTES_MAX: usize = 16 << 20;

impl Sample {
    /// A sample for one of several columns.
    pub(crate) fn new(columns: usize, seed: u64) -> Self {
        let numbers_max = (SAMPLES_BYTES_MAX / size_of::<f64>() / columns.max(1)).min(SAMPLE_MAX);
        Self { numbers: Vec::new(), numbers_max, seen: 0, next: 0, weight: 1.0, random: seed }
    }

    #[inline]
    fn add(&mut self, number: f64) {
        if self.numbers.len() < self.numbers_max {
            self.numbers.push(number);
            if self.numbers.len() == self.numbers_max {
                self.next = self.seen;
                self.skip();
            }
        } else if self.seen == self.next {
            let place = (self.draw() * self.numbers_max as f64) as usize;
            self.numbers[place.min(self.numbers_max - 1)] = number;
            self.skip();
        }
        self.seen += 1;
    }

    /// Li's algorithm L: how many numbers are passed over until the next is taken.
    fn skip(&mut self) {
        self.weight *= (self.draw().ln() / self.numbers_max as f64).exp();
        let gap = (self.draw().ln() / (1.0 - self.weight).ln()).floor();
        self.next = self.next.saturating_add(gap as u64).saturating_add(1);
    }

    /// A number above 0 and at most 1: SplitMix64. A sample needs no secret.
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        ((bits >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Whether not every number is in it.
    pub(crate) fn is_partial(&self) -> bool {
        self.seen > self.numbers.len() as u64
    }

    /// Quantiles by linear interpolation; `None` without numbers.
    pub(crate) fn quantiles<const N: usize>(&mut self, parts: [f64; N]) -> Option<[f64; N]> {
        self.numbers.sort_unstable_by(f64::total_cmp);
        let last = self.numbers.len().checked_sub(1)?;
        Some(parts.map(|part| {
            let place = part * last as f64;
            let below = place.floor() as usize;
            let (low, high) = (self.numbers[below], self.numbers[(below + 1).min(last)]);
            let between = place - place.floor();
            // Not low + (high - low) * between: that is infinite for the widest numbers.
            low * (1.0 - between) + high * between
        }))
    }
}

fn is_boolean(field: &[u8]) -> bool {
    (2..=5).contains(&field.len())
        && [&b"true"[..], b"false", b"yes", b"no"].iter().any(|word| field.eq_ignore_ascii_case(word))
}

/// ISO 8601 calendar dates, `-` or `/` between, optionally with a time of day and its zone.
fn is_date(field: &[u8]) -> bool {
    let Some((date, time)) = field.split_at_checked(10) else { return false };
    let number = |digits: &[u8]| -> Option<u32> {
        digits.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u32::from(digit - b'0')))
    };
    let separator = date[4];
    if !matches!(separator, b'-' | b'/') || date[7] != separator {
        return false;
    }
    let (Some(year), Some(month), Some(day)) = (number(&date[..4]), number(&date[5..7]), number(&date[8..])) else {
        return false;
    };
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day) && (time.is_empty() || (matches!(time[0], b'T' | b't' | b' ') && is_time(&time[1..])))
}

fn is_time(text: &[u8]) -> bool {
    let two = |place: usize, max: u8| -> bool {
        text.get(place..place + 2).is_some_and(|digits| {
            digits.iter().all(u8::is_ascii_digit) && (digits[0] - b'0') * 10 + (digits[1] - b'0') <= max
        })
    };
    if !(two(0, 24) && text.get(2) == Some(&b':') && two(3, 59)) {
        return false;
    }
    let mut rest = &text[5..];
    if rest.first() == Some(&b':') {
        if !two(6, 60) {
            return false;
        }
        rest = &text[8..];
        if matches!(rest.first(), Some(b'.' | b',')) {
            let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            rest = &rest[1 + digits..];
        }
    }
    match rest {
        [] | [b'Z' | b'z'] => true,
        [b'+' | b'-', zone @ ..] => {
            let digits: Vec<u8> = zone.iter().copied().filter(|byte| *byte != b':').collect();
            matches!(digits.len(), 2 | 4) && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// The double of a field, if it is a number: for a second pass.
#[inline]
pub(crate) fn number_of(field: &[u8]) -> Option<f64> {
    number::parse(field).map(|parsed| Number::as_f64(parsed.number))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            distinct::{DISTINCT_BYTES_MAX, tests::MemorySpill},
            values::VALUES_BYTES_MAX,
        },
        *,
    };

    fn column(fields: &[&str]) -> Column {
        let mut column = Column::new(0, Budget::new(VALUES_BYTES_MAX), Sample::new(1, 1));
        let mut marker = Marker::new(&[0; 16]);
        let mut distinct = Distinct::new(DISTINCT_BYTES_MAX, MemorySpill::default());
        for field in fields {
            let Ok(()) = column.add(0, field.as_bytes(), &mut marker, &mut distinct);
        }
        column
    }

    #[test]
    fn types_are_found() {
        let check = |fields: &[&str], expected: ColumnType| assert_eq!(column(fields).kind(), expected, "{fields:?}");
        check(&[], ColumnType::Empty);
        check(&["", ""], ColumnType::Empty);
        check(&["1", "", "-2"], ColumnType::Integer);
        check(&["1", "2.5"], ColumnType::Float);
        check(&["true", "No", ""], ColumnType::Boolean);
        check(&["2024-02-29", "2026/12/31", "2026-01-01T10:00:00.5+02:00", "2026-01-01 10:00"], ColumnType::Date);
        check(&["1", "x"], ColumnType::Text);
        check(&["true", "1"], ColumnType::Text);
        for text in [
            "2023-02-29",
            "2026-13-01",
            "2026-01-32",
            "2026-01/01",
            "2026-01-01T",
            "2026-01-01T25:00",
            "2026-01-01T10:00x",
            "20260101",
            "2026-1-1",
            "2026-01-01T10:00+1",
        ] {
            check(&[text, "x"], ColumnType::Text);
            assert_ne!(column(&[text]).kind(), ColumnType::Date, "{text}");
        }
    }

    #[test]
    fn texts_have_extremes_by_bytes() {
        let column = column(&["banana", "", "apple", "banana-split-with-more", "Zebra", "appl"]);
        assert_eq!(column.text_min.get(), Some(&b"Zebra"[..]));
        assert_eq!(column.text_max.get(), Some(&b"banana-split-with-more"[..]));
    }

    #[test]
    fn spread_and_quantiles_are_near() {
        let fields: Vec<String> = (1..=100_000).map(|number| ((number * 7_919) % 100_003).to_string()).collect();
        let mut column = column(&fields.iter().map(String::as_str).collect::<Vec<_>>());
        let [low, middle, high] = column.sample.quantiles([0.25, 0.5, 0.75]).expect("numbers");
        for (found, expected) in [(low, 25_000.0), (middle, 50_000.0), (high, 75_000.0)] {
            assert!((found - expected).abs() < 2_000.0, "{found} is not near {expected}");
        }
        assert!(column.sample.is_partial());
        let stdev = column.stdev().expect("numbers");
        assert!((stdev - 28_868.0).abs() < 20.0, "{stdev}");
        assert_eq!(Sample::new(1, 0).quantiles([0.5]), None);
    }
}
