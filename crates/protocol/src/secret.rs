//! What is shown once: the answer that makes a secret carries it to whoever asked, and nothing else ever says it.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// A secret on its way to the person or program that asked for it. It has a serialized form, because that way may be a
/// wire; it shows as `«secret»` wherever it is printed, and is overwritten when dropped.
///
/// ```
/// let made = protocol::ShownOnce::new("hunter2".to_owned());
/// assert_eq!(format!("{made} {made:?}"), "«secret» «secret»");
/// assert_eq!(made.expose(), "hunter2");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(from = "String", into = "String")]
#[schema(value_type = String)]
pub struct ShownOnce(Zeroizing<String>);

impl ShownOnce {
    /// Hides a text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for ShownOnce {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<ShownOnce> for String {
    fn from(secret: ShownOnce) -> Self {
        secret.expose().to_owned()
    }
}

impl fmt::Display for ShownOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«secret»")
    }
}

impl fmt::Debug for ShownOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«secret»")
    }
}
