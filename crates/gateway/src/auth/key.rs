//! API keys, as they are kept: a digest, a name, rights, an end. Read once, then in memory: letting a caller in costs one
//! hash and no look at the disk, and revoking one takes effect before the answer to it.

use super::{Credential, Kind, Revocation, Revoker, note};
use parking_lot::{Mutex, RwLock};
use protocol::{
    Caller, Clock, Digest, Entropy, ErrorCode, Failure, Labels, OwnerId, Right, Rights, Sentence, ShownOnce, Timestamp,
    TokenId, TokenName, api::TokenView, sentence,
};
use serde::{Deserialize, Serialize};
use state::{Batch, CommitError, Durability, Key, Space, Store, StoreError};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
};
use subtle::ConstantTimeEq as _;

/// API keys of an owner: more than a household has programs.
pub const KEYS_MAX: usize = 256;
/// A longer life is written as none.
pub const KEY_LIFE_MS_MAX: u64 = 100 * 366 * 86_400_000;
/// How exactly it is known when a key was used last.
const USED_EVERY_MS: u64 = 60_000;
/// Addresses from which a key was right that are remembered.
const PEERS: usize = 4;

/// What is kept of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Record {
    id: TokenId,
    name: TokenName,
    digest: Digest,
    last_four: String,
    rights: Vec<Right>,
    made_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

/// A key that holds.
pub(super) struct LiveKey {
    pub(super) owner: OwnerId,
    record: Record,
    revoker: Revoker,
    /// 0: never.
    used_ms: AtomicI64,
    /// From where it was right.
    peers: Mutex<[Option<IpAddr>; PEERS]>,
}

impl LiveKey {
    fn new(owner: OwnerId, record: Record) -> Self {
        let used_ms = AtomicI64::new(record.used_at.map_or(0, |at| at.0));
        Self { owner, record, revoker: Revoker::new(), used_ms, peers: Mutex::default() }
    }

    pub(super) fn id(&self) -> TokenId {
        self.record.id
    }

    pub(super) fn rights(&self) -> Rights {
        // Whatever a row says: a key is no person.
        let rights: Vec<Right> = self.record.rights.iter().copied().filter(|right| *right != Right::Answer).collect();
        Rights::of(&rights)
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.record.expires_at.is_some_and(|expires_at| now >= expires_at)
    }

    pub(super) fn revocation(&self) -> Revocation {
        self.revoker.revocation(self.record.expires_at)
    }

    /// Whether it was right from an address before.
    pub(super) fn is_known_from(&self, peer: IpAddr) -> bool {
        self.peers.lock().contains(&Some(peer))
    }

    fn view(&self) -> TokenView {
        let Record { id, name, last_four, rights, made_at, expires_at, .. } = self.record.clone();
        let used = self.used_ms.load(Relaxed);
        let used_at = (used != 0).then_some(Timestamp(used));
        TokenView { id, name, last_four, rights, made_at, used_at, expires_at }
    }
}

/// All API keys of all owners.
pub struct Keys {
    store: Arc<dyn Store>,
    live: RwLock<HashMap<Digest, Arc<LiveKey>>>,
    /// Held by whoever makes or revokes one.
    changing: Mutex<()>,
}

impl Keys {
    /// Reads the keys of these owners.
    pub fn open(store: Arc<dyn Store>, owners: &[OwnerId]) -> Result<Self, Failure> {
        let mut live = HashMap::new();
        for owner in owners {
            let rows = store.scan(*owner, Space::Token, TOKEN, None, KEYS_MAX).map_err(store_failure)?;
            for (key, entry) in rows {
                // One that cannot be read lets nobody in.
                match serde_json::from_slice::<Record>(&entry.value) {
                    Ok(record) => drop(live.insert(record.digest, Arc::new(LiveKey::new(*owner, record)))),
                    Err(error) => tracing::error!(%key, %error, "an API key cannot be read and lets nobody in"),
                }
            }
        }
        Ok(Self { store, live: RwLock::new(live), changing: Mutex::new(()) })
    }

    /// Makes one. The second half of the answer is the key itself, which nobody can see again.
    pub fn make(
        &self,
        caller: &Caller,
        name: TokenName,
        rights: &[Right],
        expires_in_ms: Option<u64>,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<(TokenView, ShownOnce), Failure> {
        require_owner(caller)?;
        self.make_said(caller, name, rights, expires_in_ms, clock, entropy, None)
    }

    /// The same for whoever showed that they may. `said` goes into the log in the place of the usual words, and `with` is
    /// committed together with the key.
    #[expect(clippy::too_many_arguments, reason = "the request's own, then clock and entropy, then what goes with it")]
    pub(super) fn make_said(
        &self,
        caller: &Caller,
        name: TokenName,
        rights: &[Right],
        expires_in_ms: Option<u64>,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
        with: Option<(Batch, Sentence)>,
    ) -> Result<(TokenView, ShownOnce), Failure> {
        let mut rights = rights.to_vec();
        rights.sort_unstable();
        rights.dedup();
        if rights.contains(&Right::Answer) {
            return Err(Failure::new(ErrorCode::InvalidInput, "an API key cannot answer questions: it is no person")
                .hint("rights of a key are read, run and manage"));
        }
        if rights.is_empty() {
            return Err(Failure::new(ErrorCode::InvalidInput, "a key without a right is good for nothing")
                .hint("--rights read,run"));
        }
        if expires_in_ms.is_some_and(|ms| ms == 0 || ms > KEY_LIFE_MS_MAX) {
            return Err(Failure::new(
                ErrorCode::InvalidInput,
                "a key lives for more than nothing and less than 100 years",
            )
            .hint("--expires 30d, or leave it out: then it lives until it is revoked"));
        }
        let _changing = self.changing.lock();
        let now = clock.now();
        {
            let live = self.live.read();
            let mut own = live.values().filter(|key| key.owner == caller.owner && !key.is_over(now));
            if own.clone().count() >= KEYS_MAX {
                return Err(Failure::new(ErrorCode::QuotaExceeded, format!("there are {KEYS_MAX} API keys already"))
                    .hint("oikos token list; oikos token revoke ID"));
            }
            if own.any(|key| key.record.name == name) {
                return Err(Failure::new(ErrorCode::Conflict, format!("there is an API key called {name} already"))
                    .hint("take another name, or revoke that one: oikos token list"));
            }
        }
        let credential = Credential::generate(Kind::Key, entropy);
        let expires_at = expires_in_ms.map(|ms| now.plus_ms(ms));
        let record = Record {
            id: TokenId::new(clock, entropy),
            name: name.clone(),
            digest: credential.digest(),
            last_four: credential.last_four(),
            rights: rights.clone(),
            made_at: now,
            used_at: None,
            expires_at,
        };
        let words: Vec<String> = rights.iter().map(ToString::to_string).collect();
        let (mut batch, said) = match with {
            Some((batch, said)) => (batch, said),
            None => {
                let said = match expires_at {
                    None => sentence::token_made(name.as_str(), words),
                    Some(at) => sentence::token_made_until(name.as_str(), words, moment(at)),
                };
                (Batch::new(), said)
            }
        };
        batch.put(&key(caller.owner, record.id), json(&record), Labels::NONE);
        // Those that are over make room.
        let over = self.over(caller.owner, now);
        for old in &over {
            batch.delete(&key(caller.owner, old.record.id));
        }
        note(&mut batch, now, caller, said);
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        let made = Arc::new(LiveKey::new(caller.owner, record));
        let view = made.view();
        let mut live = self.live.write();
        for old in &over {
            live.remove(&old.record.digest);
        }
        live.insert(credential.digest(), made);
        Ok((view, credential.text()))
    }

    /// An owner's keys, by their names.
    pub fn list(&self, caller: &Caller) -> Result<Vec<TokenView>, Failure> {
        require_owner(caller)?;
        let live = self.live.read();
        let mut views: Vec<TokenView> =
            live.values().filter(|key| key.owner == caller.owner).map(|key| key.view()).collect();
        views.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
        Ok(views)
    }

    /// Revokes one: it lets nobody in from now on, and what its bearers have open ends. That holds even where the store
    /// cannot be written, until oikos is started again; the failure says so.
    pub fn revoke(&self, caller: &Caller, id: TokenId, clock: &dyn Clock) -> Result<TokenView, Failure> {
        require_owner(caller)?;
        let _changing = self.changing.lock();
        let known = {
            let mut live = self.live.write();
            let digest = live.iter().find(|(_, key)| key.owner == caller.owner && key.record.id == id);
            let digest = digest.map(|(digest, _)| *digest);
            digest.and_then(|digest| live.remove(&digest))
        };
        let known = known.ok_or_else(|| {
            Failure::new(ErrorCode::NotFound, "there is no such API key").hint("oikos token list shows yours")
        })?;
        known.revoker.revoke();
        let mut batch = Batch::new();
        batch.delete(&key(caller.owner, id)).use_reserve();
        note(&mut batch, clock.now(), caller, sentence::token_revoked(known.record.name.as_str()));
        self.store.commit(batch, Durability::Synced).map_err(|error| {
            commit_failure(error).hint("it is revoked until oikos starts again: make room, then revoke it once more")
        })?;
        Ok(known.view())
    }

    /// Whether there is one that holds, of whomever.
    pub fn any(&self, now: Timestamp) -> bool {
        self.live.read().values().any(|key| !key.is_over(now))
    }

    /// The key that a digest is of, expired ones too.
    pub(super) fn find(&self, digest: &Digest) -> Option<Arc<LiveKey>> {
        let live = self.live.read();
        let found = live.get(digest)?;
        // The table tells digests apart by a keyed hash; that it is this one is said in constant time.
        bool::from(found.record.digest.0.ct_eq(&digest.0)).then(|| found.clone())
    }

    /// It was right, from there. When it was used last is kept to the minute, and nobody waits for it.
    pub(super) fn used(&self, key_used: &LiveKey, peer: IpAddr, now: Timestamp) {
        {
            let mut peers = key_used.peers.lock();
            if !peers.contains(&Some(peer)) {
                peers.rotate_right(1);
                peers[0] = Some(peer);
            }
        }
        let before = key_used.used_ms.load(Relaxed);
        if (now.since_ms(Timestamp(before)) < USED_EVERY_MS && now.0 >= before) || !self.store.takes_lazy_now() {
            return;
        }
        if key_used.used_ms.compare_exchange(before, now.0, Relaxed, Relaxed).is_err() {
            return;
        }
        // With the lock held, so that a row that was revoked meanwhile does not come back.
        let Some(_changing) = self.changing.try_lock() else { return };
        if !self.live.read().contains_key(&key_used.record.digest) {
            return;
        }
        let record = Record { used_at: Some(now), ..key_used.record.clone() };
        let mut batch = Batch::new();
        batch.put(&key(key_used.owner, record.id), json(&record), Labels::NONE);
        if let Err(error) = self.store.commit(batch, Durability::Lazy) {
            tracing::debug!(%error, "when an API key was used could not be kept");
        }
    }

    fn over(&self, owner: OwnerId, now: Timestamp) -> Vec<Arc<LiveKey>> {
        self.live.read().values().filter(|key| key.owner == owner && key.is_over(now)).cloned().collect()
    }
}

/// Where keys stand among what lets in.
const TOKEN: &str = "key/";

fn key(owner: OwnerId, id: TokenId) -> Key {
    Key::new(owner, Space::Token, format!("{TOKEN}{id}"))
}

pub(super) fn json(record: &impl Serialize) -> Vec<u8> {
    // Texts, numbers and ids: it always has a JSON form.
    serde_json::to_vec(record).unwrap_or_default()
}

/// Who may say who comes in: the owner, not a program with a key, which could give itself to others that way.
pub(super) fn require_owner(caller: &Caller) -> Result<(), Failure> {
    if caller.rights.has(Right::Manage) && caller.door.is_owners_word() {
        return Ok(());
    }
    Err(Failure::new(ErrorCode::PermissionDenied, "who may come in is the owner's to say, and not an API key's")
        .hint("use a terminal at the machine: oikos token --help"))
}

pub(super) fn store_failure(error: StoreError) -> Failure {
    let failure = Failure::from_error(error.code(), &error);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

pub(super) fn commit_failure(error: CommitError) -> Failure {
    Failure::from_error(error.code(), &error)
}

/// A moment as people and logs have it: UTC, so that it does not depend on who reads it.
pub(super) fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |at| at.to_string())
}
