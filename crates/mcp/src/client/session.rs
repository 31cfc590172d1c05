//! One session with one server.

use super::{
    Call, CallError, Change, Changes, Known, OpenError, Options, Revision, Style, Way,
    attending::{Patience, Running, attend},
    calling::is_reading,
    carrier::{Asking, Carrier, Fault, Outcome},
    core::{Core, OpenCall},
    door::Door,
    greeting::{self, Link},
    lines::Lines,
    listening::Listening,
    mirrored::Mirrored,
};
use http::HeaderName;
use parking_lot::{Mutex, RwLock};
use protocol::Verbatim;
use serde_json::{Map, Value};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Weak},
};
use tokio::sync::mpsc;

/// What a server says of itself.
#[derive(Clone, Debug)]
pub struct Server {
    /// The revision that is spoken with it.
    pub revision: Revision,
    /// The transport that it was found to have.
    pub style: Style,
    /// Name, version, title, icons: `serverInfo` as it was said.
    pub info: Value,
    /// `capabilities` as it was said.
    pub capabilities: Value,
    /// How it wants to be used. Foreign text.
    pub instructions: Option<String>,
}

impl Server {
    /// What to remember for the next time.
    pub fn known(&self) -> Known {
        Known { revision: self.revision, style: self.style }
    }

    /// Whether it says it offers something, such as `tools`.
    pub fn offers(&self, what: &str) -> bool {
        self.capabilities.get(what).is_some_and(Value::is_object)
    }
}

/// One greeting of a server: what it said of its tools after that may be something else after the next.
#[derive(Clone)]
pub struct Greeting(Weak<Link>);

impl Greeting {
    fn is(&self, link: &Arc<Link>) -> bool {
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(link))
    }
}

/// One session with one server. Clones are the same session; it ends when the last one is dropped.
#[derive(Clone)]
pub struct Session {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) core: Arc<Core>,
    pub(super) link: RwLock<Arc<Link>>,
    /// Held while the server is greeted again, so that it is greeted once.
    renewing: tokio::sync::Mutex<()>,
    door: Option<Arc<Door>>,
    /// Arguments that each tool wants in headers.
    pub(super) mirrored: Mutex<HashMap<String, Vec<Mirrored>>>,
    pub(super) listening: tokio::sync::Mutex<Listening>,
    /// Resources that are watched.
    pub(super) watched: Mutex<BTreeSet<String>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.core.closed.cancel();
    }
}

impl Session {
    /// Opens a session: finds out which revision and transport the server speaks, and greets it.
    pub async fn open(way: Way, options: Options) -> Result<Self, OpenError> {
        let (core, waiting) = Core::new(options);
        // Whatever was begun ends if this is dropped on the way.
        let guard = core.closed.clone().drop_guard();
        let (link, door) = match way {
            Way::Program { output, input } => {
                let lines: Arc<dyn Carrier> = Arc::new(Lines::new(&core, output, input));
                (greeting::program(&core, lines).await?, None)
            }
            Way::Web(web) => {
                let door = Arc::new(Door { web, bounds: core.options.bounds.clone() });
                (greeting::web(&core, &door, core.options.known).await?, Some(door))
            }
        };
        guard.disarm();
        let inner = Arc::new(Inner {
            core,
            link: RwLock::new(Arc::new(link)),
            renewing: tokio::sync::Mutex::default(),
            door,
            mirrored: Mutex::default(),
            listening: tokio::sync::Mutex::default(),
            watched: Mutex::default(),
        });
        tokio::spawn(send(Arc::downgrade(&inner), waiting));
        Ok(Self { inner })
    }

    /// What the server says of itself.
    pub fn server(&self) -> Server {
        self.inner.link.read().server.clone()
    }

    /// Its greeting that holds now.
    pub fn greeting(&self) -> Greeting {
        Greeting(Arc::downgrade(&self.inner.link.read()))
    }

    /// What changes from now on. On the newest revision, [`Session::listen`] has to be called too.
    pub fn changes(&self) -> Changes {
        self.inner.core.hub.listen()
    }

    /// Says goodbye, where the transport knows that. Dropping the session ends it too.
    pub async fn close(self) {
        let carrier = self.inner.link.read().carrier.clone();
        carrier.leave().await;
        self.inner.core.closed.cancel();
    }

    /// One request and its answer, with everything that has to be done over on the way.
    pub(super) async fn request(
        &self,
        method: &str,
        params: Map<String, Value>,
        arguments: Option<&Verbatim>,
        call: &Call,
        mirrored: &[(HeaderName, String)],
    ) -> Result<Outcome, CallError> {
        let core = &self.inner.core;
        let mut repeats = 0;
        loop {
            let link = self.inner.link.read().clone();
            if call.greeting.as_ref().is_some_and(|greeting| !greeting.is(&link)) {
                return Err(CallError::Regreeted);
            }
            let open = core.open(method, call)?;
            let carrier = link.carrier.as_ref();
            let mut running = Running { core, open: open.clone(), carrier, answered: false };
            let mut params = params.clone();
            params.insert("_meta".into(), core.meta(&call.meta, &open, call.log_level).into());
            let asking = Asking {
                open,
                method: method.to_owned(),
                params: params.into(),
                arguments: arguments.cloned(),
                sender: call.sender.clone(),
                mirrored: mirrored.to_vec(),
            };
            let bounds = &core.options.bounds;
            let most_ms = call.call_ms.unwrap_or(bounds.call_ms).min(bounds.call_ms);
            let patience = Patience { silent_ms: bounds.silent_ms, most_ms };
            let outcome = attend(core, carrier, &asking, &call.cancel, patience).await;
            running.answered =
                !matches!(&outcome, Err(Fault::Call(CallError::Cancelled { .. } | CallError::Slow { .. })));
            drop(running);
            let may_repeat = repeats < core.options.bounds.repeats && self.inner.door.is_some();
            match outcome {
                Ok(outcome) => return Ok(outcome),
                Err(Fault::SessionLost) if may_repeat => self.renew(&link).await?,
                Err(Fault::SessionLost) => {
                    return Err(CallError::Gone { why: "it knows the session no more".to_owned() });
                }
                Err(Fault::Call(CallError::Gone { .. })) if may_repeat && is_reading(method) => {
                    self.renew(&link).await?;
                }
                Err(Fault::Call(CallError::Http(error))) if may_repeat && (error.unheard || is_reading(method)) => {}
                Err(Fault::Call(error)) => return Err(error),
            }
            repeats += 1;
        }
    }

    /// Greets the server again, once for all that lost the same session.
    async fn renew(&self, lost: &Arc<Link>) -> Result<(), CallError> {
        let inner = &self.inner;
        let _one = inner.renewing.lock().await;
        if !Arc::ptr_eq(&inner.link.read(), lost) {
            return Ok(());
        }
        let Some(door) = &inner.door else { return Ok(()) };
        let known = Some(lost.server.known());
        let link = greeting::web(&inner.core, door, known).await.map_err(|error| match error {
            OpenError::Failed(error) => error,
            error => CallError::Gone { why: error.to_string() },
        })?;
        *inner.link.write() = Arc::new(link);
        inner.core.hub.tell(Change::Missed);
        self.watch_again().await
    }

    /// A call's host, for what is asked outside its request.
    pub(super) fn stand_in(&self, call: &Call) -> Result<Stood<'_>, CallError> {
        let open = self.inner.core.open("", call)?;
        Ok(Stood { core: &self.inner.core, open })
    }
}

/// A call between two of its requests: it has an id of its own and nothing on the wire.
pub(super) struct Stood<'a> {
    pub(super) core: &'a Arc<Core>,
    pub(super) open: Arc<OpenCall>,
}

impl Drop for Stood<'_> {
    fn drop(&mut self) {
        self.core.close(&self.open);
    }
}

/// Sends what is posted, in its order, on the link that there is.
async fn send(session: Weak<Inner>, mut waiting: mpsc::Receiver<Vec<u8>>) {
    while let Some(message) = waiting.recv().await {
        let Some(carrier) = session.upgrade().map(|inner| inner.link.read().carrier.clone()) else { return };
        let Some(core) = session.upgrade().map(|inner| inner.core.clone()) else { return };
        if let Err(error) = core.in_time(carrier.tell(message)).await {
            tracing::debug!(%error, "a message did not reach its server");
        }
    }
}
