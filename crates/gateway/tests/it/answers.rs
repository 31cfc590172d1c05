//! JSON, events, problems, pages, tags.

use crate::stage::{house, replies};
use axum::{body::Body, http::Request as Message};
use gateway::Arrival;
use protocol::{
    ErrorCode, Failure,
    api::{Frame, Reply, Request},
};
use serde_json::{Value, json};

fn apps(names: &[&str]) -> Reply {
    let row = |name: &&str| {
        json!({ "name": name, "title": name, "version": "1.0.0", "enabled": true, "badge": "official",
            "fingerprint": "f", "installed_at": 5 })
    };
    serde_json::from_value(json!({ "reply": "apps", "apps": names.iter().map(row).collect::<Vec<_>>() })).unwrap()
}

#[tokio::test]
async fn a_failure_is_a_problem_with_its_code_and_without_what_is_for_the_log() {
    let house = house(|_| {
        let failure = Failure::new(ErrorCode::AppNotFound, "no app 'x'").hint("oikos app list").log("/home/ada/secret");
        vec![Frame::Failed { failure }]
    });
    for (path, accept) in [("/api/v1/apps/xy", "*/*"), ("/api/v1/status", "text/event-stream")] {
        let answer = house.say("GET", path, &[("accept", accept)], "").await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let expected = json!({ "type": "urn:oikos:error:app_not_found", "title": "No app of this name is installed.",
            "status": 404, "detail": "no app 'x'", "code": "app_not_found", "hint": "oikos app list" });
        assert_eq!(answer.json(), expected);
    }
}

#[tokio::test]
async fn what_is_busy_says_when_to_try_again() {
    let house = house(|_| vec![Frame::Failed { failure: Failure::new(ErrorCode::HostBusy, "no room") }]);
    let answer = house.get("/api/v1/apps").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
}

#[tokio::test]
async fn a_household_that_has_gone_answers_nothing() {
    let mut house = replies(|| apps(&[]));
    house.stage = crate::stage::replies(|| apps(&[])).stage;
    let answer = house.get("/api/v1/apps").await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (503, Some("home_locked")));
    assert_eq!(house.get("/readyz").await.status, 503);
    assert_eq!(house.get("/livez").await.status, 200);
}

/// What anybody can reach who reaches the port: that it lives, and nothing else.
#[tokio::test]
async fn strangers_learn_nothing() {
    let house = replies(|| apps(&["notes"]));
    let stranger = Arrival::Tcp { peer: "127.0.0.1:5000".parse().unwrap() };
    let description = serde_json::to_value(gateway::openapi()).unwrap();
    let paths = description["paths"].as_object().unwrap();
    let known = paths
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().keys().map(move |method| (method.clone(), path.clone())));
    let other =
        [("post", "/"), ("get", "/v1/none"), ("get", "/api/v1/none"), ("options", "/api/v1/apps"), ("get", "/metrics")];
    let other = other.map(|(method, path)| (method.to_owned(), path.to_owned()));
    for (method, path) in known.chain(other) {
        let kind = if path.ends_with("/pieces") { "application/octet-stream" } else { "application/json" };
        let message = Message::builder()
            .method(method.to_uppercase().as_str())
            .uri(path.replace(['{', '}'], ""))
            .header("host", "127.0.0.1:7070")
            .header("content-type", kind)
            .header("oikos-presence", "yes")
            .body(Body::from("{}"))
            .unwrap();
        let answer = house.through(stranger, message).await;
        // Before these two somebody is nobody yet: what they send is looked at, and is nothing.
        let expected = match path.as_str() {
            "/api/v1/sign-in" | "/api/v1/bootstrap" => (400, "invalid_input"),
            _ => (401, "unauthenticated"),
        };
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].as_str()),
            (expected.0, Some(expected.1)),
            "{method} {path}"
        );
    }
    assert!(house.stage.heard.lock().unwrap().is_empty());
    for path in ["/livez", "/readyz", "/healthz"] {
        let answer = house.through(stranger, Message::builder().uri(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.len() < 10);
    }
}

#[tokio::test]
async fn lists_come_in_pages_for_those_who_want_pages() {
    let house = replies(|| apps(&["aa", "bb", "cc", "dd", "ee"]));
    let names = |body: Value| -> Vec<String> {
        body["apps"].as_array().unwrap().iter().map(|app| app["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(house.get("/api/v1/apps").await.json()).len(), 5);
    let first = house.get("/api/v1/apps?limit=2").await;
    assert_eq!(first.header("link"), "</api/v1/apps?after=bb&limit=2>; rel=\"next\"");
    assert_eq!(names(first.json()), ["aa", "bb"]);
    let last = house.get("/api/v1/apps?after=dd&limit=2").await;
    assert_eq!((names(last.json()), last.header("link")), (vec!["ee".to_owned()], ""));
    for (wrong, status, code) in [
        ("limit=0", 400, "invalid_input"),
        ("limit=1001", 400, "invalid_input"),
        ("limit=x", 400, "invalid_input"),
        ("after=zz", 409, "conflict"),
    ] {
        let answer = house.get(&format!("/api/v1/apps?{wrong}")).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (status, Some(code)), "{wrong}");
    }
}

#[tokio::test]
async fn the_switches_of_all_apps_come_in_pages_too() {
    let house = replies(|| {
        let row = |name: &str| json!({ "app": name, "title": name, "enabled": true, "grants": [] });
        let rows = ["aa", "bb", "cc"].map(row);
        serde_json::from_value(json!({ "reply": "grants_of_all", "apps": rows })).unwrap()
    });
    let names = |body: Value| -> Vec<String> {
        body["apps"].as_array().unwrap().iter().map(|app| app["app"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(house.get("/api/v1/grants").await.json()), ["aa", "bb", "cc"]);
    let first = house.get("/api/v1/grants?limit=2").await;
    assert_eq!(first.header("link"), "</api/v1/grants?after=bb&limit=2>; rel=\"next\"");
    assert_eq!(names(first.json()), ["aa", "bb"]);
    let last = house.get("/api/v1/grants?after=bb&limit=2").await;
    assert_eq!((names(last.json()), last.header("link")), (vec!["cc".to_owned()], ""));
    let gone = house.get("/api/v1/grants?after=zz").await;
    assert_eq!((gone.status.as_u16(), gone.json()["code"].as_str()), (409, Some("conflict")));
    assert!(house.stage.heard.lock().unwrap().iter().all(|(_, request)| *request == Request::GrantListAll));
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let house = replies(|| apps(&["aa"]));
    let first = house.get("/api/v1/apps").await;
    let tag = first.header("etag").to_owned();
    let again = house.say("GET", "/api/v1/apps", &[("if-none-match", &tag)], "").await;
    assert_eq!((again.status.as_u16(), again.body.len(), again.header("etag")), (304, 0, tag.as_str()));
    let other = house.say("GET", "/api/v1/apps?limit=1&after=aa", &[("if-none-match", &tag)], "").await;
    assert_eq!(other.status, 200);
    assert_ne!(other.header("etag"), tag);
}

#[tokio::test]
async fn a_stream_is_resumed_where_the_client_says() {
    let house = replies(|| Reply::Ok);
    let path = "/api/v1/runs/0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a/stream";
    for (path, id, from) in [
        (path.to_owned(), None, 0),
        (format!("{path}?after_seq=7"), None, 7),
        (path.to_owned(), Some("9"), 9),
        (format!("{path}?after_seq=7"), Some("9"), 7),
        (path.to_owned(), Some("9223372036854775807"), i64::MAX.unsigned_abs()),
    ] {
        let headers: Vec<_> = id.into_iter().map(|id| ("last-event-id", id)).collect();
        let answer = house.say("GET", &path, &headers, "").await;
        assert_eq!(answer.header("content-type"), "text/event-stream");
        assert!(matches!(house.last().1, Request::RunFollow { after_seq, .. } if after_seq == from), "{path} {id:?}");
    }
    // What was never the id of an event would give everything again, as if it were new.
    for path in [path, "/api/v1/log/stream"] {
        for id in ["", "nine", "-1", "9223372036854775808", "1 2"] {
            let answer = house.say("GET", path, &[("last-event-id", id)], "").await;
            assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (400, &json!("invalid_input")), "{path} {id}");
        }
        let beyond = house.get(&format!("{path}?after_seq=9223372036854775808")).await;
        assert_eq!((beyond.status.as_u16(), &beyond.json()["code"]), (400, &json!("invalid_input")), "{path}");
    }
}

#[tokio::test]
async fn events_say_what_they_are() {
    let run = "0193c8a2-7f3e-7a10-9b1c-2f6d5e4c3b2a";
    let house = house(move |_| {
        let frame = |frame: Value| serde_json::from_value(frame).unwrap();
        vec![
            frame(json!({ "frame": "run", "run": run })),
            frame(json!({ "frame": "chunk", "run": run, "seq": 4, "type": "text", "text": "two\nlines" })),
            frame(json!({ "frame": "done", "reply": { "reply": "ok" } })),
        ]
    });
    let body = r#"{"app":"notes","action":"go"}"#;
    let answer = house.say("POST", "/api/v1/runs", &[("accept", "text/event-stream")], body).await;
    let expected = format!(
        "event: run\ndata: {{\"frame\":\"run\",\"run\":\"{run}\"}}\n\n\
         event: chunk\nid: 4\ndata: {{\"frame\":\"chunk\",\"run\":\"{run}\",\"seq\":4,\"type\":\"text\",\"text\":\"two\\nlines\"}}\n\n\
         event: done\ndata: {{\"frame\":\"done\",\"reply\":{{\"reply\":\"ok\"}}}}\n\n"
    );
    assert_eq!(String::from_utf8_lossy(&answer.body), expected);
}
