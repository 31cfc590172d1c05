//! Through the doors: requests over HTTP at the port, with a key, as a program sends them. One connection is kept, as
//! programs do; what answers and what asks are in this process, and so in its CPU time.

use super::whole::failed;
use crate::{
    machine::Memory,
    measure::{Cell, Contender, Meter, Samples, Table},
    own_process,
    peers::{INPUT, bench_folder},
};
use anyhow::{Context as _, Result, bail, ensure};
use assembly::{Client, Config, Door};
use protocol::{
    Right,
    api::{Envelope, Reply, Request},
};
use serde_json::{Value, json};
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::Runtime,
    time::sleep,
};

/// Apps of a household that does nothing.
const IDLE_APPS: usize = 50;
/// How long after the last run its memory is looked at: what a run leaves has gone by then, or stays.
const IDLE_AFTER: Duration = Duration::from_secs(60);

/// A household with a door.
pub struct Household {
    runtime: Runtime,
    client: Client,
    door: Door,
    key: String,
}

fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

async fn ask(client: &Client, request: Request) -> Result<Reply> {
    let envelope = Envelope { presence: true, owner: None, request };
    client.ask(envelope).await.map_err(failed)?.reply().await.map_err(failed)
}

async fn install(client: &Client, folder: &Path) -> Result<()> {
    let source = folder.display().to_string();
    let Reply::Offer { offer, .. } = ask(client, Request::AppOffer { source, trust: None, downgrade: false }).await?
    else {
        bail!("no offer")
    };
    ask(client, Request::AppInstall { offer, choices: Vec::new() }).await.map(drop)
}

async fn open(home: &Path) -> Result<(Client, Door)> {
    let mut config = Config::new(home);
    config.doors.bind.set_port(0);
    let client = Client::hold(&config).await.map_err(failed)?;
    let door = client.open_door(&config.doors).await.map_err(failed)?;
    Ok((client, door))
}

impl Household {
    /// Opens a home with the bench's app in it, and its door.
    pub fn open(home: &Path) -> Result<Arc<Self>> {
        let runtime = runtime()?;
        let (client, door, key) = runtime.block_on(async {
            let (client, door) = open(home).await?;
            install(&client, &bench_folder().join("whole-app")).await?;
            let rights = vec![Right::Read, Right::Run];
            let new = Request::TokenNew { name: "bench".parse()?, rights, expires_in_ms: None };
            let Reply::Token { secret, .. } = ask(&client, new).await? else { bail!("no key") };
            anyhow::Ok((client, door, secret.expose().to_owned()))
        })?;
        Ok(Arc::new(Self { runtime, client, door, key }))
    }

    /// Ends it in order.
    pub fn close(self: Arc<Self>) -> Result<()> {
        let Ok(Self { runtime, client, door, .. }) = Arc::try_unwrap(self) else { bail!("somebody still asks") };
        runtime.block_on(async {
            door.close().await;
            client.close().await;
        });
        Ok(())
    }
}

/// A connection that is kept.
struct Kept {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl Kept {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, bytes: Vec::new() })
    }

    /// Says a message and reads its answer; the body has to hold this.
    async fn say(&mut self, message: &[u8], expected: &str) -> Result<()> {
        self.stream.write_all(message).await?;
        self.bytes.clear();
        let (mut body_at, mut whole) = (0, usize::MAX);
        while self.bytes.len() < whole {
            ensure!(self.stream.read_buf(&mut self.bytes).await? > 0, "the connection ended");
            if body_at == 0
                && let Some(end) = self.bytes.windows(4).position(|four| four == b"\r\n\r\n")
            {
                let head = std::str::from_utf8(&self.bytes[..end])?.to_ascii_lowercase();
                ensure!(head.starts_with("http/1.1 200"), "{head}");
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                body_at = end + 4;
                whole = body_at + length.context("no length")?.trim().parse::<usize>()?;
            }
        }
        let body = String::from_utf8_lossy(&self.bytes[body_at..]);
        ensure!(body.contains(expected), "{body}");
        Ok(())
    }
}

/// Requests of one kind, one after the other.
struct Requests {
    household: Arc<Household>,
    name: &'static str,
    address: SocketAddr,
    message: Vec<u8>,
    expected: &'static str,
    runs: usize,
}

impl Contender for Requests {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn runs(&self) -> usize {
        self.runs
    }

    fn round(&mut self, runs: usize) -> Result<Samples> {
        let (address, message, expected) = (self.address, self.message.clone(), self.expected);
        let measuring = async move {
            let mut kept = Kept::open(address).await?;
            for _ in 0..runs / 10 + 1 {
                kept.say(&message, expected).await?;
            }
            let mut meter = Meter::start(runs);
            for _ in 0..runs {
                let start = Instant::now();
                kept.say(&message, expected).await?;
                meter.note(start);
            }
            anyhow::Ok(meter.end())
        };
        self.household.runtime.block_on(self.household.runtime.spawn(measuring))?
    }
}

/// A handler of axum that answers with what it holds, and the kinds of requests.
pub fn contenders(household: &Arc<Household>) -> Result<Vec<Box<dyn Contender>>> {
    const STATUS: &str = r#"{"version":"0.1.0","pid":12345}"#;
    let bare = household.runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let json = [("content-type", "application/json")];
        let router =
            axum::Router::new().route("/api/v1/status", axum::routing::get(move || async move { (json, STATUS) }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        anyhow::Ok(address)
    })?;
    let address = household.door.address();
    let get = |path: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\r\n", household.key)
            .into_bytes()
    };
    let run =
        json!({ "app": "whole-run", "action": "echo", "input": serde_json::from_str::<Value>(INPUT)? }).to_string();
    let post = format!(
        "POST /api/v1/runs HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{run}",
        household.key,
        run.len()
    );
    let of = |name, address, message, expected, runs| -> Box<dyn Contender> {
        Box::new(Requests { household: household.clone(), name, address, message, expected, runs })
    };
    Ok(vec![
        of("axum 0.8, bare handler", bare, get("/api/v1/status"), "\"pid\"", 10_000),
        of("oikos, GET /api/v1/status", address, get("/api/v1/status"), "\"pid\"", 10_000),
        of("oikos, GET /api/v1/apps", address, get("/api/v1/apps"), "whole-run", 10_000),
        of("oikos, GET /api/v1/runs", address, get("/api/v1/runs"), "\"runs\"", 3_000),
        of("oikos, POST /api/v1/runs, class A", address, post.into_bytes(), "\"runs\":1", 3_000),
    ])
}

/// What a household of many apps holds when nothing happens, and how soon it is ready. Measured by a child, which starts
/// as a service does after an abrupt end of the machine: with the engine and the images cached.
pub fn idle(folder: &Path) -> Result<Table> {
    let home = folder.join("idle");
    runtime()?.block_on(async {
        let (client, door) = open(&home).await?;
        for at in 0..IDLE_APPS {
            let (app, copy) = (format!("whole-run-{at}"), folder.join(format!("app-{at}")));
            fs::create_dir(&copy)?;
            for file in fs::read_dir(bench_folder().join("whole-app"))? {
                let file = file?;
                let text = fs::read_to_string(file.path())?;
                fs::write(copy.join(file.file_name()), text.replace("\"whole-run\"", &format!("\"{app}\"")))?;
            }
            install(&client, &copy).await?;
        }
        door.close().await;
        client.close().await;
        anyhow::Ok(())
    })?;
    let found = own_process(&["idle-of", home.to_str().context("a folder without a name")?])?;
    let mut table =
        Table::new("A service where nothing happens", &["state", "apps", "ready after ms", "RSS MiB", "private MiB"]);
    table.row(vec![
        Cell::text("started with everything cached, each app run once, 60 s later"),
        Cell::number(IDLE_APPS as f64, 0),
        Cell::number(found["ready_ms"].as_f64().unwrap_or(f64::NAN), 1),
        Cell::number(found["resident_mib"].as_f64().unwrap_or(f64::NAN), 1),
        Cell::number(found["private_mib"].as_f64().unwrap_or(f64::NAN), 1),
    ]);
    Ok(table)
}

/// What the child does.
pub fn idle_child(home: &Path) -> Result<Value> {
    let start = Instant::now();
    runtime()?.block_on(async {
        let (client, door) = open(home).await?;
        Kept::open(door.address()).await?.say(b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n", "ready").await?;
        let ready_ms = start.elapsed().as_secs_f64() * 1_000.0;
        for at in 0..IDLE_APPS {
            let (app, action) = (format!("whole-run-{at}").parse()?, "echo".parse()?);
            let input = serde_json::from_str(INPUT)?;
            ask(&client, Request::RunStart { id: None, app, action, input, files: Vec::new() }).await?;
        }
        sleep(IDLE_AFTER).await;
        let memory = Memory::read();
        door.close().await;
        client.close().await;
        Ok(json!({
            "ready_ms": ready_ms,
            "private_mib": memory.private_kib / 1_024.0,
            "resident_mib": memory.resident_kib / 1_024.0,
        }))
    })
}
