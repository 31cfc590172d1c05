//! Bytes that are no request, or two, at the door over TCP: one answer at most, and then the end.

use crate::stage::Open;
use protocol::api::{Frame, Reply, Request};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Says these bytes, and hears what comes until the end. `HOST` and `KEY` stand for what they say.
async fn hear(open: &Open, bytes: &str) -> String {
    let bytes = bytes.replace("HOST", &open.door.address().to_string()).replace("KEY", &open.bearer);
    let mut line = TcpStream::connect(open.door.address()).await.unwrap();
    // The other side may have heard enough before the end.
    drop(line.write_all(bytes.as_bytes()).await);
    let mut heard = Vec::new();
    let end = timeout(Duration::from_secs(30), line.read_to_end(&mut heard)).await;
    assert!(end.is_ok(), "no end after {:?} to {bytes:?}", String::from_utf8_lossy(&heard));
    String::from_utf8_lossy(&heard).into_owned()
}

/// The statuses of all answers to these bytes, before the other side hangs up.
async fn check(open: &Open, bytes: &str, expected: &[&str]) {
    let heard = hear(open, bytes).await;
    let statuses: Vec<&str> = heard.match_indices("HTTP/1.1 ").map(|(at, _)| &heard[at + 9..at + 12]).collect();
    assert_eq!(statuses, expected, "{bytes:?} was answered {heard:?}");
}

#[tokio::test]
async fn two_readings_of_one_message_are_none() {
    let open = Open::new(|_| vec![Frame::Done { reply: Reply::Apps { apps: vec![] } }]).await;
    let list = "GET /api/v1/apps HTTP/1.1\r\nhost: HOST\r\nauthorization: KEY\r\n\r\n";
    let head = "POST /api/v1/stop HTTP/1.1\r\nhost: HOST\r\nauthorization: KEY\r\ncontent-type: application/json\r\n";
    for hidden in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
        "content-length: 2\r\ncontent-length: 4\r\n",
        "transfer-encoding: identity\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: \u{b}chunked\r\n",
        "content-length: +5\r\n",
        "content-length: 0x5\r\n",
        "content-length: -1\r\n",
        "content-length : 5\r\n",
        "content-length:\r\n 5\r\n",
        "x: y\r\n content-length: 5\r\n",
    ] {
        let bytes = format!("{head}{hidden}\r\n0\r\n\r\n{list}");
        let heard = hear(&open, &bytes).await;
        let answers = heard.matches("HTTP/1.1 ").count();
        assert!(answers <= 1 && !heard.contains("HTTP/1.1 200"), "{hidden:?} was answered {heard:?}");
    }
    let heard = open.house.stage.heard.lock().unwrap();
    assert!(!heard.iter().any(|(_, request)| matches!(request, Request::AppList)), "{heard:?}");
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_no_second_request() {
    let open = Open::new(|_| vec![Frame::Done { reply: Reply::Apps { apps: vec![] } }]).await;
    let hidden = "GET /api/v1/apps HTTP/1.1\r\nhost: HOST\r\nauthorization: KEY\r\n\r\n";
    let body = hidden.replace("HOST", &open.door.address().to_string()).replace("KEY", &open.bearer);
    let bytes = format!(
        "POST /api/v1/stop HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    check(&open, &bytes, &["401"]).await;
}

#[tokio::test]
async fn heads_are_bounded() {
    let open = Open::new(|_| vec![Frame::Done { reply: Reply::Apps { apps: vec![] } }]).await;
    let many: String = (0..200).map(|at| format!("x-{at}: y\r\n")).collect();
    check(&open, &format!("GET /livez HTTP/1.1\r\nhost: HOST\r\n{many}\r\n"), &["431"]).await;
    let long = "y".repeat(64 << 10);
    check(&open, &format!("GET /livez HTTP/1.1\r\nhost: HOST\r\nx: {long}\r\n\r\n"), &["431"]).await;
    let answer = hear(&open, &format!("GET /{long} HTTP/1.1\r\nhost: HOST\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 414") || answer.starts_with("HTTP/1.1 431"), "{answer}");
    for nonsense in
        ["\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let heard = hear(&open, nonsense).await;
        assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 4"), "{nonsense:?} was answered {heard:?}");
    }
    // A head that never ends is waited for, and not for ever.
    check(&open, "GET /livez HTTP/1.1\r\nhost: HO", &[]).await;
}

#[tokio::test]
async fn a_name_that_is_not_ours_is_told_nothing_and_the_owner_is_told_once() {
    let open = Open::new(|_| vec![Frame::Done { reply: Reply::Apps { apps: vec![] } }]).await;
    for path in ["/api/v1/apps", "/", "/ws", "/api/v1/sign-in"] {
        for host in ["evil.example", "evil.example:80"] {
            let method = if path.ends_with("sign-in") { "POST" } else { "GET" };
            let answer = hear(
                &open,
                &format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: KEY\r\nconnection: close\r\n\r\n"),
            )
            .await;
            assert!(answer.starts_with("HTTP/1.1 421") && answer.ends_with("\r\n\r\n"), "{answer}");
        }
    }
    let log = open.house.log();
    let told: Vec<_> = log.iter().filter(|line| line.contains("access_host_refused")).collect();
    assert_eq!(told.len(), 2, "{log:?}");
    assert!(told[0].contains("evil.example") && told[0].contains("127.0.0.1"), "{told:?}");
    assert!(open.house.stage.heard.lock().unwrap().is_empty());
}
