//! Handing files over as bytes: from the first piece to the run that uses them, and away again.

use crate::{
    Kernel,
    effect::HandedBytes,
    handed::{HandedFile, HandedFiles, Piece, called},
    host_call::GuestError,
    run::{commit_failure, store_failure},
};
use broker::Picked;
use parking_lot::Mutex;
use protocol::{Caller, Clock, ErrorCode, Failure, FileAccess, FileId, Labels, OwnerId, Right, api::FileView};
use state::{Batch, Durability, Key, Space};
use std::sync::Arc;

/// What is known of files that were handed over, and who writes or removes one now.
#[derive(Default)]
pub(crate) struct Shelves {
    /// Held for a moment.
    files: Arc<Mutex<HandedFiles>>,
    /// Held while one is written, looked at or removed: what was looked at is still so when it is written down.
    moving: Mutex<()>,
}

/// A run uses a file. Until this is dropped it stays.
pub(crate) struct HandedUse {
    files: Arc<Mutex<HandedFiles>>,
    clock: Arc<dyn Clock>,
    owner: OwnerId,
    file: FileId,
}

impl Drop for HandedUse {
    fn drop(&mut self) {
        self.files.lock().use_end(self.owner, self.file, self.clock.now());
    }
}

fn key(owner: OwnerId, file: FileId) -> Key {
    Key::new(owner, Space::HandedFile, file.to_string())
}

fn failure(error: GuestError) -> Failure {
    Failure::new(error.code, error.message)
}

impl Kernel {
    /// A file is about to be handed over: its bytes follow. One of no bytes is whole at once, for a run to write.
    pub fn file_hand(&self, caller: &Caller, name: &str, size_bytes: u64) -> Result<FileView, Failure> {
        self.require(caller, Right::Run)?;
        let owner = caller.owner;
        let _moving = self.shelves.moving.lock();
        self.expire();
        self.measure(owner)?;
        let (id, now) = (FileId::new(&*self.clock, &*self.entropy), self.clock.now());
        self.shelves.files.lock().hand(owner, id, name, size_bytes, now)?;
        let made = self.effects.shelf.make(owner, id).map_err(failure);
        let made = made.and_then(|()| if size_bytes == 0 { self.whole(owner, id) } else { Ok(()) });
        if let Err(failure) = made {
            self.let_go(owner, id);
            return Err(failure);
        }
        self.file_view(owner, id)
    }

    /// The next piece of a file. The same again at the same place changes nothing, so that whoever is not sure that it came
    /// says it again.
    pub fn file_append(&self, caller: &Caller, file: FileId, at: u64, bytes: &[u8]) -> Result<FileView, Failure> {
        self.require(caller, Right::Run)?;
        let owner = caller.owner;
        let _moving = self.shelves.moving.lock();
        let piece = self.shelves.files.lock().piece(owner, file, at, bytes.len(), self.clock.now())?;
        match piece {
            Piece::New => {
                self.effects.shelf.write(owner, file, at, bytes).map_err(failure)?;
                let mut files = self.shelves.files.lock();
                files.received(owner, file, bytes.len() as u64, self.clock.now())?;
                let is_whole = files.find(owner, file, self.clock.now())?.is_whole();
                drop(files);
                if is_whole {
                    self.whole(owner, file)?;
                }
            }
            Piece::Again => {
                let mut open = self.effects.shelf.open(owner, file).map_err(failure)?;
                if open.read(at, bytes.len()).map_err(failure)? != bytes {
                    return Err(self.shelves.files.lock().differs(owner, file, self.clock.now()));
                }
            }
        }
        self.file_view(owner, file)
    }

    /// Files that were handed over, in the order in which they came.
    pub fn file_list(&self, caller: &Caller) -> Result<Vec<FileView>, Failure> {
        self.require(caller, Right::Read)?;
        let _moving = self.shelves.moving.lock();
        self.expire();
        self.measure(caller.owner)?;
        Ok(self.shelves.files.lock().list(caller.owner, self.clock.now()))
    }

    /// The bytes of a file as they are now, whatever happens to it later.
    pub fn file_take(&self, caller: &Caller, file: FileId) -> Result<Box<dyn HandedBytes>, Failure> {
        self.require(caller, Right::Run)?;
        let kept = self.shelves.files.lock().touch(caller.owner, file, self.clock.now())?;
        self.keep(caller.owner, file, &kept, Durability::Lazy)?;
        self.effects.shelf.open(caller.owner, file).map_err(|error| match error.code {
            ErrorCode::NotFound => {
                let message = format!("'{}' is not there any more: a run took it away", called(&kept.name));
                Failure::new(ErrorCode::NotFound, message).hint("oikos undo RUN brings it back")
            }
            _ => failure(error),
        })
    }

    /// Forgets a file, unless a run uses it.
    pub fn file_forget(&self, caller: &Caller, file: FileId) -> Result<(), Failure> {
        self.require(caller, Right::Run)?;
        let _moving = self.shelves.moving.lock();
        self.shelves.files.lock().forget(caller.owner, file, self.clock.now())?;
        self.let_go(caller.owner, file);
        Ok(())
    }

    /// Removes what nobody used for too long. Whoever is up for long calls it now and then.
    pub fn files_expire(&self) {
        let _moving = self.shelves.moving.lock();
        self.expire();
    }

    /// Finds what the process before was handed, and removes what of it is gone or was half-way. After
    /// [`Kernel::recover`] of every owner: that looks at files which a run was writing.
    pub fn files_recover(&self) -> Result<(), Failure> {
        let _moving = self.shelves.moving.lock();
        for owner in self.owner_ids()? {
            let rows = self.store.scan(owner, Space::HandedFile, "", None, crate::SCAN_MAX).map_err(store_failure)?;
            for (name, row) in rows {
                let Ok(id) = name.parse::<FileId>() else { continue };
                let there = self.effects.shelf.bytes(owner, id).map_err(failure)?;
                match (there, serde_json::from_slice::<HandedFile>(&row.value)) {
                    (Some(bytes), Ok(file)) => {
                        self.shelves.files.lock().recover(owner, id, file, bytes, self.clock.now());
                    }
                    _ => self.let_go(owner, id),
                }
            }
        }
        self.expire();
        let kept = self.shelves.files.lock().keys();
        self.effects.shelf.sweep(&kept).map_err(failure)
    }

    /// A file for a run, and the word that it is used.
    pub(crate) fn file_pick(
        &self,
        owner: OwnerId,
        field: String,
        file: FileId,
        access: FileAccess,
        is_folder: bool,
    ) -> Result<(Picked, HandedUse), Failure> {
        if is_folder {
            let message = format!("'{field}' is a folder, and what was handed over is a file");
            return Err(Failure::new(ErrorCode::InvalidInput, message).hint("name its path: --file NAME=PATH"));
        }
        let kept = self.shelves.files.lock().use_begin(owner, file, self.clock.now())?;
        let (files, clock) = (self.shelves.files.clone(), self.clock.clone());
        let used = HandedUse { files, clock, owner, file };
        self.keep(owner, file, &kept, Durability::Lazy)?;
        let (folder, name) = self.effects.shelf.place(owner, file).map_err(failure)?;
        let picked = Picked { name: field, folder, file: Some(name), access, called: Some(called(&kept.name)) };
        Ok((picked, used))
    }

    fn file_view(&self, owner: OwnerId, file: FileId) -> Result<FileView, Failure> {
        let now = self.clock.now();
        Ok(self.shelves.files.lock().find(owner, file, now)?.view(file, now))
    }

    /// All of it has come: from now on it outlives the process.
    fn whole(&self, owner: OwnerId, file: FileId) -> Result<(), Failure> {
        self.effects.shelf.settle(owner, file).map_err(failure)?;
        let kept = self.shelves.files.lock().find(owner, file, self.clock.now())?.clone();
        self.keep(owner, file, &kept, Durability::Saved)
    }

    fn keep(&self, owner: OwnerId, file: FileId, kept: &HandedFile, durability: Durability) -> Result<(), Failure> {
        let mut batch = Batch::new();
        batch.put(&key(owner, file), serde_json::to_vec(kept).unwrap_or_default(), Labels::NONE);
        self.store.commit(batch, durability).map(drop).map_err(commit_failure)
    }

    /// Looks how large those are that runs may have written.
    fn measure(&self, owner: OwnerId) -> Result<(), Failure> {
        let whole = self.shelves.files.lock().whole(owner, self.clock.now());
        for file in whole {
            let bytes = self.effects.shelf.bytes(owner, file).map_err(failure)?.unwrap_or_default();
            self.shelves.files.lock().measured(owner, file, bytes);
        }
        Ok(())
    }

    fn expire(&self) {
        let gone = self.shelves.files.lock().expire(self.clock.now());
        for (owner, file) in gone {
            self.let_go(owner, file);
        }
    }

    /// Removes what nobody knows any more. What cannot be removed now is removed at the next start.
    fn let_go(&self, owner: OwnerId, file: FileId) {
        self.shelves.files.lock().drop_out(owner, file);
        let mut batch = Batch::new();
        batch.delete(&key(owner, file)).use_reserve();
        if let Err(error) = self.store.commit(batch, Durability::Lazy) {
            tracing::warn!(%error, "a file that was handed over could not be forgotten");
        }
        if let Err(error) = self.effects.shelf.remove(owner, file) {
            tracing::warn!(code = %error.code, "a file that was handed over could not be removed");
        }
    }
}
