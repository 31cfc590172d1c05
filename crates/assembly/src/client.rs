//! How a process reaches an oikos: it holds the home itself, or goes through the one that does.

use crate::{
    Config, Door, Doors, Oikos,
    socket::{self, SocketPath, SocketServer},
};
use gateway::{
    McpLines,
    client::{Visit, ask_here},
};
use protocol::{
    ClientName, ErrorCode, Failure, OwnerName,
    api::{Envelope, Frame, Reply},
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::Instant};

/// How long to wait for a holder that has the lock but does not (yet, or any more) serve its socket.
const HOLDER_WAIT: Duration = Duration::from_secs(10);
/// How long between two looks at it.
const HOLDER_LOOK_EVERY: Duration = Duration::from_millis(20);

/// A way to an oikos.
pub enum Client {
    /// This process holds the home and serves the socket.
    Holder {
        /// The socket for others. Goes before the home does: the next holder's socket has the same name.
        server: SocketServer,
        /// It.
        oikos: Arc<Oikos>,
    },
    /// Another process holds it.
    Through {
        /// Its socket.
        path: SocketPath,
        /// Keeps it there.
        visit: Visit,
    },
}

/// The answer to a request, frame by frame; the last is `Done` or `Failed`.
pub struct Answers(mpsc::Receiver<Frame>);

impl Answers {
    /// The next frame. If the other process ends in between, that is a failure too.
    pub async fn next(&mut self) -> Frame {
        self.0.recv().await.unwrap_or_else(|| Frame::Failed {
            failure: Failure::new(ErrorCode::Internal, "the oikos process that was asked ended before it answered")
                .hint("oikos doctor"),
        })
    }

    /// Skips to the answer.
    pub async fn reply(mut self) -> Result<Reply, Failure> {
        loop {
            match self.next().await {
                Frame::Done { reply } => return Ok(reply),
                Frame::Failed { failure } => return Err(failure),
                // All others come before it.
                _ => {}
            }
        }
    }
}

impl Client {
    /// Takes the home, or finds the process that has it.
    pub async fn connect(config: &Config) -> Result<Self, Failure> {
        let deadline = Instant::now() + HOLDER_WAIT;
        loop {
            let held = match Oikos::open(config) {
                Ok(oikos) => {
                    let server = SocketServer::start(oikos.clone())?;
                    return Ok(Self::Holder { oikos, server });
                }
                Err(failure) if failure.code == ErrorCode::HomeLocked => failure,
                Err(failure) => return Err(failure),
            };
            // The holder may be starting, or about to end: whoever is quicker wins.
            let home = std::fs::canonicalize(&config.home).unwrap_or_else(|_| PathBuf::from(&config.home));
            let path = SocketPath::of(&home);
            if let Ok(Ok(visit)) = tokio::time::timeout(HOLDER_WAIT, socket::visit(&path)).await {
                return Ok(Self::Through { path, visit });
            }
            if Instant::now() >= deadline {
                return Err(held);
            }
            tokio::time::sleep(HOLDER_LOOK_EVERY).await;
        }
    }

    /// Takes the home, to hold it for long. Waits for a command that is about to end; `HomeLocked` if the holder stays.
    pub async fn hold(config: &Config) -> Result<Self, Failure> {
        let deadline = Instant::now() + HOLDER_WAIT;
        loop {
            match Oikos::open(config) {
                Ok(oikos) => {
                    let server = SocketServer::start(oikos.clone())?;
                    return Ok(Self::Holder { oikos, server });
                }
                Err(failure) if failure.code == ErrorCode::HomeLocked && Instant::now() < deadline => {
                    tokio::time::sleep(HOLDER_LOOK_EVERY).await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Opens the door that others reach, for whoever holds the home.
    pub async fn open_door(&self, doors: &Doors) -> Result<Door, Failure> {
        match self {
            Self::Holder { server, oikos } => Door::open(doors, oikos, server.router().clone()).await,
            Self::Through { .. } => Err(Failure::new(ErrorCode::HomeLocked, "another process holds OIKOS_HOME")),
        }
    }

    /// Asks.
    pub async fn ask(&self, envelope: Envelope) -> Result<Answers, Failure> {
        match self {
            Self::Holder { server, .. } => ask_here(server.router(), &envelope).map(Answers),
            Self::Through { path, .. } => socket::ask(path, &envelope).await.map(Answers),
        }
    }

    /// Joins an MCP client with the household: a connection that carries its messages, a line each.
    pub async fn mcp_lines(&self, owner: Option<&OwnerName>, client: Option<ClientName>) -> Result<McpLines, Failure> {
        let path = match self {
            Self::Holder { server, .. } => server.path(),
            Self::Through { path, .. } => path,
        };
        socket::mcp_lines(path, owner, client).await
    }

    /// Serves the others until the last of them has ended, and from then on nobody.
    pub async fn drain(&self) {
        let Self::Holder { server, oikos } = self else { return };
        // Those who look on would never end.
        oikos.follow_end();
        // Newcomers are served as well: somebody may want to stop what another one runs here.
        while !server.stop_if_idle() {
            tokio::time::sleep(HOLDER_LOOK_EVERY).await;
        }
    }

    /// Ends: what this process holds is settled, signed and let go.
    pub async fn close(self) {
        if let Self::Holder { oikos, server } = self {
            drop(server);
            oikos.close().await;
        }
    }
}
