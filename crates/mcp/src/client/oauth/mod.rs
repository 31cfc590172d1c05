//! How we are let in where a server wants a token: OAuth 2.1 as the protocol profiles it, by hand, since every request of it has
//! to leave through [`HttpSender`](super::HttpSender).
//!
//! The person's browser and the place where tokens lie come from outside. A token goes to the server that it was issued for and
//! to nobody else; what is remembered of an authorization server belongs to its issuer and to no other.

mod credentials; // what is kept, and never printed
mod error; // why we are not let in

mod authorizer; // tokens, and how one comes by them
pub use authorizer::{Authorizer, Grant, Identity, Registered};
pub use credentials::{Authorize, Credentials, Redirected, StoreError, TokenStore};
pub use error::AuthorizationError;
