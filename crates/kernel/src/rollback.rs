//! Back to the version before the last upgrade, with the storage as it is or as it was. One commit.

use crate::{
    Kernel,
    apps::{AppRecord, LoadedApp, VersionRecord},
    journal,
    run::{commit_failure, internal},
    signer::{comes_from_another_key, comes_from_elsewhere},
    triggers::Triggers,
    upgrade::SETTLE_WAIT_MS,
};
use broker::{AppGrants, card_lines};
use protocol::{AppName, AuditEvent, Caller, ErrorCode, Failure, Right, api::AppDetail, sentence};
use state::{Batch, Durability, Key, Space};
use std::sync::Arc;

impl Kernel {
    /// Goes back to the version before the last upgrade. Its storage stays as it is, or goes back as well: then what was
    /// stored since is lost, and runs under way that stored something come too late.
    pub async fn app_rollback(
        self: &Arc<Self>,
        caller: Caller,
        app: AppName,
        restore_storage: bool,
    ) -> Result<AppDetail, Failure> {
        self.require(&caller, Right::Manage)?;
        let owner = caller.owner;
        let _life = self.life(owner, &app).await;
        let record = self.app_record(owner, &app)?;
        let before = self.version_before(owner, &app)?.ok_or_else(|| {
            let message = format!("{app} {} was not upgraded, so there is no version to go back to", record.version);
            Failure::new(ErrorCode::NotFound, message).hint("one version is kept, until a rollback or the next upgrade")
        })?;
        let known = self.apps.read().get(&(owner, app.clone())).cloned();
        let storage = known.map(|known| known.storage.clone()).unwrap_or_default();
        let moving = match restore_storage {
            true => {
                self.runs_gone(owner, &app, SETTLE_WAIT_MS).await;
                Some(storage.moving().await)
            }
            false => None,
        };
        let kernel = self.clone();
        let back = tokio::task::spawn_blocking(move || {
            let back = kernel.rollback(&caller, &record, &before, restore_storage);
            drop(moving);
            back
        })
        .await
        .map_err(|_| internal("the rollback failed"))??;
        self.app_detail(owner, &back)
    }

    fn rollback(
        &self,
        caller: &Caller,
        now: &AppRecord,
        before: &VersionRecord,
        restore_storage: bool,
    ) -> Result<Arc<LoadedApp>, Failure> {
        let (owner, name) = (caller.owner, &now.name);
        let (package, held) = self.app_read(owner, &before.record)?;
        let image = self.prepare(&package)?;
        let triggers = Triggers::of(&package)?;
        let _changing = self.changing.lock();
        let lines = card_lines(&triggers.requests(&package), self.broker.zone());
        // What the owner said last, where that was to the same publisher; else what they said to this version.
        let is_another = comes_from_another_key(now.publisher_key.as_ref(), before.record.publisher_key.as_ref())
            || comes_from_elsewhere(&now.badge, &before.record.badge);
        let said: Vec<&AppGrants> = if is_another { vec![&before.grants] } else { vec![&held, &before.grants] };
        let grants = self.grants_choose(owner, name, &lines, &said, &[])?;
        let record = AppRecord { enabled: now.enabled, setup: now.setup, ..before.record.clone() };
        let data = format!("{name}/");
        let mut batch = Batch::new();
        self.install_write(&mut batch, caller, &package, &record, &grants, None)?;
        batch.delete(&Key::new(owner, Space::Version, name.as_str()));
        if restore_storage {
            batch.copy_prefix(owner, Space::Checkpoint, Space::Storage, &data);
        }
        batch.delete_prefix(owner, Space::Checkpoint, &data);
        match triggers.is_scheduled() {
            true => self.schedule_begin(owner, name, &mut batch),
            false => drop(batch.delete(&Self::schedule_key(owner, name))),
        }
        let (from, version) = (now.version.to_string(), record.version.to_string());
        let said = match restore_storage {
            true => sentence::app_rolled_back_restored(from, version),
            false => sentence::app_rolled_back(from, version),
        };
        let said = journal::record(self.clock.now(), caller, AuditEvent::App, Some(name), said);
        journal::append(&mut batch, owner, &said);
        let known = self.apps.read().get(&(owner, name.clone())).map(|known| known.storage.clone()).unwrap_or_default();
        known.set_moved(restore_storage);
        crate::crash_point("rollback::before_commit");
        if let Err(error) = self.store.commit(batch, Durability::Synced) {
            known.set_moved(false);
            return Err(commit_failure(error));
        }
        crate::crash_point("rollback::after_commit");
        let storage = if restore_storage { Arc::default() } else { known };
        let back = LoadedApp::new(record, package, Some(image.clone()), storage);
        self.app_put(owner, &back, grants, image.exports())?;
        if !triggers.is_scheduled() {
            self.schedule_drop(owner, name);
        }
        self.archive_release(now.digest);
        Ok(back)
    }
}
