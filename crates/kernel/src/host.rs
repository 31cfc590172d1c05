//! The way of one effect: decode → demand → decide → (ask) → perform → record. All doors of a sandbox end here.

use crate::{
    Kernel,
    effect::{Change, Done, Effect, EffectError, Scene},
    host_call::{AnswerPart, FileCall, GuestError, HostAnswer, HostCall, HostError, HttpCall, StorageCall},
    journal,
    program::{InputRequest, Introduction, RunWay, WayOut},
    run::{Run, effect_number, progress},
    runner::{GuestHost, GuestPiece, Push},
    trash::{SentRow, TrashRow},
    vault::secrets_for_request,
};
use broker::{
    Ask, Basis, Decision, Demand, Denied, FileDemand, Lease, NetworkDemand, Permit, Resolve, ShellDemand, StorageDemand,
};
use futures_util::{FutureExt, future::BoxFuture};
use parking_lot::Mutex;
use protocol::{
    AuditEvent, BoxFact, Chunk, Digest, EffectState, ErrorCode, FileAccess, Labels, OwnerId, QuestionKind, Scope,
    ScopeWord, Sentence, Timestamp, sentence, sha256,
};
use state::{Batch, Durability, Key, Space};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument as _, field::Empty};

/// A timer longer than this could not ring before the run's wall clock ends it.
const TIMER_MS_MAX: u64 = 24 * 3_600_000;
/// How often an effect that waits for its turn says that it is still there: well below any idle limit.
const QUEUE_PROGRESS_EVERY_MS: u64 = 1_000;
/// Progress is shown at most this often.
const PROGRESS_EVERY_NS: u64 = 100_000_000;

/// One run's exit.
pub(crate) struct RunHost {
    kernel: Arc<Kernel>,
    run: Arc<Run>,
    runtime: tokio::runtime::Handle,
    way: OnceLock<Arc<RunWay>>,
}

impl RunHost {
    pub(crate) fn new(kernel: Arc<Kernel>, run: Arc<Run>) -> Self {
        let runtime = kernel.runtime.clone();
        Self { kernel, run, runtime, way: OnceLock::new() }
    }
}

impl GuestHost for RunHost {
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<HostAnswer, HostError>> {
        let (kernel, run) = (self.kernel.clone(), self.run.clone());
        let span = run.span.in_scope(|| tracing::debug_span!("call", effect = call.family(), code = Empty));
        let outcome = span.clone();
        // On its own task: the guest's thread never decides, never waits for a disk, and dropping the guest drops
        // the call.
        let working = async move {
            let result = call_route(&kernel, &run, call).await;
            if let Err(HostError::Guest(error)) = &result {
                outcome.record("code", error.code.word());
            }
            progress(&run, &*kernel.clock);
            result
        };
        let task = self.runtime.spawn(working.instrument(span));
        AbortOnDrop(task).boxed()
    }

    fn stream(&self, piece: GuestPiece) -> Push {
        let run = &self.run;
        if let Err(end) = run.lease.check() {
            return Push::Ended(end);
        }
        let chunk = match piece {
            GuestPiece::Progress { said, done, total } => {
                progress(run, &*self.kernel.clock);
                let sentence = sentence::program_progress(protocol::text::shorten(&said, PROGRESS_CHARS_MAX));
                run.stream.push(Chunk::Progress { sentence, done, total });
                return Push::Taken;
            }
            GuestPiece::Log { level, text } => {
                if !run.lease.admit_log(text.len() as u64) {
                    return Push::Taken;
                }
                Chunk::Log { level, text }
            }
            GuestPiece::Text(text) => Chunk::Text { text },
            GuestPiece::Data { topic, payload, renderer } => Chunk::Data { topic, payload, renderer },
        };
        if !matches!(chunk, Chunk::Log { .. }) {
            // A piece costs something even if it is empty: a million of them are not free.
            let bytes = crate::stream::chunk_bytes(&chunk) as u64 + crate::PIECE_BYTES;
            if let Err(end) = run.lease.charge_stream_bytes(bytes) {
                return Push::Ended(end);
            }
        }
        progress(run, &*self.kernel.clock);
        if !run.stream.push(chunk) {
            return Push::Taken;
        }
        let (stream, lease) = (run.stream.clone(), run.lease.clone());
        Push::Wait(
            async move {
                tokio::select! {
                    () = stream.drained() => {}
                    _ = lease.ended() => {}
                }
            }
            .boxed(),
        )
    }

    fn way_out(&self) -> Option<Arc<dyn WayOut>> {
        let way = self.way.get_or_init(|| Arc::new(RunWay::new(self.kernel.clone(), self.run.clone())));
        Some(way.clone())
    }

    fn introduction(&self) -> Option<&Introduction> {
        self.run.asker.get().map(|asker| asker.introduction())
    }

    fn kept(&self, facts: &[BoxFact]) {
        self.run.notes.keep(facts);
    }

    fn input(&self, requests: Vec<InputRequest>) -> BoxFuture<'static, Result<Vec<serde_json::Value>, String>> {
        crate::program::input(self.kernel.clone(), self.run.clone(), requests).boxed()
    }
}

/// What a program says of its progress is a line, not a text.
const PROGRESS_CHARS_MAX: usize = 200;

struct AbortOnDrop(tokio::task::JoinHandle<Result<HostAnswer, HostError>>);

impl Future for AbortOnDrop {
    type Output = Result<HostAnswer, HostError>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<HostAnswer, HostError>> {
        self.0.poll_unpin(cx).map(|joined| {
            joined.unwrap_or_else(|error| {
                tracing::error!(%error, "an effect's task failed");
                Err(GuestError::new(ErrorCode::Internal, "oikos failed while it worked on this call").into())
            })
        })
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Every effect on one screen.
async fn call_route(kernel: &Arc<Kernel>, run: &Arc<Run>, call: HostCall) -> Result<HostAnswer, HostError> {
    run.lease.check()?;
    if run.is_storage_only() && !matches!(call, HostCall::Storage(_) | HostCall::Timer { .. }) {
        let message =
            "while an app is upgraded its hooks use storage and nothing else: nothing else could be taken back";
        return Err(GuestError::new(ErrorCode::PermissionDenied, message).into());
    }
    match call {
        HostCall::File(FileCall::Pick { access, folder, purpose }) => pick(kernel, run, access, folder, purpose).await,
        HostCall::File(call) => effect(kernel, run, |kernel| &*kernel.effects.file, call).await,
        HostCall::Csv(call) => effect(kernel, run, |kernel| &*kernel.effects.csv, call).await,
        HostCall::Http(call) => http(kernel, run, call).await,
        HostCall::Pdf(call) => effect(kernel, run, |kernel| &*kernel.effects.pdf, call).await,
        HostCall::Shell(call) => effect(kernel, run, |kernel| &*kernel.effects.shell, call).await,
        HostCall::Mcp(call) => crate::tools::mcp(kernel, run, call).await,
        HostCall::Storage(call) => storage(kernel, run, call).await,
        HostCall::Emit { topic, payload } => crate::bus::emit::emit(kernel, run, topic, payload).await,
        HostCall::Answer(part) => {
            if let AnswerPart::Answer(answer) = &part {
                run.lease.charge_stream_bytes(answer.body.len() as u64 + crate::PIECE_BYTES)?;
            }
            Ok(crate::routes::exchange(run, part)?)
        }
        HostCall::Timer { ms } => {
            tokio::time::sleep(std::time::Duration::from_millis(ms.min(TIMER_MS_MAX))).await;
            Ok(HostAnswer::Json(serde_json::Value::Null))
        }
        HostCall::NotAvailable { feature } => {
            if let Some(denied) = undeclared(kernel, run, &feature) {
                return Err(refuse(kernel, run, denied));
            }
            let message = format!("{feature} is not in this version of oikos yet");
            Err(GuestError::new(ErrorCode::NotAvailable, message).into())
        }
    }
}

/// Storage, as long as it is of the run's own version.
async fn storage(kernel: &Arc<Kernel>, run: &Arc<Run>, call: StorageCall) -> Result<HostAnswer, HostError> {
    run.app.storage.check()?;
    if matches!(call, StorageCall::Set { .. } | StorageCall::Delete { .. }) {
        run.set_has_stored();
    }
    let answer = effect(kernel, run, |kernel| &*kernel.effects.storage, call).await?;
    // What was read while it moved on may be of the version after.
    run.app.storage.check()?;
    Ok(answer)
}

/// The denial of a feature that comes later, where the app never asked for its family: that is no less so today.
fn undeclared(kernel: &Kernel, run: &Run, feature: &str) -> Option<Denied> {
    let word = match feature.split('.').next()? {
        "ai" => ScopeWord::Ai,
        "clipboard" => ScopeWord::Clipboard,
        _ => return None,
    };
    let grants = kernel.broker.grants(run.owner(), run.lease.app());
    let rule = sentence::rule_not_asked_for(word.word());
    (!grants.requested.iter().any(|scope| scope.word() == word)).then(|| Denied {
        what: sentence::ask_feature(feature),
        rule,
        command: None,
        code: ErrorCode::PermissionDenied,
    })
}

/// A request, and those that its answers lead to: each is decided and written down like one of its own.
async fn http(kernel: &Arc<Kernel>, run: &Arc<Run>, mut call: HttpCall) -> Result<HostAnswer, HostError> {
    loop {
        // Of each request by itself: what led here was for another address.
        call.secrets = secrets_for_request(kernel, run, &call).await?;
        match effect(kernel, run, |kernel| &*kernel.effects.http, call).await? {
            // The effect counts them, and ends a circle.
            HostAnswer::Redirect(next) => call = *next,
            answer => return Ok(answer),
        }
    }
}

/// The labels that stand beside what a demand is about.
trait Labelled {
    fn stored_labels(&self, kernel: &Kernel, run: &Run) -> Result<Labels, GuestError>;
}

impl Labelled for FileDemand {
    fn stored_labels(&self, kernel: &Kernel, run: &Run) -> Result<Labels, GuestError> {
        let Some(target) = self.target() else { return Ok(Labels::NONE) };
        file_labels(kernel, run.owner(), &target.path())
    }
}

impl Labelled for StorageDemand {
    fn stored_labels(&self, _: &Kernel, _: &Run) -> Result<Labels, GuestError> {
        // The effect reads them with the value.
        Ok(Labels::NONE)
    }
}

impl Labelled for NetworkDemand {
    fn stored_labels(&self, _: &Kernel, _: &Run) -> Result<Labels, GuestError> {
        // What comes from elsewhere says of itself what it likes: its label is that of the demand.
        Ok(Labels::NONE)
    }
}

impl Labelled for ShellDemand {
    fn stored_labels(&self, _: &Kernel, _: &Run) -> Result<Labels, GuestError> {
        // Nobody sees which files a program reads: its demand has both labels already.
        Ok(Labels::NONE)
    }
}

/// Where a file's labels stand. Paths can be longer than keys.
pub(crate) fn file_label_key(owner: OwnerId, path: &str) -> Key {
    Key::new(owner, Space::FileLabel, sha256(path.as_bytes()).to_string())
}

/// The labels of a file that some run wrote. Not knowing them is an error: data without its label could go anywhere.
fn file_labels(kernel: &Kernel, owner: OwnerId, path: &str) -> Result<Labels, GuestError> {
    match kernel.store.get(&file_label_key(owner, path)) {
        Ok(entry) => Ok(entry.map_or(Labels::NONE, |entry| entry.labels)),
        Err(error) => {
            tracing::error!(%error, "the labels of a file could not be read");
            Err(GuestError::new(error.code(), "where this file comes from cannot be looked up right now"))
        }
    }
}

/// A place on the threads where effects block.
struct Place {
    _of_app: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Place {
    /// Waits for one. When the run ends, its sandbox drops the call, and the waiting with it.
    async fn take(kernel: &Kernel, run: &Run) -> Result<Self, HostError> {
        Ok(Self {
            _of_app: Self::wait(&run.app.effect_places, kernel, run).await?,
            _of_all: Self::wait(&kernel.effect_places, kernel, run).await?,
        })
    }

    async fn wait(places: &Arc<Semaphore>, kernel: &Kernel, run: &Run) -> Result<OwnedSemaphorePermit, HostError> {
        if let Ok(place) = places.clone().try_acquire_owned() {
            return Ok(place);
        }
        let mut waiting = std::pin::pin!(places.clone().acquire_owned());
        loop {
            tokio::select! {
                place = &mut waiting => {
                    return place
                        .map_err(|_| GuestError::new(ErrorCode::Internal, "oikos takes no effects any more").into());
                }
                // Whoever stands in a queue is not idle; the wall clock goes on.
                () = tokio::time::sleep(std::time::Duration::from_millis(QUEUE_PROGRESS_EVERY_MS)) => {
                    progress(run, &*kernel.clock);
                }
            }
        }
    }
}

async fn effect<E>(
    kernel: &Arc<Kernel>,
    run: &Arc<Run>,
    family: fn(&Kernel) -> &E,
    call: E::Call,
) -> Result<HostAnswer, HostError>
where
    E: Effect + ?Sized + 'static,
    E::Demand: Labelled + Sync,
{
    let demand = family(kernel).demand(&run.lease, &call)?;
    // Before the decision, so that the grants that hold when it begins are those that count.
    let mut place = Place::take(kernel, run).await?;
    let permit = match demand.map(|demand| kernel.broker.decide(&run.lease, demand, kernel.clock.now())) {
        None => None,
        Some(Decision::Permit(permit)) => Some(permit),
        Some(Decision::Denied(denied)) => return Err(refuse(kernel, run, *denied)),
        Some(Decision::Ask(ask)) => {
            // Nobody else waits for a person.
            drop(place);
            let permit = permit_ask(kernel, run, *ask).await?;
            place = Place::take(kernel, run).await?;
            Some(permit)
        }
    };
    let (kernel, run) = (kernel.clone(), run.clone());
    // The run's end waits for this guard: an effect under way always settles, also when its caller has gone.
    let span = tracing::Span::current();
    let performing = tokio::task::spawn_blocking(move || {
        let _span = span.enter();
        let _place = place;
        let _settling = run.under_way.blocking_read();
        run.lease.check()?;
        if let Some(permit) = &permit {
            run.lease.join_labels(permit.demand().stored_labels(&kernel, &run)?);
        }
        perform(&kernel, &run, family(&kernel), permit, call)
    });
    performing.await.unwrap_or_else(|error| {
        tracing::error!(%error, "an effect failed");
        Err(GuestError::new(ErrorCode::Internal, "oikos failed while it worked on this call").into())
    })
}

fn perform<E>(
    kernel: &Kernel,
    run: &Run,
    family: &E,
    permit: Option<Permit<E::Demand>>,
    call: E::Call,
) -> Result<HostAnswer, HostError>
where
    E: Effect + ?Sized,
{
    let basis = permit.as_ref().map(|permit| permit.basis().clone());
    let scene =
        RunScene { kernel, run, basis: basis.as_ref(), announced: Mutex::new(None), shown_ns: AtomicU64::new(0) };
    // What was announced is settled even if our own code fails half-way: then nobody knows how it ended.
    let result = catch_unwind(AssertUnwindSafe(|| family.perform(permit, call, &scene))).unwrap_or_else(|_| {
        let error = GuestError::new(ErrorCode::Internal, "oikos failed while it worked on this call");
        Err(EffectError::Unknown(error))
    });
    let announced = scene.announced.into_inner();
    match result {
        Ok(Done { answer, said, change, labels }) => {
            run.lease.join_labels(labels);
            match announced {
                Some(announced) => {
                    let said = match said {
                        Some(crate::effect::Said::Once(said)) => said,
                        _ => sentence::effect_done(),
                    };
                    let what = match (announced.what, change) {
                        (Act::Changing(_, labels), Some(change)) => Act::Changing(Box::new(change), labels),
                        (what, _) => what,
                    };
                    let announced = Announced { what, ..announced };
                    settle(kernel, run, announced, EffectState::Done, said, basis.as_ref())?;
                }
                None => {
                    if let Some(said) = said {
                        run.notes.add(said, basis.as_ref());
                    }
                }
            }
            Ok(answer)
        }
        Err(error) => {
            if let Some(announced) = announced {
                let said = match &error {
                    EffectError::Unknown(error) => sentence::effect_unknown(error.message.as_str()),
                    EffectError::Guest(error) => sentence::effect_not_done(error.message.as_str()),
                    EffectError::Ended(end) => sentence::effect_not_done(end.message(run.lease.limits())),
                };
                settle(kernel, run, announced, error.state(), said, basis.as_ref())?;
            }
            Err(error.into())
        }
    }
}

/// An effect that said what it was about to do.
struct Announced {
    effect: u64,
    what: Act,
}

/// What it is.
enum Act {
    /// Changing a file, with the labels that the file had before.
    Changing(Box<Change>, Labels),
    /// Sending something: nothing of it can be taken back.
    Sending,
}

/// Writes how an announced effect ended, and keeps what is needed to take it back.
fn settle(
    kernel: &Kernel,
    run: &Run,
    announced: Announced,
    state: EffectState,
    said: Sentence,
    basis: Option<&Basis>,
) -> Result<(), HostError> {
    let Announced { effect, what } = announced;
    run.notes.add_settled(said.clone(), state, matches!(what, Act::Changing(..)));
    let owner = run.owner();
    let key = journal::effect_key(run.id(), effect);
    let mut batch = Batch::new();
    let event = AuditEvent::Outcome { effect, state };
    let record = journal::effect_record(kernel.clock.now(), &run.lease, event, said.clone(), basis, None);
    journal::append(&mut batch, owner, &record);
    batch.delete(&Key::new(owner, Space::Intent, key.clone()));
    let trash = Key::new(owner, Space::Trash, key);
    if state == EffectState::NotDone {
        batch.delete(&trash);
    } else {
        match what {
            // Of an unknown end too: it can be tried to take it back, and that looks at the file first.
            Act::Changing(change, labels) => {
                if let Some(path) = change.path_after() {
                    batch.put(&file_label_key(owner, &path), Vec::new(), run.lease.labels());
                }
                batch.put(&trash, TrashRow::done(*change).to_bytes(), labels);
            }
            Act::Sending => {
                batch.put(&trash, SentRow { sent: said }.to_bytes(), Labels::NONE);
            }
        }
    }
    // The effect has happened: its record may use what a full disk keeps back.
    batch.use_reserve();
    kernel.store.commit(batch, Durability::Synced).map(|_| ()).map_err(|error| {
        tracing::error!(run = %run.id(), effect, %error, "an outcome could not be written");
        GuestError::new(error.code(), "the effect happened, but its record could not be written").into()
    })
}

/// The same for something that was sent, by whoever announced it without a scene.
pub(crate) fn settle_sending(
    kernel: &Kernel,
    run: &Run,
    effect: u64,
    state: EffectState,
    said: Sentence,
    basis: &Basis,
) -> Result<(), HostError> {
    settle(kernel, run, Announced { effect, what: Act::Sending }, state, said, Some(basis))
}

/// A permit after asking, or the denial as the guest sees it.
pub(crate) async fn permit_ask<D>(kernel: &Arc<Kernel>, run: &Arc<Run>, ask: Ask<D>) -> Result<Permit<D>, HostError>
where
    D: Demand + Resolve,
{
    permit_or_denied(kernel, run, ask).await.map_err(|denied| refuse(kernel, run, *denied))
}

/// A permit after asking, or the denial, which is not in the log yet.
pub(crate) async fn permit_or_denied<D>(
    kernel: &Arc<Kernel>,
    run: &Arc<Run>,
    mut ask: Ask<D>,
) -> Result<Permit<D>, Box<Denied>>
where
    D: Demand + Resolve,
{
    let _asking = match run.asking.try_lock() {
        Ok(asking) => asking,
        Err(_) => {
            let asking = run.asking.lock().await;
            // The answer before this one may have settled this as well.
            match kernel.broker.decide(&run.lease, ask.demand().clone(), kernel.clock.now()) {
                Decision::Permit(permit) => return Ok(permit),
                Decision::Denied(denied) => return Err(denied),
                Decision::Ask(again) => ask = *again,
            }
            asking
        }
    };
    let line = ask.demand().line();
    let kind = QuestionKind::Permission { line: line.clone(), content: ask.demand().content() };
    let standing = kernel.broker.grants_of(&run.lease);
    let standing = standing.effective(&line, kernel.clock.now(), None).filter(|_| ask.may_last);
    let may_last: Option<Scope> = standing.map(|standing| ask.demand().lasting(&standing.scope));
    match kernel.ask(run, ask.sentence.clone(), kind, may_last).await {
        Ok(Ok((settled, waited_ms))) => kernel.broker.settle(ask, &settled, waited_ms),
        Ok(Err(rule)) => Err(Box::new(ask.refused(rule))),
        Err(end) => {
            let rule = sentence::rule_lease(end.message(run.lease.limits()));
            Err(Box::new(Denied { code: ErrorCode::LeaseRevoked, ..ask.refused(rule) }))
        }
    }
}

/// Records a denial and turns it into what the guest sees.
pub(crate) fn refuse(kernel: &Kernel, run: &Run, denied: Denied) -> HostError {
    if denied.code == ErrorCode::LeaseRevoked
        && let Err(end) = run.lease.check()
    {
        return HostError::Ended(end);
    }
    let said = sentence::effect_denied(denied.what.clone(), denied.rule.clone());
    note_denial(kernel, run, &denied, said);
    GuestError::new(denied.code, denied.message()).into()
}

/// A denial of what a program does by itself. Nobody hears from it what would have let it through, so the log says it.
pub(crate) fn refuse_way(kernel: &Kernel, run: &Run, denied: &Denied) {
    // Of a run that is over, its end says enough.
    if denied.code == ErrorCode::LeaseRevoked && run.lease.check().is_err() {
        return;
    }
    let why = match denied.command.clone() {
        Some(command) => sentence::rule_unless(denied.rule.clone(), command),
        None => denied.rule.clone(),
    };
    note_denial(kernel, run, denied, sentence::effect_denied(denied.what.clone(), why));
}

fn note_denial(kernel: &Kernel, run: &Run, denied: &Denied, said: Sentence) {
    kernel.tally.denied(&denied.rule.code);
    if run.notes.add_denial(&said) {
        let mut record = journal::run_record(kernel.clock.now(), &run.lease, AuditEvent::Denied, said);
        record.rule = Some(denied.rule.clone());
        kernel.note(run.owner(), &record);
    }
}

/// The powerbox: a person picks a file or folder, and that is the grant, for this run.
async fn pick(
    kernel: &Arc<Kernel>,
    run: &Arc<Run>,
    access: FileAccess,
    folder: bool,
    purpose: String,
) -> Result<HostAnswer, HostError> {
    let said = match (access, folder) {
        (FileAccess::Read, false) => sentence::ask_pick_file_read(purpose),
        (FileAccess::Write, false) => sentence::ask_pick_file_write(purpose),
        (FileAccess::Read, true) => sentence::ask_pick_folder_read(purpose),
        (FileAccess::Write, true) => sentence::ask_pick_folder_write(purpose),
    };
    let refused = |rule: Sentence| {
        let denied = Denied { what: said.clone(), rule, command: None, code: ErrorCode::PermissionDenied };
        refuse(kernel, run, denied)
    };
    let _asking = run.asking.lock().await;
    let settled = match kernel.ask(run, said.clone(), QuestionKind::Pick { access, folder }, None).await? {
        Ok((settled, _)) => settled,
        Err(rule) => return Err(refused(rule)),
    };
    let path = settled.answer().filter(|_| settled.is_yes()).and_then(|answer| answer.path.clone());
    let Some(path) = path else { return Err(refused(sentence::rule_said_no())) };
    let (looking, looked) = (kernel.clone(), path.clone());
    let (place, file) = tokio::task::spawn_blocking(move || looking.effects.places.picked(&looked, access, folder))
        .await
        .map_err(|_| GuestError::new(ErrorCode::Internal, "oikos failed while it looked at what was picked"))??;
    let name = format!("pick{}", effect_number(run));
    let picked = broker::Picked { name, folder: place, file, access, called: None };
    let handle = picked.handle();
    if let Err(rule) = kernel.broker.hand_over(&run.lease, picked) {
        return Err(refused(rule));
    }
    Ok(HostAnswer::Json(serde_json::Value::String(handle)))
}

/// Where one effect takes place.
struct RunScene<'a> {
    kernel: &'a Kernel,
    run: &'a Run,
    basis: Option<&'a Basis>,
    announced: Mutex<Option<Announced>>,
    shown_ns: AtomicU64,
}

impl Scene for RunScene<'_> {
    fn lease(&self) -> &Lease {
        &self.run.lease
    }

    fn now(&self) -> Timestamp {
        self.kernel.clock.now()
    }

    fn monotonic_ns(&self) -> u64 {
        self.kernel.clock.monotonic_ns()
    }

    fn fresh_name(&self) -> String {
        let mut bytes = [0; 16];
        self.kernel.entropy.fill(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn storage_quota_bytes(&self) -> u64 {
        let grants = self.kernel.broker.grants_of(&self.run.lease);
        StorageDemand::quota_bytes(&grants, self.now())
    }

    fn intent(&self, said: Sentence, change: &Change) -> Result<(), EffectError> {
        let mut announced = self.announced.lock();
        if announced.is_some() {
            return Err(EffectError::guest(ErrorCode::Internal, "an effect announced itself twice"));
        }
        let effect = effect_number(self.run);
        let owner = self.run.owner();
        let key = journal::effect_key(self.run.id(), effect);
        let labels = file_labels(self.kernel, owner, &change.path())?;
        let row = TrashRow::pending(change.clone()).to_bytes();
        let arguments: Digest = sha256(&row);
        let mut batch = Batch::new();
        let event = AuditEvent::Intent { effect };
        let record = journal::effect_record(self.now(), &self.run.lease, event, said, self.basis, Some(arguments));
        journal::append(&mut batch, owner, &record);
        // With the run's labels: should the process end in between, recovery gives them to the file.
        batch.put(&Key::new(owner, Space::Intent, key.clone()), row.clone(), self.run.lease.labels());
        // With those that the file has now: taking the change back gives them back as well.
        batch.put(&Key::new(owner, Space::Trash, key), row, labels);
        self.kernel.store.commit(batch, Durability::Synced).map_err(|error| {
            EffectError::guest(error.code(), "the intent could not be written, so nothing was done")
        })?;
        *announced = Some(Announced { effect, what: Act::Changing(Box::new(change.clone()), labels) });
        crate::crash_point("effect::after_intent");
        Ok(())
    }

    fn intent_send(&self, said: Sentence, digest: Digest) -> Result<(), EffectError> {
        let mut announced = self.announced.lock();
        if announced.is_some() {
            return Err(EffectError::guest(ErrorCode::Internal, "an effect announced itself twice"));
        }
        let effect = effect_number(self.run);
        let owner = self.run.owner();
        let key = journal::effect_key(self.run.id(), effect);
        let row = SentRow { sent: said.clone() }.to_bytes();
        let mut batch = Batch::new();
        let event = AuditEvent::Intent { effect };
        let record = journal::effect_record(self.now(), &self.run.lease, event, said, self.basis, Some(digest));
        journal::append(&mut batch, owner, &record);
        batch.put(&Key::new(owner, Space::Intent, key), row, self.run.lease.labels());
        self.kernel.store.commit(batch, Durability::Synced).map_err(|error| {
            EffectError::guest(error.code(), "the intent could not be written, so nothing was sent")
        })?;
        *announced = Some(Announced { effect, what: Act::Sending });
        crate::crash_point("effect::after_intent");
        Ok(())
    }

    fn secret_sending(&self, name: &str, host: &str) -> Result<(), EffectError> {
        let said = sentence::secret_sending(name, host);
        if !self.run.notes.add_secret(&said) {
            return Ok(());
        }
        let record = journal::effect_record(self.now(), &self.run.lease, AuditEvent::Read, said, self.basis, None);
        let mut batch = Batch::new();
        journal::append(&mut batch, self.run.owner(), &record);
        self.kernel.store.commit(batch, Durability::Synced).map(drop).map_err(|error| {
            EffectError::guest(error.code(), "the record of a secret could not be written, so nothing was sent")
        })
    }

    fn refuse(&self, denied: Denied) -> EffectError {
        match refuse(self.kernel, self.run, denied) {
            HostError::Guest(error) => EffectError::Guest(error),
            HostError::Ended(end) => EffectError::Ended(end),
        }
    }

    fn is_still_allowed(&self, demand: &NetworkDemand) -> bool {
        // A question is no: whoever said yes to it said so to this request.
        !matches!(
            self.kernel.broker.decide(&self.run.lease, demand.clone(), self.now()),
            // What it brings in has a label from the beginning; what the run has read since did not go with it.
            Decision::Denied(denied) if denied.code == ErrorCode::PermissionDenied && denied.rule.code != "rule_both_labels"
        )
    }

    fn progress(&self, said: Sentence, done: u64, total: Option<u64>) {
        progress(self.run, &*self.kernel.clock);
        let now = self.monotonic_ns();
        let shown = self.shown_ns.load(Relaxed);
        let is_last = total == Some(done);
        if shown != 0 && !is_last && now.saturating_sub(shown) < PROGRESS_EVERY_NS {
            return;
        }
        self.shown_ns.store(now.max(1), Relaxed);
        // Whether the log is full does not matter: progress is thinned out and never waits.
        self.run.stream.push(Chunk::Progress { sentence: said, done, total });
    }
}
