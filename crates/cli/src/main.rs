//! `oikos`: the one binary. Parses words, speaks the API, prints answers; everything it can do is a request that any
//! other door could make.

mod browser; // the page, in front of a person
mod commands; // one file a command
mod exit; // exit codes, and words that cannot be understood
mod next_step; // commands that answers name
mod show; // answers as people read them
mod terminal; // where to print, whether a person is there, and asking them
mod words; // the command line's words and help

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else: what keeps a program has one thread, and has read nothing.
    if let Some(code) = assembly::keeper_main(std::env::args_os().skip(1)) {
        return code;
    }
    if let Some(code) = assembly::worker_main(std::env::args_os().skip(1)) {
        return code;
    }
    let _fail_points = assembly::fail_points_arm();
    let words = match words::Words::try_parse() {
        Ok(words) => words,
        Err(error) => return exit::usage(error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = protocol::Failure::new(protocol::ErrorCode::Internal, format!("no threads: {error}"));
            return exit::failed(&terminal::Terminal::new(words.json, next_step::Carried::of(&words)), &failure);
        }
    };
    let code = runtime.block_on(commands::perform(words));
    // What still blocks (a read from a terminal that nobody types at) must not hold the process.
    runtime.shutdown_background();
    code
}
