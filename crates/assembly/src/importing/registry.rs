//! A registry of images is asked which bytes a name means now, as somebody whom it does not know. Nothing of the image itself
//! is fetched, and nothing of it is run.

use crate::{Oikos, importing::noticed};
use broker::{WebUrl, is_private_host};
use egress::{Bounds, EgressError, HeaderMap, HeaderValue, Outgoing, REDIRECTS_MAX, redirect};
use mcp::import::{
    Hidden, IMAGE_TYPES, Image, MANIFEST_OF_IMAGE_BYTES_MAX, TOKEN_BYTES_MAX, read_image_manifest, read_token,
};
use protocol::{AppName, Caller, Digest, ErrorCode, Failure, RunId};

/// What one answer said, as far as it is looked at.
struct Answered {
    status: u16,
    /// Who answered at last.
    url: WebUrl,
    /// Which token it wants.
    challenge: Option<String>,
    /// What it says the digest is.
    digest: Option<String>,
    body: Vec<u8>,
}

/// Whoever asked for the import, and the app that it would be.
pub(super) struct Asking<'a> {
    pub(super) oikos: &'a Oikos,
    pub(super) caller: Caller,
    pub(super) app: &'a AppName,
}

impl Asking<'_> {
    /// Which bytes an image is now.
    pub(super) async fn digest(&self, image: &Image) -> Result<Digest, Failure> {
        if let Some(digest) = image.digest() {
            return Ok(digest);
        }
        let named = web(&image.manifest_url())?;
        let mut answered = self.get(&named, &named, None, MANIFEST_OF_IMAGE_BYTES_MAX).await?;
        if answered.status == 401
            && let Some(challenge) = &answered.challenge
        {
            let url = image.token_url(challenge).map_err(|notice| noticed(ErrorCode::NetworkFailed, &notice))?;
            let given = self.get(&web(&url)?, &named, None, TOKEN_BYTES_MAX).await?;
            if given.status != 200 {
                return Err(unanswered(&given));
            }
            let token = read_token(&given.body).map_err(|notice| noticed(ErrorCode::NetworkFailed, &notice))?;
            let url = answered.url;
            answered = self.get(&url, &named, Some(&token), MANIFEST_OF_IMAGE_BYTES_MAX).await?;
        }
        if answered.status != 200 {
            return Err(unanswered(&answered));
        }
        read_image_manifest(&answered.body, answered.digest.as_deref())
            .map_err(|notice| noticed(ErrorCode::NetworkFailed, &notice))
    }

    /// One answer, wherever it leads to. `named` is what the image's own name says: only that may be in the owner's network.
    async fn get(
        &self,
        url: &WebUrl,
        named: &WebUrl,
        token: Option<&Hidden>,
        bytes_max: usize,
    ) -> Result<Answered, Failure> {
        let (mut at, first) = (url.clone(), url);
        for _ in 0..=REDIRECTS_MAX {
            // To nobody but the one that it is for.
            let token = token.filter(|_| at.is_same_origin(first));
            let answered = self.get_once(&at, named, token, bytes_max).await?;
            match answered {
                Next::Answer(answered) => return Ok(answered),
                Next::Elsewhere(next) => at = next,
            }
        }
        let message = format!("{}: more than {REDIRECTS_MAX} redirects, one after the other", url.shown());
        Err(Failure::new(ErrorCode::NetworkFailed, message))
    }

    async fn get_once(
        &self,
        url: &WebUrl,
        named: &WebUrl,
        token: Option<&Hidden>,
        bytes_max: usize,
    ) -> Result<Next, Failure> {
        let oikos = self.oikos;
        let shown = url.shown();
        if !url.is_https() && !is_private_host(url.host()) {
            let message = format!("{shown}: a registry is asked over https");
            return Err(Failure::new(ErrorCode::PermissionDenied, message));
        }
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static(IMAGE_TYPES));
        if let Some(token) = token {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
                .map_err(|_| Failure::new(ErrorCode::NetworkFailed, format!("{shown}: its token fits no header")))?;
            value.set_sensitive(true);
            headers.insert("authorization", value);
        }
        let run = RunId::new(&*oikos.clock, &*oikos.entropy);
        let (is_named, now_ns) = (url.is_same_origin(named), oikos.clock.monotonic_ns());
        let permit = oikos
            .kernel
            .broker()
            .errand(self.caller, self.app, run, url.clone(), is_named, now_ns)
            .map_err(|denied| Failure::new(denied.code, denied.message()))?;
        let outgoing = Outgoing { headers, ..Outgoing::default() };
        let answered = async {
            let answer = oikos.egress.send(&permit, outgoing, &Bounds::app(bytes_max)).await;
            let answer = answer.map_err(|failed| failed.error)?;
            let status = answer.status;
            let header = |name: &str| Some(answer.headers.get(name)?.to_str().ok()?.to_owned());
            let (location, challenge) = (header("location"), header("www-authenticate"));
            let digest = header("docker-content-digest");
            let body = if status == 200 { answer.bytes().await? } else { Vec::new() };
            Ok::<_, EgressError>((location, Answered { status, url: url.clone(), challenge, digest, body }))
        };
        let answered = answered.await;
        oikos.egress.run_end(run);
        let (location, answered) = answered.map_err(|error| Failure::new(error.code(), format!("{shown}: {error}")))?;
        match location.and_then(|location| redirect("GET", url, answered.status, &location)) {
            Some(Ok(next)) => Ok(Next::Elsewhere(next.url)),
            Some(Err(error)) => Err(Failure::new(ErrorCode::NetworkFailed, format!("{shown}: {error}"))),
            None => Ok(Next::Answer(answered)),
        }
    }
}

/// What comes of one request.
enum Next {
    Answer(Answered),
    Elsewhere(WebUrl),
}

fn web(url: &str) -> Result<WebUrl, Failure> {
    WebUrl::parse(url).map_err(|error| Failure::new(ErrorCode::NetworkFailed, error.to_string()))
}

fn unanswered(answered: &Answered) -> Failure {
    let (shown, status) = (answered.url.shown(), answered.status);
    match status {
        404 => Failure::new(ErrorCode::NotFound, format!("{shown}: there is no such image")),
        401 | 403 => Failure::new(
            ErrorCode::PermissionDenied,
            format!("{shown}: there is no such image, or only those see it whom its registry knows"),
        ),
        429 => Failure::new(ErrorCode::NetworkFailed, format!("{shown}: its registry was asked too often; try later")),
        _ => Failure::new(ErrorCode::NetworkFailed, format!("{shown} answered {status}")),
    }
}
