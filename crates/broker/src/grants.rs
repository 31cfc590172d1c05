//! What owners allowed.

use protocol::{AppName, GrantDuration, GrantId, GrantState, Line, RunId, Scope, Timestamp};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// A folder, with the identity that it had when it was granted: a name alone can be pointed elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Absolute and canonical.
    pub path: String,
    /// The file system it lies on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
}

/// What an owner says that an app's own name for a server stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// The server's app.
    pub server: AppName,
    /// One of its tools, where it stands for that alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
}

impl fmt::Display for Bound {
    /// As an owner writes it: `SERVER`, or `SERVER/TOOL`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tool {
            Some(tool) => write!(f, "{}/{tool}", self.server),
            None => write!(f, "{}", self.server),
        }
    }
}

/// What an owner said about one switch of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id, named by every record of what it allowed.
    pub id: GrantId,
    /// The switch.
    pub line: Line,
    /// What is covered.
    pub scope: Scope,
    /// Allow, ask or block.
    pub state: GrantState,
    /// How long.
    pub duration: GrantDuration,
    /// For files: the folders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<Folder>,
    /// For an app's own name for a server: what it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    /// When the owner said so.
    pub at: Timestamp,
}

impl Grant {
    fn holds(&self, now: Timestamp, run: Option<RunId>) -> bool {
        match self.duration {
            GrantDuration::Always => true,
            GrantDuration::Until(end) => now < end,
            GrantDuration::Run(only) => run == Some(only),
        }
    }
}

/// A grant that may not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The app's manifest does not ask for it.
    #[error("{app} does not ask for '{line}', so there is nothing to grant")]
    NotAskedFor {
        /// The app.
        app: String,
        /// The switch.
        line: String,
    },
    /// The folder belongs to oikos itself.
    #[error("{path} belongs to oikos' own data and can never be granted")]
    Protected {
        /// The folder.
        path: String,
    },
    /// Nobody is there to be asked when an app starts by itself.
    #[error("'{line}' cannot ask: nobody need be there when the app starts by itself; allow or block it")]
    NoAsk {
        /// The switch.
        line: String,
    },
    /// The target names no host.
    #[error("'{target}' names no host: {why}")]
    NoHost {
        /// What was given.
        target: String,
        /// What is wrong with it.
        why: String,
    },
    /// What is not granted is blocked already.
    #[error(
        "'{line}' is blocked as a whole, or not at all; leave out ':{target}', or allow the hosts that it may talk to"
    )]
    BlockTarget {
        /// The switch.
        line: String,
        /// What was given.
        target: String,
    },
    /// A host that neither the app asks for nor the owner named.
    #[error("'{target}' is none of the hosts that it may be left with: {known}")]
    NotAmongHosts {
        /// What was given.
        target: String,
        /// What there is.
        known: String,
    },
    /// No host at all.
    #[error("no host is left, which is not the same as a block")]
    NoHostLeft,
    /// Hosts and a host more.
    #[error("'{line}' can be left with some of its hosts, or get one more, not both at once")]
    OnlyAndTarget {
        /// The switch.
        line: String,
    },
    /// The target names no tool of a server.
    #[error("'{target}' names no tool of a server; write SERVER/TOOL, such as github/search_code")]
    NoTool {
        /// What was given.
        target: String,
    },
    /// The target names no server.
    #[error("'{target}' names no server; write SERVER or SERVER/TOOL, such as github/search_code")]
    NoServer {
        /// What was given.
        target: String,
    },
    /// A switch for a server by its own name stands for no other one.
    #[error(
        "'{line}' is the server of that name itself, so '{target}' is none of its tools; name one as {server}/TOOL"
    )]
    NoAlias {
        /// The switch.
        line: String,
        /// The server.
        server: String,
        /// What was given.
        target: String,
    },
    /// A tool cannot be taken out of a switch by blocking it.
    #[error(
        "'{line}' is blocked as a whole, or not at all; leave out ':{target}', or allow the tools that it may call"
    )]
    BlockTool {
        /// The switch.
        line: String,
        /// What was given.
        target: String,
    },
    /// Somebody else changed it meanwhile.
    #[error("'{line}' was changed meanwhile, so nothing was changed now")]
    Changed {
        /// The switch.
        line: String,
    },
    /// This switch has no targets.
    #[error("'{line}' has nothing to narrow it to; leave out ':{target}'")]
    NoTarget {
        /// The switch.
        line: String,
        /// What was given.
        target: String,
    },
}

/// What an app asks for and what its owner granted. Both are needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppGrants {
    /// What the installed version's manifest asks for.
    pub requested: Vec<Scope>,
    /// What the owner said: at most one standing grant a line, and temporary ones beside it.
    pub grants: Vec<Grant>,
}

impl AppGrants {
    /// Whether the manifest asks for a line.
    pub fn asks_for(&self, line: &Line) -> bool {
        self.requested.iter().any(|scope| scope.line() == *line)
    }

    /// What the owner says that a name of the app's own for a server stands for.
    pub fn bound(&self, line: &Line) -> Option<&Bound> {
        let standing = |grant: &&Grant| grant.line == *line && grant.duration == GrantDuration::Always;
        self.grants.iter().find(standing).filter(|_| self.asks_for(line))?.bound.as_ref()
    }

    /// The names of the app's own for servers, each with its switch.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, Line)> {
        self.requested.iter().filter_map(|scope| match scope {
            Scope::Mcp { server, alias: true, .. } => Some((server.as_str(), scope.line())),
            _ => None,
        })
    }

    /// Those of them that stand for something, with what that is.
    pub fn bounds(&self) -> BTreeMap<String, Bound> {
        self.aliases().filter_map(|(alias, line)| Some((alias.to_owned(), self.bound(&line)?.clone()))).collect()
    }

    /// The grant that holds for a line now: what the owner said last for a time goes before the standing one, and
    /// nothing holds that the manifest does not ask for.
    pub fn effective(&self, line: &Line, now: Timestamp, run: Option<RunId>) -> Option<&Grant> {
        if !self.asks_for(line) {
            return None;
        }
        // Grants stand in the order in which they were said; of equals, the last is the maximum.
        let holding = self.grants.iter().filter(|grant| grant.line == *line && grant.holds(now, run));
        holding.max_by_key(|grant| grant.duration != GrantDuration::Always)
    }

    /// All grants that hold for a line now, what the owner said last for a time first and the standing one last.
    pub fn holding(&self, line: &Line, now: Timestamp, run: Option<RunId>) -> Vec<&Grant> {
        if !self.asks_for(line) {
            return Vec::new();
        }
        let mut holding: Vec<&Grant> =
            self.grants.iter().rev().filter(|grant| grant.line == *line && grant.holds(now, run)).collect();
        holding.sort_by_key(|grant| grant.duration == GrantDuration::Always);
        holding
    }

    /// What the owner says now is what holds: a standing grant replaces all of its line, a temporary one goes before
    /// them while it lasts.
    pub fn set(&mut self, grant: Grant) {
        if grant.duration == GrantDuration::Always {
            self.grants.retain(|known| known.line != grant.line);
        }
        self.grants.push(grant);
    }

    /// Drops grants that can never hold again.
    pub fn prune(&mut self, now: Timestamp) {
        self.grants.retain(|grant| match grant.duration {
            GrantDuration::Always | GrantDuration::Run(_) => true,
            GrantDuration::Until(end) => now < end,
        });
    }
}
