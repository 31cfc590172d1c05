//! What is asked of a person, and the answer. Questions are durable: they outlive the process that asks.

use crate::{AppName, FileAccess, Line, QuestionId, RunId, Sentence, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What kind of answer is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum QuestionKind {
    /// May this effect happen?
    Permission {
        /// The switch that could be changed for good.
        line: Line,
        /// The exact content that would leave the app, where that is the point. Shown, never written to the log.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
    /// Which file or folder? The choice *is* the grant, for this run.
    Pick {
        /// Reading or writing.
        access: FileAccess,
        /// A folder rather than a file.
        folder: bool,
    },
    /// What does a server want to know? What is filled in goes to that server, and is kept nowhere.
    Form {
        /// Why, in the server's own words.
        message: String,
        /// The fields, as the JSON Schema of one flat object: texts, numbers, yes or no, and choices.
        schema: Value,
    },
    /// Is this address opened, which a server sends its person to?
    Open {
        /// Why, in the server's own words.
        message: String,
        /// The whole address.
        url: String,
    },
}

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Question {
    /// Its id.
    pub id: QuestionId,
    /// The run that waits for the answer.
    pub run: RunId,
    /// The app that wants something.
    pub app: AppName,
    /// What is wanted, exactly.
    pub sentence: Sentence,
    /// What kind of answer is needed.
    #[serde(flatten)]
    pub kind: QuestionKind,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When no answer becomes a no.
    pub expires_at: Timestamp,
}

/// What a person can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// This once.
    Once,
    /// For an hour.
    Hour,
    /// From now on.
    Always,
    /// No.
    No,
    /// Neither: a form that was closed. A server is told so; for any other question it is a no.
    Cancel,
}

impl Choice {
    /// Whether this lets anything happen.
    pub fn is_yes(self) -> bool {
        matches!(self, Self::Once | Self::Hour | Self::Always)
    }
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// What was said.
    pub choice: Choice,
    /// The absolute path of what was picked, for [`QuestionKind::Pick`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What was filled in, by the names of the fields, for [`QuestionKind::Form`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<Map<String, Value>>,
}

impl From<Choice> for Answer {
    fn from(choice: Choice) -> Self {
        Self { choice, path: None, filled: None }
    }
}
