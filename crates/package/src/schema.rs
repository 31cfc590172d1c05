//! The schemas of the package's files, and what breaking them sounds like.
//!
//! One JSON Schema per file, in `schemas/`, is the only place that says what a file may hold; `docs/schemas/` is a
//! copy for editors.

use crate::{
    document::{Document, Part, escape_segment},
    finding::{FINDINGS_MAX, Finding, did_you_mean, quote},
    multiple::multiple_of,
};
use jsonschema::{
    Draft, PatternOptions, Registry, ValidationError, ValidationOptions, Validator,
    error::{TypeKind, ValidationErrorKind},
};
use protocol::text;
use serde_json::Value;
use std::sync::{LazyLock, OnceLock};

/// Schemas by the name they are published under.
pub const SCHEMAS: [(&str, &str); 8] = [
    ("manifest.schema.json", include_str!("../schemas/manifest.schema.json")),
    ("kimai.schema.json", include_str!("../schemas/kimai.schema.json")),
    ("package.schema.json", include_str!("../schemas/package.schema.json")),
    ("permissions.schema.json", include_str!("../schemas/permissions.schema.json")),
    ("action-schema.schema.json", include_str!("../schemas/action-schema.schema.json")),
    ("ui-schema.schema.json", include_str!("../schemas/ui-schema.schema.json")),
    ("llm-tool.schema.json", include_str!("../schemas/llm-tool.schema.json")),
    ("tests.schema.json", include_str!("../schemas/tests.schema.json")),
];

/// Where the schemas refer to each other from. Nothing is ever fetched: the validator is built without that ability.
const BASE: &str = "oikos:///schemas/";
/// Memory of one compiled pattern. Honest patterns need a few KiB; a bomb such as `(a{1000}){1000}` needs gigabytes.
const PATTERN_PROGRAM_BYTES_MAX: usize = 256 << 10;
/// Values of an enum that an error lists.
const OPTIONS_SHOWN_MAX: usize = 12;

/// Errors that are described, before they are sorted and the first ones shown: describing one reads the file.
const DESCRIBED_MAX: usize = 5 * FINDINGS_MAX;

/// One of the schemas, in the order of [`SCHEMAS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schema {
    Manifest,
    Plugin,
    Npm,
    Permissions,
    Actions,
    Ui,
    Tools,
    Cases,
}

/// The schemas, compiled when first needed.
pub(crate) struct Schemas {
    documents: Vec<Value>,
    validators: [OnceLock<Validator>; SCHEMAS.len()],
}

/// Compiling takes longer than reading a package, and the schemas are constants of the program: so once is enough.
static COMPILED: LazyLock<Schemas> = LazyLock::new(Schemas::new);

/// The schemas.
pub(crate) fn schemas() -> &'static Schemas {
    &COMPILED
}

impl Schemas {
    fn new() -> Self {
        let documents = SCHEMAS.iter().map(|(_, text)| serde_json::from_str(text).expect("our own schemas are JSON"));
        Self { documents: documents.collect(), validators: Default::default() }
    }

    fn compile(&self, schema: Schema) -> Validator {
        let pairs =
            SCHEMAS.iter().zip(&self.documents).map(|((name, _), document)| (format!("{BASE}{name}"), document));
        let registry = Registry::new()
            .draft(Draft::Draft202012)
            .extend(pairs)
            .and_then(|registry| registry.prepare())
            .expect("our own schemas refer to each other");
        options()
            .with_base_uri(format!("{BASE}{}", SCHEMAS[schema as usize].0))
            .with_registry(&registry)
            .build(&self.documents[schema as usize])
            .expect("our own schemas are schemas")
    }

    /// Checks a file and says what is wrong, in the order of its lines.
    pub(crate) fn check(&self, schema: Schema, file: &Document<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        let validator = self.validators[schema as usize].get_or_init(|| self.compile(schema));
        for error in validator.iter_errors(&file.value).take(DESCRIBED_MAX) {
            self.describe(schema, file, &error, &mut findings);
        }
        findings.sort_by_key(|finding| finding.place.as_ref().map(|place| (place.line, place.column)));
        findings.dedup();
        findings
    }

    fn describe(&self, schema: Schema, file: &Document<'_>, error: &ValidationError<'_>, findings: &mut Vec<Finding>) {
        let pointer = error.instance_path().as_str();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = self.parent_of(schema, error).and_then(|parent| parent.get("properties"));
                let known: Vec<&str> =
                    known.and_then(Value::as_object).into_iter().flatten().map(|(key, _)| key.as_str()).collect();
                for key in unexpected.iter().take(DESCRIBED_MAX) {
                    findings.push(file.finding_with(
                        &format!("{pointer}/{}", escape_segment(key)),
                        Part::Key,
                        format!("unknown key {}", quote(key)),
                        did_you_mean(key, known.iter().copied()),
                    ));
                }
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                findings.push(file.finding(pointer, Part::Value, format!("the key {} is missing here", quote(key))));
            }
            ValidationErrorKind::PropertyNames { error: inner } => {
                let key = inner.instance().as_str().unwrap_or_default();
                let parent = self.parent_of(schema, error).and_then(|parent| parent.get("propertyNames"));
                findings.push(file.finding(
                    &format!("{pointer}/{}", escape_segment(key)),
                    Part::Key,
                    format!("the key {} is not {}", quote(key), description(parent).unwrap_or("allowed here")),
                ));
            }
            kind => {
                let rule = description(self.parent_of(schema, error));
                let (message, suggestion) = explain(kind, error.instance(), rule);
                findings.push(file.finding_with(pointer, Part::Value, message, suggestion));
            }
        }
    }

    /// The schema object that holds the keyword that failed.
    fn parent_of(&self, schema: Schema, error: &ValidationError<'_>) -> Option<&Value> {
        let (document, path) = match error.absolute_keyword_location() {
            Some(uri) => {
                let (base, path) = uri.as_str().split_once('#')?;
                let name = base.strip_prefix(BASE)?;
                let index = SCHEMAS.iter().position(|(known, _)| *known == name)?;
                (&self.documents[index], path.to_owned())
            }
            None => (&self.documents[schema as usize], error.schema_path().as_str().to_owned()),
        };
        document.pointer(path.rsplit_once('/').map_or("", |(parent, _)| parent).replace("%24", "$").as_str())
    }
}

fn description(schema: Option<&Value>) -> Option<&str> {
    schema.and_then(|schema| schema.get("description")).and_then(Value::as_str)
}

/// The options of every validator here: this draft only, patterns in linear time and bounded memory, nothing fetched.
pub(crate) fn options<'a>() -> ValidationOptions<'a> {
    let patterns = PatternOptions::regex().size_limit(PATTERN_PROGRAM_BYTES_MAX);
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(false)
        .with_pattern_options(patterns.dfa_size_limit(PATTERN_PROGRAM_BYTES_MAX))
        .with_keyword("multipleOf", multiple_of)
}

/// What was expected and what was found, and the nearest word where the choice is closed. `rule` is the description
/// that the schema gives beside the keyword.
pub(crate) fn explain(kind: &ValidationErrorKind, found: &Value, rule: Option<&str>) -> (String, Option<String>) {
    let shown = show(found);
    let message = match kind {
        ValidationErrorKind::Type { kind } => {
            let mut types: Vec<String> = Vec::new();
            match kind {
                TypeKind::Single(single) => types.push(single.to_string()),
                TypeKind::Multiple(several) => types.extend(several.iter().map(|json_type| json_type.to_string())),
            }
            let types: Vec<_> = types.iter().map(|word| with_article(word)).collect();
            format!("expected {}, found {}", join_or(&types), describe_type(found))
        }
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().map_or(&[][..], Vec::as_slice);
            let words: Vec<_> = options.iter().take(OPTIONS_SHOWN_MAX).map(show).collect();
            let more = if options.len() > OPTIONS_SHOWN_MAX { " …" } else { "" };
            let nearest = found.as_str().and_then(|word| did_you_mean(word, options.iter().filter_map(Value::as_str)));
            return (format!("expected {}{more}, found {shown}", join_or(&words)), nearest);
        }
        ValidationErrorKind::Constant { expected_value } => format!("expected {}, found {shown}", show(expected_value)),
        ValidationErrorKind::Pattern { pattern } => match rule {
            Some(rule) => format!("{shown} is not valid here: {}", text::shorten(rule, 200)),
            None => format!("{shown} does not match the pattern {}", quote(pattern)),
        },
        ValidationErrorKind::MinLength { limit: 1 } => "expected some text, found none".to_owned(),
        ValidationErrorKind::MinLength { limit } => format!("expected at least {limit} characters, found {shown}"),
        ValidationErrorKind::MaxLength { limit } => format!("expected at most {limit} characters, found {shown}"),
        ValidationErrorKind::MinItems { limit } => format!("expected at least {limit} entries"),
        ValidationErrorKind::MaxItems { limit } => format!("expected at most {limit} entries"),
        ValidationErrorKind::MinProperties { limit } => format!("expected at least {limit} keys"),
        ValidationErrorKind::MaxProperties { limit } => format!("expected at most {limit} keys"),
        ValidationErrorKind::Minimum { limit } => format!("expected at least {limit}, found {shown}"),
        ValidationErrorKind::Maximum { limit } => format!("expected at most {limit}, found {shown}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("expected more than {limit}, found {shown}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("expected less than {limit}, found {shown}"),
        ValidationErrorKind::Custom { message, .. } => message.clone(),
        ValidationErrorKind::UniqueItems => "an entry is there twice".to_owned(),
        ValidationErrorKind::Contains => "no entry is of the kind that must be among them".to_owned(),
        ValidationErrorKind::FalseSchema => "nothing is allowed here".to_owned(),
        ValidationErrorKind::Not { .. } => format!("{shown} is what must not be here"),
        ValidationErrorKind::Required { property } => format!("the key {} is missing", show(property)),
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let shown: Vec<_> = unexpected.iter().take(OPTIONS_SHOWN_MAX).map(|key| quote(key)).collect();
            format!("unknown {} {}", if unexpected.len() == 1 { "key" } else { "keys" }, shown.join(", "))
        }
        ValidationErrorKind::AdditionalItems { limit } => format!("expected at most {limit} entries"),
        ValidationErrorKind::UnevaluatedItems { .. } => "has entries that nothing allows".to_owned(),
        ValidationErrorKind::PropertyNames { error } => {
            format!("the key {} is not allowed here", show(error.instance()))
        }
        ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            format!("{shown} fits none of the forms that are allowed here")
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            format!("{shown} fits several of the forms of which exactly one must fit")
        }
        other => format!("{shown} does not fit the schema's '{}'", other.keyword()),
    };
    (message, None)
}

/// A value as an error shows it: short, escaped, strings in quotes.
pub(crate) fn show(value: &Value) -> String {
    match value {
        Value::String(string) => quote(string),
        Value::Object(_) | Value::Array(_) => describe_type(value).to_owned(),
        scalar => scalar.to_string(),
    }
}

fn describe_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn with_article(word: &str) -> String {
    match word {
        "null" => word.to_owned(),
        "integer" | "object" | "array" => format!("an {word}"),
        _ => format!("a {word}"),
    }
}

fn join_or(words: &[String]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}
