//! Calls that take long, for clients that take tasks.

use super::{
    wire::{Wire, served, tool},
    world::{fixture::Fixture, plain},
};
use serde_json::{Value, json};

fn takes_tasks() -> Value {
    json!({"elicitation": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}})
}

async fn about(wire: &Wire, method: &str, mut params: Value, capabilities: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities;
    let id = params["taskId"].as_str().unwrap_or_default().to_owned();
    let heads = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", method), ("mcp-name", &id)];
    wire.ask(http::Method::POST, &heads, super::wire::request(1, method, &params)).await.last()
}

#[tokio::test]
async fn a_task_is_there_for_its_own_client_only() {
    let (wire, _) = served(Fixture::new(vec![plain("endless")]) as _).await;
    let made = wire
        .alone(1, "tools/call", json!({"name": "slow_compute", "arguments": {"seconds": 60}}), takes_tasks())
        .await
        .last();
    let id = made["result"]["taskId"].clone();
    assert_eq!(
        (made["result"]["resultType"].as_str(), made["result"]["status"].as_str()),
        (Some("task"), Some("working"))
    );
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let stolen = about(&wire.key(2), method, json!({"taskId": id}), takes_tasks()).await;
        assert_eq!(stolen["error"]["code"], -32602);
        let undeclared = about(&wire, method, json!({"taskId": id}), json!({})).await;
        assert_eq!(undeclared["error"]["code"], -32021);
    }
    assert_eq!(about(&wire, "tasks/get", json!({"taskId": id}), takes_tasks()).await["result"]["status"], "working");
    for _ in 0..2 {
        let told = about(&wire, "tasks/cancel", json!({"taskId": id}), takes_tasks()).await;
        assert_eq!(told["result"], json!({"resultType": "complete"}));
    }
    assert_eq!(about(&wire, "tasks/get", json!({"taskId": id}), takes_tasks()).await["result"]["status"], "cancelled");
}

#[tokio::test]
async fn what_takes_long_becomes_a_task_by_itself() {
    let (wire, _) = served(Fixture::new(vec![plain("endless")]) as _).await;
    let made = wire.alone(1, "tools/call", tool("test_endless"), takes_tasks()).await;
    assert!(!made.is_stream());
    assert_eq!(made.last()["result"]["resultType"], "task");
}

#[tokio::test]
async fn more_tasks_than_there_may_be_are_waited_for() {
    let (wire, _) = served(Fixture::new(Vec::new()) as _).await;
    let call = json!({"name": "slow_compute", "arguments": {"seconds": 0.2}});
    let mut kinds = Vec::new();
    for _ in 0..65 {
        kinds.push(
            wire.alone(1, "tools/call", call.clone(), takes_tasks()).await.last()["result"]["resultType"].clone(),
        );
    }
    assert_eq!(kinds.iter().filter(|kind| **kind == json!("task")).count(), 64);
    assert_eq!(kinds[64], json!("complete"));
}
