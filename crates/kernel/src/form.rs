//! Forms that servers ask with. The protocol leaves them one flat object of texts, numbers, yes or no, and choices: what is drawn and
//! checked here is that and nothing else, so that no screen meets a schema that somebody thought up for it.

use protocol::text::shorten;
use serde_json::{Map, Value, json};

/// Fields of one form. A person fills it in while a call waits.
const FIELDS_MAX: usize = 40;
/// Values that one field can be chosen from.
const OPTIONS_MAX: usize = 200;
/// A name of a field, a title, a value of a choice.
const NAME_CHARS_MAX: usize = 200;
/// What a server says of a field.
const HELP_CHARS_MAX: usize = 1_000;
/// A text that is filled in.
const TEXT_CHARS_MAX: usize = 20_000;
const FORMATS: [&str; 4] = ["email", "uri", "date", "date-time"];

/// A form as it is drawn: what the schema of a server says of its fields, without what no form has. `Err` is why it is none.
pub(crate) fn plain(schema: &Value) -> Result<Value, String> {
    if schema["type"] != "object" {
        return Err("a form is an object".to_owned());
    }
    let none = Map::new();
    let said = schema["properties"].as_object().unwrap_or(&none);
    if said.len() > FIELDS_MAX {
        return Err(format!("a form has at most {FIELDS_MAX} fields"));
    }
    let mut properties = Map::new();
    for (name, said) in said {
        let shown = shorten(name, NAME_CHARS_MAX);
        if *name != shown {
            return Err(format!("the name of the field '{shown}' is too long"));
        }
        let field = field(said).ok_or_else(|| format!("the field '{shown}' is of a kind that no form has"))?;
        properties.insert(name.clone(), field);
    }
    let mut required: Vec<&str> = Vec::new();
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !properties.contains_key(name) {
            return Err(format!("the field '{}' is needed and not there", shorten(name, NAME_CHARS_MAX)));
        }
        if !required.contains(&name) {
            required.push(name);
        }
    }
    Ok(json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false }))
}

/// A stranger's text of a bounded length, as they wrote it: whoever shows it escapes it.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// One field; `None` where no form has such a one.
fn field(said: &Value) -> Option<Value> {
    let kind = said["type"].as_str()?;
    let mut field = Map::from_iter([("type".to_owned(), kind.into())]);
    for (name, most) in [("title", NAME_CHARS_MAX), ("description", HELP_CHARS_MAX)] {
        if let Some(text) = said[name].as_str().filter(|text| !text.is_empty()) {
            field.insert(name.to_owned(), cut(text, most).into());
        }
    }
    let mut keep = |names: [&str; 2], fits: fn(&Value) -> bool| {
        for name in names {
            if let Some(value) = said.get(name).filter(|value| fits(value)) {
                field.insert(name.to_owned(), value.clone());
            }
        }
    };
    match kind {
        "string" => match options(said)? {
            Some((name, options)) => drop(field.insert(name.to_owned(), options)),
            None => {
                keep(["minLength", "maxLength"], Value::is_u64);
                if let Some(format) = said["format"].as_str().filter(|format| FORMATS.contains(format)) {
                    field.insert("format".to_owned(), format.into());
                }
            }
        },
        "number" | "integer" => keep(["minimum", "maximum"], Value::is_number),
        "boolean" => {}
        "array" => {
            let (name, options) = options(&said["items"])??;
            keep(["minItems", "maxItems"], Value::is_u64);
            field.insert("items".to_owned(), json!({ "type": "string", name: options }));
            field.insert("uniqueItems".to_owned(), true.into());
        }
        _ => return None,
    }
    let field = Value::Object(field);
    // What it proposes itself is not there where it does not fit.
    match said.get("default").filter(|proposed| check_value(&field, proposed).is_ok()) {
        Some(proposed) => {
            let mut field = field;
            field["default"] = proposed.clone();
            Some(field)
        }
        None => Some(field),
    }
}

/// The closed list of values that a schema of texts has, in one of the ways that the revisions know, under the keyword that says it.
/// `None`: it has one that cannot be read.
fn options(said: &Value) -> Option<Option<(&'static str, Value)>> {
    if let Some(ways) = said.get("oneOf").or_else(|| said.get("anyOf")) {
        let ways = ways.as_array().filter(|ways| (1..=OPTIONS_MAX).contains(&ways.len()))?;
        let way = |way: &Value| {
            let value = way["const"].as_str()?;
            Some(json!({ "const": value, "title": cut(way["title"].as_str().unwrap_or(value), NAME_CHARS_MAX) }))
        };
        return Some(Some(("oneOf", ways.iter().map(way).collect::<Option<Value>>()?)));
    }
    let Some(values) = said.get("enum") else { return Some(None) };
    let values = values.as_array().filter(|values| (1..=OPTIONS_MAX).contains(&values.len()))?;
    if !values.iter().all(Value::is_string) {
        return None;
    }
    match said["enumNames"].as_array().filter(|names| names.len() == values.len()) {
        Some(names) => {
            let way = |(value, name): (&Value, &Value)| {
                let title = cut(name.as_str().or(value.as_str()).unwrap_or_default(), NAME_CHARS_MAX);
                json!({ "const": value, "title": title })
            };
            Some(Some(("oneOf", values.iter().zip(names).map(way).collect())))
        }
        None => Some(Some(("enum", values.clone().into()))),
    }
}

/// Whether what was filled in fits a form that is [`plain`]. `Err` says what does not, of which field.
pub(crate) fn check(schema: &Value, filled: &Map<String, Value>) -> Result<(), String> {
    let label = |name: &str| {
        let title = schema["properties"][name]["title"].as_str();
        shorten(title.unwrap_or(name), NAME_CHARS_MAX)
    };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !filled.contains_key(name) {
            return Err(format!("'{}' is needed", label(name)));
        }
    }
    for (name, value) in filled {
        let field = schema["properties"].get(name).ok_or_else(|| format!("the form has no field '{}'", label(name)))?;
        check_value(field, value).map_err(|why| format!("'{}' has to be {why}", label(name)))?;
    }
    Ok(())
}

/// `Err`: what the value would have to be.
fn check_value(field: &Value, value: &Value) -> Result<(), String> {
    let count = |name: &str| field[name].as_u64().and_then(|count| usize::try_from(count).ok());
    match field["type"].as_str() {
        Some("string") => {
            let text = value.as_str().ok_or("a text")?;
            if !is_option(field, text) {
                return Err("one of its choices".to_owned());
            }
            let chars = text.chars().count();
            if let Some(least) = count("minLength").filter(|least| chars < *least) {
                return Err(format!("at least {least} characters long"));
            }
            let most = count("maxLength").unwrap_or(TEXT_CHARS_MAX).min(TEXT_CHARS_MAX);
            if chars > most {
                return Err(format!("at most {most} characters long"));
            }
            match field["format"].as_str() {
                Some("email") if !is_email(text) => Err("an e-mail address".to_owned()),
                Some("uri") if !is_uri(text) => Err("a whole address, such as https://example.org".to_owned()),
                Some("date") if text.parse::<jiff::civil::Date>().is_err() || text.len() != 10 => {
                    Err("a date, such as 2026-11-23".to_owned())
                }
                Some("date-time") if text.parse::<jiff::Timestamp>().is_err() => {
                    Err("a moment with its offset, such as 2026-11-23T19:00:00Z".to_owned())
                }
                _ => Ok(()),
            }
        }
        Some(kind @ ("number" | "integer")) => {
            let number = value.as_f64().ok_or("a number")?;
            if kind == "integer" && number.fract() != 0.0 {
                return Err("a whole number".to_owned());
            }
            if let Some(least) = field["minimum"].as_f64().filter(|least| number < *least) {
                return Err(format!("at least {least}"));
            }
            match field["maximum"].as_f64().filter(|most| number > *most) {
                Some(most) => Err(format!("at most {most}")),
                None => Ok(()),
            }
        }
        Some("boolean") => value.as_bool().map(drop).ok_or_else(|| "yes or no".to_owned()),
        _ => {
            let chosen = value.as_array().ok_or("a list of its choices")?;
            let all: Option<Vec<&str>> = chosen.iter().map(Value::as_str).collect();
            let all = all.filter(|all| all.iter().all(|text| is_option(&field["items"], text)));
            let all = all.ok_or("a list of its choices")?;
            if all.iter().enumerate().any(|(place, text)| all[..place].contains(text)) {
                return Err("without one that is there twice".to_owned());
            }
            if let Some(least) = count("minItems").filter(|least| all.len() < *least) {
                return Err(format!("at least {least} of its choices"));
            }
            match count("maxItems").filter(|most| all.len() > *most) {
                Some(most) => Err(format!("at most {most} of its choices")),
                None => Ok(()),
            }
        }
    }
}

/// Whether a text is among those that may be chosen; where there is no list, each is.
fn is_option(of: &Value, text: &str) -> bool {
    if let Some(values) = of["enum"].as_array() {
        return values.iter().any(|value| value == text);
    }
    of["oneOf"].as_array().is_none_or(|ways| ways.iter().any(|way| way["const"] == text))
}

fn is_email(text: &str) -> bool {
    let whole = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    whole && text.split_once('@').is_some_and(|(who, at)| !who.is_empty() && !at.is_empty() && !at.contains('@'))
}

fn is_uri(text: &str) -> bool {
    let whole = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    whole && text.split_once(':').is_some_and(|(before, rest)| scheme(before) && !rest.is_empty())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn form(name: &str, field: Value) -> Result<Value, String> {
        plain(&json!({ "type": "object", "properties": { name: field } }))
    }

    fn fits(field: &Value, value: Value) -> Result<(), String> {
        let schema = form("a", field.clone()).unwrap();
        check(&schema, &Map::from_iter([("a".to_owned(), value)]))
    }

    #[test]
    fn a_form_keeps_what_forms_have_and_nothing_else() {
        let said = json!({
            "type": "string", "title": "T", "minLength": 2, "format": "email", "pattern": "(a+)+", "$ref": "https://evil.example",
            "default": "a@b",
        });
        let kept = json!({ "type": "string", "title": "T", "minLength": 2, "format": "email", "default": "a@b" });
        assert_eq!(form("a", said).unwrap()["properties"]["a"], kept);
        let named = json!({ "type": "string", "enum": ["s", "l"], "enumNames": ["Small", "Large"], "default": "xl" });
        let kept = json!({ "type": "string", "oneOf": [{ "const": "s", "title": "Small" }, { "const": "l", "title": "Large" }] });
        assert_eq!(form("a", named).unwrap()["properties"]["a"], kept);
        let several =
            json!({ "type": "array", "items": { "anyOf": [{ "const": "s", "title": "Small" }] }, "minItems": 1 });
        let kept = form("a", several).unwrap()["properties"]["a"].clone();
        assert_eq!((&kept["items"]["oneOf"][0]["title"], &kept["minItems"]), (&json!("Small"), &json!(1)));
        for odd in [
            json!({ "type": "object" }),
            json!({ "type": ["string", "null"] }),
            json!({ "type": "array", "items": { "type": "string" } }),
            json!({ "type": "string", "enum": [1, 2] }),
            json!({ "type": "string", "oneOf": [{ "type": "string" }] }),
            json!({}),
            json!(true),
        ] {
            assert!(form("a", odd.clone()).is_err(), "{odd}");
        }
        assert!(plain(&json!({ "type": "array" })).is_err());
        assert!(plain(&json!({ "type": "object", "properties": {}, "required": ["a"] })).is_err());
        let many: Map<String, Value> =
            (0..=FIELDS_MAX).map(|n| (n.to_string(), json!({ "type": "boolean" }))).collect();
        assert!(plain(&json!({ "type": "object", "properties": many })).is_err());
    }

    #[test]
    fn what_is_filled_in_has_to_fit() {
        let string = |more: Value| {
            let mut field = json!({ "type": "string" });
            field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            field
        };
        let cases = [
            (string(json!({ "minLength": 2, "maxLength": 3 })), json!("ab"), json!("a")),
            (string(json!({ "minLength": 2, "maxLength": 3 })), json!("äöü"), json!("abcd")),
            (string(json!({ "format": "email" })), json!("a@b.example"), json!("a.b")),
            (string(json!({ "format": "uri" })), json!("https://a.example"), json!("a.example")),
            (string(json!({ "format": "date" })), json!("2026-11-23"), json!("23.11.2026")),
            (string(json!({ "format": "date-time" })), json!("2026-11-23T19:00:00Z"), json!("2026-11-23")),
            (string(json!({ "enum": ["a"] })), json!("a"), json!("b")),
            (json!({ "type": "integer", "minimum": 1 }), json!(1), json!(1.5)),
            (json!({ "type": "integer", "minimum": 1 }), json!(2), json!(0)),
            (json!({ "type": "number", "maximum": 1.5 }), json!(1.5), json!(2)),
            (json!({ "type": "boolean" }), json!(false), json!("no")),
            (
                json!({ "type": "array", "items": { "enum": ["a", "b"] }, "maxItems": 1 }),
                json!(["a"]),
                json!(["a", "b"]),
            ),
            (json!({ "type": "array", "items": { "enum": ["a", "b"] } }), json!(["a", "b"]), json!(["a", "a"])),
            (json!({ "type": "array", "items": { "enum": ["a", "b"] } }), json!([]), json!(["c"])),
        ];
        for (field, good, bad) in cases {
            assert_eq!(fits(&field, good), Ok(()), "{field}");
            assert!(fits(&field, bad.clone()).is_err(), "{field} {bad}");
        }
        let schema = json!({
            "type": "object", "properties": { "a": { "type": "string", "title": "Your name" } }, "required": ["a"],
        });
        let schema = plain(&schema).unwrap();
        assert_eq!(check(&schema, &Map::new()), Err("'Your name' is needed".to_owned()));
        let more = Map::from_iter([("a".to_owned(), json!("x")), ("b".to_owned(), json!("y"))]);
        assert_eq!(check(&schema, &more), Err("the form has no field 'b'".to_owned()));
    }
}
