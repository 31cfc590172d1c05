//! MCP servers: apps whose tools nobody wrote into a package. They are found out by asking the server, kept as the owner saw
//! them, and called only as long as they are the same: a server that says something else tomorrow has it looked at again.

use crate::{
    Kernel,
    apps::LoadedApp,
    bus::deliver::ended,
    journal,
    program::{Asker, Speaks},
    run::{Begin, Call, Cause, Run, commit_failure, internal, store_failure},
    runner::{GuestEnd, GuestFailure},
    stream::Viewer,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use package::Code;
use protocol::{
    ActionName, AppName, AuditEvent, Caller, Digest, ErrorCode, Failure, GrantState, Labels, OwnerId, QuestionKind,
    RequestId, Right, Scope, Sentence, Timestamp,
    api::{AppOffers, ServerToolView, ServerView, ToolOffer, ToolStanding},
    sentence, sha256, text,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use state::{Batch, Durability, Key, Space};
use std::{collections::BTreeSet, sync::Arc};

/// The name under which a server is asked for its tools. No tool's: those go through [`CALL`].
pub const LOOK: &str = "mcp:look";
/// The name under which one of its tools is called.
pub const CALL: &str = "mcp:tools/call";
/// Before the method, for all else that a server is asked.
pub const METHOD: &str = "mcp:";
/// Tools that a server may have: more than any client offers to a model.
const TOOLS_MAX: usize = 1_000;
/// What is kept of one tool's definition.
const DEFINITION_BYTES_MAX: usize = 256 << 10;
/// How long a look may take: somebody waits for it.
const LOOK_WALL_MS: u64 = 60_000;

/// A server's tools, as the owner knows them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServerRow {
    looked_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    about: Value,
    tools: Vec<ServerTool>,
    #[serde(default)]
    prompts: Vec<Value>,
    #[serde(default)]
    resources: Vec<Value>,
    #[serde(default)]
    templates: Vec<Value>,
}

/// A tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServerTool {
    pub(crate) name: String,
    pub(crate) action: ActionName,
    pub(crate) state: GrantState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accepted: Option<Definition>,
    /// What the server says now, where that is something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    offered: Option<Definition>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_gone: bool,
}

/// What a server says of a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Definition {
    /// As it was said.
    #[serde(rename = "definition")]
    said: Value,
    /// A digest of what counts: its name, texts and schemas.
    pin: String,
}

/// What a look brings.
#[derive(Default, Deserialize)]
struct Looked {
    #[serde(default)]
    about: Value,
    tools: Vec<Definition>,
    #[serde(default)]
    prompts: Vec<Value>,
    #[serde(default)]
    resources: Vec<Value>,
    #[serde(default)]
    templates: Vec<Value>,
}

/// What the owner decides about a tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToolDecision {
    /// It is accepted as it is offered now.
    pub accept: bool,
    /// Whether others may call it.
    pub state: Option<GrantState>,
    /// What its owner saw of it, as [`ServerView::pin`] said it: nothing is decided about anything else.
    pub seen: Option<Digest>,
}

/// What is asked of a server beside its tools.
#[derive(Clone, Debug)]
pub struct ServerRequest {
    /// The app.
    pub app: AppName,
    /// The method, such as `resources/read`.
    pub method: String,
    /// Its parameters.
    pub params: Map<String, Value>,
    /// Asking twice with the same id gives the same run.
    pub id: Option<RequestId>,
}

impl ServerTool {
    fn standing(&self) -> ToolStanding {
        match (&self.accepted, &self.offered) {
            (_, _) if self.is_gone => ToolStanding::Gone,
            (None, _) => ToolStanding::Added,
            (Some(_), Some(_)) => ToolStanding::Changed,
            (Some(_), None) => ToolStanding::Accepted,
        }
    }

    fn view(&self) -> ServerToolView {
        ServerToolView {
            name: self.name.clone(),
            action: self.action.clone(),
            standing: self.standing(),
            state: self.state,
            accepted: self.accepted.as_ref().map(|accepted| accepted.said.clone()),
            offered: self.offered.as_ref().map(|offered| offered.said.clone()),
            changes: Vec::new(),
        }
    }

    fn accept(&mut self) {
        if let Some(offered) = self.offered.take() {
            // What is newly said to destroy asks from now on; what its author says can only make it stricter.
            if self.accepted.is_none() && destroys(&offered.said) {
                self.state = GrantState::Ask;
            }
            self.accepted = Some(offered);
        }
    }
}

fn destroys(definition: &Value) -> bool {
    definition.pointer("/annotations/destructiveHint") == Some(&Value::Bool(true))
}

impl ServerRow {
    /// The tool of this name, the server's or ours.
    fn tool(&self, name: &str) -> Option<&ServerTool> {
        let known = || self.tools.iter();
        known().find(|tool| tool.action.as_str() == name).or_else(|| known().find(|tool| tool.name == name))
    }

    /// Stands for what it says of its tools now, accepted or not.
    fn pin(&self) -> Digest {
        let said: String = self
            .tools
            .iter()
            .map(|tool| {
                let now = tool.offered.as_ref().or(tool.accepted.as_ref());
                json!([tool.name, now.map(|now| &now.pin), tool.is_gone]).to_string()
            })
            .collect();
        sha256(said.as_bytes())
    }

    /// Takes in what a look has brought. What is as it was accepted stays so; all else waits.
    fn look(&mut self, looked: Looked, at: Timestamp) {
        self.looked_at = Some(at);
        self.about = looked.about;
        for (kept, looked) in [
            (&mut self.prompts, looked.prompts),
            (&mut self.resources, looked.resources),
            (&mut self.templates, looked.templates),
        ] {
            *kept = looked
                .into_iter()
                .filter(|one| one.to_string().len() <= DEFINITION_BYTES_MAX)
                .take(TOOLS_MAX)
                .collect();
        }
        let mut taken: BTreeSet<ActionName> = self.tools.iter().map(|tool| tool.action.clone()).collect();
        let mut seen = BTreeSet::new();
        for definition in looked.tools.into_iter().take(TOOLS_MAX) {
            let Some(name) = definition.said.get("name").and_then(Value::as_str).map(str::to_owned) else { continue };
            if definition.said.to_string().len() > DEFINITION_BYTES_MAX || !seen.insert(name.clone()) {
                continue;
            }
            match self.tools.iter_mut().find(|tool| tool.name == name) {
                Some(tool) => {
                    tool.is_gone = false;
                    let is_same = tool.accepted.as_ref().is_some_and(|accepted| accepted.pin == definition.pin);
                    tool.offered = (!is_same).then_some(definition);
                }
                None => {
                    let Some(action) = action_name(&name, &taken) else { continue };
                    taken.insert(action.clone());
                    let offered = Some(definition);
                    let state = GrantState::Allow;
                    self.tools.push(ServerTool { name, action, state, accepted: None, offered, is_gone: false });
                }
            }
        }
        for tool in &mut self.tools {
            tool.is_gone = !seen.contains(&tool.name);
        }
        // One that was never accepted and is not offered any more was never there.
        self.tools.retain(|tool| tool.accepted.is_some() || !tool.is_gone);
    }
}

/// A name by which a tool can be run here: its own where that is one, else what is left of it, numbered where two are alike.
fn action_name(name: &str, taken: &BTreeSet<ActionName>) -> Option<ActionName> {
    /// With room for a number.
    const KEPT_CHARS: usize = 56;
    let whole = name.parse::<ActionName>().ok().filter(|name| !taken.contains(name));
    if whole.is_some() {
        return whole;
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut base: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).take(KEPT_CHARS).collect();
    if !base.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        base.insert(0, '_');
    }
    let numbered = (2..=TOOLS_MAX + 1).map(|number| format!("{base}_{number}"));
    std::iter::once(base.clone())
        .chain(numbered)
        .filter_map(|name| name.parse().ok())
        .find(|name| !taken.contains(name))
}

/// A call that a person has to say yes to.
fn denied(message: String) -> GuestEnd {
    let failure = Failure::new(ErrorCode::PermissionDenied, message);
    GuestEnd { result: Err(GuestFailure::Failed(Box::new(failure))), memory_bytes: 0 }
}

/// Whether an app is an MCP server.
pub(crate) fn is_server(app: &LoadedApp) -> bool {
    match app.package.code() {
        Code::Server(_) => true,
        Code::Program(program) => program.speaks == Speaks::Mcp,
        Code::Script { .. } | Code::Component(_) | Code::Page(_) => false,
    }
}

/// Where it is, for whoever reads.
fn place(app: &LoadedApp) -> String {
    match app.package.code() {
        Code::Server(server) => server.url.clone(),
        Code::Program(program) => program.command.join(" "),
        Code::Script { .. } | Code::Component(_) | Code::Page(_) => String::new(),
    }
}

fn server_key(owner: OwnerId, app: &AppName) -> Key {
    Key::new(owner, Space::Server, app.as_str())
}

/// Forgets what is known of a server, with the rest of an app.
pub(crate) fn server_forget(batch: &mut Batch, owner: OwnerId, app: &AppName) {
    batch.delete(&server_key(owner, app));
}

impl Kernel {
    pub(crate) fn server_row(&self, owner: OwnerId, app: &AppName) -> Result<Arc<ServerRow>, Failure> {
        let key = (owner, app.clone());
        if let Some(row) = self.servers.read().get(&key) {
            return Ok(row.clone());
        }
        let entry = self.store.get(&server_key(owner, app)).map_err(store_failure)?;
        let row = match entry {
            None => ServerRow::default(),
            Some(entry) => serde_json::from_slice(&entry.value).map_err(|error| {
                Failure::new(ErrorCode::StoreDamaged, format!("what is known of the server {app} cannot be read"))
                    .log(error.to_string())
            })?,
        };
        let row = Arc::new(row);
        self.servers.write().insert(key, row.clone());
        Ok(row)
    }

    /// What is to be called for a tool of a server: the name for its image, and what that gets.
    pub(crate) fn server_call(
        &self,
        owner: OwnerId,
        app: &LoadedApp,
        name: &ActionName,
        input: Value,
    ) -> Result<(ServerTool, Value), Failure> {
        let named = &app.record.name;
        let row = self.server_row(owner, named)?;
        let tool = row.tool(name.as_str()).ok_or_else(|| {
            let names: Vec<&str> = row.tools.iter().map(|tool| tool.action.as_str()).collect();
            let failure = Failure::new(ErrorCode::ActionNotFound, format!("{named} has no tool '{name}'"));
            match row.looked_at {
                None => failure.hint(format!("oikos mcp look {named} asks it what it has")),
                Some(_) if names.is_empty() => failure,
                Some(_) => {
                    let near = package::did_you_mean(name.as_str(), names.iter().copied());
                    failure.hint(
                        near.map_or_else(String::new, |near| near + " ") + &format!("it has: {}", names.join(", ")),
                    )
                }
            }
        })?;
        if tool.state == GrantState::Block {
            let message = format!("the tool '{}' of {named} is blocked", tool.action);
            let hint = format!("oikos mcp allow {named} {} lets it be called", tool.action);
            return Err(Failure::new(ErrorCode::PermissionDenied, message).hint(hint));
        }
        let refused = |why: &str, hint: String| {
            Failure::new(ErrorCode::ToolNotAccepted, format!("the tool '{}' of {named} {why}", tool.action)).hint(hint)
        };
        let accept =
            format!("oikos mcp info {named} shows it; oikos mcp accept {named} {} lets it be called", tool.action);
        match tool.standing() {
            ToolStanding::Accepted => {}
            ToolStanding::Added => return Err(refused("was added after you looked, and waits for your yes", accept)),
            ToolStanding::Changed => {
                return Err(refused("is not what you accepted any more, and waits for your yes", accept));
            }
            ToolStanding::Gone => {
                return Err(refused(
                    "is not offered by its server any more",
                    format!("oikos mcp look {named} asks it again"),
                ));
            }
        }
        let pin = tool.accepted.as_ref().map(|accepted| accepted.pin.as_str());
        let input = json!({ "name": tool.name, "arguments": input, "pin": pin });
        Ok((tool.clone(), input))
    }

    /// Whether a person is asked before a tool is called: not where they are who calls it.
    pub(crate) fn asks_first(&self, caller: &Caller, tool: &ServerTool) -> bool {
        tool.state == GrantState::Ask && !caller.has_presence()
    }

    /// The same call, once a person has said yes to it and has seen what is sent.
    pub(crate) fn tool_ask(
        self: &Arc<Self>,
        run: Arc<Run>,
        tool: ServerTool,
        input: &Value,
        guest: BoxFuture<'static, GuestEnd>,
    ) -> BoxFuture<'static, GuestEnd> {
        let kernel = self.clone();
        let app = run.app.record.name.clone();
        let arguments = input.get("arguments").unwrap_or(&Value::Null);
        let content = Some(serde_json::to_string_pretty(arguments).unwrap_or_default());
        async move {
            let said = sentence::ask_tool(tool.action.as_str(), app.as_str());
            let line = Scope::Mcp { server: app.to_string(), tools: Vec::new() }.line();
            let allow = format!("oikos mcp allow {app} {} lets it be called without asking", tool.action);
            match kernel.ask(&run, said.clone(), QuestionKind::Permission { line, content }, None).await {
                Ok(Ok((settled, _))) if settled.is_yes() => guest.await,
                Ok(Ok(_)) => denied(format!("the owner said no: {said}; {allow}")),
                Ok(Err(rule)) => denied(format!("{said}: {rule}; {allow}")),
                Err(end) => GuestEnd { result: Err(GuestFailure::Ended(end)), memory_bytes: 0 },
            }
        }
        .boxed()
    }

    /// Servers, by name.
    pub async fn server_list(self: &Arc<Self>, caller: &Caller) -> Result<Vec<ServerView>, Failure> {
        self.require(caller, Right::Read)?;
        let mut servers = Vec::new();
        for record in self.app_records(caller.owner)? {
            // One that cannot be loaded is told of in the list of apps.
            let Ok(app) = self.app_load(caller.owner, &record.name).await else { continue };
            if is_server(&app) {
                servers.push(self.server_view(caller.owner, &app)?);
            }
        }
        Ok(servers)
    }

    /// One server.
    pub async fn server_info(self: &Arc<Self>, caller: &Caller, app: &AppName) -> Result<ServerView, Failure> {
        self.require(caller, Right::Read)?;
        let loaded = self.server_load(caller.owner, app).await?;
        self.server_view(caller.owner, &loaded)
    }

    async fn server_load(self: &Arc<Self>, owner: OwnerId, app: &AppName) -> Result<Arc<LoadedApp>, Failure> {
        let loaded = self.app_load(owner, app).await?;
        if is_server(&loaded) {
            return Ok(loaded);
        }
        Err(Failure::new(ErrorCode::NotFound, format!("{app} is no MCP server"))
            .hint("oikos mcp list shows which there are"))
    }

    fn server_view(&self, owner: OwnerId, app: &LoadedApp) -> Result<ServerView, Failure> {
        let row = self.server_row(owner, &app.record.name)?;
        Ok(ServerView {
            app: app.record.name.clone(),
            title: app.record.title.clone(),
            enabled: app.record.enabled,
            place: text::escape(&place(app)),
            looked_at: row.looked_at,
            about: Some(row.about.clone()).filter(|about| !about.is_null()),
            running: None,
            pin: row.pin(),
            tools: row.tools.iter().map(ServerTool::view).collect(),
        })
    }

    /// Asks a server what it has, starting it if need be, whether it is enabled or not. What is not as it was accepted waits
    /// for a yes from then on.
    pub async fn server_look(self: &Arc<Self>, caller: Caller, app: AppName) -> Result<ServerView, Failure> {
        self.require(&caller, Right::Manage)?;
        let loaded = self.server_load(caller.owner, &app).await?;
        self.server_look_at(caller, &loaded).await?;
        let loaded = self.server_load(caller.owner, &app).await?;
        self.server_view(caller.owner, &loaded)
    }

    async fn server_look_at(self: &Arc<Self>, caller: Caller, app: &Arc<LoadedApp>) -> Result<(), Failure> {
        self.server_look_for(caller, app, None).await
    }

    /// The same, where it was no person who wanted it.
    pub(crate) async fn server_look_for(
        self: &Arc<Self>,
        caller: Caller,
        app: &Arc<LoadedApp>,
        cause: Option<Cause>,
    ) -> Result<(), Failure> {
        let name = app.record.name.clone();
        let call = Call::Server { action: named("look")?, method: LOOK.to_owned(), is_look: true };
        let begin = Begin {
            asked: None,
            app: name.clone(),
            call,
            input: Value::Null,
            files: Vec::new(),
            cause,
            wall_ms_max: Some(LOOK_WALL_MS),
            asker: None,
        };
        let report = ended(self.run_begin(caller, begin).await?).await;
        if let Some(failure) = &report.summary.failure {
            return Err(failure.clone());
        }
        let looked = report.data.clone().and_then(|data| serde_json::from_value::<Looked>(data).ok());
        let looked = looked.ok_or_else(|| internal("what a server has could not be read"))?;
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || {
            kernel.server_change(&caller, &name, |row| {
                let before = row.tools.clone();
                row.look(looked, kernel.clock.now());
                let waits: Vec<String> = row
                    .tools
                    .iter()
                    .filter(|tool| matches!(tool.standing(), ToolStanding::Added | ToolStanding::Changed))
                    .filter(|tool| !before.contains(tool))
                    .map(|tool| tool.action.to_string())
                    .collect();
                Ok((!waits.is_empty()).then(|| sentence::server_tools_wait(waits)))
            })
        })
        .await
        .map_err(|_| internal("what a server has could not be kept"))?
    }

    /// Changes what is known of a server, one after the other, and says in the log what `change` says.
    fn server_change(
        &self,
        caller: &Caller,
        app: &AppName,
        change: impl FnOnce(&mut ServerRow) -> Result<Option<Sentence>, Failure>,
    ) -> Result<(), Failure> {
        let _changing = self.changing.lock();
        let before = self.server_row(caller.owner, app)?;
        let mut row = ServerRow::clone(&before);
        let said = change(&mut row)?;
        if row == *before {
            return Ok(());
        }
        let mut batch = Batch::new();
        batch.put(&server_key(caller.owner, app), serde_json::to_vec(&row).unwrap_or_default(), Labels::STRANGER);
        if let Some(said) = said {
            let record = journal::record(self.clock.now(), caller, AuditEvent::App, Some(app), said);
            journal::append(&mut batch, caller.owner, &record);
        }
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        self.servers.write().insert((caller.owner, app.clone()), Arc::new(row));
        self.offers_change();
        Ok(())
    }

    /// Decides about one tool of a server, or about all that wait.
    pub async fn server_decide(
        self: &Arc<Self>,
        caller: Caller,
        app: AppName,
        tool: Option<String>,
        decision: ToolDecision,
    ) -> Result<ServerView, Failure> {
        self.require_word(&caller, Right::Manage)?;
        let loaded = self.server_load(caller.owner, &app).await?;
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || {
            kernel.server_change(&caller, &app, |row| {
                if decision.seen.is_some_and(|seen| seen != row.pin()) {
                    let message = format!("{app} offers something else by now than what was seen");
                    let failure = Failure::new(ErrorCode::Conflict, message);
                    return Err(failure.hint(format!("oikos mcp info {app} shows what it offers")));
                }
                let mut decided = Vec::new();
                for known in &mut row.tools {
                    if tool.as_deref().is_some_and(|tool| tool != known.action.as_str() && tool != known.name) {
                        continue;
                    }
                    let before = known.clone();
                    if decision.accept {
                        known.accept();
                    }
                    known.state = decision.state.unwrap_or(known.state);
                    if before != *known {
                        decided.push(known.action.to_string());
                    }
                }
                if let Some(tool) = tool.filter(|tool| row.tool(tool).is_none()) {
                    let message = format!("{app} has no tool '{}'", text::shorten(&tool, 64));
                    let failure = Failure::new(ErrorCode::ActionNotFound, message);
                    return Err(failure.hint(format!("oikos mcp info {app} shows them")));
                }
                Ok((!decided.is_empty()).then(|| match decision.state {
                    Some(state) => sentence::server_tools_set(decided, state),
                    None => sentence::server_tools_accepted(decided),
                }))
            })?;
            kernel.server_view(caller.owner, &loaded)
        })
        .await
        .map_err(|_| internal("the tools could not be changed"))?
    }

    /// Before a server may be called for the first time. What its owner has looked at is what they say yes to; of one that was
    /// never looked at, all waits until they have.
    pub(crate) async fn server_begin(self: &Arc<Self>, caller: Caller, app: &Arc<LoadedApp>) -> Result<(), Failure> {
        let name = &app.record.name;
        if self.server_row(caller.owner, name)?.looked_at.is_none() {
            return self.server_look_at(caller, app).await.map(drop);
        }
        let (kernel, name) = (self.clone(), name.clone());
        tokio::task::spawn_blocking(move || {
            kernel.server_change(&caller, &name, |row| {
                if row.tools.iter().any(|tool| tool.accepted.is_some()) {
                    return Ok(None);
                }
                row.tools.iter_mut().for_each(ServerTool::accept);
                let accepted: Vec<String> = row.tools.iter().map(|tool| tool.action.to_string()).collect();
                Ok(Some(sentence::server_tools_accepted(accepted)))
            })
        })
        .await
        .map_err(|_| internal("the tools could not be accepted"))?
    }

    /// Asks a server for something that is no tool, as a run of its app.
    pub async fn server_request(
        self: &Arc<Self>,
        caller: Caller,
        request: ServerRequest,
        asker: Option<Arc<dyn Asker>>,
    ) -> Result<Viewer, Failure> {
        self.server_request_for(caller, request, asker, None).await
    }

    /// The same, where it may have been no person who wanted it.
    pub(crate) async fn server_request_for(
        self: &Arc<Self>,
        caller: Caller,
        request: ServerRequest,
        asker: Option<Arc<dyn Asker>>,
        cause: Option<Cause>,
    ) -> Result<Viewer, Failure> {
        self.require(&caller, Right::Run)?;
        let ServerRequest { app, method, params, id: _ } = request;
        self.server_load(caller.owner, &app).await?;
        let plain: String = method.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let call = Call::Server { action: named(&plain)?, method: format!("{METHOD}{method}"), is_look: false };
        let begin = Begin {
            asked: None,
            app,
            call,
            input: Value::Object(params),
            files: Vec::new(),
            cause,
            wall_ms_max: None,
            asker,
        };
        self.run_begin(caller, begin).await
    }

    /// What a server offers beside and among its tools, as the owner accepted them.
    pub(crate) fn server_offers(&self, owner: OwnerId, app: &AppName) -> Result<AppOffers, Failure> {
        let row = self.server_row(owner, app)?;
        let accepted = row.tools.iter().filter(|tool| tool.standing() == ToolStanding::Accepted);
        let tools = accepted.filter_map(|tool| {
            let definition = tool.accepted.as_ref()?.said.clone();
            Some(ToolOffer { name: tool.action.clone(), state: tool.state, definition })
        });
        Ok(AppOffers {
            app: app.clone(),
            tools: tools.collect(),
            prompts: row.prompts.clone(),
            resources: row.resources.clone(),
            templates: row.templates.clone(),
        })
    }
}

fn named(name: &str) -> Result<ActionName, Failure> {
    name.parse().map_err(|error: protocol::NameError| Failure::from_error(ErrorCode::InvalidInput, &error))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn looked(tools: &[(&str, &str)]) -> Looked {
        let tool = |(name, pin): &(&str, &str)| Definition { said: json!({ "name": name }), pin: (*pin).to_owned() };
        Looked { tools: tools.iter().map(tool).collect(), ..Looked::default() }
    }

    fn standings(row: &ServerRow) -> Vec<(&str, ToolStanding)> {
        row.tools.iter().map(|tool| (&*tool.name, tool.standing())).collect()
    }

    #[test]
    fn what_changed_waits_and_what_is_the_same_goes_on() {
        let mut row = ServerRow::default();
        row.look(looked(&[("a", "1"), ("b", "1")]), Timestamp(1));
        assert_eq!(standings(&row), [("a", ToolStanding::Added), ("b", ToolStanding::Added)]);
        row.tools.iter_mut().for_each(ServerTool::accept);
        row.look(looked(&[("a", "1"), ("b", "2"), ("c", "1")]), Timestamp(2));
        assert_eq!(
            standings(&row),
            [("a", ToolStanding::Accepted), ("b", ToolStanding::Changed), ("c", ToolStanding::Added)]
        );
        // Back to what was accepted needs no yes; what is gone is told, and what was never accepted is forgotten.
        row.look(looked(&[("b", "1")]), Timestamp(3));
        assert_eq!(standings(&row), [("a", ToolStanding::Gone), ("b", ToolStanding::Accepted)]);
        row.look(looked(&[("a", "1"), ("a", "2"), ("b", "1")]), Timestamp(4));
        assert_eq!(standings(&row), [("a", ToolStanding::Accepted), ("b", ToolStanding::Accepted)]);
    }

    #[test]
    fn every_tool_has_a_name_to_run_it_by() {
        let mut row = ServerRow::default();
        let long = "x".repeat(200);
        row.look(
            looked(&[("read-file", "1"), ("read.file", "1"), ("read_file", "1"), ("9", "1"), (&long, "1")]),
            Timestamp(1),
        );
        let names: Vec<&str> = row.tools.iter().map(|tool| tool.action.as_str()).collect();
        assert_eq!(names[..4], ["read_file", "read_file_2", "read_file_3", "_9"]);
        assert_eq!(names[4].len(), 56);
        // Whoever asks by the server's own name means that one, where no other has it here.
        assert_eq!(row.tool("read.file").unwrap().action.as_str(), "read_file_2");
        assert_eq!(row.tool("read_file").unwrap().name, "read-file");
    }

    #[test]
    fn what_says_that_it_destroys_asks() {
        let mut row = ServerRow::default();
        let said = json!({ "name": "wipe", "annotations": { "destructiveHint": true } });
        row.look(Looked { tools: vec![Definition { said, pin: "1".to_owned() }], ..Looked::default() }, Timestamp(1));
        row.tools[0].accept();
        assert_eq!(row.tools[0].state, GrantState::Ask);
    }
}
