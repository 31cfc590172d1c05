//! What an effect is to the kernel. Families live on the floor above, are siblings of one shape, and pass one contract
//! test.
//!
//! Effects are synchronous: the kernel calls them on threads that may block, never on a guest's. They perform exactly
//! what their permit says, look at its lease before each step of anything long, and leave nothing half-done: an error
//! means that nothing changed.

use crate::host_call::{GuestError, HostAnswer, HostError};
use broker::{Demand, Folder, Lease, LeaseEnd, Permit, Resolve};
use protocol::{Digest, EffectState, ErrorCode, FileId, Labels, OwnerId, RunId, Sentence, Timestamp, sentence};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, pin::Pin};

/// One family of effects.
pub trait Effect: Send + Sync {
    /// What the broker decides on.
    type Demand: Demand + Resolve;
    /// What a guest asks for.
    type Call: Send + 'static;

    /// What a call demands, or `None` if it only computes on what the guest itself sent. Called once per call, before
    /// the decision; must not touch anything outside. (`shell` only looks where a program lies: the file that is decided
    /// on is the one that is started.) Calls on an open handle demand again what opening it did, so a grant that was
    /// taken back ends it.
    fn demand(&self, lease: &Lease, call: &Self::Call) -> Result<Option<Self::Demand>, GuestError>;

    /// Performs a call. `permit` is there exactly if [`Effect::demand`] gave a demand.
    fn perform(
        &self,
        permit: Option<Permit<Self::Demand>>,
        call: Self::Call,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError>;

    /// A run has ended: everything it had open is closed. With `keep`, what it wrote and the family has held back so
    /// far is put into the batch that ends the run; without, it is forgotten. Called exactly once per run that made a
    /// call of this family.
    fn run_end(&self, lease: &Lease, keep: bool, batch: &mut state::Batch);
}

/// Where an effect takes place: what it may say and ask while it is under way.
pub trait Scene: Send + Sync {
    /// The run.
    fn lease(&self) -> &Lease;
    /// Wall-clock time, for records.
    fn now(&self) -> Timestamp;
    /// Nanoseconds on a clock that never goes back.
    fn monotonic_ns(&self) -> u64;
    /// A name that nothing has yet, for staged and trashed files: 32 hexadecimal digits.
    fn fresh_name(&self) -> String;
    /// What the owner granted of storage, in bytes.
    fn storage_quota_bytes(&self) -> u64;
    /// About to do something that the store cannot take back. Returns once the intent is on disk; from then on the
    /// kernel records how it ended, also after a crash. At most once per call.
    fn intent(&self, sentence: Sentence, change: &Change) -> Result<(), EffectError>;
    /// About to send something: nobody can take that back. Otherwise as [`Scene::intent`]. At most one of both per call.
    fn intent_send(&self, said: Sentence, digest: Digest) -> Result<(), EffectError>;
    /// About to send a secret, of this name, to this host. Returns once that is on disk, for the first time in a run.
    fn secret_sending(&self, name: &str, host: &str) -> Result<(), EffectError>;
    /// Something that only showed while the effect was under way may not be: it is recorded like any other denial.
    fn refuse(&self, denied: broker::Denied) -> EffectError;
    /// Whether a request under way would still be allowed if it began now.
    fn is_still_allowed(&self, demand: &broker::NetworkDemand) -> bool;
    /// How far something long has come. Call it as often as you like: it is thinned out, and counts as progress.
    fn progress(&self, sentence: Sentence, done: u64, total: Option<u64>);
}

/// What an effect did.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// What the guest gets.
    pub answer: HostAnswer,
    /// What the log says, in words.
    pub said: Option<Said>,
    /// What it changed, for `oikos undo`; there exactly if it announced an intent to change something.
    pub change: Option<Change>,
    /// Labels of the data it brought in beside those of its demand.
    pub labels: Labels,
}

impl Done {
    /// An answer that the log does not mention.
    pub fn quiet(answer: HostAnswer) -> Self {
        Self { answer, said: None, change: None, labels: Labels::NONE }
    }
}

/// How the log tells of an effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// As one sentence of its own.
    Once(Sentence),
    /// Together with others of the same kind on the same thing, as one sentence at the end of the run: reads.
    Read {
        /// What was read, such as a path.
        what: String,
        /// How much.
        bytes: u64,
    },
    /// Together with others to the same topic, by count: events.
    Event {
        /// The topic.
        topic: String,
        /// How much was sent.
        bytes: u64,
    },
    /// Together with others of the same kind, by count: storage.
    Storage {
        /// What was done.
        verb: broker::StorageVerb,
        /// How many keys.
        keys: u64,
        /// How many bytes.
        bytes: u64,
    },
}

/// Why an effect did not happen.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EffectError {
    /// The guest may see why and go on. Nothing changed.
    #[error("{0}")]
    Guest(#[from] GuestError),
    /// The run is over. Nothing changed.
    #[error("the run has ended")]
    Ended(LeaseEnd),
    /// Something failed half-way and could not be put back: the record says `unknown`.
    #[error("{0}")]
    Unknown(GuestError),
}

impl EffectError {
    /// An error that the guest may see.
    pub fn guest(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Guest(GuestError::new(code, message))
    }

    /// How an announced effect that failed so has ended.
    pub fn state(&self) -> EffectState {
        match self {
            Self::Guest(_) | Self::Ended(_) => EffectState::NotDone,
            Self::Unknown(_) => EffectState::Unknown,
        }
    }
}

impl From<LeaseEnd> for EffectError {
    fn from(end: LeaseEnd) -> Self {
        Self::Ended(end)
    }
}

impl From<EffectError> for HostError {
    fn from(error: EffectError) -> Self {
        match error {
            EffectError::Guest(error) | EffectError::Unknown(error) => Self::Guest(error),
            EffectError::Ended(end) => Self::Ended(end),
        }
    }
}

/// What happens to one file, written before it happens and enough to take it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What kind.
    pub kind: ChangeKind,
    /// The folder it starts from, with its identity.
    pub folder: Folder,
    /// The names from there to the file.
    pub names: Vec<String>,
    /// The name beside the file under which new content is staged; must not be there once the change is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The name in the trash under which the old file is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trash: Option<String>,
    /// The file before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<FileStamp>,
    /// What is under this name after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<FileStamp>,
    /// Where the file went, if it moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Destination>,
    /// What the file is called, where its bytes were handed over and its path says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
}

/// Where a file went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// The folder it starts from, with its identity.
    pub folder: Folder,
    /// The names from there to the file.
    pub names: Vec<String>,
    /// How many of the folders just above the file were made for it.
    #[serde(default)]
    pub made: usize,
}

impl Destination {
    /// The path, as shown.
    pub fn path(&self) -> String {
        path_of(&self.folder, &self.names)
    }
}

impl Change {
    /// The file's path before the change.
    pub fn path(&self) -> String {
        path_of(&self.folder, &self.names)
    }

    /// The file as people read it: what it is called, else its path.
    pub fn shown(&self) -> String {
        self.called.clone().unwrap_or_else(|| self.path())
    }

    /// The path of the file that is there because of the change.
    pub fn path_after(&self) -> Option<String> {
        match &self.to {
            Some(to) => Some(to.path()),
            None => self.after.is_some().then(|| self.path()),
        }
    }

    /// Every path that the change touched.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.path()).chain(self.to.as_ref().map(Destination::path))
    }

    /// What taking it back means, in words.
    pub fn undo_sentence(&self) -> Sentence {
        match (self.kind, &self.to) {
            (ChangeKind::Moved, Some(to)) => sentence::undo_move_back(self.shown(), to.path()),
            (ChangeKind::Created, _) => sentence::undo_remove_created(self.shown()),
            (ChangeKind::Overwrote | ChangeKind::Removed | ChangeKind::Moved, _) => {
                sentence::undo_restore(self.shown())
            }
        }
    }
}

fn path_of(folder: &Folder, names: &[String]) -> String {
    let mut path = folder.path.trim_end_matches('/').to_owned();
    for name in names {
        path.push('/');
        path.push_str(name);
    }
    path
}

/// The kinds of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// There was no such file before.
    Created,
    /// The old file is in the trash.
    Overwrote,
    /// The file is in the trash.
    Removed,
    /// The file has another name.
    Moved,
}

/// A file's content at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStamp {
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub digest: Digest,
}

/// Taking changes back, and cleaning up after a crash. Of the families only `file` has this.
pub trait Undo: Send + Sync {
    /// Whether a change can be taken back now. Looks, changes nothing.
    fn undo_check(&self, change: &Change) -> Result<(), UndoError>;

    /// Takes a change back, unless the file changed since: then nothing happens. The file's present content is checked
    /// again at the last moment. Returns what was done.
    fn undo(&self, change: &Change) -> Result<Sentence, UndoError>;

    /// After a crash in the middle of a change: removes what was staged. The file itself is old or new, never between;
    /// says which, where that can be seen.
    fn recover(&self, change: &Change) -> Result<EffectState, UndoError>;
}

/// Why a change was not taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    /// The file is not as the run left it.
    #[error("{path} has changed since the run, so taking the run back would lose that change")]
    Conflict {
        /// The file.
        path: String,
    },
    /// The old content is gone from the trash.
    #[error("the old {path} is not in the trash any more")]
    TrashMissing {
        /// The file.
        path: String,
    },
    /// The folder is not the one it was.
    #[error("the folder of {path} is gone or is another one now")]
    FolderChanged {
        /// The file.
        path: String,
    },
    /// The system refused.
    #[error("{path} could not be put back: {reason}")]
    Failed {
        /// The file.
        path: String,
        /// The system's words, safe to show.
        reason: String,
    },
}

/// What decides on each request of an errand: the address, and whether the owner named it themselves.
pub type ErrandPermit<'a> =
    dyn FnMut(broker::WebUrl, bool) -> Result<Permit<broker::NetworkDemand>, Box<broker::Denied>> + Send + 'a;

/// What an errand brings, as soon as it is there.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Fetched, GuestError>> + Send + 'a>>;

/// Fetching what the owner themselves asked for: an app's archive.
pub trait Errand: Send + Sync {
    /// The bytes at an address, at most so many. Waits for the network without a thread, and no longer than it is waited
    /// for.
    fn fetch<'a>(&'a self, url: &'a str, bytes_max: usize, permit: &'a mut ErrandPermit<'_>) -> Fetching<'a>;
}

/// What an errand brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Who was asked first, with the port where that is unusual.
    pub named: String,
    /// Who sent them at last: another one than was named where that led there.
    pub sender: String,
}

/// Keeping files whose bytes were handed over, each under its id in a place of oikos' own. What they are called is no
/// matter here. Each call may block.
pub trait Shelf: Send + Sync {
    /// Makes a file with nothing in it.
    fn make(&self, owner: OwnerId, file: FileId) -> Result<(), GuestError>;

    /// Writes bytes to a place behind all that were written before.
    fn write(&self, owner: OwnerId, file: FileId, at: u64, bytes: &[u8]) -> Result<(), GuestError>;

    /// Waits until what was written is on the disk.
    fn settle(&self, owner: OwnerId, file: FileId) -> Result<(), GuestError>;

    /// Opens it for reading; what happens to it later does not change what is read. `NotFound` where a run took it away.
    fn open(&self, owner: OwnerId, file: FileId) -> Result<Box<dyn HandedBytes>, GuestError>;

    /// Its size; `None` where it is not there.
    fn bytes(&self, owner: OwnerId, file: FileId) -> Result<Option<u64>, GuestError>;

    /// Where it lies, for a run: the folder with its identity, and its name there.
    fn place(&self, owner: OwnerId, file: FileId) -> Result<(Folder, String), GuestError>;

    /// Removes it. One that is not there is removed.
    fn remove(&self, owner: OwnerId, file: FileId) -> Result<(), GuestError>;

    /// Removes everything but these.
    fn sweep(&self, kept: &BTreeSet<(OwnerId, FileId)>) -> Result<(), GuestError>;
}

/// The bytes of an open file.
pub trait HandedBytes: Send {
    /// As many as there are at a place, at most so many; nothing at the end.
    fn read(&mut self, at: u64, bytes_max: usize) -> Result<Vec<u8>, GuestError>;
}

/// Finding out what a person means by a path: the identity of folders to grant and of things picked.
pub trait Places: Send + Sync {
    /// A folder with its identity; refuses anything that is not a folder. The path is made canonical.
    fn folder(&self, path: &str) -> Result<Folder, GuestError>;

    /// A file or folder that a person named: the folder it lies in and, for a file, its name there. A file to write need
    /// not exist yet, its folder must.
    fn picked(
        &self,
        path: &str,
        access: protocol::FileAccess,
        folder: bool,
    ) -> Result<(Folder, Option<String>), GuestError>;
}

/// The families, as the kernel holds them.
pub struct Effects {
    /// Files and folders.
    pub file: Box<dyn Effect<Demand = broker::FileDemand, Call = crate::host_call::FileCall>>,
    /// The app's own store.
    pub storage: Box<dyn Effect<Demand = broker::StorageDemand, Call = crate::host_call::StorageCall>>,
    /// Tables.
    pub csv: Box<dyn Effect<Demand = broker::FileDemand, Call = crate::host_call::CsvCall>>,
    /// Requests to hosts.
    pub http: Box<dyn Effect<Demand = broker::NetworkDemand, Call = crate::host_call::HttpCall>>,
    /// Text of PDF files.
    pub pdf: Box<dyn Effect<Demand = broker::FileDemand, Call = crate::host_call::PdfCall>>,
    /// Programs.
    pub shell: Box<dyn Effect<Demand = broker::ShellDemand, Call = crate::host_call::ShellCall>>,
    /// What the owner fetches.
    pub errand: Box<dyn Errand>,
    /// Taking file changes back.
    pub undo: Box<dyn Undo>,
    /// What paths mean.
    pub places: Box<dyn Places>,
    /// Files that come as bytes.
    pub shelf: Box<dyn Shelf>,
}

impl Effects {
    /// Closes what a run had open in every family.
    pub(crate) fn run_end(&self, lease: &Lease, keep: bool, batch: &mut state::Batch) {
        self.file.run_end(lease, keep, batch);
        self.storage.run_end(lease, keep, batch);
        self.csv.run_end(lease, keep, batch);
        self.http.run_end(lease, keep, batch);
        self.pdf.run_end(lease, keep, batch);
        self.shell.run_end(lease, keep, batch);
    }
}

/// A run's id as a folder of the trash.
pub fn trash_folder(run: RunId) -> String {
    run.to_string()
}
