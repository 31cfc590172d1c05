//! What a client of `/mcp` hears of an app that is a server somebody else wrote, started in its box: what it changes, what becomes
//! of calls that are given up, what goes along with them.

use crate::{
    doors::{say, up},
    elsewhere::Elsewhere,
    kit::Oikos,
    process::Process,
};
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::{Arc, Mutex},
};
use testkit::{wait_until, wait_until_some};

/// A client with a session, in front of a household with one server in it.
struct Client {
    oikos: Oikos,
    address: String,
    key: String,
    session: String,
    _up: Process,
}

impl Client {
    fn new() -> Self {
        let oikos = Oikos::new();
        let (up, address) = up(&oikos);
        oikos.install("fickle", &[]);
        oikos.ok(&["mcp", "look", "fickle"]);
        oikos.ok(&["mcp", "accept", "fickle"]);
        Self::greet(oikos, up, address)
    }

    /// In front of one with a server elsewhere, which is called `tracker` there.
    fn with_elsewhere() -> (Self, Elsewhere) {
        let (oikos, elsewhere) = (Oikos::new(), Elsewhere::start());
        let (up, address) = up(&oikos);
        let url = format!("http://{}/mcp", elsewhere.address());
        drop(oikos.run(&["mcp", "add", "tracker", "--url", &url, "--yes"]));
        oikos.ok(&["grant", "tracker", &format!("network=allow:{}", elsewhere.address())]);
        oikos.ok(&["mcp", "look", "tracker"]);
        oikos.ok(&["app", "enable", "tracker"]);
        (Self::greet(oikos, up, address), elsewhere)
    }

    /// In front of any household that is up.
    fn greet(oikos: Oikos, up: Process, address: String) -> Self {
        let key = oikos.ok(&["token", "new", "client", "--rights", "read,run"]).out.trim().to_owned();
        let mut client = Self { oikos, address, key, session: String::new(), _up: up };
        let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } });
        let mut stream = client.begin("POST", Some(&message(1, "initialize", &hello)));
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let head = answer.to_ascii_lowercase();
        let session = head.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
        client.session = session.unwrap_or_else(|| panic!("no session: {answer}")).to_owned();
        client.post(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    fn begin(&self, method: &str, body: Option<&Value>) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(self.head(method, body).as_bytes()).unwrap();
        stream
    }

    fn head(&self, method: &str, body: Option<&Value>) -> String {
        let body = body.map(Value::to_string).unwrap_or_default();
        let (address, key) = (&self.address, &self.key);
        let session = match self.session.as_str() {
            "" => String::new(),
            session => format!("mcp-session-id: {session}\r\nmcp-protocol-version: 2025-11-25\r\n"),
        };
        format!(
            "{method} /mcp HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n{session}\
             accept: application/json, text/event-stream\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn post(&self, message: &Value) -> String {
        say(TcpStream::connect(&self.address).unwrap(), &self.head("POST", Some(message))).1
    }

    /// The result of a request, or its error.
    #[track_caller]
    fn ask(&self, method: &str, params: &Value) -> Value {
        let body = self.post(&message(2, method, params));
        let answer: Value = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
        answer.get("result").unwrap_or(&answer["error"]).clone()
    }

    #[track_caller]
    fn call(&self, tool: &str) -> Value {
        self.ask("tools/call", &json!({ "name": tool, "arguments": {} }))
    }

    /// What comes on the stream of changes, as it comes.
    fn listen(&self) -> Arc<Mutex<String>> {
        let mut stream = self.begin("GET", None);
        let heard = Arc::<Mutex<String>>::default();
        let hears = heard.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut bytes) {
                hears.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        wait_until("the stream of changes", || heard.lock().unwrap().contains("200 OK"));
        heard
    }

    fn tools(&self) -> Vec<String> {
        let listed = self.ask("tools/list", &json!({}));
        let names = listed["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned());
        names.collect()
    }
}

fn message(id: u64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

#[test]
fn what_a_running_server_changes_is_told_and_waits_for_the_owner() {
    let client = Client::new();
    assert!(client.tools().contains(&"fickle_word".to_owned()), "{:?}", client.tools());
    assert_eq!(client.call("fickle_word")["content"][0]["text"], "Rye.");
    let unknown = client.ask("resources/subscribe", &json!({ "uri": "fickle://nothing" }));
    assert_eq!(unknown["code"], -32002, "{unknown}");
    assert_eq!(client.ask("resources/subscribe", &json!({ "uri": "fickle://note" })), json!({}));
    let heard = client.listen();
    assert_eq!(client.call("fickle_change")["content"][0]["text"], "Changed.");
    for told in ["notifications/resources/updated", "notifications/tools/list_changed"] {
        wait_until(told, || heard.lock().unwrap().contains(told));
    }
    // It is another tool now, and nobody has said yes to it.
    assert!(!client.tools().contains(&"fickle_word".to_owned()), "{:?}", client.tools());
    let info = client.oikos.json(&["mcp", "info", "fickle"]);
    let word = info["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "word").unwrap();
    assert_eq!(word["standing"], "changed", "{info}");
    let log = client.oikos.ok(&["log", "fickle"]).out;
    assert!(log.contains("its server said that what it offers has changed"), "{log}");
    client.oikos.ok(&["mcp", "accept", "fickle", "word"]);
    assert!(client.tools().contains(&"fickle_word".to_owned()), "{:?}", client.tools());
    assert_eq!(client.call("fickle_word")["content"][0]["text"], "Rye.");
}

#[test]
fn what_a_server_elsewhere_changes_is_told_without_anybody_calling_it() {
    let (client, elsewhere) = Client::with_elsewhere();
    assert_eq!(client.call("tracker_echo")["content"][0]["text"], "said again");
    wait_until("oikos to listen to the server", || elsewhere.listeners() == 1);

    // A resource that somebody watches.
    assert_eq!(client.ask("resources/subscribe", &json!({ "uri": "note://one" })), json!({}));
    assert!(elsewhere.is_watched("note://one"));
    let heard = client.listen();
    let params = json!({ "uri": "note://one" });
    elsewhere.tell(&json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated", "params": params }));
    wait_until("the change of the resource", || heard.lock().unwrap().contains("notifications/resources/updated"));

    // A tool that is another one now waits for the owner.
    let standing = || {
        let info = client.oikos.json(&["mcp", "info", "tracker"]);
        info["tools"][0]["standing"].as_str().unwrap_or_default().to_owned()
    };
    elsewhere.change("Says it again, and to somebody else");
    wait_until("the tool to wait", || standing() == "changed");
    assert!(!client.tools().contains(&"tracker_echo".to_owned()), "{:?}", client.tools());
    client.oikos.ok(&["mcp", "accept", "tracker", "echo"]);

    // So does one that changed while nobody could be told.
    elsewhere.cut();
    elsewhere.change("Says nothing any more");
    wait_until("oikos to listen again", || elsewhere.listeners() == 1);
    wait_until("the tool to wait again", || standing() == "changed");

    // One that is switched off is not listened to.
    client.oikos.ok(&["app", "disable", "tracker"]);
    wait_until("nobody to listen", || elsewhere.listeners() == 0);
}

#[test]
fn a_server_elsewhere_that_forgets_its_session_is_greeted_again_and_nobody_notices() {
    let (client, elsewhere) = Client::with_elsewhere();
    assert_eq!(client.call("tracker_echo")["content"][0]["text"], "said again");
    assert_eq!(client.ask("resources/subscribe", &json!({ "uri": "note://one" })), json!({}));
    wait_until("oikos to listen to the server", || elsewhere.listeners() == 1);
    let heard = client.listen();
    for round in 1..=3 {
        let before = elsewhere.greetings();
        elsewhere.forget();
        assert_eq!(client.call("tracker_echo")["content"][0]["text"], "said again", "round {round}");
        // Once, however many found out that it was lost, and with what it was asked to tell of.
        assert_eq!(elsewhere.greetings(), before + 1, "round {round}");
        wait_until("the resource to be watched again", || elsewhere.is_watched("note://one"));
        wait_until("oikos to listen again", || elsewhere.listeners() == 1);
        assert_eq!(elsewhere.greetings(), before + 1, "round {round}");
    }
    heard.lock().unwrap().clear();
    let params = json!({ "uri": "note://one" });
    elsewhere.tell(&json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated", "params": params }));
    wait_until("the change of the resource", || heard.lock().unwrap().contains("notifications/resources/updated"));
    let read = client.ask("resources/read", &json!({ "uri": "note://one" }));
    assert_eq!(read["contents"][0]["text"], "as it is", "{read}");
    // What it offers is what it offered, so nothing waits, and no run failed.
    assert!(client.tools().contains(&"tracker_echo".to_owned()), "{:?}", client.tools());
    let info = client.oikos.json(&["mcp", "info", "tracker"]);
    assert!(info["fault"].is_null() && info["tools"][0]["standing"] == "accepted", "{info}");

    // One that came back as another one is not called by what it was.
    elsewhere.forget();
    elsewhere.change("Says it again, and to somebody else");
    let said = client.call("tracker_echo");
    assert_ne!(said["content"][0]["text"], "said again", "{said}");
    wait_until("the tool to wait for its owner", || {
        client.oikos.json(&["mcp", "info", "tracker"])["tools"][0]["standing"] == "changed"
    });
}

#[test]
fn a_call_that_is_given_up_is_given_up_by_its_server() {
    let client = Client::new();
    let waits =
        client.begin("POST", Some(&message(7, "tools/call", &json!({ "name": "fickle_wait", "arguments": {} }))));
    wait_until("the call to have begun", || {
        client.oikos.json(&["run", "--list"]).to_string().contains(r#""action":"wait""#)
    });
    let params = json!({ "requestId": 7, "reason": "no longer of interest" });
    client.post(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }));
    let heard = wait_until_some("the server to hear of it", || {
        let said = client.call("fickle_cancelled")["content"][0]["text"].as_str().unwrap().to_owned();
        (said != "0").then_some(said)
    });
    assert_eq!(heard, "1");
    drop(waits);
}

#[test]
fn what_a_client_sends_along_reaches_the_server() {
    let client = Client::new();
    let meta = json!({ "progressToken": "mine", "traceparent": "00-1-2-01", "com.example/own": { "kept": [1] } });
    let params = json!({ "name": "fickle_meta", "arguments": {}, "_meta": meta });
    let told = client.ask("tools/call", &params)["structuredContent"].clone();
    assert_eq!(told["com.example/own"], json!({ "kept": [1] }), "{told}");
    assert_eq!(told["traceparent"], "00-1-2-01");
    // Who hears of progress here is oikos, by a name of its own.
    assert_ne!(told["progressToken"], "mine");
}
