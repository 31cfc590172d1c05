//! The host's end of an exchange: each byte is allowed and counted as it moves.

use super::{Warden, live::Open};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A host's line. Where nothing may move any more, nothing does: whoever waits for [`Open::was_cut`] ends it.
pub(super) struct Watched<'a, S> {
    pub(super) line: S,
    pub(super) open: &'a Open,
    pub(super) warden: &'a dyn Warden,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<'_, S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.line).poll_read(context, into);
        match self.open.came_down(into.filled().len() - before) {
            Ok(()) => read,
            Err(why) => {
                self.open.cut(why);
                Poll::Pending
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<'_, S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Err(why) = self.open.may_go_up(self.warden) {
            self.open.cut(why);
            return Poll::Pending;
        }
        let written = Pin::new(&mut self.line).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = written
            && let Err(why) = self.open.went_up(count)
        {
            self.open.cut(why);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_shutdown(context)
    }
}
