//! Statistics of columns: one pass for everything that can be known in one, and a second one over the numbers for
//! what needs the first (outliers and histogram).

use super::{
    column::{Column, ColumnType, Sample, number_of},
    distinct::{Counts, DISTINCT_BYTES_MAX, Distinct, Marker, Spill},
    split::Record,
    values::{Budget, VALUES_BYTES_MAX, shown},
};
use serde::{Serialize, Serializer};

/// How many of the most frequent values are listed.
const TOP: usize = 10;
/// How many outliers are shown, the farthest first.
const OUTLIERS_SHOWN: usize = 20;
/// Bars of a histogram.
const BARS: usize = 20;
/// Beyond 1.5 times the middle half's width on either side: Tukey's fences.
const FENCE: f64 = 1.5;
/// Where the middle half has no width: this many standard deviations from the mean.
const DEVIATIONS: f64 = 3.0;
/// Whole numbers up to here are the same in JavaScript.
const SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// Rows that do not have the header's width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Ragged {
    /// Rows with fields missing; blank ones included.
    pub(crate) short: u64,
    /// Rows with fields too many, which are dropped.
    pub(crate) long: u64,
    /// Empty lines.
    pub(crate) blank: u64,
}

impl Ragged {
    #[inline]
    pub(crate) fn add(&mut self, record: &Record<'_>, columns: usize) {
        self.short += u64::from(record.len() < columns);
        self.long += u64::from(record.len() > columns);
        self.blank += u64::from(record.is_blank());
    }
}

/// Rows are gathered up to this many bytes and fields, and then gone through column by column: what is known of one
/// column stays near, and the next field is mostly of the same kind as the last one.
const BATCH_BYTES: usize = 128 << 10;
const BATCH_FIELDS: usize = 16 << 10;

/// The first pass.
pub(crate) struct FirstPass<S> {
    columns: Vec<Column>,
    batch: Batch,
    width: usize,
    rows: u64,
    ragged: Ragged,
    marker: Marker,
    distinct: Distinct<S>,
}

impl<S: Spill> FirstPass<S> {
    /// A pass over some columns of a table that has `width`.
    pub(crate) fn new(columns: &[usize], width: usize, key: &[u8; 16], spill: S) -> Self {
        let budget = Budget::new(VALUES_BYTES_MAX);
        let columns: Vec<Column> = columns
            .iter()
            .map(|index| Column::new(*index, budget.clone(), Sample::new(columns.len(), *index as u64)))
            .collect();
        Self {
            batch: Batch { bytes: Vec::new(), fields: 0, spans: vec![Vec::new(); columns.len()] },
            columns,
            width,
            rows: 0,
            ragged: Ragged::default(),
            marker: Marker::new(key),
            distinct: Distinct::new(DISTINCT_BYTES_MAX, spill),
        }
    }

    /// Takes a row in.
    #[inline]
    pub(crate) fn add(&mut self, record: &Record<'_>) -> Result<(), S::Error> {
        self.rows += 1;
        self.ragged.add(record, self.width);
        let start = self.batch.bytes.len();
        self.batch.bytes.extend_from_slice(record.bytes());
        for (column, spans) in self.columns.iter().zip(&mut self.batch.spans) {
            if let Some(span) = record.span(column.index) {
                // A record has at most 16 MiB, and so has a batch with it about that.
                spans.push(((start + span.start) as u32, (start + span.end) as u32));
            }
        }
        self.batch.fields += self.columns.len();
        if self.batch.bytes.len() < BATCH_BYTES && self.batch.fields < BATCH_FIELDS { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), S::Error> {
        let Batch { bytes, fields, spans } = &mut self.batch;
        let is_ascii = bytes.is_ascii();
        for (place, (column, spans)) in self.columns.iter_mut().zip(spans).enumerate() {
            for (start, end) in spans.drain(..) {
                let field = &bytes[start as usize..end as usize];
                if !is_ascii && std::str::from_utf8(field).is_err() {
                    column.invalid_utf8 += 1;
                }
                column.add(place, field, &mut self.marker, &mut self.distinct)?;
            }
        }
        *fields = 0;
        bytes.clear();
        // One long record is no reason to keep its room.
        bytes.shrink_to(2 * BATCH_BYTES);
        Ok(())
    }

    /// What the pass found. `names` are those of all the table's columns.
    pub(crate) fn finish(mut self, names: &[String]) -> Result<Summary, S::Error> {
        self.flush()?;
        for column in &self.columns {
            for mark in column.values.iter().flat_map(super::values::Values::marks) {
                self.distinct.add(mark)?;
            }
        }
        let counts = self.distinct.finish(self.columns.len())?;
        let rows = self.rows;
        let columns = self
            .columns
            .into_iter()
            .zip(counts)
            .map(|(column, counts)| ColumnSummary::new(column, counts, rows, names))
            .collect::<Vec<_>>();
        let invalid_utf8 = columns.iter().map(|column| column.invalid_utf8).sum();
        Ok(Summary { rows, ragged: self.ragged, invalid_utf8, columns })
    }
}

/// Rows that wait to be gone through.
struct Batch {
    bytes: Vec<u8>,
    fields: usize,
    /// Where the fields of each column stand in `bytes`.
    spans: Vec<Vec<(u32, u32)>>,
}

/// What is known of a table.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// Rows without the header. Empty lines are rows.
    pub(crate) rows: u64,
    ragged: Ragged,
    /// Fields that were not UTF-8; in texts their odd bytes show as U+FFFD.
    invalid_utf8: u64,
    pub(crate) columns: Vec<ColumnSummary>,
}

/// What is known of a column.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ColumnSummary {
    name: String,
    index: usize,
    #[serde(rename = "type")]
    kind: ColumnType,
    /// Fields that are there, empty ones included.
    count: u64,
    /// Rows that are too short to have this field.
    missing: u64,
    empty: u64,
    /// Distinct values: of a column of numbers those that differ as numbers, else as written.
    distinct: u64,
    /// Distinct texts as written.
    distinct_text: u64,
    /// Distinct values, `1.5` and `1.50` being one, in any column.
    distinct_values: u64,
    /// Fields that are numbers.
    numeric: u64,
    integers: u64,
    /// Fields that are neither empty nor numbers.
    non_numeric: u64,
    #[serde(serialize_with = "number")]
    sum: Option<f64>,
    sum_text: Option<String>,
    #[serde(serialize_with = "number")]
    min: Option<f64>,
    #[serde(serialize_with = "number")]
    max: Option<f64>,
    /// The smallest number exactly; of other columns the first text by bytes.
    min_text: Option<String>,
    max_text: Option<String>,
    mean: Option<f64>,
    stdev: Option<f64>,
    quantiles: Option<Quantiles>,
    histogram: Option<Histogram>,
    outliers: Option<Outliers>,
    /// The most frequent values; absent where there are too many different ones to count each.
    top: Option<Vec<Top>>,
    longest_bytes: usize,
    invalid_utf8: u64,
}

#[derive(Debug, Serialize)]
struct Top {
    value: String,
    count: u64,
}

#[derive(Debug, Serialize)]
struct Quantiles {
    #[serde(serialize_with = "number")]
    p25: Option<f64>,
    #[serde(serialize_with = "number")]
    p50: Option<f64>,
    #[serde(serialize_with = "number")]
    p75: Option<f64>,
    /// Whether they come from a sample.
    approximate: bool,
}

#[derive(Debug, Serialize)]
struct Histogram {
    from: f64,
    to: f64,
    counts: Vec<u64>,
}

#[derive(Debug, Serialize)]
struct Outliers {
    /// `iqr`: beyond 1.5 times the width of the middle half. `deviation`: beyond three standard deviations.
    method: &'static str,
    low: f64,
    high: f64,
    count: u64,
    /// The farthest ones, farthest first.
    examples: Vec<Outlier>,
}

#[derive(Debug, Serialize)]
struct Outlier {
    /// From 1, the header not counted.
    row: u64,
    value: String,
    #[serde(skip)]
    distance: f64,
}

/// Writes whole numbers without a point, and what is no number as null.
pub(super) fn number<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) if value.fract() == 0.0 && value.abs() <= SAFE_INTEGER => serializer.serialize_i64(*value as i64),
        Some(value) if value.is_finite() => serializer.serialize_f64(*value),
        _ => serializer.serialize_none(),
    }
}

impl ColumnSummary {
    fn new(mut column: Column, counts: Counts, rows: u64, names: &[String]) -> Self {
        let kind = column.kind();
        let is_numeric = matches!(kind, ColumnType::Integer | ColumnType::Float);
        let numeric = column.numeric;
        let (sum, min, max) = (numeric.sum(), numeric.min(), numeric.max());
        let stdev = column.stdev();
        let quantiles = column.sample.quantiles([0.25, 0.5, 0.75]);
        // A few numbers among texts have no middle to be far from.
        let is_mostly_numeric = numeric.count() >= (column.count - column.empty).div_ceil(2);
        let spread = quantiles.filter(|_| is_mostly_numeric);
        let outliers = spread.and_then(|[p25, _, p75]| Outliers::fences(p25, p75, numeric.mean(), stdev));
        let ends = min.as_ref().zip(max.as_ref()).filter(|_| is_mostly_numeric);
        let histogram = ends.and_then(|(min, max)| Histogram::new(min.value, max.value));
        let text = |text: Option<&[u8]>| text.map(shown);
        Self {
            name: names.get(column.index).cloned().unwrap_or_default(),
            index: column.index,
            kind,
            count: column.count,
            missing: rows - column.count,
            empty: column.empty,
            // An empty field counts as a value here, as in `count(DISTINCT …)` over an empty text.
            distinct: if is_numeric { counts.values } else { counts.texts },
            distinct_text: counts.texts,
            distinct_values: counts.values,
            numeric: numeric.count(),
            integers: numeric.integers,
            non_numeric: column.count - column.empty - numeric.count(),
            sum: sum.as_ref().map(|sum| sum.value),
            sum_text: sum.map(|sum| sum.text),
            min: min.as_ref().map(|min| min.value),
            max: max.as_ref().map(|max| max.value),
            min_text: if is_numeric { min.map(|min| min.text) } else { text(column.text_min.get()) },
            max_text: if is_numeric { max.map(|max| max.text) } else { text(column.text_max.get()) },
            mean: numeric.mean(),
            stdev,
            quantiles: quantiles.map(|[p25, p50, p75]| Quantiles {
                p25: Some(p25),
                p50: Some(p50),
                p75: Some(p75),
                approximate: column.sample.is_partial(),
            }),
            histogram,
            outliers,
            top: column
                .values
                .as_ref()
                .map(|values| values.top(TOP).into_iter().map(|(value, count)| Top { value, count }).collect()),
            longest_bytes: column.longest_bytes,
            invalid_utf8: column.invalid_utf8,
        }
    }
}

impl Histogram {
    fn new(from: f64, to: f64) -> Option<Self> {
        (from < to && (to - from).is_finite()).then(|| Self { from, to, counts: vec![0; BARS] })
    }

    #[inline]
    fn add(&mut self, value: f64) {
        let bar = ((value - self.from) / (self.to - self.from) * BARS as f64) as usize;
        self.counts[bar.min(BARS - 1)] += 1;
    }
}

impl Outliers {
    fn fences(p25: f64, p75: f64, mean: Option<f64>, stdev: Option<f64>) -> Option<Self> {
        let width = p75 - p25;
        let (method, low, high) = if width > 0.0 {
            ("iqr", p25 - FENCE * width, p75 + FENCE * width)
        } else {
            let (mean, reach) = (mean?, stdev.filter(|stdev| *stdev > 0.0)? * DEVIATIONS);
            ("deviation", mean - reach, mean + reach)
        };
        (low.is_finite() && high.is_finite()).then(|| Self { method, low, high, count: 0, examples: Vec::new() })
    }

    #[inline]
    fn add(&mut self, row: u64, value: f64, field: &[u8]) {
        if (self.low..=self.high).contains(&value) {
            return;
        }
        self.count += 1;
        let distance = (self.low - value).max(value - self.high);
        if self.examples.len() == OUTLIERS_SHOWN {
            if self.examples.last().is_some_and(|nearest| nearest.distance >= distance) {
                return;
            }
            self.examples.pop();
        }
        let place = self.examples.partition_point(|known| known.distance >= distance);
        self.examples.insert(place, Outlier { row, value: shown(field), distance });
    }
}

/// The second pass, over the same rows.
pub(crate) struct SecondPass {
    summary: Summary,
    /// Places of the columns that have numbers to look at.
    places: Vec<usize>,
    rows: u64,
}

impl SecondPass {
    pub(crate) fn new(summary: Summary) -> Self {
        let places = (0..summary.columns.len())
            .filter(|place| {
                let column = &summary.columns[*place];
                column.outliers.is_some() || column.histogram.is_some()
            })
            .collect();
        Self { summary, places, rows: 0 }
    }

    /// Whether there is anything to find.
    pub(crate) fn is_needed(&self) -> bool {
        !self.places.is_empty()
    }

    #[inline]
    pub(crate) fn add(&mut self, record: &Record<'_>) {
        self.rows += 1;
        for place in &self.places {
            let column = &mut self.summary.columns[*place];
            let Some(field) = record.get(column.index) else { continue };
            let Some(value) = number_of(field) else { continue };
            if let Some(histogram) = &mut column.histogram {
                histogram.add(value);
            }
            if let Some(outliers) = &mut column.outliers {
                outliers.add(self.rows, value, field);
            }
        }
    }

    pub(crate) fn finish(self) -> Summary {
        self.summary
    }
}
