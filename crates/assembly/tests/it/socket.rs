//! What a stranger could say to the socket, and how much of it.

use crate::{
    Household,
    household::{ask, begun, frame, line, start, stop, until},
};
use assembly::{Answers, Client};
use protocol::{
    ErrorCode,
    api::{Envelope, Frame, Reply, Request, StopTarget},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt as _;

fn connections(holder: &Client) -> usize {
    match holder {
        Client::Holder { server, .. } => server.connections(),
        Client::Through { .. } => panic!("it holds the home"),
    }
}

fn code(frame: Option<&Value>) -> &str {
    let frame = frame.expect("an answer");
    assert_eq!(frame["frame"], "failed", "{frame}");
    frame["failure"]["code"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_is_refused_in_words_and_harms_nobody() {
    let household = Household::new();
    let holder = household.client().await;
    let deep = [b"{\"presence\":false,\"request\":".as_slice(), &[b'['; 100_000], b"\n"].concat();
    let cases: [&[u8]; 14] = [
        b"\n",
        b"hello\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x00\x01\x02\xff\xfe\n",
        b"null\n",
        b"[]\n",
        b"{}\n",
        br#"{"presence":false,"request":{"request":"self_destruct"}}
"#,
        br#"{"presence":"yes","request":{"request":"hello"}}
"#,
        br#"{"presence":false,"request":{"request":"app_info"}}
"#,
        br#"{"presence":false,"request":{"request":"app_info","app":"../../etc"}}
"#,
        br#"{"presence":false,"request":{"request":"log","limit":-1}}
"#,
        // Half a line, and a whole one that does not end.
        br#"{"presence":false,"request":{"req"#,
        br#"{"presence":false,"request":{"request":"hello"}}"#,
    ];
    for bytes in cases.into_iter().chain([deep.as_slice()]) {
        let answer = household.say(bytes).await;
        assert_eq!(
            code(answer.as_ref()),
            "invalid_input",
            "{}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(80)])
        );
        let message = answer.as_ref().unwrap()["failure"]["message"].as_str().unwrap();
        assert!(message.len() < 400, "{message}");
    }
    assert_eq!(
        household.say(b"").await.as_ref().map(|answer| code(Some(answer)).to_owned()).as_deref(),
        Some("invalid_input")
    );
    // What a newer client adds is passed over.
    let newer = br#"{"presence":false,"since":"2.0","request":{"request":"hello","with":{"colour":"blue"}}}
"#;
    let mut stream = household.connect().await;
    stream.write_all(newer).await.unwrap();
    assert_eq!(frame(&mut stream).await.unwrap()["reply"]["reply"], "hello");
    drop(stream);
    assert!(ask(&household.client().await, Request::AppList).await.is_ok());
    until("all to have gone", || connections(&holder) == 0).await;
    holder.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_has_a_largest_size_on_both_sides() {
    let household = Household::new();
    let holder = household.client().await;
    let endless = vec![b'x'; 17 << 20];
    assert_eq!(code(household.say(&endless).await.as_ref()), "too_large");
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
    for stream in &mut silent[..20] {
        stream.write_all(b"{\"presence\":").await.unwrap();
    }
    let begin = Instant::now();
    let through = household.client().await;
    assert!(ask(&through, Request::AppList).await.is_ok());
    assert!(begin.elapsed() < Duration::from_secs(5));
    // They are told to go after a while, and then nothing of them is left.
    assert_eq!(frame(&mut silent[0]).await, None);
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
    let follow = line(Request::RunFollow { run, after_seq: 0 });
    let mut watchers = Vec::new();
    for _ in 0..64 {
        let mut stream = household.connect().await;
        stream.write_all(&follow).await.unwrap();
        assert_eq!(frame(&mut stream).await.unwrap()["frame"], "run");
        watchers.push(stream);
    }
    for _ in 0..100 {
        assert_eq!(code(household.say(&follow).await.as_ref()), "host_busy");
    }
    let begin = Instant::now();
    let other = household.client().await;
    stop(&other, run).await;
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    assert!(matches!(first.reply().await.unwrap(), Reply::RunEnd { .. }));
    for stream in &mut watchers {
        let mut last = Value::Null;
        while let Some(next) = frame(stream).await {
            last = next;
        }
        assert_eq!(last["reply"]["run"]["failure"]["code"], "stopped");
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
    let mut slow = household.connect().await;
    slow.write_all(&line(start("talk", json!({ "count": 4_000 })))).await.unwrap();
    let through = household.client().await;
    let quick = ask(&through, start("talk", json!({ "count": 100 }))).await.unwrap();
    assert!(matches!(quick, Reply::RunEnd { run } if run.text.as_deref() == Some("talked")));
    let mut seq = 0;
    loop {
        let next = frame(&mut slow).await.expect("the end comes");
        match next["frame"].as_str().unwrap() {
            "chunk" => {
                seq += 1;
                assert_eq!(next["seq"], seq);
            }
            "done" => break,
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
