//! `ctx.tools.file`: reading, listing, writing, moving and removing beneath granted folders.

mod moving;
mod places;
mod shelf;
mod trash;
mod undo;
pub(crate) mod walk;
mod write;

pub(crate) use places::Finder;
pub use places::protected_folder;
pub(crate) use shelf::KeptShelf;
pub(crate) use trash::Trash;
pub(crate) use write::Writer;

use crate::common::{Meter, STEP_BYTES, permitted, wrong_permit};
use broker::{FileDemand, FileVerb, Lease, Permit, RootKind, Target};
use kernel::{
    effect::{Done, Effect, EffectError, Said, Scene},
    host_call::{FileCall, GuestError, HostAnswer},
};
use protocol::{ErrorCode, Labels, limit::HOST_RESULT_BYTES_MAX, sentence};
use serde_json::{Value, json};
use std::{collections::BinaryHeap, fs::File, io, os::unix::fs::FileExt as _};

/// Most entries of a folder in one answer.
const ENTRIES_MAX: usize = 10_000;
/// How many entries are looked at between two looks at the lease.
const ENTRIES_STEP: usize = 1_000;

/// The family.
#[derive(Clone, Debug)]
pub(crate) struct FileEffect {
    writer: Writer,
}

impl FileEffect {
    pub(crate) fn new(writer: Writer) -> Self {
        Self { writer }
    }
}

impl Effect for FileEffect {
    type Demand = FileDemand;
    type Call = FileCall;

    fn demand(&self, _: &Lease, call: &FileCall) -> Result<Option<FileDemand>, GuestError> {
        let (verb, path) = verb(call).ok_or_else(|| {
            GuestError::new(ErrorCode::NotAvailable, "file.pick: there is nobody here who could pick a file")
        })?;
        Ok(Some(match call {
            FileCall::Move { path, to } => FileDemand::moving(path, to),
            _ => FileDemand::new(verb, path),
        }))
    }

    fn perform(
        &self,
        permit: Option<Permit<FileDemand>>,
        call: FileCall,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let permit = permitted(permit)?;
        let demand = permit.demand();
        let to = if let FileCall::Move { to, .. } = &call { Some(to.as_str()) } else { None };
        if verb(&call) != Some((demand.verb, demand.path.as_str())) || demand.to.as_deref() != to {
            return Err(wrong_permit());
        }
        if let (FileCall::List { .. }, Some(names)) = (&call, demand.roots()) {
            return Ok(list_roots(names));
        }
        let target = target(&permit)?;
        match call {
            FileCall::Read { from, to, .. } => self.read(&permit, target, from, to),
            FileCall::ReadText { .. } => self.read_text(&permit, target),
            FileCall::Write { body, .. } => self.writer.write(&permit, target, &body, scene),
            FileCall::List { .. } => self.list(&permit, target, scene),
            FileCall::Remove { .. } => self.writer.remove(&permit, target, scene),
            FileCall::Move { .. } => self.writer.relocate(&permit, target, scene),
            FileCall::Pick { .. } => Err(wrong_permit()),
        }
    }

    fn run_end(&self, _: &Lease, _: bool, _: &mut state::Batch) {
        // Nothing stays open between two calls, and what was written is written.
    }
}

fn verb(call: &FileCall) -> Option<(FileVerb, &str)> {
    Some(match call {
        FileCall::Read { path, .. } | FileCall::ReadText { path } => (FileVerb::Read, path),
        FileCall::Write { path, .. } => (FileVerb::Write, path),
        FileCall::List { path } => (FileVerb::List, path),
        FileCall::Remove { path } => (FileVerb::Remove, path),
        FileCall::Move { path, .. } => (FileVerb::Move, path),
        FileCall::Pick { .. } => return None,
    })
}

/// What a permit allows to touch. Of one file that was handed over, only that one name.
pub(crate) fn target(permit: &Permit<FileDemand>) -> Result<&Target, EffectError> {
    let target = permit.demand().target().ok_or_else(wrong_permit)?;
    let is_one_name = target.names.len() == 1 && permit.demand().verb != FileVerb::List;
    if target.root.kind == RootKind::File && !is_one_name {
        return Err(EffectError::guest(
            ErrorCode::FileUnusable,
            format!("{} is a file, not a folder", protocol::text::shorten(&permit.demand().path, 300)),
        ));
    }
    Ok(target)
}

impl FileEffect {
    fn read(
        &self,
        permit: &Permit<FileDemand>,
        target: &Target,
        from: Option<u64>,
        to: Option<u64>,
    ) -> Result<Done, EffectError> {
        let (file, stat) = self.open(permit, target)?;
        let from = from.unwrap_or(0);
        let end = to.unwrap_or(u64::MAX).min(stat.bytes);
        let bytes = end.saturating_sub(from);
        if bytes > HOST_RESULT_BYTES_MAX as u64 {
            if to.is_some() {
                return Err(too_large(permit, bytes));
            }
            return done_read(permit, target, &file, from, HOST_RESULT_BYTES_MAX, HostAnswer::Bytes);
        }
        done_read(permit, target, &file, from, usize::try_from(bytes).unwrap_or(0), HostAnswer::Bytes)
    }

    fn read_text(&self, permit: &Permit<FileDemand>, target: &Target) -> Result<Done, EffectError> {
        let (file, stat) = self.open(permit, target)?;
        let bytes = usize::try_from(stat.bytes).unwrap_or(usize::MAX);
        if bytes > HOST_RESULT_BYTES_MAX {
            return Err(too_large(permit, stat.bytes));
        }
        let mut done = done_read(permit, target, &file, 0, bytes, HostAnswer::Bytes)?;
        if let HostAnswer::Bytes(bytes) = done.answer {
            let mut text = String::from_utf8(bytes).map_err(|error| {
                let shown = protocol::text::shorten(&permit.demand().path, 300);
                let place = error.utf8_error().valid_up_to();
                let message = format!("{shown}: this is not UTF-8 text (from byte {place} on); read its bytes instead");
                EffectError::guest(ErrorCode::FileUnusable, message)
            })?;
            if text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            done.answer = HostAnswer::Json(Value::String(text));
        }
        Ok(done)
    }

    fn open(&self, permit: &Permit<FileDemand>, target: &Target) -> Result<(File, walk::Stat), EffectError> {
        let root = &target.root.folder;
        let opened = self.writer.walker.file(root, &target.names);
        opened.map_err(|error| error.guest(&permit.demand().path, &root.path).into())
    }

    fn list(&self, permit: &Permit<FileDemand>, target: &Target, scene: &dyn Scene) -> Result<Done, EffectError> {
        let (named, root) = (&permit.demand().path, &target.root.folder);
        let guest = |error: &walk::WalkError| EffectError::from(error.guest(named, &root.path));
        let system = |error: io::Error| EffectError::from(crate::common::system_error(named, &error));
        let dir = self.writer.walker.folder(root, &target.names).map_err(|error| guest(&error))?;
        let mut meter = Meter::start(permit.lease());
        // The first names in order, however many there are.
        let mut names = BinaryHeap::new();
        let mut seen: usize = 0;
        for entry in dir.entries().map_err(system)? {
            names.push(entry.map_err(system)?.file_name());
            seen += 1;
            if names.len() > ENTRIES_MAX {
                names.pop();
            }
            if seen.is_multiple_of(ENTRIES_STEP) {
                meter.step(0)?;
                scene.progress(sentence::progress_reading(target.shown()), seen as u64, None);
            }
        }
        let mut entries = Vec::with_capacity(names.len());
        let mut bytes = 0;
        for (index, name) in names.into_sorted_vec().into_iter().enumerate() {
            if index.is_multiple_of(ENTRIES_STEP) {
                meter.step(0)?;
            }
            // Gone in between: then it is not listed.
            let Ok(metadata) = dir.symlink_metadata(&name) else { continue };
            let entry = entry(&name, &metadata);
            bytes += entry.to_string().len() + 1;
            if bytes > HOST_RESULT_BYTES_MAX - 1024 {
                break;
            }
            entries.push(entry);
        }
        meter.step(bytes as u64)?;
        let said = sentence::file_listed(target.shown(), entries.len());
        let answer = json!({ "truncated": entries.len() < seen, "entries": entries });
        Ok(Done { answer: HostAnswer::Json(answer), said: Some(Said::Once(said)), change: None, labels: Labels::NONE })
    }
}

fn entry(name: &std::ffi::OsStr, metadata: &cap_std::fs::Metadata) -> Value {
    let kind = match () {
        () if metadata.is_file() => "file",
        () if metadata.is_dir() => "folder",
        () if metadata.is_symlink() => "link",
        () => "other",
    };
    let since = |time: cap_std::time::SystemTime| {
        time.into_std().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
    };
    let modified_ms = metadata.modified().map_or(0, since);
    let mut entry = json!({
        "name": name.to_string_lossy(),
        "kind": kind,
        "bytes": if kind == "file" { metadata.len() } else { 0 },
        "modifiedMs": modified_ms,
    });
    if name.to_str().is_none() {
        // Its real name is no text, so no path leads to it.
        entry["unreachable"] = Value::Bool(true);
    }
    entry
}

fn list_roots(names: Vec<String>) -> Done {
    let entries: Vec<Value> =
        names.into_iter().map(|name| json!({ "name": name, "kind": "folder", "bytes": 0, "modifiedMs": 0 })).collect();
    Done::quiet(HostAnswer::Json(json!({ "truncated": false, "entries": entries })))
}

fn too_large(permit: &Permit<FileDemand>, bytes: u64) -> EffectError {
    let shown = protocol::text::shorten(&permit.demand().path, 300);
    let (bytes, most) = (protocol::Arg::Bytes(bytes), protocol::Arg::Bytes(HOST_RESULT_BYTES_MAX as u64));
    EffectError::guest(
        ErrorCode::TooLarge,
        format!("{shown}: {bytes} are more than one answer may carry ({most}); read it in ranges"),
    )
}

fn done_read(
    permit: &Permit<FileDemand>,
    target: &Target,
    file: &File,
    from: u64,
    bytes_max: usize,
    answer: fn(Vec<u8>) -> HostAnswer,
) -> Result<Done, EffectError> {
    let mut meter = Meter::start(permit.lease());
    let mut bytes = vec![0; bytes_max];
    let mut filled = 0;
    while filled < bytes.len() {
        permit.check()?;
        let end = bytes.len().min(filled + STEP_BYTES);
        match file.read_at(&mut bytes[filled..end], from.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(read) => {
                filled += read;
                meter.step(read as u64)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(crate::common::system_error(&permit.demand().path, &error).into()),
        }
    }
    bytes.truncate(filled);
    Ok(Done {
        answer: answer(bytes),
        said: Some(Said::Read { what: target.shown(), bytes: filled as u64 }),
        change: None,
        labels: Labels::NONE,
    })
}
