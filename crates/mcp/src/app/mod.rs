//! A server as an app: what the kernel asks of it as runs, and what it asks of whoever called it. A program is spoken with over
//! its pipes ([`Stdio`]), a server elsewhere through the permits of its runs ([`ServerRunner`]).

mod drawing; // views of tools
mod host; // a run, as a call's host
mod remote; // servers elsewhere
mod sender; // each request with a permit of its own
mod serving; // one run
mod sign_in; // what lets runs in, where a server wants to know on whose behalf they come
mod stdio; // programs

pub use kernel::servers::REFUSAL_KEY;
pub use remote::{ServerConfig, ServerRunner};
pub use sign_in::SignIns;
pub use stdio::Stdio;
