//! What starts an app beside a person: a message, an event, a time.

use crate::{
    document::{Document, Part},
    finding::{Finding, quote},
    warning::Warning,
};
use croner::{
    Cron,
    errors::CronError,
    parser::{CronParser, Seconds, Year},
};
use jiff::{Zoned, tz::TimeZone};
use protocol::{ActionName, text};
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use std::{fmt, str::FromStr, sync::Arc};

/// Memory of one compiled pattern, and of the states that matching it may keep. Honest patterns need a few KiB.
const PATTERN_PROGRAM_BYTES_MAX: usize = 256 << 10;

/// One thing that starts an app.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// What has to happen.
    pub cause: Cause,
    /// The action or tool that is called. Absent where the manifest names none and the app has several or none: then
    /// only what the app registered itself hears of it.
    pub target: Option<ActionName>,
}

/// What has to happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// Somebody says something in a chat in which the pattern is found. The target gets `{ text, groups }`.
    Message(Pattern),
    /// An event of one of these topics; `*` at a topic's end stands for any.
    Events(Vec<String>),
    /// A time has come.
    Schedule(Schedule),
}

/// A pattern over what is said, matched in linear time.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// The pattern as it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The groups of the first place where it is found: what each matched, if it did. `None`: it is not found.
    pub fn groups<'t>(&self, text: &'t str) -> Option<Vec<Option<&'t str>>> {
        let captures = self.0.captures(text)?;
        Some(captures.iter().skip(1).map(|group| group.map(|group| group.as_str())).collect())
    }

    /// Whether it matches about anything: messages of no particular kind.
    pub fn reads_all(&self) -> bool {
        const PROBES: [&str; 4] = ["", "7", "Hello, how are you?", "ja"];
        PROBES.iter().filter(|probe| self.groups(probe).is_some()).count() >= 2
    }

    /// How many groups it has.
    pub fn groups_count(&self) -> usize {
        self.0.captures_len() - 1
    }

    fn parse(text: &str) -> Result<Self, PatternError> {
        regex_syntax::parse(text).map_err(|error| PatternError::of(&error))?;
        RegexBuilder::new(text)
            .size_limit(PATTERN_PROGRAM_BYTES_MAX)
            .dfa_size_limit(PATTERN_PROGRAM_BYTES_MAX)
            .build()
            .map(Self)
            .map_err(|_| PatternError {
                at: None,
                message: "the pattern is too large".to_owned(),
                fix: Some("count less, such as .* instead of .{0,10000}"),
            })
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no pattern.
struct PatternError {
    /// Bytes of the pattern.
    at: Option<std::ops::Range<usize>>,
    message: String,
    fix: Option<&'static str>,
}

impl PatternError {
    fn of(error: &regex_syntax::Error) -> Self {
        use regex_syntax::ast::ErrorKind;
        let (kind, span) = match error {
            regex_syntax::Error::Parse(error) => {
                let fix = match error.kind() {
                    ErrorKind::UnsupportedLookAround => Some(
                        "patterns are matched in linear time: match what is around it too, and put the rest into a group",
                    ),
                    ErrorKind::UnsupportedBackreference => {
                        Some("patterns are matched in linear time: capture both places, and compare them in the action")
                    }
                    _ => None,
                };
                let message = match error.kind() {
                    ErrorKind::UnsupportedLookAround => {
                        "look-around such as (?=…) or (?<!…) is not possible".to_owned()
                    }
                    ErrorKind::UnsupportedBackreference => "a back-reference such as \\1 is not possible".to_owned(),
                    kind => kind.to_string(),
                };
                ((message, fix), error.span())
            }
            regex_syntax::Error::Translate(error) => ((error.kind().to_string(), None), error.span()),
            other => {
                let message = other.to_string();
                return Self { at: None, message: message.lines().last().unwrap_or_default().to_owned(), fix: None };
            }
        };
        let at = Some(span.start.offset..span.end.offset);
        Self { at, message: kind.0, fix: kind.1 }
    }
}

/// Five fields of cron (minute, hour, day of the month, month, day of the week), in the owner's time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    text: String,
    /// Shared: it holds a bit for each minute, hour and day.
    pattern: Arc<Cron>,
}

impl Schedule {
    /// The five fields as they are written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first time after a moment, in that moment's zone. Where clocks are put forward, a fixed time that does not
    /// exist comes with the first moment after the gap; where they are put back, one that exists twice comes once.
    pub fn next(&self, after: &Zoned) -> Option<Zoned> {
        self.pattern.find_next_occurrence(after, false).ok()
    }

    /// The last time up to and with a moment, in that moment's zone; wrong in the hours in which clocks are put back.
    pub fn previous(&self, upto: &Zoned) -> Option<Zoned> {
        self.pattern.find_previous_occurrence(upto, true).ok()
    }
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        if text.split_whitespace().count() != 5 {
            return Err(ScheduleError::Invalid("there are not five fields".to_owned()));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let pattern = parser.parse(text).map_err(|error| {
            ScheduleError::Invalid(match &error {
                CronError::InvalidPattern(reason)
                | CronError::IllegalCharacters(reason)
                | CronError::ComponentError(reason) => text::escape(reason.trim_end_matches('.')),
                other => text::escape(&other.to_string()),
            })
        })?;
        let schedule = Self { text: text.to_owned(), pattern: Arc::new(pattern) };
        // The 30th of February is refused when it is read, not waited for.
        let some_day = jiff::civil::date(2025, 1, 1).to_zoned(TimeZone::UTC).ok();
        match some_day.and_then(|day| schedule.next(&day)) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never),
        }
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It is not five fields of cron.
    #[error("not a schedule: {0}")]
    Invalid(String),
    /// No day is like this.
    #[error("this time never comes")]
    Never,
}

/// Reads `trigger` of a manifest that fits its schema. The target of triggers without `action` is found when it is
/// known what the app has.
pub(crate) fn read_triggers(file: &Document<'_>, warnings: &mut Vec<Warning>) -> Result<Vec<Trigger>, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut triggers = Vec::new();
    let written = file.value.get("trigger");
    let text = |key: &str| written.and_then(|trigger| trigger.get(key)).and_then(Value::as_str);
    let target = text("action").and_then(|name| {
        name.parse()
            .map_err(|error: protocol::NameError| {
                findings.push(file.finding("/trigger/action", Part::Value, error.to_string()));
            })
            .ok()
    });
    let mut add = |cause| triggers.push(Trigger { cause, target: target.clone() });
    if let Some(written) = text("regex") {
        match Pattern::parse(written) {
            Ok(pattern) => {
                warn_of_pattern(&pattern, file, warnings);
                add(Cause::Message(pattern));
            }
            Err(PatternError { at, message, fix }) => {
                let message = text::escape(&message);
                let mut finding = match at {
                    Some(at) => file.finding_inside("/trigger/regex", at, message),
                    None => file.finding("/trigger/regex", Part::Value, message),
                };
                finding.suggestion = fix.map(str::to_owned);
                findings.push(finding);
            }
        }
    }
    let topics = written.and_then(|trigger| trigger.get("events")).and_then(Value::as_array);
    if let Some(topics) = topics {
        add(Cause::Events(topics.iter().filter_map(Value::as_str).map(str::to_owned).collect()));
    }
    if let Some(written) = text("schedule") {
        match written.parse::<Schedule>() {
            Ok(schedule) => add(Cause::Schedule(schedule)),
            Err(error) => findings.push(file.finding_with(
                "/trigger/schedule",
                Part::Value,
                error.to_string(),
                Some("minute, hour, day of the month, month, day of the week, such as '0 8 * * 1-5'".to_owned()),
            )),
        }
    }
    if target.is_some() && triggers.is_empty() && findings.is_empty() {
        findings.push(file.finding_with(
            "/trigger/action",
            Part::Key,
            "nothing ever calls it",
            Some("add \"regex\", \"events\" or \"schedule\"".to_owned()),
        ));
    }
    if findings.is_empty() { Ok(triggers) } else { Err(findings) }
}

fn warn_of_pattern(pattern: &Pattern, file: &Document<'_>, warnings: &mut Vec<Warning>) {
    let place = file.line("/trigger/regex");
    let shown = quote(pattern.as_str());
    if pattern.as_str().len() > 2 && pattern.as_str().starts_with('/') && pattern.as_str().ends_with('/') {
        let message = format!("the slashes around {shown} are looked for as well");
        warnings.push(Warning::in_file(&place, message).hint("leave them out"));
    }
    if pattern.reads_all() {
        let message = format!("{shown} is found in about every message, so the app would answer all of them");
        warnings.push(Warning::in_file(&place, message).hint("begin it with '^' and a word"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn schedules_that_cannot_be_used_say_why() {
        let check = |text: &str, expected: &str| {
            let error = text.parse::<Schedule>().expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("", "there are not five fields");
        check("* * * *", "there are not five fields");
        check("0 0 0 * * *", "there are not five fields");
        check("@daily", "there are not five fields");
        check("60 * * * *", "not a schedule");
        check("* * * * mon-", "not a schedule");
        check("0 0 30 2 *", "this time never comes");
    }

    proptest! {
        /// Whatever stands in a manifest: an answer, and no panic.
        #[test]
        fn a_schedule_is_read_or_refused(text in "[0-9*/,LW#?a-zA-Z @-]{0,40}") {
            if let Ok(schedule) = text.parse::<Schedule>() {
                prop_assert_eq!(schedule.to_string(), text);
            }
        }
    }
}
