//! For every route there is: another owner finds nothing of the first one's. The routes come from the API's own
//! description, so that one which is added is asked as well; the whole table is kept beside this file for people to read.

use crate::{
    Household,
    household::{ask, begun, read, stop},
};
use assembly::{Answers, Client, Doors, openapi};
use protocol::{
    Right, RunId,
    api::{Envelope, Frame, Reply, Request},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write as _, net::SocketAddr};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What somebody has, by the names that paths have for it.
type Things = BTreeMap<&'static str, String>;

/// The things of nobody: well formed, and not there.
fn nobodys() -> Things {
    let id = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a";
    let mut things: Things =
        ["run", "offer", "question", "token", "login", "file"].map(|name| (name, id.to_owned())).into();
    things.insert("app", "not-there".to_owned());
    things.insert("key", "not-there".to_owned());
    things
}

/// The body of a request that has one, where it can be about somebody's things.
fn body(operation: &str, things: &Things) -> Value {
    match operation {
        "app_offer" => json!({ "source": "/nowhere" }),
        "app_install" => json!({ "choices": [] }),
        "app_rollback" => json!({ "restore_storage": true }),
        "app_entry" => json!({ "path": "/" }),
        "view_ask" => json!({ "view": "ui://a/b", "method": "tools/call", "params": {} }),
        "grant_set" => json!({ "choices": [{ "line": "storage", "state": "block" }] }),
        "setting_set" => json!({ "settings": { "city": "Graz" } }),
        "run_start" => json!({ "app": things["app"], "action": "talk", "input": { "count": 1 } }),
        "approval_answer" => json!({ "choice": "always" }),
        "file_hand" => json!({ "name": "a.csv", "size_bytes": 3 }),
        // As bytes.
        "file_append" => json!("abc"),
        "event_emit" => json!({ "topic": "home.door", "payload": {} }),
        "publisher_trust" => json!({ "publisher": "0123-4567-89ab-cdef-0123-4567-89ab-cdef" }),
        "publisher_import" => json!({ "statements": "" }),
        "server_sign_in" => json!({}),
        "server_decide" => json!({ "accept": true }),
        "import_list" => json!({ "source": { "from": "clients" } }),
        "import_offer" => json!({ "source": { "from": "clients" }, "app": "files" }),
        "client_connect" => json!({ "dry_run": true }),
        "key_add" => json!({ "name": "of-ben", "value": "x", "hosts": ["a.example"] }),
        "token_new" => json!({ "name": "of-ben", "rights": ["read"] }),
        "owner_new" => json!({ "name": "cleo" }),
        "sign_in" => json!({ "link": "oikoslink_0" }),
        "bootstrap" => json!({ "token": "oikosboot_0", "name": "of-ben", "rights": ["read"] }),
        other => panic!("what does {other} take? Say it here, with whatever of it can be somebody's"),
    }
}

/// One way in for the other owner.
enum Way<'a> {
    /// A terminal at the machine, with a person: nobody may do more.
    Terminal(&'a Household),
    /// The door, with a key of every right.
    Key(SocketAddr, String),
}

impl Way<'_> {
    /// Asks, and answers with the status and the body.
    async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
        let mut message = format!("{} {path} HTTP/1.1\r\nconnection: close\r\n", method.to_uppercase());
        match self {
            Self::Terminal(_) => message.push_str("host: oikos\r\noikos-owner: ben\r\noikos-presence: yes\r\n"),
            Self::Key(address, key) => {
                write!(message, "host: {address}\r\nauthorization: Bearer {key}\r\n").unwrap();
            }
        }
        let body = body.map(Value::to_string);
        if let Some(body) = &body {
            let kind = if path.contains("/pieces") { "octet-stream" } else { "json" };
            write!(message, "content-type: application/{kind}\r\ncontent-length: {}\r\n", body.len()).unwrap();
        }
        write!(message, "\r\n{}", body.unwrap_or_default()).unwrap();
        let said = match self {
            Self::Terminal(household) => {
                let mut stream = household.connect().await;
                stream.write_all(message.as_bytes()).await.unwrap();
                if path.contains("/log/stream") {
                    return begun_stream(stream, path).await;
                }
                read(&mut stream).await
            }
            Self::Key(address, _) => {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(message.as_bytes()).await.unwrap();
                if path.contains("/log/stream") {
                    return begun_stream(stream, path).await;
                }
                read(&mut stream).await
            }
        };
        (said.status.unwrap(), said.body)
    }
}

/// What a stream without an end begins with: the first of the newest entries, which are all there. Of what is not there is
/// none, only from where it follows.
async fn begun_stream(mut stream: impl AsyncRead + Unpin, path: &str) -> (u16, String) {
    let first = if path.contains('?') { "event: log_after" } else { "event: entry" };
    let (mut said, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&said).into_owned();
        if let Some((_, first)) = text.split_once(first)
            && first.contains("\n\n")
        {
            let said = text.split_once("\r\n\r\n").unwrap().1.to_owned();
            return (text["HTTP/1.1 ".len()..][..3].parse().unwrap(), said);
        }
        let read = tokio::time::timeout(std::time::Duration::from_secs(30), stream.read(&mut piece));
        let count = read.await.expect("an answer in time").unwrap();
        assert!(count > 0, "it ended: {text}");
        said.extend_from_slice(&piece[..count]);
    }
}

/// What the first owner has: at least one of each kind of thing.
struct First {
    things: Things,
    run: RunId,
    answers: Answers,
    waiting: Answers,
}

impl First {
    async fn settle(household: &Household, client: &Client) -> Self {
        household.install(client).await;
        let (run, answers) = begun(client, "wait").await;
        let source = household.app().to_str().unwrap().to_owned();
        let again = Request::AppOffer { source, trust: None, downgrade: false };
        let Reply::Offer { offer, .. } = ask(client, again).await.unwrap() else { panic!() };
        let key =
            Request::TokenNew { name: "of-first".parse().unwrap(), rights: vec![Right::Read], expires_in_ms: None };
        let Reply::Token { token, .. } = ask(client, key).await.unwrap() else { panic!() };
        let keep = Request::KeyAdd {
            name: "firsts".parse().unwrap(),
            value: protocol::ShownOnce::new("of-first".to_owned()),
            hosts: vec![],
            note: String::new(),
            replace: false,
        };
        let Reply::Key { key } = ask(client, keep).await.unwrap() else { panic!() };
        let hand = Request::FileHand { name: "of-first.csv".to_owned(), size_bytes: 3 };
        let Reply::File { file } = ask(client, hand).await.unwrap() else { panic!() };
        let (question, waiting) = asked(household, client).await;
        let things = [
            ("app", "idler".to_owned()),
            ("run", run.to_string()),
            ("offer", offer.to_string()),
            ("question", question),
            ("token", token.id.to_string()),
            ("login", signed_in(client).await),
            ("file", file.id.to_string()),
            ("key", key.name),
        ];
        Self { things: things.into(), run, answers, waiting }
    }

    /// All that the first owner finds.
    async fn finds(client: &Client) -> Vec<Reply> {
        let mut found = Vec::new();
        for request in [
            Request::AppInfo { app: "idler".parse().unwrap() },
            Request::AppList,
            Request::RunList,
            Request::ApprovalList,
            Request::TokenList,
            Request::LoginList,
            Request::PublisherList,
            Request::ScheduleList,
            Request::FileList,
            Request::KeyList,
            Request::GrantList { app: "idler".parse().unwrap() },
        ] {
            found.push(ask(client, request).await.unwrap());
        }
        found
    }
}

/// A run that waits for an answer.
async fn asked(household: &Household, client: &Client) -> (String, Answers) {
    let request = household.install_asker(client, None).await;
    let mut answers = client.ask(Envelope { presence: true, owner: None, request }).await.unwrap();
    let Frame::Run { .. } = answers.next().await else { panic!() };
    loop {
        match answers.next().await {
            Frame::Chunk(chunk) => {
                if let protocol::Chunk::Ask { question } = chunk.chunk {
                    return (question.id.to_string(), answers);
                }
            }
            other => panic!("no question but {other:?}"),
        }
    }
}

/// A browser that is signed in.
async fn signed_in(client: &Client) -> String {
    let Client::Holder { oikos, .. } = client else { panic!() };
    let Reply::Link { url, .. } = ask(client, Request::LoginLink).await.unwrap() else { panic!() };
    let (origin, link) = url.expose().split_once("/#").unwrap();
    let head = http::Request::post("/api/v1/sign-in").header("host", origin.trim_start_matches("http://"));
    let head = head.header("origin", origin).header("content-type", "application/json").body(()).unwrap();
    let made = oikos.access().sign_in(&head.into_parts().0, [127, 0, 0, 1].into(), link).unwrap();
    made.login.id.to_string()
}

/// What is said of an answer in the table.
fn told(status: u16, body: &str) -> String {
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    match problem["code"].as_str() {
        Some(code) if status >= 400 => format!("{status} {code}"),
        _ => status.to_string(),
    }
}

/// Parameters behind paths that say what a question is about; the others say how.
fn described_queries(description: &Value) -> Vec<&str> {
    let operations = description["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap());
    let parameters = operations.flat_map(|(_, operation)| operation["parameters"].as_array().into_iter().flatten());
    let names = parameters.filter(|parameter| parameter["in"] == "query").filter_map(|found| found["name"].as_str());
    let mut names: Vec<&str> = names.filter(|name| !matches!(*name, "limit" | "after_seq" | "erase" | "at")).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn with(text: &str, things: &Things) -> String {
    // What does not say which piece, or which view, is not understood, whosever it is.
    let text = match text.rsplit('/').next() {
        Some("pieces") => format!("{text}?at=0"),
        Some("view") => format!("{text}?path=view.html"),
        _ => text.to_owned(),
    };
    things.iter().fold(text, |text, (name, thing)| text.replace(&format!("{{{name}}}"), thing))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_owner_finds_nothing_by_any_route() {
    let household = Household::new();
    let client = household.client().await;
    let bind = SocketAddr::from(([127, 0, 0, 1], 0));
    let door = client.open_door(&Doors { bind, ..Doors::default() }).await.unwrap();
    let first = First::settle(&household, &client).await;
    ask(&client, Request::OwnerNew { name: "ben".parse().unwrap() }).await.unwrap();
    let rights = vec![Right::Read, Right::Run, Right::Manage];
    let request = Request::TokenNew { name: "bens".parse().unwrap(), rights, expires_in_ms: None };
    let envelope = Envelope { presence: true, owner: Some("ben".parse().unwrap()), request };
    let Reply::Token { secret, .. } = client.ask(envelope).await.unwrap().reply().await.unwrap() else { panic!() };
    let ways = [Way::Terminal(&household), Way::Key(door.address(), secret.expose().to_owned())];
    let before = First::finds(&client).await;

    let mut table = format!("{:<20}{:<46}{:<24}with a key\n", "operation", "request", "at a terminal");
    let description = serde_json::to_value(openapi()).unwrap();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            let has_body = operation["requestBody"].is_object();
            let body = |things: &Things| has_body.then(|| body(name, things));
            let is_about = path.contains('{') || body(&first.things) != body(&nobodys());
            let mut row = format!("{name:<20}{:<46}", format!("{} {path}", method.to_uppercase()));
            for way in &ways {
                let theirs = &first.things;
                let (status, said) = way.ask(method, &with(path, theirs), body(theirs).as_ref()).await;
                if is_about {
                    // To the letter as for what there is not.
                    let (nothing, none) = way.ask(method, &with(path, &nobodys()), body(&nobodys()).as_ref()).await;
                    let named = theirs.values().fold(said.clone(), |said, thing| said.replace(thing, "?"));
                    let none = nobodys().values().fold(none, |none, thing| none.replace(thing, "?"));
                    assert_eq!((status, named), (nothing, none), "{name}");
                    assert!(matches!(status, 403 | 404), "{name}: {status} {said}");
                }
                let seen: Vec<_> = theirs.values().filter(|thing| !is_about && said.contains(*thing)).collect();
                assert!(seen.is_empty() && !said.contains("of-first") && !said.contains("asker"), "{name}: {said}");
                if let Way::Key(..) = way {
                    let ways = operation.get("security").unwrap_or(&description["security"]).as_array().unwrap();
                    let is_for_keys = ways.iter().any(|way| way.get("key").is_some());
                    // Figures are of all owners, so only the first one's keys read them; of a question that is not
                    // theirs, nobody hears that they might not answer it either; and no page is named here.
                    let is_other = matches!(name, "metrics" | "approval_answer" | "sign_in" | "bootstrap");
                    assert!(is_other || is_for_keys == (status != 403), "{name} by a key is not as described: {said}");
                }
                write!(row, "{:<24}", told(status, &said)).unwrap();
            }
            table.push_str(row.trim_end());
            table.push('\n');
        }
    }
    // What a question is about can also stand behind its path.
    for (name, path, of) in [
        ("log", "/api/v1/log?run=", "run"),
        ("log", "/api/v1/log?app=", "app"),
        ("log_follow", "/api/v1/log/stream?run=", "run"),
        ("log_follow", "/api/v1/log/stream?app=", "app"),
        ("run_list", "/api/v1/runs?after=", "run"),
        ("approval_list", "/api/v1/approvals?after=", "question"),
        ("app_list", "/api/v1/apps?after=", "app"),
        ("grant_list_all", "/api/v1/grants?after=", "app"),
        ("token_list", "/api/v1/tokens?after=", "token"),
        ("login_list", "/api/v1/logins?after=", "login"),
    ] {
        let mut row = format!("{name:<20}{:<46}", format!("GET {path}{{{of}}}"));
        for way in &ways {
            let (theirs, nobodys) = (&first.things[of], &nobodys()[of]);
            let (status, said) = way.ask("get", &format!("{path}{theirs}"), None).await;
            let (nothing, none) = way.ask("get", &format!("{path}{nobodys}"), None).await;
            assert_eq!((status, said.replace(theirs, "?")), (nothing, none.replace(nobodys, "?")), "{path}");
            write!(row, "{:<24}", told(status, &said)).unwrap();
        }
        table.push_str(row.trim_end());
        table.push('\n');
    }
    let asked: Vec<&str> = described_queries(&description);
    // A view's `path` is of the app that is named before it.
    assert_eq!(asked, ["after", "app", "path", "run"], "a further question that names things is asked above");
    insta::assert_snapshot!("strangers", table);

    assert_eq!(First::finds(&client).await, before, "nothing of the first owner's has changed");
    stop(&client, first.run).await;
    first.answers.reply().await.unwrap();
    drop(first.waiting);
    door.close().await;
    client.close().await;
}
