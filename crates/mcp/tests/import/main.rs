//! Import and connect from outside: what clients write, what attackers put there, and what comes of it.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "tests read their fixtures, and one starts a client's own program")]
#![expect(clippy::print_stdout, reason = "a test that cannot run here says so")]

mod claude; // what the client's own program reads
mod connecting;
mod fixtures;
mod hostile;
mod launching;
mod pinning;
mod random;
mod support;
