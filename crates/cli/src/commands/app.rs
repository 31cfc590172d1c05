//! `oikos app`: install with a card, look, enable, disable, remove.

use super::{Session, choices, path_text, unexpected};
use crate::{
    show,
    terminal::{STRONG, styled},
    words::{AppCommand, GrantWord, SignerWords},
};
use protocol::{
    Card, ErrorCode, Failure, GrantState, OfferId, Scope,
    api::{AppDetail, LineChoice, Reply, Request},
};
use std::{path::Path, process::ExitCode};

pub(super) async fn perform(session: &Session, command: AppCommand) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    match command {
        AppCommand::Install { source, yes, signer, grants } => {
            return install(session, &source, yes, signer, &grants).await;
        }
        AppCommand::Card { source, signer } => {
            let (offer, card) = offer(session, &source, signer).await?;
            session.reply(Request::AppDecline { offer }).await?;
            if terminal.json {
                terminal.value(&card);
            } else {
                show::card(terminal, &card);
            }
        }
        AppCommand::List => {
            let Reply::Apps { apps } = session.reply(Request::AppList).await? else { return Err(unexpected()) };
            if terminal.json {
                terminal.value(&apps);
            } else {
                show::apps(terminal, &apps);
            }
        }
        AppCommand::Info { app } => show_app(session, Request::AppInfo { app }).await?,
        AppCommand::Enable { app } => {
            changed(session, Request::AppEnable { app: app.clone() }, format!("{app} is enabled")).await?;
        }
        AppCommand::Disable { app } => {
            changed(session, Request::AppDisable { app: app.clone() }, format!("{app} is disabled")).await?;
        }
        AppCommand::Remove { app, erase } => {
            session.reply(Request::AppRemove { app: app.clone(), erase }).await?;
            if terminal.json {
                terminal.value(&serde_json::json!({ "removed": app, "erased": erase }));
            } else if erase {
                terminal.line(format_args!("removed {app} and erased its data"));
            } else {
                terminal.line(format_args!(
                    "removed {app}; its stored data stays (oikos app remove {app} --erase erases it)"
                ));
            }
        }
        // Performed before there was a session.
        AppCommand::Pack { .. } | AppCommand::Sign { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn show_app(session: &Session, request: Request) -> Result<(), Failure> {
    let Reply::App { app } = session.reply(request).await? else { return Err(unexpected()) };
    if session.terminal.json {
        session.terminal.value(&app);
    } else {
        show::app(&session.terminal, &app);
    }
    Ok(())
}

async fn changed(session: &Session, request: Request, said: String) -> Result<(), Failure> {
    let Reply::App { app } = session.reply(request).await? else { return Err(unexpected()) };
    if session.terminal.json {
        session.terminal.value(&app);
    } else {
        session.terminal.line(said);
    }
    Ok(())
}

async fn offer(session: &Session, source: &Path, signer: SignerWords) -> Result<(OfferId, Box<Card>), Failure> {
    let SignerWords { trust, downgrade } = signer;
    let request = Request::AppOffer { source: path_text(source)?, trust, downgrade };
    match session.reply(request).await? {
        Reply::Offer { offer, card } => Ok((offer, card)),
        _ => Err(unexpected()),
    }
}

async fn install(
    session: &Session,
    source: &Path,
    yes: bool,
    signer: SignerWords,
    grants: &[GrantWord],
) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    let (offer, card) = offer(session, source, signer).await?;
    let mut choices = choices(grants)?;
    if !terminal.json {
        show::card(terminal, &card);
    }
    if !yes {
        let declined = |why: &str| {
            Failure::new(ErrorCode::ConsentMissing, format!("{} was not installed: {why}", card.app))
                .hint("--yes takes the card as it is proposed; --grant changes a switch")
        };
        if !terminal.has_person() {
            session.reply(Request::AppDecline { offer }).await?;
            return Err(declined("nobody was there to agree to its card"));
        }
        if !consent(session, &card, &mut choices).await {
            session.reply(Request::AppDecline { offer }).await?;
            return Err(declined("you said no"));
        }
    }
    let Reply::Installed { app } = session.reply(Request::AppInstall { offer, choices }).await? else {
        return Err(unexpected());
    };
    if terminal.json {
        terminal.value(&serde_json::json!({ "installed": app, "card": card }));
        return Ok(ExitCode::SUCCESS);
    }
    terminal.line(format_args!("installed {} {}", app.summary.name, app.summary.version));
    next_steps(session, &app);
    Ok(ExitCode::SUCCESS)
}

/// Asks for what the card still needs, then for a yes.
async fn consent(session: &Session, card: &Card, choices: &mut Vec<LineChoice>) -> bool {
    let terminal = &session.terminal;
    for line in &card.lines {
        let is_chosen = choices.iter().any(|choice| line.line.matches(&choice.line));
        if is_chosen || line.needs.is_none() || line.state == GrantState::Block {
            continue;
        }
        let proposed = match &line.scope {
            Scope::File { folders, .. } if !folders.is_empty() => {
                format!(" (its author proposes {})", protocol::text::shorten(&folders.join(", "), 80))
            }
            _ => String::new(),
        };
        let question = format!("Which folder for {}{proposed}? Leave empty for none.", styled(STRONG, &line.line));
        let Some(folder) = terminal.ask(question).await else { return false };
        if !folder.is_empty() {
            match path_text(Path::new(&folder)) {
                Ok(target) => {
                    choices.push(LineChoice { line: line.line.to_string(), state: line.state, target: Some(target) });
                }
                Err(failure) => {
                    terminal.failure(&failure);
                    return false;
                }
            }
        }
    }
    let answer = terminal.ask(format!("Install {}? [y/N]", styled(STRONG, &card.app))).await;
    matches!(answer.as_deref(), Some("y" | "Y" | "yes" | "Yes"))
}

/// The one command for each switch that does not work yet, and the first thing to try.
fn next_steps(session: &Session, app: &AppDetail) {
    let name = &app.summary.name;
    for grant in app.grants.iter().filter(|grant| grant.line.needs.is_some() && grant.line.state != GrantState::Block) {
        session.terminal.line(format_args!(
            "  {} has no folder yet: oikos grant {name} {}={}:FOLDER",
            grant.line.line, grant.line.line, grant.line.state
        ));
    }
    let action = app.actions.first().map(|action| (&action.name, &action.input));
    let tool = app.tools.first().map(|tool| (&tool.name, &tool.parameters));
    if let Some((called, input)) = action.or(tool) {
        session.terminal.line(format_args!("  try: oikos run {name} {called}{}", show::input_example(input)));
    }
}
