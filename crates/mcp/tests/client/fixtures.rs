//! The suite's fixtures in a program of their own, on both wires: everything arrives as it was said.

use crate::scene::{Witness, open, options, soon, value};
use futures_util::future::BoxFuture;
use mcp::client::{AskRefused, Call, CallError, CallHost, Change, InputRequest, Revision, Session, Way};
use serde_json::{Map, Value, json};
use std::{collections::HashSet, process::Stdio, sync::Arc};
use tokio::process::{Child, Command};

/// A server, and the program that it is.
async fn started(only: &[&str]) -> (Session, Child) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_conformance-server"))
        .args(only)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (output, input) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
    let way = Way::Program { output: Box::new(output), input: Box::new(input) };
    (open(way, options()).await.unwrap(), child)
}

/// Both wires, and which revision each ends in.
const WIRES: [(&[&str], Revision); 3] = [
    (&["--only", "old"], Revision::V2025_11_25),
    (&["--only", "new"], Revision::V2026_07_28),
    (&[], Revision::V2026_07_28),
];

async fn call(session: &Session, witness: &Arc<Witness>, name: &str, arguments: Value) -> Result<Value, CallError> {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    soon(session.call_tool(name, arguments, &witness.call())).await.map(|said| value(&said))
}

fn first_text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn results_arrive_as_they_were_said() {
    for (only, revision) in WIRES {
        let (session, _child) = started(only).await;
        let witness = Arc::new(Witness::default());
        assert_eq!(session.server().revision, revision);
        assert_eq!(session.server().info["title"], "Conformance fixtures");
        let tools = session.tools(&witness.call()).await.unwrap();
        let structured = tools.iter().find(|tool| tool["name"] == "test_structured_content").unwrap();
        assert_eq!(structured["com.example/unknown"], json!({ "kept": true }));
        assert_eq!(structured["annotations"]["com.example/unknown"], 7);
        assert_eq!(structured["_meta"]["ui"]["resourceUri"], "ui://conformance/view");
        let schema = tools.iter().find(|tool| tool["name"] == "json_schema_2020_12_tool").unwrap();
        assert_eq!(schema["inputSchema"]["$defs"]["address"]["$anchor"], "addressDef");
        for value in [json!([1, null, { "a": 1.5 }]), json!("text"), json!(null), json!({ "b": [] }), json!(false)] {
            let result = call(&session, &witness, "test_structured_content", json!({ "value": value })).await.unwrap();
            assert_eq!(result["structuredContent"], value);
            assert!(result.as_object().unwrap().contains_key("structuredContent"), "a null is not nothing");
            assert_eq!(result["content"][1], json!({ "type": "com.example/unknown", "kept": [null] }));
            assert_eq!(result["_meta"]["com.example/trace"], "kept");
            assert_eq!(result["com.example/unknown"], json!({ "kept": true }));
        }
        for (name, kinds) in [
            ("test_simple_text", &["text"][..]),
            ("test_image_content", &["image"]),
            ("test_audio_content", &["audio"]),
            ("test_embedded_resource", &["resource"]),
            ("test_multiple_content_types", &["text", "image", "resource"]),
        ] {
            let result = call(&session, &witness, name, json!({})).await.unwrap();
            let found: Vec<_> =
                result["content"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
            assert_eq!(found, kinds, "{name}");
        }
        let result = call(&session, &witness, "test_error_handling", json!({})).await.unwrap();
        assert_eq!(result["isError"], true);
        let error = call(&session, &witness, "no_such_tool", json!({})).await.unwrap_err();
        assert_eq!(error.to_string(), "the server refused tools/call: there is no tool no_such_tool (code -32602)");
    }
}

#[tokio::test]
async fn resources_prompts_and_completions_arrive() {
    for (only, revision) in WIRES {
        let (session, _child) = started(only).await;
        let any = Call::unattended();
        assert_eq!(session.resources(&any).await.unwrap().len(), 4);
        let templates = session.resource_templates(&any).await.unwrap();
        assert_eq!(templates[0]["uriTemplate"], "test://template/{id}/data");
        let text = value(&session.read_resource("test://template/123/data", &any).await.unwrap());
        assert!(text["contents"][0]["text"].as_str().unwrap().contains("Data for ID: 123"));
        let view = value(&session.read_resource("ui://conformance/view", &any).await.unwrap());
        assert_eq!(view["contents"][0]["_meta"]["ui"]["csp"]["connectDomains"][0], "https://api.example.com");
        let code = if revision.is_stateless() { -32602 } else { -32002 };
        match session.read_resource("test://none", &any).await.unwrap_err() {
            CallError::Refused { refusal, .. } => {
                assert_eq!((refusal.code, refusal.data.unwrap()), (code, json!({ "uri": "test://none" })));
            }
            error => panic!("{error}"),
        }
        assert_eq!(session.prompts(&any).await.unwrap().len(), 5);
        let arguments = Map::from_iter([("arg1".into(), "one".into()), ("arg2".into(), "two".into())]);
        let prompt = value(&session.get_prompt("test_prompt_with_arguments", arguments, &any).await.unwrap());
        assert_eq!(prompt["messages"][0]["content"]["text"], "Prompt with arguments: arg1='one', arg2='two'");
        let params = json!({
            "ref": { "type": "ref/prompt", "name": "test_prompt_with_arguments" },
            "argument": { "name": "arg1", "value": "par" },
        });
        let completion = value(&session.complete(params.as_object().unwrap().clone(), &any).await.unwrap());
        assert_eq!(completion["completion"]["values"], json!(["paris", "park", "party"]));
    }
}

#[tokio::test]
async fn one_call_ends_once_whatever_is_asked_on_the_way() {
    for (only, revision) in WIRES {
        let (session, _child) = started(only).await;
        for (name, arguments, expected, questions) in [
            ("test_sampling", json!({ "prompt": "Which city?" }), "LLM response: Paris", 1),
            (
                "test_elicitation",
                json!({ "message": "Who?" }),
                r#"User response: action=accept, content={"email":"my email","username":"my username"}"#,
                1,
            ),
            (
                "test_elicitation_sep1034_defaults",
                json!({}),
                "Elicitation completed: action=accept, \
                 content={\"age\":30,\"name\":\"John Doe\",\"score\":95.5,\"status\":\"active\",\"verified\":true}",
                1,
            ),
            ("test_input_required_result_elicitation", json!({}), "Hello, my name!", 1),
            ("test_input_required_result_sampling", json!({}), "The model says: Paris", 1),
            ("test_input_required_result_list_roots", json!({}), r#"The folders are: [{"uri":"file:///home"}]"#, 1),
            ("test_input_required_result_request_state", json!({}), r#"state-ok: "my ok""#, 1),
            (
                "test_input_required_result_multiple_inputs",
                json!({}),
                r#""Paris", "my name": [{"uri":"file:///home"}]"#,
                3,
            ),
            ("test_input_required_result_multi_round", json!({}), "my name likes my color.", 2),
        ] {
            let witness = Arc::new(Witness::default());
            let result = call(&session, &witness, name, arguments).await.unwrap();
            assert_eq!((first_text(&result), witness.asked.lock().unwrap().len()), (expected, questions), "{name}");
            let asked = witness.asked.lock().unwrap();
            assert!(asked.iter().all(|question| question.certain && question.key.is_some() == revision.is_stateless()));
            let at_once = if revision.is_stateless() && name != "test_input_required_result_multi_round" {
                vec![questions]
            } else {
                vec![1; questions]
            };
            assert_eq!(*witness.rounds.lock().unwrap(), at_once, "{name}");
            let keys: HashSet<_> = asked.iter().filter_map(|question| question.key.as_deref()).collect();
            if revision.is_stateless() && name == "test_input_required_result_multiple_inputs" {
                assert_eq!(keys.len(), 3, "{keys:?}");
            }
        }
        let witness = Arc::new(Witness::default());
        let prompt =
            session.get_prompt("test_input_required_result_prompt", Map::new(), &witness.call()).await.unwrap();
        assert_eq!(value(&prompt)["messages"][0]["content"]["text"], "The context is: my context");
    }
}

/// Nobody who answers, in both ways of doing that.
struct Declining(AskRefused);

impl CallHost for Declining {
    fn ask(&self, _requests: Vec<InputRequest>) -> BoxFuture<'_, Result<Vec<Value>, AskRefused>> {
        Box::pin(std::future::ready(Err(self.0.clone())))
    }
}

#[tokio::test]
async fn a_question_without_an_answer_ends_as_its_wire_has_it() {
    for (only, revision) in WIRES {
        let (session, _child) = started(only).await;
        let no = Call::new(Arc::new(Declining(AskRefused::Refused("not today".into()))));
        let arguments = Map::from_iter([("message".to_owned(), "Who?".into())]);
        let elicited = value(&session.call_tool("test_elicitation", arguments, &no).await.unwrap());
        let arguments = Map::from_iter([("prompt".to_owned(), "Who?".into())]);
        let sampled = session.call_tool("test_sampling", arguments, &no).await;
        if revision.is_stateless() {
            assert_eq!(first_text(&elicited), "User response: action=cancel, content=null");
            let error = sampled.unwrap_err();
            assert_eq!(error.unanswered(), Some(&AskRefused::Refused("not today".into())));
            let expected = "the server asks sampling/createMessage for tools/call, and that has no answer: not today";
            assert_eq!(error.to_string(), expected);
        } else {
            assert_eq!(first_text(&elicited), "nobody answered: not today");
            assert_eq!(first_text(&value(&sampled.unwrap())), "no model answered: not today");
        }
        // What a call may not be asked is not asked, whatever the session said it can.
        let mut less = Arc::new(Witness::default()).call();
        less.abilities = Some(mcp::client::Abilities::default());
        let missing = session.call_tool("test_missing_capability", Map::new(), &less).await;
        match missing {
            Err(CallError::Refused { refusal, .. }) if revision.is_stateless() => {
                assert_eq!(refusal.code, -32021);
                assert_eq!(refusal.data.unwrap(), json!({ "requiredCapabilities": { "sampling": {} } }));
            }
            Ok(result) if !revision.is_stateless() => {
                assert_eq!(first_text(&value(&result)), "The client has a model.")
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn progress_and_log_lines_reach_their_own_call() {
    for (only, _) in WIRES {
        let (session, _child) = started(only).await;
        let (one, other) = (Arc::new(Witness::default()), Arc::new(Witness::default()));
        let (first, second) = tokio::join!(
            call(&session, &one, "test_tool_with_progress", json!({})),
            call(&session, &other, "test_simple_text", json!({})),
        );
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(one.told(), ["0/100", "50/100", "100/100"]);
        assert_eq!(other.told(), Vec::<String>::new());
        let logged = Arc::new(Witness::default());
        let mut wanting = logged.call();
        wanting.log_level = Some("info");
        session.call_tool("test_tool_with_logging", Map::new(), &wanting).await.unwrap();
        assert_eq!(logged.told().len(), 3);
        assert_eq!(logged.told()[0], "info: \"Tool execution started\"");
    }
}

#[tokio::test]
async fn a_call_that_is_taken_back_ends_at_the_server_too() {
    for (only, _) in WIRES {
        let (session, _child) = started(only).await;
        let witness = Arc::new(Witness::default());
        let cancelling = witness.call();
        let cancel = cancelling.cancel.clone();
        let (outcome, ()) = tokio::join!(session.call_tool("test_slow", Map::new(), &cancelling), async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            cancel.cancel();
        });
        assert_eq!(outcome.unwrap_err().to_string(), "tools/call was cancelled");
        let dropping = witness.call();
        let slow = session.call_tool("test_slow", Map::new(), &dropping);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(50), slow).await.is_err());
        soon(async {
            loop {
                let result = call(&session, &witness, "test_cancelled_count", json!({})).await.unwrap();
                if first_text(&result) == "2" {
                    return;
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn changes_are_heard_and_only_those_that_were_asked_for() {
    for (only, _) in WIRES {
        let (session, _child) = started(only).await;
        let witness = Arc::new(Witness::default());
        let mut changes = session.changes();
        soon(session.listen()).await.unwrap();
        soon(session.subscribe("test://watched-resource", &witness.call())).await.unwrap();
        for (name, uri, expected) in [
            ("test_trigger_tool_change", "", Some(Change::Tools)),
            ("test_trigger_resource_change", "test://static-text", None),
            ("test_trigger_prompt_change", "", Some(Change::Prompts)),
            (
                "test_trigger_resource_change",
                "test://watched-resource",
                Some(Change::Resource { uri: "test://watched-resource".into() }),
            ),
        ] {
            call(&session, &witness, name, json!({ "uri": uri })).await.unwrap();
            if let Some(expected) = expected {
                assert_eq!(soon(changes.next()).await, Some(expected), "{name}");
            }
        }
        soon(session.unsubscribe("test://watched-resource", &witness.call())).await.unwrap();
        call(&session, &witness, "test_trigger_resource_change", json!({ "uri": "test://watched-resource" }))
            .await
            .unwrap();
        call(&session, &witness, "test_trigger_tool_change", json!({})).await.unwrap();
        assert_eq!(soon(changes.next()).await, Some(Change::Tools));
    }
}

#[tokio::test]
async fn a_program_that_is_killed_takes_its_calls_with_it_and_nothing_else() {
    let (session, mut child) = started(&[]).await;
    let (other, _other_child) = started(&[]).await;
    let witness = Arc::new(Witness::default());
    let (outcome, ()) = tokio::join!(call(&session, &witness, "test_slow", json!({})), async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        child.kill().await.unwrap();
    });
    assert!(outcome.unwrap_err().to_string().starts_with("the server has gone: "));
    assert!(call(&other, &witness, "test_simple_text", json!({})).await.is_ok());
}
