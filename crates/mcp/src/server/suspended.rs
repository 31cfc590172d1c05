//! What waits for its client's next request: found again by a sealed state that only this client, with this request, can use,
//! and only once.

use super::{
    household::{Client, Identity, ProtocolError},
    json::Members,
    running::{ASK_MAX, Running},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use parking_lot::Mutex;
use protocol::Entropy;
use serde_json::{Value, value::RawValue};
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, sync::Arc};

/// What waits for one client.
const WAITING_OF_CLIENT_MAX: usize = 64;
/// What waits for all of them.
const WAITING_MAX: usize = 1_024;
const ID_BYTES: usize = 16;
const TAG_BYTES: usize = 32;
/// So that the seal of one thing is never that of another.
const DOMAIN: &[u8] = b"oikos/mcp/request-state/1\0";

/// What a request asks for, whatever it says besides.
pub(crate) type WorkDigest = [u8; 32];

/// The digest of what a request asks for. The order of members does not count: a client may write the same again otherwise.
pub(crate) fn work_digest(method: &str, params: Option<&RawValue>) -> WorkDigest {
    let said = params.map_or("{}", RawValue::get);
    // What is nested too deep to be put in order counts as it was written.
    let mut params: Value = serde_json::from_str(said).unwrap_or_else(|_| Value::from(said));
    if let Some(params) = params.as_object_mut() {
        for aside in ["_meta", "inputResponses", "requestState", "task"] {
            params.remove(aside);
        }
        // No arguments are an object without any.
        let is_empty = params.get("arguments").and_then(Value::as_object).is_some_and(serde_json::Map::is_empty);
        if is_empty {
            params.remove("arguments");
        }
    }
    let mut digest = Sha256::new();
    digest.update(method.as_bytes());
    digest.update([0]);
    digest.update(canonical(&params).as_bytes());
    digest.finalize().into()
}

fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            let members: Vec<String> = sorted
                .into_iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
    }
}

/// How something is found again.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    /// By its state.
    State([u8; ID_BYTES]),
    /// By the same request again, from a client that could not open where the question is answered.
    Work(Identity, WorkDigest),
}

struct Parked {
    running: Arc<Running>,
    client: Identity,
    deadline: tokio::task::AbortHandle,
}

type Table = Arc<Mutex<HashMap<Key, Parked>>>;

/// What waits for its client's next request.
pub(crate) struct Suspended {
    table: Table,
    seal: [u8; 32],
    entropy: Arc<dyn Entropy>,
}

impl Suspended {
    pub(crate) fn new(entropy: Arc<dyn Entropy>) -> Self {
        let mut seal = [0; 32];
        entropy.fill(&mut seal);
        Self { table: Table::default(), seal, entropy }
    }

    /// Keeps something until the client comes again, and says by what it finds it. `None`: too much waits already.
    pub(crate) fn park(&self, running: Arc<Running>, client: &Client, work: &WorkDigest) -> Option<String> {
        let mut id = [0; ID_BYTES];
        self.entropy.fill(&mut id);
        self.insert(Key::State(id), running, client.identity())?;
        let tag = self.tag(client.identity(), work, &id).finalize().into_bytes();
        let mut sealed = Vec::with_capacity(ID_BYTES + TAG_BYTES);
        sealed.extend_from_slice(&id);
        sealed.extend_from_slice(&tag);
        Some(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What waits under a state. It is there once: whoever says the state again finds nothing.
    pub(crate) fn resume(
        &self,
        state: &str,
        client: &Client,
        work: &WorkDigest,
    ) -> Result<Arc<Running>, ProtocolError> {
        // Never says which of it was wrong.
        let refused = || {
            ProtocolError::params(
                "this request state is none that was given for this request, or it has been used, or its time is over",
            )
        };
        // A state of ours has one length; nothing longer is decoded.
        let sealed = Some(state).filter(|state| state.len() <= 2 * (ID_BYTES + TAG_BYTES));
        let sealed = sealed.and_then(|state| URL_SAFE_NO_PAD.decode(state).ok()).ok_or_else(refused)?;
        let (id, tag) = sealed.split_first_chunk::<ID_BYTES>().ok_or_else(refused)?;
        self.tag(client.identity(), work, id).verify_slice(tag).map_err(|_| refused())?;
        self.take(&Key::State(*id)).ok_or_else(refused)
    }

    /// Keeps something until the same request comes again.
    pub(crate) fn park_for_repeat(&self, running: Arc<Running>, client: &Client, work: WorkDigest) {
        let key = Key::Work(client.identity(), work);
        if let Some(before) = self.take(&key)
            && !Arc::ptr_eq(&before, &running)
        {
            before.cancel.cancel();
        }
        let cancel = running.cancel.clone();
        if self.insert(key, running, client.identity()).is_none() {
            cancel.cancel();
        }
    }

    /// Whether anything waits that could be found by the same request again.
    pub(crate) fn has_repeat(&self, client: &Client) -> bool {
        let table = self.table.lock();
        !table.is_empty() && table.keys().any(|key| matches!(key, Key::Work(of, _) if *of == client.identity()))
    }

    /// What waits for the same request.
    pub(crate) fn repeat(&self, client: &Client, work: &WorkDigest) -> Option<Arc<Running>> {
        self.take(&Key::Work(client.identity(), *work))
    }

    fn take(&self, key: &Key) -> Option<Arc<Running>> {
        let parked = self.table.lock().remove(key)?;
        parked.deadline.abort();
        Some(parked.running)
    }

    fn insert(&self, key: Key, running: Arc<Running>, client: Identity) -> Option<()> {
        let mut table = self.table.lock();
        let of_client = table.values().filter(|parked| parked.client == client).count();
        if table.len() >= WAITING_MAX || of_client >= WAITING_OF_CLIENT_MAX {
            return None;
        }
        let (weak, at, waits) = (Arc::downgrade(&self.table), key.clone(), Arc::clone(&running));
        let deadline = tokio::spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(ASK_MAX) => {}
                () = waits.cancel.cancelled() => {}
            }
            waits.cancel.cancel();
            if let Some(table) = weak.upgrade() {
                table.lock().remove(&at);
            }
        });
        table.insert(key, Parked { running, client, deadline: deadline.abort_handle() });
        Some(())
    }

    fn tag(&self, client: Identity, work: &WorkDigest, id: &[u8; ID_BYTES]) -> Hmac<Sha256> {
        let mut tag = Hmac::<Sha256>::new_from_slice(&self.seal).expect("HMAC takes keys of any length");
        tag.update(DOMAIN);
        // A client's identity as JSON: an owner's number and an id, in one form.
        let credential = match client.credential {
            super::household::Credential::Machine => "machine".to_owned(),
            super::household::Credential::Program(name) => format!("program {name}"),
            super::household::Credential::Key(id) => format!("key {id}"),
            super::household::Credential::Login(id) => format!("login {id}"),
        };
        tag.update(format!("{} {credential}\0", client.owner.0).as_bytes());
        tag.update(work);
        tag.update(id);
        tag
    }
}

/// Answers that came with a request. Each has to be an object: every result is.
pub(crate) fn answers(responses: Option<&RawValue>) -> Result<Vec<(String, super::json::Json)>, ProtocolError> {
    let Some(responses) = responses else { return Ok(Vec::new()) };
    let wrong = || ProtocolError::params("`inputResponses` has to be an object of results");
    let responses = Members::parse(responses.get()).map_err(|_| wrong())?;
    let answers: Vec<_> = responses.into_iter().collect();
    if answers.iter().any(|(_, answer)| !answer.get().starts_with('{')) { Err(wrong()) } else { Ok(answers) }
}
