//! What comes in through a connection, counted as it comes: also what a server sends before its answer, between its
//! answers, and without an end.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed, Ordering::SeqCst},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};

/// Counts for a connection. All requests that share one are of one run.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    read: AtomicU64,
    charged: AtomicU64,
    /// Of what was read, what was passed on as bodies.
    bodies: AtomicU64,
    moved: Notify,
}

impl Meter {
    /// What came since this was asked last.
    pub(crate) fn uncharged(&self) -> u64 {
        let read = self.read.load(SeqCst);
        read.saturating_sub(self.charged.fetch_max(read, SeqCst))
    }

    /// So much of it was passed on.
    pub(crate) fn passed_on(&self, bytes: usize) {
        self.bodies.fetch_add(bytes as u64, Relaxed);
    }

    /// Comes back when more than this came in from now on that is no body of an answer.
    pub(crate) async fn beyond(&self, bytes_max: u64) {
        let spare = || self.read.load(SeqCst).saturating_sub(self.bodies.load(Relaxed));
        let begun = spare();
        loop {
            let moved = self.moved.notified();
            if spare().saturating_sub(begun) > bytes_max {
                return;
            }
            moved.await;
        }
    }
}

/// A connection that is counted.
pub(crate) struct Metered<S> {
    io: S,
    meter: Arc<Meter>,
}

impl<S> Metered<S> {
    pub(crate) fn new(io: S) -> (Self, Arc<Meter>) {
        let meter = Arc::<Meter>::default();
        (Self { io, meter: meter.clone() }, meter)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.io).poll_read(context, into);
        let came = into.filled().len() - before;
        if came > 0 {
            self.meter.read.fetch_add(came as u64, SeqCst);
            self.meter.moved.notify_waiters();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
