//! What a sandbox is to the kernel: it makes an image of a package once, and starts each run from it.
//!
//! A sandbox has one exit, [`GuestHost`]. Implementations live on the floor above (`js`, later `component` and
//! `process`) and all pass the same guest suite.

use crate::{
    host_call::{HostAnswer, HostCall, HostError},
    program::{InputRequest, Introduction, ProgramSource, Rooms, ServerSource, Terms, WayOut},
};
use broker::{Lease, LeaseEnd};
use futures_util::future::BoxFuture;
use protocol::{ActionName, AppName, BoxFact, Digest, ErrorCode, Failure, LogLevel, OwnerId, Verbatim};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};

/// Makes images. One per kind of sandbox and process.
pub trait Runner: Send + Sync {
    /// Evaluates a package's modules and activates it, or loads the image from the cache. Blocks for milliseconds:
    /// called from a blocking thread at install, enable, upgrade and after an engine change; afterwards per run only
    /// if the image was dropped from memory. Never performs an effect.
    fn prepare(&self, source: &GuestSource) -> Result<Arc<dyn GuestImage>, PrepareError>;

    /// How this machine would keep a program with these bounds, for the card. Empty where nobody can say: a sandbox for code
    /// that is no program has no such facts.
    fn facts(&self, bounds: BoxBounds) -> BoxFuture<'_, Vec<BoxFact>> {
        let _ = bounds;
        Box::pin(std::future::ready(Vec::new()))
    }

    /// Forgets what is cached of a package, in memory and on disk. Called at remove.
    fn forget(&self, package: Digest);

    /// What an app may have has changed: what lives on beyond one run and has more than this is ended at once.
    fn let_go(&self, owner: OwnerId, app: &AppName, still: &Rooms) {
        let _ = (owner, app, still);
    }

    /// An app may not run any more, or is another version now: what lives on beyond one run is ended.
    fn end(&self, owner: OwnerId, app: &AppName) {
        let _ = (owner, app);
    }

    /// A secret that an app was given is not its any more: what lives on beyond one run and may know it is ended at once.
    fn take_back(&self, owner: OwnerId, app: &AppName) {
        let _ = (owner, app);
    }

    /// What an app has kept for itself outside of its storage is erased. It does not run any more.
    fn erase(&self, owner: OwnerId, app: &AppName) {
        let _ = (owner, app);
    }
}

/// What of a program's terms its facts depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxBounds {
    /// Whether it reaches anybody at all.
    pub has_way_out: bool,
    /// What it may have of memory.
    pub memory_bytes_max: u64,
}

/// The code of a verified package, as a sandbox needs it.
#[derive(Clone, Debug)]
pub enum GuestSource {
    /// JavaScript.
    Script(ScriptSource),
    /// A program.
    Program(ProgramSource),
    /// A server elsewhere.
    Server(ServerSource),
}

impl GuestSource {
    /// The package.
    pub fn package(&self) -> Digest {
        match self {
            Self::Script(source) => source.package,
            Self::Program(source) => source.package,
            Self::Server(source) => source.package,
        }
    }
}

/// JavaScript, as a sandbox needs it.
#[derive(Clone, Debug)]
pub struct ScriptSource {
    /// The package; seeds what may look random while it is activated.
    pub package: Digest,
    /// The module whose exports are called, such as `bot-logic.js`.
    pub entry: String,
    /// Every JavaScript module of the package by its path. Nothing else can be imported.
    pub modules: BTreeMap<String, Arc<[u8]>>,
}

/// An app's modules as they were after activation.
pub trait GuestImage: Send + Sync {
    /// Starts a run. The future resolves when the guest has ended: nothing of it computes or waits any more. Memory
    /// that it had may be made new after that, but before another guest gets it. Dropping the future drops the guest.
    /// It may be polled from any runtime: the guest itself is polled on the sandbox's own threads.
    fn start(&self, call: GuestCall, host: Arc<dyn GuestHost>) -> BoxFuture<'static, GuestEnd>;

    /// The names of the functions that the modules export, so that a missing action is found at install; and of the
    /// handlers that were registered, as `on:<index>:<priority>:<topic>` and `route:<index>:<method> <path>`.
    fn exports(&self) -> &[String];

    /// Whether a call needs [`GuestCall::terms`]: a guest that is a program has them.
    fn is_on_terms(&self) -> bool {
        false
    }
}

/// The name under which an image exports what a run calls: an action's, or one that the sandbox made for a handler which
/// the app registered while it was activated. Those begin with `on:` or `route:` and are no action's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestExport(Arc<str>);

impl GuestExport {
    /// As an image names it.
    pub fn named(name: &str) -> Self {
        Self(name.into())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a hook's: these are called whatever is not set yet. No action's name has a `$`.
    pub(crate) fn is_hook(&self) -> bool {
        self.0.starts_with('$')
    }
}

impl From<ActionName> for GuestExport {
    fn from(action: ActionName) -> Self {
        Self(action.as_str().into())
    }
}

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct GuestCall {
    /// The exported function (S2), the name handed to `invoke` (S1), or a handler.
    pub export: GuestExport,
    /// The payload, as JSON.
    pub input: Vec<u8>,
    /// What `ctx.env` shows, as JSON.
    pub env: Vec<u8>,
    /// Seeds `Math.random` and `crypto`; new for each run.
    pub seed: [u8; 32],
    /// What `Date.now()` starts from, in milliseconds; it goes on with real time.
    pub now_ms: i64,
    /// The run's right to go on; the sandbox charges guest CPU and memory to it and obeys its end.
    pub lease: Lease,
    /// What the guest may have beside its one exit, where it is a program.
    pub terms: Option<Arc<Terms>>,
}

/// The one exit of a sandbox.
pub trait GuestHost: Send + Sync {
    /// An effect. Runs outside the guest's thread; several may be under way. Dropping the future cancels it. The sandbox
    /// takes one of the lease's operations for each call and gives it back when the guest has the answer, so that answers
    /// nobody fetches stay bounded.
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<HostAnswer, HostError>>;

    /// A piece for the run's stream. `Wait` means that the log of the stream is full: the guest stays suspended until
    /// the future resolves.
    fn stream(&self, piece: GuestPiece) -> Push;

    /// Where a guest makes connections by itself; `None` in hosts that know no such guests.
    fn way_out(&self) -> Option<Arc<dyn WayOut>> {
        None
    }

    /// Who started the run, where they say so.
    fn introduction(&self) -> Option<&Introduction> {
        None
    }

    /// How the program that serves the run is kept, for the run's record.
    fn kept(&self, facts: &[BoxFact]) {
        let _ = facts;
    }

    /// What a guest asks of whoever called it, all of it at once. `Err` is what it is told instead.
    fn input(&self, requests: Vec<InputRequest>) -> BoxFuture<'static, Result<Vec<Value>, String>> {
        let methods: Vec<String> = requests.into_iter().map(|request| request.method).collect();
        let answer = format!("nobody is there who could answer {}", methods.join(", "));
        Box::pin(std::future::ready(Err(answer)))
    }
}

/// What a guest can put on its stream.
#[derive(Clone, Debug, PartialEq)]
pub enum GuestPiece {
    /// Text, appended to the text before it.
    Text(String),
    /// `push_stream`.
    Data {
        /// The topic.
        topic: String,
        /// JSON text, valid.
        payload: Value,
        /// Which renderer should draw it.
        renderer: Option<String>,
    },
    /// How far something long has come. Told as it comes, thinned out, and never waited for.
    Progress {
        /// In the guest's words.
        said: String,
        /// How much is done.
        done: u64,
        /// Of how much, where that is known.
        total: Option<u64>,
    },
    /// A console line.
    Log {
        /// How loud.
        level: LogLevel,
        /// The line.
        text: String,
    },
}

/// Whether a piece was taken.
pub enum Push {
    /// It was.
    Taken,
    /// It was, and the guest should rest until readers have caught up.
    Wait(BoxFuture<'static, ()>),
    /// The run may not go on.
    Ended(LeaseEnd),
}

/// How a guest ended.
#[derive(Clone, Debug)]
pub struct GuestEnd {
    /// What it returned, or why not.
    pub result: Result<GuestValue, GuestFailure>,
    /// Largest linear memory in bytes.
    pub memory_bytes: u64,
}

/// What a guest returned: `{ data, summary, renderer? }`, a string, or any JSON value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GuestValue {
    /// For a screen.
    pub data: Option<Value>,
    /// For a person or a model.
    pub summary: Option<String>,
    /// Which renderer should draw `data`.
    pub renderer: Option<String>,
    /// `data` as it was written, where whoever called it hands that on. It is not kept with the run.
    pub exact: Option<Verbatim>,
}

/// Why a guest did not return.
#[derive(Clone, Debug, PartialEq)]
pub enum GuestFailure {
    /// Its code threw. `code` is set where the error came from a host call that it did not catch.
    Threw {
        /// The error as JavaScript would print it, shortened.
        message: String,
        /// Where, as `file:line:column` lines, shortened.
        stack: Option<String>,
        /// The stable code of an uncaught host error.
        code: Option<ErrorCode>,
    },
    /// It could not be had run at all, or its program ended: in words of ours.
    Failed(Box<Failure>),
    /// No such export.
    NoSuchExport,
    /// Its lease ended.
    Ended(LeaseEnd),
    /// The host has no room for it.
    NoRoom,
    /// The sandbox stopped it, for instance a WebAssembly trap that is not a limit.
    Trapped(String),
}

/// Why no image could be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PrepareError {
    /// The author's code: syntax, a missing module, an error while it was activated.
    #[error("the app's code does not load: {message}")]
    Code {
        /// As JavaScript would print it, with `file:line:column` where known.
        message: String,
    },
    /// It took too much time or memory while it was activated.
    #[error("the app's code reached a limit while it was activated: {message}")]
    Limit {
        /// Which.
        message: String,
    },
    /// The sandbox itself failed.
    #[error("the sandbox could not be prepared: {message}")]
    Sandbox {
        /// Details for the log.
        message: String,
    },
}
