//! What no machine number holds, and what nobody here knows, arrives as it was written.

use crate::scene::{Played, Script, greeting, message, open, options, program, reply, result, soon, value, way};
use mcp::client::{Call, Said, Session};
use serde_json::{Map, Value, json};

/// A result that a reader would change: numbers too large, too long and with a point; members twice, unknown, in their own order.
const ODD: &str = r#"{"z":[1e400,12345678901234567890123,1.0,-0,1.000000000000000000001],"content":[{"x":1e-999,"type":"h"}],"structuredContent":{"b":null,"a":"\u00e4\/\ud800"},"a" : 1,"a":2,"_meta":{}}"#;

/// A message with a result in it.
fn answer(id: &Value, result: &str) -> String {
    format!("{{\"result\": {result} ,\"id\":{id},\"jsonrpc\":\"2.0\"}}")
}

async fn all(session: &Session) -> Vec<Said> {
    let call = Call::unattended();
    let mut all = vec![
        soon(session.call_tool("t", Map::new(), &call)).await.unwrap(),
        soon(session.read_resource("a://b", &call)).await.unwrap(),
        soon(session.get_prompt("p", Map::new(), &call)).await.unwrap(),
    ];
    all.push(soon(session.complete(Map::new(), &call)).await.unwrap());
    all
}

fn check(all: &[Said]) {
    assert_eq!(all.len(), 4);
    for said in all {
        assert_eq!(said.raw().get(), ODD);
        assert_eq!(said.read::<Value>(), None, "what a value cannot hold is not made into another");
    }
}

async fn odd(mut script: Script) {
    script.greet().await;
    loop {
        let asked = script.heard().await;
        script.say(&format!("{}\n", answer(&asked["id"], ODD))).await;
    }
}

#[tokio::test]
async fn on_pipes() {
    let session = open(program(odd), options()).await.unwrap();
    check(&all(&session).await);
}

#[tokio::test]
async fn over_http_in_one_piece_and_as_a_stream() {
    for as_stream in [false, true] {
        let sender = Played(move |request: http::Request<bytes::Bytes>| {
            let said = message(&request);
            std::future::ready(Ok(match said["method"].as_str() {
                Some("server/discover") => reply(400, "text/plain", ""),
                Some("initialize") => result(&said, greeting()),
                Some("notifications/initialized") => reply(202, "text/plain", ""),
                None => reply(405, "text/plain", ""),
                Some(_) if as_stream => {
                    reply(200, "text/event-stream", format!("data: {}\n\n", answer(&said["id"], ODD)))
                }
                Some(_) => reply(200, "application/json", answer(&said["id"], ODD)),
            }))
        });
        let session = open(way(sender, None), options()).await.unwrap();
        check(&all(&session).await);
    }
}

#[tokio::test]
async fn an_entry_of_a_list_that_cannot_be_held_takes_no_other_with_it() {
    let way = program(|mut script: Script| async move {
        script.greet().await;
        let asked = script.heard().await;
        let tools = r#"{"tools":[{"name":"a"},{"name":"b","inputSchema":{"maximum":1e400}},{"name":"c"}]}"#;
        script.say(&format!("{}\n", answer(&asked["id"], tools))).await;
        std::future::pending::<()>().await;
    });
    let session = open(way, options()).await.unwrap();
    let tools = soon(session.tools(&Call::unattended())).await.unwrap();
    assert_eq!(tools, [json!({ "name": "a" }), json!({ "name": "c" })]);
}

#[tokio::test]
async fn questions_of_one_round_are_asked_at_once_under_their_names() {
    let witness = std::sync::Arc::new(crate::scene::Witness::default());
    let sender = Played(|request: http::Request<bytes::Bytes>| {
        let said = message(&request);
        let form = |name: &str| {
            let schema = json!({ "type": "object", "properties": { name: { "type": "string" } } });
            json!({ "method": "elicitation/create", "params": { "message": name, "requestedSchema": schema } })
        };
        std::future::ready(Ok(match &said["params"]["inputResponses"] {
            _ if said["method"] == "server/discover" => {
                result(&said, json!({ "supportedVersions": ["2026-07-28"], "capabilities": {} }))
            }
            Value::Null => {
                let requests = json!({ "z/1": form("city"), "a b": { "method": "roots/list" }, "": form("street") });
                result(
                    &said,
                    json!({ "resultType": "input_required", "inputRequests": requests, "requestState": "s\u{e9}" }),
                )
            }
            answers => {
                let state = &said["params"]["requestState"];
                result(&said, json!({ "resultType": "complete", "answers": answers, "state": state }))
            }
        }))
    });
    let session = open(way(sender, None), options()).await.unwrap();
    let outcome = soon(session.call_tool("t", Map::new(), &witness.call())).await.unwrap();
    assert_eq!(
        value(&outcome),
        json!({
            "resultType": "complete",
            "answers": {
                "z/1": { "action": "accept", "content": { "city": "my city" } },
                "a b": { "roots": [{ "uri": "file:///home" }] },
                "": { "action": "accept", "content": { "street": "my street" } },
            },
            "state": "s\u{e9}",
        })
    );
    assert_eq!(*witness.rounds.lock().unwrap(), [3]);
}
