//! The guest suite: what honest apps need works, what hostile ones try does not.
//!
//! A guest is a folder in `tests/guests`, which anyone can write; a folder without a test fails a test.

#![expect(clippy::unwrap_used, reason = "tests")]

mod honest; // what apps need
mod hostile; // what apps must not be able to do
mod house; // a sandbox, a fake host, and what a run brought
mod images; // what evaluation and activation may do, and what is kept of it
mod limits; // stop, fairness, bounds, overflow
