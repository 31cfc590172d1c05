//! Where a browser comes back to when somebody has signed in to a server elsewhere. It is nobody's login: what comes back is worth
//! something only to the sign-in that waits for it, which knows it by a secret of its own.

use crate::{Doors, Refusal};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::Response,
};

/// The path.
pub const SIGNED_IN: &str = "/signed-in";
/// The longest that is looked at: a code, a state and who gave them.
const QUERY_BYTES_MAX: usize = 8 << 10;

/// Hands over what came back, and says whether anybody waited for it. Nothing of it is shown.
pub(crate) fn answer(doors: &Doors, parts: &Parts) -> Result<Response, Refusal> {
    let query = parts.uri.query().filter(|query| query.len() <= QUERY_BYTES_MAX);
    let app = match query {
        Some(query) => doors.household()?.signed_in(query),
        None => None,
    };
    let (status, title, text) = match app {
        Some(app) => (StatusCode::OK, "Back in oikos", format!("oikos goes on with {app}. You can close this page.")),
        None => (
            StatusCode::NOT_FOUND,
            "Nobody waits for this",
            "This sign-in was over already, or was not begun here. To begin anew: oikos mcp sign-in SERVER.".to_owned(),
        ),
    };
    // An app's name has letters, digits and hyphens: nothing that would have to be escaped.
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
         <main><h1>{title}</h1><p>{text}</p></main></html>\n"
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    // The address has what came back in it: it goes nowhere, and stays nowhere.
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}
