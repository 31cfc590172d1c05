//! Which times of a schedule are over. Pure; time comes in.
//!
//! A time is over when it was claimed, or when it passed while the schedule was off. What is over is kept as spans of
//! wall-clock time, not as one last moment: a clock that jumps to another year and back must neither start anything
//! twice nor keep everything from starting until that year.

use protocol::Timestamp;
use serde::{Deserialize, Serialize};

/// Spans that are kept. Each jump of the clock over a time makes one more; past this, the two that lie closest become
/// one, which may leave out what never ran but never runs anything twice.
const SPANS_MAX: usize = 16;

/// The times of a schedule, as a calendar knows them.
pub(crate) trait Times {
    /// The last time up to and with a moment.
    fn latest(&self, upto: Timestamp) -> Option<Timestamp>;
    /// The first time after a moment.
    fn next(&self, after: Timestamp) -> Option<Timestamp>;
}

/// What is over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Ledger {
    /// First and last moment of each span; in order, apart.
    spans: Vec<(Timestamp, Timestamp)>,
}

/// A time that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// The time.
    pub(crate) slot: Timestamp,
    /// Whether times before it were missed: this one stands for all of them.
    pub(crate) is_late: bool,
}

impl Ledger {
    /// Nothing before this moment will start anything.
    pub(crate) fn begun(now: Timestamp) -> Self {
        Self { spans: vec![(now, now)] }
    }

    /// The newest time that has come and is not over. To be claimed, and the claim kept, before anything is started.
    pub(crate) fn due(&mut self, times: &impl Times, now: Timestamp) -> Option<Due> {
        if self.spans.iter().all(|(from, _)| *from > now) {
            // The clock went back to before the beginning: this is another one.
            self.skip_to(now);
            return None;
        }
        let slot = times.latest(now)?;
        // Without a span that begins before it, it was before the beginning.
        let (_, over) = self.spans.iter().rfind(|(from, _)| *from <= slot).filter(|(_, over)| *over < slot)?;
        Some(Due { slot, is_late: times.next(*over) != Some(slot) })
    }

    /// A time that was due is over.
    pub(crate) fn claim(&mut self, due: Due) {
        let place = self.spans.iter().rposition(|(from, _)| *from <= due.slot);
        match place {
            // Nothing lies between.
            Some(place) if !due.is_late => self.spans[place].1 = self.spans[place].1.max(due.slot),
            Some(place) => self.spans.insert(place + 1, (due.slot, due.slot)),
            None => self.spans.insert(0, (due.slot, due.slot)),
        }
        self.join();
    }

    /// Everything up to now is over, as after a time in which the schedule was off.
    pub(crate) fn skip_to(&mut self, now: Timestamp) {
        match self.spans.iter_mut().rfind(|(from, _)| *from <= now) {
            Some(span) => span.1 = span.1.max(now),
            None => self.spans.insert(0, (now, now)),
        }
        self.join();
    }

    /// Spans that touch become one; of too many, the two closest.
    fn join(&mut self) {
        let mut joined: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(self.spans.len());
        for (from, to) in self.spans.drain(..) {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        while joined.len() > SPANS_MAX {
            let gap = |place: &usize| joined[place + 1].0.since_ms(joined[*place].1);
            let closest = (0..joined.len() - 1).min_by_key(gap).unwrap_or(0);
            let (_, to) = joined.remove(closest + 1);
            joined[closest].1 = to;
        }
        self.spans = joined;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Each multiple of some milliseconds.
    struct Every(i64);

    impl Times for Every {
        fn latest(&self, upto: Timestamp) -> Option<Timestamp> {
            Some(Timestamp(upto.0.div_euclid(self.0) * self.0))
        }
        fn next(&self, after: Timestamp) -> Option<Timestamp> {
            Some(Timestamp((after.0.div_euclid(self.0) + 1) * self.0))
        }
    }

    /// Looks at the clock at these moments; gives what was started, `!` for what stands for more.
    fn check(moments: &[i64], expected: &[&str]) {
        let mut ledger = Ledger::begun(Timestamp(moments[0]));
        let mut started = Vec::new();
        for now in &moments[1..] {
            if let Some(due) = ledger.due(&Every(10), Timestamp(*now)) {
                ledger.claim(due);
                started.push(format!("{}{}", due.slot.0, if due.is_late { "!" } else { "" }));
            }
        }
        assert_eq!(started, expected);
    }

    #[test]
    fn each_time_starts_once() {
        check(&[5, 9, 10, 11, 19, 20, 20, 31], &["10", "20", "30"]);
        // What was before the beginning is not caught up; the moment of the beginning itself neither.
        check(&[100, 101, 109], &[]);
        check(&[100, 110], &["110"]);
    }

    #[test]
    fn after_a_sleep_once() {
        check(&[5, 10, 1_005, 1_006, 1_010], &["10", "1000!", "1010"]);
    }

    #[test]
    fn a_clock_that_goes_back_starts_nothing_twice() {
        check(&[5, 10, 20, 30, 12, 25, 30, 39, 40], &["10", "20", "30", "40"]);
        // To before the beginning, and on from there: what never was over still comes.
        check(&[1_005, 1_010, 500, 509, 510, 1_009, 1_010, 1_020], &["1010", "510", "1000!", "1020"]);
    }

    #[test]
    fn a_clock_that_was_wrong_for_a_moment_stops_nothing() {
        let far = 4_000_000_000;
        check(&[5, 10, far, 21, 30, 40, far, far + 10], &["10", "4000000000!", "20", "30", "40", "4000000010"]);
    }

    #[test]
    fn time_that_was_off_is_over() {
        let mut ledger = Ledger::begun(Timestamp(5));
        ledger.skip_to(Timestamp(55));
        assert_eq!(ledger.due(&Every(10), Timestamp(59)), None);
        assert_eq!(ledger.due(&Every(10), Timestamp(61)), Some(Due { slot: Timestamp(60), is_late: false }));
    }

    proptest! {
        /// However the clock jumps, and whether or not a process ends between its claim and its start: no time twice.
        /// What is kept stays small.
        #[test]
        fn at_most_once(moments in prop::collection::vec(-2_000_i64..2_000, 1..400), every in 1_i64..50) {
            let times = Every(every);
            let mut ledger = Ledger::begun(Timestamp(moments[0]));
            let mut claimed = BTreeSet::new();
            for now in &moments {
                if let Some(due) = ledger.due(&times, Timestamp(*now)) {
                    prop_assert!(due.slot <= Timestamp(*now));
                    prop_assert!(claimed.insert(due.slot), "{due:?} twice in {ledger:?}");
                    ledger.claim(due);
                    prop_assert_eq!(ledger.due(&times, Timestamp(*now)), None);
                    // As another process reads it.
                    let text = serde_json::to_string(&ledger).unwrap_or_default();
                    prop_assert_eq!(serde_json::from_str::<Ledger>(&text).ok(), Some(ledger.clone()));
                }
                prop_assert!(ledger.spans.len() <= SPANS_MAX);
                prop_assert!(ledger.spans.is_sorted() && ledger.spans.windows(2).all(|two| two[0].1 < two[1].0));
            }
        }

        /// A clock that only goes forward misses nothing but what it slept through.
        #[test]
        fn forward_nothing_is_lost(steps in prop::collection::vec(1_i64..25, 1..200)) {
            let times = Every(10);
            let (mut ledger, mut now) = (Ledger::begun(Timestamp(0)), 0);
            for step in steps {
                let before = now;
                now += step;
                let expected = times.latest(Timestamp(now)).filter(|slot| slot.0 > before);
                let due = ledger.due(&times, Timestamp(now));
                prop_assert_eq!(due.map(|due| due.slot), expected);
                if let Some(due) = due {
                    ledger.claim(due);
                }
            }
        }
    }
}
