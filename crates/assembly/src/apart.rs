//! Workers and programs that effects ask for: each a process in a box of its own, started, fed, heard and ended here.
//!
//! One process for each document and none kept for the next: what a document does to the process that reads it ends with it, whoever
//! it belonged to. A small document costs six milliseconds of processor time in all, its process included, and a run that reads one
//! waits for little else; a pool would save part of that, and would have to prove of each process that the last document is out of it.

mod programs; // what an app runs
mod workers; // what reads foreign files

use crate::boxes::Boxes;
use broker::ProtectedFolder;
use isolate::{Confined, Policy, Refusal, SpawnError, spawn};
use kernel::effect::EffectError;
use protocol::{ErrorCode, text::shorten};
use std::{io, path::PathBuf, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::runtime::Handle;

/// The first word of a process that reads a foreign file, instead of being an oikos.
const WORKER: &str = "--worker";
/// What is moved at once between this process and one in a box.
const STEP_BYTES: usize = 64 << 10;
/// How long one of them has to end by itself where its time is over.
const GRACE: Duration = Duration::from_millis(200);

/// For the first line of `main`, beside [`keeper_main`](crate::keeper_main): reads a foreign file, if that is what this process was
/// started for. `words` are those behind the program's own name.
pub fn worker_main(words: impl IntoIterator<Item = std::ffi::OsString>) -> Option<std::process::ExitCode> {
    let mut words = words.into_iter();
    (words.next()? == WORKER).then(|| effects::worker_main(words))
}

/// Who starts them.
pub(crate) struct Apart {
    boxes: Arc<Boxes>,
    /// Where their homes are made.
    rooms: PathBuf,
    /// What none of them ever sees.
    never: Vec<PathBuf>,
    runtime: Handle,
}

impl Apart {
    pub(crate) fn new(boxes: Arc<Boxes>, rooms: PathBuf, protected: &[ProtectedFolder], runtime: Handle) -> Self {
        // What a process that was killed could not take away. Nothing of this home runs now: its lock is ours.
        drop(std::fs::remove_dir_all(&rooms));
        let never = protected.iter().map(|folder| PathBuf::from(&folder.path)).collect();
        Self { boxes, rooms, never, runtime }
    }

    /// A home for one of them: gone with it.
    fn room(&self) -> Result<TempDir, EffectError> {
        let made = std::fs::create_dir_all(&self.rooms).and_then(|()| tempfile::Builder::new().tempdir_in(&self.rooms));
        made.map_err(|error| {
            tracing::error!(%error, "a folder for a program cannot be made");
            EffectError::guest(ErrorCode::HomeUnusable, "a folder for the program could not be made in OIKOS_HOME")
        })
    }

    async fn start(&self, policy: Policy) -> Result<Confined, EffectError> {
        let what = policy.program.display().to_string();
        let (plan, keeper) = self.boxes.plan(&policy).await.map_err(|refused| refusal(&what, &refused))?;
        spawn(&plan, &keeper, Vec::new()).await.map_err(|error| {
            tracing::warn!(%error, "a program was not started");
            let failed = format!("{what} could not be started in its box: {error}");
            EffectError::guest(if is_missing(&error) { ErrorCode::NotFound } else { ErrorCode::BoxRefused }, failed)
        })
    }
}

/// Why there is no box.
pub(crate) enum NoBox {
    /// Whoever put this oikos together gave it no way to start one.
    Nobody,
    /// What this machine keeps could not be found out.
    NotFound(io::Error),
    /// It is not kept here.
    Refused(Refusal),
}

fn refusal(what: &str, refused: &NoBox) -> EffectError {
    let message = match refused {
        NoBox::Nobody => format!("{what} is not started: this oikos has no way to keep a program in a box"),
        NoBox::NotFound(error) => {
            format!("{what} is not started: what this machine keeps a program to could not be found out ({error})")
        }
        NoBox::Refused(refusal) => {
            let fixes: Vec<_> = refusal.fixes().iter().map(ToString::to_string).collect();
            let fix = if fixes.is_empty() { String::new() } else { format!("; to change that: {}", fixes.join(", ")) };
            format!("{what} is not started: {refusal}{fix}")
        }
    };
    EffectError::guest(ErrorCode::BoxRefused, shorten(&message, 600))
}

fn is_missing(error: &SpawnError) -> bool {
    matches!(error, SpawnError::Step { errno: Some(errno), .. } if *errno == rustix::io::Errno::NOENT.raw_os_error())
}
