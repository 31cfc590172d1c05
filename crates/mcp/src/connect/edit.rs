//! The text of a client's file with our server in it, or out of it. Text is put in and taken out at places that the parser
//! names; nothing is printed anew, so that not even a blank line of the rest changes.

use super::{
    SERVER_NAME,
    style::{Style, Value},
};
use crate::import::{Dialect, FILE_BYTES_MAX, Fault, Hidden, Text as Source};
use jsonc_parser::{ast, common::Ranged};
use std::ops::Range;

/// Our server in the words of a client.
pub(super) struct Ours {
    pub(super) servers_key: &'static str,
    pub(super) dialect: Dialect,
    pub(super) value: Value,
    /// What must not be seen of it.
    pub(super) key: Option<Hidden>,
}

/// The file with our server in it.
pub(super) fn put(file: &str, bytes: Option<&[u8]>, ours: &Ours) -> Result<Vec<u8>, Fault> {
    let source = Source::read(file, bytes.unwrap_or_default(), FILE_BYTES_MAX)?;
    let holder = || Value::Map(vec![(ours.servers_key, Value::Map(vec![(SERVER_NAME, ours.value.clone())]))]);
    let Some(root) = root_of(source, ours.dialect)? else {
        let style = Style::of(source.text, None);
        let gap = if source.text.is_empty() || source.text.ends_with('\n') { "" } else { style.newline };
        let text = format!("{}{gap}{}{}", source.text, style.print(&holder(), "", false), style.newline);
        return Ok(with_mark(source, &text));
    };
    let style = Style::of(source.text, Some(&root));
    let text = match source.object(&root, ours.servers_key)? {
        None => {
            if let Some(member) = root.get(ours.servers_key) {
                return Err(source.fault_at(&member.value, format!("\"{}\" is null here", ours.servers_key)));
            }
            let held = Value::Map(vec![(SERVER_NAME, ours.value.clone())]);
            insert(source.text, &root, &style, ours.servers_key, &held)
        }
        Some(servers) => match source.member(servers, SERVER_NAME)? {
            None => insert(source.text, servers, &style, SERVER_NAME, &ours.value),
            Some(known) if json(&known.value) == ours.value.json() => source.text.to_owned(),
            Some(known) => {
                let range = known.value.range();
                let is_inline = !source.text[servers.start()..servers.end()].contains('\n');
                let value = style.print(&ours.value, indent_of(source.text, known.start()), is_inline);
                splice(source.text, vec![(range.start..range.end, value)])
            }
        },
    };
    Ok(with_mark(source, &text))
}

/// The ways in which our server can be taken out: with what held it, where that holds nothing else then, and without.
pub(super) fn take(file: &str, bytes: &[u8], ours: &Ours) -> Result<Vec<Vec<u8>>, Fault> {
    let source = Source::read(file, bytes, FILE_BYTES_MAX)?;
    let unchanged = || Ok(vec![bytes.to_vec()]);
    let Some(root) = root_of(source, ours.dialect)? else { return unchanged() };
    let Some(servers) = source.object(&root, ours.servers_key)? else { return unchanged() };
    let at =
        |object: &ast::Object<'_>, key: &str| object.properties.iter().position(|member| member.name.as_str() == key);
    let Some(own) = at(servers, SERVER_NAME) else { return unchanged() };
    source.member(servers, SERVER_NAME)?;
    let mut ways = vec![remove(source.text, servers, own)];
    if let (1, Some(holder)) = (servers.properties.len(), at(&root, ours.servers_key)) {
        // Comments within belong to somebody.
        let inside =
            [servers.start() + 1..servers.properties[0].start(), servers.properties[0].end()..servers.end() - 1];
        if inside.into_iter().all(|range| source.text[range].trim_matches([' ', '\t', '\r', '\n', ',']).is_empty()) {
            ways.insert(0, remove(source.text, &root, holder));
        }
    }
    Ok(ways.iter().map(|way| with_mark(source, way)).collect())
}

/// Whether our server is in the file.
pub(super) fn is_there(file: &str, bytes: &[u8], dialect: Dialect, key: &str) -> Result<bool, Fault> {
    let source = Source::read(file, bytes, FILE_BYTES_MAX)?;
    let Some(root) = root_of(source, dialect)? else { return Ok(false) };
    Ok(source.object(&root, key)?.is_some_and(|servers| servers.get(SERVER_NAME).is_some()))
}

fn root_of<'a>(source: Source<'a>, dialect: Dialect) -> Result<Option<ast::Object<'a>>, Fault> {
    match source.parse(dialect)? {
        None => Ok(None),
        Some(ast::Value::Object(root)) => Ok(Some(root)),
        Some(other) => Err(source.fault_at(&other, "the file does not hold an object")),
    }
}

/// A member at the end of an object, in the way of those that are there.
fn insert(text: &str, object: &ast::Object<'_>, style: &Style, key: &str, value: &Value) -> String {
    let outer = indent_of(text, object.start());
    let member = |indent: &str, is_inline: bool| format!("\"{key}\": {}", style.print(value, indent, is_inline));
    let Some(last) = object.properties.last() else {
        let at = object.start() + 1;
        let is_inline = style.is_inline && outer.is_empty() && object.start() > 0 && text.trim().len() > 2;
        let put = match is_inline {
            true => member("", true),
            false => {
                let indent = format!("{outer}{}", style.unit);
                format!("{nl}{indent}{}{nl}{outer}", member(&indent, false), nl = style.newline)
            }
        };
        return splice(text, vec![(at..at, put)]);
    };
    let is_inline = !text[object.start()..object.end()].contains('\n');
    let own_line = text[..last.start()].rsplit('\n').next().unwrap_or_default();
    let indent =
        if !is_inline && own_line.trim().is_empty() { own_line.to_owned() } else { format!("{outer}{}", style.unit) };
    let gap = if is_inline { " ".to_owned() } else { format!("{}{indent}", style.newline) };
    let comma = after_trivia(text, last.end());
    if text[comma..].starts_with(',') {
        let at = line_end(text, comma + 1, is_inline);
        return splice(text, vec![(at..at, format!("{gap}{},", member(&indent, is_inline)))]);
    }
    let at = line_end(text, last.end(), is_inline);
    splice(
        text,
        vec![(last.end()..last.end(), ",".to_owned()), (at..at, format!("{gap}{}", member(&indent, is_inline)))],
    )
}

/// The text without a member, the space before it, and the comma that it needed.
fn remove(text: &str, object: &ast::Object<'_>, index: usize) -> String {
    let member = &object.properties[index];
    let (start, end) = (gap_start(text, member.start()), member.end());
    let comma = after_trivia(text, end);
    if text[comma..].starts_with(',') {
        return splice(text, vec![(start..end, String::new()), (comma..comma + 1, String::new())]);
    }
    if let Some(before) = index.checked_sub(1).map(|before| &object.properties[before]) {
        let comma = after_trivia(text, before.end());
        return splice(text, vec![(comma..comma + 1, String::new()), (start..end, String::new())]);
    }
    // Alone: with the line's end that was put behind it.
    let rest = &text[end..];
    let newline = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    let outer = indent_of(text, object.start());
    let more = if newline > 0 && rest[newline..].starts_with(outer) { newline + outer.len() } else { 0 };
    splice(text, vec![(start..end + more, String::new())])
}

/// Replaces ranges, which come in their order.
fn splice(text: &str, parts: Vec<(Range<usize>, String)>) -> String {
    let mut out = String::with_capacity(text.len() + 256);
    let mut at = 0;
    for (range, put) in parts {
        out.push_str(&text[at..range.start]);
        out.push_str(&put);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The spaces at the beginning of the line that a place is on.
fn indent_of(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = &text[start..at];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Where the space before a member begins that was put there with it: a line's end with its indentation, or one space.
fn gap_start(text: &str, at: usize) -> usize {
    let head = text[..at].trim_end_matches([' ', '\t']);
    if let Some(before) = head.strip_suffix('\n') {
        return before.strip_suffix('\r').unwrap_or(before).len();
    }
    at - usize::from(text[..at].ends_with(' '))
}

/// The first place from here that is neither space nor comment.
fn after_trivia(text: &str, at: usize) -> usize {
    let mut at = at;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        match comment(&text[at..]) {
            0 => return at,
            length => at += length,
        }
    }
}

/// The end of the last comment that stands behind a place on its line. Where all is on one line, that is the place itself.
fn line_end(text: &str, from: usize, is_inline: bool) -> usize {
    let (mut at, mut end) = (from, from);
    if is_inline {
        return end;
    }
    loop {
        at += text[at..].len() - text[at..].trim_start_matches([' ', '\t']).len();
        let length = comment(&text[at..]);
        if length == 0 || text[at..at + length].contains('\n') {
            return end;
        }
        at += length;
        end = at;
    }
}

/// The length of the comment that begins here; 0 where none does.
fn comment(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find(['\n', '\r']).unwrap_or(text.len());
    }
    let block = text.strip_prefix("/*").and_then(|rest| rest.find("*/"));
    block.map_or(0, |end| end + 4)
}

/// A value without its places.
fn json(tree: &ast::Value<'_>) -> serde_json::Value {
    match tree {
        ast::Value::StringLit(text) => text.value.as_ref().into(),
        ast::Value::NumberLit(number) => {
            number.value.parse::<serde_json::Number>().map_or(serde_json::Value::Null, Into::into)
        }
        ast::Value::BooleanLit(switch) => switch.value.into(),
        ast::Value::NullKeyword(_) => serde_json::Value::Null,
        ast::Value::Array(list) => list.elements.iter().map(json).collect(),
        ast::Value::Object(object) => {
            object.properties.iter().map(|member| (member.name.as_str().to_owned(), json(&member.value))).collect()
        }
    }
}

fn with_mark(source: Source<'_>, text: &str) -> Vec<u8> {
    let mark: &[u8] = if source.has_mark { b"\xef\xbb\xbf" } else { b"" };
    [mark, text.as_bytes()].concat()
}
