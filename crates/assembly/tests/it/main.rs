//! A whole oikos, as other processes meet it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod doctor; // damaged parts, signed ends
mod door; // the door that others reach
mod household; // a home, an app, raw connections
mod lines; // WebSockets: two owners, and streams over networks that fail
mod offers; // packages from addresses: whose network, and how many at once
mod opening; // who holds a home, and who goes through
mod owners; // two owners, and the keys by which they come in
mod proxy; // a network that fails
mod socket; // what a stranger could say to the socket
mod strangers; // every route, asked by another owner

use household::Household;
