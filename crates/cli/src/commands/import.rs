//! `oikos app import` and `oikos mcp add`: servers of others become apps, each looked at first.

use super::{Session, app::agree, choices, path_text, unexpected};
use crate::{
    show,
    terminal::{QUIET, STRONG, styled},
    words::{GrantWord, ImportWords, SettingWord},
};
use protocol::{
    AppName, Card, ErrorCode, Failure, GrantState, Scope,
    api::{ImportAction, ImportAnswers, ImportOffered, ImportSource, ImportsView, LineChoice, Reply, Request},
    text,
};
use serde_json::{Map, Value, json};
use std::{path::Path, process::ExitCode};

pub(super) async fn perform(session: &Session, words: ImportWords) -> Result<ExitCode, Failure> {
    let ImportWords { servers, scan, all, client, project, answer, yes, grants, only } = words;
    let answers = answers(&answer);
    // A file is one by its ending, or because it is there under a name that no app can have.
    let file = servers.first().filter(|word| is_file(word)).cloned();
    let source = match &file {
        Some(path) => ImportSource::File { path: path_text(Path::new(path))? },
        None => {
            let projects = project.iter().map(|path| path_text(path)).collect::<Result<_, _>>()?;
            ImportSource::Clients { only: client, projects }
        }
    };
    let found = list(session, &source, &answers).await?;
    let named: Vec<AppName> = match (&file, all) {
        (Some(_), _) => found.servers.iter().map(|server| server.app.clone()).collect(),
        (None, true) => {
            let is_due = |action| matches!(action, ImportAction::Install | ImportAction::Update);
            found.servers.iter().filter(|server| is_due(server.action)).map(|server| server.app.clone()).collect()
        }
        (None, false) => servers.iter().map(|word| name(word)).collect::<Result<_, _>>()?,
    };
    let terminal = &session.terminal;
    if scan || (named.is_empty() && !all) {
        if terminal.json {
            terminal.value(&found)
        } else {
            show::imports(terminal, &found)
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut code = ExitCode::SUCCESS;
    for app in named {
        let one = One { source: source.clone(), answers: answers.clone(), app };
        match take(session, one, yes, choices(&grants, &only)?).await {
            Ok(()) => {}
            // One that cannot be had holds up none of the others.
            Err(failure) if all => {
                terminal.failure(&failure);
                code = crate::exit::code_of(&failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(code)
}

/// What `oikos mcp add` says of a server.
pub(super) struct Added {
    pub(super) app: String,
    pub(super) url: Option<String>,
    pub(super) given: Vec<SettingWord>,
    pub(super) command: Vec<String>,
    pub(super) yes: bool,
    pub(super) grants: Vec<GrantWord>,
}

/// Adds one server in the words of the command line.
pub(super) async fn add(session: &Session, added: Added) -> Result<ExitCode, Failure> {
    let Added { app, url, given, command, yes, grants } = added;
    let given: Map<String, Value> = given.into_iter().map(|word| (word.name, Value::String(word.value))).collect();
    let entry = match (url, command.split_first()) {
        (Some(url), None) => json!({ "type": "http", "url": url, "headers": given }),
        (None, Some((program, arguments))) => json!({ "command": program, "args": arguments, "env": given }),
        _ => {
            return Err(Failure::new(ErrorCode::Usage, "say either --url ADDRESS, or the command behind --")
                .hint("oikos mcp add files -- npx -y @modelcontextprotocol/server-filesystem ~/notes"));
        }
    };
    let source = ImportSource::Entry { name: app, entry };
    let found = list(session, &source, &ImportAnswers::new()).await?;
    let Some(server) = found.servers.into_iter().next() else {
        let why = found.faults.into_iter().next();
        let failure =
            Failure::new(ErrorCode::InvalidInput, why.as_ref().map_or_else(String::new, |why| why.message.clone()));
        return Err(match why.and_then(|why| why.hint) {
            Some(hint) => failure.hint(hint),
            None => failure,
        });
    };
    let one = One { source, answers: ImportAnswers::new(), app: server.app };
    take(session, one, yes, choices(&grants, &[])?).await?;
    Ok(ExitCode::SUCCESS)
}

struct One {
    source: ImportSource,
    answers: ImportAnswers,
    app: AppName,
}

async fn list(session: &Session, source: &ImportSource, answers: &ImportAnswers) -> Result<ImportsView, Failure> {
    let request = Request::ImportList { source: source.clone(), answers: answers.clone() };
    match session.reply(request).await? {
        Reply::Imports { imports } => Ok(imports),
        _ => Err(unexpected()),
    }
}

/// Pins one, shows its card, and installs it after a yes. It is switched off then.
async fn take(session: &Session, one: One, yes: bool, mut choices: Vec<LineChoice>) -> Result<(), Failure> {
    let terminal = &session.terminal;
    let One { source, answers, app } = one;
    let Reply::Imported { imported } = session.reply(Request::ImportOffer { source, answers, app }).await? else {
        return Err(unexpected());
    };
    let ImportOffered { offer, card, notes } = *imported;
    if !terminal.json {
        show::card(terminal, &card);
        notes.iter().for_each(|note| terminal.line(styled(QUIET, format_args!("  {note}"))));
    }
    // Folders that stand in the person's own configuration are theirs: what is proposed is what they said there.
    choices.extend(proposed(&card, &choices));
    if !yes {
        agree(session, &card, offer, &mut choices, "installed", "Install").await?;
    }
    let Reply::Installed { app } = session.reply(Request::AppInstall { offer, choices }).await? else {
        return Err(unexpected());
    };
    if terminal.json {
        terminal.value(&json!({ "installed": app, "card": card, "notes": notes }));
        return Ok(());
    }
    let name = &app.summary.name;
    terminal.line(format_args!("installed {} {}", styled(STRONG, name), app.summary.version));
    if !app.summary.enabled {
        for (step, why) in [
            (format!("oikos mcp look {name}"), "see its tools"),
            (format!("oikos mcp accept {name}"), "accept them"),
            (format!("oikos app enable {name}"), "let it be called"),
        ] {
            terminal.line(format_args!("  {}  {}", terminal.step(step), styled(QUIET, why)));
        }
    }
    Ok(())
}

fn proposed(card: &Card, choices: &[LineChoice]) -> Vec<LineChoice> {
    let is_open = |line: &&protocol::CardLine| {
        line.needs.is_some() && !choices.iter().any(|choice| line.line.matches(&choice.line))
    };
    let each = card.lines.iter().filter(is_open).flat_map(|line| match &line.scope {
        Scope::File { folders, .. } => {
            let state = if line.state == GrantState::Block { GrantState::Allow } else { line.state };
            folders
                .iter()
                .map(|folder| LineChoice::new(line.line.to_string(), state).target(Some(folder.clone())))
                .collect()
        }
        _ => Vec::new(),
    });
    each.collect()
}

fn is_file(word: &str) -> bool {
    let path = Path::new(word);
    let has_ending =
        path.extension().is_some_and(|ending| ["mcpb", "dxt", "json"].iter().any(|known| ending == *known));
    has_ending || (word.parse::<AppName>().is_err() && path.exists())
}

fn name(word: &str) -> Result<AppName, Failure> {
    word.parse().map_err(|_| {
        Failure::new(
            ErrorCode::Usage,
            format!("'{}' is neither a server that was found nor a file", text::shorten(word, 60)),
        )
        .hint("oikos app import --scan shows what there is")
    })
}

/// What was said, by name; said more than once, it is a list.
fn answers(words: &[SettingWord]) -> ImportAnswers {
    let mut answers = ImportAnswers::new();
    for SettingWord { name, value } in words {
        answers.entry(name.clone()).or_default().push(value.clone());
    }
    answers
}
