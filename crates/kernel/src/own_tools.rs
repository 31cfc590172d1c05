//! The tools that apps themselves describe in their packages: how they are offered, and which of them programs outside may call.
//! What a person starts by hand is theirs to start, whatever is said here.

use crate::{
    Kernel,
    apps::LoadedApp,
    journal,
    run::{commit_failure, internal, store_failure},
    servers::{ServerTool, ToolDecision, is_server},
};
use package::{Package, Tool};
use protocol::{
    ActionName, AppName, AuditEvent, Caller, Door, ErrorCode, Failure, FileAccess, GrantState, Labels, OwnerId, Scope,
    Verbatim,
    api::{ServerToolView, ServerView, ToolOffer, ToolStanding},
    sentence, text,
};
use serde_json::{Map, Value, json};
use state::{Batch, Durability, Key, Space};
use std::{collections::BTreeMap, sync::Arc};

/// What the owner said of an app's tools; of all others, nothing yet.
type ToolStates = BTreeMap<ActionName, GrantState>;

fn states_key(owner: OwnerId, app: &AppName) -> Key {
    Key::new(owner, Space::Setting, format!("tool-states/{app}"))
}

/// Forgets what was said of an app's tools, with the rest of the app.
pub(crate) fn tool_states_forget(batch: &mut Batch, owner: OwnerId, app: &AppName) {
    batch.delete(&states_key(owner, app));
}

/// Whether an app has tools of its own.
pub(crate) fn has_own_tools(app: &LoadedApp) -> bool {
    !is_server(app) && !app.package.tools().is_empty()
}

impl Kernel {
    fn tool_states(&self, owner: OwnerId, app: &AppName) -> Result<ToolStates, Failure> {
        let Some(entry) = self.store.get(&states_key(owner, app)).map_err(store_failure)? else {
            return Ok(ToolStates::new());
        };
        serde_json::from_slice(&entry.value).map_err(|error| {
            Failure::new(ErrorCode::StoreDamaged, format!("what you said of the tools of {app} cannot be read"))
                .log(error.to_string())
        })
    }

    /// The tools that a package describes, in the words of the protocol.
    pub(crate) fn own_offers(&self, owner: OwnerId, app: &LoadedApp) -> Result<Vec<ToolOffer>, Failure> {
        let package = &app.package;
        let states = self.tool_states(owner, &app.record.name)?;
        let offer = |tool: &Tool| {
            // A tool that is called as an action is shown as that is.
            let hints = package.action(&tool.name).and_then(|action| action.ui.as_ref());
            let renderer = hints.and_then(|hints| hints.get("renderer")?.as_str());
            let renderer = renderer.map(str::to_owned).or_else(|| package.manifest().renderer.clone());
            let definition = Verbatim::from(&definition(package, tool));
            ToolOffer { name: tool.name.clone(), state: state_of(&states, &tool.name), renderer, definition }
        };
        Ok(package.tools().iter().map(offer).collect())
    }

    /// Before a program outside calls something of an app: what a person has to be asked about, or why it may not.
    pub(crate) fn own_tool_check(
        &self,
        caller: &Caller,
        app: &LoadedApp,
        name: &ActionName,
    ) -> Result<Option<ServerTool>, Failure> {
        if caller.door != Door::Key || app.package.tool(name).is_none() {
            return Ok(None);
        }
        let app = &app.record.name;
        match state_of(&self.tool_states(caller.owner, app)?, name) {
            GrantState::Allow => Ok(None),
            GrantState::Ask => Ok(Some(ServerTool::own(name.clone(), GrantState::Ask))),
            GrantState::Block => {
                let message = format!("the tool '{name}' of {app} is blocked");
                let hint = format!("oikos mcp allow {app} {name} lets it be called");
                Err(Failure::new(ErrorCode::PermissionDenied, message).hint(hint))
            }
        }
    }

    /// Whether what a tool returned is what its app promises to programs.
    pub async fn output_check(
        self: &Arc<Self>,
        owner: OwnerId,
        app: &AppName,
        tool: &ActionName,
        data: Option<&Value>,
    ) -> Result<(), Failure> {
        let loaded = self.app_load(owner, app).await?;
        let Some(action) = loaded.package.action(tool).filter(|_| output_of(&loaded.package, tool).is_some()) else {
            return Ok(());
        };
        let wrong = |what: String| {
            let message = format!("the tool {tool} of {app} answered with something else than it promises: {what}");
            Failure::new(ErrorCode::AppFailed, message)
                .hint("its author can mend what it returns, or its output schema")
        };
        let data = data.ok_or_else(|| wrong("no data".to_owned()))?;
        action.check_output(data).map_err(|error| {
            let said = error.faults.iter().map(|fault| match fault.pointer.as_str() {
                "" => fault.message.clone(),
                pointer => format!("{}: {}", text::shorten(pointer, 120), fault.message),
            });
            wrong(said.collect::<Vec<_>>().join("; "))
        })
    }

    /// The tools of an app in the words in which servers are told of.
    pub(crate) fn own_view(&self, owner: OwnerId, app: &LoadedApp) -> Result<ServerView, Failure> {
        let states = self.tool_states(owner, &app.record.name)?;
        let view = |tool: &Tool| ServerToolView {
            name: tool.name.to_string(),
            action: tool.name.clone(),
            standing: ToolStanding::Accepted,
            state: state_of(&states, &tool.name),
            accepted: Some(definition(&app.package, tool)),
            offered: None,
            changes: Vec::new(),
        };
        let pin = app.package.digest();
        let tools = app.package.tools().iter().map(view).collect();
        Ok(ServerView { pin, tools, ..self.server_view(owner, app)? })
    }

    /// Decides about one of the tools of an app, or about all.
    pub(crate) async fn own_decide(
        self: &Arc<Self>,
        caller: Caller,
        app: Arc<LoadedApp>,
        tool: Option<String>,
        decision: ToolDecision,
    ) -> Result<ServerView, Failure> {
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || {
            kernel.own_states_set(&caller, &app, tool.as_deref(), decision)?;
            kernel.own_view(caller.owner, &app)
        })
        .await
        .map_err(|_| internal("the tools could not be changed"))?
    }

    fn own_states_set(
        &self,
        caller: &Caller,
        app: &LoadedApp,
        tool: Option<&str>,
        decision: ToolDecision,
    ) -> Result<(), Failure> {
        let name = &app.record.name;
        if decision.seen.is_some_and(|seen| seen != app.package.digest()) {
            let message = format!("{name} is another version by now than what was seen");
            let failure = Failure::new(ErrorCode::Conflict, message);
            return Err(failure.hint(format!("oikos mcp info {name} shows its tools")));
        }
        let tools = app.package.tools().iter().map(|known| &known.name);
        let named: Vec<&ActionName> = tools.filter(|known| tool.is_none_or(|tool| tool == known.as_str())).collect();
        if let (Some(tool), true) = (tool, named.is_empty()) {
            let message = format!("{name} has no tool '{}'", text::shorten(tool, 64));
            let names: Vec<&str> = app.package.tools().iter().map(|known| known.name.as_str()).collect();
            let near = package::did_you_mean(tool, names.iter().copied()).map_or_else(String::new, |near| near + " ");
            let failure = Failure::new(ErrorCode::ActionNotFound, message);
            return Err(failure.hint(format!("{near}it has: {}", names.join(", "))));
        }
        // What comes with a package was accepted with it.
        let Some(state) = decision.state else { return Ok(()) };
        let _changing = self.changing.lock();
        let mut states = self.tool_states(caller.owner, name)?;
        let mut decided = Vec::new();
        for known in named {
            if state_of(&states, known) != state {
                states.insert(known.clone(), state);
                decided.push(known.to_string());
            }
        }
        if decided.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        batch.put(&states_key(caller.owner, name), serde_json::to_vec(&states).unwrap_or_default(), Labels::NONE);
        let said = sentence::server_tools_set(decided, state);
        let record = journal::record(self.clock.now(), caller, AuditEvent::App, Some(name), said);
        journal::append(&mut batch, caller.owner, &record);
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        self.offers_change();
        Ok(())
    }
}

fn state_of(states: &ToolStates, tool: &ActionName) -> GrantState {
    states.get(tool).copied().unwrap_or(GrantState::Allow)
}

fn definition(package: &Package, tool: &Tool) -> Value {
    let mut definition = Map::new();
    definition.insert("name".to_owned(), tool.name.as_str().into());
    if let Some(action) = package.action(&tool.name).filter(|action| action.title != action.name.as_str()) {
        definition.insert("title".to_owned(), action.title.as_str().into());
    }
    if let Some(description) = &tool.description {
        definition.insert("description".to_owned(), description.as_str().into());
    }
    definition.insert("inputSchema".to_owned(), object_schema(&tool.parameters));
    if let Some(output) = output_of(package, &tool.name) {
        definition.insert("outputSchema".to_owned(), output.clone());
    }
    definition.insert("annotations".to_owned(), annotations(package));
    Value::Object(definition)
}

/// What a tool promises to return, where that is an object: of anything else the protocol knows nothing.
fn output_of<'a>(package: &'a Package, tool: &ActionName) -> Option<&'a Value> {
    let output = package.action(tool)?.output.as_ref()?;
    (output.get("type").and_then(Value::as_str) == Some("object")).then_some(output)
}

/// What can be said of an app's tools for sure: by what it asks for, and not by what it says of itself.
fn annotations(package: &Package) -> Value {
    let asks = |is_meant: fn(&Scope) -> bool| package.requests().iter().any(|one| is_meant(&one.request.scope));
    let reaches_out = |scope: &Scope| {
        matches!(scope, Scope::Network { .. } | Scope::Shell { .. } | Scope::Mcp { .. } | Scope::Ai { .. })
    };
    let changes = |scope: &Scope| match scope {
        Scope::File { access, .. } | Scope::Clipboard { access } => *access == FileAccess::Write,
        Scope::Storage { .. } => true,
        Scope::Event { publish, .. } => !publish.is_empty(),
        _ => false,
    };
    json!({ "readOnlyHint": !asks(reaches_out) && !asks(changes), "openWorldHint": asks(reaches_out) })
}

/// The protocol wants an object; one that takes nothing says so.
fn object_schema(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) if fields.get("type").and_then(Value::as_str) == Some("object") => schema.clone(),
        Value::Object(fields) => {
            let mut fields = fields.clone();
            fields.insert("type".to_owned(), "object".into());
            Value::Object(fields)
        }
        _ => json!({ "type": "object" }),
    }
}
