//! A client that says exactly what a test wants it to say.

use super::world::{self, door};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use mcp::server::{Household, Server};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpStream;

/// Nothing in a test takes longer.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A client with a key.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    key: u8,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The messages in it: one, or those of a stream.
    pub(crate) fn messages(&self) -> Vec<Value> {
        messages(&self.text)
    }

    /// The only message, or the last of a stream.
    pub(crate) fn last(&self) -> Value {
        self.messages().pop().unwrap_or_else(|| panic!("no message: {self:?}"))
    }

    pub(crate) fn error_code(&self) -> Option<i64> {
        self.last()["error"]["code"].as_i64()
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.headers["content-type"] == "text/event-stream"
    }
}

pub(crate) fn messages(text: &str) -> Vec<Value> {
    if let Ok(message) = serde_json::from_str(text) {
        return vec![message];
    }
    text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect()
}

/// A household that is served, and a client of it.
pub(crate) async fn served(household: Arc<dyn Household>) -> (Wire, Server) {
    let server = world::server(household);
    let (listener, address) = door::listener(0).await;
    tokio::spawn(door::serve(listener, server.clone()));
    (Wire { address, key: 1 }, server)
}

impl Wire {
    /// The same place, with another key.
    pub(crate) fn key(&self, key: u8) -> Self {
        Self { key, ..self.clone() }
    }

    /// Sends a request, and waits for the head of its answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        heads: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Response<Incoming> {
        let socket = TcpStream::connect(self.address).await.expect("a connection");
        socket.set_nodelay(true).expect("a socket");
        let (mut connection, driver) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.expect("HTTP");
        tokio::spawn(driver);
        let mut request = Request::builder().method(method).uri("/mcp").header("host", self.address.to_string());
        let usual = [
            ("authorization", format!("Bearer {}", self.key)),
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json, text/event-stream".to_owned()),
        ];
        for (name, value) in &usual {
            if !heads.iter().any(|(known, _)| known == name) {
                request = request.header(*name, value);
            }
        }
        for (name, value) in heads {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        tokio::time::timeout(SOON, connection.send_request(request)).await.expect("in time").expect("an answer")
    }

    /// Sends a request, and reads its answer to the end.
    pub(crate) async fn ask(&self, method: Method, heads: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let (parts, body) = self.send(method, heads, body).await.into_parts();
        let bytes = tokio::time::timeout(SOON, body.collect()).await.expect("in time").expect("a body").to_bytes();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// Begins a session.
    pub(crate) async fn session(&self, capabilities: Value) -> Session {
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": {"name": "test", "version": "1"}});
        let answer = self.ask(Method::POST, &[], request(0, "initialize", &params)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let id = answer.headers["mcp-session-id"].to_str().expect("an id").to_owned();
        let session = Session { wire: self.clone(), id };
        session.tell("notifications/initialized", &json!({})).await;
        session
    }

    /// A request that stands alone, with what it has to say of itself.
    pub(crate) async fn alone(&self, id: i64, method: &str, params: Value, capabilities: Value) -> Answer {
        let (heads, body) = alone(id, method, params, capabilities);
        let heads: Vec<(&str, &str)> = heads.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.ask(Method::POST, &heads, body).await
    }
}

/// What a request that stands alone is made of.
pub(crate) fn alone(
    id: i64,
    method: &str,
    mut params: Value,
    capabilities: Value,
) -> (Vec<(&'static str, String)>, String) {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities;
    let mut heads = vec![("mcp-protocol-version", "2026-07-28".to_owned()), ("mcp-method", method.to_owned())];
    if let Some(name) = params.get("name").or(params.get("uri")).and_then(Value::as_str) {
        heads.push(("mcp-name", name.to_owned()));
    }
    (heads, request(id, method, &params))
}

pub(crate) fn request(id: i64, method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

pub(crate) fn tool(name: &str) -> Value {
    json!({"name": name, "arguments": {}})
}

/// A session.
pub(crate) struct Session {
    pub(crate) wire: Wire,
    pub(crate) id: String,
}

impl Session {
    pub(crate) fn heads(&self) -> [(&'static str, &str); 2] {
        [("mcp-session-id", &self.id), ("mcp-protocol-version", "2025-11-25")]
    }

    pub(crate) async fn ask(&self, id: i64, method: &str, params: &Value) -> Answer {
        self.wire.ask(Method::POST, &self.heads(), request(id, method, params)).await
    }

    /// Sends a request, and reads nothing of its answer yet.
    pub(crate) async fn open(&self, id: i64, method: &str, params: &Value) -> Reader {
        Reader::of(self.wire.send(Method::POST, &self.heads(), request(id, method, params)).await)
    }

    pub(crate) async fn tell(&self, method: &str, params: &Value) -> StatusCode {
        let body = json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string();
        self.wire.ask(Method::POST, &self.heads(), body).await.status
    }

    pub(crate) async fn answer(&self, id: &Value, result: &Value) {
        let body = json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string();
        assert_eq!(self.wire.ask(Method::POST, &self.heads(), body).await.status, StatusCode::ACCEPTED);
    }

    pub(crate) async fn get(&self, heads: &[(&str, &str)]) -> Reader {
        let mut all = self.heads().to_vec();
        all.extend_from_slice(heads);
        Reader::of(self.wire.send(Method::GET, &all, "").await)
    }
}

/// Reads a stream, event by event.
pub(crate) struct Reader {
    body: Incoming,
    text: String,
}

impl Reader {
    /// Of an answer.
    pub(crate) fn of(response: Response<Incoming>) -> Self {
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next event with a message, and its id. `None`: the stream ended.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default().to_owned()
                };
                if let Ok(message) = serde_json::from_str(&field("data:")) {
                    return Some((field("id:"), message));
                }
                if !field("id:").is_empty() && field("data:").is_empty() {
                    return Some((field("id:"), Value::Null));
                }
            }
            let frame = tokio::time::timeout(SOON, self.body.frame()).await.expect("in time")?;
            if let Ok(data) = frame.expect("a frame").into_data() {
                self.text.push_str(&String::from_utf8_lossy(&data));
            }
        }
    }

    /// The next message.
    pub(crate) async fn message(&mut self) -> Option<Value> {
        loop {
            let (_, message) = self.next().await?;
            if !message.is_null() {
                return Some(message);
            }
        }
    }
}
