//! Files in memory, and the effects on them: as the real ones would, without a disk.

use broker::{
    Demand as _, FileDemand, FileVerb, Folder, Lease, NetworkDemand, Permit, StorageDemand, StorageVerb, WebUrl,
};
use kernel::{
    effect::{
        Change, ChangeKind, Destination, Done, Effect, EffectError, Effects, Errand, ErrandPermit, Fetching, FileStamp,
        HandedBytes, Places, Said, Scene, Shelf, Undo, UndoError,
    },
    host_call::{CsvCall, FileCall, GuestError, HostAnswer, HttpCall, StorageCall},
};
use parking_lot::{Condvar, Mutex};
use protocol::{Arg, EffectState, ErrorCode, FileAccess, FileId, Labels, OwnerId, RunId, Sentence, sentence, sha256};
use serde_json::{Value, json};
use state::{Batch, Key, Space, Store};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

/// What happens between an announcement and its effect.
type Between = Box<dyn FnOnce() -> Option<EffectError> + Send>;

/// Files by path, and what is in the trash.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) files: Mutex<BTreeMap<String, Vec<u8>>>,
    trash: Mutex<BTreeMap<String, Vec<u8>>>,
    between: Mutex<Option<Between>>,
    gate: Mutex<Gate>,
    moved: Condvar,
    /// Secrets that were sent, as they were.
    pub(crate) secrets: Mutex<Vec<String>>,
    /// Calls that reached an effect.
    performed: Mutex<u64>,
    /// What is being fetched and never comes.
    errands: AtomicUsize,
}

#[derive(Default)]
struct Gate {
    is_shut: bool,
    waiting: usize,
}

impl World {
    pub(crate) fn put(&self, path: &str, text: &str) {
        self.files.lock().insert(path.to_owned(), text.as_bytes().to_vec());
    }

    pub(crate) fn text(&self, path: &str) -> Option<String> {
        self.files.lock().get(path).map(|bytes| String::from_utf8(bytes.clone()).unwrap())
    }

    /// The next effect that announces itself meets this before it is done.
    pub(crate) fn between(&self, what: impl FnOnce() -> Option<EffectError> + Send + 'static) {
        *self.between.lock() = Some(Box::new(what));
    }

    /// From now on effects stand still in the middle, as on a disk that does not answer.
    pub(crate) fn gate_shut(&self) {
        self.gate.lock().is_shut = true;
    }

    /// They go on.
    pub(crate) fn gate_open(&self) {
        self.gate.lock().is_shut = false;
        self.moved.notify_all();
    }

    /// How many stand still.
    pub(crate) fn gate_waiting(&self) -> usize {
        self.gate.lock().waiting
    }

    /// How much is being fetched and never comes.
    pub(crate) fn errands(&self) -> usize {
        self.errands.load(SeqCst)
    }

    pub(crate) fn performed(&self) -> u64 {
        *self.performed.lock()
    }

    fn pass(&self) {
        *self.performed.lock() += 1;
        let mut gate = self.gate.lock();
        gate.waiting += 1;
        while gate.is_shut {
            self.moved.wait_for(&mut gate, Duration::from_secs(30));
        }
        gate.waiting -= 1;
    }

    fn stamp(&self, path: &str) -> Option<FileStamp> {
        let files = self.files.lock();
        files.get(path).map(|bytes| FileStamp { bytes: bytes.len() as u64, digest: sha256(bytes) })
    }
}

/// The families on a world.
pub(crate) fn effects(world: &Arc<World>, store: &Arc<dyn Store>) -> Effects {
    Effects {
        file: Box::new(Files(world.clone())),
        storage: Box::new(Keys { store: store.clone(), held: Mutex::default() }),
        csv: Box::new(Tables(world.clone())),
        http: Box::new(Web(world.clone())),
        pdf: Box::new(Nowhere(std::marker::PhantomData)),
        shell: Box::new(Nowhere(std::marker::PhantomData)),
        errand: Box::new(Errands(world.clone())),
        undo: Box::new(Back(world.clone())),
        places: Box::new(Finder),
        shelf: Box::new(Handed(world.clone())),
    }
}

/// A family that this world has nothing of.
struct Nowhere<D, C>(std::marker::PhantomData<fn() -> (D, C)>);

impl<D: broker::Demand + broker::Resolve, C: Send + 'static> Effect for Nowhere<D, C> {
    type Demand = D;
    type Call = C;

    fn demand(&self, _: &Lease, _: &C) -> Result<Option<D>, GuestError> {
        Err(GuestError::new(ErrorCode::NotAvailable, "there is no such thing in this world"))
    }

    fn perform(&self, _: Option<Permit<D>>, _: C, _: &dyn Scene) -> Result<Done, EffectError> {
        Err(EffectError::guest(ErrorCode::NotAvailable, "there is no such thing in this world"))
    }

    fn run_end(&self, _: &Lease, _: bool, _: &mut Batch) {}
}

/// A web of redirects: `/to/N/…` leads to `/…` with status N, everything else answers with what it was asked.
struct Web(Arc<World>);

impl Effect for Web {
    type Demand = NetworkDemand;
    type Call = HttpCall;

    fn demand(&self, _: &Lease, call: &HttpCall) -> Result<Option<NetworkDemand>, GuestError> {
        let url =
            WebUrl::parse(&call.url).map_err(|error| GuestError::new(ErrorCode::InvalidInput, error.to_string()))?;
        Ok(Some(NetworkDemand::new(&call.method, url, &call.body, false)))
    }

    fn perform(
        &self,
        permit: Option<Permit<NetworkDemand>>,
        call: HttpCall,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let permit = permit.expect("a permit");
        let demand = permit.demand();
        if !demand.is_reading() {
            let said = sentence::http_will_send(Arg::Bytes(demand.body_bytes), demand.url.shown(), &call.method);
            scene.intent_send(said, sha256(&call.body))?;
            if let Some(error) = self.0.between.lock().take().and_then(|between| between()) {
                return Err(error);
            }
        }
        for (name, value) in call.secrets.all() {
            scene.secret_sending(name, &demand.target())?;
            self.0.secrets.lock().push(format!("{name}={} to {}", value.expose(), demand.target()));
        }
        self.0.pass();
        let said = match demand.is_reading() {
            true => Said::Read { what: demand.url.shown(), bytes: 1 },
            false => {
                let bytes = Arg::Bytes(demand.body_bytes);
                Said::Once(sentence::http_sent(bytes, demand.url.shown(), &call.method, 200_u32))
            }
        };
        let answer = match demand.url.path_and_query().strip_prefix("/to/") {
            Some(next) => {
                HostAnswer::Redirect(Box::new(HttpCall { url: format!("https://{next}"), hops: call.hops + 1, ..call }))
            }
            None => HostAnswer::Bytes(format!("{} {}", call.method, call.url).into_bytes()),
        };
        Ok(Done { answer, said: Some(said), change: None, labels: Labels::NONE })
    }

    fn run_end(&self, _: &Lease, _: bool, _: &mut Batch) {}
}

/// No network, but for a place from which nothing ever comes.
struct Errands(Arc<World>);

/// An errand is under way, until this is dropped.
struct UnderWay<'a>(&'a World);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.errands.fetch_sub(1, SeqCst);
    }
}

impl Errand for Errands {
    fn fetch<'a>(&'a self, url: &'a str, _: usize, permit: &'a mut ErrandPermit<'_>) -> Fetching<'a> {
        Box::pin(async move {
            let url = WebUrl::parse(url).map_err(|error| GuestError::new(ErrorCode::Usage, error.to_string()))?;
            permit(url.clone(), true).map_err(|denied| GuestError::new(denied.code, denied.message()))?;
            if url.shown().contains("slow.example") {
                self.0.errands.fetch_add(1, SeqCst);
                let _under_way = UnderWay(&self.0);
                std::future::pending::<()>().await;
            }
            Err(GuestError::new(ErrorCode::NetworkFailed, "there is no network in this house"))
        })
    }
}

struct Files(Arc<World>);

impl Effect for Files {
    type Demand = FileDemand;
    type Call = FileCall;

    fn demand(&self, _: &Lease, call: &FileCall) -> Result<Option<FileDemand>, GuestError> {
        let (verb, path) = match call {
            FileCall::Read { path, .. } | FileCall::ReadText { path } => (FileVerb::Read, path),
            FileCall::Write { path, .. } => (FileVerb::Write, path),
            FileCall::List { path } => (FileVerb::List, path),
            FileCall::Remove { path } => (FileVerb::Remove, path),
            FileCall::Move { path, to } => return Ok(Some(FileDemand::moving(path, to))),
            FileCall::Pick { .. } => return Err(GuestError::new(ErrorCode::Internal, "the kernel asks itself")),
        };
        Ok(Some(FileDemand::new(verb, path.clone())))
    }

    fn perform(
        &self,
        permit: Option<Permit<FileDemand>>,
        call: FileCall,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let permit = permit.expect("a file effect has a permit");
        let target = permit.demand().target().expect("resolved").clone();
        let path = target.path();
        let world = &self.0;
        let absent = || EffectError::guest(ErrorCode::FileUnusable, format!("{path} is not there"));
        match call {
            FileCall::Read { .. } | FileCall::ReadText { .. } => {
                world.pass();
                let bytes = world.files.lock().get(&path).cloned().ok_or_else(absent)?;
                scene.progress(sentence::progress_reading(&path), bytes.len() as u64, Some(bytes.len() as u64));
                let said = Some(Said::Read { what: path, bytes: bytes.len() as u64 });
                Ok(Done { answer: HostAnswer::Bytes(bytes), said, change: None, labels: Labels::NONE })
            }
            FileCall::Write { body, .. } => {
                let before = world.stamp(&path);
                let after = Some(FileStamp { bytes: body.len() as u64, digest: sha256(&body) });
                let kind = if before.is_some() { ChangeKind::Overwrote } else { ChangeKind::Created };
                let change = Change {
                    kind,
                    folder: target.root.folder,
                    names: target.names,
                    stage: None,
                    trash: before.is_some().then(|| scene.fresh_name()),
                    before,
                    after,
                    to: None,
                    called: target.root.called,
                };
                let bytes = Arg::Bytes(body.len() as u64);
                scene.intent(sentence::file_will_write(&path, bytes), &change)?;
                self.change(permit, change, Some(body))
            }
            FileCall::Remove { .. } => {
                let before = Some(world.stamp(&path).ok_or_else(absent)?);
                let change = Change {
                    kind: ChangeKind::Removed,
                    folder: target.root.folder,
                    names: target.names,
                    stage: None,
                    trash: Some(scene.fresh_name()),
                    before,
                    after: None,
                    to: None,
                    called: target.root.called,
                };
                scene.intent(sentence::file_will_remove(&path), &change)?;
                self.change(permit, change, None)
            }
            FileCall::Move { .. } => {
                let before = Some(world.stamp(&path).ok_or_else(absent)?);
                let to = permit.demand().destination().expect("resolved").clone();
                let shown = to.shown();
                let change = Change {
                    kind: ChangeKind::Moved,
                    folder: target.root.folder,
                    names: target.names,
                    stage: None,
                    trash: None,
                    before,
                    after: None,
                    to: Some(Destination { folder: to.root.folder, names: to.names, made: 0 }),
                    called: target.root.called,
                };
                scene.intent(sentence::file_will_move(&path, shown), &change)?;
                self.change(permit, change, None)
            }
            FileCall::List { .. } | FileCall::Pick { .. } => Ok(Done::quiet(HostAnswer::Json(json!([])))),
        }
    }

    fn run_end(&self, _: &Lease, _: bool, _: &mut Batch) {}
}

impl Files {
    fn change(&self, permit: Permit<FileDemand>, change: Change, body: Option<Vec<u8>>) -> Result<Done, EffectError> {
        let between = self.0.between.lock().take();
        if let Some(error) = between.and_then(|between| between()) {
            return Err(error);
        }
        self.0.pass();
        permit.check()?;
        let path = change.path();
        let old = match body {
            Some(body) => self.0.files.lock().insert(path.clone(), body),
            None => self.0.files.lock().remove(&path),
        };
        match (&change.trash, &change.to, old) {
            (Some(name), _, Some(old)) => drop(self.0.trash.lock().insert(name.clone(), old)),
            (None, Some(to), Some(old)) => drop(self.0.files.lock().insert(to.path(), old)),
            _ => {}
        }
        let said = match change.kind {
            ChangeKind::Created => sentence::file_created(&path, Arg::Bytes(0)),
            ChangeKind::Overwrote => sentence::file_overwrote(&path, Arg::Bytes(0)),
            ChangeKind::Removed => sentence::file_removed(&path),
            ChangeKind::Moved => sentence::file_moved(&path, change.path_after().unwrap_or_default()),
        };
        Ok(Done {
            answer: HostAnswer::Json(Value::Null),
            said: Some(Said::Once(said)),
            change: Some(change),
            labels: Labels::NONE,
        })
    }
}

struct Back(Arc<World>);

impl Undo for Back {
    fn undo_check(&self, change: &Change) -> Result<(), UndoError> {
        let path = change.path();
        if self.0.stamp(&path) != change.after {
            return Err(UndoError::Conflict { path });
        }
        if let Some(to) = change.to.as_ref().map(Destination::path)
            && self.0.stamp(&to) != change.before
        {
            return Err(UndoError::Conflict { path: to });
        }
        match &change.trash {
            Some(name) if !self.0.trash.lock().contains_key(name) => Err(UndoError::TrashMissing { path }),
            _ => Ok(()),
        }
    }

    fn undo(&self, change: &Change) -> Result<Sentence, UndoError> {
        self.undo_check(change)?;
        let path = change.path();
        if let Some(to) = &change.to {
            let moved = self.0.files.lock().remove(&to.path()).expect("it was looked at");
            self.0.files.lock().insert(path, moved);
            return Ok(change.undo_sentence());
        }
        let Some(name) = &change.trash else {
            self.0.files.lock().remove(&path);
            return Ok(change.undo_sentence());
        };
        let old = self.0.trash.lock().remove(name).ok_or(UndoError::TrashMissing { path: path.clone() })?;
        self.0.files.lock().insert(path.clone(), old);
        Ok(change.undo_sentence())
    }

    fn recover(&self, change: &Change) -> Result<EffectState, UndoError> {
        let now = self.0.stamp(&change.path());
        Ok(match now {
            now if now == change.before => EffectState::NotDone,
            now if now == change.after => EffectState::Done,
            _ => EffectState::Unknown,
        })
    }
}

impl World {
    /// Somebody empties the trash.
    pub(crate) fn trash_empty(&self) {
        self.trash.lock().clear();
    }
}

type Overlay = BTreeMap<String, Option<Vec<u8>>>;

struct Keys {
    store: Arc<dyn Store>,
    held: Mutex<HashMap<RunId, Overlay>>,
}

fn key(lease: &Lease, name: &str) -> Key {
    Key::new(lease.caller().owner, Space::Storage, format!("{}/{name}", lease.app()))
}

impl Effect for Keys {
    type Demand = StorageDemand;
    type Call = StorageCall;

    fn demand(&self, _: &Lease, call: &StorageCall) -> Result<Option<StorageDemand>, GuestError> {
        let (verb, key) = match call {
            StorageCall::Get { key } => (StorageVerb::Get, key),
            StorageCall::Set { key, .. } => (StorageVerb::Set, key),
            StorageCall::Delete { key } => (StorageVerb::Delete, key),
            StorageCall::List { prefix, .. } => (StorageVerb::List, prefix),
        };
        Ok(Some(StorageDemand { verb, key: key.clone() }))
    }

    fn perform(
        &self,
        permit: Option<Permit<StorageDemand>>,
        call: StorageCall,
        _: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let permit = permit.expect("a storage effect has a permit");
        let verb = permit.demand().verb;
        let lease = permit.lease();
        let done = |answer, labels| Done {
            answer,
            said: Some(Said::Storage { verb, keys: 1, bytes: 1 }),
            change: None,
            labels,
        };
        let mut held = self.held.lock();
        lease.check()?;
        Ok(match call {
            StorageCall::Get { key: name } => {
                let own = held.get(&lease.run()).and_then(|overlay| overlay.get(&name).cloned());
                let (value, labels) = match own {
                    Some(value) => (value, Labels::NONE),
                    None => match self.store.get(&key(lease, &name)).unwrap() {
                        Some(entry) => (Some(entry.value), entry.labels),
                        None => (None, Labels::NONE),
                    },
                };
                done(value.map_or(HostAnswer::Json(Value::Null), HostAnswer::JsonText), labels)
            }
            StorageCall::Set { key, value } => {
                held.entry(lease.run()).or_default().insert(key, Some(value));
                done(HostAnswer::Json(Value::Null), Labels::NONE)
            }
            StorageCall::Delete { key } => {
                held.entry(lease.run()).or_default().insert(key, None);
                done(HostAnswer::Json(Value::Null), Labels::NONE)
            }
            StorageCall::List { .. } => done(HostAnswer::Json(json!([])), Labels::NONE),
        })
    }

    fn run_end(&self, lease: &Lease, keep: bool, batch: &mut Batch) {
        let overlay = self.held.lock().remove(&lease.run()).unwrap_or_default();
        for (name, value) in overlay.into_iter().filter(|_| keep) {
            match value {
                Some(value) => batch.put(&key(lease, &name), value, lease.labels()),
                None => batch.delete(&key(lease, &name)),
            };
        }
    }
}

/// Computes on what the guest sent; `stringify` is the one that fails in our own code.
struct Tables(Arc<World>);

impl Effect for Tables {
    type Demand = FileDemand;
    type Call = CsvCall;

    fn demand(&self, _: &Lease, call: &CsvCall) -> Result<Option<FileDemand>, GuestError> {
        Ok(match call {
            CsvCall::Open { path, .. } => Some(FileDemand::new(FileVerb::Read, path.clone())),
            _ => None,
        })
    }

    fn perform(&self, permit: Option<Permit<FileDemand>>, call: CsvCall, _: &dyn Scene) -> Result<Done, EffectError> {
        self.0.pass();
        if let Some(permit) = permit {
            assert!(permit.demand().labels().contains(Labels::PRIVATE));
        }
        assert!(!matches!(call, CsvCall::Stringify { .. }), "a fault of our own");
        Ok(Done::quiet(HostAnswer::Json(json!(true))))
    }

    fn run_end(&self, _: &Lease, _: bool, _: &mut Batch) {}
}

/// Where files lie whose bytes were handed over.
fn shelf(owner: OwnerId, file: FileId) -> (String, String) {
    (format!("{}/handed/{}", crate::house::HOME, owner.0), file.to_string())
}

struct Handed(Arc<World>);

impl Handed {
    fn path(owner: OwnerId, file: FileId) -> String {
        let (folder, name) = shelf(owner, file);
        format!("{folder}/{name}")
    }
}

impl Shelf for Handed {
    fn make(&self, owner: OwnerId, file: FileId) -> Result<(), GuestError> {
        self.0.put(&Self::path(owner, file), "");
        Ok(())
    }

    fn write(&self, owner: OwnerId, file: FileId, at: u64, bytes: &[u8]) -> Result<(), GuestError> {
        let mut files = self.0.files.lock();
        let file = files.get_mut(&Self::path(owner, file)).expect("it was made");
        assert_eq!(file.len() as u64, at, "behind all that was written before");
        file.extend_from_slice(bytes);
        Ok(())
    }

    fn settle(&self, _: OwnerId, _: FileId) -> Result<(), GuestError> {
        Ok(())
    }

    fn open(&self, owner: OwnerId, file: FileId) -> Result<Box<dyn HandedBytes>, GuestError> {
        let bytes = self.0.files.lock().get(&Self::path(owner, file)).cloned();
        let bytes = bytes.ok_or_else(|| GuestError::new(ErrorCode::NotFound, "it is not there"))?;
        Ok(Box::new(Taken(bytes)))
    }

    fn bytes(&self, owner: OwnerId, file: FileId) -> Result<Option<u64>, GuestError> {
        Ok(self.0.files.lock().get(&Self::path(owner, file)).map(|bytes| bytes.len() as u64))
    }

    fn place(&self, owner: OwnerId, file: FileId) -> Result<(Folder, String), GuestError> {
        let (path, name) = shelf(owner, file);
        Ok((folder(&path), name))
    }

    fn remove(&self, owner: OwnerId, file: FileId) -> Result<(), GuestError> {
        self.0.files.lock().remove(&Self::path(owner, file));
        Ok(())
    }

    fn sweep(&self, kept: &BTreeSet<(OwnerId, FileId)>) -> Result<(), GuestError> {
        let kept: Vec<String> = kept.iter().map(|(owner, file)| Self::path(*owner, *file)).collect();
        let shelf = format!("{}/handed/", crate::house::HOME);
        self.0.files.lock().retain(|path, _| !path.starts_with(&shelf) || kept.contains(path));
        Ok(())
    }
}

struct Taken(Vec<u8>);

impl HandedBytes for Taken {
    fn read(&mut self, at: u64, bytes_max: usize) -> Result<Vec<u8>, GuestError> {
        let rest = self.0.get(usize::try_from(at).expect("small")..).unwrap_or_default();
        Ok(rest[..rest.len().min(bytes_max)].to_vec())
    }
}

struct Finder;

/// A folder with an identity made from its path.
pub(crate) fn folder(path: &str) -> Folder {
    let inode = u64::from_be_bytes(sha256(path.as_bytes()).0[..8].try_into().unwrap());
    Folder { path: path.to_owned(), device: 1, inode }
}

impl Places for Finder {
    fn folder(&self, path: &str) -> Result<Folder, GuestError> {
        if !path.starts_with('/') || path.contains("missing") {
            return Err(GuestError::new(ErrorCode::FileUnusable, format!("{path} is no folder")));
        }
        Ok(folder(path))
    }

    fn picked(&self, path: &str, _: FileAccess, is_folder: bool) -> Result<(Folder, Option<String>), GuestError> {
        if is_folder {
            return Ok((self.folder(path)?, None));
        }
        let (parent, name) = path
            .rsplit_once('/')
            .filter(|_| !path.contains("missing"))
            .ok_or_else(|| GuestError::new(ErrorCode::FileUnusable, format!("{path} is not there")))?;
        Ok((folder(parent), Some(name.to_owned())))
    }
}

/// Owners are told apart by number alone.
pub(crate) const OTHER: OwnerId = OwnerId(2);
