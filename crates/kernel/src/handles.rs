//! How an app speaks of a secret that it never sees: `{{secret:NAME}}` at the end of a header of a request. What stands for
//! it is put in where the request goes out, for the host that it is bound to. Pure.

use crate::host_call::{GuestError, HttpCall};
use protocol::{ErrorCode, SecretText};
use std::{collections::BTreeMap, fmt, sync::Arc};

const OPEN: &str = "{{secret:";
const CLOSE: &str = "}}";
/// Secrets in one request: one for a header, of several that authenticate.
const SECRETS_MAX: usize = 4;
/// What may stand before one: the name of a scheme, such as `Bearer `.
const PREFIX_BYTES_MAX: usize = 32;

/// What an app writes for a secret.
pub(crate) fn handle_text(name: &str) -> String {
    format!("{OPEN}{name}{CLOSE}")
}

/// A header's value that ends in a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle<'a> {
    /// What stands before it.
    pub prefix: &'a str,
    /// What the secret is called.
    pub name: &'a str,
}

impl<'a> Handle<'a> {
    /// Reads a header's value. `None`: it has no secret in it.
    pub fn read(value: &'a str) -> Result<Option<Self>, GuestError> {
        let Some((prefix, rest)) = value.split_once(OPEN) else { return Ok(None) };
        let wrong = |why: &str| {
            let message = format!("http.fetch: a secret is written '{}', {why}", handle_text("NAME"));
            Err(GuestError::new(ErrorCode::InvalidInput, message))
        };
        let Some(name) = rest.strip_suffix(CLOSE).filter(|name| !name.is_empty()) else {
            return wrong("at the end of a header");
        };
        if name.contains(OPEN) || name.contains(CLOSE) {
            return wrong("once in a header");
        }
        // A word before it, and no credentials of the app's own beside it.
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'_' | b'=' | b'.');
        if prefix.len() > PREFIX_BYTES_MAX || !prefix.bytes().all(is_word) {
            return wrong("behind a word such as Bearer, or alone");
        }
        Ok(Some(Self { prefix, name }))
    }

    /// Whether a header's value speaks of a secret, however it is written.
    pub fn is_in(value: &str) -> bool {
        value.contains(OPEN)
    }
}

/// The names of the secrets that a request speaks of. They stand in headers and nowhere else: an address is kept in logs of
/// others, and what is in a body is not oikos' to change.
pub(crate) fn handles_of(call: &HttpCall) -> Result<Vec<String>, GuestError> {
    let is_in_body = call.body.windows(OPEN.len()).any(|bytes| bytes == OPEN.as_bytes());
    if Handle::is_in(&call.url) || is_in_body || call.headers.iter().any(|(name, _)| Handle::is_in(name)) {
        let message =
            "http.fetch: a secret is sent in the value of a header, never in an address, a body or a header's name";
        return Err(GuestError::new(ErrorCode::InvalidInput, message));
    }
    let mut names: Vec<String> = Vec::new();
    for (_, value) in &call.headers {
        let name = Handle::read(value)?.map(|handle| handle.name.to_owned());
        names.extend(name.filter(|name| !names.contains(name)));
    }
    if names.len() > SECRETS_MAX {
        let message = format!("http.fetch: a request has at most {SECRETS_MAX} secrets");
        return Err(GuestError::new(ErrorCode::TooLarge, message));
    }
    Ok(names)
}

/// Secrets for one request, by the names that its headers call them.
#[derive(Clone, Default)]
pub struct HeldSecrets(Arc<BTreeMap<String, SecretText>>);

impl HeldSecrets {
    /// These. Only for a request whose host was decided on.
    pub fn new(secrets: BTreeMap<String, SecretText>) -> Self {
        Self(Arc::new(secrets))
    }

    /// What a name stands for.
    pub fn get(&self, name: &str) -> Option<&SecretText> {
        self.0.get(name)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (&str, &SecretText)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// By their names: nothing is said of what they are.
impl PartialEq for HeldSecrets {
    fn eq(&self, other: &Self) -> bool {
        self.0.keys().eq(other.0.keys())
    }
}

impl fmt::Debug for HeldSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_call::HttpRedirect;

    #[test]
    fn a_secret_stands_at_the_end_of_a_header_alone() {
        let check = |value: &str, expected: Result<Option<(&str, &str)>, &str>| {
            let found = Handle::read(value).map(|found| found.map(|handle| (handle.prefix, handle.name)));
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{value}"),
                (Err(error), Err(says)) => assert!(error.message.contains(says), "{value}: {error}"),
                (found, expected) => panic!("{value}: {found:?} {expected:?}"),
            }
        };
        check("Bearer {{secret:github}}", Ok(Some(("Bearer ", "github"))));
        check("{{secret:a.b_c-1}}", Ok(Some(("", "a.b_c-1"))));
        check("token=v1.{{secret:x}}", Ok(Some(("token=v1.", "x"))));
        check("no secret {{ secret:x }}", Ok(None));
        check("", Ok(None));
        check("{{secret:x}} and more", Err("at the end"));
        check("{{secret:x", Err("at the end"));
        check("{{secret:}}", Err("at the end"));
        check("{{secret:x}}{{secret:y}}", Err("once"));
        check("{{secret:{{secret:x}}}}", Err("once"));
        check("my-own:password {{secret:x}}", Err("behind a word"));
        check(&format!("{} {{{{secret:x}}}}", "a".repeat(40)), Err("behind a word"));
        check("Bearer\r\nx: {{secret:x}}", Err("behind a word"));
    }

    #[test]
    fn secrets_are_in_headers_and_nowhere_else() {
        let call = |url: &str, headers: &[(&str, &str)], body: &str| HttpCall {
            method: "POST".into(),
            url: url.into(),
            headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            body: body.into(),
            redirect: HttpRedirect::Follow,
            hops: 0,
            secrets: HeldSecrets::default(),
        };
        let names = |call: HttpCall| handles_of(&call).map_err(|error| error.message);
        let twice = [("a", "{{secret:x}}"), ("b", "Bearer {{secret:x}}"), ("c", "{{secret:y}}")];
        assert_eq!(names(call("https://a", &twice, "")), Ok(vec!["x".to_owned(), "y".to_owned()]));
        for wrong in [
            call("https://a/?k={{secret:x}}", &[], ""),
            call("https://a", &[], "k={{secret:x}}"),
            call("https://a", &[("{{secret:x}}", "a")], ""),
        ] {
            assert!(names(wrong).unwrap_err().contains("never in an address"));
        }
        let many: Vec<(&str, &str)> =
            ["{{secret:1}}", "{{secret:2}}", "{{secret:3}}", "{{secret:4}}", "{{secret:5}}"].map(|v| ("a", v)).into();
        assert!(names(call("https://a", &many, "")).unwrap_err().contains("at most 4"));
    }

    #[test]
    fn held_secrets_print_names_alone() {
        let held = HeldSecrets::new([("x".to_owned(), SecretText::new("canary".into()))].into());
        assert_eq!(format!("{held:?}"), r#"{"x"}"#);
    }
}
