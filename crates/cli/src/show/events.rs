//! Who heard an event, what the clock starts, and that oikos is up.

use super::{RunPrinter, moment, table, table_text};
use crate::terminal::{BAD, GOOD, QUIET, STRONG, Terminal, styled};
use assembly::Service;
use protocol::{
    ShownOnce, Timestamp, Topic,
    api::{EventHeard, RunSummary, ScheduleView},
    text::{count, escape},
};
use serde::{Deserialize, Serialize};
use std::{
    io::{self, Write as _},
    path::Path,
};

/// Prints how an event was heard; an answer as the run that gave it would print it.
pub(crate) fn heard(terminal: &Terminal, topic: &Topic, heard: &EventHeard) {
    if let Some(answer) = &heard.answer {
        terminal.note(styled(QUIET, format_args!("{} answers:", answer.summary.app)));
        RunPrinter::default().end(terminal, answer);
        return;
    }
    let said = match (heard.runs.len(), topic.can_be_answered()) {
        (0, true) => format!("nobody answered {topic}"),
        (0, false) => format!("nobody heard {topic}"),
        (runs, true) => format!("nobody answered {topic}; {} looked at it", count(runs, "app")),
        (runs, false) => format!("{topic} was heard by {}", count(runs, "app")),
    };
    terminal.line(said);
    for run in &heard.runs {
        terminal.line(format_args!(
            "  {}  {}  {}",
            styled(STRONG, &run.app),
            ended(run),
            styled(QUIET, format_args!("run {}", run.run))
        ));
    }
    if heard.runs.is_empty() {
        terminal.note(styled(
            QUIET,
            terminal.step("an app hears what its card says and its switches allow: oikos grant APP"),
        ));
    }
    if heard.is_pending {
        terminal.note(terminal.step("it is still being heard: oikos run --list"));
    }
}

fn ended(run: &RunSummary) -> String {
    match &run.failure {
        None => styled(GOOD, "done"),
        Some(failure) => styled(BAD, format_args!("{}: {}", failure.code, escape(&failure.message))),
    }
}

/// Prints schedules, a row each.
pub(crate) fn schedules(terminal: &Terminal, schedules: &[ScheduleView]) {
    if schedules.is_empty() {
        terminal.line("no app asks to be started by the clock");
        return;
    }
    let mut rows = table(terminal.columns(), &["APP", "ACTION", "SCHEDULE", "ZONE", "NEXT", "LAST"]);
    for schedule in schedules {
        let last = schedule.last.as_ref().map_or_else(
            || "never".to_owned(),
            |last| match (&last.failure, last.ended_at, last.run) {
                (Some(failure), ..) => format!("{} {}", moment(last.slot), failure.code),
                (None, Some(_), _) => format!("{} done", moment(last.slot)),
                (None, None, Some(_)) => format!("{} started", moment(last.slot)),
                (None, None, None) => format!("{} cut off", moment(last.slot)),
            },
        );
        let next: Option<&Timestamp> = schedule.next.first();
        rows.add_row([
            schedule.app.to_string(),
            schedule.action.to_string(),
            escape(&schedule.cron),
            schedule.time_zone.clone(),
            next.map_or_else(|| schedule.state.to_string(), |next| moment(*next)),
            last,
        ]);
    }
    terminal.line(table_text(&rows));
    terminal.note(styled(
        QUIET,
        terminal.step("schedules are followed while `oikos up` runs; one run makes up for what was missed"),
    ));
}

/// Says that oikos is up, and where its door is.
pub(crate) fn up(terminal: &Terminal, home: &Path, url: Option<&str>) {
    if terminal.json {
        let mut said = serde_json::json!({ "up": home, "pid": std::process::id() });
        if let (Some(url), Some(fields)) = (url, said.as_object_mut()) {
            fields.insert("url".to_owned(), url.into());
        }
        terminal.value(&said);
        return;
    }
    let at = url.map(|url| format!(" at {url}")).unwrap_or_default();
    terminal.line(format_args!(
        "oikos is up in {}{at}; apps hear events and follow the clock; Ctrl-C ends it",
        escape(&home.to_string_lossy())
    ));
}

/// Prints by what the first key of a household is made that nobody sits at.
pub(crate) fn bootstrap(terminal: &Terminal, token: &ShownOnce) {
    if terminal.json {
        terminal.value(&serde_json::json!({ "bootstrap": token }));
        return;
    }
    terminal.line(token.expose());
    terminal.note(
        "the line above makes the first API key, once, within a day, and is not shown again: POST /api/v1/bootstrap \
         with token, name and rights",
    );
}

/// What a service in the background hands on to whoever started it: it is written nowhere else.
#[derive(Serialize, Deserialize)]
pub(crate) struct HandedOn {
    /// By what the first key is made, if that was just made.
    pub(crate) bootstrap: Option<ShownOnce>,
}

/// Hands that on, as one line.
pub(crate) fn bootstrap_handed_on(token: Option<&ShownOnce>) -> io::Result<()> {
    let line = serde_json::to_string(&HandedOn { bootstrap: token.cloned() })?;
    writeln!(io::stdout(), "{line}")
}

/// Prints where a service is up, and since when.
pub(crate) fn service(terminal: &Terminal, home: &Path, service: &Service) {
    if terminal.json {
        terminal.value(&serde_json::json!(service));
        return;
    }
    let at = service.url.as_ref().map(|url| format!(" at {url}")).unwrap_or_default();
    terminal.line(format_args!(
        "oikos is up in {}{at}, since {} (pid {})",
        escape(&home.to_string_lossy()),
        moment(service.since),
        service.pid
    ));
}
