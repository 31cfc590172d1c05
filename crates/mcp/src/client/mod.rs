//! What we say to a server: one [`Session`] with one server, over a program's pipes or over HTTP, in whichever revision it speaks.
//!
//! What a server answers passes as it was said, as JSON: fields that we do not know, `_meta`, any `structuredContent`. Only what
//! has to be understood to carry it is looked at. Whatever it asks of its client, on whichever wire, ends in [`CallHost::ask`],
//! and the caller of [`Session::call_tool`] sees one call that ends once.
//!
//! Never here: a program that is started, a connection that is made (see [`HttpSender`]), a redirect that is followed, a token
//! that is kept (see [`TokenStore`]). Everything a server sends is bounded by [`Bounds`], and nothing waits without a deadline.

mod bounds; // how much, how long
mod error; // why there is no answer
mod host; // who is told of a call and asked for it
mod http; // how HTTP leaves here
pub mod oauth; // how we are let in
mod options; // how a session is opened

pub use bounds::Bounds;
pub use error::{CallError, OpenError, Refusal};
pub use host::{AskRefused, Call, CallHost, InputRequest, LogLine, Nobody, Progress};
pub use http::{HttpBody, HttpError, HttpSender};
pub use options::{Abilities, ClientName, Known, Options, Revision, Style, Way, Web};
