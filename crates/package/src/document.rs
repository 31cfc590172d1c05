//! A file of a package as a value whose every part is traceable to its line, whatever language it is written in.

use crate::finding::{Finding, Place};
use protocol::ErrorCode;
use serde_json::Value;
use std::ops::Range;

/// The bytes that the JSON Pointers of all values of a file have together. Every error carries one, so long keys around
/// many small values would be copied that many times.
const POINTERS_BYTES_MAX: usize = 16 << 20;

/// Which part of a value an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The key that leads to it, or the value itself where there is none.
    Key,
    /// The value; of objects and arrays, where it begins.
    Value,
}

/// Where a value and all in it stand in a text.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Bytes of the value.
    pub(crate) range: Range<usize>,
    /// What is in it.
    pub(crate) inside: Inside,
}

/// What is in a value.
#[derive(Clone, Debug)]
pub(crate) enum Inside {
    /// A string, number, boolean or null.
    Nothing,
    Items(Vec<Node>),
    /// In the order of the file.
    Members(Vec<Member>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) key: Box<str>,
    pub(crate) key_range: Range<usize>,
    pub(crate) node: Node,
}

/// A parsed file, or one document of a file that holds several.
pub(crate) struct Document<'a> {
    /// The path within the package.
    pub(crate) name: &'a str,
    /// The content.
    pub(crate) value: Value,
    text: &'a str,
    root: Node,
}

impl<'a> Document<'a> {
    /// Puts a value beside its places, which are those of the same text.
    pub(crate) fn new(name: &'a str, text: &'a str, value: Value, root: Node) -> Result<Self, Vec<Finding>> {
        if pointers_bytes(&root, 0) > POINTERS_BYTES_MAX {
            return Err(invalid(name, None, "the keys are too long for how much is nested in them"));
        }
        Ok(Self { name, value, text, root })
    }

    /// A finding about the value at a JSON Pointer. A pointer that leads nowhere means the nearest value above it.
    pub(crate) fn finding(&self, pointer: &str, part: Part, message: impl Into<String>) -> Finding {
        Finding {
            code: ErrorCode::PackageInvalid,
            file: self.name.to_owned(),
            place: Some(Place::of(self.text, &self.range(pointer, part))),
            message: message.into(),
            suggestion: None,
        }
    }

    /// As [`Self::finding`], with a next step.
    pub(crate) fn finding_with(
        &self,
        pointer: &str,
        part: Part,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) -> Finding {
        Finding { suggestion, ..self.finding(pointer, part, message) }
    }

    /// A finding about some bytes of the string at a JSON Pointer; about the whole of it where they cannot be told apart
    /// in the file, as with escapes.
    pub(crate) fn finding_inside(&self, pointer: &str, bytes: Range<usize>, message: impl Into<String>) -> Finding {
        let mut finding = self.finding(pointer, Part::Value, message);
        let whole = self.range(pointer, Part::Value);
        let written = self.text.get(whole.start + 1..whole.end.saturating_sub(1)).unwrap_or_default();
        if self.value.pointer(pointer).and_then(Value::as_str) == Some(written) {
            let start = whole.start + 1;
            finding.place = Some(Place::of(self.text, &(start + bytes.start..start + bytes.end)));
        }
        finding
    }

    /// The file and line of a value, for a warning.
    pub(crate) fn line(&self, pointer: &str) -> String {
        format!("{}:{}", self.name, Place::of(self.text, &self.range(pointer, Part::Key)).line)
    }

    /// The keys of the object at the root, in the order of the file.
    pub(crate) fn keys(&self) -> Vec<&str> {
        match &self.root.inside {
            Inside::Members(members) => members.iter().map(|member| &*member.key).collect(),
            _ => Vec::new(),
        }
    }

    fn range(&self, pointer: &str, part: Part) -> Range<usize> {
        let mut node = &self.root;
        let mut key: Option<&Range<usize>> = None;
        for segment in pointer.split('/').skip(1) {
            let segment = unescape_segment(segment);
            match &node.inside {
                Inside::Members(members) => {
                    let Some(member) = members.iter().find(|member| *member.key == segment) else { break };
                    key = Some(&member.key_range);
                    node = &member.node;
                }
                Inside::Items(items) => {
                    let Some(item) = segment.parse().ok().and_then(|index: usize| items.get(index)) else { break };
                    key = None;
                    node = item;
                }
                Inside::Nothing => break,
            }
        }
        match (part, key) {
            (Part::Key, Some(key)) => key.clone(),
            _ if matches!(node.inside, Inside::Nothing) => node.range.clone(),
            _ => node.range.start..node.range.start + 1,
        }
    }
}

/// The text of a file: UTF-8 without a byte order mark, of at most `bytes_max` bytes.
pub(crate) fn read_text<'a>(name: &str, bytes: &'a [u8], bytes_max: usize) -> Result<&'a str, Vec<Finding>> {
    if bytes.len() > bytes_max {
        return Err(invalid(name, None, format!("the file is larger than {}", protocol::Arg::Bytes(bytes_max as u64))));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(invalid(name, None, "the file begins with a byte order mark; save it as UTF-8 without one"));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        invalid(name, None, format!("line {line} is not UTF-8; save the file as UTF-8"))
    })
}

/// One finding about a file that could not be parsed.
pub(crate) fn invalid(name: &str, place: Option<Place>, message: impl Into<String>) -> Vec<Finding> {
    let code = ErrorCode::PackageInvalid;
    vec![Finding { code, file: name.to_owned(), place, message: message.into(), suggestion: None }]
}

/// The summed length of the pointers of a value and all in it, whose own pointer has `length` bytes.
fn pointers_bytes(node: &Node, length: usize) -> usize {
    const INDEX_BYTES: usize = 8;
    let below = match &node.inside {
        Inside::Members(members) => members.iter().fold(0_usize, |sum, member| {
            sum.saturating_add(pointers_bytes(&member.node, length + 1 + member.key.len()))
        }),
        Inside::Items(items) => {
            items.iter().fold(0_usize, |sum, item| sum.saturating_add(pointers_bytes(item, length + INDEX_BYTES)))
        }
        Inside::Nothing => 0,
    };
    below.saturating_add(length)
}

/// One segment of a JSON Pointer as the key it names.
fn unescape_segment(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// A key as one segment of a JSON Pointer.
pub(crate) fn escape_segment(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
