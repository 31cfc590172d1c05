//! How often each thing was tried, and when that is told: a flood of tries is a handful of notes. Pure.

use crate::{Deed, Tried};
use std::collections::BTreeMap;

/// Different things that are told apart; of what comes beyond, only the kind is.
const DISTINCT_MAX: usize = 96;
/// So often each is told every time; from then on whenever it has doubled.
const EACH_MAX: u64 = 16;

/// What was tried.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<(Deed, Option<String>), Times>);

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    all: u64,
    told: u64,
}

impl Tally {
    /// It was tried so often. What is to be told of that now, with what was not told before.
    pub(crate) fn add(&mut self, deed: Deed, target: Option<String>, times: u64) -> Option<Tried> {
        let mut key = (deed, target);
        if self.0.len() >= DISTINCT_MAX && !self.0.contains_key(&key) {
            key.1 = None;
        }
        let count = self.0.entry(key.clone()).or_default();
        count.all += times;
        if count.all > EACH_MAX && count.all < count.told.saturating_mul(2) {
            return None;
        }
        let since = count.all - count.told;
        count.told = count.all;
        Some(Tried { deed: key.0, target: key.1, times: since })
    }

    /// It could not be told: the next one tells of it too.
    pub(crate) fn untold(&mut self, tried: Tried) {
        if let Some(count) = self.0.get_mut(&(tried.deed, tried.target)) {
            count.told -= tried.times.min(count.told);
        }
    }

    /// What is left to be told, at the end. From then on all is new.
    pub(crate) fn rest(&mut self) -> Vec<Tried> {
        let all = std::mem::take(&mut self.0).into_iter();
        let rest = all.filter(|(_, count)| count.all > count.told);
        rest.map(|((deed, target), count)| Tried { deed, target, times: count.all - count.told }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_thing_is_told_in_a_handful_of_notes_that_count_it() {
        let mut tally = Tally::default();
        let told: Vec<_> = (0..100_000).filter_map(|_| tally.add(Deed::Keyring, None, 1)).collect();
        assert!(told.len() <= 16 + 17, "{}", told.len());
        let rest = tally.rest();
        let sum = |all: &[Tried]| all.iter().map(|tried| tried.times).sum::<u64>();
        assert_eq!(sum(&told) + sum(&rest), 100_000);
        // What is told is never less than half of it.
        assert!(sum(&told) >= 50_000);
        assert_eq!(tally.rest(), []);
    }

    #[test]
    fn a_flood_of_different_things_is_told_by_their_kind() {
        let mut tally = Tally::default();
        let told: Vec<_> =
            (0..10_000).filter_map(|number| tally.add(Deed::Read, Some(format!("/{number}")), 1)).collect();
        assert_eq!(told.iter().filter(|tried| tried.target.is_some()).count(), DISTINCT_MAX);
        assert!(told.len() <= DISTINCT_MAX + 16 + 14, "{}", told.len());
    }

    #[test]
    fn what_could_not_be_told_is_told_with_the_next() {
        let mut tally = Tally::default();
        let first = tally.add(Deed::Mount, None, 1).expect("is new");
        tally.untold(first);
        assert_eq!(tally.add(Deed::Mount, None, 1).map(|tried| tried.times), Some(2));
        tally.rest();
        assert_eq!(tally.add(Deed::Mount, None, 1).map(|tried| tried.times), Some(1));
    }
}
