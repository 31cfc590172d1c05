//! The page as browsers get it, and what everybody else gets in its place.

use crate::stage::{Answer, House, PORT, house, house_with_page, replies};
use axum::body::Bytes;
use gateway::PageFile;
use protocol::api::{Frame, Reply};

const SCRIPT: &str = "/assets/index-1a2b3c.js";

/// A page of a few files. Their hashes only have to differ.
fn files(path: &str) -> Option<PageFile> {
    let (bytes, hash): (&'static [u8], u8) = match path {
        "index.html" => (b"<!doctype html><title>oikos</title>", 1),
        "index.html.br" => (b"\x01br", 2),
        "assets/index-1a2b3c.js" => (b"console.info('oikos')", 3),
        "assets/index-1a2b3c.js.br" => (b"\x02br", 4),
        "icon.png" => (b"\x89PNG", 5),
        "sw.js" => (b"self.skipWaiting()", 6),
        "manifest.webmanifest" => (b"{}", 7),
        _ => return None,
    };
    Some(PageFile { bytes: Bytes::from_static(bytes), sha256: [hash; 32] })
}

fn with_page() -> House {
    house_with_page(|_| vec![Frame::Done { reply: Reply::Apps { apps: vec![] } }], files)
}

/// The head of an answer that matters to who keeps it: status, kind, encoding, what it may be kept for, what it varies with.
fn head(answer: &Answer) -> [&str; 5] {
    let said = |name| answer.header(name);
    [answer.status.as_str(), said("content-type"), said("content-encoding"), said("cache-control"), said("vary")]
}

#[tokio::test]
async fn the_page_is_there_for_whoever_comes_to_any_address_of_it() {
    let house = with_page();
    for path in ["/", "/index.html", "/apps/csv-insights", "/runs/0193c8a2?tab=log", "/a/b/c/", "//"] {
        let shown = house.knock("GET", path, &[], "").await;
        assert_eq!(head(&shown), ["200", "text/html; charset=utf-8", "", "no-cache", "accept-encoding"], "{path}");
        assert_eq!(shown.body, files("index.html").unwrap().bytes, "{path}");
    }
    for (path, kind) in [
        ("/sw.js", "text/javascript; charset=utf-8"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/icon.png", "image/png"),
    ] {
        assert_eq!(head(&house.knock("GET", path, &[], "").await), ["200", kind, "", "no-cache", ""], "{path}");
    }
    // No browser comes by the socket, and nobody in the household hears of any of it.
    assert_eq!(house.get("/").await.status.as_u16(), 404);
    assert!(house.stage.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_file_is_sent_small_and_once() {
    let house = with_page();
    let kind = "text/javascript; charset=utf-8";
    let forever = "public, max-age=31536000, immutable";
    let plain = house.knock("GET", SCRIPT, &[], "").await;
    assert_eq!(head(&plain), ["200", kind, "", forever, "accept-encoding"]);
    let encoding = ("accept-encoding", "gzip, br");
    let small = house.knock("GET", SCRIPT, &[encoding], "").await;
    assert_eq!(head(&small), ["200", kind, "br", forever, "accept-encoding"]);
    assert_eq!(small.body.as_ref(), b"\x02br");
    let (tag, small_tag) = (plain.header("etag"), small.header("etag"));
    assert_eq!(tag, format!("\"{}\"", "03".repeat(32)));
    assert_eq!(small_tag, format!("\"{}-br\"", "04".repeat(32)));
    for (headers, status) in [
        (&[("if-none-match", tag)][..], 304),
        (&[("if-none-match", small_tag), encoding], 304),
        (&[("if-none-match", small_tag)], 200),
        (&[("if-none-match", "\"another\"")], 200),
    ] {
        let answer = house.knock("GET", SCRIPT, headers, "").await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?}");
        assert_eq!(answer.body.is_empty(), status == 304);
        assert_eq!(answer.header("cache-control"), forever);
    }
    let asked = house.knock("HEAD", SCRIPT, &[encoding], "").await;
    assert_eq!((head(&asked), asked.header("content-length")), (head(&small), "3"));
    assert!(asked.body.is_empty());
}

#[tokio::test]
async fn what_a_page_can_never_do_is_said_beside_each_file() {
    let house = with_page();
    for path in ["/", SCRIPT, "/sw.js"] {
        let shown = house.knock("GET", path, &[], "").await;
        let policy = shown.header("content-security-policy");
        let expected = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
             connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-src http://*.localhost:{PORT}; base-uri \
             'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types \
             dompurify sw"
        );
        assert_eq!(policy, expected, "{path}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(shown.header(name), value, "{path}");
        }
        assert!(shown.header("permissions-policy").contains("camera=(), "), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_the_page_stays_what_it_is() {
    let house = with_page();
    let lost = house.knock("GET", "/assets/index-gone.js", &[], "").await;
    assert_eq!(head(&lost), ["404", "application/problem+json", "", "no-store", ""]);
    assert_eq!(lost.json()["code"], "not_found");
    for path in ["/assets/index-1a2b3c.js.br", "/../Cargo.toml", "/.env", "/favicon.ico"] {
        assert_eq!(house.knock("GET", path, &[], "").await.status.as_u16(), 404, "{path}");
    }
    for path in ["/api", "/api/v1/nothing", "/v1/models", "/mcp", "/ws", "/metrics"] {
        let refused = house.knock("GET", path, &[], "").await;
        assert_eq!((refused.status.as_u16(), refused.header("cache-control")), (401, "no-store"), "{path}");
    }
    let nothing = house.get("/api/v1/nothing").await;
    assert_eq!((nothing.status.as_u16(), nothing.header("content-type")), (404, "application/problem+json"));
    assert_eq!(house.knock("GET", "/livez", &[], "").await.body.as_ref(), b"alive\n");
    // Nothing is sent to a page, not even by who was let in.
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let refused = house.knock(method, "/", &[], "").await;
        assert_eq!(refused.status.as_u16(), 401, "{method}");
        assert_eq!(house.say(method, "/", &[], "").await.status.as_u16(), 404, "{method}");
    }
    let answered = house.get("/api/v1/apps").await;
    assert_eq!((answered.status.as_u16(), answered.header("x-content-type-options")), (200, "nosniff"));
    assert_eq!(lost.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn the_page_is_shown_under_names_of_ours_and_built_into_no_other() {
    let house = with_page();
    let refused = house.knock("GET", "/", &[("host", "evil.example")], "").await;
    assert_eq!((refused.status.as_u16(), refused.body.len(), refused.header("etag")), (421, 0, ""));
    assert!(house.log().iter().any(|line| line.contains("access_host_refused")), "{:?}", house.log());
    let site = ("sec-fetch-site", "cross-site");
    let built_in = [site, ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "script")];
    assert_eq!(house.knock("GET", SCRIPT, &built_in, "").await.status.as_u16(), 403);
    let framed = [site, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    assert_eq!(house.knock("GET", "/", &framed, "").await.status.as_u16(), 403);
    let followed = [site, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    assert_eq!(house.knock("GET", "/", &followed, "").await.status.as_u16(), 200);
    assert_eq!(house.knock("GET", "/?access_token=x", &[], "").await.status.as_u16(), 400);
    house.access.guards_set(gateway::auth::Guards::closed());
    assert_eq!(house.knock("GET", "/", &[], "").await.status.as_u16(), 421);
}

#[tokio::test]
async fn a_binary_without_a_page_says_how_to_get_one() {
    let house = replies(|| Reply::Apps { apps: vec![] });
    for path in ["/", "/apps/notes"] {
        let said = house.knock("GET", path, &[], "").await;
        assert_eq!(head(&said), ["404", "text/plain; charset=utf-8", "", "no-store", ""], "{path}");
        let text = String::from_utf8_lossy(&said.body);
        assert!(text.contains("cargo xtask ui\n") && text.contains("built without its page"), "{text}");
        assert!(said.header("content-security-policy").starts_with("default-src 'none'"));
    }
    assert_eq!(house.knock("GET", "/icon.png", &[], "").await.status.as_u16(), 404);
    assert_eq!(house.get("/api/v1/apps").await.status.as_u16(), 200);
}

#[tokio::test]
async fn no_route_of_the_page_is_described() {
    let description = serde_json::to_value(gateway::openapi()).unwrap();
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.keys().all(|path| path.starts_with("/api/v1/") || path == "/metrics"), "{:?}", paths.keys());
    let house = house(|_| vec![]);
    assert!(gateway::built("no-such-file").is_none() && house.get("/x.js").await.status.as_u16() == 404);
}
