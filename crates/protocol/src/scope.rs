//! What an app can ask for, and what an owner can say about it.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use utoipa::ToSchema;

/// Where code may run (S0). A deployment has one zone; an app lists those its author supports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// The owner's own machine: every app, under its grants.
    #[default]
    #[serde(alias = "LOCAL_SELF_HOSTED")]
    Local,
    /// Somebody else's servers: official apps only, without files and shell.
    #[serde(alias = "CLOUD_HOSTED")]
    Cloud,
    /// Only inside the page.
    Browser,
}

impl FromStr for Zone {
    type Err = crate::NameError;
    /// Reads a zone's name; accepts the sources' other names.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "local" | "LOCAL_SELF_HOSTED" => Ok(Self::Local),
            "cloud" | "CLOUD_HOSTED" => Ok(Self::Cloud),
            "browser" => Ok(Self::Browser),
            other => Err(crate::NameError {
                what: "zone",
                given: crate::text::shorten(other, 40),
                rule: "one of local, cloud, browser",
            }),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Local => "local",
            Self::Cloud => "cloud",
            Self::Browser => "browser",
        })
    }
}

/// The families of scopes, as `permissions` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeWord {
    /// Hosts on the network.
    Network,
    /// Files in folders.
    File,
    /// Programs with listed arguments.
    Shell,
    /// The clipboard.
    Clipboard,
    /// The graphics processor.
    Gpu,
    /// Language models, within a budget.
    Ai,
    /// The app's own key-value store.
    Storage,
    /// Tools of MCP servers.
    Mcp,
    /// Events of the bus.
    Event,
    /// A named secret, bound to hosts.
    Secret,
    /// An own page in a frame.
    View,
}

impl ScopeWord {
    /// All families.
    pub const ALL: [Self; 11] = [
        Self::Network,
        Self::File,
        Self::Shell,
        Self::Clipboard,
        Self::Gpu,
        Self::Ai,
        Self::Storage,
        Self::Mcp,
        Self::Event,
        Self::Secret,
        Self::View,
    ];

    /// The word in `permissions.json`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::File => "file",
            Self::Shell => "shell",
            Self::Clipboard => "clipboard",
            Self::Gpu => "gpu",
            Self::Ai => "ai",
            Self::Storage => "storage",
            Self::Mcp => "mcp",
            Self::Event => "event",
            Self::Secret => "secret",
            Self::View => "view",
        }
    }

    /// The family that a word means; accepts the sources' other names (`fs`, `filesystem`, `fileSystem`, `docker`).
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "fs" | "filesystem" | "fileSystem" => Some(Self::File),
            "docker" => Some(Self::Shell),
            _ => Self::ALL.into_iter().find(|known| known.word() == word),
        }
    }
}

/// Reading or writing. Writing does not include reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileAccess {
    /// Read and list.
    Read,
    /// Create, change and remove (removed and overwritten files go to the trash).
    Write,
}

/// Which requests a network scope covers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HostRule {
    /// An exact host name or address, or `*.` and a name: all names below it. In a grant, `*` alone is any public host.
    pub host: String,
    /// The port; absent means 443.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Methods, upper case; empty means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// Path prefixes; empty means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// The owner named it: then it may lie on their own machine or network. No manifest can say so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_owner: bool,
}

/// One thing that an app asks for, in full. A grant holds the same form, narrowed by the owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "scope", rename_all = "snake_case")]
pub enum Scope {
    /// Files in folders. As a request, `folders` are the author's proposals (none: the owner picks); as a grant,
    /// absolute paths.
    File {
        /// Reading or writing.
        access: FileAccess,
        /// The folders.
        #[serde(default)]
        folders: Vec<String>,
    },
    /// The app's own key-value store.
    Storage {
        /// Bytes of keys and values together.
        quota_bytes: u64,
    },
    /// Hosts on the network; no rule means any public host.
    Network {
        /// What is covered.
        #[serde(default)]
        rules: Vec<HostRule>,
    },
    /// Programs: a fixed program and the arguments it may be given. No rule: each call is asked.
    Shell {
        /// Argument patterns, the program first; `*` stands for one argument that is no option, `--name=*` for an option with
        /// any value; behind `--`, `*` stands for any argument.
        #[serde(default)]
        commands: Vec<Vec<String>>,
    },
    /// The clipboard.
    Clipboard {
        /// Reading or writing.
        access: FileAccess,
    },
    /// The graphics processor.
    Gpu,
    /// Language models.
    Ai {
        /// Model names; none means the owner's default.
        #[serde(default)]
        models: Vec<String>,
        /// Millionths of the budget's currency per day; none means the default budget.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget_micros: Option<u64>,
    },
    /// Tools of an MCP server.
    Mcp {
        /// The server's name.
        server: String,
        /// The tools; none means all.
        #[serde(default)]
        tools: Vec<String>,
        /// It is a name of the app's own (`dependencies: ["mcp.NAME"]`): the owner says which server, or which of its tools, it
        /// stands for.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        alias: bool,
    },
    /// Topics of the bus. As a grant, it holds what one switch governs: see [`Scope::switches`].
    Event {
        /// Topics the app may publish.
        #[serde(default)]
        publish: Vec<String>,
        /// Topics the app hears.
        #[serde(default)]
        listen: Vec<String>,
    },
    /// Being started by what a person writes in a chat. Asked for by `trigger.regex` of the manifest.
    Trigger {
        /// The pattern that a message has to match.
        regex: String,
        /// Whether it matches about anything: then the app reads every message.
        reads_all: bool,
    },
    /// Being started by the clock. Asked for by `trigger.schedule` of the manifest.
    Schedule {
        /// Five fields of cron, in the owner's time zone.
        cron: String,
    },
    /// A named secret, sent to its hosts only.
    Secret {
        /// The secret's name.
        name: String,
        /// Where it may go.
        #[serde(default)]
        hosts: Vec<String>,
    },
    /// An own page in a frame.
    View,
}

/// Programs that run whatever they are told to.
const INTERPRETERS: &[&str] = &[
    "ash",
    "awk",
    "bash",
    "bun",
    "bunx",
    "busybox",
    "cmd",
    "csh",
    "dash",
    "deno",
    "doas",
    "docker",
    "env",
    "expect",
    "fish",
    "gawk",
    "ksh",
    "lua",
    "luajit",
    "mawk",
    "node",
    "nodejs",
    "npm",
    "npx",
    "osascript",
    "parallel",
    "perl",
    "php",
    "podman",
    "powershell",
    "pwsh",
    "pypy",
    "python",
    "ruby",
    "script",
    "setsid",
    "sh",
    "ssh",
    "su",
    "sudo",
    "tclsh",
    "tcsh",
    "timeout",
    "toybox",
    "uv",
    "uvx",
    "watch",
    "xargs",
    "zsh",
];

/// Whether a program runs whatever it is told to, by its name: a pattern says nothing of what it does. Numbers of versions at
/// the end do not matter (`python3.11`).
pub fn runs_anything(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or_default();
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
    INTERPRETERS.contains(&name) || INTERPRETERS.contains(&plain)
}

/// Whether a folder that an author proposes holds far more than one app needs: a home, a drive, the root.
pub fn is_wide_folder(folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    let depth = folder.split('/').filter(|part| !part.is_empty()).count();
    matches!(folder, "" | "~" | "$HOME" | "." | "*" | "**") || (folder.starts_with('/') && depth <= 2)
}

impl Scope {
    /// The family.
    pub const fn word(&self) -> ScopeWord {
        match self {
            Self::File { .. } => ScopeWord::File,
            Self::Storage { .. } => ScopeWord::Storage,
            Self::Network { .. } => ScopeWord::Network,
            Self::Shell { .. } => ScopeWord::Shell,
            Self::Clipboard { .. } => ScopeWord::Clipboard,
            Self::Gpu => ScopeWord::Gpu,
            Self::Ai { .. } => ScopeWord::Ai,
            Self::Mcp { .. } => ScopeWord::Mcp,
            Self::Event { .. } | Self::Trigger { .. } | Self::Schedule { .. } => ScopeWord::Event,
            Self::Secret { .. } => ScopeWord::Secret,
            Self::View => ScopeWord::View,
        }
    }

    /// The switch on the card that governs this scope.
    pub fn line(&self) -> Line {
        match self {
            Self::File { access: FileAccess::Read, .. } => Line::of("file.read"),
            Self::File { access: FileAccess::Write, .. } => Line::of("file.write"),
            Self::Clipboard { access: FileAccess::Read } => Line::of("clipboard.read"),
            Self::Clipboard { access: FileAccess::Write } => Line::of("clipboard.write"),
            Self::Mcp { server, .. } => Line(format!("mcp.{server}")),
            Self::Secret { name, .. } => Line(format!("secret.{name}")),
            Self::Event { publish, listen } => match (publish.is_empty(), listen.is_empty()) {
                (false, true) => Line::of("event.publish"),
                (true, false) if listen.iter().all(|topic| is_chat(topic)) => Line::of("event.chat"),
                (true, false) => Line::of("event.listen"),
                _ => Line::of("event"),
            },
            Self::Trigger { .. } => Line::of("event.trigger"),
            Self::Schedule { .. } => Line::of("event.schedule"),
            other => Line::of(other.word().word()),
        }
    }
}

impl Scope {
    /// The scope as the switches of a card have it: sending events, hearing them and reading chats are three different
    /// things to say yes to. Any other scope is one switch.
    pub fn switches(self) -> Vec<Self> {
        let Self::Event { publish, listen } = self else { return vec![self] };
        let (chat, other) = listen.into_iter().partition(|topic| is_chat(topic));
        let event = |publish, listen| Self::Event { publish, listen };
        [event(publish, vec![]), event(vec![], other), event(vec![], chat)]
            .into_iter()
            .filter(
                |scope| !matches!(scope, Self::Event { publish, listen } if publish.is_empty() && listen.is_empty()),
            )
            .collect()
    }

    /// Whether it lets an app be started without a person: nobody is there to be asked, so it is on or off.
    pub fn is_start(&self) -> bool {
        match self {
            Self::Event { listen, .. } => !listen.is_empty(),
            Self::Trigger { .. } | Self::Schedule { .. } => true,
            _ => false,
        }
    }
}

/// Whether a topic tells what a person writes or shows in a chat.
fn is_chat(topic: &str) -> bool {
    topic.split('.').next() == Some("user")
}

/// The name of one switch on a card: `file.read`, `storage`, `mcp.github` … An app has at most one grant per line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Line(String);

impl Line {
    fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The line as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a word of the command line means this line: the line itself, or its whole family (`file`).
    pub fn matches(&self, word: &str) -> bool {
        self.0 == word
            || self.0.split_once('.').is_some_and(|(family, rest)| {
                family == word
                    || ScopeWord::from_word(word).is_some_and(|known| known.word() == family)
                    || word.split_once('.').is_some_and(|(given, given_rest)| {
                        given_rest == rest && ScopeWord::from_word(given).is_some_and(|known| known.word() == family)
                    })
            })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A scope as a manifest asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScopeRequest {
    /// What is asked for.
    #[serde(flatten)]
    pub scope: Scope,
    /// The author's reason, shown escaped and marked as theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What the owner said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    /// Go ahead.
    Allow,
    /// Ask a person each time.
    Ask,
    /// Never.
    Block,
}

impl fmt::Display for GrantState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Block => "block",
        })
    }
}

impl FromStr for GrantState {
    type Err = crate::NameError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "allow" => Ok(Self::Allow),
            "ask" => Ok(Self::Ask),
            "block" => Ok(Self::Block),
            other => Err(crate::NameError {
                what: "grant",
                given: crate::text::shorten(other, 40),
                rule: "one of allow, ask, block",
            }),
        }
    }
}

/// How long an answer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "for", content = "until")]
pub enum GrantDuration {
    /// Until the owner changes it.
    Always,
    /// Until a moment.
    Until(crate::Timestamp),
    /// For one run.
    Run(crate::RunId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_word_means_all_its_lines() {
        let line = Scope::File { access: FileAccess::Read, folders: vec![] }.line();
        for word in ["file.read", "file", "fs", "fileSystem", "fs.read"] {
            assert!(line.matches(word), "{word}");
        }
        for word in ["file.write", "storage", "read", "", "file.", ".read"] {
            assert!(!line.matches(word), "{word}");
        }
    }

    #[test]
    fn a_zone_has_the_names_of_the_sources_too() {
        for (word, zone) in [
            ("local", Zone::Local),
            ("LOCAL_SELF_HOSTED", Zone::Local),
            ("cloud", Zone::Cloud),
            ("CLOUD_HOSTED", Zone::Cloud),
            ("browser", Zone::Browser),
        ] {
            assert_eq!(word.parse(), Ok(zone), "{word}");
            let read: Zone = serde_json::from_value(word.into()).expect("reads");
            assert_eq!(read, zone, "{word}");
        }
        assert!("LOCAL".parse::<Zone>().is_err());
    }

    #[test]
    fn sending_hearing_and_reading_chats_are_three_switches() {
        let topics = |topics: &[&str]| topics.iter().map(|topic| (*topic).to_owned()).collect::<Vec<_>>();
        let check = |publish: &[&str], listen: &[&str], expected: &[&str]| {
            let scope = Scope::Event { publish: topics(publish), listen: topics(listen) };
            let lines: Vec<String> = scope.switches().iter().map(|scope| scope.line().to_string()).collect();
            assert_eq!(lines, expected);
        };
        check(&["a.b"], &["system.tick", "user.message"], &["event.publish", "event.listen", "event.chat"]);
        check(&["a.b"], &[], &["event.publish"]);
        check(&[], &["user.*", "user.image"], &["event.chat"]);
        check(&[], &["users.joined"], &["event.listen"]);
        check(&[], &[], &[]);
        assert_eq!(Scope::Gpu.switches(), [Scope::Gpu]);
    }

    #[test]
    fn every_family_has_its_word() {
        for word in ScopeWord::ALL {
            assert_eq!(ScopeWord::from_word(word.word()), Some(word));
        }
        assert_eq!(ScopeWord::from_word("docker"), Some(ScopeWord::Shell));
        assert_eq!(ScopeWord::from_word("fil"), None);
    }
}
