//! The same API from the other side: a request as HTTP, the answer as frames. Over any connection, or to the router in
//! this process.

mod decode; // an answer as frames
mod encode; // a request as HTTP
mod lines; // MCP messages, a line each
mod probe; // whether a door answers

pub use encode::encode;
pub use lines::mcp_lines;
pub use probe::{ProbeError, probe};

use crate::{Arrival, FRAMES_WAITING_MAX, REQUEST_BYTES_MAX, extract::too_large};
use axum::{Router, body::Body};
use decode::{Listener, answer_of};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use protocol::{
    ErrorCode, Failure,
    api::{Envelope, Frame, Reply, Request},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    task::JoinHandle,
};
use tower::ServiceExt as _;

/// What a household is called by whoever comes through its socket.
const HOST: &str = "oikos";

/// Asks the router in this process.
pub fn ask_here(router: &Router, envelope: &Envelope) -> Result<mpsc::Receiver<Frame>, Failure> {
    let mut request = message(envelope)?.map(Body::new);
    request.extensions_mut().insert(Arrival::Process);
    let answer = answer_of(&envelope.request);
    let answering = router.clone().oneshot(request);
    let (frames, waiting) = mpsc::channel(FRAMES_WAITING_MAX);
    tokio::spawn(async move {
        let Ok(response) = answering.await;
        Listener { frames, answer }.listen(response).await;
    });
    Ok(waiting)
}

/// Asks through a connection that is used for nothing else. Whoever is at its other end hears when nobody waits for the
/// answer any more.
pub async fn ask_through(
    io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    envelope: &Envelope,
) -> Result<mpsc::Receiver<Frame>, Failure> {
    let request = message(envelope)?;
    let answer = answer_of(&envelope.request);
    let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await.map_err(|error| silent(&error))?;
    let connection = Ending(tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection ended early");
        }
    }));
    let (frames, waiting) = mpsc::channel(FRAMES_WAITING_MAX);
    tokio::spawn(async move {
        let _connection = connection;
        let response = tokio::select! {
            response = sender.send_request(request) => response,
            () = frames.closed() => return,
        };
        match response {
            Ok(response) => Listener { frames, answer }.listen(response).await,
            Err(error) => drop(frames.send(Frame::Failed { failure: silent(&error) }).await),
        }
    });
    Ok(waiting)
}

/// Whoever serves at the other end says hello, and does not go away until this is dropped.
#[derive(Debug)]
pub struct Visit {
    _frames: mpsc::Receiver<Frame>,
}

/// Says hello through a connection.
pub async fn visit(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Visit, Failure> {
    let mut frames = ask_through(io, &Envelope { presence: false, owner: None, request: Request::Hello }).await?;
    match frames.recv().await {
        Some(Frame::Done { reply: Reply::Hello { .. } }) => Ok(Visit { _frames: frames }),
        Some(Frame::Failed { failure }) => Err(failure),
        _ => Err(Failure::new(ErrorCode::HomeLocked, "whoever serves the socket does not say hello")),
    }
}

/// The message, within the bound that the other end has too.
fn message(envelope: &Envelope) -> Result<hyper::Request<http_body_util::Full<hyper::body::Bytes>>, Failure> {
    use hyper::body::Body as _;
    let request = encode(envelope)?;
    match request.body().size_hint().lower() > REQUEST_BYTES_MAX as u64 {
        true => Err(too_large(REQUEST_BYTES_MAX)),
        false => Ok(request),
    }
}

/// Nobody answers at the other end.
pub fn silent(error: &dyn std::error::Error) -> Failure {
    Failure::new(ErrorCode::HomeLocked, "the oikos process that holds OIKOS_HOME does not answer")
        .hint("try again; oikos doctor says who holds it")
        .log(error.to_string())
}

/// Ends a task when it is dropped.
#[derive(Debug)]
struct Ending(JoinHandle<()>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.abort();
    }
}
