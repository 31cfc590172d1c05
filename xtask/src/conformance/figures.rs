//! What the suite says at its end, read and held against what is known.

use std::{collections::BTreeMap, fmt::Write as _};

/// One scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scenario {
    pub(super) name: String,
    pub(super) passed: u64,
    pub(super) failed: u64,
    /// Why it does not count in this revision, where it does not.
    pub(super) unscored: Option<String>,
}

/// All that was gone through, as the suite counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) scenarios: Vec<Scenario>,
}

impl Figures {
    /// From what it printed. `None`: it came to no end, or its parts do not make its sum.
    pub(super) fn read(said: &str) -> Option<Self> {
        let (_, summary) = said.split_once("SUMMARY ===")?;
        let mut scenarios = Vec::new();
        let mut total = None;
        let mut unscored = BTreeMap::new();
        for line in summary.lines() {
            if let Some(sum) = line.strip_prefix("Total: ") {
                total = counts(sum);
            } else if let Some((name, why)) = mark(line).and_then(|rest| rest.strip_suffix(')')?.split_once(" (")) {
                unscored.insert(name.to_owned(), why.to_owned());
            } else if let Some((name, figures)) = mark(line).and_then(|rest| rest.split_once(": ")) {
                let (passed, failed) = counts(figures)?;
                scenarios.push(Scenario { name: name.to_owned(), passed, failed, unscored: None });
            }
        }
        for scenario in &mut scenarios {
            scenario.unscored = unscored.remove(&scenario.name);
        }
        let figures = Self { scenarios };
        (unscored.is_empty() && total == Some((figures.passed(), figures.failed()))).then_some(figures)
    }

    pub(super) fn passed(&self) -> u64 {
        self.scenarios.iter().map(|scenario| scenario.passed).sum()
    }

    pub(super) fn failed(&self) -> u64 {
        self.scenarios.iter().map(|scenario| scenario.failed).sum()
    }

    /// What is not as it has to be: what fails and is not expected to, what is expected to and does not, and fewer checks than
    /// there were.
    pub(super) fn wrongs(&self, expected: &BTreeMap<&str, &str>, least: u64) -> Vec<String> {
        let mut wrongs = Vec::new();
        for Scenario { name, failed, .. } in &self.scenarios {
            match (*failed, expected.contains_key(name.as_str())) {
                (1.., false) => wrongs.push(format!("{name}: {failed} failed")),
                (0, true) => wrongs.push(format!("{name}: is expected to fail, and does not")),
                _ => {}
            }
        }
        for name in expected.keys().filter(|name| !self.scenarios.iter().any(|scenario| scenario.name == **name)) {
            wrongs.push(format!("{name}: is expected to fail, and there is no such scenario"));
        }
        if self.passed() < least {
            wrongs.push(format!("{} checks passed, where {least} have to", self.passed()));
        }
        wrongs
    }

    /// For people: what was scored in one line, and each scenario that is remarkable.
    pub(super) fn table(&self, title: &str) -> String {
        let scored = self.scenarios.iter().filter(|scenario| scenario.unscored.is_none());
        let (count, passed, failed) = scored.fold((0, 0, 0), |(count, passed, failed), scenario| {
            (count + 1, passed + scenario.passed, failed + scenario.failed)
        });
        let mut text = format!(
            "  {title:20}  {:4} passed  {:3} failed   scored: {passed} passed, {failed} failed in {count} of {} scenarios\n",
            self.passed(),
            self.failed(),
            self.scenarios.len(),
        );
        for Scenario { name, passed, failed, unscored } in self.scenarios.iter().filter(|scenario| scenario.failed > 0)
        {
            let why = unscored.as_deref().map_or_else(String::new, |why| format!("  (not scored: {why})"));
            // Writing into a text cannot fail.
            writeln!(text, "    {name:44}  {passed:4} passed  {failed:3} failed{why}").ok();
        }
        text
    }
}

fn mark(line: &str) -> Option<&str> {
    let line = line.trim_start();
    line.strip_prefix("✓ ").or_else(|| line.strip_prefix("✗ "))
}

/// `3 passed, 1 failed`, and whatever follows.
fn counts(text: &str) -> Option<(u64, u64)> {
    let mut parts = text.split(", ");
    let passed = parts.next()?.strip_suffix(" passed")?.parse().ok()?;
    Some((passed, parts.next()?.strip_suffix(" failed")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Running…\n\n=== SUMMARY ===\n✓ ping: 2 passed, 0 failed\n✗ auth/dpop: 1 passed, 3 failed\n\n\
                        Total: 3 passed, 3 failed, 0 warnings\n\nNot scored for 2025-11-25: 1 scenario(s) run, 1 failing.\n  \
                        ✗ auth/dpop (extension)\n";

    #[test]
    fn the_end_is_read_and_held_against_what_is_known() {
        let figures = Figures::read(SAID).expect("is whole");
        assert_eq!((figures.passed(), figures.failed()), (3, 3));
        assert_eq!(figures.scenarios[1].unscored.as_deref(), Some("extension"));
        let check = |expected: &[&str], least: u64, wrongs: &[&str]| {
            let expected = expected.iter().map(|name| (*name, "because")).collect();
            assert_eq!(figures.wrongs(&expected, least), wrongs);
        };
        check(&["auth/dpop"], 3, &[]);
        check(&[], 3, &["auth/dpop: 3 failed"]);
        check(&["auth/dpop", "ping"], 3, &["ping: is expected to fail, and does not"]);
        check(&["auth/dpop", "pong"], 3, &["pong: is expected to fail, and there is no such scenario"]);
        check(&["auth/dpop"], 4, &["3 checks passed, where 4 have to"]);
        let table = figures.table("client 2025-11-25");
        assert!(table.contains("scored: 2 passed, 0 failed in 1 of 2 scenarios"), "{table}");
        assert!(table.contains("auth/dpop") && table.contains("(not scored: extension)"), "{table}");
    }

    #[test]
    fn what_came_to_no_end_or_does_not_add_up_is_no_result() {
        assert_eq!(Figures::read("Running…\n✓ ping: 2 passed, 0 failed\n"), None);
        assert_eq!(Figures::read(&SAID.replace("Total: 3", "Total: 4")), None);
        assert_eq!(Figures::read(&SAID.replace("Total: 3 passed, 3 failed, 0 warnings", "")), None);
    }
}
