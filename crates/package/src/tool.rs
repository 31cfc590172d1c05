//! What a model can call: `llm-tool.yaml`, in each of its forms.

use crate::{
    action::{Action, RESERVED, reserved},
    author_schema::{FILE_FORMATS, InputError, InputSchema, PatternsLeft},
    document::{Document, Part, escape_segment},
    finding::{FINDINGS_MAX, Finding, quote},
    warning::Warning,
};
use protocol::ActionName;
use serde_json::{Value, json};
use std::{collections::HashSet, sync::Arc};

/// Tools of one app: more than a model can choose from.
pub const TOOLS_MAX: usize = 128;

/// A tool of an app. Models see it as `<app>.<tool>`.
#[derive(Clone, Debug)]
pub struct Tool {
    /// The exported function, or the name that `invoke` gets.
    pub name: ActionName,
    /// What it does, in the author's words, for the model.
    pub description: Option<String>,
    /// JSON Schema of the input.
    pub parameters: Value,
    schema: Arc<InputSchema>,
}

impl Tool {
    /// Checks an input against the tool's parameters.
    pub fn check_input(&self, input: &Value) -> Result<(), InputError> {
        self.schema.check(input)
    }
}

/// Reads the tools of documents that fit their schema, in the order of the file.
pub(crate) fn read_tools(
    documents: &[Document<'_>],
    actions: &[Action],
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Tool>, Vec<Finding>> {
    let mut tools: Vec<Tool> = Vec::new();
    let mut findings = Vec::new();
    let mut seen: HashSet<ActionName> = HashSet::new();
    let mut patterns_left = PatternsLeft::of_a_file();
    for document in documents {
        let places = match &document.value {
            Value::Array(list) => (0..list.len()).map(|index| format!("/{index}")).collect(),
            _ => vec![String::new()],
        };
        for place in places {
            let wrapped = format!("{place}/function");
            let at = if document.value.pointer(&wrapped).is_some() { wrapped } else { place };
            if findings.len() > FINDINGS_MAX {
                return Err(findings); // telling a place reads the file, so no more is told than is shown
            }
            let tool = match read_tool(document, &at, &mut patterns_left) {
                Ok(tool) => tool,
                Err(found) => {
                    findings.extend(found);
                    continue;
                }
            };
            let name_at = format!("{at}/name");
            if !seen.insert(tool.name.clone()) {
                let message = format!("the tool '{}' is described twice", tool.name);
                findings.push(document.finding(&name_at, Part::Value, message));
            }
            let twin = actions.iter().find(|action| action.name == tool.name);
            if twin.is_some_and(|action| action.input != tool.parameters) {
                findings.push(
                    document.finding_with(
                        &name_at,
                        Part::Value,
                        format!("'{}' is an action too, with another input", tool.name),
                        Some(
                            "one name is one function: name one of them differently, or give both the same input"
                                .to_owned(),
                        ),
                    ),
                );
            }
            if tool.description.as_deref().is_none_or(|description| description.trim().is_empty()) {
                let message = format!("the tool '{}' has no description, so no model knows when to call it", tool.name);
                warnings.push(Warning::in_file(&document.line(&name_at), message));
            }
            if tools.len() == TOOLS_MAX {
                findings.push(document.finding(
                    &name_at,
                    Part::Value,
                    format!("there are more than {TOOLS_MAX} tools"),
                ));
                return Err(findings);
            }
            tools.push(tool);
        }
    }
    if findings.is_empty() { Ok(tools) } else { Err(findings) }
}

fn read_tool(document: &Document<'_>, at: &str, patterns_left: &mut PatternsLeft) -> Result<Tool, Vec<Finding>> {
    let field = |key: &str| document.value.pointer(&format!("{at}/{key}"));
    let name_at = format!("{at}/name");
    let name: ActionName = match field("name").and_then(Value::as_str).unwrap_or_default().parse() {
        Ok(name) => name,
        Err(error) => return Err(vec![document.finding(&name_at, Part::Value, error.to_string())]),
    };
    if RESERVED.contains(&name.as_str()) {
        return Err(vec![reserved(document, &name_at, Part::Value, name.as_str())]);
    }
    let description = field("description").and_then(Value::as_str).map(str::to_owned);
    let Some(parameters) = field("parameters").cloned() else {
        // As OpenAI has it: a function without parameters takes none.
        let parameters = json!({ "type": "object", "additionalProperties": false });
        let schema = Arc::new(InputSchema::compile_own(&parameters));
        return Ok(Tool { name, description, parameters, schema });
    };
    let mut findings = Vec::new();
    let parameters_at = format!("{at}/parameters");
    let compiled =
        InputSchema::compile(document, &parameters_at, patterns_left).map_err(|found| findings.extend(found)).ok();
    for (property, schema) in parameters.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        if FILE_FORMATS.contains(&format) && findings.len() <= FINDINGS_MAX {
            findings.push(document.finding_with(
                &format!("{parameters_at}/properties/{}/format", escape_segment(property)),
                Part::Value,
                format!("a model has no files to hand over, so {} is only possible for actions", quote(format)),
                Some("describe it in action-schema.json".to_owned()),
            ));
        }
    }
    match compiled {
        Some(schema) if findings.is_empty() => Ok(Tool { name, description, parameters, schema: Arc::new(schema) }),
        _ => Err(findings),
    }
}

/// An input as a trigger on messages gives it: `{ text, groups }`.
pub(crate) fn message_input(groups: usize) -> Value {
    json!({ "text": "text", "groups": vec!["text"; groups] })
}
