//! The frame around views that apps bring along, and oikos' own views: files that `cargo xtask ui` built. The frame is
//! served on origins of its own, one for each package, and nothing else is served there.

use super::{PageFile, PageFiles, response};
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};
use protocol::{AppName, Digest, ErrorCode, Failure, OwnerId, sha256, text};
use std::borrow::Cow;

/// Where the frame is, on an origin of views.
const FRAME: &str = "/frame";
const FRAME_FILE: &str = "frame.html";
/// Hexadecimal digits of the name of an origin of views.
const LABEL_CHARS: usize = 32;

/// Powers of a browser that nothing of an app has.
pub(crate) const POWERS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), \
                      midi=(), payment=(), screen-wake-lock=(), usb=()";

const MISSING: &str = "This oikos was built without its views. In a checkout of oikos: cargo xtask ui\n";

#[derive(rust_embed::Embed)]
#[folder = "../../renderers/dist"]
#[allow_missing = true]
struct Built;

/// The views that were there when this was built, and the frame around others.
pub fn views_built(path: &str) -> Option<PageFile> {
    let file = <Built as rust_embed::Embed>::get(path)?;
    let bytes = match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    Some(PageFile { bytes, sha256: file.metadata.sha256_hash() })
}

/// The names of oikos' own views, in order; none in a binary that was built without them.
pub fn view_names() -> Vec<String> {
    let names = <Built as rust_embed::Embed>::iter();
    let names = names.filter_map(|file| file.strip_suffix(".html").map(str::to_owned));
    let mut names: Vec<String> = names.filter(|name| name != "frame").collect();
    names.sort();
    names
}

/// One of oikos' own views, which any host of views may draw.
pub fn view_built(name: &str) -> Result<String, Failure> {
    let is_name = name != "frame" && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let file = Some(name).filter(|_| is_name).and_then(|name| views_built(&format!("{name}.html")));
    let html = file.and_then(|file| String::from_utf8(file.bytes.into()).ok());
    html.ok_or_else(|| match views_built(FRAME_FILE) {
        Some(_) => Failure::new(ErrorCode::NotFound, format!("oikos has no view '{}'", text::shorten(name, 60)))
            .hint(format!("it has: {}", view_names().join(", "))),
        None => Failure::new(ErrorCode::NotAvailable, "this oikos was built without its views")
            .hint("in a checkout of oikos: cargo xtask ui, then cargo build"),
    })
}

/// The first part of the name of the origin on which a package's views live. Another package is another origin, also where
/// it is the same app's next version.
pub fn view_label(app: &AppName, digest: Digest) -> String {
    label(&format!("oikos view\0{app}\0{digest}"))
}

/// The same of one of oikos' own views.
pub fn view_label_built(name: &str) -> String {
    // No app is called so: there is no `/` in a name.
    label(&format!("oikos view\0oikos/{name}"))
}

fn label(subject: &str) -> String {
    let mut label = hex::encode(sha256(subject.as_bytes()).0);
    label.truncate(LABEL_CHARS);
    label
}

/// How the names of origins begin on which apps answer: no view's does.
const APP: &str = "app-";

/// The first part of the name of the origin on which an app answers an owner's requests: the same for all its versions,
/// so that what a person has noted of it stays true.
pub fn app_label(owner: OwnerId, app: &AppName) -> String {
    format!("{APP}{}", label(&format!("oikos app\0{}\0{app}", owner.0)))
}

/// Whether this is the first part of the name of such an origin.
pub(crate) fn is_app_label(text: &str) -> bool {
    text.strip_prefix(APP).is_some_and(is_label)
}

/// Whether this is the first part of the name of an origin of views.
pub(crate) fn is_label(text: &str) -> bool {
    text.len() == LABEL_CHARS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What a view may do, which is to draw: nothing is loaded and nothing is sent. `pages` may hold it, and nobody else. The
/// view in it has the same policy, because it comes with no address of its own.
fn content_security_policy(pages: &str) -> String {
    format!(
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src \
         data:; media-src data: blob:; worker-src blob:; connect-src 'none'; frame-src 'none'; form-action 'none'; \
         base-uri 'none'; frame-ancestors {pages}; require-trusted-types-for 'script'; trusted-types default; webrtc \
         'block'"
    )
}

fn safety(pages: &str) -> HeaderMap {
    let mut heads = HeaderMap::new();
    // Names and ports: always the text of a header. Were they not, nothing would be allowed instead of everything.
    let policy = HeaderValue::from_str(&content_security_policy(pages));
    let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'; sandbox"));
    heads.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (HeaderName::from_static("connection-allowlist"), "();webrtc=block"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-site"),
        (HeaderName::from_static("permissions-policy"), POWERS),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-dns-prefetch-control"), "off"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        heads.insert(name, HeaderValue::from_static(value));
    }
    heads
}

/// The answer to a request for an origin of views. `None`: there is no such place.
pub(crate) fn frame_answer(files: PageFiles, parts: &Parts, pages: &str) -> Option<Response> {
    if parts.uri.path() != FRAME {
        return None;
    }
    let mut heads = safety(pages);
    let (status, kind, bytes) = match files(FRAME_FILE) {
        Some(file) => (StatusCode::OK, "text/html; charset=utf-8", file.bytes),
        None => (StatusCode::NOT_FOUND, "text/plain; charset=utf-8", Bytes::from_static(MISSING.as_bytes())),
    };
    heads.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Some(response(parts, status, heads, bytes))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_package_has_an_origin_of_its_own() {
        let (weather, maps): (AppName, AppName) = ("weather".parse().unwrap(), "maps".parse().unwrap());
        let (one, two) = (sha256(b"one"), sha256(b"two"));
        let labels = [
            view_label(&weather, one),
            view_label(&weather, two),
            view_label(&maps, one),
            view_label_built("table"),
            view_label_built("chart"),
        ];
        assert!(labels.iter().all(|label| is_label(label)), "{labels:?}");
        assert_eq!(labels.iter().collect::<BTreeSet<_>>().len(), labels.len());
        assert_eq!(view_label(&weather, one), labels[0], "and always the same");
    }

    #[test]
    fn each_owner_has_an_origin_for_each_app_whatever_its_version() {
        let (weather, maps): (AppName, AppName) = ("weather".parse().unwrap(), "maps".parse().unwrap());
        let labels = [app_label(OwnerId(1), &weather), app_label(OwnerId(2), &weather), app_label(OwnerId(1), &maps)];
        assert!(labels.iter().all(|label| is_app_label(label) && !is_label(label)), "{labels:?}");
        assert_eq!(labels.iter().collect::<BTreeSet<_>>().len(), labels.len());
        assert_eq!(app_label(OwnerId(1), &weather), labels[0], "and always the same");
        assert!(!is_app_label(&view_label(&weather, sha256(b"one"))));
    }

    #[test]
    fn a_label_is_one_in_one_spelling() {
        assert!(is_label(&"0f".repeat(16)));
        for other in [String::new(), "0f".repeat(15), "0f".repeat(17), "0F".repeat(16), "0g".repeat(16)] {
            assert!(!is_label(&other), "{other}");
        }
    }

    #[test]
    fn who_may_hold_it_cannot_widen_the_rest() {
        let said = |pages| safety(pages)[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(said("http://127.0.0.1:7070").contains("; frame-ancestors http://127.0.0.1:7070; require-"));
        assert_eq!(said("a\nb"), "default-src 'none'; sandbox");
    }
}
