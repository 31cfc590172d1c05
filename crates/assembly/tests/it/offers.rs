//! Packages from addresses: who may name one in the owner's own network, and how many are fetched at once.

use crate::{
    Household,
    household::{ask, read, start, until},
    lines::{Pass, asked_for, door, id, key, line, page, told},
};
use protocol::{
    ErrorCode, Right,
    api::{Reply, Request, StopTarget},
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

/// A server that counts who comes, and how many of them are still there.
#[derive(Clone)]
struct Web {
    address: SocketAddr,
    visits: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
}

impl Web {
    /// It says that there is nothing; or, if it drips, a byte now and then.
    async fn new(drips: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let web = Self { address: listener.local_addr().unwrap(), visits: Arc::default(), open: Arc::default() };
        let served = web.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                served.visits.fetch_add(1, SeqCst);
                served.open.fetch_add(1, SeqCst);
                let served = served.clone();
                tokio::spawn(async move {
                    answer(stream, drips).await;
                    served.open.fetch_sub(1, SeqCst);
                });
            }
        });
        web
    }

    fn source(&self) -> String {
        format!("http://{}/x.aisapp", self.address)
    }

    fn visits(&self) -> usize {
        self.visits.load(SeqCst)
    }

    fn open(&self) -> usize {
        self.open.load(SeqCst)
    }
}

async fn answer(mut stream: TcpStream, drips: bool) {
    let mut bytes = [0; 4096];
    drop(stream.read(&mut bytes).await);
    if !drips {
        drop(stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await);
        return;
    }
    drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await);
    while stream.write_all(b"x").await.is_ok() {
        sleep(Duration::from_millis(20)).await;
    }
}

/// Asks for a card at a door, and does not wait for it.
async fn offer(door: SocketAddr, pass: &Pass, source: &str) -> TcpStream {
    let body = json!({ "source": source }).to_string();
    let mut head = format!(
        "POST /api/v1/offers HTTP/1.1\r\nhost: {door}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n",
        body.len()
    );
    for (name, value) in pass {
        // What a line says as one of its protocols.
        match value.strip_prefix("oikos, ") {
            Some(secret) => head.push_str(&format!("oikos-page: {secret}\r\n")),
            None => head.push_str(&format!("{name}: {value}\r\n")),
        }
    }
    let mut stream = TcpStream::connect(door).await.unwrap();
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_fetches_nothing_from_the_owners_network() {
    let household = Household::new();
    let client = household.client().await;
    let door = door(&client).await;
    let address = door.address();
    asked_for(&client, "first", Request::OwnerNew { name: "ben".parse().unwrap() }).await;
    let web = Web::new(false).await;
    let port = web.address.port();
    let sources = [
        web.source(),
        format!("http://localhost:{port}/x"),
        format!("http://[::ffff:127.0.0.1]:{port}/x"),
        format!("http://0x7f.1:{port}/x"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://192.168.0.1/".to_owned(),
    ];
    let strangers = [key(&client, "first").await, key(&client, "ben").await, page(&client, address, "ben").await];
    for pass in &strangers {
        let mut socket = line(address, address, pass).await.unwrap();
        for (number, source) in sources.iter().enumerate() {
            let said = read(&mut offer(address, pass, source).await).await;
            assert_eq!((said.status, said.code().as_str()), (Some(403), "permission_denied"), "{source} {}", said.body);
            let message = json!({ "type": "INSTALL_APP", "requestId": id(number), "payload": { "source": source } });
            let (kind, said) = told(&mut socket, &message).await.pop().unwrap();
            assert_eq!((kind.as_str(), said["code"].as_str()), ("ERROR", Some("permission_denied")), "{said}");
        }
    }
    assert_eq!(web.visits(), 0, "nobody was asked");
    // Who sits at the machine may, and so may the first owner's page.
    let offered = Request::AppOffer { source: web.source(), trust: None, downgrade: false };
    assert_eq!(ask(&client, offered).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(web.visits(), 1);
    let pass = page(&client, address, "first").await;
    assert_eq!(read(&mut offer(address, &pass, &web.source()).await).await.status, Some(404));
    assert_eq!(web.visits(), 2);
    door.close().await;
    client.close().await;
}

/// A server from which a package never quite arrives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_sources_hold_nobody_up() {
    let household = Household::new();
    let client = household.client().await;
    household.install(&client).await;
    let door = door(&client).await;
    let address = door.address();
    let pass = page(&client, address, "first").await;
    let web = Web::new(true).await;
    let refused = Arc::new(AtomicUsize::new(0));
    let asking: Vec<_> = (0..100)
        .map(|_| {
            let (pass, source, refused) = (pass.clone(), web.source(), refused.clone());
            tokio::spawn(async move {
                let said = read(&mut offer(address, &pass, &source).await).await;
                assert_eq!((said.status, said.code().as_str()), (Some(503), "host_busy"));
                refused.fetch_add(1, SeqCst);
            })
        })
        .collect();
    // A few are fetched, all others hear at once that there is no room.
    until("all others are told", || refused.load(SeqCst) == 96).await;
    until("a few are fetched", || web.open() == 4).await;
    assert_eq!(web.visits(), 4);
    // Meanwhile everything goes on as if there were none of them.
    let soon =
        async |request: Request| timeout(Duration::from_secs(5), ask(&client, request)).await.expect("soon").unwrap();
    let new = Request::TokenNew { name: "k".parse().unwrap(), rights: vec![Right::Read], expires_in_ms: None };
    let Reply::Token { token, .. } = soon(new).await else { panic!() };
    assert_eq!(soon(Request::TokenRevoke { token: token.id }).await, Reply::Ok);
    soon(Request::Log { app: None, run: None, after_seq: None, limit: 10 }).await;
    soon(start("talk", json!({ "count": 1 }))).await;
    soon(Request::RunStop { target: StopTarget::All }).await;
    // With who asked, the fetching ends.
    asking.iter().for_each(tokio::task::JoinHandle::abort);
    until("nothing is fetched any more", || web.open() == 0).await;
    let again = offer(address, &pass, &web.source()).await;
    until("the next one is fetched", || web.visits() == 5).await;
    drop(again);
    until("nothing is fetched any more", || web.open() == 0).await;
    // By a line as well: a cut one takes its fetching with it, and so does a revoked one.
    let source = web.source();
    let message = json!({ "type": "INSTALL_APP", "requestId": id(1), "payload": { "source": source } });
    let mut socket = line(address, address, &pass).await.unwrap();
    send(&mut socket, &message).await;
    until("a line fetches", || web.open() == 1).await;
    drop(socket);
    until("nothing is fetched any more", || web.open() == 0).await;
    let mut socket = line(address, address, &pass).await.unwrap();
    send(&mut socket, &message).await;
    until("a line fetches", || web.open() == 1).await;
    let Reply::Logins { logins } = soon(Request::LoginList).await else { panic!() };
    soon(Request::LoginRevoke { login: logins[0].id }).await;
    until("nothing is fetched any more", || web.open() == 0).await;
    drop(socket);
    door.close().await;
    client.close().await;
}

async fn send(socket: &mut crate::lines::Socket, message: &Value) {
    use futures_util::SinkExt as _;
    let text = tokio_tungstenite::tungstenite::Message::text(message.to_string());
    socket.send(text).await.unwrap();
}

/// What was asked by one id is one request, by whichever door it comes in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_id_is_one_request_by_every_door() {
    let household = Household::new();
    let client = household.client().await;
    household.install(&client).await;
    let door = door(&client).await;
    let address = door.address();
    let pass = key(&client, "first").await;
    let mut socket = line(address, address, &pass).await.unwrap();
    let by_http = async |number: usize, count: u64| {
        let body = json!({ "request_id": id(number), "app": "idler", "action": "talk", "input": { "count": count } })
            .to_string();
        let head = format!(
            "POST /api/v1/runs HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            pass[0].1,
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let said = read(&mut stream).await;
        let body: Value = serde_json::from_str(&said.body).unwrap();
        match said.status {
            Some(200) => body["run"]["run"].as_str().unwrap().to_owned(),
            Some(409) => body["code"].as_str().unwrap().to_owned(),
            _ => panic!("{}", said.body),
        }
    };
    let message = |number: usize, count: u64| {
        json!({ "type": "EXECUTE_ACTION", "requestId": id(number), "appId": "idler", "action": "talk",
            "payload": { "count": count } })
    };
    let run = by_http(1, 2).await;
    assert_eq!(by_http(1, 2).await, run);
    assert_eq!(by_http(1, 3).await, "conflict");
    let (kind, end) = told(&mut socket, &message(1, 2)).await.pop().unwrap();
    assert_eq!((kind.as_str(), end["run"]["run"].as_str()), ("STREAM_END", Some(run.as_str())), "{end}");
    let (kind, end) = told(&mut socket, &message(1, 3)).await.pop().unwrap();
    assert_eq!((kind.as_str(), end["code"].as_str()), ("ERROR", Some("conflict")), "{end}");
    let (_, end) = told(&mut socket, &message(2, 2)).await.pop().unwrap();
    assert_eq!(by_http(2, 2).await, end["run"]["run"].as_str().unwrap());
    assert_eq!(by_http(2, 1).await, "conflict");
    // Also while the first is being answered on the same line.
    let wait = json!({ "type": "EXECUTE_ACTION", "requestId": id(3), "appId": "idler", "action": "wait",
        "payload": {} });
    send(&mut socket, &wait).await;
    let (kind, end) = told(&mut socket, &message(3, 1)).await.pop().unwrap();
    assert_eq!((kind.as_str(), end["code"].as_str()), ("ERROR", Some("conflict")), "{end}");
    ask(&client, Request::RunStop { target: StopTarget::All }).await.unwrap();
    drop(socket);
    door.close().await;
    client.close().await;
}
