//! The kernel at its boundary: a caller on one side, scripted guests and effects in memory on the other.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "tests make packages and look at real time themselves")]

mod apps; // offered, installed, upgraded, removed
mod asks; // a person in between
mod effects; // what is recorded around an effect, and what it brings along
mod events; // told, heard, answered
mod files; // handed over as bytes
mod guests; // guests that are told what to do
mod host_calls; // names, arguments and bytes that a guest sends
mod house; // a kernel with everything around it
mod lifecycle; // hooks, upgrades, rollbacks
mod log; // read back, proven
mod network; // requests to hosts
mod offers; // packages that are read for a card
mod owners; // two who share a machine and nothing else
mod pages; // apps of the browser
mod places; // who waits, who does not
mod program_secrets; // secrets in what a program is given
mod publishers; // who signed, and who may
mod recovery; // after an abrupt end
mod routes; // apps that answer requests
mod runs; // from request to end
mod schedules; // what the clock starts
mod secrets; // secrets: kept, given, sent, and never told
mod settings; // what the owner sets, and what runs see of it
mod spy; // a store that remembers how it was written to
mod starters; // what comes with oikos
mod stops; // the owner ends something
mod streams; // viewers, fast and slow
mod undo; // taking back
mod views; // an app's own view
mod world; // files and keys that effects work on

use house::{House, owner_of};
