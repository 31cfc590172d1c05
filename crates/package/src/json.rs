//! JSON files with positions: strict JSON, bounded, every value traceable to its line.

use crate::finding::{FINDINGS_MAX, Finding, Place, quote};
use jsonc_parser::{
    ParseOptions,
    ast::{self, ObjectPropName},
    common::Ranged as _,
};
use protocol::{ErrorCode, text};
use serde_json::Value;
use std::{collections::HashSet, ops::Range};

/// The largest JSON file of a package: descriptions and schemas, written by people.
pub const JSON_BYTES_MAX: usize = 1 << 20;
/// The deepest nesting. Checked before anything recursive sees the text.
pub const JSON_DEPTH_MAX: usize = 64;

/// The bytes that the JSON Pointers of all values of a file have together. Every error carries one, so long keys around
/// many small values would be copied that many times.
const POINTERS_BYTES_MAX: usize = 16 << 20;

/// Which part of a value an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The key that leads to it, or the value itself where there is none.
    Key,
    /// The value; of objects and arrays, the opening bracket.
    Value,
}

/// A parsed file.
pub(crate) struct JsonFile<'a> {
    /// The path within the package.
    pub(crate) name: &'a str,
    /// The content.
    pub(crate) value: Value,
    text: &'a str,
    tree: ast::Value<'a>,
}

impl<'a> JsonFile<'a> {
    /// Parses a file: UTF-8 without a byte order mark, strict JSON, no key twice.
    pub(crate) fn parse(name: &'a str, bytes: &'a [u8]) -> Result<Self, Vec<Finding>> {
        let invalid = |place: Option<Place>, message: String| {
            vec![Finding { code: ErrorCode::PackageInvalid, file: name.to_owned(), place, message, suggestion: None }]
        };
        if bytes.len() > JSON_BYTES_MAX {
            return Err(invalid(None, format!("the file is larger than {} MiB", JSON_BYTES_MAX >> 20)));
        }
        if bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(invalid(
                None,
                "the file begins with a byte order mark; save it as UTF-8 without one".to_owned(),
            ));
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let good = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
                let line = good.bytes().filter(|b| *b == b'\n').count() + 1;
                return Err(invalid(None, format!("line {line} is not UTF-8; save the file as UTF-8")));
            }
        };
        if let Some(at) = too_deep_at(text) {
            let place = Place::of(text, &(at..at + 1));
            return Err(invalid(Some(place), format!("the nesting is deeper than {JSON_DEPTH_MAX} levels")));
        }
        let strict = ParseOptions {
            allow_comments: false,
            allow_loose_object_property_names: false,
            allow_trailing_commas: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        let tree = match jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &strict) {
            Ok(parsed) => parsed.value,
            Err(error) => {
                let range = error.range();
                let message = text::escape(&error.kind().to_string());
                return Err(invalid(Some(Place::of(text, &(range.start..range.end))), format!("not JSON: {message}")));
            }
        };
        let Some(tree) = tree else {
            return Err(invalid(None, "the file is empty".to_owned()));
        };
        // The second parser is the judge of what strict JSON is; the first one knows positions.
        let value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => {
                let at = offset_of(text, error.line(), error.column());
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or_default();
                return Err(invalid(
                    Some(Place::of(text, &(at..at + 1))),
                    format!("not JSON: {}", text::escape(message)),
                ));
            }
        };
        let file = Self { name, value, text, tree };
        if pointers_bytes(&file.tree, 0) > POINTERS_BYTES_MAX {
            return Err(invalid(None, "the keys are too long for how much is nested in them".to_owned()));
        }
        let mut doubles = Vec::new();
        file.find_doubles(&file.tree, &mut doubles);
        if doubles.is_empty() { Ok(file) } else { Err(doubles) }
    }

    fn find_doubles(&self, value: &ast::Value<'_>, found: &mut Vec<Finding>) {
        match value {
            ast::Value::Object(object) => {
                let mut seen = HashSet::new();
                for property in &object.properties {
                    if !seen.insert(property.name.as_str()) && found.len() < FINDINGS_MAX {
                        let range = property.name.range();
                        let mut finding = self.finding_at(
                            &(range.start..range.end),
                            format!("the key {} is there twice", quote(property.name.as_str())),
                        );
                        finding.suggestion = Some("remove one of them".to_owned());
                        found.push(finding);
                    }
                    self.find_doubles(&property.value, found);
                }
            }
            ast::Value::Array(array) => array.elements.iter().for_each(|element| self.find_doubles(element, found)),
            _ => {}
        }
    }

    fn finding_at(&self, range: &Range<usize>, message: String) -> Finding {
        Finding {
            code: ErrorCode::PackageInvalid,
            file: self.name.to_owned(),
            place: Some(Place::of(self.text, range)),
            message,
            suggestion: None,
        }
    }

    /// A finding about the value at a JSON Pointer. A pointer that leads nowhere means the nearest value above it.
    pub(crate) fn finding(&self, pointer: &str, part: Part, message: impl Into<String>) -> Finding {
        self.finding_at(&self.range(pointer, part), message.into())
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

    /// The keys of the object at the root, in the order of the file.
    pub(crate) fn keys(&self) -> Vec<&str> {
        self.tree
            .as_object()
            .map_or_else(Vec::new, |object| object.properties.iter().map(|property| property.name.as_str()).collect())
    }

    fn range(&self, pointer: &str, part: Part) -> Range<usize> {
        let mut value = &self.tree;
        let mut key: Option<&ObjectPropName<'_>> = None;
        for segment in pointer.split('/').skip(1) {
            let segment = unescape_segment(segment);
            match value {
                ast::Value::Object(object) => {
                    let Some(property) = object.properties.iter().find(|p| p.name.as_str() == segment) else { break };
                    key = Some(&property.name);
                    value = &property.value;
                }
                ast::Value::Array(array) => {
                    let Some(element) = segment.parse().ok().and_then(|index: usize| array.elements.get(index)) else {
                        break;
                    };
                    key = None;
                    value = element;
                }
                _ => break,
            }
        }
        let range = match (part, key) {
            (Part::Key, Some(key)) => key.range(),
            _ => value.range(),
        };
        let is_container = matches!(value, ast::Value::Object(_) | ast::Value::Array(_));
        if is_container && (part == Part::Value || key.is_none()) {
            range.start..range.start + 1
        } else {
            range.start..range.end
        }
    }
}

/// The summed length of the pointers of a value and all in it, whose own pointer has `length` bytes.
fn pointers_bytes(value: &ast::Value<'_>, length: usize) -> usize {
    const INDEX_BYTES: usize = 8;
    let below = match value {
        ast::Value::Object(object) => object.properties.iter().fold(0_usize, |sum, property| {
            sum.saturating_add(pointers_bytes(&property.value, length + 1 + property.name.as_str().len()))
        }),
        ast::Value::Array(array) => array
            .elements
            .iter()
            .fold(0_usize, |sum, element| sum.saturating_add(pointers_bytes(element, length + INDEX_BYTES))),
        _ => 0,
    };
    below.saturating_add(length)
}

/// One segment of a JSON Pointer as the key it names.
pub(crate) fn unescape_segment(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// A key as one segment of a JSON Pointer.
pub(crate) fn escape_segment(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Where the nesting passes [`JSON_DEPTH_MAX`], if it does. Linear and without recursion.
fn too_deep_at(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if in_string {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > JSON_DEPTH_MAX {
                    return Some(at);
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let line_start = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    (line_start + column.saturating_sub(1)).min(text.len())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn check(text: &[u8], expected: &str) {
        let found = match JsonFile::parse("f.json", text) {
            Ok(_) => String::new(),
            Err(findings) => findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        };
        assert!(
            if expected.is_empty() { found.is_empty() } else { found.contains(expected) },
            "{found}\nwanted: {expected}"
        );
    }

    #[test]
    fn only_strict_json_passes() {
        check(br#"{"a": [1, 2.5e3, "x\u00e9", true, null]}"#, "");
        check(b"", "empty");
        check(b"  \n", "empty");
        check(b"{} {}", "not JSON");
        check(b"{a: 1}", "not JSON");
        check(b"{'a': 1}", "not JSON");
        check(b"{\"a\": 1,}", "f.json:1:");
        check(b"// x\n{}", "not JSON");
        check(b"{\"a\": 01}", "not JSON");
        check(b"{\"a\": +1}", "not JSON");
        check(b"{\"a\": 0x1}", "not JSON");
        check(b"{\"a\": NaN}", "not JSON");
        check(b"{\"a\": .5}", "not JSON");
        check(b"{\"a\": 1e999}", "not JSON");
        check(b"{\"a\": \"\n\"}", "not JSON");
        check(b"{\"a\": \"\\ud800\"}", "not JSON");
        check(b"\xef\xbb\xbf{}", "byte order mark");
        check(b"{\n\"a\": \"\xff\"}", "line 2 is not UTF-8");
        check(&vec![b' '; JSON_BYTES_MAX + 1], "larger than 1 MiB");
        check(b"{\"a\": 1,\n \"a\": 2}", "f.json:2:2: the key 'a' is there twice");
        check(br#"{"a": 1, "\u0061": 2}"#, "the key 'a' is there twice");
        check(br#"[{"b": {"c": 1, "c": 1}}]"#, "the key 'c' is there twice");
    }

    #[test]
    fn nesting_is_bounded_before_parsing() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        check(&nested(JSON_DEPTH_MAX), "");
        check(&nested(JSON_DEPTH_MAX + 1), "deeper than 64 levels");
        check(&vec![b'['; JSON_BYTES_MAX], "deeper than 64 levels");
        check(&b"{\"a\":".repeat(200_000), "deeper than 64 levels");
        check(format!("\"{}\"", "[".repeat(1000)).as_bytes(), "");
    }

    #[test]
    fn pointers_lead_to_places() {
        let file = JsonFile::parse("f.json", b"{\n \"a/b\": [1, {\"c\": 2}],\n \"~\": 3 }").unwrap();
        for (pointer, part, expected) in [
            ("", Part::Value, (1, 1)),
            ("/a~1b", Part::Key, (2, 2)),
            ("/a~1b", Part::Value, (2, 9)),
            ("/a~1b/0", Part::Key, (2, 10)),
            ("/a~1b/1/c", Part::Value, (2, 19)),
            ("/~0", Part::Key, (3, 2)),
            ("/a~1b/1/missing/deeper", Part::Value, (2, 13)),
            ("/a~1b/9", Part::Value, (2, 9)),
        ] {
            let place = file.finding(pointer, part, "x").place.unwrap();
            assert_eq!((place.line, place.column), expected, "{pointer}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(JsonFile::parse("f.json", &bytes).map(|file| file.value));
        }

        #[test]
        fn parsing_json_like_text_never_panics(text in r#"[\[\]{}":,0-9.eE+\-\\untrfalsé \n]{0,80}"#) {
            drop(JsonFile::parse("f.json", text.as_bytes()).map(|file| file.value));
        }
    }
}
