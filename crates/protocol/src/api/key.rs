//! Secrets in the vault, as they are listed: never with their values.

use crate::{AppName, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A secret in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyView {
    /// How its owner calls it; `app/APP/SETTING` where it is a setting of an app.
    pub name: String,
    /// Where it may be sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// What its owner wrote about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Apps that may use it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<AppName>,
    /// When this value was kept.
    pub created_at: Timestamp,
    /// When it was used last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
}
