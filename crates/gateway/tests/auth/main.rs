//! The doors from outside: requests as a browser, a program and an attacker send them.
#![expect(clippy::unwrap_used, reason = "tests")]

mod corpus; // what the fuzzers found
mod house; // an authenticator with a store in memory
mod keys; // API keys
mod logins; // browsers, and the first key
mod threats; // each row of the threat catalogue that is about doors
