//! What is told of a span, and how: one table. What does not stand in it does not leave the machine, whoever adds it to a
//! span. Pure.

use crate::log_file::is_ours;
use opentelemetry::{
    KeyValue, Value,
    trace::{SpanKind, Status},
};
use opentelemetry_proto::{
    tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    transform::{common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope},
};
use opentelemetry_sdk::{Resource, trace::SpanData};
use prost::Message as _;

/// Spans that are told.
const SPANS: &[&str] = &["request", "run", "call"];
/// A word of ours is shorter: codes, routes, names of apps and actions, ids.
const WORD_CHARS_MAX: usize = 160;

/// How a field is written there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    Word,
    Number,
}

/// Fields that are told, what they are called there, and how they are written. Words are of our own making or checked when
/// they came: names of apps and actions, ids, codes, routes as they are described.
const FIELDS: &[(&str, &str, As)] = &[
    ("method", "http.request.method", As::Word),
    ("route", "http.route", As::Word),
    ("status", "http.response.status_code", As::Number),
    ("kind", "oikos.message", As::Word),
    ("owner", "oikos.owner", As::Number),
    ("run", "oikos.run", As::Word),
    ("app", "oikos.app", As::Word),
    ("action", "oikos.action", As::Word),
    ("effect", "oikos.effect", As::Word),
    ("code", "error.type", As::Word),
    ("cpu_us", "oikos.cpu_us", As::Number),
    ("memory_bytes", "oikos.memory_bytes", As::Number),
    ("host_bytes", "oikos.host_bytes", As::Number),
];

/// Whether a span of this name, made by this part, is told.
pub(super) fn is_told(target: &str, name: &str) -> bool {
    SPANS.contains(&name) && is_ours(target)
}

/// A message to the collector.
pub(super) fn message(spans: Vec<SpanData>, resource: &Resource) -> Vec<u8> {
    let spans = spans.into_iter().map(told).collect();
    let resource_spans = group_spans_by_resource_and_scope(spans, &ResourceAttributesWithSchema::from(resource));
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

/// How many spans of a message its answer says were not taken. An answer that cannot be read says that all were.
pub(super) fn rejected(answer: &[u8]) -> u64 {
    let answer = ExportTraceServiceResponse::decode(answer).unwrap_or_default();
    let rejected = answer.partial_success.map_or(0, |partly| partly.rejected_spans);
    u64::try_from(rejected).unwrap_or(0)
}

/// What is told of a span.
fn told(mut span: SpanData) -> SpanData {
    let word = |field: &str| {
        let found = span.attributes.iter().rfind(|given| given.key.as_str() == field);
        found.map(|given| short(&given.value.as_str()))
    };
    let (has_failed, status) = (word("code").is_some(), word("status").and_then(|status| status.parse::<u16>().ok()));
    let named = match &*span.name {
        "request" => word("kind").or_else(|| Some(format!("{} {}", word("method")?, word("route")?))),
        "run" => word("app").zip(word("action")).map(|(app, action)| format!("run {app}.{action}")),
        "call" => word("effect").map(|effect| format!("call {effect}")),
        _ => None,
    };
    if span.name == "request" {
        span.span_kind = SpanKind::Server;
    }
    if has_failed || status.is_some_and(|status| status >= 500) {
        span.status = Status::error("");
    }
    span.name = named.map_or(span.name, Into::into);
    span.attributes = span.attributes.iter().filter_map(attribute).collect();
    span
}

fn attribute(given: &KeyValue) -> Option<KeyValue> {
    let (_, name, kind) = FIELDS.iter().find(|(field, ..)| *field == given.key.as_str())?;
    let said = given.value.as_str();
    let value = match kind {
        As::Word => Value::from(short(&said)),
        // A number that is none would be somebody's words.
        As::Number => Value::I64(said.parse().ok()?),
    };
    Some(KeyValue::new(*name, value))
}

fn short(said: &str) -> String {
    said.chars().take(WORD_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use opentelemetry::{
        InstrumentationScope,
        trace::{SpanContext, SpanId},
    };
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};
    use std::time::UNIX_EPOCH;

    fn span(name: &'static str, fields: &[(&'static str, &str)]) -> SpanData {
        SpanData {
            span_context: SpanContext::empty_context(),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: name.into(),
            start_time: UNIX_EPOCH,
            end_time: UNIX_EPOCH,
            attributes: fields.iter().map(|(key, value)| KeyValue::new(*key, (*value).to_owned())).collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    fn check(given: SpanData, expected_name: &str, is_error: bool, expected: &[(&str, &str)]) {
        let told = told(given);
        let fields: Vec<_> =
            told.attributes.iter().map(|told| (told.key.to_string(), told.value.to_string())).collect();
        let expected: Vec<_> = expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        assert_eq!((told.name.as_ref(), fields), (expected_name, expected));
        assert_eq!(told.status != Status::Unset, is_error, "{told:?}");
    }

    #[test]
    fn what_stands_in_the_table_is_told_and_nothing_else() {
        let asked = [("method", "GET"), ("route", "/api/v1/apps/{app}"), ("owner", "1"), ("status", "200")];
        let told = [
            ("http.request.method", "GET"),
            ("http.route", "/api/v1/apps/{app}"),
            ("oikos.owner", "1"),
            ("http.response.status_code", "200"),
        ];
        check(span("request", &asked), "GET /api/v1/apps/{app}", false, &told);
        check(span("request", &[("status", "503")]), "request", true, &[("http.response.status_code", "503")]);
        check(span("request", &[("kind", "CANCEL")]), "CANCEL", false, &[("oikos.message", "CANCEL")]);
        let ran = [("run", "0193"), ("app", "notes"), ("action", "add"), ("input", "SECRET"), ("code", "timeout")];
        let told = [("oikos.run", "0193"), ("oikos.app", "notes"), ("oikos.action", "add"), ("error.type", "timeout")];
        check(span("run", &ran), "run notes.add", true, &told);
        check(span("call", &[("effect", "http"), ("url", "SECRET")]), "call http", false, &[("oikos.effect", "http")]);
        // A number is one.
        check(span("run", &[("cpu_us", "SECRET"), ("cpu_us", "5")]), "run", false, &[("oikos.cpu_us", "5")]);
        let long = "x".repeat(1_000);
        check(
            span("call", &[("effect", &long)]),
            &format!("call {}", "x".repeat(160)),
            false,
            &[("oikos.effect", &"x".repeat(160))],
        );
    }

    #[test]
    fn an_answer_says_how_many_were_not_taken() {
        let partly = ExportTracePartialSuccess { rejected_spans: 3, error_message: "too old".to_owned() };
        let answer = ExportTraceServiceResponse { partial_success: Some(partly) };
        assert_eq!(rejected(&answer.encode_to_vec()), 3);
        assert_eq!((rejected(b""), rejected(b"{}"), rejected(&[0xff; 64])), (0, 0, 0));
    }

    #[test]
    fn a_message_is_what_a_collector_reads() {
        let resource = Resource::builder_empty().with_service_name("here").build();
        let message = message(vec![span("call", &[("effect", "http")])], &resource);
        let read = ExportTraceServiceRequest::decode(message.as_slice()).unwrap();
        assert_eq!(read.resource_spans[0].scope_spans[0].spans[0].name, "call http");
        assert!(format!("{:?}", read.resource_spans[0].resource).contains("here"));
    }
}
