//! A connection that carries the messages of an MCP client, a line each.

use super::{Ending, silent};
use crate::{
    Problem,
    auth::{CLIENT_HEADER, OWNER_HEADER},
    mcp::{LINES, McpLines, PATH},
};
use axum::http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use protocol::{ClientName, ErrorCode, Failure, OwnerName};
use tokio::io::{AsyncRead, AsyncWrite};

/// Turns a connection to a household into one that carries lines. On whose behalf, where that is not the first owner; and for
/// which client, where it says a name.
pub async fn mcp_lines(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    owner: Option<&OwnerName>,
    client: Option<ClientName>,
) -> Result<McpLines, Failure> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await.map_err(|error| silent(&error))?;
    // It ends by itself when it has become something else.
    let connection = Ending(tokio::spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            tracing::debug!(%error, "a connection ended early");
        }
    }));
    let mut request = Request::get(PATH)
        .header(header::HOST, super::HOST)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, LINES);
    if let Some(owner) = owner {
        request = request.header(OWNER_HEADER, owner.as_str());
    }
    if let Some(client) = client {
        request = request.header(CLIENT_HEADER, client.as_str());
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| silent(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| silent(&error))?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        let said = answer.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let failure = serde_json::from_slice::<Problem>(&said).ok().map(Problem::into_failure);
        return Err(failure.unwrap_or_else(|| {
            Failure::new(ErrorCode::NotAvailable, "the oikos that holds OIKOS_HOME carries no lines of MCP clients")
                .hint("it is of another version: end it, and start it anew")
        }));
    }
    let upgraded = hyper::upgrade::on(answer).await.map_err(|error| silent(&error))?;
    drop(connection);
    Ok(TokioIo::new(upgraded))
}
