//! What a server says when it wants a token: `WWW-Authenticate`, read as RFC 9110 writes it.

use http::{HeaderMap, header::WWW_AUTHENTICATE};

/// Headers of one answer that are looked at.
const HEADERS_MAX: usize = 16;

/// The challenge for a bearer token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// Where it says which authorization server is asked.
    pub(crate) resource_metadata: Option<String>,
    /// Which scopes it wants.
    pub(crate) scopes: Option<Vec<String>>,
    /// What was wrong with the token that it was shown.
    pub(crate) error: Option<String>,
}

impl Challenge {
    /// The challenge of an answer; empty where it makes none for bearer tokens.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let all = headers.get_all(WWW_AUTHENTICATE).into_iter().take(HEADERS_MAX);
        all.filter_map(|value| Self::read(&String::from_utf8_lossy(value.as_bytes()))).next().unwrap_or_default()
    }

    /// The first challenge for a bearer token in one header.
    fn read(text: &str) -> Option<Self> {
        let mut challenge = Self::default();
        for (name, value) in bearer(text)? {
            challenge.put(&name, value);
        }
        Some(challenge)
    }

    fn put(&mut self, name: &str, value: String) {
        match name.to_ascii_lowercase().as_str() {
            "resource_metadata" => self.resource_metadata = Some(value),
            "scope" => self.scopes = Some(value.split_ascii_whitespace().map(str::to_owned).collect()),
            "error" => self.error = Some(value),
            _ => {}
        }
    }
}

/// What the first challenge for a bearer token says, name by name; none where a header makes no such challenge.
pub(crate) fn bearer(text: &str) -> Option<Vec<(String, String)>> {
    let mut reader = Reader { rest: text };
    let mut found: Option<Vec<(String, String)>> = None;
    loop {
        reader.skip(&[' ', '\t', ',']);
        let word = reader.token()?.to_owned();
        reader.skip(&[' ', '\t']);
        if !reader.take('=') {
            // A word without `=` begins a challenge.
            if found.is_some() {
                return found;
            }
            found = word.eq_ignore_ascii_case("bearer").then(Vec::new);
            if reader.rest.is_empty() {
                return found;
            }
            continue;
        }
        reader.skip(&[' ', '\t']);
        let value = reader.value();
        if let Some(said) = &mut found {
            said.push((word, value));
        }
        reader.skip(&[' ', '\t', ',']);
        if reader.rest.is_empty() {
            return found;
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self, marks: &[char]) {
        self.rest = self.rest.trim_start_matches(marks);
    }

    fn take(&mut self, mark: char) -> bool {
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A word; none if something else stands here, which ends the reading.
    fn token(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c: char| c.is_ascii_control() || " \t,=\"".contains(c)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!token.is_empty()).then_some(token)
    }

    /// A quoted text or a word. A quotation mark that is never closed takes what is left.
    fn value(&mut self) -> String {
        if !self.take('"') {
            let end = self.rest.find([' ', '\t', ',']).unwrap_or(self.rest.len());
            let (value, rest) = self.rest.split_at(end);
            self.rest = rest;
            return value.to_owned();
        }
        let mut value = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return value;
                }
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                _ => value.push(character),
            }
        }
        self.rest = "";
        value
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, metadata: Option<&str>, scopes: Option<&[&str]>, error: Option<&str>) {
        let expected = Challenge {
            resource_metadata: metadata.map(str::to_owned),
            scopes: scopes.map(|scopes| scopes.iter().map(|&scope| scope.to_owned()).collect()),
            error: error.map(str::to_owned),
        };
        assert_eq!(Challenge::read(text), Some(expected), "{text}");
    }

    #[test]
    fn challenges_are_read() {
        check("Bearer", None, None, None);
        check(
            r#"bearer resource_metadata="https://a/b?c=d,e", scope="x y""#,
            Some("https://a/b?c=d,e"),
            Some(&["x", "y"]),
            None,
        );
        check(
            r#"Basic realm="Bearer scope=no", Bearer error=insufficient_scope , scope = "w""#,
            None,
            Some(&["w"]),
            Some("insufficient_scope"),
        );
        check(r#"Bearer scope="a\"b", Digest scope="other""#, None, Some(&["a\"b"]), None);
        check(r#"Bearer scope="never closed"#, None, Some(&["never", "closed"]), None);
        check("Bearer scope=", None, Some(&[]), None);
        for text in ["", "Basic realm=x", "=", "\"", "Negotiate abc==, Digest a=b"] {
            assert_eq!(Challenge::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_ends(text in "\\PC{0,60}|([A-Za-z]{1,6}[ =\",\\\\]{0,3}){0,20}") {
            drop(Challenge::read(&text));
        }

        #[test]
        fn what_is_written_is_read(scope in "[a-z:]{1,8}( [a-z:]{1,8}){0,3}", address in "https://[a-z]{1,9}/[a-z,=?]{0,9}") {
            let text = format!(r#"Bearer error="invalid_token", scope="{scope}", resource_metadata="{address}""#);
            let found = Challenge::read(&text).unwrap();
            prop_assert_eq!(found.scopes.unwrap().join(" "), scope);
            prop_assert_eq!(found.resource_metadata.unwrap(), address);
        }
    }
}
