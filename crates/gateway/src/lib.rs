//! Every way in: who may come in, the HTTP API, its description, and the client that speaks it. Decode, dispatch, encode.
//!
//! What a caller can do is a [`protocol::api::Request`]; each route makes one of it, hands it to the [`Household`]
//! behind the doors, and puts the answer into HTTP. Who asks is said by the [`auth::Authenticator`]; whether they may is
//! said by who answers.
//!
//! Beside the API it serves the page, whose files are in the binary, and on origins of their own the frames in which apps
//! show views that they bring along, and what apps answer to requests.
//!
//! The same router answers over a Unix socket, over TCP and in this process; an [`Arrival`] says which it was.
//!
//! ```
//! use gateway::auth::{Credential, Kind};
//! use testkit::TestEntropy;
//! let key = Credential::generate(Kind::Key, &TestEntropy::seeded(1));
//! let text = key.text();
//! assert!(text.expose().starts_with("oikos_"));
//! assert_eq!(Credential::read(Kind::Key, text.expose())?.digest(), key.digest());
//! assert_eq!(format!("{key:?} {text}"), "Credential(Key, «secret») «secret»");
//! # Ok::<(), gateway::auth::CredentialFault>(())
//! ```

pub mod auth; // who may come in, and by what right

mod answering; // the origins on which apps answer requests
mod asked; // one request on its way through: dispatch, and the answer as JSON or as events
mod bodies; // what goes over the wire, as types
pub mod client; // the same API from the other side
mod description; // what the API says of itself
mod doors; // what all doors share: who answers, who guards, how many may watch
pub mod envelope; // the messages of a WebSocket
mod extract; // what a request says: path, query, body
mod household; // who stands behind the doors, and who in front of them
mod mcp; // the door for MCP clients
mod newcomers; // connections by which nobody was let in yet
mod page; // the page that the binary carries
mod problem; // failures as HTTP says them
mod router; // all routes
mod routes; // one handler a route
mod serve; // one connection
mod signed_in; // where a browser comes back to from a server elsewhere
mod stream; // frames as server-sent events, and back
mod tcp; // the door at an address
mod ws; // the door for pages that keep a line open

pub(crate) use answering::ENTER;
pub use axum::{Router, body::Body as McpBody, extract::Request as McpRequest, response::Response as McpResponse};
pub use description::{PATTERNS, openapi};
pub use doors::{Doors, Figures};
pub use household::{Arrival, Attendance, FrameSender, Household};
pub use mcp::McpLines;
pub use page::{
    PageFile, PageFiles, app_label, built, view_built, view_label, view_label_built, view_names, views_built,
};
pub use problem::{Problem, Refusal, status};
pub use router::router;
pub use rustls::ServerConfig;
pub use serve::{Connection, Place, serve};
pub use signed_in::SIGNED_IN;
pub use stream::{EventReader, FRAME_BYTES_MAX, StreamError};
pub use tcp::{CONNECTIONS_MAX, Crowd, DoorPlace, Listen, TcpDoor};

/// Longest body of a request: an input of 4 MiB with room for its escapes.
pub const REQUEST_BYTES_MAX: usize = 16 << 20;
/// Longest body of a request by which somebody wants to be let in: a credential, a name, a few words.
pub const NEWCOMER_BYTES_MAX: usize = 4 << 10;
/// How long a client may take to say what it wants.
pub const REQUEST_WAIT: std::time::Duration = std::time::Duration::from_secs(10);
/// Frames that wait for a slow client.
pub const FRAMES_WAITING_MAX: usize = 64;
