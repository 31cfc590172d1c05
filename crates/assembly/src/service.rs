//! A process that is up for long, and how others of its home find it.

use crate::{
    log_file,
    socket::{self, SocketPath},
};
use protocol::{
    Timestamp,
    api::{Envelope, Frame, Reply, Request},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long who is up may take to say so.
pub(crate) const HELLO_WAIT: Duration = Duration::from_secs(2);

/// What a process that is up says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The process.
    pub pid: u32,
    /// Where its door is, if it opened one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Since when it is up.
    pub since: Timestamp,
    /// The configuration file that it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
}

/// A note in the home that a service is up. Goes when it is dropped, which is the last that a service does.
#[derive(Debug)]
pub struct ServiceNote(PathBuf);

fn note(home: &Path) -> PathBuf {
    home.join("service.json")
}

impl ServiceNote {
    /// Leaves the note, and tells the system's own supervisor, if there is one, that all is ready.
    pub fn leave(home: &Path, service: &Service) -> io::Result<Self> {
        let path = note(home);
        let next = home.join("service.json.new");
        fs::write(&next, serde_json::to_vec(service)?)?;
        fs::rename(&next, &path)?;
        tell(&[sd_notify::NotifyState::Ready]);
        Ok(Self(path))
    }

    /// Tells the system's own supervisor that the service is about to end.
    pub fn ending(&self) {
        tell(&[sd_notify::NotifyState::Stopping]);
    }
}

fn tell(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the supervisor of the system could not be told");
    }
}

impl Drop for ServiceNote {
    fn drop(&mut self) {
        // The home has been let go: the next service may have left its own note by now.
        let is_ours = read(&self.0).is_some_and(|service| service.pid == std::process::id());
        if is_ours && let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!(%error, "the note of the service could not be removed");
        }
    }
}

fn read(note: &Path) -> Option<Service> {
    serde_json::from_slice(&fs::read(note).ok()?).ok()
}

/// The service that is up in a home. What a process left that was killed is no service: it does not say hello.
pub async fn service(home: &Path) -> Option<Service> {
    let home = fs::canonicalize(home).ok()?;
    let service = noted(&home)?;
    let pid = tokio::time::timeout(HELLO_WAIT, hello(&home)).await.ok()??;
    (pid == service.pid).then_some(service)
}

/// The note of a service in a home, whether that is up or not.
pub(crate) fn noted(home: &Path) -> Option<Service> {
    read(&note(home))
}

/// The process that says hello at the socket of a home (canonical).
pub(crate) async fn hello(home: &Path) -> Option<u32> {
    let hello = Envelope { presence: false, owner: None, request: Request::Hello };
    match socket::ask(&SocketPath::of(home), &hello).await.ok()?.recv().await? {
        Frame::Done { reply: Reply::Hello { pid, .. } } => Some(pid),
        _ => None,
    }
}

/// Whether a service's note is still in a home: it goes when all else of the service has.
pub fn service_noted(home: &Path, pid: u32) -> bool {
    read(&note(home)).is_some_and(|service| service.pid == pid)
}

/// A file for what a service says before it can say anything elsewhere. Makes the home, where there is none yet.
pub fn service_words(home: &Path) -> io::Result<(PathBuf, File)> {
    let folder = log_file::folder(home);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let path = folder.join("up.txt");
    Ok((path.clone(), File::create(path)?))
}
