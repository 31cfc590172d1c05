//! Secrets: what every vault does, and what is kept of each secret. A value goes in as [`SecretText`] and comes out as
//! one; lists have none.

mod error; // what can go wrong, with code and hint
mod key; // the key that is kept elsewhere
mod memory; // the vault for tests
mod rows; // entries as bytes
mod seal; // bytes that only a key opens
mod sealed; // the vault in a file

pub use error::VaultError;
pub use memory::MemoryVault;
pub use rows::rows_check;
pub use seal::{SEALED_BYTES_MAX, seal_check};
pub use sealed::{PassphraseFor, PassphraseSource, SealedVault, VaultSetup};

use protocol::{AppName, KeyName, OwnerId, SecretText, Timestamp};
use std::{fmt, path::PathBuf};

/// Secrets of one owner: several for each server and app that a household has. Each look goes through all of them.
pub const VAULT_ENTRIES_MAX: usize = 512;
/// The longest value: a private key with its chain of certificates. It still fits into a program's environment.
pub const SECRET_BYTES_MAX: usize = 16 << 10;
/// Hosts of one secret. Whoever needs more means `*.example.com`.
pub const SECRET_HOSTS_MAX: usize = 16;
/// The longest note: a line or two.
pub const SECRET_NOTE_BYTES_MAX: usize = 500;
/// The longest name of a setting, which its author chose.
const SETTING_BYTES_MAX: usize = 256;
/// The longest name of a host, as the name system has it, with a star or a port.
const HOST_BYTES_MAX: usize = 260;

/// What a secret is called: a key by its owner, or the setting of an app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VaultName {
    /// A key.
    Key(KeyName),
    /// A secret setting of an app.
    Setting {
        /// The app.
        app: AppName,
        /// The setting.
        setting: String,
    },
}

impl VaultName {
    /// The setting of an app.
    pub fn setting(app: &AppName, setting: &str) -> Self {
        Self::Setting { app: app.clone(), setting: setting.to_owned() }
    }

    /// Whether it is a setting of this app.
    pub fn is_of(&self, name: &AppName) -> bool {
        matches!(self, Self::Setting { app, .. } if app == name)
    }

    /// Reads what [`VaultName`] shows as.
    fn parse(text: &str) -> Option<Self> {
        let Some(rest) = text.strip_prefix("app/") else { return text.parse().ok().map(Self::Key) };
        let (app, setting) = rest.split_once('/')?;
        let fits = (1..=SETTING_BYTES_MAX).contains(&setting.len());
        fits.then_some(Self::Setting { app: app.parse().ok()?, setting: setting.to_owned() })
    }
}

impl fmt::Display for VaultName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => write!(f, "{name}"),
            Self::Setting { app, setting } => write!(f, "app/{app}/{setting}"),
        }
    }
}

/// A secret, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultEntry {
    /// What it is called.
    pub name: VaultName,
    /// Where it may be sent.
    pub hosts: Vec<String>,
    /// What its owner wrote about it.
    pub note: String,
    /// When this value was kept.
    pub created_at: Timestamp,
    /// When it was used last, to within an hour where oikos ended abruptly.
    pub used_at: Option<Timestamp>,
}

impl VaultEntry {
    /// A secret that is kept from now on.
    pub fn new(name: VaultName, now: Timestamp) -> Self {
        Self { name, hosts: Vec::new(), note: String::new(), created_at: now, used_at: None }
    }

    /// Whether it fits the bounds. Says which one it does not.
    fn check(&self, value: &SecretText) -> Result<(), VaultError> {
        let too_large = |what, most| Err(VaultError::TooLarge { what, most });
        if value.expose().len() > SECRET_BYTES_MAX {
            return too_large("a secret", SECRET_BYTES_MAX);
        }
        if self.note.len() > SECRET_NOTE_BYTES_MAX {
            return too_large("a note", SECRET_NOTE_BYTES_MAX);
        }
        if self.hosts.iter().any(|host| host.len() > HOST_BYTES_MAX) {
            return too_large("the name of a host", HOST_BYTES_MAX);
        }
        if matches!(&self.name, VaultName::Setting { setting, .. } if setting.len() > SETTING_BYTES_MAX) {
            return too_large("the name of a secret setting", SETTING_BYTES_MAX);
        }
        if self.hosts.len() > SECRET_HOSTS_MAX {
            return Err(VaultError::TooMany { what: "hosts of one key", most: SECRET_HOSTS_MAX });
        }
        Ok(())
    }
}

/// One change.
#[derive(Debug)]
pub enum VaultChange {
    /// Keep this, instead of what has this name.
    Put(VaultEntry, SecretText),
    /// Forget what has this name.
    Remove(VaultName),
}

impl VaultChange {
    /// What it is about.
    pub fn name(&self) -> &VaultName {
        match self {
            Self::Put(entry, _) => &entry.name,
            Self::Remove(name) => name,
        }
    }
}

/// How a vault is, for whoever looks after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultState {
    /// What opens it.
    pub lock: VaultLock,
    /// Secrets in it.
    pub entries: usize,
}

/// What opens a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultLock {
    /// Nothing is in it yet.
    Absent,
    /// A key, which lies there.
    KeyFile(PathBuf),
    /// A passphrase.
    Passphrase,
}

/// Keeps secrets. Each owner's are apart; all of a change holds, or nothing.
pub trait Vault: Send + Sync {
    /// An owner's secrets by name, without their values.
    fn list(&self, owner: OwnerId) -> Result<Vec<VaultEntry>, VaultError>;

    /// One with its value. `used` is noted as the last time.
    fn get(
        &self,
        owner: OwnerId,
        name: &VaultName,
        used: Option<Timestamp>,
    ) -> Result<Option<(VaultEntry, SecretText)>, VaultError>;

    /// Changes some. They are on the disk when this returns; the answer takes them back. What is not there is removed.
    fn change(&self, owner: OwnerId, changes: Vec<VaultChange>) -> Result<Vec<VaultChange>, VaultError>;

    /// How it is. Opens it.
    fn state(&self, owner: OwnerId) -> Result<VaultState, VaultError>;
}

/// Applies changes to secrets that are sorted by name. Gives the changes that take them back.
fn apply(rows: &mut Vec<(VaultEntry, SecretText)>, changes: Vec<VaultChange>) -> Result<Vec<VaultChange>, VaultError> {
    let mut back = Vec::with_capacity(changes.len());
    for change in changes {
        if let VaultChange::Put(entry, value) = &change {
            entry.check(value)?;
        }
        let name = change.name().clone();
        match (rows.binary_search_by(|(row, _)| row.name.cmp(&name)), change) {
            (Ok(at), VaultChange::Put(entry, value)) => {
                let (entry, value) = std::mem::replace(&mut rows[at], (entry, value));
                back.push(VaultChange::Put(entry, value));
            }
            (Err(at), VaultChange::Put(entry, value)) => {
                rows.insert(at, (entry, value));
                back.push(VaultChange::Remove(name));
            }
            (Ok(at), VaultChange::Remove(_)) => {
                let (entry, value) = rows.remove(at);
                back.push(VaultChange::Put(entry, value));
            }
            (Err(_), VaultChange::Remove(_)) => {}
        }
    }
    if rows.len() > VAULT_ENTRIES_MAX {
        return Err(VaultError::TooMany { what: "secrets", most: VAULT_ENTRIES_MAX });
    }
    back.reverse();
    Ok(back)
}
