//! The origins of views: the frame and nothing else, under every name, for every question.

use crate::stage::{FRAME, PORT, house_with_page, replies};
use axum::body::Bytes;
use gateway::{PageFile, view_label};
use protocol::{AppName, api::Reply, sha256};

fn host() -> String {
    let app: AppName = "weather".parse().unwrap();
    format!("{}.localhost:{PORT}", view_label(&app, sha256(b"a package")))
}

fn page(path: &str) -> Option<PageFile> {
    (path == "index.html").then(|| PageFile { bytes: Bytes::from_static(b"the page"), sha256: [1; 32] })
}

#[tokio::test]
async fn the_frame_is_there_with_all_that_keeps_a_view_in_it() {
    let house = house_with_page(|_| vec![], page);
    let host = host();
    // As a browser asks: from the page, which is another site, into a frame.
    let asked = [
        ("host", host.as_str()),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "iframe"),
        ("referer", "http://127.0.0.1:7070/"),
    ];
    let shown = house.knock("GET", "/frame", &asked, "").await;
    assert_eq!((shown.status.as_u16(), shown.body.as_ref()), (200, FRAME));
    let policy = format!(
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; \
         media-src data: blob:; worker-src blob:; connect-src 'none'; frame-src 'none'; form-action 'none'; base-uri \
         'none'; frame-ancestors http://127.0.0.1:{PORT} http://localhost:{PORT}; require-trusted-types-for 'script'; \
         trusted-types default; webrtc 'block'"
    );
    for (name, value) in [
        ("content-security-policy", policy.as_str()),
        ("content-type", "text/html; charset=utf-8"),
        ("connection-allowlist", "();webrtc=block"),
        ("cross-origin-resource-policy", "same-site"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-dns-prefetch-control", "off"),
        ("cache-control", "no-store"),
        ("set-cookie", ""),
    ] {
        assert_eq!(shown.header(name), value, "{name}");
    }
    assert!(shown.header("permissions-policy").contains("camera=(), "));
    let head = house.knock("HEAD", "/frame", &asked, "").await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), FRAME.len().to_string());
}

#[tokio::test]
async fn nothing_else_is_there_whoever_asks() {
    let house = replies(|| Reply::Apps { apps: vec![] });
    let host = host();
    let host = ("host", host.as_str());
    let (_, key) = house.key(&[protocol::Right::Read]);
    for path in ["/", "/index.html", "/frame/", "/frame.html", "//frame", "/begin.js", "/sw.js", "/apps"] {
        let lost = house.knock("GET", path, &[host], "").await;
        assert_eq!((lost.status.as_u16(), lost.header("content-type")), (404, "application/problem+json"), "{path}");
    }
    for (method, path) in [
        ("GET", "/api/v1/apps"),
        ("POST", "/api/v1/sign-in"),
        ("POST", "/api/v1/runs"),
        ("GET", "/metrics"),
        ("GET", "/ws"),
        ("GET", "/v1/models"),
        ("GET", "/mcp"),
        ("GET", "/livez"),
        ("GET", "/readyz"),
        ("OPTIONS", "/frame"),
        ("POST", "/frame"),
    ] {
        for more in [&[][..], &[("authorization", key.as_str())]] {
            let refused = house.knock(method, path, &[&[host], more].concat(), "").await;
            assert_eq!(refused.status.as_u16(), 421, "{method} {path} {more:?}");
            assert_eq!(refused.header("set-cookie"), "");
        }
    }
    assert!(house.stage.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_page_has_no_frame_at_its_own_address() {
    let house = house_with_page(|_| vec![], page);
    for path in ["/frame", "/frame/"] {
        let shown = house.knock("GET", path, &[], "").await;
        assert_eq!((shown.status.as_u16(), shown.body.as_ref()), (200, &b"the page"[..]), "{path}");
        assert!(shown.header("content-security-policy").contains("frame-ancestors 'none'"));
    }
    assert_eq!(house.knock("GET", "/frame.html", &[], "").await.status.as_u16(), 404);
    for other in ["x.localhost:7070", "evil.localhost:7070", "0123456789abcdef0123456789abcdef.localhost:7071"] {
        let refused = house.knock("GET", "/frame", &[("host", other)], "").await;
        assert_eq!(refused.status.as_u16(), 421, "{other}");
    }
}
