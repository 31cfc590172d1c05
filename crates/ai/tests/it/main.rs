//! The wires, tested at their boundary: a request in, bytes out; bytes in, an answer or an error out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod contract; // what every wire keeps
mod dialects; // what servers of one wire do differently
mod fixtures; // each wire's words for one conversation
mod history; // conversations that wires would refuse
mod hostile; // whoever means harm
