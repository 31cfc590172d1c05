//! An MCP server elsewhere, of the tests' own: streamable HTTP of 2025-11-25, with a stream on which it tells what nobody asked for.

use crate::kit::Oikos;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::Command,
    sync::{Arc, Mutex},
};

/// A command of the person whose files these are.
pub(crate) fn person(oikos: &Oikos, words: &[&str]) -> Command {
    let mut command = oikos.command(words);
    command.env("HOME", oikos.person());
    command
}

const SESSION: &str = "mcp-session-id";

#[derive(Default)]
struct Known {
    /// What its tool says of itself.
    description: String,
    /// What the headers of the last call were.
    headers: BTreeMap<String, String>,
    watched: BTreeSet<String>,
    /// Sessions that it knows, and how many it ever began.
    sessions: BTreeSet<String>,
    greetings: usize,
    /// Where it tells what nobody asked for.
    streams: Vec<TcpStream>,
}

/// The server.
pub(crate) struct Elsewhere {
    address: SocketAddr,
    known: Arc<Mutex<Known>>,
}

impl Elsewhere {
    pub(crate) fn start() -> Self {
        let known = Arc::new(Mutex::new(Known { description: "Says it again".to_owned(), ..Known::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = known.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (Ok(stream), known) = (stream, shared.clone()) else { return };
                // Whoever asks may go at any time.
                std::thread::spawn(move || drop(serve(stream, &known)));
            }
        });
        Self { address, known }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A header of the last call.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.known.lock().unwrap().headers.get(name).cloned()
    }

    /// How many listen to what it tells. Those that have gone are found out by telling them nothing.
    pub(crate) fn listeners(&self) -> usize {
        let mut known = self.known.lock().unwrap();
        known.streams.retain_mut(|stream| {
            let is_open = stream.set_nonblocking(true).is_ok()
                && !matches!(stream.read(&mut [0; 64]), Ok(0))
                && stream.set_nonblocking(false).is_ok();
            is_open && stream.write_all(b": still here\n\n").is_ok()
        });
        known.streams.len()
    }

    pub(crate) fn is_watched(&self, uri: &str) -> bool {
        self.known.lock().unwrap().watched.contains(uri)
    }

    /// Says something else of its tool from now on, and tells so.
    pub(crate) fn change(&self, description: &str) {
        description.clone_into(&mut self.known.lock().unwrap().description);
        self.tell(&json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" }));
    }

    /// Tells something that nobody asked for.
    pub(crate) fn tell(&self, message: &Value) {
        for stream in &mut self.known.lock().unwrap().streams {
            drop(write!(stream, "data: {message}\n\n"));
        }
    }

    /// How often it was greeted.
    pub(crate) fn greetings(&self) -> usize {
        self.known.lock().unwrap().greetings
    }

    /// Knows nobody any more, as one that was started again.
    pub(crate) fn forget(&self) {
        let mut known = self.known.lock().unwrap();
        known.sessions.clear();
        known.watched.clear();
        drop(known);
        self.cut();
    }

    /// Ends all streams, as a proxy on the way does.
    pub(crate) fn cut(&self) {
        for stream in self.known.lock().unwrap().streams.drain(..) {
            drop(stream.shutdown(std::net::Shutdown::Both));
        }
    }
}

fn serve(stream: TcpStream, known: &Mutex<Known>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let headers: BTreeMap<String, String> = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let is_known = headers.get(SESSION).is_none_or(|session| known.lock().unwrap().sessions.contains(session));
        if !is_known {
            write!(reader.get_mut(), "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")?;
            continue;
        }
        if head.starts_with("GET ") {
            let stream = reader.get_mut();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n\r\n: here\n\n"
            )?;
            known.lock().unwrap().streams.push(stream.try_clone()?);
            return Ok(());
        }
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        let (answer, more) = {
            let mut known = known.lock().unwrap();
            let more = if said["method"] == "initialize" { begin(&mut known) } else { String::new() };
            (answer(&mut known, &said, headers), more)
        };
        let (status, body) = match answer {
            None => ("202 Accepted", String::new()),
            Some(Ok(result)) => ("200 OK", json!({ "jsonrpc": "2.0", "id": said["id"], "result": result }).to_string()),
            Some(Err(())) => {
                let error = json!({ "code": -32601, "message": "unknown" });
                ("200 OK", json!({ "jsonrpc": "2.0", "id": said["id"], "error": error }).to_string())
            }
        };
        write!(
            reader.get_mut(),
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{more}content-length: {}\r\n\r\n{body}",
            body.len()
        )?;
    }
}

/// A session of its own for whoever greets it. The header that says so.
fn begin(known: &mut Known) -> String {
    known.greetings += 1;
    let session = format!("session-{}", known.greetings);
    let header = format!("{SESSION}: {session}\r\n");
    known.sessions.insert(session);
    header
}

fn answer(known: &mut Known, said: &Value, headers: BTreeMap<String, String>) -> Option<Result<Value, ()>> {
    let uri = || said["params"]["uri"].as_str().unwrap_or_default().to_owned();
    Some(Ok(match said["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": "2025-11-25",
            "capabilities": { "tools": { "listChanged": true }, "resources": { "subscribe": true } },
            "serverInfo": { "name": "tracker", "version": "1" },
        }),
        "tools/list" => json!({ "tools": [
            { "name": "echo", "description": known.description, "inputSchema": { "type": "object" } },
        ] }),
        "tools/call" => {
            known.headers = headers;
            json!({ "content": [{ "type": "text", "text": "said again" }] })
        }
        "resources/list" => json!({ "resources": [{ "uri": "note://one", "name": "one" }] }),
        "resources/templates/list" => json!({ "resourceTemplates": [] }),
        "resources/read" => json!({ "contents": [{ "uri": uri(), "text": "as it is" }] }),
        "resources/subscribe" => {
            known.watched.insert(uri());
            json!({})
        }
        "resources/unsubscribe" => {
            known.watched.remove(&uri());
            json!({})
        }
        _ if said["id"].is_null() => return None,
        _ => return Some(Err(())),
    }))
}
