//! `oikos reference`: every command as Markdown, for `docs/reference/cli.md`. `oikos openapi`: the HTTP API as its
//! description, for `docs/openapi.json`.

use crate::{terminal::Terminal, words::Words};
use clap::CommandFactory;

pub(super) fn perform(terminal: &Terminal) {
    let mut command = Words::command();
    command.build();
    terminal.line("# Commands\n\nMade from the command line's own words; do not edit.");
    print(terminal, &mut command, "oikos");
}

/// The HTTP API's description.
pub(super) fn api(terminal: &Terminal) {
    let description = serde_json::to_string_pretty(&assembly::openapi()).unwrap_or_default();
    terminal.line(description);
}

fn print(terminal: &Terminal, command: &mut clap::Command, path: &str) {
    let help = command.clone().term_width(100).render_long_help().to_string();
    terminal.line(format_args!("\n## `{path}`\n\n```text\n{}\n```", help.trim_end()));
    for child in command.get_subcommands_mut().filter(|child| !child.is_hide_set() && child.get_name() != "help") {
        let path = format!("{path} {}", child.get_name());
        print(terminal, child, &path);
    }
}
