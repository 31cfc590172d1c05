//! JSON-RPC as it is on the wire: read with bounds, written plainly.

use super::{
    Refusal, Said,
    said::{self, Members},
};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Value, json, value::RawValue};

/// Messages in one batch, which one old revision allows.
const BATCH_MAX: usize = 256;
/// Values in one message. What they take in memory is many times their text: sixteen bytes of `[0,0,0` become a hundred.
const VALUES_MAX: usize = 500_000;

/// Values within values within values. A reader that goes down with them needs a place for each.
const DEPTH_MAX: usize = 120;

const NO_USE: &str = "its method or id is of no use";

/// Why something is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is none.
    Not(&'static str),
    /// It may be one, and holds more than is read. Whose answer it would have been can still be seen.
    TooMuch { id: Option<u64>, what: &'static str, most: usize },
}

impl From<&'static str> for Unread {
    fn from(why: &'static str) -> Self {
        Self::Not(why)
    }
}

/// As much of a message as is read without keeping any of it.
#[derive(Deserialize)]
struct Head {
    id: Option<u64>,
}

/// One thing that a server says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    /// It answers. An answer whose id is not one of ours belongs to nothing.
    Answer { id: Option<u64>, outcome: Result<Said, Refusal> },
    /// It asks, and wants to be answered under this id.
    Question { id: Value, method: String, params: Value },
    /// It tells.
    Notice { method: String, params: Value },
}

impl Message {
    /// Reads one message, or the batch that some revisions allow. The error says what is wrong, without foreign words.
    pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Self>, Unread> {
        let (values, depth) = measured(bytes);
        let beyond = [(values, "values in a message", VALUES_MAX), (depth, "levels in a message", DEPTH_MAX)];
        if let Some((_, what, most)) = beyond.into_iter().find(|(found, _, most)| found > most) {
            let head: Head = serde_json::from_slice(bytes).map_err(|_| "it is not JSON")?;
            return Err(Unread::TooMuch { id: head.id, what, most });
        }
        let whole: &RawValue = serde_json::from_slice(bytes).map_err(|_| "it is not JSON")?;
        if whole.get().starts_with('{') {
            return Ok(vec![Self::understand(whole)?]);
        }
        let all: Vec<&RawValue> = said::read(whole).ok_or("it is no message of JSON-RPC")?;
        if all.len() > BATCH_MAX {
            return Err(Unread::Not("it is no message of JSON-RPC"));
        }
        all.into_iter().map(|one| Ok(Self::understand(one)?)).collect()
    }

    fn understand(raw: &RawValue) -> Result<Self, &'static str> {
        let members: Members<'_> = said::read(raw).ok_or("a message in a batch is no object")?;
        if said::word(&members, "jsonrpc").as_deref() != Some("2.0") {
            return Err("it is no message of JSON-RPC 2.0");
        }
        let id = said::value(&members, "id").map_err(|()| NO_USE)?;
        if members.contains_key("method") {
            let method = said::word(&members, "method").ok_or(NO_USE)?;
            let params = said::value(&members, "params").map_err(|()| "its parameters cannot be read")?;
            let params = params.unwrap_or_default();
            return match id {
                None => Ok(Self::Notice { method, params }),
                Some(id) if id.is_string() || id.is_number() => Ok(Self::Question { id, method, params }),
                Some(_) => Err(NO_USE),
            };
        }
        let outcome = match (members.get("result"), members.get("error")) {
            (Some(&result), None) => Ok(Said::from(result)),
            (None, Some(error)) => Err(Refusal::read(error)?),
            _ => return Err("it is neither a result nor an error"),
        };
        Ok(Self::Answer { id: id.as_ref().and_then(Value::as_u64), outcome })
    }
}

impl Refusal {
    /// Codes that only servers of the newest revision know.
    const MODERN: [i64; 3] = [Self::HEADER_MISMATCH, -32021, Self::UNSUPPORTED_REVISION];
    pub(crate) const HEADER_MISMATCH: i64 = -32020;
    pub(crate) const UNSUPPORTED_REVISION: i64 = -32022;
    /// Only in 2025-11-25: addresses that a person has to open before the call can be made.
    pub(crate) const ADDRESSES_FIRST: i64 = -32042;
    pub(crate) const METHOD_NOT_FOUND: i64 = -32601;

    fn read(error: &RawValue) -> Result<Self, &'static str> {
        let members: Members<'_> = said::read(error).ok_or("its error is no object")?;
        let code = members.get("code").and_then(|code| said::read(code)).ok_or("its error has no code")?;
        let message = said::word(&members, "message").unwrap_or_default();
        // What no value can hold is left out: an error says what it has to by its code.
        Ok(Self { code, message, data: said::value(&members, "data").unwrap_or_default() })
    }

    /// Whether only a server of the newest revision says this.
    pub(crate) fn is_modern(&self) -> bool {
        Self::MODERN.contains(&self.code)
    }

    /// Revisions that it says it speaks instead.
    pub(crate) fn offered(&self) -> Vec<String> {
        let offered = self.data.as_ref().and_then(|data| data.get("supported")).and_then(Value::as_array);
        offered.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// How many values a text of JSON holds, roughly and from above, and how deep they lie.
fn measured(bytes: &[u8]) -> (usize, usize) {
    let (mut count, mut depth, mut deepest) = (1_usize, 0_usize, 0_usize);
    let (mut inside, mut escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b',' | b':' if !inside => count += 1,
            b'[' | b'{' if !inside => {
                (count, depth) = (count + 1, depth + 1);
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !inside => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (count, deepest)
}

/// A request of ours. Arguments that somebody wrote take the place of those among the parameters.
pub(crate) fn request(id: u64, method: &str, params: &Value, arguments: Option<&RawValue>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Request<'a> {
        jsonrpc: &'static str,
        id: u64,
        method: &'a str,
        params: Params<'a>,
    }
    let params = Params { params, arguments };
    serde_json::to_vec(&Request { jsonrpc: "2.0", id, method, params }).expect("a value has a JSON form")
}

/// Under which name a call has its arguments.
pub(crate) const ARGUMENTS: &str = "arguments";

struct Params<'a> {
    params: &'a Value,
    arguments: Option<&'a RawValue>,
}

impl Serialize for Params<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (Value::Object(params), Some(arguments)) = (self.params, self.arguments) else {
            return self.params.serialize(serializer);
        };
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in params.iter().filter(|(name, _)| *name != ARGUMENTS) {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry(ARGUMENTS, arguments)?;
        map.end()
    }
}

/// Something we tell.
pub(crate) fn notice(method: &str, params: Value) -> Vec<u8> {
    let mut message = json!({ "jsonrpc": "2.0", "method": method });
    if !params.is_null() {
        message["params"] = params;
    }
    written(&message)
}

/// Our answer to a question.
pub(crate) fn answer(id: &Value, outcome: Result<Value, Refusal>) -> Vec<u8> {
    written(&match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(no) => json!({ "jsonrpc": "2.0", "id": id, "error": { "code": no.code, "message": no.message } }),
    })
}

fn written(message: &Value) -> Vec<u8> {
    serde_json::to_vec(message).expect("a value has a JSON form")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Result<Message, &'static str>) {
        let expected = expected.map(|message| vec![message]).map_err(Unread::Not);
        assert_eq!(Message::read(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn messages_are_told_apart() {
        let no = Refusal { code: -32601, message: "no".into(), data: None };
        check(
            r#"{"jsonrpc":"2.0","id":7,"result":null}"#,
            Ok(Message::Answer { id: Some(7), outcome: Ok(Said::null()) }),
        );
        check(
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"no"}}"#,
            Ok(Message::Answer { id: None, outcome: Err(no) }),
        );
        check(
            r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#,
            Ok(Message::Question { id: "a".into(), method: "ping".into(), params: Value::Null }),
        );
        check(
            r#"{"jsonrpc":"2.0","method":"m","params":{"a":1}}"#,
            Ok(Message::Notice { method: "m".into(), params: json!({ "a": 1 }) }),
        );
        for (text, why) in [
            ("Starting server on port 8000", "it is not JSON"),
            ("7", "it is no message of JSON-RPC"),
            (r#"{"id":7,"result":{}}"#, "it is no message of JSON-RPC 2.0"),
            (r#"{"jsonrpc":"2.0","id":7}"#, "it is neither a result nor an error"),
            (r#"{"jsonrpc":"2.0","id":7,"result":1,"error":{"code":1}}"#, "it is neither a result nor an error"),
            (r#"{"jsonrpc":"2.0","id":7,"error":{"code":"x"}}"#, "its error has no code"),
            (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, "its method or id is of no use"),
        ] {
            check(text, Err(why));
        }
    }

    #[test]
    fn a_message_of_too_many_values_is_not_read_and_text_with_commas_is() {
        let many = format!(r#"{{"jsonrpc":"2.0","id":1,"result":[{}0]}}"#, "0,".repeat(VALUES_MAX));
        let too_much = |what, most| Err(Unread::TooMuch { id: Some(1), what, most });
        assert_eq!(Message::read(many.as_bytes()), too_much("values in a message", VALUES_MAX));
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"result":"{}"}}"#, ",\\\"[".repeat(VALUES_MAX));
        assert!(Message::read(text.as_bytes()).is_ok());
        let deep = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Message::read(deep.as_bytes()), too_much("levels in a message", DEPTH_MAX));
        check(&deep[1..], Err("it is not JSON"));
    }
    proptest! {
        #[test]
        fn any_text_is_read_or_not_and_nothing_else(text in "\\PC{0,80}|[\\[{\",:}\\] 0-9a-z\\\\]{0,80}") {
            drop(Message::read(text.as_bytes()));
        }

        #[test]
        fn what_we_write_reads_back(id in any::<u64>(), text in "\\PC{0,20}") {
            let read = |bytes: Vec<u8>| Message::read(&bytes).unwrap().pop().unwrap();
            let given = json!({ "text": text });
            let outcome = Ok(Said::from(&*serde_json::value::to_raw_value(&given).unwrap()));
            prop_assert_eq!(read(answer(&json!(id), Ok(given))), Message::Answer { id: Some(id), outcome });
            let (method, params) = (text.clone(), json!([text]));
            let asked = Message::Question { id: json!(id), method: method.clone(), params: params.clone() };
            prop_assert_eq!(read(request(id, &method, &params, None)), asked);
            prop_assert_eq!(read(notice(&method, params.clone())), Message::Notice { method, params });
        }
    }
}
