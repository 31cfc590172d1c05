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
    let servers = servers.into_iter().map(|server| seen(oikos, caller, server)).collect();
    Ok(oikos.with_sign_ins(caller.owner, servers).await)
}

/// With whether it runs, how its tools differ from what was accepted, and whether somebody signed in.
pub(crate) async fn told(oikos: &Arc<Oikos>, caller: &Caller, server: ServerView) -> ServerView {
    let server = seen(oikos, caller, server);
    let mut told = oikos.with_sign_ins(caller.owner, vec![server.clone()]).await;
    told.pop().unwrap_or(server)
}

fn seen(oikos: &Oikos, caller: &Caller, server: ServerView) -> ServerView {
    let running = status(oikos, caller, &server.app).map(|status| running(&status));
    let tools = server.tools.into_iter().map(differing).collect();
    ServerView { running, tools, ..server }
}

/// The last that its programs wrote on their standard error, and logged for no call.
pub(crate) fn log(oikos: &Oikos, caller: &Caller, app: &AppName) -> Vec<String> {
    let lines = oikos.runner.programs().map(|programs| programs.log(caller.owner, app)).unwrap_or_default();
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
    let mut changes: Vec<ToolDifference> = changes.iter().flat_map(differences).collect();
    // What the kernel says of its view comes after what its server says of it in words.
    changes.extend(tool.changes);
    ServerToolView { changes, ..tool }
}

fn differences(change: &ToolChange) -> Vec<ToolDifference> {
    let differing = |Place { place, before, after }| ToolDifference { place, before, after };
    change.places().into_iter().map(differing).collect()
}
