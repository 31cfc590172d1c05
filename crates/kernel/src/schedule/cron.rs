//! Five fields of cron in a time zone. Pure.
//!
//! Where clocks are put forward, a fixed time that does not exist comes with the first moment after the gap; where they are
//! put back, a fixed time that exists twice comes once, the first time. What repeats (`*`, `*/5`) goes with real time.

use super::ledger::Times;
use jiff::{Zoned, tz::TimeZone};
use package::Schedule;
use protocol::Timestamp;

/// The times of a schedule in a zone.
pub(crate) struct CronTimes<'a> {
    schedule: &'a Schedule,
    zone: &'a TimeZone,
}

impl<'a> CronTimes<'a> {
    pub(crate) fn new(schedule: &'a Schedule, zone: &'a TimeZone) -> Self {
        Self { schedule, zone }
    }
}

/// By how much clocks are put forward or back at most, and some: two hours where two changes fall together.
const CLOCK_CHANGE_MS_MAX: i64 = 3 * 3_600_000;

impl CronTimes<'_> {
    /// The last time up to and with a moment, but for the hours in which clocks are changed.
    fn previous(&self, upto: Timestamp) -> Option<Timestamp> {
        let found = self.schedule.previous(&self.zoned(upto)?)?;
        Some(Timestamp(found.timestamp().as_millisecond()))
    }

    fn zoned(&self, at: Timestamp) -> Option<Zoned> {
        Some(jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(self.zone.clone()))
    }
}

impl Times for CronTimes<'_> {
    fn latest(&self, upto: Timestamp) -> Option<Timestamp> {
        let found = self.previous(upto)?;
        let is_last = |found: Timestamp| self.next(found).is_none_or(|next| next > upto);
        if found <= upto && is_last(found) {
            return Some(found);
        }
        // Looking back goes wrong where an hour comes twice. Looking ahead does not, from a moment well before it.
        let mut last = self.previous(Timestamp(upto.0.saturating_sub(CLOCK_CHANGE_MS_MAX)))?;
        while let Some(next) = self.next(last).filter(|next| *next <= upto) {
            last = next;
        }
        Some(last).filter(|last| *last <= upto)
    }

    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let found = self.schedule.next(&self.zoned(after)?)?;
        Some(Timestamp(found.timestamp().as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use jiff::ToSpan;
    use proptest::prelude::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str, zone: &TimeZone) -> Timestamp {
        let civil: jiff::civil::DateTime = text.parse().unwrap();
        Timestamp(zone.to_zoned(civil).unwrap().timestamp().as_millisecond())
    }

    fn shown(at: Timestamp, zone: &TimeZone) -> String {
        let zoned = jiff::Timestamp::from_millisecond(at.0).unwrap().to_zoned(zone.clone());
        zoned.strftime("%m-%d %H:%M %:z").to_string()
    }

    /// The next times of a pattern after a moment, and the same backwards.
    fn check(pattern: &str, zone_name: &str, after: &str, expected: &[&str]) {
        let zone = zone(zone_name);
        let schedule = pattern.parse().unwrap();
        let times = CronTimes::new(&schedule, &zone);
        let mut found = Vec::new();
        let mut now = at(after, &zone);
        for _ in expected {
            let next = times.next(now).unwrap();
            assert_eq!(times.latest(next), Some(next), "{pattern} comes at {}", shown(next, &zone));
            // Until just before the next one, the last one is the one before.
            let before = times.latest(Timestamp(next.0 - 1)).unwrap();
            assert!(before <= now, "{pattern}: {} lies between", shown(before, &zone));
            found.push(shown(next, &zone));
            now = next;
        }
        assert_eq!(found, expected, "{pattern} in {zone_name}");
    }

    #[test]
    fn five_fields() {
        check("0 8 * * 1-5", "UTC", "2026-01-02T08:00", &["01-05 08:00 +00:00", "01-06 08:00 +00:00"]);
        check("*/20 9-10 * * *", "UTC", "2026-01-01T09:30", &["01-01 09:40 +00:00", "01-01 10:00 +00:00"]);
        // Day of the month or day of the week, as everywhere.
        check("0 0 13 * FRI", "UTC", "2026-01-09T00:00", &["01-13 00:00 +00:00", "01-16 00:00 +00:00"]);
        check("0 12 29 2 *", "UTC", "2026-01-01T00:00", &["02-29 12:00 +00:00"]);
        check("0 9 * * *", "Asia/Kolkata", "2026-01-01T09:00", &["01-02 09:00 +05:30"]);
    }

    /// In Berlin on 29 March 2026 there is no 02:00 to 02:59.
    #[test]
    fn where_clocks_are_put_forward() {
        let gap = ["03-28 02:30 +01:00", "03-29 03:00 +02:00", "03-30 02:30 +02:00"];
        check("30 2 * * *", "Europe/Berlin", "2026-03-27T12:00", &gap);
        let hours = ["03-29 01:00 +01:00", "03-29 03:00 +02:00", "03-29 04:00 +02:00"];
        check("0 * * * *", "Europe/Berlin", "2026-03-29T00:30", &hours);
    }

    /// In Berlin on 25 October 2026 there are two 02:00 to 02:59.
    #[test]
    fn where_clocks_are_put_back() {
        let twice = ["10-24 02:30 +02:00", "10-25 02:30 +02:00", "10-26 02:30 +01:00"];
        check("30 2 * * *", "Europe/Berlin", "2026-10-23T12:00", &twice);
        let hours = ["10-25 01:00 +02:00", "10-25 02:00 +02:00", "10-25 02:00 +01:00", "10-25 03:00 +01:00"];
        check("0 * * * *", "Europe/Berlin", "2026-10-25T00:30", &hours);
    }

    proptest! {
        /// Going forward and going back see the same times, and each of them is the local time that is written, but for
        /// the days on which clocks are changed.
        #[test]
        fn forward_and_back_agree(
            minute in 0_i8..60, hour in 0_i8..24, day in 0_i64..3_650, name in prop::sample::select(vec![
                "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "UTC",
            ]),
        ) {
            let zone = zone(name);
            let schedule = format!("{minute} {hour} * * *").parse().unwrap();
            let times = CronTimes::new(&schedule, &zone);
            let start = jiff::civil::date(2020, 1, 1).checked_add(day.days()).unwrap();
            let start = Timestamp(zone.to_zoned(start.at(12, 0, 0, 0)).unwrap().timestamp().as_millisecond());
            let next = times.next(start).unwrap();
            prop_assert!(next > start && next.since_ms(start) <= 25 * 3_600_000);
            prop_assert_eq!(times.latest(next), Some(next));
            prop_assert!(times.latest(Timestamp(next.0 - 1)).unwrap() <= start);
            let after = times.next(next).unwrap();
            let is_usual = (23 * 3_600_000..=25 * 3_600_000).contains(&after.since_ms(next));
            prop_assert!(is_usual, "{} ms to {}", after.since_ms(next), shown(after, &zone));
        }
    }
}
