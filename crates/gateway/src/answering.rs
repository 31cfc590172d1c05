//! The origins on which apps answer requests. What a stranger's code answers is a page of its own in a browser that knows
//! this machine: it has a name that nothing else has, and all of the door that is there is this file.

mod heads; // what is said beside everything that comes from there
mod told; // what is said in place of an answer

use crate::{
    Arrival, Doors, NEWCOMER_BYTES_MAX, REQUEST_WAIT, Refusal,
    auth::{Authenticator, LetIn, Peer, VISIT_LIFE_MS, Way},
    doors::revoked,
    extract::{parse, read},
    page::is_known,
    serve::Place,
};
use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use heads::{By, say};
use protocol::{AppName, ErrorCode, Failure, RouteAnswer, RouteCall, RouteEnd, limit::ROUTE_BODY_BYTES_MAX};
use serde::Deserialize;
use std::{net::IpAddr, sync::Arc, time::Duration};
use told::Ways;
use tracing::{Instrument as _, field::Empty};

/// Where a browser is let in, on the origin of each app. No app answers there.
pub(crate) const ENTER: &str = "/.oikos/enter";
const ENTER_SCRIPT: &str = "/.oikos/enter.js";
/// A picture that no page of an app is to reach on another origin: whether a browser keeps to that is seen by it.
const PROBE: &str = "/.oikos/probe.gif";
/// The smallest that there is.
const PROBE_GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
const OWN: &str = "/.oikos/";
/// How long a body may take to come.
const BODY_WAIT: Duration = Duration::from_secs(30);

/// What stood in the address that lets a browser in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnterBody {
    token: protocol::ShownOnce,
}

/// Answers what was sent to the origin of an app.
pub(crate) async fn answer(doors: &Doors, access: Arc<Authenticator>, label: String, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let guards = access.guards();
    let answered = asked(doors, &access, &label, &parts, body).await;
    answered.unwrap_or_else(|refusal| {
        let asked = parts.uri.path_and_query().filter(|_| parts.method == Method::GET);
        // With the origin in front: a path alone may look like the name of a host.
        let again = guards.view_origin(&label).zip(asked).map(|(origin, asked)| format!("{origin}{asked}"));
        told::refused(&parts, refusal, &Ways { page: guards.page().map(str::to_owned), again })
    })
}

async fn asked(
    doors: &Doors,
    access: &Arc<Authenticator>,
    label: &str,
    parts: &Parts,
    body: Body,
) -> Result<Response, Refusal> {
    let arrival = parts.extensions.get::<Arrival>().map(|arrival| arrival.peer());
    let Some(Peer::Address(address)) = arrival else {
        return Err(Failure::new(ErrorCode::Internal, "nobody said which door this is").into());
    };
    let path = parts.uri.path();
    if path == PROBE && matches!(parts.method, Method::GET | Method::HEAD) {
        let mut response = ours(parts, "image/gif", Bytes::from_static(PROBE_GIF));
        let name = HeaderName::from_static("cross-origin-resource-policy");
        response.headers_mut().insert(name, HeaderValue::from_static("cross-origin"));
        return Ok(response);
    }
    let way = access.app_meant_for_us(parts, address, label)?;
    if path.starts_with(OWN) {
        return own(access, label, parts, body, address).await;
    }
    if way == Way::Link {
        // Its cookie is not sent along then. What came instead is somebody else's idea.
        return Err(Refusal::new(
            ErrorCode::Unauthenticated,
            "an app is not opened by a link that stands elsewhere",
            "open it from oikos, or: oikos app open APP",
        ));
    }
    let household = doors.household()?;
    let (admitted, app) = access.app_authenticate(parts, address, label, |owner| household.app_names(owner))?;
    if let Some(place) = parts.extensions.get::<Place>() {
        place.admitted();
    }
    let body = read(body, &parts.headers, ROUTE_BODY_BYTES_MAX, BODY_WAIT).await?;
    let (method, owner) = (parts.method.as_str(), admitted.caller.owner.0);
    let span = tracing::info_span!("request", method, route = "an app's own", owner, status = Empty);
    let called = household.route(admitted.caller, call(app, parts, body)).instrument(span.clone());
    let end = tokio::select! {
        biased;
        () = access.over(&admitted) => return Err(revoked().into()),
        end = called => end,
    };
    let response = match end {
        Ok(RouteEnd::Answered(answer)) => answered(parts, answer),
        Ok(RouteEnd::Failed(failure)) => Err(failed(failure)),
        Err(failure) => Err(refused(failure)),
    };
    let status = response.as_ref().map_or_else(Refusal::status, Response::status);
    span.record("status", status.as_u16());
    response
}

fn call(app: AppName, parts: &Parts, body: Vec<u8>) -> RouteCall {
    let headers = parts.headers.iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    RouteCall {
        app,
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        headers: headers.collect(),
        body,
    }
}

/// The way in, which is ours.
async fn own(
    access: &Arc<Authenticator>,
    label: &str,
    parts: &Parts,
    body: Body,
    address: IpAddr,
) -> Result<Response, Refusal> {
    let is_shown = matches!(parts.method, Method::GET | Method::HEAD);
    match parts.uri.path() {
        ENTER if is_shown => {
            Ok(ours(parts, "text/html; charset=utf-8", Bytes::from_static(include_bytes!("answering/enter.html"))))
        }
        ENTER_SCRIPT if is_shown => {
            let script = Bytes::from_static(include_bytes!("answering/enter.js"));
            Ok(ours(parts, "text/javascript; charset=utf-8", script))
        }
        ENTER if parts.method == Method::POST => {
            if !parts.headers.contains_key(header::ORIGIN) {
                return Err(Refusal::new(
                    ErrorCode::OriginRefused,
                    "only a page lets its browser in",
                    "a program uses an API key: oikos token new NAME",
                ));
            }
            let bytes = read(body, &parts.headers, NEWCOMER_BYTES_MAX, REQUEST_WAIT).await?;
            let EnterBody { token } = parse(&bytes)?;
            let LetIn { cookie, place } = access.enter(label, address, token.expose())?;
            let said = serde_json::json!({ "path": place }).to_string();
            let mut response = ours(parts, "application/json", said.into());
            let cookie = access.guards().app_cookie_set(cookie.expose(), VISIT_LIFE_MS / 1_000);
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            Ok(response)
        }
        _ => Err(Failure::new(ErrorCode::NotFound, "there is nothing here").into()),
    }
}

fn ours(parts: &Parts, kind: &'static str, bytes: Bytes) -> Response {
    let mut heads = HeaderMap::new();
    heads.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    say(&mut heads, By::Us);
    crate::page::response(parts, StatusCode::OK, heads, bytes)
}

/// An app's answer, with all around it that the app does not choose.
fn answered(parts: &Parts, answer: RouteAnswer) -> Result<Response, Refusal> {
    let RouteAnswer { status, headers, body } = answer;
    let mut heads = HeaderMap::new();
    for (name, value) in headers {
        // Looked at before: what cannot stand in a header is not there.
        let named = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value));
        let (Ok(name), Ok(value)) = named else { return Err(unreadable()) };
        heads.insert(name, value);
    }
    say(&mut heads, By::App);
    let status = StatusCode::from_u16(status).map_err(|_| unreadable())?;
    let is_shown = matches!(parts.method, Method::GET | Method::HEAD) && status == StatusCode::OK;
    let tag = heads.get(header::ETAG).and_then(|tag| tag.to_str().ok()).filter(|_| is_shown);
    if tag.is_some_and(|tag| is_known(&parts.headers, tag.strip_prefix("W/").unwrap_or(tag))) {
        return Ok(crate::page::response(parts, StatusCode::NOT_MODIFIED, heads, Bytes::new()));
    }
    let mut response = crate::page::response(parts, status, heads, body.into());
    if status == StatusCode::NO_CONTENT {
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    Ok(response)
}

fn unreadable() -> Refusal {
    failed(Failure::new(ErrorCode::AppFailed, "the app's answer cannot be passed on"))
}

/// The app's run failed: that is between it and whoever asked, and says so.
fn failed(failure: Failure) -> Refusal {
    let status = match failure.code {
        ErrorCode::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorCode::Stopped | ErrorCode::HostBusy => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::DiskFull | ErrorCode::Internal => crate::status(failure.code),
        _ => StatusCode::BAD_GATEWAY,
    };
    Refusal::from(failure).with(status)
}

/// It was not even asked.
fn refused(failure: Failure) -> Refusal {
    let status = match failure.code {
        ErrorCode::AppDisabled | ErrorCode::AppStopped | ErrorCode::Stopped => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::NotAvailable => StatusCode::NOT_FOUND,
        code => crate::status(code),
    };
    Refusal::from(failure).with(status)
}
