//! Apps call the tools of the owner's MCP servers. A call is a run of the server's own app, with its rights, in its log; for
//! the app that calls it is something that is sent, and what comes back is a stranger's.

use crate::{
    Kernel,
    bus::deliver::ended,
    host::{permit_ask, refuse},
    host_call::{GuestError, HostAnswer, HostError, McpCall},
    run::{Begin, Call, Cause, Run, progress},
    sending::Sending,
    servers::{REFUSAL_KEY, ServerTool, is_server},
};
use broker::{Bound, Broker, Decision, Demand as _, Denied, Lease, LeaseEnd, McpDemand, Permit};
use protocol::{
    ActionName, AppName, Arg, EffectState, ErrorCode, Failure, GrantState, Labels, Limits, RunId, Scope, Sentence,
    api::RunReport, limit::HOST_RESULT_BYTES_MAX, sentence, sha256, text::shorten,
};
use serde_json::{Map, Value, json};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::oneshot;
use tracing::Instrument as _;

/// Runs that other runs have called, and that live at once. They have places of their own: whoever calls keeps its place, so
/// that with one kind of places all of them could wait for each other.
pub(crate) const CALLED_RUNS_MAX: usize = 64;
/// How many calls and events may come from each other: more is a circle.
pub(crate) const CALL_HOPS_MAX: u8 = 8;
/// How often a run that waits for a tool says that it is still there: well below any idle limit.
const PROGRESS_EVERY_MS: u64 = 1_000;
/// What is shown of a failure's words to the app that called.
const WORDS_CHARS_MAX: usize = 2_000;

/// Who calls, and the run that is called once it has begun.
#[derive(Clone, Debug)]
pub(crate) struct Calling {
    caller: Lease,
    called: Arc<OnceLock<Lease>>,
}

impl Calling {
    fn new(caller: &Lease) -> Self {
        Self { caller: caller.clone(), called: Arc::default() }
    }

    /// The run that is called begins.
    pub(crate) fn begin(&self, broker: &Broker, app: &AppName, run: RunId, limits: Limits, now_ns: u64) -> Lease {
        self.called.get_or_init(|| broker.lease_open_for(&self.caller, app, run, limits, now_ns)).clone()
    }

    /// The run that was called may not go on.
    fn end(&self, why: LeaseEnd) {
        if let Some(called) = self.called.get() {
            // What the owner stopped and what ends with oikos itself ends both; all else was about the one that called.
            let why = if matches!(why, LeaseEnd::Stopped | LeaseEnd::Shutdown) { why } else { LeaseEnd::CallerEnded };
            called.end(why);
        }
    }
}

/// A tool that is there.
struct Found {
    server: AppName,
    tool: ServerTool,
    names: Vec<String>,
}

/// A name of the app's own for a server, and what it stood for when the run began.
struct Alias {
    name: String,
    bound: Option<Bound>,
}

/// A call of a tool, decoded.
struct Wanted {
    server: String,
    tool: String,
    arguments: Map<String, Value>,
}

/// `ctx.tools.mcp`.
pub(crate) async fn mcp(kernel: &Arc<Kernel>, run: &Arc<Run>, call: McpCall) -> Result<HostAnswer, HostError> {
    match call {
        McpCall::Call { server, tool, arguments } => tool_call(kernel, run, Wanted { server, tool, arguments }).await,
        McpCall::List => tool_list(kernel, run).await,
    }
}

/// Decide → (ask) → announce → have the server's app run → settle.
async fn tool_call(kernel: &Arc<Kernel>, run: &Arc<Run>, wanted: Wanted) -> Result<HostAnswer, HostError> {
    let alias = match kernel.alias_of(run, &wanted.server) {
        None => None,
        Some(name) => {
            let bound = kernel.bound_of(run, &name).map_err(guest_error)?;
            Some(Alias { name, bound })
        }
    };
    let found = kernel.tool_find(run, &wanted, alias.as_ref()).await;
    let shown = serde_json::to_string_pretty(&wanted.arguments).unwrap_or_default();
    let demand = match &found {
        Ok(found) => McpDemand::new(found.server.as_str(), found.tool.action.as_str(), shown)
            .known_as(found.names.iter().cloned())
            .asked(found.tool.state == GrantState::Ask),
        Err(_) => {
            let bound = alias.as_ref().and_then(|alias| alias.bound.as_ref());
            let server = bound.map_or(wanted.server.as_str(), |bound| bound.server.as_str());
            let tool = bound.and_then(|bound| bound.tool.as_deref()).unwrap_or(&wanted.tool);
            McpDemand::new(server, tool, shown)
        }
    };
    let demand = match &alias {
        Some(alias) => demand.through(&alias.name, alias.bound.as_ref()),
        None => demand,
    };
    let what = demand.sentence();
    let no = |rule: Sentence, command: Option<String>, code: ErrorCode| {
        refuse(kernel, run, Denied { what: what.clone(), rule, command, code })
    };
    // The switch speaks first: an app that may not call a server does not hear what there is.
    let decided = match kernel.broker.decide(&run.lease, demand, kernel.clock.now()) {
        Decision::Permit(permit) => Ok(permit),
        Decision::Ask(ask) => Err(ask),
        Decision::Denied(denied) => return Err(refuse(kernel, run, *denied)),
    };
    let found = found.map_err(guest_error)?;
    if run.hops() >= CALL_HOPS_MAX {
        return Err(no(sentence::rule_mcp_hops(u32::from(CALL_HOPS_MAX)), None, ErrorCode::PermissionDenied));
    }
    if found.tool.state == GrantState::Block {
        let (server, tool) = (found.server.as_str(), found.tool.action.as_str());
        let rule = sentence::rule_tool_blocked(tool, server);
        return Err(no(rule, Some(format!("oikos mcp allow {server} {tool}")), ErrorCode::PermissionDenied));
    }
    // Nobody is asked about what would fail anyway.
    found.tool.check_standing(&found.server).map_err(guest_error)?;
    let permit = match decided {
        Ok(permit) => permit,
        Err(ask) => permit_ask(kernel, run, *ask).await?,
    };
    // On a task of its own: a guest that goes while the server works leaves nothing behind that was not settled.
    let (waiting, gone) = oneshot::channel();
    let working = tool_run(kernel.clone(), run.clone(), permit, found, wanted.arguments, gone);
    let task = kernel.runtime.spawn(working.instrument(tracing::Span::current()));
    let result = task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "the call of a tool failed");
        Err(GuestError::new(ErrorCode::Internal, "oikos failed while it worked on this call").into())
    });
    drop(waiting);
    result
}

/// Has the server's app run, and waits for its end.
async fn tool_run(
    kernel: Arc<Kernel>,
    run: Arc<Run>,
    permit: Permit<McpDemand>,
    found: Found,
    arguments: Map<String, Value>,
    gone: oneshot::Receiver<()>,
) -> Result<HostAnswer, HostError> {
    let Found { server, tool, .. } = found;
    let sent = serde_json::to_vec(&arguments).unwrap_or_default();
    let bytes = Arg::Bytes(sent.len() as u64);
    run.lease.charge_host_bytes(sent.len() as u64)?;
    let (tool_name, server_name) = (tool.action.as_str(), server.as_str());
    let said = sentence::mcp_calling(bytes.clone(), tool_name, server_name);
    let sending = Sending::announce(&kernel, &run, permit.basis(), said, Some(sha256(&sent))).await?;
    crate::crash_point("effect::after_intent");
    let calling = Calling::new(&run.lease);
    let cause = Cause {
        said: sentence::cause_called(run.lease.app().as_str(), run.action.as_str()),
        basis: Some(sending.basis().clone()),
        labels: run.lease.gathered(),
        hops: run.hops() + 1,
        trigger: Value::Null,
        delivery: None,
    };
    let begin = Begin {
        asked: None,
        app: server.clone(),
        call: Call::Tool { action: tool.action.clone(), calling: calling.clone() },
        input: Value::Object(arguments),
        files: Vec::new(),
        cause: Some(cause),
        wall_ms_max: None,
        asker: None,
        exact: None,
    };
    let report = called(&kernel, &run, &calling, begin, gone).await;
    let labels = calling.called.get().map_or(Labels::NONE, Lease::labels);
    run.lease.join_labels(labels);
    let (state, said, result) = match report {
        Err(failure) => (EffectState::NotDone, sentence::effect_not_done(words(&failure)), Err(guest_error(failure))),
        Ok(report) => match report.summary.failure.clone() {
            Some(failure) => {
                let (state, why) = (state_of(failure.code), words(&failure));
                let said = match state {
                    EffectState::NotDone => sentence::effect_not_done(why),
                    _ => sentence::mcp_failed(bytes, tool_name, server_name, why),
                };
                (state, said, Err(guest_error(failure)))
            }
            None => {
                let answer = answer(&report, &server, &tool.action);
                let said = match &answer {
                    Ok(answer) => {
                        let received = Arg::Bytes(answer.len() as u64);
                        sentence::mcp_called(bytes, tool_name, server_name, received)
                    }
                    Err(error) => sentence::mcp_failed(bytes, tool_name, server_name, error.message.as_str()),
                };
                (EffectState::Done, said, answer)
            }
        },
    };
    let (settling, settled) = (kernel.clone(), run.clone());
    tokio::task::spawn_blocking(move || sending.settle(&settling, &settled, state, said))
        .await
        .map_err(|_| GuestError::new(ErrorCode::Internal, "how the call ended could not be written"))??;
    run.lease.check()?;
    let answer = result?;
    run.lease.charge_host_bytes(answer.len() as u64)?;
    Ok(HostAnswer::JsonText(answer))
}

/// Begins the run that is called and waits for its end. Whatever ends the one that calls ends it.
async fn called(
    kernel: &Arc<Kernel>,
    run: &Arc<Run>,
    calling: &Calling,
    begin: Begin,
    mut gone: oneshot::Receiver<()>,
) -> Result<Arc<RunReport>, Failure> {
    let over = |end: LeaseEnd| Failure::new(end.code(), end.message(run.lease.limits()));
    let viewer = tokio::select! {
        begun = kernel.run_begin(*run.lease.caller(), begin) => begun?,
        end = run.lease.ended() => return Err(over(end)),
        _ = &mut gone => return Err(over(LeaseEnd::CallerEnded)),
    };
    let mut ending = std::pin::pin!(ended(viewer));
    let end = loop {
        tokio::select! {
            report = &mut ending => return Ok(report),
            end = run.lease.ended() => break end,
            _ = &mut gone => break LeaseEnd::CallerEnded,
            // Whoever waits for a server is not idle; the wall clock goes on.
            () = tokio::time::sleep(Duration::from_millis(PROGRESS_EVERY_MS)) => progress(run, &*kernel.clock),
        }
    };
    calling.end(end);
    Ok(ending.await)
}

/// What the app gets: `{ data, summary }`, as a person gets it, or the tool's own words that it failed.
fn answer(report: &RunReport, server: &AppName, tool: &ActionName) -> Result<Vec<u8>, GuestError> {
    let said = |key: &str| report.data.as_ref().and_then(|data| data.get(key));
    if said("isError") == Some(&Value::Bool(true)) || said(REFUSAL_KEY).is_some() {
        let why = report.text.as_deref().filter(|text| !text.is_empty()).unwrap_or("it does not say why");
        let message = format!("the tool {tool} of {server} failed: {}", shorten(why, WORDS_CHARS_MAX));
        return Err(GuestError::new(ErrorCode::ToolFailed, message));
    }
    let mut answer = json!({ "data": report.data });
    if let Some(text) = &report.text {
        answer["summary"] = text.as_str().into();
    }
    let bytes = serde_json::to_vec(&answer).unwrap_or_default();
    if bytes.len() > HOST_RESULT_BYTES_MAX {
        let (most, bytes) = (Arg::Bytes(HOST_RESULT_BYTES_MAX as u64), Arg::Bytes(bytes.len() as u64));
        let message =
            format!("the tool {tool} of {server} answered with {bytes}, and an answer carries at most {most}");
        return Err(GuestError::new(ErrorCode::TooLarge, message));
    }
    Ok(bytes)
}

/// How a call has ended whose run failed: where the server cannot have heard of it, it was not done.
fn state_of(code: ErrorCode) -> EffectState {
    match code {
        ErrorCode::ToolNotAccepted
        | ErrorCode::PermissionDenied
        | ErrorCode::BoxRefused
        | ErrorCode::HostBusy
        | ErrorCode::Unauthenticated => EffectState::NotDone,
        _ => EffectState::Unknown,
    }
}

fn words(failure: &Failure) -> String {
    shorten(&failure.message, WORDS_CHARS_MAX)
}

/// A failure as the app sees it, with what would help.
fn guest_error(failure: Failure) -> GuestError {
    let message = match &failure.hint {
        Some(hint) => format!("{}; {hint}", failure.message),
        None => failure.message.clone(),
    };
    GuestError::new(failure.code, shorten(&message, WORDS_CHARS_MAX))
}

/// The tools that an app may call now, asking first or not, by the names that it may call them by.
async fn tool_list(kernel: &Arc<Kernel>, run: &Arc<Run>) -> Result<HostAnswer, HostError> {
    let requested = kernel.broker.grants_of(&run.lease).requested.clone();
    let mut listed = Vec::new();
    for scope in requested {
        let Scope::Mcp { server, alias, .. } = scope else { continue };
        let bound = if alias { kernel.bound_of(run, &server).ok().flatten() } else { None };
        if alias && bound.is_none() {
            continue;
        }
        // One that is not there, or that is switched off, has no tools.
        let named = bound.as_ref().map_or(server.as_str(), |bound| bound.server.as_str());
        let Ok(app) = kernel.server_enabled(run, named).await else { continue };
        let only = bound.as_ref().and_then(|bound| bound.tool.as_deref());
        for tool in kernel.server_offers(run.owner(), &app).map_err(guest_error)?.tools {
            if tool.state == GrantState::Block || only.is_some_and(|only| only != tool.name.as_str()) {
                continue;
            }
            let (_, names) = kernel.server_tool(run.owner(), &app, tool.name.as_str()).map_err(guest_error)?;
            let demand = McpDemand::new(app.as_str(), tool.name.as_str(), "").known_as(names);
            let demand = if alias { demand.through(&server, bound.as_ref()) } else { demand };
            if kernel.broker.is_open(&run.lease, &demand, kernel.clock.now()) {
                let definition = tool.definition.value();
                listed.push(json!({
                    "server": server,
                    "name": tool.name,
                    "description": definition.get("description"),
                    "inputSchema": definition.get("inputSchema"),
                }));
            }
        }
    }
    // Servers wrote what their tools are said to do.
    run.lease.join_labels(if listed.is_empty() { Labels::NONE } else { Labels::STRANGER });
    let bytes = serde_json::to_vec(&listed).unwrap_or_default();
    if bytes.len() > HOST_RESULT_BYTES_MAX {
        let most = Arg::Bytes(HOST_RESULT_BYTES_MAX as u64);
        let message =
            format!("the tools of these servers are described in more than the {most} that an answer carries");
        return Err(GuestError::new(ErrorCode::TooLarge, message).into());
    }
    run.lease.charge_host_bytes(bytes.len() as u64)?;
    Ok(HostAnswer::JsonText(bytes))
}

impl Kernel {
    /// The tool that an app means.
    async fn tool_find(self: &Arc<Self>, run: &Run, wanted: &Wanted, alias: Option<&Alias>) -> Result<Found, Failure> {
        let Some(alias) = alias else {
            let server = self.server_enabled(run, &wanted.server).await?;
            let (tool, names) = self.server_tool(run.owner(), &server, &wanted.tool)?;
            return Ok(Found { server, tool, names });
        };
        // The broker says why before anybody hears this.
        let not_bound = || Failure::new(ErrorCode::DependencyMissing, format!("nothing stands for mcp.{}", alias.name));
        let bound = alias.bound.as_ref().ok_or_else(not_bound)?;
        let server = self.server_enabled(run, bound.server.as_str()).await?;
        let found = self.server_tool(run.owner(), &server, &wanted.tool);
        let (tool, names) = match (&bound.tool, found) {
            // A word of the app's own, where the name stands for one tool: that is the one. A tool of the server that is another one
            // is meant as such, and refused.
            (Some(only), Err(failure)) if failure.code == ErrorCode::ActionNotFound => {
                self.server_tool(run.owner(), &server, only)?
            }
            (_, found) => found?,
        };
        Ok(Found { server, tool, names })
    }

    /// The server that an app calls by this name, where it may be called.
    async fn server_enabled(self: &Arc<Self>, run: &Run, name: &str) -> Result<AppName, Failure> {
        let not_there = || {
            Failure::new(ErrorCode::AppNotFound, format!("there is no MCP server '{}'", shorten(name, 64)))
                .hint("oikos mcp list shows which there are")
        };
        let server: AppName = name.parse().map_err(|_| not_there())?;
        let app = self.app_enabled(run.owner(), &server).await.map_err(|failure| match failure.code {
            ErrorCode::AppNotFound => not_there(),
            _ => failure,
        })?;
        match is_server(&app) {
            true => Ok(server),
            false => Err(Failure::new(ErrorCode::NotFound, format!("{server} is no MCP server"))
                .hint("oikos mcp list shows which there are")),
        }
    }
}
