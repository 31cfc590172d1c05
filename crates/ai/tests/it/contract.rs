//! What every wire keeps: one request, one answer, and the same errors for the same reasons.

use crate::fixtures::{Fixture, TEXT, all, conversation, events, fold, result, shaped, words};
use ai::{
    AssistantPart, Continuation, EmbeddingRequest, Message, ModelFault, Plan, RequestError, StreamEvent, ToolChoice,
    UserPart, Wire,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use protocol::Timestamp;
use serde_json::Value;

fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

#[test]
fn one_request_becomes_what_each_wire_calls_it() {
    for fixture in all() {
        let expected = &fixture.value["request"];
        let draft = fixture.wire.encode(&conversation(), fixture.target()).unwrap();
        assert_eq!(draft.method, http::Method::POST);
        assert_eq!(draft.path, expected["path"].as_str().unwrap());
        assert_eq!(read(&draft.body), expected["body"], "{}", fixture.wire);
        for (name, value) in expected["headers"].as_object().into_iter().flatten() {
            assert_eq!(draft.headers[name.as_str()], value.as_str().unwrap());
        }
        assert_eq!(draft.headers["content-type"], "application/json");
        let key = fixture.wire.key_place();
        let expected = &fixture.value["key"];
        assert_eq!((key.header, key.before), (expected[0].as_str().unwrap(), expected[1].as_str().unwrap()));
        assert!(!draft.headers.contains_key(key.header), "the key is put in by who sends it");
    }
}

#[test]
fn an_answer_of_a_shape_is_asked_for() {
    for fixture in all() {
        let draft = fixture.wire.encode(&shaped(), fixture.target()).unwrap();
        assert_eq!(read(&draft.body), fixture.value["shaped"], "{}", fixture.wire);
    }
}

#[test]
fn schemas_go_out_as_their_authors_wrote_them() {
    let mut request = conversation();
    let written = r#"{"type": "object", "z": 1, "a": 12345678901234567890123.5}"#;
    request.tools[0].input = protocol::Verbatim::parse(written.to_owned()).unwrap();
    for fixture in all() {
        let body = String::from_utf8(fixture.wire.encode(&request, fixture.target()).unwrap().body).unwrap();
        assert!(body.contains(written), "{}", fixture.wire);
    }
}

#[test]
fn a_whole_answer_and_a_streamed_one_say_the_same() {
    for fixture in all() {
        let says = fixture.says();
        assert_eq!(fixture.wire.decode(&fixture.body()).as_ref(), Ok(&says), "{}", fixture.wire);
        let stream = fixture.stream();
        let events = events(fixture.wire, [&stream[..]]);
        assert_eq!(fold(&events).as_ref(), Ok(&says), "{}", fixture.wire);
        assert_eq!(words(&events), TEXT.concat());
    }
}

#[test]
fn calls_come_piece_by_piece_and_each_ends_once() {
    for fixture in all() {
        let stream = fixture.stream();
        let events = events(fixture.wire, [&stream[..]]);
        let count = |is: fn(&StreamEvent) -> bool| events.iter().filter(|event| is(event)).count();
        assert_eq!(count(|event| matches!(event, StreamEvent::CallBegin { .. })), 2, "{}", fixture.wire);
        assert_eq!(count(|event| matches!(event, StreamEvent::CallEnd { .. })), 2, "{}", fixture.wire);
        let pieces = count(|event| matches!(event, StreamEvent::CallArguments { index: 0, .. }));
        let is_whole = matches!(fixture.wire, Wire::Gemini | Wire::Ollama);
        assert_eq!(pieces, if is_whole { 1 } else { 3 }, "{}", fixture.wire);
    }
}

/// An answer of each wire, with what its tools answered, is said on each other: fallback from one to the other in mid-conversation.
#[test]
fn what_one_wire_answered_can_be_said_on_every_other() {
    for from in all() {
        let answer = from.wire.decode(&from.body()).unwrap();
        let results: Vec<_> = answer.calls().map(|call| result(&call.id, "done", false)).collect();
        let mut request = conversation();
        request.messages.push(Message::Assistant(answer.parts.clone()));
        request.messages.push(Message::User(results.clone()));
        // The same once more: providers that name no calls name them alike each time.
        request.messages.push(Message::Assistant(answer.parts.clone()));
        request.messages.push(Message::User(results));
        for to in all() {
            let body = String::from_utf8(to.wire.encode(&request, to.target()).unwrap().body).unwrap();
            let seals = body.matches("c2VhbA==").count();
            let has_seal = from.wire == to.wire && !matches!(to.wire, Wire::OpenaiChat | Wire::Ollama);
            assert_eq!(seals, if has_seal { 2 } else { 0 }, "{} to {}", from.wire, to.wire);
            assert_eq!(body.matches("They ask twice.").count() > 0, has_seal && to.wire != Wire::Gemini);
        }
    }
}

#[test]
fn refusals_are_known_by_their_kind() {
    for fixture in all() {
        for refusal in fixture.value["refusals"].as_array().unwrap() {
            let expected: ModelFault = serde_json::from_value(refusal["fault"].clone()).unwrap();
            let body = match &refusal["body"] {
                Value::String(text) => text.clone(),
                json => json.to_string(),
            };
            let headers: HeaderMap = refusal["headers"].as_object().into_iter().flatten().map(header).collect();
            let status = u16::try_from(refusal["status"].as_u64().unwrap()).unwrap();
            let error = fixture.wire.error(status, &headers, body.as_bytes(), Timestamp(0));
            assert_eq!((error.fault, error.status), (expected, Some(status)), "{}: {refusal}", fixture.wire);
            assert_eq!(error.retry_after_ms, refusal["retryAfterMs"].as_u64(), "{}: {refusal}", fixture.wire);
            assert!(error.to_string().contains("\nhint: "));
        }
    }
}

fn header((name, value): (&String, &Value)) -> (HeaderName, HeaderValue) {
    (name.parse().unwrap(), value.as_str().unwrap().parse().unwrap())
}

#[test]
fn a_fault_in_the_middle_ends_the_answer_and_keeps_what_was_said() {
    for fixture in all() {
        let pieces = fixture.pieces();
        for broken in fixture.value["broken"].as_array().unwrap() {
            let expected: ModelFault = serde_json::from_value(broken["fault"].clone()).unwrap();
            let broken = fixture.piece(broken["kind"].as_str().unwrap_or_default(), &broken["data"]);
            // Where the words are said and the reason to end is not.
            for place in 1..pieces.len() / 2 {
                let before = pieces[..place].concat();
                let said = words(&events(fixture.wire, [&before[..]]));
                let after = pieces[place..].concat();
                let events = events(fixture.wire, [&before[..], &broken[..], &after[..]]);
                assert_eq!(words(&events), said);
                assert_eq!(fold(&events).unwrap_err().fault, expected, "{}", fixture.wire);
            }
        }
    }
}

/// Cut after any byte, a stream ends in one event: its end if that was said, else that it was cut. What was heard is how the answer
/// begins, and another try makes it whole.
#[test]
fn a_stream_that_is_cut_anywhere_is_gone_on_with() {
    for fixture in all() {
        let stream = fixture.stream();
        for cut in (0..=stream.len()).step_by(5) {
            let first = events(fixture.wire, [&stream[..cut]]);
            let heard = words(&first);
            assert!(TEXT.concat().starts_with(&heard), "{}: {heard}", fixture.wire);
            let mut answer = Continuation::new();
            let mut told = Vec::new();
            let broken = first.into_iter().find_map(|event| answer.pass(event).map(|event| told.extend(event)).err());
            match broken {
                None => assert_eq!(heard, TEXT.concat()),
                Some(error) => {
                    assert_eq!(error.fault, ModelFault::Truncated, "{}", fixture.wire);
                    let (plan, restart) = answer.again(false).unwrap();
                    assert_eq!(plan == Plan::Afresh, heard.is_empty());
                    told.extend(restart);
                    for event in events(fixture.wire, [&stream[..]]) {
                        told.extend(answer.pass(event).unwrap());
                    }
                }
            }
            assert_eq!(words(&told), TEXT.concat(), "{}", fixture.wire);
            let (whole, says) = (fold(&told).unwrap(), fixture.says());
            assert_eq!((whole.text(), whole.finish), (says.text(), says.finish), "{} at {cut}", fixture.wire);
            assert_eq!((&whole.id, &whole.model), (&says.id, &says.model));
            // A thought of the second try comes after the words of the first.
            let others = |parts: Vec<AssistantPart>| -> Vec<_> {
                parts.into_iter().filter(|part| !matches!(part, AssistantPart::Text { .. })).collect()
            };
            assert_eq!(others(whole.parts), others(says.parts), "{} at {cut}", fixture.wire);
        }
    }
}

#[test]
fn vectors_come_in_the_order_of_their_texts() {
    let request = EmbeddingRequest { texts: vec!["one".into(), "two".into()], dimensions: Some(3) };
    for fixture in all() {
        let expected = &fixture.value["embeddings"];
        let draft = fixture.wire.encode_embeddings(&request, fixture.target());
        if expected.is_null() {
            assert!(matches!(draft, Err(RequestError::Unsayable { .. })), "{}", fixture.wire);
            continue;
        }
        let draft = draft.unwrap();
        assert_eq!(draft.path, expected["path"].as_str().unwrap());
        assert_eq!(read(&draft.body), expected["body"], "{}", fixture.wire);
        let body = expected["answer"].to_string();
        let answer = fixture.wire.decode_embeddings(body.as_bytes(), 2).unwrap();
        assert_eq!(answer.vectors, [[1.0, 0.0, 0.5], [0.5, 0.25, -1.0]], "{}", fixture.wire);
        let missing = fixture.wire.decode_embeddings(body.as_bytes(), 3).unwrap_err();
        assert_eq!(missing.fault, ModelFault::Malformed);
        let uneven = body.replacen("-1.0", "-1.0,2.0", 1);
        assert_eq!(fixture.wire.decode_embeddings(uneven.as_bytes(), 2).unwrap_err().fault, ModelFault::Malformed);
    }
    let nothing = EmbeddingRequest::default();
    assert!(all().iter().all(|fixture| fixture.wire.encode_embeddings(&nothing, fixture.target()).is_err()));
}

#[test]
fn models_are_listed() {
    for fixture in all() {
        let expected = &fixture.value["listing"];
        let draft = fixture.wire.encode_listing();
        assert_eq!((draft.method, draft.path.as_str()), (http::Method::GET, expected["path"].as_str().unwrap()));
        let models = fixture.wire.decode_listing(expected["answer"].to_string().as_bytes()).unwrap();
        assert_eq!(models[0].id, "some-model");
        let tells = !matches!(fixture.wire, Wire::OpenaiResponses | Wire::Ollama);
        assert_eq!(models[0].context_tokens, tells.then_some(8192), "{}", fixture.wire);
    }
}

#[test]
fn a_head_of_another_kind_is_no_answer() {
    for fixture in all() {
        let wire = fixture.wire;
        let head =
            |kind: &'static str| HeaderMap::from_iter([(http::header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        let stream = if wire == Wire::Ollama { "application/x-ndjson" } else { "text/event-stream" };
        assert_eq!(wire.check_head(200, &head("application/json; charset=utf-8"), false), Ok(()));
        assert_eq!(wire.check_head(200, &head(stream), true), Ok(()));
        assert_eq!(wire.check_head(200, &HeaderMap::new(), true), Ok(()));
        for is_stream in [true, false] {
            let page = wire.check_head(200, &head("text/html"), is_stream).unwrap_err();
            assert_eq!(page.fault, ModelFault::Malformed);
            assert_eq!(wire.check_head(503, &head("text/html"), is_stream).unwrap_err().fault, ModelFault::Overloaded);
            assert_eq!(wire.check_head(302, &head("text/html"), is_stream).unwrap_err().fault, ModelFault::Malformed);
        }
        let sign_in = wire.error(401, &HeaderMap::new(), b"<html>sign in</html>", Timestamp(0));
        assert_eq!((sign_in.fault, sign_in.said), (ModelFault::Authentication, None));
    }
}

#[test]
fn a_tool_can_be_named_forced_and_forbidden() {
    for fixture in all() {
        let said = |choice: ToolChoice| {
            let request = ai::ChatRequest { tool_choice: choice, ..conversation() };
            fixture.wire.encode(&request, fixture.target()).map(|draft| String::from_utf8(draft.body).unwrap())
        };
        let named = said(ToolChoice::Named("notes_add".into()));
        let forced = said(ToolChoice::Required);
        let forbidden = said(ToolChoice::None).unwrap().to_ascii_lowercase();
        if fixture.wire == Wire::Ollama {
            assert!(named.is_err() && forced.is_err() && !forbidden.contains("\"tools\""));
        } else {
            assert!(
                named.unwrap().matches("notes_add").count()
                    > said(ToolChoice::Auto).unwrap().matches("notes_add").count()
            );
            assert!(["\"required\"", "\"any\"", "\"ANY\""].iter().any(|word| forced.as_ref().unwrap().contains(word)));
            assert!(forbidden.contains("\"none\""));
        }
    }
}

fn cut(stream: &[u8], cuts: Vec<prop::sample::Index>) -> Vec<&[u8]> {
    let mut places: Vec<_> = cuts.into_iter().map(|cut| cut.index(stream.len())).collect();
    places.sort_unstable();
    let mut pieces = Vec::new();
    let mut from = 0;
    for place in places {
        pieces.push(&stream[from..place]);
        from = place;
    }
    pieces.push(&stream[from..]);
    pieces
}

fn at(place: prop::sample::Index) -> Fixture {
    let mut fixtures = all();
    fixtures.swap_remove(place.index(fixtures.len()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// However the bytes are cut, in the middle of a character or of a line's end, the events are the same.
    #[test]
    fn any_split_gives_the_same_events(
        wire in any::<prop::sample::Index>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ends in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let fixture = at(wire);
        let stream = String::from_utf8(fixture.stream()).unwrap().replace('\n', ends).into_bytes();
        let whole = events(fixture.wire, [&stream[..]]);
        prop_assert_eq!(events(fixture.wire, cut(&stream, cuts)), whole);
    }

    /// Every text comes through as it was, out and in.
    #[test]
    fn any_text_goes_out_and_comes_in_unchanged(
        wire in any::<prop::sample::Index>(), one in "\\PC{1,20}", two in any::<String>(), three in "[\u{0}-\u{1f}\"\\\\🌧\u{2028}]{0,9}",
    ) {
        let fixture = at(wire).with_text([&one, &two, &three]);
        let said = one.clone() + &two + &three;
        prop_assert_eq!(fixture.wire.decode(&fixture.body()).unwrap().text(), said.as_str());
        let stream = fixture.stream();
        prop_assert_eq!(words(&events(fixture.wire, [&stream[..]])), said.as_str());

        let request = ai::ChatRequest { messages: vec![Message::User(vec![UserPart::Text { text: said.clone() }])], ..Default::default() };
        let body = read(&fixture.wire.encode(&request, fixture.target()).unwrap().body);
        let is_blank = fixture.wire == Wire::Anthropic && said.trim().is_empty();
        prop_assert!(is_blank || holds(&body, &said), "{}", body);
    }
}

fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found == text,
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(members) => members.values().any(|member| holds(member, text)),
        _ => false,
    }
}
