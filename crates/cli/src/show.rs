//! Answers as people read them. Foreign text is escaped before it reaches a terminal.

mod access; // keys of programs, browsers, owners
mod apps; // apps, actions, switches
mod author; // remarks, cases, what changed
mod card; // what an app may do, before it is installed
mod chart; // numbers drawn
mod events; // who heard an event, what the clock starts
mod history; // log, chain, runs
mod household; // doctor, questions
mod imports; // what an import would do
mod publishers; // keys, one's own and others'
mod run; // a run's stream and its end
mod servers; // MCP servers and their tools

pub(crate) use access::{files, keys, logins, owners, tokens};
pub(crate) use apps::{app, apps, grants, grants_of_all, input_example, settings, starters};
pub(crate) use author::{dev, lint, trial};
pub(crate) use card::card;
pub(crate) use events::{HandedOn, bootstrap, bootstrap_handed_on, heard, schedules, service, up};
pub(crate) use history::{LogPrinter, chain, log, runs};
pub(crate) use household::{answer_with, content, doctor, questions};
pub(crate) use imports::imports;
pub(crate) use publishers::{own_publisher, publisher, publishers};
pub(crate) use run::RunPrinter;
pub(crate) use servers::{client_change, clients, is_called, no_log, nothing_waits, server, servers, waiting};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use protocol::Timestamp;
use std::io::IsTerminal as _;

/// Columns of what is copied into the next command: never broken over two lines.
const WHOLE: [&str; 3] = ["ID", "RUN", "FINGERPRINT"];

/// A table without frames, whose columns align. Programs that read it find each row on one line.
fn table(columns: usize, header: &[&str]) -> Table {
    let arrangement = match std::io::stdout().is_terminal() {
        true => ContentArrangement::Dynamic,
        false => ContentArrangement::Disabled,
    };
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(arrangement);
    table.set_width(u16::try_from(columns).unwrap_or(u16::MAX));
    if !header.is_empty() {
        table.set_header(header);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for (name, column) in header.iter().zip(table.column_iter_mut()) {
        if WHOLE.contains(name) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}

/// A table as text, without the spaces that only fill it up.
fn table_text(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A moment in the owner's zone, as `2026-11-21 07:00:02`.
fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_else(|_| "?".to_owned())
}

/// Breaks a text into lines of at most this many columns, at spaces.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    use unicode_width::UnicodeWidthStr;
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.width() + 1 + word.width() > columns {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}
