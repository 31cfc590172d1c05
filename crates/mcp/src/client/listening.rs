//! What a server is asked to tell of: resources that are watched, and on the newest wire the changes of its lists.

use super::{
    Call, CallError, Session,
    attending::{Patience, Running, attend},
    carrier::Asking,
    door::broken,
    session::Inner,
};
use serde_json::{Map, Value, json};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Resources that one session watches.
const WATCHED_MAX: usize = 1_024;
/// How long to wait before a stream that broke off is asked for again, at first and at most.
const RETRY_MS: u64 = 1_000;
const RETRY_MS_MAX: u64 = 60_000;

/// What is listened to.
#[derive(Default)]
pub(crate) struct Listening {
    lists: bool,
    /// Ends the stream that is open.
    stream: Option<DropGuard>,
}

impl Session {
    /// Asks to be told of changes of the server's lists. Older servers tell of them anyway.
    pub async fn listen(&self) -> Result<(), CallError> {
        let mut listening = self.inner.listening.lock().await;
        listening.lists = true;
        if self.server().revision.is_stateless() { self.relisten(&mut listening).await } else { Ok(()) }
    }

    /// Asks to be told when a resource changes.
    pub async fn subscribe(&self, uri: &str, call: &Call) -> Result<(), CallError> {
        let server = self.server();
        if server.capabilities["resources"]["subscribe"] != true {
            return Err(CallError::NotOffered { what: "to tell when a resource changes" });
        }
        let mut listening = self.inner.listening.lock().await;
        {
            let mut watched = self.inner.watched.lock();
            if watched.contains(uri) {
                return Ok(());
            }
            if watched.len() >= WATCHED_MAX {
                return Err(CallError::Busy { most: WATCHED_MAX, what: "resources of this server are watched" });
            }
            watched.insert(uri.to_owned());
        }
        let done = if server.revision.is_stateless() {
            self.relisten(&mut listening).await
        } else {
            self.watch("resources/subscribe", uri, call).await
        };
        if done.is_err() {
            self.inner.watched.lock().remove(uri);
        }
        done
    }

    /// Whether any resource is watched.
    pub fn is_watching(&self) -> bool {
        !self.inner.watched.lock().is_empty()
    }

    /// Takes [`Session::subscribe`] back.
    pub async fn unsubscribe(&self, uri: &str, call: &Call) -> Result<(), CallError> {
        let mut listening = self.inner.listening.lock().await;
        if !self.inner.watched.lock().remove(uri) {
            return Ok(());
        }
        if self.server().revision.is_stateless() {
            return self.relisten(&mut listening).await;
        }
        self.watch("resources/unsubscribe", uri, call).await
    }

    async fn watch(&self, method: &str, uri: &str, call: &Call) -> Result<(), CallError> {
        let params = Map::from_iter([("uri".into(), uri.into())]);
        let outcome = self.request(method, params, None, call, &[]).await?;
        outcome.map(drop).map_err(|refusal| CallError::Refused { method: method.to_owned(), refusal })
    }

    /// Asks a new session of an old server for what the one before was asked for.
    pub(super) async fn watch_again(&self) -> Result<(), CallError> {
        let link = self.inner.link.read().clone();
        if link.server.revision.is_stateless() {
            return Ok(());
        }
        let watched: Vec<_> = self.inner.watched.lock().iter().cloned().collect();
        let (core, bounds) = (&self.inner.core, &self.inner.core.options.bounds);
        for uri in watched {
            let open = core.open("resources/subscribe", &Call::unattended())?;
            let (carrier, cancel) = (link.carrier.as_ref(), CancellationToken::new());
            let _running = Running { core, open: open.clone(), carrier, answered: true };
            let (method, params) = ("resources/subscribe".to_owned(), json!({ "uri": uri }));
            let asking = Asking { open, method, params, arguments: None, sender: None, mirrored: Vec::new() };
            let patience = Patience { silent_ms: bounds.open_ms, most_ms: bounds.open_ms };
            if !matches!(attend(core, carrier, &asking, &cancel, patience).await, Ok(Ok(_))) {
                tracing::debug!("a resource is not watched in the new session");
            }
        }
        Ok(())
    }

    /// Opens a stream for what is listened to now, and ends the one before when the new one stands.
    async fn relisten(&self, listening: &mut Listening) -> Result<(), CallError> {
        let capabilities = self.server().capabilities;
        let mut wanted = Map::new();
        for (list, name) in
            [("tools", "toolsListChanged"), ("prompts", "promptsListChanged"), ("resources", "resourcesListChanged")]
        {
            if listening.lists && capabilities[list]["listChanged"] == true {
                wanted.insert(name.to_owned(), true.into());
            }
        }
        let watched: Vec<_> = self.inner.watched.lock().iter().cloned().collect();
        if !watched.is_empty() {
            wanted.insert("resourceSubscriptions".into(), watched.into());
        }
        if wanted.is_empty() {
            listening.stream = None;
            return Ok(());
        }
        let ended = self.inner.core.closed.child_token();
        let (stands, standing) = oneshot::channel();
        tokio::spawn(keep(Arc::downgrade(&self.inner), wanted, ended.clone(), stands));
        let guard = ended.drop_guard();
        let after_ms = self.inner.core.options.bounds.open_ms;
        let stood = tokio::time::timeout(Duration::from_millis(after_ms), standing).await;
        let slow = || CallError::Slow { method: METHOD.to_owned(), after_ms };
        stood.map_err(|_| slow())?.unwrap_or_else(|_| Err(broken(METHOD, "it ended at once")))?;
        listening.stream = Some(guard);
        Ok(())
    }
}

const METHOD: &str = "subscriptions/listen";

/// Keeps a stream open until it is ended here, asking for it again where it breaks off.
async fn keep(
    session: Weak<Inner>,
    wanted: Map<String, Value>,
    ended: CancellationToken,
    stands: oneshot::Sender<Result<(), CallError>>,
) {
    let (mut stands, mut retry_ms) = (Some(stands), RETRY_MS);
    loop {
        let Some((core, link)) = session.upgrade().map(|inner| (inner.core.clone(), inner.link.read().clone())) else {
            return;
        };
        let Ok(open) = core.open(METHOD, &Call::unattended()) else { return };
        let mut running = Running { core: &core, open: open.clone(), carrier: link.carrier.as_ref(), answered: true };
        let mut params = Map::from_iter([("notifications".into(), wanted.clone().into())]);
        params.insert("_meta".into(), core.meta(&Map::new(), &open, None).into());
        let (id, method) = (open.id, METHOD.to_owned());
        let asking =
            Asking { open, method, params: params.into(), arguments: None, sender: None, mirrored: Vec::new() };
        let mut acknowledged = core.acknowledged.subscribe();
        let mut streaming = link.carrier.ask(&asking);
        let end = loop {
            tokio::select! {
                biased;
                () = ended.cancelled() => {
                    running.answered = false;
                    return;
                }
                Ok(_) = acknowledged.wait_for(|last| *last >= id), if stands.is_some() => {
                    retry_ms = RETRY_MS;
                    // Who asked may have left.
                    if let Some(stands) = stands.take() {
                        drop(stands.send(Ok(())));
                    }
                }
                end = &mut streaming => break end,
            }
        };
        if let Some(stands) = stands.take() {
            let error = match end {
                Ok(Err(refusal)) => CallError::Refused { method: METHOD.to_owned(), refusal },
                Err(super::carrier::Fault::Call(error)) => error,
                _ => broken(METHOD, "it ended before it began"),
            };
            drop(stands.send(Err(error)));
            return;
        }
        drop((streaming, running));
        core.hub.tell(super::Change::Missed);
        tokio::select! {
            () = ended.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(retry_ms)) => {}
        }
        retry_ms = (retry_ms * 2).min(RETRY_MS_MAX);
    }
}
