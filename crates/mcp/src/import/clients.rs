//! Where clients keep the servers they start: data, and the public page that says so.

use super::text::Dialect;
use serde::Serialize;
use std::fmt;

/// A program that starts or calls MCP servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// Anthropic's desktop app.
    ClaudeDesktop,
    /// Anthropic's command-line agent.
    ClaudeCode,
    /// The editor Cursor.
    Cursor,
    /// Visual Studio Code.
    VsCode,
    /// The editor Windsurf.
    Windsurf,
    /// The editor Zed.
    Zed,
}

impl Client {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 6] =
        [Self::ClaudeDesktop, Self::ClaudeCode, Self::Cursor, Self::VsCode, Self::Windsurf, Self::Zed];

    /// The word of the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ClaudeDesktop => "claude-desktop",
            Self::ClaudeCode => "claude-code",
            Self::Cursor => "cursor",
            Self::VsCode => "vscode",
            Self::Windsurf => "windsurf",
            Self::Zed => "zed",
        }
    }

    /// The client of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|client| client.word() == word)
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ClaudeDesktop => "Claude Desktop",
            Self::ClaudeCode => "Claude Code",
            Self::Cursor => "Cursor",
            Self::VsCode => "VS Code",
            Self::Windsurf => "Windsurf",
            Self::Zed => "Zed",
        })
    }
}

/// A system that clients run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// Linux.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl System {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Linux, Self::MacOs, Self::Windows];

    /// What Node.js and bundles call it.
    pub const fn platform(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::MacOs => "darwin",
            Self::Windows => "win32",
        }
    }

    /// What stands between the parts of a path.
    pub const fn separator(self) -> char {
        if matches!(self, Self::Windows) { '\\' } else { '/' }
    }
}

/// What a path begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The person's home.
    Home,
    /// The folder of settings: `$XDG_CONFIG_HOME` or `~/.config`, `~/Library/Application Support`, `%APPDATA%`.
    Config,
    /// A project's folder.
    Project,
}

/// The folders that paths begin with, as the caller found them.
#[derive(Clone, Debug)]
pub struct Roots {
    /// The system.
    pub system: System,
    /// The person's home.
    pub home: String,
    /// `$XDG_CONFIG_HOME` or `%APPDATA%`, where they are set.
    pub config: Option<String>,
    /// The folders in which to look for a project's own servers.
    pub projects: Vec<String>,
}

impl Roots {
    /// Joins the parts of a path, which are written with `/`, in the system's way.
    pub fn join(&self, folder: &str, rest: &str) -> String {
        let separator = self.system.separator();
        let folder = folder.trim_end_matches(['/', separator]);
        format!("{folder}{separator}{}", rest.replace('/', &separator.to_string()))
    }

    /// The folder of settings.
    pub fn config_folder(&self) -> String {
        match (self.system, &self.config) {
            (System::MacOs, _) => self.join(&self.home, "Library/Application Support"),
            (_, Some(config)) => config.clone(),
            (System::Linux, None) => self.join(&self.home, ".config"),
            (System::Windows, None) => self.join(&self.home, "AppData/Roaming"),
        }
    }
}

/// How a place holds servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// One JSON file, with the servers under this key.
    File(&'static str),
    /// A folder of folders, each with such a file.
    Folders(&'static str, &'static str),
    /// A folder of unpacked bundles, each with its `manifest.json`.
    Bundles,
}

/// One place in which a client keeps servers.
#[derive(Clone, Copy, Debug)]
pub struct Location {
    /// Whose it is.
    pub client: Client,
    /// Whom its servers are for, in the client's own words.
    pub scope: &'static str,
    /// What the path begins with on Linux, macOS and Windows, and how it goes on; none where there is no such place.
    pub paths: [Option<(Base, &'static str)>; 3],
    /// What is there.
    pub holding: Holding,
    /// The JSON that the client reads.
    pub dialect: Dialect,
    /// Whether `connect` writes here: the place for one person's servers in every project.
    pub is_connected: bool,
    /// The public page that says so.
    pub source: &'static str,
    /// What no public page of the client's makers says, and where it is known from.
    pub unverified: Option<&'static str>,
}

impl Location {
    /// The paths of this place here; one for each project where it is a project's.
    pub fn resolve(&self, roots: &Roots) -> Vec<String> {
        let Some((base, rest)) = self.paths[roots.system as usize] else { return Vec::new() };
        match base {
            Base::Home => vec![roots.join(&roots.home, rest)],
            Base::Config => vec![roots.join(&roots.config_folder(), rest)],
            Base::Project => roots.projects.iter().map(|project| roots.join(project, rest)).collect(),
        }
    }
}

const SERVERS: &str = "mcpServers";
const CLAUDE_DESKTOP: &str = "https://modelcontextprotocol.io/docs/develop/connect-local-servers";
const CLAUDE_BUNDLES: &str = "https://github.com/modelcontextprotocol/mcpb/blob/main/MANIFEST.md";
const CLAUDE_CODE: &str = "https://code.claude.com/docs/en/mcp";
const CURSOR: &str = "https://cursor.com/docs/context/mcp";
const VSCODE: &str = "https://code.visualstudio.com/docs/copilot/reference/mcp-configuration";
const WINDSURF: &str = "https://docs.windsurf.com/windsurf/cascade/mcp";
const ZED: &str = "https://zed.dev/docs/ai/mcp";

const fn same(base: Base, rest: &'static str) -> [Option<(Base, &'static str)>; 3] {
    [Some((base, rest)), Some((base, rest)), Some((base, rest))]
}

/// Every place that is known.
pub const fn clients() -> &'static [Location] {
    &LOCATIONS
}

const LOCATIONS: [Location; 13] = [
    Location {
        client: Client::ClaudeDesktop,
        scope: "user",
        paths: same(Base::Config, "Claude/claude_desktop_config.json"),
        holding: Holding::File(SERVERS),
        dialect: Dialect::Strict,
        is_connected: true,
        source: CLAUDE_DESKTOP,
        unverified: Some("the page names macOS and Windows; the path on Linux is what its packages there use"),
    },
    Location {
        client: Client::ClaudeDesktop,
        scope: "extension",
        paths: same(Base::Config, "Claude/Claude Extensions"),
        holding: Holding::Bundles,
        dialect: Dialect::Strict,
        is_connected: false,
        source: CLAUDE_BUNDLES,
        unverified: Some("the page defines what a bundle holds; the folder is known from tools that read it"),
    },
    Location {
        client: Client::ClaudeCode,
        scope: "user",
        paths: same(Base::Home, ".claude.json"),
        holding: Holding::File(SERVERS),
        dialect: Dialect::Strict,
        is_connected: true,
        source: CLAUDE_CODE,
        unverified: None,
    },
    Location {
        client: Client::ClaudeCode,
        scope: "project",
        paths: same(Base::Project, ".mcp.json"),
        holding: Holding::File(SERVERS),
        dialect: Dialect::Strict,
        is_connected: false,
        source: CLAUDE_CODE,
        unverified: None,
    },
    Location {
        client: Client::Cursor,
        scope: "global",
        paths: same(Base::Home, ".cursor/mcp.json"),
        holding: Holding::File(SERVERS),
        dialect: Dialect::Comments,
        is_connected: true,
        source: CURSOR,
        unverified: Some("that comments are allowed"),
    },
    Location {
        client: Client::Cursor,
        scope: "project",
        paths: same(Base::Project, ".cursor/mcp.json"),
        holding: Holding::File(SERVERS),
        dialect: Dialect::Comments,
        is_connected: false,
        source: CURSOR,
        unverified: Some("that comments are allowed"),
    },
    Location {
        client: Client::VsCode,
        scope: "user",
        paths: same(Base::Config, "Code/User/mcp.json"),
        holding: Holding::File("servers"),
        dialect: Dialect::Comments,
        is_connected: true,
        source: VSCODE,
        unverified: Some(
            "the page says 'user profile'; the folder is that of its settings.json, which \
             https://code.visualstudio.com/docs/configure/settings names",
        ),
    },
    Location {
        client: Client::VsCode,
        scope: "profile",
        paths: same(Base::Config, "Code/User/profiles"),
        holding: Holding::Folders("mcp.json", "servers"),
        dialect: Dialect::Comments,
        is_connected: false,
        source: VSCODE,
        unverified: Some("as for the user's"),
    },
    Location {
        client: Client::VsCode,
        scope: "workspace",
        paths: same(Base::Project, ".vscode/mcp.json"),
        holding: Holding::File("servers"),
        dialect: Dialect::Comments,
        is_connected: false,
        source: VSCODE,
        unverified: None,
    },
    Location {
        client: Client::Windsurf,
        scope: "user",
        paths: same(Base::Home, ".codeium/windsurf/mcp_config.json"),
        holding: Holding::File(SERVERS),
        dialect: Dialect::Strict,
        is_connected: true,
        source: WINDSURF,
        unverified: Some("that comments are not allowed"),
    },
    Location {
        client: Client::Windsurf,
        scope: "plugin",
        paths: same(Base::Home, ".codeium/mcp_config.json"),
        holding: Holding::File(SERVERS),
        dialect: Dialect::Strict,
        is_connected: false,
        source: "https://docs.windsurf.com/plugins/cascade/mcp",
        unverified: Some("that comments are not allowed"),
    },
    Location {
        client: Client::Zed,
        scope: "user",
        paths: [
            Some((Base::Config, "zed/settings.json")),
            Some((Base::Home, ".config/zed/settings.json")),
            Some((Base::Config, "Zed/settings.json")),
        ],
        holding: Holding::File("context_servers"),
        dialect: Dialect::Comments,
        is_connected: true,
        source: ZED,
        unverified: Some(
            "https://zed.dev/docs/configuring-zed names Linux and macOS; the path on Windows is that of \
             crates/paths in its source",
        ),
    },
    Location {
        client: Client::Zed,
        scope: "project",
        paths: same(Base::Project, ".zed/settings.json"),
        holding: Holding::File("context_servers"),
        dialect: Dialect::Comments,
        is_connected: false,
        source: ZED,
        unverified: None,
    },
];

/// The place that `connect` writes to.
pub fn connected(client: Client) -> &'static Location {
    clients()
        .iter()
        .find(|location| location.client == client && location.is_connected)
        .expect("every client has a place for its person's servers; a test says so")
}

/// The reference page that tells the table to people.
pub fn page() -> String {
    let mut page = String::from(
        "| client | for | Linux | macOS | Windows | what is there | source |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for location in clients() {
        let cells = System::ALL.map(|system| match location.paths[system as usize] {
            None => "–".to_owned(),
            Some((base, rest)) => {
                let base = match (base, system) {
                    (Base::Project, _) => "<project>",
                    (Base::Home, System::Windows) => "%USERPROFILE%",
                    (Base::Home, _) => "~",
                    (Base::Config, System::Linux) => "$XDG_CONFIG_HOME or ~/.config",
                    (Base::Config, System::MacOs) => "~/Library/Application Support",
                    (Base::Config, System::Windows) => "%APPDATA%",
                };
                format!("`{base}/{rest}`")
            }
        });
        let holding = match location.holding {
            Holding::File(key) => format!("servers under `{key}`"),
            Holding::Folders(file, key) => format!("a folder each, with `{file}`, servers under `{key}`"),
            Holding::Bundles => "a folder each, with the bundle's `manifest.json`".to_owned(),
        };
        let unverified = location.unverified.map(|what| format!("; not confirmed there: {what}")).unwrap_or_default();
        let [linux, mac, windows] = cells;
        page.push_str(&format!(
            "| {} | {} | {linux} | {mac} | {windows} | {holding} | <{}>{unverified} |\n",
            location.client, location.scope, location.source
        ));
    }
    page
}
