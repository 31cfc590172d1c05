//! Traces of what a service does, for the collector that the set-up names. Nothing goes anywhere unless it names one.
//!
//! The spans are those that the records of the log stand within: a request, a run, a call of its app. What of them is told
//! stands in one table ([`words`]). They wait in a queue that does not grow, and are sent by a task of its own: a collector
//! that is slow, or not there, costs spans and never time.

mod collector; // who gets them, and the way there
mod headers; // what the collector wants to see, from a file
mod queue; // where spans wait, and how many became what
mod sender; // from the queue to the collector
mod words; // what is told of a span, and how

pub(crate) use queue::Counts;

use crate::{Config, Oikos, TelemetrySetup, doctor::check, observe::Observer};
use collector::{Collector, Posted};
use egress::Bounds;
use opentelemetry::{
    Context, KeyValue,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    resource::TelemetryResourceDetector,
    trace::{Sampler, SdkTracerProvider, SpanLimits},
};
use protocol::{Caller, Failure, OwnerId, api::DoctorCheck, text};
use queue::Queue;
use sender::Sender;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer as _, filter::filter_fn};

/// Spans that wait to be sent; what comes when they are so many is dropped and counted. A kilobyte each.
const WAITING_MAX: usize = 2_048;
/// What is told of a span is a few fields; this is for whoever adds more of them.
const ATTRIBUTES_MAX: u32 = 32;
/// How long the last spans may take to be sent when the service ends.
const FLUSH_WAIT: Duration = Duration::from_secs(3);
/// A longer word of which trace a request is a part is none.
const TRACEPARENT_BYTES_MAX: usize = 128;
/// What doctor waits for: a person sits there.
const PROBE: Bounds = Bounds {
    body_bytes: collector::ANSWER_BYTES_MAX,
    connect_ms: 2_000,
    answer_ms: 3_000,
    idle_ms: 1_000,
    total_ms: 5_000,
};

/// What an oikos knows of where its traces go.
#[derive(Clone)]
pub(crate) struct Destination {
    collector: Arc<Collector>,
    counts: Arc<Counts>,
    resource: Arc<Resource>,
}

/// Traces on their way, for as long as a service is up.
#[derive(Debug)]
pub struct Telemetry {
    counts: Arc<Counts>,
    over: watch::Sender<bool>,
    sending: JoinHandle<()>,
}

impl Telemetry {
    /// Traces as the set-up wants them, and what makes them of the spans of this process. `None`: it wants none.
    pub(crate) fn open(config: &Config, oikos: &Oikos) -> Result<Option<(Self, Observer)>, Failure> {
        let Some(setup) = &config.telemetry else { return Ok(None) };
        let headers = setup.headers_file.as_deref().map(headers::read).transpose()?.unwrap_or_default();
        let collector = Arc::new(Collector::new(config, setup, headers, oikos.caller(false))?);
        let counts = Arc::<Counts>::default();
        let resource = Arc::new(resource(setup, oikos));
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        let (over, is_over) = watch::channel(false);
        let layer = layer(setup, Queue { waiting: queue, counts: counts.clone() });
        let destination =
            Destination { collector: collector.clone(), counts: counts.clone(), resource: resource.clone() };
        // Set once: a process tells its traces to one place.
        drop(oikos.telemetry.set(destination));
        let sender = Sender::new(collector, resource, waiting, counts.clone(), is_over);
        Ok(Some((Self { counts, over, sending: tokio::spawn(sender.run()) }, layer)))
    }

    /// Sends what waits, as far as there is time for it.
    pub async fn end(mut self) {
        let lost = self.counts.lost();
        self.over.send_replace(true);
        if tokio::time::timeout(FLUSH_WAIT, &mut self.sending).await.is_err() {
            self.sending.abort();
        }
        let spans = self.counts.waiting() + self.counts.lost() - lost;
        if spans > 0 {
            tracing::warn!(spans, "spans could not be sent before the end");
        }
    }
}

/// Says of where traces come from what the set-up says, and nothing that the environment does.
fn resource(setup: &TelemetrySetup, oikos: &Oikos) -> Resource {
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes([
            KeyValue::new("service.name", setup.service.clone()),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", oikos.caller(false).device.to_string()),
        ])
        .build()
}

fn layer(setup: &TelemetrySetup, queue: Queue) -> Observer {
    let limits = SpanLimits {
        max_events_per_span: 0,
        max_attributes_per_span: ATTRIBUTES_MAX,
        max_links_per_span: 0,
        max_attributes_per_event: 0,
        max_attributes_per_link: 0,
    };
    let provider = SdkTracerProvider::builder()
        .with_span_processor(queue)
        // What a caller decided of a trace of theirs holds for their part of it.
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(setup.sample))))
        .with_span_limits(limits)
        .with_resource(Resource::builder_empty().build())
        .build();
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("oikos"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        // Parents are found among the spans of this process; nothing else here keeps any.
        .with_context_activation(false)
        // Records stay in the log: they are words, and what leaves the machine is figures and names.
        .with_filter(filter_fn(|told| told.is_span() && words::is_told(told.target(), told.name())))
        .boxed()
}

/// Makes a request a part of its caller's trace, if what they say is one.
pub(crate) fn join(request: &tracing::Span, traceparent: &str) {
    if traceparent.len() > TRACEPARENT_BYTES_MAX {
        return;
    }
    let theirs = TraceContextPropagator::new().extract_with_context(&Context::new(), &Said(traceparent));
    if theirs.span().span_context().is_valid() {
        // Where this request is not traced, there is nothing to join.
        drop(request.set_parent(theirs));
    }
}

/// The one header of a caller's trace that is read. `tracestate` beside it is free text, and would be passed on.
struct Said<'a>(&'a str);

impl Extractor for Said<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

impl Destination {
    /// How many spans became what.
    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Whether the collector takes traces now: it is sent one without spans. Where they go is the operator's matter.
    pub(crate) async fn check(&self, caller: &Caller) -> Option<DoctorCheck> {
        if caller.owner != OwnerId::LOCAL {
            return None;
        }
        let posted = self.collector.post(words::message(Vec::new(), &self.resource), &PROBE).await;
        let lost = match self.counts.lost() {
            0 => "none lost".to_owned(),
            lost => format!("{} lost", text::count(lost, "span")),
        };
        let so_far = format!("since the start {} sent, {lost}", text::count(self.counts.sent(), "span"));
        let url = self.collector.shown();
        let (why, hint) = match posted {
            Posted::Taken { .. } => {
                return Some(check("telemetry", true, format!("{url} takes traces; {so_far}"), None));
            }
            Posted::Refused { why, hint } | Posted::Later { why, hint } => (why, hint),
        };
        Some(check("telemetry", false, format!("{url} does not take traces: {why}; {so_far}"), Some(hint)))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use opentelemetry_sdk::trace::SpanData;
    use tracing::{debug_span, info_span};
    use tracing_subscriber::layer::SubscriberExt as _;

    /// What is queued of the spans that `work` makes.
    fn spans(sample: f64, room: usize, work: impl FnOnce()) -> (Vec<SpanData>, Arc<Counts>) {
        let counts = Arc::<Counts>::default();
        let (queue, mut waiting) = mpsc::channel(room);
        let setup = TelemetrySetup {
            otlp: broker::WebUrl::parse("http://127.0.0.1:4318").unwrap(),
            service: "oikos".to_owned(),
            headers_file: None,
            sample,
        };
        let layers = vec![layer(&setup, Queue { waiting: queue, counts: counts.clone() })];
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layers), work);
        let mut spans = Vec::new();
        while let Ok(span) = waiting.try_recv() {
            spans.push(span);
        }
        (spans, counts)
    }

    #[test]
    fn a_call_is_within_its_run_and_that_within_its_request() {
        let (spans, _) = spans(1.0, 100, || {
            let request = info_span!(target: "gateway::router", "request", method = "GET", owner = 1_u64);
            let _request = request.enter();
            let run = info_span!(target: "kernel::run", "run", run = "r", secret = "SECRET");
            // What others make, and what nobody knows here, is not told.
            drop(info_span!(target: "hyper::client", "request"));
            drop(info_span!(target: "kernel", "other"));
            run.in_scope(|| drop(debug_span!(target: "kernel::host", "call", effect = "file")));
            tracing::error!(target: "kernel", parent: &run, "SECRET");
        });
        let names: Vec<_> = spans.iter().map(|span| span.name.as_ref()).collect();
        assert_eq!(names, ["call", "run", "request"]);
        let [call, run, request] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!(call.parent_span_id, run.span_context.span_id());
        assert_eq!(run.parent_span_id, request.span_context.span_id());
        assert!(spans.iter().all(|span| span.span_context.trace_id() == request.span_context.trace_id()));
        assert!(spans.iter().all(|span| span.events.is_empty()));
    }

    #[test]
    fn a_caller_says_of_which_trace_a_request_is_a_part() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        let asked = |sample: f64, said: &str| {
            let (spans, _) = spans(sample, 100, || {
                let request = info_span!(target: "gateway::router", "request");
                join(&request, said);
                request.in_scope(|| drop(info_span!(target: "kernel::run", "run")));
            });
            spans.iter().map(|span| span.span_context.trace_id().to_string()).collect::<Vec<_>>()
        };
        let theirs = [TRACE, TRACE];
        assert_eq!(asked(1.0, &format!("00-{TRACE}-00f067aa0ba902b7-01")), theirs);
        // Whether it is kept was decided by whoever began it.
        assert_eq!(asked(0.0, &format!("00-{TRACE}-00f067aa0ba902b7-01")), theirs);
        assert!(asked(1.0, &format!("00-{TRACE}-00f067aa0ba902b7-00")).is_empty());
        assert!(asked(0.0, "").is_empty());
        let long = format!("01-{TRACE}-00f067aa0ba902b7-01-{}", "x".repeat(200));
        for said in ["", "x", "00-0-0-01", &format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)), &long] {
            let own = asked(1.0, said);
            assert!(own.len() == 2 && own[0] == own[1] && own[0] != TRACE, "{said}: {own:?}");
        }
    }

    #[test]
    fn what_finds_no_room_is_counted_and_nobody_waits() {
        let (spans, counts) = spans(1.0, 3, || {
            for _ in 0..10 {
                drop(info_span!(target: "kernel::run", "run"));
            }
        });
        assert_eq!((spans.len(), counts.waiting(), counts.lost(), counts.sent()), (3, 3, 7, 0));
    }
}
