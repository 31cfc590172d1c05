//! Who may run next on a full host: apps take turns, and nobody waits for ever.

use crate::{Kernel, figures::LimitHit};
use parking_lot::Mutex;
use protocol::{AppName, ErrorCode, Failure, OwnerId};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::sync::oneshot;

/// How long a run waits for room.
pub(crate) const QUEUE_WAIT_MS: u64 = 30_000;
/// Runs of one app that may wait: more is a loop, not a queue.
pub(crate) const QUEUE_LENGTH_MAX: usize = 1_024;

/// Whose run waits.
pub(crate) type Whose = (OwnerId, AppName);

/// The fair queue in front of the sandbox.
#[derive(Clone)]
pub(crate) struct Admission(Arc<Mutex<Queue>>);

struct Queue {
    free: usize,
    waiting: HashMap<Whose, VecDeque<oneshot::Sender<Ticket>>>,
    /// Apps with somebody waiting, in the order of their turn.
    turns: VecDeque<Whose>,
}

/// The right to take one place; given to the next in turn when dropped.
pub(crate) struct Ticket(Option<Admission>);

/// Why there was no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// There was no room before the deadline.
    NoRoom,
    /// The owner stopped those who wait.
    Stopped,
}

impl Admission {
    /// A queue before this many places.
    pub(crate) fn new(places: usize) -> Self {
        Self(Arc::new(Mutex::new(Queue { free: places, waiting: HashMap::new(), turns: VecDeque::new() })))
    }

    /// A place, if one is free at once.
    pub(crate) fn try_enter(&self) -> Option<Ticket> {
        let mut queue = self.0.lock();
        if queue.free == 0 {
            return None;
        }
        queue.free -= 1;
        Some(Ticket(Some(self.clone())))
    }

    /// Waits for a place, fairly among apps.
    pub(crate) async fn enter(&self, owner: OwnerId, app: &AppName) -> Result<Ticket, NoPlace> {
        let turn = {
            let mut queue = self.0.lock();
            if queue.free > 0 {
                queue.free -= 1;
                return Ok(Ticket(Some(self.clone())));
            }
            let whose = (owner, app.clone());
            let (sender, receiver) = oneshot::channel();
            let line = queue.waiting.entry(whose.clone()).or_default();
            let is_new = line.is_empty();
            if line.len() >= QUEUE_LENGTH_MAX {
                // Those who gave up take no place from those who wait.
                line.retain(|waiting| !waiting.is_closed());
                if line.len() >= QUEUE_LENGTH_MAX {
                    return Err(NoPlace::NoRoom);
                }
            }
            line.push_back(sender);
            if is_new {
                queue.turns.push_back(whose);
            }
            receiver
        };
        match tokio::time::timeout(Duration::from_millis(QUEUE_WAIT_MS), turn).await {
            Ok(Ok(ticket)) => Ok(ticket),
            Ok(Err(_)) => Err(NoPlace::Stopped),
            Err(_) => Err(NoPlace::NoRoom),
        }
    }

    /// Sends away those of the waiting who are meant. Returns how many there were.
    pub(crate) fn stop(&self, is_meant: impl Fn(&Whose) -> bool) -> usize {
        let mut queue = self.0.lock();
        queue.turns.retain(|whose| !is_meant(whose));
        let mut sent_away = 0;
        queue.waiting.retain(|whose, line| {
            if is_meant(whose) {
                sent_away += line.iter().filter(|waiting| !waiting.is_closed()).count();
            }
            !is_meant(whose)
        });
        sent_away
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        let queue = self.0.lock();
        queue.waiting.values().flatten().filter(|waiting| !waiting.is_closed()).count()
    }

    /// Hands a place to the next in turn; those who gave up waiting are passed over.
    fn leave(&self) {
        loop {
            let next = {
                let mut queue = self.0.lock();
                let Some(whose) = queue.turns.pop_front() else {
                    queue.free += 1;
                    return;
                };
                let Some(line) = queue.waiting.get_mut(&whose) else { continue };
                let next = line.pop_front();
                if line.is_empty() {
                    queue.waiting.remove(&whose);
                } else {
                    queue.turns.push_back(whose);
                }
                next
            };
            match next.map(|sender| sender.send(Ticket(Some(self.clone())))) {
                Some(Ok(())) => return,
                // It gave up waiting. Its ticket must not hand out the place a second time.
                Some(Err(mut back)) => back.0 = None,
                None => {}
            }
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(admission) = self.0.take() {
            admission.leave();
        }
    }
}

impl Kernel {
    /// A place for one more run of an app, and whether it had to be waited for.
    pub(crate) async fn place(
        &self,
        places: &Admission,
        owner: OwnerId,
        app: &AppName,
    ) -> Result<(Ticket, bool), Failure> {
        if let Some(ticket) = places.try_enter() {
            return Ok((ticket, false));
        }
        let ticket = places.enter(owner, app).await.map_err(|why| match why {
            NoPlace::NoRoom => {
                self.tally.limit_hit(LimitHit::Queue);
                Failure::new(ErrorCode::HostBusy, "there was no room to run this before the deadline")
                    .hint("oikos stop --all ends what is running; or try again later")
            }
            NoPlace::Stopped => Failure::new(ErrorCode::Stopped, "the owner stopped it before it began"),
        })?;
        Ok((ticket, true))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn app(name: &str) -> AppName {
        name.parse().unwrap()
    }

    #[tokio::test]
    async fn apps_take_turns() {
        let admission = Admission::new(1);
        let first = admission.try_enter().unwrap();
        assert!(admission.try_enter().is_none());
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for name in ["greedy", "greedy", "greedy", "modest"] {
            let (waiting, log) = (admission.clone(), order.clone());
            tasks.push(tokio::spawn(async move {
                let ticket = waiting.enter(OwnerId::LOCAL, &app(name)).await.unwrap();
                log.lock().push(name);
                drop(ticket);
            }));
            // Each stands in the queue before the next one comes.
            let length = tasks.len();
            while admission.0.lock().waiting.values().map(VecDeque::len).sum::<usize>() < length {
                tokio::task::yield_now().await;
            }
        }
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock(), ["greedy", "modest", "greedy", "greedy"]);
        assert_eq!(admission.0.lock().free, 1);
    }

    #[tokio::test]
    async fn whoever_comes_to_a_free_place_takes_it_at_once() {
        let admission = Admission::new(2);
        let first = admission.enter(OwnerId::LOCAL, &app("any")).await.unwrap();
        let _second = admission.enter(OwnerId::LOCAL, &app("any")).await.unwrap();
        assert!(admission.try_enter().is_none());
        drop(first);
        assert_eq!(admission.0.lock().free, 1);
        assert!(admission.try_enter().is_some());
    }

    #[tokio::test]
    async fn a_queue_is_not_a_loop() {
        let admission = Admission::new(1);
        let held = admission.try_enter().unwrap();
        let wait = |name: &'static str| {
            let admission = admission.clone();
            tokio::spawn(async move { admission.enter(OwnerId::LOCAL, &app(name)).await.map(drop) })
        };
        let stand = |count: usize| {
            let admission = admission.clone();
            async move {
                while admission.0.lock().waiting.values().map(VecDeque::len).sum::<usize>() != count {
                    tokio::task::yield_now().await;
                }
            }
        };
        let mut waiting: Vec<_> = (0..QUEUE_LENGTH_MAX).map(|_| wait("greedy")).collect();
        stand(QUEUE_LENGTH_MAX).await;
        // One more of the same app is sent away at once; another app has a line of its own.
        assert_eq!(wait("greedy").await.unwrap(), Err(NoPlace::NoRoom));
        waiting.push(wait("modest"));
        stand(QUEUE_LENGTH_MAX + 1).await;
        // Somebody gives up: the place in the line is free again.
        let gone = waiting.remove(7);
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        waiting.push(wait("greedy"));
        tokio::task::yield_now().await;
        drop(held);
        for task in waiting {
            assert_eq!(task.await.unwrap(), Ok(()));
        }
        let queue = admission.0.lock();
        assert_eq!((queue.free, queue.waiting.len(), queue.turns.len()), (1, 0, 0));
    }

    #[tokio::test]
    async fn stop_sends_away_those_who_wait_and_nobody_else() {
        let admission = Admission::new(1);
        let held = admission.try_enter().unwrap();
        let mut waiting = Vec::new();
        for (owner, name) in [(1, "meant"), (1, "other"), (2, "meant")] {
            let admission = admission.clone();
            waiting.push(tokio::spawn(async move { admission.enter(OwnerId(owner), &app(name)).await.map(drop) }));
        }
        while admission.0.lock().waiting.len() < 3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(admission.stop(|whose| *whose == (OwnerId(1), app("meant"))), 1);
        drop(held);
        let mut ended = Vec::new();
        for task in waiting {
            ended.push(task.await.unwrap());
        }
        assert_eq!(ended, [Err(NoPlace::Stopped), Ok(()), Ok(())]);
        assert_eq!(admission.0.lock().free, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_and_no_place_is_lost() {
        let admission = Admission::new(1);
        let held = admission.try_enter().unwrap();
        assert!(admission.enter(OwnerId::LOCAL, &app("late")).await.is_err());
        drop(held);
        assert!(admission.try_enter().is_some());
    }
}
