//! YAML with positions, as strict as the JSON beside it: what two readers could understand differently is refused.
//!
//! The documents of a file become the same [`Document`]s that JSON files do. Depth, size, values and copies made by
//! aliases are bounded while the events come in, so an alias bomb ends at its first large copy.

use crate::{
    document::{Document, Inside, Member, Node, invalid, read_text},
    finding::{Finding, Place, quote},
    json::JSON_DEPTH_MAX,
};
use protocol::text;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};
use std::{collections::HashMap, ops::Range, rc::Rc};

/// The largest YAML file of a package: descriptions of tools, written by people.
pub const YAML_BYTES_MAX: usize = 256 << 10;
/// Documents of one file.
const DOCUMENTS_MAX: usize = 128;
/// What a file may weigh with all copies that anchors and aliases make: no honest text of 256 KiB comes near it.
const WEIGHT_MAX: usize = 8 << 20;
/// What a value weighs beside its text.
const VALUE_WEIGHT: usize = 32;

/// Parses a file: at least one document, none of them empty.
pub(crate) fn read_yaml<'a>(name: &'a str, bytes: &'a [u8]) -> Result<Vec<Document<'a>>, Vec<Finding>> {
    let text = read_text(name, bytes, YAML_BYTES_MAX)?;
    if let Some((range, wrong)) = unreadable(text) {
        return Err(wrong.finding(name, text, range));
    }
    let mut reader = Reader::new(text);
    for event in Parser::new_from_str(text) {
        let taken = match event {
            Ok((event, span)) => {
                let range = reader.bytes_of(&span);
                reader.take(event, range.clone()).map_err(|wrong| (range, wrong))
            }
            Err(error) => {
                let at = reader.byte_at(error.marker().index());
                Err((at..at + 1, Wrong::new(format!("not YAML: {}", text::escape(error.info())))))
            }
        };
        if let Err((range, wrong)) = taken {
            return Err(wrong.finding(name, text, range));
        }
    }
    if reader.documents.is_empty() {
        return Err(invalid(name, None, "the file is empty"));
    }
    reader.documents.into_iter().map(|(value, node)| Document::new(name, text, value, node)).collect()
}

/// A character that no YAML holds, or that only some readers take for the end of the text or of a line.
fn unreadable(text: &str) -> Option<(Range<usize>, Wrong)> {
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let is_readable = match character {
            '\n' | '\t' => true,
            '\r' => characters.peek().is_some_and(|(_, next)| *next == '\n'),
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
            other => !other.is_control(),
        };
        if !is_readable {
            let message =
                format!("the character {} has no place in a YAML file", quote(character.encode_utf8(&mut [0; 4])));
            let wrong = Wrong::new(message).hint("remove it, or write it as an escape inside double quotes");
            return Some((at..at + character.len_utf8(), wrong));
        }
    }
    None
}

/// What is wrong at an event, and what to do.
struct Wrong {
    message: String,
    suggestion: Option<&'static str>,
    /// Where, if not at the event.
    at: Option<Range<usize>>,
}

impl Wrong {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), suggestion: None, at: None }
    }

    fn hint(self, suggestion: &'static str) -> Self {
        Self { suggestion: Some(suggestion), ..self }
    }

    /// As it is told; `range` is where the event is.
    fn finding(self, name: &str, text: &str, range: Range<usize>) -> Vec<Finding> {
        let place = Place::of(text, &self.at.unwrap_or(range));
        let mut findings = invalid(name, Some(place), self.message);
        findings[0].suggestion = self.suggestion.map(str::to_owned);
        findings
    }
}

/// A value with its place.
type Placed = (Value, Node);

#[derive(Clone)]
struct Anchored {
    placed: Rc<Placed>,
    weight: usize,
    depth: usize,
}

/// A list or object whose end has not come yet.
struct Open {
    /// What aliases call it by; 0 for nothing.
    anchor: usize,
    /// Where it begins.
    start: usize,
    filling: Filling,
}

enum Filling {
    List { items: Vec<Value>, nodes: Vec<Node> },
    Object { members: Map<String, Value>, nodes: Vec<Member>, key: Option<(String, Range<usize>)> },
}

struct Reader<'a> {
    text: &'a str,
    /// The byte at which each character begins; the parser counts characters. Empty where they are the same.
    bytes: Vec<usize>,
    open: Vec<Open>,
    documents: Vec<Placed>,
    /// What aliases of this document can mean, with its weight and depth.
    anchors: HashMap<usize, Anchored>,
    weight: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let bytes = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
        Self { text, bytes, open: Vec::new(), documents: Vec::new(), anchors: HashMap::new(), weight: 0 }
    }

    fn byte_at(&self, character: usize) -> usize {
        if self.bytes.is_empty() {
            character.min(self.text.len())
        } else {
            self.bytes.get(character).copied().unwrap_or(self.text.len())
        }
    }

    fn bytes_of(&self, span: &Span) -> Range<usize> {
        let (start, end) = (self.byte_at(span.start.index()), self.byte_at(span.end.index()));
        start..end.max(start)
    }

    fn take(&mut self, event: Event<'_>, range: Range<usize>) -> Result<(), Wrong> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd => Ok(()),
            Event::DocumentStart(_) if self.documents.len() == DOCUMENTS_MAX => {
                Err(Wrong::new(format!("the file has more than {DOCUMENTS_MAX} documents")))
            }
            Event::DocumentStart(_) => Ok(()),
            Event::DocumentEnd => {
                self.anchors.clear();
                Ok(())
            }
            Event::Scalar(_, _, _, Some(_)) | Event::SequenceStart(_, Some(_)) | Event::MappingStart(_, Some(_)) => {
                Err(Wrong::new("a tag such as '!!str' is not taken").hint("put text into quotes instead"))
            }
            Event::Scalar(text, style, anchor, None) => {
                self.weigh(VALUE_WEIGHT + text.len())?;
                let node = Node { range: range.clone(), inside: Inside::Nothing };
                if self.is_key_next() {
                    if style == ScalarStyle::Plain && !is_text(&text) {
                        let message = format!("the key {} is not text to every reader of YAML", quote(&text));
                        return Err(Wrong::new(message).hint("put it into quotes"));
                    }
                    self.keep(anchor, &(Value::String(text.clone().into_owned()), node))?;
                    return self.take_key(&text, range);
                }
                let value = if style == ScalarStyle::Plain { plain(&text)? } else { Value::String(text.into_owned()) };
                let placed = (value, node);
                self.keep(anchor, &placed)?;
                self.put(placed)
            }
            Event::Alias(anchor) => {
                if self.is_key_next() {
                    return Err(Wrong::new("a key is plain text, not an alias"));
                }
                // An anchor becomes known at its value's end, so nothing can contain itself.
                let Some(meant) = self.anchors.get(&anchor) else {
                    return Err(Wrong::new("the alias stands for what it is in itself"));
                };
                if self.open.len() + meant.depth > JSON_DEPTH_MAX {
                    return Err(too_deep());
                }
                let meant = meant.clone();
                self.weigh(meant.weight)?;
                self.put((*meant.placed).clone())
            }
            Event::SequenceStart(anchor, None) => {
                self.open(anchor, range, Filling::List { items: Vec::new(), nodes: Vec::new() })
            }
            Event::MappingStart(anchor, None) => {
                self.open(anchor, range, Filling::Object { members: Map::new(), nodes: Vec::new(), key: None })
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { anchor, start, filling }) = self.open.pop() else { return Ok(()) };
                let (value, inside) = match filling {
                    Filling::List { items, nodes } => (Value::Array(items), Inside::Items(nodes)),
                    Filling::Object { members, nodes, .. } => (Value::Object(members), Inside::Members(nodes)),
                };
                let node = Node { range: start..range.end.max(start), inside };
                let placed = (value, node);
                self.keep(anchor, &placed)?;
                self.put(placed)
            }
        }
    }

    /// Whether the next value is a key of the object that is open.
    fn is_key_next(&self) -> bool {
        matches!(self.open.last(), Some(Open { filling: Filling::Object { key: None, .. }, .. }))
    }

    fn take_key(&mut self, text: &str, range: Range<usize>) -> Result<(), Wrong> {
        if let Some(Open { filling: Filling::Object { members, key, .. }, .. }) = self.open.last_mut() {
            if text == "<<" {
                return Err(Wrong::new("merging with '<<' is not taken").hint("write the keys out"));
            }
            if members.contains_key(text) {
                return Err(Wrong::new(format!("the key {} is there twice", quote(text))).hint("remove one of them"));
            }
            *key = Some((text.to_owned(), range));
        }
        Ok(())
    }

    fn open(&mut self, anchor: usize, range: Range<usize>, filling: Filling) -> Result<(), Wrong> {
        if self.is_key_next() {
            return Err(Wrong::new("a key is plain text, not a list or object"));
        }
        if self.open.len() == JSON_DEPTH_MAX {
            return Err(too_deep());
        }
        self.weigh(VALUE_WEIGHT)?;
        self.open.push(Open { anchor, start: range.start, filling });
        Ok(())
    }

    fn weigh(&mut self, weight: usize) -> Result<(), Wrong> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight <= WEIGHT_MAX {
            return Ok(());
        }
        Err(Wrong::new(format!("with all that its aliases copy the file is larger than {} MiB", WEIGHT_MAX >> 20)))
    }

    /// Keeps a copy of what aliases may stand for.
    fn keep(&mut self, anchor: usize, placed: &Placed) -> Result<(), Wrong> {
        if anchor != 0 {
            let (weight, depth) = measure(&placed.0);
            self.weigh(weight)?;
            self.anchors.insert(anchor, Anchored { placed: Rc::new(placed.clone()), weight, depth });
        }
        Ok(())
    }

    /// Puts a value where it belongs: into what is open, or among the documents.
    fn put(&mut self, placed: Placed) -> Result<(), Wrong> {
        let (value, node) = placed;
        match self.open.last_mut().map(|open| &mut open.filling) {
            Some(Filling::List { items, nodes }) => {
                items.push(value);
                nodes.push(node);
            }
            Some(Filling::Object { members, nodes, key, .. }) => {
                if let Some((key, key_range)) = key.take() {
                    nodes.push(Member { key: key.as_str().into(), key_range, node });
                    members.insert(key, value);
                }
            }
            None if value.is_null() => {
                return Err(Wrong { at: Some(node.range), ..Wrong::new("this document is empty") });
            }
            None => self.documents.push((value, node)),
        }
        Ok(())
    }
}

fn too_deep() -> Wrong {
    Wrong::new(format!("the nesting is deeper than {JSON_DEPTH_MAX} levels"))
}

/// The weight of a value with all in it, and how many levels of lists and objects it has.
fn measure(value: &Value) -> (usize, usize) {
    let (mut weight, mut depth) = (VALUE_WEIGHT, 0);
    let mut add = |member: &Value, key: usize| {
        let (more, below) = measure(member);
        weight = weight.saturating_add(more).saturating_add(key);
        depth = depth.max(below);
    };
    match value {
        Value::Array(items) => items.iter().for_each(|item| add(item, 0)),
        Value::Object(members) => members.iter().for_each(|(key, member)| add(member, VALUE_WEIGHT + key.len())),
        Value::String(text) => return (VALUE_WEIGHT + text.len(), 0),
        _ => return (VALUE_WEIGHT, 0),
    }
    (weight, depth + 1)
}

/// What a scalar without quotes means: YAML 1.2's core schema, less what YAML 1.1 reads in another way.
fn plain(text: &str) -> Result<Value, Wrong> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    if ["yes", "no", "on", "off"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        let message = format!("{} is true or false to some readers of YAML, and text to others", quote(text));
        return Err(Wrong::new(message).hint("write true or false, or put it into quotes"));
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if [".inf", ".nan"].iter().any(|word| unsigned.eq_ignore_ascii_case(word)) {
        return Err(Wrong::new(format!("{} has no place in JSON", quote(text))).hint("write a number"));
    }
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if (is_digits(unsigned) && unsigned.len() > 1 && unsigned.starts_with('0')) || is_number_to_some(unsigned) {
        let message = format!("{} is read in different ways by different readers of YAML", quote(text));
        return Err(Wrong::new(message).hint("write a plain decimal number, or put it into quotes"));
    }
    let too_large = || Wrong::new(format!("{} is a larger number than JSON readers keep", quote(text)));
    if is_digits(unsigned) {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let number = digits.parse::<i64>().map(Number::from).or_else(|_| digits.parse::<u64>().map(Number::from));
        return number.map(Value::Number).map_err(|_| too_large());
    }
    let is_decimal = unsigned.split_once('.').is_some_and(|(whole, fraction)| {
        (is_digits(whole) || (whole.is_empty() && is_digits(fraction))) && (fraction.is_empty() || is_digits(fraction))
    });
    if !is_decimal {
        return Ok(Value::String(text.to_owned()));
    }
    text.parse().ok().and_then(Number::from_f64).map(Value::Number).ok_or_else(too_large)
}

/// Whether an unsigned scalar is a number or a date to YAML 1.1 or to 1.2, and something else to the other: bases,
/// exponents, `1_000`, `12:30`, `2026-01-31`.
fn is_number_to_some(unsigned: &str) -> bool {
    let all = |text: &str, others: &[u8]| {
        text.bytes().all(|byte| byte.is_ascii_digit() || others.contains(&byte))
            && text.bytes().any(|byte| byte.is_ascii_digit())
    };
    let based = ["0o", "0x", "0b"].iter().find_map(|prefix| unsigned.strip_prefix(prefix));
    if based
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'_'))
    {
        return true;
    }
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return false;
    }
    let is_power = |(mantissa, exponent): (&str, &str)| {
        all(mantissa, b"._") && all(exponent.strip_prefix(['+', '-']).unwrap_or(exponent), b"")
    };
    let mut parts = unsigned.split('-');
    let is_date = parts.next().is_some_and(|year| year.len() == 4 && all(year, b""))
        && parts.next().is_some_and(|month| month.len() <= 2 && all(month, b""))
        && parts.next().is_some_and(|day| day.starts_with(|first: char| first.is_ascii_digit()));
    (all(unsigned, b"_.") && unsigned.contains('_'))
        || (all(unsigned, b":.") && unsigned.contains(':'))
        || unsigned.split_once(['e', 'E']).is_some_and(is_power)
        || is_date
}

/// Whether a scalar without quotes is text to every reader.
fn is_text(text: &str) -> bool {
    matches!(plain(text), Ok(Value::String(_)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::document::Part;
    use proptest::prelude::*;
    use serde_json::json;
    use std::time::{Duration, Instant};

    fn values(text: &str) -> Vec<Value> {
        match read_yaml("f.yaml", text.as_bytes()) {
            Ok(documents) => documents.into_iter().map(|document| document.value).collect(),
            Err(findings) => panic!("{text}\n{}", findings[0]),
        }
    }

    fn check(text: &[u8], expected: &str) {
        let Err(findings) = read_yaml("f.yaml", text) else { panic!("{} is taken", String::from_utf8_lossy(text)) };
        let told = findings[0].to_string();
        assert!(told.contains(expected), "{told}\nwanted: {expected}");
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1_000_000_i32..1_000_000).prop_map(|number| json!(f64::from(number) / 64.0)),
            "[ -~é\n]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-z \"]{0,6}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn what_every_reader_understands_alike_is_taken() {
        for (text, expected) in [
            ("a: 1", json!({"a": 1})),
            (
                "{a: [1, +2, -2, 3.5, .5, true, False, ~, null, '', \"x\\ny\"]}",
                json!({"a": [1, 2, -2, 3.5, 0.5, true, false, null, null, "", "x\ny"]}),
            ),
            ("a: |\n  one\n  two\nb: >-\n  one\n  two\n", json!({"a": "one\ntwo\n", "b": "one two"})),
            ("a:\n- 1.2.3\n- v1\n- 10:30am\n- 3d\n- e5\n", json!({"a": ["1.2.3", "v1", "10:30am", "3d", "e5"]})),
            ("'yes': \"no\"\n'1': '0x10'\n", json!({"yes": "no", "1": "0x10"})),
            ("x: 1\ny: 2\n", json!({"x": 1, "y": 2})),
            ("a: &n {b: 1}\nc: *n\n", json!({"a": {"b": 1}, "c": {"b": 1}})),
            ("18446744073709551615", json!(u64::MAX)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("a: Ünïcode 文字 🙂\n", json!({"a": "Ünïcode 文字 🙂"})),
        ] {
            assert_eq!(values(text), [expected], "{text}");
        }
        assert_eq!(values("---\na: 1\n...\n---\nb: 2\n"), [json!({"a": 1}), json!({"b": 2})]);
        assert_eq!(values("a: 1\r\nb: 2\r\n"), [json!({"a": 1, "b": 2})]);
    }

    #[test]
    fn what_two_readers_could_understand_differently_is_refused() {
        for plain in ["yes", "No", "ON", "off"] {
            check(format!("a: {plain}").as_bytes(), "is true or false to some readers");
            check(format!("{plain}: a").as_bytes(), "is not text to every reader");
        }
        for number in [
            "010",
            "0o17",
            "0x1F",
            "0b101",
            "1_000",
            "12:30",
            "1:30:00.5",
            "1e5",
            "1.5E-3",
            "2026-01-31",
            "2026-1-1T10:00:00Z",
            "-0x1",
        ] {
            check(format!("a: {number}").as_bytes(), "is read in different ways");
            assert_eq!(values(&format!("a: '{number}'")), [json!({"a": number})]);
        }
        for text in ["true: 1", "1: 1", "~: 1", ": 1", "1.5: 1", "1e5: 1"] {
            check(text.as_bytes(), "is not text to every reader");
        }
        for (text, expected) in [
            ("a: 1\na: 2", "f.yaml:2:1: the key 'a' is there twice"),
            ("{a: 1, \"\\x61\": 2}", "f.yaml:1:8: the key 'a' is there twice"),
            ("a: {b: 1, b: 2}", "f.yaml:1:11: the key 'b' is there twice"),
            ("x: &x {a: 1}\ny:\n  <<: *x\n", "f.yaml:3:3: merging with '<<'"),
            ("a: !!str 1", "a tag such as"),
            ("a: !!python/object/apply:os.system [ls]", "a tag such as"),
            ("!local\na: 1", "a tag such as"),
            ("!!set {a}", "a tag such as"),
            ("? [a, b]\n: 1", "a key is plain text"),
            ("? {a: b}\n: 1", "a key is plain text"),
            ("a: &n x\n*n : 1\n", "a key is plain text, not an alias"),
            ("a: .inf", "has no place in JSON"),
            ("a: -.NaN", "has no place in JSON"),
            ("a: 99999999999999999999", "larger number"),
            ("a: *nothing", "not YAML"),
            ("&a [*a]", "stands for what it is in itself"),
            ("&a {b: *a}", "stands for what it is in itself"),
            ("---\n&a x\n---\n*a\n", "f.yaml:4:1"),
            ("", "empty"),
            (" \n# only\n", "empty"),
            ("a: 1\n---\n", "this document is empty"),
            ("a: b: c", "not YAML"),
            ("a:\n\t- 1", "f.yaml:2:"),
            ("a:\t1\n", "f.yaml:1:4: not YAML"),
            ("a: 'x", "not YAML"),
            ("a: [1, 2", "not YAML"),
            ("a: \"\\q\"", "not YAML"),
            ("@a", "not YAML"),
            ("a: 1\n  b: 2", "f.yaml:2:"),
        ] {
            check(text.as_bytes(), expected);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_place() {
        check(b"a: x\0\nb: 2", "f.yaml:1:5: the character '\\u{0}' has no place");
        check(b"a: 1\rb: 2", "f.yaml:1:5: the character '\\r'");
        check("a: \u{85}b".as_bytes(), "\\u{85}");
        check("a: 1 # \u{2028}b: 2".as_bytes(), "f.yaml:1:8");
        check("a: \u{feff}b".as_bytes(), "\\u{feff}");
        check(b"a: \x1b[2J", "\\u{1b}");
        check(b"\xef\xbb\xbfa: 1", "byte order mark");
        check(b"\xff\xfea\0", "line 1 is not UTF-8");
        check(b"a: 1\nb: \xff", "line 2 is not UTF-8");
        check(&vec![b' '; YAML_BYTES_MAX + 1], "larger than 256.0 KiB");
        // What changes direction is legal text; it is told escaped, and the card warns of it.
        assert_eq!(values("a: \"\u{202e}\""), [json!({"a": "\u{202e}"})]);
    }

    #[test]
    fn places_are_those_of_the_text() {
        let text = "ä: [é, {ß: x}]\nb:\n  - one\n  - \"two\"\n";
        let documents = read_yaml("f.yaml", text.as_bytes()).unwrap();
        for (pointer, part, expected) in [
            ("", Part::Value, (1, 1)),
            ("/ä", Part::Key, (1, 1)),
            ("/ä", Part::Value, (1, 4)),
            ("/ä/0", Part::Value, (1, 5)),
            ("/ä/1/ß", Part::Key, (1, 9)),
            ("/ä/1/ß", Part::Value, (1, 12)),
            ("/b/0", Part::Value, (3, 5)),
            ("/b/1", Part::Value, (4, 5)),
            ("/b/1/none", Part::Value, (4, 5)),
        ] {
            let place = documents[0].finding(pointer, part, "x").place.unwrap();
            assert_eq!((place.line, place.column), expected, "{pointer}");
        }
    }

    #[test]
    fn bombs_end_soon() {
        // A billion laughs: each level ten times the one before.
        let laughs: String = (1..30)
            .map(|level| format!("l{level}: &l{level} [{}]\n", vec![format!("*l{}", level - 1); 10].join(", ")))
            .collect();
        let quadratic = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(30_000));
        let nested_anchors: String = (0..60).map(|level| format!("&n{level} [")).collect();
        check(format!("l0: &l0 [lol, lol]\n{laughs}").as_bytes(), "with all that its aliases copy");
        check(quadratic.as_bytes(), "with all that its aliases copy");
        let anchored = format!("{nested_anchors}x{}", "]".repeat(60));
        assert_eq!(values(&anchored).len(), 1);
        // As large as a file can be, of each thing that can be repeated.
        for part in [
            "[",
            "{",
            "]",
            "}",
            "- ",
            "? ",
            ": ",
            "a: ",
            "&a ",
            "*a ",
            "! ",
            "!!a ",
            "%a\n",
            "|",
            ">",
            "'",
            "\"",
            "\\",
            "#",
            "\n",
            " ",
            "\t",
            "\r\n",
            ",",
            "a",
            "é",
            "0",
            "- a\n",
            "a\n",
            "---\n",
            "...\n",
            "[a,",
            "{a: ",
            "- - ",
            "a: &a b\n",
            "\n  ",
            "- |\n ",
            "? a\n",
            "<<: ",
            "[[]",
            "{},",
            "[],",
            "a: >\n\n",
            "\"\\x41",
            "%TAG ! a\n",
        ] {
            for (head, tail) in [("", ""), ("a: ", ""), ("- ", "\n"), ("[", "]"), ("{", "}"), ("\"", "\"")] {
                let count = (YAML_BYTES_MAX - head.len() - tail.len()) / part.len();
                let text = format!("{head}{}{tail}", part.repeat(count));
                let started = Instant::now();
                drop(read_yaml("f.yaml", text.as_bytes()));
                assert!(started.elapsed() < Duration::from_secs(5), "{head:?} {part:?}: {:?}", started.elapsed());
            }
        }
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(values(&deep(JSON_DEPTH_MAX)).len(), 1);
        check(deep(JSON_DEPTH_MAX + 1).as_bytes(), "deeper than 64 levels");
        let in_blocks = |depth: usize| "- ".repeat(depth) + "a";
        assert_eq!(values(&in_blocks(JSON_DEPTH_MAX)).len(), 1);
        check(in_blocks(JSON_DEPTH_MAX + 1).as_bytes(), "deeper than 64 levels");
        // Depth counts through aliases too.
        let half = JSON_DEPTH_MAX / 2;
        let through = |extra: usize| {
            format!("- &a {}\n- {}*a{}\n", deep(half), "[".repeat(half - 1 + extra), "]".repeat(half - 1 + extra))
        };
        assert_eq!(values(&through(0)).len(), 1);
        check(through(1).as_bytes(), "deeper than 64 levels");
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(read_yaml("f.yaml", &bytes));
        }

        #[test]
        fn reading_yaml_like_text_never_panics(text in r#"([\[\]{}\-?:,&*!|>'"%@#a0~<.\\ \n\t\r\u{85}é]|---|\.\.\.|: |- |\n  ){0,60}"#) {
            if let Ok(documents) = read_yaml("f.yaml", text.as_bytes()) {
                for document in documents {
                    // Every part has its place in the text.
                    let place = document.finding("/0/a", Part::Key, "x").place.unwrap();
                    prop_assert!(place.line <= text.lines().count().max(1));
                }
            }
        }

        #[test]
        fn whatever_json_can_say_is_read_back(value in any_json()) {
            // JSON is YAML, but for numbers with exponents.
            let text = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(values(&text), [value]);
        }
    }
}
