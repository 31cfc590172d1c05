//! Secrets. What is shown once is carried by one message, and nothing else ever says it; what is kept has no form that any
//! message could carry.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// A secret on its way: to the person or program that asked for it, or from the person who gives it. It has a serialized form, because that way may be a
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

/// A secret that is kept: it shows as `«secret»` wherever it is printed, has no serialized form and no copy, and is
/// overwritten when dropped.
///
/// ```
/// let kept = protocol::SecretText::from(protocol::ShownOnce::new("hunter2".to_owned()));
/// assert_eq!(format!("{kept} {kept:?}"), "«secret» «secret»");
/// assert_eq!(kept.expose(), "hunter2");
/// ```
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Hides a text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<ShownOnce> for SecretText {
    fn from(secret: ShownOnce) -> Self {
        Self(secret.0)
    }
}

impl fmt::Display for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«secret»")
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«secret»")
    }
}
