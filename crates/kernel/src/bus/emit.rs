//! From a run or the owner into the queue. What a run sends is kept with its end, in one commit, or not at all.

use super::{
    Bus, EVENT_BYTES_MAX, EVENTS_BURST, EVENTS_PER_SECOND, EVENTS_WAITING_MAX, HOPS_MAX,
    event::{Ack, Event},
    rate::Bucket,
};
use crate::{
    Kernel,
    figures::LimitHit,
    host::{permit_ask, refuse},
    host_call::{GuestError, HostAnswer, HostError},
    journal,
    run::{Run, commit_failure},
};
use broker::{Decision, Demand as _, Denied, EventDemand, Permit, may_send};
use protocol::{
    AppName, Arg, AuditEvent, Caller, ErrorCode, EventId, Failure, Labels, OwnerId, Right, RunId, Scope, Sender,
    Sentence, Topic, TopicPattern, api::EventHeard, sentence,
};
use serde_json::Value;
use state::{Batch, Durability};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize},
};

/// Senders whose rate is remembered; those that could send a whole burst again are forgotten first.
const RATES_KEPT: usize = 4_096;

impl Bus {
    /// Whether a sender may send one more event. Takes its place in the queue.
    fn admit(&self, owner: OwnerId, sender: &Sender, bytes: usize, now_ns: u64) -> Result<(), Sentence> {
        let mut state = self.state.lock();
        if state.rates.len() > RATES_KEPT {
            state.rates.retain(|_, bucket| !bucket.is_full(now_ns));
        }
        let bucket = state.rates.entry((owner, sender.clone())).or_insert(Bucket::full());
        if !bucket.take(now_ns, EVENTS_BURST, EVENTS_PER_SECOND) {
            return Err(sentence::rule_event_rate(EVENTS_BURST, EVENTS_PER_SECOND));
        }
        if !state.queue.reserve(owner, sender, bytes) {
            return Err(sentence::rule_event_waiting(EVENTS_WAITING_MAX));
        }
        Ok(())
    }

    /// Holds what a run sends until its end. The permit says what may be sent; who sends it, the run says.
    fn hold(&self, kernel: &Kernel, run: &Run, permit: &Permit<EventDemand>) -> Result<usize, Sentence> {
        let hops = run.hops() + 1;
        if hops > HOPS_MAX {
            return Err(sentence::rule_event_hops(u32::from(HOPS_MAX)));
        }
        let demand = permit.demand();
        let event = Event {
            id: EventId::new(&*kernel.clock, &*kernel.entropy),
            owner: run.owner(),
            topic: demand.topic.clone(),
            payload: demand.payload.clone(),
            sender: Sender::App(run.lease.app().clone()),
            at: kernel.clock.now(),
            hops,
            labels: run.lease.labels(),
            is_kept: true,
            tries: 0,
            remaining: AtomicUsize::new(0),
            is_shared: AtomicBool::new(false),
            unended: AtomicUsize::new(0),
            is_released: AtomicBool::new(false),
        };
        let bytes = event.bytes();
        self.admit(event.owner, &event.sender, bytes, kernel.clock.monotonic_ns())?;
        self.state.lock().held.entry(run.id()).or_default().push(event);
        Ok(demand.payload.len())
    }

    /// Whether a run has sent something.
    pub(crate) fn holds(&self, run: RunId) -> bool {
        self.state.lock().held.contains_key(&run)
    }

    /// Events that wait no more give their places back.
    pub(crate) fn release(&self, events: &[Arc<Event>]) {
        if events.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        for event in events {
            state.queue.release(event);
        }
    }
}

/// `ctx.emit`: decide → (ask) → hold until the run's end. Nothing blocks, so it runs where it is called.
pub(crate) async fn emit(
    kernel: &Arc<Kernel>,
    run: &Arc<Run>,
    topic: Topic,
    payload: String,
) -> Result<HostAnswer, HostError> {
    let demand = EventDemand::new(topic, payload);
    let permit = match kernel.broker.decide(&run.lease, demand, kernel.clock.now()) {
        Decision::Permit(permit) => permit,
        Decision::Denied(denied) => return Err(refuse(kernel, run, *denied)),
        Decision::Ask(ask) => permit_ask(kernel, run, *ask).await?,
    };
    // The run's end waits for this guard: what was taken is kept with it.
    let _settling = run.under_way.read().await;
    permit.check()?;
    match kernel.bus.hold(kernel, run, &permit) {
        Ok(bytes) => {
            let topic = permit.demand().topic.to_string();
            let said = crate::effect::Said::Event { topic, bytes: bytes as u64 };
            run.notes.add(said, Some(permit.basis()));
            run.lease.charge_host_bytes(bytes as u64)?;
            Ok(HostAnswer::Json(Value::Null))
        }
        Err(rule) => {
            kernel.tally.limit_hit(LimitHit::Events);
            let what = permit.demand().sentence();
            Err(refuse(kernel, run, Denied { what, rule, command: None, code: ErrorCode::EventLimit }))
        }
    }
}

/// A payload as it is kept: compact, bounded.
pub(crate) fn payload_text(payload: &Value) -> Result<String, GuestError> {
    let text = payload.to_string();
    if text.len() > EVENT_BYTES_MAX {
        let (bytes, most) = (Arg::Bytes(text.len() as u64), Arg::Bytes(EVENT_BYTES_MAX as u64));
        return Err(GuestError::new(ErrorCode::TooLarge, format!("an event may carry {most}, this one has {bytes}")));
    }
    Ok(text)
}

impl Kernel {
    /// A run has ended. If it ended well, what it sent is put into the batch of its end, and given back for
    /// [`Kernel::events_route`] once that is committed; otherwise it never was. What nobody listens to is not kept.
    pub(crate) fn events_keep(&self, run: RunId, is_ok: bool, batch: &mut Batch) -> Vec<Arc<Event>> {
        let held = self.bus.state.lock().held.remove(&run).unwrap_or_default();
        let held = held.into_iter().map(Arc::new);
        let (kept, lost): (Vec<_>, Vec<_>) = held.partition(|event| is_ok && self.event_has_listener(event));
        self.bus.release(&lost);
        kept.iter().for_each(|event| event.put(batch));
        kept
    }

    /// Whether an app that is installed listens to an event, now or once apps are loaded.
    fn event_has_listener(&self, event: &Event) -> bool {
        if self.bus.knows(event.owner) {
            return !self.bus.listeners(event).is_empty();
        }
        let listens = |scope: &Scope| match scope {
            Scope::Event { listen, .. } => {
                listen.iter().any(|topic| topic.parse::<TopicPattern>().is_ok_and(|topic| topic.matches(&event.topic)))
            }
            _ => false,
        };
        let asked = |app: &AppName| self.grants_stored(event.owner, app).map(|grants| grants.requested);
        // Where that cannot be read, it is better kept.
        let Ok(apps) = self.app_records(event.owner) else { return true };
        apps.iter().any(|app| asked(&app.name).map_or(true, |asked| asked.iter().any(listens)))
    }

    /// The owner sends an event. Answers once every listener has heard it, or the deadline for telling is over: then the
    /// rest is heard all the same, now or at the next start.
    pub async fn event_emit(
        self: &Arc<Self>,
        caller: Caller,
        topic: Topic,
        payload: Value,
    ) -> Result<EventHeard, Failure> {
        self.require(&caller, Right::Run)?;
        let (owner, sender) = (caller.owner, Sender::Owner);
        may_send(&sender, &topic).map_err(|rule| {
            Failure::new(ErrorCode::PermissionDenied, format!("{topic} cannot be sent from here: {rule}"))
                .hint("send to user.message, user.image, or a topic of your own such as home.arrived")
        })?;
        let payload = payload_text(&payload).map_err(|error| Failure::new(error.code, error.message))?;
        let mut event = Event {
            id: EventId::new(&*self.clock, &*self.entropy),
            owner,
            topic,
            payload,
            sender,
            at: self.clock.now(),
            hops: 0,
            // What a person says is their own.
            labels: Labels::PRIVATE,
            is_kept: true,
            tries: 0,
            remaining: AtomicUsize::new(0),
            is_shared: AtomicBool::new(false),
            unended: AtomicUsize::new(0),
            is_released: AtomicBool::new(false),
        };
        event.labels = event.labels.join(self.client_gathered(&caller)?);
        let said = sentence::event_emitted(event.topic.as_str(), Arg::Bytes(event.payload.len() as u64));
        let record = journal::record(event.at, &caller, AuditEvent::Event, None, said);
        let bytes = event.bytes();
        self.bus.admit(owner, &event.sender, bytes, self.clock.monotonic_ns()).map_err(|rule| {
            Failure::new(ErrorCode::EventLimit, format!("the event was not sent: {rule}")).hint("wait a moment")
        })?;
        if event.topic.can_be_answered() {
            event.is_kept = false;
            self.note(owner, &record);
            let event = Arc::new(event);
            let heard = self.event_answer(&event).await;
            self.bus.release(&[event]);
            return heard;
        }
        let event = Arc::new(event);
        let mut batch = Batch::new();
        event.put(&mut batch);
        journal::append(&mut batch, owner, &record);
        crate::crash_point("event::before_commit");
        if let Err(error) = self.store.commit(batch, Durability::Saved) {
            self.bus.release(&[event]);
            return Err(commit_failure(error));
        }
        crate::crash_point("event::after_commit");
        self.bus.watch(event.id);
        let heard = self.events_hear(owner, event.clone()).await;
        let (runs, is_pending) = self.bus.unwatch(&event);
        heard?;
        Ok(EventHeard { event: event.id, runs, answer: None, is_pending })
    }

    /// Something that oikos itself has to tell. It is of its moment: not kept, and told once to whoever is still busy.
    pub(crate) fn event_system(self: &Arc<Self>, owner: OwnerId, topic: &str, payload: &Value) {
        let Ok(topic) = topic.parse::<Topic>() else { return };
        let event = Event {
            id: EventId::new(&*self.clock, &*self.entropy),
            owner,
            topic,
            payload: payload.to_string(),
            sender: Sender::System,
            at: self.clock.now(),
            hops: 0,
            labels: Labels::NONE,
            is_kept: false,
            tries: 0,
            remaining: AtomicUsize::new(0),
            is_shared: AtomicBool::new(false),
            unended: AtomicUsize::new(0),
            is_released: AtomicBool::new(false),
        };
        self.events_route(vec![Arc::new(event)]);
    }

    /// Tells the store what was heard.
    pub(crate) fn acks_write(&self, acks: &[Ack]) {
        if acks.is_empty() {
            return;
        }
        let mut batch = Batch::new();
        acks.iter().for_each(|ack| ack.put(&mut batch));
        if let Err(error) = self.store.commit(batch, Durability::Lazy) {
            // Then it is heard once more after the next start.
            tracing::warn!(%error, "it could not be written that an event was heard");
        }
    }
}
