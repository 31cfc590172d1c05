//! Files that come as bytes, for who has no path on this machine: handed over in pieces, used by runs, taken back.

use crate::{
    asked::Asked,
    bodies::{Binary, File, FileBody, Files, Nothing, PieceQuery},
    extract::{Asking, Named, Piece, Said},
};
use axum::response::Response;
use protocol::{FileId, api::Request};

/// Hand a file over, whose bytes follow
///
/// A run of the same owner names it by its id, in `files` of its request. It goes an hour after its last use. One without
/// bytes is whole at once: a new, empty file, for a run to write.
#[utoipa::path(post, path = "/api/v1/files", tag = "files", operation_id = "file_hand", request_body = FileBody,
    responses((status = 200, body = File)))]
pub(crate) async fn hand(asked: Asked, Said(said): Said<FileBody>) -> Response {
    let FileBody { name, size_bytes } = said;
    asked.answer::<File>(Request::FileHand { name, size_bytes }).await
}

/// The next bytes of a file
///
/// Pieces come in their order. Whoever is not sure that one came says it again: the same bytes at the same place change
/// nothing. A piece that is not the next is a conflict, whose hint says where to go on.
#[utoipa::path(post, path = "/api/v1/files/{file}/pieces", tag = "files", operation_id = "file_append",
    params(("file" = FileId, Path, description = "The file"), PieceQuery),
    request_body(content = inline(Binary), content_type = "application/octet-stream"),
    responses((status = 200, body = File)))]
pub(crate) async fn append(
    asked: Asked,
    Named(file): Named<FileId>,
    Asking(piece): Asking<PieceQuery>,
    Piece(bytes): Piece,
) -> Response {
    asked.answer::<File>(Request::FileAppend { file, at: piece.at, bytes }).await
}

/// Files that were handed over
#[utoipa::path(get, path = "/api/v1/files", tag = "files", operation_id = "file_list",
    responses((status = 200, body = Files), (status = 304, description = "As it was when its ETag was given")))]
pub(crate) async fn list(asked: Asked) -> Response {
    asked.answer::<Files>(Request::FileList).await
}

/// The bytes of a file
///
/// As they are now: also what a run wrote there.
#[utoipa::path(get, path = "/api/v1/files/{file}", tag = "files", operation_id = "file_take",
    params(("file" = FileId, Path, description = "The file")),
    responses((status = 200, body = inline(Binary), content_type = "application/octet-stream")))]
pub(crate) async fn take(asked: Asked, Named(file): Named<FileId>) -> Response {
    asked.bytes(Request::FileTake { file }).await
}

/// Forget a file
///
/// Not while a run uses it.
#[utoipa::path(delete, path = "/api/v1/files/{file}", tag = "files", operation_id = "file_forget",
    params(("file" = FileId, Path, description = "The file")), responses((status = 204)))]
pub(crate) async fn forget(asked: Asked, Named(file): Named<FileId>) -> Response {
    asked.answer::<Nothing>(Request::FileForget { file }).await
}
