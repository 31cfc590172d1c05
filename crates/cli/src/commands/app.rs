//! `oikos app`: install with a card, upgrade, go back, look, enable, disable, remove.

use super::{Session, choices, import, path_text, source_text, unexpected};
use crate::{
    browser, show,
    terminal::{STRONG, styled},
    words::{AppCommand, SecretWord, SettingWord, SignerWords},
};
use protocol::{
    AppName, Card, CardLine, ErrorCode, Failure, GrantState, KeyName, OfferId, Scope,
    api::{AppDetail, LineChoice, Reply, Request, StarterView},
};
use serde_json::Value;
use std::{path::Path, process::ExitCode};

pub(super) async fn perform(session: &Session, command: AppCommand) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    match command {
        AppCommand::Install { source, yes, signer, grants, only } => {
            return install(session, &source, yes, signer, choices(&grants, &only)?).await;
        }
        AppCommand::Upgrade { source, yes, signer, grants, only } => {
            return upgrade(session, &source, yes, signer, choices(&grants, &only)?).await;
        }
        AppCommand::Rollback { app, restore_storage } => {
            let request = Request::AppRollback { app: app.clone(), restore_storage };
            let Reply::App { app: back } = session.reply(request).await? else { return Err(unexpected()) };
            if terminal.json {
                terminal.value(&back);
            } else {
                let storage = if restore_storage { "went back too" } else { "stays as it is" };
                terminal.line(format_args!("{app} is version {} again; its storage {storage}", back.summary.version));
            }
        }
        AppCommand::Card { source, signer } => {
            let source = source_of(session, &source).await?;
            let (offer, card) = offer(session, source, signer).await?;
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
        AppCommand::Starters => {
            let starters = starters(session).await?;
            if terminal.json { terminal.value(&starters) } else { show::starters(terminal, &starters) }
        }
        AppCommand::Settings { app, changes, unset, secret } => {
            settings(session, app, &changes, unset, secret).await?;
        }
        AppCommand::Info { app } => show_app(session, Request::AppInfo { app }).await?,
        AppCommand::Open { app, path, browser } => open(session, app, path, browser).await?,
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
                terminal.line(terminal.step(format_args!(
                    "removed {app}; its stored data stays (oikos app remove {app} --erase erases it)"
                )));
            }
        }
        AppCommand::Import(words) => return import::perform(session, words).await,
        // Performed before there was a session.
        AppCommand::New { .. }
        | AppCommand::Dev { .. }
        | AppCommand::Lint { .. }
        | AppCommand::Test { .. }
        | AppCommand::Pack { .. }
        | AppCommand::Sign { .. } => {}
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

/// Lets a browser in where an app answers.
async fn open(session: &Session, app: AppName, path: Option<String>, in_browser: bool) -> Result<(), Failure> {
    let terminal = &session.terminal;
    let Reply::Link { url, expires_at } = session.reply(Request::AppEntry { app: app.clone(), path }).await? else {
        return Err(unexpected());
    };
    if terminal.json {
        terminal.value(&serde_json::json!({ "url": url, "expires_at": expires_at }));
    } else if in_browser && browser::show(url.expose()).await {
        terminal.line(format_args!("{app} is open in your browser"));
    } else {
        terminal.note(format_args!("open it in a browser; it lets that browser in to {app}, once, within a minute:"));
        terminal.line(url.expose());
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

async fn starters(session: &Session) -> Result<Vec<StarterView>, Failure> {
    match session.reply(Request::AppStarters).await? {
        Reply::Starters { starters } => Ok(starters),
        _ => Err(unexpected()),
    }
}

/// Where an app comes from. What lies here goes before what comes with oikos: `./NAME` is never the latter.
async fn source_of(session: &Session, source: &Path) -> Result<String, Failure> {
    let name = source.to_str().filter(|word| word.parse::<AppName>().is_ok() && !source.exists());
    match name {
        Some(name) if starters(session).await?.iter().any(|starter| starter.name.as_str() == name) => {
            Ok(name.to_owned())
        }
        _ => source_text(source),
    }
}

async fn offer(session: &Session, source: String, signer: SignerWords) -> Result<(OfferId, Box<Card>), Failure> {
    let SignerWords { trust, downgrade } = signer;
    let request = Request::AppOffer { source, trust, downgrade };
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
    mut choices: Vec<LineChoice>,
) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    let source = source_of(session, source).await?;
    let (offer, card) = offer(session, source, signer).await?;
    if !terminal.json {
        show::card(terminal, &card);
    }
    if !yes {
        agree(session, &card, offer, &mut choices, "installed", "Install").await?;
    }
    let Reply::Installed { app } = session.reply(Request::AppInstall { offer, choices }).await? else {
        return Err(unexpected());
    };
    if terminal.json {
        terminal.value(&serde_json::json!({ "installed": app, "card": card }));
        return Ok(ExitCode::SUCCESS);
    }
    terminal.line(format_args!("installed {} {}", app.summary.name, app.summary.version));
    next_steps(session, &app).await;
    Ok(ExitCode::SUCCESS)
}

/// Lets a newer version take over: at once where it asks for nothing more, else after a yes to what is more.
async fn upgrade(
    session: &Session,
    source: &Path,
    yes: bool,
    signer: SignerWords,
    mut choices: Vec<LineChoice>,
) -> Result<ExitCode, Failure> {
    let terminal = &session.terminal;
    let source = upgrade_source(session, source).await?;
    let (offer, card) = offer(session, source.clone(), signer).await?;
    let Some(from) = card.upgrade_from.clone() else {
        session.reply(Request::AppDecline { offer }).await?;
        let message = format!("no app '{}' is installed, so there is nothing to upgrade", card.app);
        let hint = format!("oikos app install {}", protocol::text::escape(&source));
        return Err(Failure::new(ErrorCode::AppNotFound, message).hint(hint));
    };
    let Reply::App { app: before } = session.reply(Request::AppInfo { app: card.app.clone() }).await? else {
        return Err(unexpected());
    };
    if before.digest == card.digest {
        session.reply(Request::AppDecline { offer }).await?;
        if terminal.json {
            terminal.value(&serde_json::json!({ "upgraded": null, "app": before }));
        } else {
            terminal.line(format_args!("{} {from} is what this is already", card.app));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let needs_consent = card.change.as_ref().is_none_or(protocol::CardChange::needs_consent);
    if needs_consent {
        if !terminal.json {
            show::card(terminal, &card);
        }
        if !yes {
            agree(session, &card, offer, &mut choices, "upgraded", "Upgrade").await?;
        }
    }
    let Reply::Installed { app } = session.reply(Request::AppInstall { offer, choices }).await? else {
        return Err(unexpected());
    };
    if terminal.json {
        terminal.value(&serde_json::json!({ "upgraded": app, "card": card }));
        return Ok(ExitCode::SUCCESS);
    }
    let asked = if needs_consent { "" } else { "; it asks for nothing more than before" };
    terminal.line(format_args!("upgraded {} {from} → {}{asked}", app.summary.name, app.summary.version));
    needed_steps(session, &app);
    let back = terminal.step(format_args!("oikos app rollback {}", app.summary.name));
    terminal.line(format_args!("  back to {from}: {back}"));
    Ok(ExitCode::SUCCESS)
}

/// Where an upgrade comes from: an app's name stands for where it was installed from, anything else is a path.
async fn upgrade_source(session: &Session, source: &Path) -> Result<String, Failure> {
    let name = source.to_str().and_then(|word| word.parse::<AppName>().ok());
    let Some(app) = name else { return source_text(source) };
    match session.reply(Request::AppInfo { app: app.clone() }).await {
        Ok(Reply::App { app: known }) => known.source.ok_or_else(|| {
            Failure::new(ErrorCode::Usage, format!("it is not known where {app} was installed from"))
                .hint("name the folder or the archive: oikos app upgrade ./FOLDER")
        }),
        // No app of this name: then it is a folder.
        Err(failure) if failure.code == ErrorCode::AppNotFound && source.exists() => source_text(source),
        Err(failure) => Err(failure),
        Ok(_) => Err(unexpected()),
    }
}

/// Has the person agree to a card, or declines the offer and says why.
pub(super) async fn agree(
    session: &Session,
    card: &Card,
    offer: OfferId,
    choices: &mut Vec<LineChoice>,
    done: &str,
    verb: &str,
) -> Result<(), Failure> {
    let why = match session.terminal.has_person() {
        true if consent(session, card, choices, verb).await => return Ok(()),
        true => "you said no",
        false => "nobody was there to agree to its card",
    };
    // It may be gone by itself while somebody thought it over.
    drop(session.reply(Request::AppDecline { offer }).await);
    Err(Failure::new(ErrorCode::ConsentMissing, format!("{} was not {done}: {why}", card.app))
        .hint("--yes takes the card as it is proposed; --grant changes a switch"))
}

/// Whether a card asks for this switch: of an upgrade only what is more than before.
fn is_asked(card: &Card, line: &CardLine) -> bool {
    card.change.as_ref().is_none_or(|change| change.lines.contains(&line.line))
}

/// Asks for what the card still needs, then for a yes.
async fn consent(session: &Session, card: &Card, choices: &mut Vec<LineChoice>, verb: &str) -> bool {
    let terminal = &session.terminal;
    for line in card.lines.iter().filter(|line| is_asked(card, line)) {
        let is_chosen = choices.iter().any(|choice| line.line.matches(&choice.line));
        if is_chosen || line.needs.is_none() || line.state == GrantState::Block {
            continue;
        }
        if let Scope::Mcp { .. } = &line.scope {
            let named = styled(STRONG, &line.line);
            let question = format!("Which server for {named}: SERVER or SERVER/TOOL? Leave empty for none yet.");
            let Some(server) = terminal.ask(question).await else { return false };
            if !server.is_empty() {
                choices.push(LineChoice::new(line.line.to_string(), line.state).target(Some(server)));
            }
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
                    choices.push(LineChoice::new(line.line.to_string(), line.state).target(Some(target)));
                }
                Err(failure) => {
                    terminal.failure(&failure);
                    return false;
                }
            }
        }
    }
    let answer = terminal.ask(format!("{verb} {}? [y/N]", styled(STRONG, &card.app))).await;
    matches!(answer.as_deref(), Some("y" | "Y" | "yes" | "Yes"))
}

/// The one command for each switch that does not work yet.
fn needed_steps(session: &Session, app: &AppDetail) {
    let name = &app.summary.name;
    for grant in app.grants.iter().filter(|grant| grant.line.needs.is_some() && grant.line.state != GrantState::Block) {
        let terminal = &session.terminal;
        let (lacks, target) = match &grant.line.scope {
            Scope::Mcp { .. } => ("stands for no server yet", "SERVER/TOOL"),
            _ => ("has no folder yet", "FOLDER"),
        };
        terminal.line(terminal.step(format_args!(
            "  {} {lacks}: oikos grant {name} {}={}:{target}",
            grant.line.line, grant.line.line, grant.line.state
        )));
    }
}

/// What does not work yet, and the first thing to try.
async fn next_steps(session: &Session, app: &AppDetail) {
    let name = &app.summary.name;
    needed_steps(session, app);
    if app.summary.opens.is_some() {
        let step = session.terminal.step(format_args!("oikos up --open"));
        session.terminal.line(format_args!("  try: {step}, then open it there"));
    }
    let action = app.actions.first().map(|action| (&action.name, &action.input));
    let tool = app.tools.first().map(|tool| (&tool.name, &tool.parameters));
    if let Some((called, input)) = action.or(tool) {
        let step = session.terminal.step(format_args!("oikos run {name} {called}"));
        session.terminal.line(format_args!("  try: {step}{}", show::input_example(input)));
    } else if app.summary.opens.is_none() {
        server_steps(session, name).await;
    }
}

/// What a server has is not in its package: it is asked, and nothing of it can be called before a yes to what it says.
async fn server_steps(session: &Session, name: &AppName) {
    let Ok(Reply::Server { server }) = session.reply(Request::ServerInfo { app: name.clone() }).await else { return };
    if server.looked_at.is_none() {
        import::server_steps(session, name, server.enabled);
    }
}

/// Shows an app's settings, or changes some.
async fn settings(
    session: &Session,
    app: AppName,
    changes: &[SettingWord],
    unset: Vec<String>,
    secrets: Vec<SecretWord>,
) -> Result<(), Failure> {
    let mut request = Request::SettingList { app: app.clone() };
    if !changes.is_empty() || !unset.is_empty() || !secrets.is_empty() {
        let Reply::Settings { settings: known, .. } = session.reply(request).await? else { return Err(unexpected()) };
        let mut values: serde_json::Map<String, Value> = unset.into_iter().map(|name| (name, Value::Null)).collect();
        let is_secret = |name: &str| known.iter().any(|known| known.name == *name && known.is_secret);
        for SecretWord { name, key } in secrets {
            let shown = protocol::text::shorten(&name, 60);
            if known.iter().any(|known| known.name == name) && !is_secret(&name) {
                let message = format!("'{shown}' is no secret");
                return Err(
                    Failure::new(ErrorCode::Usage, message).hint(format!("oikos app settings {app} '{shown}=VALUE'"))
                );
            }
            let value = match key {
                Some(key) => {
                    let key: KeyName = key.parse().map_err(|_| {
                        let message = "behind '=' stands the name of a key in the vault, never a secret";
                        Failure::new(ErrorCode::Usage, message).hint("oikos key list shows yours")
                    })?;
                    serde_json::json!({ "key": key })
                }
                None => Value::String(super::key::asked(&session.terminal, &shown)?.expose().to_owned()),
            };
            if values.insert(name, value).is_some() {
                return Err(Failure::new(ErrorCode::Usage, format!("'{shown}' is set twice")));
            }
        }
        for SettingWord { name, value } in changes {
            if is_secret(name) {
                let shown = protocol::text::shorten(name, 60);
                let message = format!("'{shown}' is a secret, and a command line can be read by other programs");
                let hint = format!(
                    "change it where it comes from, and give the new one so: oikos app settings {app} --secret {shown}"
                );
                return Err(Failure::new(ErrorCode::Usage, message).hint(hint));
            }
            let is_text = known.iter().any(|known| known.name == *name && known.schema["type"] == "string");
            let read = if is_text { None } else { serde_json::from_str(value).ok() };
            // What is no JSON is a text; whether one may stand there, the app's schema says.
            let value = read.unwrap_or_else(|| Value::String(value.clone()));
            if values.insert(name.clone(), value).is_some() {
                let shown = protocol::text::shorten(name, 60);
                return Err(Failure::new(ErrorCode::Usage, format!("'{shown}' is set twice")));
            }
        }
        request = Request::SettingSet { app, changes: values };
    }
    let Reply::Settings { app, settings } = session.reply(request).await? else { return Err(unexpected()) };
    if session.terminal.json {
        session.terminal.value(&serde_json::json!({ "app": app, "settings": settings }));
    } else {
        show::settings(&session.terminal, &app, &settings);
    }
    Ok(())
}
