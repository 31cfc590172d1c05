//! What the server says it has: the suite's fixtures under the suite's names.

use serde_json::{Value, json};

pub(crate) const INSTRUCTIONS: &str = "Fixtures for tests. Nothing here does anything.";

pub(crate) fn info() -> Value {
    json!({ "name": "oikos-conformance-server", "title": "Conformance fixtures", "version": env!("CARGO_PKG_VERSION") })
}

/// What it has; one with some of the tools only has nothing else.
pub(crate) fn capabilities(is_new: bool, only: &[String]) -> Value {
    if !only.is_empty() {
        return json!({ "tools": {} });
    }
    let mut all = json!({
        "tools": { "listChanged": true },
        "prompts": { "listChanged": true },
        "resources": { "listChanged": true, "subscribe": true },
        "completions": {},
    });
    if !is_new {
        all["logging"] = json!({});
    }
    all
}

/// Tools that take long, and whether they can be a task or have to be one.
const LONG: [(&str, &str, &str); 6] = [
    ("test_reconnection", "Answers after a while", "optional"),
    ("slow_compute", "Answers after some seconds", "optional"),
    ("failing_job", "Fails after a while", "required"),
    ("protocol_error_job", "Breaks down", "optional"),
    ("confirm_delete", "Asks once, in the middle of it", "optional"),
    ("multi_input", "Asks two things at once, in the middle of it", "optional"),
];

/// Tools without arguments.
const PLAIN: [(&str, &str); 27] = [
    ("test_simple_text", "Answers with a text"),
    ("test_image_content", "Answers with an image"),
    ("test_audio_content", "Answers with a sound"),
    ("test_embedded_resource", "Answers with a resource"),
    ("test_multiple_content_types", "Answers with a text, an image and a resource"),
    ("test_error_handling", "Always fails"),
    ("test_tool_with_logging", "Logs three lines while it works"),
    ("test_tool_with_progress", "Tells three times how far it is"),
    ("test_logging_tool", "Logs one line, where lines are wanted"),
    ("test_elicitation_sep1034_defaults", "Asks with a form that proposes values"),
    ("test_elicitation_sep1330_enums", "Asks with a form of choices of all kinds"),
    ("test_streaming_elicitation", "Tells how far it is, then asks"),
    ("test_missing_capability", "Needs a model of the client"),
    ("greet", "Greets by name"),
    ("test_tool_with_task", "Asks for a name, then takes long"),
    ("test_trigger_tool_change", "Says that the tools have changed"),
    ("test_trigger_prompt_change", "Says that the prompts have changed"),
    ("test_input_required_result_elicitation", "Asks for a name"),
    ("test_input_required_result_sampling", "Asks a model"),
    ("test_input_required_result_list_roots", "Asks for folders"),
    ("test_input_required_result_request_state", "Asks, and knows its own state again"),
    ("test_input_required_result_tampered_state", "Asks, and knows a state that is not its own"),
    ("test_input_required_result_multiple_inputs", "Asks three things at once"),
    ("test_input_required_result_multi_round", "Asks twice, one after the other"),
    ("test_input_required_result_capabilities", "Asks what the client can answer, and nothing else"),
    ("test_slow", "Takes a minute, unless it is cancelled"),
    ("test_cancelled_count", "Says how many requests were cancelled"),
];

/// Those of these names, or all.
pub(crate) fn tools(only: &[String]) -> Vec<Value> {
    let is_meant = |tool: &Value| only.is_empty() || only.iter().any(|name| tool["name"] == name.as_str());
    all_tools().into_iter().filter(is_meant).collect()
}

fn all_tools() -> Vec<Value> {
    let tool = |name: &str, description: &str, schema: Value| json!({ "name": name, "description": description, "inputSchema": schema });
    let with =
        |name: &str, property: Value| json!({ "type": "object", "properties": { name: property }, "required": [name] });
    let mut all: Vec<_> = PLAIN
        .iter()
        .map(|(name, description)| tool(name, description, json!({ "type": "object", "properties": {} })))
        .collect();
    all.extend(LONG.map(|(name, description, support)| {
        let mut long = tool(name, description, json!({ "type": "object" }));
        long["execution"] = json!({ "taskSupport": support });
        long
    }));
    let text = |description: &str| json!({ "type": "string", "description": description });
    all.extend([
        tool("test_sampling", "Asks a model of the client", with("prompt", text("What the model is asked"))),
        tool("test_elicitation", "Asks the person", with("message", text("What the person is asked"))),
        tool("test_trigger_resource_change", "Says that a resource has changed", with("uri", text("Which resource"))),
        tool(
            "test_custom_header",
            "Has an argument that is told in a header too",
            with("region", json!({ "type": "string", "description": "Where", "x-mcp-header": "Region" })),
        ),
        tool("json_schema_2020_12_tool", "Has a schema with all that JSON Schema 2020-12 knows", rich_schema()),
        structured(),
    ]);
    all
}

/// A tool whose fields a typed model may not know: all of them have to arrive.
fn structured() -> Value {
    json!({
        "name": "test_structured_content",
        "title": "Structured",
        "description": "Answers with any JSON",
        "inputSchema": { "type": "object", "properties": { "value": {} } },
        "outputSchema": { "type": ["array", "object", "null", "string"] },
        "annotations": { "readOnlyHint": true, "com.example/unknown": 7 },
        "_meta": { "ui": { "resourceUri": "ui://conformance/view", "visibility": ["model", "app"] }, "com.example/more": [1] },
        "com.example/unknown": { "kept": true },
    })
}

fn rich_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    })
}

pub(crate) fn resources() -> Vec<Value> {
    let resource = |uri: &str, name: &str, kind: &str| json!({ "uri": uri, "name": name, "description": format!("{name}, for tests"), "mimeType": kind });
    vec![
        resource("test://static-text", "A text", "text/plain"),
        resource("test://static-binary", "An image", "image/png"),
        resource("test://watched-resource", "A text that can be watched", "text/plain"),
        resource("ui://conformance/view", "A view", "text/html;profile=mcp-app"),
    ]
}

pub(crate) fn templates() -> Vec<Value> {
    vec![json!({
        "uriTemplate": "test://template/{id}/data",
        "name": "Data by number",
        "description": "Data of one number, for tests",
        "mimeType": "application/json",
    })]
}

pub(crate) fn prompts() -> Vec<Value> {
    let argument =
        |name: &str| json!({ "name": name, "description": format!("The argument {name}"), "required": true });
    vec![
        json!({ "name": "test_simple_prompt", "description": "A prompt without arguments" }),
        json!({
            "name": "test_prompt_with_arguments",
            "description": "A prompt with two arguments",
            "arguments": [argument("arg1"), argument("arg2")],
        }),
        json!({
            "name": "test_prompt_with_embedded_resource",
            "description": "A prompt that holds a resource",
            "arguments": [argument("resourceUri")],
        }),
        json!({ "name": "test_prompt_with_image", "description": "A prompt that holds an image" }),
        json!({ "name": "test_input_required_result_prompt", "description": "A prompt that asks first" }),
    ]
}
