//! Servers elsewhere: nothing is started, and each request is a permit of the run that it is for. A session is shared by the
//! runs of one app, for one owner, with the same headers.

use super::{
    sender::{LastSender, RunSender},
    serving::Conversation,
    sign_in::{LastPerson, SignIns, not_let_in},
    stdio::options,
};
use crate::client::{CallError, OpenError, Session, Way, Web};
use egress::Client;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::{
    program::{Rooms, ServerSource, Terms},
    runner::{GuestCall, GuestEnd, GuestFailure, GuestHost, GuestImage, GuestSource, PrepareError, Runner},
};
use parking_lot::Mutex;
use protocol::{AppName, Clock, Digest, Entropy, ErrorCode, Failure, OwnerId};
use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use url::Url;

/// Sessions that are kept; of more, the one that was used longest ago is said goodbye to.
const SESSIONS_MAX: usize = 256;
/// A session that nobody used for so long is.
const IDLE_MS_MAX: u64 = 600_000;
/// How often it is looked whether one is.
const IDLE_LOOK_MS: u64 = 30_000;

/// What servers elsewhere need.
pub struct ServerConfig {
    /// The one client of HTTP.
    pub egress: Arc<Client>,
    /// The version of oikos, which servers are told.
    pub version: String,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What nobody may guess.
    pub entropy: Arc<dyn Entropy>,
    /// Who lets runs in where a server wants to know on whose behalf they come.
    pub sign_ins: Arc<dyn SignIns>,
}

/// Runs apps that are servers elsewhere.
pub struct ServerRunner(Arc<Shared>);

struct Shared {
    config: ServerConfig,
    sessions: Mutex<HashMap<Key, Arc<Kept>>>,
    /// Somebody looks after those that nobody uses.
    is_attended: AtomicBool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    owner: OwnerId,
    app: AppName,
    package: Digest,
    terms: Digest,
}

struct Kept {
    sender: Arc<LastSender>,
    person: Arc<LastPerson>,
    used_ns: Mutex<u64>,
    conversation: tokio::sync::Mutex<Option<Arc<Conversation>>>,
}

impl Kept {
    /// Nobody used it for long, and nobody waits for what its server has to tell of a resource. What it offers is told too while it
    /// is kept, and asked for again when it is used the next time.
    fn is_idle(&self, now_ns: u64) -> bool {
        let is_old = now_ns.saturating_sub(*self.used_ns.lock()) >= IDLE_MS_MAX * 1_000_000;
        let is_watching = || match self.conversation.try_lock() {
            Ok(conversation) => conversation.as_ref().is_some_and(|known| known.session.is_watching()),
            // It is being opened.
            Err(_) => true,
        };
        is_old && !is_watching()
    }
}

impl ServerRunner {
    /// Nobody is reached before a run needs it.
    pub fn new(config: ServerConfig) -> Self {
        Self(Arc::new(Shared { config, sessions: Mutex::default(), is_attended: AtomicBool::new(false) }))
    }
}

impl Runner for ServerRunner {
    fn prepare(&self, source: &GuestSource) -> Result<Arc<dyn GuestImage>, PrepareError> {
        let GuestSource::Server(source) = source else {
            return Err(PrepareError::Sandbox { message: "this is no server".to_owned() });
        };
        let url = Url::parse(&source.url)
            .map_err(|error| PrepareError::Code { message: format!("{}: {error}", source.url) })?;
        Ok(Arc::new(Image { shared: self.0.clone(), source: source.clone(), url, exports: ["invoke".to_owned()] }))
    }

    fn forget(&self, package: Digest) {
        self.0.sessions.lock().retain(|key, _| key.package != package);
    }

    fn let_go(&self, owner: OwnerId, app: &AppName, still: &Rooms) {
        if !still.has_way_out {
            self.end(owner, app);
        }
    }

    fn end(&self, owner: OwnerId, app: &AppName) {
        self.0.sessions.lock().retain(|key, _| key.owner != owner || key.app != *app);
    }
}

struct Image {
    shared: Arc<Shared>,
    source: ServerSource,
    url: Url,
    exports: [String; 1],
}

impl GuestImage for Image {
    fn start(&self, call: GuestCall, host: Arc<dyn GuestHost>) -> BoxFuture<'static, GuestEnd> {
        let (shared, source, url) = (self.shared.clone(), self.source.clone(), self.url.clone());
        Box::pin(async move { shared.serve(&source, url, call, host).await })
    }

    fn exports(&self) -> &[String] {
        &self.exports
    }

    fn is_on_terms(&self) -> bool {
        true
    }
}

fn failed(failure: Failure) -> GuestEnd {
    GuestEnd { result: Err(GuestFailure::Failed(Box::new(failure))), memory_bytes: 0 }
}

impl Shared {
    async fn serve(
        self: &Arc<Self>,
        source: &ServerSource,
        url: Url,
        call: GuestCall,
        host: Arc<dyn GuestHost>,
    ) -> GuestEnd {
        let (Some(terms), Some(way)) = (call.terms.clone(), host.way_out()) else {
            return failed(Failure::new(ErrorCode::Internal, "a server was called without its terms"));
        };
        let kept = self.kept(source, &terms);
        let sender = Arc::new(RunSender { client: self.config.egress.clone(), way });
        kept.sender.set(sender.clone());
        let lease = call.lease.clone();
        *kept.person.lease.lock() = Some(lease.clone());
        let opened = tokio::select! {
            opened = self.conversation(source, url, &kept, &terms) => opened,
            end = lease.ended() => return GuestEnd { result: Err(GuestFailure::Ended(end)), memory_bytes: 0 },
        };
        let conversation = match opened {
            Ok(conversation) => conversation,
            Err(why) => return failed(why),
        };
        conversation.serve(call, host, Some(sender)).await
    }

    fn kept(self: &Arc<Self>, source: &ServerSource, terms: &Terms) -> Arc<Kept> {
        let now_ns = self.config.clock.monotonic_ns();
        let key = Key { owner: terms.owner, app: source.app.clone(), package: source.package, terms: terms.digest };
        let mut sessions = self.sessions.lock();
        let idle_ns = |kept: &Kept| now_ns.saturating_sub(*kept.used_ns.lock());
        if !self.is_attended.swap(true, Ordering::SeqCst) {
            tokio::spawn(Self::attend(Arc::downgrade(self)));
        }
        sessions.retain(|_, kept| !kept.is_idle(now_ns));
        if sessions.len() >= SESSIONS_MAX
            && let Some(oldest) = sessions.iter().max_by_key(|(_, kept)| idle_ns(kept)).map(|(key, _)| key.clone())
        {
            sessions.remove(&oldest);
        }
        let kept = sessions.entry(key).or_insert_with(|| {
            Arc::new(Kept {
                sender: Arc::default(),
                person: Arc::new(LastPerson {
                    sign_ins: self.config.sign_ins.clone(),
                    clock: self.config.clock.clone(),
                    owner: terms.owner,
                    app: source.app.clone(),
                    lease: Mutex::default(),
                }),
                used_ns: Mutex::new(now_ns),
                conversation: tokio::sync::Mutex::default(),
            })
        });
        *kept.used_ns.lock() = now_ns;
        kept.clone()
    }

    async fn conversation(
        &self,
        source: &ServerSource,
        url: Url,
        kept: &Kept,
        terms: &Terms,
    ) -> Result<Arc<Conversation>, Failure> {
        let unreached = |why: String| Failure::new(ErrorCode::NetworkFailed, format!("{}: {why}", source.app));
        let mut conversation = kept.conversation.lock().await;
        if let Some(known) = &*conversation {
            return Ok(known.clone());
        }
        let web = Web {
            url,
            headers: headers(terms).map_err(unreached)?,
            sender: kept.sender.clone(),
            authorizer: Some(kept.person.authorizer(self.config.entropy.clone())),
            sse_only: source.is_older,
        };
        let options = options(&self.config.version, &self.config.clock, None);
        let session = Session::open(Way::Web(web), options).await.map_err(|error| match error {
            OpenError::Failed(CallError::Authorization(error)) => not_let_in(&source.app, &error),
            error => unreached(error.to_string()),
        })?;
        let made = conversation.insert(Conversation::new(session.clone(), source.app.clone())).clone();
        // Not waited for: a server that has nothing to tell by itself can be called as any other.
        tokio::spawn(async move {
            if let Err(error) = session.listen().await {
                tracing::debug!(%error, "a server does not tell when what it offers changes");
            }
        });
        Ok(made)
    }

    /// Lets go of what nobody uses, and comes back when there is nothing left to look after.
    async fn attend(shared: Weak<Self>) {
        loop {
            tokio::time::sleep(Duration::from_millis(IDLE_LOOK_MS)).await;
            let Some(shared) = shared.upgrade() else { return };
            let now_ns = shared.config.clock.monotonic_ns();
            let mut sessions = shared.sessions.lock();
            sessions.retain(|_, kept| !kept.is_idle(now_ns));
            if sessions.is_empty() {
                shared.is_attended.store(false, Ordering::SeqCst);
                return;
            }
        }
    }
}

/// The headers that the owner set for it. They are secrets, all of them.
fn headers(terms: &Terms) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, given) in &terms.given {
        let wrong = || format!("the header {name} cannot be sent as it is set");
        let mut value = HeaderValue::from_str(given.expose()).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::try_from(name.as_str()).map_err(|_| wrong())?, value);
    }
    Ok(headers)
}
