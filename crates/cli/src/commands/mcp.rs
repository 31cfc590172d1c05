//! `oikos mcp`: servers that others wrote, and oikos as a server.

use super::{Session, app, import, run, unexpected};
use crate::{
    show,
    terminal::{STRONG, styled},
    words::{AppCommand, McpCommand},
};
use futures_util::future::Either;
use protocol::{
    AppName, ErrorCode, Failure, GrantState,
    api::{Reply, Request, ServerView},
};
use std::process::ExitCode;
use tokio::io::AsyncWriteExt as _;

pub(super) async fn perform(session: &Session, command: McpCommand) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    match command {
        McpCommand::List => {
            let Reply::Servers { servers } = session.reply(Request::ServerList).await? else {
                return Err(unexpected());
            };
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
        McpCommand::Add { app, url, given, yes, grants, command } => {
            return import::add(session, import::Added { app, url, given, command, yes, grants }).await;
        }
        McpCommand::Call(words) => return run::perform(session, words).await,
        McpCommand::Enable { app } => return app::perform(session, AppCommand::Enable { app }).await,
        McpCommand::Disable { app } => return app::perform(session, AppCommand::Disable { app }).await,
        McpCommand::Remove { app, erase } => return app::perform(session, AppCommand::Remove { app, erase }).await,
        McpCommand::Clients => {
            let Reply::Clients { clients } = session.reply(Request::ClientList).await? else {
                return Err(unexpected());
            };
            if terminal.json { terminal.value(&clients) } else { show::clients(terminal, &clients) }
        }
        McpCommand::Connect { client, dry_run, undo } => {
            let request = Request::ClientConnect { client, disconnect: undo, dry_run };
            let Reply::Client { change } = session.reply(request).await? else { return Err(unexpected()) };
            if terminal.json { terminal.value(&change) } else { show::client_change(terminal, &change) }
        }
        McpCommand::Serve => serve(session).await?,
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

/// Joins this process' pipes with the household, until the client has gone.
async fn serve(session: &Session) -> Result<(), Failure> {
    let lines = session.client.mcp_lines(session.owner.as_ref()).await?;
    let (mut from_oikos, mut to_oikos) = tokio::io::split(lines);
    let said = async {
        let copied = tokio::io::copy(&mut tokio::io::stdin(), &mut to_oikos).await;
        // The client has said everything: what it asked is still answered.
        copied.and(to_oikos.shutdown().await)
    };
    // A read ends with what one write brought, and is written out at once.
    let answered = async { tokio::io::copy(&mut from_oikos, &mut tokio::io::stdout()).await };
    let (said, answered) = (std::pin::pin!(said), std::pin::pin!(answered));
    let is_over = match futures_util::future::select(said, answered).await {
        Either::Left((_, answered)) => answered.await.is_ok(),
        // It ended first, so it was not this client that wanted to.
        Either::Right(_) => false,
    };
    if is_over {
        return Ok(());
    }
    Err(Failure::new(ErrorCode::Stopped, "the oikos that answered has ended").hint("start the client's server again"))
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
