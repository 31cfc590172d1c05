//! `manifest.json` and `kimai.json` as one type.

use crate::{
    document::{Document, Part, escape_segment},
    finding::{Finding, quote},
    form::Form,
    npm::{Npm, disagreement},
    page::{PAGE_ENTRY, is_page},
    settings::{Settings, read_settings},
    trigger::{Trigger, read_triggers},
    warning::Warning,
};
use protocol::{ActionName, AppName, ErrorCode, LimitChanges, Zone, text};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// What a manifest says, but for its permissions. What later versions of oikos act on is carried as it is.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The app's name: `id` of a mini-app, `name` of a plugin.
    pub name: AppName,
    /// The title, in the author's words: `name` of a mini-app. A plugin has none but its name.
    pub title: String,
    /// The version; 0.0.0 when none is given.
    pub version: semver::Version,
    /// What it does, in the author's words.
    pub description: Option<String>,
    /// Who made it: a claim.
    pub developer: Option<String>,
    /// Where a market would list it.
    pub category: Option<String>,
    /// `runtime`: where its author supports it.
    pub zones: Vec<Zone>,
    /// What else has to be there.
    pub dependencies: Vec<Dependency>,
    /// What starts it beside a person.
    pub triggers: Vec<Trigger>,
    /// What draws its data.
    pub renderer: Option<String>,
    /// The code to start.
    pub entry: Entry,
    /// Functions to call at the steps of its life.
    pub hooks: BTreeMap<Hook, ActionName>,
    /// Requests that it answers.
    pub routes: Vec<Route>,
    /// What the owner can set.
    pub settings: Option<Settings>,
    /// Bounds it asks for beside the defaults.
    pub limits: LimitChanges,
    /// Versions of oikos that it works with.
    pub engines_oikos: Option<semver::VersionReq>,
    /// The key that the author says signs it: a claim.
    pub publisher: Option<String>,
}

impl Manifest {
    /// The names of its own that it has for tools of servers.
    pub fn aliases(&self) -> Vec<&str> {
        let aliases = self.dependencies.iter().filter_map(|dependency| match dependency {
            Dependency::Mcp(alias) => Some(alias.as_str()),
            Dependency::Other(_) => None,
        });
        aliases.collect()
    }
}

/// Something that has to be there beside the app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dependency {
    /// A tool of an MCP server, by the alias that the owner binds to it: `mcp.search_web`.
    Mcp(String),
    /// Anything else; nothing is known that could be there under this name.
    Other(String),
}

impl Dependency {
    fn read(written: String) -> Self {
        match written.strip_prefix("mcp.") {
            Some(alias) => Self::Mcp(alias.to_owned()),
            None => Self::Other(written),
        }
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mcp(alias) => write!(f, "mcp.{alias}"),
            Self::Other(written) => f.write_str(written),
        }
    }
}

/// A step of an app's life at which a function of it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hook {
    /// After it was installed.
    Postinstall,
    /// When it is loaded; the exported `activate` where none is named.
    Activate,
    /// Before another version takes its place: a function of the version that goes.
    Preupgrade,
    /// When it takes another version's place: a function of the version that comes.
    Postupgrade,
    /// At the end of an upgrade, to say whether it works; the exported `health` where none is named.
    Health,
    /// When it is disabled; the exported `deactivate` where none is named.
    Deactivate,
    /// Before it is removed.
    Preuninstall,
}

impl Hook {
    /// Every step, in the order in which they come.
    pub const ALL: [Self; 7] = [
        Self::Postinstall,
        Self::Activate,
        Self::Preupgrade,
        Self::Postupgrade,
        Self::Health,
        Self::Deactivate,
        Self::Preuninstall,
    ];

    /// The name under which an image exports what is called at this step, but for `activate`. No action's name has a `$`.
    pub fn export(self) -> String {
        format!("$hook_{}", self.word())
    }

    /// The key in the manifest.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Postinstall => "postinstall",
            Self::Activate => "activate",
            Self::Preupgrade => "preupgrade",
            Self::Postupgrade => "postupgrade",
            Self::Health => "health",
            Self::Deactivate => "deactivate",
            Self::Preuninstall => "preuninstall",
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The code to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A JavaScript module of the package.
    Module(String),
    /// A WebAssembly component of the package.
    Component(String),
    /// A program.
    Program(Program),
    /// An MCP server at an address.
    Server(Server),
    /// An HTML document of the package, where that is all of the app.
    Page(String),
}

impl Entry {
    /// Whether it is an MCP server, which says itself what it has.
    pub fn is_server(&self) -> bool {
        match self {
            Self::Server(_) => true,
            Self::Program(program) => program.speaks == Speaks::Mcp,
            Self::Module(_) | Self::Component(_) | Self::Page(_) => false,
        }
    }
}

/// A program that serves the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Itself first, then its arguments.
    pub command: Vec<String>,
    /// What it speaks on its standard streams.
    pub speaks: Speaks,
    /// What it finds in its environment beside what every program has.
    pub environment: BTreeMap<String, Given>,
}

/// What a program speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaks {
    /// The JSON-RPC methods of oikos.
    #[default]
    Oikos,
    /// The Model Context Protocol.
    Mcp,
}

/// An MCP server at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where.
    pub url: String,
    /// Whether it speaks only the older HTTP with events.
    pub is_older: bool,
    /// Headers of each request.
    pub headers: BTreeMap<String, Given>,
}

/// A text that a program or a server gets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Given {
    /// As it is.
    Text(String),
    /// What the owner set.
    Setting {
        /// The setting.
        setting: String,
        /// What stands in front of it.
        #[serde(default)]
        prefix: String,
    },
}

/// A request that the app answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Route {
    /// The method, upper case.
    pub method: String,
    /// The path.
    pub path: String,
}

/// One piece of a route's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoutePiece<'a> {
    /// Just this text.
    Literal(&'a str),
    /// Any text, by this name.
    Parameter(&'a str),
}

impl Route {
    /// The pieces of its path; of `/` there are none.
    pub fn pieces(&self) -> impl Iterator<Item = RoutePiece<'_>> {
        let pieces = self.path.split('/').filter(|piece| !piece.is_empty());
        pieces.map(|piece| piece.strip_prefix(':').map_or(RoutePiece::Literal(piece), RoutePiece::Parameter))
    }

    /// Whether what one takes the other takes as well, in each piece.
    fn is_like(&self, other: &Self) -> bool {
        let shape = |route: &Self| -> Vec<Option<String>> {
            let literal = |piece| match piece {
                RoutePiece::Literal(text) => Some(str::to_owned(text)),
                RoutePiece::Parameter(_) => None,
            };
            route.pieces().map(literal).collect()
        };
        self.method == other.method && shape(self) == shape(other)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// The keys as they are written; the schema has checked them. The app's name is read beside them: its key depends on the
/// form.
#[derive(Deserialize)]
struct Written {
    name: Option<String>,
    version: Option<String>,
    description: Option<String>,
    developer: Option<String>,
    category: Option<String>,
    runtime: Option<Vec<Zone>>,
    #[serde(default)]
    dependencies: Vec<String>,
    renderer: Option<String>,
    entry: Option<WrittenEntry>,
    #[serde(default)]
    hooks: BTreeMap<Hook, ActionName>,
    #[serde(default)]
    routes: Vec<Route>,
    #[serde(default)]
    limits: LimitChanges,
    #[serde(default)]
    engines: Engines,
    publisher: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenEntry {
    File(String),
    Command(WrittenCommand),
}

#[derive(Deserialize)]
struct WrittenCommand {
    command: Option<Vec<String>>,
    protocol: Option<Speaks>,
    #[serde(default)]
    environment: BTreeMap<String, Given>,
    url: Option<String>,
    transport: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Given>,
}

#[derive(Default, Deserialize)]
struct Engines {
    oikos: Option<String>,
}

impl Manifest {
    /// Reads a manifest that fits its schema, with what `package.json` adds to it.
    pub(crate) fn read(
        form: Form,
        file: &Document<'_>,
        npm: Option<(&Document<'_>, &Npm)>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, Vec<Finding>> {
        let written = match Written::deserialize(&file.value) {
            Ok(written) => written,
            Err(error) => return Err(vec![file.finding("", Part::Value, text::escape(&error.to_string()))]),
        };
        let mut findings = Vec::new();
        let name_key = form.name_key();
        for (key, npm_key, given) in [
            (name_key, "name", npm.map(|(file, npm)| (file, npm.name()))),
            ("version", "version", npm.map(|(file, npm)| (file, npm.version()))),
        ] {
            findings.extend(disagreement(file, key, given, npm_key));
        }
        let name = file.value.get(name_key).and_then(Value::as_str).or_else(|| npm.and_then(|(_, npm)| npm.name()));
        let name = match name.map(str::parse::<AppName>) {
            Some(Ok(name)) => Some(name),
            Some(Err(error)) => {
                findings.push(file.finding(&format!("/{name_key}"), Part::Value, error.to_string()));
                None
            }
            None => {
                let message = format!("the key {} is missing here", quote(name_key));
                let hint = "its name is here or in package.json".to_owned();
                findings.push(file.finding_with("", Part::Value, message, Some(hint)));
                None
            }
        };
        let version = read_version(file, written.version.as_deref(), npm, warnings, &mut findings);
        let engines_oikos = read_engines(file, written.engines.oikos.as_deref(), &mut findings);
        let zones = written.runtime.unwrap_or_else(|| vec![Zone::Local]);
        for (index, zone) in zones.iter().enumerate().filter(|(index, zone)| zones[..*index].contains(zone)) {
            findings.push(file.finding(&format!("/runtime/{index}"), Part::Value, format!("this is {zone} once more")));
        }
        let entry = read_entry(form, file, written.entry, &mut findings);
        findings.extend(routes_check(file, &written.routes));
        let triggers = read_triggers(file, warnings).map_err(|found| findings.extend(found)).unwrap_or_default();
        let settings = read_settings(file).map_err(|found| findings.extend(found)).unwrap_or_default();
        findings.extend(given_check(file, &entry, settings.as_ref()));
        let (Some(name), true) = (name, findings.is_empty()) else { return Err(findings) };
        let npm = npm.map(|(_, npm)| npm);
        Ok(Self {
            title: match form {
                Form::MiniApp => written.name.unwrap_or_else(|| name.to_string()),
                Form::Plugin => name.to_string(),
            },
            name,
            version,
            description: written.description.or_else(|| npm?.description()),
            developer: written.developer.or_else(|| npm?.author()),
            category: written.category,
            zones,
            dependencies: written.dependencies.into_iter().map(Dependency::read).collect(),
            triggers,
            renderer: written.renderer,
            entry,
            hooks: written.hooks,
            routes: written.routes,
            settings,
            limits: written.limits,
            engines_oikos,
            publisher: written.publisher,
        })
    }
}

/// What is started, or opened where that is all of the app. Which of the two it is, `runtime` says.
fn read_entry(form: Form, file: &Document<'_>, written: Option<WrittenEntry>, findings: &mut Vec<Finding>) -> Entry {
    const AT: &str = "/entry";
    let is_page = is_page(file);
    let entry = match written {
        None if is_page => Entry::Page(PAGE_ENTRY.to_owned()),
        None => Entry::Module(form.entry().to_owned()),
        Some(WrittenEntry::File(path)) if path.ends_with(".html") => Entry::Page(path),
        Some(WrittenEntry::File(path)) if path.ends_with(".wasm") => Entry::Component(path),
        Some(WrittenEntry::File(path)) => Entry::Module(path),
        Some(WrittenEntry::Command(written)) => match read_command(file, written) {
            Ok(entry) => entry,
            Err(finding) => {
                findings.push(*finding);
                return Entry::Module(form.entry().to_owned());
            }
        },
    };
    let (message, hint) = match (is_page, matches!(entry, Entry::Page(_))) {
        (true, false) => (
            "an app of the browser has no code on this machine: what it opens is an HTML file of its package",
            format!("\"entry\": \"{PAGE_ENTRY}\", or add \"local\" to \"runtime\""),
        ),
        (false, true) => (
            "only an app of the browser, which runs nowhere else, is an HTML file",
            "\"runtime\": [\"browser\"]; for an app with code and a page, permission \"view\"".to_owned(),
        ),
        _ => return entry,
    };
    findings.push(file.finding_with(AT, Part::Value, message, Some(hint)));
    entry
}

/// A program or a server, which have different things beside them.
fn read_command(file: &Document<'_>, written: WrittenCommand) -> Result<Entry, Box<Finding>> {
    let wrong = |at: &str, message: &str, hint: &str| {
        Err(Box::new(file.finding_with(at, Part::Key, message.to_owned(), Some(hint.to_owned()))))
    };
    let WrittenCommand { command, protocol, environment, url, transport, headers } = written;
    match (command, url) {
        (Some(_), Some(_)) => wrong(
            "/entry/url",
            "a program is started and a server is reached: it is one of the two",
            "leave one of them out",
        ),
        (None, None) => {
            wrong("/entry", "nothing to start", "\"command\": [program, arguments …], or \"url\" of an MCP server")
        }
        (Some(command), None) => {
            if transport.is_some() || !headers.is_empty() {
                let at = if transport.is_some() { "/entry/transport" } else { "/entry/headers" };
                return wrong(
                    at,
                    "a program is spoken with over its standard streams",
                    "\"url\" names a server that is reached over HTTP",
                );
            }
            Ok(Entry::Program(Program { command, speaks: protocol.unwrap_or_default(), environment }))
        }
        (None, Some(url)) => {
            if protocol == Some(Speaks::Oikos) {
                return wrong(
                    "/entry/protocol",
                    "only the Model Context Protocol is spoken over HTTP",
                    "\"protocol\": \"mcp\"",
                );
            }
            if !environment.is_empty() {
                return wrong(
                    "/entry/environment",
                    "nothing is started here that would have an environment",
                    "\"headers\" are sent along",
                );
            }
            Ok(Entry::Server(Server { url, is_older: transport.as_deref() == Some("sse"), headers }))
        }
    }
}

/// Whether what a program or a server gets is there to be set.
fn given_check(file: &Document<'_>, entry: &Entry, settings: Option<&Settings>) -> Vec<Finding> {
    let (at, all) = match entry {
        Entry::Program(program) => ("/entry/environment", &program.environment),
        Entry::Server(server) => ("/entry/headers", &server.headers),
        Entry::Module(_) | Entry::Component(_) | Entry::Page(_) => return Vec::new(),
    };
    let missing = all.iter().filter_map(|(name, given)| match given {
        Given::Setting { setting, .. } if settings.and_then(|settings| settings.field(setting)).is_none() => {
            Some((name, setting))
        }
        _ => None,
    });
    missing
        .map(|(name, setting)| {
            let message = format!("there is no setting '{setting}'");
            let hint = format!("\"settings\": {{\"properties\": {{\"{setting}\": {{\"type\": \"string\"}}}}}}");
            file.finding_with(&format!("{at}/{}", escape_segment(name)), Part::Value, message, Some(hint))
        })
        .collect()
}

/// Routes that nobody could tell apart, and names that stand for two pieces of one path.
fn routes_check(file: &Document<'_>, routes: &[Route]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        let at = format!("/routes/{index}/path");
        if let Some(before) = routes[..index].iter().find(|before| before.is_like(route)) {
            findings.push(file.finding(&at, Part::Value, format!("{before} takes just the same requests")));
        }
        let mut names: Vec<&str> = Vec::new();
        for piece in route.pieces() {
            let RoutePiece::Parameter(name) = piece else { continue };
            if names.contains(&name) {
                findings.push(file.finding(&at, Part::Value, format!("':{name}' stands there twice")));
            }
            names.push(name);
        }
    }
    findings
}

fn read_version(
    file: &Document<'_>,
    written: Option<&str>,
    npm: Option<(&Document<'_>, &Npm)>,
    warnings: &mut Vec<Warning>,
    findings: &mut Vec<Finding>,
) -> semver::Version {
    let none = semver::Version::new(0, 0, 0);
    let given = match (written, npm) {
        (Some(version), _) => (file, version),
        (None, Some((npm_file, npm))) if npm.version().is_some() => (npm_file, npm.version().unwrap_or_default()),
        _ => {
            warnings.push(
                Warning::in_file(file.name, "no version is given, so 0.0.0 is assumed")
                    .hint("add \"version\": \"0.1.0\"; publishing needs one"),
            );
            return none;
        }
    };
    semver::Version::parse(given.1).unwrap_or_else(|error| {
        let message = format!("not a semantic version: {}", text::escape(&error.to_string()));
        findings.push(given.0.finding("/version", Part::Value, message));
        none
    })
}

/// The range of versions, which this one has to be in.
fn read_engines(file: &Document<'_>, range: Option<&str>, findings: &mut Vec<Finding>) -> Option<semver::VersionReq> {
    const AT: &str = "/engines/oikos";
    let range = range?;
    let required = match semver::VersionReq::parse(range) {
        Ok(required) => required,
        Err(error) => {
            let message = format!("not a range of versions: {}", text::escape(&error.to_string()));
            let hint = Some("such as \">=0.1, <2\"".to_owned());
            findings.push(file.finding_with(AT, Part::Value, message, hint));
            return None;
        }
    };
    let ours = semver::Version::parse(env!("CARGO_PKG_VERSION")).expect("cargo knows only semantic versions");
    if !required.matches(&ours) {
        findings.push(Finding {
            code: ErrorCode::PackageEngineRefused,
            ..file.finding(AT, Part::Value, format!("this is oikos {ours}, and the app says it does not work with it"))
        });
    }
    Some(required)
}
