//! API keys, browsers that are signed in, owners.

use super::{moment, table, table_text};
use crate::terminal::Terminal;
use protocol::{
    Right, Timestamp,
    api::{LoginView, OwnerView, TokenView},
    text::escape,
};

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
