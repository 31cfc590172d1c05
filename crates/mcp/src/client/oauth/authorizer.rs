//! Tokens for one server, and how one comes by them.

use super::{
    AuthorizationError, Authorize, Challenge, Credentials, TokenStore,
    discovery::{self, Issuer, Resource},
    tokens,
    web::Web,
};
use crate::client::HttpSender;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use protocol::{Clock, Entropy};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use tokio::sync::Mutex;
use url::Url;
use zeroize::Zeroizing;

/// A token that ends so soon is as good as ended: the request still has to get there.
const SOON_MS: u64 = 30_000;
/// Bytes of randomness in what nobody may guess.
const SECRET_BYTES: usize = 32;
/// Scopes that are asked for at once.
const SCOPES_MAX: usize = 256;

/// A client that an authorization server knows already.
#[derive(Clone)]
pub struct Registered {
    /// Which authorization server knows it. Nobody else is shown it; where none is named, the first that the server names.
    pub issuer: Option<String>,
    /// Its id there.
    pub id: String,
    /// Its secret there.
    pub secret: Option<Zeroizing<String>>,
}

/// Who we are to authorization servers.
#[derive(Clone)]
pub struct Identity {
    /// What people read.
    pub name: String,
    /// Where a person's browser comes back to.
    pub redirect: Url,
    /// An address with a document that describes us (CIMD), for those that read such documents.
    pub document: Option<Url>,
    /// A client that was registered by hand.
    pub registered: Option<Registered>,
}

/// Whose rights a token carries.
#[derive(Clone)]
pub enum Grant {
    /// A person's, who signs in.
    Person(Arc<dyn Authorize>),
    /// The registered client's own.
    Client,
}

/// A request that the server did not let in.
pub(crate) struct Refused<'a> {
    /// What it said.
    pub(crate) challenge: &'a Challenge,
    /// The token that was shown.
    pub(crate) used: Option<&'a str>,
    /// Whether the token is good and allows too little.
    pub(crate) wants_more: bool,
    /// Whether somebody waits for it. Nobody is asked to sign in for what goes on in the background.
    pub(crate) attended: bool,
}

/// Gets tokens for one server, keeps them in the store, and gets new ones when they end.
pub struct Authorizer {
    identity: Identity,
    grant: Grant,
    store: Arc<dyn TokenStore>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// Held while a token is got, so that one sign-in serves all that wait for it.
    held: Mutex<Option<Credentials>>,
}

impl Authorizer {
    /// One that begins with what the store has.
    pub fn new(
        identity: Identity,
        grant: Grant,
        store: Arc<dyn TokenStore>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { identity, grant, store, clock, entropy, held: Mutex::new(None) }
    }

    /// The token for a request, if there is one; a new one where the old has ended and can be renewed.
    pub(crate) async fn token(
        &self,
        server: &Url,
        sender: &dyn HttpSender,
    ) -> Result<Option<Zeroizing<String>>, AuthorizationError> {
        let mut held = self.held.lock().await;
        if held.is_none() {
            *held = self.store.load(server.as_str()).await?;
        }
        let Some(credentials) = held.as_mut() else { return Ok(None) };
        let ends = credentials.expires.is_some_and(|expires| self.clock.now().plus_ms(SOON_MS) >= expires);
        if ends && credentials.refresh_token.is_some() {
            let web = Web { sender, server };
            // Its resource is what it was when the token was got; whether that still holds, the server's refusal will say.
            let resource = credentials.resource.clone();
            self.refresh(&web, credentials, &resource).await?;
        }
        Ok(credentials.access_token.clone().map(Zeroizing::new))
    }

    /// The server refused a request: gets another token, or one for more.
    pub(crate) async fn refused(
        &self,
        server: &Url,
        sender: &dyn HttpSender,
        refused: Refused<'_>,
    ) -> Result<(), AuthorizationError> {
        let Refused { challenge, used, wants_more, attended } = refused;
        let mut held = self.held.lock().await;
        let current = held.as_ref().and_then(|credentials| credentials.access_token.as_deref());
        if current.is_some() && current != used {
            // Somebody else has got another meanwhile.
            return Ok(());
        }
        let web = Web { sender, server };
        let resource = discovery::resource(&web, challenge).await?;
        let issuer = discovery::issuer(&web, &resource).await?;
        // What another authorization server gave is nothing here: not its tokens, not its client, not its scopes.
        let known = held.take().filter(|known| known.issuer == issuer.name);
        let mut credentials = match known {
            Some(known) => known,
            None => Credentials {
                issuer: issuer.name.clone(),
                token_endpoint: String::new(),
                resource: String::new(),
                client: tokens::client(&web, &self.identity, &issuer).await?,
                access_token: None,
                expires: None,
                refresh_token: None,
                scopes: Vec::new(),
            },
        };
        credentials.token_endpoint = issuer.token.as_str().to_owned();
        credentials.resource = resource.id.clone();
        if !wants_more
            && credentials.refresh_token.is_some()
            && self.refresh(&web, &mut credentials, &resource.id).await?
        {
            *held = Some(credentials);
            return Ok(());
        }
        if !attended {
            self.store.save(server.as_str(), &credentials).await?;
            *held = Some(credentials);
            return Err(AuthorizationError::Person("nobody waits for it".to_owned()));
        }
        credentials.scopes = scopes(&credentials.scopes, challenge, &resource, &issuer);
        let got = match &self.grant {
            Grant::Person(person) => self.sign_in(&web, person.as_ref(), &issuer, &mut credentials).await,
            Grant::Client => self.own(&web, &mut credentials).await,
        };
        if got.is_err() {
            credentials.access_token = None;
        }
        // The client that was made known stays known, even if nobody signed in.
        self.store.save(server.as_str(), &credentials).await?;
        *held = Some(credentials);
        got
    }

    /// Renews a token; says whether that was possible.
    async fn refresh(
        &self,
        web: &Web<'_>,
        credentials: &mut Credentials,
        resource: &str,
    ) -> Result<bool, AuthorizationError> {
        let Some(refresh) = credentials.refresh_token.clone().map(Zeroizing::new) else { return Ok(false) };
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("resource", resource)];
        match credentials.ask(web, self.clock.now(), &fields).await {
            Ok(()) => {
                self.store.save(web.server.as_str(), credentials).await?;
                Ok(true)
            }
            // It has ended, or was taken back: somebody has to sign in again.
            Err(AuthorizationError::Refused { .. }) => {
                credentials.refresh_token = None;
                credentials.access_token = None;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// A person signs in: code, proof (PKCE) and all.
    async fn sign_in(
        &self,
        web: &Web<'_>,
        person: &dyn Authorize,
        issuer: &Issuer,
        credentials: &mut Credentials,
    ) -> Result<(), AuthorizationError> {
        let endpoint =
            issuer.authorization.as_ref().ok_or(AuthorizationError::Untrusted("nobody can sign in there"))?;
        let (verifier, state) = (self.secret(), self.secret());
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let scopes = credentials.scopes.join(" ");
        let redirect = self.identity.redirect.as_str();
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", credentials.client.id.as_str()),
            ("redirect_uri", redirect),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("state", &state),
            ("resource", &credentials.resource),
        ];
        if !scopes.is_empty() {
            fields.push(("scope", &scopes));
        }
        let address = tokens::sign_in(endpoint, &fields);
        let redirected = person.authorize(&address, &state).await.map_err(AuthorizationError::Person)?;
        let code = tokens::code(&redirected.0, &state, issuer)?;
        let resource = credentials.resource.clone();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", redirect),
            ("code_verifier", verifier.as_str()),
            ("resource", &resource),
        ];
        credentials.ask(web, self.clock.now(), &fields).await
    }

    /// A token in our own name.
    async fn own(&self, web: &Web<'_>, credentials: &mut Credentials) -> Result<(), AuthorizationError> {
        let (scopes, resource) = (credentials.scopes.join(" "), credentials.resource.clone());
        let mut fields = vec![("grant_type", "client_credentials"), ("resource", resource.as_str())];
        if !scopes.is_empty() {
            fields.push(("scope", &scopes));
        }
        credentials.ask(web, self.clock.now(), &fields).await
    }

    fn secret(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
        self.entropy.fill(bytes.as_mut());
        Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice()))
    }
}

/// What is asked for: what the server wants now and what was asked for before, else what it wants in general.
fn scopes(before: &[String], challenge: &Challenge, resource: &Resource, issuer: &Issuer) -> Vec<String> {
    let wanted = challenge.scopes.as_ref().filter(|scopes| !scopes.is_empty()).or(resource.scopes.as_ref());
    let mut all = before.to_vec();
    for scope in wanted.into_iter().flatten() {
        if !all.contains(scope) && all.len() < SCOPES_MAX {
            all.push(scope.clone());
        }
    }
    // What lets a token be renewed without a person.
    let offline = "offline_access".to_owned();
    if issuer.scopes.contains(&offline) && !all.contains(&offline) {
        all.push(offline);
    }
    all
}
