//! What the heads of a request say, held against its body: whoever stands between may have acted on either. Pure.

use super::{household::ProtocolError, json::Members, message::HEADER_MISMATCH, revision::VERSION_KEY};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderName,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::Value;

pub(crate) const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
pub(crate) const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
pub(crate) const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

fn mismatch(message: impl Into<String>) -> ProtocolError {
    ProtocolError::new(HEADER_MISMATCH, message)
}

/// The one value of a header. Said twice it says nothing: two readers could take two values.
pub(crate) fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ProtocolError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(mismatch(format!("the header {name} is there more than once")));
    }
    value.to_str().map(Some).map_err(|_| mismatch(format!("the header {name} is no plain text")))
}

/// Whether the client takes answers of a kind.
pub(crate) fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let family = wanted.split('/').next().unwrap_or_default();
    headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(
        |range| {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default();
            let is_meant = kind.eq_ignore_ascii_case(wanted)
                || kind == "*/*"
                || kind.strip_suffix("/*").is_some_and(|of| of.eq_ignore_ascii_case(family));
            let is_refused = parts.any(|part| {
                let weight = part.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
                weight.and_then(|(_, weight)| weight.trim().parse::<f32>().ok()).is_some_and(|weight| weight == 0.0)
            });
            is_meant && !is_refused
        },
    )
}

/// Whether the client names streams before JSON, which is all that most can say of what they would rather have.
pub(crate) fn prefers_events(headers: &HeaderMap) -> bool {
    let said = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    match (said.find("text/event-stream"), said.find("application/json")) {
        (Some(events), Some(json)) => events < json,
        _ => false,
    }
}

/// Whether the body says that it is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let of = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    of.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// The revision of a request that stands alone: header and body have to say the same.
pub(crate) fn version_check(headers: &HeaderMap, meta: Option<&Members>) -> Result<(), ProtocolError> {
    let header = one(headers, &VERSION)?;
    let Some(said) = meta.and_then(|meta| meta.text(VERSION_KEY)) else { return Ok(()) };
    match header {
        Some(header) if header == said => Ok(()),
        Some(_) => Err(mismatch("the header MCP-Protocol-Version says another revision than the request's `_meta`")),
        None => Err(mismatch("the header MCP-Protocol-Version is missing")),
    }
}

/// `Mcp-Method` and `Mcp-Name`: what is asked for, and of what. The name is looked at where the body has one.
pub(crate) fn method_check(headers: &HeaderMap, method: &str, name: Option<&str>) -> Result<(), ProtocolError> {
    match one(headers, &METHOD)? {
        None => return Err(mismatch("the header Mcp-Method is missing")),
        Some(header) if header != method => {
            return Err(mismatch("the header Mcp-Method says another method than the request"));
        }
        Some(_) => {}
    }
    let Some(name) = name else { return Ok(()) };
    let Some(header) = one(headers, &NAME)? else { return Err(mismatch("the header Mcp-Name is missing")) };
    match decoded(header) {
        Some(header) if header == name => Ok(()),
        Some(_) => Err(mismatch("the header Mcp-Name says another name than the request")),
        None => Err(mismatch("the header Mcp-Name is no Base64")),
    }
}

/// `Mcp-Param-*`: the arguments that a tool's schema wants in headers too.
pub(crate) fn arguments_check(
    headers: &HeaderMap,
    wanted: &[(Vec<String>, String)],
    arguments: &str,
) -> Result<(), ProtocolError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let arguments: Value =
        serde_json::from_str(arguments).map_err(|_| ProtocolError::params("the arguments are nested too deep"))?;
    for (path, header) in wanted {
        // A schema may name what is no header: nobody can send that, so nobody is asked for it.
        let Ok(name) = HeaderName::from_bytes(header.as_bytes()) else { continue };
        let said = one(headers, &name)?;
        let argument = path.iter().try_fold(&arguments, |value, key| value.get(key));
        let expected = match argument {
            Some(Value::String(text)) => Some(text.clone()),
            Some(value @ (Value::Bool(_) | Value::Number(_))) => Some(value.to_string()),
            _ => None,
        };
        match (said, expected) {
            (None, None) => {}
            (Some(_), None) => {
                return Err(mismatch(format!("the header {header} stands for an argument that is not there")));
            }
            (None, Some(_)) => return Err(mismatch(format!("the header {header} is missing"))),
            (Some(said), Some(expected)) => match decoded(said) {
                Some(said) if said == expected => {}
                Some(_) => return Err(mismatch(format!("the header {header} says something else than the argument"))),
                None => return Err(mismatch(format!("the header {header} is no Base64"))),
            },
        }
    }
    Ok(())
}

/// A header's value as it is meant: what no header can hold stands there in Base64, and says so.
fn decoded(value: &str) -> Option<String> {
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        Some(inner) => String::from_utf8(STANDARD.decode(inner).ok()?).ok(),
        None => Some(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::from_bytes(name.as_bytes()).expect("a name"), value.parse().expect("a value"))
        };
        let mut map = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            map.append(name, value);
        }
        map
    }

    #[test]
    fn a_lie_in_a_header_is_seen() {
        let check = |pairs: &[(&str, &str)], is_fine: bool| {
            assert_eq!(method_check(&headers(pairs), "tools/call", Some("a b")).is_ok(), is_fine, "{pairs:?}");
        };
        check(&[("mcp-method", "tools/call"), ("mcp-name", "a b")], true);
        check(&[("mcp-method", "tools/call"), ("mcp-name", "=?base64?YSBi?=")], true);
        check(&[("mcp-method", "tools/call"), ("mcp-name", "=?base64?!?=")], false);
        check(&[("mcp-method", "tools/call"), ("mcp-name", "b")], false);
        check(&[("mcp-method", "tools/call")], false);
        check(&[("mcp-name", "a b")], false);
        check(&[("mcp-method", "tools/list"), ("mcp-name", "a b")], false);
        check(&[("mcp-method", "tools/call"), ("mcp-method", "tools/call"), ("mcp-name", "a b")], false);
    }

    #[test]
    fn arguments_in_headers_are_those_of_the_body() {
        let wanted = [
            (vec!["region".to_owned()], "mcp-param-region".to_owned()),
            (vec!["a".to_owned(), "n".to_owned()], "mcp-param-n".to_owned()),
        ];
        let check = |pairs: &[(&str, &str)], arguments: &str, is_fine: bool| {
            assert_eq!(arguments_check(&headers(pairs), &wanted, arguments).is_ok(), is_fine, "{pairs:?} {arguments}");
        };
        check(&[("Mcp-Param-Region", "eu"), ("Mcp-Param-N", "7")], r#"{"region":"eu","a":{"n":7}}"#, true);
        check(&[("Mcp-Param-Region", "eu")], r#"{"region":"eu"}"#, true);
        check(&[("Mcp-Param-Region", "us")], r#"{"region":"eu"}"#, false);
        check(&[], r#"{"region":"eu"}"#, false);
        check(&[("Mcp-Param-Region", "eu")], r#"{"region":null}"#, false);
        check(&[], "{}", true);
    }

    #[test]
    fn what_a_client_takes_is_read_as_it_is_meant() {
        let check = |value: &str, is_taken: bool| {
            assert_eq!(accepts(&headers(&[("accept", value)]), "text/event-stream"), is_taken, "{value}");
        };
        check("application/json, text/event-stream", true);
        check("text/*;q=0.5", true);
        check("*/*", true);
        check("text/event-stream;q=0", false);
        check("text/event-stream; q=0.0, application/json", false);
        check("application/json", false);
        assert!(!accepts(&HeaderMap::new(), "text/event-stream"));
    }
}
