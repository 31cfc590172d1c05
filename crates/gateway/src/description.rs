//! What the API says of itself, for whoever writes a client.

use crate::{Problem, auth::PAGE_HEADER, problem, router::described, stream::FrameEvent};
use protocol::api::Frame;
use utoipa::{
    OpenApi,
    openapi::{
        Content, RefOr, Required, ResponseBuilder,
        path::{Operation, Parameter, PathItem},
        schema::{Ref, Schema, SchemaType, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

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
        (name = "files", description = "Files that come as bytes, for who has no path on this machine"),
        (name = "approvals", description = "Questions that apps are waiting for"),
        (name = "publishers", description = "Keys that sign apps"),
        (name = "keys", description = "Secrets in the vault: they go in, and never come out"),
        (name = "servers", description = "MCP servers: found, imported, their tools as you accepted them; and MCP clients"),
        (name = "log", description = "What happened"),
        (name = "access", description = "Keys, browsers, owners: who may come in"),
        (name = "events", description = "What starts apps: events and the clock"),
    )
)]
pub(crate) struct Description;

/// What names and digests look like, for whoever checks before they ask. The rules themselves are in `protocol`; that these
/// are the same is held by a test.
pub const PATTERNS: &[(&str, &str)] = &[
    ("AppName", "^[a-z][a-z0-9-]{1,63}$"),
    ("ActionName", "^[A-Za-z_][A-Za-z0-9_]{0,63}$"),
    ("Digest", "^[0-9A-Fa-f]{64}$"),
    ("KeyName", "^[a-z0-9][a-z0-9._-]{0,63}$"),
    ("OwnerName", "^(?!oikos$)[a-z][a-z0-9-]{0,31}$"),
    ("PublisherName", "^(?!oikos|(official|system|developer|you)$)[a-z][a-z0-9-]{1,63}$"),
    ("TokenName", "^[a-z][a-z0-9-]{0,63}$"),
    ("Topic", "^(?=.{1,128}$)[a-z][a-z0-9_-]*([.][a-z0-9_-]+){0,7}$"),
];
/// Operations whose body may be left out: it has nothing that must be said.
const BODY_OPTIONAL: &[&str] = &["app_install", "app_rollback", "file_append", "grant_set"];

/// What takes a person: no API key may do it, whatever its rights. At the socket, and by a page, a person may.
const NEVER_BY_KEY: &[&str] = &[
    "app_install",
    "app_offer",
    "approval_answer",
    "client_connect",
    "client_list",
    "grant_set",
    "import_list",
    "import_offer",
    "key_add",
    "key_remove",
    "login_link",
    "login_list",
    "login_revoke",
    "owner_new",
    "publisher_import",
    "publisher_trust",
    "server_decide",
    "server_sign_in",
    "server_sign_in_wait",
    "server_sign_out",
    "token_list",
    "token_new",
    "token_revoke",
];
/// By these somebody gets what lets them in.
const BEFORE_THE_DOORS: &[&str] = &["sign_in", "bootstrap"];

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
        for (name, scheme) in schemes() {
            components.add_security_scheme(name, scheme);
        }
    }
    description.security = Some(vec![by_key(), by_page()]);
    for item in description.paths.paths.values_mut() {
        for operation in operations(item) {
            let is_one_of =
                |names: &[&str]| operation.operation_id.as_deref().is_some_and(|name| names.contains(&name));
            let is_optional = is_one_of(BODY_OPTIONAL);
            operation.security = match () {
                () if is_one_of(BEFORE_THE_DOORS) => Some(Vec::new()),
                () if is_one_of(NEVER_BY_KEY) => Some(vec![by_page()]),
                () => None,
            };
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
                .content(problem::PROBLEM_JSON, content);
            operation.responses.responses.insert("default".to_owned(), RefOr::T(failed.build()));
        }
    }
    description
}

/// The ways through the port. The socket in OIKOS_HOME asks for nothing: only processes of its own user can open it.
fn schemes() -> [(&'static str, SecurityScheme); 3] {
    let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let key = key.description(Some("An API key, of `oikos token new`. What it may do, its rights say."));
    let login =
        "What a browser gets at its sign-in; its name ends with the port of the door. It lets nobody in by itself.";
    let page = "The other half: what the page that signed in was told.";
    [
        ("key", SecurityScheme::Http(key.build())),
        ("login", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("oikos-login-7070", login)))),
        ("page", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(PAGE_HEADER.as_str(), page)))),
    ]
}

fn by_key() -> SecurityRequirement {
    SecurityRequirement::new("key", [""; 0])
}

fn by_page() -> SecurityRequirement {
    SecurityRequirement::new("login", [""; 0]).add("page", [""; 0])
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
