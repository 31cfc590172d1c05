//! What tokens cost: a table with dates, and sums that never come out too low.

use crate::{Usage, bounds::PRICES_MAX};
use jiff::{civil::Date, tz::TimeZone};
use protocol::{Timestamp, text::shorten};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Characters of a mistake that an error repeats.
const GIVEN_CHARS_MAX: usize = 80;
/// Digits after the point: prices are given in dollars and kept in millionths of one.
const DIGITS: usize = 6;
/// Tokens that a price is for.
const TOKENS: u128 = 1_000_000;

/// Millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cost(pub u64);

impl Cost {
    /// Both together; what no number holds is the largest one.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Dollars, as they are written: digits, and up to six more behind a point.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || fraction.len() > DIGITS {
            return None;
        }
        let millionths = format!("{fraction:0<DIGITS$}").parse::<u64>().ok()?;
        whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(millionths).map(Self)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// What a million tokens cost, of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Price {
    /// Read.
    pub input: Cost,
    /// Written, thoughts included.
    pub output: Cost,
    /// Read from a cache.
    pub cached: Cost,
    /// Put into a cache.
    pub cache_written: Cost,
}

impl Price {
    /// What this took. Rounded up once, over all of it.
    pub fn cost(&self, usage: &Usage) -> Cost {
        let of_caches = usage.cached.saturating_add(usage.cache_written);
        self.sum([
            (usage.input.saturating_sub(of_caches), self.input),
            (usage.cached, self.cached),
            (usage.cache_written, self.cache_written),
            (usage.output, self.output),
        ])
    }

    /// The most that so many tokens can take, whatever a cache does.
    pub fn worst(&self, input: u64, output: u64) -> Cost {
        let dearest = self.input.max(self.cached).max(self.cache_written);
        self.sum([(input, dearest), (output, self.output)])
    }

    fn sum<const N: usize>(&self, parts: [(u64, Cost); N]) -> Cost {
        let of = |(tokens, price): (u64, Cost)| u128::from(tokens) * u128::from(price.0);
        let sum = parts.into_iter().map(of).fold(0_u128, u128::saturating_add);
        Cost(u64::try_from(sum.div_ceil(TOKENS)).unwrap_or(u64::MAX))
    }
}

/// Why a price table is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// Not the form of a table.
    #[error(
        "the price table cannot be read: {why}\nhint: entries are `[[price]]` with provider, model, from, input and output"
    )]
    Form {
        /// What the reader says.
        why: String,
    },
    /// Not an amount.
    #[error(
        "entry {entry}: {given:?} is no amount\nhint: dollars for a million tokens as a text, such as \"1.25\", with at most six digits behind the point"
    )]
    Amount {
        /// Which entry, from 1.
        entry: usize,
        /// As given.
        given: String,
    },
    /// Not a day.
    #[error("entry {entry}: {given:?} is no day\nhint: write it as \"2026-11-23\"")]
    Day {
        /// Which entry, from 1.
        entry: usize,
        /// As given.
        given: String,
    },
    /// Not a name of models.
    #[error(
        "entry {entry}: {given:?} names no model\nhint: a whole name, or the beginning of names and `*` at its end"
    )]
    Model {
        /// Which entry, from 1.
        entry: usize,
        /// As given.
        given: String,
    },
    /// More than a table may have.
    #[error("the price table has more than {PRICES_MAX} entries\nhint: one entry can stand for many models: `gpt-5*`")]
    TooMany,
}

/// Prices, each from a day on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PriceTable {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    provider: String,
    /// A model's name, or how names begin.
    model: String,
    is_beginning: bool,
    from: Date,
    price: Price,
    /// An owner's own entries come before those that came with oikos.
    rank: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTable {
    #[serde(default)]
    price: Vec<WrittenEntry>,
}

/// Amounts are texts: a number with a point is not always the one that was written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry {
    provider: String,
    model: String,
    from: String,
    input: String,
    output: String,
    cached: Option<String>,
    cache_written: Option<String>,
}

impl PriceTable {
    /// A table in TOML.
    pub fn from_toml(text: &str) -> Result<Self, PriceError> {
        let read = toml::from_str(text);
        Self::read(
            read.map_err(|error| PriceError::Form { why: protocol::text::escape_lines(error.to_string().trim()) })?,
        )
    }

    /// A table in JSON, of the same form.
    pub fn from_json(text: &str) -> Result<Self, PriceError> {
        let read = serde_json::from_str(text);
        Self::read(read.map_err(|error| PriceError::Form { why: protocol::text::escape(&error.to_string()) })?)
    }

    fn read(table: WrittenTable) -> Result<Self, PriceError> {
        if table.price.len() > PRICES_MAX {
            return Err(PriceError::TooMany);
        }
        let entries = table.price.into_iter().enumerate().map(|(place, written)| written.read(place + 1));
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }

    /// These prices, and where they say nothing, those.
    #[must_use]
    pub fn over(mut self, other: Self) -> Self {
        let lowest = self.entries.iter().map(|entry| entry.rank + 1).max().unwrap_or(0);
        self.entries.extend(other.entries.into_iter().map(|entry| Entry { rank: entry.rank + lowest, ..entry }));
        self
    }

    /// What a model costs on a day: what names it best counts, then what is newest. None is no price at all, and not a low one.
    pub fn find(&self, provider: &str, model: &str, day: Date) -> Option<&Price> {
        let fits = |entry: &&Entry| {
            let is_named = if entry.is_beginning { model.starts_with(&entry.model) } else { model == entry.model };
            entry.provider == provider && is_named && entry.from <= day
        };
        let order =
            |entry: &&Entry| (std::cmp::Reverse(entry.rank), !entry.is_beginning, entry.model.len(), entry.from);
        self.entries.iter().filter(fits).max_by_key(order).map(|entry| &entry.price)
    }

    /// As [`find`](Self::find), at a moment. Days are those of UTC.
    pub fn find_at(&self, provider: &str, model: &str, now: Timestamp) -> Option<&Price> {
        let now = jiff::Timestamp::from_millisecond(now.0).ok()?;
        self.find(provider, model, now.to_zoned(TimeZone::UTC).date())
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl WrittenEntry {
    fn read(self, entry: usize) -> Result<Entry, PriceError> {
        let shown = |text: &str| shorten(text, GIVEN_CHARS_MAX);
        let amount = |text: &str| Cost::parse(text).ok_or_else(|| PriceError::Amount { entry, given: shown(text) });
        let input = amount(&self.input)?;
        let price = Price {
            input,
            output: amount(&self.output)?,
            cached: self.cached.as_deref().map_or(Ok(input), amount)?,
            cache_written: self.cache_written.as_deref().map_or(Ok(input), amount)?,
        };
        let from = self.from.parse::<Date>().map_err(|_| PriceError::Day { entry, given: shown(&self.from) })?;
        let (model, is_beginning) = match self.model.strip_suffix('*') {
            Some(beginning) => (beginning.to_owned(), true),
            None => (self.model.clone(), false),
        };
        if model.contains('*') || (model.is_empty() && !is_beginning) {
            return Err(PriceError::Model { entry, given: shown(&self.model) });
        }
        Ok(Entry { provider: self.provider, model, is_beginning, from, price, rank: 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const TABLE: &str = r#"
        [[price]]
        provider = "openai"
        model = "gpt-5*"
        from = "2026-01-01"
        input = "1.25"
        output = "10"
        cached = "0.125"

        [[price]]
        provider = "openai"
        model = "gpt-5*"
        from = "2026-06-01"
        input = "1"
        output = "8"

        [[price]]
        provider = "openai"
        model = "gpt-5-mini*"
        from = "2026-01-01"
        input = "0.25"
        output = "2"

        [[price]]
        provider = "openai"
        model = "gpt-5-mini-2026"
        from = "2026-01-01"
        input = "0.2"
        output = "1.5"
    "#;

    fn table() -> PriceTable {
        PriceTable::from_toml(TABLE).expect("is a table")
    }

    fn input(table: &PriceTable, model: &str, day: Date) -> Option<u64> {
        table.find("openai", model, day).map(|price| price.input.0)
    }

    #[test]
    fn what_names_a_model_best_counts_and_then_the_newest() {
        let table = table();
        assert_eq!(input(&table, "gpt-5", date(2026, 5, 31)), Some(1_250_000));
        assert_eq!(input(&table, "gpt-5", date(2026, 6, 1)), Some(1_000_000));
        assert_eq!(input(&table, "gpt-5-mini", date(2026, 6, 1)), Some(250_000));
        assert_eq!(input(&table, "gpt-5-mini-2026", date(2026, 6, 1)), Some(200_000));
        // No price is not a low one.
        assert_eq!(input(&table, "gpt-5", date(2025, 12, 31)), None);
        assert_eq!(input(&table, "gpt-4", date(2026, 6, 1)), None);
        assert!(table.find("other", "gpt-5", date(2026, 6, 1)).is_none());
        let moment = Timestamp(1_780_272_000_000);
        assert_eq!(table.find_at("openai", "gpt-5", moment).map(|price| price.input.0), Some(1_000_000));
        assert_eq!(
            table.find_at("openai", "gpt-5", Timestamp(moment.0 - 1)).map(|price| price.input.0),
            Some(1_250_000)
        );
        assert!(table.find_at("openai", "gpt-5", Timestamp(i64::MAX)).is_none());
    }

    #[test]
    fn an_owners_prices_come_first() {
        let own = r#"{"price": [{"provider": "openai", "model": "gpt*", "from": "2026-03-01", "input": "3", "output": "4"}]}"#;
        let table = PriceTable::from_json(own).expect("is a table").over(table());
        assert_eq!(input(&table, "gpt-5-mini", date(2026, 6, 1)), Some(3_000_000));
        assert_eq!(input(&table, "gpt-5-mini", date(2026, 2, 1)), Some(250_000));
        assert_eq!(table.len(), 5);
    }

    #[test]
    fn sums_are_rounded_up_once() {
        let table = table();
        let price = table.find("openai", "gpt-5", date(2026, 2, 1)).expect("has a price");
        let usage = Usage { input: 1_000_000, cached: 400_000, output: 100_000, ..Usage::default() };
        assert_eq!(price.cost(&usage), Cost(750_000 + 50_000 + 1_000_000));
        assert_eq!(price.cost(&Usage { input: 1, ..Usage::default() }), Cost(2));
        assert_eq!(price.cost(&Usage::default()), Cost(0));
        // A provider that counts more from its cache than all of it is not paid less for that.
        let strange = Usage { input: 1, cached: 1_000_000, ..Usage::default() };
        assert_eq!(price.cost(&strange), Cost(125_000));
        assert_eq!(price.worst(1_000_000, 1_000_000), Cost(11_250_000));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_entry() {
        let wrong = |from: &str, to: &str| PriceTable::from_toml(&TABLE.replacen(from, to, 1)).expect_err("is wrong");
        assert_eq!(wrong("1.25", "-1"), PriceError::Amount { entry: 1, given: "-1".to_owned() });
        assert_eq!(wrong("0.25", "0.1234567"), PriceError::Amount { entry: 3, given: "0.1234567".to_owned() });
        assert_eq!(wrong("2026-06-01", "June"), PriceError::Day { entry: 2, given: "June".to_owned() });
        assert_eq!(wrong("gpt-5-mini*", "gpt*mini*"), PriceError::Model { entry: 3, given: "gpt*mini*".to_owned() });
        assert!(matches!(wrong("cached", "casched"), PriceError::Form { .. }));
        assert!(matches!(wrong("\"1.25\"", "1.25"), PriceError::Form { .. }));
    }

    #[test]
    fn amounts_are_exact() {
        assert_eq!(Cost::parse("0.000001"), Some(Cost(1)));
        assert_eq!(Cost::parse("18446744073709.551615"), Some(Cost(u64::MAX)));
        assert_eq!(Cost::parse("18446744073709.551616"), None);
        for wrong in ["", ".", "1.", ".5", "1e3", "+1", " 1", "1,5", "0.0000001"] {
            assert_eq!(Cost::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Cost(1_250_001).to_string(), "$1.250001");
    }

    proptest! {
        /// Nothing overflows, nothing comes out below its exact sum, and a reservation holds what it was made for.
        #[test]
        fn sums_are_never_too_low(numbers in any::<[u64; 9]>()) {
            let [input, cached, cache_written, output, reasoning, a, b, c, d] = numbers;
            let price = Price { input: Cost(a), output: Cost(b), cached: Cost(c), cache_written: Cost(d) };
            let usage = Usage { input, cached, cache_written, output, reasoning };
            let exact = u128::from(output) * u128::from(b);
            let sum = price.cost(&usage);
            prop_assert!(sum.0 == u64::MAX || u128::from(sum.0) * TOKENS >= exact);
            if cached.checked_add(cache_written).is_some_and(|both| both <= input) {
                prop_assert!(price.worst(input, output) >= sum);
            }
        }

        #[test]
        fn amounts_are_read_as_they_are_written(amount in any::<u64>()) {
            prop_assert_eq!(Cost::parse(&Cost(amount).to_string()[1..]), Some(Cost(amount)));
        }
    }
}
