//! MCP clients on this machine, and whether they know oikos.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClientView {
    /// The client's word: `claude-desktop`, `cursor`, …
    pub client: String,
    /// Its name.
    pub title: String,
    /// The file in which it keeps its servers.
    pub file: String,
    /// That file is there: the client was started once, or somebody set it up.
    pub is_there: bool,
    /// oikos is among its servers.
    pub is_connected: bool,
    /// Why that is not known: the file cannot be read as the client would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// What was done, or would be, to a client's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClientChange {
    /// The client's word.
    pub client: String,
    /// The file.
    pub file: String,
    /// The lines that change, with + and -; empty where nothing does.
    pub diff: String,
    /// The copy of what was there before, beside the file; absent where there was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    /// It was written; else it was only looked at.
    pub is_written: bool,
}
