//! How a session is opened.

use super::{Bounds, CallHost, HttpSender, oauth::Authorizer};
use http::HeaderMap;
use protocol::Clock;
use serde_json::{Map, Value, json};
use std::{fmt, sync::Arc};
use tokio::io::{AsyncRead, AsyncWrite};
use url::Url;

/// How a server is reached.
pub enum Way {
    /// A program that somebody started: one message a line.
    Program {
        /// What it says.
        output: Box<dyn AsyncRead + Send + Unpin>,
        /// What it hears.
        input: Box<dyn AsyncWrite + Send + Unpin>,
    },
    /// A server behind an address.
    Web(Web),
}

/// A server behind an address.
pub struct Web {
    /// Its address.
    pub url: Url,
    /// Headers of every request to it. Mark secret ones as sensitive.
    pub headers: HeaderMap,
    /// Who sends what belongs to no call: the greeting, the streams that stay open.
    pub sender: Arc<dyn HttpSender>,
    /// Who gets a token where the server wants one. Without it, being refused is an error.
    pub authorizer: Option<Arc<Authorizer>>,
    /// Whether only the transport of 2024-11-05 (HTTP and SSE) is spoken. Otherwise it is found out.
    pub sse_only: bool,
}

/// Revisions of the protocol that oikos speaks, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "their names are their dates")]
pub enum Revision {
    V2024_11_05,
    V2025_03_26,
    V2025_06_18,
    V2025_11_25,
    V2026_07_28,
}

impl Revision {
    /// All of them, oldest first.
    pub const ALL: [Self; 5] =
        [Self::V2024_11_05, Self::V2025_03_26, Self::V2025_06_18, Self::V2025_11_25, Self::V2026_07_28];
    /// The newest that begins with a greeting.
    pub const LATEST_GREETED: Self = Self::V2025_11_25;
    /// The newest.
    pub const LATEST: Self = Self::V2026_07_28;

    /// Its date, as it is written on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The revision of a date.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|revision| revision.word() == word)
    }

    /// Whether each request stands alone: no greeting, no session, no questions from the server's side.
    pub fn is_stateless(self) -> bool {
        self >= Self::V2026_07_28
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Which transport a server was found to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Lines on pipes.
    Lines,
    /// Streamable HTTP.
    Streamable,
    /// HTTP and SSE, as in 2024-11-05.
    Sse,
}

/// What is known of a server from the last time, so that it need not be found out again. A hint: where it is wrong, opening
/// fails and the caller forgets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The revision to begin with.
    pub revision: Revision,
    /// The transport; only read for a server behind an address.
    pub style: Style,
}

impl Known {
    /// Begins with a greeting, as all revisions but the newest do.
    pub fn initialize() -> Self {
        Self { revision: Revision::LATEST_GREETED, style: Style::Streamable }
    }
}

/// Who we say we are.
#[derive(Clone, Debug)]
pub struct ClientName {
    /// For programs.
    pub name: String,
    /// For people.
    pub title: Option<String>,
    /// Its version.
    pub version: String,
}

impl ClientName {
    pub(crate) fn to_json(&self) -> Value {
        let mut name = json!({ "name": self.name, "version": self.version });
        if let Some(title) = &self.title {
            name["title"] = title.as_str().into();
        }
        name
    }
}

/// What we say we can do. What is not said here a server may not ask for, and is refused if it does.
#[derive(Clone, Debug, Default)]
pub struct Abilities {
    /// Forms for a person.
    pub elicitation_form: bool,
    /// Addresses that a person is asked to open.
    pub elicitation_url: bool,
    /// Models that a server may ask.
    pub sampling: bool,
    /// Whether a model that is asked may use tools.
    pub sampling_tools: bool,
    /// Folders that a server may know of.
    pub roots: bool,
    /// Extensions by their identifier, such as `io.modelcontextprotocol/ui`.
    pub extensions: Map<String, Value>,
}

impl Abilities {
    /// Of a client that wrote this of itself. Extensions are its own: they are of its wire, and not of ours.
    pub fn of(said: &Value) -> Self {
        let has = |pointer: &str| said.pointer(pointer).is_some_and(Value::is_object);
        let elicitation_url = has("/elicitation/url");
        Self {
            // Before there were two modes, an empty object meant forms.
            elicitation_form: has("/elicitation/form") || (has("/elicitation") && !elicitation_url),
            elicitation_url,
            sampling: has("/sampling"),
            sampling_tools: has("/sampling/tools"),
            roots: has("/roots"),
            extensions: Map::new(),
        }
    }

    /// Whether a server may ask this.
    pub(crate) fn answers(&self, method: &str, params: &Value) -> bool {
        let by_url = params.get("mode").and_then(Value::as_str) == Some("url");
        match method {
            "elicitation/create" if by_url => self.elicitation_url,
            "elicitation/create" => self.elicitation_form,
            "sampling/createMessage" => self.sampling,
            "roots/list" => self.roots,
            _ => false,
        }
    }

    /// As the protocol writes it.
    pub(crate) fn to_json(&self, revision: Revision) -> Value {
        let mut all = Map::new();
        if self.elicitation_form || self.elicitation_url {
            let mut elicitation = Map::new();
            // Before 2025-11-25 there were only forms, and the object was empty.
            if self.elicitation_form && revision >= Revision::V2025_11_25 {
                elicitation.insert("form".into(), json!({}));
            }
            if self.elicitation_url && revision >= Revision::V2025_11_25 {
                elicitation.insert("url".into(), json!({}));
            }
            all.insert("elicitation".into(), elicitation.into());
        }
        if self.sampling {
            all.insert("sampling".into(), if self.sampling_tools { json!({ "tools": {} }) } else { json!({}) });
        }
        if self.roots {
            all.insert("roots".into(), json!({}));
        }
        if !self.extensions.is_empty() {
            all.insert("extensions".into(), self.extensions.clone().into());
        }
        all.into()
    }
}

/// How a session is opened, whatever the way.
#[derive(Clone)]
pub struct Options {
    /// Who we say we are.
    pub client: ClientName,
    /// What we say we can do.
    pub abilities: Abilities,
    /// How much and how long.
    pub bounds: Bounds,
    /// What is known of this server.
    pub known: Option<Known>,
    /// Who is told and asked of what belongs to no call.
    pub host: Arc<dyn CallHost>,
    /// Measures how long calls take.
    pub clock: Arc<dyn Clock>,
}
