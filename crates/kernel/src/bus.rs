//! The bus: what happened is told to the apps that may hear it.
//!
//! An event is a fact. It is kept with the end of the run that sent it, and heard at least once by each listener that
//! there is when its turn comes: each hearing is an ordinary run under the card's grants. Only what a person says
//! ([`protocol::Topic::can_be_answered`]) has one answer, and then its listeners are asked one after the other.
//!
//! Fair by construction: the events of one sender wait in a line of their own, listeners take turns among senders and
//! apps take turns among listeners. A flood fills its own line, and its sender is told.

pub(crate) mod answer; // what can be answered: one listener after the other
pub(crate) mod deliver; // from the queue to a run
pub(crate) mod emit; // from a run or the owner into the queue
pub(crate) mod event; // an event, and how it is kept
pub(crate) mod queue; // whose turn it is
pub(crate) mod rate; // how fast one sender may be
pub(crate) mod table; // who hears what, in which order

use crate::admission::Whose;
use event::Event;
use parking_lot::Mutex;
use protocol::{EventId, OwnerId, RunId, Sender, api::RunSummary};
use queue::Queue;
use rate::Bucket;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};
use table::{Listener, Table};
use tokio::sync::Notify;

/// Largest payload of an event as JSON: a fact with some text, not a document.
pub const EVENT_BYTES_MAX: usize = 64 << 10;
/// Events of one sender that may wait: more is a flood, not a queue.
pub const EVENTS_WAITING_MAX: usize = 1_000;
/// What the waiting events of one sender may hold in memory.
pub const EVENTS_WAITING_BYTES_MAX: usize = 4 << 20;
/// Events that one sender may send at once, after a pause.
pub const EVENTS_BURST: u32 = 1_000;
/// Events that one sender may send each second for ever: far above what anything with meaning needs.
pub const EVENTS_PER_SECOND: u32 = 100;
/// How often an event may come from an event. A chain of three apps is long; a longer one is a circle.
pub const HOPS_MAX: u8 = 8;
/// Hearings under way at once, each of another app: a few per core, and most of a machine stays free for persons.
pub const HEARINGS_MAX: usize = 16;
/// How often an event is tried again after oikos ended while it was heard: it may be the reason.
pub const TRIES_MAX: u32 = 3;
/// How long the owner who sends an event waits to be told how it was heard.
pub const HEARD_WAIT_MS: u64 = 60_000;

/// The bus.
#[derive(Default)]
pub(crate) struct Bus {
    state: Mutex<State>,
    /// Something can be started, or has ended.
    moved: Notify,
}

#[derive(Default)]
struct State {
    table: Table,
    queue: Queue,
    rates: HashMap<(OwnerId, Sender), Bucket>,
    /// What a run has sent and has not kept yet.
    held: HashMap<RunId, Vec<Event>>,
    /// Kept, and not yet told to the listeners of now.
    unrouted: VecDeque<Arc<Event>>,
    /// Which listeners have heard it already, of what an earlier process left.
    heard_before: HashMap<EventId, Vec<String>>,
    /// Apps that Stop keeps from starting by themselves.
    paused: HashSet<Whose>,
    /// Owners whose apps are in the table.
    known: HashSet<OwnerId>,
    /// How many want events to be heard now: the loop, and owners who wait for theirs.
    routing: usize,
    /// Owners who wait to be told.
    watched: HashMap<EventId, Vec<RunSummary>>,
    /// The last minute that each owner's apps were told.
    minutes: HashMap<OwnerId, i64>,
}

impl Bus {
    /// Whether nothing waits and nothing is under way.
    fn is_idle(&self) -> bool {
        let state = self.state.lock();
        // What waits for an owner whose apps are not loaded waits for their next time.
        state.queue.is_idle() && !state.unrouted.iter().any(|event| state.known.contains(&event.owner))
    }

    /// Events that wait, of all owners.
    pub(crate) fn waiting(&self) -> usize {
        self.state.lock().queue.waiting()
    }

    /// Hearings under way.
    pub(crate) fn under_way(&self) -> usize {
        self.state.lock().queue.under_way()
    }

    /// Whether Stop keeps an app from starting by itself.
    pub(crate) fn is_paused(&self, whose: &Whose) -> bool {
        self.state.lock().paused.contains(whose)
    }

    /// Whether an owner's apps are in the table.
    pub(crate) fn knows(&self, owner: OwnerId) -> bool {
        self.state.lock().known.contains(&owner)
    }

    /// Whoever waits for a state of the bus looks again.
    pub(crate) fn wake(&self) {
        self.moved.notify_waiters();
    }

    /// Looks at the table.
    pub(crate) fn with_table<T>(&self, look: impl FnOnce(&Table) -> T) -> T {
        look(&self.state.lock().table)
    }

    /// Who hears an event, in their order.
    fn listeners(&self, event: &Event) -> Vec<Arc<Listener>> {
        self.state.lock().table.hearing(event.owner, &event.topic, event.text().as_deref())
    }
}
