//! The client, against servers of all kinds: the suite's fixtures in both wires, servers behind addresses that lose what they
//! knew, and servers that mean harm.
#![expect(clippy::disallowed_methods, reason = "tests compose a household of their own")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod authorization; // tokens that end, and who gives new ones
mod fixtures; // the suite's fixtures, on both wires
mod hostile; // programs that mean harm
mod household; // what the client is handed
mod scene; // what tests say again and again
mod verbatim; // what arrives as it was written
mod web; // servers behind addresses
