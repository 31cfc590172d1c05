//! What a proposal has to say: a stable word, a sentence, and the next step. No secret is in one.

use protocol::text;
use serde::Serialize;
use std::fmt;

/// One thing to say about a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// A stable word.
    pub code: &'static str,
    /// The sentence; escaped, may be shown as it is.
    pub message: String,
    /// The next step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Notice {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// A word of a command line as a notice may say it: whether it is a secret is not known yet, so values are left out.
pub(crate) fn quote(word: &str) -> String {
    // Of `--flag=value` the flag.
    let word = if word.starts_with('-') { word.split('=').next().unwrap_or_default() } else { word };
    if super::secret::is_secret_value(word) {
        "'•••'".to_owned()
    } else {
        format!("'{}'", text::shorten(word, 60))
    }
}
