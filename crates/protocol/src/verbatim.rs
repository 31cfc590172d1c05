//! JSON of others, as they wrote it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, value::RawValue};
use std::{fmt, sync::Arc};

/// One JSON value, exactly as it was written: the order of members, numbers that no machine number holds, members of one name
/// twice. Where it has to be decided on, a [`Value`] is made of it; where it is handed on, the text is.
#[derive(Clone)]
pub struct Verbatim(Arc<RawValue>);

impl Verbatim {
    /// A text that is JSON; none where it is not.
    pub fn parse(text: String) -> Option<Self> {
        RawValue::from_string(text).ok().map(Self::from)
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// The text, as JSON.
    pub fn raw(&self) -> &RawValue {
        &self.0
    }

    /// As a value, for looking at it. Where none holds all of it, what is nearest: numbers beyond all machine numbers become texts,
    /// and halves of characters the mark for what cannot be read.
    pub fn value(&self) -> Value {
        let text = self.text();
        serde_json::from_str(text).or_else(|_| serde_json::from_str(&readable(text))).unwrap_or_default()
    }

    /// The text in lines, as a person reads it, and with every digit of it.
    pub fn in_lines(&self) -> String {
        in_lines(self.text())
    }
}

/// The same JSON without what no [`Value`] holds.
fn readable(text: &str) -> String {
    const UNREADABLE: &str = "\\ufffd";
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (taken, written) = match first {
            '"' => (1, None),
            '-' | '0'..='9' => {
                let end = rest.find(|c: char| !matches!(c, '-' | '+' | '.' | 'e' | 'E' | '0'..='9'));
                let number = &rest[..end.unwrap_or(rest.len())];
                let is_held = serde_json::from_str::<Value>(number).is_ok();
                (number.len(), (!is_held).then(|| format!("\"{number}\"")))
            }
            other => (other.len_utf8(), None),
        };
        match written {
            Some(written) => out.push_str(&written),
            None => out.push_str(&rest[..taken]),
        }
        rest = &rest[taken..];
        if first != '"' {
            continue;
        }
        // The inside of a text, to its end.
        while let Some(next) = rest.chars().next() {
            let taken = match next {
                '\\' if !rest.starts_with("\\u") => rest.chars().take(2).map(char::len_utf8).sum(),
                '\\' => {
                    let unit = |text: &str| u16::from_str_radix(text.get(2..6)?, 16).ok();
                    let (high, low) = (unit(rest), rest.get(6..).filter(|low| low.starts_with("\\u")).and_then(unit));
                    match (high, low) {
                        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
                        (Some(0xd800..=0xdfff), _) => {
                            out.push_str(UNREADABLE);
                            rest = &rest[6..];
                            continue;
                        }
                        _ => 6.min(rest.len()),
                    }
                }
                other => other.len_utf8(),
            };
            out.push_str(&rest[..taken]);
            rest = &rest[taken..];
            if next == '"' {
                break;
            }
        }
    }
    out
}

fn in_lines(text: &str) -> String {
    const STEP: &str = "  ";
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut is_inside, mut is_escaped) = (0_usize, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&STEP.repeat(depth));
    };
    let mut all = text.chars().peekable();
    while let Some(c) = all.next() {
        if is_inside {
            out.push(c);
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => is_inside = false,
                _ => {}
            }
            continue;
        }
        match c {
            ' ' | '\t' | '\r' | '\n' => {}
            '{' | '[' => {
                out.push(c);
                while all.peek().is_some_and(char::is_ascii_whitespace) {
                    all.next();
                }
                if matches!(all.peek(), Some('}' | ']')) {
                    out.extend(all.next());
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            '"' => {
                is_inside = true;
                out.push(c);
            }
            other => out.push(other),
        }
    }
    out
}

impl From<Box<RawValue>> for Verbatim {
    fn from(raw: Box<RawValue>) -> Self {
        Self(raw.into())
    }
}

impl From<&Value> for Verbatim {
    fn from(value: &Value) -> Self {
        Self::from(serde_json::value::to_raw_value(value).expect("a value has a JSON form"))
    }
}

impl Default for Verbatim {
    fn default() -> Self {
        Self::from(RawValue::NULL.to_owned())
    }
}

impl PartialEq for Verbatim {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Verbatim {}

impl fmt::Debug for Verbatim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Serialize for Verbatim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Verbatim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(text: &str) -> Verbatim {
        Verbatim::parse(text.to_owned()).expect("JSON")
    }

    #[test]
    fn a_text_stays_what_it_is() {
        let odd = r#"{"z":[1e400, 1.0,12345678901234567890123],"a":"\ud800\/","a":{}}"#;
        let kept = said(odd);
        assert_eq!(serde_json::to_string(&kept).expect("JSON"), odd);
        assert_eq!(serde_json::from_str::<Verbatim>(odd).expect("JSON"), kept);
        assert_eq!(Verbatim::parse("{".to_owned()), None);
    }

    #[test]
    fn what_no_value_holds_becomes_what_is_nearest() {
        let odd = r#"{"z":[1e400,-1e999,1.0],"a":"\ud800x\ud83d\ude00\udc00\"1e400\\","n":-0,"b":1e400}"#;
        assert_eq!(
            said(odd).value(),
            json!({"z": ["1e400", "-1e999", 1.0], "a": "\u{fffd}x\u{1f600}\u{fffd}\"1e400\\", "n": -0.0, "b": "1e400"})
        );
        assert_eq!(said(r#"{"a":1}"#).value(), json!({"a": 1}));
    }

    #[test]
    fn lines_have_every_digit() {
        let kept = said(r#"{"b":[1.0,18446744073709551616, {}] , "a":"{,:\"}","c":[ ],"d":{"e":null}}"#);
        let lines = "{\n  \"b\": [\n    1.0,\n    18446744073709551616,\n    {}\n  ],\n  \"a\": \"{,:\\\"}\",\n  \"c\": [],\n  \"d\": {\n    \"e\": null\n  }\n}";
        assert_eq!(kept.in_lines(), lines);
    }
}
