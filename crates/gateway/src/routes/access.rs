//! Who may come in: API keys, browsers that are signed in, owners.

use crate::{
    asked::Asked,
    bodies::{Link, Logins, Nothing, Owner, OwnerBody, Owners, Token, TokenBody, Tokens},
    extract::{Named, Said},
};
use axum::response::Response;
use protocol::{LoginId, TokenId, api::Request};

/// API keys, by their names
#[utoipa::path(get, path = "/api/v1/tokens", tag = "access", operation_id = "token_list",
    responses((status = 200, body = Tokens)))]
pub(crate) async fn tokens(asked: Asked) -> Response {
    asked.answer::<Tokens>(Request::TokenList).await
}

/// Make an API key
///
/// The answer has the secret, once. Never with an API key.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "access", operation_id = "token_new", request_body = TokenBody,
    responses((status = 200, body = Token)))]
pub(crate) async fn token_new(asked: Asked, Said(said): Said<TokenBody>) -> Response {
    let TokenBody { name, rights, expires_in_ms } = said;
    asked.answer::<Token>(Request::TokenNew { name, rights, expires_in_ms }).await
}

/// Revoke an API key: what it is doing ends at once
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "access", operation_id = "token_revoke",
    params(("token" = TokenId, Path, description = "The key")), responses((status = 204, description = "Revoked")))]
pub(crate) async fn token_revoke(asked: Asked, Named(token): Named<TokenId>) -> Response {
    asked.answer::<Nothing>(Request::TokenRevoke { token }).await
}

/// Browsers that are signed in
#[utoipa::path(get, path = "/api/v1/logins", tag = "access", operation_id = "login_list",
    responses((status = 200, body = Logins)))]
pub(crate) async fn logins(asked: Asked) -> Response {
    asked.answer::<Logins>(Request::LoginList).await
}

/// Make a link that signs in a browser, once, within a minute
#[utoipa::path(post, path = "/api/v1/logins/link", tag = "access", operation_id = "login_link",
    responses((status = 200, body = Link)))]
pub(crate) async fn login_link(asked: Asked) -> Response {
    asked.answer::<Link>(Request::LoginLink).await
}

/// Sign a browser out
#[utoipa::path(delete, path = "/api/v1/logins/{login}", tag = "access", operation_id = "login_revoke",
    params(("login" = LoginId, Path, description = "The login")),
    responses((status = 204, description = "Signed out")))]
pub(crate) async fn login_revoke(asked: Asked, Named(login): Named<LoginId>) -> Response {
    asked.answer::<Nothing>(Request::LoginRevoke { login }).await
}

/// Owners of this oikos
#[utoipa::path(get, path = "/api/v1/owners", tag = "access", operation_id = "owner_list",
    responses((status = 200, body = Owners)))]
pub(crate) async fn owners(asked: Asked) -> Response {
    asked.answer::<Owners>(Request::OwnerList).await
}

/// Make an owner, with data, grants and keys of their own
#[utoipa::path(post, path = "/api/v1/owners", tag = "access", operation_id = "owner_new", request_body = OwnerBody,
    responses((status = 200, body = Owner)))]
pub(crate) async fn owner_new(asked: Asked, Said(said): Said<OwnerBody>) -> Response {
    asked.answer::<Owner>(Request::OwnerNew { name: said.name }).await
}
