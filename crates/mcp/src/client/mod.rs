//! What we say to a server: one [`Session`] with one server, over a program's pipes or over HTTP, in whichever revision it speaks.
//!
//! What a server answers passes as it was said ([`Said`]): members that we do not know, `_meta`, numbers that no machine number
//! holds. Only what has to be understood to carry it is looked at. That, and that each call's HTTP has permits of its own, is why
//! the wire is ours and not `rmcp`'s. Whatever a server asks of its client, on whichever wire, ends in [`CallHost::ask`], and the
//! caller of [`Session::call_tool`] sees one call that ends once.
//!
//! Never here: a program that is started, a connection that is made (see [`HttpSender`]), a redirect that is followed, a token
//! that is kept (see [`oauth::TokenStore`]). Everything a server sends is bounded by [`Bounds`], and nothing waits without a deadline.

mod attending; // how long an answer is waited for
mod bounds; // how much, how long
mod calling; // what is asked of a server
mod carrier; // what carries messages
mod changes; // what a server tells of itself
mod core; // what all parts of a session share
mod door; // HTTP to one server
mod error; // why there is no answer
mod events; // server-sent events, read
mod greeting; // which revision and transport a server speaks
mod host; // who is told of a call and asked for it
mod http; // how HTTP leaves here
mod lines; // a program's pipes
mod listening; // what a server is asked to tell of
mod message; // JSON-RPC on the wire
mod mirrored; // what the newest HTTP wants in headers too
pub mod oauth; // how we are let in
mod options; // how a session is opened
mod paired; // HTTP and SSE, as 2024-11-05 had it
pub mod pinning; // what a tool said when it was looked at
mod said; // what a server said, as it said it
mod session; // one session with one server
mod streamable; // streamable HTTP

pub use bounds::Bounds;
pub use changes::{Change, Changes};
pub use error::{CallError, OpenError, Refusal};
pub use host::{AskRefused, Call, CallHost, InputRequest, LogLine, Nobody, Progress};
pub use http::{HttpBody, HttpError, HttpSender};
pub use options::{Abilities, ClientName, Known, Options, Revision, Style, Way, Web};
pub use said::{Arguments, Listed, Said};
pub use session::{Greeting, Server, Session};
