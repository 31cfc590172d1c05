//! The families through the door that the kernel uses: a real broker decides, the effect gets its permit.

#![expect(clippy::disallowed_methods, reason = "tests prepare and inspect the disk themselves")]

mod contract; // what holds for every family
#[cfg(feature = "failpoints")]
mod crash; // the process ends in the middle
mod csv; // tables
mod file; // files, and what is done to trick them
mod http; // requests, with a server at the other end
mod oracle; // the same file by python and sqlite
mod places; // what a person means by a path
mod secrets; // secrets in requests
mod shelf; // files that come as bytes
mod storage; // keys and values
mod support; // a broker, a home, a scene
mod undo; // taking changes back
