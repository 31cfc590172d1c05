//! MCP servers and their tools.

use super::{moment, table, table_text, wrap};
use crate::terminal::{BAD, CARE, GOOD, QUIET, STRONG, Terminal, styled};
use protocol::{
    BoxHold, ErrorCode, Failure,
    api::{ClientChange, ClientView, ServerResourceView, ServerToolView, ServerView, ToolDifference, ToolStanding},
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
        let state = match (&server.running, server.enabled, &server.fault) {
            (_, false, _) => "disabled".to_owned(),
            (Some(running), true, _) => format!("running, {} calls", running.live_calls),
            (None, true, Some(fault)) if fault.code == ErrorCode::SignInNeeded => "wants a sign-in".to_owned(),
            (None, true, Some(_)) => "failed last time".to_owned(),
            (None, true, None) => "enabled".to_owned(),
        };
        let waiting = server.tools.iter().filter(|tool| waits(tool)).count();
        let accepted = server.tools.iter().filter(|tool| tool.standing == ToolStanding::Accepted).count();
        rows.add_row([server.app.to_string(), state, accepted.to_string(), waiting.to_string(), server.place.clone()]);
    }
    terminal.line(table_text(&rows));
    for server in servers.iter().filter(|server| server.enabled && failed(server).is_some()) {
        terminal.note(terminal.step(format_args!("oikos mcp info {} says why it cannot be had", server.app)));
    }
}

/// Why it cannot be had, as far as that is known: what runs now can.
fn failed(server: &ServerView) -> Option<&Failure> {
    server.fault.as_ref().filter(|_| server.running.is_none())
}

fn waits(tool: &ServerToolView) -> bool {
    matches!(tool.standing, ToolStanding::Added | ToolStanding::Changed)
}

/// Prints one server: what is kept of it, and each tool as it stands.
pub(crate) fn server(terminal: &Terminal, server: &ServerView) {
    if !server.enabled {
        terminal.line(styled(CARE, "  disabled: nobody can call its tools"));
    }
    if let Some(fault) = failed(server) {
        let said = format!("  its last run failed: {}", text::escape_lines(&fault.message));
        terminal.line(styled(BAD, said));
        if let Some(hint) = &fault.hint {
            terminal.line(format_args!("  {}", terminal.step(text::escape(hint))));
        }
    }
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
        // What has tools all the same has them from its own package.
        None if !server.tools.is_empty() => {}
        None => terminal.line(terminal.step(format_args!("  oikos mcp look {} asks it what it has", server.app))),
    }
    server.tools.iter().for_each(|shown| tool(terminal, shown));
    beside_tools(terminal, server);
    next_steps(terminal, server);
}

/// Prints what stands between a server and its being called.
fn next_steps(terminal: &Terminal, server: &ServerView) {
    let app = &server.app;
    let step = |said: String| terminal.line(format_args!("  {}", terminal.step(said)));
    if server.tools.iter().any(waits) {
        step(format!("oikos mcp accept {app} [TOOL] accepts what waits"));
    }
    if !server.enabled && server.looked_at.is_some() {
        let is_first = server.tools.iter().all(|tool| tool.accepted.is_none()) && !server.tools.is_empty();
        let more = if is_first { "accepts all of that, and " } else { "" };
        step(format!("oikos app enable {app} {more}lets it be called"));
    }
}

/// Prints what a server has beside its tools.
fn beside_tools(terminal: &Terminal, server: &ServerView) {
    if !server.prompts.is_empty() {
        terminal.line(styled(QUIET, "  its prompts"));
    }
    for prompt in &server.prompts {
        let asked = match prompt.arguments.is_empty() {
            true => String::new(),
            false => format!("  wants {}", text::escape(&prompt.arguments.join(", "))),
        };
        terminal.line(format_args!("  {}{asked}", styled(STRONG, text::escape(&prompt.name))));
        described(terminal, prompt.description.as_deref());
    }
    resources(terminal, "  what it lets you read", &server.resources);
    resources(terminal, "  patterns of what it lets you read", &server.templates);
}

fn resources(terminal: &Terminal, title: &str, resources: &[ServerResourceView]) {
    if !resources.is_empty() {
        terminal.line(styled(QUIET, title));
    }
    for resource in resources {
        let (uri, name) = (text::escape(&resource.uri), text::escape(&resource.name));
        terminal.line(format_args!("  {}  {name}", styled(STRONG, uri)));
        described(terminal, resource.description.as_deref());
    }
}

fn described(terminal: &Terminal, description: Option<&str>) {
    let Some(description) = description else { return };
    for line in wrap(&text::escape(description), terminal.columns().saturating_sub(INDENT)) {
        terminal.line(format_args!("{:INDENT$}{line}", ""));
    }
}

/// Whether a tool is called so, by its server or here.
pub(crate) fn is_called(tool: &ServerToolView, name: &str) -> bool {
    name == tool.action.as_str() || name == tool.name
}

/// What waits for a yes: this tool, or all that do.
fn waiting_of<'a>(server: &'a ServerView, named: Option<&'a str>) -> impl Iterator<Item = &'a ServerToolView> {
    let is_named = move |tool: &&ServerToolView| named.is_none_or(|name| is_called(tool, name));
    server.tools.iter().filter(|tool| waits(tool)).filter(is_named)
}

/// Prints what waits for a yes: this tool, or all that do.
pub(crate) fn waiting(terminal: &Terminal, server: &ServerView, named: Option<&str>) {
    waiting_of(server, named).for_each(|shown| tool(terminal, shown));
}

/// Says so where nothing waits for a yes, and what comes next.
pub(crate) fn nothing_waits(terminal: &Terminal, server: &ServerView, named: Option<&str>) -> bool {
    if waiting_of(server, named).next().is_some() {
        return false;
    }
    let app = &server.app;
    match named.and_then(|name| server.tools.iter().find(|tool| is_called(tool, name))) {
        Some(tool) if tool.standing == ToolStanding::Gone => {
            terminal.line(format_args!("nothing to accept: {app} does not offer {} any more", tool.action));
        }
        Some(tool) => terminal.line(format_args!("nothing to accept: {} of {app} is as you accepted it", tool.action)),
        None => terminal.line(format_args!("nothing of {app} waits for your yes")),
    }
    if server.looked_at.is_none() {
        terminal.line(format_args!("  {}", terminal.step(format_args!("oikos mcp look {app} asks it what it has"))));
    }
    next_steps(terminal, server);
    true
}

/// Says that there is nothing that a server wrote, and what would bring something.
pub(crate) fn no_log(terminal: &Terminal, server: &ServerView) {
    let app = &server.app;
    terminal.note(format_args!("{app} has said nothing since oikos was started"));
    if server.running.is_none() {
        terminal.note(format_args!("  {}", terminal.step(format_args!("oikos mcp look {app} asks it what it has"))));
    }
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
    described(terminal, said.and_then(|said| said.get("description")).and_then(Value::as_str));
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
