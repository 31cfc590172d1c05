//! One oikos, put together: lock, store, keys, broker, sandbox, effects, kernel.

use crate::{
    Person,
    apart::Apart,
    boxes::Boxes,
    config::Config,
    follow::{Bell, HeardStore},
    importing::{self, Imports},
    offering::McpDoor,
    proxy,
    readiness::Readiness,
    sandboxes::Sandboxes,
    sign_ins::SignIns,
    signing::official_key,
    socket::SocketPath,
    starters::Inside,
    system::{SystemClock, SystemEntropy},
    telemetry::Destination,
    vault,
};
use broker::{Broker, ProtectedFolder};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use gateway::auth::{Authenticator, AuthenticatorParts, local_caller};
use kernel::{Kernel, KernelParts, LIVE_RUNS_MAX, Recovered, RestartPolicy, effect::Effects};
use link::{DeveloperKey, DeviceKey, HeadFile, PublisherFolder};
use mcp::app::{ServerConfig, ServerRunner};
use protocol::{
    AuditHead, Caller, Clock, DeviceId, Entropy, ErrorCode, Failure, OwnerId,
    api::{ChainBreak, ChainReport},
};
use sandbox::{IDLE_MS_MAX, JsRunnerConfig, OTHERS_WAITED_MS, ProgramConfig, ProgramRunner};
use state::{BlobStore, ChainCheck, HomeLock, SealedVault, SqliteStore, Store, StoreError, Vault, VaultSetup};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{sync::OnceCell, task::JoinHandle};

/// How often the end of the log is signed while something happens, and files that nobody uses any more are taken away.
const HEAD_EVERY: Duration = Duration::from_secs(60);

/// Where the doors count what comes in.
#[derive(Default)]
pub(crate) struct Gauges {
    pub(crate) doors: Option<gateway::Doors>,
    pub(crate) tcp: Option<gateway::Crowd>,
    pub(crate) socket: Option<Box<dyn Fn() -> usize + Send>>,
}

/// One oikos in this process. Dropping it closes everything; [`Oikos::close`] also signs the end of the log.
pub struct Oikos {
    pub(crate) home: PathBuf,
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) vault: Arc<dyn Vault>,
    /// What the last process left open, by owner.
    recovered: BTreeMap<OwnerId, Recovered>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// For those who follow the log.
    pub(crate) bell: Arc<Bell>,
    pub(crate) egress: Arc<egress::Client>,
    pub(crate) runner: Arc<Sandboxes>,
    pub(crate) boxes: Arc<Boxes>,
    started_ns: u64,
    pub(crate) gauges: parking_lot::Mutex<Gauges>,
    pub(crate) readiness: Readiness,
    /// Where its traces go, if they go anywhere.
    pub(crate) telemetry: OnceLock<Destination>,
    access: Arc<Authenticator>,
    device_key: DeviceKey,
    device: DeviceId,
    heads: HeadFile,
    signer: parking_lot::Mutex<Option<JoinHandle<()>>>,
    /// What the last process left half-way has been brought to its end.
    begun: OnceCell<()>,
    /// The home that is meant where nobody names one.
    pub(crate) usual_home: Option<PathBuf>,
    /// Whose machine it is.
    pub(crate) person: Option<Person>,
    /// Where programs are looked for.
    pub(crate) program_folders: Vec<PathBuf>,
    /// What no program ever has.
    pub(crate) never: Vec<PathBuf>,
    /// Imports that wait for the owner's word.
    pub(crate) imports: Imports,
    /// Sign-ins to servers elsewhere.
    pub(crate) sign_ins: Arc<SignIns>,
    /// Made when the first MCP client comes.
    mcp_door: OnceLock<McpDoor>,
    /// Where the page is, for whoever is told to open it; absent while no door is open.
    page: parking_lot::Mutex<Option<String>>,
    restarts: RestartPolicy,
    // Last: the lock goes when everything else has gone.
    _lock: HomeLock,
}

impl Oikos {
    /// Opens a home: locks it, opens and migrates its store, settles what an abrupt end left open. Blocks for
    /// milliseconds. `HomeLocked` if another process holds the home.
    pub fn open(config: &Config) -> Result<Arc<Self>, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let clock_started = clock.monotonic_ns();
        let lock = HomeLock::acquire(&config.home, &*clock)
            .map_err(|error| Failure::from_error(error.code(), &error).hint(error.hint()))?;
        let home = lock.home().to_path_buf();
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let device_key = DeviceKey::open_or_create(&home, &*entropy).map_err(|error| key_failure(&error))?;
        let developer = DeveloperKey::open_or_create(&home, &*entropy).map_err(|error| key_failure(&error))?;
        let device = device_key.device_id();
        let store = SqliteStore::open(&lock, &*clock).map_err(|error| store_failure(&error))?;
        let bell = Arc::new(Bell::default());
        let store: Arc<dyn Store> = Arc::new(HeardStore { store, bell: bell.clone() });
        let blobs = BlobStore::open(&lock).map_err(|error| Failure::from_error(error.code(), &error))?;
        let vault_setup = vault::setup(config, device);
        let protected = protected_folders(&home, config, &vault_setup)?;
        let vault: Arc<dyn Vault> = Arc::new(SealedVault::new(&lock, vault_setup, entropy.clone()));
        let boxes = Arc::new(Boxes::new(config.keeper.clone(), home.join("cache/box"), clock.clone()));
        let (effects, egress) = effects(config, &home, &protected, &store, &entropy, &boxes)?;
        let never: Vec<PathBuf> = protected.iter().map(|folder| folder.path.clone().into()).collect();
        let programs = config.keeper.clone().map(|launcher| {
            Arc::new(ProgramRunner::new(ProgramConfig {
                launcher,
                machine: boxes.clone(),
                egress: egress.clone(),
                code: home.join("cache/programs"),
                trees: home.join("installed"),
                homes: home.join("programs"),
                folders: config.program_folders.clone(),
                never: never.clone(),
                mcp: Some(Arc::new(mcp::app::Stdio::new(env!("CARGO_PKG_VERSION"), clock.clone()))),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                idle_ms_max: idle_ms_max(),
                others_waited_ms: others_waited_ms(),
                clock: clock.clone(),
                runtime: tokio::runtime::Handle::current(),
            }))
        });
        let document = config.client_document.as_ref().and_then(|url| url::Url::parse(url.as_str()).ok());
        let sign_ins = SignIns::new(vault.clone(), clock.clone(), document);
        let servers = ServerRunner::new(ServerConfig {
            egress: egress.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            sign_ins: sign_ins.clone(),
        });
        let scripts = runner_config(config, &home, &device_key, &clock, &*entropy);
        let runner = Arc::new(Sandboxes::new(scripts, programs, Arc::new(servers)));
        let heads = HeadFile::new(&home);
        let kernel = Kernel::new(KernelParts {
            broker: Broker::new(config.zone, protected),
            store: store.clone(),
            blobs,
            vault: vault.clone(),
            runner: runner.clone(),
            effects,
            starters: Arc::new(Inside),
            developer,
            official: official_key()?,
            device,
            clock: clock.clone(),
            time_zone: config.time_zone.clone(),
            entropy: entropy.clone(),
            runtime: tokio::runtime::Handle::current(),
            live_runs_max: LIVE_RUNS_MAX,
        });
        let owners = kernel.owner_ids()?;
        let mut recovered = BTreeMap::new();
        for owner in &owners {
            recovered.insert(*owner, kernel.recover(*owner)?);
        }
        importing::sweep(&home, &kernel);
        if let Err(failure) = kernel.files_recover() {
            // A way in for files that is closed keeps nobody from all else.
            tracing::error!(code = %failure.code, "files that were handed over could not be looked at");
        }
        let named = kernel.clone();
        let access = Authenticator::open(AuthenticatorParts {
            store: store.clone(),
            owners,
            owner_of: Box::new(move |name| named.owner_named(name).ok()),
            device,
            clock: clock.clone(),
            entropy: entropy.clone(),
        })?;
        let oikos = Arc::new(Self {
            home,
            kernel,
            store,
            vault,
            recovered,
            clock,
            entropy,
            bell,
            egress,
            runner,
            boxes,
            started_ns: clock_started,
            gauges: parking_lot::Mutex::default(),
            readiness: Readiness::default(),
            telemetry: OnceLock::new(),
            access: Arc::new(access),
            device_key,
            device,
            heads,
            signer: parking_lot::Mutex::default(),
            begun: OnceCell::new(),
            usual_home: config.usual_home.as_deref().and_then(|home| std::fs::canonicalize(home).ok()),
            person: config.person.clone(),
            program_folders: config.program_folders.clone(),
            never,
            imports: Imports::default(),
            sign_ins,
            mcp_door: OnceLock::new(),
            page: parking_lot::Mutex::default(),
            restarts: config.restarts.clone(),
            _lock: lock,
        });
        let signing = Arc::downgrade(&oikos);
        let signer = tokio::spawn(async move {
            loop {
                tokio::time::sleep(HEAD_EVERY).await;
                let Some(oikos) = signing.upgrade() else { return };
                // Waits for the disk.
                let work = move || {
                    oikos.heads_sign();
                    oikos.kernel.files_expire();
                };
                drop(tokio::task::spawn_blocking(work).await);
            }
        });
        *oikos.signer.lock() = Some(signer);
        Ok(oikos)
    }

    /// The kernel, for whoever embeds oikos.
    pub fn kernel(&self) -> &Arc<Kernel> {
        &self.kernel
    }

    /// Brings to its end what the last process left half-way: hooks of apps that were installed. Once; whoever comes
    /// meanwhile waits for it.
    pub(crate) async fn begin(&self) {
        let resume = || async {
            for owner in self.owners() {
                self.kernel.lives_resume(owner).await;
            }
        };
        self.begun.get_or_init(resume).await;
    }

    /// Does what has to be done while an oikos is up: hears events, follows the clock, for each owner, also for those who
    /// come later. Ends when oikos ends, or when a part fails too often; dropping the future ends it at once.
    pub async fn work(&self) -> Result<(), Failure> {
        self.begin().await;
        let mut known = BTreeSet::new();
        let mut works = FuturesUnordered::new();
        loop {
            let mut added = std::pin::pin!(self.kernel.owner_added());
            for owner in self.kernel.owner_ids()? {
                if known.insert(owner) {
                    works.push(self.kernel.work(owner, &self.restarts));
                }
            }
            // Until somebody comes: what ends without a fault ends because oikos does.
            loop {
                tokio::select! {
                    ended = works.next() => match ended {
                        Some(ended) => ended?,
                        None => return Ok(()),
                    },
                    () = &mut added => break,
                }
            }
        }
    }

    /// All owners. Where that cannot be read, the first one, whom there always is.
    fn owners(&self) -> Vec<OwnerId> {
        self.kernel.owner_ids().unwrap_or_else(|error| {
            tracing::error!(%error, "the owners cannot be read");
            vec![OwnerId::LOCAL]
        })
    }

    /// Who may come in by the doors.
    pub fn access(&self) -> &Arc<Authenticator> {
        &self.access
    }

    /// Lets no further run begin, and gives those under way some time to come to their end by themselves.
    /// [`Oikos::close`] ends the rest.
    pub async fn drain(&self) {
        self.kernel.wind_down();
        /// What listens or runs on a schedule is done by then, mostly; who ends a service waits no longer.
        const DRAIN_WAIT: Duration = Duration::from_secs(10);
        drop(tokio::time::timeout(DRAIN_WAIT, self.kernel.all_runs_gone()).await);
    }

    /// For how long it is up.
    pub(crate) fn uptime_seconds(&self) -> u64 {
        self.clock.monotonic_ns().saturating_sub(self.started_ns) / 1_000_000_000
    }

    /// Whoever follows the log is told what there is, and then that there is no more: this process is about to end.
    pub fn follow_end(&self) {
        self.bell.end();
    }

    /// What answers MCP clients.
    pub(crate) fn offering(self: &Arc<Self>) -> &McpDoor {
        self.mcp_door.get_or_init(|| McpDoor::new(self))
    }

    /// The page can be opened at an address from now on.
    pub(crate) fn page_is_at(&self, address: String) {
        self.sign_ins.door_is_at(&address);
        *self.page.lock() = Some(address);
    }

    /// The address of a screen. Absent while no door is open: then nothing could open it.
    pub(crate) fn page_address(&self, screen: &str) -> Option<String> {
        Some(format!("{}/{screen}", self.page.lock().as_deref()?))
    }

    /// The home folder, canonical.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// What the last process left open of all owners, if it ended abruptly.
    pub fn recovered(&self) -> Recovered {
        self.recovered.values().fold(Recovered::default(), |sum, found| Recovered {
            runs: sum.runs + found.runs,
            effects: sum.effects + found.effects,
            questions: sum.questions + found.questions,
            archives: sum.archives + found.archives,
        })
    }

    /// What it left open of one owner.
    pub(crate) fn recovered_of(&self, owner: OwnerId) -> Recovered {
        self.recovered.get(&owner).copied().unwrap_or_default()
    }

    /// The first owner, at a terminal with a person or from their own script.
    pub fn caller(&self, has_presence: bool) -> Caller {
        local_caller(OwnerId::LOCAL, self.device, has_presence)
    }

    /// Proves the owner's log, also against the heads kept outside the store.
    pub(crate) fn log_verify(&self, owner: OwnerId) -> Result<ChainReport, Failure> {
        let kept = self
            .heads
            .read(&self.device_key.public_key())
            .map_err(|error| Failure::from_error(error.code(), &error))?;
        let mut report = self.kernel.log_verify(owner, &kept.heads)?;
        report.breaks.extend(kept.lines_refused.into_iter().map(|line| ChainBreak::HeadRefused { line: line as u64 }));
        Ok(report)
    }

    /// Signs the end of each owner's log as it is now, unless that was done already.
    fn heads_sign(&self) {
        for owner in self.owners() {
            self.head_sign(owner);
        }
    }

    fn head_sign(&self, owner: OwnerId) {
        let tail = self.store.flush().and_then(|()| self.store.log_tail(owner));
        let (seq, hash) = match tail {
            Ok(Some(tail)) => tail,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, "the end of the log could not be read to sign it");
                return;
            }
        };
        let kept = self.heads.read(&self.device_key.public_key()).unwrap_or_default().heads;
        let known = kept.iter().rfind(|head| head.owner == owner);
        if known.is_some_and(|known| known.seq == seq && known.hash == hash) {
            return;
        }
        match self.end_follows(owner, &kept) {
            Ok(true) => {}
            Ok(false) => {
                // The signature would say that this device wrote what somebody else did.
                tracing::error!("the end of the log does not follow from what was signed, so it is not signed");
                return;
            }
            Err(error) => {
                tracing::error!(%error, "the end of the log could not be read to sign it");
                return;
            }
        }
        let head = self.device_key.sign_head(owner, seq, hash, self.clock.now());
        if let Err(error) = self.heads.append(&head) {
            tracing::error!(%error, "the end of the log could not be signed");
        }
    }

    /// Whether the log's end follows from the newest signed entry that is still in it; entries before that one are
    /// for [`Oikos::log_verify`], which looks at all of them.
    fn end_follows(&self, owner: OwnerId, heads: &[AuditHead]) -> Result<bool, StoreError> {
        /// Rows read at a time.
        const PAGE: usize = 1_000;
        let mut check = ChainCheck::new(owner, []);
        let mut from_seq = 1;
        for head in heads.iter().rev().filter(|head| head.owner == owner && head.seq > 0) {
            let found = self.store.log_read(owner, head.seq, 1)?;
            if found.first().is_some_and(|row| row.seq == head.seq && row.hash == head.hash) {
                check = ChainCheck::after(owner, head.seq, head.hash);
                from_seq = head.seq + 1;
                break;
            }
        }
        loop {
            let rows = self.store.log_read(owner, from_seq, PAGE)?;
            let Some(last) = rows.last() else { return Ok(true) };
            from_seq = last.seq + 1;
            if rows.iter().any(|row| check.row(row).is_err()) {
                return Ok(false);
            }
        }
    }

    /// Ends everything: runs are stopped, the store is flushed, the end of the log is signed.
    pub async fn close(self: Arc<Self>) {
        if let Some(signer) = self.signer.lock().take() {
            signer.abort();
        }
        self.kernel.shut_down();
        /// How long runs may take to settle their effects when oikos ends.
        const SETTLE_WAIT: Duration = Duration::from_secs(5);
        if tokio::time::timeout(SETTLE_WAIT, self.kernel.all_runs_gone()).await.is_err() {
            tracing::warn!("runs did not settle in time; their effects will show as unknown");
        }
        if let Some(programs) = self.runner.programs() {
            programs.shut_down().await;
        }
        self.follow_end();
        let closing = self.clone();
        if tokio::task::spawn_blocking(move || closing.heads_sign()).await.is_err() {
            tracing::error!("the end of the log could not be signed");
        }
    }
}

fn key_failure(error: &link::KeyError) -> Failure {
    Failure::from_error(error.code(), error).hint(error.hint())
}

fn store_failure(error: &state::StoreError) -> Failure {
    let failure = Failure::from_error(error.code(), error);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What no grant ever covers: the home, the socket's folder where that lies elsewhere, the publisher's keys, and what opens
/// the vault.
fn protected_folders(home: &Path, config: &Config, vault: &VaultSetup) -> Result<Vec<ProtectedFolder>, Failure> {
    let mut folders = vec![effects::protected_folder(home)];
    if let Some(usual) = config.usual_home.as_deref().filter(|usual| usual.is_dir()) {
        folders.push(effects::protected_folder(usual));
    }
    let socket = SocketPath::of(home);
    // Made here, so that it is protected from the first start on. Where that fails, the socket says so.
    if let Err(error) = socket.folder_prepare() {
        tracing::warn!(%error, "the folder of the socket cannot be used");
    }
    if let Some(folder) = socket.outside_folder() {
        folders.push(effects::protected_folder(&folder));
    }
    if let Some(publishers) = config.publishers.as_deref() {
        // Made here for the same reason: a key that is made later lies in a folder that is protected already.
        match PublisherFolder::new(publishers).prepare() {
            Ok(()) => folders.push(effects::protected_folder(publishers)),
            Err(error) => tracing::warn!(%error, "the folder of publishers' keys cannot be used"),
        }
    }
    match vault.prepare() {
        Ok(folder) => folders.extend(folder.map(|folder| effects::protected_folder(&folder))),
        Err(error) => tracing::warn!(%error, "the folder of the vault's key cannot be used"),
    }
    let passphrase = config.vault.passphrase_file.as_deref().and_then(Path::parent);
    folders.extend(passphrase.filter(|folder| folder.is_dir()).map(effects::protected_folder));
    folders.into_iter().collect::<Result<_, _>>().map_err(|error| Failure::new(ErrorCode::HomeUnusable, error.message))
}

/// How long a program stays that no run needs; a test waits for less.
fn idle_ms_max() -> u64 {
    fail::fail_point!("programs::idle_ms", |ms: Option<String>| ms
        .and_then(|ms| ms.parse().ok())
        .unwrap_or(IDLE_MS_MAX));
    IDLE_MS_MAX
}

/// How long a run waits for others that its app's program serves on other terms; a test for less.
fn others_waited_ms() -> u64 {
    fail::fail_point!("programs::others_ms", |ms: Option<String>| ms
        .and_then(|ms| ms.parse().ok())
        .unwrap_or(OTHERS_WAITED_MS));
    OTHERS_WAITED_MS
}

fn runner_config(
    config: &Config,
    home: &Path,
    device_key: &DeviceKey,
    clock: &Arc<dyn Clock>,
    entropy: &dyn Entropy,
) -> JsRunnerConfig {
    const CACHE: &str = "cache/js";
    // What is sealed with another home's key is only read with it. A home without a cache would be none the wiser.
    let other = config.engine_of.as_deref().filter(|other| other.join(CACHE).is_dir());
    let opened = other.and_then(|other| Some((other, DeviceKey::open_or_create(other, entropy).ok()?)));
    let (home, device_key) = opened.as_ref().map_or((home, device_key), |(other, key)| (*other, key));
    let key = device_key.derive("cache of the js sandbox");
    let usual = JsRunnerConfig::new(home.join(CACHE), *key.expose(), clock.clone());
    JsRunnerConfig { guest_threads: config.guest_threads.unwrap_or(usual.guest_threads), ..usual }
}

/// A client that trusts whom the set-up says, and goes the way that it says.
pub(crate) fn client(config: &Config) -> Result<egress::Client, Failure> {
    let roots = config.authorities.as_deref().map(crate::authorities::read).transpose()?.unwrap_or_default();
    let proxy = config.proxy.as_ref().map(proxy::read).transpose()?.map(Arc::new);
    egress::Client::new(egress::ClientConfig { roots, proxy, ..Default::default() })
        .map_err(|error| Failure::new(ErrorCode::FileUnusable, format!("a certificate cannot be used: {error}")))
}

fn effects(
    config: &Config,
    home: &Path,
    protected: &[ProtectedFolder],
    store: &Arc<dyn Store>,
    entropy: &Arc<dyn Entropy>,
    boxes: &Arc<Boxes>,
) -> Result<(Effects, Arc<egress::Client>), Failure> {
    let client = Arc::new(client(config)?);
    let runtime = tokio::runtime::Handle::current();
    let apart = Arc::new(Apart::new(boxes.clone(), home.join("cache/apart"), protected, runtime.clone()));
    let effects = effects::build(effects::EffectsConfig {
        trash: home.join("trash"),
        scratch: home.join("scratch"),
        shelf: home.join("handed"),
        protected: protected.to_vec(),
        store: store.clone(),
        entropy: entropy.clone(),
        client: client.clone(),
        runtime,
        workers: apart.clone(),
        programs: apart,
    });
    Ok((effects, client))
}
