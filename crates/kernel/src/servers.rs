//! MCP servers: apps whose tools nobody wrote into a package. They are found out by asking the server, kept as the owner saw
//! them, and called only as long as they are the same: a server that says something else tomorrow has it looked at again.

use crate::{
    Kernel,
    apps::LoadedApp,
    bus::deliver::ended_exact,
    journal,
    own_tools::has_own_tools,
    program::{Asker, Speaks},
    run::{Begin, Call, Cause, Run, commit_failure, internal, store_failure},
    runner::{GuestEnd, GuestFailure},
    server_extras,
    server_views::{LookedView, LookedViews, view_key, view_of},
    stream::Viewer,
};
use futures_util::{FutureExt as _, future::BoxFuture};
use package::{Code, Package};
use protocol::{
    ActionName, AppName, AuditEvent, Caller, Digest, ErrorCode, Failure, GrantState, Labels, OwnerId, QuestionKind,
    RequestId, Right, Scope, Sentence, Timestamp, Verbatim,
    api::{AppOffers, ServerToolView, ServerView, ToolDifference, ToolOffer, ToolStanding},
    sentence, sha256, text,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json, value::RawValue};
use state::{Batch, Durability, Key, Space};
use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

/// The name under which a server is asked for its tools. No tool's: those go through [`CALL`].
pub const LOOK: &str = "mcp:look";
/// The name under which one of its tools is called.
pub const CALL: &str = "mcp:tools/call";
/// Before the method, for all else that a server is asked.
pub const METHOD: &str = "mcp:";
/// Where a server refused a request in words of the protocol: the run's data is an object with this one key.
pub const REFUSAL_KEY: &str = "mcp/refusal";
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
    prompts: Vec<Verbatim>,
    #[serde(default)]
    resources: Vec<Verbatim>,
    #[serde(default)]
    templates: Vec<Verbatim>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<Failure>,
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
    said: Verbatim,
    /// A digest of what counts: its name, texts and schemas.
    pin: String,
    /// What stands for the view that draws what it answers, where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    view: Option<Digest>,
}

impl Definition {
    /// Its server's name for it, where a tool can be run by that here.
    fn own_name(&self) -> Option<ActionName> {
        self.said.value().get("name")?.as_str()?.parse().ok()
    }
}

/// What a look brings.
#[derive(Default, Deserialize)]
struct Looked {
    #[serde(default)]
    about: Value,
    tools: Vec<Definition>,
    #[serde(default)]
    prompts: Vec<Verbatim>,
    #[serde(default)]
    resources: Vec<Verbatim>,
    #[serde(default)]
    templates: Vec<Verbatim>,
    #[serde(default)]
    views: Vec<LookedView>,
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

/// What the image of a server gets for [`CALL`].
#[derive(Debug, Serialize, Deserialize)]
pub struct ToolCall<'a> {
    /// The tool, as the server calls it.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// The arguments, as they were written.
    #[serde(borrow)]
    pub arguments: &'a RawValue,
    /// What the tool was when its owner accepted it.
    #[serde(borrow, default)]
    pub pin: Option<Cow<'a, str>>,
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
    /// A tool that its app's package describes.
    pub(crate) fn own(action: ActionName, state: GrantState) -> Self {
        Self { name: action.to_string(), action, state, accepted: None, offered: None, is_gone: false }
    }

    fn standing(&self) -> ToolStanding {
        match (&self.accepted, &self.offered) {
            (_, _) if self.is_gone => ToolStanding::Gone,
            (None, _) => ToolStanding::Added,
            (Some(_), Some(_)) => ToolStanding::Changed,
            (Some(_), None) => ToolStanding::Accepted,
        }
    }

    /// Whether it is as its owner accepted it; if not, why not, and what would help.
    pub(crate) fn check_standing(&self, app: &AppName) -> Result<(), Failure> {
        let refused = |why: &str, hint: String| {
            Failure::new(ErrorCode::ToolNotAccepted, format!("the tool '{}' of {app} {why}", self.action)).hint(hint)
        };
        let accept =
            || format!("oikos mcp info {app} shows it; oikos mcp accept {app} {} lets it be called", self.action);
        match self.standing() {
            ToolStanding::Accepted => Ok(()),
            ToolStanding::Added => Err(refused("was added after you looked, and waits for your yes", accept())),
            ToolStanding::Changed => {
                Err(refused("is not what you accepted any more, and waits for your yes", accept()))
            }
            ToolStanding::Gone => {
                let hint = format!("oikos mcp look {app} asks it again");
                Err(refused("is not offered by its server any more", hint))
            }
        }
    }

    fn view(&self) -> ServerToolView {
        ServerToolView {
            name: self.name.clone(),
            action: self.action.clone(),
            standing: self.standing(),
            state: self.state,
            accepted: self.accepted.as_ref().map(|accepted| accepted.said.value()),
            offered: self.offered.as_ref().map(|offered| offered.said.value()),
            changes: self.view_change().into_iter().collect(),
        }
    }

    /// That its view is another document than the one that was accepted, by what stands for both.
    fn view_change(&self) -> Option<ToolDifference> {
        let (before, after) = (self.accepted.as_ref()?.view, self.offered.as_ref()?.view);
        let shown = |view: Option<Digest>| view.map(|view| view.to_string());
        (before != after).then(|| ToolDifference {
            place: "view".to_owned(),
            before: shown(before),
            after: shown(after),
        })
    }

    /// What the server said of it when it was accepted.
    pub(crate) fn definition(&self) -> Option<Value> {
        self.accepted.as_ref().map(|accepted| accepted.said.value())
    }

    fn accept(&mut self) {
        if let Some(offered) = self.offered.take() {
            // What is newly said to destroy asks from now on; what its author says can only make it stricter.
            let said_before = self.accepted.as_ref().is_some_and(|accepted| destroys(&accepted.said.value()));
            if self.state == GrantState::Allow && !said_before && destroys(&offered.said.value()) {
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

    /// The names that stand for a tool and for no other one: ours, and the server's own where that leads to it.
    fn names_of(&self, tool: &ServerTool) -> Vec<String> {
        let own = Some(&tool.name).filter(|own| self.tool(own).is_some_and(|known| known.action == tool.action));
        std::iter::once(tool.action.to_string()).chain(own.cloned()).collect()
    }

    /// There is none of this name: those that are near, and some of the others.
    fn no_tool(&self, app: &AppName, name: &str) -> Failure {
        /// A person reads them, or the author of an app in an error.
        const NAMES_SHOWN_MAX: usize = 40;
        let shown = text::shorten(name, 64);
        let failure = Failure::new(ErrorCode::ActionNotFound, format!("{app} has no tool '{shown}'"));
        if self.looked_at.is_none() {
            return failure.hint(format!("oikos mcp look {app} asks it what it has"));
        }
        let names: Vec<&str> = self.tools.iter().map(|tool| tool.action.as_str()).collect();
        if names.is_empty() {
            return failure;
        }
        let near = package::did_you_mean(name, names.iter().copied()).map_or_else(String::new, |near| near + " ");
        let more = match names.len() > NAMES_SHOWN_MAX {
            true => " …",
            false => "",
        };
        let names = &names[..names.len().min(NAMES_SHOWN_MAX)];
        failure.hint(format!("{near}it has: {}{more}", names.join(", ")))
    }

    /// Stands for what it says of its tools now, accepted or not.
    fn pin(&self) -> Digest {
        let said: String = self
            .tools
            .iter()
            .map(|tool| {
                let now = tool.offered.as_ref().or(tool.accepted.as_ref());
                json!([tool.name, now.map(|now| (&now.pin, now.view)), tool.is_gone]).to_string()
            })
            .collect();
        sha256(said.as_bytes())
    }

    /// A tool as its server calls it.
    pub(crate) fn named(&self, name: &str) -> Option<&ServerTool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// What stands for the view of this address, as it was accepted with a tool.
    pub(crate) fn accepted_view(&self, uri: &str) -> Option<Digest> {
        let mut accepted = self.tools.iter().filter_map(|tool| tool.accepted.as_ref());
        accepted.find_map(|accepted| {
            let view = accepted.view?;
            (view_of(&accepted.said.value()) == Some(uri)).then_some(view)
        })
    }

    /// Views that are kept for its tools.
    fn views(&self) -> BTreeSet<Digest> {
        let said = self.tools.iter().flat_map(|tool| [&tool.accepted, &tool.offered]).flatten();
        said.filter_map(|said| said.view).collect()
    }

    /// Takes in what a look has brought. What is as it was accepted stays so; all else waits.
    fn look(&mut self, looked: Looked, views: &LookedViews, at: Timestamp) {
        self.looked_at = Some(at);
        self.about = looked.about;
        for (kept, looked) in [
            (&mut self.prompts, looked.prompts),
            (&mut self.resources, looked.resources),
            (&mut self.templates, looked.templates),
        ] {
            *kept = looked.into_iter().filter(|one| one.text().len() <= DEFINITION_BYTES_MAX).take(TOOLS_MAX).collect();
        }
        let mut taken: BTreeSet<ActionName> = self.tools.iter().map(|tool| tool.action.clone()).collect();
        // A name that its server gives a tool is that tool's, and no other's that has to be called something else here.
        let own: BTreeSet<ActionName> = looked.tools.iter().filter_map(Definition::own_name).collect();
        let mut seen = BTreeSet::new();
        for mut definition in looked.tools.into_iter().take(TOOLS_MAX) {
            let value = definition.said.value();
            let Some(name) = value.get("name").and_then(Value::as_str).map(str::to_owned) else { continue };
            if definition.said.text().len() > DEFINITION_BYTES_MAX || !seen.insert(name.clone()) {
                continue;
            }
            definition.view = views.of(&value);
            match self.tools.iter_mut().find(|tool| tool.name == name) {
                Some(tool) => {
                    tool.is_gone = false;
                    let is_same = tool.accepted.as_ref().is_some_and(|accepted| {
                        // One that could not be read this time is the one that is kept.
                        accepted.pin == definition.pin && definition.view.is_none_or(|view| accepted.view == Some(view))
                    });
                    tool.offered = (!is_same).then_some(definition);
                }
                None => {
                    let Some(action) = action_name(&name, &taken, &own) else { continue };
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
fn action_name(name: &str, taken: &BTreeSet<ActionName>, own: &BTreeSet<ActionName>) -> Option<ActionName> {
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
        .find(|name| !taken.contains(name) && !own.contains(name))
}

/// A call that a person has to say yes to.
pub(crate) fn denied(message: String) -> GuestEnd {
    let failure = Failure::new(ErrorCode::PermissionDenied, message);
    GuestEnd { result: Err(GuestFailure::Failed(Box::new(failure))), memory_bytes: 0 }
}

/// Whether an app is an MCP server.
pub(crate) fn is_server(app: &LoadedApp) -> bool {
    is_server_package(&app.package)
}

pub(crate) fn is_server_package(package: &Package) -> bool {
    match package.code() {
        Code::Server(_) => true,
        Code::Program(program) => program.speaks == Speaks::Mcp,
        Code::Script { .. } | Code::Component(_) | Code::Page(_) => false,
    }
}

/// Where it is, for whoever reads.
pub(crate) fn place(app: &LoadedApp) -> String {
    match app.package.code() {
        Code::Server(server) => server.url.clone(),
        Code::Program(program) => program.command.join(" "),
        Code::Script { .. } | Code::Component(_) | Code::Page(_) => String::new(),
    }
}

pub(crate) fn server_key(owner: OwnerId, app: &AppName) -> Key {
    Key::new(owner, Space::Server, app.as_str())
}

/// Forgets what is known of a server, with the rest of an app.
pub(crate) fn server_forget(batch: &mut Batch, owner: OwnerId, app: &AppName) {
    batch.delete(&server_key(owner, app));
    batch.delete_prefix(owner, Space::Server, &format!("{app}/"));
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

    /// What is to be called for a tool of a server, and what its image gets, with the arguments as they were written.
    pub(crate) fn server_call(
        &self,
        owner: OwnerId,
        app: &LoadedApp,
        name: &ActionName,
        arguments: &Verbatim,
    ) -> Result<(ServerTool, Verbatim), Failure> {
        let named = &app.record.name;
        let row = self.server_row(owner, named)?;
        let tool = row.tool(name.as_str()).ok_or_else(|| row.no_tool(named, name.as_str()))?;
        if tool.state == GrantState::Block {
            let message = format!("the tool '{}' of {named} is blocked", tool.action);
            let hint = format!("oikos mcp allow {named} {} lets it be called", tool.action);
            return Err(Failure::new(ErrorCode::PermissionDenied, message).hint(hint));
        }
        tool.check_standing(named)?;
        let pin = tool.accepted.as_ref().map(|accepted| accepted.pin.as_str());
        let sent = ToolCall { name: (&tool.name).into(), arguments: arguments.raw(), pin: pin.map(Into::into) };
        let sent = serde_json::value::to_raw_value(&sent).map_err(|_| internal("a call could not be written"))?;
        Ok((tool.clone(), sent.into()))
    }

    /// Whether an app is a server that was looked at.
    pub(crate) fn server_is_known(&self, owner: OwnerId, app: &AppName) -> Result<bool, Failure> {
        Ok(self.server_row(owner, app)?.looked_at.is_some())
    }

    /// A tool of a server, by any name that stands for it, and all the names that do.
    pub(crate) fn server_tool(
        &self,
        owner: OwnerId,
        app: &AppName,
        name: &str,
    ) -> Result<(ServerTool, Vec<String>), Failure> {
        let row = self.server_row(owner, app)?;
        let tool = row.tool(name).ok_or_else(|| row.no_tool(app, name))?;
        Ok((tool.clone(), row.names_of(tool)))
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
        arguments: &Verbatim,
        guest: BoxFuture<'static, GuestEnd>,
    ) -> BoxFuture<'static, GuestEnd> {
        let kernel = self.clone();
        let app = run.app.record.name.clone();
        // To the last digit and with whatever stands there twice: it is what is sent.
        let content = Some(arguments.in_lines());
        async move {
            let said = sentence::ask_tool(tool.action.as_str(), app.as_str());
            let line = Scope::Mcp { server: app.to_string(), tools: Vec::new(), alias: false }.line();
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

    /// One server, or an app with tools of its own.
    pub async fn server_info(self: &Arc<Self>, caller: &Caller, app: &AppName) -> Result<ServerView, Failure> {
        self.require(caller, Right::Read)?;
        let loaded = self.app_load(caller.owner, app).await?;
        if has_own_tools(&loaded) {
            return self.own_view(caller.owner, &loaded);
        }
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

    pub(crate) fn server_view(&self, owner: OwnerId, app: &LoadedApp) -> Result<ServerView, Failure> {
        let row = self.server_row(owner, &app.record.name)?;
        Ok(ServerView {
            app: app.record.name.clone(),
            title: app.record.title.clone(),
            enabled: app.record.enabled,
            place: text::escape(&place(app)),
            looked_at: row.looked_at,
            about: Some(row.about.clone()).filter(|about| !about.is_null()),
            running: None,
            signed_in_at: None,
            fault: row.fault.clone(),
            pin: row.pin(),
            tools: row.tools.iter().map(ServerTool::view).collect(),
            prompts: row.prompts.iter().filter_map(server_extras::prompt).collect(),
            resources: row.resources.iter().filter_map(server_extras::resource).collect(),
            templates: row.templates.iter().filter_map(server_extras::template).collect(),
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
            exact: None,
        };
        let (report, exact) = ended_exact(self.run_begin(caller, begin).await?).await;
        if let Some(failure) = &report.summary.failure {
            return Err(failure.clone());
        }
        let said = exact.or_else(|| report.data.as_ref().map(Verbatim::from));
        let looked = said.and_then(|said| serde_json::from_str::<Looked>(said.text()).ok());
        let mut looked = looked.ok_or_else(|| internal("what a server has could not be read"))?;
        let views = LookedViews::new(std::mem::take(&mut looked.views));
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || {
            kernel.server_change(&caller, &name, &views, |row| {
                let before = row.tools.clone();
                row.look(looked, &views, kernel.clock.now());
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
        views: &LookedViews,
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
        let (known, wanted) = (before.views(), row.views());
        for digest in known.difference(&wanted) {
            batch.delete(&view_key(caller.owner, app, digest));
        }
        for digest in &wanted {
            if let Some(view) = views.row(digest) {
                batch.put(&view_key(caller.owner, app, digest), view, Labels::STRANGER);
            }
        }
        if let Some(said) = said {
            let record = journal::record(self.clock.now(), caller, AuditEvent::App, Some(app), said);
            journal::append(&mut batch, caller.owner, &record);
        }
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        self.servers.write().insert((caller.owner, app.clone()), Arc::new(row));
        self.offers_change();
        Ok(())
    }

    /// Decides about one tool of a server, or about all that wait; of an app with tools of its own, whether they may be called.
    pub async fn server_decide(
        self: &Arc<Self>,
        caller: Caller,
        app: AppName,
        tool: Option<String>,
        decision: ToolDecision,
    ) -> Result<ServerView, Failure> {
        self.require_word(&caller, Right::Manage)?;
        let loaded = self.app_load(caller.owner, &app).await?;
        if has_own_tools(&loaded) {
            return self.own_decide(caller, loaded, tool, decision).await;
        }
        let loaded = self.server_load(caller.owner, &app).await?;
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || {
            kernel.server_change(&caller, &app, &LookedViews::default(), |row| {
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
                    return Err(row.no_tool(&app, &tool));
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
            kernel.server_change(&caller, &name, &LookedViews::default(), |row| {
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
            exact: None,
        };
        self.run_begin(caller, begin).await
    }

    /// What a server offers beside and among its tools, as the owner accepted them.
    pub(crate) fn server_offers(&self, owner: OwnerId, app: &AppName) -> Result<AppOffers, Failure> {
        let row = self.server_row(owner, app)?;
        let accepted = row.tools.iter().filter(|tool| tool.standing() == ToolStanding::Accepted);
        let tools = accepted.filter_map(|tool| {
            let definition = tool.accepted.as_ref()?.said.clone();
            Some(ToolOffer { name: tool.action.clone(), state: tool.state, renderer: None, definition })
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
        let tool = |(name, pin): &(&str, &str)| Definition {
            said: Verbatim::from(&json!({ "name": name })),
            pin: (*pin).to_owned(),
            view: None,
        };
        Looked { tools: tools.iter().map(tool).collect(), ..Looked::default() }
    }

    fn standings(row: &ServerRow) -> Vec<(&str, ToolStanding)> {
        row.tools.iter().map(|tool| (&*tool.name, tool.standing())).collect()
    }

    #[test]
    fn what_changed_waits_and_what_is_the_same_goes_on() {
        let mut row = ServerRow::default();
        row.look(looked(&[("a", "1"), ("b", "1")]), &LookedViews::default(), Timestamp(1));
        assert_eq!(standings(&row), [("a", ToolStanding::Added), ("b", ToolStanding::Added)]);
        row.tools.iter_mut().for_each(ServerTool::accept);
        row.look(looked(&[("a", "1"), ("b", "2"), ("c", "1")]), &LookedViews::default(), Timestamp(2));
        assert_eq!(
            standings(&row),
            [("a", ToolStanding::Accepted), ("b", ToolStanding::Changed), ("c", ToolStanding::Added)]
        );
        // Back to what was accepted needs no yes; what is gone is told, and what was never accepted is forgotten.
        row.look(looked(&[("b", "1")]), &LookedViews::default(), Timestamp(3));
        assert_eq!(standings(&row), [("a", ToolStanding::Gone), ("b", ToolStanding::Accepted)]);
        row.look(looked(&[("a", "1"), ("a", "2"), ("b", "1")]), &LookedViews::default(), Timestamp(4));
        assert_eq!(standings(&row), [("a", ToolStanding::Accepted), ("b", ToolStanding::Accepted)]);
    }

    #[test]
    fn every_tool_has_a_name_to_run_it_by() {
        let mut row = ServerRow::default();
        let long = "x".repeat(200);
        row.look(
            looked(&[("read-file", "1"), ("read.file", "1"), ("read_file", "1"), ("9", "1"), (&long, "1")]),
            &LookedViews::default(),
            Timestamp(1),
        );
        let names: Vec<&str> = row.tools.iter().map(|tool| tool.action.as_str()).collect();
        assert_eq!(names[..4], ["read_file_2", "read_file_3", "read_file", "_9"]);
        assert_eq!(names[4].len(), 56);
        // Whoever asks by the server's own name means that one, where no other has it here.
        assert_eq!(row.tool("read.file").unwrap().action.as_str(), "read_file_3");
        for (name, own) in [("read_file", "read_file"), ("read-file", "read-file"), ("read_file_2", "read-file")] {
            assert_eq!(row.tool(name).unwrap().name, own, "{name}");
        }
    }

    #[test]
    fn a_tool_whose_view_is_another_document_waits() {
        let said = json!({ "name": "draw", "_meta": { "ui": { "resourceUri": "ui://a" } } });
        let look = |row: &mut ServerRow, html: Option<&str>| {
            let views = html.map(|html| json!({ "uri": "ui://a", "html": html }));
            let views = views.into_iter().map(|view| serde_json::from_str(&view.to_string()).unwrap()).collect();
            let tools = vec![Definition { said: Verbatim::from(&said), pin: "1".to_owned(), view: None }];
            row.look(Looked { tools, ..Looked::default() }, &LookedViews::new(views), Timestamp(1));
        };
        let mut row = ServerRow::default();
        look(&mut row, Some("<p>one"));
        assert_eq!(row.accepted_view("ui://a"), None, "what nobody said yes to is not drawn");
        row.tools[0].accept();
        let accepted = row.accepted_view("ui://a").unwrap();
        // One that could not be read is the one that is kept.
        look(&mut row, None);
        assert_eq!(standings(&row), [("draw", ToolStanding::Accepted)]);
        let pin = row.pin();
        look(&mut row, Some("<p>two"));
        assert_eq!(standings(&row), [("draw", ToolStanding::Changed)]);
        assert_ne!(row.pin(), pin, "a yes is to what was seen");
        let changes = row.tools[0].view().changes;
        assert_eq!((changes.len(), &*changes[0].place), (1, "view"));
        assert_eq!(row.accepted_view("ui://a"), Some(accepted), "what was accepted is drawn until then");
        assert_eq!(row.views().len(), 2);
        row.tools[0].accept();
        assert_ne!(row.accepted_view("ui://a"), Some(accepted));
        assert_eq!(row.views().len(), 1);
    }

    #[test]
    fn what_says_that_it_destroys_asks() {
        let mut row = ServerRow::default();
        let said = Verbatim::from(&json!({ "name": "wipe", "annotations": { "destructiveHint": true } }));
        let tools = vec![Definition { said, pin: "1".to_owned(), view: None }];
        row.look(Looked { tools, ..Looked::default() }, &LookedViews::default(), Timestamp(1));
        row.tools[0].accept();
        assert_eq!(row.tools[0].state, GrantState::Ask);
    }

    #[test]
    fn what_newly_says_that_it_destroys_asks_from_then_on_and_only_then() {
        let mut row = ServerRow::default();
        let look = |row: &mut ServerRow, pin: &str, destroys: bool| {
            let said = json!({ "name": "wipe", "annotations": { "destructiveHint": destroys } });
            let tools = vec![Definition { said: Verbatim::from(&said), pin: pin.to_owned(), view: None }];
            row.look(Looked { tools, ..Looked::default() }, &LookedViews::default(), Timestamp(1));
            row.tools[0].accept();
            row.tools[0].state
        };
        assert_eq!(look(&mut row, "1", false), GrantState::Allow);
        assert_eq!(look(&mut row, "2", true), GrantState::Ask);
        // That it is harmless after all is for its owner to believe.
        assert_eq!(look(&mut row, "3", false), GrantState::Ask);
        // What its owner said of it knowing that stays said.
        assert_eq!(look(&mut row, "4", true), GrantState::Ask);
        row.tools[0].state = GrantState::Allow;
        assert_eq!(look(&mut row, "5", true), GrantState::Allow);
        row.tools[0].state = GrantState::Block;
        assert_eq!(look(&mut row, "6", false), GrantState::Block);
        assert_eq!(look(&mut row, "7", true), GrantState::Block);
    }
}
