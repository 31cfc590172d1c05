//! The way to the network, with real sockets at both ends.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "tests stand at the other end of the wire")]

#[path = "../../../../fuzz/targets/egress.rs"]
mod targets;

mod answers; // what servers send, and what they send on purpose
mod asking; // a program that asks for a way, and is told yes or no
mod carrying; // bytes both ways, and what ends them
mod corpus; // what the fuzzers found
mod curl; // a program that nobody here wrote
mod exchanging; // requests of plain HTTP, one by one
mod hello; // hellos of TLS, and whoever hears them
mod house; // an app, its grants, servers and a name server
mod names; // where names lead, and when
mod program; // a program in a network of its own, as far as its proxy sees it
mod proxies; // a proxy between here and there
mod saying; // what is said first, and for whom it is
mod tls; // who is at the other end
