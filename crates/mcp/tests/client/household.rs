//! What a household hands to the client: a clock, randomness, a vault in memory.

use futures_util::future::BoxFuture;
use mcp::client::oauth::{Credentials, StoreError, TokenStore};
use protocol::{Clock, Entropy, Timestamp};
use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The system's clock.
pub(crate) struct SystemClock(Instant);

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic_ns(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The system's randomness.
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system has randomness");
    }
}

/// Keeps tokens until it is dropped.
#[derive(Default)]
pub(crate) struct Vault(Mutex<HashMap<String, Credentials>>);

impl TokenStore for Vault {
    fn load<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<Option<Credentials>, StoreError>> {
        Box::pin(async move { Ok(self.0.lock().expect("nobody panicked").get(resource).cloned()) })
    }

    fn save<'a>(&'a self, resource: &'a str, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.0.lock().expect("nobody panicked").insert(resource.to_owned(), credentials.clone());
            Ok(())
        })
    }

    fn forget<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.0.lock().expect("nobody panicked").remove(resource);
            Ok(())
        })
    }
}
