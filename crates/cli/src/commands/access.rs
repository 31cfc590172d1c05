//! `oikos token`, `oikos login`, `oikos owner`: who may come in.

use super::{Session, unexpected};
use crate::{
    show,
    terminal::{STRONG, styled},
    words::{LoginCommand, OwnerCommand, TokenCommand},
};
use protocol::{
    Failure,
    api::{Reply, Request},
};
use std::process::ExitCode;

pub(super) async fn perform_token(session: &Session, command: TokenCommand) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    match command {
        TokenCommand::New { name, rights, expires } => {
            let request = Request::TokenNew { name, rights, expires_in_ms: expires };
            let Reply::Token { token, secret } = session.reply(request).await? else { return Err(unexpected()) };
            if terminal.json {
                terminal.value(&serde_json::json!({ "token": token, "secret": secret }));
            } else {
                // Alone on standard output, so that a script can take it from there.
                terminal.note(format_args!("made the API key {}", styled(STRONG, &token.name)));
                terminal.line(secret.expose());
                terminal.note("  keep it now: it is not shown again");
                terminal.note(terminal.step(format_args!("  revoke it with: oikos token revoke {}", token.id)));
            }
        }
        TokenCommand::List => {
            let Reply::Tokens { tokens } = session.reply(Request::TokenList).await? else { return Err(unexpected()) };
            if terminal.json { terminal.value(&tokens) } else { show::tokens(terminal, &tokens) }
        }
        TokenCommand::Revoke { id } => {
            session.reply(Request::TokenRevoke { token: id }).await?;
            done(session, format_args!("revoked {id}: it lets nobody in any more"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn perform_login(session: &Session, command: LoginCommand) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    match command {
        LoginCommand::Link => {
            let Reply::Link { url, expires_at } = session.reply(Request::LoginLink).await? else {
                return Err(unexpected());
            };
            if terminal.json {
                terminal.value(&serde_json::json!({ "url": url, "expires_at": expires_at }));
            } else {
                terminal.note("open it in a browser; it signs that browser in, once, within a minute:");
                terminal.line(url.expose());
            }
        }
        LoginCommand::List => {
            let Reply::Logins { logins } = session.reply(Request::LoginList).await? else { return Err(unexpected()) };
            if terminal.json { terminal.value(&logins) } else { show::logins(terminal, &logins) }
        }
        LoginCommand::Revoke { id } => {
            session.reply(Request::LoginRevoke { login: id }).await?;
            done(session, format_args!("signed out {id}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn perform_owner(session: &Session, command: OwnerCommand) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    match command {
        OwnerCommand::New { name } => {
            let Reply::Owner { owner } = session.reply(Request::OwnerNew { name }).await? else {
                return Err(unexpected());
            };
            if terminal.json {
                terminal.value(&owner);
            } else {
                terminal.line(format_args!("made the owner {}", styled(STRONG, &owner.name)));
                let step = format!("  on their behalf: oikos --owner {} app list", owner.name);
                terminal.line(terminal.step(step));
            }
        }
        OwnerCommand::List => {
            let Reply::Owners { owners } = session.reply(Request::OwnerList).await? else { return Err(unexpected()) };
            if terminal.json { terminal.value(&owners) } else { show::owners(terminal, &owners) }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says that it is done, to a person.
fn done(session: &Session, said: impl std::fmt::Display) {
    if session.terminal.json {
        session.terminal.value(&serde_json::json!({ "done": true }));
    } else {
        session.terminal.line(said);
    }
}
