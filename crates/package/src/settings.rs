//! What the owner can set: the schema under `settings`, and its fields as a form shows them.

use crate::{
    author_schema::{InputError, InputSchema, PatternsLeft},
    document::{Document, Part, escape_segment},
    finding::{FINDINGS_MAX, Finding},
};
use serde_json::Value;
use std::{collections::HashSet, sync::Arc};

/// The settings of an app.
#[derive(Clone, Debug)]
pub struct Settings {
    /// JSON Schema of all settings together, an object.
    pub schema: Value,
    /// Its properties, by name.
    pub fields: Vec<SettingField>,
    compiled: Arc<InputSchema>,
}

/// One setting.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingField {
    /// The property.
    pub name: String,
    /// The title, in the author's words; the name where none is given.
    pub title: String,
    /// What it does, in the author's words.
    pub description: Option<String>,
    /// What holds until the owner sets it.
    pub default: Option<Value>,
    /// It goes to the vault, and the app gets a handle.
    pub is_secret: bool,
    /// The app cannot do without it.
    pub is_required: bool,
}

impl Settings {
    /// Checks the values of all settings that are not secret.
    pub fn check(&self, values: &Value) -> Result<(), InputError> {
        self.compiled.check(values)
    }

    /// The setting of this name.
    pub fn field(&self, name: &str) -> Option<&SettingField> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// Reads `settings` of a manifest that fits its schema, if it is there.
pub(crate) fn read_settings(file: &Document<'_>) -> Result<Option<Settings>, Vec<Finding>> {
    let Some(schema) = file.value.get("settings") else { return Ok(None) };
    let mut findings = Vec::new();
    let compiled = InputSchema::compile(file, "/settings", &mut PatternsLeft::of_a_file())
        .map_err(|found| findings.extend(found))
        .ok();
    let list = |key: &str| schema.get(key).and_then(Value::as_array).into_iter().flatten();
    let required: HashSet<&str> = list("required").filter_map(Value::as_str).collect();
    let mut fields = Vec::new();
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if findings.len() > FINDINGS_MAX {
            break; // telling a place reads the file, so no more is told than is shown
        }
        let text = |key: &str| property.get(key).and_then(Value::as_str).map(str::to_owned);
        let is_secret = property.get("secret") == Some(&Value::Bool(true));
        let at = |key: &str| format!("/settings/properties/{}/{key}", escape_segment(name));
        if property.get("secret").is_some_and(|secret| !secret.is_boolean()) {
            findings.push(file.finding(&at("secret"), Part::Value, "expected true or false"));
        }
        if is_secret && property.get("type").and_then(Value::as_str) != Some("string") {
            findings.push(file.finding(&at("secret"), Part::Key, "a secret setting has \"type\": \"string\""));
        }
        if is_secret && property.get("default").is_some() {
            findings.push(file.finding(&at("default"), Part::Key, "a secret that is in the package is none"));
        }
        fields.push(SettingField {
            name: name.clone(),
            title: text("title").unwrap_or_else(|| name.clone()),
            description: text("description"),
            default: property.get("default").cloned(),
            is_secret,
            is_required: required.contains(name.as_str()),
        });
    }
    match compiled {
        Some(compiled) if findings.is_empty() => {
            Ok(Some(Settings { schema: schema.clone(), fields, compiled: Arc::new(compiled) }))
        }
        _ => Err(findings),
    }
}
