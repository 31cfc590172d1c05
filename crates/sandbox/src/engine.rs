//! wasmtime as we use it: one set of tunables, two allocators, one compiled program.

use crate::{
    cache::SealedFolder,
    deserialize::{VerifiedCode, module_load},
    guest::{Guest, Rested},
    imports::linker,
};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use std::hash::{Hash, Hasher};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, InstancePre, Module, ModuleExport, PoolingAllocationConfig,
};

/// Native stack of a guest, so large that QuickJS's own count (192 KiB of C stack in linear memory) always ends deep
/// recursion first, with a RangeError that the app can catch. Only what is used of it costs memory.
const WASM_STACK_BYTES: usize = 4 << 20;
/// The fiber under it: the above, and room for host functions.
const FIBER_STACK_BYTES: usize = WASM_STACK_BYTES + (512 << 10);
/// Of a hot slot's memory, this much stays resident and is zeroed by hand after a run, which is cheaper than giving
/// pages back and faulting them in again. What a guest begins with is 1 MiB.
const MEMORY_KEEP_RESIDENT_BYTES: usize = 1 << 20;
/// Of a hot slot's fiber stack: an ordinary run uses some KB.
const STACK_KEEP_RESIDENT_BYTES: usize = 64 << 10;
/// The engine's one table is about 10 KB.
const TABLE_KEEP_RESIDENT_BYTES: usize = 64 << 10;
/// Function pointers of the engine, with room for its next version.
const TABLE_ELEMENTS: usize = 4096;
/// What a hot slot reserves for a guest. Runs with a larger bound go to the overflow engine.
pub(crate) const HOT_MEMORY_BYTES_MAX: u64 = protocol::limit::MEMORY_BYTES;

/// The tunables; the same for both allocators, so that both load the same compiled code.
fn config() -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true);
    config.memory_init_cow(false);
    config.native_unwind_info(false);
    config.wasm_backtrace_max_frames(None);
    config.generate_address_map(false);
    config.max_wasm_stack(WASM_STACK_BYTES);
    config.async_stack_size(FIBER_STACK_BYTES);
    // Deep recursion must not keep a stack's worth of pages for each slot.
    config.async_stack_zeroing(true);
    // Nothing that the engine does not use.
    config.wasm_simd(false);
    config.wasm_relaxed_simd(false);
    config
}

/// An engine with hot slots.
pub(crate) fn engine_pooled(slots: u32) -> wasmtime::Result<Engine> {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(slots)
        .total_memories(slots)
        .total_tables(slots)
        .total_stacks(slots)
        .max_memory_size(usize::try_from(HOT_MEMORY_BYTES_MAX)?)
        .table_elements(TABLE_ELEMENTS)
        .max_unused_warm_slots(slots)
        .linear_memory_keep_resident(MEMORY_KEEP_RESIDENT_BYTES)
        .table_keep_resident(TABLE_KEEP_RESIDENT_BYTES)
        .async_stack_keep_resident(STACK_KEEP_RESIDENT_BYTES);
    let mut config = config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// An engine without slots: each guest gets its own memory and gives it back.
pub(crate) fn engine_on_demand() -> wasmtime::Result<Engine> {
    Engine::new(&config())
}

/// What compiled code depends on beside its source: wasmtime's version, its settings, the CPU's features.
pub(crate) fn compatibility(engine: &Engine) -> [u8; 32] {
    struct Sink(Sha256);
    impl Hasher for Sink {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut sink = Sink(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut sink);
    sink.0.finalize().into()
}

/// The compiled program: from the cache, else compiled (seconds) and cached.
pub(crate) fn program_load(engine: &Engine, cache: &SealedFolder, name: &str, code: &[u8]) -> wasmtime::Result<Module> {
    if let Some(bytes) = cache.read(name) {
        match module_load(engine, VerifiedCode(bytes)) {
            Ok(module) => return Ok(module),
            Err(error) => tracing::warn!(name, %error, "the compiled engine does not load, it is compiled again"),
        }
    }
    let module = Module::new(engine, code)?;
    cache.write(name, &module.serialize()?);
    Ok(module)
}

/// An engine with the program in it, ready to make guests.
pub(crate) struct Program {
    pub(crate) engine: Engine,
    pub(crate) instance: InstancePre<Guest>,
    pub(crate) memory: ModuleExport,
    pub(crate) image_build: ModuleExport,
    pub(crate) run: ModuleExport,
    pub(crate) stack_pointer: ModuleExport,
    /// Guests without a run, each in a slot that counts as free.
    rested: Mutex<Vec<Rested>>,
}

impl Program {
    pub(crate) fn new(engine: Engine, module: &Module) -> wasmtime::Result<Self> {
        let export = |name: &str| {
            module.get_export_index(name).ok_or_else(|| wasmtime::Error::msg(format!("the engine exports no '{name}'")))
        };
        Ok(Self {
            instance: linker(&engine)?.instantiate_pre(module)?,
            memory: export("memory")?,
            image_build: export("image_build")?,
            run: export("run")?,
            stack_pointer: export("__stack_pointer")?,
            rested: Mutex::default(),
            engine,
        })
    }

    /// A rested guest, if there is one. Whoever takes a slot calls this, because a rested guest may be what is in it.
    pub(crate) fn rested_take(&self) -> Option<Rested> {
        self.rested.lock().pop()
    }

    /// Keeps a guest for the next run.
    pub(crate) fn rested_keep(&self, rested: Rested) {
        self.rested.lock().push(rested);
    }
}
