//! JSON-RPC as it is on the wire: read with bounds, written plainly.

use super::Refusal;
use serde_json::{Map, Value, json};

/// Messages in one batch, which one old revision allows.
const BATCH_MAX: usize = 256;
/// Values in one message. What they take in memory is many times their text: sixteen bytes of `[0,0,0` become a hundred.
const VALUES_MAX: usize = 500_000;

/// One thing that a server says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    /// It answers. An answer whose id is not one of ours belongs to nothing.
    Answer { id: Option<u64>, outcome: Result<Value, Refusal> },
    /// It asks, and wants to be answered under this id.
    Question { id: Value, method: String, params: Value },
    /// It tells.
    Notice { method: String, params: Value },
}

impl Message {
    /// Reads one message, or the batch that some revisions allow. The error says what is wrong, without foreign words.
    pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Self>, &'static str> {
        if values(bytes) > VALUES_MAX {
            return Err("it holds too many values");
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(object)) => Self::understand(object).map(|message| vec![message]),
            Ok(Value::Array(all)) if all.len() <= BATCH_MAX => all
                .into_iter()
                .map(|one| match one {
                    Value::Object(object) => Self::understand(object),
                    _ => Err("a message in a batch is no object"),
                })
                .collect(),
            Ok(_) => Err("it is no message of JSON-RPC"),
            Err(_) => Err("it is not JSON"),
        }
    }

    fn understand(mut object: Map<String, Value>) -> Result<Self, &'static str> {
        if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err("it is no message of JSON-RPC 2.0");
        }
        let id = object.remove("id");
        let params = object.remove("params").unwrap_or(Value::Null);
        match (object.remove("method"), id) {
            (Some(Value::String(method)), Some(id)) if id.is_string() || id.is_number() => {
                Ok(Self::Question { id, method, params })
            }
            (Some(Value::String(method)), None) => Ok(Self::Notice { method, params }),
            (None, id) => {
                let outcome = match (object.remove("result"), object.remove("error")) {
                    (Some(result), None) => Ok(result),
                    (None, Some(error)) => Err(Refusal::read(error)?),
                    _ => return Err("it is neither a result nor an error"),
                };
                Ok(Self::Answer { id: id.as_ref().and_then(Value::as_u64), outcome })
            }
            _ => Err("its method or id is of no use"),
        }
    }
}

impl Refusal {
    /// Codes that only servers of the newest revision know.
    const MODERN: [i64; 3] = [Self::HEADER_MISMATCH, -32021, Self::UNSUPPORTED_REVISION];
    pub(crate) const HEADER_MISMATCH: i64 = -32020;
    pub(crate) const UNSUPPORTED_REVISION: i64 = -32022;
    pub(crate) const METHOD_NOT_FOUND: i64 = -32601;

    fn read(error: Value) -> Result<Self, &'static str> {
        let Value::Object(mut error) = error else { return Err("its error is no object") };
        let code = error.get("code").and_then(Value::as_i64).ok_or("its error has no code")?;
        let message = match error.remove("message") {
            Some(Value::String(message)) => message,
            _ => String::new(),
        };
        Ok(Self { code, message, data: error.remove("data") })
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

/// How many values a text of JSON holds, roughly and from above.
fn values(bytes: &[u8]) -> usize {
    let (mut count, mut inside, mut escaped) = (1_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b',' | b'[' | b'{' | b':' if !inside => count += 1,
            _ => {}
        }
    }
    count
}

/// A request of ours.
pub(crate) fn request(id: u64, method: &str, params: &Value) -> Vec<u8> {
    written(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
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
    use super::*;

    fn check(text: &str, expected: Result<Message, &'static str>) {
        assert_eq!(Message::read(text.as_bytes()), expected.map(|message| vec![message]), "{text}");
    }

    #[test]
    fn messages_are_told_apart() {
        let no = Refusal { code: -32601, message: "no".into(), data: None };
        check(
            r#"{"jsonrpc":"2.0","id":7,"result":null}"#,
            Ok(Message::Answer { id: Some(7), outcome: Ok(Value::Null) }),
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
        check(&many, Err("it holds too many values"));
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"result":"{}"}}"#, ",\\\"[".repeat(VALUES_MAX));
        assert!(Message::read(text.as_bytes()).is_ok());
        let deep = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        check(&deep, Err("it is not JSON"));
    }
}
