//! HTTP over a socket.

use bytes::Bytes;
use futures_util::{StreamExt as _, future::BoxFuture};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use mcp::client::{HttpBody, HttpError, HttpSender};
use tokio::net::TcpStream;

/// Plain HTTP/1.1, a connection for each request. It follows nothing and keeps nothing.
pub(crate) struct Sender;

impl HttpSender for Sender {
    fn send(&self, request: http::Request<Bytes>) -> BoxFuture<'_, Result<http::Response<HttpBody>, HttpError>> {
        Box::pin(async move {
            let host = request.uri().authority().ok_or_else(|| HttpError::new("no host"))?.clone();
            let address = (host.host().trim_matches(['[', ']']).to_owned(), host.port_u16().unwrap_or(80));
            let unheard = |why: String| HttpError { why, unheard: true };
            let socket = TcpStream::connect(address).await.map_err(|error| unheard(error.to_string()))?;
            socket.set_nodelay(true).map_err(|error| unheard(error.to_string()))?;
            let handshake = hyper::client::conn::http1::handshake(TokioIo::new(socket));
            let (mut connection, driver) = handshake.await.map_err(|error| unheard(error.to_string()))?;
            tokio::spawn(driver);
            let (mut parts, body) = request.into_parts();
            parts.headers.insert(http::header::HOST, host.as_str().parse().expect("an authority is a header"));
            parts.uri =
                parts.uri.path_and_query().map_or("/", |path| path.as_str()).parse().expect("a path is an address");
            let request = http::Request::from_parts(parts, Full::new(body));
            let response = connection.send_request(request).await.map_err(|error| HttpError::new(error.to_string()))?;
            let (parts, body) = response.into_parts();
            let pieces = body.into_data_stream().map(move |piece| {
                // The connection lives as long as somebody reads from it.
                let _kept = &connection;
                piece.map_err(|error| HttpError::new(error.to_string()))
            });
            Ok(http::Response::from_parts(parts, pieces.boxed() as HttpBody))
        })
    }
}
