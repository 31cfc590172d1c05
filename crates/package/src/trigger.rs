//! What starts an app beside a person: a message, an event, a time.

use crate::{
    document::{Document, Part},
    finding::{Finding, quote},
    warning::Warning,
};
use croner::{
    errors::CronError,
    parser::{CronParser, Seconds, Year},
};
use jiff::tz::TimeZone;
use protocol::{ActionName, text};
use regex::{Regex, RegexBuilder};
use serde_json::Value;
use std::fmt;

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(String);

impl Schedule {
    /// The five fields, one space between two.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Result<Self, String> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let pattern = parser.parse(text).map_err(|error| {
            let reason = match &error {
                CronError::InvalidPattern(reason)
                | CronError::IllegalCharacters(reason)
                | CronError::ComponentError(reason) => reason.trim_end_matches('.').to_owned(),
                other => other.to_string(),
            };
            format!("not a schedule: {reason}")
        })?;
        // The 30th of February is refused when it is read, not waited for.
        let some_day = jiff::civil::date(2025, 1, 1).to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
        match pattern.find_next_occurrence(&some_day, true) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err("this time never comes".to_owned()),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
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
        match Schedule::parse(written) {
            Ok(schedule) => add(Cause::Schedule(schedule)),
            Err(message) => findings.push(file.finding_with(
                "/trigger/schedule",
                Part::Value,
                text::escape(&message),
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
    if pattern.groups("").is_some() {
        let message = format!("{shown} is found in every message, so the app would answer all of them");
        warnings.push(Warning::in_file(&place, message).hint("begin it with '^' and a word"));
    }
}
