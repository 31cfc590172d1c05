//! What a program and its proxy speak over, and where it comes from.

use std::{future::Future, io};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream},
    net::{TcpListener, TcpStream},
};

/// A connection.
pub trait Line: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// From now on its end is no ordinary one: who is at the other side hears that something is missing, where that can be
    /// said.
    fn break_off(&mut self) {}
}

impl Line for TcpStream {
    fn break_off(&mut self) {
        if let Err(error) = self.set_zero_linger() {
            tracing::debug!(%error, "a connection ends as if it were whole");
        }
    }
}

impl Line for DuplexStream {}

#[cfg(unix)]
impl Line for tokio::net::UnixStream {}

/// Where a program's connections come from: the listener in its own network, or a socket that it sees.
pub trait Listen: Send + Sync + 'static {
    /// What comes.
    type Line: Line;
    /// The next connection.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Line>> + Send;
}

impl Listen for TcpListener {
    type Line = TcpStream;

    async fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _) = Self::accept(self).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

#[cfg(unix)]
impl Listen for tokio::net::UnixListener {
    type Line = tokio::net::UnixStream;

    async fn accept(&self) -> io::Result<tokio::net::UnixStream> {
        Ok(Self::accept(self).await?.0)
    }
}

/// A connection that is broken off, unless somebody says that it is whole.
pub(super) struct Held<L: Line> {
    pub(super) line: L,
    pub(super) is_whole: bool,
}

impl<L: Line> Held<L> {
    pub(super) fn new(line: L) -> Self {
        Self { line, is_whole: false }
    }
}

impl<L: Line> Drop for Held<L> {
    fn drop(&mut self) {
        if !self.is_whole {
            self.line.break_off();
        }
    }
}
