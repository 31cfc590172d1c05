//! The words the parts of oikos say to each other: ids, callers, scopes, labels, chunks, sentences, errors, the
//! card and the API.
//!
//! Plain data with serde forms. Nothing here does I/O, waits, reads a clock or draws a random number: [`Clock`]
//! and [`Entropy`] are traits that the outside implements and hands in.
//!
//! ```
//! use protocol::{sentence, Arg};
//! let line = sentence::file_read("notes/todo.txt", Arg::Bytes(2048));
//! assert_eq!(line.to_string(), "read 2.0 KiB from notes/todo.txt");
//! ```

pub mod api; // what a caller asks oikos and what it answers
mod audit; // records of what happened, and the hash that chains them
mod caller; // who asks: owner, device, door, rights
mod card; // what an owner sees before an install
mod chunk; // what a run streams to its viewers
mod client; // programs outside that come again
mod code; // the stable error codes, with exit code and meaning
mod event; // topics of the bus, and who sends
mod failure; // an error as a person and as a program sees it
mod id; // typed UUIDv7 ids, names, digests
mod label; // where data came from
pub mod limit; // the bounds of a run
mod question; // what is asked of a person, and the answer
mod route; // a request for an app, and its answer
mod scope; // what an app can ask for
mod secret; // what is shown once, and what is kept
pub mod sentence; // everything that is said in words, as code and arguments
pub mod text; // foreign text made safe to show
mod time; // time and randomness as parameters
mod tool; // names of tools, for people and for wires
mod verbatim; // JSON of others, as they wrote it

pub use audit::{AuditEntry, AuditEvent, AuditHead, AuditRecord, ChainHash, EffectState};
pub use caller::{Caller, DeviceId, Door, OwnerId, Right, Rights};
pub use card::{Badge, BoxFact, BoxHold, Card, CardChange, CardLine, Concern, RiskySeverity};
pub use chunk::{Chunk, LogLevel, SequencedChunk};
pub use client::{ClientId, ClientName};
pub use code::ErrorCode;
pub use event::{Sender, TOPIC_BYTES_MAX, TOPIC_WORDS_MAX, Topic, TopicFamily, TopicPattern};
pub use failure::Failure;
pub use id::{
    ActionName, AppName, Digest, EventId, FileId, GrantId, KeyName, LoginId, NameError, OfferId, OwnerName,
    PublisherName, QuestionId, RequestId, RunId, TokenId, TokenName, sha256,
};
pub use label::Labels;
pub use limit::{LimitChanges, Limits};
pub use question::{Answer, Choice, Question, QuestionKind};
pub use route::{RouteAnswer, RouteCall, RouteEnd};
pub use scope::{
    FileAccess, GrantDuration, GrantState, HostRule, Line, Scope, ScopeRequest, ScopeWord, Zone, is_wide_folder,
    runs_anything,
};
pub use secret::{SecretText, ShownOnce};
pub use sentence::{Arg, Sentence};
pub use time::{Clock, Entropy, Timestamp};
pub use tool::{ToolName, WIRE_NAME_BYTES_MAX};
pub use verbatim::Verbatim;
