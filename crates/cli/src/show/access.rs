//! Secrets in the vault, API keys, browsers that are signed in, files that were handed over, owners.

use super::{moment, table, table_text};
use crate::terminal::Terminal;
use protocol::{
    Arg, Right, Timestamp,
    api::{FileView, KeyView, LoginView, OwnerView, TokenView},
    text::escape,
};

/// Prints secrets, without their values.
pub(crate) fn keys(terminal: &Terminal, keys: &[KeyView]) {
    if keys.is_empty() {
        return terminal
            .line(terminal.step("the vault is empty; to put a secret there: oikos key add NAME --host HOST"));
    }
    let mut rows = table(terminal.columns(), &["NAME", "GOES TO", "APPS", "KEPT", "USED", "NOTE"]);
    for key in keys {
        let hosts = if key.hosts.is_empty() { "no host".to_owned() } else { escape(&key.hosts.join(", ")) };
        let apps: Vec<&str> = key.apps.iter().map(|app| app.as_str()).collect();
        let apps = if apps.is_empty() { "none".to_owned() } else { apps.join(", ") };
        let note = escape(&key.note);
        rows.add_row([escape(&key.name), hosts, apps, moment(key.created_at), at_or(key.used_at, "never"), note]);
    }
    terminal.line(table_text(&rows));
}

/// Prints API keys.
pub(crate) fn tokens(terminal: &Terminal, tokens: &[TokenView]) {
    if tokens.is_empty() {
        return terminal.line(terminal.step("there is no API key; to make one: oikos token new NAME"));
    }
    let mut rows = table(terminal.columns(), &["NAME", "ENDS IN", "RIGHTS", "USED", "EXPIRES", "ID"]);
    for token in tokens {
        let rights: Vec<&str> = token.rights.iter().copied().map(Right::word).collect();
        rows.add_row([
            token.name.to_string(),
            format!("…{}", token.last_four),
            rights.join(", "),
            at_or(token.used_at, "never"),
            at_or(token.expires_at, "when revoked"),
            token.id.to_string(),
        ]);
    }
    terminal.line(table_text(&rows));
}

/// Prints browsers that are signed in.
pub(crate) fn logins(terminal: &Terminal, logins: &[LoginView]) {
    if logins.is_empty() {
        return terminal.line(terminal.step("no browser is signed in; to sign one in: oikos login link"));
    }
    let mut rows = table(terminal.columns(), &["BROWSER", "SINCE", "USED", "EXPIRES", "ID"]);
    for login in logins {
        rows.add_row([
            escape(&login.browser),
            moment(login.made_at),
            moment(login.used_at),
            moment(login.expires_at),
            login.id.to_string(),
        ]);
    }
    terminal.line(table_text(&rows));
}

/// Prints files that were handed over.
pub(crate) fn files(terminal: &Terminal, files: &[FileView]) {
    if files.is_empty() {
        return terminal.line(terminal.step("no file was handed over; to hand one over: oikos file hand PATH"));
    }
    let mut rows = table(terminal.columns(), &["NAME", "SIZE", "STATE", "GOES", "ID"]);
    for file in files {
        let state = match file {
            FileView { is_used: true, .. } => "a run uses it".to_owned(),
            file if file.received_bytes < file.size_bytes => format!("{} have come", Arg::Bytes(file.received_bytes)),
            _ => "here".to_owned(),
        };
        let size = Arg::Bytes(file.size_bytes).to_string();
        rows.add_row([escape(&file.name), size, state, moment(file.expires_at), file.id.to_string()]);
    }
    terminal.line(table_text(&rows));
}

/// Prints owners.
pub(crate) fn owners(terminal: &Terminal, owners: &[OwnerView]) {
    let mut rows = table(terminal.columns(), &["NAME", "SINCE"]);
    for owner in owners {
        rows.add_row([owner.name.to_string(), at_or(owner.since, "from the beginning")]);
    }
    terminal.line(table_text(&rows));
}

fn at_or(at: Option<Timestamp>, or: &str) -> String {
    at.map_or_else(|| or.to_owned(), moment)
}
