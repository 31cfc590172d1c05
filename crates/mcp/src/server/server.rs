//! From a request to its answer, the same on every wire.

use super::{
    capabilities::Capabilities,
    catalog::{Catalog, List},
    events::Level,
    headers,
    household::{Client, Completion, Household, ProtocolError, Work},
    json::{Json, Members, empty_object, json},
    listen::{self, Filter, Listening, WATCHES_MAX},
    message::{self, INTERNAL, Id, params},
    result::{self, Kind, Shape},
    revision::{self, SERVER_KEY, Said},
    running::{Asker, Events, Next, Running, gone},
    search::{self, Search},
    session::{Session, Sessions},
    suspended::{Suspended, WorkDigest, answers, work_digest},
};
use http::HeaderMap;
use protocol::{AppName, Clock, Entropy, ErrorCode, Failure, GrantState};
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

/// Something that is being done, as one request sees it.
#[derive(Clone)]
pub(crate) struct Attached {
    pub(crate) running: Arc<Running>,
    /// Where this request begins to read.
    pub(crate) from: u64,
    pub(crate) work: WorkRef,
}

/// What a request asks for, kept as it was written: its digest is only made where something has to wait.
#[derive(Clone)]
pub(crate) struct WorkRef {
    method: String,
    params: Option<Arc<RawValue>>,
}

impl WorkRef {
    fn digest(&self) -> WorkDigest {
        work_digest(&self.method, self.params.as_deref())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked<'a> {
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    uri: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "message::present")]
    input_responses: Option<&'a RawValue>,
    #[serde(borrow, default)]
    request_state: Option<Cow<'a, str>>,
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
        Self { inner: Arc::new(Inner { household, about, sessions: Sessions::new(clock, entropy), suspended }) }
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
            Said::alone(meta)?;
            if let Some(headers) = from.headers {
                headers::method_check(headers, method, None)?;
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
                let app_of = |uri: &str| catalog.resource(uri).cloned();
                let listening = Listening::new(&*self.household, from.client, id.clone(), filter, app_of).await?;
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
                let Some(uri) = params::<Asked<'_>>(of)?.uri else {
                    return Err(ProtocolError::params("`uri` is missing"));
                };
                let is_new = !session.watches.lock().contains_key(&*uri);
                if is_new {
                    if session.watches.lock().len() >= WATCHES_MAX {
                        return Err(ProtocolError::params(format!(
                            "at most {WATCHES_MAX} resources can be subscribed to"
                        )));
                    }
                    let app = self.catalog(from.client).await?.resource(&uri).cloned();
                    let watch = self
                        .household
                        .watch(from.client, app, &uri)
                        .await
                        .map_err(|failure| listen::unwatched(&failure))?;
                    session.watches.lock().insert(uri.into_owned(), watch);
                }
                now(empty_object())
            }
            ("resources/unsubscribe", Some(session)) => {
                let Some(uri) = params::<Asked<'_>>(of)?.uri else {
                    return Err(ProtocolError::params("`uri` is missing"));
                };
                session.watches.lock().remove(&*uri);
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
            said["extensions"] = value!({"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}});
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
        let page = catalog.page(list, cursor.as_deref());
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
                catalog.template(&uri).or_else(|| catalog.resource(&uri)).ok_or_else(unknown)?.clone()
            }
            _ => return Err(ProtocolError::params("`ref` has to be of the type ref/prompt or ref/resource")),
        };
        let completion = Completion { app, reference: reference.to_json(), argument, context };
        let cancel = from.session.map_or(&from.client.revoked, |session| &session.ended).child_token();
        let guard = cancel.clone().drop_guard();
        let answer = self.household.complete(from.client, completion, cancel).await;
        drop(guard);
        let shape = Shape { kind: Kind::Prompt, is_stateless };
        Ok(Reply::Now(shape.answer(answer.map(super::household::Outcome::Verbatim))))
    }

    async fn work(
        self: &Arc<Self>,
        from: From<'_>,
        id: &Id,
        method: &str,
        of: Option<&RawValue>,
        meta: Option<Members>,
    ) -> Result<Reply, ProtocolError> {
        let asked: Asked<'_> = params(of)?;
        let said = match from.session {
            Some(session) => {
                if session.has_running(id) {
                    return Err(ProtocolError::new(
                        message::INVALID_REQUEST,
                        "a request with this id is being answered",
                    ));
                }
                Said::in_session(meta, Arc::clone(&session.capabilities), Some(session.log_level()))?
            }
            None => Said::alone(meta)?,
        };
        let (kind, named) = match method {
            "tools/call" => (Kind::Tool, &asked.name),
            "prompts/get" => (Kind::Prompt, &asked.name),
            _ => (Kind::Resource, &asked.uri),
        };
        let Some(named) = named.as_deref() else {
            return Err(ProtocolError::params(if kind == Kind::Resource {
                "`uri` is missing"
            } else {
                "`name` is missing"
            }));
        };
        if let Some(headers) = from.headers {
            headers::method_check(headers, method, Some(named))?;
        }
        let shape = Shape { kind, is_stateless: from.session.is_none() };
        let given = match from.session {
            Some(_) => Vec::new(),
            None => answers(asked.input_responses)?,
        };
        let work_ref = || WorkRef { method: method.to_owned(), params: of.map(|of| Arc::from(of.to_owned())) };
        if let (Some(state), None) = (&asked.request_state, from.session) {
            let work = work_ref();
            let running = self.suspended.resume(state, from.client, &work.digest())?;
            running.answered(given);
            return Ok(Reply::Running(Attached { from: running.unread(), running, work }));
        }
        let catalog = self.catalog(from.client).await?;
        let arguments = asked.arguments;
        if arguments.is_some_and(|arguments| !arguments.get().starts_with('{')) {
            return Err(ProtocolError::params("`arguments` has to be an object"));
        }
        let work = match kind {
            Kind::Tool => {
                let arguments = arguments.map_or_else(empty_object, ToOwned::to_owned);
                match self.tool(&catalog, from, named, arguments, said.rest.clone())? {
                    Ok(work) => work,
                    Err(answer) => return Ok(Reply::Now(shape.answer(answer))),
                }
            }
            Kind::Prompt => {
                let meaning = catalog.prompt(named);
                let meaning = meaning.ok_or_else(|| {
                    ProtocolError::params(format!("there is no prompt {}", protocol::text::shorten(named, 80)))
                })?;
                Work::Prompt {
                    app: meaning.app.clone(),
                    prompt: meaning.own.clone(),
                    arguments: arguments.map(ToOwned::to_owned),
                    meta: said.rest.clone(),
                }
            }
            Kind::Resource => {
                Work::Resource { app: catalog.resource(named).cloned(), uri: named.to_owned(), meta: said.rest.clone() }
            }
        };
        let reference = work_ref();
        if self.suspended.has_repeat(from.client)
            && let Some(running) = self.suspended.repeat(from.client, &reference.digest())
        {
            if let Some(session) = from.session {
                session.begin(id, &running).map_err(|why| ProtocolError::new(message::INVALID_REQUEST, why))?;
            }
            return Ok(Reply::Running(Attached { from: running.unread(), running, work: reference }));
        }
        let asker = from.session.map(|session| Arc::clone(session) as Arc<dyn Asker>);
        let cancel = from.session.map_or(&from.client.revoked, |session| &session.ended).child_token();
        let running = Running::new(said, shape, asker, given, cancel);
        if let Some(session) = from.session {
            session.begin(id, &running).map_err(|why| ProtocolError::new(message::INVALID_REQUEST, why))?;
        }
        self.start(from.client.clone(), work, Arc::clone(&running));
        Ok(Reply::Running(Attached { running, from: 0, work: reference }))
    }

    /// A tool by the client's name for it, or what is answered at once.
    #[expect(clippy::type_complexity, reason = "an error of the protocol, an answer at once, or something to do")]
    fn tool(
        &self,
        catalog: &Catalog,
        from: From<'_>,
        name: &str,
        arguments: Json,
        meta: Members,
    ) -> Result<Result<Work, Result<super::household::Outcome, super::household::CallError>>, ProtocolError> {
        let index = catalog.index();
        if let (Some(index), search::SEARCH) = (index, name) {
            let search: Search = serde_json::from_str(arguments.get())
                .map_err(|error| ProtocolError::params(format!("the arguments do not fit: {error}")))?;
            let found = index.find(&search);
            return Ok(Err(Ok(super::household::Outcome::Shown {
                summary: found.get().to_owned(),
                data: Some(found),
                renderer: None,
            })));
        }
        let (name, arguments, is_searched) = match (index, name) {
            (Some(_), search::CALL) => {
                #[derive(Deserialize)]
                struct Meant {
                    name: String,
                    #[serde(default)]
                    arguments: Option<Json>,
                }
                let meant: Meant = serde_json::from_str(arguments.get())
                    .map_err(|error| ProtocolError::params(format!("the arguments do not fit: {error}")))?;
                let inner = meant.arguments.unwrap_or_else(empty_object);
                if !inner.get().starts_with('{') {
                    return Err(ProtocolError::params("`arguments` has to be an object"));
                }
                (Cow::Owned(meant.name), inner, true)
            }
            _ => (Cow::Borrowed(name), arguments, false),
        };
        let Some(tool) = catalog.tool(&name) else {
            let shown = protocol::text::shorten(&name, 80);
            // A model that calls through the search reads results, and no errors of the protocol.
            if let (true, Some(index)) = (is_searched, index) {
                let near = index.nearest(&name);
                let failure = Failure::new(ErrorCode::ActionNotFound, format!("there is no tool {shown}"));
                let failure = match near.as_slice() {
                    [] => failure.hint(format!("find one with {}", search::SEARCH)),
                    near => failure.hint(format!("did you mean {}?", near.join(" or "))),
                };
                return Ok(Err(Err(failure.into())));
            }
            return Err(ProtocolError::params(format!("there is no tool {shown}")));
        };
        if tool.state == GrantState::Block {
            let failure = Failure::new(ErrorCode::PermissionDenied, format!("{name} is blocked for this client"))
                .hint("its owner can allow it on oikos' page of this client");
            return Ok(Err(Err(failure.into())));
        }
        if let (Some(headers), false) = (from.headers, is_searched) {
            headers::arguments_check(headers, &tool.headers, arguments.get())?;
        }
        Ok(Ok(Work::Tool { app: tool.app.clone(), tool: tool.own.clone(), arguments, meta }))
    }

    fn start(&self, client: Client, work: Work, running: Arc<Running>) {
        /// What ends without an answer, by a fault of ours, ends for its reader too.
        struct Finishing(Arc<Running>);
        impl Drop for Finishing {
            fn drop(&mut self) {
                self.0.finish(Err(gone()));
            }
        }
        let household = Arc::clone(&self.household);
        tokio::spawn(async move {
            let finishing = Finishing(Arc::clone(&running));
            let events = Arc::new(Events(Arc::clone(&running)));
            let outcome = household.perform(client, work, events, running.cancel.clone()).await;
            running.finish(running.shape().answer(outcome));
            drop(finishing);
        });
    }

    /// What a reader met, as an answer to its request. `None`: a message, or nothing that is an answer.
    pub(crate) fn settle(
        &self,
        client: &Client,
        attached: &Attached,
        next: Next,
    ) -> Option<Result<Json, ProtocolError>> {
        let shape = attached.running.shape();
        match next {
            Next::Message(..) | Next::Paused => None,
            Next::Done(result) => Some(result),
            Next::Input(requests) => {
                let running = Arc::clone(&attached.running);
                let state = self.suspended.park(running, client, &attached.work.digest());
                Some(match state {
                    Some(state) => Ok(Shape::input_required(&requests, &state)),
                    None => {
                        attached.running.cancel.cancel();
                        let failure =
                            Failure::new(ErrorCode::HostBusy, "too many requests of this client wait for an answer");
                        shape.answer(Err(failure.into()))
                    }
                })
            }
            Next::Elsewhere(waiting) => {
                self.suspended.park_for_repeat(Arc::clone(&attached.running), client, attached.work.digest());
                Some(shape.elsewhere(&waiting))
            }
        }
    }
}
