//! The official suite's fixtures as an MCP server on its standard input and output, in the old revisions and the newest: the app
//! that stands behind oikos when the suite looks at it, and what our client is tested against. Never shipped.
//!
//! `--only old` or `--only new` leaves one of the two wires out.
#![expect(clippy::disallowed_methods, reason = "it is a program of its own, and reads what it was started with")]

mod answers; // resources, prompts, completions
mod listings; // what it says it has
mod tools; // what its tools do
mod wire; // lines in, lines out

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let only = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => wire::Wires::Both,
        ["--only", "old"] => wire::Wires::Old,
        ["--only", "new"] => wire::Wires::New,
        _ => return ExitCode::from(2),
    };
    wire::serve(only).await;
    ExitCode::SUCCESS
}
