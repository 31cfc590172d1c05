//! An oikos for a few minutes, in a temporary folder: the real kernel, broker, sandbox and effects, and nothing of the
//! owner's. Only the compiled engine is taken from their cache.

use crate::{Client, Config, VaultKeys};
use package::CASES_FOLDER;
use protocol::{
    ActionName, AppName, ErrorCode, Failure, FileAccess, GrantState, Scope,
    api::{AppDetail, Envelope, LineChoice, NamedFile, NamedPath, Reply, Request, RunReport},
    text,
};
use serde_json::Value;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// Bytes that the copies of one file of cases may have together.
const COPIED_BYTES_MAX: u64 = 256 << 20;
/// Files and folders that are copied for one file of cases.
const COPIED_ENTRIES_MAX: usize = 10_000;
/// The folder for them, beside the home.
const SCRATCH: &str = "files";

/// The oikos. Its folder goes when this is dropped.
pub(crate) struct Workshop {
    client: Client,
    folder: TempDir,
}

impl Workshop {
    /// Opens one, set up as the owner's household is.
    pub(crate) async fn open(config: &Config) -> Result<Self, Failure> {
        let unusable = |error: io::Error| {
            Failure::new(ErrorCode::HomeUnusable, format!("no temporary folder could be made: {error}"))
                .hint("set TMPDIR to a folder with room")
        };
        let folder = tempfile::Builder::new().prefix("oikos-").tempdir().map_err(unusable)?;
        // As the system names it, so that what is said about files can be shortened.
        let path = folder.path().canonicalize().map_err(unusable)?;
        fs::create_dir(path.join(SCRATCH)).map_err(unusable)?;
        let config = Config {
            home: path.join("home"),
            publishers: None,
            vault: VaultKeys::default(),
            engine_of: Some(config.home.clone()),
            ..config.clone()
        };
        Ok(Self { client: Client::hold(&config).await?, folder })
    }

    /// Its OIKOS_HOME.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// An empty folder for the files of one story. What was in it goes.
    pub(crate) fn scratch(&self) -> Result<Scratch, Failure> {
        let root = self.folder.path().canonicalize().unwrap_or_else(|_| self.folder.path().to_owned()).join(SCRATCH);
        let made = fs::remove_dir_all(&root).and_then(|()| fs::create_dir(&root));
        made.map_err(|error| Failure::new(ErrorCode::FileUnusable, format!("no room for copies: {error}")))?;
        Ok(Scratch { root, bytes_left: COPIED_BYTES_MAX, entries_left: COPIED_ENTRIES_MAX })
    }

    async fn ask(&self, request: Request) -> Result<Reply, Failure> {
        self.client.ask(Envelope { presence: false, owner: None, request }).await?.reply().await
    }

    /// Installs an app, or what became of it since, with every switch of its card on but the network's: hosts are other
    /// people's, and a test that asks them is theirs to break.
    pub(crate) async fn install(&self, source: &Path) -> Result<AppDetail, Failure> {
        let source = std::path::absolute(source).ok().and_then(|path| path.to_str().map(str::to_owned));
        let source = source.ok_or_else(|| Failure::new(ErrorCode::Usage, "the folder's path is not valid UTF-8"))?;
        let Reply::Offer { offer, card } = self.ask(Request::AppOffer { source, trust: None, downgrade: true }).await?
        else {
            return Err(odd());
        };
        let lines = card.lines.iter().filter(|line| !matches!(line.scope, Scope::File { .. }));
        let choices = lines
            .map(|line| {
                let is_elsewhere = matches!(line.scope, Scope::Network { .. });
                let state = if is_elsewhere { GrantState::Block } else { GrantState::Allow };
                LineChoice::new(line.line.to_string(), state)
            })
            .collect();
        match self.ask(Request::AppInstall { offer, choices }).await? {
            Reply::Installed { app } => Ok(*app),
            _ => Err(odd()),
        }
    }

    /// Grants a folder for everything that the app asks of files.
    pub(crate) async fn grant(&self, app: &AppDetail, folder: &Path) -> Result<(), Failure> {
        let target = folder.to_str().map(str::to_owned);
        let choices: Vec<LineChoice> = app
            .grants
            .iter()
            .filter(|grant| matches!(grant.line.scope, Scope::File { .. }))
            .map(|grant| LineChoice::new(grant.line.line.to_string(), GrantState::Allow).target(target.clone()))
            .collect();
        if choices.is_empty() {
            let message = format!("a folder is given, but {} asks for no files", app.summary.name);
            return Err(Failure::new(ErrorCode::Usage, message)
                .hint("ask for them in the permissions, or hand the folder over with \"files\""));
        }
        self.ask(Request::GrantSet { app: app.summary.name.clone(), choices }).await.map(drop)
    }

    /// Removes an app with its data.
    pub(crate) async fn remove(&self, app: &AppName) -> Result<(), Failure> {
        self.ask(Request::AppRemove { app: app.clone(), erase: true }).await.map(drop)
    }

    /// Runs to the end. An error means that no run began.
    pub(crate) async fn run(
        &self,
        app: &AppName,
        action: &ActionName,
        input: Value,
        files: Vec<NamedPath>,
    ) -> Result<RunReport, Failure> {
        let files = files.into_iter().map(NamedFile::from).collect();
        let request = Request::RunStart { id: None, app: app.clone(), action: action.clone(), input, files };
        match self.ask(request).await? {
            Reply::RunEnd { run } => Ok(*run),
            _ => Err(odd()),
        }
    }

    /// Ends it, and takes its folder away.
    pub(crate) async fn close(self) {
        if let Ok(Reply::Apps { apps }) = self.ask(Request::AppList).await {
            for app in apps {
                // What was made ready of it lies in the owner's cache; a cache that keeps it takes no harm.
                drop(self.remove(&app.name).await);
            }
        }
        self.client.close().await;
        drop(self.folder);
    }
}

fn odd() -> Failure {
    Failure::new(ErrorCode::Internal, "oikos answered something else than was asked")
}

/// Copies of what an author put beside their cases: a run that tries something tries it on these.
pub(crate) struct Scratch {
    root: PathBuf,
    bytes_left: u64,
    entries_left: usize,
}

impl Scratch {
    /// Where it is, as it begins every path in it.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where the copy of a thing in `tests/` is, or would be.
    pub(crate) fn path(&self, within: &str) -> PathBuf {
        self.root.join(within)
    }

    /// Copies a file or folder of `tests/`, unless that was done already. With `is_folder`, one that is not there becomes
    /// an empty folder. Links and the like are left out.
    pub(crate) fn bring(&mut self, app: &Path, within: &str, is_folder: bool) -> Result<PathBuf, Failure> {
        let (from, to) = (app.join(CASES_FOLDER).join(within), self.path(within));
        let mut bring = || -> io::Result<()> {
            if fs::symlink_metadata(&to).is_ok() {
                return Ok(());
            }
            if let Some(above) = to.parent() {
                fs::create_dir_all(above)?;
            }
            match fs::symlink_metadata(&from) {
                Ok(_) => self.copy(&from, &to),
                Err(error) if error.kind() == io::ErrorKind::NotFound && is_folder => fs::create_dir(&to),
                // A file that the run is to write.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            }
        };
        bring().map_err(|error| {
            let shown = text::escape(&from.to_string_lossy());
            Failure::new(ErrorCode::FileUnusable, format!("{shown} could not be copied: {error}"))
        })?;
        Ok(to)
    }

    /// A file with this content. Its name is ours: that of an input field may lead anywhere.
    pub(crate) fn written(&mut self, number: usize, content: &[u8]) -> Result<PathBuf, Failure> {
        let path = self.path(&format!("hostile-{number}"));
        fs::write(&path, content)
            .map_err(|error| Failure::new(ErrorCode::FileUnusable, format!("no room for a file: {error}")))?;
        Ok(path)
    }

    /// Something to hand over where the author says nothing: an empty file or folder, or a place for a new file.
    pub(crate) fn made(&mut self, number: usize, is_folder: bool, access: FileAccess) -> Result<PathBuf, Failure> {
        let path = self.path(&format!("made-{number}"));
        match (is_folder, access) {
            (true, _) => fs::create_dir(&path),
            (false, FileAccess::Read) => fs::write(&path, ""),
            (false, FileAccess::Write) => Ok(()),
        }
        .map_err(|error| Failure::new(ErrorCode::FileUnusable, format!("no room for a file: {error}")))?;
        Ok(path)
    }

    fn copy(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let mut waiting = vec![(from.to_owned(), to.to_owned())];
        while let Some((from, to)) = waiting.pop() {
            let metadata = fs::symlink_metadata(&from)?;
            self.entries_left =
                self.entries_left.checked_sub(1).ok_or_else(|| io::Error::other("too many files and folders"))?;
            if metadata.is_dir() {
                fs::create_dir(&to)?;
                for entry in fs::read_dir(&from)? {
                    let entry = entry?;
                    waiting.push((entry.path(), to.join(entry.file_name())));
                }
            } else if metadata.is_file() {
                self.bytes_left = self
                    .bytes_left
                    .checked_sub(metadata.len())
                    .ok_or_else(|| io::Error::other("the files are too large together"))?;
                fs::copy(&from, &to)?;
            }
        }
        Ok(())
    }
}
