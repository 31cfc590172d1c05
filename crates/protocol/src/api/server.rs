//! MCP servers as the API tells of them: an app whose tools are found out by asking it.

use crate::{ActionName, AppName, BoxFact, Digest, Failure, GrantState, ShownOnce, Timestamp, Verbatim};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A server, with its tools as the owner knows them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServerView {
    /// The app that it is.
    pub app: AppName,
    /// Its title.
    pub title: String,
    /// Whether it may be called.
    pub enabled: bool,
    /// The program that is started, or the address where it is.
    pub place: String,
    /// When its tools were looked at last; absent before the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<Timestamp>,
    /// What it says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Value>,
    /// Whether it runs now; absent for servers elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<ServerRunning>,
    /// Since when it lets oikos in on the owner's behalf; absent where nobody signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_in_at: Option<Timestamp>,
    /// Why its last run came to nothing, where that was the server's: it could not be started or reached, or wants to know who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Failure>,
    /// Stands for what it says of its tools now: whoever decides about them names it, and decides about nothing else.
    pub pin: Digest,
    /// Its tools.
    pub tools: Vec<ServerToolView>,
    /// Its prompts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<ServerPromptView>,
    /// What it lets others read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<ServerResourceView>,
    /// Patterns of more of that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<ServerResourceView>,
}

/// Who oikos is to an authorization server that was told of it by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignInClient {
    /// The client id.
    pub id: String,
    /// Its secret, where it has one. No answer ever has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<ShownOnce>,
}

/// How a sign-in to a server elsewhere stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignInView {
    /// The page to sign in on, as long as it is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whether the server lets oikos in now.
    pub done: bool,
}

/// A server that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServerRunning {
    /// For how long.
    pub age_ms: u64,
    /// Calls under way.
    pub live_calls: usize,
    /// What is kept of it: files, network, processes, memory.
    pub facts: Vec<BoxFact>,
}

/// A tool of a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServerToolView {
    /// The name that the server gives it.
    pub name: String,
    /// The name by which it is run here.
    pub action: ActionName,
    /// Whether it may be called, and what stands in the way.
    pub standing: ToolStanding,
    /// What the owner says of calls by others than a person here.
    pub state: GrantState,
    /// As the owner accepted it; absent for one that was never accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Value>,
    /// As the server offers it now, where that is something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<Value>,
    /// What of it is something else, line by line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ToolDifference>,
}

/// A prompt that a server has, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerPromptView {
    /// Its name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The names of what it wants to be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
}

/// Something that a server lets others read, or a pattern of such things, in its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerResourceView {
    /// Its address, or that of all that the pattern stands for.
    pub uri: String,
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Whether a tool may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolStanding {
    /// As accepted: it may.
    Accepted,
    /// It was added after the owner looked: it waits for a yes.
    Added,
    /// It is not what was accepted: it waits for a yes.
    Changed,
    /// The server does not offer it any more.
    Gone,
}

/// One thing in which a tool differs from what was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolDifference {
    /// Where: `description`, `inputSchema/properties/path`, …
    pub place: String,
    /// As accepted; absent where it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// As offered; absent where it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What one app offers to programs that call tools. Not told over the API: MCP clients get it in the words of their protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct AppOffers {
    /// The app.
    pub app: AppName,
    /// Its tools.
    pub tools: Vec<ToolOffer>,
    /// Its prompts, as its server wrote them.
    pub prompts: Vec<Verbatim>,
    /// Its resources.
    pub resources: Vec<Verbatim>,
    /// Patterns of more of them.
    pub templates: Vec<Verbatim>,
}

/// A tool that is offered.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolOffer {
    /// The name by which it is run here.
    pub name: ActionName,
    /// What the owner says of calls by others.
    pub state: GrantState,
    /// What draws its results, where it is no server that says that itself.
    pub renderer: Option<String>,
    /// Its entry in a list of tools.
    pub definition: Verbatim,
}
