//! What apps here can do, offered to MCP clients: each call is a run of its app, with the caller's rights, the owner's switches and
//! a line in the log.

mod asking; // who called a run can be asked while it goes on
mod catalog; // what one client is offered
mod performing; // one call, as a run

use crate::Oikos;
use gateway::{
    McpLines, McpRequest, McpResponse,
    auth::{Admitted, Authenticator, Used},
};
use kernel::{Kernel, ResourceChange};
use mcp::server::{
    About, Answering, Body, CallError, CallEvents, Catalog, Change, Client, Completion, Credential, Household,
    Identity, Json, NameMap, Outcome, Resource, Server, ServerParts, VIEWS_APP, Watch, Work,
};
use parking_lot::Mutex;
use protocol::{AppName, ClientId, Door, Failure, OwnerId, Right, Rights};
use std::{
    collections::HashMap,
    pin::{Pin, pin},
    sync::{Arc, Weak},
    task::{Context, Poll},
};
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
    task::AbortHandle,
};
use tokio_util::sync::CancellationToken;

/// Changes that wait for a client that is slow to hear of them; of more it hears that all may have changed.
const CHANGES_WAITING_MAX: usize = 64;

/// The apps of a household, for MCP clients.
pub(crate) struct Offering {
    /// Not held: the household ends when whoever opened it says so.
    oikos: Weak<Oikos>,
    known: Mutex<HashMap<Identity, Known>>,
    /// By whose things they are.
    changes: Mutex<HashMap<OwnerId, broadcast::Sender<Change>>>,
}

/// What one client was offered last.
struct Known {
    /// Of which state of the apps.
    generation: u64,
    catalog: Arc<Catalog>,
    names: NameMap,
}

impl Offering {
    pub(crate) fn new(oikos: &Arc<Oikos>) -> Arc<Self> {
        let (oikos, kernel) = (Arc::downgrade(oikos), oikos.kernel());
        let offering = Arc::new(Self { oikos, known: Mutex::default(), changes: Mutex::default() });
        tokio::spawn(tell_offers(Arc::downgrade(&offering), kernel.offers_changed()));
        tokio::spawn(tell_resources(Arc::downgrade(&offering), kernel.resource_changes()));
        offering
    }

    fn tell(&self, owner: Option<OwnerId>, change: &Change) {
        let changes = self.changes.lock();
        for (_, sender) in changes.iter().filter(|(whose, _)| owner.is_none_or(|owner| owner == **whose)) {
            // Nobody listens: nobody wanted to know.
            drop(sender.send(change.clone()));
        }
    }

    fn kernel(&self) -> Result<Arc<Kernel>, Failure> {
        let gone = || Failure::new(protocol::ErrorCode::Stopped, "oikos is about to end");
        Ok(self.oikos.upgrade().ok_or_else(gone)?.kernel().clone())
    }
}

/// Has every client look again when apps or their tools have changed.
async fn tell_offers(offering: Weak<Offering>, mut generations: watch::Receiver<u64>) {
    while generations.changed().await.is_ok() {
        let Some(offering) = offering.upgrade() else { return };
        for change in [Change::Tools, Change::Resources, Change::Prompts] {
            offering.tell(None, &change);
        }
    }
}

/// Tells the clients of an owner what resources of that owner's servers have changed.
async fn tell_resources(offering: Weak<Offering>, mut changes: broadcast::Receiver<ResourceChange>) {
    loop {
        let change = changes.recv().await;
        let Some(offering) = offering.upgrade() else { return };
        match change {
            Ok(ResourceChange { owner, app, uri }) => {
                offering.tell(Some(owner), &Change::Resource(Resource { app, uri }));
            }
            // Which ones nobody knows any more; a client that reads a list again sees what it watches.
            Err(RecvError::Lagged(_)) => offering.tell(None, &Change::Resources),
            Err(RecvError::Closed) => return,
        }
    }
}

/// What a door asks.
pub(crate) struct McpDoor(Server);

impl McpDoor {
    /// In front of a household's apps.
    pub(crate) fn new(oikos: &Arc<Oikos>) -> Self {
        let about = About {
            name: "oikos".to_owned(),
            title: "oikos".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            instructions: None,
        };
        let (clock, entropy) = (oikos.clock.clone(), oikos.entropy.clone());
        Self(Server::new(ServerParts { household: Offering::new(oikos), about, clock, entropy }))
    }

    /// Answers a message of who was let in. What is open for them ends when they are let in no more.
    pub(crate) async fn answer(
        &self,
        admitted: Admitted,
        access: Arc<Authenticator>,
        mut request: McpRequest,
    ) -> McpResponse {
        let client = client(&admitted);
        let revoked = client.revoked.clone();
        request.extensions_mut().insert(client);
        let answered = {
            let mut answering = pin!(self.0.handle(request));
            // No task of its own: most answers are there soon, and it would cost each of them the waking of another thread.
            tokio::select! {
                biased;
                answered = &mut answering => answered,
                () = access.over(&admitted) => {
                    revoked.cancel();
                    answering.await
                }
            }
        };
        let (parts, body) = answered.into_parts();
        // As long as the answer goes on, somebody looks; one in a piece is made.
        let goes_on = http_body::Body::size_hint(&body).exact().is_none();
        let over = goes_on.then(|| watch_over(&admitted, access, revoked));
        McpResponse::from_parts(parts, gateway::McpBody::new(Watched { body, _over: over }))
    }

    /// Talks with who was let in and sends lines, until they have gone or are let in no more.
    pub(crate) async fn talk(&self, admitted: Admitted, access: Arc<Authenticator>, lines: McpLines) {
        let mut client = client(&admitted);
        let _over = watch_over(&admitted, access, client.revoked.clone());
        // A program that a model leads is not who sits at the machine: it runs what is offered, and its word is not the owner's.
        let rights = client.caller.rights.list();
        let rights: Vec<Right> = rights.into_iter().filter(|right| matches!(right, Right::Read | Right::Run)).collect();
        client.caller.rights = Rights::of(&rights);
        client.caller.door = Door::Key;
        match client.caller.client {
            Some(ClientId::Program(name)) => client.credential = Credential::Program(name),
            _ => client.caller.client = Some(ClientId::Machine),
        }
        let (input, output) = tokio::io::split(lines);
        if let Err(error) = self.0.serve_pipes(client, input, output).await {
            tracing::debug!(%error, "an MCP client ended early");
        }
    }
}

/// Who was let in, as the server knows its clients.
fn client(admitted: &Admitted) -> Client {
    let credential = match admitted.credential {
        Used::Machine | Used::Visit => Credential::Machine,
        Used::Key(key) => Credential::Key(key),
        Used::Login(login) => Credential::Login(login),
    };
    Client { caller: admitted.caller, credential, revoked: CancellationToken::new() }
}

/// Looks whether they still are let in, until it is dropped.
fn watch_over(admitted: &Admitted, access: Arc<Authenticator>, revoked: CancellationToken) -> AbortOnDrop {
    let over = access.over(admitted);
    let watching = tokio::spawn(async move {
        over.await;
        revoked.cancel();
    });
    AbortOnDrop(watching.abort_handle())
}

/// An answer that goes on for as long as its client is let in.
struct Watched {
    body: Body,
    _over: Option<AbortOnDrop>,
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl http_body::Body for Watched {
    type Data = <Body as http_body::Body>::Data;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

impl Household for Offering {
    fn catalog<'a>(&'a self, client: &'a Client) -> Answering<'a, Result<Arc<Catalog>, Failure>> {
        Box::pin(async move {
            let kernel = self.kernel()?;
            let generation = *kernel.offers_changed().borrow();
            let names = {
                let known = self.known.lock();
                match known.get(&client.identity()) {
                    Some(known) if known.generation == generation => return Ok(known.catalog.clone()),
                    Some(known) => Some(known.names.clone()),
                    None => None,
                }
            };
            let mut names = match names {
                Some(names) => names,
                None => catalog::names_read(&kernel, client)?,
            };
            let before = names.clone();
            let offers = catalog::offers(&kernel, client).await?;
            let catalog = Arc::new(Catalog::new(offers, &mut names));
            if names != before {
                catalog::names_keep(&kernel, client, &names).await?;
            }
            let known = Known { generation, catalog: catalog.clone(), names };
            self.known.lock().insert(client.identity(), known);
            Ok(catalog)
        })
    }

    fn changes(&self, client: &Client) -> broadcast::Receiver<Change> {
        let mut changes = self.changes.lock();
        let of_owner = changes.entry(client.caller.owner);
        of_owner.or_insert_with(|| broadcast::Sender::new(CHANGES_WAITING_MAX)).subscribe()
    }

    fn perform(
        self: Arc<Self>,
        client: Client,
        work: Work,
        events: Arc<dyn CallEvents>,
        cancel: CancellationToken,
    ) -> Answering<'static, Result<Outcome, CallError>> {
        Box::pin(async move {
            let oikos = self.oikos.upgrade();
            let oikos = oikos.ok_or_else(|| Failure::new(protocol::ErrorCode::Stopped, "oikos is about to end"))?;
            performing::perform(&oikos, client, work, events, cancel).await
        })
    }

    fn complete<'a>(
        &'a self,
        client: &'a Client,
        completion: Completion,
        cancel: CancellationToken,
    ) -> Answering<'a, Result<Json, CallError>> {
        Box::pin(async move {
            let kernel = self.kernel()?;
            performing::complete(&kernel, client, completion, cancel).await
        })
    }

    fn watch<'a>(
        &'a self,
        client: &'a Client,
        app: Option<AppName>,
        uri: &'a str,
    ) -> Answering<'a, Result<Watch, Failure>> {
        Box::pin(async move {
            if app.as_ref().is_some_and(|app| app.as_str() == VIEWS_APP) {
                // What a resource of oikos' own holds does not change while oikos runs.
                return Ok(Box::new(()) as Watch);
            }
            let Some(app) = app else { return Err(performing::unknown_resource(uri)) };
            Ok(Box::new(self.kernel()?.resource_watch(&client.caller, app, uri).await?) as Watch)
        })
    }
}
