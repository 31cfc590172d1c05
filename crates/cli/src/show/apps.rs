//! Apps, their actions and their switches.

use super::{moment, table, table_text, wrap};
use crate::terminal::{BAD, CARE, GOOD, QUIET, STRONG, Terminal, styled};
use protocol::{
    ActionName, AppName, Arg, Badge, GrantDuration, GrantState, Scope,
    api::{AppDetail, AppGrantsView, AppSummary, GrantView, SettingView, StarterView},
    text,
};
use serde_json::Value;
use std::io::IsTerminal as _;

/// Said where there is nothing to list.
const NO_APP: &str = "no app is installed; try: oikos app install FOLDER";

/// Prints all apps, a row each.
pub(crate) fn apps(terminal: &Terminal, apps: &[AppSummary]) {
    if apps.is_empty() {
        terminal.line(terminal.step(NO_APP));
        return;
    }
    let mut rows = table(terminal.columns(), &["APP", "VERSION", "STATE", "INSTALLED", "TITLE"]);
    for app in apps {
        let state = match (&app.broken, app.enabled) {
            (Some(why), _) => format!("broken: {}", text::escape(why)),
            (None, true) if !app.needs.is_empty() => format!("enabled, needs {}", text::escape(&app.needs.join(", "))),
            (None, true) if app.paused => "enabled, paused".to_owned(),
            (None, true) => "enabled".to_owned(),
            (None, false) if app.unready => "not set up".to_owned(),
            (None, false) => "disabled".to_owned(),
        };
        rows.add_row([app.name.to_string(), app.version.clone(), state, moment(app.installed_at), title(&app.title)]);
    }
    terminal.line(table_text(&rows));
}

/// A title as far as a row has room for it; in full for programs.
fn title(title: &str) -> String {
    /// Longer ones push the other columns together.
    const SHOWN_CHARS_MAX: usize = 60;
    if std::io::stdout().is_terminal() { text::shorten(title, SHOWN_CHARS_MAX) } else { text::escape(title) }
}

/// Prints one app in full.
pub(crate) fn app(terminal: &Terminal, app: &AppDetail) {
    let summary = &app.summary;
    let title = if summary.title == summary.name.as_str() {
        String::new()
    } else {
        format!("  “{}”", text::escape(&summary.title))
    };
    terminal.line(format_args!("{} {}{title}", styled(STRONG, &summary.name), summary.version));
    if let Some(description) = &app.description {
        for line in wrap(&text::escape(description), terminal.columns() - 2) {
            terminal.line(format_args!("  {line}"));
        }
    }
    let state = match (summary.enabled, summary.paused) {
        (false, _) if summary.unready => terminal
            .step(format_args!("not set up until its hook postinstall ends well: oikos app enable {}", summary.name)),
        (false, _) => "disabled".to_owned(),
        (true, false) => "enabled".to_owned(),
        (true, true) => {
            terminal.step(format_args!("enabled, does not start by itself until: oikos app enable {}", summary.name))
        }
    };
    let installed = match &app.previous {
        Some(previous) => {
            let back = terminal.step(format_args!("oikos app rollback {}", summary.name));
            format!("{}, after {previous} ({back})", moment(summary.installed_at))
        }
        None => moment(summary.installed_at),
    };
    let facts = [
        ("state", state),
        ("installed", installed),
        ("developer", app.developer.as_deref().map(text::escape).unwrap_or_else(|| "not named".to_owned())),
        ("signed", signed(&summary.badge)),
        ("archive", format!("sha256 {}", app.digest)),
        ("storage", Arg::Bytes(app.storage_bytes).to_string()),
        ("limits", app.limits.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
    ];
    let opens = summary.opens.as_deref().map(|file| {
        let open = terminal.step(format_args!("oikos up --open"));
        ("opens", format!("{} in the page: {open}", text::escape(file)))
    });
    for (name, fact) in opens.into_iter().chain(facts) {
        terminal.line(format_args!("  {} {fact}", styled(QUIET, format_args!("{name:<10}"))));
    }
    for route in &app.routes {
        let shown = format_args!("{} {}", text::escape(&route.method), text::escape(&route.path));
        terminal.line(format_args!("  {} {shown}", styled(QUIET, format_args!("{:<10}", "answers"))));
    }
    if !app.routes.is_empty() {
        let step = format_args!("oikos app open {}", summary.name);
        terminal.line(format_args!("  {} {}", styled(QUIET, format_args!("{:<10}", "")), terminal.step(step)));
    }
    for missing in &app.missing {
        terminal.line(format_args!("  {} {missing}", styled(CARE, format_args!("{:<10}", "needs"))));
    }
    for (heading, rows) in [("Actions", actions(app)), ("Tools", tools(app))] {
        if !rows.is_empty() {
            terminal.line("");
            terminal.line(styled(STRONG, heading));
        }
        for Row { shown, name, described, input } in rows {
            terminal.line(format_args!("  {}  {}", styled(STRONG, shown), text::shorten(described, 160)));
            for field in fields(input) {
                terminal.line(format_args!("      {field}"));
            }
            let example = input_example(input);
            let step = terminal.step(format_args!("oikos run {} {name}", summary.name));
            terminal.line(styled(QUIET, format_args!("      {step}{example}")));
        }
    }
    terminal.line("");
    grants(terminal, &summary.name, &app.grants);
}

/// Prints apps that come with oikos.
pub(crate) fn starters(terminal: &Terminal, starters: &[StarterView]) {
    let mut rows = table(terminal.columns(), &["NAME", "VERSION", "INSTALLED", "WHAT IT DOES"]);
    for starter in starters {
        rows.add_row([
            starter.name.to_string(),
            starter.version.clone(),
            starter.installed.clone().unwrap_or_default(),
            text::escape(starter.description.as_deref().unwrap_or(&starter.title)),
        ]);
    }
    terminal.line(table_text(&rows));
    terminal.line(terminal.step("to install one: oikos app install NAME"));
}

/// Who signed an app, in a few words.
fn signed(badge: &Badge) -> String {
    match badge {
        Badge::LocalDeveloper { fingerprint } => format!("by this device's developer key {fingerprint} only"),
        Badge::Publisher { publisher: Some(name), fingerprint } => format!("by {name} ({fingerprint})"),
        Badge::Publisher { publisher: None, fingerprint } => format!("by {fingerprint}"),
        Badge::Official { fingerprint } => format!("by the oikos project ({fingerprint})"),
        Badge::System => "by nobody: it comes with oikos".to_owned(),
    }
}

/// An action or tool as a person reads it.
struct Row<'a> {
    shown: &'a str,
    name: &'a ActionName,
    described: &'a str,
    input: &'a Value,
}

fn actions(app: &AppDetail) -> Vec<Row<'_>> {
    app.actions
        .iter()
        .map(|action| Row {
            shown: action.name.as_str(),
            name: &action.name,
            described: action.description.as_deref().unwrap_or(&action.title),
            input: &action.input,
        })
        .collect()
}

fn tools(app: &AppDetail) -> Vec<Row<'_>> {
    app.tools
        .iter()
        .map(|tool| Row {
            shown: &tool.visible,
            name: &tool.name,
            described: tool.description.as_deref().unwrap_or_default(),
            input: &tool.parameters,
        })
        .collect()
}

/// The fields of an input, a line each.
fn fields(input: &Value) -> Vec<String> {
    let required: Vec<&str> = input["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = input["properties"].as_object();
    properties
        .into_iter()
        .flatten()
        .map(|(name, schema)| {
            let kind = schema["format"].as_str().or_else(|| schema["type"].as_str()).unwrap_or("any");
            let need = if required.contains(&name.as_str()) { "" } else { ", optional" };
            let described = schema["description"].as_str().or_else(|| schema["title"].as_str()).unwrap_or("");
            format!(
                "{} ({}{need})  {}",
                text::shorten(name, 40),
                text::shorten(kind, 40),
                text::shorten(described, 120)
            )
        })
        .collect()
}

/// How an input of this schema could be given: its required fields.
pub(crate) fn input_example(schema: &Value) -> String {
    let properties = &schema["properties"];
    let mut files = String::new();
    let mut input = serde_json::Map::new();
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let schema = &properties[name];
        match schema["format"].as_str() {
            Some("input-file" | "output-file") => files.push_str(&format!(" --file {}=FILE", text::shorten(name, 40))),
            Some("input-folder" | "output-folder") => {
                files.push_str(&format!(" --file {}=FOLDER", text::shorten(name, 40)));
            }
            _ => {
                let example = match schema["type"].as_str() {
                    Some("number" | "integer") => Value::from(1),
                    Some("boolean") => Value::from(true),
                    Some("array") => Value::Array(vec![]),
                    Some("object") => Value::Object(serde_json::Map::new()),
                    _ => Value::from("…"),
                };
                input.insert(text::shorten(name, 40), example);
            }
        }
    }
    if input.is_empty() { files } else { format!(" --input '{}'{files}", Value::Object(input)) }
}

/// Prints what there is to set, and what holds.
pub(crate) fn settings(terminal: &Terminal, app: &AppName, settings: &[SettingView]) {
    if settings.is_empty() {
        terminal.line(format_args!("{app} has nothing to set"));
        return;
    }
    terminal.line(styled(STRONG, "Settings"));
    let names: Vec<String> = settings.iter().map(|setting| text::escape(&setting.name)).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    for (setting, name) in settings.iter().zip(names) {
        let value = match &setting.value {
            _ if setting.is_secret => match (&setting.key, setting.is_set) {
                (Some(key), _) => format!("set: the key {key} of the vault"),
                (None, true) => "set: a secret, in the vault".to_owned(),
                (None, false) if setting.is_required => "not set, a secret, and it does not run without".to_owned(),
                (None, false) => "not set, a secret".to_owned(),
            },
            Some(Value::String(value)) => text::escape(value),
            Some(value) => text::escape(&value.to_string()),
            None if setting.is_required => "not set, and it does not run without".to_owned(),
            None => "not set".to_owned(),
        };
        let by = if setting.is_set || setting.value.is_none() { "" } else { " (as the package says)" };
        let said = setting.description.as_deref().unwrap_or(&setting.title);
        terminal.line(format_args!("  {name:width$}  {value}{by}"));
        terminal.line(styled(QUIET, format_args!("  {:width$}  {}", "", text::escape(said))));
    }
}

/// Prints an app's switches.
pub(crate) fn grants(terminal: &Terminal, app: &AppName, grants: &[GrantView]) {
    if grants.is_empty() {
        terminal
            .line(format_args!("{app} asks for nothing; it gets the files that you hand it for one run, and no more"));
        return;
    }
    terminal.line(styled(STRONG, "Switches"));
    switches(terminal, grants);
    let has = |is: fn(&Scope) -> bool| grants.iter().any(|grant| is(&grant.line.scope));
    let targets = [
        (has(|scope| matches!(scope, Scope::File { .. })), ":FOLDER"),
        (has(|scope| matches!(scope, Scope::Network { .. })), ":HOST"),
        (has(|scope| matches!(scope, Scope::Mcp { .. })), ":SERVER/TOOL"),
    ];
    let targets: Vec<&str> = targets.iter().filter(|(is_there, _)| *is_there).map(|(_, target)| *target).collect();
    let target = if targets.is_empty() { String::new() } else { format!("[{}]", targets.join("|")) };
    let step = terminal.step(format_args!("oikos grant {app} SWITCH=allow|ask|block{target}"));
    terminal.line(styled(QUIET, format_args!("  change one: {step}")));
}

/// Prints the switches of all apps.
pub(crate) fn grants_of_all(terminal: &Terminal, apps: &[AppGrantsView]) {
    if apps.is_empty() {
        terminal.line(terminal.step(NO_APP));
        return;
    }
    for AppGrantsView { app, enabled, grants, .. } in apps {
        let state = if *enabled { "" } else { "  disabled" };
        terminal.line(format_args!("{}{}", styled(STRONG, app), styled(QUIET, state)));
        match grants.as_deref() {
            None => {
                let step = terminal.step(format_args!("oikos app info {app}"));
                terminal.line(styled(BAD, format_args!("  cannot be read; why: {step}")));
            }
            Some([]) => terminal.line(styled(QUIET, "  asks for nothing")),
            Some(grants) => switches(terminal, grants),
        }
    }
    let step = terminal.step("oikos grant APP SWITCH=allow|ask|block");
    terminal.line(styled(QUIET, format_args!("change one: {step}")));
}

fn switches(terminal: &Terminal, grants: &[GrantView]) {
    let width = grants.iter().map(|grant| grant.line.line.as_str().len()).max().unwrap_or(0);
    for GrantView { line, duration, .. } in grants {
        let (style, word) = match line.state {
            GrantState::Allow => (GOOD, "allow"),
            GrantState::Ask => (CARE, "ask"),
            GrantState::Block => (BAD, "block"),
        };
        let until = match duration {
            GrantDuration::Always => String::new(),
            GrantDuration::Until(end) => format!(" (until {})", moment(*end)),
            GrantDuration::Run(run) => format!(" (for run {run})"),
        };
        let needs = line.needs.as_ref().map(|needs| format!(" – {needs}")).unwrap_or_default();
        terminal.line(format_args!(
            "  {:width$}  {}  {}{needs}{until}",
            line.line.as_str(),
            styled(style, format_args!("{word:<5}")),
            line.sentence
        ));
    }
}
