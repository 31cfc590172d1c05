//! An error as a person and as a program sees it.

use crate::ErrorCode;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// An error at the edge: a stable code for programs, a message and a next step for people, and text for the log that
/// people at the door never see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// The stable code.
    pub code: ErrorCode,
    /// What was tried and what was wrong. May hold several lines (file, line, caret).
    pub message: String,
    /// The next step, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// For the log only: causes with paths and system errors. Never sent to a caller.
    #[serde(skip)]
    pub log: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, log: None }
    }

    /// With the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With text for the log.
    #[must_use]
    pub fn log(mut self, log: impl Into<String>) -> Self {
        self.log = Some(log.into());
        self
    }

    /// From an error of a lower floor: its `Display` is the message, its causes go to the log.
    pub fn from_error(code: ErrorCode, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut log = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            log.push_str(": ");
            log.push_str(&inner.to_string());
            cause = inner.source();
        }
        Self { code, message: error.to_string(), hint: None, log: Some(log) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
