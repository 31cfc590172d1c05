//! Exit codes: 0 done · 1 failed · 2 usage or invalid input · 3 denied · 4 package refused · 5 limit reached ·
//! 6 not found · 7 stopped by the owner.

use crate::{next_step::Carried, terminal::Terminal, words::Words};
use clap::{
    CommandFactory as _,
    error::{ContextKind, ContextValue, ErrorKind},
};
use protocol::{ErrorCode, Failure};
use std::process::ExitCode;

/// Prints a failure and gives its exit code.
pub(crate) fn failed(terminal: &Terminal, failure: &Failure) -> ExitCode {
    terminal.failure(failure);
    code_of(failure)
}

/// The exit code of a failure that was told.
pub(crate) fn code_of(failure: &Failure) -> ExitCode {
    ExitCode::from(failure.code.exit())
}

/// A command line that could not be understood, or help that was asked for.
pub(crate) fn usage(mut error: clap::Error) -> ExitCode {
    let is_answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    hidden_forget(&mut error);
    if !is_answer && is_json_asked() {
        return failed(&Terminal::new(true, Carried::default()), &usage_failure(&error));
    }
    // Printing fails only where nobody reads.
    drop(error.print());
    if is_answer { ExitCode::SUCCESS } else { ExitCode::from(ErrorCode::Usage.exit()) }
}

/// Whether `--json` is among words that could not be understood as a whole.
fn is_json_asked() -> bool {
    std::env::args_os().skip(1).take_while(|word| word != "--").any(|word| word == "--json")
}

/// A command that help does not show is not proposed either.
fn hidden_forget(error: &mut clap::Error) {
    let commands = Words::command();
    let is_hidden = |name: &str| commands.find_subcommand(name).is_some_and(clap::Command::is_hide_set);
    let Some(ContextValue::Strings(mut names)) = error.remove(ContextKind::SuggestedSubcommand) else { return };
    names.retain(|name| !is_hidden(name));
    if names.is_empty() {
        // What else it would propose begins from the same name.
        drop(error.remove(ContextKind::Suggested));
    } else {
        drop(error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(names)));
    }
}

/// What could not be understood, for programs.
fn usage_failure(error: &clap::Error) -> Failure {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::new(ErrorCode::Usage, "words are missing").hint("--help says which there are");
    }
    let text = error.to_string();
    let mut parts = text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let message = parts.next().unwrap_or_default();
    let failure = Failure::new(ErrorCode::Usage, message.strip_prefix("error: ").unwrap_or(&message));
    match parts.next() {
        Some(next) if !next.is_empty() => failure.hint(next.strip_prefix("tip: ").unwrap_or(&next)),
        _ => failure,
    }
}
