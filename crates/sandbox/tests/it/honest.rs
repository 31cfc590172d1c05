//! What apps need.

use crate::house::{FakeHost, House, RUNTIME, source_text};
use kernel::runner::{GuestFailure, GuestPiece, GuestValue, Runner};
use protocol::{ErrorCode, Limits, LogLevel};
use serde_json::{Value, json};
use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};
use testkit::wait_until;

/// Runs an action of a guest and compares its data.
#[track_caller]
fn check(guest: &str, action: &str, input: Value, expected: Value) {
    assert_eq!(House::new().run(guest, action, input).data(), expected);
}

#[test]
fn echo_results_come_in_each_accepted_form() {
    let house = House::new();
    let check = |action: &str, expected: Result<GuestValue, GuestFailure>| {
        assert_eq!(house.run("echo", action, json!({ "name": "you" })).result, expected);
    };
    let value = |data, summary: Option<&str>, renderer: Option<&str>| {
        let (summary, renderer) = (summary.map(str::to_owned), renderer.map(str::to_owned));
        Ok(GuestValue { data, summary, renderer, exact: None })
    };
    check("echo", value(Some(json!({ "name": "you" })), None, None));
    check("greet", value(None, Some("hello you"), None));
    check("both", value(Some(json!({ "name": "you" })), Some("two things"), Some("table")));
    check("nothing", value(None, None, None));
    check("absent", Err(GuestFailure::NoSuchExport));
    assert_eq!(house.image("echo").exports(), ["both", "broken", "echo", "greet", "nothing"]);
}

#[test]
fn echo_errors_say_what_and_where() {
    let brought = House::new().run("echo", "broken", json!({}));
    let Err(GuestFailure::Threw { message, stack, code }) = brought.result else { panic!("{:?}", brought.result) };
    assert_eq!(message, "TypeError: cannot read property 'deeper' of undefined");
    assert!(stack.is_some_and(|stack| stack.contains("bot-logic.js:17")));
    assert_eq!(code, None);
}

#[test]
fn waiting_calls_run_at_the_same_time() {
    let (house, host) = (House::new(), FakeHost::new());
    let brought = house.run_with("waiting", "together", json!(null), Limits::default(), host.clone());
    assert_eq!(brought.data(), json!(["a", "b", "c"]));
    assert_eq!(host.under_way_most.load(SeqCst), 3);
    assert_eq!(host.under_way.load(SeqCst), 0);
}

#[test]
fn waiting_timers_go_in_order() {
    let expected = json!(["now", "microtask", "timer", "third tick"]);
    check("waiting", "ordered", json!(null), expected);
}

#[test]
fn waiting_can_be_aborted() {
    check("waiting", "aborted", json!(null), json!(["onabort", "abort", "AbortError", "AbortError", "why"]));
    check("waiting", "signal", json!(null), json!([true, false, true]));
}

#[test]
fn waiting_for_nothing_is_an_error_at_once() {
    let (message, _) = House::new().run("waiting", "never", json!(null)).threw();
    assert!(message.contains("never settles"), "{message}");
}

#[test]
fn waiting_ends_with_effects_done_and_timers_dropped() {
    let (house, host) = (House::new(), FakeHost::new());
    let brought = house.run_with("waiting", "forgotten_effect", json!(null), Limits::default(), host.clone());
    assert_eq!(brought.result.unwrap().summary.as_deref(), Some("done"));
    assert_eq!(host.storage.lock().keys().collect::<Vec<_>>(), ["kept"]);
    assert!(brought.took < Duration::from_secs(5));
    let brought = house.run("waiting", "forgotten_rejection", json!(null));
    assert!(brought.lines().iter().any(|(level, line)| *level == LogLevel::Error && line.contains("nobody looked")));
}

#[test]
fn waiting_callbacks_that_throw_fail_the_run() {
    let (message, _) = House::new().run("waiting", "late_throw", json!(null)).threw();
    assert_eq!(message, "Error: from a timer");
    let value = House::new().run("waiting", "thenable", json!(null)).result.unwrap();
    assert_eq!(value.summary.as_deref(), Some("from a thenable"));
}

#[test]
fn streaming_pieces_come_in_order_and_the_return_value_is_the_result() {
    let house = House::new();
    let brought = house.run("streaming", "words", json!({ "count": 3 }));
    assert_eq!(brought.pieces, ["w0 ", "w1 ", "w2 "].map(|word| GuestPiece::Text(word.to_owned())));
    assert_eq!(brought.data(), json!(3));
    let brought = house.run("streaming", "steps", json!(null));
    let data = |payload| GuestPiece::Data { topic: "data".to_owned(), payload, renderer: None };
    assert_eq!(brought.pieces, [GuestPiece::Text("one".to_owned()), data(json!({ "step": 2 })), data(json!([3]))]);
    assert_eq!(brought.result.unwrap().summary.as_deref(), Some("end"));
    let brought = house.run("streaming", "breaks", json!(null));
    assert_eq!(brought.pieces, [GuestPiece::Text("before".to_owned())]);
    assert_eq!(brought.threw().0, "RangeError: in the middle");
    assert_eq!(house.run("streaming", "bad_payload", json!(null)).data(), json!(["invalid_input", "invalid_input"]));
}

#[test]
fn streaming_rests_while_readers_are_behind() {
    let house = House::new();
    let host = Arc::new(FakeHost { full_after: 2, ..FakeHost::default() });
    let image = house.image("streaming");
    let call = house.call("pushes", &json!({ "count": 4 }), Limits::default());
    let lease = call.lease.clone();
    let run = RUNTIME.spawn(house.start(&image, call, host.clone()));
    for resting in 1..=3 {
        wait_until("the guest to rest", || host.waits.load(SeqCst) == resting);
        let cpu_us = lease.guest_cpu_us();
        assert_eq!(host.pieces.lock().len(), resting as usize + 1);
        assert_eq!(lease.guest_cpu_us(), cpu_us, "a resting guest computes nothing");
        host.drained.notify_one();
    }
    let brought = RUNTIME.block_on(run).unwrap();
    assert_eq!(brought.data(), json!(4));
    let rows = (0..4).map(|i| GuestPiece::Data {
        topic: "rows".to_owned(),
        payload: json!({ "i": i }),
        renderer: Some("table".to_owned()),
    });
    assert_eq!(brought.pieces, rows.collect::<Vec<_>>());
}

#[test]
fn modules_find_each_other() {
    let house = House::new();
    let expected = json!({ "double": 8, "plural": "words", "ready": "ready", "activated": 1, "meta": "object" });
    for _ in 0..2 {
        assert_eq!(house.run("modules", "all", json!({ "n": 4 })).data(), expected);
    }
    assert_eq!(house.image("modules").exports(), ["activate", "all", "default", "exported_again"]);
    assert_eq!(house.run("modules", "activate", json!(null)).result, Err(GuestFailure::NoSuchExport));
}

#[test]
fn named_by_string_apps_get_every_name() {
    let house = House::new();
    let expected = json!({ "name": "anything", "args": { "a": 1 }, "storage": "function" });
    assert_eq!(house.run("named-by-string", "anything", json!({ "a": 1 })).data(), expected);
    let value = house.run("named-by-string", "deactivate", json!(null)).result.unwrap();
    assert_eq!(value.summary.as_deref(), Some("function"));
}

#[test]
fn clock_and_env_are_the_runs_own() {
    let house = House::new();
    let call = house.call("look", &json!(null), Limits::default());
    let now_ms = call.now_ms;
    let brought = RUNTIME.block_on(house.start(&house.image("clock"), call, FakeHost::new()));
    let data = brought.data();
    assert_eq!(data["atLoad"]["now"], json!(0));
    assert_eq!(data["atLoad"]["iso"], json!("1970-01-01T00:00:00.000Z"));
    assert_eq!(data["env"], json!({ "city": "Bonn", "deep": { "er": [1] } }));
    assert_eq!((&data["frozen"], &data["zone"]), (&json!(true), &json!(0)));
    let late_ms = data["now"].as_i64().unwrap() - now_ms;
    assert!((0..5_000).contains(&late_ms), "{late_ms}");
    let passed = house.run("clock", "passes", json!(null)).data().as_i64().unwrap();
    assert!((39..5_000).contains(&passed), "{passed}");
}

#[test]
fn clock_and_randomness_follow_the_seed() {
    let house = House::new();
    let image = house.image("clock");
    let draw = |seed: [u8; 32]| {
        let call = kernel::runner::GuestCall { seed, ..house.call("random", &json!(null), Limits::default()) };
        RUNTIME.block_on(house.start(&image, call, FakeHost::new())).data()
    };
    assert_eq!(draw([1; 32]), draw([1; 32]));
    let all: std::collections::BTreeSet<String> = (0..1000u16)
        .flat_map(|run| {
            let mut seed = [0; 32];
            seed[..2].copy_from_slice(&run.to_le_bytes());
            let drawn = draw(seed);
            drawn.as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(all.len(), 3_000, "1,000 runs give 1,000 values of each kind");
}

#[test]
fn effects_carry_bytes_without_changing_them() {
    let expected = json!({
        "isBytes": true, "same": true, "part": [11, 12], "text": "grüße 😀", "buffer": 256,
        "picked": "picked:Write:true:to keep",
    });
    check("effects", "bytes", json!(null), expected);
}

#[test]
fn effects_keep_and_find() {
    let expected = json!([{ "a": [1, null, "ü"] }, true, ["k/1", "k/2"], ["k/2"], true, false]);
    check("effects", "keeps", json!(null), expected);
}

#[test]
fn effects_show_tables() {
    let data = House::new().run("effects", "tables", json!(null)).data();
    assert_eq!(data["seen"].as_array().unwrap().first(), Some(&json!(2)));
    assert_eq!((&data["columns"], &data["path"]), (&json!(["a", "b"]), &json!("data.csv")));
    assert_eq!((data.get("handle"), &data["frozen"]), (None, &json!(true)));
    assert_eq!((&data["statistics"], &data["groups"]), (&json!({ "columns": ["a"] }), &json!(["b"])));
}

#[test]
fn effects_fetch() {
    let data = House::new().run("effects", "fetches", json!(null)).data();
    let plain = json!([404, false, "https://a.example/x", "text/plain", null, "[1,\"\u{e9}\"]", [1, "\u{e9}"]]);
    assert_eq!(data["plain"], plain);
    assert_eq!((&data["isBytes"], &data["keys"]), (&json!(true), &json!(["__proto__", "content-type"])));
    assert_eq!(data["sent"], json!(["POST", [["X-A", "1"]], [195, 169], "Manual"]));
    assert_eq!(data["bytes"], json!(["PUT", [], [1, 2], "Follow"]));
    assert_eq!(data["refused"][0], "invalid_input");
}

#[test]
fn effects_call_servers() {
    let data = House::new().run("effects", "servers", json!(null)).data();
    assert_eq!(data["called"], json!({ "data": ["github", "search", { "q": "\u{fc}" }] }));
    assert_eq!(data["bare"], json!({ "data": ["github", "search", {}] }));
    assert_eq!((&data["wrong"], &data["endless"]), (&json!("invalid_input"), &json!("TypeError")));
    assert_eq!(data["listed"], json!([]));
}

#[test]
fn effects_fail_with_stable_codes() {
    let house = House::new();
    let data = house.run("effects", "errors", json!(null)).data();
    let codes: Vec<_> = data.as_array().unwrap().iter().map(|seen| seen[1].as_str().unwrap()).collect();
    let later = "not_available";
    let wrong = "invalid_input";
    assert_eq!(codes, ["not_found", wrong, wrong, later, later, later, wrong, wrong, wrong]);
    for seen in data.as_array().unwrap() {
        assert_eq!((&seen[0], &seen[2]), (&json!("OikosError"), &json!(true)));
    }
    assert!(data[5][3].as_str().unwrap().contains("clipboard.read"));
    assert_eq!(house.run("effects", "uncaught", json!(null)).threw().1, Some(ErrorCode::NotFound));
    assert!(house.run("effects", "circular", json!(null)).threw().0.contains("circular"));
}

#[test]
fn listening_is_registered_while_activated_and_called_by_name() {
    let house = House::new();
    let names: Vec<String> = house.image("listening").exports().to_vec();
    assert_eq!(names, ["on:0:0:home.arrived", "on:1:-100:user.*", "on:2:100:home.arrived", "act", "activate"]);
    let event = json!({ "topic": "home.arrived", "sender": "owner", "payload": { "who": "me" } });
    for (name, answer) in [("on:0:0:home.arrived", "first me"), ("on:2:100:home.arrived", "third me")] {
        let heard = house.run("listening", name, event.clone());
        assert_eq!(heard.result.unwrap().summary.as_deref(), Some(answer), "{name}");
    }
    // What is emitted arrives as it was said.
    let sent = house.run("listening", "act", json!({ "text": "tea" })).data();
    assert_eq!(sent, json!([["home.tea", { "text": "tea" }], ["home.nothing", null]]));
}

#[test]
fn answering_is_registered_while_activated_and_gives_one_answer() {
    let house = House::new();
    let names = house.image("answering").exports().to_vec();
    assert_eq!(names[..2], ["route:0:GET /text", "route:1:GET /nothing"]);
    assert!(!names.iter().any(|name| name.contains("forged")), "{names:?}");
    let head = |has_body: bool| {
        json!({
            "method": "POST", "path": "/echo/7", "params": { "id": "7" }, "query": { "q": "1" },
            "headers": { "accept": "*/*" }, "form": { "text": "a b" }, "hasBody": has_body,
        })
    };
    let run = |what: &str| {
        let name = names.iter().find(|name| name.ends_with(what)).unwrap();
        house.run("answering", name, head(what.contains("echo")))
    };
    for (what, answer) in [
        ("/text", json!([null, [], "text/plain", "hello \u{fffd}"])),
        ("/nothing", json!([204, [], null, ""])),
        ("/full", json!([201, [["etag", "\"1\""]], "text/plain", "<p>"])),
        ("/json", json!([null, [], "application/json", "{\"a\":[1,null]}"])),
        ("/bytes", json!([null, [], "application/octet-stream", "hi"])),
        ("/empty", json!([304, [], null, ""])),
    ] {
        assert_eq!(run(what).data(), answer, "{what}");
    }
    let told: Value = serde_json::from_str(run("/echo/:id").data()[3].as_str().unwrap()).unwrap();
    let expected = json!({
        "method": "POST", "path": "/echo/7", "params": { "id": "7" }, "query": { "q": "1" },
        "headers": { "accept": "*/*" }, "form": { "text": "a b" }, "text": "text=a+b",
        "is": [true, true, true],
    });
    assert_eq!(told, expected);
    for (what, message) in [
        ("/odd", "it knows no 'ok'"),
        ("/list", "a route answers with a text or with"),
        ("/null", "a route answers with a text or with"),
        ("/circle", "circular"),
        ("/throws", "Error: no"),
        ("/late", "registered in activate, not in a run"),
    ] {
        let (said, _) = run(what).threw();
        assert!(said.contains(message), "{what}: {said}");
    }
}

#[test]
fn text_is_encoded_as_the_standard_says() {
    let expected = json!({
        "round": "aß€😀", "bytes": [0xe2, 0x82, 0xac], "half": [0xef, 0xbf, 0xbd],
        "lossy": ["a\u{fffd}b", "\u{fffd}", "\u{fffd}A", "\u{fffd}\u{fffd}\u{fffd}"],
        "mark": "a", "part": "ab", "buffer": "x", "strict": "TypeError", "base64": ["aGk=", "hi"],
    });
    check("text", "codec", json!(null), expected);
    check("text", "clone", json!(null), json!([true, true, 2, 5]));
    check("text", "halves", json!(null), json!({ "\u{fffd}": "x\u{fffd}" }));
    check("text", "unicode", json!(null), json!(true));
}

#[test]
fn shouting_is_heard_and_bounded() {
    let lines = House::new().run("shouting", "lines", json!(null)).lines();
    let texts: Vec<_> = lines.iter().map(|(_, line)| line.as_str()).collect();
    assert_eq!(texts[0], "plain 1 true null undefined 10n Symbol(s)");
    assert_eq!(texts[1], r#"{a: [1, {b: "c"}], f: [function f]}"#);
    assert_eq!((lines[1].0, lines[2].0, texts[2]), (LogLevel::Debug, LogLevel::Warn, "oops"));
    assert!(texts[3].starts_with("Error: with a stack\n    at lines"), "{}", texts[3]);
    assert_eq!(texts[4], r#"{name: "circle", self: {…}}"#);
    assert_eq!((texts[5], texts[6]), ("a value that cannot be shown", "a value that cannot be shown"));
    assert!(texts[7].len() <= 8192 + 3 && texts[7].ends_with('…'), "{}", texts[7].len());
    assert_eq!(texts[8], "");
}

#[test]
fn state_of_one_run_is_not_seen_by_the_next() {
    let house = House::new();
    for _ in 0..20 {
        assert_eq!(house.run("state", "count", json!(null)).data(), json!([1, 1, 1]));
    }
}

#[test]
fn an_input_that_is_not_json_fails_that_run() {
    let house = House::new();
    let call = house.call("echo", &json!(null), Limits::default());
    for input in ["", "{", "\u{feff}1", "[1] 2"] {
        let call =
            kernel::runner::GuestCall { input: input.into(), lease: house.lease(Limits::default()), ..call.clone() };
        let brought = RUNTIME.block_on(house.start(&house.image("echo"), call, FakeHost::new()));
        assert!(brought.threw().0.starts_with("SyntaxError"), "{input}");
    }
    house.is_well();
}

#[test]
fn a_wall_clock_and_an_idle_clock_end_what_waits() {
    let house = House::new();
    let check = |limits: Limits, expected| {
        let brought = house.run_with("waiting", "wait_long", json!({ "ms": 60_000 }), limits, FakeHost::new());
        assert_eq!(brought.ended(), expected);
        assert!(brought.took < Duration::from_secs(10), "{:?}", brought.took);
    };
    check(Limits { wall_ms: 100, ..Limits::default() }, broker::LeaseEnd::Timeout);
    check(Limits { idle_ms: 100, ..Limits::default() }, broker::LeaseEnd::Idle);
}

#[test]
fn forgetting_a_package_makes_it_anew() {
    let house = House::new();
    let source = source_text("export const f = () => 'forgotten';");
    house.runner.prepare(&source).unwrap();
    house.runner.forget(source.package());
    let left = std::fs::read_dir(crate::house::cache_dir()).unwrap();
    let prefix = source.package().to_string();
    assert!(left.flatten().all(|entry| !entry.file_name().to_string_lossy().starts_with(&prefix)));
    assert_eq!(house.runner.prepare(&source).unwrap().exports(), ["f"]);
}
