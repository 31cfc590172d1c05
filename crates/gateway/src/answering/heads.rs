//! What is said beside everything that comes from the origin of an app, whoever wrote it.

use crate::page::POWERS;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// What a page of an app may load and do: what the same app answers, and nothing else. It is the only page of its window,
/// opens no others, and shows none in itself.
const OF_APP: &str = "sandbox allow-scripts allow-forms allow-same-origin; default-src 'none'; script-src 'self' \
                      'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' \
                      data:; media-src 'self' data: blob:; connect-src 'self'; form-action 'self'; frame-src 'none'; \
                      worker-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; webrtc 'block'";

/// The same of the pages on that origin that are ours. The one that lets a browser in looks for a picture elsewhere, which a
/// browser that keeps the rules of [`CONNECTIONS`] does not get.
const OF_OURS: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src http: https:; form-action \
                       'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                       trusted-types 'none'";
/// With whom a page speaks, by any means: going to another page is one that no policy of contents holds. An answer may send
/// it on, because what answers is this origin, and where it sends to was looked at: it is on this origin as well.
const CONNECTIONS: &str = "(response-origin);redirects=allow;webrtc=block";

/// Whose a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// A stranger's.
    App,
    /// Ours.
    Us,
}

/// Says it. What an app says of how long its answer may be kept stays.
pub(super) fn say(heads: &mut HeaderMap, by: By) {
    // Nobody else is told where a page was. Where the app itself is not told either, a form of it comes from nowhere.
    let (policy, referrer) = match by {
        By::App => (OF_APP, "same-origin"),
        By::Us => (OF_OURS, "no-referrer"),
    };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (HeaderName::from_static("connection-allowlist"), CONNECTIONS),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("origin-agent-cluster"), "?1"),
        (HeaderName::from_static("permissions-policy"), POWERS),
        (header::REFERRER_POLICY, referrer),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-dns-prefetch-control"), "off"),
    ] {
        heads.insert(name, HeaderValue::from_static(value));
    }
    heads.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
