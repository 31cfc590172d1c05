//! What an app that is a program, or a server elsewhere, is to the kernel: what it may have while it serves a run, decided
//! before it is started, and its ways out, decided one by one while it runs.

use crate::{
    Kernel,
    given::Given,
    host::{permit_ask, refuse, refuse_way},
    host_call::HostError,
    journal,
    run::Run,
    runner::{GuestCall, GuestEnd, GuestFailure, GuestHost, GuestImage},
    sending::Sending,
    standing::StandingWay,
    unsaid::{Unsaid, UnsaidHost},
};
use broker::{
    Ask, Broker, Decision, Demand as _, Denied, FileDemand, FileVerb, Folder, Lease, NetworkDemand, Permit, RoomDemand,
};
use futures_util::{FutureExt as _, future::BoxFuture};
pub use package::Speaks;
use parking_lot::Mutex;
use protocol::{
    AppName, AuditEvent, Clock, Digest, EffectState, ErrorCode, Failure, FileAccess, OwnerId, SecretText, Sentence,
    sentence, sha256,
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::io::{AsyncRead, AsyncWrite};

/// An app that is a program.
#[derive(Clone, Debug)]
pub struct ProgramSource {
    /// The package.
    pub package: Digest,
    /// The app.
    pub app: AppName,
    /// Its version, which the program is told.
    pub version: String,
    /// The program, then its arguments.
    pub command: Vec<String>,
    /// What it speaks on its standard streams.
    pub speaks: Speaks,
    /// All files of the package by their paths.
    pub files: BTreeMap<String, Arc<[u8]>>,
    /// What the names mean by which it is called beside its actions and tools: hooks, and its functions for them.
    pub hooks: BTreeMap<String, String>,
    /// Topics of events that it hears.
    pub topics: Vec<String>,
}

/// An app that is a server elsewhere.
#[derive(Clone, Debug)]
pub struct ServerSource {
    /// The package.
    pub package: Digest,
    /// The app.
    pub app: AppName,
    /// Where it is.
    pub url: String,
    /// Whether it speaks only the older HTTP with events.
    pub is_older: bool,
}

/// What a program may have while it serves a run. Runs whose terms are the same can be served by one program; a program that
/// was started on other terms is never used.
#[derive(Debug)]
pub struct Terms {
    /// For whom it works.
    pub owner: OwnerId,
    /// Whose program it is.
    pub app: AppName,
    /// Its part of the owner's things.
    pub rooms: Rooms,
    /// Its environment beside what every program has; of a server elsewhere, headers of each request. Some are secrets.
    pub given: BTreeMap<String, SecretText>,
    /// Which secrets it knows from that, and is not to say.
    pub unsaid: Arc<Unsaid>,
    /// Whether there are any.
    pub has_secrets: bool,
    /// Memory of all its processes together.
    pub memory_bytes_max: u64,
    /// The same for the same terms, and says nothing of them.
    pub digest: Digest,
}

/// What of the owner's things a program has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rooms {
    /// Folders that it reads.
    pub read: Vec<Folder>,
    /// Folders that it reads and changes.
    pub write: Vec<Folder>,
    /// Whether it reaches anybody. Each connection is decided by itself.
    pub has_way_out: bool,
}

impl Rooms {
    /// Whether all of it is in others: then a program that has it may keep it.
    pub fn is_within(&self, others: &Self) -> bool {
        let within = |mine: &[Folder], theirs: &[Folder]| mine.iter().all(|folder| theirs.contains(folder));
        within(&self.read, &others.read)
            && within(&self.write, &others.write)
            && (others.has_way_out || !self.has_way_out)
    }
}

impl From<(Vec<RoomDemand>, bool)> for Rooms {
    fn from((demands, has_way_out): (Vec<RoomDemand>, bool)) -> Self {
        let of = |access| {
            let demands = demands.iter().filter(move |demand| demand.access() == access);
            demands.map(|demand| demand.folder().clone()).collect()
        };
        Self { read: of(FileAccess::Read), write: of(FileAccess::Write), has_way_out }
    }
}

/// What is spoken with a program: oikos' own methods, or a protocol that others wrote.
pub trait Dialect: Send + Sync {
    /// Begins, with a program that was just started. `Err` says in words why nothing came of it.
    fn open(&self, streams: Streams, source: Arc<ProgramSource>)
    -> BoxFuture<'static, Result<Arc<dyn Spoken>, String>>;
}

/// The standard streams of a program, seen from here.
pub struct Streams {
    /// What it reads.
    pub to: Box<dyn AsyncWrite + Send + Unpin>,
    /// What it writes.
    pub from: Box<dyn AsyncRead + Send + Unpin>,
    /// Where it says what is for no run.
    pub log: Arc<dyn ProgramLog>,
}

/// Keeps what a program says to whoever looks after it.
pub trait ProgramLog: Send + Sync {
    /// A line, or several. Foreign text.
    fn say(&self, text: &str);
}

/// A conversation with a program that runs. Several calls may be under way.
pub trait Spoken: Send + Sync {
    /// Has it serve a run. Ends soon after the run's lease has, whatever the program does.
    fn call(&self, call: GuestCall, host: Arc<dyn GuestHost>) -> BoxFuture<'static, GuestEnd>;

    /// Tells it that it is about to be ended, and waits until it has heard that. The caller gives up after a while.
    fn close(&self) -> BoxFuture<'static, ()>;

    /// Waits until there is nobody to speak with any more, and says why if that is known.
    fn closed(&self) -> BoxFuture<'static, Option<String>>;

    /// Whether somebody waits for what it may say, though no run needs it.
    fn is_awaited(&self) -> bool {
        false
    }

    /// It has ended, for whatever reason.
    fn over(&self) {}
}

/// Who stands behind all runs.
pub trait House: Send + Sync {
    /// Who decides.
    fn broker(&self) -> &Broker;

    /// What time it is.
    fn clock(&self) -> &dyn Clock;

    /// What a program tried and its box kept it from, when it worked for nobody; `last` is the run it worked for last.
    fn kept_from(&self, last: &Lease, tried: &KeptFrom);

    /// A server says that something of it is not as it was.
    fn server_told(self: Arc<Self>, owner: OwnerId, app: &AppName, news: ServerNews);
}

/// What a program tried by itself, past all that it can ask for, and its box kept it from.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptFrom {
    /// What that was, as the rest of "wanted to …".
    pub what: Sentence,
    /// What its box says to that.
    pub rule: Sentence,
    /// The file that it was about, where a grant could be about it too.
    pub file: Option<(FileVerb, String)>,
    /// How often it tried.
    pub times: u64,
}

/// What a server tells without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerNews {
    /// What it offers may have changed.
    Offers,
    /// What a resource of it holds has.
    Resource(String),
    /// It runs no more: nothing that it was asked to watch is watched now.
    Gone,
}

/// The network as a guest meets it that makes its connections by itself: each is decided here, for one run.
pub trait WayOut: Send + Sync {
    /// Who stands behind the run, and stays when it has ended.
    fn house(&self) -> Arc<dyn House>;

    /// The run that it is for.
    fn lease(&self) -> &Lease;

    /// A way of the app itself, which stays when the run has ended: for hearing what a server has to tell. It is open as long as
    /// the app is switched on and not stopped, to where it was granted; nobody is asked.
    fn standing(&self) -> Option<Arc<dyn WayOut>> {
        None
    }

    /// Decides on a connection or a request, with a person where it takes one.
    fn permit(&self, demand: NetworkDemand) -> BoxFuture<'_, Result<Permit<NetworkDemand>, Box<Denied>>>;

    /// A person decides.
    fn ask(&self, ask: Ask<NetworkDemand>) -> BoxFuture<'_, Result<Permit<NetworkDemand>, Box<Denied>>>;

    /// About to send what nobody can take back. Returns once that is on disk; `false` if it could not be written, and then
    /// nothing may be sent.
    fn intent<'a>(&'a self, permit: &'a Permit<NetworkDemand>, said: Sentence) -> BoxFuture<'a, bool>;

    /// What the program tried and its box kept it from.
    fn kept_from(&self, tried: &KeptFrom);

    /// A connection to a host has ended, or never came to be. Must be told of each that was announced, once.
    fn ended(&self, target: Option<&str>, how: WayEnd);
}

/// How a connection ended.
#[derive(Debug)]
pub enum WayEnd {
    /// What there was to say was said.
    Done(Sentence),
    /// It was refused, or taken back.
    Denied(Box<Denied>),
    /// Nothing was sent.
    NotDone(Sentence),
    /// It broke off, and nobody knows how far it had come.
    Unknown(Sentence),
}

/// What a server asks of whoever called it, in the words of its own protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct InputRequest {
    /// What the server calls it among those that it asks at once, where its protocol has such names.
    pub key: Option<String>,
    /// What for, such as `elicitation/create`.
    pub method: String,
    /// The request.
    pub params: Value,
}

/// What whoever started a run says of itself, as the server that serves it is told.
#[derive(Clone, Debug, Default)]
pub struct Introduction {
    /// What it can be asked: `capabilities`, in the words of the protocol.
    pub abilities: Value,
    /// From which level on it wants to hear what the server logs.
    pub log_level: Option<&'static str>,
    /// What it sends along with its request.
    pub meta: Map<String, Value>,
}

/// Who started a run and can be asked for more while it goes on.
pub trait Asker: Send + Sync {
    /// Who that is.
    fn introduction(&self) -> &Introduction;

    /// Whether they can send a person to our own page, who answers there what the run is asked: nobody need be there before.
    fn can_fetch(&self) -> bool {
        false
    }

    /// Asks all of this at once, and waits for the answers in the words of the protocol, in the order of the requests. `Err` is
    /// what the server is told instead.
    fn input(&self, requests: Vec<InputRequest>) -> BoxFuture<'_, Result<Vec<Value>, String>>;
}

impl Kernel {
    /// Starts the guest of a run; where it is a program, on terms that are decided first.
    pub(crate) fn guest_start(
        self: &Arc<Self>,
        run: &Arc<Run>,
        image: &Arc<dyn GuestImage>,
        call: GuestCall,
        host: Arc<dyn GuestHost>,
    ) -> BoxFuture<'static, GuestEnd> {
        if !image.is_on_terms() {
            return image.start(call, host);
        }
        let (kernel, run, image) = (self.clone(), run.clone(), image.clone());
        async move {
            match kernel.terms(&run, call.export.is_hook()).await {
                Ok(terms) => {
                    let unsaid = terms.unsaid.clone();
                    let host = match unsaid.is_empty() {
                        true => host,
                        false => Arc::new(UnsaidHost { inner: host, unsaid: unsaid.clone() }),
                    };
                    unsaid.end(image.start(GuestCall { terms: Some(Arc::new(terms)), ..call }, host).await)
                }
                Err(why) => GuestEnd { result: Err(why), memory_bytes: 0 },
            }
        }
        .boxed()
    }

    /// What the program of a run's app may have now. A folder that is refused is left out, and the log says so.
    async fn terms(self: &Arc<Self>, run: &Arc<Run>, is_hook: bool) -> Result<Terms, GuestFailure> {
        let Given { texts, unsaid, has_secrets } = self.given(run, is_hook).await?;
        let mut rooms = Rooms::default();
        if !run.is_storage_only() {
            for demand in self.broker.rooms(&run.lease, self.clock.now()) {
                let Some(permit) = self.room_permit(run, demand).await.map_err(failed)? else { continue };
                match permit.demand().access() {
                    FileAccess::Read => rooms.read.push(permit.demand().folder().clone()),
                    FileAccess::Write => rooms.write.push(permit.demand().folder().clone()),
                }
            }
        }
        rooms.has_way_out = !run.is_storage_only() && self.broker.has_way_out(&run.lease, self.clock.now());
        let memory_bytes_max = run.app.package.manifest().limits.memory_bytes.unwrap_or(PROGRAM_MEMORY_BYTES);
        let (owner, app) = (run.owner(), run.app.record.name.clone());
        let unsaid = Arc::new(unsaid);
        let mut terms =
            Terms { owner, app, rooms, given: texts, unsaid, has_secrets, memory_bytes_max, digest: sha256(b"") };
        terms.digest = digest(&terms);
        Ok(terms)
    }

    /// What an app's programs may still have: all that is granted in some way.
    pub(crate) fn programs_look(&self, owner: OwnerId, app: &AppName) {
        self.runner.let_go(owner, app, &self.broker.rooms_of(owner, app, self.clock.now()).into());
    }

    /// An app may not run any more, or not as it did: its programs are ended.
    pub(crate) fn programs_end(&self, owner: OwnerId, app: &AppName) {
        self.runner.end(owner, app);
    }

    /// A secret that an app's programs may know is not theirs any more: they are ended at once.
    pub(crate) fn programs_take_back(&self, owner: OwnerId, app: &AppName) {
        self.runner.take_back(owner, app);
    }

    /// What a program was kept from, in words, and by which rule: that of its owner where there is one.
    fn denial_of(&self, lease: &Lease, tried: &KeptFrom) -> (Sentence, Sentence) {
        let denied = tried.file.as_ref().and_then(|(verb, path)| {
            match self.broker.decide(lease, FileDemand::new(*verb, path), self.clock.now()) {
                Decision::Denied(denied) if denied.code == ErrorCode::PermissionDenied => Some(denied),
                // What was granted meanwhile, it has from its next start on.
                _ => None,
            }
        });
        let (rule, command) = match denied {
            Some(denied) => (denied.rule, denied.command),
            None => (tried.rule.clone(), None),
        };
        let why = match command {
            Some(command) => sentence::rule_unless(rule.clone(), command),
            None => rule.clone(),
        };
        (sentence::effect_denied(tried.what.clone(), why), rule)
    }

    async fn room_permit(
        self: &Arc<Self>,
        run: &Arc<Run>,
        demand: RoomDemand,
    ) -> Result<Option<Permit<RoomDemand>>, HostError> {
        let decided = match self.broker.decide(&run.lease, demand, self.clock.now()) {
            Decision::Permit(permit) => Ok(permit),
            Decision::Ask(ask) => permit_ask(self, run, *ask).await,
            Decision::Denied(denied) => Err(refuse(self, run, *denied)),
        };
        match decided {
            Ok(permit) => {
                let said = sentence::room_had(&permit.demand().folder().path, &permit.demand().line());
                run.notes.add(crate::effect::Said::Once(said), Some(permit.basis()));
                Ok(Some(permit))
            }
            // It is in the log, and the program works without.
            Err(HostError::Guest(_)) => run.lease.check().map(|()| None).map_err(Into::into),
            Err(ended @ HostError::Ended(_)) => Err(ended),
        }
    }
}

/// Asks whoever called a run for what its guest wants of them. The run's clocks stand still meanwhile.
pub(crate) async fn input(
    kernel: Arc<Kernel>,
    run: Arc<Run>,
    requests: Vec<InputRequest>,
) -> Result<Vec<Value>, String> {
    run.lease.check().map_err(|end| end.message(run.lease.limits()))?;
    let asker = run.asker.get();
    let has_roots = asker.is_some_and(|asker| asker.introduction().abilities["roots"].is_object());
    // Whoever has no folders of their own to name leaves the server with those that it was granted.
    let is_ours = |request: &InputRequest| request.method == ROOTS && !has_roots;
    let ours: Vec<bool> = requests.iter().map(is_ours).collect();
    let theirs: Vec<InputRequest> = requests.into_iter().filter(|request| !is_ours(request)).collect();
    let mut answers = Vec::new();
    if let Some(first) = theirs.first() {
        let Some(asker) = asker else { return Err(format!("nobody is there who could answer {}", first.method)) };
        let count = theirs.len();
        run.lease.pause(kernel.clock.monotonic_ns());
        let asked = tokio::select! {
            asked = asker.input(theirs) => asked,
            () = tokio::time::sleep(Duration::from_millis(INPUT_WAIT_MS)) => Err("there was no answer in time".to_owned()),
            end = run.lease.ended() => Err(end.message(run.lease.limits())),
        };
        run.lease.resume(kernel.clock.monotonic_ns());
        answers = asked?;
        if answers.len() != count {
            return Err("there were not as many answers as questions".to_owned());
        }
    }
    let mut answers = answers.into_iter();
    Ok(ours.iter().filter_map(|is_ours| if *is_ours { Some(roots(&kernel, &run)) } else { answers.next() }).collect())
}

/// A moment more than a person has: what nobody answered is said in the words of the protocol, and not as an error.
const INPUT_WAIT_MS: u64 = crate::ANSWER_WAIT_MS + 5_000;

/// How a server asks which folders there are.
const ROOTS: &str = "roots/list";

/// The folders that the program has, as the protocol names them.
fn roots(kernel: &Kernel, run: &Run) -> Value {
    let rooms = kernel.broker.rooms(&run.lease, kernel.clock.now());
    let mut paths: Vec<&str> = rooms.iter().map(|room| &*room.folder().path).collect();
    paths.dedup();
    let root = |path: &&str| json!({ "uri": file_uri(path), "name": path.rsplit('/').next().unwrap_or_default() });
    json!({ "roots": paths.iter().map(root).collect::<Vec<_>>() })
}

/// A path as an address.
fn file_uri(path: &str) -> String {
    let mut uri = "file://".to_owned();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

/// What a program may use unless its manifest says otherwise: what an ordinary server in Node or Python does well with.
pub const PROGRAM_MEMORY_BYTES: u64 = 512 << 20;

fn failed(error: HostError) -> GuestFailure {
    match error {
        HostError::Ended(end) => GuestFailure::Ended(end),
        HostError::Guest(error) => GuestFailure::Failed(Box::new(Failure::new(error.code, error.message))),
    }
}

fn digest(terms: &Terms) -> Digest {
    let given: Vec<(&String, &str)> = terms.given.iter().map(|(name, given)| (name, given.expose())).collect();
    let Rooms { read, write, has_way_out } = &terms.rooms;
    let whole = (read, write, has_way_out, given, terms.memory_bytes_max);
    let whole = SecretText::new(serde_json::to_string(&whole).unwrap_or_default());
    sha256(whole.expose().as_bytes())
}

impl House for Kernel {
    fn broker(&self) -> &Broker {
        &self.broker
    }

    fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn kept_from(&self, last: &Lease, tried: &KeptFrom) {
        let (said, rule) = self.denial_of(last, tried);
        self.tally.denied(&rule.code);
        let mut record = journal::run_record(self.clock.now(), last, AuditEvent::Denied, said);
        record.rule = Some(rule);
        self.note(last.caller().owner, &record);
    }

    fn server_told(self: Arc<Self>, owner: OwnerId, app: &AppName, news: ServerNews) {
        self.server_heard(owner, app, news);
    }
}

/// The ways out of one run's program.
pub(crate) struct RunWay {
    kernel: Arc<Kernel>,
    run: Arc<Run>,
    announced: Mutex<Vec<Announced>>,
}

/// What was said to be about to be sent. The run's end waits for all of it.
struct Announced {
    target: String,
    sending: Sending,
}

impl RunWay {
    pub(crate) fn new(kernel: Arc<Kernel>, run: Arc<Run>) -> Self {
        Self { kernel, run, announced: Mutex::default() }
    }
}

impl WayOut for RunWay {
    fn house(&self) -> Arc<dyn House> {
        self.kernel.clone()
    }

    fn lease(&self) -> &Lease {
        &self.run.lease
    }

    fn standing(&self) -> Option<Arc<dyn WayOut>> {
        Some(Arc::new(StandingWay::new(&self.kernel, self.run.owner(), self.run.lease.app())))
    }

    fn permit(&self, demand: NetworkDemand) -> BoxFuture<'_, Result<Permit<NetworkDemand>, Box<Denied>>> {
        match self.kernel.broker.decide(&self.run.lease, demand, self.kernel.clock.now()) {
            Decision::Permit(permit) => std::future::ready(Ok(permit)).boxed(),
            Decision::Denied(denied) => std::future::ready(Err(denied)).boxed(),
            Decision::Ask(ask) => self.ask(*ask),
        }
    }

    fn ask(&self, ask: Ask<NetworkDemand>) -> BoxFuture<'_, Result<Permit<NetworkDemand>, Box<Denied>>> {
        crate::host::permit_or_denied(&self.kernel, &self.run, ask).boxed()
    }

    fn intent<'a>(&'a self, permit: &'a Permit<NetworkDemand>, said: Sentence) -> BoxFuture<'a, bool> {
        async move {
            let announced = Sending::announce(&self.kernel, &self.run, permit.basis(), said, None).await;
            let Ok(sending) = announced else { return false };
            let target = permit.demand().target();
            self.announced.lock().push(Announced { target, sending });
            true
        }
        .boxed()
    }

    fn kept_from(&self, tried: &KeptFrom) {
        let (kernel, run) = (&self.kernel, &self.run);
        let (said, rule) = kernel.denial_of(&run.lease, tried);
        kernel.tally.denied(&rule.code);
        if run.notes.add_denials(&said, tried.times) {
            let mut record = journal::run_record(kernel.clock.now(), &run.lease, AuditEvent::Denied, said);
            record.rule = Some(rule);
            kernel.note(run.owner(), &record);
        }
    }

    fn ended(&self, target: Option<&str>, how: WayEnd) {
        let announced = target.and_then(|target| {
            let mut announced = self.announced.lock();
            // Of two to one host it does not matter which is which.
            let place = announced.iter().position(|one| one.target == target)?;
            Some(announced.swap_remove(place))
        });
        let (state, said) = match how {
            WayEnd::Denied(denied) if announced.is_none() => {
                refuse_way(&self.kernel, &self.run, &denied);
                return;
            }
            WayEnd::Denied(denied) => {
                let rule = denied.rule.clone();
                refuse_way(&self.kernel, &self.run, &denied);
                (EffectState::NotDone, sentence::effect_not_done(rule))
            }
            WayEnd::Done(said) => (EffectState::Done, said),
            WayEnd::NotDone(said) => (EffectState::NotDone, sentence::effect_not_done(said)),
            WayEnd::Unknown(said) => (EffectState::Unknown, sentence::effect_unknown(said)),
        };
        let Some(announced) = announced else {
            if state == EffectState::NotDone {
                self.run.notes.add(crate::effect::Said::Once(said), None);
            }
            return;
        };
        let (kernel, run) = (self.kernel.clone(), self.run.clone());
        // Whoever tells of it may not wait; the run's end does.
        self.kernel.runtime.spawn_blocking(move || {
            if announced.sending.settle(&kernel, &run, state, said).is_err() {
                tracing::error!(run = %run.id(), "how a connection ended could not be written");
            }
        });
    }
}
