//! `ctx.storage`: an app's own keys and values.
//!
//! What a run writes is held back, seen by the run itself, and becomes part of the batch that ends the run: all of it
//! or nothing.

use crate::common::{permitted, wrong_permit};
use broker::{Lease, Permit, StorageDemand, StorageVerb};
use kernel::{
    effect::{Done, Effect, EffectError, Said, Scene},
    host_call::{GuestError, HostAnswer, StorageCall},
};
use parking_lot::Mutex;
use protocol::{AppName, Arg, ErrorCode, Labels, OwnerId, RunId, limit::HOST_RESULT_BYTES_MAX};
use serde_json::Value;
use state::{Batch, Key, Space, Store, StoreError};
use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    ops::Bound,
    sync::Arc,
};

/// Keys in one answer, unless the call says otherwise.
const LIST_LIMIT: u32 = 1_000;
/// Most keys in one answer.
const LIST_LIMIT_MAX: u32 = 10_000;
/// How many rows of the store are looked at at once: they come with their values, which may be large.
const SCAN_ROWS: usize = 64;

/// The family.
pub(crate) struct StorageEffect {
    store: Arc<dyn Store>,
    held: Mutex<Held>,
}

/// What runs have written and not yet committed, by app.
type Held = HashMap<(OwnerId, AppName), AppHeld>;

/// An app of which some run has written.
struct AppHeld {
    /// Bytes in the store.
    stored_bytes: u64,
    runs: HashMap<RunId, Overlay>,
}

/// A run's writes. `None` stands for a key that was deleted.
#[derive(Default)]
struct Overlay {
    changes: BTreeMap<String, Option<Vec<u8>>>,
    /// How many bytes it adds to the store; may be negative.
    delta: i64,
}

impl StorageEffect {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, held: Mutex::default() }
    }
}

impl Effect for StorageEffect {
    type Demand = StorageDemand;
    type Call = StorageCall;

    fn demand(&self, _: &Lease, call: &StorageCall) -> Result<Option<StorageDemand>, GuestError> {
        Ok(Some(demand(call)))
    }

    fn perform(
        &self,
        permit: Option<Permit<StorageDemand>>,
        call: StorageCall,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let permit = permitted(permit)?;
        if *permit.demand() != demand(&call) {
            return Err(wrong_permit());
        }
        let lease = permit.lease();
        match call {
            StorageCall::Get { key } => self.get(lease, &key),
            StorageCall::Set { key, value } => {
                check_value(&key, &value)?;
                lease.charge_host_bytes(value.len() as u64)?;
                let bytes = value.len() as u64;
                self.change(lease, &key, Some(value), scene.storage_quota_bytes())?;
                Ok(said(HostAnswer::Json(Value::Null), StorageVerb::Set, 1, bytes))
            }
            StorageCall::Delete { key } => {
                let was_there = self.change(lease, &key, None, u64::MAX)?;
                Ok(said(HostAnswer::Json(Value::Bool(was_there)), StorageVerb::Delete, u64::from(was_there), 0))
            }
            StorageCall::List { prefix, after, limit } => {
                let limit = limit.unwrap_or(LIST_LIMIT).min(LIST_LIMIT_MAX) as usize;
                self.list(lease, &prefix, after.as_deref(), limit)
            }
        }
    }

    fn run_end(&self, lease: &Lease, keep: bool, batch: &mut Batch) {
        let mut held = self.held.lock();
        let Entry::Occupied(mut app) = held.entry(app(lease)) else { return };
        let Some(overlay) = app.get_mut().runs.remove(&lease.run()) else { return };
        if app.get().runs.is_empty() {
            // The next run looks into the store again.
            app.remove();
        } else if keep {
            let stored_bytes = &mut app.get_mut().stored_bytes;
            *stored_bytes = stored_bytes.saturating_add_signed(overlay.delta);
        }
        drop(held);
        if !keep {
            return;
        }
        for (name, value) in overlay.changes {
            let key = key(lease, &name);
            match value {
                Some(value) => batch.put(&key, value, lease.labels()),
                None => batch.delete(&key),
            };
        }
    }
}

fn demand(call: &StorageCall) -> StorageDemand {
    let (verb, key) = match call {
        StorageCall::Get { key } => (StorageVerb::Get, key),
        StorageCall::Set { key, .. } => (StorageVerb::Set, key),
        StorageCall::Delete { key } => (StorageVerb::Delete, key),
        StorageCall::List { prefix, .. } => (StorageVerb::List, prefix),
    };
    StorageDemand { verb, key: key.clone() }
}

fn app(lease: &Lease) -> (OwnerId, AppName) {
    (lease.caller().owner, lease.app().clone())
}

/// What all keys of an app begin with. Another app's keys cannot even be named: no app's name has a slash.
fn prefix(lease: &Lease) -> String {
    format!("{}/", lease.app())
}

fn key(lease: &Lease, name: &str) -> Key {
    Key::new(lease.caller().owner, Space::Storage, format!("{}{name}", prefix(lease)))
}

fn said(answer: HostAnswer, verb: StorageVerb, keys: u64, bytes: u64) -> Done {
    Done { answer, said: Some(Said::Storage { verb, keys, bytes }), change: None, labels: Labels::NONE }
}

/// The store's words name files of oikos; a guest gets ours.
fn store_error(error: &StoreError) -> EffectError {
    EffectError::guest(error.code(), "the app's storage cannot be used right now")
}

fn check_value(name: &str, value: &[u8]) -> Result<(), EffectError> {
    let name = protocol::text::shorten(name, 100);
    if value.len() > HOST_RESULT_BYTES_MAX {
        let most = Arg::Bytes(HOST_RESULT_BYTES_MAX as u64);
        return Err(EffectError::guest(
            ErrorCode::TooLarge,
            format!("storage.set '{name}': {} are more than a value may have ({most})", Arg::Bytes(value.len() as u64)),
        ));
    }
    let refused = |why: &str| {
        let why = protocol::text::shorten(why, 200);
        EffectError::guest(ErrorCode::InvalidInput, format!("storage.set '{name}': the value is not JSON: {why}"))
    };
    // What is passed over unread is not looked at for being UTF-8, so that comes first.
    let text = std::str::from_utf8(value).map_err(|error| refused(&error.to_string()))?;
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| refused(&error.to_string()))?;
    Ok(())
}

impl StorageEffect {
    fn get(&self, lease: &Lease, name: &str) -> Result<Done, EffectError> {
        let held = {
            let held = self.held.lock();
            let overlay = held.get(&app(lease)).and_then(|app| app.runs.get(&lease.run()));
            overlay.and_then(|overlay| overlay.changes.get(name).cloned())
        };
        let (value, labels) = match held {
            // What the run wrote itself has no label that the run does not have.
            Some(value) => (value, Labels::NONE),
            None => match self.store.get(&key(lease, name)).map_err(|error| store_error(&error))? {
                Some(entry) => (Some(entry.value), entry.labels),
                None => (None, Labels::NONE),
            },
        };
        let bytes = value.as_ref().map_or(0, Vec::len) as u64;
        lease.charge_host_bytes(bytes)?;
        let answer = value.map_or(HostAnswer::Json(Value::Null), HostAnswer::JsonText);
        Ok(Done { labels, ..said(answer, StorageVerb::Get, 1, bytes) })
    }

    /// Holds back a new value, or a deletion. Returns whether there was a value before.
    fn change(&self, lease: &Lease, name: &str, value: Option<Vec<u8>>, quota: u64) -> Result<bool, EffectError> {
        let full_key = key(lease, name);
        // Read outside the lock. Only this run changes what this run sees of a key that others may also write.
        let stored = self.store.get(&full_key).map_err(|error| store_error(&error))?.map(|entry| entry.value.len());
        let key_bytes = full_key.key.len();
        let mut held = self.held.lock();
        // A call that comes after the end of its run would be held back for ever.
        lease.check()?;
        let held = match held.entry(app(lease)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let sum = self.store.sum_bytes(lease.caller().owner, Space::Storage, &prefix(lease));
                let stored_bytes = sum.map_err(|error| store_error(&error))?;
                new.insert(AppHeld { stored_bytes, runs: HashMap::new() })
            }
        };
        // Runs of the same app count together, so that many at once do not get the quota many times.
        let others: i64 =
            held.runs.iter().filter(|(run, _)| **run != lease.run()).map(|(_, overlay)| overlay.delta.max(0)).sum();
        let used = held.stored_bytes.saturating_add_signed(others);
        let overlay = held.runs.entry(lease.run()).or_default();
        let before = match overlay.changes.get(name) {
            Some(value) => value.as_ref().map(Vec::len),
            None => stored,
        };
        let size = |value_bytes: Option<usize>| value_bytes.map_or(0, |bytes| (bytes + key_bytes) as i64);
        let added = size(value.as_ref().map(Vec::len)) - size(before);
        let total = used.saturating_add_signed(overlay.delta + added);
        if added > 0 && total > quota {
            let now = used.saturating_add_signed(overlay.delta);
            return Err(EffectError::guest(
                ErrorCode::QuotaExceeded,
                format!(
                    "storage.set '{}': the app uses {} of {}, and {} more do not fit",
                    protocol::text::shorten(name, 100),
                    Arg::Bytes(now),
                    Arg::Bytes(quota),
                    Arg::Bytes(added.unsigned_abs())
                ),
            ));
        }
        overlay.delta += added;
        match (value, stored) {
            // Never stored, so there is nothing to delete.
            (None, None) => drop(overlay.changes.remove(name)),
            (value, _) => drop(overlay.changes.insert(name.to_owned(), value)),
        }
        Ok(before.is_some())
    }

    fn list(&self, lease: &Lease, key_prefix: &str, after: Option<&str>, limit: usize) -> Result<Done, EffectError> {
        let app_prefix = prefix(lease);
        let mut own: Vec<(String, bool)> = {
            let held = self.held.lock();
            let overlay = held.get(&app(lease)).and_then(|app| app.runs.get(&lease.run()));
            let start = match after {
                Some(after) if after >= key_prefix => Bound::Excluded(after),
                _ => Bound::Included(key_prefix),
            };
            overlay.map_or_else(Vec::new, |overlay| {
                overlay
                    .changes
                    .range::<str, _>((start, Bound::Unbounded))
                    .take_while(|(name, _)| name.starts_with(key_prefix))
                    .map(|(name, value)| (name.clone(), value.is_some()))
                    .collect()
            })
        };
        own.reverse();
        let mut names: Vec<String> = Vec::new();
        let mut labels = Labels::NONE;
        let mut bytes = 2;
        let mut stored = StoredKeys {
            effect: self,
            lease,
            app_prefix: &app_prefix,
            key_prefix,
            rows: Vec::new(),
            after: after.map(str::to_owned),
            is_done: false,
        };
        let mut next_stored = stored.next()?;
        while names.len() < limit {
            // The smaller of the two goes first; of equals, the run's own word holds.
            let takes_own = match (own.last(), &next_stored) {
                (None, None) => break,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (Some((own, _)), Some((stored, _))) => own <= stored,
            };
            let name = if takes_own {
                let Some((name, is_there)) = own.pop() else { break };
                if next_stored.as_ref().is_some_and(|(stored, _)| *stored == name) {
                    next_stored = stored.next()?;
                }
                if !is_there {
                    continue;
                }
                name
            } else {
                let Some((name, entry_labels)) = next_stored.take() else { break };
                labels = labels.join(entry_labels);
                next_stored = stored.next()?;
                name
            };
            // A key has at most 512 bytes, and a byte at most six in JSON.
            bytes += name.len() * 6 + 3;
            if bytes > HOST_RESULT_BYTES_MAX {
                break;
            }
            names.push(name);
        }
        let keys = names.len() as u64;
        Ok(Done { labels, ..said(HostAnswer::Json(Value::from(names)), StorageVerb::List, keys, 0) })
    }
}

/// The stored keys of an app in order, a few at a time.
struct StoredKeys<'a> {
    effect: &'a StorageEffect,
    lease: &'a Lease,
    app_prefix: &'a str,
    key_prefix: &'a str,
    /// Last one first.
    rows: Vec<(String, Labels)>,
    after: Option<String>,
    is_done: bool,
}

impl StoredKeys<'_> {
    fn next(&mut self) -> Result<Option<(String, Labels)>, EffectError> {
        if self.rows.is_empty() && !self.is_done {
            self.lease.check()?;
            let prefix = format!("{}{}", self.app_prefix, self.key_prefix);
            let after = self.after.as_ref().map(|after| format!("{}{after}", self.app_prefix));
            let owner = self.lease.caller().owner;
            let rows = self
                .effect
                .store
                .scan(owner, Space::Storage, &prefix, after.as_deref(), SCAN_ROWS)
                .map_err(|error| store_error(&error))?;
            self.is_done = rows.len() < SCAN_ROWS;
            self.rows = rows
                .into_iter()
                .rev()
                .map(|(key, entry)| (key[self.app_prefix.len()..].to_owned(), entry.labels))
                .collect();
            self.after = self.rows.first().map(|(name, _)| name.clone());
        }
        Ok(self.rows.pop())
    }
}
