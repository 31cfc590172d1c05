//! Installing: a package is offered with its card, and nothing is installed before a yes. A package is verified before any
//! of it runs, and an install is one commit: before it nothing is installed, after it everything is.

use crate::{
    Kernel,
    apps::{AppRecord, LoadedApp, Setup},
    card::box_bounds,
    code::check_exports,
    effect::Fetched,
    grants::grant_record,
    journal,
    offers::{Offer, Reading},
    routes::Table,
    run::{commit_failure, internal},
    runner::GuestImage,
    signer::{Consent, Signer, comes_from_another},
    starters::{starter_named, starter_read},
    triggers::Triggers,
};
use broker::{AppGrants, CardSource};
use package::{Hook, Package};
use protocol::{
    AppName, AuditEvent, Caller, Card, Digest, ErrorCode, Failure, Labels, OfferId, OwnerId, Right, Sentence,
    api::{AppDetail, LineChoice},
    sentence,
};
use state::{Batch, Durability, Key, Space};
use std::{path::PathBuf, str::FromStr as _, sync::Arc};

/// What the owner fetches is counted under this name.
const ERRAND_NAME: &str = "errand";
/// Whether a package comes from an address, and not from this machine's files.
fn is_on_the_web(source: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| source.starts_with(scheme))
}

/// Where a package was read.
enum Origin {
    Folder,
    File,
    Inside,
    Web { named: String, sender: String },
}

impl Origin {
    fn on_card(&self) -> CardSource<'_> {
        match self {
            Self::Folder => CardSource::Folder,
            Self::File => CardSource::File,
            Self::Inside => CardSource::Inside,
            Self::Web { named, sender } => CardSource::Web { named, sender },
        }
    }
}

/// What the log says of a version that runs from now on.
pub(crate) fn said_installed(record: &AppRecord, before: Option<&semver::Version>) -> Sentence {
    let (version, digest) = (record.version.to_string(), record.digest.short());
    match before {
        Some(before) if *before != record.version => sentence::app_upgraded(before.to_string(), version, digest),
        _ => sentence::app_installed(version, digest),
    }
}

/// Where a package came from, as the log keeps it: of an address on the web nothing that may be a secret.
fn source_shown(source: &str) -> String {
    match broker::WebUrl::parse(source) {
        Ok(url) => url.shown(),
        Err(_) if source.starts_with("https://") || source.starts_with("http://") => "a web address".to_owned(),
        Err(_) => source.to_owned(),
    }
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
        self.require_paths(&caller, !is_on_the_web(&source) && starter_named(&source).is_none())?;
        let consent = Consent::read(trust, downgrade)?;
        let reading = self.offers.read_begin(caller.owner)?;
        let (read, _reading) = self.package_read(caller, &source, reading).await;
        let (package, from) = read.map_err(|failure| self.app_refuse(&caller, &source, failure))?;
        if let Err(failure) = Triggers::of(&package) {
            return Err(self.app_refuse(&caller, &source, failure));
        }
        let signer = self.signer_of(caller.owner, &package, &consent);
        let signer = signer.map_err(|failure| self.app_refuse(&caller, &source, failure))?;
        let is_ours = matches!(from, Origin::Inside) || signer.as_ref().is_some_and(Signer::is_official);
        self.zone_check(&package, is_ours).map_err(|failure| self.app_refuse(&caller, &source, failure))?;
        let installed = self.app_record(caller.owner, package.name()).ok();
        let mut card = self.card(&package, from.on_card(), installed.as_ref(), signer.as_ref());
        if let Some(bounds) = box_bounds(&package) {
            card.facts = self.runner.facts(bounds).await;
        }
        if let Some(installed) = installed.as_ref().filter(|installed| installed.digest != package.digest()) {
            // One that cannot be loaded says nothing about itself, so that all is new.
            if let Ok(old) = self.app_load(caller.owner, &installed.name).await {
                card.change = Some(self.card_change(&card, &package, &old, signer.as_ref()));
            }
        }
        let is_anew = card.change.as_ref().is_some_and(|change| change.is_anew);
        if installed.is_some() && !is_anew {
            self.bounds_say(caller.owner, &mut card);
        }
        let id = OfferId::new(&*self.clock, &*self.entropy);
        let base = installed.map(|installed| installed.digest);
        self.offers.keep(Offer { id, owner: caller.owner, source, package, card: card.clone(), consent, base });
        Ok((id, card))
    }

    /// Reads and verifies a package, from inside the program, a folder, a file, or where the owner says it is on the web. An archive that
    /// comes from there is held in memory until it is verified: nothing of it is written before.
    async fn package_read(
        &self,
        caller: Caller,
        source: &str,
        reading: Reading,
    ) -> (Result<(Package, Origin), Failure>, Option<Reading>) {
        let fetched = match is_on_the_web(source) {
            true => match self.package_fetch(caller, source).await {
                Ok(fetched) => Some(fetched),
                Err(failure) => return (Err(failure), Some(reading)),
            },
            false => None,
        };
        let (path, starter, starters) = (PathBuf::from(source), starter_named(source), self.starters.clone());
        // The place stays taken for as long as a thread is, whoever waits for it.
        let read = move || {
            let read = match fetched {
                Some(Fetched { bytes, named, sender }) => {
                    Package::read_bytes(bytes).map(|package| (package, Origin::Web { named, sender }))
                }
                None if let Some(name) = &starter => {
                    let read = starter_read(&*starters, name).map(|package| (package, Origin::Inside));
                    return (read, Some(reading));
                }
                None => Package::read(&path).map(|package| {
                    let from = if Package::is_folder(&path) { Origin::Folder } else { Origin::File };
                    (package, from)
                }),
            };
            (read.map_err(Failure::from), Some(reading))
        };
        let read = tokio::task::spawn_blocking(read).await;
        read.unwrap_or_else(|_| (Err(internal("the package could not be read")), None))
    }

    /// Fetches what the owner asks for at an address, for what is no package yet.
    pub async fn errand_fetch(&self, caller: Caller, url: &str, bytes_max: usize) -> Result<Vec<u8>, Failure> {
        self.require(&caller, Right::Manage)?;
        Ok(self.fetch(caller, url, bytes_max).await?.bytes)
    }

    /// Fetches an archive. It ends with whoever waits for it.
    async fn package_fetch(&self, caller: Caller, source: &str) -> Result<Fetched, Failure> {
        self.fetch(caller, source, package::ARCHIVE_BYTES_MAX).await
    }

    async fn fetch(&self, caller: Caller, source: &str, bytes_max: usize) -> Result<Fetched, Failure> {
        let run = protocol::RunId::new(&*self.clock, &*self.entropy);
        let app = AppName::from_str(ERRAND_NAME).map_err(|_| internal("the errand has no name"))?;
        let now_ns = self.clock.monotonic_ns();
        let mut permit =
            |url: broker::WebUrl, is_named: bool| self.broker.errand(caller, &app, run, url, is_named, now_ns);
        let fetching = self.effects.errand.fetch(source, bytes_max, &mut permit);
        fetching.await.map_err(|error| {
            let code = if error.code == ErrorCode::TooLarge { ErrorCode::PackageTooLarge } else { error.code };
            Failure::new(code, error.message)
        })
    }

    /// One audit line for a refused package; the failure goes on.
    pub(crate) fn app_refuse(&self, caller: &Caller, source: &str, failure: Failure) -> Failure {
        let said = sentence::app_refused(source_shown(source), failure.code);
        let record = journal::record(self.clock.now(), caller, AuditEvent::Refused, None, said);
        self.note(caller.owner, &record);
        failure
    }

    /// Forgets an offer: nobody agreed.
    pub fn app_decline(&self, caller: &Caller, offer: OfferId) -> Result<(), Failure> {
        self.offer_take(caller.owner, offer).map(drop)
    }

    /// An offer that still stands. It can be taken once.
    fn offer_take(&self, owner: OwnerId, offer: OfferId) -> Result<Offer, Failure> {
        self.offers.take(owner, offer).ok_or_else(|| {
            Failure::new(ErrorCode::NotFound, "this offer is gone: it was installed, declined, or too old")
        })
    }

    /// Installs what was offered, or lets it take over from the version that is installed: whoever asks for this has agreed
    /// to the card. The choices are the owner's; a line without one gets what held before, else the card's proposal.
    pub async fn app_install(
        self: &Arc<Self>,
        caller: Caller,
        offer: OfferId,
        choices: Vec<LineChoice>,
    ) -> Result<AppDetail, Failure> {
        self.app_install_as(caller, offer, choices, true).await
    }

    /// As [`app_install`](Self::app_install), but what is new is switched off from its first moment.
    pub async fn app_install_off(
        self: &Arc<Self>,
        caller: Caller,
        offer: OfferId,
        choices: Vec<LineChoice>,
    ) -> Result<AppDetail, Failure> {
        self.app_install_as(caller, offer, choices, false).await
    }

    async fn app_install_as(
        self: &Arc<Self>,
        caller: Caller,
        offer: OfferId,
        choices: Vec<LineChoice>,
        begins_on: bool,
    ) -> Result<AppDetail, Failure> {
        self.require_word(&caller, Right::Manage)?;
        self.require_paths(&caller, crate::grants::names_paths(&choices))?;
        self.require_near(&caller, crate::grants::names_near(&choices))?;
        let owner = caller.owner;
        let offer = self.offer_take(owner, offer)?;
        let name = offer.package.name().clone();
        let _life = self.life(owner, &name).await;
        // Again, from what holds now: the name may have got another owner since the offer.
        let signer = self.signer_of(owner, &offer.package, &offer.consent);
        signer.map_err(|failure| self.app_refuse(&caller, name.as_str(), failure))?;
        let installed = self.app_record(owner, &name).ok();
        if installed.as_ref().map(|installed| installed.digest) != offer.base {
            let message = format!("another version of {name} was installed or removed since this card was made");
            return Err(Failure::new(ErrorCode::Conflict, message).hint("look at its card again"));
        }
        let old = match installed.filter(|installed| installed.digest != offer.package.digest()) {
            Some(_) => self.app_load(owner, &name).await.ok(),
            None => None,
        };
        if let Some(old) = old {
            let app = self.upgrade(caller, offer, choices, old).await?;
            return self.app_detail(owner, &app);
        }
        let kernel = self.clone();
        let app = tokio::task::spawn_blocking(move || kernel.install(&caller, offer, &choices, begins_on))
            .await
            .map_err(|_| internal("the install failed"))??;
        let app = if app.record.setup == Setup::Done { app } else { self.set_up(caller, &app).await? };
        self.app_detail(owner, &app)
    }

    /// Everything of a package that can be looked at before it is installed: its code loads, and has what it declares.
    pub(crate) fn install_prepare(
        &self,
        caller: &Caller,
        package: &Package,
    ) -> Result<(Arc<dyn GuestImage>, Triggers), Failure> {
        let prepare = || {
            let image = self.prepare(package)?;
            check_exports(package, &*image)?;
            let triggers = Triggers::of(package)?;
            triggers.registered(package, self.clock.now(), image.exports())?;
            Table::of(package, image.exports())?;
            Ok((image, triggers))
        };
        prepare().map_err(|failure| self.app_refuse(caller, package.name().as_str(), failure))
    }

    /// Keeps a package's archive.
    pub(crate) fn archive_keep(&self, package: &Package) -> Result<(), Failure> {
        crate::crash_point("install::before_blob");
        self.blobs.put(package.archive_bytes()).map_err(|error| Failure::from_error(error.code(), &error))?;
        crate::crash_point("install::after_blob");
        Ok(())
    }

    /// The record of a package that is about to be installed.
    pub(crate) fn app_record_new(
        &self,
        offer: &Offer,
        signer: Option<&Signer>,
        enabled: bool,
        setup: Setup,
    ) -> AppRecord {
        let Offer { package, card, source, .. } = offer;
        let (name, version) = (package.name().clone(), package.manifest().version.clone());
        AppRecord {
            signature: self.developer.sign_package(&name, &version, package.digest()),
            name,
            version,
            digest: package.digest(),
            title: package.manifest().title.clone(),
            answers: !package.routes().is_empty(),
            enabled,
            badge: signer.map_or_else(|| card.badge.clone(), Signer::badge),
            publisher_key: signer.map(|signer| signer.key),
            installed_at: self.clock.now(),
            source: Some(source.clone()),
            opens: crate::card::opens(package).map(str::to_owned),
            setup,
        }
    }

    /// Installs what is not there, or once more what is there but cannot be loaded. One commit.
    fn install(
        &self,
        caller: &Caller,
        offer: Offer,
        choices: &[LineChoice],
        begins_on: bool,
    ) -> Result<Arc<LoadedApp>, Failure> {
        let owner = caller.owner;
        let name = offer.package.name().clone();
        // Looked at before anything is done; made again below, from what holds then.
        self.grants_choose(owner, &name, &offer.card.lines, &[], choices)?;
        let (image, triggers) = self.install_prepare(caller, &offer.package)?;
        let _changing = self.changing.lock();
        let signer = self.signer_of(owner, &offer.package, &offer.consent);
        let signer = signer.map_err(|failure| self.app_refuse(caller, name.as_str(), failure))?;
        let old = self.app_record(owner, &name).ok();
        let kept = old.as_ref().filter(|old| !comes_from_another(old, &offer.card.badge, signer.as_ref()));
        let kept = kept.and_then(|_| self.grants_stored(owner, &name).ok());
        let grants = self.grants_choose(owner, &name, &offer.card.lines, &kept.iter().collect::<Vec<_>>(), choices)?;
        self.archive_keep(&offer.package)?;
        let (enabled, setup) = match &old {
            Some(old) => (old.enabled, old.setup),
            None if offer.package.hooks().contains_key(&Hook::Postinstall) => (false, Setup::Due),
            None => (begins_on, Setup::Done),
        };
        let record = self.app_record_new(&offer, signer.as_ref(), enabled, setup);
        let mut batch = Batch::new();
        let said = said_installed(&record, old.as_ref().map(|old| &old.version));
        let said = journal::record(self.clock.now(), caller, AuditEvent::App, Some(&name), said);
        journal::append(&mut batch, owner, &said);
        for grant in &grants.grants {
            journal::append(&mut batch, owner, &grant_record(self.clock.now(), caller, &name, grant));
        }
        self.install_write(&mut batch, caller, &offer.package, &record, &grants, signer.as_ref())?;
        if triggers.is_scheduled() {
            self.schedule_begin(owner, &name, &mut batch);
        }
        crate::crash_point("install::before_commit");
        self.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
        crate::crash_point("install::after_commit");
        let known = self.apps.read().get(&(owner, name.clone())).cloned();
        let storage = known.map(|known| known.storage.clone()).unwrap_or_default();
        let app = LoadedApp::new(record, offer.package, Some(image.clone()), storage);
        self.app_put(owner, &app, grants, image.exports())?;
        if let Some(old) = old.filter(|old| old.digest != app.record.digest) {
            self.archive_release(old.digest);
        }
        Ok(app)
    }

    /// Puts into a batch what makes a version the one that runs: the pointer, the grants, whose the name is.
    pub(crate) fn install_write(
        &self,
        batch: &mut Batch,
        caller: &Caller,
        package: &Package,
        record: &AppRecord,
        grants: &AppGrants,
        signer: Option<&Signer>,
    ) -> Result<(), Failure> {
        let key = Key::new(caller.owner, Space::App, record.name.as_str());
        batch.put(&key, serde_json::to_vec(record).unwrap_or_default(), Labels::NONE);
        let key = Key::new(caller.owner, Space::Grant, record.name.as_str());
        batch.put(&key, serde_json::to_vec(grants).unwrap_or_default(), Labels::NONE);
        match signer {
            Some(signer) => self.signer_write(batch, caller, package, signer),
            None => Ok(()),
        }
    }

    /// Lets a version that was committed be the one that runs. The caller holds `changing`.
    pub(crate) fn app_put(
        &self,
        owner: OwnerId,
        app: &Arc<LoadedApp>,
        grants: AppGrants,
        exports: &[String],
    ) -> Result<(), Failure> {
        let name = &app.record.name;
        self.broker.grants_load(owner, name, grants);
        self.programs_look(owner, name);
        self.apps.write().insert((owner, name.clone()), app.clone());
        self.offers_change();
        self.listeners_set(owner, app, exports)
    }

    /// Removes an archive that no app points to any more. Runs under way hold theirs in memory.
    pub(crate) fn archive_release(&self, digest: Digest) {
        if self.archives_used().is_ok_and(|used| !used.contains(&digest)) {
            self.runner.forget(digest);
            if let Err(error) = self.blobs.remove(digest) {
                tracing::warn!(%digest, %error, "an archive that nobody needs could not be removed");
            }
        }
    }

    /// Whether an app of any owner is this package, or goes back to it by a rollback. What cannot be found out is taken to be.
    pub fn is_package_used(&self, package: Digest) -> bool {
        self.archives_used().map_or(true, |used| used.contains(&package))
    }

    /// Archives that apps of any owner point to, and those that a rollback goes back to: owners share the bytes of what they
    /// both installed, and nothing else.
    fn archives_used(&self) -> Result<Vec<Digest>, Failure> {
        let mut used: Vec<Digest> = Vec::new();
        for owner in self.owner_ids()? {
            for record in self.app_records(owner)? {
                used.extend(self.version_before(owner, &record.name)?.map(|before| before.record.digest));
                used.push(record.digest);
            }
        }
        Ok(used)
    }

    /// Archives that no app points to: left by an install that was cut off. Removes them.
    pub(crate) fn archives_sweep(&self) -> Result<usize, Failure> {
        let used = self.archives_used()?;
        let all = self.blobs.list().map_err(|error| Failure::from_error(error.code(), &error))?;
        let orphans: Vec<Digest> = all.into_iter().filter(|digest| !used.contains(digest)).collect();
        for digest in &orphans {
            self.blobs.remove(*digest).map_err(|error| Failure::from_error(error.code(), &error))?;
        }
        Ok(orphans.len())
    }
}
