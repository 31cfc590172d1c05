//! HTTP to authorization servers: small answers, in JSON, soon.

use super::AuthorizationError;
use crate::client::{CallError, HttpError, HttpSender, door::collect};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::Value;
use std::time::Duration;
use url::{Host, Url};

/// What is read of an answer.
const BYTES_MAX: usize = 256 * 1024;
/// How long an answer may take.
const PATIENCE_MS: u64 = 30_000;

/// HTTP on behalf of one server.
pub(super) struct Web<'a> {
    pub(super) sender: &'a dyn HttpSender,
    /// The server that wants the token.
    pub(super) server: &'a Url,
}

impl Web<'_> {
    /// An address that tokens and what leads to them may be sent to: encrypted, or on this machine if the server is too.
    pub(super) fn address(&self, what: &'static str, text: &str) -> Result<Url, AuthorizationError> {
        let of_no_use = |why: &str| AuthorizationError::Metadata { what, why: why.to_owned() };
        let url = Url::parse(text).map_err(|_| of_no_use("it names no address"))?;
        match url.scheme() {
            "https" => Ok(url),
            "http" if is_here(&url) && is_here(self.server) => Ok(url),
            _ => Err(of_no_use("it names an address that is not encrypted")),
        }
    }

    /// A document; none where there is none.
    pub(super) async fn document(&self, url: &Url) -> Result<Option<Value>, AuthorizationError> {
        let (status, value) = self.send(Method::GET, url, HeaderMap::new(), Bytes::new()).await?;
        if status.is_server_error() {
            return Err(HttpError::new(format!("{} answers with status {status}", url.authority())).into());
        }
        Ok(value.filter(|value| status.is_success() && value.is_object()))
    }

    /// Sends something to an endpoint; the object that it answers with, or its error.
    pub(super) async fn post(
        &self,
        at: &'static str,
        url: &Url,
        kind: &'static str,
        mut headers: HeaderMap,
        body: String,
    ) -> Result<Value, AuthorizationError> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        let (status, value) = self.send(Method::POST, url, headers, Bytes::from(body)).await?;
        let value = value.filter(Value::is_object);
        match value {
            Some(value) if status.is_success() => Ok(value),
            Some(value) if value["error"].is_string() => {
                let word = |name: &str| value[name].as_str().map(str::to_owned);
                let (code, description) = (word("error").unwrap_or_default(), word("error_description"));
                Err(AuthorizationError::Refused { at, code, description })
            }
            _ => Err(AuthorizationError::Metadata { what: at, why: format!("it answers with status {status}") }),
        }
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, Option<Value>), AuthorizationError> {
        let uri = url.as_str().parse::<http::Uri>().map_err(|_| HttpError::new("that address cannot be asked"))?;
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        let sending = async {
            let response = self.sender.send(request).await?;
            let status = response.status();
            match collect(response.into_body(), BYTES_MAX, "bytes in an answer").await {
                Ok(bytes) => Ok((status, serde_json::from_slice(&bytes).ok())),
                Err(CallError::Http(error)) => Err(error.into()),
                Err(_) => Err(AuthorizationError::Untrusted("it is too long")),
            }
        };
        let slow = || AuthorizationError::Slow { what: "the authorization server", after_ms: PATIENCE_MS };
        tokio::time::timeout(Duration::from_millis(PATIENCE_MS), sending).await.unwrap_or_else(|_| Err(slow()))
    }
}

/// Whether an address leads to this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
