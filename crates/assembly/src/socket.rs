//! The Unix socket: whoever holds the home serves it, other `oikos` processes go through it.
//!
//! It speaks the HTTP API, one request a connection. The connection that said hello stays open until its client ends it:
//! whoever serves does not go away under a client that is about to ask. Only processes of the same user may connect; the
//! file is private and the kernel tells who is at the other end.

use crate::Oikos;
use gateway::{Arrival, Connection, Doors, Household, McpLines, Place, Router, client};
use protocol::{
    ClientName, Digest, ErrorCode, Failure, OwnerName,
    api::{Envelope, Frame},
    sha256,
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};

/// Longest path that every system takes for a socket.
const SOCKET_PATH_BYTES_MAX: usize = 100;

/// Where a home's socket lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketPath {
    path: PathBuf,
    /// The folder made for it, where the home's own path is too long for a socket.
    outside: Option<PathBuf>,
}

impl SocketPath {
    /// In the home; where that path is too long, in a private folder of the system's temporary folder.
    pub fn of(home: &Path) -> Self {
        let path = home.join("socket");
        if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
            return Self { path, outside: None };
        }
        let Digest(digest) = sha256(home.as_os_str().as_encoded_bytes());
        let name = format!("oikos-{}", Digest(digest).short());
        let folder = std::env::temp_dir().join(name);
        Self { path: folder.join("socket"), outside: Some(folder) }
    }

    /// The folder outside the home, if there is one.
    pub fn outside_folder(&self) -> Option<PathBuf> {
        self.outside.as_ref().filter(|folder| folder.exists()).cloned()
    }

    /// Makes the folder outside the home, where one is needed. Somebody else may have made one of this name first: that
    /// one is refused.
    pub(crate) fn folder_prepare(&self) -> std::io::Result<()> {
        use std::os::unix::fs::{DirBuilderExt, MetadataExt};
        let Some(folder) = &self.outside else { return Ok(()) };
        match std::fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let found = std::fs::symlink_metadata(folder)?;
        if found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o077 == 0 {
            return Ok(());
        }
        Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, "the socket's folder is not ours"))
    }
}

/// Serves the socket until dropped.
pub struct SocketServer {
    path: SocketPath,
    router: Router,
    accepting: JoinHandle<()>,
    serving: Serving,
}

impl SocketServer {
    /// Begins to serve. An old socket file is replaced: whoever holds the lock is the only one who may serve.
    pub fn start(oikos: Arc<Oikos>) -> Result<Self, Failure> {
        let path = SocketPath::of(&oikos.home);
        let listener = bind(&path).map_err(|error| {
            let failure = Failure::new(ErrorCode::HomeUnusable, "the socket of OIKOS_HOME cannot be opened")
                .log(format!("{}: {error}", path.path.display()));
            match &path.outside {
                Some(_) => failure.hint("set OIKOS_HOME to a shorter path: then the socket lies in it"),
                None => failure,
            }
        })?;
        let serving = Serving::default();
        let household: Arc<dyn Household> = oikos.clone();
        let doors = Doors::new(Arc::downgrade(&household), Arc::downgrade(oikos.access()));
        {
            let counted = serving.clone();
            let mut gauges = oikos.gauges.lock();
            gauges.doors = Some(doors.clone());
            gauges.socket = Some(Box::new(move || counted.count()));
        }
        let router = gateway::router(doors);
        let accepting = tokio::spawn(accept(listener, router.clone(), Arc::downgrade(&oikos), serving.clone()));
        Ok(Self { path, router, accepting, serving })
    }

    /// What answers here, for whoever asks in this process.
    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &SocketPath {
        &self.path
    }

    /// How many connections of others are open.
    pub fn connections(&self) -> usize {
        self.serving.count()
    }

    /// Takes no further connections, unless others are being served: then nothing changes, and the answer is no.
    ///
    /// Never in between: a client that was told hello can ask, and one that was not tries again.
    pub fn stop_if_idle(&self) -> bool {
        let is_closed = self.serving.close();
        if is_closed {
            self.stop_accepting();
        }
        is_closed
    }

    fn stop_accepting(&self) {
        // The file first: a client that finds none tries for the lock instead.
        if let Err(error) = std::fs::remove_file(&self.path.path) {
            tracing::debug!(%error, "the socket file was gone already");
        }
        self.accepting.abort();
    }
}

impl Drop for SocketServer {
    fn drop(&mut self) {
        self.stop_accepting();
    }
}

fn bind(path: &SocketPath) -> std::io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    path.folder_prepare()?;
    match std::fs::remove_file(&path.path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path.path)?;
    std::fs::set_permissions(&path.path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// How many connections of others are open; [`CLOSED`](Serving::CLOSED) when there will be no more.
#[derive(Clone, Default)]
struct Serving(Arc<AtomicUsize>);

impl Serving {
    const CLOSED: usize = usize::MAX;

    /// Counts a connection, unless there are to be no more.
    fn enter(&self) -> Option<Served> {
        let more = |count: usize| (count != Self::CLOSED).then(|| count + 1);
        self.0.fetch_update(SeqCst, SeqCst, more).ok().map(|_| Served(self.0.clone()))
    }

    fn count(&self) -> usize {
        match self.0.load(SeqCst) {
            Self::CLOSED => 0,
            count => count,
        }
    }

    /// Closes, if none is open.
    fn close(&self) -> bool {
        self.0.compare_exchange(0, Self::CLOSED, SeqCst, SeqCst).is_ok()
    }
}

/// Counts a connection as long as it lives.
struct Served(Arc<AtomicUsize>);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

async fn accept(listener: UnixListener, router: Router, oikos: Weak<Oikos>, serving: Serving) {
    let ours = rustix::process::geteuid().as_raw();
    let places = Arc::new(Semaphore::new(Doors::CONNECTIONS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors, for instance: others may end soon.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if stream.peer_cred().ok().is_none_or(|peer| peer.uid() != ours) {
            tracing::warn!("a connection of another user was refused");
            continue;
        }
        if oikos.strong_count() == 0 {
            return;
        }
        // A connection lives as long as its client and its answer; each of its steps has a deadline.
        let Some(served) = serving.enter() else { return };
        let connection = Connection { arrival: Arrival::Socket, at: None, place: Place::new(place), ending: None };
        let router = router.clone();
        tokio::spawn(async move {
            if let Err(error) = gateway::serve(stream, router, connection).await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(served);
        });
    }
}

/// Says hello to the process that serves a home, and keeps it from going away until the answer is dropped.
pub(crate) async fn visit(path: &SocketPath) -> Result<client::Visit, Failure> {
    client::visit(connect(path).await?).await
}

/// Asks the process that serves a home.
pub(crate) async fn ask(path: &SocketPath, envelope: &Envelope) -> Result<mpsc::Receiver<Frame>, Failure> {
    client::ask_through(connect(path).await?, envelope).await
}

/// Joins an MCP client with the process that serves a home: a connection that carries its messages, a line each.
pub(crate) async fn mcp_lines(
    path: &SocketPath,
    owner: Option<&OwnerName>,
    client: Option<ClientName>,
) -> Result<McpLines, Failure> {
    client::mcp_lines(connect(path).await?, owner, client).await
}

async fn connect(path: &SocketPath) -> Result<UnixStream, Failure> {
    UnixStream::connect(&path.path).await.map_err(|error| client::silent(&error))
}
