//! One connection: HTTP/1.1 with a deadline for everything a client could leave undone.

use crate::{Arrival, REQUEST_WAIT};
use axum::{Router, body::Body, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, watch},
};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

/// How long a client may take to read anything before its connection is closed.
const WRITE_WAIT: Duration = Duration::from_secs(60);
/// Longest head of a request, in bytes: names in paths are short, and a cookie and a key fit well.
const HEAD_BYTES_MAX: usize = 32 << 10;

/// A connection's place among the others. Given back when the connection ends, or earlier.
#[derive(Clone, Debug)]
pub struct Place(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Place {
    /// A place that was found.
    pub fn new(permit: OwnedSemaphorePermit) -> Self {
        Self(Arc::new(Mutex::new(Some(permit))))
    }

    /// Gives it back.
    pub(crate) fn leave(&self) {
        self.0.lock().take();
    }
}

/// What a connection is.
#[derive(Debug)]
pub struct Connection {
    /// The way it came in.
    pub arrival: Arrival,
    /// Its place among the others.
    pub place: Place,
    /// For a connection that may ask again when it was answered: says when that is over. Another ends with its answer.
    pub ending: Option<watch::Receiver<bool>>,
}

/// Says when a connection that may ask again is to end.
#[derive(Clone, Debug)]
pub(crate) struct Ending(Option<watch::Receiver<bool>>);

impl Ending {
    /// Waits for it; for ever, where nobody will say so. Whoever would say so and has gone has said it.
    pub(crate) async fn come(&mut self) {
        match &mut self.0 {
            Some(ending) => drop(ending.wait_for(|is_ending| *is_ending).await),
            None => std::future::pending().await,
        }
    }
}

/// Answers what comes in through a connection until it ends, or until it becomes something else.
pub async fn serve(
    io: impl AsyncRead + AsyncWrite + Send + 'static,
    router: Router,
    connection: Connection,
) -> Result<(), hyper::Error> {
    let mut io = TimeoutStream::new(io);
    io.set_write_timeout(Some(WRITE_WAIT));
    let Connection { arrival, place, ending } = connection;
    let keep_alive = ending.is_some();
    let mut ending = Ending(ending);
    let line_ending = ending.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(arrival);
        request.extensions_mut().insert(place.clone());
        request.extensions_mut().insert(line_ending.clone());
        router.clone().oneshot(request.map(Body::new))
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_WAIT)
        .max_header_size(HEAD_BYTES_MAX)
        .keep_alive(keep_alive)
        .serve_connection(TokioIo::new(Box::pin(io)), service)
        .with_upgrades();
    let mut serving = pin!(serving);
    tokio::select! {
        served = &mut serving => served,
        () = ending.come() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    }
}
