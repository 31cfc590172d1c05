//! What is said on the origin of an app in place of an answer: to a person as a page, to a program as a problem.

use super::heads::{By, say};
use crate::{Problem, Refusal};
use axum::{
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use protocol::{ErrorCode, text};

/// Where a page of ours leads to.
pub(super) struct Ways {
    /// oikos' own page.
    pub(super) page: Option<String>,
    /// What was asked for. A cookie is not sent along where a link elsewhere led here, and is where this one does.
    pub(super) again: Option<String>,
}

/// A refusal, as who asks can read it.
pub(super) fn refused(parts: &Parts, refusal: Refusal, ways: &Ways) -> Response {
    // A name that was pointed at us reads nothing of ours.
    let is_ours = refusal.failure.code != ErrorCode::HostRefused;
    let html = (is_ours && is_read(parts)).then(|| html(&refusal, ways));
    let mut response = refusal.into_response();
    if let Some(html) = html {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = html.into();
    }
    say(response.headers_mut(), By::Us);
    response
}

/// Whether a person is going to read what comes.
fn is_read(parts: &Parts) -> bool {
    parts.headers.get("sec-fetch-dest").is_some_and(|said| said == "document")
}

fn html(refusal: &Refusal, ways: &Ways) -> String {
    let problem = Problem::new(&refusal.failure);
    let link = |to: &str, said: &str| format!("    <p><a href=\"{}\">{said}</a></p>\n", escaped(to));
    let (what, hint, again) = match refusal.status() {
        // Said of a browser, which has no API key.
        StatusCode::UNAUTHORIZED => {
            let what = "An app answers here, and this browser was not let in, or came by a link that stands elsewhere.";
            let hint = "Open the app from oikos, or with: oikos app open APP";
            let again = ways.again.as_deref().map(|again| link(again, "I was let in before: go on"));
            (what.to_owned(), Some(hint.to_owned()), again.unwrap_or_default())
        }
        _ => (problem.detail, problem.hint, String::new()),
    };
    let hint = hint.map(|hint| format!("    <p>{}</p>\n", escaped(&hint))).unwrap_or_default();
    let back = ways.page.as_deref().map(|page| link(&format!("{page}/"), "oikos")).unwrap_or_default();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n  <meta charset=\"utf-8\">\n  <meta name=\"viewport\" \
         content=\"width=device-width\">\n  <meta name=\"color-scheme\" content=\"light dark\">\n  \
         <title>oikos</title>\n  <main>\n    <p>{}</p>\n{hint}{again}{back}    <p><code>{}</code></p>\n  \
         </main>\n</html>\n",
        escaped(&what),
        escaped(&problem.code),
    )
}

/// A text as it stands in a page: an app may have written it.
fn escaped(said: &str) -> String {
    let mut html = String::with_capacity(said.len());
    for c in text::escape(said).chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Failure;

    #[test]
    fn nothing_that_an_app_says_becomes_a_part_of_our_page() {
        let ways = Ways { page: Some("http://127.0.0.1:7070".to_owned()), again: Some("\"><script>".to_owned()) };
        let failure = Failure::new(ErrorCode::AppFailed, "<script>alert(1)</script>\u{202e}&'\"");
        let html = html(&failure.hint("<b>").into(), &ways);
        assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains('\u{202e}'), "{html}");
        let closed = super::html(&Failure::new(ErrorCode::Unauthenticated, "no").into(), &ways);
        assert!(closed.contains("<a href=\"&quot;&gt;&lt;script&gt;\">"), "{closed}");
        assert!(html.contains("&lt;script&gt;") && html.contains("<a href=\"http://127.0.0.1:7070/\">"), "{html}");
    }
}
