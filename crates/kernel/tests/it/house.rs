//! A kernel with everything around it: a store in memory, files in memory, guests in Rust.

use crate::{
    guests::{Guest, Returned, ScriptRunner, Scripts},
    spy::SpyStore,
    world::{self, World},
};
use broker::{Broker, ProtectedFolder};
use kernel::{Kernel, KernelParts, LogFilter, RunRequest, Seen, Starters, Viewer};
use link::{DeveloperKey, PublisherSecret};
use protocol::{
    AppName, AuditEvent, AuditRecord, Caller, Card, Chunk, DeviceId, Digest, Door, Failure, FileId, GrantState,
    OfferId, OwnerId, RequestId, Right, Rights, RunId, SequencedChunk, Zone,
    api::{AppDetail, LineChoice, NamedFile, NamedHanded, NamedPath, RunReport},
};
use serde_json::{Value, json};
use state::{BlobStore, HomeLock, MemoryVault, Space, Store};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use testkit::{TempHome, TestClock, TestEntropy};

/// The folder that apps are usually granted.
pub(crate) const WORK: &str = "/work";
/// What belongs to oikos in the world of files.
pub(crate) const HOME: &str = "/oikos-home";

pub(crate) struct House {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) store: Arc<SpyStore>,
    pub(crate) world: Arc<World>,
    pub(crate) scripts: Arc<Scripts>,
    pub(crate) clock: TestClock,
    pub(crate) vault: Arc<MemoryVault>,
    entropy: TestEntropy,
    lock: HomeLock,
    home: TempHome,
    live_runs_max: usize,
    zone: Zone,
}

/// An owner at a terminal.
pub(crate) fn owner_of(owner: OwnerId) -> Caller {
    Caller { owner, device: DeviceId(Default::default()), door: Door::Terminal, rights: Rights::OWNER, client: None }
}

/// The owner at a terminal.
pub(crate) fn owner() -> Caller {
    owner_of(OwnerId::LOCAL)
}

/// The owner's script: everything but answering.
pub(crate) fn script() -> Caller {
    Caller { door: Door::Socket, rights: Rights::of(&[Right::Read, Right::Run, Right::Manage]), ..owner() }
}

pub(crate) fn app(name: &str) -> AppName {
    name.parse().unwrap()
}

pub(crate) fn choice(line: &str, state: GrantState, target: Option<&str>) -> LineChoice {
    LineChoice::new(line, state).target(target.map(str::to_owned))
}

/// Reading and writing in the usual folder, and storage.
pub(crate) fn allowed() -> Vec<LineChoice> {
    vec![
        choice("file.read", GrantState::Allow, Some(WORK)),
        choice("file.write", GrantState::Allow, Some(WORK)),
        choice("storage", GrantState::Allow, None),
    ]
}

/// The project's own key, in these tests.
pub(crate) fn official() -> PublisherSecret {
    PublisherSecret::generate(&TestEntropy::seeded(0x0ff1_c1a1))
}

/// Everything an honest app of these tests asks for.
pub(crate) const ASKS: &str = r#"{ "file": { "read": true, "write": true }, "storage": true, "ai": false }"#;

impl House {
    pub(crate) fn new() -> Self {
        Self::with_places(256)
    }

    pub(crate) fn with_places(live_runs_max: usize) -> Self {
        let (clock, entropy, home) = (TestClock::new(), TestEntropy::new(), TempHome::new());
        let lock = HomeLock::acquire(home.path(), &clock).unwrap();
        let (store, world, scripts) = (Arc::default(), Arc::default(), Arc::default());
        let zone = Zone::Local;
        let vault = Arc::new(MemoryVault::new());
        let kept = (&store, &vault);
        let kernel = kernel_of(&lock, kept, &world, &scripts, (&clock, &entropy), live_runs_max, zone);
        Self { kernel, store, world, scripts, clock, vault, entropy, lock, home, live_runs_max, zone }
    }

    /// The process ends at once and another one begins on the same home. What was under way is simply gone.
    pub(crate) fn restart(&mut self) {
        self.kernel = kernel_of(
            &self.lock,
            (&self.store, &self.vault),
            &self.world,
            &self.scripts,
            (&self.clock, &self.entropy),
            self.live_runs_max,
            self.zone,
        );
    }

    /// The same home in another zone.
    pub(crate) fn restart_in(&mut self, zone: Zone) {
        self.zone = zone;
        self.restart();
    }

    /// An archive disappears from the disk.
    pub(crate) fn blob_lose(&self, digest: Digest) {
        BlobStore::open(&self.lock).unwrap().remove(digest).unwrap();
    }

    /// Tells what an action does.
    pub(crate) fn script<F, R>(&self, action: &str, script: F)
    where
        F: Fn(Guest) -> R + Send + Sync + 'static,
        R: Future<Output = Returned> + Send + 'static,
    {
        self.scripts.set(action, true, script);
    }

    /// As [`House::script`], but the guest goes on when its lease has ended.
    pub(crate) fn stubborn<F, R>(&self, action: &str, script: F)
    where
        F: Fn(Guest) -> R + Send + Sync + 'static,
        R: Future<Output = Returned> + Send + 'static,
    {
        self.scripts.set(action, false, script);
    }

    /// Packs an app. Its actions are `go`, `also` and `third`, which take a file, a place to write to and a number.
    pub(crate) fn packed(&self, name: &str, version: &str, permissions: &str) -> PathBuf {
        self.archive(name, &package_of(name, version, permissions))
    }

    /// Everything that the store holds of the local owner beside the log.
    pub(crate) fn stored(&self) -> Vec<(Space, String, Vec<u8>)> {
        let space = |space: Space| {
            let entries = self.store.scan(OwnerId::LOCAL, space, "", None, 10_000).unwrap();
            entries.into_iter().map(move |(key, entry)| (space, key, entry.value)).collect::<Vec<_>>()
        };
        Space::ALL.iter().copied().flat_map(space).collect()
    }

    /// Archives that are kept.
    pub(crate) fn blobs(&self) -> Vec<Digest> {
        let mut blobs = BlobStore::open(&self.lock).unwrap().list().unwrap();
        blobs.sort();
        blobs
    }

    /// Installs an app that something may start: `asks` are its permissions, `handlers` what it registers. Its one action
    /// is `go` and takes anything.
    pub(crate) async fn listening(
        &self,
        name: &str,
        asks: &Value,
        trigger: Option<Value>,
        handlers: &[&str],
        choices: Vec<LineChoice>,
    ) -> Result<AppDetail, Failure> {
        self.listening_as(owner(), name, asks, trigger, handlers, choices).await
    }

    /// The same for an owner.
    pub(crate) async fn listening_as(
        &self,
        caller: Caller,
        name: &str,
        asks: &Value,
        trigger: Option<Value>,
        handlers: &[&str],
        choices: Vec<LineChoice>,
    ) -> Result<AppDetail, Failure> {
        let mut logic = "export async function go(payload, ctx) {}\n".to_owned();
        handlers.iter().for_each(|handler| logic.push_str(&format!("// {handler}\n")));
        let mut manifest = json!({ "id": name, "name": name, "version": "1.0.0" });
        if let Some(trigger) = trigger {
            manifest["trigger"] = trigger;
        }
        let files: BTreeMap<String, Vec<u8>> = [
            ("manifest.json", manifest.to_string()),
            ("action-schema.json", json!({ "go": { "input": { "type": "object" } } }).to_string()),
            ("permissions.json", asks.to_string()),
            ("bot-logic.js", logic),
        ]
        .map(|(path, text)| (path.to_owned(), text.into_bytes()))
        .into();
        let path = self.archive(name, &package::pack(&files).unwrap());
        let (offer, _) = self.offer(caller, &path).await?;
        self.kernel.app_install(caller, offer, choices).await
    }

    pub(crate) fn archive(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.home.beside().join(format!("{name}.aisapp"));
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) async fn offer(&self, caller: Caller, package: &std::path::Path) -> Result<(OfferId, Card), Failure> {
        self.kernel.app_offer(caller, package.to_str().unwrap().to_owned(), None, false).await
    }

    /// Installs an app as an owner, with these choices.
    pub(crate) async fn install_as(
        &self,
        caller: Caller,
        name: &str,
        version: &str,
        permissions: &str,
        choices: Vec<LineChoice>,
    ) -> Result<AppDetail, Failure> {
        let (offer, _) = self.offer(caller, &self.packed(name, version, permissions)).await?;
        self.kernel.app_install(caller, offer, choices).await
    }

    /// Installs the honest app `scribe`, everything allowed.
    pub(crate) async fn scribe(&self) -> AppDetail {
        self.install_as(owner(), "scribe", "1.0.0", ASKS, allowed()).await.unwrap()
    }

    /// Starts an action of `scribe`.
    pub(crate) async fn start(&self, action: &str) -> Viewer {
        self.start_as(owner(), "scribe", action, json!({}), None, &[]).await.unwrap()
    }

    pub(crate) async fn start_as(
        &self,
        caller: Caller,
        name: &str,
        action: &str,
        input: Value,
        id: Option<RequestId>,
        files: &[(&str, &str)],
    ) -> Result<Viewer, Failure> {
        let named = |(name, path): &(&str, &str)| NamedPath { name: (*name).to_owned(), path: (*path).to_owned() };
        let files = files.iter().map(|file| named(file).into()).collect();
        let request = RunRequest { id, app: app(name), action: action.parse().unwrap(), input, files };
        self.kernel.run_start(caller, request).await
    }

    /// Starts `go` of `scribe` with files whose bytes were handed over.
    pub(crate) async fn start_handed(&self, caller: Caller, handed: &[(&str, FileId)]) -> Result<Viewer, Failure> {
        let named = |(name, file): &(&str, FileId)| NamedHanded { name: (*name).to_owned(), handed: *file };
        let files = handed.iter().map(|file| NamedFile::Handed(named(file))).collect();
        let request =
            RunRequest { id: None, app: app("scribe"), action: "go".parse().unwrap(), input: json!({}), files };
        self.kernel.run_start(caller, request).await
    }

    /// Runs an action of `scribe` to its end.
    pub(crate) async fn run(&self, action: &str) -> Arc<RunReport> {
        ended(self.start(action).await).await.1
    }

    /// Waits for a state, not for time, without letting a paused clock go on.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < Duration::from_secs(30), "waited in vain for: {what}");
            tokio::task::yield_now().await;
        }
    }

    /// Waits until no run lives.
    pub(crate) async fn idle(&self) {
        self.until("the last run to end", || self.kernel.live_runs() == 0).await;
    }

    pub(crate) fn request_id(&self) -> RequestId {
        RequestId::new(&self.clock, &self.entropy)
    }

    /// The whole log of the local owner.
    pub(crate) fn log(&self) -> Vec<AuditRecord> {
        let filter = LogFilter { limit: 10_000, ..LogFilter::default() };
        self.kernel.log(&owner(), &filter).unwrap().into_iter().filter_map(|entry| entry.record).collect()
    }

    /// What the log says of a run, in words.
    pub(crate) fn told(&self, run: RunId) -> Vec<String> {
        self.log().iter().filter(|record| record.run == Some(run)).map(|record| record.sentence.to_string()).collect()
    }

    /// The kinds of the records of a run, in order.
    pub(crate) fn events(&self, run: RunId) -> Vec<AuditEvent> {
        self.log().into_iter().filter(|record| record.run == Some(run)).map(|record| record.event).collect()
    }
}

/// What comes with oikos in these tests: `starter`, which asks for what an honest app asks for.
struct Inside;

impl Starters for Inside {
    fn names(&self) -> Vec<AppName> {
        vec![app("starter")]
    }

    fn archive(&self, name: &AppName) -> Option<Result<Vec<u8>, Failure>> {
        (*name == app("starter")).then(|| Ok(package_of("starter", "1.0.0", ASKS)))
    }
}

/// An app's archive. Its actions are `go`, `also` and `third`, which take a file, a place to write to and a number.
fn package_of(name: &str, version: &str, permissions: &str) -> Vec<u8> {
    let input = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "data": { "type": "string", "format": "input-file" },
            "out": { "type": "string", "format": "output-file" },
            "number": { "type": "integer" },
        }
    });
    let actions = json!({
        "go": { "title": "Go", "input": input }, "also": { "input": input }, "third": { "input": input },
    });
    let logic = "export async function go(payload, ctx) {}\nexport async function also(payload, ctx) {}\n\
                 export async function third(payload, ctx) {}\n";
    let files: BTreeMap<String, Vec<u8>> = [
        ("manifest.json", json!({ "id": name, "name": name, "version": version }).to_string()),
        ("action-schema.json", actions.to_string()),
        ("permissions.json", permissions.to_owned()),
        ("bot-logic.js", logic.to_owned()),
    ]
    .map(|(path, text)| (path.to_owned(), text.into_bytes()))
    .into();
    package::pack(&files).unwrap()
}

fn kernel_of(
    lock: &HomeLock,
    (store, vault): (&Arc<SpyStore>, &Arc<MemoryVault>),
    world: &Arc<World>,
    scripts: &Arc<Scripts>,
    (clock, entropy): (&TestClock, &TestEntropy),
    live_runs_max: usize,
    zone: Zone,
) -> Arc<Kernel> {
    let shared: Arc<dyn Store> = store.clone();
    let broker::Folder { path, device, inode } = world::folder(HOME);
    Kernel::new(KernelParts {
        broker: Broker::new(zone, vec![ProtectedFolder { path, device, inode }]),
        effects: world::effects(world, &shared),
        starters: Arc::new(Inside),
        store: shared,
        vault: vault.clone(),
        blobs: BlobStore::open(lock).unwrap(),
        runner: Arc::new(ScriptRunner(scripts.clone())),
        developer: DeveloperKey::open_or_create(lock.home(), entropy).unwrap(),
        official: official().public_key(),
        device: DeviceId(Default::default()),
        clock: Arc::new(clock.clone()),
        time_zone: jiff::tz::TimeZone::UTC,
        entropy: Arc::new(entropy.clone()),
        runtime: tokio::runtime::Handle::current(),
        live_runs_max,
    })
}

/// Reads a stream to its end.
pub(crate) async fn ended(mut viewer: Viewer) -> (Vec<Arc<SequencedChunk>>, Arc<RunReport>) {
    let mut chunks = Vec::new();
    loop {
        match viewer.next().await {
            Seen::Chunk(chunk) => chunks.push(chunk),
            Seen::End(report) => return (chunks, report),
        }
    }
}

/// The next chunk of a stream that has one.
pub(crate) async fn next(viewer: &mut Viewer) -> Arc<SequencedChunk> {
    match viewer.next().await {
        Seen::Chunk(chunk) => chunk,
        Seen::End(report) => panic!("the run has ended: {report:?}"),
    }
}

/// The texts of a stream.
pub(crate) fn texts(chunks: &[Arc<SequencedChunk>]) -> Vec<&str> {
    chunks
        .iter()
        .filter_map(|chunk| match &chunk.chunk {
            Chunk::Text { text } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}
