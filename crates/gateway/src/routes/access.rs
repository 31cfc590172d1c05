//! Who may come in: API keys, browsers that are signed in, owners.

use crate::{
    Refusal,
    asked::Asked,
    auth::{LOGIN_LIFE_MS, SignedIn},
    bodies::{
        BootstrapBody, Link, Logins, Nothing, Owner, OwnerBody, Owners, SignIn, SignInBody, Token, TokenBody, Tokens,
    },
    extract::{Named, Newcomer, Said, SaidBriefly},
};
use axum::{
    http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE},
    response::{IntoResponse, Response},
};
use protocol::{ErrorCode, Failure, LoginId, TokenId, api::Request};
use serde::Serialize;

/// API keys, by their names
#[utoipa::path(get, path = "/api/v1/tokens", tag = "access", operation_id = "token_list",
    responses((status = 200, body = Tokens)))]
pub(crate) async fn tokens(asked: Asked) -> Response {
    asked.answer::<Tokens>(Request::TokenList).await
}

/// Make an API key
///
/// The answer has the secret, once.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "access", operation_id = "token_new", request_body = TokenBody,
    responses((status = 200, body = Token)))]
pub(crate) async fn token_new(asked: Asked, Said(said): Said<TokenBody>) -> Response {
    let TokenBody { name, rights, expires_in_ms } = said;
    asked.answer::<Token>(Request::TokenNew { name, rights, expires_in_ms }).await
}

/// Revoke an API key: it lets nobody in any more, and what is open by it ends at once; runs that it began go on
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

/// Sign a browser in with a link, which is used up
///
/// For our own page, which got the link behind the `#` of its address. The cookie alone lets nobody in.
#[utoipa::path(post, path = "/api/v1/sign-in", tag = "access", operation_id = "sign_in", request_body = SignInBody,
    responses((status = 200, body = SignIn)))]
pub(crate) async fn sign_in(
    newcomer: Newcomer,
    SaidBriefly(said): SaidBriefly<SignInBody>,
) -> Result<Response, Refusal> {
    let Newcomer { access, parts, address } = newcomer;
    let SignedIn { login, cookie, page } = blocking({
        let access = access.clone();
        move || access.sign_in(&parts, address, said.link.expose())
    })
    .await?;
    let cookie = access.guards().cookie_set(cookie.expose(), LOGIN_LIFE_MS / 1_000);
    Ok(([(SET_COOKIE, cookie)], once(&SignIn { login, page })?).into_response())
}

/// Make the first API key with the bootstrap token, which is used up
#[utoipa::path(post, path = "/api/v1/bootstrap", tag = "access", operation_id = "bootstrap",
    request_body = BootstrapBody, responses((status = 200, body = Token)))]
pub(crate) async fn bootstrap(
    newcomer: Newcomer,
    SaidBriefly(said): SaidBriefly<BootstrapBody>,
) -> Result<Response, Refusal> {
    let Newcomer { access, parts, address } = newcomer;
    let BootstrapBody { token, name, rights } = said;
    let (token, secret) =
        blocking(move || access.bootstrap_use(&parts, address, token.expose(), name, &rights)).await?;
    once(&Token { token, secret })
}

/// An answer that nobody keeps.
fn once(body: &impl Serialize) -> Result<Response, Refusal> {
    let bytes = serde_json::to_vec(body).map_err(internal)?;
    Ok(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], bytes).into_response())
}

fn internal(error: impl std::fmt::Display) -> Failure {
    Failure::new(ErrorCode::Internal, "the answer could not be made").log(error.to_string())
}

/// What waits for the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Refusal> + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.map_err(internal)?
}
