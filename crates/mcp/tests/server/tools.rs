//! The tools of the fixture.

use super::fixture::{PIXEL, resource_change, tool};
use mcp::server::{
    AskError, CallError, CallEvents, Change, InputRequest, OfferedTool, Outcome, ProtocolError, Waiting, json,
    missing_capability,
};
use protocol::{ErrorCode, Failure};
use serde_json::{Value, json as value};
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

const PLAIN: &[&str] = &[
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_error_handling",
    "test_tool_with_logging",
    "test_tool_with_progress",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
    "test_reconnection",
    "test_trigger_tool_change",
    "test_trigger_prompt_change",
    "test_missing_capability",
    "test_streaming_elicitation",
    "test_logging_tool",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_tampered_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_capabilities",
];

/// What the app `test` and the app `json` offer.
pub(crate) fn offered() -> Vec<OfferedTool> {
    let of = |properties: Value, required: &[&str]| value!({"type": "object", "properties": properties, "required": required});
    let one = |name: &str, schema: Value| tool("test", name, &value!({"description": name, "inputSchema": schema}));
    let mut tools: Vec<OfferedTool> = PLAIN.iter().map(|name| one(name, value!({"type": "object"}))).collect();
    tools.push(one("test_sampling", of(value!({"prompt": {"type": "string"}}), &["prompt"])));
    tools.push(one("test_elicitation", of(value!({"message": {"type": "string"}}), &["message"])));
    tools.push(one(
        "test_custom_header",
        of(value!({"region": {"type": "string", "x-mcp-header": "Region"}}), &["region"]),
    ));
    // Those of the tasks have names that are no app's and tool's of one app.
    for (of, name) in [
        ("greet", "greet"),
        ("slow", "compute"),
        ("failing", "job"),
        ("protocol", "error_job"),
        ("confirm", "delete"),
        ("multi", "input"),
        ("test", "test_tool_with_task"),
    ] {
        tools.push(tool(of, name, &value!({"description": name, "inputSchema": {"type": "object"}})));
    }
    tools.push(tool(
        "json",
        "json_schema_2020_12_tool",
        &value!({"description": "Tool with JSON Schema 2020-12 features", "inputSchema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "$defs": {"address": {"$anchor": "addressDef", "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
            "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"},
                "contactMethod": {"type": "string", "enum": ["phone", "email"]},
                "phone": {"type": "string"}, "email": {"type": "string"}},
            "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
            "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
            "then": {"required": ["phone"]}, "else": {"required": ["email"]},
            "additionalProperties": false,
        }}),
    ));
    tools
}

fn text(text: impl Into<String>) -> Result<Outcome, CallError> {
    content(value!([{"type": "text", "text": text.into()}]))
}

fn content(content: Value) -> Result<Outcome, CallError> {
    Ok(Outcome::Verbatim(json(&value!({"content": content}))))
}

async fn wait() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

fn request(key: &str, method: &str, params: Value) -> InputRequest {
    InputRequest { key: key.to_owned(), method: method.to_owned(), params: Some(json(&params)) }
}

/// A form with one field.
pub(crate) fn form(key: &str, message: &str, field: &str) -> InputRequest {
    let schema = value!({"type": "object", "properties": {field: {"type": "string"}}, "required": [field]});
    request(key, "elicitation/create", value!({"message": message, "requestedSchema": schema}))
}

fn sampling(key: &str, prompt: &Value) -> InputRequest {
    let messages = value!([{"role": "user", "content": {"type": "text", "text": prompt}}]);
    request(key, "sampling/createMessage", value!({"messages": messages, "maxTokens": 100}))
}

/// The answers, or the error of the protocol that a server would give.
pub(crate) async fn ask(events: &dyn CallEvents, requests: Vec<InputRequest>) -> Result<Vec<Value>, CallError> {
    match events.ask(requests).await {
        Ok(answers) => {
            Ok(answers.iter().map(|answer| serde_json::from_str(answer.get()).unwrap_or_default()).collect())
        }
        Err(AskError::Undeclared(needed)) => Err(CallError::Protocol(missing_capability(&needed))),
        Err(error) => Err(CallError::Protocol(ProtocolError::new(-32603, error.to_string()))),
    }
}

/// Calls a tool.
pub(crate) async fn call(
    changes: &broadcast::Sender<Change>,
    name: &str,
    arguments: &Value,
    events: &dyn CallEvents,
    cancel: &CancellationToken,
) -> Result<Outcome, CallError> {
    let image = value!({"type": "image", "data": PIXEL, "mimeType": "image/png"});
    let told = |change: Change| {
        // Nobody may be listening.
        let _nobody = changes.send(change).is_err();
    };
    match name {
        "test_simple_text" => text("This is a simple text response for testing."),
        "test_image_content" => content(value!([image])),
        "test_audio_content" => content(
            value!([{"type": "audio", "data": "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=", "mimeType": "audio/wav"}]),
        ),
        "test_embedded_resource" => content(value!([{"type": "resource", "resource": {
            "uri": "test://embedded-resource", "mimeType": "text/plain", "text": "This is an embedded resource content."}}])),
        "test_multiple_content_types" => content(value!([
            {"type": "text", "text": "Multiple content types test:"}, image,
            {"type": "resource", "resource": {"uri": "test://mixed-content-resource", "mimeType": "application/json",
                "text": "{\"test\":\"data\",\"value\":123}"}}])),
        "test_error_handling" => Ok(Outcome::Verbatim(json(&value!({"isError": true, "content": [
            {"type": "text", "text": "This tool intentionally returns an error for testing"}]})))),
        "test_tool_with_logging" | "test_logging_tool" => {
            for line in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
                events.log(json(&value!({"level": "info", "logger": "fixture", "data": line})));
                wait().await;
            }
            text("Logged.")
        }
        "test_tool_with_progress" => {
            for progress in [0, 50, 100] {
                events.progress(super::fixture::members(&value!({"progress": progress, "total": 100})));
                wait().await;
            }
            text("Done.")
        }
        "test_reconnection" => {
            events.pause();
            wait().await;
            wait().await;
            text("Found again.")
        }
        "test_trigger_tool_change" => {
            told(Change::Tools);
            text("The tools changed.")
        }
        "test_trigger_prompt_change" => {
            told(Change::Prompts);
            text("The prompts changed.")
        }
        "test_custom_header" => text(arguments["region"].as_str().unwrap_or_default()),
        "json_schema_2020_12_tool" => text(arguments.to_string()),
        "test_sampling" | "test_missing_capability" => {
            let prompt = arguments.get("prompt").cloned().unwrap_or_else(|| value!("?"));
            let answers = ask(events, vec![sampling("sample", &prompt)]).await?;
            text(format!("LLM response: {}", answers[0]["content"]["text"].as_str().unwrap_or_default()))
        }
        "test_elicitation" | "test_streaming_elicitation" => {
            let message = arguments.get("message").cloned().unwrap_or_else(|| value!("?"));
            let schema = value!({"type": "object", "properties": {
                "username": {"type": "string", "description": "User's response"},
                "email": {"type": "string", "description": "User's email address"}}, "required": ["username", "email"]});
            let params = value!({"message": message, "requestedSchema": schema});
            let answers = ask(events, vec![request("user", "elicitation/create", params)]).await?;
            text(format!("User response: {}", answers[0]))
        }
        "test_elicitation_sep1034_defaults" | "test_elicitation_sep1330_enums" => {
            let schema = if name.contains("1034") { defaults() } else { enums() };
            let params = value!({"message": "Please choose", "requestedSchema": schema});
            let answers = ask(events, vec![request("choice", "elicitation/create", params)]).await?;
            text(format!(
                "Elicitation completed: action={}, content={}",
                answers[0]["action"].as_str().unwrap_or_default(),
                answers[0]["content"]
            ))
        }
        "test_input_required_result_elicitation" => {
            let answers = ask(events, vec![form("user_name", "What is your name?", "name")]).await?;
            text(format!("Hello, {}!", answers[0]["content"]["name"].as_str().unwrap_or_default()))
        }
        "test_input_required_result_sampling" => {
            let answers =
                ask(events, vec![sampling("capital_question", &value!("What is the capital of France?"))]).await?;
            text(answers[0]["content"]["text"].as_str().unwrap_or_default())
        }
        "test_input_required_result_list_roots" => {
            let answers = ask(events, vec![request("client_roots", "roots/list", value!({}))]).await?;
            text(answers[0]["roots"].to_string())
        }
        "test_input_required_result_request_state" | "test_input_required_result_tampered_state" => {
            ask(events, vec![form("confirm", "Please confirm", "ok")]).await?;
            text("state-ok")
        }
        "test_input_required_result_multiple_inputs" => {
            let all = vec![
                form("user_name", "What is your name?", "name"),
                sampling("greeting", &value!("Generate a greeting")),
                request("client_roots", "roots/list", value!({})),
            ];
            text(format!("{:?}", ask(events, all).await?))
        }
        "test_input_required_result_multi_round" => {
            let first = ask(events, vec![form("step1", "Step 1: What is your name?", "name")]).await?;
            let second = ask(events, vec![form("step2", "Step 2: What is your favorite color?", "color")]).await?;
            text(format!("{} {}", first[0], second[0]))
        }
        "test_input_required_result_capabilities" => {
            let all = [form("name", "Your name?", "name"), sampling("sample", &value!("Hi"))];
            let may = |request: &InputRequest| {
                events.capabilities().allow(&request.method, request.params.as_deref()).is_ok()
            };
            let asked: Vec<InputRequest> = all.into_iter().filter(may).collect();
            text(format!("{:?}", ask(events, asked).await?))
        }
        "greet" => text(format!("Hello, {}!", arguments["name"].as_str().unwrap_or_default())),
        "compute" => {
            let seconds = arguments["seconds"].as_f64().unwrap_or_default();
            if seconds > 0.0 {
                events.pause();
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs_f64(seconds)) => text("Computed."),
                () = cancel.cancelled() => Err(Failure::new(ErrorCode::Stopped, "given up").into()),
            }
        }
        "job" if !events.capabilities().takes_tasks() => Err(CallError::Protocol(missing_capability(&json(
            &value!({"extensions": {"io.modelcontextprotocol/tasks": {}}}),
        )))),
        "job" => {
            events.pause();
            wait().await;
            Err(Failure::new(ErrorCode::AppFailed, "the job failed").into())
        }
        "error_job" => {
            events.pause();
            wait().await;
            Err(CallError::Protocol(ProtocolError::new(-32603, "the server failed")))
        }
        "delete" => {
            events.pause();
            text(format!("{}", ask(events, vec![form("confirm", "Delete it?", "yes")]).await?[0]))
        }
        "input" => {
            events.pause();
            let both = vec![form("first", "The first?", "a"), form("second", "The second?", "b")];
            text(format!("{:?}", ask(events, both).await?))
        }
        "test_tool_with_task" => {
            let answers = ask(events, vec![form("user_name", "What is your name?", "name")]).await?;
            events.pause();
            wait().await;
            text(format!("Hello, {}!", answers[0]["content"]["name"].as_str().unwrap_or_default()))
        }
        "approved" => {
            let url = "http://127.0.0.1:7070/#/approvals/1".to_owned();
            events.question_waits(Waiting { id: "q1".to_owned(), message: "May it?".to_owned(), url });
            let mut answer = changes.subscribe();
            tokio::select! {
                _ = answer.recv() => {}
                () = cancel.cancelled() => return Err(Failure::new(ErrorCode::Stopped, "given up").into()),
            }
            events.question_ended("q1");
            text("It may.")
        }
        "endless" => {
            cancel.cancelled().await;
            told(resource_change("test://endless-was-cancelled"));
            Err(Failure::new(ErrorCode::Stopped, "given up").into())
        }
        "chatty" => {
            for number in 0..100_000u32 {
                events.progress(super::fixture::members(&value!({"progress": number, "message": "x".repeat(1_000)})));
                if number % 1_000 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            text("Said all.")
        }
        "odd" => Ok(Outcome::Verbatim(serde_json::value::RawValue::from_string(super::ODD.to_owned()).expect("JSON"))),
        "panicking" => panic!("a fault of ours"),
        other => Err(Failure::new(ErrorCode::ActionNotFound, format!("there is no tool {other}")).into()),
    }
}

fn defaults() -> Value {
    value!({"type": "object", "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": true}}})
}

fn enums() -> Value {
    let titled = |names: [&str; 3]| -> Vec<Value> {
        names
            .iter()
            .enumerate()
            .map(|(at, title)| value!({"const": format!("value{}", at + 1), "title": title}))
            .collect()
    };
    let options = value!(["option1", "option2", "option3"]);
    value!({"type": "object", "properties": {
        "untitledSingle": {"type": "string", "enum": options},
        "titledSingle": {"type": "string", "oneOf": titled(["First Option", "Second Option", "Third Option"])},
        "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled(["First Choice", "Second Choice", "Third Choice"])}}}})
}
