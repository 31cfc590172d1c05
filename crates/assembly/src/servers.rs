//! MCP servers, as the API tells of them: what the kernel knows, with what runs now and what has changed.

use crate::Oikos;
use mcp::client::pinning::{Place, ToolChange, compare};
use protocol::{
    AppName, Caller, Failure,
    api::{ServerRunning, ServerToolView, ServerView, ToolDifference},
};
use sandbox::ProgramStatus;
use std::sync::Arc;

pub(crate) async fn list(oikos: &Arc<Oikos>, caller: &Caller) -> Result<Vec<ServerView>, Failure> {
    let servers = oikos.kernel().server_list(caller).await?;
    Ok(servers.into_iter().map(|server| told(oikos, caller, server)).collect())
}

/// With whether it runs, and how its tools differ from what was accepted.
pub(crate) fn told(oikos: &Oikos, caller: &Caller, server: ServerView) -> ServerView {
    let running = status(oikos, caller, &server.app).map(|status| running(&status));
    let tools = server.tools.into_iter().map(differing).collect();
    ServerView { running, tools, ..server }
}

/// The last that its program wrote on its standard error.
pub(crate) fn log(oikos: &Oikos, caller: &Caller, app: &AppName) -> Vec<String> {
    let lines = status(oikos, caller, app).map(|status| status.said).unwrap_or_default();
    lines.iter().map(|line| protocol::text::escape(line)).collect()
}

fn status(oikos: &Oikos, caller: &Caller, app: &AppName) -> Option<ProgramStatus> {
    let all = oikos.runner.programs()?.status();
    all.into_iter().find(|status| status.owner == caller.owner && status.app == *app)
}

fn running(status: &ProgramStatus) -> ServerRunning {
    ServerRunning { age_ms: status.age_ms, live_calls: status.live_calls, facts: status.facts.clone() }
}

fn differing(tool: ServerToolView) -> ServerToolView {
    let (Some(accepted), Some(offered)) = (&tool.accepted, &tool.offered) else { return tool };
    let changes = compare(std::slice::from_ref(accepted), std::slice::from_ref(offered));
    let changes = changes.iter().flat_map(differences).collect();
    ServerToolView { changes, ..tool }
}

fn differences(change: &ToolChange) -> Vec<ToolDifference> {
    let differing = |Place { place, before, after }| ToolDifference { place, before, after };
    change.places().into_iter().map(differing).collect()
}
