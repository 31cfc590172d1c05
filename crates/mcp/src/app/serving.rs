//! One run of a server's app: what the kernel calls it by becomes a request, and its answer what the run returned, verbatim.

use super::{
    drawing::{view_of_tool, views},
    host::RunHost,
    sign_in::not_let_in,
    stdio::extensions,
};
use crate::{
    client::{Abilities, Arguments, Call, CallError, Change, Greeting, HttpSender, Listed, Said, Session, pinning},
    server::{Json, Members},
};
use kernel::{
    program::{House, ServerNews},
    runner::{GuestCall, GuestEnd, GuestFailure, GuestHost, GuestValue},
    servers::{CALL, LOOK, METHOD, REFUSAL_KEY, ToolCall},
};
use parking_lot::Mutex;
use protocol::{AppName, ErrorCode, Failure, Labels, OwnerId, Verbatim, text::shorten};
use serde_json::{Map, Value, json, value::RawValue};
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};
use tokio_util::sync::CancellationToken;

/// What draws the results of servers' tools.
const RENDERER: &str = "mcp";
/// Before the address of the view that does so instead.
const VIEW: &str = "view:";
/// From which level on a run that nobody else started hears what its server logs.
const LOG_LEVEL: &str = "info";
/// What a run's summary shows of a result's text.
const SUMMARY_CHARS_MAX: usize = 20_000;
/// What is shown of a server's own words where it refuses something.
const WORDS_CHARS_MAX: usize = 2_000;
/// How often a server may lose its session while one tool is called.
const GREETINGS_MAX: usize = 3;

/// A session, with what its tools were when they were last asked for.
pub(super) struct Conversation {
    pub(super) session: Session,
    pub(super) app: AppName,
    tools: Mutex<Option<Tools>>,
    /// Whom it serves, and who hears what it says by itself.
    house: Mutex<Option<(OwnerId, Weak<dyn House>)>>,
}

/// Its tools by their names, and the greeting after which it said so.
struct Tools {
    greeting: Greeting,
    known: HashMap<String, Known>,
}

/// What a tool was when the server was last asked.
#[derive(Clone)]
struct Known {
    pin: String,
    /// What draws its answers.
    view: Option<String>,
}

impl Conversation {
    pub(super) fn new(session: Session, app: AppName) -> Arc<Self> {
        let made = Arc::new(Self { session, app, tools: Mutex::default(), house: Mutex::default() });
        tokio::spawn(listen(Arc::downgrade(&made), made.session.changes()));
        made
    }

    /// Whoever stands behind its runs hears this.
    pub(super) fn tell(&self, news: ServerNews) {
        let house = self.house.lock().clone();
        if let Some((owner, house)) = house
            && let Some(house) = house.upgrade()
        {
            house.server_told(owner, &self.app, news);
        }
    }

    /// Has the server serve a run. Comes back soon after the run's lease has ended.
    pub(super) async fn serve(
        &self,
        call: GuestCall,
        host: Arc<dyn GuestHost>,
        sender: Option<Arc<dyn HttpSender>>,
    ) -> GuestEnd {
        let lease = call.lease.clone();
        // Whatever it says is a stranger's.
        lease.join_labels(Labels::STRANGER);
        if let Some(way) = host.way_out() {
            self.house.lock().get_or_insert_with(|| (lease.caller().owner, Arc::downgrade(&way.house())));
        }
        let cancel = CancellationToken::new();
        let asking = asking(host, cancel.clone(), sender);
        let working = self.answer(call.export.as_str(), &call.input, &asking);
        let mut working = std::pin::pin!(working);
        let result = tokio::select! {
            result = &mut working => result,
            end = lease.ended() => {
                cancel.cancel();
                // The server is told; what it answers to that is not waited for beyond the caller's patience.
                drop(working.await);
                Err(GuestFailure::Ended(end))
            }
        };
        GuestEnd { result, memory_bytes: 0 }
    }

    async fn answer(&self, export: &str, input: &[u8], call: &Call) -> Result<GuestValue, GuestFailure> {
        let read = || serde_json::from_slice::<Value>(input).unwrap_or_default();
        match export {
            LOOK => self.look(call).await,
            CALL => self.call(input, call).await,
            _ => match export.strip_prefix(METHOD) {
                Some(method) => self.request(method, read(), call).await,
                None => Err(GuestFailure::NoSuchExport),
            },
        }
    }

    /// What it has, with a digest of each tool.
    async fn look(&self, call: &Call) -> Result<GuestValue, GuestFailure> {
        let greeting = self.session.greeting();
        let server = self.session.server();
        let tools = match server.offers("tools") {
            true => self.session.tools(call).await.map_err(|error| self.failure(error))?,
            false => Vec::new(),
        };
        self.remember(greeting, &tools);
        let views = views(&self.session, &tools, call).await;
        let tools: Vec<Json> = tools
            .iter()
            .map(|tool| {
                let pin = Members::new().with("pin", &pinning::pin(tool).to_string());
                pin.with("definition", &tool.said().raw()).to_json()
            })
            .collect();
        let about = json!({
            "info": server.info,
            "revision": server.revision.word(),
            "capabilities": server.capabilities,
            "instructions": server.instructions,
        });
        let (mut prompts, mut resources, mut templates) = (Vec::new(), Vec::new(), Vec::new());
        if server.offers("prompts") {
            prompts = self.session.prompts(call).await.map_err(|error| self.failure(error))?;
        }
        if server.offers("resources") {
            resources = self.session.resources(call).await.map_err(|error| self.failure(error))?;
            templates = self.session.resource_templates(call).await.map_err(|error| self.failure(error))?;
        }
        // What it says of each thing stays as it says it, to the letter.
        let said = Members::new().with("about", &about).with("tools", &tools);
        let said = said.with("prompts", &raw(&prompts)).with("resources", &raw(&resources));
        let said = Verbatim::from(said.with("templates", &raw(&templates)).with("views", &views).to_json());
        Ok(GuestValue { data: Some(said.value()), exact: Some(said), ..GuestValue::default() })
    }

    fn remember(&self, greeting: Greeting, tools: &[Listed]) {
        let named = tools.iter().filter_map(|tool| Some((tool.get("name")?.as_str()?.to_owned(), tool)));
        let known = named.map(|(name, tool)| (name, known(tool))).collect();
        *self.tools.lock() = Some(Tools { greeting, known });
    }

    /// A tool, as long as it is what the owner accepted.
    async fn call(&self, input: &[u8], call: &Call) -> Result<GuestValue, GuestFailure> {
        let unread = |error: serde_json::Error| {
            let failure = Failure::new(ErrorCode::InvalidInput, "the call could not be read");
            GuestFailure::Failed(Box::new(failure.log(error.to_string())))
        };
        let ToolCall { name, arguments, pin: accepted } = serde_json::from_slice(input).map_err(unread)?;
        let mut greetings = 0;
        loop {
            let (offered, greeting) = self.pinned(&name, accepted.as_deref(), call).await?;
            let arguments = match arguments.get().starts_with('{') {
                true => Arguments::Written(arguments.to_owned().into()),
                false => Arguments::Values(Map::new()),
            };
            let call = Call { greeting: Some(greeting), ..call.clone() };
            let result = match self.session.call_tool(&name, arguments, &call).await {
                // It lost the session, as one that was started again: what its tools are now is looked at before one is called.
                Err(CallError::Regreeted) if greetings < GREETINGS_MAX => {
                    greetings += 1;
                    self.tools.lock().take();
                    continue;
                }
                result => result,
            };
            // How the wire that it came over says that it is complete is nothing of the result.
            let mut value = self.value(result.map(|result| without(result, "resultType")))?;
            if let (Some(uri), Some(_)) = (offered.and_then(|offered| offered.view), &value.exact) {
                value.renderer = Some(format!("{VIEW}{uri}"));
            }
            return Ok(value);
        }
    }

    /// What a tool is by the server's last word, if that is what was accepted, and the greeting after which it said so.
    async fn pinned(
        &self,
        name: &str,
        accepted: Option<&str>,
        call: &Call,
    ) -> Result<(Option<Known>, Greeting), GuestFailure> {
        let kept = self.tools.lock().as_ref().map(|tools| (tools.known.get(name).cloned(), tools.greeting.clone()));
        let (offered, greeting) = match kept {
            Some(kept) => kept,
            None => {
                let greeting = self.session.greeting();
                let tools = self.session.tools(call).await.map_err(|error| self.failure(error))?;
                let found = tools.iter().rfind(|tool| tool.get("name").and_then(Value::as_str) == Some(name));
                let offered = found.map(known);
                self.remember(greeting.clone(), &tools);
                (offered, greeting)
            }
        };
        if offered.as_ref().map(|offered| offered.pin.as_str()) != accepted {
            // What it is now waits for the owner's yes.
            self.tell(ServerNews::Offers);
            let app = &self.app;
            let message = match offered {
                Some(_) => {
                    format!("the tool '{}' of {app} is not what you accepted: its server changed it", shorten(name, 64))
                }
                None => format!("the tool '{}' of {app} is not offered by its server any more", shorten(name, 64)),
            };
            let hint = format!("oikos mcp look {app} shows what it is now");
            return Err(GuestFailure::Failed(Box::new(Failure::new(ErrorCode::ToolNotAccepted, message).hint(hint))));
        }
        Ok((offered, greeting))
    }

    /// Anything else that it is asked.
    async fn request(&self, method: &str, params: Value, call: &Call) -> Result<GuestValue, GuestFailure> {
        let params = params.as_object().cloned().unwrap_or_default();
        let text = |name: &str| params.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let list =
            |name: &str, entries: Vec<Listed>| Verbatim::from(Members::new().with(name, &raw(&entries)).to_json());
        let session = &self.session;
        let watched = match method {
            "resources/subscribe" => Some(session.subscribe(&text("uri"), call).await),
            "resources/unsubscribe" => Some(session.unsubscribe(&text("uri"), call).await),
            _ => None,
        };
        if let Some(watched) = watched {
            // Nobody hands on what is said to that: it is done, or it is not.
            return watched.map(|()| GuestValue::default()).map_err(|error| self.failure(error));
        }
        let answer = match method {
            "resources/list" => session.resources(call).await.map(|all| list("resources", all)),
            "resources/templates/list" => {
                session.resource_templates(call).await.map(|all| list("resourceTemplates", all))
            }
            "prompts/list" => session.prompts(call).await.map(|all| list("prompts", all)),
            "resources/read" => session.read_resource(&text("uri"), call).await.map(verbatim),
            "prompts/get" => {
                let arguments = params.get("arguments").and_then(Value::as_object).cloned().unwrap_or_default();
                session.get_prompt(&text("name"), arguments, call).await.map(verbatim)
            }
            "completion/complete" => session.complete(params.clone(), call).await.map(verbatim),
            _ => return Err(GuestFailure::NoSuchExport),
        };
        self.value(answer)
    }

    /// What a server answered, for a screen, for a model, and for whoever hands it on.
    fn value(&self, answer: Result<Verbatim, CallError>) -> Result<GuestValue, GuestFailure> {
        let exact = match answer {
            Ok(exact) => exact,
            Err(CallError::Refused { refusal, .. }) => {
                let words = shorten(&refusal.message, WORDS_CHARS_MAX);
                let mut said = json!({ "code": refusal.code, "message": refusal.message });
                if let Some(data) = refusal.data {
                    said["data"] = data;
                }
                let data = Value::Object(Map::from_iter([(REFUSAL_KEY.to_owned(), said)]));
                let summary = Some(format!("{} refused: {words}", self.app));
                return Ok(GuestValue { data: Some(data), summary, renderer: Some(RENDERER.to_owned()), exact: None });
            }
            Err(error) => return Err(self.failure(error)),
        };
        let data = exact.value();
        let summary = summary(&data);
        Ok(GuestValue { data: Some(data), summary, renderer: Some(RENDERER.to_owned()), exact: Some(exact) })
    }

    fn failure(&self, error: CallError) -> GuestFailure {
        if let CallError::Authorization(error) = &error {
            return GuestFailure::Failed(Box::new(not_let_in(&self.app, error)));
        }
        let code = match &error {
            CallError::Slow { .. } => ErrorCode::Timeout,
            CallError::Gone { .. } | CallError::Regreeted => ErrorCode::ProgramFailed,
            CallError::Http(_) | CallError::Status { .. } => ErrorCode::NetworkFailed,
            CallError::TooMuch { .. } => ErrorCode::TooLarge,
            _ => ErrorCode::AppFailed,
        };
        let message = format!("{}: {}", self.app, shorten(&error.to_string(), WORDS_CHARS_MAX));
        GuestFailure::Failed(Box::new(Failure::new(code, message)))
    }
}

/// A tool as it is by the server's last word.
fn known(tool: &Listed) -> Known {
    Known { pin: pinning::pin(tool).to_string(), view: view_of_tool(tool) }
}

/// What a server said, to the letter.
fn verbatim(said: Said) -> Verbatim {
    said.into_raw().into()
}

/// The same without one of its members.
fn without(said: Said, name: &str) -> Verbatim {
    let members = said.raw().get().contains(name).then(|| Members::parse(said.raw().get()).ok()).flatten();
    let Some(mut members) = members else { return verbatim(said) };
    match members.remove(name) {
        Some(_) => members.to_json().into(),
        None => verbatim(said),
    }
}

fn raw(entries: &[Listed]) -> Vec<&RawValue> {
    entries.iter().map(|entry| entry.said().raw()).collect()
}

/// The texts of a result, one after the other.
fn summary(result: &Value) -> Option<String> {
    let content = result.get("content")?.as_array()?;
    let texts: Vec<&str> = content.iter().filter_map(|part| part.get("text")?.as_str()).collect();
    (!texts.is_empty()).then(|| texts.join("\n").chars().take(SUMMARY_CHARS_MAX).collect())
}

/// One call, for a run: what may be asked during it is what whoever started the run can answer.
fn asking(host: Arc<dyn GuestHost>, cancel: CancellationToken, sender: Option<Arc<dyn HttpSender>>) -> Call {
    let introduced = host.introduction().cloned();
    let abilities = introduced.as_ref().map(|introduced| Abilities::of(&introduced.abilities)).unwrap_or_default();
    Call {
        cancel,
        sender,
        // Of folders the kernel knows at least those that were granted.
        abilities: Some(Abilities { roots: true, extensions: extensions(), ..abilities }),
        log_level: introduced.as_ref().map_or(Some(LOG_LEVEL), |introduced| introduced.log_level),
        meta: introduced.map(|introduced| introduced.meta).unwrap_or_default(),
        ..Call::new(Arc::new(RunHost(host)))
    }
}

/// What the server says has changed is asked for again before the next tool is called, and told to whoever keeps what it offers.
async fn listen(conversation: Weak<Conversation>, mut changes: crate::client::Changes) {
    while let Some(change) = changes.next().await {
        let Some(conversation) = conversation.upgrade() else { return };
        match change {
            Change::Tools | Change::Missed => {
                conversation.tools.lock().take();
                conversation.tell(ServerNews::Offers);
            }
            Change::Resources | Change::Prompts => conversation.tell(ServerNews::Offers),
            Change::Resource { uri } => conversation.tell(ServerNews::Resource(uri)),
            Change::Elicitation { .. } => {}
        }
    }
}
