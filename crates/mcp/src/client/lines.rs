//! A program's pipes: one message a line.

use super::{
    CallError,
    carrier::{Asking, Carrier, Fault, Outcome, Waiting},
    core::Core,
    message::{Message, Unread},
};
use futures_util::future::BoxFuture;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::{mpsc, oneshot},
};

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;
/// Messages that wait to be written.
const QUEUE: usize = 64;

/// A message to be written, and who wants to know that it was.
type Written = (Vec<u8>, oneshot::Sender<()>);

/// A program.
pub(crate) struct Lines {
    waiting: Arc<Waiting>,
    queue: mpsc::Sender<Written>,
    write: Duration,
}

impl Lines {
    pub(crate) fn new(
        core: &Arc<Core>,
        output: Box<dyn AsyncRead + Send + Unpin>,
        input: Box<dyn AsyncWrite + Send + Unpin>,
    ) -> Self {
        let waiting = Arc::<Waiting>::default();
        let (queue, messages) = mpsc::channel(QUEUE);
        let write = Duration::from_millis(core.options.bounds.write_ms);
        tokio::spawn(read(core.clone(), waiting.clone(), output));
        tokio::spawn(write_all(core.clone(), waiting.clone(), input, messages, write));
        Self { waiting, queue, write }
    }

    async fn say(&self, mut message: Vec<u8>) -> Result<(), CallError> {
        message.push(b'\n');
        let gone = || CallError::Gone { why: "it reads no more".to_owned() };
        let (sender, written) = oneshot::channel();
        let saying = async {
            self.queue.send((message, sender)).await.map_err(|_| gone())?;
            written.await.map_err(|_| gone())
        };
        tokio::time::timeout(self.write, saying).await.unwrap_or_else(|_| Err(gone()))
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

async fn write_all(
    core: Arc<Core>,
    waiting: Arc<Waiting>,
    mut input: Box<dyn AsyncWrite + Send + Unpin>,
    mut messages: mpsc::Receiver<Written>,
    patience: Duration,
) {
    loop {
        let next = tokio::select! {
            () = core.closed.cancelled() => return,
            next = messages.recv() => next,
        };
        let Some((message, written)) = next else { return };
        let writing = async {
            input.write_all(&message).await?;
            input.flush().await
        };
        let why = match tokio::time::timeout(patience, writing).await {
            Ok(Ok(())) => {
                // Who wanted to know may have left.
                written.send(()).ok();
                continue;
            }
            Ok(Err(_)) => "it has closed its input",
            Err(_) => "it does not read its input",
        };
        return waiting.end(CallError::Gone { why: why.to_owned() });
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
        // A server that never stops talking does not keep others from being heard.
        tokio::task::yield_now().await;
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
