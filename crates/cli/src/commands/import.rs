//! `oikos app import` and `oikos mcp add`: servers of others become apps, each looked at first.

use super::{Session, app::agree, choices, key, path_text, unexpected};
use crate::{
    show,
    terminal::{QUIET, STRONG, styled},
    words::{GivenWord, GrantWord, ImportWords, SettingWord},
};
use protocol::{
    AppName, Card, ErrorCode, Failure, GrantState, Scope,
    api::{
        ImportAction, ImportAnswers, ImportOffered, ImportQuestion, ImportQuestionKind, ImportSource, ImportView,
        ImportsView, LineChoice, Reply, Request,
    },
    text,
};
use serde_json::{Map, Value, json};
use std::{path::Path, process::ExitCode};

/// Of a name that somebody gave, as much is said again: as much as an import says of it.
const NAME_CHARS_MAX: usize = 80;

pub(super) async fn perform(session: &Session, words: ImportWords) -> Result<ExitCode, Failure> {
    let ImportWords { servers, scan, all, client, project, answer, yes, grants, only } = words;
    let mut answers = answers(&answer);
    // A file is one by its ending, or because it is there under a name that no app can have.
    let file = servers.first().filter(|word| is_file(word)).cloned();
    let source = match &file {
        Some(path) => ImportSource::File { path: path_text(Path::new(path))? },
        None => {
            let projects = project.iter().map(|path| path_text(path)).collect::<Result<_, _>>()?;
            ImportSource::Clients { only: client, projects }
        }
    };
    let mut found = list(session, &source, &answers).await?;
    let wanted: Vec<AppName> =
        servers.iter().skip(usize::from(file.is_some())).map(|word| name(word)).collect::<Result<_, _>>()?;
    let is_wanted = |server: &&ImportView| wanted.is_empty() || wanted.contains(&server.app);
    // What somebody switched off they do not want: of all, it is none. By its name it is taken all the same.
    let is_on = |server: &&ImportView| !all || !server.is_disabled_there;
    if !scan && (all || file.is_some() || !wanted.is_empty()) {
        let can_be = |server: &&ImportView| {
            server.action != ImportAction::Refuse || server.questions.iter().any(|asked| !asked.has_answer)
        };
        let due = found.servers.iter().filter(is_wanted).filter(can_be).filter(is_on);
        // Of the ways to one server that a file names, one is taken.
        let most = if file.is_some() && wanted.is_empty() { 1 } else { usize::MAX };
        if complete(session, due.take(most), &mut answers).await? {
            found = list(session, &source, &answers).await?;
        }
    }
    let named: Vec<AppName> = match (&file, all) {
        (Some(_), _) if wanted.is_empty() => {
            let first = found.servers.iter().find(|server| server.action != ImportAction::Refuse);
            first.or(found.servers.first()).map(|server| server.app.clone()).into_iter().collect()
        }
        (None, true) => {
            let due = found.servers.iter().filter(|server| is_due(server));
            due.filter(is_on).map(|server| server.app.clone()).collect()
        }
        (_, _) => wanted,
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
    let ways = found.servers.iter().filter(|server| file.is_some() && !named.contains(&server.app));
    let ways: Vec<&str> =
        ways.filter(|server| server.action == ImportAction::Install).map(|server| server.app.as_str()).collect();
    if !ways.is_empty() && servers.len() == 1 {
        terminal.note(format_args!(
            "the file names other ways to it too: {} (oikos app import FILE NAME takes one)",
            ways.join(", ")
        ));
    }
    for server in found.servers.iter().filter(|server| is_due(server) && !is_on(server)) {
        let app = &server.app;
        terminal
            .note(terminal.step(format_args!("left out {app}, which is switched off there: oikos app import {app}")));
    }
    for app in named {
        let is_kept = |server: &ImportView| server.app == app && server.action == ImportAction::Keep;
        if found.servers.iter().any(is_kept) {
            match terminal.json {
                true => terminal.value(&json!({ "kept": app })),
                false => terminal.line(format_args!("{} is there already, from the same entry", styled(STRONG, &app))),
            }
            continue;
        }
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

/// Makes the answers whole: paths in full, and what is open asked of whoever sits here. Whether anything has changed.
async fn complete<'a>(
    session: &Session,
    servers: impl Iterator<Item = &'a ImportView>,
    answers: &mut ImportAnswers,
) -> Result<bool, Failure> {
    let terminal = &session.terminal;
    let before = answers.clone();
    for server in servers.filter(|server| server.action != ImportAction::Keep) {
        for asked in &server.questions {
            let is_path = asked.kind != ImportQuestionKind::Text;
            let whole = |said: &str| match is_path && !said.starts_with('~') {
                true => path_text(Path::new(said)),
                false => Ok(said.to_owned()),
            };
            if let Some(given) = before.get(&asked.name) {
                if asked.is_secret {
                    let message = format!(
                        "'{}' is a secret, and a command line can be read by other programs",
                        text::escape(&asked.title)
                    );
                    let hint = format!(
                        "leave it out: you are asked for it at a terminal, or give it later with oikos app settings {} --secret",
                        server.app
                    );
                    return Err(Failure::new(ErrorCode::Usage, message).hint(hint));
                }
                let given = given.iter().map(|said| whole(said)).collect::<Result<_, _>>()?;
                answers.insert(asked.name.clone(), given);
            } else if !asked.has_answer && !answers.contains_key(&asked.name) && terminal.has_person() {
                let said = ask(session, asked).await;
                if !said.is_empty() {
                    let said = match asked.is_secret {
                        true => said,
                        false => said.iter().map(|said| whole(said)).collect::<Result<_, _>>()?,
                    };
                    answers.insert(asked.name.clone(), said);
                }
            }
        }
    }
    Ok(*answers != before)
}

/// Asks one question; nothing where nothing is said.
async fn ask(session: &Session, asked: &ImportQuestion) -> Vec<String> {
    let terminal = &session.terminal;
    let what = match asked.kind {
        ImportQuestionKind::Text => "",
        ImportQuestionKind::Folder => " (a folder that it gets to see)",
        ImportQuestionKind::File => " (a file that it gets to see)",
    };
    if let Some(said) = &asked.description {
        terminal.note(text::escape(said));
    }
    let may = if asked.is_required { "" } else { ", or nothing" };
    let prompt = format!("{}{what}{may}:", text::escape(&asked.title));
    if asked.is_secret {
        let said = terminal.ask_secret(&prompt);
        return said.map(|said| said.expose().to_owned()).into_iter().collect();
    }
    let mut all = Vec::new();
    while let Some(said) = terminal.ask(&prompt).await.filter(|said| !said.is_empty()) {
        all.push(said);
        if !asked.takes_many {
            break;
        }
        terminal.note("another one, or nothing");
    }
    all
}

/// What `oikos mcp add` says of a server.
pub(super) struct Added {
    pub(super) app: String,
    pub(super) url: Option<String>,
    pub(super) given: Vec<GivenWord>,
    pub(super) command: Vec<String>,
    pub(super) yes: bool,
    pub(super) grants: Vec<GrantWord>,
}

/// Adds one server in the words of the command line.
pub(super) async fn add(session: &Session, added: Added) -> Result<ExitCode, Failure> {
    let Added { app, url, given, command, yes, grants } = added;
    if url.is_some() != command.is_empty() {
        return Err(Failure::new(ErrorCode::Usage, "say either --url ADDRESS, or the command behind --")
            .hint("oikos mcp add files -- npx -y @modelcontextprotocol/server-filesystem ~/notes"));
    }
    let values = asked_for(session, &given)?;
    let entry = match url {
        Some(url) => json!({ "type": "http", "url": url, "headers": values }),
        None => json!({ "command": command.first(), "args": command.get(1..), "env": values }),
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
    // What is refused as a whole keeps nothing.
    if server.refusals.is_empty() {
        given_check(&given, &server)?;
    }
    let one = One { source, answers: ImportAnswers::new(), app: server.app };
    take(session, one, yes, choices(&grants, &[])?).await?;
    Ok(ExitCode::SUCCESS)
}

/// What a server is given: what stands in the words, and what whoever is here types unseen.
fn asked_for(session: &Session, given: &[GivenWord]) -> Result<Map<String, Value>, Failure> {
    let mut values = Map::new();
    for GivenWord { name, value } in given {
        let shown = text::shorten(name, NAME_CHARS_MAX);
        if name.is_empty() {
            return Err(Failure::new(ErrorCode::Usage, "there is no name before '='").hint("write --given NAME=VALUE"));
        }
        let value = match value {
            Some(value) => value.clone(),
            None => key::asked(&session.terminal, &shown)?.expose().to_owned(),
        };
        if values.insert(name.clone(), Value::String(value)).is_some() {
            return Err(Failure::new(ErrorCode::Usage, format!("'{shown}' is given twice")));
        }
    }
    Ok(values)
}

/// That no secret stood in the command line, and that what was typed unseen stays so.
fn given_check(given: &[GivenWord], server: &ImportView) -> Result<(), Failure> {
    for GivenWord { name, value } in given {
        let shown = text::shorten(name, NAME_CHARS_MAX);
        let is_secret = server.settings.iter().any(|setting| setting.is_secret && setting.title == shown);
        match (value, is_secret) {
            (Some(_), true) => {
                let message = format!("'{shown}' is a secret, and a command line can be read by other programs");
                let hint = format!(
                    "change it where it comes from, and give the new one so: --given {shown}, which asks for it unseen"
                );
                return Err(Failure::new(ErrorCode::Usage, message).hint(hint));
            }
            (None, false) => {
                let message = format!(
                    "neither the name '{shown}' nor its value looks like a secret: it would stand in the app, where it can be read"
                );
                return Err(
                    Failure::new(ErrorCode::Usage, message).hint(format!("if it may be read: --given {shown}=VALUE"))
                );
            }
            _ => {}
        }
    }
    Ok(())
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
        server_steps(session, name, false);
    }
    Ok(())
}

/// What is left to do before a server's tools can be called.
pub(super) fn server_steps(session: &Session, name: &AppName, is_enabled: bool) {
    let terminal = &session.terminal;
    let steps = [
        (format!("oikos mcp look {name}"), "see its tools"),
        (format!("oikos mcp accept {name}"), "accept them"),
        (format!("oikos app enable {name}"), "let it be called"),
    ];
    for (step, why) in steps.into_iter().take(if is_enabled { 2 } else { 3 }) {
        terminal.line(format_args!("  {}  {}", terminal.step(step), styled(QUIET, why)));
    }
}

/// Whether something can be done with a server that was found.
fn is_due(server: &ImportView) -> bool {
    matches!(server.action, ImportAction::Install | ImportAction::Update)
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
