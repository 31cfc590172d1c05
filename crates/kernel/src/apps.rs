//! Apps: offered, installed, enabled, disabled, removed. A package is verified before any of it runs, and an install is
//! one commit: before it nothing is installed, after it everything is.

use crate::{
    Kernel, card,
    code::check_exports,
    journal,
    run::{commit_failure, internal, kernel_caller, store_failure},
    runner::GuestImage,
    signer::{Consent, Signer, is_signed_by},
    triggers::Triggers,
};
use broker::{AppGrants, Folder, Grant, GrantError, LeaseEnd, Picked, card_lines};
use package::{Callable, Package, did_you_mean};
use protocol::{
    ActionName, AppName, AuditEvent, Badge, Caller, Card, CardLine, Digest, ErrorCode, Failure, GrantDuration, GrantId,
    GrantState, Labels, Line, OfferId, OwnerId, Right, Scope, ScopeRequest, Sentence, Timestamp, Zone,
    api::{ActionView, AppDetail, AppSummary, GrantView, LineChoice},
    sentence,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::{Batch, Durability, Key, Space};
use std::{collections::VecDeque, path::PathBuf, sync::Arc};
use tokio::sync::{OnceCell, Semaphore};

/// Offers that wait for a yes at once; older ones are forgotten.
const OFFERS_MAX: usize = 16;
/// What their archives may take in memory together: the largest package a few times over.
const OFFERS_BYTES_MAX: usize = 256 << 20;

/// An installed app, as the store has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AppRecord {
    /// Its name.
    pub name: AppName,
    /// The version that runs.
    pub version: semver::Version,
    /// SHA-256 of its archive, which is kept as a blob.
    pub digest: Digest,
    /// The author's title.
    pub title: String,
    /// Whether it may run.
    pub enabled: bool,
    /// Whose signature it carries.
    #[serde(flatten)]
    pub badge: Badge,
    /// This device's own signature over name, version and digest: that it was installed here.
    pub signature: link::PackageSignature,
    /// The publisher's key, where a publisher signed it. Not `publisher`: that is the badge's word for the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher_key: Option<link::PublisherKey>,
    /// When this version was installed.
    pub installed_at: Timestamp,
}

/// An app that is ready to run.
pub(crate) struct LoadedApp {
    pub(crate) record: AppRecord,
    pub(crate) package: Package,
    /// Places on the threads where effects block, for all runs of the app together.
    pub(crate) effect_places: Arc<Semaphore>,
    image: OnceCell<Arc<dyn GuestImage>>,
}

/// A verified package that waits for a yes.
pub(crate) struct Offer {
    id: OfferId,
    owner: OwnerId,
    package: Package,
    card: Card,
    consent: Consent,
}

impl LoadedApp {
    fn new(record: AppRecord, package: Package, image: Option<Arc<dyn GuestImage>>) -> Arc<Self> {
        let effect_places = Arc::new(Semaphore::new(crate::APP_EFFECTS_AT_ONCE));
        Arc::new(Self { record, package, effect_places, image: OnceCell::new_with(image) })
    }

    /// The action or tool of this name.
    pub(crate) fn callable(&self, name: &ActionName) -> Result<Callable<'_>, Failure> {
        self.package.callable(name).ok_or_else(|| {
            let names: Vec<&str> = self.package.callables().map(|known| known.name().as_str()).collect();
            let failure =
                Failure::new(ErrorCode::ActionNotFound, format!("{} has no action or tool '{name}'", self.record.name));
            if names.is_empty() {
                return failure;
            }
            let near = did_you_mean(name.as_str(), names.iter().copied()).map_or_else(String::new, |near| near + " ");
            failure.hint(format!("{near}it has: {}", names.join(", ")))
        })
    }

    pub(crate) fn check_input(&self, called: Callable<'_>, input: &Value) -> Result<(), Failure> {
        called.check_input(input).map_err(|error| {
            Failure::from_error(ErrorCode::InvalidInput, &error).hint(format!(
                "oikos app info {} shows what {} takes",
                self.record.name,
                called.name()
            ))
        })
    }

    /// What `ctx.env` shows: the app, the names of the files that were handed over, which their handles hide, and what
    /// started the run where that was no person.
    pub(crate) fn env(&self, picked: &[Picked], trigger: Option<&Value>) -> Vec<u8> {
        let files: serde_json::Map<String, Value> = picked
            .iter()
            .map(|picked| {
                let folder = picked.folder.path.rsplit('/').next().unwrap_or_default();
                let name = picked.file.as_deref().unwrap_or(folder);
                (picked.name.clone(), Value::from(name))
            })
            .collect();
        let mut env = serde_json::json!({
            "files": files,
            "app": self.record.name.as_str(),
            "version": self.record.version.to_string(),
            "oikos": env!("CARGO_PKG_VERSION"),
        });
        if let Some(trigger) = trigger {
            env["trigger"] = trigger.clone();
        }
        env.to_string().into_bytes()
    }
}

/// What a package asks for, its triggers included. One whose triggers cannot be read was never offered.
pub(crate) fn scope_requests(package: &Package) -> Vec<ScopeRequest> {
    Triggers::of(package).map(|triggers| triggers.requests(package)).unwrap_or_default()
}

impl Kernel {
    /// Reads, verifies and stages a package, and shows its card. Nothing is installed. `trust` is the key or the
    /// fingerprint of a publisher whom the owner accepts with this package; with `downgrade` an older version than before
    /// is fine.
    pub async fn app_offer(
        self: &Arc<Self>,
        caller: Caller,
        source: String,
        trust: Option<&str>,
        downgrade: bool,
    ) -> Result<(OfferId, Card), Failure> {
        self.require(&caller, Right::Manage)?;
        let consent = Consent::read(trust, downgrade)?;
        let path = PathBuf::from(&source);
        let read = tokio::task::spawn_blocking(move || Package::read(&path))
            .await
            .map_err(|_| internal("the package could not be read"))?;
        let package = match read {
            Ok(package) => package,
            Err(error) => return Err(self.app_refuse(&caller, &source, Failure::from(error))),
        };
        if let Err(failure) = Triggers::of(&package) {
            return Err(self.app_refuse(&caller, &source, failure));
        }
        if !package.manifest().zones.contains(&self.broker.zone()) {
            let message = format!(
                "{} does not run in zone {}: its author lists {}",
                package.name(),
                self.broker.zone(),
                package.manifest().zones.iter().map(Zone::to_string).collect::<Vec<_>>().join(", ")
            );
            return Err(self.app_refuse(&caller, &source, Failure::new(ErrorCode::PackageZoneRefused, message)));
        }
        let signer = self.signer_of(caller.owner, &package, &consent);
        let signer = signer.map_err(|failure| self.app_refuse(&caller, &source, failure))?;
        let installed = self.app_record(caller.owner, package.name()).ok();
        let card = self.card(&package, installed.as_ref(), signer.as_ref());
        let id = OfferId::new(&*self.clock, &*self.entropy);
        let mut offers = self.offers.lock();
        offers.push_back(Offer { id, owner: caller.owner, package, card: card.clone(), consent });
        let bytes = |offers: &VecDeque<Offer>| -> usize {
            offers.iter().map(|offer| offer.package.archive_bytes().len()).sum()
        };
        while offers.len() > OFFERS_MAX || bytes(&offers) > OFFERS_BYTES_MAX {
            offers.pop_front();
        }
        Ok((id, card))
    }

    /// One audit line for a refused package; the failure goes on.
    fn app_refuse(&self, caller: &Caller, source: &str, failure: Failure) -> Failure {
        let said = sentence::app_refused(source, failure.code);
        let record = journal::record(self.clock.now(), caller, AuditEvent::Refused, None, said);
        self.note(caller.owner, &record);
        failure
    }

    /// Forgets an offer: nobody agreed.
    pub fn app_decline(&self, caller: &Caller, offer: OfferId) {
        self.offers.lock().retain(|known| known.id != offer || known.owner != caller.owner);
    }

    /// Installs what was offered. The choices are the owner's; a line without one gets the card's proposal.
    pub async fn app_install(
        self: &Arc<Self>,
        caller: Caller,
        offer: OfferId,
        choices: Vec<LineChoice>,
    ) -> Result<AppDetail, Failure> {
        self.require(&caller, Right::Manage)?;
        let offer = {
            let mut offers = self.offers.lock();
            let place = offers.iter().position(|known| known.id == offer && known.owner == caller.owner);
            place.and_then(|place| offers.remove(place)).ok_or_else(|| {
                Failure::new(ErrorCode::NotFound, "this offer is gone: it was installed, declined, or too old")
            })?
        };
        let kernel = self.clone();
        let loaded = tokio::task::spawn_blocking(move || kernel.install(&caller, offer, &choices))
            .await
            .map_err(|_| internal("the install failed"))??;
        self.app_detail(caller.owner, &loaded)
    }

    fn install(&self, caller: &Caller, offer: Offer, choices: &[LineChoice]) -> Result<Arc<LoadedApp>, Failure> {
        let owner = caller.owner;
        let Offer { package, card, consent, .. } = offer;
        let name = package.name().clone();
        // Looked at before anything is done; made again below, from what holds then.
        self.grants_choose(&name, &card.lines, None, choices)?;
        let image = self.prepare(&package).map_err(|failure| self.app_refuse(caller, name.as_str(), failure))?;
        check_exports(&package, &*image).map_err(|failure| self.app_refuse(caller, name.as_str(), failure))?;
        let triggers = Triggers::of(&package)?;
        triggers
            .registered(&package, self.clock.now(), image.exports())
            .map_err(|failure| self.app_refuse(caller, name.as_str(), failure))?;
        let _changing = self.changing.lock();
        // Again, from what holds now: the name may have got another owner since the offer.
        let signer = self.signer_of(owner, &package, &consent);
        let signer = signer.map_err(|failure| self.app_refuse(caller, name.as_str(), failure))?;
        let old = self.app_record(owner, &name).ok();
        let kept = old.as_ref().and_then(|_| self.grants_stored(owner, &name).ok());
        let grants = self.grants_choose(&name, &card.lines, kept.as_ref(), choices)?;
        crate::crash_point("install::before_blob");
        self.blobs.put(package.archive_bytes()).map_err(|error| Failure::from_error(error.code(), &error))?;
        crate::crash_point("install::after_blob");
        let version = package.manifest().version.clone();
        let record = AppRecord {
            name: name.clone(),
            digest: package.digest(),
            title: package.manifest().title.clone(),
            enabled: true,
            badge: signer.as_ref().map_or_else(|| card.badge.clone(), Signer::badge),
            publisher_key: signer.as_ref().map(|signer| signer.key),
            signature: self.developer.sign_package(&name, &version, package.digest()),
            installed_at: self.clock.now(),
            version: version.clone(),
        };
        let said = match &old {
            Some(old) if old.version != version => {
                sentence::app_upgraded(old.version.to_string(), version.to_string(), package.digest().short())
            }
            _ => sentence::app_installed(version.to_string(), package.digest().short()),
        };
        let mut batch = Batch::new();
        let key = Key::new(owner, Space::App, name.as_str());
        batch.put(&key, serde_json::to_vec(&record).unwrap_or_default(), Labels::NONE);
        let key = Key::new(owner, Space::Grant, name.as_str());
        batch.put(&key, serde_json::to_vec(&grants).unwrap_or_default(), Labels::NONE);
        let said = journal::record(self.clock.now(), caller, AuditEvent::App, Some(&name), said);
        journal::append(&mut batch, owner, &said);
        for grant in &grants.grants {
            journal::append(&mut batch, owner, &grant_record(self.clock.now(), caller, &name, grant));
        }
        if let Some(signer) = &signer {
            self.signer_write(&mut batch, caller, &package, signer)?;
        }
        if triggers.is_scheduled() {
            self.schedule_begin(owner, &name, &mut batch);
        }
        crate::crash_point("install::before_commit");
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        crate::crash_point("install::after_commit");
        self.broker.grants_load(owner, &name, grants);
        let loaded = LoadedApp::new(record, package, Some(image.clone()));
        self.apps.write().insert((owner, name.clone()), loaded.clone());
        self.listeners_set(owner, &loaded, image.exports())?;
        if let Some(old) = old.filter(|old| old.digest != loaded.record.digest) {
            self.archive_release(owner, old.digest);
        }
        Ok(loaded)
    }

    /// Removes an archive that no app points to any more. Runs under way hold theirs in memory.
    fn archive_release(&self, owner: OwnerId, digest: Digest) {
        let still_used =
            self.app_records(owner).is_ok_and(|records| records.iter().any(|known| known.digest == digest));
        if !still_used {
            self.runner.forget(digest);
            if let Err(error) = self.blobs.remove(digest) {
                tracing::warn!(%digest, %error, "an archive that nobody needs could not be removed");
            }
        }
    }

    /// What an app is granted: the owner's choices, else what held before, else what the card proposes.
    fn grants_choose(
        &self,
        app: &AppName,
        lines: &[CardLine],
        before: Option<&AppGrants>,
        choices: &[LineChoice],
    ) -> Result<AppGrants, Failure> {
        let now = self.clock.now();
        let mut grants = AppGrants {
            requested: lines.iter().map(|line| line.scope.clone()).collect(),
            grants: Vec::with_capacity(lines.len()),
        };
        for line in lines {
            let held = before.and_then(|before| {
                let same = before.requested.contains(&line.scope);
                before.grants.iter().find(|grant| grant.line == line.line && same).cloned()
            });
            grants.grants.push(held.unwrap_or_else(|| self.grant_new(line, line.state, Vec::new(), now)));
        }
        self.grants_apply(app, lines, &mut grants, choices)?;
        Ok(grants)
    }

    fn grant_new(&self, line: &CardLine, state: GrantState, folders: Vec<Folder>, at: Timestamp) -> Grant {
        let scope = match &line.scope {
            Scope::File { access, .. } => {
                Scope::File { access: *access, folders: folders.iter().map(|folder| folder.path.clone()).collect() }
            }
            scope => scope.clone(),
        };
        Grant {
            id: GrantId::new(&*self.clock, &*self.entropy),
            line: line.line.clone(),
            scope,
            state,
            duration: GrantDuration::Always,
            folders,
            at,
        }
    }

    /// Applies choices to grants. Returns the lines that changed.
    fn grants_apply(
        &self,
        app: &AppName,
        lines: &[CardLine],
        grants: &mut AppGrants,
        choices: &[LineChoice],
    ) -> Result<Vec<Line>, Failure> {
        let mut changed = Vec::new();
        for choice in choices {
            let matching: Vec<&CardLine> = lines.iter().filter(|line| line.line.matches(&choice.line)).collect();
            if matching.is_empty() {
                let error =
                    GrantError::NotAskedFor { app: app.to_string(), line: protocol::text::shorten(&choice.line, 60) };
                let known: Vec<&str> = lines.iter().map(|line| line.line.as_str()).collect();
                let asks = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                return Err(Failure::from_error(ErrorCode::NotFound, &error).hint(format!("it asks for: {asks}")));
            }
            if let Some(line) = matching.iter().find(|line| choice.state == GrantState::Ask && line.scope.is_start()) {
                let error = GrantError::NoAsk { line: line.line.to_string() };
                return Err(Failure::from_error(ErrorCode::Usage, &error));
            }
            for line in matching {
                let first = !changed.contains(&line.line);
                let mut folders = match grants.grants.iter().find(|grant| grant.line == line.line) {
                    // Several choices for one line add up; a line named without a folder keeps those it has.
                    Some(grant) if !first || choice.target.is_none() => grant.folders.clone(),
                    _ => Vec::new(),
                };
                if let Some(target) = &choice.target {
                    if !matches!(line.scope, Scope::File { .. }) {
                        let error = GrantError::NoTarget { line: line.line.to_string(), target: target.clone() };
                        return Err(Failure::from_error(ErrorCode::Usage, &error));
                    }
                    let folder =
                        self.effects.places.folder(target).map_err(|error| Failure::new(error.code, error.message))?;
                    if self.broker.is_protected(&folder.path, folder.device, folder.inode) {
                        let error = GrantError::Protected { path: folder.path };
                        return Err(Failure::from_error(ErrorCode::PermissionDenied, &error));
                    }
                    folders.retain(|known| *known != folder);
                    folders.push(folder);
                }
                grants.set(self.grant_new(line, choice.state, folders, self.clock.now()));
                if first {
                    changed.push(line.line.clone());
                }
            }
        }
        Ok(changed)
    }

    /// An app's switches as they stand.
    pub fn grant_list(&self, caller: &Caller, app: &AppName) -> Result<Vec<GrantView>, Failure> {
        self.require(caller, Right::Read)?;
        self.app_record(caller.owner, app)?;
        Ok(self.grant_views(caller.owner, app))
    }

    fn grant_views(&self, owner: OwnerId, app: &AppName) -> Vec<GrantView> {
        let grants = self.broker.grants(owner, app);
        let now = self.clock.now();
        let requests: Vec<ScopeRequest> = grants
            .requested
            .iter()
            .map(|scope| {
                // Shown as granted: the owner's folders, not the author's proposals.
                let granted = grants.effective(&scope.line(), now, None);
                let scope = granted.map_or_else(|| scope.clone(), |grant| grant.scope.clone());
                ScopeRequest { scope, reason: None }
            })
            .collect();
        card_lines(&requests, self.broker.zone())
            .into_iter()
            .map(|mut line| {
                let grant = grants.effective(&line.line, now, None);
                line.state = grant.map_or(GrantState::Block, |grant| grant.state);
                if grant.is_some_and(|grant| !grant.folders.is_empty()) {
                    line.needs = None;
                }
                GrantView { line, duration: grant.map_or(GrantDuration::Always, |grant| grant.duration) }
            })
            .collect()
    }

    /// Changes an app's switches. Holds from the next effect on, also for runs under way.
    pub async fn grant_set(
        self: &Arc<Self>,
        caller: Caller,
        app: AppName,
        choices: Vec<LineChoice>,
    ) -> Result<Vec<GrantView>, Failure> {
        self.require(&caller, Right::Manage)?;
        let loaded = self.app_load(caller.owner, &app).await?;
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || {
            let _changing = kernel.changing.lock();
            let loaded = kernel.app_again(caller.owner, &loaded)?;
            let lines = card_lines(&scope_requests(&loaded.package), kernel.broker.zone());
            let mut grants = kernel.broker.grants(caller.owner, &app).as_ref().clone();
            grants.prune(kernel.clock.now());
            let changed = kernel.grants_apply(&app, &lines, &mut grants, &choices)?;
            let records: Vec<_> = changed
                .iter()
                .filter_map(|line| grants.grants.iter().find(|grant| grant.line == *line))
                .map(|grant| grant_record(kernel.clock.now(), &caller, &app, grant))
                .collect();
            kernel.grants_write(caller.owner, &app, &grants, &records)?;
            Ok(kernel.grant_views(caller.owner, &app))
        })
        .await
        .map_err(|_| internal("the grants could not be changed"))?
    }

    /// All apps, by name.
    pub fn app_list(&self, caller: &Caller) -> Result<Vec<AppSummary>, Failure> {
        self.require(caller, Right::Read)?;
        Ok(self.app_records(caller.owner)?.iter().map(|record| self.app_summary(caller.owner, record)).collect())
    }

    /// One app in full.
    pub async fn app_info(self: &Arc<Self>, caller: Caller, app: AppName) -> Result<AppDetail, Failure> {
        self.require(&caller, Right::Read)?;
        let loaded = self.app_load(caller.owner, &app).await?;
        self.app_detail(caller.owner, &loaded)
    }

    /// Lets an app run, or keeps it from running. Runs under way end by themselves or by `stop`.
    pub async fn app_set_enabled(
        self: &Arc<Self>,
        caller: Caller,
        app: AppName,
        enabled: bool,
    ) -> Result<AppDetail, Failure> {
        self.require(&caller, Right::Manage)?;
        let loaded = self.app_load(caller.owner, &app).await?;
        let whose = (caller.owner, app.clone());
        if loaded.record.enabled == enabled && !(enabled && self.bus.is_paused(&whose)) {
            return self.app_detail(caller.owner, &loaded);
        }
        let kernel = self.clone();
        let loaded = tokio::task::spawn_blocking(move || {
            // A fresh image: what the author's modules do at activation may depend on the engine.
            let image = enabled.then(|| kernel.prepare(&loaded.package)).transpose()?;
            let _changing = kernel.changing.lock();
            let loaded = kernel.app_again(caller.owner, &loaded)?;
            let record = AppRecord { enabled, ..loaded.record.clone() };
            let mut batch = Batch::new();
            let key = Key::new(caller.owner, Space::App, app.as_str());
            batch.put(&key, serde_json::to_vec(&record).unwrap_or_default(), Labels::NONE);
            if loaded.record.enabled != enabled {
                let said = if enabled { sentence::app_enabled() } else { sentence::app_disabled() };
                let said = journal::record(kernel.clock.now(), &caller, AuditEvent::App, Some(&app), said);
                journal::append(&mut batch, caller.owner, &said);
            }
            if enabled {
                kernel.triggers_resume(&caller, &app, &mut batch);
                // What was while it could not start is over.
                if Triggers::of(&loaded.package)?.is_scheduled() {
                    kernel.schedule_begin(caller.owner, &app, &mut batch);
                }
            }
            kernel.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
            let loaded = LoadedApp::new(record, loaded.package.clone(), image.clone());
            kernel.apps.write().insert(whose.clone(), loaded.clone());
            match image {
                Some(image) => {
                    kernel.listeners_set(caller.owner, &loaded, image.exports())?;
                    kernel.bus.resume(&whose);
                }
                None => kernel.listeners_drop(caller.owner, &app),
            }
            Ok::<_, Failure>(loaded)
        })
        .await
        .map_err(|_| internal("the app could not be changed"))??;
        self.app_detail(caller.owner, &loaded)
    }

    /// Removes an app: its runs are stopped, its grants go, its data stays unless `erase`. What stayed of an app that is
    /// gone can be erased later.
    pub async fn app_remove(self: &Arc<Self>, caller: Caller, app: AppName, erase: bool) -> Result<(), Failure> {
        self.require(&caller, Right::Manage)?;
        let is_installed = match self.app_record(caller.owner, &app) {
            Ok(_) => true,
            Err(failure) if failure.code == ErrorCode::AppNotFound && erase => {
                let data = format!("{app}/");
                let left = self.store.scan(caller.owner, Space::Storage, &data, None, 1).map_err(store_failure)?;
                if left.is_empty() {
                    return Err(failure);
                }
                false
            }
            Err(failure) => return Err(failure),
        };
        if is_installed {
            self.run_stop(&caller, &protocol::api::StopTarget::App(app.clone()))?;
        }
        if erase {
            // What a run had stored by its end must not come back after this.
            self.runs_gone(caller.owner, &app).await;
        }
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || {
            let owner = caller.owner;
            let _changing = kernel.changing.lock();
            let record = if is_installed { Some(kernel.app_record(owner, &app)?) } else { None };
            let mut batch = Batch::new();
            batch.delete(&Key::new(owner, Space::App, app.as_str()));
            batch.delete(&Key::new(owner, Space::Grant, app.as_str()));
            batch.delete(&Self::schedule_key(owner, &app));
            batch.delete(&crate::stop::paused_key(owner, &app));
            if erase {
                batch.delete_prefix(owner, Space::Storage, &format!("{app}/"));
            }
            let said = if erase { sentence::app_removed_erased() } else { sentence::app_removed() };
            let said = journal::record(kernel.clock.now(), &caller, AuditEvent::App, Some(&app), said);
            journal::append(&mut batch, owner, &said);
            crate::crash_point("remove::before_commit");
            kernel.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
            crate::crash_point("remove::after_commit");
            kernel.apps.write().remove(&(owner, app.clone()));
            kernel.broker.grants_drop(owner, &app);
            kernel.listeners_drop(owner, &app);
            kernel.schedule_drop(owner, &app);
            kernel.bus.resume(&(owner, app.clone()));
            // What began in between has no grants any more, and no app.
            kernel.runs_end(owner, &app, LeaseEnd::Stopped);
            if let Some(record) = record {
                kernel.archive_release(owner, record.digest);
            }
            Ok(())
        })
        .await
        .map_err(|_| internal("the app could not be removed"))?
    }

    /// The app as it is now, for whoever holds `changing` and has looked at it before.
    fn app_again(&self, owner: OwnerId, before: &LoadedApp) -> Result<Arc<LoadedApp>, Failure> {
        let name = &before.record.name;
        self.apps.read().get(&(owner, name.clone())).cloned().ok_or_else(|| self.app_not_found(owner, name))
    }

    fn app_not_found(&self, owner: OwnerId, app: &AppName) -> Failure {
        // A store that cannot be read has no near name to offer; whoever reads on is told about it.
        let known = self.app_records(owner).unwrap_or_default();
        let near = did_you_mean(app.as_str(), known.iter().map(|record| record.name.as_str()));
        Failure::new(ErrorCode::AppNotFound, format!("no app '{app}' is installed"))
            .hint(near.map_or_else(String::new, |near| near + " ") + "oikos app list shows what is installed")
    }

    pub(crate) fn app_records(&self, owner: OwnerId) -> Result<Vec<AppRecord>, Failure> {
        let entries = self.store.scan(owner, Space::App, "", None, crate::SCAN_MAX).map_err(store_failure)?;
        entries
            .into_iter()
            .map(|(key, entry)| {
                serde_json::from_slice(&entry.value).map_err(|error| {
                    Failure::new(ErrorCode::StoreDamaged, format!("the record of app {key} cannot be read"))
                        .log(error.to_string())
                })
            })
            .collect()
    }

    /// The record of an installed app.
    pub(crate) fn app_record(&self, owner: OwnerId, app: &AppName) -> Result<AppRecord, Failure> {
        if let Some(loaded) = self.apps.read().get(&(owner, app.clone())) {
            return Ok(loaded.record.clone());
        }
        let entry = self.store.get(&Key::new(owner, Space::App, app.as_str())).map_err(store_failure)?;
        let entry = entry.ok_or_else(|| self.app_not_found(owner, app))?;
        serde_json::from_slice(&entry.value).map_err(|error| {
            Failure::new(ErrorCode::StoreDamaged, format!("the record of app {app} cannot be read"))
                .log(error.to_string())
        })
    }

    /// An app ready to run: verified again when it is read from disk.
    pub(crate) async fn app_load(self: &Arc<Self>, owner: OwnerId, app: &AppName) -> Result<Arc<LoadedApp>, Failure> {
        if let Some(loaded) = self.apps.read().get(&(owner, app.clone())) {
            return Ok(loaded.clone());
        }
        let (kernel, app) = (self.clone(), app.clone());
        tokio::task::spawn_blocking(move || {
            // Not while somebody changes apps: what is removed just now must not come back.
            let _changing = kernel.changing.lock();
            let key = (owner, app);
            if let Some(loaded) = kernel.apps.read().get(&key) {
                return Ok(loaded.clone());
            }
            let record = kernel.app_record(owner, &key.1)?;
            let (package, grants) = kernel.app_read(owner, &record)?;
            kernel.broker.grants_load(owner, &record.name, grants);
            let loaded = LoadedApp::new(record, package, None);
            kernel.apps.write().insert(key, loaded.clone());
            Ok(loaded)
        })
        .await
        .map_err(|_| internal("the app could not be loaded"))?
    }

    /// Reads an installed app from the disk and verifies it.
    fn app_read(&self, owner: OwnerId, record: &AppRecord) -> Result<(Package, AppGrants), Failure> {
        let stopped = |why: String| {
            Failure::new(ErrorCode::AppStopped, format!("{} cannot be loaded: {why}", record.name))
                .hint("install it again from its folder or archive")
        };
        let publisher = self.developer.public_key();
        if record.signature.verify(&publisher, &record.name, &record.version, record.digest).is_err() {
            return Err(stopped("its signature is not this device's".to_owned()));
        }
        let bytes = self.blobs.get(record.digest).map_err(|error| stopped(error.to_string()))?;
        let package = Package::open(bytes).map_err(|error| stopped(error.to_string()))?;
        if record.publisher_key.is_some_and(|publisher| !is_signed_by(&package, &publisher)) {
            return Err(stopped("its publisher did not sign it".to_owned()));
        }
        let grants =
            self.grants_stored(owner, &record.name).map_err(|_| stopped("its grants cannot be read".to_owned()))?;
        Ok((package, grants))
    }

    /// What an app was granted, as the store has it.
    pub(crate) fn grants_stored(&self, owner: OwnerId, app: &AppName) -> Result<AppGrants, Failure> {
        let entry = self.store.get(&Key::new(owner, Space::Grant, app.as_str())).map_err(store_failure)?;
        entry
            .and_then(|entry| serde_json::from_slice(&entry.value).ok())
            .ok_or_else(|| Failure::new(ErrorCode::StoreDamaged, format!("the grants of {app} cannot be read")))
    }

    /// What runs of an app start from; made at the first run after a start, then kept.
    pub(crate) async fn image(self: &Arc<Self>, app: &Arc<LoadedApp>) -> Result<Arc<dyn GuestImage>, Failure> {
        if let Some(image) = app.image.get() {
            return Ok(image.clone());
        }
        let (kernel, loading) = (self.clone(), app.clone());
        app.image
            .get_or_try_init(|| async move {
                tokio::task::spawn_blocking(move || kernel.prepare(&loading.package))
                    .await
                    .map_err(|_| internal("the app's code could not be loaded"))?
                    .map_err(|failure| Failure { code: ErrorCode::AppStopped, ..failure })
            })
            .await
            .cloned()
    }

    fn app_summary(&self, owner: OwnerId, record: &AppRecord) -> AppSummary {
        let broken = self
            .apps
            .read()
            .get(&(owner, record.name.clone()))
            .is_none()
            .then(|| self.blobs.contains(record.digest))
            .is_some_and(|there| !there);
        AppSummary {
            name: record.name.clone(),
            title: record.title.clone(),
            version: record.version.to_string(),
            enabled: record.enabled,
            paused: self.bus.is_paused(&(owner, record.name.clone())),
            broken: broken.then(|| "its archive is missing".to_owned()),
            badge: record.badge.clone(),
            installed_at: record.installed_at,
        }
    }

    fn app_detail(&self, owner: OwnerId, app: &LoadedApp) -> Result<AppDetail, Failure> {
        let package = &app.package;
        let storage_bytes =
            self.store.sum_bytes(owner, Space::Storage, &format!("{}/", app.record.name)).map_err(store_failure)?;
        Ok(AppDetail {
            summary: self.app_summary(owner, &app.record),
            description: package.manifest().description.clone(),
            developer: package.manifest().developer.clone(),
            digest: package.digest(),
            zones: package.manifest().zones.clone(),
            actions: package
                .actions()
                .iter()
                .map(|action| ActionView {
                    name: action.name.clone(),
                    title: action.title.clone(),
                    description: action.description.clone(),
                    input: action.input.clone(),
                    ui: action.ui.clone(),
                })
                .collect(),
            tools: card::tool_views(package),
            missing: card::missing(package),
            grants: self.grant_views(owner, &app.record.name),
            limits: self.card(package, None, None).limits,
            storage_bytes,
        })
    }

    /// Whether an installed app is whole: its archive, its signature, its grants. Reads them from the disk again.
    pub fn app_check(&self, caller: &Caller, app: &AppName) -> Result<(), Failure> {
        self.require(caller, Right::Read)?;
        let record = self.app_record(caller.owner, app)?;
        self.app_read(caller.owner, &record).map(|_| ())
    }

    /// Archives that no app points to: left by an install that was cut off. Removes them.
    pub(crate) fn archives_sweep(&self, owner: OwnerId) -> Result<usize, Failure> {
        let used: Vec<Digest> = self.app_records(owner)?.into_iter().map(|record| record.digest).collect();
        let all = self.blobs.list().map_err(|error| Failure::from_error(error.code(), &error))?;
        let orphans: Vec<Digest> = all.into_iter().filter(|digest| !used.contains(digest)).collect();
        for digest in &orphans {
            self.blobs.remove(*digest).map_err(|error| Failure::from_error(error.code(), &error))?;
        }
        Ok(orphans.len())
    }

    /// A caller that stands for oikos itself.
    pub(crate) fn own_caller(&self, owner: OwnerId) -> Caller {
        kernel_caller(owner, self.device)
    }
}

fn grant_record(at: Timestamp, caller: &Caller, app: &AppName, grant: &Grant) -> protocol::AuditRecord {
    let said: Sentence = if grant.folders.is_empty() {
        sentence::granted(&grant.line, grant.state)
    } else {
        let folders: Vec<String> = grant.folders.iter().map(|folder| folder.path.clone()).collect();
        sentence::granted_for(&grant.line, grant.state, folders)
    };
    let mut record = journal::record(at, caller, AuditEvent::Granted, Some(app), said);
    record.grant = Some(grant.id);
    record
}
