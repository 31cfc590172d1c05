//! The package crate from outside: what authors write, what attackers send, and what each of them is told.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::print_stdout, reason = "a test that fails shows which input it was")]

mod agreement;
mod archive;
mod bounds;
mod content;
mod corpus;
mod hostile;
mod input;
mod page;
mod plugin;
mod random;
mod support;
mod tool;
