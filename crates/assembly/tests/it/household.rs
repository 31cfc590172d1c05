//! A home with an app in it, and connections without a client.

use assembly::{Client, Config, VaultKeys};
use protocol::{
    Failure, GrantState, OwnerName, RunId,
    api::{Envelope, Frame, LineChoice, Reply, Request, StopTarget},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use testkit::TempHome;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    sync::mpsc,
};

pub(crate) struct Household {
    temp: TempHome,
    path: PathBuf,
}

impl Household {
    pub(crate) fn new() -> Self {
        let temp = TempHome::new();
        let path = temp.path().to_owned();
        Self { temp, path }
    }

    /// A home whose path is too long for a socket.
    pub(crate) fn long() -> Self {
        let temp = TempHome::new();
        let path = temp.beside().join("a-long-name-".repeat(10)).join("home");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        Self { temp, path }
    }

    pub(crate) fn home(&self) -> &Path {
        &self.path
    }

    pub(crate) fn config(&self) -> Config {
        let vault = VaultKeys { keys: Some(self.temp.beside().join("keys")), ..VaultKeys::default() };
        Config { guest_threads: Some(1), vault, ..Config::new(&self.path) }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(&self.config()).await.unwrap()
    }

    /// An app that waits for a minute, or talks as much as it is told.
    pub(crate) fn app(&self) -> PathBuf {
        let folder = self.temp.beside().join("app");
        let actions = json!({
            "wait": { "input": { "type": "object" } },
            "talk": { "input": { "type": "object", "properties": { "count": { "type": "integer" } } } },
        });
        let logic = "export async function wait(payload, ctx) {\n  await ctx.push_stream('begun', {})\n  \
                     await new Promise((done) => setTimeout(done, 60000))\n  return 'waited'\n}\n\
                     export async function talk(payload, ctx) {\n  for (let i = 0; i < payload.count; i++) \
                     await ctx.push_stream('line', { i, text: 'x'.repeat(1000) })\n  return 'talked'\n}\n";
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in [
            ("manifest.json", json!({ "id": "idler", "name": "Idler", "version": "1.0.0" }).to_string()),
            ("action-schema.json", actions.to_string()),
            ("permissions.json", json!({ "storage": true, "ai": false }).to_string()),
            ("bot-logic.js", logic.to_owned()),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        folder
    }

    pub(crate) async fn install(&self, client: &Client) {
        let source = self.app().to_str().unwrap().to_owned();
        let Reply::Offer { offer, .. } =
            ask(client, Request::AppOffer { source, trust: None, downgrade: false }).await.unwrap()
        else {
            panic!()
        };
        ask(client, Request::AppInstall { offer, choices: vec![] }).await.unwrap();
    }

    /// Installs an app that asks before it looks into a file; gives a run of it that will ask.
    pub(crate) async fn install_asker(&self, client: &Client, owner: Option<OwnerName>) -> Request {
        let folder = self.app().with_file_name("asker");
        let granted = self.app().with_file_name("granted");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::create_dir_all(&granted).unwrap();
        let logic = "export async function look(payload, ctx) { return await ctx.tools.file.readText(payload.path) }\n";
        let permissions = json!({ "file": { "read": true, "reason": "Reads what you name." }, "ai": false });
        let actions =
            json!({ "look": { "input": { "type": "object", "properties": { "path": { "type": "string" } } } } });
        for (name, text) in [
            ("manifest.json", json!({ "id": "asker", "name": "Asker", "version": "1.0.0" }).to_string()),
            ("action-schema.json", actions.to_string()),
            ("permissions.json", permissions.to_string()),
            ("bot-logic.js", logic.to_owned()),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        std::fs::write(granted.join("a.txt"), "x").unwrap();
        let ask = async |request| {
            let envelope = Envelope { presence: true, owner: owner.clone(), request };
            client.ask(envelope).await.unwrap().reply().await.unwrap()
        };
        let source = folder.to_str().unwrap().to_owned();
        let Reply::Offer { offer, .. } = ask(Request::AppOffer { source, trust: None, downgrade: false }).await else {
            panic!()
        };
        let target = Some(granted.to_str().unwrap().to_owned());
        let choices = vec![LineChoice::new("file.read", GrantState::Ask).target(target)];
        ask(Request::AppInstall { offer, choices }).await;
        let (app, action) = ("asker".parse().unwrap(), "look".parse().unwrap());
        Request::RunStart { id: None, app, action, input: json!({ "path": granted.join("a.txt") }), files: vec![] }
    }

    /// A connection of one's own to the socket.
    pub(crate) async fn connect(&self) -> UnixStream {
        UnixStream::connect(self.home().join("socket")).await.unwrap()
    }

    /// Asks through a connection of one's own.
    pub(crate) async fn ask_raw(&self, request: Request) -> mpsc::Receiver<Frame> {
        gateway::client::ask_through(self.connect().await, &Envelope { presence: false, owner: None, request })
            .await
            .unwrap()
    }

    /// Says something as it is, and reads the answer.
    pub(crate) async fn say(&self, bytes: &[u8]) -> Said {
        let mut stream = self.connect().await;
        // Whoever answers early need not take the rest.
        drop(stream.write_all(bytes).await);
        read(&mut stream).await
    }

    /// Says something as it is and not a word more, and reads the answer.
    pub(crate) async fn say_half(&self, bytes: &[u8]) -> Said {
        let mut stream = self.connect().await;
        drop(stream.write_all(bytes).await);
        drop(stream.shutdown().await);
        read(&mut stream).await
    }
}

/// An answer as it came: its status, none if the connection was closed without one; and its body.
pub(crate) struct Said {
    pub(crate) status: Option<u16>,
    pub(crate) body: String,
}

impl Said {
    /// The code of a problem.
    pub(crate) fn code(&self) -> String {
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no problem: {}", self.body));
        assert_eq!(problem["status"], self.status.unwrap());
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// Reads a connection to its end.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Said {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut bytes));
    // Whoever was refused may also be cut off.
    drop(read.await.expect("an answer in time"));
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.strip_prefix("HTTP/1.1 ").map(|rest| rest[..3].parse().unwrap());
    Said { status, body: body.to_owned() }
}

/// A message with a body of JSON.
pub(crate) fn http(method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let mut message = format!(
        "{method} {path} HTTP/1.1\r\nhost: oikos\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    message.extend_from_slice(body);
    message
}

pub(crate) async fn ask(client: &Client, request: Request) -> Result<Reply, Failure> {
    client.ask(Envelope { presence: false, owner: None, request }).await?.reply().await
}

pub(crate) fn start(action: &str, input: Value) -> Request {
    Request::RunStart { id: None, app: "idler".parse().unwrap(), action: action.parse().unwrap(), input, files: vec![] }
}

/// Starts an action, and waits until it has said something.
pub(crate) async fn begun(client: &Client, action: &str) -> (RunId, assembly::Answers) {
    let mut answers =
        client.ask(Envelope { presence: false, owner: None, request: start(action, json!({})) }).await.unwrap();
    let Frame::Run { run } = answers.next().await else { panic!("no run") };
    assert!(matches!(answers.next().await, Frame::Chunk(_)));
    (run, answers)
}

pub(crate) async fn stop(client: &Client, run: RunId) {
    let stopped = ask(client, Request::RunStop { target: StopTarget::Run(run) }).await.unwrap();
    assert_eq!(stopped, Reply::Stopped { runs: vec![run], paused: vec![] });
}

/// Waits for a state, not for time.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "waited in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
