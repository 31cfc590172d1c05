//! `ctx.tools.http`: requests to hosts, through the one client. A redirect comes back as the next request to decide.

use crate::common::{permitted, wrong_permit};
use broker::{Demand as _, Denied, Lease, NetworkDemand, Permit, WebUrl, is_private_host};
use egress::{
    Bounds, Client, EgressError, Failed, HEAD_BYTES_MAX, HeaderMap, HeaderName, HeaderValue, Outgoing, REDIRECTS_MAX,
    is_credential, redirect,
};
use kernel::{
    Handle, HeldSecrets, Unsaid,
    effect::{Done, Effect, EffectError, Errand, ErrandPermit, Fetched, Fetching, Said, Scene},
    host_call::{GuestError, HostAnswer, HttpCall, HttpRedirect},
};
use protocol::{Arg, ErrorCode, Labels, limit::HOST_RESULT_BYTES_MAX, sentence, sha256};
use serde_json::json;
use state::Batch;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::runtime::Handle as Runtime;
use zeroize::Zeroizing;

/// What an answer may hold beside its body: a head of the largest size, as JSON.
const HEAD_JSON_BYTES_MAX: usize = 4 * HEAD_BYTES_MAX;
/// A body that fits into one answer of the host, with its head.
const BODY_BYTES_MAX: usize = HOST_RESULT_BYTES_MAX - HEAD_JSON_BYTES_MAX;
/// How often a request under way looks whether it is still allowed: a grant that is taken back closes its connection
/// within a second.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A request that takes longer says how far it has come.
const SHOWN_AFTER_NS: u64 = 1_000_000_000;
/// What can be asked of a host. `CONNECT` and `TRACE` are for those between.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Headers that are not an app's to set: they say where the message goes, how it is moved, or who the person is there.
const NOT_THEIRS: [&str; 18] = [
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-for",
];

/// What an app reads where an answer says a secret. What a host makes of one beyond its usual forms is not known here: it is
/// one that the owner trusts with the secret.
const ECHO: &str = "«secret»";

/// The family.
#[derive(Clone)]
pub(crate) struct HttpEffect {
    client: Arc<Client>,
    runtime: Runtime,
}

/// What came, or what is to be asked next.
struct Answered {
    status: u16,
    headers: BTreeMap<String, String>,
    location: Option<String>,
    body: Vec<u8>,
}

impl HttpEffect {
    pub(crate) fn new(client: Arc<Client>, runtime: Runtime) -> Self {
        Self { client, runtime }
    }

    /// One request and its answer, for as long as it is allowed.
    async fn exchange(
        &self,
        permit: &Permit<NetworkDemand>,
        outgoing: Outgoing,
        call: &HttpCall,
        scene: &dyn Scene,
    ) -> Result<Answered, Failed> {
        let demand = permit.demand();
        let withdrawn = async {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                if !scene.is_still_allowed(demand) {
                    return;
                }
            }
        };
        tokio::select! {
            biased;
            answered = self.answer(permit, outgoing, call, scene) => answered,
            () = withdrawn => {
                let denied = Denied {
                    what: demand.sentence(),
                    rule: sentence::rule_withdrawn(&demand.line()),
                    command: Some(demand.command(permit.lease())),
                    code: ErrorCode::PermissionDenied,
                };
                Err(Failed { error: EgressError::Denied(Box::new(denied)), may_have_sent: true })
            }
        }
    }

    async fn answer(
        &self,
        permit: &Permit<NetworkDemand>,
        outgoing: Outgoing,
        call: &HttpCall,
        scene: &dyn Scene,
    ) -> Result<Answered, Failed> {
        let started_ns = scene.monotonic_ns();
        let unsaid = Unsaid::new(call.secrets.all().map(|(_, secret)| (secret, ECHO.to_owned())));
        let follows = call.redirect != HttpRedirect::Manual;
        let mut answer = self.client.send(permit, outgoing, &Bounds::app(BODY_BYTES_MAX)).await?;
        // Before anything is made of them: a redirect could carry what it was told to somewhere else.
        let headers = headers_shown(&answer.headers).into_iter().map(|(name, value)| (name, unsaid.text(value)));
        let (status, headers): (u16, BTreeMap<String, String>) = (answer.status, headers.collect());
        let location = headers.get("location").filter(|_| follows && matches!(status, 301 | 302 | 303 | 307 | 308));
        if location.is_some() {
            // What a redirect says besides is read by nobody.
            return Ok(Answered { status, location: location.cloned(), headers, body: Vec::new() });
        }
        let total = answer.announced_bytes();
        let mut body = Vec::new();
        while let Some(piece) = answer.piece().await.map_err(|error| Failed { error, may_have_sent: true })? {
            body.extend_from_slice(&piece);
            if scene.monotonic_ns().saturating_sub(started_ns) > SHOWN_AFTER_NS {
                let said = sentence::progress_reading(permit.demand().url.shown());
                scene.progress(said, body.len() as u64, total);
            }
        }
        Ok(Answered { status, headers, location: None, body: unsaid.bytes(body) })
    }
}

impl Effect for HttpEffect {
    type Demand = NetworkDemand;
    type Call = HttpCall;

    fn demand(&self, _: &Lease, call: &HttpCall) -> Result<Option<NetworkDemand>, GuestError> {
        if !METHODS.contains(&&*call.method) {
            return Err(invalid(format!("the method is one of {}", METHODS.join(", "))));
        }
        if !call.body.is_empty() && matches!(&*call.method, "GET" | "HEAD") {
            return Err(invalid(format!("{} has no body", call.method)));
        }
        let url = WebUrl::parse(&call.url).map_err(|error| invalid(error.to_string()))?;
        headers_read(&call.headers, None)?;
        // A secret that oikos sends is none of the app's own.
        let has_credentials = call.headers.iter().any(|(name, value)| is_credential(name) && !Handle::is_in(value));
        Ok(Some(NetworkDemand::new(&call.method, url, &call.body, has_credentials)))
    }

    fn perform(
        &self,
        permit: Option<Permit<NetworkDemand>>,
        call: HttpCall,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let permit = permitted(permit)?;
        let demand = permit.demand();
        let is_it = WebUrl::parse(&call.url).is_ok_and(|url| url == demand.url)
            && demand.method == call.method
            && demand.body_bytes == call.body.len() as u64;
        if !is_it {
            return Err(wrong_permit());
        }
        let headers = headers_read(&call.headers, Some(&call.secrets))?;
        let outgoing = Outgoing { headers, body: call.body.clone().into() };
        for (name, _) in call.secrets.all() {
            scene.secret_sending(name, &demand.target())?;
        }
        let (shown, method, bytes) = (demand.url.shown(), demand.method.clone(), Arg::Bytes(demand.body_bytes));
        if !demand.is_reading() {
            scene.intent_send(sentence::http_will_send(bytes.clone(), &shown, &method), sha256(&call.body))?;
        }
        let answered = self.runtime.block_on(self.exchange(&permit, outgoing, &call, scene));
        let answered = answered.map_err(|failed| failure(failed, demand.is_reading(), scene))?;
        let said = match demand.is_reading() {
            true => Said::Read { what: shown, bytes: answered.body.len() as u64 },
            false => Said::Once(sentence::http_sent(bytes, shown, method, u32::from(answered.status))),
        };
        let done = |answer| Done { answer, said: Some(said), change: None, labels: Labels::NONE };
        let Some(location) = &answered.location else {
            return Ok(done(HostAnswer::Bytes(frame(&demand.url, &answered))));
        };
        match next(&call, &demand.url, answered.status, location) {
            Ok(next) => Ok(done(HostAnswer::Redirect(Box::new(next)))),
            Err(error) if demand.is_reading() => Err(error.into()),
            // It did arrive, and what came of it is behind an answer that leads nowhere.
            Err(error) => Err(EffectError::Unknown(error)),
        }
    }

    fn run_end(&self, lease: &Lease, _: bool, _: &mut Batch) {
        self.client.run_end(lease.run());
    }
}

impl Errand for HttpEffect {
    fn fetch<'a>(&'a self, url: &'a str, bytes_max: usize, permit: &'a mut ErrandPermit<'_>) -> Fetching<'a> {
        Box::pin(self.errand(url, bytes_max, permit))
    }
}

impl HttpEffect {
    async fn errand(&self, url: &str, bytes_max: usize, permit: &mut ErrandPermit<'_>) -> Result<Fetched, GuestError> {
        let mut url = WebUrl::parse(url).map_err(|error| GuestError::new(ErrorCode::Usage, error.to_string()))?;
        let named = url.clone();
        for _ in 0..=REDIRECTS_MAX {
            if !url.is_https() && !is_private_host(url.host()) {
                let message = format!("{}: what is installed comes over https, or from your own network", url.shown());
                return Err(GuestError::new(ErrorCode::PermissionDenied, message));
            }
            let permit = permit(url.clone(), url.is_same_origin(&named))
                .map_err(|denied| GuestError::new(denied.code, denied.message()))?;
            let fetched = self.errand_step(&permit, bytes_max).await;
            self.client.run_end(permit.lease().run());
            let answered = fetched.map_err(|error| GuestError::new(error.code(), error.to_string()))?;
            match answered.location.map(|location| redirect("GET", &url, answered.status, &location)) {
                Some(Some(Ok(next))) => url = next.url,
                Some(Some(Err(error))) => return Err(GuestError::new(ErrorCode::NetworkFailed, error.to_string())),
                _ if answered.status == 200 => {
                    let (named, sender) = (named.authority(), url.authority());
                    return Ok(Fetched { bytes: answered.body, named, sender });
                }
                _ => {
                    let message = format!("{} answered {}", url.shown(), answered.status);
                    let code = if answered.status == 404 { ErrorCode::NotFound } else { ErrorCode::NetworkFailed };
                    return Err(GuestError::new(code, message));
                }
            }
        }
        Err(too_many(&url))
    }

    async fn errand_step(&self, permit: &Permit<NetworkDemand>, bytes_max: usize) -> Result<Answered, EgressError> {
        let sent = self.client.send(permit, Outgoing::default(), &Bounds::package(bytes_max)).await;
        let answer = sent.map_err(|failed| failed.error)?;
        let (status, headers) = (answer.status, headers_shown(&answer.headers));
        let location = headers.get("location").cloned();
        // Of an answer that is no package, nothing is read.
        let body = if status == 200 { answer.bytes().await? } else { Vec::new() };
        Ok(Answered { status, headers, location, body })
    }
}

fn invalid(why: String) -> GuestError {
    GuestError::new(ErrorCode::InvalidInput, format!("http.fetch: {why}"))
}

/// A secret that nobody decided on: the kernel did not ask.
fn wrong_permit_guest() -> GuestError {
    GuestError::new(ErrorCode::Internal, "oikos failed while it worked on this call")
}

fn too_many(url: &WebUrl) -> GuestError {
    let message = format!("{}: more than {REDIRECTS_MAX} redirects, one after the other", url.shown());
    GuestError::new(ErrorCode::NetworkFailed, message)
}

/// An app's headers, as far as they are an app's to set. With `secrets`, what speaks of one says it.
fn headers_read(given: &[(String, String)], secrets: Option<&HeldSecrets>) -> Result<HeaderMap, GuestError> {
    let mut headers = HeaderMap::new();
    let mut bytes = 0;
    for (name, value) in given {
        let shown = protocol::text::shorten(name, 60);
        let lower = name.to_ascii_lowercase();
        if NOT_THEIRS.contains(&&*lower) || lower.starts_with("proxy-") || lower.starts_with("sec-") {
            return Err(invalid(format!("the header '{shown}' is not an app's to set")));
        }
        let key = HeaderName::try_from(&lower).map_err(|_| invalid(format!("'{shown}' is no name of a header")))?;
        let wrong = || invalid(format!("the header '{shown}' holds what no header may"));
        let value = match (Handle::read(value)?, secrets) {
            (Some(handle), Some(secrets)) => {
                let secret = secrets.get(handle.name).ok_or_else(wrong_permit_guest)?;
                let whole = Zeroizing::new([handle.prefix, secret.expose()].concat());
                let mut value = HeaderValue::try_from(&**whole).map_err(|_| wrong())?;
                value.set_sensitive(true);
                value
            }
            _ => HeaderValue::try_from(value).map_err(|_| wrong())?,
        };
        bytes += key.as_str().len() + value.len();
        if bytes > HEAD_BYTES_MAX {
            let message = format!("http.fetch: the headers are more than {}", Arg::Bytes(HEAD_BYTES_MAX as u64));
            return Err(GuestError::new(ErrorCode::TooLarge, message));
        }
        headers.insert(key, value);
    }
    Ok(headers)
}

/// An answer's headers as an app gets them. Cookies are nobody's here: there is none to send them back.
fn headers_shown(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut shown: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        if matches!(name.as_str(), "set-cookie" | "set-cookie2") {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        match shown.get_mut(name.as_str()) {
            Some(known) => {
                known.push_str(", ");
                known.push_str(&value);
            }
            None => drop(shown.insert(name.as_str().to_owned(), value.into_owned())),
        }
    }
    shown
}

/// The length of the head, the head as JSON, the body: one piece, so that nothing is copied into a text.
fn frame(url: &WebUrl, answered: &Answered) -> Vec<u8> {
    let head = json!({ "status": answered.status, "url": url.as_str(), "headers": answered.headers }).to_string();
    let mut frame = Vec::with_capacity(4 + head.len() + answered.body.len());
    // The largest head is far below four bytes of length.
    frame.extend_from_slice(&(head.len() as u32).to_le_bytes());
    frame.extend_from_slice(head.as_bytes());
    frame.extend_from_slice(&answered.body);
    frame
}

/// The request that an answer leads to, with what may go along.
fn next(call: &HttpCall, url: &WebUrl, status: u16, location: &str) -> Result<HttpCall, GuestError> {
    if call.redirect == HttpRedirect::Error {
        let message = format!("{} redirects, which this request does not follow", url.shown());
        return Err(GuestError::new(ErrorCode::NetworkFailed, message));
    }
    if call.hops >= REDIRECTS_MAX {
        return Err(too_many(url));
    }
    let next = match redirect(&call.method, url, status, location) {
        Some(Ok(next)) => next,
        Some(Err(error)) => return Err(GuestError::new(ErrorCode::NetworkFailed, error.to_string())),
        None => return Err(GuestError::new(ErrorCode::Internal, "this is no redirect")),
    };
    let goes_along = |name: &str, value: &str| {
        (next.keeps_body || !name.to_ascii_lowercase().starts_with("content-"))
            && !(next.leaves_origin && (is_credential(name) || Handle::is_in(value)))
    };
    Ok(HttpCall {
        method: next.method.clone(),
        url: next.url.as_str().to_owned(),
        headers: call.headers.iter().filter(|(name, value)| goes_along(name, value)).cloned().collect(),
        body: if next.keeps_body { call.body.clone() } else { Vec::new() },
        redirect: call.redirect,
        hops: call.hops + 1,
        secrets: HeldSecrets::default(),
    })
}

/// Why there is no answer, as the guest and the log see it.
fn failure(failed: Failed, is_reading: bool, scene: &dyn Scene) -> EffectError {
    let Failed { error, may_have_sent } = failed;
    // What may have arrived is neither done nor not done.
    let is_unknown = may_have_sent && !is_reading;
    let error = match error {
        EgressError::Denied(denied) => scene.refuse(*denied),
        EgressError::Ended(end) if !is_unknown => EffectError::Ended(end),
        other => EffectError::guest(other.code(), other.to_string()),
    };
    match error {
        EffectError::Guest(error) if is_unknown => EffectError::Unknown(error),
        error => error,
    }
}
