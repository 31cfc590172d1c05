//! JSON Schemas that strangers write (an action's `input`): accepted only with a proof that checking a value against
//! them ends soon, in little memory and on a small stack.
//!
//! The proof is a table. For each subschema it holds an upper bound of how often any one value, at each depth below
//! the place where the subschema is applied, is looked at. A schema whose bound is low takes large inputs; one with a
//! high bound takes only small ones; one without a bound is refused. The measures that a JSON Schema bomb needs
//! (self-reference without progress, doubling references, deep chains, huge patterns, remote references) all fail
//! this way, with the place in the file.

use crate::{
    document::{Document, Part, escape_segment},
    finding::{FINDINGS_MAX, Finding, did_you_mean, quote},
    json::JSON_DEPTH_MAX,
    schema::{explain, options},
};
use jsonschema::Validator;
use protocol::ErrorCode;
use serde_json::{Map, Value, json};
use std::{collections::HashMap, fmt};

/// Steps that one check may take: about a second at the slowest.
const STEPS_MAX: u64 = 2_000_000;
/// Steps up to which all errors are listed; past it only the first is, because the list itself could grow large.
const STEPS_LISTED_MAX: u64 = 100_000;
/// The worst schema still accepted: it takes inputs of 200 values.
const STEPS_PER_VALUE_MAX: u64 = 10_000;
/// Bytes of strings that patterns may be run over in one check; matching is linear, but not free.
const PATTERN_BYTES_MAX: u64 = 4 << 20;
/// Patterns of one schema. Compiling one may cost a millisecond.
const PATTERNS_MAX: usize = 64;
/// Patterns of all schemas of one file together: each is a program in memory for as long as its package is.
const FILE_PATTERNS_MAX: usize = 256;
/// Characters of one pattern.
const PATTERN_CHARS_MAX: usize = 512;
/// Subschemas of one schema.
const SUBSCHEMAS_MAX: usize = 20_000;
/// Subschemas applied to the same value through each other (`allOf` in `$ref` in `anyOf` …). Times the depth of the
/// input, this bounds the stack of a check.
const CHAIN_MAX: usize = 16;
/// Subschemas that lead to each other one inside the other, references followed: bounds the stack of compiling, to a
/// quarter of a MiB as measured.
const COMPILE_DEPTH_MAX: usize = 500;
/// The deepest input.
const INPUT_DEPTH_MAX: usize = JSON_DEPTH_MAX;
/// The largest input, as the bytes of its strings and keys: files are handed over as files.
const INPUT_BYTES_MAX: u64 = 1 << 20;
/// The bytes of the JSON Pointers of all values of an input: every error carries one.
const POINTERS_BYTES_MAX: u64 = 16 << 20;
/// Errors in an input that are told at once.
const ERRORS_MAX: usize = 20;

/// Formats by which a property says that the person hands a file or folder over.
pub(crate) const FILE_FORMATS: [&str; 4] = ["input-file", "output-file", "input-folder", "output-folder"];

/// Keywords that hold no subschema. `secret` is ours, for settings.
const PLAIN: &[&str] = &[
    "$comment",
    "$schema",
    "const",
    "contentEncoding",
    "contentMediaType",
    "default",
    "dependentRequired",
    "deprecated",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "readOnly",
    "required",
    "secret",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];
const SAME_VALUE_LISTS: &[&str] = &["allOf", "anyOf", "oneOf"];
const SAME_VALUE: &[&str] = &["not", "if", "then", "else"];
const MEMBERS: &[&str] = &["additionalProperties", "propertyNames", "unevaluatedProperties"];
const ITEMS: &[&str] = &["items", "contains", "unevaluatedItems"];
const MAPS: &[&str] = &["$defs", "properties", "patternProperties", "dependentSchemas"];
/// Keywords of JSON Schema that are refused, and what to do instead.
const REFUSED: &[(&str, &str)] = &[
    ("$id", "remove it; refer with '#/$defs/…'"),
    ("$anchor", "refer with '#/$defs/…'"),
    ("$dynamicAnchor", "refer with '#/$defs/…'"),
    ("$dynamicRef", "use $ref with '#/$defs/…'"),
    ("$recursiveRef", "use $ref with '#'"),
    ("$recursiveAnchor", "use $ref with '#'"),
    ("$vocabulary", "remove it"),
    ("contentSchema", "remove it; nothing would check it"),
    ("definitions", "call it $defs"),
    ("dependencies", "use dependentRequired or dependentSchemas"),
    ("additionalItems", "use prefixItems and items"),
];

/// How many more patterns the schemas of one file may have.
pub(crate) struct PatternsLeft(usize);

impl PatternsLeft {
    pub(crate) fn of_a_file() -> Self {
        Self(FILE_PATTERNS_MAX)
    }
}

/// A schema that is safe to check values against.
pub(crate) struct InputSchema {
    validator: Validator,
    values_max: u64,
    pattern_bytes_max: u64,
    steps_per_value: u64,
}

impl fmt::Debug for InputSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputSchema").field("values_max", &self.values_max).finish_non_exhaustive()
    }
}

/// Why an input does not fit: what is wrong, by JSON Pointer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.lines())]
pub struct InputError {
    /// What is wrong, at least one.
    pub faults: Vec<InputFault>,
}

/// One thing that is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFault {
    /// Where, as a JSON Pointer; empty for the whole input.
    pub pointer: String,
    /// What was expected and what was found; escaped.
    pub message: String,
    /// The nearest known word, where one was meant.
    pub suggestion: Option<String>,
}

impl InputError {
    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::InvalidInput
    }

    fn lines(&self) -> String {
        let lines: Vec<_> = self.faults.iter().map(ToString::to_string).collect();
        lines.join("\n")
    }

    fn whole(message: String) -> Self {
        Self { faults: vec![InputFault { pointer: String::new(), message, suggestion: None }] }
    }
}

impl fmt::Display for InputFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => write!(f, "input: {}", self.message)?,
            pointer => write!(f, "input{}: {}", protocol::text::shorten(pointer, 120), self.message)?,
        }
        self.suggestion.as_ref().map_or(Ok(()), |suggestion| write!(f, "; {suggestion}"))
    }
}

impl InputSchema {
    /// Proves and compiles the schema at `pointer` of `file`.
    pub(crate) fn compile(
        file: &Document<'_>,
        pointer: &str,
        patterns_left: &mut PatternsLeft,
    ) -> Result<Self, Vec<Finding>> {
        let schema = file.value.pointer(pointer).unwrap_or(&Value::Null);
        let mut graph = Graph {
            file,
            base: pointer,
            nodes: Vec::new(),
            by_pointer: HashMap::new(),
            findings: Vec::new(),
            patterns: 0,
            patterns_max: PATTERNS_MAX.min(patterns_left.0),
            is_too_large: false,
        };
        graph.add(schema, String::new());
        graph.link();
        patterns_left.0 = patterns_left.0.saturating_sub(graph.patterns);
        if !graph.findings.is_empty() {
            return Err(graph.findings);
        }
        let refuse = |message: String| Err(vec![file.finding(pointer, Part::Key, message)]);
        let order = graph.order()?;
        let depth = graph.compile_depth();
        if depth > COMPILE_DEPTH_MAX {
            return refuse(format!(
                "the schema's references lead {depth} levels deep; at most {COMPILE_DEPTH_MAX} are allowed"
            ));
        }
        let steps_per_value = graph.visits_per_value(&order, |node| node.steps);
        if steps_per_value > STEPS_PER_VALUE_MAX {
            return refuse("the schema's references multiply, so that checking an input could take forever".to_owned());
        }
        let patterns_per_value = graph.visits_per_value(&order, |node| node.patterns);
        match options().build(schema) {
            Ok(validator) => Ok(Self {
                validator,
                values_max: STEPS_MAX / steps_per_value.max(1),
                pattern_bytes_max: PATTERN_BYTES_MAX / patterns_per_value.max(1),
                steps_per_value,
            }),
            Err(error) => {
                let (message, suggestion) = explain(error.kind(), error.instance(), None);
                let place = format!("{pointer}{}", error.instance_path().as_str());
                Err(vec![file.finding_with(&place, Part::Value, format!("not a valid schema: {message}"), suggestion)])
            }
        }
    }

    /// Compiles a schema of our own, which needs no proof.
    pub(crate) fn compile_own(schema: &Value) -> Self {
        Self {
            validator: options().build(schema).expect("our own schemas are schemas"),
            values_max: STEPS_MAX,
            pattern_bytes_max: PATTERN_BYTES_MAX,
            steps_per_value: 1,
        }
    }

    /// Checks an input.
    pub(crate) fn check(&self, input: &Value) -> Result<(), InputError> {
        let size = measure(input).map_err(InputError::whole)?;
        if size.values > self.values_max {
            return Err(InputError::whole(format!(
                "it has {} values; this schema takes at most {}",
                size.values, self.values_max
            )));
        }
        if size.bytes > self.pattern_bytes_max.min(INPUT_BYTES_MAX) {
            return Err(InputError::whole(format!(
                "its text has {} bytes; at most {} are taken, and larger things as files",
                size.bytes,
                self.pattern_bytes_max.min(INPUT_BYTES_MAX)
            )));
        }
        if size.pointers_bytes > POINTERS_BYTES_MAX {
            return Err(InputError::whole("its keys are too long for how much is nested in them".to_owned()));
        }
        if self.validator.is_valid(input) {
            return Ok(());
        }
        let fault = |error: &jsonschema::ValidationError<'_>| {
            let (message, suggestion) = explain(error.kind(), error.instance(), None);
            InputFault { pointer: error.instance_path().as_str().to_owned(), message, suggestion }
        };
        let is_listed = size.values.saturating_mul(self.steps_per_value) <= STEPS_LISTED_MAX;
        let faults: Vec<_> = if is_listed {
            self.validator.iter_errors(input).take(ERRORS_MAX).map(|error| fault(&error)).collect()
        } else {
            self.validator.validate(input).err().iter().map(fault).collect()
        };
        if faults.is_empty() {
            return Err(InputError::whole("it does not fit the schema".to_owned()));
        }
        Err(InputError { faults })
    }
}

struct Size {
    values: u64,
    /// Of strings and keys.
    bytes: u64,
    /// Of the JSON Pointers of all values: every error carries one.
    pointers_bytes: u64,
}

/// Counts values and text. Without recursion: the input may be nested as deep as its maker likes.
fn measure(input: &Value) -> Result<Size, String> {
    const INDEX_BYTES: u64 = 8;
    let mut size = Size { values: 0, bytes: 0, pointers_bytes: 0 };
    let mut waiting = vec![(input, 1_usize, 0_u64)];
    while let Some((value, depth, pointer_bytes)) = waiting.pop() {
        if depth > INPUT_DEPTH_MAX {
            return Err(format!("it is nested deeper than {INPUT_DEPTH_MAX} levels"));
        }
        size.values += 1;
        size.pointers_bytes = size.pointers_bytes.saturating_add(pointer_bytes);
        match value {
            Value::String(string) => size.bytes += string.len() as u64,
            Value::Array(items) => {
                waiting.extend(items.iter().map(|item| (item, depth + 1, pointer_bytes + INDEX_BYTES)));
            }
            Value::Object(members) => {
                size.bytes += members.keys().map(|key| key_bytes(key)).sum::<u64>();
                waiting.extend(members.iter().map(|(key, member)| (member, depth + 1, pointer_bytes + key_bytes(key))));
            }
            _ => {}
        }
    }
    Ok(size)
}

fn key_bytes(key: &str) -> u64 {
    key.len() as u64 + 1
}

/// One subschema and where it leads.
#[derive(Default)]
struct Node {
    pointer: String,
    /// Steps for looking at one value, without the subschemas.
    steps: u64,
    /// Patterns run over one string or key, without the subschemas.
    patterns: u64,
    reference: Option<String>,
    /// Subschemas for the same value.
    same: Vec<usize>,
    /// Subschemas for one member each, of which at most one applies to a member.
    member_choice: Vec<usize>,
    /// Subschemas that may apply to every member.
    member_all: Vec<usize>,
    /// Subschemas for one item each, of which at most one applies to an item.
    item_choice: Vec<usize>,
    /// Subschemas that may apply to every item.
    item_all: Vec<usize>,
    /// `unevaluated…` is there: the library looks at the subschemas again to see what they covered.
    is_evaluated_again: bool,
}

impl Node {
    fn edges(&self) -> impl Iterator<Item = usize> + '_ {
        [&self.same, &self.member_choice, &self.member_all, &self.item_choice, &self.item_all]
            .into_iter()
            .flatten()
            .copied()
    }
}

struct Graph<'a> {
    file: &'a Document<'a>,
    base: &'a str,
    nodes: Vec<Node>,
    by_pointer: HashMap<String, usize>,
    findings: Vec<Finding>,
    patterns: usize,
    patterns_max: usize,
    is_too_large: bool,
}

impl Graph<'_> {
    fn refuse(&mut self, pointer: &str, part: Part, message: impl Into<String>, suggestion: Option<String>) {
        // Telling a place reads the file, so no more is told than is shown.
        if self.findings.len() > FINDINGS_MAX {
            return;
        }
        let place = format!("{}{pointer}", self.base);
        self.findings.push(self.file.finding_with(&place, part, message, suggestion));
    }

    /// Adds a subschema and those below it. Recursion is bounded by the depth of the file.
    fn add(&mut self, schema: &Value, pointer: String) -> Option<usize> {
        if self.nodes.len() == SUBSCHEMAS_MAX {
            if !self.is_too_large {
                self.is_too_large = true;
                self.refuse("", Part::Key, format!("the schema has more than {SUBSCHEMAS_MAX} subschemas"), None);
            }
            return None;
        }
        let index = self.nodes.len();
        self.by_pointer.insert(pointer.clone(), index);
        // Its place is taken before those below it take theirs.
        self.nodes.push(Node::default());
        let mut node = Node { pointer, steps: 1, ..Node::default() };
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            self.add_keyword(&mut node, keyword, value);
        }
        self.nodes[index] = node;
        Some(index)
    }

    fn add_keyword(&mut self, node: &mut Node, keyword: &str, value: &Value) {
        let at = format!("{}/{}", node.pointer, escape_segment(keyword));
        match keyword {
            "$ref" => match value.as_str() {
                Some(reference) => node.reference = Some(reference.to_owned()),
                None => self.refuse(&at, Part::Value, "expected a string such as '#/$defs/name'", None),
            },
            "pattern" => {
                node.patterns += 1;
                if let Some(pattern) = value.as_str() {
                    self.add_pattern(&at, Part::Value, pattern);
                }
            }
            "format" => {
                let format = value.as_str().unwrap_or_default();
                let is_top_level = node.pointer.strip_prefix("/properties/").is_some_and(|name| !name.contains('/'));
                if FILE_FORMATS.contains(&format) && !is_top_level {
                    let message = format!("{} is only possible for a property of 'input' itself", quote(format));
                    self.refuse(&at, Part::Value, message, None);
                }
            }
            "$schema" => {
                if value.as_str() != Some("https://json-schema.org/draft/2020-12/schema") {
                    self.refuse(&at, Part::Value, "only JSON Schema 2020-12 is understood", None);
                }
            }
            _ if PLAIN.contains(&keyword) || keyword.starts_with("x-") => {
                if matches!(keyword, "enum" | "const" | "required" | "dependentRequired") {
                    node.steps += count_scalars(value) / 8;
                }
            }
            _ if SAME_VALUE_LISTS.contains(&keyword) => node.same.extend(self.add_list(value, &at)),
            _ if SAME_VALUE.contains(&keyword) => node.same.extend(self.add(value, at)),
            "prefixItems" => node.item_choice.extend(self.add_list(value, &at)),
            _ if ITEMS.contains(&keyword) => {
                node.is_evaluated_again |= keyword == "unevaluatedItems";
                node.item_all.extend(self.add(value, at));
            }
            _ if MEMBERS.contains(&keyword) => {
                node.is_evaluated_again |= keyword == "unevaluatedProperties";
                node.member_all.extend(self.add(value, at));
            }
            _ if MAPS.contains(&keyword) => {
                let added = self.add_map(value, &at);
                match keyword {
                    "properties" => {
                        node.steps += added.len() as u64 / 8;
                        node.member_choice.extend(added);
                    }
                    "patternProperties" => {
                        node.patterns += added.len() as u64;
                        for pattern in value.as_object().into_iter().flat_map(Map::keys) {
                            self.add_pattern(&format!("{at}/{}", escape_segment(pattern)), Part::Key, pattern);
                        }
                        node.member_all.extend(added);
                    }
                    "dependentSchemas" => node.same.extend(added),
                    _ => {} // $defs lead nowhere until something refers to them
                }
            }
            _ => {
                if let Some((_, instead)) = REFUSED.iter().find(|(refused, _)| *refused == keyword) {
                    let message = format!("{} is not taken in schemas of apps", quote(keyword));
                    self.refuse(&at, Part::Key, message, Some((*instead).to_owned()));
                } else {
                    let known = [PLAIN, SAME_VALUE_LISTS, SAME_VALUE, MEMBERS, ITEMS, MAPS, &["$ref", "prefixItems"]];
                    let suggestion = did_you_mean(keyword, known.into_iter().flatten().copied())
                        .or_else(|| Some("own keywords begin with 'x-'".to_owned()));
                    let message = format!("{} is not a keyword of JSON Schema", quote(keyword));
                    self.refuse(&at, Part::Key, message, suggestion);
                }
            }
        }
    }

    fn add_list(&mut self, value: &Value, at: &str) -> Vec<usize> {
        let items = value.as_array().map_or(&[][..], Vec::as_slice);
        items.iter().enumerate().filter_map(|(index, item)| self.add(item, format!("{at}/{index}"))).collect()
    }

    fn add_map(&mut self, value: &Value, at: &str) -> Vec<usize> {
        let members = value.as_object().into_iter().flatten();
        members.filter_map(|(key, member)| self.add(member, format!("{at}/{}", escape_segment(key)))).collect()
    }

    fn add_pattern(&mut self, at: &str, part: Part, pattern: &str) {
        self.patterns += 1;
        if self.patterns > self.patterns_max {
            if self.patterns == self.patterns_max + 1 {
                let message = if self.patterns_max == PATTERNS_MAX {
                    format!("the schema has more than {PATTERNS_MAX} patterns")
                } else {
                    format!("the schemas of this file have more than {FILE_PATTERNS_MAX} patterns together")
                };
                self.refuse(at, part, message, None);
            }
            return;
        }
        if pattern.chars().nth(PATTERN_CHARS_MAX).is_some() {
            self.refuse(at, part, format!("the pattern is longer than {PATTERN_CHARS_MAX} characters"), None);
        } else if options().build(&json!({ "pattern": pattern })).is_err() {
            self.refuse(
                at,
                part,
                "the pattern cannot be used: it is wrong, too large, or needs what linear-time matching cannot do",
                Some("there is no look-around and no back-reference".to_owned()),
            );
        }
    }

    /// Turns references into edges.
    fn link(&mut self) {
        for index in 0..self.nodes.len() {
            let Some(reference) = self.nodes[index].reference.clone() else { continue };
            let at = format!("{}/$ref", self.nodes[index].pointer);
            let Some(pointer) = reference.strip_prefix('#').filter(|rest| rest.is_empty() || rest.starts_with('/'))
            else {
                let message = format!("{} leads out of this schema; nothing is fetched", quote(&reference));
                self.refuse(&at, Part::Value, message, Some("refer with '#/$defs/…'".to_owned()));
                continue;
            };
            match self.by_pointer.get(pointer) {
                Some(target) if !pointer.contains('%') => {
                    let target = *target;
                    self.nodes[index].same.push(target);
                }
                _ => {
                    let definitions = self.nodes.iter().map(|node| node.pointer.as_str());
                    let near = did_you_mean(pointer, definitions.filter(|pointer| pointer.starts_with("/$defs/")))
                        .map(|near| near.replace("mean '", "mean '#"));
                    let message = format!("{} leads to no subschema of this schema", quote(&reference));
                    self.refuse(&at, Part::Value, message, near);
                }
            }
        }
    }

    /// The subschemas in an order in which those for the same value come before the one that applies them. Fails
    /// where a subschema applies itself to the same value, and where such a chain is too long.
    fn order(&self) -> Result<Vec<usize>, Vec<Finding>> {
        const OPEN: usize = usize::MAX;
        let mut chain = vec![0_usize; self.nodes.len()]; // 0: not seen; OPEN: being walked; else the chain's length
        let mut order = Vec::with_capacity(self.nodes.len());
        for start in 0..self.nodes.len() {
            if chain[start] != 0 {
                continue;
            }
            chain[start] = OPEN;
            let mut path = vec![(start, 0_usize)];
            while let Some((index, next)) = path.last_mut() {
                let node = &self.nodes[*index];
                if let Some(&child) = node.same.get(*next) {
                    *next += 1;
                    if chain[child] == OPEN {
                        let at = format!("{}{}/$ref", self.base, node.pointer);
                        let message = "the reference comes back to itself without a step into the value";
                        return Err(vec![self.file.finding(&at, Part::Value, message)]);
                    }
                    if chain[child] == 0 {
                        chain[child] = OPEN;
                        path.push((child, 0));
                    }
                    continue;
                }
                let length = 1 + node.same.iter().map(|child| chain[*child]).max().unwrap_or(0);
                if length > CHAIN_MAX {
                    let at = format!("{}{}", self.base, node.pointer);
                    let message = format!("more than {CHAIN_MAX} subschemas lead to each other for the same value");
                    return Err(vec![self.file.finding(&at, Part::Key, message)]);
                }
                chain[*index] = length;
                order.push(*index);
                path.pop();
            }
        }
        Ok(order)
    }

    /// An upper bound of how many subschemas lead to each other, references followed and none twice: the longest way
    /// through the strongly connected parts, each counted whole.
    fn compile_depth(&self) -> usize {
        let count = self.nodes.len();
        // Kosaraju: finishing order forwards, then parts backwards.
        let mut is_seen = vec![false; count];
        let mut finished = Vec::with_capacity(count);
        let edges: Vec<Vec<usize>> = self.nodes.iter().map(|node| node.edges().collect()).collect();
        for start in 0..count {
            if is_seen[start] {
                continue;
            }
            is_seen[start] = true;
            let mut path = vec![(start, 0_usize)];
            while let Some((index, next)) = path.last_mut() {
                if let Some(&child) = edges[*index].get(*next) {
                    *next += 1;
                    if !is_seen[child] {
                        is_seen[child] = true;
                        path.push((child, 0));
                    }
                } else {
                    finished.push(*index);
                    path.pop();
                }
            }
        }
        let mut sources = vec![Vec::new(); count];
        for (index, children) in edges.iter().enumerate() {
            children.iter().for_each(|child| sources[*child].push(index));
        }
        let mut part_of = vec![usize::MAX; count];
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for &start in finished.iter().rev() {
            if part_of[start] != usize::MAX {
                continue;
            }
            let part = parts.len();
            part_of[start] = part;
            let mut members = Vec::new();
            let mut waiting = vec![start];
            while let Some(index) = waiting.pop() {
                members.push(index);
                for &source in &sources[index] {
                    if part_of[source] == usize::MAX {
                        part_of[source] = part;
                        waiting.push(source);
                    }
                }
            }
            parts.push(members);
        }
        // Parts are numbered along the edges, so going backwards every target is known.
        let mut depth = vec![0_usize; parts.len()];
        for part in (0..parts.len()).rev() {
            let below = parts[part].iter().flat_map(|index| &edges[*index]).map(|child| part_of[*child]);
            let deepest = below.filter(|other| *other != part).map(|other| depth[other]).max().unwrap_or(0);
            depth[part] = parts[part].len() + deepest;
        }
        part_of.first().map_or(0, |part| depth[*part])
    }

    /// An upper bound of the cost that applying the root to a value brings to any one value in it: the maximum over
    /// all depths of an input. Saturates.
    fn visits_per_value(&self, order: &[usize], own: impl Fn(&Node) -> u64) -> u64 {
        let mut above: Vec<u64> = vec![0; self.nodes.len()];
        let mut worst = 0;
        for depth in 0..INPUT_DEPTH_MAX {
            let mut here: Vec<u64> = vec![0; self.nodes.len()];
            for &index in order {
                let node = &self.nodes[index];
                let sum = |list: &[usize], table: &[u64]| {
                    list.iter().fold(0_u64, |sum, child| sum.saturating_add(table[*child]))
                };
                let best = |list: &[usize]| list.iter().map(|child| above[*child]).max().unwrap_or(0);
                let below = |choice: &[usize], all: &[usize]| best(choice).saturating_add(sum(all, &above));
                let mut cost = sum(&node.same, &here);
                if depth == 0 {
                    cost = cost.saturating_add(own(node));
                } else {
                    cost = cost.saturating_add(
                        below(&node.member_choice, &node.member_all).max(below(&node.item_choice, &node.item_all)),
                    );
                }
                here[index] = if node.is_evaluated_again { cost.saturating_mul(3) } else { cost };
            }
            worst = worst.max(here.first().copied().unwrap_or(0));
            above = here;
        }
        worst
    }
}

fn count_scalars(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.iter().map(count_scalars).sum(),
        Value::Object(members) => members.values().map(count_scalars).sum::<u64>() + members.len() as u64,
        _ => 1,
    }
}
