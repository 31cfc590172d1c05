//! From one step of an app's life to the next: set up, enabled, disabled, removed, and the hooks that are called on the way.
//! These hooks are ordinary runs under the app's grants, called at least once; one at a time for each app.

use crate::{
    Kernel,
    apps::{AppRecord, LoadedApp, Setup},
    bus::deliver::ended,
    journal,
    run::{Begin, Call, Cause, commit_failure, internal, store_failure},
    secrets::secrets_key,
    settings::settings_key,
    stop::RUNS_GONE_WAIT_MS,
    triggers::Triggers,
};
use broker::LeaseEnd;
use package::Hook;
use protocol::{
    AppName, AuditEvent, Caller, ErrorCode, Failure, Labels, OwnerId, Right, Sentence,
    api::{AppDetail, StopTarget},
    sentence,
};
use serde_json::{Value, json};
use state::{Batch, Durability, Key, Space};
use std::sync::{Arc, atomic::Ordering::SeqCst};
use tokio::sync::OwnedMutexGuard;

/// How long a hook may take in all: somebody waits for the step that it belongs to.
pub(crate) const HOOK_WALL_MS: u64 = 30_000;

impl Kernel {
    /// Waits until nobody else brings this app from one step of its life to the next. Each step ends, because its hooks do.
    pub(crate) async fn life(&self, owner: OwnerId, app: &AppName) -> OwnedMutexGuard<()> {
        let life = {
            let mut lives = self.lives.lock();
            lives.retain(|_, life| Arc::strong_count(life) > 1);
            lives.entry((owner, app.clone())).or_default().clone()
        };
        life.lock_owned().await
    }

    /// Calls a hook, if the app has it.
    async fn hook_call(
        self: &Arc<Self>,
        caller: Caller,
        app: &Arc<LoadedApp>,
        hook: Hook,
        why: Sentence,
    ) -> Result<(), Failure> {
        if !app.package.hooks().contains_key(&hook) {
            return Ok(());
        }
        let image = self.image(app).await?;
        if !image.exports().contains(&hook.export()) {
            return Ok(());
        }
        crate::crash_point("hook::before_run");
        let trigger = json!({ "kind": "hook", "hook": hook.word() });
        let cause = Cause { said: why, basis: None, labels: Labels::NONE, hops: 0, trigger, delivery: None };
        let begin = Begin {
            asked: None,
            app: app.record.name.clone(),
            call: Call::Hook(hook),
            input: Value::Null,
            files: Vec::new(),
            cause: Some(cause),
            wall_ms_max: Some(HOOK_WALL_MS),
            asker: None,
            exact: None,
        };
        let report = ended(self.run_begin(caller, begin).await?).await;
        crate::crash_point("hook::after_run");
        report.summary.failure.clone().map_or(Ok(()), Err)
    }

    /// Calls a hook whose failure is told and stops nothing.
    async fn hook_try(self: &Arc<Self>, caller: Caller, app: &AppName, hook: Hook, why: Sentence) {
        let loaded = match self.app_load(caller.owner, app).await {
            Ok(loaded) => loaded,
            Err(failure) => {
                tracing::warn!(%app, owner = caller.owner.0, code = %failure.code, "an app that cannot be loaded has no hooks");
                return;
            }
        };
        if let Err(failure) = self.hook_call(caller, &loaded, hook, why).await {
            let said = sentence::hook_failed(hook.word(), failure.message);
            self.note(caller.owner, &journal::record(self.clock.now(), &caller, AuditEvent::App, Some(app), said));
        }
    }

    /// Calls `postinstall` of an app that was installed, and enables it if that ends well.
    pub(crate) async fn set_up(
        self: &Arc<Self>,
        caller: Caller,
        app: &Arc<LoadedApp>,
    ) -> Result<Arc<LoadedApp>, Failure> {
        let name = app.record.name.clone();
        let called = self.hook_call(caller, app, Hook::Postinstall, sentence::cause_installed()).await;
        if let Err(failure) = &called
            && self.is_ending.load(SeqCst)
        {
            // It was not the hook that failed: the next process calls it again.
            return Err(failure.clone());
        }
        let (kernel, app, failed) = (self.clone(), app.clone(), called.clone().err());
        let set_up = tokio::task::spawn_blocking(move || {
            let (owner, name) = (caller.owner, app.record.name.clone());
            let image = failed.is_none().then(|| kernel.prepare(&app.package)).transpose()?;
            let _changing = kernel.changing.lock();
            let app = kernel.app_again(owner, &app)?;
            let setup = if failed.is_none() { Setup::Done } else { Setup::Failed };
            let record = AppRecord { enabled: failed.is_none(), setup, ..app.record.clone() };
            let mut batch = Batch::new();
            let key = Key::new(owner, Space::App, name.as_str());
            batch.put(&key, serde_json::to_vec(&record).unwrap_or_default(), Labels::NONE);
            let said = match failed {
                None => sentence::app_ready(),
                Some(failure) => sentence::app_not_ready(failure.message),
            };
            let said = journal::record(kernel.clock.now(), &caller, AuditEvent::App, Some(&name), said);
            journal::append(&mut batch, owner, &said);
            crate::crash_point("hook::before_commit");
            kernel.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
            crate::crash_point("hook::after_commit");
            let app = app.with(record, image.clone());
            kernel.apps.write().insert((owner, name), app.clone());
            kernel.offers_change();
            if let Some(image) = image {
                kernel.listeners_set(owner, &app, image.exports())?;
            }
            Ok::<_, Failure>(app)
        })
        .await
        .map_err(|_| internal("the app could not be set up"))??;
        match called {
            Ok(()) => Ok(set_up),
            Err(failure) => {
                let message =
                    format!("{name} is installed and not enabled: its hook postinstall failed: {}", failure.message);
                let hint = format!("oikos app enable {name} calls it again; oikos app remove {name} removes it");
                Err(Failure::new(ErrorCode::HookFailed, message).hint(hint))
            }
        }
    }

    /// Calls what an abrupt end has cut off: the hooks of what was installed. Called once, before anything else is asked.
    pub async fn lives_resume(self: &Arc<Self>, owner: OwnerId) {
        let records = self.app_records(owner).unwrap_or_default();
        for record in records.into_iter().filter(|record| record.setup == Setup::Due) {
            let _life = self.life(owner, &record.name).await;
            let set_up = match self.app_load(owner, &record.name).await {
                Ok(app) if app.record.setup == Setup::Due => self.set_up(self.own_caller(owner), &app).await.map(drop),
                Ok(_) => Ok(()),
                Err(failure) => Err(failure),
            };
            if let Err(failure) = set_up {
                tracing::warn!(app = %record.name, owner = owner.0, code = %failure.code, "an app that was installed could not be set up");
            }
        }
    }

    /// Lets an app run, or keeps it from running. Runs under way end by themselves or by `stop`.
    pub async fn app_set_enabled(
        self: &Arc<Self>,
        caller: Caller,
        app: AppName,
        enabled: bool,
    ) -> Result<AppDetail, Failure> {
        self.require(&caller, Right::Manage)?;
        let _life = self.life(caller.owner, &app).await;
        let mut loaded = self.app_load(caller.owner, &app).await?;
        if enabled && loaded.record.setup != Setup::Done {
            loaded = self.set_up(caller, &loaded).await?;
        }
        let whose = (caller.owner, app.clone());
        if loaded.record.enabled == enabled && !(enabled && self.bus.is_paused(&whose)) {
            return self.app_detail(caller.owner, &loaded);
        }
        if enabled && !loaded.record.enabled && crate::servers::is_server(&loaded) {
            self.server_begin(caller, &loaded).await?;
        }
        if !enabled {
            // While it still listens and may do what it was granted.
            self.hook_try(caller, &app, Hook::Deactivate, sentence::cause_disabled()).await;
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
            let loaded = loaded.with(record, image.clone());
            kernel.apps.write().insert(whose.clone(), loaded.clone());
            kernel.offers_change();
            match image {
                Some(image) => {
                    kernel.listeners_set(caller.owner, &loaded, image.exports())?;
                    kernel.bus.resume(&whose);
                }
                None => {
                    kernel.listeners_drop(caller.owner, &app);
                    kernel.programs_end(caller.owner, &app);
                }
            }
            Ok::<_, Failure>(loaded)
        })
        .await
        .map_err(|_| internal("the app could not be changed"))??;
        self.app_detail(caller.owner, &loaded)
    }

    /// Removes an app: its hook is called, its runs are stopped, its grants go, its data stays unless `erase`. What stayed
    /// of an app that is gone can be erased later.
    pub async fn app_remove(self: &Arc<Self>, caller: Caller, app: AppName, erase: bool) -> Result<(), Failure> {
        self.require(&caller, Right::Manage)?;
        let _life = self.life(caller.owner, &app).await;
        let is_installed = match self.app_record(caller.owner, &app) {
            Ok(_) => true,
            Err(failure) if failure.code == ErrorCode::AppNotFound && erase => {
                let data = format!("{app}/");
                let left = self.store.scan(caller.owner, Space::Storage, &data, None, 1).map_err(store_failure)?;
                let is_set = |key| self.store.get(&key).map(|row| row.is_some()).map_err(store_failure);
                let has_settings =
                    is_set(settings_key(caller.owner, &app))? || is_set(secrets_key(caller.owner, &app))?;
                if left.is_empty() && !has_settings {
                    return Err(failure);
                }
                false
            }
            Err(failure) => return Err(failure),
        };
        if is_installed {
            self.hook_try(caller, &app, Hook::Preuninstall, sentence::cause_removed()).await;
            self.run_stop(&caller, &StopTarget::App(app.clone()))?;
        }
        // Whoever removes a server does not want to stay signed in to it, whatever else they keep.
        let is_elsewhere = is_installed && self.is_elsewhere(caller.owner, &app).await;
        // What a run had stored by its end must not come back after its data is erased.
        if erase && !self.runs_gone(caller.owner, &app, RUNS_GONE_WAIT_MS).await {
            tracing::warn!(%app, "a stopped run has not settled in time");
        }
        let kernel = self.clone();
        tokio::task::spawn_blocking(move || {
            let owner = caller.owner;
            let _changing = kernel.changing.lock();
            let record = if is_installed { Some(kernel.app_record(owner, &app)?) } else { None };
            let before = kernel.version_before(owner, &app)?;
            let mut batch = Batch::new();
            batch.delete(&Key::new(owner, Space::App, app.as_str()));
            batch.delete(&Key::new(owner, Space::Grant, app.as_str()));
            batch.delete(&Key::new(owner, Space::Version, app.as_str()));
            batch.delete_prefix(owner, Space::Checkpoint, &format!("{app}/"));
            batch.delete(&Self::schedule_key(owner, &app));
            batch.delete(&crate::stop::paused_key(owner, &app));
            crate::servers::server_forget(&mut batch, owner, &app);
            crate::own_tools::tool_states_forget(&mut batch, owner, &app);
            if is_elsewhere && let Err(failure) = kernel.server_forget_sign_in(owner, &app) {
                let said = sentence::vault_unerased(failure.message);
                let said = journal::record(kernel.clock.now(), &caller, AuditEvent::App, Some(&app), said);
                journal::append(&mut batch, owner, &said);
            }
            let unbound = kernel.aliases_forget(owner, &app, &mut batch)?;
            if erase {
                batch.delete_prefix(owner, Space::Storage, &format!("{app}/"));
                batch.delete(&settings_key(owner, &app));
                batch.delete(&secrets_key(owner, &app));
                // Before the commit: should the process end in between, the app is there, and can be removed again.
                if let Err(failure) = kernel.secrets_erase(owner, &app) {
                    let said = sentence::vault_unerased(failure.message);
                    let said = journal::record(kernel.clock.now(), &caller, AuditEvent::App, Some(&app), said);
                    journal::append(&mut batch, owner, &said);
                }
            }
            let said = if erase { sentence::app_removed_erased() } else { sentence::app_removed() };
            let said = journal::record(kernel.clock.now(), &caller, AuditEvent::App, Some(&app), said);
            journal::append(&mut batch, owner, &said);
            crate::crash_point("remove::before_commit");
            kernel.store.commit(batch, Durability::Synced).map_err(commit_failure)?;
            crate::crash_point("remove::after_commit");
            kernel.apps.write().remove(&(owner, app.clone()));
            kernel.offers_change();
            kernel.broker.grants_drop(owner, &app);
            for (other, grants) in unbound {
                kernel.broker.grants_load(owner, &other, grants);
            }
            kernel.programs_end(owner, &app);
            kernel.servers.write().remove(&(owner, app.clone()));
            if erase {
                kernel.runner.erase(owner, &app);
            }
            kernel.listeners_drop(owner, &app);
            kernel.schedule_drop(owner, &app);
            kernel.bus.resume(&(owner, app.clone()));
            // What began in between has no grants any more, and no app.
            kernel.runs_end(owner, &app, LeaseEnd::Stopped);
            for record in record.into_iter().chain(before.map(|before| before.record)) {
                kernel.archive_release(record.digest);
            }
            Ok(())
        })
        .await
        .map_err(|_| internal("the app could not be removed"))?
    }
}
