//! Parts of a request that the newest revision wants in HTTP headers too, where what stands between can read them.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::HeaderName;
use serde_json::Value;
use std::collections::BTreeSet;

/// Mirrored arguments of one tool.
const HEADERS_MAX: usize = 64;
/// Words of a schema beneath which no argument may be mirrored; what is under `properties` is looked at by name.
const PROPERTIES: &str = "properties";

/// An argument of a tool that is said in a header too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mirrored {
    /// The header.
    header: HeaderName,
    /// Where the argument stands.
    path: Vec<String>,
}

impl Mirrored {
    /// What a tool wants mirrored. The error is the reason why its definition is not valid.
    pub(crate) fn of(schema: &Value) -> Result<Vec<Self>, &'static str> {
        let mut found = Vec::new();
        reachable(schema, &mut Vec::new(), &mut found)?;
        let mut marks = 0;
        count_marks(schema, false, &mut marks);
        if marks != found.len() {
            return Err("x-mcp-header stands where no argument can be told for sure");
        }
        if found.len() > HEADERS_MAX {
            return Err("it wants too many arguments in headers");
        }
        let names: BTreeSet<_> = found.iter().map(|one| one.header.as_str()).collect();
        if names.len() != found.len() {
            return Err("two arguments want the same header");
        }
        Ok(found)
    }

    /// The header for a call's arguments; none where the argument is missing or null.
    pub(crate) fn header(&self, arguments: &Value) -> Option<(HeaderName, String)> {
        let value = self.path.iter().try_fold(arguments, |value, step| value.get(step))?;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(truth) => truth.to_string(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some((self.header.clone(), encoded(&text)))
    }
}

/// Arguments that are reached by `properties` alone.
fn reachable(schema: &Value, path: &mut Vec<String>, found: &mut Vec<Mirrored>) -> Result<(), &'static str> {
    let Some(properties) = schema.get(PROPERTIES).and_then(Value::as_object) else { return Ok(()) };
    for (name, property) in properties {
        path.push(name.clone());
        if let Some(mark) = property.get("x-mcp-header") {
            let word = mark.as_str().filter(|word| !word.is_empty()).ok_or("x-mcp-header is not a word")?;
            let header = HeaderName::from_bytes(format!("mcp-param-{word}").as_bytes());
            let header = header.map_err(|_| "x-mcp-header cannot stand in the name of a header")?;
            if !matches!(property.get("type").and_then(Value::as_str), Some("string" | "integer" | "boolean")) {
                return Err("x-mcp-header stands on an argument that is no text, whole number or truth value");
            }
            found.push(Mirrored { header, path: path.clone() });
        }
        reachable(property, path, found)?;
        path.pop();
    }
    Ok(())
}

/// All marks of a schema, wherever they stand. A property that happens to be called `x-mcp-header` is none.
fn count_marks(schema: &Value, are_names: bool, marks: &mut usize) {
    match schema {
        Value::Object(object) => {
            for (name, value) in object {
                if name == "x-mcp-header" && !are_names {
                    *marks += 1;
                } else if !matches!(name.as_str(), "default" | "const" | "enum" | "examples") || are_names {
                    let names = !are_names
                        && matches!(name.as_str(), PROPERTIES | "$defs" | "definitions" | "patternProperties");
                    count_marks(value, names, marks);
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|one| count_marks(one, false, marks)),
        _ => {}
    }
}

/// A text as a header carries it: as it is, or marked and in base64 where a header could not hold it.
pub(crate) fn encoded(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) && text.trim() == text;
    let looks_encoded = text.starts_with("=?base64?") && text.ends_with("?=");
    if is_plain && !looks_encoded { text.to_owned() } else { format!("=?base64?{}?=", BASE64_STANDARD.encode(text)) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn check(text: &str, expected: &str) {
        assert_eq!(encoded(text), expected, "{text}");
    }

    #[test]
    fn values_are_written_as_the_specification_shows() {
        check("us-west1", "us-west1");
        check("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?=");
        check(" padded ", "=?base64?IHBhZGRlZCA=?=");
        check("line1\nline2", "=?base64?bGluZTEKbGluZTI=?=");
        check("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=");
        check("", "");
    }

    #[test]
    fn arguments_are_found_by_their_path() {
        let schema = json!({ "properties": {
            "region": { "type": "string", "x-mcp-header": "Region" },
            "deep": { "type": "object", "properties": { "n": { "type": "integer", "x-mcp-header": "N" } } },
            "x-mcp-header": { "type": "string" },
        }});
        let mirrored = Mirrored::of(&schema).unwrap();
        let headers = |arguments: Value| -> Vec<_> {
            let all = mirrored.iter().filter_map(|one| one.header(&arguments));
            all.map(|(name, value)| format!("{name}: {value}")).collect()
        };
        assert_eq!(
            headers(json!({ "region": "eu", "deep": { "n": -7 } })),
            ["mcp-param-n: -7", "mcp-param-region: eu"]
        );
        assert_eq!(headers(json!({ "region": null, "deep": 3 })), Vec::<String>::new());
    }

    #[test]
    fn definitions_that_the_specification_forbids_are_refused() {
        let named = |name: &str| json!({ "properties": { "a": { "type": "string", "x-mcp-header": name } } });
        for schema in [
            named(""),
            named("a b"),
            named("a\r\nb"),
            named("ü"),
            json!({ "properties": { "a": { "type": "number", "x-mcp-header": "A" } } }),
            json!({ "properties": { "a": { "x-mcp-header": "A" } } }),
            json!({ "properties": { "a": { "type": "string", "x-mcp-header": 7 } } }),
            json!({ "properties": { "a": { "type": "string", "x-mcp-header": "A" }, "b": { "type": "string", "x-mcp-header": "a" } } }),
            json!({ "properties": { "a": { "type": "array", "items": { "type": "string", "x-mcp-header": "A" } } } }),
            json!({ "allOf": [{ "properties": { "a": { "type": "string", "x-mcp-header": "A" } } }] }),
            json!({ "$defs": { "a": { "type": "string", "x-mcp-header": "A" } } }),
        ] {
            assert!(Mirrored::of(&schema).is_err(), "{schema}");
        }
        assert_eq!(Mirrored::of(&json!({ "properties": { "a": { "default": { "x-mcp-header": "x" } } } })), Ok(vec![]));
        assert_eq!(Mirrored::of(&json!(true)), Ok(vec![]));
    }
}
