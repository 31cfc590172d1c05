//! A sandbox with a fake host: files, storage, a table and timers, all in memory.

use broker::{Broker, Lease, LeaseEnd};
use futures_util::future::{BoxFuture, FutureExt};
use kernel::{
    host_call::{
        AnswerCall, AnswerPart, CsvCall, FileCall, GuestError, HostAnswer, HostCall, HostError, McpCall, StorageCall,
    },
    runner::{
        GuestCall, GuestEnd, GuestExport, GuestFailure, GuestHost, GuestImage, GuestPiece, GuestSource, GuestValue,
        Push, Runner, ScriptSource,
    },
};
use parking_lot::Mutex;
use protocol::{
    AppName, Caller, Clock, DeviceId, Door, Entropy, ErrorCode, Limits, LogLevel, OwnerId, Rights, RunId, Timestamp,
    Zone,
};
use sandbox::{JsRunner, JsRunnerConfig};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use testkit::TestEntropy;

/// Timers of the fake host, and the thread that tests wait on.
pub(crate) static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());

/// The machine's own clock: guests compute in real time.
pub(crate) struct RealClock(Instant);

impl RealClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Instant::now()))
    }
}

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        testkit::TestClock::START.plus_ms(u64::try_from(self.0.elapsed().as_millis()).unwrap())
    }

    fn monotonic_ns(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap()
    }
}

/// The compiled engine is made once for all tests; images too, which is a test of its own.
pub(crate) fn cache_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("js-cache")
}

/// A sandbox as the product has it, on two threads.
pub(crate) fn config() -> JsRunnerConfig {
    JsRunnerConfig { guest_threads: 2, hot_slots: 8, ..JsRunnerConfig::new(cache_dir(), [5; 32], RealClock::new()) }
}

/// A sandbox, a broker for leases, and randomness for seeds.
pub(crate) struct House {
    pub(crate) runner: Arc<JsRunner>,
    broker: Broker,
    clock: Arc<dyn Clock>,
    entropy: TestEntropy,
}

/// What a run brought.
#[derive(Debug)]
pub(crate) struct Brought {
    pub(crate) result: Result<GuestValue, GuestFailure>,
    pub(crate) pieces: Vec<GuestPiece>,
    pub(crate) memory_bytes: u64,
    pub(crate) lease: Lease,
    pub(crate) took: Duration,
}

impl Brought {
    /// The data of a run that went well.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        match &self.result {
            Ok(value) => value.data.clone().unwrap_or(Value::Null),
            Err(failure) => panic!("the run failed: {failure:?}; {:?}", self.pieces),
        }
    }

    /// The error of a run whose code threw.
    #[track_caller]
    pub(crate) fn threw(&self) -> (String, Option<ErrorCode>) {
        match &self.result {
            Err(GuestFailure::Threw { message, code, .. }) => (message.clone(), *code),
            other => panic!("the run did not throw: {other:?}"),
        }
    }

    /// How the lease of a run was ended.
    #[track_caller]
    pub(crate) fn ended(&self) -> LeaseEnd {
        match &self.result {
            Err(GuestFailure::Ended(end)) => *end,
            other => panic!("the run was not ended: {other:?}"),
        }
    }

    /// Lines of the console.
    pub(crate) fn lines(&self) -> Vec<(LogLevel, String)> {
        let line = |piece: &GuestPiece| match piece {
            GuestPiece::Log { level, text } => Some((*level, text.clone())),
            _ => None,
        };
        self.pieces.iter().filter_map(line).collect()
    }
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(config())
    }

    pub(crate) fn with(config: JsRunnerConfig) -> Self {
        Self {
            clock: config.clock.clone(),
            runner: Arc::new(JsRunner::new(config).unwrap()),
            broker: Broker::new(Zone::Local, vec![]),
            entropy: TestEntropy::new(),
        }
    }

    pub(crate) fn lease(&self, limits: Limits) -> Lease {
        let caller = Caller {
            owner: OwnerId::LOCAL,
            device: DeviceId(Default::default()),
            door: Door::Socket,
            rights: Rights::OWNER,
            client: None,
        };
        let app: AppName = "guest".parse().unwrap();
        let run = RunId::new(&*self.clock, &self.entropy);
        self.broker.lease_open(caller, &app, run, limits, self.clock.monotonic_ns())
    }

    pub(crate) fn call(&self, action: &str, input: &Value, limits: Limits) -> GuestCall {
        let mut seed = [0; 32];
        self.entropy.fill(&mut seed);
        GuestCall {
            export: GuestExport::named(action),
            input: input.to_string().into_bytes(),
            env: br#"{"city":"Bonn","deep":{"er":[1]}}"#.to_vec(),
            seed,
            now_ms: self.clock.now().0,
            lease: self.lease(limits),
            terms: None,
        }
    }

    pub(crate) fn image(&self, guest: &str) -> Arc<dyn GuestImage> {
        self.runner.prepare(&guest_source(guest)).unwrap()
    }

    /// Starts a run; it goes on while the test does other things.
    pub(crate) fn start(
        &self,
        image: &Arc<dyn GuestImage>,
        call: GuestCall,
        host: Arc<FakeHost>,
    ) -> BoxFuture<'static, Brought> {
        let lease = call.lease.clone();
        let started = Instant::now();
        *host.lease.lock() = Some(lease.clone());
        let run = image.start(call, host.clone());
        async move {
            let GuestEnd { result, memory_bytes } = run.await;
            let pieces = std::mem::take(&mut *host.pieces.lock());
            Brought { result, pieces, memory_bytes, lease, took: started.elapsed() }
        }
        .boxed()
    }

    /// A whole run with the usual limits.
    pub(crate) fn run(&self, guest: &str, action: &str, input: Value) -> Brought {
        self.run_with(guest, action, input, Limits::default(), FakeHost::new())
    }

    pub(crate) fn run_with(
        &self,
        guest: &str,
        action: &str,
        input: Value,
        limits: Limits,
        host: Arc<FakeHost>,
    ) -> Brought {
        let run = self.start(&self.image(guest), self.call(action, &input, limits), host);
        RUNTIME.block_on(run)
    }

    /// After whatever happened: an honest run goes as ever.
    #[track_caller]
    pub(crate) fn is_well(&self) {
        let brought = self.run("echo", "echo", json!({ "n": 7 }));
        assert_eq!(brought.data(), json!({ "n": 7 }));
    }
}

/// The modules of a folder in `tests/guests`.
pub(crate) fn guest_source(guest: &str) -> GuestSource {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests").join(guest);
    let mut modules = BTreeMap::new();
    modules_read(&folder, &folder, &mut modules);
    assert!(!modules.is_empty(), "no guest {guest}");
    source_of(modules)
}

/// A guest of one module.
pub(crate) fn source_text(code: &str) -> GuestSource {
    source_of(BTreeMap::from([("bot-logic.js".to_owned(), Arc::from(code.as_bytes()))]))
}

fn source_of(modules: BTreeMap<String, Arc<[u8]>>) -> GuestSource {
    let mut all = Vec::new();
    for (path, code) in &modules {
        all.extend_from_slice(path.as_bytes());
        all.push(0);
        all.extend_from_slice(code);
    }
    GuestSource::Script(ScriptSource { package: protocol::sha256(&all), entry: "bot-logic.js".to_owned(), modules })
}

fn modules_read(root: &Path, folder: &Path, modules: &mut BTreeMap<String, Arc<[u8]>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            modules_read(root, &path, modules);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            modules.insert(name, std::fs::read(&path).unwrap().into());
        }
    }
}

/// Answers from memory, charges what a kernel would charge, and remembers.
#[derive(Default)]
pub(crate) struct FakeHost {
    pub(crate) pieces: Mutex<Vec<GuestPiece>>,
    pub(crate) files: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(crate) storage: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(crate) calls: AtomicU32,
    /// Timers and effects under way right now, and the most at once.
    pub(crate) under_way: Arc<AtomicU32>,
    pub(crate) under_way_most: AtomicU32,
    /// After this many pieces (0: never) each piece makes the guest wait until `drained` is told.
    pub(crate) full_after: u32,
    pub(crate) drained: Arc<tokio::sync::Notify>,
    pub(crate) waits: AtomicU32,
    /// Pieces are counted, not kept.
    pub(crate) forgets: bool,
    pub(crate) piece_count: AtomicU64,
    pub(crate) lease: Mutex<Option<Lease>>,
}

impl FakeHost {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    fn answer(&self, call: HostCall) -> Result<HostAnswer, HostError> {
        let not_found =
            |what: &str| HostError::from(GuestError::new(ErrorCode::NotFound, format!("there is no {what}")));
        match call {
            HostCall::File(FileCall::Read { path, from, to }) => {
                let files = self.files.lock();
                let bytes = files.get(&path).ok_or_else(|| not_found(&path))?;
                let to = to.map_or(bytes.len(), |to| usize::try_from(to).unwrap().min(bytes.len()));
                let from = usize::try_from(from.unwrap_or(0)).unwrap().min(to);
                Ok(HostAnswer::Bytes(bytes[from..to].to_vec()))
            }
            HostCall::File(FileCall::ReadText { path }) => {
                let files = self.files.lock();
                let bytes = files.get(&path).ok_or_else(|| not_found(&path))?;
                Ok(HostAnswer::Json(String::from_utf8_lossy(bytes).into()))
            }
            HostCall::File(FileCall::Write { path, body }) => {
                self.files.lock().insert(path, body);
                Ok(HostAnswer::Json(Value::Null))
            }
            HostCall::File(FileCall::Pick { access, folder, purpose }) => {
                Ok(HostAnswer::Json(json!(format!("picked:{access:?}:{folder}:{purpose}"))))
            }
            HostCall::Storage(StorageCall::Get { key }) => Ok(self
                .storage
                .lock()
                .get(&key)
                .map_or(HostAnswer::Json(Value::Null), |v| HostAnswer::JsonText(v.clone()))),
            HostCall::Storage(StorageCall::Set { key, value }) => {
                self.storage.lock().insert(key, value);
                Ok(HostAnswer::Json(Value::Null))
            }
            HostCall::Storage(StorageCall::Delete { key }) => {
                Ok(HostAnswer::Json(self.storage.lock().remove(&key).is_some().into()))
            }
            HostCall::Storage(StorageCall::List { prefix, .. }) => {
                let keys: Vec<_> = self.storage.lock().keys().filter(|key| key.starts_with(&prefix)).cloned().collect();
                Ok(HostAnswer::Json(json!(keys)))
            }
            HostCall::Csv(CsvCall::Open { .. }) => {
                Ok(HostAnswer::Json(json!({ "table": 3, "columns": ["a", "b"], "delimiter": "," })))
            }
            HostCall::Csv(CsvCall::Rows { table: 3, limit }) => {
                let call = self.calls.load(SeqCst);
                let rows: Vec<_> = (0..limit.unwrap_or(2)).map(|row| json!([row, call])).collect();
                Ok(HostAnswer::Json(json!({ "rows": rows, "done": call >= 4 })))
            }
            HostCall::Csv(CsvCall::Statistics { columns, .. }) => Ok(HostAnswer::Json(json!({ "columns": columns }))),
            HostCall::Csv(CsvCall::Aggregate { request, .. }) => Ok(HostAnswer::Json(json!(request.group_by))),
            HostCall::Csv(CsvCall::Parse { text, .. }) => Ok(HostAnswer::Json(json!([[text]]))),
            HostCall::Csv(CsvCall::Stringify { rows, .. }) => Ok(HostAnswer::Json(json!(format!("{rows:?}")))),
            HostCall::Emit { topic, payload } => {
                let mut storage = self.storage.lock();
                let told = storage.entry("emitted".to_owned()).or_insert_with(|| b"[]".to_vec());
                let mut events: Vec<Value> = serde_json::from_slice(told).unwrap();
                events.push(json!([topic, serde_json::from_str::<Value>(&payload).unwrap()]));
                *told = json!(events).to_string().into_bytes();
                Ok(HostAnswer::Json(Value::Null))
            }
            HostCall::Http(call) => {
                let (status, body) = match call.url.ends_with("/echo") {
                    true => {
                        let told = json!([call.method, call.headers, call.body, format!("{:?}", call.redirect)]);
                        (200, told.to_string())
                    }
                    false => (404, "[1,\"\u{e9}\"]".to_owned()),
                };
                let headers = json!({ "content-type": "text/plain", "__proto__": "x" });
                let head = json!({ "status": status, "url": call.url, "headers": headers }).to_string();
                let mut frame = u32::try_from(head.len()).unwrap().to_le_bytes().to_vec();
                frame.extend_from_slice(head.as_bytes());
                frame.extend_from_slice(body.as_bytes());
                Ok(HostAnswer::Bytes(frame))
            }
            HostCall::Mcp(McpCall::Call { server, tool, arguments }) => {
                Ok(HostAnswer::Json(json!({ "data": [server, tool, arguments] })))
            }
            HostCall::Mcp(McpCall::List) => Ok(HostAnswer::JsonText(b"[]".to_vec())),
            HostCall::Answer(AnswerPart::Body) => Ok(HostAnswer::Bytes(b"text=a+b".to_vec())),
            HostCall::Answer(AnswerPart::Answer(AnswerCall { status, headers, kind, body })) => {
                Ok(HostAnswer::Json(json!([status, headers, kind, String::from_utf8_lossy(&body)])))
            }
            HostCall::NotAvailable { feature } => Err(HostError::from(GuestError::new(
                ErrorCode::NotAvailable,
                format!("{feature} is not in this version of oikos"),
            ))),
            _ => Ok(HostAnswer::Json(Value::Null)),
        }
    }
}

impl GuestHost for FakeHost {
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<HostAnswer, HostError>> {
        self.calls.fetch_add(1, SeqCst);
        if let HostCall::Timer { ms } = call {
            let now = self.under_way.fetch_add(1, SeqCst) + 1;
            self.under_way_most.fetch_max(now, SeqCst);
            let under_way = Leaving(self.under_way.clone());
            let timer = RUNTIME.spawn(async move { tokio::time::sleep(Duration::from_millis(ms)).await });
            return async move {
                let _under_way = under_way;
                timer.await.unwrap();
                Ok(HostAnswer::Json(Value::Null))
            }
            .boxed();
        }
        std::future::ready(self.answer(call)).boxed()
    }

    fn stream(&self, piece: GuestPiece) -> Push {
        let lease = self.lease.lock().clone().unwrap();
        let charged = match &piece {
            GuestPiece::Log { text, .. } => {
                if !lease.admit_log(text.len() as u64) {
                    return Push::Taken;
                }
                Ok(())
            }
            GuestPiece::Progress { .. } => Ok(()),
            GuestPiece::Text(text) => lease.charge_stream_bytes(text.len() as u64),
            GuestPiece::Data { payload, .. } => lease.charge_stream_bytes(payload.to_string().len() as u64),
        };
        if let Err(end) = charged {
            return Push::Ended(end);
        }
        let count = self.piece_count.fetch_add(1, SeqCst) + 1;
        if !self.forgets {
            self.pieces.lock().push(piece);
        }
        if self.full_after != 0 && count >= u64::from(self.full_after) {
            self.waits.fetch_add(1, SeqCst);
            let drained = self.drained.clone();
            return Push::Wait(async move { drained.notified().await }.boxed());
        }
        Push::Taken
    }
}

struct Leaving(Arc<AtomicU32>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}
