//! What a package asks for: `permissions.json` and `permissions` of the manifest, one grammar, made into scopes.

use crate::{
    document::{Document, Part},
    finding::Finding,
    form::Form,
};
use protocol::{FileAccess, HostRule, Line, Scope, ScopeRequest, ScopeWord, limit};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The most an app may ask to keep in storage; the schema says the same.
pub const STORAGE_BYTES_MAX: u64 = 1 << 30;

/// One scope that a package asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for, with the author's reason.
    pub request: ScopeRequest,
    /// The form of the package asks for it, not its author.
    pub is_implied: bool,
}

/// Reads the permissions at `pointer` of a file that fits the schema.
pub(crate) fn read_permissions(file: &Document<'_>, pointer: &str) -> Result<Asked, Vec<Finding>> {
    let mut asked = Asked::default();
    let mut findings = Vec::new();
    let mut lines: HashSet<Line> = HashSet::new();
    let permissions = file.value.pointer(pointer).unwrap_or(&Value::Null);
    let words: Vec<(&str, &Value, String)> = match permissions {
        Value::Array(words) => words
            .iter()
            .enumerate()
            .filter_map(|(index, word)| Some((word.as_str()?, &Value::Bool(true), format!("{pointer}/{index}"))))
            .collect(),
        Value::Object(words) => {
            words.iter().map(|(word, detail)| (word.as_str(), detail, format!("{pointer}/{word}"))).collect()
        }
        _ => Vec::new(),
    };
    for (word, detail, at) in words {
        let Some(family) = ScopeWord::from_word(word) else { continue }; // "$schema"
        if *detail == Value::Bool(false) {
            asked.declined.insert(family);
            continue;
        }
        let details: Vec<(&Value, String)> = match detail {
            Value::Array(list) => {
                list.iter().enumerate().map(|(index, detail)| (detail, format!("{at}/{index}"))).collect()
            }
            single => vec![(single, at)],
        };
        for (detail, at) in details {
            match read_scopes(word, family, detail.as_object()) {
                Ok(scopes) => {
                    let reason = text_of(detail.as_object(), "reason");
                    for scope in scopes {
                        if lines.insert(scope.line()) {
                            asked.requests.push(ScopeRequest { scope, reason: reason.clone() });
                        } else {
                            let message = format!("'{}' is asked for twice", scope.line());
                            findings.push(file.finding(&at, Part::Key, message));
                        }
                    }
                }
                Err((below, message)) => {
                    findings.push(file.finding(&format!("{at}{below}"), Part::Value, message));
                }
            }
        }
    }
    asked.requests.sort_by_key(|request| request.scope.line());
    if findings.is_empty() { Ok(asked) } else { Err(findings) }
}

/// What the author wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) requests: Vec<ScopeRequest>,
    /// Families that are `false`: not wanted, not even where the form implies them.
    declined: HashSet<ScopeWord>,
}

impl Asked {
    /// Whether the author said that nothing of this family is wanted.
    pub(crate) fn is_declined(&self, family: ScopeWord) -> bool {
        self.declined.contains(&family)
    }

    /// Asks to hear topics as well, which `trigger.events` names: they are on the card like all that is asked for.
    pub(crate) fn listen(&mut self, topics: &[String]) {
        let known = self.requests.iter_mut().find_map(|request| match &mut request.scope {
            Scope::Event { listen, .. } => Some(listen),
            _ => None,
        });
        match known {
            Some(listen) => {
                let more: Vec<_> = topics.iter().filter(|topic| !listen.contains(topic)).cloned().collect();
                listen.extend(more);
            }
            None => {
                let scope = Scope::Event { publish: Vec::new(), listen: topics.to_vec() };
                self.requests.push(ScopeRequest { scope, reason: None });
            }
        }
    }

    /// Names of the app's own for servers: what is asked for by such a name is the owner's to say, and what the manifest depends
    /// on it asks for.
    pub(crate) fn depend(&mut self, names: &[&str]) {
        let is_declined = self.is_declined(ScopeWord::Mcp);
        for name in names {
            let known = self.requests.iter_mut().find_map(|request| match &mut request.scope {
                Scope::Mcp { server, alias, .. } if server == name => Some(alias),
                _ => None,
            });
            match known {
                Some(alias) => *alias = true,
                None if is_declined => {}
                None => {
                    let scope = Scope::Mcp { server: (*name).to_owned(), tools: Vec::new(), alias: true };
                    self.requests.push(ScopeRequest { scope, reason: None });
                }
            }
        }
    }

    /// With what the form implies, on the card like everything else: of a mini-app a model and a small store, of an app of
    /// the browser its page and nothing else.
    pub(crate) fn with_implied(self, form: Form, is_page: bool) -> Vec<Request> {
        let implied = match form {
            _ if is_page => vec![Scope::View],
            Form::MiniApp => vec![
                Scope::Ai { models: Vec::new(), budget_micros: None },
                Scope::Storage { quota_bytes: limit::STORAGE_BYTES },
            ],
            Form::Plugin => Vec::new(),
        };
        let implied = implied
            .into_iter()
            .filter(|scope| {
                !self.declined.contains(&scope.word())
                    && !self.requests.iter().any(|request| request.scope.word() == scope.word())
            })
            .map(|scope| Request { request: ScopeRequest { scope, reason: None }, is_implied: true })
            .collect::<Vec<_>>();
        let mut requests: Vec<_> =
            self.requests.into_iter().map(|request| Request { request, is_implied: false }).collect();
        requests.extend(implied);
        requests.sort_by_key(|request| request.request.scope.line());
        requests
    }
}

type Refused = (&'static str, &'static str);

/// The scopes that one word with its details means. `detail` is absent for the bare word.
fn read_scopes(word: &str, family: ScopeWord, detail: Option<&Map<String, Value>>) -> Result<Vec<Scope>, Refused> {
    let flag = |key: &str| detail.and_then(|detail| detail.get(key)).and_then(Value::as_bool).unwrap_or(false);
    let texts = |key: &str| texts_of(detail, key);
    let scope = match family {
        ScopeWord::File => {
            let folders = texts("folders");
            let (read, write) = if detail.is_some() { (flag("read"), flag("write")) } else { (true, true) };
            if !read && !write && !folders.is_empty() {
                return Err(("/folders", "folders are named, but neither \"read\": true nor \"write\": true"));
            }
            return Ok(accesses(read, write).map(|access| Scope::File { access, folders: folders.clone() }).collect());
        }
        ScopeWord::Clipboard => {
            let (read, write) = if detail.is_some() { (flag("read"), flag("write")) } else { (true, true) };
            return Ok(accesses(read, write).map(|access| Scope::Clipboard { access }).collect());
        }
        ScopeWord::Storage => Scope::Storage {
            quota_bytes: match detail.and_then(|detail| detail.get("quota")) {
                None => limit::STORAGE_BYTES,
                Some(quota) => quota
                    .as_u64()
                    .or_else(|| quota.as_str().and_then(parse_size))
                    .filter(|bytes| (1..=STORAGE_BYTES_MAX).contains(bytes))
                    .ok_or(("/quota", "expected a size from 1 byte to 1 GiB"))?,
            },
        },
        ScopeWord::Network => Scope::Network {
            rules: detail
                .and_then(|detail| detail.get("hosts"))
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(read_host)
                .collect(),
        },
        ScopeWord::Shell => {
            let given = detail.and_then(|detail| detail.get("commands")).and_then(Value::as_array);
            let mut commands: Vec<Vec<String>> = given
                .into_iter()
                .flatten()
                .map(|command| command.as_array().into_iter().flatten().filter_map(to_text).collect())
                .collect();
            if commands.iter().any(|command| command[0].contains('*')) {
                return Err(("/commands", "the program itself cannot be '*'"));
            }
            if word == "docker" {
                if commands.iter().any(|command| command[0] != "docker") {
                    return Err(("/commands", "under 'docker' every command begins with \"docker\""));
                }
                if commands.is_empty() {
                    commands.push(vec!["docker".to_owned(), "*".to_owned()]);
                }
            }
            Scope::Shell { commands }
        }
        ScopeWord::Gpu => Scope::Gpu,
        ScopeWord::View => Scope::View,
        ScopeWord::Ai => Scope::Ai {
            models: texts("models"),
            // The schema bounds it to a million, so the product is exact enough and fits.
            budget_micros: detail
                .and_then(|detail| detail.get("budget"))
                .and_then(Value::as_f64)
                .map(|budget| (budget * 1e6).round() as u64),
        },
        ScopeWord::Mcp => match text_of(detail, "server") {
            Some(server) => Scope::Mcp { server, tools: texts("tools"), alias: false },
            None => return Err(("", "name the server, such as {\"server\": \"github\"}")),
        },
        ScopeWord::Event => {
            let (publish, listen) = (texts("publish"), texts("listen"));
            if publish.is_empty() && listen.is_empty() {
                return Err(("", "name the topics, such as {\"listen\": [\"user.message\"]}"));
            }
            Scope::Event { publish, listen }
        }
        ScopeWord::Secret => match text_of(detail, "name") {
            Some(name) => Scope::Secret { name, hosts: lower(texts("hosts")) },
            None => {
                return Err((
                    "",
                    "name the secret and its hosts, such as {\"name\": \"key\", \"hosts\": [\"api.example.com\"]}",
                ));
            }
        },
    };
    Ok(vec![scope])
}

fn accesses(read: bool, write: bool) -> impl Iterator<Item = FileAccess> {
    [(read, FileAccess::Read), (write, FileAccess::Write)].into_iter().filter(|(on, _)| *on).map(|(_, access)| access)
}

fn read_host(host: &Value) -> HostRule {
    match host {
        Value::Object(rule) => HostRule {
            host: text_of(Some(rule), "host").unwrap_or_default().to_ascii_lowercase(),
            port: rule.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok()),
            methods: texts_of(Some(rule), "methods"),
            paths: texts_of(Some(rule), "paths"),
            by_owner: false,
        },
        host => HostRule { host: host.as_str().unwrap_or_default().to_ascii_lowercase(), ..HostRule::default() },
    }
}

fn lower(hosts: Vec<String>) -> Vec<String> {
    hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect()
}

fn to_text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn text_of(detail: Option<&Map<String, Value>>, key: &str) -> Option<String> {
    detail?.get(key).and_then(to_text)
}

fn texts_of(detail: Option<&Map<String, Value>>, key: &str) -> Vec<String> {
    let list = detail.and_then(|detail| detail.get(key)).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(to_text).collect()
}

/// A size such as "10 MB" (powers of 1,000) or "10 MiB" (powers of 1,024), in bytes.
fn parse_size(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let factor = match unit.trim_start() {
        "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in [
            ("10 MB", Some(10_000_000)),
            ("10 MiB", Some(10 << 20)),
            ("1GiB", Some(1 << 30)),
            ("7 B", Some(7)),
            ("10", None),
            ("10 TB", None),
            ("9999999999 GiB", Some(9_999_999_999 << 30)),
            ("99999999999999999999 B", None),
            ("18446744073709551615 GiB", None),
            ("", None),
            ("MB", None),
        ] {
            assert_eq!(parse_size(text), bytes, "{text}");
        }
    }
}
