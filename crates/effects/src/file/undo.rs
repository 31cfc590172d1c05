//! Taking changes back, and cleaning up after a crash.

use super::{
    trash::{self, StepError},
    walk::{self, Stat, WalkError},
    write::{Staged, Writer, replace},
};
use crate::common::crash_point;
use broker::Folder;
use cap_std::fs::Dir;
use kernel::effect::{Change, ChangeKind, FileStamp, Undo, UndoError};
use protocol::{EffectState, Sentence};
use std::{fs::File, io};

/// A change, with one of the folders it happened in.
pub(super) struct Scene<'a> {
    pub(super) change: &'a Change,
    pub(super) path: String,
    pub(super) dir: Dir,
    pub(super) name: &'a str,
}

/// A file as it is now.
pub(super) struct Now {
    file: File,
    pub(super) stat: Stat,
    pub(super) stamp: FileStamp,
}

impl Undo for Writer {
    fn undo_check(&self, change: &Change) -> Result<(), UndoError> {
        let scene = self.scene(change)?;
        scene.check()?;
        match change.kind {
            ChangeKind::Created => {}
            ChangeKind::Overwrote | ChangeKind::Removed => drop(self.kept(&scene)?),
            ChangeKind::Moved => drop(self.moved(&scene)?),
        }
        Ok(())
    }

    fn undo(&self, change: &Change) -> Result<Sentence, UndoError> {
        let scene = self.scene(change)?;
        let now = scene.check()?;
        crash_point!("undo::after_intent");
        match change.kind {
            ChangeKind::Created => {
                let mut now = now.ok_or_else(|| scene.conflict())?;
                let place = self.trash.place(scene.place()?).map_err(|error| scene.failed(&error))?;
                place
                    .take(&scene.dir, scene.name, &mut now.file, &now.stat, &mut |_| Ok(()))
                    .map_err(|error| scene.step_error(error))?;
                crash_point!("undo::after_rename");
            }
            ChangeKind::Overwrote | ChangeKind::Removed => self.restore(&scene, now)?,
            ChangeKind::Moved => self.move_back(&scene)?,
        }
        walk::folder_sync(&scene.dir).map_err(|error| scene.failed(&error))?;
        Ok(change.undo_sentence())
    }

    fn recover(&self, change: &Change) -> Result<EffectState, UndoError> {
        let scene = self.scene(change)?;
        if let Some(to) = &change.to {
            return self.move_recover(&scene, to);
        }
        let stage = scene.stage();
        if walk::stat(&scene.dir, &stage).map_err(|error| scene.failed(&error))?.is_some() {
            scene.dir.remove_file(&stage).map_err(|error| scene.failed(&error))?;
            walk::folder_sync(&scene.dir).map_err(|error| scene.failed(&error))?;
        }
        let now = scene.now()?.map(|now| now.stamp);
        // The old one first: a file that was overwritten with the same content is as it was, and its trash may be gone.
        if now != change.before {
            return Ok(if now == change.after { EffectState::Done } else { EffectState::Unknown });
        }
        // The old file has its name, so the trash holds nothing that is not there as well.
        if change.kind != ChangeKind::Created
            && let Some(name) = &change.trash
            && let Ok(place) = self.trash.place(name)
        {
            place.forget();
        }
        Ok(EffectState::NotDone)
    }
}

impl Writer {
    fn scene<'a>(&self, change: &'a Change) -> Result<Scene<'a>, UndoError> {
        self.scene_at(change, change.shown(), &change.folder, &change.names)
    }

    /// A scene at one end of the change.
    pub(super) fn scene_at<'a>(
        &self,
        change: &'a Change,
        path: String,
        folder: &Folder,
        names: &'a [String],
    ) -> Result<Scene<'a>, UndoError> {
        let (dir, name) = self.walker.parent(folder, names).map_err(|error| match error {
            WalkError::System(error) => failed(&path, &error),
            _ => UndoError::FolderChanged { path: path.clone() },
        })?;
        Ok(Scene { change, path, dir, name })
    }

    /// The old file in the trash.
    fn kept(&self, scene: &Scene<'_>) -> Result<(File, Stat), UndoError> {
        let place = self.trash.place(scene.place()?).map_err(|error| scene.failed(&error))?;
        let (mut file, stat) = place.open().map_err(|error| match error {
            WalkError::NotFound { .. } => UndoError::TrashMissing { path: scene.path.clone() },
            _ => scene.refused("what is in the trash is no file"),
        })?;
        let (bytes, digest) = trash::digest(&mut file, &mut |_| Ok(())).map_err(|error| scene.step_error(error))?;
        if scene.change.before != Some(FileStamp { bytes, digest }) {
            return Err(scene.refused("what is in the trash is not the old file"));
        }
        Ok((file, stat))
    }

    /// Puts the old file in the place of the present one, or of nothing.
    fn restore(&self, scene: &Scene<'_>, now: Option<Now>) -> Result<(), UndoError> {
        let (mut file, stat) = self.kept(scene)?;
        let place = self.trash.place(scene.place()?).map_err(|error| scene.failed(&error))?;
        let stage = scene.stage();
        let staged = Staged { dir: &scene.dir, name: &stage };
        place.stage(&mut file, &stat, &scene.dir, &stage).map_err(|error| scene.step_error(error))?;
        crash_point!("undo::after_stage");
        let done = match now {
            Some(now) => replace(&scene.dir, &stage, scene.name, &now.stat),
            None => walk::rename_new(&scene.dir, &stage, &scene.dir, scene.name).map_err(StepError::System),
        };
        match done {
            Ok(()) => {}
            Err(StepError::System(error)) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(scene.conflict());
            }
            Err(StepError::HalfDone(error)) => {
                staged.keep();
                return Err(scene.failed(&error));
            }
            Err(error) => return Err(scene.step_error(error)),
        }
        crash_point!("undo::after_rename");
        // The old file has its name again. Where the two changed names, what the run wrote takes its place in the trash.
        place.exchange(&scene.dir, &stage);
        drop(staged);
        Ok(())
    }
}

impl Scene<'_> {
    /// The file as it is now; `None` if there is none.
    pub(super) fn now(&self) -> Result<Option<Now>, UndoError> {
        let (mut file, stat) = match walk::file_open(&self.dir, self.name) {
            Ok(opened) => opened,
            Err(WalkError::NotFound { .. }) => return Ok(None),
            Err(WalkError::System(error)) => return Err(self.failed(&error)),
            Err(_) => return Err(self.conflict()),
        };
        let (bytes, digest) = trash::digest(&mut file, &mut |_| Ok(())).map_err(|error| self.step_error(error))?;
        Ok(Some(Now { file, stat, stamp: FileStamp { bytes, digest } }))
    }

    /// The file must be as the change left it.
    pub(super) fn check(&self) -> Result<Option<Now>, UndoError> {
        let now = self.now()?;
        if now.as_ref().map(|now| now.stamp) == self.change.after { Ok(now) } else { Err(self.conflict()) }
    }

    fn place(&self) -> Result<&str, UndoError> {
        self.change.trash.as_deref().ok_or_else(|| UndoError::TrashMissing { path: self.path.clone() })
    }

    /// Where the old file is staged: under the name that the change announced, so that [`Undo::recover`] finds it. A
    /// removal announced none; its place in the trash has a name of its own.
    fn stage(&self) -> String {
        self.change.stage.clone().unwrap_or_else(|| {
            let fresh = self.change.trash.as_deref().and_then(|name| name.rsplit('/').next()).unwrap_or_default();
            super::write::stage_name(fresh)
        })
    }

    pub(super) fn conflict(&self) -> UndoError {
        UndoError::Conflict { path: self.path.clone() }
    }

    pub(super) fn failed(&self, error: &io::Error) -> UndoError {
        failed(&self.path, error)
    }

    fn refused(&self, reason: &str) -> UndoError {
        UndoError::Failed { path: self.path.clone(), reason: reason.to_owned() }
    }

    pub(super) fn step_error(&self, error: StepError) -> UndoError {
        match error {
            StepError::System(error) | StepError::HalfDone(error) => self.failed(&error),
            StepError::Changed | StepError::Ended(_) => self.conflict(),
        }
    }
}

fn failed(path: &str, error: &io::Error) -> UndoError {
    let reason = if crate::common::is_disk_full(error) {
        "there is no room left on the disk".to_owned()
    } else {
        error.kind().to_string()
    };
    UndoError::Failed { path: path.to_owned(), reason }
}
