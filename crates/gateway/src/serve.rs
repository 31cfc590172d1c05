//! One connection: HTTP/1.1 with a deadline for everything a client could leave undone.

use crate::{Arrival, REQUEST_WAIT, newcomers::Newcomer};
use axum::{Router, body::Body, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};
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
pub struct Place(Arc<Mutex<Held>>);

#[derive(Debug)]
struct Held {
    permit: Option<OwnedSemaphorePermit>,
    newcomer: Option<Newcomer>,
}

impl Place {
    /// A place that was found.
    pub fn new(permit: OwnedSemaphorePermit) -> Self {
        Self(Arc::new(Mutex::new(Held { permit: Some(permit), newcomer: None })))
    }

    /// The same, of somebody who has to show that they may come in.
    pub(crate) fn of(permit: OwnedSemaphorePermit, newcomer: Newcomer) -> Self {
        Self(Arc::new(Mutex::new(Held { permit: Some(permit), newcomer: Some(newcomer) })))
    }

    /// Gives it back.
    pub(crate) fn leave(&self) {
        self.0.lock().permit.take();
    }

    /// Somebody was let in by this connection: it does not make room for strangers.
    pub(crate) fn admitted(&self) {
        self.0.lock().newcomer.take();
    }
}

/// The address of ours at which a request came in, where it came over a network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached(pub(crate) SocketAddr);

/// What a connection is.
#[derive(Debug)]
pub struct Connection {
    /// The way it came in.
    pub arrival: Arrival,
    /// The address of ours at which it came in, where it came over a network.
    pub at: Option<SocketAddr>,
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
    let Connection { arrival, at, place, ending } = connection;
    let keep_alive = ending.is_some();
    let mut ending = Ending(ending);
    let line_ending = ending.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(arrival);
        if let Some(at) = at {
            request.extensions_mut().insert(Reached(at));
        }
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
