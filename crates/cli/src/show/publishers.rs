//! Publishers: one's own keys, and those of others.

use super::{moment, table, table_text};
use crate::terminal::{QUIET, STRONG, Terminal, styled};
use assembly::OwnPublisher;
use protocol::{AppName, api::PublisherView, text};

/// Prints a key of one's own, this far from the left.
pub(crate) fn own_publisher(terminal: &Terminal, indent: usize, own: &OwnPublisher) {
    let secret = text::escape(&own.secret.to_string_lossy());
    for (what, value) in [("fingerprint", &own.fingerprint), ("public key", &own.key), ("secret key", &secret)] {
        terminal.line(format_args!("{:indent$}{} {value}", "", styled(QUIET, format_args!("{what:<11}"))));
    }
}

/// Prints a publisher.
pub(crate) fn publisher(terminal: &Terminal, publisher: &PublisherView) {
    let name = publisher.name.as_ref().map(ToString::to_string);
    terminal.line(format_args!(
        "{} {}",
        styled(STRONG, name.as_deref().unwrap_or(called(publisher))),
        publisher.fingerprint
    ));
    if let Some(key) = &publisher.key {
        terminal.line(format_args!("  {} {}", styled(QUIET, "public key"), text::escape(key)));
    }
}

fn called(publisher: &PublisherView) -> &'static str {
    if publisher.official { "the oikos project" } else { "(without a name)" }
}

/// Prints everybody.
pub(crate) fn publishers(terminal: &Terminal, own: &[OwnPublisher], known: &[PublisherView]) {
    if own.is_empty() {
        terminal.line(terminal.step("you have no publisher's key; to make one: oikos publisher new NAME"));
    } else {
        terminal.line(styled(STRONG, "Yours"));
    }
    for own in own {
        terminal.line(format_args!("  {}", own.name));
        own_publisher(terminal, 4, own);
    }
    terminal.line("");
    terminal.line(styled(STRONG, "Known here"));
    let mut rows = table(terminal.columns(), &["NAME", "FINGERPRINT", "TRUSTED SINCE", "APPS"]);
    for view in known {
        let name = view.name.as_ref().map_or_else(|| called(view).to_owned(), ToString::to_string);
        let since = match (&view.succeeded_by, view.since) {
            (Some(_), _) => "no longer: it named a successor".to_owned(),
            (None, Some(since)) => moment(since),
            (None, None) => "always".to_owned(),
        };
        let apps: Vec<&str> = view.apps.iter().map(AppName::as_str).collect();
        rows.add_row([name, view.fingerprint.clone(), since, apps.join(", ")]);
    }
    terminal.line(table_text(&rows));
}
