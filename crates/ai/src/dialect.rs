//! Where servers that speak one wire differ.

use serde::{Deserialize, Serialize};

/// What a server makes of its wire. The differences of those we know are a table; a provider's entry may change any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Dialect {
    /// How it calls the bound of an answer.
    pub tokens: TokensWord,
    /// Whether it counts tokens of streams when asked to.
    pub counts_streams: bool,
    /// Whether it takes the shape of an answer.
    pub takes_schema: bool,
    /// Whether it takes how many calls may come at once.
    pub takes_parallel: bool,
    /// Whether it takes how long to think.
    pub takes_effort: bool,
    /// Whether it goes on with words that it is given as its own.
    pub prefill: Prefill,
}

/// How a server calls the bound of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokensWord {
    /// As all did once, and most still do.
    #[default]
    MaxTokens,
    /// As OpenAI does since its models think.
    MaxCompletionTokens,
}

/// How a server is made to go on with words that it is given as its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefill {
    /// Not at all.
    #[default]
    Never,
    /// By a last message of its own.
    LastMessage,
    /// By that, and by saying so.
    Flagged,
}

impl Default for Dialect {
    fn default() -> Self {
        Self::COMPATIBLE
    }
}

impl Dialect {
    /// Whoever says "compatible with OpenAI": what nearly all of them take.
    pub const COMPATIBLE: Self = Self {
        tokens: TokensWord::MaxTokens,
        counts_streams: true,
        takes_schema: true,
        takes_parallel: false,
        takes_effort: false,
        prefill: Prefill::Never,
    };
    /// OpenAI itself.
    pub const OPENAI: Self =
        Self { tokens: TokensWord::MaxCompletionTokens, takes_parallel: true, takes_effort: true, ..Self::COMPATIBLE };
    /// vLLM's server. It goes on with a last message where both of its flags are set.
    pub const VLLM: Self = Self { takes_parallel: true, prefill: Prefill::Flagged, ..Self::COMPATIBLE };
    /// llama.cpp's server. It goes on with a last message without being told.
    pub const LLAMA_CPP: Self = Self { takes_parallel: true, prefill: Prefill::LastMessage, ..Self::COMPATIBLE };
    /// LM Studio.
    pub const LM_STUDIO: Self = Self::COMPATIBLE;
    /// Anthropic. Its newer models refuse a last message of their own, so it is a provider's entry that says which one takes it.
    pub const ANTHROPIC: Self = Self { takes_parallel: true, takes_effort: true, ..Self::COMPATIBLE };
    /// Google.
    pub const GEMINI: Self = Self { takes_effort: true, ..Self::COMPATIBLE };
    /// Ollama, on its own wire.
    pub const OLLAMA: Self = Self { prefill: Prefill::LastMessage, ..Self::COMPATIBLE };

    /// What we know, by the word that a configuration has for it.
    pub const KNOWN: [(&'static str, Self); 8] = [
        ("compatible", Self::COMPATIBLE),
        ("openai", Self::OPENAI),
        ("vllm", Self::VLLM),
        ("llama_cpp", Self::LLAMA_CPP),
        ("lm_studio", Self::LM_STUDIO),
        ("anthropic", Self::ANTHROPIC),
        ("gemini", Self::GEMINI),
        ("ollama", Self::OLLAMA),
    ];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::KNOWN.iter().find(|(known, _)| *known == name).map(|(_, dialect)| *dialect)
    }
}
