//! Programs that mean harm, or are broken: each gets a clear error, and none takes memory or other calls with it.

use crate::scene::{Script, Witness, open, options, program, soon, tight, value};
use mcp::client::{Call, CallError, Known, OpenError, Session, Way};
use serde_json::{Map, Value, json};
use std::{future::Future, sync::Arc, time::Duration};

/// A session with a program that greets and is then as it is.
async fn with<F: Future<Output = ()> + Send + 'static>(
    options: mcp::client::Options,
    play: impl FnOnce(Script) -> F + Send + 'static,
) -> Session {
    let way = program(move |mut script| async move {
        script.greet().await;
        play(script).await;
    });
    open(way, options).await.unwrap()
}

async fn call(session: &Session) -> Result<Value, CallError> {
    soon(session.call_tool("t", Map::new(), &Call::unattended())).await.map(|said| value(&said))
}

fn check<T: std::fmt::Debug>(outcome: Result<T, CallError>, expected: &str) {
    assert_eq!(outcome.unwrap_err().to_string(), expected);
}

/// Keeps the pipes open, saying nothing more.
async fn stay(script: Script) {
    let _kept = script;
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn garbage_between_messages_is_left_out_and_too_much_of_it_ends_the_session() {
    let session = with(tight(|bounds| bounds.garbage_lines = 6), |mut script| async move {
        script.say("Starting up...\n{\"jsonrpc\":\"2.0\"\n[]\n\u{1b}[32mready\u{1b}[0m\r\n\n").await;
        let asked = script.heard().await;
        script.say("one\ntwo\n").await;
        script.answer(&asked["id"], json!({ "content": [] })).await;
        script.heard().await;
        script.say("1\n2\n3\n4\n5\n6\n7\n").await;
        stay(script).await;
    })
    .await;
    assert_eq!(call(&session).await.unwrap(), json!({ "content": [] }));
    check(call(&session).await, "the server has gone: what it writes to its output are not messages of the protocol");
    check(call(&session).await, "the server has gone: what it writes to its output are not messages of the protocol");
}

#[tokio::test]
async fn a_line_of_a_hundred_megabytes_is_not_kept_and_the_next_one_is_heard() {
    let session = with(options(), |mut script| async move {
        let asked = script.heard().await;
        script.say(&format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":\"", asked["id"])).await;
        let piece = "a".repeat(1 << 20);
        for _ in 0..100 {
            script.say(&piece).await;
        }
        script.say("\"}\n").await;
        let asked = script.heard().await;
        script.answer(&asked["id"], json!({ "content": [] })).await;
        stay(script).await;
    })
    .await;
    let before = peak_kib();
    check(call(&session).await, "the server sends more than 16777216 bytes in a message");
    assert!(call(&session).await.is_ok());
    assert!(peak_kib() - before < 80 * 1024, "{} KiB more", peak_kib() - before);
}

/// The most memory that this process has had.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn wrong_ids_and_second_answers_reach_nobody() {
    let session = with(tight(|bounds| bounds.silent_ms = 300), |mut script| async move {
        let asked = script.heard().await;
        for id in
            [json!(asked["id"].as_u64().unwrap() + 1), json!(asked["id"].to_string()), json!(-1), json!(1.5), json!({})]
        {
            script.answer(&id, json!({ "stolen": true })).await;
        }
        // Twice, and once for a call that has yet to be made: all at once, so that nobody is there in between.
        let answer = |id: &Value, word: &str| json!({ "jsonrpc": "2.0", "id": id, "result": { word: true } });
        let next = json!(asked["id"].as_u64().unwrap() + 1);
        let all = [answer(&asked["id"], "first"), answer(&asked["id"], "second"), answer(&next, "early")];
        script.say(&all.map(|one| format!("{one}\n")).concat()).await;
        stay(script).await;
    })
    .await;
    assert_eq!(call(&session).await.unwrap(), json!({ "first": true }));
    check(call(&session).await, "the server did not answer tools/call within 300 ms");
}

#[tokio::test]
async fn one_that_never_answers_is_told_that_nobody_waits() {
    let (noticed, told) = tokio::sync::oneshot::channel();
    let session = with(tight(|bounds| bounds.silent_ms = 200), |mut script| async move {
        let asked = script.heard().await;
        let notice = script.noticed().await;
        noticed.send((asked["id"].clone(), notice)).unwrap();
        let asked = script.heard().await;
        script.answer(&asked["id"], json!({})).await;
        stay(script).await;
    })
    .await;
    check(call(&session).await, "the server did not answer tools/call within 200 ms");
    let (id, notice) = soon(told).await.unwrap();
    assert_eq!((&notice["method"], &notice["params"]["requestId"]), (&json!("notifications/cancelled"), &id));
    assert!(call(&session).await.is_ok(), "a late one does not hold up the next");
}

#[tokio::test]
async fn signs_of_life_do_not_keep_a_call_for_ever() {
    let session = with(tight(|bounds| (bounds.silent_ms, bounds.call_ms) = (400, 900)), |mut script| async move {
        let asked = script.heard().await;
        let token = &asked["params"]["_meta"]["progressToken"];
        let params = json!({ "progressToken": token, "progress": 1 });
        let notice = json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": params });
        loop {
            script.say(&format!("{notice}\n")).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    match call(&session).await.unwrap_err() {
        CallError::Slow { after_ms, .. } => assert!(after_ms <= 900),
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_flood_of_notices_neither_fills_memory_nor_hides_the_answer() {
    let session = with(options(), |mut script| async move {
        let asked = script.heard().await;
        let change = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
        let strange = r#"{"jsonrpc":"2.0","method":"notifications/com.example/x","params":{"a":[1,2,3]}}"#;
        let flood = format!("{change}\n{strange}\n").repeat(500);
        for _ in 0..100 {
            script.say(&flood).await;
        }
        script.answer(&asked["id"], json!({ "content": [] })).await;
        stay(script).await;
    })
    .await;
    let mut changes = session.changes();
    let before = peak_kib();
    assert!(call(&session).await.is_ok());
    assert!(peak_kib() - before < 32 * 1024);
    assert_eq!(soon(changes.next()).await, Some(mcp::client::Change::Missed));
}

#[tokio::test]
async fn a_flood_of_questions_is_refused_beyond_the_bound() {
    let witness = Arc::new(Witness::default());
    let session = with(tight(|bounds| bounds.questions = 5), |mut script| async move {
        let asked = script.heard().await;
        let mut refused = 0;
        for id in 0..20 {
            let params = json!({ "messages": [], "maxTokens": 1 });
            let question = json!({ "jsonrpc": "2.0", "id": id, "method": "sampling/createMessage", "params": params });
            script.say(&format!("{question}\n")).await;
            refused += usize::from(script.heard().await.get("error").is_some());
        }
        script.answer(&asked["id"], json!({ "refused": refused })).await;
        stay(script).await;
    })
    .await;
    let outcome = soon(session.call_tool("t", Map::new(), &witness.call())).await.unwrap();
    assert_eq!((value(&outcome), witness.asked.lock().unwrap().len()), (json!({ "refused": 15 }), 5));
    assert!(witness.asked.lock().unwrap()[0].certain);
}

#[tokio::test]
async fn what_was_not_offered_is_refused_and_not_asked() {
    let witness = Arc::new(Witness::default());
    let session = with(options(), |mut script| async move {
        let asked = script.heard().await;
        let mut codes = Vec::new();
        for (method, params) in
            [("elicitation/create", json!({ "mode": "url", "url": "https://evil.example" })), ("eval", json!({}))]
        {
            let question = json!({ "jsonrpc": "2.0", "id": "q", "method": method, "params": params });
            script.say(&format!("{question}\n")).await;
            codes.push(script.heard().await["error"]["code"].clone());
        }
        script.say("{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"method\":\"ping\"}\n").await;
        let pong = script.heard().await;
        script.answer(&asked["id"], json!({ "codes": codes, "pong": pong["result"] })).await;
        stay(script).await;
    })
    .await;
    let outcome = soon(session.call_tool("t", Map::new(), &witness.call())).await.unwrap();
    assert_eq!(value(&outcome), json!({ "codes": [-32601, -32601], "pong": {} }));
    assert!(witness.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn pages_that_go_round_or_never_end_are_not_followed() {
    for (cursors, expected) in [
        (vec!["a", "b", "a"], "the server's answer to tools/list is not understood: its pages go round in a circle"),
        (vec!["0"; 9], "the server's answer to tools/list is not understood: its pages go round in a circle"),
        (vec!["1", "2", "3", "4", "5", "6", "7", "8", "9"], "the server sends more than 8 pages of a list"),
    ] {
        let session = with(tight(|bounds| bounds.pages = 8), |mut script| async move {
            for cursor in cursors {
                let asked = script.heard().await;
                script.answer(&asked["id"], json!({ "tools": [{ "name": cursor }], "nextCursor": cursor })).await;
            }
            stay(script).await;
        })
        .await;
        assert_eq!(soon(session.tools(&Call::unattended())).await.unwrap_err().to_string(), expected);
    }
}

#[tokio::test]
async fn lists_of_too_much_and_schema_bombs_are_refused() {
    let deep = format!("{}1{}", "{\"items\":".repeat(5_000), "}".repeat(5_000));
    let wide = format!("[{}0]", "{},".repeat(600_000));
    for (page, expected) in [
        (json!(vec![json!({ "name": "x" }); 5_000]).to_string(), "the server sends more than 4096 entries of a list"),
        (
            json!([{ "name": "x", "description": "y".repeat(5 << 20) }]).to_string(),
            "the server sends more than 4194304 bytes of a list",
        ),
        (format!("[{{\"name\":\"x\",\"inputSchema\":{deep}}}]"), "the server sends more than 120 levels in a message"),
        (
            format!("[{{\"name\":\"x\",\"inputSchema\":{wide}}}]"),
            "the server sends more than 500000 values in a message",
        ),
        ("{}".to_owned(), "the server's answer to tools/list is not understood: it has no tools"),
    ] {
        let session = with(tight(|bounds| bounds.list_bytes = 4 << 20), |mut script| async move {
            let asked = script.heard().await;
            script
                .say(&format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{{\"tools\":{page}}}}}\n", asked["id"]))
                .await;
            stay(script).await;
        })
        .await;
        assert_eq!(soon(session.tools(&Call::unattended())).await.unwrap_err().to_string(), expected);
    }
}

#[tokio::test]
async fn one_that_dies_says_so_to_all_that_wait_and_to_whoever_comes_later() {
    let session = with(options(), |mut script| async move {
        script.heard().await;
        script.heard().await;
    })
    .await;
    let (one, other) = tokio::join!(call(&session), call(&session));
    for outcome in [one, other, call(&session).await] {
        check(outcome, "the server has gone: it has ended");
    }
}

#[tokio::test]
async fn one_that_does_not_read_holds_nobody_up() {
    let session = with(tight(|bounds| bounds.write_ms = 300), stay).await;
    let arguments = Map::from_iter([("text".to_owned(), Value::from("x".repeat(1 << 20)))]);
    let outcome = soon(session.call_tool("t", arguments, &Call::unattended())).await;
    assert!(matches!(outcome, Err(CallError::Gone { .. })), "{outcome:?}");
}

#[tokio::test]
async fn one_that_ends_at_the_question_for_revisions_can_be_greeted_at_once() {
    let dying = || program(|mut script| async move { drop(script.heard().await) });
    assert!(matches!(open(dying(), options()).await, Err(OpenError::EndedAtProbe)));
    let way = program(|mut script| async move {
        let initialize = script.heard().await;
        assert_eq!(initialize["method"], "initialize");
        let result = json!({ "protocolVersion": "2024-11-05", "capabilities": {}, "serverInfo": {} });
        script.answer(&initialize["id"], result).await;
        stay(script).await;
    });
    let session = open(way, mcp::client::Options { known: Some(Known::initialize()), ..options() }).await.unwrap();
    assert_eq!(session.server().revision.word(), "2024-11-05");
    assert_eq!(session.tools(&Call::unattended()).await.unwrap(), Vec::<Value>::new());
}

#[tokio::test]
async fn one_that_never_answers_that_question_is_greeted_too() {
    let way = program(|mut script| async move {
        script.heard().await;
        let initialize = script.heard().await;
        script.answer(&initialize["id"], json!({ "protocolVersion": "2025-03-26", "capabilities": {} })).await;
        stay(script).await;
    });
    let session = open(way, tight(|bounds| bounds.probe_ms = 100)).await.unwrap();
    assert_eq!(session.server().revision.word(), "2025-03-26");
}

#[tokio::test]
async fn one_that_speaks_nothing_we_know_is_named() {
    for (word, expected) in [("2031-01-01", "2031-01-01"), ("2026-07-28", "2026-07-28"), ("", "")] {
        let way: Way = program(move |mut script| async move {
            script.heard().await;
            let initialize = script.heard().await;
            script.answer(&initialize["id"], json!({ "protocolVersion": word })).await;
            stay(script).await;
        });
        let error = open(way, tight(|bounds| bounds.probe_ms = 50)).await.map(drop).unwrap_err();
        assert_eq!(error.to_string(), format!("the server speaks no revision that oikos knows; it names {expected}"));
    }
}

#[tokio::test]
async fn rounds_without_end_and_strange_rounds_are_ended() {
    let wants = |requests: Value| json!({ "resultType": "input_required", "inputRequests": requests });
    let form = json!({ "method": "elicitation/create", "params": { "requestedSchema": { "properties": {} } } });
    let many: Map<_, _> = (0..9).map(|n| (n.to_string(), form.clone())).collect();
    for (result, expected) in [
        (wants(json!({ "a": form })), "the server asks too much for one tools/call: more than 4 rounds"),
        (wants(many.into()), "the server asks too much for one tools/call: more than 8 questions"),
        (
            json!({ "resultType": "input_required", "requestState": "s" }),
            "the server asks too much for one tools/call: more than 4 rounds",
        ),
        (
            json!({ "resultType": "input_required" }),
            "the server's answer to tools/call is not understood: it wants input and does not say which",
        ),
        (wants(json!([])), "the server's answer to tools/call is not understood: its questions are no object"),
        (
            wants(json!({ "a": { "method": "eval" } })),
            "the server's answer to tools/call is not understood: it asks for what this client does not offer",
        ),
        (
            json!({ "resultType": "task" }),
            "the server's answer to tools/call is not understood: it is of a kind that was not agreed on",
        ),
        (json!("text"), "the server's answer to tools/call is not understood: it is no object"),
    ] {
        let session = with(tight(|bounds| (bounds.rounds, bounds.questions) = (4, 8)), move |mut script| async move {
            loop {
                let asked = script.heard().await;
                script.answer(&asked["id"], result.clone()).await;
            }
        })
        .await;
        let witness = Arc::new(Witness::default());
        check(soon(session.call_tool("t", Map::new(), &witness.call())).await, expected);
    }
}
