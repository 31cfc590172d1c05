//! Demands to call a tool of an MCP server: which tools a switch covers, and what a person sees before it is called.
//!
//! Everything here is about names and words. Which tool a name stands for was found out before, and the arguments are the
//! text that is sent: what was decided on and shown is what the server gets.

use super::{Demand, file::shell_word};
use crate::{AppGrants, Basis, Bound, Grant, GrantError, Lease};
use protocol::{AppName, Arg, GrantState, Labels, Line, Scope, ScopeWord, Sentence, Timestamp, sentence};

/// What stands in both: nobody else may know of it without a person's yes.
const BOTH: Labels = Labels::PRIVATE.join(Labels::STRANGER);

/// A demand to call a tool of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McpDemand {
    /// The server: the app that it is here.
    pub server: String,
    /// The tool, by the name that it has here.
    pub tool: String,
    /// What is sent to it: JSON text.
    pub arguments: String,
    /// The names that stand for this tool and no other one of its server.
    names: Vec<String>,
    /// By what the app calls the server: the switch that governs it.
    called: String,
    /// That is a name of the app's own, and its owner says what it stands for.
    is_alias: bool,
    /// What it stood for when the run began.
    bound: Option<Bound>,
    /// The app's manifest asks for this tool; found by the decision.
    is_asked_for: bool,
    /// The owner wants to be asked before anybody calls this tool.
    is_asked: bool,
    /// Labels of everything that the run had read when it was decided; set by the decision.
    labels: Labels,
    /// What the switch is set to, where it is for other tools than this one; found by the decision.
    beside: Option<GrantState>,
}

impl McpDemand {
    /// Sending `arguments` to `tool` of `server`.
    pub fn new(server: impl Into<String>, tool: impl Into<String>, arguments: impl Into<String>) -> Self {
        let (server, tool) = (server.into(), tool.into());
        Self {
            names: vec![tool.clone()],
            called: server.clone(),
            is_alias: false,
            bound: None,
            is_asked_for: false,
            server,
            tool,
            arguments: arguments.into(),
            is_asked: false,
            labels: Labels::NONE,
            beside: None,
        }
    }

    /// The same tool has further names.
    #[must_use]
    pub fn known_as(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.names.extend(names);
        self
    }

    /// The app calls the server by a name of its own, which stood for this when the run began: whatever it stands for by now,
    /// the run gets nothing else.
    #[must_use]
    pub fn through(mut self, alias: &str, bound: Option<&Bound>) -> Self {
        alias.clone_into(&mut self.called);
        self.is_alias = true;
        self.bound = bound.cloned();
        self
    }

    /// Its owner wants to be asked before anybody calls it.
    #[must_use]
    pub fn asked(mut self, is_asked: bool) -> Self {
        self.is_asked = is_asked;
        self
    }

    fn scope(&self, tools: Vec<String>) -> Scope {
        Scope::Mcp { server: self.called.clone(), tools, alias: self.is_alias }
    }

    pub(crate) fn resolve(&mut self, lease: &Lease, grants: &AppGrants, now: Timestamp) -> Result<(), Sentence> {
        self.labels = lease.labels();
        let standing = grants.effective(&self.line(), now, Some(lease.run()));
        self.beside = standing.filter(|grant| !self.is_in(grant)).map(|grant| grant.state);
        self.is_asked_for = grants.requested.iter().any(|scope| match scope {
            Scope::Mcp { server, tools, .. } => *server == self.called && self.is_among(tools),
            _ => false,
        });
        Ok(())
    }

    /// Whether a grant is for this tool.
    fn is_in(&self, grant: &Grant) -> bool {
        match (&self.bound, &grant.scope) {
            // Where a name stands for one tool, that is all it is for, and all of what it is for.
            (Some(Bound { server, tool: Some(tool) }), Scope::Mcp { .. }) => {
                server.as_str() == self.server && self.names.contains(tool)
            }
            (Some(Bound { server, tool: None }), Scope::Mcp { tools, .. }) => {
                server.as_str() == self.server && self.is_among(tools)
            }
            (None, Scope::Mcp { tools, .. }) => !self.is_alias && self.is_among(tools),
            _ => false,
        }
    }

    /// Why a name of the app's own does not lead to this tool, where it does not.
    fn check_bound(&self, grants: &AppGrants) -> Result<(), Sentence> {
        let line = self.line();
        let Some(bound) = &self.bound else {
            // Where it began to stand for something only after the run had begun, the next one has it.
            return Err(match grants.bound(&line) {
                Some(_) => sentence::rule_mcp_rebound(&line),
                None => sentence::rule_mcp_unbound(&line),
            });
        };
        if grants.bound(&line) != Some(bound) {
            return Err(sentence::rule_mcp_rebound(&line));
        }
        let is_it =
            bound.server.as_str() == self.server && bound.tool.as_ref().is_none_or(|tool| self.names.contains(tool));
        is_it.then_some(()).ok_or_else(|| sentence::rule_mcp_bound_outside(&self.tool, &line, bound.to_string()))
    }

    /// Whether the tool is among those of a scope; none means all of its server.
    fn is_among(&self, tools: &[String]) -> bool {
        tools.is_empty() || tools.iter().any(|tool| self.names.contains(tool))
    }

    /// The tool as an owner names it for a grant.
    fn target(&self) -> String {
        format!("{}/{}", self.called, self.tool)
    }
}

impl Demand for McpDemand {
    fn word(&self) -> ScopeWord {
        ScopeWord::Mcp
    }

    fn line(&self) -> Line {
        self.scope(Vec::new()).line()
    }

    fn sentence(&self) -> Sentence {
        let bytes = Arg::Bytes(self.arguments.len() as u64);
        match self.labels.contains(BOTH) {
            true => sentence::ask_mcp_content(bytes, &self.tool, &self.server),
            false => sentence::ask_mcp(&self.tool, &self.server),
        }
    }

    fn labels(&self) -> Labels {
        // Whoever runs the server wrote what it answers.
        Labels::STRANGER
    }

    fn always_asks(&self) -> Option<Sentence> {
        (self.is_asked || self.labels.contains(BOTH)).then(|| self.sentence())
    }

    fn content(&self) -> Option<String> {
        Some(self.arguments.clone())
    }

    fn basis(&self, lease: &Lease, grants: &AppGrants, now: Timestamp) -> Result<(GrantState, Basis), Sentence> {
        let line = self.line();
        let holding = grants.holding(&line, now, Some(lease.run()));
        // What is blocked is blocked as a whole, whichever tools it was about.
        let found = holding.iter().find(|grant| grant.state == GrantState::Block || self.is_in(grant));
        if self.is_alias && !holding.is_empty() && found.is_none_or(|grant| grant.state != GrantState::Block) {
            self.check_bound(grants)?;
        }
        match (found, holding.is_empty()) {
            (Some(grant), _) => {
                let rule = match &grant.scope {
                    // Both names: what the app says, and what that is.
                    _ if self.is_alias => sentence::rule_grant(&line, format!("{}/{}", self.server, self.tool)),
                    Scope::Mcp { tools, .. } if !tools.is_empty() => sentence::rule_grant(&line, &self.tool),
                    _ => sentence::rule_grant_plain(&line),
                };
                Ok((grant.state, Basis::Grant { id: grant.id, rule }))
            }
            (None, true) => Err(sentence::rule_not_asked_for(&line)),
            (None, false) => Err(sentence::rule_mcp_outside(&self.tool, &line)),
        }
    }

    fn command(&self, lease: &Lease) -> String {
        // A switch has one word for all of its tools: the others go on as they are.
        let state = self.beside.filter(|state| *state == GrantState::Ask).unwrap_or(GrantState::Allow);
        let (app, line) = (lease.app(), self.line());
        if !self.is_alias {
            return format!("oikos grant {app} mcp={state}:{}", shell_word(&self.target()));
        }
        match (&self.bound, self.beside) {
            (None, _) => bind_command(app, &self.called),
            // An answer left it with less of its server than the app asks for.
            (Some(Bound { tool: None, .. }), Some(_)) if self.is_asked_for => {
                format!("oikos grant {app} {line}={state}:{}", self.server)
            }
            // What such a name stands for is all that it is for.
            (Some(_), Some(held)) if held != GrantState::Block => {
                let target = format!("{}/{}", self.server, self.tool);
                format!("oikos grant {app} {line}={state}:{}", shell_word(&target))
            }
            (Some(_), _) => format!("oikos grant {app} {line}={state}"),
        }
    }

    fn command_once_asked(&self, _: &Lease) -> Option<String> {
        // What a person has to see each time, no switch lets through unseen.
        let is_only_asked = self.is_asked && !self.labels.contains(BOTH);
        is_only_asked.then(|| format!("oikos mcp allow {} {}", self.server, shell_word(&self.tool)))
    }

    fn lasting(&self, standing: &Scope) -> Scope {
        match &self.bound {
            // It stands for this tool alone.
            Some(Bound { tool: Some(_), .. }) => standing.clone(),
            _ => self.scope(vec![self.tool.clone()]),
        }
    }
}

/// Whether nothing that the owner could grant would change a rule for the run that met it.
pub(crate) fn is_final(rule: &Sentence) -> bool {
    rule.code == "rule_mcp_rebound"
}

/// The command by which an owner says what an app's own name for a server stands for.
pub fn bind_command(app: &AppName, alias: &str) -> String {
    format!("oikos grant {app} mcp.{alias}=allow:SERVER/TOOL")
}

/// Reads what an owner writes for an app's own name for a server: `SERVER`, or `SERVER/TOOL`.
pub fn bound_target(target: &str) -> Result<(&str, Option<&str>), GrantError> {
    let (server, tool) = match target.split_once('/') {
        Some((server, tool)) => (server, Some(tool)),
        None => (target, None),
    };
    match server.is_empty() || tool.is_some_and(str::is_empty) {
        true => Err(GrantError::NoServer { target: protocol::text::shorten(target, 200) }),
        false => Ok((server, tool)),
    }
}

/// Reads what an owner writes for a grant of one tool: `SERVER/TOOL`.
pub fn tool_read(target: &str) -> Result<(&str, &str), GrantError> {
    let named = target.split_once('/').filter(|(server, tool)| !server.is_empty() && !tool.is_empty());
    named.ok_or_else(|| GrantError::NoTool { target: protocol::text::shorten(target, 200) })
}

/// The tools that a switch is for once the owner names one more. `before` is what it said, if it said the same: a tool that
/// is named under another word is all that this word is for.
pub fn tools_with(before: Option<&Scope>, named: &str) -> Vec<String> {
    let mut tools = match before {
        // All of them, and so this one too.
        Some(Scope::Mcp { tools, .. }) if tools.is_empty() => return Vec::new(),
        Some(Scope::Mcp { tools, .. }) => tools.clone(),
        _ => Vec::new(),
    };
    if !tools.iter().any(|tool| tool == named) {
        tools.push(named.to_owned());
    }
    tools
}

/// What an upgrade leaves of the tools that were granted: those that are still asked for, and those that the owner named and
/// nobody asked for before. `None`: nothing is left of them; a grant without a tool would stand for all.
pub fn tools_left(granted: &[String], before: &[String], asked: &[String]) -> Option<Vec<String>> {
    if granted.is_empty() {
        return Some(asked.to_vec());
    }
    let is_own = |tool: &String| !before.is_empty() && !before.contains(tool);
    let is_left = |tool: &&String| is_own(tool) || asked.is_empty() || asked.contains(tool);
    let left: Vec<String> = granted.iter().filter(is_left).cloned().collect();
    (!left.is_empty()).then_some(left)
}
