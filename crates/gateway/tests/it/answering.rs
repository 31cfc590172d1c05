//! The origins on which apps answer: what is there, who is let in, and all the ways in which somebody else is not.

use crate::{
    access::from_afar,
    stage::{Answer, FRAME, House, Open, PORT, house, owner, replies},
};
use axum::{body::Body, http::Request as Message};
use gateway::{
    app_label,
    auth::{ENTRY_LIFE_MS, VISIT_LIFE_MS},
};
use protocol::{
    AppName, Door, ErrorCode, Failure, OwnerId, Right, Rights, RouteAnswer, RouteEnd, ShownOnce, Timestamp,
    api::{Frame, Reply},
    limit::ROUTE_BODY_BYTES_MAX,
};
use serde_json::json;
use std::{
    sync::{Arc, Mutex, atomic::Ordering::SeqCst},
    time::Duration,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const POLICY: &str = "sandbox allow-scripts allow-forms allow-same-origin; default-src 'none'; script-src 'self' \
                      'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' \
                      data:; media-src 'self' data: blob:; connect-src 'self'; form-action 'self'; frame-src 'none'; \
                      worker-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; webrtc 'block'";

fn notes() -> AppName {
    "notes".parse().unwrap()
}

fn host_of(owner: OwnerId, app: &str) -> String {
    format!("{}.localhost:{PORT}", app_label(owner, &app.parse().unwrap()))
}

fn host() -> String {
    host_of(OwnerId::LOCAL, "notes")
}

/// A household whose app `notes` answers with this.
fn answers(status: u16, headers: &[(&str, &str)], body: &str) -> House {
    let house = replies(|| Reply::Ok);
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let answer = RouteAnswer { status, headers, body: body.as_bytes().to_vec() };
    *house.stage.end.lock().unwrap() = Ok(RouteEnd::Answered(answer));
    house
}

impl House {
    /// A browser at the address of the app `notes`.
    async fn browse(&self, method: &str, path: &str, more: &[(&str, &str)], body: &str) -> Answer {
        let (host, origin) = (host(), format!("http://{}", host()));
        let mut all = vec![("host", host.as_str()), ("sec-fetch-site", "same-origin")];
        if method != "GET" && method != "HEAD" {
            all.push(("origin", origin.as_str()));
        }
        all.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        all.extend(more);
        self.knock(method, path, &all, body).await
    }

    /// What stands in an address that lets a browser in.
    fn token(&self) -> String {
        let (url, _) = self.access.entry(&owner(), &notes(), "/home?x=1".to_owned()).unwrap();
        let (address, token) = url.expose().split_once('#').unwrap();
        assert_eq!(address, format!("http://{}/.oikos/enter", host()));
        token.to_owned()
    }

    async fn enter(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        self.browse("POST", "/.oikos/enter", more, &json!({ "token": token }).to_string()).await
    }

    /// The cookie of a browser that was let in.
    async fn cookie(&self) -> String {
        let entered = self.enter(&self.token(), &[]).await;
        assert_eq!(entered.status.as_u16(), 200);
        entered.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    fn sent(&self) -> usize {
        self.stage.sent.lock().unwrap().len()
    }
}

#[tokio::test]
async fn a_browser_is_let_in_once_and_stays_for_its_time() {
    let house = answers(200, &[("content-type", "text/html; charset=utf-8")], "<p>home");
    // Our page there, by a link from ours: it has none of the app's rights.
    let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    let page = house.browse("GET", "/.oikos/enter", &link, "").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; script-src 'self'; connect-src"));
    assert!(!page.header("content-security-policy").contains("unsafe-inline"));
    let script = house.browse("GET", "/.oikos/enter.js", &[], "").await;
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");

    // What a browser proves by it that it would not get it: it is there for every origin.
    let elsewhere = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
    let picture = house.browse("GET", "/.oikos/probe.gif", &elsewhere, "").await;
    assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/gif"));
    assert_eq!(picture.header("cross-origin-resource-policy"), "cross-origin");

    let token = house.token();
    let entered = house.enter(&token, &[]).await;
    assert_eq!((entered.status.as_u16(), entered.json()), (200, json!({ "path": "/home?x=1" })));
    let set = entered.header("set-cookie");
    assert!(set.starts_with(&format!("oikos-app-{PORT}=oikosvisit_")), "{set}");
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"), "{set}");
    let again = house.enter(&token, &[]).await;
    assert_eq!((again.status.as_u16(), again.header("set-cookie")), (401, ""));

    let cookie = set.split(';').next().unwrap();
    let shown = house.browse("GET", "/home", &[("cookie", cookie)], "").await;
    assert_eq!((shown.status.as_u16(), shown.body.as_ref()), (200, &b"<p>home"[..]));
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("content-type", "text/html; charset=utf-8"),
        ("connection-allowlist", "(response-origin);redirects=allow;webrtc=block"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("set-cookie", ""),
        ("access-control-allow-origin", ""),
        ("service-worker-allowed", ""),
    ] {
        assert_eq!(shown.header(name), value, "{name}");
    }
    let (caller, call) = house.stage.sent.lock().unwrap().last().unwrap().clone();
    assert_eq!((caller.owner, caller.door, caller.rights), (OwnerId::LOCAL, Door::Page, Rights::of(&[Right::Run])));
    assert_eq!((call.app, call.method.as_str(), call.path.as_str()), (notes(), "GET", "/home"));
    let head = house.browse("HEAD", "/home", &[("cookie", cookie)], "").await;
    assert_eq!((head.status.as_u16(), head.body.len(), head.header("content-length")), (200, 0, "7"));

    house.clock.advance_ms(VISIT_LIFE_MS);
    assert_eq!(house.browse("GET", "/home", &[("cookie", cookie)], "").await.status.as_u16(), 401);
    let late = house.token();
    house.clock.advance_ms(ENTRY_LIFE_MS);
    assert_eq!(house.enter(&late, &[]).await.status.as_u16(), 401);
}

#[tokio::test]
async fn who_was_let_in_by_a_login_goes_with_it() {
    let link: Arc<Mutex<String>> = Arc::default();
    let made = link.clone();
    let reply = move || Reply::Link { url: ShownOnce::new(made.lock().unwrap().clone()), expires_at: Timestamp(7) };
    let open = Open::new(move |_| vec![Frame::Done { reply: reply() }]).await;
    let label = app_label(OwnerId::LOCAL, &notes());
    let port = open.door.address().port();
    let (cookie, signed) = open.signed_in();
    // The API answers with what the household made of it, and binds it to what the asker came in by.
    let (url, _) = open.house.access.entry(&owner(), &notes(), "/".to_owned()).unwrap();
    link.lock().unwrap().push_str(url.expose());
    let host = format!("127.0.0.1:{port}");
    let origin = format!("http://{host}");
    let asked =
        [("host", host.as_str()), ("origin", &origin), ("cookie", &cookie), ("oikos-page", signed.page.expose())];
    let answered = open.house.knock("POST", "/api/v1/apps/notes/entry", &asked, "{}").await;
    assert_eq!(answered.status.as_u16(), 200, "{:?}", answered.body);
    assert_eq!(answered.json()["url"], url.expose());
    let token = url.expose().split_once('#').unwrap().1.to_owned();
    let own = format!("{label}.localhost:{port}");
    let own_origin = format!("http://{own}");
    let entered = open
        .house
        .knock(
            "POST",
            "/.oikos/enter",
            &[("host", own.as_str()), ("origin", own_origin.as_str())],
            &json!({ "token": token }).to_string(),
        )
        .await;
    let visit = entered.header("set-cookie").split(';').next().unwrap().to_owned();
    let see = || async {
        open.house.knock("GET", "/", &[("host", own.as_str()), ("cookie", visit.as_str())], "").await.status.as_u16()
    };
    assert_eq!(see().await, 200);
    open.house.access.logins().revoke(&owner(), signed.login.id, &open.house.clock).unwrap();
    assert_eq!(see().await, 401);
    open.door.close().await;
}

#[tokio::test]
async fn a_program_asks_with_its_key_and_another_owners_finds_nothing() {
    let house = answers(201, &[("content-type", "application/json")], "{}");
    let (_, key) = house.key(&[Right::Run]);
    let host = host();
    let asked = [("host", host.as_str()), ("authorization", key.as_str())];
    let made = house.knock("POST", "/notes?q=1", &asked, "{}").await;
    assert_eq!((made.status.as_u16(), made.body.as_ref()), (201, &b"{}"[..]));
    let (caller, call) = house.stage.sent.lock().unwrap().last().unwrap().clone();
    assert_eq!((caller.door, caller.rights), (Door::Key, Rights::of(&[Right::Run])));
    assert_eq!((call.query.as_deref(), call.body.as_slice()), (Some("q=1"), &b"{}"[..]));
    let before = house.sent();
    for other in [host_of(OwnerId(2), "notes"), host_of(OwnerId::LOCAL, "other")] {
        let asked = [("host", other.as_str()), ("authorization", key.as_str())];
        let lost = house.knock("GET", "/", &asked, "").await;
        assert_eq!((lost.status.as_u16(), lost.json()["code"].as_str()), (404, Some("not_found")), "{other}");
    }
    for wrong in ["Bearer oikos_x", "Basic YTpi", ""] {
        let asked = [("host", host.as_str()), ("authorization", wrong)];
        assert_eq!(house.knock("GET", "/", &asked, "").await.status.as_u16(), 401, "{wrong}");
    }
    assert_eq!(house.sent(), before);
}

#[tokio::test]
async fn nobody_else_is_let_in() {
    let house = answers(200, &[], "");
    let cookie = house.cookie().await;
    let cookie = ("cookie", cookie.as_str());
    type Refusal<'a> = (&'a str, &'a [(&'a str, &'a str)], u16);
    let refusals: &[Refusal<'_>] = &[
        ("GET", &[], 401),
        ("POST", &[], 401),
        ("GET", &[("cookie", "oikos-app-7071=oikosvisit_0")], 401),
        ("GET", &[("cookie", "oikos-app-7070=oikosvisit_0")], 401),
        ("GET", &[("cookie", "oikos-login-7070=x")], 401),
        // Of somebody else's page, whatever it has.
        ("POST", &[cookie, ("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")], 403),
        ("POST", &[cookie, ("origin", "null"), ("sec-fetch-site", "same-origin")], 403),
        ("POST", &[cookie, ("origin", "http://127.0.0.1:7070")], 403),
        ("GET", &[cookie, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], 403),
        ("GET", &[cookie, ("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors")], 403),
        (
            "GET",
            &[cookie, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
            403,
        ),
        // A link elsewhere opens nothing, not even with a cookie that a browser would not send along.
        (
            "GET",
            &[cookie, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
            401,
        ),
        ("GET", &[cookie, ("service-worker", "script")], 403),
    ];
    for (method, headers, status) in refusals {
        let refused = house.browse(method, "/home", headers, "").await;
        assert_eq!(refused.status.as_u16(), *status, "{method} {headers:?}");
        assert_eq!((refused.header("set-cookie"), refused.header("access-control-allow-origin")), ("", ""));
        assert_eq!(refused.header("cross-origin-resource-policy"), "same-origin");
        assert!(refused.header("content-security-policy").contains("frame-ancestors 'none'"));
    }
    // Without a word on where it comes from, what changes something is not the browser's.
    let host = host();
    let bare = house.knock("POST", "/home", &[("host", host.as_str()), cookie], "").await;
    assert_eq!(bare.json()["code"], "origin_refused");
    // What is good here is good for no other app, and not for the page.
    for other in [host_of(OwnerId::LOCAL, "other"), host_of(OwnerId(2), "notes")] {
        assert_eq!(
            house.browse("GET", "/", &[cookie, ("host", other.as_str())], "").await.status.as_u16(),
            401,
            "{other}"
        );
    }
    let ours = house.knock("GET", "/api/v1/apps", &[cookie], "").await;
    assert_eq!(ours.status.as_u16(), 401);
    let token = house.token();
    let (other, origin) = (host_of(OwnerId::LOCAL, "other"), format!("http://{}", host_of(OwnerId::LOCAL, "other")));
    assert_eq!(
        house.enter(&token, &[("host", other.as_str()), ("origin", origin.as_str())]).await.status.as_u16(),
        401
    );
    for more in [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")] {
        assert_eq!(house.enter(&token, &[more]).await.status.as_u16(), 403, "{more:?}");
    }
    assert_eq!(house.enter(&token, &[]).await.status.as_u16(), 200, "it was not used up");
    assert_eq!(house.sent(), 0);
}

#[tokio::test]
async fn nothing_of_oikos_is_there() {
    let house = answers(200, &[("content-type", "text/plain; charset=utf-8")], "the app's");
    let cookie = house.cookie().await;
    let (_, key) = house.key(&[Right::Read, Right::Run, Right::Manage]);
    for path in ["/", "/frame", "/api/v1/apps", "/livez", "/readyz", "/metrics", "/ws", "/v1/models", "/mcp", "/sw.js"]
    {
        for by in [("cookie", cookie.as_str()), ("authorization", key.as_str())] {
            let shown = house.browse("GET", path, &[by], "").await;
            assert_eq!((shown.status.as_u16(), shown.body.as_ref()), (200, &b"the app's"[..]), "{path}");
        }
        let closed = house.browse("GET", path, &[], "").await;
        assert_eq!(
            (closed.status.as_u16(), closed.header("content-type")),
            (401, "application/problem+json"),
            "{path}"
        );
    }
    assert!(house.stage.heard.lock().unwrap().is_empty());
    let before = house.sent();
    for (method, path) in [
        ("GET", "/.oikos/"),
        ("GET", "/.oikos/other"),
        ("GET", "/.oikos/enter/"),
        ("PUT", "/.oikos/enter"),
        ("GET", "/.oikos/../home"),
    ] {
        let lost = house.browse(method, path, &[("cookie", cookie.as_str())], "").await;
        assert_eq!(lost.status.as_u16(), 404, "{method} {path}");
    }
    assert_eq!(house.sent(), before, "and none of it reaches the app");
    // Nothing of an app is on the origins of views, nor the other way round.
    let frame = house.browse("GET", "/frame", &[("cookie", cookie.as_str())], "").await;
    assert_ne!(frame.body.as_ref(), FRAME);
}

#[tokio::test]
async fn what_an_app_may_not_say_is_not_passed_on() {
    let cases: &[(&[(&str, &str)], u16)] = &[
        (&[("etag", "\"a\"\r\nset-cookie: a=b")], 502),
        (&[("etag\r\nset-cookie: a", "b")], 502),
        (&[("content-security-policy", "default-src *"), ("content-type", "text/html")], 200),
        (&[("cross-origin-opener-policy", "unsafe-none")], 200),
    ];
    for (headers, status) in cases {
        let house = answers(200, headers, "x");
        let cookie = house.cookie().await;
        let shown = house.browse("GET", "/", &[("cookie", cookie.as_str())], "").await;
        assert_eq!(shown.status.as_u16(), *status, "{headers:?}");
        assert_eq!(shown.header("set-cookie"), "");
        assert_eq!(shown.header("cross-origin-opener-policy"), "same-origin");
        if *status == 200 {
            assert_eq!(shown.headers.get_all("content-security-policy").iter().collect::<Vec<_>>(), [POLICY]);
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_known_is_not_sent_again() {
    let house = answers(200, &[("etag", "\"7\""), ("cache-control", "max-age=60, private")], "x");
    let cookie = house.cookie().await;
    let cookie = ("cookie", cookie.as_str());
    for (known, status) in [("\"7\"", 304), ("W/\"7\", \"8\"", 304), ("\"8\"", 200)] {
        let shown = house.browse("GET", "/", &[cookie, ("if-none-match", known)], "").await;
        assert_eq!(shown.status.as_u16(), status, "{known}");
        assert_eq!(shown.header("cache-control"), "max-age=60, private");
    }
    assert_eq!(house.browse("POST", "/", &[cookie, ("if-none-match", "\"7\"")], "").await.status.as_u16(), 200);
}

#[tokio::test]
async fn what_is_wrong_is_said_to_a_person_as_a_page_and_to_a_program_as_a_problem() {
    let house = answers(200, &[], "");
    let cookie = house.cookie().await;
    let cookie = ("cookie", cookie.as_str());
    let failure = |code| Failure::new(code, "<b>why</b>");
    for (end, status) in [
        (Ok(RouteEnd::Failed(failure(ErrorCode::AppFailed))), 502),
        (Ok(RouteEnd::Failed(failure(ErrorCode::PermissionDenied))), 502),
        (Ok(RouteEnd::Failed(failure(ErrorCode::Timeout))), 504),
        (Ok(RouteEnd::Failed(failure(ErrorCode::Stopped))), 503),
        (Err(failure(ErrorCode::AppDisabled)), 503),
        (Err(failure(ErrorCode::Stopped)), 503),
        (Err(failure(ErrorCode::HostBusy)), 503),
        (Err(failure(ErrorCode::NotFound)), 404),
        (Err(failure(ErrorCode::NotAvailable)), 404),
        (Err(failure(ErrorCode::PermissionDenied)), 403),
    ] {
        let code = match &end {
            Ok(RouteEnd::Failed(failure)) | Err(failure) => failure.code,
            Ok(RouteEnd::Answered(_)) => panic!(),
        };
        *house.stage.end.lock().unwrap() = end;
        let said = house.browse("GET", "/", &[cookie], "").await;
        assert_eq!((said.status.as_u16(), said.json()["code"].as_str()), (status, Some(code.word())));
        assert_eq!(said.header("retry-after"), if status == 503 { "1" } else { "" }, "{code}");
        let page = house.browse("GET", "/", &[cookie, ("sec-fetch-dest", "document")], "").await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (status, "text/html; charset=utf-8"));
        let html = String::from_utf8(page.body.to_vec()).unwrap();
        assert!(html.contains("&lt;b&gt;why") && html.contains(code.word()), "{html}");
    }
    let closed = house.browse("GET", "//evil.example/?a=%22", &[("sec-fetch-dest", "document")], "").await;
    let html = String::from_utf8(closed.body.to_vec()).unwrap();
    assert!(html.contains("this browser was not let in") && html.contains("http://127.0.0.1:7070/"), "{html}");
    // The way on is to this origin, whatever was asked for.
    assert!(html.contains(&format!("<a href=\"http://{}//evil.example/?a=%22\">", host())), "{html}");
}

#[tokio::test]
async fn a_body_is_bounded_and_of_any_kind() {
    let house = answers(200, &[], "");
    let (_, key) = house.key(&[Right::Run]);
    let post = |bytes: usize, kind: &'static str| {
        let message = Message::post("/").header("host", host()).header("authorization", &key);
        house.through(from_afar(), message.header("content-type", kind).body(Body::from(vec![b'x'; bytes])).unwrap())
    };
    assert_eq!(post(ROUTE_BODY_BYTES_MAX, "application/x-www-form-urlencoded").await.status.as_u16(), 200);
    assert_eq!(post(3, "multipart/form-data; boundary=x").await.status.as_u16(), 200);
    let refused = post(ROUTE_BODY_BYTES_MAX + 1, "application/octet-stream").await;
    assert_eq!((refused.status.as_u16(), refused.json()["code"].as_str()), (413, Some("too_large")));
    assert_eq!(house.sent(), 2);
}

#[tokio::test]
async fn who_leaves_takes_along_what_the_app_does_for_them() {
    let open = Open::new(|_| vec![]).await;
    let address = open.door.address();
    let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
    let host = format!("{}.localhost:{}", app_label(OwnerId::LOCAL, &notes()), address.port());
    let asked = format!("GET /slow HTTP/1.1\r\nhost: {host}\r\nauthorization: {}\r\n\r\n", open.bearer);
    line.write_all(asked.as_bytes()).await.unwrap();
    let until = async |is_so: &dyn Fn() -> bool| {
        let waiting = async {
            while !is_so() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), waiting).await.expect("comes to be so");
    };
    until(&|| open.house.sent() == 1).await;
    assert_eq!(open.house.stage.given_up.load(SeqCst), 0);
    drop(line);
    until(&|| open.house.stage.given_up.load(SeqCst) == 1).await;
    // So does a key that is revoked.
    let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
    line.write_all(asked.as_bytes()).await.unwrap();
    until(&|| open.house.sent() == 2).await;
    open.house.access.keys().revoke(&owner(), open.key, &open.house.clock).unwrap();
    until(&|| open.house.stage.given_up.load(SeqCst) == 2).await;
    let mut said = String::new();
    line.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 401 "), "{said}");
    open.door.close().await;
}

#[tokio::test]
async fn there_is_no_address_where_no_door_is_open() {
    let house = house(|_| vec![]);
    house.access.guards_set(gateway::auth::Guards::closed());
    let refused = house.access.entry(&owner(), &notes(), "/".to_owned()).unwrap_err();
    assert_eq!((refused.code, refused.hint.as_deref()), (ErrorCode::NotAvailable, Some("oikos up")));
}
