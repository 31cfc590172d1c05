//! Demands on files: which folder a path lies in, and which names are never written without asking.
//!
//! Everything here is about words. A path is split into names, `..` does not exist, and a name is looked up beneath
//! the folder that covers it. The effect then walks these names from the folder's handle without following a link, and
//! refuses a folder whose device and inode are not those that were granted.

use super::Demand;
use crate::{AppGrants, Basis, Folder, Grant, Lease};
use protocol::{FileAccess, GrantState, Labels, Line, Scope, ScopeWord, Sentence, Timestamp, sentence};

/// What is done to a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileVerb {
    /// Read a file.
    Read,
    /// List a folder.
    List,
    /// Create or replace a file.
    Write,
    /// Move a file to the trash.
    Remove,
    /// Give a file another name, in the same folder or another one.
    Move,
}

impl FileVerb {
    /// The access that it needs.
    pub fn access(self) -> FileAccess {
        match self {
            Self::Read | Self::List => FileAccess::Read,
            Self::Write | Self::Remove | Self::Move => FileAccess::Write,
        }
    }
}

/// A folder that can never be granted nor reached: OIKOS_HOME and what else belongs to oikos itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedFolder {
    /// Its canonical absolute path.
    pub path: String,
    /// Its identity, so that another name for it (a bind mount, another case) is recognised as well.
    pub device: u64,
    /// See `device`.
    pub inode: u64,
}

/// Whether a root is a folder or one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootKind {
    /// A folder: paths lead into it.
    Folder,
    /// One file, in the folder of the root: nothing beside it is reachable. Holds the file's name.
    File,
}

/// Where a path starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The folder (for one file: the folder it lies in).
    pub folder: Folder,
    /// Folder or one file.
    pub kind: RootKind,
    /// The name under which the run knows it.
    pub name: String,
    /// What it is called where its bytes were handed over: its path is oikos' own, and says nothing to anybody.
    pub called: Option<String>,
}

/// Something that a person handed over for one run: the powerbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picked {
    /// The name it was handed over as, such as the input field.
    pub name: String,
    /// The folder (for one file: the folder it lies in).
    pub folder: Folder,
    /// The file's name in that folder; `None` for a folder.
    pub file: Option<String>,
    /// For what.
    pub access: FileAccess,
    /// How the person calls it, where they handed over its bytes and no path: then it lies in a place of oikos' own, which
    /// is opened for exactly this one file.
    pub called: Option<String>,
}

/// What a handle begins with.
const PICKED: &str = "picked:";

impl Picked {
    /// The handle by which the run names it.
    pub fn handle(&self) -> String {
        format!("{PICKED}{}", self.name)
    }
}

/// A path, resolved to names beneath a root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it starts from.
    pub root: Root,
    /// The names to walk, none of them `.` or `..`; empty means the root folder itself.
    pub names: Vec<String>,
}

impl Target {
    /// How it is shown: as the person calls it who handed over its bytes, else its path.
    pub fn shown(&self) -> String {
        self.root.called.clone().unwrap_or_else(|| self.path())
    }

    /// Its path: the folder as granted, then the names.
    pub fn path(&self) -> String {
        let mut shown = self.root.folder.path.clone();
        for name in &self.names {
            if !shown.ends_with('/') {
                shown.push('/');
            }
            shown.push_str(name);
        }
        shown
    }
}

/// A demand on a file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDemand {
    /// What is done.
    pub verb: FileVerb,
    /// The path as the app named it.
    pub path: String,
    /// Of a move: where to, as the app named it.
    pub to: Option<String>,
    /// What it resolves to, once [`FileDemand::resolve`] has found a root; effects refuse a demand without one.
    target: Option<(Target, Source)>,
    /// What `to` resolves to.
    to_target: Option<(Target, Source)>,
    /// The grant whose folders are listed themselves, for `list("")`; there is no target then.
    roots: Option<Grant>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Picked(String),
    Grant(Grant),
}

impl FileDemand {
    /// A demand as an app names it, not yet resolved.
    pub fn new(verb: FileVerb, path: impl Into<String>) -> Self {
        Self { verb, path: path.into(), to: None, target: None, to_target: None, roots: None }
    }

    /// A demand to move a file, not yet resolved. Both ends have to be covered.
    pub fn moving(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { to: Some(to.into()), ..Self::new(FileVerb::Move, from) }
    }

    /// What is to be touched. Set by the broker on every demand that comes inside a [`Permit`](crate::Permit).
    pub fn target(&self) -> Option<&Target> {
        self.target.as_ref().map(|(target, _)| target)
    }

    /// Of a move: where the file goes. Set together with [`FileDemand::target`].
    pub fn destination(&self) -> Option<&Target> {
        self.to_target.as_ref().map(|(target, _)| target)
    }

    /// The names of the granted folders, if they themselves are to be listed: nothing on the disk is touched.
    pub fn roots(&self) -> Option<Vec<String>> {
        self.roots.as_ref().map(folder_names)
    }

    /// Whether the person handed this over, so that its text counts as a stranger's.
    pub fn is_picked(&self) -> bool {
        matches!(self.target, Some((_, Source::Picked(_))))
    }

    fn scope(&self) -> Scope {
        Scope::File { access: self.verb.access(), folders: vec![] }
    }

    fn shown(&self) -> String {
        if let Some(grant) = &self.roots {
            return grant.folders.iter().map(|folder| folder.path.as_str()).collect::<Vec<_>>().join(", ");
        }
        self.target().map_or_else(|| self.path.clone(), Target::shown)
    }

    fn shown_destination(&self) -> String {
        self.destination().map_or_else(|| self.to.clone().unwrap_or_default(), Target::shown)
    }

    /// Finds the root that covers the path, or the rule that refuses it.
    pub(crate) fn resolve(
        &mut self,
        lease: &Lease,
        grants: &AppGrants,
        protected: &[ProtectedFolder],
        now: Timestamp,
    ) -> Result<(), Sentence> {
        // `""`, `"."` and `"/"` lie in no granted folder: listing them shows what there is to start from.
        if self.verb == FileVerb::List && split(&self.path).is_some_and(|names| names.is_empty()) {
            let grant = self.grant(lease, grants, now)?;
            let is_whole_disk = self.path.starts_with('/') && grant.folders.iter().any(|folder| folder.path == "/");
            if !is_whole_disk {
                self.roots = Some(grant.clone());
                return Ok(());
            }
        }
        let find = |path: &str| {
            let found = self.find(path, lease, grants, now)?;
            // Its bytes were handed over, so they can only lie in what belongs to oikos. It is that one file: a handle
            // leads neither beside it nor into it.
            if found.0.root.called.is_some() {
                return Ok(found);
            }
            let shown = found.0.path();
            match protected.iter().any(|folder| is_beneath(&shown, &folder.path)) {
                true => Err(sentence::rule_protected(shown)),
                false => Ok(found),
            }
        };
        let target = find(&self.path)?;
        let to_target = self.to.as_deref().map(find).transpose()?;
        (self.target, self.to_target) = (Some(target), to_target);
        Ok(())
    }

    fn find(
        &self,
        path: &str,
        lease: &Lease,
        grants: &AppGrants,
        now: Timestamp,
    ) -> Result<(Target, Source), Sentence> {
        let line = self.line();
        if let Some(handle) = path.strip_prefix(PICKED) {
            return self.find_picked(path, lease, handle);
        }
        let names = split(path).ok_or_else(|| sentence::rule_outside(path, &line))?;
        let grant = self.grant(lease, grants, now)?;
        let roots = named(&grant.folders);
        let covering = if path.starts_with('/') {
            let absolute = format!("/{}", names.join("/"));
            roots
                .into_iter()
                .filter(|(_, folder)| is_beneath(&absolute, &folder.path))
                .max_by_key(|(_, folder)| folder.path.len())
                .map(|(name, folder)| {
                    let depth = folder.path.split('/').filter(|part| !part.is_empty()).count();
                    (name, folder, names[depth..].to_vec())
                })
        } else {
            names.split_first().and_then(|(first, rest)| {
                roots.into_iter().find(|(name, _)| name == first).map(|(name, folder)| (name, folder, rest.to_vec()))
            })
        };
        let (name, folder, names) = covering.ok_or_else(|| sentence::rule_outside(path, &line))?;
        let root = Root { folder: folder.clone(), kind: RootKind::Folder, name, called: None };
        Ok((Target { root, names }, Source::Grant(grant.clone())))
    }

    /// The grant that holds for the line and has folders.
    fn grant<'a>(&self, lease: &Lease, grants: &'a AppGrants, now: Timestamp) -> Result<&'a Grant, Sentence> {
        let line = self.line();
        let grant = grants.effective(&line, now, Some(lease.run())).ok_or_else(|| {
            if grants.asks_for(&line) { sentence::rule_no_folder(&line) } else { sentence::rule_not_asked_for(&line) }
        })?;
        if grant.folders.is_empty() {
            return Err(sentence::rule_no_folder(&line));
        }
        Ok(grant)
    }

    fn find_picked(&self, path: &str, lease: &Lease, handle: &str) -> Result<(Target, Source), Sentence> {
        let (name, rest) = handle.split_once('/').unwrap_or((handle, ""));
        let picked = lease.picked(name).ok_or_else(|| sentence::rule_outside(path, &self.line()))?;
        let needed = self.verb.access();
        if picked.access != needed {
            let access = match picked.access {
                FileAccess::Read => "reading",
                FileAccess::Write => "writing",
            };
            return Err(sentence::rule_picked_access(name, access));
        }
        let mut names = split(rest).ok_or_else(|| sentence::rule_outside(path, &self.line()))?;
        let kind = match &picked.file {
            // One file was handed over: nothing beside it or "inside" it.
            Some(file) if names.is_empty() => {
                names.push(file.clone());
                RootKind::File
            }
            Some(_) => return Err(sentence::rule_outside(path, &self.line())),
            None => RootKind::Folder,
        };
        let called = picked.called.clone();
        let root = Root { folder: picked.folder.clone(), kind, name: name.to_owned(), called };
        Ok((Target { root, names }, Source::Picked(name.to_owned())))
    }
}

impl Demand for FileDemand {
    fn word(&self) -> ScopeWord {
        ScopeWord::File
    }

    fn line(&self) -> Line {
        self.scope().line()
    }

    fn sentence(&self) -> Sentence {
        let path = self.shown();
        match self.verb {
            FileVerb::Read | FileVerb::List => sentence::ask_file_read(path),
            FileVerb::Write => match self.always_asks() {
                Some(_) => sentence::ask_file_write_executable(path),
                None => sentence::ask_file_write(path),
            },
            FileVerb::Remove => sentence::ask_file_remove(path),
            FileVerb::Move => match self.always_asks() {
                Some(_) => sentence::ask_file_move_executable(path, self.shown_destination()),
                None => sentence::ask_file_move(path, self.shown_destination()),
            },
        }
    }

    fn labels(&self) -> Labels {
        match self.verb {
            FileVerb::Read if self.is_picked() => Labels::PRIVATE.join(Labels::STRANGER),
            FileVerb::Read | FileVerb::List => Labels::PRIVATE,
            FileVerb::Write | FileVerb::Remove | FileVerb::Move => Labels::NONE,
        }
    }

    fn always_asks(&self) -> Option<Sentence> {
        if self.verb.access() == FileAccess::Read {
            return None;
        }
        let mut ends = vec![self.shown()];
        ends.extend(self.to.is_some().then(|| self.shown_destination()));
        ends.into_iter().find(|shown| is_run_by_others(shown)).map(sentence::rule_executable)
    }

    fn basis(&self, _: &Lease, _: &AppGrants, _: Timestamp) -> Result<(GrantState, Basis), Sentence> {
        if let Some(grant) = &self.roots {
            let rule = sentence::rule_grant(&self.line(), self.shown());
            return Ok((grant.state, Basis::Grant { id: grant.id, rule }));
        }
        let Some((target, source)) = &self.target else {
            return Err(sentence::rule_outside(&self.path, &self.line()));
        };
        // Of a move, the end that was not handed over decides. All that is granted rests on one line, and so on one grant.
        let mut granted = None;
        let mut folders: Vec<&str> = Vec::new();
        for (target, source) in
            [Some((target, source)), self.to_target.as_ref().map(|(to, source)| (to, source))].into_iter().flatten()
        {
            if let Source::Grant(grant) = source {
                granted = Some(grant);
                if !folders.contains(&target.root.folder.path.as_str()) {
                    folders.push(&target.root.folder.path);
                }
            }
        }
        Ok(match (granted, source) {
            (Some(grant), _) | (None, Source::Grant(grant)) => {
                let rule = sentence::rule_grant(&self.line(), folders.join(", "));
                (grant.state, Basis::Grant { id: grant.id, rule })
            }
            (None, Source::Picked(name)) => (GrantState::Allow, Basis::Picked { rule: sentence::rule_picked(name) }),
        })
    }

    fn command(&self, lease: &Lease) -> String {
        // It has its folder already, only not the word for it.
        if self.target.is_some() {
            return format!("oikos grant {} {}=allow", lease.app(), self.line());
        }
        let folder = match split(&self.path) {
            Some(names) if self.path.starts_with('/') && names.len() > 1 => {
                format!("/{}", names[..names.len() - 1].join("/"))
            }
            _ => "FOLDER".to_owned(),
        };
        format!("oikos grant {} {}=allow:{}", lease.app(), self.line(), shell_word(&folder))
    }
}

/// A word as a shell would take it back: quoted where it has to be, and never with a deceptive character.
pub(crate) fn shell_word(word: &str) -> String {
    let word = protocol::text::escape(word);
    if word.chars().all(|c| c.is_alphanumeric() || "/._-+@%".contains(c)) {
        word
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Splits a path into names. `None` for a path that has `..`, a NUL byte, or an overlong name.
fn split(path: &str) -> Option<Vec<String>> {
    /// Longest file name of every file system we run on.
    const NAME_BYTES_MAX: usize = 255;
    let mut names = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => return None,
            name if name.len() > NAME_BYTES_MAX || name.contains('\0') => return None,
            name => names.push(name.to_owned()),
        }
    }
    Some(names)
}

/// Whether an absolute path is a folder or lies beneath it.
pub(crate) fn is_beneath(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Gives each folder the name by which an app calls it: its last part, numbered where two are alike.
fn named(folders: &[Folder]) -> Vec<(String, &Folder)> {
    let mut taken: Vec<(String, &Folder)> = Vec::with_capacity(folders.len());
    for folder in folders {
        let last = folder.path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("root");
        let mut name = last.to_owned();
        let mut number = 2;
        while taken.iter().any(|(known, _)| *known == name) {
            name = format!("{last}-{number}");
            number += 1;
        }
        taken.push((name, folder));
    }
    taken
}

/// The names under which an app can reach its granted folders, for `file.list("")`.
pub fn folder_names(grant: &Grant) -> Vec<String> {
    named(&grant.folders).into_iter().map(|(name, _)| name).collect()
}

/// Whether other programs execute or load what lies at this path, so that writing it is running code. Compared without
/// case: the file system may not know any.
pub fn is_run_by_others(path: &str) -> bool {
    /// Files that a shell, a tool or a desktop reads as instructions, by their name alone.
    const FILES: &[&str] = &[
        ".bashrc",
        ".bash_profile",
        ".bash_login",
        ".bash_logout",
        ".bash_aliases",
        ".profile",
        ".zshrc",
        ".zshenv",
        ".zprofile",
        ".zlogin",
        ".zlogout",
        ".kshrc",
        ".cshrc",
        ".tcshrc",
        ".login",
        ".inputrc",
        ".xinitrc",
        ".xsession",
        ".xsessionrc",
        ".xprofile",
        ".pam_environment",
        ".envrc",
        ".env",
        ".direnvrc",
        ".gitconfig",
        ".gitmodules",
        ".gitattributes",
        ".hgrc",
        ".mcp.json",
        "mcp.json",
        "claude_desktop_config.json",
        ".npmrc",
        ".yarnrc",
        ".yarnrc.yml",
        ".pnpmfile.cjs",
        "package.json",
        ".pythonrc",
        ".pypirc",
        "pip.conf",
        "setup.py",
        "conftest.py",
        "sitecustomize.py",
        "usercustomize.py",
        "pyproject.toml",
        "makefile",
        "gnumakefile",
        "justfile",
        "rakefile",
        "build.rs",
        "build.gradle",
        "cmakelists.txt",
        ".vimrc",
        ".nvimrc",
        ".exrc",
        ".emacs",
        "init.el",
        "init.vim",
        "init.lua",
        ".tmux.conf",
        ".screenrc",
        ".curlrc",
        ".wgetrc",
        ".netrc",
        ".ssh",
        "crontab",
        ".pre-commit-config.yaml",
        "dockerfile",
        "docker-compose.yml",
        "docker-compose.yaml",
        "compose.yaml",
        "authorized_keys",
        ".forward",
        ".procmailrc",
        ".gdbinit",
        ".lldbinit",
        "agents.md",
        "claude.md",
    ];
    /// Folders whose every file is an instruction, as consecutive names.
    const FOLDERS: &[&[&str]] = &[
        &[".git"],
        &[".hg"],
        &[".ssh"],
        &[".gnupg"],
        &[".config", "autostart"],
        &[".config", "systemd"],
        &[".config", "fish"],
        &[".config", "git"],
        &[".config", "nvim"],
        &[".config", "environment.d"],
        &[".local", "bin"],
        &[".local", "share", "applications"],
        &[".local", "share", "systemd"],
        &[".cargo"],
        &[".vscode"],
        &[".cursor"],
        &[".idea"],
        &[".claude"],
        &[".husky"],
        &[".github"],
        &[".gitlab"],
        &[".circleci"],
        &["library", "launchagents"],
        &["library", "launchdaemons"],
        &["start menu", "programs", "startup"],
        &["cron.d"],
        &["cron.daily"],
        &["cron.hourly"],
        &["node_modules"],
        &["site-packages"],
        &[".emacs.d"],
        &[".vim"],
        &[".kde", "autostart"],
        &["plasma-workspace", "env"],
    ];
    /// Endings that a desktop runs on a double click.
    const ENDINGS: &[&str] =
        &[".desktop", ".service", ".timer", ".plist", ".bat", ".cmd", ".ps1", ".vbs", ".lnk", ".scr", ".reg", ".pth"];
    let lower = path.to_lowercase();
    let names: Vec<&str> = lower.split('/').filter(|name| !name.is_empty()).collect();
    let Some((file, _)) = names.split_last() else { return false };
    // Windows drops trailing dots and spaces, and an alternate stream's name follows a colon.
    let file = file.split(':').next().unwrap_or(file).trim_end_matches(['.', ' ']);
    FILES.contains(&file)
        || ENDINGS.iter().any(|ending| file.ends_with(ending))
        || FOLDERS.iter().any(|folder| names.windows(folder.len()).any(|window| window == *folder))
}
