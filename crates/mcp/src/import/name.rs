//! An app's name from what somebody called a server.

use protocol::{AppName, sha256, text};

/// How long a name may be before its end is replaced by a part of its digest.
const NAME_CHARS_MAX: usize = 64;
/// Digits of the digest that tell two names apart that are cleaned to the same.
const DIGEST_CHARS: usize = 6;

/// The name of the app for a server of this name, and whether the server's name can be read back from it.
pub fn app_name(given: &str) -> (AppName, bool) {
    // A registry's name is the domain of who published it, and the server's own.
    let own = given.rsplit('/').next().unwrap_or(given);
    let mut name = String::new();
    let mut was_lower = false;
    // `uiTesting` has two words; `GitHub` is one that is written so.
    let is_camel = own.starts_with(char::is_lowercase);
    for c in own.chars() {
        let is_break = is_camel && c.is_uppercase() && was_lower;
        was_lower = c.is_lowercase() || c.is_ascii_digit();
        if is_break || !c.is_ascii_alphanumeric() {
            name.push('-');
        }
        name.extend(c.to_lowercase().filter(char::is_ascii_alphanumeric));
    }
    let mut clean: String = name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if !clean.starts_with(|c: char| c.is_ascii_lowercase()) || clean.len() < 2 {
        clean = if clean.is_empty() { format!("mcp-{}", digest(given)) } else { format!("mcp-{clean}") };
    }
    if clean.len() > NAME_CHARS_MAX {
        clean = format!("{}-{}", &clean[..NAME_CHARS_MAX - DIGEST_CHARS - 1].trim_end_matches('-'), digest(given));
    }
    let is_same = clean == given;
    let name = clean.parse().expect("what was cleaned is a name; a property test says so");
    (name, is_same)
}

/// The same name for another server: with a part of the digest of what tells the two apart.
pub fn other_name(name: &AppName, what: &str) -> AppName {
    let name = name.to_string();
    let head = &name[..name.len().min(NAME_CHARS_MAX - DIGEST_CHARS - 1)];
    let other = format!("{}-{}", head.trim_end_matches('-'), digest(what));
    other.parse().expect("a name with digits behind it is a name; a property test says so")
}

fn digest(what: &str) -> String {
    sha256(what.as_bytes()).to_string()[..DIGEST_CHARS].to_owned()
}

/// The name of a setting for what is called so where it was found: `GITHUB_TOKEN` → `github_token`.
pub(crate) fn setting_name(given: &str) -> String {
    let words = super::secret::words_of(given);
    let mut name: String =
        words.join("_").chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_').collect();
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name = format!("value_{name}");
    }
    name.truncate(48);
    name.trim_end_matches('_').to_owned()
}

/// A server's name as a person may read it.
pub(crate) fn shown(given: &str) -> String {
    text::shorten(given, 80)
}
