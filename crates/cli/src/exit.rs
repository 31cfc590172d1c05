//! Exit codes: 0 done · 1 failed · 2 usage or invalid input · 3 denied · 4 package refused · 5 limit reached ·
//! 6 not found · 7 stopped by the owner.

use crate::terminal::Terminal;
use clap::error::ErrorKind;
use protocol::{ErrorCode, Failure};
use std::process::ExitCode;

/// Prints a failure and gives its exit code.
pub(crate) fn failed(terminal: &Terminal, failure: &Failure) -> ExitCode {
    terminal.failure(failure);
    ExitCode::from(failure.code.exit())
}

/// A command line that could not be understood, or help that was asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Printing fails only where nobody reads.
    drop(error.print());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(ErrorCode::Usage.exit()),
    }
}
