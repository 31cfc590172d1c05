//! MCP servers and their tools.

use super::{moment, table, table_text, wrap};
use crate::terminal::{BAD, CARE, GOOD, QUIET, STRONG, Terminal, styled};
use protocol::{
    BoxHold,
    api::{ClientChange, ClientView, ServerToolView, ServerView, ToolDifference, ToolStanding},
    text,
};
use serde_json::Value;

/// How far what belongs to a tool stands in.
const INDENT: usize = 4;
/// As wide as the longest of the four things that are kept.
const CONCERN_CHARS: usize = "processes".len();

/// Prints all servers, a row each.
pub(crate) fn servers(terminal: &Terminal, servers: &[ServerView]) {
    if servers.is_empty() {
        terminal.line(terminal.step("no MCP server is here; try: oikos app import --scan"));
        return;
    }
    let mut rows = table(terminal.columns(), &["SERVER", "STATE", "TOOLS", "WAITING", "PLACE"]);
    for server in servers {
        let state = match (&server.running, server.enabled) {
            (_, false) => "disabled".to_owned(),
            (Some(running), true) => format!("running, {} calls", running.live_calls),
            (None, true) => "enabled".to_owned(),
        };
        let waiting = server.tools.iter().filter(|tool| waits(tool)).count();
        let accepted = server.tools.iter().filter(|tool| tool.standing == ToolStanding::Accepted).count();
        rows.add_row([server.app.to_string(), state, accepted.to_string(), waiting.to_string(), server.place.clone()]);
    }
    terminal.line(table_text(&rows));
}

fn waits(tool: &ServerToolView) -> bool {
    matches!(tool.standing, ToolStanding::Added | ToolStanding::Changed)
}

/// Prints one server: what is kept of it, and each tool as it stands.
pub(crate) fn server(terminal: &Terminal, server: &ServerView) {
    if let Some(running) = &server.running {
        for fact in &running.facts {
            let style = if fact.hold == BoxHold::Full { GOOD } else { CARE };
            let word = fact.concern.word();
            let pad = CONCERN_CHARS - word.len();
            terminal.line(format_args!("  {}{:pad$} {}", styled(style, word), "", fact.sentence));
        }
    }
    if let Some(at) = server.signed_in_at {
        terminal.line(styled(QUIET, format_args!("  signed in since {}", moment(at))));
    }
    match server.looked_at {
        Some(at) => terminal.line(styled(QUIET, format_args!("  its tools as of {}", moment(at)))),
        None => terminal.line(terminal.step(format_args!("  oikos mcp look {} asks it what it has", server.app))),
    }
    server.tools.iter().for_each(|shown| tool(terminal, shown));
    if server.tools.iter().any(waits) {
        terminal.line(terminal.step(format_args!("  oikos mcp accept {} [TOOL] accepts what waits", server.app)));
    }
}

/// Prints what waits for a yes: this tool, or all that do.
pub(crate) fn waiting(terminal: &Terminal, server: &ServerView, named: Option<&str>) {
    let is_named = |tool: &&ServerToolView| named.is_none_or(|name| name == tool.action.as_str() || name == tool.name);
    server.tools.iter().filter(|tool| waits(tool)).filter(is_named).for_each(|shown| tool(terminal, shown));
}

/// Prints a tool: how it stands, what it says of itself, and what of that is something else than was accepted.
fn tool(terminal: &Terminal, tool: &ServerToolView) {
    let standing = match tool.standing {
        ToolStanding::Accepted => styled(GOOD, format!("{}", tool.state)),
        ToolStanding::Added => styled(CARE, "new, waits for your yes".to_owned()),
        ToolStanding::Changed => styled(BAD, "changed, waits for your yes".to_owned()),
        ToolStanding::Gone => styled(QUIET, "gone".to_owned()),
    };
    terminal.line(format_args!("  {}  {standing}", styled(STRONG, &tool.action)));
    let said = tool.offered.as_ref().or(tool.accepted.as_ref());
    if let Some(description) = said.and_then(|said| said.get("description")).and_then(Value::as_str) {
        for line in wrap(&text::escape(description), terminal.columns().saturating_sub(INDENT)) {
            terminal.line(format_args!("{:INDENT$}{line}", ""));
        }
    }
    tool.changes.iter().for_each(|change| difference(terminal, change));
}

fn difference(terminal: &Terminal, change: &ToolDifference) {
    terminal.line(styled(QUIET, format_args!("    {}", text::escape(&change.place))));
    for (mark, said, style) in [("-", &change.before, BAD), ("+", &change.after, GOOD)] {
        for line in said.iter().flat_map(|said| said.lines()) {
            terminal.line(styled(style, format_args!("    {mark} {}", text::escape(line))));
        }
    }
}

/// Prints the clients of this machine.
pub(crate) fn clients(terminal: &Terminal, clients: &[ClientView]) {
    let mut rows = table(terminal.columns(), &["CLIENT", "OIKOS", "FILE"]);
    for client in clients {
        let state = match (client.is_connected, client.is_there, &client.fault) {
            (_, _, Some(_)) => "its file cannot be read",
            (true, ..) => "connected",
            (false, true, None) => "not connected",
            (false, false, None) => "not set up",
        };
        rows.add_row([client.client.as_str(), state, &client.file]);
    }
    terminal.line(table_text(&rows));
    for fault in clients.iter().filter_map(|client| client.fault.as_deref()) {
        terminal.note(text::escape_lines(fault));
    }
}

/// Prints what was done to a client's file.
pub(crate) fn client_change(terminal: &Terminal, change: &ClientChange) {
    if change.diff.is_empty() {
        terminal.line(format_args!("{} stays as it is", change.file));
        return;
    }
    for line in change.diff.lines() {
        let style = match line.as_bytes().first() {
            Some(b'+') => GOOD,
            Some(b'-') => BAD,
            _ => QUIET,
        };
        terminal.line(styled(style, text::escape(line)));
    }
    let copy = change.backup.as_ref().map_or_else(String::new, |backup| format!("; what was there is in {backup}"));
    if change.is_written {
        terminal.line(format_args!("wrote {}{copy}", change.file));
        terminal.note("start the client anew, so that it reads it");
    } else {
        terminal.line(format_args!("would write {}", change.file));
    }
}
