//! Secrets in the vault: they go in, and never come out.

use crate::{
    asked::Asked,
    bodies::{KeyBody, Keys, Nothing, StoredKey},
    extract::{Named, Said},
};
use axum::response::Response;
use protocol::{KeyName, api::Request};

/// Secrets in the vault, without their values
#[utoipa::path(get, path = "/api/v1/keys", tag = "keys", operation_id = "key_list",
    responses((status = 200, body = Keys)))]
pub(crate) async fn keys(asked: Asked) -> Response {
    asked.answer::<Keys>(Request::KeyList).await
}

/// Keep a secret in the vault
///
/// No answer ever has it.
#[utoipa::path(post, path = "/api/v1/keys", tag = "keys", operation_id = "key_add", request_body = KeyBody,
    responses((status = 200, body = StoredKey)))]
pub(crate) async fn key_add(asked: Asked, Said(said): Said<KeyBody>) -> Response {
    let KeyBody { name, value, hosts, note, replace } = said;
    asked.answer::<StoredKey>(Request::KeyAdd { name, value, hosts, note, replace }).await
}

/// Forget a secret
#[utoipa::path(delete, path = "/api/v1/keys/{key}", tag = "keys", operation_id = "key_remove",
    params(("key" = KeyName, Path, description = "Its name")), responses((status = 204, description = "Forgotten")))]
pub(crate) async fn key_remove(asked: Asked, Named(name): Named<KeyName>) -> Response {
    asked.answer::<Nothing>(Request::KeyRemove { name }).await
}
