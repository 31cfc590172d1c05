//! Demands on the network: which requests a rule covers, and which addresses they may end at.
//!
//! Everything here is about words and numbers. An address is read once ([`WebUrl`]), compared with the grant's rules, and
//! what the effect sends is what was compared. A name is resolved by the effect, which asks [`NetworkDemand::may_connect`]
//! for each address before it connects to that address.

pub mod address;
pub mod shared;
pub mod url;

use self::{
    address::{is_local_name, is_public},
    shared::{SharedHost, shared_host},
    url::{UrlError, WebHost, WebUrl, parse_host, segments},
};
use super::Demand;
use crate::{AppGrants, Basis, GrantError, Lease, covers::rule_covers};
use protocol::{Arg, GrantState, HostRule, Labels, Line, Scope, ScopeWord, Sentence, Timestamp, sentence};
use std::net::IpAddr;

/// Of a content that a person is asked about, as much is shown.
const CONTENT_SHOWN_MAX: usize = 4 << 10;
/// What stands for any public host among a grant's rules.
const ANY: &str = "*";
/// The port of a rule that names none.
const PORT: u16 = 443;
/// The port of plain HTTP.
const PLAIN_PORT: u16 = 80;
/// The method of a demand for a whole connection. No rule with methods of its own covers it: what is said on a connection
/// nobody sees.
const CONNECT: &str = "CONNECT";

/// What stands in both: nobody else may know of it without a person's yes.
const BOTH: Labels = Labels::PRIVATE.join(Labels::STRANGER);

/// A demand to send a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkDemand {
    /// The method, upper case.
    pub method: String,
    /// Where to.
    pub url: WebUrl,
    /// How much is sent along.
    pub body_bytes: u64,
    /// Whether the app sends credentials of its own along.
    pub has_credentials: bool,
    /// The beginning of what is sent along, for the person who may be asked.
    body_shown: String,
    /// What the decision found.
    found: Found,
}

/// What stays true of a demand for as long as its permit does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    /// A shared host, and no path in the rule says whose place there.
    shared: Option<(&'static str, Option<usize>)>,
    /// The owner named this host, and the name means something on their own network.
    is_own_name: bool,
    /// Addresses that are not public, which the owner named for this port.
    own_addresses: Vec<IpAddr>,
    /// A connection of a run that has read what is private: what comes back may say what to send of it, and nobody sees that.
    is_after_private: bool,
    /// The grant is for any public host, and nobody has to say yes to this one.
    is_any_public: bool,
}

impl NetworkDemand {
    /// Sending `body` to `url`.
    pub fn new(method: impl Into<String>, url: WebUrl, body: &[u8], has_credentials: bool) -> Self {
        let shown = &body[..body.len().min(CONTENT_SHOWN_MAX)];
        Self {
            method: method.into(),
            url,
            body_bytes: body.len() as u64,
            has_credentials,
            body_shown: String::from_utf8_lossy(shown).into_owned(),
            found: Found::default(),
        }
    }

    /// A connection of a program's own, on which it says what nobody here reads: only a rule that is about all of the host
    /// and port covers it. Over TLS, but at the port of plain HTTP.
    pub fn connection(host: &WebHost, port: u16) -> Result<Self, UrlError> {
        let scheme = if port == PLAIN_PORT { "http" } else { "https" };
        let url = WebUrl::parse(&format!("{scheme}://{host}:{port}/"))?;
        Ok(Self::new(CONNECT, url, &[], false))
    }

    /// Whether a whole connection is demanded, and no request.
    pub fn is_connection(&self) -> bool {
        self.method == CONNECT
    }

    /// Whether it does not matter which public host is behind its address: the grant was for any of them, and nobody was
    /// asked about this one. Where it may lead to what is near, it does matter.
    pub fn is_any_public(&self) -> bool {
        self.found.is_any_public && self.found.own_addresses.is_empty() && self.always_asks().is_none()
    }

    /// Whom it goes to, as an owner writes it for a grant.
    pub fn target(&self) -> String {
        target_text(self.url.host(), self.url.port())
    }

    fn scope() -> Scope {
        Scope::Network { rules: Vec::new() }
    }

    /// Whether the method says that nothing is changed at the other end.
    pub fn is_reading(&self) -> bool {
        matches!(&*self.method, "GET" | "HEAD")
    }

    /// Looks at what no grant changes, and at who named which address.
    pub(crate) fn resolve(&mut self, lease: &Lease, grants: &AppGrants, now: Timestamp) -> Result<(), Sentence> {
        self.found = Found::default();
        if lease.labels().contains(BOTH) {
            return Err(sentence::rule_both_labels());
        }
        if self.has_credentials && grants.requested.iter().any(|scope| is_brokered(scope, self.url.host())) {
            return Err(sentence::rule_brokered(self.url.host().to_string()));
        }
        let line = Self::scope().line();
        let mut refused = None;
        for grant in grants.holding(&line, now, Some(lease.run())) {
            let Scope::Network { rules } = &grant.scope else { continue };
            match self.rule_of(rules, &line) {
                Ok(rule) => {
                    self.found = self.find(rule.as_ref(), rules);
                    self.found.is_after_private = self.is_connection() && lease.labels().contains(Labels::PRIVATE);
                    if lease.is_on_errand() {
                        self.found = Found { shared: None, is_own_name: true, ..std::mem::take(&mut self.found) };
                    }
                    self.found.is_any_public = rule.is_none() && grant.state == GrantState::Allow;
                    return Ok(());
                }
                // What the owner said last is what they meant.
                Err(rule) => refused = refused.or(Some(rule)),
            }
        }
        // Without any grant, `basis` says so.
        refused.map_or(Ok(()), Err)
    }

    fn find(&self, rule: Option<&HostRule>, rules: &[HostRule]) -> Found {
        let is_own = rule.is_some_and(|rule| rule.by_owner);
        let own = rules.iter().filter(|rule| rule.by_owner && port_of(rule) == self.url.port());
        let own_addresses = own.filter_map(|rule| match parse_host(&rule.host) {
            Some(WebHost::Address(address)) => Some(address),
            _ => None,
        });
        let shared = shared_host(self.url.host()).filter(|shared| !self.is_told(rule, shared));
        Found {
            shared: shared.map(|shared| (shared.what, shared.depth)),
            is_own_name: is_own && matches!(self.url.host(), WebHost::Name(name) if is_local_name(name)),
            own_addresses: own_addresses.collect(),
            ..Found::default()
        }
    }

    /// Whether a rule says whose place at a shared host it means: by a path, or by the whole name.
    fn is_told(&self, rule: Option<&HostRule>, shared: &SharedHost) -> bool {
        let Some(rule) = rule else { return false };
        if shared.host.starts_with("*.") {
            return rule.host != ANY && !rule.host.starts_with("*.");
        }
        let Some(depth) = shared.depth else { return false };
        !rule.paths.is_empty() && rule.paths.iter().all(|path| segments(path).len() >= depth)
    }

    /// The rule that covers the request; `None` stands for any public host.
    fn rule_of(&self, rules: &[HostRule], line: &Line) -> Result<Option<HostRule>, Sentence> {
        if rules.is_empty() {
            self.check_any(line)?;
            return Ok(None);
        }
        // The rule that comes closest is the one that is told of.
        let mut refused = (0, sentence::rule_host_outside(self.url.authority(), line));
        let mut covering = Vec::new();
        for rule in rules {
            match self.check_rule(rule, line) {
                Ok(()) => covering.push(rule),
                Err((near, why)) if near > refused.0 => refused = (near, why),
                Err(_) => {}
            }
        }
        // Of several, the one that says most.
        let shared = shared_host(self.url.host());
        let is_told = |rule: &HostRule| shared.is_none_or(|shared| self.is_told(Some(rule), shared));
        covering.sort_by_key(|rule| (rule.host == ANY, !is_told(rule), !rule.by_owner));
        match covering.first() {
            Some(rule) if rule.host == ANY => Ok(None),
            Some(rule) => Ok(Some((*rule).clone())),
            None => Err(refused.1),
        }
    }

    /// Any public host, at the port that its scheme has anyway.
    fn check_any(&self, line: &Line) -> Result<(), Sentence> {
        if is_private_host(self.url.host()) {
            return Err(sentence::rule_private(self.url.authority()));
        }
        if !self.url.has_usual_port() {
            return Err(sentence::rule_port_outside(u32::from(self.url.port()), line));
        }
        // Of a connection to a name, its first words have to say that name; an address says nothing of who is there.
        if self.is_connection() && matches!(self.url.host(), WebHost::Address(_)) {
            return Err(sentence::rule_address_outside(self.url.host().to_string(), line));
        }
        Ok(())
    }

    fn check_rule(&self, rule: &HostRule, line: &Line) -> Result<(), (u8, Sentence)> {
        let outside = || (0, sentence::rule_host_outside(self.url.authority(), line));
        if rule.host == ANY {
            return self.check_any(line).map_err(|why| (1, why));
        }
        if !host_covers(&rule.host, self.url.host()) || port_of(rule) != self.url.port() {
            return Err(outside());
        }
        if is_private_host(self.url.host()) && !rule.by_owner {
            return Err((2, sentence::rule_private(self.url.authority())));
        }
        if !rule.methods.is_empty() && !rule.methods.contains(&self.method) {
            return Err((3, sentence::rule_method_outside(&self.method, self.url.authority(), line)));
        }
        self.check_paths(&rule.paths, line)
    }

    fn check_paths(&self, paths: &[String], line: &Line) -> Result<(), (u8, Sentence)> {
        let begins = |whole: &[Vec<u8>], path: &String| whole.starts_with(&segments(path));
        if paths.iter().all(|path| segments(path).is_empty()) {
            return Ok(());
        }
        let Some(naive) = self.url.segments_of_the_naive() else {
            return Err((5, sentence::rule_path_unclear(self.url.path(), line)));
        };
        let exact = self.url.segments();
        if paths.iter().any(|path| begins(&exact, path) && begins(&naive, path)) {
            return Ok(());
        }
        Err((4, sentence::rule_path_outside(self.url.path(), self.url.authority(), line)))
    }

    /// Whether the request may end at an address that its host has. Asked for each address, before anybody connects to it.
    pub fn may_connect(&self, address: IpAddr) -> Result<(), Sentence> {
        let is_literal = *self.url.host() == WebHost::Address(address);
        if is_public(address) || is_literal || self.found.own_addresses.contains(&address) {
            return Ok(());
        }
        if self.found.is_own_name {
            return Ok(());
        }
        Err(sentence::rule_private_answer(self.url.host().to_string(), address.to_string()))
    }

    /// The denial of an address, and the one command that would allow it.
    pub fn refuse_address(&self, lease: &Lease, address: IpAddr, rule: Sentence) -> crate::Denied {
        let address = WebHost::Address(address);
        let also = target_text(&address, self.url.port());
        crate::Denied {
            what: self.sentence(),
            rule,
            command: Some(format!("{} network=allow:{also}", self.command(lease))),
            code: protocol::ErrorCode::PermissionDenied,
        }
    }

    /// The rule by which an owner who says yes to this names the host, and no more.
    fn own_rule(&self) -> HostRule {
        let port = (self.url.port() != PORT).then_some(self.url.port());
        HostRule { host: self.url.host().to_string(), port, by_owner: true, ..HostRule::default() }
    }
}

/// Whether an app's credentials for a host are oikos' to send: it asks for a secret that goes there.
fn is_brokered(scope: &Scope, host: &WebHost) -> bool {
    let is_there = |own: &String| rule_read(own).is_ok_and(|rule| host_covers(&rule.host, host));
    matches!(scope, Scope::Secret { hosts, .. } if hosts.iter().any(is_there))
}

pub(super) fn port_of(rule: &HostRule) -> u16 {
    rule.port.unwrap_or(PORT)
}

/// Whether a host is one that no stranger may lead to: its address, or its name, is of the owner's own network.
pub fn is_private_host(host: &WebHost) -> bool {
    match host {
        WebHost::Address(address) => !is_public(*address),
        WebHost::Name(name) => is_local_name(name),
    }
}

/// Whether a rule is about the owner's own machine or network.
pub fn is_near(rule: &HostRule) -> bool {
    parse_host(rule.host.strip_prefix("*.").unwrap_or(&rule.host)).is_some_and(|host| is_private_host(&host))
}

/// Whether a rule's host stands for this one: the same, or all names below one. An address is below nothing.
pub fn host_covers(rule: &str, host: &WebHost) -> bool {
    match rule.strip_prefix("*.") {
        None => parse_host(rule).is_some_and(|named| named == *host),
        Some(above) => match (parse_host(above), host) {
            (Some(WebHost::Name(above)), WebHost::Name(name)) => {
                // One label above would be all of .com.
                above.contains('.')
                    && name.strip_suffix(above.as_str()).is_some_and(|below| below.len() > 1 && below.ends_with('.'))
            }
            _ => false,
        },
    }
}

/// Whether a rule of a manifest names something on the owner's own network: that is looked at twice.
pub(crate) fn is_private_rule(rule: &HostRule) -> bool {
    parse_host(&rule.host).is_some_and(|host| is_private_host(&host))
}

/// Reads what an owner writes for a grant: `HOST[:PORT][/PATH]`, with `*.` in front for all names below a host. What is
/// copied from a browser's address line is fine too.
pub fn rule_read(target: &str) -> Result<HostRule, GrantError> {
    let wrong = |why: &str| GrantError::NoHost { target: protocol::text::shorten(target, 200), why: why.to_owned() };
    let (scheme, rest) = match target.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
        Some(_) => return Err(wrong("only http and https are granted")),
        None => ("https", target),
    };
    if rest.contains(['?', '#', '@', '\\']) {
        return Err(wrong("a host, a port and the beginning of a path are all that is granted"));
    }
    let (is_wild, rest) = match rest.strip_prefix("*.") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let url = WebUrl::parse(&format!("{scheme}://{rest}")).map_err(|error| wrong(&error.to_string()))?;
    let host = match (is_wild, url.host()) {
        (false, host) => host.to_string(),
        (true, WebHost::Name(name)) if name.contains('.') => format!("*.{name}"),
        (true, _) => return Err(wrong("'*.' stands before a name such as example.com")),
    };
    let paths = if url.path() == "/" { Vec::new() } else { vec![url.path().to_owned()] };
    if !paths.is_empty() && url.segments_of_the_naive().as_ref() != Some(&url.segments()) {
        return Err(wrong("its path can be read in two ways"));
    }
    let port = (url.port() != PORT).then_some(url.port());
    Ok(HostRule { host, port, paths, by_owner: true, ..HostRule::default() })
}

/// The rules that hold once the owner names one host more. `before` is what the same switch said, if it said the same: a
/// host that is named under another word is all that this word is for.
pub fn rules_with(before: Option<&Scope>, named: HostRule) -> Vec<HostRule> {
    let mut rules = match before {
        Some(Scope::Network { rules }) if rules.is_empty() => {
            vec![HostRule { host: ANY.to_owned(), ..HostRule::default() }]
        }
        Some(Scope::Network { rules }) => rules.clone(),
        _ => Vec::new(),
    };
    rules.retain(|known| *known != named);
    rules.push(named);
    rules
}

/// What an upgrade leaves of rules that were granted: what the owner named themselves, and what is still asked for and was
/// not taken out. `None`: nothing is left of them; a grant without a rule would stand for any host.
pub fn rules_left(granted: &[HostRule], asked: &[HostRule]) -> Option<Vec<HostRule>> {
    let named = granted.iter().filter(|rule| rule.by_owner).cloned();
    let is_any = granted.is_empty() || granted.iter().any(|rule| rule.host == ANY);
    let asked =
        asked.iter().filter(|asked| is_any || granted.iter().any(|held| !held.by_owner && rule_covers(held, asked)));
    let left: Vec<HostRule> = named.chain(asked.cloned()).collect();
    (!left.is_empty()).then_some(left)
}

/// Of the rules that an app asks for and those that hold, the ones that the owner leaves standing, by their texts
/// ([`rule_text`]).
pub fn rules_only(asked: &Scope, standing: Option<&Scope>, only: &[String]) -> Result<Vec<HostRule>, GrantError> {
    let any = [HostRule { host: ANY.to_owned(), ..HostRule::default() }];
    let rules_of = |scope: &'_ Scope| match scope {
        Scope::Network { rules } if rules.is_empty() => any.to_vec(),
        Scope::Network { rules } => rules.clone(),
        _ => Vec::new(),
    };
    // What holds first: what the owner named may be a host that is asked for too, and means more then.
    let known: Vec<HostRule> = standing.into_iter().chain([asked]).flat_map(rules_of).collect();
    let mut rules = Vec::with_capacity(only.len());
    for text in only {
        let rule = known.iter().find(|rule| rule_text(rule) == *text).ok_or_else(|| GrantError::NotAmongHosts {
            target: text.clone(),
            known: known.iter().map(rule_text).collect::<Vec<_>>().join(", "),
        })?;
        if !rules.contains(rule) {
            rules.push(rule.clone());
        }
    }
    match rules.as_slice() {
        [] => Err(GrantError::NoHostLeft),
        // As a manifest says it.
        [rule] if *rule == any[0] => Ok(Vec::new()),
        _ => Ok(rules),
    }
}

/// A rule with everything it says: grouping on a card loses nothing.
pub fn rule_text(rule: &HostRule) -> String {
    let mut shown = if rule.host == ANY { "any public host".to_owned() } else { rule.host.clone() };
    if let Some(port) = rule.port {
        shown.push_str(&format!(":{port}"));
    }
    if !rule.paths.is_empty() {
        shown.push_str(&format!(" {}", rule.paths.join(" ")));
    }
    if !rule.methods.is_empty() {
        shown.push_str(&format!(" ({})", rule.methods.join(", ")));
    }
    shown
}

pub(super) fn target_text(host: &WebHost, port: u16) -> String {
    if port == PORT { host.to_string() } else { format!("{host}:{port}") }
}

/// Whether a rule is one that no switch changes.
pub(crate) fn is_final(rule: &Sentence) -> bool {
    matches!(&*rule.code, "rule_both_labels" | "rule_brokered")
}

impl Demand for NetworkDemand {
    fn word(&self) -> ScopeWord {
        ScopeWord::Network
    }

    fn line(&self) -> Line {
        Self::scope().line()
    }

    fn sentence(&self) -> Sentence {
        let (url, bytes) = (self.url.shown(), Arg::Bytes(self.body_bytes));
        match self.found.shared {
            Some((what, _)) if self.found.is_after_private => sentence::ask_connect_shared_private(self.target(), what),
            None if self.found.is_after_private => sentence::ask_connect_private(self.target()),
            Some((what, _)) if self.is_connection() => sentence::ask_connect_shared(self.target(), what),
            None if self.is_connection() => sentence::ask_connect(self.target()),
            _ if self.is_reading() => sentence::ask_http_read(url),
            Some((what, _)) => sentence::ask_http_send_shared(bytes, url, &self.method, what),
            None => sentence::ask_http_send(bytes, url, &self.method),
        }
    }

    fn labels(&self) -> Labels {
        Labels::STRANGER
    }

    fn always_asks(&self) -> Option<Sentence> {
        let is_shared = self.found.shared.is_some() && !self.is_reading();
        (is_shared || self.found.is_after_private).then(|| self.sentence())
    }

    fn content(&self) -> Option<String> {
        (!self.is_reading() && !self.is_connection())
            .then(|| format!("{} {}\n\n{}", self.method, self.url.as_str(), self.body_shown))
    }

    fn basis(&self, lease: &Lease, grants: &AppGrants, now: Timestamp) -> Result<(GrantState, Basis), Sentence> {
        let line = self.line();
        let mut refused = sentence::rule_not_asked_for(&line);
        for grant in grants.holding(&line, now, Some(lease.run())) {
            let Scope::Network { rules } = &grant.scope else { continue };
            match self.rule_of(rules, &line) {
                Ok(rule) => {
                    let rule = match rule {
                        Some(rule) => sentence::rule_grant(&line, rule_text(&rule)),
                        None => sentence::rule_grant_plain(&line),
                    };
                    return Ok((grant.state, Basis::Grant { id: grant.id, rule }));
                }
                Err(rule) => refused = rule,
            }
        }
        Err(refused)
    }

    fn command(&self, lease: &Lease) -> String {
        format!("oikos grant {} network=allow:{}", lease.app(), self.target())
    }

    fn command_once_asked(&self, lease: &Lease) -> Option<String> {
        // At a shared host, a path that says whose place it is would do; of a connection nobody sees one.
        let (_, depth) = self.found.shared.filter(|_| !self.is_connection())?;
        let path: Vec<&str> = self.url.path().split('/').skip(1).take(depth?).collect();
        (path.len() == depth? && !path.contains(&"")).then(|| format!("{}/{}", self.command(lease), path.join("/")))
    }

    fn lasting(&self, _: &Scope) -> Scope {
        Scope::Network { rules: vec![self.own_rule()] }
    }
}

impl NetworkDemand {
    /// What the owner themselves sends for, such as an app to install: they named the address, so it may be their own.
    pub(crate) fn of_owner(url: WebUrl, is_named: bool) -> Result<Self, Sentence> {
        let mut demand = Self::new("GET", url, &[], false);
        if is_private_host(demand.url.host()) {
            if !is_named {
                return Err(sentence::rule_private(demand.url.authority()));
            }
            demand.found.is_own_name = true;
        }
        Ok(demand)
    }

    /// What the set-up has oikos send, wherever that name leads: whoever wrote it there owns the machine, and in many
    /// networks a name that is public has an address that is not.
    pub(crate) fn of_operator(url: WebUrl, body_bytes: u64) -> Self {
        let mut demand = Self { body_bytes, ..Self::new("POST", url, &[], true) };
        demand.found.is_own_name = true;
        demand
    }
}
