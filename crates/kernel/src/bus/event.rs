//! An event, and how it is kept.

use protocol::{EventId, Labels, OwnerId, Sender, Timestamp, Topic};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::{Batch, Entry, Key, Space};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

/// Where events wait, in the order in which they came: ids sort by time.
const WAITING: &str = "waiting/";
/// Where it stands which listeners have heard an event that others still have to hear.
const HEARD: &str = "heard/";
/// What an event costs in memory beside its texts.
const EVENT_BYTES: usize = 256;

/// Something that happened.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    pub(crate) owner: OwnerId,
    pub(crate) topic: Topic,
    /// JSON text, valid.
    pub(crate) payload: String,
    pub(crate) sender: Sender,
    pub(crate) at: Timestamp,
    /// How many events it comes from.
    pub(crate) hops: u8,
    /// Of everything that its sender had read.
    pub(crate) labels: Labels,
    /// Whether it is in the store.
    pub(crate) is_kept: bool,
    /// How often oikos began to tell it and ended before it had.
    pub(crate) tries: u32,
    /// Listeners of which the store does not know yet that they have heard it.
    pub(crate) remaining: AtomicUsize,
    /// Whether more than one hears it: then each is written down, and the last one's end lets go of it.
    pub(crate) is_shared: AtomicBool,
    /// Hearings that have not come to their end yet: the commit of one is not yet the end that its sender is told of.
    pub(crate) unended: AtomicUsize,
    /// Whether it has given back its sender's place in the queue: of several listeners that end at once, one does.
    pub(crate) is_released: AtomicBool,
}

#[derive(Serialize, Deserialize)]
struct Row {
    id: EventId,
    topic: Topic,
    payload: String,
    sender: Sender,
    at: Timestamp,
    #[serde(default)]
    hops: u8,
    #[serde(default)]
    tries: u32,
}

/// What the store is told of one hearing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ack {
    /// Everybody has heard it.
    All(OwnerId, EventId),
    /// One listener has.
    One(OwnerId, EventId, String),
}

impl Event {
    /// What it holds in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.payload.len() + self.topic.as_str().len() + EVENT_BYTES
    }

    /// What a listener gets, as JSON.
    pub(crate) fn input(&self) -> String {
        let text = |text: &str| Value::from(text).to_string();
        format!(
            r#"{{"id":{},"topic":{},"sender":{},"at":{},"payload":{}}}"#,
            text(&self.id.to_string()),
            text(self.topic.as_str()),
            text(&self.sender.to_string()),
            self.at.0,
            self.payload
        )
    }

    /// What a message says: its text, or the payload itself where that is a text.
    pub(crate) fn text(&self) -> Option<String> {
        let payload: Value = serde_json::from_str(&self.payload).ok()?;
        payload.as_str().or_else(|| payload.get("text")?.as_str()).map(str::to_owned)
    }

    /// Keeps it.
    pub(crate) fn put(&self, batch: &mut Batch) {
        let row = Row {
            id: self.id,
            topic: self.topic.clone(),
            payload: self.payload.clone(),
            sender: self.sender.clone(),
            at: self.at,
            hops: self.hops,
            tries: self.tries,
        };
        batch.put(&waiting_key(self.owner, self.id), serde_json::to_vec(&row).unwrap_or_default(), self.labels);
    }

    /// Reads it back.
    pub(crate) fn read(owner: OwnerId, entry: &Entry) -> Option<Self> {
        let row: Row = serde_json::from_slice(&entry.value).ok()?;
        Some(Self {
            id: row.id,
            owner,
            topic: row.topic,
            payload: row.payload,
            sender: row.sender,
            at: row.at,
            hops: row.hops,
            labels: entry.labels,
            is_kept: true,
            tries: row.tries,
            remaining: AtomicUsize::new(0),
            is_shared: AtomicBool::new(false),
            unended: AtomicUsize::new(0),
            is_released: AtomicBool::new(false),
        })
    }

    /// It goes to this many.
    pub(crate) fn routed(&self, listeners: usize) {
        self.remaining.store(listeners, SeqCst);
        self.unended.store(listeners, SeqCst);
        self.is_shared.store(listeners > 1, SeqCst);
    }

    /// What the store is told when one listener has heard it.
    pub(crate) fn ack(&self, listener: &str) -> Option<Ack> {
        self.is_kept.then(|| match self.is_shared.load(SeqCst) {
            true => Ack::One(self.owner, self.id, listener.to_owned()),
            false => Ack::All(self.owner, self.id),
        })
    }

    /// The store was told of one listener: called once for each, and only then, so that the event goes after the last of
    /// them and not before. `true`: that was the last.
    pub(crate) fn hearing_end(&self) -> bool {
        self.remaining.fetch_sub(1, SeqCst) == 1
    }
}

impl Ack {
    /// Puts it into a batch: with the end of the run that heard, so that what the run stored and that it heard are one.
    pub(crate) fn put(&self, batch: &mut Batch) {
        match self {
            Self::All(owner, event) => {
                batch.delete(&waiting_key(*owner, *event));
                batch.delete_prefix(*owner, Space::Event, &format!("{HEARD}{event}/"));
            }
            Self::One(owner, event, listener) => {
                let key = Key::new(*owner, Space::Event, format!("{HEARD}{event}/{listener}"));
                batch.put(&key, Vec::new(), Labels::NONE);
            }
        }
    }
}

/// The key of an event that waits.
pub(crate) fn waiting_key(owner: OwnerId, event: EventId) -> Key {
    Key::new(owner, Space::Event, format!("{WAITING}{event}"))
}

/// The prefix of all that wait.
pub(crate) fn waiting_prefix() -> &'static str {
    WAITING
}

/// The prefix of all that some have heard.
pub(crate) fn heard_prefix() -> &'static str {
    HEARD
}

/// The event and the listener of a key under [`heard_prefix`].
pub(crate) fn heard_split(key: &str) -> Option<(EventId, &str)> {
    let (event, listener) = key.strip_prefix(HEARD)?.split_once('/')?;
    Some((event.parse().ok()?, listener))
}
