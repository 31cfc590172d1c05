//! What we say to a client.

mod capabilities; // what a client says that it can
mod catalog; // what one client is offered, made ready once
mod events; // what happens while something is done
mod household; // what stands behind the server
mod json; // JSON that goes through as it came
mod names; // the names under which a client knows tools
mod search; // two tools in place of very many
mod template; // which addresses a template means

pub use capabilities::Capabilities;
pub use catalog::{
    Catalog, List, OfferedPrompt, OfferedResource, OfferedTool, Offers, PAGE_ENTRIES, TOOLS_LISTED_MAX, Tool,
};
pub use events::{AskError, CallEvents, InputRequest, Level, Waiting};
pub use household::{
    Answering, CallError, Change, Client, Completion, Credential, Household, Identity, Outcome, ProtocolError, Watch,
    Work,
};
pub use json::{Json, Members, empty_object, json};
pub use names::{Meaning, NAMES_MAX, NameMap, Names};
pub use search::{CALL as CALL_TOOL, SEARCH as SEARCH_TOOLS};
