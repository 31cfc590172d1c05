//! Bodies of answers: one piece, or a stream of events that is made while it is sent.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http_body::{Frame, SizeHint};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// How often a stream says that it is still there: more often than what stands between gives up on it.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// When a client that lost a stream comes back for it.
const RETRY_MS: u32 = 1_000;

/// The body of an answer.
pub struct Body(Kind);

enum Kind {
    Whole(Option<Bytes>),
    Stream(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
}

impl Body {
    /// Nothing.
    pub fn empty() -> Self {
        Self(Kind::Whole(None))
    }

    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Whole(Some(bytes.into()).filter(|bytes: &Bytes| !bytes.is_empty())))
    }

    /// The same, where it is in one piece, made into something else.
    pub(crate) fn map_whole(self, change: impl FnOnce(&Bytes) -> Bytes) -> Self {
        match self.0 {
            Kind::Whole(bytes) => Self(Kind::Whole(bytes.as_ref().map(change))),
            stream => Self(stream),
        }
    }

    /// A stream of events, with a sign of life where nothing happens for long.
    pub(crate) fn events(events: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        let events = stream::unfold(Box::pin(events), |mut events| async move {
            let next = tokio::time::timeout(SIGN_OF_LIFE, events.next()).await;
            let bytes = next.unwrap_or(Some(Bytes::from_static(b": \n\n")))?;
            Some((bytes, events))
        });
        Self(Kind::Stream(Box::pin(events)))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Stream(stream) => {
                stream.as_mut().poll_next(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Kind::Stream(_) => SizeHint::default(),
        }
    }
}

/// A message as an event. JSON has no line ends of its own: what an app's server wrote over several lines becomes several
/// lines of data, which every reader puts together again.
pub(crate) fn event(id: Option<(u64, u64)>, message: &Bytes) -> Bytes {
    let mut out = Vec::with_capacity(message.len() + 48);
    if let Some((stream, number)) = id {
        out.extend_from_slice(format!("id: {stream}.{number}\n").as_bytes());
    }
    out.extend_from_slice(b"event: message\n");
    let mut is_cr = false;
    out.extend_from_slice(b"data: ");
    for &byte in message {
        match byte {
            b'\n' if is_cr => {}
            b'\n' | b'\r' => out.extend_from_slice(b"\ndata: "),
            byte => out.push(byte),
        }
        is_cr = byte == b'\r';
    }
    out.extend_from_slice(b"\n\n");
    out.into()
}

/// The first event of a stream that can be found again: it holds nothing but where to begin.
pub(crate) fn beginning(stream: u64) -> Bytes {
    format!("id: {stream}.0\nretry: {RETRY_MS}\ndata: \n\n").into()
}

/// The stream and the number that an event's id names.
pub(crate) fn event_id(id: &str) -> Option<(u64, u64)> {
    let (stream, number) = id.split_once('.')?;
    Some((stream.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_holds_one_message_whatever_is_in_it() {
        let check = |message: &'static str, expected: &str| {
            assert_eq!(event(Some((3, 7)), &Bytes::from_static(message.as_bytes())), expected.as_bytes());
        };
        check("{}", "id: 3.7\nevent: message\ndata: {}\n\n");
        check("{\r\n}\n", "id: 3.7\nevent: message\ndata: {\ndata: }\ndata: \n\n");
        check("{\r}", "id: 3.7\nevent: message\ndata: {\ndata: }\n\n");
        for (text, expected) in [("3.7", Some((3, 7))), ("3", None), ("a.b", None), ("3.7.1", None), ("", None)] {
            assert_eq!(event_id(text), expected, "{text}");
        }
    }
}
