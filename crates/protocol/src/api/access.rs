//! Who is let in, as it is listed: API keys, browsers, owners.

use crate::{LoginId, OwnerId, OwnerName, Right, Timestamp, TokenId, TokenName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An API key, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// What to revoke it by.
    pub id: TokenId,
    /// How the owner calls it.
    pub name: TokenName,
    /// Its last four characters, to tell it from others.
    pub last_four: String,
    /// What it may do.
    pub rights: Vec<Right>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was used last, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginView {
    /// What to sign it out by.
    pub id: LoginId,
    /// What the browser calls itself.
    pub browser: String,
    /// When it was signed in.
    pub made_at: Timestamp,
    /// When it was used last, to the minute.
    pub used_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// An owner, as others at the machine may know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnerView {
    /// Their number, which nobody else ever gets.
    pub id: OwnerId,
    /// How they are called.
    pub name: OwnerName,
    /// Since when there are things of theirs; absent for who was here first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}
