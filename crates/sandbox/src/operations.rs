//! A run's host calls under way, and their answers on the way back.

use broker::Slot;
use futures_util::future::BoxFuture;
use kernel::host_call::{HostAnswer, HostError};
use std::{
    collections::{BTreeMap, VecDeque},
    task::{Context, Poll},
};

/// Bytes of arguments, and of answers, that a run may have lying in host memory at once. Four of the largest calls;
/// 256 of them would be a gigabyte.
pub(crate) const IN_FLIGHT_BYTES_MAX: usize = 4 * protocol::limit::HOST_ARGUMENT_BYTES_MAX;

/// The end of a host call.
pub(crate) type Ended = Result<HostAnswer, HostError>;

struct Operation {
    answer: BoxFuture<'static, Ended>,
    argument_bytes: usize,
    is_timer: bool,
    slot: Slot,
}

/// Host calls of one run.
#[derive(Default)]
pub(crate) struct Operations {
    last: i32,
    under_way: BTreeMap<i32, Operation>,
    argument_bytes: usize,
    /// Ended, not yet fetched by the guest. They keep their slots, so that fetching late gains nothing.
    ready: VecDeque<(i32, Ended, Slot)>,
    ready_bytes: usize,
}

impl Operations {
    /// Whether arguments of this size still fit.
    pub(crate) fn fits(&self, argument_bytes: usize) -> bool {
        self.argument_bytes + argument_bytes <= IN_FLIGHT_BYTES_MAX
    }

    /// Begins one; answers its number.
    pub(crate) fn begin(
        &mut self,
        answer: BoxFuture<'static, Ended>,
        argument_bytes: usize,
        is_timer: bool,
        slot: Slot,
    ) -> i32 {
        // Wraps after two thousand million calls; a number that is still in use is passed over.
        loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            if !self.under_way.contains_key(&self.last) {
                break;
            }
        }
        self.argument_bytes += argument_bytes;
        self.under_way.insert(self.last, Operation { answer, argument_bytes, is_timer, slot });
        self.last
    }

    /// Drops one, and with it what it was doing.
    pub(crate) fn cancel(&mut self, number: i32) {
        if let Some(operation) = self.under_way.remove(&number) {
            self.argument_bytes -= operation.argument_bytes;
        }
        self.ready.retain(|(ready, ..)| *ready != number);
    }

    /// Drops the timers.
    pub(crate) fn cancel_timers(&mut self) {
        self.under_way.retain(|_, operation| !operation.is_timer);
        self.argument_bytes = self.under_way.values().map(|operation| operation.argument_bytes).sum();
    }

    /// Looks at all that are under way, as long as there is room for answers.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) {
        let mut ended = Vec::new();
        for (&number, operation) in &mut self.under_way {
            if self.ready_bytes >= IN_FLIGHT_BYTES_MAX {
                break;
            }
            if let Poll::Ready(answer) = operation.answer.as_mut().poll(cx) {
                self.ready_bytes += held_bytes(&answer);
                ended.push((number, answer));
            }
        }
        for (number, answer) in ended {
            if let Some(operation) = self.under_way.remove(&number) {
                self.argument_bytes -= operation.argument_bytes;
                self.ready.push_back((number, answer, operation.slot));
            }
        }
    }

    /// The next that has ended; `Ready(None)` if none is under way.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(i32, Ended)>> {
        if self.ready.is_empty() {
            if self.under_way.is_empty() {
                return Poll::Ready(None);
            }
            self.poll(cx);
        }
        match self.ready.pop_front() {
            Some((number, answer, _slot)) => {
                self.ready_bytes -= held_bytes(&answer);
                Poll::Ready(Some((number, answer)))
            }
            None => Poll::Pending,
        }
    }
}

/// About what an answer holds of memory.
fn held_bytes(ended: &Ended) -> usize {
    match ended {
        Ok(HostAnswer::Bytes(bytes) | HostAnswer::JsonText(bytes)) => bytes.len(),
        // Values are made small by their effects: rows come in batches, lists have limits.
        Ok(HostAnswer::Json(_) | HostAnswer::Redirect(_)) => 1024,
        Err(_) => 256,
    }
}
