//! WebSockets of a whole oikos: what a page does from a card to the end of a run; that one owner's things are not there
//! for another's envelopes; and that streams lose nothing and double nothing over a network that fails.

use crate::{
    Household,
    household::{ask, begun, start, stop},
    proxy::{Fault, Proxy},
};
use assembly::{Client, Door, Doors};
use futures_util::{SinkExt as _, StreamExt as _};
use protocol::{
    Choice, OwnerName, Right, RunId, TokenId,
    api::{Envelope, Frame, Reply, Request},
};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// By what somebody comes in: headers of their requests.
pub(crate) type Pass = Vec<(&'static str, String)>;

pub(crate) fn id(number: usize) -> String {
    format!("0193c8a2-7f3e-7a10-9b1c-{number:012x}")
}

pub(crate) async fn door(client: &Client) -> Door {
    client.open_door(&Doors { bind: ([127, 0, 0, 1], 0).into(), ..Doors::default() }).await.unwrap()
}

pub(crate) async fn asked_for(client: &Client, owner: &str, request: Request) -> Reply {
    let owner: Option<OwnerName> = (owner != "first").then(|| owner.parse().unwrap());
    client.ask(Envelope { presence: true, owner, request }).await.unwrap().reply().await.unwrap()
}

/// A program's pass.
pub(crate) async fn key(client: &Client, owner: &str) -> Pass {
    key_with(client, owner, "k", &[Right::Read, Right::Run, Right::Manage]).await.0
}

/// A program's pass with some rights, and what it is known by.
async fn key_with(client: &Client, owner: &str, name: &str, rights: &[Right]) -> (Pass, TokenId) {
    let new = Request::TokenNew { name: name.parse().unwrap(), rights: rights.to_vec(), expires_in_ms: None };
    let Reply::Token { secret, token } = asked_for(client, owner, new).await else { panic!() };
    (vec![("authorization", format!("Bearer {}", secret.expose()))], token.id)
}

/// The next message, whatever it is about.
async fn next(line: &mut Socket) -> Value {
    let heard = async {
        loop {
            let Message::Text(text) = line.next().await.unwrap().unwrap() else { continue };
            return serde_json::from_str(text.as_str()).unwrap();
        }
    };
    timeout(Duration::from_secs(30), heard).await.expect("a message in time")
}

/// The question that comes next, which nobody asked for: its id, and its run.
async fn question(line: &mut Socket) -> (Value, Value) {
    let said = next(line).await;
    assert_eq!((said["type"].as_str(), &said["requestId"]), (Some("APPROVAL_REQUEST"), &Value::Null), "{said}");
    assert_eq!(said["payload"]["question"]["app"], "asker");
    (said["payload"]["question"]["id"].clone(), said["payload"]["run"].clone())
}

/// Hears that a question needs no answer any more.
async fn settled(line: &mut Socket, (question, run): &(Value, Value)) {
    let said = next(line).await;
    assert_eq!((said["type"].as_str(), &said["requestId"]), (Some("EVENT"), &Value::Null), "{said}");
    assert_eq!(said["payload"], json!({ "event": "settled", "question": question, "run": run }));
}

/// Nothing was said that nobody asked for: what is asked now is answered at once.
async fn quiet(line: &mut Socket) {
    let status = json!({ "type": "GET_STATUS", "requestId": id(9_999) });
    line.send(Message::text(status.to_string())).await.unwrap();
    let said = next(line).await;
    assert_eq!((said["type"].as_str(), &said["requestId"]), (Some("DEVICE_STATUS"), &status["requestId"]), "{said}");
}

/// A page's pass: a link is opened, as a browser does.
pub(crate) async fn page(client: &Client, address: SocketAddr, owner: &str) -> Pass {
    let Reply::Link { url, .. } = asked_for(client, owner, Request::LoginLink).await else { panic!() };
    let link = url.expose().split_once('#').unwrap().1.to_owned();
    let body = json!({ "link": link }).to_string();
    let origin = format!("http://{address}");
    let head = format!(
        "POST /api/v1/sign-in HTTP/1.0\r\nhost: {address}\r\norigin: {origin}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let secret: Value = serde_json::from_str(body).unwrap();
    let protocols = format!("oikos, {}", secret["page"].as_str().unwrap());
    vec![
        ("cookie", cookie.split(';').next().unwrap().to_owned()),
        ("origin", origin),
        ("sec-websocket-protocol", protocols),
    ]
}

/// Opens a line to a door, by some way to it.
pub(crate) async fn line(door: SocketAddr, by: SocketAddr, pass: &Pass) -> Result<Socket, tungstenite::Error> {
    let mut request = format!("ws://{door}/ws").into_client_request().unwrap();
    for (name, value) in pass {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(by).await?;
    Ok(client_async(request, stream).await?.0)
}

/// Says a message, and hears what is said to it until its end: the type and payload of each.
pub(crate) async fn told(line: &mut Socket, message: &Value) -> Vec<(String, Value)> {
    line.send(Message::text(message.to_string())).await.unwrap();
    let mut heard = Vec::new();
    loop {
        let Message::Text(text) = line.next().await.unwrap().unwrap() else { continue };
        let said: Value = serde_json::from_str(text.as_str()).unwrap();
        if said["requestId"] == message["requestId"] {
            let kind = said["type"].as_str().unwrap().to_owned();
            let is_last = matches!(&*kind, "STREAM_END" | "ERROR" | "DEVICE_STATUS");
            heard.push((kind, said["payload"].clone()));
            if is_last {
                return heard;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_a_card_to_a_run_and_back_by_envelopes_alone() {
    let household = Household::new();
    let client = household.client().await;
    let door = door(&client).await;
    let address = door.address();
    let pass = page(&client, address, "first").await;
    let mut socket = line(address, address, &pass).await.unwrap();
    let source = household.app().to_str().unwrap().to_owned();
    let offer = json!({ "type": "INSTALL_APP", "requestId": id(1), "payload": { "source": source } });
    let (kind, offered) = told(&mut socket, &offer).await.pop().unwrap();
    assert_eq!((kind.as_str(), offered["card"]["app"].as_str()), ("STREAM_END", Some("idler")), "{offered}");
    let status = json!({ "type": "GET_STATUS", "requestId": id(2) });
    assert_eq!(told(&mut socket, &status).await[0].1["apps"], json!([]), "nothing is installed before an APPROVE");
    let approve = json!({ "type": "APPROVE", "requestId": id(3), "payload": { "offer": offered["offer"] } });
    let (kind, installed) = told(&mut socket, &approve).await.pop().unwrap();
    assert_eq!(kind, "STREAM_END", "{installed}");
    // The line is cut, and everything said once more: it happened once.
    drop(socket);
    let mut socket = line(address, address, &pass).await.unwrap();
    assert_eq!(told(&mut socket, &offer).await, [("STREAM_END".to_owned(), offered)]);
    assert_eq!(told(&mut socket, &approve).await, [("STREAM_END".to_owned(), installed)]);
    // Both forms of an action; the same request again gives the same run.
    let canonical = json!({ "type": "EXECUTE_ACTION", "requestId": id(4),
        "payload": { "app": "idler", "action": "talk", "input": { "count": 3 } } });
    let older = json!({ "type": "EXECUTE_ACTION", "requestId": id(5), "appId": "idler", "action": "talk",
        "payload": { "count": 3 } });
    let mut runs = Vec::new();
    for message in [&canonical, &canonical, &older, &older] {
        let heard = told(&mut socket, message).await;
        let seqs: Vec<u64> = heard.iter().filter_map(|(_, payload)| payload["seq"].as_u64()).collect();
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
        assert!(seqs.len() >= 3 && heard[0].0 == "EVENT", "{heard:?}");
        let (kind, end) = heard.last().unwrap();
        assert_eq!(kind, "STREAM_END");
        runs.push(end["run"]["run"].as_str().unwrap().to_owned());
    }
    assert!(runs[0] == runs[1] && runs[1] != runs[2] && runs[2] == runs[3], "{runs:?}");
    // A run is cancelled by the message that began it, also in the form that has only its id.
    for cancel in [
        json!({ "type": "CANCEL", "requestId": id(7), "payload": { "requestId": id(6) } }),
        json!({ "type": "CANCEL", "requestId": id(8) }),
    ] {
        let of = if cancel.get("payload").is_some() { 6 } else { 8 };
        let wait = json!({ "type": "EXECUTE_ACTION", "requestId": id(of), "appId": "idler", "action": "wait",
            "payload": {} });
        socket.send(Message::text(wait.to_string())).await.unwrap();
        socket.send(Message::text(cancel.to_string())).await.unwrap();
        loop {
            let Message::Text(text) = socket.next().await.unwrap().unwrap() else { continue };
            let said: Value = serde_json::from_str(text.as_str()).unwrap();
            if said["requestId"] == id(of) && said["type"] == "ERROR" {
                assert_eq!(said["payload"]["code"], "stopped");
                break;
            }
        }
    }
    let status = told(&mut socket, &json!({ "type": "GET_STATUS", "requestId": id(9) })).await.pop().unwrap();
    let of = |name: &str| status.1[name].as_array().unwrap().len();
    assert_eq!((status.0.as_str(), of("apps"), of("runs")), ("DEVICE_STATUS", 1, 4), "{}", status.1);
    let remove =
        json!({ "type": "UNINSTALL_APP", "requestId": id(10), "appId": "idler", "payload": { "erase": true } });
    for _ in 0..2 {
        assert_eq!(told(&mut socket, &remove).await.pop().unwrap().0, "STREAM_END");
    }
    assert_eq!(ask(&client, Request::AppList).await.unwrap(), Reply::Apps { apps: vec![] });
    drop(socket);
    door.close().await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_owners_things_are_not_there_for_envelopes_of_another() {
    let household = Household::new();
    let client = household.client().await;
    household.install(&client).await;
    let door = door(&client).await;
    let address = door.address();
    asked_for(&client, "first", Request::OwnerNew { name: "ben".parse().unwrap() }).await;
    // Of the first owner: a run by an id that the other knows, an offer, a message with an answer.
    let mut first = line(address, address, &key(&client, "first").await).await.unwrap();
    let wait =
        json!({ "type": "EXECUTE_ACTION", "requestId": id(1), "appId": "idler", "action": "wait", "payload": {} });
    first.send(Message::text(wait.to_string())).await.unwrap();
    let run = loop {
        let Message::Text(text) = first.next().await.unwrap().unwrap() else { continue };
        let said: Value = serde_json::from_str(text.as_str()).unwrap();
        if said["type"] == "STREAM_CHUNK" {
            break said["payload"]["run"].as_str().unwrap().to_owned();
        }
    };
    let source = household.app().to_str().unwrap().to_owned();
    let mut offering = line(address, address, &page(&client, address, "first").await).await.unwrap();
    let offer = json!({ "type": "INSTALL_APP", "requestId": id(2), "payload": { "source": source } });
    let offered = told(&mut offering, &offer).await.pop().unwrap().1;
    let offer_id = offered["offer"].as_str().unwrap().to_owned();

    let table = [
        ("EXECUTE_ACTION", json!({ "app": "idler", "action": "wait" }), "app_not_found"),
        ("INSTALL_APP", json!({ "source": source }), "permission_denied"),
        ("APPROVE", json!({ "offer": offer_id }), "not_found"),
        ("APPROVE", json!({ "question": run, "choice": "no" }), "not_found"),
        ("UNINSTALL_APP", json!({ "app": "idler", "erase": true }), "app_not_found"),
        ("GET_STATUS", json!({ "run": run }), "run_not_found"),
        ("CANCEL", json!({ "run": run }), "run_not_found"),
        ("CANCEL", json!({ "requestId": id(1) }), "run_not_found"),
        ("CANCEL", json!({}), "run_not_found"),
    ];
    for pass in [key(&client, "ben").await, page(&client, address, "ben").await] {
        let is_page = pass.len() > 1;
        let mut theirs = line(address, address, &pass).await.unwrap();
        for (kind, payload, code) in &table {
            // What a person installs no key installs, whosever it is.
            let code = if !is_page && !payload["offer"].is_null() { "permission_denied" } else { code };
            // Once with a new id, once with one of the first owner's: neither finds anything.
            for request in [id(100), id(1), id(2)] {
                let message = json!({ "type": kind, "requestId": request, "payload": payload });
                let heard = told(&mut theirs, &message).await;
                let (last, steps) = heard.split_last().unwrap();
                assert!(steps.iter().all(|(kind, step)| kind == "EVENT" && step["event"] == "step"), "{heard:?}");
                let said = (last.0.as_str(), last.1["code"].as_str());
                assert_eq!(said, ("ERROR", Some(code)), "{message}: {heard:?}");
            }
        }
        let status = json!({ "type": "GET_STATUS", "requestId": id(1) });
        let (kind, status) = told(&mut theirs, &status).await.pop().unwrap();
        assert_eq!((kind.as_str(), &status["apps"], &status["runs"]), ("DEVICE_STATUS", &json!([]), &json!([])));
    }
    // All of it is there for whose it is.
    let cancel = json!({ "type": "CANCEL", "requestId": id(3), "payload": { "run": run } });
    assert_eq!(told(&mut first, &cancel).await.pop().unwrap().0, "STREAM_END");
    let decline = json!({ "type": "UNINSTALL_APP", "requestId": id(4), "payload": { "app": "idler" } });
    assert_eq!(told(&mut first, &decline).await.pop().unwrap().0, "STREAM_END");
    door.close().await;
    client.close().await;
}

/// Waits until so many lines are open, as the figures tell.
async fn open_lines(client: &Client, count: usize) {
    let told = async {
        loop {
            let Reply::Metrics { text } = ask(client, Request::Metrics).await.unwrap() else { panic!() };
            if text.contains(&format!("oikos_websockets_open{{door=\"tcp\"}} {count}\n")) {
                return;
            }
        }
    };
    timeout(Duration::from_secs(30), told).await.expect("as many lines");
}

/// Answers a question at a terminal.
async fn answered(client: &Client, question: &Value, choice: Choice) {
    let question = question.as_str().unwrap().parse().unwrap();
    let answer = Request::ApprovalAnswer { question, answer: choice.into() };
    assert_eq!(asked_for(client, "first", answer).await, Reply::Ok);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_come_to_every_line_that_may_see_them_and_to_no_other() {
    let household = Household::new();
    let client = household.client().await;
    let look = household.install_asker(&client, None).await;
    let door = door(&client).await;
    let address = door.address();
    asked_for(&client, "first", Request::OwnerNew { name: "ben".parse().unwrap() }).await;
    let (read, token) = key_with(&client, "first", "reads", &[Right::Read]).await;
    let (run, _) = key_with(&client, "first", "runs", &[Right::Run]).await;
    let mut page_line = line(address, address, &page(&client, address, "first").await).await.unwrap();
    let mut reads = line(address, address, &read).await.unwrap();
    let mut runs = line(address, address, &run).await.unwrap();
    let mut bens = line(address, address, &page(&client, address, "ben").await).await.unwrap();
    let mut ben_reads = line(address, address, &key(&client, "ben").await).await.unwrap();
    for line in [&mut page_line, &mut reads, &mut bens, &mut ben_reads] {
        quiet(line).await;
    }

    open_lines(&client, 5).await;
    // A run that nobody watches: that a page is there is enough for it to ask.
    let start = |number: usize| match look.clone() {
        Request::RunStart { app, action, input, files, .. } => {
            Request::RunStart { id: Some(id(number).parse().unwrap()), app, action, input, files }
        }
        _ => panic!(),
    };
    let begin =
        async |number| client.ask(Envelope { presence: false, owner: None, request: start(number) }).await.unwrap();
    let first = begin(1).await;
    let asked = question(&mut page_line).await;
    assert_eq!(question(&mut reads).await, asked);
    // A line that comes late, or again, hears what is open.
    let mut late = line(address, address, &read).await.unwrap();
    assert_eq!(question(&mut late).await, asked);
    answered(&client, &asked.0, Choice::Once).await;
    for line in [&mut page_line, &mut reads, &mut late] {
        settled(line, &asked).await;
    }
    assert!(matches!(first.reply().await.unwrap(), Reply::RunEnd { run } if run.summary.failure.is_none()));
    // Answered by one page, withdrawn from all.
    let second = begin(2).await;
    let asked = question(&mut page_line).await;
    assert_eq!(question(&mut reads).await, asked);
    assert_eq!(question(&mut late).await, asked);
    let no = json!({ "type": "APPROVE", "requestId": id(50), "payload": { "question": asked.0, "choice": "no" } });
    page_line.send(Message::text(no.to_string())).await.unwrap();
    let (one, other) = (next(&mut page_line).await, next(&mut page_line).await);
    let (end, event) = if one["type"] == "STREAM_END" { (one, other) } else { (other, one) };
    assert_eq!((end["requestId"].clone(), &event["payload"]["event"]), (json!(id(50)), &json!("settled")));
    settled(&mut reads, &asked).await;
    settled(&mut late, &asked).await;
    drop(second);
    // Withdrawn too when the run is stopped.
    let third = begin(3).await;
    let asked = question(&mut page_line).await;
    assert_eq!(question(&mut reads).await, asked);
    assert_eq!(question(&mut late).await, asked);
    stop(&client, asked.1.as_str().unwrap().parse().unwrap()).await;
    for line in [&mut page_line, &mut reads, &mut late] {
        settled(line, &asked).await;
    }
    drop(third);
    // In the stream of who began the run it comes once, in its place, and is withdrawn like any other.
    let Request::RunStart { app, action, input, .. } = start(4) else { panic!() };
    let execute = json!({ "type": "EXECUTE_ACTION", "requestId": id(4),
        "payload": { "app": app, "action": action, "input": input } });
    page_line.send(Message::text(execute.to_string())).await.unwrap();
    let begun = next(&mut page_line).await;
    assert_eq!((&begun["payload"]["event"], &begun["requestId"]), (&json!("run"), &json!(id(4))));
    let mut said = next(&mut page_line).await;
    if said["requestId"].is_null() {
        // It was on the board before its stream had come here.
        said = next(&mut page_line).await;
    }
    assert_eq!((said["type"].as_str(), &said["requestId"]), (Some("APPROVAL_REQUEST"), &json!(id(4))), "{said}");
    let asked = question(&mut reads).await;
    assert_eq!((&said["payload"]["question"]["id"], &said["payload"]["run"]), (&asked.0, &asked.1));
    assert_eq!(question(&mut late).await, asked);
    // What is revoked hears no more.
    asked_for(&client, "first", Request::TokenRevoke { token }).await;
    for line in [&mut reads, &mut late] {
        let said = next(line).await;
        assert_eq!((said["type"].as_str(), &said["payload"]["code"]), (Some("ERROR"), &json!("unauthenticated")));
    }
    answered(&client, &asked.0, Choice::Once).await;
    let mut kinds = Vec::new();
    while !kinds.contains(&"STREAM_END".to_owned()) || !kinds.contains(&"EVENT".to_owned()) {
        kinds.push(next(&mut page_line).await["type"].as_str().unwrap().to_owned());
    }
    // Nobody else heard a word: no other owner, and no key that may not look.
    quiet(&mut bens).await;
    quiet(&mut ben_reads).await;
    let refused = told(&mut runs, &json!({ "type": "GET_STATUS", "requestId": id(60) })).await;
    assert_eq!((refused.len(), refused[0].0.as_str()), (1, "ERROR"), "{refused:?}");
    // When the last page has gone, nobody is there to be asked.
    drop(page_line);
    open_lines(&client, 3).await;
    let Reply::RunEnd { run } = begin(5).await.reply().await.unwrap() else { panic!() };
    assert_eq!(run.summary.failure.map(|failure| failure.code), Some(protocol::ErrorCode::PermissionDenied));
    door.close().await;
    client.close().await;
}

/// Whoever may start a run may hear it to its end, though their line was cut, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_only_runs_goes_on_with_what_it_began() {
    let household = Household::new();
    let client = household.client().await;
    household.install(&client).await;
    let door = door(&client).await;
    let address = door.address();
    let (pass, _) = key_with(&client, "first", "runs", &[Right::Run]).await;
    let message = |number: usize, action: &str, after: u64| {
        json!({ "type": "EXECUTE_ACTION", "requestId": id(number), "payload": { "app": "idler", "action": action,
            "input": { "count": 20 }, "afterSeq": after } })
    };
    let mut first = line(address, address, &pass).await.unwrap();
    let heard = told(&mut first, &message(1, "talk", 0)).await;
    let run = heard[0].1["run"].clone();
    drop(first);
    let mut again = line(address, address, &pass).await.unwrap();
    let rest = told(&mut again, &message(1, "talk", 15)).await;
    assert_eq!((&rest[0].1["run"], rest.last().unwrap().0.as_str()), (&run, "STREAM_END"));
    let seqs: Vec<_> = rest.iter().filter_map(|(_, payload)| payload["seq"].as_u64()).collect();
    assert_eq!(seqs.first(), Some(&16), "{seqs:?}");
    // The same while it runs.
    again.send(Message::text(message(2, "wait", 0).to_string())).await.unwrap();
    let begun = next(&mut again).await["payload"]["run"].clone();
    let mut other = line(address, address, &pass).await.unwrap();
    other.send(Message::text(message(2, "wait", 0).to_string())).await.unwrap();
    assert_eq!(next(&mut other).await["payload"]["run"], begun);
    // An id of another run is no way to see that one, and neither is the run's own.
    let refused = told(&mut other, &message(1, "wait", 0)).await;
    assert_eq!((refused.len(), &refused[0].1["code"]), (1, &json!("conflict")), "{refused:?}");
    let follow = json!({ "type": "GET_STATUS", "requestId": id(3), "payload": { "run": run } });
    assert_eq!(told(&mut other, &follow).await[0].1["code"], "permission_denied");
    stop(&client, begun.as_str().unwrap().parse().unwrap()).await;
    door.close().await;
    client.close().await;
}

/// How much is said: more than a reader may lag behind, and less than is kept while nobody looks.
const CHUNKS: u64 = 1_300;
/// What happens to the connections, one after the other: cut in the head of the answer, at once, between and within
/// messages, and stuck.
const FAULTS: &[Fault] = &[
    Fault::Cut(1),
    Fault::Cut(40),
    Fault::Stall(0),
    Fault::Cut(700),
    Fault::Cut(30_000),
    Fault::Stall(20_000),
    Fault::Cut(100_001),
    Fault::Stall(150_000),
    Fault::Cut(250_000),
    Fault::Stall(300_000),
];
/// How long a client waits for a network that is stuck.
const PATIENCE: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_where_it_was_when_lines_are_cut_and_get_stuck() {
    let household = Household::new();
    let client = household.client().await;
    household.install(&client).await;
    let door = door(&client).await;
    let proxy = Proxy::new(door.address(), FAULTS).await;
    let pass = key(&client, "first").await;
    let (mut seqs, mut lines, mut is_over) = (Vec::new(), 0, false);
    while !is_over {
        lines += 1;
        let Ok(Ok(mut socket)) = timeout(PATIENCE, line(door.address(), proxy.address, &pass)).await else { continue };
        // The very same message each time, but for where it goes on.
        let message = json!({ "type": "EXECUTE_ACTION", "requestId": id(1), "payload": { "app": "idler",
            "action": "talk", "input": { "count": CHUNKS }, "afterSeq": seqs.last().copied().unwrap_or(0) } });
        drop(socket.send(Message::text(message.to_string())).await);
        while let Ok(Some(Ok(said))) = timeout(PATIENCE, socket.next()).await {
            let Message::Text(text) = said else { continue };
            let said: Value = serde_json::from_str(text.as_str()).unwrap();
            match said["type"].as_str().unwrap() {
                "STREAM_CHUNK" => seqs.push(said["payload"]["seq"].as_u64().unwrap()),
                "STREAM_END" => is_over = true,
                "EVENT" => {}
                other => panic!("{other}: {said}"),
            }
            if is_over {
                break;
            }
        }
    }
    assert_eq!(lines, FAULTS.len() + 1);
    assert!(seqs.len() as u64 >= CHUNKS);
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "none is lost, none comes twice");
    let Reply::Runs { runs } = ask(&client, Request::RunList).await.unwrap() else { panic!() };
    assert_eq!(runs.len(), 1);
    door.close().await;
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_run_go_on_where_they_were_too() {
    let household = Household::new();
    let client = household.client().await;
    household.install(&client).await;
    let door = door(&client).await;
    let proxy = Proxy::new(door.address(), FAULTS).await;
    let (_, bearer) = key(&client, "first").await.remove(0);
    let begin = Envelope { presence: false, owner: None, request: start("talk", json!({ "count": CHUNKS })) };
    let mut answers = client.ask(begin).await.unwrap();
    let Frame::Run { run } = answers.next().await else { panic!() };
    drop(answers);
    let mut seqs: Vec<u64> = Vec::new();
    let (mut asked, mut is_over) = (0, false);
    while !is_over {
        asked += 1;
        let stream = TcpStream::connect(proxy.address).await.unwrap();
        is_over = events(stream, door.address(), &bearer, run, &mut seqs).await;
    }
    assert_eq!(asked, FAULTS.len() + 1);
    assert!(seqs.len() as u64 >= CHUNKS);
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "none is lost, none comes twice");
    door.close().await;
    client.close().await;
}

/// Reads events of a run from where it was left; whether its end was among them.
async fn events(mut stream: TcpStream, door: SocketAddr, bearer: &str, run: RunId, seqs: &mut Vec<u64>) -> bool {
    let last = seqs.last().map(|seq| format!("last-event-id: {seq}\r\n")).unwrap_or_default();
    let head = format!(
        "GET /api/v1/runs/{run}/stream HTTP/1.0\r\nhost: {door}\r\nauthorization: {bearer}\r\n\
         accept: text/event-stream\r\n{last}\r\n"
    );
    drop(stream.write_all(head.as_bytes()).await);
    let (mut reader, mut bytes, mut head_ended) = (gateway::EventReader::default(), vec![0; 8 << 10], false);
    let mut head = Vec::new();
    loop {
        let Ok(Ok(read)) = timeout(PATIENCE, stream.read(&mut bytes)).await else { return false };
        if read == 0 {
            return false;
        }
        let mut piece = bytes[..read].to_vec();
        if !head_ended {
            head.extend(piece);
            let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            piece = head.split_off(end + 4);
            assert!(head.starts_with(b"HTTP/1.0 200") || head.starts_with(b"HTTP/1.1 200"), "{}", head.escape_ascii());
            head_ended = true;
        }
        for frame in reader.read(&piece).unwrap() {
            match frame {
                Frame::Run { .. } => {}
                Frame::Chunk(chunk) => seqs.push(chunk.seq),
                Frame::Done { reply: Reply::RunEnd { .. } } => return true,
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_holds_up_a_run_only_until_somebody_else_wants_it() {
    let household = Household::new();
    let client = household.client().await;
    household.install(&client).await;
    let door = door(&client).await;
    let address = door.address();
    let pass = key(&client, "first").await;
    // One line watches a run that waits, and is not read at all.
    let (run, answers) = begun(&client, "wait").await;
    let mut stuck = line(address, address, &pass).await.unwrap();
    let long = json!({ "type": "EXECUTE_ACTION", "requestId": id(1), "appId": "idler", "action": "talk",
        "payload": { "count": 20_000 } });
    stuck.send(Message::text(long.to_string())).await.unwrap();
    // Others are answered meanwhile, the same owner's too.
    let mut other = line(address, address, &pass).await.unwrap();
    for number in 10..30 {
        let talk = json!({ "type": "EXECUTE_ACTION", "requestId": id(number), "appId": "idler", "action": "talk",
            "payload": { "count": 5 } });
        let heard = timeout(Duration::from_secs(10), told(&mut other, &talk)).await.expect("in time");
        assert_eq!(heard.last().unwrap().0, "STREAM_END");
    }
    // And when the reader has gone, its run comes to its end.
    drop(stuck);
    let again = timeout(Duration::from_secs(30), told(&mut other, &long)).await.expect("in time");
    assert_eq!(again.last().unwrap().0, "STREAM_END");
    stop(&client, run).await;
    answers.reply().await.unwrap();
    door.close().await;
    client.close().await;
}
