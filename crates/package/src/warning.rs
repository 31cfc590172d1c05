//! What a package's author should know and its user may: nothing that stops an install.

use protocol::text;
use std::fmt;

/// One warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where, as `file` or `file:line`.
    pub place: Option<String>,
    /// What was noticed; escaped.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
}

impl Warning {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into(), hint: None }
    }

    pub(crate) fn in_file(place: &str, message: impl Into<String>) -> Self {
        Self { place: Some(text::shorten(place, 120)), ..Self::new(message) }
    }

    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}
