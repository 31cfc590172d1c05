//! The Unix socket: whoever holds the home serves it, other `oikos` processes go through it.
//!
//! One connection carries one request: an [`Envelope`] on one line in, [`Frame`]s one a line out. The connection that
//! said `Hello` stays open until its client ends it: whoever serves does not go away under a client that is about to
//! ask. Only processes of the same user may connect; the file is private and the kernel tells who is at the other end.

use crate::Oikos;
use protocol::{
    Digest, ErrorCode, Failure,
    api::{Envelope, Frame, Reply, Request},
    sha256,
};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};

/// Longest request line: an input of 4 MiB with room for its escapes.
const REQUEST_BYTES_MAX: u64 = 16 << 20;
/// Longest frame that a client accepts: a chunk of 4 MiB with room for its escapes.
const FRAME_BYTES_MAX: u64 = 64 << 20;
/// How long a client may take to say what it wants.
const REQUEST_WAIT: Duration = Duration::from_secs(10);
/// How long a client may take to read a frame before its connection is closed.
const FRAME_WAIT: Duration = Duration::from_secs(60);
/// How long what was refused may go on talking, so that it hears why.
const LINGER: Duration = Duration::from_secs(1);
/// Runs that are watched at once: several terminals and scripts, not a flood.
const WATCHERS_MAX: usize = 64;
/// Connections beside them: whoever wants to stop something, answer or look finds a place, however many watch.
const CONNECTIONS_RESERVED: usize = 16;
/// Clients at once that said hello and may ask. More are answered too, but not waited for.
const VISITS_MAX: usize = 256;
/// Frames that wait for a slow client.
pub(crate) const FRAMES_WAITING_MAX: usize = 64;
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
        let accepting = tokio::spawn(accept(listener, Arc::downgrade(&oikos), serving.clone()));
        Ok(Self { path, accepting, serving })
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

async fn accept(listener: UnixListener, oikos: std::sync::Weak<Oikos>, serving: Serving) {
    let ours = rustix::process::geteuid().as_raw();
    let places = Arc::new(Semaphore::new(WATCHERS_MAX + CONNECTIONS_RESERVED));
    let watchers = Arc::new(Semaphore::new(WATCHERS_MAX));
    let visits = Arc::new(Semaphore::new(VISITS_MAX));
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
        let Some(oikos) = oikos.upgrade() else { return };
        // A connection lives as long as its client and its answer; each of its steps has a deadline.
        let Some(served) = serving.enter() else { return };
        let (visits, watchers) = (visits.clone(), watchers.clone());
        tokio::spawn(async move {
            match serve(stream, oikos, &watchers).await {
                Ok(None) => {}
                Ok(Some(mut visitor)) => {
                    // Takes no place among the requests, or visitors could keep each other from asking.
                    drop(place);
                    if let Ok(_visit) = visits.try_acquire() {
                        // Ends with the client, that is, with its process at the latest.
                        drop(visitor.read(&mut [0; 1]).await);
                    }
                }
                Err(error) => tracing::debug!(%error, "a connection ended early"),
            }
            drop(served);
        });
    }
}

/// Answers the request of a connection. A client that said hello comes back, to be waited for.
async fn serve(stream: UnixStream, oikos: Arc<Oikos>, watchers: &Semaphore) -> std::io::Result<Option<UnixStream>> {
    let (reading, mut writing) = stream.into_split();
    let mut line = Vec::new();
    let mut reading = BufReader::new(reading.take(REQUEST_BYTES_MAX));
    let read = reading.read_until(b'\n', &mut line);
    tokio::time::timeout(REQUEST_WAIT, read).await.map_err(std::io::Error::from)??;
    let read = read_request(&line).and_then(|envelope| {
        use Request::{EventEmit, RunFollow, RunStart};
        let watches = matches!(envelope.request, RunStart { .. } | RunFollow { .. } | EventEmit { .. });
        let place = watches.then(|| watchers.try_acquire()).transpose().map_err(|_| {
            Failure::new(ErrorCode::HostBusy, format!("{WATCHERS_MAX} runs are being watched from other terminals"))
                .hint("try again when one of them has ended; oikos stop --all ends them")
        })?;
        Ok((envelope, place))
    });
    let (envelope, _watcher) = match read {
        Ok(read) => read,
        Err(failure) => {
            write_frame(&mut writing, &Frame::Failed { failure }).await?;
            writing.shutdown().await?;
            // What is still on its way is taken and thrown away, or the system would throw away the answer with it.
            let rest = reading.get_mut().get_mut();
            drop(tokio::time::timeout(LINGER, tokio::io::copy(rest, &mut tokio::io::sink())).await);
            return Ok(None);
        }
    };
    let is_hello = matches!(envelope.request, Request::Hello);
    let (frames, mut waiting) = mpsc::channel(FRAMES_WAITING_MAX);
    let answering = tokio::spawn(async move { oikos.answer(envelope, frames).await });
    // A client that has gone closes its end; then nobody reads and the answer is not waited for.
    let mut gone = [0; 1];
    loop {
        tokio::select! {
            frame = waiting.recv() => {
                let Some(frame) = frame else { break };
                write_frame(&mut writing, &frame).await?;
            }
            read = reading.get_mut().get_mut().read(&mut gone) => {
                if matches!(read, Ok(0) | Err(_)) {
                    break;
                }
            }
        }
    }
    drop(waiting);
    answering.await.map_err(std::io::Error::other)?;
    let stream = reading.into_inner().into_inner().reunite(writing).map_err(std::io::Error::other)?;
    Ok(is_hello.then_some(stream))
}

async fn write_frame(writing: &mut (impl AsyncWriteExt + Unpin), frame: &Frame) -> std::io::Result<()> {
    let mut bytes = serde_json::to_vec(frame)?;
    bytes.push(b'\n');
    tokio::time::timeout(FRAME_WAIT, writing.write_all(&bytes)).await.map_err(std::io::Error::from)?
}

fn read_request(line: &[u8]) -> Result<Envelope, Failure> {
    if line.len() as u64 >= REQUEST_BYTES_MAX && !line.ends_with(b"\n") {
        return Err(too_large(line.len()));
    }
    let envelope = serde_json::from_slice(line).map_err(|error| {
        let message = format!("the request cannot be read: {error}");
        Failure::new(ErrorCode::InvalidInput, protocol::text::shorten(&message, 300))
    })?;
    if line.ends_with(b"\n") {
        return Ok(envelope);
    }
    Err(Failure::new(ErrorCode::InvalidInput, "the request does not end with a line break"))
}

fn too_large(bytes: usize) -> Failure {
    let (bytes, most) = (protocol::Arg::Bytes(bytes as u64), protocol::Arg::Bytes(REQUEST_BYTES_MAX));
    Failure::new(ErrorCode::TooLarge, format!("the request is larger than {most} ({bytes})"))
        .hint("hand large data over as a file: --file NAME=PATH")
}

/// Keeps the process that serves a home from going away, until dropped.
#[derive(Debug)]
pub struct Visit {
    _stream: UnixStream,
}

/// Says hello to the process that serves a home.
pub(crate) async fn visit(path: &SocketPath) -> std::io::Result<Visit> {
    /// An answer to a hello is shorter.
    const HELLO_BYTES_MAX: u64 = 4096;
    let mut stream = UnixStream::connect(&path.path).await?;
    let mut line = serde_json::to_vec(&Envelope { presence: false, owner: None, request: Request::Hello })?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    line.clear();
    BufReader::new((&mut stream).take(HELLO_BYTES_MAX)).read_until(b'\n', &mut line).await?;
    match serde_json::from_slice(&line)? {
        Frame::Done { reply: Reply::Hello { .. } } => Ok(Visit { _stream: stream }),
        _ => Err(std::io::Error::other("whoever serves the socket does not say hello")),
    }
}

/// Asks the process that serves a home.
pub(crate) async fn ask(path: &SocketPath, envelope: &Envelope) -> Result<mpsc::Receiver<Frame>, Failure> {
    let mut line = serde_json::to_vec(envelope).unwrap_or_default();
    line.push(b'\n');
    if line.len() as u64 > REQUEST_BYTES_MAX {
        return Err(too_large(line.len()));
    }
    let silent = |error: std::io::Error| {
        Failure::new(ErrorCode::HomeLocked, "the oikos process that holds OIKOS_HOME does not answer")
            .hint("try again; oikos doctor says who holds it")
            .log(error.to_string())
    };
    let stream = UnixStream::connect(&path.path).await.map_err(silent)?;
    let (reading, mut writing) = stream.into_split();
    tokio::time::timeout(REQUEST_WAIT, writing.write_all(&line))
        .await
        .map_err(|elapsed| silent(elapsed.into()))?
        .map_err(silent)?;
    let (frames, answer) = mpsc::channel(FRAMES_WAITING_MAX);
    tokio::spawn(async move {
        let _held_open = writing;
        let mut reading = BufReader::new(reading);
        loop {
            let mut line = Vec::new();
            let mut limited = (&mut reading).take(FRAME_BYTES_MAX);
            let read = tokio::select! {
                read = limited.read_until(b'\n', &mut line) => read,
                // Nobody waits for the answer any more: whoever serves it should know.
                () = frames.closed() => return,
            };
            if read.is_err() || !line.ends_with(b"\n") {
                return;
            }
            let Ok(frame) = serde_json::from_slice::<Frame>(&line) else { return };
            let is_last = matches!(frame, Frame::Done { .. } | Frame::Failed { .. });
            if frames.send(frame).await.is_err() || is_last {
                return;
            }
        }
    });
    Ok(answer)
}
