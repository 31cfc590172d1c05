//! What a model answered, whoever made it.

use crate::AssistantPart;
use serde::{Deserialize, Serialize};

/// A whole answer. Its parts can stand in the next request as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Answer {
    /// What the provider calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Which model says it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it said.
    pub parts: Vec<AssistantPart>,
    /// What it took, where the provider said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Why it ended.
    pub finish: FinishReason,
}

impl Answer {
    /// All its words, in order.
    pub fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            AssistantPart::Text { text } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// What it wants called, in order.
    pub fn calls(&self) -> impl Iterator<Item = &crate::ToolCall> {
        self.parts.iter().filter_map(|part| match part {
            AssistantPart::ToolCall(call) => Some(call),
            _ => None,
        })
    }
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It is whole.
    #[default]
    Stop,
    /// It reached a bound: of its length, or of what the model can hold.
    Length,
    /// It waits for what its tools answer.
    ToolCalls,
    /// The provider did not let it go on.
    Refused,
    /// Another reason of the provider's.
    Other,
}

/// Tokens, as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    /// Read, all of them.
    pub input: u64,
    /// Of those, read from a cache.
    pub cached: u64,
    /// Of those, put into a cache.
    pub cache_written: u64,
    /// Written, all of them.
    pub output: u64,
    /// Of those, for reasoning.
    pub reasoning: u64,
}

impl Usage {
    /// Both together; what no number holds is the largest one.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cached: self.cached.saturating_add(other.cached),
            cache_written: self.cache_written.saturating_add(other.cache_written),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
        }
    }
}

/// Vectors of texts, in the order of the texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EmbeddingAnswer {
    /// One for each text, all of one length.
    pub vectors: Vec<Vec<f32>>,
    /// What it took, where the provider said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// A model that a provider lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedModel {
    /// Its name in requests.
    pub id: String,
    /// Tokens that it holds, where the listing says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u64>,
}
