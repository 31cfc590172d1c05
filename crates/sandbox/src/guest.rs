//! One guest from its beginning to its end: the world that every app finds, an app's image, a run.

use crate::{
    delta::{Base, Delta, PAGE_BYTES},
    engine::{HOT_MEMORY_BYTES_MAX, Program},
    memory::{GuestMemory, HostMemory, Refusal},
    operations::Operations,
    random::RandomStream,
    runner::Place,
    value::value_read,
};
use broker::{Lease, LeaseEnd};
use kernel::runner::{GuestCall, GuestFailure, GuestHost, GuestValue, PrepareError, ScriptSource};
use protocol::{Clock, ErrorCode, text::shorten};
use std::{fmt, sync::Arc};
use wasmtime::{Extern, Global, Instance, Memory, ResourceLimiter, Store, Trap, TypedFunc, Val};

/// Linear memory that is not JavaScript's: the C stack, the engine's constants, the allocator's own. JavaScript hears
/// "out of memory" this much before the hard bound, while there is still room to say so.
const MEMORY_OVERHEAD_BYTES: u64 = 1 << 20;
/// What an app may use while it is activated. Less than a run: all it leaves behind is copied for each run.
pub(crate) const ACTIVATION_MEMORY_BYTES: u64 = 64 << 20;
/// Longest text about a failure that leaves the sandbox.
const FAILURE_CHARACTERS_MAX: usize = 4096;
/// The prelude's word for a function that is not there; no host error has it.
const NO_SUCH_EXPORT: &str = "no_such_export";

/// The host's side of one guest.
pub(crate) struct Guest {
    pub(crate) role: Role,
    /// What the guest's next `take` gets.
    pub(crate) announced: Vec<u8>,
    pub(crate) outcome: Option<Outcome>,
    memory: Option<Memory>,
    limiter: GuestMemory,
}

impl Guest {
    fn new(role: Role, announced: Vec<u8>, limiter: GuestMemory) -> Self {
        Self { role, announced, outcome: None, memory: None, limiter }
    }

    /// Its linear memory.
    pub(crate) fn memory(&self) -> wasmtime::Result<Memory> {
        self.memory.ok_or_else(|| wasmtime::Error::msg("the guest was called before its memory was there"))
    }
}

/// What a guest is there for, and with it what it may call.
pub(crate) enum Role {
    /// Between two runs: nothing, and nobody calls it.
    Resting,
    /// Making the world that every app finds: nothing.
    World,
    /// Evaluating and activating an app: its modules.
    Building(Building),
    /// A run: everything that its host allows.
    Running(Running),
}

/// The making of an image.
pub(crate) struct Building {
    pub(crate) source: ScriptSource,
    pub(crate) exports: Vec<String>,
}

/// A run.
pub(crate) struct Running {
    pub(crate) host: Arc<dyn GuestHost>,
    pub(crate) lease: Lease,
    pub(crate) operations: Operations,
    pub(crate) random: RandomStream,
    pub(crate) env: Vec<u8>,
    clock: Arc<dyn Clock>,
    started_ns: u64,
    started_ms: i64,
}

impl Running {
    /// The run's own time: what it was told at its start, and on from there.
    pub(crate) fn now_ms(&self) -> i64 {
        let elapsed_ms = self.clock.monotonic_ns().saturating_sub(self.started_ns) / 1_000_000;
        self.started_ms.saturating_add(i64::try_from(elapsed_ms).unwrap_or(i64::MAX))
    }

    /// Something moved.
    pub(crate) fn progress(&self) {
        self.lease.progress(self.clock.monotonic_ns());
    }
}

/// What the guest said at its end.
#[derive(Debug)]
pub(crate) enum Outcome {
    Done { data: Option<Vec<u8>>, summary: Option<Vec<u8>>, renderer: Option<Vec<u8>> },
    Failed { code: String, message: String, stack: Option<String> },
}

/// Ends a guest from inside an import: its lease is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop(pub(crate) LeaseEnd);

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the run is over: {:?}", self.0)
    }
}

impl std::error::Error for Stop {}

/// A guest with its memory, not yet called.
struct Born {
    store: Store<Guest>,
    instance: Instance,
    memory: Memory,
}

/// A guest without a run. Its memory is the base again, each byte of it, and beside its memory it has no state but the
/// stack pointer, which is set back too: nobody can tell it from a new one. Only a run that came to its end in the
/// ordinary way leaves one behind.
pub(crate) struct Rested {
    store: Store<Guest>,
    memory: Memory,
    stack_pointer: Global,
    run: Run,
}

/// The engine's `run`: lengths of name and input, bound on memory, two words of seed.
type Run = TypedFunc<(i32, i32, i32, i64, i64), ()>;

/// Makes a guest in a memory of zeros.
async fn guest_make(program: &Program, guest: Guest) -> Result<Born, (Option<Refusal>, wasmtime::Error)> {
    let mut store = Store::new(&program.engine, guest);
    store.limiter(|guest| &mut guest.limiter);
    // At each tick the guest gives its thread back; whoever polls it looks at clocks and lease.
    store.epoch_deadline_async_yield_and_update(1);
    store.set_epoch_deadline(1);
    match program.instance.instantiate_async(&mut store).await {
        Ok(instance) => match instance.get_module_export(&mut store, &program.memory) {
            Some(Extern::Memory(memory)) => {
                store.data_mut().memory = Some(memory);
                Ok(Born { store, instance, memory })
            }
            _ => Err((None, wasmtime::Error::msg("the engine has no memory"))),
        },
        Err(error) => Err((store.data().limiter.refused(), error)),
    }
}

/// Makes the world that every app finds, from the engine's own data. Deterministic: the clock stands at 0 and there is
/// no randomness.
pub(crate) async fn world_make(
    program: &Program,
    segments: &[(usize, &[u8])],
    stack_end: usize,
    prelude: &str,
    host: &Arc<HostMemory>,
) -> wasmtime::Result<Base> {
    let (mut compiler, _) = world_call(program, segments, "prelude_compile", prelude.as_bytes(), host).await?;
    let compiled = compiler.data_mut().outcome.take();
    // It holds a slot, perhaps the only one.
    drop(compiler);
    let Some(Outcome::Done { data: Some(bytecode), .. }) = compiled else {
        return Err(wasmtime::Error::msg("the prelude was not compiled"));
    };
    let (world, memory) = world_call(program, segments, "base_init", &bytecode, host).await?;
    Ok(Base::new(memory.data(&world), stack_end))
}

/// Calls one function of a fresh engine with one announced buffer.
async fn world_call(
    program: &Program,
    segments: &[(usize, &[u8])],
    function: &str,
    announced: &[u8],
    host: &Arc<HostMemory>,
) -> wasmtime::Result<(Store<Guest>, Memory)> {
    let limiter = GuestMemory::new(host.clone(), HOT_MEMORY_BYTES_MAX, Arc::default());
    let guest = Guest::new(Role::World, announced.to_vec(), limiter);
    let Born { mut store, instance, memory } = guest_make(program, guest).await.map_err(|(_, error)| error)?;
    for (to, bytes) in segments {
        memory.write(&mut store, *to, bytes)?;
    }
    instance.get_typed_func::<(), ()>(&mut store, "_initialize")?.call_async(&mut store, ()).await?;
    let called = instance.get_typed_func::<i32, ()>(&mut store, function)?;
    let ended = called.call_async(&mut store, i32::try_from(announced.len())?).await;
    if let Some(Outcome::Failed { message, .. }) = &store.data().outcome {
        return Err(wasmtime::Error::msg(format!("the prelude failed: {message}")));
    }
    ended?;
    Ok((store, memory))
}

/// Evaluates an app's modules, activates it, and keeps what that changed.
pub(crate) async fn image_make(
    program: &Program,
    base: &Base,
    source: ScriptSource,
    limiter: GuestMemory,
) -> Result<(Delta, Vec<String>), PrepareError> {
    let sandbox = |error: wasmtime::Error| PrepareError::Sandbox { message: error_text(&error) };
    let entry = source.entry.clone().into_bytes();
    let entry_len = i32::try_from(entry.len()).unwrap_or(i32::MAX);
    let [seed_0, seed_1] = RandomStream::new(source.package.0).math_seed();
    let role = Role::Building(Building { source, exports: Vec::new() });
    drop(program.rested_take());
    let born = guest_make(program, Guest::new(role, entry, limiter)).await;
    let Born { mut store, instance, memory } = born.map_err(|(_, error)| sandbox(error))?;
    base.apply(memory.data_mut(&mut store));
    let build = instance
        .get_module_export(&mut store, &program.image_build)
        .and_then(Extern::into_func)
        .ok_or_else(|| sandbox(wasmtime::Error::msg("the engine has no image_build")))?
        .typed::<(i32, i32, i64, i64), ()>(&store)
        .map_err(sandbox)?;
    let arguments = (entry_len, script_memory(ACTIVATION_MEMORY_BYTES), seed_0.cast_signed(), seed_1.cast_signed());
    let built = build.call_async(&mut store, arguments).await;
    match (built, store.data_mut().outcome.take()) {
        (Ok(()), Some(Outcome::Done { .. })) => {}
        (_, Some(Outcome::Failed { code, message, .. })) if code == ErrorCode::MemoryLimit.word() => {
            return Err(PrepareError::Limit { message: shorten(&message, FAILURE_CHARACTERS_MAX) });
        }
        (_, Some(Outcome::Failed { message, stack, .. })) => {
            let place = stack.as_deref().and_then(|stack| stack.lines().find(|line| !line.trim().is_empty()));
            let message = place.map_or(message.clone(), |place| format!("{message} ({})", place.trim()));
            return Err(PrepareError::Code { message: shorten(&message, FAILURE_CHARACTERS_MAX) });
        }
        (Err(error), _) => {
            return Err(match error.downcast_ref::<Trap>() {
                Some(Trap::StackOverflow) => PrepareError::Limit { message: "the stack was used up".into() },
                _ => sandbox(error),
            });
        }
        (Ok(()), None) => return Err(sandbox(wasmtime::Error::msg("the activation had no end"))),
    }
    let delta = Delta::between(base, memory.data(&store)).ok_or_else(|| PrepareError::Limit {
        message: format!("it leaves more than {} MiB in memory", crate::delta::DELTA_BYTES_MAX >> 20),
    })?;
    let Role::Building(building) = &mut store.data_mut().role else {
        return Err(sandbox(wasmtime::Error::msg("the guest changed its role")));
    };
    Ok((delta, std::mem::take(&mut building.exports)))
}

/// One run. When this future is done or dropped, everything that the run had of its host is gone; what is left is a
/// memory that can be made new.
pub(crate) async fn guest_run(
    place: &Place,
    base: &Base,
    delta: &Delta,
    call: GuestCall,
    host: Arc<dyn GuestHost>,
    clock: Arc<dyn Clock>,
    limiter: GuestMemory,
) -> (Result<GuestValue, GuestFailure>, Option<Used>) {
    match guest_live(place.program(), base, delta, call, host, clock, limiter).await {
        Ok((result, begun)) => (result, if place.is_hot() { guest_leave(base, begun) } else { None }),
        Err(failure) => (Err(failure), None),
    }
}

/// The run itself. The guest comes back where it came to its end in the ordinary way.
async fn guest_live(
    program: &Program,
    base: &Base,
    delta: &Delta,
    call: GuestCall,
    host: Arc<dyn GuestHost>,
    clock: Arc<dyn Clock>,
    limiter: GuestMemory,
) -> Result<(Result<GuestValue, GuestFailure>, Rested), GuestFailure> {
    let trapped = |error: wasmtime::Error| GuestFailure::Trapped(error_text(&error));
    let lease = call.lease.clone();
    let over = |refused: Option<Refusal>| match refused {
        Some(Refusal::Host) => GuestFailure::NoRoom,
        Some(Refusal::Run) | None => GuestFailure::Ended(lease.end(LeaseEnd::MemoryLimit)),
    };
    let name_len = i32::try_from(call.export.as_str().len()).unwrap_or(i32::MAX);
    let Ok(input_len) = i32::try_from(call.input.len()) else {
        return Err(GuestFailure::Trapped("the input is larger than a guest".to_owned()));
    };
    let mut announced = call.export.as_str().as_bytes().to_vec();
    announced.extend_from_slice(&call.input);
    let mut random = RandomStream::new(call.seed);
    let [seed_0, seed_1] = random.math_seed();
    let script_memory = script_memory(call.lease.limits().memory_bytes);
    let running = Running {
        host,
        lease: call.lease,
        operations: Operations::default(),
        random,
        env: call.env,
        started_ns: clock.monotonic_ns(),
        clock,
        started_ms: call.now_ms,
    };
    let guest = Guest::new(Role::Running(running), announced, limiter);
    let begun = match program.rested_take() {
        Some(rested) => rested_wake(rested, base, guest),
        None => guest_begin(program, base, guest).await,
    };
    let mut begun = match begun {
        Ok(begun) => begun,
        Err((refused @ Some(_), _)) => return Err(over(refused)),
        // Not a bound of ours: the system has no memory to map.
        Err((None, error)) => {
            tracing::warn!(error = %error_text(&error), "no guest could be made");
            return Err(GuestFailure::NoRoom);
        }
    };
    let (store, memory) = (&mut begun.store, begun.memory);
    if delta.memory_bytes() > base.memory_bytes() {
        let more = (delta.memory_bytes() - base.memory_bytes()) / PAGE_BYTES;
        if memory.grow(&mut *store, more as u64).is_err() {
            return Err(over(store.data().limiter.refused()));
        }
    }
    delta.apply(memory.data_mut(&mut *store));
    let arguments = (name_len, input_len, script_memory, seed_0.cast_signed(), seed_1.cast_signed());
    let ran = begun.run.call_async(&mut *store, arguments).await;
    if let Err(error) = ran {
        return Err(match (error.downcast_ref::<Stop>(), error.downcast_ref::<Trap>()) {
            (Some(Stop(end)), _) => GuestFailure::Ended(lease.end(*end)),
            (_, Some(Trap::StackOverflow)) => GuestFailure::Trapped("the stack was used up".to_owned()),
            _ => trapped(error),
        });
    }
    let (outcome, refused) = (store.data_mut().outcome.take(), store.data().limiter.refused());
    let result = match outcome {
        Some(Outcome::Done { data, summary, renderer }) => {
            value_read(data.as_deref(), summary.as_deref(), renderer.as_deref())
                .map_err(|message| GuestFailure::Threw { message, stack: None, code: Some(ErrorCode::InvalidInput) })
        }
        Some(Outcome::Failed { code, .. }) if code == NO_SUCH_EXPORT => Err(GuestFailure::NoSuchExport),
        Some(Outcome::Failed { code, .. }) if code == ErrorCode::MemoryLimit.word() => Err(over(refused)),
        Some(Outcome::Failed { code, message, stack }) => Err(GuestFailure::Threw {
            message: shorten(&message, FAILURE_CHARACTERS_MAX),
            stack: stack.map(|stack| stack.chars().take(FAILURE_CHARACTERS_MAX).collect()),
            code: ErrorCode::ALL.iter().copied().find(|known| known.word() == code),
        }),
        None => Err(GuestFailure::Trapped("the run had no end".to_owned())),
    };
    Ok((result, begun))
}

/// A new guest with the base in its memory.
async fn guest_begin(
    program: &Program,
    base: &Base,
    guest: Guest,
) -> Result<Rested, (Option<Refusal>, wasmtime::Error)> {
    let Born { mut store, instance, memory } = guest_make(program, guest).await?;
    base.apply(memory.data_mut(&mut store));
    let missing = || (None, wasmtime::Error::msg("the engine has no run or no stack pointer"));
    let export = instance.get_module_export(&mut store, &program.run);
    let run = export.and_then(Extern::into_func).ok_or_else(missing)?;
    let run = run.typed(&store).map_err(|error| (None, error))?;
    let export = instance.get_module_export(&mut store, &program.stack_pointer);
    let stack_pointer = export.and_then(Extern::into_global).ok_or_else(missing)?;
    Ok(Rested { store, memory, stack_pointer, run })
}

/// A rested guest with a new life.
fn rested_wake(
    mut rested: Rested,
    base: &Base,
    mut guest: Guest,
) -> Result<Rested, (Option<Refusal>, wasmtime::Error)> {
    match guest.limiter.memory_growing(0, base.memory_bytes(), None) {
        Ok(true) => {}
        _ => return Err((guest.limiter.refused(), wasmtime::Error::msg("no memory for a guest"))),
    }
    guest.memory = Some(rested.memory);
    *rested.store.data_mut() = guest;
    rested.store.set_epoch_deadline(1);
    Ok(rested)
}

/// A guest whose run has come to its end: its host side is gone, its memory still holds what the run left there.
pub(crate) struct Used(Rested);

/// Takes everything of its run from a guest. `None` where its memory grew, or its native stack did: that of a guest that
/// is dropped is given back to the system.
fn guest_leave(base: &Base, mut begun: Rested) -> Option<Used> {
    let memory = begun.memory.data(&begun.store);
    if memory.len() != base.memory_bytes() || base.went_deep(memory) {
        return None;
    }
    let nothing = GuestMemory::new(HostMemory::new(0), 0, Arc::default());
    *begun.store.data_mut() = Guest::new(Role::Resting, Vec::new(), nothing);
    Some(Used(begun))
}

/// Makes each byte of a used guest's memory the base again and keeps it for the next run. Most of what a small run
/// costs, so it happens after the run's end was told.
pub(crate) fn guest_rest(program: &Program, base: &Base, Used(mut used): Used) {
    base.restore(used.memory.data_mut(&mut used.store));
    let stack_end = i32::try_from(base.stack_end()).unwrap_or(i32::MAX);
    if used.stack_pointer.set(&mut used.store, Val::I32(stack_end)).is_ok() {
        program.rested_keep(used);
    }
}

/// What of a guest's bound is JavaScript's, as the engine's size_t.
fn script_memory(memory_bytes: u64) -> i32 {
    let bytes = memory_bytes.saturating_sub(MEMORY_OVERHEAD_BYTES).max(MEMORY_OVERHEAD_BYTES);
    u32::try_from(bytes).unwrap_or(u32::MAX).cast_signed()
}

/// The first line of what wasmtime says: for the log, without addresses.
fn error_text(error: &wasmtime::Error) -> String {
    let text = format!("{error:#}");
    shorten(text.lines().next().unwrap_or("unknown"), 300)
}
