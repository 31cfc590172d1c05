//! What an app may say in an answer. All else that stands in one is oikos' own: an app cannot make a browser keep a cookie,
//! ask somebody else, or take the answer for something that it is not. Pure.

use crate::host_call::{AnswerCall, GuestError};
use protocol::{ErrorCode, RouteAnswer};

/// Longest value of a header.
const VALUE_CHARS_MAX: usize = 1_024;
/// Kinds of content. Each is shown, drawn, run as a script of the same origin, or kept as a file.
const KINDS: &[&str] = &[
    "application/json",
    "application/manifest+json",
    "application/octet-stream",
    "application/pdf",
    "application/zip",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "font/woff2",
    "image/avif",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/svg+xml",
    "image/webp",
    "image/x-icon",
    "text/calendar",
    "text/css",
    "text/csv",
    "text/html",
    "text/javascript",
    "text/markdown",
    "text/plain",
    "text/vcard",
    "video/mp4",
    "video/webm",
];

/// Looks at an answer.
pub(crate) fn checked(call: AnswerCall) -> Result<RouteAnswer, GuestError> {
    let AnswerCall { status, headers, kind, body } = call;
    let invalid = |message: String| GuestError::new(ErrorCode::InvalidInput, message);
    let status = status.unwrap_or(200);
    if !(200..=599).contains(&status) {
        return Err(invalid(format!("an answer has a status from 200 to 599, not {status}")));
    }
    if matches!(status, 204 | 205 | 304) && !body.is_empty() {
        return Err(invalid(format!("an answer with status {status} has no body")));
    }
    let mut answer = RouteAnswer { status, headers: Vec::new(), body };
    for (given, value) in headers {
        let name = given.to_ascii_lowercase();
        let shown = protocol::text::shorten(&given, 60);
        if answer.headers.iter().any(|(known, _)| *known == name) {
            return Err(invalid(format!("an answer has the header {shown} twice")));
        }
        let is_text = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if value.len() > VALUE_CHARS_MAX || !is_text || value.trim() != value || value.is_empty() {
            let message =
                format!("the header {shown} of an answer is one line of at most {VALUE_CHARS_MAX} plain characters");
            return Err(invalid(message));
        }
        let value = value_checked(&name, &shown, &value).map_err(invalid)?;
        answer.headers.push((name, value));
    }
    let is_said = answer.headers.iter().any(|(name, _)| name == "content-type");
    if let Some(kind) = kind.filter(|_| !is_said) {
        let value = value_checked("content-type", "content-type", &kind).map_err(invalid)?;
        answer.headers.push(("content-type".to_owned(), value));
    }
    Ok(answer)
}

fn value_checked(name: &str, shown: &str, value: &str) -> Result<String, String> {
    match name {
        "content-type" => kind_checked(value),
        "cache-control" => cache_checked(value),
        "location" => match super::table::is_place(value) {
            true => Ok(value.to_owned()),
            false => Err("the header location of an answer is a path of the app's own, such as /notes".to_owned()),
        },
        "content-disposition" => {
            let word = value.split(';').next().unwrap_or_default().trim();
            match word {
                "attachment" | "inline" => Ok(value.to_owned()),
                _ => Err("the header content-disposition of an answer begins with attachment or inline".to_owned()),
            }
        }
        "etag" => {
            let text = value.strip_prefix("W/").unwrap_or(value);
            let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            match inner {
                Some(inner) if !inner.contains(['"', ' ']) => Ok(value.to_owned()),
                _ => Err("the header etag of an answer is a text in quotes".to_owned()),
            }
        }
        "last-modified" => Ok(value.to_owned()),
        _ => Err(format!(
            "an app does not say {shown} in an answer; it says content-type, cache-control, content-disposition, \
             location, etag or last-modified"
        )),
    }
}

/// A kind of content; text is in UTF-8.
fn kind_checked(value: &str) -> Result<String, String> {
    let lower = value.to_ascii_lowercase();
    let (kind, rest) = lower.split_once(';').map_or((lower.as_str(), None), |(kind, rest)| (kind, Some(rest.trim())));
    let kind = kind.trim();
    if !KINDS.contains(&kind) {
        let message = format!("an answer cannot be of the kind {}; there are", protocol::text::shorten(value, 60));
        return Err(format!("{message} {}", KINDS.join(", ")));
    }
    let is_text = kind.starts_with("text/") || kind == "image/svg+xml";
    match rest {
        None | Some("charset=utf-8" | "charset=\"utf-8\"") if is_text => Ok(format!("{kind}; charset=utf-8")),
        None | Some("charset=utf-8" | "charset=\"utf-8\"") => Ok(kind.to_owned()),
        Some(_) => Err("beside its kind an answer says charset=utf-8 or nothing".to_owned()),
    }
}

/// How long an answer may be kept: by this browser, and by nobody between.
fn cache_checked(value: &str) -> Result<String, String> {
    let lower = value.to_ascii_lowercase();
    let mut words: Vec<&str> = lower.split(',').map(str::trim).collect();
    let is_fine = |word: &&str| {
        let number = ["max-age=", "stale-while-revalidate="].iter().find_map(|name| word.strip_prefix(name));
        let is_number = number.is_some_and(|digits| digits.len() <= 9 && digits.parse::<u32>().is_ok());
        is_number || matches!(*word, "private" | "no-store" | "no-cache" | "must-revalidate" | "immutable")
    };
    if let Some(word) = words.iter().find(|word| !is_fine(word)) {
        let word = protocol::text::shorten(word, 60);
        return Err(format!("the header cache-control of an answer does not say {word}: answers are private"));
    }
    if !words.contains(&"private") {
        words.push("private");
    }
    Ok(words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: Option<u16>, headers: &[(&str, &str)], kind: Option<&str>, body: &str) -> Result<String, String> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let call = AnswerCall { status, headers, kind: kind.map(str::to_owned), body: body.as_bytes().to_vec() };
        let RouteAnswer { status, headers, .. } = checked(call).map_err(|error| error.message)?;
        let headers: Vec<String> = headers.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        Ok(format!("{status}{}", headers.concat()))
    }

    #[test]
    fn an_answer_says_what_an_app_may_say() {
        for (headers, expected) in [
            (&[][..], "200 content-type=text/plain; charset=utf-8"),
            (&[("Content-Type", "TEXT/HTML")], "200 content-type=text/html; charset=utf-8"),
            (&[("content-type", "application/json;charset=utf-8")], "200 content-type=application/json"),
            (&[("content-type", "image/png"), ("etag", "\"7\"")], "200 content-type=image/png etag=\"7\""),
            (
                &[("cache-control", "max-age=60")],
                "200 cache-control=max-age=60, private content-type=text/plain; charset=utf-8",
            ),
            (&[("location", "/notes?x=1")], "200 location=/notes?x=1 content-type=text/plain; charset=utf-8"),
        ] {
            assert_eq!(said(None, headers, Some("text/plain"), "x").as_deref(), Ok(expected));
        }
        assert_eq!(said(Some(204), &[], None, "").as_deref(), Ok("204"));
        assert_eq!(said(Some(599), &[], None, "").as_deref(), Ok("599"));
    }

    #[test]
    fn what_it_may_not_say_is_no_answer() {
        for (status, header, part) in [
            (100, ("etag", "\"x\""), "from 200 to 599"),
            (101, ("etag", "\"x\""), "from 200 to 599"),
            (600, ("etag", "\"x\""), "from 200 to 599"),
            (204, ("etag", "\"x\""), "has no body"),
            (304, ("etag", "\"x\""), "has no body"),
            (200, ("set-cookie", "a=b"), "does not say set-cookie"),
            (200, ("Access-Control-Allow-Origin", "*"), "does not say Access-Control-Allow-Origin"),
            (200, ("content-security-policy", "x"), "does not say"),
            (200, ("service-worker-allowed", "/"), "does not say"),
            (200, ("content-length", "5"), "does not say"),
            (200, ("transfer-encoding", "chunked"), "does not say"),
            (200, ("connection", "close"), "does not say"),
            (200, ("refresh", "0;url=http://evil.example"), "does not say"),
            (200, ("clear-site-data", "*"), "does not say"),
            (200, ("etag: x\r\nset-cookie", "a=b"), "does not say"),
            (200, ("etag", "\"x\"\r\nset-cookie: a=b"), "one line"),
            (200, ("etag", "\"x\"\nset-cookie: a=b"), "one line"),
            (200, ("content-type", "text/html\0"), "one line"),
            (200, ("last-modified", ""), "one line"),
            (200, ("last-modified", " x"), "one line"),
            (200, ("last-modified", "h\u{e9}"), "one line"),
            (200, ("etag", "x"), "in quotes"),
            (200, ("content-type", "multipart/x-mixed-replace"), "cannot be of the kind"),
            (200, ("content-type", "text/html; charset=utf-7"), "charset=utf-8 or nothing"),
            (200, ("content-type", "application/xhtml+xml"), "cannot be of the kind"),
            (200, ("cache-control", "public"), "answers are private"),
            (200, ("cache-control", "s-maxage=5"), "answers are private"),
            (200, ("location", "//evil.example"), "a path of the app's own"),
            (200, ("location", "http://evil.example"), "a path of the app's own"),
            (200, ("location", "/\\evil.example"), "a path of the app's own"),
            (200, ("content-disposition", "form-data"), "attachment or inline"),
        ] {
            let problem = said(Some(status), &[header], Some("text/plain"), "x").expect_err("is refused");
            assert!(problem.contains(part), "{status} {header:?}: {problem}");
        }
        let twice = said(None, &[("etag", "\"x\""), ("ETag", "\"x\"")], None, "").expect_err("is refused");
        assert!(twice.contains("twice"), "{twice}");
        let long = "x".repeat(VALUE_CHARS_MAX + 1);
        assert!(said(None, &[("last-modified", &long)], None, "").is_err());
    }
}
