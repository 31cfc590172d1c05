//! `ctx.tools.shell`: one program, in a box of its own.
//!
//! Which file a program's name means is found out here, before anything is decided; that file, and no other, is what the owner
//! sees and what is started. It has no network, an empty home of its own, an environment that says nothing of anybody, and of
//! files the folders that its demand says.

use crate::{
    common::{permitted, wrong_permit},
    file::walk::{self, Walker},
};
use broker::{Folder, Lease, Permit, Program, ShellDemand};
use kernel::{
    effect::{Done, Effect, EffectError, Said, Scene},
    host_call::{GuestError, HostAnswer, ShellCall},
};
use protocol::{ErrorCode, Labels, limit::HOST_RESULT_BYTES_MAX, sentence, sha256, text::shorten};
use serde_json::json;
use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Of what a program prints and complains of, as much is kept of each. What it writes behind that is thrown away.
pub const SHELL_OUTPUT_BYTES_MAX: usize = 512 << 10;
/// How long a program may take, unless the call says otherwise.
const TIMEOUT_MS: u64 = 60_000;
/// The longest that a call may say.
const TIMEOUT_MS_MAX: u64 = 600_000;
/// Where programs are looked for that come without a path; an environment has no part in it.
const PROGRAM_FOLDERS: [&str; 3] = ["/usr/local/bin", "/usr/bin", "/bin"];
/// Who may start a file, in its mode.
const EXECUTABLE: u32 = 0o111;

/// A program to run, and all that it has.
#[derive(Debug)]
pub struct Order<'a> {
    /// The file, by a path without links.
    pub program: &'a Path,
    /// What it is told.
    pub arguments: &'a [String],
    /// Where it starts; `None` is its own home.
    pub start: Option<&'a Path>,
    /// Folders that it reads.
    pub read: Vec<PathBuf>,
    /// Folders that it reads and changes.
    pub write: Vec<PathBuf>,
    /// What it reads from its standard input.
    pub input: &'a [u8],
    /// How long it may take.
    pub timeout: Duration,
}

/// How it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Its code; of one that a signal ended 128 and the signal's number, as shells have it.
    pub exit_code: u32,
    /// What it printed, at most [`SHELL_OUTPUT_BYTES_MAX`].
    pub stdout: Vec<u8>,
    /// What it complained of, the same.
    pub stderr: Vec<u8>,
    /// Whether it wrote more than that.
    pub is_truncated: bool,
}

/// Who runs programs: each in a box without network, that sees no file but those of its order, or not at all.
pub trait Programs: Send + Sync {
    /// Runs it, and comes back when nothing of it is left. Blocks; ends early with the lease. `on_wait` is called every now and
    /// then. [`EffectError::Unknown`] is what became of one that had begun.
    fn run(&self, order: Order<'_>, lease: &Lease, on_wait: &mut dyn FnMut()) -> Result<Outcome, EffectError>;
}

/// The family.
pub(crate) struct ShellEffect {
    walker: Walker,
    programs: Arc<dyn Programs>,
}

impl ShellEffect {
    pub(crate) fn new(walker: Walker, programs: Arc<dyn Programs>) -> Self {
        Self { walker, programs }
    }
}

impl Effect for ShellEffect {
    type Demand = ShellDemand;
    type Call = ShellCall;

    fn demand(&self, _: &Lease, call: &ShellCall) -> Result<Option<ShellDemand>, GuestError> {
        let program = find(call.command.first().map(String::as_str).unwrap_or_default())?;
        let demand = ShellDemand::new(call.command.clone(), program, call.folder.clone(), call.write, &call.input);
        Ok(Some(demand))
    }

    fn perform(
        &self,
        permit: Option<Permit<ShellDemand>>,
        call: ShellCall,
        scene: &dyn Scene,
    ) -> Result<Done, EffectError> {
        let permit = permitted(permit)?;
        let demand = permit.demand();
        if (&demand.command, &demand.folder, demand.write) != (&call.command, &call.folder, call.write)
            || demand.input_bytes != call.input.len() as u64
        {
            return Err(wrong_permit());
        }
        let timeout_ms = call.timeout_ms.unwrap_or(TIMEOUT_MS).clamp(1, TIMEOUT_MS_MAX);
        self.check_unchanged(demand)?;
        let path = |folder: &Folder| PathBuf::from(&folder.path);
        let room = demand.room();
        let start = room.start.as_ref().map(|target| PathBuf::from(target.path()));
        let order = Order {
            program: Path::new(&demand.program.path),
            arguments: &demand.command[1..],
            start: start.as_deref(),
            read: room.read.iter().map(path).collect(),
            write: room.write.iter().map(path).collect(),
            input: &call.input,
            timeout: Duration::from_millis(timeout_ms),
        };
        let shown = demand.shown();
        let mut content = serde_json::to_vec(&demand.command).unwrap_or_default();
        content.extend_from_slice(&call.input);
        scene.intent_send(sentence::shell_will_run(&shown), sha256(&content))?;
        permit.lease().charge_host_bytes(call.input.len() as u64)?;
        let told = sentence::shell_will_run(&shown);
        let outcome = self.programs.run(order, permit.lease(), &mut || scene.progress(told.clone(), 0, None));
        // The log has this instead of what it was announced as, so it says which program it was.
        let outcome = outcome.map_err(|error| match error {
            EffectError::Unknown(error) => EffectError::Unknown(GuestError::new(
                error.code,
                format!("{}: {}", shorten(&shown, 300), error.message),
            )),
            error => error,
        })?;
        permit.lease().charge_host_bytes((outcome.stdout.len() + outcome.stderr.len()) as u64).ok();
        Ok(Done {
            said: Some(Said::Once(sentence::shell_ran(shown, outcome.exit_code))),
            answer: answer(outcome),
            change: None,
            labels: Labels::NONE,
        })
    }

    fn run_end(&self, _: &Lease, _: bool, _: &mut state::Batch) {
        // A program ends before its call does.
    }
}

impl ShellEffect {
    /// What was decided on is what there is: the file, and the folders.
    fn check_unchanged(&self, demand: &ShellDemand) -> Result<(), EffectError> {
        let named = &demand.command[0];
        if find(named)? != demand.program {
            let message = format!("{}: another file is there now than the one it was decided on", shorten(named, 300));
            return Err(EffectError::guest(ErrorCode::Conflict, message));
        }
        let room = demand.room();
        for folder in room.read.iter().chain(&room.write) {
            self.walker.root(folder).map_err(|error| error.guest(&folder.path, &folder.path))?;
        }
        if let Some(target) = &room.start {
            let root = &target.root.folder;
            self.walker.folder(root, &target.names).map_err(|error| error.guest(&target.shown(), &root.path))?;
        }
        Ok(())
    }
}

/// The file that a program's name means. A name is one of the system's programs, a path is from the root; nothing is relative to
/// anything.
#[expect(clippy::disallowed_methods, reason = "looks at the system's programs, which are in no folder that is granted")]
fn find(name: &str) -> Result<Program, GuestError> {
    let shown = shorten(name, 300);
    let is_plain = |path: &str| path.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."));
    let candidates = match name {
        "" | "." | ".." => Vec::new(),
        path if path.starts_with('/') && is_plain(path) => vec![path.to_owned()],
        path if path.contains('/') => {
            let message = format!("{shown}: a program is a name alone, or a full and plain path from the root");
            return Err(GuestError::new(ErrorCode::InvalidInput, message));
        }
        name => PROGRAM_FOLDERS.iter().map(|folder| format!("{folder}/{name}")).collect(),
    };
    for named in candidates {
        let Ok(path) = walk::canonical(Path::new(&named)) else { continue };
        let Ok(metadata) = path.symlink_metadata() else { continue };
        if !metadata.is_file() || metadata.mode() & EXECUTABLE == 0 {
            continue;
        }
        let Ok(path) = path.into_os_string().into_string() else { continue };
        return Ok(Program { named, path, device: metadata.dev(), inode: metadata.ino() });
    }
    Err(GuestError::new(ErrorCode::NotFound, format!("{shown}: there is no program of this name on this machine")))
}

fn answer(outcome: Outcome) -> HostAnswer {
    let Outcome { exit_code, mut stdout, mut stderr, mut is_truncated } = outcome;
    loop {
        let (printed, complained) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        let value =
            json!({ "exitCode": exit_code, "stdout": printed, "stderr": complained, "truncated": is_truncated });
        let text = value.to_string();
        if text.len() <= HOST_RESULT_BYTES_MAX {
            return HostAnswer::JsonText(text.into_bytes());
        }
        // What is no text is several bytes where it was one.
        is_truncated = true;
        stdout.truncate(stdout.len() / 2);
        stderr.truncate(stderr.len() / 2);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]
    use super::*;

    #[test]
    fn a_name_is_one_of_the_systems_programs_and_a_link_is_the_file_behind_it() {
        let found = find("sh").unwrap();
        assert!(PROGRAM_FOLDERS.iter().any(|folder| found.named == format!("{folder}/sh")), "{found:?}");
        assert!(!Path::new(&found.path).symlink_metadata().unwrap().is_symlink());
        assert_eq!(find(&found.path).map(|program| program.inode), Ok(found.inode));
    }

    #[test]
    fn what_is_no_program_is_none() {
        for (name, code) in [
            ("", ErrorCode::NotFound),
            ("..", ErrorCode::NotFound),
            ("no-such-program-anywhere", ErrorCode::NotFound),
            ("/usr", ErrorCode::NotFound),
            ("/etc/passwd", ErrorCode::NotFound),
            ("./sh", ErrorCode::InvalidInput),
            ("bin/sh", ErrorCode::InvalidInput),
            ("../bin/sh", ErrorCode::InvalidInput),
            ("/usr/../bin/sh", ErrorCode::InvalidInput),
            ("/bin//sh", ErrorCode::InvalidInput),
            ("/", ErrorCode::InvalidInput),
        ] {
            assert_eq!(find(name).map_err(|error| error.code), Err(code), "{name}");
        }
    }

    #[test]
    fn an_answer_is_never_larger_than_one_may_be() {
        let output = vec![1; SHELL_OUTPUT_BYTES_MAX];
        let outcome = Outcome { stdout: output.clone(), stderr: output, ..Outcome::default() };
        let HostAnswer::JsonText(text) = answer(outcome) else { panic!("no JSON") };
        assert!(text.len() <= HOST_RESULT_BYTES_MAX && text.ends_with(b"\"truncated\":true}"), "{}", text.len());
    }
}
