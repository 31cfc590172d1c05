//! A package on its card: the switches are the broker's word, what is beside them is said here.

use crate::{
    Kernel,
    aliases::missing_say,
    apps::{AppRecord, LoadedApp, scope_requests},
    runner::BoxBounds,
    signer::{Signer, comes_from_another},
};
use broker::{CardSource, CardSubject, card_build, card_lines, covers};
use package::{Code, Dependency, Hook, Package};
use protocol::{Arg, Badge, Card, CardChange, CardLine, Scope, Sentence, ToolName, api::ToolView, sentence};

impl Kernel {
    /// The card of a package, beside the version that is installed, with who signed it.
    pub(crate) fn card(
        &self,
        package: &Package,
        source: CardSource<'_>,
        installed: Option<&AppRecord>,
        signer: Option<&Signer>,
    ) -> Card {
        let requests = scope_requests(package);
        // Those of the manifest are looked at by the broker.
        let deceptive: Vec<String> = package
            .suspicious_texts()
            .into_iter()
            .map(|text| text.what)
            .filter(|what| what.starts_with("title of") || what.starts_with("description of"))
            .collect();
        let unsigned = || match source {
            CardSource::Inside => Badge::System,
            _ => Badge::LocalDeveloper { fingerprint: self.developer.fingerprint() },
        };
        let subject = CardSubject {
            app: package.name(),
            version: package.manifest().version.to_string(),
            title: &package.manifest().title,
            description: package.manifest().description.as_deref(),
            developer: package.manifest().developer.as_deref(),
            badge: signer.map_or_else(unsigned, Signer::badge),
            source,
            digest: package.digest(),
            files: package.files().count(),
            zones: &package.manifest().zones,
            requests: &requests,
            limits: &package.manifest().limits,
            deceptive: &deceptive,
            takes_files: package.actions().iter().any(|action| !action.file_fields.is_empty()),
            upgrade_from: installed.map(|record| record.version.to_string()),
        };
        let mut card = card_build(&subject, self.broker.zone());
        if opens(package).is_some() {
            page_say(card.lines.iter_mut());
            card.limits = vec![sentence::card_limit_page()];
        }
        match package.code() {
            Code::Program(program) => {
                let limits = &package.manifest().limits;
                let memory = Arg::Bytes(memory_bytes(package));
                let wall = Arg::Millis(limits.limits().wall_ms);
                let command = program.command.join(" ");
                card.limits = vec![sentence::card_program(command), sentence::card_limit_program(memory, wall)];
            }
            Code::Server(server) => card.limits.insert(0, sentence::card_server(server.url.as_str())),
            Code::Script { .. } | Code::Component(_) | Code::Page(_) => {}
        }
        card.unavailable.extend(later(package));
        card.answers = Some(route_texts(package)).filter(|routes| !routes.is_empty()).map(sentence::card_routes);
        secrets_say(package, &mut card);
        let aliases: Vec<&str> = card.lines.iter().filter_map(|line| alias_of(&line.scope)).collect();
        card.missing = missing(package, aliases);
        card.notes = package.warnings().iter().map(ToString::to_string).collect();
        if let Some(signer) = signer {
            card.signed = Some(signer.said(package.name()));
            card.warnings.splice(0..0, signer.warnings());
        } else if card.badge == Badge::System {
            card.signed = Some(sentence::card_system());
        }
        card
    }

    /// What a package asks for or does beyond the version that is installed. Of somebody else everything is new.
    pub(crate) fn card_change(
        &self,
        card: &Card,
        package: &Package,
        old: &LoadedApp,
        signer: Option<&Signer>,
    ) -> CardChange {
        let before = card_lines(&scope_requests(&old.package), self.broker.zone());
        let is_held =
            |line: &&CardLine| before.iter().any(|known| known.line == line.line && covers(&known.scope, &line.scope));
        let is_there = |known: &&CardLine| card.lines.iter().any(|line| line.line == known.line);
        let is_anew = comes_from_another(&old.record, &card.badge, signer);
        let (is_system, was_system) = (card.badge == Badge::System, old.record.badge == Badge::System);
        let mut more: Vec<Sentence> = Vec::new();
        more.extend((is_system && !was_system).then(sentence::card_change_system));
        more.extend((was_system && !is_system).then(sentence::card_change_from_system));
        if let Some(signer) = signer {
            more.extend((is_anew && !was_system).then(|| sentence::card_change_signed(signer.label())));
            more.extend(signer.warnings());
        } else if package.manifest().version < old.record.version {
            // Where a publisher signs, an older version is refused unless it is asked for; here the owner is asked.
            more.push(sentence::card_warning_downgrade(old.record.version.to_string()));
        }
        let needed = old.package.dependencies();
        let needs = package.dependencies().iter().filter(|dependency| !needed.contains(dependency));
        more.extend(needs.map(|dependency| sentence::card_change_dependency(dependency.to_string())));
        // What is called while it is activated can do nothing outside of itself.
        let called = package.hooks().keys().filter(|hook| **hook != Hook::Activate);
        let called = called.filter(|hook| !old.package.hooks().contains_key(hook));
        more.extend(called.map(|hook| sentence::card_change_hook(hook.word())));
        let has_more_code = opens(&old.package).is_some() && opens(package).is_none();
        more.extend(has_more_code.then(sentence::card_change_code));
        let answered = route_texts(&old.package);
        let routes: Vec<String> = route_texts(package).into_iter().filter(|route| !answered.contains(route)).collect();
        more.extend((!routes.is_empty()).then(|| sentence::card_change_routes(routes)));
        let (asked, held) = (package.manifest().limits.limits(), old.package.manifest().limits.limits());
        for (what, asked, held, unit) in [
            ("computing", asked.cpu_ms, held.cpu_ms, Arg::Millis as fn(u64) -> Arg),
            ("time", asked.wall_ms, held.wall_ms, Arg::Millis),
            ("memory", asked.memory_bytes, held.memory_bytes, Arg::Bytes),
        ] {
            more.extend((asked > held).then(|| sentence::card_change_limit(what, unit(asked), unit(held))));
        }
        CardChange {
            lines: card.lines.iter().filter(|line| is_anew || !is_held(line)).map(|line| line.line.clone()).collect(),
            more,
            gone: before.iter().filter(|known| !is_there(known)).map(|known| known.line.clone()).collect(),
            is_anew,
        }
    }
}

/// What the facts of its box depend on, where it is a program.
pub(crate) fn box_bounds(package: &Package) -> Option<BoxBounds> {
    let Code::Program(_) = package.code() else { return None };
    let has_way_out = scope_requests(package).iter().any(|request| matches!(request.scope, Scope::Network { .. }));
    Some(BoxBounds { has_way_out, memory_bytes_max: memory_bytes(package) })
}

/// What its program may have of memory.
fn memory_bytes(package: &Package) -> u64 {
    package.manifest().limits.memory_bytes.unwrap_or(crate::program::PROGRAM_MEMORY_BYTES)
}

/// The requests that it answers, as its manifest names them.
fn route_texts(package: &Package) -> Vec<String> {
    package.routes().iter().map(ToString::to_string).collect()
}

/// The name of its own for a server that a switch is about.
fn alias_of(scope: &Scope) -> Option<&str> {
    match scope {
        Scope::Mcp { server, alias: true, .. } => Some(server),
        _ => None,
    }
}

/// What it needs beside itself and is not there: of its names for tools of servers those that stand for nothing.
pub(crate) fn missing(package: &Package, aliases: Vec<&str>) -> Vec<Sentence> {
    let say = |dependency: &Dependency| match dependency {
        Dependency::Mcp(alias) => aliases.contains(&alias.as_str()).then(|| missing_say(package.name(), alias)),
        Dependency::Other(_) => Some(sentence::card_missing(dependency.to_string())),
    };
    package.dependencies().iter().filter_map(say).collect()
}

/// The file that a browser opens, where that is all of the app.
pub(crate) fn opens(package: &Package) -> Option<&str> {
    match package.code() {
        Code::Page(file) => Some(file),
        Code::Script { .. } | Code::Component(_) | Code::Program(_) | Code::Server(_) => None,
    }
}

/// Of an app of the browser, the switch for its page is the switch for all of it.
pub(crate) fn page_say<'a>(lines: impl Iterator<Item = &'a mut CardLine>) {
    for line in lines.filter(|line| line.scope == Scope::View) {
        line.sentence = sentence::card_page();
    }
}

/// Its code, where this version does not run it.
pub(crate) fn other_code(package: &Package) -> Option<Sentence> {
    match package.code() {
        Code::Script { .. } | Code::Page(_) | Code::Program(_) | Code::Server(_) => None,
        Code::Component(file) => Some(sentence::card_later_component(file.as_str())),
    }
}

/// Its tools, as models see them.
pub(crate) fn tool_views(package: &Package) -> Vec<ToolView> {
    package
        .tools()
        .iter()
        .map(|tool| {
            let name = ToolName { app: package.name().clone(), tool: tool.name.clone() };
            ToolView {
                name: tool.name.clone(),
                visible: name.to_string(),
                wire: name.wire(),
                description: tool.description.clone(),
                parameters: tool.parameters.clone(),
            }
        })
        .collect()
}

/// What becomes of the secrets that can be set for it: a program reads them, a server elsewhere hears them, what runs in the
/// sandbox has them sent.
fn secrets_say(package: &Package, card: &mut Card) {
    let settings = package.settings().into_iter().flat_map(|settings| &settings.fields);
    let secrets: Vec<String> = settings.filter(|field| field.is_secret).map(|field| field.name.clone()).collect();
    if secrets.is_empty() {
        return;
    }
    if matches!(package.code(), Code::Program(_) | Code::Server(_)) {
        for never in card.never.iter_mut().filter(|never| **never == sentence::card_never_secrets()) {
            *never = sentence::card_never_secrets_other();
        }
    }
    card.secrets = Some(match package.code() {
        Code::Program(_) => sentence::card_secret_program(secrets),
        Code::Server(server) => sentence::card_secret_server(server.url.as_str(), secrets),
        Code::Script { .. } | Code::Component(_) | Code::Page(_) => sentence::card_secret_settings(secrets),
    });
}

/// What of the package this version reads and shows, but does not act on yet.
fn later(package: &Package) -> Vec<Sentence> {
    let mut later: Vec<Sentence> = other_code(package).into_iter().collect();
    let tools: Vec<String> = tool_views(package).into_iter().map(|tool| tool.visible).collect();
    if !tools.is_empty() {
        later.push(sentence::card_later_tools(tools));
    }
    later
}
