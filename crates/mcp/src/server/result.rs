//! What came of something, as a revision of the protocol has it. Pure.

use super::{
    events::{InputRequest, Waiting},
    household::{CallError, Outcome, ProtocolError},
    json::{Json, Members, json},
    message::{INTERNAL, INVALID_PARAMS, MISSING_CAPABILITY, RESOURCE_NOT_FOUND},
};
use protocol::{ErrorCode, Failure};
use serde_json::{Value, json as value, value::RawValue};

/// How our own views are addressed.
pub const VIEWS: &str = "ui://oikos/";
/// Who has them, in the place of an app.
pub const VIEWS_APP: &str = "oikos-views";
/// Where a result says what went wrong, for programs.
pub const FAILURE_KEY: &str = "oikos/failure";
/// How long what we list may be taken for what there is, where nobody listens for changes.
const LIST_LIFE_MS: u64 = 5_000;

/// What kind of thing was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tool,
    Resource,
    Prompt,
}

/// What an answer has to look like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    pub(crate) is_stateless: bool,
}

/// The address of the view that draws what a renderer draws.
pub fn view_uri(renderer: &str) -> String {
    format!("{VIEWS}{renderer}")
}

/// What an entry of a tool has in its `_meta` where a renderer draws its results, and what its results have.
pub fn view_meta(renderer: &str) -> Value {
    let uri = view_uri(renderer);
    // The second is how hosts read it before the first was agreed on.
    value!({"ui": {"resourceUri": uri}, "ui/resourceUri": uri})
}

impl Shape {
    /// The answer.
    pub(crate) fn answer(self, outcome: Result<Outcome, CallError>) -> Result<Json, ProtocolError> {
        match outcome {
            Ok(Outcome::Verbatim(result)) => Ok(self.fit(result)),
            Ok(Outcome::Shown { data, summary, renderer }) => {
                Ok(self.fit(self.shown(data, &summary, renderer.as_deref())))
            }
            Err(CallError::Protocol(mut error)) => {
                // What is not there has another number in each revision; in the newest it is told by the address that goes with it.
                if self.kind == Kind::Resource {
                    let names_it = || {
                        let data = error.data.as_ref().and_then(|data| Members::parse(data.get()).ok());
                        data.is_some_and(|data| data.text("uri").is_some())
                    };
                    match (error.code, self.is_stateless) {
                        (RESOURCE_NOT_FOUND, true) => error.code = INVALID_PARAMS,
                        (INVALID_PARAMS, false) if names_it() => error.code = RESOURCE_NOT_FOUND,
                        _ => {}
                    }
                }
                Err(error)
            }
            Err(CallError::Failure(failure)) if self.kind == Kind::Tool => Ok(self.fit(failed(&failure))),
            Err(CallError::Failure(failure)) => Err(self.refused(&failure)),
        }
    }

    /// A failure as an error of the protocol.
    pub(crate) fn refused(self, failure: &Failure) -> ProtocolError {
        let is_missing =
            matches!(failure.code, ErrorCode::NotFound | ErrorCode::AppNotFound | ErrorCode::ActionNotFound);
        let code = match (self.kind, is_missing) {
            (Kind::Resource, true) if !self.is_stateless => RESOURCE_NOT_FOUND,
            (_, true) => INVALID_PARAMS,
            _ => INTERNAL,
        };
        refusal(code, failure)
    }

    /// A result as this revision has it. What is as it should be is not even read.
    fn fit(self, result: Json) -> Json {
        let text = result.get();
        if self.is_stateless {
            let mut missing = Vec::new();
            let lacks = |name: &str| {
                !text.contains(name)
                    || Members::parse(text).is_ok_and(|members| members.get(name.trim_matches('"')).is_none())
            };
            if lacks("\"resultType\"") {
                missing.push("\"resultType\":\"complete\"");
            }
            if self.kind == Kind::Resource && lacks("\"ttlMs\"") {
                missing.push("\"ttlMs\":0");
            }
            if self.kind == Kind::Resource && lacks("\"cacheScope\"") {
                missing.push("\"cacheScope\":\"private\"");
            }
            return begin(result, &missing);
        }
        if !text.contains("\"resultType\"") && !text.contains("\"structuredContent\"") {
            return result;
        }
        let Ok(mut members) = Members::parse(text) else { return result };
        let is_typed = members.remove("resultType").is_some();
        // In these revisions only an object is structured; to some of their clients anything else is no result at all.
        let structured = members.get("structuredContent").filter(|said| !said.get().starts_with('{'));
        match structured.map(ToOwned::to_owned) {
            Some(structured) => {
                members.remove("structuredContent");
                if members.get("content").is_none_or(|content| content.get() == "[]") {
                    members.set("content", json(&value!([{"type": "text", "text": structured.get()}])));
                }
                members.to_json()
            }
            None if is_typed => members.to_json(),
            None => result,
        }
    }

    fn shown(self, data: Option<Json>, summary: &str, renderer: Option<&str>) -> Json {
        let mut content = vec![value!({"type": "text", "text": summary})];
        let is_object = data.as_ref().is_some_and(|data| data.get().starts_with('{'));
        let structured = data.as_ref().filter(|_| is_object || self.is_stateless);
        if let (Some(data), None) = (&data, structured) {
            // Before 2026-07-28 only an object could be structured.
            content.push(value!({"type": "text", "text": data.get()}));
        }
        let mut result = Members::new().with("content", &content);
        if let Some(data) = structured {
            result.set("structuredContent", data.clone());
        }
        if let Some(renderer) = renderer {
            result.set("_meta", json(&view_meta(renderer)));
        }
        result.with("isError", &false).to_json()
    }

    /// Requests to a client, each under its name.
    pub(crate) fn requests(requests: &[(String, InputRequest)]) -> Members {
        requests
            .iter()
            .map(|(key, request)| {
                let mut asked = Members::new().with("method", &request.method);
                if let Some(params) = &request.params {
                    asked.set("params", params.clone());
                }
                (key.clone(), asked.to_json())
            })
            .collect()
    }

    /// What the client has to answer first.
    pub(crate) fn input_required(requests: &[(String, InputRequest)], state: &str) -> Json {
        Members::new()
            .with("resultType", &"input_required")
            .with("inputRequests", &Self::requests(requests))
            .with("requestState", &state)
            .to_json()
    }

    /// Where a question is answered, for a client that cannot open it.
    pub(crate) fn elsewhere(self, waiting: &Waiting) -> Result<Json, ProtocolError> {
        let hint = format!("answer it at {} and then repeat this request: it goes on from there", waiting.url);
        let failure =
            Failure::new(ErrorCode::ConsentMissing, format!("this needs an answer first: {}", waiting.message))
                .hint(hint);
        self.answer(Err(failure.into()))
    }
}

/// The error for a question that the client has not said it can answer.
pub fn missing_capability(needed: &RawValue) -> ProtocolError {
    ProtocolError::new(MISSING_CAPABILITY, "the client has not said that it can do what this needs")
        .with(&value!({"requiredCapabilities": serde_json::from_str::<Value>(needed.get()).unwrap_or_default()}))
}

/// A failure as an error of the protocol.
pub(crate) fn refusal(code: i64, failure: &Failure) -> ProtocolError {
    let message = match &failure.hint {
        Some(hint) => format!("{}; {hint}", failure.message),
        None => failure.message.clone(),
    };
    ProtocolError::new(code, message).with(&value!({FAILURE_KEY: failure}))
}

/// A tool's failure: for the model as text, for programs beside it.
fn failed(failure: &Failure) -> Json {
    let mut text = format!("{}: {}", failure.code, failure.message);
    if let Some(hint) = &failure.hint {
        text.push('\n');
        text.push_str(hint);
    }
    json(&value!({"content": [{"type": "text", "text": text}], "isError": true, "_meta": {FAILURE_KEY: failure}}))
}

/// An object with these members before its own.
fn begin(object: Json, members: &[&str]) -> Json {
    if members.is_empty() {
        return object;
    }
    let Some(rest) = object.get().trim_start().strip_prefix('{') else { return object };
    let is_empty = rest.trim_start().starts_with('}');
    let mut text = String::with_capacity(object.get().len() + 64);
    text.push('{');
    text.push_str(&members.join(","));
    if !is_empty {
        text.push(',');
    }
    text.push_str(rest);
    RawValue::from_string(text).unwrap_or(object)
}

/// A page of a list.
pub(crate) fn listed(member: &str, entries: &RawValue, next: Option<usize>, is_stateless: bool) -> Json {
    let mut text = String::with_capacity(entries.get().len() + 128);
    text.push_str("{\"");
    text.push_str(member);
    text.push_str("\":");
    text.push_str(entries.get());
    if let Some(next) = next {
        text.push_str(&format!(",\"nextCursor\":\"{next}\""));
    }
    if is_stateless {
        text.push_str(&format!(",\"resultType\":\"complete\",\"ttlMs\":{LIST_LIFE_MS},\"cacheScope\":\"private\""));
    }
    text.push('}');
    RawValue::from_string(text).expect("it is made of JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Json {
        RawValue::from_string(text.to_owned()).expect("JSON")
    }

    fn fit(kind: Kind, is_stateless: bool, text: &str) -> String {
        Shape { kind, is_stateless }.answer(Ok(Outcome::Verbatim(raw(text)))).expect("a result").get().to_owned()
    }

    #[test]
    fn a_servers_result_stays_as_it_was_written() {
        let odd = r#"{"content":[{"type":"new-kind","x":1.000000000000000000001}],"structuredContent":{"c":[1]},"isError":true,"own":{"b":1,"a":2}}"#;
        assert_eq!(fit(Kind::Tool, false, odd), odd);
        // Revisions with sessions know objects alone there.
        let list = odd.replace(r#"{"c":[1]}"#, "[1]");
        assert_eq!(fit(Kind::Tool, false, &list), odd.replace(r#""structuredContent":{"c":[1]},"#, ""));
        assert_eq!(fit(Kind::Tool, true, &list), list.replacen('{', r#"{"resultType":"complete","#, 1));
        assert_eq!(fit(Kind::Tool, true, odd), odd.replacen('{', r#"{"resultType":"complete","#, 1));
        let said = r#"{"resultType":"complete","content":[]}"#;
        assert_eq!(fit(Kind::Tool, true, said), said);
        assert_eq!(fit(Kind::Tool, false, said), r#"{"content":[]}"#);
        // The word within a text is not the member.
        let quoted = r#"{"content":[{"type":"text","text":"\"resultType\""}],"structuredContent":{"resultType":1}}"#;
        assert_eq!(fit(Kind::Tool, false, quoted), quoted);
        assert!(fit(Kind::Tool, true, quoted).starts_with(r#"{"resultType":"complete","content""#));
        assert_eq!(fit(Kind::Resource, true, "{ }"), r#"{"resultType":"complete","ttlMs":0,"cacheScope":"private" }"#);
        assert_eq!(
            fit(Kind::Resource, true, r#"{"contents":[],"ttlMs":7,"cacheScope":"public"}"#),
            r#"{"resultType":"complete","contents":[],"ttlMs":7,"cacheScope":"public"}"#
        );
    }

    #[test]
    fn our_own_result_says_who_draws_it() {
        let shown = |is_stateless: bool, data: &str| {
            let outcome = Outcome::Shown {
                data: Some(raw(data)),
                summary: "two rows".to_owned(),
                renderer: Some("table".to_owned()),
            };
            let result = Shape { kind: Kind::Tool, is_stateless }.answer(Ok(outcome)).expect("a result");
            serde_json::from_str::<Value>(result.get()).expect("JSON")
        };
        let result = shown(false, r#"{"rows":[1,2]}"#);
        assert_eq!(result["structuredContent"], value!({"rows": [1, 2]}));
        assert_eq!(result["content"], value!([{"type": "text", "text": "two rows"}]));
        assert_eq!(result["_meta"]["ui"]["resourceUri"], "ui://oikos/table");
        assert_eq!(shown(true, "[1]")["structuredContent"], value!([1]));
        let old = shown(false, "[1]");
        assert!(old.get("structuredContent").is_none());
        assert_eq!(old["content"][1]["text"], "[1]");
    }

    #[test]
    fn a_failure_says_its_code_and_the_next_step() {
        let failure = || Failure::new(ErrorCode::PermissionDenied, "no").hint("ask").log("a secret path");
        let tool = Shape { kind: Kind::Tool, is_stateless: true }.answer(Err(failure().into())).expect("a result");
        let tool: Value = serde_json::from_str(tool.get()).expect("JSON");
        assert_eq!(tool["isError"], true);
        assert_eq!(tool["content"][0]["text"], "permission_denied: no\nask");
        assert_eq!(tool["_meta"][FAILURE_KEY]["code"], "permission_denied");
        assert!(!tool.to_string().contains("secret"));
        let prompt =
            Shape { kind: Kind::Prompt, is_stateless: true }.answer(Err(failure().into())).expect_err("an error");
        assert_eq!(prompt.code, INTERNAL);
        let missing = || Failure::new(ErrorCode::NotFound, "no such thing");
        for (is_stateless, code) in [(true, INVALID_PARAMS), (false, RESOURCE_NOT_FOUND)] {
            let shape = Shape { kind: Kind::Resource, is_stateless };
            assert_eq!(shape.answer(Err(missing().into())).expect_err("an error").code, code);
            // Servers of either revision say it in theirs.
            for said in [INVALID_PARAMS, RESOURCE_NOT_FOUND] {
                let error = ProtocolError::new(said, "no such thing").with(&value!({"uri": "a:b"}));
                assert_eq!(shape.answer(Err(CallError::Protocol(error))).expect_err("an error").code, code);
            }
        }
    }
}
