//! Installed apps: as the store has them, and ready to run. What is read from the disk is verified again.

use crate::{
    Kernel,
    aliases::{alias_line, aliases_complete},
    card,
    moving::AppStorage,
    run::{internal, kernel_caller, store_failure},
    runner::GuestImage,
    signer::is_signed_by,
    triggers::Triggers,
};
use broker::{AppGrants, Picked};
use package::{Callable, Package, did_you_mean};
use protocol::{
    ActionName, AppName, Badge, Caller, Digest, ErrorCode, Failure, OwnerId, Right, ScopeRequest, Timestamp,
    api::{ActionView, AppDetail, AppSummary, RouteView},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use state::{Key, Space};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::{OnceCell, Semaphore};

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
    /// The folder or archive it was installed from, absolute; or the name of what came with oikos.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The file that a browser opens, where that is all of the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<String>,
    /// Whether it answers requests: Stop has to keep it from that, whether it is loaded or not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answers: bool,
    /// How far its hook `postinstall` has come.
    #[serde(default, skip_serializing_if = "Setup::is_done")]
    pub setup: Setup,
}

/// How far the hook `postinstall` of an app has come. The app is not enabled before it has ended well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setup {
    /// It has ended well, or there is none.
    #[default]
    Done,
    /// It has still to be called, once more if an abrupt end has cut it off.
    Due,
    /// It failed. Enabling the app calls it again.
    Failed,
}

impl Setup {
    fn is_done(&self) -> bool {
        *self == Self::Done
    }
}

/// The version before the last upgrade, as the store has it: what a rollback goes back to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VersionRecord {
    pub(crate) record: AppRecord,
    pub(crate) grants: AppGrants,
}

/// An app that is ready to run.
pub(crate) struct LoadedApp {
    pub(crate) record: AppRecord,
    pub(crate) package: Package,
    /// Places on the threads where effects block, for all runs of the app together.
    pub(crate) effect_places: Arc<Semaphore>,
    /// Places for requests that it answers at once.
    pub(crate) route_places: Semaphore,
    /// Its storage, as the runs of this version know it.
    pub(crate) storage: Arc<AppStorage>,
    image: OnceCell<Arc<dyn GuestImage>>,
}

impl LoadedApp {
    pub(crate) fn new(
        record: AppRecord,
        package: Package,
        image: Option<Arc<dyn GuestImage>>,
        storage: Arc<AppStorage>,
    ) -> Arc<Self> {
        let effect_places = Arc::new(Semaphore::new(crate::APP_EFFECTS_AT_ONCE));
        let route_places = Semaphore::new(crate::ROUTE_CALLS_MAX);
        Arc::new(Self { record, package, effect_places, route_places, storage, image: OnceCell::new_with(image) })
    }

    /// The same version, with another record.
    pub(crate) fn with(&self, record: AppRecord, image: Option<Arc<dyn GuestImage>>) -> Arc<Self> {
        Self::new(record, self.package.clone(), image, self.storage.clone())
    }

    /// The action or tool of this name.
    pub(crate) fn callable(&self, name: &ActionName) -> Result<Callable<'_>, Failure> {
        if self.record.opens.is_some() {
            let message =
                format!("{} has nothing to run on this machine: it is a page in your browser", self.record.name);
            return Err(Failure::new(ErrorCode::NotAvailable, message).hint("oikos up --open, then open it there"));
        }
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
    pub(crate) fn env(
        &self,
        picked: &[Picked],
        trigger: Option<&Value>,
        settings: Option<serde_json::Map<String, Value>>,
    ) -> Vec<u8> {
        let files: serde_json::Map<String, Value> = picked
            .iter()
            .map(|picked| {
                let folder = picked.folder.path.rsplit('/').next().unwrap_or_default();
                let name = picked.called.as_deref().or(picked.file.as_deref()).unwrap_or(folder);
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
        if let Some(settings) = settings {
            env["settings"] = Value::Object(settings);
        }
        env.to_string().into_bytes()
    }
}

/// What a package asks for, its triggers included. One whose triggers cannot be read was never offered.
pub(crate) fn scope_requests(package: &Package) -> Vec<ScopeRequest> {
    Triggers::of(package).map(|triggers| triggers.requests(package)).unwrap_or_default()
}

impl Kernel {
    /// All apps, by name.
    pub fn app_list(&self, caller: &Caller) -> Result<Vec<AppSummary>, Failure> {
        self.require(caller, Right::Read)?;
        let mut stored = self.grants_stored_all(caller.owner)?;
        let records = self.app_records(caller.owner)?;
        let shown = records.iter().filter(|record| self.zone_shows(record));
        let summary = |record: &AppRecord| {
            let known = stored.remove(record.name.as_str());
            let grants = match self.apps.read().contains_key(&(caller.owner, record.name.clone())) {
                true => self.broker.grants(caller.owner, &record.name),
                false => Arc::new(known.unwrap_or_default()),
            };
            self.app_summary(caller.owner, record, &grants)
        };
        Ok(shown.map(summary).collect())
    }

    /// One app in full.
    pub async fn app_info(self: &Arc<Self>, caller: Caller, app: AppName) -> Result<AppDetail, Failure> {
        self.require(&caller, Right::Read)?;
        let loaded = self.app_load(caller.owner, &app).await?;
        self.app_detail(caller.owner, &loaded)
    }

    /// The app as it is now, for whoever holds `changing` and has looked at it before.
    pub(crate) fn app_again(&self, owner: OwnerId, before: &LoadedApp) -> Result<Arc<LoadedApp>, Failure> {
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
            let (package, mut grants) = kernel.app_read(owner, &record)?;
            aliases_complete(&package, &mut grants);
            kernel.broker.grants_load(owner, &record.name, grants);
            let loaded = LoadedApp::new(record, package, None, Arc::default());
            kernel.apps.write().insert(key, loaded.clone());
            Ok(loaded)
        })
        .await
        .map_err(|_| internal("the app could not be loaded"))?
    }

    /// Reads an installed app from the disk and verifies it.
    pub(crate) fn app_read(&self, owner: OwnerId, record: &AppRecord) -> Result<(Package, AppGrants), Failure> {
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

    /// The version that a rollback goes back to.
    pub(crate) fn version_before(&self, owner: OwnerId, app: &AppName) -> Result<Option<VersionRecord>, Failure> {
        let entry = self.store.get(&Key::new(owner, Space::Version, app.as_str())).map_err(store_failure)?;
        let read = entry.map(|entry| serde_json::from_slice(&entry.value)).transpose();
        read.map_err(|error| {
            Failure::new(ErrorCode::StoreDamaged, format!("the record of the version before of {app} cannot be read"))
                .log(error.to_string())
        })
    }

    /// What an app was granted, as the store has it.
    pub(crate) fn grants_stored(&self, owner: OwnerId, app: &AppName) -> Result<AppGrants, Failure> {
        let entry = self.store.get(&Key::new(owner, Space::Grant, app.as_str())).map_err(store_failure)?;
        entry
            .and_then(|entry| serde_json::from_slice(&entry.value).ok())
            .ok_or_else(|| Failure::new(ErrorCode::StoreDamaged, format!("the grants of {app} cannot be read")))
    }

    /// What each app was granted, as the store has it, by its name. What cannot be read is left out.
    pub(crate) fn grants_stored_all(&self, owner: OwnerId) -> Result<HashMap<String, AppGrants>, Failure> {
        let entries = self.store.scan(owner, Space::Grant, "", None, crate::SCAN_MAX).map_err(store_failure)?;
        let read = entries.into_iter().map(|(key, entry)| Some((key, serde_json::from_slice(&entry.value).ok()?)));
        Ok(read.flatten().collect())
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

    fn app_summary(&self, owner: OwnerId, record: &AppRecord, grants: &AppGrants) -> AppSummary {
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
            unready: record.setup != Setup::Done,
            needs: self.aliases_missing(owner, grants).iter().map(|alias| alias_line(alias)).collect(),
            broken: broken.then(|| "its archive is missing".to_owned()),
            opens: record.opens.clone(),
            badge: record.badge.clone(),
            installed_at: record.installed_at,
        }
    }

    pub(crate) fn app_detail(&self, owner: OwnerId, app: &LoadedApp) -> Result<AppDetail, Failure> {
        let package = &app.package;
        let grants = self.broker.grants(owner, &app.record.name);
        let missing = self.aliases_missing(owner, &grants);
        let storage_bytes =
            self.store.sum_bytes(owner, Space::Storage, &format!("{}/", app.record.name)).map_err(store_failure)?;
        Ok(AppDetail {
            summary: self.app_summary(owner, &app.record, &grants),
            description: package.manifest().description.clone(),
            developer: package.manifest().developer.clone(),
            digest: package.digest(),
            source: app.record.source.clone(),
            previous: self.version_before(owner, &app.record.name)?.map(|before| before.record.version.to_string()),
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
            routes: package
                .routes()
                .iter()
                .map(|route| RouteView { method: route.method.clone(), path: route.path.clone() })
                .collect(),
            missing: card::missing(package, missing.iter().map(String::as_str).collect()),
            grants: self.grant_views(owner, &app.record.name),
            limits: self.card(package, broker::CardSource::File, None, None).limits,
            storage_bytes,
        })
    }

    /// Whether an installed app is whole: its archive, its signature, its grants. Reads them from the disk again.
    pub fn app_check(&self, caller: &Caller, app: &AppName) -> Result<(), Failure> {
        self.require(caller, Right::Read)?;
        let record = self.app_record(caller.owner, app)?;
        self.app_read(caller.owner, &record).map(|_| ())
    }

    /// A caller that stands for oikos itself.
    pub(crate) fn own_caller(&self, owner: OwnerId) -> Caller {
        kernel_caller(owner, self.device)
    }
}
