//! Servers that other programs have set up, and clients that are to know oikos.

use crate::{
    asked::Asked,
    bodies::{Client, ClientBody, Clients, ImportBody, ImportOfferBody, Imported, Imports},
    extract::{Named, Said},
    stream::FrameEvent,
};
use axum::response::Response;
use protocol::api::Request;

/// Look at what an import of servers would do
///
/// Nothing is done.
#[utoipa::path(post, path = "/api/v1/imports", tag = "servers", operation_id = "import_list", request_body = ImportBody,
    responses((status = 200, body = Imports)))]
pub(crate) async fn list(asked: Asked, Said(said): Said<ImportBody>) -> Response {
    let ImportBody { source, answers } = said;
    asked.answer::<Imports>(Request::ImportList { source, answers }).await
}

/// Make one of them ready to be installed
///
/// Its package is pinned in a box and packed. Answers with its card; the offer is installed or declined as any other. Nothing is
/// installed before.
#[utoipa::path(post, path = "/api/v1/imports/offer", tag = "servers", operation_id = "import_offer",
    request_body = ImportOfferBody,
    responses((status = 200, description = "The card, or each step on the way to it", content(
        (Imported = "application/json"), (FrameEvent = "text/event-stream")))))]
pub(crate) async fn offer(asked: Asked, Said(said): Said<ImportOfferBody>) -> Response {
    let ImportOfferBody { source, answers, app } = said;
    asked.stream_or::<Imported>(Request::ImportOffer { source, answers, app }).await
}

/// MCP clients of this machine
#[utoipa::path(get, path = "/api/v1/clients", tag = "servers", operation_id = "client_list",
    responses((status = 200, body = Clients), (status = 304, description = "As it was when its ETag was given")))]
pub(crate) async fn clients(asked: Asked) -> Response {
    asked.answer::<Clients>(Request::ClientList).await
}

/// Put oikos into a client's configuration, or take it out again
///
/// A copy of the file is kept beside it.
#[utoipa::path(post, path = "/api/v1/clients/{client}", tag = "servers", operation_id = "client_connect",
    params(("client" = String, Path, description = "The client's word")), request_body = ClientBody,
    responses((status = 200, body = Client)))]
pub(crate) async fn connect(asked: Asked, Named(client): Named<String>, Said(said): Said<ClientBody>) -> Response {
    let ClientBody { disconnect, dry_run } = said;
    asked.answer::<Client>(Request::ClientConnect { client, disconnect, dry_run }).await
}
