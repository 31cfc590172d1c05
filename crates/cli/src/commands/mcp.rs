//! `oikos mcp`: servers that others wrote, and oikos as a server.

use super::{Session, app, import, json_word, key, run, unexpected};
use crate::{
    browser, show,
    terminal::{STRONG, styled},
    words::{AppCommand, McpCommand},
};
use futures_util::future::Either;
use protocol::{
    ActionName, AppName, ClientName, ErrorCode, Failure, GrantState,
    api::{Reply, Request, ServerView, SignInClient, SignInView},
    text,
};
use std::process::ExitCode;
use tokio::io::AsyncWriteExt as _;

/// Of a tool's name, as much is said again.
const TOOL_CHARS_MAX: usize = 64;

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
        McpCommand::SignIn { app, client_id, client_secret } => {
            let secret = client_secret.then(|| key::asked(terminal, "client secret")).transpose()?;
            let client = client_id.map(|id| SignInClient { id, secret });
            sign_in(session, app, client).await?;
        }
        McpCommand::SignOut { app } => tell(session, Request::ServerSignOut { app }).await?,
        McpCommand::Accept { app, tool } => {
            return accept(session, app, tool).await;
        }
        McpCommand::Allow { app, tool } => set(session, app, tool, GrantState::Allow).await?,
        McpCommand::Ask { app, tool } => set(session, app, tool, GrantState::Ask).await?,
        McpCommand::Block { app, tool } => set(session, app, tool, GrantState::Block).await?,
        McpCommand::Add { app, url, given, yes, grants, command } => {
            return import::add(session, import::Added { app, url, given, command, yes, grants }).await;
        }
        McpCommand::Call { app, tool, input, request_id } => {
            let request = Request::RunStart {
                id: request_id,
                action: action(session, &app, tool).await?,
                app,
                input: json_word(input.as_deref(), "--input")?,
                files: Vec::new(),
            };
            return run::watch(session, session.ask(request).await?).await;
        }
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
        McpCommand::Serve { client } => serve(session, client).await?,
        McpCommand::Logs { app } => {
            logs(session, app).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what a server has written, or why there is nothing.
async fn logs(session: &Session, app: AppName) -> Result<(), Failure> {
    let terminal = &session.terminal;
    let Reply::ServerLog { lines } = session.reply(Request::ServerLog { app: app.clone() }).await? else {
        return Err(unexpected());
    };
    if terminal.json {
        terminal.value(&lines);
    } else if lines.is_empty() {
        let server = server(session, Request::ServerInfo { app }).await?;
        show::no_log(terminal, &server);
    } else {
        lines.iter().for_each(|line| terminal.line(line));
    }
    Ok(())
}

/// The name by which a tool is run here. Servers give tools names that no action has.
async fn action(session: &Session, app: &AppName, tool: String) -> Result<ActionName, Failure> {
    if let Ok(action) = tool.parse() {
        return Ok(action);
    }
    let server = server(session, Request::ServerInfo { app: app.clone() }).await?;
    let known = server.tools.into_iter().find(|known| known.name == tool);
    known.map(|known| known.action).ok_or_else(|| {
        let message = format!("{app} has no tool '{}'", text::shorten(&tool, TOOL_CHARS_MAX));
        Failure::new(ErrorCode::ActionNotFound, message).hint(format!("oikos mcp info {app} shows them"))
    })
}

/// Joins this process' pipes with the household, until the client has gone.
async fn serve(session: &Session, client: Option<ClientName>) -> Result<(), Failure> {
    let lines = session.client.mcp_lines(session.owner.as_ref(), client).await?;
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

/// Shows the page to sign in on, and waits until that is over.
async fn sign_in(session: &Session, app: AppName, client: Option<SignInClient>) -> Result<(), Failure> {
    let terminal = &session.terminal;
    let mut stands = signing_in(session, Request::ServerSignIn { app: app.clone(), client }).await?;
    if let Some(address) = &stands.address {
        // Whose page that is was for the server to say: it is read before a password is typed there.
        let host = text::escape(address.split('/').nth(2).unwrap_or_default());
        if terminal.json {
            terminal.value(&stands);
        } else if browser::show(address).await {
            terminal.note(format_args!("sign in at {host}, which is open in your browser; oikos waits for you"));
        } else {
            terminal
                .note(format_args!("sign in at {host}; open this in a browser on this machine, oikos waits for you:"));
            terminal.line(address);
        }
    }
    while !stands.done {
        stands = signing_in(session, Request::ServerSignInWait { app: app.clone() }).await?;
    }
    let server = server(session, Request::ServerInfo { app }).await?;
    if terminal.json {
        terminal.value(&stands);
    } else {
        let said = if server.signed_in_at.is_some() { "lets oikos in on your behalf" } else { "lets oikos in unasked" };
        terminal.line(format_args!("{} {said}", styled(STRONG, &server.app)));
        show::server(terminal, &server);
    }
    Ok(())
}

async fn signing_in(session: &Session, request: Request) -> Result<SignInView, Failure> {
    let Reply::SignIn { sign_in } = session.reply(request).await? else { return Err(unexpected()) };
    Ok(sign_in)
}

/// Shows what waits, takes the yes of a person who is here, and accepts nothing else than what was shown.
async fn accept(session: &Session, app: AppName, tool: Option<String>) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    let seen = server(session, Request::ServerInfo { app: app.clone() }).await?;
    let is_there = tool.as_deref().is_none_or(|tool| seen.tools.iter().any(|known| show::is_called(known, tool)));
    // A tool that is not there is for oikos to refuse, which names those that are near.
    if is_there && !terminal.json && show::nothing_waits(terminal, &seen, tool.as_deref()) {
        return Ok(ExitCode::SUCCESS);
    }
    if is_there && terminal.has_person() {
        show::waiting(terminal, &seen, tool.as_deref());
        let said = terminal.ask("Accept that? [y/N]:").await;
        if !matches!(said.as_deref(), Some("y" | "yes")) {
            terminal.note("nothing was accepted");
            return Ok(ExitCode::SUCCESS);
        }
    }
    let seen = Some(seen.pin);
    tell(session, Request::ServerDecide { app, tool, accept: true, state: None, seen }).await?;
    Ok(ExitCode::SUCCESS)
}

async fn set(session: &Session, app: AppName, tool: Option<String>, state: GrantState) -> Result<(), Failure> {
    tell(session, Request::ServerDecide { app, tool, accept: false, state: Some(state), seen: None }).await
}

async fn server(session: &Session, request: Request) -> Result<ServerView, Failure> {
    let Reply::Server { server } = session.reply(request).await? else { return Err(unexpected()) };
    Ok(*server)
}

async fn tell(session: &Session, request: Request) -> Result<(), Failure> {
    let server = server(session, request).await?;
    let terminal = &session.terminal;
    if terminal.json {
        terminal.value(&server);
    } else {
        terminal.line(format_args!("{}  {}", styled(STRONG, &server.app), server.place));
        show::server(terminal, &server);
    }
    Ok(())
}
