//! What is to be sent, before anybody sends it.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

const JSON: &str = "application/json";

/// What of an address is left as it is; everything else, slashes too, is one word of a path and not a way to another.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// A request without its host and without its key. The path goes behind the provider's base address; the transport puts the key
/// where the wire's [`KeyPlace`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpDraft {
    /// The method.
    pub method: Method,
    /// The path and query, from the base address on.
    pub path: String,
    /// Headers; never one that holds a key.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpDraft {
    pub(crate) fn get(path: &str) -> Self {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(JSON))]);
        Self { method: Method::GET, path: path.to_owned(), headers, body: Vec::new() }
    }

    /// A body in JSON, for an answer of a type.
    pub(crate) fn post(path: impl Into<String>, accept: &'static str, body: &impl Serialize) -> Self {
        let headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static(JSON)),
            (ACCEPT, HeaderValue::from_static(accept)),
        ]);
        // Bodies are structs of texts, numbers and JSON that was parsed: there is none that cannot be written.
        let body = serde_json::to_vec(body).expect("a body of texts and numbers is JSON");
        Self { method: Method::POST, path: path.into(), headers, body }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }
}

/// A model's name as one word of a path.
pub(crate) fn in_path(model: &str) -> String {
    let word = utf8_percent_encode(model, PLAIN).to_string();
    // Two dots are not escaped by anybody, and lead upwards.
    if word.bytes().all(|byte| byte == b'.') { word.replace('.', "%2E") } else { word }
}

/// Where a wire puts the key. Never the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPlace {
    /// The header.
    pub header: &'static str,
    /// What stands before the key in it.
    pub before: &'static str,
}

impl KeyPlace {
    pub(crate) const BEARER: Self = Self { header: "authorization", before: "Bearer " };
}
