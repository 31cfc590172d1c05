//! An answer while it comes.

use crate::{FinishReason, ModelError, Seal, Usage};
use serde::{Deserialize, Serialize};

/// A piece of an answer. A stream ends with exactly one [`Finish`](StreamEvent::Finish) or [`Error`](StreamEvent::Error), and
/// nothing comes after it.
///
/// Calls can be shown while they come; they are made after `Finish` and not before, because a
/// [`Restart`](StreamEvent::Restart) takes them back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StreamEvent {
    /// Who answers, as far as it is said.
    Begin {
        /// What the provider calls the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Which model says it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
    /// More words.
    Text {
        /// They; never empty.
        text: String,
    },
    /// More of what it says to itself.
    Reasoning {
        /// That; never empty.
        text: String,
    },
    /// A thought ends; or one that is not shown at all has been had.
    ReasoningEnd {
        /// What its maker wants back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seal: Option<Seal>,
    },
    /// It wants a tool called.
    CallBegin {
        /// Which call of the answer: 0, 1, …, in the order in which they begin.
        index: u32,
        /// What its result names.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of a call's arguments.
    CallArguments {
        /// Of which call.
        index: u32,
        /// A piece of JSON; never empty.
        text: String,
    },
    /// A call is whole.
    CallEnd {
        /// Which.
        index: u32,
        /// What its maker wants back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seal: Option<Seal>,
    },
    /// What it took so far, all together. Replaces what was said before.
    Usage(Usage),
    /// The answer broke off and goes on with another try. The words stay; thoughts and calls so far are void.
    Restart {
        /// Which try this is: 1 is the second.
        attempt: u32,
    },
    /// It is over.
    Finish {
        /// Why.
        reason: FinishReason,
    },
    /// It broke off.
    Error {
        /// Why.
        error: ModelError,
    },
}

impl StreamEvent {
    /// Whether nothing comes after it.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Finish { .. } | Self::Error { .. })
    }
}
