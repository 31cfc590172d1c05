//! Whose turn it is. Pure: no time, no store, no run.
//!
//! Each app that listens has an inbox, and in it a line for each sender. An app hears one event at a time; whose inbox
//! is next, and which sender's line in it, goes round. So no sender and no listener can hold up another one.

use super::{EVENTS_WAITING_BYTES_MAX, EVENTS_WAITING_MAX, HEARINGS_MAX, event::Event, table::Listener};
use crate::admission::Whose;
use protocol::{OwnerId, Sender, Topic};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, atomic::Ordering::SeqCst},
};

/// An event on its way to one listener.
#[derive(Clone, Debug)]
pub(crate) struct Hearing {
    pub(crate) event: Arc<Event>,
    pub(crate) listener: Arc<Listener>,
}

impl Hearing {
    /// Whose inbox it is in.
    pub(crate) fn whose(&self) -> Whose {
        (self.event.owner, self.listener.app.clone())
    }
}

/// All inboxes.
#[derive(Default)]
pub(crate) struct Queue {
    inboxes: HashMap<Whose, Inbox>,
    /// Inboxes with something in them whose app hears nothing now, in the order of their turn.
    turns: VecDeque<Whose>,
    under_way: usize,
    loads: HashMap<(OwnerId, Sender), Load>,
}

#[derive(Default)]
struct Inbox {
    /// The first line's turn is next. None is empty.
    lines: VecDeque<(Sender, VecDeque<Hearing>)>,
    is_busy: bool,
}

/// What of one sender waits.
#[derive(Clone, Copy, Default)]
struct Load {
    events: usize,
    bytes: usize,
}

impl Queue {
    /// Takes a place for an event of a sender. `false`: too many of its events wait.
    pub(crate) fn reserve(&mut self, owner: OwnerId, sender: &Sender, bytes: usize) -> bool {
        let load = self.loads.entry((owner, sender.clone())).or_default();
        if load.events >= EVENTS_WAITING_MAX || load.bytes + bytes > EVENTS_WAITING_BYTES_MAX {
            return false;
        }
        load.events += 1;
        load.bytes += bytes;
        true
    }

    /// As [`Queue::reserve`], for what was kept by an earlier process and has to be held anyway.
    pub(crate) fn reserve_kept(&mut self, owner: OwnerId, sender: &Sender, bytes: usize) {
        let load = self.loads.entry((owner, sender.clone())).or_default();
        load.events += 1;
        load.bytes += bytes;
    }

    /// The event does not wait any more. Once is enough; more is nothing.
    pub(crate) fn release(&mut self, event: &Event) {
        if !event.is_released.swap(true, SeqCst) {
            self.unload(event.owner, &event.sender, event.bytes());
        }
    }

    fn unload(&mut self, owner: OwnerId, sender: &Sender, bytes: usize) {
        let key = (owner, sender.clone());
        let Some(load) = self.loads.get_mut(&key) else { return };
        load.events = load.events.saturating_sub(1);
        load.bytes = load.bytes.saturating_sub(bytes);
        if load.events == 0 {
            self.loads.remove(&key);
        }
    }

    /// Puts an event into the inbox of a listener.
    pub(crate) fn push(&mut self, hearing: Hearing) {
        let whose = hearing.whose();
        let inbox = self.inboxes.entry(whose.clone()).or_default();
        if inbox.lines.is_empty() && !inbox.is_busy {
            self.turns.push_back(whose);
        }
        match inbox.lines.iter_mut().find(|(sender, _)| *sender == hearing.event.sender) {
            Some((_, line)) => line.push_back(hearing),
            None => inbox.lines.push_back((hearing.event.sender.clone(), VecDeque::from([hearing]))),
        }
    }

    /// What is heard next, if there is room. [`Queue::ended`] follows.
    pub(crate) fn next(&mut self) -> Option<Hearing> {
        if self.under_way >= HEARINGS_MAX {
            return None;
        }
        loop {
            let whose = self.turns.pop_front()?;
            let Some(inbox) = self.inboxes.get_mut(&whose) else { continue };
            let Some((sender, mut line)) = inbox.lines.pop_front() else { continue };
            let Some(hearing) = line.pop_front() else { continue };
            if !line.is_empty() {
                inbox.lines.push_back((sender, line));
            }
            inbox.is_busy = true;
            self.under_way += 1;
            return Some(hearing);
        }
    }

    /// An app has heard what [`Queue::next`] gave it.
    pub(crate) fn ended(&mut self, whose: &Whose) {
        self.under_way = self.under_way.saturating_sub(1);
        let Some(inbox) = self.inboxes.get_mut(whose) else { return };
        inbox.is_busy = false;
        if inbox.lines.is_empty() {
            self.inboxes.remove(whose);
        } else {
            self.turns.push_back(whose.clone());
        }
    }

    /// Takes everything out of an app's inbox; what it hears now goes on.
    pub(crate) fn purge(&mut self, whose: &Whose) -> Vec<Hearing> {
        let Some(inbox) = self.inboxes.get_mut(whose) else { return Vec::new() };
        let lines = std::mem::take(&mut inbox.lines);
        if !inbox.is_busy {
            self.inboxes.remove(whose);
            self.turns.retain(|turn| turn != whose);
        }
        lines.into_iter().flat_map(|(_, line)| line).collect()
    }

    /// Whether an app still has to hear of this topic from this sender.
    pub(crate) fn waits(&self, whose: &Whose, sender: &Sender, topic: &Topic) -> bool {
        self.inboxes.get(whose).is_some_and(|inbox| {
            let mut lines = inbox.lines.iter().filter(|(known, _)| known == sender);
            lines.any(|(_, line)| line.iter().any(|hearing| hearing.event.topic == *topic))
        })
    }

    /// Events that somebody has sent and that not all have heard.
    pub(crate) fn waiting(&self) -> usize {
        self.loads.values().map(|load| load.events).sum()
    }

    /// How many are being heard.
    pub(crate) fn under_way(&self) -> usize {
        self.under_way
    }

    /// Whether nothing waits and nothing is being heard.
    pub(crate) fn is_idle(&self) -> bool {
        self.under_way == 0 && self.inboxes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::bus::table::{How, Registered, Table};
    use proptest::prelude::*;
    use protocol::{Clock, Entropy, EventId, Labels, Timestamp};
    use std::sync::atomic::{AtomicBool, AtomicUsize};
    use testkit::{TestClock, TestEntropy};

    const ME: OwnerId = OwnerId::LOCAL;

    fn sender(name: &str) -> Sender {
        Sender::App(name.parse().unwrap())
    }

    fn hearing(from: &str, to: &str, number: u64) -> Hearing {
        let (clock, entropy) = (TestClock::at(Timestamp(i64::try_from(number).unwrap())), TestEntropy::seeded(number));
        let (clock, entropy): (&dyn Clock, &dyn Entropy) = (&clock, &entropy);
        let event = Event {
            id: EventId::new(clock, entropy),
            owner: ME,
            topic: "some.thing".parse().unwrap(),
            payload: number.to_string(),
            sender: sender(from),
            at: Timestamp(0),
            hops: 0,
            labels: Labels::NONE,
            is_kept: false,
            tries: 0,
            remaining: AtomicUsize::new(1),
            is_shared: AtomicBool::new(false),
            unended: AtomicUsize::new(1),
            is_released: AtomicBool::new(false),
        };
        let how = How::Action { pattern: "some.*".parse().unwrap(), action: "go".parse().unwrap() };
        let (app, mut table, mut registered) = (to.parse().unwrap(), Table::default(), Registered::new(None));
        registered.listen(&app, Timestamp(0), 0, 0, how);
        table.set((ME, app), registered);
        let listener = table.hearing(ME, &event.topic, None).remove(0);
        Hearing { event: Arc::new(event), listener }
    }

    fn told(hearing: &Hearing) -> String {
        format!("{} {} {}", hearing.event.sender, hearing.listener.app, hearing.event.payload)
    }

    /// Somebody sends a thousand; the one event of another sender is next but one, and another app is not touched.
    #[test]
    fn a_flood_waits_in_its_own_line() {
        let mut queue = Queue::default();
        for number in 0..1_000 {
            queue.push(hearing("flood", "listener", number));
        }
        queue.push(hearing("modest", "listener", 7));
        queue.push(hearing("modest", "other", 7));
        let first = queue.next().unwrap();
        assert_eq!(told(&first), "app.flood listener 0");
        assert_eq!(told(&queue.next().unwrap()), "app.modest other 7");
        assert!(queue.next().is_none(), "an app hears one event at a time");
        queue.ended(&first.whose());
        assert_eq!(told(&queue.next().unwrap()), "app.modest listener 7");
        queue.ended(&first.whose());
        assert_eq!(told(&queue.next().unwrap()), "app.flood listener 1");
    }

    #[test]
    fn a_line_has_an_end() {
        let mut queue = Queue::default();
        let (flood, modest) = (sender("flood"), sender("modest"));
        let taken = (0..1_000_000).filter(|_| queue.reserve(ME, &flood, 300)).count();
        assert_eq!(taken, EVENTS_WAITING_MAX);
        assert!(queue.reserve(ME, &modest, 300), "nobody else notices");
        assert!(queue.reserve(OwnerId(2), &flood, 300), "nor does another owner");
        queue.unload(ME, &flood, 300);
        assert!(queue.reserve(ME, &flood, 300) && !queue.reserve(ME, &flood, 300));
        // Large events are fewer.
        let taken = (0..1_000).filter(|_| queue.reserve(ME, &sender("large"), 60_000)).count();
        assert_eq!(taken, EVENTS_WAITING_BYTES_MAX / 60_000);
    }

    /// Of two listeners that end at the same moment, each believes that it was the last.
    #[test]
    fn an_event_gives_its_place_back_once() {
        let mut queue = Queue::default();
        let event = hearing("flood", "listener", 1).event;
        let (flood, bytes) = (event.sender.clone(), event.bytes());
        while queue.reserve(ME, &flood, bytes) {}
        queue.release(&event);
        queue.release(&event);
        assert!(queue.reserve(ME, &flood, bytes) && !queue.reserve(ME, &flood, bytes));
    }

    #[test]
    fn purging_takes_what_waits_and_nothing_else() {
        let mut queue = Queue::default();
        queue.push(hearing("a1", "gone", 1));
        queue.push(hearing("a2", "gone", 2));
        queue.push(hearing("a1", "stays", 3));
        let first = queue.next().unwrap();
        assert_eq!(told(&first), "app.a1 gone 1");
        let purged: Vec<String> = queue.purge(&first.whose()).iter().map(told).collect();
        assert_eq!(purged, ["app.a2 gone 2"]);
        assert_eq!(told(&queue.next().unwrap()), "app.a1 stays 3");
        queue.ended(&first.whose());
        queue.ended(&(ME, "stays".parse().unwrap()));
        assert!(queue.is_idle());
    }

    proptest! {
        /// Whatever is sent to whom: each is heard once, each sender's events in their order by each listener, and no
        /// more at once than there is room.
        #[test]
        fn each_is_heard_once_and_in_order(
            sent in prop::collection::vec((0_usize..4, 0_usize..5), 0..200),
            steps in prop::collection::vec(0_usize..20, 0..400),
        ) {
            let (mut queue, mut heard, mut under_way) = (Queue::default(), Vec::new(), Vec::new());
            let mut sends = sent.iter().enumerate();
            let mut steps = steps.into_iter().chain(std::iter::repeat(19));
            loop {
                let mut moved = false;
                if let Some((number, (from, to))) = sends.next() {
                    queue.push(hearing(&format!("from{from}"), &format!("to{to}"), number as u64));
                    moved = true;
                }
                match steps.next().unwrap() {
                    0..6 => {}
                    6..12 if !under_way.is_empty() => {
                        queue.ended(&under_way.remove(0));
                    }
                    _ => {
                        if let Some(next) = queue.next() {
                            prop_assert!(!under_way.contains(&next.whose()));
                            under_way.push(next.whose());
                            heard.push(next);
                            moved = true;
                        } else if !under_way.is_empty() {
                            queue.ended(&under_way.remove(0));
                            moved = true;
                        }
                    }
                }
                prop_assert_eq!(queue.under_way(), under_way.len());
                if !moved && under_way.is_empty() && sends.len() == 0 && queue.is_idle() {
                    break;
                }
            }
            prop_assert_eq!(heard.len(), sent.len());
            for from in 0..4 {
                for to in 0..5 {
                    let expected: Vec<String> = sent.iter().enumerate()
                        .filter(|(_, known)| **known == (from, to)).map(|(number, _)| number.to_string()).collect();
                    let (from, to) = (sender(&format!("from{from}")), format!("to{to}"));
                    let found: Vec<String> = heard.iter()
                        .filter(|hearing| hearing.event.sender == from && hearing.listener.app.as_str() == to)
                        .map(|hearing| hearing.event.payload.clone()).collect();
                    prop_assert_eq!(found, expected);
                }
            }
        }
    }
}
