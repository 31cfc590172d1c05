//! Import and connect from outside: what clients write, what attackers put there, and what comes of it.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "tests read their fixtures")]

mod connecting;
mod containers;
mod fixtures;
mod hostile;
mod launching;
mod pinning;
mod random;
mod support;
