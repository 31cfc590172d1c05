//! All routes, and their description. A route that is not described does not exist: both come from one list.

use crate::{Arrival, Doors, Place, Problem, Refusal, routes, stream::FrameEvent};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, get, on},
};
use protocol::{ErrorCode, Failure, api::Frame};
use tracing::{Instrument as _, field::Empty};
use utoipa::{
    OpenApi, Path as _,
    openapi::{
        Content, RefOr, Required, ResponseBuilder,
        path::{Operation, Parameter, PathItem},
        schema::{Ref, Schema, SchemaType, Type},
    },
};
use utoipa_axum::{PathItemExt as _, router::OpenApiRouter, routes};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "oikos",
        description = "Everything that a person can do with an oikos. Failures are problem bodies (RFC 9457) with the \
                       stable codes of the error page; what takes long also answers as server-sent events, each of \
                       them a Frame."
    ),
    components(schemas(Frame, FrameEvent, Problem)),
    tags(
        (name = "household", description = "Who answers, and whether all is well"),
        (name = "apps", description = "Packages, their cards, and what they may do"),
        (name = "runs", description = "Starting, watching, stopping and taking back"),
        (name = "approvals", description = "Questions that apps are waiting for"),
        (name = "publishers", description = "Keys that sign apps"),
        (name = "log", description = "What happened"),
        (name = "access", description = "Keys, browsers, owners: who may come in"),
        (name = "events", description = "What starts apps: events and the clock"),
    )
)]
struct Description;

/// From one list, the routes and the routes with their description: describing takes as long as a whole short command,
/// and most processes describe nothing.
macro_rules! routes_of {
    ($($module:ident::$handler:ident,)*; $($before:ident::$newcomer:ident,)*) => {
        fn described() -> OpenApiRouter<Doors> {
            use routes::{access, apps, events, household, log, people, runs};
            OpenApiRouter::with_openapi(Description::openapi())
                $(.routes(routes!($module::$handler)))*
                $(.routes(routes!($before::$newcomer)))*
        }

        fn answering() -> Router<Doors> {
            use routes::{access, apps, events, household, log, people, runs};
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
    apps::info,
    apps::remove,
    apps::rollback,
    apps::enable,
    apps::disable,
    apps::stop,
    apps::grants,
    apps::grants_change,
    apps::settings,
    apps::settings_change,
    runs::list,
    runs::start,
    runs::report,
    runs::follow,
    runs::stop,
    runs::stop_all,
    runs::undo,
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
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn_with_state(doors.clone(), pass))
        .merge(before())
        // Whoever watches over the process has no key. These say nothing else.
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/healthz", get(ready))
        .layer(middleware::from_fn_with_state(doors.clone(), count))
        .with_state(doors)
}

/// What names and digests look like, for whoever checks before they ask. The rules themselves are in `protocol`; that these
/// are the same is held by a test.
pub const PATTERNS: &[(&str, &str)] = &[
    ("AppName", "^[a-z][a-z0-9-]{1,63}$"),
    ("ActionName", "^[A-Za-z_][A-Za-z0-9_]{0,63}$"),
    ("Digest", "^[0-9A-Fa-f]{64}$"),
    ("OwnerName", "^(?!oikos$)[a-z][a-z0-9-]{0,31}$"),
    ("PublisherName", "^(?!oikos|(official|system|developer|you)$)[a-z][a-z0-9-]{1,63}$"),
    ("TokenName", "^[a-z][a-z0-9-]{0,63}$"),
    ("Topic", "^(?=.{1,128}$)[a-z][a-z0-9_-]*([.][a-z0-9_-]+){0,7}$"),
];
/// Operations whose body may be left out: it has nothing that must be said.
const BODY_OPTIONAL: &[&str] = &["app_install", "app_rollback", "grant_set"];

/// The description of the API, for whoever writes a client.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, mut description) = described().split_for_parts();
    description.info.version = "1".to_owned();
    description.info.license = None;
    if let Some(components) = &mut description.components {
        for (name, pattern) in PATTERNS {
            if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(*name) {
                object.pattern = Some((*pattern).to_owned());
            }
        }
    }
    for item in description.paths.paths.values_mut() {
        for operation in operations(item) {
            let is_optional = operation.operation_id.as_deref().is_some_and(|name| BODY_OPTIONAL.contains(&name));
            if let (true, Some(RefOr::T(body))) = (is_optional, &mut operation.request_body) {
                body.required = Some(Required::False);
            }
            for parameter in operation.parameters.iter_mut().flatten() {
                never_null(parameter);
            }
            for answer in operation.responses.responses.values_mut() {
                if let RefOr::T(answer) = answer
                    && answer.description.is_empty()
                {
                    answer.description = "It went well.".to_owned();
                }
            }
            // The same for all of them: any failure, with the status that its code has.
            let content = Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem"))));
            let failed = ResponseBuilder::new()
                .description("It did not go well: the code says why.")
                .content(crate::problem::PROBLEM_JSON, content);
            operation.responses.responses.insert("default".to_owned(), RefOr::T(failed.build()));
        }
    }
    description
}

/// What stands in an address or a header is there or not; a null would be a text of four letters.
fn never_null(parameter: &mut RefOr<Parameter>) {
    if let RefOr::T(parameter) = parameter
        && let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema
        && let SchemaType::Array(types) = &object.schema_type
        && let [one] = types.iter().filter(|one| **one != Type::Null).collect::<Vec<_>>()[..]
    {
        object.schema_type = SchemaType::Type(one.clone());
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
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
    let path = protocol::text::shorten(request.uri().path(), 120);
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
