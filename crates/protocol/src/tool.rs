//! The names of tools: `<app>.<tool>` for people, and a reversible form for wires that allow no dot.

use crate::{ActionName, AppName, NameError, sha256};
use std::{fmt, str::FromStr};

/// The longest name of a tool that every model API takes.
pub const WIRE_NAME_BYTES_MAX: usize = 64;
/// Of a name that is too long for a wire, how much of the app's and of the tool's name is kept to be read.
const KEPT_BYTES: usize = 22;
/// Digits of the hash in such a name: 64 bits, so that nobody finds a second name with the same.
const HASH_DIGITS: usize = 16;

/// A tool of an app, as models and other programs see it: `greeter.greet`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToolName {
    /// The app.
    pub app: AppName,
    /// Its tool.
    pub tool: ActionName,
}

impl ToolName {
    /// The name for wires that allow letters, digits, `_` and `-` only, in at most [`WIRE_NAME_BYTES_MAX`] bytes.
    ///
    /// `app_tool`: no app's name has a `_`, so the first one divides. What would be too long is shortened, with a hash of
    /// the whole name; it has no `_` at all, so neither form can be taken for the other.
    pub fn wire(&self) -> String {
        let whole = format!("{}_{}", self.app, self.tool);
        if whole.len() <= WIRE_NAME_BYTES_MAX {
            return whole;
        }
        let kept = |name: &str| name.chars().take(KEPT_BYTES).collect::<String>().replace('_', "-");
        let hash = &sha256(whole.as_bytes()).to_string()[..HASH_DIGITS];
        format!("{}-{}-{hash}", kept(self.app.as_str()), kept(self.tool.as_str()))
    }

    /// The tool that a wire's name means. A shortened name can only be found among those that are known.
    pub fn from_wire<'a>(wire: &str, known: impl IntoIterator<Item = &'a ToolName>) -> Option<ToolName> {
        match wire.split_once('_') {
            Some((app, tool)) => Some(Self { app: app.parse().ok()?, tool: tool.parse().ok()? }),
            None => known.into_iter().find(|name| name.wire() == wire).cloned(),
        }
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.app, self.tool)
    }
}

impl FromStr for ToolName {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let (app, tool) = text.split_once('.').ok_or_else(|| NameError {
            what: "tool name",
            given: crate::text::shorten(text, 80),
            rule: "an app's name, a dot, and the name of one of its tools",
        })?;
        Ok(Self { app: app.parse()?, tool: tool.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(app: &str, tool: &str) -> ToolName {
        ToolName { app: app.parse().expect("an app's name"), tool: tool.parse().expect("a tool's name") }
    }

    #[test]
    fn every_name_comes_back_from_both_forms() {
        let long = "a".repeat(64);
        let names = [
            name("search-bing", "get_weather"),
            name("ab", "_x"),
            name("ab", "__"),
            name("a-", "b"),
            name(&"a".repeat(61), "bc"),
            name(&"a".repeat(62), "bc"),
            name(&long, &long),
            name(&long, &"b".repeat(64)),
            name(&format!("{}-", "a".repeat(63)), "_tool"),
            name("ab", &"_".repeat(64)),
        ];
        let mut seen = std::collections::HashSet::new();
        for name in &names {
            let wire = name.wire();
            assert!(wire.len() <= WIRE_NAME_BYTES_MAX, "{wire}");
            assert!(wire.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')), "{wire}");
            assert_eq!(ToolName::from_wire(&wire, &names).as_ref(), Some(name), "{wire}");
            assert_eq!(name.to_string().parse().as_ref(), Ok(name));
            assert!(seen.insert(wire));
        }
        assert_eq!(names[0].wire(), "search-bing_get_weather");
    }

    #[test]
    fn what_is_no_name_means_nothing() {
        for wire in ["", "_", "a_b", "ab", "ab_", "Ab_c", "ab_c-d", "ab.c", "ab-c-0123456789abcdef"] {
            assert_eq!(ToolName::from_wire(wire, []), None, "{wire}");
        }
        for text in ["ab", ".c", "ab.", "ab.c.d", "ab_c"] {
            assert!(text.parse::<ToolName>().is_err(), "{text}");
        }
    }
}
