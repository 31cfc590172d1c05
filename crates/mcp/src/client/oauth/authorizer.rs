//! Tokens for one server, and how one comes by them.

use super::{Authorize, TokenStore};
use protocol::{Clock, Entropy};
use std::sync::Arc;
use url::Url;

/// A client that an authorization server knows already.
#[derive(Clone)]
pub struct Registered {
    /// Which authorization server knows it. Nobody else is shown it; where none is named, the first that the server names.
    pub issuer: Option<String>,
    /// Its id there.
    pub id: String,
    /// Its secret there.
    pub secret: Option<zeroize::Zeroizing<String>>,
}

/// Who we are to authorization servers.
#[derive(Clone)]
pub struct Identity {
    /// What people read.
    pub name: String,
    /// Where a person's browser comes back to.
    pub redirect: Url,
    /// An address with a document that describes us (CIMD), for those that read such documents.
    pub document: Option<Url>,
    /// A client that was registered by hand.
    pub registered: Option<Registered>,
}

/// Whose rights a token carries.
#[derive(Clone)]
pub enum Grant {
    /// A person's, who signs in.
    Person(Arc<dyn Authorize>),
    /// The registered client's own.
    Client,
}

/// Gets tokens for one server, keeps them in the store, and gets new ones when they end.
pub struct Authorizer {
    pub(super) identity: Identity,
    pub(super) grant: Grant,
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
}
