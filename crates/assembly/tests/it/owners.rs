//! Two owners of one oikos, on a real store, behind a real socket: what one has is not there for the other.

use crate::{
    Household,
    household::{begun, start, stop},
};
use assembly::Client;
use gateway::auth::{Guards, Peer};
use http::Request as HttpRequest;
use protocol::{
    Choice, ErrorCode, Failure, GrantState, OfferId, OwnerName, QuestionId, Right, RunId,
    api::{Envelope, Frame, LineChoice, Reply, Request, StopTarget},
};
use serde_json::json;

/// Asks on behalf of an owner.
async fn ask(client: &Client, owner: &str, request: Request) -> Result<Reply, Failure> {
    let owner: Option<OwnerName> = (owner != "first").then(|| owner.parse().unwrap());
    client.ask(Envelope { presence: false, owner, request }).await?.reply().await
}

async fn install(household: &Household, client: &Client, owner: &str) {
    let source = household.app().to_str().unwrap().to_owned();
    let offer = Request::AppOffer { source, trust: None, downgrade: false };
    let Reply::Offer { offer, .. } = ask(client, owner, offer).await.unwrap() else { panic!() };
    ask(client, owner, Request::AppInstall { offer, choices: vec![] }).await.unwrap();
}

/// Everything that can be asked about a thing of somebody's, each with the code for "there is no such thing".
fn about(run: RunId, offer: OfferId) -> Vec<(Request, ErrorCode)> {
    let app = || "idler".parse().unwrap();
    let question: QuestionId = run.to_string().parse().unwrap();
    let block = vec![LineChoice::new("storage", GrantState::Block)];
    let no_app = ErrorCode::AppNotFound;
    vec![
        (Request::AppInfo { app: app() }, no_app),
        (Request::AppEnable { app: app() }, no_app),
        (Request::AppDisable { app: app() }, no_app),
        (Request::AppRemove { app: app(), erase: true }, no_app),
        (Request::AppRollback { app: app(), restore_storage: false }, no_app),
        (Request::AppInstall { offer, choices: vec![] }, ErrorCode::NotFound),
        (Request::AppDecline { offer }, ErrorCode::NotFound),
        (start("talk", json!({ "count": 1 })), no_app),
        (Request::RunFollow { run, after_seq: 0 }, ErrorCode::RunNotFound),
        (Request::RunStop { target: StopTarget::Run(run) }, ErrorCode::RunNotFound),
        (Request::RunStop { target: StopTarget::App(app()) }, no_app),
        (Request::Undo { run }, ErrorCode::RunNotFound),
        (Request::GrantList { app: app() }, no_app),
        (Request::GrantSet { app: app(), choices: block }, no_app),
        (Request::ApprovalAnswer { question, answer: Choice::No.into() }, ErrorCode::NotFound),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_owner_finds_nothing_of_the_other() {
    let household = Household::new();
    let client = household.client().await;
    install(&household, &client, "first").await;
    let (run, answers) = begun(&client, "wait").await;
    let source = household.app().to_str().unwrap().to_owned();
    let again = Request::AppOffer { source, trust: None, downgrade: false };
    let Reply::Offer { offer, .. } = ask(&client, "first", again).await.unwrap() else { panic!() };
    let key = Request::TokenNew { name: "k".parse().unwrap(), rights: vec![Right::Read], expires_in_ms: None };
    let Reply::Token { token, .. } = ask(&client, "first", key).await.unwrap() else { panic!() };

    let hand = Request::FileHand { name: "a.csv".to_owned(), size_bytes: 3 };
    let Reply::File { file } = ask(&client, "first", hand).await.unwrap() else { panic!() };
    let piece = Request::FileAppend { file: file.id, at: 0, bytes: b"a,b".to_vec() };
    ask(&client, "first", piece.clone()).await.unwrap();

    assert_eq!(ask(&client, "ben", Request::AppList).await.unwrap_err().code, ErrorCode::OwnerNotFound);
    ask(&client, "first", Request::OwnerNew { name: "ben".parse().unwrap() }).await.unwrap();
    for (request, expected) in about(run, offer) {
        let said = ask(&client, "ben", request.clone()).await.unwrap_err();
        assert_eq!(said.code, expected, "{request:?}: {said:?}");
    }
    let revoked = ask(&client, "ben", Request::TokenRevoke { token: token.id }).await.unwrap_err();
    assert_eq!(revoked.code, ErrorCode::NotFound);
    let take = Request::FileTake { file: file.id };
    for request in [piece, take.clone(), Request::FileForget { file: file.id }] {
        assert_eq!(ask(&client, "ben", request.clone()).await.unwrap_err().code, ErrorCode::NotFound, "{request:?}");
    }
    let nothing = [
        (Request::FileList, Reply::Files { files: vec![] }),
        (Request::AppList, Reply::Apps { apps: vec![] }),
        (Request::GrantListAll, Reply::GrantsOfAll { apps: vec![] }),
        (Request::RunList, Reply::Runs { runs: vec![] }),
        (Request::RunStop { target: StopTarget::All }, Reply::Stopped { runs: vec![], paused: vec![] }),
        (Request::ApprovalList, Reply::Questions { questions: vec![] }),
        (Request::ScheduleList, Reply::Schedules { schedules: vec![] }),
        (Request::TokenList, Reply::Tokens { tokens: vec![] }),
        (Request::LoginList, Reply::Logins { logins: vec![] }),
    ];
    for (request, expected) in nothing {
        assert_eq!(ask(&client, "ben", request).await.unwrap(), expected);
    }
    // Their log begins with themselves, and so does their doctor.
    let log = Request::Log { app: None, run: None, after_seq: None, limit: 100 };
    let Reply::Log { entries } = ask(&client, "ben", log).await.unwrap() else { panic!() };
    let words: Vec<String> = entries.iter().map(|entry| entry.record.as_ref().unwrap().sentence.to_string()).collect();
    assert_eq!(words, ["you are ben, an owner of this oikos from now on"]);
    let Reply::Doctor { checks } = ask(&client, "ben", Request::Doctor).await.unwrap() else { panic!() };
    assert!(!checks.iter().any(|check| check.name.contains("idler")), "{checks:?}");
    assert!(checks.iter().any(|check| check.finding.starts_with("0 runs under way")), "{checks:?}");

    // All of it is there for whose it is.
    let mut taken = client.ask(Envelope { presence: false, owner: None, request: take }).await.unwrap();
    assert_eq!(taken.next().await, Frame::Piece(b"a,b".to_vec()));
    ask(&client, "first", Request::AppInfo { app: "idler".parse().unwrap() }).await.unwrap();
    stop(&client, run).await;
    answers.reply().await.unwrap();
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_owners_log_is_signed_and_proven_and_their_apps_live_on() {
    let household = Household::new();
    let client = household.client().await;
    ask(&client, "first", Request::OwnerNew { name: "ben".parse().unwrap() }).await.unwrap();
    for owner in ["first", "ben"] {
        install(&household, &client, owner).await;
    }
    ask(&client, "first", Request::AppRemove { app: "idler".parse().unwrap(), erase: true }).await.unwrap();
    client.close().await;
    let client = household.client().await;
    let Reply::Apps { apps } = ask(&client, "ben", Request::AppList).await.unwrap() else { panic!() };
    assert_eq!(apps.len(), 1);
    ask(&client, "ben", start("talk", json!({ "count": 1 }))).await.unwrap();
    for owner in ["first", "ben"] {
        let Reply::Verified { report } = ask(&client, owner, Request::LogVerify).await.unwrap() else { panic!() };
        assert!(report.breaks.is_empty() && report.signed_seq.is_some_and(|seq| seq > 0), "{owner}: {report:?}");
    }
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_made_lets_in_until_it_is_revoked_and_stands_in_no_file() {
    let household = Household::new();
    let client = household.client().await;
    ask(&client, "first", Request::OwnerNew { name: "ben".parse().unwrap() }).await.unwrap();
    let name = "script".parse().unwrap();
    let new = Request::TokenNew { name, rights: vec![Right::Read], expires_in_ms: Some(3_600_000) };
    let Reply::Token { token, secret } = ask(&client, "ben", new).await.unwrap() else { panic!() };
    let Client::Holder { oikos, .. } = &client else { panic!() };
    let access = oikos.access().clone();
    let head = |key: &str| {
        let request = HttpRequest::builder().uri("/").header("host", "127.0.0.1:7070");
        request.header("authorization", format!("Bearer {key}")).body(()).unwrap().into_parts().0
    };
    let bear = || access.authenticate(&head(secret.expose()), Peer::Address([127, 0, 0, 1].into()));
    assert_eq!(bear().unwrap_err().failure.code, ErrorCode::HostRefused, "no door is open yet");
    access.guards_set(Guards::new(7070, false));
    let admitted = bear().unwrap();
    assert_eq!(oikos.kernel().owner_named(&"ben".parse().unwrap()).unwrap(), admitted.caller.owner);
    let open = tokio::spawn(async move { admitted.revocation.over(&assembly::SystemClock::new()).await });
    let Reply::Link { url, .. } = ask(&client, "ben", Request::LoginLink).await.unwrap() else { panic!() };
    ask(&client, "ben", Request::TokenRevoke { token: token.id }).await.unwrap();
    open.await.unwrap();
    assert_eq!(bear().unwrap_err().failure.code, ErrorCode::Unauthenticated);
    client.close().await;

    let mut looked_at = 0;
    let mut folders = vec![household.home().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                looked_at += 1;
                let bytes = std::fs::read(&path).unwrap();
                for secret in [secret.expose(), url.expose()] {
                    let body = &secret[secret.len() - 60..];
                    assert!(!bytes.windows(body.len()).any(|window| window == body.as_bytes()), "{}", path.display());
                    let raw = hex::decode(&secret[secret.len() - 72..secret.len() - 8]).unwrap();
                    assert!(!bytes.windows(raw.len()).any(|window| window == raw), "{}", path.display());
                }
            }
        }
    }
    assert!(looked_at >= 5);
}
