//! The official suite's fixtures as an MCP server on its standard input and output, in the old revisions and the newest: the app
//! that stands behind oikos when the suite looks at it, and what our client is tested against. Never shipped.
//!
//! `--only old` or `--only new` leaves one of the two wires out; with `--tools NAME,…` it has these tools and nothing else.
#![expect(clippy::disallowed_methods, reason = "it is a program of its own, and reads what it was started with")]

mod answers; // resources, prompts, completions
mod listings; // what it says it has
mod tools; // what its tools do
mod wire; // lines in, lines out

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (mut wires, mut tools) = (wire::Wires::Both, Vec::new());
    for pair in arguments.chunks(2) {
        match pair.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["--only", "old"] => wires = wire::Wires::Old,
            ["--only", "new"] => wires = wire::Wires::New,
            ["--tools", names] => tools = names.split(',').map(str::to_owned).collect(),
            _ => return ExitCode::from(2),
        }
    }
    wire::serve(wires, tools).await;
    ExitCode::SUCCESS
}
