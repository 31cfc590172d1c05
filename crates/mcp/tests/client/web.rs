//! Servers behind addresses: those that lose what they knew, break off, or are older than they look.

use crate::scene::{
    Played, Witness, body, greeting, header, message, open, options, refusal, reply, result, soon, tight, value, way,
};
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture};
use http::Method;
use mcp::client::{
    AskRefused, Call, CallError, CallHost, Change, HttpBody, HttpError, HttpSender, InputRequest, Revision, Style,
};
use serde_json::{Map, Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::mpsc;

type Answer = Result<http::Response<HttpBody>, HttpError>;
/// What a server was asked, and in which session.
type Heard = Arc<Mutex<Vec<String>>>;

/// An old server: what it does with `tools/call` is up to the test.
fn old(
    calls: impl Fn(&http::Request<bytes::Bytes>, usize) -> Answer + Send + Sync + 'static,
) -> (impl HttpSender, Heard) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (noted, counted) = (heard.clone(), AtomicUsize::new(0));
    let sessions = AtomicUsize::new(0);
    let play = move |request: http::Request<bytes::Bytes>| {
        let said = message(&request);
        let method = said["method"].as_str().unwrap_or(request.method().as_str()).to_owned();
        let session = header(&request, "mcp-session-id").unwrap_or_default();
        noted.lock().unwrap().push(format!("{method} {session}").trim_end().to_owned());
        std::future::ready(match method.as_str() {
            "server/discover" => Ok(refusal(400, &said, -32000, json!(null))),
            "initialize" => {
                let mut answer = result(&said, greeting());
                let id = sessions.fetch_add(1, Ordering::SeqCst) + 1;
                answer.headers_mut().insert("mcp-session-id", format!("s{id}").parse().unwrap());
                Ok(answer)
            }
            "tools/call" => calls(&request, counted.fetch_add(1, Ordering::SeqCst)),
            "GET" if header(&request, "last-event-id").is_some() => {
                calls(&request, counted.fetch_add(1, Ordering::SeqCst))
            }
            "GET" => Ok(reply(405, "text/plain", "")),
            _ => Ok(reply(202, "text/plain", "")),
        })
    };
    (Played(play), heard)
}

#[tokio::test]
async fn a_lost_session_is_greeted_again_and_the_call_repeated() {
    let (sender, heard) = old(|request, _| {
        let said = message(request);
        match header(request, "mcp-session-id").as_deref() {
            Some("s1") => Ok(refusal(404, &said, -32001, json!(null))),
            _ => Ok(result(&said, json!({ "content": [] }))),
        }
    });
    let session = open(way(sender, None), options()).await.unwrap();
    assert_eq!((session.server().revision, session.server().style), (Revision::V2025_11_25, Style::Streamable));
    let (call, other) = (Call::unattended(), Call::unattended());
    let (one, two) =
        tokio::join!(session.call_tool("a", Map::new(), &call), session.call_tool("b", Map::new(), &other));
    assert!(one.is_ok() && two.is_ok());
    soon(session.close()).await;
    let heard = heard.lock().unwrap();
    assert_eq!(heard.iter().filter(|line| line.starts_with("initialize")).count(), 2, "{heard:?}");
    assert_eq!(heard.last().unwrap(), "DELETE s2");
}

#[tokio::test]
async fn news_are_listened_to_as_long_as_the_session_lasts() {
    const BROKEN_OFF: usize = 12;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let sender = Played(move |request: http::Request<bytes::Bytes>| {
        let said = message(&request);
        let method = said["method"].as_str().unwrap_or(request.method().as_str()).to_owned();
        std::future::ready(match method.as_str() {
            "server/discover" => Ok(refusal(400, &said, -32000, json!(null))),
            "initialize" => Ok(result(&said, greeting())),
            "GET" => match counted.fetch_add(1, Ordering::SeqCst) {
                0..BROKEN_OFF => Ok(reply(200, "text/event-stream", "retry: 1\n\n")),
                BROKEN_OFF => {
                    let news = json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" });
                    Ok(reply(200, "text/event-stream", format!("data: {news}\n\n")))
                }
                _ => Ok(reply(405, "text/plain", "")),
            },
            _ => Ok(reply(202, "text/plain", "")),
        })
    });
    let session = open(way(sender, None), options()).await.unwrap();
    let mut changes = session.changes();
    loop {
        match soon(changes.next()).await {
            Some(Change::Tools) => break,
            // What was told while nobody listened is asked for.
            Some(Change::Missed) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(asked.load(Ordering::SeqCst) > BROKEN_OFF);
    // One that has no stream any more knows the session no more: that too is news, and the last.
    assert_eq!(soon(changes.next()).await, Some(Change::Missed));
}

#[tokio::test]
async fn a_server_that_never_keeps_a_session_is_not_greeted_without_end() {
    let (sender, heard) = old(|request, _| Ok(refusal(404, &message(request), -32001, json!(null))));
    let session = open(way(sender, None), options()).await.unwrap();
    let error = soon(session.call_tool("a", Map::new(), &Call::unattended())).await.unwrap_err();
    assert_eq!(error.to_string(), "the server has gone: it knows the session no more");
    assert_eq!(heard.lock().unwrap().iter().filter(|line| line.starts_with("initialize")).count(), 4);
}

#[tokio::test]
async fn what_may_have_been_heard_is_not_done_twice() {
    let (sender, heard) = old(|_, _| Err(HttpError::new("the connection broke")));
    let session = open(way(sender, None), options()).await.unwrap();
    let error = soon(session.call_tool("a", Map::new(), &Call::unattended())).await.unwrap_err();
    assert_eq!(error.to_string(), "the connection broke");
    assert_eq!(heard.lock().unwrap().iter().filter(|line| line.starts_with("tools/call")).count(), 1);
    let (sender, heard) = old(|request, times| match times {
        0 => Err(HttpError { why: "nobody is there".into(), unheard: true }),
        _ => Ok(result(&message(request), json!({ "content": [] }))),
    });
    let session = open(way(sender, None), options()).await.unwrap();
    assert!(soon(session.call_tool("a", Map::new(), &Call::unattended())).await.is_ok());
    assert_eq!(heard.lock().unwrap().iter().filter(|line| line.starts_with("tools/call")).count(), 2);
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_taken_up_where_it_was() {
    let witness = Arc::new(Witness::default());
    let id = Arc::new(Mutex::new(json!(null)));
    let (sender, heard) = old(move |request, times| {
        if times == 0 {
            *id.lock().unwrap() = message(request)["id"].clone();
        }
        let token = id.lock().unwrap().clone();
        let event = |place: &str, message: serde_json::Value| format!("id: {place}\nretry: 1\ndata: {message}\n\n");
        let progress = |n| json!({ "jsonrpc": "2.0", "method": "notifications/progress", "params": { "progressToken": token, "progress": n } });
        let answer = json!({ "jsonrpc": "2.0", "id": token, "result": { "content": [] } });
        let expected = [None, Some("a"), Some("b")][times].map(str::to_owned);
        assert_eq!(header(request, "last-event-id"), expected);
        Ok(reply(
            200,
            "text/event-stream; charset=utf-8",
            match times {
                0 => format!("{}{}", event("a", progress(1)), ": half an event\ndata: {"),
                1 => event("b", progress(2)),
                _ => event("c", answer),
            },
        ))
    });
    let session = open(way(sender, None), options()).await.unwrap();
    let outcome = soon(session.call_tool("a", Map::new(), &witness.call())).await;
    assert_eq!(value(&outcome.unwrap()), json!({ "content": [] }));
    assert_eq!(witness.told(), ["1/0", "2/0"]);
    assert_eq!(heard.lock().unwrap().iter().filter(|line| line.starts_with("tools/call")).count(), 1);
}

#[tokio::test]
async fn a_stream_that_always_breaks_off_ends_in_an_error() {
    let (sender, heard) = old(|_, _| Ok(reply(200, "text/event-stream", "id: x\nretry: 1\ndata\n\n")));
    let session = open(way(sender, None), tight(|bounds| bounds.resumptions = 3)).await.unwrap();
    let error = soon(session.call_tool("a", Map::new(), &Call::unattended())).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server's answer to tools/call is not understood: its stream ended before the answer"
    );
    assert_eq!(heard.lock().unwrap().iter().filter(|line| line.starts_with("GET s1")).count(), 4);
}

#[tokio::test]
async fn answers_that_are_none_are_named() {
    let big = format!("data: {}\n\n", "x".repeat(70_000));
    let cases: Vec<(u16, &str, String, &str)> = vec![
        (302, "text/html", String::new(), "the server answers tools/call with HTTP status 302"),
        (500, "text/html", "<h1>Oh no".into(), "the server answers tools/call with HTTP status 500"),
        (401, "text/html", String::new(), "the server wants to know who asks, and no sign-in is set up for it"),
        (403, "text/html", String::new(), "the server answers tools/call with HTTP status 403"),
        (
            200,
            "text/html",
            "<h1>Hello".into(),
            "the server's answer to tools/call is not understood: it is neither JSON nor a stream of events",
        ),
        (200, "application/json", "{".into(), "the server's answer to tools/call is not understood: it is not JSON"),
        (200, "application/json", "x".repeat(70_000), "the server sends more than 65536 bytes in a message"),
        (200, "text/event-stream", big, "the server sends more than 65536 bytes in an event"),
        (
            200,
            "application/json",
            json!({ "jsonrpc": "2.0", "id": 4_000, "result": {} }).to_string(),
            "the server's answer to tools/call is not understood: it does not answer what was asked",
        ),
    ];
    for (status, kind, text, expected) in cases {
        let (sender, _) = old(move |_, _| Ok(reply(status, kind, text.clone())));
        let session = open(way(sender, None), tight(|bounds| bounds.message_bytes = 65_536)).await.unwrap();
        let error = soon(session.call_tool("a", Map::new(), &Call::unattended())).await.unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn the_newest_wire_is_told_in_headers_and_knows_no_greeting() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let noted = heard.clone();
    let sender = Played(move |request: http::Request<bytes::Bytes>| {
        let said = message(&request);
        let names = ["mcp-protocol-version", "mcp-method", "mcp-name", "mcp-param-region", "mcp-session-id"];
        let headers: Vec<_> = names.iter().map(|name| header(&request, name).unwrap_or_default()).collect();
        noted.lock().unwrap().push(headers.join("|"));
        std::future::ready(Ok(match said["method"].as_str().unwrap() {
            "server/discover" => {
                let capabilities = json!({ "tools": {} });
                result(
                    &said,
                    json!({ "resultType": "complete", "supportedVersions": ["2027-01-01", "2026-07-28"], "capabilities": capabilities }),
                )
            }
            "tools/list" => {
                let region = json!({ "type": "string", "x-mcp-header": "Region" });
                let broken = json!({ "type": "number", "x-mcp-header": "Broken" });
                let tool = |name: &str, property| json!({ "name": name, "inputSchema": { "properties": { "region": property } } });
                result(
                    &said,
                    json!({ "resultType": "complete", "tools": [tool("wo", region), tool("broken", broken)] }),
                )
            }
            _ if header(&request, "mcp-param-region").is_none() => refusal(400, &said, -32020, json!(null)),
            _ => result(&said, json!({ "resultType": "complete", "content": [] })),
        }))
    });
    let session = open(way(sender, None), options()).await.unwrap();
    assert_eq!(session.server().revision, Revision::V2026_07_28);
    // It did not know of the header before the server said so.
    let arguments = Map::from_iter([("region".to_owned(), "Köln".into())]);
    assert!(soon(session.call_tool("wo", arguments, &Call::unattended())).await.is_ok());
    let tools = session.tools(&Call::unattended()).await.unwrap();
    assert_eq!(tools.len(), 1, "what the transport forbids is left out");
    let expected = [
        "2026-07-28|server/discover|||",
        "2026-07-28|tools/call|wo||",
        "2026-07-28|tools/list|||",
        "2026-07-28|tools/call|wo|=?base64?S8O2bG4=?=|",
        "2026-07-28|tools/list|||",
    ];
    assert_eq!(heard.lock().unwrap()[..], expected);
}

#[tokio::test]
async fn closing_the_stream_takes_a_call_back_on_the_newest_wire() {
    let (closed, told) = mpsc::unbounded_channel::<()>();
    let posts = Arc::new(AtomicUsize::new(0));
    let counted = posts.clone();
    let sender = Played(move |request: http::Request<bytes::Bytes>| {
        let said = message(&request);
        counted.fetch_add(1, Ordering::SeqCst);
        let closed = closed.clone();
        std::future::ready(Ok(if said["method"] == "server/discover" {
            result(&said, json!({ "supportedVersions": ["2026-07-28"], "capabilities": {} }))
        } else {
            let endless = futures_util::stream::unfold(Closing(closed), |closing| async move {
                std::future::pending::<()>().await;
                Some((Ok(bytes::Bytes::new()), closing))
            });
            http::Response::builder().header("content-type", "text/event-stream").body(endless.boxed()).unwrap()
        }))
    });
    let mut told = told;
    let session = open(way(sender, None), options()).await.unwrap();
    let call = Call::unattended();
    let cancel = call.cancel.clone();
    let (outcome, ()) = tokio::join!(session.call_tool("a", Map::new(), &call), async {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        cancel.cancel();
    });
    assert!(matches!(outcome, Err(CallError::Cancelled { .. })));
    soon(told.recv()).await.unwrap();
    assert_eq!(posts.load(Ordering::SeqCst), 2, "nothing else is sent");
}

/// Tells when it is dropped.
struct Closing(mpsc::UnboundedSender<()>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.send(()).ok();
    }
}

/// A server of the old transport; `endpoint` is where it wants messages.
fn paired(
    endpoint: &'static str,
) -> Played<impl Fn(http::Request<bytes::Bytes>) -> futures_util::future::BoxFuture<'static, Answer> + Send + Sync> {
    let events = Arc::new(Mutex::new(None::<mpsc::UnboundedSender<String>>));
    Played(move |request: http::Request<bytes::Bytes>| {
        let events = events.clone();
        async move {
            if request.method() == Method::GET {
                let (sender, mut receiver) = mpsc::unbounded_channel();
                sender.send(format!("event: endpoint\ndata: {endpoint}\n\n")).unwrap();
                *events.lock().unwrap() = Some(sender);
                let stream = futures_util::stream::poll_fn(move |context| receiver.poll_recv(context));
                let body = stream.map(|event| Ok(bytes::Bytes::from(event))).boxed();
                return Ok(http::Response::builder().header("content-type", "text/event-stream").body(body).unwrap());
            }
            if request.uri().path() == "/mcp" {
                return Ok(reply(404, "text/html", "Not found"));
            }
            assert_eq!(request.uri().to_string(), "http://localhost:7/messages?session=1");
            let said = message(&request);
            let result = match said["method"].as_str().unwrap() {
                "initialize" => json!({ "protocolVersion": "2024-11-05", "capabilities": { "tools": {} } }),
                "tools/call" if said["params"]["name"] == "end" => {
                    *events.lock().unwrap() = None;
                    return Ok(reply(202, "text/plain", ""));
                }
                "notifications/initialized" => return Ok(reply(202, "text/plain", "")),
                _ => json!({ "content": [], "tools": [] }),
            };
            let answer = json!({ "jsonrpc": "2.0", "id": said["id"], "result": result });
            events.lock().unwrap().as_ref().unwrap().send(format!("event: message\ndata: {answer}\n\n")).unwrap();
            Ok(reply(202, "text/plain", "Accepted"))
        }
        .boxed()
    })
}

#[tokio::test]
async fn the_old_transport_is_found_and_opened_again_where_its_stream_ends() {
    let session = open(way(paired("/messages?session=1"), None), options()).await.unwrap();
    assert_eq!((session.server().revision, session.server().style), (Revision::V2024_11_05, Style::Sse));
    let call = Call::unattended();
    assert!(soon(session.call_tool("a", Map::new(), &call)).await.is_ok());
    let error = soon(session.call_tool("end", Map::new(), &call)).await.unwrap_err();
    assert_eq!(error.to_string(), "the server has gone: its stream has ended");
    assert_eq!(soon(session.tools(&call)).await.unwrap().len(), 0);
    assert!(soon(session.call_tool("a", Map::new(), &call)).await.is_ok());
    let known = Some(session.server().known());
    let again = open(way(paired("/messages?session=1"), None), mcp::client::Options { known, ..options() }).await;
    assert_eq!(again.unwrap().server().style, Style::Sse);
}

#[tokio::test]
async fn the_old_transport_may_not_send_messages_elsewhere() {
    for elsewhere in
        ["https://evil.example/messages", "//evil.example/m", "http://localhost:8/messages", "https://localhost:7/m"]
    {
        let mut way = way(paired(elsewhere), None);
        let mcp::client::Way::Web(web) = &mut way else { panic!("it is behind an address") };
        web.sse_only = true;
        let error = open(way, options()).await.map(drop).unwrap_err().to_string();
        let expected = "the server cannot be opened: the server's answer to the stream of events is not understood: \
                        it wants messages sent to another host";
        assert_eq!(error, expected, "{elsewhere}");
    }
}

#[tokio::test]
async fn many_pieces_make_one_answer() {
    let (sender, _) = old(|request, _| {
        let answer = json!({ "jsonrpc": "2.0", "id": message(request)["id"], "result": { "content": [] } });
        let text = format!("event: message\r\ndata: {answer}\r\n\r\n");
        let pieces = text.chars().map(String::from).collect();
        Ok(http::Response::builder().header("content-type", "Text/Event-Stream").body(body(pieces)).unwrap())
    });
    let session = open(way(sender, None), options()).await.unwrap();
    assert!(soon(session.call_tool("a", Map::new(), &Call::unattended())).await.is_ok());
}

#[tokio::test]
async fn addresses_that_have_to_be_opened_first_are_put_to_the_person() {
    let data = json!({ "elicitations": [{ "mode": "url", "elicitationId": "e", "url": "https://a.example", "message": "Sign in" }] });
    let (sender, heard) = old(move |request, times| {
        let said = message(request);
        Ok(if times == 0 { refusal(200, &said, -32042, data.clone()) } else { result(&said, json!({ "content": [] })) })
    });
    let session = open(way(sender, None), options()).await.unwrap();
    let host = Arc::new(Opener(Mutex::default()));
    let unable = session.call_tool("a", Map::new(), &Call::new(host.clone())).await.unwrap_err();
    assert_eq!(unable.to_string(), "the server refused tools/call: no (code -32042)");
    assert_eq!(host.0.lock().unwrap().len(), 0, "what was not offered is not asked");
    let data = json!({ "elicitations": [{ "mode": "url", "elicitationId": "e", "url": "https://a.example", "message": "Sign in" }] });
    let (sender, _) = old(move |request, times| {
        let said = message(request);
        Ok(if times == 0 { refusal(200, &said, -32042, data.clone()) } else { result(&said, json!({ "content": [] })) })
    });
    let session = open(way(sender, None), options()).await.unwrap();
    let mut call = Call::new(host.clone());
    call.abilities = Some(mcp::client::Abilities { elicitation_url: true, ..Default::default() });
    assert!(soon(session.call_tool("a", Map::new(), &call)).await.is_ok());
    assert_eq!(host.0.lock().unwrap()[..], ["https://a.example"]);
    assert_eq!(heard.lock().unwrap().iter().filter(|line| line.starts_with("tools/call")).count(), 1);
}

/// Opens every address.
struct Opener(Mutex<Vec<String>>);

impl CallHost for Opener {
    fn ask(&self, requests: Vec<InputRequest>) -> BoxFuture<'_, Result<Vec<Value>, AskRefused>> {
        let addresses = requests.iter().map(|request| request.params["url"].as_str().unwrap().to_owned());
        self.0.lock().unwrap().extend(addresses);
        std::future::ready(Ok(vec![json!({ "action": "accept" }); requests.len()])).boxed()
    }
}

#[tokio::test]
async fn what_is_known_wrongly_is_found_out_again() {
    let (sender, heard) = old(|request, _| Ok(result(&message(request), json!({ "content": [] }))));
    for known in [Style::Sse, Style::Streamable] {
        let known = Some(mcp::client::Known { revision: Revision::V2026_07_28, style: known });
        let (sender, _) = old(|request, _| Ok(result(&message(request), json!({ "content": [] }))));
        let session = open(way(sender, None), mcp::client::Options { known, ..options() }).await.unwrap();
        assert_eq!(
            session.server().known(),
            mcp::client::Known { revision: Revision::V2025_11_25, style: Style::Streamable }
        );
    }
    let known = Some(mcp::client::Known::initialize());
    open(way(sender, None), mcp::client::Options { known, ..options() }).await.unwrap();
    assert_eq!(heard.lock().unwrap()[0], "initialize", "nothing is asked that is known");
}
