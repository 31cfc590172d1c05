//! What we say to a client: [`Server`], in front of a [`Household`], over HTTP or over a program's pipes, in the revisions with
//! sessions and in the one without.
//!
//! The wire is written here and not taken from `rmcp`, so that what apps say goes through as it was said, and no client that does
//! not read holds up another. The official suite looks at it from outside. All reasons are in `docs/adr/0010-the-mcp-wire-is-ours.md`.

mod body; // bodies of answers
mod capabilities; // what a client says that it can
mod catalog; // what one client is offered, made ready once
mod dispatch; // from a request to its answer
mod events; // what happens while something is done
mod headers; // what the heads of a request say
mod household; // what stands behind the server
mod http; // the server over HTTP
mod json; // JSON that goes through as it came
mod listen; // what changes, told to whoever listens
mod message; // JSON-RPC as it stands on the wire
mod names; // the names under which a client knows tools
mod result; // what came of something, as a revision has it
mod revision; // the revisions that are spoken here
mod running; // one thing that is being done
mod search; // two tools in place of very many
mod session; // sessions, for the revisions that have them
mod stdio; // the server over a program's pipes
mod suspended; // what waits for its client's next request
mod tasks; // calls that take long, without sessions
mod template; // which addresses a template means
mod views; // views of servers, and their addresses

pub use body::Body;
pub use capabilities::Capabilities;
pub use catalog::{
    Catalog, DRAWN_LISTED_MAX, List, OfferedPrompt, OfferedResource, OfferedTool, Offers, PAGE_ENTRIES, Place,
    TOOLS_LISTED_MAX, Tool,
};
pub use dispatch::{About, Server, ServerParts};
pub use events::{AskError, CallEvents, InputRequest, Level, Waiting};
pub use household::{
    Answering, CallError, Change, Client, Completion, Credential, Household, Identity, Outcome, ProtocolError,
    Resource, Watch, Work,
};
pub use http::MESSAGE_BYTES_MAX;
pub use json::{Json, Members, empty_object, json};
pub use message::RESOURCE_NOT_FOUND;
pub use names::{Meaning, NAMES_MAX, NameMap, Names};
pub use result::{FAILURE_KEY, VIEWS, VIEWS_APP, missing_capability, view_meta, view_uri};
pub use search::{CALL as CALL_TOOL, SEARCH as SEARCH_TOOLS};
pub use session::{RUNNING_OF_SESSION_MAX, SESSION_IDLE_MAX, SESSIONS_MAX, SESSIONS_OF_CLIENT_MAX};
pub use views::{VIEW_KIND, contents_named};
pub(crate) use views::{is_view_kind, view_of};
