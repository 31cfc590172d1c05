//! One run, from spawn to end: admit → lease → guest → stream → drop, and what is written about it.

use crate::{
    Kernel,
    admission::Ticket,
    apps::LoadedApp,
    asked::{Asked, another_request},
    bus::deliver::Delivery,
    clients::{Carried, Readers, ToServer},
    elicit,
    figures::LimitHit,
    host::RunHost,
    host_call::GuestError,
    journal,
    moving::storage_hold,
    notes::Notes,
    program::Asker,
    report::{report_kept, report_of},
    routes::Exchange,
    runner::{GuestCall, GuestEnd, GuestExport, GuestFailure, GuestValue},
    servers::{CALL, METHOD, is_server},
    shelf::HandedUse,
    stream::{RunStream, Viewer},
    tools::Calling,
};
use broker::{Basis, Bound, Lease, LeaseEnd};
use futures_util::{FutureExt as _, future::BoxFuture};
use package::Hook;
use parking_lot::Mutex;
use protocol::{
    ActionName, AppName, Arg, AuditEvent, Caller, ClientId, Clock, Door, ErrorCode, Failure, Labels, OwnerId,
    RequestId, Right, RunId, Sentence, Timestamp, Verbatim,
    api::{NamedFile, RunReport, RunSummary, RunUsage},
    sentence,
};
use serde_json::Value;
use state::{Batch, Durability, Key, Space};
use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst},
    },
};
use tracing::{Instrument as _, field::Empty};

/// What a caller wants run.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// Asking twice with the same id gives the same run.
    pub id: Option<RequestId>,
    /// The app.
    pub app: AppName,
    /// The action or tool.
    pub action: ActionName,
    /// Its input.
    pub input: Value,
    /// What the person hands over for this run.
    pub files: Vec<NamedFile>,
}

/// What is called.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    /// An action or tool.
    Action(ActionName),
    /// What the app registered while it was activated.
    Handler {
        /// What the run is called in lists.
        action: ActionName,
        /// What the image calls it.
        export: GuestExport,
    },
    /// What the app registered to answer a request.
    Route {
        /// What the run is called in lists.
        action: ActionName,
        /// What the image calls it.
        export: GuestExport,
        /// The request's body, and the answer.
        exchange: Arc<Exchange>,
    },
    /// A tool of a server, by a run of another app.
    Tool {
        /// The tool.
        action: ActionName,
        /// Who calls it.
        calling: Calling,
    },
    /// What the app has called at a step of its life, whether it is enabled or not.
    Hook(Hook),
    /// What an MCP server is asked beside its tools.
    Server {
        /// What the run is called in lists.
        action: ActionName,
        /// What the image calls it.
        method: String,
        /// It is asked what it has, whether it is enabled or not.
        is_look: bool,
    },
}

/// What started a run that no person started.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    /// In words.
    pub(crate) said: Sentence,
    /// The grant that allows it; a hook needs none.
    pub(crate) basis: Option<Basis>,
    /// Labels of what it is told.
    pub(crate) labels: Labels,
    /// How many events and calls it comes from.
    pub(crate) hops: u8,
    /// What `ctx.env.trigger` shows.
    pub(crate) trigger: Value,
    /// The event that it hears, where that has to be heard for sure.
    pub(crate) delivery: Option<Delivery>,
}

/// A run that is to begin.
pub(crate) struct Begin {
    pub(crate) asked: Option<Asked>,
    pub(crate) app: AppName,
    pub(crate) call: Call,
    pub(crate) input: Value,
    pub(crate) files: Vec<NamedFile>,
    pub(crate) cause: Option<Cause>,
    /// A wall limit below the app's own.
    pub(crate) wall_ms_max: Option<u64>,
    /// Who can be asked for more while it goes on.
    pub(crate) asker: Option<Arc<dyn Asker>>,
    /// The input as it was written, where that is what a server is to get.
    pub(crate) exact: Option<Verbatim>,
}

/// What a run leaves beside its report.
pub(crate) struct Left {
    /// What it stored and heard, as the store gets it. What it sent comes into it at the last moment.
    batch: Batch,
    /// That it heard what started it.
    heard: Option<Delivery>,
    /// How safe all of it has to be; a run that only read and stored needs no more than that.
    pub(crate) durability: Durability,
}

/// A run while it lives: everything its effects and its end need.
pub(crate) struct Run {
    pub(crate) lease: Lease,
    pub(crate) app: Arc<LoadedApp>,
    pub(crate) action: ActionName,
    cause: Option<Cause>,
    pub(crate) stream: Arc<RunStream>,
    pub(crate) notes: Notes,
    pub(crate) started_at: Timestamp,
    /// What the caller calls it by.
    pub(crate) request: Option<Asked>,
    /// One question to a person at a time: the next may be answered by the one before.
    pub(crate) asking: tokio::sync::Mutex<()>,
    /// Numbers the effects that cannot be taken back by the store.
    pub(crate) effects: AtomicU64,
    /// What its app's own names for servers stood for when it began.
    pub(crate) bounds: OnceLock<BTreeMap<String, Bound>>,
    /// Effects under way: the run's end waits until each has settled.
    pub(crate) under_way: Arc<tokio::sync::RwLock<()>>,
    /// Files whose bytes were handed over, for as long as it uses them.
    used: Mutex<Vec<HandedUse>>,
    /// Whose run what is logged belongs to.
    pub(crate) span: tracing::Span,
    /// The request that it answers.
    pub(crate) exchange: OnceLock<Arc<Exchange>>,
    /// Who started it and can be asked for more.
    pub(crate) asker: OnceLock<Arc<dyn Asker>>,
    /// Programs outside that see what it says.
    pub(crate) readers: Readers,
    /// What it returned, as it was written.
    exact: OnceLock<Verbatim>,
    /// It has changed the app's storage, should it end well.
    has_stored: AtomicBool,
    /// It may use storage and nothing else: what it does is committed with an upgrade or not at all.
    is_storage_only: AtomicBool,
}

impl Run {
    /// A run of an app under a lease, not yet known to anybody.
    pub(crate) fn new(
        lease: Lease,
        app: Arc<LoadedApp>,
        action: ActionName,
        cause: Option<Cause>,
        request: Option<Asked>,
        started_at: Timestamp,
    ) -> Arc<Self> {
        let (id, name, owner) = (lease.run(), &app.record.name, lease.caller().owner);
        let span = tracing::info_span!(
            "run", run = %id, app = %name, %action, owner = owner.0,
            code = Empty, cpu_us = Empty, memory_bytes = Empty, host_bytes = Empty,
        );
        Arc::new(Self {
            stream: RunStream::new(lease.run()),
            span,
            lease,
            app,
            action,
            cause,
            notes: Notes::default(),
            started_at,
            request,
            asking: tokio::sync::Mutex::new(()),
            effects: AtomicU64::new(0),
            bounds: OnceLock::new(),
            under_way: Arc::default(),
            used: Mutex::default(),
            exchange: OnceLock::new(),
            asker: OnceLock::new(),
            readers: Readers::default(),
            exact: OnceLock::new(),
            has_stored: AtomicBool::new(false),
            is_storage_only: AtomicBool::new(false),
        })
    }

    pub(crate) fn has_stored(&self) -> bool {
        self.has_stored.load(SeqCst)
    }

    pub(crate) fn set_has_stored(&self) {
        self.has_stored.store(true, SeqCst);
    }

    pub(crate) fn is_storage_only(&self) -> bool {
        self.is_storage_only.load(SeqCst)
    }

    pub(crate) fn set_storage_only(&self, is_storage_only: bool) {
        self.is_storage_only.store(is_storage_only, SeqCst);
    }

    pub(crate) fn owner(&self) -> OwnerId {
        self.lease.caller().owner
    }

    pub(crate) fn id(&self) -> RunId {
        self.lease.run()
    }

    /// Whether a run of another app called it and waits for it.
    pub(crate) fn is_called(&self) -> bool {
        self.cause.as_ref().is_some_and(|cause| cause.said.code == "cause_called")
    }

    /// How many events and calls it comes from.
    pub(crate) fn hops(&self) -> u8 {
        self.cause.as_ref().map_or(0, |cause| cause.hops)
    }

    pub(crate) fn summary(&self) -> RunSummary {
        RunSummary {
            run: self.id(),
            app: self.app.record.name.clone(),
            action: self.action.clone(),
            cause: self.cause.as_ref().map(|cause| cause.said.clone()),
            started_at: self.started_at,
            ended_at: None,
            failure: None,
        }
    }
}

/// The key of a run's record: newest first.
pub(crate) fn run_key(run: RunId) -> String {
    let millis = run.as_bytes()[..6].iter().fold(0_u64, |ms, byte| ms << 8 | u64::from(*byte));
    format!("ended/{:012x}/{run}", (1_u64 << 48) - 1 - millis)
}

/// The key of the mark that a run is under way.
pub(crate) fn live_key(run: RunId) -> String {
    format!("live/{run}")
}

impl Kernel {
    /// Starts a run and watches it. Fails before anything is written if the caller, the app, the action or the input
    /// is not right.
    pub async fn run_start(self: &Arc<Self>, caller: Caller, request: RunRequest) -> Result<Viewer, Failure> {
        self.run_start_asked(caller, request, None, None).await
    }

    /// The same, for who can be asked for more while it goes on, and whose input a server gets as it was written.
    pub async fn run_start_asked(
        self: &Arc<Self>,
        caller: Caller,
        request: RunRequest,
        asker: Option<Arc<dyn Asker>>,
        exact: Option<Verbatim>,
    ) -> Result<Viewer, Failure> {
        self.require(&caller, Right::Run)?;
        let asked = Asked::of(&request);
        if let Some(run) = self.request_find(&caller, asked)? {
            // Whoever may start it would have heard it: they need no right to see what else there is.
            return self.run_view(&caller, run, 0);
        }
        let RunRequest { id: _, app, action, input, files } = request;
        self.require_paths(&caller, files.iter().any(|file| matches!(file, NamedFile::Path(_))))?;
        let call = Call::Action(action);
        let begin = Begin { asked, app, call, input, files, cause: None, wall_ms_max: None, asker, exact };
        self.run_begin(caller, begin).await
    }

    /// Begins a run, whoever wants it.
    pub(crate) async fn run_begin(self: &Arc<Self>, caller: Caller, request: Begin) -> Result<Viewer, Failure> {
        let is_hook = matches!(request.call, Call::Hook(_));
        let is_early = is_hook || matches!(request.call, Call::Server { is_look: true, .. });
        let app = match is_early {
            true => self.app_load(caller.owner, &request.app).await?,
            false => self.app_enabled(caller.owner, &request.app).await?,
        };
        self.zone_check_again(&app)?;
        let carried = match &request.call {
            // It begins with what the run has read that calls it.
            Call::Tool { .. } => Carried::default(),
            _ => self.client_carries(&caller, &request.app)?,
        };
        let mut exchange = None;
        let mut tool = None;
        let mut sent = None;
        let mut written = None;
        let mut calling = None;
        let (action_name, export, (picked, used), input) = match request.call {
            Call::Action(name) if is_server(&app) => {
                let input = if request.input.is_null() { Value::Object(serde_json::Map::new()) } else { request.input };
                let arguments = request.exact.unwrap_or_else(|| Verbatim::from(&input));
                let (called, call) = self.server_call(caller.owner, &app, &name, &arguments)?;
                let action = called.action.clone();
                sent = Some(ToServer { what: format!("the tool {action}"), content: arguments.clone() });
                tool = Some((called, arguments));
                written = Some(call);
                (action, GuestExport::named(CALL), Default::default(), Value::Null)
            }
            // Whether it may be called was decided, and whoever had to was asked, before it came here.
            Call::Tool { action, calling: by } => {
                let arguments = Verbatim::from(&request.input);
                let (called, call) = self.server_call(caller.owner, &app, &action, &arguments)?;
                calling = Some(by);
                written = Some(call);
                (called.action, GuestExport::named(CALL), Default::default(), Value::Null)
            }
            Call::Server { action, method, is_look } => {
                if !is_look {
                    let what = method.trim_start_matches(METHOD).to_owned();
                    sent = Some(ToServer { what, content: Verbatim::from(&request.input) });
                }
                (action, GuestExport::named(&method), Default::default(), request.input)
            }
            Call::Action(name) => {
                let called = app.callable(&name)?;
                let (picked, used) = self.pick_named(caller.owner, called, &request.files).await?;
                let mut input = request.input;
                if input.is_null() {
                    input = Value::Object(serde_json::Map::new());
                }
                for picked in &picked {
                    if let Some(fields) = input.as_object_mut() {
                        fields.insert(picked.name.clone(), Value::String(picked.handle()));
                    }
                }
                app.check_input(called, &input)?;
                if let Some(asked) = self.own_tool_check(&caller, &app, &name)? {
                    tool = Some((asked, Verbatim::from(&input)));
                }
                (name.clone(), GuestExport::from(name), (picked, used), input)
            }
            Call::Handler { action, export } => (action, export, Default::default(), request.input),
            Call::Route { action, export, exchange: asked } => {
                exchange = Some(asked);
                (action, export, Default::default(), request.input)
            }
            Call::Hook(hook) => {
                (hook_name(hook)?, GuestExport::named(&hook.export()), Default::default(), request.input)
            }
        };
        let settings = match is_hook {
            true => self.settings_of_hook(caller.owner, &app),
            false => self.settings_of(caller.owner, &app)?,
        };
        let image = self.image(&app).await?;
        let places = if calling.is_some() { &self.admission_called } else { &self.admission };
        let (ticket, has_waited) = self.place(places, caller.owner, &request.app).await?;
        if has_waited && !is_early {
            // Meanwhile it may have been disabled or removed.
            self.app_enabled(caller.owner, &request.app).await?;
        }

        let run_id = RunId::new(&*self.clock, &*self.entropy);
        let now_ns = self.clock.monotonic_ns();
        let mut limits = app.package.manifest().limits.limits();
        limits.wall_ms = limits.wall_ms.min(request.wall_ms_max.unwrap_or(u64::MAX));
        let lease = match &calling {
            Some(calling) => calling.begin(&self.broker, &request.app, run_id, limits, now_ns),
            None => self.broker.lease_open(caller, &request.app, run_id, limits, now_ns),
        };
        if let Some(cause) = &request.cause {
            lease.join_labels(cause.labels);
        }
        if !is_server(&app) {
            // What a server gets of it was decided as something sent, and is seen by a person where it has to be.
            lease.carry(carried.all);
        }
        let env = app.env(&picked, request.cause.as_ref().map(|cause| &cause.trigger), settings);
        for picked in picked {
            if let Err(rule) = self.broker.hand_over(&lease, picked) {
                self.broker.lease_close(run_id);
                return Err(Failure::new(ErrorCode::PermissionDenied, rule.to_string()));
            }
        }
        let run = Run::new(lease, app, action_name, request.cause, request.asked, self.clock.now());
        run.used.lock().extend(used);
        self.bounds_keep(&run);
        if let Some(exchange) = exchange {
            run.exchange.get_or_init(|| exchange);
        }
        if let Some(client) = caller.client.filter(|_| calling.is_none()) {
            run.readers.add(client);
        }
        let person = || if is_early { None } else { elicit::person(self, &run) };
        if let Some(asker) = request.asker.or_else(person) {
            run.asker.get_or_init(|| asker);
        }
        if let Some(known) = self.run_open(&run)? {
            return self.run_view(&caller, known, 0);
        }
        let viewer = run.stream.view(0);
        let mut call = self.guest_call(&run, export, &input, env);
        if let Some(written) = written {
            call.input = written.text().as_bytes().to_vec();
        }
        let host = Arc::new(RunHost::new(self.clone(), run.clone()));
        let kernel = self.clone();
        let guest = self.guest_start(&run, &image, call, host);
        let sent = sent.filter(|_| carried.asks());
        let guest = match tool.filter(|(tool, _)| sent.is_none() && self.asks_first(run.lease.caller(), tool)) {
            None => guest,
            Some((tool, arguments)) => self.tool_ask(run.clone(), tool, &arguments, guest),
        };
        let guest = match sent {
            None => guest,
            Some(sent) => self.client_ask(run.clone(), sent, guest),
        };
        let span = run.span.clone();
        tokio::spawn(async move { kernel.run_drive(run, guest, ticket).await }.instrument(span));
        Ok(viewer)
    }

    /// What a guest of a run gets.
    pub(crate) fn guest_call(&self, run: &Run, export: GuestExport, input: &Value, env: Vec<u8>) -> GuestCall {
        let mut seed = [0; 32];
        self.entropy.fill(&mut seed);
        GuestCall {
            export,
            input: serde_json::to_vec(input).unwrap_or_default(),
            env,
            seed,
            now_ms: run.started_at.0,
            lease: run.lease.clone(),
            terms: None,
        }
    }

    /// An app that may run.
    pub(crate) async fn app_enabled(
        self: &Arc<Self>,
        owner: OwnerId,
        app: &AppName,
    ) -> Result<Arc<LoadedApp>, Failure> {
        let loaded = self.app_load(owner, app).await?;
        if loaded.record.enabled {
            return Ok(loaded);
        }
        let failure = Failure::new(ErrorCode::AppDisabled, format!("{app} is disabled"));
        Err(failure.hint(format!("oikos app enable {app}")))
    }

    /// Marks a run as under way and says so in the log. `Some`: the request was made before, and this is its run.
    pub(crate) fn run_open(&self, run: &Arc<Run>) -> Result<Option<RunId>, Failure> {
        let owner = run.owner();
        {
            let mut live = self.live.lock();
            if let Some(asked) = run.request {
                // Looked at again with the lock held: of two that ask at the same moment, one runs. What ran and has
                // ended wrote its request before it left.
                let is_twin = |known: &Run| known.request.is_some_and(|known| known.id == asked.id);
                let twin = live.values().find(|known| is_twin(known) && known.owner() == owner);
                let known = match twin {
                    Some(twin) if twin.request == run.request => Ok(Some(twin.id())),
                    Some(_) => Err(another_request()),
                    None => self.request_find(run.lease.caller(), run.request),
                };
                if !matches!(known, Ok(None)) {
                    self.broker.lease_close(run.id());
                    return known;
                }
            }
            live.insert(run.id(), run.clone());
        }
        // From here on it can be stopped; what happened just before that is seen now.
        // What another run called is of that one, which may go on to its end.
        if self.is_ending.load(SeqCst) && !run.is_called() {
            run.lease.end(LeaseEnd::Shutdown);
        }
        if !self.apps.read().contains_key(&(owner, run.app.record.name.clone())) {
            run.lease.end(LeaseEnd::Stopped);
        }
        let mut batch = Batch::new();
        let (action, version) = (run.action.as_str(), run.app.record.version.to_string());
        let (said, basis) = match &run.cause {
            Some(cause) if run.exchange.get().is_some() => {
                (sentence::run_requested(action, version, cause.said.clone()), cause.basis.as_ref())
            }
            Some(cause) if run.is_called() => {
                (sentence::run_called(action, version, cause.said.clone()), cause.basis.as_ref())
            }
            Some(cause) => (sentence::run_triggered(action, version, cause.said.clone()), cause.basis.as_ref()),
            None => match run.lease.caller().client {
                Some(ClientId::Program(client)) => (sentence::run_started_for(action, version, client.as_str()), None),
                _ => (sentence::run_started(action, version), None),
            },
        };
        let record = journal::effect_record(run.started_at, &run.lease, AuditEvent::RunStarted, said, basis, None);
        journal::append(&mut batch, owner, &record);
        let summary = serde_json::to_vec(&run.summary()).unwrap_or_default();
        batch.put(&Key::new(owner, Space::Run, live_key(run.id())), summary, Labels::NONE);
        if let Some(asked) = run.request {
            let key = Key::new(owner, Space::Request, asked.id.to_string());
            batch.put(&key, asked.row(run.id()), Labels::NONE);
        }
        // On a full disk runs go on that only read: what is said about them is small and finds room.
        batch.use_reserve();
        if let Err(error) = self.store.commit(batch, Durability::Lazy) {
            let failure = commit_failure(error);
            self.broker.lease_close(run.id());
            self.run_left(run.id());
            // Somebody may follow it already by its request.
            run.stream.end(report_of(run, &Err(failure.clone()), RunUsage::default()));
            return Err(failure);
        }
        Ok(None)
    }

    /// Waits for the guest's end, settles what it wrote, and tells the viewers.
    async fn run_drive(self: Arc<Self>, run: Arc<Run>, guest: BoxFuture<'static, GuestEnd>, ticket: Ticket) {
        let end = guest_ended(guest).await;
        let (result, usage) = self.run_ended(&run, end, ticket).await;
        let (_held, result) = storage_hold(&run, result).await;
        if let Some(exact) = result.as_ref().ok().and_then(|value| value.exact.clone()) {
            run.exact.get_or_init(|| exact);
        }
        self.server_run_ended(&run, &result).await;
        let left = self.run_leave(&run, result.is_ok(), Batch::new());
        let is_class_a = left.batch.is_empty() && !self.bus.holds(run.id());
        // A thread that may wait costs a run more than writing down that it only read.
        let report = if is_class_a && is_short(&result) && self.store.takes_lazy_now() {
            std::panic::catch_unwind(AssertUnwindSafe(|| self.run_close(&run, result, usage, left))).ok()
        } else {
            let (kernel, closing) = (self.clone(), run.clone());
            let close = move || closing.span.in_scope(|| kernel.run_close(&closing, result, usage, left));
            tokio::task::spawn_blocking(close).await.ok()
        };
        self.run_tell(&run, report, usage);
    }

    /// Ends a run: nothing of it begins anew, what it did has settled, its place is free. Gives how it ended and what it
    /// used.
    pub(crate) async fn run_ended(
        &self,
        run: &Run,
        end: GuestEnd,
        ticket: Ticket,
    ) -> (Result<GuestValue, Failure>, RunUsage) {
        // Effects under way always settle: as done, not done, or unknown. Their lease has to end first, so that none
        // begins anew.
        let stopped_by = run.lease.end(LeaseEnd::Finished);
        drop(run.under_way.write().await);
        drop(ticket);
        run.notes.add_exchanged(run.lease.exchanged());
        let now_ns = self.clock.monotonic_ns();
        let usage = RunUsage {
            wall_ms: run.lease.wall_ms(now_ns),
            cpu_us: run.lease.guest_cpu_us(),
            host_cpu_us: run.lease.host_cpu_us(),
            memory_bytes: end.memory_bytes,
            host_bytes: run.lease.host_bytes(),
            chunks: run.stream.chunks(),
            log_dropped: run.lease.log_dropped(),
        };
        let ended_by = match &end.result {
            Err(GuestFailure::Ended(end)) if stopped_by == LeaseEnd::Finished => *end,
            _ => stopped_by,
        };
        if let Some(limit) = LimitHit::of(ended_by) {
            self.tally.limit_hit(limit);
        }
        let result = match end.result {
            Ok(value) if stopped_by == LeaseEnd::Finished => Ok(value),
            // It was told that it has ended, and so was whoever stopped it: what it says after that does not count.
            Ok(_) => Err(run_failure(run, stopped_by, GuestFailure::Ended(stopped_by))),
            Err(failure) => Err(run_failure(run, stopped_by, failure)),
        };
        (result, usage)
    }

    /// Tells everybody that a run has ended.
    pub(crate) fn run_tell(&self, run: &Run, report: Option<RunReport>, usage: RunUsage) {
        // Whoever watches hears of an end, whatever became of it.
        let report =
            report.unwrap_or_else(|| report_of(run, &Err(internal("the end of the run could not be written")), usage));
        let code = report.summary.failure.as_ref().map(|failure| failure.code);
        let run_us = run.lease.wall_ns(self.clock.monotonic_ns()) / 1_000;
        self.tally.run_ended(code, run_us, usage.cpu_us);
        if let Some(code) = code {
            run.span.record("code", code.word());
        }
        run.span.record("cpu_us", usage.cpu_us);
        run.span.record("memory_bytes", usage.memory_bytes);
        run.span.record("host_bytes", usage.host_bytes);
        run.span.in_scope(|| match code {
            // Why is for whom the run belongs to: an app says what it likes there.
            Some(code) => tracing::info!(%code, wall_ms = usage.wall_ms, cpu_us = usage.cpu_us, "a run failed"),
            None => tracing::debug!(wall_ms = usage.wall_ms, cpu_us = usage.cpu_us, "a run ended"),
        });
        self.broker.lease_close(run.id());
        // Before anybody hears of the end: whoever does may forget them.
        run.used.lock().clear();
        if let Some(exchange) = run.exchange.get() {
            exchange.end(run.lease.labels());
        }
        let exact = run.exact.get().filter(|_| report.summary.failure.is_none());
        run.stream.end_exact(report, exact.cloned());
        {
            let mut ended = self.ended.lock();
            ended.push_back(((run.owner(), run.id()), run.stream.clone()));
            while ended.len() > crate::ENDED_STREAMS_KEPT {
                ended.pop_front();
            }
        }
        // Only now, so that whoever looks for it finds it here or there.
        self.run_left(run.id());
    }

    fn run_left(&self, run: RunId) {
        self.live.lock().remove(&run);
        self.runs_left.notify_waiters();
    }

    /// Gathers what has to be written with a run's end, after what is in the batch.
    pub(crate) fn run_leave(&self, run: &Run, is_ok: bool, mut batch: Batch) -> Left {
        self.effects.run_end(&run.lease, is_ok, &mut batch);
        // What oikos itself cut off was not heard; it comes again. All else was, however it ended.
        let delivery = run.cause.as_ref().and_then(|cause| cause.delivery.as_ref());
        let heard = delivery.filter(|_| run.lease.check() != Err(LeaseEnd::Shutdown)).cloned();
        heard.iter().filter_map(Delivery::ack).for_each(|ack| ack.put(&mut batch));
        Left { batch, heard, durability: Durability::Saved }
    }

    /// Writes the end of a run: with what it stored, sent and heard, in one commit.
    pub(crate) fn run_close(
        self: &Arc<Self>,
        run: &Run,
        result: Result<GuestValue, Failure>,
        usage: RunUsage,
        left: Left,
    ) -> RunReport {
        let Left { mut batch, heard, durability } = left;
        let events = self.events_keep(run.id(), result.is_ok(), &mut batch);
        let durability = if batch.is_empty() { Durability::Lazy } else { durability };
        if !events.is_empty() {
            crate::crash_point("event::before_commit");
        }
        let written = self.run_write(run, &result, usage, batch, durability);
        if written.is_err() {
            self.bus.release(&events);
        } else if !events.is_empty() {
            crate::crash_point("event::after_commit");
            self.events_route(events);
        }
        let report = written
            .or_else(|failure| {
                // What the run stored could not be kept: then it has failed, and that is what the log says.
                let mut batch = Batch::new();
                heard.iter().filter_map(Delivery::ack).for_each(|ack| ack.put(&mut batch));
                self.run_write(run, &Err(failure), usage, batch, Durability::Lazy)
            })
            .unwrap_or_else(|failure| {
                tracing::error!(run = %run.id(), code = %failure.code, "the end of a run could not be written");
                report_of(run, &Err(failure), usage)
            });
        self.hearings_end(heard.as_slice());
        report
    }

    fn run_write(
        &self,
        run: &Run,
        result: &Result<GuestValue, Failure>,
        usage: RunUsage,
        mut batch: Batch,
        durability: Durability,
    ) -> Result<RunReport, Failure> {
        let owner = run.owner();
        let at = self.clock.now();
        for record in run.notes.records(at, &run.lease) {
            journal::append(&mut batch, owner, &record);
        }
        let wall = Arg::Millis(usage.wall_ms);
        let (code, said) = match result {
            Ok(_) => (None, sentence::run_ended(wall, Arg::Millis(usage.cpu_us / 1_000))),
            Err(failure) if run.lease.check() == Err(LeaseEnd::Stopped) => {
                (Some(failure.code), sentence::run_stopped(wall))
            }
            Err(failure) => (Some(failure.code), sentence::run_failed(wall, failure.code, failure.message.as_str())),
        };
        let record = journal::run_record(at, &run.lease, AuditEvent::RunEnded { code }, said);
        journal::append(&mut batch, owner, &record);
        self.clients_read(run, &mut batch)?;
        let mut report = report_of(run, result, usage);
        report.summary.ended_at = Some(at);
        batch.delete(&Key::new(owner, Space::Run, live_key(run.id())));
        let key = Key::new(owner, Space::Run, run_key(run.id()));
        let labels = run.lease.labels();
        let kept = report_kept(&report);
        if durability > Durability::Lazy {
            batch.put(&key, kept, labels);
            self.store.commit(batch, durability).map_err(commit_failure)?;
            return Ok(report);
        }
        // Apart, so that the log says what happened on a full disk too, where a large report finds no room.
        self.store.commit(batch, durability).map_err(commit_failure)?;
        let mut batch = Batch::new();
        if kept.len() <= crate::REPORT_BYTES_RESERVED {
            batch.use_reserve();
        }
        batch.put(&key, kept, labels);
        self.store.commit(batch, durability).map_err(commit_failure)?;
        Ok(report)
    }
}

/// Waits for the end of a guest. A sandbox that fails must not take the end of the run with it: somebody waits for that.
pub(crate) async fn guest_ended(guest: BoxFuture<'static, GuestEnd>) -> GuestEnd {
    AssertUnwindSafe(guest).catch_unwind().await.unwrap_or_else(|_| GuestEnd {
        result: Err(GuestFailure::Trapped("the sandbox itself failed".to_owned())),
        memory_bytes: 0,
    })
}

/// What a hook's run is called in lists.
pub(crate) fn hook_name(hook: Hook) -> Result<ActionName, Failure> {
    hook.word().parse().map_err(|error: protocol::NameError| Failure::from_error(ErrorCode::Internal, &error))
}

/// A run that stored something and comes too late with it.
pub(crate) fn run_conflict(run: &Run, error: &GuestError) -> Failure {
    Failure::new(error.code, error.message.as_str())
        .hint(format!("run it again: {} is at another version now", run.app.record.name))
}

/// Whether what a run says at its end is written down in well under a millisecond.
fn is_short(result: &Result<GuestValue, Failure>) -> bool {
    /// Bytes of data; serde_json writes some hundred a microsecond.
    const SHORT_BYTES_MAX: usize = 64 << 10;
    let Ok(value) = result else { return true };
    value.data.as_ref().map_or(0, crate::stream::value_bytes) <= SHORT_BYTES_MAX
        && value.summary.as_ref().map_or(0, String::len) <= SHORT_BYTES_MAX
}

/// A failed guest, as a person reads it.
fn run_failure(run: &Run, ended: LeaseEnd, failure: GuestFailure) -> Failure {
    let limits = run.lease.limits();
    // When the lease ended first, that is the reason, whatever the guest made of it.
    if ended != LeaseEnd::Finished {
        let failure = Failure::new(ended.code(), ended.message(limits));
        return match ended {
            LeaseEnd::CpuLimit | LeaseEnd::MemoryLimit => {
                failure.hint("the app's author can ask for more in `limits`; the card shows it at the next install")
            }
            _ => failure,
        };
    }
    match failure {
        GuestFailure::Threw { message, stack, code } => {
            // The name of our own error class says nothing that the code does not, and a plain `Error` says nothing.
            let name = ["OikosError: ", "Error: "].into_iter().find(|name| message.starts_with(name));
            let message = &message[name.map_or(0, str::len)..];
            let mut shown = protocol::text::escape(message);
            if code.is_none()
                && let Some(first) = stack.as_deref().and_then(|stack| stack.lines().next())
            {
                shown.push_str(&format!(" ({})", protocol::text::shorten(first.trim(), 120)));
            }
            let code = match code {
                // An app that passes on a denial was denied, and what cannot be read apart from oikos is no fault of the app that
                // passes it on; anything else it throws is its own failure.
                Some(
                    code @ (ErrorCode::PermissionDenied
                    | ErrorCode::QuotaExceeded
                    | ErrorCode::NotAvailable
                    | ErrorCode::DependencyMissing
                    | ErrorCode::DocumentUnreadable
                    | ErrorCode::WorkerFailed
                    | ErrorCode::BoxRefused
                    | ErrorCode::HostLimit),
                ) => code,
                _ => ErrorCode::AppFailed,
            };
            Failure::new(code, shown).log(stack.unwrap_or_default())
        }
        GuestFailure::Failed(failure) => Failure { message: protocol::text::escape(&failure.message), ..*failure },
        GuestFailure::NoSuchExport => Failure::new(
            ErrorCode::ActionNotFound,
            format!("{} describes the action {} but its code does not export it", run.app.record.name, run.action),
        ),
        GuestFailure::Ended(end) => Failure::new(end.code(), end.message(limits)),
        GuestFailure::NoRoom => Failure::new(ErrorCode::HostBusy, "the machine has no memory left for this run")
            .hint("oikos stop --all ends what is running; or try again later"),
        GuestFailure::Trapped(message) => {
            Failure::new(ErrorCode::AppFailed, "the app's code broke its sandbox's rules and was ended").log(message)
        }
    }
}

pub(crate) fn run_not_found(run: RunId) -> Failure {
    Failure::new(ErrorCode::RunNotFound, format!("there is no run {run}")).hint("oikos run --list shows the last runs")
}

pub(crate) fn internal(message: &str) -> Failure {
    Failure::new(ErrorCode::Internal, message)
}

pub(crate) fn store_failure(error: state::StoreError) -> Failure {
    Failure::from_error(error.code(), &error)
}

pub(crate) fn commit_failure(error: state::CommitError) -> Failure {
    Failure::from_error(error.code(), &error)
}

/// Nobody in particular: oikos itself, on an owner's behalf.
pub(crate) fn kernel_caller(owner: OwnerId, device: protocol::DeviceId) -> Caller {
    Caller { owner, device, door: Door::Kernel, rights: protocol::Rights::OWNER, client: None }
}

/// Counts an effect of a run.
pub(crate) fn effect_number(run: &Run) -> u64 {
    run.effects.fetch_add(1, Relaxed) + 1
}

/// Time that has passed is progress for the idle clock.
pub(crate) fn progress(run: &Run, clock: &dyn Clock) {
    run.lease.progress(clock.monotonic_ns());
}
