//! What the owner grants an app: chosen on a card, looked at, changed.

use crate::{Kernel, aliases::bound_say, apps::scope_requests, card::page_say, journal, run::internal};
use broker::{
    AppGrants, Folder, Grant, GrantError, card_lines, covers, is_near, rule_read, rule_text, rules_left, rules_only,
    rules_with, tool_read, tools_left, tools_with,
};
use protocol::{
    AppName, AuditEvent, Caller, CardLine, ErrorCode, Failure, GrantDuration, GrantId, GrantState, Line, OwnerId,
    Right, Scope, ScopeRequest, Sentence, Timestamp,
    api::{AppGrantsView, GrantView, LineChoice},
    sentence,
};
use std::sync::Arc;

/// Whether choices hand over folders of the machine.
pub(crate) fn names_paths(choices: &[LineChoice]) -> bool {
    choices.iter().any(|choice| {
        choice.target.as_ref().is_some_and(|target| choice.line.starts_with("file") || target.starts_with('/'))
    })
}

/// Whether choices name what is on this machine or its network.
pub(crate) fn names_near(choices: &[LineChoice]) -> bool {
    // What stands behind a switch for a server is no host.
    let may_near = |choice: &&LineChoice| {
        let is_server = choice.line == "mcp" || choice.line.starts_with("mcp.");
        choice.state != GrantState::Block && !is_server
    };
    let targets = choices.iter().filter(may_near).filter_map(|choice| choice.target.as_deref());
    targets.filter_map(|target| rule_read(target).ok()).any(|rule| is_near(&rule))
}

/// Whether a choice means a switch. One that names a tool means the switch for its server.
fn is_meant(line: &CardLine, choice: &LineChoice) -> bool {
    // A name of the app's own stands for what the target says, and is named itself.
    let is_alias = matches!(line.scope, Scope::Mcp { alias: true, .. });
    if is_alias && choice.target.is_some() {
        return line.line.as_str() == choice.line;
    }
    let is_elsewhere = match (&line.scope, choice.target.as_deref().and_then(|target| target.split_once('/'))) {
        (Scope::Mcp { server, .. }, Some((named, _))) => named != server,
        _ => false,
    };
    line.line.matches(&choice.line) && !is_elsewhere
}

/// A choice that says what a server's own name stands for.
fn is_no_alias(lines: &[CardLine], choice: &LineChoice) -> Option<GrantError> {
    let target = choice.target.clone()?;
    let line = lines.iter().find(|line| line.line.as_str() == choice.line)?;
    let Scope::Mcp { server, alias: false, .. } = &line.scope else { return None };
    Some(GrantError::NoAlias { line: line.line.to_string(), server: server.clone(), target })
}

/// The switch that a choice means, as its owner reads of it.
fn meant(choice: &LineChoice) -> String {
    let server = choice.target.as_deref().and_then(|target| Some(target.split_once('/')?.0));
    let line = match server.filter(|_| choice.line == "mcp") {
        Some(server) => format!("mcp.{server}"),
        None => choice.line.clone(),
    };
    protocol::text::shorten(&line, 60)
}

/// The tool that a choice names. `None`: it says nothing of tools.
fn tool_said<'a>(line: &CardLine, choice: &'a LineChoice) -> Result<Option<&'a str>, GrantError> {
    let (Scope::Mcp { alias: false, .. }, Some(target)) = (&line.scope, &choice.target) else { return Ok(None) };
    if choice.state == GrantState::Block {
        return Err(GrantError::BlockTool { line: line.line.to_string(), target: target.clone() });
    }
    Ok(Some(tool_read(target)?.1))
}

/// What a choice says of hosts.
enum Hosts<'a> {
    /// One more.
    Also(&'a str),
    /// These, of those that there are.
    Only(&'a [String]),
}

fn hosts_said<'a>(line: &CardLine, choice: &'a LineChoice) -> Result<Option<Hosts<'a>>, GrantError> {
    let is_network = matches!(line.scope, Scope::Network { .. });
    match (&choice.only, &choice.target) {
        (Some(_), Some(_)) => Err(GrantError::OnlyAndTarget { line: line.line.to_string() }),
        (Some(only), None) if is_network => Ok(Some(Hosts::Only(only))),
        (Some(only), None) => {
            Err(GrantError::NoTarget { line: line.line.to_string(), target: only.first().cloned().unwrap_or_default() })
        }
        (None, Some(target)) if is_network => Ok(Some(Hosts::Also(target))),
        _ => Ok(None),
    }
}

/// What a switch keeps of its hosts or tools where its state alone is changed: a word that says nothing of them makes it no
/// wider. A block is for all of them, so whoever takes it back begins with what the app asks for.
fn kept_targets(standing: &Grant, state: GrantState) -> Option<Scope> {
    let is_block = [standing.state, state].contains(&GrantState::Block);
    (matches!(standing.scope, Scope::Network { .. } | Scope::Mcp { .. }) && !is_block).then(|| standing.scope.clone())
}

/// The scope of a server, for these of its tools.
fn with_tools(scope: &Scope, tools: Vec<String>) -> Scope {
    match scope {
        Scope::Mcp { server, alias, .. } => Scope::Mcp { server: server.clone(), tools, alias: *alias },
        other => other.clone(),
    }
}

fn usage(error: GrantError) -> Failure {
    let failure = Failure::from_error(ErrorCode::Usage, &error);
    match error {
        GrantError::NoHostLeft => failure.hint("block the switch, or leave it one of its hosts"),
        _ => failure,
    }
}

impl Kernel {
    /// What an app is granted: the owner's choices, else what held before, else what the card proposes. Of what held before,
    /// the first word counts; for less than it was said for, it holds for what is left.
    pub(crate) fn grants_choose(
        &self,
        owner: OwnerId,
        app: &AppName,
        lines: &[CardLine],
        before: &[&AppGrants],
        choices: &[LineChoice],
    ) -> Result<AppGrants, Failure> {
        let now = self.clock.now();
        let mut grants = AppGrants {
            requested: lines.iter().map(|line| line.scope.clone()).collect(),
            grants: Vec::with_capacity(lines.len()),
        };
        for line in lines {
            let held = before.iter().find_map(|before| {
                let is_within =
                    before.requested.iter().any(|scope| scope.line() == line.line && covers(scope, &line.scope));
                let mut standing = before.grants.iter().filter(|grant| grant.duration == GrantDuration::Always);
                let grant = standing.find(|grant| grant.line == line.line).filter(|_| is_within)?;
                let before = before.requested.iter().find(|scope| scope.line() == line.line)?;
                Some((grant, before))
            });
            grants.grants.push(match held {
                Some((grant, before)) if *before == line.scope => grant.clone(),
                Some((grant, before)) => self.grant_left(line, grant, before, now),
                // Who asks for more is looked at again; what a name stands for stays what it was.
                None => {
                    let is_alias = matches!(line.scope, Scope::Mcp { alias: true, .. });
                    let bound = before.iter().find_map(|before| before.bound(&line.line)).filter(|_| is_alias).cloned();
                    Grant { bound, ..self.grant_new(line, line.state, Vec::new(), now) }
                }
            });
        }
        self.grants_apply(owner, app, lines, &mut grants, choices)?;
        Ok(grants)
    }

    /// What is left of a grant where a version asks for less than the one before.
    fn grant_left(&self, line: &CardLine, held: &Grant, before: &Scope, now: Timestamp) -> Grant {
        let new = self.grant_new(line, held.state, held.folders.clone(), now);
        let new = Grant { bound: held.bound.clone(), ..new };
        if let (Scope::Mcp { tools, .. }, Scope::Mcp { tools: before, .. }, Scope::Mcp { tools: asked, .. }) =
            (&held.scope, before, &line.scope)
        {
            return match tools_left(tools, before, asked) {
                Some(tools) => Grant { scope: with_tools(&line.scope, tools), ..new },
                // It asks for none of the tools any more that the owner left it.
                None => Grant { state: GrantState::Block, ..new },
            };
        }
        let (Scope::Network { rules }, Scope::Network { rules: asked }) = (&held.scope, &line.scope) else {
            return new;
        };
        match rules_left(rules, asked) {
            Some(rules) => Grant { scope: Scope::Network { rules }, ..new },
            // It asks for none of the hosts any more that the owner left it.
            None => Grant { state: GrantState::Block, ..new },
        }
    }

    fn grant_new(&self, line: &CardLine, state: GrantState, folders: Vec<Folder>, at: Timestamp) -> Grant {
        let scope = self.grant_scope(line, &folders);
        Grant {
            id: GrantId::new(&*self.clock, &*self.entropy),
            line: line.line.clone(),
            scope,
            state,
            duration: GrantDuration::Always,
            folders,
            bound: None,
            at,
        }
    }

    fn grant_scope(&self, line: &CardLine, folders: &[Folder]) -> Scope {
        match &line.scope {
            Scope::File { access, .. } => {
                Scope::File { access: *access, folders: folders.iter().map(|folder| folder.path.clone()).collect() }
            }
            scope => scope.clone(),
        }
    }

    /// A grant for some hosts, or for one host more: of the same word, hosts add up.
    fn grant_hosts(
        &self,
        line: &CardLine,
        standing: Option<&Grant>,
        choice: &LineChoice,
        hosts: Hosts<'_>,
    ) -> Result<Grant, GrantError> {
        let rules = match hosts {
            Hosts::Only(only) => rules_only(&line.scope, standing.map(|grant| &grant.scope), only)?,
            Hosts::Also(target) if choice.state == GrantState::Block => {
                return Err(GrantError::BlockTarget { line: line.line.to_string(), target: target.to_owned() });
            }
            Hosts::Also(target) => {
                let same = standing.filter(|grant| grant.state == choice.state).map(|grant| &grant.scope);
                rules_with(same, rule_read(target)?)
            }
        };
        let grant = self.grant_new(line, choice.state, Vec::new(), self.clock.now());
        Ok(Grant { scope: Scope::Network { rules }, ..grant })
    }

    /// Applies choices to grants. Returns the lines that changed.
    fn grants_apply(
        &self,
        owner: OwnerId,
        app: &AppName,
        lines: &[CardLine],
        grants: &mut AppGrants,
        choices: &[LineChoice],
    ) -> Result<Vec<Line>, Failure> {
        let mut changed = Vec::new();
        for choice in choices {
            let matching: Vec<&CardLine> = lines.iter().filter(|line| is_meant(line, choice)).collect();
            if matching.is_empty() {
                if let Some(error) = is_no_alias(lines, choice) {
                    return Err(usage(error));
                }
                let error = GrantError::NotAskedFor { app: app.to_string(), line: meant(choice) };
                let known: Vec<&str> = lines.iter().map(|line| line.line.as_str()).collect();
                let asks = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                return Err(Failure::from_error(ErrorCode::NotFound, &error).hint(format!("it asks for: {asks}")));
            }
            if let Some(line) = matching.iter().find(|line| choice.state == GrantState::Ask && line.scope.is_start()) {
                let error = GrantError::NoAsk { line: line.line.to_string() };
                return Err(Failure::from_error(ErrorCode::Usage, &error));
            }
            for line in matching {
                let first = !changed.contains(&line.line);
                let mut folders = match grants.grants.iter().find(|grant| grant.line == line.line) {
                    // Several choices for one line add up; a line named without a folder keeps those it has.
                    Some(grant) if !first || choice.target.is_none() => grant.folders.clone(),
                    _ => Vec::new(),
                };
                let standing = grants
                    .grants
                    .iter()
                    .find(|grant| grant.line == line.line && grant.duration == GrantDuration::Always);
                if first && choice.of.is_some_and(|of| standing.is_none_or(|grant| grant.id != of)) {
                    let error = GrantError::Changed { line: line.line.to_string() };
                    return Err(Failure::from_error(ErrorCode::Conflict, &error).hint("look at it again"));
                }
                if let Some(hosts) = hosts_said(line, choice).map_err(usage)? {
                    let grant = self.grant_hosts(line, standing, choice, hosts).map_err(usage)?;
                    grants.set(grant);
                    if first {
                        changed.push(line.line.clone());
                    }
                    continue;
                }
                if let Some(tool) = tool_said(line, choice).map_err(usage)? {
                    let same = standing.filter(|grant| grant.state == choice.state).map(|grant| &grant.scope);
                    let tools = tools_with(same, tool);
                    let grant = self.grant_new(line, choice.state, Vec::new(), self.clock.now());
                    grants.set(Grant { scope: with_tools(&line.scope, tools), ..grant });
                    if first {
                        changed.push(line.line.clone());
                    }
                    continue;
                }
                let mut bound = standing.and_then(|grant| grant.bound.clone());
                let mut kept = standing.and_then(|grant| kept_targets(grant, choice.state));
                if let (Scope::Mcp { alias: true, .. }, Some(target)) = (&line.scope, &choice.target) {
                    if choice.state == GrantState::Block {
                        let error = GrantError::BlockTool { line: line.line.to_string(), target: target.clone() };
                        return Err(usage(error));
                    }
                    bound = Some(self.bound_read(owner, target)?);
                    // What was left of something else says nothing of this.
                    kept = None;
                } else if let Some(target) = &choice.target {
                    if !matches!(line.scope, Scope::File { .. }) {
                        let error = GrantError::NoTarget { line: line.line.to_string(), target: target.clone() };
                        return Err(Failure::from_error(ErrorCode::Usage, &error));
                    }
                    let folder =
                        self.effects.places.folder(target).map_err(|error| Failure::new(error.code, error.message))?;
                    if self.broker.is_protected(&folder.path, folder.device, folder.inode) {
                        let error = GrantError::Protected { path: folder.path };
                        return Err(Failure::from_error(ErrorCode::PermissionDenied, &error));
                    }
                    folders.retain(|known| *known != folder);
                    folders.push(folder);
                }
                let grant = self.grant_new(line, choice.state, folders, self.clock.now());
                let grant = Grant { bound, ..grant };
                grants.set(match kept {
                    Some(scope) => Grant { scope, ..grant },
                    None => grant,
                });
                if first {
                    changed.push(line.line.clone());
                }
            }
        }
        Ok(changed)
    }

    /// An app's switches as they stand.
    pub fn grant_list(&self, caller: &Caller, app: &AppName) -> Result<Vec<GrantView>, Failure> {
        self.require(caller, Right::Read)?;
        self.app_record(caller.owner, app)?;
        Ok(self.grant_views(caller.owner, app))
    }

    /// The switches of all apps, by name. The store is looked into twice, however many apps there are; none of them is
    /// loaded for it.
    pub fn grant_list_all(&self, caller: &Caller) -> Result<Vec<AppGrantsView>, Failure> {
        self.require(caller, Right::Read)?;
        let owner = caller.owner;
        // Before the apps: what is removed in between is left out, and what is installed is looked up by itself.
        let mut stored = self.grants_stored_all(owner)?;
        let records = self.app_records(owner)?;
        let shown = records.into_iter().filter(|record| self.zone_shows(record));
        Ok(shown
            .map(|record| {
                let name = &record.name;
                let known = stored.remove(name.as_str());
                let grants = match self.apps.read().contains_key(&(owner, name.clone())) {
                    true => Some(self.broker.grants(owner, name)),
                    false => known.or_else(|| self.grants_stored(owner, name).ok()).map(Arc::new),
                };
                let grants = grants.map(|grants| self.views_of(&grants, record.opens.is_some()));
                AppGrantsView { app: record.name, title: record.title, enabled: record.enabled, grants }
            })
            .collect())
    }

    pub(crate) fn grant_views(&self, owner: OwnerId, app: &AppName) -> Vec<GrantView> {
        let is_page = self.app_record(owner, app).is_ok_and(|record| record.opens.is_some());
        self.views_of(&self.broker.grants(owner, app), is_page)
    }

    fn views_of(&self, grants: &AppGrants, is_page: bool) -> Vec<GrantView> {
        let now = self.clock.now();
        let requests: Vec<ScopeRequest> = grants
            .requested
            .iter()
            .map(|scope| {
                // Shown as granted: the owner's folders, not the author's proposals.
                let granted = grants.effective(&scope.line(), now, None);
                let scope = granted.map_or_else(|| scope.clone(), |grant| grant.scope.clone());
                ScopeRequest { scope, reason: None }
            })
            .collect();
        let mut lines = card_lines(&requests, self.broker.zone());
        if is_page {
            page_say(lines.iter_mut());
        }
        lines
            .into_iter()
            .map(|mut line| {
                let grant = grants.effective(&line.line, now, None);
                line.state = grant.map_or(GrantState::Block, |grant| grant.state);
                if grant.is_some_and(|grant| !grant.folders.is_empty()) {
                    line.needs = None;
                }
                let bound = grants.bound(&line.line);
                if let Some(bound) = bound {
                    bound_say(&mut line, bound);
                }
                let duration = grant.map_or(GrantDuration::Always, |grant| grant.duration);
                let bound = bound.map(ToString::to_string);
                GrantView { line, duration, grant: grant.map(|grant| grant.id), bound }
            })
            .collect()
    }

    /// Changes an app's switches. Holds from the next effect on, also for runs under way.
    pub async fn grant_set(
        self: &Arc<Self>,
        caller: Caller,
        app: AppName,
        choices: Vec<LineChoice>,
    ) -> Result<Vec<GrantView>, Failure> {
        self.require_word(&caller, Right::Manage)?;
        self.require_paths(&caller, names_paths(&choices))?;
        self.require_near(&caller, names_near(&choices))?;
        let loaded = self.app_load(caller.owner, &app).await?;
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || {
            let _changing = kernel.changing.lock();
            let loaded = kernel.app_again(caller.owner, &loaded)?;
            let lines = card_lines(&scope_requests(&loaded.package), kernel.broker.zone());
            let mut grants = kernel.broker.grants(caller.owner, &app).as_ref().clone();
            grants.prune(kernel.clock.now());
            let changed = kernel.grants_apply(caller.owner, &app, &lines, &mut grants, &choices)?;
            let records: Vec<_> = changed
                .iter()
                .filter_map(|line| grants.grants.iter().find(|grant| grant.line == *line))
                .map(|grant| grant_record(kernel.clock.now(), &caller, &app, grant))
                .collect();
            kernel.grants_write(caller.owner, &app, &grants, &records)?;
            Ok(kernel.grant_views(caller.owner, &app))
        })
        .await
        .map_err(|_| internal("the grants could not be changed"))?
    }
}

/// A line for the log: what the owner said about a switch.
pub(crate) fn grant_record(at: Timestamp, caller: &Caller, app: &AppName, grant: &Grant) -> protocol::AuditRecord {
    let targets: Vec<String> = match &grant.scope {
        Scope::Network { rules } if rules.iter().any(|rule| rule.by_owner) => rules.iter().map(rule_text).collect(),
        Scope::Mcp { .. } if grant.bound.is_some() => grant.bound.iter().map(ToString::to_string).collect(),
        Scope::Mcp { tools, .. } => tools.clone(),
        _ => grant.folders.iter().map(|folder| folder.path.clone()).collect(),
    };
    let said: Sentence = if targets.is_empty() {
        sentence::granted(&grant.line, grant.state)
    } else {
        sentence::granted_for(&grant.line, grant.state, targets)
    };
    let mut record = journal::record(at, caller, AuditEvent::Granted, Some(app), said);
    record.grant = Some(grant.id);
    record
}
