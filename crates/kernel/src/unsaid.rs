//! What is not to be said again by whoever was told it: secrets, in what a program or a host says back. It is for what happens
//! to be said, such as a stack that quotes its environment. Whoever wants to say a secret in a form of their own can; that is
//! why a card names who gets one. Pure.

use crate::{
    handles::handle_text,
    host_call::{AnswerPart, CsvCall, FileCall, HostAnswer, HostCall, HostError, McpCall, StorageCall},
    program::{InputRequest, Introduction, WayOut},
    runner::{GuestEnd, GuestFailure, GuestHost, GuestPiece, Push},
};
use futures_util::future::BoxFuture;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::{BoxFact, Failure, SecretText, Verbatim};
use serde_json::Value;
use std::{fmt, sync::Arc};

/// A secret that is shorter is not looked for: it would be found where it is not.
const SECRET_BYTES_MIN: usize = 6;
/// Of a secret of several lines, each that is as long as this is looked for by itself.
const LINE_BYTES_MIN: usize = 16;

/// Secrets that are not to be said, and what is said in their place.
#[derive(Default)]
pub struct Unsaid(Vec<(SecretText, String)>);

impl Unsaid {
    /// These, each with what is said in its place.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a SecretText, String)>) -> Self {
        let mut forms: Vec<(SecretText, String)> = Vec::new();
        for (secret, shown) in secrets {
            for form in forms_of(secret.expose().trim()) {
                if form.expose().len() >= SECRET_BYTES_MIN {
                    forms.push((form, shown.clone()));
                }
            }
        }
        // One that holds another is found whole.
        forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.expose().len()));
        Self(forms)
    }

    /// Settings of an app, by the names that it knows them by.
    pub(crate) fn of_settings<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a SecretText)>) -> Self {
        Self::new(secrets.into_iter().map(|(setting, secret)| (secret, handle_text(setting))))
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes without them.
    pub fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.0.iter().fold(bytes, |bytes, (form, shown)| {
            let form = form.expose().as_bytes();
            match find(&bytes, form) {
                None => bytes,
                Some(_) => replaced(&bytes, form, shown.as_bytes()),
            }
        })
    }

    /// A text without them.
    pub fn text(&self, text: String) -> String {
        self.0.iter().fold(text, |text, (form, shown)| match text.contains(form.expose()) {
            true => text.replace(form.expose(), shown),
            false => text,
        })
    }

    /// JSON without them.
    pub fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(values) => values.into_iter().map(|value| self.value(value)).collect(),
            Value::Object(fields) => {
                fields.into_iter().map(|(name, value)| (self.text(name), self.value(value))).collect()
            }
            Value::Number(number) => match self.text(number.to_string()) {
                shown if shown == number.to_string() => Value::Number(number),
                shown => Value::String(shown),
            },
            other => other,
        }
    }

    fn texts(&self, texts: &mut [String]) {
        texts.iter_mut().for_each(|text| *text = self.text(std::mem::take(text)));
    }

    fn maybe(&self, text: Option<String>) -> Option<String> {
        text.map(|text| self.text(text))
    }

    fn pairs(&self, pairs: Vec<(String, String)>) -> Vec<(String, String)> {
        pairs.into_iter().map(|(name, value)| (self.text(name), self.text(value))).collect()
    }

    /// What a guest asks for. Of a request to a host, its headers speak of the secret then, as those of every app do.
    fn call(&self, call: HostCall) -> HostCall {
        match call {
            HostCall::File(call) => HostCall::File(self.file(call)),
            HostCall::Storage(call) => HostCall::Storage(self.storage(call)),
            HostCall::Csv(CsvCall::Open { path, options }) => {
                HostCall::Csv(CsvCall::Open { path: self.text(path), options })
            }
            HostCall::Http(mut call) => {
                call.url = self.text(call.url);
                call.headers = self.pairs(call.headers);
                call.body = self.bytes(call.body);
                HostCall::Http(call)
            }
            HostCall::Pdf(mut call) => {
                call.path = self.text(call.path);
                HostCall::Pdf(call)
            }
            HostCall::Shell(mut call) => {
                self.texts(&mut call.command);
                call.input = self.bytes(call.input);
                call.folder = self.maybe(call.folder);
                HostCall::Shell(call)
            }
            HostCall::Mcp(McpCall::Call { server, tool, arguments }) => {
                let arguments = arguments.into_iter().map(|(name, value)| (self.text(name), self.value(value)));
                HostCall::Mcp(McpCall::Call {
                    server: self.text(server),
                    tool: self.text(tool),
                    arguments: arguments.collect(),
                })
            }
            HostCall::Emit { topic, payload } => HostCall::Emit { topic, payload: self.text(payload) },
            HostCall::Answer(AnswerPart::Answer(mut answer)) => {
                answer.headers = self.pairs(answer.headers);
                answer.kind = self.maybe(answer.kind);
                answer.body = self.bytes(answer.body);
                HostCall::Answer(AnswerPart::Answer(answer))
            }
            HostCall::NotAvailable { feature } => HostCall::NotAvailable { feature: self.text(feature) },
            // Computed, and told to nobody but who asked.
            call @ (HostCall::Csv(_)
            | HostCall::Answer(AnswerPart::Body)
            | HostCall::Timer { .. }
            | HostCall::Mcp(McpCall::List)) => call,
        }
    }

    fn file(&self, call: FileCall) -> FileCall {
        match call {
            FileCall::Read { path, from, to } => FileCall::Read { path: self.text(path), from, to },
            FileCall::ReadText { path } => FileCall::ReadText { path: self.text(path) },
            FileCall::Write { path, body } => FileCall::Write { path: self.text(path), body: self.bytes(body) },
            FileCall::List { path } => FileCall::List { path: self.text(path) },
            FileCall::Remove { path } => FileCall::Remove { path: self.text(path) },
            FileCall::Move { path, to } => FileCall::Move { path: self.text(path), to: self.text(to) },
            FileCall::Pick { access, folder, purpose } => {
                FileCall::Pick { access, folder, purpose: self.text(purpose) }
            }
        }
    }

    fn storage(&self, call: StorageCall) -> StorageCall {
        match call {
            StorageCall::Get { key } => StorageCall::Get { key: self.text(key) },
            StorageCall::Set { key, value } => StorageCall::Set { key: self.text(key), value: self.bytes(value) },
            StorageCall::Delete { key } => StorageCall::Delete { key: self.text(key) },
            StorageCall::List { prefix, after, limit } => {
                StorageCall::List { prefix: self.text(prefix), after: self.maybe(after), limit }
            }
        }
    }

    fn piece(&self, piece: GuestPiece) -> GuestPiece {
        match piece {
            GuestPiece::Text(text) => GuestPiece::Text(self.text(text)),
            GuestPiece::Data { topic, payload, renderer } => GuestPiece::Data {
                topic: self.text(topic),
                payload: self.value(payload),
                renderer: self.maybe(renderer),
            },
            GuestPiece::Progress { said, done, total } => GuestPiece::Progress { said: self.text(said), done, total },
            GuestPiece::Log { level, text } => GuestPiece::Log { level, text: self.text(text) },
        }
    }

    /// How a guest ended.
    pub(crate) fn end(&self, end: GuestEnd) -> GuestEnd {
        let result = match end.result {
            Ok(mut value) => {
                let data = value.data.map(|data| (self.value(data.clone()), data));
                // What is written in other letters is found in the value alone; then the value is what is handed on.
                let is_said = |exact: &Verbatim| self.text(exact.text().to_owned()) != exact.text();
                let is_same = data.as_ref().is_none_or(|(unsaid, data)| unsaid == data);
                value.exact = value.exact.filter(|exact| is_same && !is_said(exact));
                value.data = data.map(|(unsaid, _)| unsaid);
                value.summary = self.maybe(value.summary);
                value.renderer = self.maybe(value.renderer);
                Ok(value)
            }
            Err(GuestFailure::Threw { message, stack, code }) => {
                Err(GuestFailure::Threw { message: self.text(message), stack: self.maybe(stack), code })
            }
            Err(GuestFailure::Failed(failure)) => Err(GuestFailure::Failed(Box::new(self.failure(*failure)))),
            other => other,
        };
        GuestEnd { result, memory_bytes: end.memory_bytes }
    }

    fn failure(&self, failure: Failure) -> Failure {
        Failure {
            code: failure.code,
            message: self.text(failure.message),
            hint: self.maybe(failure.hint),
            log: self.maybe(failure.log),
        }
    }
}

/// How many there are, and nothing of what they are.
impl fmt::Debug for Unsaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} unsaid", self.0.len())
    }
}

/// A secret as it is, as JSON writes it, as an address writes it, and each of its lines.
fn forms_of(secret: &str) -> Vec<SecretText> {
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.trim_matches('"').to_owned();
    let address = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let lines = secret.lines().map(str::trim).filter(|line| line.len() >= LINE_BYTES_MIN).map(str::to_owned);
    let mut forms: Vec<String> = [secret.to_owned(), json, address].into_iter().chain(lines).collect();
    forms.sort();
    forms.dedup();
    forms.into_iter().map(SecretText::new).collect()
}

fn find(bytes: &[u8], form: &[u8]) -> Option<usize> {
    bytes.windows(form.len()).position(|window| window == form)
}

fn replaced(bytes: &[u8], form: &[u8], shown: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(bytes.len()), bytes);
    while let Some(at) = find(rest, form) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(shown);
        rest = &rest[at + form.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// A run's exit, for a guest that knows secrets.
pub(crate) struct UnsaidHost {
    pub(crate) inner: Arc<dyn GuestHost>,
    pub(crate) unsaid: Arc<Unsaid>,
}

impl GuestHost for UnsaidHost {
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<HostAnswer, HostError>> {
        self.inner.call(self.unsaid.call(call))
    }

    fn stream(&self, piece: GuestPiece) -> Push {
        self.inner.stream(self.unsaid.piece(piece))
    }

    fn way_out(&self) -> Option<Arc<dyn WayOut>> {
        self.inner.way_out()
    }

    fn introduction(&self) -> Option<&Introduction> {
        self.inner.introduction()
    }

    fn kept(&self, facts: &[BoxFact]) {
        self.inner.kept(facts);
    }

    fn input(&self, requests: Vec<InputRequest>) -> BoxFuture<'static, Result<Vec<Value>, String>> {
        let unsaid = |request: InputRequest| InputRequest { params: self.unsaid.value(request.params), ..request };
        self.inner.input(requests.into_iter().map(unsaid).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn unsaid(secrets: &[(&str, &str)]) -> Unsaid {
        let secrets: Vec<_> =
            secrets.iter().map(|(name, value)| (*name, SecretText::new((*value).to_owned()))).collect();
        Unsaid::of_settings(secrets.iter().map(|(name, value)| (*name, value)))
    }

    #[test]
    fn what_is_told_in_confidence_is_not_said_again() {
        let held =
            unsaid(&[("token", "canary\"1/2"), ("longer", "canary\"1/2 and more"), ("pin", "1234"), ("id", "987654")]);
        let check = |said: &str, expected: &str| {
            assert_eq!(held.text(said.to_owned()), expected);
            assert_eq!(String::from_utf8(held.bytes(said.as_bytes().to_vec())).unwrap_or_default(), expected);
        };
        check("Bearer canary\"1/2.", "Bearer {{secret:token}}.");
        check("canary\"1/2 and more", "{{secret:longer}}");
        check(r#"{"said":"canary\"1/2"}"#, r#"{"said":"{{secret:token}}"}"#);
        check("?key=canary%221%2F2", "?key={{secret:token}}");
        check("1234 is a year to be", "1234 is a year to be");
        check("", "");
        assert_eq!(
            held.value(json!({ "a": ["canary\"1/2"], "canary\"1/2": null, "n": 987_654, "m": 1.5 })),
            json!({ "a": ["{{secret:token}}"], "{{secret:token}}": null, "n": "{{secret:id}}", "m": 1.5 })
        );
        assert_eq!(held.bytes(b"\xff canary\"1/2".to_vec()), b"\xff {{secret:token}}");
        assert_eq!(format!("{held:?}"), "7 unsaid");
        assert!(unsaid(&[("pin", "1234"), ("none", "  ")]).is_empty());
    }

    #[test]
    fn of_several_lines_each_is_looked_for() {
        let held = unsaid(&[("pem", "-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\nab==\n")]);
        assert_eq!(held.text("  MC4CAQAwBQYDK2VwBCIEIA / ab==".to_owned()), "  {{secret:pem}} / ab==");
        let whole = "-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\nab==";
        assert_eq!(held.text(format!("{whole}.")), "{{secret:pem}}.");
        assert_eq!(held.text(format!("{:?}", whole)), "\"{{secret:pem}}\"");
    }
}
