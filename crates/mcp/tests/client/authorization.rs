//! Tokens that end, servers that want more, and people who do not sign in. The suite looks at the rest.

use crate::{
    household::{SystemClock, SystemEntropy, Vault},
    scene::{Played, greeting, header, message, open, options, reply, result, soon, way},
};
use futures_util::future::BoxFuture;
use mcp::client::{
    Call, HttpBody, HttpError, Session,
    oauth::{Authorize, Authorizer, Grant, Identity, Redirected, TokenStore},
};
use serde_json::{Map, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use url::{Url, form_urlencoded};

/// A person who signs in, counted; or not, with a reason.
struct Person {
    signed_in: AtomicUsize,
    refuses: bool,
}

impl Authorize for Person {
    fn authorize<'a>(&'a self, _address: &'a Url, state: &'a str) -> BoxFuture<'a, Result<Redirected, String>> {
        Box::pin(async move {
            self.signed_in.fetch_add(1, Ordering::SeqCst);
            // Long enough for others to come and wait.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            if self.refuses { Err("nobody is there".into()) } else { Ok(Redirected(format!("code=c&state={state}"))) }
        })
    }
}

/// A server and its authorization server in one: tokens are `t1`, `t2` and so on, and only the newest is good.
struct Home {
    newest: AtomicUsize,
    /// What was asked of the place for tokens.
    asked: Mutex<Vec<String>>,
    refreshes: bool,
}

impl Home {
    fn answer(&self, request: &http::Request<bytes::Bytes>) -> http::Response<HttpBody> {
        let base = "http://localhost:7";
        let document = |value: serde_json::Value| reply(200, "application/json", value.to_string());
        match request.uri().path() {
            "/.well-known/oauth-protected-resource/mcp" => {
                document(json!({ "resource": format!("{base}/mcp"), "authorization_servers": [base] }))
            }
            "/.well-known/oauth-authorization-server" => document(json!({
                "issuer": base,
                "authorization_endpoint": format!("{base}/authorize"),
                "token_endpoint": format!("{base}/token"),
                "registration_endpoint": format!("{base}/register"),
                "code_challenge_methods_supported": ["S256"],
            })),
            "/register" => document(json!({ "client_id": "me" })),
            "/token" => {
                let form: Vec<_> = form_urlencoded::parse(request.body()).into_owned().collect();
                let field = |name: &str| {
                    form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
                };
                self.asked.lock().unwrap().push(field("grant_type").to_owned());
                assert_eq!(field("resource"), "http://localhost:7/mcp");
                if field("grant_type") == "refresh_token" && !self.refreshes {
                    return reply(400, "application/json", json!({ "error": "invalid_grant" }).to_string());
                }
                let token = format!("t{}", self.newest.fetch_add(1, Ordering::SeqCst) + 1);
                document(
                    json!({ "access_token": token, "token_type": "Bearer", "refresh_token": format!("r-{token}") }),
                )
            }
            "/mcp" => {
                let said = message(request);
                let newest = format!("Bearer t{}", self.newest.load(Ordering::SeqCst));
                if header(request, "authorization").as_deref() != Some(newest.as_str()) {
                    return reply(401, "text/plain", "");
                }
                match said["method"].as_str().unwrap_or_default() {
                    "initialize" => result(&said, greeting()),
                    "tools/call" => result(&said, json!({ "content": [] })),
                    "server/discover" => reply(400, "text/plain", ""),
                    _ => reply(202, "text/plain", ""),
                }
            }
            _ => reply(404, "text/plain", ""),
        }
    }
}

struct Scene {
    home: Arc<Home>,
    person: Arc<Person>,
    vault: Arc<Vault>,
}

impl Scene {
    fn new(refreshes: bool, refuses: bool) -> Self {
        let home = Arc::new(Home { newest: AtomicUsize::new(0), asked: Mutex::default(), refreshes });
        let person = Arc::new(Person { signed_in: AtomicUsize::new(0), refuses });
        Self { home, person, vault: Arc::default() }
    }

    async fn open(&self) -> Result<Session, mcp::client::OpenError> {
        let redirect = "http://127.0.0.1:9/back".parse().unwrap();
        let identity = Identity { name: "tests".into(), redirect, document: None, registered: None };
        let clock = Arc::new(SystemClock::new());
        let grant = Grant::Person(self.person.clone());
        let authorizer = Authorizer::new(identity, grant, self.vault.clone(), clock, Arc::new(SystemEntropy));
        let home = self.home.clone();
        let play = move |request| std::future::ready(Ok::<_, HttpError>(home.answer(&request)));
        open(way(Played(play), Some(authorizer)), options()).await
    }

    fn signed_in(&self) -> usize {
        self.person.signed_in.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_token_that_ended_is_renewed_and_the_call_repeated() {
    let scene = Scene::new(true, false);
    let session = scene.open().await.unwrap();
    assert_eq!(scene.signed_in(), 1);
    scene.home.newest.fetch_add(5, Ordering::SeqCst);
    let calls: Vec<_> = (0..4).map(|_| Call::unattended()).collect();
    let all = calls.iter().map(|call| session.call_tool("a", Map::new(), call));
    let all = soon(futures_util::future::join_all(all)).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(scene.signed_in(), 1, "nobody has to sign in again");
    assert_eq!(*scene.home.asked.lock().unwrap(), ["authorization_code", "refresh_token"], "one renewal serves all");
    // What the store keeps is enough the next time.
    let session = scene.open().await.unwrap();
    assert!(soon(session.call_tool("a", Map::new(), &Call::unattended())).await.is_ok());
    assert_eq!(scene.signed_in(), 1);
}

#[tokio::test]
async fn where_it_cannot_be_renewed_somebody_signs_in_once_for_all() {
    let scene = Scene::new(false, false);
    let session = scene.open().await.unwrap();
    scene.home.newest.fetch_add(5, Ordering::SeqCst);
    let calls: Vec<_> = (0..4).map(|_| Call::unattended()).collect();
    let all = calls.iter().map(|call| session.call_tool("a", Map::new(), call));
    let all = soon(futures_util::future::join_all(all)).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(scene.signed_in(), 2);
}

#[tokio::test]
async fn where_nobody_signs_in_the_reason_is_said_once() {
    let scene = Scene::new(true, true);
    let error = scene.open().await.map(drop).unwrap_err().to_string();
    assert_eq!(error, "the server cannot be opened: nobody signed in: nobody is there");
    assert_eq!(scene.signed_in(), 1);
}

#[tokio::test]
async fn nobody_is_asked_to_sign_in_for_what_goes_on_in_the_background() {
    let scene = Scene::new(false, false);
    let session = scene.open().await.unwrap();
    scene.home.newest.fetch_add(5, Ordering::SeqCst);
    let call = Call::unattended();
    call.cancel.cancel();
    // All that is sent is that the call was taken back, and that with a token that has ended.
    let error = soon(session.call_tool("a", Map::new(), &call)).await.unwrap_err();
    assert_eq!(error.to_string(), "tools/call was cancelled");
    soon(async {
        while scene.home.asked.lock().unwrap().last().map(String::as_str) != Some("refresh_token") {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(scene.signed_in(), 1);
    assert!(soon(session.call_tool("a", Map::new(), &Call::unattended())).await.is_ok());
    assert_eq!(scene.signed_in(), 2, "somebody who waits is asked");
}

#[tokio::test]
async fn what_is_kept_does_not_print() {
    let scene = Scene::new(true, false);
    drop(scene.open().await.unwrap());
    let kept = scene.vault.load("http://localhost:7/mcp").await.unwrap().unwrap();
    assert_eq!(format!("{kept:?}"), "«credentials»");
    assert_eq!(kept.issuer(), "http://localhost:7");
    let text = serde_json::to_string(&kept).unwrap();
    assert!(text.contains("\"t1\""), "it has a form for the vault");
}
