//! Server-sent events, read as WHATWG's standard says, piece by piece and within a bound.

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its kind; empty is `message`.
    pub(crate) kind: String,
    /// Its lines.
    pub(crate) data: String,
}

/// More than its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Reads a stream of events. Fed with bytes however they come, it gives the same events.
#[derive(Debug)]
pub(crate) struct Events {
    most: usize,
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    begun: bool,
    after_return: bool,
    /// Where the stream can be taken up again.
    pub(crate) last_id: Option<String>,
    /// How long to wait before that, in milliseconds, where the server says so.
    pub(crate) retry_ms: Option<u64>,
}

impl Events {
    /// Events of at most so many bytes.
    pub(crate) fn new(most: usize) -> Self {
        let (line, event) = (Vec::new(), Event::default());
        Self { most, line, event, has_data: false, begun: false, after_return: false, last_id: None, retry_ms: None }
    }

    /// Takes a piece of the stream; the events that it completes.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut complete = Vec::new();
        for &byte in piece {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => complete.extend(self.end_line()),
                _ if self.line.len() + self.event.data.len() >= self.most => return Err(TooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(complete)
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        let first = !std::mem::replace(&mut self.begun, true);
        let bytes = if first { line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&line) } else { &line };
        let text = String::from_utf8_lossy(bytes);
        if text.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let (field, value) = text.split_once(':').unwrap_or((&text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            "event" => self.event.kind = value.to_owned(),
            "id" if !value.contains('\0') => self.last_id = Some(value.to_owned()),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry_ms = value.parse().ok();
            }
            // A comment, or a field that the standard wants left alone.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn read(text: &[u8], step: usize) -> (Vec<Event>, Option<String>, Option<u64>) {
        let mut events = Events::new(1 << 16);
        let all = text.chunks(step.max(1)).flat_map(|piece| events.feed(piece).unwrap()).collect();
        (all, events.last_id, events.retry_ms)
    }

    fn check(text: &str, expected: &[(&str, &str)]) {
        let (found, ..) = read(text.as_bytes(), text.len());
        let found: Vec<_> = found.iter().map(|event| (event.kind.as_str(), event.data.as_str())).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn the_standards_own_examples_are_read() {
        check("data: This is the first message.\n\n", &[("", "This is the first message.")]);
        check("event: add\ndata: 73857293\n\n", &[("add", "73857293")]);
        check("data: YHOO\ndata: +2\ndata: 10\n\n", &[("", "YHOO\n+2\n10")]);
        check(
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
            &[("", "first event"), ("", "second event")],
        );
        check("data\n\ndata\ndata\n\ndata:", &[("", ""), ("", "\n")]);
        check("data:test\n\ndata: test\n\n", &[("", "test"), ("", "test")]);
        check("\u{feff}data: a\r\n\r\ndata: b\r\rdata: c\n\n", &[("", "a"), ("", "b"), ("", "c")]);
        check("id: 5\nretry: 1500\nevent: x\n\n", &[]);
        assert_eq!(read(b"id: 5\nretry: 1500\ndata\n\nid: a\0b\nretry: -1\n\n", 3).1.as_deref(), Some("5"));
        assert_eq!(read(b"id: 5\nretry: 1500\ndata\n\nretry: 1s\n", 3).2, Some(1_500));
    }

    #[test]
    fn an_event_without_end_is_not_kept() {
        let mut events = Events::new(1_000);
        let piece = b"data: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n";
        assert_eq!((0..100).find_map(|_| events.feed(piece).err()), Some(TooLong));
        assert!(events.line.capacity() + events.event.data.capacity() < 4_000);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(text in "((data|id|event|retry|x)?:? ?[a-z\u{e9}\0]{0,4}[\r\n]{1,3}){0,30}", step in 1_usize..9) {
            prop_assert_eq!(read(text.as_bytes(), step), read(text.as_bytes(), usize::MAX));
        }

        #[test]
        fn bytes_never_panic_and_never_pile_up(bytes in proptest::collection::vec(any::<u8>(), 0..4_000)) {
            let mut events = Events::new(256);
            if let Ok(all) = events.feed(&bytes) {
                prop_assert!(all.iter().all(|event| event.data.len() <= 3 * 256));
            }
        }
    }
}
