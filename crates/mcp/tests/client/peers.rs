//! Servers that others wrote, where they are installed: `OIKOS_TEST_EVERYTHING` names the folder of npm's
//! `@modelcontextprotocol/server-everything`, `OIKOS_TEST_NODE` the program that runs it.

use crate::scene::{PATIENCE, Witness, open, options, real, soon, value};
use mcp::client::{Revision, Session, Style, Way};
use serde_json::{Map, Value, json};
use std::{net::TcpListener, process::Stdio, sync::Arc};
use tokio::process::{Child, Command};

/// The program, where it is installed.
#[expect(clippy::print_stdout, reason = "whoever runs the tests reads what was left out")]
fn everything(word: &str) -> Option<Command> {
    let node = std::env::var("OIKOS_TEST_NODE").unwrap_or_else(|_| "node".to_owned());
    let Ok(folder) = std::env::var("OIKOS_TEST_EVERYTHING") else {
        println!("left out: OIKOS_TEST_EVERYTHING names no folder of server-everything");
        return None;
    };
    let has_node = std::process::Command::new(&node).arg("--version").output().is_ok_and(|said| said.status.success());
    if !has_node {
        println!("left out: {node} does not work here");
        return None;
    }
    let mut command = Command::new(node);
    command.arg(format!("{folder}/dist/index.js")).arg(word).stderr(Stdio::null()).kill_on_drop(true);
    Some(command)
}

async fn behind(word: &str, path: &str) -> Option<(Session, Child)> {
    let mut command = everything(word)?;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    command.env("PORT", port.to_string()).stdin(Stdio::null()).stdout(Stdio::null());
    let child = command.spawn().unwrap();
    let url = format!("http://127.0.0.1:{port}{path}");
    let opening = async {
        loop {
            match open(real(&url), options()).await {
                Ok(session) => return session,
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            }
        }
    };
    Some((tokio::time::timeout(PATIENCE, opening).await.expect("it starts"), child))
}

async fn check(session: &Session) {
    let witness = Arc::new(Witness::default());
    let call = witness.call();
    let tools = soon(session.tools(&call)).await.unwrap();
    let has = |name: &str| tools.iter().any(|tool| tool["name"] == name);
    assert!(tools.len() >= 8 && has("echo"), "{tools:?}");
    let arguments = Map::from_iter([("message".to_owned(), "hi".into())]);
    let echo = value(&soon(session.call_tool("echo", arguments, &call)).await.unwrap());
    assert_eq!(echo["content"][0]["text"], "Echo: hi");
    assert!(!soon(session.resources(&call)).await.unwrap().is_empty());
    assert!(!soon(session.resource_templates(&call)).await.unwrap().is_empty());
    let prompts = soon(session.prompts(&call)).await.unwrap();
    assert!(prompts.iter().any(|prompt| prompt["name"] == "simple-prompt"), "{prompts:?}");
    let prompt = value(&soon(session.get_prompt("simple-prompt", Map::new(), &call)).await.unwrap());
    assert!(prompt["messages"].is_array());
    let arguments = json!({ "duration": 1, "steps": 3 });
    let long = session.call_tool("trigger-long-running-operation", arguments.as_object().unwrap().clone(), &call);
    soon(long).await.unwrap();
    let steps: Vec<_> = witness.told().into_iter().filter(|told| told.ends_with("/3")).collect();
    assert_eq!(steps, ["1/3", "2/3", "3/3"]);
    let structured = Map::from_iter([("location".to_owned(), Value::from("New York"))]);
    let structured = value(&soon(session.call_tool("get-structured-content", structured, &call)).await.unwrap());
    assert!(structured["structuredContent"].is_object(), "{structured}");
    if has("trigger-sampling-request") {
        let arguments = json!({ "prompt": "Which city?", "maxTokens": 10 });
        let sampled = session.call_tool("trigger-sampling-request", arguments.as_object().unwrap().clone(), &call);
        assert!(soon(sampled).await.unwrap().raw().get().contains("Paris"));
    }
}

#[tokio::test]
async fn server_everything_on_its_pipes() {
    let Some(mut command) = everything("stdio") else { return };
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (output, input) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
    let way = Way::Program { output: Box::new(output), input: Box::new(input) };
    let session = open(way, options()).await.unwrap();
    assert_eq!((session.server().revision, session.server().style), (Revision::V2025_11_25, Style::Lines));
    check(&session).await;
}

#[tokio::test]
async fn server_everything_over_streamable_http() {
    let Some((session, _child)) = behind("streamableHttp", "/mcp").await else { return };
    assert_eq!((session.server().revision, session.server().style), (Revision::V2025_11_25, Style::Streamable));
    check(&session).await;
    soon(session.close()).await;
}

#[tokio::test]
async fn server_everything_over_http_and_sse() {
    let Some((session, _child)) = behind("sse", "/sse").await else { return };
    assert_eq!(session.server().style, Style::Sse);
    check(&session).await;
}
