//! What authors are told: remarks, cases, what changed.

use crate::terminal::{BAD, CARE, GOOD, QUIET, STRONG, Terminal, styled};
use assembly::{DevEvent, Gravity, HostileResult, LintReport, Remark, TrialReport};
use protocol::{Arg, text};

/// Shows what was noticed in a folder.
pub(crate) fn lint(terminal: &Terminal, report: &LintReport) {
    for found in &report.remarks {
        remark(terminal, found);
    }
    terminal.line(counts(report));
}

fn remark(terminal: &Terminal, remark: &Remark) {
    let style = match remark.gravity {
        Gravity::Error => BAD,
        Gravity::Warning => CARE,
        Gravity::Note => QUIET,
    };
    let shown = remark.to_string();
    let word = remark.gravity.to_string();
    terminal.line(shown.replacen(&format!("{word}:"), &styled(style, format_args!("{word}:")), 1));
    terminal.line("");
}

fn counts(report: &LintReport) -> String {
    let LintReport { errors, warnings, notes, .. } = *report;
    let count = |number, word| (number > 0).then(|| text::count(number, word));
    let parts: Vec<String> =
        [count(errors, "error"), count(warnings, "warning"), count(notes, "note")].into_iter().flatten().collect();
    if parts.is_empty() { "nothing to mend".to_owned() } else { parts.join(", ") }
}

/// Shows how an app did.
pub(crate) fn trial(terminal: &Terminal, report: &TrialReport) {
    cases(terminal, report);
    for result in &report.hostile {
        hostile(terminal, result);
    }
    let tried = report.cases.len() + report.hostile.len();
    let summary = match report.failed {
        0 => styled(GOOD, format_args!("{} {}: all {tried} well", report.app, report.version)),
        failed => styled(BAD, format_args!("{} {}: {failed} of {tried} failed", report.app, report.version)),
    };
    if report.cases.is_empty() {
        terminal.line(styled(QUIET, "no cases of its own yet: write some into tests/"));
    }
    terminal.line(summary);
}

fn cases(terminal: &Terminal, report: &TrialReport) {
    let mut file = "";
    for case in &report.cases {
        if case.file != file {
            file = &case.file;
            terminal.line(styled(STRONG, text::shorten(file, 200)));
        }
        let took = Arg::Millis(case.took_ms);
        let title = text::shorten(&case.case, 120);
        verdict(terminal, case.wrong.is_empty(), format_args!("{title} ({took})"));
        faults(terminal, &case.wrong);
    }
}

fn hostile(terminal: &Terminal, result: &HostileResult) {
    terminal.line(styled(STRONG, format_args!("hostile inputs for {}", text::shorten(&result.action, 80))));
    if let Some(why) = &result.left_out {
        terminal.line(styled(CARE, format_args!("  left out: {why}")));
        return;
    }
    let HostileResult { inputs, refused, answered, declined, .. } = result;
    let took = Arg::Millis(result.took_ms);
    let said = format!(
        "{inputs} tried: {refused} refused by its schema, {answered} answered, {declined} declined in its own words ({took})"
    );
    verdict(terminal, result.wrong.is_empty(), said);
    faults(terminal, &result.wrong);
}

fn verdict(terminal: &Terminal, is_well: bool, said: impl std::fmt::Display) {
    let word = if is_well { styled(GOOD, "ok    ") } else { styled(BAD, "FAILED") };
    terminal.line(format_args!("  {word}  {said}"));
}

fn faults(terminal: &Terminal, faults: &[String]) {
    for fault in faults {
        for (index, line) in fault.lines().enumerate() {
            terminal.line(format_args!("          {}{}", if index == 0 { "" } else { "  " }, text::escape(line)));
        }
    }
}

/// Shows what happened while somebody works on an app.
pub(crate) fn dev(terminal: &Terminal, event: &DevEvent) {
    match event {
        DevEvent::Watching { home } => {
            terminal.line("watching; Ctrl-C ends it");
            terminal.line(styled(QUIET, format_args!("from another terminal: oikos --home {} …", home.display())));
        }
        DevEvent::Changed { paths } => {
            let paths: Vec<String> = paths.iter().map(|path| text::shorten(path, 80)).collect();
            terminal.line(styled(STRONG, format_args!("changed: {}", paths.join(", "))));
        }
        DevEvent::Refused { failure } => terminal.failure(failure),
        DevEvent::Reloaded(reloaded) => {
            let summary = &reloaded.app.summary;
            let took = Arg::Millis(reloaded.took_ms);
            terminal.line(styled(GOOD, format_args!("loaded {} {} in {took}", summary.name, summary.version)));
            for found in reloaded.lint.remarks.iter().filter(|found| found.gravity != Gravity::Note) {
                remark(terminal, found);
            }
            let trial = &reloaded.trial;
            match trial.failed {
                0 if trial.cases.is_empty() => {}
                0 => terminal.line(format_args!("  {} well", text::count(trial.cases.len(), "case"))),
                _ => cases(terminal, trial),
            }
        }
    }
}
