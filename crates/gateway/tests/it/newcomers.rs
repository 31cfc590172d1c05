//! What strangers can do before they are let in, over real sockets: say little, guess a few times, and make room.

use crate::stage::{Open, owner};
use gateway::auth::FAILURES_FREE;
use protocol::api::{Frame, Reply};
use serde_json::json;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

const WAYS_IN: [&str; 2] = ["/api/v1/sign-in", "/api/v1/bootstrap"];

async fn open() -> Open {
    Open::new(|_| vec![Frame::Done { reply: Reply::Apps { apps: vec![] } }]).await
}

/// Connects from an address of this machine.
async fn connect(from: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

fn message(open: &Open, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let address = open.door.address();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\n{headers}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// Says a message; the status and the body of its answer.
async fn say(line: &mut TcpStream, message: &str) -> (u16, String) {
    line.write_all(message.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    loop {
        assert!(timeout(Duration::from_secs(10), line.read_buf(&mut heard)).await.unwrap().unwrap() > 0, "{heard:?}");
        let text = String::from_utf8_lossy(&heard).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        if body.len() >= length.parse::<usize>().unwrap() {
            return (head[9..12].parse().unwrap(), body.to_owned());
        }
    }
}

#[tokio::test]
async fn a_stranger_says_little() {
    let open = open().await;
    let origin = format!("http://{}", open.door.address());
    for path in WAYS_IN {
        let body = json!({ "link": "x".repeat(5_000), "token": "x".repeat(5_000), "name": "x" }).to_string();
        let mut line = connect([127, 0, 0, 1], open.door.address()).await;
        let (status, said) = say(&mut line, &message(&open, "POST", path, &[("origin", &origin)], &body)).await;
        assert_eq!(status, 413, "{path} {said}");
        // Who says how much is to come is not listened to either.
        let mut line = connect([127, 0, 0, 1], open.door.address()).await;
        let head = message(&open, "POST", path, &[("origin", &origin), ("expect", "100-continue")], &body);
        let (status, _) = say(&mut line, &head[..head.find("\r\n\r\n").unwrap() + 4]).await;
        assert_eq!(status, 413, "{path}");
    }
    assert!(open.house.stage.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_crowd_of_strangers_makes_room() {
    let open = open().await;
    let (address, bearer) = (open.door.address(), open.bearer.clone());
    let alive = message(&open, "GET", "/livez", &[], "");
    let list = message(&open, "GET", "/api/v1/apps", &[("authorization", &bearer)], "");
    // Of the same address as the crowd, and let in before it came.
    let mut known = connect([127, 0, 0, 2], address).await;
    assert_eq!(say(&mut known, &list).await.0, 200);
    let mut crowd = Vec::new();
    for _ in 0..400 {
        let mut one = connect([127, 0, 0, 2], address).await;
        assert_eq!(say(&mut one, &alive).await.0, 200);
        crowd.push(one);
    }
    let mut byte = [0];
    for gone in &mut crowd[..100] {
        let end = timeout(Duration::from_secs(10), gone.read(&mut byte)).await.expect("made room");
        assert!(matches!(end, Ok(0) | Err(_)));
    }
    assert_eq!(say(crowd.last_mut().unwrap(), &alive).await.0, 200, "the last of them stay");
    for from in [[127, 0, 0, 1], [127, 0, 0, 2]] {
        assert_eq!(say(&mut connect(from, address).await, &list).await.0, 200);
    }
    assert_eq!(say(&mut known, &list).await.0, 200, "who was let in stays in");
}

#[tokio::test]
async fn who_is_let_in_no_more_is_a_stranger_again() {
    let open = open().await;
    let list = message(&open, "GET", "/api/v1/apps", &[("authorization", &open.bearer)], "");
    let mut line = connect([127, 0, 0, 1], open.door.address()).await;
    assert_eq!(say(&mut line, &list).await.0, 200);
    open.house.access.keys().revoke(&owner(), open.key, &open.house.clock).unwrap();
    assert_eq!(say(&mut line, &list).await.0, 401);
    let end = timeout(Duration::from_secs(10), line.read(&mut [0])).await.expect("ends");
    assert!(matches!(end, Ok(0) | Err(_)));
}

#[tokio::test]
async fn a_neighbours_guesses_keep_no_owner_out() {
    let open = open().await;
    let (address, origin) = (open.door.address(), format!("http://{}", open.door.address()));
    let sign_in = |link: &str| {
        let body = json!({ "link": link }).to_string();
        message(&open, "POST", WAYS_IN[0], &[("origin", &origin)], &body)
    };
    for number in 0..2 * FAILURES_FREE {
        let mut line = connect([127, 0, 0, 1], address).await;
        let (status, said) = say(&mut line, &sign_in(&format!("oikoslink_{number:072x}"))).await;
        assert_eq!(status, if number < FAILURES_FREE { 401 } else { 429 }, "{said}");
    }
    // What is right comes in all the same, once.
    let (link, _) = open.house.access.link(&owner()).unwrap();
    let link = link.expose().split_once('#').unwrap().1.to_owned();
    assert_eq!(say(&mut connect([127, 0, 0, 1], address).await, &sign_in(&link)).await.0, 200);
    assert_eq!(say(&mut connect([127, 0, 0, 1], address).await, &sign_in(&link)).await.0, 429);
}

#[tokio::test]
async fn a_cookie_that_a_neighbour_put_beside_ours_locks_nobody_out() {
    let open = open().await;
    let (cookie, signed) = open.signed_in();
    let name = cookie.split_once('=').unwrap().0.to_owned();
    let cookies = format!("{name}=planted; {name}=; {cookie}; {name}=another");
    let headers = [("cookie", cookies.as_str()), ("oikos-page", signed.page.expose())];
    for _ in 0..3 * FAILURES_FREE {
        let mut line = connect([127, 0, 0, 1], open.door.address()).await;
        let (status, said) = say(&mut line, &message(&open, "GET", "/api/v1/apps", &headers, "")).await;
        assert_eq!(status, 200, "{said}");
    }
    let mut line = connect([127, 0, 0, 1], open.door.address()).await;
    let headers = [("cookie", cookies.as_str())];
    assert_eq!(
        say(&mut line, &message(&open, "GET", "/api/v1/apps", &headers, "")).await.0,
        401,
        "not without the page"
    );
}
