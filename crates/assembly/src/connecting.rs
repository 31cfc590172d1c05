//! Puts oikos into the configuration of an MCP client, with a copy of what was there, and takes it out again.

use crate::{
    Oikos,
    api::{blocking, require},
};
use mcp::{
    connect::{Before, Edited, Entry, connect, disconnect, is_connected},
    import::{Client, FILE_BYTES_MAX, Roots, System, connected},
};
use protocol::{
    Caller, ErrorCode, Failure, Right,
    api::{ClientChange, ClientView},
    text,
};
use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Copies of one file that are looked through for what was there before.
const BACKUPS_MAX: usize = 200;

impl Oikos {
    /// The clients that oikos knows, and how each stands.
    pub(crate) async fn client_list(self: &Arc<Self>, caller: Caller) -> Result<Vec<ClientView>, Failure> {
        require(&caller, Right::Read)?;
        near(&caller)?;
        let oikos = self.clone();
        blocking(move || {
            let view = |client: Client| -> Result<ClientView, Failure> {
                let file = oikos.file_of(client)?;
                let shown = text::shorten(&file.to_string_lossy(), 300);
                // One that cannot be read is told as that: the others are as they are.
                let bytes = read(&file);
                let (is_there, state) = match &bytes {
                    Ok(None) => (false, Ok(None)),
                    Ok(Some(bytes)) => {
                        (true, is_connected(client, &shown, bytes).map(Some).map_err(|fault| fault.to_string()))
                    }
                    Err(failure) => (true, Err(failure.message.clone())),
                };
                Ok(ClientView {
                    client: client.word().to_owned(),
                    title: client.to_string(),
                    file: shown,
                    is_there,
                    is_connected: matches!(state, Ok(Some(true))),
                    fault: state.err(),
                })
            };
            Client::ALL.into_iter().map(view).collect()
        })
        .await
    }

    /// Connects a client, or takes oikos out of its file.
    pub(crate) async fn client_connect(
        self: &Arc<Self>,
        caller: Caller,
        client: String,
        is_out: bool,
        is_dry: bool,
    ) -> Result<ClientChange, Failure> {
        require(&caller, Right::Manage)?;
        near(&caller)?;
        let Some(client) = Client::from_word(&client) else {
            let words: Vec<&str> = Client::ALL.iter().map(|client| client.word()).collect();
            let message = format!("'{}' is no client that oikos knows", text::shorten(&client, 60));
            return Err(Failure::new(ErrorCode::NotFound, message).hint(words.join(", ")));
        };
        let oikos = self.clone();
        blocking(move || oikos.change(client, is_out, is_dry)).await
    }

    fn change(&self, client: Client, is_out: bool, is_dry: bool) -> Result<ClientChange, Failure> {
        let file = self.file_of(client)?;
        let shown = text::shorten(&file.to_string_lossy(), 300);
        let bytes = read(&file)?;
        let entry = self.entry(client)?;
        let edited = match (&bytes, is_out) {
            (None, true) => Ok(Edited { bytes: None, diff: String::new(), backup_name: None }),
            (bytes, false) => connect(client, &shown, bytes.as_deref(), &entry),
            (Some(bytes), true) => undo(client, &file, &shown, bytes, &entry),
        };
        let edited = edited.map_err(|fault| {
            let failure = Failure::new(ErrorCode::FileUnusable, fault.to_string());
            match &fault.hint {
                Some(hint) => failure.hint(hint.clone()),
                None => failure,
            }
        })?;
        let is_written = edited.is_changed() && !is_dry;
        let backup = edited.backup_name.as_ref().map(|name| file.with_file_name(name));
        if is_written {
            write(&file, bytes.as_deref(), backup.as_deref(), edited.bytes.as_deref()).map_err(|error| {
                Failure::new(ErrorCode::FileUnusable, format!("{shown} cannot be changed: {error}"))
                    .hint("nothing of it was changed")
            })?;
        }
        let backup = backup.filter(|_| edited.is_changed()).map(|path| text::shorten(&path.to_string_lossy(), 300));
        Ok(ClientChange { client: client.word().to_owned(), file: shown, diff: edited.diff, backup, is_written })
    }

    fn file_of(&self, client: Client) -> Result<PathBuf, Failure> {
        let person = self.person.as_ref().ok_or_else(|| {
            Failure::new(ErrorCode::NotAvailable, "this oikos does not know whose machine it is on")
                .hint("set HOME, and start it again")
        })?;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let system = if cfg!(target_os = "macos") { System::MacOs } else { System::Linux };
        let roots = Roots {
            system,
            home: text(&person.home),
            config: person.config.as_deref().map(text),
            projects: Vec::new(),
        };
        let path = connected(client).resolve(&roots).into_iter().next();
        path.map(PathBuf::from).ok_or_else(|| {
            Failure::new(ErrorCode::NotAvailable, format!("{client} keeps no servers on this kind of system"))
        })
    }

    /// How a client starts oikos.
    fn entry(&self, client: Client) -> Result<Entry, Failure> {
        let program = self.person.as_ref().and_then(|person| person.program.to_str().map(str::to_owned));
        let command = program.ok_or_else(|| {
            Failure::new(ErrorCode::NotAvailable, "where this oikos lies cannot be written into a file")
        })?;
        let mut args: Vec<String> = ["mcp", "serve", "--client", client.word()].map(str::to_owned).into();
        if self.usual_home.as_deref() != Some(self.home()) {
            args.splice(0..0, ["--home".to_owned(), self.home().to_string_lossy().into_owned()]);
        }
        Ok(Entry::Program { command, args })
    }
}

/// The files of this machine belong to who sits at it.
fn near(caller: &Caller) -> Result<(), Failure> {
    if caller.may_name_paths() {
        return Ok(());
    }
    Err(Failure::new(ErrorCode::PermissionDenied, "the clients of this machine are not yours to change")
        .hint("at the machine: oikos mcp connect CLIENT"))
}

fn read(file: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let refused = |why: String| {
        let shown = text::shorten(&file.to_string_lossy(), 200);
        Failure::new(ErrorCode::FileUnusable, format!("{shown} cannot be read: {why}"))
    };
    match fs::metadata(file) {
        Ok(found) if found.len() > FILE_BYTES_MAX as u64 => Err(refused("it is too large".to_owned())),
        Ok(found) if !found.is_file() => Err(refused("it is no file".to_owned())),
        Ok(_) => fs::read(file).map(Some).map_err(|error| refused(error.to_string())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(refused(error.to_string())),
    }
}

/// What was there before is in one of the copies, if it is anywhere.
fn undo(client: Client, file: &Path, shown: &str, bytes: &[u8], entry: &Entry) -> Result<Edited, mcp::import::Fault> {
    let start = format!("{}.before-oikos-", file.file_name().unwrap_or_default().to_string_lossy());
    let beside = file.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let copies = beside.filter(|entry| entry.file_name().to_string_lossy().starts_with(&start)).take(BACKUPS_MAX);
    let mut copies: Vec<Vec<u8>> = copies.filter_map(|entry| read(&entry.path()).ok()?).collect();
    copies.sort();
    for copy in &copies {
        let edited = disconnect(client, shown, bytes, Before::Bytes(copy), entry)?;
        if edited.bytes.as_ref() == Some(copy) {
            return Ok(edited);
        }
    }
    let before = if copies.is_empty() { Before::Nothing } else { Before::Unknown };
    disconnect(client, shown, bytes, before, entry)
}

/// First the copy, then the file beside the file, then it takes its place. A link is followed: its target changes.
fn write(file: &Path, before: Option<&[u8]>, backup: Option<&Path>, after: Option<&[u8]>) -> io::Result<()> {
    let file = &fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().ok_or(io::ErrorKind::NotFound)?;
    fs::create_dir_all(folder)?;
    if let (Some(backup), Some(before)) = (backup, before) {
        replace(backup, before, file)?;
    }
    match after {
        Some(after) => replace(file, after, file),
        None => fs::remove_file(file),
    }
}

/// Puts a whole file in a place, with the rights that another one has.
fn replace(place: &Path, bytes: &[u8], like: &Path) -> io::Result<()> {
    let folder = place.parent().ok_or(io::ErrorKind::NotFound)?;
    let mut staged = tempfile::NamedTempFile::new_in(folder)?;
    staged.write_all(bytes)?;
    staged.as_file().sync_all()?;
    if let Ok(like) = fs::metadata(like) {
        staged.as_file().set_permissions(like.permissions())?;
    }
    staged.persist(place).map_err(|error| error.error)?;
    Ok(())
}
