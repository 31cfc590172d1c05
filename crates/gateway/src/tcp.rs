//! The door at an address: TCP, with or without TLS, for browsers, programs with a key, and whoever watches over the
//! process.

use crate::{Arrival, Connection, Place, REQUEST_WAIT, newcomers::Newcomers, serve};
use axum::Router;
use protocol::{ErrorCode, Failure};
use rustls::ServerConfig;
use std::{error::Error, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

/// Connections at once: many idle pages and programs, and still few enough for the memory that they take.
pub const CONNECTIONS_MAX: usize = 8_192;
/// How long connections may take to end when the door closes: what they wait for has ended by then.
const CLOSING_WAIT: Duration = Duration::from_secs(5);

/// Where a door is to be.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The address; port 0 takes any that is free. Whether it may be opened was decided before, see
    /// [`crate::auth::Bind`].
    pub address: SocketAddr,
    /// What makes it speak TLS.
    pub tls: Option<Arc<ServerConfig>>,
}

/// A place for a door: nobody else has it, and nobody is answered there yet.
#[derive(Debug)]
pub struct DoorPlace {
    listener: TcpListener,
    address: SocketAddr,
}

impl DoorPlace {
    /// Takes the place; port 0 takes any that is free.
    pub async fn take(wanted: SocketAddr) -> Result<Self, Failure> {
        let taken = |error: std::io::Error| {
            let failure = Failure::new(ErrorCode::Conflict, format!("the door at {wanted} cannot be opened: {error}"));
            failure.hint("another program may be there; oikos up --port N takes another port, --no-doors none")
        };
        let listener = TcpListener::bind(wanted).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        Ok(Self { listener, address })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens the door there.
    pub fn open(self, tls: Option<Arc<ServerConfig>>, router: Router) -> TcpDoor {
        let Self { listener, address } = self;
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let (ending, ended) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, tls.map(TlsAcceptor::from), router, places.clone(), ended));
        TcpDoor { address, accepting, places, ending }
    }
}

/// An open door. Closed when dropped; [`TcpDoor::close`] also waits for those who are on their way out.
#[derive(Debug)]
pub struct TcpDoor {
    address: SocketAddr,
    accepting: JoinHandle<()>,
    places: Arc<Semaphore>,
    ending: watch::Sender<bool>,
}

impl TcpDoor {
    /// Opens the door.
    pub async fn open(listen: Listen, router: Router) -> Result<Self, Failure> {
        Ok(DoorPlace::take(listen.address).await?.open(listen.tls, router))
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that are open.
    pub fn connections(&self) -> usize {
        self.crowd().connections()
    }

    /// Who counts them, also after the door was closed.
    pub fn crowd(&self) -> Crowd {
        Crowd(self.places.clone())
    }

    /// Takes no further connections; those that are open end with the answer they are getting. Waits for them, but not
    /// for ever.
    pub async fn close(self) {
        self.accepting.abort();
        self.ending.send_replace(true);
        let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
        if timeout(CLOSING_WAIT, self.places.acquire_many(all)).await.is_err() {
            tracing::warn!(connections = self.connections(), "connections did not end in time");
        }
    }
}

/// Counts who stands in a door.
#[derive(Clone, Debug)]
pub struct Crowd(Arc<Semaphore>);

impl Crowd {
    /// Connections that are open.
    pub fn connections(&self) -> usize {
        CONNECTIONS_MAX.saturating_sub(self.0.available_permits())
    }
}

impl Drop for TcpDoor {
    fn drop(&mut self) {
        self.accepting.abort();
        self.ending.send_replace(true);
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    places: Arc<Semaphore>,
    ending: watch::Receiver<bool>,
) {
    let newcomers = Arc::new(Newcomers::default());
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, for instance: others may end soon.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // Where all places are taken, this one and those behind it wait.
        let Ok(place) = places.clone().acquire_owned().await else { return };
        // Small answers and single events go out at once.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection may be slow");
        }
        let (newcomer, has_to_go) = newcomers.enter(peer.ip());
        let connection = Connection {
            arrival: Arrival::Tcp { peer },
            at: stream.local_addr().ok(),
            place: Place::of(place, newcomer),
            ending: Some(ending.clone()),
        };
        let (router, tls) = (router.clone(), tls.clone());
        tokio::spawn(async move {
            let has_to_go = async {
                // Who was let in never has to.
                if has_to_go.await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                spoken = speak(stream, tls, router, connection) => {
                    if let Err(error) = spoken {
                        tracing::debug!(%error, "a connection ended early");
                    }
                }
                () = has_to_go => tracing::debug!(%peer, "a connection that nobody was let in by made room for others"),
            }
        });
    }
}

async fn speak(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    connection: Connection,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let Some(tls) = tls else { return Ok(serve(stream, router, connection).await?) };
    // Who says nothing, or says it slowly, is sent away as one who does not say what they want.
    let stream = timeout(REQUEST_WAIT, tls.accept(stream)).await??;
    Ok(serve(stream, router, connection).await?)
}
