//! Demands to run a program: which command a pattern covers, which folders go with it, and when a person is asked each time.
//!
//! Everything here is about words. A command is a program and its arguments, each as it is; no shell reads it. Which file the
//! program is was found out before, and that file is what is decided on, shown, and started.

use super::{
    Demand,
    file::{FileDemand, FileVerb, ProtectedFolder, Target, is_beneath, shell_word},
};
use crate::{AppGrants, Basis, Folder, Lease};
use protocol::{
    Arg, FileAccess, GrantState, Labels, Line, Scope, ScopeWord, Sentence, Timestamp, runs_anything, sentence,
};

/// Of what a program reads, as much is shown to the person who is asked.
const INPUT_SHOWN_MAX: usize = 4 << 10;
/// What stands in both: nobody else may know of it without a person's yes.
const BOTH: Labels = Labels::PRIVATE.join(Labels::STRANGER);
/// Stands for one argument that is no option.
const ANY: &str = "*";
/// Behind an option's name: stands for any value.
const ANY_VALUE: &str = "=*";
/// After this word there are no options any more, for whoever follows the usual rules.
const NO_MORE_OPTIONS: &str = "--";

/// A program, found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where the name that the app gave leads, before links are followed.
    pub named: String,
    /// The file itself: absolute, and no link on the way.
    pub path: String,
    /// The file system it lies on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
}

/// What a program has of the owner's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Folders that it reads.
    pub read: Vec<Folder>,
    /// Folders that it reads and changes.
    pub write: Vec<Folder>,
    /// Where it starts; `None` is an empty folder of its own.
    pub start: Option<Target>,
}

/// A demand to run a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellDemand {
    /// The program as the app named it, and its arguments.
    pub command: Vec<String>,
    /// The file that it is.
    pub program: Program,
    /// The folder that it starts in, as the app named it.
    pub folder: Option<String>,
    /// Whether it is to change files.
    pub write: bool,
    /// How much it is given to read.
    pub input_bytes: u64,
    input_shown: String,
    room: Room,
    labels: Labels,
    /// A person is asked each time: no pattern says what it does, or it does whatever it is told.
    is_open: bool,
}

impl ShellDemand {
    /// Running `command`, whose program is this file, with this to read.
    pub fn new(command: Vec<String>, program: Program, folder: Option<String>, write: bool, input: &[u8]) -> Self {
        let shown = &input[..input.len().min(INPUT_SHOWN_MAX)];
        let is_open = is_told(&program);
        Self {
            command,
            program,
            folder,
            write,
            input_bytes: input.len() as u64,
            input_shown: String::from_utf8_lossy(shown).into_owned(),
            room: Room::default(),
            labels: Labels::NONE,
            is_open,
        }
    }

    /// What it has of the owner's files. Set by the broker on every demand that comes inside a [`Permit`](crate::Permit).
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// The command as a person would type it.
    pub fn shown(&self) -> String {
        self.command.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
    }

    fn scope() -> Scope {
        Scope::Shell { commands: Vec::new() }
    }

    pub(crate) fn resolve(
        &mut self,
        lease: &Lease,
        grants: &AppGrants,
        protected: &[ProtectedFolder],
        now: Timestamp,
    ) -> Result<(), Sentence> {
        let line = Self::scope().line();
        // Without a grant, `basis` says so.
        let Some(grant) = grants.effective(&line, now, Some(lease.run())) else { return Ok(()) };
        let Scope::Shell { commands } = &grant.scope else { return Err(sentence::rule_not_asked_for(&line)) };
        if !commands.is_empty() && !commands.iter().any(|pattern| covers(pattern, &self.command)) {
            return Err(sentence::rule_shell_outside(self.shown(), &line));
        }
        self.is_open = commands.is_empty() || is_told(&self.program);
        self.labels = lease.labels();
        self.room = self.room_find(lease, grants, protected, now)?;
        self.check_own(lease, grants, now)
    }

    /// The folders that the app may use without being asked; those that a person wants to be asked about they are not asked
    /// about here, so a program has none of them.
    fn room_find(
        &self,
        lease: &Lease,
        grants: &AppGrants,
        protected: &[ProtectedFolder],
        now: Timestamp,
    ) -> Result<Room, Sentence> {
        let granted = |access| {
            let line = Scope::File { access, folders: Vec::new() }.line();
            let grant = grants.effective(&line, now, Some(lease.run()));
            let grant = grant.filter(|grant| grant.state == GrantState::Allow);
            grant.map(|grant| grant.folders.clone()).unwrap_or_default()
        };
        let mut room = Room { read: granted(FileAccess::Read), ..Room::default() };
        if self.write {
            room.write = granted(FileAccess::Write);
            if room.write.is_empty() {
                let line = Scope::File { access: FileAccess::Write, folders: Vec::new() }.line();
                return Err(sentence::rule_no_folder(&line));
            }
        }
        if let Some(folder) = &self.folder {
            let mut demand = FileDemand::new(FileVerb::List, folder);
            demand.resolve(lease, grants, protected, now)?;
            let (state, _) = demand.basis(lease, grants, now)?;
            let target = demand.target().filter(|_| state == GrantState::Allow);
            let Some(target) = target else { return Err(sentence::rule_shell_folder(folder)) };
            let is_there = |folders: &[Folder]| folders.iter().any(|known| known.path == target.root.folder.path);
            if !is_there(&room.read) && !is_there(&room.write) {
                room.read.push(target.root.folder.clone());
            }
            room.start = Some(target.clone());
        }
        // What it may change it reads as well, and only once.
        room.read.retain(|folder| !room.write.iter().any(|written| written.path == folder.path));
        for folder in room.read.iter().chain(&room.write) {
            let meets =
                |own: &&ProtectedFolder| is_beneath(&own.path, &folder.path) || is_beneath(&folder.path, &own.path);
            if protected.iter().find(meets).is_some() {
                return Err(sentence::rule_shell_protected(&folder.path));
            }
        }
        Ok(room)
    }

    /// A program that the app could have written itself is no program that an owner said yes to.
    fn check_own(&self, lease: &Lease, grants: &AppGrants, now: Timestamp) -> Result<(), Sentence> {
        let line = Scope::File { access: FileAccess::Write, folders: Vec::new() }.line();
        let folders = grants.effective(&line, now, Some(lease.run())).map(|grant| grant.folders.as_slice());
        for folder in folders.unwrap_or_default() {
            if [&self.program.named, &self.program.path].iter().any(|path| is_beneath(path, &folder.path)) {
                return Err(sentence::rule_shell_own(&self.program.path, &folder.path));
            }
        }
        Ok(())
    }
}

/// Whether a program runs whatever it is told, by its name or by the file that it is.
fn is_told(program: &Program) -> bool {
    [&program.named, &program.path].iter().any(|path| runs_anything(path))
}

/// Whether a pattern covers a command: word for word, with no word more.
fn covers(pattern: &[String], command: &[String]) -> bool {
    let mut has_options = true;
    pattern.len() == command.len()
        && pattern.iter().zip(command).enumerate().all(|(place, (known, word))| {
            let fits = match (place, known.as_str()) {
                (0, known) => known == word,
                // What begins like an option may be one that nobody listed.
                (_, ANY) => !has_options || !word.starts_with('-'),
                (_, known) if known.starts_with('-') && known.ends_with(ANY_VALUE) => {
                    word.starts_with(&known[..known.len() - 1])
                }
                (_, known) => known == word,
            };
            has_options &= known != NO_MORE_OPTIONS;
            fits
        })
}

/// Whether a rule is one that no switch changes: what the manifest does not name, and what the app could have written.
pub(crate) fn is_final(rule: &Sentence) -> bool {
    matches!(&*rule.code, "rule_shell_outside" | "rule_shell_own" | "rule_shell_protected" | "rule_shell_folder")
}

impl Demand for ShellDemand {
    fn word(&self) -> ScopeWord {
        ScopeWord::Shell
    }

    fn line(&self) -> Line {
        Self::scope().line()
    }

    fn sentence(&self) -> Sentence {
        let (shown, program) = (self.shown(), &self.program.path);
        match (self.write, self.is_open) {
            (true, _) => {
                let folders = self.room.write.iter().map(|folder| folder.path.clone()).collect();
                sentence::ask_shell_write(shown, program, Arg::List(folders))
            }
            (false, true) => sentence::ask_shell_open(shown, program),
            (false, false) => sentence::ask_shell(shown, program),
        }
    }

    fn labels(&self) -> Labels {
        // It prints what it found, and who wrote that nobody knows.
        let has_files = !self.room.read.is_empty() || !self.room.write.is_empty();
        if has_files { BOTH } else { Labels::STRANGER }
    }

    fn always_asks(&self) -> Option<Sentence> {
        (self.is_open || self.write || self.labels.contains(BOTH)).then(|| self.sentence())
    }

    fn content(&self) -> Option<String> {
        (self.input_bytes > 0).then(|| self.input_shown.clone())
    }

    fn basis(&self, lease: &Lease, grants: &AppGrants, now: Timestamp) -> Result<(GrantState, Basis), Sentence> {
        let line = self.line();
        let grant =
            grants.effective(&line, now, Some(lease.run())).ok_or_else(|| sentence::rule_not_asked_for(&line))?;
        Ok((grant.state, Basis::Grant { id: grant.id, rule: sentence::rule_grant_plain(&line) }))
    }

    fn command(&self, lease: &Lease) -> String {
        let line = match self.write && self.room.write.is_empty() {
            true => Scope::File { access: FileAccess::Write, folders: Vec::new() }.line(),
            false => self.line(),
        };
        format!("oikos grant {} {line}=allow", lease.app())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_pattern_covers_its_words_and_no_option_that_it_does_not_list() {
        let log: &[&str] = &["git", "log", "--oneline", "*"];
        let count: &[&str] = &["git", "log", "--max-count=*"];
        let after: &[&str] = &["grep", "-n", "--", "*", "*"];
        for (pattern, command, expected) in [
            (log, &["git", "log", "--oneline", "main"][..], true),
            (log, &["git", "log", "--oneline", "a b; rm -rf /"], true),
            (log, &["git", "log", "--oneline", "$(id)"], true),
            (log, &["git", "log", "--oneline", ""], true),
            (log, &["git", "log", "--oneline", "--output=/x"], false),
            (log, &["git", "log", "--oneline", "-p"], false),
            (log, &["git", "log", "--oneline", "-"], false),
            (log, &["git", "log", "-p", "main"], false),
            (log, &["git", "log", "--oneline"], false),
            (log, &["git", "log", "--oneline", "main", "x"], false),
            (log, &["/usr/bin/git", "log", "--oneline", "main"], false),
            (log, &["gitk", "log", "--oneline", "main"], false),
            (count, &["git", "log", "--max-count=5"], true),
            (count, &["git", "log", "--max-count="], true),
            (count, &["git", "log", "--max-count"], false),
            (count, &["git", "log", "--max-counter=5"], false),
            (count, &["git", "log", "--output=x"], false),
            (after, &["grep", "-n", "--", "-x", "file"], true),
            (after, &["grep", "-n", "-f", "x", "file"], false),
            (&["ls", "a=*"], &["ls", "a=b"], false),
            (&["*"], &["ls"], false),
            (&["ls"], &["ls"], true),
        ] {
            assert_eq!(covers(&words(pattern), &words(command)), expected, "{pattern:?} {command:?}");
        }
    }
}
