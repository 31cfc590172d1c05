//! A home with an app in it, and connections without a client.

use assembly::{Client, Config};
use protocol::{
    Failure, RunId,
    api::{Envelope, Frame, Reply, Request, StopTarget},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use testkit::TempHome;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
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
        Config { guest_threads: Some(1), ..Config::new(&self.path) }
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

    /// A connection of one's own to the socket.
    pub(crate) async fn connect(&self) -> BufReader<UnixStream> {
        BufReader::new(UnixStream::connect(self.home().join("socket")).await.unwrap())
    }

    /// Says something as it is, and reads the first answer; `None` if the connection is closed without one.
    pub(crate) async fn say(&self, bytes: &[u8]) -> Option<Value> {
        let mut stream = self.connect().await;
        // Whoever answers early need not take the rest.
        drop(stream.write_all(bytes).await);
        drop(stream.shutdown().await);
        frame(&mut stream).await
    }
}

/// The next frame of a connection.
pub(crate) async fn frame(stream: &mut BufReader<UnixStream>) -> Option<Value> {
    let mut line = String::new();
    let read = tokio::time::timeout(Duration::from_secs(30), stream.read_line(&mut line));
    match read.await.expect("an answer in time") {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(serde_json::from_str(&line).unwrap()),
    }
}

/// A request as a line.
pub(crate) fn line(request: Request) -> Vec<u8> {
    let mut line = serde_json::to_vec(&Envelope { presence: false, owner: None, request }).unwrap();
    line.push(b'\n');
    line
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
