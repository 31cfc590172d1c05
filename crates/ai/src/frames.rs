//! How streams are cut into pieces: server-sent events as WHATWG's standard has them, and lines of JSON. Fed with bytes however
//! they come, it finds the same pieces; a character that comes in two halves is one when its line is whole.

use crate::{ModelError, bounds::EVENT_BYTES_MAX};

/// What frames a wire's pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Server-sent events.
    Events,
    /// One JSON value a line.
    Lines,
}

/// One piece of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// The kind of event; empty where none was said.
    pub(crate) kind: &'a str,
    /// What it holds.
    pub(crate) data: &'a str,
}

/// What a reader wants after a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The next one.
    On,
    /// Nothing more.
    Done,
}

type Read<'a> = dyn FnMut(Piece<'_>) -> Result<Flow, ModelError> + 'a;

/// Finds the pieces of a stream.
#[derive(Debug)]
pub(crate) struct Frames {
    framing: Framing,
    /// The line that is not whole yet.
    line: Vec<u8>,
    kind: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    has_begun: bool,
    after_return: bool,
    most: usize,
}

impl Frames {
    pub(crate) fn new(framing: Framing) -> Self {
        Self {
            framing,
            line: Vec::new(),
            kind: Vec::new(),
            data: Vec::new(),
            has_data: false,
            has_begun: false,
            after_return: false,
            most: EVENT_BYTES_MAX,
        }
    }

    /// Takes bytes, and shows `read` each piece that they complete.
    pub(crate) fn feed(&mut self, mut bytes: &[u8], read: &mut Read<'_>) -> Result<Flow, ModelError> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_return) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.room_for(bytes.len())?;
                self.line.extend_from_slice(bytes);
                break;
            };
            self.room_for(end)?;
            self.after_return = bytes[end] == b'\r';
            let flow = if self.line.is_empty() {
                self.take_line(&bytes[..end], read)?
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(&bytes[..end]);
                let flow = self.take_line(&line, read)?;
                // Its room is used again for the next one.
                line.clear();
                self.line = line;
                flow
            };
            if flow == Flow::Done {
                return Ok(flow);
            }
            bytes = &bytes[end + 1..];
        }
        Ok(Flow::On)
    }

    /// The stream is over. A last piece without the line's end that belongs to it is a piece all the same.
    pub(crate) fn end(&mut self, read: &mut Read<'_>) -> Result<Flow, ModelError> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() && self.take_line(&line, read)? == Flow::Done {
            return Ok(Flow::Done);
        }
        self.dispatch(read)
    }

    fn room_for(&self, more: usize) -> Result<(), ModelError> {
        let held = self.line.len() + self.data.len();
        if held.saturating_add(more) > self.most { Err(ModelError::too_much("one event of a stream")) } else { Ok(()) }
    }

    fn take_line(&mut self, line: &[u8], read: &mut Read<'_>) -> Result<Flow, ModelError> {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let line = if is_first { line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line) } else { line };
        match self.framing {
            Framing::Lines if line.iter().all(u8::is_ascii_whitespace) => Ok(Flow::On),
            Framing::Lines => read(Piece { kind: "", data: text(line)? }),
            Framing::Events if line.is_empty() => self.dispatch(read),
            Framing::Events => {
                self.field(line);
                Ok(Flow::On)
            }
        }
    }

    /// `name: value`; a line that begins with `:` is a comment, and unknown names are left alone.
    fn field(&mut self, line: &[u8]) {
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            b"event" => {
                self.kind.clear();
                self.kind.extend_from_slice(value);
            }
            _ => {}
        }
    }

    fn dispatch(&mut self, read: &mut Read<'_>) -> Result<Flow, ModelError> {
        let flow = if std::mem::take(&mut self.has_data) {
            read(Piece { kind: text(&self.kind)?, data: text(&self.data)? })
        } else {
            Ok(Flow::On)
        };
        self.kind.clear();
        self.data.clear();
        flow
    }
}

fn text(bytes: &[u8]) -> Result<&str, ModelError> {
    std::str::from_utf8(bytes).map_err(|_| ModelError::malformed("a stream that is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces(frames: &mut Frames, parts: &[&[u8]]) -> Result<Vec<(String, String)>, ModelError> {
        let mut found = Vec::new();
        let mut read = |piece: Piece<'_>| {
            found.push((piece.kind.to_owned(), piece.data.to_owned()));
            Ok(Flow::On)
        };
        for part in parts {
            frames.feed(part, &mut read)?;
        }
        frames.end(&mut read)?;
        Ok(found)
    }

    fn events(text: &str) -> Vec<(String, String)> {
        pieces(&mut Frames::new(Framing::Events), &[text.as_bytes()]).expect("is a stream")
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        let said = |kind: &str, data: &str| (kind.to_owned(), data.to_owned());
        assert_eq!(events("\u{feff}data: a\n\n"), [said("", "a")]);
        assert_eq!(events("event: x\r\ndata:a\r\ndata:  b\r\n\r\n"), [said("x", "a\n b")]);
        assert_eq!(events("data: a\r\rdata\r\r"), [said("", "a"), said("", "")]);
        assert_eq!(events(": comment\nid: 7\nretry: 5\n\nevent: x\n\ndata: a\n\n"), [said("", "a")]);
        // Some forget the last empty line, or even the last line's end.
        assert_eq!(events("data: a\n\ndata: [DONE]\n"), [said("", "a"), said("", "[DONE]")]);
        assert_eq!(events("data: [DONE]"), [said("", "[DONE]")]);
    }

    #[test]
    fn lines_are_read_and_empty_ones_left_alone() {
        let mut frames = Frames::new(Framing::Lines);
        let found = pieces(&mut frames, &[b"{}\r\n\n  \n[1", b"]"]).expect("are lines");
        assert_eq!(found, [(String::new(), "{}".to_owned()), (String::new(), "[1]".to_owned())]);
    }

    #[test]
    fn an_endless_line_is_stopped_and_so_are_endless_lines_of_one_event() {
        for framing in [Framing::Events, Framing::Lines] {
            let mut frames = Frames { most: 64, ..Frames::new(framing) };
            let endless = vec![b'x'; 65];
            let error = pieces(&mut frames, &[&endless]).expect_err("is too long");
            assert_eq!(error.fault, crate::ModelFault::TooMuch);
        }
        let mut frames = Frames { most: 64, ..Frames::new(Framing::Events) };
        let lines = "data: 0123456789\n".repeat(8);
        assert_eq!(
            pieces(&mut frames, &[lines.as_bytes()]).expect_err("is too long").fault,
            crate::ModelFault::TooMuch
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let error = pieces(&mut Frames::new(Framing::Events), &[b"data: \xff\n\n"]).expect_err("is no text");
        assert_eq!(error.fault, crate::ModelFault::Malformed);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_pieces(
            text in "(data: ?[aä😀:]{0,6}|event: [xy]|: c|)(\n|\r|\r\n)|[\u{0}-\u{7f}]{0,4}",
            more in prop::collection::vec("(data: ?[aä😀:]{0,6}|event: [xy]|: c|)(\n|\r|\r\n)", 0..12),
            cuts in prop::collection::vec(0_usize..200, 0..8),
        ) {
            let whole = text + &more.concat();
            let bytes = whole.as_bytes();
            let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < bytes.len()).collect();
            cuts.sort_unstable();
            let mut parts = Vec::new();
            let mut from = 0;
            for cut in cuts {
                parts.push(&bytes[from..cut]);
                from = cut;
            }
            parts.push(&bytes[from..]);
            for framing in [Framing::Events, Framing::Lines] {
                let at_once = pieces(&mut Frames::new(framing), &[bytes]);
                prop_assert_eq!(pieces(&mut Frames::new(framing), &parts), at_once);
            }
        }
    }
}
