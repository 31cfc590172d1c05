//! What happened: the log, its proof, and the last runs.

use super::{moment, table, table_text};
use crate::terminal::{BAD, CARE, GOOD, QUIET, STRONG, Terminal, styled};
use assembly::break_text;
use protocol::{
    AuditEntry, AuditEvent, EffectState, ErrorCode, RunId,
    api::{ChainReport, RunSummary},
    text::count,
};
use std::collections::HashSet;

/// Prints entries of the log, the entries of one run under its heading.
pub(crate) fn log(terminal: &Terminal, entries: &[AuditEntry]) {
    // What was announced and then settled is told once, by how it ended.
    let settled: HashSet<(Option<RunId>, u64)> = entries
        .iter()
        .filter_map(|entry| entry.record.as_ref())
        .filter_map(|record| match record.event {
            AuditEvent::Outcome { effect, .. } => Some((record.run, effect)),
            _ => None,
        })
        .collect();
    let is_told_by_its_end = |entry: &&AuditEntry| match entry.record.as_ref().map(|record| (record.run, record.event))
    {
        Some((run, AuditEvent::Intent { effect })) => settled.contains(&(run, effect)),
        _ => false,
    };
    let mut printer = LogPrinter::default();
    for entry in entries.iter().filter(|entry| !is_told_by_its_end(entry)) {
        printer.entry(terminal, entry);
    }
}

/// Prints entries one after the other, those of a run under its heading.
#[derive(Default)]
pub(crate) struct LogPrinter {
    /// Whose heading was printed last.
    current: Option<RunId>,
}

impl LogPrinter {
    /// Prints one.
    pub(crate) fn entry(&mut self, terminal: &Terminal, entry: &AuditEntry) {
        let Some(record) = &entry.record else {
            terminal.line(styled(QUIET, format_args!("{:>19}  entry {}: its text was pruned", "", entry.seq)));
            return;
        };
        if record.run != self.current {
            self.current = record.run;
            if let (Some(run), Some(app)) = (record.run, &record.app) {
                terminal.line(format_args!(
                    "{:>19}  {} {}",
                    "",
                    styled(STRONG, app),
                    styled(QUIET, format_args!("run {run}"))
                ));
            }
        }
        let who = match (&record.app, record.run) {
            (Some(app), None) => format!("{}: ", styled(STRONG, app)),
            _ => String::new(),
        };
        let style = match record.event {
            AuditEvent::Denied | AuditEvent::Refused => BAD,
            AuditEvent::RunEnded { code: Some(_) } => BAD,
            AuditEvent::Outcome { state: EffectState::Unknown | EffectState::NotDone, .. } => CARE,
            AuditEvent::Asked | AuditEvent::Answered | AuditEvent::Stopped => CARE,
            AuditEvent::Intent { .. } | AuditEvent::Housekeeping => QUIET,
            _ => anstyle::Style::new(),
        };
        let unknown = match record.event {
            AuditEvent::Outcome { state: EffectState::Unknown, .. } => format!("{} ", styled(CARE.bold(), "unknown:")),
            _ => String::new(),
        };
        // A denial says its rule in its own words.
        let rule = match (&record.rule, record.event) {
            (Some(rule), event) if event != AuditEvent::Denied => styled(QUIET, format_args!("  — {rule}")),
            _ => String::new(),
        };
        let sentence = match record.event {
            AuditEvent::RunEnded { code: Some(ErrorCode::PermissionDenied) } => terminal.denial(&record.sentence),
            _ => record.sentence.to_string(),
        };
        let at = styled(QUIET, moment(record.at));
        terminal.line(format_args!("{at}  {who}{unknown}{}{rule}", styled(style, sentence)));
    }
}

/// Prints the proof of the chain.
pub(crate) fn chain(terminal: &Terminal, report: &ChainReport) {
    let signed = match report.signed_seq {
        Some(seq) => format!("signed by this device up to entry {seq}"),
        None => "not signed yet".to_owned(),
    };
    let pruned = if report.pruned == 0 { String::new() } else { format!(", {} of them pruned", report.pruned) };
    if report.breaks.is_empty() {
        terminal.line(format_args!(
            "{} {}{pruned}, {signed}",
            styled(GOOD, "the chain holds:"),
            count(report.entries, "entry")
        ));
        return;
    }
    terminal.line(format_args!(
        "{} {}{pruned}, {signed}",
        styled(BAD.bold(), "the chain does not hold:"),
        count(report.entries, "entry")
    ));
    for found in &report.breaks {
        terminal.line(format_args!("  {}", break_text(found)));
    }
}

/// Prints runs, a row each.
pub(crate) fn runs(terminal: &Terminal, runs: &[RunSummary]) {
    if runs.is_empty() {
        terminal.line("nothing has run yet");
        return;
    }
    let mut rows = table(terminal.columns(), &["RUN", "APP", "ACTION", "STARTED", "STATE"]);
    for run in runs {
        let state = match (&run.ended_at, &run.failure) {
            (None, _) => "running".to_owned(),
            (Some(_), None) => "done".to_owned(),
            (Some(_), Some(failure)) => failure.code.word().to_owned(),
        };
        rows.add_row([run.run.to_string(), run.app.to_string(), run.action.to_string(), moment(run.started_at), state]);
    }
    terminal.line(table_text(&rows));
}
