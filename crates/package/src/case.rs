//! An author's cases: what is run, and what is expected. They lie in `tests/*.json` beside the app and are never packed.

use crate::{
    document::{Document, Part},
    finding::{FINDINGS_MAX, Finding, did_you_mean},
    json::read_json,
    schema::{Schema, schemas},
};
use protocol::{ActionName, ErrorCode};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What stands for anything in an expected text.
pub const ANYTHING: &str = "[..]";
/// How much of a text a difference shows.
const SHOWN_CHARS: usize = 200;

/// One run, and what is expected of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What it shows.
    pub title: String,
    /// The action or tool.
    pub run: ActionName,
    /// The input, without handed-over files.
    pub input: Value,
    /// What is handed over: paths in `tests/` by input field.
    pub files: BTreeMap<String, String>,
    /// The folder in `tests/` of which a copy is granted.
    pub folder: Option<String>,
    /// How it ends.
    pub expect: Expectation,
}

/// How a run is expected to end. What is absent is not looked at, but that it ends well where no error is named.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expectation {
    /// The code it fails with.
    pub error: Option<ErrorCode>,
    /// What it says when it fails.
    pub message: Option<String>,
    /// The text for a person.
    pub summary: Option<String>,
    /// The data.
    pub data: Option<Value>,
    /// All that it does outside its sandbox, in words.
    pub effects: Option<Vec<String>>,
    /// What is in files afterwards; `None`: there is no such file.
    pub files: BTreeMap<String, Option<String>>,
}

/// Reads the cases of a file. What is wrong is said with its line.
pub fn read_cases(name: &str, bytes: &[u8]) -> Result<Vec<Case>, Vec<Finding>> {
    let file = read_json(name, bytes)?;
    let findings = schemas().check(Schema::Cases, &file);
    if !findings.is_empty() {
        return Err(findings);
    }
    let mut findings = Vec::new();
    let mut cases = Vec::new();
    for (index, case) in file.value.as_array().into_iter().flatten().enumerate() {
        match read_case(&file, index, case) {
            Ok(case) => cases.push(case),
            Err(finding) => findings.push(*finding),
        }
    }
    findings.truncate(FINDINGS_MAX);
    if findings.is_empty() { Ok(cases) } else { Err(findings) }
}

fn read_case(file: &Document<'_>, index: usize, case: &Value) -> Result<Case, Box<Finding>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let run = case["run"].as_str().unwrap_or_default();
    let run = run.parse().map_err(|error: protocol::NameError| {
        Box::new(file.finding(&format!("/{index}/run"), Part::Value, error.to_string()))
    })?;
    let expect = &case["expect"];
    let error = match expect["error"].as_str() {
        None => None,
        Some(word) => Some(ErrorCode::ALL.iter().copied().find(|code| code.word() == word).ok_or_else(|| {
            let near = did_you_mean(word, ErrorCode::ALL.iter().map(|code| code.word()));
            let at = format!("/{index}/expect/error");
            Box::new(file.finding_with(&at, Part::Value, "there is no such error code", near))
        })?),
    };
    let pairs = |value: &Value| value.as_object().cloned().unwrap_or_default();
    Ok(Case {
        title: text(&case["case"]).unwrap_or_default(),
        run,
        input: case.get("input").cloned().unwrap_or_else(|| Value::Object(Map::new())),
        files: pairs(&case["files"]).iter().filter_map(|(field, path)| Some((field.clone(), text(path)?))).collect(),
        folder: text(&case["folder"]),
        expect: Expectation {
            error,
            message: text(&expect["message"]),
            summary: text(&expect["summary"]),
            data: expect.get("data").cloned(),
            effects: expect["effects"].as_array().map(|list| list.iter().filter_map(text).collect()),
            files: pairs(&expect["files"]).iter().map(|(path, content)| (path.clone(), text(content))).collect(),
        },
    })
}

/// Whether a text is as expected: [`ANYTHING`] in it stands for anything.
pub fn text_fits(expected: &str, found: &str) -> bool {
    let mut pieces = expected.split(ANYTHING);
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = found.strip_prefix(first) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        // The first place is enough: what comes after has then the most room.
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// Where data is not as expected, in words; absent where it is. An object may have more keys than expected.
pub fn data_difference(expected: &Value, found: &Value) -> Option<String> {
    difference(expected, found, &mut String::new())
}

fn difference(expected: &Value, found: &Value, at: &mut String) -> Option<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected.iter().find_map(|(key, expected)| {
            let length = at.len();
            at.push_str(&format!(".{key}"));
            let different = match found.get(key) {
                Some(found) => difference(expected, found, at),
                None => Some(format!("data{}: expected {}, but it is not there", shown_path(at), shown(expected))),
            };
            at.truncate(length);
            different
        }),
        (Value::Array(expected_items), Value::Array(items)) if expected_items.len() == items.len() => {
            expected_items.iter().zip(items).enumerate().find_map(|(index, (expected, found))| {
                let length = at.len();
                at.push_str(&format!("[{index}]"));
                let different = difference(expected, found, at);
                at.truncate(length);
                different
            })
        }
        (Value::String(expected), Value::String(found)) if text_fits(expected, found) => None,
        // 1 and 1.0 are one number in JavaScript.
        (Value::Number(expected), Value::Number(found)) if expected.as_f64() == found.as_f64() => None,
        (expected, found) if expected == found => None,
        (expected, found) => {
            Some(format!("data{}: expected {}, found {}", shown_path(at), shown(expected), shown(found)))
        }
    }
}

fn shown_path(at: &str) -> String {
    protocol::text::shorten(at, SHOWN_CHARS)
}

fn shown(value: &Value) -> String {
    protocol::text::shorten(&value.to_string(), SHOWN_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_fit_with_anything_between() {
        let check =
            |expected: &str, found: &str, fits: bool| assert_eq!(text_fits(expected, found), fits, "{expected}");
        check("a", "a", true);
        check("a", "ab", false);
        check("a[..]", "ab", true);
        check("[..]b", "ab", true);
        check("a[..]b[..]c", "a-b-b-c", true);
        check("a[..]b[..]c", "a-c-b", false);
        check("a[..]a", "a", false);
        check("[..]", "", true);
        check("", "", true);
        check("", "x", false);
    }

    #[test]
    fn data_may_have_more_keys_but_no_other_values() {
        let check = |expected: Value, found: Value, different: Option<&str>| {
            assert_eq!(data_difference(&expected, &found).as_deref(), different);
        };
        check(json!({"a": 1}), json!({"a": 1.0, "b": 2}), None);
        check(json!({"a": {"b": "x[..]"}}), json!({"a": {"b": "xyz"}}), None);
        check(json!({"a": [1, 2]}), json!({"a": [1, 3]}), Some("data.a[1]: expected 2, found 3"));
        check(json!({"a": [1]}), json!({"a": [1, 3]}), Some("data.a: expected [1], found [1,3]"));
        check(json!({"a": null}), json!({}), Some("data.a: expected null, but it is not there"));
        check(json!("1"), json!(1), Some("data: expected \"1\", found 1"));
    }

    fn check(text: &str, expected: &str) {
        let said = match read_cases("tests/a.json", text.as_bytes()) {
            Ok(cases) => cases.iter().map(|case| format!("{} → {}", case.title, case.run)).collect::<Vec<_>>(),
            Err(findings) => findings.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(said.join("\n"), expected);
    }

    #[test]
    fn what_an_author_writes_is_read_or_told() {
        check(r#"[{"case": "greets", "run": "greet"}]"#, "greets → greet");
        check(
            r#"[{"case": "x", "run": "greet", "expect": {"error": "invalid_imput"}}]"#,
            "tests/a.json:1:52: there is no such error code\n  1 | [{\"case\": \"x\", \"run\": \"greet\", \"expect\": {\"error\": \
             \"invalid_imput\"}}]\n    |                                                    ^^^^^^^^^^^^^^^ did you mean \
             'invalid_input'?",
        );
        check(
            "[{\"case\": \"x\", \"run\": \"greet\",\n \"expekt\": {}}]",
            "tests/a.json:2:2: unknown key 'expekt'\n  2 |  \"expekt\": {}}]\n    |  ^^^^^^^^ did you mean 'expect'?",
        );
        for path in ["../secret", "/etc/passwd", "a/../b", "", "a//b", "-x"] {
            let text = format!(r#"[{{"case": "x", "run": "greet", "files": {{"data": "{path}"}}}}]"#);
            assert!(read_cases("tests/a.json", text.as_bytes()).is_err(), "{path}");
        }
    }
}
