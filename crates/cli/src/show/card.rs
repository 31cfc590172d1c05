//! What an app may do, before it is installed: MAY, ASK, NEVER, LIMIT, and what to look at twice.

use super::wrap;
use crate::terminal::{BAD, CARE, GOOD, QUIET, STRONG, Terminal, styled};
use anstyle::Style;
use protocol::{Badge, BoxFact, BoxHold, Card, CardChange, CardLine, GrantState, RiskySeverity, sentence, text};

/// Where the sentences begin.
const INDENT: usize = 9;

/// Prints a card.
pub(crate) fn card(terminal: &Terminal, card: &Card) {
    let version = match &card.upgrade_from {
        Some(from) if *from == card.version => format!("{from} (installed already)"),
        Some(from) => format!("{from} → {}", card.version),
        None => card.version.clone(),
    };
    let title =
        if card.title == card.app.as_str() { String::new() } else { format!("  “{}”", text::escape(&card.title)) };
    terminal.line("");
    terminal.line(format_args!("{} {version}{title}", styled(STRONG, &card.app)));
    if let Some(description) = &card.description {
        for line in wrap(&text::escape(description), terminal.columns() - 2) {
            terminal.line(format_args!("  {line}"));
        }
    }
    if let Some(developer) = &card.developer {
        terminal.line(styled(QUIET, format_args!("  says it is by: {}", text::escape(developer))));
    }
    let facts = format!("{} files · sha256 {}", card.files, card.digest.short());
    match (&card.signed, &card.badge) {
        (None, Badge::LocalDeveloper { fingerprint }) => terminal.line(styled(
            QUIET,
            format_args!("  not signed; would be signed by this device's developer key {fingerprint} · {facts}"),
        )),
        (signed, _) => {
            let signed = signed.as_ref().map(ToString::to_string).unwrap_or_default();
            for line in wrap(&signed, terminal.columns() - 2) {
                terminal.line(styled(STRONG, format_args!("  {line}")));
            }
            terminal.line(styled(QUIET, format_args!("  {facts}")));
        }
    }
    terminal.line("");
    if let Some(change) = &card.change {
        changed(terminal, card, change);
        if !change.is_anew {
            for note in &card.notes {
                paragraph(terminal, "·", QUIET, note);
            }
            terminal.line("");
            return;
        }
    }
    let by_state = |state: GrantState| card.lines.iter().filter(move |line| line.state == state);
    for line in by_state(GrantState::Allow) {
        switch(terminal, "MAY", GOOD, line);
    }
    if let Some(handed) = &card.handed {
        paragraph(terminal, "MAY", GOOD, &handed.to_string());
    }
    if let Some(answers) = &card.answers {
        paragraph(terminal, "MAY", GOOD, &answers.to_string());
    }
    if let Some(secrets) = &card.secrets {
        paragraph(terminal, "MAY", GOOD, &secrets.to_string());
    }
    for line in by_state(GrantState::Ask) {
        switch(terminal, "ASK", CARE, line);
    }
    for line in by_state(GrantState::Block) {
        switch(terminal, "NEVER", BAD, line);
    }
    let never: Vec<String> = card.never.iter().map(ToString::to_string).collect();
    paragraph(terminal, "NEVER", BAD, &never.join("; "));
    let limits: Vec<String> = card.limits.iter().map(ToString::to_string).collect();
    paragraph(terminal, "LIMIT", STRONG, &limits.join("; "));
    for fact in &card.facts {
        kept(terminal, fact);
    }
    for warning in &card.warnings {
        paragraph(terminal, "!", CARE.bold(), &warning.to_string());
    }
    for missing in &card.missing {
        paragraph(terminal, "NEEDS", CARE, &missing.to_string());
    }
    for missing in &card.unavailable {
        paragraph(terminal, "·", QUIET, &missing.to_string());
    }
    for note in &card.notes {
        paragraph(terminal, "·", QUIET, note);
    }
    terminal.line("");
}

/// What is different from the version that is installed: what is more first, because that is what is agreed to.
fn changed(terminal: &Terminal, card: &Card, change: &CardChange) {
    for sentence in &change.more {
        paragraph(terminal, "NEW", CARE, &sentence.to_string());
    }
    if change.is_anew {
        return;
    }
    for line in card.lines.iter().filter(|line| change.lines.contains(&line.line)) {
        let (word, style) = match line.state {
            GrantState::Allow => ("MAY", GOOD),
            GrantState::Ask => ("ASK", CARE),
            GrantState::Block => ("NEVER", BAD),
        };
        switch(terminal, word, style, line);
    }
    if !change.needs_consent() {
        paragraph(terminal, "NEW", GOOD, &sentence::card_change_nothing().to_string());
    }
    if !change.gone.is_empty() {
        let gone: Vec<String> = change.gone.iter().map(ToString::to_string).collect();
        paragraph(terminal, "·", QUIET, &sentence::card_change_gone(gone).to_string());
    }
}

/// One switch: its sentence, its name, and what it still needs.
fn switch(terminal: &Terminal, word: &str, style: Style, line: &CardLine) {
    let severity = match line.severity {
        RiskySeverity::Low | RiskySeverity::Medium => "",
        RiskySeverity::High => " (high risk)",
    };
    let needs = line.needs.as_ref().map(|needs| format!("; {needs}")).unwrap_or_default();
    let before = if word == "ASK" { "before it may " } else { "" };
    paragraph(terminal, word, style, &format!("{before}{}{needs}{severity}  [{}]", line.sentence, line.line));
    if let Some(reason) = &line.reason {
        let reason = format!("its author says: “{}”", text::shorten(reason, 200));
        for part in wrap(&reason, terminal.columns() - INDENT - 2) {
            terminal.line(format_args!("{:INDENT$}  {}", "", styled(QUIET, part)));
        }
    }
}

/// One of the four that this machine keeps, or does not.
fn kept(terminal: &Terminal, fact: &BoxFact) {
    let style = match fact.hold {
        BoxHold::Full => GOOD,
        BoxHold::Part => CARE,
        BoxHold::None => BAD,
    };
    let refused = match fact.hold {
        BoxHold::None => "it is not started on this machine: ",
        BoxHold::Full | BoxHold::Part => "",
    };
    paragraph(terminal, "BOX", style, &format!("{refused}{}", fact.sentence));
    if let Some(fix) = &fact.fix {
        for part in wrap(&format!("for more: {fix}"), terminal.columns() - INDENT - 2) {
            terminal.line(format_args!("{:INDENT$}  {}", "", styled(QUIET, part)));
        }
    }
}

fn paragraph(terminal: &Terminal, word: &str, style: Style, sentence: &str) {
    for (index, part) in wrap(sentence, terminal.columns() - INDENT).into_iter().enumerate() {
        let lead = if index == 0 { word } else { "" };
        let pad = INDENT - 2 - lead.chars().count();
        terminal.line(format_args!("  {}{:pad$}{part}", styled(style, lead), ""));
    }
}
