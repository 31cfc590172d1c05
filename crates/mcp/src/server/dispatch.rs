//! From a request to its answer, the same on every wire.

mod work; // what an app does for a client

pub(crate) use work::Attached;

use super::{
    capabilities::{Capabilities, TASKS},
    catalog::{Catalog, List},
    events::Level,
    headers,
    household::{Client, Completion, Household, Outcome, ProtocolError},
    json::{Json, Members, empty_object, json},
    listen::{self, Filter, Listening, WATCHES_MAX},
    message::{INTERNAL, Id, params},
    result::{self, Kind, Shape},
    revision::{self, SERVER_KEY, Said},
    session::{Session, Sessions},
    suspended::Suspended,
    tasks::{self, Tasks},
};
use http::HeaderMap;
use protocol::{AppName, Clock, Entropy, Failure};
use serde::Deserialize;
use serde_json::{json as value, value::RawValue};
use std::{borrow::Cow, sync::Arc};

/// What the server says of itself.
#[derive(Clone, Debug)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Its version.
    pub version: String,
    /// What a model should know of it, if anything.
    pub instructions: Option<String>,
}

/// What a server is made of.
pub struct ServerParts {
    /// Who answers.
    pub household: Arc<dyn Household>,
    /// What it says of itself.
    pub about: About,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// The server, on whatever wire. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) household: Arc<dyn Household>,
    about: About,
    pub(crate) sessions: Sessions,
    suspended: Suspended,
    tasks: Tasks,
}

/// From where a request comes.
#[derive(Clone, Copy)]
pub(crate) struct From<'a> {
    pub(crate) client: &'a Client,
    /// With sessions: which.
    pub(crate) session: Option<&'a Arc<Session>>,
    /// Over HTTP, without sessions: what the heads say is held against the body.
    pub(crate) headers: Option<&'a HeaderMap>,
}

/// What becomes of a request.
pub(crate) enum Reply {
    Now(Result<Json, ProtocolError>),
    Running(Attached),
    Listening(Listening),
}

#[derive(Deserialize)]
struct Addressed<'a> {
    #[serde(borrow)]
    uri: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow, default)]
    cursor: Option<Cow<'a, str>>,
}

impl Server {
    /// A server in front of a household.
    pub fn new(parts: ServerParts) -> Self {
        let ServerParts { household, about, clock, entropy } = parts;
        let suspended = Suspended::new(Arc::clone(&entropy));
        let tasks = Tasks::new(Arc::clone(&clock), Arc::clone(&entropy));
        Self { inner: Arc::new(Inner { household, about, sessions: Sessions::new(clock, entropy), suspended, tasks }) }
    }

    /// How many sessions there are now.
    pub fn sessions(&self) -> usize {
        self.inner.sessions.count()
    }
}

fn refused(failure: &Failure) -> ProtocolError {
    result::refusal(INTERNAL, failure)
}

impl Inner {
    /// Answers a request.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        from: From<'_>,
        id: &Id,
        method: &str,
        of: Option<&RawValue>,
        meta: Option<Members>,
    ) -> Reply {
        match self.answered(from, id, method, of, meta).await {
            Ok(reply) => reply,
            Err(error) => Reply::Now(Err(error)),
        }
    }

    async fn answered(
        self: &Arc<Self>,
        from: From<'_>,
        id: &Id,
        method: &str,
        of: Option<&RawValue>,
        meta: Option<Members>,
    ) -> Result<Reply, ProtocolError> {
        let is_stateless = from.session.is_none();
        let now = |result: Json| Ok(Reply::Now(Ok(result)));
        match method {
            "tools/call" | "resources/read" | "prompts/get" => return self.work(from, id, method, of, meta).await,
            _ => {}
        }
        if is_stateless {
            let said = Said::alone(meta)?;
            let is_about_task = matches!(method, "tasks/get" | "tasks/update" | "tasks/cancel");
            if let Some(headers) = from.headers {
                let task = if is_about_task { tasks::name_of(of) } else { None };
                headers::method_check(headers, method, task.as_deref())?;
            }
            if is_about_task {
                return now(self.tasks.answer(from.client, said.capabilities.takes_tasks(), method, of)?);
            }
        }
        match (method, from.session) {
            ("tools/list", _) => self.list(from, List::Tools, of).await,
            ("prompts/list", _) => self.list(from, List::Prompts, of).await,
            ("resources/list", _) => self.list(from, List::Resources, of).await,
            ("resources/templates/list", _) => self.list(from, List::Templates, of).await,
            ("completion/complete", _) => self.complete(from, of, is_stateless).await,
            ("server/discover", None) => now(self.discovered()),
            ("subscriptions/listen", None) => {
                #[derive(Deserialize)]
                struct Wanted {
                    notifications: Filter,
                }
                let catalog = self.catalog(from.client).await?;
                let filter = params::<Wanted>(of)?.notifications;
                let place_of = |uri: &str| catalog.resource(uri);
                let listening = Listening::new(&*self.household, from.client, id.clone(), filter, place_of).await?;
                Ok(Reply::Listening(listening))
            }
            ("ping", Some(_)) => now(empty_object()),
            ("logging/setLevel", Some(session)) => {
                #[derive(Deserialize)]
                struct Wanted {
                    level: Level,
                }
                session.log_level_set(params::<Wanted>(of)?.level);
                now(empty_object())
            }
            ("resources/subscribe", Some(session)) => {
                let uri = params::<Addressed<'_>>(of)?.uri;
                let is_new = !session.watches.lock().has(&uri);
                if is_new {
                    if session.watches.lock().len() >= WATCHES_MAX {
                        return Err(ProtocolError::params(format!(
                            "at most {WATCHES_MAX} resources can be subscribed to"
                        )));
                    }
                    let place = self.catalog(from.client).await?.resource(&uri);
                    let watched = listen::watch(&*self.household, from.client, place, &uri).await;
                    let watched = watched.map_err(|failure| listen::unwatched(&failure))?;
                    session.watches.lock().add(uri.into_owned(), watched);
                }
                now(empty_object())
            }
            ("resources/unsubscribe", Some(session)) => {
                let uri = params::<Addressed<'_>>(of)?.uri;
                session.watches.lock().remove(&uri);
                now(empty_object())
            }
            _ => Err(ProtocolError::method(method)),
        }
    }

    /// What a session begins with. The session itself is the wire's to keep.
    pub(crate) fn initialized(
        &self,
        of: Option<&RawValue>,
    ) -> Result<(&'static str, Capabilities, Json), ProtocolError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Offered<'a> {
            #[serde(borrow)]
            protocol_version: Cow<'a, str>,
            #[serde(default)]
            capabilities: Option<Json>,
        }
        let offered: Offered<'_> = params(of)?;
        let version = revision::negotiate(&offered.protocol_version);
        let capabilities = Capabilities::of(offered.capabilities.unwrap_or_else(empty_object))
            .ok_or_else(|| ProtocolError::params("`capabilities` has to be an object"))?;
        let mut result = value!({
            "protocolVersion": version,
            "capabilities": self.capabilities(false),
            "serverInfo": self.info(),
        });
        if let Some(instructions) = &self.about.instructions {
            result["instructions"] = value!(instructions);
        }
        Ok((version, capabilities, json(&result)))
    }

    fn info(&self) -> serde_json::Value {
        value!({"name": self.about.name, "title": self.about.title, "version": self.about.version})
    }

    fn capabilities(&self, is_stateless: bool) -> serde_json::Value {
        let mut said = value!({
            "tools": {"listChanged": true},
            "prompts": {"listChanged": true},
            "resources": {"listChanged": true, "subscribe": true},
            "completions": {},
            "logging": {},
        });
        if is_stateless {
            said["extensions"] =
                value!({"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}, TASKS: {}});
        }
        said
    }

    fn discovered(&self) -> Json {
        let mut result = value!({
            "resultType": "complete",
            "supportedVersions": revision::spoken(),
            "capabilities": self.capabilities(true),
            "ttlMs": 0,
            "cacheScope": "private",
            "_meta": {SERVER_KEY: self.info()},
        });
        if let Some(instructions) = &self.about.instructions {
            result["instructions"] = value!(instructions);
        }
        json(&result)
    }

    async fn catalog(&self, client: &Client) -> Result<Arc<Catalog>, ProtocolError> {
        self.household.catalog(client).await.map_err(|failure| refused(&failure))
    }

    async fn list(&self, from: From<'_>, list: List, of: Option<&RawValue>) -> Result<Reply, ProtocolError> {
        let cursor = params::<Listed<'_>>(of)?.cursor;
        let catalog = self.catalog(from.client).await?;
        let page = catalog.page(list, from.session.is_none(), cursor.as_deref());
        let (entries, next) =
            page.ok_or_else(|| ProtocolError::params("there is no such page; begin again without a cursor"))?;
        Ok(Reply::Now(Ok(result::listed(list.member(), entries, next, from.session.is_none()))))
    }

    async fn complete(
        &self,
        from: From<'_>,
        of: Option<&RawValue>,
        is_stateless: bool,
    ) -> Result<Reply, ProtocolError> {
        #[derive(Deserialize)]
        struct Wanted {
            #[serde(rename = "ref")]
            reference: Members,
            argument: Json,
            #[serde(default)]
            context: Option<Json>,
        }
        let Wanted { mut reference, argument, context } = params(of)?;
        let catalog = self.catalog(from.client).await?;
        let unknown = || ProtocolError::params("there is no such prompt or template");
        let app: AppName = match reference.text("type").as_deref() {
            Some("ref/prompt") => {
                let name = reference.text("name").ok_or_else(unknown)?;
                let meaning = catalog.prompt(&name).ok_or_else(unknown)?;
                reference.set("name", json(&meaning.own));
                meaning.app.clone()
            }
            Some("ref/resource") => {
                let uri = reference.text("uri").ok_or_else(unknown)?;
                let of_template = catalog.template(&uri).cloned();
                of_template.or_else(|| catalog.resource(&uri).map(|place| place.app)).ok_or_else(unknown)?
            }
            _ => return Err(ProtocolError::params("`ref` has to be of the type ref/prompt or ref/resource")),
        };
        let completion = Completion { app, reference: reference.to_json(), argument, context };
        let cancel = from.session.map_or(&from.client.revoked, |session| &session.ended).child_token();
        let guard = cancel.clone().drop_guard();
        let answer = self.household.complete(from.client, completion, cancel).await;
        drop(guard);
        let shape = Shape { kind: Kind::Prompt, is_stateless };
        Ok(Reply::Now(shape.answer(answer.map(Outcome::Verbatim))))
    }
}
