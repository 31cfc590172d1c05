//! Changing files: announced first, staged beside, the old content kept, and then done in one step that either
//! happened or did not.

use super::{
    trash::{self, Place, StepError, Trash},
    walk::{self, Stat, WalkError, Walker},
};
use crate::common::{Meter, crash_point, system_error};
use broker::{FileDemand, Permit, Target};
use cap_std::fs::Dir;
use kernel::{
    effect::{Change, ChangeKind, Done, EffectError, FileStamp, Said, Scene},
    host_call::HostAnswer,
};
use protocol::{Arg, ErrorCode, Labels, sentence, sha256};
use std::{fs::File, io::Write as _};

/// What changes files.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    pub(crate) walker: Walker,
    pub(crate) trash: Trash,
}

/// A file that is there before.
pub(super) struct Old {
    file: File,
    pub(super) stat: Stat,
    pub(super) stamp: FileStamp,
}

/// One call, with what its errors name.
pub(super) struct Call<'a> {
    permit: &'a Permit<FileDemand>,
    target: &'a Target,
    scene: &'a dyn Scene,
    meter: Meter<'a>,
}

/// The name of what is staged. Begins with a point, so that it is not in the way of a person who looks.
pub(crate) fn stage_name(fresh: &str) -> String {
    format!(".oikos-{fresh}.tmp")
}

impl Writer {
    /// Creates or replaces a file.
    pub(crate) fn write(
        &self,
        permit: &Permit<FileDemand>,
        target: &Target,
        body: &[u8],
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let mut call = Call::new(permit, target, scene);
        call.meter.step(body.len() as u64)?;
        let (dir, name) = self.walker.parent(&target.root.folder, &target.names).map_err(|error| call.walk(&error))?;
        let mut old = call.old(&dir, name)?;
        let stage = stage_name(&scene.fresh_name());
        let change = Change {
            kind: if old.is_some() { ChangeKind::Overwrote } else { ChangeKind::Created },
            folder: target.root.folder.clone(),
            names: target.names.clone(),
            stage: Some(stage.clone()),
            trash: Some(Trash::place_name(permit.lease().run(), &scene.fresh_name())),
            before: old.as_ref().map(|old| old.stamp),
            after: Some(FileStamp { bytes: body.len() as u64, digest: sha256(body) }),
            to: None,
            called: target.root.called.clone(),
        };
        let bytes = Arg::Bytes(body.len() as u64);
        scene.intent(sentence::file_will_write(target.shown(), bytes.clone()), &change)?;
        crash_point!("file_write::after_intent");
        permit.check()?;

        let staged = Staged { dir: &dir, name: &stage };
        call.stage(&staged, body, old.as_ref())?;
        crash_point!("file_write::after_stage");
        let kept = match (&mut old, &change.trash) {
            (Some(old), Some(place)) => Some(self.keep(&mut call, place, &dir, name, old)?),
            _ => None,
        };
        crash_point!("file_write::after_trash");
        let replaced = match (permit.check(), &old) {
            (Err(end), _) => Err(StepError::Ended(end)),
            (Ok(()), Some(old)) => replace(&dir, &stage, name, &old.stat),
            (Ok(()), None) => walk::rename_new(&dir, &stage, &dir, name).map_err(|error| match error.kind() {
                std::io::ErrorKind::AlreadyExists => StepError::Changed,
                _ => StepError::System(error),
            }),
        };
        if let Err(error) = replaced {
            if let StepError::HalfDone(_) = error {
                staged.keep();
                return Err(call.step_error(error));
            }
            if let Some(place) = kept {
                place.forget();
            }
            return Err(call.step_error(error));
        }
        crash_point!("file_write::after_rename");
        // Takes away what the old file's name was exchanged with, if it was.
        drop(staged);
        call.settle(&dir)?;
        let shown = target.shown();
        let said = match old {
            Some(_) => sentence::file_overwrote(shown, bytes),
            None => sentence::file_created(shown, bytes),
        };
        Ok(Done {
            answer: HostAnswer::Json(serde_json::Value::Null),
            said: Some(Said::Once(said)),
            change: Some(change),
            labels: Labels::NONE,
        })
    }

    /// Moves a file to the trash.
    pub(crate) fn remove(
        &self,
        permit: &Permit<FileDemand>,
        target: &Target,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let mut call = Call::new(permit, target, scene);
        let (dir, name) = self.walker.parent(&target.root.folder, &target.names).map_err(|error| call.walk(&error))?;
        let mut old = call.old(&dir, name)?.ok_or_else(|| call.walk(&WalkError::NotFound { name: None }))?;
        let trash = Trash::place_name(permit.lease().run(), &scene.fresh_name());
        let change = Change {
            kind: ChangeKind::Removed,
            folder: target.root.folder.clone(),
            names: target.names.clone(),
            stage: None,
            trash: Some(trash.clone()),
            before: Some(old.stamp),
            after: None,
            to: None,
            called: target.root.called.clone(),
        };
        scene.intent(sentence::file_will_remove(target.shown()), &change)?;
        crash_point!("file_remove::after_intent");
        permit.check()?;
        let place = self.trash.place(&trash).map_err(|error| call.trash_error(&error))?;
        crash_point!("file_remove::after_trash");
        let meter = &mut call.meter;
        place
            .take(&dir, name, &mut old.file, &old.stat, &mut |bytes| meter.step(bytes))
            .map_err(|error| call.step_error(error))?;
        crash_point!("file_remove::after_rename");
        call.settle(&dir)?;
        Ok(Done {
            answer: HostAnswer::Json(serde_json::Value::Null),
            said: Some(Said::Once(sentence::file_removed(target.shown()))),
            change: Some(change),
            labels: Labels::NONE,
        })
    }

    fn keep<'a>(
        &self,
        call: &mut Call<'_>,
        place: &'a str,
        dir: &Dir,
        name: &str,
        old: &mut Old,
    ) -> Result<Place<'a>, EffectError> {
        let place = self.trash.place(place).map_err(|error| call.trash_error(&error))?;
        let meter = &mut call.meter;
        place
            .keep(dir, name, &mut old.file, &old.stat, &mut |bytes| meter.step(bytes))
            .map_err(|error| call.step_error(error))?;
        Ok(place)
    }
}

/// Puts the staged file in the place of the old one. Where the file system can, the two change names, so that a file
/// which somebody put there in the last moment is seen and gets its name back.
pub(crate) fn replace(dir: &Dir, stage: &str, name: &str, old: &Stat) -> Result<(), StepError> {
    let is_old = |name: &str| -> Result<bool, StepError> {
        Ok(walk::stat(dir, name)?.is_some_and(|found| found.stat().is_same_content(old)))
    };
    if !is_old(name)? {
        return Err(StepError::Changed);
    }
    if !walk::rename_exchange(dir, stage, name)? {
        return Ok(dir.rename(stage, dir, name)?);
    }
    match is_old(stage) {
        Ok(true) => Ok(()),
        other => {
            let back = walk::rename_exchange(dir, stage, name).map_err(StepError::HalfDone)?;
            debug_assert!(back, "what worked once works again");
            Err(other.err().unwrap_or(StepError::Changed))
        }
    }
}

/// Removes what was staged when it goes.
pub(crate) struct Staged<'a> {
    pub(crate) dir: &'a Dir,
    pub(crate) name: &'a str,
}

impl Staged<'_> {
    /// Leaves everything where it is: what is staged may be the only copy of something.
    pub(crate) fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for Staged<'_> {
    fn drop(&mut self) {
        drop(self.dir.remove_file(self.name));
    }
}

impl<'a> Call<'a> {
    pub(super) fn new(permit: &'a Permit<FileDemand>, target: &'a Target, scene: &'a dyn Scene) -> Self {
        Self { permit, target, scene, meter: Meter::start(permit.lease()) }
    }

    /// The file that is there, with the digest of its content.
    pub(super) fn old(&mut self, dir: &Dir, name: &str) -> Result<Option<Old>, EffectError> {
        let (mut file, stat) = match walk::file_open(dir, name) {
            Ok(opened) => opened,
            Err(WalkError::NotFound { name: None }) => return Ok(None),
            Err(error) => return Err(self.walk(&error)),
        };
        let (meter, scene) = (&mut self.meter, self.scene);
        let (shown, mut done) = (self.target.shown(), 0);
        let (bytes, digest) = trash::digest(&mut file, &mut |bytes| {
            done += bytes;
            scene.progress(sentence::progress_reading(&shown), done, Some(stat.bytes));
            meter.step(bytes)
        })
        .map_err(|error| self.step_error(error))?;
        let is_same = Stat::of_file(&file).is_ok_and(|now| now.is_same_content(&stat));
        if bytes != stat.bytes || !is_same {
            return Err(self.step_error(StepError::Changed));
        }
        Ok(Some(Old { file, stat, stamp: FileStamp { bytes, digest } }))
    }

    fn stage(&mut self, staged: &Staged<'_>, body: &[u8], old: Option<&Old>) -> Result<(), EffectError> {
        let (mut file, mode) =
            walk::file_create_new(staged.dir, staged.name).map_err(|error| self.step_error(error.into()))?;
        let written = file.write_all(body).and_then(|()| match old {
            Some(old) => trash::finish(&file, &old.stat),
            None => {
                walk::mode_set(&file, mode)?;
                file.sync_all()
            }
        });
        written.map_err(|error| self.step_error(error.into()))?;
        Ok(self.meter.step(0)?)
    }

    /// After the step that cannot be taken back: once the folder is on the disk, it has happened.
    pub(super) fn settle(&self, dir: &Dir) -> Result<(), EffectError> {
        walk::folder_sync(dir).map_err(|error| EffectError::Unknown(system_error(&self.permit.demand().path, &error)))
    }

    pub(super) fn walk(&self, error: &WalkError) -> EffectError {
        error.guest(&self.permit.demand().path, &self.target.root.folder.path).into()
    }

    pub(super) fn step_error(&self, error: StepError) -> EffectError {
        let named = &self.permit.demand().path;
        match error {
            StepError::System(error) => system_error(named, &error).into(),
            StepError::Ended(end) => end.into(),
            StepError::HalfDone(error) => EffectError::Unknown(system_error(named, &error)),
            StepError::Changed => {
                let shown = protocol::text::shorten(named, 300);
                EffectError::guest(ErrorCode::Conflict, format!("{shown}: somebody else changed it in between"))
            }
        }
    }

    /// The trash lies outside what the guest knows of.
    fn trash_error(&self, error: &std::io::Error) -> EffectError {
        system_error("the trash", error).into()
    }
}
