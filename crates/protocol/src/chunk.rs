//! What a run streams to its viewers: a closed set, numbered, so that a viewer can resume by `seq`.

use crate::{Question, RunId, Sentence};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How loud a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For the author while building.
    Debug,
    /// What an interested owner wants to know.
    Info,
    /// Something to look at.
    Warn,
    /// Something went wrong.
    Error,
}

/// One piece of a run's stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Chunk {
    /// A piece of text, to be appended to the text before it.
    Text {
        /// The piece; any Unicode, shown escaped.
        text: String,
    },
    /// Structured data for a renderer.
    Data {
        /// The author's topic, such as `weather.data`.
        topic: String,
        /// The data.
        payload: serde_json::Value,
        /// Which renderer should draw it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        renderer: Option<String>,
    },
    /// How far the host has come with something long.
    Progress {
        /// What is being done.
        sentence: Sentence,
        /// Units done.
        done: u64,
        /// Units in all, where known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// A tool was called on the run's behalf.
    Tool {
        /// The tool's visible name.
        name: String,
        /// What happened, in words.
        sentence: Sentence,
    },
    /// A person is being asked.
    Ask {
        /// The question.
        question: Box<Question>,
    },
    /// What the run has used so far.
    Usage {
        /// Guest CPU in microseconds.
        cpu_us: u64,
        /// Largest linear memory in bytes.
        memory_bytes: u64,
    },
    /// A line of the app's console.
    Log {
        /// How loud.
        level: LogLevel,
        /// The line; any Unicode, shown escaped.
        text: String,
    },
}

/// A chunk with its place in the run's stream; `seq` starts at 1 and has no gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SequencedChunk {
    /// The run.
    pub run: RunId,
    /// Its place.
    pub seq: u64,
    /// The chunk.
    #[serde(flatten)]
    pub chunk: Chunk,
}
