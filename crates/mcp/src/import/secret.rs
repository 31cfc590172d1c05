//! What must not be seen: a type that cannot print, and how a secret is told from other text.

use std::fmt;
use zeroize::Zeroizing;

/// Text of which nobody has said yet that it may be seen: all that stands in somebody's configuration, and what was found
/// to be a secret. It has no serialized form, shows as `«hidden»`, and is overwritten when dropped.
///
/// ```
/// let token = mcp::import::Hidden::new("hunter2");
/// assert_eq!(format!("{token} {token:?}"), "«hidden» «hidden»");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hidden(Zeroizing<String>);

impl Hidden {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text. Whoever calls this answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«hidden»")
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«hidden»")
    }
}

/// Words of which one in a name says that the value is a secret.
const SECRET_WORDS: [&str; 13] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "apikey",
    "credential",
    "credentials",
    "authorization",
    "auth",
    "cookie",
    "pat",
];
/// Words that are a secret's name only together with what stands before them: `API_KEY`, `private-key`, but not `key`.
const KEY_WORDS: [&str; 3] = ["key", "keys", "dsn"];
/// Words that make the name of a secret the name of something else: of its file, its length, where to get it.
const HARMLESS_LAST_WORDS: [&str; 13] =
    ["file", "path", "dir", "url", "uri", "type", "name", "id", "length", "ttl", "header", "endpoint", "mode"];

/// Whether what goes by this name (of a variable, header or flag) is a secret.
pub fn is_secret_name(name: &str) -> bool {
    let words = words_of(name);
    let Some(last) = words.last() else { return false };
    if HARMLESS_LAST_WORDS.contains(&last.as_str()) {
        return false;
    }
    let joined = words.concat();
    words.iter().any(|word| SECRET_WORDS.contains(&word.as_str()))
        || joined.contains("apikey")
        || joined.contains("accesskey")
        || (words.len() > 1 && KEY_WORDS.contains(&last.as_str()))
}

/// The words of a name: `githubToken`, `GITHUB_TOKEN` and `--github-token` have the same.
pub(crate) fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for c in name.chars() {
        let is_break = c.is_uppercase() && was_lower;
        if (!c.is_alphanumeric() || is_break) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// How keys of well-known services begin, and how many characters follow at least.
const KEY_BEGINNINGS: [(&str, usize); 25] = [
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("sk-", 16),
    ("sk_live_", 12),
    ("sk_test_", 12),
    ("rk_live_", 12),
    ("pk_live_", 12),
    ("whsec_", 12),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxa-", 10),
    ("xapp-", 10),
    ("AKIA", 12),
    ("ASIA", 12),
    ("AIza", 30),
    ("ya29.", 20),
    ("npm_", 20),
    ("pypi-", 20),
    ("hf_", 20),
    ("dckr_pat_", 16),
];
/// Shorter than this, random text cannot be told from a word.
const RANDOM_CHARS_MIN: usize = 24;
/// Longer than this, a value is a document, and entropy says nothing; the beginnings above still count.
const RANDOM_CHARS_MAX: usize = 4_096;
/// Bits per character of text that looks drawn: English has about 4.1 with letters alone, base64 of bytes 5 and more, and
/// hexadecimal digits, which are asked for apart, nearly 4.
const RANDOM_BITS_MIN: f64 = 4.2;
const HEX_CHARS_MIN: usize = 32;
const HEX_BITS_MIN: f64 = 3.0;

/// Whether a value looks like a secret, whatever its name: by how it begins, its form, or because it looks drawn.
pub fn is_secret_value(value: &str) -> bool {
    let value = value.trim();
    let bare = strip_scheme(value).1;
    if KEY_BEGINNINGS.iter().any(|(start, more)| bare.starts_with(start) && bare.len() >= start.len() + more) {
        return true;
    }
    if value.starts_with("-----BEGIN ") && value.contains("PRIVATE KEY") {
        return true;
    }
    has_url_secret(value) || is_web_token(bare) || is_drawn(bare)
}

/// A header's scheme (`Bearer `) apart from what follows it.
pub(crate) fn strip_scheme(value: &str) -> (&str, &str) {
    for scheme in ["bearer ", "basic ", "token ", "apikey ", "api-key "] {
        if value.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)) {
            return value.split_at(scheme.len());
        }
    }
    ("", value)
}

/// Three parts of base64url, of which the first is the beginning of a JSON object.
fn is_web_token(value: &str) -> bool {
    let parts: Vec<&str> = value.split('.').collect();
    let is_part =
        |part: &&str| part.len() >= 8 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=".contains(&b));
    parts.len() == 3 && parts[0].starts_with("eyJ") && parts[..2].iter().all(is_part)
}

/// A password in an address, or a parameter that is a secret by its name or value; or a piece of the path that looks
/// drawn, as the addresses have that are keys themselves.
pub(crate) fn has_url_secret(value: &str) -> bool {
    let Ok(url) = url::Url::parse(value) else { return false };
    if !url.has_host() {
        return false;
    }
    url.password().is_some_and(|password| !password.is_empty())
        || url
            .query_pairs()
            .any(|(name, value)| !value.is_empty() && (is_secret_name(&name) || name == "key" || is_key(&value)))
        || url.path_segments().into_iter().flatten().any(is_key)
}

fn is_key(value: &str) -> bool {
    KEY_BEGINNINGS.iter().any(|(start, more)| value.starts_with(start) && value.len() >= start.len() + more)
        || is_web_token(value)
        || is_drawn(value)
}

/// Whether text looks drawn by a machine: one long word with the entropy of one. Paths, names of packages and versions
/// are not, because their words repeat and are joined.
fn is_drawn(value: &str) -> bool {
    if !(RANDOM_CHARS_MIN..=RANDOM_CHARS_MAX).contains(&value.len()) {
        return false;
    }
    if is_uuid(value) {
        return true;
    }
    if value.bytes().all(|b| b.is_ascii_hexdigit()) {
        return value.len() >= HEX_CHARS_MIN && bits_per_char(value) >= HEX_BITS_MIN;
    }
    let is_one_word = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-+=~".contains(&b));
    let has_digit = value.bytes().any(|b| b.is_ascii_digit());
    let has_upper = value.bytes().any(|b| b.is_ascii_uppercase());
    let has_lower = value.bytes().any(|b| b.is_ascii_lowercase());
    let kinds = usize::from(has_digit) + usize::from(has_upper) + usize::from(has_lower);
    let longest = value.split(['-', '_']).map(str::len).max().unwrap_or_default();
    is_one_word && kinds >= 2 && has_digit && longest >= 12 && bits_per_char(value) >= RANDOM_BITS_MIN.min(bound(value))
}

/// Digits in the groups of a UUID.
fn is_uuid(value: &str) -> bool {
    let mut groups = value.split('-');
    [8, 4, 4, 4, 12].iter().all(|length| {
        groups.next().is_some_and(|group| group.len() == *length && group.bytes().all(|b| b.is_ascii_hexdigit()))
    }) && groups.next().is_none()
}

/// What entropy a text of this length can have at all, less a margin.
fn bound(value: &str) -> f64 {
    (value.len() as f64).log2() - 0.7
}

fn bits_per_char(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = value.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known() {
        for name in [
            "GITHUB_TOKEN",
            "GITHUB_PERSONAL_ACCESS_TOKEN",
            "githubToken",
            "OPENAI_API_KEY",
            "apiKey",
            "apikey",
            "PASSWORD",
            "DB_PASSWORD",
            "--api-key",
            "X-Api-Key",
            "Authorization",
            "client_secret",
            "SLACK_BOT_TOKEN",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID_SECRET",
            "Cookie",
            "SENTRY_DSN",
            "GH_PAT",
            "private-key",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "",
            "HOME",
            "PATH",
            "LOG_LEVEL",
            "key",
            "KEYBOARD",
            "MONKEY",
            "TOKEN_FILE",
            "API_KEY_PATH",
            "TOKENIZER",
            "SLACK_TEAM_ID",
            "AUTHOR",
            "PATTERN",
            "API_URL",
            "--token-url",
            "MEMORY_FILE_PATH",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    // Joined at run time, so that no scanner of sources takes them for keys that leaked.
    fn key(start: &str, rest: &str) -> String {
        [start, rest].concat()
    }

    #[test]
    fn shapes_of_secrets_are_known() {
        let rest = "16C7e42F292c6912E7710c838347Ae178B4a";
        for value in [
            key("ghp_", rest),
            key("Bearer ghp_", rest),
            key("sk-", "proj-abcdefghijklmnop1234"),
            key("xoxb-", "123456789012-abcdefghijkl"),
            key("eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"),
            key("AKIA", "IOSFODNN7EXAMPLE"),
            "f47ac10b58cc4372a5670e02b2c3d479".to_owned(),
            "f47ac10b-58cc-4372-a567-0e02b2c3d479".to_owned(),
            "postgresql://user:hunter2@db.example.com/app".to_owned(),
            "https://api.example.com/mcp?api_key=abc".to_owned(),
            "https://actions.example.com/mcp/aB3dE5fG7hJ9kL1mN3pQ5rS7tU9v/sse".to_owned(),
            "-----BEGIN RSA PRIVATE KEY-----\nx".to_owned(),
        ] {
            assert!(is_secret_value(&value), "{value}");
        }
        for value in [
            "",
            "true",
            "info",
            "/home/ada/projects/website",
            "@modelcontextprotocol/server-filesystem@2025.8.21",
            "en_US.UTF-8",
            "https://api.example.com/v1/mcp",
            "https://example.com/?page=2",
            "postgresql://localhost/app",
            "America/New_York",
            "mcp-server-with-a-rather-long-name-2",
            "C:\\Users\\ann\\Documents\\notes-2024-archive",
            "0.0.0.0",
            "1234567890",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "just some words that somebody wrote down here",
            "node_modules/.bin/mcp-server-everything-2025",
            "sk-",
            "gpt-4o-mini-2024-07-18-preview-model",
        ] {
            assert!(!is_secret_value(value), "{value}");
        }
    }
}
