//! What a household is set up with.

use crate::VaultKeys;
use broker::WebUrl;
use isolate::Launcher;
use kernel::RestartPolicy;
use protocol::Zone;
use std::{net::SocketAddr, path::PathBuf};

/// The set-up of one oikos. Everything else has its default in the part that needs it.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where all state lives.
    pub home: PathBuf,
    /// The zone of this deployment.
    pub zone: Zone,
    /// Where publishers' secret keys of the person at this machine are: never granted to an app.
    pub publishers: Option<PathBuf>,
    /// What opens the vault.
    pub vault: VaultKeys,
    /// The home that is meant where nobody names one: never granted to an app of another home.
    pub usual_home: Option<PathBuf>,
    /// Threads that guests are polled on; absent means one a core.
    pub guest_threads: Option<usize>,
    /// The zone in which the owner's schedules are read.
    pub time_zone: jiff::tz::TimeZone,
    /// Another home of the same person whose compiled engine is used, if it has one: for homes that live for minutes.
    pub engine_of: Option<PathBuf>,
    /// A file of certificates (PEM) of authorities that are trusted beside the public ones.
    pub authorities: Option<PathBuf>,
    /// The proxy that leads to the network, where nothing else does.
    pub proxy: Option<ProxySetup>,
    /// A document that describes this oikos to authorization servers (OAuth's client id metadata), for those that read such.
    pub client_document: Option<WebUrl>,
    /// How the parts of a running oikos are started again when they fail.
    pub restarts: RestartPolicy,
    /// Where the doors are, and what protects them.
    pub doors: Doors,
    /// How a service tells its operator what it does.
    pub log: LogSetup,
    /// Where a service sends traces of what it does; absent means nowhere.
    pub telemetry: Option<TelemetrySetup>,
    /// How the process is started that keeps a program in its box ([`keeper`](crate::keeper)); absent means that none can be.
    pub keeper: Option<Launcher>,
    /// Whose machine it is: where programs of that person keep what they have set up. Absent, nothing of theirs is imported.
    pub person: Option<Person>,
    /// Where programs of apps are looked for that are named without a folder: `PATH` of who set it up.
    pub program_folders: Vec<PathBuf>,
}

/// The person at the machine.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their home.
    pub home: PathBuf,
    /// Where their programs keep what is set up, where that is not the usual place (`XDG_CONFIG_HOME`).
    pub config: Option<PathBuf>,
    /// Where this oikos lies, as their programs start it.
    pub program: PathBuf,
    /// Their environment: what is set up elsewhere may name a variable of it.
    pub variable: fn(&str) -> Option<std::ffi::OsString>,
}

/// Where traces go, and what they say of where they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct TelemetrySetup {
    /// The collector, which speaks OTLP over HTTP; traces go to `v1/traces` below it.
    pub otlp: WebUrl,
    /// What this oikos is called there.
    pub service: String,
    /// A file of headers that the collector wants, among them mostly a secret. An absolute path.
    pub headers_file: Option<PathBuf>,
    /// Which part of all traces is sent, from 0 to 1.
    pub sample: f64,
}

/// The proxy that leads to the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxySetup {
    /// Where it is: `http://HOST:PORT`.
    pub address: String,
    /// Hosts that are reached without it.
    pub exceptions: Vec<String>,
    /// A file with what it wants to hear: `USER:PASSWORD`.
    pub credentials: Option<PathBuf>,
}

/// How a service tells its operator what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSetup {
    /// How a record is written.
    pub format: LogFormat,
    /// What the operator wants to hear, as in `debug` or `gateway=debug,info`; absent means `info`.
    pub level: Option<String>,
}

/// How a record is written: on one line in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Where the doors are, and what protects them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doors {
    /// The address that is listened at.
    pub bind: SocketAddr,
    /// Names by which others reach it, beside those that a machine has for itself.
    pub hosts: Vec<String>,
    /// What makes it speak TLS.
    pub tls: Option<TlsFiles>,
}

/// A chain of certificates and its key, in PEM. Absolute paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificates, the listener's own first.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Where the doors are, unless the operator says otherwise.
pub const PORT: u16 = 7070;

impl Default for Doors {
    fn default() -> Self {
        Self { bind: SocketAddr::from(([127, 0, 0, 1], PORT)), hosts: Vec::new(), tls: None }
    }
}

impl Config {
    /// The defaults for a home folder, in the system's time zone.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        Self {
            home: home.into(),
            zone: Zone::Local,
            publishers: None,
            vault: VaultKeys::default(),
            usual_home: None,
            guest_threads: None,
            time_zone: jiff::tz::TimeZone::system(),
            engine_of: None,
            authorities: None,
            proxy: None,
            client_document: None,
            restarts: RestartPolicy::default(),
            doors: Doors::default(),
            log: LogSetup::default(),
            telemetry: None,
            keeper: None,
            person: None,
            program_folders: ["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from).to_vec(),
        }
    }
}

/// The platform's data folder for oikos: `$XDG_DATA_HOME/oikos`, `~/.local/share/oikos`, on macOS
/// `~/Library/Application Support/oikos`, on Windows `%LOCALAPPDATA%\oikos`. `variable` looks up the environment.
pub fn default_home(variable: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if cfg!(windows) {
        return folder("LOCALAPPDATA").map(|path| path.join("oikos"));
    }
    if cfg!(target_os = "macos") {
        return folder("HOME").map(|path| path.join("Library/Application Support/oikos"));
    }
    folder("XDG_DATA_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| folder("HOME").map(|path| path.join(".local/share")))
        .map(|path| path.join("oikos"))
}

/// Where the publisher's keys of a person are: `$XDG_CONFIG_HOME/oikos/publishers`, `~/.config/oikos/publishers`, on
/// macOS `~/Library/Application Support/oikos-publishers`, on Windows `%APPDATA%\oikos\publishers`. Not in the home of
/// oikos: who starts a new one stays who they are.
pub fn default_publishers(variable: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if cfg!(windows) {
        return folder("APPDATA").map(|path| path.join("oikos").join("publishers"));
    }
    if cfg!(target_os = "macos") {
        return folder("HOME").map(|path| path.join("Library/Application Support/oikos-publishers"));
    }
    folder("XDG_CONFIG_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| folder("HOME").map(|path| path.join(".config")))
        .map(|path| path.join("oikos/publishers"))
}

/// Where keys of vaults are: `$XDG_CONFIG_HOME/oikos/keys`, `~/.config/oikos/keys`, on macOS
/// `~/Library/Application Support/oikos-keys`, on Windows `%APPDATA%\oikos\keys`. Never in a home: whoever has a backup of it
/// would have what opens it.
pub fn default_keys(variable: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    let publishers = default_publishers(variable)?;
    let name = if cfg!(target_os = "macos") { "oikos-keys" } else { "keys" };
    Some(publishers.with_file_name(name))
}
