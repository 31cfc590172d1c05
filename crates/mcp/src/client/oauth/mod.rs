//! How we are let in where a server wants a token: OAuth 2.1 as the protocol profiles it, by hand, since every request of it has
//! to leave through [`HttpSender`](super::HttpSender).
//!
//! The person's browser and the place where tokens lie come from outside. A token goes to the server that it was issued for and
//! to nobody else; what is remembered of an authorization server belongs to its issuer and to no other.

mod authorizer; // tokens, and how one comes by them
mod challenge; // what a server says when it wants one
mod credentials; // what is kept, and never printed
mod discovery; // who lets us in
mod error; // why we are not let in
mod tokens; // who we are there, and what is given for that
mod web; // HTTP to authorization servers

pub(crate) use authorizer::Refused;
pub use authorizer::{Authorizer, Grant, Identity, Registered};
pub(crate) use challenge::{Challenge, bearer};
pub use credentials::{Authorize, Credentials, Redirected, StoreError, TokenStore};
pub use error::AuthorizationError;
