//! What the tools do.

use crate::wire::{Asked, Failure, Stop};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use std::{sync::atomic::Ordering, time::Duration};

/// One red dot.
pub(crate) const IMAGE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==";
/// No sound at all.
const SOUND: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";
const PAUSE: Duration = Duration::from_millis(50);
/// Longer than a client is kept waiting that could come back.
const LONG: Duration = Duration::from_millis(1_500);
const SLOW: Duration = Duration::from_secs(60);

fn said(text: impl Into<String>) -> Value {
    json!({ "content": [{ "type": "text", "text": text.into() }] })
}

fn failed(text: impl Into<String>) -> Value {
    json!({ "content": [{ "type": "text", "text": text.into() }], "isError": true })
}

fn form(message: &str, properties: Value) -> Value {
    let required: Vec<_> = properties.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    json!({ "message": message, "requestedSchema": schema })
}

fn question(text: &str, most: u32) -> Value {
    json!({ "messages": [{ "role": "user", "content": { "type": "text", "text": text } }], "maxTokens": most })
}

fn name_form() -> Value {
    form("What is your name?", json!({ "name": { "type": "string" } }))
}

pub(crate) async fn call(asked: &Asked) -> Result<Value, Stop> {
    let name = asked.params["name"].as_str().unwrap_or_default();
    let argument = |name: &str| asked.arguments()[name].as_str().unwrap_or_default();
    if name.starts_with("test_input_required_result_") {
        return rounds(asked, name).await;
    }
    Ok(match name {
        "test_simple_text" => said("This is a simple text response for testing."),
        "test_image_content" => json!({ "content": [{ "type": "image", "data": IMAGE, "mimeType": "image/png" }] }),
        "test_audio_content" => json!({ "content": [{ "type": "audio", "data": SOUND, "mimeType": "audio/wav" }] }),
        "test_embedded_resource" => {
            let text = "This is an embedded resource content.";
            let resource = json!({ "uri": "test://embedded-resource", "mimeType": "text/plain", "text": text });
            json!({ "content": [{ "type": "resource", "resource": resource }] })
        }
        "test_multiple_content_types" => {
            let (uri, text) = ("test://mixed-content-resource", r#"{"test":"data","value":123}"#);
            let resource = json!({ "uri": uri, "mimeType": "application/json", "text": text });
            json!({ "content": [
                { "type": "text", "text": "Multiple content types test:" },
                { "type": "image", "data": IMAGE, "mimeType": "image/png" },
                { "type": "resource", "resource": resource },
            ] })
        }
        "test_structured_content" => json!({
            "content": [{ "type": "text", "text": "any JSON" }, { "type": "com.example/unknown", "kept": [null] }],
            "structuredContent": asked.arguments()["value"],
            "_meta": { "com.example/trace": "kept" },
            "com.example/unknown": { "kept": true },
        }),
        "test_error_handling" => failed("This tool intentionally returns an error for testing"),
        "test_tool_with_logging" => {
            for line in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
                asked.log(line);
                tokio::time::sleep(PAUSE).await;
            }
            said("Logged three lines.")
        }
        "test_logging_tool" => {
            asked.log("One line");
            said("Logged one line, if it was wanted.")
        }
        "test_tool_with_progress" => {
            for (progress, message) in [(0, "Begun"), (50, "Half of it"), (100, "Done")] {
                asked.progress(progress, message);
                tokio::time::sleep(PAUSE).await;
            }
            said("Told three times how far it was.")
        }
        "test_sampling" => {
            let answer = asked.input("model", "sampling/createMessage", question(argument("prompt"), 100)).await;
            match gone_on(answer)? {
                Ok(answer) => said(format!("LLM response: {}", answer["content"]["text"].as_str().unwrap_or_default())),
                Err(why) => failed(format!("no model answered: {why}")),
            }
        }
        "test_elicitation" => {
            let text = |description: &str| json!({ "type": "string", "description": description });
            let fields = json!({ "username": text("User's response"), "email": text("User's email address") });
            chosen(asked, "User response", form(argument("message"), fields)).await?
        }
        "test_elicitation_sep1034_defaults" => {
            let fields = json!({
                "name": { "type": "string", "default": "John Doe" },
                "age": { "type": "integer", "default": 30 },
                "score": { "type": "number", "default": 95.5 },
                "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
                "verified": { "type": "boolean", "default": true },
            });
            chosen(asked, "Elicitation completed", form("Please look these over", fields)).await?
        }
        "test_elicitation_sep1330_enums" => {
            chosen(asked, "Elicitation completed", form("Please choose", choices())).await?
        }
        "test_streaming_elicitation" => {
            asked.progress(10, "About to ask");
            chosen(asked, "Elicitation completed", name_form()).await?
        }
        "test_missing_capability" if !asked.capabilities["sampling"].is_object() => {
            let data = Some(json!({ "requiredCapabilities": { "sampling": {} } }));
            return Err(Failure { code: -32021, message: "a model of the client is needed".into(), data }.into());
        }
        "test_missing_capability" => said("The client has a model."),
        "test_reconnection" => {
            tokio::time::sleep(PAUSE * 2).await;
            said("Reconnection test completed successfully")
        }
        "test_custom_header" => said(format!("The region is {}.", argument("region"))),
        "json_schema_2020_12_tool" => said("Understood."),
        "test_trigger_tool_change" => {
            asked.house.changed("notifications/tools/list_changed", "toolsListChanged", None);
            said("Told.")
        }
        "test_trigger_prompt_change" => {
            asked.house.changed("notifications/prompts/list_changed", "promptsListChanged", None);
            said("Told.")
        }
        "test_trigger_resource_change" => {
            let uri = argument("uri");
            asked.house.changed("notifications/resources/updated", "resourceSubscriptions", Some(uri));
            said("Told.")
        }
        "greet" => said(format!("Hello, {}!", argument("name"))),
        "slow_compute" => {
            let seconds = asked.arguments()["seconds"].as_f64().filter(|seconds| (0.0..=600.0).contains(seconds));
            tokio::time::sleep(Duration::from_secs_f64(seconds.unwrap_or_default())).await;
            said("Computed.")
        }
        "failing_job" => {
            tokio::time::sleep(LONG).await;
            failed("The job failed.")
        }
        "protocol_error_job" => return Err(Failure::new(-32603, "the job broke down").into()),
        "confirm_delete" => {
            let question = form("Delete it?", json!({ "confirm": { "type": "boolean" } }));
            let answer = asked.input("confirm", "elicitation/create", question).await?;
            said(format!("Deleted: {}", answer["content"]["confirm"]))
        }
        "multi_input" => {
            let question = |which: &str| form(which, json!({ "name": { "type": "string" } }));
            let all = [("first", question("The first name?")), ("second", question("The second name?"))];
            let all = all.map(|(key, params)| (key, "elicitation/create", params));
            let answers = together(asked, &all).await?;
            said(format!("{}, {}", answers[0]["content"]["name"], answers[1]["content"]["name"]))
        }
        "test_tool_with_task" => {
            let answer = asked.input("user_name", "elicitation/create", name_form()).await?;
            tokio::time::sleep(LONG).await;
            said(format!("Hello, {}!", answer["content"]["name"].as_str().unwrap_or_default()))
        }
        "test_slow" => {
            tokio::time::sleep(SLOW).await;
            said("That took long.")
        }
        "test_cancelled_count" => said(asked.house.cancelled.load(Ordering::Relaxed).to_string()),
        _ => return Err(Failure::invalid(format!("there is no tool {name}")).into()),
    })
}

/// An error of what was asked on the old wire is the tool's own to tell; a round of the newest one goes on.
fn gone_on(answer: Result<Value, Stop>) -> Result<Result<Value, String>, Stop> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(Stop::Failed(failure)) => Ok(Err(failure.message)),
        Err(wants) => Err(wants),
    }
}

async fn chosen(asked: &Asked, what: &str, form: Value) -> Result<Value, Stop> {
    Ok(match gone_on(asked.input("form", "elicitation/create", form).await)? {
        Ok(answer) => {
            let action = answer["action"].as_str().unwrap_or_default();
            said(format!("{what}: action={action}, content={}", answer["content"]))
        }
        Err(why) => failed(format!("nobody answered: {why}")),
    })
}

fn choices() -> Value {
    let titled = |all: [(&str, &str); 3]| -> Vec<_> {
        all.iter().map(|(value, title)| json!({ "const": value, "title": title })).collect()
    };
    json!({
        "untitledSingle": { "type": "string", "enum": ["option1", "option2", "option3"] },
        "titledSingle": {
            "type": "string",
            "oneOf": titled([("value1", "First Option"), ("value2", "Second Option"), ("value3", "Third Option")]),
        },
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": ["option1", "option2", "option3"] } },
        "titledMulti": {
            "type": "array",
            "items": { "anyOf": titled([("value1", "First Choice"), ("value2", "Second Choice"), ("value3", "Third Choice")]) },
        },
    })
}

/// The tools that ask in rounds. On the old wire they ask one thing after the other.
async fn rounds(asked: &Asked, name: &str) -> Result<Value, Stop> {
    let text = |answer: &Value, pointer: &str| answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    match name.trim_start_matches("test_input_required_result_") {
        "elicitation" => {
            let answer = asked.input("user_name", "elicitation/create", name_form()).await?;
            match text(&answer, "/content/name") {
                Some(name) => Ok(said(format!("Hello, {name}!"))),
                None if asked.is_new && answer["action"] == "accept" => {
                    Err(Stop::Wants(Map::from_iter([wanted("user_name", "elicitation/create", name_form())])))
                }
                None => Ok(said("Hello, whoever you are!")),
            }
        }
        "sampling" => {
            let question = question("What is the capital of France?", 100);
            let answer = asked.input("capital_question", "sampling/createMessage", question).await?;
            Ok(said(format!("The model says: {}", text(&answer, "/content/text").unwrap_or_default())))
        }
        "list_roots" => {
            let answer = asked.input("client_roots", "roots/list", json!({})).await?;
            Ok(said(format!("The folders are: {}", answer["roots"])))
        }
        "request_state" | "tampered_state" => {
            let form = form("Please confirm", json!({ "ok": { "type": "boolean" } }));
            let answer = asked.input("confirm", "elicitation/create", form).await?;
            known(asked, &["confirm"])?;
            Ok(said(format!("state-ok: {}", answer["content"]["ok"])))
        }
        "multiple_inputs" => multiple(asked).await,
        "multi_round" => {
            let first = form("Step 1: What is your name?", json!({ "name": { "type": "string" } }));
            let second = form("Step 2: What is your favorite color?", json!({ "color": { "type": "string" } }));
            let state = known(asked, &["step1", "step2"])?;
            let name = match state.as_deref().and_then(|state| state.strip_prefix("step2:")) {
                Some(name) => name.to_owned(),
                None => {
                    text(&asked.input("step1", "elicitation/create", first).await?, "/content/name").unwrap_or_default()
                }
            };
            let color = asked.input("step2", "elicitation/create", second).await?;
            Ok(said(format!("{name} likes {}.", text(&color, "/content/color").unwrap_or_default())))
        }
        "capabilities" => {
            let all = [
                ("elicitation", wanted("user_name", "elicitation/create", name_form())),
                ("sampling", wanted("greeting", "sampling/createMessage", question("Generate a greeting", 50))),
                ("roots", wanted("client_roots", "roots/list", json!({}))),
            ];
            let can = all.into_iter().filter(|(ability, _)| asked.capabilities[ability].is_object());
            let can: Map<_, _> = can.map(|(_, wanted)| wanted).collect();
            let given = &asked.params["inputResponses"];
            if asked.is_new && !can.is_empty() && can.keys().any(|key| given.get(key).is_none()) {
                return Err(Stop::Wants(can));
            }
            Ok(said("That is all."))
        }
        _ => Err(Failure::invalid(format!("there is no tool {name}")).into()),
    }
}

async fn multiple(asked: &Asked) -> Result<Value, Stop> {
    let all = [
        ("user_name", "elicitation/create", name_form()),
        ("greeting", "sampling/createMessage", question("Generate a greeting", 50)),
        ("client_roots", "roots/list", json!({})),
    ];
    let answers = together(asked, &all).await?;
    known(asked, &["user_name", "greeting", "client_roots"])?;
    let (name, greeting) = (&answers[0]["content"]["name"], &answers[1]["content"]["text"]);
    Ok(said(format!("{greeting}, {name}: {}", answers[2]["roots"])))
}

/// Several questions: all in one round on the newest wire.
async fn together(asked: &Asked, all: &[(&str, &str, Value)]) -> Result<Vec<Value>, Stop> {
    let given = &asked.params["inputResponses"];
    if asked.is_new && all.iter().any(|(key, ..)| !given[key].is_object()) {
        let all = all.iter().map(|(key, method, params)| wanted(key, method, params.clone()));
        return Err(Stop::Wants(all.collect()));
    }
    let mut answers = Vec::new();
    for (key, method, params) in all {
        answers.push(asked.input(key, method, params.clone()).await?);
    }
    Ok(answers)
}

fn wanted(key: &str, method: &str, params: Value) -> (String, Value) {
    (key.to_owned(), json!({ "method": method, "params": params }))
}

/// The result that wants something, with the state of those tools that have one.
pub(crate) fn wants(asked: &Asked, wanted: Map<String, Value>) -> Value {
    let mut result = json!({ "resultType": "input_required", "inputRequests": wanted });
    let name = asked.params["name"].as_str().unwrap_or_default().trim_start_matches("test_input_required_result_");
    if matches!(name, "request_state" | "tampered_state" | "multiple_inputs" | "multi_round") {
        let step1 = &asked.params["inputResponses"]["step1"]["content"]["name"];
        let state = step1.as_str().map_or_else(|| "asked".to_owned(), |name| format!("step2:{name}"));
        result["requestState"] = sealed(asked, &state).into();
    }
    result
}

/// The state of the round before, if it is ours. One that brings answers has to bring it too.
fn known(asked: &Asked, keys: &[&str]) -> Result<Option<String>, Failure> {
    if !asked.is_new {
        return Ok(None);
    }
    let answers = keys.iter().any(|key| asked.params["inputResponses"].get(key).is_some());
    let Some(given) = asked.params["requestState"].as_str() else {
        return if answers { Err(Failure::invalid("the state is missing")) } else { Ok(None) };
    };
    let state = given.rsplit_once('.').map(|(state, _)| state).filter(|state| sealed(asked, state) == given);
    state.map(|state| Some(state.to_owned())).ok_or_else(|| Failure::invalid("that state is not ours"))
}

fn sealed(asked: &Asked, state: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&asked.house.key).expect("any key will do");
    mac.update(state.as_bytes());
    format!("{state}.{}", hex::encode(mac.finalize().into_bytes()))
}
