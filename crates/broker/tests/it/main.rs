//! The broker, tested at its boundary.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "the corpus of the fuzzers lies on the disk")]

mod authority; // the whole table, as a person reads it
mod card; // what the owner is shown
mod events; // sent, heard, and whose a topic is
mod files; // paths: what is covered and what never is
mod forging; // permits and leases that cannot be made elsewhere
mod grants; // what the owner said, how long it holds
mod leases; // bounds, clocks, ends
mod mcp; // which tools of which servers are called, and when a person is asked
mod network; // which requests are covered, and where they may end
mod questions; // asked and answered
mod scene; // an app, a run, grants
mod secrets; // where a secret may go
mod shell; // which programs run, and with what

#[path = "../../../../fuzz/targets/broker.rs"]
mod targets;

use scene::Scene;
