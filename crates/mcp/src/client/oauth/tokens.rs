//! Who we are to an authorization server, and the tokens that it gives for that.

use super::{
    AuthorizationError, Identity,
    credentials::{ClientMethod, Credentials, KnownClient},
    discovery::Issuer,
    web::Web,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use protocol::Timestamp;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

const FORM: &str = "application/x-www-form-urlencoded";

/// Who we are there: known already, described by a document, or made known now.
pub(super) async fn client(
    web: &Web<'_>,
    identity: &Identity,
    issuer: &Issuer,
) -> Result<KnownClient, AuthorizationError> {
    if let Some(registered) = &identity.registered {
        if let Some(expected) = registered.issuer.as_ref().filter(|expected| **expected != issuer.name) {
            return Err(AuthorizationError::OtherIssuer { expected: expected.clone(), found: issuer.name.clone() });
        }
        let secret = registered.secret.as_ref().map(|secret| secret.as_str().to_owned());
        let method = method(None, secret.is_some(), issuer);
        return Ok(KnownClient { id: registered.id.clone(), secret, method });
    }
    if let Some(document) = identity.document.as_ref().filter(|_| issuer.reads_documents) {
        return Ok(KnownClient { id: document.as_str().to_owned(), secret: None, method: ClientMethod::None });
    }
    let Some(registration) = &issuer.registration else {
        return Err(AuthorizationError::NotRegistered { issuer: issuer.name.clone() });
    };
    let wanted = match &issuer.methods {
        Some(all) if !all.iter().any(|one| one == "none") => all.iter().find_map(|one| ClientMethod::parse(one)),
        _ => Some(ClientMethod::None),
    };
    let body = json!({
        "client_name": identity.name,
        "redirect_uris": [identity.redirect.as_str()],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": wanted.unwrap_or(ClientMethod::ClientSecretBasic).word(),
        "application_type": "native",
    });
    let at = "the registration of clients";
    let made = web.post(at, registration, "application/json", HeaderMap::new(), body.to_string()).await?;
    let id = made["client_id"].as_str().ok_or(AuthorizationError::Untrusted("its registration gives no client id"))?;
    let secret = made["client_secret"].as_str().map(str::to_owned);
    let method = method(made["token_endpoint_auth_method"].as_str(), secret.is_some(), issuer);
    Ok(KnownClient { id: id.to_owned(), secret, method })
}

/// How a client shows who it is: as it was told, else the best that the server knows.
fn method(told: Option<&str>, has_secret: bool, issuer: &Issuer) -> ClientMethod {
    if !has_secret {
        return ClientMethod::None;
    }
    if let Some(told) = told.and_then(ClientMethod::parse) {
        return told;
    }
    let Some(all) = &issuer.methods else { return ClientMethod::ClientSecretBasic };
    let order = [ClientMethod::ClientSecretBasic, ClientMethod::ClientSecretPost, ClientMethod::None];
    order.into_iter().find(|one| all.iter().any(|word| word == one.word())).unwrap_or(ClientMethod::ClientSecretBasic)
}

impl ClientMethod {
    fn parse(word: &str) -> Option<Self> {
        [Self::ClientSecretBasic, Self::ClientSecretPost, Self::None].into_iter().find(|one| one.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::None => "none",
        }
    }
}

impl Credentials {
    /// Asks for a token, and keeps here what comes. A refresh token that is not replaced stays.
    pub(super) async fn ask(
        &mut self,
        web: &Web<'_>,
        now: Timestamp,
        fields: &[(&str, &str)],
    ) -> Result<(), AuthorizationError> {
        let endpoint = web.address("the place for tokens", &self.token_endpoint)?;
        let (headers, body) = self.request(fields);
        let answer = web.post("the place for tokens", &endpoint, FORM, headers, body).await?;
        self.keep(&answer, now)
    }

    fn request(&self, fields: &[(&str, &str)]) -> (HeaderMap, String) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let mut headers = HeaderMap::new();
        let secret = self.client.secret.as_deref().unwrap_or_default();
        match self.client.method {
            ClientMethod::ClientSecretBasic => drop(headers.insert(AUTHORIZATION, basic(&self.client.id, secret))),
            ClientMethod::ClientSecretPost => {
                form.append_pair("client_id", &self.client.id).append_pair("client_secret", secret);
            }
            ClientMethod::None => {
                form.append_pair("client_id", &self.client.id);
            }
        }
        (headers, form.finish())
    }

    fn keep(&mut self, answer: &Value, now: Timestamp) -> Result<(), AuthorizationError> {
        let token = answer["access_token"].as_str().filter(|token| !token.is_empty());
        let token = token.ok_or(AuthorizationError::Untrusted("it holds no token"))?;
        if !answer["token_type"].as_str().is_none_or(|kind| kind.eq_ignore_ascii_case("bearer")) {
            return Err(AuthorizationError::Untrusted("its token is of a kind that oikos does not know"));
        }
        self.access_token = Some(token.to_owned());
        let seconds = answer["expires_in"].as_u64();
        self.expires = seconds.map(|seconds| now.plus_ms(seconds.saturating_mul(1_000)));
        if let Some(refresh) = answer["refresh_token"].as_str() {
            self.refresh_token = Some(refresh.to_owned());
        }
        Ok(())
    }
}

fn basic(id: &str, secret: &str) -> HeaderValue {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encoded(id), encoded(secret)));
    let text = Zeroizing::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&text).expect("base64 can stand in a header");
    value.set_sensitive(true);
    value
}

/// What comes back from a person's browser, looked at before anything of it is believed.
pub(super) fn code(query: &str, state: &str, issuer: &Issuer) -> Result<Zeroizing<String>, AuthorizationError> {
    let query = query.trim_start_matches('?');
    let field = |name: &str| {
        let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
        let first = found.next().map(|(_, value)| value.into_owned());
        if found.next().is_some() { Err(AuthorizationError::Untrusted("it says one thing twice")) } else { Ok(first) }
    };
    if field("state")?.as_deref() != Some(state) {
        return Err(AuthorizationError::Untrusted("it is not the answer to what was asked"));
    }
    match field("iss")? {
        Some(from) if from != issuer.name => return Err(AuthorizationError::Untrusted("another server gave it")),
        None if issuer.says_issuer => {
            return Err(AuthorizationError::Untrusted("it does not say which server gave it"));
        }
        _ => {}
    }
    if let Some(code) = field("error")? {
        return Err(AuthorizationError::Refused { at: "the sign-in", code, description: field("error_description")? });
    }
    field("code")?.map(Zeroizing::new).ok_or(AuthorizationError::Untrusted("it holds no code"))
}

/// The address that a person's browser is sent to.
pub(super) fn sign_in(endpoint: &Url, fields: &[(&str, &str)]) -> Url {
    let mut url = endpoint.clone();
    url.query_pairs_mut().extend_pairs(fields);
    url
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn issuer(says_issuer: bool) -> Issuer {
        let url = Url::parse("https://a.example/t").unwrap();
        Issuer {
            name: "https://a.example".into(),
            authorization: Some(url.clone()),
            token: url,
            registration: None,
            methods: None,
            scopes: vec![],
            reads_documents: false,
            says_issuer,
        }
    }

    fn check(query: &str, says_issuer: bool, expected: Result<&str, &str>) {
        let found =
            code(query, "st", &issuer(says_issuer)).map(|code| code.to_string()).map_err(|error| error.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{query}");
    }

    #[test]
    fn what_comes_back_is_believed_only_from_whom_we_asked() {
        let not = |why: &str| format!("the answer of the sign-in is not accepted: {why}");
        check("?code=c%2B1&state=st", false, Ok("c+1"));
        check("code=c&state=st&iss=https%3A%2F%2Fa.example", true, Ok("c"));
        for query in ["code=c", "code=c&state=other", "code=c&state=ST"] {
            check(query, false, Err(&not("it is not the answer to what was asked")));
        }
        check("code=c&state=st&state=st", false, Err(&not("it says one thing twice")));
        for iss in ["https%3A%2F%2Fevil.example", "https%3A%2F%2Fa.example%2F", "HTTPS%3A%2F%2Fa.example"] {
            check(&format!("code=c&state=st&iss={iss}"), false, Err(&not("another server gave it")));
            // Nor are its words shown.
            check(&format!("error=x&state=st&iss={iss}"), false, Err(&not("another server gave it")));
        }
        check("code=c&state=st", true, Err(&not("it does not say which server gave it")));
        check("state=st", false, Err(&not("it holds no code")));
        check(
            "error=access_denied&error_description=No&state=st",
            false,
            Err("the sign-in refused: \"access_denied\" (\"No\")"),
        );
    }
}
