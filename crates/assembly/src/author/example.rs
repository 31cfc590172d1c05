//! An honest input, made from its schema: what a form would send that somebody filled in with as little as possible.

use serde_json::{Map, Value, json};

/// References that are followed one inside the other.
const DEPTH_MAX: usize = 16;

/// An input that fits a schema, as far as that can be read off it. Whoever uses it checks it.
pub(crate) fn example(schema: &Value) -> Value {
    value(schema, schema, 0)
}

fn value(root: &Value, schema: &Value, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    if let Some(reference) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        return root.pointer(reference).map_or(Value::Null, |schema| value(root, schema, depth + 1));
    }
    for key in ["const", "default"] {
        if let Some(given) = schema.get(key) {
            return given.clone();
        }
    }
    for list in ["examples", "enum"] {
        if let Some(first) = schema[list].as_array().and_then(|list| list.first()) {
            return first.clone();
        }
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(first) = schema[choice].as_array().and_then(|list| list.first()) {
            return value(root, first, depth + 1);
        }
    }
    match kind(schema) {
        "object" => object(root, schema, depth),
        "array" => {
            let count = schema["minItems"].as_u64().unwrap_or(0).min(100) as usize;
            Value::Array((0..count).map(|_| value(root, &schema["items"], depth + 1)).collect())
        }
        "integer" | "number" => number(schema),
        "boolean" => json!(true),
        "null" => Value::Null,
        _ => text(schema),
    }
}

/// The type; where several are possible, the first that is not null.
pub(crate) fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn object(root: &Value, schema: &Value, depth: usize) -> Value {
    let mut object = Map::new();
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let property = &schema["properties"][name];
        if is_file(property) {
            continue;
        }
        object.insert(name.to_owned(), value(root, property, depth + 1));
    }
    Value::Object(object)
}

/// Whether a person hands it over: then it is not part of the input.
pub(crate) fn is_file(property: &Value) -> bool {
    matches!(property["format"].as_str(), Some("input-file" | "output-file" | "input-folder" | "output-folder"))
}

fn number(schema: &Value) -> Value {
    let at_least = schema["minimum"].as_f64().or_else(|| schema["exclusiveMinimum"].as_f64().map(|least| least + 1.0));
    let at_most = schema["maximum"].as_f64().or_else(|| schema["exclusiveMaximum"].as_f64().map(|most| most - 1.0));
    let step = schema["multipleOf"].as_f64().unwrap_or(1.0);
    let number = at_least.unwrap_or_else(|| at_most.map_or(step, |most| most.min(step)));
    if number.fract() == 0.0 && number.abs() < 9e15 { json!(number as i64) } else { json!(number) }
}

fn text(schema: &Value) -> Value {
    match schema["format"].as_str() {
        Some("date") => return json!("2026-05-17"),
        Some("date-time") => return json!("2026-05-17T12:00:00Z"),
        Some("time") => return json!("12:00:00Z"),
        Some("email") => return json!("ada@example.org"),
        Some("uri") => return json!("https://example.org/"),
        _ => {}
    }
    let least = schema["minLength"].as_u64().unwrap_or(0).min(10_000) as usize;
    let most = schema["maxLength"].as_u64().map_or(usize::MAX, |most| most as usize);
    let mut text = "word".to_owned();
    while text.chars().count() < least {
        text.push_str(" word");
    }
    json!(text.chars().take(most.max(least)).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_has_what_is_required() {
        let check = |schema: Value, expected: Value| assert_eq!(example(&schema), expected, "{schema}");
        check(
            json!({"type": "object", "required": ["a", "b", "data"], "properties": {
                "a": {"type": "string", "minLength": 6}, "b": {"type": "integer", "minimum": 3},
                "c": {"type": "boolean"}, "data": {"type": "string", "format": "input-file"} }}),
            json!({"a": "word word", "b": 3}),
        );
        check(json!({"enum": ["x", "y"]}), json!("x"));
        check(json!({"type": ["null", "number"], "maximum": 0.5}), json!(0.5));
        check(
            json!({"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"const": 7}}}),
            json!([7, 7]),
        );
        check(json!({"$ref": "#"}), Value::Null);
        check(json!({"oneOf": [{"type": "string", "maxLength": 2}, {"type": "null"}]}), json!("wo"));
    }
}
