//! MCP servers and their tools.

use crate::{
    asked::Asked,
    bodies::{DecideBody, Server, ServerLog, ServerSignIn, ServerSignInBody, Servers},
    extract::{Named, Said},
};
use axum::response::Response;
use protocol::{AppName, api::Request};

/// MCP servers
#[utoipa::path(get, path = "/api/v1/servers", tag = "servers", operation_id = "server_list",
    responses((status = 200, body = Servers), (status = 304, description = "As it was when its ETag was given")))]
pub(crate) async fn list(asked: Asked) -> Response {
    asked.answer::<Servers>(Request::ServerList).await
}

/// One of them, with its tools as the owner knows them
#[utoipa::path(get, path = "/api/v1/servers/{app}", tag = "servers", operation_id = "server_info",
    params(("app" = AppName, Path, description = "The app that it is")),
    responses((status = 200, body = Server), (status = 304, description = "As it was when its ETag was given")))]
pub(crate) async fn info(asked: Asked, Named(app): Named<AppName>) -> Response {
    asked.answer::<Server>(Request::ServerInfo { app }).await
}

/// Ask a server what it has
///
/// It is started if need be. What is not as it was accepted waits for a yes from then on.
#[utoipa::path(post, path = "/api/v1/servers/{app}/look", tag = "servers", operation_id = "server_look",
    params(("app" = AppName, Path, description = "The app that it is")), responses((status = 200, body = Server)))]
pub(crate) async fn look(asked: Asked, Named(app): Named<AppName>) -> Response {
    asked.answer::<Server>(Request::ServerLook { app }).await
}

/// Sign in to a server elsewhere
///
/// Answers once there is a page to sign in on, or none is needed: its `address` is to be opened in a browser, which comes back
/// to this household by itself. The address is told to nobody else, and is of use for ten minutes.
#[utoipa::path(post, path = "/api/v1/servers/{app}/sign-in", tag = "servers", operation_id = "server_sign_in",
    params(("app" = AppName, Path, description = "The app that it is")), request_body = ServerSignInBody,
    responses((status = 200, body = ServerSignIn)))]
pub(crate) async fn sign_in(asked: Asked, Named(app): Named<AppName>, Said(said): Said<ServerSignInBody>) -> Response {
    asked.answer::<ServerSignIn>(Request::ServerSignIn { app, client: said.client }).await
}

/// How a sign-in to a server elsewhere stands
///
/// Waits up to twenty seconds for it to end.
#[utoipa::path(get, path = "/api/v1/servers/{app}/sign-in", tag = "servers", operation_id = "server_sign_in_wait",
    params(("app" = AppName, Path, description = "The app that it is")), responses((status = 200, body = ServerSignIn)))]
pub(crate) async fn sign_in_wait(asked: Asked, Named(app): Named<AppName>) -> Response {
    asked.answer::<ServerSignIn>(Request::ServerSignInWait { app }).await
}

/// Forget what a server elsewhere let oikos in with
#[utoipa::path(delete, path = "/api/v1/servers/{app}/sign-in", tag = "servers", operation_id = "server_sign_out",
    params(("app" = AppName, Path, description = "The app that it is")), responses((status = 200, body = Server)))]
pub(crate) async fn sign_out(asked: Asked, Named(app): Named<AppName>) -> Response {
    asked.answer::<Server>(Request::ServerSignOut { app }).await
}

/// Decide about one tool of a server, or about all
#[utoipa::path(patch, path = "/api/v1/servers/{app}/tools", tag = "servers", operation_id = "server_decide",
    params(("app" = AppName, Path, description = "The app that it is")), request_body = DecideBody,
    responses((status = 200, body = Server)))]
pub(crate) async fn decide(asked: Asked, Named(app): Named<AppName>, Said(said): Said<DecideBody>) -> Response {
    let DecideBody { tool, accept, state, seen } = said;
    asked.answer::<Server>(Request::ServerDecide { app, tool, accept, state, seen }).await
}

/// The last that a server's program wrote on its standard error
#[utoipa::path(get, path = "/api/v1/servers/{app}/log", tag = "servers", operation_id = "server_log",
    params(("app" = AppName, Path, description = "The app that it is")), responses((status = 200, body = ServerLog)))]
pub(crate) async fn log(asked: Asked, Named(app): Named<AppName>) -> Response {
    asked.answer::<ServerLog>(Request::ServerLog { app }).await
}
