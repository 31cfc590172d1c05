//! What was found, as the API tells it. Pure.

use broker::rule_text;
use mcp::import::{Action, Client, Fault, Notice, PathKind, Question, Resolve, Scan, Settled, Source};
use protocol::{
    Scope, ScopeRequest,
    api::{
        ImportAction, ImportAsk, ImportNotice, ImportQuestion, ImportQuestionKind, ImportSetting, ImportView,
        ImportsView,
    },
    text,
};

pub(super) fn all(scan: &Scan, settled: Vec<Settled>) -> ImportsView {
    ImportsView {
        servers: settled.into_iter().map(one).collect(),
        faults: scan.faults.iter().map(fault).collect(),
        files: scan.files.iter().map(|(client, path)| format!("{client}: {}", text::shorten(path, 300))).collect(),
    }
}

fn one(settled: Settled) -> ImportView {
    let Settled { action, proposal } = settled;
    let settings = proposal.settings.iter().map(|setting| ImportSetting {
        name: setting.name.clone(),
        title: setting.title.clone(),
        is_secret: setting.is_secret,
        is_required: setting.is_required,
        has_value: setting.has_value,
    });
    ImportView {
        title: proposal.name.clone(),
        action: match action {
            Action::Install => ImportAction::Install,
            Action::Keep => ImportAction::Keep,
            Action::Update => ImportAction::Update,
            Action::Refuse => ImportAction::Refuse,
        },
        sources: proposal.sources.iter().map(source).collect(),
        is_disabled_there: proposal.is_disabled_there,
        package: proposal.resolve.as_ref().map(package),
        place: place(&proposal.kimai_json),
        asks: proposal.asks.iter().map(ask).collect(),
        settings: settings.collect(),
        questions: proposal.questions.iter().map(question).collect(),
        warnings: proposal.warnings.iter().map(notice).collect(),
        refusals: proposal.refusals.iter().map(notice).collect(),
        app: proposal.app,
    }
}

fn question(asked: &Question) -> ImportQuestion {
    ImportQuestion {
        name: asked.name.clone(),
        title: asked.title.clone(),
        description: asked.description.clone(),
        kind: match asked.path {
            None => ImportQuestionKind::Text,
            Some(PathKind::Folder) => ImportQuestionKind::Folder,
            Some(PathKind::File) => ImportQuestionKind::File,
        },
        is_secret: asked.is_secret,
        is_required: asked.is_required,
        takes_many: asked.takes_many,
        has_answer: asked.has_answer,
        answer: asked.answer.clone(),
    }
}

fn source(source: &Source) -> String {
    match source.client {
        Some(client) => format!("{client}: {}:{} ({})", source.file, source.line, source.scope),
        None => source.file.clone(),
    }
}

fn package(resolve: &Resolve) -> String {
    let package = match resolve {
        Resolve::Npm { name, range, .. } => format!("npm: {name} ({range})"),
        Resolve::PyPi { requirement, .. } => format!("Python: {requirement}"),
        Resolve::Image { reference } => format!("image: {reference}"),
        Resolve::Bundle { url, .. } => format!("bundle: {url}"),
    };
    text::shorten(&package, 300)
}

/// What would be started, from the manifest as far as it is known.
fn place(manifest: &str) -> String {
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap_or_default();
    let entry = &manifest["entry"];
    let command = entry["command"].as_array().map(|words| {
        let words: Vec<&str> = words.iter().filter_map(serde_json::Value::as_str).collect();
        words.join(" ")
    });
    text::shorten(&command.or_else(|| entry["url"].as_str().map(str::to_owned)).unwrap_or_default(), 300)
}

fn ask(request: &ScopeRequest) -> ImportAsk {
    let targets = match &request.scope {
        Scope::File { folders, .. } => folders.iter().map(|folder| text::shorten(folder, 300)).collect(),
        Scope::Network { rules } => rules.iter().map(|rule| text::shorten(&rule_text(rule), 300)).collect(),
        _ => Vec::new(),
    };
    let reason = request.reason.as_deref().map(|reason| text::shorten(reason, 300));
    ImportAsk { line: request.scope.line().to_string(), targets, reason }
}

fn notice(notice: &Notice) -> ImportNotice {
    ImportNotice { message: notice.message.clone(), hint: notice.hint.clone() }
}

pub(super) fn fault(fault: &Fault) -> ImportNotice {
    ImportNotice { message: fault.to_string(), hint: fault.hint.clone() }
}

/// The clients of these words; the first that is none, where one is not.
pub(super) fn clients_of(words: &[String]) -> Result<Vec<Client>, String> {
    words.iter().map(|word| Client::from_word(word).ok_or_else(|| word.clone())).collect()
}
