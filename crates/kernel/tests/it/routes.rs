//! Apps that answer requests: what they may declare, who may ask, and what becomes of each.

use crate::{
    House,
    guests::{Guest, Returned, said, seen, threw},
    house::{app, choice, owner, owner_of},
};
use kernel::{
    ROUTE_CALLS_MAX,
    host_call::{AnswerCall, AnswerPart, HostAnswer, HostCall, HostError},
    runner::GuestFailure,
};
use protocol::{
    Caller, CardChange, Door, ErrorCode, Failure, GrantState, Labels, OwnerId, Right, Rights, RouteAnswer, RouteCall,
    RouteEnd, api::StopTarget, limit::ROUTE_BODY_BYTES_MAX,
};
use serde_json::{Value, json};
use state::{Key, Space, Store as _};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};
use tokio::sync::Notify;

/// A page that was let in.
fn page() -> Caller {
    Caller { door: Door::Page, rights: Rights::of(&[Right::Run]), ..owner() }
}

fn call(request: &str) -> RouteCall {
    let (method, path) = request.split_once(' ').unwrap();
    RouteCall {
        app: app("notes"),
        method: method.to_owned(),
        path: path.to_owned(),
        query: None,
        headers: vec![],
        body: vec![],
    }
}

fn package(version: &str, routes: &[&str], registered: &[&str]) -> Vec<u8> {
    let declared: Vec<Value> = routes
        .iter()
        .map(|route| route.split_once(' ').unwrap())
        .map(|(method, path)| json!({ "method": method, "path": path }))
        .collect();
    let mut logic = "export async function go(payload, ctx) {}\n".to_owned();
    registered.iter().enumerate().for_each(|(index, route)| logic.push_str(&format!("// route:{index}:{route}\n")));
    let files: BTreeMap<String, Vec<u8>> = [
        (
            "manifest.json",
            json!({ "id": "notes", "name": "Notes", "version": version, "routes": declared }).to_string(),
        ),
        ("action-schema.json", json!({ "go": { "input": { "type": "object" } } }).to_string()),
        ("permissions.json", json!({ "storage": true, "file": { "read": true }, "ai": false }).to_string()),
        ("bot-logic.js", logic),
    ]
    .map(|(path, text)| (path.to_owned(), text.into_bytes()))
    .into();
    package::pack(&files).unwrap()
}

impl House {
    async fn install_notes(&self, version: &str, routes: &[&str], registered: &[&str]) -> Result<(), Failure> {
        let archive = self.archive("notes", &package(version, routes, registered));
        let (offer, _) = self.offer(owner(), &archive).await?;
        let choices = vec![choice("file.read", GrantState::Allow, Some(crate::house::WORK))];
        self.kernel.app_install(owner(), offer, choices).await.map(drop)
    }

    /// An app that answers these requests, each like this.
    async fn notes<F, R>(&self, routes: &[&str], script: F)
    where
        F: Fn(Guest) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Returned> + Send + 'static,
    {
        self.install_notes("1.0.0", routes, routes).await.unwrap();
        for (index, route) in routes.iter().enumerate() {
            self.script(&format!("route:{index}:{route}"), script.clone());
        }
    }

    async fn ask(&self, request: &str) -> Result<RouteEnd, Failure> {
        self.kernel.route_call(page(), call(request)).await
    }

    async fn answer(&self, request: &str) -> RouteAnswer {
        match self.ask(request).await.unwrap() {
            RouteEnd::Answered(answer) => answer,
            RouteEnd::Failed(failure) => panic!("{failure:?}"),
        }
    }

    async fn refused(&self, request: &str) -> Failure {
        self.ask(request).await.unwrap_err()
    }

    fn told_labels(&self) -> Labels {
        let entry = self.store.get(&Key::new(OwnerId::LOCAL, Space::Setting, "told/notes")).unwrap();
        entry.map_or(Labels::NONE, |entry| entry.labels)
    }
}

impl Guest {
    async fn body(&self) -> String {
        match self.call(HostCall::Answer(AnswerPart::Body)).await {
            Ok(HostAnswer::Bytes(bytes)) => String::from_utf8(bytes).unwrap(),
            other => panic!("no body: {other:?}"),
        }
    }

    async fn answer(&self, text: &str) -> Result<HostAnswer, HostError> {
        let kind = Some("text/plain".to_owned());
        let call = AnswerCall { kind, body: text.as_bytes().to_vec(), ..AnswerCall::default() };
        self.call(HostCall::Answer(AnswerPart::Answer(call))).await
    }
}

#[tokio::test]
async fn a_request_is_a_run_that_answers_it() {
    let house = House::new();
    house
        .notes(&["GET /notes/:id", "POST /notes"], |guest| async move {
            let said = json!({ "input": guest.input(), "body": guest.body().await, "trigger": guest.trigger() });
            let told = guest.answer(&said.to_string()).await.map_err(threw)?;
            assert_eq!(
                told,
                HostAnswer::Json(json!({
                    "status": 200, "type": "text/plain; charset=utf-8", "bytes": said.to_string().len(),
                }))
            );
            assert_eq!(guest.body().await, "", "once");
            Ok(kernel::runner::GuestValue::default())
        })
        .await;
    let sent = RouteCall {
        query: Some("q=a+b".to_owned()),
        headers: vec![("accept".to_owned(), "*/*".to_owned()), ("cookie".to_owned(), "x".to_owned())],
        body: b"text".to_vec(),
        ..call("POST /notes")
    };
    let RouteEnd::Answered(answer) = house.kernel.route_call(page(), sent).await.unwrap() else { panic!() };
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers, [("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())]);
    let said: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(said["body"], "text");
    assert_eq!(said["trigger"], json!({ "kind": "route", "route": "POST /notes" }));
    assert_eq!(said["input"]["query"], json!({ "q": "a b" }));
    assert_eq!(said["input"]["headers"], json!({ "accept": "*/*" }));
    assert_eq!(said["input"]["hasBody"], true);
    let said: Value = serde_json::from_slice(&house.answer("HEAD /notes/a%20b").await.body).unwrap();
    assert_eq!((&said["input"]["method"], &said["input"]["params"]), (&json!("HEAD"), &json!({ "id": "a b" })));

    let runs = house.kernel.run_list(&owner(), 10).unwrap();
    assert_eq!(runs.len(), 2);
    let post = runs.iter().find(|run| run.action.as_str() == "route_post_notes").unwrap();
    assert_eq!(post.cause.as_ref().unwrap().to_string(), "the request POST /notes");
    let told = house.told(post.run);
    assert_eq!(told[0], "started route_post_notes (version 1.0.0) to answer the request POST /notes");
    assert_eq!(told.len(), 2, "{told:?}");
    // What was sent and answered is nobody's afterwards.
    let stored: Vec<u8> = house.stored().into_iter().flat_map(|(_, _, value)| value).collect();
    assert!(!String::from_utf8_lossy(&stored).contains("a b"));
}

#[tokio::test]
async fn what_the_manifest_does_not_name_is_not_answered() {
    let house = House::new();
    let refused = house.install_notes("1.0.0", &["GET /a"], &["GET /a", "POST /a"]).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::PackageCodeInvalid);
    assert_eq!(refused.message, "notes: its code answers POST /a, and its manifest does not name that in `routes`");
    assert_eq!(refused.hint.as_deref(), Some("the manifest names: GET /a"));
    let refused = house.install_notes("1.0.0", &[], &["GET /a"]).await.unwrap_err();
    assert_eq!(refused.hint.as_deref(), Some("the manifest names none"));
    // What it names and does not answer is there in words.
    house.install_notes("1.0.0", &["GET /a", "GET /b"], &["GET /a"]).await.unwrap();
    let refused = house.refused("GET /b").await;
    assert_eq!(refused.code, ErrorCode::NotAvailable);
    assert_eq!(refused.message, "notes names GET /b in its manifest, and its code does not answer that");
    for nowhere in ["GET /c", "GET //a", "GET /a/", "GET /%2e%2e/a", "GET /a%00", "GET /.oikos/enter"] {
        assert_eq!(house.refused(nowhere).await.code, ErrorCode::NotFound, "{nowhere}");
    }
    let other = house.answer("DELETE /a").await;
    assert_eq!((other.status, other.headers[0].clone()), (405, ("allow".to_owned(), "GET, HEAD".to_owned())));
    assert!(house.kernel.run_list(&owner(), 10).unwrap().is_empty(), "nothing has run");
}

#[tokio::test]
async fn it_takes_the_right_to_run_and_an_app_of_ones_own_that_may() {
    let house = House::new();
    house.notes(&["GET /a"], |guest| async move { guest.answer("here").await.map_err(threw).and(said("")) }).await;
    let reads = Caller { rights: Rights::of(&[Right::Read]), ..page() };
    assert_eq!(house.kernel.route_call(reads, call("GET /a")).await.unwrap_err().code, ErrorCode::PermissionDenied);
    let other = house.kernel.route_call(owner_of(OwnerId(2)), call("GET /a")).await.unwrap_err();
    assert_eq!(other.code, ErrorCode::AppNotFound);
    let large = RouteCall { body: vec![0; ROUTE_BODY_BYTES_MAX + 1], ..call("GET /a") };
    assert_eq!(house.kernel.route_call(page(), large).await.unwrap_err().code, ErrorCode::TooLarge);
    assert_eq!(house.answer("GET /a").await.body, b"here");

    // A page that was left open does not go on after Stop.
    let stopped = house.kernel.stop(&owner(), &StopTarget::App(app("notes"))).unwrap();
    assert_eq!(stopped.paused, [app("notes")]);
    let refused = house.refused("GET /a").await;
    assert_eq!((refused.code, refused.hint.as_deref()), (ErrorCode::Stopped, Some("oikos app enable notes")));
    house.kernel.app_set_enabled(owner(), app("notes"), true).await.unwrap();
    assert_eq!(house.answer("GET /a").await.body, b"here");
    house.kernel.app_set_enabled(owner(), app("notes"), false).await.unwrap();
    assert_eq!(house.refused("GET /a").await.code, ErrorCode::AppDisabled);
    assert_eq!(house.kernel.app_names(OwnerId::LOCAL), [app("notes")]);
    assert!(house.kernel.app_names(OwnerId(2)).is_empty());
}

#[tokio::test]
async fn stop_holds_for_an_app_that_nobody_has_loaded_yet() {
    let mut house = House::new();
    house.notes(&["GET /a"], |guest| async move { guest.answer("here").await.map_err(threw).and(said("")) }).await;
    house.restart();
    house.kernel.stop(&owner(), &StopTarget::All).unwrap();
    assert_eq!(house.refused("GET /a").await.code, ErrorCode::Stopped);
    house.restart();
    house.kernel.recover(OwnerId::LOCAL).unwrap();
    assert_eq!(house.refused("GET /a").await.code, ErrorCode::Stopped, "for the next process as well");
}

#[tokio::test]
async fn a_run_that_fails_or_says_nothing_is_no_answer() {
    let house = House::new();
    house
        .notes(&["GET /:how"], |guest| async move {
            match guest.input()["params"]["how"].as_str().unwrap() {
                "silent" => said("here"),
                "twice" => {
                    guest.answer("one").await.map_err(threw)?;
                    guest.answer("two").await.map_err(threw).and(said(""))
                }
                "cookie" => {
                    let headers = vec![("set-cookie".to_owned(), "a=b".to_owned())];
                    let call = AnswerCall { headers, ..AnswerCall::default() };
                    let refused = guest.call(HostCall::Answer(AnswerPart::Answer(call))).await;
                    refused.map_err(threw).and(said(""))
                }
                "after" => {
                    guest.answer("one").await.map_err(threw)?;
                    Err(kernel::runner::GuestFailure::Trapped("x".to_owned()))
                }
                other => panic!("{other}"),
            }
        })
        .await;
    for (request, part) in [
        ("GET /silent", "came to its end without an answer"),
        ("GET /twice", "answered already"),
        ("GET /cookie", "does not say set-cookie"),
        ("GET /after", "broke its sandbox's rules"),
    ] {
        let RouteEnd::Failed(failure) = house.ask(request).await.unwrap() else { panic!("{request}") };
        assert_eq!(failure.code, ErrorCode::AppFailed, "{request}");
        assert!(failure.message.contains(part), "{request}: {}", failure.message);
    }
    // The log says it too.
    let runs = house.kernel.run_list(&owner(), 10).unwrap();
    let told: Vec<String> = runs.iter().flat_map(|run| house.told(run.run)).collect();
    assert!(told.iter().any(|line| line.contains("does not say set-cookie")), "{told:?}");
}

#[tokio::test]
async fn nobody_else_has_a_request_to_answer() {
    let house = House::new();
    house.notes(&["GET /a"], |guest| async move { guest.answer("x").await.map_err(threw).and(said("")) }).await;
    let refusals = Arc::new(AtomicUsize::new(0));
    let counted = refusals.clone();
    house.script("go", move |guest| {
        let counted = counted.clone();
        async move {
            for refused in [guest.answer("x").await, guest.call(HostCall::Answer(AnswerPart::Body)).await] {
                assert_eq!(seen(refused.unwrap_err()).code, ErrorCode::InvalidInput);
                counted.fetch_add(1, SeqCst);
            }
            said("")
        }
    });
    let viewer = house.start_as(owner(), "notes", "go", json!({}), None, &[]).await.unwrap();
    crate::house::ended(viewer).await;
    assert_eq!(refusals.load(SeqCst), 2);
}

#[tokio::test]
async fn an_app_answers_so_many_at_once_and_who_leaves_takes_the_run_along() {
    let house = House::new();
    let (began, open) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let (counted, waits) = (began.clone(), open.clone());
    house
        .notes(&["GET /a"], move |guest| {
            let (counted, waits) = (counted.clone(), waits.clone());
            async move {
                let waiting = waits.notified();
                counted.fetch_add(1, SeqCst);
                waiting.await;
                guest.answer("late").await.map_err(threw).and(said(""))
            }
        })
        .await;
    let asked: Vec<_> = (0..ROUTE_CALLS_MAX)
        .map(|_| {
            let kernel = house.kernel.clone();
            tokio::spawn(async move { kernel.route_call(page(), call("GET /a")).await })
        })
        .collect();
    house.until("all to begin", || began.load(SeqCst) == ROUTE_CALLS_MAX).await;
    let busy = house.refused("GET /a").await;
    assert_eq!((busy.code, busy.message.as_str()), (ErrorCode::HostBusy, "notes is answering 8 requests already"));
    for gone in &asked[1..] {
        gone.abort();
    }
    house.until("the others to end", || house.kernel.live_runs() == 1).await;
    open.notify_waiters();
    let mut asked = asked.into_iter();
    let RouteEnd::Answered(answer) = asked.next().unwrap().await.unwrap().unwrap() else { panic!() };
    assert_eq!(answer.body, b"late");
    house.idle().await;
    let runs = house.kernel.run_list(&owner(), 20).unwrap();
    let stopped = runs.iter().filter(|run| run.failure.as_ref().is_some_and(|end| end.code == ErrorCode::Stopped));
    assert_eq!(stopped.count(), ROUTE_CALLS_MAX - 1);
}

#[tokio::test]
async fn what_a_page_was_told_it_may_hand_in_again() {
    let mut house = House::new();
    house.world.put("/work/a.txt", "mine");
    let saw = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let labels = saw.clone();
    let reads = Arc::new(AtomicBool::new(false));
    let does = reads.clone();
    let script = move |guest: Guest| {
        let (labels, does) = (labels.clone(), does.clone());
        async move {
            labels.lock().push(guest.call.lease.labels());
            let text = if does.load(SeqCst) { guest.read("/work/a.txt").await.map_err(threw)? } else { String::new() };
            guest.answer(&text).await.map_err(threw).and(said(""))
        }
    };
    house.notes(&["GET /a"], script).await;
    house.answer("GET /a").await;
    reads.store(true, SeqCst);
    assert_eq!(house.answer("GET /a").await.body, b"mine");
    assert_eq!(house.told_labels(), Labels::PRIVATE);
    reads.store(false, SeqCst);
    house.restart();
    house.answer("GET /a").await;
    assert_eq!(*saw.lock(), [Labels::NONE, Labels::NONE, Labels::PRIVATE]);
}

#[tokio::test]
async fn why_a_request_failed_is_told_too() {
    let house = House::new();
    house.world.put("/work/a.txt", "mine");
    let script = |guest: Guest| async move {
        let text = guest.read("/work/a.txt").await.map_err(threw)?;
        Err(GuestFailure::Threw { message: text, stack: None, code: None })
    };
    house.notes(&["GET /a"], script).await;
    let end = house.ask("GET /a").await.unwrap();
    assert!(matches!(&end, RouteEnd::Failed(failure) if failure.message.contains("mine")), "{end:?}");
    assert_eq!(house.told_labels(), Labels::PRIVATE);
}

#[tokio::test]
async fn the_card_and_the_app_say_what_it_answers() {
    let house = House::new();
    let archive = house.archive("notes", &package("1.0.0", &["GET /a", "POST /a"], &["GET /a"]));
    let (offer, card) = house.offer(owner(), &archive).await.unwrap();
    assert_eq!(
        card.answers.unwrap().to_string(),
        "answer requests of your browser and of programs with your keys, at an address of its own: GET /a, POST /a"
    );
    assert!(card.unavailable.is_empty(), "{:?}", card.unavailable);
    let detail = house.kernel.app_install(owner(), offer, vec![]).await.unwrap();
    let routes: Vec<String> = detail.routes.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(routes, ["GET /a", "POST /a"]);
    let archive = house.archive("notes", &package("1.1.0", &["GET /a", "GET /b", "PUT /b"], &["GET /a"]));
    let (_, card) = house.offer(owner(), &archive).await.unwrap();
    let CardChange { more, .. } = card.change.unwrap();
    assert_eq!(more.iter().map(ToString::to_string).collect::<Vec<_>>(), ["answers more requests: GET /b, PUT /b"]);
}

#[tokio::test]
async fn a_browser_is_let_in_to_a_page_of_the_app() {
    let house = House::new();
    house.install_notes("1.0.0", &["POST /x", "GET /:id", "GET /home"], &[]).await.unwrap();
    let entry = async |caller: Caller, place: Option<&str>| {
        house.kernel.route_entry(caller, app("notes"), place.map(str::to_owned)).await.map_err(|failure| failure.code)
    };
    assert_eq!(entry(page(), None).await.as_deref(), Ok("/home"));
    assert_eq!(entry(page(), Some("/7?x=1")).await.as_deref(), Ok("/7?x=1"));
    for place in ["", "7", "//evil.example", "http://evil.example", "/\\evil.example", "/.oikos/enter", "/a b"] {
        assert_eq!(entry(page(), Some(place)).await, Err(ErrorCode::InvalidInput), "{place}");
    }
    let reads = Caller { rights: Rights::of(&[Right::Read]), ..page() };
    assert_eq!(entry(reads, None).await, Err(ErrorCode::PermissionDenied));
    assert_eq!(entry(owner_of(OwnerId(2)), None).await, Err(ErrorCode::AppNotFound));
    house.install_notes("1.1.0", &["POST /x"], &[]).await.unwrap();
    assert_eq!(entry(page(), None).await, Err(ErrorCode::InvalidInput));
    house.install_notes("1.2.0", &[], &[]).await.unwrap();
    assert_eq!(entry(page(), None).await, Err(ErrorCode::NotFound));
}
