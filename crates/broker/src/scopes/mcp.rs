//! Demands to call a tool of an MCP server: which tools a switch covers, and what a person sees before it is called.
//!
//! Everything here is about names and words. Which tool a name stands for was found out before, and the arguments are the
//! text that is sent: what was decided on and shown is what the server gets.

use super::{Demand, file::shell_word};
use crate::{AppGrants, Basis, GrantError, Lease};
use protocol::{Arg, GrantState, Labels, Line, Scope, ScopeWord, Sentence, Timestamp, sentence};

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
    /// The owner wants to be asked before anybody calls this tool.
    is_asked: bool,
    /// Labels of everything that the run had read when it was decided; set by the decision.
    labels: Labels,
    /// The switch asks, and is for other tools than this one; found by the decision.
    is_beside: bool,
}

impl McpDemand {
    /// Sending `arguments` to `tool` of `server`.
    pub fn new(server: impl Into<String>, tool: impl Into<String>, arguments: impl Into<String>) -> Self {
        let (server, tool) = (server.into(), tool.into());
        Self {
            names: vec![tool.clone()],
            called: server.clone(),
            server,
            tool,
            arguments: arguments.into(),
            is_asked: false,
            labels: Labels::NONE,
            is_beside: false,
        }
    }

    /// The same tool has further names.
    #[must_use]
    pub fn known_as(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.names.extend(names);
        self
    }

    /// Its owner wants to be asked before anybody calls it.
    #[must_use]
    pub fn asked(mut self, is_asked: bool) -> Self {
        self.is_asked = is_asked;
        self
    }

    fn scope(&self, tools: Vec<String>) -> Scope {
        Scope::Mcp { server: self.called.clone(), tools }
    }

    pub(crate) fn resolve(&mut self, lease: &Lease, grants: &AppGrants, now: Timestamp) -> Result<(), Sentence> {
        self.labels = lease.labels();
        let standing = grants.effective(&self.line(), now, Some(lease.run()));
        self.is_beside = standing.is_some_and(|grant| match &grant.scope {
            Scope::Mcp { tools, .. } => grant.state == GrantState::Ask && !self.is_among(tools),
            _ => false,
        });
        Ok(())
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
        let covers = |grant: &&&crate::Grant| match &grant.scope {
            Scope::Mcp { tools, .. } => self.is_among(tools),
            _ => false,
        };
        // What is blocked is blocked as a whole, whichever tools it was about.
        let found = holding.iter().find(|grant| covers(grant) || grant.state == GrantState::Block);
        match (found, holding.is_empty()) {
            (Some(grant), _) => {
                let rule = match &grant.scope {
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
        let state = if self.is_beside { GrantState::Ask } else { GrantState::Allow };
        format!("oikos grant {} mcp={state}:{}", lease.app(), shell_word(&self.target()))
    }

    fn command_once_asked(&self, _: &Lease) -> Option<String> {
        // What a person has to see each time, no switch lets through unseen.
        let is_only_asked = self.is_asked && !self.labels.contains(BOTH);
        is_only_asked.then(|| format!("oikos mcp allow {} {}", self.server, shell_word(&self.tool)))
    }

    fn lasting(&self, _: &Scope) -> Scope {
        self.scope(vec![self.tool.clone()])
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
