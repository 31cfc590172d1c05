//! Questions to the owner, keys of publishers.

use crate::{
    asked::Asked,
    bodies::{Nothing, Page, Publisher, Publishers, Questions, StatementsBody, TrustBody},
    extract::{Asking, Named, Said},
};
use axum::response::Response;
use protocol::{Answer, QuestionId, api::Request};

/// Open questions
#[utoipa::path(get, path = "/api/v1/approvals", tag = "approvals", operation_id = "approval_list", params(Page),
    responses((status = 200, body = Questions), (status = 304, description = "As it was when its ETag was given")))]
pub(crate) async fn approvals(asked: Asked, Asking(page): Asking<Page>) -> Response {
    asked.page::<Questions>(Request::ApprovalList, &page).await
}

/// Answer a question
///
/// Only where a person is present.
#[utoipa::path(post, path = "/api/v1/approvals/{question}", tag = "approvals", operation_id = "approval_answer",
    params(("question" = QuestionId, Path, description = "The question")), request_body = Answer,
    responses((status = 204, description = "Answered")))]
pub(crate) async fn answer(asked: Asked, Named(question): Named<QuestionId>, Said(answer): Said<Answer>) -> Response {
    asked.answer::<Nothing>(Request::ApprovalAnswer { question, answer }).await
}

/// Publishers that the owner knows
#[utoipa::path(get, path = "/api/v1/publishers", tag = "publishers", operation_id = "publisher_list",
    responses((status = 200, body = Publishers)))]
pub(crate) async fn publishers(asked: Asked) -> Response {
    asked.answer::<Publishers>(Request::PublisherList).await
}

/// Trust a publisher from now on
#[utoipa::path(post, path = "/api/v1/publishers", tag = "publishers", operation_id = "publisher_trust",
    request_body = TrustBody, responses((status = 200, body = Publisher)))]
pub(crate) async fn trust(asked: Asked, Said(said): Said<TrustBody>) -> Response {
    asked.answer::<Publisher>(Request::PublisherTrust { publisher: said.publisher, name: said.name }).await
}

/// Learn from successor statements that publishers changed their keys
#[utoipa::path(post, path = "/api/v1/publishers/import", tag = "publishers", operation_id = "publisher_import",
    request_body = StatementsBody, responses((status = 200, body = Publisher)))]
pub(crate) async fn import(asked: Asked, Said(said): Said<StatementsBody>) -> Response {
    asked.answer::<Publisher>(Request::PublisherImport { statements: said.statements }).await
}
