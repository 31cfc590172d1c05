//! One version in the place of another. The hooks and the health check of an upgrade are one run, and its end is the switch:
//! what the hooks stored, the grants and the pointer are one commit, or the version before goes on as it was. Runs under way
//! end on the version they began with.

use crate::{
    Kernel,
    apps::{AppRecord, LoadedApp, VersionRecord},
    grants::grant_record,
    host::RunHost,
    install::said_installed,
    journal,
    lifecycle::HOOK_WALL_MS,
    offers::Offer,
    run::{Cause, Run, internal},
    runner::{GuestEnd, GuestExport, GuestFailure, GuestImage, GuestValue},
    servers::is_server,
    signer::Signer,
};
use broker::AppGrants;
use package::Hook;
use protocol::{
    AuditEvent, Caller, Digest, ErrorCode, Failure, Labels, Limits, OwnerId, RunId, Sentence,
    api::{LineChoice, RunReport, RunUsage},
    sentence,
};
use serde_json::{Value, json};
use state::{Batch, Durability, Key, Space};
use std::sync::Arc;

/// How long an upgrade that moves the storage on waits for runs under way: most end in this time and need not be told that
/// they come too late. One that waits for a person does not, and the upgrade does not wait for it.
pub(crate) const SETTLE_WAIT_MS: u64 = 2_000;
/// Nothing is ever called by this name in a run, so that a guest which is there says that it has no such function.
const NOBODY: &str = "activate";

/// Why a version does not take over, and what failed.
type Unswitched = Box<(Sentence, Failure)>;

/// A version on its way.
pub(crate) struct Upgrade {
    caller: Caller,
    offer: Offer,
    choices: Vec<LineChoice>,
    old: Arc<LoadedApp>,
    app: Arc<LoadedApp>,
    image: Arc<dyn GuestImage>,
    /// What will have been granted, should nobody change it meanwhile.
    grants: AppGrants,
    is_scheduled: bool,
}

/// One guest of an upgrade.
struct Step {
    /// `None`: only whether the code answers.
    hook: Option<Hook>,
    image: Arc<dyn GuestImage>,
    env: Vec<u8>,
}

impl Step {
    /// Whether what it does is committed with the switch or not at all.
    fn is_storage_only(&self) -> bool {
        self.hook != Some(Hook::Health)
    }

    fn export(&self) -> GuestExport {
        self.hook.map_or_else(|| GuestExport::named(NOBODY), |hook| GuestExport::named(&hook.export()))
    }

    fn said(&self, why: &str) -> Sentence {
        match self.hook {
            None => sentence::upgrade_unanswered(why),
            Some(Hook::Health) => sentence::upgrade_health_failed(why),
            Some(hook) => sentence::upgrade_hook_failed(hook.word(), why),
        }
    }

    /// What a guest's end means for the upgrade.
    fn judge(&self, end: GuestEnd) -> GuestEnd {
        let result = match (self.hook, end.result) {
            (None, Err(GuestFailure::NoSuchExport)) => Ok(GuestValue::default()),
            (Some(Hook::Health), Ok(GuestValue { data: Some(Value::Bool(false)), .. })) => Err(GuestFailure::Threw {
                message: "the app says that it does not work".to_owned(),
                stack: None,
                code: None,
            }),
            (_, result) => result,
        };
        GuestEnd { result, ..end }
    }
}

impl Upgrade {
    fn owner(&self) -> OwnerId {
        self.caller.owner
    }

    /// What a hook is told.
    fn trigger(&self, hook: Hook) -> Value {
        let (from, to) = (self.old.record.version.to_string(), self.app.record.version.to_string());
        json!({ "kind": "hook", "hook": hook.word(), "from": from, "to": to })
    }

    fn step(&self, kernel: &Kernel, hook: Hook, app: &LoadedApp, image: &Arc<dyn GuestImage>) -> Option<Step> {
        let is_there = app.package.hooks().contains_key(&hook) && image.exports().contains(&hook.export());
        let env = || app.env(&[], Some(&self.trigger(hook)), kernel.settings_of_hook(self.owner(), app));
        is_there.then(|| Step { hook: Some(hook), image: image.clone(), env: env() })
    }
}

impl Kernel {
    /// Lets an offered package take over. The caller holds the app's life.
    pub(crate) async fn upgrade(
        self: &Arc<Self>,
        caller: Caller,
        offer: Offer,
        choices: Vec<LineChoice>,
        old: Arc<LoadedApp>,
    ) -> Result<Arc<LoadedApp>, Failure> {
        let digest = offer.package.digest();
        let kernel = self.clone();
        let upgrade = tokio::task::spawn_blocking(move || kernel.upgrade_prepare(caller, offer, choices, old))
            .await
            .map_err(|_| internal("the upgrade could not be prepared"))??;
        let switched = self.upgrade_run(upgrade).await;
        if switched.is_err() {
            let kernel = self.clone();
            // What is left over is swept at the next start, should this fail.
            drop(tokio::task::spawn_blocking(move || kernel.archive_release(digest)).await);
        }
        switched
    }

    /// Everything that can be known before any of the new version runs.
    fn upgrade_prepare(
        &self,
        caller: Caller,
        offer: Offer,
        choices: Vec<LineChoice>,
        old: Arc<LoadedApp>,
    ) -> Result<Upgrade, Failure> {
        let owner = caller.owner;
        let name = offer.package.name().clone();
        let grants = self.upgrade_grants(owner, &offer, &choices)?;
        let (image, triggers) = self.install_prepare(&caller, &offer.package)?;
        let signer = self.signer_of(owner, &offer.package, &offer.consent);
        let signer = signer.map_err(|failure| self.app_refuse(&caller, name.as_str(), failure))?;
        self.archive_keep(&offer.package)?;
        let AppRecord { enabled, setup, .. } = old.record;
        let record = self.app_record_new(&offer, signer.as_ref(), enabled, setup);
        let hooks = [old.package.hooks().get(&Hook::Preupgrade), offer.package.hooks().get(&Hook::Postupgrade)];
        let migrates = hooks.iter().any(Option::is_some);
        let storage = if migrates { Arc::default() } else { old.storage.clone() };
        let app = LoadedApp::new(record, offer.package.clone(), Some(image.clone()), storage);
        Ok(Upgrade { caller, offer, choices, old, app, image, grants, is_scheduled: triggers.is_scheduled() })
    }

    fn upgrade_grants(&self, owner: OwnerId, offer: &Offer, choices: &[LineChoice]) -> Result<AppGrants, Failure> {
        let name = offer.package.name();
        let is_anew = offer.card.change.as_ref().is_none_or(|change| change.is_anew);
        let kept = if is_anew { None } else { Some(self.grants_stored(owner, name)?) };
        let kept: Vec<&AppGrants> = kept.iter().collect();
        self.grants_choose(owner, name, &offer.card.lines, &kept, choices)
    }

    /// The hooks of the upgrade, and the switch.
    async fn upgrade_run(self: &Arc<Self>, upgrade: Upgrade) -> Result<Arc<LoadedApp>, Failure> {
        let (owner, name) = (upgrade.owner(), upgrade.app.record.name.clone());
        let steps = self.upgrade_steps(&upgrade).await;
        let (ticket, _) = self.place(&self.admission, owner, &name).await?;
        // From here on no run of the version before stores anything that the hooks would not see.
        let moves = !Arc::ptr_eq(&upgrade.old.storage, &upgrade.app.storage);
        let moving = match moves {
            true => {
                self.runs_gone(owner, &name, SETTLE_WAIT_MS).await;
                Some(upgrade.old.storage.moving().await)
            }
            false => None,
        };
        let run = self.upgrade_open(&upgrade)?;
        crate::crash_point("upgrade::before_hooks");
        let (end, failed) = self.upgrade_steps_run(&run, &steps).await;
        crate::crash_point("upgrade::after_hooks");
        let (result, usage) = self.run_ended(&run, end, ticket).await;
        let result = result.map(drop).map_err(|failure| {
            let step = failed.and_then(|failed| steps.get(failed)).or(steps.last());
            let said = step.map(|step| step.said(&failure.message));
            Box::new((said.unwrap_or_else(|| sentence::upgrade_unanswered(failure.message.as_str())), failure))
        });
        let (kernel, closing) = (self.clone(), run.clone());
        let closed = tokio::task::spawn_blocking(move || kernel.upgrade_close(&closing, &upgrade, result, usage)).await;
        let (report, switched) = match closed {
            Ok((report, switched)) => (Some(report), switched),
            Err(_) => (None, Err(internal("the upgrade could not be brought to its end"))),
        };
        drop(moving);
        self.run_tell(&run, report, usage);
        switched
    }

    async fn upgrade_steps(self: &Arc<Self>, upgrade: &Upgrade) -> Vec<Step> {
        let mut steps = Vec::new();
        if upgrade.old.package.hooks().contains_key(&Hook::Preupgrade) {
            match self.image(&upgrade.old).await {
                Ok(image) => steps.extend(upgrade.step(self, Hook::Preupgrade, &upgrade.old, &image)),
                // One that does not load any more must not stand in the way of the one that mends it.
                Err(failure) => tracing::warn!(code = %failure.code, "the version that goes has no hooks any more"),
            }
        }
        steps.extend(upgrade.step(self, Hook::Postupgrade, &upgrade.app, &upgrade.image));
        let check = upgrade.step(self, Hook::Health, &upgrade.app, &upgrade.image).or_else(|| {
            // A server may need what is set for it once it is there, or a sign-in: whether it answers is for a look to find out,
            // and what it then says is not called before its owner has accepted it.
            (!is_server(&upgrade.app)).then(|| {
                let settings = self.settings_of_hook(upgrade.owner(), &upgrade.app);
                Step { hook: None, image: upgrade.image.clone(), env: upgrade.app.env(&[], None, settings) }
            })
        });
        steps.extend(check);
        steps
    }

    /// The run of an upgrade: decided by the grants of the version that comes, while runs of the one that goes have theirs.
    fn upgrade_open(&self, upgrade: &Upgrade) -> Result<Arc<Run>, Failure> {
        let Upgrade { caller, old, app, grants, .. } = upgrade;
        let limits = app.package.manifest().limits.limits();
        let limits = Limits { wall_ms: limits.wall_ms.min(HOOK_WALL_MS), ..limits };
        let id = RunId::new(&*self.clock, &*self.entropy);
        let now_ns = self.clock.monotonic_ns();
        let lease = self.broker.lease_open_under(*caller, &app.record.name, id, limits, now_ns, grants.clone());
        let cause = Cause {
            said: sentence::cause_upgraded(old.record.version.to_string()),
            basis: None,
            labels: Labels::NONE,
            hops: 0,
            trigger: Value::Null,
            delivery: None,
        };
        let action =
            "upgrade".parse().map_err(|error: protocol::NameError| Failure::from_error(ErrorCode::Internal, &error))?;
        let run = Run::new(lease, app.clone(), action, Some(cause), None, self.clock.now());
        self.bounds_keep(&run);
        self.run_open(&run)?;
        Ok(run)
    }

    /// Runs one guest after the other in the one run. Gives the end of the last, and which one failed.
    async fn upgrade_steps_run(self: &Arc<Self>, run: &Arc<Run>, steps: &[Step]) -> (GuestEnd, Option<usize>) {
        let mut memory_bytes = 0;
        for (place, step) in steps.iter().enumerate() {
            run.set_storage_only(step.is_storage_only());
            let call = self.guest_call(run, step.export(), &Value::Null, step.env.clone());
            let host = Arc::new(RunHost::new(self.clone(), run.clone()));
            let end = step.judge(crate::run::guest_ended(self.guest_start(run, &step.image, call, host)).await);
            memory_bytes = end.memory_bytes.max(memory_bytes);
            // What it began and did not wait for settles before the next one looks.
            drop(run.under_way.write().await);
            if end.result.is_err() {
                return (GuestEnd { memory_bytes, ..end }, Some(place));
            }
            crate::crash_point("upgrade::after_step");
        }
        (GuestEnd { result: Ok(GuestValue::default()), memory_bytes }, None)
    }

    /// Writes how an upgrade ended, and lets the new version be the one that runs if it ended well.
    fn upgrade_close(
        self: &Arc<Self>,
        run: &Arc<Run>,
        upgrade: &Upgrade,
        result: Result<(), Unswitched>,
        usage: RunUsage,
    ) -> (RunReport, Result<Arc<LoadedApp>, Failure>) {
        let Upgrade { caller, old, app, image, .. } = upgrade;
        let (owner, name) = (upgrade.owner(), &app.record.name);
        let _changing = self.changing.lock();
        let prepared = result.and_then(|()| {
            self.upgrade_batch(upgrade)
                .map_err(|failure| Box::new((sentence::upgrade_unwritten(failure.message.as_str()), failure)))
        });
        let (batch, grants, unused) = match prepared {
            Ok(prepared) => prepared,
            Err(unswitched) => {
                let (why, failure) = *unswitched;
                let (from, version) = (old.record.version.to_string(), app.record.version.to_string());
                let message = format!("{name} {version} did not take over: {why}; {from} goes on as it was");
                let said = sentence::app_upgrade_failed(from, version, why);
                let said = journal::record(self.clock.now(), caller, AuditEvent::App, Some(name), said);
                let mut batch = Batch::new();
                journal::append(&mut batch, owner, &said);
                let left = self.run_leave(run, false, batch);
                let code = if failure.code == ErrorCode::Stopped { failure.code } else { ErrorCode::UpgradeFailed };
                let report = self.run_close(run, Err(failure), usage, left);
                let hint = format!("nothing of it was kept; oikos log --run {} says what it did", run.id());
                return (report, Err(Failure::new(code, message).hint(hint)));
            }
        };
        let mut left = self.run_leave(run, true, batch);
        left.durability = Durability::Synced;
        let moves = !Arc::ptr_eq(&old.storage, &app.storage);
        old.storage.set_moved(moves);
        crate::crash_point("upgrade::before_commit");
        let report = self.run_close(run, Ok(GuestValue::default()), usage, left);
        crate::crash_point("upgrade::after_commit");
        if let Some(failure) = report.summary.failure.clone() {
            old.storage.set_moved(false);
            return (report, Err(failure));
        }
        let switched = self.app_put(owner, app, grants, image.exports()).map(|()| app.clone());
        if !upgrade.is_scheduled {
            self.schedule_drop(owner, name);
        }
        if let Some(unused) = unused {
            self.archive_release(unused);
        }
        (report, switched)
    }

    /// What makes the new version the one that runs, and keeps the one before with its storage; and the archive that no
    /// rollback goes back to any more.
    fn upgrade_batch(&self, upgrade: &Upgrade) -> Result<(Batch, AppGrants, Option<Digest>), Failure> {
        let Upgrade { caller, offer, choices, old, app, .. } = upgrade;
        let (owner, name, package) = (upgrade.owner(), &app.record.name, &offer.package);
        // Again, from what holds now.
        let signer = self.signer_of(owner, package, &offer.consent)?;
        if signer.as_ref().map(|signer: &Signer| signer.key.fingerprint())
            != app.record.publisher_key.map(|key| key.fingerprint())
        {
            return Err(Failure::new(ErrorCode::Conflict, "its publisher is not who it was a moment ago"));
        }
        let before = self.grants_stored(owner, name)?;
        let grants = self.upgrade_grants(owner, offer, choices)?;
        let mut batch = Batch::new();
        batch.copy_prefix(owner, Space::Storage, Space::Checkpoint, &format!("{name}/"));
        let now = self.clock.now();
        let said = said_installed(&app.record, Some(&old.record.version));
        journal::append(&mut batch, owner, &journal::record(now, caller, AuditEvent::App, Some(name), said));
        let is_new = |grant: &&broker::Grant| !before.grants.iter().any(|known| known.id == grant.id);
        for grant in grants.grants.iter().filter(is_new) {
            let mut record = grant_record(now, caller, name, grant);
            let is_chosen = choices.iter().any(|choice| grant.line.matches(&choice.line));
            let is_held = before.grants.iter().any(|known| known.line == grant.line && known.state == grant.state);
            if is_held && !is_chosen {
                record.sentence = sentence::grant_carried(&grant.line, grant.state);
            }
            journal::append(&mut batch, owner, &record);
        }
        self.install_write(&mut batch, caller, package, &app.record, &grants, signer.as_ref())?;
        let unused = self.version_before(owner, name)?.map(|unused| unused.record.digest);
        let kept = VersionRecord { record: old.record.clone(), grants: before };
        let key = Key::new(owner, Space::Version, name.as_str());
        batch.put(&key, serde_json::to_vec(&kept).unwrap_or_default(), Labels::NONE);
        match upgrade.is_scheduled {
            true => self.schedule_begin(owner, name, &mut batch),
            false => drop(batch.delete(&Self::schedule_key(owner, name))),
        }
        Ok((batch, grants, unused))
    }
}
