//! A broker, a home, a scene.

use broker::{AppGrants, Broker, Decision, Demand, Denied, Folder, Grant, Lease, Permit, Picked, Resolve};
use effects::EffectsConfig;
use kernel::{
    effect::{Change, Done, Effect, EffectError, Effects, Scene},
    host_call::{CsvCall, FileCall, GuestError, HostAnswer, StorageCall},
};
use parking_lot::Mutex;
use protocol::{
    AppName, Caller, Clock, DeviceId, Door, Entropy, ErrorCode, FileAccess, GrantDuration, GrantId, GrantState, Limits,
    OwnerId, Rights, RunId, Scope, Sentence, Timestamp, Zone,
};
use serde_json::Value;
use state::{Batch, Durability, MemoryStore, Store};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use testkit::{TempHome, TestClock, TestEntropy};

/// Where oikos keeps its own things, and the folder that it lies in.
pub(crate) struct Home {
    path: PathBuf,
    beside: PathBuf,
    _goes_away: Option<TempHome>,
}

impl Home {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn beside(&self) -> &Path {
        &self.beside
    }
}

/// Everything a call needs.
pub(crate) struct House {
    pub(crate) home: Home,
    pub(crate) folder: PathBuf,
    pub(crate) broker: Broker,
    pub(crate) effects: Effects,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: TestClock,
    pub(crate) entropy: TestEntropy,
    app: AppName,
}

/// Nobody starts anything in these tests; those of workers and programs stand where boxes are.
struct Nobody;

impl effects::Workers for Nobody {
    fn work(&self, _: effects::Work<'_>, _: &Lease, _: &mut effects::OnFrame<'_>) -> Result<(), EffectError> {
        Err(EffectError::guest(ErrorCode::BoxRefused, "nobody starts workers here"))
    }
}

impl effects::Programs for Nobody {
    fn run(&self, _: effects::Order<'_>, _: &Lease, _: &mut dyn FnMut()) -> Result<effects::Outcome, EffectError> {
        Err(EffectError::guest(ErrorCode::BoxRefused, "nobody starts programs here"))
    }
}

/// How a call ended.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one is made a test")]
pub(crate) enum Outcome {
    /// It was done.
    Done(Done),
    /// The effect said no before the decision, or when it was performed.
    Failed(EffectError),
    /// The broker said no.
    Denied(Denied),
}

impl Outcome {
    pub(crate) fn done(self) -> Done {
        match self {
            Self::Done(done) => done,
            other => panic!("it was not done: {other:?}"),
        }
    }

    pub(crate) fn json(self) -> Value {
        match self.done().answer {
            HostAnswer::Json(value) => value,
            HostAnswer::JsonText(text) => serde_json::from_slice(&text).expect("JSON"),
            other => panic!("no JSON: {other:?}"),
        }
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        match self.done().answer {
            HostAnswer::Bytes(bytes) => bytes,
            other => panic!("no bytes: {other:?}"),
        }
    }

    pub(crate) fn error(self) -> GuestError {
        match self {
            Self::Failed(EffectError::Guest(error) | EffectError::Unknown(error)) => error,
            Self::Denied(denied) => GuestError::new(denied.code, denied.message()),
            other => panic!("it did not fail: {other:?}"),
        }
    }

    pub(crate) fn code(self) -> ErrorCode {
        self.error().code
    }
}

impl House {
    /// A home, and beside it a folder that the app may read and write.
    pub(crate) fn new() -> Self {
        let home = TempHome::new();
        let beside = home.beside().to_owned();
        for name in ["work", "home"] {
            std::fs::create_dir(beside.join(name)).expect("a folder");
        }
        Self::at(beside, Some(home))
    }

    /// As [`House::new`], in a folder that stays: it holds `home` and `work`.
    #[cfg(feature = "failpoints")]
    pub(crate) fn standing(folder: &Path) -> Self {
        Self::at(folder.to_owned(), None)
    }

    fn at(beside: PathBuf, goes_away: Option<TempHome>) -> Self {
        let (home, folder) = (beside.join("home"), beside.join("work"));
        let protected = vec![effects::protected_folder(&home).expect("the home is there")];
        let store = Arc::new(MemoryStore::new());
        let entropy = TestEntropy::new();
        let effects = effects::build(EffectsConfig {
            trash: home.join("trash"),
            scratch: home.join("scratch"),
            shelf: home.join("handed"),
            protected: protected.clone(),
            store: store.clone(),
            entropy: Arc::new(entropy.clone()),
            client: Arc::new(egress::Client::new(egress::ClientConfig::default()).expect("a client")),
            runtime: runtime(),
            workers: Arc::new(Nobody),
            programs: Arc::new(Nobody),
        });
        let house = Self {
            home: Home { path: home, beside, _goes_away: goes_away },
            folder,
            broker: Broker::new(Zone::Local, protected),
            effects,
            store,
            clock: TestClock::new(),
            entropy,
            app: "table-app".parse().expect("a name"),
        };
        house.grant_folder(&house.folder);
        house
    }

    /// Grants reading and writing in a folder, and storage.
    pub(crate) fn grant_folder(&self, folder: &Path) {
        let path = folder.to_str().expect("UTF-8");
        self.grant(vec![self.effects.places.folder(path).expect("a folder")]);
    }

    pub(crate) fn grant(&self, folders: Vec<Folder>) {
        let scopes = [
            Scope::File { access: FileAccess::Read, folders: vec![] },
            Scope::File { access: FileAccess::Write, folders: vec![] },
            Scope::Storage { quota_bytes: 1 << 20 },
        ];
        let grants = scopes
            .iter()
            .map(|scope| Grant {
                id: GrantId::new(&self.clock, &self.entropy),
                line: scope.line(),
                scope: scope.clone(),
                state: GrantState::Allow,
                duration: GrantDuration::Always,
                folders: if matches!(scope, Scope::File { .. }) { folders.clone() } else { vec![] },
                bound: None,
                at: self.clock.now(),
            })
            .collect();
        self.broker.grants_load(OwnerId::LOCAL, &self.app, AppGrants { requested: scopes.to_vec(), grants });
    }

    pub(crate) fn lease(&self) -> Lease {
        self.lease_with(Limits::default())
    }

    pub(crate) fn lease_with(&self, limits: Limits) -> Lease {
        self.lease_of(&self.app, limits)
    }

    pub(crate) fn lease_of(&self, app: &AppName, limits: Limits) -> Lease {
        let caller = Caller {
            owner: OwnerId::LOCAL,
            device: DeviceId(Default::default()),
            door: Door::Socket,
            rights: Rights::OWNER,
            client: None,
        };
        let run = RunId::new(&self.clock, &self.entropy);
        self.broker.lease_open(caller, app, run, limits, self.clock.monotonic_ns())
    }

    /// Hands a file or folder over for one run, as `--file` does.
    pub(crate) fn hand_over(
        &self,
        lease: &Lease,
        name: &str,
        path: &Path,
        access: FileAccess,
        is_folder: bool,
    ) -> String {
        let path = path.to_str().expect("UTF-8");
        let (folder, file) = self.effects.places.picked(path, access, is_folder).expect("something to hand over");
        let picked = Picked { name: name.to_owned(), folder, file, access, called: None };
        let handle = picked.handle();
        self.broker.hand_over(lease, picked).expect("it may be handed over");
        handle
    }

    pub(crate) fn scene(&self, lease: &Lease) -> TestScene {
        TestScene {
            lease: lease.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            quota_bytes: 1 << 20,
            intents: Mutex::default(),
            on_intent: Mutex::default(),
            sending: Mutex::default(),
            secrets: Mutex::default(),
            is_withdrawn: Default::default(),
            progress: Mutex::default(),
        }
    }

    /// The way of one effect: demand, decision, permit, effect.
    pub(crate) fn call<D, C>(&self, effect: &dyn Effect<Demand = D, Call = C>, call: C, scene: &TestScene) -> Outcome
    where
        D: Demand + Resolve,
        C: Send + 'static,
    {
        let lease = scene.lease();
        let demand = match effect.demand(lease, &call) {
            Ok(demand) => demand,
            Err(error) => return Outcome::Failed(error.into()),
        };
        let permit = match demand {
            None => None,
            Some(demand) => match self.broker.decide(lease, demand, self.clock.now()) {
                Decision::Permit(permit) => Some(permit),
                Decision::Denied(denied) => return Outcome::Denied(*denied),
                Decision::Ask(ask) => panic!("nobody is there to be asked: {}", ask.sentence),
            },
        };
        match effect.perform(permit, call, scene) {
            Ok(done) => {
                let announced = scene.intents.lock().pop();
                assert_eq!(done.change, announced, "what was announced is what was done");
                Outcome::Done(done)
            }
            Err(error) => Outcome::Failed(error),
        }
    }

    /// A permit, for calls that are made wrongly on purpose.
    pub(crate) fn permit<D: Demand + Resolve>(&self, lease: &Lease, demand: D) -> Permit<D> {
        match self.broker.decide(lease, demand, self.clock.now()) {
            Decision::Permit(permit) => permit,
            other => panic!("no permit: {other:?}"),
        }
    }

    pub(crate) fn file(&self, lease: &Lease, call: FileCall) -> Outcome {
        self.call(&*self.effects.file, call, &self.scene(lease))
    }

    pub(crate) fn storage(&self, lease: &Lease, call: StorageCall) -> Outcome {
        self.call(&*self.effects.storage, call, &self.scene(lease))
    }

    pub(crate) fn csv(&self, lease: &Lease, call: CsvCall) -> Outcome {
        self.call(&*self.effects.csv, call, &self.scene(lease))
    }

    pub(crate) fn read(&self, lease: &Lease, path: impl Into<String>) -> Outcome {
        self.file(lease, FileCall::Read { path: path.into(), from: None, to: None })
    }

    pub(crate) fn write(&self, lease: &Lease, path: impl Into<String>, body: &[u8]) -> Outcome {
        self.file(lease, FileCall::Write { path: path.into(), body: body.to_vec() })
    }

    pub(crate) fn remove(&self, lease: &Lease, path: impl Into<String>) -> Outcome {
        self.file(lease, FileCall::Remove { path: path.into() })
    }

    pub(crate) fn rename(&self, lease: &Lease, path: impl Into<String>, to: impl Into<String>) -> Outcome {
        self.file(lease, FileCall::Move { path: path.into(), to: to.into() })
    }

    pub(crate) fn list(&self, lease: &Lease, path: impl Into<String>) -> Outcome {
        self.file(lease, FileCall::List { path: path.into() })
    }

    /// Ends a run in every family and commits what it held back.
    pub(crate) fn run_end(&self, lease: &Lease, keep: bool) {
        let mut batch = Batch::new();
        self.effects.file.run_end(lease, keep, &mut batch);
        self.effects.storage.run_end(lease, keep, &mut batch);
        self.effects.csv.run_end(lease, keep, &mut batch);
        self.effects.http.run_end(lease, keep, &mut batch);
        self.effects.pdf.run_end(lease, keep, &mut batch);
        self.effects.shell.run_end(lease, keep, &mut batch);
        self.store.commit(batch, Durability::Saved).expect("a commit");
        self.broker.lease_close(lease.run());
    }

    /// Every file of the trash.
    pub(crate) fn trash(&self) -> Vec<PathBuf> {
        files_of(&self.home.path().join("trash"))
    }

    /// The names in the folder, hidden ones too.
    pub(crate) fn names(&self) -> Vec<String> {
        names_of(&self.folder)
    }
}

pub(crate) fn names_of(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries
        .map(|entry| entry.expect("an entry").path())
        .flat_map(|path| if path.is_dir() { files_of(&path) } else { vec![path] })
        .collect()
}

/// What happens in the moment in which an intent is announced.
pub(crate) type OnIntent = Box<dyn FnOnce(&Change) + Send>;

/// Remembers what was announced.
pub(crate) struct TestScene {
    lease: Lease,
    clock: TestClock,
    entropy: TestEntropy,
    pub(crate) quota_bytes: u64,
    pub(crate) intents: Mutex<Vec<Change>>,
    /// Called once when an intent is announced: what happens in just that moment.
    pub(crate) on_intent: Mutex<Option<OnIntent>>,
    /// What was announced to be sent.
    pub(crate) sending: Mutex<Option<String>>,
    /// Secrets that were announced to be sent, and where to.
    pub(crate) secrets: Mutex<Vec<String>>,
    /// Whether the grant was taken back meanwhile.
    pub(crate) is_withdrawn: Arc<std::sync::atomic::AtomicBool>,
    pub(crate) progress: Mutex<Vec<(u64, Option<u64>)>>,
}

/// Where connections are moved: one for all tests of a process.
pub(crate) fn runtime() -> tokio::runtime::Handle {
    static RUNTIME: std::sync::LazyLock<tokio::runtime::Runtime> =
        std::sync::LazyLock::new(|| tokio::runtime::Runtime::new().expect("a runtime"));
    RUNTIME.handle().clone()
}

impl Scene for TestScene {
    fn lease(&self) -> &Lease {
        &self.lease
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn monotonic_ns(&self) -> u64 {
        self.clock.monotonic_ns()
    }

    fn fresh_name(&self) -> String {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn storage_quota_bytes(&self) -> u64 {
        self.quota_bytes
    }

    fn intent(&self, _: Sentence, change: &Change) -> Result<(), EffectError> {
        let mut intents = self.intents.lock();
        assert!(intents.is_empty(), "at most one intent a call");
        intents.push(change.clone());
        if let Some(happens) = self.on_intent.lock().take() {
            happens(change);
        }
        Ok(())
    }

    fn intent_send(&self, said: Sentence, _: protocol::Digest) -> Result<(), EffectError> {
        let mut sending = self.sending.lock();
        assert!(sending.is_none(), "at most one intent a call");
        *sending = Some(said.to_string());
        Ok(())
    }

    fn secret_sending(&self, name: &str, host: &str) -> Result<(), EffectError> {
        self.secrets.lock().push(format!("{name} to {host}"));
        Ok(())
    }

    fn refuse(&self, denied: Denied) -> EffectError {
        EffectError::guest(denied.code, denied.message())
    }

    fn is_still_allowed(&self, _: &broker::NetworkDemand) -> bool {
        !self.is_withdrawn.load(std::sync::atomic::Ordering::SeqCst)
    }

    fn progress(&self, _: Sentence, done: u64, total: Option<u64>) {
        self.progress.lock().push((done, total));
    }
}
