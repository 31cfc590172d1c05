//! What an app does for a client: begun, found again, let go.

use super::super::{
    capabilities::TASKS,
    catalog::{Catalog, Length},
    headers,
    household::{CallError, Client, Outcome, ProtocolError, Work},
    json::{Json, Members, empty_object, json},
    message::{self, Id, params},
    result::{Kind, Shape, missing_capability},
    revision::Said,
    running::{Asker, Events, Next, Running, gone},
    search::{self, Search},
    suspended::{WorkDigest, answers, work_digest},
};
use super::{From, Inner, Reply};
use protocol::{ErrorCode, Failure, GrantState};
use serde::Deserialize;
use serde_json::{json as value, value::RawValue};
use std::{borrow::Cow, sync::Arc};

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

/// What is done with a call of a tool: an app does it, or it is answered at once.
type Meant = Result<(Work, Length), Result<Outcome, CallError>>;

impl Inner {
    pub(super) async fn work(
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
        let mut length = Length::Unsaid;
        let work = match kind {
            Kind::Tool => {
                let arguments = arguments.map_or_else(empty_object, ToOwned::to_owned);
                match self.tool(&catalog, from, named, arguments, said.rest.clone())? {
                    Ok((work, of_tool)) => {
                        length = of_tool;
                        work
                    }
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
                let place = catalog.resource(named);
                let (app, own) = place.map_or((None, None), |place| (Some(place.app), place.own));
                let (uri, named) = match own {
                    Some(own) => (own, Some(named.to_owned())),
                    None => (named.to_owned(), None),
                };
                Work::Resource { app, uri, named, meta: said.rest.clone() }
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
        if length == Length::Task && shape.is_stateless && !said.capabilities.takes_tasks() {
            return Err(missing_capability(&json(&value!({"extensions": {TASKS: {}}}))));
        }
        let running = Running::new(said, shape, asker, given, cancel);
        if length != Length::Unsaid {
            running.pause();
        }
        if let Some(session) = from.session {
            session.begin(id, &running).map_err(|why| ProtocolError::new(message::INVALID_REQUEST, why))?;
        }
        self.start(from.client.clone(), work, Arc::clone(&running));
        Ok(Reply::Running(Attached { running, from: 0, work: reference }))
    }

    /// A tool by the client's name for it, or what is answered at once.
    fn tool(
        &self,
        catalog: &Catalog,
        from: From<'_>,
        name: &str,
        arguments: Json,
        meta: Members,
    ) -> Result<Meant, ProtocolError> {
        let index = catalog.index();
        if let (Some(index), search::SEARCH) = (index, name) {
            let search: Search = serde_json::from_str(arguments.get())
                .map_err(|error| ProtocolError::params(format!("the arguments do not fit: {error}")))?;
            let found = index.find(&search);
            return Ok(Err(Ok(Outcome::Shown { summary: found.get().to_owned(), data: Some(found), renderer: None })));
        }
        let (name, arguments, is_searched) = match (index, name) {
            (Some(_), search::CALL) => {
                #[derive(Deserialize)]
                struct Wanted {
                    name: String,
                    #[serde(default)]
                    arguments: Option<Json>,
                }
                let meant: Wanted = serde_json::from_str(arguments.get())
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
            let failure = Failure::new(ErrorCode::PermissionDenied, format!("{name} is blocked"))
                .hint(format!("its owner can allow it: oikos mcp allow {} {}", tool.app, tool.own));
            return Ok(Err(Err(failure.into())));
        }
        if let (Some(headers), false) = (from.headers, is_searched) {
            headers::arguments_check(headers, &tool.headers, arguments.get())?;
        }
        let work = Work::Tool { app: tool.app.clone(), tool: tool.own.clone(), arguments, meta };
        Ok(Ok((work, tool.length)))
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
            let outcome = household.perform(client, work, events, running.leave.clone()).await;
            running.finish(running.shape().answer(outcome));
            drop(finishing);
        });
    }

    /// Lets a client go that takes tasks, and says under which name it finds what it left.
    pub(crate) fn left(&self, client: &Client, attached: &Attached) -> Option<Result<Json, ProtocolError>> {
        let running = attached.running.may_be_task().then(|| Arc::clone(&attached.running))?;
        self.tasks.create(running, client).map(Ok)
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
            Next::Message(..) => None,
            Next::Paused => self.left(client, attached),
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
