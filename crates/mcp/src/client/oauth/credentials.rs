//! What is kept of being let in, by whoever keeps it, and never printed.

use futures_util::future::BoxFuture;
use protocol::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;
use zeroize::Zeroize;

/// What one server's authorization server gave us. It has a serialized form, because a vault keeps bytes; printed it is
/// `«credentials»`, and it is overwritten when dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// Who gave them. They are never shown to another.
    pub(crate) issuer: String,
    /// Where a token is asked for.
    pub(crate) token_endpoint: String,
    /// For which resource, as it names itself.
    pub(crate) resource: String,
    /// Who we are there.
    pub(crate) client: KnownClient,
    /// The token itself, if there is one.
    pub(crate) access_token: Option<String>,
    /// When it ends, as far as it was said.
    pub(crate) expires: Option<Timestamp>,
    /// What gets a new one.
    pub(crate) refresh_token: Option<String>,
    /// What was asked for so far.
    pub(crate) scopes: Vec<String>,
}

/// Who we are to one authorization server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownClient {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
    /// How the token endpoint wants to be shown the secret.
    pub(crate) method: ClientMethod,
}

/// How a client shows who it is at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientMethod {
    ClientSecretBasic,
    ClientSecretPost,
    None,
}

impl Credentials {
    /// Who gave them.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether somebody is signed in: without a token it is only known who we are there.
    pub fn lets_in(&self) -> bool {
        self.access_token.is_some() || self.refresh_token.is_some()
    }

    /// What they allow, as far as we asked for it.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«credentials»")
    }
}

impl fmt::Debug for KnownClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«client»")
    }
}

impl Drop for Credentials {
    fn drop(&mut self) {
        self.access_token.zeroize();
        self.refresh_token.zeroize();
    }
}

impl Drop for KnownClient {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// What keeps tokens could not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// Keeps what lets us in, for each server (`resource`, its address) apart. One store belongs to one owner.
pub trait TokenStore: Send + Sync {
    /// What was kept.
    fn load<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<Option<Credentials>, StoreError>>;
    /// Keeps it instead of what was kept.
    fn save<'a>(&'a self, resource: &'a str, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Forgets it.
    fn forget<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// What came back to our redirect address: everything after its question mark.
#[derive(Clone)]
pub struct Redirected(pub String);

impl fmt::Debug for Redirected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«redirected»")
    }
}

/// Shows a person the page of an authorization server, and waits for what comes back.
pub trait Authorize: Send + Sync {
    /// Opens `address`; what comes back to the redirect address with this `state` is the answer. The error is a reason for people,
    /// such as that nobody is there.
    fn authorize<'a>(&'a self, address: &'a Url, state: &'a str) -> BoxFuture<'a, Result<Redirected, String>>;
}
