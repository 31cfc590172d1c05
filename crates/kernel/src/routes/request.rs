//! What an app sees of a request: what its page or a program wrote, and nothing of who let it in. Pure.

use percent_encoding::percent_decode_str;
use protocol::RouteCall;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Headers that an app sees of a request, beside those that begin with `x-`.
const HEADERS: &[&str] = &["accept", "accept-language", "content-type"];
/// Such that say something of the way here, or let somebody in: no app's matter.
const HIDDEN: &[&str] = &["x-api-key", "x-auth", "x-client", "x-csrf", "x-forwarded", "x-original", "x-real", "x-xsrf"];
/// Headers that an app sees at most.
const HEADERS_MAX: usize = 16;
/// Longest header that an app sees.
const HEADER_CHARS_MAX: usize = 1_024;
/// Fields of a form, or of what stands behind the question mark.
const FIELDS_MAX: usize = 256;
const FORM: &str = "application/x-www-form-urlencoded";

/// What the handler's first argument is made of; its body is fetched by the guest.
pub(super) fn input(call: &RouteCall, parameters: BTreeMap<String, String>) -> Value {
    let headers: Map<String, Value> = call
        .headers
        .iter()
        .filter(|(name, value)| is_shown(name) && value.len() <= HEADER_CHARS_MAX)
        .take(HEADERS_MAX)
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    let kind = headers.get("content-type").and_then(Value::as_str).unwrap_or_default();
    let is_form = kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM);
    let form = is_form.then(|| fields(&String::from_utf8_lossy(&call.body)));
    json!({
        "method": call.method,
        "path": call.path,
        "params": parameters,
        "query": fields(call.query.as_deref().unwrap_or_default()),
        "headers": headers,
        "form": form,
        "hasBody": !call.body.is_empty(),
    })
}

fn is_shown(name: &str) -> bool {
    HEADERS.contains(&name) || (name.starts_with("x-") && !HIDDEN.iter().any(|hidden| name.starts_with(hidden)))
}

/// Fields by their names, as forms write them. Of several by one name the first counts.
fn fields(text: &str) -> Map<String, Value> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let mut fields = Map::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()).take(FIELDS_MAX) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        fields.entry(decoded(name)).or_insert_with(|| Value::from(decoded(value)));
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(headers: &[(&str, &str)], query: &str, body: &str) -> RouteCall {
        RouteCall {
            app: "notes".parse().expect("is a name"),
            method: "POST".to_owned(),
            path: "/notes/7".to_owned(),
            query: Some(query.to_owned()),
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn an_app_sees_what_was_written_and_nothing_of_who_let_it_in() {
        let long = "x".repeat(HEADER_CHARS_MAX + 1);
        let seen = input(
            &call(
                &[
                    ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
                    ("accept", "*/*"),
                    ("cookie", "oikos-app-7070=x"),
                    ("authorization", "Bearer x"),
                    ("host", "x"),
                    ("origin", "x"),
                    ("referer", "x"),
                    ("sec-fetch-site", "x"),
                    ("forwarded", "x"),
                    ("x-forwarded-for", "x"),
                    ("x-real-ip", "x"),
                    ("x-api-key", "x"),
                    ("x-part", "1"),
                    ("x-long", &long),
                ],
                "a=1&b=%C3%A9+%26&a=2&c",
                "text=one+two&__proto__=x",
            ),
            BTreeMap::from([("id".to_owned(), "7".to_owned())]),
        );
        let expected = json!({
            "method": "POST",
            "path": "/notes/7",
            "params": { "id": "7" },
            "query": { "a": "1", "b": "\u{e9} &", "c": "" },
            "headers": {
                "content-type": "application/x-www-form-urlencoded; charset=utf-8",
                "accept": "*/*",
                "x-part": "1",
            },
            "form": { "text": "one two", "__proto__": "x" },
            "hasBody": true,
        });
        assert_eq!(seen, expected);
    }

    #[test]
    fn headers_and_fields_are_bounded() {
        let names: Vec<String> = (0..100).map(|number| format!("x-{number}")).collect();
        let headers: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
        let seen = input(&call(&headers, &"a&".repeat(5_000), ""), BTreeMap::new());
        assert_eq!(seen["headers"].as_object().map(Map::len), Some(HEADERS_MAX));
        let many: Vec<String> = (0..1_000).map(|number| format!("f{number}=1")).collect();
        assert_eq!(fields(&many.join("&")).len(), FIELDS_MAX);
        assert_eq!(input(&call(&[], "", ""), BTreeMap::new())["form"], Value::Null);
    }
}
