//! A client's file as text and values with places: tolerant of comments, bounded, and never shown as it is, because such
//! files hold secrets.

use super::secret::is_secret_value;
use jsonc_parser::{ParseOptions, ast, common::Ranged};
use protocol::text;
use serde::Serialize;
use std::{collections::HashSet, fmt, ops::Range};
use unicode_width::UnicodeWidthStr as _;

/// The largest file of a client that is read: Claude Code keeps much else in its own, and a few MiB of it are usual.
pub const FILE_BYTES_MAX: usize = 8 << 20;
/// The deepest nesting. Checked before anything recursive sees the text.
pub const DEPTH_MAX: usize = 64;
/// How much of a long line is shown around the caret.
const LINE_CHARS_MAX: usize = 100;
/// Characters shown before the caret when a line is cut.
const LINE_CHARS_BEFORE: usize = 40;

/// Where in a file something stands, with the line as it may be shown: keys and punctuation, every value covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    #[serde(skip)]
    excerpt: String,
}

impl Place {
    pub(crate) fn of(text: &str, range: &Range<usize>) -> Self {
        let start = floor_char(text, range.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line_text = text[line_start..line_end].trim_end_matches('\r');
        let column = text[line_start..start].chars().count().min(line_text.chars().count());
        let width = text[start..floor_char(text, range.end).max(start).min(line_end)].chars().count();
        let line = text[..line_start].bytes().filter(|b| *b == b'\n').count() + 1;
        Self { line, column: column + 1, excerpt: excerpt(line, line_text, column, width.max(1)) }
    }
}

/// The line with its number, and below it the caret.
fn excerpt(number: usize, line: &str, column: usize, width: usize) -> String {
    let covered = covered(line);
    let from = if covered.len() > LINE_CHARS_MAX { column.saturating_sub(LINE_CHARS_BEFORE) } else { 0 };
    let to = (from + LINE_CHARS_MAX).min(covered.len());
    let cut = |range: Range<usize>| text::escape(&covered[range].iter().collect::<String>());
    let (at, end) = (column.clamp(from, to), (column + width).clamp(from, to));
    let head = format!("{}{}", if from > 0 { "…" } else { "" }, cut(from..at));
    let shown = format!("{head}{}{}", cut(at..to), if to < covered.len() { "…" } else { "" });
    let caret = format!("{}{}", " ".repeat(head.width()), "^".repeat(cut(at..end).width().max(1)));
    let number = number.to_string();
    let gutter = number.len().max(3);
    format!("{number:>gutter$} | {shown}\n{:gutter$} | {caret}", "")
}

/// A line's characters with every value and all else that could be one covered: what is left are punctuation, the words
/// `true`, `false` and `null`, and keys that do not look like a secret themselves.
pub(crate) fn covered(line: &str) -> Vec<char> {
    let chars: Vec<char> = line.chars().collect();
    let mut out = Vec::with_capacity(chars.len());
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        if c == '"' {
            let mut end = at + 1;
            while end < chars.len() && chars[end] != '"' {
                end += if chars[end] == '\\' { 2 } else { 1 };
            }
            let is_closed = end < chars.len();
            let end = end.min(chars.len());
            let inner: String = chars[at + 1..end].iter().collect();
            let after = chars.get(end + 1..).unwrap_or_default().iter().find(|c| !c.is_whitespace());
            let is_key = is_closed && after == Some(&':') && !is_secret_value(&inner);
            out.push('"');
            out.extend(chars[at + 1..end].iter().map(|c| if is_key { *c } else { '•' }));
            if is_closed {
                out.push('"');
            }
            at = end + 1;
            continue;
        }
        if c.is_alphanumeric() {
            let end = at + chars[at..].iter().take_while(|c| c.is_alphanumeric()).count();
            let word: String = chars[at..end].iter().collect();
            let is_plain = matches!(word.as_str(), "true" | "false" | "null");
            out.extend(chars[at..end].iter().map(|c| if is_plain { *c } else { '•' }));
            at = end;
            continue;
        }
        out.push(if c.is_whitespace() || "{}[]:,/*".contains(c) { c } else { '•' });
        at += 1;
    }
    out
}

/// The last character boundary at or before `at`.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// What is wrong in a file, as a person reads it. No value of the file is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The file, escaped.
    pub file: String,
    /// Where in the file, if it is about one place.
    pub place: Option<Place>,
    /// What is wrong; escaped, may be shown as it is.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(file: &str, place: Option<Place>, message: impl Into<String>) -> Self {
        Self { file: text::shorten(file, 300), place, message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            None => write!(f, "{}: {}", self.file, self.message)?,
            Some(place) => {
                write!(f, "{}:{}:{}: {}\n{}", self.file, place.line, place.column, self.message, place.excerpt)?;
            }
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// Which JSON a file's owner reads. What it cannot read itself is no configuration that works, and not ours to edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// JSON as `JSON.parse` reads it.
    Strict,
    /// With comments and trailing commas.
    Comments,
}

impl Dialect {
    pub(crate) fn options(self) -> ParseOptions {
        let is_loose = self == Self::Comments;
        ParseOptions {
            allow_comments: is_loose,
            allow_trailing_commas: is_loose,
            allow_loose_object_property_names: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        }
    }
}

/// The text of a file, within bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    /// The file, for messages.
    pub(crate) file: &'a str,
    /// Without its byte order mark.
    pub(crate) text: &'a str,
    /// Whether it began with one.
    pub(crate) has_mark: bool,
}

impl<'a> Text<'a> {
    pub(crate) fn read(file: &'a str, bytes: &'a [u8], bytes_max: usize) -> Result<Self, Fault> {
        let fault = |message: String| Err(Fault::new(file, None, message));
        if bytes.len() > bytes_max {
            return fault(format!("the file is larger than {}", protocol::Arg::Bytes(bytes_max as u64)));
        }
        let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf");
        let body = unmarked.unwrap_or(bytes);
        let text = match std::str::from_utf8(body) {
            Ok(text) => text,
            Err(error) => {
                let line = body[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
                return fault(format!("line {line} is not UTF-8"));
            }
        };
        let read = Self { file, text, has_mark: unmarked.is_some() };
        if let Some(at) = too_deep_at(text) {
            return Err(read.fault(at..at + 1, format!("the nesting is deeper than {DEPTH_MAX} levels")));
        }
        if let Some(at) = text.find('\0') {
            return Err(read.fault(at..at + 1, "there is a NUL character here"));
        }
        Ok(read)
    }

    pub(crate) fn fault(&self, range: Range<usize>, message: impl Into<String>) -> Fault {
        Fault::new(self.file, Some(Place::of(self.text, &range)), message)
    }

    pub(crate) fn place(&self, part: &impl Ranged) -> Place {
        let range = part.range();
        // Of what spans lines, the first character is marked.
        let is_long = self.text.get(range.start..range.end).is_some_and(|written| written.contains('\n'));
        Place::of(self.text, &(range.start..if is_long { range.start + 1 } else { range.end }))
    }

    pub(crate) fn fault_at(&self, part: &impl Ranged, message: impl Into<String>) -> Fault {
        Fault::new(self.file, Some(self.place(part)), message)
    }

    /// The value in the file; none where there is nothing but spaces and comments.
    pub(crate) fn parse(&self, dialect: Dialect) -> Result<Option<ast::Value<'a>>, Fault> {
        jsonc_parser::parse_to_ast(self.text, &jsonc_parser::CollectOptions::default(), &dialect.options())
            .map(|parsed| parsed.value)
            .map_err(|error| {
                let range = error.range();
                self.fault(range.start..range.end, format!("not JSON: {}", reason(&error.kind().to_string())))
            })
    }

    /// The object that a key leads to. `None` where it is missing or `null`; a fault where it is something else.
    pub(crate) fn object<'v>(
        &self,
        object: &'v ast::Object<'a>,
        key: &str,
    ) -> Result<Option<&'v ast::Object<'a>>, Fault> {
        match self.member(object, key)?.map(|member| &member.value) {
            None | Some(ast::Value::NullKeyword(_)) => Ok(None),
            Some(ast::Value::Object(object)) => Ok(Some(object)),
            Some(other) => Err(self.fault_at(other, format!("\"{key}\" is not an object here"))),
        }
    }

    /// The member of a name; a fault where there are two, since one reader takes the first and another the last.
    pub(crate) fn member<'v>(
        &self,
        object: &'v ast::Object<'a>,
        key: &str,
    ) -> Result<Option<&'v ast::ObjectProp<'a>>, Fault> {
        let mut members = object.properties.iter().filter(|member| member.name.as_str() == key);
        let first = members.next();
        match members.next() {
            Some(second) => Err(self.fault_at(&second.name, format!("the key \"{key}\" is there twice"))),
            None => Ok(first),
        }
    }

    /// The first key of an object that it has already.
    pub(crate) fn double(&self, object: &ast::Object<'a>) -> Option<Fault> {
        let mut seen = HashSet::new();
        let double = object.properties.iter().find(|member| !seen.insert(member.name.as_str()))?;
        let message = format!("the key \"{}\" is there twice", shown_key(double.name.as_str()));
        Some(self.fault_at(&double.name, message))
    }
}

/// A key as a message may say it.
pub(crate) fn shown_key(key: &str) -> String {
    if is_secret_value(key) { "•••".to_owned() } else { text::shorten(key, 60) }
}

/// A parser's reason without what it repeats of the text, which could be a secret.
fn reason(message: &str) -> String {
    let kept = message.split(['\'', '"', '`', '(', ':']).next().unwrap_or_default().trim_end();
    text::shorten(if kept.is_empty() { "a mistake in the notation" } else { kept }, 100)
}

/// Where the nesting passes [`DEPTH_MAX`], if it does. Linear and without recursion; strings and comments end where they
/// end for the parser.
fn too_deep_at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                while at < bytes.len() && !matches!(bytes[at], b'\n' | b'\r') {
                    at += 1;
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at += 2;
                while at < bytes.len() && !bytes[at..].starts_with(b"*/") {
                    at += 1;
                }
                at += 1;
            }
            b'[' | b'{' => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Some(at);
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}
