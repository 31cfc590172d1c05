//! The WebSocket, over real sockets, with a client that is not ours.

use crate::stage::{Open, owner};
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::{
    Door, Question,
    api::{Frame, Reply, Request},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest as _,
        handshake::client::Response,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

const ID: &str = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a";
const RUN: &str = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2b";

type Socket = WebSocketStream<TcpStream>;

fn id(number: usize) -> String {
    format!("0193c8a2-7f3e-7a10-9b1c-{number:012x}")
}

impl Open {
    async fn knock(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(Socket, Response), tungstenite::Error> {
        let mut request = format!("ws://{}{path}", self.door.address()).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        client_async(request, TcpStream::connect(self.door.address()).await.unwrap()).await
    }

    async fn line(&self) -> Socket {
        self.knock("/ws", &[("authorization", &self.bearer)]).await.unwrap().0
    }

    /// The status of the answer to a request for a line.
    async fn status(&self, path: &str, headers: &[(&'static str, &str)]) -> u16 {
        match self.knock(path, headers).await {
            Ok((_, answer)) => answer.status().as_u16(),
            Err(tungstenite::Error::Http(answer)) => answer.status().as_u16(),
            Err(other) => panic!("{other}"),
        }
    }
}

async fn say(line: &mut Socket, message: Value) {
    line.send(Message::text(message.to_string())).await.unwrap();
}

async fn hear(line: &mut Socket) -> Value {
    loop {
        if let Message::Text(text) = line.next().await.unwrap().unwrap() {
            return serde_json::from_str(text.as_str()).unwrap();
        }
    }
}

/// What is said until the line ends, and the code with which it ends.
async fn hear_out(line: &mut Socket) -> (Vec<Value>, Option<u16>) {
    let (mut heard, mut code) = (Vec::new(), None);
    while let Some(Ok(said)) = line.next().await {
        match said {
            Message::Text(text) => heard.push(serde_json::from_str(text.as_str()).unwrap()),
            Message::Close(frame) => code = frame.map(|frame| frame.code.into()),
            _ => {}
        }
    }
    (heard, code)
}

fn frame(frame: Value) -> Frame {
    serde_json::from_value(frame).unwrap()
}

fn text(seq: u64, text: &str) -> Frame {
    frame(json!({ "frame": "chunk", "run": RUN, "seq": seq, "type": "text", "text": text }))
}

fn report(failure: Value) -> Frame {
    frame(json!({ "frame": "done", "reply": { "reply": "run_end", "run": { "run": RUN, "app": "notes", "action": "go",
        "started_at": 5, "failure": failure, "usage": { "wall_ms": 1, "cpu_us": 2, "host_cpu_us": 3, "memory_bytes": 4,
        "host_bytes": 5, "chunks": 6, "log_dropped": 7 }, "effects": [], "undoable": false } } }))
}

fn begun() -> Frame {
    frame(json!({ "frame": "run", "run": RUN }))
}

fn execute(number: usize) -> Value {
    json!({ "type": "EXECUTE_ACTION", "requestId": id(number), "payload": { "app": "notes", "action": "go" } })
}

fn uninstall(number: usize) -> Value {
    json!({ "type": "UNINSTALL_APP", "requestId": id(number), "payload": { "app": "notes" } })
}

#[tokio::test]
async fn messages_become_requests_and_frames_become_messages() {
    let question = json!({ "frame": "chunk", "run": RUN, "seq": 2, "type": "ask", "question": { "id": ID, "app": "notes",
        "run": RUN, "sentence": { "code": "effect_stored", "args": [{ "text": "k" }] }, "kind": "pick", "access": "read", "folder": false,
        "asked_at": 5, "expires_at": 6 } });
    let open = Open::new(move |request| match request {
        Request::RunStart { .. } | Request::RunFollow { .. } => {
            vec![begun(), text(1, "a"), frame(question.clone()), text(3, "b"), report(Value::Null)]
        }
        Request::RunStop { .. } => vec![Frame::Done { reply: Reply::Stopped { runs: vec![], paused: vec![] } }],
        Request::Hello => vec![Frame::Done { reply: Reply::Hello { version: "1".to_owned(), pid: 7 } }],
        Request::AppList => vec![Frame::Done { reply: Reply::Apps { apps: vec![] } }],
        Request::RunList => vec![Frame::Done { reply: Reply::Runs { runs: vec![] } }],
        _ => vec![report(json!({ "code": "timeout", "message": "it took too long" }))],
    })
    .await;
    let mut line = open.line().await;
    let mut told = async |message: Value| {
        say(&mut line, message.clone()).await;
        let mut kinds = Vec::new();
        loop {
            let said = hear(&mut line).await;
            assert_eq!(said["requestId"], message["requestId"]);
            assert_eq!(said["deviceId"], owner().device.to_string());
            let kind = said["type"].as_str().unwrap().to_owned();
            let is_last = !matches!(&*kind, "EVENT" | "STREAM_CHUNK" | "APPROVAL_REQUEST");
            kinds.push(kind + &said["payload"]["seq"].as_u64().map(|seq| format!(" {seq}")).unwrap_or_default());
            if is_last {
                return (kinds.join(", "), said["payload"].clone());
            }
        }
    };
    let all = "EVENT, STREAM_CHUNK 1, APPROVAL_REQUEST 2, STREAM_CHUNK 3, STREAM_END";
    let older = json!({ "type": "EXECUTE_ACTION", "requestId": ID, "appId": "notes", "action": "go", "payload": {} });
    for message in [execute(1), older] {
        let (kinds, end) = told(message).await;
        assert_eq!((kinds.as_str(), end["run"]["run"].as_str()), (all, Some(RUN)));
    }
    // From a place in the stream, of a run that is known by its message or by its own id.
    let from = json!({ "app": "notes", "action": "go", "afterSeq": 2 });
    let (kinds, _) = told(json!({ "type": "EXECUTE_ACTION", "requestId": ID, "payload": from })).await;
    assert_eq!(kinds, "EVENT, STREAM_CHUNK 3, STREAM_END");
    let from = json!({ "run": RUN, "afterSeq": 1 });
    let (kinds, _) = told(json!({ "type": "GET_STATUS", "requestId": ID, "payload": from })).await;
    assert_eq!(kinds, "EVENT, APPROVAL_REQUEST 2, STREAM_CHUNK 3, STREAM_END");
    // A run that failed ends with an error that has its code.
    let (kinds, end) = told(uninstall(2)).await;
    assert_eq!((kinds.as_str(), end["code"].as_str()), ("ERROR", Some("timeout")));
    let (kinds, end) = told(json!({ "type": "GET_STATUS", "requestId": ID })).await;
    assert_eq!((kinds.as_str(), end["pid"].as_u64(), &end["status"]), ("DEVICE_STATUS", Some(7), &json!("online")));
    let (kinds, _) = told(json!({ "type": "CANCEL", "requestId": ID, "payload": { "run": RUN } })).await;
    assert_eq!(kinds, "STREAM_END");
}

#[tokio::test]
async fn only_who_is_let_in_gets_a_line() {
    let open = Open::new(|_| vec![Frame::Done { reply: Reply::Ok }]).await;
    let (cookie, signed) = open.signed_in();
    let (bearer, page) = (open.bearer.as_str(), signed.page.expose());
    let ours = format!("http://{}", open.door.address());
    let both = format!("oikos, {page}");
    let key = ("authorization", bearer);
    let guessed = format!("Bearer oikos_{}", "0".repeat(72));
    type Row<'a> = (&'a str, Vec<(&'static str, &'a str)>, u16);
    let table: [Row<'_>; 16] = [
        ("/ws", vec![], 401),
        ("/ws", vec![("authorization", &guessed)], 401),
        ("/ws", vec![key], 101),
        ("/ws", vec![key, ("origin", &ours)], 101),
        ("/ws", vec![key, ("origin", "http://evil.example")], 403),
        ("/ws", vec![key, ("origin", "null")], 403),
        ("/ws", vec![key, ("host", "evil.example")], 421),
        ("/ws", vec![key, ("sec-fetch-site", "cross-site")], 403),
        ("/ws", vec![key, ("sec-fetch-site", "same-site")], 403),
        ("/ws?token=x", vec![key], 400),
        ("/ws", vec![("cookie", &cookie), ("origin", &ours)], 401),
        ("/ws", vec![("cookie", &cookie), ("sec-websocket-protocol", &both)], 403),
        ("/ws", vec![("cookie", &cookie), ("sec-websocket-protocol", &both), ("origin", "http://localhost:1")], 403),
        ("/ws", vec![("sec-websocket-protocol", &both), ("origin", &ours)], 401),
        ("/ws", vec![("cookie", &cookie), ("sec-websocket-protocol", &both), ("origin", &ours)], 101),
        ("/ws", vec![key, ("sec-websocket-version", "12")], 426),
    ];
    for (path, headers, expected) in &table {
        assert_eq!(open.status(path, headers).await, *expected, "{path} {headers:?}");
    }
    // The answer names the word, never the secret.
    let headers = [("cookie", cookie.as_str()), ("sec-websocket-protocol", &both), ("origin", &ours)];
    let (mut line, answer) = open.knock("/ws", &headers).await.unwrap();
    assert_eq!(answer.headers()["sec-websocket-protocol"], "oikos");
    assert!(!format!("{answer:?}").contains(page));
    say(&mut line, uninstall(1)).await;
    hear(&mut line).await;
    assert_eq!(open.house.last().0.door, Door::Page);
    let plain = open.house.say("GET", "/ws", &[("authorization", bearer)], "").await;
    assert_eq!((plain.status.as_u16(), plain.header("upgrade")), (426, "websocket"));
}

#[tokio::test]
async fn a_line_ends_at_once_with_what_it_came_in_by() {
    // Long enough for a line to be full of it.
    let long = "x".repeat(256 << 10);
    let open = Open::new(move |_| {
        let talk = (1..=64).map(|seq| text(seq, &long));
        std::iter::once(begun()).chain(talk).collect()
    })
    .await;
    let mut idle = open.line().await;
    let mut busy = open.line().await;
    say(&mut busy, execute(1)).await;
    hear(&mut busy).await;
    open.house.access.keys().revoke(&owner(), open.key, &open.house.clock).unwrap();
    let (heard, code) = timeout(Duration::from_secs(10), hear_out(&mut idle)).await.unwrap();
    assert_eq!((heard.len(), heard[0]["type"].as_str(), code), (1, Some("ERROR"), Some(3000)));
    assert_eq!(heard[0]["payload"]["code"], "unauthenticated");
    assert_eq!(heard[0]["requestId"], Value::Null);
    // Whoever is being told much hears no more than what was on its way.
    let (heard, code) = timeout(Duration::from_secs(10), hear_out(&mut busy)).await.unwrap();
    assert!(code.is_none_or(|code| code == 3000) && heard.len() < 64, "{}", heard.len());
    open.is_left().await;
    assert_eq!(open.status("/ws", &[("authorization", &open.bearer)]).await, 401);
}

#[tokio::test]
async fn who_says_goodbye_is_answered() {
    let open = Open::new(|_| vec![Frame::Done { reply: Reply::Ok }]).await;
    let mut line = open.line().await;
    let reason = "enough".into();
    line.close(Some(CloseFrame { code: CloseCode::Normal, reason })).await.unwrap();
    assert_eq!(hear_out(&mut line).await.1, Some(1000), "both know that it was an end and no accident");
}

#[tokio::test]
async fn a_door_that_closes_says_so() {
    let open = Open::new(|_| vec![begun()]).await;
    let mut line = open.line().await;
    say(&mut line, execute(1)).await;
    hear(&mut line).await;
    let hearing = tokio::spawn(async move { hear_out(&mut line).await });
    timeout(Duration::from_secs(4), open.door.close()).await.expect("lines do not hold it open");
    let (heard, code) = hearing.await.unwrap();
    assert_eq!((heard[0]["type"].as_str(), heard[0]["payload"]["event"].as_str()), (Some("EVENT"), Some("ending")));
    assert_eq!(code, Some(1001));
}

#[tokio::test]
async fn what_is_no_message_gets_an_error_and_the_line_stays() {
    let open = Open::new(|_| vec![Frame::Done { reply: Reply::Ok }]).await;
    let mut line = open.line().await;
    let deep = |depth| format!(r#"{{"type":"GET_STATUS","requestId":"{ID}","payload":{}"#, "[".repeat(depth));
    let table = [
        ("hello".to_owned(), "invalid_input"),
        ("[]".to_owned(), "invalid_input"),
        (deep(100_000), "invalid_input"),
        (json!({ "type": "SELF_DESTRUCT", "requestId": ID }).to_string(), "invalid_input"),
        (json!({ "type": "GET_STATUS", "requestId": "7" }).to_string(), "invalid_input"),
        (json!({ "type": "GET_STATUS", "requestId": ID, "deviceId": "another" }).to_string(), "not_found"),
        (json!({ "type": "CANCEL", "requestId": ID, "payload": { "requestId": RUN } }).to_string(), "run_not_found"),
        (json!({ "type": "CANCEL", "requestId": ID }).to_string(), "run_not_found"),
        (
            json!({ "type": "EXECUTE_ACTION", "requestId": ID, "appId": "../etc", "action": "x" }).to_string(),
            "invalid_input",
        ),
        (json!({ "type": "APPROVE", "requestId": ID, "payload": {} }).to_string(), "invalid_input"),
    ];
    for (message, code) in table {
        line.send(Message::text(message.clone())).await.unwrap();
        let said = timeout(Duration::from_secs(5), hear(&mut line)).await.expect(&message);
        let shown = &message[..message.len().min(80)];
        assert_eq!((&said["type"], &said["payload"]["code"]), (&json!("ERROR"), &json!(code)), "{shown}");
        assert!(said.to_string().len() < 1_000);
    }
    line.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(hear(&mut line).await["payload"]["code"], "invalid_input");
    assert!(open.house.stage.heard.lock().unwrap().is_empty(), "nothing of it was asked");
    // In fragments, with a ping between them.
    let (one, two) = (uninstall(1).to_string(), "  ".to_owned());
    use tungstenite::protocol::frame::{
        Frame as Part,
        coding::{Data, OpCode},
    };
    line.send(Message::Frame(Part::message(one, OpCode::Data(Data::Text), false))).await.unwrap();
    line.send(Message::Ping("still here".into())).await.unwrap();
    line.send(Message::Frame(Part::message(two, OpCode::Data(Data::Continue), true))).await.unwrap();
    assert_eq!(hear(&mut line).await["type"], "STREAM_END");
}

#[tokio::test]
async fn many_messages_at_once_get_their_answers_and_one_id_one_answer() {
    let open = Open::new(|request| match request {
        Request::RunStart { .. } => vec![begun(), text(1, "a")],
        Request::AppOffer { .. } => vec![frame(json!({ "frame": "step", "sentence": { "code": "progress_verifying" },
            "done": 0 }))],
        Request::RunStop { .. } => vec![Frame::Done { reply: Reply::Stopped { runs: vec![], paused: vec![] } }],
        _ => vec![Frame::Done { reply: Reply::Ok }],
    })
    .await;
    let mut line = open.line().await;
    for number in 0..200 {
        say(&mut line, uninstall(number)).await;
    }
    for _ in 0..200 {
        assert_eq!(hear(&mut line).await["type"], "STREAM_END");
    }
    // Once more, over another line: the stored answers.
    let mut other = open.line().await;
    for number in 0..200 {
        say(&mut other, uninstall(number)).await;
    }
    for _ in 0..200 {
        assert_eq!(hear(&mut other).await["type"], "STREAM_END");
    }
    assert_eq!(open.house.stage.heard.lock().unwrap().len(), 200);
    let another = json!({ "type": "UNINSTALL_APP", "requestId": id(1), "payload": { "app": "other" } });
    say(&mut other, another).await;
    assert_eq!(hear(&mut other).await["payload"]["code"], "conflict");
    // As many runs as a line watches; the next one is refused, and each of them can be stopped.
    for number in 300..332 {
        say(&mut line, execute(number)).await;
        say(&mut line, execute(number)).await;
    }
    say(&mut line, execute(332)).await;
    let (mut begun, mut refused) = (0, 0);
    while begun + refused < 33 {
        let said = hear(&mut line).await;
        begun += usize::from(said["type"] == "EVENT");
        refused += usize::from(said["payload"]["code"] == "host_busy");
    }
    assert_eq!((begun, refused), (32, 1), "one of each, however often it is said");
    say(&mut line, json!({ "type": "CANCEL", "requestId": id(400), "payload": { "requestId": id(301) } })).await;
    loop {
        let said = hear(&mut line).await;
        if said["requestId"] == id(400) {
            assert_eq!(said["type"], "STREAM_END");
            break;
        }
    }
    let (_, asked) = open.house.last();
    assert_eq!(json!(asked), json!({ "request": "run_stop", "target": { "run": RUN } }));
    // Something that takes long is asked once, and is not asked again while it lasts.
    let heard = open.house.stage.heard.lock().unwrap().len();
    let offer = json!({ "type": "INSTALL_APP", "requestId": id(500), "payload": { "source": "/apps/notes" } });
    for _ in 0..3 {
        say(&mut line, offer.clone()).await;
        say(&mut other, offer.clone()).await;
    }
    say(&mut line, uninstall(501)).await;
    while hear(&mut line).await["requestId"] != id(501) {}
    assert_eq!(open.house.stage.heard.lock().unwrap().len(), heard + 2);
}

#[tokio::test]
async fn long_messages_come_whole() {
    let long: String = (0..300_000).map(|number| char::from(b'a' + u8::try_from(number % 26).unwrap())).collect();
    let said = long.clone();
    let open = Open::new(move |_| vec![begun(), text(1, &said), report(Value::Null)]).await;
    let mut line = open.line().await;
    let input = json!({ "text": "ä".repeat(1 << 20) });
    let message =
        json!({ "type": "EXECUTE_ACTION", "requestId": ID, "appId": "notes", "action": "go", "payload": input });
    say(&mut line, message).await;
    assert_eq!(hear(&mut line).await["type"], "EVENT");
    assert_eq!(hear(&mut line).await["payload"]["text"], *long);
    assert_eq!(hear(&mut line).await["type"], "STREAM_END");
    let Request::RunStart { input: heard, .. } = open.house.last().1 else { panic!() };
    assert_eq!(heard, input);
}

#[tokio::test]
async fn who_breaks_the_protocol_is_sent_away_and_nobody_else() {
    let open = Open::new(|_| vec![Frame::Done { reply: Reply::Ok }]).await;
    let mut honest = open.line().await;
    /// A masked frame, as RFC 6455 draws it.
    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first];
        match payload.len() {
            length @ 0..126 => bytes.push(0x80 | u8::try_from(length).unwrap()),
            length => {
                bytes.push(0x80 | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend([0; 4]);
        bytes.extend(payload);
        bytes
    }
    let mut huge = vec![0x81, 0x80 | 127];
    huge.extend(u64::MAX.to_be_bytes());
    huge.extend([0; 4]);
    let mut fragments = masked(0x01, &vec![b' '; 3 << 20]);
    fragments.extend(masked(0x80, &vec![b' '; 3 << 20]));
    type Row = (&'static str, Vec<u8>, Option<u16>, Option<&'static str>);
    let table: [Row; 9] = [
        ("too large", masked(0x81, &vec![b' '; 6 << 20]), Some(1009), Some("too_large")),
        ("too large by its word alone", huge, Some(1009), Some("too_large")),
        ("too large in fragments", fragments, Some(1009), Some("too_large")),
        ("no text", masked(0x81, &[0xff, 0xfe]), Some(1007), None),
        ("unmasked", vec![0x81, 2, b'h', b'i'], Some(1002), None),
        ("reserved bits", masked(0xf1, b"hi"), Some(1002), None),
        ("unknown opcode", masked(0x83, b"hi"), Some(1002), None),
        ("a fragment of nothing", masked(0x80, b"hi"), Some(1002), None),
        ("a flood of pings", masked(0x89, b"hi").repeat(2_000), Some(1008), None),
    ];
    for (what, bytes, expected, said) in table {
        let mut line = open.line().await;
        // Whoever is sent away need not take the rest.
        drop(timeout(Duration::from_secs(5), line.get_mut().write_all(&bytes)).await.expect("it is taken"));
        let (heard, code) = timeout(Duration::from_secs(5), hear_out(&mut line)).await.expect(what);
        assert_eq!((code, heard.first().and_then(|said| said["payload"]["code"].as_str())), (expected, said), "{what}");
    }
    // Who says no more is not waited for.
    let mut half = open.line().await;
    half.get_mut().shutdown().await.unwrap();
    let mut rest = Vec::new();
    timeout(Duration::from_secs(5), half.get_mut().read_to_end(&mut rest)).await.expect("it ends").unwrap();
    // Whoever goes in the middle of a message, or of asking for a line, is gone.
    for bytes in [&b"GET /ws HTTP/1.1\r\nhost: x\r\n"[..], &masked(0x81, &[b' '; 100])[..50]] {
        let mut line = open.line().await;
        line.get_mut().write_all(bytes).await.unwrap();
    }
    say(&mut honest, uninstall(1)).await;
    assert_eq!(hear(&mut honest).await["type"], "STREAM_END");
    drop(honest);
    drop(half);
    open.is_left().await;
}

#[tokio::test]
async fn who_reads_nothing_is_closed_and_who_is_there_stays() {
    let long = "x".repeat(256 << 10);
    let open = Open::new(move |request| match request {
        Request::RunStart { .. } => {
            let talk = (1..=200).map(|seq| text(seq, &long));
            std::iter::once(begun()).chain(talk).collect()
        }
        _ => vec![Frame::Done { reply: Reply::Ok }],
    })
    .await;
    let mut there = open.line().await;
    let mut full = open.line().await;
    let mut silent = open.line().await;
    say(&mut full, execute(1)).await;
    // It is being talked to, and takes nothing of it.
    timeout(Duration::from_secs(10), full.get_ref().readable()).await.expect("an answer begins").unwrap();
    assert_eq!(open.door.connections(), 3);
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    // Somebody who is there answers pings, and says nothing else for ten minutes.
    let reading = async {
        loop {
            match timeout(Duration::from_secs(600), there.next()).await {
                Ok(Some(Ok(Message::Ping(_)))) => {}
                Ok(other) => panic!("{other:?}"),
                Err(_) => return,
            }
            if start.elapsed() > Duration::from_secs(600) {
                return;
            }
        }
    };
    let leaving = async {
        while open.door.connections() > 1 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        start.elapsed()
    };
    let ((), left) = tokio::join!(reading, leaving);
    assert!((60..120).contains(&left.as_secs()), "{left:?}");
    tokio::time::resume();
    say(&mut there, uninstall(1)).await;
    assert_eq!(hear(&mut there).await["type"], "STREAM_END");
    let mut rest = Vec::new();
    silent.get_mut().read_to_end(&mut rest).await.unwrap();
    assert!(rest.windows(2).any(|code| code == 3008u16.to_be_bytes()), "{}", rest.escape_ascii());
}

/// Questions that change a thousand times over while somebody does not read: there is no queue for them, so that in the end
/// they know what is open and were told of little else; and nobody waits for them meanwhile.
#[tokio::test]
async fn who_reads_late_hears_what_is_open_and_no_history() {
    let open = Open::new(|_| vec![Frame::Done { reply: Reply::Ok }]).await;
    let mut late = open.line().await;
    let mut prompt = open.line().await;
    let told = |number: usize| -> Question {
        // Long enough that what nobody reads fills every buffer on the way.
        let said = json!({ "code": "ask_file_write", "args": [{ "text": "x".repeat(64 << 10) }] });
        serde_json::from_value(json!({ "id": id(number), "run": RUN, "app": "notes", "sentence": said,
            "kind": "permission", "line": "file.write", "asked_at": 1, "expires_at": 2 }))
        .unwrap()
    };
    const TURNS: usize = 1_000;
    for turn in 1..=TURNS {
        let asked = told(turn);
        open.house.stage.questions.send_replace(Arc::new([asked]));
        // Whoever reads hears each of them, one by one, and that the one before is settled.
        if turn > 1 {
            let settled = hear(&mut prompt).await;
            assert_eq!((&settled["type"], &settled["payload"]["question"]), (&json!("EVENT"), &json!(id(turn - 1))));
        }
        let asked = hear(&mut prompt).await;
        assert_eq!((&asked["type"], &asked["requestId"]), (&json!("APPROVAL_REQUEST"), &Value::Null));
        assert_eq!(asked["payload"]["question"]["id"], id(turn));
    }
    say(&mut late, uninstall(1)).await;
    let (mut known, mut heard) = (BTreeSet::new(), 0);
    // The last question and the answer come in either order.
    let mut is_answered = false;
    while !is_answered || !known.contains(&id(TURNS)) {
        let said = hear(&mut late).await;
        heard += 1;
        match said["type"].as_str().unwrap() {
            "STREAM_END" => is_answered = true,
            "APPROVAL_REQUEST" => {
                let question = said["payload"]["question"]["id"].as_str().unwrap().to_owned();
                assert!(known.insert(question), "none is told twice");
            }
            _ => assert!(known.remove(said["payload"]["question"].as_str().unwrap()), "only what was told is settled"),
        }
    }
    assert_eq!(known.into_iter().collect::<Vec<_>>(), [id(TURNS)]);
    assert!(heard < TURNS, "{heard}");
}
