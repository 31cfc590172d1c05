//! What a server tells of itself without being asked.

use serde_json::Value;
use tokio::sync::broadcast;

/// Something of a server has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Its tools.
    Tools,
    /// Its resources.
    Resources,
    /// Its prompts.
    Prompts,
    /// One resource.
    Resource {
        /// Its address.
        uri: String,
    },
    /// A person has done what an address was opened for.
    Elicitation {
        /// Which one, in the server's own words.
        id: String,
    },
    /// More has changed than was listened to: everything may have.
    Missed,
}

impl Change {
    pub(super) fn read(method: &str, params: &Value) -> Option<Self> {
        let word = |name| params.get(name).and_then(Value::as_str).map(str::to_owned);
        match method {
            "notifications/tools/list_changed" => Some(Self::Tools),
            "notifications/resources/list_changed" => Some(Self::Resources),
            "notifications/prompts/list_changed" => Some(Self::Prompts),
            "notifications/resources/updated" => word("uri").map(|uri| Self::Resource { uri }),
            "notifications/elicitation/complete" => word("elicitationId").map(|id| Self::Elicitation { id }),
            _ => None,
        }
    }
}

/// Where changes are told.
pub(super) struct Hub(broadcast::Sender<Change>);

impl Hub {
    pub(super) fn new(waiting: usize) -> Self {
        Self(broadcast::Sender::new(waiting))
    }

    pub(super) fn tell(&self, change: Change) {
        // Nobody listens: nobody wanted to know.
        drop(self.0.send(change));
    }

    pub(super) fn listen(&self) -> Changes {
        Changes(self.0.subscribe())
    }
}

/// The changes of one server from now on.
pub struct Changes(broadcast::Receiver<Change>);

impl Changes {
    /// The next change; none when the session has ended. Waits as long as nothing changes.
    pub async fn next(&mut self) -> Option<Change> {
        match self.0.recv().await {
            Ok(change) => Some(change),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Change::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
