//! What many WebSockets cost, and what others notice of them: `cargo run --release -p gateway --example lines`. The server
//! is a process of its own, so that its memory is only its own. Needs about 6,000 open files (`ulimit -n`).

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for people to read")]

use futures_util::{SinkExt as _, StreamExt as _, future::join_all};
use gateway::{
    Doors, FrameSender, Household, Listen, TcpDoor,
    auth::{Authenticator, AuthenticatorParts, Guards},
};
use protocol::{
    Caller, Chunk, DeviceId, Door, OwnerId, Right, Rights, SequencedChunk,
    api::{Frame, Reply, Request},
};
use state::MemoryStore;
use std::{
    env,
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    pin::Pin,
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::AtomicBool, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};
use testkit::{TestClock, TestEntropy};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::sleep,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest as _, protocol::WebSocketConfig},
};

/// Lines that are open and say nothing.
const IDLE: usize = 5_000;
/// Of them, those that come back all at once.
const STORM: usize = 200;
/// How often they do.
const STORMS: usize = 10;
/// Requests of somebody else while something is measured, at least.
const SAMPLES: usize = 2_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match env::args().nth(1).as_deref() {
        Some("serve") => runtime.block_on(serve()),
        _ => runtime.block_on(measure()),
    }
}

/// A household that says hello, and runs that talk as long as somebody listens.
struct Talker;

impl Household for Talker {
    fn answer(
        self: Arc<Self>,
        _caller: Caller,
        request: Request,
        frames: FrameSender,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            let Request::RunStart { .. } = request else {
                let reply = Reply::Hello { version: "1".to_owned(), pid: 1 };
                return drop(frames.send(Frame::Done { reply }).await);
            };
            let run = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2b".parse().unwrap();
            let text = "x".repeat(1_000);
            for seq in 1.. {
                let chunk = Chunk::Text { text: text.clone() };
                if frames.send(Frame::Chunk(SequencedChunk { run, seq, chunk })).await.is_err() {
                    return;
                }
            }
        })
    }

    fn readiness(self: Arc<Self>) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Serves until nobody is there to say when to end.
async fn serve() {
    let household: Arc<dyn Household> = Arc::new(Talker);
    let (clock, entropy) = (TestClock::new(), TestEntropy::seeded(1));
    clock.advance_ms(1);
    let device = DeviceId(uuid::Uuid::nil());
    let access = Authenticator::open(AuthenticatorParts {
        store: Arc::new(MemoryStore::new()),
        owners: vec![OwnerId::LOCAL],
        owner_of: Box::new(|_| None),
        device,
        clock: Arc::new(clock.clone()),
        entropy: Arc::new(entropy.clone()),
    });
    let access = Arc::new(access.unwrap());
    let router = gateway::router(Doors::new(Arc::downgrade(&household), Arc::downgrade(&access)));
    let door = TcpDoor::open(Listen { address: ([127, 0, 0, 1], 0).into(), tls: None }, router).await.unwrap();
    access.guards_set(Guards::new(door.address().port(), false));
    let owner = Caller { owner: OwnerId::LOCAL, device, door: Door::Terminal, rights: Rights::OWNER, client: None };
    let rights = [Right::Read, Right::Run];
    let (_, key) = access.keys().make(&owner, "bench".parse().unwrap(), &rights, None, &clock, &entropy).unwrap();
    println!("{} {}", door.address(), key.expose());
    let end = tokio::task::spawn_blocking(|| drop(std::io::stdin().read(&mut [0])));
    end.await.unwrap();
}

/// The server, and the key to it.
struct Server {
    child: Child,
    address: SocketAddr,
    key: String,
}

impl Server {
    fn start() -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        let mut child = command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (address, key) = line.trim().split_once(' ').unwrap();
        Self { address: address.parse().unwrap(), key: key.to_owned(), child }
    }

    fn kib(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    async fn line(&self, stream: TcpStream) -> WebSocketStream<TcpStream> {
        let mut request = format!("ws://{}/ws", self.address).into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {}", self.key).parse().unwrap());
        let small = WebSocketConfig::default().read_buffer_size(1 << 10).write_buffer_size(0);
        client_async_with_config(request, stream, Some(small)).await.unwrap().0
    }

    async fn connect(&self) -> WebSocketStream<TcpStream> {
        self.line(TcpStream::connect(self.address).await.unwrap()).await
    }

    /// A line whose run talks for ever, behind a small window.
    async fn talker(&self) -> WebSocketStream<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        let mut line = self.line(socket.connect(self.address).await.unwrap()).await;
        let start = r#"{"type":"EXECUTE_ACTION","requestId":"0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a","appId":"talker",
            "action":"talk","payload":{}}"#;
        line.send(Message::text(start)).await.unwrap();
        line
    }
}

/// Somebody who asks one thing after the other, through one connection.
struct Other {
    stream: TcpStream,
    head: Vec<u8>,
}

impl Other {
    async fn new(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (address, key) = (server.address, &server.key);
        let head = format!("GET /api/v1/status HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\r\n");
        Self { stream, head: head.into_bytes() }
    }

    async fn ask(&mut self) -> Duration {
        let began = Instant::now();
        self.stream.write_all(&self.head).await.unwrap();
        let (mut bytes, mut read) = (vec![0; 4 << 10], 0);
        // The answer's body is the only object in it.
        while !bytes[..read].ends_with(b"}") {
            read += self.stream.read(&mut bytes[read..]).await.unwrap();
        }
        assert!(bytes.starts_with(b"HTTP/1.1 200 "), "{}", bytes[..read].escape_ascii());
        began.elapsed()
    }

    /// Asks until something is over.
    async fn asks(&mut self, what: impl Future<Output = ()>) -> Row {
        let is_over = AtomicBool::new(false);
        let asking = async {
            let mut took = Vec::new();
            while took.len() < SAMPLES || !is_over.load(SeqCst) {
                took.push(self.ask().await);
                // Somebody who asks often, and leaves the machine to the others between two questions.
                sleep(Duration::from_millis(1)).await;
            }
            took
        };
        let during = async {
            what.await;
            is_over.store(true, SeqCst);
        };
        let (mut took, ()) = tokio::join!(asking, during);
        took.sort();
        let at = |part: usize| took[(took.len() * part / 1_000).min(took.len() - 1)].as_secs_f64() * 1e6;
        Row { requests: took.len(), p50: at(500), p99: at(990), most: at(1_000) }
    }
}

/// What somebody else noticed, in microseconds.
struct Row {
    requests: usize,
    p50: f64,
    p99: f64,
    most: f64,
}

impl Row {
    fn print(&self, what: &str) {
        let Self { requests, p50, p99, most } = self;
        println!("| {what:<61} | {requests:>8} | {p50:>6.0} | {p99:>6.0} | {most:>7.0} |");
    }
}

/// Stays, and answers pings.
fn stay(mut line: WebSocketStream<TcpStream>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move { while let Some(Ok(_)) = line.next().await {} })
}

async fn measure() {
    let mut server = Server::start();
    let mut other = Other::new(&server).await;
    // Once through everything, so that what is made once is there.
    for _ in 0..50 {
        drop(server.connect().await);
    }
    other.asks(async {}).await;
    sleep(Duration::from_secs(1)).await;
    let alone = server.kib();
    println!(
        "| {:<61} | requests | p50 µs | p99 µs | most µs |",
        "somebody else asks, a thousand times a second at most"
    );
    println!("|---|---:|---:|---:|---:|");
    other.asks(async {}).await.print("alone");

    let began = Instant::now();
    let mut held = Vec::with_capacity(IDLE);
    let opening = async {
        while held.len() < IDLE {
            held.extend(join_all((0..50).map(|_| server.connect())).await);
        }
    };
    other.asks(opening).await.print(&format!("while {IDLE} lines are opened"));
    let opened = began.elapsed();
    let mut staying: Vec<_> = held.into_iter().map(stay).collect();
    sleep(Duration::from_secs(1)).await;
    let idle = server.kib();
    other.asks(sleep(Duration::from_secs(35))).await.print(&format!("beside {IDLE} lines, each pinged once"));
    let pinged = server.kib();

    let mut storms = Vec::new();
    let storm = async {
        for _ in 0..STORMS {
            let gone: Vec<_> = staying.drain(..STORM).collect();
            for line in gone {
                line.abort();
            }
            let began = Instant::now();
            staying.extend(join_all((0..STORM).map(|_| server.connect())).await.into_iter().map(stay));
            storms.push(began.elapsed().as_secs_f64() * 1e3);
        }
    };
    other.asks(storm).await.print(&format!("while {STORM} of them come back at once, {STORMS} times"));
    let stormed = server.kib();

    let never = server.talker().await;
    let mut slow = server.talker().await;
    let reading = tokio::spawn(async move {
        let stream = slow.get_mut();
        loop {
            sleep(Duration::from_secs(1)).await;
            if stream.read_u8().await.is_err() {
                return;
            }
        }
    });
    let row = other.asks(sleep(Duration::from_secs(10))).await;
    row.print("beside one that reads a byte a second and one that never does");
    let stuck = server.kib();
    storms.sort_by(f64::total_cmp);
    println!();
    println!("| {:<49} | {:>8} | KiB a line |", "memory of the server (VmRSS)", "KiB");
    println!("|---|---:|---:|");
    let each = |kib: usize| (kib as f64 - alone as f64) / IDLE as f64;
    println!("| {:<49} | {alone:>8} |            |", "before");
    for (what, kib) in [
        ("lines just opened", idle),
        ("each pinged once", pinged),
        ("after the storms", stormed),
        ("with the two that do not read", stuck),
    ] {
        println!("| {what:<49} | {kib:>8} | {:>10.2} |", each(kib));
    }
    println!();
    println!(
        "{IDLE} lines opened in {:.0} ms; a storm of {STORM} took {:.1} ms at the median, {:.1} ms at most",
        opened.as_secs_f64() * 1e3,
        storms[STORMS / 2],
        storms[STORMS - 1]
    );
    reading.abort();
    drop(never);
    for line in staying {
        line.abort();
    }
    drop(server.child.stdin.take());
    server.child.wait().unwrap();
}
