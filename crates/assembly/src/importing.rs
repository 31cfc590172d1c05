//! Servers that other programs have set up become apps: found, looked at, pinned, packed, and installed switched off.
//!
//! `mcp::import` decides what each would be; here is what it cannot do itself: read this machine, run the programs that pin and
//! install in a box, and hand the package to the kernel, which shows its card as for any app.

mod machine; // what is looked up here
mod registry; // which bytes an image is
mod toolbox; // programs that pin and install
mod views; // what is told

use crate::{
    Oikos,
    api::{blocking, require},
};
use machine::ThisMachine;
use mcp::import::{
    Act, Action, Bundle, Client, Facts, Finished, Form, Found, Hidden, IMPORT_FILE, Imported, LOCK_BYTES_MAX, Location,
    Machine as _, Proposal, Purpose, PythonTool, Read, Resolve, Roots, SERVER_JSON_BYTES_MAX, Scan, Settled, Step,
    clients, propose, read_bundle, read_client_file, read_server_json, scan,
};
use parking_lot::Mutex;
use protocol::{
    AppName, Caller, Digest, ErrorCode, Failure, OfferId, OwnerId, Right, Sentence,
    api::{AppDetail, ImportAnswers, ImportOffered, ImportSource, ImportsView},
    sentence, sha256, text,
};
use sandbox::ProgramRunner;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Imports that are ready and wait for the owner's word. Of more, the oldest is forgotten: it can be made ready again.
const WAITING_MAX: usize = 32;
/// What says that a package wants to be installed beneath itself.
const INSTALL_FOLDER: &str = mcp::import::INSTALL_FOLDER;

/// Who is told how far it is.
pub(crate) type Tell<'a> = &'a (dyn Fn(Sentence) + Send + Sync);

/// Imports that wait for the owner's word.
#[derive(Default)]
pub(crate) struct Imports(Mutex<VecDeque<Waiting>>);

/// What belongs to an offer.
struct Waiting {
    owner: OwnerId,
    offer: OfferId,
    package: Digest,
    app: AppName,
    files: BTreeMap<String, Vec<u8>>,
    steps: Vec<Step>,
    bundle: Option<Arc<Bundle>>,
    /// The bundle's own program, which has to be one that can be started.
    program: Option<String>,
    values: Vec<(String, Hidden)>,
    is_new: bool,
}

impl Imports {
    fn keep(&self, waiting: Waiting) {
        let mut all = self.0.lock();
        if all.len() >= WAITING_MAX {
            all.pop_front();
        }
        all.push_back(waiting);
    }

    fn take(&self, owner: OwnerId, offer: OfferId) -> Option<Waiting> {
        let mut all = self.0.lock();
        let place = all.iter().position(|waiting| waiting.owner == owner && waiting.offer == offer)?;
        all.remove(place)
    }
}

/// Where a step is done, and what with.
struct Place<'a> {
    room: &'a Path,
    folder: &'a Path,
    bundle: Option<Arc<Bundle>>,
    program: Option<&'a str>,
}

/// What was read, with the bundle where it was one.
struct Looked {
    scan: Scan,
    bundle: Option<Arc<Bundle>>,
}

impl Oikos {
    /// What an import would do. Nothing is done.
    pub(crate) async fn import_list(
        self: &Arc<Self>,
        caller: Caller,
        source: ImportSource,
        answers: ImportAnswers,
    ) -> Result<ImportsView, Failure> {
        let (looked, settled) = self.look(caller, source, answers).await?;
        Ok(views::all(&looked.scan, settled))
    }

    async fn look(
        self: &Arc<Self>,
        caller: Caller,
        source: ImportSource,
        answers: ImportAnswers,
    ) -> Result<(Looked, Vec<Settled>), Failure> {
        require(&caller, Right::Manage)?;
        if !caller.may_name_paths() {
            return Err(Failure::new(ErrorCode::PermissionDenied, "the files of this machine are not yours to name")
                .hint("at the machine: oikos app import --scan"));
        }
        let oikos = self.clone();
        let installed = self.imported(caller.owner).await?;
        blocking(move || {
            let mut looked = oikos.read(&source)?;
            for found in &mut looked.scan.found {
                recall(found, &installed);
                answer(found, &answers);
            }
            let settled = oikos.with_facts(&source, |facts| propose(&looked.scan.found, facts, &installed))?;
            Ok((looked, settled))
        })
        .await
    }

    fn programs(&self) -> Result<&Arc<ProgramRunner>, Failure> {
        self.runner
            .programs()
            .ok_or_else(|| Failure::new(ErrorCode::NotAvailable, "this oikos has no way to keep a program in a box"))
    }

    fn machine(&self) -> Result<ThisMachine<'_>, Failure> {
        let lacking = || Failure::new(ErrorCode::NotAvailable, "this oikos does not know whose machine it is on");
        let person = self.person.as_ref().ok_or_else(|| lacking().hint("set HOME, and start it again"))?;
        Ok(ThisMachine { person, folders: &self.program_folders })
    }

    fn with_facts<T>(&self, source: &ImportSource, act: impl FnOnce(&Facts<'_>) -> T) -> Result<T, Failure> {
        let machine = self.machine()?;
        let roots = roots(&machine, source);
        let python = if machine.program("uv").is_some() { PythonTool::Uv } else { PythonTool::Pip };
        Ok(act(&Facts { roots: &roots, machine: &machine, python }))
    }

    fn read(&self, source: &ImportSource) -> Result<Looked, Failure> {
        let machine = self.machine()?;
        let roots = roots(&machine, source);
        let plain = |scan| Ok(Looked { scan, bundle: None });
        match source {
            ImportSource::Clients { only, .. } => {
                let only = views::clients_of(only).map_err(|word| {
                    let words: Vec<&str> = Client::ALL.iter().map(|client| client.word()).collect();
                    let message = format!("'{}' is no client that oikos knows", text::shorten(&word, 60));
                    Failure::new(ErrorCode::InvalidInput, message).hint(words.join(", "))
                })?;
                let mut scan = scan(&machine, &roots, &only);
                scan.found.retain(|found| !is_ourselves(found));
                plain(scan)
            }
            ImportSource::File { path } => {
                let bytes_max = mcp::import::BUNDLE_BYTES_MAX;
                let bytes = machine.file(path, bytes_max).map_err(|error| unreadable(path, &error.to_string()))?;
                let bytes = bytes.ok_or_else(|| unreadable(path, "it is not there"))?;
                if bytes.starts_with(b"PK") {
                    let (found, bundle) = read_bundle(path, &bytes, roots.system).map_err(|fault| faulty(&fault))?;
                    let scan = Scan { found: vec![found], ..Scan::default() };
                    return Ok(Looked { scan, bundle: Some(Arc::new(bundle)) });
                }
                if bytes.len() > SERVER_JSON_BYTES_MAX {
                    return Err(unreadable(path, "it is neither a bundle nor a server.json"));
                }
                let Read { found, faults } = read_server_json(path, &bytes);
                plain(Scan { found, faults, files: Vec::new() })
            }
            ImportSource::Entry { name, entry } => {
                // As the client would have it whose words are everybody's.
                let location = clients().iter().find(|location| location.client == Client::ClaudeDesktop);
                let location: &Location = location.ok_or_else(|| Failure::new(ErrorCode::Internal, "no client"))?;
                let file = json!({ "mcpServers": { name.as_str(): entry } }).to_string();
                let Read { found, faults } =
                    read_client_file(location, "mcpServers", "oikos mcp add", None, file.as_bytes());
                let own = |found| Found { client: None, ..found };
                plain(Scan { found: found.into_iter().map(own).collect(), faults, files: Vec::new() })
            }
        }
    }

    /// What an earlier import of this app left.
    async fn imported_one(self: &Arc<Self>, owner: OwnerId, app: &AppName) -> Option<Imported> {
        let file = self.kernel.package_file(owner, app, IMPORT_FILE).await.ok().flatten();
        Imported::read(&file?)
    }

    /// What earlier imports left, for each app there is.
    async fn imported(self: &Arc<Self>, owner: OwnerId) -> Result<BTreeMap<AppName, Option<Imported>>, Failure> {
        let mut all = BTreeMap::new();
        for app in self.kernel.app_names(owner) {
            let file = self.kernel.package_file(owner, &app, IMPORT_FILE).await.unwrap_or_default();
            all.insert(app, file.as_deref().and_then(Imported::read));
        }
        Ok(all)
    }

    /// Makes one of them ready: its package is pinned and packed, and its card is shown. Nothing is installed.
    pub(crate) async fn import_offer(
        self: &Arc<Self>,
        caller: Caller,
        source: ImportSource,
        answers: ImportAnswers,
        app: AppName,
        tell: Tell<'_>,
    ) -> Result<ImportOffered, Failure> {
        let (looked, settled) = self.look(caller, source.clone(), answers.clone()).await?;
        let one = settled.into_iter().find(|one| one.proposal.app == app).ok_or_else(|| {
            Failure::new(ErrorCode::NotFound, format!("no server was found that would become {app}"))
                .hint("oikos app import --scan shows what there is")
        })?;
        if let Some(container) = one.proposal.only_a_container() {
            tell(sentence::progress_pinning(app.as_str()));
            let found = match container.image() {
                Ok(image) => registry::Asking { oikos: self, caller, app: &app }.digest(&image).await,
                Err(notice) => Err(noticed(ErrorCode::PackageInvalid, &notice)),
            };
            let refused = one.proposal.outside(found.map_err(|failure| failure.message));
            return Err(noticed(ErrorCode::PackageInvalid, &refused));
        }
        let mut bundle = looked.bundle;
        let is_new = one.action != Action::Update;
        let mut proposal = willing(one)?;
        let before = self.imported_one(caller.owner, &app).await;
        if let Some(Resolve::Bundle { .. }) = &proposal.resolve {
            tell(sentence::progress_fetching(app.as_str()));
            let (fetched, found) = self.bundle_fetch(caller, &proposal).await?;
            bundle = Some(Arc::new(fetched));
            let oikos = self.clone();
            let settled = blocking(move || {
                let mut found = found;
                before.iter().for_each(|before| remember(&mut found, &before.answers));
                answer(&mut found, &answers);
                // By itself: which app it is has been settled by what said where it is.
                oikos.with_facts(&source, |facts| propose(&[found], facts, &BTreeMap::new()))
            })
            .await?;
            let fetched = settled.into_iter().next().ok_or_else(|| Failure::new(ErrorCode::Internal, "no app"))?;
            proposal = willing(fetched)?.fetched_for(&proposal);
        }
        let pin = match &proposal.resolve {
            None => None,
            Some(_) => {
                tell(sentence::progress_pinning(app.as_str()));
                let made = self.pin(caller, &proposal).await?;
                let source = ImportSource::Clients { only: Vec::new(), projects: Vec::new() };
                let pin = self.with_facts(&source, |facts| proposal.pin(&made, facts))?;
                Some(pin.map_err(|notice| noticed(ErrorCode::PackageInvalid, &notice))?)
            }
        };
        let home = self.programs()?.home(caller.owner, &proposal.app);
        let finished = proposal.finish(pin.as_ref(), &home.to_string_lossy());
        let finished = finished.ok_or_else(|| Failure::new(ErrorCode::Internal, "it could not be packed"))?;
        let archive = package::pack(&finished.files).map_err(|error| {
            Failure::new(ErrorCode::PackageInvalid, format!("the app of {app} could not be packed"))
                .log(error.to_string())
        })?;
        tell(sentence::progress_verifying());
        let path = self.home.join("cache/import").join(format!("{}.aisapp", sha256(&archive)));
        write(&path, &archive).map_err(|error| unwritten(&error))?;
        let offered = self.kernel.app_offer(caller, path.to_string_lossy().into_owned(), None, true).await;
        drop(fs::remove_file(&path));
        let (offer, card) = offered?;
        let Finished { app, note, install, files, .. } = finished;
        let values = proposal.settings.iter();
        let values = values.filter_map(|setting| Some((setting.name.clone(), setting.value.clone()?)));
        self.imports.keep(Waiting {
            owner: caller.owner,
            offer,
            package: card.digest,
            app,
            files,
            steps: install,
            program: proposal.program.clone().filter(|_| bundle.is_some()),
            bundle,
            values: values.collect(),
            is_new,
        });
        Ok(ImportOffered { offer, card, notes: note })
    }

    /// Does the steps that pin a package, and reads what they made.
    async fn pin(self: &Arc<Self>, caller: Caller, proposal: &Proposal) -> Result<Vec<u8>, Failure> {
        let room = self.room()?;
        let folder = room.path().join("work");
        fs::create_dir(&folder).map_err(|error| unwritten(&error))?;
        let mut made = None;
        for step in proposal.steps.iter().filter(|step| step.purpose == Purpose::Pin) {
            let place = Place { room: room.path(), folder: &folder, bundle: None, program: None };
            self.step(caller, &proposal.app, step, &place).await?;
            made = Some(folder.join(step.makes));
        }
        let made = made.ok_or_else(|| Failure::new(ErrorCode::Internal, "nothing says how it is pinned"))?;
        let machine = self.machine()?;
        let bytes = machine.file(&made.to_string_lossy(), LOCK_BYTES_MAX).ok().flatten();
        bytes.ok_or_else(|| Failure::new(ErrorCode::ProgramFailed, "the package was not pinned: no list was made"))
    }

    async fn step(
        self: &Arc<Self>,
        caller: Caller,
        app: &AppName,
        step: &Step,
        place: &Place<'_>,
    ) -> Result<(), Failure> {
        let Place { room, folder, .. } = *place;
        match &step.act {
            Act::Run { argv, files, hosts } => {
                for (name, text) in files {
                    write(&folder.join(name), text.as_bytes()).map_err(|error| unwritten(&error))?;
                }
                toolbox::run(self, caller, app, &toolbox::Tool { argv, hosts, room, folder }).await
            }
            Act::Unpack { .. } => {
                let bundle = place.bundle.clone();
                let bundle = bundle.ok_or_else(|| Failure::new(ErrorCode::Internal, "the bundle is not there"))?;
                let (folder, program) = (folder.to_owned(), place.program.map(str::to_owned));
                // As much as a gigabyte: others are not to wait for it.
                blocking(move || unpack(&bundle, &folder, program.as_deref())).await
            }
            Act::Fetch { .. } => Err(Failure::new(ErrorCode::Internal, "a bundle is fetched before")),
        }
    }

    async fn bundle_fetch(self: &Arc<Self>, caller: Caller, proposal: &Proposal) -> Result<(Bundle, Found), Failure> {
        let Some(Resolve::Bundle { url, sha256: said }) = &proposal.resolve else {
            return Err(Failure::new(ErrorCode::Internal, "there is no bundle"));
        };
        let bytes = self.kernel.errand_fetch(caller, url, mcp::import::BUNDLE_BYTES_MAX).await?;
        let digest = sha256(&bytes).to_string();
        if said.as_ref().is_some_and(|said| !said.eq_ignore_ascii_case(&digest)) {
            let message = format!("{}: its SHA-256 is {digest}, and its author said another", text::shorten(url, 200));
            return Err(Failure::new(ErrorCode::PackageInvalid, message).hint("do not install it; tell its author"));
        }
        let system = if cfg!(target_os = "macos") { mcp::import::System::MacOs } else { mcp::import::System::Linux };
        let (mut found, bundle) = read_bundle(url, &bytes, system).map_err(|fault| faulty(&fault))?;
        found.name.clone_from(&proposal.name);
        Ok((bundle, found))
    }

    /// A folder for one import: gone with it.
    fn room(&self) -> Result<tempfile::TempDir, Failure> {
        let rooms = self.home.join("cache/import");
        fs::create_dir_all(&rooms)
            .and_then(|()| tempfile::Builder::new().prefix("room-").tempdir_in(&rooms))
            .map_err(|error| unwritten(&error))
    }

    /// Installs an offer. One that was imported has its packages put in place before, what was found for it after, and is
    /// switched off where it is new.
    pub(crate) async fn install(
        self: &Arc<Self>,
        caller: Caller,
        offer: OfferId,
        choices: Vec<protocol::api::LineChoice>,
        tell: Tell<'_>,
    ) -> Result<AppDetail, Failure> {
        let Some(waiting) = self.imports.take(caller.owner, offer) else {
            tell(sentence::progress_snapshot());
            return self.kernel.app_install(caller, offer, choices).await;
        };
        let tree = self.programs()?.tree(waiting.package);
        let was_there = tree.exists();
        if !was_there && !waiting.steps.is_empty() {
            tell(sentence::progress_packages(waiting.app.as_str()));
            self.tree_make(caller, &waiting, &tree).await?;
        }
        tell(sentence::progress_snapshot());
        let installed = match waiting.is_new {
            true => self.kernel.app_install_off(caller, offer, choices).await,
            false => self.kernel.app_install(caller, offer, choices).await,
        };
        let installed = match installed {
            Ok(_) => self.values_take_over(caller, &waiting).await,
            Err(failure) => Err(failure),
        };
        // Another owner's app may be the same package, which is kept once.
        if installed.is_err() && !was_there && !self.kernel.is_package_used(waiting.package) {
            drop(fs::remove_dir_all(&tree));
        }
        installed
    }

    /// Sets what was found for it. Where that fails, all is as it was before the install.
    async fn values_take_over(self: &Arc<Self>, caller: Caller, waiting: &Waiting) -> Result<AppDetail, Failure> {
        let app = &waiting.app;
        if !waiting.values.is_empty() {
            let values = waiting.values.iter();
            let values: Map<String, Value> =
                values.map(|(name, value)| (name.clone(), Value::String(value.expose().to_owned()))).collect();
            let set = self.kernel.setting_set(caller, app.clone(), values.into_iter().collect()).await;
            if let Err(failure) = set {
                let undone = match waiting.is_new {
                    true => self.kernel.app_remove(caller, app.clone(), false).await,
                    false => self.kernel.app_rollback(caller, app.clone(), true).await.map(drop),
                };
                if let Err(undone) = undone {
                    tracing::error!(%app, code = %undone.code, "an import that failed could not be taken back");
                }
                return Err(failure);
            }
        }
        self.kernel.app_info(caller, app.clone()).await
    }

    async fn tree_make(self: &Arc<Self>, caller: Caller, waiting: &Waiting, tree: &Path) -> Result<(), Failure> {
        let room = self.room()?;
        let folder = room.path().join(INSTALL_FOLDER);
        fs::create_dir(&folder).map_err(|error| unwritten(&error))?;
        for (path, bytes) in &waiting.files {
            if let Some(inside) = path.strip_prefix(INSTALL_FOLDER).and_then(|path| path.strip_prefix('/')) {
                write(&folder.join(inside), bytes).map_err(|error| unwritten(&error))?;
            }
        }
        let inside = |program: &String| program.strip_prefix(INSTALL_FOLDER)?.strip_prefix('/').map(str::to_owned);
        let program = waiting.program.as_ref().and_then(inside);
        let bundle = waiting.bundle.clone();
        let place = Place { room: room.path(), folder: &folder, bundle, program: program.as_deref() };
        for step in &waiting.steps {
            self.step(caller, &waiting.app, step, &place).await?;
        }
        let parent = tree.parent().unwrap_or(&self.home);
        fs::create_dir_all(parent).and_then(|()| fs::rename(&folder, tree)).map_err(|error| unwritten(&error))
    }
}

/// Removes what an import that was cut off has left: its rooms, and trees that belong to no app.
pub(crate) fn sweep(home: &Path, kernel: &kernel::Kernel) {
    let rooms = home.join("cache/import");
    let gone = match fs::remove_dir_all(&rooms) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    let trees = fs::read_dir(home.join("installed")).into_iter().flatten().filter_map(Result::ok);
    let gone = trees.fold(gone, |gone, tree| {
        let name = tree.file_name();
        let package = name.to_str().and_then(|name| name.parse::<Digest>().ok());
        match package.filter(|package| !kernel.is_package_used(*package)) {
            Some(_) => gone.and(fs::remove_dir_all(tree.path())),
            None => gone,
        }
    });
    if let Err(error) = gone {
        tracing::warn!(%error, "what an import has left could not be removed");
    }
}

fn roots(machine: &ThisMachine<'_>, source: &ImportSource) -> Roots {
    let projects = match source {
        ImportSource::Clients { projects, .. } => projects.clone(),
        ImportSource::File { .. } | ImportSource::Entry { .. } => Vec::new(),
    };
    machine.roots(projects)
}

/// oikos where a client starts it: it offers what is here already.
fn is_ourselves(found: &Found) -> bool {
    let Form::Program(program) = &found.form else { return false };
    let name = program.command.expose().rsplit(['/', '\\']).next().unwrap_or_default();
    let words: Vec<&str> = program.args.iter().map(Hidden::expose).collect();
    name.trim_end_matches(".exe") == "oikos" && words.windows(2).any(|pair| pair == ["mcp", "serve"])
}

fn answer(found: &mut Found, answers: &ImportAnswers) {
    for (name, values) in answers {
        found.answer(name, values.clone());
    }
}

/// Puts in what was answered when it was imported before: nobody is asked twice.
fn recall(found: &mut Found, installed: &BTreeMap<AppName, Option<Imported>>) {
    let origin = found.origin();
    let before = installed.values().flatten().find(|app| app.origins.contains(&origin));
    before.iter().for_each(|before| remember(found, &before.answers));
}

/// Answers that were kept were no secrets, whatever the same name is asked for today.
fn remember(found: &mut Found, answers: &ImportAnswers) {
    for (name, values) in answers {
        if found.inputs.get(name).is_some_and(|input| !input.is_secret) {
            found.answer(name, values.clone());
        }
    }
}

/// What can be imported, or why it cannot.
fn willing(one: Settled) -> Result<Proposal, Failure> {
    match one.proposal.refusals.first() {
        Some(refusal) => Err(noticed(ErrorCode::PackageInvalid, refusal)),
        None if one.action == Action::Keep => {
            let message = format!("{} is there already, from the same entry", one.proposal.app);
            Err(Failure::new(ErrorCode::Conflict, message).hint(format!("oikos mcp look {}", one.proposal.app)))
        }
        None => Ok(one.proposal),
    }
}

fn noticed(code: ErrorCode, notice: &mcp::import::Notice) -> Failure {
    let failure = Failure::new(code, notice.message.clone());
    match &notice.hint {
        Some(hint) => failure.hint(hint.clone()),
        None => failure,
    }
}

fn faulty(fault: &mcp::import::Fault) -> Failure {
    let failure = Failure::new(ErrorCode::FileUnusable, fault.to_string());
    match &fault.hint {
        Some(hint) => failure.hint(hint.clone()),
        None => failure,
    }
}

fn unreadable(path: &str, why: &str) -> Failure {
    Failure::new(ErrorCode::FileUnusable, format!("{} cannot be read: {why}", text::shorten(path, 200)))
}

fn unwritten(error: &io::Error) -> Failure {
    Failure::new(ErrorCode::HomeUnusable, "what an import needs could not be written into OIKOS_HOME")
        .hint("oikos doctor looks at the disk")
        .log(error.to_string())
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, bytes)
}

/// Puts a bundle's files in place. Their paths were checked when the bundle was read.
fn unpack(bundle: &Bundle, folder: &Path, program: Option<&str>) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    for file in bundle.unpacked() {
        let (path, is_program, bytes) = file.map_err(|why| Failure::new(ErrorCode::PackageInvalid, why))?;
        let place: PathBuf = folder.join(path);
        write(&place, &bytes).map_err(|error| unwritten(&error))?;
        let mode = if is_program || program == Some(path) { 0o700 } else { 0o600 };
        fs::set_permissions(&place, fs::Permissions::from_mode(mode)).map_err(|error| unwritten(&error))?;
    }
    Ok(())
}
