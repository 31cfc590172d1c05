//! Who is let in through the door over a network, and until when.

use crate::stage::{Answer, House, PORT, house, owner, replies};
use axum::{body::Body, http::Request as Message};
use gateway::{Arrival, auth::FAILURES_FREE};
use http_body_util::BodyExt as _;
use protocol::{
    Door, OwnerId, Right, Rights, TokenId,
    api::{Frame, Reply},
};
use serde_json::json;

pub(crate) fn from_afar() -> Arrival {
    Arrival::Tcp { peer: ([192, 0, 2, 7], 5000).into() }
}

fn message(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Message<Body> {
    let mut message = Message::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        message = message.header("host", format!("127.0.0.1:{PORT}"));
    }
    for (name, value) in headers {
        message = message.header(*name, *value);
    }
    if !body.is_empty() {
        message = message.header("content-type", "application/json");
    }
    message.body(Body::from(body.to_owned())).unwrap()
}

impl House {
    pub(crate) async fn knock(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.through(from_afar(), message(method, path, headers, body)).await
    }

    pub(crate) fn key(&self, rights: &[Right]) -> (TokenId, String) {
        let keys = self.access.keys();
        let entropy = testkit::TestEntropy::seeded(9);
        let (view, secret) = keys.make(&owner(), "test".parse().unwrap(), rights, None, &self.clock, &entropy).unwrap();
        (view.id, format!("Bearer {}", secret.expose()))
    }
}

#[tokio::test]
async fn a_key_lets_in_with_its_rights_and_nothing_else_does() {
    let house = replies(|| Reply::Apps { apps: vec![] });
    let (_, bearer) = house.key(&[Right::Read]);
    let refused = house.knock("GET", "/api/v1/apps", &[], "").await;
    assert_eq!((refused.status.as_u16(), refused.header("www-authenticate")), (401, "Bearer realm=\"oikos\""));
    assert_eq!(refused.json()["code"], "unauthenticated");
    let said = [("oikos-presence", "yes"), ("oikos-owner", "ben")];
    assert_eq!(house.knock("GET", "/api/v1/apps", &said, "").await.status.as_u16(), 401, "anybody can say so");
    let answered = house.knock("GET", "/api/v1/apps", &[("authorization", &bearer), said[0], said[1]], "").await;
    assert_eq!(answered.status.as_u16(), 200);
    let (caller, _) = house.last();
    assert_eq!((caller.owner, caller.door, caller.rights), (OwnerId::LOCAL, Door::Key, Rights::of(&[Right::Read])));
    let elsewhere = [("authorization", bearer.as_str()), ("host", "evil.example")];
    assert_eq!(house.knock("GET", "/api/v1/apps", &elsewhere, "").await.status.as_u16(), 421);
    let foreign = [("authorization", bearer.as_str()), ("origin", "http://evil.example")];
    assert_eq!(house.knock("GET", "/api/v1/apps", &foreign, "").await.status.as_u16(), 403);
    // What there is and what there is not look the same to who is not let in.
    for path in ["/api/v1/nothing", "/api", "/v1/models", "/mcp", "/metrics", "/ws", "/api/v1/apps/notes"] {
        assert_eq!(house.knock("GET", path, &[], "").await.status.as_u16(), 401, "{path}");
    }
    for path in ["/livez", "/readyz", "/healthz"] {
        assert_eq!(house.knock("GET", path, &[("host", "10.0.0.1")], "").await.status.as_u16(), 200, "{path}");
    }
}

/// Every route that asks for a credential, as the description has it: without one, with a wrong one, with half of one.
#[tokio::test]
async fn no_route_behind_the_doors_is_reached_without_a_credential() {
    let description = serde_json::to_value(gateway::openapi()).unwrap();
    let mut behind = 0;
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            // By these somebody gets what lets them in.
            if operation["security"].as_array().is_some_and(Vec::is_empty) {
                assert!(["/api/v1/sign-in", "/api/v1/bootstrap"].contains(&&**path), "{path} asks for nothing");
                continue;
            }
            behind += 1;
            let (method, path) = (method.to_uppercase(), path.replace(['{', '}'], ""));
            let house = replies(|| Reply::Ok);
            let origin = format!("http://127.0.0.1:{PORT}");
            let cookie = format!("oikos-login-{PORT}=oikoslogin_0");
            for headers in [
                &[][..],
                &[("authorization", "Bearer oikos_0")],
                &[("authorization", "Basic YTpi")],
                &[("cookie", &*cookie), ("origin", &*origin)],
                &[("oikos-page", "oikospage_0"), ("origin", &*origin)],
            ] {
                let refused = house.knock(&method, &path, headers, "").await;
                assert_eq!(refused.status.as_u16(), 401, "{method} {path} {headers:?}");
                assert_eq!(refused.json()["code"], "unauthenticated", "{method} {path} {headers:?}");
            }
        }
    }
    assert!(behind > 40, "{behind}");
}

#[tokio::test]
async fn who_guesses_is_told_how_long_to_wait() {
    let house = replies(|| Reply::Ok);
    let mut statuses = Vec::new();
    for guess in 0..FAILURES_FREE + 2 {
        let bearer = format!("Bearer oikos_{guess:032}");
        let answer = house.knock("GET", "/api/v1/apps", &[("authorization", &bearer)], "").await;
        statuses.push((answer.status.as_u16(), answer.header("retry-after").parse::<u64>().unwrap_or_default()));
    }
    assert_eq!(statuses.first(), Some(&(401, 0)));
    let (status, seconds) = *statuses.last().unwrap();
    assert_eq!(status, 429);
    assert!(seconds >= 1, "{statuses:?}");
}

#[tokio::test]
async fn what_is_open_ends_when_its_key_is_revoked() {
    let run = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a".parse().unwrap();
    // A run that says something and then nothing, for ever.
    let house = house(move |_| {
        vec![
            Frame::Run { run },
            Frame::Step { sentence: protocol::sentence::progress_verifying(), done: 0, total: None },
        ]
    });
    let (id, bearer) = house.key(&[Right::Read, Right::Run]);
    let path = format!("/api/v1/runs/{run}/stream");
    let mut asked = message("GET", &path, &[("authorization", &bearer)], "");
    asked.extensions_mut().insert(from_afar());
    let mut body = tower::ServiceExt::oneshot(house.router.clone(), asked).await.unwrap().into_body();
    let mut text = String::new();
    while !text.contains("event: step") {
        text.push_str(std::str::from_utf8(&body.frame().await.unwrap().unwrap().into_data().unwrap()).unwrap());
    }
    house.access.keys().revoke(&owner(), id, &house.clock).unwrap();
    let rest = body.collect().await.unwrap().to_bytes();
    let rest = String::from_utf8_lossy(&rest);
    assert!(rest.starts_with("event: failed\n") && rest.contains("\"unauthenticated\""), "{rest}");
    assert_eq!(house.knock("GET", "/api/v1/apps", &[("authorization", &bearer)], "").await.status.as_u16(), 401);
}

#[tokio::test]
async fn a_link_signs_a_browser_in_once() {
    let house = replies(|| Reply::Apps { apps: vec![] });
    let (link, _) = house.access.link(&owner()).unwrap();
    let (address, link) = link.expose().split_once('#').unwrap();
    assert_eq!(address, format!("http://127.0.0.1:{PORT}/"));
    let origin = ("origin", "http://127.0.0.1:7070");
    let body = json!({ "link": link }).to_string();
    assert_eq!(house.knock("POST", "/api/v1/sign-in", &[], &body).await.status.as_u16(), 403, "no page sends that");
    let signed = house.knock("POST", "/api/v1/sign-in", &[origin], &body).await;
    assert_eq!((signed.status.as_u16(), signed.header("cache-control")), (200, "no-store"));
    let cookie = signed.header("set-cookie").to_owned();
    assert!(cookie.contains("; HttpOnly; SameSite=Strict; Max-Age=2592000"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let page = signed.json()["page"].as_str().unwrap().to_owned();
    let both = [("cookie", cookie), ("oikos-page", page.as_str())];
    assert_eq!(house.knock("GET", "/api/v1/apps", &both, "").await.status.as_u16(), 200);
    assert_eq!(house.last().0.door, Door::Page);
    assert_eq!(house.knock("GET", "/api/v1/apps", &both[..1], "").await.status.as_u16(), 401, "the cookie alone");
    assert_eq!(house.knock("GET", "/api/v1/apps", &both[1..], "").await.status.as_u16(), 401, "the page alone");
    assert_eq!(house.knock("POST", "/api/v1/sign-in", &[origin], &body).await.status.as_u16(), 401, "a second time");
    let here = house.say("POST", "/api/v1/sign-in", &[], &body).await;
    assert_eq!(here.json()["code"], "not_available", "who sits at the machine is in");
}

#[tokio::test]
async fn the_bootstrap_token_makes_one_key() {
    let house = replies(|| Reply::Apps { apps: vec![] });
    let token = house.access.bootstrap_make().unwrap().unwrap();
    let body = json!({ "token": token.expose(), "name": "first", "rights": ["read", "manage"] }).to_string();
    let made = house.knock("POST", "/api/v1/bootstrap", &[], &body).await;
    assert_eq!(made.status.as_u16(), 200, "{}", made.json());
    let bearer = format!("Bearer {}", made.json()["secret"].as_str().unwrap());
    assert_eq!(house.knock("GET", "/api/v1/apps", &[("authorization", &bearer)], "").await.status.as_u16(), 200);
    assert_eq!(house.knock("POST", "/api/v1/bootstrap", &[], &body).await.status.as_u16(), 401);
    assert!(house.access.bootstrap_make().unwrap().is_none());
}

#[tokio::test]
async fn nobody_is_let_in_before_a_door_is_open_or_after_oikos_ended() {
    let house = replies(|| Reply::Ok);
    let (_, bearer) = house.key(&[Right::Read]);
    house.access.guards_set(gateway::auth::Guards::closed());
    assert_eq!(house.knock("GET", "/api/v1/apps", &[("authorization", &bearer)], "").await.status.as_u16(), 421);
    let House { access, router, stage, .. } = house;
    drop((access, stage));
    let mut asked = message("GET", "/api/v1/apps", &[("authorization", &bearer)], "");
    asked.extensions_mut().insert(from_afar());
    let answer = tower::ServiceExt::oneshot(router, asked).await.unwrap();
    assert_eq!(answer.status().as_u16(), 503);
}
