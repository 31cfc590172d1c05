//! Reads an answer while it comes.

use crate::{
    ModelError, ModelFault, StreamEvent,
    bounds::STREAM_BYTES_MAX,
    frames::{Flow, Frames, Framing, Piece},
    told::Told,
};
use std::fmt::Debug;

/// Reads the pieces of one wire.
pub(crate) trait Reader: Debug + Send + Sync {
    /// Takes the next piece and tells what it says.
    fn piece(&mut self, piece: Piece<'_>, told: &mut Told) -> Result<Flow, ModelError>;
}

/// Reads one streamed answer: bytes in, however they are cut, and events out. It ends with one event that
/// [is the last](StreamEvent::is_last), whatever comes and wherever it stops.
#[derive(Debug)]
pub struct Decoder {
    frames: Frames,
    reader: Box<dyn Reader>,
    told: Told,
    taken: u64,
    is_over: bool,
}

impl Decoder {
    pub(crate) fn new(framing: Framing, reader: Box<dyn Reader>) -> Self {
        Self { frames: Frames::new(framing), reader, told: Told::default(), taken: 0, is_over: false }
    }

    /// Takes a piece of the body; what it says. After the last event, nothing.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<StreamEvent> {
        if self.is_over {
            return Vec::new();
        }
        let room = usize::try_from(STREAM_BYTES_MAX - self.taken).unwrap_or(usize::MAX);
        let within = &bytes[..bytes.len().min(room)];
        self.taken += within.len() as u64;
        let Self { frames, reader, told, .. } = self;
        let read = frames.feed(within, &mut |piece| reader.piece(piece, told));
        match read {
            Ok(Flow::On) if within.len() == bytes.len() => {}
            Ok(Flow::On) => self.over(Err(ModelError::too_much("one stream"))),
            Ok(Flow::Done) => self.over(Ok(())),
            Err(error) => self.over(Err(error)),
        }
        self.told.take()
    }

    /// The body is over. If the answer is not, that is an error.
    pub fn end(&mut self) -> Vec<StreamEvent> {
        if self.is_over {
            return Vec::new();
        }
        let Self { frames, reader, told, .. } = self;
        let read = frames.end(&mut |piece| reader.piece(piece, told));
        self.over(match read {
            Ok(_) => Ok(()),
            // Half a piece is no nonsense but the place where it was cut.
            Err(error) if error.fault == ModelFault::Malformed => Err(ModelError::new(ModelFault::Truncated)),
            Err(error) => Err(error),
        });
        self.told.take()
    }

    /// The transport broke. An answer whose reason to end was said is whole all the same.
    pub fn fail(&mut self, error: ModelError) -> Vec<StreamEvent> {
        if self.is_over {
            return Vec::new();
        }
        self.over(Err(error));
        self.told.take()
    }

    /// Whether the last event was said, and nothing has to be read any more.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    fn over(&mut self, how: Result<(), ModelError>) {
        self.is_over = true;
        match how {
            Err(error) if !self.told.has_finish() => self.told.fail(error),
            _ => self.told.end(),
        }
    }
}
