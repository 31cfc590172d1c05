//! What an import would do, before it does anything.

use super::wrap;
use crate::terminal::{BAD, CARE, GOOD, QUIET, STRONG, Terminal, styled};
use anstyle::Style;
use protocol::{
    api::{ImportAction, ImportNotice, ImportView, ImportsView},
    text,
};

/// How far what belongs to a server stands in.
const INDENT: usize = 4;

/// Prints all servers that were found, and what would become of each.
pub(crate) fn imports(terminal: &Terminal, found: &ImportsView) {
    for file in &found.files {
        terminal.line(styled(QUIET, format_args!("read {file}")));
    }
    for fault in &found.faults {
        notice(terminal, "cannot be read", BAD, fault);
    }
    if found.servers.is_empty() {
        terminal.line("no server was found");
        return;
    }
    found.servers.iter().for_each(|server| one(terminal, server));
    let due = |action| found.servers.iter().filter(|server| server.action == action).count();
    let (new, changed, kept, refused) =
        (due(ImportAction::Install), due(ImportAction::Update), due(ImportAction::Keep), due(ImportAction::Refuse));
    terminal.line("");
    terminal
        .line(format_args!("{new} new, {changed} changed, {kept} there already, {refused} that cannot be imported"));
    if new + changed > 0 {
        let is_off = found.servers.iter().any(|server| is_due(server) && server.is_disabled_there);
        let all = if is_off { "all that are not switched off there" } else { "all" };
        terminal.line(terminal.step(format_args!(
            "oikos app import NAME takes one, oikos app import --all takes {all}; nothing was done yet"
        )));
    }
}

/// Whether something can be done with it.
fn is_due(server: &ImportView) -> bool {
    matches!(server.action, ImportAction::Install | ImportAction::Update)
}

fn one(terminal: &Terminal, server: &ImportView) {
    let (word, style) = match server.action {
        ImportAction::Install => ("would be installed, switched off", GOOD),
        ImportAction::Update => ("changed: would be upgraded", CARE),
        ImportAction::Keep => ("is there already", QUIET),
        ImportAction::Refuse => ("cannot be imported", BAD),
    };
    terminal.line("");
    terminal.line(format_args!("{}  {}", styled(STRONG, &server.app), styled(style, word)));
    let field = |name: &str, said: &str| {
        for (at, line) in wrap(said, terminal.columns().saturating_sub(INDENT + 10)).into_iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            terminal.line(format_args!("{:INDENT$}{name:<10}{line}", ""));
        }
    };
    server.sources.iter().for_each(|source| field("from", source));
    if let Some(package) = &server.package {
        field("package", package);
    }
    if server.is_disabled_there {
        field(
            "there",
            if is_due(server) { "it is switched off, so --all leaves it out" } else { "it is switched off" },
        );
    }
    if !server.place.is_empty() {
        field("starts", &server.place);
    }
    // What cannot be imported asks for nothing, whatever is known of it.
    if server.asks.is_empty() && server.refusals.is_empty() {
        field("asks for", "nothing: no file, no network");
    }
    for ask in &server.asks {
        let targets = if ask.targets.is_empty() { String::new() } else { format!(": {}", ask.targets.join(", ")) };
        field("asks for", &format!("{}{targets}", ask.line));
        if let Some(reason) = &ask.reason {
            field("", &format!("because {reason}"));
        }
    }
    for setting in &server.settings {
        let what = match (setting.is_secret, setting.has_value) {
            (true, true) => "a secret, which would move to the vault",
            (true, false) => "a secret, which it needs from you",
            (false, true) => "taken over",
            (false, false) => "not set",
        };
        let named = if setting.title == setting.name { String::new() } else { format!(" (setting {})", setting.name) };
        field("is given", &format!("{}{named}: {what}", text::escape(&setting.title)));
    }
    for asked in server.questions.iter().filter(|asked| !asked.is_secret && !asked.has_answer) {
        let need = if asked.is_required { "which it needs from you" } else { "if you like" };
        field("asks you", &format!("{}: --answer {}=…, {need}", text::escape(&asked.title), text::escape(&asked.name)));
    }
    server.warnings.iter().for_each(|said| notice(terminal, "note", CARE, said));
    server.refusals.iter().for_each(|said| notice(terminal, "refused", BAD, said));
}

fn notice(terminal: &Terminal, word: &str, style: Style, said: &ImportNotice) {
    terminal.line(format_args!("{:INDENT$}{}: {}", "", styled(style, word), text::escape_lines(&said.message)));
    if let Some(hint) = &said.hint {
        terminal.line(format_args!("{:INDENT$}hint: {}", "", text::escape(hint)));
    }
}
