//! The `js` sandbox as the kernel sees it.

use crate::{
    account::{Account, Accounted, Afterwards, Cut},
    cache::SealedFolder,
    delta::{Base, ImageFile},
    engine::{HOT_MEMORY_BYTES_MAX, Program, compatibility, engine_on_demand, engine_pooled, program_load},
    guest::{ACTIVATION_MEMORY_BYTES, guest_rest, guest_run, image_make, world_make},
    memory::{GuestMemory, HostMemory},
    split::{EngineParts, engine_split},
    threads::{GuestSpawner, GuestThreads},
    ticker::{Ticker, ticker_start},
};
use broker::LeaseEnd;
use futures_util::future::{BoxFuture, FutureExt};
use kernel::runner::{
    GuestCall, GuestEnd, GuestFailure, GuestHost, GuestImage, GuestSource, PrepareError, Runner, ScriptSource,
};
use lru::LruCache;
use parking_lot::Mutex;
use protocol::{Clock, Digest};
use sha2::{Digest as _, Sha256};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    thread,
};

/// The engine's program and the world's source, as committed.
const ENGINE: &[u8] = include_bytes!("../engine/engine.wasm");
const PRELUDE: &str = include_str!("../engine/prelude.js");
/// What an app finds in `ctx`. A new number makes all images anew.
const API_VERSION: u32 = 1;
/// CPU time of an activation: modules of some MB are read in well under a second.
const ACTIVATION_CPU_NS: u64 = 2_000_000_000;
/// Images kept in memory beyond those in use. An image is some tens of KB, so that hundreds of apps stay warm.
const LOADED_IMAGES_BYTES_MAX: usize = 32 << 20;
/// Hot slots per core: as many guests compute as there are cores, and some wait for the host meanwhile.
pub const HOT_SLOTS_PER_CORE: u32 = 4;
/// What the memory of all guests together may be by default: thirty-two runs at their default bound.
pub const GUEST_MEMORY_BYTES_MAX: u64 = 4 << 30;

/// For whoever puts the parts together in the wrong way.
const NO_SCRIPT: &str = "this is no script";

/// What the sandbox needs from whoever puts the parts together.
#[derive(Clone)]
pub struct JsRunnerConfig {
    /// A folder of its own for compiled code and images; made if missing, closed to other users. May be emptied at any
    /// time.
    pub cache_dir: PathBuf,
    /// The key under which the cache is sealed. It lies outside of the cache, and only this device has it.
    pub mac_key: [u8; 32],
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Threads that guests run on; as many as there are cores.
    pub guest_threads: usize,
    /// Guests that can live in hot slots; more than these get memory of their own. [`HOT_SLOTS_PER_CORE`] × cores.
    pub hot_slots: u32,
    /// What the linear memory of all guests together may be.
    pub guest_memory_bytes_max: u64,
}

impl JsRunnerConfig {
    /// The usual for this machine.
    pub fn new(cache_dir: PathBuf, mac_key: [u8; 32], clock: Arc<dyn Clock>) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            cache_dir,
            mac_key,
            clock,
            guest_threads: cores,
            hot_slots: u32::try_from(cores).unwrap_or(u32::MAX).saturating_mul(HOT_SLOTS_PER_CORE),
            guest_memory_bytes_max: GUEST_MEMORY_BYTES_MAX,
        }
    }
}

/// Why the sandbox cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum JsRunnerError {
    /// The cache folder.
    #[error("the sandbox's cache {folder} cannot be used")]
    Cache {
        /// Which.
        folder: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The engine.
    #[error("the sandbox's engine cannot be started: {message}")]
    Engine {
        /// Details for the log.
        message: String,
    },
    /// The threads.
    #[error("the sandbox's threads cannot be started")]
    Threads(#[source] std::io::Error),
}

/// What the sandbox holds right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsRunnerStatus {
    /// Runs that are alive.
    pub live_runs: usize,
    /// Their linear memory.
    pub guest_memory_bytes: u64,
    /// Hot slots that are free.
    pub hot_slots_free: u32,
    /// Whether there is a pool of hot slots at all; without one each guest gets memory of its own.
    pub pooled: bool,
}

/// The `js` sandbox: QuickJS-NG in WebAssembly.
pub struct JsRunner {
    shared: Arc<Shared>,
    threads: GuestThreads,
    ticker_thread: Option<thread::JoinHandle<()>>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    cache: SealedFolder,
    /// In the names of cached files: engine, world, wasmtime, CPU, API.
    identity: String,
    code: Vec<u8>,
    base: Base,
    /// Hot slots, or memory of its own for each guest where the system would not reserve them.
    program: Program,
    pooled: bool,
    /// The same program without slots; made when it is first needed.
    overflow: Mutex<Option<Arc<Program>>>,
    slots_free: AtomicU32,
    memory: Arc<HostMemory>,
    ticker: Arc<Ticker>,
    spawner: GuestSpawner,
    images: Mutex<Images>,
}

struct Images {
    loaded: LruCache<Digest, Arc<JsImage>>,
    bytes: usize,
}

impl JsRunner {
    /// Starts the sandbox. The first time on a device it compiles the engine, which takes seconds; afterwards it loads
    /// what is cached.
    pub fn new(config: JsRunnerConfig) -> Result<Self, JsRunnerError> {
        let failed = |error: wasmtime::Error| JsRunnerError::Engine { message: format!("{error:#}") };
        let cache = SealedFolder::open(&config.cache_dir, config.mac_key)
            .map_err(|source| JsRunnerError::Cache { folder: config.cache_dir.clone(), source })?;
        let EngineParts { code, segments, stack_end } =
            engine_split(ENGINE).map_err(|error| JsRunnerError::Engine { message: error.to_string() })?;

        let (engine, pooled) = match engine_pooled(config.hot_slots.max(1)) {
            Ok(engine) => (engine, true),
            Err(error) => {
                tracing::warn!(error = %format!("{error:#}"), "no address space for hot slots; each guest gets its own memory");
                (engine_on_demand().map_err(failed)?, false)
            }
        };
        let identity = identity(&compatibility(&engine));
        // What another version of anything left behind.
        cache.remove(|name| !name.contains(&identity));
        let module = program_load(&engine, &cache, &program_name(&identity), &code).map_err(failed)?;
        let program = Program::new(engine, &module).map_err(failed)?;

        let memory = HostMemory::new(config.guest_memory_bytes_max);
        let segments: Vec<_> = segments.iter().map(|(to, from)| (*to, &ENGINE[from.clone()])).collect();
        // Nothing raises the epoch yet, so nothing makes it wait.
        let base = world_make(&program, &segments, stack_end, PRELUDE, &memory)
            .now_or_never()
            .unwrap_or_else(|| Err(wasmtime::Error::msg("the world's making waited for something")))
            .map_err(failed)?;

        let ticker = Ticker::new(config.clock.clone());
        ticker.engine_add(program.engine.clone());
        let threads = GuestThreads::start(config.guest_threads, &ticker).map_err(JsRunnerError::Threads)?;
        let ticker_thread = Some(ticker_start(&ticker).map_err(JsRunnerError::Threads)?);
        Ok(Self {
            shared: Arc::new(Shared {
                clock: config.clock,
                cache,
                identity,
                code,
                base,
                program,
                pooled,
                overflow: Mutex::default(),
                slots_free: AtomicU32::new(if pooled { config.hot_slots.max(1) } else { 0 }),
                memory,
                ticker,
                spawner: threads.spawner(),
                images: Mutex::new(Images { loaded: LruCache::unbounded(), bytes: 0 }),
            }),
            threads,
            ticker_thread,
        })
    }

    /// What the sandbox holds right now.
    pub fn status(&self) -> JsRunnerStatus {
        JsRunnerStatus {
            live_runs: self.shared.ticker.live(),
            guest_memory_bytes: self.shared.memory.used(),
            hot_slots_free: self.shared.slots_free.load(Relaxed),
            pooled: self.shared.pooled,
        }
    }

    /// A package's image as it lies in the cache, without its seal: what two evaluations of one package must agree in.
    pub fn image_bytes(&self, source: &GuestSource) -> Result<Vec<u8>, PrepareError> {
        let GuestSource::Script(source) = source else {
            return Err(PrepareError::Sandbox { message: NO_SCRIPT.to_owned() });
        };
        self.shared.image_build(source).map(|file| file.encode())
    }
}

impl Drop for JsRunner {
    fn drop(&mut self) {
        self.shared.ticker.end_all(LeaseEnd::Shutdown);
        self.threads.close();
        self.shared.ticker.close();
        if let Some(thread) = self.ticker_thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the sandbox's ticker panicked");
        }
    }
}

impl Runner for JsRunner {
    fn prepare(&self, source: &GuestSource) -> Result<Arc<dyn GuestImage>, PrepareError> {
        let GuestSource::Script(source) = source else {
            return Err(PrepareError::Sandbox { message: NO_SCRIPT.to_owned() });
        };
        let shared = &self.shared;
        if let Some(image) = shared.images.lock().loaded.get(&source.package) {
            return Ok(image.clone());
        }
        let name = image_name(source.package, &shared.identity);
        let cached = shared.cache.read(&name).and_then(|bytes| ImageFile::decode(&bytes, &shared.base));
        let file = match cached.filter(|file| file.package == source.package) {
            Some(file) => file,
            None => {
                let file = shared.image_build(source)?;
                shared.cache.write(&name, &file.encode());
                file
            }
        };
        let image = Arc::new(JsImage { shared: shared.clone(), file: Arc::new(file) });
        shared.images.lock().keep(image.clone());
        Ok(image)
    }

    fn forget(&self, package: Digest) {
        self.shared.images.lock().drop_package(package);
        let prefix = package.to_string();
        self.shared.cache.remove(|name| name.starts_with(&prefix));
    }
}

impl Images {
    fn keep(&mut self, image: Arc<JsImage>) {
        self.drop_package(image.file.package);
        self.bytes += image.held_bytes();
        self.loaded.put(image.file.package, image);
        while self.bytes > LOADED_IMAGES_BYTES_MAX {
            let Some((_, oldest)) = self.loaded.pop_lru() else { break };
            self.bytes -= oldest.held_bytes();
        }
    }

    fn drop_package(&mut self, package: Digest) {
        if let Some(image) = self.loaded.pop(&package) {
            self.bytes -= image.held_bytes();
        }
    }
}

impl Shared {
    /// Evaluates and activates a package on the guest threads.
    fn image_build(self: &Arc<Self>, source: &ScriptSource) -> Result<ImageFile, PrepareError> {
        let (shared, source_given) = (self.clone(), source.clone());
        let making = async move {
            let place = shared
                .place(ACTIVATION_MEMORY_BYTES)
                .map_err(|error| PrepareError::Sandbox { message: format!("{error:#}") })?;
            let limiter = GuestMemory::new(shared.memory.clone(), ACTIVATION_MEMORY_BYTES, Arc::default());
            image_make(place.program(), &shared.base, source_given, limiter).await
        };
        let making = making.map(|made| (made, None));
        let account = Account::Activation { left_ns: ACTIVATION_CPU_NS };
        let (guest, ended) = Accounted::new(making.boxed(), account);
        self.spawner.spawn(Box::pin(guest));
        match wait(ended) {
            Some(Ok(made)) => {
                let (delta, exports) = made?;
                Ok(ImageFile { package: source.package, exports, delta })
            }
            Some(Err(Cut::Cpu | Cut::Lease(_))) => {
                Err(PrepareError::Limit { message: format!("{} ms of computing", ACTIVATION_CPU_NS / 1_000_000) })
            }
            None => Err(PrepareError::Sandbox { message: "the sandbox is shutting down".to_owned() }),
        }
    }

    /// Where a guest with this bound can live: a hot slot if one is free and large enough.
    fn place(self: &Arc<Self>, memory_bytes: u64) -> wasmtime::Result<Place> {
        let slot = memory_bytes <= HOT_MEMORY_BYTES_MAX
            && self.slots_free.fetch_update(Relaxed, Relaxed, |free| free.checked_sub(1)).is_ok();
        let overflow = if slot || !self.pooled { None } else { Some(self.overflow()?) };
        Ok(Place { shared: self.clone(), slot, overflow })
    }

    /// The program without slots.
    fn overflow(&self) -> wasmtime::Result<Arc<Program>> {
        let mut overflow = self.overflow.lock();
        if let Some(program) = &*overflow {
            return Ok(program.clone());
        }
        let engine = engine_on_demand()?;
        let module = program_load(&engine, &self.cache, &program_name(&self.identity), &self.code)?;
        let program = Arc::new(Program::new(engine, &module)?);
        self.ticker.engine_add(program.engine.clone());
        *overflow = Some(program.clone());
        Ok(program)
    }
}

/// Where a guest lives; a hot slot is free again when this goes.
pub(crate) struct Place {
    shared: Arc<Shared>,
    slot: bool,
    overflow: Option<Arc<Program>>,
}

impl Place {
    /// Whether it is a hot slot, where a guest may rest after its run.
    pub(crate) fn is_hot(&self) -> bool {
        self.slot
    }

    pub(crate) fn program(&self) -> &Program {
        self.overflow.as_deref().unwrap_or(&self.shared.program)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.slot {
            self.shared.slots_free.fetch_add(1, Relaxed);
        }
    }
}

/// An app's image.
struct JsImage {
    shared: Arc<Shared>,
    file: Arc<ImageFile>,
}

impl JsImage {
    fn held_bytes(&self) -> usize {
        self.file.delta.held_bytes() + self.file.exports.iter().map(String::len).sum::<usize>()
    }
}

impl GuestImage for JsImage {
    fn start(&self, call: GuestCall, host: Arc<dyn GuestHost>) -> BoxFuture<'static, GuestEnd> {
        let (shared, file) = (self.shared.clone(), self.file.clone());
        let lease = call.lease.clone();
        let peak = Arc::new(AtomicU64::new(0));
        let guest = {
            let (peak, watched) = (peak.clone(), shared.ticker.run_watch(lease.clone()));
            async move {
                let _watched = watched;
                let memory_bytes = call.lease.limits().memory_bytes;
                let place = match shared.place(memory_bytes) {
                    Ok(place) => place,
                    Err(error) => {
                        tracing::warn!(error = %format!("{error:#}"), "there is no engine for one more guest");
                        return (Err(GuestFailure::NoRoom), None);
                    }
                };
                let limiter = GuestMemory::new(shared.memory.clone(), memory_bytes, peak);
                let clock = shared.clock.clone();
                let (result, used) = guest_run(&place, &shared.base, &file.delta, call, host, clock, limiter).await;
                let afterwards = used.map(|used| {
                    let rest: Afterwards = Box::new(move || guest_rest(place.program(), &place.shared.base, used));
                    rest
                });
                (result, afterwards)
            }
        };
        let (guest, ended) = Accounted::new(guest.boxed(), Account::lease(lease.clone()));
        self.shared.spawner.spawn(Box::pin(guest));
        async move {
            let result = match ended.await {
                Ok(Ok(result)) => result,
                Ok(Err(Cut::Lease(end))) => Err(GuestFailure::Ended(end)),
                Ok(Err(Cut::Cpu)) => Err(GuestFailure::Ended(lease.end(LeaseEnd::CpuLimit))),
                // The guest was dropped without an end: the threads are gone, or its host panicked.
                Err(_) => match lease.check() {
                    Err(end) => Err(GuestFailure::Ended(end)),
                    Ok(()) => Err(GuestFailure::Trapped("the sandbox dropped the run".to_owned())),
                },
            };
            GuestEnd { result, memory_bytes: peak.load(Relaxed) }
        }
        .boxed()
    }

    fn exports(&self) -> &[String] {
        &self.file.exports
    }
}

/// Waits for the end of an activation on a thread that may block.
fn wait<T>(ended: tokio::sync::oneshot::Receiver<T>) -> Option<T> {
    struct Unpark(thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut cx = std::task::Context::from_waker(&waker);
    let mut ended = std::pin::pin!(ended);
    loop {
        match ended.as_mut().poll(&mut cx) {
            std::task::Poll::Ready(value) => return value.ok(),
            std::task::Poll::Pending => thread::park(),
        }
    }
}

fn identity(compatibility: &[u8; 32]) -> String {
    let mut hash = Sha256::new();
    for part in [&Sha256::digest(ENGINE)[..], &Sha256::digest(PRELUDE)[..], compatibility, &API_VERSION.to_le_bytes()] {
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..16])
}

fn program_name(identity: &str) -> String {
    format!("engine.{identity}.cwasm")
}

fn image_name(package: Digest, identity: &str) -> String {
    format!("{package}.{identity}.image")
}
