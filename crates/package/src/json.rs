//! JSON with positions: strict, bounded, no key twice.

use crate::{
    document::{Document, Inside, Member, Node, invalid, read_text},
    finding::{FINDINGS_MAX, Finding, Place, quote},
};
use jsonc_parser::{ParseOptions, ast, common::Ranged};
use protocol::{ErrorCode, text};
use std::{collections::HashSet, ops::Range};

/// The largest JSON file of a package: descriptions and schemas, written by people.
pub const JSON_BYTES_MAX: usize = 1 << 20;
/// The deepest nesting. Checked before anything recursive sees the text.
pub const JSON_DEPTH_MAX: usize = 64;

/// Parses a file.
pub(crate) fn read_json<'a>(name: &'a str, bytes: &'a [u8]) -> Result<Document<'a>, Vec<Finding>> {
    let text = read_text(name, bytes, JSON_BYTES_MAX)?;
    let place = |range: Range<usize>| Some(Place::of(text, &range));
    if let Some(at) = too_deep_at(text) {
        return Err(invalid(name, place(at..at + 1), format!("the nesting is deeper than {JSON_DEPTH_MAX} levels")));
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
            let message = format!("not JSON: {}", text::escape(&error.kind().to_string()));
            return Err(invalid(name, place(range.start..range.end), message));
        }
    };
    let Some(tree) = tree else {
        return Err(invalid(name, None, "the file is empty"));
    };
    // The second parser is the judge of what strict JSON is; the first one knows positions.
    let value = serde_json::from_str(text).map_err(|error| {
        let at = offset_of(text, error.line(), error.column());
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        invalid(name, place(at..at + 1), format!("not JSON: {}", text::escape(message)))
    })?;
    let mut doubles = Vec::new();
    let root = node(&tree, &mut |key: &str, range| {
        if doubles.len() < FINDINGS_MAX {
            doubles.push(Finding {
                code: ErrorCode::PackageInvalid,
                file: name.to_owned(),
                place: place(range),
                message: format!("the key {} is there twice", quote(key)),
                suggestion: Some("remove one of them".to_owned()),
            });
        }
    });
    if doubles.is_empty() { Document::new(name, text, value, root) } else { Err(doubles) }
}

/// The places of a value and all in it; `double` hears of each key that its object has already.
fn node(value: &ast::Value<'_>, double: &mut impl FnMut(&str, Range<usize>)) -> Node {
    let inside = match value {
        ast::Value::Object(object) => {
            let mut seen = HashSet::new();
            let mut members = Vec::with_capacity(object.properties.len());
            for property in &object.properties {
                let key = property.name.as_str();
                let key_range = bytes_of(&property.name);
                if !seen.insert(key) {
                    double(key, key_range.clone());
                }
                members.push(Member { key: key.into(), key_range, node: node(&property.value, double) });
            }
            Inside::Members(members)
        }
        ast::Value::Array(array) => Inside::Items(array.elements.iter().map(|item| node(item, double)).collect()),
        _ => Inside::Nothing,
    };
    Node { range: bytes_of(value), inside }
}

fn bytes_of(part: &impl Ranged) -> Range<usize> {
    let range = part.range();
    range.start..range.end
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
    use crate::document::Part;
    use proptest::prelude::*;

    fn check(text: &[u8], expected: &str) {
        let found = match read_json("f.json", text) {
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
        check(&vec![b' '; JSON_BYTES_MAX + 1], "larger than 1.0 MiB");
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
        let file = read_json("f.json", b"{\n \"a/b\": [1, {\"c\": 2}],\n \"~\": 3 }").unwrap();
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
            drop(read_json("f.json", &bytes).map(|file| file.value));
        }

        #[test]
        fn parsing_json_like_text_never_panics(text in r#"[\[\]{}":,0-9.eE+\-\\untrfalsé \n]{0,80}"#) {
            drop(read_json("f.json", text.as_bytes()).map(|file| file.value));
        }
    }
}
