//! What servers of one wire do differently, said and heard.

use crate::fixtures::{conversation, events, fold, shaped};
use ai::{
    AssistantPart, ChatRequest, Dialect, FinishReason, Message, ModelFault, RequestError, StreamEvent, Target, Usage,
    Wire, may_go_on,
};
use serde_json::{Value, json};

fn encode(request: &ChatRequest, dialect: &Dialect) -> Value {
    let draft = Wire::OpenaiChat.encode(request, Target { model: "m", dialect }).unwrap();
    serde_json::from_slice(&draft.body).unwrap()
}

fn heard(chunks: &[Value]) -> Vec<StreamEvent> {
    let stream: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    events(Wire::OpenaiChat, [stream.as_bytes()])
}

fn delta(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta}]})
}

fn finish(reason: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
}

fn calls(events: &[StreamEvent]) -> Vec<(String, String, String)> {
    let answer = fold(events).unwrap();
    answer.calls().map(|call| (call.id.clone(), call.name.clone(), call.arguments.clone())).collect()
}

fn call(id: &str, name: &str, arguments: &str) -> (String, String, String) {
    (id.to_owned(), name.to_owned(), arguments.to_owned())
}

#[test]
fn each_calls_the_bound_as_it_is_known_there() {
    let said = |dialect| encode(&conversation(), dialect);
    assert_eq!(said(&Dialect::OPENAI)["max_completion_tokens"], 500);
    assert_eq!(said(&Dialect::COMPATIBLE)["max_tokens"], 500);
    assert!(said(&Dialect::COMPATIBLE)["parallel_tool_calls"].is_null());
    assert!(said(&Dialect::COMPATIBLE)["reasoning_effort"].is_null());
    let silent = Dialect { counts_streams: false, takes_schema: false, ..Dialect::COMPATIBLE };
    assert!(said(&silent)["stream_options"].is_null());
    let shapeless = Wire::OpenaiChat.encode(&shaped(), Target { model: "m", dialect: &silent });
    assert!(matches!(shapeless, Err(RequestError::Unsayable { .. })));
}

#[test]
fn own_words_are_gone_on_with_where_a_server_can() {
    let request = conversation();
    assert!(!may_go_on(&request, &Dialect::VLLM), "it would think again, and then say all of it");
    let mut going_on = ChatRequest { effort: None, ..request };
    assert!(may_go_on(&going_on, &Dialect::VLLM));
    assert!(!may_go_on(&going_on, &Dialect::OPENAI));
    assert!(!may_go_on(&shaped(), &Dialect::VLLM), "its shape would begin anew");
    going_on.messages.push(Message::assistant("It is "));
    assert!(!may_go_on(&going_on, &Dialect::VLLM), "it goes on with something already");
    let said = encode(&going_on, &Dialect::VLLM);
    assert_eq!((&said["continue_final_message"], &said["add_generation_prompt"]), (&json!(true), &json!(false)));
    assert_eq!(
        said["messages"].as_array().unwrap().last().unwrap(),
        &json!({"role": "assistant", "content": "It is "})
    );
    assert!(encode(&going_on, &Dialect::LLAMA_CPP)["continue_final_message"].is_null());
    // Anthropic refuses blanks at the end of such words.
    let target = Target { model: "m", dialect: &Dialect::ANTHROPIC };
    let draft = Wire::Anthropic.encode(&going_on, target).unwrap();
    let said: Value = serde_json::from_slice(&draft.body).unwrap();
    assert_eq!(said["messages"].as_array().unwrap().last().unwrap()["content"][0]["text"], "It is");
}

#[test]
fn calls_are_told_apart_by_number_by_id_or_by_order() {
    let piece = |index: Value, id: Value, name: Value, arguments: &str| {
        delta(json!({"tool_calls": [{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]}))
    };
    let none = Value::Null;
    // Gaps, and a number of any size.
    let gaps = [
        piece(json!(7), json!("a"), json!("one"), "{\"x\":"),
        piece(json!(u64::MAX), json!("b"), json!("two"), "{}"),
        piece(json!(7), none.clone(), none.clone(), "1}"),
        finish("tool_calls"),
    ];
    assert_eq!(calls(&heard(&gaps)), [call("a", "one", "{\"x\":1}"), call("b", "two", "{}")]);
    // One number for all of them.
    let same = [
        piece(json!(0), json!("a"), json!("one"), "{}"),
        piece(json!(0), json!("b"), json!("two"), "{"),
        piece(json!(0), json!("b"), json!("two"), "}"),
        finish("stop"),
    ];
    let events = heard(&same);
    assert_eq!(calls(&events), [call("a", "one", "{}"), call("b", "two", "{}")]);
    assert_eq!(fold(&events).unwrap().finish, FinishReason::ToolCalls, "whatever it calls that");
    // No numbers at all, and no ids.
    let unnumbered = [
        piece(none.clone(), json!("a"), json!("one"), "{"),
        piece(none.clone(), none.clone(), none.clone(), "}"),
        piece(none.clone(), json!("b"), json!("two"), ""),
        finish("tool_calls"),
    ];
    assert_eq!(calls(&heard(&unnumbered)), [call("a", "one", "{}"), call("b", "two", "{}")]);
    let nameless = [piece(json!(3), none.clone(), json!("one"), "{}"), finish("tool_calls")];
    assert_eq!(calls(&heard(&nameless)), [call("call_0", "one", "{}")]);
    // No tool at all.
    let error = fold(&heard(&[piece(json!(0), json!("a"), none, "{}")])).unwrap_err();
    assert_eq!(error.fault, ModelFault::Malformed);
}

#[test]
fn the_first_reason_to_end_counts_and_counts_of_tokens_may_come_before_or_after() {
    let count = json!({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3}});
    let expected = Some(Usage { input: 5, output: 3, ..Usage::default() });
    let word = delta(json!({"content": "a"}));
    for chunks in [
        vec![count.clone(), word.clone(), finish("length")],
        vec![word.clone(), finish("length"), count.clone()],
        vec![word.clone(), finish("length"), finish("stop"), count.clone()],
        vec![count.clone(), word.clone(), finish("length"), json!({"choices": [], "usage": null}), count.clone()],
    ] {
        let answer = fold(&heard(&chunks)).unwrap();
        assert_eq!((answer.finish, answer.usage), (FinishReason::Length, expected));
    }
    let answer = fold(&heard(&[word, finish("stop")])).unwrap();
    assert_eq!(answer.usage, None, "what was not counted is not nothing");
}

#[test]
fn a_refusal_is_heard_and_known_as_one() {
    let answer = fold(&heard(&[delta(json!({"refusal": "I will not."})), finish("stop")])).unwrap();
    assert_eq!((answer.text().as_str(), answer.finish), ("I will not.", FinishReason::Refused));
}

#[test]
fn thoughts_have_two_names_and_only_the_first_of_several_answers_is_heard() {
    let chunks = [
        delta(json!({"reasoning": "a", "reasoning_content": "a"})),
        delta(json!({"reasoning": "b"})),
        json!({"choices": [{"index": 1, "delta": {"content": "other"}}, {"index": 0, "delta": {"content": "c"}}]}),
        finish("stop"),
    ];
    let answer = fold(&heard(&chunks)).unwrap();
    assert_eq!(answer.text(), "c");
    assert!(matches!(&answer.parts[0], AssistantPart::Reasoning(thought) if thought.text == "ab"));
}

#[test]
fn a_stream_ends_as_whole_only_with_a_reason() {
    let truncated = |chunks: &str| {
        fold(&events(Wire::OpenaiChat, [chunks.as_bytes()])).map(|answer| answer.finish).map_err(|error| error.fault)
    };
    let word = format!("data: {}\n\n", delta(json!({"content": "a"})));
    let end = format!("data: {}\n\n", finish("stop"));
    assert_eq!(truncated(""), Err(ModelFault::Truncated));
    assert_eq!(truncated(&word), Err(ModelFault::Truncated));
    assert_eq!(truncated(&format!("{word}data: [DONE]\n\n")), Err(ModelFault::Truncated));
    assert_eq!(truncated(&format!("{word}{end}")), Ok(FinishReason::Stop));
    assert_eq!(truncated(&format!("{word}{end}data: [DONE]\n\n{word}nonsense")), Ok(FinishReason::Stop));
    // What breaks after the reason was said takes nothing back.
    assert_eq!(truncated(&format!("{word}{end}data: {{nonsense\n\n")), Ok(FinishReason::Stop));
    let mut decoder = Wire::OpenaiChat.decoder();
    decoder.feed(format!("{word}{end}").as_bytes());
    let events = decoder.fail(ai::ModelError::new(ModelFault::Unreachable));
    assert_eq!(events, [StreamEvent::Finish { reason: FinishReason::Stop }]);
}

#[test]
fn every_known_server_has_its_name() {
    for (name, dialect) in Dialect::KNOWN {
        assert_eq!(Dialect::named(name), Some(dialect));
        let written = serde_json::to_string(&dialect).unwrap();
        assert_eq!(serde_json::from_str::<Dialect>(&written).unwrap(), dialect);
    }
    assert_eq!(Dialect::named("somebody"), None);
    assert_eq!(serde_json::from_str::<Dialect>(r#"{"prefill": "flagged"}"#).unwrap().prefill, ai::Prefill::Flagged);
}
