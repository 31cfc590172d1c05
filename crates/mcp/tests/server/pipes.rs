//! The same over a program's pipes.

use super::world::{ODD, door, fixture::Fixture, plain, server};
use mcp::server::{Change, MESSAGE_BYTES_MAX};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};

struct Pipe {
    fixture: Arc<Fixture>,
    input: WriteHalf<DuplexStream>,
    output: Lines<BufReader<ReadHalf<DuplexStream>>>,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Pipe {
    fn open() -> Self {
        let fixture = Fixture::new(vec![plain("endless"), plain("odd")]);
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (reader, writer) = tokio::io::split(theirs);
        let server = server(Arc::clone(&fixture) as _);
        let served = tokio::spawn(async move { server.serve_pipes(door::client(1), reader, writer).await });
        let (output, input) = tokio::io::split(ours);
        Self { fixture, input, output: BufReader::new(output).lines(), served }
    }

    async fn say(&mut self, message: &Value) {
        self.input.write_all(format!("{message}\n").as_bytes()).await.expect("written");
    }

    async fn line(&mut self) -> String {
        let line = tokio::time::timeout(super::wire::SOON, self.output.next_line()).await.expect("in time");
        line.expect("read").expect("a line")
    }

    async fn hear(&mut self) -> Value {
        serde_json::from_str(&self.line().await).expect("JSON")
    }

    async fn ask(&mut self, id: i64, method: &str, params: Value) -> Value {
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        self.hear().await
    }

    async fn initialize(&mut self) {
        let params = json!({"protocolVersion": "2025-06-18", "capabilities": {"elicitation": {}}, "clientInfo": {"name": "t", "version": "1"}});
        let answer = self.ask(0, "initialize", params).await;
        assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
        self.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    }
}

fn meta() -> Value {
    json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}})
}

#[tokio::test]
async fn a_session_over_pipes() {
    let mut pipe = Pipe::open();
    assert_eq!(pipe.ask(1, "tools/list", json!({})).await["error"]["code"], -32600);
    pipe.initialize().await;
    pipe.say(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "test_odd"}})).await;
    assert_eq!(pipe.line().await, format!(r#"{{"jsonrpc":"2.0","id":2,"result":{ODD}}}"#));
    let asked = pipe.ask(3, "tools/call", json!({"name": "test_elicitation", "arguments": {"message": "Who?"}})).await;
    assert_eq!(asked["method"], "elicitation/create");
    // The line stays open for others while one waits.
    assert_eq!(pipe.ask(4, "ping", json!({})).await["id"], 4);
    pipe.say(&json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "decline"}})).await;
    assert_eq!(pipe.hear().await["id"], 3);
    pipe.fixture.changes.send(Change::Tools).expect("somebody listens");
    assert_eq!(pipe.hear().await["method"], "notifications/tools/list_changed");
    pipe.say(&json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "test_endless"}})).await;
    for _ in 0..2 {
        pipe.say(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5}})).await;
    }
    assert_eq!(pipe.ask(6, "ping", json!({})).await["id"], 6);
    drop(pipe.input);
    // What is closed at one end ends at the other.
    let (output, served) = (pipe.output, pipe.served);
    drop(output);
    assert!(tokio::time::timeout(super::wire::SOON, served).await.expect("in time").is_ok());
}

#[tokio::test]
async fn requests_that_stand_alone_over_pipes() {
    let mut pipe = Pipe::open();
    let discovered = pipe.ask(1, "server/discover", json!({"_meta": meta()})).await;
    assert_eq!(discovered["result"]["supportedVersions"][0], "2026-07-28");
    let name = "test_input_required_result_elicitation";
    let first = pipe.ask(2, "tools/call", json!({"name": name, "_meta": meta()})).await;
    assert_eq!(first["result"]["inputRequests"]["user_name"]["method"], "elicitation/create");
    let retry = json!({"name": name, "_meta": meta(), "requestState": first["result"]["requestState"],
        "inputResponses": {"user_name": {"action": "accept", "content": {"name": "Alice"}}}});
    let answer = pipe.ask(3, "tools/call", retry).await;
    assert_eq!(answer["result"]["content"][0]["text"], "Hello, Alice!");
    let told = pipe
        .ask(4, "subscriptions/listen", json!({"_meta": meta(), "notifications": {"promptsListChanged": true}}))
        .await;
    assert_eq!(told["method"], "notifications/subscriptions/acknowledged");
    for change in [Change::Tools, Change::Prompts] {
        pipe.fixture.changes.send(change).expect("somebody listens");
    }
    assert_eq!(pipe.hear().await["method"], "notifications/prompts/list_changed");
    pipe.say(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 4}})).await;
    assert_eq!(pipe.ask(5, "ping", json!({"_meta": meta()})).await["error"]["code"], -32601);
}

#[tokio::test]
async fn a_line_that_is_too_long_is_skipped() {
    let mut pipe = Pipe::open();
    pipe.initialize().await;
    let mut line = vec![b'x'; MESSAGE_BYTES_MAX + 1];
    line.push(b'\n');
    pipe.input.write_all(&line).await.expect("written");
    assert_eq!(pipe.hear().await["error"]["code"], -32600);
    pipe.input.write_all(b"{\n\n  \nnull\n\xff\xfe\n").await.expect("written");
    for code in [-32700, -32600, -32700] {
        assert_eq!(pipe.hear().await["error"]["code"], code);
    }
    assert_eq!(pipe.ask(1, "ping", json!({})).await["result"], json!({}));
}
