//! Demands to have a secret sent along with a request. Who asks never sees it: what is decided is where it goes.
//!
//! Three have to say yes to a host: the owner, who bound the secret to hosts; the author, whose card named them; and the
//! switch. A setting of the app's own is the owner's word for that app, and goes where the card says.

use super::{
    Demand,
    network::{host_covers, is_private_host, port_of, rule_read, target_text, url::WebUrl},
};
use crate::{AppGrants, Basis, GrantError, Lease};
use protocol::{GrantState, Labels, Line, Scope, ScopeWord, Sentence, Timestamp, sentence};

/// What the owner said of where a secret may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretBound {
    /// To these hosts.
    Hosts(Vec<String>),
    /// It is a setting of the app: where the app's card says.
    Card,
}

/// A demand to have a secret sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretDemand {
    /// What the app calls it.
    pub name: String,
    /// Where to.
    pub url: WebUrl,
    /// Where its owner lets it go.
    pub bound: SecretBound,
}

/// Reads a host that a secret is for: `HOST[:PORT]`, with `*.` in front for all names below it. Gives its one form.
pub fn secret_host_read(text: &str) -> Result<String, GrantError> {
    let rule = rule_read(text)?;
    if !rule.paths.is_empty() {
        let why = "a secret is for a whole host: leave the path out".to_owned();
        return Err(GrantError::NoHost { target: protocol::text::shorten(text, 200), why });
    }
    Ok(match rule.port {
        Some(port) => format!("{}:{port}", rule.host),
        None => rule.host,
    })
}

/// Whether a host that an author names stands for where a request goes. Authors name no ports.
fn is_named(host: &str, url: &WebUrl) -> bool {
    rule_read(host)
        .is_ok_and(|rule| host_covers(&rule.host, url.host()) && rule.port.is_none_or(|port| port == url.port()))
}

/// Whether a host that the owner bound a secret to stands for where a request goes.
fn goes_to(host: &str, url: &WebUrl) -> bool {
    rule_read(host).is_ok_and(|rule| host_covers(&rule.host, url.host()) && port_of(&rule) == url.port())
}

impl SecretDemand {
    fn scope(&self) -> Scope {
        Scope::Secret { name: self.name.clone(), hosts: Vec::new() }
    }

    fn host(&self) -> String {
        target_text(self.url.host(), self.url.port())
    }

    /// Looks at what no switch changes: where it may go.
    pub(crate) fn resolve(&self, grants: &AppGrants) -> Result<(), Sentence> {
        let line = self.line();
        let named = grants.requested.iter().find(|scope| scope.line() == line);
        let Some(Scope::Secret { hosts, .. }) = named else { return Err(sentence::rule_not_asked_for(&line)) };
        let goes = |hosts: &[String]| hosts.iter().any(|host| goes_to(host, &self.url));
        // Where the owner says nothing of a port, it is the usual one; what is near they named with its own anyway.
        let has_port = self.bound != SecretBound::Card || self.url.has_usual_port() || is_private_host(self.url.host());
        let is_outside = !has_port || !hosts.iter().any(|host| is_named(host, &self.url));
        if is_outside && !hosts.is_empty() {
            return Err(sentence::rule_secret_outside(&self.name, self.host()));
        }
        match &self.bound {
            SecretBound::Hosts(bound) if bound.is_empty() => return Err(sentence::rule_secret_unbound(&self.name)),
            SecretBound::Hosts(bound) if !goes(bound) => {
                return Err(sentence::rule_secret_bound(&self.name, self.host(), bound.clone()));
            }
            SecretBound::Card if hosts.is_empty() => return Err(sentence::rule_secret_unbound(&self.name)),
            SecretBound::Hosts(_) | SecretBound::Card => {}
        }
        // On one's own network it is for whoever owns that to say how things go there.
        if !self.url.is_https() && !is_private_host(self.url.host()) {
            return Err(sentence::rule_secret_open(self.host()));
        }
        Ok(())
    }
}

/// Whether a rule is one that no switch changes.
pub(crate) fn is_final(rule: &Sentence) -> bool {
    rule.code.starts_with("rule_secret_")
}

impl Demand for SecretDemand {
    fn word(&self) -> ScopeWord {
        ScopeWord::Secret
    }

    fn line(&self) -> Line {
        self.scope().line()
    }

    fn sentence(&self) -> Sentence {
        sentence::ask_secret(&self.name, self.host())
    }

    fn labels(&self) -> Labels {
        // It goes out, and nothing of it comes in.
        Labels::NONE
    }

    fn always_asks(&self) -> Option<Sentence> {
        None
    }

    fn basis(&self, lease: &Lease, grants: &AppGrants, now: Timestamp) -> Result<(GrantState, Basis), Sentence> {
        let line = self.line();
        let grant =
            grants.effective(&line, now, Some(lease.run())).ok_or_else(|| sentence::rule_not_asked_for(&line))?;
        Ok((grant.state, Basis::Grant { id: grant.id, rule: sentence::rule_grant_plain(&line) }))
    }

    fn command(&self, lease: &Lease) -> String {
        format!("oikos grant {} {}=allow", lease.app(), self.line())
    }
}
