//! Many connections that guess at once, at each way in: no more guesses are looked at than from one.

use crate::stage::{House, replies};
use gateway::{
    Listen, TcpDoor,
    auth::{Credential, FAILURES_FREE, Guards, Kind},
};
use protocol::api::Reply;
use serde_json::json;
use std::{collections::BTreeMap, net::SocketAddr};
use testkit::TestEntropy;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const SOCKETS: u64 = 8;
const GUESSES: u64 = 125;

async fn open() -> (House, TcpDoor) {
    let house = replies(|| Reply::Apps { apps: vec![] });
    let listen = Listen { address: ([127, 0, 0, 1], 0).into(), tls: None };
    let door = TcpDoor::open(listen, house.router.clone()).await.unwrap();
    house.access.guards_set(Guards::new(door.address().port(), false));
    (house, door)
}

/// The status of the next answer of a connection.
async fn status(stream: &mut TcpStream) -> u16 {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    stream.read_exact(&mut vec![0; length]).await.unwrap();
    head["HTTP/1.1 ".len()..][..3].parse().unwrap()
}

/// Guesses from many connections, each many times, and counts the answers.
async fn guess(door: SocketAddr, message: impl Fn(u64) -> String + Clone + Send + 'static) -> BTreeMap<u16, u64> {
    let guessing: Vec<_> = (0..SOCKETS)
        .map(|socket| {
            let message = message.clone();
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(door).await.unwrap();
                let mut statuses = Vec::new();
                for number in 0..GUESSES {
                    let message = message(10_000 * (socket + 1) + number);
                    stream.write_all(message.as_bytes()).await.unwrap();
                    let status = status(&mut stream).await;
                    statuses.push(status);
                    // Whoever is not let in is sent away.
                    if status == 401 {
                        stream = TcpStream::connect(door).await.unwrap();
                    }
                }
                statuses
            })
        })
        .collect();
    let mut answers = BTreeMap::new();
    for socket in guessing {
        for status in socket.await.unwrap() {
            *answers.entry(status).or_insert(0) += 1;
        }
    }
    answers
}

fn wrong(kind: Kind, number: u64) -> String {
    Credential::generate(kind, &TestEntropy::seeded(number)).text().expose().to_owned()
}

/// Those that were under way when the last free one failed are the only ones more.
fn check(what: &str, answers: &BTreeMap<u16, u64>) {
    let looked_at = answers.get(&401).copied().unwrap_or_default();
    assert!(looked_at >= 1 && looked_at <= u64::from(FAILURES_FREE) + SOCKETS, "{what}: {answers:?}");
    assert_eq!(answers.get(&429), Some(&(SOCKETS * GUESSES - looked_at)), "{what}: {answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_connections_guess_no_more_than_one() {
    let (house, door) = open().await;
    house.access.bootstrap_make().unwrap().unwrap();
    let address = door.address();
    let body = move |path: &str, body: serde_json::Value| {
        let body = body.to_string();
        format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let links = guess(address, move |number| body("/api/v1/sign-in", json!({ "link": wrong(Kind::Link, number) })));
    check("sign-in", &links.await);
    let tokens = guess(address, move |number| {
        let token = wrong(Kind::Bootstrap, number);
        body("/api/v1/bootstrap", json!({ "token": token, "name": "a", "rights": ["read"] }))
    });
    check("bootstrap", &tokens.await);
    let keys = guess(address, move |number| {
        let key = wrong(Kind::Key, number);
        format!("GET /api/v1/apps HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\r\n")
    });
    check("keys", &keys.await);
    drop((house, door));
    // At the door for pages, which count in the same place as the others.
    let (house, door) = open().await;
    let address = door.address();
    let lines = guess(address, move |number| {
        let key = wrong(Kind::Key, number);
        format!(
            "GET /ws HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nconnection: Upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
    });
    check("lines", &lines.await);
    drop((house, door));
}
