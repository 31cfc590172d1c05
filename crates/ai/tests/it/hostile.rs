//! Whoever means harm, or is broken in a way that nobody thought of.

use crate::fixtures::{all, events, fold};
use ai::{
    Accumulator, FinishReason, ModelFault, StreamEvent, Usage, Wire,
    bounds::{
        ANSWER_BYTES_MAX, BODY_BYTES_MAX, CALLS_MAX, EVENT_BYTES_MAX, LIST_ITEMS_MAX, STREAM_BYTES_MAX, VECTORS_MAX,
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn fault(wire: Wire, stream: &[u8]) -> Option<ModelFault> {
    fold(&events(wire, [stream])).err().map(|error| error.fault)
}

/// Feeds the same bytes until the answer is over; how many it took, and why it was over.
fn endless(wire: Wire, first: &[u8], again: &[u8], most: u64) -> ModelFault {
    let mut decoder = wire.decoder();
    let mut events = decoder.feed(first);
    let mut taken = 0;
    while !decoder.is_over() {
        assert!(taken <= most, "{wire}: {taken} bytes");
        events = decoder.feed(again);
        taken += again.len() as u64;
    }
    match events.pop().unwrap() {
        StreamEvent::Error { error } => error.fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_endless_line_is_stopped() {
    let piece = vec![b'x'; 64 * 1024];
    for wire in Wire::ALL {
        assert_eq!(endless(wire, b"data: ", &piece, EVENT_BYTES_MAX as u64 + 1), ModelFault::TooMuch);
    }
}

#[test]
fn an_endless_stream_that_says_nothing_is_stopped() {
    for (wire, ping) in [(Wire::Anthropic, ": ping\n\n"), (Wire::Ollama, "       \n")] {
        let piece = ping.repeat(64 * 1024);
        assert_eq!(endless(wire, b"", piece.as_bytes(), STREAM_BYTES_MAX), ModelFault::TooMuch);
    }
}

#[test]
fn an_endless_answer_is_stopped() {
    let text = "x".repeat(256 * 1024);
    for fixture in all() {
        let wire = fixture.wire;
        let fixture = fixture.with_text(["", &text, ""]);
        let pieces = fixture.pieces();
        let place = pieces.iter().position(|piece| piece.len() > text.len()).unwrap();
        let most = ANSWER_BYTES_MAX as u64 * 2;
        assert_eq!(endless(wire, &pieces[..place].concat(), &pieces[place], most), ModelFault::TooMuch, "{wire}");
    }
}

#[test]
fn endless_calls_are_stopped() {
    let call = |index: usize| json!({"choices": [{"index": 0, "delta": {"tool_calls": [{"index": index, "id": index.to_string(), "function": {"name": "a"}}]}}]});
    let stream = |calls: usize| (0..calls).map(|index| format!("data: {}\n\n", call(index))).collect::<String>();
    assert_eq!(fault(Wire::OpenaiChat, stream(CALLS_MAX).as_bytes()), Some(ModelFault::Truncated));
    assert_eq!(fault(Wire::OpenaiChat, stream(CALLS_MAX + 1).as_bytes()), Some(ModelFault::TooMuch));
}

/// A few bytes each, and hundreds in memory.
#[test]
fn lists_are_counted_while_they_are_read() {
    let many = vec!["{}"; LIST_ITEMS_MAX + 1].join(",");
    let bodies = [
        (Wire::OpenaiChat, format!("{{\"choices\":[{many}]}}")),
        (Wire::Gemini, format!("{{\"candidates\":[{many}]}}")),
        (Wire::Gemini, format!("{{\"candidates\":[{{\"content\":{{\"parts\":[{many}]}}}}]}}")),
        (Wire::Ollama, format!("{{\"message\":{{\"tool_calls\":[{many}]}}}}")),
    ];
    for (wire, body) in bodies {
        assert_eq!(wire.decode(body.as_bytes()).unwrap_err().fault, ModelFault::Malformed, "{wire}");
        let stream = if wire == Wire::Ollama { format!("{body}\n") } else { format!("data: {body}\n\n") };
        assert_eq!(fault(wire, stream.as_bytes()), Some(ModelFault::Malformed), "{wire}");
    }
    let vectors = vec!["[]"; VECTORS_MAX + 1].join(",");
    let error = Wire::Ollama.decode_embeddings(format!("{{\"embeddings\":[{vectors}]}}").as_bytes(), 1).unwrap_err();
    assert!(error.to_string().contains(&VECTORS_MAX.to_string()), "{error}");
}

#[test]
fn a_body_beyond_its_bound_is_not_read() {
    let body = vec![b' '; BODY_BYTES_MAX + 1];
    for wire in Wire::ALL {
        assert_eq!(wire.decode(&body).unwrap_err().fault, ModelFault::TooMuch);
        assert_eq!(wire.decode_embeddings(&body, 1).unwrap_err().fault, ModelFault::TooMuch);
        assert_eq!(wire.decode_listing(&body).unwrap_err().fault, ModelFault::TooMuch);
    }
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    for fixture in all() {
        let mut body = fixture.body();
        let place = body.iter().position(|byte| *byte == 0xc3).unwrap();
        body[place + 1] = b'"';
        assert_eq!(fixture.wire.decode(&body).unwrap_err().fault, ModelFault::Malformed);
        let mut stream = fixture.stream();
        let place = stream.iter().position(|byte| *byte == 0xc2).unwrap();
        stream[place] = 0xff;
        assert_eq!(fault(fixture.wire, &stream), Some(ModelFault::Malformed), "{}", fixture.wire);
    }
}

#[test]
fn half_of_a_character_in_json_is_an_error_and_both_halves_are_one() {
    let said = |text: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":\"stop\"}}]}}\n\n"
        )
    };
    assert_eq!(fault(Wire::OpenaiChat, said("\\ud83c").as_bytes()), Some(ModelFault::Malformed));
    let answer = fold(&events(Wire::OpenaiChat, [said("\\ud83c\\udf27").as_bytes()])).unwrap();
    assert_eq!(answer.text(), "🌧");
}

/// Brackets within brackets: where they are read they end in an error, where they are not they are left alone, and nowhere in a
/// stack that is used up.
#[test]
fn deep_json_is_no_deep_stack() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for wire in Wire::ALL {
        let pieces = [deep.clone(), format!("{{\"error\":{deep}}}"), format!("{{\"type\":\"x\",\"unknown\":{deep}}}")];
        for piece in pieces {
            let stream = if wire == Wire::Ollama { format!("{piece}\n") } else { format!("data: {piece}\n\n") };
            assert!(fault(wire, stream.as_bytes()).is_some(), "{wire}");
            assert!(wire.decode(piece.as_bytes()).is_err(), "{wire}");
            assert!(wire.decode_embeddings(piece.as_bytes(), 1).is_err(), "{wire}");
            drop(wire.decode_listing(piece.as_bytes()));
            let error = wire.error(400, &Default::default(), piece.as_bytes(), protocol::Timestamp(0));
            assert_eq!(error.fault, ModelFault::BadRequest);
        }
    }
    // A tool's arguments are handed on as they were written.
    let message = json!({"message": {"tool_calls": [{"function": {"name": "a", "arguments": "HERE"}}]}, "done": true});
    let line = message.to_string().replace("\"HERE\"", &format!("{{\"a\":{deep}}}"));
    let answer = Wire::Ollama.decode(line.as_bytes()).unwrap();
    assert_eq!(answer.calls().next().unwrap().arguments.len(), deep.len() + 6);
}

#[test]
fn numbers_that_count_nothing_are_an_error() {
    for count in [json!(-1), json!(1.5), json!("12"), json!(1e300)] {
        let chunk = json!({"choices": [], "usage": {"prompt_tokens": count}});
        assert_eq!(fault(Wire::OpenaiChat, format!("data: {chunk}\n\n").as_bytes()), Some(ModelFault::Malformed));
    }
    let most = json!({"id": "a", "content": [], "stop_reason": "end_turn", "usage": {"input_tokens": u64::MAX, "cache_read_input_tokens": u64::MAX}});
    let usage = Wire::Anthropic.decode(most.to_string().as_bytes()).unwrap().usage.unwrap();
    assert_eq!(usage, Usage { input: u64::MAX, cached: u64::MAX, ..Usage::default() });
}

#[test]
fn pieces_of_what_never_began_are_errors_or_left_alone() {
    let anthropic = |events: &[Value]| {
        let stream: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        fold(&crate::fixtures::events(Wire::Anthropic, [stream.as_bytes()])).map_err(|error| error.fault)
    };
    let end = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}});
    let json_of = |index: u64| json!({"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": "{}"}});
    let others = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "server_tool_use", "id": "a", "name": "web_search", "input": {}}});
    let answer =
        anthropic(&[others, json_of(0), json_of(9), json!({"type": "content_block_stop", "index": 5}), end]).unwrap();
    assert_eq!((answer.parts.len(), answer.finish), (0, FinishReason::Stop));
    let event = json!({"type": "response.function_call_arguments.delta", "output_index": 3, "delta": "{}"});
    assert_eq!(fault(Wire::OpenaiResponses, format!("data: {event}\n\n").as_bytes()), Some(ModelFault::Malformed));
}

#[test]
fn an_accumulator_takes_disorder_for_what_it_is() {
    let disorder = [
        vec![StreamEvent::CallBegin { index: 1, id: "a".into(), name: "b".into() }],
        vec![StreamEvent::CallBegin { index: u32::MAX, id: "a".into(), name: "b".into() }],
        vec![StreamEvent::CallArguments { index: 0, text: "{}".into() }],
        vec![StreamEvent::CallEnd { index: 7, seal: None }],
        vec![StreamEvent::Finish { reason: FinishReason::Stop }, StreamEvent::Text { text: "a".into() }],
        vec![StreamEvent::Finish { reason: FinishReason::Stop }, StreamEvent::Finish { reason: FinishReason::Stop }],
        vec![StreamEvent::Text { text: "a".repeat(ANSWER_BYTES_MAX + 1) }],
    ];
    for events in disorder {
        let mut answer = Accumulator::new();
        assert!(events.iter().any(|event| answer.push(event).is_err()));
    }
    assert_eq!(Accumulator::new().finish().unwrap_err().fault, ModelFault::Truncated);
}

#[test]
fn a_providers_words_are_short_and_move_no_cursor() {
    let message = format!("\u{1b}[2J\u{202e}{}", "x".repeat(10_000));
    for fixture in all() {
        let body = json!({"error": {"message": message}}).to_string();
        let text = match fixture.wire {
            Wire::Ollama => json!({ "error": message }).to_string(),
            _ => body,
        };
        let error = fixture.wire.error(400, &Default::default(), text.as_bytes(), protocol::Timestamp(0));
        let shown = error.to_string();
        assert!(shown.chars().count() < 700 && shown.contains("xxx"), "{}", fixture.wire);
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{}", fixture.wire);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever comes: one last event, and no more than came in.
    #[test]
    fn any_bytes_end_in_one_event(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for wire in Wire::ALL {
            events(wire, [&bytes[..]]);
            drop(wire.decode(&bytes));
            drop(wire.decode_embeddings(&bytes, 1));
            drop(wire.decode_listing(&bytes));
            drop(wire.error(400, &Default::default(), &bytes, protocol::Timestamp(0)));
        }
    }

    /// A stream in which some bytes are others, some are gone and some come twice.
    #[test]
    fn a_damaged_stream_ends_in_one_event(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..3, any::<u8>()), 1..12),
    ) {
        for fixture in all() {
            let mut stream = fixture.stream();
            for (place, how, byte) in &changes {
                let place = place.index(stream.len());
                match how {
                    0 => stream[place] = *byte,
                    1 => {
                        stream.remove(place);
                    }
                    _ => stream.insert(place, *byte),
                }
            }
            let whole = events(fixture.wire, [&stream[..]]);
            let mut answer = Accumulator::new();
            for event in &whole {
                prop_assert!(answer.push(event).is_ok());
            }
            let pieces = stream.chunks(3);
            prop_assert_eq!(events(fixture.wire, pieces), whole);
        }
    }
}
