//! What is said between oikos and a program: JSON-RPC 2.0, one message a line. Pure: bytes in, messages out.
//!
//! What comes is a stranger's. A line has a bound and ends there; a message is read whole or not at all, nothing in it is
//! read in two ways, and what is no message stands for a line that the program printed, as many do.

use bytes::BytesMut;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// Longest line: the largest argument of a host call as base64, and what stands around it.
pub(crate) const LINE_BYTES_MAX: usize = as_text(protocol::limit::HOST_ARGUMENT_BYTES_MAX);
/// Longest id that a program may give to what it asks. Ours are numbers.
pub(crate) const ID_BYTES_MAX: usize = 128;
/// Longest name of a method.
pub(crate) const METHOD_BYTES_MAX: usize = 64;
/// What stands around the content of a message.
const AROUND_BYTES: usize = 64 << 10;

const fn as_text(content: usize) -> usize {
    content.div_ceil(3) * 4 + AROUND_BYTES
}

/// What a program calls a request of its own. Given back as it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Id {
    /// A whole number.
    Number(i64),
    /// A text of at most [`ID_BYTES_MAX`].
    Text(String),
}

/// A message from a program.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    /// It asks for something, and waits for an answer.
    Request {
        /// What it calls that.
        id: Id,
        /// What it asks for.
        method: String,
        /// How; `null` where it says nothing.
        params: Value,
    },
    /// It tells something.
    Notice {
        /// What it is about.
        method: String,
        /// What it says; `null` where it says nothing.
        params: Value,
    },
    /// It answers what we asked under this number.
    Answer {
        /// Our number.
        id: u64,
        /// What came of it.
        result: Result<Value, Refusal>,
    },
    /// It could not read something that we said, and does not know what that was.
    Complaint(Refusal),
}

/// An error, as JSON-RPC says it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Refusal {
    /// By JSON-RPC, or the program's own.
    pub(crate) code: i64,
    /// In words.
    pub(crate) message: String,
    /// What else there is to say.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) data: Value,
}

/// Why a line is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not JSON, or no object: printed for whoever reads along.
    Printed,
    /// An object that is no message of JSON-RPC 2.0.
    Unclear(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Printed => f.write_str("the line is no message"),
            Self::Unclear(why) => write!(f, "the line is no message of JSON-RPC 2.0: {why}"),
        }
    }
}

/// Reads a line, without its end.
pub(crate) fn read(line: &[u8]) -> Result<Heard, Fault> {
    let Ok(Value::Object(mut message)) = serde_json::from_slice(line) else { return Err(Fault::Printed) };
    if message.remove("jsonrpc").as_ref().and_then(Value::as_str) != Some("2.0") {
        return Err(Fault::Unclear("it is not said to be"));
    }
    let (id, method) = (message.remove("id"), message.remove("method"));
    let (result, error) = (message.remove("result"), message.remove("error"));
    let params = message.remove("params");
    match (method, result, error) {
        (Some(method), None, None) => asked(method, id, params),
        (None, Some(result), None) => Ok(Heard::Answer { id: our_id(id)?, result: Ok(result) }),
        (None, None, Some(error)) => {
            let refusal = refusal(error)?;
            match id {
                None | Some(Value::Null) => Ok(Heard::Complaint(refusal)),
                id => Ok(Heard::Answer { id: our_id(id)?, result: Err(refusal) }),
            }
        }
        (None, None, None) => Err(Fault::Unclear("it neither asks nor answers")),
        _ => Err(Fault::Unclear("it says several things at once")),
    }
}

fn asked(method: Value, id: Option<Value>, params: Option<Value>) -> Result<Heard, Fault> {
    let Value::String(method) = method else { return Err(Fault::Unclear("its method is no text")) };
    if method.is_empty() || method.len() > METHOD_BYTES_MAX {
        return Err(Fault::Unclear("its method has no usual length"));
    }
    let params = params.unwrap_or(Value::Null);
    if !matches!(params, Value::Null | Value::Object(_) | Value::Array(_)) {
        return Err(Fault::Unclear("its params are neither a list nor an object"));
    }
    let id = match id {
        None => return Ok(Heard::Notice { method, params }),
        Some(Value::Number(number)) => number.as_i64().map(Id::Number),
        Some(Value::String(text)) => (text.len() <= ID_BYTES_MAX).then_some(Id::Text(text)),
        Some(_) => None,
    };
    let id = id.ok_or(Fault::Unclear("its id is neither a whole number nor a short text"))?;
    Ok(Heard::Request { id, method, params })
}

fn our_id(id: Option<Value>) -> Result<u64, Fault> {
    id.as_ref().and_then(Value::as_u64).ok_or(Fault::Unclear("its id is none of ours"))
}

fn refusal(error: Value) -> Result<Refusal, Fault> {
    let unclear = Fault::Unclear("its error has no code and message");
    let Value::Object(mut error) = error else { return Err(unclear) };
    let code = error.remove("code").as_ref().and_then(Value::as_i64).ok_or(unclear)?;
    let Some(Value::String(message)) = error.remove("message") else { return Err(unclear) };
    Ok(Refusal { code, message, data: error.remove("data").unwrap_or(Value::Null) })
}

/// A request of ours, as a line.
pub(crate) fn request(id: u64, method: &str, params: Value) -> Vec<u8> {
    line([("id", id.into()), ("method", method.into()), ("params", params)])
}

/// What we tell, as a line.
pub(crate) fn notice(method: &str, params: Value) -> Vec<u8> {
    line([("method", method.into()), ("params", params)])
}

/// Our answer to what a program asked, as a line.
pub(crate) fn answer(id: &Id, result: Result<Value, Refusal>) -> Vec<u8> {
    let id = match id {
        Id::Number(number) => Value::from(*number),
        Id::Text(text) => Value::from(text.as_str()),
    };
    match result {
        Ok(result) => line([("id", id), ("result", result)]),
        Err(Refusal { code, message, data }) => {
            let mut error = Map::from_iter([("code".to_owned(), code.into()), ("message".to_owned(), message.into())]);
            if !data.is_null() {
                error.insert("data".to_owned(), data);
            }
            line([("id", id), ("error", error.into())])
        }
    }
}

fn line<const N: usize>(fields: [(&str, Value); N]) -> Vec<u8> {
    let mut message = Map::from_iter([("jsonrpc".to_owned(), Value::from("2.0"))]);
    message.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    // JSON text has no line breaks of its own: in a text they are escaped.
    let mut line = Value::Object(message).to_string().into_bytes();
    line.push(b'\n');
    line
}

/// Takes bytes as they come and gives lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    begun: BytesMut,
    /// How far the beginning of a line has been looked through.
    looked: usize,
}

/// A line that does not end within [`LINE_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a line of more than {LINE_BYTES_MAX} bytes")]
pub(crate) struct TooLong;

impl Lines {
    /// Takes what came.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.begun.extend_from_slice(bytes);
    }

    /// The next whole line that says something, without its end; `None` if there is more to come. After an error nothing
    /// more is read.
    pub(crate) fn next(&mut self) -> Result<Option<BytesMut>, TooLong> {
        loop {
            let end = self.begun[self.looked..].iter().position(|byte| *byte == b'\n').map(|end| self.looked + end);
            if end.unwrap_or(self.begun.len()) > LINE_BYTES_MAX {
                return Err(TooLong);
            }
            let Some(end) = end else {
                self.looked = self.begun.len();
                return Ok(None);
            };
            let mut line = self.begun.split_to(end + 1);
            self.looked = 0;
            line.truncate(end);
            if line.last() == Some(&b'\r') {
                line.truncate(end - 1);
            }
            if !line.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(line));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn check(line: &str, expected: Result<Heard, &str>) {
        assert_eq!(read(line.as_bytes()).map_err(|fault| fault.to_string()), expected.map_err(str::to_owned), "{line}");
    }

    #[test]
    fn a_program_asks_tells_and_answers() {
        let request =
            |id| Heard::Request { id, method: "host.call".to_owned(), params: json!({ "name": "file.list" }) };
        let asked = r#""jsonrpc":"2.0","method":"host.call","params":{"name":"file.list"}"#;
        check(&format!(r#"{{{asked},"id":7}}"#), Ok(request(Id::Number(7))));
        check(&format!(r#"{{{asked},"id":-7}}"#), Ok(request(Id::Number(-7))));
        check(&format!(r#"{{{asked},"id":"a"}}"#), Ok(request(Id::Text("a".to_owned()))));
        check(
            r#" {"method":"log","jsonrpc":"2.0","more":1} "#,
            Ok(Heard::Notice { method: "log".to_owned(), params: Value::Null }),
        );
        check(r#"{"jsonrpc":"2.0","id":1,"result":null}"#, Ok(Heard::Answer { id: 1, result: Ok(Value::Null) }));
        let refusal = |data| Refusal { code: -32_601, message: "no".to_owned(), data };
        check(
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no","data":[1]}}"#,
            Ok(Heard::Answer { id: 1, result: Err(refusal(json!([1]))) }),
        );
        for id in ["", r#""id":null,"#] {
            let line = format!(r#"{{"jsonrpc":"2.0",{id}"error":{{"code":-32601,"message":"no"}}}}"#);
            check(&line, Ok(Heard::Complaint(refusal(Value::Null))));
        }
    }

    #[test]
    fn what_is_no_message_is_none() {
        let printed = "the line is no message";
        for line in ["", "Server listening on 3000", "[]", "7", "{", r#"{"a":1}{"b":2}"#, "null", "{\"a\":\"\u{0}\"}"] {
            check(line, Err(printed));
        }
        let unclear = |why: &str| format!("the line is no message of JSON-RPC 2.0: {why}");
        for (line, why) in [
            (r#"{"level":"info"}"#, "it is not said to be"),
            (r#"{"jsonrpc":2,"method":"a"}"#, "it is not said to be"),
            (r#"{"jsonrpc":"2.0","id":1}"#, "it neither asks nor answers"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","result":1}"#, "it says several things at once"),
            (
                r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}"#,
                "it says several things at once",
            ),
            (r#"{"jsonrpc":"2.0","method":7}"#, "its method is no text"),
            (r#"{"jsonrpc":"2.0","method":""}"#, "its method has no usual length"),
            (r#"{"jsonrpc":"2.0","method":"a","params":7}"#, "its params are neither a list nor an object"),
            (r#"{"jsonrpc":"2.0","result":1}"#, "its id is none of ours"),
            (r#"{"jsonrpc":"2.0","id":"1","result":1}"#, "its id is none of ours"),
            (r#"{"jsonrpc":"2.0","id":-1,"result":1}"#, "its id is none of ours"),
            (r#"{"jsonrpc":"2.0","id":1,"error":"no"}"#, "its error has no code and message"),
            (r#"{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":""}}"#, "its error has no code and message"),
        ] {
            check(line, Err(&unclear(why)));
        }
        let long = "x".repeat(ID_BYTES_MAX + 1);
        for id in ["null", "1.5", "[]", "1e99", &format!("\"{long}\"")] {
            let line = format!(r#"{{"jsonrpc":"2.0","method":"a","id":{id}}}"#);
            check(&line, Err(&unclear("its id is neither a whole number nor a short text")));
        }
        check(&"[".repeat(100_000), Err(printed));
        let method = "m".repeat(METHOD_BYTES_MAX + 1);
        check(&format!(r#"{{"jsonrpc":"2.0","method":"{method}"}}"#), Err(&unclear("its method has no usual length")));
    }

    #[test]
    fn what_is_said_is_one_line() {
        let said = [
            request(7, "invoke", json!({ "input": "a\nb\u{2028}" })),
            notice("cancel", json!({ "call": "x" })),
            answer(&Id::Text("a\n".to_owned()), Ok(json!([1]))),
            answer(&Id::Number(1), Err(Refusal { code: 1, message: "a\r\n".to_owned(), data: json!({ "code": "x" }) })),
        ];
        for line in said {
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            assert_eq!(line.last(), Some(&b'\n'));
            let said: Value = serde_json::from_slice(&line).unwrap();
            assert_eq!(said["jsonrpc"], "2.0");
        }
    }

    #[test]
    fn a_line_has_an_end() {
        let mut lines = Lines::default();
        lines.take(b"a\r\n\n \r\nb");
        assert_eq!(lines.next().unwrap().unwrap(), "a");
        assert_eq!(lines.next(), Ok(None));
        lines.take(b"c\nd\n");
        assert_eq!(lines.next().unwrap().unwrap(), "bc");
        assert_eq!(lines.next().unwrap().unwrap(), "d");
        assert_eq!(lines.next(), Ok(None));
        lines.take(&vec![b'x'; LINE_BYTES_MAX]);
        assert_eq!(lines.next(), Ok(None));
        lines.take(b"x");
        assert_eq!(lines.next(), Err(TooLong));
        lines.take(b"\n");
        assert_eq!(lines.next(), Err(TooLong));
    }

    proptest! {
        #[test]
        fn however_it_is_cut_it_is_the_same(
            said in proptest::collection::vec("[ -~]{0,9}", 0..9),
            cuts in proptest::collection::vec(0usize..90, 0..9),
        ) {
            let whole = said.iter().map(|line| format!("{line}\n")).collect::<String>();
            let expected: Vec<&str> = said.iter().map(String::as_str).filter(|line| !line.trim().is_empty()).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(whole.len())).chain([0, whole.len()]).collect();
            cuts.sort_unstable();
            let (mut lines, mut found) = (Lines::default(), Vec::new());
            for cut in cuts.windows(2) {
                lines.take(&whole.as_bytes()[cut[0]..cut[1]]);
                while let Some(line) = lines.next().unwrap() {
                    found.push(String::from_utf8(line.to_vec()).unwrap());
                }
            }
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn nothing_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(read(&line));
        }

        #[test]
        fn what_is_asked_is_heard(id in any::<i64>(), method in "[a-z.]{1,64}", text in any::<String>()) {
            let line = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": { "text": text } }).to_string();
            let heard = Heard::Request { id: Id::Number(id), method, params: json!({ "text": text }) };
            prop_assert_eq!(read(line.as_bytes()), Ok(heard));
        }
    }
}
