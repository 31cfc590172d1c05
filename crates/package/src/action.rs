//! What a person can start: `action-schema.json`, with the hints of `ui-schema.json`.

use crate::{
    author_schema::{FILE_FORMATS, InputError, InputSchema, PatternsLeft},
    document::{Document, Part, escape_segment},
    finding::{FINDINGS_MAX, Finding, did_you_mean, quote},
};
use protocol::{ActionName, FileAccess};
use serde_json::Value;
use std::{collections::HashSet, sync::Arc};

/// Names of functions that oikos calls itself, so that they cannot be an action's or a tool's.
pub(crate) const RESERVED: [&str; 4] = ["activate", "deactivate", "health", "invoke"];

/// An action of an app.
#[derive(Clone, Debug)]
pub struct Action {
    /// The exported function.
    pub name: ActionName,
    /// The title, in the author's words; the name where none is given.
    pub title: String,
    /// What it does, in the author's words.
    pub description: Option<String>,
    /// JSON Schema of the input.
    pub input: Value,
    /// JSON Schema of the output.
    pub output: Option<Value>,
    /// How to draw the form, from `ui-schema.json`.
    pub ui: Option<Value>,
    /// The properties by which a person hands over files and folders.
    pub file_fields: Vec<FileField>,
    schema: Arc<InputSchema>,
    output_schema: Option<Arc<InputSchema>>,
}

/// A property by which a person hands over a file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileField {
    /// The property of the input.
    pub name: String,
    /// Whether it is read or written.
    pub access: FileAccess,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether the action needs it.
    pub is_required: bool,
}

impl Action {
    /// Checks an input against the action's schema.
    pub fn check_input(&self, input: &Value) -> Result<(), InputError> {
        self.schema.check(input)
    }

    /// Checks what the action returned against its schema of that, where it has one.
    pub fn check_output(&self, output: &Value) -> Result<(), InputError> {
        self.output_schema.as_ref().map_or(Ok(()), |schema| schema.check(output))
    }

    /// The file field of this name.
    pub fn file_field(&self, name: &str) -> Option<&FileField> {
        self.file_fields.iter().find(|field| field.name == name)
    }
}

/// Reads the actions of a file that fits its schema, in the order of the file.
pub(crate) fn read_actions(file: &Document<'_>) -> Result<Vec<Action>, Vec<Finding>> {
    let mut actions = Vec::new();
    let mut findings = Vec::new();
    let mut patterns_left = PatternsLeft::of_a_file();
    for key in file.keys().into_iter().filter(|key| *key != "$schema") {
        let pointer = format!("/{}", escape_segment(key));
        let Some(written) = file.value.get(key) else { continue };
        let name = match key.parse::<ActionName>() {
            Ok(name) => name,
            Err(error) => {
                findings.push(file.finding(&pointer, Part::Key, error.to_string()));
                continue;
            }
        };
        if RESERVED.contains(&key) {
            findings.push(reserved(file, &pointer, Part::Key, key));
            continue;
        }
        let text = |key: &str| written.get(key).and_then(Value::as_str).map(str::to_owned);
        let output = written.get("output").cloned();
        let output_schema = match &output {
            None => None,
            Some(_) => InputSchema::compile(file, &format!("{pointer}/output"), &mut patterns_left)
                .map_err(|found| findings.extend(found))
                .ok(),
        };
        let file_fields = read_file_fields(file, &pointer, &mut findings);
        match InputSchema::compile(file, &format!("{pointer}/input"), &mut patterns_left) {
            Err(found) => findings.extend(found),
            Ok(schema) => actions.push(Action {
                title: text("title").unwrap_or_else(|| name.to_string()),
                name,
                description: text("description"),
                input: written.get("input").cloned().unwrap_or_default(),
                output,
                ui: None,
                file_fields,
                schema: Arc::new(schema),
                output_schema: output_schema.map(Arc::new),
            }),
        }
    }
    if actions.is_empty() && findings.is_empty() {
        findings.push(file.finding("", Part::Value, "there is no action"));
    }
    if findings.is_empty() { Ok(actions) } else { Err(findings) }
}

/// The finding about a name of [`RESERVED`].
pub(crate) fn reserved(file: &Document<'_>, pointer: &str, part: Part, name: &str) -> Finding {
    let message = format!("{} is a function that oikos calls by itself", quote(name));
    file.finding_with(pointer, part, message, Some("name it differently".to_owned()))
}

fn read_file_fields(file: &Document<'_>, pointer: &str, findings: &mut Vec<Finding>) -> Vec<FileField> {
    let input = file.value.pointer(&format!("{pointer}/input"));
    let list = |key: &str| input.and_then(|input| input.get(key));
    let required: HashSet<&str> =
        list("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut fields = Vec::new();
    for (name, property) in list("properties").and_then(Value::as_object).into_iter().flatten() {
        if findings.len() > FINDINGS_MAX {
            break; // telling a place reads the file, so no more is told than is shown
        }
        let format = property.get("format").and_then(Value::as_str).unwrap_or_default();
        let at = format!("{pointer}/input/properties/{}/format", escape_segment(name));
        let (access, is_folder) = match format {
            "input-file" => (FileAccess::Read, false),
            "input-folder" => (FileAccess::Read, true),
            "output-file" => (FileAccess::Write, false),
            "output-folder" => (FileAccess::Write, true),
            other => {
                // A mistyped format would silently make a file field a plain text field.
                if let Some(near) = did_you_mean(other, FILE_FORMATS).filter(|_| other.contains('-')) {
                    findings.push(file.finding_with(
                        &at,
                        Part::Value,
                        format!("unknown format {}", quote(other)),
                        Some(near),
                    ));
                }
                continue;
            }
        };
        if property.get("type").and_then(Value::as_str) != Some("string") {
            let message = format!("a property with format {} has \"type\": \"string\"", quote(format));
            findings.push(file.finding(&at, Part::Value, message));
        }
        fields.push(FileField { name: name.clone(), access, is_folder, is_required: required.contains(name.as_str()) });
    }
    fields
}

/// Puts the hints of `ui-schema.json` beside their actions.
pub(crate) fn add_ui(file: &Document<'_>, actions: &mut [Action]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, hints) in file.value.as_object().into_iter().flatten().filter(|(key, _)| *key != "$schema") {
        let names: Vec<String> = actions.iter().map(|action| action.name.to_string()).collect();
        let Some(action) = actions.iter_mut().find(|action| action.name.as_str() == key) else {
            let message = format!("there is no action {}", quote(key));
            let near = did_you_mean(key, names.iter().map(String::as_str));
            findings.push(file.finding_with(&format!("/{}", escape_segment(key)), Part::Key, message, near));
            continue;
        };
        let known: Vec<&str> = match action.input.get("properties").and_then(Value::as_object) {
            Some(properties) => properties.keys().map(String::as_str).collect(),
            None => Vec::new(),
        };
        for (index, field) in hints.get("order").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let field = field.as_str().unwrap_or_default();
            if !known.contains(&field) && findings.len() <= FINDINGS_MAX {
                let at = format!("/{}/order/{index}", escape_segment(key));
                let message = format!("the input of {} has no property {}", quote(key), quote(field));
                let near = did_you_mean(field, known.iter().copied());
                findings.push(file.finding_with(&at, Part::Value, message, near));
            }
        }
        action.ui = Some(hints.clone());
    }
    findings
}
