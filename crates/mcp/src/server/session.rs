//! Sessions, for the revisions that have them: whose each is, what is being done in it, what was asked of its client.

use super::{
    capabilities::Capabilities,
    dispatch::Attached,
    events::Level,
    household::{Change, Client, Identity, ProtocolError},
    json::Json,
    listen::Watches,
    message::Id,
    running::{Asker, Running},
};
use parking_lot::Mutex;
use protocol::{Clock, Entropy};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::{broadcast, oneshot};
use tokio_util::sync::CancellationToken;

/// Sessions of one client. Clients that never end theirs are many: the one that was not used for longest makes room.
pub const SESSIONS_OF_CLIENT_MAX: usize = 64;
/// Sessions of all clients.
pub const SESSIONS_MAX: usize = 1_024;
/// How long a session stays that nobody uses.
pub const SESSION_IDLE_MAX: Duration = Duration::from_secs(30 * 60);
/// What may be done at once in one session.
pub const RUNNING_OF_SESSION_MAX: usize = 256;
/// Streams that ended without their reader, kept for whoever comes back.
const LEFT_STREAMS_MAX: usize = 8;
const ID_BYTES: usize = 16;

/// A session.
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) client: Client,
    pub(crate) version: &'static str,
    pub(crate) capabilities: Arc<Capabilities>,
    pub(crate) ended: CancellationToken,
    log_level: Mutex<Level>,
    running: Mutex<HashMap<Id, Arc<Running>>>,
    asked: Mutex<HashMap<Id, oneshot::Sender<Result<Json, ProtocolError>>>>,
    asked_last: AtomicU64,
    streams: Mutex<BTreeMap<u64, (Id, Attached)>>,
    stream_last: AtomicU64,
    pub(crate) watches: Mutex<Watches>,
    pub(crate) changes: tokio::sync::Mutex<broadcast::Receiver<Change>>,
    listener: Mutex<Option<CancellationToken>>,
    open: AtomicUsize,
    used_ns: AtomicU64,
}

impl Session {
    pub(crate) fn new(
        id: String,
        client: Client,
        version: &'static str,
        capabilities: Capabilities,
        changes: broadcast::Receiver<Change>,
    ) -> Arc<Self> {
        Arc::new(Self {
            id,
            version,
            capabilities: Arc::new(capabilities),
            ended: client.revoked.child_token(),
            client,
            log_level: Mutex::new(Level::Info),
            running: Mutex::default(),
            asked: Mutex::default(),
            asked_last: AtomicU64::new(0),
            streams: Mutex::default(),
            stream_last: AtomicU64::new(0),
            watches: Mutex::default(),
            changes: tokio::sync::Mutex::new(changes),
            listener: Mutex::default(),
            open: AtomicUsize::new(0),
            used_ns: AtomicU64::new(0),
        })
    }

    pub(crate) fn log_level(&self) -> Level {
        *self.log_level.lock()
    }

    pub(crate) fn log_level_set(&self, level: Level) {
        *self.log_level.lock() = level;
    }

    /// Begins something under the id of its request. `Err`: the id is in use, or too much is being done.
    pub(crate) fn begin(&self, id: &Id, running: &Arc<Running>) -> Result<(), &'static str> {
        let mut table = self.running.lock();
        table.retain(|_, running| !running.is_done());
        if table.contains_key(id) {
            return Err("a request with this id is being answered");
        }
        if table.len() >= RUNNING_OF_SESSION_MAX {
            return Err("too many requests of this session are being answered");
        }
        table.insert(id.clone(), Arc::clone(running));
        Ok(())
    }

    /// Whether a request with this id is being answered.
    pub(crate) fn has_running(&self, id: &Id) -> bool {
        self.running.lock().get(id).is_some_and(|running| !running.is_done())
    }

    /// The answer was given.
    pub(crate) fn end(&self, id: &Id) {
        self.running.lock().remove(id);
    }

    /// The client gives a request up. A second time, or for one that is over, nothing happens.
    pub(crate) fn cancel(&self, id: &Id) {
        let running = self.running.lock().remove(id);
        if let Some(running) = running {
            running.cancel.cancel();
            running.finish(Err(super::running::gone()));
        }
    }

    /// The client answered a request of ours. An answer to none is dropped.
    pub(crate) fn answered(&self, id: &Id, answer: Result<Json, ProtocolError>) {
        if let Some(waits) = self.asked.lock().remove(id) {
            // Whoever asked may be gone by now.
            let _gone = waits.send(answer).is_err();
        }
    }

    /// A stream that can be found again, under its number.
    pub(crate) fn stream_open(&self, id: Id, attached: &Attached) -> u64 {
        let number = self.stream_last.fetch_add(1, Ordering::Relaxed) + 1;
        let mut streams = self.streams.lock();
        streams.insert(number, (id, attached.clone()));
        let left: Vec<u64> =
            streams.iter().filter(|(_, (_, attached))| attached.running.is_done()).map(|(number, _)| *number).collect();
        for old in left.iter().take(left.len().saturating_sub(LEFT_STREAMS_MAX)) {
            streams.remove(old);
        }
        number
    }

    /// A stream by its number.
    pub(crate) fn stream(&self, number: u64) -> Option<(Id, Attached)> {
        self.streams.lock().get(&number).cloned()
    }

    /// A stream was read to its end.
    pub(crate) fn stream_close(&self, number: u64) {
        self.streams.lock().remove(&number);
    }

    /// Whoever listens now is told of changes; whoever did before no more. Says whether somebody did.
    pub(crate) fn listen(&self) -> (CancellationToken, bool) {
        let mine = self.ended.child_token();
        let before = self.listener.lock().replace(mine.clone());
        if let Some(before) = &before {
            before.cancel();
        }
        (mine, before.is_some())
    }

    /// Held as long as a connection is open for this session: it is not idle.
    pub(crate) fn hold(self: &Arc<Self>) -> Held {
        self.open.fetch_add(1, Ordering::Relaxed);
        Held(Arc::clone(self))
    }

    fn is_busy(&self) -> bool {
        self.open.load(Ordering::Relaxed) > 0 || self.running.lock().values().any(|running| !running.is_done())
    }
}

/// Held as long as a connection is open.
pub(crate) struct Held(Arc<Session>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Asker for Session {
    fn open(&self) -> (Id, oneshot::Receiver<Result<Json, ProtocolError>>) {
        let id = Id::Number(i64::try_from(self.asked_last.fetch_add(1, Ordering::Relaxed) + 1).unwrap_or(i64::MAX));
        let (sender, receiver) = oneshot::channel();
        self.asked.lock().insert(id.clone(), sender);
        (id, receiver)
    }

    fn close(&self, id: &Id) {
        self.asked.lock().remove(id);
    }
}

/// All sessions.
pub(crate) struct Sessions {
    table: Mutex<HashMap<String, Arc<Session>>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Sessions {
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { table: Mutex::default(), clock, entropy }
    }

    /// A name for a new session, which nobody guesses.
    pub(crate) fn new_id(&self) -> String {
        let mut id = [0; ID_BYTES];
        self.entropy.fill(&mut id);
        hex::encode(id)
    }

    /// Keeps a new session. `Err`: all that could make room are in use.
    pub(crate) fn insert(&self, session: Arc<Session>) -> Result<(), ()> {
        let now = self.clock.monotonic_ns();
        session.used_ns.store(now, Ordering::Relaxed);
        let mut table = self.table.lock();
        let idle_ns = u64::try_from(SESSION_IDLE_MAX.as_nanos()).unwrap_or(u64::MAX);
        let idle = |session: &Arc<Session>| {
            session.client.revoked.is_cancelled()
                || (now.saturating_sub(session.used_ns.load(Ordering::Relaxed)) > idle_ns && !session.is_busy())
        };
        let over: Vec<String> = table.iter().filter(|(_, session)| idle(session)).map(|(id, _)| id.clone()).collect();
        for id in over {
            end(table.remove(&id));
        }
        let identity = session.client.identity();
        let of_client = table.values().filter(|known| known.client.identity() == identity).count();
        if of_client >= SESSIONS_OF_CLIENT_MAX {
            make_room(&mut table, identity)?;
        } else if table.len() >= SESSIONS_MAX {
            // Whoever has most gives one up.
            let mut counts: HashMap<Identity, usize> = HashMap::new();
            for known in table.values() {
                *counts.entry(known.client.identity()).or_default() += 1;
            }
            let most = counts.into_iter().max_by_key(|(_, count)| *count).map(|(identity, _)| identity).ok_or(())?;
            make_room(&mut table, most)?;
        }
        table.insert(session.id.clone(), session);
        Ok(())
    }

    /// A session by its name, for the client whose it is. For everybody else it is not there.
    pub(crate) fn get(&self, id: &str, client: &Client) -> Option<Arc<Session>> {
        let session = self.table.lock().get(id).filter(|session| session.client.is(client)).cloned()?;
        let now = self.clock.monotonic_ns();
        let idle_ns = u64::try_from(SESSION_IDLE_MAX.as_nanos()).unwrap_or(u64::MAX);
        if now.saturating_sub(session.used_ns.swap(now, Ordering::Relaxed)) > idle_ns && !session.is_busy() {
            self.remove(id, client);
            return None;
        }
        Some(session)
    }

    /// Ends a session of this client, and everything in it. `false`: it has none of this name.
    pub(crate) fn remove(&self, id: &str, client: &Client) -> bool {
        let mut table = self.table.lock();
        let is_theirs = table.get(id).is_some_and(|session| session.client.is(client));
        let session = is_theirs.then(|| table.remove(id)).flatten();
        drop(table);
        end(session);
        is_theirs
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.table.lock().len()
    }
}

fn make_room(table: &mut HashMap<String, Arc<Session>>, identity: Identity) -> Result<(), ()> {
    let mut candidates = table.values().filter(|session| session.client.identity() == identity && !session.is_busy());
    let first = candidates.next().ok_or(())?;
    let used = |session: &Session| session.used_ns.load(Ordering::Relaxed);
    let oldest = candidates.fold(first, |oldest, session| if used(session) < used(oldest) { session } else { oldest });
    let id = oldest.id.clone();
    end(table.remove(&id));
    Ok(())
}

fn end(session: Option<Arc<Session>>) {
    if let Some(session) = session {
        session.ended.cancel();
    }
}
