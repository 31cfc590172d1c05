//! Who lets us in to a server: its metadata (RFC 9728), and that of its authorization server (RFC 8414, OpenID).

use super::{AuthorizationError, Challenge, web::Web};
use serde_json::Value;
use url::Url;

const RESOURCE: &str = "the resource metadata";
const ISSUER: &str = "the authorization server's metadata";

/// What a server says of who lets in to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// Its identifier, exactly as it is published.
    pub(super) id: String,
    /// The authorization server, exactly as it is named. None where the server knows no metadata, as before 2025-06-18.
    pub(super) issuer: Option<String>,
    /// Scopes that it wants where it does not say which.
    pub(super) scopes: Option<Vec<String>>,
}

/// What an authorization server says of itself.
#[derive(Debug)]
pub(super) struct Issuer {
    pub(super) name: String,
    pub(super) authorization: Option<Url>,
    pub(super) token: Url,
    pub(super) registration: Option<Url>,
    /// How clients may show who they are at the token endpoint.
    pub(super) methods: Option<Vec<String>>,
    pub(super) scopes: Vec<String>,
    /// Whether a client's id may be the address of a document about it.
    pub(super) reads_documents: bool,
    /// Whether its answers say that they are its own.
    pub(super) says_issuer: bool,
}

/// The server's metadata: where its challenge says, else at the places that are known for it.
pub(super) async fn resource(web: &Web<'_>, challenge: &Challenge) -> Result<Resource, AuthorizationError> {
    if let Some(text) = &challenge.resource_metadata {
        let address = web.address(RESOURCE, text)?;
        let document = web.document(&address).await?.ok_or_else(|| no(RESOURCE, "it is not where the server says"))?;
        return read_resource(web.server, &document);
    }
    for address in resource_places(web.server) {
        if let Some(document) = web.document(&address).await? {
            return read_resource(web.server, &document);
        }
    }
    Ok(Resource { id: canonical(web.server), issuer: None, scopes: None })
}

fn resource_places(server: &Url) -> Vec<Url> {
    let root = "/.well-known/oauth-protected-resource";
    let path = server.path().trim_end_matches('/');
    let mut places = vec![at(server, &format!("{root}{path}"))];
    places.extend((!path.is_empty()).then(|| at(server, root)));
    places
}

fn read_resource(server: &Url, document: &Value) -> Result<Resource, AuthorizationError> {
    let id = document["resource"].as_str().ok_or_else(|| no(RESOURCE, "it names no resource"))?;
    let named = Url::parse(id).map_err(|_| no(RESOURCE, "its resource is no address"))?;
    if !covers(&named, server) {
        return Err(no(RESOURCE, "it is another server's"));
    }
    let issuer = document["authorization_servers"].as_array().into_iter().flatten().find_map(Value::as_str);
    let issuer = issuer.ok_or_else(|| no(RESOURCE, "it names no authorization server"))?;
    Ok(Resource { id: id.to_owned(), issuer: Some(issuer.to_owned()), scopes: words(&document["scopes_supported"]) })
}

/// Whether a resource is the server or what it stands under.
fn covers(resource: &Url, server: &Url) -> bool {
    let (above, below) = (resource.path().trim_end_matches('/'), server.path().trim_end_matches('/'));
    let rest = below.strip_prefix(above);
    resource.origin() == server.origin() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The metadata of the authorization server that a resource names.
pub(super) async fn issuer(web: &Web<'_>, resource: &Resource) -> Result<Issuer, AuthorizationError> {
    let Some(name) = &resource.issuer else { return old_issuer(web).await };
    let address = web.address(ISSUER, name)?;
    for place in issuer_places(&address) {
        if let Some(document) = web.document(&place).await? {
            return read_issuer(web, name, &document);
        }
    }
    Err(no(ISSUER, "there is none"))
}

fn issuer_places(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let (oauth, openid) = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration");
    let mut places = vec![at(issuer, &format!("{oauth}{path}")), at(issuer, &format!("{openid}{path}"))];
    places.extend((!path.is_empty()).then(|| at(issuer, &format!("{path}{openid}"))));
    places
}

/// Before 2025-06-18 a server was its own authorization server, at places that everybody knew.
async fn old_issuer(web: &Web<'_>) -> Result<Issuer, AuthorizationError> {
    let name = web.server.origin().ascii_serialization();
    web.address(ISSUER, &name)?;
    if let Some(document) = web.document(&at(web.server, "/.well-known/oauth-authorization-server")).await? {
        return read_issuer(web, &name, &document);
    }
    Ok(Issuer {
        authorization: Some(at(web.server, "/authorize")),
        token: at(web.server, "/token"),
        registration: Some(at(web.server, "/register")),
        name,
        methods: None,
        scopes: Vec::new(),
        reads_documents: false,
        says_issuer: false,
    })
}

fn read_issuer(web: &Web<'_>, name: &str, document: &Value) -> Result<Issuer, AuthorizationError> {
    // Letter by letter: whoever is let to differ in one sign can be somebody else.
    if document["issuer"] != name {
        return Err(no(ISSUER, "it is another's"));
    }
    let endpoint = |field: &str| document[field].as_str().map(|text| web.address(ISSUER, text)).transpose();
    let authorization = endpoint("authorization_endpoint")?;
    if authorization.is_some()
        && !words(&document["code_challenge_methods_supported"]).is_some_and(|all| all.contains(&"S256".to_owned()))
    {
        return Err(no(ISSUER, "it does not protect its codes (PKCE with S256)"));
    }
    Ok(Issuer {
        name: name.to_owned(),
        authorization,
        token: endpoint("token_endpoint")?.ok_or_else(|| no(ISSUER, "it names no place for tokens"))?,
        registration: endpoint("registration_endpoint")?,
        methods: words(&document["token_endpoint_auth_methods_supported"]),
        scopes: words(&document["scopes_supported"]).unwrap_or_default(),
        reads_documents: document["client_id_metadata_document_supported"] == true,
        says_issuer: document["authorization_response_iss_parameter_supported"] == true,
    })
}

/// A server's address as its resource identifier: without what no server sees, and no `/` where there is no path.
fn canonical(server: &Url) -> String {
    let mut url = server.clone();
    url.set_fragment(None);
    let text = url.as_str();
    if url.path() == "/" && url.query().is_none() { text.trim_end_matches('/').to_owned() } else { text.to_owned() }
}

fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url.set_query(None);
    url.set_fragment(None);
    url
}

fn words(value: &Value) -> Option<Vec<String>> {
    Some(value.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

fn no(what: &'static str, why: &str) -> AuthorizationError {
    AuthorizationError::Metadata { what, why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn check(found: Vec<Url>, expected: &[&str]) {
        assert_eq!(found.iter().map(Url::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn documents_are_looked_for_where_the_standards_put_them() {
        check(
            resource_places(&url("https://a.example/mcp?x=1")),
            &[
                "https://a.example/.well-known/oauth-protected-resource/mcp",
                "https://a.example/.well-known/oauth-protected-resource",
            ],
        );
        check(resource_places(&url("https://a.example")), &["https://a.example/.well-known/oauth-protected-resource"]);
        check(
            issuer_places(&url("https://a.example/tenant1")),
            &[
                "https://a.example/.well-known/oauth-authorization-server/tenant1",
                "https://a.example/.well-known/openid-configuration/tenant1",
                "https://a.example/tenant1/.well-known/openid-configuration",
            ],
        );
        check(
            issuer_places(&url("https://a.example/")),
            &[
                "https://a.example/.well-known/oauth-authorization-server",
                "https://a.example/.well-known/openid-configuration",
            ],
        );
    }

    #[test]
    fn a_resource_covers_itself_and_what_is_under_it_alone() {
        let server = url("https://a.example/team/mcp");
        for (resource, expected) in [
            ("https://a.example/team/mcp", true),
            ("https://a.example/team/", true),
            ("https://a.example", true),
            ("https://a.example/te", false),
            ("https://a.example/team/mcp/more", false),
            ("http://a.example/team/mcp", false),
            ("https://a.example:8443/team/mcp", false),
            ("https://a.example.evil.example/team/mcp", false),
        ] {
            assert_eq!(covers(&url(resource), &server), expected, "{resource}");
        }
        assert_eq!(canonical(&url("https://a.example/#x")), "https://a.example");
        assert_eq!(canonical(&url("https://a.example/mcp#x")), "https://a.example/mcp");
    }
}
