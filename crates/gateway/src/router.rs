//! All routes. A route that is not described does not exist: both come from one list.

use crate::{
    Arrival, Doors, Place, Refusal, answering,
    description::Description,
    page, routes,
    signed_in::{self, SIGNED_IN},
};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, any, get, on},
};
use protocol::{ErrorCode, Failure};
use tracing::{Instrument as _, field::Empty};
use utoipa::{OpenApi as _, Path as _};
use utoipa_axum::{PathItemExt as _, router::OpenApiRouter, routes};

/// From one list, the routes and the routes with their description: describing takes as long as a whole short command,
/// and most processes describe nothing.
macro_rules! routes_of {
    ($($module:ident::$handler:ident,)*; $($before:ident::$newcomer:ident,)*) => {
        pub(crate) fn described() -> OpenApiRouter<Doors> {
            use routes::{access, apps, events, files, household, imports, keys, log, people, runs, servers};
            OpenApiRouter::with_openapi(Description::openapi())
                $(.routes(routes!($module::$handler)))*
                $(.routes(routes!($before::$newcomer)))*
        }

        fn answering() -> Router<Doors> {
            use routes::{access, apps, events, files, household, imports, keys, log, people, runs, servers};
            utoipa_axum::paste! {
                Router::new()$(.route(
                    &$module::[<__path_ $handler>]::path(),
                    on(method::<$module::[<__path_ $handler>]>(), $module::$handler),
                ))*
            }
        }

        fn before() -> Router<Doors> {
            use routes::access;
            utoipa_axum::paste! {
                Router::new()$(.route(
                    &$before::[<__path_ $newcomer>]::path(),
                    on(method::<$before::[<__path_ $newcomer>]>(), $before::$newcomer),
                ))*
            }
        }
    };
}

routes_of! {
    household::status,
    household::doctor,
    household::metrics,
    apps::offer,
    apps::install,
    apps::decline,
    apps::list,
    apps::starters,
    apps::info,
    apps::remove,
    apps::rollback,
    apps::enable,
    apps::disable,
    apps::stop,
    apps::grants,
    apps::grants_of_all,
    apps::grants_change,
    apps::settings,
    apps::settings_change,
    apps::view,
    apps::entry,
    apps::view_ask,
    household::view,
    servers::list,
    servers::info,
    servers::look,
    servers::sign_in,
    servers::sign_in_wait,
    servers::sign_out,
    servers::decide,
    servers::log,
    imports::list,
    imports::offer,
    imports::clients,
    imports::connect,
    runs::list,
    runs::start,
    runs::report,
    runs::follow,
    runs::stop,
    runs::stop_all,
    runs::undo,
    files::hand,
    files::append,
    files::list,
    files::take,
    files::forget,
    people::approvals,
    people::answer,
    people::publishers,
    people::trust,
    people::import,
    log::read,
    log::follow,
    log::verify,
    events::emit,
    events::schedules,
    access::tokens,
    access::token_new,
    access::token_revoke,
    keys::keys,
    keys::key_add,
    keys::key_remove,
    access::logins,
    access::login_link,
    access::login_revoke,
    access::owners,
    access::owner_new,

    // Before the doors: by these somebody gets what lets them in.
    ;
    access::sign_in,
    access::bootstrap,
}

fn method<P: utoipa::Path>() -> MethodFilter {
    let mut methods = P::methods().into_iter().map(|method| method.to_method_filter());
    let first = methods.next().unwrap_or(MethodFilter::GET);
    methods.fold(first, MethodFilter::or)
}

/// Everything that answers at the doors of a household.
pub fn router(doors: Doors) -> Router {
    answering()
        .route("/ws", get(crate::ws::open))
        .route(crate::mcp::PATH, any(crate::mcp::answer))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn_with_state(doors.clone(), pass))
        .merge(before())
        // Whoever watches over the process has no key. These say nothing else.
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/healthz", get(ready))
        .layer(middleware::from_fn_with_state(doors.clone(), show))
        .layer(middleware::from_fn_with_state(doors.clone(), frame))
        .layer(middleware::map_response(as_said))
        .layer(middleware::from_fn_with_state(doors.clone(), count))
        .with_state(doors)
}

/// The one place where a request becomes somebody's request.
async fn pass(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let arrival = parts.extensions.get::<Arrival>().copied();
    let Some(arrival) = arrival else {
        let failure = Failure::new(ErrorCode::Internal, "nobody said which door this is");
        return Refusal::from(failure).into_response();
    };
    let admitted = doors.access().map_err(Refusal::from);
    match admitted.and_then(|access| access.authenticate(&parts, arrival.peer())) {
        Ok(admitted) => {
            // The route as it is described, never the address: that has names and ids of the caller's choice in it.
            let route = parts.extensions.get::<MatchedPath>().map_or("none", MatchedPath::as_str);
            let (method, owner) = (method_word(&parts.method), admitted.caller.owner.0);
            let span = tracing::info_span!("request", method, route, owner, status = Empty);
            if let (Some(of), Ok(household)) = (traceparent(&parts.headers), doors.household()) {
                household.trace_join(&span, of);
            }
            parts.extensions.insert(admitted);
            if let Some(place) = parts.extensions.get::<Place>() {
                place.admitted();
            }
            let response = next.run(Request::from_parts(parts, body)).instrument(span.clone()).await;
            span.record("status", response.status().as_u16());
            response
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// The page, before anybody is asked who they are: its files hold no data. Where a request was sent to, and from which page
/// it comes, is looked at as ever.
async fn show(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    // No browser comes by the socket: who asks there for what does not exist is told so.
    let Some(Arrival::Tcp { peer }) = request.extensions().get::<Arrival>().copied() else {
        return next.run(request).await;
    };
    if !page::is_for_page(request.method(), request.uri().path()) {
        return next.run(request).await;
    }
    let (parts, _) = request.into_parts();
    let shown = doors.access().map_err(Refusal::from).and_then(|access| {
        let guards = access.page_meant_for_us(&parts, peer.ip())?;
        if parts.uri.path() == SIGNED_IN {
            return signed_in::answer(&doors, &parts);
        }
        page::answer(doors.page(), &parts, &guards.views()).ok_or_else(|| nothing_at(parts.uri.path()))
    });
    shown.unwrap_or_else(Refusal::into_response)
}

/// What apps answer, and the frame around views, where a request was sent to an origin of theirs. What else is asked for
/// there is not there: the page not, the API not, and not what whoever watches over the process asks.
async fn frame(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let is_tcp = matches!(request.extensions().get::<Arrival>(), Some(Arrival::Tcp { .. }));
    let Some(access) = doors.access().ok().filter(|_| is_tcp) else { return next.run(request).await };
    let guards = access.guards();
    let (parts, body) = request.into_parts();
    if let Some(label) = guards.app_label(&parts).map(str::to_owned) {
        return answering::answer(&doors, access, label, Request::from_parts(parts, body)).await;
    }
    if !guards.is_for_views(&parts) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    if !page::is_for_page(&parts.method, parts.uri.path()) {
        return Refusal::from(
            Failure::new(ErrorCode::HostRefused, "nothing but views of apps answers to this host")
                .hint("ask the page's own address"),
        )
        .into_response();
    }
    let answer = page::frame_answer(doors.views(), &parts, &guards.pages());
    answer.unwrap_or_else(|| nothing_at(parts.uri.path()).into_response())
}

/// What is answered is what it says that it is: a browser makes nothing else of it.
async fn as_said(mut response: Response) -> Response {
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The method, or that it is none of those that everybody knows: what it is then is the caller's choice.
fn method_word(method: &Method) -> &'static str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    let words = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.iter().zip(words).find(|(known, _)| *known == method).map_or("_OTHER", |(_, word)| word)
}

/// Of which trace a caller says that this is a part.
fn traceparent(headers: &HeaderMap) -> Option<&str> {
    headers.get("traceparent")?.to_str().ok()
}

/// Of whatever is answered, also to strangers.
async fn count(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    doors.answered(response.status());
    response
}

async fn nowhere(request: Request) -> Refusal {
    nothing_at(request.uri().path())
}

fn nothing_at(path: &str) -> Refusal {
    let path = protocol::text::shorten(path, 120);
    Failure::new(ErrorCode::NotFound, format!("there is nothing at {path}")).hint("docs/reference/api.md").into()
}

async fn not_so(request: Request) -> Refusal {
    let path = protocol::text::shorten(request.uri().path(), 120);
    let failure = Failure::new(ErrorCode::InvalidInput, format!("{path} does not take {}", request.method()));
    Refusal::from(failure.hint("docs/reference/api.md")).with(StatusCode::METHOD_NOT_ALLOWED)
}

async fn ready(State(doors): State<Doors>) -> (StatusCode, &'static str) {
    let ready = match doors.household() {
        Ok(household) => household.readiness().await,
        Err(failure) => Err(failure.message),
    };
    match ready {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(why) => {
            tracing::warn!(%why, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}
