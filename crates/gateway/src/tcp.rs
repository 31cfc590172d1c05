//! The door at the loopback address: TCP, for browsers, programs with a key, and whoever watches over the process.

use crate::{Arrival, Connection, Place, serve};
use axum::Router;
use protocol::{ErrorCode, Failure};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::JoinHandle,
    time::timeout,
};

/// Connections at once: many idle pages and programs, and still few enough for the memory that they take.
const CONNECTIONS_MAX: usize = 8_192;
/// How long connections may take to end when the door closes: what they wait for has ended by then.
const CLOSING_WAIT: Duration = Duration::from_secs(5);

/// An open door. Closed when dropped; [`TcpDoor::close`] also waits for those who are on their way out.
#[derive(Debug)]
pub struct TcpDoor {
    address: SocketAddr,
    accepting: JoinHandle<()>,
    places: Arc<Semaphore>,
    ending: watch::Sender<bool>,
}

impl TcpDoor {
    /// Opens the door at a port of the loopback address; port 0 takes any that is free. Nobody on the network reaches
    /// it: that needs more than a port, and is not offered here.
    pub async fn open(port: u16, router: Router) -> Result<Self, Failure> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let taken = |error: std::io::Error| {
            let failure = Failure::new(ErrorCode::Conflict, format!("the door at {wanted} cannot be opened: {error}"));
            failure.hint("another program may be there; oikos up --port N takes another port, --no-doors none")
        };
        let listener = TcpListener::bind(wanted).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let (ending, ended) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, router, places.clone(), ended));
        Ok(Self { address, accepting, places, ending })
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that are open.
    pub fn connections(&self) -> usize {
        CONNECTIONS_MAX - self.places.available_permits()
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

impl Drop for TcpDoor {
    fn drop(&mut self) {
        self.accepting.abort();
        self.ending.send_replace(true);
    }
}

async fn accept(listener: TcpListener, router: Router, places: Arc<Semaphore>, ending: watch::Receiver<bool>) {
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, for instance: others may end soon.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // Small answers and single events go out at once.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection may be slow");
        }
        let connection =
            Connection { arrival: Arrival::Tcp { peer }, place: Place::new(place), ending: Some(ending.clone()) };
        let router = router.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(stream, router, connection).await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}
