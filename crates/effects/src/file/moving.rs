//! Giving files other names, and the old ones back. A move touches no content: the file keeps all it has but its name.

use super::{
    trash::StepError,
    undo::{Now, Scene as UndoScene},
    walk::{self, Stat, WalkError, Walker},
    write::{Call, Writer},
};
use crate::common::{crash_point, system_error, wrong_permit};
use broker::{FileDemand, Permit, RootKind, Target};
use cap_std::fs::Dir;
use kernel::{
    effect::{Change, ChangeKind, Destination, Done, EffectError, Said, Scene, UndoError},
    host_call::HostAnswer,
};
use protocol::{EffectState, ErrorCode, Labels, sentence, text};
use std::io;

/// Most folders that one move makes: deeper ways are typed by nobody.
const FOLDERS_MADE_MAX: usize = 8;

/// Folders that were made on the way; they go again unless the move happens.
struct Made {
    folders: Vec<(Dir, String)>,
    is_kept: bool,
}

impl Made {
    /// Makes the missing folders, and gives the innermost one.
    fn make(walker: &Walker, from: Dir, missing: &[String]) -> Result<(Self, Dir), WalkError> {
        let mut made = Self { folders: Vec::new(), is_kept: false };
        let mut dir = from;
        for name in missing {
            let next = walker.make(&dir, name)?;
            made.folders.push((dir, name.clone()));
            dir = next;
        }
        Ok((made, dir))
    }

    /// Waits until they are on the disk.
    fn sync(&self) -> io::Result<()> {
        self.folders.iter().try_for_each(|(dir, _)| walk::folder_sync(dir))
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if !self.is_kept {
            for (dir, name) in self.folders.iter().rev() {
                // Only an empty one goes; what somebody put there meanwhile keeps it.
                drop(dir.remove_dir(name));
            }
        }
    }
}

impl Writer {
    /// Moves a file.
    pub(super) fn relocate(
        &self,
        permit: &Permit<FileDemand>,
        target: &Target,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let to = permit.demand().destination().ok_or_else(wrong_permit)?;
        let to_named = permit.demand().to.as_deref().unwrap_or_default();
        for (end, named) in [(target, permit.demand().path.as_str()), (to, to_named)] {
            if end.root.kind == RootKind::File {
                let message =
                    format!("{}: it was handed over as one file, and keeps its name", text::shorten(named, 300));
                return Err(EffectError::guest(ErrorCode::FileUnusable, message));
            }
        }
        let mut call = Call::new(permit, target, scene);
        let at_destination = |error: &WalkError| EffectError::from(error.guest(to_named, &to.root.folder.path));
        let (dir, name) = self.walker.parent(&target.root.folder, &target.names).map_err(|error| call.walk(&error))?;
        let old = call.old(&dir, name)?.ok_or_else(|| call.walk(&WalkError::NotFound { name: None }))?;
        let (way, missing, to_name) =
            self.walker.way(&to.root.folder, &to.names).map_err(|error| at_destination(&error))?;
        if missing.len() > FOLDERS_MADE_MAX {
            let message = format!("{}: a move makes at most {FOLDERS_MADE_MAX} folders", text::shorten(to_named, 300));
            return Err(EffectError::guest(ErrorCode::InvalidInput, message));
        }
        let is_taken = missing.is_empty()
            && walk::stat(&way, to_name).map_err(|error| at_destination(&WalkError::System(error)))?.is_some();
        if is_taken {
            return Err(taken(to_named));
        }
        let change = Change {
            kind: ChangeKind::Moved,
            folder: target.root.folder.clone(),
            names: target.names.clone(),
            stage: None,
            trash: None,
            before: Some(old.stamp),
            after: None,
            to: Some(Destination { folder: to.root.folder.clone(), names: to.names.clone(), made: missing.len() }),
            called: target.root.called.clone(),
        };
        scene.intent(sentence::file_will_move(target.shown(), to.shown()), &change)?;
        crash_point!("file_move::after_intent");
        permit.check()?;

        let (mut made, to_dir) = Made::make(&self.walker, way, missing).map_err(|error| at_destination(&error))?;
        crash_point!("file_move::after_folders");
        permit.check()?;
        rename_checked(&dir, name, &to_dir, to_name, &old.stat).map_err(|error| match error {
            StepError::System(error) if error.kind() == io::ErrorKind::AlreadyExists => taken(to_named),
            StepError::System(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                let message = format!(
                    "{}: it lies on another disk; write the file there and remove it here",
                    text::shorten(to_named, 300)
                );
                EffectError::guest(ErrorCode::FileUnusable, message)
            }
            error => call.step_error(error),
        })?;
        crash_point!("file_move::after_rename");
        made.is_kept = true;
        made.sync().map_err(|error| EffectError::Unknown(system_error(to_named, &error)))?;
        call.settle(&to_dir)?;
        call.settle(&dir)?;
        Ok(Done {
            answer: HostAnswer::Json(serde_json::Value::Null),
            said: Some(Said::Once(sentence::file_moved(target.shown(), to.shown()))),
            change: Some(change),
            labels: Labels::NONE,
        })
    }

    /// What moved, at its new place and as it was then. Its old name must be free, which the caller has looked at.
    pub(super) fn moved<'a>(&self, scene: &UndoScene<'a>) -> Result<(UndoScene<'a>, Now), UndoError> {
        let to = scene.change.to.as_ref().ok_or_else(|| scene.conflict())?;
        let there = self.scene_at(scene.change, to.path(), &to.folder, &to.names)?;
        match there.now()? {
            Some(now) if Some(now.stamp) == scene.change.before => Ok((there, now)),
            _ => Err(there.conflict()),
        }
    }

    /// Gives a file its old name back, and takes away the folders that were made for it, if they are empty.
    pub(super) fn move_back(&self, scene: &UndoScene<'_>) -> Result<(), UndoError> {
        let (there, now) = self.moved(scene)?;
        rename_checked(&there.dir, there.name, &scene.dir, scene.name, &now.stat).map_err(|error| match error {
            StepError::System(error) if error.kind() == io::ErrorKind::AlreadyExists => scene.conflict(),
            error => there.step_error(error),
        })?;
        crash_point!("undo::after_rename");
        walk::folder_sync(&there.dir).map_err(|error| there.failed(&error))?;
        if let Some(to) = &scene.change.to {
            self.made_remove(to);
        }
        Ok(())
    }

    /// After a crash in the middle of a move, there or back: the file has one of its names.
    pub(super) fn move_recover(&self, scene: &UndoScene<'_>, to: &Destination) -> Result<EffectState, UndoError> {
        let before = scene.change.before;
        let here = scene.now()?;
        let there = match self.scene_at(scene.change, to.path(), &to.folder, &to.names) {
            Ok(there) => there.now()?.map(|now| (there, now)),
            // The folders were not made yet.
            Err(UndoError::FolderChanged { .. }) => None,
            Err(error) => return Err(error),
        };
        let is_whole = |now: &Now| Some(now.stamp) == before;
        match (here, there) {
            (Some(here), Some((there, now))) if is_same_file(&here.stat, &now.stat) && is_whole(&here) => {
                // Where a file system cannot move in one step, the new name comes first and the old one goes then.
                there.dir.remove_file(there.name).map_err(|error| there.failed(&error))?;
                walk::folder_sync(&there.dir).map_err(|error| there.failed(&error))?;
                self.made_remove(to);
                Ok(EffectState::NotDone)
            }
            (Some(here), None) if is_whole(&here) => {
                self.made_remove(to);
                Ok(EffectState::NotDone)
            }
            (None, Some((_, now))) if is_whole(&now) => Ok(EffectState::Done),
            _ => Ok(EffectState::Unknown),
        }
    }

    /// Takes away the folders that a move made, innermost first, as far as they are empty. A folder that stays does no harm.
    fn made_remove(&self, to: &Destination) {
        let depth = to.names.len().saturating_sub(1);
        for above in (depth.saturating_sub(to.made)..depth).rev() {
            let Ok(dir) = self.walker.folder(&to.folder, &to.names[..above]) else { continue };
            if dir.remove_dir(&to.names[above]).is_err() {
                return;
            }
            drop(walk::folder_sync(&dir));
        }
    }
}

/// Renames a file, unless the new name is taken, and sees to it that what moved is what was looked at.
fn rename_checked(from: &Dir, name: &str, to: &Dir, to_name: &str, stat: &Stat) -> Result<(), StepError> {
    walk::rename_new(from, name, to, to_name).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => StepError::Changed,
        _ => StepError::System(error),
    })?;
    let moved = walk::stat(to, to_name);
    if matches!(&moved, Ok(Some(found)) if found.stat().is_same_content(stat)) {
        return Ok(());
    }
    // Somebody put another file there in the last moment; it gets its name back.
    walk::rename_new(to, to_name, from, name).map_err(StepError::HalfDone)?;
    Err(moved.map_or_else(StepError::System, |_| StepError::Changed))
}

fn is_same_file(one: &Stat, other: &Stat) -> bool {
    (one.device, one.inode) == (other.device, other.inode)
}

fn taken(named: &str) -> EffectError {
    EffectError::guest(
        ErrorCode::Conflict,
        format!("{}: something of this name is there already", text::shorten(named, 300)),
    )
}
