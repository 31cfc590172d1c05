//! Variables in the words of a configuration, in each client's own notation. What is put in for one is not read again.

use super::{
    clients::{Client, Roots},
    found::{Input, Origin},
    machine::Machine,
    proposal::INSTALL_FOLDER,
    secret::{Hidden, is_secret_name, is_secret_value},
};
use protocol::text;
use std::collections::BTreeMap;

/// The longest word with everything put in: what fits an entry of a manifest would fit here many times.
const WORD_BYTES_MAX: usize = 64 << 10;

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text as it was written, or of a variable that is no secret.
    Text(Hidden),
    /// A setting: it has this name, a value where one is known, and what is known about it.
    Setting { name: String, value: Option<Hidden>, input: Input },
}

/// A word with its variables put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expanded {
    pub(crate) pieces: Vec<Piece>,
    /// Variables that mean nothing here, by name.
    pub(crate) unknown: Vec<String>,
}

impl Expanded {
    /// The text where nothing is left open.
    pub(crate) fn text(&self) -> Option<Hidden> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(part) | Piece::Setting { value: Some(part), .. } => text.push_str(part.expose()),
                Piece::Setting { value: None, .. } => return None,
            }
        }
        Some(Hidden::new(text))
    }

    /// The text as far as it is literal: up to the first setting.
    pub(crate) fn literal_start(&self) -> String {
        let literal = self.pieces.iter().map_while(|piece| match piece {
            Piece::Text(part) => Some(part.expose()),
            Piece::Setting { .. } => None,
        });
        literal.collect()
    }
}

/// Where variables get their values from.
pub(crate) struct Scope<'a> {
    pub(crate) origin: Origin,
    pub(crate) roots: &'a Roots,
    pub(crate) machine: &'a dyn Machine,
    /// The project's folder.
    pub(crate) project: Option<&'a str>,
    /// The folder of a bundle.
    pub(crate) folder: Option<&'a str>,
    pub(crate) inputs: &'a BTreeMap<String, Input>,
}

enum Value {
    Text(String),
    Setting(String, Option<Hidden>, Input),
    /// Several words, where the word is this variable alone.
    List(Vec<String>),
    Unknown,
    /// Not a variable in this notation: the text stays.
    Literal,
}

impl Scope<'_> {
    /// Puts in what is known. Only a bundle's list makes more than one word of one.
    pub(crate) fn expand(&self, word: &Hidden) -> Vec<Expanded> {
        let word = word.expose();
        if let Some(name) = word.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))
            && !name.contains('}')
            && let Value::List(list) = self.value(name)
        {
            let words = list.into_iter().map(|item| Expanded {
                pieces: vec![Piece::Text(Hidden::new(self.expand_folders(&item)))],
                unknown: Vec::new(),
            });
            return words.collect();
        }
        vec![self.expand_one(word)]
    }

    fn expand_one(&self, word: &str) -> Expanded {
        let mut pieces = Vec::new();
        let mut unknown = Vec::new();
        let mut literal = String::new();
        let mut rest = word;
        while let Some(start) = rest.find("${") {
            let Some(length) = rest[start..].find('}') else { break };
            let whole = &rest[start..=start + length];
            let name = &whole[2..whole.len() - 1];
            literal.push_str(&rest[..start]);
            rest = &rest[start + length + 1..];
            match self.value(name) {
                Value::Text(value) if literal.len() + value.len() <= WORD_BYTES_MAX => literal.push_str(&value),
                Value::List(list) => literal.push_str(&list.join(",")),
                Value::Setting(name, value, input) => {
                    if !literal.is_empty() {
                        pieces.push(Piece::Text(Hidden::new(std::mem::take(&mut literal))));
                    }
                    pieces.push(Piece::Setting { name, value, input });
                }
                Value::Literal => literal.push_str(whole),
                Value::Unknown | Value::Text(_) => {
                    unknown.push(text::shorten(name, 60));
                    literal.push_str(whole);
                }
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(Hidden::new(literal)));
        }
        Expanded { pieces, unknown }
    }

    /// The folders that a bundle's default may name.
    fn expand_folders(&self, word: &str) -> String {
        let mut out = word.to_owned();
        for (name, folder) in
            [("${HOME}", ""), ("${DESKTOP}", "Desktop"), ("${DOCUMENTS}", "Documents"), ("${DOWNLOADS}", "Downloads")]
        {
            if out.contains(name) {
                out = out.replace(name, &self.home(folder));
            }
        }
        out
    }

    fn home(&self, folder: &str) -> String {
        if folder.is_empty() { self.roots.home.clone() } else { self.roots.join(&self.roots.home, folder) }
    }

    fn value(&self, name: &str) -> Value {
        let project = |folder: Option<&str>| match folder {
            Some(folder) => Value::Text(folder.to_owned()),
            None => Value::Unknown,
        };
        match self.origin {
            Origin::Client(Client::ClaudeCode) => match name.split_once(":-") {
                Some((name, default)) if is_variable(name) => self.environment(name, Some(default)),
                None if is_variable(name) => self.environment(name, None),
                _ => Value::Literal,
            },
            Origin::Client(Client::Cursor | Client::VsCode) => match name {
                "workspaceFolder" => project(self.project),
                "workspaceFolderBasename" => project(self.project.and_then(|folder| folder.rsplit(['/', '\\']).next())),
                "userHome" => Value::Text(self.home("")),
                "pathSeparator" | "/" => Value::Text(self.roots.system.separator().to_string()),
                _ => match name.split_once(':') {
                    Some(("env", name)) => self.environment(name, None),
                    Some(("input", id)) => {
                        let input = self.inputs.get(id).cloned();
                        let input =
                            input.unwrap_or_else(|| Input { is_secret: true, is_required: true, ..Input::default() });
                        self.input(id, input)
                    }
                    _ => Value::Unknown,
                },
            },
            Origin::Client(Client::Windsurf) => match name.split_once(':') {
                Some(("env", name)) => self.environment(name, None),
                Some(("file", _)) => Value::Unknown,
                _ => Value::Literal,
            },
            // Neither documents variables: what looks like one is the text itself.
            Origin::Client(Client::ClaudeDesktop | Client::Zed) => Value::Literal,
            Origin::Bundle => match name {
                "__dirname" => Value::Text(self.folder.unwrap_or(INSTALL_FOLDER).to_owned()),
                "HOME" => Value::Text(self.home("")),
                "DESKTOP" => Value::Text(self.home("Desktop")),
                "DOCUMENTS" => Value::Text(self.home("Documents")),
                "DOWNLOADS" => Value::Text(self.home("Downloads")),
                "pathSeparator" | "/" => Value::Text(self.roots.system.separator().to_string()),
                _ => match name.strip_prefix("user_config.").map(|key| (key, self.inputs.get(key))) {
                    Some((key, Some(input))) => self.input(key, input.clone()),
                    _ => Value::Unknown,
                },
            },
            Origin::Registry => match name.strip_prefix("input:").map(|key| (key, self.inputs.get(key))) {
                Some((key, Some(input))) => self.input(key, input.clone()),
                _ => Value::Literal,
            },
        }
    }

    /// What a person is asked for: its default where it has one and is no secret, else a setting.
    fn input(&self, name: &str, input: Input) -> Value {
        match input.default.as_slice() {
            [] if !input.is_required && !input.is_secret => Value::Text(String::new()),
            _ if input.is_secret => Value::Setting(name.to_owned(), input.given.clone(), input),
            [] => Value::Setting(name.to_owned(), None, input),
            [one] if input.path.is_none() => Value::Text(one.clone()),
            [one] => Value::List(vec![one.clone()]),
            many => Value::List(many.to_vec()),
        }
    }

    /// A variable of the person's environment.
    fn environment(&self, name: &str, default: Option<&str>) -> Value {
        if !is_variable(name) {
            return Value::Unknown;
        }
        let value = self.machine.variable(name).or_else(|| default.map(Hidden::new));
        let is_secret = is_secret_name(name) || value.as_ref().is_some_and(|value| is_secret_value(value.expose()));
        match value {
            Some(value) if !is_secret => Value::Text(value.expose().to_owned()),
            value => {
                let input = Input { is_secret, is_required: true, ..Input::default() };
                Value::Setting(name.to_owned(), value, input)
            }
        }
    }
}

/// Whether this is the name of a variable of the environment.
pub(crate) fn is_variable(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
