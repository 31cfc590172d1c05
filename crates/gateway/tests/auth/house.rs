//! An authenticator with a store in memory.

use gateway::Refusal;
use gateway::auth::{Admitted, Authenticator, AuthenticatorParts, Guards, Peer};
use http::{Request, request::Parts};
use protocol::{Caller, DeviceId, Door, ErrorCode, OwnerId, Right, Rights, api::TokenView};
use state::{MemoryStore, Store};
use std::sync::Arc;
use testkit::{TestClock, TestEntropy};

/// Another owner.
pub(crate) const OTHER: OwnerId = OwnerId(2);
/// Where the machine itself comes from.
pub(crate) const HOME: &str = "127.0.0.1";

pub(crate) struct House {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: TestClock,
    pub(crate) entropy: TestEntropy,
    pub(crate) access: Authenticator,
}

/// The owner at a terminal.
pub(crate) fn owner_of(owner: OwnerId) -> Caller {
    Caller { owner, device: DeviceId(Default::default()), door: Door::Terminal, rights: Rights::OWNER, client: None }
}

pub(crate) fn owner() -> Caller {
    owner_of(OwnerId::LOCAL)
}

fn open(store: &Arc<MemoryStore>, clock: &TestClock, entropy: &TestEntropy) -> Authenticator {
    let access = Authenticator::open(AuthenticatorParts {
        store: store.clone() as Arc<dyn Store>,
        owners: vec![OwnerId::LOCAL, OTHER],
        owner_of: Box::new(|name| (name.as_str() == "ben").then_some(OTHER)),
        device: DeviceId(Default::default()),
        clock: Arc::new(clock.clone()),
        entropy: Arc::new(entropy.clone()),
    })
    .unwrap();
    access.guards_set(Guards::new(7070, false));
    access
}

impl House {
    pub(crate) fn new() -> Self {
        let (store, clock, entropy) = (Arc::new(MemoryStore::new()), TestClock::new(), TestEntropy::seeded(1));
        clock.advance_ms(1);
        let access = open(&store, &clock, &entropy);
        Self { store, clock, entropy, access }
    }

    /// As after a start.
    pub(crate) fn again(&mut self) {
        self.access = open(&self.store, &self.clock, &self.entropy);
    }

    /// Makes a key; the text is what its owner got.
    pub(crate) fn key(
        &self,
        caller: &Caller,
        name: &str,
        rights: &[Right],
        life_ms: Option<u64>,
    ) -> (TokenView, String) {
        let made = self.access.keys().make(caller, name.parse().unwrap(), rights, life_ms, &self.clock, &self.entropy);
        let (view, secret) = made.unwrap();
        (view, secret.expose().to_owned())
    }

    /// Sends a request over the network.
    pub(crate) fn send(&self, from: &str, parts: &Parts) -> Result<Admitted, Refusal> {
        self.access.authenticate(parts, Peer::Address(from.parse().unwrap()))
    }

    /// Sends a key, as a program does.
    pub(crate) fn bear(&self, from: &str, key: &str) -> Result<Admitted, Refusal> {
        self.send(from, &get(&[("authorization", &format!("Bearer {key}"))]))
    }

    /// All that the store and the log hold, as text.
    pub(crate) fn kept(&self) -> String {
        let mut all = String::new();
        for owner in [OwnerId::LOCAL, OTHER] {
            for space in state::Space::ALL {
                for (key, entry) in self.store.scan(owner, *space, "", None, 10_000).unwrap() {
                    all.push_str(&format!("{key} {}\n", String::from_utf8_lossy(&entry.value)));
                }
            }
            for row in self.store.log_read_last(owner, 10_000).unwrap() {
                all.push_str(&format!("{}\n", String::from_utf8_lossy(&row.body.unwrap_or_default())));
            }
        }
        all
    }
}

/// The head of a request to the right host.
pub(crate) fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:7070");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

pub(crate) fn get(headers: &[(&str, &str)]) -> Parts {
    head("GET", "/api/v1/apps", headers)
}

/// The code of a refusal.
pub(crate) fn code<T>(result: Result<T, Refusal>) -> ErrorCode {
    result.map(|_| ()).unwrap_err().failure.code
}
