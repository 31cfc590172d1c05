//! JSON-RPC as it stands on the wire: read without copying what goes through, written without a tree in between.

use super::{
    household::ProtocolError,
    json::{Json, json},
};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// What is no JSON.
pub(crate) const PARSE_ERROR: i64 = -32700;
/// What is no request.
pub(crate) const INVALID_REQUEST: i64 = -32600;
/// A method that is not there.
pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
/// Params that do not fit.
pub(crate) const INVALID_PARAMS: i64 = -32602;
/// A fault of ours.
pub(crate) const INTERNAL: i64 = -32603;
/// A resource that is not there, in the revisions before 2026-07-28. Clients of that one get the number that it has for it.
pub const RESOURCE_NOT_FOUND: i64 = -32002;
/// A header says something else than the body.
pub(crate) const HEADER_MISMATCH: i64 = -32020;
/// A revision that is not spoken here.
pub(crate) const UNSUPPORTED_VERSION: i64 = -32022;
/// What the client has not said it can.
pub(crate) const MISSING_CAPABILITY: i64 = -32021;

/// Bytes of a text that is an id. An id is said again in each answer.
const ID_BYTES_MAX: usize = 256;

impl ProtocolError {
    /// An error without data.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// With what belongs to it.
    #[must_use]
    pub fn with_data(mut self, data: Json) -> Self {
        self.data = Some(data);
        self
    }

    pub(crate) fn with(self, data: &impl Serialize) -> Self {
        self.with_data(json(data))
    }

    pub(crate) fn params(message: impl Into<String>) -> Self {
        Self::new(INVALID_PARAMS, message)
    }

    pub(crate) fn method(method: &str) -> Self {
        Self::new(METHOD_NOT_FOUND, format!("there is no method {}", protocol::text::shorten(method, 80)))
    }
}

/// The id of a request, as its sender chose it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub(crate) enum Id {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
}

impl Id {
    fn of(raw: &RawValue) -> Option<Self> {
        match raw.get().as_bytes().first()? {
            b'"' => serde_json::from_str(raw.get()).ok().filter(|id: &String| id.len() <= ID_BYTES_MAX).map(Self::Text),
            _ => serde_json::from_str(raw.get()).ok().map(Self::Number),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(id) => id.fmt(f),
            Self::Text(id) => f.write_str(id),
        }
    }
}

/// What a client sent.
#[derive(Debug)]
pub(crate) enum Incoming<'a> {
    Request { id: Id, method: Cow<'a, str>, params: Option<&'a RawValue> },
    Notification { method: Cow<'a, str>, params: Option<&'a RawValue> },
    Response { id: Id, result: Result<Json, ProtocolError> },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<ProtocolError>,
}

/// A member that is there, be it `null`.
pub(crate) fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Reads what a client sent. Where it is none, the error says for which id.
pub(crate) fn read(bytes: &[u8]) -> Result<Incoming<'_>, (Option<Id>, ProtocolError)> {
    let envelope: Envelope<'_> = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            (None, ProtocolError::new(INVALID_REQUEST, "this is no message of JSON-RPC 2.0; batches are not taken"))
        }
        _ => (None, ProtocolError::new(PARSE_ERROR, "this is no JSON")),
    })?;
    let given = envelope.id;
    let id = given.and_then(Id::of);
    let invalid = |what: &str| (id.clone(), ProtocolError::new(INVALID_REQUEST, what));
    if envelope.jsonrpc != "2.0" {
        return Err(invalid("`jsonrpc` has to be \"2.0\""));
    }
    match (envelope.method, envelope.result, envelope.error) {
        (Some(method), None, None) => match (given, id.clone()) {
            (None, _) => Ok(Incoming::Notification { method, params: envelope.params }),
            (Some(_), Some(id)) => Ok(Incoming::Request { id, method, params: envelope.params }),
            (Some(_), None) => Err(invalid("an id is a short text or a whole number")),
        },
        (None, result, error) => {
            let Some(id) = id.clone() else { return Err(invalid("an answer has to have the id of what it answers")) };
            match (result, error) {
                (Some(result), None) => Ok(Incoming::Response { id, result: Ok(result.to_owned()) }),
                (None, Some(error)) => Ok(Incoming::Response { id, result: Err(error) }),
                _ => Err(invalid("a message has a method, a result or an error")),
            }
        }
        _ => Err(invalid("a message has a method, a result or an error")),
    }
}

/// Reads params. None at all are an object without members.
pub(crate) fn params<'a, T: Deserialize<'a>>(params: Option<&'a RawValue>) -> Result<T, ProtocolError> {
    serde_json::from_str(params.map_or("{}", RawValue::get))
        .map_err(|error| ProtocolError::params(format!("the params do not fit: {error}")))
}

fn push(out: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(out, value).expect("plain data has a JSON form");
}

/// An answer.
pub(crate) fn response(id: &Id, result: &RawValue) -> Bytes {
    let mut out = Vec::with_capacity(result.get().len() + 64);
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    push(&mut out, id);
    out.extend_from_slice(b",\"result\":");
    out.extend_from_slice(result.get().as_bytes());
    out.push(b'}');
    out.into()
}

/// An answer that is an error. Where nobody knows which request it was, the id is `null`.
pub(crate) fn failure(id: Option<&Id>, error: &ProtocolError) -> Bytes {
    let mut out = Vec::with_capacity(160);
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    push(&mut out, &id);
    out.extend_from_slice(b",\"error\":");
    push(&mut out, error);
    out.push(b'}');
    out.into()
}

/// An answer of either kind.
pub(crate) fn answer(id: &Id, result: &Result<Json, ProtocolError>) -> Bytes {
    match result {
        Ok(result) => response(id, result),
        Err(error) => failure(Some(id), error),
    }
}

/// A request, or a notification where there is no id.
pub(crate) fn request(id: Option<&Id>, method: &str, params: Option<&impl Serialize>) -> Bytes {
    let mut out = Vec::with_capacity(160);
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\"");
    if let Some(id) = id {
        out.extend_from_slice(b",\"id\":");
        push(&mut out, id);
    }
    out.extend_from_slice(b",\"method\":");
    push(&mut out, &method);
    if let Some(params) = params {
        out.extend_from_slice(b",\"params\":");
        push(&mut out, params);
    }
    out.push(b'}');
    out.into()
}

/// A notification.
pub(crate) fn notification(method: &str, params: Option<&impl Serialize>) -> Bytes {
    request(None, method, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_told_so() {
        let check = |text: &str, code: i64, id: Option<&str>| {
            let (of, error) = read(text.as_bytes()).expect_err(text);
            assert_eq!(error.code, code, "{text}");
            assert_eq!(of.map(|id| id.to_string()).as_deref(), id, "{text}");
        };
        check("", PARSE_ERROR, None);
        check("{", PARSE_ERROR, None);
        check("[]", INVALID_REQUEST, None);
        check("[{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":1}]", INVALID_REQUEST, None);
        check("1", INVALID_REQUEST, None);
        check(r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#, INVALID_REQUEST, Some("7"));
        check(r#"{"jsonrpc":"2.0","id":7}"#, INVALID_REQUEST, Some("7"));
        check(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, INVALID_REQUEST, None);
        check(r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, INVALID_REQUEST, None);
        check(r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, INVALID_REQUEST, None);
        check(&format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#, "x".repeat(300)), INVALID_REQUEST, None);
        check(r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, INVALID_REQUEST, None);
        check(r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#, INVALID_REQUEST, Some("1"));
        check(r#"{"jsonrpc":"2.0","result":{}}"#, INVALID_REQUEST, None);
        check(r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}"#, INVALID_REQUEST, Some("1"));
    }

    #[test]
    fn messages_of_each_kind_are_read() {
        assert!(matches!(
            read(br#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"x":[1]}}"#),
            Ok(Incoming::Request { id: Id::Text(id), method, params: Some(params) })
                if id == "a" && method == "tools/call" && params.get() == r#"{"x":[1]}"#
        ));
        assert!(matches!(read(br#"{"jsonrpc":"2.0","method":"x"}"#), Ok(Incoming::Notification { .. })));
        assert!(matches!(
            read(br#"{"jsonrpc":"2.0","id":-3,"result":null}"#),
            Ok(Incoming::Response { id: Id::Number(-3), result: Ok(_) })
        ));
    }
}
