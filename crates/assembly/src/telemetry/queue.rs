//! Where spans wait to be sent, and how many became what.

use opentelemetry::Context;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::mpsc;

/// What became of spans, since the start.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    queued: AtomicU64,
    sent: AtomicU64,
    queue_full: AtomicU64,
    unreachable: AtomicU64,
    refused: AtomicU64,
}

impl Counts {
    /// How they ended, by words for a chart.
    pub(crate) fn ends(&self) -> [(&'static str, u64); 4] {
        [
            ("sent", self.sent()),
            ("queue_full", self.queue_full.load(Relaxed)),
            ("unreachable", self.unreachable.load(Relaxed)),
            ("refused", self.refused.load(Relaxed)),
        ]
    }

    /// Those that the collector has.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    /// Those that nobody will ever see.
    pub(crate) fn lost(&self) -> u64 {
        self.ends().iter().filter(|(word, _)| *word != "sent").map(|(_, count)| count).sum()
    }

    /// Those that wait, also for an answer.
    pub(crate) fn waiting(&self) -> u64 {
        let [sent, _, unreachable, refused] = self.ends().map(|(_, count)| count);
        self.queued.load(Relaxed).saturating_sub(sent + unreachable + refused)
    }

    pub(super) fn add_sent(&self, spans: u64) {
        self.sent.fetch_add(spans, Relaxed);
    }

    pub(super) fn add_unreachable(&self, spans: u64) {
        self.unreachable.fetch_add(spans, Relaxed);
    }

    pub(super) fn add_refused(&self, spans: u64) {
        self.refused.fetch_add(spans, Relaxed);
    }
}

/// Takes spans when they end. Whoever ends one does not wait: what finds no room is dropped.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) waiting: mpsc::Sender<SpanData>,
    pub(super) counts: Arc<Counts>,
}

impl SpanProcessor for Queue {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        // Counted before: whoever sends it may be quicker.
        self.counts.queued.fetch_add(1, Relaxed);
        if self.waiting.try_send(span).is_err() {
            self.counts.queued.fetch_sub(1, Relaxed);
            self.counts.queue_full.fetch_add(1, Relaxed);
        }
    }

    /// Sending is a task of its own, which knows when it ends.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
