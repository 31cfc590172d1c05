//! What the client says, the routes hear: decode(encode(request)) == request, for every request there is; and what the
//! household answers, the client hears.

use crate::stage::house;
use gateway::client::ask_here;
use proptest::{prelude::*, strategy::Union};
use protocol::{
    ActionName, Answer, AppName, Choice, Door, ErrorCode, Failure, FileId, GrantState, KeyName, OfferId, OwnerId,
    OwnerName, PublisherName, QuestionId, RequestId, Right, RunId, ShownOnce, TokenName, Topic,
    api::{
        Envelope, Frame, ImportAnswers, ImportSource, LineChoice, NamedFile, NamedHanded, NamedPath, Reply, Request,
        SignInClient, StopTarget,
    },
    sha256,
};
use serde_json::{Value, json};
use std::str::FromStr;

fn id<T: FromStr<Err: std::fmt::Debug> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    any::<u128>().prop_map(|bits| uuid::Uuid::from_u128(bits).to_string().parse().unwrap())
}

/// A place in a log or a stream.
fn seq() -> impl Strategy<Value = u64> {
    0..=i64::MAX.unsigned_abs()
}

fn app() -> impl Strategy<Value = AppName> {
    "[a-z][a-z0-9-]{1,63}".prop_map(|name| name.parse().unwrap())
}

fn action() -> impl Strategy<Value = ActionName> {
    "[a-zA-Z_][a-zA-Z0-9_]{0,63}".prop_map(|name| name.parse().unwrap())
}

fn publisher() -> impl Strategy<Value = PublisherName> {
    "p[a-z0-9-]{1,63}".prop_map(|name| name.parse().unwrap())
}

fn key() -> impl Strategy<Value = KeyName> {
    "[a-z0-9][a-z0-9._-]{0,20}".prop_map(|name| name.parse().unwrap())
}

fn token() -> impl Strategy<Value = TokenName> {
    "[a-z][a-z0-9-]{0,30}[a-z0-9]".prop_map(|name| name.parse().unwrap())
}

fn owner() -> impl Strategy<Value = OwnerName> {
    "[a-z][a-z0-9-]{0,30}[a-z0-9]".prop_map(|name| name.parse().unwrap())
}

fn topic() -> impl Strategy<Value = Topic> {
    "[a-z]{1,9}(\\.[a-z0-9_-]{1,9}){0,7}".prop_map(|name| name.parse().unwrap())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn choices() -> impl Strategy<Value = Vec<LineChoice>> {
    let state = prop_oneof![Just(GrantState::Allow), Just(GrantState::Ask), Just(GrantState::Block)];
    let choice = (any::<String>(), state, any::<Option<String>>());
    prop::collection::vec(choice.prop_map(|(line, state, target)| LineChoice::new(line, state).target(target)), 0..4)
}

fn files() -> impl Strategy<Value = Vec<NamedFile>> {
    let path = (any::<String>(), any::<String>()).prop_map(|(name, path)| NamedFile::Path(NamedPath { name, path }));
    let handed =
        (any::<String>(), id::<FileId>()).prop_map(|(name, handed)| NamedFile::Handed(NamedHanded { name, handed }));
    prop::collection::vec(prop_oneof![path, handed], 0..4)
}

fn answer() -> impl Strategy<Value = Answer> {
    let choice = prop_oneof![
        Just(Choice::Once),
        Just(Choice::Hour),
        Just(Choice::Always),
        Just(Choice::No),
        Just(Choice::Cancel)
    ];
    let filled = prop::option::of(prop::collection::vec((any::<String>(), value()), 0..3));
    (choice, any::<Option<String>>(), filled).prop_map(|(choice, path, filled)| {
        let filled = filled.map(|fields| fields.into_iter().collect());
        Answer { choice, path, filled }
    })
}

fn import() -> impl Strategy<Value = ImportSource> {
    let texts = || prop::collection::vec(any::<String>(), 0..3);
    prop_oneof![
        (texts(), texts()).prop_map(|(only, projects)| ImportSource::Clients { only, projects }),
        any::<String>().prop_map(|path| ImportSource::File { path }),
        (any::<String>(), value()).prop_map(|(name, entry)| ImportSource::Entry { name, entry }),
    ]
}

fn answers() -> impl Strategy<Value = ImportAnswers> {
    prop::collection::btree_map(any::<String>(), prop::collection::vec(any::<String>(), 0..3), 0..3)
}

/// One strategy a variant. The match has no rest: a request that is added fails to build until it is here too.
fn requests() -> Union<BoxedStrategy<Request>> {
    use Request as R;
    fn known(request: &Request) {
        match request {
            R::Hello
            | R::AppOffer { .. }
            | R::AppInstall { .. }
            | R::AppDecline { .. }
            | R::AppList
            | R::AppStarters => {}
            R::AppInfo { .. } | R::AppRollback { .. } | R::AppEnable { .. } | R::AppDisable { .. } => {}
            R::AppRemove { .. } | R::RunStart { .. } | R::RunFollow { .. } | R::RunList | R::RunStop { .. } => {}
            R::ServerList | R::ServerInfo { .. } | R::ServerLook { .. } => {}
            R::ServerDecide { .. } | R::ServerLog { .. } => {}
            R::ServerSignIn { .. } | R::ServerSignInWait { .. } | R::ServerSignOut { .. } => {}
            R::ImportList { .. } | R::ImportOffer { .. } | R::ClientList | R::ClientConnect { .. } => {}
            R::AppView { .. } | R::ViewAsk { .. } | R::AppEntry { .. } | R::View { .. } => {}
            R::Log { .. }
            | R::LogFollow { .. }
            | R::LogVerify
            | R::Undo { .. }
            | R::GrantList { .. }
            | R::GrantListAll
            | R::GrantSet { .. }
            | R::SettingList { .. }
            | R::SettingSet { .. } => {}
            R::ApprovalList | R::ApprovalAnswer { .. } | R::PublisherList | R::PublisherTrust { .. } => {}
            R::PublisherImport { .. } | R::EventEmit { .. } | R::ScheduleList | R::Doctor => {}
            R::TokenNew { .. } | R::TokenList | R::TokenRevoke { .. } | R::LoginLink | R::LoginList => {}
            R::KeyAdd { .. } | R::KeyList | R::KeyRemove { .. } => {}
            R::FileHand { .. } | R::FileAppend { .. } | R::FileList => {}
            R::FileTake { .. } | R::FileForget { .. } => {}
            R::LoginRevoke { .. } | R::OwnerNew { .. } | R::OwnerList | R::Metrics => {}
        }
    }
    let text = any::<String>;
    let target =
        prop_oneof![id::<RunId>().prop_map(StopTarget::Run), app().prop_map(StopTarget::App), Just(StopTarget::All)];
    let offered = (text(), any::<Option<String>>(), any::<bool>());
    let trust = (text(), prop::option::of(publisher()));
    let started = (prop::option::of(id::<RequestId>()), app(), action(), value(), files());
    let rights = prop::collection::vec(prop::sample::select(vec![Right::Read, Right::Run, Right::Manage]), 0..3);
    let kept = (key(), text(), prop::collection::vec(text(), 0..3), text(), any::<bool>());
    let made = (token(), rights, any::<Option<u64>>());
    let log = || (prop::option::of(app()), prop::option::of(id::<RunId>()), prop::option::of(seq()), any::<u32>());
    let all: Vec<BoxedStrategy<Request>> = vec![
        Just(R::Hello).boxed(),
        offered.prop_map(|(source, trust, downgrade)| R::AppOffer { source, trust, downgrade }).boxed(),
        (id::<OfferId>(), choices()).prop_map(|(offer, choices)| R::AppInstall { offer, choices }).boxed(),
        id().prop_map(|offer| R::AppDecline { offer }).boxed(),
        Just(R::AppList).boxed(),
        Just(R::AppStarters).boxed(),
        app().prop_map(|app| R::AppInfo { app }).boxed(),
        (app(), text()).prop_map(|(app, path)| R::AppView { app, path }).boxed(),
        (app(), text(), text(), value())
            .prop_map(|(app, view, method, params)| R::ViewAsk { app, view, method, params })
            .boxed(),
        (app(), any::<Option<String>>()).prop_map(|(app, path)| R::AppEntry { app, path }).boxed(),
        "[^/]{1,20}".prop_map(|name| R::View { name }).boxed(),
        (app(), any::<bool>()).prop_map(|(app, restore_storage)| R::AppRollback { app, restore_storage }).boxed(),
        Just(R::ServerList).boxed(),
        app().prop_map(|app| R::ServerInfo { app }).boxed(),
        app().prop_map(|app| R::ServerLook { app }).boxed(),
        app().prop_map(|app| R::ServerLog { app }).boxed(),
        (app(), prop::option::of((text(), prop::option::of(text()))))
            .prop_map(|(app, client)| R::ServerSignIn {
                app,
                client: client.map(|(id, secret)| SignInClient { id, secret: secret.map(ShownOnce::new) }),
            })
            .boxed(),
        app().prop_map(|app| R::ServerSignInWait { app }).boxed(),
        app().prop_map(|app| R::ServerSignOut { app }).boxed(),
        (import(), answers()).prop_map(|(source, answers)| R::ImportList { source, answers }).boxed(),
        (import(), answers(), app()).prop_map(|(source, answers, app)| R::ImportOffer { source, answers, app }).boxed(),
        Just(R::ClientList).boxed(),
        ("[^/]{1,20}", any::<bool>(), any::<bool>())
            .prop_map(|(client, disconnect, dry_run)| R::ClientConnect { client, disconnect, dry_run })
            .boxed(),
        (app(), any::<Option<String>>(), any::<bool>(), prop::option::of(Just(GrantState::Ask)), any::<bool>())
            .prop_map(|(app, tool, accept, state, is_seen)| {
                let seen = is_seen.then(|| sha256(app.as_str().as_bytes()));
                R::ServerDecide { app, tool, accept, state, seen }
            })
            .boxed(),
        app().prop_map(|app| R::AppEnable { app }).boxed(),
        app().prop_map(|app| R::AppDisable { app }).boxed(),
        (app(), any::<bool>()).prop_map(|(app, erase)| R::AppRemove { app, erase }).boxed(),
        started.prop_map(|(id, app, action, input, files)| R::RunStart { id, app, action, input, files }).boxed(),
        (id(), seq()).prop_map(|(run, after_seq)| R::RunFollow { run, after_seq }).boxed(),
        Just(R::RunList).boxed(),
        target.prop_map(|target| R::RunStop { target }).boxed(),
        log().prop_map(|(app, run, after_seq, limit)| R::Log { app, run, after_seq, limit }).boxed(),
        log().prop_map(|(app, run, after_seq, limit)| R::LogFollow { app, run, after_seq, limit }).boxed(),
        Just(R::LogVerify).boxed(),
        Just(R::Metrics).boxed(),
        id().prop_map(|run| R::Undo { run }).boxed(),
        app().prop_map(|app| R::GrantList { app }).boxed(),
        Just(R::GrantListAll).boxed(),
        (app(), choices()).prop_map(|(app, choices)| R::GrantSet { app, choices }).boxed(),
        app().prop_map(|app| R::SettingList { app }).boxed(),
        (app(), prop::collection::btree_map(text(), value(), 0..3))
            .prop_map(|(app, changes)| R::SettingSet { app, changes: changes.into_iter().collect() })
            .boxed(),
        kept.prop_map(|(name, value, hosts, note, replace)| R::KeyAdd {
            name,
            value: ShownOnce::new(value),
            hosts,
            note,
            replace,
        })
        .boxed(),
        Just(R::KeyList).boxed(),
        key().prop_map(|name| R::KeyRemove { name }).boxed(),
        Just(R::ApprovalList).boxed(),
        (id::<QuestionId>(), answer()).prop_map(|(question, answer)| R::ApprovalAnswer { question, answer }).boxed(),
        Just(R::PublisherList).boxed(),
        trust.prop_map(|(publisher, name)| R::PublisherTrust { publisher, name }).boxed(),
        text().prop_map(|statements| R::PublisherImport { statements }).boxed(),
        (topic(), value()).prop_map(|(topic, payload)| R::EventEmit { topic, payload }).boxed(),
        Just(R::ScheduleList).boxed(),
        Just(R::Doctor).boxed(),
        made.prop_map(|(name, rights, expires_in_ms)| R::TokenNew { name, rights, expires_in_ms }).boxed(),
        Just(R::TokenList).boxed(),
        id().prop_map(|token| R::TokenRevoke { token }).boxed(),
        Just(R::LoginLink).boxed(),
        Just(R::LoginList).boxed(),
        id().prop_map(|login| R::LoginRevoke { login }).boxed(),
        owner().prop_map(|name| R::OwnerNew { name }).boxed(),
        Just(R::OwnerList).boxed(),
        (text(), any::<u64>()).prop_map(|(name, size_bytes)| R::FileHand { name, size_bytes }).boxed(),
        (id(), any::<u64>(), prop::collection::vec(any::<u8>(), 0..64))
            .prop_map(|(file, at, bytes)| R::FileAppend { file, at, bytes })
            .boxed(),
        Just(R::FileList).boxed(),
        id().prop_map(|file| R::FileTake { file }).boxed(),
        id().prop_map(|file| R::FileForget { file }).boxed(),
    ];
    Union::new(all.into_iter().map(|one| {
        one.prop_map(|request| {
            known(&request);
            request
        })
        .boxed()
    }))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_is_said_is_heard(request in requests(), presence in any::<bool>(), is_ben in any::<bool>()) {
        runtime().block_on(async {
            let told = Failure::new(ErrorCode::Conflict, "heard").hint("and answered");
            let failure = told.clone();
            let owner = is_ben.then(|| "ben".parse().unwrap());
            let house = house(move |_| vec![Frame::Failed { failure: failure.clone() }]);
            let envelope = Envelope { presence, owner: owner.clone(), request: request.clone() };
            let mut frames = ask_here(&house.router, &envelope).unwrap();
            assert_eq!(frames.recv().await, Some(Frame::Failed { failure: told }));
            assert_eq!(frames.recv().await, None);
            let (caller, heard) = house.last();
            assert_eq!(heard, request);
            assert_eq!(caller.owner, if is_ben { OwnerId(2) } else { OwnerId::LOCAL });
            assert_eq!(caller.door, if presence { Door::Terminal } else { Door::Socket });
        });
    }
}

/// A reply of each kind comes through as it was, with every frame before it where the client understands frames.
#[tokio::test]
async fn what_is_answered_is_heard() {
    let app: AppName = "notes".parse().unwrap();
    let run: RunId = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a".parse().unwrap();
    let summary = json!({ "run": run, "app": "notes", "action": "go", "started_at": 5 });
    let report = json!({ "run": run, "app": "notes", "action": "go", "started_at": 5, "ended_at": 9, "data": [1, "x"],
        "usage": { "wall_ms": 1, "cpu_us": 2, "host_cpu_us": 3, "memory_bytes": 4, "host_bytes": 5, "chunks": 6,
        "log_dropped": 7 }, "effects": [{ "code": "x" }], "undoable": true });
    let row = json!({ "name": "notes", "title": "Notes", "version": "1.0.0", "enabled": true, "badge": "local_developer",
        "fingerprint": "f", "installed_at": 5 });
    let detail = json!({ "name": "notes", "title": "Notes", "version": "1.0.0", "enabled": true, "badge": "official",
        "fingerprint": "f", "installed_at": 5, "digest": "ab".repeat(32), "zones": ["local"], "actions": [],
        "grants": [], "limits": [], "storage_bytes": 3 });
    let publisher = json!({ "fingerprint": "f", "official": true, "apps": ["notes"] });
    let card = json!({ "app": "notes", "version": "1", "title": "t", "badge": "official", "fingerprint": "f",
        "digest": "ab".repeat(32), "files": 3, "zones": [], "lines": [], "never": [], "limits": [], "warnings": [],
        "unavailable": [] });
    let kept =
        json!({ "name": "github", "hosts": ["api.github.com"], "apps": ["notes"], "created_at": 5, "used_at": 6 });
    let token = json!({ "id": run, "name": "backup", "last_four": "abcd", "rights": ["read"], "made_at": 5 });
    let login = json!({ "id": run, "browser": "b", "made_at": 5, "used_at": 6, "expires_at": 7 });
    let file = json!({ "id": run, "name": "a.csv", "size_bytes": 3, "received_bytes": 2, "is_used": true,
        "handed_at": 5, "expires_at": 7 });
    let file_id: FileId = run.to_string().parse().unwrap();
    let owner = json!({ "id": 2, "name": "ben", "since": 5 });
    let start = Request::RunStart {
        id: None,
        app: app.clone(),
        action: "go".parse().unwrap(),
        input: json!({}),
        files: vec![],
    };
    let offer: OfferId = run.to_string().parse().unwrap();
    let cases: Vec<(Request, Value)> = vec![
        (Request::Hello, json!({ "reply": "hello", "version": "1", "pid": 7 })),
        (
            Request::AppOffer { source: String::new(), trust: None, downgrade: false },
            json!({ "reply": "offer", "offer": offer, "card": card }),
        ),
        (Request::AppInstall { offer, choices: vec![] }, json!({ "reply": "installed", "app": detail })),
        (Request::AppDecline { offer }, json!({ "reply": "ok" })),
        (Request::AppList, json!({ "reply": "apps", "apps": [row] })),
        (
            Request::AppStarters,
            json!({ "reply": "starters", "starters": [{ "name": "notes", "title": "Notes", "version": "1.0.0",
                "installed": "0.9.0" }] }),
        ),
        (Request::AppInfo { app: app.clone() }, json!({ "reply": "app", "app": detail })),
        (
            Request::AppView { app: app.clone(), path: "views/a b.html".to_owned() },
            json!({ "reply": "view", "origin": "http://ab.localhost:7070", "html": "<p>" }),
        ),
        (
            Request::ViewAsk {
                app: app.clone(),
                view: "ui://a/b".to_owned(),
                method: "tools/call".to_owned(),
                params: json!({ "name": "again" }),
            },
            json!({ "reply": "view_answer", "answer": "{\"b\":1.0,\"a\":1}" }),
        ),
        (
            Request::AppEntry { app: app.clone(), path: None },
            json!({ "reply": "link", "url": "http://app-ab.localhost:7070/.oikos/enter#x", "expires_at": 7 }),
        ),
        (
            Request::View { name: "table".to_owned() },
            json!({ "reply": "view", "origin": "http://ab.localhost:7070", "html": "<p>" }),
        ),
        (Request::AppRemove { app: app.clone(), erase: true }, json!({ "reply": "ok" })),
        (start, json!({ "reply": "run_end", "run": report })),
        (Request::RunFollow { run, after_seq: 3 }, json!({ "reply": "run_end", "run": report })),
        (Request::RunList, json!({ "reply": "runs", "runs": [summary] })),
        (
            Request::RunStop { target: StopTarget::All },
            json!({ "reply": "stopped", "runs": [run], "paused": ["notes"] }),
        ),
        (
            Request::Log { app: None, run: None, after_seq: Some(4), limit: 3 },
            json!({ "reply": "log", "entries": [{ "seq": 1, "hash": "ab".repeat(32), "record": null }] }),
        ),
        (Request::LogFollow { app: None, run: None, after_seq: None, limit: 3 }, json!({ "reply": "ok" })),
        (
            Request::LogVerify,
            json!({ "reply": "verified", "report": { "entries": 2, "pruned": 0, "breaks": [{ "break": "missing", "from_seq": 1, "to_seq": 2 }] } }),
        ),
        (Request::Undo { run }, json!({ "reply": "undone", "steps": [{ "code": "x" }] })),
        (
            Request::SettingList { app: app.clone() },
            json!({ "reply": "settings", "app": "notes", "settings": [{ "name": "city", "title": "City",
                "schema": { "type": "string" }, "value": "Graz", "is_set": true }] }),
        ),
        (Request::GrantList { app: app.clone() }, json!({ "reply": "grants", "app": "notes", "grants": [] })),
        (
            Request::GrantListAll,
            json!({ "reply": "grants_of_all", "apps": [
                { "app": "notes", "title": "Notes", "enabled": true, "grants": [] },
                { "app": "torn", "title": "Torn", "enabled": false },
            ] }),
        ),
        (Request::ApprovalList, json!({ "reply": "questions", "questions": [] })),
        (Request::PublisherList, json!({ "reply": "publishers", "publishers": [publisher] })),
        (
            Request::PublisherImport { statements: String::new() },
            json!({ "reply": "publisher", "publisher": publisher }),
        ),
        (
            Request::EventEmit { topic: "home.door".parse().unwrap(), payload: Value::Null },
            json!({ "reply": "emitted", "heard": { "event": run, "runs": [] } }),
        ),
        (Request::ScheduleList, json!({ "reply": "schedules", "schedules": [] })),
        (
            Request::ServerSignIn { app: app.clone(), client: None },
            json!({ "reply": "sign_in", "sign_in": { "address": "https://example.com/", "done": false } }),
        ),
        (Request::ServerSignInWait { app: app.clone() }, json!({ "reply": "sign_in", "sign_in": { "done": true } })),
        (Request::KeyList, json!({ "reply": "keys", "keys": [kept] })),
        (
            Request::KeyAdd {
                name: "github".parse().unwrap(),
                value: ShownOnce::new("x".to_owned()),
                hosts: vec![],
                note: String::new(),
                replace: false,
            },
            json!({ "reply": "key", "key": kept }),
        ),
        (Request::KeyRemove { name: "github".parse().unwrap() }, json!({ "reply": "ok" })),
        (Request::TokenList, json!({ "reply": "tokens", "tokens": [token] })),
        (
            Request::TokenNew { name: "backup".parse().unwrap(), rights: vec![Right::Read], expires_in_ms: None },
            json!({ "reply": "token", "token": token, "secret": "oikos_x" }),
        ),
        (Request::TokenRevoke { token: run.to_string().parse().unwrap() }, json!({ "reply": "ok" })),
        (Request::LoginLink, json!({ "reply": "link", "url": "http://127.0.0.1:7070/#x", "expires_at": 7 })),
        (Request::LoginList, json!({ "reply": "logins", "logins": [login] })),
        (Request::LoginRevoke { login: run.to_string().parse().unwrap() }, json!({ "reply": "ok" })),
        (Request::OwnerList, json!({ "reply": "owners", "owners": [owner] })),
        (Request::OwnerNew { name: "ben".parse().unwrap() }, json!({ "reply": "owner", "owner": owner })),
        (Request::FileHand { name: "a.csv".to_owned(), size_bytes: 3 }, json!({ "reply": "file", "file": file })),
        (Request::FileAppend { file: file_id, at: 0, bytes: vec![0, 255] }, json!({ "reply": "file", "file": file })),
        (Request::FileList, json!({ "reply": "files", "files": [file] })),
        (Request::FileForget { file: file_id }, json!({ "reply": "ok" })),
        (Request::Metrics, json!({ "reply": "metrics", "text": "# HELP a b\n" })),
        (Request::Doctor, json!({ "reply": "doctor", "checks": [{ "name": "n", "ok": true, "finding": "f" }] })),
    ];
    for (request, reply) in cases {
        let reply: Reply = serde_json::from_value(reply).unwrap_or_else(|error| panic!("{request:?}: {error}"));
        let chunk: Frame =
            serde_json::from_value(json!({ "frame": "chunk", "run": run, "seq": 1, "type": "text", "text": "a\nb" }))
                .unwrap();
        let script = vec![Frame::Run { run }, chunk, Frame::Done { reply: reply.clone() }];
        let frames = script.clone();
        let house = house(move |_| frames.clone());
        let mut answer =
            ask_here(&house.router, &Envelope { presence: false, owner: None, request: request.clone() }).unwrap();
        let mut heard = Vec::new();
        while let Some(frame) = answer.recv().await {
            heard.push(frame);
        }
        assert_eq!(heard.last(), script.last(), "{request:?}");
        if matches!(request, Request::RunStart { .. } | Request::RunFollow { .. } | Request::AppOffer { .. }) {
            assert_eq!(heard, script, "{request:?}");
        }
    }
}
