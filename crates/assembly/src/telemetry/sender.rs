//! From the queue to the collector: some at a time, tried again where that may help, and given up where it does not.

use super::{
    collector::{ANSWER_BYTES_MAX, Collector, Posted},
    queue::Counts,
    words,
};
use bytes::Bytes;
use egress::Bounds;
use opentelemetry_sdk::{Resource, trace::SpanData};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

/// Spans that go out in one message.
const BATCH_MAX: usize = 512;
/// How long the first of them waits for others.
const GATHER: Duration = Duration::from_secs(1);
/// How often a message is tried; then it is dropped, and the next one has its turn.
const TRIES_MAX: u32 = 4;
/// How long between the first two tries. Each further pause is twice as long.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// How often trouble with the collector is said at most, however often it comes and goes.
const SAY_EVERY: Duration = Duration::from_secs(600);
/// What a message may take.
const BOUNDS: Bounds =
    Bounds { body_bytes: ANSWER_BYTES_MAX, connect_ms: 5_000, answer_ms: 5_000, idle_ms: 2_000, total_ms: 10_000 };

/// Sends what waits.
pub(super) struct Sender {
    collector: Arc<Collector>,
    resource: Arc<Resource>,
    waiting: mpsc::Receiver<SpanData>,
    counts: Arc<Counts>,
    is_over: watch::Receiver<bool>,
    trouble: Option<Trouble>,
    said_at: Option<Instant>,
}

/// The collector does not take what is sent.
struct Trouble {
    was_said: bool,
    lost_before: u64,
}

impl Sender {
    pub(super) fn new(
        collector: Arc<Collector>,
        resource: Arc<Resource>,
        waiting: mpsc::Receiver<SpanData>,
        counts: Arc<Counts>,
        is_over: watch::Receiver<bool>,
    ) -> Self {
        Self { collector, resource, waiting, counts, is_over, trouble: None, said_at: None }
    }

    /// Until all has been sent after the end was told.
    pub(super) async fn run(mut self) {
        loop {
            let batch = self.gather().await;
            if batch.is_empty() {
                return;
            }
            self.deliver(batch).await;
        }
    }

    /// Some spans, or none if there will be no more.
    async fn gather(&mut self) -> Vec<SpanData> {
        let mut batch = Vec::new();
        let mut is_over = self.is_over.clone();
        let over = async move { drop(is_over.wait_for(|is_over| *is_over).await) };
        tokio::pin!(over);
        let mut due = None;
        while batch.len() < BATCH_MAX {
            let room = BATCH_MAX - batch.len();
            let enough = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                got = self.waiting.recv_many(&mut batch, room) => {
                    if got == 0 {
                        break;
                    }
                    due.get_or_insert_with(|| Instant::now() + GATHER);
                }
                () = &mut over => break,
                () = enough => break,
            }
        }
        batch
    }

    async fn deliver(&mut self, batch: Vec<SpanData>) {
        let spans = batch.len() as u64;
        let message = Bytes::from(words::message(batch, &self.resource));
        let mut pause = PAUSE_FIRST;
        for attempt in 1..=TRIES_MAX {
            match self.collector.post(message.clone(), &BOUNDS).await {
                Posted::Taken { rejected } => {
                    let rejected = rejected.min(spans);
                    self.counts.add_sent(spans - rejected);
                    self.counts.add_refused(rejected);
                    return self.well();
                }
                Posted::Refused { why, .. } => {
                    self.counts.add_refused(spans);
                    return self.unwell(&why);
                }
                Posted::Later { why, .. } => {
                    // A connection that was idle may have been closed just then: that is no trouble yet.
                    if attempt > 1 || *self.is_over.borrow() {
                        self.unwell(&why);
                    }
                }
            }
            if attempt == TRIES_MAX || *self.is_over.borrow() {
                break;
            }
            let mut is_over = self.is_over.clone();
            tokio::select! {
                // One more try then, at once.
                _ = is_over.wait_for(|is_over| *is_over) => {}
                () = sleep(pause) => {}
            }
            pause *= 2;
        }
        self.counts.add_unreachable(spans);
    }

    /// Says once that there is trouble, until there is none.
    fn unwell(&mut self, why: &str) {
        if self.trouble.is_some() {
            return;
        }
        let was_said = self.said_at.is_none_or(|at| at.elapsed() >= SAY_EVERY);
        self.trouble = Some(Trouble { was_said, lost_before: self.counts.lost() });
        if was_said {
            self.said_at = Some(Instant::now());
            let collector = self.collector.shown();
            tracing::warn!(
                collector,
                why,
                "traces cannot be sent; runs go on without, and what finds no room is dropped"
            );
        }
    }

    fn well(&mut self) {
        if let Some(Trouble { was_said: true, lost_before }) = self.trouble.take() {
            let lost = self.counts.lost().saturating_sub(lost_before);
            tracing::info!(lost, "traces can be sent again");
        }
    }
}
