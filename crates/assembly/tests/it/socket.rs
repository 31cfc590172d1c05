//! What a stranger could say to the socket, and how much of it.

use crate::{
    Household,
    household::{ask, begun, http, read, start, stop, until},
};
use assembly::{Answers, Client};
use protocol::{
    ErrorCode,
    api::{Envelope, Frame, Reply, Request, StopTarget},
};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt as _;

fn connections(holder: &Client) -> usize {
    match holder {
        Client::Holder { server, .. } => server.connections(),
        Client::Through { .. } => panic!("it holds the home"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_refused_in_words_and_harms_nobody() {
    let household = Household::new();
    let holder = household.client().await;
    // What is no HTTP gets its status, or nothing.
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(10_000));
    for bytes in [
        b"hello\n".as_slice(),
        b"\x00\x01\x02\xff\xfe\r\n\r\n",
        br#"{"presence":false,"request":{"request":"hello"}}"#,
        b"GET /api/v1/status HTTP/9.9\r\n\r\n",
        b"GET /api/v1/status HTTP/1.1\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ] {
        let said = household.say(bytes).await;
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
        assert!(matches!(said.status, Some(400 | 414 | 431 | 505)), "{shown}: {:?} {}", said.status, said.body);
    }
    // Half a message.
    for bytes in [
        b"".as_slice(),
        b"\n",
        b"GET /api/v1/sta",
        b"GET /api/v1/status HTTP/1.1\r\n",
        &http("POST", "/api/v1/runs", b"{\"app\"")[..70],
    ] {
        assert!(household.say_half(bytes).await.status.is_none_or(|status| status == 400));
    }
    let cut =
        [b"POST /api/v1/runs HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{".as_slice()]
            .concat();
    assert!(household.say_half(&cut).await.status.is_none_or(|status| status == 400));
    let deep = vec![b'['; 100_000];
    let wrong_app = br#"{"app":"../../etc","action":"x"}"#;
    let plain = b"POST /api/v1/runs HTTP/1.1\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n{}";
    for (message, code) in [
        (http("POST", "/api/v1/runs", b"hello"), "invalid_input"),
        (http("POST", "/api/v1/runs", b"null"), "invalid_input"),
        (http("POST", "/api/v1/runs", b"[]"), "invalid_input"),
        (http("POST", "/api/v1/runs", b"{}"), "invalid_input"),
        (http("POST", "/api/v1/runs", b""), "invalid_input"),
        (http("POST", "/api/v1/runs", b"\xff\xfe"), "invalid_input"),
        (http("POST", "/api/v1/runs", &deep), "invalid_input"),
        (http("POST", "/api/v1/runs", wrong_app), "invalid_input"),
        (plain.to_vec(), "invalid_input"),
        (http("GET", "/api/v1/apps/..%2F..%2Fetc", b""), "invalid_input"),
        (http("GET", "/api/v1/apps/%ff%fe", b""), "invalid_input"),
        (http("GET", "/api/v1/runs/none/stream", b""), "invalid_input"),
        (http("GET", "/api/v1/log?limit=-1", b""), "invalid_input"),
        (http("GET", "/api/v1/log?app=..", b""), "invalid_input"),
        (http("GET", "/api/v1/apps?limit=0", b""), "invalid_input"),
        (http("PUT", "/api/v1/apps", b""), "invalid_input"),
        (http("GET", "/api/v1/apps/../../etc/passwd", b""), "not_found"),
        (http("GET", "/api/v1/self_destruct", b""), "not_found"),
        (http("GET", "/", b""), "not_found"),
    ] {
        let said = household.say(&message).await;
        let shown = String::from_utf8_lossy(&message[..message.len().min(80)]).into_owned();
        assert_eq!(said.code(), code, "{shown}");
        assert!(said.body.len() < 800, "{}", said.body);
    }
    // What is not known here may be what it was all about: nothing is done without it.
    let newer = http("POST", "/api/v1/offers", br#"{"source":"/nowhere","with":{"colour":"blue"}}"#);
    assert_eq!(household.say(&newer).await.code(), "invalid_input");
    assert!(ask(&household.client().await, Request::AppList).await.is_ok());
    until("all to have gone", || connections(&holder) == 0).await;
    holder.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_has_a_largest_size_on_both_sides() {
    let household = Household::new();
    let holder = household.client().await;
    let endless = vec![b'x'; 17 << 20];
    assert_eq!(household.say(&http("POST", "/api/v1/runs", &endless)).await.code(), "too_large");
    // Also where nobody says how much will come.
    let head = b"POST /api/v1/runs HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1100000\r\n";
    assert_eq!(household.say(&[head.as_slice(), &endless].concat()).await.code(), "too_large");
    let through = household.client().await;
    let large = start("talk", json!({ "text": "x".repeat(17 << 20) }));
    let refused = ask(&through, large).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::TooLarge);
    // Just what fits is read, and then looked at.
    let fits = start("talk", json!({ "text": "x".repeat(15 << 20) }));
    assert_eq!(ask(&through, fits).await.unwrap_err().code, ErrorCode::AppNotFound);
    drop(through);
    holder.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_say_nothing_keep_nobody_out() {
    let household = Household::new();
    let holder = household.client().await;
    let mut silent = Vec::new();
    for _ in 0..60 {
        silent.push(household.connect().await);
    }
    for (place, stream) in silent[..20].iter_mut().enumerate() {
        let begun: &[u8] = match place % 2 {
            0 => b"POST /api/v1/ru",
            _ => b"POST /api/v1/runs HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
        };
        stream.write_all(begun).await.unwrap();
    }
    let begin = Instant::now();
    let through = household.client().await;
    assert!(ask(&through, Request::AppList).await.is_ok());
    assert!(begin.elapsed() < Duration::from_secs(5));
    // They are told to go after a while, and then nothing of them is left.
    assert_eq!(read(&mut silent[1]).await.code(), "invalid_input");
    assert!(matches!(read(&mut silent[30]).await.status, None | Some(408)));
    drop((silent, through));
    until("all to have gone", || connections(&holder) == 0).await;
    holder.close().await;
}

/// However many watch, whoever wants to stop what they watch gets in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_leave_room_for_stop() {
    let household = Household::new();
    let holder = household.client().await;
    household.install(&holder).await;
    let (run, first) = begun(&holder, "wait").await;
    let follow = Request::RunFollow { run, after_seq: 0 };
    let mut watchers = Vec::new();
    for _ in 0..64 {
        let mut frames = household.ask_raw(follow.clone()).await;
        assert!(matches!(frames.recv().await, Some(Frame::Run { .. })));
        watchers.push(frames);
    }
    for _ in 0..100 {
        let refused = household.ask_raw(follow.clone()).await.recv().await;
        assert!(matches!(refused, Some(Frame::Failed { failure }) if failure.code == ErrorCode::HostBusy));
    }
    let begin = Instant::now();
    let other = household.client().await;
    stop(&other, run).await;
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    assert!(matches!(first.reply().await.unwrap(), Reply::RunEnd { .. }));
    for frames in &mut watchers {
        let mut last = None;
        while let Some(next) = frames.recv().await {
            last = Some(next);
        }
        let Some(Frame::Done { reply: Reply::RunEnd { run } }) = last else { panic!("{last:?}") };
        assert_eq!(run.summary.failure.unwrap().code, ErrorCode::Stopped);
    }
    drop((watchers, other));
    holder.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_is_forgotten_at_once_and_its_run_goes_on() {
    let household = Household::new();
    let holder = household.client().await;
    household.install(&holder).await;
    let through = household.client().await;
    let (run, answers) = begun(&through, "wait").await;
    drop((answers, through));
    // The run says nothing more for a minute.
    until("the client to be forgotten", || connections(&holder) == 0).await;
    let Reply::Runs { runs } = ask(&holder, Request::RunList).await.unwrap() else { panic!() };
    assert_eq!((runs[0].run, runs[0].ended_at), (run, None));
    stop(&holder, run).await;
    holder.close().await;
}

/// A client that reads slowly slows its own run down; others go on, and nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_gets_everything_and_holds_up_nobody() {
    let household = Household::new();
    let holder = household.client().await;
    household.install(&holder).await;
    let mut slow = household.ask_raw(start("talk", json!({ "count": 4_000 }))).await;
    let through = household.client().await;
    let quick = ask(&through, start("talk", json!({ "count": 100 }))).await.unwrap();
    assert!(matches!(quick, Reply::RunEnd { run } if run.text.as_deref() == Some("talked")));
    let mut seq = 0;
    loop {
        match slow.recv().await.expect("the end comes") {
            Frame::Chunk(chunk) => {
                seq += 1;
                assert_eq!(chunk.seq, seq);
            }
            Frame::Done { .. } => break,
            _ => {}
        }
    }
    assert_eq!(seq, 4_000);
    drop((slow, through));
    holder.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_terminals_at_once() {
    let household = Household::new();
    let holder = household.client().await;
    household.install(&holder).await;
    let config = household.config();
    let terminals: Vec<_> = (0..30)
        .map(|_| {
            let config = config.clone();
            tokio::spawn(async move {
                let client = Client::connect(&config).await.unwrap();
                let reply = ask(&client, start("talk", json!({ "count": 3 }))).await.unwrap();
                assert!(matches!(reply, Reply::RunEnd { run } if run.summary.failure.is_none()));
            })
        })
        .collect();
    for terminal in terminals {
        terminal.await.unwrap();
    }
    let Reply::Stopped { runs, .. } = ask(&holder, Request::RunStop { target: StopTarget::All }).await.unwrap() else {
        panic!()
    };
    assert!(runs.is_empty());
    until("all to have gone", || connections(&holder) == 0).await;
    holder.close().await;
}

/// One that served and is gone: the one that asks hears of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_never_comes_is_a_failure() {
    let household = Household::new();
    let holder = household.client().await;
    household.install(&holder).await;
    let through = household.client().await;
    let mut answers: Answers =
        through.ask(Envelope { presence: false, owner: None, request: start("wait", json!({})) }).await.unwrap();
    assert!(matches!(answers.next().await, Frame::Run { .. }));
    holder.close().await;
    let end = answers.reply().await;
    assert!(matches!(&end, Ok(Reply::RunEnd { .. })), "what is under way is told to its end: {end:?}");
    let refused = ask(&through, Request::AppList).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::HomeLocked);
}
