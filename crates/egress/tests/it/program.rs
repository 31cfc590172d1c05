//! A program in a network of its own, as far as its proxy sees it; and who stands for it.

use crate::house::House;
use broker::{Ask, Broker, Denied, Lease, NetworkDemand, Permit};
use egress::{
    Asking, ClientConfig, Noting, Resolver, Resolving, TunnelBounds, TunnelOutcome, TunnelRecord, Tunnels, Warden,
};
use protocol::{
    Caller, Choice, Clock, DeviceId, Door, Labels, Limits, OwnerId, Question, QuestionId, QuestionKind, Rights,
    Sentence, Timestamp,
};
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use testkit::wait_until_some;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Short waits: what is tested is that they end.
pub(crate) fn quick() -> TunnelBounds {
    TunnelBounds {
        greeting_ms: 1_000,
        ask_ms: 2_000,
        connect_ms: 1_000,
        open_ms: 2_000,
        first_ms: 1_000,
        ..TunnelBounds::default()
    }
}

/// Names, and where they lead. One that leads to nothing is not known; one called `slow.example` is never found.
pub(crate) struct Names(HashMap<String, Vec<IpAddr>>);

impl Resolver for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            if name == "slow.example" {
                std::future::pending::<()>().await;
            }
            self.0.get(name).cloned().ok_or_else(|| std::io::Error::other("unknown"))
        })
    }
}

pub(crate) fn names(known: &[(&str, &str)]) -> ClientConfig {
    let mut names: HashMap<String, Vec<IpAddr>> = HashMap::new();
    for (name, address) in known {
        names.entry((*name).to_owned()).or_default().push(address.parse().unwrap());
    }
    ClientConfig { resolver: Arc::new(Names(names)), ..ClientConfig::default() }
}

/// Who stands for the program.
pub(crate) struct Guard {
    pub(crate) house: House,
    pub(crate) lease: Lease,
    pub(crate) records: Mutex<Vec<TunnelRecord>>,
    pub(crate) intents: Mutex<Vec<String>>,
    pub(crate) questions: Mutex<Vec<String>>,
    /// What a person says, if there is one.
    pub(crate) choice: Mutex<Option<Choice>>,
    pub(crate) is_disk_full: AtomicBool,
    /// What the program has heard of other runs.
    pub(crate) labels: Mutex<Labels>,
}

impl Guard {
    async fn asked(&self, ask: Ask<NetworkDemand>) -> Result<Permit<NetworkDemand>, Box<Denied>> {
        self.questions.lock().unwrap().push(ask.sentence.to_string());
        let id = QuestionId::new(&self.house.clock, &self.house.entropy);
        let question = Question {
            id,
            run: self.lease.run(),
            app: self.house.app.clone(),
            sentence: ask.sentence.clone(),
            kind: QuestionKind::Permission { line: protocol::Scope::Network { rules: vec![] }.line(), content: None },
            asked_at: Timestamp(0),
            expires_at: Timestamp(1),
        };
        let board = self.house.broker.questions();
        let asking = board.ask(OwnerId::LOCAL, question);
        let device = DeviceId(Default::default());
        let person =
            Caller { owner: OwnerId::LOCAL, device, door: Door::Terminal, rights: Rights::OWNER, client: None };
        let choice = *self.choice.lock().unwrap();
        if let Some(choice) = choice {
            board.answer(&person, id, choice.into()).unwrap();
        }
        self.house.broker.settle(ask, &asking.await, 0)
    }
}

impl Warden for Guard {
    fn broker(&self) -> &Broker {
        &self.house.broker
    }

    fn clock(&self) -> &dyn Clock {
        &self.house.clock
    }

    fn labels(&self) -> Labels {
        *self.labels.lock().unwrap()
    }

    fn lease(&self) -> Lease {
        self.lease.clone()
    }

    fn ask(&self, ask: Ask<NetworkDemand>) -> Asking<'_> {
        Box::pin(self.asked(ask))
    }

    fn intent<'a>(&'a self, _: &'a Permit<NetworkDemand>, said: Sentence) -> Noting<'a> {
        self.intents.lock().unwrap().push(said.to_string());
        Box::pin(async { !self.is_disk_full.load(SeqCst) })
    }

    fn record(&self, record: TunnelRecord) {
        self.records.lock().unwrap().push(record);
    }
}

/// The program's side.
pub(crate) struct Program {
    pub(crate) guard: Arc<Guard>,
    pub(crate) tunnels: Tunnels,
    /// Where its proxy is.
    pub(crate) proxy: SocketAddr,
}

impl Program {
    pub(crate) async fn new(targets: &[&str], config: ClientConfig) -> Self {
        Self::within(targets, config, quick(), Limits::default()).await
    }

    pub(crate) async fn within(targets: &[&str], config: ClientConfig, bounds: TunnelBounds, limits: Limits) -> Self {
        let house = House::with(targets, config);
        let guard = Arc::new(Guard {
            lease: house.lease_within(limits),
            house,
            records: Mutex::default(),
            intents: Mutex::default(),
            questions: Mutex::default(),
            choice: Mutex::new(Some(Choice::No)),
            is_disk_full: AtomicBool::new(false),
            labels: Mutex::default(),
        });
        let tunnels = guard.house.client.tunnels(guard.clone(), bounds);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = listener.local_addr().unwrap();
        tunnels.listen(listener);
        Self { guard, tunnels, proxy }
    }

    /// May reach `a.example` at the port of a server on this machine.
    pub(crate) async fn of(server: SocketAddr) -> Self {
        let targets = [format!("a.example:{}", server.port()), server.to_string()];
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        Self::new(&targets, names(&[("a.example", "127.0.0.1")])).await
    }

    pub(crate) async fn dial(&self) -> TcpStream {
        TcpStream::connect(self.proxy).await.unwrap()
    }

    /// Says this, and hears everything until the proxy closes.
    pub(crate) async fn say(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.dial().await;
        stream.write_all(bytes).await.unwrap();
        heard(&mut stream).await
    }

    /// What the proxy answers to `CONNECT`, as text.
    pub(crate) async fn connect_said(&self, target: &str) -> String {
        let said = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
        String::from_utf8(self.say(said.as_bytes()).await).unwrap()
    }

    /// A way to a host, or what was said instead.
    pub(crate) async fn connect(&self, target: &str) -> Result<TcpStream, String> {
        let mut stream = self.dial().await;
        stream.write_all(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await.unwrap();
        let head = head(&mut stream).await;
        if head == "HTTP/1.1 200 Connection established\r\n\r\n" {
            return Ok(stream);
        }
        Err(format!("{head}{}", String::from_utf8_lossy(&heard(&mut stream).await)))
    }

    /// The same by SOCKS5: a request without its greeting, or the code of the answer.
    pub(crate) async fn socks(&self, kind: u8, host: &[u8], port: u16) -> Result<TcpStream, u8> {
        let mut stream = self.dial().await;
        stream.write_all(&[5, 1, 0]).await.unwrap();
        let mut greeted = [0; 2];
        stream.read_exact(&mut greeted).await.unwrap();
        assert_eq!(greeted, [5, 0]);
        let request = [&[5, 1, 0, kind], host, &port.to_be_bytes()].concat();
        stream.write_all(&request).await.unwrap();
        let mut answer = [0; 10];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!((answer[0], &answer[2..]), (5, &[0, 1, 0, 0, 0, 0, 0, 0][..]));
        if answer[1] == 0 { Ok(stream) } else { Err(answer[1]) }
    }

    pub(crate) async fn socks_named(&self, host: &str, port: u16) -> Result<TcpStream, u8> {
        self.socks(3, &[&[host.len() as u8], host.as_bytes()].concat(), port).await
    }

    /// The next record, once it is there.
    pub(crate) async fn record(&self) -> TunnelRecord {
        let guard = self.guard.clone();
        let take = move || {
            let mut records = guard.records.lock().unwrap();
            (!records.is_empty()).then(|| records.remove(0))
        };
        tokio::task::spawn_blocking(move || wait_until_some("a record", take)).await.unwrap()
    }

    pub(crate) async fn outcome(&self) -> TunnelOutcome {
        self.record().await.outcome
    }

    /// By which rule it was a no.
    pub(crate) async fn rule(&self) -> String {
        match self.outcome().await {
            TunnelOutcome::Denied(denied) | TunnelOutcome::Withdrawn(denied) => denied.rule.to_string(),
            other => panic!("no denial: {other:?}"),
        }
    }
}

/// The head of an answer.
pub(crate) async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// Everything until the other side closes, or breaks it off.
pub(crate) async fn heard(stream: &mut TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    let all = stream.read_to_end(&mut heard);
    drop(tokio::time::timeout(Duration::from_secs(20), all).await.expect("the proxy closes"));
    heard
}
