//! The page of the HTTP API, from its description.

use serde_json::Value;

/// The page, from the description as `oikos openapi` prints it.
pub(crate) fn api_page(description: &Value, notice: &str) -> String {
    let mut page = format!("# HTTP API\n\n{notice}\n{}\n", text(&description["info"], "description"));
    page.push_str(
        "\nThe same in a form for programs: [openapi.json](../openapi.json). Codes: [errors.md](errors.md).\n",
    );
    for tag in description["tags"].as_array().into_iter().flatten() {
        let name = text(tag, "name");
        page.push_str(&format!("\n## {}\n\n{}.\n", capital(name), text(tag, "description")));
        for (path, item) in fields(&description["paths"]) {
            for (method, operation) in fields(item) {
                if operation["tags"].as_array().into_iter().flatten().any(|tagged| tagged == name) {
                    page.push_str(&one(path, method, operation));
                }
            }
        }
    }
    page.push_str("\n## What goes over the wire\n");
    for (name, schema) in fields(&description["components"]["schemas"]) {
        page.push_str(&form(name, schema));
    }
    page
}

fn one(path: &str, method: &str, operation: &Value) -> String {
    let mut said = format!("\n### `{} {path}`\n\n{}.\n", method.to_uppercase(), text(operation, "summary"));
    if let Some(more) = operation["description"].as_str() {
        said.push_str(&format!("\n{more}\n"));
    }
    match operation["security"].as_array().map(Vec::as_slice) {
        Some([]) => said.push_str("\nAsks for no credential.\n"),
        Some(ways) if ways.iter().all(|way| way.get("key").is_none()) => {
            said.push_str("\nAt the socket or by a page; never with an API key.\n");
        }
        _ => {}
    }
    let given = operation["parameters"].as_array().into_iter().flatten();
    let mut rows: Vec<_> = given
        .map(|parameter| {
            let place = format!("{}, {}", text(parameter, "in"), kind(&parameter["schema"]));
            (text(parameter, "name").to_owned(), place, text(parameter, "description").to_owned())
        })
        .collect();
    for (_, content) in fields(&operation["requestBody"]["content"]) {
        rows.push(("body".to_owned(), kind(&content["schema"]), String::new()));
    }
    if !rows.is_empty() {
        said.push_str("\n| given | as | meaning |\n|---|---|---|\n");
        for (name, place, meaning) in rows {
            said.push_str(&format!("| `{name}` | {} | {} |\n", cell(&place), cell(&meaning)));
        }
    }
    said.push_str("\n| answer | as | meaning |\n|---|---|---|\n");
    for (status, answer) in fields(&operation["responses"]) {
        let kinds: Vec<_> = fields(&answer["content"])
            .map(|(media, content)| format!("{} ({media})", kind(&content["schema"])))
            .collect();
        said.push_str(&format!("| {status} | {} | {} |\n", cell(&kinds.join(", ")), cell(text(answer, "description"))));
    }
    said
}

fn form(name: &str, schema: &Value) -> String {
    let mut said = format!("\n### {name}\n\n{}\n", text(schema, "description"));
    let parts = ["oneOf", "allOf", "anyOf"].into_iter().filter_map(|key| schema[key].as_array());
    let alternatives: Vec<&Value> = parts.flatten().collect();
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<_> = words.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
        said.push_str(&format!("\nOne of {}.\n", words.join(", ")));
    } else if alternatives.is_empty() && schema["properties"].is_null() {
        said.push_str(&format!("\nA {}.\n", kind(schema)));
    }
    let mut rows = rows(schema);
    for part in alternatives {
        let joins = if schema["oneOf"].is_array() { "or " } else { "" };
        match part["properties"].is_object() {
            true => {
                rows.push((String::new(), joins.trim().to_owned(), text(part, "description").to_owned()));
                rows.extend(self::rows(part));
            }
            false => rows.push((String::new(), format!("{joins}{}", kind(part)), text(part, "description").to_owned())),
        }
    }
    if !rows.is_empty() {
        said.push_str("\n| field | as | meaning |\n|---|---|---|\n");
        for (field, kind, meaning) in rows {
            let field = if field.is_empty() { String::new() } else { format!("`{field}`") };
            said.push_str(&format!("| {field} | {} | {} |\n", cell(&kind), cell(&meaning)));
        }
    }
    said
}

fn rows(schema: &Value) -> Vec<(String, String, String)> {
    let needed =
        |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|known| known == name));
    fields(&schema["properties"])
        .map(|(name, field)| {
            let optional = if needed(name) { "" } else { ", may be absent" };
            (name.to_owned(), format!("{}{optional}", kind(field)), text(field, "description").to_owned())
        })
        .collect()
}

/// What a schema is, in a word.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(words) = schema["enum"].as_array() {
        return words
            .iter()
            .map(|word| format!("`{}`", word.as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(", ");
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[key].as_array() {
            return parts.iter().map(kind).filter(|kind| kind != "null").collect::<Vec<_>>().join(" or ");
        }
    }
    let types: Vec<_> = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).filter(|one| *one != "null").collect(),
        _ => vec!["any JSON"],
    };
    match (types.as_slice(), schema["format"].as_str()) {
        (["array"], _) => format!("list of {}", kind(&schema["items"])),
        (_, Some(format)) => format!("{} ({format})", types.join(" or ")),
        _ => types.join(" or "),
    }
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Text inside a table of Markdown.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_route_is_told_with_what_it_takes_and_gives() {
        let description = json!({
            "info": { "description": "All of it." },
            "tags": [{ "name": "apps", "description": "Packages" }],
            "paths": { "/apps/{app}": { "get": {
                "tags": ["apps"], "summary": "One app", "description": "In full.",
                "parameters": [{ "name": "app", "in": "path", "schema": { "type": "string" }, "description": "a|b" }],
                "responses": { "200": { "description": "It", "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/App" } } } } }
            } } },
            "components": { "schemas": { "App": { "description": "An app.", "required": ["name"], "properties": {
                "name": { "type": "string", "description": "Its name." },
                "size": { "type": ["integer", "null"], "format": "int64" } } } } }
        });
        let page = api_page(&description, "");
        for part in [
            "## Apps\n\nPackages.\n\n### `GET /apps/{app}`\n\nOne app.\n\nIn full.\n",
            "| `app` | path, string | a\\|b |",
            "| 200 | [App](#app) (application/json) | It |",
            "### App\n\nAn app.\n",
            "| `name` | string | Its name. |",
            "| `size` | integer (int64), may be absent |  |",
        ] {
            assert!(page.contains(part), "{part}\n---\n{page}");
        }
    }
}
