//! Clients that want what is not theirs, send what is too much, or never read.

use super::{
    wire::{SOON, Wire, alone, request, served, tool},
    world::{
        fixture::{Fixture, resource_change},
        plain,
    },
};
use http::{Method, StatusCode};
use mcp::server::{MESSAGE_BYTES_MAX, SESSIONS_OF_CLIENT_MAX};
use serde_json::{Value, json};
use std::sync::Arc;

async fn world() -> (Arc<Fixture>, Wire) {
    let fixture = Fixture::new(["endless", "chatty", "panicking"].iter().map(|name| plain(name)).collect());
    let (wire, _) = served(Arc::clone(&fixture) as _).await;
    (fixture, wire)
}

#[tokio::test]
async fn a_session_is_there_for_its_own_key_only() {
    let (_, wire) = world().await;
    let session = wire.session(json!({})).await;
    let thief = wire.key(2);
    let heads = session.heads();
    for (method, body) in
        [(Method::POST, request(1, "ping", &json!({}))), (Method::GET, String::new()), (Method::DELETE, String::new())]
    {
        assert_eq!(thief.ask(method.clone(), &heads, body).await.status, StatusCode::NOT_FOUND, "{method}");
    }
    let told = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}).to_string();
    assert_eq!(thief.ask(Method::POST, &heads, told).await.status, StatusCode::NOT_FOUND);
    for id in ["", "nonsense", "0".repeat(32).as_str(), "../.."] {
        let heads = [("mcp-session-id", id)];
        let status = wire.ask(Method::POST, &heads, request(1, "ping", &json!({}))).await.status;
        assert!(status.is_client_error(), "{id} {status}");
    }
    assert_eq!(session.ask(2, "ping", &json!({})).await.last()["result"], json!({}));
    assert_eq!(wire.ask(Method::DELETE, &heads, "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(session.ask(3, "ping", &json!({})).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_thousand_sessions_cost_only_their_own_client() {
    let fixture = Fixture::new(vec![plain("endless")]);
    let (wire, server) = served(fixture as _).await;
    let neighbour = wire.key(2).session(json!({})).await;
    let busy = wire.session(json!({})).await;
    let mut call = busy.open(1, "tools/call", &tool("test_endless")).await;
    let first = wire.session(json!({})).await;
    let mut last = None;
    for _ in 0..1_000 {
        last = Some(wire.session(json!({})).await);
    }
    assert_eq!(server.sessions(), SESSIONS_OF_CLIENT_MAX + 1);
    assert_eq!(first.ask(1, "ping", &json!({})).await.status, StatusCode::NOT_FOUND);
    assert_eq!(last.expect("a session").ask(1, "ping", &json!({})).await.status, StatusCode::OK);
    assert_eq!(neighbour.ask(1, "ping", &json!({})).await.status, StatusCode::OK);
    // What is in use stays.
    assert_eq!(busy.ask(2, "ping", &json!({})).await.status, StatusCode::OK);
    assert_eq!(busy.tell("notifications/cancelled", &json!({"requestId": 1})).await, StatusCode::ACCEPTED);
    assert_eq!(call.message().await, None);
}

#[tokio::test]
async fn a_giant_message_is_not_read() {
    let (_, wire) = world().await;
    let giant = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","x":"{}"}}"#, "x".repeat(MESSAGE_BYTES_MAX));
    assert_eq!(wire.ask(Method::POST, &[], giant).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{}1{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(wire.ask(Method::POST, &[], deep).await.status, StatusCode::BAD_REQUEST);
    let session = wire.session(json!({})).await;
    let large = json!({"name": "json_schema_2020_12_tool", "arguments": {"text": "x".repeat(MESSAGE_BYTES_MAX / 2)}});
    assert!(session.ask(1, "tools/call", &large).await.text.len() > MESSAGE_BYTES_MAX / 2);
}

#[tokio::test]
async fn an_id_that_is_in_use_is_not_used_again() {
    let (_, wire) = world().await;
    let session = wire.session(json!({})).await;
    let mut first = session.open(7, "tools/call", &tool("test_endless")).await;
    let second = session.ask(7, "tools/call", &tool("test_simple_text")).await;
    assert_eq!((second.status, second.error_code()), (StatusCode::BAD_REQUEST, Some(-32600)));
    session.tell("notifications/cancelled", &json!({"requestId": 7})).await;
    assert_eq!(first.message().await, None);
    // It is free again.
    assert!(session.ask(7, "tools/call", &tool("test_simple_text")).await.last().get("result").is_some());
}

#[tokio::test]
async fn who_never_reads_holds_up_nobody() {
    let (_, wire) = world().await;
    let session = wire.session(json!({})).await;
    let chatty = json!({"name": "test_chatty", "arguments": {}, "_meta": {"progressToken": "p"}});
    let mut unread = session.open(1, "tools/call", &chatty).await;
    for id in 2..20 {
        let answer = tokio::time::timeout(SOON, session.ask(id, "tools/call", &tool("test_simple_text"))).await;
        assert!(answer.expect("in time").last().get("result").is_some());
    }
    // 100 MB were said to it; what it was not told is lost, its answer is not.
    let mut told = 0;
    let answer = loop {
        let message = unread.message().await.expect("an answer");
        if message.get("result").is_some() {
            break message;
        }
        told += 1;
    };
    assert!(told < 20_000, "{told}");
    assert_eq!(answer["result"]["content"][0]["text"], "Said all.");
}

#[tokio::test]
async fn to_cancel_twice_or_what_is_not_there_does_nothing() {
    let (fixture, wire) = world().await;
    let mut seen = fixture.changes.subscribe();
    let session = wire.session(json!({})).await;
    let mut call = session.open(1, "tools/call", &tool("test_endless")).await;
    for id in [json!(1), json!(1), json!("1"), json!(99), json!(null), json!({"a": 1})] {
        assert_eq!(session.tell("notifications/cancelled", &json!({"requestId": id})).await, StatusCode::ACCEPTED);
    }
    assert_eq!(call.message().await, None);
    assert_eq!(seen.recv().await, Ok(resource_change("test://endless-was-cancelled")));
    assert_eq!(session.ask(1, "ping", &json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_leaves_without_a_session_gives_up() {
    let (fixture, wire) = world().await;
    let mut seen = fixture.changes.subscribe();
    let (heads, body) = alone(1, "tools/call", tool("test_endless"), json!({}));
    let heads: Vec<(&str, &str)> = heads.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let socket = tokio::net::TcpStream::connect(wire.address).await.expect("a connection");
    let mut text = format!(
        "POST /mcp HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer 1\r\ncontent-type: application/json\r\naccept: */*\r\ncontent-length: {}\r\n",
        wire.address,
        body.len()
    );
    for (name, value) in heads {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("\r\n{body}"));
    let mut socket = socket;
    tokio::io::AsyncWriteExt::write_all(&mut socket, text.as_bytes()).await.expect("written");
    let mut head = [0; 16];
    // The head of a stream comes once the server is sure that it takes longer.
    tokio::time::timeout(SOON, tokio::io::AsyncReadExt::read_exact(&mut socket, &mut head))
        .await
        .expect("in time")
        .expect("read");
    drop(socket);
    let cancelled = tokio::time::timeout(SOON, seen.recv()).await.expect("in time");
    assert_eq!(cancelled, Ok(resource_change("test://endless-was-cancelled")));
}

#[tokio::test]
async fn a_header_that_lies_is_refused() {
    let (_, wire) = world().await;
    let (good, body) = alone(1, "tools/call", tool("test_simple_text"), json!({}));
    let check = async |changed: &[(&str, &str)], removed: &str, code: i64| {
        let mut heads: Vec<(&str, &str)> = good.iter().map(|(name, value)| (*name, value.as_str())).collect();
        heads.retain(|(name, _)| *name != removed && !changed.iter().any(|(other, _)| other == name));
        heads.extend_from_slice(changed);
        let answer = wire.ask(Method::POST, &heads, body.clone()).await;
        assert_eq!(
            (answer.status, answer.error_code()),
            (StatusCode::BAD_REQUEST, Some(code)),
            "{changed:?} {removed}"
        );
        assert_eq!(answer.last()["id"], json!(1));
    };
    check(&[("mcp-protocol-version", "2025-11-25")], "", -32020).await;
    check(&[], "mcp-protocol-version", -32020).await;
    check(&[("mcp-method", "tools/list")], "", -32020).await;
    check(&[], "mcp-method", -32020).await;
    check(&[("mcp-name", "test_error_handling")], "", -32020).await;
    check(&[("mcp-name", "test_simple_text"), ("mcp-name", "test_error_handling")], "", -32020).await;
    check(&[], "mcp-name", -32020).await;
    for (heads, status) in [
        (vec![("content-type", "text/plain")], StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (vec![("accept", "application/json")], StatusCode::NOT_ACCEPTABLE),
        (vec![("mcp-protocol-version", "1999-01-01")], StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(wire.ask(Method::POST, &heads, request(1, "ping", &json!({}))).await.status, status, "{heads:?}");
    }
    assert_eq!(wire.ask(Method::PUT, &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_request_state_works_once_for_whom_and_what_it_was_made() {
    let (_, wire) = world().await;
    let capabilities = json!({"elicitation": {"form": {}}});
    let name = "test_input_required_result_request_state";
    let first = async || {
        let answer = wire
            .alone(1, "tools/call", json!({"name": name, "arguments": {"a": 1, "b": [2]}}), capabilities.clone())
            .await;
        answer.last()["result"]["requestState"].as_str().expect("a state").to_owned()
    };
    let responses = json!({"confirm": {"action": "accept", "content": {"ok": "yes"}}});
    let retry = |state: &str| json!({"name": name, "arguments": {"b": [2], "a": 1}, "inputResponses": responses, "requestState": state});
    let refused = async |wire: &Wire, params: Value| {
        let answer = wire.alone(2, "tools/call", params, capabilities.clone()).await;
        assert_eq!(answer.error_code(), Some(-32602), "{answer:?}");
    };
    let state = first().await;
    refused(&wire.key(2), retry(&state)).await;
    let mut other = retry(&state);
    other["name"] = json!("test_input_required_result_tampered_state");
    refused(&wire, other).await;
    let mut other = retry(&state);
    other["arguments"]["a"] = json!(2);
    refused(&wire, other).await;
    for at in [0, state.len() / 2, state.len() - 1] {
        let mut tampered = state.clone().into_bytes();
        tampered[at] = if tampered[at] == b'A' { b'B' } else { b'A' };
        refused(&wire, retry(&String::from_utf8(tampered).expect("text"))).await;
    }
    for nonsense in ["", "A", "%%%", &"A".repeat(64), &"A".repeat(100_000)] {
        refused(&wire, retry(nonsense)).await;
    }
    // None of that used it up: for its own request it works, once.
    let mut invalid = retry(&state);
    invalid["inputResponses"] = json!({"confirm": 1});
    refused(&wire, invalid).await;
    let answer = wire.alone(3, "tools/call", retry(&state), capabilities.clone()).await;
    assert_eq!(answer.last()["result"]["content"][0]["text"], "state-ok");
    refused(&wire, retry(&state)).await;
}

#[tokio::test]
async fn who_waits_for_too_much_is_told_so() {
    let (_, wire) = world().await;
    let capabilities = json!({"elicitation": {}});
    let call = || wire.alone(1, "tools/call", tool("test_input_required_result_elicitation"), capabilities.clone());
    for _ in 0..64 {
        assert_eq!(call().await.last()["result"]["resultType"], "input_required");
    }
    let over = call().await.last();
    assert_eq!(over["result"]["isError"], true, "{over}");
    let other =
        wire.key(2).alone(1, "tools/call", tool("test_input_required_result_elicitation"), capabilities.clone()).await;
    assert_eq!(other.last()["result"]["resultType"], "input_required");
}

#[tokio::test]
async fn a_fault_of_ours_ends_in_an_answer() {
    let (_, wire) = world().await;
    let session = wire.session(json!({})).await;
    assert_eq!(session.ask(1, "tools/call", &tool("test_panicking")).await.error_code(), Some(-32603));
    assert_eq!(wire.alone(1, "tools/call", tool("test_panicking"), json!({})).await.error_code(), Some(-32603));
    assert_eq!(session.ask(2, "ping", &json!({})).await.status, StatusCode::OK);
}
