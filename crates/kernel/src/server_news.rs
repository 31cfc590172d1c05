//! What servers tell while they run: what they offer is asked for again by itself, so that what changed waits for the owner, and
//! who watches a resource hears of it.

use crate::{Kernel, admission::Whose, bus::deliver::ended, program::ServerNews, run::Cause, servers::ServerRequest};
use parking_lot::Mutex;
use protocol::{AppName, Caller, ErrorCode, Failure, Labels, OwnerId, Right, Sentence, sentence};
use serde_json::{Map, json};
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::sync::broadcast;

/// A server that says the same several times in a row is asked once.
const SETTLE_MS: u64 = 100;
/// How often in a row a server may have itself asked again, and after which time once more: each time is a run, and its words are
/// a stranger's.
const LOOKS_AT_ONCE: u32 = 8;
const LOOK_EVERY_MS: u64 = 60_000;
/// News of resources that wait for who is slow to hear them.
const NEWS_WAITING_MAX: usize = 256;
/// Resources of one app that are watched at once.
const WATCHED_MAX: usize = 1_024;

const SUBSCRIBE: &str = "resources/subscribe";
const UNSUBSCRIBE: &str = "resources/unsubscribe";

/// What a resource of a server holds has changed.
#[derive(Clone, Debug)]
pub struct ResourceChange {
    /// Whose server it is.
    pub owner: OwnerId,
    /// The server.
    pub app: AppName,
    /// The resource.
    pub uri: Arc<str>,
}

/// What is heard of all servers.
pub(crate) struct News {
    changes: broadcast::Sender<ResourceChange>,
    paces: Mutex<HashMap<Whose, Pace>>,
    watched: Mutex<HashMap<Whose, Arc<Watched>>>,
}

impl Default for News {
    fn default() -> Self {
        let changes = broadcast::Sender::new(NEWS_WAITING_MAX);
        Self { changes, paces: Mutex::default(), watched: Mutex::default() }
    }
}

/// Resources of one server that somebody watches, and how many do.
#[derive(Default)]
struct Watched {
    counts: Mutex<HashMap<String, usize>>,
    /// Held by whoever tells the server: what it hears last is what counts.
    turn: tokio::sync::Mutex<()>,
}

impl Watched {
    fn is_watched(&self, uri: &str) -> bool {
        self.counts.lock().contains_key(uri)
    }
}

/// How often a server is asked because of what it says. Pure.
#[derive(Debug)]
struct Pace {
    /// It will be asked anyway.
    is_due: bool,
    left: u32,
    filled_ns: u64,
}

impl Pace {
    fn new(now_ns: u64) -> Self {
        Self { is_due: false, left: LOOKS_AT_ONCE, filled_ns: now_ns }
    }

    /// Takes one more; how long that has to wait. `None`: one waits already, and will see this too.
    fn take(&mut self, now_ns: u64) -> Option<u64> {
        if self.is_due {
            return None;
        }
        let every_ns = LOOK_EVERY_MS * 1_000_000;
        let more = now_ns.saturating_sub(self.filled_ns) / every_ns;
        self.filled_ns += more * every_ns;
        self.left = u32::try_from(more).unwrap_or(u32::MAX).saturating_add(self.left).min(LOOKS_AT_ONCE);
        self.is_due = true;
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return Some(SETTLE_MS);
        }
        // The next one is spent before it is there.
        let wait_ms = LOOK_EVERY_MS - now_ns.saturating_sub(self.filled_ns) / 1_000_000;
        self.filled_ns += every_ns;
        Some(wait_ms.max(SETTLE_MS))
    }
}

/// A resource is watched, as long as this lives.
pub struct ResourceWatch {
    /// Not held: what is watched keeps nothing alive.
    kernel: Weak<Kernel>,
    whose: Whose,
    uri: String,
    watched: Arc<Watched>,
    /// The server knows of it.
    is_told: bool,
}

impl Drop for ResourceWatch {
    fn drop(&mut self) {
        {
            let mut counts = self.watched.counts.lock();
            match counts.get_mut(&self.uri) {
                Some(count) if *count > 1 => return *count -= 1,
                _ => drop(counts.remove(&self.uri)),
            }
        }
        let Some(kernel) = self.kernel.upgrade().filter(|_| self.is_told) else { return };
        let (whose, uri) = (self.whose.clone(), std::mem::take(&mut self.uri));
        let (watched, runtime) = (self.watched.clone(), kernel.runtime.clone());
        runtime.spawn(async move {
            let _turn = watched.turn.lock().await;
            if watched.is_watched(&uri) || kernel.is_ending() {
                return;
            }
            let ((owner, app), why) = (whose, Some(cause(sentence::cause_unwatched())));
            if let Err(failure) = kernel.watching_say(kernel.own_caller(owner), &app, UNSUBSCRIBE, &uri, why).await {
                tracing::debug!(%app, code = %failure.code, "a server was not told that nobody watches");
            }
        });
    }
}

/// Why a run was begun that nobody asked for.
fn cause(said: Sentence) -> Cause {
    let trigger = json!({ "kind": "server" });
    Cause { said, basis: None, labels: Labels::NONE, hops: 0, trigger, delivery: None }
}

impl Kernel {
    /// What changes in resources of servers that are watched.
    pub fn resource_changes(&self) -> broadcast::Receiver<ResourceChange> {
        self.server_news.changes.subscribe()
    }

    /// Has a server tell when a resource changes, as long as what is returned lives; it is kept running for that.
    pub async fn resource_watch(
        self: &Arc<Self>,
        caller: &Caller,
        app: AppName,
        uri: &str,
    ) -> Result<ResourceWatch, Failure> {
        self.require(caller, Right::Run)?;
        let whose = (caller.owner, app);
        let watched = self.server_news.watched.lock().entry(whose.clone()).or_default().clone();
        {
            let mut counts = watched.counts.lock();
            if counts.len() >= WATCHED_MAX && !counts.contains_key(uri) {
                return Err(Failure::new(
                    ErrorCode::HostBusy,
                    format!("{WATCHED_MAX} resources of {} are watched", whose.1),
                ));
            }
            *counts.entry(uri.to_owned()).or_default() += 1;
        }
        let (kernel, uri) = (Arc::downgrade(self), uri.to_owned());
        let mut watch = ResourceWatch { kernel, whose, uri, watched: watched.clone(), is_told: false };
        let _turn = watched.turn.lock().await;
        self.watching_say(*caller, &watch.whose.1, SUBSCRIBE, &watch.uri, None).await?;
        watch.is_told = true;
        Ok(watch)
    }

    async fn watching_say(
        self: &Arc<Self>,
        caller: Caller,
        app: &AppName,
        method: &str,
        uri: &str,
        cause: Option<Cause>,
    ) -> Result<(), Failure> {
        let params = Map::from_iter([("uri".to_owned(), uri.into())]);
        let request = ServerRequest { app: app.clone(), method: method.to_owned(), params, id: None };
        let viewer = self.server_request_for(caller, request, None, cause).await?;
        match &ended(viewer).await.summary.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(()),
        }
    }

    /// What a server that runs has said.
    pub(crate) fn server_heard(self: Arc<Self>, owner: OwnerId, app: &AppName, news: ServerNews) {
        let whose = (owner, app.clone());
        match news {
            ServerNews::Resource(uri) => self.resource_changed(&whose, &uri),
            ServerNews::Offers => self.look_soon(whose),
            ServerNews::Gone => self.watch_again(whose),
        }
    }

    fn resource_changed(&self, (owner, app): &Whose, uri: &str) {
        let change = ResourceChange { owner: *owner, app: app.clone(), uri: uri.into() };
        // Nobody listens: nobody wanted to know.
        drop(self.server_news.changes.send(change));
    }

    fn look_soon(self: Arc<Self>, whose: Whose) {
        let now_ns = self.clock.monotonic_ns();
        let wait_ms = {
            let mut paces = self.server_news.paces.lock();
            paces.entry(whose.clone()).or_insert_with(|| Pace::new(now_ns)).take(now_ns)
        };
        let Some(wait_ms) = wait_ms else { return };
        let kernel = self.clone();
        self.runtime.spawn(async move {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            if let Some(pace) = kernel.server_news.paces.lock().get_mut(&whose) {
                pace.is_due = false;
            }
            let (owner, app) = whose;
            // Meanwhile it may have been disabled or removed.
            let looked = async {
                let loaded = kernel.app_enabled(owner, &app).await?;
                let why = Some(cause(sentence::cause_server_changed()));
                kernel.server_look_for(kernel.own_caller(owner), &loaded, why).await
            };
            if let Err(failure) = looked.await {
                tracing::info!(%app, code = %failure.code, "a server that says it has changed was not asked");
            }
        });
    }

    /// A server that was watched has gone: it is started again, and what changed meanwhile nobody knows.
    fn watch_again(self: Arc<Self>, whose: Whose) {
        let watched = self.server_news.watched.lock().get(&whose).cloned();
        let Some(watched) = watched.filter(|watched| !watched.counts.lock().is_empty()) else { return };
        if self.is_ending() {
            return;
        }
        let kernel = self.clone();
        self.runtime.spawn(async move {
            tokio::time::sleep(Duration::from_millis(SETTLE_MS)).await;
            let _turn = watched.turn.lock().await;
            let uris: Vec<String> = watched.counts.lock().keys().cloned().collect();
            for uri in uris {
                let (caller, why) = (kernel.own_caller(whose.0), Some(cause(sentence::cause_watched())));
                if let Err(failure) = kernel.watching_say(caller, &whose.1, SUBSCRIBE, &uri, why).await {
                    tracing::info!(app = %whose.1, code = %failure.code, "a resource is not watched any more");
                    return;
                }
                kernel.resource_changed(&whose, &uri);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_says_it_all_the_time_is_asked_now_and_then() {
        let second = |seconds: u64| seconds * 1_000_000_000;
        let mut pace = Pace::new(0);
        let mut take = |now_ns: u64| {
            let wait = pace.take(now_ns);
            let again = pace.take(now_ns);
            assert_eq!(again, None, "one that waits sees all that comes until then");
            pace.is_due = false;
            wait
        };
        for _ in 0..LOOKS_AT_ONCE {
            assert_eq!(take(second(1)), Some(SETTLE_MS));
        }
        assert_eq!(take(second(20)), Some(40_000));
        assert_eq!(take(second(60)), Some(LOOK_EVERY_MS));
        // Quiet for long enough, it may say it as often as at first.
        for _ in 0..LOOKS_AT_ONCE {
            assert_eq!(take(second(3_600)), Some(SETTLE_MS));
        }
        assert!(take(second(3_600)).is_some_and(|wait_ms| wait_ms > SETTLE_MS));
    }
}
