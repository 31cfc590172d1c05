//! `oikos mcp`: servers that others wrote, and oikos as a server.

use super::{Session, unexpected};
use crate::{
    show,
    terminal::{STRONG, styled},
    words::McpCommand,
};
use protocol::{
    AppName, Failure, GrantState,
    api::{Reply, Request, ServerView},
};
use std::process::ExitCode;

pub(super) async fn perform(session: &Session, command: McpCommand) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    match command {
        McpCommand::List => {
            let Reply::Servers { servers } = session.reply(Request::ServerList).await? else { return Err(unexpected()) };
            if terminal.json { terminal.value(&servers) } else { show::servers(terminal, &servers) }
        }
        McpCommand::Info { app } => tell(session, Request::ServerInfo { app }).await?,
        McpCommand::Look { app } => tell(session, Request::ServerLook { app }).await?,
        McpCommand::Accept { app, tool } => {
            tell(session, Request::ServerDecide { app, tool, accept: true, state: None }).await?;
        }
        McpCommand::Allow { app, tool } => set(session, app, tool, GrantState::Allow).await?,
        McpCommand::Ask { app, tool } => set(session, app, tool, GrantState::Ask).await?,
        McpCommand::Block { app, tool } => set(session, app, tool, GrantState::Block).await?,
        McpCommand::Logs { app } => {
            let Reply::ServerLog { lines } = session.reply(Request::ServerLog { app }).await? else {
                return Err(unexpected());
            };
            if terminal.json {
                terminal.value(&lines);
            } else if lines.is_empty() {
                terminal.note("it runs not, or has said nothing");
            } else {
                lines.iter().for_each(|line| terminal.line(line));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn set(session: &Session, app: AppName, tool: Option<String>, state: GrantState) -> Result<(), Failure> {
    tell(session, Request::ServerDecide { app, tool, accept: false, state: Some(state) }).await
}

async fn tell(session: &Session, request: Request) -> Result<(), Failure> {
    let Reply::Server { server } = session.reply(request).await? else { return Err(unexpected()) };
    let server: ServerView = *server;
    let terminal = &session.terminal;
    if terminal.json {
        terminal.value(&server);
    } else {
        terminal.line(format_args!("{}  {}", styled(STRONG, &server.app), server.place));
        show::server(terminal, &server);
    }
    Ok(())
}
