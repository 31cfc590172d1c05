//! The WebSocket, over a real connection in memory.

use crate::stage::{House, house};
use futures_util::{SinkExt as _, StreamExt as _};
use gateway::{Arrival, Connection, Place};
use protocol::api::{Frame, Reply, Request};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::{io::DuplexStream, sync::Semaphore};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite};

const ID: &str = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a";
const RUN: &str = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2b";

async fn connect(house: &House, arrival: Arrival) -> Result<WebSocketStream<DuplexStream>, tungstenite::Error> {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let place = Place::new(Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap());
    let router = house.router.clone();
    let (door, ending) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        drop(gateway::serve(theirs, router, Connection { arrival, place, ending: Some(ending) }).await);
        // The door is open for as long as the test is.
        door.closed().await;
    });
    client_async("ws://oikos/ws", ours).await.map(|(line, _)| line)
}

async fn say(line: &mut WebSocketStream<DuplexStream>, message: Value) {
    line.send(tungstenite::Message::text(message.to_string())).await.unwrap();
}

async fn hear(line: &mut WebSocketStream<DuplexStream>) -> Value {
    loop {
        if let tungstenite::Message::Text(text) = line.next().await.unwrap().unwrap() {
            return serde_json::from_str(text.as_str()).unwrap();
        }
    }
}

fn frame(frame: Value) -> Frame {
    serde_json::from_value(frame).unwrap()
}

fn report(failure: Value) -> Frame {
    frame(json!({ "frame": "done", "reply": { "reply": "run_end", "run": { "run": RUN, "app": "notes", "action": "go",
        "started_at": 5, "failure": failure, "usage": { "wall_ms": 1, "cpu_us": 2, "host_cpu_us": 3, "memory_bytes": 4,
        "host_bytes": 5, "chunks": 6, "log_dropped": 7 }, "effects": [], "undoable": false } } }))
}

#[tokio::test]
async fn a_run_is_chunks_and_an_end_and_each_carries_its_id() {
    let house = house(|request| match request {
        Request::RunStart { .. } => vec![
            frame(json!({ "frame": "run", "run": RUN })),
            frame(json!({ "frame": "chunk", "run": RUN, "seq": 1, "type": "text", "text": "hello" })),
            frame(json!({ "frame": "chunk", "run": RUN, "seq": 2, "type": "ask", "question": { "id": ID, "run": RUN,
                "app": "notes", "sentence": { "code": "x" }, "kind": "pick", "access": "read", "folder": false,
                "asked_at": 1, "expires_at": 2 } })),
            report(Value::Null),
        ],
        Request::AppRemove { .. } => vec![report(json!({ "code": "timeout", "message": "too long" }))],
        _ => vec![Frame::Done { reply: Reply::Hello { version: "1".to_owned(), pid: 7 } }],
    });
    let mut line = connect(&house, Arrival::Socket).await.unwrap();
    say(
        &mut line,
        json!({ "type": "EXECUTE_ACTION", "requestId": ID, "appId": "notes", "action": "go", "payload": {} }),
    )
    .await;
    let mut kinds = Vec::new();
    loop {
        let said = hear(&mut line).await;
        assert_eq!(said["requestId"], ID);
        assert_eq!(said["deviceId"].as_str().unwrap().len(), 32);
        let kind = said["type"].as_str().unwrap().to_owned();
        let is_end = kind == "STREAM_END";
        kinds.push((kind, said["payload"]["seq"].as_u64()));
        if is_end {
            assert_eq!(said["payload"]["run"]["run"], RUN);
            break;
        }
    }
    let kinds: Vec<_> = kinds.iter().map(|(kind, seq)| (kind.as_str(), *seq)).collect();
    assert_eq!(kinds, [("STREAM_CHUNK", Some(1)), ("APPROVAL_REQUEST", None), ("STREAM_END", None)]);
    // A run that failed ends with an error that has its code.
    say(&mut line, json!({ "type": "UNINSTALL_APP", "requestId": ID, "payload": { "app": "notes" } })).await;
    let said = hear(&mut line).await;
    assert_eq!((said["type"].as_str(), said["payload"]["code"].as_str()), (Some("ERROR"), Some("timeout")));
    say(&mut line, json!({ "type": "GET_STATUS", "requestId": ID })).await;
    let said = hear(&mut line).await;
    assert_eq!((said["type"].as_str(), said["payload"]["pid"].as_u64()), (Some("DEVICE_STATUS"), Some(7)));
}

#[tokio::test]
async fn what_is_no_message_gets_an_error_and_the_line_stays() {
    let house = house(|_| vec![Frame::Done { reply: Reply::Ok }]);
    let mut line = connect(&house, Arrival::Socket).await.unwrap();
    line.send(tungstenite::Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(hear(&mut line).await["payload"]["code"], "invalid_input");
    line.send(tungstenite::Message::text("hello")).await.unwrap();
    assert_eq!(hear(&mut line).await["payload"]["code"], "invalid_input");
    say(&mut line, json!({ "type": "GET_STATUS", "requestId": ID, "deviceId": "another" })).await;
    assert_eq!(hear(&mut line).await["payload"]["code"], "not_found");
    say(&mut line, json!({ "type": "CANCEL", "requestId": ID, "payload": { "requestId": RUN } })).await;
    assert_eq!(hear(&mut line).await["payload"]["code"], "run_not_found");
    // Many at once, more than are answered at once: each gets its answer.
    for _ in 0..200 {
        say(&mut line, json!({ "type": "UNINSTALL_APP", "requestId": ID, "payload": { "app": "notes" } })).await;
    }
    for _ in 0..200 {
        assert_eq!(hear(&mut line).await["type"], "STREAM_END");
    }
}

#[tokio::test]
async fn strangers_get_no_line() {
    let house = house(|_| vec![Frame::Done { reply: Reply::Ok }]);
    let stranger = Arrival::Tcp { peer: "127.0.0.1:5000".parse().unwrap() };
    match connect(&house, stranger).await {
        Err(tungstenite::Error::Http(answer)) => assert_eq!(answer.status(), 401),
        other => panic!("{:?}", other.map(drop)),
    }
    assert!(house.stage.heard.lock().unwrap().is_empty());
}
