//! Questions that are answered in our own page, and nowhere else.

use super::{
    wire::{Wire, served, tool},
    world::{
        fixture::{Fixture, resource_change},
        plain,
    },
};
use serde_json::{Value, json};
use std::sync::Arc;

const PAGE: &str = "http://127.0.0.1:7070/#/approvals/1";

async fn world() -> (Arc<Fixture>, Wire) {
    let fixture = Fixture::new(vec![plain("approved")]);
    let (wire, _) = served(Arc::clone(&fixture) as _).await;
    (fixture, wire)
}

fn answered_in_our_page(fixture: &Fixture) {
    fixture.changes.send(resource_change("test://answer")).expect("the call waits");
}

fn opens() -> Value {
    json!({"elicitation": {"url": {}}})
}

fn is_its_result(answer: &Value) -> bool {
    answer["result"]["content"][0]["text"] == "It may."
}

#[tokio::test]
async fn in_a_session_the_client_opens_our_page_and_its_own_yes_is_none() {
    let (fixture, wire) = world().await;
    let session = wire.session(opens()).await;
    let mut call = session.open(1, "tools/call", &tool("test_approved")).await;
    let asked = call.message().await.expect("a question");
    assert_eq!(asked["params"]["mode"], "url");
    assert_eq!(asked["params"]["url"], PAGE);
    session.answer(&asked["id"], &json!({"action": "accept", "content": {"answer": "yes"}})).await;
    // Still nothing was answered: only our page counts.
    let early = tokio::time::timeout(std::time::Duration::from_millis(300), call.message()).await;
    assert!(early.is_err(), "{early:?}");
    answered_in_our_page(&fixture);
    let complete = call.message().await.expect("a notification");
    assert_eq!(complete["method"], "notifications/elicitation/complete");
    assert_eq!(complete["params"]["elicitationId"], asked["params"]["elicitationId"]);
    assert!(is_its_result(&call.message().await.expect("an answer")));
}

#[tokio::test]
async fn who_declines_ends_the_call() {
    let (_, wire) = world().await;
    let session = wire.session(opens()).await;
    for (id, action) in [(1, "decline"), (2, "cancel")] {
        let mut call = session.open(id, "tools/call", &tool("test_approved")).await;
        let asked = call.message().await.expect("a question");
        session.answer(&asked["id"], &json!({"action": action})).await;
        let answer = call.message().await.expect("an answer");
        assert_eq!(answer["result"]["isError"], true, "{answer}");
    }
}

#[tokio::test]
async fn without_a_session_the_client_comes_back() {
    let (fixture, wire) = world().await;
    let first = wire.alone(1, "tools/call", tool("test_approved"), opens()).await.last();
    assert_eq!(first["result"]["resultType"], "input_required");
    let (key, asked) =
        first["result"]["inputRequests"].as_object().and_then(|asked| asked.iter().next()).expect("a question");
    assert_eq!(asked["params"]["url"], PAGE);
    let state = first["result"]["requestState"].clone();
    let retry = json!({"name": "test_approved", "arguments": {}, "requestState": state, "inputResponses": {key: {"action": "accept"}}});
    let wire_again = wire.clone();
    let second = tokio::spawn(async move { wire_again.alone(2, "tools/call", retry, opens()).await });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(!second.is_finished());
    answered_in_our_page(&fixture);
    assert!(is_its_result(&second.await.expect("no panic").last()));
}

#[tokio::test]
async fn who_cannot_open_anything_is_told_where_and_repeats() {
    let (fixture, wire) = world().await;
    let session = wire.session(json!({})).await;
    for id in 1..4 {
        let told = session.ask(id, "tools/call", &tool("test_approved")).await.last();
        assert_eq!(told["result"]["isError"], true);
        assert!(told["result"]["content"][0]["text"].as_str().expect("a text").contains(PAGE), "{told}");
    }
    // One call waits, whoever repeated it; another client has none.
    assert_eq!(fixture.changes.receiver_count(), 2, "the session's own and one call's");
    answered_in_our_page(&fixture);
    assert!(is_its_result(&session.ask(9, "tools/call", &tool("test_approved")).await.last()));
    let again = session.ask(10, "tools/call", &tool("test_approved")).await.last();
    assert_eq!(again["result"]["isError"], true);
    let stateless = wire.key(2).alone(1, "tools/call", tool("test_approved"), json!({})).await.last();
    assert!(stateless["result"]["content"][0]["text"].as_str().expect("a text").contains(PAGE));
}
