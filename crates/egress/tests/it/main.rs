//! The way to the network, with real sockets at both ends.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "tests stand at the other end of the wire")]

mod answers; // what servers send, and what they send on purpose
mod house; // an app, its grants, servers and a name server
mod names; // where names lead, and when
mod proxies; // a proxy between here and there
mod tls; // who is at the other end
