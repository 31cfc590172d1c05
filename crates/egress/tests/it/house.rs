//! An app, its grants, servers and a name server.

use broker::{AppGrants, Broker, Decision, Grant, Lease, NetworkDemand, Permit, WebUrl, rule_read};
use egress::{Bounds, Client, ClientConfig, EgressError, Failed, Outgoing, Resolver, Resolving};
use protocol::{
    AppName, Caller, Clock as _, DeviceId, Door, GrantDuration, GrantId, GrantState, Limits, OwnerId, Rights, RunId,
    Scope, Zone,
};
use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use testkit::{TestClock, TestEntropy};

/// An app that its owner granted some hosts.
pub(crate) struct House {
    pub(crate) broker: Broker,
    pub(crate) client: Client,
    pub(crate) app: AppName,
    pub(crate) clock: TestClock,
    pub(crate) entropy: TestEntropy,
}

/// Short waits: what is tested is that they end.
pub(crate) const QUICK: Bounds =
    Bounds { body_bytes: 1 << 20, connect_ms: 2_000, answer_ms: 1_000, idle_ms: 500, total_ms: 4_000 };

/// Waits that nothing here comes to: what is tested is that something else ends it.
pub(crate) const PATIENT: Bounds =
    Bounds { body_bytes: 1 << 20, connect_ms: 60_000, answer_ms: 60_000, idle_ms: 60_000, total_ms: 60_000 };

impl House {
    pub(crate) fn new(targets: &[&str]) -> Self {
        Self::with(targets, ClientConfig::default())
    }

    pub(crate) fn with(targets: &[&str], config: ClientConfig) -> Self {
        let (clock, entropy) = (TestClock::new(), TestEntropy::new());
        let house = Self {
            broker: Broker::new(Zone::Local, vec![]),
            client: Client::new(config).unwrap(),
            app: "tester".parse().unwrap(),
            clock,
            entropy,
        };
        house.grant(targets);
        house
    }

    /// From now on these, and no other; none of them stands for any public host.
    pub(crate) fn grant(&self, targets: &[&str]) {
        self.grant_beside(targets, Vec::new());
    }

    /// The same, for an app that asks for more.
    pub(crate) fn grant_beside(&self, targets: &[&str], more: Vec<Scope>) {
        let rules = targets.iter().map(|target| rule_read(target).unwrap()).collect();
        let grant = Grant {
            id: GrantId::new(&self.clock, &self.entropy),
            line: Scope::Network { rules: vec![] }.line(),
            scope: Scope::Network { rules },
            state: GrantState::Allow,
            duration: GrantDuration::Always,
            folders: vec![],
            bound: None,
            at: self.clock.now(),
        };
        let requested = [vec![Scope::Network { rules: vec![] }], more].concat();
        self.broker.grants_load(OwnerId::LOCAL, &self.app, AppGrants { requested, grants: vec![grant] });
    }

    pub(crate) fn lease(&self) -> Lease {
        self.lease_within(Limits::default())
    }

    pub(crate) fn lease_within(&self, limits: Limits) -> Lease {
        let caller = Caller {
            owner: OwnerId::LOCAL,
            device: DeviceId(Default::default()),
            door: Door::Socket,
            rights: Rights::OWNER,
            client: None,
        };
        let run = RunId::new(&self.clock, &self.entropy);
        self.broker.lease_open(caller, &self.app, run, limits, self.clock.monotonic_ns())
    }

    pub(crate) fn permit(&self, lease: &Lease, method: &str, url: &str, body: &[u8]) -> Permit<NetworkDemand> {
        let demand = NetworkDemand::new(method, WebUrl::parse(url).unwrap(), body, false);
        match self.broker.decide(lease, demand, self.clock.now()) {
            Decision::Permit(permit) => permit,
            other => panic!("no permit for {url}: {other:?}"),
        }
    }

    /// A request of a run, to its last byte.
    pub(crate) async fn get_in(&self, lease: &Lease, url: &str) -> Result<(u16, Vec<u8>), EgressError> {
        self.get_within(lease, url, &QUICK).await
    }

    pub(crate) async fn get_within(
        &self,
        lease: &Lease,
        url: &str,
        bounds: &Bounds,
    ) -> Result<(u16, Vec<u8>), EgressError> {
        let permit = self.permit(lease, "GET", url, &[]);
        let answer = self.client.send(&permit, Outgoing::default(), bounds).await.map_err(|failed| failed.error)?;
        let status = answer.status;
        Ok((status, answer.bytes().await?))
    }

    pub(crate) async fn get(&self, url: &str) -> Result<(u16, Vec<u8>), EgressError> {
        self.get_in(&self.lease(), url).await
    }

    /// What a person reads if it fails.
    pub(crate) async fn why(&self, url: &str) -> String {
        match self.get(url).await {
            Ok((status, body)) => format!("{status} {}", String::from_utf8_lossy(&body)),
            Err(error) => error.to_string(),
        }
    }

    pub(crate) async fn post(&self, url: &str, body: &[u8]) -> Result<u16, Failed> {
        let permit = self.permit(&self.lease(), "POST", url, body);
        let outgoing = Outgoing { body: body.to_vec().into(), ..Outgoing::default() };
        Ok(self.client.send(&permit, outgoing, &QUICK).await?.status)
    }
}

/// A server that is a function of each connection.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Connections that were accepted.
    pub(crate) visits: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn on(ip: Ipv4Addr, port: u16, serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((ip, port)).unwrap();
        let address = listener.local_addr().unwrap();
        let visits = Arc::new(AtomicUsize::new(0));
        let (serve, counted) = (Arc::new(serve), visits.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                counted.fetch_add(1, SeqCst);
                let serve = serve.clone();
                std::thread::spawn(move || serve(stream));
            }
        });
        Self { address, visits }
    }

    pub(crate) fn new(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        Self::on(Ipv4Addr::LOCALHOST, 0, serve)
    }

    /// Answers each request with these bytes.
    pub(crate) fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::new(move |mut stream| {
            while !request_read(&mut stream).is_empty() {
                if stream.write_all(&answer).is_err() {
                    return;
                }
            }
        })
    }

    pub(crate) fn visits(&self) -> usize {
        self.visits.load(SeqCst)
    }

    pub(crate) fn target(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// The head of the next request, as text; empty if there is none. Bodies of a known length are read over.
pub(crate) fn request_read(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return String::new(),
        }
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    head
}

/// A name server on a socket: answers each question for an address with the next of its lists, and its last for ever. Time
/// to live 0.
pub(crate) struct NameServer {
    address: SocketAddr,
    /// Questions for IPv4 addresses that came.
    pub(crate) questions: Arc<AtomicUsize>,
}

impl NameServer {
    pub(crate) fn new(answers: Vec<Vec<IpAddr>>) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        let questions = Arc::new(AtomicUsize::new(0));
        let asked = questions.clone();
        std::thread::spawn(move || {
            let mut packet = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut packet) {
                let query = &packet[..length];
                // Behind the header: the name, ended by an empty label, then two bytes each of type and class.
                let name_end = 12 + query[12..].iter().position(|byte| *byte == 0).unwrap() + 1;
                let kind = u16::from_be_bytes([query[name_end], query[name_end + 1]]);
                let turn = if kind == 1 { asked.fetch_add(1, SeqCst) } else { asked.load(SeqCst).saturating_sub(1) };
                let found = &answers[turn.min(answers.len() - 1)];
                let records: Vec<Vec<u8>> = found
                    .iter()
                    .filter_map(|address| match (kind, address) {
                        (1, IpAddr::V4(address)) => Some(address.octets().to_vec()),
                        (28, IpAddr::V6(address)) => Some(address.octets().to_vec()),
                        _ => None,
                    })
                    .collect();
                let mut answer = query[..2].to_vec();
                answer.extend_from_slice(&[0x81, 0x80, 0, 1]);
                answer.extend_from_slice(&(records.len() as u16).to_be_bytes());
                answer.extend_from_slice(&[0, 0, 0, 0]);
                answer.extend_from_slice(&query[12..name_end + 4]);
                for record in records {
                    // The name as in the question, class IN, time to live 0.
                    answer.extend_from_slice(&[0xc0, 12]);
                    answer.extend_from_slice(&kind.to_be_bytes());
                    answer.extend_from_slice(&[0, 1, 0, 0, 0, 0]);
                    answer.extend_from_slice(&(record.len() as u16).to_be_bytes());
                    answer.extend_from_slice(&record);
                }
                socket.send_to(&answer, from).unwrap();
            }
        });
        Self { address, questions }
    }

    pub(crate) fn questions(&self) -> usize {
        self.questions.load(SeqCst)
    }

    pub(crate) fn config(&self) -> ClientConfig {
        let resolver = Arc::new(AskServer { server: self.address, turn: Mutex::new(0) });
        ClientConfig { resolver, ..ClientConfig::default() }
    }
}

/// Asks a name server over UDP, as a stub resolver does: IPv4 first, then IPv6, nothing kept.
struct AskServer {
    server: SocketAddr,
    turn: Mutex<u16>,
}

impl AskServer {
    async fn ask(&self, name: &str, kind: u16) -> std::io::Result<Vec<IpAddr>> {
        let id = {
            let mut turn = self.turn.lock().unwrap();
            *turn += 1;
            *turn
        };
        let socket = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut query = id.to_be_bytes().to_vec();
        query.extend_from_slice(&[1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        for label in name.split('.') {
            query.push(label.len() as u8);
            query.extend_from_slice(label.as_bytes());
        }
        query.push(0);
        query.extend_from_slice(&kind.to_be_bytes());
        query.extend_from_slice(&[0, 1]);
        socket.send_to(&query, self.server).await?;
        let mut packet = [0; 512];
        let wait = Duration::from_secs(5);
        let length = tokio::time::timeout(wait, socket.recv(&mut packet)).await.map_err(std::io::Error::other)??;
        assert_eq!(packet[..2], id.to_be_bytes());
        let count = u16::from_be_bytes([packet[6], packet[7]]);
        let mut at = query.len();
        let mut found = Vec::new();
        for _ in 0..count {
            let size = usize::from(u16::from_be_bytes([packet[at + 10], packet[at + 11]]));
            let bytes = &packet[at + 12..at + 12 + size];
            found.push(match <[u8; 4]>::try_from(bytes) {
                Ok(bytes) => IpAddr::from(bytes),
                Err(_) => IpAddr::from(<[u8; 16]>::try_from(bytes).unwrap()),
            });
            at += 12 + size;
        }
        assert_eq!(at, length);
        Ok(found)
    }
}

impl Resolver for AskServer {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            let mut found = self.ask(name, 1).await?;
            found.extend(self.ask(name, 28).await?);
            Ok(found)
        })
    }
}
