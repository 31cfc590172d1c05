//! What happens while something is done: how far it is, what it writes down, what it wants to know of the client.

use super::{
    capabilities::Capabilities,
    household::Answering,
    json::{Json, Members},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much a line of a log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For whoever looks for a mistake.
    Debug,
    /// What happens.
    Info,
    /// What is worth a look.
    Notice,
    /// What may go wrong.
    Warning,
    /// What went wrong.
    Error,
    /// What broke.
    Critical,
    /// What needs somebody now.
    Alert,
    /// Nothing works.
    Emergency,
}

impl Level {
    /// As the protocol writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }
}

/// Something that only the client, or the person before it, can say: elicitation, sampling, roots.
#[derive(Clone, Debug)]
pub struct InputRequest {
    /// What it is called among those of one call, as the app's server calls it. Two of one name are told apart by us.
    pub key: String,
    /// `elicitation/create`, `sampling/createMessage` or `roots/list`.
    pub method: String,
    /// As the app's server wrote them.
    pub params: Option<Json>,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum AskError {
    /// The client never said that it can: it was not asked. What it would have to say, as `requiredCapabilities` has it.
    Undeclared(Json),
    /// The client answered with an error.
    Refused(super::household::ProtocolError),
    /// Nobody answered in time, or the call is over.
    Gone,
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undeclared(needed) => write!(f, "the client has not said that it can: {}", needed.get()),
            Self::Refused(error) => write!(f, "the client answered: {}", error.message),
            Self::Gone => f.write_str("nobody answered in time"),
        }
    }
}

impl std::error::Error for AskError {}

/// A question that waits in our own page. Only an answer there counts: the client is told where, and can give up.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The question's id.
    pub id: String,
    /// What is asked, in words.
    pub message: String,
    /// Where it is answered: an address of our page, without anything secret in it.
    pub url: String,
}

/// What happens while something is done. Nothing here waits for the client but [`CallEvents::ask`]: who does not read is
/// told less, and holds nobody up.
pub trait CallEvents: Send + Sync {
    /// What the client says that it can.
    fn capabilities(&self) -> &Capabilities;

    /// Whether the client wants to hear how far it is.
    fn wants_progress(&self) -> bool;

    /// Which lines of a log the client wants. `None`: none.
    fn log_level(&self) -> Option<Level>;

    /// How far it is: the members of `notifications/progress`, without the token, which is ours.
    fn progress(&self, params: Members);

    /// A line of a log: the params of `notifications/message`.
    fn log(&self, params: Json);

    /// Asks the client, all at once where its wire can. The answers, in the order of the requests: results of the methods,
    /// as the client wrote them. Nothing is asked that the client has not said it can.
    fn ask(&self, requests: Vec<InputRequest>) -> Answering<'_, Result<Vec<Json>, AskError>>;

    /// A question waits in our page, and the call with it. A client that can open it for a person is told to; another one
    /// gets as its result where to answer, and the call goes on for whoever repeats it. One that declines ends the call.
    fn question_waits(&self, waiting: Waiting);

    /// The question has its answer, or needs none any more.
    fn question_ended(&self, id: &str);

    /// Nothing will happen for a while. A client that knows how to come back is let go, and fetches the rest later.
    fn pause(&self);
}
