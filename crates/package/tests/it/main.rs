//! The package crate from outside: what authors write, what attackers send, and what each of them is told.
#![expect(clippy::unwrap_used, reason = "tests")]

mod archive;
mod bounds;
mod content;
mod input;
mod plugin;
mod random;
mod support;
mod tool;
