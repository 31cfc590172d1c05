//! What is asked of a model, whoever makes it.

use crate::{Message, Tool};
use protocol::Verbatim;
use serde::{Deserialize, Serialize};

/// A request for an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChatRequest {
    /// What holds for all of it; said by us, never by a stranger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// What was said so far.
    pub messages: Vec<Message>,
    /// What the model may ask for.
    pub tools: Vec<Tool>,
    /// Whether it has to.
    pub tool_choice: ToolChoice,
    /// Whether it may ask for several tools at once. None leaves it to the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel_calls: Option<bool>,
    /// What the answer is.
    pub output: Output,
    /// Tokens of the answer, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_max: Option<u32>,
    /// How far the model strays from what is likeliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Of all that is likely, which share is chosen from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<f64>,
    /// Words at which the answer ends.
    pub stop: Vec<String>,
    /// For the same answer to the same question, where a provider can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// How long to think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
    /// Whether the answer comes piece by piece.
    pub stream: bool,
}

/// Whether a model has to ask for a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    /// As it likes.
    #[default]
    Auto,
    /// None of them.
    None,
    /// One of them.
    Required,
    /// This one.
    Named(String),
}

/// What an answer is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Words.
    #[default]
    Text,
    /// JSON of a shape.
    Json(OutputSchema),
}

/// The shape of an answer in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputSchema {
    /// What it is called: letters, digits, `_` and `-`.
    pub name: String,
    /// The JSON Schema. Who asked checks the answer against it again; not every provider does what it says.
    pub schema: Verbatim,
}

/// How long to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Shortly.
    Low,
    /// Some time.
    Medium,
    /// As long as it takes.
    High,
}

impl Effort {
    /// The word that all wires have for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A request for vectors of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EmbeddingRequest {
    /// The texts.
    pub texts: Vec<String>,
    /// How many numbers each vector has, where the model can choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<u32>,
}

/// Why a request cannot be said on a wire. A mistake of whoever made it: asking somebody else does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Nothing was said.
    #[error("the request has no message\nhint: begin with what a person says")]
    Empty,
    /// A name that wires do not take.
    #[error(
        "{what} {given:?} is no name on wires\nhint: 1 to 64 letters, digits, `_` and `-`; a tool has such a name by `ToolName::wire`"
    )]
    Name {
        /// Of what.
        what: &'static str,
        /// As given, shortened.
        given: String,
    },
    /// A tool twice.
    #[error("the tool {name} is offered twice\nhint: each name may stand for one tool")]
    Twice {
        /// Its name.
        name: String,
    },
    /// A tool is named that is not offered.
    #[error("the tool {name} is asked for and not offered\nhint: offer it, or leave the choice to the model")]
    NotOffered {
        /// Its name.
        name: String,
    },
    /// Schemas are objects.
    #[error(
        "the schema of {name} is no JSON object\nhint: write `{{\"type\": \"object\"}}` for one that takes anything"
    )]
    Schema {
        /// Whose.
        name: String,
    },
    /// A model that does not hear what its tools answered is stuck, and providers refuse to go on.
    #[error(
        "the call {id} is not answered in the next message\nhint: answer each call, if only with why it was not made"
    )]
    Unanswered {
        /// Which.
        id: String,
    },
    /// An answer to nothing.
    #[error(
        "a result names the call {id}, which the message before does not have\nhint: results follow the calls that they answer, one for each"
    )]
    Uncalled {
        /// Which.
        id: String,
    },
    /// A wire has no word for it.
    #[error("{wire} cannot say {what}\nhint: leave it out, or ask by another provider")]
    Unsayable {
        /// Which wire.
        wire: &'static str,
        /// What.
        what: &'static str,
    },
}
