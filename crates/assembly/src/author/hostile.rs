//! Inputs that nobody means well with, made from an honest one and its schema: wrong types, bounds just passed, huge
//! things, characters that break programs, keys that reach for a prototype.

use super::example::{is_file, kind};
use serde_json::{Map, Value, json};

/// Inputs for one action: a schema with a thousand properties needs no thousand times as many.
const INPUTS_MAX: usize = 300;
/// A text as large as an input may be at all.
const HUGE_BYTES: usize = 900_000;
/// A list that is long, but small enough to be an input.
const MANY_ITEMS: usize = 50_000;
/// How deep things are nested: more than a careless recursion survives, less than the most that is read.
const DEEP: usize = 60;

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hostile {
    /// What is wrong with it, in a few words.
    pub(crate) what: String,
    /// It.
    pub(crate) input: Value,
}

/// Content for files that are handed over, with what is wrong with it.
pub(crate) fn hostile_files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("empty", Vec::new()),
        ("bytes that are no text", (0..=255).cycle().take(4096).collect()),
        ("one line without an end", vec![b'x'; 1 << 20]),
        ("a byte order mark and mixed line ends", b"\xef\xbb\xbfa,b\r\n1,\"2\n3\r4,5".to_vec()),
        ("cells that a spreadsheet would compute", b"a,b\n=HYPERLINK(\"http://x.example\"),+1\n@x,-1\n".to_vec()),
    ]
}

/// The inputs, in a fixed order. Most of them should be refused by the schema; those that are not reach the app.
pub(crate) fn hostile_inputs(schema: &Value, honest: &Value) -> Vec<Hostile> {
    let mut inputs = Vec::new();
    let mut add = |what: String, input: Value| {
        if inputs.len() < INPUTS_MAX && input != *honest {
            inputs.push(Hostile { what, input });
        }
    };
    for other in [Value::Null, json!([]), json!("text"), json!(42), json!(true)] {
        add(format!("{other} instead of an object"), other);
    }
    add("nothing in it".to_owned(), json!({}));
    let Some(object) = honest.as_object() else { return inputs };
    for key in ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then", ""] {
        add(format!("a further key '{key}'"), with(object, key, json!({ "polluted": true })));
    }
    add("a thousand further keys".to_owned(), {
        let further = (0..1_000).map(|number| (format!("further{number}"), json!(number)));
        Value::Object(object.clone().into_iter().chain(further).collect())
    });
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    for (name, property) in properties.iter().filter(|(_, property)| !is_file(property)) {
        let property = resolve(schema, property);
        if object.contains_key(name) {
            let mut without = object.clone();
            without.remove(name);
            add(format!("no '{name}'"), Value::Object(without));
        }
        for (what, value) in values(&property) {
            add(format!("'{name}': {what}"), with(object, name, value));
        }
    }
    inputs
}

/// A property's own schema, where it is only referred to.
fn resolve(root: &Value, property: &Value) -> Value {
    let reference = property["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|reference| root.pointer(reference)).unwrap_or(property).clone()
}

fn with(object: &Map<String, Value>, key: &str, value: Value) -> Value {
    let mut object = object.clone();
    object.insert(key.to_owned(), value);
    Value::Object(object)
}

/// Values that do not fit a property, or only just.
fn values(property: &Value) -> Vec<(String, Value)> {
    let named = |list: Vec<(&'static str, Value)>| list.into_iter().map(|(what, value)| (what.to_owned(), value));
    let mut found: Vec<(String, Value)> = [json!(null), json!(true), json!(7), json!("7"), json!([]), json!({})]
        .into_iter()
        .map(|value| (format!("{value}"), value))
        .collect();
    found.push((format!("lists, {DEEP} deep"), (0..DEEP).fold(json!(0), |inner, _| json!([inner]))));
    found.push(("an object with __proto__".to_owned(), json!({ "__proto__": { "polluted": true } })));
    match kind(property) {
        "string" => {
            found.extend(named(vec![
                ("empty", json!("")),
                ("spaces only", json!("   \t\n")),
                ("__proto__", json!("__proto__")),
                ("constructor", json!("constructor")),
                ("a NUL", json!("a\0b")),
                ("text that turns around", json!("a\u{202e}b\u{200b}")),
                ("signs of several characters", json!("👩\u{200d}👩\u{200d}👧 e\u{301} \u{1f1e9}\u{1f1ea}")),
                ("a way out of a folder", json!("../../etc/passwd")),
                ("markup", json!("<script>alert(1)</script>${7*7}'; --")),
                ("what a regular expression means", json!("(a+)+$[\\")),
                ("huge", json!("a".repeat(HUGE_BYTES))),
            ]));
            if let Some(most) = property["maxLength"].as_u64().filter(|most| *most < HUGE_BYTES as u64 / 4) {
                let most = most as usize;
                found.push((format!("as long as it may be ({most})"), json!("é".repeat(most))));
                found.push((format!("one character longer than {most}"), json!("a".repeat(most + 1))));
            }
            if let Some(least) = property["minLength"].as_u64().filter(|least| (1..1_000).contains(least)) {
                found.push((format!("one character shorter than {least}"), json!("a".repeat(least as usize - 1))));
            }
        }
        "integer" | "number" => {
            found.extend(named(vec![
                ("0", json!(0)),
                ("-1", json!(-1)),
                ("a fraction", json!(0.1)),
                ("the largest exact integer and one more", json!(9_007_199_254_740_992_u64)),
                ("the largest 64-bit integer", json!(i64::MAX)),
                ("1e308", json!(1e308)),
                ("-1e308", json!(-1e308)),
                ("5e-324", json!(5e-324)),
            ]));
            for (bound, further) in [("minimum", -1.0), ("maximum", 1.0)] {
                if let Some(bound) = property[bound].as_f64() {
                    found.push((format!("{bound}, the bound"), number(bound)));
                    found.push((format!("{}, past the bound", bound + further), number(bound + further)));
                }
            }
        }
        "array" => {
            found.push((format!("{MANY_ITEMS} items"), Value::Array(vec![Value::Null; MANY_ITEMS])));
            found.push(("items of all kinds".to_owned(), json!([null, 1, "a", [], {}, true])));
        }
        _ => {}
    }
    found
}

fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_property_is_tried_and_nothing_is_tried_twice_too_often() {
        let schema = json!({"type": "object", "properties": {
            "name": {"type": "string", "minLength": 2, "maxLength": 80}, "age": {"$ref": "#/$defs/age"},
            "tags": {"type": "array"}, "data": {"type": "string", "format": "input-file"} },
            "$defs": {"age": {"type": "integer", "minimum": 0, "maximum": 150}}});
        let honest = json!({"name": "Ada", "age": 36});
        let inputs = hostile_inputs(&schema, &honest);
        let what: Vec<&str> = inputs.iter().map(|hostile| hostile.what.as_str()).collect();
        for expected in [
            "null instead of an object",
            "nothing in it",
            "a further key '__proto__'",
            "no 'name'",
            "'name': one character longer than 80",
            "'name': one character shorter than 2",
            "'name': huge",
            "'age': 151, past the bound",
            "'age': -1, past the bound",
            "'tags': 50000 items",
        ] {
            assert!(what.contains(&expected), "{expected}: {what:#?}");
        }
        assert!(!what.iter().any(|what| what.contains("'data'")), "files are handed over, not typed");
        assert!(inputs.iter().all(|hostile| hostile.input != honest));
        assert_eq!(inputs, hostile_inputs(&schema, &honest), "the same each time");
        let wide: Map<String, Value> = (0..500).map(|name| (name.to_string(), json!({"type": "string"}))).collect();
        assert_eq!(hostile_inputs(&json!({"properties": wide}), &json!({})).len(), INPUTS_MAX);
    }
}
