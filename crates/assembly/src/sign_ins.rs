//! Signing in to servers elsewhere: which sign-ins are waited for, what comes back to them, and the vault as the place where tokens
//! are kept. An owner begins one; whatever else needs a token that is not there is told how.

use crate::{Oikos, api::blocking};
use futures_util::future::BoxFuture;
use gateway::SIGNED_IN;
use kernel::server_sign_in::sign_in_name;
use mcp::client::oauth::{Credentials, Identity, Redirected, Registered, StoreError, TokenStore};
use parking_lot::Mutex;
use protocol::{
    AppName, Caller, Clock, ErrorCode, Failure, OwnerId, SecretText,
    api::{ServerView, SignInClient, SignInView},
};
use serde::{Deserialize, Serialize};
use state::{Vault, VaultChange, VaultEntry};
use std::{collections::HashMap, sync::Arc, time::Duration};
use subtle::ConstantTimeEq as _;
use tokio::sync::{oneshot, watch};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

/// What people read on the page of an authorization server.
const NAME: &str = "oikos";
/// How long somebody may take to sign in: passwords are looked for, and telephones.
const SIGN_IN_WAIT: Duration = Duration::from_secs(600);
/// How long it may take until there is a page to sign in on.
const PAGE_WAIT: Duration = Duration::from_secs(60);
/// How long one question about it waits for its end.
const END_WAIT: Duration = Duration::from_secs(20);
/// What is noted beside credentials, before who gave them: that somebody is signed in,
const SIGNED_IN_AT: &str = "signed in at ";
/// or that it is known there who oikos is, and nobody is signed in.
const KNOWN_AT: &str = "known at ";
/// Sign-ins that are under way at once, of all owners.
const ACTS_MAX: usize = 64;

/// Sign-ins to servers elsewhere.
pub(crate) struct SignIns {
    vault: Arc<dyn Vault>,
    clock: Arc<dyn Clock>,
    /// Where a browser comes back to; absent while no door is open.
    redirect: Mutex<Option<Url>>,
    /// An address with a document that describes this oikos, for authorization servers that read such documents.
    document: Option<Url>,
    acts: Mutex<HashMap<(OwnerId, AppName), Arc<Act>>>,
}

/// One sign-in that an owner began.
struct Act {
    client: Option<SignInClient>,
    stage: watch::Sender<Stage>,
    waiting: Mutex<Option<Waiting>>,
}

/// What would come back to it.
struct Waiting {
    state: Zeroizing<String>,
    back: oneshot::Sender<Redirected>,
}

/// How far a sign-in is.
#[derive(Clone, Debug)]
enum Stage {
    /// The server is asked whom it wants to know.
    Asking,
    /// Somebody is to sign in there.
    Page(Url),
    /// It is over.
    Over(Result<(), Box<Failure>>),
}

impl SignIns {
    pub(crate) fn new(vault: Arc<dyn Vault>, clock: Arc<dyn Clock>, document: Option<Url>) -> Arc<Self> {
        Arc::new(Self { vault, clock, redirect: Mutex::default(), document, acts: Mutex::default() })
    }

    /// The door is open at this address.
    pub(crate) fn door_is_at(&self, address: &str) {
        *self.redirect.lock() = Url::parse(address).ok().and_then(|url| url.join(SIGNED_IN).ok());
    }

    /// Somebody came back with this. The app whose sign-in it belongs to, if there is one.
    pub(crate) fn came_back(&self, query: &str) -> Option<AppName> {
        let mut fields = form_urlencoded::parse(query.as_bytes());
        let state = fields.find(|(name, _)| name == "state").map(|(_, value)| Zeroizing::new(value.into_owned()))?;
        let acts = self.acts.lock();
        // All are looked at: how long it takes says nothing of any.
        let mut found = None;
        for ((_, app), act) in acts.iter() {
            let waiting = act.waiting.lock();
            let is_its =
                waiting.as_ref().is_some_and(|waiting| waiting.state.as_bytes().ct_eq(state.as_bytes()).into());
            if is_its {
                found = Some((app.clone(), act.clone()));
            }
        }
        drop(acts);
        let (app, act) = found?;
        let waiting = act.waiting.lock().take()?;
        waiting.back.send(Redirected(query.to_owned())).ok().map(|()| app)
    }

    fn act(&self, owner: OwnerId, app: &AppName) -> Option<Arc<Act>> {
        self.acts.lock().get(&(owner, app.clone())).cloned()
    }

    /// A new one, in the place of the last for the same server.
    fn act_begin(&self, owner: OwnerId, app: &AppName, client: Option<SignInClient>) -> Result<Arc<Act>, Failure> {
        let mut acts = self.acts.lock();
        acts.retain(|_, act| !matches!(*act.stage.borrow(), Stage::Over(_)));
        if let Some(before) = acts.get(&(owner, app.clone())) {
            // Whoever waits for it learns that another was begun.
            before.waiting.lock().take();
        }
        if acts.len() >= ACTS_MAX {
            let message = format!("{ACTS_MAX} sign-ins are under way already");
            return Err(Failure::new(ErrorCode::HostBusy, message).hint("finish one of them, or wait ten minutes"));
        }
        let act = Act { client, stage: watch::Sender::new(Stage::Asking), waiting: Mutex::default() };
        let act = Arc::new(act);
        acts.insert((owner, app.clone()), act.clone());
        Ok(act)
    }
}

impl mcp::app::SignIns for SignIns {
    fn identity(&self, owner: OwnerId, app: &AppName) -> Identity {
        let registered = self.act(owner, app).and_then(|act| act.client.clone()).map(|client| Registered {
            issuer: None,
            id: client.id,
            secret: client.secret.map(|secret| Zeroizing::new(secret.expose().to_owned())),
        });
        // Without a door nobody is sent anywhere, and renewing a token needs no way back.
        let redirect = self.redirect.lock().clone();
        let redirect = redirect.unwrap_or_else(|| Url::parse("http://127.0.0.1/signed-in").expect("it is an address"));
        Identity { name: NAME.to_owned(), redirect, document: self.document.clone(), registered }
    }

    fn store(&self, owner: OwnerId, app: &AppName) -> Arc<dyn TokenStore> {
        Arc::new(VaultTokens { vault: self.vault.clone(), clock: self.clock.clone(), owner, app: app.clone() })
    }

    fn show<'a>(
        &'a self,
        owner: OwnerId,
        app: &'a AppName,
        address: &'a Url,
        state: &'a str,
    ) -> BoxFuture<'a, Result<Redirected, String>> {
        Box::pin(async move {
            let act = self.act(owner, app).filter(|act| matches!(*act.stage.borrow(), Stage::Asking | Stage::Page(_)));
            let Some(act) = act else { return Err("this takes its owner".to_owned()) };
            let (back, came) = oneshot::channel();
            *act.waiting.lock() = Some(Waiting { state: Zeroizing::new(state.to_owned()), back });
            act.stage.send_replace(Stage::Page(address.clone()));
            match tokio::time::timeout(SIGN_IN_WAIT, came).await {
                Ok(Ok(came)) => Ok(came),
                Ok(Err(_)) => Err("another sign-in was begun".to_owned()),
                Err(_) => Err(format!("nobody came back within {} minutes", SIGN_IN_WAIT.as_secs() / 60)),
            }
        })
    }
}

impl Oikos {
    /// Begins to sign in. Comes back when there is a page to sign in on, or it is over.
    pub(crate) async fn sign_in(
        self: &Arc<Self>,
        caller: Caller,
        app: AppName,
        client: Option<SignInClient>,
    ) -> Result<SignInView, Failure> {
        self.kernel.server_sign_in_check(&caller, &app).await?;
        if self.sign_ins.redirect.lock().is_none() {
            let message = "a browser has no way back from a sign-in: no door is open";
            return Err(Failure::new(ErrorCode::NotAvailable, message).hint("oikos up, then again"));
        }
        let act = self.sign_ins.act_begin(caller.owner, &app, client)?;
        let mut stage = act.stage.subscribe();
        let oikos = self.clone();
        // Whoever asked for it may go away: what comes back from the page finds it all the same.
        tokio::spawn(async move {
            let ended = oikos.kernel.server_sign_in(caller, app).await;
            act.waiting.lock().take();
            act.stage.send_replace(Stage::Over(ended.map(drop).map_err(Box::new)));
        });
        let moved = stage.wait_for(|stage| !matches!(stage, Stage::Asking));
        match tokio::time::timeout(PAGE_WAIT, moved).await {
            Ok(Ok(stage)) => seen(&stage),
            _ => Err(Failure::new(ErrorCode::Timeout, "the server did not say in time where to sign in")),
        }
    }

    /// How a sign-in stands, after a while if it goes on.
    pub(crate) async fn sign_in_wait(self: &Arc<Self>, caller: Caller, app: AppName) -> Result<SignInView, Failure> {
        self.kernel.server_sign_in_check(&caller, &app).await?;
        let Some(act) = self.sign_ins.act(caller.owner, &app) else {
            let failure = Failure::new(ErrorCode::NotFound, format!("nobody began to sign in to {app}"));
            return Err(failure.hint(format!("oikos mcp sign-in {app}")));
        };
        let mut stage = act.stage.subscribe();
        let over = stage.wait_for(|stage| matches!(stage, Stage::Over(_)));
        if let Ok(Ok(stage)) = tokio::time::timeout(END_WAIT, over).await {
            return seen(&stage);
        }
        let stage = act.stage.borrow().clone();
        seen(&stage)
    }

    /// With since when each server elsewhere lets oikos in. A vault that does not open says so where it is looked at.
    pub(crate) async fn with_sign_ins(
        self: &Arc<Self>,
        owner: OwnerId,
        mut servers: Vec<ServerView>,
    ) -> Vec<ServerView> {
        let oikos = self.clone();
        let known = blocking(move || Ok(oikos.vault.list(owner).unwrap_or_default())).await.unwrap_or_default();
        for server in &mut servers {
            let name = sign_in_name(&server.app);
            let signed_in = known.iter().find(|entry| entry.name == name && entry.note.starts_with(SIGNED_IN_AT));
            server.signed_in_at = signed_in.map(|entry| entry.created_at);
        }
        servers
    }
}

fn seen(stage: &Stage) -> Result<SignInView, Failure> {
    match stage {
        Stage::Asking => Ok(SignInView { address: None, done: false }),
        Stage::Page(address) => Ok(SignInView { address: Some(address.to_string()), done: false }),
        Stage::Over(Ok(())) => Ok(SignInView { address: None, done: true }),
        Stage::Over(Err(failure)) => Err(Failure::clone(failure)),
    }
}

/// What is kept for one server.
#[derive(Serialize, Deserialize)]
struct Row {
    /// Which server it is for: an app that moves to another address begins anew.
    server: String,
    credentials: Credentials,
}

/// Tokens of one server, as the vault has them.
struct VaultTokens {
    vault: Arc<dyn Vault>,
    clock: Arc<dyn Clock>,
    owner: OwnerId,
    app: AppName,
}

impl VaultTokens {
    /// Works on the vault, which waits for the disk.
    fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Vault, OwnerId, AppName) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let (vault, owner, app) = (self.vault.clone(), self.owner, self.app.clone());
        Box::pin(async move {
            let worked = tokio::task::spawn_blocking(move || work(&*vault, owner, app)).await;
            worked.unwrap_or_else(|_| Err(StoreError("the vault could not be asked".to_owned())))
        })
    }
}

impl TokenStore for VaultTokens {
    fn load<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<Option<Credentials>, StoreError>> {
        let (resource, now) = (resource.to_owned(), self.clock.now());
        self.work(move |vault, owner, app| {
            let kept = vault.get(owner, &sign_in_name(&app), Some(now)).map_err(store_error)?;
            let row = kept.and_then(|(_, value)| serde_json::from_str::<Row>(value.expose()).ok());
            Ok(row.filter(|row| row.server == resource).map(|row| row.credentials))
        })
    }

    fn save<'a>(&'a self, resource: &'a str, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>> {
        let row = Row { server: resource.to_owned(), credentials: credentials.clone() };
        let now = self.clock.now();
        self.work(move |vault, owner, app| {
            let text = serde_json::to_string(&row).map_err(|error| StoreError(error.to_string()))?;
            let state = if row.credentials.lets_in() { SIGNED_IN_AT } else { KNOWN_AT };
            let note = format!("{state}{}", protocol::text::shorten(row.credentials.issuer(), 200));
            let entry = VaultEntry { note, ..VaultEntry::new(sign_in_name(&app), now) };
            vault.change(owner, vec![VaultChange::Put(entry, SecretText::new(text))]).map(drop).map_err(store_error)
        })
    }

    fn forget<'a>(&'a self, _resource: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        self.work(|vault, owner, app| {
            vault.change(owner, vec![VaultChange::Remove(sign_in_name(&app))]).map(drop).map_err(store_error)
        })
    }
}

fn store_error(error: state::VaultError) -> StoreError {
    StoreError(error.to_string())
}
