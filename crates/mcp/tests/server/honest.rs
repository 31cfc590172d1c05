//! What an honest client gets.

use super::{
    wire::{Wire, served, tool},
    world::{
        ODD,
        fixture::{Fixture, resource_change},
        plain,
    },
};
use http::{Method, StatusCode};
use mcp::server::{Change, DRAWN_LISTED_MAX, OfferedTool, TOOLS_LISTED_MAX};
use serde_json::{Value, json};
use std::sync::Arc;

async fn world() -> (Arc<Fixture>, Wire) {
    let fixture = Fixture::new(vec![plain("odd")]);
    let (wire, _) = served(Arc::clone(&fixture) as _).await;
    (fixture, wire)
}

#[tokio::test]
async fn a_servers_answer_arrives_as_it_was_written() {
    let (_, wire) = world().await;
    let session = wire.session(json!({})).await;
    let answer = session.ask(1, "tools/call", &tool("test_odd")).await;
    assert_eq!(answer.text, format!(r#"{{"jsonrpc":"2.0","id":1,"result":{ODD}}}"#));
    assert!(!answer.is_stream());
    let answer = wire.alone(1, "tools/call", tool("test_odd"), json!({})).await;
    assert!(answer.text.contains(&ODD[1..]), "{}", answer.text);
}

#[tokio::test]
async fn a_client_is_asked_only_for_what_it_says_it_can() {
    let (_, wire) = world().await;
    for capabilities in
        [json!({}), json!({"sampling": {}}), json!({"elicitation": {"url": {}}}), json!({"elicitation": true})]
    {
        let session = wire.session(capabilities.clone()).await;
        let answer =
            session.ask(1, "tools/call", &json!({"name": "test_elicitation", "arguments": {"message": "?"}})).await;
        assert_eq!(answer.messages().len(), 1, "{answer:?}");
        assert_eq!(answer.error_code(), Some(-32021), "{capabilities}");
        let answer = wire.alone(1, "tools/call", tool("test_elicitation"), capabilities.clone()).await;
        assert_eq!((answer.status, answer.error_code()), (StatusCode::BAD_REQUEST, Some(-32021)), "{capabilities}");
    }
    let session = wire.session(json!({"elicitation": {}})).await;
    let mut call =
        session.open(1, "tools/call", &json!({"name": "test_elicitation", "arguments": {"message": "Who?"}})).await;
    let asked = call.message().await.expect("a question");
    assert_eq!(
        (asked["method"].as_str(), asked["params"]["message"].as_str()),
        (Some("elicitation/create"), Some("Who?"))
    );
    // An answer to a question that nobody asked is nothing.
    session.answer(&json!(99), &json!({"action": "accept"})).await;
    session.answer(&asked["id"], &json!({"action": "decline"})).await;
    let answer = call.message().await.expect("an answer");
    assert!(answer["result"]["content"][0]["text"].as_str().expect("a text").contains("decline"));
}

#[tokio::test]
async fn who_lost_its_stream_finds_it_again() {
    let (_, wire) = world().await;
    let session = wire.session(json!({"elicitation": {}})).await;
    let mut call =
        session.open(1, "tools/call", &json!({"name": "test_elicitation", "arguments": {"message": "Who?"}})).await;
    let (beginning, nothing) = call.next().await.expect("the beginning");
    assert!(nothing.is_null());
    let (first, asked) = call.next().await.expect("a question");
    drop(call);
    // From the beginning the question is there again, after it the answer.
    let mut again = session.get(&[("last-event-id", &beginning)]).await;
    assert_eq!(again.next().await.expect("a question").1, asked);
    drop(again);
    session.answer(&asked["id"], &json!({"action": "decline"})).await;
    let mut rest = session.get(&[("last-event-id", &first)]).await;
    assert_eq!(rest.message().await.expect("an answer")["id"], json!(1));
    assert_eq!(rest.message().await, None);
    for unknown in ["999.0", "1.99999"] {
        let mut nothing = session.get(&[("last-event-id", unknown)]).await;
        let ended = nothing.message().await;
        assert!(ended.is_none_or(|message| message["id"] == json!(1)));
    }
}

#[tokio::test]
async fn changes_are_told_to_who_listens() {
    let (fixture, wire) = world().await;
    let session = wire.session(json!({})).await;
    assert_eq!(
        session.ask(1, "resources/subscribe", &json!({"uri": "test://static-text"})).await.last()["result"],
        json!({})
    );
    let mut stream = session.get(&[]).await;
    let tell = |change: Change| fixture.changes.send(change).expect("somebody listens");
    tell(resource_change("test://other"));
    tell(resource_change("test://static-text"));
    let told = stream.message().await.expect("a change");
    assert_eq!(told["params"]["uri"], "test://static-text");
    tell(Change::Prompts);
    assert_eq!(stream.message().await.expect("a change")["method"], "notifications/prompts/list_changed");
    // Whoever listens last is told: first that anything may have changed, since nobody knows what was still heard.
    let mut newer = session.get(&[]).await;
    assert_eq!(stream.message().await, None);
    for word in ["tools/list_changed", "prompts/list_changed", "resources/list_changed", "resources/updated"] {
        assert_eq!(newer.message().await.expect("a change")["method"], format!("notifications/{word}"));
    }
    tell(Change::Tools);
    assert_eq!(newer.message().await.expect("a change")["method"], "notifications/tools/list_changed");
    drop(newer);
    tell(Change::Resources);
    let mut later = session.get(&[]).await;
    let mut heard = Vec::new();
    while !heard.contains(&json!("notifications/resources/updated")) {
        heard.push(later.message().await.expect("a change")["method"].clone());
    }
    assert!(heard.contains(&json!("notifications/resources/list_changed")), "{heard:?}");
    wire.ask(Method::DELETE, &session.heads(), "").await;
    assert_eq!(later.message().await, None);
}

#[tokio::test]
async fn many_tools_are_found_and_called() {
    let more = (0..60).map(|number| {
        let description = if number == 42 { "Folds paper cranes".to_owned() } else { format!("Does thing {number}") };
        super::world::fixture::tool(
            "many",
            &format!("do_{number}"),
            &json!({"description": description, "inputSchema": {"type": "object"}}),
        )
    });
    let (wire, _) = served(Fixture::new(more.collect()) as _).await;
    let session = wire.session(json!({})).await;
    let listed = session.ask(1, "tools/list", &json!({})).await.last();
    let names: Vec<&str> =
        listed["result"]["tools"].as_array().expect("tools").iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(names, ["search_tools", "call_tool"]);
    let found = session
        .ask(2, "tools/call", &json!({"name": "search_tools", "arguments": {"query": "fold a paper crane"}}))
        .await
        .last();
    assert_eq!(found["result"]["structuredContent"]["tools"][0]["name"], "many_do_42");
    let call = json!({"name": "call_tool", "arguments": {"name": "test_simple_text"}});
    let called = session.ask(3, "tools/call", &call).await.last();
    let direct = session.ask(3, "tools/call", &tool("test_simple_text")).await.last();
    assert_eq!(called, direct);
    let wrong = session
        .ask(4, "tools/call", &json!({"name": "call_tool", "arguments": {"name": "test_simple_texts"}}))
        .await
        .last();
    assert_eq!(wrong["result"]["isError"], true);
    assert!(wrong["result"]["content"][0]["text"].as_str().expect("a text").contains("did you mean test_simple_text"));
    assert_eq!(session.ask(5, "tools/call", &tool("test_simple_texts")).await.error_code(), Some(-32602));
    const { assert!(TOOLS_LISTED_MAX < 60) };
}

#[tokio::test]
async fn of_many_tools_those_with_views_are_listed() {
    let plain = (0..TOOLS_LISTED_MAX).map(|number| {
        super::world::fixture::tool("many", &format!("do_{number}"), &json!({"inputSchema": {"type": "object"}}))
    });
    let ours = (0..DRAWN_LISTED_MAX).map(|number| OfferedTool {
        renderer: Some("chart".to_owned()),
        ..super::world::fixture::tool("ours", &format!("plot_{number}"), &json!({"inputSchema": {"type": "object"}}))
    });
    let theirs = [
        ("globe", json!({"resourceUri": "ui://map/globe.html"})),
        ("turn", json!({"resourceUri": "ui://map/globe.html", "visibility": ["app"]})),
        ("tiles", json!({"visibility": ["app"]})),
    ];
    let theirs = theirs.map(|(name, ui)| {
        let definition = json!({"inputSchema": {"type": "object"}, "_meta": {"ui": ui}});
        super::world::fixture::tool("map", name, &definition)
    });
    let (wire, _) = served(Fixture::new(plain.chain(ours).chain(theirs).collect()) as _).await;
    let session = wire.session(json!({})).await;
    let listed = session.ask(1, "tools/list", &json!({})).await.last();
    let tools = listed["result"]["tools"].as_array().expect("tools");
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(names[..5], ["search_tools", "call_tool", "map_globe", "map_turn", "map_tiles"]);
    assert_eq!(names.len(), 2 + DRAWN_LISTED_MAX);
    assert!(names[5..].iter().all(|name| name.starts_with("ours_plot_")), "{names:?}");
    assert_eq!(tools[2]["_meta"]["ui"]["resourceUri"], "ui://map/globe.html");
    const { assert!(2 + DRAWN_LISTED_MAX <= TOOLS_LISTED_MAX) };
    // They are found as the others are.
    let wanted = json!({"name": "search_tools", "arguments": {"query": "globe"}});
    let found = session.ask(2, "tools/call", &wanted).await.last();
    assert_eq!(found["result"]["structuredContent"]["tools"][0]["name"], "map_globe");
}

#[tokio::test]
async fn a_client_without_a_session_listens() {
    let (fixture, wire) = world().await;
    let listen = json!({"notifications": {"toolsListChanged": true, "resourceSubscriptions": ["test://static-text", "test://nowhere"]}});
    let (heads, body) = super::wire::alone(9, "subscriptions/listen", listen, json!({}));
    let heads: Vec<(&str, &str)> = heads.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut stream = super::wire::Reader::of(wire.send(Method::POST, &heads, body).await);
    let first = stream.message().await.expect("an acknowledgement");
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    let accepted = json!({"toolsListChanged": true, "resourceSubscriptions": ["test://static-text"]});
    assert_eq!(first["params"]["notifications"], accepted);
    let mut changes = vec![Change::Prompts, resource_change("test://nowhere"), resource_change("test://static-text")];
    for change in changes.drain(..) {
        fixture.changes.send(change).expect("somebody listens");
    }
    let told: Value = stream.message().await.expect("a change");
    assert_eq!(told["method"], "notifications/resources/updated");
    assert_eq!(told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], json!(9));
}
