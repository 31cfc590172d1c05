//! What is said on the origin of an app in place of an answer: to a person as a page, to a program as a problem.

use super::heads::{By, say};
use crate::{Problem, Refusal};
use axum::{
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use protocol::{ErrorCode, text};

/// A refusal, as who asks can read it. `page` is where oikos' own page is.
pub(super) fn refused(parts: &Parts, refusal: Refusal, page: Option<&str>) -> Response {
    // A name that was pointed at us reads nothing of ours.
    let is_ours = refusal.failure.code != ErrorCode::HostRefused;
    let html = (is_ours && is_read(parts)).then(|| html(&refusal, page));
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

fn html(refusal: &Refusal, page: Option<&str>) -> String {
    let problem = Problem::new(&refusal.failure);
    let (what, hint) = match refusal.status() {
        // Said of a browser, which has no API key.
        StatusCode::UNAUTHORIZED => {
            let what = "An app answers here, and this browser was not let in.".to_owned();
            (what, Some("Open the app from oikos, or with: oikos app open APP. If you came by a link and were let in before, \
                         load this page again.".to_owned()))
        }
        _ => (problem.detail, problem.hint),
    };
    let hint = hint.map(|hint| format!("    <p>{}</p>\n", escaped(&hint))).unwrap_or_default();
    let back = page.map(|page| format!("    <p><a href=\"{}/\">oikos</a></p>\n", escaped(page))).unwrap_or_default();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n  <meta charset=\"utf-8\">\n  <meta name=\"viewport\" \
         content=\"width=device-width\">\n  <meta name=\"color-scheme\" content=\"light dark\">\n  \
         <title>oikos</title>\n  <main>\n    <p>{}</p>\n{hint}{back}    <p><code>{}</code></p>\n  </main>\n</html>\n",
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
        let failure = Failure::new(ErrorCode::AppFailed, "<script>alert(1)</script>\u{202e}&'\"");
        let html = html(&failure.hint("<b>").into(), Some("http://127.0.0.1:7070"));
        assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains('\u{202e}'), "{html}");
        assert!(html.contains("&lt;script&gt;") && html.contains("<a href=\"http://127.0.0.1:7070/\">"), "{html}");
    }
}
