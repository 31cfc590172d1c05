//! Loads apps, routes runs and effects: load → card → grant → run → stream → drop.
//!
//! The kernel puts the broker's word before every effect and a record behind it. It names no vendor and no transport:
//! a sandbox is a [`runner::Runner`], an effect family an [`effect::Effect`], a door calls [`Kernel`]'s methods with a
//! `Caller`. Nothing here waits without a deadline.

mod admission; // who may run next on a full host
mod aliases; // names that apps have for tools of servers
mod apps; // installed apps, as the store has them and ready to run
mod ask; // asking a person
mod asked; // one request id is one request
mod attend; // who stays is told what is asked
mod bus; // what happened, told to those who may hear it
mod card; // a package on its card
mod clients; // what programs outside have read
mod code; // from a package's files to what a sandbox can start
pub mod effect; // what an effect is to the kernel
mod elicit; // what a server wants of the person who started its run
mod figures; // how much has happened, for whoever watches over the process
mod form; // what forms of servers hold
mod given; // what a program gets of its app's settings
mod grants; // what the owner says about an app's switches
mod handed; // files that come as bytes
mod handles; // how an app speaks of a secret
mod history; // what happened, read back and proven
mod host; // the way of one effect
pub mod host_call; // every effect on one screen
mod install; // offered with a card, installed in one commit
mod journal; // what is written into the log
mod lifecycle; // enabled, disabled, removed, and the hooks on the way
mod moving; // an app's storage while an upgrade moves it on
mod notes; // what a run did, gathered until its end
mod offering; // what apps offer to programs that call tools
mod offers; // packages that wait for a yes
mod own_tools; // tools that apps describe themselves
mod owners; // who is an owner here
mod picks; // what a person hands over for a run
pub mod program; // what a program is to the kernel
mod publishers; // whom the owner trusts, and to whom a name belongs
mod recovery; // after an abrupt end
mod report; // a run's end, as it is told and as it is kept
mod rollback; // back to the version before
mod routes; // requests that apps answer
mod run; // one run, from spawn to end
pub mod runner; // what a sandbox is to the kernel
mod runs; // runs, looked at
mod schedule; // what the clock starts
mod secrets; // which settings of an app are secrets
mod sending; // what goes out, announced before and settled after
mod server_extras; // what they have beside tools, to be read
mod server_faults; // why one cannot be had
mod server_news; // what servers tell while they run
pub mod server_sign_in; // servers elsewhere that want to know on whose behalf
pub mod server_views; // documents in which servers show what their tools answer
pub mod servers; // apps whose tools are found out by asking
mod settings; // what the owner sets for an app
mod shelf; // handing files over as bytes, until they go
mod signer; // who signed a package, and whether they may
mod standing; // what a server elsewhere has to tell is heard without a run
mod starters; // apps that come with oikos
mod stop; // the owner ends runs, and keeps apps from starting
pub mod stream; // a run's bounded log of chunks
mod supervisor; // what fails is started again
mod tools; // apps call the tools of servers
mod trash; // taking back what a run did to files
mod triggers; // what may start an app by itself
mod unsaid; // what is not to be said again by whoever was told it
mod upgrade; // one version in the place of another
mod vault; // secrets: kept, forgotten, used
mod views; // what an app shows its results with
mod zone; // which apps a zone lets run

pub use apps::{AppRecord, Setup};
pub use ask::ANSWER_WAIT_MS;
pub use attend::{Attendance, OpenQuestions};
pub use bus::{
    EVENT_BYTES_MAX, EVENTS_BURST, EVENTS_PER_SECOND, EVENTS_WAITING_BYTES_MAX, EVENTS_WAITING_MAX, HEARD_WAIT_MS,
    HEARINGS_MAX, HOPS_MAX, TRIES_MAX,
};
pub use figures::{Figures, RUN_US_BOUNDS};
pub use handed::{FILE_LIFE_MS, FILES_OF_OWNER_BYTES_MAX, FILES_OF_OWNER_MAX};
pub use handles::{Handle, HeldSecrets};
pub use history::{LOG_LIMIT_MAX, LogFilter};
pub use owners::OWNERS_MAX;
pub use recovery::Recovered;
pub use routes::ROUTE_CALLS_MAX;
pub use run::RunRequest;
pub use server_news::{ResourceChange, ResourceWatch};
pub use settings::SETTINGS_BYTES_MAX;
pub use starters::Starters;
pub use stop::Stopped;
pub use stream::{Seen, Viewer};
pub use supervisor::{
    JITTER_PERCENT, LOOK_EVERY_MS, PAUSE_FIRST_MS, PAUSE_MAX_MS, Part, RESTARTS_MAX, RESTARTS_WINDOW_MS, RestartPolicy,
    supervise,
};
pub use trash::{TrashRow, TrashState};
pub use unsaid::Unsaid;
pub use views::View;

use admission::{Admission, Whose};
use apps::LoadedApp;
use broker::{Broker, LeaseEnd};
use effect::Effects;
use parking_lot::{Mutex, RwLock};
use protocol::{AppName, AuditRecord, Caller, Clock, DeviceId, Entropy, ErrorCode, Failure, OwnerId, Right, RunId};
use run::Run;
use runner::Runner;
use state::{Batch, BlobStore, Durability, Store, Vault};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};
use stream::RunStream;
use tokio::sync::{Notify, Semaphore};

/// Runs that live at once. With what a fresh run holds (some 350 KB) this stays below 100 MB; what guests allocate
/// beyond is bounded by the sandbox's own cap.
pub const LIVE_RUNS_MAX: usize = 256;
/// Effects that block a thread at once: half of the threads that the runtime has for what blocks, so that ending a run,
/// reading the log and changing grants never wait behind them.
pub(crate) const EFFECTS_AT_ONCE: usize = 256;
/// Of these, those of one app: one that hangs on a slow disk does not hold up the others.
pub(crate) const APP_EFFECTS_AT_ONCE: usize = 64;
/// Streams of ended runs that late viewers can still read from the start.
pub(crate) const ENDED_STREAMS_KEPT: usize = 16;
/// Results larger than this are told to those who watch but not kept with the run's record.
pub(crate) const REPORT_BYTES_KEPT: usize = 256 << 10;
/// A report up to this size may use what a full disk keeps back.
pub(crate) const REPORT_BYTES_RESERVED: usize = 16 << 10;
/// A run's record in the store is never larger. JSON escapes may make six bytes of one.
pub(crate) const REPORT_VALUE_BYTES_MAX: usize = 4 << 20;
/// What a streamed piece is charged beside its text.
pub(crate) const PIECE_BYTES: u64 = 32;
/// Rows that one look into the store takes at most: far more than a person has apps, questions or open effects.
pub(crate) const SCAN_MAX: usize = 100_000;

/// What a kernel is made of. The assembly chooses the parts.
pub struct KernelParts {
    /// Decides.
    pub broker: Broker,
    /// Remembers.
    pub store: Arc<dyn Store>,
    /// Keeps archives.
    pub blobs: BlobStore,
    /// Keeps secrets.
    pub vault: Arc<dyn Vault>,
    /// Runs guests.
    pub runner: Arc<dyn Runner>,
    /// Performs effects.
    pub effects: Effects,
    /// Apps that come with oikos.
    pub starters: Arc<dyn Starters>,
    /// Signs what is installed unsigned.
    pub developer: link::DeveloperKey,
    /// The project's own key: what it signed is official.
    pub official: link::PublisherKey,
    /// This device.
    pub device: DeviceId,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The owner's time zone, in which schedules are read.
    pub time_zone: jiff::tz::TimeZone,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Where effects run.
    pub runtime: tokio::runtime::Handle,
    /// Runs that live at once; [`LIVE_RUNS_MAX`] unless there is a reason.
    pub live_runs_max: usize,
}

/// Streams of the runs that ended last, oldest first.
type EndedStreams = VecDeque<((OwnerId, RunId), Arc<RunStream>)>;

/// The kernel. One per process.
pub struct Kernel {
    broker: Broker,
    store: Arc<dyn Store>,
    blobs: BlobStore,
    vault: Arc<dyn Vault>,
    runner: Arc<dyn Runner>,
    effects: Effects,
    starters: Arc<dyn Starters>,
    developer: link::DeveloperKey,
    official: link::PublisherKey,
    device: DeviceId,
    clock: Arc<dyn Clock>,
    time_zone: jiff::tz::TimeZone,
    entropy: Arc<dyn Entropy>,
    runtime: tokio::runtime::Handle,
    admission: Admission,
    /// Before the places of runs that other runs call.
    admission_called: Admission,
    bus: bus::Bus,
    schedules: schedule::Schedules,
    /// Held by whoever finds out what all apps listen to.
    listeners_loading: tokio::sync::Mutex<()>,
    apps: RwLock<HashMap<(OwnerId, AppName), Arc<LoadedApp>>>,
    offers: offers::Offers,
    shelves: shelf::Shelves,
    live: Mutex<BTreeMap<RunId, Arc<Run>>>,
    ended: Mutex<EndedStreams>,
    /// Persons that are connected, by owner.
    presence: Mutex<HashMap<OwnerId, usize>>,
    /// What those who stay are told.
    attended: attend::Attended,
    /// A run has ended.
    runs_left: Notify,
    /// Held by whoever changes apps or grants: what one wrote is what the next one starts from.
    changing: Mutex<()>,
    /// Held, for one app each, by whoever brings it from one step of its life to the next, hooks included.
    lives: Mutex<HashMap<Whose, Arc<tokio::sync::Mutex<()>>>>,
    /// Held by whoever notes what was told where an app answers.
    telling: Mutex<()>,
    /// Held by whoever takes back changes.
    undoing: Mutex<()>,
    /// There is an owner more.
    owners_changed: Notify,
    /// What programs outside have read.
    clients: clients::Clients,
    /// What is known of MCP servers.
    servers: RwLock<HashMap<(OwnerId, AppName), Arc<servers::ServerRow>>>,
    /// What they tell.
    server_news: server_news::News,
    /// Grows whenever apps offer something else.
    offers_generation: tokio::sync::watch::Sender<u64>,
    /// Places on the threads where effects block.
    effect_places: Arc<Semaphore>,
    tally: figures::Tally,
    is_ending: AtomicBool,
}

impl Kernel {
    /// A kernel of these parts. [`Kernel::recover`] comes next, before anything runs.
    pub fn new(parts: KernelParts) -> Arc<Self> {
        Arc::new(Self {
            broker: parts.broker,
            store: parts.store,
            blobs: parts.blobs,
            vault: parts.vault,
            runner: parts.runner,
            effects: parts.effects,
            starters: parts.starters,
            developer: parts.developer,
            official: parts.official,
            device: parts.device,
            clock: parts.clock,
            time_zone: parts.time_zone,
            entropy: parts.entropy,
            runtime: parts.runtime,
            admission: Admission::new(parts.live_runs_max),
            admission_called: Admission::new(tools::CALLED_RUNS_MAX),
            bus: bus::Bus::default(),
            schedules: schedule::Schedules::default(),
            listeners_loading: tokio::sync::Mutex::default(),
            apps: RwLock::default(),
            offers: offers::Offers::default(),
            shelves: shelf::Shelves::default(),
            live: Mutex::default(),
            ended: Mutex::default(),
            presence: Mutex::default(),
            attended: attend::Attended::default(),
            runs_left: Notify::new(),
            changing: Mutex::default(),
            lives: Mutex::default(),
            telling: Mutex::default(),
            undoing: Mutex::default(),
            owners_changed: Notify::new(),
            clients: clients::Clients::default(),
            servers: RwLock::default(),
            server_news: server_news::News::default(),
            offers_generation: tokio::sync::watch::Sender::new(0),
            effect_places: Arc::new(Semaphore::new(EFFECTS_AT_ONCE)),
            tally: figures::Tally::default(),
            is_ending: AtomicBool::new(false),
        })
    }

    /// The broker, for doors that show what it knows.
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// A person is connected who can answer questions, until the guard is dropped. `None` if the caller is no person.
    /// While no person of an owner is connected, questions of the owner's runs are a no at once.
    pub fn presence_enter(self: &Arc<Self>, caller: &Caller) -> Option<Presence> {
        caller.has_presence().then(|| {
            *self.presence.lock().entry(caller.owner).or_default() += 1;
            Presence(self.clone(), caller.owner)
        })
    }

    /// How many runs are under way.
    pub fn live_runs(&self) -> usize {
        self.live.lock().len()
    }

    /// How many runs of an owner are under way.
    pub fn live_runs_of(&self, owner: OwnerId) -> usize {
        self.live.lock().values().filter(|run| run.owner() == owner).count()
    }

    /// Lets no further run begin: this process is about to end. Those under way go on.
    pub fn wind_down(&self) {
        self.is_ending.store(true, SeqCst);
        self.admission.stop(|_| true);
        self.bus.wake();
    }

    /// Whether no further run begins.
    pub fn is_ending(&self) -> bool {
        self.is_ending.load(SeqCst)
    }

    /// Ends all runs under way, and lets no further one begin.
    pub fn shut_down(&self) {
        self.wind_down();
        for run in self.live.lock().values() {
            run.lease.end(LeaseEnd::Shutdown);
        }
    }

    fn somebody_is_there(&self, owner: OwnerId) -> bool {
        self.presence.lock().contains_key(&owner)
    }

    fn require(&self, caller: &Caller, right: Right) -> Result<(), Failure> {
        if caller.rights.has(right) {
            return Ok(());
        }
        Err(right_missing(right))
    }

    /// What needs the owner's own word: grants, installs, publishers, other owners. An API key can be copied, and whoever
    /// has it could allow themselves anything.
    fn require_word(&self, caller: &Caller, right: Right) -> Result<(), Failure> {
        self.require(caller, right)?;
        if caller.door.is_owners_word() {
            return Ok(());
        }
        Err(Failure::new(ErrorCode::PermissionDenied, "an API key cannot decide that in the owner's place")
            .hint("say it at the machine's terminal, or in the page"))
    }

    /// Paths of this machine are named by whom they belong to: who sits at it. Naming one *is* the grant.
    fn require_paths(&self, caller: &Caller, has_paths: bool) -> Result<(), Failure> {
        if !has_paths || caller.may_name_paths() {
            return Ok(());
        }
        Err(Failure::new(ErrorCode::PermissionDenied, "files of this machine are handed over by who sits at it")
            .hint("name them at the machine's terminal"))
    }

    /// The same of what is on this machine and its network: another owner, in a browser, must not open it to an app.
    fn require_near(&self, caller: &Caller, has_near: bool) -> Result<(), Failure> {
        if !has_near || caller.may_name_paths() {
            return Ok(());
        }
        let message = "what is on this machine and its network is opened by who sits at it";
        Err(Failure::new(ErrorCode::PermissionDenied, message).hint("grant it at the machine's terminal"))
    }

    /// A record that nobody waits for. Should it not be written, the store counts and logs it.
    fn note(&self, owner: OwnerId, record: &AuditRecord) {
        let mut batch = Batch::new();
        journal::append(&mut batch, owner, record);
        if let Err(error) = self.store.commit(batch, Durability::Lazy) {
            tracing::error!(%error, "a record could not be written");
        }
    }
}

/// Why somebody may not do something that takes a right.
pub fn right_missing(right: Right) -> Failure {
    let message = format!("this takes the right '{}', and who asks does not have it", right.word());
    Failure::new(ErrorCode::PermissionDenied, message)
        .hint("oikos token list shows what each key may do; oikos token new NAME --rights … makes one that may more")
}

/// A person is there, as long as this lives.
pub struct Presence(Arc<Kernel>, OwnerId);

impl Drop for Presence {
    fn drop(&mut self) {
        let mut presence = self.0.presence.lock();
        if let Some(count) = presence.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                presence.remove(&self.1);
            }
        }
    }
}

/// Where a test ends the process on purpose. Nothing unless built with the feature `failpoints`.
#[cfg_attr(not(feature = "failpoints"), expect(unused_variables, reason = "the macro is empty without the feature"))]
#[cfg_attr(feature = "failpoints", expect(clippy::disallowed_methods, reason = "ending abruptly is what it is for"))]
fn crash_point(name: &'static str) {
    fail::fail_point!(name, |_| std::process::abort());
}
