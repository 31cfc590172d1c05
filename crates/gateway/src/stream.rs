//! Frames as server-sent events, and back. Pure: bytes in, frames out.
//!
//! Each frame is one event, named after its kind, with the frame as JSON in one line of data. A chunk's number is the
//! event's id, and so is that of an entry of the log, so that a client which resumes says it in `Last-Event-ID`.

use protocol::api::Frame;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Ref, Schema, Type},
    },
};

/// Longest event that a client accepts: a chunk of 4 MiB with room for its escapes.
pub const FRAME_BYTES_MAX: usize = 64 << 20;
/// What is said while there is nothing to say, so that both ends notice when the other has gone.
pub(crate) const STILL_HERE: &[u8] = b":\n\n";

/// A frame as an event.
pub(crate) fn event(frame: &Frame) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = match frame {
        Frame::Run { .. } => b"event: run\n".to_vec(),
        Frame::Chunk(chunk) => format!("event: chunk\nid: {}\n", chunk.seq).into_bytes(),
        Frame::LogAfter { seq } => format!("event: log_after\nid: {seq}\n").into_bytes(),
        Frame::Entry(entry) => format!("event: entry\nid: {}\n", entry.seq).into_bytes(),
        // Bytes are no event, and JSON has no word for them: writing it fails.
        Frame::Piece(_) => Vec::new(),
        Frame::Step { .. } => b"event: step\n".to_vec(),
        Frame::Done { .. } => b"event: done\n".to_vec(),
        Frame::Failed { .. } => b"event: failed\n".to_vec(),
    };
    bytes.extend_from_slice(b"data: ");
    // JSON escapes line breaks, so the data is one line.
    serde_json::to_writer(&mut bytes, frame)?;
    bytes.extend_from_slice(b"\n\n");
    Ok(bytes)
}

/// One event of a stream, for the description: OpenAPI 3.1 has no word for the items of a stream, so that what is said of
/// a stream is said of each event in it.
pub(crate) struct FrameEvent;

impl PartialSchema for FrameEvent {
    fn schema() -> RefOr<Schema> {
        let text = |about: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(about));
        let kinds = ["run", "chunk", "log_after", "entry", "step", "done", "failed"];
        let data = text("The frame, as JSON in one line.")
            .content_media_type("application/json")
            .content_schema(Some(Ref::from_schema_name("Frame")));
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some(
                "One server-sent event of a stream: a frame, and what is to be known of it before it is read.",
            ))
            .property("event", text("The kind of the frame.").enum_values(Some(kinds)))
            .required("event")
            .property(
                "id",
                text("The number of a chunk or of an entry of the log: where to go on.").pattern(Some("^[0-9]+$")),
            )
            .property("data", data)
            .required("data")
            .into()
    }
}

impl ToSchema for FrameEvent {}

/// Whether nothing comes after this frame.
pub(crate) fn is_last(frame: &Frame) -> bool {
    matches!(frame, Frame::Done { .. } | Frame::Failed { .. })
}

/// A stream of events that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// A line grew beyond every bound.
    #[error("an event is larger than {FRAME_BYTES_MAX} bytes")]
    TooLarge,
    /// The data of an event is no frame.
    #[error("an event cannot be read: {0}")]
    NoFrame(String),
}

/// Reads frames out of a stream of events, however it is cut into pieces.
#[derive(Debug, Default)]
pub struct EventReader {
    /// What has come and is no whole line yet.
    line: Vec<u8>,
    /// The data of the event so far.
    data: Vec<u8>,
}

impl EventReader {
    /// The frames that a piece completes.
    pub fn read(&mut self, piece: &[u8]) -> Result<Vec<Frame>, StreamError> {
        let mut frames = Vec::new();
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + self.data.len() + part.len() > FRAME_BYTES_MAX {
                return Err(StreamError::TooLarge);
            }
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                frames.extend(self.take_line(&line)?);
            }
        }
        Ok(frames)
    }

    fn take_line(&mut self, line: &[u8]) -> Result<Option<Frame>, StreamError> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            if self.data.is_empty() {
                return Ok(None);
            }
            let data = std::mem::take(&mut self.data);
            let frame = serde_json::from_slice(&data).map_err(|error| StreamError::NoFrame(error.to_string()))?;
            return Ok(Some(frame));
        }
        // Names and ids are in the frame as well; comments say only that somebody is there.
        if let Some(data) = line.strip_prefix(b"data:") {
            if !self.data.is_empty() {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(data.strip_prefix(b" ").unwrap_or(data));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use protocol::{Chunk, SequencedChunk, api::Reply};

    fn frames(texts: &[String]) -> Vec<Frame> {
        let run = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a".parse().expect("is an id");
        let chunk = |(place, text): (usize, &String)| {
            Frame::Chunk(SequencedChunk { run, seq: place as u64 + 1, chunk: Chunk::Text { text: text.clone() } })
        };
        let begin = std::iter::once(Frame::Run { run });
        begin.chain(texts.iter().enumerate().map(chunk)).chain([Frame::Done { reply: Reply::Ok }]).collect()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_however_it_is_cut(texts in prop::collection::vec(any::<String>(), 0..8), cut in 1usize..40) {
            let frames = frames(&texts);
            let mut bytes = Vec::new();
            for frame in &frames {
                bytes.extend_from_slice(STILL_HERE);
                bytes.extend(event(frame).expect("is written"));
            }
            let mut reader = EventReader::default();
            let mut read = Vec::new();
            for piece in bytes.chunks(cut) {
                read.extend(reader.read(piece).expect("is read"));
            }
            prop_assert_eq!(read, frames);
        }

        #[test]
        fn foreign_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            drop(EventReader::default().read(&bytes));
        }
    }

    #[test]
    fn a_line_without_an_end_is_refused_at_its_bound() {
        let mut reader = EventReader::default();
        let piece = vec![b'x'; 1 << 20];
        let refused = (0..=65).find_map(|_| reader.read(&piece).err());
        assert_eq!(refused, Some(StreamError::TooLarge));
    }

    #[test]
    fn the_last_frame_is_known() {
        let frames = frames(&["a".to_owned()]);
        assert_eq!(frames.iter().map(is_last).collect::<Vec<_>>(), [false, false, true]);
    }
}
