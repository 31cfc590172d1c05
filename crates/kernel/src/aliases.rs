//! Names that apps have for servers of their owner (`dependencies: ["mcp.NAME"]`). Which server such a name stands for, or
//! which tool of one, is the owner's to say; until they have, calls to it end with `dependency_missing`.

use crate::{
    Kernel,
    apps::{VersionRecord, scope_requests},
    run::{Run, store_failure},
    servers::is_server_package,
};
use broker::{AppGrants, Bound, Grant, bind_command, bound_target};
use package::{Package, did_you_mean};
use protocol::{
    AppName, Arg, Card, CardLine, ErrorCode, Failure, GrantDuration, GrantState, Labels, Line, OwnerId, Scope,
    Sentence, sentence, text::shorten,
};
use state::{Batch, Key, Space};

/// A name as a manifest has it, and as its switch is called.
pub(crate) fn alias_line(alias: &str) -> String {
    format!("mcp.{alias}")
}

/// That a name stands for nothing yet, with the command that changes it.
pub(crate) fn missing_say(app: &AppName, alias: &str) -> Sentence {
    sentence::card_missing_mcp(alias_line(alias), bind_command(app, alias))
}

fn missing_failure(app: &AppName, alias: &str) -> Failure {
    let line = alias_line(alias);
    let message = format!("{app} needs {line}, and nobody has said which of your MCP servers that is");
    Failure::new(ErrorCode::DependencyMissing, message).hint(bind_command(app, alias))
}

/// A switch as its owner reads of it, once it is said what its name stands for.
pub(crate) fn bound_say(line: &mut CardLine, bound: &Bound) {
    let Scope::Mcp { server: alias, tools, alias: true } = &line.scope else { return };
    let tools = match &bound.tool {
        Some(tool) => std::slice::from_ref(tool),
        None => tools.as_slice(),
    };
    line.sentence = match tools {
        [] => sentence::card_mcp_bound(&bound.server, alias),
        tools => sentence::card_mcp_bound_tools(&bound.server, Arg::List(tools.to_vec()), alias),
    };
    line.needs = None;
}

/// What an older oikos did not read out of the manifest: names for servers had no switch there.
pub(crate) fn aliases_complete(package: &Package, grants: &mut AppGrants) {
    for request in scope_requests(package) {
        if !matches!(request.scope, Scope::Mcp { alias: true, .. }) || grants.requested.contains(&request.scope) {
            continue;
        }
        let line = request.scope.line();
        grants.requested.retain(|scope| scope.line() != line);
        grants.requested.push(request.scope);
    }
}

impl Kernel {
    /// The names of an app that stand for nothing, or for what is not there any more. What its owner blocked is not missed.
    pub(crate) fn aliases_missing(&self, owner: OwnerId, grants: &AppGrants) -> Vec<String> {
        let is_missing = |line: &Line| match grants.bound(line) {
            Some(bound) => self.app_record(owner, &bound.server).is_err(),
            None => !is_blocked(grants, line),
        };
        grants.aliases().filter(|(_, line)| is_missing(line)).map(|(alias, _)| alias.to_owned()).collect()
    }

    /// On the card of an app that is installed: what its names stand for goes on.
    pub(crate) fn bounds_say(&self, owner: OwnerId, card: &mut Card) {
        let Ok(grants) = self.grants_stored(owner, &card.app) else { return };
        let mut bounds = grants.bounds();
        for alias in self.aliases_missing(owner, &grants) {
            bounds.remove(&alias);
        }
        for line in &mut card.lines {
            if let Scope::Mcp { server: alias, alias: true, .. } = &line.scope
                && let Some(bound) = bounds.get(alias)
            {
                bound_say(line, bound);
            }
        }
        let app = card.app.clone();
        card.missing.retain(|missing| !bounds.keys().any(|alias| *missing == missing_say(&app, alias)));
    }

    /// What the names of a run's app stand for as it begins: whatever its owner says meanwhile, the run reaches nothing else.
    pub(crate) fn bounds_keep(&self, run: &Run) {
        run.bounds.get_or_init(|| self.broker.grants_of(&run.lease).bounds());
    }

    /// The name that an app means, where it is one of its own for a server.
    pub(crate) fn alias_of(&self, run: &Run, server: &str) -> Option<String> {
        let named = server.strip_prefix("mcp.").unwrap_or(server);
        let grants = self.broker.grants_of(&run.lease);
        grants.aliases().map(|(alias, _)| alias).find(|alias| *alias == server || *alias == named).map(str::to_owned)
    }

    /// What a name stood for when the run began. `None`: for nothing, or for what its owner blocked; the broker says no.
    pub(crate) fn bound_of(&self, run: &Run, alias: &str) -> Result<Option<Bound>, Failure> {
        let grants = self.broker.grants_of(&run.lease);
        let line = Scope::Mcp { server: alias.to_owned(), tools: Vec::new(), alias: true }.line();
        if grants.bound(&line).is_none() && !is_blocked(&grants, &line) {
            // Taken back since, or its server was removed.
            return Err(missing_failure(run.lease.app(), alias));
        }
        Ok(run.bounds.get().and_then(|bounds| bounds.get(alias)).cloned())
    }

    /// Reads what an owner says that a name stands for. It has to be there, and to be something that can be called.
    pub(crate) fn bound_read(&self, owner: OwnerId, target: &str) -> Result<Bound, Failure> {
        let (named, tool) = bound_target(target).map_err(|error| Failure::from_error(ErrorCode::Usage, &error))?;
        let server: AppName = named.parse().map_err(|_| self.no_server(owner, named))?;
        let record = self.app_record(owner, &server).map_err(|failure| match failure.code {
            ErrorCode::AppNotFound => self.no_server(owner, named),
            _ => failure,
        })?;
        let loaded = self.apps.read().get(&(owner, server.clone())).cloned();
        let is_server = match loaded {
            Some(app) => is_server_package(&app.package),
            None => is_server_package(&self.app_read(owner, &record)?.0),
        };
        if !is_server {
            let failure = Failure::new(ErrorCode::NotFound, format!("{server} is an app, and no MCP server"));
            return Err(failure.hint("oikos mcp list shows which there are"));
        }
        if !record.enabled {
            let failure = Failure::new(ErrorCode::AppDisabled, format!("{server} is disabled, so nobody can call it"));
            return Err(failure.hint(format!("oikos app enable {server}")));
        }
        let tool = match tool {
            // By the name that it has here, whichever of its names was said.
            Some(tool) => Some(self.server_tool(owner, &server, tool)?.0.action.to_string()),
            None => None,
        };
        Ok(Bound { server, tool })
    }

    fn no_server(&self, owner: OwnerId, named: &str) -> Failure {
        // A store that cannot be read has no near name to offer; whoever reads on is told about it.
        let records = self.app_records(owner).unwrap_or_default();
        let is_known = |app: &&AppName| self.server_is_known(owner, app).unwrap_or_default();
        let known = records.iter().map(|record| &record.name).filter(is_known).map(AppName::as_str);
        let near = did_you_mean(named, known).map_or_else(String::new, |near| near + " ");
        Failure::new(ErrorCode::AppNotFound, format!("there is no MCP server '{}'", shorten(named, 64)))
            .hint(near + "oikos mcp list shows which there are")
    }

    /// A server goes: names that stood for it stand for nothing, also once another one is called as it was. Returns the grants
    /// of the apps that had them, for when it is written.
    pub(crate) fn aliases_forget(
        &self,
        owner: OwnerId,
        server: &AppName,
        batch: &mut Batch,
    ) -> Result<Vec<(AppName, AppGrants)>, Failure> {
        let mut changed = Vec::new();
        for (app, stored) in self.grants_stored_all(owner)? {
            let Ok(app) = app.parse::<AppName>() else { continue };
            if app == *server {
                continue;
            }
            let is_loaded = self.apps.read().contains_key(&(owner, app.clone()));
            let mut grants = if is_loaded { self.broker.grants(owner, &app).as_ref().clone() } else { stored };
            if !unbind(&mut grants, server) {
                continue;
            }
            let key = Key::new(owner, Space::Grant, app.as_str());
            batch.put(&key, serde_json::to_vec(&grants).unwrap_or_default(), Labels::NONE);
            if is_loaded {
                changed.push((app, grants));
            }
        }
        // A version that could come back must not bring it along.
        let before = self.store.scan(owner, Space::Version, "", None, crate::SCAN_MAX).map_err(store_failure)?;
        for (app, entry) in before {
            let Ok(mut version) = serde_json::from_slice::<VersionRecord>(&entry.value) else { continue };
            if app != server.as_str() && unbind(&mut version.grants, server) {
                let key = Key::new(owner, Space::Version, app);
                batch.put(&key, serde_json::to_vec(&version).unwrap_or_default(), Labels::NONE);
            }
        }
        Ok(changed)
    }
}

/// Takes a server out of grants. What was said of it for a time goes with it; what their owner said of the name stays.
fn unbind(grants: &mut AppGrants, server: &AppName) -> bool {
    let goes = |grant: &Grant| grant.bound.as_ref().is_some_and(|bound| bound.server == *server);
    if !grants.grants.iter().any(goes) {
        return false;
    }
    grants.grants.retain(|grant| grant.duration == GrantDuration::Always || !goes(grant));
    for grant in grants.grants.iter_mut().filter(|grant| goes(grant)) {
        grant.bound = None;
    }
    true
}

/// Whether its owner said that a name is for nothing.
fn is_blocked(grants: &AppGrants, line: &Line) -> bool {
    let is_standing = |grant: &&Grant| grant.line == *line && grant.duration == GrantDuration::Always;
    grants.grants.iter().find(is_standing).is_some_and(|grant| grant.state == GrantState::Block)
}
