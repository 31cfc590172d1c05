//! The page of oikos: files in the binary that hold no data, so that nobody has to be let in to get them. Pure: from the
//! head of a request to an answer. What the page then asks for is asked through the API, as by everybody else.

mod files; // what the binary carries
mod frame; // the frame around views of apps, on origins of its own
mod heads; // what is said beside each file

pub use files::{PageFile, PageFiles, built};
pub(crate) use frame::{POWERS, frame_answer, is_app_label, is_label};
pub use frame::{app_label, view_built, view_label, view_label_built, view_names, views_built};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
pub(crate) use heads::is_known;
use heads::{cache_control, entity_tag, kind, safety, takes_brotli};

/// First pieces of paths that are not the page's: doors of other kinds, those to come included. A place that answers
/// nothing today must not begin to look like one that does.
const OTHERS: &[&str] = &["api", "healthz", "livez", "mcp", "metrics", "readyz", "v1", "ws"];
/// The page itself; the addresses within it are its own business.
const INDEX: &str = "index.html";
/// Of a file, as the build compressed it.
const BROTLI: &str = ".br";

/// Said instead of the page by a binary that was built without it.
const MISSING: &str = "\
This oikos was built without its page.

In a checkout of oikos this makes one that has it:

    cargo xtask ui
    cargo build --release

All else works as it is: `oikos --help`, and the HTTP API at /api/v1.
";

/// Whether a request is for the page, whatever it may find there.
pub(crate) fn is_for_page(method: &Method, path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    matches!(*method, Method::GET | Method::HEAD) && !OTHERS.contains(&first)
}

/// The answer to a request for the page. `None`: there is no such file.
///
/// `frames` says from where the page may show views of apps.
pub(crate) fn answer(files: PageFiles, parts: &Parts, frames: &str) -> Option<Response> {
    let path = parts.uri.path().trim_start_matches('/');
    let named = Some(path).filter(|path| !path.ends_with(BROTLI)).and_then(|path| Some((path, files(path)?)));
    let found = match named {
        Some(found) => Some(found),
        // Within a page every address is the page.
        None if path.contains('.') => return None,
        None => files(INDEX).map(|file| (INDEX, file)),
    };
    let Some((path, plain)) = found else {
        let mut heads = safety(frames);
        heads.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        heads.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return Some(response(parts, StatusCode::NOT_FOUND, heads, Bytes::from_static(MISSING.as_bytes())));
    };
    let mut heads = safety(frames);
    heads.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(path)));
    heads.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control(path)));
    let (file, is_brotli) = match files(&format!("{path}{BROTLI}")) {
        None => (plain, false),
        Some(brotli) => {
            heads.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            if takes_brotli(&parts.headers) { (brotli, true) } else { (plain, false) }
        }
    };
    if is_brotli {
        heads.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    let tag = entity_tag(&file.sha256, is_brotli);
    let is_known = is_known(&parts.headers, &tag);
    heads.extend(HeaderValue::from_str(&tag).map(|tag| (header::ETAG, tag)));
    Some(match is_known {
        true => {
            heads.remove(header::CONTENT_ENCODING);
            response(parts, StatusCode::NOT_MODIFIED, heads, Bytes::new())
        }
        false => response(parts, StatusCode::OK, heads, file.bytes),
    })
}

/// With its length also where only the head was asked for.
pub(crate) fn response(parts: &Parts, status: StatusCode, mut heads: HeaderMap, body: Bytes) -> Response {
    if status != StatusCode::NOT_MODIFIED {
        heads.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    let body = if parts.method == Method::HEAD { Body::empty() } else { Body::from(body) };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = heads;
    response
}
