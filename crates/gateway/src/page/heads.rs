//! What is said beside a file of the page: what it is, how long it may be kept, and what a page of ours can never do, even
//! if a sentence of a stranger found its way into it as code.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Powers of a browser that the page has no use for.
const POWERS: &str = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), \
                      geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), magnetometer=(), \
                      microphone=(), midi=(), payment=(), publickey-credentials-get=(), serial=(), usb=(), \
                      xr-spatial-tracking=()";

/// What the page may load and do: its own files and its own API, and views of apps in frames from `frames`. No text becomes
/// code: not as a script in it, not by `eval`, and as HTML only by the one policy that cleans it.
fn content_security_policy(frames: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
         connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-src {frames}; base-uri 'none'; form-action \
         'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types dompurify sw"
    )
}

/// What is said beside every file, and in place of one.
pub(super) fn safety(frames: &str) -> HeaderMap {
    let mut heads = HeaderMap::new();
    // A port and a scheme: always the text of a header. Were it not, nothing would be allowed instead of everything.
    let policy = HeaderValue::from_str(&content_security_policy(frames));
    let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
    heads.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), POWERS),
    ] {
        heads.insert(name, HeaderValue::from_static(value));
    }
    heads
}

/// What a file is, by its ending. Nothing is guessed from its content, neither here nor by the browser.
pub(super) fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

/// Files in `assets/` have a hash in their names: another content is another file. All else is asked for again each time,
/// so that nobody works with the page of yesterday.
pub(super) fn cache_control(path: &str) -> &'static str {
    if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

/// What one version of a file is known by; its compressed form is another thing to send.
pub(super) fn entity_tag(sha256: &[u8; 32], is_brotli: bool) -> String {
    format!("\"{}{}\"", hex::encode(sha256), if is_brotli { "-br" } else { "" })
}

/// Whether who asks has this version already.
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// Whether who asks reads Brotli.
pub(super) fn takes_brotli(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|said| {
        let mut words = said.split(';').map(str::trim);
        let is_brotli = words.next().is_some_and(|name| name.eq_ignore_ascii_case("br"));
        // `q=0`, in any number of digits, is a no.
        is_brotli
            && words
                .find_map(|word| word.strip_prefix("q=").or_else(|| word.strip_prefix("Q=")))
                .is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn brotli_is_for_those_who_say_so() {
        for yes in [&["br"][..], &["gzip, deflate, br, zstd"], &["gzip", "BR;q=0.1"], &["br ; q=1"]] {
            assert!(takes_brotli(&headers(header::ACCEPT_ENCODING, yes)), "{yes:?}");
        }
        for no in [&[][..], &[""], &["gzip"], &["*"], &["br;q=0"], &["br;q=0.000, gzip"], &["brotli"], &["br;q=x"]] {
            assert!(!takes_brotli(&headers(header::ACCEPT_ENCODING, no)), "{no:?}");
        }
    }

    #[test]
    fn a_version_is_known_by_its_tag() {
        let tag = entity_tag(&[0xab; 32], false);
        assert_eq!(tag.len(), 66);
        let brotli = entity_tag(&[0xab; 32], true);
        for (said, expected) in [
            (tag.clone(), true),
            (format!("W/{tag}"), true),
            (format!("\"x\", {tag}"), true),
            ("*".to_owned(), true),
            (brotli, false),
            (tag.trim_matches('"').to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_known(&headers(header::IF_NONE_MATCH, &[&said]), &tag), expected, "{said}");
        }
    }

    #[test]
    fn only_what_has_its_hash_in_its_name_is_kept_without_asking() {
        assert!(cache_control("assets/index-1a2b3c.js").contains("immutable"));
        for asked in ["index.html", "sw.js", "manifest.webmanifest", "begin.js", "icon.svg"] {
            assert_eq!(cache_control(asked), "no-cache", "{asked}");
        }
    }

    #[test]
    fn what_frames_may_show_cannot_widen_the_rest() {
        let said = |frames| safety(frames)[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(said("http://*.localhost:7070").contains("; frame-src http://*.localhost:7070; base-uri 'none'"));
        assert_eq!(said("a\nb"), "default-src 'none'");
    }
}
