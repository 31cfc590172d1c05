//! From the queue to a run: whose turn it is hears its event, in a run like any other.

use super::{
    Bus, HEARD_WAIT_MS, TRIES_MAX,
    event::{Ack, Event, heard_prefix, heard_split, waiting_key, waiting_prefix},
    queue::Hearing,
    table::{How, Listener, Registered},
};
use crate::{
    Kernel,
    admission::Whose,
    apps::LoadedApp,
    journal,
    run::{Begin, Call, Cause, commit_failure, store_failure},
    stream::{Seen, Viewer},
    triggers::Triggers,
};
use broker::Start;
use protocol::{
    AuditEvent, ErrorCode, EventId, Failure, OwnerId, Sender, Sentence, Topic, Verbatim,
    api::{RunReport, RunSummary},
    sentence,
};
use serde_json::{Value, json};
use state::{Batch, Durability, Key, Space};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

/// How long to wait before an event that found no room is tried again, and how often: a busy machine is not a reason
/// to lose it, a machine that stays busy is.
const ROOM_WAIT_MS: u64 = 1_000;
const ROOM_TRIES_MAX: u32 = 10;

/// Events are heard as long as this lives.
pub(crate) struct Routing(Arc<Kernel>);

impl Drop for Routing {
    fn drop(&mut self) {
        self.0.bus.state.lock().routing -= 1;
    }
}

/// What a run needs to know of the event that it hears.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    event: Arc<Event>,
    listener: String,
}

impl Delivery {
    fn of(hearing: &Hearing) -> Self {
        Self { event: hearing.event.clone(), listener: hearing.listener.name() }
    }

    /// What the store is told when it was heard. Whoever has told it so calls [`Kernel::hearings_end`].
    pub(crate) fn ack(&self) -> Option<Ack> {
        self.event.ack(&self.listener)
    }
}

impl Bus {
    /// Somebody wants to be told of an event's hearings.
    pub(crate) fn watch(&self, event: EventId) {
        self.state.lock().watched.insert(event, Vec::new());
    }

    /// The runs that have heard it, and whether others still do.
    pub(crate) fn unwatch(&self, event: &Event) -> (Vec<RunSummary>, bool) {
        let is_pending = !self.is_told(event);
        (self.state.lock().watched.remove(&event.id).unwrap_or_default(), is_pending)
    }

    /// Whether every listener has heard it, to the end.
    fn is_told(&self, event: &Event) -> bool {
        let state = self.state.lock();
        event.unended.load(SeqCst) == 0 && !state.unrouted.iter().any(|known| known.id == event.id)
    }

    /// An app may not start by itself from now on: what waits for it is dropped, which the store has to be told.
    pub(crate) fn pause(&self, whose: &Whose) -> Vec<Delivery> {
        self.state.lock().paused.insert(whose.clone());
        self.purge(whose)
    }

    /// It may again.
    pub(crate) fn resume(&self, whose: &Whose) {
        self.state.lock().paused.remove(whose);
    }

    /// Drops what waits for an app, which the store has to be told.
    fn purge(&self, whose: &Whose) -> Vec<Delivery> {
        let purged = self.state.lock().queue.purge(whose);
        for hearing in &purged {
            hearing.event.unended.fetch_sub(1, SeqCst);
        }
        self.moved.notify_waiters();
        purged.iter().map(Delivery::of).collect()
    }
}

impl Kernel {
    /// Begins to hear events: the owner's apps are loaded, and what waits is told to those that listen.
    pub(crate) async fn events_begin(self: &Arc<Self>, owner: OwnerId) -> Result<Routing, Failure> {
        self.listeners_load(owner).await?;
        self.bus.state.lock().routing += 1;
        let routing = Routing(self.clone());
        self.events_route(Vec::new());
        Ok(routing)
    }

    /// Hears one event and what waits beside it. Where nothing else hears events in this process, it does so until
    /// nothing waits any more, because the process may be about to end.
    pub(super) async fn events_hear(self: &Arc<Self>, owner: OwnerId, event: Arc<Event>) -> Result<(), Failure> {
        let is_alone = self.bus.state.lock().routing == 0;
        let routing = self.events_begin(owner).await?;
        self.events_route(vec![event.clone()]);
        let over = self.moved_until(|| self.bus.is_told(&event) && (!is_alone || self.bus.is_idle()));
        drop(tokio::time::timeout(Duration::from_millis(HEARD_WAIT_MS), over).await);
        drop(routing);
        if is_alone {
            // What has begun comes to its end; its own limits see to that.
            self.moved_until(|| self.bus.under_way() == 0).await;
        }
        Ok(())
    }

    /// Waits for a state of the bus.
    async fn moved_until(&self, is_so: impl Fn() -> bool) {
        loop {
            let moved = self.bus.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if is_so() {
                return;
            }
            moved.await;
        }
    }

    /// Hears events until oikos ends.
    pub(crate) async fn events_work(self: Arc<Self>, owner: OwnerId) -> Result<(), Failure> {
        let _routing = self.events_begin(owner).await?;
        self.moved_until(|| self.is_ending.load(SeqCst)).await;
        Ok(())
    }

    /// Puts events into the inboxes of their listeners, and starts what has its turn.
    pub(crate) fn events_route(self: &Arc<Self>, events: Vec<Arc<Event>>) {
        let acks = {
            let mut guard = self.bus.state.lock();
            let state = &mut *guard;
            state.unrouted.extend(events.into_iter().filter(|event| event.is_kept || state.routing > 0));
            let mut acks = Vec::new();
            if state.routing > 0 {
                // Of an owner whose apps are not loaded nobody knows yet who listens.
                let (known, unknown): (VecDeque<_>, VecDeque<_>) = std::mem::take(&mut state.unrouted)
                    .into_iter()
                    .partition(|event| state.known.contains(&event.owner));
                state.unrouted = unknown;
                for event in known {
                    let heard = state.heard_before.remove(&event.id).unwrap_or_default();
                    let mut listeners = state.table.hearing(event.owner, &event.topic, event.text().as_deref());
                    listeners.retain(|listener| {
                        let whose = (event.owner, listener.app.clone());
                        let is_told =
                            event.sender == Sender::System && state.queue.waits(&whose, &event.sender, &event.topic);
                        !is_told && !state.paused.contains(&whose) && !heard.contains(&listener.name())
                    });
                    event.routed(listeners.len());
                    if listeners.is_empty() {
                        state.queue.release(&event);
                        acks.extend(event.is_kept.then(|| Ack::All(event.owner, event.id)));
                    }
                    for listener in listeners {
                        state.queue.push(Hearing { event: event.clone(), listener });
                    }
                }
            }
            acks
        };
        self.acks_write(&acks);
        self.events_start();
    }

    /// Starts what has its turn.
    fn events_start(self: &Arc<Self>) {
        loop {
            let hearing = {
                let mut state = self.bus.state.lock();
                if state.routing == 0 || self.is_ending.load(SeqCst) { None } else { state.queue.next() }
            };
            let Some(hearing) = hearing else { break };
            let kernel = self.clone();
            self.runtime.spawn(async move {
                let whose = hearing.whose();
                kernel.hear(hearing).await;
                kernel.bus.state.lock().queue.ended(&whose);
                kernel.events_start();
            });
        }
        self.bus.moved.notify_waiters();
    }

    /// One listener hears one event.
    async fn hear(self: &Arc<Self>, hearing: Hearing) {
        let event = &hearing.event;
        let delivery = Delivery::of(&hearing);
        self.tries_count(event);
        let mut tries = 0;
        let heard = loop {
            // Another version may run than when it was put into the queue: what listens to the same there hears it.
            let listener = self.bus.state.lock().table.named(&hearing.whose(), &delivery.listener);
            let Some(listener) = listener else { break Err(no_listener(&hearing)) };
            match self.hearing_begin(event, &listener, Some(delivery.clone()), None).await {
                Err(failure) if failure.code == ErrorCode::HostBusy && tries < ROOM_TRIES_MAX => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(ROOM_WAIT_MS)).await;
                }
                heard => break heard,
            }
        };
        match heard {
            Ok(Some(viewer)) => {
                let report = ended(viewer).await;
                crate::crash_point("event::after_run");
                if let Some(watched) = self.bus.state.lock().watched.get_mut(&event.id) {
                    watched.push(report.summary.clone());
                }
            }
            // It may not hear it, or cannot: then it is over for this listener.
            Ok(None) => self.hearings_drop(&[delivery]),
            Err(failure) => {
                let why = sentence::cause_event(event.topic.as_str(), event.sender.to_string());
                self.start_failed(event.owner, &hearing.listener.app, why, &failure);
                self.hearings_drop(&[delivery]);
            }
        }
        event.unended.fetch_sub(1, SeqCst);
    }

    /// Writes that hearings are over which no run tells of.
    fn hearings_drop(&self, deliveries: &[Delivery]) {
        self.acks_write(&deliveries.iter().filter_map(Delivery::ack).collect::<Vec<_>>());
        self.hearings_end(deliveries);
    }

    /// The store was told of these hearings. An event that all have heard goes.
    pub(crate) fn hearings_end(&self, deliveries: &[Delivery]) {
        let events = deliveries.iter().map(|delivery| &delivery.event);
        let heard: Vec<_> = events.filter(|event| event.hearing_end()).cloned().collect();
        // Of one that only one hears, the store was told so with that hearing.
        let shared = heard.iter().filter(|event| event.is_kept && event.is_shared.load(SeqCst));
        self.acks_write(&shared.map(|event| Ack::All(event.owner, event.id)).collect::<Vec<_>>());
        self.bus.release(&heard);
    }

    /// Starts the run that hears an event, if its app may. `None`: it may not.
    pub(super) async fn hearing_begin(
        self: &Arc<Self>,
        event: &Arc<Event>,
        listener: &Listener,
        delivery: Option<Delivery>,
        wall_ms_max: Option<u64>,
    ) -> Result<Option<Viewer>, Failure> {
        let owner = event.owner;
        if self.bus.is_paused(&(owner, listener.app.clone())) {
            return Ok(None);
        }
        let topic = event.topic.as_str();
        let (start, said) = match &listener.how {
            How::Message { pattern, .. } => (Start::Message, sentence::cause_message(pattern.as_str())),
            _ => (Start::Event(&event.topic), sentence::cause_event(topic, event.sender.to_string())),
        };
        let Ok(basis) = self.broker.start(owner, &listener.app, start, self.clock.now()) else { return Ok(None) };
        crate::crash_point("event::before_run");
        let input = || serde_json::from_str::<Value>(&event.input()).unwrap_or_default();
        let (call, input) = match &listener.how {
            How::Handler { export, .. } => {
                // Its name in lists: topics have dots, and what is run is called like an action.
                let action = format!("on_{}", topic.replace(['.', '-'], "_")).chars().take(64).collect::<String>();
                let action = action.parse().map_err(|error| Failure::from_error(ErrorCode::Internal, &error))?;
                (Call::Handler { action, export: export.clone() }, input())
            }
            How::Action { action, .. } => (Call::Action(action.clone()), input()),
            How::Message { pattern, action } => {
                let text = event.text().unwrap_or_default();
                let groups = pattern.groups(&text).unwrap_or_default();
                (Call::Action(action.clone()), json!({ "text": text, "groups": groups }))
            }
        };
        let trigger = json!({ "kind": "event", "topic": topic, "sender": event.sender.to_string() });
        let cause = Cause { said, basis: Some(basis), labels: event.labels, hops: event.hops, trigger, delivery };
        self.run_caused(owner, &listener.app, call, input, cause, wall_ms_max).await.map(Some)
    }

    /// Starts a run that no person started.
    pub(crate) async fn run_caused(
        self: &Arc<Self>,
        owner: OwnerId,
        app: &protocol::AppName,
        call: Call,
        input: Value,
        cause: Cause,
        wall_ms_max: Option<u64>,
    ) -> Result<Viewer, Failure> {
        let begin = Begin {
            asked: None,
            app: app.clone(),
            call,
            input,
            files: Vec::new(),
            cause: Some(cause),
            wall_ms_max,
            asker: None,
            exact: None,
        };
        self.run_begin(self.own_caller(owner), begin).await
    }

    /// A line in the log: something should have started an app, and could not.
    pub(crate) fn start_failed(&self, owner: OwnerId, app: &protocol::AppName, why: Sentence, failure: &Failure) {
        let said = sentence::trigger_failed(why, failure.message.as_str());
        let caller = self.own_caller(owner);
        self.note(owner, &journal::record(self.clock.now(), &caller, AuditEvent::Event, Some(app), said));
    }

    /// Loads once what of an owner's apps asked to be started, so that it is known what each listens to; no other app can
    /// listen. One that cannot be loaded listens to nothing; `oikos doctor` says why.
    pub(crate) async fn listeners_load(self: &Arc<Self>, owner: OwnerId) -> Result<(), Failure> {
        if self.bus.knows(owner) {
            return Ok(());
        }
        let _loading = self.listeners_loading.lock().await;
        if self.bus.knows(owner) {
            return Ok(());
        }
        for record in self.app_records(owner)? {
            if !record.enabled || !self.asks_to_start(owner, &record.name) {
                continue;
            }
            let listening = async {
                let app = self.app_load(owner, &record.name).await?;
                let image = self.image(&app).await?;
                self.listeners_set(owner, &app, image.exports())
            };
            if let Err(failure) = listening.await {
                tracing::warn!(app = %record.name, owner = owner.0, code = %failure.code, "an app cannot be loaded, so nothing starts it");
            }
        }
        self.bus.state.lock().known.insert(owner);
        Ok(())
    }

    /// What an app listens to from now on.
    pub(crate) fn listeners_set(&self, owner: OwnerId, app: &LoadedApp, exports: &[String]) -> Result<(), Failure> {
        let whose = (owner, app.record.name.clone());
        let registered = if app.record.enabled {
            Triggers::of(&app.package)?.registered(&app.package, app.record.installed_at, exports)?
        } else {
            Registered::default()
        };
        self.bus.state.lock().table.set(whose, registered);
        Ok(())
    }

    /// An app listens to nothing any more, and what waits for it is dropped.
    pub(crate) fn listeners_drop(&self, owner: OwnerId, app: &protocol::AppName) {
        let whose = (owner, app.clone());
        self.bus.state.lock().table.remove(&whose);
        self.hearings_drop(&self.bus.purge(&whose));
    }

    /// Reads what waits from the last process. What was tried too often is dropped and told.
    pub(crate) fn events_recover(&self, owner: OwnerId) -> Result<(), Failure> {
        let prefix = waiting_prefix();
        let rows = self.store.scan(owner, Space::Event, prefix, None, crate::SCAN_MAX).map_err(store_failure)?;
        let heard =
            self.store.scan(owner, Space::Event, heard_prefix(), None, crate::SCAN_MAX).map_err(store_failure)?;
        let mut heard_before: HashMap<EventId, Vec<String>> = HashMap::new();
        for (key, _) in &heard {
            if let Some((event, listener)) = heard_split(key) {
                heard_before.entry(event).or_default().push(listener.to_owned());
            }
        }
        let caller = self.own_caller(owner);
        let mut batch = Batch::new();
        let mut waiting = Vec::new();
        for (key, entry) in &rows {
            let Some(mut event) = Event::read(owner, entry) else {
                batch.delete(&Key::new(owner, Space::Event, key.clone()));
                continue;
            };
            event.tries += 1;
            if event.tries > TRIES_MAX {
                Ack::All(owner, event.id).put(&mut batch);
                heard_before.remove(&event.id);
                let said = sentence::event_dropped(event.topic.as_str(), TRIES_MAX);
                let record = journal::record(self.clock.now(), &caller, AuditEvent::Event, None, said);
                journal::append(&mut batch, owner, &record);
                continue;
            }
            waiting.push(Arc::new(event));
        }
        // Of events that are gone nobody asks any more who heard them.
        for (key, _) in &heard {
            let is_gone = heard_split(key).is_none_or(|(event, _)| !waiting.iter().any(|known| known.id == event));
            if is_gone {
                batch.delete(&Key::new(owner, Space::Event, key.clone()));
            }
        }
        if !batch.is_empty() {
            batch.use_reserve();
            self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        }
        let mut state = self.bus.state.lock();
        waiting.retain(|event| !state.unrouted.iter().any(|known| known.id == event.id));
        for event in &waiting {
            state.queue.reserve_kept(owner, &event.sender, event.bytes());
        }
        heard_before.retain(|event, _| waiting.iter().any(|known| known.id == *event));
        state.heard_before.extend(heard_before);
        state.unrouted.extend(waiting);
        Ok(())
    }

    /// Counts a try of what an earlier process has left: should this one end meanwhile, the next one knows.
    fn tries_count(&self, event: &Event) {
        if event.tries == 0 {
            return;
        }
        let mut batch = Batch::new();
        event.put(&mut batch);
        if let Err(error) = self.store.commit(batch, Durability::Saved) {
            tracing::warn!(%error, key = %waiting_key(event.owner, event.id), "a try could not be counted");
        }
    }

    /// The tick of a minute, once for each.
    pub(crate) fn tick(self: &Arc<Self>, owner: OwnerId) {
        /// Milliseconds of a minute.
        const MINUTE_MS: i64 = 60_000;
        let now = self.clock.now();
        let minute = now.0.div_euclid(MINUTE_MS);
        let is_new = self.bus.state.lock().minutes.insert(owner, minute) != Some(minute);
        if is_new {
            self.event_system(owner, Topic::SYSTEM_TICK, &json!({ "minute": minute * MINUTE_MS }));
        }
    }
}

/// The version that runs does not listen to an event that waited for the one before.
fn no_listener(hearing: &Hearing) -> Failure {
    let (app, topic) = (&hearing.listener.app, &hearing.event.topic);
    Failure::new(ErrorCode::NotFound, format!("this version of {app} does not listen to {topic}"))
}

/// Reads a run's stream to its end: nobody looks at it, and a full one would hold the run up.
pub(crate) async fn ended(viewer: Viewer) -> Arc<RunReport> {
    ended_exact(viewer).await.0
}

/// The same, with what it returned as that was written.
pub(crate) async fn ended_exact(mut viewer: Viewer) -> (Arc<RunReport>, Option<Verbatim>) {
    loop {
        if let Seen::End(report) = viewer.next().await {
            return (report, viewer.exact());
        }
    }
}
