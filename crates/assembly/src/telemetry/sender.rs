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
    mood: Mood,
}

/// How it goes with the collector, and what was said about it.
#[derive(Default)]
struct Mood {
    trouble: Option<Trouble>,
    said_at: Option<Instant>,
}

/// The collector does not take what is sent.
struct Trouble {
    was_said: bool,
    lost_before: u64,
}

impl Mood {
    /// It goes wrong, and so many had been lost before. Whether that is to be said now.
    fn unwell(&mut self, now: Instant, lost: u64) -> bool {
        let trouble = self.trouble.get_or_insert(Trouble { was_said: false, lost_before: lost });
        let was_just_said = self.said_at.is_some_and(|at| now.duration_since(at) < SAY_EVERY);
        if trouble.was_said || was_just_said {
            return false;
        }
        trouble.was_said = true;
        self.said_at = Some(now);
        true
    }

    /// It goes well. How many were lost meanwhile, if somebody was told of the trouble.
    fn well(&mut self, lost: u64) -> Option<u64> {
        let trouble = self.trouble.take().filter(|trouble| trouble.was_said)?;
        Some(lost.saturating_sub(trouble.lost_before))
    }
}

impl Sender {
    pub(super) fn new(
        collector: Arc<Collector>,
        resource: Arc<Resource>,
        waiting: mpsc::Receiver<SpanData>,
        counts: Arc<Counts>,
        is_over: watch::Receiver<bool>,
    ) -> Self {
        Self { collector, resource, waiting, counts, is_over, mood: Mood::default() }
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
                    self.unwell(&why);
                    return self.counts.add_refused(spans);
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
        if self.mood.unwell(Instant::now(), self.counts.lost()) {
            let collector = self.collector.shown();
            tracing::warn!(
                collector,
                why,
                "traces cannot be sent; runs go on without, and what finds no room is dropped"
            );
        }
    }

    fn well(&mut self) {
        if let Some(lost) = self.mood.well(self.counts.lost()) {
            tracing::info!(lost, "traces can be sent again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_said_once_and_a_lasting_one_is_never_passed_over() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut mood = Mood::default();
        assert!(mood.unwell(at(0), 3));
        assert!(!mood.unwell(at(1), 5));
        assert_eq!(mood.well(9), Some(6));
        // It comes and goes: that was said just now.
        assert!(!mood.unwell(at(30), 9));
        assert_eq!(mood.well(10), None);
        // It comes and stays.
        assert!(!mood.unwell(at(60), 10));
        assert!(!mood.unwell(at(599), 20));
        assert!(mood.unwell(at(600), 21));
        assert!(!mood.unwell(at(2_000), 40));
        assert_eq!(mood.well(50), Some(40));
    }
}
