//! A proposal in the making: words of an entry become texts of a manifest, and what they say of files, hosts and secrets is
//! gathered.

use super::{
    found::Input,
    manifest::Emit,
    name::{setting_name, shown},
    notice::{Notice, quote},
    path::{Paths, Wanted},
    proposal::Setting,
    secret::{Hidden, has_url_secret, is_secret_name, is_secret_value, strip_scheme},
    variable::{Expanded, Piece},
};
use protocol::{HostRule, text};
use std::collections::BTreeMap;

/// The longest text of a manifest's entry.
const WORD_CHARS_MAX: usize = 1_000;
/// The longest title and description of a setting.
const TITLE_CHARS_MAX: usize = 80;
const DESCRIPTION_CHARS_MAX: usize = 300;

/// What was gathered.
pub(crate) struct Draft<'a> {
    pub(crate) paths: Paths<'a>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) folders: BTreeMap<String, Wanted>,
    pub(crate) hosts: BTreeMap<(String, Option<u16>), String>,
    pub(crate) warnings: Vec<Notice>,
    pub(crate) refusals: Vec<Notice>,
}

/// Where a word stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot<'n> {
    /// `environment`, `argument`, `header` or `address`.
    pub(crate) place: &'static str,
    /// What the word is called there, if anything: a variable, a header, a flag.
    pub(crate) name: &'n str,
    /// A program that is started with it may write to what it names.
    pub(crate) may_write: bool,
}

impl Spot<'_> {
    /// The spot as a reason says it.
    fn source(&self) -> String {
        match (self.place, self.name) {
            ("argument", "") => "its arguments name it".to_owned(),
            ("argument", name) => format!("its argument {} names it", shown(name)),
            ("environment", name) => format!("its variable {} names it", shown(name)),
            _ => "it is its address".to_owned(),
        }
    }
}

impl Draft<'_> {
    /// A word as a text of the manifest.
    pub(crate) fn emit(&mut self, word: &Expanded, spot: Spot<'_>) -> Emit {
        for name in &word.unknown {
            self.refusals.push(
                Notice::new("variable_unknown", format!("nobody here knows what '${{{name}}}' stands for"))
                    .hint("write its value in the configuration, and scan again"),
            );
        }
        let is_secret_spot = is_secret_name(spot.name);
        match word.pieces.as_slice() {
            [Piece::Text(text)] => self.literal(text, spot, is_secret_spot),
            [Piece::Setting { name, value, input }] => self.setting("", name, value.clone(), input, spot),
            [Piece::Text(prefix), Piece::Setting { name, value, input }]
                if !is_secret_value(prefix.expose()) && !prefix.expose().contains("://") =>
            {
                let prefix = prefix.expose().to_owned();
                self.setting(&prefix, name, value.clone(), input, spot)
            }
            pieces => {
                let is_secret = is_secret_spot
                    || pieces.iter().any(|piece| matches!(piece, Piece::Setting { input, .. } if input.is_secret));
                match word.text() {
                    Some(text) if !is_secret => self.literal(&text, spot, false),
                    value => {
                        let is_required = value.is_none();
                        if is_required {
                            let what = if spot.name.is_empty() { spot.place.to_owned() } else { shown(spot.name) };
                            self.warnings.push(
                                Notice::new(
                                    "value_open",
                                    format!("{what} is put together from values that are not known here"),
                                )
                                .hint("give the whole of it when you are asked"),
                            );
                        }
                        let input = Input { is_secret, is_required, ..Input::default() };
                        let name = if spot.name.is_empty() { spot.place } else { spot.name };
                        self.setting("", name, value, &input, spot)
                    }
                }
            }
        }
    }

    /// A text in which nothing is open.
    fn literal(&mut self, value: &Hidden, spot: Spot<'_>, is_secret_spot: bool) -> Emit {
        let written = value.expose();
        let is_secret = is_secret_value(written) || (is_secret_spot && !is_harmless(written));
        if is_secret {
            let is_url = has_url_secret(written);
            if is_url && spot.place != "header" {
                self.address(written, spot);
            }
            let name = if spot.name.is_empty() { secret_name(written, spot.place) } else { spot.name.to_owned() };
            let (prefix, bare) = if is_url { ("", written) } else { strip_scheme(written) };
            let is_open = is_placeholder(bare);
            let found = (!is_open).then(|| Hidden::new(bare));
            let input = Input { is_secret: true, is_required: true, ..Input::default() };
            let prefix = prefix.to_owned();
            return self.setting(&prefix, &name, found, &input, spot);
        }
        if written.chars().count() > WORD_CHARS_MAX {
            self.refusals.push(Notice::new(
                "word_too_long",
                format!("a text of the entry is longer than {WORD_CHARS_MAX} characters"),
            ));
            return Emit::Literal(String::new());
        }
        if written.contains('\0') {
            self.refusals.push(Notice::new(
                "word_refused",
                "a text of the entry has a NUL character, which no program can be given",
            ));
            return Emit::Literal(String::new());
        }
        if let Some(c) = written.chars().find(|c| text::is_deceptive(*c)) {
            let message = format!(
                "a text of the entry has the character {}, which is not seen: {}",
                c.escape_unicode(),
                quote(written)
            );
            self.warnings.push(Notice::new("word_deceptive", message));
        }
        // What is sent is not what is reached.
        if spot.place == "header" || self.address(written, spot) {
            return Emit::Literal(written.to_owned());
        }
        Emit::Literal(self.path(written, spot))
    }

    /// A text that is the owner's to set.
    fn setting(&mut self, prefix: &str, name: &str, value: Option<Hidden>, input: &Input, spot: Spot<'_>) -> Emit {
        let is_secret = input.is_secret || is_secret_name(spot.name) || is_secret_name(name);
        let wanted = setting_name(name);
        let mut free = wanted.clone();
        let mut number = 2;
        while let Some(known) = self.settings.iter().find(|known| known.name == free) {
            if known.value == value && known.is_secret == is_secret {
                return Emit::Setting { setting: free, prefix: prefix.to_owned() };
            }
            free = format!("{wanted}_{number}");
            number += 1;
        }
        let title = input.title.as_deref().unwrap_or(name);
        self.settings.push(Setting {
            name: free.clone(),
            title: text::shorten(title, TITLE_CHARS_MAX),
            place: spot.place,
            is_secret,
            is_required: input.is_required,
            has_value: value.is_some(),
            value,
            description: input.description.as_deref().map(|text| text::shorten(text, DESCRIPTION_CHARS_MAX)),
        });
        self.refusals.extend(refusal_of_setting(spot.place, is_secret, name, &text::shorten(title, TITLE_CHARS_MAX)));
        Emit::Setting { setting: free, prefix: prefix.to_owned() }
    }

    /// Notes the host of an address. Whether it was one.
    pub(crate) fn address(&mut self, written: &str, spot: Spot<'_>) -> bool {
        let Some((scheme, _)) = written.split_once("://") else { return false };
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        if !is_scheme || matches!(scheme, "file" | "unix" | "pipe" | "npipe") {
            return false;
        }
        if written.chars().any(|c| c.is_whitespace() || c.is_control() || "`\"'<>|^{}\\".contains(c))
            || written.contains("$(")
        {
            self.refusals.push(Notice::new(
                "address_refused",
                "an address has characters that are none of an address, as those have that are meant for a shell",
            ));
            return true;
        }
        let Ok(url) = url::Url::parse(written) else {
            self.refusals.push(Notice::new("address_refused", "an address cannot be read"));
            return true;
        };
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else { return true };
        let port = url.port().or_else(|| default_port(url.scheme()));
        self.host(host, port, &spot.source());
        true
    }

    pub(crate) fn host(&mut self, host: &str, port: Option<u16>, source: &str) {
        let is_valid = host.starts_with('[') || host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        if !is_valid {
            self.warnings.push(Notice::new("host_refused", format!("{} is no name of a host", quote(host))));
            return;
        }
        if is_private(host) {
            self.warnings.push(
                Notice::new("host_private", format!("the host {} is on your own machine or network", quote(host)))
                    .hint("it is reached only if you name it on the card yourself"),
            );
        }
        let port = port.filter(|port| *port != 443);
        self.hosts.entry((host.to_ascii_lowercase(), port)).or_insert_with(|| source.to_owned());
    }

    /// Notes the folder of a path, and gives the path as the program has to have it.
    fn path(&mut self, written: &str, spot: Spot<'_>) -> String {
        let Some(found) = self.paths.read(written) else { return written.to_owned() };
        for notice in found.warnings {
            self.warnings.push(notice);
        }
        let source = spot.source();
        let wanted = self.folders.entry(found.folder).or_insert_with(|| Wanted { writes: false, source });
        wanted.writes |= spot.may_write;
        found.path
    }

    /// The hosts as rules of a scope.
    pub(crate) fn rules(&self) -> Vec<HostRule> {
        let rules =
            self.hosts.keys().map(|(host, port)| HostRule { host: host.clone(), port: *port, ..HostRule::default() });
        rules.collect()
    }
}

/// Arguments and addresses stand in the manifest as they are: what is open there has to be known before, and a secret
/// would be in plain sight.
fn refusal_of_setting(place: &str, is_secret: bool, name: &str, title: &str) -> Option<Notice> {
    Some(match (place, is_secret) {
        ("argument", true) => Notice::new(
            "secret_in_argument",
            "a secret is given as an argument, which every program of this machine can read while the server runs",
        )
        .hint("most servers read it from a variable too: put it under \"env\", and scan again"),
        ("address", true) => Notice::new(
            "secret_in_address",
            "the address holds a secret, and addresses stand in logs where everybody sees them",
        )
        .hint("if the server takes its key in a header, put it under \"headers\", and scan again"),
        ("argument" | "address", false) => {
            Notice::new("value_needed", format!("'{title}' has no value yet, and it is needed before the import"))
                .hint(format!("give it one: --answer {}=VALUE", text::shorten(name, TITLE_CHARS_MAX)))
        }
        _ => return None,
    })
}

/// What a secret without a name of its own is called.
fn secret_name(value: &str, place: &str) -> String {
    match url::Url::parse(value) {
        Ok(url) if url.has_host() => format!("{} {place}", url.scheme()),
        _ => format!("{place} secret"),
    }
}

/// A value that is no secret whatever its name says: a switch, a number, nothing.
fn is_harmless(value: &str) -> bool {
    let value = value.trim();
    value.is_empty()
        || matches!(
            value.to_ascii_lowercase().as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "none" | "null" | "basic" | "oauth"
        )
        || (value.len() <= 3 && value.bytes().all(|b| b.is_ascii_digit()))
}

/// What people write where a secret is to come.
fn is_placeholder(value: &str) -> bool {
    let lower = value.trim().to_ascii_lowercase();
    let inner = lower.trim_matches(['<', '>', '[', ']', '{', '}', '$', '%']);
    (inner.len() < lower.len() && lower.starts_with(['<', '[', '{', '%']))
        || ["your_", "your-", "your ", "xxx", "changeme", "change-me", "replace", "insert_", "..."]
            .iter()
            .any(|start| lower.starts_with(start))
        || lower.contains("your_api_key")
        || lower.contains("your-api-key")
        || lower.contains("_here")
}

fn default_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        "postgres" | "postgresql" => 5432,
        "mysql" | "mariadb" => 3306,
        "redis" => 6379,
        "rediss" => 6380,
        "mongodb" => 27017,
        "amqp" => 5672,
        "mqtt" => 1883,
        _ => return None,
    })
}

/// Whether a host is on the person's own machine or network, as far as its name says.
pub(crate) fn is_private(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(address)) => {
            address.is_private() || address.is_loopback() || address.is_link_local() || address.is_unspecified()
        }
        Ok(std::net::IpAddr::V6(address)) => {
            let first = address.segments()[0];
            address.is_loopback()
                || address.is_unspecified()
                || (first & 0xfe00) == 0xfc00
                || (first & 0xffc0) == 0xfe80
        }
        Err(_) => {
            let lower = bare.to_ascii_lowercase();
            !lower.contains('.')
                || [".localhost", ".local", ".internal", ".lan", ".home.arpa"].iter().any(|end| lower.ends_with(end))
        }
    }
}
