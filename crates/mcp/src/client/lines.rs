//! A program's pipes: one message a line.

use super::{
    CallError,
    carrier::{Asking, Carrier, Fault, Outcome, Waiting},
    core::Core,
    message::{Message, Unread},
};
use futures_util::{
    FutureExt as _,
    future::{BoxFuture, poll_immediate},
};
use std::{
    io::ErrorKind,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::{Mutex, OwnedMutexGuard},
};
use tokio_util::sync::CancellationToken;

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// Where messages are written. None after it was closed, or broke off.
type Input = Option<Box<dyn AsyncWrite + Send + Unpin>>;

/// A program.
pub(crate) struct Lines {
    waiting: Arc<Waiting>,
    /// Whoever has it writes a whole message, in the order of asking.
    input: Arc<Mutex<Input>>,
    closed: CancellationToken,
    /// How long it is waited for that a message is read.
    write: Duration,
}

impl Lines {
    pub(crate) fn new(
        core: &Arc<Core>,
        output: Box<dyn AsyncRead + Send + Unpin>,
        input: Box<dyn AsyncWrite + Send + Unpin>,
    ) -> Self {
        let waiting = Arc::<Waiting>::default();
        let input = Arc::new(Mutex::new(Some(input)));
        let closed = core.closed.clone();
        tokio::spawn(read(core.clone(), waiting.clone(), output));
        tokio::spawn(close(closed.clone(), Arc::downgrade(&input)));
        Self { waiting, input, closed, write: Duration::from_millis(core.options.bounds.write_ms) }
    }

    async fn say(&self, mut message: Vec<u8>) -> Result<(), CallError> {
        message.push(b'\n');
        let turn = tokio::time::timeout(self.write, self.input.clone().lock_owned()).await;
        let input = turn.map_err(|_| gone(DEAF))?;
        let mut writing = write(input, message, self.closed.clone(), self.write).boxed();
        // Mostly its pipe has room, and a task of its own would cost every message the waking of it. Where it has none, what was begun
        // is written to its end, also where nobody waits for it any more: half a message would spoil the next.
        let written = match poll_immediate(&mut writing).await {
            Some(written) => written,
            None => {
                let waiting = self.waiting.clone();
                let written = tokio::spawn(async move {
                    let written = writing.await;
                    if let Err(why) = written {
                        waiting.end(gone(why));
                    }
                    written
                });
                written.await.unwrap_or(Err(DEAF))
            }
        };
        written.map_err(gone)
    }
}

/// Why nothing can be said to it.
const SHUT: &str = "it has closed its input";
const DEAF: &str = "it does not read its input";

fn gone(why: &str) -> CallError {
    CallError::Gone { why: why.to_owned() }
}

/// Writes one message. After one that could not be written nothing is.
async fn write(
    mut input: OwnedMutexGuard<Input>,
    message: Vec<u8>,
    closed: CancellationToken,
    patience: Duration,
) -> Result<(), &'static str> {
    let Some(pipe) = input.as_mut() else { return Err(SHUT) };
    let writing = async {
        pipe.write_all(&message).await?;
        pipe.flush().await
    };
    let written = tokio::select! {
        biased;
        written = tokio::time::timeout(patience, writing) => written,
        () = closed.cancelled() => Ok(Err(ErrorKind::BrokenPipe.into())),
    };
    let why = match written {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(_)) => SHUT,
        Err(_) => DEAF,
    };
    input.take();
    Err(why)
}

/// A program learns from the end of its input that the session is over.
async fn close(closed: CancellationToken, input: Weak<Mutex<Input>>) {
    closed.cancelled().await;
    if let Some(input) = input.upgrade() {
        input.lock().await.take();
    }
}

impl Carrier for Lines {
    fn ask<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Outcome, Fault>> {
        Box::pin(async move {
            let place = self.waiting.place(asking.open.id)?;
            let said = self.say(asking.written()).await;
            // Where both ends have gone, what was read last says best why.
            match said {
                Ok(()) => Ok(place.answer().await?),
                Err(error) => {
                    self.waiting.end(error);
                    Ok(place.answer().await?)
                }
            }
        })
    }

    fn tell(&self, message: Vec<u8>) -> BoxFuture<'_, Result<(), CallError>> {
        Box::pin(self.say(message))
    }
}

async fn read(core: Arc<Core>, waiting: Arc<Waiting>, mut output: Box<dyn AsyncRead + Send + Unpin>) {
    let bounds = &core.options.bounds;
    let mut splitter = Splitter { most: bounds.message_bytes, ..Splitter::default() };
    let mut piece = vec![0; PIECE];
    let mut garbage = 0;
    let why = loop {
        let read = tokio::select! {
            () = core.closed.cancelled() => return,
            read = output.read(&mut piece) => read,
        };
        let read = match read {
            Ok(0) => break "it has ended".to_owned(),
            Ok(read) => read,
            Err(_) => break "its output broke off".to_owned(),
        };
        splitter.feed(&piece[..read], |line| match line.map(Message::read) {
            None => waiting.fail_all(&CallError::TooMuch { what: "bytes in a message", most: bounds.message_bytes }),
            Some(Ok(messages)) if !messages.is_empty() => {
                garbage = 0;
                for message in messages {
                    if let Some(message) = waiting.settle(message) {
                        core.hear(message, None);
                    }
                }
            }
            Some(Err(Unread::TooMuch { id: Some(id), what, most })) => {
                waiting.fail(id, CallError::TooMuch { what, most });
            }
            Some(why) => {
                garbage += 1;
                tracing::debug!(?why, "a line of a server is no message");
            }
        });
        if garbage > bounds.garbage_lines {
            break "what it writes to its output are not messages of the protocol".to_owned();
        }
        // A server that never stops talking does not keep others from being heard; after what is mostly one answer, whoever waits
        // for it goes on at once, and on this thread.
        if read == piece.len() {
            tokio::task::yield_now().await;
        }
    };
    waiting.end(CallError::Gone { why });
    core.hub.tell(super::Change::Missed);
}

/// Makes lines of pieces. A line beyond the bound is told once and not kept.
#[derive(Default)]
struct Splitter {
    most: usize,
    line: Vec<u8>,
    skipping: bool,
}

impl Splitter {
    fn feed(&mut self, mut piece: &[u8], mut each: impl FnMut(Option<&[u8]>)) {
        while !piece.is_empty() {
            let end = piece.iter().position(|&byte| byte == b'\n');
            let (part, rest) = piece.split_at(end.unwrap_or(piece.len()));
            piece = rest.get(1..).unwrap_or_default();
            if !self.skipping && self.line.len() + part.len() > self.most {
                self.skipping = true;
                self.line = Vec::new();
                each(None);
            }
            if !self.skipping {
                self.line.extend_from_slice(part);
            }
            if end.is_some() {
                let line = std::mem::take(&mut self.line);
                let was_skipped = std::mem::take(&mut self.skipping);
                let text = line.trim_ascii();
                if !was_skipped && !text.is_empty() {
                    each(Some(text));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, step: usize, expected: &[Option<&str>]) {
        let mut splitter = Splitter { most: 8, ..Splitter::default() };
        let mut lines = Vec::new();
        for piece in text.as_bytes().chunks(step) {
            splitter.feed(piece, |line| lines.push(line.map(|line| String::from_utf8_lossy(line).into_owned())));
        }
        let lines: Vec<_> = lines.iter().map(Option::as_deref).collect();
        assert_eq!(lines, expected, "{text:?} by {step}");
        assert!(splitter.line.capacity() <= 64);
    }

    #[test]
    fn lines_come_out_whole_and_long_ones_are_told_once() {
        for step in [1, 2, 3, 100] {
            check("a\r\n\n  b\nccc", step, &[Some("a"), Some("b")]);
            check("12345678\n123456789abcdefghijklmnop\nok\n", step, &[Some("12345678"), None, Some("ok")]);
        }
    }
}
