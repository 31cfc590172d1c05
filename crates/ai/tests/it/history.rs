//! Conversations that wires would refuse, and what is made of them.

use crate::fixtures::{all, call, conversation, result, schema, tools};
use ai::{
    AssistantPart, ChatRequest, Message, Output, OutputSchema, Reasoning, RequestError, Seal, SealKind, Tool,
    ToolChoice, UserPart, Wire,
};
use serde_json::{Value, json};

fn refused(change: impl Fn(&mut ChatRequest)) -> RequestError {
    let mut request = conversation();
    change(&mut request);
    let errors: Vec<_> = all().iter().map(|to| to.wire.encode(&request, to.target()).unwrap_err()).collect();
    assert!(errors.windows(2).all(|pair| pair[0] == pair[1]), "{errors:?}");
    assert!(errors[0].to_string().contains("\nhint: "));
    errors.into_iter().next().unwrap()
}

fn body(request: &ChatRequest, wire: Wire) -> Value {
    let fixture = crate::fixtures::of(wire);
    serde_json::from_slice(&wire.encode(request, fixture.target()).unwrap().body).unwrap()
}

#[test]
fn what_no_wire_takes_is_refused_here() {
    assert_eq!(refused(|request| request.messages.clear()), RequestError::Empty);
    let unanswered = RequestError::Unanswered { id: "call_1".into() };
    assert_eq!(refused(|request| request.messages.truncate(2)), unanswered);
    assert_eq!(refused(|request| request.messages[2] = Message::user("Well?")), unanswered);
    assert_eq!(refused(|request| request.messages.insert(2, Message::assistant("…"))), unanswered);
    let uncalled = RequestError::Uncalled { id: "call_1".into() };
    let twice = |request: &mut ChatRequest| {
        let Message::User(parts) = &mut request.messages[2] else { unreachable!("it is ours") };
        parts.push(result("call_1", "again", false));
    };
    assert_eq!(refused(twice), uncalled);
    assert_eq!(refused(|request| request.messages = vec![Message::User(vec![result("call_1", "", false)])]), uncalled);
    let offered =
        |name: &str, input: Value| Tool { name: name.into(), description: String::new(), input: schema(input) };
    let object = || json!({"type": "object"});
    for name in ["", "weather.get", "wetter für", &"x".repeat(65)] {
        assert!(matches!(refused(|request| request.tools = vec![offered(name, object())]), RequestError::Name { .. }));
    }
    assert!(matches!(refused(|request| request.tools.extend(tools())), RequestError::Twice { .. }));
    assert!(matches!(refused(|request| request.tools[0].input = schema(json!(true))), RequestError::Schema { .. }));
    let unknown = |request: &mut ChatRequest| request.tool_choice = ToolChoice::Named("unknown".into());
    assert_eq!(refused(unknown), RequestError::NotOffered { name: "unknown".into() });
    let shape = OutputSchema { name: "a shape".into(), schema: schema(object()) };
    assert!(matches!(refused(|request| request.output = Output::Json(shape.clone())), RequestError::Name { .. }));
}

/// Two answers of providers that number their calls from nothing, and one whose ids another wire does not take.
#[test]
fn ids_of_calls_are_each_others_own_and_fit_every_wire() {
    let long = "x".repeat(60);
    let mut messages = vec![Message::user("Go.")];
    for id in ["call_0", "call_0", "schön|1", &long, "call_1"] {
        messages.push(Message::Assistant(vec![call(id, "{}"), call(id, "{}")]));
        messages.push(Message::User(vec![result(id, "a", false), result(id, "b", false)]));
    }
    let request = ChatRequest { messages, tools: tools(), ..ChatRequest::default() };
    let said = body(&request, Wire::Anthropic);
    let blocks: Vec<_> =
        said["messages"].as_array().unwrap().iter().map(|line| line["content"].as_array().unwrap()).collect();
    let mut seen = std::collections::BTreeSet::new();
    for pair in blocks[1..].chunks(2) {
        for (call, result) in pair[0].iter().zip(pair[1]) {
            let id = call["id"].as_str().unwrap();
            assert_eq!(result["tool_use_id"], id);
            assert!(id.len() <= 40 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{id}");
            assert!(seen.insert(id.to_owned()), "{id} stands twice");
        }
        assert_eq!((&pair[1][0]["content"], &pair[1][1]["content"]), (&json!("a"), &json!("b")));
    }
    assert_eq!(seen.len(), 10);
    assert!(seen.contains("call_0"), "an id that fits stays as it is");
}

#[test]
fn results_come_before_what_is_said_beside_them() {
    let mut request = conversation();
    let Message::User(parts) = &mut request.messages[2] else { unreachable!("it is ours") };
    parts.reverse();
    let said = body(&request, Wire::Anthropic);
    let kinds: Vec<_> =
        said["messages"][2]["content"].as_array().unwrap().iter().map(|block| block["type"].clone()).collect();
    assert_eq!(kinds, ["tool_result", "tool_result", "text"]);
    let said = body(&request, Wire::OpenaiChat);
    let roles: Vec<_> = said["messages"].as_array().unwrap().iter().map(|line| line["role"].clone()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "tool", "user"]);
}

/// A model's mistakes stay in its history, so that it can learn from what it is told about them.
#[test]
fn arguments_that_are_no_object_go_back_as_what_they_were() {
    for wrong in ["", "{\"city\": ", "[1]", "\"x\"", "not JSON"] {
        let messages = vec![
            Message::user("Go."),
            Message::Assistant(vec![call("a", wrong)]),
            Message::User(vec![result("a", "these are no arguments", true)]),
        ];
        let request = ChatRequest { messages, tools: tools(), ..ChatRequest::default() };
        let unreadable = json!({ "unreadable": wrong });
        assert_eq!(body(&request, Wire::Anthropic)["messages"][1]["content"][0]["input"], unreadable);
        assert_eq!(body(&request, Wire::Gemini)["contents"][1]["parts"][0]["functionCall"]["args"], unreadable);
        assert_eq!(body(&request, Wire::Ollama)["messages"][1]["tool_calls"][0]["function"]["arguments"], unreadable);
        let as_text = &body(&request, Wire::OpenaiChat)["messages"][1]["tool_calls"][0]["function"]["arguments"];
        assert_eq!(as_text, wrong);
    }
}

#[test]
fn what_is_empty_is_not_said() {
    let nothing = || UserPart::Text { text: String::new() };
    let hidden = Seal { wire: Wire::Anthropic, kind: SealKind::Hidden, data: "eA==".into(), id: None };
    let request = ChatRequest {
        messages: vec![
            Message::User(vec![nothing(), UserPart::Text { text: "Go.".into() }]),
            Message::Assistant(vec![AssistantPart::Reasoning(Reasoning { text: String::new(), seal: Some(hidden) })]),
            Message::User(vec![nothing()]),
            Message::user("On."),
        ],
        ..ChatRequest::default()
    };
    let said = body(&request, Wire::Anthropic);
    assert_eq!(said["messages"][0]["content"], json!([{"type": "text", "text": "Go."}]));
    assert_eq!(said["messages"][1]["content"], json!([{"type": "redacted_thinking", "data": "eA=="}]));
    assert_eq!(said["messages"].as_array().unwrap().len(), 3);
    for wire in [Wire::OpenaiChat, Wire::Ollama] {
        assert_eq!(body(&request, wire)["messages"].as_array().unwrap().len(), 2, "{wire}");
    }
    assert_eq!(body(&request, Wire::OpenaiResponses)["input"].as_array().unwrap().len(), 2);
    assert_eq!(body(&request, Wire::Gemini)["contents"].as_array().unwrap().len(), 2);
}

#[test]
fn a_models_name_is_one_word_of_a_path() {
    let fixture = crate::fixtures::of(Wire::Gemini);
    let request = ChatRequest { messages: vec![Message::user("Go.")], ..ChatRequest::default() };
    let path = |model| {
        let target = ai::Target { model, ..fixture.target() };
        fixture.wire.encode(&request, target).unwrap().path
    };
    assert_eq!(path("models/gemini-3.5-pro"), "/models/gemini-3.5-pro:generateContent");
    assert_eq!(path("../../x?y#z"), "/models/..%2F..%2Fx%3Fy%23z:generateContent");
    assert_eq!(path(".."), "/models/%2E%2E:generateContent");
}

/// What is kept of a conversation is read again as it was written.
#[test]
fn requests_and_answers_are_kept_as_json() {
    let request = conversation();
    let written = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<ChatRequest>(&written).unwrap(), request);
    let shaped = crate::fixtures::shaped();
    let written = serde_json::to_string(&shaped).unwrap();
    assert_eq!(serde_json::from_str::<ChatRequest>(&written).unwrap(), shaped);
    for fixture in all() {
        let answer = fixture.says();
        let written = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<ai::Answer>(&written).unwrap(), answer);
        let stream = fixture.stream();
        for event in crate::fixtures::events(fixture.wire, [&stream[..]]) {
            let written = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<ai::StreamEvent>(&written).unwrap(), event);
        }
    }
}
