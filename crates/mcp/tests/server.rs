//! The server as a client meets it: what honest ones get, and what hostile ones do not.
#![expect(clippy::disallowed_methods, reason = "a test is served over a socket, with the system's clock")]

#[path = "server/wire.rs"]
mod wire;
#[path = "server/world.rs"]
mod world;

#[path = "server/approvals.rs"]
mod approvals;
#[path = "server/honest.rs"]
mod honest;
#[path = "server/hostile.rs"]
mod hostile;
#[path = "server/pipes.rs"]
mod pipes;
#[path = "server/tasks.rs"]
mod tasks;
