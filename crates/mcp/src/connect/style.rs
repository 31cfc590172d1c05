//! How a file is written: its line ends, its indentation, and our own words in that way.

use jsonc_parser::{ast, common::Ranged};

/// What is written.
#[derive(Clone)]
pub(super) enum Value {
    Text(String),
    Texts(Vec<String>),
    Map(Vec<(&'static str, Value)>),
}

impl Value {
    pub(super) fn json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Texts(texts) => texts.as_slice().into(),
            Self::Map(members) => members.iter().map(|(name, value)| ((*name).to_owned(), value.json())).collect(),
        }
    }
}

/// How a file is written.
pub(super) struct Style {
    pub(super) newline: &'static str,
    /// One step of indentation.
    pub(super) unit: String,
    /// All of it is on one line.
    pub(super) is_inline: bool,
}

impl Style {
    pub(super) fn of(text: &str, root: Option<&ast::Object<'_>>) -> Self {
        let newline = match text.find('\n') {
            Some(at) if text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        };
        let first = root.and_then(|root| root.properties.first());
        let line = first.map(|first| text[..first.start()].rsplit('\n').next().unwrap_or_default());
        let unit = line.filter(|line| !line.is_empty() && line.chars().all(|c| matches!(c, ' ' | '\t')));
        let is_inline = root.is_some_and(|root| !text[root.start()..root.end()].contains('\n'));
        Self { newline, unit: unit.unwrap_or("  ").to_owned(), is_inline }
    }

    /// A value whose line begins with this indentation.
    pub(super) fn print(&self, value: &Value, indent: &str, is_inline: bool) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match value {
            Value::Text(text) => quoted(text),
            Value::Texts(texts) => {
                format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
            }
            Value::Map(members) => {
                let inner = format!("{indent}{}", self.unit);
                let member = |(name, value): &(&str, Value)| {
                    format!("{}: {}", quoted(name), self.print(value, &inner, is_inline))
                };
                let members: Vec<String> = members.iter().map(member).collect();
                if is_inline {
                    return format!("{{{}}}", members.join(", "));
                }
                let newline = self.newline;
                let body = members.join(&format!(",{newline}{inner}"));
                format!("{{{newline}{inner}{body}{newline}{indent}}}")
            }
        }
    }
}
