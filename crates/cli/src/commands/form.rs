//! The form of a server at the terminal: a prompt for each field, and one before any of it is sent.

use crate::terminal::{CARE, QUIET, STRONG, Terminal, styled};
use protocol::{Answer, Choice, text::escape};
use serde_json::{Map, Number, Value};

/// How often one field is asked for, until what was typed fits.
const TRIES_MAX: usize = 5;

/// Asks for all fields of a form. What was said to it as a whole is the answer.
pub(super) async fn answer(terminal: &Terminal, message: &str, schema: &Value) -> Answer {
    terminal.note(format_args!("    {}", escape(message)));
    let first = terminal.ask("  [f]ill it in, [n]o, or leave it unanswered (Enter):").await;
    match first.as_deref() {
        Some("f" | "fill" | "y" | "yes") => {}
        Some("n" | "no") => return Choice::No.into(),
        _ => return Choice::Cancel.into(),
    }
    let Some(filled) = fields(terminal, schema).await else { return Choice::Cancel.into() };
    for (name, value) in &filled {
        terminal.note(format_args!("    {}: {}", escape(name), escape(&shown(value))));
    }
    match terminal.ask("  send this? [y/N]").await.as_deref() {
        Some("y" | "yes") => Answer { filled: Some(filled), ..Choice::Once.into() },
        _ => Choice::Cancel.into(),
    }
}

/// `None`: whoever sat there stopped.
async fn fields(terminal: &Terminal, schema: &Value) -> Option<Map<String, Value>> {
    let mut filled = Map::new();
    for (name, field, is_needed) in in_order(schema) {
        let label = field["title"].as_str().unwrap_or(name);
        terminal.note(styled(STRONG, format_args!("  {}", escape(label))));
        if let Some(help) = field["description"].as_str() {
            terminal.note(styled(QUIET, format_args!("    {}", escape(help))));
        }
        let options = options(field);
        for (place, (_, title)) in options.iter().enumerate() {
            terminal.note(format_args!("    {}  {}", place + 1, escape(title)));
        }
        let mut tries = 0;
        loop {
            tries += 1;
            let said = terminal.ask(format_args!("  {}:", hint(field, &options, is_needed))).await?;
            let read = match said.is_empty() {
                true => match field.get("default") {
                    Some(default) => Ok(Some(default.clone())),
                    None if is_needed => Err("this is needed".to_owned()),
                    None => Ok(None),
                },
                false => read(field, &options, &said).map(Some),
            };
            match read {
                Ok(Some(value)) => drop(filled.insert(name.to_owned(), value)),
                Ok(None) => {}
                Err(_) if tries == TRIES_MAX => return None,
                Err(why) => {
                    terminal.note(styled(CARE, format_args!("    {why}")));
                    continue;
                }
            }
            break;
        }
    }
    Some(filled)
}

/// The fields: first those that are needed, as the server named them.
fn in_order(schema: &Value) -> Vec<(&str, &Value, bool)> {
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let first = needed.iter().filter_map(|name| Some((*name, properties.get(*name)?, true)));
    let others = properties.iter().filter(|(name, _)| !needed.contains(&name.as_str()));
    first.chain(others.map(|(name, field)| (name.as_str(), field, false))).collect()
}

/// The closed choice of a field: each value with what it is called.
fn options(field: &Value) -> Vec<(&str, &str)> {
    let of = if field["type"] == "array" { &field["items"] } else { field };
    let plain = of["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(|value| (value, value));
    let titled = of["oneOf"].as_array().into_iter().flatten().filter_map(|way| {
        let value = way["const"].as_str()?;
        Some((value, way["title"].as_str().unwrap_or(value)))
    });
    plain.chain(titled).collect()
}

/// What may be typed.
fn hint(field: &Value, options: &[(&str, &str)], is_needed: bool) -> String {
    let kind = match field["type"].as_str() {
        Some("array") => "numbers of the choices, with commas",
        Some("boolean") => "y or n",
        Some("number") => "a number",
        Some("integer") => "a whole number",
        _ if !options.is_empty() => "the number of a choice",
        _ => match field["format"].as_str() {
            Some("email") => "an e-mail address",
            Some("uri") => "an address such as https://example.org",
            Some("date") => "a date such as 2026-11-23",
            Some("date-time") => "a moment such as 2026-11-23T19:00:00Z",
            _ => "a text",
        },
    };
    let empty = match field.get("default") {
        Some(default) => format!("; Enter: {}", escape(&shown(default))),
        None if is_needed => String::new(),
        None => "; Enter: none".to_owned(),
    };
    format!("{kind}{empty}")
}

/// What was typed, as the field's value. Bounds are the kernel's to check.
fn read(field: &Value, options: &[(&str, &str)], said: &str) -> Result<Value, String> {
    let chosen = |said: &str| {
        let said = said.trim();
        let by_number = said.parse::<usize>().ok().and_then(|number| options.get(number.checked_sub(1)?));
        let by_name = || options.iter().find(|(value, title)| *value == said || *title == said);
        let (value, _) = by_number.or_else(by_name).ok_or_else(|| format!("there is no choice {}", escape(said)))?;
        Ok::<Value, String>((*value).into())
    };
    match field["type"].as_str() {
        Some("array") => said.split(',').map(chosen).collect::<Result<Vec<_>, _>>().map(Value::Array),
        Some("boolean") => match said {
            "y" | "yes" | "true" => Ok(true.into()),
            "n" | "no" | "false" => Ok(false.into()),
            _ => Err("y or n".to_owned()),
        },
        Some("integer") => said.parse::<i64>().map(Value::from).map_err(|_| "that is no whole number".to_owned()),
        Some("number") => {
            let number = said.parse::<f64>().ok().and_then(Number::from_f64);
            number.map(Value::Number).ok_or_else(|| "that is no number".to_owned())
        }
        _ if !options.is_empty() => chosen(said),
        _ => Ok(said.into()),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_typed_becomes_what_the_field_holds() {
        let pick = json!({ "type": "string", "oneOf": [{ "const": "s", "title": "Small" }, { "const": "l" }] });
        let several = json!({ "type": "array", "items": { "type": "string", "enum": ["a", "b", "c"] } });
        let of = |field: &Value, said: &str| read(field, &options(field), said);
        assert_eq!(of(&pick, "1"), Ok(json!("s")));
        assert_eq!(of(&pick, "Small"), Ok(json!("s")));
        assert_eq!(of(&pick, "l"), Ok(json!("l")));
        assert!(of(&pick, "3").is_err() && of(&pick, "0").is_err());
        assert_eq!(of(&several, "1, 3"), Ok(json!(["a", "c"])));
        assert_eq!(of(&json!({ "type": "boolean" }), "y"), Ok(json!(true)));
        assert_eq!(of(&json!({ "type": "integer" }), "7"), Ok(json!(7)));
        assert!(of(&json!({ "type": "integer" }), "7.5").is_err());
        assert_eq!(of(&json!({ "type": "number" }), "7.5"), Ok(json!(7.5)));
        assert_eq!(of(&json!({ "type": "string" }), "7"), Ok(json!("7")));
    }

    #[test]
    fn what_is_needed_comes_first() {
        let schema = json!({
            "properties": { "a": { "type": "string" }, "b": { "type": "string" }, "c": { "type": "string" } },
            "required": ["c", "b"],
        });
        let names: Vec<(&str, bool)> = in_order(&schema).into_iter().map(|(name, _, needed)| (name, needed)).collect();
        assert_eq!(names, [("c", true), ("b", true), ("a", false)]);
    }
}
