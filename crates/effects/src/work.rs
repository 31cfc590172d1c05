//! Workers: processes of this same program in which code that reads foreign files does so, confined, one file each. What one of
//! them can do at worst is give a wrong answer about its file or none.
//!
//! A worker is told by words what to do; its standard input is one frame with the order and then the document, its standard output
//! frames with the answers. It never has a path. Who starts it, in which box, is not said here: see [`Workers`].

use crate::pdf;
use broker::Lease;
use kernel::effect::EffectError;
use std::{
    ffi::OsString,
    io::{self, Read, Write},
    process::ExitCode,
};

/// The most memory that a worker has.
pub const WORKER_MEMORY_BYTES: u64 = 256 << 20;
/// The most time that a worker takes, and the processor time that it has.
pub const WORKER_SECONDS: u32 = 20;
/// The largest answer in one frame: the largest text of a page, with room for what JSON writes as several bytes.
pub const FRAME_BYTES_MAX: usize = 8 << 20;
/// The largest document: twice over it fits into a worker's memory only without what it unfolds to.
pub const DOCUMENT_BYTES_MAX: u64 = 96 << 20;
/// The largest order.
const ORDER_BYTES_MAX: usize = 64 << 10;
/// Bytes of the length before each frame.
const HEAD_BYTES: usize = 4;

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Reads a PDF file.
    Pdf,
}

impl Task {
    /// The word by which a worker is told.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Pdf].into_iter().find(|task| task.word() == word)
    }
}

/// What is to be done with a document.
pub struct Work<'a> {
    /// By which code.
    pub task: Task,
    /// What of it, in the task's own words.
    pub order: &'a [u8],
    /// The document.
    pub document: &'a mut dyn Read,
}

/// What one frame is taken by. An error ends the worker and is the error of the call.
pub type OnFrame<'a> = dyn FnMut(&[u8]) -> Result<(), EffectError> + 'a;

/// Who starts workers. Each gets a box without network and without any file, [`WORKER_MEMORY_BYTES`] and
/// [`WORKER_SECONDS`], or is not started.
pub trait Workers: Send + Sync {
    /// Does it in a worker of its own, and comes back when nothing of it is left. Blocks; ends early with the lease.
    fn work(&self, work: Work<'_>, lease: &Lease, on_frame: &mut OnFrame<'_>) -> Result<(), EffectError>;
}

/// What a worker is, from its first line to its last; `words` are those behind the one that made it one.
pub fn worker_main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut words = words.into_iter();
    let task = words.next().and_then(|word| Task::of(word.to_str()?));
    #[cfg(feature = "failpoints")]
    if let Some(ill) = words.next().and_then(|word| word.into_string().ok()) {
        return crate::ill::fall(&ill);
    }
    let (Some(task), None) = (task, words.next()) else { return ExitCode::FAILURE };
    let (mut input, mut output) = (io::stdin().lock(), io::BufWriter::new(io::stdout().lock()));
    let worked = order_take(&mut input).and_then(|order| match task {
        Task::Pdf => pdf::work(&order, &mut input, &mut output),
    });
    match worked.and_then(|()| output.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// A frame: its length, then its bytes.
pub fn frame_write(output: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    output.write_all(&length.to_le_bytes())?;
    output.write_all(bytes)
}

fn order_take(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = [0; HEAD_BYTES];
    input.read_exact(&mut head)?;
    let length = u32::from_le_bytes(head) as usize;
    if length > ORDER_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut order = vec![0; length];
    input.read_exact(&mut order)?;
    Ok(order)
}

/// Takes bytes apart into frames as they come.
#[derive(Debug, Default)]
pub struct Frames {
    held: Vec<u8>,
}

/// More than [`FRAME_BYTES_MAX`] was announced: nothing after it means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameTooLarge;

impl Frames {
    /// More bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next frame, if it is whole.
    pub fn take(&mut self) -> Result<Option<Vec<u8>>, FrameTooLarge> {
        let Some((head, _)) = self.held.split_first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let length = u32::from_le_bytes(*head) as usize;
        if length > FRAME_BYTES_MAX {
            return Err(FrameTooLarge);
        }
        if self.held.len() < HEAD_BYTES + length {
            return Ok(None);
        }
        let rest = self.held.split_off(HEAD_BYTES + length);
        let mut frame = std::mem::replace(&mut self.held, rest);
        frame.drain(..HEAD_BYTES);
        Ok(Some(frame))
    }

    /// Whether what came ended between two frames.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut() {
        let mut wire = Vec::new();
        let frames: [&[u8]; 4] = [b"", b"one", &[7; 5_000], b"{}"];
        for frame in frames {
            frame_write(&mut wire, frame).unwrap();
        }
        for step in [1, 2, 3, 5, 4_096, wire.len()] {
            let (mut taken, mut found) = (Frames::default(), Vec::new());
            for piece in wire.chunks(step) {
                taken.add(piece);
                while let Some(frame) = taken.take().unwrap() {
                    found.push(frame);
                }
            }
            assert_eq!(found, frames);
            assert!(taken.is_empty());
        }
    }

    #[test]
    fn a_frame_of_more_than_there_may_be_is_not_waited_for() {
        let mut frames = Frames::default();
        frames.add(&(FRAME_BYTES_MAX as u32 + 1).to_le_bytes());
        assert_eq!(frames.take(), Err(FrameTooLarge));
        let mut frames = Frames::default();
        frames.add(&(FRAME_BYTES_MAX as u32).to_le_bytes());
        assert_eq!(frames.take(), Ok(None));
        assert!(!frames.is_empty());
    }

    #[test]
    fn only_words_that_are_known_make_a_worker() {
        assert_eq!(Task::of("pdf"), Some(Task::Pdf));
        assert_eq!(Task::of("PDF"), None);
        assert!(order_take(&mut &u32::MAX.to_le_bytes()[..]).is_err(), "an order that is too large");
        assert!(order_take(&mut &[2, 0, 0, 0, b'{'][..]).is_err(), "an order that is cut off");
    }
}
