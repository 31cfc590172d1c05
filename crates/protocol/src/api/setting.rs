//! What an owner can set for an app, and what holds.

use crate::KeyName;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A setting of an app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SettingView {
    /// Its name.
    pub name: String,
    /// The author's title.
    pub title: String,
    /// The author's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of its value.
    pub schema: Value,
    /// What holds: what was set, else what the package says. Absent where neither says anything, and for secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Whether it was set.
    pub is_set: bool,
    /// The key of the vault that it is, where the owner named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyName>,
    /// Whether nobody may read it, so that it is kept in the vault.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_secret: bool,
    /// Whether the app cannot do without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_required: bool,
}
