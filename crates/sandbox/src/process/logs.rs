//! What programs say to whoever looks after them: what they write on their standard error, and what they log for no run. The last
//! of it is kept by whose they are, and stays when they have ended: a program that ended is the one that is looked at.

use kernel::program::{ProgramLog, Terms};
use parking_lot::Mutex;
use protocol::{AppName, OwnerId};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// What is kept of one app's programs: enough for the story of a crash, and nothing that grows.
const LOG_BYTES_MAX: usize = 64 << 10;
/// A longer line is several.
const LINE_BYTES_MAX: usize = 8 << 10;
/// Of so many apps; then the one whose programs have been silent for longest is forgotten.
const LOGS_MAX: usize = 128;

/// All that is kept, until oikos ends.
#[derive(Debug, Default)]
pub(crate) struct Logs(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    logs: HashMap<(OwnerId, AppName), Log>,
    /// Lines that came so far.
    count: u64,
}

#[derive(Debug, Default)]
struct Log {
    lines: VecDeque<String>,
    bytes: usize,
    /// The number of its last line among all.
    last: u64,
}

impl Logs {
    fn add(&self, owner: OwnerId, app: &AppName, line: String) {
        let mut kept = self.0.lock();
        kept.count += 1;
        let (key, count) = ((owner, app.clone()), kept.count);
        if kept.logs.len() >= LOGS_MAX && !kept.logs.contains_key(&key) {
            let oldest = kept.logs.iter().min_by_key(|(_, log)| log.last).map(|(oldest, _)| oldest.clone());
            if let Some(oldest) = oldest {
                kept.logs.remove(&oldest);
            }
        }
        let log = kept.logs.entry(key).or_default();
        log.last = count;
        log.bytes += line.len();
        log.lines.push_back(line);
        while log.bytes > LOG_BYTES_MAX {
            let Some(first) = log.lines.pop_front() else { return };
            log.bytes -= first.len();
        }
    }

    /// The lines of an app's programs, the oldest first.
    pub(crate) fn lines(&self, owner: OwnerId, app: &AppName) -> Vec<String> {
        let kept = self.0.lock();
        kept.logs.get(&(owner, app.clone())).map(|log| log.lines.iter().cloned().collect()).unwrap_or_default()
    }

    /// Nothing is left of them.
    pub(crate) fn forget(&self, owner: OwnerId, app: &AppName) {
        self.0.lock().logs.remove(&(owner, app.clone()));
    }
}

/// What one program adds to it: whole lines, without the secrets that it knows.
#[derive(Debug)]
pub(crate) struct Voice {
    logs: Arc<Logs>,
    terms: Arc<Terms>,
    /// A line whose end has not come.
    half: Mutex<Vec<u8>>,
}

impl Voice {
    pub(crate) fn new(logs: Arc<Logs>, terms: Arc<Terms>) -> Self {
        Self { logs, terms, half: Mutex::default() }
    }

    /// Takes what came of a stream.
    pub(crate) fn take(&self, bytes: &[u8]) {
        let mut half = self.half.lock();
        let pieces = bytes.split_inclusive(|byte| *byte == b'\n');
        for piece in pieces.flat_map(|piece| piece.chunks(LINE_BYTES_MAX)) {
            half.extend(piece);
            if piece.ends_with(b"\n") || half.len() >= LINE_BYTES_MAX {
                self.add(&std::mem::take(&mut *half));
            }
        }
    }

    /// Whether the end of a line is missing.
    pub(crate) fn is_halfway(&self) -> bool {
        !self.half.lock().is_empty()
    }

    /// What came of a line is one.
    pub(crate) fn finish(&self) {
        let half = std::mem::take(&mut *self.half.lock());
        if !half.is_empty() {
            self.add(&half);
        }
    }

    fn add(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let line = self.terms.unsaid.text(line.trim_end_matches(['\r', '\n']).to_owned());
        self.logs.add(self.terms.owner, &self.terms.app, line);
    }
}

impl ProgramLog for Voice {
    fn say(&self, text: &str) {
        let bytes = text.as_bytes();
        let lines = bytes.split(|byte| *byte == b'\n').flat_map(|line| line.chunks(LINE_BYTES_MAX));
        lines.for_each(|line| self.add(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Unsaid, program::Rooms};
    use protocol::{SecretText, sha256};
    use std::collections::BTreeMap;

    fn voice(logs: &Arc<Logs>, app: &str) -> Voice {
        let secret = SecretText::new("hunter2-hunter2".to_owned());
        let terms = Terms {
            owner: OwnerId::LOCAL,
            app: app.parse().expect("is a name"),
            rooms: Rooms::default(),
            given: BTreeMap::new(),
            unsaid: Arc::new(Unsaid::new([(&secret, "(secret)".to_owned())])),
            has_secrets: true,
            memory_bytes_max: 0,
            digest: sha256(b""),
        };
        Voice::new(logs.clone(), Arc::new(terms))
    }

    fn lines(logs: &Logs, app: &str) -> Vec<String> {
        logs.lines(OwnerId::LOCAL, &app.parse().expect("is a name"))
    }

    #[test]
    fn lines_are_whole_and_say_no_secret_however_they_come() {
        let logs = Arc::new(Logs::default());
        let first = voice(&logs, "files");
        first.take(b"it knows hunt");
        assert!(first.is_halfway() && lines(&logs, "files").is_empty());
        first.take(b"er2-hunter2\r\n\nwaits: ");
        // Another program of the same app says something in between.
        let second = voice(&logs, "files");
        second.say("one\ntwo");
        first.finish();
        first.finish();
        drop((first, second));
        assert_eq!(lines(&logs, "files"), ["it knows (secret)", "", "one", "two", "waits: "]);
        logs.forget(OwnerId::LOCAL, &"files".parse().expect("is a name"));
        assert!(lines(&logs, "files").is_empty());
    }

    #[test]
    fn the_last_of_it_is_kept() {
        let logs = Arc::new(Logs::default());
        let loud = voice(&logs, "loud");
        loud.take(&vec![b'x'; 3 * LOG_BYTES_MAX]);
        loud.take(b"\nthe end\n");
        let kept = lines(&logs, "loud");
        assert_eq!(kept.last().map(String::as_str), Some("the end"));
        assert!(kept.iter().map(String::len).sum::<usize>() <= LOG_BYTES_MAX);
        assert!(kept.iter().all(|line| line.len() <= LINE_BYTES_MAX));
        for number in 0..LOGS_MAX {
            voice(&logs, &format!("app-{number}")).say("here");
        }
        assert!(lines(&logs, "loud").is_empty());
        assert_eq!(lines(&logs, "app-0"), ["here"]);
    }
}
