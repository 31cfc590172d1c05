//! Browsers that are signed in. A link from the owner's terminal signs one in, once and within a minute; what stands in it
//! comes after the `#`, which browsers send to nobody, and the page exchanges it for two secrets. One is a cookie that no
//! script can read. Cookies know no ports, so everything that listens at this host gets to see it: alone it lets nobody in.
//! The other is held by the page, and sent as a header.

use super::{
    Credential, Kind, Revocation, Revoker,
    key::{commit_failure, json, require_owner, store_failure},
    note,
};
use parking_lot::{Mutex, RwLock};
use protocol::{
    Caller, Clock, Digest, Entropy, ErrorCode, Failure, Labels, LoginId, OwnerId, ShownOnce, Timestamp, api::LoginView,
    sentence, text,
};
use serde::{Deserialize, Serialize};
use state::{Batch, Durability, Key, Space, Store};
use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
};
use subtle::ConstantTimeEq as _;

/// How long a link can be used: as long as it takes to copy it.
pub const LINK_LIFE_MS: u64 = 60_000;
/// How long a browser stays signed in.
pub const LOGIN_LIFE_MS: u64 = 30 * 86_400_000;
/// Browsers of an owner that are signed in at once; one more signs out the one that was used longest ago.
pub const LOGINS_MAX: usize = 32;
/// Links of an owner that wait at once; one more forgets the oldest.
const LINKS_MAX: usize = 4;
/// Longest name of a browser that is kept.
const BROWSER_CHARS_MAX: usize = 80;
/// How exactly it is known when a login was used last.
const USED_EVERY_MS: u64 = 60_000;
/// Addresses from which a login was right that are remembered.
const PEERS: usize = 4;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Record {
    id: LoginId,
    login: Digest,
    page: Digest,
    browser: String,
    made_at: Timestamp,
    used_at: Timestamp,
    expires_at: Timestamp,
}

/// A login that holds.
pub(super) struct LiveLogin {
    pub(super) owner: OwnerId,
    record: Record,
    revoker: Revoker,
    used_ms: AtomicI64,
    peers: Mutex<[Option<IpAddr>; PEERS]>,
}

impl LiveLogin {
    fn new(owner: OwnerId, record: Record) -> Self {
        let used_ms = AtomicI64::new(record.used_at.0);
        Self { owner, record, revoker: Revoker::new(), used_ms, peers: Mutex::default() }
    }

    pub(super) fn id(&self) -> LoginId {
        self.record.id
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.record.expires_at
    }

    pub(super) fn revocation(&self) -> Revocation {
        self.revoker.revocation(Some(self.record.expires_at))
    }

    pub(super) fn is_known_from(&self, peer: IpAddr) -> bool {
        self.peers.lock().contains(&Some(peer))
    }

    /// Whether this is the secret of its page.
    pub(super) fn is_page(&self, digest: &Digest) -> bool {
        self.record.page.0.ct_eq(&digest.0).into()
    }

    fn view(&self) -> LoginView {
        let Record { id, browser, made_at, expires_at, .. } = self.record.clone();
        LoginView { id, browser, made_at, used_at: Timestamp(self.used_ms.load(Relaxed)), expires_at }
    }
}

/// A link that can still be used.
struct Link {
    digest: Digest,
    owner: OwnerId,
    expires_at: Timestamp,
}

/// What a browser gets that was signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// The login, as it is listed.
    pub login: LoginView,
    /// For the cookie, see [`super::Guards::cookie_set`].
    pub cookie: ShownOnce,
    /// For the page, in the body of the answer.
    pub page: ShownOnce,
}

/// All logins of all owners, and links that wait.
pub struct Logins {
    store: Arc<dyn Store>,
    live: RwLock<HashMap<Digest, Arc<LiveLogin>>>,
    /// Not kept: who starts oikos again makes another one.
    links: Mutex<VecDeque<Link>>,
    /// Held by whoever makes or revokes one.
    changing: Mutex<()>,
}

impl Logins {
    /// Reads the logins of these owners.
    pub fn open(store: Arc<dyn Store>, owners: &[OwnerId]) -> Result<Self, Failure> {
        let mut live = HashMap::new();
        for owner in owners {
            let rows = store.scan(*owner, Space::Login, "", None, LOGINS_MAX).map_err(store_failure)?;
            for (key, entry) in rows {
                match serde_json::from_slice::<Record>(&entry.value) {
                    Ok(record) => drop(live.insert(record.login, Arc::new(LiveLogin::new(*owner, record)))),
                    Err(error) => tracing::error!(%key, %error, "a login cannot be read and lets nobody in"),
                }
            }
        }
        Ok(Self { store, live: RwLock::new(live), links: Mutex::default(), changing: Mutex::new(()) })
    }

    /// Whether any browser is signed in.
    pub(super) fn any(&self, now: Timestamp) -> bool {
        self.live.read().values().any(|login| !login.is_over(now))
    }

    /// Makes a link: what stands in it, and until when.
    pub fn link(
        &self,
        caller: &Caller,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<(ShownOnce, Timestamp), Failure> {
        require_owner(caller)?;
        let credential = Credential::generate(Kind::Link, entropy);
        let now = clock.now();
        let expires_at = now.plus_ms(LINK_LIFE_MS);
        let mut links = self.links.lock();
        links.retain(|link| now < link.expires_at);
        let own = links.iter().filter(|link| link.owner == caller.owner).count();
        if own >= LINKS_MAX
            && let Some(place) = links.iter().position(|link| link.owner == caller.owner)
        {
            links.remove(place);
        }
        links.push_back(Link { digest: credential.digest(), owner: caller.owner, expires_at });
        Ok((credential.text(), expires_at))
    }

    /// Whether there is such a link now.
    pub(super) fn link_find(&self, digest: &Digest, now: Timestamp) -> bool {
        self.links.lock().iter().any(|link| link.digest.0.ct_eq(&digest.0).into() && now < link.expires_at)
    }

    /// Uses a link up. Of two that try, one gets the owner.
    pub(super) fn link_take(&self, digest: &Digest, now: Timestamp) -> Option<OwnerId> {
        let mut links = self.links.lock();
        let place = links.iter().position(|link| link.digest.0.ct_eq(&digest.0).into() && now < link.expires_at)?;
        links.remove(place).map(|link| link.owner)
    }

    /// Signs a browser in.
    pub(super) fn make(
        &self,
        caller: &Caller,
        browser: &str,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<SignedIn, Failure> {
        let (login, page) = (Credential::generate(Kind::Login, entropy), Credential::generate(Kind::Page, entropy));
        let now = clock.now();
        let browser = match browser.trim() {
            "" => "a browser without a name".to_owned(),
            name => text::shorten(name, BROWSER_CHARS_MAX),
        };
        let record = Record {
            id: LoginId::new(clock, entropy),
            login: login.digest(),
            page: page.digest(),
            browser,
            made_at: now,
            used_at: now,
            expires_at: now.plus_ms(LOGIN_LIFE_MS),
        };
        let _changing = self.changing.lock();
        let mut gone: Vec<Arc<LiveLogin>> =
            self.live.read().values().filter(|known| known.owner == caller.owner).cloned().collect();
        // Those that are over first, then those that were used longest ago; what stays leaves room for one.
        gone.sort_by_key(|known| (!known.is_over(now), known.used_ms.load(Relaxed)));
        let over = gone.iter().filter(|known| known.is_over(now)).count();
        gone.truncate(over.max((gone.len() + 1).saturating_sub(LOGINS_MAX)));
        let mut batch = Batch::new();
        batch.put(&row_key(caller.owner, record.id), json(&record), Labels::NONE);
        for old in &gone {
            batch.delete(&row_key(caller.owner, old.record.id));
        }
        note(&mut batch, now, caller, sentence::login_made(record.browser.as_str()));
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        let made = Arc::new(LiveLogin::new(caller.owner, record));
        let view = made.view();
        let mut live = self.live.write();
        for old in &gone {
            old.revoker.revoke();
            live.remove(&old.record.login);
        }
        live.insert(login.digest(), made);
        Ok(SignedIn { login: view, cookie: login.text(), page: page.text() })
    }

    /// An owner's logins, newest first.
    pub fn list(&self, caller: &Caller, now: Timestamp) -> Result<Vec<LoginView>, Failure> {
        require_owner(caller)?;
        let live = self.live.read();
        let own = live.values().filter(|login| login.owner == caller.owner && !login.is_over(now));
        let mut views: Vec<LoginView> = own.map(|login| login.view()).collect();
        views.sort_by_key(|view| std::cmp::Reverse(view.id));
        Ok(views)
    }

    /// Signs a browser out: what it has open ends now.
    pub fn revoke(&self, caller: &Caller, id: LoginId, clock: &dyn Clock) -> Result<LoginView, Failure> {
        require_owner(caller)?;
        let _changing = self.changing.lock();
        let known = {
            let mut live = self.live.write();
            let digest = live.iter().find(|(_, login)| login.owner == caller.owner && login.record.id == id);
            let digest = digest.map(|(digest, _)| *digest);
            digest.and_then(|digest| live.remove(&digest))
        };
        let known = known.ok_or_else(|| {
            Failure::new(ErrorCode::NotFound, "there is no such login").hint("oikos login list shows yours")
        })?;
        known.revoker.revoke();
        let mut batch = Batch::new();
        batch.delete(&row_key(caller.owner, id)).use_reserve();
        note(&mut batch, clock.now(), caller, sentence::login_revoked(known.record.browser.as_str()));
        self.store.commit(batch, Durability::Synced).map_err(|error| {
            commit_failure(error)
                .hint("it is signed out until oikos starts again: make room, then sign it out once more")
        })?;
        Ok(known.view())
    }

    pub(super) fn find(&self, digest: &Digest) -> Option<Arc<LiveLogin>> {
        let live = self.live.read();
        let found = live.get(digest)?;
        bool::from(found.record.login.0.ct_eq(&digest.0)).then(|| found.clone())
    }

    /// It was right, from there.
    pub(super) fn used(&self, login: &LiveLogin, peer: IpAddr, now: Timestamp) {
        {
            let mut peers = login.peers.lock();
            if !peers.contains(&Some(peer)) {
                peers.rotate_right(1);
                peers[0] = Some(peer);
            }
        }
        let before = login.used_ms.load(Relaxed);
        if (now.since_ms(Timestamp(before)) < USED_EVERY_MS && now.0 >= before) || !self.store.takes_lazy_now() {
            return;
        }
        if login.used_ms.compare_exchange(before, now.0, Relaxed, Relaxed).is_err() {
            return;
        }
        // With the lock held, so that a row that was revoked meanwhile does not come back.
        let Some(_changing) = self.changing.try_lock() else { return };
        if !self.live.read().contains_key(&login.record.login) {
            return;
        }
        let record = Record { used_at: now, ..login.record.clone() };
        let mut batch = Batch::new();
        batch.put(&row_key(login.owner, record.id), json(&record), Labels::NONE);
        if let Err(error) = self.store.commit(batch, Durability::Lazy) {
            tracing::debug!(%error, "when a login was used could not be kept");
        }
    }
}

fn row_key(owner: OwnerId, id: LoginId) -> Key {
    Key::new(owner, Space::Login, id.to_string())
}
