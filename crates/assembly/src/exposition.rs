//! Figures as Prometheus reads them: its text format, version 0.0.4. Pure.

use std::fmt::{Display, Write as _};

/// What kind of figure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Only grows, from the start of the process on.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How many were how large.
    Histogram,
}

/// A page of figures.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// What comes next: its name, its kind, and what it means.
    pub(crate) fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let word = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        self.put(format_args!("# HELP {name} {help}\n# TYPE {name} {word}\n"));
        Family { page: self, name }
    }

    /// One figure without labels.
    pub(crate) fn one(&mut self, name: &'static str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help).sample("", &[], value);
    }

    pub(crate) fn text(self) -> String {
        self.0
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a text does not fail.
        self.0.write_fmt(text).unwrap_or_default();
    }
}

/// Samples of one name.
pub(crate) struct Family<'a> {
    page: &'a mut Page,
    name: &'static str,
}

impl Family<'_> {
    /// One sample.
    pub(crate) fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let name = self.name;
        self.page.put(format_args!("{name}{suffix}"));
        for (place, (label, said)) in labels.iter().enumerate() {
            let said = said.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let before = if place == 0 { '{' } else { ',' };
            self.page.put(format_args!("{before}{label}=\"{said}\""));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        self.page.put(format_args!("{end} {value}\n"));
    }

    /// A sample for each word.
    pub(crate) fn by(&mut self, label: &str, counts: impl IntoIterator<Item = (impl AsRef<str>, u64)>) {
        for (word, count) in counts {
            self.sample("", &[(label, word.as_ref())], count);
        }
    }

    /// How many were at most as large as each bound says, how many there were, and their sum.
    pub(crate) fn histogram(&mut self, within: impl IntoIterator<Item = (f64, u64)>, count: u64, sum: f64) {
        // While runs end, one may be counted here and not there yet; what is told agrees with itself.
        let mut most = 0;
        for (bound, within) in within {
            most = within.max(most);
            self.sample("_bucket", &[("le", &bound.to_string())], within);
        }
        let count = count.max(most);
        self.sample("_bucket", &[("le", "+Inf")], count);
        self.sample("_sum", &[], sum);
        self.sample("_count", &[], count);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// What names are made of, here.
    const NAME_CHARS: &str = "abcdefghijklmnopqrstuvwxyz0123456789_";

    /// Reads a page as strictly as the format is written: each family has its help and its kind before its samples and
    /// stands in one piece, no sample comes twice, a histogram's buckets grow and end with all.
    pub(crate) fn read(text: &str) -> BTreeMap<String, f64> {
        assert!(text.ends_with('\n'), "the last line ends");
        let mut samples = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut family: Option<(String, String)> = None;
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(name.chars().all(|char| NAME_CHARS.contains(char)), "{name}");
                assert!(!help.is_empty(), "{name} says what it means");
                assert!(seen.insert(name.to_owned()), "{name} stands in one piece");
                let kind = lines.next().unwrap().strip_prefix(&format!("# TYPE {name} ")).unwrap().to_owned();
                assert!(["counter", "gauge", "histogram"].contains(&&*kind), "{kind}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
                family = Some((name.to_owned(), kind));
                continue;
            }
            assert!(!line.starts_with('#'), "{line}");
            let (name, kind) = family.as_ref().unwrap();
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let value: f64 = value.parse().unwrap();
            let (full, labels) =
                sample.split_once('{').map_or((sample, ""), |(full, labels)| (full, labels.strip_suffix('}').unwrap()));
            let suffix = full.strip_prefix(name.as_str()).unwrap();
            let suffixes: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(suffixes.contains(&suffix), "{line}");
            for label in labels.split("\",").filter(|label| !label.is_empty()) {
                let (key, said) = label.split_once("=\"").unwrap();
                assert!(key.chars().all(|char| NAME_CHARS.contains(char)), "{line}");
                assert!(!said.trim_end_matches('"').contains('\n'), "{line}");
            }
            assert!(kind != "counter" || value >= 0.0, "{line}");
            assert!(samples.insert(sample.to_owned(), value).is_none(), "{line} comes twice");
        }
        let infinite: Vec<_> = samples.iter().filter(|(name, _)| name.contains("le=\"+Inf\"")).collect();
        for (bucket, all) in infinite {
            let name = bucket.split_once("_bucket").unwrap().0;
            assert_eq!(samples[&format!("{name}_count")], *all, "{name}");
            let mut bounds: Vec<(f64, f64)> = samples
                .iter()
                .filter_map(|(sample, value)| {
                    let bound = sample.strip_prefix(&format!("{name}_bucket{{le=\""))?.strip_suffix("\"}")?;
                    Some((if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() }, *value))
                })
                .collect();
            bounds.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(bounds.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{bounds:?}");
        }
        samples
    }

    #[test]
    fn what_is_written_can_be_read() {
        let mut page = Page::default();
        page.one("oikos_up", Kind::Gauge, "Says \\ and\na break.", 1);
        page.family("oikos_x_total", Kind::Counter, "By word.").by("word", [("a\"b\\c\nd", 3), ("e", 4)]);
        page.family("oikos_t_seconds", Kind::Histogram, "How long.").histogram([(0.5, 1), (1.0, 3)], 2, 2.25);
        let text = page.text();
        assert!(text.contains("oikos_x_total{word=\"a\\\"b\\\\c\\nd\"} 3\n"), "{text}");
        let samples = read(&text);
        // One that ended meanwhile is not less than the others.
        assert_eq!(samples["oikos_t_seconds_count"], 3.0);
        assert_eq!(samples["oikos_t_seconds_bucket{le=\"0.5\"}"], 1.0);
    }
}
